//! The writer's memory of what arrived, and the file where it has a gap.

use super::super::events::{self, NewEvent};
use super::super::{Ambient, Store, recount, users};
use super::*;
use crate::domain::ids::{SourceKey, UserId};
use crate::domain::message::Context;

fn arrival(seq: i64) -> Arrival {
    Arrival::of_link(seq, VisitorKey(seq))
}

fn taken(arrivals: &mut Arrivals, folded: i64) -> Vec<i64> {
    arrivals.take(folded, 10).iter().map(|arrival| arrival.seq).collect()
}

#[test]
fn what_follows_a_gap_is_not_remembered() {
    let mut arrivals = Arrivals::default();
    arrivals.remember(arrival(3), false);
    assert_eq!(taken(&mut arrivals, 2), Vec::<i64>::new(), "others wait that another process wrote");
    for seq in [3, 4, 6, 7] {
        arrivals.remember(arrival(seq), true);
    }
    assert_eq!(taken(&mut arrivals, 1), Vec::<i64>::new(), "the next one is not remembered: all is read from the file");
    assert_eq!(taken(&mut arrivals, 2), [3, 4]);
    assert_eq!(taken(&mut arrivals, 4), Vec::<i64>::new(), "5 is not remembered, nor is what follows it");
    for seq in 0..=REMEMBERED_MAX as i64 {
        arrivals.remember(arrival(seq), true);
    }
    assert_eq!(arrivals.0.len(), REMEMBERED_MAX);
}

#[tokio::test]
async fn arrivals_are_read_from_the_file_where_the_writer_s_memory_has_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
    let remembered = store
        .write(|tx| {
            let user = users::create(tx, UserId::parse("ann").unwrap().as_ref(), tx.now_ms)?;
            for number in 0..6 {
                let event = NewEvent {
                    at_ms: tx.now_ms - number,
                    message_hash: number,
                    received_ms: tx.now_ms,
                    kind: Kind::Track,
                    name: "Exported",
                    source: SourceKey(1),
                    visitor: None,
                    user: Some(user),
                    company: None,
                    session_ms: None,
                    flags: 0,
                    properties: None,
                    context: &Context::default(),
                };
                events::append(tx, &event)?;
                if number == 2 {
                    // As where memory is full: this one, and so what follows it, is in the file alone.
                    tx.state.arrivals.forget_from(tx.state.next_seq - 1);
                }
            }
            Ok::<_, StoreError>(tx.state.arrivals.0.len())
        })
        .await
        .unwrap();
    assert_eq!(remembered, 2);
    while !store.read_folded(recount::is_settled).await.unwrap().0 {}
    assert_eq!(store.read(recount::differences).await.unwrap(), Vec::<String>::new());
    let counted =
        store.read(|db| Ok(db.0.query_row("SELECT sum(events) FROM days", [], |row| row.get::<_, i64>(0))?));
    assert_eq!(counted.await.unwrap(), 6, "each once");
}
