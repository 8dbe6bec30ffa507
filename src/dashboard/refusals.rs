//! `/refusals`: what was refused, by code: how often, since when, an example, the fix; and what was found
//! without being asked.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::links;
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::numbers::{counted, number};
use super::parts::section::head;
use super::parts::{code, say};
use crate::domain::codes;
use crate::domain::ids::excerpt;
use crate::domain::time::DAY_MS;
use crate::http::access::Viewer;
use crate::store::findings::{self, FindingRow};
use crate::store::refusals::{self, RefusalRow};

/// Days within which a refusal was last seen to be shown.
pub const DAYS: i64 = 30;
/// Refusals that the page shows at most, each a source, code and attribute.
pub const ROWS: usize = 200;
/// Findings that the page shows at most; the API lists all.
const FINDINGS: usize = 20;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The latest first.
    pub refusals: Vec<RefusalRow>,
    /// The latest first.
    pub findings: Vec<FindingRow>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let mut by_code: Vec<(&str, Vec<&RefusalRow>)> = Vec::new();
    for refusal in &view.refusals {
        match by_code.iter_mut().find(|(code, _)| *code == refusal.code) {
            Some((_, rows)) => rows.push(refusal),
            None => by_code.push((&refusal.code, vec![refusal])),
        }
    }
    let below = html! {
        p {
            "Messages and values that were refused, seen in the last "
            (DAYS)
            " days, latest first. The rest of each message was stored."
        }
    };
    let content = html! {
        div.stack.narrow {
            (head(html! { "Refusals" }, below, html! {
                a.btn href="/refusals/tray" { (icon("box")) " Tray" }
                a.btn href="/help/codes" { (icon("info")) " All codes" }
            }))
            @if !view.findings.is_empty() { (found(frame, &view.findings)) }
            @if by_code.is_empty() {
                (say::nothing(
                    "Nothing was refused",
                    html! {
                        p {
                            "Nothing that came in the last "
                            (DAYS)
                            " days was refused. What is refused is counted here, with its cause, an example and the fix."
                        }
                    },
                ))
            }
            @for (code, rows) in &by_code { (card(frame, code, rows)) }
            (code::shell_calls(&frame.server, &[
                ("What was refused; a token with read scope", &format!("/api/v1/refusals?limit={ROWS}")),
                ("What was found", &format!("/api/v1/findings?limit={FINDINGS}")),
            ]))
        }
    };
    shell(frame, "Refusals", content)
}

fn card(frame: &Frame, code: &str, rows: &[&RefusalRow]) -> Markup {
    let explained = codes::explain(code);
    let total: u64 = rows.iter().map(|row| row.count).sum();
    let since_ms = rows.iter().map(|row| row.first_seen_ms).min().unwrap_or_default();
    html! {
        section.card aria-labelledby=(code) {
            header {
                h2 id=(code) { span.ink.bad { (icon("refused")) } code.bare { (code) } }
                span.muted { (counted(total, "time", "times")) " since " (frame.clock.on(since_ms)) }
                a.end href={ "/help/codes#" (code) } { "About it" }
            }
            @if let Some(explained) = explained {
                div.body.stack.tight {
                    p { (explained.meaning) " " span.muted { (explained.cause) } }
                    p { b { "What to do: " } (explained.fix) }
                }
            }
            ul.rows.roomy { @for row in rows { (line(frame, row)) } }
        }
    }
}

fn found(frame: &Frame, findings: &[FindingRow]) -> Markup {
    html! {
        section.card aria-labelledby="findings" {
            header {
                h2 id="findings" { span.tone.ink.warn { (icon("alert")) } " Findings" }
                span.muted { "Nothing was refused for these, but something is still wrong." }
            }
            ul.rows.roomy {
                @for row in findings {
                    li {
                        b.count { (number(row.count)) }
                        p {
                            a href={ "/help/codes#" (row.finding.as_str()) } { code.bare { (row.finding.as_str()) } }
                            " "
                            @match &row.user {
                                Some(user) => { "of " a href=(links::user(Some(user), user)) { bdi { (excerpt(user)) } } }
                                None if row.source.is_empty() => {}
                                None => { "from " bdi { (row.source) } }
                            }
                            br;
                            (row.finding.sentence(&row.example, row.count))
                            br;
                            span.muted { (row.finding.explained().fix) }
                        }
                        span.end { (frame.clock.ago(row.last_seen_ms)) br; "first " (frame.clock.on(row.since_ms)) }
                    }
                }
            }
        }
    }
}

fn line(frame: &Frame, row: &RefusalRow) -> Markup {
    html! {
        li {
            b.count.ink.bad { (number(row.count)) }
            p {
                @if let Some(attribute) = &row.attribute { code { (attribute) } " " }
                @match &row.source { Some(source) => { "from " bdi { (source) } }, None => "from an unknown source" }
                @if !row.detail.is_empty() { br; span.muted { (row.detail) } }
                @if let Some(example) = &row.example { br; span.faint { "Sent: " } code { (example) } }
            }
            span.end { (frame.clock.ago(row.last_seen_ms)) br; "first " (frame.clock.on(row.first_seen_ms)) }
        }
    }
}

/// `GET /refusals`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let (frame, view) = desk::read(&request, operator, Place::Refusals, |db, clock| {
        let refusals = refusals::list(db, clock.now_ms - DAYS * DAY_MS, ROWS)?;
        Ok(View { refusals, findings: findings::page(db, None, FINDINGS)?.rows })
    })
    .await?;
    Ok(desk::page(page(&frame, &view)))
}
