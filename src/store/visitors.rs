//! Visitors: browsers that nobody has signed in on, or that are linked to a user.

use rusqlite::{OptionalExtension, named_params, params};

use super::arrivals::{self, What};
use super::filter_sql::{self, FilterSql, Moment};
use super::list::{self, COUNTED_MAX, Count, Cursor, Extent, Keyset, ListQuery, Page};
use super::remembered;
use super::search::CANDIDATES_MAX;
use super::{Reader, StoreError, Tx, activity, folds, users};
use crate::domain::attributes::Attributes;
use crate::domain::filter::{Filter, Listed};
use crate::domain::first_page::FirstPage;
use crate::domain::ids::{AnonymousId, EventId, UserKey, VisitorKey};
use crate::domain::time::{EPOCH_MS, HOUR_MS};

/// The columns by which visitors are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Last seen.
    LastSeen,
}

/// A visitor in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct VisitorRow {
    /// Our row number.
    pub key: VisitorKey,
    /// The browser's random id.
    pub anonymous_id: String,
    /// The linked user's id, where there is one.
    pub user_id: Option<String>,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Unix milliseconds.
    pub last_seen_ms: Option<i64>,
    /// What the visitor carries.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// The first page it viewed (A9).
    pub first_page: Option<FirstPage>,
}

/// A page of visitors; a search finds what their ids begin with.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, query: &ListQuery<SortBy>, now_ms: i64) -> Result<Page<VisitorRow>, StoreError> {
    let SortBy::LastSeen = query.sort;
    let moment = Moment::of(db, now_ms)?;
    let filter = FilterSql::of(Listed::Visitors, query.filter.as_ref(), &moment);
    let keys = filter_sql::candidates(db, Listed::Visitors, query.filter.as_ref(), &moment, CANDIDATES_MAX)?;
    let keyset = Keyset { column: Some("last_seen_hour"), key: "visitor_key", descending: query.descending };
    let search = query.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let few = search.map_or(Ok(false), |text| are_few(db, text))?;
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT visitor_key, last_seen_hour FROM {from} WHERE true {begins} {filter} {behind} {order} LIMIT :limit",
        from = match (&keys, few) {
            (Some(_), _) => "json_each(:keys) AS found CROSS JOIN visitors ON visitor_key = found.value",
            (None, true) => "visitors INDEXED BY visitors_anonymous_id",
            (None, false) => "visitors INDEXED BY visitors_last_seen",
        },
        begins = if search.is_some() { BEGINS } else { "" },
        filter = filter.condition,
        behind = keyset.behind(query.after.as_ref()),
        order = keyset.order(),
    ))?;
    list::bind_cursor(&mut statement, &keyset, query.after.as_ref())?;
    list::bind(&mut statement, ":limit", query.size as i64 + 1)?;
    bind_text(&mut statement, search)?;
    filter.bind(&mut statement)?;
    if let Some(keys) = keys {
        list::bind(&mut statement, ":keys", list::json_keys(keys))?;
    }
    let mut found = statement.raw_query();
    let mut hours: Vec<(i64, i64)> = Vec::new();
    while let Some(row) = found.next()? {
        hours.push((row.get(0)?, row.get(1)?));
    }
    let page = Page::cut(
        hours.into_iter().map(|(key, hour)| (Cursor { value: hour.into(), key }, (key, hour))).collect(),
        query.size,
    );
    let mut rows = rows(db, &page.rows)?;
    list::order_within_hours(&mut rows, query.descending, |visitor| visitor.last_seen_ms);
    Ok(Page { rows, next: page.next })
}

