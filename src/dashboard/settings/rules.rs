//! `/settings/rules`: who belongs to which company (C2, C9), whose activity counts, what a sign-in takes along
//! (R5); with what each does in words.

use std::collections::HashMap;

use actix_web::{HttpRequest, web};
use maud::{Markup, html};

use super::values::Values;
use super::{form, settings};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::{self, Done};
use crate::dashboard::erase;
use crate::dashboard::happenings::Told;
use crate::dashboard::parts::form::{Line, choice, tick};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::numbers;
use crate::dashboard::parts::say::{Tone, alert};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::http::access::{Admin, Viewer};
use crate::store::list::Count;
use crate::store::{staff, users};

/// The settings of this page.
const SETTINGS: [&str; 6] =
    ["one_company", "domain_rule", "ignored_domains", "protect_signed", "staff_domains", "takeover_days"];

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The settings, as they are or as they were filled in.
    pub values: Values,
    /// What was just done.
    pub done: Option<Done>,
    /// What the change does beyond what comes in from now on: asked before it is done.
    pub asked: Option<Asked>,
    /// Whether somebody erased was allowed again just now.
    pub allowed: Option<bool>,
}

/// What a change does to what is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// "One company" is turned on, and so many users have several (C2).
    pub one_company: Option<Count>,
    /// Our own domains change, and somebody has an address of them (R16).
    pub staff: Option<Staff>,
}

/// Who is counted otherwise when our own domains change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staff {
    /// Users who are in no number from now on.
    pub left_out: Count,
    /// Users who are counted again.
    pub counted_again: Count,
}

impl Asked {
    fn is_nothing(self) -> bool {
        self == Asked::default()
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let cards = html! { (companies(view)) (domains(view)) (proof(view)) (own_people(view)) (signing_in(view)) };
    let content = html! {
        (done::done(view.done.as_ref(), Told::OfUser, "/settings/rules", frame.clock, frame.role()))
        (form(frame, "Rules of the workspace", view.asked.map(question), cards))
        p.small.muted id="retention" { "How long visitors and events are kept is under " a href="/settings/retention" { "Retention" } "." }
        @if frame.may(Role::Admin) && view.asked.is_none() { (erase::allow_card(view.allowed)) }
    };
    settings(frame, "/settings/rules", content)
}

/// C2: turning it on shows first how many users it touches.
fn question(asked: Asked) -> Markup {
    alert(
        Tone::Warn,
        "This affects existing data",
        html! {
            @if let Some(users) = asked.one_company {
                p {
                    b { (numbers::count(users)) " " (if users == Count::Exactly(1) { "user has" } else { "users have" }) " several companies now." }
                    " Saving moves nobody. When a company is next stated for one of them, the user leaves the others, with one "
                    "line “moved from A to B” in the history."
                }
            }
            @if let Some(staff) = asked.staff { (staff_question(staff)) }
            input type="hidden" name="confirmed" value="1";
            p.row { button.btn.primary { "Save anyway" } a.btn href="/settings/rules" { "Leave it as it was" } }
        },
    )
}

/// R16: what our own people did leaves the numbers, or comes back into them.
fn staff_question(staff: Staff) -> Markup {
    let users = |count: Count| {
        let words = if count == Count::Exactly(1) { "user is" } else { "users are" };
        html! { b { (numbers::count(count)) " " (words) } }
    };
    html! {
        @if staff.left_out != Count::Exactly(0) {
            p {
                (users(staff.left_out)) " at your own domains from now on: what they did and do is left out of every number of people, events and "
                "companies. They stay in the list, with when they were last seen."
            }
        }
        @if staff.counted_again != Count::Exactly(0) {
            p { (users(staff.counted_again)) " no longer at your own domains: what they did comes back into the numbers." }
        }
        p.small { "It is recounted in the background, one user at a time, and can be changed back at any time." }
    }
}

fn companies(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="companies" {
            header { h2 id="companies" { "Companies" } }
            div.body.stack.snug {
                (tick(
                    "one_company",
                    "A user belongs to one company",
                    "Off: a user may belong to several, and the one stated last is the current one. On: a newly stated company replaces \
                     the earlier ones; the user is shown as having moved.",
                    view.values.get("one_company") == "true",
                ))
            }
        }
    }
}

