//! `/settings/account`: one's own password, and the zone of the times one sees.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, web};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;

use super::settings;
use crate::actions::operators::{self as deeds, OperatorError};
use crate::actions::passwords::CHARS_MIN;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::{Line, Mistake, time_zones};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::say::{Tone, notice};
use crate::dashboard::sign_in::too_many_tries;
use crate::http::access::Viewer;
use crate::http::limits::Limits;
use crate::http::{client, session};
use crate::store::operators::{self, Looks};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What was wrong with the form.
    pub mistake: Option<Mistake>,
    /// What was typed as a zone, where it is none.
    pub zone: Option<String>,
    /// What was changed just now.
    pub saved: Option<Saved>,
}

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// The password.
    Password,
    /// The zone.
    Zone,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let mistake = view.mistake.as_ref();
    let own = if frame.clock.own == frame.clock.zone { "" } else { frame.clock.own.name() };
    let zone = view.zone.as_deref().unwrap_or(own);
    let (email, role) = frame.operator.as_ref().map_or(("", ""), |(email, role)| (email.as_str(), role.as_str()));
    let content = html! {
        @match view.saved {
            Some(Saved::Password) => (notice(Tone::Good, "Your password was changed. You are signed out everywhere else.")),
            Some(Saved::Zone) => (notice(Tone::Good, &format!("You see times in {} now.", frame.clock.own.name()))),
            None => {}
        }
        section.card aria-labelledby="you" {
            header { h2 id="you" { "You" } }
            dl.facts { div { dt { "E-mail" } dd { (email) } } div { dt { "Role" } dd { (role) } } }
        }
        section.card aria-labelledby="password" {
            header { h2 id="password" { "Change the password" } }
            form.body.stack.snug method="post" {
                // Password managers want to see whose it is.
                input.vh type="text" name="username" autocomplete="username" value=(email) readonly tabindex="-1" aria-hidden="true";
                (Line {
                    name: "current", label: "Current password", kind: "password", autocomplete: "current-password",
                    required: true, ..Line::default()
                }
                .draw(mistake))
                (Line {
                    name: "new", label: "New password", kind: "password", autocomplete: "new-password", required: true,
                    least: Some(CHARS_MIN as u32), hint: "At least 10 characters. A sentence works well.",
                    ..Line::default()
                }
                .draw(mistake))
                div.row { button.btn.primary { "Change password" } }
            }
        }
        section.card aria-labelledby="zone" {
            header { h2 id="zone" { "Times" } }
            form.body.stack.snug method="post" action="/settings/account/zone" {
                (Line {
                    name: "time_zone", label: "Time zone", value: zone, list: Some("zones"),
                    hint: &format!("Leave it empty for the workspace's, {}. It changes the times you see; days are the workspace's for everyone.", frame.clock.zone.name()),
                    ..Line::default()
                }
                .draw(mistake))
                (time_zones())
                div.row { button.btn.primary { "Save" } }
            }
        }
        p.small.muted id="looks" { "Light or dark, and how much space a row takes, are under " a href="/settings/appearance" { "Appearance" } "." }
    };
    settings(frame, "/settings/account", content)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
}

/// `GET /settings/account`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let saved = match desk::value(&request, "saved").as_deref() {
        Some("zone") => Some(Saved::Zone),
        Some(_) => Some(Saved::Password),
        None => None,
    };
    let view = View { saved, ..View::default() };
    Ok(desk::page(page(&desk::frame(&request, operator, Place::Settings).await?, &view)))
}

/// `POST /settings/account`: a new password ends all sign-ins, and this browser signs in again.
///
/// # Errors
/// The store's.
pub async fn change_password(
    Viewer(operator): Viewer,
    request: HttpRequest,
    sent: web::Form<Sent>,
    limits: web::Data<Limits>,
) -> Answer {
    let store = desk::store(&request)?;
    let client = client::address(&request);
    if let Err(seconds) = limits.sign_in(client, &operator.email) {
        let view = View { mistake: Some(Mistake::new("current", too_many_tries(seconds))), ..View::default() };
        let page = page(&desk::frame(&request, operator, Place::Settings).await?, &view);
        let mut response = desk::page_with(StatusCode::TOO_MANY_REQUESTS, page);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let changed = deeds::change_password(store, &operator, &sent.current, &sent.new).await;
    if !matches!(changed, Err(OperatorError::WrongPassword)) {
        limits.signed_in(client, &operator.email);
    }
    let mistake = match changed {
        Ok(()) => {
            let cookie = session::sign_in(&request, store, operator.key).await?;
            let mut response = desk::see_other("/settings/account?saved=1");
            response.add_cookie(&cookie).map_err(crate::http::page::PageError::internal)?;
            return Ok(response);
        }
        Err(OperatorError::Store(error)) => return Err(error.into()),
        Err(OperatorError::WrongPassword) => Mistake::new("current", "That is not your current password."),
        Err(error) => Mistake::new("new", error.to_string()),
    };
    let view = View { mistake: Some(mistake), ..View::default() };
    Ok(desk::again(page(&desk::frame(&request, operator, Place::Settings).await?, &view)))
}

/// What the form of times sends.
#[derive(Debug, Deserialize)]
pub struct Zone {
    #[serde(default)]
    time_zone: String,
}

/// `POST /settings/account/zone`
///
/// # Errors
/// The store's.
pub async fn change_zone(Viewer(operator): Viewer, request: HttpRequest, sent: web::Form<Zone>) -> Answer {
    let typed = sent.time_zone.trim();
    let time_zone = if typed.is_empty() { Ok(None) } else { typed.parse::<Tz>().map(Some) };
    let Ok(time_zone) = time_zone else {
        let sentence = format!("“{typed}” is not a time zone. Choose one of the list, such as Europe/Warsaw.");
        let view =
            View { mistake: Some(Mistake::new("time_zone", sentence)), zone: Some(typed.to_owned()), saved: None };
        return Ok(desk::again(page(&desk::frame(&request, operator, Place::Settings).await?, &view)));
    };
    let (key, looks) = (operator.key, Looks { time_zone, ..operator.looks });
    desk::store(&request)?.write(move |tx| operators::keep_looks(tx, key, &looks)).await?;
    Ok(desk::see_other("/settings/account?saved=zone#zone"))
}
