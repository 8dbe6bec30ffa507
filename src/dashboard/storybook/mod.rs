//! The storybook: every page with nothing, one, many, and what goes wrong, as files to look at.
//!
//! `cargo test storybook` writes them to `target/storybook`; serve that folder and open
//! `index.html`. The test also holds what is true of every page.

mod samples;

use std::path::{Path, PathBuf};

use maud::Markup;
use samples::{clock, frame, now};
use serde_json::json;

use super::install::page as install;
use super::install::snippets::Framework;
use super::install::state::State;
use super::parts::attributes;
use super::parts::form::Mistake;
use super::parts::frame::{Place, Theme};
use super::parts::list::{Address, Column, LIST, Names};
use super::settings::{account, operators, source, sources, tokens, workspace};
use super::timeline::{Show, Timeline};
use super::{
    companies, company, errors, help, overview, password, refusals, search, set_up, sign_in, user, users, visitors,
};
use crate::domain::access::{Role, Scope};
use crate::domain::ids::{OperatorKey, VisitorKey};
use crate::domain::settings::Settings;
use crate::domain::time::{DAY_MS, MINUTE_MS};
use crate::store::companies::{CompanyDay, CompanyPage, MemberRow, MembersBy, TopEvent};
use crate::store::list::{Count, Cursor, Page};
use crate::store::operators::Operator;
use crate::store::refusals::RefusalRow;
use crate::store::sightings::{Complete, Evidence};
use crate::store::tokens::Token;
use crate::store::users::{Identifier, UserMembership, UserPage};
use crate::store::visitors::VisitorRow;
use crate::store::workspace::{Day, Overview};
use crate::store::{SourceKind, companies as stored_companies, users as stored_users, visitors as stored_visitors};

/// Bytes of a page at most.
const PAGE_BYTES_MAX: usize = 100_000;

fn address<S: Column>(path: &str, names: Names, sort: S, search: Option<&str>) -> Address<S> {
    Address::read(path.to_owned(), names, sort, |name| {
        (name == names.search).then(|| search.unwrap_or_default().to_owned())
    })
}

fn page_of<T>(rows: Vec<T>, more: bool) -> Page<T> {
    Page { rows, next: more.then(|| Cursor { value: json!(1), key: 2 }) }
}

fn overviews() -> Vec<(&'static str, Markup)> {
    let days = |most: u32| -> Vec<Day> {
        (0..84)
            .map(|index| {
                let weekend = (index + 4) % 7 >= 5;
                let people = if weekend { most / 6 } else { most * (70 + index) / 154 + index * 7 % 13 * most / 300 };
                Day { day: clock().today() - 83 + index as i32, people, events: people * 9 }
            })
            .collect()
    };
    let full = overview::View {
        overview: Overview {
            users: Count::Exactly(4_182),
            companies: Count::Exactly(318),
            days: days(640),
            active_7d: (1_604, 1_492),
            active_30d: (2_871, 2_895),
            newest_users: (0..5).map(samples::user).collect(),
            newest_companies: (0..5).map(samples::company).collect(),
            quiet_companies: (3..7).map(samples::company).collect(),
            refused_7d: 37,
        },
        refusals: refusal_rows().into_iter().take(3).collect(),
        sources: [("App", State::Complete), ("Help centre", State::UsersNoCompany), ("Test", State::Nothing)]
            .into_iter()
            .map(|(name, state)| overview::SourceState {
                name: name.to_owned(),
                state,
                posted_ms: (state != State::Nothing).then(|| now() - 8_000),
            })
            .collect(),
        write_key: "wk_8Q2m7RtXc41d".to_owned(),
    };
    let mut one = full.clone();
    one.overview = Overview {
        users: Count::Exactly(1),
        companies: Count::Exactly(0),
        days: days(0)
            .into_iter()
            .enumerate()
            .map(|(index, day)| Day { people: u32::from(index == 83), ..day })
            .collect(),
        active_7d: (1, 0),
        active_30d: (1, 0),
        newest_users: vec![samples::user(4)],
        newest_companies: vec![],
        quiet_companies: vec![],
        refused_7d: 0,
    };
    one.sources.truncate(1);
    let mut empty = one.clone();
    empty.overview.users = Count::Exactly(0);
    empty.sources[0].posted_ms = None;
    let mut vast = full.clone();
    vast.overview.users = Count::Over;
    vast.overview.companies = Count::Over;
    vast.overview.days = days(1_234_567);
    let here = frame(Place::Overview, "/");
    vec![
        ("overview-many", overview::page(&here, &full)),
        ("overview-one", overview::page(&here, &one)),
        ("overview-empty", overview::page(&here, &empty)),
        ("overview-vast", overview::page(&here, &vast)),
    ]
}

