//! What becomes of the values of one attribute when its type changes, or when it is deleted (A2).
//!
//! Every piece of what is known of a value is converted by itself: the plain value, the earliest
//! `$once`, each operation. A piece that does not convert is left over with its own time and grade,
//! to wait in the tray; stated again later, it finds its place by T2 as if it had never been away.

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::values::{Cell, Operation, Stamp};
use super::{Attributes, Type, reconvert};

/// A piece of a value that the new type can't take, as a message would send it.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// A value, or an operation such as `{"$inc": 1}`.
    pub value: Value,
    /// Where it came from.
    pub stamp: Stamp,
}

/// What became of one attribute of one owner.
#[derive(Debug, Clone, PartialEq)]
pub struct Retyped {
    /// The value before.
    pub before: Option<Value>,
    /// The value after.
    pub after: Option<Value>,
    /// What waits in the tray from now on.
    pub left: Vec<Left>,
}

impl Attributes {
    /// Converts all that is known of a name from one type to another, in a zone; none where nothing is known of
    /// it or everything is of that type already.
    pub fn retype(&mut self, name: &str, kinds: (Type, Type), zone: Tz) -> Option<Retyped> {
        let cell = self.cells.get(name)?;
        let (converted, left) = cell.retyped(name, kinds, zone);
        if converted == *cell {
            return None;
        }
        let (before, after) = (cell.value(), converted.value());
        if converted == Cell::default() {
            self.cells.remove(name);
        } else {
            self.cells.insert(name.to_owned(), converted);
        }
        Some(Retyped { before, after, left })
    }

    /// Takes away all that is known of a name; answers the value it had, none where nothing is known of it.
    pub fn remove(&mut self, name: &str) -> Option<Option<Value>> {
        self.cells.remove(name).map(|cell| cell.value())
    }
}

impl Cell {
    fn retyped(&self, name: &str, kinds: (Type, Type), zone: Tz) -> (Cell, Vec<Left>) {
        let mut left = Vec::new();
        let mut converted = Cell::default();
        let fits = |value: &Value| if value.is_null() { Ok(Value::Null) } else { reconvert(name, kinds, value, zone) };
        if let Some((value, stamp)) = &self.plain {
            match fits(value) {
                Ok(value) => converted.plain = Some((value, *stamp)),
                // A first increment of what was not a number: its base stays away with it.
                Err(_) => left.push(Left { value: value.clone(), stamp: *stamp }),
            }
        }
        if let Some((value, stamp)) = &self.once {
            match fits(value) {
                Ok(value) => converted.once = Some((value, *stamp)),
                Err(_) => left.push(Left { value: json!({ "$once": value }), stamp: *stamp }),
            }
        }
        // What a visitor carried stands with the visitor, and is left over there.
        converted.gap = self.gap.as_ref().and_then(|(value, stamp)| Some((fits(value).ok()?, *stamp)));
        for (stamp, operation) in &self.operations {
            if operation.works_on(kinds.1) {
                converted.operations.push((*stamp, operation.clone()));
            } else {
                left.push(Left { value: operation.as_sent(), stamp: *stamp });
            }
        }
        (converted, left)
    }
}

impl Operation {
    fn works_on(&self, kind: Type) -> bool {
        match self {
            Operation::Increment(_) => kind == Type::Number,
            Operation::Append(_) | Operation::Remove(_) => kind == Type::List,
        }
    }

