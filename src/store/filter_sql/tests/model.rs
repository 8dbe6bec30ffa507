//! A plain model of filters: what a record must be like to meet one.

use super::*;

fn moment() -> Moment {
    Moment { now_ms: NOW, zone: ZONE, fast: Fast::default() }
}

fn folded(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// Whether a text has another in it (or begins with it) in one of its spellings.
fn spelled(text: &str, wanted: &str, from_start: bool) -> bool {
    let text = folded(text);
    spellings(wanted)
        .iter()
        .any(|spelling| if from_start { text.starts_with(spelling) } else { text.contains(spelling) })
}

fn text_holds(value: &str, test: &Test) -> bool {
    match test {
        Test::Is(wanted) => value == wanted.to_string(),
        Test::In(wanted) => wanted.iter().any(|wanted| value == wanted.to_string()),
        Test::Has(wanted) => spelled(value, wanted, false),
        Test::Starts(wanted) => spelled(value, wanted, true),
        Test::Set => !value.is_empty(),
        other => panic!("{other:?} of a text"),
    }
}

fn number_holds(value: f64, test: &Test) -> bool {
    let same = |wanted: &Value| matches!(wanted, Value::Number(wanted) if wanted.as_f64() == Some(value));
    let number = |wanted: &serde_json::Number| wanted.as_f64().unwrap();
    match test {
        Test::Is(wanted) => same(wanted),
        Test::In(wanted) => wanted.iter().any(same),
        Test::Greater(wanted) => value > number(wanted),
        Test::AtLeast(wanted) => value >= number(wanted),
        Test::Less(wanted) => value < number(wanted),
        Test::AtMost(wanted) => value <= number(wanted),
        Test::Between(Value::Number(from), Value::Number(to)) => (number(from)..=number(to)).contains(&value),
        other => panic!("{other:?} of a number"),
    }
}

fn within<T: PartialOrd>(value: &T, (from, to): (Option<T>, Option<T>)) -> bool {
    from.is_none_or(|from| *value >= from) && to.is_none_or(|to| *value <= to)
}

fn fact_holds(record: &Record, fact: &Fact, test: &Test) -> bool {
    let value = match fact {
        Fact::BuiltIn(built_in) => record.built_in.get(built_in.as_str()).cloned().unwrap_or_default(),
        Fact::Attribute(name, _) => record.attributes.get(name).cloned().unwrap_or_default(),
    };
    if value.is_null() {
        return false;
    }
    match (fact.kind(), test) {
        (Kind::List, Test::Set) => !value.as_array().unwrap().is_empty(),
        (Kind::List, test) => value.as_array().unwrap().iter().any(|item| text_holds(item.as_str().unwrap(), test)),
        (Kind::Number, Test::Set) => matches!(fact, Fact::Attribute(..)) || value.as_f64() > Some(0.0),
        (Kind::Boolean | Kind::Instant | Kind::Day | Kind::Object, Test::Set) => true,
        (Kind::Import, test) => value.as_array().unwrap().iter().any(|of| number_holds(of.as_f64().unwrap(), test)),
        (Kind::Number, test) => number_holds(value.as_f64().unwrap(), test),
        (Kind::Boolean, Test::Is(wanted)) => *wanted == Value::Boolean(value == true),
        (Kind::Day, test) => within(&value.as_str().unwrap().parse().unwrap(), moment().day_range(test)),
        (Kind::Instant, test) => {
            let at_ms = value.as_i64().unwrap_or_else(|| time::instant_in(ZONE, value.as_str().unwrap()).unwrap());
            within(&at_ms, moment().range(test))
        }
        (_, test) => text_holds(value.as_str().unwrap(), test),
    }
}

fn holds(record: &Record, condition: &Condition) -> bool {
    let (test, denies) = positive(&condition.test);
    let holds = match &condition.field {
        Field::Own(fact, _) => fact_holds(record, fact, &test),
        Field::Company(fact) => record.places(false).any(|(company, _)| fact_holds(company, fact, &test)),
        Field::Membership(fact @ Fact::BuiltIn(BuiltIn::LeftAt)) => {
            record.places(true).any(|(_, place)| fact_holds(place, fact, &test))
        }
        Field::Membership(fact) => record.places(false).any(|(_, place)| fact_holds(place, fact, &test)),
        Field::Property(_) => panic!("no list of people has properties"),
        Field::Event(name) => {
            let Test::Done(Often { times, days }) = test else { panic!("{test:?} of an activity") };
            let first = time::day(NOW, ZONE) - days as i32 + 1;
            let at = record.done.get(name).map_or(&[][..], Vec::as_slice);
            at.iter().filter(|at_ms| time::day(**at_ms, ZONE) >= first).count() >= times as usize
        }
    };
    holds != denies
}

fn joins(join: Join, mut parts: impl Iterator<Item = bool>) -> bool {
    match join {
        Join::All => parts.all(|holds| holds),
        Join::Any => parts.any(|holds| holds),
    }
}

/// Whether each condition of a bracket holds: those that one membership must meet together, all or none of them.
fn bracket<'a>(record: &'a Record, join: Join, conditions: &'a [Condition]) -> impl Iterator<Item = bool> + 'a {
    let is_together = move |condition: &Condition| join == Join::All && condition.is_met_by_a_membership();
    let is_left = |condition: &Condition| {
        is_together(condition) && condition.field == Field::Membership(Fact::BuiltIn(BuiltIn::LeftAt))
    };
    let one_meets_all = record.places(conditions.iter().any(is_left)).any(|(company, place)| {
        conditions.iter().filter(|condition| is_together(condition)).all(|condition| match &condition.field {
            Field::Company(fact) => fact_holds(company, fact, &condition.test),
            Field::Membership(fact) => fact_holds(place, fact, &condition.test),
            other => panic!("{other:?} of a membership"),
        })
    });
    conditions
        .iter()
        .map(move |condition| if is_together(condition) { one_meets_all } else { holds(record, condition) })
}

pub(super) fn meets(record: &Record, filter: &Filter) -> bool {
    let groups = filter.groups.iter().map(|group| joins(group.join, bracket(record, group.join, &group.conditions)));
    filter.is_empty() || joins(filter.join, bracket(record, filter.join, &filter.conditions).chain(groups))
}