/// A visitor, and whose browser it is, merges read through.
#[derive(Debug, Clone, PartialEq)]
pub struct VisitorRecord {
    /// The browser's random id.
    pub anonymous_id: String,
    /// Our id of the user.
    pub id: Option<String>,
    /// The site's id of the user; none of a lead.
    pub user_id: Option<String>,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// Linked at, Unix milliseconds.
    pub linked_ms: Option<i64>,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Unix milliseconds.
    pub last_seen_ms: Option<i64>,
    /// What it carries.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// A page of the visitors who are a user, or of all but those of erased people, the first known first.
///
/// # Errors
/// [`StoreError`] only.
pub fn records(
    db: &Reader<'_>,
    of: Option<UserKey>,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<VisitorRecord>, StoreError> {
    let those = match of {
        Some(_) => "v.user_key IN (SELECT :user UNION ALL SELECT user_key FROM users WHERE merged_into = :user)",
        None => "(v.user_key IS NULL OR u.archived_ms IS NULL) AND :user IS NULL",
    };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT v.visitor_key, v.anonymous_id, u.id, u.user_id, u.email, v.linked_ms, v.first_seen_ms, v.last_seen_hour,
                json(v.attributes)
         FROM visitors AS v
         LEFT JOIN users AS named ON named.user_key = v.user_key
         LEFT JOIN users AS u ON u.user_key = coalesce(named.merged_into, named.user_key)
         WHERE v.visitor_key > :after AND {those} ORDER BY v.visitor_key LIMIT :limit"
    ))?;
    let after = after.map_or(0, |cursor| cursor.key);
    let parameters = named_params! { ":after": after, ":user": of.map(|user| user.0), ":limit": size as i64 + 1 };
    let rows = statement.query_map(parameters, |row| {
        let record = VisitorRecord {
            anonymous_id: row.get(1)?,
            id: row.get(2)?,
            user_id: row.get(3)?,
            email: row.get(4)?,
            linked_ms: row.get(5)?,
            first_seen_ms: row.get(6)?,
            last_seen_ms: None,
            attributes: users::json_object(row.get_ref(8)?.as_str()?),
        };
        Ok(((row.get(0)?, row.get(7)?), record))
    })?;
    let found: Vec<((i64, i64), VisitorRecord)> = rows.collect::<Result<_, _>>()?;
    let hours: Vec<(i64, i64)> = found.iter().map(|(hour, _)| *hour).collect();
    let last = activity::last_of_visitors(db, &hours)?;
    let rows = found.into_iter().map(|((key, _), record)| {
        let record = VisitorRecord { last_seen_ms: last.get(&key).copied(), ..record };
        (Cursor { value: serde_json::Value::Null, key }, record)
    });
    Ok(Page::cut(rows.collect(), size))
}

/// The condition of a search.
const BEGINS: &str = "AND anonymous_id >= :text AND anonymous_id < :beyond";

fn bind_text(statement: &mut rusqlite::Statement<'_>, text: Option<&str>) -> rusqlite::Result<()> {
    let Some(text) = text else { return Ok(()) };
    list::bind(statement, ":text", text)?;
    list::bind(statement, ":beyond", beyond(text))
}

/// Whether so few visitors' ids begin with a text that they are best sorted; the list of
/// last seen, walked in its order, soon meets one of many.
fn are_few(db: &Reader<'_>, text: &str) -> Result<bool, StoreError> {
    Ok(count_beginning(db, text, CANDIDATES_MAX as i64 + 1)? <= CANDIDATES_MAX as i64)
}

/// How many visitors' ids begin with a text, counted up to a limit.
fn count_beginning(db: &Reader<'_>, text: &str, limit: i64) -> Result<i64, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM visitors INDEXED BY visitors_anonymous_id
           WHERE anonymous_id >= :text AND anonymous_id < :beyond LIMIT :limit)",
    )?;
    let parameters = named_params! { ":text": text, ":beyond": beyond(text), ":limit": limit };
    Ok(statement.query_row(parameters, |row| row.get(0))?)
}

/// The first text that does not begin with this one, in the order of the index.
fn beyond(text: &str) -> String {
    format!("{text}{}", char::MAX)
}

