//! `/palette?q=`: pages and records for the command palette, as JSON. Only comfort: the navigation and the search
//! lead to all of it.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::desk::{self, Answer};
use super::links;
use super::parts::who;
use crate::domain::filter::Listed;
use crate::http::access::Viewer;
use crate::store::companies::{self, Shelf};
use crate::store::list::ListQuery;
use crate::store::users;

/// Users, and companies, that are offered.
const ROWS: usize = 6;
/// Characters of a text that is looked for.
const CHARS_MAX: usize = 100;

/// Pages by name.
const PAGES: [(&str, &str); 24] = [
    ("Overview", "/"),
    ("Users", "/users"),
    ("Companies", "/companies"),
    ("Visitors", "/visitors"),
    ("Segments", "/segments"),
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
    let page = |(name, href): (&str, &str)| Offer { text: name.to_owned(), what: "Page", href: href.to_owned() };
    let mut offers: Vec<Offer> = PAGES.into_iter().filter(|(name, _)| holds(name)).map(page).collect();
    if text.is_empty() {
        return Ok(HttpResponse::Ok().json(offers));
    }
    let catalog = store.catalog();
    let segments = catalog.segments.iter().filter(|segment| holds(&segment.name));
    offers.extend(segments.map(|segment| Offer {
        text: segment.name.clone(),
        what: if segment.listed == Listed::Companies { "Segment of companies" } else { "Segment of users" },
        href: links::segment(&segment.segment_id),
    }));
    let now_ms = store.now_ms();
    let (users, companies) = store
        .read(move |db| {
            let users = users::list(db, &query(users::SortBy::Name, &text), now_ms)?.rows;
            let query = query(companies::SortBy::Name, &text);
            Ok((users, companies::list(db, Shelf::InUse, &query, now_ms)?.rows))
        })
        .await?;
    offers.extend(users.iter().map(|user| Offer {
        text: who::user_name(user).to_owned(),
        what: "User",
        href: links::user(user.user_id.as_deref(), &user.id),
    }));
    offers.extend(companies.iter().map(|company| Offer {
        text: who::company_name(company.name.as_deref(), &company.company_id).to_owned(),
        what: "Company",
        href: links::company(&company.company_id),
    }));
    Ok(HttpResponse::Ok().json(offers))
}

fn query<S>(sort: S, text: &str) -> ListQuery<S> {
    ListQuery { search: Some(text.to_owned()), filter: None, sort, descending: false, after: None, size: ROWS }
}
