//! `/settings/operators`: who signs in to this dashboard.

pub mod remove;

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{only, settings};
use crate::actions::operators::{self as deeds, OperatorError};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::{self, Asked, Done};
use crate::dashboard::happenings::Told;
use crate::dashboard::links;
use crate::dashboard::parts::form::{Line, Mistake, choice};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::say::{Tone, alert, notice};
use crate::dashboard::parts::who::{self, Size};
use crate::dashboard::parts::{code, pill};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::http::access::{Owner, Viewer};
use crate::http::page::PageError;
use crate::store::Reader;
use crate::store::operators::{self, Operator};

/// Its address.
const PATH: &str = "/settings/operators";

/// A link that works once, just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Whose.
    pub email: String,
    /// The whole address.
    pub address: String,
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// All operators in the order they were made.
    pub operators: Vec<Operator>,
    /// A link to hand over.
    pub link: Option<Link>,
    /// The e-mail that was filled in.
    pub email: String,
    /// The role that was filled in.
    pub role: Option<Role>,
    /// What was wrong with it.
    pub mistake: Option<Mistake>,
    /// Why an operator was not changed.
    pub refused: Option<String>,
    /// What was done.
    pub done: Option<&'static str>,
    /// What a removal did, or taking it back.
    pub removed: Option<Done>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let may = frame.may(Role::Owner);
    let content = html! {
        @if let Some(link) = &view.link { (hand_over(link)) }
        @if let Some(refused) = &view.refused { (notice(Tone::Bad, refused)) }
        @if let Some(done) = view.done { (notice(Tone::Good, done)) }
        (done::done(view.removed.as_ref(), Told::Everything, PATH, frame.clock, frame.role()))
        section.card aria-labelledby="operators" {
            header { h2 id="operators" { "Operators" } span.muted { "People who sign in here" } }
            ul.rows.roomy { @for operator in &view.operators { (row(frame, operator, may)) } }
        }
        @if may { (add(view)) } @else { (only("an owner")) }
    };
    settings(frame, "/settings/operators", content)
}

fn hand_over(link: &Link) -> Markup {
    alert(
        Tone::Good,
        "A link for setting the password, shown once",
        html! {
            p { "Send it to " b { (link.email) } ". It works once, within 24 hours." }
            p { (code::id(&link.address, "link")) }
        },
    )
}

fn row(frame: &Frame, operator: &Operator, may: bool) -> Markup {
    let is_self = frame.operator.as_ref().is_some_and(|(email, _)| *email == operator.email);
    html! {
        li {
            span.who {
                (who::face(&operator.email, Size::Row, false))
                span {
                    b { (operator.email) }
                    small {
                        (role_words(operator.role)) @if is_self { ", you" }
                        " · "
                        @match operator.last_sign_in_ms {
                            Some(at_ms) => { "signed in " (frame.clock.ago(at_ms)) }
                            None => "never signed in",
                        }
                    }
                }
            }
            @if !operator.has_password {
                (pill::toned("warn", "No password", "The link has not been used yet"))
            }
            @if may {
                form method="post" action="/settings/operators/link" {
                    input type="hidden" name="email" value=(operator.email);
                    button.btn { "New password link" span.vh { " for " (operator.email) } }
                }
                (change(operator))
            }
        }
    }
}

/// Another role, or none any more.
fn change(operator: &Operator) -> Markup {
    html! {
        details.menu.right {
            summary.btn { "Change" span.vh { " " (operator.email) } }
            div.body.stack.snug {
                form.stack.snug method="post" action="/settings/operators/role" {
                    input type="hidden" name="email" value=(operator.email);
                    select.input.tall name="role" aria-label={ "Role of " (operator.email) } {
                        @for role in Role::ALL {
                            option value=(role.as_str()) selected[role == operator.role] { (role_words(role)) }
                        }
                    }
                    div.row { button.btn { "Set the role" } }
                }
                hr;
                a.btn.danger href=(links::with_query(remove::PATH, &[("email", Some(&operator.email))])) {
                    "Remove" span.vh { " " (operator.email) } " …"
                }
            }
        }
    }
}

fn role_words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer: sees everything",
        Role::Admin => "Admin: changes data, sources and settings",
        Role::Owner => "Owner: also operators and tokens",
    }
}

