//! `/segments/{id}`: one segment: what it asks for, how many are in it, now and over time.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{formula, in_words, mistake, nouns, since};
use crate::actions::segments as deeds;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::{self, Asked, Done};
use crate::dashboard::happenings::Told;
use crate::dashboard::links;
use crate::dashboard::parts::chart::{Bar, Days, Shows};
use crate::dashboard::parts::form::{Line, Mistake};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers;
use crate::dashboard::parts::section::{crumbs, stat};
use crate::dashboard::parts::times::Clock;
use crate::dashboard::parts::{code, pill, say, values};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::domain::filter::Filter;
use crate::domain::segments::Segment;
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::list::{Count, Extent};
use crate::store::operators::Operator;
use crate::store::segments::{self, Size};

/// Days that the chart shows.
const CHART_DAYS: usize = 366;
/// Days ago that the size is compared with.
const CHANGE_DAYS: i32 = 28;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The segment.
    pub segment: Segment,
    /// What it asks for, or why it can't be asked any more.
    pub words: Result<String, String>,
    /// How many are in it now; none where it can't be asked any more.
    pub size: Option<Count>,
    /// How many were, oldest first.
    pub sizes: Vec<Size>,
    /// What was just done.
    pub done: Option<Done>,
    /// The name that was filled in, and what is wrong with it.
    pub mistake: Option<(String, Mistake)>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let segment = &view.segment;
    let (one, several) = nouns(segment.listed);
    let path = links::segment(&segment.segment_id);
    let bar = |size: &Size| Bar {
        day: size.day,
        people: u32::try_from(size.size).unwrap_or(u32::MAX),
        new_people: 0,
        events: 0,
        sessions: None,
    };
    let sizes = with_now(frame.clock, view);
    let bars: Vec<Bar> = sizes.iter().map(bar).collect();
    let title = format!("{} in it per day", pill::capital(several));
    let chart = Days {
        id: "sizes",
        title: &title,
        bars: &bars,
        shows: Shows::Size(one, several),
        path: None,
        new: None,
        clock: frame.clock,
    };
    let may_change = frame.may(Role::Admin) && !segment.is_supplied;
    let content = html! {
        (crumbs("Segments", "/segments", &segment.name))
        (head(view))
        div.stack {
            (done::done(view.done.as_ref(), Told::Everything, &path, frame.clock, frame.role()))
            @match &view.words {
                Ok(words) => (asks(view, words)),
                Err(sentence) => (say::alert(say::Tone::Warn, "It refers to something that no longer exists", html! {
                    p.muted { bdi { (sentence) } }
                    p.muted { "Nobody can match it. Filter the list again and save the result into this segment." }
                })),
            }
            (cells(frame.clock, view, &sizes))
            div.split {
                div.stack { (chart.draw()) }
                aside.stack aria-label="About the segment" {
                    @if may_change { (rename(view)) (delete(view)) }
                    (facts(frame, segment))
                    (code::shell_card(&frame.server, &members_api(segment)))
                }
            }
        }
    };
    shell(frame, &segment.name, content)
}

fn head(view: &View) -> Markup {
    let segment = &view.segment;
    let (_, several) = nouns(segment.listed);
    html! {
        header.head {
            div {
                div.row {
                    h1 { bdi { (values::cut(&segment.name, values::NAME_CHARS_MAX)) } }
                    @if segment.is_supplied { (pill::word("Supplied", "It came with Rollcall and can't be changed")) }
                }
                p.row.small { "A segment of " (several) " " (code::id(&segment.segment_id, "segment id")) }
            }
            @if view.words.is_ok() {
                a.btn.primary href=(links::in_segment(segment.listed, &segment.segment_id)) { "Show the " (several) }
            }
        }
    }
}

fn asks(view: &View, words: &str) -> Markup {
    let segment = &view.segment;
    let (_, several) = nouns(segment.listed);
    html! {
        section.card aria-labelledby="asks" {
            header {
                h2 id="asks" { "Who is in it" }
                a.end href={ "/" (several) "?" (segment.filter) } title="The list with these conditions: change them there, then save" { @if segment.is_supplied { "Start from these" } @else { "Change the conditions" } }
            }
            div.body.stack.tight {
                p { (pill::capital(several)) " that match this: " b { bdi { (words) } } "." }
                @if let Some(formula) = formula(segment) { p.muted { (formula) } }
            }
        }
    }
}

