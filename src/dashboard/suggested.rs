//! `/companies/suggested`: e-mail domains of people without a company, and what is decided of them (C9).

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::links;
use super::parts::form::Mistake;
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::numbers::counted;
use super::parts::say::{self, Tone, alert};
use super::parts::section::{crumbs, head};
use super::parts::{code, values, who};
use crate::actions::email_domains::{self as deeds, DomainError};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::domain::settings::DomainRule;
use crate::http::access::{Admin, Viewer};
use crate::store::email_domains::{self, Suggestion};
use crate::store::list::{Cursor, PAGE_ROWS, Page};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// What the rule does now.
    pub rule: DomainRule,
    /// A page of the domains that wait.
    pub suggested: Page<Suggestion>,
    /// What was just done.
    pub done: Option<Done>,
    /// What was wrong with what was sent, and of which domain.
    pub mistake: Option<(String, Mistake)>,
}

/// What was just done about a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It belongs to this company now, and so many people became members.
    Accepted {
        /// The domain.
        domain: String,
        /// The company's id.
        company_id: String,
        /// New members.
        people: u64,
    },
    /// It is ignored for ever.
    Ignored(String),
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        div.stack.narrow {
            (crumbs("Companies", "/companies", "Suggested"))
            (head(
                html! { "Suggested companies" },
                html! {
                    p {
                        "E-mail domains of people who have no company. Free-mail and disposable hosts and your own domains are never "
                        "among them. " a href="/settings/rules#domain" { (rule_words(view.rule)) }
                    }
                },
                html! {},
            ))
            @if let Some(done) = &view.done { (said(done)) }
            @if view.suggested.rows.is_empty() {
                (say::nothing(
                    "No domains waiting",
                    html! {
                        p {
                            "As soon as somebody with an address at a company's domain is known and belongs to no company, the domain "
                            "appears here with its people."
                        }
                        p.row { a.btn href="/companies" { "Companies" } a.btn href="/settings/rules#domain" { "The rule" } }
                    },
                ))
            } @else {
                section.card aria-label="Domains that wait" {
                    ul.rows.roomy { @for suggestion in &view.suggested.rows { (row(frame, view, suggestion)) } }
                }
                @if let Some(next) = &view.suggested.next {
                    p.row { a.btn href=(links::with_query("/companies/suggested", &[("after", Some(&next.encode()))])) { "Further domains" } }
                }
            }
            (code::shell_card(&frame.server, "/api/v1/suggested-domains"))
        }
    };
    shell(frame, "Suggested companies", content)
}

fn rule_words(rule: DomainRule) -> &'static str {
    match rule {
        DomainRule::Off => "The rule is off: nothing new is added.",
        DomainRule::Suggest => "The rule suggests; it could also create companies by itself, or be off.",
        DomainRule::Create => "The rule creates companies by itself; what waits here could belong to several.",
    }
}

fn said(done: &Done) -> Markup {
    match done {
        Done::Accepted { domain, company_id, people } => alert(
            Tone::Good,
            &format!("{domain} is now a domain of this company"),
            html! {
                p {
                    "Of those who waited, " (counted(*people, "became a member", "became members")) ". Anyone new with such an address joins "
                    "automatically. " a href=(links::company(company_id)) { "See the company" }
                }
            },
        ),
        Done::Ignored(domain) => alert(
            Tone::Good,
            &format!("{domain} is ignored"),
            html! { p { "It is never suggested again. Remove it from the list under " a href="/settings/rules#domain" { "rules" } " to undo that." } },
        ),
    }
}

