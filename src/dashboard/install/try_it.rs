//! "Send a test as me": the whole way of a message about the operator, told field by field, and nothing of it stored.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::doctor;
use crate::actions::receive::plan;
use crate::actions::trials::{self, Deleted};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::say::{Tone, beat, notice};
use crate::dashboard::parts::section::{crumbs, head};
use crate::dashboard::{erase, links};
use crate::domain::access::Grade;
use crate::domain::change::By;
use crate::domain::ids::{CompanyId, UserId};
use crate::domain::message::{CompanyStatement, Delivery, Kind, Message, Standing};
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::{Source, StoreError, Tx};

/// The id of the test's user; nobody has it.
const USER: &str = "rollcall-test-me";
/// The id of the test's company.
const COMPANY: &str = "rollcall-test";

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    source: String,
}

/// The message as a page of the site would send it.
fn as_sent(email: &str) -> Value {
    json!({
        "type": "identify", "userId": USER,
        "traits": { "email": email, "company": { "company_id": COMPANY, "name": "Test company" } },
    })
}

/// The same, read.
fn message(email: &str) -> Result<Message, PageError> {
    let id = |error: crate::domain::error::Refused| PageError::internal(error.detail);
    let mut message = Message::new(Kind::Identify);
    message.user_id = UserId::parse(USER).map_err(id)?;
    message.traits = Map::from_iter([("email".to_owned(), Value::from(email))]);
    message.companies.push(CompanyStatement {
        company_id: CompanyId::parse(COMPANY).map_err(id)?,
        standing: Standing::Joins,
        attributes: Map::from_iter([("name".to_owned(), Value::from("Test company"))]),
        membership: Map::new(),
    });
    Ok(message)
}

/// The page: what was sent, and the answer.
pub fn page(frame: &Frame, source: &Source, sent: &Value, answer: &Value) -> Markup {
    let install = links::with_query("/install", &[("source", Some(&source.source_id))]);
    let content = html! {
        (crumbs("Install", &format!("{install}#try"), "Test"))
        header.head { div {
            h1 { "A test as you" }
            p { "What a page of " bdi { (source.name) } " would say about you, and what would be stored." }
        } }
        div.stack {
            (notice(Tone::Good, "Nothing was stored: the message went through every step and was then undone."))
            (doctor::of_message(frame, "test", frame.clock.now_ms, sent, answer))
        }
    };
    shell(frame, "Test", content)
}

/// The page: what was deleted.
pub fn deleted(frame: &Frame, source: &str, deleted: &Deleted) -> Markup {
    let install = links::with_query("/install", &[("source", Some(source))]);
    let gone: Vec<&String> = deleted.users.iter().chain(&deleted.companies).collect();
    let content = html! {
        div.stack.narrow {
            (crumbs("Install", &format!("{install}#try"), "Deleted"))
            (head(html! { "Deleted" }, html! { p { "What trying the installation left is in no list and no number any more." } }, html! {}))
            @if gone.is_empty() { (notice(Tone::None, "There was nothing left.")) }
            @else { p { "Gone: " @for (place, id) in gone.iter().enumerate() { @if place > 0 { ", " } code { (id) } } ". The same ids may be sent again." } }
            @for id in &deleted.kept {
                p { (beat(Tone::Warn)) " " a href=(links::company(id)) { code { (id) } } " stays: something else is known of it. It can be archived on its page." }
            }
            (erase::rows(&deleted.receipt, "What went"))
            p.row { a.btn href={ (install) "#try" } { "Back to Install" } }
        }
    };
    shell(frame, "Deleted", content)
}

/// `POST /install/try/delete`
///
/// # Errors
/// The store's.
pub async fn delete(Admin(operator): Admin, request: HttpRequest, form: web::Form<Sent>) -> Answer {
    let by = By::Operator(operator.email.clone());
    let done = trials::delete(desk::store(&request)?, &by).await?;
    let frame = desk::frame(&request, operator, Place::Install).await?;
    Ok(desk::page(deleted(&frame, &form.source, &done)))
}

/// `POST /install/try`
///
/// # Errors
/// The store's; there is no such source.
pub async fn send(Viewer(operator): Viewer, request: HttpRequest, form: web::Form<Sent>) -> Answer {
    let store = desk::store(&request)?;
    let source = store.catalog().source_by_id(&form.source).cloned().ok_or_else(PageError::not_found)?;
    let (sent, mut message) = (as_sent(&operator.email), message(&operator.email)?);
    let delivery =
        Delivery { source: source.key, grade: Grade::Unsigned, sent_at_ms: None, received_ms: store.now_ms() };
    let planned = store.rehearse(move |tx: &mut Tx<'_>| plan(tx, &delivery, &mut message)).await;
    let planned = planned.map_err(|error: StoreError| PageError::from(error))?;
    let answer = serde_json::to_value(planned).map_err(|error| PageError::internal(error.to_string()))?;
    let frame = desk::frame(&request, operator, Place::Install).await?;
    Ok(desk::page(page(&frame, &source, &sent, &answer)))
}
