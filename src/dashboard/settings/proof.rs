//! Proof of identity on a source's page: its secrets, how much of what comes is signed, and a checker that
//! says in words what is wrong with a hash or a token.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::source::{self, View as SourceView};
use crate::actions::sources::{self as deeds, SECRETS_MAX, SourceError};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::Asked;
use crate::dashboard::parts::chart::meter;
use crate::dashboard::parts::code;
use crate::dashboard::parts::form::Line;
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::say::{Tone, alert, notice};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::domain::ids::{self, SecretKey, UserId};
use crate::domain::proof::{self, Proof};
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::operators::Operator;
use crate::store::proofs::{SHARE_DAYS, SecretRow, Share};
use crate::store::{Catalog, Source};

/// What the cards show.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The secrets, the newest first.
    pub secrets: Vec<SecretRow>,
    /// How many messages that named a user were signed, in seven days.
    pub share: Share,
    /// A secret that was made just now, shown once.
    pub made: Option<String>,
    /// Why something was not done with the secrets.
    pub refused: Option<String>,
    /// What the checker was asked, and its answer.
    pub checked: Option<Checked>,
}

/// What the checker was asked, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The hash or token.
    pub proof: String,
    /// The user id, or the e-mail address where there is none.
    pub user: String,
    /// It holds.
    pub holds: bool,
    /// In words.
    pub sentence: String,
}

/// The cards.
pub fn cards(frame: &Frame, source: &Source, view: &View) -> Markup {
    let address = format!("/settings/sources/{}", source.source_id);
    html! {
        section.card aria-labelledby="proof" {
            header {
                h2 id="proof" { "Proof of identity" }
                span.end.muted { (if source.signatures_required { "required" } else { "optional" }) }
            }
            div.body.stack.snug {
                (share(view.share))
                @if let Some(sentence) = &view.refused { (notice(Tone::Bad, sentence)) }
                @if let Some(secret) = &view.made { (secret_once(secret)) }
            }
            @if view.secrets.is_empty() { p.body.muted { "No secret: nothing can be signed." } } @else {
                ul.rows { @for row in &view.secrets { (secret_row(frame, &address, row)) } }
            }
            @if frame.may(Role::Admin) && view.secrets.len() < SECRETS_MAX {
                footer {
                    form method="post" action={ (address) "/secrets" } { button.btn { (icon("key")) (if view.secrets.is_empty() { " Create a secret" } else { " Create another secret" }) } }
                    span.small.muted { "Two can be valid at once: create one, switch your back end over, then retire the other. Sign only ids that your site gives out: the hash of one that people choose can pass for a token of somebody else." }
                }
            }
        }
        section.card aria-labelledby="check" {
            header { h2 id="check" { "Check a hash or token" } }
            form.body.stack.snug method="post" action={ (address) "/check#check" } {
                @if let Some(checked) = &view.checked {
                    (notice(if checked.holds { Tone::Good } else { Tone::Bad }, &checked.sentence))
                }
                (Line {
                    name: "hash_or_token", label: "user_hash or identity_token", required: true,
                    value: view.checked.as_ref().map_or("", |checked| &checked.proof),
                    hint: "As your page sends it. Nothing is stored.", ..Line::default()
                }
                .draw(None))
                (Line {
                    name: "user", label: "User id that the page sends", required: true,
                    value: view.checked.as_ref().map_or("", |checked| &checked.user),
                    hint: "Or the e-mail address, if your pages send no user id.", ..Line::default()
                }
                .draw(None))
                div.row { button.btn { "Check" } }
            }
        }
    }
}

/// The signed share, with its formula.
fn share(share: Share) -> Markup {
    html! {
        @match share.percent() {
            None => p.muted { "No message in the last " (SHARE_DAYS) " days named a user." },
            Some(percent) => {
                p.row { b { (percent) " % signed" } (meter(share.signed, share.all())) }
                p.small.muted {
                    (number(share.signed)) " signed of " (counted(share.all(), "message that named a user", "messages that named a user"))
                    " in " (SHARE_DAYS) " days; " (number(share.unsigned)) " were accepted without proof, " (number(share.refused))
                    " refused for a missing or wrong one."
                }
            }
        }
    }
}

fn secret_row(frame: &Frame, address: &str, row: &SecretRow) -> Markup {
    html! {
        li {
            span.ink { (icon("key")) }
            div.grow.stack.tight {
                p { code.bare { "…" (row.ends_with) } }
                p.small.muted {
                    "created " (frame.clock.ago(row.created_ms)) ", used " (frame.clock.ago_or_never(row.last_used_ms))
                }
            }
            @if frame.may(Role::Admin) {
                details.menu.right {
                    summary.btn.danger { "Retire" span.vh { " the secret that ends with " (row.ends_with) } }
                    form method="post" action={ (address) "/secrets/retire" } {
                        div.body.stack.snug {
                            p { "Anything signed with it is refused from the next message on. This can't be undone." }
                            input type="hidden" name="secret" value=(row.key.0);
                            button.btn.danger { "Retire it" }
                        }
                    }
                }
            }
        }
    }
}

fn secret_once(secret: &str) -> Markup {
    alert(
        Tone::Warn,
        "The secret of this source is shown once",
        html! {
            p { "Your back end signs user ids with it, as proof of identity. Keep it where your other secrets are." }
            p { (code::id(secret, "secret")) }
        },
    )
}

