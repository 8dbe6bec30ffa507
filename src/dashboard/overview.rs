//! `/`: the roll.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::install::state::{self, State};
use super::parts::chart::{self, Bar, Days, Shows};
use super::parts::code;
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::numbers::{self, counted, delta, number};
use super::parts::say::beat;
use super::parts::section::{head, stat};
use super::parts::who;
use super::{due, first_run, links};
use crate::domain::codes;
use crate::domain::time::{self, DAY_MS};
use crate::domain::webhooks::{State as WebhookState, Webhook};
use crate::http::access::Viewer;
use crate::store::companies::{CompanyRow, Growing};
use crate::store::findings::{self, FindingRow};
use crate::store::list::Count;
use crate::store::notes::NoteFound;
use crate::store::refusals::{self, RefusalRow};
use crate::store::sightings;
use crate::store::users::UserRow;
use crate::store::workspace::{self, Day, Overview};

/// Days of which the strip of sources tells.
const STRIP_DAYS: i64 = 7;
/// Days of which refusals are told.
const REFUSED_DAYS: i64 = 7;
/// Refusals that the page tells of.
const REFUSAL_ROWS: usize = 3;
/// Sources that the strip tells of.
const SOURCES_MAX: usize = 6;

/// How one source stands.
#[derive(Debug, Clone)]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// What it was seen doing lately.
    pub state: State,
    /// The last post that was taken, Unix milliseconds.
    pub posted_ms: Option<i64>,
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The numbers.
    pub overview: Overview,
    /// The latest refusals, at most 3.
    pub refusals: Vec<RefusalRow>,
    /// How many findings there are, and the latest.
    pub findings: (Count, Option<FindingRow>),
    /// Each source.
    pub sources: Vec<SourceState>,
    /// Notes with a date by a week from now.
    pub due: Vec<NoteFound>,
    /// When `rollcall backup` last copied the file, Unix milliseconds.
    pub backup_ms: Option<i64>,
    /// Webhooks that are told nothing any more, since nothing was taken there.
    pub webhooks_given_up: u64,
    /// What the chart shows.
    pub chart: Shows,
    /// The public key of the first source, for the first-run page.
    pub write_key: String,
}

