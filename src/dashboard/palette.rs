//! `/palette?q=`: pages and records for the command palette, as JSON. Only comfort: the navigation and the search
//! lead to all of it.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::desk::{self, Answer};
use super::links;
use super::parts::who;
use crate::domain::filter::Listed;
use crate::http::access::Viewer;
use crate::store::companies::{self, CompanyRow, Shelf};
use crate::store::list::ListQuery;
use crate::store::users::{self, UserRow};

/// Users, and companies, that are offered of each rank.
const ROWS: usize = 6;
/// Of so many that match, those whose names begin with the text come first.
const LOOKED_AT: usize = 30;
/// Characters of a text that is looked for.
const CHARS_MAX: usize = 100;

/// Pages by name.
const PAGES: [(&str, &str); 27] = [
    ("Overview", "/"),
    ("Users", "/users"),
    (
        "Users who joined a company in the last 30 days",
        "/users?f=membership.joined_at:within:30d&sort=-membership.joined_at",
    ),
    ("Users who left a company in the last 30 days", "/users?f=membership.left_at:within:30d&sort=-membership.left_at"),
    ("Companies", "/companies"),
    ("Visitors", "/visitors"),
    ("Segments", "/segments"),
    ("To do: notes with a next date", "/notes"),
    ("Live", "/live"),
    ("Refusals", "/refusals"),
    ("Tray", "/refusals/tray"),
    ("Attributes", "/attributes"),
    ("Imports", "/imports"),
    ("Installation", "/install"),
    ("Possible duplicates", "/users/duplicates"),
    ("Suggested companies", "/companies/suggested"),
    ("Settings: workspace", "/settings/workspace"),
    ("Settings: sources", "/settings/sources"),
    ("Settings: operators", "/settings/operators"),
    ("Settings: tokens", "/settings/tokens"),
    ("Settings: rules", "/settings/rules"),
    ("Settings: retention", "/settings/retention"),
    ("Settings: backups", "/settings/backups"),
    ("Settings: appearance", "/settings/appearance"),
    ("Audit", "/settings/audit"),
    ("Your account", "/settings/account"),
    ("Help and keys", "/help"),
];

/// Something to go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Offer {
    text: String,
    /// What tells it from others of the name.
    below: String,
    what: &'static str,
    href: String,
}

/// `GET /palette?q=`
///
/// # Errors
/// The store's.
pub async fn offers(Viewer(_): Viewer, request: HttpRequest) -> Answer {
    let text: String = desk::value(&request, "q").unwrap_or_default().trim().chars().take(CHARS_MAX).collect();
    let store = desk::store(&request)?;
    let holds = |name: &str| name.to_lowercase().contains(&text.to_lowercase());
    let page = |(name, href): (&str, &str)| Offer {
        text: name.to_owned(),
        below: String::new(),
        what: "Page",
        href: href.to_owned(),
    };
    let mut offers: Vec<Offer> = PAGES.into_iter().filter(|(name, _)| holds(name)).map(page).collect();
    if text.is_empty() {
        return Ok(HttpResponse::Ok().json(offers));
    }
    let catalog = store.catalog();
    let segments = catalog.segments.iter().filter(|segment| holds(&segment.name));
    offers.extend(segments.map(|segment| Offer {
        text: segment.name.clone(),
        below: String::new(),
        what: if segment.listed == Listed::Companies { "Segment of companies" } else { "Segment of users" },
        href: links::segment(&segment.segment_id),
    }));
    let now_ms = store.now_ms();
    let begins = text.to_lowercase();
    let (users, companies) = store
        .read(move |db| {
            let users = users::list(db, &query(users::SortBy::Name, &text), now_ms)?.rows;
            let query = query(companies::SortBy::Name, &text);
            Ok((users, companies::list(db, Shelf::InUse, &query, now_ms)?.rows))
        })
        .await?;
    let (first, others): (Vec<&CompanyRow>, Vec<&CompanyRow>) = companies.iter().partition(|company| {
        [company.name.as_deref(), Some(company.company_id.as_str())]
            .into_iter()
            .flatten()
            .any(|text| starts(text, &begins))
    });
    let (people, strangers): (Vec<&UserRow>, Vec<&UserRow>) = users.iter().partition(|user| {
        [&user.name, &user.user_id, &user.email].into_iter().flatten().any(|text| starts(text, &begins))
    });
    // Whose name begins so comes first, and a company before the people of its e-mail domain.
    offers.extend(first.into_iter().take(ROWS).map(of_company));
    offers.extend(people.into_iter().take(ROWS).map(of_user));
    offers.extend(others.into_iter().take(ROWS).map(of_company));
    offers.extend(strangers.into_iter().take(ROWS).map(of_user));
    Ok(HttpResponse::Ok().json(offers))
}

fn starts(text: &str, begins: &str) -> bool {
    text.to_lowercase().starts_with(begins)
}

fn of_company(company: &CompanyRow) -> Offer {
    let name = who::company_name(company.name.as_deref(), &company.company_id);
    let below = [Some(company.company_id.as_str()).filter(|id| *id != name), company.domain.as_deref()];
    Offer {
        text: name.to_owned(),
        below: below.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        what: "Company",
        href: links::company(&company.company_id),
    }
}

fn of_user(user: &UserRow) -> Offer {
    let name = who::user_name(user);
    let company = user.company.as_ref().map(|company| who::company_name(company.name.as_deref(), &company.company_id));
    let below = [user.email.as_deref().filter(|email| *email != name), company];
    Offer {
        text: name.to_owned(),
        below: below.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        what: "User",
        href: links::user(user.user_id.as_deref(), &user.id),
    }
}

fn query<S>(sort: S, text: &str) -> ListQuery<S> {
    ListQuery { search: Some(text.to_owned()), filter: None, sort, descending: false, after: None, size: LOOKED_AT }
}
