//! Who belongs to a company, and who did.

use maud::{Markup, html};

use super::View;
use crate::dashboard::edit::{self, Whom};
use crate::dashboard::links;
use crate::dashboard::parts::attributes::grade;
use crate::dashboard::parts::chart::roll;
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::list::{search_chip, segments};
use crate::dashboard::parts::numbers::{cell, count, counted, number};
use crate::dashboard::parts::{values, who};
use crate::dashboard::user::{before, edit_member, role};
use crate::domain::access::{Grade, Role};
use crate::domain::ids::CompanyKey;
use crate::store::companies::{MemberRow, MembersBy};

/// The members: those in it, or those who left.
pub fn card(frame: &Frame, view: &View) -> Markup {
    let (company, address) = (&view.company, &view.address);
    let path = links::company(&company.row.company_id);
    let whom = Whom::company(company.row.key);
    let choice = |left: bool| format!("{}#members", links::with_query(&path, &[("members", left.then_some("left"))]));
    let current = (format!("Current {}", number(company.row.members)), choice(false), !view.left);
    let left = (format!("Left {}", count(company.comings.left)), choice(true), view.left);
    let shown = counted(view.members.rows.len() as u64, "member on this page", "members on this page");
    html! {
        section.card aria-labelledby="members" {
            header {
                h2 id="members" { "Members" }
                (segments("Which members", &[current, left]))
                (search_chip(address))
                span.end.row {
                    (address.search_form("Find a member", "Name, e-mail or id"))
                    @if frame.may(Role::Admin) {
                        a.btn.bare href=(edit::address("member", &whom, &[])) { (icon("plus")) " Add a member" }
                    }
                }
            }
            @if view.members.rows.is_empty() {
                p.body.muted {
                    @if address.search.is_some() { "Nobody here matches." }
                    @else if view.left { "Nobody has left." }
                    @else {
                        "Nobody belongs to it. A company exists from its id alone; members come with the users who name it."
                    }
                }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="members" {
                    table.table.cards.last data-rows="" {
                        thead {
                            tr {
                                (address.head(MembersBy::Name, "Member", ""))
                                th scope="col" { "28 days" }
                                th.num scope="col" title="Events in this company of the last 28 days" { "Events" }
                                (address.head(
                                    MembersBy::Joined,
                                    if view.left { "Joined and left" } else { "Joined" },
                                    "",
                                ))
                                (address.head(MembersBy::LastSeen, "Last seen here", ""))
                            }
                        }
                        tbody { @for member in &view.members.rows { (member_row(frame, company.row.key, member)) } }
                    }
                }
                @if view.members.next.is_some() || address.after.is_some() {
                    footer { (address.pager(&shown, view.members.next.as_ref())) }
                }
            }
        }
    }
}

fn member_row(frame: &Frame, company: CompanyKey, member: &MemberRow) -> Markup {
    let whom = Whom::member(&member.user.id, company);
    let clock = frame.clock;
    let user = &member.user;
    let below = html! {
        (role(member.role.as_deref()))
        @if let Some(title) = &member.title { ", " (values::name(title)) }
        @if let Some(email) = user.email.as_deref().filter(|email| *email != who::user_name(user)) { " · " (values::name(email)) }
    };
    html! {
        tr {
            th.lead scope="row" { (who::user(user, clock.now_ms, below)) }
            td.fold { (roll(&user.roll)) }
            td.num data-l="Events" { (cell(member.events_28d)) }
            td.muted data-l="Joined" {
                (clock.on(member.joined_ms)) @if let Some(left_ms) = member.left_ms { " to " (clock.on(left_ms)) }
                " " (standing(member))
                (before(&member.history, clock))
            }
            td data-l="Seen" {
                (clock.ago_or_never(member.last_seen_ms))
                @if frame.may(Role::Admin) { " " (edit_member(&whom, who::user_name(user))) }
            }
        }
    }
}

/// How the membership is known, and whether the user has others.
fn standing(member: &MemberRow) -> Markup {
    let (drawing, word) = grade(member.grade);
    html! {
        @if member.grade == Grade::Signed {
            span.ink.good title="Membership signed" { (small("shield")) span.vh { "signed" } }
        } @else {
            span.faint title={ (member.source) ", " (word) } {
                (small(drawing))
                span.vh { (member.source) ", " (word) }
            }
        }
        @if member.user.companies > 1 {
            " "
            @let user = links::user(member.user.user_id.as_deref(), &member.user.id);
            a.faint.small href={ (user) "#companies" } title="The other companies that the user belongs to" {
                "+" (member.user.companies - 1) span.vh { " other companies" }
            }
        }
    }
}
