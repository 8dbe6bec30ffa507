//! `/bulk/{number}`: one deed for all that match, when they are many: what it would do, how far it is, and the way
//! back.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Sent, nouns, place};
use crate::actions::edit::EditError;
use crate::actions::edit::bulk::{Deed, Whom};
use crate::actions::edit::bulk_job::{self, JobError, deed_of, prepare};
use crate::dashboard::companies::ARCHIVED;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::frame::{Frame, Refresh, live_shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::list::{Address, Column};
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::pill::{self, capital};
use crate::dashboard::parts::say::{self, Tone};
use crate::dashboard::parts::section::{crumbs, head};
use crate::domain::access::Role;
use crate::domain::filter::Listed;
use crate::domain::ids::{BulkJobKey, CompanyKey, UserKey};
use crate::domain::limits::BULK_JOBS_DAYS;
use crate::domain::time::SECOND_MS;
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::bulk_jobs::{self, JOB_MAX, Job, State, Tally};
use crate::store::companies::{self, Shelf};
use crate::store::list::{ListQuery, PAGE_ROWS_MAX, Page};
use crate::store::operators::Operator;
use crate::store::{Reader, Store, StoreError, users};

/// Seconds between looks at a page without a script.
const LOOK_SECONDS: u32 = 3;

/// The address of a job's page.
pub fn address(key: BulkJobKey) -> String {
    format!("/bulk/{}", key.0)
}

/// What a job does, in words.
pub fn words(job: &Job) -> String {
    deed_of(job).map_or_else(|_| "An unknown change".to_owned(), |deed| Sent::of(&deed).words())
}

/// Where a job stands, as a pill.
pub fn state(job: &Job) -> Markup {
    match job.state {
        State::Checking => pill::toned("info", "Checking", "What it would do is being looked at"),
        State::Planned => pill::toned("info", "Ready", "Nothing has been changed yet"),
        State::Running => pill::toned("info", "Running", "It is being done"),
        State::Done => pill::toned("good", "Done", "All of it is done"),
        State::Stopped => pill::toned("warn", "Stopped", "What was done by then stays"),
        State::Failed => pill::toned("bad", "Failed", "It could not continue"),
        State::Undoing => pill::toned("warn", "Undoing", "What it did is being undone"),
        State::Undone => pill::toned("", "Undone", "What it did was undone"),
    }
}

/// The page.
pub fn page(frame: &Frame, job: &Job) -> Markup {
    let (one, several) = nouns(job.listed);
    let (list, here) = (format!("/{}", job.listed.as_str()), address(job.key));
    let content = html! {
        div.narrow.start.stack {
            (crumbs(&capital(several), &list, "Bulk change"))
            (head(
                html! { bdi { (words(job)) } },
                html! { p {
                    (counted(job.total, one, several)) ", by " bdi { (job.operator) } ", " (frame.clock.on(job.made_ms))
                } },
                html! {},
            ))
            @if let Some(problem) = &job.problem { (say::notice(Tone::Bad, problem)) }
            (stands(frame, job, &here))
        }
    };
    let refresh = Refresh { seconds: LOOK_SECONDS, address: here };
    live_shell(frame, "Bulk change", job.state.is_under_way().then_some(&refresh), content)
}

/// What can be done with it now: it stands in the card, which looks after itself.
fn actions(job: &Job, here: &str) -> Markup {
    let button = |deed: &str, class: &str, text: Markup| {
        html! { button class={ "btn " (class) } name="do" value=(deed) { (text) } }
    };
    let buttons = match job.state {
        State::Planned if job.checked.changed == 0 => {
            return html! { footer { a.btn href={ "/" (job.listed.as_str()) } { "Back to the list" } } };
        }
        State::Planned => html! {
            (button("start", "primary", html! { (icon("check")) " Do it" }))
            (button("stop", "bare", html! { "Cancel" }))
        },
        State::Checking => button("stop", "bare", html! { "Cancel" }),
        State::Running => button("stop", "", html! { (icon("x")) " Stop" }),
        State::Done | State::Stopped | State::Failed => button("undo", "", html! { (icon("undo")) " Undo" }),
        State::Undoing | State::Undone => return html! {},
    };
    html! { footer { form.row method="post" action=(here) { (buttons) } } }
}

fn stands(frame: &Frame, job: &Job, here: &str) -> Markup {
    let (one, several) = nouns(job.listed);
    let goes_on = job.state.is_under_way();
    let since_ms = frame.clock.now_ms - job.started_ms.unwrap_or(job.made_ms);
    let so_far = |tally: &Tally| {
        html! { p { b { (number(tally.dealt)) } " of " (counted(job.total, one, several)) "." } }
    };
    let heading = |text: &str| html! { header { h2 id="stands-h" { (text) } span.end { (state(job)) } } };
    html! {
        section.card id="stands" aria-labelledby="stands-h" data-live=(here) data-live-often=""
            data-live-since=(since_ms / SECOND_MS) data-live-done[!goes_on] {
            @match job.state {
                State::Checking => {
                    (heading("Checking what it does"))
                    div.body.stack.tight {
                        (so_far(&job.checked))
                        p.muted { "Nothing is changed yet. The plan appears here." }
                    }
                },
                State::Planned => {
                    (heading("What this does"))
                    div.body.stack.snug { (came_of(job, &job.checked, "changes", "change")) }
                },
                State::Running => {
                    (heading("Under way"))
                    div.body.stack.tight {
                        (so_far(&job.done))
                        p.muted { "It continues by itself, even after a restart; you can close this page." }
                    }
                },
                State::Undoing => {
                    (heading("Undoing it"))
                    div.body.stack.tight {
                        (so_far(&job.taken_back))
                        p.muted { "It continues by itself, even after a restart; you can close this page." }
                    }
                },
                State::Undone => {
                    (heading("It was undone"))
                    div.body.stack.snug {
                        p { "What it changed is as it was before." }
                        @if job.taken_back.left > 0 {
                            p.muted {
                                (counted(job.taken_back.left, "field has changed since and stays as it is", "fields have changed since and stay as they are"))
                                @if let Some(why) = &job.taken_back.why { ": " (why) }
                            }
                        }
                    }
                },
                State::Done | State::Stopped | State::Failed => {
                    (heading("What it did"))
                    div.body.stack.snug {
                        @if job.state != State::Done { (so_far(&job.done)) }
                        (came_of(job, &job.done, "was changed", "were changed"))
                        p.small.muted { "It can be undone as a whole for " (BULK_JOBS_DAYS) " days; what has changed since then is left alone." }
                    }
                },
            }
            @if frame.may(Role::Admin) { (actions(job, here)) }
        }
    }
}

/// What a step came to: how many change, how many don't, and why.
fn came_of(job: &Job, tally: &Tally, changes: &str, change: &str) -> Markup {
    let (one, several) = nouns(job.listed);
    let unchanged = tally.dealt.saturating_sub(tally.changed);
    let gone = job.total.saturating_sub(tally.dealt);
    html! {
        @if tally.changed == 0 { p { b { "Nothing " @if job.state == State::Planned { "would change" } @else { "was changed" } "." } } } @else {
            p {
                b { (counted(tally.changed, one, several)) } " " (if tally.changed == 1 { changes } else { change })
                @if unchanged > 0 { ", " (number(unchanged)) @if unchanged == 1 { " stays as it is" } @else { " stay as they are" } }
                "."
            }
        }
        @if tally.kept > 0 { p.muted { (counted(tally.kept, "keeps its value, which is pinned", "keep their values, which are pinned")) "." } }
        @if tally.left > 0 {
            p.muted { (number(tally.left)) " can't have it" @if let Some(why) = &tally.why { ": " (why) } }
        }
        @if gone > 0 && matches!(job.state, State::Planned | State::Done) {
            p.muted { (counted(gone, "is not there any more", "are not there any more")) "." }
        }
    }
}

/// The latest jobs, for the page that begins one.
pub fn latest(frame: &Frame, jobs: &[Job]) -> Markup {
    html! {
        @if !jobs.is_empty() {
            section.card aria-labelledby="jobs" {
                header { h2 id="jobs" { "Earlier changes of many" } }
                ul.rows {
                    @for job in jobs {
                        li.row {
                            a href=(address(job.key)) { bdi { (words(job)) } }
                            (state(job))
                            span.end.small.muted { (frame.clock.ago(job.made_ms)) }
                        }
                    }
                }
            }
        }
    }
}

/// Prepares a deed for all that the list of an address has. Where they are few, their keys.
///
/// # Errors
/// A sentence for the person; the store's.
pub async fn begin(
    store: &Store,
    operator: &Operator,
    listed: Listed,
    list: &str,
    deed: &Deed,
) -> Result<Result<BulkJobKey, String>, PageError> {
    let keys = match keys_of_list(store, listed, list, Order::Arrival, JOB_MAX).await? {
        Ok(keys) => keys,
        Err(sentence) => return Ok(Err(sentence)),
    };
    if keys.len() > JOB_MAX {
        let most = number(JOB_MAX as u64);
        return Ok(Err(format!("More than {most} match. Filter the list further.")));
    }
    let whom = match listed {
        Listed::Companies => Whom::Companies(keys.into_iter().map(CompanyKey).collect()),
        _ => Whom::Users(keys.into_iter().map(UserKey).collect()),
    };
    let (email, deed) = (operator.email.clone(), deed.clone());
    match store.write(move |tx| prepare(tx, &email, &whom, &deed)).await {
        Ok(key) => Ok(Ok(key)),
        Err(EditError::Store(error)) => Err(error.into()),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// In which order a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As its address says.
    Listed,
    /// Who was first seen first: nobody's activity changes it while it is read.
    Arrival,
}

/// The keys of all that a list has, until they are more than so many; or what is wrong with its address.
pub(super) async fn keys_of_list(
    store: &Store,
    listed: Listed,
    list: &str,
    order: Order,
    max: usize,
) -> Result<Result<Vec<i64>, String>, StoreError> {
    let query = list.split_once('?').map_or("", |(_, query)| query);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields = store.catalog().fields(listed);
    let path = format!("/{}", listed.as_str());
    if listed == Listed::Companies {
        let is_archived = pairs.iter().any(|(name, value)| name == "list" && value == "archived");
        let (path, shelf) = if is_archived { (ARCHIVED.to_owned(), Shelf::Archived) } else { (path, Shelf::InUse) };
        let address = Address::read_filtered(path, companies::SortBy::LastSeen, &pairs, &fields);
        let read = move |db: &Reader<'_>, query: &ListQuery<companies::SortBy>, now_ms| {
            let page = companies::list(db, shelf, query, now_ms)?;
            Ok(Page { rows: page.rows.into_iter().map(|row| row.key.0).collect(), next: page.next })
        };
        let sort = (order == Order::Arrival).then_some(companies::SortBy::FirstSeen);
        return all(store, address, sort, read, max).await;
    }
    let address = Address::read_filtered(path, users::SortBy::LastSeen, &pairs, &fields);
    let read = |db: &Reader<'_>, query: &ListQuery<users::SortBy>, now_ms| {
        let page = users::list(db, query, now_ms)?;
        Ok(Page { rows: page.rows.into_iter().map(|row| row.key.0).collect(), next: page.next })
    };
    let sort = (order == Order::Arrival).then_some(users::SortBy::FirstSeen);
    all(store, address, sort, read, max).await
}

