//! `/settings/backups`: when the file was copied last, how it is copied, and how one goes back to a copy.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::settings;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::code;
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::numbers::number;
use crate::dashboard::parts::say::{Tone, alert, notice};
use crate::domain::time::DAY_MS;
use crate::http::access::Viewer;
use crate::store::workspace::{self, Upkeep};

/// Its address.
const PATH: &str = "/settings/backups";
/// Days after which a backup is old: what came since then would be lost.
const OLD_DAYS: i64 = 7;

/// The page.
pub fn page(frame: &Frame, upkeep: &Upkeep) -> Markup {
    let content = html! {
        (last(frame, upkeep))
        section.card aria-labelledby="file" {
            header { h2 id="file" { "The file" } }
            dl.facts {
                div { dt { "Size" } dd { (number(upkeep.bytes.div_ceil(1_000_000))) " MB" } }
                div { dt { "Last backup" } dd { (frame.clock.ago_or_never(upkeep.last_backup_ms)) } }
            }
        }
        section.card aria-labelledby="make" {
            header { h2 id="make" { "Make one" } }
            div.body.stack.tight {
                p { "On the machine where Rollcall runs. It copies the file while the server keeps running, and takes seconds per gigabyte." }
                (code::block("Once", html! { "rollcall backup /backups/rollcall-$(date +%F).db" }))
                (code::block("Every night at three, in the crontab", html! { "0 3 * * *  rollcall backup /backups/rollcall-$(date +\\%F).db" }))
                p.small.muted { "The copy is a whole workspace in one file, with all its personal data: keep it where only you can read it, and on another machine." }
            }
        }
        section.card aria-labelledby="back" {
            header { h2 id="back" { "Restore one" } }
            div.body.stack.tight {
                p { "With the server stopped. The current file is set aside, so nothing is lost." }
                (code::block("With the server stopped", html! { "rollcall restore /backups/rollcall-2026-03-01.db" }))
                p.small.muted { "Try it on a copy now and then: a backup that was never restored is only a hope. " code { "rollcall check --data FILE" } " checks it without changing anything." }
            }
        }
        section.card aria-labelledby="take-along" {
            header { h2 id="take-along" { "Take your data with you" } }
            div.body.stack.tight {
                p {
                    "All of it, as files that other programs can read and another workspace can import: "
                    a href="/export/all" download="" { "one zip of CSV" } " or " a href="/export/all?format=ndjson" download="" { "one of NDJSON" }
                    ". It is not a backup: passwords, tokens and settings are not in it."
                }
            }
        }
    };
    settings(frame, PATH, content)
}

fn last(frame: &Frame, upkeep: &Upkeep) -> Markup {
    match upkeep.last_backup_ms {
        None => alert(
            Tone::Warn,
            "No backup yet",
            html! { p { "Everything is in one file. If the disk fails today, all of it is lost: make a copy, as below." } },
        ),
        Some(made_ms) if frame.clock.now_ms - made_ms > OLD_DAYS * DAY_MS => alert(
            Tone::Warn,
            "The last backup is old",
            html! { p { "It was made " (frame.clock.ago(made_ms)) ". Anything newer would be lost with the disk." } },
        ),
        Some(_) => notice(Tone::Good, "There is a recent backup."),
    }
}

/// `GET /settings/backups`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let (frame, upkeep) = desk::read(&request, operator, Place::Settings, |db, _| workspace::upkeep(db)).await?;
    Ok(desk::page(page(&frame, &upkeep)))
}
