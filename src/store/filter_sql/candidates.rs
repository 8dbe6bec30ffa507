//! Who alone can meet a filter, where an index says them.

use rusqlite::types::Value as Bound;

use super::{Moment, bind_all, fast, sql_number};
use crate::domain::activity::State;
use crate::domain::filter::{BuiltIn, Condition, Fact, Field, Filter, Join, Listed, Test, Value};
use crate::store::list;
use crate::store::search::{self, Candidates, Needle};
use crate::store::{Reader, StoreError};

/// The keys of rows that alone can meet a filter, where an index says them and they are at most so many.
pub(in crate::store) fn candidates(
    db: &Reader<'_>,
    listed: Listed,
    filter: Option<&Filter>,
    moment: &Moment,
    max: usize,
) -> Result<Option<Vec<i64>>, StoreError> {
    let Some(filter) = filter else { return Ok(None) };
    let filter = &*filter.expanded();
    if filter.join == Join::Any && filter.conditions.len() + filter.groups.len() > 1 {
        return Ok(None);
    }
    let of_groups = filter.groups.iter().filter(|group| group.join == Join::All || group.conditions.len() == 1);
    let brackets = std::iter::once(&filter.conditions).chain(of_groups.map(|group| &group.conditions));
    for condition in brackets.flat_map(|conditions| told_by_an_index(conditions)) {
        if let Some(needle) = looked_for(listed, condition)
            && let Candidates::Keys(keys) = search::candidates(db, &needle, max)?
        {
            return Ok(Some(keys));
        }
        let built_in = indexed(listed, condition).map(|(sql, wanted)| (sql.to_owned(), Some(wanted), Vec::new()));
        let of_attribute = || fast::candidates(listed, condition, moment).map(|(sql, values)| (sql, None, values));
        let of_range = || ranged(listed, condition, moment).map(|(sql, values)| (sql.to_owned(), None, values));
        let Some((sql, wanted, values)) = built_in.or_else(of_range).or_else(of_attribute) else { continue };
        let mut statement = db.0.prepare_cached(&format!("{sql} LIMIT :limit"))?;
        if let Some(wanted) = wanted {
            list::bind(&mut statement, ":wanted", wanted)?;
        }
        bind_all(&mut statement, 0, &values)?;
        list::bind(&mut statement, ":limit", max as i64 + 1)?;
        let mut rows = statement.raw_query();
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            keys.push(row.get(0)?);
        }
        if keys.len() <= max {
            keys.sort_unstable();
            keys.dedup();
            return Ok(Some(keys));
        }
    }
    Ok(None)
}

/// The conditions of a bracket that an index may answer. Where a membership must have ended, what else is asked of it is
/// not asked of those that are open, which indexes tell.
fn told_by_an_index(conditions: &[Condition]) -> impl Iterator<Item = &Condition> {
    let is_ended = conditions.iter().any(Condition::is_met_by_an_ended_membership);
    conditions.iter().filter(move |condition| {
        !is_ended || !condition.is_met_by_a_membership() || condition.is_met_by_an_ended_membership()
    })
}

/// The part of a name, an e-mail address or an id that a condition looks for, where the index of pieces knows everybody
/// who has it: of letters beyond ASCII the filter tries several spellings.
fn looked_for(listed: Listed, condition: &Condition) -> Option<Needle> {
    let Field::Own(Fact::BuiltIn(BuiltIn::Name | BuiltIn::Email | BuiltIn::UserId), Listed::Users) = condition.field
    else {
        return None;
    };
    let Test::Has(text) = &condition.test else { return None };
    let text = Some(text.as_str()).filter(|text| listed == Listed::Users && text.is_ascii() && !text.contains('\0'));
    Needle::of(text).filter(|needle| !needle.is_short())
}

/// The statement that finds the users of a condition by a part of an index, and its two bounds.
fn ranged(listed: Listed, condition: &Condition, moment: &Moment) -> Option<(&'static str, Vec<Bound>)> {
    if listed != Listed::Users {
        return None;
    }
    let within = |sql: &'static str, test: &Test| match moment.range(test) {
        (None, None) => None,
        (from, to) => Some((sql, vec![from.unwrap_or(i64::MIN).into(), to.unwrap_or(i64::MAX).into()])),
    };
    let built_in = match condition.field {
        Field::Own(Fact::BuiltIn(built_in), Listed::Users) => built_in,
        Field::Membership(Fact::BuiltIn(BuiltIn::JoinedAt)) => return within(JOINED, &condition.test),
        Field::Membership(Fact::BuiltIn(BuiltIn::LeftAt)) => return within(LEFT, &condition.test),
        _ => return None,
    };
    Some(match (built_in, &condition.test) {
        (BuiltIn::Email, Test::Starts(text)) => (
            "SELECT u.user_key FROM users AS u INDEXED BY users_email WHERE u.email >= :f0 AND u.email < :f1",
            // No character comes behind the last one of Unicode, and no address has it.
            vec![text.to_lowercase().into(), format!("{}\u{10FFFF}", text.to_lowercase()).into()],
        ),
        (BuiltIn::Companies, Test::Is(Value::Number(number))) => (
            "SELECT u.user_key FROM users AS u INDEXED BY users_companies
             WHERE u.companies BETWEEN :f0 AND :f1 AND u.merged_into IS NULL AND u.archived_ms IS NULL",
            vec![sql_number(number), sql_number(number)],
        ),
        (BuiltIn::State, Test::Is(Value::Text(word))) if word == State::New.as_str() => {
            (FIRST_SEEN, vec![(moment.now_ms - State::NEW_MS + 1).into(), i64::MAX.into()])
        }
        (BuiltIn::FirstSeen, test) => return within(FIRST_SEEN, test),
        _ => return None,
    })
}

