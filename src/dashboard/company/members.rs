//! Who belongs to a company, and who did.

use std::borrow::Cow;

use maud::{Markup, html};

use crate::dashboard::edit::member::COMPANY_PAGE;
use crate::dashboard::edit::{self, Whom};
use crate::dashboard::links;
use crate::dashboard::parts::attributes::grade;
use crate::dashboard::parts::chart::roll;
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::list::{Address, Column, Names, search_chip, segments};
use crate::dashboard::parts::numbers::{self, cell, number};
use crate::dashboard::parts::times::Clock;
use crate::dashboard::parts::{values, who};
use crate::dashboard::user::{before, edit_member, role};
use crate::domain::access::{Grade, Role};
use crate::domain::ids::CompanyKey;
use crate::store::companies::{self, CompanyPage, MemberRow, MembersBy, MembersOf, RoleIs, Roles};
use crate::store::list::{Count, Extent, Page};
use crate::store::users::ROLL_DAYS;
use crate::store::{Reader, StoreError};

/// Members of a page within the company's page.
pub const MEMBER_ROWS: usize = 12;

/// The parameters of the list of members.
pub const NAMES: Names = Names { search: "member", sort: "sort", after: "after" };
/// Those who left, in place of those who are in it.
const WHICH: &str = "members";
/// The role that they have: `is:` and the role, or `unset`.
const ROLE: &str = "role";

impl Column for MembersBy {
    const ALL: &'static [MembersBy] =
        &[MembersBy::Name, MembersBy::Role, MembersBy::Joined, MembersBy::LastSeen, MembersBy::Events];

    fn name(&self) -> Cow<'_, str> {
        let name = match self {
            MembersBy::Name => "name",
            MembersBy::Role => "role",
            MembersBy::Joined => "joined",
            MembersBy::LastSeen => "last_seen",
            MembersBy::Events => "events",
        };
        name.into()
    }

    fn descends_first(&self) -> bool {
        !matches!(self, MembersBy::Name | MembersBy::Role)
    }
}

/// Which members are asked for, and in which order.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The company's page.
    path: String,
    left: bool,
    role: Option<RoleIs>,
    /// The list's state.
    pub address: Address<MembersBy>,
}

impl Asked {
    /// What the address of a company's page says.
    ///
    /// # Errors
    /// A sentence that says what is allowed.
    pub fn read(company_id: &str, value: impl Fn(&str) -> Option<String>) -> Result<Asked, String> {
        let path = links::company(company_id);
        let left = value(WHICH).as_deref() == Some("left");
        let role = value(ROLE).map(|said| said_role(&said)).transpose()?;
        let address = Address::read(listed(&path, left, role.as_ref()), NAMES, MembersBy::LastSeen, value)?;
        Ok(Asked { path, left, role, address: address.at("#members") })
    }

    /// The address of the same list, of those with another role.
    fn with_role(&self, role: Option<&RoleIs>) -> String {
        Address { path: listed(&self.path, self.left, role), ..self.address.clone() }.first_page()
    }

    /// The address of all who are in it, or of all who left.
    fn all(&self, left: bool) -> String {
        format!("{}#members", listed(&self.path, left, None))
    }

    fn is_narrowed(&self) -> bool {
        self.address.search.is_some() || self.role.is_some()
    }
}

fn listed(path: &str, left: bool, role: Option<&RoleIs>) -> String {
    let role = role.map(|role| role.text().map_or_else(|| "unset".to_owned(), |text| format!("is:{text}")));
    links::with_query(path, &[(WHICH, left.then_some("left")), (ROLE, role.as_deref())])
}

fn said_role(said: &str) -> Result<RoleIs, String> {
    match said.strip_prefix("is:") {
        Some(role) => Ok(RoleIs::Text(role.to_owned())),
        None if said == "unset" => Ok(RoleIs::Unset),
        None => Err(format!("{ROLE}= takes is: followed by a role, or unset, for members without one.")),
    }
}

/// The members that the page shows.
#[derive(Debug, Clone)]
pub struct Members {
    /// Which they are.
    pub asked: Asked,
    /// This page of them.
    pub page: Page<MemberRow>,
    /// The roles to choose from.
    pub roles: Roles,
    /// How many there are, where not all are shown.
    pub found: Option<Count>,
    /// By the events of how many days they are sorted, where they are.
    pub event_days: Option<i32>,
}

impl Members {
    /// Reads them.
    ///
    /// # Errors
    /// [`StoreError`] only.
    pub fn read(db: &Reader<'_>, company: CompanyKey, asked: Asked, clock: Clock) -> Result<Members, StoreError> {
        let of = MembersOf { company, open: !asked.left, role: asked.role.clone() };
        let page = companies::members(db, &of, &asked.address.query(MEMBER_ROWS), clock.now_ms)?;
        let found = match (&page.next, &asked.address.after) {
            _ if !asked.is_narrowed() => None,
            (None, None) => Some(Count::Exactly(page.rows.len() as u64)),
            _ => {
                let counted = companies::count_members(db, &of, asked.address.search.as_deref(), Extent::Quickly)?;
                Some(counted.at_least(MEMBER_ROWS as u64))
            }
        };
        let by_events = asked.address.sort == MembersBy::Events;
        let event_days = by_events.then(|| companies::days_of_events(db, company, clock.today())).transpose()?;
        Ok(Members { page, roles: companies::roles(db, company, of.open)?, found, event_days, asked })
    }
}

