//! Filters as a person reads them: "plan is pro and has no company".

use super::{BuiltIn, Condition, Fact, Field, Filter, Join, Listed, Often, Operator, Span, Test, Value};
use crate::domain::attributes::Type;

impl Filter {
    /// The filter in words, without "users" or "companies" before it; empty where everything is in.
    pub fn in_words(&self) -> String {
        let groups = self.groups.iter().map(|group| {
            let words = joined(group.join, group.conditions.iter().map(Condition::in_words).collect());
            if group.conditions.len() > 1 && self.conditions.len() + self.groups.len() > 1 {
                format!("({words})")
            } else {
                words
            }
        });
        joined(self.join, self.conditions.iter().map(Condition::in_words).chain(groups).collect())
    }
}

impl Join {
    /// The word between two conditions.
    pub fn conjunction(self) -> &'static str {
        match self {
            Join::All => "and",
            Join::Any => "or",
        }
    }
}

fn joined(join: Join, parts: Vec<String>) -> String {
    parts.join(&format!(" {} ", join.conjunction()))
}

impl Field {
    /// What a person calls it.
    pub fn in_words(&self) -> String {
        match self {
            Field::Own(fact, _) => name_of(fact),
            Field::Company(Fact::BuiltIn(BuiltIn::CompanyId)) => "company id".to_owned(),
            Field::Company(fact) => format!("company {}", name_of(fact)),
            Field::Membership(Fact::BuiltIn(BuiltIn::JoinedAt)) => "joined a company".to_owned(),
            Field::Membership(Fact::BuiltIn(BuiltIn::LeftAt)) => "left a company".to_owned(),
            Field::Membership(fact) => format!("{} in the company", name_of(fact)),
            Field::Event(name) => format!("“{name}”"),
            Field::Property(name) => name.clone(),
        }
    }
}

fn name_of(fact: &Fact) -> String {
    match fact {
        Fact::BuiltIn(BuiltIn::UserId) => "user id",
        Fact::BuiltIn(BuiltIn::CompanyId) => "company id",
        Fact::BuiltIn(BuiltIn::AnonymousId) => "anonymous id",
        Fact::BuiltIn(BuiltIn::Email) => "e-mail",
        Fact::BuiltIn(BuiltIn::FirstSeen) => "first seen",
        Fact::BuiltIn(BuiltIn::LastSeen) => "last seen",
        Fact::BuiltIn(BuiltIn::ActiveMembers) => "members active in 30 days",
        Fact::BuiltIn(BuiltIn::PageName) => "page name",
        Fact::BuiltIn(BuiltIn::Time) => "happened",
        Fact::BuiltIn(BuiltIn::ReceivedAt) => "received",
        other => other.name(),
    }
    .to_owned()
}

impl Condition {
    /// The condition in words.
    pub fn in_words(&self) -> String {
        let (field, test) = (self.field.in_words(), &self.test);
        match (&self.field, test) {
            (Field::Event(_), Test::Done(often)) => done(&field, *often, false),
            (Field::Event(_), Test::NotDone(often)) => done(&field, *often, true),
            (_, Test::Is(Value::Segment(saved))) => format!("in the segment “{}”", saved.name),
            (_, Test::Not(Value::Segment(saved))) => format!("not in the segment “{}”", saved.name),
            (Field::Own(Fact::BuiltIn(BuiltIn::Tags), _), _) => tagged("", test),
            (Field::Company(Fact::BuiltIn(BuiltIn::Tags)), _) => tagged("company ", test),
            (Field::Own(Fact::BuiltIn(BuiltIn::Import), _), _) => imported("", test),
            (Field::Company(Fact::BuiltIn(BuiltIn::Import)), _) => imported("company ", test),
            (Field::Own(Fact::BuiltIn(BuiltIn::LastSeen), _), Test::Unset) => "never active".to_owned(),
            (Field::Own(Fact::BuiltIn(BuiltIn::LastSeen), _), Test::Set) => "active at least once".to_owned(),
            (Field::Membership(Fact::BuiltIn(BuiltIn::LeftAt)), Test::Unset) => "has left no company".to_owned(),
            (Field::Membership(Fact::BuiltIn(BuiltIn::JoinedAt)), Test::Unset) => "has joined no company".to_owned(),
            (Field::Membership(Fact::BuiltIn(BuiltIn::LeftAt)), Test::Set) => "has left a company".to_owned(),
            (Field::Membership(Fact::BuiltIn(BuiltIn::JoinedAt)), Test::Set) => "has joined a company".to_owned(),
            (
                Field::Own(
                    Fact::BuiltIn(BuiltIn::FirstSeen | BuiltIn::LastSeen | BuiltIn::Time | BuiltIn::ReceivedAt),
                    _,
                ),
                _,
            )
            | (Field::Membership(Fact::BuiltIn(_)), _) => happened(&field, test),
            (Field::Own(Fact::BuiltIn(BuiltIn::Companies), _), _) => has_so_many("company", "companies", test),
            (Field::Own(Fact::BuiltIn(BuiltIn::Members), _), _) => has_so_many("member", "members", test),
            (_, Test::Unset) if has_no(&self.field) => format!("has no {field}"),
            (_, Test::Set) if has_no(&self.field) => format!("has {} {field}", article(&field)),
            (_, test) => format!("{field} {}", is(test)),
        }
    }
}

