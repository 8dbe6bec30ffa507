//! `POST /signed-members`: whether a company takes signed members only (C8), and its card on the company's page.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::links;
use super::parts::frame::Frame;
use super::parts::icon::{icon, small};
use crate::actions::attributes::Hand;
use crate::actions::edit::{self, Absent, EditError, Wanted};
use crate::domain::access::Role;
use crate::http::access::Admin;
use crate::http::page::PageError;

/// The card: how it is, and the button that changes it.
pub fn card(frame: &Frame, company_id: &str, only_signed: bool) -> Markup {
    html! {
        section.card aria-labelledby="proof" {
            header { h2 id="proof" { "Who may join" } @if only_signed { span.pill { (icon("shield")) " Signed only" } } }
            div.body.stack.snug {
                p.small {
                    @if only_signed {
                        "Only users with an identity token that names this company, or whom a secret token, an import or a \
                         person adds. Other calls are refused as signature_required. Current members stay."
                    } @else {
                        "Anyone a page or a program states. A page's visitor could claim a company that is not theirs; signed \
                         members only prevents that."
                    }
                }
                @if frame.may(Role::Admin) {
                    details.fold-body {
                        summary { (small("right")) (if only_signed { " Let anybody join" } else { " Accept signed members only" }) }
                        form.stack.snug method="post" action="/signed-members" {
                            p.small {
                                @if only_signed { "Pages may then state this company without proof again." }
                                @else { "Pages that state this company need a token whose company_id is this one, from the next message on." }
                            }
                            input type="hidden" name="company_id" value=(company_id);
                            input type="hidden" name="only_signed" value=(if only_signed { "no" } else { "yes" });
                            div.row { button.btn.primary { (if only_signed { "Let anybody join" } else { "Signed members only" }) } }
                        }
                    }
                }
            }
        }
    }
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    company_id: String,
    only_signed: String,
}

/// `POST /signed-members`
///
/// # Errors
/// No such company, the store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let Sent { company_id, only_signed } = sent.into_inner();
    let (hand, id) = (Hand::operator(&operator.email), company_id.clone());
    let wanted = Wanted { signed_members: Some(only_signed == "yes"), ..Wanted::default() };
    let edited = desk::store(&request)?.write(move |tx| edit::company(tx, &hand, &id, &wanted, Absent::Refuse)).await;
    if let Err(error) = edited {
        return Err(if let EditError::Store(error) = error { error.into() } else { PageError::not_found() });
    }
    Ok(desk::see_other(&format!("{}#proof", links::company(&company_id))))
}
