//! What was just done, on the page it was done to: in the words of the time line, with the way back.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::desk;
use super::happenings::{self, Known, Told};
use super::links;
use super::parts::icon::icon;
use super::parts::numbers::{counted, number};
use super::parts::say::{self, Tone};
use super::parts::times::Clock;
use super::timeline::Timeline;
use crate::actions::undo::can_be_taken_back;
use crate::domain::access::Role;
use crate::domain::change::CREATED;
use crate::domain::ids::ChangeKey;
use crate::store::changes::{self, ChangeRow};
use crate::store::{Reader, StoreError};

/// Fields that are told one by one.
const TOLD_MAX: usize = 20;

/// What the address says was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// This change.
    Change(ChangeKey),
    /// Nothing: it was so already.
    Same,
    /// Something whose history is not kept.
    Unrecorded,
    /// A change was taken back; so many fields had changed since.
    Undone(u64),
}

impl Asked {
    /// What an address says.
    pub fn of(request: &HttpRequest) -> Option<Asked> {
        let number = |name: &str| desk::value(request, name).and_then(|text| text.parse::<i64>().ok());
        if desk::value(request, "undone").is_some() {
            return Some(Asked::Undone(number("left").unwrap_or(0).unsigned_abs()));
        }
        match desk::value(request, "same").as_deref() {
            Some("unrecorded") => Some(Asked::Unrecorded),
            Some(_) => Some(Asked::Same),
            None => number("change").map(|change| Asked::Change(ChangeKey(change))),
        }
    }

    /// The address of a page that says what was done on it.
    pub fn address(self, page: &str) -> String {
        match self {
            Asked::Change(change) => links::with_query(page, &[("change", Some(&change.0.to_string()))]),
            Asked::Same => links::with_query(page, &[("same", Some("1"))]),
            Asked::Unrecorded => links::with_query(page, &[("same", Some("unrecorded"))]),
            Asked::Undone(left) => links::with_query(page, &[("undone", Some("1")), ("left", Some(&left.to_string()))]),
        }
    }
}

/// What was done, as read from its change set.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What the address said.
    pub asked: Asked,
    /// The first fields that it changed.
    pub changes: Vec<ChangeRow>,
    /// How many it changed.
    pub total: u64,
}

/// Reads what was done; none where the address says nothing, or something that never was.
///
/// # Errors
/// The store's.
pub fn read(db: &Reader<'_>, asked: Option<Asked>) -> Result<Option<Done>, StoreError> {
    let Some(asked) = asked else { return Ok(None) };
    let (changes, total) = match asked {
        Asked::Change(change) => changes::first_of_set(db, change, TOLD_MAX)?,
        _ => (Vec::new(), 0),
    };
    let is_nothing = changes.is_empty() && matches!(asked, Asked::Change(_));
    Ok((!is_nothing).then_some(Done { asked, changes, total }))
}

/// The alert on the page. `path` is where Undo leads back to.
pub fn done(done: Option<&Done>, told: Told, path: &str, clock: Clock, role: Role) -> Markup {
    let Some(done) = done else { return html! {} };
    match done.asked {
        Asked::Same => say::alert(Tone::Info, "Nothing was changed", html! { p.muted { "Already up to date." } }),
        Asked::Unrecorded => say::alert(
            Tone::Good,
            "Saved",
            html! {
                p.muted { "The history of this attribute is not kept, so the only way back is to change it again." }
            },
        ),
        Asked::Undone(left) => say::alert(
            Tone::Good,
            "Undone",
            html! {
                @if left > 0 {
                    p.muted { (counted(left, "field has", "fields have")) " changed since, and " (if left == 1 { "stays as it is" } else { "stay as they are" }) ": the timeline shows which." }
                } @else {
                    p.muted { "Everything is as it was." }
                }
            },
        ),
        Asked::Change(change) => changed(change, done, told, path, clock, role),
    }
}

fn changed(change: ChangeKey, done: &Done, told: Told, path: &str, clock: Clock, role: Role) -> Markup {
    let rows = &done.changes;
    let is = |cause: &str| rows.first().is_some_and(|row| row.cause == cause);
    let made = rows.iter().any(|row| row.field == CREATED);
    let heading = match () {
        () if is("merge") => "Merged",
        () if is("tell_apart") => "Not the same",
        () if made => "Created",
        () if is("restore") => "Restored",
        () => "Done",
    };
    let timeline = Timeline { changes: rows.clone(), ..Timeline::default() };
    // The time of each is now: nothing is told late.
    let entries = happenings::entries(&timeline, told, Known { id: "", first_seen_ms: i64::MAX }, clock);
    say::alert(
        Tone::Good,
        heading,
        html! {
            @if is("merge") {
                p.muted { "Both records are this one now." }
            } @else if is("tell_apart") {
                p.muted { "The two are not shown as possible duplicates again." }
            } @else {
                ul {
                    @for entry in &entries {
                        li {
                            (entry.sentence)
                            @if let Some((_, content)) = &entry.more { (content) }
                        }
                    }
                }
                @if done.total > rows.len() as u64 { p.muted { "and " (number(done.total - rows.len() as u64)) " more" } }
            }
            @if role >= Role::Admin && can_be_taken_back(rows) {
                form.row method="post" action={ "/changes/" (change.0) "/undo" } {
                    input type="hidden" name="back" value=(path);
                    button.btn { (icon("undo")) " Undo" }
                }
            }
        },
    )
}
