//! The columns of a page of a list: what is known of each of its rows, as JSON by the names of the columns. Each is
//! read for a page at a time, so that a list of many shows it as soon as one of few.

mod places;

use std::collections::HashMap;

use rusqlite::named_params;
use serde_json::{Map, Value, json};

use super::attribute_rows::{Table, values_of};
use super::companies::{self, CompanyRow};
use super::filter_sql::{Moment, events_of_user};
use super::list::json_keys;
use super::users::{self, UserRow, json_object};
use super::{Reader, StoreError, activity, email_domains, filter_sql, first_pages, workspace};
use crate::domain::activity::{State, Trend};
use crate::domain::filter::{BuiltIn, Column, Fact, Field, Listed};
use crate::domain::first_page::FirstPage;
use crate::domain::ids::EventId;
use crate::domain::time::{self, rfc3339};

pub use places::Places;

/// Days of which a column of an activity counts.
pub const EVENT_DAYS: i32 = 30;
/// Of so many of a user's events of these days are those of a name counted, the earliest.
const EVENTS_LOOKED_AT_MAX: i64 = 10_000;

/// What is shown of each row, by its key.
pub type Shown = HashMap<i64, Map<String, Value>>;

/// These columns of users; what they say of a company and of the place in it is of the membership that the list
/// found them by, else of the current one.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_users(
    db: &Reader<'_>,
    keys: &[i64],
    columns: &[Column],
    met: &Places,
    now_ms: i64,
) -> Result<Shown, StoreError> {
    let mut shown: Shown = keys.iter().map(|key| (*key, Map::new())).collect();
    if columns.is_empty() || keys.is_empty() {
        return Ok(shown);
    }
    let mut rows = users::rows(db, keys, now_ms)?;
    met.name_companies(&mut rows);
    let attributes = values_of(db, Table::Users, keys.iter().copied())?;
    let of_company = |column: &Column| matches!(column, Column::Field(Field::Company(_)));
    let companies = match columns.iter().any(of_company) {
        true => Companies::named(db, &rows, now_ms)?,
        false => Companies::default(),
    };
    let others: Vec<i64> = keys.iter().copied().filter(|key| !met.knows(*key)).collect();
    let reads = |of: fn(&Fact) -> bool| {
        let asks = |column: &Column| matches!(column, Column::Field(Field::Membership(fact)) if of(fact));
        !others.is_empty() && columns.iter().any(asks)
    };
    let current = if reads(|_| true) { current_places(db, &others)? } else { HashMap::new() };
    let times = if reads(|fact| matches!(fact, Fact::BuiltIn(_))) { times(db, &others)? } else { HashMap::new() };
    for column in columns {
        let counts = match column {
            Column::Field(Field::Event(name)) => events_of_users(db, keys, name, now_ms)?,
            _ => HashMap::new(),
        };
        for row in &rows {
            let value = match column {
                Column::Beside(word) => beside_user(db, row, word, &attributes, now_ms)?,
                Column::Field(Field::Own(fact, _)) => of_user(db, row, fact, &attributes, now_ms)?,
                Column::Field(Field::Company(fact)) => match &row.company {
                    Some(company) => companies.value(db, company.key.0, fact, now_ms)?,
                    None => Value::Null,
                },
                Column::Field(Field::Membership(fact)) if met.knows(row.key.0) => {
                    met.value(row.key.0, fact).unwrap_or_default()
                }
                Column::Field(Field::Membership(Fact::BuiltIn(of))) => {
                    times.get(&row.key.0).map_or(Value::Null, |times| {
                        let at_ms = if *of == BuiltIn::LeftAt { times.left_ms } else { times.joined_ms };
                        at_ms.map(rfc3339).into()
                    })
                }
                Column::Field(Field::Membership(fact)) => value_in(&current, row.key.0, fact.name()),
                Column::Field(Field::Event(_)) => counts.get(&row.key.0).copied().unwrap_or(0).into(),
                Column::Field(Field::Property(_)) => Value::Null,
            };
            shown.entry(row.key.0).or_default().insert(column.name(), value);
        }
    }
    Ok(shown)
}

