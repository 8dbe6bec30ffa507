//! The frame around every page: document, navigation, theme.

use maud::{DOCTYPE, Markup, html};

use super::icon::{icon, mark, small};
use super::numbers;
use super::times::Clock;
use super::who::{Size, face};
use crate::domain::access::Role;
use crate::store::list::Count;

/// Light, dark, or what the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// What the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The theme of a word; anything else is the system's.
    pub fn parse(word: &str) -> Theme {
        match word {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    fn attribute(self) -> Option<&'static str> {
        (self != Theme::System).then(|| self.as_str())
    }
}

/// How much room a row of a list takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Density {
    /// Two lines with room around them.
    #[default]
    Roomy,
    /// More rows on a screen.
    Dense,
}

impl Density {
    /// The density of a word; anything else is roomy.
    pub fn parse(word: &str) -> Density {
        if word == "dense" { Density::Dense } else { Density::Roomy }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Density::Roomy => "roomy",
            Density::Dense => "dense",
        }
    }

    fn attribute(self) -> Option<&'static str> {
        (self == Density::Dense).then(|| self.as_str())
    }
}

/// Each theme with its icon and its name.
const THEMES: [(Theme, &str, &str); 3] = [
    (Theme::System, "screen", "System theme"),
    (Theme::Light, "sun", "Light theme"),
    (Theme::Dark, "moon", "Dark theme"),
];

/// The places of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `/`
    Overview,
    /// `/users`
    Users,
    /// `/companies`
    Companies,
    /// `/visitors`
    Visitors,
    /// `/live`
    Live,
    /// `/segments`
    Segments,
    /// `/refusals`
    Refusals,
    /// `/attributes`
    Attributes,
    /// `/imports`
    Imports,
    /// `/install`
    Install,
    /// `/settings/…`
    Settings,
    /// Anywhere else.
    Elsewhere,
}

/// What the frame shows around a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The workspace's name.
    pub workspace: String,
    /// Who is signed in: e-mail and role.
    pub operator: Option<(String, Role)>,
    /// How it looks.
    pub theme: Theme,
    /// How much room rows take.
    pub density: Density,
    /// Now, and the zones in which days and times are shown.
    pub clock: Clock,
    /// Users and companies, beside their names.
    pub counts: Option<(Count, Count)>,
    /// Which entry is the current one.
    pub place: Place,
    /// The address of this page, to come back to.
    pub address: String,
    /// The address of this server as the outside sees it, without a slash at the end.
    pub server: String,
}

impl Frame {
    /// Whether whoever is signed in may do what takes this role.
    pub fn may(&self, role: Role) -> bool {
        self.role() >= role
    }

    /// What whoever sees the page may do.
    pub fn role(&self) -> Role {
        self.operator.as_ref().map_or(Role::Viewer, |(_, theirs)| *theirs)
    }
}

/// The address of a static file, with its version in it.
pub fn asset(name: &str) -> String {
    crate::http::assets::url(name)
}

/// A page that loads itself again where there is no script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// After so many seconds.
    pub seconds: u32,
    /// From here.
    pub address: String,
}

/// A page within the navigation.
pub fn shell(frame: &Frame, title: &str, content: Markup) -> Markup {
    live_shell(frame, title, None, content)
}

/// As [`shell`], loading itself again.
pub fn live_shell(frame: &Frame, title: &str, refresh: Option<&Refresh>, content: Markup) -> Markup {
    let workspace = workspace_name(frame);
    let title = match frame.workspace.as_str() {
        "" => format!("{title} · Rollcall"),
        name => format!("{title} · {name} · Rollcall"),
    };
    let body = html! {
        div.shell {
            header.topbar {
                button.btn.bare.square type="button" popovertarget="nav" { (icon("menu")) span.vh { "Menu" } }
                a.brand href="/" { (mark()) " " bdi { (workspace) } }
                a.btn.bare.square href="/search" rel="search" { (icon("search")) span.vh { "Search" } }
            }
            (navigation(frame, workspace))
            main.main id="main" tabindex="-1" {
                (content)
                (times(frame.clock))
            }
        }
    };
    document((frame.theme, frame.density), &title, refresh, body)
}

/// In which zone the page's times are, and when it was made: for those who point at nothing, and for paper.
fn times(clock: Clock) -> Markup {
    html! {
        p.as-of {
            "Times are in " (clock.own.name())
            @if clock.own != clock.zone { ", days begin in " (clock.zone.name()) }
            ". As of " (clock.date_and_hour(clock.now_ms)) "."
        }
    }
}

