//! Users and companies that one deed made, and of whom nothing else is known: they can be taken away
//! again as if they had never been, when that deed is undone. Their keys are never used again.

use rusqlite::params;

use super::changes::Deed;
use super::folds::{self, Folded};
use super::imports::said;
use super::{StoreError, Tx, companies, duplicates, email_domains, memberships, merges, remembered, search, users};
use crate::domain::change::{Change, Subject};
use crate::domain::duplicates::Records;
use crate::domain::ids::{ChangeKey, CompanyKey, SourceKey, UserKey};
use crate::domain::message::Kind;

/// Conditions on a table: its rows of the key `?1` that something beside the deed `?2` of the time `?3` made.
type Traces = &'static [(&'static str, &'static str)];

const OF_USERS: Traces = &[
    ("users", "user_key = ?1 AND (merged_into IS NOT NULL OR signed <> 0)"),
    ("users", "merged_into = ?1"),
    ("visitors", "user_key = ?1"),
    ("changes", "subject = 0 AND subject_key = ?1 AND change_key <> ?2"),
    ("changes", "subject = 2 AND subject_key = ?1 AND change_key <> ?2"),
    ("membership_statements", "subject = ?1 AND at_ms <> ?3"),
    ("notes", "subject = 0 AND subject_key = ?1"),
    ("tray_values", "owner = 0 AND owner_key = ?1"),
    ("tray_values", "owner = 2 AND owner_key = ?1"),
];

const OF_COMPANIES: Traces = &[
    ("companies", "company_key = ?1 AND merged_into IS NOT NULL"),
    ("companies", "merged_into = ?1"),
    ("changes", "subject = 1 AND subject_key = ?1 AND change_key <> ?2"),
    ("changes INDEXED BY changes_company", "company_key = ?1 AND company_key <> 0 AND change_key <> ?2"),
    ("memberships", "company_key = ?1"),
    ("membership_spans", "company_key = ?1"),
    ("membership_statements INDEXED BY membership_statements_waiting", "company_key = ?1 AND subject < 0"),
    ("company_domains", "company_key = ?1 AND accepted = 1"),
    ("notes", "subject = 1 AND subject_key = ?1"),
    ("tray_values", "owner = 1 AND owner_key = ?1"),
];

/// Takes a user or company away where all that is known of it is what a deed said that made it. Answers
/// what changed; none where something else is known, and then nothing is taken away.
///
/// # Errors
/// [`StoreError`] only.
pub fn take_away(tx: &mut Tx<'_>, about: Subject, deed: &Deed) -> Result<Option<Vec<Change>>, StoreError> {
    folds::catch_up(tx)?;
    match about {
        Subject::User(user) => {
            let attributes = users::load(tx, user)?.attributes;
            let is_of_deed = attributes.stated().all(|(_, stated)| stated.stamp.at_ms == deed.at_ms);
            if !is_of_deed || leaves_traces(tx, OF_USERS, "events_by_subject", "subject", user.0, deed)? {
                return Ok(None);
            }
            Ok(Some(user_away(tx, user)?))
        }
        Subject::Company(company) => {
            let attributes = companies::load(tx, company)?.attributes;
            let is_of_deed = attributes.stated().all(|(_, stated)| stated.stamp.at_ms == deed.at_ms);
            if !is_of_deed || leaves_traces(tx, OF_COMPANIES, "events_by_company", "company_key", company.0, deed)? {
                return Ok(None);
            }
            company_away(tx, company)?;
            Ok(Some(Vec::new()))
        }
        _ => Ok(None),
    }
}

/// Takes a company away in which nobody is or was, of which nothing happened and nobody wrote anything. Answers whether.
///
/// # Errors
/// [`StoreError`] only.
pub fn take_away_unused(tx: &mut Tx<'_>, company: CompanyKey) -> Result<bool, StoreError> {
    folds::catch_up(tx)?;
    let traces: Vec<_> = OF_COMPANIES.iter().filter(|(table, _)| !table.starts_with("changes")).copied().collect();
    // What changed it came from messages that are gone.
    let deed = Deed { change: ChangeKey(0), at_ms: 0, by_message: true, undone_by: None };
    let is_used = leaves_traces(tx, &traces, "events_by_company", "company_key", company.0, &deed)?;
    if !is_used {
        company_away(tx, company)?;
    }
    Ok(!is_used)
}