/// These columns of companies.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_companies(db: &Reader<'_>, keys: &[i64], columns: &[Column], now_ms: i64) -> Result<Shown, StoreError> {
    let mut shown: Shown = keys.iter().map(|key| (*key, Map::new())).collect();
    if columns.is_empty() || keys.is_empty() {
        return Ok(shown);
    }
    let all = Companies::of(db, keys.to_vec(), now_ms)?;
    for column in columns {
        let counts = match column {
            Column::Field(Field::Event(name)) => events_of_companies(db, keys, name, now_ms)?,
            _ => HashMap::new(),
        };
        for key in keys {
            let value = match column {
                Column::Beside(word) => all.beside(db, *key, word, now_ms)?,
                Column::Field(Field::Own(fact, _)) => all.value(db, *key, fact, now_ms)?,
                Column::Field(Field::Event(_)) => counts.get(key).copied().unwrap_or(0).into(),
                Column::Field(Field::Company(_) | Field::Membership(_) | Field::Property(_)) => Value::Null,
            };
            shown.entry(*key).or_default().insert(column.name(), value);
        }
    }
    Ok(shown)
}

/// Reads also the trend of these rows (T7).
///
/// # Errors
/// [`StoreError`] only.
pub fn read_trends(db: &Reader<'_>, listed: Listed, shown: &mut Shown, now_ms: i64) -> Result<(), StoreError> {
    let (table, key) = match listed {
        Listed::Companies => ("companies", "company_key"),
        _ => ("users", "user_key"),
    };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT asked.{key}, {trend} FROM json_each(:keys) AS wanted CROSS JOIN {table} AS asked ON asked.{key} = wanted.value",
        trend = filter_sql::trend(listed, "asked", ":today")
    ))?;
    let keys = json_keys(shown.keys().copied());
    let mut rows = statement.query(named_params! { ":keys": keys, ":today": workspace::today(db, now_ms)? })?;
    while let Some(row) = rows.next()? {
        let trend: String = row.get(1)?;
        shown.entry(row.get(0)?).or_default().insert(BuiltIn::Trend.as_str().to_owned(), trend.into());
    }
    Ok(())
}

fn value_in(values: &HashMap<i64, Map<String, Value>>, key: i64, name: &str) -> Value {
    values.get(&key).and_then(|values| values.get(name)).cloned().unwrap_or_default()
}

fn page(first: Option<FirstPage>) -> Value {
    first.and_then(|first| first.page).into()
}

/// What is known of a user.
fn of_user(db: &Reader<'_>, row: &UserRow, fact: &Fact, attributes: &Shown, now_ms: i64) -> Result<Value, StoreError> {
    Ok(match fact {
        Fact::Attribute(name, _) => value_in(attributes, row.key.0, name),
        Fact::BuiltIn(BuiltIn::UserId) => row.user_id.clone().into(),
        Fact::BuiltIn(BuiltIn::Email) => row.email.clone().into(),
        Fact::BuiltIn(BuiltIn::Name) => row.name.clone().into(),
        Fact::BuiltIn(BuiltIn::FirstSeen) => rfc3339(row.first_seen_ms).into(),
        Fact::BuiltIn(BuiltIn::LastSeen) => row.last_seen_ms.map(rfc3339).into(),
        Fact::BuiltIn(BuiltIn::Companies) => row.companies.into(),
        Fact::BuiltIn(BuiltIn::State) => State::at(now_ms, row.first_seen_ms, row.last_seen_ms).as_str().into(),
        Fact::BuiltIn(BuiltIn::Trend) => {
            let days = users::active_days(db, row.key, now_ms)?;
            Trend::between(days.1, days.0).as_str().into()
        }
        Fact::BuiltIn(BuiltIn::Owner) => row.owner.clone().into(),
        Fact::BuiltIn(BuiltIn::Tags) => row.tags.clone().into(),
        Fact::BuiltIn(_) => Value::Null,
    })
}

