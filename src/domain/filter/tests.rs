//! Filters as anybody could write them: what is written is read as it was, and nothing makes the reader fall over.

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::Number;

use super::*;
use crate::domain::attributes::{Owner, Type};

/// Attributes of all types, some with names that mean something else or hold what parts.
const DEFINED: [(Owner, &str, Type); 17] = [
    (Owner::User, "plan", Type::Text),
    (Owner::User, "visits", Type::Number),
    (Owner::User, "paying", Type::Boolean),
    (Owner::User, "born", Type::Date),
    (Owner::User, "renewed_at", Type::Datetime),
    (Owner::User, "langs", Type::List),
    (Owner::User, "raw", Type::Object),
    (Owner::User, "state", Type::Text),
    (Owner::User, "company.size:\\big\"'", Type::Text),
    (Owner::User, "attribute.x", Type::Number),
    (Owner::Company, "plan", Type::Text),
    (Owner::Company, "mrr", Type::Number),
    (Owner::Company, "tags", Type::List),
    (Owner::Company, "renews", Type::Date),
    (Owner::Membership, "role", Type::Text),
    (Owner::Membership, "seat", Type::Number),
    (Owner::Membership, "left_at", Type::Text),
];

/// The fields of a list of the stories here.
pub(crate) fn fields(listed: Listed) -> Fields {
    Fields::new(listed, DEFINED)
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["(pro|free|Żabka|a,b|c\\\\d|x:y|ann@acme.test)", "[a-c,:\\\\% ]{1,5}", "\\PC{1,6}"]
}

fn numbers() -> impl Strategy<Value = Number> {
    prop_oneof![
        (-5_i64..40).prop_map(Number::from),
        prop::sample::select(vec![0.5, -2.25, 1e20, 12.75]).prop_map(|number| Number::from_f64(number).unwrap())
    ]
}

fn days() -> impl Strategy<Value = NaiveDate> {
    (0_u64..120).prop_map(|day| NaiveDate::from_ymd_opt(2026, 8, 1).unwrap() + chrono::Days::new(day))
}

fn values(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Text | Kind::List | Kind::Object | Kind::Activity | Kind::Segment | Kind::Property => {
            texts().prop_map(Value::Text).boxed()
        }
        Kind::Email => texts()
            .prop_map(|text| text.trim().to_lowercase())
            .prop_filter("none", |text| !text.is_empty())
            .prop_map(Value::Text)
            .boxed(),
        Kind::Number => numbers().prop_map(Value::Number).boxed(),
        Kind::Import => (1_i64..5).prop_map(|number| Value::Number(number.into())).boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Kind::Day => days().prop_map(Value::Day).boxed(),
        Kind::Instant => prop_oneof![
            days().prop_map(Value::Day),
            (1_785_000_000_000_i64..1_796_000_000_000).prop_map(Value::Instant)
        ]
        .boxed(),
        Kind::Word(words) => prop::sample::select(words).prop_map(|word| Value::Text(word.to_owned())).boxed(),
    }
}

fn between(kind: Kind) -> BoxedStrategy<Test> {
    let in_order = |(one, other): (Value, Value)| match (&one, &other) {
        (Value::Number(a), Value::Number(b)) if a.as_f64() > b.as_f64() => Test::Between(other, one),
        (Value::Day(a), Value::Day(b)) if a > b => Test::Between(other, one),
        (Value::Instant(a), Value::Instant(b)) if a > b => Test::Between(other, one),
        _ => Test::Between(one, other),
    };
    (values(kind), values(kind)).prop_map(in_order).boxed()
}

fn spans(kind: Kind) -> BoxedStrategy<Span> {
    match kind {
        Kind::Instant => prop_oneof![(1_u32..70).prop_map(Span::Days), (1_u32..200).prop_map(Span::Hours)].boxed(),
        _ => (1_u32..70).prop_map(Span::Days).boxed(),
    }
}

fn oftens() -> impl Strategy<Value = Often> {
    (1_u32..5, 1_u32..60).prop_map(|(times, days)| Often { times, days })
}

