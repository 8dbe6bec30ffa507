//! What other pages show of segments: the tabs above a list, and on somebody's page those that they are in.

use std::collections::HashMap;

use maud::{Markup, html};

use crate::dashboard::links;
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::list::{Address, Column};
use crate::dashboard::parts::numbers::number;
use crate::dashboard::parts::values;
use crate::domain::filter::{Fields, Filter, Listed, Test, Value};
use crate::domain::ids::SegmentKey;
use crate::domain::segments::Segment;
use crate::store::list::Count;
use crate::store::segments::{self, Someone};
use crate::store::{Catalog, Reader, StoreError};

/// Segments that stand above a list at most; the page of segments has all.
const TABS_MAX: usize = 9;
/// A size older than so many days is not told.
const SIZE_DAYS: i32 = 2;

/// What stands above a list: its segments, each with its last size.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tabs {
    segments: Vec<Tab>,
    more: bool,
    may_save: bool,
    /// How many the list has now, which goes for the open tab.
    found: Option<Count>,
}

/// A segment above a list.
#[derive(Debug, Clone, PartialEq)]
struct Tab {
    id: String,
    name: String,
    /// How many were in it when it was last counted.
    size: Option<u64>,
    /// Its filter asks for what is not there any more: its own page says so, a list can't.
    is_broken: bool,
}

impl Tabs {
    /// Those of a list, each with its size when last counted.
    ///
    /// # Errors
    /// [`StoreError`] only.
    pub fn read(db: &Reader<'_>, listed: Listed, catalog: &Catalog, today: i32) -> Result<Tabs, StoreError> {
        let of_list = catalog.segments.iter().filter(|segment| segment.listed == listed);
        let of_list: Vec<Segment> = of_list.cloned().collect();
        let sizes = segments::recent(db, &of_list, today - SIZE_DAYS)?;
        let sizes = sizes.into_iter().filter_map(|(key, sizes)| Some((key, sizes.last()?.size))).collect();
        Ok(Tabs::of(&of_list, &sizes, &catalog.fields(listed)))
    }

    /// These segments with these sizes, of a list that can be asked for these fields.
    pub fn of(of_list: &[Segment], sizes: &HashMap<SegmentKey, u64>, fields: &Fields) -> Tabs {
        let tab = |segment: &Segment| {
            let is_broken = segment.filter(fields).is_err();
            let size = sizes.get(&segment.key).copied().filter(|_| !is_broken);
            Tab { id: segment.segment_id.clone(), name: segment.name.clone(), size, is_broken }
        };
        let segments = of_list.iter().take(TABS_MAX).map(tab).collect();
        Tabs { segments, more: of_list.len() > TABS_MAX, may_save: false, found: None }
    }

    /// The same for somebody who may save what the list shows, or may not.
    #[must_use]
    pub fn savable(self, may_save: bool) -> Tabs {
        Tabs { may_save, ..self }
    }

    /// The same above a list that has so many.
    #[must_use]
    pub fn above(self, found: Count) -> Tabs {
        Tabs { found: Some(found), ..self }
    }

    /// The tabs, the current one marked.
    pub fn draw<S: Column>(&self, address: &Address<S>) -> Markup {
        let current = current(&address.filter);
        // What was counted to the end just now, of the whole segment, is newer than what was counted last.
        let now = match self.found {
            Some(Count::Exactly(now)) if address.search.is_none() => Some(now),
            _ => None,
        };
        html! {
            @if !self.segments.is_empty() {
                nav.tabs.bleed aria-label="Segments" {
                    a href=(address.filtered(Filter::default())) aria-current=[address.filter.is_empty().then_some("page")] { "All" }
                    @for Tab { id, name, size, is_broken } in &self.segments {
                        @let is_open = current == Some(id);
                        @let page = if *is_broken { links::segment(id) } else { address.in_segment(id) };
                        a href=(page) aria-current=[is_open.then_some("page")] {
                            bdi { (name) }
                            @if let Some(size) = now.as_ref().filter(|_| is_open).or(size.as_ref()) { " " span.n title=[(!is_open).then_some("As counted within the last hour")] { (number(*size)) } }
                        }
                    }
                    @if self.more { a href="/segments" { "All segments" } }
                }
            }
        }
    }

    /// Where what the list shows is saved; nothing where it shows everything, or a segment as it is.
    pub fn save<S: Column>(&self, listed: Listed, address: &Address<S>) -> Markup {
        let is_worth_it = self.may_save && !address.filter.is_empty() && current(&address.filter).is_none();
        html! {
            @if is_worth_it {
                a.btn href=(links::save_segment(listed, &address.filter)) { (icon("segment")) " Save as a segment" }
            }
        }
    }
}

/// The id of the segment that a filter asks for, and for nothing else.
fn current(filter: &Filter) -> Option<&String> {
    match filter.conditions.as_slice() {
        [one] if filter.groups.is_empty() => match &one.test {
            Test::Is(Value::Segment(saved)) => Some(&saved.segment_id),
            _ => None,
        },
        _ => None,
    }
}

/// The segments that somebody is in: id and name.
pub type In = Vec<(String, String)>;

/// Reads the segments that somebody is in, all of them in one look at their row.
///
/// # Errors
/// [`StoreError`] only.
pub fn read(db: &Reader<'_>, someone: Someone, catalog: &Catalog, now_ms: i64) -> Result<In, StoreError> {
    let listed = match someone {
        Someone::User(_) => Listed::Users,
        Someone::Company(_) => Listed::Companies,
    };
    let fields = catalog.fields(listed);
    let of_list = catalog.segments.iter().filter(|segment| segment.listed == listed);
    // One that asks for what is not there any more has nobody in it.
    let asked: Vec<(&Segment, Filter)> = of_list.filter_map(|one| Some((one, one.filter(&fields).ok()?))).collect();
    let filters: Vec<&Filter> = asked.iter().map(|(_, filter)| filter).collect();
    let met = segments::met(db, someone, &filters, now_ms)?;
    let are_in = asked.iter().zip(met).filter(|(_, is_in)| *is_in);
    Ok(are_in.map(|((segment, _), _)| (segment.segment_id.clone(), segment.name.clone())).collect())
}

/// The card on somebody's page.
pub fn card(segments: &In) -> Markup {
    html! {
        section.card aria-labelledby="segments" {
            header { h2 id="segments" { "Segments" } a.end href="/segments" { "All" } }
            @if segments.is_empty() { p.body.muted { "In none of them now." } } @else {
                p.body.row.tight {
                    @for (id, name) in segments {
                        a.chip href=(links::segment(id)) { (icon("segment")) (values::name(name)) }
                    }
                }
            }
        }
    }
}
