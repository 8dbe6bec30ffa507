//! `/edit/profile`: the owner and the tags of a user or a company (A9).

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Found, Whom, back, missing, mistake, named, placed};
use crate::actions::attributes::Hand;
use crate::actions::edit::{self, Absent, Wanted};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::{Line, Mistake, choice};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::section::{crumbs, head};
use crate::dashboard::parts::values;
use crate::domain::profile::{TAG_CHARS_MAX, TAGS_MAX};
use crate::http::access::Admin;
use crate::http::page::PageError;
use crate::store::operators::{self, Operator};
use crate::store::profiles;

/// Tags in use that the page names.
const KNOWN_MAX: usize = 100;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The user or company.
    pub found: Found,
    /// Operators, by e-mail.
    pub operators: Vec<String>,
    /// Tags in use.
    pub known_tags: Vec<String>,
    /// The owner's e-mail, as it is or was sent; empty for nobody.
    pub owner: String,
    /// The tags, as they are or were sent.
    pub tags: String,
    /// What was wrong with them.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let name = view.found.name();
    let mut owners: Vec<(&str, &str)> = vec![("", "Nobody")];
    owners.extend(view.operators.iter().map(|email| (email.as_str(), email.as_str())));
    let hint = format!("Separated by commas: at most {TAGS_MAX} tags of {TAG_CHARS_MAX} characters each.");
    let content = html! {
        div.narrow.start.stack {
            (crumbs(&name, &view.found.page(), "Owner and tags"))
            (head(html! { "Owner and tags" }, html! { p { bdi { (values::cut(&name, values::NAME_CHARS_MAX)) } } }, html! {}))
            section.card {
                div.body {
                    form.stack.snug method="post" action="/edit/profile" {
                        (named(&view.found.whom()))
                        (choice("owner", "Owner", &owners, &view.owner, "Who on your team looks after them."))
                        (Line { name: "tags", label: "Tags", value: &view.tags, hint: &hint, autocomplete: "off", ..Line::default() }.draw(view.mistake.as_ref()))
                        @if !view.known_tags.is_empty() {
                            p.row.tight.small { "In use: " @for tag in &view.known_tags { span.pill { bdi { (tag) } } } }
                        }
                        div.row {
                            button.btn.primary { "Save" }
                            a.btn.bare href=(view.found.page()) { "Cancel" }
                        }
                    }
                }
            }
        }
    };
    shell(frame, &format!("Owner and tags: {name}"), content)
}

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    #[serde(flatten)]
    whom: Whom,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    tags: String,
}

/// `GET /edit/profile?user=` or `?company=`
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest) -> Answer {
    let whom = Whom::of(&request);
    let (frame, view) = read(&request, operator, whom.clone()).await?;
    match view {
        Some(view) => Ok(desk::page(page(&frame, &view))),
        None => missing(&frame, &whom),
    }
}

async fn read(request: &HttpRequest, operator: Operator, whom: Whom) -> Result<(Frame, Option<View>), PageError> {
    let read = desk::read(request, operator, Place::Elsewhere, move |db, _| {
        let Some(found) = whom.find(db)? else { return Ok(None) };
        let profile = found.profile();
        Ok(Some(View {
            operators: operators::list(db)?.into_iter().map(|operator| operator.email).collect(),
            known_tags: profiles::known_tags(db, KNOWN_MAX)?,
            owner: profiles::owner(db, profile)?.unwrap_or_default(),
            tags: profiles::tags(db, profile)?.join(", "),
            found,
            mistake: None,
        }))
    });
    Ok(placed(read.await?, |view| &view.found))
}

/// `POST /edit/profile`
///
/// # Errors
/// Nobody of this id, the store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    let whom = sent.whom.clone();
    let (frame, view) = read(&request, operator.clone(), whom.clone()).await?;
    let Some(view) = view else { return missing(&frame, &whom) };
    let hand = Hand::operator(&operator.email);
    let tags = desk::lines(&sent.tags);
    let owner = Some(Some(sent.owner.trim().to_owned()).filter(|email| !email.is_empty()));
    let wanted = Wanted { owner, tags: Some(tags), ..Wanted::default() };
    let (user, company) = (view.found.user_name(), view.found.company_id().to_owned());
    let is_company = matches!(view.found, Found::Company(_));
    let outcome = desk::store(&request)?
        .write(move |tx| {
            if is_company {
                edit::company(tx, &hand, &company, &wanted, Absent::Refuse)
            } else {
                edit::user(tx, &hand, &user, &wanted, Absent::Refuse)
            }
        })
        .await;
    match outcome {
        Ok(edited) => back(&view.found.page(), &edited),
        Err(error) => {
            let mistake = Some(mistake(error, "tags")?);
            let view = View { owner: sent.owner, tags: sent.tags, mistake, ..view };
            Ok(desk::again(page(&frame, &view)))
        }
    }
}
