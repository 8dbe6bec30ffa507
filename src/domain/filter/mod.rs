//! Filters of lists: the same words in the address bar, in the API and at the shell.
//!
//! A filter is conditions, `f=FIELD:OP[:VALUE]`, of which all or any must hold (`match=`), and one level of
//! groups of them: `g1.f=…` with its own `g1.match=`. What is read is typed and checked against the attributes
//! that exist; what can't be is refused with its place and what would be taken, never ignored.

mod columns;
mod fields;
mod order;
mod parse;
mod words;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::Number;

use crate::domain::attributes::Owner;
use crate::domain::time;

pub use columns::{COLUMNS_MAX, Column, ColumnError, column_words, columns_text};
pub use fields::{BuiltIn, EVENT_TYPES, Fact, Field, Fields, Kind, Listed, Operator, STATES};
pub use parse::{FilterError, compose, is_parameter, parse};

/// Conditions of a filter at most.
pub const CONDITIONS_MAX: usize = 30;
/// Groups of a filter at most: `g1` to `g9`.
pub const GROUPS_MAX: usize = 9;
/// Characters of a value at most; of all values of a list together.
pub const VALUE_CHARS_MAX: usize = 1_000;
/// Days that a span or an activity looks back at most.
pub const DAYS_MAX: u32 = 366;
/// Times that an activity asks for at most.
pub const TIMES_MAX: u32 = 10_000;

/// Whether all of several must hold, or one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Join {
    /// All of them.
    #[default]
    All,
    /// At least one of them.
    Any,
}

impl Join {
    /// The word in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Join::All => "all",
            Join::Any => "any",
        }
    }

    /// The join of a word.
    pub fn parse(word: &str) -> Option<Join> {
        [Join::All, Join::Any].into_iter().find(|known| known.as_str() == word)
    }
}

/// What of a list is wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// How conditions and groups are joined.
    pub join: Join,
    /// Conditions outside of groups.
    pub conditions: Vec<Condition>,
    /// Groups of conditions, none of them empty.
    pub groups: Vec<Group>,
}

/// Conditions in brackets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// How they are joined.
    pub join: Join,
    /// At least one.
    pub conditions: Vec<Condition>,
}

/// One test of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What is looked at.
    pub field: Field,
    /// What must be so.
    pub test: Test,
}

/// What must be so of a field.
///
/// Of a list one item must meet it. What denies (`Not`, `Unset`, `NotDone`) holds exactly where its opposite does
/// not: who has no plan, or no company, is not on the plan "pro".
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is this; of an instant against a day: it is within the day.
    Is(Value),
    /// It is not this.
    Not(Value),
    /// It is one of these.
    In(Vec<Value>),
    /// The text has this in it, whatever the case.
    Has(String),
    /// The text begins with this, whatever the case.
    Starts(String),
    /// There is one; an empty text is none, and so is a number of companies or members of nought.
    Set,
    /// There is none.
    Unset,
    /// More than.
    Greater(Number),
    /// At least.
    AtLeast(Number),
    /// Less than.
    Less(Number),
    /// At most.
    AtMost(Number),
    /// From one to the other, both included.
    Between(Value, Value),
    /// Earlier; before the day begins.
    Before(Value),
    /// Later; after the day has ended.
    After(Value),
    /// In the last so much time.
    Within(Span),
    /// Longer ago than that.
    Ago(Span),
    /// In so much time from now, or sooner; not in the past.
    Next(Span),
    /// Done at least so often in so many days, today included.
    Done(Often),
    /// Done less often.
    NotDone(Often),
}

/// A value as the field's type writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text; a word of a field that knows only some.
    Text(String),
    /// A number.
    Number(Number),
    /// `true` or `false`.
    Boolean(bool),
    /// A day in the workspace's zone.
    Day(NaiveDate),
    /// Unix milliseconds.
    Instant(i64),
    /// A saved filter.
    Segment(Arc<Saved>),
}

/// A segment as a condition asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// Its id.
    pub segment_id: String,
    /// Its name.
    pub name: String,
    /// Its filter, which asks for no segment.
    pub filter: Filter,
}

/// So much time, as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// `14d`
    Days(u32),
    /// `12h`
    Hours(u32),
}

/// How often an activity is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Often {
    /// At least so often.
    pub times: u32,
    /// In so many days of the workspace, the last of which is today.
    pub days: u32,
}

impl Span {
    /// Its milliseconds.
    pub fn ms(self) -> i64 {
        match self {
            Span::Days(days) => i64::from(days) * time::DAY_MS,
            Span::Hours(hours) => i64::from(hours) * time::HOUR_MS,
        }
    }
}

impl Filter {
    /// A filter of one condition.
    pub fn of(condition: Condition) -> Filter {
        Filter { conditions: vec![condition], ..Filter::default() }
    }