/// What is to be said of a hash or a token for a user.
pub fn check(catalog: &Catalog, source: &Source, text: &str, user: &str, now_ms: i64) -> Checked {
    let text = text.trim();
    let is_token = text.contains('.');
    let proof = Proof {
        user_hash: (!is_token).then(|| text.to_owned()),
        identity_token: is_token.then(|| text.to_owned()),
        user_id_as_sent: Some(user.to_owned()),
    };
    let answer =
        |holds: bool, sentence: String| Checked { proof: text.to_owned(), user: user.to_owned(), holds, sentence };
    let email = ids::email(user).ok();
    let id = match UserId::parse(user) {
        Ok(id) => id,
        Err(refused) => return answer(false, refused.detail),
    };
    let check = |id: Option<&UserId>| proof::check(&proof, &source.secrets, id, email.as_deref(), now_ms);
    // What looks like an address may be an id, or stand where there is none.
    let outcome = check(id.as_ref()).or_else(|refused| match &email {
        Some(_) => check(None).map_err(|_| refused),
        None => Err(refused),
    });
    match outcome {
        Ok(proven) => {
            let mut sentence = format!("Valid: it proves that this is {user}");
            if let Some(email) = proven.email.filter(|email| *email != user) {
                sentence.push_str(&format!(", with the e-mail address {email}"));
            }
            if let Some(company) = proven.company {
                sentence.push_str(&format!(", a member of the company {}", company.as_str()));
            }
            if proven.acting_as {
                sentence.push_str("; a page with it counts as staff looking at this user");
            }
            answer(true, format!("{sentence}."))
        }
        Err(refused) => {
            let signed_by =
                |source: &&&Source| proof::made_with(&proof, &source.secrets, id.as_ref(), email.as_deref()).is_some();
            let others = catalog.sources_in_order();
            let other = others.iter().filter(|other| other.key != source.key).find(signed_by);
            let own = proof::made_with(&proof, &source.secrets, id.as_ref(), email.as_deref()).is_some();
            match other.filter(|_| !own) {
                Some(other) => answer(
                    false,
                    format!(
                        "It is signed with a secret of another source, “{}”. Use one of this source's.",
                        other.name
                    ),
                ),
                None => answer(false, refused.detail),
            }
        }
    }
}

/// What the forms send.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    secret: i64,
    #[serde(default)]
    hash_or_token: String,
    #[serde(default)]
    user: String,
}

/// `POST /settings/sources/{id}/secrets`: makes one, and shows it once.
///
/// # Errors
/// No such source, the store's.
pub async fn make(Admin(operator): Admin, request: HttpRequest, id: web::Path<String>) -> Answer {
    let (by, source_id) = (By::Operator(operator.email.clone()), id.into_inner());
    let wanted = source_id.clone();
    let view = match desk::store(&request)?.write(move |tx| deeds::make_secret(tx, &by, &wanted)).await {
        Ok(secret) => View { made: Some(secret.text), ..View::default() },
        Err(error) => View { refused: Some(refused(error)?), ..View::default() },
    };
    shown(operator, &request, &source_id, view).await
}

/// `POST /settings/sources/{id}/secrets/retire`
///
/// # Errors
/// No such source, the store's.
pub async fn retire(
    Admin(operator): Admin,
    request: HttpRequest,
    id: web::Path<String>,
    sent: web::Form<Sent>,
) -> Answer {
    let (by, source_id) = (By::Operator(operator.email.clone()), id.into_inner());
    let (wanted, secret) = (source_id.clone(), SecretKey(sent.secret));
    match desk::store(&request)?.write(move |tx| deeds::retire_secret(tx, &by, &wanted, secret)).await {
        // Whoever presses twice wanted the same once.
        Err(SourceError::UnknownSecret(_)) => Ok(desk::see_other(&format!("/settings/sources/{source_id}#proof"))),
        Ok(change) => {
            let asked = change.map_or(Asked::Same, Asked::Change);
            Ok(desk::see_other(&asked.address(&format!("/settings/sources/{source_id}"))))
        }
        Err(error) => {
            let view = View { refused: Some(refused(error)?), ..View::default() };
            shown(operator, &request, &source_id, view).await
        }
    }
}

/// `POST /settings/sources/{id}/check`: changes nothing.
///
/// # Errors
/// No such source, the store's.
pub async fn ask(
    Viewer(operator): Viewer,
    request: HttpRequest,
    id: web::Path<String>,
    sent: web::Form<Sent>,
) -> Answer {
    let store = desk::store(&request)?;
    let catalog = store.catalog();
    let known = catalog.source_by_id(&id).ok_or_else(PageError::not_found)?;
    let checked = check(&catalog, known, &sent.hash_or_token, &sent.user, store.now_ms());
    let view = View { checked: Some(checked), ..View::default() };
    shown(operator, &request, &id, view).await
}

/// The source's page with this to say.
async fn shown(operator: Operator, request: &HttpRequest, source_id: &str, proof: View) -> Answer {
    let source = desk::store(request)?.catalog().source_by_id(source_id).cloned().ok_or_else(PageError::not_found)?;
    Ok(desk::page(source::answer(operator, request, SourceView { proof, ..SourceView::of(source) }).await?))
}

fn refused(error: SourceError) -> Result<String, PageError> {
    match error {
        SourceError::Store(error) => Err(error.into()),
        SourceError::Unknown(_) => Err(PageError::not_found()),
        other => Ok(other.to_string()),
    }
}