/// Whether somebody "has no" such a thing rather than it "is empty".
fn has_no(field: &Field) -> bool {
    matches!(
        field,
        Field::Own(Fact::BuiltIn(BuiltIn::UserId | BuiltIn::Email | BuiltIn::Owner | BuiltIn::Name), _)
            | Field::Own(Fact::Attribute(_, Type::Text | Type::List), Listed::Companies | Listed::Users)
    )
}

fn article(word: &str) -> &'static str {
    match word.chars().next() {
        Some('a' | 'e' | 'i' | 'o') => "an",
        _ => "a",
    }
}

/// Verb and value, such as "is not pro".
fn is(test: &Test) -> String {
    let operator = test.operator().in_words();
    match test {
        Test::Set | Test::Unset => operator.to_owned(),
        Test::In(values) => format!("is {}", listed(values)),
        Test::Between(from, to) => format!("{operator} {} and {}", said(from), said(to)),
        Test::Within(span) | Test::Next(span) => format!("{operator} {}", span.in_words()),
        Test::Ago(span) => format!("is more than {} ago", span.in_words()),
        Test::Is(value) | Test::Not(value) | Test::Before(value) | Test::After(value) => {
            format!("{operator} {}", said(value))
        }
        Test::Has(text) | Test::Starts(text) => format!("{operator} “{text}”"),
        Test::Greater(number) | Test::AtLeast(number) | Test::Less(number) | Test::AtMost(number) => {
            format!("{operator} {number}")
        }
        Test::Done(often) | Test::NotDone(often) => format!("{} times in {} days", often.times, often.days),
    }
}

/// As pages show it.
fn said(value: &Value) -> String {
    match value {
        Value::Boolean(true) => "yes".to_owned(),
        Value::Boolean(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// "a, b or c"
fn listed(values: &[Value]) -> String {
    match values {
        [] => "one of none".to_owned(),
        [one] => said(one),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(said).collect();
            format!("{} or {}", first.join(", "), said(last))
        }
    }
}

/// "last seen in the last 14 days"
fn happened(field: &str, test: &Test) -> String {
    let words = is(test);
    match words.strip_prefix("is ") {
        Some(rest) if !matches!(test, Test::Is(_) | Test::Not(_) | Test::Set | Test::Unset) => {
            format!("{field} {rest}")
        }
        _ => match test {
            Test::Is(value) => format!("{field} on {}", said(value)),
            Test::Not(value) => format!("{field} not on {}", said(value)),
            _ => format!("{field} {words}"),
        },
    }
}

fn has_so_many(one: &str, several: &str, test: &Test) -> String {
    match test {
        Test::Unset => format!("has no {one}"),
        Test::Set => format!("has {} {one}", article(one)),
        Test::In(values) => format!("has {} {several}", listed(values)),
        Test::Not(value) => format!("doesn't have {} {several}", said(value)),
        Test::Is(value) if said(value) == "1" => format!("has 1 {one}"),
        Test::Is(value) => format!("has {} {several}", said(value)),
        other => {
            let so_many = is(other);
            let so_many = so_many.trim_start_matches("is ");
            format!("has {so_many} {}", if so_many.ends_with(" 1") { one } else { several })
        }
    }
}

fn tagged(whose: &str, test: &Test) -> String {
    match test {
        Test::Is(value) => format!("{whose}tagged {}", said(value)),
        Test::Not(value) => format!("{whose}not tagged {}", said(value)),
        Test::In(values) => format!("{whose}tagged {}", listed(values)),
        Test::Set => format!("{whose}tagged"),
        Test::Unset => format!("{whose}not tagged"),
        Test::Has(_) | Test::Starts(_) => format!("a {whose}tag {}", is(test)),
        other => format!("{whose}tags {}", is(other)),
    }
}

fn imported(whose: &str, test: &Test) -> String {
    match test {
        Test::Is(value) => format!("{whose}created or changed by import {}", said(value)),
        Test::Not(value) => format!("{whose}neither created nor changed by import {}", said(value)),
        Test::In(values) => format!("{whose}created or changed by import {}", listed(values)),
        other => format!("{whose}import {}", is(other)),
    }
}

fn done(what: &str, often: Often, not: bool) -> String {
    let days = if often.days == 1 { "today".to_owned() } else { format!("in the last {} days", often.days) };
    match (not, often.times) {
        (false, 1) => format!("did {what} {days}"),
        (false, times) => format!("did {what} at least {times} times {days}"),
        (true, 1) => format!("did not do {what} {days}"),
        (true, times) => format!("did {what} fewer than {times} times {days}"),
    }
}

impl Span {
    /// "14 days"
    pub fn in_words(self) -> String {
        match self {
            Span::Days(1) => "24 hours".to_owned(),
            Span::Days(days) => format!("{days} days"),
            Span::Hours(1) => "hour".to_owned(),
            Span::Hours(hours) => format!("{hours} hours"),
        }
    }
}

impl Operator {
    /// What an operator asks of a kind, for a list to choose from; activity has its own.
    pub fn choice(self) -> &'static str {
        match self {
            Operator::Ago => "is more than … ago",
            Operator::Done => "did it at least",
            Operator::NotDone => "did it less often than",
            other => other.in_words(),
        }
    }
}
