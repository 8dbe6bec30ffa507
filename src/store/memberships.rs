//! Memberships and the timed statements they follow from (C1, C7, T3).

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};
use serde_json::json;

use super::folds::ACTIVE_DAYS;
use super::{Reader, StoreError, Tx, email_domains, merges};
use crate::domain::access::Grade;
use crate::domain::attributes::Attributes;
use crate::domain::change::{Change, MEMBERSHIP, Subject};
use crate::domain::companies::{Memberships, Order, Said, Span, Statement};
use crate::domain::ids::{CompanyKey, SourceKey, UserKey, VisitorKey};
use crate::domain::limits::STATEMENTS_KEPT_MAX;
use crate::domain::time;

/// More than the statements of one message: where those begin that follow from them.
pub(super) const PLACES_OF_MESSAGE: i64 = 1 << 20;

/// Whose statements: a user's, or those that wait on a visitor (C11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// A user or lead.
    User(UserKey),
    /// A visitor whose user is not known yet.
    Waiting(VisitorKey),
}

impl Member {
    fn subject(self) -> i64 {
        match self {
            Member::User(user) => user.0,
            Member::Waiting(visitor) => -visitor.0,
        }
    }
}

fn said_columns(said: Said) -> (i64, i64) {
    match said {
        Said::Joins(company) => (0, company.0),
        Said::Leaves(company) => (1, company.0),
        Said::Replaces => (2, 0),
    }
}

/// Keeps statements. The same one twice is one. Who leaves a company leaves all that are one with it (C10).
///
/// # Errors
/// [`StoreError`] only.
pub fn state(
    tx: &Tx<'_>,
    member: Member,
    statements: &[Statement],
    grade: Grade,
    source: SourceKey,
) -> Result<(), StoreError> {
    let mut of_others = Vec::new();
    for Statement { order, said } in statements {
        let Said::Leaves(company) = *said else { continue };
        let group = merges::companies::group(tx, merges::companies::survivor(tx, company))?;
        for (nth, other) in (1..).zip(group.into_iter().filter(|other| *other != company)) {
            let order = Order { place: order.place + nth * PLACES_OF_MESSAGE, ..*order };
            of_others.push(Statement { order, said: Said::Leaves(other) });
        }
    }
    let mut insert = tx.connection.prepare_cached(
        "INSERT OR IGNORE INTO membership_statements
           (subject, at_ms, message_hash, place, said, company_key, grade, source_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for Statement { order, said } in statements.iter().chain(&of_others) {
        let (said, company) = said_columns(*said);
        let subject = member.subject();
        insert.execute(params![
            subject,
            order.at_ms,
            order.message,
            order.place,
            said,
            company,
            grade as i64,
            source.0
        ])?;
    }
    Ok(())
}

/// Keeps what was said of a membership that waits on a visitor, to be applied with it.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep_waiting(tx: &Tx<'_>, visitor: VisitorKey, order: Order, membership: &str) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE membership_statements SET membership = ?5
             WHERE subject = ?1 AND at_ms = ?2 AND message_hash = ?3 AND place = ?4",
        )?
        .execute(params![-visitor.0, order.at_ms, order.message, order.place, membership])?;
    Ok(())
}

/// What waited on a visitor beside the statement itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waited {
    /// The company.
    pub company: CompanyKey,
    /// When, and in which order.
    pub order: Order,
    /// What its sender was worth.
    pub grade: Grade,
    /// The source it came through.
    pub source: SourceKey,
    /// The membership's attributes as sent, as JSON.
    pub membership: String,
}