fn domains(view: &View) -> Markup {
    let rules = [
        ("off", "Nothing"),
        ("suggest", "Suggest a company for a person to confirm"),
        ("create", "Create the company and the membership"),
    ];
    html! {
        section.card aria-labelledby="domain" {
            header { h2 id="domain" { "E-mail domains" } a href="/companies/suggested" { "Waiting domains" } }
            div.body.stack.snug {
                (choice(
                    "domain_rule",
                    "What the domain of a user's e-mail does",
                    &rules,
                    view.values.get("domain_rule"),
                    "Applies when an address is set or changed, for users who never had a company. Free-mail and disposable hosts \
                     never count, nor do your own domains. A later change of the address moves nobody, and a company that your site \
                     states overrides one created by this rule, which is then left.",
                ))
                (Line {
                    name: "ignored_domains", label: "Domains that never create a company", value: view.values.get("ignored_domains"),
                    hint: "Separated by commas. “Ignore” under suggested companies adds to them.", placeholder: "agency.example",
                    ..Line::default()
                }
                .draw(view.values.mistake.as_ref()))
            }
        }
    }
}

fn proof(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="proof" {
            header { h2 id="proof" { "Proof of identity" } }
            div.body.stack.snug {
                (tick(
                    "protect_signed",
                    "Users who have proved who they are must keep proving it",
                    "On: once a user has come with a valid signature, calls without one can't set this user's attributes or companies; they \
                     are refused as signature_required. What the user does still counts. Off: the next unsigned call may change it.",
                    view.values.get("protect_signed") == "true",
                ))
            }
        }
    }
}

fn own_people(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="staff" {
            header { h2 id="staff" { "Your own people" } }
            div.body.stack.snug {
                (Line {
                    name: "staff_domains", label: "Domains of your own staff", value: view.values.get("staff_domains"),
                    hint: "Separated by commas; subdomains are included. Anyone with an address at them is left out of all numbers: active people, \
                           events, companies' activity. Their addresses create and suggest no company.",
                    placeholder: "example.com", ..Line::default()
                }
                .draw(view.values.mistake.as_ref()))
            }
        }
    }
}

fn signing_in(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="sign-in" {
            header { h2 id="sign-in" { "Signing in" } }
            div.body.stack.snug {
                (Line {
                    name: "takeover_days", label: "Days of earlier browsing to attach at sign-in", kind: "number",
                    value: view.values.get("takeover_days"),
                    hint: "Page views from this long before sign-in become the user's.", required: true,
                    ..Line::default()
                }
                .draw(view.values.mistake.as_ref()))
            }
        }
    }
}

/// `GET /settings/rules`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let allowed = desk::value(&request, "allowed").map(|said| said == "1");
    let (frame, values, done) = Values::shown(&request, operator, &SETTINGS).await?;
    Ok(desk::page(page(&frame, &View { values, done, asked: None, allowed })))
}

/// `POST /settings/rules`: sets all of them or none; what touches what is there asks first.
///
/// # Errors
/// The store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<HashMap<String, String>>) -> Answer {
    let store = desk::store(&request)?;
    let values = Values::sent(&sent, &SETTINGS);
    if !sent.contains_key("confirmed") {
        let asked = asked(store, &values).await?;
        if !asked.is_nothing() {
            let view = View { values, done: None, asked: Some(asked), allowed: None };
            return Ok(desk::page(page(&desk::frame(&request, operator, Place::Settings).await?, &view)));
        }
    }
    match values.save(store, By::Operator(operator.email.clone())).await? {
        Ok(asked) => Ok(desk::see_other(&asked.address("/settings/rules"))),
        Err(values) => {
            let frame = desk::frame(&request, operator, Place::Settings).await?;
            Ok(desk::again(page(&frame, &View { values, done: None, asked: None, allowed: None })))
        }
    }
}

/// What there is to ask about a change.
async fn asked(store: &crate::store::Store, values: &Values) -> Result<Asked, crate::http::page::PageError> {
    let settings = store.catalog().settings.clone();
    let turns_on = values.get("one_company") == "true" && !settings.one_company;
    let mut wanted = settings.clone();
    // What does not fit is said when it is saved.
    let _ = wanted.set("staff_domains", values.get("staff_domains"));
    let left_out = staff::only_in(&wanted.staff_domains, &settings.staff_domains);
    let counted_again = staff::only_in(&settings.staff_domains, &wanted.staff_domains);
    Ok(store
        .read(move |db| {
            let one_company = turns_on.then(|| users::count_with_several_companies(db)).transpose()?;
            let recounted =
                Staff { left_out: staff::count(db, &left_out)?, counted_again: staff::count(db, &counted_again)? };
            let none = Staff { left_out: Count::Exactly(0), counted_again: Count::Exactly(0) };
            Ok(Asked { one_company, staff: Some(recounted).filter(|recounted| *recounted != none) })
        })
        .await?)
}
