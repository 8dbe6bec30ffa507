//! `/set-up?token=`: the workspace's name and zone, and the first operator.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::parts::form::{Line, Mistake, time_zones};
use super::parts::frame::{Theme, gate};
use crate::actions::operators::OperatorError;
use crate::actions::passwords::CHARS_MIN;
use crate::actions::set_up::{self as deeds, SetUp, SetUpError};
use crate::actions::sources::SourceError;
use crate::domain::settings::SettingError;
use crate::http::page::PageError;
use crate::http::session;

/// What is filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// The link's token.
    pub token: String,
    /// The workspace's name.
    pub workspace_name: String,
    /// An IANA name.
    pub time_zone: String,
    /// The first operator's e-mail.
    pub email: String,
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// How it looks.
    pub theme: Theme,
    /// What was filled in.
    pub form: Form,
    /// What was wrong, of each field at most once.
    pub mistakes: Vec<Mistake>,
}

/// The page.
pub fn page(view: &View) -> Markup {
    let mistake = |field: &str| view.mistakes.iter().find(|mistake| mistake.field == field);
    let content = html! {
        form.stack method="post" action="/set-up" {
            div {
                h1 { "Set up Rollcall" }
                p.muted { "Once, for the whole workspace. You can change all of it later." }
            }
            input type="hidden" name="token" value=(view.form.token);
            (Line {
                name: "workspace_name", label: "Workspace", value: &view.form.workspace_name,
                hint: "The name of your company or product.", autocomplete: "organization", required: true,
                ..Line::default()
            }
            .draw(mistake("workspace_name")))
            (Line {
                name: "time_zone", label: "Time zone", value: &view.form.time_zone,
                hint: "Where your days begin, such as Europe/Warsaw.", required: true, list: Some("zones"),
                autocomplete: "off", ..Line::default()
            }
            .draw(mistake("time_zone")))
            (time_zones())
            (Line {
                name: "email", label: "Your e-mail", kind: "email", value: &view.form.email, autocomplete: "username",
                required: true, ..Line::default()
            }
            .draw(mistake("email")))
            (Line {
                name: "password", label: "Password", kind: "password", autocomplete: "new-password", required: true,
                least: Some(CHARS_MIN as u32), hint: "At least 10 characters. A sentence works well.", ..Line::default()
            }
            .draw(mistake("password")))
            button.btn.primary.block.tall { "Set up" }
        }
    };
    let below = html! { p.small.muted { "Next: the snippet for your pages." } };
    gate(view.theme, "Set up", content, below)
}

/// The set-up is over, or the link is another one.
pub fn over(theme: Theme) -> Markup {
    let content = html! {
        div.stack {
            h1 { "This link no longer works" }
            p.muted {
                "Rollcall is already set up, or was restarted and printed a newer link. Check the server's latest output, or run "
                code { "rollcall operator add" }
                " at the server."
            }
            a.btn.primary.block.tall href="/sign-in" { "Sign in" }
        }
    };
    gate(theme, "Set up", content, html! {})
}

/// The address without its token.
pub fn without_link(theme: Theme) -> Markup {
    let content = html! {
        div.stack {
            h1 { "Use the link that the server printed" }
            p.muted {
                "Rollcall prints a set-up link when it starts; its token shows that you have access to the server. Check the server's output, or restart it for a new link."
            }
            p.muted { "If Rollcall is already set up, sign in." }
            a.btn.primary.block.tall href="/sign-in" { "Sign in" }
        }
    };
    gate(theme, "Set up", content, html! {})
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    token: String,
    #[serde(default)]
    workspace_name: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `GET /set-up?token=…`
///
/// # Errors
/// The store's.
pub async fn show(request: HttpRequest) -> Answer {
    let token = desk::value(&request, "token").unwrap_or_default();
    let theme = desk::theme(&request);
    if token.is_empty() {
        return Ok(desk::page_with(StatusCode::GONE, without_link(theme)));
    }
    if !deeds::is_open(desk::store(&request)?, &token).await? {
        return Ok(desk::page_with(StatusCode::GONE, over(theme)));
    }
    Ok(desk::page(page(&View {
        theme,
        form: Form { token, time_zone: Tz::UTC.name().to_owned(), ..Form::default() },
        mistakes: Vec::new(),
    })))
}

/// `POST /set-up`: all of it or nothing; then the installation page.
///
/// # Errors
/// The store's.
pub async fn set_up(request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let Sent { token, workspace_name, time_zone, email, password } = sent.into_inner();
    let form = Form { token, workspace_name, time_zone, email };
    let filled = form.clone();
    let wanted = SetUp {
        link_token: filled.token,
        workspace_name: filled.workspace_name,
        time_zone: filled.time_zone,
        email: filled.email,
        password,
    };
    let (store, theme) = (desk::store(&request)?, desk::theme(&request));
    let mistakes = wanted.mistakes();
    match deeds::set_up(store, wanted).await {
        Ok(operator) => {
            let cookie = session::sign_in(&request, store, operator.key).await?;
            let mut response = desk::see_other("/install");
            response.add_cookie(&cookie).map_err(PageError::internal)?;
            Ok(response)
        }
        Err(SetUpError::LinkUsed) => Ok(desk::page_with(StatusCode::GONE, over(theme))),
        Err(SetUpError::Operator(OperatorError::Store(error)) | SetUpError::Source(SourceError::Store(error))) => {
            Err(error.into())
        }
        Err(SetUpError::Source(error)) => Err(PageError::internal(error)),
        Err(error) => {
            let all = if mistakes.is_empty() { vec![error] } else { mistakes };
            Ok(desk::again(page(&View { theme, form, mistakes: all.iter().map(mistake).collect() })))
        }
    }
}

fn mistake(error: &SetUpError) -> Mistake {
    match error {
        SetUpError::Setting(SettingError::Invalid { name: "time_zone", value, .. }) => Mistake::new(
            "time_zone",
            format!("“{value}” is not a time zone. Choose one from the list, such as Europe/Warsaw."),
        ),
        SetUpError::Setting(_) | SetUpError::Source(_) | SetUpError::LinkUsed => {
            Mistake::new("workspace_name", "Use 1 to 100 characters.")
        }
        SetUpError::Operator(error @ OperatorError::Password(_)) => Mistake::new("password", error.to_string()),
        SetUpError::Operator(error) => Mistake::new("email", error.to_string()),
    }
}