/// Visitors as a list shows them, in the order of their keys here, each with the hour of the last activity.
fn rows(db: &Reader<'_>, hours: &[(i64, i64)]) -> Result<Vec<VisitorRow>, StoreError> {
    let last = activity::last_of_visitors(db, hours)?;
    let mut statement = db.0.prepare_cached(
        "SELECT visitor.anonymous_id, user.user_id, visitor.first_seen_ms, json(visitor.attributes),
                visitor.first_page_ms, visitor.first_page, visitor.visitor_key
         FROM json_each(:keys) AS asked
         CROSS JOIN visitors AS visitor ON visitor.visitor_key = asked.value
         LEFT JOIN users AS linked ON linked.user_key = visitor.user_key
         LEFT JOIN users AS user ON user.user_key = coalesce(linked.merged_into, linked.user_key)
         ORDER BY asked.key",
    )?;
    let keys = list::json_keys(hours.iter().map(|(key, _)| *key));
    let rows = statement.query_map(named_params! { ":keys": keys }, |row| {
        let key = row.get(6)?;
        Ok(VisitorRow {
            key: VisitorKey(key),
            anonymous_id: row.get(0)?,
            user_id: row.get(1)?,
            first_seen_ms: row.get(2)?,
            last_seen_ms: last.get(&key).copied(),
            attributes: users::json_object(row.get_ref(3)?.as_str()?),
            first_page: match row.get(4)? {
                Some(at_ms) => Some(FirstPage::read(at_ms, row.get_ref(5)?.as_str()?)),
                None => None,
            },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many visitors there are; with a search, whose ids begin with it.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, search: Option<&str>) -> Result<Count, StoreError> {
    if let Some(text) = search.map(str::trim).filter(|text| !text.is_empty()) {
        return Ok(Count::of(count_beginning(db, text, COUNTED_MAX)?));
    }
    let mut statement = db
        .0
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM visitors INDEXED BY visitors_last_seen LIMIT :limit)")?;
    Ok(Count::of(statement.query_row(named_params! { ":limit": COUNTED_MAX }, |row| row.get(0))?))
}

/// How many visitors a search finds that meet a filter, as of users.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_matching(
    db: &Reader<'_>,
    search: Option<&str>,
    filter: Option<&Filter>,
    extent: Extent,
    now_ms: i64,
) -> Result<Count, StoreError> {
    if filter.is_none_or(Filter::is_empty) && extent != Extent::All {
        return count(db, search);
    }
    let condition = FilterSql::of(Listed::Visitors, filter, &Moment::of(db, now_ms)?);
    let search = search.map(str::trim).filter(|text| !text.is_empty());
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT true {begins} {condition} FROM visitors INDEXED BY visitors_last_seen
         ORDER BY last_seen_hour DESC, visitor_key DESC LIMIT :rows",
        begins = if search.is_some() { BEGINS } else { "" },
        condition = condition.condition,
    ))?;
    bind_text(&mut statement, search)?;
    condition.bind(&mut statement)?;
    let rows_max = if extent == Extent::Quickly { condition.count_rows_max } else { i64::MAX };
    list::bind(&mut statement, ":rows", rows_max)?;
    list::counted(statement.raw_query(), rows_max, extent, |_| true)
}

// What the writer needs ------------------------------------------------------

/// A visitor as the rules need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownVisitor {
    /// Our row number.
    pub key: VisitorKey,
    /// Whom it is linked to, as named then, before merges (R11).
    pub linked_as: Option<UserKey>,
    /// Events from here on are the user's (R5), Unix milliseconds.
    pub linked_from_ms: Option<i64>,
    /// Its first page view, Unix milliseconds (A9).
    pub first_page_ms: Option<i64>,
}

