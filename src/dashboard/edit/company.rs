//! `/edit/company`: another id for a company; archiving it, and putting it back (C10).

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Found, Whom, back, missing, mistake, named};
use crate::actions::attributes::Hand;
use crate::actions::edit::{self, Absent, EditError, Wanted};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::form::{Line, Mistake};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::section::{crumbs, head};
use crate::dashboard::parts::values;
use crate::domain::ids::CompanyId;
use crate::http::access::Admin;
use crate::store::companies;
use crate::store::operators::Operator;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The company.
    pub found: Found,
    /// It is out of lists and numbers.
    pub is_archived: bool,
    /// The id, as it is or was sent.
    pub id: String,
    /// What was wrong with it.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let name = view.found.name();
    let content = html! {
        div.narrow.start.stack {
            (crumbs(&name, &view.found.page(), "Id and archive"))
            (head(html! { "Id and archive" }, html! { p { bdi { (values::cut(&name, values::NAME_CHARS_MAX)) } } }, html! {}))
            section.card aria-labelledby="another" {
                header { h2 id="another" { "Another id" } }
                div.body {
                    form.stack.snug method="post" action="/edit/company" {
                        (named(&view.found.whom()))
                        (Line {
                            name: "id", label: "Company id", value: &view.id, autocomplete: "off", required: true,
                            hint: "Messages, links and API calls with the old id still reach this company. Ids are case-sensitive.",
                            ..Line::default()
                        }
                        .draw(view.mistake.as_ref()))
                        div.row {
                            button.btn.primary name="deed" value="rename" { "Change the id" }
                            a.btn.bare href=(view.found.page()) { "Cancel" }
                        }
                    }
                }
            }
            (archive(view))
        }
    };
    shell(frame, &format!("Id and archive: {name}"), content)
}

fn archive(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="archive" {
            header { h2 id="archive" { @if view.is_archived { "Put it back" } @else { "Archive" } } }
            div.body {
                form.stack.snug method="post" action="/edit/company" {
                    (named(&view.found.whom()))
                    @if view.is_archived {
                        p { "It returns to lists and numbers, with everything stored in the meantime." }
                        div.row { button.btn name="deed" value="unarchive" { (icon("undo")) " Put it back" } }
                    } @else {
                        p {
                            "It is out of lists and numbers of companies; the search still finds it. Nothing is erased: its page and its members stay, \
                             filters of users by their company still find them, messages for it are still stored, and it \
                             can be put back at any time."
                        }
                        div.row { button.btn name="deed" value="archive" { (icon("box")) " Archive it" } }
                    }
                }
            }
        }
    }
}

/// What the forms send.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    #[serde(flatten)]
    whom: Whom,
    #[serde(default)]
    deed: String,
    #[serde(default)]
    id: String,
}

/// `GET /edit/company?key=`
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest) -> Answer {
    let whom = Whom::of(&request);
    match read(&request, operator, whom.clone()).await? {
        (frame, Some(view)) => Ok(desk::page(page(&frame, &view))),
        (frame, None) => missing(&frame, &whom),
    }
}

async fn read(
    request: &HttpRequest,
    operator: Operator,
    whom: Whom,
) -> Result<(Frame, Option<View>), crate::http::page::PageError> {
    desk::read(request, operator, Place::Companies, move |db, _| {
        let Some(found @ Found::Company(_)) = whom.only_company().find(db)? else { return Ok(None) };
        let key = companies::key(db, found.company_id())?;
        let archived_ms = key.map(|key| companies::archived_ms(db, key)).transpose()?.flatten();
        let id = found.company_id().to_owned();
        Ok(Some(View { is_archived: archived_ms.is_some(), id, found, mistake: None }))
    })
    .await
}

/// `POST /edit/company`
///
/// # Errors
/// No company of this id, the store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    let whom = sent.whom.clone();
    let (frame, view) = read(&request, operator.clone(), whom.clone()).await?;
    let Some(view) = view else { return missing(&frame, &whom) };
    let (hand, company) = (Hand::operator(&operator.email), view.found.company_id().to_owned());
    let wanted = match sent.deed.as_str() {
        "archive" => Ok(Wanted { archived: Some(true), ..Wanted::default() }),
        "unarchive" => Ok(Wanted { archived: Some(false), ..Wanted::default() }),
        _ => new_id(&sent.id).map(|id| Wanted { company_id: Some(id), ..Wanted::default() }),
    };
    let outcome = match wanted {
        Ok(wanted) => {
            let page = wanted.company_id.as_ref().map_or(company.clone(), |id| id.as_str().to_owned());
            let edited = desk::store(&request)?
                .write(move |tx| edit::company(tx, &hand, &company, &wanted, Absent::Refuse))
                .await;
            edited.map(|edited| (edited, links::company(&page)))
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((edited, page)) => back(&page, &edited),
        Err(error) => {
            let mistake = Some(mistake(error, "id")?);
            Ok(desk::again(page(&frame, &View { id: sent.id, mistake, ..view })))
        }
    }
}

/// An id as it was typed (R9).
fn new_id(typed: &str) -> Result<CompanyId, EditError> {
    let sentence = "A company is known by its id. Enter one.".to_owned();
    CompanyId::parse(typed)?.ok_or(EditError::Value { field: "id", sentence })
}
