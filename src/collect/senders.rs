//! Who sends: a source by its public write key, or a program by its secret token.

use std::borrow::Cow;
use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, ORIGIN};
use actix_web::web::Query;
use base64::Engine;

use super::Memory;
use super::envelope::Envelope;
use super::refusals::Declined;
use crate::domain::access::{Grade, Scope};
use crate::domain::codes::requests::RequestCode;
use crate::domain::ids::SourceKey;
use crate::http::limits::Limits;
use crate::http::problem::Problem;
use crate::http::{access, client, csrf, session};
use crate::store::{Catalog, Source, SourceKind, Store};

/// Characters of an unknown key that are kept as an example: it may be a secret in the wrong place.
const KEY_CHARS_SHOWN: usize = 12;
/// Stands for the source of keys that belong to none, among the limits.
const NO_SOURCE: SourceKey = SourceKey(0);

/// Whom a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// Whose its messages are.
    pub source: SourceKey,
    /// What it is worth (A7).
    pub grade: Grade,
    /// What it sends is kept; a test source's is not.
    pub keeps: bool,
}

impl Sender {
    fn of(source: &Source, grade: Grade) -> Sender {
        Sender { source: source.key, grade, keeps: source.kind == SourceKind::Live }
    }
}

/// Finds out whom a request comes from, and whether it may send.
///
/// # Errors
/// 401 `write_key_missing`, `write_key_unknown`, `token_invalid`; 403 `origin_not_allowed`,
/// `source_paused`; 429 `rate_limited`; the store's.
pub async fn sender(
    request: &HttpRequest,
    envelope: &Envelope<'_>,
    catalog: &Catalog,
    store: &Store,
    limits: &Limits,
    memory: &Memory,
) -> Result<Sender, Declined> {
    let client = client::address(request);
    let rate = catalog.settings.rate_limit;
    let may_ask = || limits.collect(NO_SOURCE, client, rate).map_err(Declined::from);
    if let Some(token) = access::bearer(request) {
        let scope = memory.tokens.scope(store, token, may_ask).await?;
        may_send(scope.ok_or_else(access::token_invalid)?)?;
        return program(request, catalog);
    }
    let key = write_key(request, envelope).ok_or_else(missing)?;
    if let Some(source) = catalog.source_of(&key) {
        admits(request, source)?;
        limits.collect(source.key, client, rate)?;
        return Ok(Sender::of(source, Grade::Unsigned));
    }
    match memory.tokens.scope(store, &key, may_ask).await? {
        Some(scope) => {
            may_send(scope)?;
            program(request, catalog)
        }
        None => Err(unknown(&key)),
    }
}

/// Whom a request would come from that only asks what it would do: a program with any token, or a
/// page's own call, asked by an operator who is signed in.
///
/// # Errors
/// As [`sender`], and 401 `token_missing` for a public key alone.
pub async fn asker(
    request: &HttpRequest,
    envelope: &Envelope<'_>,
    catalog: &Catalog,
    store: &Store,
    limits: &Limits,
    memory: &Memory,
) -> Result<Sender, Problem> {
    let client = client::address(request);
    let may_ask = || limits.collect(NO_SOURCE, client, catalog.settings.rate_limit);
    if let Some(token) = access::bearer(request) {
        memory.tokens.scope(store, token, may_ask).await?.ok_or_else(access::token_invalid)?;
        return Ok(program(request, catalog)?);
    }
    let key = write_key(request, envelope).ok_or_else(missing)?;
    if let Some(source) = catalog.source_of(&key) {
        // The session's cookie goes along to a page of the same site too, which could then read the answer.
        if csrf::is_same_origin(request) && session::operator(request).await?.is_some() {
            return Ok(Sender::of(source, Grade::Unsigned));
        }
        let detail = "A dry run shows what is known about people, so a write key alone may not ask for one. \
                      Send a token (Authorization: Bearer rc_…), or ask while you are signed in to the dashboard.";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, RequestCode::TokenMissing, detail));
    }
    match memory.tokens.scope(store, &key, may_ask).await? {
        Some(_) => Ok(program(request, catalog)?),
        None => Err(unknown(&key).into()),
    }
}

/// A token that may only read sends nothing.
fn may_send(scope: Scope) -> Result<(), Problem> {
    if scope >= Scope::Write {
        return Ok(());
    }
    let detail = "The token can only read. Create one with the scope write, and send it whole.";
    Err(Problem::new(StatusCode::UNAUTHORIZED, RequestCode::TokenInvalid, detail))
}

