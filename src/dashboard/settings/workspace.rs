//! `/settings/workspace`: name, time zone, and what holds for all sources.

use std::collections::HashMap;

use actix_web::{HttpRequest, web};
use maud::{Markup, html};

use super::values::Values;
use super::{form, settings};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::{self, Done};
use crate::dashboard::happenings::Told;
use crate::dashboard::parts::form::{Line, tick, time_zones};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::domain::change::By;
use crate::http::access::{Admin, Viewer};

/// The settings of this page.
const SETTINGS: [&str; 5] = ["workspace_name", "time_zone", "respect_gpc", "refuse_bots", "rate_limit"];

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The settings, as they are or as they were filled in.
    pub values: Values,
    /// What was just done.
    pub done: Option<Done>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        (done::done(view.done.as_ref(), Told::OfUser, "/settings/workspace", frame.clock, frame.role()))
        (form(frame, "Settings of the workspace", None, html! { (workspace(view)) (privacy(view)) }))
    };
    settings(frame, "/settings/workspace", content)
}

fn workspace(view: &View) -> Markup {
    let mistake = view.values.mistake.as_ref();
    html! {
        section.card aria-labelledby="workspace" {
            header { h2 id="workspace" { "Workspace" } }
            div.body.stack.snug {
                (Line {
                    name: "workspace_name", label: "Name", value: view.values.get("workspace_name"),
                    hint: "Shown at the top of every page.", required: true, ..Line::default()
                }
                .draw(mistake))
                (Line {
                    name: "time_zone", label: "Time zone", value: view.values.get("time_zone"),
                    hint: "Where a day begins and ends: charts, “today”, active days. Changing it recounts all days.",
                    required: true, list: Some("zones"), ..Line::default()
                }
                .draw(mistake))
                (time_zones())
            }
        }
    }
}

fn privacy(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="privacy" {
            header { h2 id="privacy" { "Privacy and limits" } }
            div.body.stack.snug {
                (tick(
                    "respect_gpc",
                    "Honour Global Privacy Control and Do Not Track",
                    "Browsers that ask for this send nothing.",
                    view.values.get("respect_gpc") == "true",
                ))
                (tick(
                    "refuse_bots",
                    "Refuse crawlers",
                    "Recognised by their user agent; they are counted under Refusals as bot.",
                    view.values.get("refuse_bots") == "true",
                ))
                (Line {
                    name: "rate_limit", label: "Requests per second for each public key and address", kind: "number",
                    value: view.values.get("rate_limit"),
                    hint: "Bursts may be ten times that. Secret tokens have no limit.", required: true,
                    ..Line::default()
                }
                .draw(view.values.mistake.as_ref()))
            }
        }
    }
}

/// `GET /settings/workspace`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let (frame, values, done) = Values::shown(&request, operator, &SETTINGS).await?;
    Ok(desk::page(page(&frame, &View { values, done })))
}

/// `POST /settings/workspace`: sets all of them or none.
///
/// # Errors
/// The store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<HashMap<String, String>>) -> Answer {
    let by = By::Operator(operator.email.clone());
    match Values::sent(&sent, &SETTINGS).save(desk::store(&request)?, by).await? {
        Ok(asked) => Ok(desk::see_other(&asked.address("/settings/workspace"))),
        Err(values) => {
            let frame = desk::frame(&request, operator, Place::Settings).await?;
            Ok(desk::again(page(&frame, &View { values, done: None })))
        }
    }
}
