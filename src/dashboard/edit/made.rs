//! `/edit/new`: a user or a company made by hand.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, json};

use super::{back, mistake, whole};
use crate::actions::attributes::Hand;
use crate::actions::edit::{self, Absent, EditError, Wanted};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::form::{Line, Mistake};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::section::{crumbs, head};
use crate::domain::change::Subject;
use crate::http::access::Admin;
use crate::store::operators::Operator;
use crate::store::users::{self, UserName};
use crate::store::{StoreError, Tx, companies};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// A company, not a user.
    pub is_company: bool,
    /// What was sent and not taken.
    pub sent: Sent,
    /// Why not.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let (title, list, path) =
        if view.is_company { ("New company", "Companies", "/companies") } else { ("New user", "Users", "/users") };
    let line = |name: &'static str, label: &str, value: &str, hint: &str, required: bool| {
        Line { name, label, value, hint, required, autocomplete: "off", ..Line::default() }.draw(view.mistake.as_ref())
    };
    let sent = &view.sent;
    let content = html! {
        div.narrow.start.stack {
            (crumbs(list, path, title))
            (head(html! { (title) }, html! {
                p {
                    @if view.is_company { "Companies appear by themselves as soon as your site names them. One created here is the same company once the site names its id." }
                    @else { "Users appear by themselves as soon as your site says who is signed in. One created here is the same user once the site names the id." }
                }
            }, html! {}))
            section.card {
                div.body {
                    form.stack.snug method="post" action="/edit/new" {
                        input type="hidden" name="kind" value=(if view.is_company { "company" } else { "user" });
                        @if view.is_company {
                            (line("id", "Company id", &sent.id, "Your site's own id for the company. It is case-sensitive.", true))
                            (line("name", "Name", &sent.name, "", false))
                        } @else {
                            (line("id", "User id", &sent.id, "Your site's own id for the user. Without one it is a lead, known by the e-mail address alone.", false))
                            (line("email", "E-mail address", &sent.email, "", false))
                            (line("name", "Name", &sent.name, "", false))
                            (line("company", "Company id", &sent.company, "The company they belong to. If it is not known, it is created.", false))
                        }
                        div.row {
                            button.btn.primary { "Create" }
                            a.btn.bare href=(path) { "Cancel" }
                        }
                    }
                }
            }
        }
    };
    shell(frame, title, content)
}

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    company: String,
}

/// `GET /edit/new?kind=user` or `company`
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest) -> Answer {
    let is_company = desk::value(&request, "kind").as_deref() == Some("company");
    let frame = frame(&request, operator, is_company).await?;
    Ok(desk::page(page(&frame, &View { is_company, ..View::default() })))
}

async fn frame(
    request: &HttpRequest,
    operator: Operator,
    is_company: bool,
) -> Result<Frame, crate::http::page::PageError> {
    desk::frame(request, operator, if is_company { Place::Companies } else { Place::Users }).await
}

/// What the page tells after it was made: the deed, and the address of whom was made.
type Made = (edit::Edited, String);

/// `POST /edit/new`
///
/// # Errors
/// The store's.
pub async fn make(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    let is_company = sent.kind == "company";
    let (hand, wanted) = (Hand::operator(&operator.email), sent.clone());
    let outcome = desk::store(&request)?.write(move |tx| made(tx, &hand, &wanted)).await;
    let mistake = match outcome {
        Ok((edited, page)) => return back(&page, &edited),
        Err(error @ EditError::Value { .. }) => mistake(error, "id")?,
        Err(error @ EditError::Refused(_)) if sent.id.trim().is_empty() => mistake(error, "email")?,
        Err(error) => mistake(error, "id")?,
    };
    let frame = frame(&request, operator, is_company).await?;
    Ok(desk::again(page(&frame, &View { is_company, sent, mistake: Some(mistake) })))
}

fn made(tx: &mut Tx<'_>, hand: &Hand, sent: &Sent) -> Result<Made, EditError> {
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let value = |field, sentence: &str| EditError::Value { field, sentence: sentence.to_owned() };
    let mut wanted = Wanted { values: Map::new(), ..Wanted::default() };
    wanted.values.extend(text(&sent.name).map(|name| ("name".to_owned(), json!(name))));
    let id = text(&sent.id);
    if sent.kind == "company" {
        let id = id.ok_or_else(|| value("id", "A company is known by its id. Enter one."))?;
        if companies::key(&tx.reader(), &id)?.is_some() {
            return Err(value("id", "A company with this id already exists. Nothing was changed."));
        }
        let edited = whole(edit::company(tx, hand, &id, &wanted, Absent::Create)?, |_| "name")?;
        return Ok((edited, links::company(&id)));
    }
    let email = text(&sent.email);
    let name = match (id, &email) {
        (Some(id), _) => UserName::UserId(id),
        (None, Some(email)) => UserName::Email(email.clone()),
        (None, None) => return Err(value("id", "Enter an id, an e-mail address, or both.")),
    };
    if users::key(&tx.reader(), &name)?.is_some() {
        let field = if matches!(name, UserName::UserId(_)) { "id" } else { "email" };
        return Err(value(field, "This user already exists. Nothing was changed."));
    }
    wanted.values.extend(email.map(|email| ("email".to_owned(), json!(email))));
    if let Some(company) = text(&sent.company) {
        wanted.companies.push((edit::company_id(&company)?, edit::MemberEdit::default()));
    }
    let edited = edit::user(tx, hand, &name, &wanted, Absent::Create)?;
    let edited = whole(edited, |attribute| if attribute == "email" { "email" } else { "name" })?;
    let Some(Subject::User(user)) = edited.about else { return Err(StoreError::Stopped.into()) };
    let row = users::row(&tx.reader(), user)?.ok_or(StoreError::Stopped)?;
    Ok((edited, links::user(row.user_id.as_deref(), &row.id)))
}
