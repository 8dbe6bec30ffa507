//! Which of two values holds (A3, A7, T2, R12): enough is kept of each attribute that any order of
//! arrival ends in the same value.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value, json};

use super::{Room, Write, plain_number};
use crate::domain::access::Grade;
use crate::domain::ids::SourceKey;
use crate::domain::limits::OPERATIONS_KEPT_MAX;

/// Where a value came from; of two, the greater holds (T2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Pinned by hand: nothing but a hand changes it (A7).
    pub pinned: bool,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// What the sender was worth.
    pub grade: Grade,
    /// What decides between two of one moment: see [`order_within_moment`](crate::domain::message::order_within_moment).
    pub order: i64,
    /// The source it came through.
    pub source: SourceKey,
}

impl Stamp {
    fn to_json(self) -> Value {
        let mut parts = vec![json!(self.at_ms), json!(self.grade as i64), json!(self.order), json!(self.source.0)];
        if self.pinned {
            parts.push(json!(1));
        }
        Value::Array(parts)
    }

    fn from_json(value: &Value) -> Option<Stamp> {
        let number = |index: usize| value.get(index).and_then(Value::as_i64);
        Some(Stamp {
            at_ms: number(0)?,
            grade: Grade::from_number(number(1)?),
            order: number(2)?,
            source: SourceKey(number(3)?),
            pinned: number(4).is_some(),
        })
    }
}

