//! `/segments`: all of them, with how many are in each.

use std::collections::HashMap;

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::{formula, in_words, nouns, since};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::{self, Asked, Done};
use crate::dashboard::happenings::Told;
use crate::dashboard::links;
use crate::dashboard::parts::chart::line;
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers::number;
use crate::dashboard::parts::section::head;
use crate::dashboard::parts::{code, pill, values};
use crate::domain::filter::Listed;
use crate::domain::ids::SegmentKey;
use crate::domain::segments::Segment;
use crate::http::access::Viewer;
use crate::store::segments::{self, Size};

/// Days over which a size is drawn beside its segment.
const LINE_DAYS: i32 = 28;

/// A segment with what it asks for, in words, or why it can't be asked any more.
pub type Asking = (Segment, Result<String, String>);

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// In the order they were made.
    pub segments: Vec<Asking>,
    /// Sizes of the last days, oldest first.
    pub sizes: HashMap<SegmentKey, Vec<Size>>,
    /// What was just done.
    pub done: Option<Done>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let below = html! {
        p { "Saved filters. Whoever matches one now is in it; nobody is added or removed by hand. Sizes are counted every hour." }
    };
    let content = html! {
        div.stack.narrow.start {
            (head(html! { "Segments" }, below, html! {}))
            (done::done(view.done.as_ref(), Told::Everything, "/segments", frame.clock, frame.role()))
            @for listed in [Listed::Users, Listed::Companies] { (card(frame, view, listed)) }
            (code::shell_card(&frame.server, "/api/v1/segments"))
        }
    };
    shell(frame, "Segments", content)
}

fn card(frame: &Frame, view: &View, listed: Listed) -> Markup {
    let (_, several) = nouns(listed);
    let id = format!("of-{several}");
    let of_list: Vec<&Asking> = view.segments.iter().filter(|(segment, _)| segment.listed == listed).collect();
    html! {
        section.card aria-labelledby=(id) {
            header {
                h2 id=(id) { "Of " (several) }
                a.end href={ "/" (several) } { "Filter " (several) ", then save" }
            }
            ul.rows.roomy { @for (segment, words) in of_list { (row(frame, view, segment, words)) } }
        }
    }
}

fn row(frame: &Frame, view: &View, segment: &Segment, words: &Result<String, String>) -> Markup {
    let sizes = view.sizes.get(&segment.key).map(Vec::as_slice).unwrap_or_default();
    let (first, last) = (sizes.first(), sizes.last());
    html! {
        li {
            span.ink { (icon("segment")) }
            div.grow.stack.tight {
                p.row.tight {
                    a href=(links::segment(&segment.segment_id)) { b { (values::name(&segment.name)) } }
                    @if segment.is_supplied { (pill::word("Supplied", "It came with Rollcall and can't be changed")) }
                }
                @match words {
                    Ok(words) => p.small.muted {
                        @match formula(segment) { Some(formula) => (formula), None => bdi { (values::cut(words, 200)) } }
                    },
                    Err(_) => p.small.ink.bad { "It refers to something that no longer exists" },
                }
            }
            (line(&sizes.iter().map(|size| size.size).collect::<Vec<_>>()))
            span.end.size {
                @match last {
                    Some(last) => {
                        a href=(links::in_segment(segment.listed, &segment.segment_id)) title={ "Counted " (frame.clock.exact(last.counted_ms)) } {
                            b.count { (number(last.size)) }
                        }
                        @if let Some(first) = first { " " (since(first, last.size)) }
                    }
                    None => a href=(links::in_segment(segment.listed, &segment.segment_id)) { "show" },
                }
            }
        }
    }
}

/// `GET /segments`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let catalog = desk::store(&request)?.catalog();
    let told = |segment: &Segment| (segment.clone(), in_words(segment, &catalog));
    let all: Vec<Asking> = catalog.segments.iter().map(told).collect();
    let (asked, known) = (Asked::of(&request), catalog.segments.clone());
    let (frame, (sizes, done)) = desk::read(&request, operator, Place::Segments, move |db, clock| {
        Ok((segments::recent(db, &known, clock.today() - LINE_DAYS)?, done::read(db, asked)?))
    })
    .await?;
    Ok(desk::page(page(&frame, &View { segments: all, sizes, done })))
}
