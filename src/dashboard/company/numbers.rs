//! The numbers of a company, each with its 28 days and the change, and a link to what makes it.

use maud::{Markup, html};

use crate::dashboard::links;
use crate::dashboard::parts::chart::{meter, wide_roll};
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::numbers::{delta, delta_points, number};
use crate::dashboard::parts::section::stat;
use crate::store::companies::{CompanyDay, CompanyPage};

/// The cells.
pub fn cells(frame: &Frame, company: &CompanyPage) -> Markup {
    let row = &company.row;
    let path = links::company(&row.company_id);
    let to = |query: &[(&str, Option<&str>)], place: &str| format!("{}#{place}", links::with_query(&path, query));
    let (members, active) = (i64::from(row.members), company.active_people);
    // Who left in the meantime counts on both sides.
    let (of_all, of_all_before) = company.comings.members_28d;
    let (share, share_before) = (share(active.0, of_all), share(active.1, of_all_before));
    let seats = company.attributes.iter().find(|attribute| attribute.name == "seats");
    let seats = seats.and_then(|attribute| attribute.value.as_u64()).filter(|seats| *seats > 0);
    let events = |days: &[CompanyDay]| days.iter().map(|day| i128::from(day.events)).sum::<i128>();
    let from_end = |from: usize, to: usize| {
        let all = company.days.len();
        &company.days[all.saturating_sub(from)..all.saturating_sub(to)]
    };
    let sessions = |days: &[CompanyDay]| days.iter().map(|day| i128::from(day.sessions)).sum::<i128>();
    let session_roll: Vec<u32> = from_end(28, 0).iter().map(|day| day.sessions).collect();
    let event_roll: Vec<u32> = from_end(28, 0).iter().map(|day| day.events).collect();
    let by_last_seen = to(&[("sort", Some("-last_seen"))], "members");
    html! {
        section aria-label="Numbers" {
            div.card.cells.sixths {
                (stat(
                    &to(&[("sort", Some("-joined"))], "members"),
                    "Members",
                    "People in the company now; the change is against 28 days ago",
                    html! { (number(members)) },
                    delta(company.comings.members_before.into(), members.into()),
                    html! {},
                ))
                (stat(
                    &by_last_seen,
                    "Active in 7 days",
                    "Distinct people with activity in the last 7 days; the change is against the 7 before",
                    html! { (number(company.active_people_7d.0)) },
                    html! { @if let Some(before) = company.active_people_7d.1 { (delta(before.into(), company.active_people_7d.0.into())) } },
                    wide_roll(&row.roll[21..]),
                ))
                (stat(
                    &by_last_seen,
                    "Active in 28 days",
                    "Distinct people with activity in the last 28 days; the change is against the 28 before",
                    html! { (number(active.0)) },
                    delta(active.1.into(), active.0.into()),
                    wide_roll(&row.roll),
                ))
                (stat(
                    &by_last_seen,
                    "Active share",
                    "People active in the last 28 days, of all who were members in that time; the change is against the 28 days before",
                    html! { @match share { Some(share) => { (share) small { " %" } }, None => "–" } },
                    html! { @if let (Some(before), Some(now)) = (share_before, share) { (delta_points(before.into(), now.into())) } },
                    meter(active.0.min(of_all).unsigned_abs(), of_all.unsigned_abs()),
                ))
                (stat(
                    &to(&[("show", Some("events"))], "feed"),
                    "Events in 7 days",
                    "Page views, screens and events that count for the company, of the last 7 days; the change is against the 7 before",
                    html! { (number(events(from_end(7, 0)))) },
                    delta(events(from_end(14, 7)), events(from_end(7, 0))),
                    wide_roll(&event_roll),
                ))
                (stat(
                    &format!("{}#activity", links::with_query(&path, &[("chart", Some("sessions"))])),
                    "Sessions in 28 days",
                    "Visits of its people in which something counted for the company, started in the last 28 days; 30 minutes \
                     of inactivity end one. The change is against the 28 before",
                    html! { (number(sessions(from_end(28, 0)))) },
                    delta(sessions(from_end(56, 28)), sessions(from_end(28, 0))),
                    wide_roll(&session_roll),
                ))
                @if let Some(seats) = seats {
                    (stat(
                        "#attributes",
                        "Seats used",
                        "Members, out of the attribute seats",
                        html! { (number(members)) small { " of " (number(seats)) } },
                        over(members.unsigned_abs(), seats),
                        meter(members.unsigned_abs(), seats),
                    ))
                }
                (stat(
                    &to(&[("show", Some("events"))], "feed"),
                    "Last activity",
                    "The last activity that counts for the company",
                    html! { span.mid { (frame.clock.ago_or_never(row.last_seen_ms)) } },
                    html! {},
                    html! {},
                ))
            }
        }
    }
}

/// A share in percent, to the nearest: halves go up. None of nothing.
fn share(active: i64, members: i64) -> Option<i64> {
    (members > 0).then(|| (active.min(members) * 200 + members) / (2 * members))
}

/// How many more there are than there should be; nothing where they fit.
fn over(members: u64, seats: u64) -> Markup {
    html! { @if members > seats { span.delta.bad { (number(members - seats)) " over" } } }
}
