//! Takes out what is kept for a time alone: message ids (R15), the order of arrival, examples of refusals,
//! findings, deliveries to webhooks, sign-ins and links that have expired, visitors whom nobody turned out to be, and events beyond the retention; and
//! ends erasures (R13) that were begun.

use std::time::Duration;

use crate::actions::erase;
use crate::domain::limits::{ARRIVAL_DAYS, DELIVERY_DAYS, EXAMPLE_DAYS, SEEN_DAYS};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, kept_from};
use crate::store::{
    Store, StoreError, Tx, arrivals, erasure, events, findings, operators, outbox, refusals, repeats, visitors,
};

/// Rows that one chunk takes out: the writer is held for so long, then others pass.
const CHUNK_ROWS: i64 = 500;
/// Events that one chunk takes out, or those of one hour where they are more.
const CHUNK_EVENTS: i64 = 2_000;

/// After the start it is first looked at this soon: a server that is started anew each half hour forgets too.
const FIRST_MS: i64 = 5 * MINUTE_MS;

/// Runs for ever, once an hour, from a while after the start on.
pub async fn run(store: Store) {
    let mut wait_ms = FIRST_MS;
    loop {
        tokio::time::sleep(Duration::from_millis(wait_ms.unsigned_abs())).await;
        wait_ms = HOUR_MS;
        if let Err(error) = clear(&store).await {
            tracing::error!(%error, "What has expired was not taken out; the next try is in an hour.");
        }
    }
}

/// Takes out all that has expired by now, in chunks. One step that fails keeps no other from being taken.
///
/// # Errors
/// [`StoreError`] only, the first; what was taken out by then stays out.
pub async fn clear(store: &Store) -> Result<(), StoreError> {
    let steps = [
        clear_order(store).await,
        clear_visitors(store).await,
        clear_events(store).await,
        clear_deliveries(store).await,
        erase::finish(store, &[]).await,
        clear_search(store).await,
        clear_small(store).await,
    ];
    steps.into_iter().collect()
}

async fn clear_order(store: &Store) -> Result<(), StoreError> {
    while store.write_bulk(|tx| events::forget_seen(tx, tx.now_ms - SEEN_DAYS * DAY_MS, CHUNK_ROWS)).await? {}
    while store.write_bulk(|tx| arrivals::forget(tx, tx.now_ms - ARRIVAL_DAYS * DAY_MS, CHUNK_ROWS)).await? {}
    Ok(())
}

async fn clear_visitors(store: &Store) -> Result<(), StoreError> {
    let chunk = |tx: &mut Tx<'_>| {
        let days = tx.catalog().settings.visitor_retention_days;
        visitors::forget_unlinked(tx, tx.now_ms - days * DAY_MS, CHUNK_ROWS)
    };
    while store.write_bulk(chunk).await? {}
    Ok(())
}

async fn clear_events(store: &Store) -> Result<(), StoreError> {
    let chunk = |tx: &mut Tx<'_>| {
        let days = tx.catalog().settings.event_retention_days;
        events::forget_before(tx, kept_from(tx.now_ms, days), CHUNK_EVENTS)
    };
    while store.write_bulk(chunk).await? {}
    Ok(())
}

async fn clear_deliveries(store: &Store) -> Result<(), StoreError> {
    for webhook in store.catalog().webhooks.iter().map(|webhook| webhook.key) {
        let chunk = move |tx: &mut Tx<'_>| outbox::forget(tx, webhook, tx.now_ms - DELIVERY_DAYS * DAY_MS, CHUNK_ROWS);
        while store.write_bulk(chunk).await? {}
    }
    Ok(())
}

async fn clear_search(store: &Store) -> Result<(), StoreError> {
    if store.write_bulk(|tx| erasure::search_holds_pieces(tx)).await? {
        let mut more = store.write_bulk(|tx| erasure::clear_search(tx, true)).await?;
        while more {
            more = store.write_bulk(|tx| erasure::clear_search(tx, false)).await?;
        }
    }
    Ok(())
}