/// What a list says of a user beside the fields.
fn beside_user(
    db: &Reader<'_>,
    row: &UserRow,
    word: &str,
    attributes: &Shown,
    now_ms: i64,
) -> Result<Value, StoreError> {
    let ids = |kind: &str| -> Result<Value, StoreError> {
        let ids = users::identifiers(db, row)?.into_iter().filter(|id| id.kind == kind);
        Ok(ids.map(|id| id.value).collect())
    };
    Ok(match word {
        "id" => row.id.clone().into(),
        "company" => {
            let company = row.company.as_ref();
            company.map(|company| company.name.as_ref().unwrap_or(&company.company_id).clone()).into()
        }
        "activity" => row.roll.to_vec().into(),
        "active_days_28d" => users::active_days(db, row.key, now_ms)?.0.into(),
        "aliases" => ids("alias")?,
        "anonymous_ids" => ids("anonymous_id")?,
        "attributes" => attributes.get(&row.key.0).cloned().unwrap_or_default().into(),
        "first_page" => page(first_pages::of_user(db, row.key)?),
        "signed" => users::is_proved(db, row.key)?.into(),
        _ => Value::Null,
    })
}

/// Companies with what is known of them.
#[derive(Default)]
struct Companies {
    rows: HashMap<i64, CompanyRow>,
    attributes: Shown,
}

impl Companies {
    fn of(db: &Reader<'_>, keys: Vec<i64>, now_ms: i64) -> Result<Companies, StoreError> {
        Ok(Companies {
            rows: companies::rows(db, &keys, now_ms)?.into_iter().map(|row| (row.key.0, row)).collect(),
            attributes: values_of(db, Table::Companies, keys)?,
        })
    }

    /// Those that the rows of users name.
    fn named(db: &Reader<'_>, users: &[UserRow], now_ms: i64) -> Result<Companies, StoreError> {
        let mut keys: Vec<i64> = users.iter().filter_map(|row| Some(row.company.as_ref()?.key.0)).collect();
        keys.sort_unstable();
        keys.dedup();
        Companies::of(db, keys, now_ms)
    }

    /// What is known of one.
    fn value(&self, db: &Reader<'_>, key: i64, fact: &Fact, now_ms: i64) -> Result<Value, StoreError> {
        let Some(row) = self.rows.get(&key) else { return Ok(Value::Null) };
        Ok(match fact {
            Fact::Attribute(name, _) => value_in(&self.attributes, key, name),
            Fact::BuiltIn(BuiltIn::CompanyId) => row.company_id.clone().into(),
            Fact::BuiltIn(BuiltIn::Name) => row.name.clone().into(),
            Fact::BuiltIn(BuiltIn::FirstSeen) => rfc3339(row.first_seen_ms).into(),
            Fact::BuiltIn(BuiltIn::LastSeen) => row.last_seen_ms.map(rfc3339).into(),
            Fact::BuiltIn(BuiltIn::Members) => row.members.into(),
            Fact::BuiltIn(BuiltIn::ActiveMembers) => row.active_members.into(),
            Fact::BuiltIn(BuiltIn::State) => State::at(now_ms, row.first_seen_ms, row.last_seen_ms).as_str().into(),
            Fact::BuiltIn(BuiltIn::Trend) => {
                let people = companies::active_people(db, row, workspace::today(db, now_ms)?)?;
                Trend::between(people.1, people.0).as_str().into()
            }
            Fact::BuiltIn(BuiltIn::Owner) => row.owner.clone().into(),
            Fact::BuiltIn(BuiltIn::Tags) => row.tags.clone().into(),
            Fact::BuiltIn(_) => Value::Null,
        })
    }

    /// What a list says of one beside the fields.
    fn beside(&self, db: &Reader<'_>, key: i64, word: &str, now_ms: i64) -> Result<Value, StoreError> {
        let Some(row) = self.rows.get(&key) else { return Ok(Value::Null) };
        Ok(match word {
            "activity" => row.roll.to_vec().into(),
            "active_people_28d" => companies::active_people(db, row, workspace::today(db, now_ms)?)?.0.into(),
            "aliases" => companies::aliases(db, row)?.into(),
            "attributes" => self.attributes.get(&key).cloned().unwrap_or_default().into(),
            "domains" => email_domains::of_company(db, row.key)?.into(),
            "given_domains" => email_domains::given_to(db, row.key)?.into(),
            "first_page" => page(first_pages::of_company(db, row.key)?.map(|(_, page)| page)),
            "signed_members" => companies::takes_signed_only(db, row.key)?.into(),
            "archived_at" => companies::archived_ms(db, row.key)?.map(rfc3339).into(),
            _ => Value::Null,
        })
    }
}

