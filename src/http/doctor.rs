//! The doctor's visits: an operator opens the own site with a one-time mark in the address, and sees field by field
//! what the page said and what became of it. In memory alone, for an hour.
//!
//! A mark works for ten minutes until its first message, and then for one minute: one visit.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::Value;

use crate::domain::ids::SourceKey;
use crate::domain::time::{HOUR_MS, MINUTE_MS};

/// Milliseconds for which a mark waits for its visit.
pub const MARK_MS: i64 = 10 * MINUTE_MS;
/// Milliseconds of a visit, from its first message on.
pub const VISIT_MS: i64 = MINUTE_MS;
/// Milliseconds for which a visit is kept.
const KEPT_MS: i64 = HOUR_MS;
/// Visits that are kept.
const VISITS_MAX: usize = 20;
/// Bytes of what one visit may send.
const BYTES_MAX: usize = 512 * 1024;

/// A visit of an operator's own site.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Its number since the server started.
    pub number: u64,
    /// The secret in the page's address.
    pub mark: String,
    /// The source whose page is looked at.
    pub source: SourceKey,
    /// The page's address, without the mark.
    pub address: String,
    /// Asked for at, Unix milliseconds.
    pub made_ms: i64,
    /// The first message came at, Unix milliseconds.
    pub first_ms: Option<i64>,
    /// What came.
    pub posts: Vec<Post>,
}

impl Visit {
    /// Whether messages with its mark are still taken in.
    pub fn is_open(&self, now_ms: i64) -> bool {
        match self.first_ms {
            None => now_ms - self.made_ms < MARK_MS,
            Some(first_ms) => now_ms - first_ms < VISIT_MS,
        }
    }
}

/// One request of a visit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Post {
    /// Received, Unix milliseconds.
    pub at_ms: i64,
    /// What the widget says of the page: its `settings`, the names of its `globals`, the addresses of its `scripts`, or their ids where they have none.
    pub page: Value,
    /// Each message as sent, and the answer with its plan, as a dry run tells it.
    pub messages: Vec<(Value, Value)>,
    /// Why the whole request was not taken: the code, and the sentence.
    pub declined: Option<(&'static str, String)>,
    /// Its source, where that is another than the visit's.
    pub other_source: Option<SourceKey>,
}

/// The visits of the last hour.
#[derive(Debug, Default)]
pub struct Doctor(Mutex<Visits>);

#[derive(Debug, Default)]
struct Visits {
    kept: Vec<Visit>,
    last: u64,
}

impl Doctor {
    /// The one of a request's server, if it has one.
    pub fn of(request: &HttpRequest) -> Option<&Data<Doctor>> {
        request.app_data::<Data<Doctor>>()
    }

    fn visits(&self, now_ms: i64) -> MutexGuard<'_, Visits> {
        let mut visits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        visits.kept.retain(|visit| now_ms - visit.made_ms < KEPT_MS);
        visits
    }

    /// Makes a mark for one visit; the visit's number.
    pub fn make(&self, now_ms: i64, mark: String, source: SourceKey, address: String) -> u64 {
        let mut visits = self.visits(now_ms);
        visits.last += 1;
        let number = visits.last;
        if visits.kept.len() == VISITS_MAX {
            visits.kept.remove(0);
        }
        visits.kept.push(Visit { number, mark, source, address, made_ms: now_ms, first_ms: None, posts: Vec::new() });
        number
    }

    /// The visit of a mark that still works; its number and source.
    pub fn admit(&self, now_ms: i64, mark: &str) -> Option<(u64, SourceKey)> {
        let visits = self.visits(now_ms);
        let visit = visits.kept.iter().find(|visit| visit.mark == mark && visit.is_open(now_ms))?;
        Some((visit.number, visit.source))
    }

    /// Notes a request of a visit, unless it has sent too much by now.
    pub fn note(&self, number: u64, post: Post) {
        let mut visits = self.visits(post.at_ms);
        let Some(visit) = visits.kept.iter_mut().find(|visit| visit.number == number) else { return };
        visit.first_ms.get_or_insert(post.at_ms);
        let bytes = |post: &Post| format!("{}{:?}", post.page, post.messages).len();
        if visit.posts.iter().chain([&post]).map(bytes).sum::<usize>() <= BYTES_MAX {
            visit.posts.push(post);
        }
    }

    /// A visit, as long as it is kept.
    pub fn find(&self, now_ms: i64, number: u64) -> Option<Visit> {
        self.visits(now_ms).kept.iter().find(|visit| visit.number == number).cloned()
    }

    /// Forgets all of them: somebody whom they may be about was erased.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_works_for_one_visit() {
        let doctor = Doctor::default();
        let number = doctor.make(0, "m".to_owned(), SourceKey(1), "https://app.test/".to_owned());
        assert_eq!(doctor.admit(MARK_MS - 1, "m"), Some((number, SourceKey(1))));
        assert_eq!(doctor.admit(0, "other"), None);
        assert_eq!(doctor.admit(MARK_MS, "m"), None, "it waits for ten minutes");
        let post = |at_ms: i64| Post { at_ms, ..Post::default() };
        doctor.note(number, post(1_000));
        doctor.note(number, post(2_000));
        assert_eq!(doctor.admit(1_000 + VISIT_MS - 1, "m"), Some((number, SourceKey(1))));
        assert_eq!(doctor.admit(1_000 + VISIT_MS, "m"), None, "and then for a minute");
        assert_eq!(doctor.find(KEPT_MS - 1, number).unwrap().posts.len(), 2);
        assert_eq!(doctor.find(KEPT_MS, number), None);
    }

    #[test]
    fn so_many_visits_are_kept_and_so_much_of_each() {
        let doctor = Doctor::default();
        for mark in 0..VISITS_MAX + 3 {
            doctor.make(0, mark.to_string(), SourceKey(1), String::new());
        }
        assert_eq!(doctor.admit(0, "2"), None, "the oldest went");
        let (number, _) = doctor.admit(0, "3").unwrap();
        let post = || Post { page: Value::from("x".repeat(BYTES_MAX / 2 + 1)), ..Post::default() };
        doctor.note(number, post());
        doctor.note(number, post());
        assert_eq!(doctor.find(0, number).unwrap().posts.len(), 1);
        let today = 1_800_000_000_000;
        let number = doctor.make(today, "today".to_owned(), SourceKey(1), String::new());
        doctor.forget();
        assert_eq!(doctor.find(today, number), None);
    }
}