fn tests(kind: Kind, operator: Operator) -> BoxedStrategy<Test> {
    match operator {
        Operator::Is => values(kind).prop_map(Test::Is).boxed(),
        Operator::Not => values(kind).prop_map(Test::Not).boxed(),
        Operator::In => {
            let trimmed = |value: Value| match value {
                Value::Text(text) => Value::Text(text.trim().to_owned()),
                other => other,
            };
            let item = values(kind).prop_map(trimmed).prop_filter("none", |value| !value.to_string().is_empty());
            prop::collection::vec(item, 1..4).prop_map(Test::In).boxed()
        }
        Operator::Has => texts().prop_map(Test::Has).boxed(),
        Operator::Starts => texts().prop_map(Test::Starts).boxed(),
        Operator::Set => Just(Test::Set).boxed(),
        Operator::Unset => Just(Test::Unset).boxed(),
        Operator::Greater => numbers().prop_map(Test::Greater).boxed(),
        Operator::AtLeast => numbers().prop_map(Test::AtLeast).boxed(),
        Operator::Less => numbers().prop_map(Test::Less).boxed(),
        Operator::AtMost => numbers().prop_map(Test::AtMost).boxed(),
        Operator::Between => between(if kind == Kind::Property { Kind::Number } else { kind }),
        Operator::Before => values(kind).prop_map(Test::Before).boxed(),
        Operator::After => values(kind).prop_map(Test::After).boxed(),
        Operator::Within => spans(kind).prop_map(Test::Within).boxed(),
        Operator::Ago => spans(kind).prop_map(Test::Ago).boxed(),
        Operator::Next => spans(kind).prop_map(Test::Next).boxed(),
        Operator::Done => oftens().prop_map(Test::Done).boxed(),
        Operator::NotDone => oftens().prop_map(Test::NotDone).boxed(),
    }
}

fn conditions(listed: Listed) -> impl Strategy<Value = Condition> {
    let mut all = fields(listed).offered();
    if listed == Listed::Events {
        all.extend(["amount", "a:b", "x.y\\"].map(|name| Field::Property(name.to_owned())));
    } else if listed != Listed::Visitors {
        all.extend(["Opened", "page", "never:done\\"].map(|name| Field::Event(name.to_owned())));
    }
    prop::sample::select(all).prop_flat_map(|field| {
        let kind = field.kind();
        prop::sample::select(kind.operators())
            .prop_flat_map(move |operator| tests(kind, operator))
            .prop_map(move |test| Condition { field: field.clone(), test })
    })
}

fn joins() -> impl Strategy<Value = Join> {
    prop_oneof![Just(Join::All), Just(Join::Any)]
}

/// Any filter of a list.
pub(crate) fn filters(listed: Listed) -> impl Strategy<Value = Filter> {
    let groups = (joins(), prop::collection::vec(conditions(listed), 1..4))
        .prop_map(|(join, conditions)| Group { join, conditions });
    (joins(), prop::collection::vec(conditions(listed), 0..4), prop::collection::vec(groups, 0..3))
        .prop_map(|(join, conditions, groups)| Filter { join, conditions, groups })
}

fn read(text: &str, listed: Listed) -> Result<Filter, FilterError> {
    let pairs: Vec<(&str, &str)> =
        text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap()).collect();
    parse(pairs, &fields(listed))
}

fn words(text: &str) -> String {
    read(text, Listed::Users).unwrap().in_words()
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(
        filter in prop::sample::select(vec![Listed::Users, Listed::Companies, Listed::Visitors, Listed::Events])
            .prop_flat_map(filters)
    ) {
        let listed = filter.all_conditions().find_map(|condition| match &condition.field {
            Field::Own(_, listed) => Some(*listed),
            Field::Company(_) | Field::Membership(_) => Some(Listed::Users),
            Field::Property(_) => Some(Listed::Events),
            Field::Event(_) => None,
        });
        let pairs = filter.parameters();
        let read = parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())), &fields(listed.unwrap_or(Listed::Users)));
        prop_assert_eq!(read, Ok(filter));
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(name in "(f|match|g[0-9]{1,3}\\.(f|match)|\\PC{0,4})", text in "\\PC{0,30}") {
        let _ = parse([(name.as_str(), text.as_str())], &fields(Listed::Users));
    }

    #[test]
    fn nor_does_what_is_nearly_a_condition(
        field in prop::sample::select(vec!["plan", "visits", "first_seen", "born", "langs", "event.x", "state"]),
        operator in prop::sample::select(&Operator::ALL[..]),
        value in "[0-9a-z,:.\\\\-]{0,12}",
    ) {
        let text = format!("{field}:{}:{value}", operator.as_str());
        if let Err(error) = parse([("f", text.as_str())], &fields(Listed::Users)) {
            prop_assert!(error.character <= text.chars().count() + 2, "{:?}", error);
        }
    }
}