/// What users' places in their current companies say, role and title among it.
fn current_places(db: &Reader<'_>, keys: &[i64]) -> Result<Shown, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT u.user_key, m.role, m.title, json(m.attributes) FROM json_each(:keys) AS found
         CROSS JOIN users AS u ON u.user_key = found.value
         CROSS JOIN memberships AS m ON m.user_key = u.user_key AND m.company_key = u.current_company_key
         WHERE m.open = 1",
    )?;
    let rows = statement.query_map(named_params! { ":keys": json_keys(keys.iter().copied()) }, |row| {
        let mut values = json_object(row.get_ref(3)?.as_str()?);
        for (name, column) in [("role", 1), ("title", 2)] {
            values.insert(name.to_owned(), json!(row.get::<_, Option<String>>(column)?));
        }
        Ok((row.get(0)?, values))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When a user joined the current company, and last left one; Unix milliseconds.
struct Times {
    joined_ms: Option<i64>,
    left_ms: Option<i64>,
}

fn times(db: &Reader<'_>, keys: &[i64]) -> Result<HashMap<i64, Times>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT u.user_key,
           (SELECT m.joined_ms FROM memberships AS m
              WHERE m.user_key = u.user_key AND m.company_key = u.current_company_key AND m.open = 1),
           (SELECT max(m.left_ms) FROM memberships AS m WHERE m.user_key = u.user_key AND m.open = 0)
         FROM json_each(:keys) AS found CROSS JOIN users AS u ON u.user_key = found.value",
    )?;
    let rows = statement.query_map(named_params! { ":keys": json_keys(keys.iter().copied()) }, |row| {
        Ok((row.get(0)?, Times { joined_ms: row.get(1)?, left_ms: row.get(2)? }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How often each of these users did something.
fn events_of_users(db: &Reader<'_>, keys: &[i64], name: &str, now_ms: i64) -> Result<HashMap<i64, i64>, StoreError> {
    let moment = Moment::of(db, now_ms)?;
    let first = *activity::last_days(moment.today(), EVENT_DAYS).start();
    let since = EventId::first_at(moment.start_of(time::date(first)).max(time::EPOCH_MS));
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT u.user_key, (
           SELECT count(*) FROM (
             SELECT event.name_key, event.kind, event.flags FROM {} LIMIT :looked_at)
           WHERE name_key = (SELECT name_key FROM event_names WHERE name = :name) AND kind IN (0, 1, 2) AND flags & 3 = 0)
         FROM json_each(:keys) AS found CROSS JOIN users AS u ON u.user_key = found.value",
        events_of_user(":since", ":buckets")
    ))?;
    let parameters = named_params! {
        ":keys": json_keys(keys.iter().copied()),
        ":name": name,
        ":since": since.0,
        ":buckets": json_keys(since.bucket()..=EventId::first_at(now_ms).bucket()),
        ":looked_at": EVENTS_LOOKED_AT_MAX,
    };
    Ok(statement.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// How often something was done in each of these companies.
fn events_of_companies(
    db: &Reader<'_>,
    keys: &[i64],
    name: &str,
    now_ms: i64,
) -> Result<HashMap<i64, i64>, StoreError> {
    let days = activity::last_days(workspace::today(db, now_ms)?, EVENT_DAYS);
    let mut statement = db.0.prepare_cached(
        "SELECT found.value, sum(fold.events) FROM json_each(:keys) AS found CROSS JOIN json_each(:days) AS day
         CROSS JOIN company_names_by_day AS fold
           ON fold.day = day.value AND fold.company_key = found.value
           AND fold.name_key = (SELECT name_key FROM event_names WHERE name = :name)
         GROUP BY found.value",
    )?;
    let parameters = named_params! {
        ":keys": json_keys(keys.iter().copied()),
        ":days": json_keys(days.map(i64::from)),
        ":name": name,
    };
    Ok(statement.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}