/// The visitor of an anonymous id. Nearly every message asks: what only some need of the user whom it is
/// linked to, they ask for themselves.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(tx: &Tx<'_>, anonymous_id: &AnonymousId) -> Result<Option<KnownVisitor>, StoreError> {
    let id = anonymous_id.as_str();
    remembered::by_id(
        tx,
        |known| &mut known.visitors,
        id,
        || {
            let mut statement = tx.held(
                "SELECT visitor_key, user_key, linked_from_ms, first_page_ms FROM visitors WHERE anonymous_id = ?1",
            )?;
            let found = statement.query_row([id], |row| {
                Ok(KnownVisitor {
                    key: VisitorKey(row.get(0)?),
                    linked_as: row.get::<_, Option<i64>>(1)?.map(UserKey),
                    linked_from_ms: row.get(2)?,
                    first_page_ms: row.get(3)?,
                })
            });
            Ok(found.optional()?)
        },
    )
}

/// What is remembered of a visitor is so no more.
pub(super) fn changed(tx: &Tx<'_>, anonymous_id: &str) {
    tx.state.known.borrow_mut().visitors.forget(anonymous_id);
}

/// Makes a visitor of its anonymous id. `at_ms` is the time of the message that names it.
///
/// # Errors
/// [`StoreError`] only.
pub fn create(tx: &Tx<'_>, anonymous_id: &AnonymousId, at_ms: i64) -> Result<VisitorKey, StoreError> {
    tx.connection
        .prepare_cached("INSERT INTO visitors (anonymous_id, attributes, first_seen_ms) VALUES (?1, jsonb('{}'), ?2)")?
        .execute(params![anonymous_id.as_str(), at_ms])?;
    Ok(VisitorKey(tx.connection.last_insert_rowid()))
}

/// Links a visitor to a user, once (R2): events from `from_ms` on are the user's. The link
/// takes its place in the order of arrival, where the folds meet it. Answers when the visitor
/// was first seen, Unix milliseconds.
///
/// # Errors
/// [`StoreError`] only.
pub fn link(tx: &mut Tx<'_>, visitor: VisitorKey, user: UserKey, at_ms: i64, from_ms: i64) -> Result<i64, StoreError> {
    let seq = arrivals::append(tx, What::Link(visitor));
    let mut statement = tx.connection.prepare_cached(
        "UPDATE visitors SET user_key = ?2, linked_ms = ?3, linked_from_ms = ?4, linked_seq = ?5
         WHERE visitor_key = ?1 RETURNING first_seen_ms, anonymous_id",
    )?;
    let of_row = params![visitor.0, user.0, at_ms, from_ms, seq];
    let (first_seen_ms, id): (i64, String) = statement.query_row(of_row, |row| Ok((row.get(0)?, row.get(1)?)))?;
    changed(tx, &id);
    Ok(first_seen_ms)
}

/// A visitor is linked to nobody any more.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn set_apart(tx: &Tx<'_>, visitor: VisitorKey) -> Result<(), StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "UPDATE visitors SET user_key = NULL, linked_ms = NULL, linked_from_ms = NULL, linked_seq = NULL
         WHERE visitor_key = ?1 RETURNING anonymous_id",
    )?;
    if let Some(id) = statement.query_row([visitor.0], |row| row.get::<_, String>(0)).optional()? {
        changed(tx, &id);
    }
    Ok(())
}

/// Takes a visitor out of whom nothing is known, and whom no event names; whether it was so.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn forget_unknown(tx: &Tx<'_>, visitor: VisitorKey) -> Result<bool, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "DELETE FROM visitors WHERE visitor_key = ?1 AND user_key IS NULL AND stamps = '{}'
           AND NOT EXISTS (SELECT 1 FROM membership_statements WHERE subject = -?1)
           AND NOT EXISTS (SELECT 1 FROM tray_values WHERE owner = 0 AND owner_key = -?1)
         RETURNING anonymous_id",
    )?;
    let gone = statement.query_row([visitor.0], |row| row.get::<_, String>(0)).optional()?;
    if let Some(id) = &gone {
        changed(tx, id);
    }
    Ok(gone.is_some())
}

