//! Tokens asked for a moment ago: a server that sends much must not cost a read a request.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::domain::access::{Scope, token_hash};
use crate::http::access;
use crate::store::{Store, StoreError};

/// So long an answer holds, in milliseconds: a token that is revoked works no longer than that.
const HELD_MS: i64 = 1_000;
/// Answers held at most; with more all are forgotten.
const HELD_MAX: usize = 1_000;

/// What is known of a token's text: when it was asked, and its scope where there is such a token.
type Known = (i64, Option<Scope>);

/// Answers of the last second, by the hash of the token's text.
#[derive(Default)]
pub struct Tokens(RefCell<HashMap<[u8; 32], Known>>);

impl Tokens {
    /// The scope of a token; none where there is no such token. Before the file is read
    /// `may_ask` is asked.
    ///
    /// # Errors
    /// `may_ask`'s own, or the store's.
    pub async fn scope<E: From<StoreError>>(
        &self,
        store: &Store,
        text: &str,
        may_ask: impl FnOnce() -> Result<(), E>,
    ) -> Result<Option<Scope>, E> {
        let (hash, now_ms) = (token_hash(text), store.now_ms());
        let held = self.0.borrow().get(&hash).filter(|(at_ms, _)| (0..HELD_MS).contains(&(now_ms - at_ms))).copied();
        if let Some((_, scope)) = held {
            return Ok(scope);
        }
        may_ask()?;
        let scope = access::token(store, text).await?.map(|token| token.scope);
        let mut held = self.0.borrow_mut();
        if held.len() >= HELD_MAX {
            held.clear();
        }
        held.insert(hash, (now_ms, scope));
        Ok(scope)
    }
}
