//! `/search?q=`: users and companies by name, e-mail, id or an attribute, and notes by what they say.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::companies::ARCHIVED;
use super::desk::{self, Answer};
use super::links;
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::numbers::number;
use super::parts::section::head;
use super::parts::{markdown, say, values, who};
use crate::domain::ids::{CompanyKey, UserKey};
use crate::domain::profile::Profile;
use crate::http::access::Viewer;
use crate::store::attribute_search::{self, Found, LOOKED_AT};
use crate::store::companies::{self, CompanyRow};
use crate::store::list::ListQuery;
use crate::store::notes::{self, NoteFound};
use crate::store::users::{self, UserName, UserRow};
use crate::store::{Reader, StoreError, visitors};

/// Users, and companies, that the page shows; the lists have all of them.
pub const ROWS: usize = 10;
/// Characters of a note that the page shows.
const EXCERPT_CHARS: usize = 160;
/// Characters of a value that the page shows.
const VALUE_CHARS: usize = 80;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What was searched for.
    pub search: String,
    /// Users that match.
    pub users: Vec<UserRow>,
    /// Companies that match.
    pub companies: Vec<CompanyRow>,
    /// Archived companies that match (C10).
    pub archived: Vec<CompanyRow>,
    /// Users who have it in an attribute.
    pub users_by_value: Vec<(UserRow, Found)>,
    /// Companies that have it in an attribute.
    pub companies_by_value: Vec<(CompanyRow, Found)>,
    /// Notes that match.
    pub notes: Vec<NoteFound>,
}

impl View {
    fn is_empty(&self) -> bool {
        self.users.is_empty()
            && self.companies.is_empty()
            && self.archived.is_empty()
            && self.users_by_value.is_empty()
            && self.companies_by_value.is_empty()
            && self.notes.is_empty()
    }

    /// A company whose name or id begins with the text stands before the people of its e-mail domain.
    fn companies_first(&self) -> bool {
        let begins = |text: &str| text.to_lowercase().starts_with(&self.search.to_lowercase());
        let is_named = |names: &[&Option<String>]| names.iter().copied().flatten().any(|name| begins(name));
        let is_user = self.users.iter().any(|user| is_named(&[&user.name, &user.user_id]));
        !is_user && self.companies.iter().any(|company| is_named(&[&company.name]) || begins(&company.company_id))
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        div.stack.narrow {
            (head(html! { "Search" }, html! {}, html! {}))
            form.search role="search" action="/search" aria-label="Users and companies" {
                label.vh for="find" { "Name, e-mail or id" }
                (icon("search"))
                input.tall
                    type="search" id="find" name="q" value=(view.search) placeholder="Name, e-mail or id"
                    autocomplete="off" maxlength="255";
            }
            @if view.search.is_empty() {
                p.muted { "Type part of a name, an e-mail address, an id or a value. A complete id or address opens directly." }
            } @else if view.is_empty() {
                (say::nothing(
                    "Nothing matches",
                    html! {
                        p {
                            "No user or company has “"
                            bdi { (view.search) }
                            "” in a name, an e-mail address or an id, and no note mentions it."
                        }
                        p.muted {
                            "Nor do any of the " (number(LOOKED_AT)) " most recently active users and companies in an attribute; "
                            a href="/users" { "a filter" } " searches all of them."
                        }
                    },
                ))
            }
            @if view.companies_first() { (companies(frame, view)) (users(frame, view)) } @else { (users(frame, view)) (companies(frame, view)) }
            @if !(view.users_by_value.is_empty() && view.companies_by_value.is_empty()) { (by_value(frame, view)) }
            @if !view.notes.is_empty() { (notes_card(frame, view)) }
        }
    };
    shell(frame, "Search", content)
}

fn users(frame: &Frame, view: &View) -> Markup {
    let all = links::with_query("/users", &[("q", Some(&view.search))]);
    if view.users.is_empty() {
        return html! {};
    }
    html! {
        section.card aria-labelledby="users" {
            header { h2 id="users" { "Users" } a.end href=(all) { "All that match" } }
            ul.rows {
                @for user in &view.users {
                    li {
                        (who::user(
                            user,
                            frame.clock.now_ms,
                            html! { (who::user_second_line(user)) @if let Some(email) = &user.email { " · " (email) } },
                        ))
                        span.end { (frame.clock.ago_or_never(user.last_seen_ms)) }
                    }
                }
            }
        }
    }
}

fn companies(frame: &Frame, view: &View) -> Markup {
    let all = links::with_query("/companies", &[("q", Some(&view.search))]);
    let archived = links::with_query(ARCHIVED, &[("q", Some(&view.search))]);
    if view.companies.is_empty() && view.archived.is_empty() {
        return html! {};
    }
    html! {
        section.card aria-labelledby="companies" {
            header {
                h2 id="companies" { "Companies" }
                span.end.row {
                    @if !view.companies.is_empty() { a href=(all) { "All that match" } }
                    @if !view.archived.is_empty() { a href=(archived) { "All archived" span.vh { " ones that match" } } }
                }
            }
            ul.rows {
                @for company in &view.companies {
                    li {
                        (who::company_row(company))
                        span.end { (frame.clock.ago_or_never(company.last_seen_ms)) }
                    }
                }
                @for company in &view.archived {
                    li { (who::company_row(company)) (who::archived()) span.end { (frame.clock.ago_or_never(company.last_seen_ms)) } }
                }
            }
        }
    }
}