/// How many of a user's newest browsers, at most so many, were linked within the hour before an instant
/// (Unix milliseconds), or after it.
///
/// # Errors
/// [`StoreError`] only.
pub fn linked_within_the_hour(tx: &Tx<'_>, user: UserKey, at_ms: i64, limit: i64) -> Result<i64, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT count(*) FROM
           (SELECT linked_ms FROM visitors WHERE user_key = ?1 ORDER BY visitor_key DESC LIMIT ?2)
         WHERE linked_ms > ?3",
    )?;
    Ok(statement.query_row([user.0, limit, at_ms - HOUR_MS], |row| row.get(0))?)
}

/// What a visitor carries.
///
/// # Errors
/// [`StoreError`] only.
pub fn attributes(tx: &Tx<'_>, visitor: VisitorKey) -> Result<Attributes, StoreError> {
    Ok(tx
        .connection
        .prepare_cached("SELECT json(attributes), stamps FROM visitors WHERE visitor_key = ?1")?
        .query_row([visitor.0], |row| Ok(Attributes::read(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?)))?)
}

/// Writes what a visitor carries.
///
/// # Errors
/// [`StoreError`] only.
pub fn save(tx: &Tx<'_>, visitor: VisitorKey, attributes: &Attributes) -> Result<(), StoreError> {
    let (values, stamps) = attributes.columns();
    tx.connection
        .prepare_cached("UPDATE visitors SET attributes = jsonb(?2), stamps = ?3 WHERE visitor_key = ?1")?
        .execute(params![visitor.0, values, stamps])?;
    Ok(())
}

/// Whom a visitor is linked to, as named then, before merges (R11).
///
/// # Errors
/// [`StoreError`] only.
pub fn linked_as(tx: &Tx<'_>, visitor: VisitorKey) -> Result<Option<UserKey>, StoreError> {
    let mut statement = tx.connection.prepare_cached("SELECT user_key FROM visitors WHERE visitor_key = ?1")?;
    let found = statement.query_row([visitor.0], |row| row.get::<_, Option<i64>>(0)).optional()?;
    Ok(found.flatten().map(UserKey))
}

/// Whom a visitor is linked to.
///
/// # Errors
/// [`StoreError`] only.
pub fn linked_user(tx: &Tx<'_>, visitor: VisitorKey) -> Result<Option<UserKey>, StoreError> {
    let found = tx
        .connection
        .prepare_cached(
            "SELECT coalesce(u.merged_into, u.user_key) FROM visitors v JOIN users u ON u.user_key = v.user_key
             WHERE v.visitor_key = ?1",
        )?
        .query_row([visitor.0], |row| row.get(0).map(UserKey))
        .optional()?;
    Ok(found)
}

/// Notes that a message of this time named a visitor: its first may be an earlier one.
///
/// # Errors
/// [`StoreError`] only.
pub fn named_at(tx: &Tx<'_>, visitor: VisitorKey, at_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE visitors SET first_seen_ms = ?2 WHERE visitor_key = ?1 AND first_seen_ms > ?2")?
        .execute([visitor.0, at_ms])?;
    Ok(())
}

/// Linked visitors whose attributes are looked at; further ones carry nothing.
const CARRYING_MAX: i64 = 100;