/// What is known of one attribute: enough that any order of arrival ends in the same value (T2, T3).
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cell {
    /// The newest plain value; `null` where it was cleared (a tombstone with its time).
    pub(super) plain: Option<(Value, Stamp)>,
    /// The earliest `$once`.
    pub(super) once: Option<(Value, Stamp)>,
    /// What a visitor carried (R12).
    pub(super) gap: Option<(Value, Stamp)>,
    /// Operations after the newest plain value, in order.
    pub(super) operations: Vec<(Stamp, Operation)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operation {
    Increment(Number),
    Append(Value),
    Remove(Value),
}

impl Cell {
    fn write(&mut self, write: Write, stamp: Stamp) {
        match write {
            Write::Set(value) => self.set(value, stamp),
            Write::Clear => self.set(Value::Null, stamp),
            Write::Once(value) => {
                let first = |(_, known): &(Value, Stamp)| (stamp.at_ms, stamp.order) < (known.at_ms, known.order);
                if self.once.as_ref().is_none_or(first) {
                    self.once = Some((value, stamp));
                }
            }
            Write::Increment(number) => self.operate(Operation::Increment(number), stamp),
            Write::Append(item) => self.operate(Operation::Append(item), stamp),
            Write::Remove(item) => self.operate(Operation::Remove(item), stamp),
        }
    }

    fn set(&mut self, value: Value, stamp: Stamp) {
        let known = self.plain.as_ref().map(|(_, known)| *known);
        // A hand's time is the moment it is there, so the later of two hands holds, of one moment too.
        let is_later_hand = stamp.grade == Grade::Hand
            && known.is_some_and(|known| (known.pinned || known.grade == Grade::Hand) && known.at_ms <= stamp.at_ms);
        if known.is_none_or(|known| known <= stamp) || is_later_hand {
            self.plain = Some((value, stamp));
            self.operations.retain(|(operation, _)| *operation > stamp);
        }
    }

    fn operate(&mut self, operation: Operation, stamp: Stamp) {
        if self.plain.as_ref().is_some_and(|(_, plain)| *plain >= stamp) {
            return;
        }
        let place = self.operations.partition_point(|(known, _)| *known <= stamp);
        self.operations.insert(place, (stamp, operation));
        if self.operations.len() > OPERATIONS_KEPT_MAX {
            let (stamp, oldest) = self.operations.remove(0);
            let base = oldest.apply(self.base(), &mut None);
            self.plain = Some((base.unwrap_or_default(), stamp));
        }
    }

    fn base(&self) -> Option<Value> {
        let (value, _) = self.plain.as_ref().or(self.once.as_ref()).or(self.gap.as_ref())?;
        (!value.is_null()).then(|| value.clone())
    }

    pub(super) fn value(&self) -> Option<Value> {
        let mut room = None;
        self.operations.iter().fold(self.base(), |value, (_, operation)| operation.apply(value, &mut room))
    }

    /// The stamp of what decided the value last.
    fn stamp(&self) -> Option<Stamp> {
        let base = self.plain.as_ref().or(self.once.as_ref()).or(self.gap.as_ref()).map(|(_, stamp)| *stamp);
        self.operations.last().map(|(stamp, _)| *stamp).max(base)
    }

    /// Only a plain value, which is what nearly all are.
    fn is_plain(&self) -> bool {
        self.once.is_none() && self.gap.is_none() && self.operations.is_empty()
    }

    fn to_json(&self) -> Value {
        let pair = |(value, stamp): &(Value, Stamp)| json!([value, stamp.to_json()]);
        let mut fields = Map::new();
        if let Some(plain) = &self.plain {
            fields.insert("p".into(), pair(plain));
        }
        if let Some(once) = &self.once {
            fields.insert("o".into(), pair(once));
        }
        if let Some(gap) = &self.gap {
            fields.insert("g".into(), pair(gap));
        }
        if !self.operations.is_empty() {
            let list = self.operations.iter().map(|(stamp, operation)| {
                let (word, value) = match operation {
                    Operation::Increment(number) => ("i", Value::Number(number.clone())),
                    Operation::Append(item) => ("a", item.clone()),
                    Operation::Remove(item) => ("r", item.clone()),
                };
                json!([word, value, stamp.to_json()])
            });
            fields.insert("x".into(), list.collect());
        }
        Value::Object(fields)
    }

    fn from_json(fields: &Map<String, Value>) -> Cell {
        let pair = |name: &str| {
            let pair = fields.get(name)?;
            Some((pair.get(0)?.clone(), Stamp::from_json(pair.get(1)?)?))
        };
        let operation = |item: &Value| {
            let value = item.get(1)?.clone();
            let operation = match item.get(0)?.as_str()? {
                "i" => match value {
                    Value::Number(number) => Operation::Increment(number),
                    _ => return None,
                },
                "a" => Operation::Append(value),
                _ => Operation::Remove(value),
            };
            Some((Stamp::from_json(item.get(2)?)?, operation))
        };
        let operations = fields.get("x").and_then(Value::as_array);
        Cell {
            plain: pair("p"),
            once: pair("o"),
            gap: pair("g"),
            operations: operations.map(|list| list.iter().filter_map(operation).collect()).unwrap_or_default(),
        }
    }
}

impl Operation {
    /// What becomes of a value. Of a list it is remembered how much room it has, so that it is measured once and not
    /// at each item.
    fn apply(&self, value: Option<Value>, room: &mut Option<Room>) -> Option<Value> {
        let known = room.take();
        match self {
            Operation::Increment(step) => {
                let base = value.as_ref().and_then(Value::as_number).cloned().unwrap_or_else(|| Number::from(0));
                Some(Value::Number(sum(&base, step)))
            }
            Operation::Append(item) => {
                let (mut list, known) = match value {
                    Some(Value::Array(list)) => (list, known),
                    _ => (Vec::new(), None),
                };
                let taken = known.unwrap_or_else(|| Room::of(&list));
                let more = if list.contains(item) { None } else { taken.for_one_more("", item).ok() };
                if more.is_some() {
                    list.push(item.clone());
                }
                *room = more.or(Some(taken));
                Some(Value::Array(list))
            }
            Operation::Remove(item) => {
                let Some(Value::Array(mut list)) = value else { return None };
                list.retain(|known| known != item);
                Some(Value::Array(list))
            }
        }
    }
}

fn sum(base: &Number, step: &Number) -> Number {
    match (base.as_i64(), step.as_i64()) {
        (Some(a), Some(b)) if a.checked_add(b).is_some() => Number::from(a + b),
        _ => {
            let total = base.as_f64().unwrap_or(0.0) + step.as_f64().unwrap_or(0.0);
            Number::from_f64(total).map_or_else(|| base.clone(), |number| plain_number(&number))
        }
    }
}

/// A value with where it came from, for a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// The value.
    pub value: Value,
    /// Where it came from.
    pub stamp: Stamp,
}

/// A name whose value differs, with the value before and after.
pub type Changed = (String, Option<Value>, Option<Value>);

/// All attributes of one owner, as they stand in its row: the values as JSON, and beside
/// them one stamp for the row with exceptions (`PERFORMANCE`, decision 5).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attributes {
    pub(super) cells: BTreeMap<String, Cell>,
}

/// The key of the row's own stamp; no attribute has an empty name.
const ROW: &str = "";

