//! The first page and the lists.

use std::collections::HashMap;

use maud::Markup;
use serde_json::json;

use super::samples::{self, clock, frame, now};
use crate::dashboard::install::state::State;
use crate::dashboard::parts::chart::Shows;
use crate::dashboard::parts::columns::{self, Columns};
use crate::dashboard::parts::filter::{Builder, Draft};
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::Place;
use crate::dashboard::parts::list::{Address, Column, LIST, Names};
use crate::dashboard::segments::beside::Tabs;
use crate::dashboard::{companies, due, overview, search, suggested, users, visitors};
use crate::domain::duplicates::Why;
use crate::domain::filter::Listed;
use crate::domain::ids::VisitorKey;
use crate::domain::settings::DomainRule;
use crate::domain::time::{DAY_MS, MINUTE_MS};
use crate::store::attribute_search::Found;
use crate::store::duplicates::Group;
use crate::store::email_domains::Suggestion;
use crate::store::list::{Count, Cursor, Page};
use crate::store::notes::NoteFound;
use crate::store::visitors::VisitorRow;
use crate::store::workspace::{Day, Overview};
use crate::store::{companies as stored_companies, users as stored_users, visitors as stored_visitors};

pub fn address<S: Column>(path: &str, names: Names, sort: S, search: Option<&str>) -> Address<S> {
    Address::read(path.to_owned(), names, sort, |name| {
        (name == names.search).then(|| search.unwrap_or_default().to_owned())
    })
    .expect("an address of a sample")
}

fn builder(listed: Listed, draft: Option<Draft>) -> Builder {
    let events = ["Report exported", "page", "Żółć: a name with a colon"].map(str::to_owned).to_vec();
    Builder { fields: samples::fields(listed), events, draft }
}

/// The address of a list under a filter and in columns, as its query says them.
fn narrowed<S: Column>(path: &str, sort: S, listed: Listed, query: &[(&str, &str)]) -> Address<S> {
    let pairs: Vec<(String, String)> =
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Address::read_filtered(path.to_owned(), sort, &pairs, &samples::fields(listed)).expect("an address of a sample")
}

pub fn page_of<T>(rows: Vec<T>, more: bool) -> Page<T> {
    Page { rows, next: more.then(|| Cursor { value: json!(1), key: 2 }) }
}

fn suggestion(index: usize) -> Suggestion {
    Suggestion {
        domain: ["kestrel.example", "a-very-long-name-of-a-company-in-a-group.example", "żabka.example"][index % 3]
            .to_owned(),
        people: [1, 12, 4_182][index % 3],
        since_ms: now() - DAY_MS * (index as i64 + 1),
        examples: (0..1 + index % 3).map(samples::user).collect(),
        companies: if index == 1 {
            vec![("org_1187".to_owned(), Some("Kestrel Electrical".to_owned()))]
        } else {
            vec![]
        },
    }
}

pub fn suggestions() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Companies, "/companies/suggested");
    let view = |count: usize| suggested::View {
        rule: DomainRule::Suggest,
        suggested: page_of((0..count).map(suggestion).collect(), count > 2),
        done: None,
        mistake: None,
    };
    let accepted =
        suggested::Done::Accepted { domain: "acme.example".to_owned(), company_id: "acme".to_owned(), people: 12 };
    let mistake = Mistake::new("company_id", "The company id is \"null\", which is a placeholder and no id.");
    vec![
        ("suggested-none", suggested::page(&here, &view(0))),
        ("suggested-done", suggested::page(&here, &suggested::View { done: Some(accepted), ..view(3) })),
        (
            "suggested-wrong",
            suggested::page(
                &here,
                &suggested::View { mistake: Some(("kestrel.example".to_owned(), mistake)), ..view(1) },
            ),
        ),
    ]
}

pub fn possible_duplicates() -> Vec<(&'static str, Markup)> {
    use crate::dashboard::duplicates::{Found, View, page};
    let people = frame(Place::Users, "/users/duplicates");
    let users = |groups: usize| {
        let group = |index: usize| Group {
            why: [Why::Email, Why::Id][index % 2],
            shared: ["marta.lindqvist@kestrel.example", "marta-lindqvist"][index % 2].to_owned(),
            since_ms: now() - DAY_MS,
            records: (index..index + 2 + index % 2).map(samples::user).collect(),
            more: index == 1,
            pairs: (1..2 + index % 2).map(|later| (0, later)).collect(),
        };
        View { groups: Found::Users(page_of((0..groups).map(group).collect(), groups > 2)), done: None }
    };
    let companies = Group {
        why: Why::Id,
        shared: "acme".to_owned(),
        since_ms: now(),
        records: vec![samples::company(0), samples::company(4)],
        more: false,
        pairs: vec![(0, 1)],
    };
    let companies = View { groups: Found::Companies(page_of(vec![companies], false)), done: None };
    vec![
        ("duplicates-none", page(&people, &users(0))),
        ("duplicates-users", page(&people, &users(4))),
        ("duplicates-companies", page(&frame(Place::Companies, "/companies/duplicates"), &companies)),
    ]
}