fn by_value(frame: &Frame, view: &View) -> Markup {
    let told = |found: &Found| html! { (found.attribute) ": " (values::cut(&found.value, VALUE_CHARS)) };
    html! {
        section.card aria-labelledby="by-value" {
            header { h2 id="by-value" { "By an attribute" } }
            ul.rows {
                @for (company, found) in &view.companies_by_value {
                    li {
                        (who::company(&company.company_id, company.name.as_deref(), told(found)))
                        span.end { (frame.clock.ago_or_never(company.last_seen_ms)) }
                    }
                }
                @for (user, found) in &view.users_by_value {
                    li {
                        (who::user(user, frame.clock.now_ms, told(found)))
                        span.end { (frame.clock.ago_or_never(user.last_seen_ms)) }
                    }
                }
            }
            footer.small.muted { "Of the " (number(LOOKED_AT)) " most recently active users and companies; a filter of the list searches all of them." }
        }
    }
}

fn notes_card(frame: &Frame, view: &View) -> Markup {
    html! {
        section.card aria-labelledby="notes" {
            header { h2 id="notes" { "Notes" } }
            ul.rows {
                @for found in &view.notes {
                    @let (page, name) = match found.note.profile {
                        Profile::User(_) => (links::user(Some(&found.id), &found.id), found.name.as_deref().unwrap_or(&found.id)),
                        Profile::Company(_) => (links::company(&found.id), found.name.as_deref().unwrap_or(&found.id)),
                    };
                    li {
                        p {
                            a href={ (page) "#notes" } { (values::name(name)) }
                            br;
                            span.small.muted { (values::cut(&excerpt(&found.note.text, &view.search), EXCERPT_CHARS)) }
                        }
                        span.end { (frame.clock.ago(found.note.made_ms)) }
                    }
                }
            }
        }
    }
}

/// The line of a note where what was searched for stands, without its marks.
fn excerpt(text: &str, search: &str) -> String {
    let line = text.lines().find(|line| line.to_lowercase().contains(&search.to_lowercase()));
    markdown::plain(line.unwrap_or(text))
}

fn user_of(db: &Reader<'_>, name: UserName) -> Result<Option<UserRow>, StoreError> {
    users::key(db, &name)?.map_or(Ok(None), |key| users::row(db, key))
}

/// Where a browser stands by its id: on the page of whose it is, else among the visitors.
fn page_of_browser(db: &Reader<'_>, anonymous_id: &str, now_ms: i64) -> Result<Option<String>, StoreError> {
    let query = ListQuery {
        search: Some(anonymous_id.to_owned()),
        filter: None,
        sort: visitors::SortBy::LastSeen,
        descending: true,
        after: None,
        size: 2,
    };
    let found = visitors::list(db, &query, now_ms)?.rows.into_iter().find(|row| row.anonymous_id == anonymous_id);
    Ok(found.map(|visitor| match visitor.user_id {
        Some(user_id) => links::user(Some(&user_id), &user_id),
        None => links::with_query("/visitors", &[("q", Some(anonymous_id))]),
    }))
}

/// `GET /search?q=`: an exact id or e-mail address opens at once.
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let search = desk::value(&request, "q").unwrap_or_default().trim().to_owned();
    if search.is_empty() {
        let frame = desk::frame(&request, operator, Place::Elsewhere).await?;
        return Ok(desk::page(page(&frame, &View::default())));
    }
    let text = search.clone();
    let (frame, (exact, found)) = desk::read(&request, operator, Place::Elsewhere, move |db, clock| {
        let by_name = users::SortBy::Name;
        let query = ListQuery {
            search: Some(text.clone()),
            filter: None,
            sort: by_name,
            descending: false,
            after: None,
            size: ROWS,
        };
        let users = users::list(db, &query, clock.now_ms)?.rows;
        let by_name = companies::SortBy::Name;
        let query = ListQuery {
            search: Some(text.clone()),
            filter: None,
            sort: by_name,
            descending: false,
            after: None,
            size: ROWS,
        };
        let companies = companies::list(db, companies::Shelf::InUse, &query, clock.now_ms)?.rows;
        let archived = companies::list(db, companies::Shelf::Archived, &query, clock.now_ms)?.rows;
        let page_of = |user: &UserRow| links::user(user.user_id.as_deref(), &user.id);
        let mut exact = user_of(db, UserName::UserId(text.clone()))?.as_ref().map(page_of);
        if exact.is_none() && companies::key(db, &text)?.is_some() {
            exact = Some(links::company(&text));
        }
        if exact.is_none()
            && let [user] = users.as_slice()
            && user.email.as_deref() == Some(text.to_lowercase().as_str())
        {
            exact = Some(page_of(user));
        }
        if exact.is_none() {
            exact = user_of(db, UserName::Id(text.clone()))?.as_ref().map(page_of);
        }
        if exact.is_none() {
            exact = page_of_browser(db, &text, clock.now_ms)?;
        }
        let notes = notes::search(db, &text, ROWS)?;
        let mut view = View { search: text, users, companies, archived, notes, ..View::default() };
        if exact.is_none() {
            // Who is found by name, e-mail address or id already is not said twice.
            for found in attribute_search::of_users(db, &view.search, ROWS)? {
                if !view.users.iter().any(|user| user.key.0 == found.key) {
                    view.users_by_value.extend(users::row(db, UserKey(found.key))?.map(|row| (row, found)));
                }
            }
            for found in attribute_search::of_companies(db, &view.search, ROWS)? {
                if !view.companies.iter().any(|company| company.key.0 == found.key) {
                    view.companies_by_value.extend(companies::row(db, CompanyKey(found.key))?.map(|row| (row, found)));
                }
            }
        }
        Ok((exact, view))
    })
    .await?;
    Ok(match exact {
        Some(address) => desk::see_other(&address),
        None => desk::page(page(&frame, &found)),
    })
}
