//! `/settings/audit`: every deed, newest first: when, who, what, on whom, and the way back.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::settings;
use crate::actions::undo::can_be_taken_back;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::{self, Done};
use crate::dashboard::happenings::{self, Told};
use crate::dashboard::parts::attributes::{by, grade};
use crate::dashboard::parts::code;
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::list::chips;
use crate::dashboard::parts::numbers::counted;
use crate::dashboard::parts::say;
use crate::dashboard::{errors, links};
use crate::domain::access::Role;
use crate::domain::change::Doer;
use crate::domain::time;
use crate::http::access::Viewer;
use crate::store::changes::{self, ChangeSet, Wanted};
use crate::store::list::{Cursor, Page};

/// Its address.
const PATH: &str = "/settings/audit";
/// Deeds of one page: each may show as many fields, and the page stays below 100 KB.
const SETS: usize = 40;
/// Fields of a deed that are told; the API tells all.
const FIELDS: usize = 20;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Of whom; of everybody where nothing is said.
    pub doer: Option<Doer>,
    /// Of which day, `2026-03-01`.
    pub day: Option<String>,
    /// Where the page before ended; nothing on the first.
    pub after: Option<Cursor>,
    /// The deeds.
    pub deeds: Page<ChangeSet>,
    /// What was just done.
    pub done: Option<Done>,
}

impl View {
    /// The call of the API that answers these deeds.
    fn call(&self) -> String {
        let cursor = self.after.as_ref().map(|after| format!("-at.{}", after.encode()));
        let pairs = [("by", self.doer.map(Doer::as_str)), ("day", self.day.as_deref()), ("cursor", cursor.as_deref())];
        links::with_query("/api/v1/changes", &pairs)
    }

