//! `/settings/sources/{id}`: one source, to be changed.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::sources::kind;
use super::{audit, proof, settings};
use crate::actions::sources;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::{self, Done};
use crate::dashboard::errors;
use crate::dashboard::happenings::Told;
use crate::dashboard::parts::code;
use crate::dashboard::parts::form::{Line, Mistake, choice, lines, tick};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::say::{Tone, alert};
use crate::dashboard::parts::section::crumbs;
use crate::domain::access::Role;
use crate::domain::change::{By, Subject};
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::changes::{self, ChangeSet};
use crate::store::operators::Operator;
use crate::store::proofs::{self, SHARE_DAYS, Share};
use crate::store::{Source, SourceKind};

/// Changes of the source that its page tells of.
const CHANGES: usize = 5;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The source, as it is or as it was filled in.
    pub source: Source,
    /// What was wrong with it.
    pub mistake: Option<Mistake>,
    /// What was just done.
    pub done: Option<Done>,
    /// What was last changed of it, the newest first.
    pub changes: Vec<ChangeSet>,
    /// Proof is to be required, and this much of what comes is signed: asked before it is done.
    pub asked: Option<Share>,
    /// Its secrets, and what there is to say of proofs.
    pub proof: proof::View,
}

impl View {
    /// A source as it is.
    pub fn of(source: Source) -> View {
        View { source, mistake: None, done: None, changes: Vec::new(), asked: None, proof: proof::View::default() }
    }
}

fn path(source: &Source) -> String {
    format!("/settings/sources/{}", source.source_id)
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let source = &view.source;
    let content = html! {
        div { (crumbs("Sources", "/settings/sources", &source.name)) }
        (done::done(view.done.as_ref(), Told::OfUser, &path(source), frame.clock, frame.role()))
        section.card aria-labelledby="source" {
            header {
                h2 id="source" { bdi { (source.name) } }
                (kind(source))
                span.end.muted { "since " (frame.clock.on(source.created_ms)) }
            }
            @if frame.may(Role::Admin) { (form(view)) } @else { div.body { (super::only("an admin")) } }
        }
        section.card aria-labelledby="keys" {
            header {
                h2 id="keys" { "Keys" }
                @if !source.write_keys.is_empty() { a.end href={ "/install?source=" (source.source_id) } { "Install" } }
            }
            dl.facts {
                @for (place, key) in source.write_keys.iter().enumerate() {
                    div {
                        dt { (if place == 0 { "Write key" } else { "Adopted key" }) }
                        dd { (code::id(key, "write key")) }
                    }
                }
                div {
                    dt { "Source id" }
                    dd {
                        (code::id(&source.source_id, "source id"))
                        " "
                        span.small.muted { "for the shell and the API" }
                    }
                }
            }
            footer { "Write keys are public: they can only add data." }
        }
        @if !source.write_keys.is_empty() { (proof::cards(frame, source, &view.proof)) }
        @if !view.changes.is_empty() {
            section.card aria-labelledby="changes" {
                header { h2 id="changes" { "Changed last" } a.end href="/settings/audit?by=hand" { "Everything done by hand" } }
                div.body { (audit::deeds(frame, &view.changes, &path(source))) }
            }
        }
    };
    settings(frame, "/settings/sources", content)
}

fn form(view: &View) -> Markup {
    let (source, mistake) = (&view.source, view.mistake.as_ref());
    let kind = if source.kind == SourceKind::Live { "live" } else { "test" };
    let adopted = source.write_keys.get(1..).unwrap_or_default();
    html! {
        form.body.stack.snug method="post" action={ "/settings/sources/" (source.source_id) } {
            @if let Some(share) = view.asked { (question(&source.source_id, share)) }
            (Line { name: "name", label: "Name", value: &source.name, required: true, ..Line::default() }.draw(mistake))
            @if !source.write_keys.is_empty() {
                (choice(
                    "kind",
                    "Kind",
                    &[("live", "Live: stores what is sent"), ("test", "Test: answers as usual, but stores nothing")],
                    kind,
                    "",
                ))
                (lines(
                    "origins",
                    "Allowed origins",
                    &source.origins,
                    "One per line, such as https://app.example.com. Empty: pages of any site may send.",
                    mistake,
                ))
                (lines(
                    "adopted_keys",
                    "Keys adopted from another tool",
                    adopted,
                    "One per line. A page that moves over can then keep its key.",
                    mistake,
                ))
            }
            fieldset.stack.snug {
                legend { "What it may do" }
                (tick(
                    "paused",
                    "Paused",
                    "Everything it sends is answered 403. SDKs discard what they sent.",
                    source.paused,
                ))
                (tick(
                    "closed",
                    "Closed to new attributes",
                    "An attribute that was never sent before waits instead of appearing by itself.",
                    source.closed,
                ))
                (tick(
                    "signatures_required",
                    "Proof of identity required",
                    "A message that names a user or a company must be signed; unsigned ones are refused.",
                    source.signatures_required,
                ))
            }
            @if view.asked.is_none() { div.row { button.btn.primary { "Save" } a.btn.bare href="/settings/sources" { "Back" } } }
        }
    }
}

