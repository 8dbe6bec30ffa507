//! `/visitors`: browsers, whether or not somebody has signed in on them.

use std::borrow::Cow;

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::errors;
use super::links;
use super::narrowed::{self, Sent};
use super::parts::filter::{self, Builder};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::list::{Address, Column, search_chip, segments};
use super::parts::section::head;
use super::parts::{code, numbers, say, values};
use crate::domain::filter::Listed;
use crate::http::access::Viewer;
use crate::store::list::{Count, Extent, PAGE_ROWS, Page};
use crate::store::visitors::{self, SortBy, VisitorRow};

impl Column for SortBy {
    const ALL: &'static [SortBy] = &[SortBy::LastSeen];

    fn name(&self) -> Cow<'_, str> {
        "last_seen".into()
    }

    fn descends_first(&self) -> bool {
        true
    }
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The list's state.
    pub address: Address<SortBy>,
    /// What its filter is made of.
    pub builder: Builder,
    /// This page of them.
    pub visitors: Page<VisitorRow>,
    /// How many match.
    pub found: Count,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let address = &view.address;
    let order = |descending: bool| Address { descending, ..address.clone() }.first_page();
    let orders = [
        ("Latest first".to_owned(), order(true), address.descending),
        ("Oldest first".to_owned(), order(false), !address.descending),
    ];
    let content = html! {
        div.stack.narrow {
            (head(
                html! { "Visitors " span.n { (numbers::count(view.found)) } },
                html! {
                    p {
                        "Browsers by their random id. Anyone who signs in becomes a user and brings along the browser's earlier activity."
                    }
                },
                html! {},
            ))
            @if view.visitors.rows.is_empty() && address.is_untouched() {
                (nobody())
            } @else {
                div.row {
                    (address.search_form("Find a visitor by the beginning of the anonymous id", "Anonymous id"))
                    (search_chip(address))
                    (view.builder.draw(address))
                    span.end {
                        (segments("Order", &orders))
                    }
                }
                (filter::sentence("Visitors for which", &address.filter))
                @if view.visitors.rows.is_empty() {
                    (say::nothing(
                        "No visitor matches",
                        html! {
                            @if !address.filter.is_empty() { p { "None matches the whole filter." } }
                            @if address.search.is_some() {
                                p { "No anonymous id begins with that. Ids must match exactly what the browser created." }
                            }
                            p.row { a.btn href=(address.of_all()) { "All visitors" } }
                        },
                    ))
                } @else {
                    section.card aria-label="Visitors" {
                        ul.rows { @for visitor in &view.visitors.rows { (row(frame, visitor)) } }
                    }
                    (address.pager(
                        view.visitors.rows.len(),
                        Some(view.found),
                        ("visitor", "visitors"),
                        view.visitors.next.as_ref(),
                    ))
                }
                (code::shell_card(&frame.server, &address.call("/api/v1/visitors", None)))
            }
        }
    };
    shell(frame, "Visitors", content)
}

fn row(frame: &Frame, visitor: &VisitorRow) -> Markup {
    html! {
        li {
            span.ink { (icon("eye")) }
            p {
                (code::id(&visitor.anonymous_id, "anonymous id")) " "
                @match &visitor.user_id {
                    Some(user_id) => { "is " a href=(links::user(Some(user_id), user_id)) { bdi { (user_id) } } }
                    None => span.muted { "not signed in" },
                }
                @if let Some(page) = visitor.first_page.as_ref().and_then(|first| first.page.as_deref()) {
                    " " span.faint.small { "came to " bdi { (values::cut(page, 80)) } }
                }
                @for (name, value) in visitor.attributes.iter().take(3) {
                    " "
                    span.faint.small { bdi { (name) } " " (values::inline(Some(value))) }
                }
            }
            span.end {
                (frame.clock.ago_or_never(visitor.last_seen_ms))
                br;
                "since "
                (frame.clock.on(visitor.first_seen_ms))
            }
        }
    }
}

fn nobody() -> Markup {
    say::nothing(
        "No visitor yet",
        html! {
            p { "A visitor appears here with the first page that loads the snippet." }
            p.row { a.btn.primary href="/install#visitors" { "Show the snippet" } }
        },
    )
}

/// `GET /visitors`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let pairs = narrowed::pairs(&request);
    let fields = desk::store(&request)?.catalog().fields(Listed::Visitors);
    let address = match Address::read_filtered("/visitors".to_owned(), SortBy::LastSeen, &pairs, &fields) {
        Ok(address) => address,
        Err(sentence) => return errors::bad_address(&request, operator, Place::Visitors, &sentence).await,
    };
    let draft = match narrowed::sent(&pairs, &address, &fields) {
        Sent::Address(address) => return Ok(desk::see_other(&address)),
        Sent::Wrong(draft) => Some(draft),
        Sent::Nothing => None,
    };
    let (is_wrong, query) = (draft.is_some(), address.query(PAGE_ROWS));
    let (frame, (visitors, found, builder)) = desk::read(&request, operator, Place::Visitors, move |db, clock| {
        let visitors = visitors::list(db, &query, clock.now_ms)?;
        let (search, filter) = (query.search.as_deref(), query.filter.as_ref());
        let found = match (&visitors.next, &query.after) {
            (None, None) => Count::Exactly(visitors.rows.len() as u64),
            _ => {
                visitors::count_matching(db, search, filter, Extent::Quickly, clock.now_ms)?.at_least(PAGE_ROWS as u64)
            }
        };
        Ok((visitors, found, narrowed::builder(db, fields, draft)?))
    })
    .await?;
    let page = page(&frame, &View { address, builder, visitors, found });
    Ok(if is_wrong { desk::again(page) } else { desk::page(page) })
}
