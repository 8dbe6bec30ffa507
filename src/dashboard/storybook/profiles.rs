//! Users and companies.

use maud::Markup;

use super::lists::page_of;
use super::samples::{self, clock, frame, now};
use crate::actions::erase::Receipt;
use crate::dashboard::company::members::{Asked, MEMBER_ROWS, Members};
use crate::dashboard::parts::attributes;
use crate::dashboard::parts::chart::Shows;
use crate::dashboard::parts::data::Changed;
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::Place;
use crate::dashboard::timeline::{Show, Timeline};
use crate::dashboard::{company, erase, errors, user};
use crate::domain::access::Grade;
use crate::domain::attributes::Owner;
use crate::domain::duplicates::Why;
use crate::domain::ids::UserKey;
use crate::domain::time::DAY_MS;
use crate::store::companies::{
    Carriers, Comings, CompanyDay, CompanyPage, Doings, MemberRow, MembersBy, Presence, RoleIs, Roles, TopEvent,
    TopPage,
};
use crate::store::erasure::Events;
use crate::store::list::Count;
use crate::store::membership_history::{Earlier, MembershipHistory, RoleChange};
use crate::store::tray::RefusedOf;
use crate::store::users::{Identifier, Person, Session, Sessions, UserMembership, UserPage};

fn timeline(subject: &'static str, id: &'static str) -> Timeline {
    Timeline {
        show: Show::All,
        is_later_page: false,
        events: samples::events(),
        changes: samples::changes(subject, id),
        older: Some("x.y".to_owned()),
        find: None,
    }
}

fn history() -> MembershipHistory {
    let earlier = Earlier { joined_ms: now() - 900 * DAY_MS, left_ms: Some(now() - 700 * DAY_MS) };
    let before = Some(serde_json::json!("Viewer"));
    let change = RoleChange {
        at_ms: now() - 300 * DAY_MS,
        field: "role".to_owned(),
        before,
        after: Some(serde_json::json!("Admin")),
    };
    MembershipHistory { earlier: vec![earlier], roles: vec![change] }
}

fn refused() -> Vec<RefusedOf> {
    let value = |owner, name: &str, value: serde_json::Value| RefusedOf {
        owner,
        name: name.to_owned(),
        code: "type_mismatch".to_owned(),
        value,
        at_ms: now() - DAY_MS,
        source: "App".to_owned(),
    };
    vec![
        value(Owner::User, "seats", serde_json::json!("ten")),
        value(Owner::Membership, samples::LONG, serde_json::json!(samples::LONG)),
    ]
}

