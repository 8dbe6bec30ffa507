//! `/help`: formulas and keys. `/help/codes`: every code with its cause and fix.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::parts::frame::{Frame, Place, open, shell};
use super::parts::pill;
use super::parts::section::{crumbs, head};
use crate::domain::activity::State;
use crate::domain::codes::{GROUPS, Group};
use crate::http::access::Viewer;

/// The keys, and what each does.
const KEYS: [(&[&str], &str); 12] = [
    (&["/"], "search"),
    (&["g", "h"], "overview"),
    (&["g", "u"], "users"),
    (&["g", "c"], "companies"),
    (&["g", "s"], "segments"),
    (&["g", "l"], "live"),
    (&["g", "i"], "install"),
    (&["j"], "next row of a list"),
    (&["k"], "row before"),
    (&["Enter"], "open the row"),
    (&["e"], "edit what the page is about"),
    (&["Ctrl", "K"], "go to any page, user or company"),
];

/// The page of formulas and keys.
pub fn page(frame: &Frame) -> Markup {
    let content = html! {
        div.stack.narrow {
            (head(
                html! { "Help" },
                html! { p { "What the words and numbers mean." } },
                html! { div.row.tight { a.btn href="/help/codes" { "Codes" } a.btn href="/api" { "The API" } } },
            ))
            (states())
            (numbers(frame))
            (knowing())
            (in_and_out())
            (keys())
        }
    };
    shell(frame, "Help", content)
}

fn states() -> Markup {
    html! {
        section.card aria-labelledby="states" {
            header { h2 id="states" { "State and trend" } }
            dl.facts {
                @for state in [State::New, State::Active, State::Quiet, State::Gone, State::Never] {
                    div { dt { (pill::state(state)) } dd { (pill::capital(state.formula())) "." } }
                }
                div {
                    dt { "Growing, shrinking" }
                    dd {
                        "Distinct active people (of a user: active days) of the last 28 days against the 28 before: at least a quarter and 2 more, or fewer."
                    }
                }
                div { dt { "Here now" } dd { "Active within the last 5 minutes." } }
            }
            footer { "The first word that fits, from the top." }
        }
    }
}

fn numbers(frame: &Frame) -> Markup {
    html! {
        section.card aria-labelledby="numbers" {
            header { h2 id="numbers" { "Numbers" } }
            dl.facts {
                div {
                    dt { "Activity" }
                    dd {
                        "A page view, a screen or an event of a known user. Identify and group calls do not count, nor does staff looking at a customer's account."
                    }
                }
                div {
                    dt { "Day" }
                    dd {
                        "From midnight to midnight in the workspace's time zone, "
                        b { (frame.clock.zone.name()) }
                        ". A date without a time is that day there; a time without a zone is told in it."
                    }
                }
                div {
                    dt { "First seen" }
                    dd { "The first message, or " code { "created_at" } " where that is earlier." }
                }
                div { dt { "Last seen" } dd { "The last activity." } }
                div {
                    dt { "Active members" }
                    dd { "Members with activity that counts for the company within 30 days." }
                }
                div { dt { "Current company" } dd { "The open membership that was named last." } }
                div {
                    dt { "An event's company" }
                    dd { "The one the event names; else the only company the user was in at that time; else none." }
                }
                div {
                    dt { "The roll" }
                    dd {
                        "28 small bars, one a day, today on the right. Heights follow the square root, so that one busy day does not flatten the others."
                    }
                }
            }
        }
    }
}

fn knowing() -> Markup {
    html! {
        section.card aria-labelledby="knowing" {
            header { h2 id="knowing" { "Three grades of knowing someone" } }
            dl.facts {
                div { dt { "Visitor" } dd { "Known by the random id of one browser." } }
                div { dt { "Lead" } dd { "Known by an e-mail address. Shown as “e-mail only”." } }
                div {
                    dt { "User" }
                    dd { "Known by the site's own id. Rollcall never merges two users by itself, whatever they share." }
                }
            }
        }
    }
}

fn in_and_out() -> Markup {
    html! {
        section.card aria-labelledby="in-and-out" {
            header { h2 id="in-and-out" { "Export and reimport" } }
            dl.facts {
                div {
                    dt { "Set-up" }
                    dd {
                        "A file of an export, “setup”: settings, segments, what was decided about names in the tray. Attributes with their labels and fast filters are the file “attributes”. Operators, sources, keys and webhooks are not in any file."
                    }
                }
                div {
                    dt { "The same file again" }
                    dd {
                        "Changes nothing that has stayed as it was. What has changed since is set back to what the file says; where a user belongs to one company only, anyone who has moved since is moved back."
                    }
                }
            }
        }
    }
}

fn keys() -> Markup {
    html! {
        section.card aria-labelledby="keys" {
            header { h2 id="keys" { "Keys" } }
            dl.facts {
                @for (keys, what) in KEYS {
                    div { dt { @for key in keys { kbd { (key) } " " } } dd { (pill::capital(what)) } }
                }
                div { dt { kbd { "?" } } dd { "This list" } }
            }
        }
    }
}

/// The page of all codes. Whoever is answered with one may read it, signed in or not.
pub fn codes_page(frame: Option<&Frame>) -> Markup {
    let content = html! {
        @if frame.is_some() { (crumbs("Help", "/help", "Codes")) }
        div.stack.narrow {
            (head(
                html! { "Codes" },
                html! { p { "Why something was refused or not done, and what to do. The codes do not change." } },
                html! { @if frame.is_some() { a.btn href="/refusals" { "What was refused" } } },
            ))
            nav.row aria-label="Kinds of codes" { @for group in &GROUPS { a.chip href={ "#" (group.id) } { (group.title) } } }
            @for group in &GROUPS { (list(group)) }
        }
    };
    match frame {
        Some(frame) => shell(frame, "Codes", content),
        None => open("Codes", content),
    }
}

fn list(group: &Group) -> Markup {
    html! {
        section.card aria-labelledby=(group.id) {
            header { h2 id=(group.id) { (group.title) } span.muted { (group.about) } }
            dl.facts {
                @for known in group.codes {
                    div id=(known.code) {
                        dt { code.bare { (known.code) } }
                        dd { b { (known.meaning) } " " span.muted { (known.cause) } br; (known.fix) }
                    }
                }
            }
        }
    }
}

/// `GET /help`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    Ok(desk::page(page(&desk::frame(&request, operator, Place::Elsewhere).await?)))
}

/// `GET /help/codes`
///
/// # Errors
/// The store's.
pub async fn show_codes(viewer: Option<Viewer>, request: HttpRequest) -> Answer {
    let frame = match viewer {
        Some(Viewer(operator)) => Some(desk::frame(&request, operator, Place::Elsewhere).await?),
        None => None,
    };
    Ok(desk::page(codes_page(frame.as_ref())))
}
