//! `/settings/workspace`: name, time zone, and the rules that hold for all sources.

use std::collections::HashMap;

use actix_web::{HttpRequest, web};
use maud::{Markup, html};

use super::{only, settings};
use crate::actions::settings as deeds;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::{Line, Mistake, choice, tick, time_zones};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::say::{Tone, notice};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::domain::settings::{NAMES, SettingError, Settings};
use crate::http::access::{Admin, Viewer};
use crate::store::workspace::SetError;

/// Settings that are yes or no: a box that is not ticked sends nothing.
pub const TICKS: [&str; 3] = ["one_company", "respect_gpc", "refuse_bots"];

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Each setting as text, as it is or as it was filled in.
    pub values: Vec<(&'static str, String)>,
    /// What was wrong with it.
    pub mistake: Option<Mistake>,
    /// It was changed just now.
    pub saved: bool,
}

impl View {
    /// The settings as they are.
    pub fn of(settings: &Settings) -> View {
        let values = NAMES.into_iter().map(|name| (name, settings.get(name).unwrap_or_default())).collect();
        View { values, mistake: None, saved: false }
    }

    fn get(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let may = frame.may(Role::Admin);
    let content = html! {
        @if view.saved { (notice(Tone::Good, "Saved.")) }
        form.stack method="post" {
            fieldset.stack disabled[!may] {
                legend.vh { "Settings of the workspace" }
                (workspace(view))
                (companies(view))
                (privacy(view))
                (retention(view))
            }
            @if may { div.row { button.btn.primary { "Save" } } } @else { (only("an admin")) }
        }
    };
    settings(frame, "/settings/workspace", content)
}

fn workspace(view: &View) -> Markup {
    let mistake = view.mistake.as_ref();
    html! {
        section.card aria-labelledby="workspace" {
            header { h2 id="workspace" { "Workspace" } }
            div.body.stack.snug {
                (Line {
                    name: "workspace_name", label: "Name", value: view.get("workspace_name"),
                    hint: "Shown at the top of every page.", required: true, ..Line::default()
                }
                .draw(mistake))
                (Line {
                    name: "time_zone", label: "Time zone", value: view.get("time_zone"),
                    hint: "Where a day begins and ends: charts, “today”, active days. Changing it counts all days again.",
                    required: true, list: Some("zones"), ..Line::default()
                }
                .draw(mistake))
                (time_zones())
            }
        }
    }
}

fn companies(view: &View) -> Markup {
    let rules = [("off", "Nothing"), ("suggest", "Suggest a company"), ("create", "Make the membership")];
    html! {
        section.card aria-labelledby="companies" {
            header { h2 id="companies" { "Companies" } }
            div.body.stack.snug {
                (tick(
                    "one_company",
                    "A user belongs to one company",
                    "Off: a user may belong to several. On: a new company replaces the old one.",
                    view.get("one_company") == "true",
                ))
                (choice(
                    "domain_rule",
                    "What an e-mail's domain does",
                    &rules,
                    view.get("domain_rule"),
                    "Free-mail hosts never count. A company stated by the site beats one made by this rule.",
                ))
                (Line {
                    name: "staff_domains", label: "Domains of your own staff", value: view.get("staff_domains"),
                    hint: "Parted by commas. Left out of all numbers.", placeholder: "example.com", ..Line::default()
                }
                .draw(view.mistake.as_ref()))
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
                    "Browsers that say so send nothing.",
                    view.get("respect_gpc") == "true",
                ))
                (tick(
                    "refuse_bots",
                    "Refuse crawlers",
                    "Known by their user agent; they are counted under Refusals as bot.",
                    view.get("refuse_bots") == "true",
                ))
                (Line {
                    name: "rate_limit", label: "Requests a second for a public key and address", kind: "number",
                    value: view.get("rate_limit"),
                    hint: "Bursts may be ten times as many. Secret tokens have no limit.", required: true,
                    ..Line::default()
                }
                .draw(view.mistake.as_ref()))
            }
        }
    }
}

fn retention(view: &View) -> Markup {
    let mistake = view.mistake.as_ref();
    html! {
        section.card aria-labelledby="retention" {
            header { h2 id="retention" { "How long, in days" } }
            div.body.stack.snug {
                (Line {
                    name: "takeover_days", label: "A sign-in takes along the browser's last", kind: "number",
                    value: view.get("takeover_days"),
                    hint: "Days before the sign-in whose page views become the user's.", required: true,
                    ..Line::default()
                }
                .draw(mistake))
                (Line {
                    name: "visitor_retention_days", label: "Visitors who never sign in are kept", kind: "number",
                    value: view.get("visitor_retention_days"), hint: "", required: true, ..Line::default()
                }
                .draw(mistake))
                (Line {
                    name: "event_retention_days", label: "Events of users are kept", kind: "number",
                    value: view.get("event_retention_days"), hint: "0 keeps them for ever.", required: true,
                    ..Line::default()
                }
                .draw(mistake))
            }
        }
    }
}

/// `GET /settings/workspace`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let mut view = View::of(&desk::store(&request)?.catalog().settings);
    view.saved = desk::value(&request, "saved").is_some();
    Ok(desk::page(page(&desk::frame(&request, operator, Place::Settings).await?, &view)))
}

/// `POST /settings/workspace`: sets all of them or none.
///
/// # Errors
/// The store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<HashMap<String, String>>) -> Answer {
    let values: Vec<(&'static str, String)> = NAMES
        .into_iter()
        .filter_map(|name| match sent.get(name) {
            Some(value) => Some((name, value.clone())),
            None if TICKS.contains(&name) => Some((name, "false".to_owned())),
            None => None,
        })
        .collect();
    let (by, wanted) = (By::Operator(operator.email.clone()), values.clone());
    let changed = desk::store(&request)?
        .write(move |tx| wanted.iter().try_for_each(|(name, value)| deeds::set(tx, &by, name, value).map(drop)))
        .await;
    match changed {
        Ok(()) => Ok(desk::see_other("/settings/workspace?saved=1")),
        Err(SetError::Setting(SettingError::Invalid { name, value, expected })) => {
            let sentence = format!("It can't be “{value}”: {expected}.");
            let view = View { values, mistake: Some(Mistake::new(name, sentence)), saved: false };
            Ok(desk::again(page(&desk::frame(&request, operator, Place::Settings).await?, &view)))
        }
        Err(SetError::Setting(SettingError::Unknown(name))) => Err(crate::http::page::PageError::internal(name)),
        Err(SetError::Store(error)) => Err(error.into()),
    }
}