#[test]
fn a_filter_is_told_in_words() {
    for (text, told) in [
        ("", ""),
        ("f=plan:is:pro&f=companies:unset", "plan is pro and has no company"),
        ("f=plan:is:pro&f=companies:unset&match=any", "plan is pro or has no company"),
        ("f=company.plan:in:pro, scale,", "company plan is pro or scale"),
        ("f=born:next:30d", "born is in the next 30 days"),
        ("f=membership.role:is:admin", "role in the company is admin"),
        ("f=membership.joined_at:after:2026-03-01", "joined a company after 2026-03-01"),
        (
            "f=membership.left_at:within:30d&f=company.plan:is:pro",
            "left a company in the last 30 days and company plan is pro",
        ),
        ("f=membership.left_at:unset", "has left no company"),
        ("f=last_seen:ago:14d", "last seen more than 14 days ago"),
        ("f=last_seen:within:60d", "last seen in the last 60 days"),
        ("f=first_seen:before:2026-03-01", "first seen before 2026-03-01"),
        ("f=last_seen:unset", "never active"),
        ("f=event.Report exported:done:3,30d", "did “Report exported” at least 3 times in the last 30 days"),
        ("f=event.Report exported:not_done", "did not do “Report exported” in the last 30 days"),
        ("f=tags:in:vip,beta", "tagged vip or beta"),
        ("f=user_id:unset", "has no user id"),
        ("f=companies:gt:1", "has more than 1 company"),
        ("f=visits:between:1,5", "visits is between 1 and 5"),
        ("f=paying:is:true", "paying is yes"),
        // As pages show them, and as programs write them.
        ("f=paying:is:No", "paying is no"),
        ("f=visits:gt:1\u{2009}885", "visits is more than 1885"),
        ("f=email:set&g1.f=plan:is:pro&g1.f=plan:unset&g1.match=any", "has an e-mail and (plan is pro or has no plan)"),
    ] {
        assert_eq!(words(text), told, "{text}");
    }
}

#[test]
fn what_is_not_known_is_refused_with_its_place_and_what_would_be_taken() {
    for (text, parameter, number, character, hint) in [
        ("f=colour:is:red", "f", 1, 1, "user_id, email"),
        ("f=plan:is:pro&f=company.colour:is:red", "f", 2, 1, "company.plan"),
        ("f=membership.nothing:set", "f", 1, 1, "membership.role"),
        ("f=plan", "f", 1, 5, "is, not, has, starts"),
        ("f=plan:gt:5", "f", 1, 6, "is, not, has, starts"),
        ("f=visits:is:ten", "f", 1, 11, "a number such as 12"),
        ("f=visits:between:5,1", "f", 1, 16, "the lower first"),
        ("f=state:is:asleep", "f", 1, 10, "new, active, quiet, gone, never"),
        ("f=first_seen:before:01/02/2026", "f", 1, 19, "2026-03-01"),
        ("f=last_seen:within:2w", "f", 1, 18, "14d"),
        ("f=born:within:2h", "f", 1, 13, "Use days"),
        ("f=plan:is", "f", 1, 9, "needs a value"),
        ("f=plan:set:x", "f", 1, 10, "takes no value"),
        ("f=event.Opened:done:0,30d", "f", 1, 19, "such as 3,30d"),
        ("f=raw:is:x", "f", 1, 5, "set, unset"),
        ("match=some", "match", 1, 1, "all or any"),
        ("g1.f=plan:is:pro&g1.f=plan:like:x", "g1.f", 2, 6, "is, not, has"),
        ("g12.f=plan:is:pro", "g12.f", 1, 1, "g1 to g9"),
    ] {
        let error = read(text, Listed::Users).unwrap_err();
        assert_eq!(
            (error.parameter.as_str(), error.number, error.character),
            (parameter, number, character),
            "{text}: {error}"
        );
        assert!(error.sentence.contains(hint), "{text}: {error}");
    }
    assert!(read("f=membership.role:is:x", Listed::Companies).is_err());
    assert!(read("f=event.Opened:done", Listed::Visitors).is_err());
    let many = vec!["f=plan:set"; CONDITIONS_MAX + 1].join("&");
    assert!(read(&many, Listed::Users).unwrap_err().sentence.contains("at most 30 conditions"));
}

#[test]
fn an_attribute_named_like_something_else_is_still_named() {
    for (text, field) in [
        ("f=state:is:new", Field::Own(Fact::BuiltIn(BuiltIn::State), Listed::Users)),
        ("f=attribute.state:is:CA", Field::Own(Fact::Attribute("state".to_owned(), Type::Text), Listed::Users)),
        (
            "f=attribute.company.size\\:\\\\big\"':is:x",
            Field::Own(Fact::Attribute("company.size:\\big\"'".to_owned(), Type::Text), Listed::Users),
        ),
        ("f=membership.attribute.left_at:is:x", Field::Membership(Fact::Attribute("left_at".to_owned(), Type::Text))),
        ("f=company.attribute.tags:is:a", Field::Company(Fact::Attribute("tags".to_owned(), Type::List))),
    ] {
        let filter = read(text, Listed::Users).unwrap();
        assert_eq!(filter.conditions[0].field, field, "{text}");
        assert_eq!(format!("f={}", filter.conditions[0]), text);
    }
}

#[test]
fn a_condition_is_taken_out_alone() {
    let filter =
        read("f=plan:is:pro&f=visits:gt:1&g2.f=plan:set&g5.f=visits:set&g5.f=visits:is:2", Listed::Users).unwrap();
    assert_eq!(filter.groups.len(), 2);
    assert_eq!(
        filter.without(None, 0).in_words(),
        "visits is more than 1 and has a plan and (visits is set and visits is 2)"
    );
    assert_eq!(filter.without(Some(0), 0).groups.len(), 1, "an empty group goes");
    assert_eq!(filter.without(Some(7), 0), filter);
}