/// A page that anybody may read.
pub fn open(title: &str, content: Markup) -> Markup {
    let body = html! { main.main id="main" tabindex="-1" { (content) } };
    document((Theme::default(), Density::Roomy), &format!("{title} · Rollcall"), None, body)
}

/// A page before the door: sign-in, set-up, a link that works once.
pub fn gate(theme: Theme, title: &str, content: Markup, below: Markup) -> Markup {
    let body = html! {
        main.gate id="main" tabindex="-1" {
            span.brand { (mark()) " Rollcall" }
            div.card { (super::say::wide_art()) (content) }
            (below)
        }
    };
    document((theme, Density::Roomy), &format!("{title} · Rollcall"), None, body)
}

fn document((theme, density): (Theme, Density), title: &str, refresh: Option<&Refresh>, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme.attribute()] data-density=[density.attribute()] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                meta name="color-scheme" content="light dark";
                link rel="icon" href=(asset("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(asset("style.css"));
                script src=(asset("dashboard.js")) defer {}
                @if let Some(refresh) = refresh {
                    noscript { meta http-equiv="refresh" content={ (refresh.seconds) "; url=" (refresh.address) }; }
                }
            }
            body {
                a.skip href="#main" { "Skip to content" }
                (body)
            }
        }
    }
}

fn workspace_name(frame: &Frame) -> &str {
    if frame.workspace.is_empty() { "Rollcall" } else { &frame.workspace }
}

fn navigation(frame: &Frame, workspace: &str) -> Markup {
    let (users, companies) = frame.counts.map_or((None, None), |(users, companies)| (Some(users), Some(companies)));
    html! {
        nav.side id="nav" popover aria-label="Main" {
            a.brand href="/" { (mark()) " " bdi { (workspace) } }
            form.search role="search" action="/search" aria-label="Everything" {
                label.vh for="q" { "Search users and companies" }
                (icon("search"))
                input type="search" id="q" name="q" placeholder="Search" autocomplete="off" maxlength="255";
                kbd.js-only aria-hidden="true" { "/" }
            }
            ul {
                (entry(frame, Place::Overview, "/", "home", "Overview", None))
                (entry(frame, Place::Users, "/users", "users", "Users", users))
                (entry(frame, Place::Companies, "/companies", "company", "Companies", companies))
                (entry(frame, Place::Visitors, "/visitors", "eye", "Visitors", None))
                (entry(frame, Place::Segments, "/segments", "segment", "Segments", None))
                (entry(frame, Place::Live, "/live", "live", "Live", None))
                (entry(frame, Place::Refusals, "/refusals", "refused", "Refusals", None))
            }
            div {
                p.over id="nav-set" { "Set up" }
                ul aria-labelledby="nav-set" {
                    (entry(frame, Place::Install, "/install", "code", "Install", None))
                    (entry(frame, Place::Attributes, "/attributes", "tag", "Attributes", None))
                    (entry(frame, Place::Imports, "/imports", "import", "Imports", None))
                    (entry(frame, Place::Settings, "/settings/sources", "sliders", "Settings", None))
                }
            }
            div.foot {
                (theme_form(frame.theme, &frame.address))
                @if let Some((email, _)) = &frame.operator { (account(email)) }
            }
        }
    }
}

fn entry(frame: &Frame, place: Place, href: &str, drawing: &str, text: &str, count: Option<Count>) -> Markup {
    html! {
        li {
            a href=(href) aria-current=[(frame.place == place).then_some("page")] {
                (icon(drawing)) " " (text)
                @if let Some(count) = count { " " span.n { (numbers::count(count)) } }
            }
        }
    }
}

/// The form that keeps a theme in a cookie and comes back here.
pub fn theme_form(theme: Theme, back: &str) -> Markup {
    html! {
        form.seg action="/theme" method="post" data-theme-switch="" {
            input type="hidden" name="back" value=(back);
            @for (choice, drawing, text) in THEMES {
                @let pressed = if theme == choice { "true" } else { "false" };
                button type="submit" name="theme" value=(choice.as_str()) aria-pressed=(pressed) {
                    (small(drawing)) " " span.vh { (text) }
                }
            }
        }
    }
}

fn account(email: &str) -> Markup {
    html! {
        details.menu.above {
            summary.btn.bare { (face(email, Size::Small, false)) span.cut { (email) } (small("up")) }
            ul {
                li { a href="/settings/account" { (icon("user")) " Your account" } }
                li { a href="/help" { (icon("info")) " Help and keys" } }
                li { form action="/sign-out" method="post" { button { (icon("leave")) " Sign out" } } }
            }
        }
    }
}