fn lists() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Users, "/users");
    let users_view = |count: usize, search: Option<&str>| users::View {
        address: address("/users", LIST, stored_users::SortBy::LastSeen, search),
        found: if count > 40 { Count::Over } else { Count::Exactly(count as u64) },
        users: page_of((0..count).map(samples::user).collect(), count > 40),
    };
    let there = frame(Place::Companies, "/companies");
    let companies_view = |count: usize, search: Option<&str>| companies::View {
        address: address("/companies", LIST, stored_companies::SortBy::Members, search),
        found: Count::Exactly(count as u64),
        companies: page_of((0..count).map(samples::company).collect(), count > 40),
    };
    let visitors_view = |count: usize| visitors::View {
        address: address("/visitors", LIST, stored_visitors::SortBy::LastSeen, None),
        visitors: page_of(
            (0..count)
                .map(|index| VisitorRow {
                    key: VisitorKey(index as i64),
                    anonymous_id: format!("0190f3c2-8a51-7e44-b0b8-{index:012}"),
                    user_id: index.is_multiple_of(3).then(|| samples::PEOPLE[index % 10].2.unwrap_or("u_1").to_owned()),
                    first_seen_ms: now() - 40 * DAY_MS,
                    last_seen_ms: (index % 4 != 2).then(|| now() - index as i64 * 77 * MINUTE_MS),
                    attributes: json!({"locale": "pl-PL"}).as_object().cloned().unwrap_or_default(),
                })
                .collect(),
            count > 10,
        ),
    };
    let nowhere = frame(Place::Visitors, "/visitors");
    let found = search::View {
        search: "mar".to_owned(),
        users: (0..4).map(samples::user).collect(),
        companies: (0..3).map(samples::company).collect(),
    };
    let nothing = search::View { search: "zzz".to_owned(), ..search::View::default() };
    let elsewhere = frame(Place::Elsewhere, "/search");
    vec![
        ("users-many", users::page(&here, &users_view(50, None))),
        ("users-one", users::page(&here, &users_view(1, Some("marta")))),
        ("users-empty", users::page(&here, &users_view(0, None))),
        ("users-not-found", users::page(&here, &users_view(0, Some("<b>nobody</b>")))),
        ("companies-many", companies::page(&there, &companies_view(50, None))),
        ("companies-one", companies::page(&there, &companies_view(1, None))),
        ("companies-empty", companies::page(&there, &companies_view(0, None))),
        ("companies-not-found", companies::page(&there, &companies_view(0, Some("zzz")))),
        ("visitors-many", visitors::page(&nowhere, &visitors_view(20))),
        ("visitors-empty", visitors::page(&nowhere, &visitors_view(0))),
        ("search-found", search::page(&elsewhere, &found)),
        ("search-nothing", search::page(&elsewhere, &nothing)),
        ("search-empty", search::page(&elsewhere, &search::View::default())),
    ]
}

fn timeline(subject: &'static str, id: &'static str) -> Timeline {
    Timeline {
        show: Show::All,
        is_later_page: false,
        events: samples::events(),
        changes: samples::changes(subject, id),
        older: Some("x.y".to_owned()),
    }
}