/// Statements that waited on a visitor become those of its user, from an instant on (C11, R5).
/// Answers whether there were any, and what they said of the memberships.
///
/// # Errors
/// [`StoreError`] only.
pub fn adopt_waiting(
    tx: &Tx<'_>,
    visitor: VisitorKey,
    user: UserKey,
    from_ms: i64,
) -> Result<(bool, Vec<Waited>), StoreError> {
    let moved = tx
        .connection
        .prepare_cached("UPDATE OR IGNORE membership_statements SET subject = ?2 WHERE subject = ?1 AND at_ms >= ?3")?
        .execute(params![-visitor.0, user.0, from_ms])?;
    if moved == 0 {
        return Ok((false, Vec::new()));
    }
    let waited = tx
        .connection
        .prepare_cached(
            "SELECT company_key, at_ms, message_hash, place, grade, source_key, membership
             FROM membership_statements WHERE subject = ?1 AND membership IS NOT NULL",
        )?
        .query_map([user.0], |row| {
            Ok(Waited {
                company: CompanyKey(row.get(0)?),
                order: Order { at_ms: row.get(1)?, message: row.get(2)?, place: row.get(3)? },
                grade: Grade::from_number(row.get(4)?),
                source: SourceKey(row.get(5)?),
                membership: row.get(6)?,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    tx.connection
        .prepare_cached(
            "UPDATE membership_statements SET membership = NULL WHERE subject = ?1 AND membership IS NOT NULL",
        )?
        .execute([user.0])?;
    Ok((true, waited))
}

/// A statement with where it came from.
#[derive(Debug, Clone, Copy)]
struct Kept {
    statement: Statement,
    grade: i64,
    source: i64,
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let company = CompanyKey(row.get(4)?);
    let said = match row.get(3)? {
        0 => Said::Joins(company),
        1 => Said::Leaves(company),
        _ => Said::Replaces,
    };
    let order = Order { at_ms: row.get(0)?, message: row.get(1)?, place: row.get(2)? };
    Ok(Kept { statement: Statement { order, said }, grade: row.get(5)?, source: row.get(6)? })
}

/// A membership as it stands in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    joined_ms: i64,
    left_ms: Option<i64>,
    stated_ms: i64,
    /// A member now, and counted as one: who was merged into another is none.
    open: bool,
}

/// Makes a user's memberships what follows from all statements, and answers what changed.
///
/// # Errors
/// [`StoreError`] only.
pub fn restate(tx: &mut Tx<'_>, user: UserKey) -> Result<Vec<Change>, StoreError> {
    let statements = if merges::merged_into(tx, user).is_none() { said_of(tx, user)? } else { Vec::new() };
    let plain: Vec<Statement> = statements.iter().map(|kept| kept.statement).collect();
    let catalog = tx.catalog();
    let survivor = |company| catalog.merged_companies.survivor(company);
    let memberships = following(tx, &plain);
    let before = standings(tx, user)?;
    let mut changes = Vec::new();
    let sort_name: String = tx
        .connection
        .prepare_cached("SELECT sort_name FROM users WHERE user_key = ?1")?
        .query_row([user.0], |row| row.get(0))?;
    for (company, spans) in &memberships.spans {
        let Some(last) = spans.last() else { continue };
        let known = before.get(company).copied();
        let (joined_ms, left_ms) = (last.joined_ms, last.left_ms);
        let now = Standing { joined_ms, left_ms, stated_ms: last.stated.at_ms, open: left_ms.is_none() };
        if known != Some(now) {
            // What was stated beats what a rule made of an address (C9).
            let joins = |kept: &&Kept| matches!(kept.statement.said, Said::Joins(named) if survivor(named) == *company);
            let stated = statements.iter().rev().find(|kept| joins(kept) && kept.grade > Grade::Rule as i64);
            let decided = stated.or_else(|| statements.iter().rev().find(joins));
            // An import that says what an earlier one did takes nothing over from it.
            let is_import = |kept: &&Kept| kept.grade == Grade::Import as i64;
            let repeats = |kept: &&Kept| joins(kept) && is_import(kept) && kept.statement.order.at_ms >= joined_ms;
            let decided = match decided.filter(is_import) {
                Some(_) => statements.iter().find(repeats).or(decided),
                None => decided,
            };
            let (grade, source) = decided.map_or((0, 0), |kept| (kept.grade, kept.source));
            put(tx, user, *company, now, (grade, source), &sort_name)?;
        }
        put_earlier_spans(tx, user, *company, &spans[..spans.len() - 1])?;
        let was_open = known.is_some_and(|known| known.open);
        if known.is_none() || was_open != now.open {
            // While a record was read through another one, it was nobody's membership.
            let was = known.filter(|known| known.open || known.left_ms.is_some());
            changes.push(membership_change(user, *company, was, Some(now)));
            count_members(tx, *company, user, i64::from(now.open) - i64::from(was_open))?;
        }
    }
    for (company, known) in before.iter().filter(|(company, _)| !memberships.spans.contains_key(company)) {
        changes.extend(end(tx, user, *company, *known)?);
    }
    let open = memberships.spans.values().filter(|spans| spans.last().is_some_and(|span| span.left_ms.is_none()));
    tx.connection
        .prepare_cached(
            "UPDATE users SET companies = ?2, current_company_key = ?3
             WHERE user_key = ?1 AND (companies <> ?2 OR current_company_key IS NOT ?3)",
        )?
        .execute(params![user.0, open.count() as i64, memberships.current.map(|company| company.0)])?;
    forget_repeats(tx, user, &plain)?;
    if !changes.is_empty() {
        email_domains::stop_waiting(tx, user)?;
    }
    Ok(changes)
}

/// As [`restate`] where companies become one or go apart, telling also since when one is a member, where that is
/// another day now.
///
/// # Errors
/// [`StoreError`] only.
pub fn restate_united(tx: &mut Tx<'_>, user: UserKey) -> Result<Vec<Change>, StoreError> {
    let before = standings(tx, user)?;
    let mut changes = restate(tx, user)?;
    for (company, now) in standings(tx, user)?.into_iter().filter(|(_, now)| now.open) {
        let was = before.get(&company).copied().filter(|was| was.open && was.joined_ms != now.joined_ms);
        changes.extend(was.map(|was| membership_change(user, company, Some(was), Some(now))));
    }
    Ok(changes)
}

/// Forgets what was said of a user's companies at a moment, of one of them or of all, and answers what changed;
/// none where nothing had been said then.
///
/// # Errors
/// [`StoreError`] only.
pub fn unsay(
    tx: &mut Tx<'_>,
    user: UserKey,
    company: Option<CompanyKey>,
    at_ms: i64,
) -> Result<Option<Vec<Change>>, StoreError> {
    let forgotten = tx
        .connection
        .prepare_cached(
            "DELETE FROM membership_statements
             WHERE subject = ?1 AND at_ms = ?2 AND company_key = coalesce(?3, company_key)",
        )?
        .execute(params![user.0, at_ms, company.map(|company| company.0)])?;
    if forgotten == 0 { Ok(None) } else { restate(tx, user).map(Some) }
}

/// Forgets all that came through a source of a user's companies, and through imports that were taken back; answers what
/// changed, none where nothing did.
///
/// # Errors
/// [`StoreError`] only.
pub fn unsay_all_of(tx: &mut Tx<'_>, user: UserKey, source: SourceKey) -> Result<Option<Vec<Change>>, StoreError> {
    let mut forgotten = 0;
    for named in merges::group(tx, user)? {
        forgotten += tx
            .connection
            .prepare_cached(
                "DELETE FROM membership_statements WHERE subject = ?1 AND (source_key = ?2 OR source_key IN
                   (SELECT source_key FROM imports INDEXED BY imports_taken_back WHERE state IN ('undoing', 'undone')))",
            )?
            .execute([named.0, source.0])?;
    }
    if forgotten == 0 { Ok(None) } else { restate(tx, user).map(Some) }
}

/// The companies that a source said a user belongs to, from a moment on (Unix milliseconds), the one stated last behind the
/// others.
///
/// # Errors
/// [`StoreError`] only.
pub fn joined_by(tx: &Tx<'_>, user: UserKey, source: SourceKey, from_ms: i64) -> Result<Vec<CompanyKey>, StoreError> {
    let mut statements = said_of(tx, user)?;
    statements.retain(|kept| kept.source == source.0 && kept.statement.order.at_ms >= from_ms);
    let mut companies: Vec<CompanyKey> = Vec::new();
    for kept in statements {
        if let Said::Joins(company) = kept.statement.said {
            companies.retain(|known| *known != company);
            companies.push(company);
        }
    }
    Ok(companies)
}

/// What was said of the companies of a user and of whoever was merged into it, in order.
fn said_of(tx: &Tx<'_>, user: UserKey) -> Result<Vec<Kept>, StoreError> {
    let mut statements = Vec::new();
    for named in merges::group(tx, user)? {
        statements.extend(statements_of(tx, named)?);
    }
    statements.sort_by_key(|kept| kept.statement.order);
    Ok(statements)
}

/// The memberships that follow from statements, read through merges of companies.
fn following(tx: &Tx<'_>, statements: &[Statement]) -> Memberships {
    let merged = &tx.state.catalog.merged_companies;
    match merged.is_empty() {
        true => Memberships::of(statements),
        false => Memberships::of(statements).united(|company| merged.survivor(company)),
    }
}

fn statements_of(tx: &Tx<'_>, user: UserKey) -> Result<Vec<Kept>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT at_ms, message_hash, place, said, company_key, grade, source_key
         FROM membership_statements WHERE subject = ?1 ORDER BY at_ms, message_hash, place",
    )?;
    Ok(statement.query_map([user.0], kept)?.collect::<Result<_, _>>()?)
}

/// A membership that no statement makes any more: it was another user's or company's, which is apart
/// again; or one of the two is read through another now, and it keeps its row until then.
fn end(tx: &Tx<'_>, user: UserKey, company: CompanyKey, known: Standing) -> Result<Option<Change>, StoreError> {
    let keeps = merges::merged_into(tx, user).is_some() || merges::companies::merged_into(tx, company).is_some();
    if keeps && !known.open {
        return Ok(None);
    }
    let sql = if keeps {
        "UPDATE memberships SET open = 0 WHERE user_key = ?1 AND company_key = ?2"
    } else {
        "DELETE FROM memberships WHERE user_key = ?1 AND company_key = ?2"
    };
    tx.connection.prepare_cached(sql)?.execute([user.0, company.0])?;
    if !keeps {
        put_earlier_spans(tx, user, company, &[])?;
        merges::own::forget(tx, Subject::Membership(user, company))?;
    }
    if !known.open {
        return Ok(None);
    }
    count_members(tx, company, user, -1)?;
    Ok(Some(membership_change(user, company, Some(known), None)))
}

fn standings(tx: &Tx<'_>, user: UserKey) -> Result<BTreeMap<CompanyKey, Standing>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT company_key, joined_ms, left_ms, stated_ms, open FROM memberships WHERE user_key = ?1",
    )?;
    let rows = statement.query_map([user.0], |row| {
        let standing =
            Standing { joined_ms: row.get(1)?, left_ms: row.get(2)?, stated_ms: row.get(3)?, open: row.get(4)? };
        Ok((CompanyKey(row.get(0)?), standing))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn put(
    tx: &Tx<'_>,
    user: UserKey,
    company: CompanyKey,
    now: Standing,
    (grade, source): (i64, i64),
    sort_name: &str,
) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO memberships (user_key, company_key, joined_ms, left_ms, open, stated_ms, grade, source_key,
               attributes, sort_name, last_seen_hour)
             VALUES (?1, ?2, ?3, ?4, ?4 IS NULL, ?5, ?6, ?7, jsonb('{}'), ?8,
               coalesce((SELECT last_hour FROM company_people WHERE company_key = ?2 AND user_key = ?1), 0))
             ON CONFLICT (user_key, company_key) DO UPDATE SET
               joined_ms = excluded.joined_ms, left_ms = excluded.left_ms, open = excluded.open,
               stated_ms = excluded.stated_ms, grade = excluded.grade, source_key = excluded.source_key",
        )?
        .execute(params![user.0, company.0, now.joined_ms, now.left_ms, now.stated_ms, grade, source, sort_name])?;
    Ok(())
}

fn put_earlier_spans(tx: &Tx<'_>, user: UserKey, company: CompanyKey, spans: &[Span]) -> Result<(), StoreError> {
    let known: i64 = tx
        .connection
        .prepare_cached("SELECT count(*) FROM membership_spans WHERE user_key = ?1 AND company_key = ?2")?
        .query_row([user.0, company.0], |row| row.get(0))?;
    if known == 0 && spans.is_empty() {
        return Ok(());
    }
    tx.connection
        .prepare_cached("DELETE FROM membership_spans WHERE user_key = ?1 AND company_key = ?2")?
        .execute([user.0, company.0])?;
    for span in spans {
        tx.connection
            .prepare_cached(
                "INSERT INTO membership_spans (user_key, company_key, joined_ms, left_ms) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![user.0, company.0, span.joined_ms, span.left_ms])?;
    }
    Ok(())
}

fn membership_change(user: UserKey, company: CompanyKey, before: Option<Standing>, now: Option<Standing>) -> Change {
    let told = |standing: Standing| match standing.left_ms {
        None => json!({ "joined_at": time::rfc3339(standing.joined_ms) }),
        Some(left_ms) => {
            json!({ "joined_at": time::rfc3339(standing.joined_ms), "left_at": time::rfc3339(left_ms) })
        }
    };
    Change::new(Subject::Membership(user, company), MEMBERSHIP, before.map(told), now.map(told))
}

/// A member came or went: so did an active one, where the folds have seen activity in the last 30 days.
fn count_members(tx: &Tx<'_>, company: CompanyKey, user: UserKey, difference: i64) -> Result<(), StoreError> {
    if difference == 0 {
        return Ok(());
    }
    tx.connection
        .prepare_cached("UPDATE companies SET members = members + ?2 WHERE company_key = ?1")?
        .execute([company.0, difference])?;
    tx.connection
        .prepare_cached(
            "UPDATE companies SET active_members = active_members + ?2
             WHERE company_key = ?1 AND EXISTS (
               SELECT 1 FROM company_people p JOIN cursors c ON c.reader = 'folds'
               WHERE p.company_key = ?1 AND p.user_key = ?3 AND p.last_day > c.day - ?4)",
        )?
        .execute([company.0, difference, user.0, i64::from(ACTIVE_DAYS)])?;
    Ok(())
}

/// Beyond the limit, drops the oldest statements that say again what the ones around them say.
fn forget_repeats(tx: &Tx<'_>, user: UserKey, statements: &[Statement]) -> Result<(), StoreError> {
    let mut excess = statements.len().saturating_sub(STATEMENTS_KEPT_MAX);
    if excess == 0 {
        return Ok(());
    }
    let mut delete = tx.connection.prepare_cached(
        "DELETE FROM membership_statements WHERE subject = ?1 AND at_ms = ?2 AND message_hash = ?3 AND place = ?4",
    )?;
    let replaces = |statement: &Statement| statement.said == Said::Replaces;
    for (index, Statement { order, said }) in statements.iter().enumerate() {
        if excess == 0 {
            break;
        }
        let Said::Joins(company) = *said else { continue };
        let about = |other: &&Statement| {
            replaces(other) || matches!(other.said, Said::Joins(key) | Said::Leaves(key) if key == company)
        };
        let before = statements[..index].iter().rev().find(about);
        let after = statements[index + 1..].iter().find(about);
        if before.map(|other| other.said) == Some(*said) && after.map(|other| other.said) == Some(*said) {
            delete.execute(params![user.0, order.at_ms, order.message, order.place])?;
            excess -= 1;
        }
    }
    Ok(())
}

/// In which company a user was at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// In none.
    None,
    /// In this one alone.
    One(CompanyKey),
    /// In several.
    Several,
}

/// In which company a user was at a moment (C4), as the user's statements name it.
///
/// # Errors
/// [`StoreError`] only.
pub fn open_at(tx: &Tx<'_>, user: UserKey, at_ms: i64) -> Result<Open, StoreError> {
    let mut statement = tx.held(
        "SELECT company_key FROM memberships
         WHERE user_key = ?1 AND joined_ms <= ?2 AND (left_ms IS NULL OR left_ms > ?2)
         UNION SELECT company_key FROM membership_spans
         WHERE user_key = ?1 AND joined_ms <= ?2 AND left_ms > ?2",
    )?;
    let mut rows = statement.query([user.0, at_ms])?;
    let mut only = None;
    while let Some(row) = rows.next()? {
        // A membership of a company that was merged stands under the one it was merged into, too.
        let company = CompanyKey(row.get(0)?);
        if tx.state.catalog.merged_companies.is_merged(company) {
            continue;
        }
        if only.replace(company).is_some() {
            return Ok(Open::Several);
        }
    }
    Ok(match only {
        None => Open::None,
        Some(company) if tx.state.catalog.merged_companies.has_others(company) => {
            Open::One(named_last(tx, user, company, at_ms)?)
        }
        Some(company) => Open::One(company),
    })
}

/// The only company in which one of those who are one by a merge was at a moment, by what was said of it itself; none where
/// there are several or none.
///
/// # Errors
/// [`StoreError`] only.
pub fn own_at(tx: &Tx<'_>, named: UserKey, at_ms: i64) -> Result<Option<CompanyKey>, StoreError> {
    if merges::group(tx, tx.state.catalog.survivor(named))?.len() == 1 {
        return Ok(None);
    }
    let said: Vec<Statement> = statements_of(tx, named)?.iter().map(|kept| kept.statement).collect();
    let following = following(tx, &said);
    let mut open = following.open_at(at_ms);
    match (open.next(), open.next()) {
        (Some(company), None) => named_last(tx, named, company, at_ms).map(Some),
        _ => Ok(None),
    }
}

/// The company that was a user's current one at a place among what was said of it (C1, C6). Where it was in none yet,
/// the only one that it ever was in.
///
/// # Errors
/// [`StoreError`] only.
pub fn current_at(tx: &Tx<'_>, user: UserKey, order: Order) -> Result<Option<CompanyKey>, StoreError> {
    let current: Option<i64> =
        tx.held("SELECT current_company_key FROM users WHERE user_key = ?1")?.query_row([user.0], |row| row.get(0))?;
    let current = current.map(CompanyKey);
    let mut later =
        tx.held("SELECT 1 FROM memberships WHERE user_key = ?1 AND (stated_ms >= ?2 OR left_ms >= ?2) LIMIT 1")?;
    if !later.exists([user.0, order.at_ms])? {
        return Ok(current);
    }
    let statements: Vec<Statement> = said_of(tx, user)?.iter().map(|kept| kept.statement).collect();
    let until = statements.partition_point(|statement| statement.order <= order);
    if let Some(then) = following(tx, &statements[..until]).current {
        return Ok(Some(then));
    }
    let all = following(tx, &statements).spans;
    let joined_later = all.values().flatten().all(|span| span.joined_ms >= order.at_ms);
    Ok(current.filter(|_| all.len() == 1 && joined_later))
}

/// Under which of the companies that are one a user was said to be in it last, by a moment.
fn named_last(tx: &Tx<'_>, user: UserKey, company: CompanyKey, at_ms: i64) -> Result<CompanyKey, StoreError> {
    let people = merges::group(tx, user)?;
    let mut last = None;
    for person in people {
        let joined = statements_of(tx, person)?.into_iter().filter_map(|kept| match kept.statement.said {
            Said::Joins(named) => Some((kept.statement.order, named)),
            _ => None,
        });
        let of_company =
            |(_, named): &(Order, CompanyKey)| tx.state.catalog.merged_companies.survivor(*named) == company;
        last = last.max(joined.filter(|(order, _)| order.at_ms <= at_ms).filter(of_company).max());
    }
    Ok(last.map_or(company, |(_, named)| named))
}

/// Whether a user is or was a member of any company.
///
/// # Errors
/// [`StoreError`] only.
pub fn any(tx: &Tx<'_>, user: UserKey) -> Result<bool, StoreError> {
    Ok(tx.connection.prepare_cached("SELECT 1 FROM memberships WHERE user_key = ?1")?.exists([user.0])?)
}

/// The open memberships that a rule made and nobody stated, with the time of the rule's statement, Unix
/// milliseconds (C9).
///
/// # Errors
/// [`StoreError`] only.
pub fn made_by_rule(tx: &Tx<'_>, user: UserKey) -> Result<Vec<(CompanyKey, i64)>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT company_key, stated_ms FROM memberships WHERE user_key = ?1 AND open = 1 AND grade = ?2",
    )?;
    let rows = statement.query_map([user.0, Grade::Rule as i64], |row| Ok((CompanyKey(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a user is a member of a company now.
///
/// # Errors
/// [`StoreError`] only.
pub fn is_open(db: &Reader<'_>, user: UserKey, company: CompanyKey) -> Result<bool, StoreError> {
    Ok(db
        .0
        .prepare_cached("SELECT 1 FROM memberships WHERE user_key = ?1 AND company_key = ?2 AND open = 1")?
        .exists([user.0, company.0])?)
}

/// A membership's own attributes, role and title among them; none where there is no membership.
///
/// # Errors
/// [`StoreError`] only.
pub fn attributes(tx: &Tx<'_>, user: UserKey, company: CompanyKey) -> Result<Option<Attributes>, StoreError> {
    Ok(tx
        .connection
        .prepare_cached("SELECT json(attributes), stamps FROM memberships WHERE user_key = ?1 AND company_key = ?2")?
        .query_row([user.0, company.0], |row| {
            Ok(Attributes::read(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?))
        })
        .optional()?)
}

/// The memberships of a user that were made of what others, merged into it or into the company, said:
/// their own attributes fill gaps. Answers what changed.
///
/// # Errors
/// [`StoreError`] only.
pub fn fill_gaps(tx: &Tx<'_>, user: UserKey) -> Result<Vec<Change>, StoreError> {
    let people = merges::group(tx, user)?;
    let mut changes = Vec::new();
    for company in standings(tx, user)?.into_keys() {
        if merges::companies::merged_into(tx, company).is_some() {
            continue;
        }
        let Some(mut known) = attributes(tx, user, company)? else { continue };
        let mut carried = Vec::new();
        for named in merges::companies::group(tx, company)? {
            for person in people.iter().filter(|person| (**person, named) != (user, company)) {
                carried.extend(attributes(tx, *person, named)?.map(Attributes::without_gaps));
            }
        }
        let filled = known.fill_gaps(&carried);
        if !filled.is_empty() {
            save(tx, user, company, &known)?;
        }
        let about = Subject::Membership(user, company);
        changes.extend(filled.into_iter().map(|(name, before, after)| Change::new(about, name, before, after)));
    }
    Ok(changes)
}

/// Writes a membership's own attributes, role and title among them.
///
/// # Errors
/// [`StoreError`] only.
pub fn save(tx: &Tx<'_>, user: UserKey, company: CompanyKey, attributes: &Attributes) -> Result<(), StoreError> {
    let (values, stamps) = attributes.columns();
    tx.connection
        .prepare_cached(
            "UPDATE memberships SET attributes = jsonb(?3), stamps = ?4, role = ?5, title = ?6
             WHERE user_key = ?1 AND company_key = ?2",
        )?
        .execute(params![user.0, company.0, values, stamps, attributes.text("role"), attributes.text("title")])?;
    Ok(())
}

/// The company that a user was stated to be in last, but for one; none where there is no other.
///
/// # Errors
/// [`StoreError`] only.
pub fn stated_last(tx: &Tx<'_>, user: UserKey, but: CompanyKey) -> Result<Option<CompanyKey>, StoreError> {
    Ok(tx
        .connection
        .prepare_cached(
            "SELECT company_key FROM memberships WHERE user_key = ?1 AND company_key <> ?2 AND open = 1
             ORDER BY stated_ms DESC, company_key LIMIT 1",
        )?
        .query_row([user.0, but.0], |row| row.get(0).map(CompanyKey))
        .optional()?)
}
