//! What a source was seen doing: the evidence of the installation page.

use rusqlite::{OptionalExtension, named_params};

use super::events::HASH_BITS;
use super::{Reader, StoreError, Tx};
use crate::domain::codes::requests::RequestCode;
use crate::domain::findings::Finding;
use crate::domain::ids::{EventId, SourceKey};
use crate::domain::time::{EPOCH_MS, SECOND_MS};

/// A sight is noted anew when the one before is as old as this.
const BETWEEN_NOTES_MS: i64 = 5 * SECOND_MS;
/// Hosts of a source that are remembered, those seen last.
const HOSTS_MAX: usize = 100;
/// Of all events since an instant so many are looked at, the newest.
const EVENTS_LOOKED_AT_MAX: usize = 10_000;

/// What a page with a wrong key, or none, is answered with.
const KEYLESS: [&str; 2] =
    [RequestCode::WriteKeyUnknown.explained().code, RequestCode::WriteKeyMissing.explained().code];

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sight {
    /// The script was fetched by a page of a host.
    Script,
    /// A post was answered 200.
    Post,
}

/// What the installation page knows of a source since an instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The script was fetched: when (Unix milliseconds) and by a page of which host.
    pub script: Option<(i64, String)>,
    /// Something was posted and taken: when.
    pub posted_ms: Option<i64>,
    /// What was refused of the source since, the latest first.
    pub refused: Vec<Refused>,
    /// Events since, of visitors or users, among the newest 10,000 of all sources.
    pub events: u64,
    /// The last of those, or of messages that say who someone is, was received: when.
    pub stored_ms: Option<i64>,
    /// The last user seen since with no company: id or e-mail.
    pub user_without_company: Option<String>,
    /// The last user and company stored since: user (id, name), company (id, name), when.
    pub complete: Option<Complete>,
    /// The last value since that holds a template tag which was not rendered: of what, and the tag.
    pub unrendered: Option<String>,
}

/// A code that messages of a source were refused with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The contract's text.
    pub code: String,
    /// How often, of all time.
    pub count: u64,
    /// When last, Unix milliseconds.
    pub last_ms: i64,
}

/// A user and the company it was just stored with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complete {
    /// The user's id.
    pub user_id: String,
    /// The user's name or e-mail.
    pub user_name: Option<String>,
    /// The company's id.
    pub company_id: String,
    /// The company's name.
    pub company_name: Option<String>,
    /// When, Unix milliseconds.
    pub at_ms: i64,
}

impl Sight {
    /// The word for it in a row.
    fn as_str(self) -> &'static str {
        match self {
            Sight::Script => "script",
            Sight::Post => "post",
        }
    }
}

/// Notes a sight of a source, at most every five seconds for each host: a check that was just
/// started must see what follows it.
///
/// # Errors
/// [`StoreError`] only.
pub fn note(tx: &mut Tx<'_>, source: SourceKey, sight: Sight, host: &str) -> Result<(), StoreError> {
    let noted = tx
        .connection
        .prepare_cached(
            "INSERT INTO source_sightings (source_key, what, host, at_ms) VALUES (:source, :what, :host, :now)
             ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms WHERE excluded.at_ms >= at_ms + :between",
        )?
        .execute(named_params! {
            ":source": source.0,
            ":what": sight.as_str(),
            ":host": host,
            ":now": tx.now_ms,
            ":between": BETWEEN_NOTES_MS,
        })?;
    if noted == 0 {
        return Ok(());
    }
    // Hosts come from outside and may be made up.
    tx.connection
        .prepare_cached(
            "DELETE FROM source_sightings WHERE source_key = :source AND what = :what AND host IN (
               SELECT host FROM source_sightings WHERE source_key = :source AND what = :what
               ORDER BY at_ms DESC LIMIT -1 OFFSET :hosts)",
        )?
        .execute(named_params! { ":source": source.0, ":what": sight.as_str(), ":hosts": HOSTS_MAX as i64 })?;
    Ok(())
}

/// The evidence of a source since an instant (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub fn evidence(db: &Reader<'_>, source: SourceKey, since_ms: i64) -> Result<Evidence, StoreError> {
    let (events, stored_ms) = events(db, source, since_ms)?;
    let Seen { script, posted_ms, unrendered } = seen(db, source, since_ms)?;
    let mut refused = refused(db, source, since_ms)?;
    if stored_ms.is_none() {
        // Whose page has a wrong key nobody can tell; a source from which nothing came may be meant.
        let of_nobody = self::refused(db, SourceKey(0), since_ms)?;
        refused.extend(of_nobody.into_iter().filter(|refused| KEYLESS.contains(&refused.code.as_str())));
    }
    Ok(Evidence {
        script,
        posted_ms,
        refused,
        events,
        stored_ms,
        user_without_company: user_without_company(db, source, since_ms)?,
        complete: complete(db, source, since_ms)?,
        unrendered,
    })
}