fn add(view: &View) -> Markup {
    let roles = Role::ALL.map(|role| (role.as_str(), role_words(role)));
    let chosen = view.role.unwrap_or(Role::Viewer);
    html! {
        section.card aria-labelledby="add" {
            header { h2 id="add" { "Add an operator" } }
            form.body.stack.snug method="post" action="/settings/operators" {
                (Line {
                    name: "email", label: "E-mail", kind: "email", value: &view.email, autocomplete: "off",
                    required: true, hint: "Rollcall sends no mail: you get a link to hand over.", ..Line::default()
                }
                .draw(view.mistake.as_ref()))
                (choice("role", "Role", &roles, chosen.as_str(), ""))
                div.row { button.btn.primary { "Add operator" } }
            }
        }
    }
}

/// What the forms send.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

/// `GET /settings/operators`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let is_changed = request.query_string() == "changed=1";
    let done = is_changed.then_some("Role changed. It applies from their next request.");
    Ok(desk::page(answer(operator, &request, View { done, ..View::default() }).await?))
}

async fn answer(operator: Operator, request: &HttpRequest, view: View) -> Result<Markup, PageError> {
    let asked = Asked::of(request);
    let read = move |db: &Reader<'_>, _| Ok((operators::list(db)?, done::read(db, asked)?));
    let (frame, (operators, removed)) = desk::read(request, operator, Place::Settings, read).await?;
    Ok(page(&frame, &View { operators, removed, ..view }))
}

fn link(request: &HttpRequest, email: &str, token: &str) -> Option<Link> {
    let address = format!("{}/password?token={token}", crate::http::client::base_url(request));
    Some(Link { email: email.to_owned(), address })
}

/// `POST /settings/operators`: adds one, and shows the link to hand over.
///
/// # Errors
/// The store's.
pub async fn add_one(Owner(operator): Owner, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let role = sent.role.parse().unwrap_or(Role::Viewer);
    let by = By::Operator(operator.email.clone());
    match deeds::add(desk::store(&request)?, by, &sent.email, role, None).await {
        Ok(added) => {
            let link = added.link_token.and_then(|token| link(&request, &added.operator.email, &token));
            Ok(desk::page(answer(operator, &request, View { link, ..View::default() }).await?))
        }
        Err(OperatorError::Store(error)) => Err(error.into()),
        Err(error) => {
            let sentence = match &error {
                OperatorError::EmailTaken(email) => {
                    format!("{email} is already an operator. You can create a new password link beside the name above.")
                }
                other => other.to_string(),
            };
            let mistake = Some(Mistake::new("email", sentence));
            let view = View { email: sent.into_inner().email, role: Some(role), mistake, ..View::default() };
            Ok(desk::again(answer(operator, &request, view).await?))
        }
    }
}

/// `POST /settings/operators/role`: another role.
///
/// # Errors
/// No such operator, the store's.
pub async fn set_role(Owner(operator): Owner, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let (by, Sent { email, role }) = (By::Operator(operator.email.clone()), sent.into_inner());
    let role = role.parse().map_err(|_| PageError::not_found())?;
    let done = desk::store(&request)?.write(move |tx| deeds::set_role(tx, &by, &email, role)).await;
    match done {
        Ok(()) => Ok(desk::see_other("/settings/operators?changed=1")),
        Err(error) => refused(operator, &request, error).await,
    }
}

/// The list again, with why an operator was not changed.
async fn refused(operator: Operator, request: &HttpRequest, error: OperatorError) -> Answer {
    match error {
        OperatorError::Store(error) => Err(error.into()),
        error @ (OperatorError::LastOwner(_) | OperatorError::LooksAfterTooMany(_)) => {
            let view = View { refused: Some(error.to_string()), ..View::default() };
            Ok(desk::again(answer(operator, request, view).await?))
        }
        _ => Err(PageError::not_found()),
    }
}

/// `POST /settings/operators/link`: a new link to set a password.
///
/// # Errors
/// No such operator, the store's.
pub async fn make_link(Owner(operator): Owner, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    match deeds::reset(desk::store(&request)?, &sent.email).await {
        Ok(token) => {
            let view = View { link: link(&request, &sent.email, &token), ..View::default() };
            Ok(desk::page(answer(operator, &request, view).await?))
        }
        Err(OperatorError::Store(error)) => Err(error.into()),
        Err(_) => Err(PageError::not_found()),
    }
}
