//! `/users/duplicates` and `/companies/duplicates`: records that may be one, for a person to decide.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::done::{self, Asked, Done};
use super::happenings::Told;
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::say;
use super::parts::section::{crumbs, head};
use super::parts::{code, pill, values, who};
use super::{links, user};
use crate::actions::duplicates as deeds;
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::domain::duplicates::{Records, Why};
use crate::domain::ids::{ChangeKey, CompanyId};
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::companies::{self, CompanyRow};
use crate::store::duplicates::{self, Group};
use crate::store::list::{Cursor, PAGE_ROWS, Page};
use crate::store::users::UserRow;
use crate::store::{StoreError, Tx};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// A page of those that may be one.
    pub groups: Found,
    /// What was just done.
    pub done: Option<Done>,
}

/// A page of records that may be one.
#[derive(Debug, Clone)]
pub enum Found {
    /// Users and leads.
    Users(Page<Group<UserRow>>),
    /// Companies.
    Companies(Page<Group<CompanyRow>>),
}

impl Found {
    fn records(&self) -> Records {
        match self {
            Found::Users(_) => Records::Users,
            Found::Companies(_) => Records::Companies,
        }
    }

    fn next(&self) -> Option<&Cursor> {
        match self {
            Found::Users(page) => page.next.as_ref(),
            Found::Companies(page) => page.next.as_ref(),
        }
    }
}

/// The address of the list.
pub fn address(records: Records) -> &'static str {
    match records {
        Records::Users => "/users/duplicates",
        Records::Companies => "/companies/duplicates",
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let records = view.groups.records();
    let (list, path, one, told) = match records {
        Records::Users => ("Users", "/users", "person", Told::OfUser),
        Records::Companies => ("Companies", "/companies", "company", Told::OfCompany),
    };
    let content = html! {
        div.stack.narrow {
            (crumbs(list, path, "Possible duplicates"))
            (head(
                html! { "Possible duplicates" },
                html! { p { (introduction(records)) " They are never merged for that alone: you decide, pair by pair." } },
                html! {},
            ))
            (done::done(view.done.as_ref(), told, address(records), frame.clock, frame.role()))
            @match &view.groups {
                Found::Users(page) => { @for group in &page.rows { (users(frame, group)) } }
                Found::Companies(page) => { @for group in &page.rows { (companies_of(frame, group)) } }
            }
            @if is_empty(&view.groups) {
                (say::nothing("No two look alike", html! {
                    p { "Two records that may be the same " (one) " appear here as soon as there are any." }
                    p.row { a.btn href=(path) { (list) } }
                }))
            }
            @if let Some(next) = view.groups.next() {
                p.row { a.btn rel="next" href=(links::with_query(address(records), &[("after", Some(&next.encode()))])) { "Further ones " (icon("right")) } }
            }
            (code::shell_card(&frame.server, match records {
                Records::Users => "/api/v1/possible-duplicates?kind=user",
                Records::Companies => "/api/v1/possible-duplicates?kind=company",
            }))
        }
    };
    shell(frame, "Possible duplicates", content)
}

fn introduction(records: Records) -> &'static str {
    match records {
        Records::Users => {
            "Records with the same e-mail address, and those whose ids differ in case or form only (ANN and ann, ann_b and ann-b)."
        }
        Records::Companies => "Companies whose ids differ in case or form only: ACME and acme, acme_ltd and acme-ltd.",
    }
}

fn is_empty(groups: &Found) -> bool {
    match groups {
        Found::Users(page) => page.rows.is_empty(),
        Found::Companies(page) => page.rows.is_empty(),
    }
}

/// Why two may be one, as a sentence of both.
fn reason(why: Why, shared: &str) -> Markup {
    html! {
        @match why {
            Why::Email => { "The same e-mail address: " bdi { (values::cut(shared, 80)) } },
            Why::Id => { "Ids that differ in case or form only, like " bdi { (values::cut(shared, 80)) } },
        }
    }
}

/// Why two may be one, in few words.
pub fn reason_word(why: Why) -> &'static str {
    match why {
        Why::Email => "the same e-mail address",
        Why::Id => "ids that differ in case or form only",
    }
}

fn users(frame: &Frame, group: &Group<UserRow>) -> Markup {
    let one = |user: &UserRow| {
        html! {
            (who::user(user, frame.clock.now_ms, who::user_second_line(user)))
            (standing(frame, user.first_seen_ms, user.last_seen_ms))
        }
    };
    // Who is known by an id, and was here last, is whom the site means: that record is proposed to stay.
    let worth = |user: &UserRow| (user.user_id.is_some(), user.last_seen_ms);
    let pairs = group.pairs.iter().map(|(earlier, later)| {
        let (earlier, later) = (&group.records[*earlier], &group.records[*later]);
        let (stays, goes) = if worth(later) > worth(earlier) { (later, earlier) } else { (earlier, later) };
        let merge = format!("{}/merge", links::user(None, &stays.id));
        let compare = links::with_query(&merge, &[("from", Some(&goes.id))]);
        let names = (who::user_name(stays), who::user_name(goes));
        let answers = answers(frame, Records::Users, (&stays.id, &goes.id), names, &compare, address(Records::Users));
        pair(one(stays), one(goes), answers)
    });
    card(reason(group.why, &group.shared), pairs.collect(), group.more)
}