    /// Whether everything is in.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.groups.is_empty()
    }

    /// All conditions, those of groups last.
    pub fn all_conditions(&self) -> impl Iterator<Item = &Condition> {
        self.conditions.iter().chain(self.groups.iter().flat_map(|group| &group.conditions))
    }

    /// Whether it asks for what is built in, of the list itself, in a segment of its too.
    pub fn asks_of(&self, built_in: BuiltIn) -> bool {
        self.all_conditions().any(|condition| match &condition.field {
            Field::Own(Fact::BuiltIn(own), _) if *own == built_in => true,
            _ => condition.segment().is_some_and(|saved| saved.asks_of(built_in)),
        })
    }

    /// Whether it asks for an attribute, in a segment of its too.
    pub fn asks_of_attribute(&self, owner: Owner, name: &str) -> bool {
        self.all_conditions().any(|condition| {
            condition.field.is_attribute(owner, name)
                || condition.segment().is_some_and(|saved| saved.asks_of_attribute(owner, name))
        })
    }

    /// The same with segments told by their own conditions, as far as it can be told so: a segment that must hold,
    /// and asks for all of its conditions or is a single bracket. What one membership must meet stays in a bracket of
    /// its own, where more than one of them asks for a membership.
    pub fn expanded(&self) -> Cow<'_, Filter> {
        let is_all = self.join == Join::All || self.conditions.len() + self.groups.len() == 1;
        if !is_all || !self.conditions.iter().any(|condition| condition.segment().is_some()) {
            return Cow::Borrowed(self);
        }
        let mut filter = Filter { join: Join::All, conditions: Vec::new(), groups: self.groups.clone() };
        let ask_for_one = |conditions: &[Condition]| conditions.iter().any(Condition::is_met_by_a_membership);
        let of_segments = self.conditions.iter().filter_map(Condition::segment);
        let askers = of_segments.filter(|saved| saved.join == Join::All && ask_for_one(&saved.conditions)).count();
        let are_apart = askers + usize::from(ask_for_one(&self.conditions)) > 1;
        for condition in &self.conditions {
            match condition.segment() {
                Some(saved) if saved.join == Join::All => {
                    let is_apart = |condition: &&Condition| are_apart && condition.is_met_by_a_membership();
                    let (apart, others): (Vec<_>, Vec<_>) = saved.conditions.iter().partition(is_apart);
                    filter.conditions.extend(others.into_iter().cloned());
                    if !apart.is_empty() {
                        let conditions = apart.into_iter().cloned().collect();
                        filter.groups.push(Group { join: Join::All, conditions });
                    }
                    filter.groups.extend(saved.groups.iter().cloned());
                }
                Some(saved) if saved.groups.is_empty() => {
                    filter.groups.push(Group { join: saved.join, conditions: saved.conditions.clone() });
                }
                _ => filter.conditions.push(condition.clone()),
            }
        }
        Cow::Owned(filter)
    }

    /// The parameters that say it, as the query of an address.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.parameters());
        query.finish()
    }

    /// The parameters that say it, in the order in which [`parse`] reads the same filter from them.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut say = |prefix: &str, join: Join, conditions: &[Condition]| {
            pairs.extend(conditions.iter().map(|condition| (format!("{prefix}f"), condition.to_string())));
            if join == Join::Any {
                pairs.push((format!("{prefix}match"), join.as_str().to_owned()));
            }
        };
        say("", self.join, &self.conditions);
        for (place, group) in self.groups.iter().enumerate() {
            say(&format!("g{}.", place + 1), group.join, &group.conditions);
        }
        pairs
    }

    /// The same with one condition more: in a group (counted from 0), in a new one where there is none of this
    /// number, or in none.
    #[must_use]
    pub fn with(&self, group: Option<usize>, condition: Condition) -> Filter {
        let mut filter = self.clone();
        match group {
            None => filter.conditions.push(condition),
            Some(group) => match filter.groups.get_mut(group) {
                Some(known) => known.conditions.push(condition),
                None => filter.groups.push(Group { join: Join::Any, conditions: vec![condition] }),
            },
        }
        filter
    }

    /// The same joined otherwise: a group, or all of it.
    #[must_use]
    pub fn joined(&self, group: Option<usize>, join: Join) -> Filter {
        let mut filter = self.clone();
        match group {
            None => filter.join = join,
            Some(group) => filter.groups.iter_mut().skip(group).take(1).for_each(|group| group.join = join),
        }
        filter
    }

    /// The same with another condition in the place of one, wherever it stands.
    #[must_use]
    pub fn with_other(&self, condition: &Condition, other: &Condition) -> Filter {
        let mut filter = self.clone();
        let all = filter.conditions.iter_mut().chain(filter.groups.iter_mut().flat_map(|group| &mut group.conditions));
        all.filter(|known| *known == condition).for_each(|known| *known = other.clone());
        filter
    }

    /// The same without one condition: of a group (counted from 0), or of none, the so manieth (from 0).
    #[must_use]
    pub fn without(&self, group: Option<usize>, condition: usize) -> Filter {
        let mut filter = self.clone();
        let conditions = match group {
            None => Some(&mut filter.conditions),
            Some(group) => filter.groups.get_mut(group).map(|group| &mut group.conditions),
        };
        if let Some(conditions) = conditions.filter(|conditions| condition < conditions.len()) {
            conditions.remove(condition);
        }
        filter.groups.retain(|group| !group.conditions.is_empty());
        filter
    }
}