pub fn company_merges() -> Vec<(&'static str, Markup)> {
    use crate::dashboard::merge::companies::{Preview, Side, View, page};
    let there = frame(Place::Companies, "/companies/org_1187/merge");
    let side = |index: usize, ids: &[&str]| Side {
        company: stored_companies::CompanyRecord {
            row: samples::company(index),
            archived_ms: None,
            aliases: ids.iter().map(|id| (*id).to_owned()).collect(),
            domains: vec![format!("company-{index}.example")],
            attributes: samples::attributes(),
            signed_members: index == 0,
            active_people: (4, 3),
            first_page: None,
        },
        events: if index == 0 { Count::Over } else { Count::Exactly(1_204) },
    };
    let view = |preview: Option<Preview>, mistake: Option<Mistake>| View {
        survivor: side(0, &["kestrel"]),
        from: if mistake.is_some() { "KESTREL".to_owned() } else { String::new() },
        preview,
        mistake,
    };
    let both = Preview { other: side(2, &[]), after: side(0, &["kestrel", samples::LONG]) };
    let unknown = Mistake::new("from", "No company has that id. Ids must match exactly, capitals too.");
    vec![
        ("company-merge-asked", page(&there, &view(None, None))),
        ("company-merge-refused", page(&there, &view(None, Some(unknown)))),
        ("company-merge", page(&there, &view(Some(both), None))),
    ]
}

pub fn overviews() -> Vec<(&'static str, Markup)> {
    let days = |most: u32| -> Vec<Day> {
        (0..84)
            .map(|index| {
                let weekend = (index + 4) % 7 >= 5;
                let people = if weekend { most / 6 } else { most * (70 + index) / 154 + index * 7 % 13 * most / 300 };
                Day { day: clock().today() - 83 + index as i32, people, new_people: people / 30, events: people * 9 }
            })
            .collect()
    };
    let full = overview::View {
        overview: Overview {
            users: Count::Exactly(4_182),
            companies: Count::Exactly(318),
            new_users_28d: Count::Exactly(96),
            new_companies_28d: Count::Exactly(11),
            days: days(640),
            active_7d: (1_604, 1_492),
            active_30d: (2_871, 2_895),
            newest_users: (0..5).map(samples::user).collect(),
            newest_companies: (0..5).map(samples::company).collect(),
            quiet_companies: (3..7).map(samples::company).collect(),
            tells_new: true,
            growing_companies: (0..3).map(|index| (samples::company(index), (17 - index as i64, 9))).collect(),
            refused_7d: 3,
        },
        refusals: samples::refusals().into_iter().take(3).collect(),
        findings: (Count::Exactly(3), samples::findings().pop()),
        webhooks_given_up: 2,
        sources: [("App", State::Complete), ("Help centre", State::UsersNoCompany), ("Test", State::Nothing)]
            .into_iter()
            .map(|(name, state)| overview::SourceState {
                name: name.to_owned(),
                state,
                posted_ms: (state != State::Nothing).then(|| now() - 8_000),
            })
            .collect(),
        due: samples::due(),
        backup_ms: Some(now() - 9 * 3_600_000),
        chart: Shows::People,
        write_key: "wk_8Q2m7RtXc41d".to_owned(),
    };
    let mut one = full.clone();
    one.overview = Overview {
        users: Count::Exactly(1),
        companies: Count::Exactly(0),
        new_users_28d: Count::Exactly(1),
        new_companies_28d: Count::Exactly(0),
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
        tells_new: true,
        growing_companies: vec![],
        refused_7d: 0,
    };
    one.sources.truncate(1);
    one.due.clear();
    one.findings = (Count::Exactly(1), samples::findings().into_iter().next());
    let mut empty = one.clone();
    empty.findings = (Count::Exactly(0), None);
    empty.overview.users = Count::Exactly(0);
    empty.sources[0].posted_ms = None;
    let mut vast = full.clone();
    vast.overview.users = Count::Over;
    vast.overview.companies = Count::Over;
    vast.overview.days = days(1_234_567);
    vast.overview.tells_new = false;
    vast.chart = Shows::Events;
    let here = frame(Place::Overview, "/");
    vec![
        ("overview-many", overview::page(&here, &full)),
        ("overview-one", overview::page(&here, &one)),
        ("overview-empty", overview::page(&here, &empty)),
        ("overview-vast", overview::page(&here, &vast)),
    ]
}