/// The members: those in it, or those who left.
pub fn card(frame: &Frame, company: &CompanyPage, members: &Members) -> Markup {
    let (asked, address, rows) = (&members.asked, &members.asked.address, &members.page.rows);
    let whom = Whom::company(company.row.key);
    let current = (format!("Current {}", number(company.row.members)), asked.all(false), !asked.left);
    let of_these = if asked.left { company.comings.left } else { Count::Exactly(company.row.members.into()) };
    let total = members.found.unwrap_or(of_these);
    let left = (format!("Left {}", numbers::count(company.comings.left)), asked.all(true), asked.left);
    html! {
        section.card.measured aria-labelledby="members" {
            header {
                h2 id="members" { "Members" }
                (segments("Which members", &[current, left]))
                (role_menu(asked, &members.roles))
                (search_chip(address))
                @if let Some(role) = &asked.role {
                    span.chip.set {
                        @match role { RoleIs::Text(role) => { "role is " b { (values::name(role)) } }, RoleIs::Unset => "has no role" }
                        a href=(asked.with_role(None)) { (small("x")) span.vh { "Any role" } }
                    }
                }
                @if let Some(found) = members.found {
                    span.small.muted role="status" { (numbers::count(found)) " found" }
                }
                span.end.row {
                    (address.search_form("Find a member", "Name, e-mail, id or role"))
                    @if frame.may(Role::Admin) {
                        a.btn.bare href=(edit::address("member", &whom, &[])) { (icon("plus")) " Add a member" }
                    }
                }
            }
            @if let Some(days) = members.event_days.filter(|days| *days < ROLL_DAYS as i32) {
                p.body.small.muted {
                    "So many people are active here that they are sorted by the events of "
                    @if days == 1 { "today" } @else { "the last " (days) " days" }
                    " alone. The numbers are those of " (ROLL_DAYS) " days."
                }
            }
            @if rows.is_empty() {
                p.body.muted {
                    @if asked.is_narrowed() { "Nobody here matches." }
                    @else if asked.left { "Nobody has left." }
                    @else {
                        "Nobody belongs to it yet. A company can exist by its id alone; members appear when users name it."
                    }
                }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="members" {
                    table.table.cards.last aria-labelledby="members" data-rows="" {
                        thead {
                            tr {
                                (address.head(MembersBy::Name, "Member", ""))
                                (address.head(MembersBy::Role, "Role", ""))
                                th.fold scope="col" { (ROLL_DAYS) " days" }
                                (address.head(MembersBy::Events, "Events, 28 days", "num"))
                                (address.head(
                                    MembersBy::Joined,
                                    if asked.left { "Joined and left" } else { "Joined" },
                                    "",
                                ))
                                (address.head(MembersBy::LastSeen, "Last seen here", ""))
                            }
                        }
                        tbody { @for member in rows { (member_row(frame, company.row.key, member)) } }
                    }
                }
                @if members.page.next.is_some() || address.after.is_some() {
                    footer { (address.pager(rows.len(), Some(total), ("member", "members"), members.page.next.as_ref())) }
                }
            }
        }
    }
}

/// The choice of a role, where there is one.
fn role_menu(asked: &Asked, roles: &Roles) -> Markup {
    let choice = |role: Option<&RoleIs>, words: Markup, found: Option<Count>| {
        let is_current = asked.role.as_ref() == role;
        html! {
            li {
                a href=(asked.with_role(role)) aria-current=[is_current.then_some("true")] {
                    (words) @if let Some(found) = found { " " span.n.end { (numbers::count(found)) } }
                }
            }
        }
    };
    html! {
        @if roles.roles.len() > 1 || asked.role.is_some() {
            details.menu.long name="tools" {
                summary.btn { "Role " (small("down")) }
                ul {
                    (choice(None, html! { "Any" }, None))
                    @for (role, found) in &roles.roles {
                        (choice(Some(role), html! { @match role { RoleIs::Text(role) => (values::name(role)), RoleIs::Unset => span.muted { "no role" } } }, Some(*found)))
                    }
                    @if !roles.are_all { li { p.body.small.muted { "There are more. Search to find one." } } }
                }
            }
        }
    }
}

fn member_row(frame: &Frame, company: CompanyKey, member: &MemberRow) -> Markup {
    let whom = Whom::member(&member.user.id, company);
    let clock = frame.clock;
    let user = &member.user;
    let email = user.email.as_deref().filter(|email| *email != who::user_name(user));
    let below = html! { @if let Some(email) = email { (values::name(email)) } };
    html! {
        tr {
            th.lead scope="row" { (who::user(user, clock.now_ms, below)) }
            td data-l="Role" {
                (role(member.role.as_deref()))
                @if let Some(title) = &member.title { small.muted { (values::name(title)) } }
            }
            td.fold { (roll(&user.roll)) }
            td.num data-l="Events" { (cell(member.events_28d)) }
            td.muted.joined data-l="Joined" {
                (clock.on(member.joined_ms)) @if let Some(left_ms) = member.left_ms { " to " (clock.on(left_ms)) }
                " " (standing(member))
                (before(&member.history, clock))
            }
            td data-l="Seen" {
                (clock.ago_or_never(member.last_seen_ms))
                @if frame.may(Role::Admin) { " " (edit_member(&whom, who::user_name(user), Some(COMPANY_PAGE))) }
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
