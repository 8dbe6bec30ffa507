//! `/settings/operators/remove`: asks who looks after the users and companies of an operator who goes, and removes them.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::refused;
use crate::actions::operators::{self as deeds, LookedAfter, OperatorError, Successor};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::Asked;
use crate::dashboard::links;
use crate::dashboard::parts::form::{Mistake, choice};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::numbers::counted;
use crate::dashboard::parts::say::{Tone, notice};
use crate::dashboard::parts::section::{crumbs, head};
use crate::domain::change::By;
use crate::http::access::Owner;
use crate::http::page::PageError;
use crate::store::Reader;
use crate::store::operators::{self, Operator};

/// Its address.
pub const PATH: &str = "/settings/operators/remove";

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Who goes, by e-mail.
    pub email: String,
    /// How many users they look after.
    pub users: usize,
    /// How many companies.
    pub companies: usize,
    /// Who could look after them, by e-mail.
    pub others: Vec<String>,
    /// Who was chosen.
    pub to: String,
    /// Why it was not done.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let looks_after = view.users + view.companies > 0;
    let list = |list: &str| links::with_query(list, &[("f", Some(&format!("owner:is:{}", view.email)))]);
    let content = html! {
        div.stack.narrow {
            (crumbs("Operators", super::PATH, &view.email))
            (head(html! { "Remove " bdi { (view.email) } "?" }, html! {}, html! {}))
            @if let Some(mistake) = &view.mistake { (notice(Tone::Bad, &mistake.sentence)) }
            form.card method="post" action=(PATH) {
                div.body.stack.snug {
                    p {
                        "All sessions end at once. Past changes stay in the history under this name. "
                        "Undo brings them back, without a password."
                    }
                    @if looks_after {
                        p {
                            "They look after "
                            @if view.users > 0 { a href=(list("/users")) { (counted(view.users as u64, "user", "users")) } }
                            @if view.users > 0 && view.companies > 0 { " and " }
                            @if view.companies > 0 { a href=(list("/companies")) { (counted(view.companies as u64, "company", "companies")) } }
                            "."
                        }
                        @let nobody = std::iter::once(("", "Nobody: they have no owner"));
                        @let options: Vec<(&str, &str)> = nobody.chain(view.others.iter().map(|one| (one.as_str(), one.as_str()))).collect();
                        (choice("to", "Who looks after them from now on", &options, &view.to, ""))
                    } @else {
                        p { "They look after no users and no companies." }
                        input type="hidden" name="to" value="";
                    }
                    input type="hidden" name="email" value=(view.email);
                    div.row {
                        button.btn.danger { "Remove the operator" }
                        a.btn.bare href=(super::PATH) { "Cancel" }
                    }
                }
            }
        }
    };
    shell(frame, &format!("Remove {}", view.email), content)
}

/// `GET /settings/operators/remove?email=`
///
/// # Errors
/// No such operator, the store's.
pub async fn show(Owner(operator): Owner, request: HttpRequest) -> Answer {
    let email = desk::value(&request, "email").unwrap_or_default();
    ask(operator, &request, View { email, ..View::default() }).await
}

/// The question, with what stands in it.
async fn ask(operator: Operator, request: &HttpRequest, view: View) -> Answer {
    let email = view.email.clone();
    let read = move |db: &Reader<'_>, _| {
        let Some((leaving, _)) = operators::find(db, &email)? else { return Ok(None) };
        let all = operators::list(db)?;
        let others: Vec<String> = all.into_iter().filter(|one| one.key != leaving.key).map(|one| one.email).collect();
        Ok(Some((LookedAfter::read(db, leaving.key)?, leaving.email, others)))
    };
    let (frame, found) = desk::read(request, operator.clone(), Place::Settings, read).await?;
    let (looked_after, email, others) = found.ok_or_else(PageError::not_found)?;
    let Some(looked_after) = looked_after else {
        return refused(operator, request, OperatorError::LooksAfterTooMany(email)).await;
    };
    let (users, companies) = (looked_after.users(), looked_after.companies());
    let is_wrong = view.mistake.is_some();
    let page = page(&frame, &View { email, users, companies, others, ..view });
    Ok(if is_wrong { desk::again(page) } else { desk::page(page) })
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    email: String,
    /// Who looks after them; nobody where it is empty, not asked yet where it is missing.
    to: Option<String>,
}

/// `POST /settings/operators/remove`: nobody signs in as them any more.
///
/// # Errors
/// No such operator, the store's.
pub async fn remove(Owner(operator): Owner, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let (by, Sent { email, to }) = (By::Operator(operator.email.clone()), sent.into_inner());
    let successor = to.as_deref().map(str::trim).map(|to| match to {
        "" => Successor::Nobody,
        to => Successor::Operator(to.to_owned()),
    });
    let of = email.clone();
    let removed = desk::store(&request)?.write(move |tx| deeds::remove(tx, &by, &of, successor.as_ref())).await;
    match removed {
        Ok(change) => Ok(desk::see_other(&change.map_or(Asked::Same, Asked::Change).address(super::PATH))),
        Err(OperatorError::LooksAfter { email, .. }) => {
            Ok(desk::see_other(&links::with_query(PATH, &[("email", Some(&email))])))
        }
        Err(error @ (OperatorError::OwnSuccessor(_) | OperatorError::Unknown(_))) => {
            let mistake = Some(Mistake::new("to", error.to_string()));
            ask(operator, &request, View { email, to: to.unwrap_or_default(), mistake, ..View::default() }).await
        }
        Err(error) => refused(operator, &request, error).await,
    }
}
