//! One time line of a user or a company: events and changes, merged by time.
//!
//! Both come from the store in pages of their own. A page of the time line goes
//! down to where the later of the two pages ends; the other one is cut there,
//! and its mark in the address says how far it was shown.

use crate::domain::change::Subject;
use crate::store::changes::{self, ChangeRow};
use crate::store::events::{self, EventRow, Of};
use crate::store::list::{Cursor, Page};
use crate::store::{Reader, StoreError};

/// Events, and changes, of a page of the time line at most.
const ROWS: usize = 25;

/// Events, and changes, that are looked at for a text.
pub const LOOKED_AT: usize = 400;

/// Which kinds are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// Everything.
    #[default]
    All,
    /// What people did.
    Events,
    /// What changed: attributes, memberships, ids.
    Changes,
}

impl Show {
    /// All kinds with their names in the address and on the page.
    pub const ALL: [(Show, &'static str, &'static str); 3] =
        [(Show::All, "", "Everything"), (Show::Events, "events", "Events"), (Show::Changes, "changes", "Changes")];

    /// The kind of a name in the address.
    pub fn parse(name: &str) -> Show {
        Show::ALL.into_iter().find(|(_, known, _)| *known == name).map_or(Show::All, |(show, ..)| show)
    }
}

/// How far one of the two was shown.
#[derive(Debug, Clone, PartialEq, Default)]
enum Mark {
    /// Not at all.
    #[default]
    Start,
    /// Down to here.
    After(Cursor),
    /// To the end.
    Ended,
}

impl Mark {
    fn decode(text: &str) -> Mark {
        match text {
            "-" => Mark::Ended,
            _ => Cursor::decode(text).map_or(Mark::Start, Mark::After),
        }
    }

    fn encode(&self) -> String {
        match self {
            Mark::Start => String::new(),
            Mark::After(cursor) => cursor.encode(),
            Mark::Ended => "-".to_owned(),
        }
    }

    fn cursor(&self) -> Option<&Cursor> {
        match self {
            Mark::After(cursor) => Some(cursor),
            Mark::Start | Mark::Ended => None,
        }
    }

    fn of(next: Option<Cursor>) -> Mark {
        next.map_or(Mark::Ended, Mark::After)
    }
}

/// Where a page of the time line begins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    events: Mark,
    changes: Mark,
}

impl Place {
    /// The place of a text in the address; anything else is the newest.
    pub fn decode(text: &str) -> Place {
        match text.split_once('.') {
            Some((events, changes)) => Place { events: Mark::decode(events), changes: Mark::decode(changes) },
            None => Place::default(),
        }
    }

    fn encode(&self) -> String {
        format!("{}.{}", self.events.encode(), self.changes.encode())
    }
}

/// A page of the time line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// Which kinds.
    pub show: Show,
    /// It does not begin with the newest.
    pub is_later_page: bool,
    /// Events, newest first.
    pub events: Vec<EventRow>,
    /// Changes, newest first.
    pub changes: Vec<ChangeRow>,
    /// Where the next page begins.
    pub older: Option<String>,
    /// What was looked for, among the newest [`LOOKED_AT`] of both.
    pub find: Option<String>,
}

/// What of the time line is asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Asked {
    /// Which kinds.
    pub show: Show,
    /// From where on.
    pub from: Place,
    /// A text that events or changes have in them.
    pub find: Option<String>,
}

impl Asked {
    /// What an address asks for, whose values are read by name.
    pub fn read(value: impl Fn(&str) -> Option<String>) -> Asked {
        Asked {
            show: Show::parse(&value("show").unwrap_or_default()),
            from: Place::decode(&value("before").unwrap_or_default()),
            find: value("find").map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        }
    }
}

/// A page of the time line of somebody, or what of its newest has a text in it.
pub fn read(db: &Reader<'_>, of: Of, subject: Subject, asked: &Asked) -> Result<Timeline, StoreError> {
    let Asked { show, from, find } = asked;
    let show = *show;
    if let Some(find) = find {
        return found(db, of, subject, show, find);
    }
    let list_events = |size: usize| match &from.events {
        _ if show == Show::Changes => Ok(ended()),
        Mark::Ended => Ok(ended()),
        mark => events::list(db, of, mark.cursor(), size),
    };
    let list_changes = |size: usize| match &from.changes {
        _ if show == Show::Events => Ok(ended()),
        Mark::Ended => Ok(ended()),
        mark => changes::list(db, subject, mark.cursor(), size),
    };
    let (events, changes) = (list_events(ROWS)?, list_changes(ROWS)?);
    let horizon_ms = oldest(&events, event_ms).max(oldest(&changes, change_ms));
    let (events, events_mark) = cut(events, &from.events, horizon_ms, event_ms, list_events)?;
    let (changes, changes_mark) = cut(changes, &from.changes, horizon_ms, change_ms, list_changes)?;
    let place = Place { events: events_mark, changes: changes_mark };
    let has_ended = place.events == Mark::Ended && place.changes == Mark::Ended;
    Ok(Timeline {
        show,
        is_later_page: *from != Place::default(),
        events,
        changes,
        older: (!has_ended).then(|| place.encode()),
        find: None,
    })
}