/// Requiring proof refuses whoever does not sign yet.
fn question(source_id: &str, share: Share) -> Markup {
    alert(
        Tone::Warn,
        "Some of what this source sends is not signed",
        html! {
            p {
                b { (number(share.all() - share.signed)) " of " (counted(share.all(), "message", "messages")) }
                " that named a user in the last " (SHARE_DAYS) " days would have been refused (" (share.percent().unwrap_or_default())
                " % were signed). From now on, page views in such messages count for the visitor, and nothing about the user or the "
                "company is accepted."
            }
            input type="hidden" name="confirmed" value="1";
            p.row { button.btn.primary { "Require proof anyway" } a.btn href={ "/settings/sources/" (source_id) } { "Leave it optional" } }
        },
    )
}

/// What the form sends; a box that is not ticked sends nothing, a built-in source has no lists.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    name: String,
    kind: Option<String>,
    origins: Option<String>,
    adopted_keys: Option<String>,
    paused: Option<String>,
    closed: Option<String>,
    signatures_required: Option<String>,
    confirmed: Option<String>,
}

impl Sent {
    /// Each field with its value as text.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let either = |ticked: &Option<String>, yes: &str, no: &str| if ticked.is_some() { yes } else { no }.to_owned();
        let mut fields = vec![
            ("name", self.name.clone()),
            ("paused", either(&self.paused, "true", "false")),
            ("new_attributes", either(&self.closed, "closed", "open")),
            ("signatures", either(&self.signatures_required, "required", "optional")),
        ];
        fields.extend(self.kind.clone().map(|kind| ("kind", kind)));
        fields.extend(self.origins.as_ref().map(|origins| ("origins", desk::lines(origins).join(","))));
        fields.extend(self.adopted_keys.as_ref().map(|keys| ("keys", desk::lines(keys).join(","))));
        fields
    }

    /// The source as it was filled in, to be shown again.
    fn over(&self, mut source: Source) -> Source {
        source.name.clone_from(&self.name);
        source.paused = self.paused.is_some();
        source.closed = self.closed.is_some();
        source.signatures_required = self.signatures_required.is_some();
        if let Some(origins) = &self.origins {
            source.origins = desk::lines(origins);
        }
        if let Some(keys) = &self.adopted_keys {
            source.write_keys.truncate(1);
            source.write_keys.extend(desk::lines(keys));
        }
        source
    }
}

/// `GET /settings/sources/{id}`
///
/// # Errors
/// No such source, the store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, id: web::Path<String>) -> Answer {
    let Some(source) = desk::store(&request)?.catalog().source_by_id(&id).cloned() else {
        let frame = desk::frame(&request, operator, Place::Settings).await?;
        return Ok(desk::page_with(StatusCode::NOT_FOUND, errors::no_page(&frame)));
    };
    Ok(desk::page(answer(operator, &request, View::of(source)).await?))
}

/// The page, with what the file says of its proofs.
///
/// # Errors
/// The store's.
pub async fn answer(operator: Operator, request: &HttpRequest, mut view: View) -> Result<Markup, PageError> {
    let key = view.source.key;
    let asked = done::Asked::of(request);
    let (frame, view) = desk::read(request, operator, Place::Settings, move |db, clock| {
        view.done = done::read(db, asked)?;
        view.changes = changes::sets(db, Subject::Source(key), None, CHANGES)?.rows;
        (view.proof.secrets, view.proof.share) = (proofs::secrets(db, key)?, proofs::share(db, key, clock.now_ms)?);
        Ok(view)
    })
    .await?;
    Ok(page(&frame, &view))
}

/// `POST /settings/sources/{id}`: changes all of it or nothing.
///
/// # Errors
/// No such source, the store's.
pub async fn change(
    Admin(operator): Admin,
    request: HttpRequest,
    id: web::Path<String>,
    sent: web::Form<Sent>,
) -> Answer {
    let source = desk::store(&request)?.catalog().source_by_id(&id).cloned().ok_or_else(PageError::not_found)?;
    if sent.signatures_required.is_some() && !source.signatures_required && sent.confirmed.is_none() {
        let (key, now_ms) = (source.key, desk::store(&request)?.now_ms());
        let share = desk::store(&request)?.read(move |db| proofs::share(db, key, now_ms)).await?;
        if share.signed < share.all() {
            let view = View { asked: Some(share), ..View::of(sent.over(source)) };
            return Ok(desk::page(answer(operator, &request, view).await?));
        }
    }
    let (by, source_id, fields) = (By::Operator(operator.email.clone()), source.source_id.clone(), sent.fields());
    let changed = desk::store(&request)?
        .write(move |tx| {
            let wanted: Vec<(&str, &str)> = fields.iter().map(|(field, value)| (*field, value.as_str())).collect();
            sources::set(tx, &by, &source_id, &wanted)
        })
        .await;
    match changed {
        Ok(change) => {
            Ok(desk::see_other(&change.map_or(done::Asked::Same, done::Asked::Change).address(&path(&source))))
        }
        Err(error) => {
            let mistake = Some(super::sources::mistake(error)?);
            let view = View { mistake, ..View::of(sent.over(source)) };
            Ok(desk::again(answer(operator, &request, view).await?))
        }
    }
}
