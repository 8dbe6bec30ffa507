//! `/live`: calls as they arrive.
//!
//! - `list.rs` the latest ones, `one.rs` one of them: what was sent beside what was stored.

pub mod list;
pub mod one;

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::links;
use super::parts::{pill, values};
use crate::domain::message::Status;
use crate::http::live::{Call, Live, Outcome};
use crate::http::page::PageError;
use crate::store::Catalog;

/// The calls that this server keeps.
///
/// # Errors
/// A server without them.
fn live(request: &HttpRequest) -> Result<&Live, PageError> {
    Live::of(request).ok_or_else(|| PageError::internal("the server keeps no calls"))
}

/// The name of the source of a call.
fn source_name(call: &Call, catalog: &Catalog) -> Option<String> {
    catalog.sources.get(&call.source?).map(|source| source.name.clone())
}

/// What became of a call, in a word.
fn outcome(call: &Call) -> Markup {
    match &call.outcome {
        Outcome::Declined { code, detail, .. } => pill::toned("bad", code, detail),
        Outcome::Dealt { receipt, keeps } => {
            let (tone, word, title) = match receipt.status {
                Status::Stored if !keeps => ("", "Test", "A test source answers as usual, but stores nothing"),
                Status::Stored => ("good", "Stored", "On disk"),
                Status::Unchanged => ("", "Unchanged", "It contained nothing new"),
                Status::Duplicate => ("", "Duplicate", "Its message id was already received, so it counts once"),
                Status::Refused => ("bad", "Refused", "Not taken"),
            };
            html! {
                @match &receipt.code {
                    Some(code) => (pill::toned("bad", code.as_str(), receipt.detail.as_deref().unwrap_or(title))),
                    None => (pill::toned(tone, word, title)),
                }
                @if !receipt.refused_values.is_empty() {
                    " " (pill::toned("warn", &format!("{} refused", receipt.refused_values.len()), "Values that were refused while the rest was stored"))
                }
                @if !receipt.warnings.is_empty() { " " (pill::word("Warned", &receipt.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>().join(", "))) }
            }
        }
    }
}

/// Whether those whom a call names are known by it: of one that was refused, or not kept, nobody may be.
fn is_kept(call: &Call) -> bool {
    matches!(&call.outcome, Outcome::Dealt { keeps: true, .. }) && !call.is_refused()
}

/// Whom a call names.
fn who(call: &Call) -> Markup {
    let said = &call.said;
    html! {
        @match (&said.user, &said.visitor) {
            (Some(user), _) if !is_kept(call) => bdi { (values::cut(user, 28)) },
            (Some(user), _) => a href=(links::user(Some(user), user)) { bdi { (values::cut(user, 28)) } },
            (None, Some(visitor)) => span.muted { "visitor " code.bare { (values::cut(visitor, 13)) } },
            (None, None) => span.zero { "nobody" },
        }
    }
}