impl View {
    /// Nobody is known yet.
    fn is_first_run(&self) -> bool {
        self.overview.users == Count::Exactly(0) && self.overview.companies == Count::Exactly(0)
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    if view.is_first_run() {
        return first_run::page(frame, view);
    }
    let clock = frame.clock;
    let bar = |day: &Day| Bar {
        day: day.day,
        people: day.people,
        new_people: day.new_people,
        events: day.events,
        sessions: None,
    };
    let bars: Vec<Bar> = view.overview.days.iter().map(bar).collect();
    let chart = Days {
        id: "activity",
        title: match view.chart {
            Shows::People | Shows::Sessions | Shows::Size(..) => "Active users per day",
            Shows::Events => "Events per day",
        },
        bars: &bars,
        shows: view.chart,
        path: Some("/"),
        new: view.overview.tells_new.then_some("First seen that day"),
        clock,
    };
    let content = html! {
        div.stack.wide {
            (head(html! { "Overview" }, html! { p { (clock.today_in_words()) } }, html! {}))
            (installation(frame, &view.sources, view.backup_ms))
            @if view.webhooks_given_up > 0 { (given_up(view.webhooks_given_up)) }
            @if let (count, Some(latest)) = &view.findings { (found(*count, latest)) }
            (cells(frame, &view.overview))
            (chart.draw())
            @if view.overview.refused_7d > 0 { (refused(frame, view)) }
            @if !view.due.is_empty() { (due::card(frame, &view.due)) }
            div.cols {
                (growing_companies(&view.overview.growing_companies))
                (quiet_companies(frame, &view.overview.quiet_companies))
            }
            div.cols {
                (newest_users(frame, &view.overview.newest_users))
                (newest_companies(frame, &view.overview.newest_companies))
            }
            (code::shell_calls(&frame.server, &[
                ("The numbers, and each day of the chart; a token with read scope", "/api/v1/overview"),
                ("The newest users", "/api/v1/users?sort=-first_seen&limit=5"),
                ("The newest companies", "/api/v1/companies?sort=-first_seen&limit=5"),
            ]))
        }
    };
    shell(frame, "Overview", content)
}

/// One line for each source: whether it is heard of.
fn installation(frame: &Frame, sources: &[SourceState], backup_ms: Option<i64>) -> Markup {
    let several = sources.len() > 1;
    html! {
        div.strip.live {
            @for source in sources {
                span {
                    (beat(source.state.tone())) " "
                    @if several {
                        b { bdi { (source.name) } }
                        " "
                        (state::short(source.state).to_lowercase())
                    } @else {
                        b { (state::short(source.state)) }
                    }
                    @if let Some(posted_ms) = source.posted_ms {
                        span.faint { " · last message " (frame.clock.ago(posted_ms)) }
                    }
                }
            }
            @if sources.is_empty() {
                span { (beat(super::parts::say::Tone::None)) " " b { "No source yet" } }
            }
            a.faint href="/settings/backups" title="Created with: rollcall backup FILE" {
                @match backup_ms { Some(made_ms) => { "Last backup " (frame.clock.ago(made_ms)) }, None => "No backup yet" }
            }
            a.end href="/install" { "Installation" }
        }
    }
}

/// One line: that somewhere nobody hears what changes.
fn given_up(webhooks: u64) -> Markup {
    html! {
        div.strip {
            span {
                span.tone.ink.warn { (icon("alert")) } " "
                @if webhooks == 1 { "A webhook was given up" } @else { (numbers::number(webhooks)) " webhooks were given up" }
                ": nothing was accepted there, so nothing more is sent."
            }
            a.end href="/settings/webhooks" { "Webhooks" }
        }
    }
}

/// One line: that something is wrong, though nothing was refused for it.
fn found(count: Count, latest: &FindingRow) -> Markup {
    html! {
        div.strip {
            span { span.tone.ink.warn { (icon("alert")) } " " (latest.finding.sentence(&latest.example, latest.count)) }
            a.end href="/refusals#findings" {
                @match count { Count::Exactly(1) => "What to do", _ => { "All " (numbers::count(count)) " findings" } }
            }
        }
    }
}

fn refused(frame: &Frame, view: &View) -> Markup {
    html! {
        section.card aria-labelledby="refused" {
            header {
                h2 id="refused" {
                    span.ink.bad { (icon("refused")) }
                    (counted(view.overview.refused_7d, "kind of refusal", "kinds of refusals"))
                }
                span.muted { "seen in the last 7 days" }
                a.end href="/refusals" { "All refusals" }
            }
            ul.rows.roomy {
                @for refusal in &view.refusals {
                    li {
                        b.count.ink.bad { (number(refusal.count)) }
                        p {
                            a href={ "/refusals#" (refusal.code) } { (refusal.code) }
                            " "
                            span.muted { (sentence(refusal)) }
                        }
                        span.end { (frame.clock.ago(refusal.last_seen_ms)) }
                    }
                }
            }
        }
    }
}

fn sentence(refusal: &RefusalRow) -> &str {
    if refusal.detail.is_empty() {
        codes::explain(&refusal.code).map_or("", |code| code.meaning)
    } else {
        &refusal.detail
    }
}

fn cells(frame: &Frame, overview: &Overview) -> Markup {
    let people: Vec<u32> = overview.days.iter().map(|day| day.people).collect();
    let last = |days: usize| &people[people.len().saturating_sub(days)..];
    let today = people.last().copied().unwrap_or(0);
    let changed = |(now, before): (u64, u64)| delta(i128::from(before), i128::from(now));
    let active_since = |days_ago: i32| {
        let before = time::date(frame.clock.today() - days_ago - 1);
        format!("/users?f=last_seen:after:{before}&sort=-last_seen")
    };
    html! {
        section aria-label="Numbers" {
            div.card.cells {
                (stat(
                    "/users?sort=-first_seen",
                    "Users",
                    "Users and leads; the change is who was first seen in the last 28 days",
                    html! { (numbers::count(overview.users)) },
                    more(overview.new_users_28d),
                    html! {},
                ))
                (stat(
                    "/companies?sort=-first_seen",
                    "Companies",
                    "Companies known by an id, with or without members; the change is those first seen in the last 28 days",
                    html! { (numbers::count(overview.companies)) },
                    more(overview.new_companies_28d),
                    html! {},
                ))
                (stat(
                    &active_since(0),
                    "Active today",
                    // The day is not over: no change is told against a whole one.
                    "Users with activity today, so far",
                    html! { (number(today)) },
                    html! {},
                    chart::wide_roll(last(28)),
                ))
                (stat(
                    &active_since(6),
                    "Active in 7 days",
                    "Distinct users with activity in the last 7 days; the change is against the 7 before",
                    html! { (number(overview.active_7d.0)) },
                    changed(overview.active_7d),
                    chart::wide_roll(last(7)),
                ))
                (stat(
                    &active_since(29),
                    "Active in 30 days",
                    "Distinct users with activity in the last 30 days; the change is against the 30 before",
                    html! { (number(overview.active_30d.0)) },
                    changed(overview.active_30d),
                    chart::wide_roll(last(30)),
                ))
            }
        }
    }
}

/// How many came, where any did.
fn more(new: Count) -> Markup {
    html! {
        @if new != Count::Exactly(0) {
            span.delta.good { span aria-hidden="true" { "↑" } span.vh { "up " } (numbers::count(new)) }
        }
    }
}

fn newest_users(frame: &Frame, users: &[UserRow]) -> Markup {
    html! {
        section.card aria-labelledby="new-users" {
            header {
                h2 id="new-users" { "Newest users" }
                a.end href="/users?sort=-first_seen" { "All" span.vh { " users, the newest first" } }
            }
            ul.rows {
                @for user in users {
                    li {
                        (who::user(user, frame.clock.now_ms, html! {
                            @match &user.company { Some(company) => (who::company_text(company)), None => "no company" }
                        }))
                        span.end { (frame.clock.ago(user.first_seen_ms)) }
                    }
                }
            }
        }
    }
}

fn newest_companies(frame: &Frame, companies: &[CompanyRow]) -> Markup {
    html! {
        section.card aria-labelledby="new-companies" {
            header {
                h2 id="new-companies" { "Newest companies" }
                a.end href="/companies?sort=-first_seen" { "All" span.vh { " companies, the newest first" } }
            }
            @if companies.is_empty() {
                p.body.muted {
                    "No companies yet. "
                    a href="/install#company" { "Add the company to the snippet" }
                    "."
                }
            }
            ul.rows {
                @for company in companies {
                    li {
                        (who::company_row(company))
                        span.end {
                            a href={ (links::company(&company.company_id)) "#members" } {
                                (counted(company.members, "member", "members"))
                            }
                            br;
                            (frame.clock.ago(company.first_seen_ms))
                        }
                    }
                }
            }
        }
    }
}

fn growing_companies(companies: &[Growing]) -> Markup {
    html! {
        section.card aria-labelledby="growing" {
            header {
                h2 id="growing" title="Existing companies with at least 25 % and 2 more active people in the last 28 days than in the 28 before, among the 100 with the most" {
                    "Growing"
                }
                a.end href="/companies?f=trend:is:growing&sort=-active_members" { "All" span.vh { " companies that grow, most active members first" } }
            }
            @if companies.is_empty() { p.body.muted { "No company gained at least 25 % and 2 active people compared with the 28 days before." } }
            ul.rows {
                @for (company, (last, before)) in companies {
                    li {
                        (who::company_row(company))
                        (chart::roll(&company.roll))
                        span.end title="Active people in the 28 days before, and in the last 28" { (number(*before)) " → " (number(*last)) }
                    }
                }
            }
        }
    }
}

fn quiet_companies(frame: &Frame, companies: &[CompanyRow]) -> Markup {
    html! {
        section.card aria-labelledby="quiet" {
            header {
                h2 id="quiet" title="Companies with members, last active 7 or more days ago" {
                    "Gone quiet"
                }
                a.end href="/companies?f=state:in:quiet,gone&f=members:gt:0&sort=-last_seen" { "All" span.vh { " companies that went quiet" } }
            }
            @if companies.is_empty() {
                p.body.muted { "None. No company with members was last active 7 to 30 days ago." }
            }
            ul.rows {
                @for company in companies {
                    li {
                        (who::company_row(company))
                        (chart::roll(&company.roll))
                        span.end { (frame.clock.ago_or_never(company.last_seen_ms)) }
                    }
                }
            }
        }
    }
}

/// `GET /`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let catalog = desk::store(&request)?.catalog();
    let chart = Shows::parse(&desk::value(&request, "chart").unwrap_or_default(), &[Shows::Events]);
    let (frame, view) = desk::read(&request, operator, Place::Overview, move |db, clock| {
        let mut sources = Vec::new();
        for source in catalog.sources_in_order().into_iter().filter(|source| !source.write_keys.is_empty()) {
            let evidence = sightings::evidence(db, source.key, clock.now_ms - STRIP_DAYS * DAY_MS)?;
            sources.push(SourceState {
                name: source.name.clone(),
                state: State::of(&evidence, clock.now_ms),
                posted_ms: evidence.posted_ms,
            });
            if sources.len() == SOURCES_MAX {
                break;
            }
        }
        let write_key = catalog.sources_in_order().into_iter().find_map(|source| source.write_keys.first().cloned());
        let is_given_up = |webhook: &&Webhook| matches!(webhook.state, WebhookState::Gone | WebhookState::Failing);
        Ok(View {
            webhooks_given_up: catalog.webhooks.iter().filter(is_given_up).count() as u64,
            overview: workspace::overview(db, clock.now_ms)?,
            refusals: refusals::list(db, clock.now_ms - REFUSED_DAYS * DAY_MS, REFUSAL_ROWS)?,
            findings: (findings::count_rows(db)?, findings::page(db, None, 1)?.rows.pop()),
            sources,
            due: due::soon(db, clock.today())?,
            backup_ms: workspace::last_backup(db)?,
            chart,
            write_key: write_key.unwrap_or_default(),
        })
    })
    .await?;
    Ok(desk::page(page(&frame, &view)))
}