fn leaves_traces(
    tx: &Tx<'_>,
    traces: &[(&str, &str)],
    events: &str,
    column: &str,
    key: i64,
    deed: &Deed,
) -> Result<bool, StoreError> {
    for (table, condition) in traces {
        // Each statement takes all three, whether it asks for them or not.
        let sql = format!("SELECT 1 FROM {table} WHERE {condition} AND ?2 IS NOT NULL AND ?3 IS NOT NULL LIMIT 1");
        if tx.connection.prepare_cached(&sql)?.exists(params![key, deed.change.0, deed.at_ms])? {
            return Ok(true);
        }
    }
    let mut of_bucket =
        tx.connection.prepare_cached(&format!("SELECT 1 FROM {events} WHERE bucket = ?1 AND {column} = ?2 LIMIT 1"))?;
    for bucket in folds::buckets(&tx.reader())? {
        if of_bucket.exists([bucket, key])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The sources of imports that were taken back, or are being.
macro_rules! taken_back {
    () => {
        "(SELECT source_key FROM imports INDEXED BY imports_taken_back
          WHERE state IN ('undoing', 'undone') AND source_key IS NOT NULL)"
    };
}

/// Changes that something beside imports that are taken back, and their taking back, made.
macro_rules! changed_by_others {
    ($subject:literal) => {
        concat!(
            "subject = ",
            $subject,
            " AND subject_key = ?1 AND NOT EXISTS (SELECT 1 FROM change_sets AS s
              WHERE s.change_key = changes.change_key AND (s.cause = 'undo' OR s.source_key IN ",
            taken_back!(),
            "))"
        )
    };
}

/// As [`OF_USERS`]: what something beside imports that are taken back made. What was taken back is no more of it than
/// what was done before that.
const OF_IMPORTED_USERS: Traces = &[
    ("users", "user_key = ?1 AND (merged_into IS NOT NULL OR signed <> 0)"),
    ("users", "merged_into = ?1"),
    ("visitors", "user_key = ?1"),
    ("changes", changed_by_others!("0")),
    ("changes", changed_by_others!("2")),
    ("membership_statements", concat!("subject = ?1 AND source_key NOT IN ", taken_back!())),
    ("notes", "subject = 0 AND subject_key = ?1"),
    ("tray_values", concat!("owner = 0 AND owner_key = ?1 AND source_key NOT IN ", taken_back!())),
    ("tray_values", concat!("owner = 2 AND owner_key = ?1 AND source_key NOT IN ", taken_back!())),
];

const OF_IMPORTED_COMPANIES: Traces = &[
    ("companies", "company_key = ?1 AND merged_into IS NOT NULL"),
    ("companies", "merged_into = ?1"),
    ("changes", changed_by_others!("1")),
    ("memberships INDEXED BY memberships_joined", "company_key = ?1 AND open IN (0, 1)"),
    ("membership_spans INDEXED BY membership_spans_joined", "company_key = ?1"),
    ("membership_statements INDEXED BY membership_statements_waiting", "company_key = ?1 AND subject < 0"),
    ("company_domains", "company_key = ?1 AND accepted = 1"),
    ("notes", "subject = 1 AND subject_key = ?1"),
    ("tray_values", concat!("owner = 1 AND owner_key = ?1 AND source_key NOT IN ", taken_back!())),
];

/// Takes a user or company away where all that is known of it is what an import said, whose source it is, and others that
/// were taken back.
/// Answers what changed; none where something else is known, and then nothing is taken away.
///
/// # Errors
/// [`StoreError`] only.
pub fn take_away_imported(
    tx: &mut Tx<'_>,
    about: Subject,
    source: SourceKey,
) -> Result<Option<Vec<Change>>, StoreError> {
    folds::catch_up(tx)?;
    let (attributes, traces, fold, key) = match about {
        Subject::User(user) => (users::load(tx, user)?.attributes, OF_IMPORTED_USERS, EVENTS_OF_SUBJECT, user.0),
        Subject::Company(company) => {
            (companies::load(tx, company)?.attributes, OF_IMPORTED_COMPANIES, EVENTS_OF_COMPANY, company.0)
        }
        _ => return Ok(None),
    };
    for (name, stated) in attributes.stated() {
        if said::stands(tx, about, name, stated.stamp)? {
            return Ok(None);
        }
    }
    for (table, condition) in traces {
        let sql = format!("SELECT 1 FROM {table} WHERE {condition} LIMIT 1");
        if tx.connection.prepare_cached(&sql)?.exists([key])? {
            return Ok(None);
        }
    }
    let mut said = Vec::new();
    for bucket in folds::buckets(&tx.reader())? {
        let mut statement = tx.connection.prepare_cached(fold)?;
        let mut rows = statement.query([bucket, key])?;
        while let Some(row) = rows.next()? {
            let is_its_own = row.get::<_, i64>(7)? == source.0 && !Kind::from_number(row.get(1)?).is_activity();
            if !is_its_own {
                return Ok(None);
            }
            said.push(Folded::of(row, 0)?);
        }
    }
    folds::withdraw(tx, &said, folds::Gone::Everybody)?;
    let owner = if matches!(about, Subject::Company(_)) { 1 } else { 0 };
    tx.connection
        .prepare_cached("DELETE FROM tray_values WHERE owner_key = ?1 AND (owner = ?2 OR owner = 2 AND ?2 = 0)")?
        .execute([key, owner])?;
    match about {
        Subject::User(user) => Ok(Some(user_away(tx, user)?)),
        Subject::Company(company) => {
            company_away(tx, company)?;
            Ok(Some(Vec::new()))
        }
        _ => Ok(None),
    }
}

const EVENTS_OF_SUBJECT: &str = "SELECT e.event_id, kind, name_key, visitor_key, user_key, company_key, flags, source_key
    FROM events_by_subject AS f CROSS JOIN events AS e ON e.event_id = f.event_id WHERE f.bucket = ?1 AND f.subject = ?2";
const EVENTS_OF_COMPANY: &str = "SELECT e.event_id, kind, name_key, visitor_key, user_key, e.company_key, flags, source_key
    FROM events_by_company AS f CROSS JOIN events AS e ON e.event_id = f.event_id WHERE f.bucket = ?1 AND f.company_key = ?2";

/// Whether a user or company is there.
///
/// # Errors
/// [`StoreError`] only.
pub fn is_there(tx: &Tx<'_>, about: Subject) -> Result<bool, StoreError> {
    let mut user = tx.connection.prepare_cached("SELECT 1 FROM users WHERE user_key = ?1")?;
    let mut company = tx.connection.prepare_cached("SELECT 1 FROM companies WHERE company_key = ?1")?;
    Ok(match about {
        Subject::User(key) => user.exists([key.0])?,
        Subject::Company(key) => company.exists([key.0])?,
        Subject::Membership(one, in_company) => user.exists([one.0])? && company.exists([in_company.0])?,
        _ => true,
    })
}

fn user_away(tx: &mut Tx<'_>, user: UserKey) -> Result<Vec<Change>, StoreError> {
    debug_assert!(merges::merged_into(tx, user).is_none(), "whoever is merged has left traces");
    let shared = duplicates::shared_by(&tx.reader(), Records::Users, user.0)?;
    delete(tx, "membership_statements", "subject = ?1", user.0)?;
    // Where nothing is said there is no membership, and companies count one member less.
    let changes = memberships::restate(tx, user)?;
    email_domains::stop_waiting(tx, user)?;
    delete(tx, "profile_tags", "subject = 0 AND subject_key = ?1", user.0)?;
    delete(tx, "user_ids", "user_key = ?1", user.0)?;
    remembered::forget_ids(tx);
    search::index_now(tx)?;
    delete(tx, "users_search", "rowid = ?1", user.0)?;
    delete(tx, "users", "user_key = ?1", user.0)?;
    for (why, text) in shared {
        duplicates::restate(tx, Records::Users, why, &text)?;
    }
    Ok(changes)
}

fn company_away(tx: &mut Tx<'_>, company: CompanyKey) -> Result<(), StoreError> {
    let shared = duplicates::shared_by(&tx.reader(), Records::Companies, company.0)?;
    delete(tx, "profile_tags", "subject = 1 AND subject_key = ?1", company.0)?;
    delete(tx, "company_domains", "company_key = ?1", company.0)?;
    delete(tx, "company_ids", "company_key = ?1", company.0)?;
    remembered::forget_ids(tx);
    delete(tx, "companies", "company_key = ?1", company.0)?;
    for (why, text) in shared {
        duplicates::restate(tx, Records::Companies, why, &text)?;
    }
    Ok(())
}

fn delete(tx: &Tx<'_>, table: &str, condition: &str, key: i64) -> Result<(), StoreError> {
    tx.connection.prepare_cached(&format!("DELETE FROM {table} WHERE {condition}"))?.execute([key])?;
    Ok(())
}