fn profiles() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Users, "/users/u_30418");
    let membership = |index: usize, left: bool| UserMembership {
        company: samples::company_name(index),
        role: (index != 1).then(|| "Admin".to_owned()),
        title: (index == 0).then(|| "Operations lead".to_owned()),
        attributes: serde_json::Map::new(),
        current: index == 0,
        joined_ms: now() - 600 * DAY_MS,
        left_ms: left.then(|| now() - 100 * DAY_MS),
        source: "App".to_owned(),
        grade: crate::domain::access::Grade::Signed,
    };
    let identifier =
        |kind: &'static str, value: &str| Identifier { kind, value: value.to_owned(), since_ms: now() - 620 * DAY_MS };
    let full = |index: usize| user::View {
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
            unstated_events: 12,
            possible_duplicates: vec![samples::user(4), samples::user(2)],
            signed: true,
        },
        history: attributes::history(&samples::changes("user", "u_30418"), "user"),
        timeline: timeline("user", "u_30418"),
        all_attributes: false,
    };
    let bare = |index: usize| user::View {
        user: UserPage {
            row: samples::user(index),
            identifiers: vec![],
            attributes: vec![],
            memberships: vec![],
            active_days: (0, 0),
            unstated_events: 0,
            possible_duplicates: vec![],
            signed: false,
        },
        history: attributes::History::new(),
        timeline: Timeline::default(),
        all_attributes: false,
    };
    let mut pages = vec![
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
        source: "App".to_owned(),
        grade: if index.is_multiple_of(2) {
            crate::domain::access::Grade::Signed
        } else {
            crate::domain::access::Grade::Unsigned
        },
    };
    let page = |index: usize, many: bool| {
        let row = samples::company(index);
        let days = (0..84)
            .map(|day| CompanyDay {
                day: clock().today() - 83 + day,
                people: if many { (day as u32 * 7) % 14 } else { 0 },
                events: if many { day as u32 * 3 } else { 0 },
            })
            .collect();
        company::View {
            company: CompanyPage {
                attributes: if many { samples::attributes() } else { vec![] },
                days,
                top_events: if many {
                    vec![
                        TopEvent { name: "Quote sent".to_owned(), events: 1_214 },
                        TopEvent { name: samples::LONG.to_owned(), events: 186 },
                        TopEvent { name: samples::ARABIC.to_owned(), events: 9 },
                    ]
                } else {
                    vec![]
                },
                active_people: if many { (16, 11) } else { (0, 0) },
                active_people_7d: if many { 14 } else { 0 },
                events_7d: if many { 1_284 } else { 0 },
                left: if many { 3 } else { 0 },
                row,
            },
            history: attributes::history(&samples::changes("company", "org_1187"), "company"),
            address: address("/companies/org_1187", company::MEMBERS, MembersBy::LastSeen, None).at("#members"),
            left: false,
            members: page_of(if many { (0..25).map(member).collect() } else { vec![] }, many),
            timeline: if many { timeline("company", "org_1187") } else { Timeline::default() },
            all_attributes: false,
        }
    };
    vec![
        ("company-many", company::page(&there, &page(0, true))),
        ("company-long", company::page(&there, &page(4, true))),
        ("company-arabic", company::page(&there, &page(3, true))),
        ("company-bare-id", company::page(&there, &page(2, false))),
        ("company-not-found", errors::no_company(&there, "org_99999")),
    ]
}

fn refusal_rows() -> Vec<RefusalRow> {
    let row = |code: &str, attribute: Option<&str>, count: u64, example: &str, detail: &str| RefusalRow {
        code: code.to_owned(),
        source: (code != "write_key_unknown").then(|| "App".to_owned()),
        attribute: attribute.map(str::to_owned),
        count,
        first_seen_ms: now() - 20 * DAY_MS,
        last_seen_ms: now() - 6 * MINUTE_MS,
        example: (!example.is_empty()).then(|| example.to_owned()),
        detail: detail.to_owned(),
    };
    vec![
        row(
            "id_placeholder",
            None,
            21,
            "{{ user.id }}",
            "The user id is \"{{ user.id }}\", which is a placeholder and no id. Put the real id there, or leave it out when nobody is signed in.",
        ),
        row("type_mismatch", Some("company.seats"), 12_345, "ten", "seats is a number and \"ten\" is none."),
        row("company_id_missing", None, 4, "", ""),
        row("type_mismatch", Some("employees"), 1, "about 40", "employees is a number and \"about 40\" is none."),
        row("write_key_unknown", None, 7, "wk_old_key", "No source has this key."),
    ]
}

