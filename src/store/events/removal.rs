//! Events that go, or that become nobody's: of browsers whom nobody turned out to be, and of a
//! person who is erased (R13). What is derived stays equal to a recount.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use rusqlite::params;

use crate::domain::ids::{CompanyKey, UserKey, VisitorKey};
use crate::domain::message::Kind;
use crate::store::{StoreError, Tx, contexts, folds, merges};

/// What is left of an event whose subject goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    /// What was done, when, in which company and by what kind of browser; for what says who someone is: nothing.
    Deed,
}

/// Deletes the events of a user, of the records merged into it and of their browsers, and what
/// the folds say of them. Answers how many.
///
/// # Errors
/// [`StoreError`] only.
pub fn delete(tx: &mut Tx<'_>, user: UserKey) -> Result<u64, StoreError> {
    take_from_person(tx, user, Left::Nothing)
}

/// As [`delete`], but what was done stays as done by nobody: without user, browser, session, page and
/// properties. It counts for no day and no company any more, as what nobody did. Answers how many events
/// were dealt with.
///
/// # Errors
/// [`StoreError`] only.
pub fn anonymize(tx: &mut Tx<'_>, user: UserKey) -> Result<u64, StoreError> {
    take_from_person(tx, user, Left::Deed)
}

/// Deletes the events of browsers that are linked to nobody: no fold counts them for a person.
pub(in crate::store) fn delete_of_visitors(tx: &mut Tx<'_>, visitors: &[VisitorKey]) -> Result<u64, StoreError> {
    // An event that waits to be folded is not found under its visitor yet.
    folds::catch_up(tx)?;
    let subjects: Vec<i64> = visitors.iter().map(|visitor| -visitor.0).collect();
    take(tx, &subjects, Left::Nothing)
}

fn take_from_person(tx: &mut Tx<'_>, user: UserKey, left: Left) -> Result<u64, StoreError> {
    folds::catch_up(tx)?;
    let person = tx.catalog().survivor(user);
    let sums = merges::sums_of(tx, person)?;
    sums.take_out(tx)?;
    let mut subjects = Vec::new();
    for named in merges::group(tx, person)? {
        subjects.push(named.0);
        let mut browsers = tx.connection.prepare_cached("SELECT -visitor_key FROM visitors WHERE user_key = ?1")?;
        for browser in browsers.query_map([named.0], |row| row.get(0))? {
            subjects.push(browser?);
        }
        for sql in [
            "UPDATE users SET last_seen_hour = 0 WHERE user_key = ?1",
            "UPDATE memberships SET last_seen_hour = 0 WHERE user_key = ?1",
            "UPDATE visitors SET last_seen_hour = 0 WHERE user_key = ?1",
        ] {
            tx.connection.prepare_cached(sql)?.execute([named.0])?;
        }
    }
    let events = take(tx, &subjects, left)?;
    let today = tx.state.days.of(tx.now_ms);
    let companies: BTreeSet<i64> = sums.companies_of_people().collect();
    for company in companies {
        folds::count_active_members(tx, CompanyKey(company), today)?;
        tx.connection
            .prepare_cached(
                "UPDATE companies SET last_seen_hour =
                   (SELECT coalesce(max(last_hour), 0) FROM company_people WHERE company_key = ?1)
                 WHERE company_key = ?1",
            )?
            .execute([company])?;
    }
    Ok(events)
}

/// Takes subjects from the journal, with the places of their events.
fn take(tx: &mut Tx<'_>, subjects: &[i64], left: Left) -> Result<u64, StoreError> {
    let mut taken = Taken::default();
    for bucket in buckets(tx)? {
        for subject in subjects {
            taken.of_subject(tx, bucket, *subject, left)?;
        }
    }
    contexts::let_go(tx, &taken.contexts)?;
    Ok(taken.events)
}

/// The buckets that hold events of subjects.
fn buckets(tx: &Tx<'_>) -> Result<RangeInclusive<i64>, StoreError> {
    Ok(tx
        .connection
        .prepare_cached("SELECT coalesce(min(bucket), 0), coalesce(max(bucket), -1) FROM events_by_subject")?
        .query_row([], |row| Ok(row.get::<_, i64>(0)?..=row.get::<_, i64>(1)?))?)
}

/// What was taken: events, and how many of them named each context.
#[derive(Default)]
struct Taken {
    events: u64,
    contexts: BTreeMap<i64, i64>,
}

/// What there is to take of one event.
struct Known {
    event_id: i64,
    kind: Kind,
    company: Option<i64>,
    page: Option<i64>,
    agent: Option<i64>,
}

impl Taken {
    fn of_subject(&mut self, tx: &Tx<'_>, bucket: i64, subject: i64, left: Left) -> Result<(), StoreError> {
        let events = tx
            .connection
            .prepare_cached(
                "SELECT e.event_id, e.kind, e.company_key, e.page_key, e.agent_key
                 FROM events_by_subject s JOIN events e ON e.event_id = s.event_id
                 WHERE s.bucket = ?1 AND s.subject = ?2",
            )?
            .query_map([bucket, subject], |row| {
                let kind = Kind::from_number(row.get(1)?);
                Ok(Known { event_id: row.get(0)?, kind, company: row.get(2)?, page: row.get(3)?, agent: row.get(4)? })
            })?
            .collect::<Result<Vec<_>, _>>()?;
        for event in &events {
            if left == Left::Deed && event.kind.is_activity() {
                self.unname(tx, event)?;
            } else {
                self.delete(tx, bucket, event)?;
            }
        }
        tx.connection
            .prepare_cached("DELETE FROM events_by_subject WHERE bucket = ?1 AND subject = ?2")?
            .execute([bucket, subject])?;
        self.events += events.len() as u64;
        Ok(())
    }