/// The sizes, where today's is what was counted just now: the chart says the same as the numbers above it.
fn with_now(clock: Clock, view: &View) -> Vec<Size> {
    let mut sizes = view.sizes.clone();
    if let (Some(Count::Exactly(size)), Some(last)) =
        (view.size, sizes.last_mut().filter(|last| last.day == clock.today()))
    {
        *last = Size { size, counted_ms: clock.now_ms, ..*last };
    }
    sizes
}

fn cells(clock: Clock, view: &View, sizes: &[Size]) -> Markup {
    let segment = &view.segment;
    let list = links::in_segment(segment.listed, &segment.segment_id);
    let before = sizes.iter().rev().find(|size| size.day <= clock.today() - CHANGE_DAYS);
    let (now, told) = match (view.size, sizes.last()) {
        (Some(Count::Exactly(size)), _) => (Some(size), "Counted just now, as the list counts".to_owned()),
        // More would have to be looked at than a page takes time for.
        (Some(Count::AtLeast(_)), Some(last)) => {
            (Some(last.size), format!("Counted {}, as it is every hour", clock.relative(last.counted_ms)))
        }
        _ => (None, String::new()),
    };
    let most = sizes.iter().max_by_key(|size| size.size);
    html! {
        section aria-label="Numbers" {
            div.card.cells {
                (stat(&list, "In it now", &told, html! {
                    @match (now, view.size) {
                        (Some(now), _) => (numbers::number(now)),
                        (None, Some(size)) => (numbers::count(size)),
                        (None, None) => "–",
                    }
                }, html! {}, html! {}))
                (stat("#sizes", "28 days ago", "The last count of that day", html! {
                    @match before { Some(before) => (numbers::number(before.size)), None => span.mid { "not counted" } }
                }, html! {
                    @if let (Some(before), Some(now)) = (before, now) { (since(before, now)) }
                }, html! {}))
                (stat("#sizes", "Most", "On any day it was counted", html! {
                    @match most { Some(most) => (numbers::number(most.size)), None => span.mid { "not counted" } }
                }, html! {}, html! {}))
            }
        }
    }
}

fn rename(view: &View) -> Markup {
    let segment = &view.segment;
    let (name, mistake) = match &view.mistake {
        Some((name, mistake)) => (name.as_str(), Some(mistake)),
        None => (segment.name.as_str(), None),
    };
    html! {
        section.card aria-labelledby="rename" {
            header { h2 id="rename" { "Rename" } }
            form.body.stack.snug method="post" action=(links::segment(&segment.segment_id)) {
                (Line { name: "name", label: "Name", value: name, hint: "Its id stays the same.", required: true, ..Line::default() }.draw(mistake))
                div.row { button.btn name="deed" value="rename" { "Rename" } }
            }
        }
    }
}

fn delete(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="delete" {
            header { h2 id="delete" { "Delete" } }
            form.body.stack.snug method="post" action=(links::segment(&view.segment.segment_id)) {
                p.muted { "Nobody in it is affected, and it can be undone. Links that use it stop working." }
                div.row { button.btn.danger name="deed" value="delete" { (icon("trash")) " Delete the segment" } }
            }
        }
    }
}

fn facts(frame: &Frame, segment: &Segment) -> Markup {
    html! {
        @if !segment.is_supplied {
            section.card aria-labelledby="facts" {
                header { h2 id="facts" { "Data" } }
                dl.facts {
                    div { dt { "Saved" } dd { (frame.clock.on(segment.made_ms)) } }
                    @if !segment.made_by.is_empty() { div { dt { "By" } dd { (values::name(&segment.made_by)) } } }
                }
            }
        }
    }
}

fn members_api(segment: &Segment) -> String {
    format!("/api/v1{}", links::in_segment(segment.listed, &segment.segment_id))
}