impl Attributes {
    /// Reads the two columns of a row. Text that is not ours reads as nothing.
    pub fn read(values: &str, stamps: &str) -> Attributes {
        let values: Map<String, Value> = serde_json::from_str(values).unwrap_or_default();
        let stamps: Map<String, Value> = serde_json::from_str(stamps).unwrap_or_default();
        let row = stamps.get(ROW).and_then(Stamp::from_json);
        let mut cells = BTreeMap::new();
        for (name, exception) in &stamps {
            let cell = match exception {
                _ if name == ROW => continue,
                Value::Object(fields) => Cell::from_json(fields),
                stamp => match Stamp::from_json(stamp) {
                    Some(stamp) => {
                        let value = values.get(name).cloned().unwrap_or_default();
                        Cell { plain: Some((value, stamp)), ..Cell::default() }
                    }
                    None => continue,
                },
            };
            cells.insert(name.clone(), cell);
        }
        if let Some(row) = row {
            for (name, value) in values {
                cells.entry(name).or_insert_with(|| Cell { plain: Some((value, row)), ..Cell::default() });
            }
        }
        Attributes { cells }
    }

    /// The two columns of a row: values, stamps.
    pub fn columns(&self) -> (String, String) {
        let mut counts: BTreeMap<Stamp, usize> = BTreeMap::new();
        for cell in self.cells.values().filter(|cell| cell.is_plain()) {
            if let Some((value, stamp)) = &cell.plain
                && !value.is_null()
            {
                *counts.entry(*stamp).or_default() += 1;
            }
        }
        let row = counts.into_iter().max_by_key(|(stamp, count)| (*count, *stamp)).map(|(stamp, _)| stamp);
        let mut values = Map::new();
        let mut stamps = Map::new();
        if let Some(row) = row {
            stamps.insert(ROW.to_owned(), row.to_json());
        }
        for (name, cell) in &self.cells {
            let value = cell.value();
            let stamp = cell.plain.as_ref().map(|(_, stamp)| *stamp);
            match stamp {
                Some(stamp) if cell.is_plain() && (value.is_none() || Some(stamp) != row) => {
                    stamps.insert(name.clone(), stamp.to_json());
                }
                Some(_) if cell.is_plain() => {}
                _ => {
                    stamps.insert(name.clone(), cell.to_json());
                }
            }
            if let Some(value) = value {
                values.insert(name.clone(), value);
            }
        }
        (Value::Object(values).to_string(), Value::Object(stamps).to_string())
    }

    /// Writes one attribute; answers its value before and after where that differs.
    pub fn write(&mut self, name: &str, write: Write, stamp: Stamp) -> Option<(Option<Value>, Option<Value>)> {
        let cell = self.cells.entry(name.to_owned()).or_default();
        let before = cell.value();
        cell.write(write, stamp);
        let after = cell.value();
        (before != after).then_some((before, after))
    }

    /// Fills gaps with what the person's visitors carry, of several the newest (R12); answers each
    /// name whose value differs by that, before and after.
    pub fn fill_gaps(&mut self, carried: &[Attributes]) -> Vec<Changed> {
        let mut newest: BTreeMap<&str, (Stamp, Value)> = BTreeMap::new();
        for (name, cell) in carried.iter().flat_map(|attributes| &attributes.cells) {
            if let (Some(stamp), Some(value)) = (cell.stamp(), cell.value())
                && newest.get(name.as_str()).is_none_or(|(known, _)| *known < stamp)
            {
                newest.insert(name, (stamp, value));
            }
        }
        let mut changed = Vec::new();
        let names: BTreeSet<String> =
            self.cells.keys().cloned().chain(newest.keys().map(|name| (*name).to_owned())).collect();
        for name in names {
            let gap = newest.remove(name.as_str()).map(|(stamp, value)| (value, stamp));
            if gap.is_none() && self.cells.get(&name).is_none_or(|cell| cell.gap.is_none()) {
                continue;
            }
            let cell = self.cells.entry(name.clone()).or_default();
            let before = cell.value();
            cell.gap = gap;
            let after = cell.value();
            if before != after {
                changed.push((name, before, after));
            }
        }
        self.cells.retain(|_, cell| *cell != Cell::default());
        changed
    }

