//! Looks once a day for what no message shows by itself.

use std::time::Duration;

use crate::domain::findings::{Finding, of_whom_no_browser_knows};
use crate::domain::ids::SourceKey;
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::store::{Store, StoreError, findings};

/// People are active who were so within this time.
const ACTIVE_MS: i64 = 7 * DAY_MS;
/// It is about all sources together.
const NO_SOURCE: SourceKey = SourceKey(0);

/// Runs for ever, from an hour after the start on.
pub async fn run(store: Store) {
    loop {
        tokio::time::sleep(Duration::from_millis(HOUR_MS.unsigned_abs())).await;
        if let Err(error) = look(&store).await {
            tracing::error!(%error, "The daily look for what is wrong failed; the next is tomorrow.");
        }
        tokio::time::sleep(Duration::from_millis((DAY_MS - HOUR_MS).unsigned_abs())).await;
    }
}

/// Looks for users whom back ends report active and whom no browser ever reported.
///
/// # Errors
/// [`StoreError`] only.
pub async fn look(store: &Store) -> Result<(), StoreError> {
    let since_ms = store.now_ms() - ACTIVE_MS;
    let ((without, active), _) = store.read_folded(move |db| findings::without_browser(db, since_ms)).await?;
    let Some(example) = of_whom_no_browser_knows(without, active) else { return Ok(()) };
    store.write_bulk(move |tx| findings::note_daily(tx, Finding::UsersWithoutBrowser, NO_SOURCE, &example)).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::actions::receive::receive;
    use crate::domain::access::Grade;
    use crate::domain::ids::{AnonymousId, UserId};
    use crate::domain::message::{Delivery, Kind, Message, Receipt};
    use crate::store::Ambient;

    const NOW: i64 = 1_800_000_000_000;

    async fn is_active(store: &Store, user: &str, browser: Option<&str>, at_ms: i64) {
        let mut message = Message::new(Kind::Track);
        message.name = "Report exported".to_owned();
        message.user_id = UserId::parse(user).unwrap();
        message.anonymous_id = browser.and_then(|browser| AnonymousId::parse(browser).unwrap());
        message.timestamp_ms = Some(at_ms);
        message.properties = Some(json!({}).to_string());
        let source = store.catalog().api_source().unwrap().key;
        let delivery = Delivery { source, grade: Grade::Secret, sent_at_ms: None, received_ms: NOW };
        let received = store.write(move |tx| receive(tx, &delivery, &mut message)).await;
        let _: Receipt = received.map_err(|error: StoreError| error).unwrap();
    }

    #[tokio::test]
    async fn users_whom_the_back_end_alone_reports_are_told_once_a_day_where_browsers_report_others() {
        let folder = tempfile::tempdir().unwrap();
        let ambient = Ambient { now_ms: std::sync::Arc::new(|| NOW), ..Ambient::default() };
        let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
        let found = async || {
            look(&store).await.unwrap();
            store.read(|db| findings::page(db, None, 10)).await.unwrap().rows
        };
        for number in 0..6 {
            is_active(&store, &format!("app-{number}"), None, NOW - DAY_MS).await;
        }
        is_active(&store, "long-gone", None, NOW - 8 * DAY_MS).await;
        assert_eq!(found().await, [], "no browser reports anybody: the widget is not installed");

        for number in 0..18 {
            is_active(&store, &format!("web-{number}"), Some(&format!("browser-{number}")), NOW - DAY_MS).await;
        }
        for _ in 0..2 {
            let rows = found().await;
            assert_eq!(rows.len(), 1);
            assert_eq!((rows[0].finding, rows[0].count), (Finding::UsersWithoutBrowser, 1));
            assert_eq!(rows[0].example, "6 of 24");
        }
        store.close();
    }
}
