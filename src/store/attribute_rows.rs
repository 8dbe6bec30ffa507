//! Rows that carry attributes, whoever's they are: walked in the order of their keys, for work on all
//! of them, and looked at in runs spread over all of them, for numbers that need not be exact.

use std::collections::HashMap;

use rusqlite::params;
use serde_json::{Map, Value};

use super::list::json_keys;
use super::users::json_object;
use super::{Reader, StoreError, Tx};
use crate::domain::attributes::{Attributes, Owner};
use crate::domain::change::Subject;
use crate::domain::ids::{CompanyKey, UserKey, VisitorKey};

/// Rows of one run of those looked at.
const RUN_ROWS: u64 = 50;
/// 2^64 over the golden ratio: its multiples spread evenly.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A table whose rows carry attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Users and leads.
    Users,
    /// What visitors carry.
    Visitors,
    /// Companies.
    Companies,
    /// Memberships.
    Memberships,
    /// What users who are one by a merge would be without it.
    OwnUsers,
    /// The same of companies.
    OwnCompanies,
    /// The same of memberships.
    OwnMemberships,
}

impl Table {
    /// The tables of an owner's attributes.
    pub fn of(owner: Owner) -> &'static [Table] {
        match owner {
            Owner::User => &[Table::Users, Table::Visitors],
            Owner::Company => &[Table::Companies],
            Owner::Membership => &[Table::Memberships],
        }
    }

    /// The tables of an owner's attributes, and the one beside them of what each of those who are one would be.
    pub fn with_own(owner: Owner) -> &'static [Table] {
        match owner {
            Owner::User => &[Table::Users, Table::Visitors, Table::OwnUsers],
            Owner::Company => &[Table::Companies, Table::OwnCompanies],
            Owner::Membership => &[Table::Memberships, Table::OwnMemberships],
        }
    }

    /// Whether its rows are seen by nobody, until those who are one are apart.
    pub fn is_own(self) -> bool {
        matches!(self, Table::OwnUsers | Table::OwnCompanies | Table::OwnMemberships)
    }

    /// Whether a row has two keys.
    fn has_two_keys(self) -> bool {
        matches!(self, Table::Memberships | Table::OwnMemberships)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        self.columns().0
    }

    /// Its name and its two keys; a table of one key has no second.
    fn columns(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Table::Users => ("users", "user_key", "0"),
            Table::Visitors => ("visitors", "visitor_key", "0"),
            Table::Companies => ("companies", "company_key", "0"),
            Table::Memberships => ("memberships", "user_key", "company_key"),
            Table::OwnUsers => ("own_users", "user_key", "0"),
            Table::OwnCompanies => ("own_companies", "company_key", "0"),
            Table::OwnMemberships => ("own_memberships", "user_key", "company_key"),
        }
    }
}

/// A row that carries attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributesRow {
    table: Table,
    /// Its keys; of a table of one key the second is 0.
    pub key: (i64, i64),
    values: String,
    stamps: String,
}