    /// Hears what was said to another: all but what filled its gaps, each at its own time. Answers each name
    /// whose value differs by that, before and after.
    pub fn hear(&mut self, other: Attributes) -> Vec<Changed> {
        let mut changed = Vec::new();
        for (name, said) in other.cells {
            let cell = self.cells.entry(name.clone()).or_default();
            let before = cell.value();
            if let Some((value, stamp)) = said.once {
                cell.write(Write::Once(value), stamp);
            }
            if let Some((value, stamp)) = said.plain {
                cell.set(value, stamp);
            }
            for (stamp, operation) in said.operations {
                cell.operate(operation, stamp);
            }
            let after = cell.value();
            if before != after {
                changed.push((name, before, after));
            }
        }
        self.cells.retain(|_, cell| *cell != Cell::default());
        changed
    }

    /// What was said from a moment on (Unix milliseconds).
    #[must_use]
    pub fn since(mut self, at_ms: i64) -> Attributes {
        let later = |pair: &(Value, Stamp)| pair.1.at_ms >= at_ms;
        for cell in self.cells.values_mut() {
            cell.plain = cell.plain.take().filter(later);
            cell.once = cell.once.take().filter(later);
            cell.gap = None;
            cell.operations.retain(|(stamp, _)| stamp.at_ms >= at_ms);
        }
        self.cells.retain(|_, cell| *cell != Cell::default());
        self
    }

    /// What was said itself, and not by others who fill its gaps.
    #[must_use]
    pub fn without_gaps(mut self) -> Attributes {
        self.cells.retain(|_, cell| cell.plain.is_some() || cell.once.is_some() || !cell.operations.is_empty());
        self
    }

    /// Each name whose value is another in these, with the value here and there.
    pub fn differences(&self, others: &Attributes) -> Vec<Changed> {
        let names: BTreeSet<&String> = self.cells.keys().chain(others.cells.keys()).collect();
        let differs = |name: &String| {
            let (before, after) = (self.get(name), others.get(name));
            (before != after).then(|| (name.clone(), before, after))
        };
        names.into_iter().filter_map(differs).collect()
    }

    /// What was said last of a name and is its value, `null` where it was cleared, with where it came from; none where
    /// nothing was, or steps follow.
    pub fn said(&self, name: &str) -> Option<(Value, Stamp)> {
        self.cells.get(name).filter(|cell| cell.operations.is_empty()).and_then(|cell| cell.plain.clone())
    }

    /// Forgets what was said last of a name: what fills gaps is left.
    pub fn unsay(&mut self, name: &str) {
        if let Some(cell) = self.cells.get_mut(name) {
            cell.plain = None;
        }
        self.cells.retain(|_, cell| *cell != Cell::default());
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.cells.get(name).and_then(Cell::value)
    }

    /// Whether the value of a name is pinned (A7).
    pub fn is_pinned(&self, name: &str) -> bool {
        self.cells.get(name).and_then(|cell| cell.plain.as_ref()).is_some_and(|(_, stamp)| stamp.pinned)
    }

