//! Who carries a company: what hangs on a few people, who comes more and less often, who is new and who stays away.

use maud::{Markup, html};

use crate::dashboard::links;
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::values;
use crate::dashboard::parts::who::{self, Size};
use crate::domain::activity::TREND_DAYS;
use crate::store::companies::{Carriers, CompanyPage, Presence};
use crate::store::users::Person;

/// From this share of the activity on one person is a risk, in percent.
const RISK_PERCENT: u64 = 50;

/// The card; nothing where nobody was active in twelve weeks.
pub fn card(company: &CompanyPage, path: &str) -> Markup {
    let joined = company.comings.joined_28d;
    html! {
        section.card aria-labelledby="carriers" {
            header { h2 id="carriers" { "Most active people" } span.muted { "in 28 days" } }
            @match &company.carriers {
                None => p.body.muted {
                    "It has too many people to compare here. "
                    a href={ (links::with_query(path, &[("sort", Some("-last_seen"))])) "#members" } { "See who was here last" }
                    "."
                }
                Some(carriers) => {
                    (champions(carriers))
                    (movement("Active more often", "up", "good", "Members with more active days than in the 28 before, by at least a quarter and 2", &carriers.growing, path))
                    (movement("Active less often", "down", "bad", "Members with fewer active days than in the 28 before, by at least a quarter and 2", &carriers.shrinking, path))
                    (movement("Gone quiet", "clock", "warn", "Members who were last active here 7 to 30 days ago", &carriers.quiet, path))
                }
            }
            @if joined > 0 {
                footer {
                    a href={ (links::with_query(path, &[("sort", Some("-joined"))])) "#members" } title="Members who joined in the last 28 days" {
                        (number(joined)) " new in 28 days"
                    }
                }
            }
        }
    }
}

fn champions(carriers: &Carriers) -> Markup {
    if carriers.champions.is_empty() {
        return html! { p.body.muted { "Nobody was active in the last 28 days." } };
    }
    html! {
        p.body { (sentence(carriers)) }
        ul.rows {
            @for (person, presence) in &carriers.champions {
                li {
                    span.who {
                        (who::face(name(person), Size::Row, false))
                        span {
                            (link(person))
                            small {
                                (counted(presence.events, "event", "events")) " on " (counted(presence.days.0, "day", "days"))
                            }
                        }
                    }
                    span.end { (percent(presence.events, carriers.events)) " %" }
                }
            }
        }
    }
}

/// How much hangs on how few.
fn sentence(carriers: &Carriers) -> Markup {
    let first = percent(carriers.champions.first().map_or(0, |(_, presence)| presence.events), carriers.events);
    let all = percent(carriers.champions.iter().map(|(_, presence)| presence.events).sum(), carriers.events);
    html! {
        @if first >= RISK_PERCENT {
            span.ink.warn { (icon("alert")) } " One person makes " b { (first) " %" } " of the activity."
        } @else {
            @match carriers.champions.len() { 1 => "One person makes ", 2 => "Two people make ", _ => "Three people make " }
            @if all == 0 { "less than 1" } @else { (all) } " % of the activity."
        }
    }
}

fn movement(
    title: &str,
    drawing: &str,
    tone: &str,
    formula: &str,
    (named, count): &(Vec<(Person, Presence)>, usize),
    path: &str,
) -> Markup {
    // Who comes more often was here of late; the others are found from the other end.
    let order = if tone == "good" { "-last_seen" } else { "last_seen" };
    let members = format!("{}#members", links::with_query(path, &[("sort", Some(order))]));
    html! {
        @if *count > 0 {
            // Who is on the way out is what somebody comes here for.
            details.fold-body open[tone == "bad"] {
                summary title=(formula) { span class={ "ink " (tone) } { (icon(drawing)) } " " (title) " " span.count { (number(*count as u64)) } }
                ul.rows {
                    @for (person, presence) in named { li { (link(person)) span.end { (days(presence)) } } }
                    @if *count > named.len() { li { a href=(members) title="The members, by when they were last here" { "and " (number((*count - named.len()) as u64)) " more" } } }
                }
            }
        }
    }
}

/// Active days before, and of late.
fn days(presence: &Presence) -> Markup {
    html! {
        span title={ "Active days of the " (TREND_DAYS) " before, and of the last " (TREND_DAYS) } {
            (presence.days.1) " → " (counted(presence.days.0, "day", "days"))
        }
    }
}

fn percent(part: u64, whole: u64) -> u64 {
    (part * 200 + whole).checked_div(2 * whole).unwrap_or(0)
}

fn name(person: &Person) -> &str {
    let names = [&person.name, &person.email, &person.user_id];
    names.into_iter().flatten().find(|text| !text.is_empty()).unwrap_or(&person.id)
}

fn link(person: &Person) -> Markup {
    html! { a href=(links::user(person.user_id.as_deref(), &person.id)) { (values::name(name(person))) } }
}