/// The source of a public key alone, for what an SDK asks before it sends.
///
/// # Errors
/// As [`sender`], for public keys.
pub fn public<'a>(request: &HttpRequest, catalog: &'a Catalog, key: Option<&str>) -> Result<&'a Source, Declined> {
    let key = key.ok_or_else(missing)?;
    let source = catalog.source_of(key).ok_or_else(|| unknown(key))?;
    admits(request, source)?;
    Ok(source)
}

/// A program with a token: its messages are those of the source it names, else of the source "API".
fn program(request: &HttpRequest, catalog: &Catalog) -> Result<Sender, Declined> {
    let named = query(request, &["source"]);
    let source = match &named {
        Some(source_id) => catalog.source_by_id(source_id),
        None => catalog.api_source(),
    };
    let source = source.ok_or_else(|| {
        let detail = format!("There is no source {:?}. Name one by its id, or none at all.", named.unwrap_or_default());
        Problem::new(StatusCode::UNAUTHORIZED, RequestCode::WriteKeyUnknown, detail)
    })?;
    not_paused(source)?;
    Ok(Sender::of(source, Grade::Secret))
}

/// Whether a source takes what this page or server sends. Without an `Origin` it is a server.
fn admits(request: &HttpRequest, source: &Source) -> Result<(), Declined> {
    not_paused(source)?;
    let Some(origin) = request.headers().get(ORIGIN) else { return Ok(()) };
    let origin = String::from_utf8_lossy(origin.as_bytes());
    let is_it = |allowed: &String| allowed.trim_end_matches('/').eq_ignore_ascii_case(&origin);
    if source.origins.is_empty() || source.origins.iter().any(is_it) {
        return Ok(());
    }
    let detail = format!(
        "The source {:?} does not accept messages from pages of {origin}. Add this origin to the source, if it is yours.",
        source.name
    );
    let problem = Problem::new(StatusCode::FORBIDDEN, RequestCode::OriginNotAllowed, detail).with("origin", &*origin);
    Err(Declined::from(problem).of(Some(source.key)).example(&origin))
}

fn not_paused(source: &Source) -> Result<(), Declined> {
    if !source.paused {
        return Ok(());
    }
    let detail = format!("The source {:?} is paused, and nothing was stored. Resume it in its settings.", source.name);
    Err(Declined::from(Problem::new(StatusCode::FORBIDDEN, RequestCode::SourcePaused, detail)).of(Some(source.key)))
}

/// The write key: the Basic user, else the body's, else the query's, else the first message's.
fn write_key<'a>(request: &HttpRequest, envelope: &'a Envelope<'_>) -> Option<Cow<'a, str>> {
    basic_user(request)
        .map(Cow::Owned)
        .or_else(|| envelope.write_key.as_deref().map(Cow::Borrowed))
        .or_else(|| query_key(request).map(Cow::Owned))
        .or_else(|| envelope.first_write_key.as_deref().map(Cow::Borrowed))
}

/// The source whose key the request's head names, for a body that can't be read.
pub fn source_in_head(request: &HttpRequest, catalog: &Catalog) -> Option<SourceKey> {
    let key = basic_user(request).or_else(|| query_key(request))?;
    catalog.write_keys.get(&key).copied()
}

/// The user of `Authorization: Basic`. What can't be read is none: another place may have the key.
pub fn basic_user(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let bytes = scheme.eq_ignore_ascii_case("basic").then(|| encoded.trim())?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let user = text.split_once(':').map_or(text.as_str(), |(user, _)| user);
    (!user.is_empty()).then(|| user.to_owned())
}

/// The write key of the query string.
pub fn query_key(request: &HttpRequest) -> Option<String> {
    query(request, &["writeKey", "write_key"])
}

/// The first of these fields of the query string that says something.
pub fn query(request: &HttpRequest, names: &[&str]) -> Option<String> {
    if request.query_string().is_empty() {
        return None;
    }
    let mut query = Query::<HashMap<String, String>>::from_query(request.query_string()).ok()?;
    names.iter().find_map(|name| query.remove(*name).filter(|value| !value.is_empty()))
}

fn missing() -> Problem {
    let detail =
        "The request has no write key. Send it as the user of Basic authentication, or as writeKey in the body.";
    Problem::new(StatusCode::UNAUTHORIZED, RequestCode::WriteKeyMissing, detail)
}

fn unknown(key: &str) -> Declined {
    let shown = match key.char_indices().nth(KEY_CHARS_SHOWN) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_owned(),
    };
    let detail = format!("No source has the write key {shown:?}. Copy it from the source's page, whole.");
    Declined::from(Problem::new(StatusCode::UNAUTHORIZED, RequestCode::WriteKeyUnknown, detail)).example(&shown)
}