pub fn profiles() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Users, "/users/u_30418");
    let membership = |index: usize, left: bool| UserMembership {
        company: samples::company_name(index),
        archived: index == 1,
        role: (index != 1).then(|| "Admin".to_owned()),
        title: (index == 0).then(|| "Operations lead".to_owned()),
        attributes: serde_json::Map::new(),
        current: index == 0,
        joined_ms: now() - 600 * DAY_MS,
        left_ms: left.then(|| now() - 100 * DAY_MS),
        source: "App".to_owned(),
        grade: Grade::Signed,
        history: if left { history() } else { MembershipHistory::default() },
    };
    let identifier =
        |kind: &'static str, value: &str| Identifier { kind, value: value.to_owned(), since_ms: now() - 620 * DAY_MS };
    let full = |index: usize| user::View {
        notes: samples::notes(),
        segments: vec![("active".to_owned(), "Active".to_owned()), ("long".to_owned(), samples::LONG.to_owned())],
        done: samples::done(),
        user: UserPage {
            row: samples::user(index),
            identifiers: vec![
                identifier("user_id", samples::user(index).user_id.as_deref().unwrap_or("none")),
                identifier("alias", "30418"),
                identifier("anonymous_id", "0190f3c2-8a51-7e44-b0b8-0f1d6e2c9a77"),
                identifier("anonymous_id", "anon_7f31ab"),
            ],
            attributes: samples::attributes(),
            memberships: vec![membership(0, false), membership(1, false), membership(4, true)],
            active_days: (22, 17),
            sessions: Sessions { latest: sessions(), last: 64, before: 67, more: false },
            refused: refused(),
            unstated_events: 12,
            elsewhere: Some("umbrella.example".to_owned()),
            possible_duplicates: vec![(samples::user(4), Why::Email), (samples::user(2), Why::Id)],
            is_staff: true,
            signed: true,
            first_page: Some(samples::first_page()),
        },
        history: attributes::history(&samples::changes("user", "u_30418"), "user"),
        changed: Changed { times: 61, more: false, last_ms: Some(now() - DAY_MS) },
        timeline: timeline("user", "u_30418"),
        all_attributes: false,
    };
    let bare = |index: usize| user::View {
        notes: (Vec::new(), false),
        segments: Vec::new(),
        done: None,
        user: UserPage {
            row: samples::user(index),
            identifiers: vec![],
            attributes: vec![],
            memberships: vec![],
            active_days: (0, 0),
            sessions: Sessions::default(),
            refused: vec![],
            unstated_events: 0,
            elsewhere: None,
            possible_duplicates: vec![],
            is_staff: false,
            signed: false,
            first_page: None,
        },
        history: attributes::History::new(),
        changed: Changed::default(),
        timeline: Timeline { find: Some("exported".to_owned()), ..Timeline::default() },
        all_attributes: false,
    };
    let receipt = Receipt {
        events: "delete",
        rows: serde_json::from_str(r#"{"changes": 48, "events": 18204, "memberships": 2, "users": 1, "visitors": 3}"#)
            .expect("counts"),
        kept: vec!["A keyed hash of each id."],
        backups: "Backups made before are untouched.",
    };
    let mistake = Some(Mistake::new("typed", "That doesn't match this person. Nothing was erased."));
    let erasing = erase::View { user: samples::user(2), receipt: receipt.clone(), events: Events::Delete, mistake };
    let many = |count: i64, typed: Option<&str>| erase::many::View {
        users: (0..count).map(UserKey).collect(),
        first: (0..count.min(20)).map(|index| samples::user(index as usize)).collect(),
        receipt: receipt.clone(),
        events: Events::Delete,
        mistake: typed.map(|_| Mistake::new("typed", "That number doesn't match your selection. Nobody was erased.")),
    };
    let mut pages = vec![
        ("bulk-erase", erase::many::page(&here, &many(212, None))),
        ("bulk-erase-wrong", erase::many::page(&here, &many(2, Some("3")))),
        ("bulk-erase-nobody", erase::many::page(&here, &many(0, None))),
        ("bulk-erased", erase::done(&here, 212, &receipt)),
        ("user-erase", erase::page(&here, &erasing)),
        ("user-erased", erase::done(&here, 1, &receipt)),
        ("user-many", user::page(&here, &full(0))),
        ("user-long", user::page(&here, &full(2))),
        ("user-arabic", user::page(&here, &full(3))),
        ("user-hostile", user::page(&here, &full(8))),
        ("user-lead", user::page(&here, &bare(4))),
        ("user-bare-id", user::page(&here, &bare(5))),
        ("user-not-found", errors::no_user(&here, "u_99999")),
    ];
    pages.extend(company_pages());
    pages
}

fn doings() -> Doings {
    let event = |name: &str, events: u64, people: u64| TopEvent { name: name.to_owned(), events, people };
    let page = |path: &str, views: u64, people: u64| TopPage { path: path.to_owned(), views, people };
    Doings {
        events: vec![event("Quote sent", 1_214, 11), event(samples::LONG, 186, 4), event(samples::ARABIC, 9, 1)],
        pages: vec![page("/jobs", 611, 15), page(&format!("/{}", samples::LONG), 9, 1)],
        looked_at: Some(4_000),
    }
}

fn carriers() -> Carriers {
    let person = |index: usize| {
        let user = samples::user(index);
        Person { key: user.key, id: user.id, user_id: user.user_id, name: user.name, email: user.email }
    };
    let present = |index: usize, events: u64, days: (i64, i64)| {
        let user = samples::user(index).key;
        (person(index), Presence { user, events, days, last_day: clock().today() })
    };
    Carriers {
        champions: vec![present(0, 412, (20, 18)), present(2, 61, (9, 9)), present(3, 7, (2, 1))],
        events: 502,
        growing: (vec![present(1, 40, (12, 3))], 1),
        shrinking: (vec![present(2, 3, (1, 14)), present(3, 0, (0, 8))], 7),
        quiet: (vec![present(4, 0, (0, 6))], 1),
    }
}