fn installs() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Install, "/install");
    let view = |evidence: Evidence, framework: Framework, count: usize| install::View {
        sources: samples::sources().into_iter().take(count).collect(),
        source: samples::sources().into_iter().take(count).next_back(),
        since_ms: now() - 40_000,
        evidence,
        earlier_ms: Some(now() - 3 * DAY_MS),
        framework,
    };
    let script = Some((now() - 30_000, "help.quayside.example".to_owned()));
    let seen = Evidence { script: script.clone(), posted_ms: Some(now() - 9_000), events: 31, ..Evidence::default() };
    let complete = Complete {
        user_id: "u_30418".to_owned(),
        user_name: Some("Marta Lindqvist".to_owned()),
        company_id: "org_1187".to_owned(),
        company_name: Some("Kestrel Electrical".to_owned()),
        at_ms: now() - 4_000,
    };
    let refused =
        Evidence { refused: vec![("id_placeholder".to_owned(), 21), ("type_mismatch".to_owned(), 3)], ..seen.clone() };
    let mut no_source = view(Evidence::default(), Framework::Plain, 0);
    no_source.source = None;
    vec![
        ("install-nothing", install::page(&here, &view(Evidence::default(), Framework::Plain, 1))),
        (
            "install-script-only",
            install::page(&here, &view(Evidence { script, ..Evidence::default() }, Framework::Plain, 1)),
        ),
        ("install-refused", install::page(&here, &view(refused, Framework::Rails, 2))),
        ("install-visitors-only", install::page(&here, &view(seen.clone(), Framework::Django, 2))),
        (
            "install-users-no-company",
            install::page(
                &here,
                &view(
                    Evidence { user_without_company: Some("u_33871".to_owned()), ..seen.clone() },
                    Framework::Laravel,
                    3,
                ),
            ),
        ),
        (
            "install-complete",
            install::page(&here, &view(Evidence { complete: Some(complete), ..seen }, Framework::Plain, 2)),
        ),
        ("install-no-source", install::page(&here, &no_source)),
    ]
}

fn settings_pages() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Settings, "/settings/sources");
    let mut viewer = here.clone();
    viewer.operator = Some(("viewer@quayside.example".to_owned(), Role::Viewer));
    let sources_view = sources::View { sources: samples::sources(), ..sources::View::default() };
    let wrong = sources::View {
        form: sources::Form { name: "Shop".to_owned(), origins: vec!["shop.example".to_owned()], adopted_keys: vec![] },
        mistake: Some(Mistake::new(
            "origins",
            "\"shop.example\" is no origin. Write it as the browser does, such as https://shop.example.",
        )),
        ..sources_view.clone()
    };
    let source_view = source::View {
        source: samples::sources().remove(1),
        mistake: None,
        saved: true,
        secret: Some("sk_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned()),
    };
    let api_view = source::View {
        source: samples::source(4, "api", "API", SourceKind::Live),
        mistake: None,
        saved: false,
        secret: None,
    };
    let operator = |number: i64, email: &str, role: Role, has_password: bool| Operator {
        key: OperatorKey(number),
        email: email.to_owned(),
        role,
        has_password,
        created_ms: now() - 90 * DAY_MS,
        last_sign_in_ms: has_password.then(|| now() - number * 5 * MINUTE_MS),
    };
    let operators_view = operators::View {
        operators: vec![
            operator(1, "ines@quayside.example", Role::Owner, true),
            operator(
                2,
                "a-very-long-address-of-somebody-with-a-long-name@a-very-long-domain.quayside.example",
                Role::Admin,
                true,
            ),
            operator(3, "matteo@quayside.example", Role::Viewer, false),
        ],
        link: Some(operators::Link {
            email: "matteo@quayside.example".to_owned(),
            address: "https://rollcall.quayside.example/password?token=Zm9ydHktdHdvIGlzIHRoZSBhbnN3ZXIgdG8gZXZlcnk"
                .to_owned(),
        }),
        ..operators::View::default()
    };
    let token = |number: usize, name: &str, scope: Scope, revoked: bool| Token {
        token_id: format!("tok_{number:012}"),
        name: name.to_owned(),
        scope,
        created_ms: now() - 90 * DAY_MS,
        last_used_ms: (number != 2).then(|| now() - DAY_MS / 2),
        revoked_ms: revoked.then(|| now() - DAY_MS),
    };
    let tokens_view = tokens::View {
        tokens: vec![
            token(1, "Billing", Scope::Write, false),
            token(2, samples::LONG, Scope::Read, false),
            token(3, "Old", Scope::Admin, true),
        ],
        fresh: Some("rc_Zm9ydHktdHdvIGlzIHRoZSBhbnN3ZXIgdG8gZXZlcnk".to_owned()),
        ..tokens::View::default()
    };
    let mut workspace_view = workspace::View::of(&Settings::default());
    workspace_view.mistake = Some(Mistake::new("time_zone", "It can't be “Warsaw”: use a name such as Europe/Warsaw."));
    vec![
        ("settings-sources", sources::page(&here, &sources_view)),
        ("settings-sources-wrong", sources::page(&here, &wrong)),
        ("settings-sources-viewer", sources::page(&viewer, &sources_view)),
        ("settings-source", source::page(&here, &source_view)),
        ("settings-source-api", source::page(&here, &api_view)),
        ("settings-workspace", workspace::page(&here, &workspace_view)),
        ("settings-workspace-viewer", workspace::page(&viewer, &workspace::View::of(&Settings::default()))),
        ("settings-operators", operators::page(&here, &operators_view)),
        ("settings-tokens", tokens::page(&here, &tokens_view)),
        ("settings-tokens-empty", tokens::page(&viewer, &tokens::View::default())),
        (
            "settings-account",
            account::page(
                &here,
                &account::View {
                    mistake: Some(Mistake::new("current", "That is not your current password.")),
                    saved: true,
                },
            ),
        ),
    ]
}

