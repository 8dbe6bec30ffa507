//! Calls as they arrive, for people who watch them: the latest ones, in memory alone.
//!
//! Nothing of it is written to the file or the log. The doors that take calls in note them here, each worker for
//! itself under one short lock; the page of the dashboard reads them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;
use actix_web::web::Data;

use crate::domain::ids::SourceKey;
use crate::domain::message::{Receipt, Status};
use crate::domain::time::{HOUR_MS, SECOND_MS};

/// Calls that are kept.
pub const CALLS_MAX: usize = 500;
/// Calls of one second that are kept: nobody reads faster, and a busy server has better things to do.
pub const CALLS_A_SECOND: usize = 50;
/// Bytes of what was sent that are kept of all of them together.
const BYTES_MAX: usize = 2 * 1024 * 1024;
/// Milliseconds for which a call is kept at most.
pub const KEPT_MS: i64 = HOUR_MS;

/// One message as it came, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its number, from 1 since the server started; 0 until it is noted.
    pub number: u64,
    /// Received, Unix milliseconds.
    pub received_ms: i64,
    /// Whose it is, as far as known.
    pub source: Option<SourceKey>,
    /// What it says.
    pub said: Said,
    /// What became of it.
    pub outcome: Outcome,
}

/// What a message says, as far as it could be read; nothing of a request that was not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// `identify`, `track` …, as far as known.
    pub kind: String,
    /// The user that it names.
    pub user: Option<String>,
    /// The browser that it names.
    pub visitor: Option<String>,
    /// The companies that it names.
    pub companies: Vec<String>,
    /// The name of an event or a page, or the page's path.
    pub what: String,
    /// Its JSON as sent, but for what is left out.
    pub sent: Option<String>,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was read: the receipt says the rest. A test source's is not kept.
    Dealt {
        /// What its sender was told, or more than that.
        receipt: Receipt,
        /// It is in the file.
        keeps: bool,
    },
    /// The whole request was not taken.
    Declined {
        /// The status.
        status: u16,
        /// Its code.
        code: &'static str,
        /// The sentence to it.
        detail: String,
    },
}

impl Call {
    /// Whether it was refused, or the request that it came with.
    pub fn is_refused(&self) -> bool {
        match &self.outcome {
            Outcome::Dealt { receipt, .. } => receipt.status == Status::Refused,
            Outcome::Declined { .. } => true,
        }
    }

    fn bytes(&self) -> usize {
        self.said.sent.as_ref().map_or(0, String::len)
    }
}

/// The latest calls.
#[derive(Debug, Default)]
pub struct Live(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    calls: VecDeque<Arc<Call>>,
    bytes: usize,
    last: u64,
    /// The second that calls are taken in for (Unix), and how many it has taken.
    second: (i64, usize),
}

impl Ring {
    fn drop_oldest(&mut self) {
        if let Some(call) = self.calls.pop_front() {
            self.bytes -= call.bytes();
        }
    }

    fn drop_old(&mut self, now_ms: i64) {
        while self.calls.front().is_some_and(|call| now_ms - call.received_ms > KEPT_MS) {
            self.drop_oldest();
        }
    }
}

impl Live {
    /// The calls that the server of a request keeps, if it keeps any.
    pub fn of(request: &HttpRequest) -> Option<&Live> {
        request.app_data::<Data<Live>>().map(|live| live.get_ref())
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for so many calls of a request, as far as there is some in this second.
    pub fn room(&self, now_ms: i64, wanted: usize) -> usize {
        let mut ring = self.ring();
        let second = now_ms.div_euclid(SECOND_MS);
        if ring.second.0 != second {
            ring.second = (second, 0);
        }
        let room = wanted.min(CALLS_A_SECOND - ring.second.1);
        ring.second.1 += room;
        room
    }

    /// Notes calls in the order in which they came; the oldest go.
    pub fn note(&self, calls: Vec<Call>) {
        let mut ring = self.ring();
        for call in calls {
            ring.last += 1;
            let call = Call { number: ring.last, ..call };
            ring.bytes += call.bytes();
            ring.calls.push_back(Arc::new(call));
            while ring.calls.len() > CALLS_MAX || ring.bytes > BYTES_MAX {
                ring.drop_oldest();
            }
        }
    }

    /// The calls that are wanted, the latest first, up to a number where one is said; and the latest number of all.
    pub fn latest(
        &self,
        now_ms: i64,
        until: Option<u64>,
        size: usize,
        is_wanted: impl Fn(&Call) -> bool,
    ) -> (Vec<Arc<Call>>, u64) {
        let mut ring = self.ring();
        ring.drop_old(now_ms);
        let until = until.unwrap_or(u64::MAX);
        let wanted = ring.calls.iter().rev().filter(|call| call.number <= until && is_wanted(call));
        (wanted.take(size).cloned().collect(), ring.last)
    }

    /// A call by its number, as long as it is kept.
    pub fn find(&self, now_ms: i64, number: u64) -> Option<Arc<Call>> {
        let mut ring = self.ring();
        ring.drop_old(now_ms);
        ring.calls.iter().find(|call| call.number == number).cloned()
    }

    /// Forgets all of them: somebody whom they may be about was erased.
    pub fn forget(&self) {
        let mut ring = self.ring();
        ring.calls.clear();
        ring.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(received_ms: i64, bytes: usize) -> Call {
        Call {
            number: 0,
            received_ms,
            source: None,
            said: Said { sent: Some("x".repeat(bytes)), ..Said::default() },
            outcome: Outcome::Dealt { receipt: Receipt::of(None, Status::Stored), keeps: true },
        }
    }

    fn numbers(live: &Live, now_ms: i64, until: Option<u64>) -> Vec<u64> {
        live.latest(now_ms, until, 9_999, |_| true).0.iter().map(|call| call.number).collect()
    }

    #[test]
    fn a_second_has_room_for_so_many_calls() {
        let live = Live::default();
        assert_eq!(live.room(1_000, CALLS_A_SECOND - 1), CALLS_A_SECOND - 1);
        assert_eq!((live.room(1_999, 5), live.room(1_999, 5)), (1, 0));
        assert_eq!(live.room(2_000, 5), 5);
    }

    #[test]
    fn so_many_calls_are_kept_so_many_bytes_of_them_and_for_an_hour() {
        let live = Live::default();
        live.note((0..CALLS_MAX + 20).map(|_| call(0, 10)).collect());
        let kept = numbers(&live, 0, None);
        assert_eq!((kept.len(), kept[0]), (CALLS_MAX, CALLS_MAX as u64 + 20), "the oldest went");
        live.note(vec![call(5, BYTES_MAX / 2), call(5, BYTES_MAX / 2)]);
        assert_eq!(numbers(&live, 5, None), [522, 521], "both are all that there is room for");
        live.note(vec![call(9, 1)]);
        assert_eq!(numbers(&live, 9, Some(522)), [522], "as of a number");
        assert_eq!(numbers(&live, KEPT_MS + 6, None), [523]);
        assert!(live.find(KEPT_MS + 6, 522).is_none() && live.find(9, 523).is_some());
        live.forget();
        assert_eq!(live.latest(9, None, 9, |_| true), (vec![], 523));
        live.note(vec![call(9, BYTES_MAX + 1)]);
        assert_eq!(numbers(&live, 9, None), [] as [u64; 0], "one that has no room at all");
    }
}