impl AttributesRow {
    /// Whether it may say something of an attribute: a look at the text, before reading it.
    pub fn may_know(&self, name: &str) -> bool {
        let quoted = serde_json::Value::from(name).to_string();
        self.values.contains(&quoted) || self.stamps.contains(&quoted)
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes {
        Attributes::read(&self.values, &self.stamps)
    }

    /// Whom it is about.
    pub fn subject(&self) -> Subject {
        match self.table {
            Table::Users | Table::OwnUsers => Subject::User(UserKey(self.key.0)),
            Table::Visitors => Subject::Visitor(VisitorKey(self.key.0)),
            Table::Companies | Table::OwnCompanies => Subject::Company(CompanyKey(self.key.0)),
            Table::Memberships | Table::OwnMemberships => {
                Subject::Membership(UserKey(self.key.0), CompanyKey(self.key.1))
            }
        }
    }
}

/// The rows behind a key, in the order of keys.
///
/// # Errors
/// [`StoreError`] only.
pub fn after(db: &Reader<'_>, table: Table, key: (i64, i64), limit: u64) -> Result<Vec<AttributesRow>, StoreError> {
    let (name, first, second) = table.columns();
    let (behind, order) = if table.has_two_keys() {
        ("(user_key, company_key) > (?1, ?2)".to_owned(), "user_key, company_key")
    } else {
        (format!("{first} > ?1 AND ?2 IS NOT NULL"), first)
    };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {first}, {second}, json(attributes), stamps FROM {name} WHERE {behind} ORDER BY {order} LIMIT ?3"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![key.0, key.1, limit], |row| {
        Ok(AttributesRow { table, key: (row.get(0)?, row.get(1)?), values: row.get(2)?, stamps: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// Rows looked at.
    pub rows: u64,
    /// Those were all there are.
    pub all: bool,
    /// How many there are at most.
    pub about: u64,
}

/// How many rows a table has, or users of memberships, at most: the greatest of its keys.
///
/// # Errors
/// [`StoreError`] only.
pub fn about(db: &Reader<'_>, table: Table) -> Result<u64, StoreError> {
    let (name, first, _) = table.columns();
    let last: i64 =
        db.0.prepare_cached(&format!("SELECT coalesce(max({first}), 0) FROM {name}"))?
            .query_row([], |row| row.get(0))?;
    Ok(last.unsigned_abs())
}

/// Looks at the rows of a table: at all where there are no more than so many, else at runs spread
/// evenly over the keys.
///
/// # Errors
/// [`StoreError`] only.
pub fn look(
    db: &Reader<'_>,
    table: Table,
    rows_max: u64,
    each: impl FnMut(&AttributesRow),
) -> Result<Looked, StoreError> {
    look_of(db, table, about(db, table)?, rows_max, each)
}

/// As [`look`], where it is known [`about`] how many there are.
pub(super) fn look_of(
    db: &Reader<'_>,
    table: Table,
    about: u64,
    rows_max: u64,
    mut each: impl FnMut(&AttributesRow),
) -> Result<Looked, StoreError> {
    let mut looked = Looked { rows: 0, all: false, about };
    let mut reached = (0, 0);
    let runs = rows_max.div_ceil(RUN_ROWS).max(1);
    if about <= rows_max {
        for row in after(db, table, reached, rows_max + 1)?.iter().take(usize::try_from(rows_max).unwrap_or(usize::MAX))
        {
            each(row);
            looked.rows += 1;
        }
        looked.all = looked.rows < rows_max || table != Table::Memberships;
        return Ok(looked);
    }
    let stride = (about / runs).max(1);
    let starts = (0..runs).map(|run| {
        // Each run lies elsewhere in its part: what comes back every hundred rows would else be met
        // always or never.
        let offset = (run.wrapping_mul(GOLDEN) >> 32) % stride.saturating_sub(RUN_ROWS).max(1);
        i64::try_from(run * stride + offset).unwrap_or_default()
    });
    for row in runs_after(db, table, starts)? {
        // Where keys are far apart, a run goes on into the next one's part.
        if row.key > reached {
            each(&row);
            looked.rows += 1;
            reached = row.key;
        }
    }
    Ok(looked)
}

/// Runs of rows, one behind each of these keys.
fn runs_after(
    db: &Reader<'_>,
    table: Table,
    starts: impl Iterator<Item = i64>,
) -> Result<Vec<AttributesRow>, StoreError> {
    let (name, first, second) = table.columns();
    let both = if table == Table::Memberships { "user_key, company_key" } else { first };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {first}, {second}, json(attributes), stamps FROM json_each(?1) AS start
         CROSS JOIN {name} ON ({both}) IN (
           SELECT {both} FROM {name} WHERE {first} > start.value ORDER BY {both} LIMIT ?2)
         ORDER BY start.key, {both}"
    ))?;
    let rows = statement.query_map(params![json_keys(starts), RUN_ROWS as i64], |row| {
        Ok(AttributesRow { table, key: (row.get(0)?, row.get(1)?), values: row.get(2)?, stamps: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The values of all attributes of these rows of a table of one key, by key.
///
/// # Errors
/// [`StoreError`] only.
pub fn values_of(
    db: &Reader<'_>,
    table: Table,
    keys: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Map<String, Value>>, StoreError> {
    let (name, key, _) = table.columns();
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT found.value, json(carrier.attributes) FROM json_each(?1) AS found
         CROSS JOIN {name} AS carrier ON carrier.{key} = found.value"
    ))?;
    let rows =
        statement.query_map([json_keys(keys)], |row| Ok((row.get(0)?, json_object(row.get_ref(1)?.as_str()?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes the attributes of a row where nothing is derived from what was changed of them.
///
/// # Errors
/// [`StoreError`] only.
pub fn put(tx: &Tx<'_>, row: &AttributesRow, attributes: &Attributes) -> Result<(), StoreError> {
    let (values, stamps) = attributes.columns();
    let (name, first, second) = row.table.columns();
    let both = if row.table.has_two_keys() { second } else { "?2" };
    tx.connection
        .prepare_cached(&format!(
            "UPDATE {name} SET attributes = jsonb(?3), stamps = ?4 WHERE {first} = ?1 AND {both} = ?2"
        ))?
        .execute(params![row.key.0, row.key.1, values, stamps])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{Sample, days_ago};

    #[test]
    fn what_comes_back_every_hundred_rows_is_met_in_proportion() {
        let sample = Sample::new();
        sample.run("BEGIN");
        for number in 0..20_000 {
            let company = sample.company(&format!("c{number}"), None, "{}", days_ago(1));
            if company % 100 == 0 {
                sample.run(&format!(
                    "UPDATE companies SET attributes = jsonb('{{\"rare\":1}}') WHERE company_key = {company}"
                ));
            }
        }
        sample.run("COMMIT");
        let (mut rare, mut keys) = (0, Vec::new());
        let looked = look(&sample.db(), Table::Companies, 1_000, |row| {
            rare += usize::from(row.may_know("rare"));
            keys.push(row.key);
        });
        let looked = looked.unwrap();
        assert_eq!((looked.rows, looked.all), (1_000, false));
        assert!(keys.is_sorted_by(|a, b| a < b), "each at most once");
        assert!((3..=30).contains(&rare), "{rare} of about 10");
        assert!(look(&sample.db(), Table::Companies, 20_000, |_| {}).unwrap().all);
        let mut walked = 0;
        let mut reached = (0, 0);
        loop {
            let rows = after(&sample.db(), Table::Companies, reached, 700).unwrap();
            let Some(last) = rows.last() else { break };
            reached = last.key;
            walked += rows.len();
        }
        assert_eq!(walked, 20_000);
    }
}