fn doors() -> Vec<(&'static str, Markup)> {
    let view = sign_in::View { workspace: "Quayside".to_owned(), has_operators: true, ..sign_in::View::default() };
    let wrong = sign_in::View {
        email: "ines@quayside.example".to_owned(),
        mistake: Some(Mistake::new("password", "E-mail and password do not match.")),
        done: Some("You are signed out."),
        ..view.clone()
    };
    let set_up_view = set_up::View {
        mistake: Some(Mistake::new(
            "time_zone",
            "“Warsaw” is no time zone. Choose one of the list, such as Europe/Warsaw.",
        )),
        ..set_up::View::default()
    };
    let password_view = password::View {
        email: "matteo@quayside.example".to_owned(),
        token: "x".to_owned(),
        ..password::View::default()
    };
    let help_frame = frame(Place::Elsewhere, "/help");
    let refusals_frame = frame(Place::Refusals, "/refusals");
    vec![
        ("sign-in", sign_in::page(&view)),
        ("sign-in-wrong", sign_in::page(&wrong)),
        ("set-up", set_up::page(&set_up_view)),
        ("set-up-over", set_up::over(Theme::System)),
        ("password", password::page(&password_view)),
        ("password-used", password::used(Theme::System)),
        ("help", help::page(&help_frame)),
        ("help-codes", help::codes_page(&help_frame)),
        ("refusals-many", refusals::page(&refusals_frame, &refusals::View { refusals: refusal_rows() })),
        ("refusals-empty", refusals::page(&refusals_frame, &refusals::View::default())),
        ("not-found", errors::no_page(&frame(Place::Elsewhere, "/colour?a=<b>"))),
    ]
}

fn all() -> Vec<(&'static str, Markup)> {
    [overviews(), lists(), profiles(), installs(), settings_pages(), doors()].concat()
}

fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    target.join("storybook")
}

#[test]
fn every_page_of_the_storybook_is_written_and_small() {
    let folder = folder();
    std::fs::create_dir_all(folder.join("static")).expect("a folder");
    for asset in crate::http::assets::ASSETS {
        std::fs::write(folder.join("static").join(asset.name), asset.bytes).expect("a file");
    }
    let mut index = String::new();
    for (name, markup) in all() {
        let html = markup.into_string();
        assert!(html.len() < PAGE_BYTES_MAX, "{name} is {} bytes", html.len());
        index.push_str(&format!("<li><a href=\"{name}.html\">{name}</a> {}</li>", html.len()));
        std::fs::write(folder.join(format!("{name}.html")), html).expect("a file");
    }
    std::fs::write(folder.join("index.html"), format!("<!doctype html><title>Storybook</title><ul>{index}</ul>"))
        .expect("a file");
}

#[test]
fn no_page_carries_anything_inline_and_every_text_is_escaped() {
    for (name, markup) in all() {
        let html = markup.into_string();
        assert!(!html.contains(" style=") && !html.contains("<style"), "{name} has inline style");
        assert!(!html.contains(" onclick=") && !html.contains("javascript:"), "{name} has inline script");
        assert_eq!(html.matches("<script").count(), 1, "{name}: only its own script");
        assert!(!html.contains("<b>nobody</b>") && !html.contains("<img src=x>"), "{name} repeats markup");
        assert_eq!(html.matches("<h1").count(), 1, "{name} has one title");
    }
}

#[test]
fn ids_stand_once_on_a_page() {
    for (name, markup) in all() {
        let html = markup.into_string();
        let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name} repeats an id");
    }
}