fn missing(frame: &Frame, id: &str) -> Markup {
    let content = say::nothing_here(
        "No such segment",
        html! {
            p { "There is no segment with the id " code { (values::cut(id, 60)) } ". It may have been deleted." }
            p.row { a.btn.primary href="/segments" { "All segments" } }
        },
    );
    shell(frame, "No such segment", content)
}

/// `GET /segments/{id}`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, id: web::Path<String>) -> Answer {
    Ok(match answer(&request, operator, &id, None).await? {
        (frame, Some(view)) => desk::page(page(&frame, &view)),
        (frame, None) => desk::page_with(StatusCode::NOT_FOUND, missing(&frame, &id)),
    })
}

async fn answer(
    request: &HttpRequest,
    operator: Operator,
    id: &str,
    mistake: Option<(String, Mistake)>,
) -> Result<(Frame, Option<View>), PageError> {
    let catalog = desk::store(request)?.catalog();
    let Some(segment) = catalog.segment(id).cloned() else {
        return Ok((desk::frame(request, operator, Place::Segments).await?, None));
    };
    let words = in_words(&segment, &catalog);
    let filter: Option<Filter> = segment.filter(&catalog.fields(segment.listed)).ok();
    let (asked, extent) = (Asked::of(request), Extent::Quickly);
    let (frame, view) = desk::read(request, operator, Place::Segments, move |db, clock| {
        let count = |filter: &Filter| segments::count(db, segment.listed, filter, extent, clock.now_ms);
        let size = filter.as_ref().map(count).transpose()?;
        let sizes = segments::sizes(db, &segment, CHART_DAYS)?;
        Ok(View { words, size, sizes, done: done::read(db, asked)?, mistake, segment })
    })
    .await?;
    Ok((frame, Some(view)))
}

/// What the forms send.
#[derive(Debug, Deserialize)]
pub struct Sent {
    deed: String,
    #[serde(default)]
    name: String,
}

/// `POST /segments/{id}`
///
/// # Errors
/// No such segment, one that is supplied, the store's.
pub async fn change(
    Admin(operator): Admin,
    request: HttpRequest,
    id: web::Path<String>,
    sent: web::Form<Sent>,
) -> Answer {
    let (by, wanted, name) = (By::Operator(operator.email.clone()), id.clone(), sent.name.clone());
    let store = desk::store(&request)?;
    let is_delete = sent.deed == "delete";
    let outcome = match is_delete {
        true => store.write(move |tx| deeds::delete(tx, &by, &wanted)).await,
        false => store.write(move |tx| deeds::change(tx, &by, &wanted, Some(&name), None)).await,
    };
    let page_after = if is_delete { "/segments".to_owned() } else { links::segment(&id) };
    match outcome {
        Ok((_, change)) => Ok(desk::see_other(&change.map_or(Asked::Same, Asked::Change).address(&page_after))),
        Err(error) => {
            let mistake = mistake(error)?;
            let (frame, view) = answer(&request, operator, &id, Some((sent.into_inner().name, mistake))).await?;
            let view = view.ok_or_else(PageError::not_found)?;
            Ok(desk::again(page(&frame, &view)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::storybook::{samples, segments};

    #[test]
    fn the_size_and_the_chart_say_the_same_of_today() {
        let frame = samples::frame(Place::Segments, "/segments/new");
        let today = frame.clock.today();
        let sizes = [(today - 1, 7_009), (today, 7_004)].map(|(day, size)| Size { day, size, counted_ms: 0 });
        let view = View {
            segment: segments::all().swap_remove(0),
            words: Ok(String::new()),
            size: Some(Count::Exactly(7_012)),
            sizes: sizes.to_vec(),
            done: None,
            mistake: None,
        };
        let page = page(&frame, &view).into_string();
        assert!(!page.contains(&numbers::number(7_004)), "{page}");
        let most = page.split("Most</span>").nth(1).and_then(|rest| rest.split("</a>").next()).expect("the cell");
        assert!(most.contains(&numbers::number(7_012)), "{most}");
    }
}
