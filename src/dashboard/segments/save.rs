//! `/segments/save`: saves what a list shows, as a new segment or into one that there is.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{mistake, nouns};
use crate::actions::segments as deeds;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::Asked;
use crate::dashboard::parts::form::{Line, Mistake, choice};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::section::{crumbs, head};
use crate::dashboard::parts::{numbers, pill};
use crate::dashboard::{errors, links, narrowed};
use crate::domain::change::By;
use crate::domain::filter::{Filter, Listed, parse};
use crate::domain::segments::{self as rules, Segment};
use crate::http::access::Admin;
use crate::store::list::Count;
use crate::store::operators::Operator;
use crate::store::segments;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// What is listed.
    pub listed: Listed,
    /// The filter, as it is saved.
    pub filter: String,
    /// In words.
    pub words: String,
    /// How many meet it now.
    pub size: Count,
    /// Segments of one's own that it can be saved into.
    pub own: Vec<Segment>,
    /// The name that was filled in, and the segment that was chosen.
    pub filled: (String, String),
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let (one, several) = nouns(view.listed);
    let back = format!("/{several}?{}", view.filter);
    let options: Vec<(&str, &str)> = std::iter::once(("", "A new segment"))
        .chain(view.own.iter().map(|segment| (segment.segment_id.as_str(), segment.name.as_str())))
        .collect();
    let (name, into) = (view.filled.0.as_str(), view.filled.1.as_str());
    let count = match view.size {
        Count::Exactly(size) => numbers::counted(size, &format!("{one} matches"), &format!("{several} match")),
        more => format!("{} {several} match", numbers::count(more)),
    };
    let content = html! {
        div.narrow.start.stack {
            (crumbs("Segments", "/segments", "Save as a segment"))
            (head(html! { "Save as a segment" }, html! { p { "Whoever matches the filter is in the segment from now on, for as long as they match." } }, html! {}))
            section.card {
                form.body.stack.snug method="post" action="/segments/save" {
                    input type="hidden" name="list" value=(several);
                    input type="hidden" name="filter" value=(view.filter);
                    p { (pill::capital(several)) " that match this: " b { bdi { (view.words) } } "." }
                    p.muted { (count) " it now." }
                    (Line { name: "name", label: "Name", value: name, hint: "What you call them: Paying teams, Trial ends this week.", ..Line::default() }.draw(view.mistake.as_ref()))
                    @if !view.own.is_empty() {
                        (choice("into", "Save as", &options, into, "An existing one keeps its id, and its name if you enter none. Changing its filter can be undone."))
                    }
                    div.row {
                        button.btn.primary { "Save" }
                        a.btn.bare href=(back) { "Cancel" }
                    }
                }
            }
        }
    };
    shell(frame, "Save as a segment", content)
}

/// `GET /segments/save?list=users&f=…`
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest) -> Answer {
    let listed = desk::value(&request, "list").as_deref().and_then(Listed::parse).unwrap_or(Listed::Users);
    let pairs = narrowed::pairs(&request);
    let fields = desk::store(&request)?.catalog().fields(listed);
    let filter = parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())), &fields);
    let saved = filter.map_err(|error| error.sentence).and_then(|filter| rules::saved(&filter, &fields));
    match saved {
        Ok(query) => answer(&request, operator, listed, query, (String::new(), String::new()), None, false).await,
        Err(sentence) => errors::bad_address(&request, operator, Place::Segments, &sentence).await,
    }
}

async fn answer(
    request: &HttpRequest,
    operator: Operator,
    listed: Listed,
    query: String,
    filled: (String, String),
    mistake: Option<Mistake>,
    is_again: bool,
) -> Answer {
    let catalog = desk::store(request)?.catalog();
    let filter: Filter = match rules::read(&query, &catalog.fields(listed)) {
        Ok(filter) => filter,
        Err(error) => return errors::bad_address(request, operator, Place::Segments, &error.sentence).await,
    };
    let words = filter.in_words();
    let own = catalog.segments.iter().filter(|segment| segment.listed == listed && !segment.is_supplied);
    let own: Vec<Segment> = own.cloned().collect();
    let (frame, size) = desk::read(request, operator, Place::Segments, move |db, clock| {
        segments::count_as_listed(db, listed, &filter, clock.now_ms)
    })
    .await?;
    let page = page(&frame, &View { listed, filter: query, words, size, own, filled, mistake });
    Ok(if is_again { desk::again(page) } else { desk::page(page) })
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    list: String,
    filter: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    into: String,
}

/// `POST /segments/save`
///
/// # Errors
/// No such segment to save into, the store's.
pub async fn save(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    let listed = Listed::parse(&sent.list).unwrap_or(Listed::Users);
    let (by, name, filter, into) =
        (By::Operator(operator.email.clone()), sent.name.clone(), sent.filter.clone(), sent.into.clone());
    let store = desk::store(&request)?;
    let outcome = if into.is_empty() {
        store.write(move |tx| deeds::add(tx, &by, listed, &name, &filter)).await
    } else {
        let deed = move |tx: &mut crate::store::Tx<'_>| {
            let name = Some(name.as_str()).filter(|name| !name.trim().is_empty());
            deeds::change(tx, &by, &into, name, Some(&filter))
        };
        store.write(deed).await
    };
    match outcome {
        Ok((segment, change)) => {
            let asked = change.map_or(Asked::Same, Asked::Change);
            Ok(desk::see_other(&asked.address(&links::segment(&segment.segment_id))))
        }
        Err(error) => {
            let mistake = mistake(error)?;
            answer(&request, operator, listed, sent.filter, (sent.name, sent.into), Some(mistake), true).await
        }
    }
}
