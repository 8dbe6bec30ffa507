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
    /// The owner as the form found it.
    pub was_owner: String,
    /// The tags as the form found them.
    pub was_tags: String,
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
                        input type="hidden" name="was_owner" value=(view.was_owner);
                        input type="hidden" name="was_tags" value=(view.was_tags);
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
    /// The owner as the form showed it: who was not changed in the form stays who it is now.
    #[serde(default)]
    was_owner: Option<String>,
    /// The tags as the form showed them: what somebody else added or removed meanwhile stays so.
    #[serde(default)]
    was_tags: Option<String>,
}

impl Sent {
    /// What is wanted of the owner; none where it is to stay.
    fn owner(&self) -> Option<Option<String>> {
        let owner = self.owner.trim();
        let is_other = self.was_owner.as_deref().is_none_or(|was| was.trim() != owner);
        is_other.then(|| Some(owner.to_owned()).filter(|email| !email.is_empty()))
    }

    /// The tags that are wanted, of those that there are now.
    fn tags(&self, now: &[String]) -> Vec<String> {
        let sent = desk::lines(&self.tags);
        let Some(was) = self.was_tags.as_deref().map(desk::lines) else { return sent };
        let kept = now.iter().filter(|tag| sent.contains(tag) || !was.contains(tag));
        let added = sent.iter().filter(|tag| !was.contains(tag) && !now.contains(tag));
        kept.chain(added).cloned().collect()
    }
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
        let (owner, tags) =
            (profiles::owner(db, profile)?.unwrap_or_default(), profiles::tags(db, profile)?.join(", "));
        Ok(Some(View {
            operators: operators::list(db)?.into_iter().map(|operator| operator.email).collect(),
            known_tags: profiles::known_tags(db, KNOWN_MAX)?,
            was_owner: owner.clone(),
            was_tags: tags.clone(),
            owner,
            tags,
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
    let tags = sent.tags(&desk::lines(&view.tags));
    let wanted = Wanted { owner: sent.owner(), tags: Some(tags), ..Wanted::default() };
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
            let (was_owner, was_tags) =
                (sent.was_owner.unwrap_or(view.was_owner), sent.was_tags.unwrap_or(view.was_tags));
            let view = View {
                owner: sent.owner,
                tags: sent.tags,
                was_owner,
                was_tags,
                mistake,
                found: view.found,
                operators: view.operators,
                known_tags: view.known_tags,
            };
            Ok(desk::again(page(&frame, &view)))
        }
    }
}