/// The keys of the pages of a list.
async fn all<S: Column + Send + 'static>(
    store: &Store,
    address: Result<Address<S>, String>,
    sort: Option<S>,
    read: impl Fn(&Reader<'_>, &ListQuery<S>, i64) -> Result<Page<i64>, StoreError> + Copy + Send + 'static,
    max: usize,
) -> Result<Result<Vec<i64>, String>, StoreError> {
    let address = match address {
        Ok(address) => address,
        Err(sentence) => return Ok(Err(sentence)),
    };
    let now_ms = store.now_ms();
    let mut query = ListQuery { after: None, ..address.query(PAGE_ROWS_MAX) };
    if let Some(sort) = sort {
        (query.sort, query.descending) = (sort, false);
    }
    let mut keys = Vec::new();
    while keys.len() <= max {
        let asked = query.clone();
        let page = store.read(move |db| read(db, &asked, now_ms)).await?;
        keys.extend(page.rows);
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    Ok(Ok(keys))
}

/// `GET /bulk/{number}`
///
/// # Errors
/// There is no such job; the store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, key: web::Path<i64>) -> Answer {
    let key = BulkJobKey(key.into_inner());
    let listed =
        desk::store(&request)?.read(move |db| bulk_jobs::find(db, key)).await?.ok_or_else(PageError::not_found)?.listed;
    let (frame, job) = desk::read(&request, operator, place(listed), move |db, _| bulk_jobs::find(db, key)).await?;
    let job = job.ok_or_else(PageError::not_found)?;
    Ok(desk::page(page(&frame, &job)))
}

