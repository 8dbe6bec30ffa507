//! Takes out what is kept for a time alone: message ids (R15), examples of refusals, sign-ins and
//! links that have expired, and visitors whom nobody turned out to be.

use std::time::Duration;

use crate::domain::limits::{EXAMPLE_DAYS, SEEN_DAYS};
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::store::{Store, StoreError, events, operators, refusals, visitors};

/// Rows that one chunk takes out: the writer is held for so long, then others pass.
const CHUNK_ROWS: i64 = 500;

/// Runs for ever, once an hour, from a while after the start on.
pub async fn run(store: Store) {
    loop {
        tokio::time::sleep(Duration::from_millis(HOUR_MS.unsigned_abs())).await;
        if let Err(error) = clear(&store).await {
            tracing::error!(%error, "What has expired was not taken out; the next try is in an hour.");
        }
    }
}

/// Takes out all that has expired by now, in chunks.
///
/// # Errors
/// [`StoreError`] only; what was taken out by then stays out.
pub async fn clear(store: &Store) -> Result<(), StoreError> {
    while store.write_bulk(|tx| events::forget_seen(tx, tx.now_ms - SEEN_DAYS * DAY_MS, CHUNK_ROWS)).await? {}
    while store
        .write_bulk(|tx| {
            let days = tx.catalog().settings.visitor_retention_days;
            visitors::forget_unlinked(tx, tx.now_ms - days * DAY_MS, CHUNK_ROWS)
        })
        .await?
    {}
    store
        .write_bulk(|tx| {
            refusals::forget_examples(tx, tx.now_ms - EXAMPLE_DAYS * DAY_MS)?;
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
        let send = async |message: Message, now_ms: i64| {
            clock.store(now_ms, Ordering::Relaxed);
            let delivery = Delivery { source, grade: Grade::Unsigned, sent_at_ms: None, received_ms: now_ms };
            let receipt = store.write(move |tx| receive(tx, &delivery, message)).await;
            let receipt: crate::domain::message::Receipt = receipt.map_err(|error: StoreError| error).unwrap();
            assert_eq!(receipt.status, Status::Stored);
        };
        send(page("gone", None, start), start).await;
        send(page("ann-s", Some("ann"), start), start).await;
        let later = start + 91 * DAY_MS;
        send(page("here", None, later), later).await;
        clear(&store).await.unwrap();

        let query =
            ListQuery { search: None, sort: visitors::SortBy::LastSeen, descending: true, after: None, size: 10 };
        let left = store.read(move |db| visitors::list(db, &query)).await.unwrap();
        let left: Vec<&str> = left.rows.iter().map(|visitor| visitor.anonymous_id.as_str()).collect();
        assert_eq!(left, ["here", "ann-s"]);
        let events = store.read(|db| events::list(db, events::Of::All, None, 10)).await.unwrap();
        assert_eq!(events.rows.len(), 2, "the events went with the visitor");
        store.read_folded(|_| Ok(())).await.unwrap();
        assert_eq!(store.read(recount::differences).await.unwrap(), Vec::<String>::new());
    }
}