/// What of the newest has a text in it, whatever the case.
fn found(db: &Reader<'_>, of: Of, subject: Subject, show: Show, find: &str) -> Result<Timeline, StoreError> {
    let needle = find.to_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|text| text.to_lowercase().contains(&needle));
    let json =
        |object: &serde_json::Map<String, serde_json::Value>| serde_json::Value::Object(object.clone()).to_string();
    let mut timeline = Timeline { show, find: Some(find.to_owned()), ..Timeline::default() };
    if show != Show::Changes {
        timeline.events = events::list(db, of, None, LOOKED_AT)?.rows;
        timeline.events.retain(|event| {
            let who = event.user_name.as_deref().unwrap_or_default();
            let page = event.page_name.as_deref().unwrap_or_default();
            has(&[&event.name, page, who, &json(&event.properties), &json(&event.context)])
        });
    }
    if show != Show::Events {
        timeline.changes = changes::list(db, subject, None, LOOKED_AT)?.rows;
        timeline.changes.retain(|change| {
            let value = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
            has(&[&change.field, &change.by_name, &change.cause, &value(&change.before), &value(&change.after)])
        });
    }
    Ok(timeline)
}

fn ended<T>() -> Page<T> {
    Page { rows: Vec::new(), next: None }
}

fn event_ms(row: &EventRow) -> i64 {
    row.event_id.at_ms()
}

fn change_ms(row: &ChangeRow) -> i64 {
    row.at_ms
}

/// The time of a page's last row, where more rows follow it.
fn oldest<T>(page: &Page<T>, at_ms: impl Fn(&T) -> i64) -> Option<i64> {
    page.next.as_ref().and(page.rows.last()).map(at_ms)
}

/// The rows of a page down to the horizon, and how far that is.
fn cut<T>(
    mut page: Page<T>,
    mark: &Mark,
    horizon_ms: Option<i64>,
    at_ms: impl Fn(&T) -> i64,
    list: impl Fn(usize) -> Result<Page<T>, StoreError>,
) -> Result<(Vec<T>, Mark), StoreError> {
    let kept = page.rows.iter().take_while(|row| horizon_ms.is_none_or(|horizon_ms| at_ms(row) >= horizon_ms)).count();
    if kept == page.rows.len() {
        return Ok((page.rows, Mark::of(page.next)));
    }
    page.rows.truncate(kept);
    let mark = if kept == 0 { mark.clone() } else { Mark::of(list(kept)?.next) };
    Ok((page.rows, mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A list of times, newest first, in pages, as the store answers it.
    fn pages(all: &'static [i64]) -> impl Fn(&Mark, usize) -> Page<i64> {
        move |mark, size| {
            let start = match mark {
                Mark::Ended => return ended(),
                mark => mark.cursor().map_or(0, |cursor| cursor.key as usize),
            };
            let end = (start + size).min(all.len());
            let next = (end < all.len()).then(|| Cursor { value: json!(null), key: end as i64 });
            Page { rows: all[start..end].to_vec(), next }
        }
    }

    #[test]
    fn every_row_of_both_is_shown_once_and_in_order_whatever_the_pages() {
        let (one, other): (&[i64], &[i64]) = (&[90, 80, 70, 60, 50, 40, 30, 20, 10], &[85, 84, 83, 82, 15]);
        for size in 1..6 {
            let (list_one, list_other) = (pages(one), pages(other));
            let (mut marks, mut seen) = ((Mark::Start, Mark::Start), Vec::new());
            while marks != (Mark::Ended, Mark::Ended) {
                let (first, second) = (list_one(&marks.0, size), list_other(&marks.1, size));
                let horizon = oldest(&first, |at| *at).max(oldest(&second, |at| *at));
                let (first, mark) =
                    cut(first, &marks.0, horizon, |at| *at, |kept| Ok(list_one(&marks.0, kept))).unwrap();
                let (second, other_mark) =
                    cut(second, &marks.1, horizon, |at| *at, |kept| Ok(list_other(&marks.1, kept))).unwrap();
                let mut both = [first, second].concat();
                assert!(!both.is_empty());
                both.sort_unstable_by(|a, b| b.cmp(a));
                seen.extend(both);
                marks = (Mark::decode(&mark.encode()), Mark::decode(&other_mark.encode()));
            }
            let mut expected = [one, other].concat();
            expected.sort_unstable_by(|a, b| b.cmp(a));
            assert_eq!(seen, expected, "{size} rows a page");
        }
    }
}
