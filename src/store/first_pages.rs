//! The first page that a visitor, a user, and a company's first member viewed (A9). The earliest time
//! wins, whatever the order in which page views arrive.

use std::ops::RangeInclusive;

use rusqlite::{OptionalExtension, named_params, params};

use super::{Reader, StoreError, Tx, folds, visitors};
use crate::domain::first_page::FirstPage;
use crate::domain::ids::{CompanyKey, EventId, UserKey, VisitorKey};
use crate::domain::time::EPOCH_MS;

/// The first page of a user, also of those merged into it.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_user(db: &Reader<'_>, user: UserKey) -> Result<Option<FirstPage>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT first_page_ms, first_page FROM users
         WHERE user_key = :user AND first_page_ms IS NOT NULL
         UNION ALL SELECT first_page_ms, first_page FROM users
         WHERE merged_into = :user AND first_page_ms IS NOT NULL
         ORDER BY 1 LIMIT 1",
    )?;
    let found = statement.query_row(named_params! { ":user": user.0 }, |row| {
        Ok(FirstPage::read(row.get(0)?, row.get_ref(1)?.as_str()?))
    });
    Ok(found.optional()?)
}

/// The first page of the member who joined a company first, and that member.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_company(db: &Reader<'_>, company: CompanyKey) -> Result<Option<(UserKey, FirstPage)>, StoreError> {
    let mut first: Option<(i64, i64)> = None;
    for sql in [
        "SELECT joined_ms, user_key FROM memberships INDEXED BY memberships_joined
         WHERE company_key = :company AND open = 1 ORDER BY joined_ms, user_key LIMIT 1",
        "SELECT joined_ms, user_key FROM memberships INDEXED BY memberships_joined
         WHERE company_key = :company AND open = 0 ORDER BY joined_ms, user_key LIMIT 1",
        "SELECT joined_ms, user_key FROM membership_spans INDEXED BY membership_spans_joined
         WHERE company_key = :company ORDER BY joined_ms, user_key LIMIT 1",
    ] {
        let mut statement = db.0.prepare_cached(sql)?;
        let found = statement
            .query_row(named_params! { ":company": company.0 }, |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        first = [first, found].into_iter().flatten().min();
    }
    let Some((_, user)) = first else { return Ok(None) };
    let user: i64 =
        db.0.prepare_cached("SELECT coalesce(merged_into, user_key) FROM users WHERE user_key = :user")?
            .query_row(named_params! { ":user": user }, |row| row.get(0))?;
    Ok(of_user(db, UserKey(user))?.map(|page| (UserKey(user), page)))
}

// What the writer needs ------------------------------------------------------

/// When a user, as named, viewed a page first, Unix milliseconds.
///
/// # Errors
/// [`StoreError`] only; also where there is no such row.
pub fn of_named(tx: &Tx<'_>, user: UserKey) -> Result<Option<i64>, StoreError> {
    let mut statement = tx.held("SELECT first_page_ms FROM users WHERE user_key = ?1")?;
    Ok(statement.query_row([user.0], |row| row.get(0))?)
}

/// Keeps a visitor's page view where it is the first.
///
/// # Errors
/// [`StoreError`] only.
pub fn viewed_by_visitor(tx: &Tx<'_>, visitor: VisitorKey, at_ms: i64, kept: &str) -> Result<(), StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "UPDATE visitors SET first_page_ms = ?2, first_page = ?3
         WHERE visitor_key = ?1 AND (first_page_ms IS NULL OR first_page_ms > ?2) RETURNING anonymous_id",
    )?;
    let changed = statement.query_row(params![visitor.0, at_ms, kept], |row| row.get::<_, String>(0)).optional()?;
    if let Some(anonymous_id) = changed {
        visitors::changed(tx, &anonymous_id);
    }
    Ok(())
}

/// Keeps a user's page view, as named, where it is the first.
///
/// # Errors
/// [`StoreError`] only.
pub fn viewed_by_user(tx: &Tx<'_>, user: UserKey, at_ms: i64, kept: &str) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE users SET first_page_ms = ?2, first_page = ?3
             WHERE user_key = ?1 AND (first_page_ms IS NULL OR first_page_ms > ?2)",
        )?
        .execute(params![user.0, at_ms, kept])?;
    Ok(())
}

/// A visitor was linked: its first page from an instant on (R5, Unix milliseconds) is the user's, where it
/// is earlier. What it viewed before that stays its own, so the journal says what came then.
///
/// # Errors
/// [`StoreError`] only.
pub fn linked(tx: &mut Tx<'_>, visitor: VisitorKey, user: UserKey, from_ms: i64) -> Result<(), StoreError> {
    let mut statement =
        tx.connection.prepare_cached("SELECT first_page_ms, first_page FROM visitors WHERE visitor_key = ?1")?;
    let own: (Option<i64>, Option<String>) = statement.query_row([visitor.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    drop(statement);
    match own {
        (Some(at_ms), Some(kept)) if at_ms >= from_ms => viewed_by_user(tx, user, at_ms, &kept),
        (Some(_), _) => {
            folds::catch_up(tx)?;
            match first_since(tx, visitor, from_ms)? {
                Some((at_ms, kept)) => viewed_by_user(tx, user, at_ms, &kept),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The first page view of a visitor in the journal from an instant on.
fn first_since(tx: &Tx<'_>, visitor: VisitorKey, from_ms: i64) -> Result<Option<(i64, String)>, StoreError> {
    let from = EventId::first_at(from_ms.max(EPOCH_MS));
    of_subject(tx, -visitor.0, from, from.bucket()..=*folds::buckets(&tx.reader())?.end(), None)
}

/// The first page view of a subject in the journal from an event on, on one browser alone where it is named, and when it
/// was (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn of_subject(
    tx: &Tx<'_>,
    subject: i64,
    from: EventId,
    buckets: RangeInclusive<i64>,
    browser: Option<VisitorKey>,
) -> Result<Option<(i64, String)>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT e.event_id, page.context, e.properties
         FROM events_by_subject AS s CROSS JOIN events AS e ON e.event_id = s.event_id
         LEFT JOIN contexts AS page ON page.context_key = e.page_key
         WHERE s.bucket = ?1 AND s.subject = ?2 AND s.event_id >= ?3 AND e.kind = 0 AND e.flags & 1 = 0
           AND (?4 IS NULL OR e.visitor_key = ?4)
         ORDER BY s.event_id LIMIT 1",
    )?;
    let browser = browser.map(|browser| browser.0);
    for bucket in buckets {
        let found = statement
            .query_row(params![bucket, subject, from.0, browser], |row| {
                let (context, properties): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
                let kept = FirstPage::kept(context.as_deref(), properties.as_deref());
                Ok((EventId(row.get(0)?).at_ms(), kept))
            })
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
