//! Notes about a user or a company (A9): a card on their page; `/edit/note` changes and deletes one's own.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Found, Whom, back, missing, mistake, named};
use crate::actions::attributes::Hand;
use crate::actions::edit::EditError;
use crate::actions::edit::notes::{self as deeds, Written};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::{Line, Mistake, long};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::markdown::markdown;
use crate::dashboard::parts::section::{crumbs, head};
use crate::domain::access::Role;
use crate::domain::ids::NoteKey;
use crate::domain::profile::{Note, Profile};
use crate::domain::time;
use crate::http::access::Admin;
use crate::http::page::PageError;
use crate::store::notes::{self, SHOWN_MAX};
use crate::store::operators::Operator;
use crate::store::{Reader, StoreError, companies, users};

const HINT: &str = "Markdown: **bold**, lists, links. Only people who sign in here see it.";

/// The notes of somebody, the newest first, and whether there are more.
pub type Notes = (Vec<Note>, bool);

/// The card on somebody's page.
pub fn card(frame: &Frame, (notes, more): &Notes, whom: &Whom) -> Markup {
    let me = frame.operator.as_ref().map(|(email, _)| email.as_str()).unwrap_or_default();
    let today = time::date(frame.clock.today()).to_string();
    html! {
        section.card aria-labelledby="notes" {
            header { h2 id="notes" { (icon("note")) "Notes" } }
            @if notes.is_empty() && !frame.may(Role::Admin) { p.body.muted { "None so far." } }
            @if frame.may(Role::Admin) {
                details.fold-body {
                    summary { (icon("plus")) "Write a note" }
                    div.body {
                        form.stack.snug method="post" action="/edit/note" {
                            (named(whom))
                            (fields("", "", None))
                            div.row { button.btn.primary name="deed" value="add" { "Add the note" } }
                        }
                    }
                }
            }
            @for note in notes { (one(frame, note, note.author == me, &today)) }
            @if *more { footer.small { "The latest " (SHOWN_MAX) ". Search finds them all." } }
        }
    }
}

fn one(frame: &Frame, note: &Note, is_own: bool, today: &str) -> Markup {
    let clock = frame.clock;
    html! {
        article.note {
            (markdown(&note.text))
            p.row.small.muted {
                bdi { (note.author) } (clock.ago(note.made_ms))
                @if let Some(edited_ms) = note.edited_ms { span { "changed " (clock.ago(edited_ms)) } }
                @if let Some(day) = &note.next_date { (due_on(day, today)) }
                @if is_own && frame.may(Role::Admin) {
                    a.btn.mini.bare.end href={ "/edit/note?note=" (note.key.0) } { "Edit" span.vh { " this note" } }
                }
            }
        }
    }
}

/// The day on which something is to be done, red where it has passed.
pub fn due_on(day: &str, today: &str) -> Markup {
    let tone = if day < today {
        "bad"
    } else if day == today {
        "warn"
    } else {
        "info"
    };
    html! { span class={ "pill " (tone) } title="The next date of this note" { (icon("clock")) (day_words(day)) } }
}

/// `1 Mar 2026`
fn day_words(day: &str) -> String {
    time::date_from_text(day).map_or_else(|| day.to_owned(), |date| date.format("%-d %b %Y").to_string())
}

fn fields(text: &str, next_date: &str, mistake: Option<&Mistake>) -> Markup {
    html! {
        (long("text", "Note", text, HINT, mistake))
        (Line { name: "next_date", label: "Next date", kind: "date", value: next_date, hint: "When something is due, if anything is.", ..Line::default() }.draw(mistake))
    }
}

/// What the page of one note shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Whom it is about.
    pub found: Found,
    /// The note; none where one is written.
    pub note: Option<NoteKey>,
    /// What is or was written.
    pub written: Written,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
}

/// The page of one note.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let name = view.found.name();
    let title = if view.note.is_some() { "Edit a note" } else { "Write a note" };
    let content = html! {
        div.narrow.start.stack {
            (crumbs(&name, &view.found.page(), title))
            (head(html! { (title) }, html! {}, html! {}))
            section.card {
                div.body {
                    form.stack.snug method="post" action="/edit/note" {
                        (named(&view.found.whom()))
                        @if let Some(note) = view.note { input type="hidden" name="note" value=(note.0); }
                        (fields(&view.written.text, &view.written.next_date, view.mistake.as_ref()))
                        div.row {
                            @if view.note.is_some() {
                                button.btn.primary name="deed" value="change" { "Save" }
                                button.btn.danger name="deed" value="delete" { (icon("trash")) " Delete" }
                            } @else {
                                button.btn.primary name="deed" value="add" { "Add the note" }
                            }
                            a.btn.bare href={ (view.found.page()) "#notes" } { "Cancel" }
                        }
                    }
                }
            }
        }
    };
    shell(frame, &format!("{title}: {name}"), content)
}

