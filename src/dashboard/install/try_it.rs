//! "Send a test as me": the whole way of a message about the operator, told field by field, and nothing of it stored.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::doctor;
use crate::actions::receive::plan;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::say::{Tone, notice};
use crate::dashboard::parts::section::crumbs;
use crate::domain::access::Grade;
use crate::domain::ids::{CompanyId, UserId};
use crate::domain::message::{CompanyStatement, Delivery, Kind, Message, Standing};
use crate::http::access::Viewer;
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
            p { "What a page of " bdi { (source.name) } " would say of you, and what would be stored." }
        } }
        div.stack {
            (notice(Tone::Good, "Nothing of it was stored: the message went the whole way and was taken back."))
            (doctor::of_message(frame, "test", frame.clock.now_ms, sent, answer))
        }
    };
    shell(frame, "Test", content)
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