/// When a source last posted something that was taken, ever.
///
/// # Errors
/// [`StoreError`] only.
pub fn posted(db: &Reader<'_>, source: SourceKey) -> Result<Option<i64>, StoreError> {
    Ok(seen(db, source, 0)?.posted_ms)
}

/// What [`Evidence`] says by these names.
struct Seen {
    script: Option<(i64, String)>,
    posted_ms: Option<i64>,
    unrendered: Option<String>,
}

/// When the script of a source was last fetched and by a page of which host, when it last posted, and what it posted
/// unrendered.
fn seen(db: &Reader<'_>, source: SourceKey, since_ms: i64) -> Result<Seen, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT script.at_ms, script.host, posted.at_ms, (
           SELECT example FROM findings
           WHERE code = :unrendered AND source_key = :source AND user_key = 0 AND last_seen_ms >= :since)
         FROM (SELECT 1)
         LEFT JOIN (SELECT at_ms, host FROM source_sightings
           WHERE source_key = :source AND what = :script AND at_ms >= :since ORDER BY at_ms DESC LIMIT 1) AS script
         LEFT JOIN (SELECT at_ms FROM source_sightings
           WHERE source_key = :source AND what = :post AND at_ms >= :since ORDER BY at_ms DESC LIMIT 1) AS posted",
    )?;
    let parameters = named_params! {
        ":source": source.0,
        ":script": Sight::Script.as_str(),
        ":post": Sight::Post.as_str(),
        ":since": since_ms,
        ":unrendered": Finding::TemplateNotRendered.as_str(),
    };
    let seen = statement.query_row(parameters, |row| {
        let script: (Option<i64>, Option<String>) = (row.get(0)?, row.get(1)?);
        Ok(Seen { script: script.0.zip(script.1), posted_ms: row.get(2)?, unrendered: row.get(3)? })
    })?;
    Ok(seen)
}