    fn as_sent(&self) -> Value {
        match self {
            Operation::Increment(number) => json!({ "$inc": number }),
            Operation::Append(item) => json!({ "$append": item }),
            Operation::Remove(item) => json!({ "$remove": item }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Grade;
    use crate::domain::attributes::{Write, convert};
    use crate::domain::ids::SourceKey;
    use proptest::prelude::*;

    const ZONE: Tz = chrono_tz::America::New_York;

    fn stamp(at_ms: i64) -> Stamp {
        Stamp { pinned: false, at_ms, grade: Grade::Unsigned, order: at_ms, source: SourceKey(1) }
    }

    fn written(kind: Type, writes: &[Value]) -> Attributes {
        let mut attributes = Attributes::default();
        for (at, sent) in (1..).zip(writes) {
            if let Ok(write) = Write::of("a", sent.clone()).and_then(|write| write.converted("a", kind, ZONE)) {
                attributes.write("a", write, stamp(at));
            }
        }
        attributes
    }

    #[test]
    fn numbers_in_texts_become_numbers_and_the_rest_is_left() {
        let mut attributes = written(Type::Text, &[json!("12")]);
        let retyped = attributes.retype("a", (Type::Text, Type::Number), ZONE).unwrap();
        assert_eq!((retyped.before, retyped.after), (Some(json!("12")), Some(json!(12))));
        assert_eq!(attributes.retype("a", (Type::Text, Type::Number), ZONE), None, "once is enough");

        let mut attributes = written(Type::Text, &[json!("ten")]);
        let retyped = attributes.retype("a", (Type::Text, Type::Number), ZONE).unwrap();
        assert_eq!(retyped.left, [Left { value: json!("ten"), stamp: stamp(1) }]);
        assert_eq!((attributes.get("a"), attributes.is_empty()), (None, true));
    }

    #[test]
    fn a_cleared_value_stays_cleared() {
        let mut attributes = written(Type::Text, &[json!("ten"), json!(null)]);
        assert_eq!(attributes.retype("a", (Type::Text, Type::Number), ZONE), None);
        attributes.write("a", Write::Set(json!(1)), stamp(1));
        assert_eq!(attributes.get("a"), None, "the tombstone holds");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(|yes| json!(yes)),
            any::<i64>().prop_map(|number| json!(number)),
            any::<u64>().prop_map(|number| json!(number)),
            any::<f64>().prop_map(|number| json!(number)),
            (-1_000_i64..1_000, 0_u32..4).prop_map(|(n, e)| json!(n as f64 / 10_f64.powi(e as i32))),
            "[a-z0-9 .:-]{1,12}".prop_map(|text| json!(text)),
            "-?[0-9]{1,20}(\\.[0-9]{1,20})?".prop_map(|text| json!(text)),
            Just(json!("true")),
            "20[0-9]{2}-0[1-9]-[0-2][1-9]".prop_map(|text| json!(text)),
            "20[0-9]{2}-0[1-9]-[0-2][1-9][ T][0-1][0-9]:[0-5][0-9](:00)?".prop_map(|text| json!(text)),
            "20[0-9]{2}-0[1-9]-[0-2][1-9]T[0-1][0-9]:00:0[0-9](\\.[0-9]{1,3})?Z".prop_map(|text| json!(text)),
            prop::collection::vec("[a-z0-9]{1,4}", 0..4).prop_map(|items| json!(items)),
            Just(json!({ "x": [1, { "y": null }] })),
        ]
    }

    fn any_sent() -> impl Strategy<Value = Value> {
        prop_oneof![
            6 => any_value(),
            1 => any_value().prop_map(|value| json!({ "$once": value })),
            1 => (1..9).prop_map(|number| json!({ "$inc": number })),
            1 => "[a-z0-9]{1,3}".prop_map(|item| json!({ "$append": item })),
            1 => "[a-z0-9]{1,3}".prop_map(|item| json!({ "$remove": item })),
            1 => Just(json!(null)),
        ]
    }

    fn any_type() -> impl Strategy<Value = Type> {
        prop::sample::select(Type::ALL.to_vec())
    }

    proptest! {
        /// A2: what converts says the same there, back and there again, or is refused.
        #[test]
        fn a2_conversion_there_and_back_is_lossless_or_refused(from in any_type(), to in any_type(), sent in any_value()) {
            if let Ok(stored) = convert("a", from, &sent, ZONE)
                && let Ok(there) = reconvert("a", (from, to), &stored, ZONE)
            {
                prop_assert_eq!(&convert("a", to, &there, ZONE).unwrap(), &there, "what is stored fits its type");
                if let Ok(back) = reconvert("a", (to, from), &there, ZONE) {
                    prop_assert_eq!(&reconvert("a", (from, to), &back, ZONE).unwrap(), &there);
                    // A text may be written otherwise ("12.50", a date with another zone), an instant in
                    // seconds or milliseconds, and a date as its midnight; what has one way of being written
                    // comes back as it was.
                    if (from, to) != (Type::Datetime, Type::Date) && from != Type::Text && from != Type::List && to != Type::Datetime {
                        prop_assert_eq!(back, stored);
                    }
                }
            }
        }

        /// A change of type and back, with what was left over stated again, ends as if nothing had been.
        #[test]
        fn what_was_left_over_finds_its_place_again(
            from in any_type(),
            to in any_type(),
            writes in prop::collection::vec(any_sent(), 1..8),
        ) {
            // What can be written in several ways may come back in another of them.
            let rewritten = |sent: &Value| {
                let stored = convert("a", from, sent.get("$once").unwrap_or(sent), ZONE).ok()?;
                let back = reconvert("a", (to, from), &reconvert("a", (from, to), &stored, ZONE).ok()?, ZONE).ok()?;
                (back != stored).then_some(())
            };
            prop_assume!(writes.iter().all(|sent| rewritten(sent).is_none()));
            let mut attributes = written(from, &writes);
            let before = attributes.clone();
            let mut left = Vec::new();
            left.extend(attributes.retype("a", (from, to), ZONE).map(|retyped| retyped.left).unwrap_or_default());
            left.extend(attributes.retype("a", (to, from), ZONE).map(|retyped| retyped.left).unwrap_or_default());
            for piece in left {
                let write = Write::of("a", piece.value).unwrap();
                if let Ok(write) = write.converted("a", from, ZONE) {
                    attributes.write("a", write, piece.stamp);
                }
            }
            prop_assert_eq!(attributes.get("a"), before.get("a"));
        }
    }
}
