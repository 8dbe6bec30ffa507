//! Sign-ins of operators: a random token in a cookie, its hash in a table.
//!
//! A sign-in ends 30 days after it was last used. The cookie's name starts with
//! `__Host-` where people reach us by https, so that no other host can set it.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};

use super::{client, csrf};
use crate::domain::access::token_hash;
use crate::domain::ids::OperatorKey;
use crate::store::operators::{self, Operator};
use crate::store::{Store, StoreError};

/// Days without use after which a sign-in ends.
const LIFE_DAYS: i64 = 30;
/// A sign-in is renewed at most once in so many days.
const RENEWAL_DAYS: i64 = 1;
const DAY_MS: i64 = 86_400_000;

/// A cookie that the response must carry, left by an extractor for the headers' middleware.
pub(super) struct Renewed(pub(super) Cookie<'static>);

fn cookie_name(request: &HttpRequest) -> &'static str {
    if client::is_https(request) { "__Host-rollcall_session" } else { "rollcall_session" }
}

fn cookie(request: &HttpRequest, token: String, life: Duration) -> Cookie<'static> {
    Cookie::build(cookie_name(request), token)
        .path("/")
        .http_only(true)
        .secure(client::is_https(request))
        .same_site(SameSite::Lax)
        .max_age(life)
        .finish()
}

fn token(request: &HttpRequest) -> Option<String> {
    request.cookie(cookie_name(request)).map(|cookie| cookie.value().to_owned()).filter(|token| !token.is_empty())
}

/// Signs an operator in; the response must carry the cookie. A sign-in that this browser has ends.
///
/// # Errors
/// The store's.
pub async fn sign_in(
    request: &HttpRequest,
    store: &Store,
    operator: OperatorKey,
) -> Result<Cookie<'static>, StoreError> {
    let fresh = store.ambient().token();
    let (before, hash) = (token(request), token_hash(&fresh));
    store
        .write(move |tx| {
            if let Some(before) = before {
                operators::sign_out(tx, &token_hash(&before))?;
            }
            operators::sign_in(tx, operator, &hash, tx.now_ms + LIFE_DAYS * DAY_MS)
        })
        .await?;
    Ok(cookie(request, fresh, Duration::days(LIFE_DAYS)))
}

/// Ends this browser's sign-in; the response must carry the cookie, which takes the old one away.
///
/// # Errors
/// The store's.
pub async fn sign_out(request: &HttpRequest, store: &Store) -> Result<Cookie<'static>, StoreError> {
    if let Some(token) = token(request) {
        store.write(move |tx| operators::sign_out(tx, &token_hash(&token))).await?;
    }
    Ok(cookie(request, String::new(), Duration::ZERO))
}

/// Who is signed in. Nobody is where another site's page sent the request and it would change something.
///
/// # Errors
/// The store's.
pub async fn operator(request: &HttpRequest) -> Result<Option<Operator>, StoreError> {
    let (Some(token), Some(store)) = (token(request), request.app_data::<Data<Store>>()) else { return Ok(None) };
    if !csrf::is_own(request) {
        return Ok(None);
    }
    let hash = token_hash(&token);
    let now_ms = store.now_ms();
    let Some((operator, expires_ms)) = store.read(move |db| operators::signed_in(db, &hash, now_ms)).await? else {
        return Ok(None);
    };
    let renewed_ms = now_ms + LIFE_DAYS * DAY_MS;
    if renewed_ms - expires_ms > RENEWAL_DAYS * DAY_MS {
        // A page that is read is not lost because the writer is busy: the next one renews.
        let renewed: Result<(), StoreError> = store.write(move |tx| operators::renew(tx, &hash, renewed_ms)).await;
        if renewed.is_ok() {
            request.extensions_mut().insert(Renewed(cookie(request, token, Duration::days(LIFE_DAYS))));
        }
    }
    Ok(Some(operator))
}