fn companies_of(frame: &Frame, group: &Group<CompanyRow>) -> Markup {
    let one = |company: &CompanyRow| {
        html! { (who::company_row(company)) (standing(frame, company.first_seen_ms, company.last_seen_ms)) }
    };
    let pairs = group.pairs.iter().map(|(earlier, later)| {
        let (earlier, later) = (&group.records[*earlier], &group.records[*later]);
        let (stays, goes) = if later.last_seen_ms > earlier.last_seen_ms { (later, earlier) } else { (earlier, later) };
        let ids = (stays.company_id.as_str(), goes.company_id.as_str());
        let compare = links::with_query(&links::company_merge(ids.0), &[("from", Some(ids.1))]);
        let back = address(Records::Companies);
        pair(one(stays), one(goes), answers(frame, Records::Companies, ids, ids, &compare, back))
    });
    card(reason(group.why, &group.shared), pairs.collect(), group.more)
}

fn standing(frame: &Frame, first_seen_ms: i64, last_seen_ms: Option<i64>) -> Markup {
    html! {
        (pill::standing(frame.clock, first_seen_ms, last_seen_ms))
        span.small.muted { "first seen " (frame.clock.ago(first_seen_ms)) }
    }
}

fn card(reason: Markup, pairs: Vec<Markup>, more: bool) -> Markup {
    html! {
        section.card {
            header { h2 { span { (reason) } } }
            ul.rows.roomy { @for pair in &pairs { (pair) } }
            @if more { footer { "More records share it. They appear as you decide on these." } }
        }
    }
}

fn pair(one: Markup, other: Markup, answers: Markup) -> Markup {
    html! {
        li.wrap {
            div.grow.stack.snug {
                div.row { (one) }
                div.row { (other) }
            }
            (answers)
        }
    }
}

/// What a person may do about two that look alike; `back` is where to go afterwards.
pub fn answers(
    frame: &Frame,
    records: Records,
    ids: (&str, &str),
    names: (&str, &str),
    compare: &str,
    back: &str,
) -> Markup {
    html! {
        @if frame.may(Role::Admin) {
            div.row.tight {
                a.btn href=(compare) { (icon("merge")) " Compare and merge" span.vh { " " (names.0) " and " (names.1) } }
                form method="post" action=(address(records)) {
                    input type="hidden" name="one" value=(ids.0);
                    input type="hidden" name="other" value=(ids.1);
                    input type="hidden" name="back" value=(back);
                    button.btn title="Never show these two as possible duplicates again" {
                        (icon("x")) " Not the same" span.vh { ": " (names.0) " and " (names.1) }
                    }
                }
            }
        }
    }
}

/// `GET /users/duplicates`
///
/// # Errors
/// The store's.
pub async fn show_users(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let after = desk::value(&request, "after").and_then(|after| Cursor::decode(&after));
    let asked = Asked::of(&request);
    let (frame, view) = desk::read(&request, operator, Place::Users, move |db, clock| {
        let groups = duplicates::of_users(db, after.as_ref(), PAGE_ROWS, clock.now_ms)?;
        Ok(View { groups: Found::Users(groups), done: done::read(db, asked)? })
    })
    .await?;
    Ok(desk::page(page(&frame, &view)))
}

/// `GET /companies/duplicates`
///
/// # Errors
/// The store's.
pub async fn show_companies(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let after = desk::value(&request, "after").and_then(|after| Cursor::decode(&after));
    let asked = Asked::of(&request);
    let (frame, view) = desk::read(&request, operator, Place::Companies, move |db, clock| {
        let groups = duplicates::of_companies(db, after.as_ref(), PAGE_ROWS, clock.now_ms)?;
        Ok(View { groups: Found::Companies(groups), done: done::read(db, asked)? })
    })
    .await?;
    Ok(desk::page(page(&frame, &view)))
}

/// Two that are not the same: users by our id, companies by theirs.
#[derive(Debug, Deserialize)]
pub struct Sent {
    one: String,
    other: String,
    #[serde(default)]
    back: String,
}

/// `POST /users/duplicates`: two users are not the same.
///
/// # Errors
/// Nobody is known by one of the ids, the store's.
pub async fn tell_users_apart(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let by = By::Operator(operator.email);
    apart(&request, sent.into_inner(), Records::Users, move |tx, one, other| {
        let now_ms = tx.now_ms;
        let find = |id: &str| user::find(&tx.reader(), id, now_ms);
        let (Some(one), Some(other)) = (find(one)?, find(other)?) else { return Ok(None) };
        Ok(Some(deeds::users_differ(tx, &by, one.row.key, other.row.key)?))
    })
    .await
}

/// `POST /companies/duplicates`: two companies are not the same.
///
/// # Errors
/// No company has one of the ids, the store's.
pub async fn tell_companies_apart(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let by = By::Operator(operator.email);
    apart(&request, sent.into_inner(), Records::Companies, move |tx, one, other| {
        let find = |id: &str| companies::key_of_id(tx, &CompanyId::stored(id.to_owned()));
        let (Some(one), Some(other)) = (find(one)?, find(other)?) else { return Ok(None) };
        Ok(Some(deeds::companies_differ(tx, &by, one, other)?))
    })
    .await
}

/// Does it, and goes back. Who says it twice is told nothing new.
async fn apart(
    request: &HttpRequest,
    sent: Sent,
    records: Records,
    deed: impl FnOnce(&mut Tx<'_>, &str, &str) -> Result<Option<Option<ChangeKey>>, StoreError> + Send + 'static,
) -> Answer {
    let Sent { one, other, back } = sent;
    let back =
        if back.is_empty() { address(records) } else { crate::http::access::next_or_home(Some(&back)) }.to_owned();
    let done = desk::store(request)?.write(move |tx| deed(tx, &one, &other)).await?;
    let change = done.ok_or_else(PageError::not_found)?;
    Ok(desk::see_other(&change.map_or(Asked::Same, Asked::Change).address(&back)))
}
