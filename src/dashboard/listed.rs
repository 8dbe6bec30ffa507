//! What the lists of users and of companies have in common: how an address is read, what stands above the rows, the
//! table with its pages and files, and the cells that both draw alike.

use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::bulk;
use super::desk;
use super::narrowed::{self, Sent};
use super::parts::chart::roll;
use super::parts::columns::{self, Columns, Shown};
use super::parts::filter::{Builder, Draft};
use super::parts::frame::{Frame, Place};
use super::parts::labels::tags;
use super::parts::list::{Address, Column, search_chip};
use super::parts::{pill, values};
use super::segments::beside::Tabs;
use super::{errors, export};
use crate::domain::filter::{self, Fields, Listed};
use crate::domain::table::Kind;
use crate::http::page::PageError;
use crate::store::companies::Shelf;
use crate::store::list::{Count, Cursor, Extent, PAGE_ROWS};
use crate::store::operators::Operator;
use crate::store::users::ROLL_DAYS;

/// What an address asks of a list.
pub struct Asked<S> {
    /// The list's state.
    pub address: Address<S>,
    /// The columns that it says.
    pub columns: Option<Vec<filter::Column>>,
    /// A condition that was filled in and is none.
    pub draft: Option<Draft>,
    /// How far it is counted.
    pub extent: Extent,
    /// What it can be filtered, sorted and shown by.
    pub fields: Fields,
}

/// Reads an address; or answers it, where it is refused or says another one.
///
/// # Errors
/// The store's.
pub async fn asked<S: Column>(
    request: &HttpRequest,
    operator: &Operator,
    (place, path): (Place, &str),
    usual: S,
    fields: Fields,
) -> Result<Result<Asked<S>, HttpResponse>, PageError> {
    let pairs = narrowed::pairs(request);
    let address = Address::read_filtered(path.to_owned(), usual, &pairs, &fields);
    let read = address.and_then(|address| Ok((columns::said(address.columns.as_deref(), &fields)?, address)));
    let (columns, address) = match read {
        Ok(read) => read,
        Err(sentence) => return errors::bad_address(request, operator.clone(), place, &sentence).await.map(Err),
    };
    let draft = match narrowed::sent(&pairs, &address, &fields) {
        Sent::Address(address) => return Ok(Err(desk::see_other(&address))),
        Sent::Wrong(draft) => Some(draft),
        Sent::Nothing => None,
    };
    Ok(Ok(Asked { address, columns, draft, extent: narrowed::extent(request), fields }))
}

/// What stands above the rows: segments, the search, the filter, and on the right how the list is shown. `find` is
/// what the search looks for, by its name and in words.
pub fn above<S: Column>(
    listed: Listed,
    address: &Address<S>,
    (tabs, builder, columns): (&Tabs, &Builder, &Columns),
    find: (&str, &str),
    more: Markup,
) -> Markup {
    html! {
        (tabs.draw(address))
        div.toolbar {
            (address.search_form(find.0, find.1))
            (search_chip(address))
            (builder.draw(address))
            div.row.end { (more) (tabs.save(listed, address)) (columns.menu(address)) }
        }
    }
}

/// How many rows there are, here and in all, and what one of them and many are called.
pub type RowsShown<'a> = (usize, Count, (&'a str, &'a str));

/// The rows in their columns, with the way to the next page and to all of them as a file. `lead` heads the first
/// column and says what it is sorted by, `shown` says how many rows there are, here and in all, and what they are called.
pub fn table<S: Column>(
    frame: &Frame,
    (listed, shelf): (Listed, Shelf),
    address: &Address<S>,
    columns: &Columns,
    (label, lead): (&str, (S, &str)),
    rows: Markup,
    (shown, next): (RowsShown<'_>, Option<&Cursor>),
) -> Markup {
    let kind = if listed == Listed::Companies { Kind::Companies } else { Kind::Users };
    html! {
        (bulk::pickable(frame, listed, address, shown.1, html! {
            div.scroll.bleed.sticky[columns.fit()] tabindex="0" role="group" aria-label=(label) {
                table.table.cards aria-label=(label) data-rows="" {
                    thead {
                        tr {
                            @if bulk::may_pick(frame) { (bulk::pick_all()) }
                            (address.head(lead.0, lead.1, ""))
                            (columns.heads(address))
                        }
                    }
                    tbody { (rows) }
                }
            }
        }))
        @if shown.0 < PAGE_ROWS && next.is_some() {
            p.small.muted.pad-top { "Trends are computed row by row, and this page got through as many rows as it had time for. The list continues on the next page." }
        }
        (address.pager(shown.0, Some(shown.1), shown.2, next))
        (export::links(kind, address, columns, shelf))
    }
}

/// What users and companies are shown by alike.
pub struct Common<'a> {
    /// What they did per day, the last 28 days.
    pub roll: &'a [u32; ROLL_DAYS],
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Unix milliseconds.
    pub last_seen_ms: Option<i64>,
    /// Who looks after them.
    pub owner: Option<&'a str>,
    /// Tags.
    pub tags: &'a [String],
}

/// A cell that both lists draw alike; any other as a value.
pub fn cell(
    frame: &Frame,
    column: &Shown,
    common: &Common<'_>,
    read: Option<&serde_json::Map<String, serde_json::Value>>,
) -> Markup {
    let clock = frame.clock;
    html! {
        @match column.word.as_str() {
            "activity" => td.fold { (roll(common.roll)) },
            "first_seen" => td.late.muted data-l="First seen" { (clock.ago(common.first_seen_ms)) },
            "owner" => td.cut data-l="Owner" { (name_or_none(common.owner)) },
            "tags" => td data-l="Tags" { (tags(common.tags)) },
            "last_seen" => td.state {
                (pill::standing(clock, common.first_seen_ms, common.last_seen_ms))
                (narrowed::trend(read, "Activity"))
            },
            _ => (column.cell(read, clock)),
        }
    }
}

/// A name, or that there is none.
pub fn name_or_none(name: Option<&str>) -> Markup {
    html! { @match name { Some(name) => (values::name(name)), None => span.zero { "none" } } }
}
