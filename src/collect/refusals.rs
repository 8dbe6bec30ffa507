//! Refusals of whole requests: counted in memory and written once a second, so that an attack
//! costs no writes. There are as many entries as sources and codes, and no more.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use actix_web::ResponseError;
use actix_web::http::StatusCode;

use super::Memory;
use crate::domain::ids::{SourceKey, excerpt};
use crate::http::problem::Problem;
use crate::store::{Store, StoreError, refusals};

/// How long refusals wait to be written, in milliseconds.
const WAIT_MS: u64 = 1_000;

/// A request that was not taken.
#[derive(Debug)]
pub struct Declined {
    /// What its sender is told.
    pub problem: Box<Problem>,
    /// Whose it was, as far as known.
    pub source: Option<SourceKey>,
    /// What was sent in the field that was the reason.
    pub example: Option<String>,
}

impl From<Problem> for Declined {
    fn from(problem: Problem) -> Declined {
        Declined { problem: Box::new(problem), source: None, example: None }
    }
}

impl From<Declined> for Problem {
    fn from(declined: Declined) -> Problem {
        *declined.problem
    }
}

impl From<StoreError> for Declined {
    fn from(error: StoreError) -> Declined {
        Problem::from(error).into()
    }
}

impl Declined {
    /// The same, of a source where none is known yet.
    pub fn of(mut self, source: Option<SourceKey>) -> Declined {
        self.source = self.source.or(source);
        self
    }

    /// The same, with what was sent.
    pub fn example(mut self, example: &str) -> Declined {
        self.example = Some(excerpt(example));
        self
    }
}

struct Waiting {
    times: u64,
    detail: String,
    example: Option<String>,
}

/// Refusals that wait to be written.
#[derive(Default)]
pub struct Refusals(RefCell<HashMap<(Option<SourceKey>, &'static str), Waiting>>);

impl Refusals {
    /// Takes one in; whether it is the first since they were last written.
    fn add(&self, declined: &Declined) -> bool {
        let mut waiting = self.0.borrow_mut();
        let is_first = waiting.is_empty();
        let key = (declined.source, declined.problem.code());
        let entry = waiting.entry(key).or_insert_with(|| Waiting {
            times: 0,
            detail: declined.problem.detail().to_owned(),
            example: None,
        });
        entry.times += 1;
        entry.example = declined.example.clone().or(entry.example.take());
        is_first
    }

    /// Writes what waits.
    pub async fn write(&self, store: &Store) {
        let waiting = self.0.take();
        let written: Result<(), StoreError> = store
            .write_bulk(move |tx| {
                for ((source, code), Waiting { times, detail, example }) in waiting {
                    refusals::count_many(tx, source, code, None, &detail, example.as_deref(), times)?;
                }
                Ok(())
            })
            .await;
        if let Err(error) = written {
            tracing::warn!(%error, "Refusals of the last second could not be counted.");
        }
    }
}

/// Answers a request that was not taken, and counts it where its sender can do something about it:
/// too many requests and a busy server are not mistakes of a website.
pub fn decline(memory: Rc<Memory>, store: &Store, declined: Declined) -> Problem {
    let status = declined.problem.status_code();
    let counts = status.is_client_error() && !matches!(status, StatusCode::NOT_FOUND | StatusCode::TOO_MANY_REQUESTS);
    if counts && memory.refusals.add(&declined) {
        let store = store.clone();
        actix_web::rt::spawn(async move {
            actix_web::rt::time::sleep(Duration::from_millis(WAIT_MS)).await;
            memory.refusals.write(&store).await;
        });
    }
    (*declined.problem).for_tracking()
}