/// What the forms send.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    #[serde(flatten)]
    whom: Whom,
    #[serde(default)]
    note: String,
    deed: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    next_date: String,
}

/// `GET /edit/note?note=`
///
/// # Errors
/// There is none, or it is somebody else's; the store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest) -> Answer {
    let key = desk::value(&request, "note").and_then(|text| text.parse().ok()).map(NoteKey);
    let key = key.ok_or_else(PageError::not_found)?;
    let me = operator.email.clone();
    let (mut frame, found) = desk::read(&request, operator, Place::Elsewhere, move |db, _| {
        let Some(note) = notes::find(db, key)? else { return Ok(None) };
        Ok(whose(db, &note)?.map(|found| (found, note)))
    })
    .await?;
    let Some((found, note)) = found else { return Err(PageError::not_found()) };
    if note.author != me {
        let sentence = "This note belongs to someone else. Only its author can change or delete it.";
        return Err(
            PageError::new(StatusCode::FORBIDDEN, "You can't change this", sentence).action(found.page(), "Back")
        );
    }
    frame.place = found.place();
    let written = Written { text: note.text, next_date: note.next_date.unwrap_or_default() };
    Ok(desk::page(page(&frame, &View { found, note: Some(note.key), written, mistake: None })))
}

/// Whom a note is about.
fn whose(db: &Reader<'_>, note: &Note) -> Result<Option<Found>, StoreError> {
    Ok(match note.profile {
        Profile::User(user) => users::row(db, user)?.map(Found::User),
        Profile::Company(company) => companies::row(db, company)?.map(Found::Company),
    })
}

async fn read(request: &HttpRequest, operator: Operator, whom: Whom) -> Result<(Frame, Option<Found>), PageError> {
    let (mut frame, found) = desk::read(request, operator, Place::Elsewhere, move |db, _| whom.find(db)).await?;
    if let Some(found) = &found {
        frame.place = found.place();
    }
    Ok((frame, found))
}

/// What was to be done is done.
async fn done(request: &HttpRequest, operator: &Operator, note: &str) -> Answer {
    let key = note.parse().map(NoteKey).map_err(|_| PageError::not_found())?;
    let (store, hand) = (desk::store(request)?, Hand::operator(&operator.email));
    let edited = store.write(move |tx| deeds::done(tx, &hand, key)).await.map_err(|error| match error {
        EditError::Store(error) => PageError::from(error),
        _ => PageError::not_found(),
    })?;
    let found = store.read(move |db| notes::find(db, key)?.map_or(Ok(None), |note| whose(db, &note))).await?;
    let found = found.ok_or_else(PageError::not_found)?;
    back(&found.page(), &edited)
}

/// `POST /edit/note`
///
/// # Errors
/// Nobody of this id, no such note, the store's.
pub async fn write(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    if sent.deed == "done" {
        return done(&request, &operator, &sent.note).await;
    }
    let whom = sent.whom.clone();
    let (frame, found) = read(&request, operator.clone(), whom.clone()).await?;
    let Some(found) = found else { return missing(&frame, &whom) };
    let written = Written { text: sent.text, next_date: sent.next_date };
    let (hand, profile, wanted) = (Hand::operator(&operator.email), found.profile(), written.clone());
    let note = sent.note.parse().ok().map(NoteKey);
    let store = desk::store(&request)?;
    let outcome = match (sent.deed.as_str(), note) {
        ("delete", Some(note)) => store.write(move |tx| deeds::delete(tx, &hand, note)).await,
        (_, Some(note)) => store.write(move |tx| deeds::change(tx, &hand, note, &wanted)).await,
        (_, None) => store.write(move |tx| deeds::add(tx, &hand, profile, &wanted)).await,
    };
    match outcome {
        Ok(edited) => back(&found.page(), &edited),
        Err(error) => {
            let mistake = Some(mistake(error, "text")?);
            Ok(desk::again(page(&frame, &View { found, note, written, mistake })))
        }
    }
}