    /// The text of a name.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|value| value.as_str().map(str::to_owned)).filter(|text| !text.is_empty())
    }

    /// All values with where they came from, by name.
    pub fn stated(&self) -> impl Iterator<Item = (&str, Stated)> {
        self.cells
            .iter()
            .filter_map(|(name, cell)| Some((name.as_str(), Stated { value: cell.value()?, stamp: cell.stamp()? })))
    }

    /// The value of a name with where it came from.
    pub fn stated_of(&self, name: &str) -> Option<Stated> {
        let cell = self.cells.get(name)?;
        Some(Stated { value: cell.value()?, stamp: cell.stamp()? })
    }

    /// Where what is known of a name came from, also where it was cleared.
    pub fn stamp_of(&self, name: &str) -> Option<Stamp> {
        self.cells.get(name).and_then(Cell::stamp)
    }

    /// Whether nothing was ever said.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stamp(at_ms: i64) -> Stamp {
        Stamp { pinned: false, at_ms, grade: Grade::Unsigned, order: at_ms * 31 % 17, source: SourceKey(1) }
    }

    #[test]
    fn case_41_a_late_value_does_not_win() {
        let mut attributes = Attributes::default();
        for (at, plan) in [(1, "pro"), (3, "pro"), (2, "free")] {
            attributes.write("plan", Write::Set(json!(plan)), stamp(at));
        }
        assert_eq!(attributes.get("plan"), Some(json!("pro")));
    }

    #[test]
    fn case_42_increments_after_the_newest_plain_value_count() {
        let mut attributes = Attributes::default();
        attributes.write("score", Write::Set(json!(5)), stamp(1));
        attributes.write("score", Write::Increment(2.into()), stamp(3));
        attributes.write("score", Write::Set(json!(1)), stamp(2));
        assert_eq!(attributes.get("score"), Some(json!(3)));
    }

    #[test]
    fn a7_a_pinned_value_yields_to_a_hand_alone() {
        let mut attributes = Attributes::default();
        let hand = Stamp { pinned: true, grade: Grade::Hand, ..stamp(1) };
        attributes.write("plan", Write::Set(json!("pro")), hand);
        attributes.write("plan", Write::Set(json!("free")), stamp(9));
        assert_eq!(attributes.get("plan"), Some(json!("pro")));
        attributes.write("plan", Write::Set(json!("free")), Stamp { pinned: false, ..hand });
        assert_eq!(attributes.get("plan"), Some(json!("free")));
    }

    #[test]
    fn r12_a_gap_is_filled_and_never_overwritten() {
        let mut attributes = Attributes::default();
        attributes.write("plan", Write::Set(json!("pro")), stamp(1));
        let carried = |at, city: &str| {
            let mut carried = Attributes::default();
            carried.write("plan", Write::Set(json!("free")), stamp(at));
            carried.write("city", Write::Set(json!(city)), stamp(at));
            carried
        };
        let filled = attributes.fill_gaps(&[carried(9, "Oslo"), carried(8, "Bergen")]);
        assert_eq!(filled, [("city".to_owned(), None, Some(json!("Oslo")))]);
        assert_eq!(attributes.get("plan"), Some(json!("pro")));
        assert_eq!(attributes.fill_gaps(&[]), [("city".to_owned(), Some(json!("Oslo")), None)]);
    }

    #[test]
    fn what_was_said_to_another_is_heard_and_its_gaps_are_not() {
        let mut other = Attributes::default();
        other.write("role", Write::Set(json!("boss")), stamp(5));
        other.write("title", Write::Set(json!("old")), stamp(1));
        other.write("visits", Write::Increment(1.into()), stamp(6));
        let mut ours = Attributes::default();
        ours.write("title", Write::Set(json!("CTO")), stamp(2));
        ours.write("visits", Write::Set(json!(4)), stamp(3));
        ours.write("city", Write::Set(json!("Ulm")), stamp(3));
        other.fill_gaps(std::slice::from_ref(&ours));
        assert_eq!((other.get("city"), other.get("visits")), (Some(json!("Ulm")), Some(json!(5))));
        let before = ours.clone();
        let changed = ours.hear(other.clone());
        let changed: Vec<(&str, Option<Value>)> =
            changed.iter().map(|(name, _, after)| (name.as_str(), after.clone())).collect();
        assert_eq!(changed, [("role", Some(json!("boss"))), ("visits", Some(json!(5)))]);
        assert_eq!(ours.get("title"), Some(json!("CTO")), "the newer of two holds");
        let mut nothing = Attributes::default();
        other = Attributes::default();
        other.fill_gaps(&[before]);
        assert_eq!(nothing.hear(other), []);
        assert!(nothing.is_empty());
    }

    #[test]
    fn a_repeat_moves_one_stamp_and_no_value() {
        let mut attributes = Attributes::default();
        for name in ["a", "b", "c"] {
            attributes.write(name, Write::Set(json!(1)), stamp(1));
        }
        let (values, _) = attributes.columns();
        for name in ["a", "b", "c"] {
            assert_eq!(attributes.write(name, Write::Set(json!(1)), stamp(2)), None);
        }
        let (same, stamps) = attributes.columns();
        assert_eq!(values, same);
        assert_eq!(serde_json::from_str::<Map<String, Value>>(&stamps).unwrap().len(), 1);
    }

    /// A value as T2 sees it: whether it fills a gap, and its stamp.
    fn any_value_said() -> impl Strategy<Value = (bool, Stamp)> {
        let grades = [Grade::Rule, Grade::Unsigned, Grade::Import, Grade::Secret, Grade::Signed, Grade::Hand];
        (any::<bool>(), any::<bool>(), 0_i64..3, prop::sample::select(grades.to_vec()), 0_i64..3).prop_map(
            |(gap, pinned, at_ms, grade, order)| {
                // Nothing pins but a hand, and a hand fills no gap.
                let pinned = pinned && !gap && grade == Grade::Hand;
                (gap, Stamp { pinned, at_ms, grade, order, source: SourceKey(1) })
            },
        )
    }

    fn any_write() -> impl Strategy<Value = Write> {
        prop_oneof![
            (0_i64..5).prop_map(|n| Write::Set(json!(n))),
            Just(Write::Clear),
            (1_i64..5).prop_map(|n| Write::Increment(n.into())),
            (0_i64..5).prop_map(|n| Write::Once(json!(n))),
        ]
    }

    proptest! {
        /// T2: pinned by hand > not a gap-fill > later > of a higher grade > of a greater message id, over all
        /// combinations of them and in any order of arrival.
        #[test]
        fn t2_one_order_decides_between_two_values((mut said, order) in prop::collection::vec(any_value_said(), 1..8)
            .prop_flat_map(|said| { let order = (0..said.len()).collect::<Vec<_>>(); (Just(said), Just(order).prop_shuffle()) })
        ) {
            // Of one moment, grade and message there is one value.
            said.sort();
            said.dedup();
            // Two hands are never there at once; one that does not pin takes the pin away, which is another test.
            let pinned = said.iter().any(|(_, stamp)| stamp.pinned);
            said.retain(|(gap, stamp)| *gap || stamp.pinned || stamp.grade != Grade::Hand || !pinned);
            let mut moments = BTreeSet::new();
            said.retain(|(_, stamp)| !stamp.pinned || moments.insert(stamp.at_ms));
            // Of two hands of one moment the one that comes later holds, whatever its order.
            let mut hands = BTreeSet::new();
            said.retain(|(gap, stamp)| *gap || stamp.grade != Grade::Hand || hands.insert(stamp.at_ms));
            let place = |(gap, stamp): &(bool, Stamp)| (stamp.pinned, !gap, stamp.at_ms, stamp.grade, stamp.order);
            let expected = said.iter().max_by_key(|said| place(said)).map(|said| json!(format!("{:?}", place(said))));
            let mut attributes = Attributes::default();
            let mut carried = Vec::new();
            for said in order.iter().filter_map(|index| said.get(*index)) {
                let value = json!(format!("{:?}", place(said)));
                if said.0 {
                    let mut visitor = Attributes::default();
                    visitor.write("a", Write::Set(value), said.1);
                    carried.push(visitor);
                    attributes.fill_gaps(&carried);
                } else {
                    attributes.write("a", Write::Set(value), said.1);
                }
            }
            prop_assert_eq!(attributes.get("a"), expected);
        }

        #[test]
        fn t2_any_order_of_arrival_ends_in_the_same_value(
            writes in prop::collection::vec(any_write(), 1..10),
            order in Just((0..10_usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let run = |indexes: &[usize]| {
                let mut attributes = Attributes::default();
                for index in indexes.iter().filter(|index| **index < writes.len()) {
                    let stamp = Stamp { order: *index as i64, ..stamp(*index as i64 / 2) };
                    attributes.write("a", writes[*index].clone(), stamp);
                    let (values, stamps) = attributes.columns();
                    let read = Attributes::read(&values, &stamps);
                    assert_eq!(read.get("a"), attributes.get("a"));
                    attributes = read;
                }
                attributes.get("a")
            };
            prop_assert_eq!(run(&(0..10).collect::<Vec<_>>()), run(&order));
        }
    }

    proptest! {
        // Each item measures the list anew in what is expected.
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        /// A4: what a list holds is measured as it grows, and ends as if it were measured anew for each item.
        #[test]
        fn a4_a_list_takes_each_item_that_fits(
            said in prop::collection::vec((0..4_u8, 0..150_usize, prop::sample::select(vec![1, 1, 1, 700, 3_000])), 0..160),
        ) {
            let (mut attributes, mut expected) = (Attributes::default(), None::<Vec<Value>>);
            for (at_ms, (what, which, letters)) in (0..).zip(said) {
                let item = json!(format!("{which:0letters$}"));
                if what == 0 {
                    attributes.write("a", Write::Remove(item.clone()), stamp(at_ms));
                    expected.iter_mut().for_each(|list| list.retain(|known| *known != item));
                } else {
                    attributes.write("a", Write::Append(item.clone()), stamp(at_ms));
                    let list = expected.get_or_insert_default();
                    if !list.contains(&item) && crate::domain::attributes::has_room("a", list, &item).is_ok() {
                        list.push(item);
                    }
                }
            }
            prop_assert_eq!(attributes.get("a"), expected.map(Value::from));
        }
    }
}