/// What the visitors linked to a user carry, those that carry anything, at most 100.
///
/// # Errors
/// [`StoreError`] only.
pub fn carried_by(tx: &Tx<'_>, user: UserKey) -> Result<Vec<Attributes>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT json(attributes), stamps FROM visitors WHERE user_key = ?1 AND stamps <> '{}' ORDER BY visitor_key LIMIT ?2",
    )?;
    let rows = statement.query_map([user.0, CARRYING_MAX], |row| {
        Ok(Attributes::read(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many visitors [`forget_unlinked`] would take out.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_unlinked(db: &Reader<'_>, before_ms: i64) -> Result<Count, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (
           SELECT 1 FROM visitors INDEXED BY visitors_last_seen
           WHERE last_seen_hour < :hour AND user_key IS NULL AND first_seen_ms < :before LIMIT :limit)",
    )?;
    let parameters =
        named_params! { ":hour": before_ms.div_euclid(HOUR_MS), ":before": before_ms, ":limit": COUNTED_MAX };
    Ok(Count::of(statement.query_row(parameters, |row| row.get(0))?))
}

/// Takes out visitors who are linked to nobody and were last seen before an instant (Unix
/// milliseconds), with their events and what waited on them; at most so many. Whether there may be
/// more. Nothing derived counts them: folds count known people.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_unlinked(tx: &mut Tx<'_>, before_ms: i64, rows: i64) -> Result<bool, StoreError> {
    // An event that waits to be folded is not found under its visitor yet.
    folds::catch_up(tx)?;
    let visitors = tx
        .connection
        .prepare_cached(
            "SELECT visitor_key, first_seen_ms FROM visitors
             WHERE last_seen_hour < ?1 AND user_key IS NULL AND first_seen_ms < ?2
             ORDER BY last_seen_hour LIMIT ?3",
        )?
        .query_map([before_ms.div_euclid(HOUR_MS), before_ms, rows], |row| {
            let first_ms: i64 = row.get(1)?;
            Ok((VisitorKey(row.get(0)?), EventId::first_at(first_ms.max(EPOCH_MS)).bucket()))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let first = visitors.iter().map(|(_, bucket)| *bucket).min().unwrap_or(i64::MAX);
    let buckets = folds::buckets(&tx.reader())?;
    for bucket in first.max(*buckets.start())..=*buckets.end() {
        let mut gone = Vec::new();
        // Nothing of a visitor is older than when it was first seen.
        for (visitor, _) in visitors.iter().filter(|(_, begins)| *begins <= bucket) {
            gone.extend(folds::of_subject(tx, bucket, -visitor.0, i64::MIN)?);
        }
        folds::withdraw(tx, &gone, folds::Gone::Everybody)?;
    }
    for (VisitorKey(visitor), _) in &visitors {
        for sql in [
            "DELETE FROM membership_statements WHERE subject = ?1",
            "DELETE FROM tray_values WHERE owner = 0 AND owner_key = ?1",
            "DELETE FROM visitors WHERE visitor_key = -?1",
        ] {
            tx.connection.prepare_cached(sql)?.execute([-visitor])?;
        }
    }
    remembered::forget_ids(tx);
    Ok(visitors.len() as i64 == rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Kind;
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    #[test]
    fn visitors_are_paged_by_last_activity_and_found_by_what_their_ids_begin_with() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(9));
        for number in 0..20 {
            let visitor =
                sample.visitor(&format!("v{number}"), days_ago(9), (number == 7).then_some((ann, days_ago(30))));
            if number > 5 {
                sample.event(NOW - number, Kind::Page, "", Named { visitor: Some(visitor), ..Named::default() });
            }
        }
        let mut query =
            ListQuery { search: None, filter: None, sort: SortBy::LastSeen, descending: true, after: None, size: 6 };
        let mut rows = Vec::new();
        loop {
            let page = list(&sample.db(), &query, NOW).unwrap();
            rows.extend(page.rows);
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(rows.len(), 20);
        let linked = rows.iter().find(|row| row.anonymous_id == "v7").unwrap();
        assert_eq!((linked.user_id.as_deref(), linked.last_seen_ms), (Some("ann"), Some(NOW - 7)));
        assert!(rows[14..].iter().all(|row| row.last_seen_ms.is_none()));
        assert_eq!(count(&sample.db(), None).unwrap(), Count::Exactly(20));

        query.search = Some("v1".to_owned());
        query.size = 50;
        assert_eq!(count(&sample.db(), Some("v1")).unwrap(), Count::Exactly(11));
        assert_eq!(list(&sample.db(), &query, NOW).unwrap().rows.len(), 11);
    }
}
