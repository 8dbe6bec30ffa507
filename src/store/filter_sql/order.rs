//! What a list is sorted by, as SQL: an expression on its rows, or the condition of those that one word names.

use rusqlite::types::Value as Bound;

use super::{Moment, Writer, alias, bind_all, column, path};
use crate::domain::activity::TREND_DAYS;
use crate::domain::filter::{BuiltIn, Fact, Kind, Listed, Test, Value};
use crate::domain::time::{self, HOUR_MS};

/// The number of the first value of a word's condition: behind those of any filter.
const OF_WORDS: usize = 100_000;

/// What a list is sorted by beside its indexed columns: an expression on its rows and what is bound in it as
/// `:path`. `None` where it has no order.
pub(in crate::store) fn sorted_by(fact: &Fact, listed: Listed) -> Option<(String, Option<String>)> {
    let row = alias(listed);
    Some(match fact {
        Fact::BuiltIn(built_in) => (in_order(fact.kind(), &column(*built_in, listed, row)?)?, None),
        Fact::Attribute(name, _) => (of_attribute(fact.kind(), row)?, Some(path(name))),
    })
}

/// As [`sorted_by`], of a user's membership of the current company; of when one ended, the last that has.
pub(in crate::store) fn sorted_by_membership(fact: &Fact) -> Option<(String, Option<String>)> {
    let (expression, path) = match fact {
        Fact::BuiltIn(BuiltIn::LeftAt) => {
            let last = "(SELECT max(m.left_ms) FROM memberships AS m WHERE m.user_key = u.user_key AND m.open = 0)";
            return Some((last.to_owned(), None));
        }
        Fact::BuiltIn(BuiltIn::JoinedAt) => ("m.joined_ms".to_owned(), None),
        Fact::Attribute(name, _) if name == "role" || name == "title" => (format!("lower(m.{name})"), None),
        Fact::Attribute(name, _) => (of_attribute(fact.kind(), "m")?, Some(path(name))),
        Fact::BuiltIn(_) => return None,
    };
    let of_current = format!(
        "(SELECT {expression} FROM memberships AS m
           WHERE m.user_key = u.user_key AND m.company_key = u.current_company_key AND m.open = 1)"
    );
    Some((of_current, path))
}

/// The value of an attribute as it is compared, with its name as `:path`; of a list its first item in the alphabet.
fn of_attribute(kind: Kind, row: &str) -> Option<String> {
    match kind {
        Kind::List => Some(format!("(SELECT min(lower(item.value)) FROM json_each({row}.attributes, :path) AS item)")),
        kind => in_order(kind, &format!("({row}.attributes ->> :path)")),
    }
}

/// An expression as it is compared.
fn in_order(kind: Kind, expression: &str) -> Option<String> {
    match kind {
        Kind::Text | Kind::Email => Some(format!("lower({expression})")),
        Kind::Number | Kind::Boolean | Kind::Day | Kind::Instant => Some(expression.to_owned()),
        Kind::List | Kind::Word(_) | Kind::Object | Kind::Segment | Kind::Import | Kind::Activity | Kind::Property => {
            None
        }
    }
}

/// The rows that a word of a state or a trend names, which an index walks.
#[derive(Debug, Clone)]
pub(in crate::store) struct Word {
    /// What the name of the index ends with.
    pub index: &'static str,
    /// The column that it walks.
    pub column: &'static str,
    /// `AND (…)`: all that the index tells.
    pub only: String,
    /// What is computed of each row, where the index does not tell it.
    pub computed: Option<String>,
    values: Vec<Bound>,
}

impl Word {
    /// Binds what is in the condition.
    pub fn bind(&self, statement: &mut rusqlite::Statement<'_>) -> rusqlite::Result<()> {
        bind_all(statement, OF_WORDS, &self.values)
    }
}

/// The rows of a list whose state or trend is this word at a moment. Who can't have it by their last activity is not
/// looked at.
pub(in crate::store) fn of_word(of: BuiltIn, word: &str, listed: Listed, moment: &Moment) -> Word {
    let mut writer = Writer { listed, moment, values: Vec::new(), first: OF_WORDS, written_out: false };
    let row = alias(listed);
    let test = Test::Is(Value::Text(word.to_owned()));
    let is_new = of == BuiltIn::State && word == "new";
    let (index, column) = if is_new { ("first_seen", "first_seen_ms") } else { ("last_seen", "last_seen_hour") };
    let holds = writer.fact(&Fact::BuiltIn(of), listed, row, &test);
    // Whoever grows was active in the last days, whoever shrinks in those or in the ones before.
    let days = match (of, word) {
        (BuiltIn::Trend, "growing") => Some(TREND_DAYS),
        (BuiltIn::Trend, "shrinking") => Some(2 * TREND_DAYS),
        _ => None,
    };
    let only = match days {
        Some(days) => {
            let first_ms = moment.start_of(time::date(moment.today() - days + 1));
            format!("AND {row}.last_seen_hour >= {}", writer.bound(first_ms.div_euclid(HOUR_MS)))
        }
        None if of == BuiltIn::State => format!("AND {holds}"),
        None => String::new(),
    };
    let computed = (of == BuiltIn::Trend).then_some(holds);
    Word { index, column, only, computed, values: writer.values }
}