    fn address(&self, doer: Option<Doer>, day: Option<&str>, after: Option<&Cursor>) -> String {
        let after = after.map(Cursor::encode);
        links::with_query(PATH, &[("by", doer.map(Doer::as_str)), ("day", day), ("after", after.as_deref())])
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let day = view.day.as_deref();
    let choice = |text: &'static str, doer: Option<Doer>| (text, view.address(doer, day, None), view.doer == doer);
    let (first_page, here) = (view.address(view.doer, day, None), view.address(view.doer, day, view.after.as_ref()));
    let content = html! {
        (done::done(view.done.as_ref(), Told::Everything, &here, frame.clock, frame.role()))
        div.toolbar {
            (chips("Done by", &[
                choice("Everybody", None),
                choice("By hand", Some(Doer::Hand)),
                choice("Programs", Some(Doer::Program)),
                choice("Sources", Some(Doer::Message)),
                choice("Rules", Some(Doer::Rule)),
            ]))
            form.row.end method="get" action=(PATH) {
                @if let Some(doer) = view.doer { input type="hidden" name="by" value=(doer.as_str()); }
                label.vh for="day" { "Day" }
                input.input.auto type="date" id="day" name="day" value=[day] max=(time::date(frame.clock.today()).to_string());
                button.btn { "Show the day" }
                @if day.is_some() { a.btn.bare href=(view.address(view.doer, None, None)) { "All days" } }
            }
        }
        @if view.deeds.rows.is_empty() {
            (say::nothing("Nothing found", html! { p { "No changes match who and when you chose." } }))
        } @else {
            section.card aria-labelledby="deeds" {
                h2.vh id="deeds" { "Changes" }
                div.body { (deeds(frame, &view.deeds.rows, &here)) }
            }
        }
        @if view.after.is_some() || view.deeds.next.is_some() {
            nav.pager aria-label="Pages" {
                @if view.after.is_some() { a.btn href=(first_page) { (icon("left")) " Newest" } }
                @if let Some(next) = &view.deeds.next {
                    a.btn rel="next" href=(view.address(view.doer, day, Some(next))) { "Older " (icon("right")) }
                }
            }
        }
    };
    let content = html! { (content) (code::shell_card(&frame.server, &view.call())) };
    settings(frame, PATH, content)
}

/// Deeds by day, as a time line. `back` is where taking one back leads to.
pub fn deeds(frame: &Frame, sets: &[ChangeSet], back: &str) -> Markup {
    let day_of = |set: &ChangeSet| frame.clock.day_of(set.at_ms);
    html! {
        div.feed {
            @for day in sets.chunk_by(|one, next| day_of(one) == day_of(next)) {
                h3 { (frame.clock.heading(day_of(&day[0]))) }
                ol { @for set in day { (deed(frame, set, back)) } }
            }
        }
    }
}

fn deed(frame: &Frame, set: &ChangeSet, back: &str) -> Markup {
    let entries = happenings::of_deed(&set.changes, frame.clock);
    let (tone, drawing) = entries.first().map_or(("", "edit"), |entry| (entry.tone, entry.icon));
    let sentences = entries.iter().map(|entry| (&entry.sentence, entry.more.as_ref()));
    let further = entries.len().saturating_sub(1) as u64;
    html! {
        li id={ "change-" (set.change.0) } {
            span class={ "tone " (tone) } { (icon(drawing)) }
            div {
                @match entries.first() {
                    None => p { "A merged record continues as another" },
                    Some(first) => p { (first.sentence) },
                }
                @if further > 0 || set.beyond > 0 || entries.first().is_some_and(|entry| entry.more.is_some()) {
                    details {
                        summary {
                            (small("right"))
                            " "
                            @if further > 0 { (counted(further, "more change", "more changes")) } @else { "Each field" }
                        }
                        @for (place, (sentence, more)) in sentences.enumerate() {
                            @if place > 0 { p { (sentence) } }
                            @if let Some((_, fields)) = more { (fields) }
                        }
                        @if set.beyond > 0 { p { "and " (counted(set.beyond, "more field", "more fields")) ": the API shows them all." } }
                    }
                }
                p.meta { (who(set)) (way_back(frame, set, back)) }
            }
            (frame.clock.at(set.at_ms))
        }
    }
}

/// Who did it, with what that was worth where a source sent it.
fn who(set: &ChangeSet) -> Markup {
    let name = by(&set.by_kind, &set.by_name);
    let worth = set.changes.first().filter(|_| set.by_kind == "message").map(|change| grade(change.grade).1);
    html! {
        bdi { (if name.is_empty() { "a source that no longer exists" } else { &name }) }
        @if let Some(worth) = worth { ", " (worth) }
        @if set.cause == "undo" { ", undoing a change" }
    }
}

fn way_back(frame: &Frame, set: &ChangeSet, back: &str) -> Markup {
    html! {
        @if let Some(undone_by) = set.undone_by {
            " · undone by "
            // The page that begins with it.
            @let before = Cursor { value: serde_json::Value::Null, key: undone_by.0 + 1 };
            a href=(links::with_query(PATH, &[("after", Some(&before.encode()))])) { "change " (undone_by.0) }
        } @else if frame.may(Role::Admin) && can_be_taken_back(&set.changes) {
            " · "
            a href=(links::with_query(&format!("/changes/{}/undo", set.change.0), &[("back", Some(back))])) {
                "Undo"
                span.vh { " change " (set.change.0) }
            }
        }
    }
}

/// `GET /settings/audit`, with `?by=` and `?day=`.
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let (said_by, day, said_after) =
        (desk::value(&request, "by"), desk::value(&request, "day"), desk::value(&request, "after"));
    let doer = said_by.as_deref().and_then(Doer::parse);
    let date = day.as_deref().and_then(time::date_from_text);
    let after = said_after.as_deref().and_then(Cursor::decode);
    let wrong = if said_by.is_some() && doer.is_none() {
        Some(format!("by= takes one of {}.", Doer::ALL.map(Doer::as_str).join(", ")))
    } else if day.is_some() && date.is_none() {
        Some("day= takes a day such as 2026-03-01.".to_owned())
    } else if said_after.is_some() && after.is_none() {
        Some("after= takes the value from the link to older changes; this one was cut off or changed.".to_owned())
    } else {
        None
    };
    if let Some(sentence) = wrong {
        return errors::bad_address(&request, operator, Place::Settings, &sentence).await;
    }
    let asked = done::Asked::of(&request);
    let (frame, view) = desk::read(&request, operator, Place::Settings, move |db, clock| {
        let span_ms = date.map(|date| time::span_of_day(date, clock.zone));
        let wanted = Wanted { doer, span_ms, after: after.clone(), size: SETS, fields: FIELDS };
        let deeds = changes::all(db, &wanted)?;
        Ok(View { doer, day, after, deeds, done: done::read(db, asked)? })
    })
    .await?;
    Ok(desk::page(page(&frame, &view)))
}