fn company_pages() -> Vec<(&'static str, Markup)> {
    let there = frame(Place::Companies, "/companies/org_1187");
    let member = |index: usize| MemberRow {
        user: samples::user(index),
        role: (index % 3 != 1).then(|| "Member".to_owned()),
        title: index.is_multiple_of(3).then(|| "Estimator, second shift".to_owned()),
        attributes: serde_json::Map::new(),
        current: index.is_multiple_of(2),
        joined_ms: now() - index as i64 * 20 * DAY_MS,
        left_ms: (index == 4).then(|| now() - 3 * DAY_MS),
        last_seen_ms: samples::user(index).last_seen_ms,
        events_28d: index as u64 * 17,
        source: "App".to_owned(),
        grade: if index.is_multiple_of(2) { Grade::Signed } else { Grade::Unsigned },
        history: if index == 1 { history() } else { MembershipHistory::default() },
    };
    // Of a company with members: all of them, some of them, or none that match.
    let members = |many: bool, query: &[(&str, &str)]| {
        let said = |name: &str| query.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let asked = Asked::read("org_1187", said).expect("an address of a sample");
        let found = query.iter().any(|(name, _)| *name == "role").then_some(Count::Over);
        let role = |text: &str| RoleIs::Text(text.to_owned());
        let roles = if many {
            vec![
                (role("Member"), Count::Over),
                (role(samples::LONG), Count::Exactly(1)),
                (RoleIs::Unset, Count::Exactly(40)),
            ]
        } else {
            vec![]
        };
        let none = query.iter().any(|(name, _)| *name == "member");
        let rows = if many && !none { (0..MEMBER_ROWS).map(member).collect() } else { vec![] };
        Members {
            event_days: (asked.address.sort == MembersBy::Events).then_some(7),
            page: page_of(rows, many && !none),
            roles: Roles { roles, are_all: found.is_none() },
            found,
            asked,
        }
    };
    let page = |index: usize, many: bool, query: &[(&str, &str)]| {
        let row = samples::company(index);
        let days = (0..84)
            .map(|day| CompanyDay {
                day: clock().today() - 83 + day,
                people: if many { (day as u32 * 7) % 14 } else { 0 },
                new_people: u32::from(many && day % 9 == 4),
                events: if many { day as u32 * 3 } else { 0 },
                sessions: if many { day as u32 / 3 } else { 0 },
            })
            .collect();
        company::View {
            company: CompanyPage {
                archived_ms: many.then(|| now() - 3 * DAY_MS),
                aliases: if many { vec!["kestrel".to_owned(), samples::LONG.to_owned()] } else { vec![] },
                domains: if many {
                    vec!["kestrel.example".to_owned(), "kestrel-group.example".to_owned()]
                } else {
                    vec![]
                },
                attributes: if many { samples::attributes() } else { vec![] },
                days,
                doings: if many { doings() } else { Doings::default() },
                carriers: many.then(carriers),
                active_people: if many { (16, 11) } else { (0, 0) },
                signed_members: many,
                active_people_7d: if many { (14, Some(16)) } else { (0, None) },
                comings: Comings {
                    left: Count::Exactly(if many { 3 } else { 0 }),
                    members_before: if many { 15 } else { 0 },
                    joined_28d: if many { 4 } else { 0 },
                    members_28d: if many { (19, 16) } else { (0, 0) },
                },
                first_page: many.then(|| (samples::user(2), samples::first_page())),
                possible_duplicates: if many { vec![(samples::company(1), Why::Id)] } else { vec![] },
                row,
            },
            history: attributes::history(&samples::changes("company", "org_1187"), "company"),
            members: members(many, query),
            timeline: if many { timeline("company", "org_1187") } else { Timeline::default() },
            chart: Shows::People,
            changed: if many {
                Changed { times: 300, more: true, last_ms: Some(now() - DAY_MS) }
            } else {
                Changed::default()
            },
            all_attributes: false,
            notes: if many { samples::notes() } else { (Vec::new(), false) },
            segments: if many { vec![("active_companies".to_owned(), "Active".to_owned())] } else { Vec::new() },
            done: None,
        }
    };
    vec![
        ("company-many", company::page(&there, &page(0, true, &[]))),
        ("company-long", company::page(&there, &page(4, true, &[]))),
        ("company-arabic", company::page(&there, &page(3, true, &[]))),
        (
            "company-members-of-a-role",
            company::page(&there, &page(0, true, &[("role", "is:Member"), ("sort", "-events")])),
        ),
        ("company-members-not-found", company::page(&there, &page(0, true, &[("role", "unset"), ("member", "zz")]))),
        ("company-bare-id", company::page(&there, &page(2, false, &[]))),
        ("company-not-found", errors::no_company(&there, "org_99999")),
    ]
}

fn sessions() -> Vec<Session> {
    let session = |days: i64, minutes: i64, pages: u64, events: u64| {
        let began_ms = now() - days * DAY_MS - 9 * 3_600_000;
        Session { began_ms, last_ms: began_ms + minutes * 60_000, pages, events }
    };
    vec![session(0, 14, 5, 3), session(1, 0, 1, 0), session(2, 185, 41, 12), session(9, 2, 0, 1)]
}