const FIRST_SEEN: &str = "SELECT u.user_key FROM users AS u INDEXED BY users_first_seen
 WHERE u.first_seen_ms BETWEEN :f0 AND :f1 AND u.merged_into IS NULL AND u.archived_ms IS NULL";

const JOINED: &str = "SELECT m.user_key FROM memberships AS m INDEXED BY memberships_since
 WHERE m.open = 1 AND m.joined_ms BETWEEN :f0 AND :f1";

const LEFT: &str = "SELECT m.user_key FROM memberships AS m INDEXED BY memberships_left
 WHERE m.open = 0 AND m.left_ms BETWEEN :f0 AND :f1";

/// The statement that finds the rows of a condition by an index, with one value `:wanted`, a list as JSON.
fn indexed(listed: Listed, condition: &Condition) -> Option<(&'static str, String)> {
    let wanted = match &condition.test {
        Test::Is(value) => serde_json::json!([value.to_string()]),
        Test::In(values) => values.iter().map(|value| serde_json::Value::from(value.to_string())).collect(),
        _ => return None,
    };
    let sql = match (&condition.field, listed) {
        (Field::Own(Fact::BuiltIn(BuiltIn::UserId), _), Listed::Users) => {
            "SELECT coalesce(u.merged_into, u.user_key) FROM json_each(:wanted) AS wanted
             CROSS JOIN user_ids AS id ON id.user_id = wanted.value
             CROSS JOIN users AS u ON u.user_key = id.user_key"
        }
        (Field::Own(Fact::BuiltIn(BuiltIn::Email), _), Listed::Users) => {
            "SELECT u.user_key FROM json_each(:wanted) AS wanted
             CROSS JOIN users AS u INDEXED BY users_email ON u.email = wanted.value"
        }
        (Field::Own(Fact::BuiltIn(BuiltIn::Owner), _), Listed::Users) => {
            "SELECT u.user_key FROM json_each(:wanted) AS wanted
             CROSS JOIN operators AS o ON o.email = wanted.value
             CROSS JOIN users AS u INDEXED BY users_owner ON u.owner_key = o.operator_key"
        }
        (Field::Own(Fact::BuiltIn(BuiltIn::Owner), _), Listed::Companies) => {
            "SELECT c.company_key FROM json_each(:wanted) AS wanted
             CROSS JOIN operators AS o ON o.email = wanted.value
             CROSS JOIN companies AS c INDEXED BY companies_owner ON c.owner_key = o.operator_key"
        }
        (Field::Own(Fact::BuiltIn(BuiltIn::Tags), _), Listed::Users) => {
            "SELECT t.subject_key FROM json_each(:wanted) AS wanted
             CROSS JOIN profile_tags AS t INDEXED BY profile_tags_tag ON t.tag = wanted.value AND t.subject = 0"
        }
        (Field::Own(Fact::BuiltIn(BuiltIn::Tags), _), Listed::Companies) => {
            "SELECT t.subject_key FROM json_each(:wanted) AS wanted
             CROSS JOIN profile_tags AS t INDEXED BY profile_tags_tag ON t.tag = wanted.value AND t.subject = 1"
        }
        // Which import of events somebody came with, nobody knows: they have one source together.
        (Field::Own(Fact::BuiltIn(BuiltIn::Import), _), Listed::Users) => {
            "SELECT coalesce(u.merged_into, u.user_key) FROM json_each(:wanted) AS wanted
             CROSS JOIN imports AS i ON i.import_key = wanted.value AND i.kind <> 'events'
             CROSS JOIN change_sets AS s INDEXED BY change_sets_import ON s.source_key = i.source_key AND s.cause = 'import'
             CROSS JOIN changes AS d INDEXED BY changes_set ON d.change_key = s.change_key AND d.subject IN (0, 2)
             CROSS JOIN users AS u ON u.user_key = d.subject_key"
        }
        (Field::Own(Fact::BuiltIn(BuiltIn::Import), _), Listed::Companies) => {
            "SELECT coalesce(c.merged_into, c.company_key) FROM json_each(:wanted) AS wanted
             CROSS JOIN imports AS i ON i.import_key = wanted.value AND i.kind <> 'events'
             CROSS JOIN change_sets AS s INDEXED BY change_sets_import ON s.source_key = i.source_key AND s.cause = 'import'
             CROSS JOIN changes AS d INDEXED BY changes_set ON d.change_key = s.change_key AND d.subject = 1
             CROSS JOIN companies AS c ON c.company_key = d.subject_key"
        }
        (Field::Own(Fact::BuiltIn(BuiltIn::CompanyId), _), Listed::Companies) => {
            "SELECT coalesce(c.merged_into, c.company_key) FROM json_each(:wanted) AS wanted
             CROSS JOIN company_ids AS id ON id.company_id = wanted.value
             CROSS JOIN companies AS c ON c.company_key = id.company_key"
        }
        (Field::Company(Fact::BuiltIn(BuiltIn::CompanyId)), Listed::Users) => {
            "SELECT m.user_key FROM json_each(:wanted) AS wanted
             CROSS JOIN company_ids AS id ON id.company_id = wanted.value
             CROSS JOIN companies AS c ON c.company_key = id.company_key
             CROSS JOIN memberships AS m INDEXED BY memberships_joined
               ON m.company_key = coalesce(c.merged_into, c.company_key) AND m.open = 1"
        }
        (Field::Own(Fact::BuiltIn(BuiltIn::AnonymousId), _), Listed::Visitors) => {
            "SELECT v.visitor_key FROM json_each(:wanted) AS wanted
             CROSS JOIN visitors AS v ON v.anonymous_id = wanted.value"
        }
        _ => return None,
    };
    Some((sql, wanted.to_string()))
}