impl Condition {
    /// The filter of the segment that it asks for, where it asks that somebody is in one.
    pub fn segment(&self) -> Option<&Filter> {
        match &self.test {
            Test::Is(Value::Segment(saved)) => Some(&saved.filter),
            _ => None,
        }
    }

    /// Whether one of a user's memberships must meet it. Of all that a bracket asks for in this way, one and the same
    /// must meet everything; what denies is met where no membership meets its opposite.
    pub fn is_met_by_a_membership(&self) -> bool {
        matches!(self.field, Field::Company(_) | Field::Membership(_))
            && !matches!(self.test, Test::Not(_) | Test::Unset | Test::NotDone(_))
    }

    /// Whether that membership must have ended: of all that a bracket asks of it, then.
    pub fn is_met_by_an_ended_membership(&self) -> bool {
        matches!(self.field, Field::Membership(Fact::BuiltIn(BuiltIn::LeftAt))) && self.is_met_by_a_membership()
    }

    /// Whether it asks for a segment, in any way.
    pub fn asks_for_segments(&self) -> bool {
        self.field.kind() == Kind::Segment
    }
}

impl std::fmt::Display for Condition {
    /// As the address says it: `FIELD:OP[:VALUE]`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let field = self.field.to_string();
        write!(f, "{}:{}", escaped(&field, ':'), self.test.operator().as_str())?;
        match self.test.value() {
            Some(value) => write!(f, ":{value}"),
            None => Ok(()),
        }
    }
}

impl Test {
    /// Its operator.
    pub fn operator(&self) -> Operator {
        match self {
            Test::Is(_) => Operator::Is,
            Test::Not(_) => Operator::Not,
            Test::In(_) => Operator::In,
            Test::Has(_) => Operator::Has,
            Test::Starts(_) => Operator::Starts,
            Test::Set => Operator::Set,
            Test::Unset => Operator::Unset,
            Test::Greater(_) => Operator::Greater,
            Test::AtLeast(_) => Operator::AtLeast,
            Test::Less(_) => Operator::Less,
            Test::AtMost(_) => Operator::AtMost,
            Test::Between(..) => Operator::Between,
            Test::Before(_) => Operator::Before,
            Test::After(_) => Operator::After,
            Test::Within(_) => Operator::Within,
            Test::Next(_) => Operator::Next,
            Test::Ago(_) => Operator::Ago,
            Test::Done(_) => Operator::Done,
            Test::NotDone(_) => Operator::NotDone,
        }
    }

    /// Its value as the address says it; none where the operator takes none.
    pub fn value(&self) -> Option<String> {
        Some(match self {
            Test::Set | Test::Unset => return None,
            Test::Is(value) | Test::Not(value) | Test::Before(value) | Test::After(value) => value.to_string(),
            Test::In(values) => {
                let items: Vec<String> = values.iter().map(|value| escaped(&value.to_string(), ',')).collect();
                items.join(",")
            }
            Test::Between(from, to) => format!("{from},{to}"),
            Test::Has(text) | Test::Starts(text) => text.clone(),
            Test::Greater(number) | Test::AtLeast(number) | Test::Less(number) | Test::AtMost(number) => {
                number.to_string()
            }
            Test::Within(span) | Test::Ago(span) | Test::Next(span) => span.to_string(),
            Test::Done(often) | Test::NotDone(often) => format!("{},{}d", often.times, often.days),
        })
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => write!(f, "{number}"),
            Value::Boolean(word) => write!(f, "{word}"),
            Value::Day(day) => write!(f, "{day}"),
            Value::Instant(at_ms) => f.write_str(&time::rfc3339(*at_ms)),
            Value::Segment(saved) => f.write_str(&saved.segment_id),
        }
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Span::Days(days) => write!(f, "{days}d"),
            Span::Hours(hours) => write!(f, "{hours}h"),
        }
    }
}

/// A text in which a character does not part anything: a backslash stands before it, and before a backslash.
fn escaped(text: &str, parting: char) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c == parting || c == '\\' {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
pub(crate) mod tests;
