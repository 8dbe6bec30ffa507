//! `/bulk/erase`: many people are erased at once, once their number was typed.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{choices, rows};
use crate::actions::edit::bulk::WHOM_MAX;
use crate::actions::erase::{self as deeds, Receipt};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::{Line, Mistake};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::say;
use crate::dashboard::parts::section::{crumbs, head};
use crate::dashboard::parts::who;
use crate::domain::change::By;
use crate::domain::ids::UserKey;
use crate::http::access::Admin;
use crate::http::doctor::Doctor;
use crate::http::live::Live;
use crate::http::page::PageError;
use crate::store::erasure::Events;
use crate::store::users::{self, UserRow};

/// People that the page names.
const NAMED_MAX: usize = 20;

/// What the page shows before it is done.
#[derive(Debug, Clone)]
pub struct View {
    /// Who would be erased.
    pub users: Vec<UserKey>,
    /// The first of them.
    pub first: Vec<UserRow>,
    /// What would go, as it was rehearsed.
    pub receipt: Receipt,
    /// The choice as it was made.
    pub events: Events,
    /// What was wrong with what was typed.
    pub mistake: Option<Mistake>,
}

/// The page before it is done.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let count = view.users.len();
    let people = counted(count as u64, "person", "people");
    let keys: Vec<String> = view.users.iter().map(|user| user.0.to_string()).collect();
    let content = html! {
        div.stack.narrow {
            (crumbs("Users", "/users", "Erase"))
            (head(
                html! { "Erase " (people) },
                html! { p { "This can't be undone. Late messages from these people store nothing until someone allows them again." } },
                html! {},
            ))
            @if view.users.is_empty() {
                (say::nothing("Nobody is selected", html! {
                    p { "Select rows in the list, or choose all that match." }
                    p.row { a.btn.primary href="/users" { "Back to the list" } }
                }))
            } @else {
                section.card aria-labelledby="who" {
                    header { h2 id="who" { "Who goes" } }
                    ul.rows { @for user in &view.first { li { (who::user(user, frame.clock.now_ms, html! { bdi { (user.email.as_deref().or(user.user_id.as_deref()).unwrap_or_default()) } })) } } }
                    @if count > view.first.len() { p.body.muted { "and " (number((count - view.first.len()) as u64)) " more" } }
                }
                (rows(&view.receipt, "What goes"))
                section.card aria-labelledby="sure" {
                    header { h2 id="sure" { "Are you sure?" } }
                    form.body.stack.snug method="post" action="/bulk/erase" {
                        input type="hidden" name="keys" value=(keys.join(","));
                        (choices(view.events))
                        p.small { "To confirm that you mean all of them, type how many there are: " b { (count) } }
                        (Line {
                            name: "typed", label: "How many people are erased", autocomplete: "off", required: true, ..Line::default()
                        }
                        .draw(view.mistake.as_ref()))
                        div.row {
                            button.btn.danger { (icon("trash")) " Erase " (people) " for ever" }
                            a.btn.bare href="/users" { "Keep" }
                        }
                    }
                }
            }
        }
    };
    shell(frame, "Erase", content)
}

/// What the forms send: those who were picked, and once the page was seen how many they are.
#[derive(Debug, Deserialize)]
pub struct Sent {
    /// Keys, with commas.
    #[serde(default)]
    keys: String,
    #[serde(default)]
    events: String,
    typed: Option<String>,
}

/// `POST /bulk/erase`: what would go, or with the right number typed, the erasure and its receipt.
///
/// # Errors
/// The store's.
pub async fn confirm(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let by = By::Operator(operator.email.clone());
    let picked: Vec<UserKey> =
        sent.keys.split(',').filter_map(|key| key.trim().parse().ok().map(UserKey)).take(WHOM_MAX).collect();
    let (frame, (users, first)) = desk::read(&request, operator, Place::Users, move |db, _| {
        let users = users::existing(db, &picked)?;
        let first = users.iter().take(NAMED_MAX).map(|user| users::row(db, *user));
        let first = first.collect::<Result<Vec<_>, _>>()?;
        Ok((users, first.into_iter().flatten().collect()))
    })
    .await?;
    let (store, events) = (desk::store(&request)?, Events::parse(&sent.events));
    let typed = sent.typed.as_deref().map(str::trim);
    if typed == Some(&users.len().to_string())
        && let Some(events) = events
        && !users.is_empty()
    {
        let (store, request, people) = (store.clone(), request.clone(), users.len());
        // A task of its own goes on when the person closes the page, and ends it for all of them.
        let erased = actix_web::rt::spawn(async move {
            let receipt = deeds::erase_many(&store, &by, &users, events).await;
            Live::of(&request).inspect(|live| live.forget());
            Doctor::of(&request).inspect(|doctor| doctor.forget());
            receipt
        });
        let receipt = erased.await.map_err(PageError::internal)??;
        return Ok(desk::page(super::done(&frame, people, &receipt)));
    }
    let events = events.unwrap_or(Events::Delete);
    let receipt = deeds::rehearse_many(store, &by, &users, events).await?;
    let wrong = "That number doesn't match your selection. Nobody was erased.";
    let mistake = typed.map(|_| Mistake::new("typed", wrong));
    let is_wrong = mistake.is_some();
    let page = page(&frame, &View { users, first, receipt, events, mistake });
    Ok(if is_wrong { desk::again(page) } else { desk::page(page) })
}