fn refused(db: &Reader<'_>, source: SourceKey, since_ms: i64) -> Result<Vec<Refused>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT code, sum(count), max(last_seen_ms) FROM refusals WHERE source_key = :source AND last_seen_ms >= :since
         GROUP BY code ORDER BY max(last_seen_ms) DESC",
    )?;
    let rows = statement.query_map(named_params! { ":source": source.0, ":since": since_ms }, |row| {
        Ok(Refused { code: row.get(0)?, count: row.get::<_, i64>(1)?.unsigned_abs(), last_ms: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Page views, screens and deeds of a source, and when the last message of any kind was received.
fn events(db: &Reader<'_>, source: SourceKey, since_ms: i64) -> Result<(u64, Option<i64>), StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FILTER (WHERE kind IN (0, 1, 2)), max((event_id >> :bits) + received_after_ms) FROM (
           SELECT event_id, source_key, kind, received_after_ms FROM events
           WHERE event_id >= :since ORDER BY event_id DESC LIMIT :limit)
         WHERE source_key = :source",
    )?;
    let (events, stored_ms): (i64, Option<i64>) = statement.query_row(
        named_params! {
            ":source": source.0,
            ":since": EventId::first_at(since_ms).0,
            ":limit": EVENTS_LOOKED_AT_MAX as i64,
            ":bits": HASH_BITS,
        },
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok((events.unsigned_abs(), stored_ms.map(|since_epoch_ms| since_epoch_ms + EPOCH_MS)))
}

/// The last user whom the source named and who is in no company: the site's id, else the e-mail address.
fn user_without_company(db: &Reader<'_>, source: SourceKey, since_ms: i64) -> Result<Option<String>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT coalesce(user.user_id, user.email, user.id) FROM (
           SELECT event_id, source_key, user_key FROM events
           WHERE event_id >= :since ORDER BY event_id DESC LIMIT :limit) AS event
         CROSS JOIN users AS user ON user.user_key = event.user_key
         WHERE event.source_key = :source AND user.companies = 0
         ORDER BY event.event_id DESC LIMIT 1",
    )?;
    let parameters = named_params! {
        ":source": source.0,
        ":since": EventId::first_at(since_ms).0,
        ":limit": EVENTS_LOOKED_AT_MAX as i64,
    };
    Ok(statement.query_row(parameters, |row| row.get(0)).optional()?)
}

/// The last user whom the source named in a company: one that the event states, or one that
/// was stated since. A page that says nothing new of either still proves both by its event.
fn complete(db: &Reader<'_>, source: SourceKey, since_ms: i64) -> Result<Option<Complete>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT event.event_id, coalesce(user.user_id, user.email, user.id), coalesce(user.name, user.email),
                company.company_id, company.name
         FROM (SELECT event_id, source_key, user_key, company_key FROM events
               WHERE event_id >= :since ORDER BY event_id DESC LIMIT :limit) AS event
         CROSS JOIN users AS named ON named.user_key = event.user_key
         CROSS JOIN users AS user ON user.user_key = coalesce(named.merged_into, named.user_key)
         LEFT JOIN companies AS stated ON stated.company_key = event.company_key
         CROSS JOIN memberships AS membership
           ON membership.user_key = user.user_key
          AND membership.company_key =
            coalesce(stated.merged_into, stated.company_key, user.current_company_key)
         CROSS JOIN companies AS company ON company.company_key = membership.company_key
         WHERE event.source_key = :source AND membership.open
           AND (event.company_key IS NOT NULL OR membership.stated_ms >= :since_ms)
         ORDER BY event.event_id DESC LIMIT 1",
    )?;
    let parameters = named_params! {
        ":source": source.0,
        ":since": EventId::first_at(since_ms).0,
        ":since_ms": since_ms,
        ":limit": EVENTS_LOOKED_AT_MAX as i64,
    };
    let found = statement
        .query_row(parameters, |row| {
            Ok(Complete {
                at_ms: EventId(row.get(0)?).at_ms(),
                user_id: row.get(1)?,
                user_name: row.get(2)?,
                company_id: row.get(3)?,
                company_name: row.get(4)?,
            })
        })
        .optional()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::domain::message::Kind;
    use crate::store::sample::{NOW, Named, Sample, days_ago};
    use crate::store::{Ambient, Store};

    #[test]
    fn evidence_grows_step_by_step_and_what_was_before_proves_nothing() {
        let sample = Sample::new();
        let source = SourceKey(1);
        let since = NOW - 60_000;
        let ann = sample.user(Some("ann"), Some("Ann"), None, days_ago(9));
        let acme = sample.company("acme", Some("Acme"), "{}", days_ago(9));
        let laptop = sample.visitor("laptop", days_ago(9), None);
        sample.event(since - 1_000, Kind::Page, "", Named { user: Some(ann), visitor: Some(laptop), company: None });
        let evidence = || evidence(&sample.db(), source, since).unwrap();
        assert_eq!(evidence(), Evidence::default());

        // A page with a wrong key may be this source's, as long as nothing of it came.
        sample.run(&format!(
            "INSERT INTO refusals (source_key, code, attribute, count, first_seen_ms, last_seen_ms)
             VALUES (0, 'write_key_unknown', '', 2, {since}, {since}), (0, 'invalid_json', '', 2, {since}, {since})"
        ));
        let codes = |evidence: Evidence| evidence.refused.into_iter().map(|one| one.code).collect::<Vec<_>>();
        assert_eq!(codes(evidence()), ["write_key_unknown"]);

        sample.event(since + 1_000, Kind::Page, "", Named { visitor: Some(laptop), ..Named::default() });
        assert_eq!((evidence().events, evidence().user_without_company), (1, None));
        assert_eq!(evidence().stored_ms, Some(since + 1_005));
        assert_eq!(codes(evidence()), [""; 0]);
        sample.event(
            since + 2_000,
            Kind::Identify,
            "",
            Named { user: Some(ann), visitor: Some(laptop), company: None },
        );
        assert_eq!((evidence().events, evidence().user_without_company.as_deref()), (1, Some("ann")));
        assert_eq!(evidence().complete, None);

        sample.member(ann, acme, since + 3_000, None);
        let complete = evidence().complete.unwrap();
        assert_eq!((complete.user_id.as_str(), complete.company_id.as_str()), ("ann", "acme"));
        assert_eq!((complete.user_name.as_deref(), complete.company_name.as_deref()), (Some("Ann"), Some("Acme")));
        assert_eq!((complete.at_ms, evidence().user_without_company), (since + 2_000, None));

        sample.run("UPDATE memberships SET stated_ms = 1");
        assert_eq!(evidence().complete, None, "who and which company were known before");
        let named = Named { user: Some(ann), company: Some(acme), visitor: None };
        sample.event(since + 4_000, Kind::Page, "", named);
        assert_eq!(evidence().complete.unwrap().at_ms, since + 4_000, "but a page view that states both proves both");
    }

    #[test]
    fn a_sight_is_noted_anew_after_five_seconds_and_hosts_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(NOW));
        let hand = Arc::clone(&clock);
        let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::SeqCst)), ..Ambient::default() };
        let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
        let source = SourceKey(1);
        let sees = |host: String| store.write_now(move |tx| note(tx, source, Sight::Script, &host)).unwrap();
        let seen = |since| store.read_now(move |db| evidence(db, source, since)).unwrap().script;
        sees("shop.test".into());
        clock.fetch_add(4_999, Ordering::SeqCst);
        sees("shop.test".into());
        assert_eq!(seen(NOW + 1), None);
        clock.fetch_add(1, Ordering::SeqCst);
        sees("shop.test".into());
        assert_eq!(seen(NOW + 1), Some((NOW + 5_000, "shop.test".into())));
        for number in 0..120 {
            clock.fetch_add(1, Ordering::SeqCst);
            sees(format!("host{number}.test"));
        }
        let connection = rusqlite::Connection::open(store.path()).unwrap();
        let hosts: i64 = connection.query_row("SELECT count(*) FROM source_sightings", [], |row| row.get(0)).unwrap();
        assert_eq!(hosts, 100);
        assert_eq!(seen(NOW).unwrap().1, "host119.test");
        store.close();
    }
}
