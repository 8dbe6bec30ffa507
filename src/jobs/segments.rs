//! Counts who is in each segment, once an hour, and keeps the last count of each day.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::filter::{Filter, Listed};
use crate::domain::ids::SegmentKey;
use crate::domain::segments::Segment;
use crate::domain::time::{self, HOUR_MS, MINUTE_MS};
use crate::store::list::{Count, Extent};
use crate::store::segments::{self, Size};
use crate::store::{Store, StoreError};

/// How often it is looked whether one is to be counted; the look is into memory.
const LOOK_MS: u64 = 1_000;
/// Days for which sizes are kept.
const KEPT_DAYS: i32 = 2 * 366;
/// Sizes that one chunk takes out.
const CHUNK_ROWS: i64 = 500;

/// When each was counted last, and by which filter.
#[derive(Debug, Default)]
pub struct Counted(HashMap<SegmentKey, (String, i64)>);

/// Runs for ever.
pub async fn run(store: Store) {
    let mut counted = Counted::default();
    loop {
        if let Err(error) = count(&store, &mut counted).await {
            tracing::error!(%error, "The sizes of segments could not be kept; the one that failed is tried again in an hour, the others at once.");
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

/// Counts the segments that are new, that ask for something else, or that were counted an hour ago; one that can't
/// be counted in time is left for the next hour.
///
/// # Errors
/// [`StoreError`] only.
pub async fn count(store: &Store, counted: &mut Counted) -> Result<(), StoreError> {
    let (now_ms, all) = (store.now_ms(), store.catalog().segments.clone());
    counted.0.retain(|key, _| all.iter().any(|segment| segment.key == *key));
    let is_due = |segment: &&Segment| {
        let last = counted.0.get(&segment.key).filter(|(filter, _)| *filter == segment.filter);
        last.is_none_or(|(_, at_ms)| now_ms - at_ms >= HOUR_MS)
    };
    let due: Vec<Segment> = all.iter().filter(is_due).cloned().collect();
    if due.is_empty() {
        return Ok(());
    }
    for segment in due {
        // Where nobody is known yet nothing is told, and it is soon looked again.
        let is_empty = is_empty(store, segment.listed).await?;
        let at_ms = if is_empty { now_ms - HOUR_MS + MINUTE_MS } else { now_ms };
        counted.0.insert(segment.key, (segment.filter.clone(), at_ms));
        if !is_empty {
            count_one(store, segment).await?;
        }
    }
    let kept_from = time::day(now_ms, store.catalog().settings.time_zone) - KEPT_DAYS;
    while store.write_bulk(move |tx| segments::forget_sizes(tx, kept_from, CHUNK_ROWS)).await? {}
    Ok(())
}

/// Whether nobody at all is in a list.
async fn is_empty(store: &Store, listed: Listed) -> Result<bool, StoreError> {
    let now_ms = store.now_ms();
    let count = store.read(move |db| segments::count(db, listed, &Filter::default(), Extent::Quickly, now_ms)).await?;
    Ok(count == Count::Exactly(0))
}

async fn count_one(store: &Store, segment: Segment) -> Result<(), StoreError> {
    let catalog = store.catalog();
    // Whoever looks at the segment is told what it asks for in vain.
    let Ok(filter) = segment.filter(&catalog.fields(segment.listed)) else { return Ok(()) };
    let (listed, now_ms) = (segment.listed, store.now_ms());
    let size = match store.read_folded(move |db| segments::count(db, listed, &filter, Extent::All, now_ms)).await {
        Ok((Count::Exactly(size), _)) => size,
        Ok(_) => return Ok(()),
        Err(error) => {
            tracing::warn!(segment_id = segment.segment_id, %error, "A segment could not be counted.");
            return Ok(());
        }
    };
    let size = Size { day: time::day(now_ms, catalog.settings.time_zone), size, counted_ms: now_ms };
    store.write_bulk(move |tx| segments::note_size(tx, &segment, size)).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::actions::receive::receive;
    use crate::actions::segments as deeds;
    use crate::domain::access::Grade;
    use crate::domain::change::By;
    use crate::domain::ids::UserId;
    use crate::domain::message::{Delivery, Kind, Message};
    use crate::domain::time::DAY_MS;
    use crate::store::{Ambient, Tx};

    const START: i64 = 1_800_000_000_000;

    struct Workspace {
        _folder: tempfile::TempDir,
        store: Store,
        clock: Arc<AtomicI64>,
        counted: Counted,
    }

    impl Workspace {
        fn new() -> Workspace {
            let folder = tempfile::tempdir().unwrap();
            let clock = Arc::new(AtomicI64::new(START));
            let hand = Arc::clone(&clock);
            let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::Relaxed)), ..Ambient::default() };
            let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
            Workspace { _folder: folder, store, clock, counted: Counted::default() }
        }

        async fn comes(&self, user: &str) {
            let source = self.store.catalog().api_source().unwrap().key;
            let received_ms = self.store.now_ms();
            let delivery = Delivery { source, grade: Grade::Secret, sent_at_ms: None, received_ms };
            let mut message = Message::new(Kind::Track);
            message.message_id = Some(format!("{user}-{received_ms}"));
            message.user_id = UserId::parse(user).unwrap();
            message.name = "Signed in".to_owned();
            let receive = move |tx: &mut Tx<'_>| receive(tx, &delivery, &mut message).map(drop);
            self.store.write(receive).await.map_err(|error: StoreError| error).unwrap();
        }

        async fn sizes(&mut self, segment_id: &str) -> Vec<u64> {
            count(&self.store, &mut self.counted).await.unwrap();
            let segment = self.store.catalog().segment(segment_id).unwrap().clone();
            let sizes = self.store.read(move |db| segments::sizes(db, &segment, 99)).await.unwrap();
            sizes.into_iter().map(|size| size.size).collect()
        }
    }

    #[tokio::test]
    async fn the_size_of_each_day_is_its_last_count_and_belongs_to_what_is_asked_for() {
        let mut workspace = Workspace::new();
        workspace.comes("ann").await;
        assert_eq!(workspace.sizes("new").await, [1]);
        workspace.comes("bob").await;
        assert_eq!(workspace.sizes("new").await, [1], "an hour is not over");
        workspace.clock.store(START + HOUR_MS, Ordering::Relaxed);
        assert_eq!(workspace.sizes("new").await, [2], "the last count of the day stands");
        workspace.clock.store(START + 14 * DAY_MS, Ordering::Relaxed);
        workspace.comes("cec").await;
        assert_eq!(workspace.sizes("new").await, [2, 1], "ann and bob are new no more");

        let by = By::Operator("ann@acme.test".to_owned());
        let store = workspace.store.clone();
        let made = by.clone();
        let added = store.write(move |tx| deeds::add(tx, &made, Listed::Users, "Bees", "f=user_id:starts:b")).await;
        let (bees, _) = added.unwrap();
        assert_eq!(workspace.sizes("bees").await, [1], "one that is new is counted at once");
        let changed = by.clone();
        let change = async |filter: &'static str, by: By| {
            store.write(move |tx| deeds::change(tx, &by, "bees", None, Some(filter))).await.unwrap();
        };
        change("f=user_id:set", changed).await;
        assert_eq!(workspace.sizes("bees").await, [3], "another filter begins anew");
        change("f=user_id:starts:b", by).await;
        assert_eq!(workspace.sizes("bees").await, [1], "and the one before has its own sizes again");
        assert_eq!(bees.segment_id, "bees");
    }

    #[tokio::test]
    async fn old_sizes_go() {
        let mut workspace = Workspace::new();
        assert!(workspace.sizes("email_only").await.is_empty(), "nobody is known yet: nothing is told");
        workspace.comes("ann").await;
        assert!(workspace.sizes("email_only").await.is_empty(), "a minute is not over");
        workspace.clock.store(START + MINUTE_MS, Ordering::Relaxed);
        assert_eq!(workspace.sizes("email_only").await, [0]);
        workspace.clock.store(START + i64::from(KEPT_DAYS + 1) * DAY_MS, Ordering::Relaxed);
        assert_eq!(workspace.sizes("email_only").await, [0]);
    }
}