fn row(frame: &Frame, view: &View, suggestion: &Suggestion) -> Markup {
    let domain = suggestion.domain.as_str();
    let mistake = view.mistake.as_ref().filter(|(of, _)| of == domain).map(|(_, mistake)| mistake);
    let suggested_id = suggestion.companies.first().map_or(domain, |(id, _)| id.as_str());
    let field = format!("company-{domain}");
    html! {
        li {
            div.grow.stack.tight {
                p.row.tight {
                    b { bdi { (values::cut(domain, 80)) } } " "
                    span.muted { (counted(suggestion.people, "person", "people")) ", since " (frame.clock.ago(suggestion.since_ms)) }
                }
                p.small.muted {
                    @for (place, user) in suggestion.examples.iter().enumerate() {
                        @if place > 0 { ", " }
                        a href=(links::user(user.user_id.as_deref(), &user.id)) {
                            (values::name(user.name.as_deref().or(user.email.as_deref()).or(user.user_id.as_deref()).unwrap_or(&user.id)))
                        }
                    }
                    @if suggestion.people > suggestion.examples.len() as u64 { " and others" }
                }
                @if !suggestion.companies.is_empty() {
                    p.small {
                        "Sent as its domain by "
                        @for (place, (id, name)) in suggestion.companies.iter().enumerate() {
                            @if place > 0 { " and " }
                            a href=(links::company(id)) { (values::name(who::company_name(name.as_deref(), id))) }
                        }
                        "."
                    }
                }
                @if let Some(mistake) = mistake { p.small.bad role="alert" { (mistake.sentence) } }
            }
            @if frame.may(Role::Admin) {
                details.menu.right open[mistake.is_some()] {
                    summary.btn { "Accept…" span.vh { " " (domain) } }
                    form method="post" action="/companies/suggested" {
                        div.body.stack.snug {
                            p {
                                (counted(suggestion.people, "person becomes a member", "people become members"))
                                " of this company, and so does anyone new with such an address. What your site sends about them wins."
                            }
                            input type="hidden" name="domain" value=(domain);
                            input type="hidden" name="decision" value="accept";
                            div.field {
                                label for=(field) { "Company id" }
                                input.input id=(field) name="company_id" value=(suggested_id) maxlength="255" required;
                                small { "If the company exists, the domain is added to it. Another id creates a company." }
                            }
                            button.btn.primary { "Accept" }
                        }
                    }
                }
                form method="post" action="/companies/suggested" {
                    input type="hidden" name="domain" value=(domain);
                    input type="hidden" name="decision" value="ignore";
                    button.btn title="Never suggest it again" { (icon("x")) " Ignore" span.vh { " " (domain) } }
                }
            }
        }
    }
}

/// `GET /companies/suggested`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let done = match (desk::value(&request, "accepted"), desk::value(&request, "ignored")) {
        (Some(domain), _) => Some(Done::Accepted {
            domain,
            company_id: desk::value(&request, "company").unwrap_or_default(),
            people: desk::value(&request, "people").and_then(|people| people.parse().ok()).unwrap_or_default(),
        }),
        (None, Some(domain)) => Some(Done::Ignored(domain)),
        (None, None) => None,
    };
    let (frame, view) = read(operator, &request, done, None).await?;
    Ok(desk::page(page(&frame, &view)))
}

async fn read(
    operator: crate::store::operators::Operator,
    request: &HttpRequest,
    done: Option<Done>,
    mistake: Option<(String, Mistake)>,
) -> Result<(Frame, View), crate::http::page::PageError> {
    let after = desk::value(request, "after").and_then(|after| Cursor::decode(&after));
    let (frame, suggested) = desk::read(request, operator, Place::Companies, move |db, clock| {
        email_domains::suggested(db, after.as_ref(), PAGE_ROWS, clock.now_ms)
    })
    .await?;
    let rule = desk::store(request)?.catalog().settings.domain_rule;
    Ok((frame, View { rule, suggested, done, mistake }))
}

/// What the forms send.
#[derive(Debug, Deserialize)]
pub struct Sent {
    domain: String,
    decision: String,
    #[serde(default)]
    company_id: String,
}

/// `POST /companies/suggested`: accepts a domain, or ignores it for ever.
///
/// # Errors
/// The store's.
pub async fn decide(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let (store, by) = (desk::store(&request)?, By::Operator(operator.email.clone()));
    let Sent { domain, decision, company_id } = sent.into_inner();
    let decided = if decision == "ignore" {
        let wanted = domain.clone();
        store
            .write(move |tx| deeds::ignore(tx, &by, &wanted))
            .await
            .map(|()| links::with_query("/companies/suggested", &[("ignored", Some(&domain))]))
    } else {
        deeds::accept_all(store, by, domain.clone(), company_id).await.map(|(company_id, people)| {
            let people = people.to_string();
            let said = [
                ("accepted", Some(domain.as_str())),
                ("company", Some(company_id.as_str())),
                ("people", Some(people.as_str())),
            ];
            links::with_query("/companies/suggested", &said)
        })
    };
    match decided {
        Ok(address) => Ok(desk::see_other(&address)),
        Err(DomainError::Store(error)) => Err(error.into()),
        Err(error) => {
            let mistake = Some((domain, Mistake::new("company_id", error.to_string())));
            let (frame, view) = read(operator, &request, None, mistake).await?;
            Ok(desk::again(page(&frame, &view)))
        }
    }
}