    fn delete(&mut self, tx: &Tx<'_>, bucket: i64, event: &Known) -> Result<(), StoreError> {
        self.let_go(event.page);
        self.let_go(event.agent);
        tx.connection.prepare_cached("DELETE FROM events WHERE event_id = ?1")?.execute([event.event_id])?;
        if let Some(company) = event.company {
            tx.connection
                .prepare_cached(
                    "DELETE FROM events_by_company WHERE bucket = ?1 AND company_key = ?2 AND event_id = ?3",
                )?
                .execute(params![bucket, company, event.event_id])?;
        }
        Ok(())
    }

    fn unname(&mut self, tx: &Tx<'_>, event: &Known) -> Result<(), StoreError> {
        self.let_go(event.page);
        tx.connection
            .prepare_cached(
                "UPDATE events SET visitor_key = NULL, user_key = NULL, session_before_ms = NULL, name = NULL,
                   page_key = NULL, properties = NULL
                 WHERE event_id = ?1",
            )?
            .execute([event.event_id])?;
        Ok(())
    }

    fn let_go(&mut self, context: Option<i64>) {
        if let Some(context) = context {
            *self.contexts.entry(context).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AnonymousId, CompanyId, SourceKey, UserId};
    use crate::domain::message::Context;
    use crate::store::events::{EventRow, NewEvent, Of, append, list};
    use crate::store::{Store, companies, recount, users, visitors};

    const NOW: i64 = 1_800_000_000_000;

    /// Ann and Bob in one company, each with a browser that was there before it was known whose it is.
    struct People {
        store: Store,
        ann: UserKey,
        _folder: tempfile::TempDir,
    }

    fn event(tx: &mut Tx<'_>, number: i64, kind: Kind, of: (Option<UserKey>, VisitorKey), company: CompanyKey) {
        let page = format!(r#"{{"page":{{"url":"https://app.test/{}"}}}}"#, of.1.0);
        let context = Context { page: Some(page), agent: Some(r#"{"browser":"Firefox"}"#.to_owned()) };
        let event = NewEvent {
            at_ms: NOW - number * 1_000,
            message_hash: number,
            received_ms: NOW,
            kind,
            name: "Opened",
            source: SourceKey(1),
            visitor: Some(of.1),
            user: of.0,
            company: Some(company),
            session_ms: Some(NOW - 60_000),
            flags: 0,
            properties: Some(r#"{"whose":"mine"}"#),
            context: &context,
        };
        append(tx, &event).unwrap();
    }

    fn people() -> People {
        let folder = tempfile::tempdir().unwrap();
        let ambient = crate::store::Ambient { now_ms: std::sync::Arc::new(|| NOW), ..Default::default() };
        let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
        let ann = store.write_now(|tx| {
            let acme = companies::create(tx, &CompanyId::parse("acme").unwrap().unwrap(), NOW - 90_000)?;
            let mut keys = Vec::new();
            for (number, name) in ["ann", "bob"].into_iter().enumerate() {
                let number = 10 * (1 + number as i64);
                let user = users::create(tx, UserId::parse(name).unwrap().as_ref(), NOW - 90_000)?;
                let browser = visitors::create(tx, &AnonymousId::parse(name).unwrap().unwrap(), NOW - 90_000)?;
                event(tx, number, Kind::Page, (None, browser), acme);
                visitors::link(tx, browser, user, NOW, NOW - 80_000)?;
                event(tx, number + 1, Kind::Identify, (Some(user), browser), acme);
                event(tx, number + 2, Kind::Track, (Some(user), browser), acme);
                keys.push(user);
            }
            Ok::<_, StoreError>(keys[0])
        });
        People { store, ann: ann.unwrap(), _folder: folder }
    }

    impl People {
        fn events(&self) -> Vec<EventRow> {
            self.store.read_now(|db| Ok(list(db, Of::All, None, 50)?.rows)).unwrap()
        }

        fn contexts(&self) -> i64 {
            self.store
                .read_now(|db| Ok(db.0.query_row("SELECT count(*) FROM contexts", [], |row| row.get(0))?))
                .unwrap()
        }

        fn differences(&self) -> Vec<String> {
            self.store.read_now(recount::differences).unwrap()
        }
    }

    #[test]
    fn r13_a_person_s_events_go_with_all_that_was_derived_from_them() {
        let people = people();
        assert_eq!((people.events().len(), people.contexts()), (6, 3), "the browser stands once, each page once");
        let ann = people.ann;
        assert_eq!(people.store.write_now(move |tx| delete(tx, ann)).unwrap(), 3);
        let left = people.events();
        assert_eq!(left.iter().filter(|event| event.user_id.as_deref() == Some("bob")).count(), 3);
        assert_eq!((left.len(), people.contexts()), (3, 2), "her page went with her");
        assert_eq!(people.differences(), Vec::<String>::new());
    }

    #[test]
    fn r13_what_a_person_did_can_stay_as_done_by_nobody() {
        let people = people();
        let ann = people.ann;
        assert_eq!(people.store.write_now(move |tx| anonymize(tx, ann)).unwrap(), 3);
        let left = people.events();
        let nobodys: Vec<_> = left.iter().filter(|event| event.user_uuid.is_none()).collect();
        assert_eq!((left.len(), nobodys.len()), (5, 2), "who she said she is went");
        for event in nobodys {
            assert_eq!((event.anonymous_id.as_deref(), event.company_id.as_deref()), (None, Some("acme")));
            assert!(event.properties.is_empty());
            assert_eq!(serde_json::json!(event.context), serde_json::json!({"browser": "Firefox"}));
        }
        assert_eq!((people.contexts(), people.differences()), (2, Vec::new()));
    }
}