/// What is done with a job.
#[derive(Debug, Deserialize)]
pub struct Button {
    r#do: String,
}

/// `POST /bulk/{number}`: it is begun, stopped, or taken back.
///
/// # Errors
/// There is no such job or button; the store's.
pub async fn change(
    Admin(operator): Admin,
    request: HttpRequest,
    key: web::Path<i64>,
    sent: web::Form<Button>,
) -> Answer {
    let key = BulkJobKey(key.into_inner());
    let (store, button) = (desk::store(&request)?, sent.into_inner().r#do);
    let known = store.read(move |db| bulk_jobs::find(db, key)).await?.ok_or_else(PageError::not_found)?;
    let (email, pressed) = (operator.email.clone(), button.clone());
    let done = store
        .write(move |tx| match pressed.as_str() {
            "start" => bulk_job::start(tx, key).map(|()| true),
            "stop" => bulk_job::stop(tx, key).map(|()| true),
            "undo" => bulk_job::take_back(tx, &email, key).map(|()| true),
            _ => Ok(false),
        })
        .await;
    match done {
        Ok(false) => Err(PageError::not_found()),
        // One that was never begun is forgotten.
        Ok(true) if button == "stop" && known.started_ms.is_none() => {
            Ok(desk::see_other(&format!("/{}", known.listed.as_str())))
        }
        // Somebody was quicker: the page says where it stands.
        Ok(true) | Err(JobError::State(_)) => Ok(desk::see_other(&address(key))),
        Err(JobError::Unknown) => Err(PageError::not_found()),
        Err(JobError::Store(error)) => Err(error.into()),
    }
}