/// What is little enough to go at once.
async fn clear_small(store: &Store) -> Result<(), StoreError> {
    store
        .write_bulk(|tx| {
            refusals::forget_examples(tx, tx.now_ms - EXAMPLE_DAYS * DAY_MS)?;
            findings::forget(tx, tx.now_ms - EXAMPLE_DAYS * DAY_MS)?;
            repeats::forget(tx, tx.now_ms - repeats::KEPT_MS)?;
            operators::forget_expired(tx)
        })
        .await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::actions::receive::receive;
    use crate::domain::access::Grade;
    use crate::domain::ids::{AnonymousId, UserId};
    use crate::domain::message::{CompanyContext, Delivery, Kind, Message, Status};
    use crate::store::list::ListQuery;
    use crate::store::{Ambient, recount};

    fn page(visitor: &str, user: Option<&str>, at_ms: i64) -> Message {
        let mut page = Message::new(Kind::Page);
        page.message_id = Some(format!("{visitor}-{at_ms}"));
        page.anonymous_id = AnonymousId::parse(visitor).unwrap();
        page.user_id = user.and_then(|user| UserId::parse(user).unwrap());
        page.timestamp_ms = Some(at_ms);
        page.context.page = Some(format!(r#"{{"page":{{"url":"https://app.test/{visitor}"}}}}"#));
        page.context.agent = Some(r#"{"browser":"Firefox"}"#.to_owned());
        page.company_context = CompanyContext::In(crate::domain::ids::CompanyId::parse("acme").unwrap().unwrap());
        page
    }

    #[tokio::test]
    async fn visitors_whom_nobody_turned_out_to_be_go_with_their_events_after_90_days() {
        let folder = tempfile::tempdir().unwrap();
        let start = 1_800_000_000_000;
        let clock = Arc::new(AtomicI64::new(start));
        let hand = Arc::clone(&clock);
        let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::Relaxed)), ..Ambient::default() };
        let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
        let source = store.catalog().api_source().unwrap().key;
        let send = async |mut message: Message, now_ms: i64| {
            clock.store(now_ms, Ordering::Relaxed);
            let delivery = Delivery { source, grade: Grade::Unsigned, sent_at_ms: None, received_ms: now_ms };
            let receipt = store.write(move |tx| receive(tx, &delivery, &mut message)).await;
            let receipt: crate::domain::message::Receipt = receipt.map_err(|error: StoreError| error).unwrap();
            assert_eq!(receipt.status, Status::Stored);
        };
        send(page("gone", None, start), start).await;
        send(page("ann-s", Some("ann"), start), start).await;
        let later = start + 91 * DAY_MS;
        send(page("here", None, later), later).await;
        clear(&store).await.unwrap();

        let query = ListQuery {
            search: None,
            filter: None,
            sort: visitors::SortBy::LastSeen,
            descending: true,
            after: None,
            size: 10,
        };
        let left = store.read(move |db| visitors::list(db, &query, 0)).await.unwrap();
        let left: Vec<&str> = left.rows.iter().map(|visitor| visitor.anonymous_id.as_str()).collect();
        assert_eq!(left, ["here", "ann-s"]);
        let events = store.read(|db| events::list(db, events::Of::All, None, 10)).await.unwrap();
        assert_eq!(events.rows.len(), 2, "the events went with the visitor");
        store.read_folded(|_| Ok(())).await.unwrap();
        assert_eq!(store.read(recount::differences).await.unwrap(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn the_order_of_arrival_is_kept_for_seven_days_and_who_comes_later_is_told() {
        let mut history = History::new(3);
        let names = async |store: &Store, after: Option<i64>| {
            let page = store.read(move |db| events::list_by_arrival(db, after, 500)).await.unwrap();
            page.map(|page| (page.rows.len(), page.next.unwrap().key))
        };
        history.fill(5, 1).await;
        history.equals_a_recount("before").await;
        let (came, place) = names(&history.store, None).await.unwrap();
        assert!(came >= 5);
        history.clock.store(START + 3 * DAY_MS, Ordering::Relaxed);
        history.fill(2, 1).await;
        history.equals_a_recount("later").await;
        let (came_later, later) = names(&history.store, Some(place)).await.unwrap();
        for (days, expected) in [(7, Some((came_later, later))), (8, Some((came_later, later))), (30, None)] {
            history.clock.store(START + days * DAY_MS, Ordering::Relaxed);
            history.fill(1, 1).await;
            history.equals_a_recount("of today").await;
            clear(&history.store).await.unwrap();
            let found = names(&history.store, Some(place)).await;
            assert_eq!(found.is_some(), expected.is_some(), "{days} days after: {found:?}");
            let of_the_first = names(&history.store, Some(0)).await;
            assert_eq!(of_the_first.is_some(), days == 7, "{days} days after: {of_the_first:?}");
        }
        let everything = names(&history.store, None).await.unwrap();
        assert!(names(&history.store, Some(everything.1)).await.is_some(), "who has all goes on");
        assert_eq!(names(&history.store, Some(everything.1 + 1)).await, None, "a place that was never given");
    }

    /// A workspace of some people in some companies with activity of many days, and its clock.
    struct History {
        _folder: tempfile::TempDir,
        store: Store,
        clock: Arc<AtomicI64>,
        delivery: Delivery,
        chance: u64,
        sent: u64,
    }

    const START: i64 = 1_800_000_000_000;

    impl History {
        fn new(seed: u64) -> History {
            let folder = tempfile::tempdir().unwrap();
            let clock = Arc::new(AtomicI64::new(START));
            let hand = Arc::clone(&clock);
            let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::Relaxed)), ..Ambient::default() };
            let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
            let source = store.catalog().api_source().unwrap().key;
            let delivery = Delivery { source, grade: Grade::Secret, sent_at_ms: None, received_ms: START };
            History { _folder: folder, store, clock, delivery, chance: seed, sent: 0 }
        }

        fn below(&mut self, limit: u64) -> u64 {
            self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.chance >> 33) % limit
        }

        /// Something that somebody does on one of the last days, or says of the company.
        fn message(&mut self, days: u64) -> Message {
            let user = format!("u{}", self.below(4));
            let browser = format!("b{}", self.below(6));
            let ago_ms = self.below(days * 24 * 4) as i64 * HOUR_MS / 4;
            let kind = [Kind::Page, Kind::Track, Kind::Track, Kind::Identify][self.below(4) as usize];
            let mut message = page(&browser, (self.below(3) > 0).then_some(&user), START - ago_ms);
            message.kind = kind;
            self.sent += 1;
            message.message_id = Some(format!("message-{}", self.sent));
            message.name = format!("Event {}", self.below(3));
            let company = crate::domain::ids::CompanyId::parse(&format!("c{}", self.below(3))).unwrap().unwrap();
            message.company_context = CompanyContext::In(company.clone());
            if kind == Kind::Identify {
                let standing = crate::domain::message::Standing::Joins;
                message.companies.push(crate::domain::message::CompanyStatement {
                    company_id: Some(company),
                    standing,
                    attributes: serde_json::Map::new(),
                    membership: serde_json::Map::new(),
                });
            }
            message
        }

        async fn fill(&mut self, messages: usize, days: u64) {
            let messages: Vec<Message> = (0..messages).map(|_| self.message(days)).collect();
            let delivery = self.delivery;
            let all = move |tx: &mut Tx<'_>| {
                messages.into_iter().try_for_each(|mut message| receive(tx, &delivery, &mut message).map(drop))
            };
            self.store.write(all).await.map_err(|error: StoreError| error).unwrap();
        }

        async fn equals_a_recount(&self, when: &str) {
            // On a busy machine one wait may be too short.
            while !self.store.read_folded(recount::is_settled).await.unwrap().0 {}
            assert_eq!(self.store.read(recount::differences).await.unwrap(), Vec::<String>::new(), "{when}");
        }

        async fn key(&self, user: &str) -> Option<crate::domain::ids::UserKey> {
            let name = crate::store::users::UserName::UserId(user.to_owned());
            self.store.read(move |db| crate::store::users::key(db, &name)).await.unwrap()
        }
    }

    #[tokio::test]
    async fn events_beyond_the_retention_go_and_every_number_is_a_recount_of_the_rest() {
        for seed in 0..6 {
            let mut history = History::new(seed);
            history.fill(300, 50).await;
            history.equals_a_recount("before").await;
            let users = crate::store::list::ListQuery {
                search: None,
                filter: None,
                sort: crate::store::users::SortBy::Name,
                descending: false,
                after: None,
                size: 50,
            };
            let first_seen = async || {
                let query = users.clone();
                let rows =
                    history.store.read(move |db| crate::store::users::list(db, &query, START)).await.unwrap().rows;
                rows.into_iter().map(|row| (row.user_id, row.first_seen_ms)).collect::<Vec<_>>()
            };
            let known = first_seen().await;
            for days in [40, 29, 12, 1] {
                let before_ms = kept_from(START, days);
                let mut steps = 0;
                while history.store.write(move |tx| events::forget_before(tx, before_ms, 7)).await.unwrap() {
                    history.equals_a_recount("between two steps").await;
                    steps += 1;
                }
                assert!(steps > 2, "in chunks");
                history.equals_a_recount("after").await;
                let left = history.store.read(|db| events::list(db, events::Of::All, None, 500)).await.unwrap();
                assert!(left.rows.iter().all(|event| event.event_id.at_ms() >= before_ms));
            }
            assert_eq!(first_seen().await, known, "when people were first seen stays");
        }
    }

    #[tokio::test]
    async fn a_finding_is_forgotten_30_days_after_it_was_last_so() {
        let mut history = History::new(5);
        history.delivery.sent_at_ms = Some(START + HOUR_MS);
        history.fill(3, 1).await;
        let found = async || history.store.read(|db| findings::page(db, None, 9)).await.unwrap().rows;
        assert_eq!(found().await[0].count, 3);
        for (days, left) in [(30, 1), (31, 0)] {
            history.clock.store(START + days * DAY_MS, Ordering::Relaxed);
            clear(&history.store).await.unwrap();
            assert_eq!(found().await.len(), left, "after {days} days");
        }
    }

    #[tokio::test]
    async fn what_was_refused_is_told_for_30_days_and_counted_for_ever() {
        let history = History::new(11);
        let refuse = |tx: &mut Tx<'_>| {
            let detail = "\"ann at acme.test\" is not an e-mail address.";
            refusals::count(tx, None, "email_invalid", Some("email"), detail, Some("ann at acme.test"))
        };
        history.store.write(refuse).await.unwrap();
        for (days, is_told) in [(29, true), (31, false)] {
            history.clock.store(START + days * DAY_MS, Ordering::Relaxed);
            clear(&history.store).await.unwrap();
            let rows = history.store.read(|db| refusals::list(db, 0, 50)).await.unwrap();
            assert_eq!((rows[0].count, rows[0].example.is_some(), !rows[0].detail.is_empty()), (1, is_told, is_told));
        }
    }

    #[tokio::test]
    async fn the_setting_deletes_and_zero_keeps_for_ever() {
        let mut history = History::new(77);
        history.fill(100, 60).await;
        let count = async || history.store.read(|db| events::count(db, events::Of::All)).await.unwrap();
        let all = count().await;
        clear(&history.store).await.unwrap();
        assert_eq!(count().await, all);
        let set = |tx: &mut Tx<'_>| crate::store::workspace::set(tx, "event_retention_days", "20");
        history.store.write(set).await.unwrap();
        clear(&history.store).await.unwrap();
        assert_ne!(count().await, all);
        history.equals_a_recount("after").await;
        history.clock.store(START + 90 * DAY_MS, Ordering::Relaxed);
        clear(&history.store).await.unwrap();
        assert_eq!(count().await, crate::store::list::Count::Exactly(0));
        history.equals_a_recount("when nothing is left").await;
    }

    #[tokio::test]
    async fn r13_whoever_is_erased_out_of_any_history_leaves_a_recount_of_the_others() {
        use crate::domain::change::By;
        use crate::store::erasure::Events;
        for seed in 0..8 {
            let mut history = History::new(seed * 31 + 5);
            history.fill(200, 50).await;
            let merges = seed % 2 == 1;
            if merges && let (Some(one), Some(other)) = (history.key("u0").await, history.key("u1").await) {
                let merge = move |tx: &mut Tx<'_>| crate::actions::merge::merge(tx, &By::Shell, one, other);
                history.store.write(merge).await.unwrap();
            }
            for (user, mode) in [("u0", Events::Delete), ("u2", Events::Anonymize), ("u3", Events::Delete)] {
                let Some(key) = history.key(user).await else { continue };
                let plan =
                    history.store.rehearse(move |tx| erase::erase(tx, &By::Shell, key, mode, &[])).await.unwrap();
                history.equals_a_recount("after a rehearsal").await;
                let done = history.store.write(move |tx| erase::erase(tx, &By::Shell, key, mode, &[])).await;
                assert_eq!(done.map_err(|error: StoreError| error).unwrap(), plan);
                assert_eq!(history.key(user).await, None);
                erase::finish(&history.store, &[]).await.unwrap();
                history.equals_a_recount(&format!("after {user}, seed {seed}")).await;
            }
            // What comes in late is dropped; the rest goes on being counted.
            history.fill(60, 3).await;
            assert_eq!(history.key("u0").await, None);
            history.equals_a_recount("afterwards").await;
            history.store.write(|tx| erasure::clear_search(tx, true)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_events_of_somebody_who_did_very_much_go_in_chunks_and_a_restart_goes_on() {
        use crate::domain::change::By;
        use crate::store::erasure::Events;
        let mut history = History::new(9);
        history.fill(14_000, 80).await;
        let key = history.key("u1").await.unwrap();
        let receipt = history.store.write(move |tx| erase::erase(tx, &By::Shell, key, Events::Delete, &[])).await;
        let events = receipt.map_err(|error: StoreError| error).unwrap().rows["events"].as_u64().unwrap();
        assert!(events > 3_000 && history.key("u1").await.is_none());
        assert!(history.store.write(|tx| erasure::unfinished(tx)).await.unwrap().is_some(), "some are left");
        let names = crate::store::list::ListQuery {
            search: Some("u1".to_owned()),
            filter: None,
            sort: crate::store::users::SortBy::Name,
            descending: false,
            after: None,
            size: 50,
        };
        let found = history.store.read(move |db| crate::store::users::list(db, &names, START)).await.unwrap();
        assert!(found.rows.is_empty(), "nobody finds the person meanwhile");
        clear(&history.store).await.unwrap();
        assert!(history.store.write(|tx| erasure::unfinished(tx)).await.unwrap().is_none());
        history.equals_a_recount("after the last chunk").await;
    }
}
