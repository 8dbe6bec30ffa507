//! `/notes`: the notes with a date on which something is to be done, the earliest first. What is due soon stands on the
//! overview.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::edit::note::due_on;
use super::links;
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::{icon, small};
use super::parts::section::head;
use super::parts::{markdown, say, values};
use crate::domain::access::Role;
use crate::domain::profile::Profile;
use crate::domain::time;
use crate::http::access::Viewer;
use crate::store::list::{Cursor, Page};
use crate::store::notes::{self, NoteFound};
use crate::store::{Reader, StoreError};

const PATH: &str = "/notes";
/// Notes of a page.
const PAGE_ROWS: usize = 50;
/// Notes of the overview.
const CARD_ROWS: usize = 5;
/// Days from today on of which the overview tells.
const SOON_DAYS: i32 = 7;
/// Characters of a note that a row shows.
const EXCERPT_CHARS: usize = 120;

/// What is due by a week after today.
///
/// # Errors
/// [`StoreError`] only.
pub fn soon(db: &Reader<'_>, today: i32) -> Result<Vec<NoteFound>, StoreError> {
    let until = time::date(today + SOON_DAYS).to_string();
    Ok(notes::due(db, Some(&until), None, CARD_ROWS)?.rows)
}

/// What is due soon, for the overview.
pub fn card(frame: &Frame, notes: &[NoteFound]) -> Markup {
    html! {
        section.card aria-labelledby="due" {
            header { h2 id="due" { (icon("clock")) "To do" } a.end href=(PATH) { "All" span.vh { " notes with a date" } } }
            (rows(frame, notes))
        }
    }
}

/// The page.
pub fn page(frame: &Frame, notes: &Page<NoteFound>) -> Markup {
    let content = html! {
        div.stack.narrow {
            (head(html! { "To do" }, html! { p { "Notes with a next date, the earliest first." } }, html! {}))
            @if notes.rows.is_empty() {
                (say::nothing("Nothing to do", html! {
                    p { "Write a note on a user's or company's page and give it a next date: it stands here, and on the overview a week before." }
                }))
            } @else {
                section.card aria-label="Notes with a next date" { (rows(frame, &notes.rows)) }
                @if let Some(next) = &notes.next {
                    nav.pager aria-label="Pages" {
                        a.btn rel="next" href=(links::with_query(PATH, &[("after", Some(&next.encode()))])) { "Next " (small("right")) }
                    }
                }
            }
        }
    };
    shell(frame, "To do", content)
}

fn rows(frame: &Frame, notes: &[NoteFound]) -> Markup {
    let today = time::date(frame.clock.today()).to_string();
    html! {
        ul.rows {
            @for found in notes {
                @let page = match found.note.profile {
                    Profile::User(_) => links::user(Some(&found.id), &found.id),
                    Profile::Company(_) => links::company(&found.id),
                };
                li {
                    p.grow {
                        a href={ (page) "#notes" } { (values::name(found.name.as_deref().unwrap_or(&found.id))) }
                        br;
                        span.small.muted { (values::cut(&markdown::plain(found.note.text.lines().next().unwrap_or_default()), EXCERPT_CHARS)) }
                    }
                    span.end.row.tight {
                        @if let Some(day) = &found.note.next_date { (due_on(day, &today)) }
                        @if frame.may(Role::Admin) {
                            form method="post" action="/edit/note" {
                                input type="hidden" name="note" value=(found.note.key.0);
                                button.btn.mini.bare name="deed" value="done" { (small("check")) " Done" span.vh { ": " (found.name.as_deref().unwrap_or(&found.id)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `GET /notes`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let after = desk::value(&request, "after").and_then(|text| Cursor::decode(&text));
    let read = move |db: &Reader<'_>, _| notes::due(db, None, after.as_ref(), PAGE_ROWS);
    let (frame, found) = desk::read(&request, operator, Place::Elsewhere, read).await?;
    Ok(desk::page(page(&frame, &found)))
}