pub fn lists() -> Vec<(&'static str, Markup)> {
    let here = frame(Place::Users, "/users");
    let users_view = |count: usize, search: Option<&str>| users::View {
        builder: builder(Listed::Users, None),
        columns: Columns::of(None, None, users::COLUMNS, &samples::fields(Listed::Users)),
        tabs: super::segments::tabs(),
        values: HashMap::new(),
        spelled: Vec::new(),
        address: address("/users", LIST, stored_users::SortBy::LastSeen, search),
        found: if count > 40 { Count::Over } else { Count::Exactly(count as u64) },
        duplicates: Count::Exactly(count as u64 / 20),
        users: page_of((0..count).map(samples::user).collect(), count > 40),
        done: None,
    };
    let there = frame(Place::Companies, "/companies");
    let companies_view = |count: usize, search: Option<&str>| companies::View {
        builder: builder(Listed::Companies, None),
        columns: Columns::of(None, None, companies::COLUMNS, &samples::fields(Listed::Companies)),
        tabs: Tabs::default(),
        values: HashMap::new(),
        spelled: Vec::new(),
        shelf: stored_companies::Shelf::InUse,
        archived: Count::Exactly(if count > 2 { 4 } else { 0 }),
        address: address("/companies", LIST, stored_companies::SortBy::Members, search),
        found: Count::Exactly(count as u64),
        suggested: Count::Exactly(count as u64 / 10),
        duplicates: Count::Exactly(count as u64 / 20),
        companies: page_of((0..count).map(samples::company).collect(), count > 40),
        done: None,
    };
    let visitors_view = |count: usize| visitors::View {
        found: Count::Exactly(count as u64),
        builder: builder(Listed::Visitors, None),
        address: address("/visitors", LIST, stored_visitors::SortBy::LastSeen, None),
        visitors: page_of(
            (0..count)
                .map(|index| VisitorRow {
                    first_page: Some(samples::first_page()),
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
    let found_in =
        |attribute: &str, value: &str| Found { key: 1, attribute: attribute.to_owned(), value: value.to_owned() };
    let found = search::View {
        search: "mar".to_owned(),
        users: (0..4).map(samples::user).collect(),
        companies: (0..3).map(samples::company).collect(),
        archived: vec![samples::company(4)],
        users_by_value: vec![(samples::user(5), found_in("place", "Marburg"))],
        companies_by_value: vec![(samples::company(2), found_in(samples::LONG, "<b>Margate</b>"))],
        notes: samples::notes()
            .0
            .into_iter()
            .filter(|note| note.key.0 != 2)
            .map(|note| NoteFound { note, id: "u_30418".to_owned(), name: None })
            .collect(),
    };
    let nothing = search::View { search: "zzz".to_owned(), ..search::View::default() };
    let elsewhere = frame(Place::Elsewhere, "/search");
    let filtered = {
        let columns = "company,plan,renewed_at,tags,owner,last_seen";
        let query = [
            ("f", "company.plan:in:pro,scale"),
            ("f", "last_seen:within:60d"),
            ("g1.f", "event.Report exported:done:3,30d"),
            ("g1.f", "email:unset"),
            ("g1.match", "any"),
            ("columns", columns),
        ];
        let fields = samples::fields(Listed::Users);
        let said = columns::said(Some(columns), &fields).expect("columns");
        let values = json!({ "plan": "A plan with a long name", "renewed_at": "2026-10-01T09:30:00.000Z" });
        users::View {
            address: narrowed("/users", stored_users::SortBy::LastSeen, Listed::Users, &query),
            columns: Columns::of(said, None, users::COLUMNS, &fields),
            values: (0..20).map(|key| (key, values.as_object().cloned().unwrap_or_default())).collect(),
            found: Count::AtLeast(340),
            ..users_view(20, None)
        }
    };
    let wrong = {
        let draft = Draft {
            field: "visits".to_owned(),
            operator: "gt".to_owned(),
            value: "many".to_owned(),
            sentence: "The value many does not fit visits. Use a number such as 12 or 0.5.".to_owned(),
            ..Draft::default()
        };
        users::View { builder: builder(Listed::Users, Some(draft)), ..users_view(3, None) }
    };
    let none_meets = companies::View {
        address: narrowed(
            "/companies",
            stored_companies::SortBy::Members,
            Listed::Companies,
            &[("f", "members:gt:500")],
        ),
        ..companies_view(0, None)
    };
    vec![
        ("users-filtered", users::page(&here, &filtered)),
        ("users-filter-wrong", users::page(&here, &wrong)),
        ("companies-none-meets", companies::page(&there, &none_meets)),
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
        ("to-do", due::page(&nowhere, &page_of(samples::due(), true))),
        ("to-do-empty", due::page(&nowhere, &page_of(Vec::new(), false))),
        ("search-found", search::page(&elsewhere, &found)),
        ("search-nothing", search::page(&elsewhere, &nothing)),
        ("search-empty", search::page(&elsewhere, &search::View::default())),
    ]
}
