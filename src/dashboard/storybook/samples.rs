//! Invented people and companies, with names of every kind.

use serde_json::{Map, Value, json};

use crate::dashboard::done::{Asked, Done};
use crate::dashboard::parts::frame::{Density, Frame, Place, Theme};
use crate::dashboard::parts::times::Clock;
use crate::domain::access::{Grade, Role};
use crate::domain::attributes::Type;
use crate::domain::change::{CREATED, MEMBERSHIP, Subject};
use crate::domain::findings::Finding;
use crate::domain::first_page::FirstPage;
use crate::domain::ids::{
    ChangeKey, CompanyKey, DefinitionKey, EventId, NoteKey, SegmentKey, SourceKey, UserKey, VisitorKey,
};
use crate::domain::message::Kind;
use crate::domain::profile::{Note, Profile};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, instant_from_text};
use crate::store::changes::ChangeRow;
use crate::store::companies::CompanyRow;
use crate::store::events::EventRow;
use crate::store::findings::FindingRow;
use crate::store::list::Count;
use crate::store::notes::NoteFound;
use crate::store::refusals::RefusalRow;
use crate::store::users::{AttributeValue, CompanyName, ROLL_DAYS, UserRow};
use crate::store::{Source, SourceKind};

pub fn now() -> i64 {
    instant_from_text("2026-11-24T15:42:08Z").expect("a time")
}

pub fn clock() -> Clock {
    Clock { now_ms: now(), zone: chrono_tz::Europe::Warsaw, own: chrono_tz::Europe::Warsaw }
}

pub fn description() -> utoipa::openapi::OpenApi {
    let refused = json!({ "description": "user_not_found", "content": { "application/problem+json": {} } });
    let user = json!({ "description": "Done", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/User" } } } });
    let id = json!({ "name": "id", "in": "path", "required": true, "description": "The id, percent-encoded", "example": "a'; <b>nobody</b>" });
    serde_json::from_value(json!({
        "openapi": "3.1.0", "info": { "title": "Rollcall", "version": "1" },
        "paths": {
            "/api/v1/users/{id}": {
                "get": { "operationId": "get_user", "tags": ["users"], "summary": "A user", "parameters": [id],
                    "responses": { "200": user, "404": refused }, "security": [{ "token": ["read"] }] },
                "patch": { "operationId": "patch_user", "tags": ["users"], "summary": "Changes a user", "parameters": [id],
                    "requestBody": { "content": { "application/json": { "example": { "name": "Ann's", "tags": ["vip"] } } } },
                    "responses": { "200": user, "404": refused }, "security": [{ "token": ["write"] }] },
            },
            "/api/v1/openapi.json": { "get": { "operationId": "get_openapi", "tags": ["openapi"], "summary": "This description", "responses": {} } },
        },
        "components": { "schemas": { "User": { "type": "object", "properties": { "user_id": { "type": "string" }, "name": { "type": "string" } } } } },
    }))
    .expect("a description")
}

/// The same page for somebody who may only look.
pub fn viewer(mut frame: Frame) -> Frame {
    frame.operator = Some(("viewer@quayside.example".to_owned(), Role::Viewer));
    frame
}

pub fn frame(place: Place, address: &str) -> Frame {
    Frame {
        workspace: "Quayside".to_owned(),
        operator: Some(("ines@quayside.example".to_owned(), Role::Owner)),
        theme: Theme::System,
        density: Density::Roomy,
        clock: clock(),
        counts: Some((Count::Exactly(4_182), Count::Exactly(318))),
        place,
        address: address.to_owned(),
        server: "https://rollcall.quayside.example".to_owned(),
    }
}

pub const LONG: &str = "Bartholomew Maximilian Featherstonehaugh-Cholmondeley von und zu Wolkenkuckucksheim the Younger of Upper Biggleswade and Lower Slaughter";
pub const ARABIC: &str = "شركة النور للتجارة والمقاولات";

/// Names of people: name, e-mail, id.
pub const PEOPLE: [(Option<&str>, Option<&str>, Option<&str>); 10] = [
    (Some("Marta Lindqvist"), Some("marta@kestrel-electrical.example"), Some("u_30418")),
    (Some("Tomasz Zieliński"), Some("tomasz@redwing.example"), Some("u_28807")),
    (
        Some(LONG),
        Some("bartholomew.maximilian.featherstonehaugh-cholmondeley@a-very-long-domain-name.example"),
        Some("7f9c2ba4-e88f-827d-6160-455077ea2ac3/with/slashes?and=more#than that"),
    ),
    (Some("ليلى حداد"), Some("layla@nour.example"), Some("u_ليلى")),
    (None, Some("hello@saltmarsh.example"), None),
    (None, None, Some("u_33902")),
    (Some("Aiko Tanabe"), Some("aiko@alderfinch.example"), Some("27115")),
    (Some("O"), None, Some("..")),
    (Some("<script>alert(1)</script>"), Some("mallory@evil.example"), Some("\"><img src=x>")),
    (Some("Noor Haddad"), Some("noor@saltmarsh.example"), Some("33871")),
];

/// Names of companies: id, name.
pub const COMPANIES: [(&str, Option<&str>); 7] = [
    ("org_1187", Some("Kestrel Electrical")),
    ("org_0655", Some("Redwing Couriers")),
    ("org_1322", None),
    ("الشركة-7", Some(ARABIC)),
    (
        "a/very/long/company/identifier/that/somebody/made/from/a/path/0123456789/0123456789/0123456789/0123456789",
        Some(LONG),
    ),
    ("5003", Some("Alder & Finch")),
    ("0190f3c2-8a51-7e44-b0b8-0f1d6e2c9a77", None),
];

pub fn roll(seed: u32) -> [u32; ROLL_DAYS] {
    std::array::from_fn(|day| {
        let day = day as u32;
        let noise = (day * 7 + seed * 13 + day * day * seed) % 11;
        match (day + seed) % 7 {
            5 | 6 => noise / 5,
            _ if seed % 5 == 3 && day > 14 => 0,
            _ => noise,
        }
    })
}

pub fn user(index: usize) -> UserRow {
    let (name, email, id) = PEOPLE[index % PEOPLE.len()];
    let days = index as i64;
    UserRow {
        key: UserKey(index as i64 + 1),
        id: format!("0190f3c2-8a51-7e44-b0b8-{index:012}"),
        user_id: id.map(|id| if index < PEOPLE.len() { id.to_owned() } else { format!("{id}-{index}") }),
        email: email.map(str::to_owned),
        name: name.map(str::to_owned),
        company: (index % 4 != 3).then(|| company_name(index)),
        companies: [1, 2, 1, 0][index % 4],
        owner: index.is_multiple_of(3).then(|| "ines@quayside.example".to_owned()),
        tags: tags(index),
        first_seen_ms: now() - (days * 9 + 1) * DAY_MS,
        last_seen_ms: (index % 8 != 5).then(|| now() - days * days * 5 * HOUR_MS / 4 - MINUTE_MS),
        roll: if index % 8 == 5 { [0; ROLL_DAYS] } else { roll(index as u32) },
    }
}

fn tags(index: usize) -> Vec<String> {
    let all: [&[&str]; 4] = [&["beta", "pilot customer"], &[], &["التوسع"], &["<b>vip</b>"]];
    all[index % 4].iter().map(|tag| (*tag).to_owned()).collect()
}

pub fn company_name(index: usize) -> CompanyName {
    let (id, name) = COMPANIES[index % COMPANIES.len()];
    CompanyName { key: CompanyKey(index as i64 + 1), company_id: id.to_owned(), name: name.map(str::to_owned) }
}

pub fn company(index: usize) -> CompanyRow {
    let CompanyName { key, company_id, name } = company_name(index);
    CompanyRow {
        key,
        company_id: if index < COMPANIES.len() { company_id } else { format!("{company_id}-{index}") },
        name,
        domain: index.is_multiple_of(3).then(|| format!("company-{index}.example")),
        plan: index.is_multiple_of(2).then(|| "Pro".to_owned()),
        members: [17, 4_182, 0, 1][index % 4],
        active_members: [14, 1_604, 0, 1][index % 4],
        owner: index.is_multiple_of(2).then(|| "ines@quayside.example".to_owned()),
        tags: tags(index),
        first_seen_ms: now() - (index as i64 * 30 + 3) * DAY_MS,
        last_seen_ms: (index % 4 != 2).then(|| now() - (index * index) as i64 * 7 * HOUR_MS - 40_000),
        roll: if index % 4 == 2 { [0; ROLL_DAYS] } else { roll(index as u32 + 2) },
    }
}

pub fn attribute(name: &str, value: Value, kind: Type, grade: Grade, days: i64) -> AttributeValue {
    AttributeValue {
        name: name.to_owned(),
        label: (name == "renewal_date").then(|| "Renewal".to_owned()),
        hidden: false,
        value,
        kind,
        at_ms: now() - days * DAY_MS - 5 * MINUTE_MS,
        grade,
        source: "App".to_owned(),
        pinned: name == "renewal_date",
    }
}

pub fn attributes() -> Vec<AttributeValue> {
    vec![
        attribute("plan", json!("Pro"), Type::Text, Grade::Secret, 4),
        attribute("seats", json!(20), Type::Number, Grade::Secret, 0),
        attribute("mrr", json!(12_493.5), Type::Number, Grade::Secret, 4),
        attribute("renewal_date", json!("2027-03-14"), Type::Date, Grade::Hand, 12),
        attribute("trial_ended_at", json!("2025-03-28T12:00:00.000Z"), Type::Datetime, Grade::Unsigned, 600),
        attribute("features", json!(["quotes", "scheduling", "timesheets"]), Type::List, Grade::Unsigned, 0),
        attribute("vat_registered", json!(true), Type::Boolean, Grade::Signed, 20),
        attribute(
            "website",
            json!("https://kestrel-electrical.example/a/path/that/goes/on/and/on?with=a&long=query"),
            Type::Text,
            Grade::Unsigned,
            20,
        ),
        attribute(
            "note_that_has_a_very_long_name_without_any_place_to_break_it_because_somebody_made_it_from_a_sentence",
            json!("x".repeat(900)),
            Type::Text,
            Grade::Import,
            78,
        ),
        attribute(
            "address",
            json!({"street": "12 Quay", "city": "Gdańsk", "nested": {"a": [1, 2, 3]}}),
            Type::Object,
            Grade::Rule,
            3,
        ),
        attribute("empty", json!(""), Type::Text, Grade::Unsigned, 3),
        attribute("arabic", json!(ARABIC), Type::Text, Grade::Unsigned, 3),
    ]
}

pub fn event(minutes: i64, kind: Kind, name: &str, properties: Value, person: usize) -> EventRow {
    let user = user(person);
    let at_ms = now() - minutes * MINUTE_MS;
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    EventRow {
        event_id: EventId::first_at(at_ms),
        name: if kind == Kind::Page { "page".to_owned() } else { name.to_owned() },
        kind,
        page_name: None,
        received_ms: at_ms,
        user_id: user.user_id.clone(),
        user_name: user.name.clone().or(user.email.clone()),
        user_uuid: Some(user.id),
        user_email: user.email,
        anonymous_id: Some("anon_c2d9e4".to_owned()),
        company_id: Some("org_1187".to_owned()),
        properties: object(properties),
        context: if kind == Kind::Page {
            object(
                json!({"page": {"url": format!("https://app.quayside.example{name}")}, "browser": "Firefox", "system": "macOS"}),
            )
        } else {
            Map::new()
        },
        source: "App".to_owned(),
        session_ms: None,
        acting_as: false,
        inactive: false,
    }
}

pub fn events() -> Vec<EventRow> {
    vec![
        event(4, Kind::Track, "Report exported", json!({"format": "pdf", "rows": 214, "a": 1, "b": 2}), 0),
        event(9, Kind::Page, "/reports/margin", json!({}), 0),
        event(13, Kind::Page, "/reports", json!({}), 0),
        event(18, Kind::Page, "/jobs/8841", json!({}), 0),
        event(21, Kind::Page, "/jobs", json!({}), 0),
        event(60, Kind::Track, "Quote sent", json!({"total": 1840}), 2),
        event(62, Kind::Track, "Quote sent", json!({"total": 12}), 2),
        event(
            400,
            Kind::Page,
            "/a/path/that/is/very/long/0123456789/0123456789/0123456789/0123456789/0123456789?with=a&query=too",
            json!({}),
            3,
        ),
        event(
            1_500,
            Kind::Track,
            "An event whose name goes on and on because somebody put a whole sentence into it, with commas",
            json!({}),
            5,
        ),
        event(9_000, Kind::Track, "Job scheduled", json!({}), 6),
        event(600_000, Kind::Page, "/", json!({}), 6),
    ]
}

#[derive(Clone, Copy)]
pub struct Deed {
    pub set: i64,
    pub minutes: i64,
    pub subject: &'static str,
    pub id: &'static str,
    pub company: Option<&'static str>,
}

pub fn change(deed: Deed, place: i64, field: &str, before: Value, after: Value) -> ChangeRow {
    let some = |value: Value| (!value.is_null()).then_some(value);
    ChangeRow {
        change: ChangeKey(deed.set),
        place,
        at_ms: now() - deed.minutes * MINUTE_MS,
        by_kind: if deed.set % 3 == 0 { "token" } else { "message" }.to_owned(),
        by_name: if deed.set % 3 == 0 { "billing" } else { "App" }.to_owned(),
        cause: "identify".to_owned(),
        undone_by: None,
        grade: if deed.set % 3 == 0 { Grade::Secret } else { Grade::Signed },
        about: match deed.subject {
            "user" => Subject::User(UserKey(1)),
            "company" => Subject::Company(CompanyKey(1)),
            "membership" => Subject::Membership(UserKey(1), CompanyKey(1)),
            "visitor" => Subject::Visitor(VisitorKey(1)),
            "source" => Subject::Source(SourceKey(1)),
            "attribute" => Subject::Attribute(DefinitionKey(1)),
            "segment" => Subject::Segment(SegmentKey(1)),
            _ => Subject::Workspace,
        },
        subject: deed.subject,
        is_there: true,
        subject_id: deed.id.to_owned(),
        subject_name: (deed.set == 8).then(|| "Priya Raman".to_owned()),
        attribute_of: None,
        company_id: deed.company.map(str::to_owned),
        company_name: deed.company.map(|_| "Kestrel Electrical".to_owned()),
        field: field.to_owned(),
        before: some(before),
        after: some(after),
    }
}

pub fn changes(subject: &'static str, id: &'static str) -> Vec<ChangeRow> {
    let deed = |set: i64, minutes: i64| Deed { set, minutes, subject, id, company: None };
    let member = |set: i64, minutes: i64, id: &'static str| Deed {
        set,
        minutes,
        subject: "membership",
        id,
        company: Some("org_1187"),
    };
    let joined = json!({"joined_at": "2026-11-24T08:14:00.000Z"});
    vec![
        change(deed(9, 280), 0, "seats", json!(15), json!(20)),
        change(member(8, 390, "u_33902"), 0, MEMBERSHIP, Value::Null, joined.clone()),
        change(member(8, 390, "u_33902"), 1, "role", Value::Null, json!("Member")),
        change(member(7, 1_900, "u_30418"), 0, "role", json!("Member"), json!("Admin")),
        change(deed(6, 5_800), 0, "plan", json!("Starter"), json!("Pro")),
        change(deed(6, 5_800), 1, "mrr", json!(75), json!(493)),
        change(deed(6, 5_800), 2, "features", json!(["quotes"]), json!(["quotes", "scheduling", "timesheets"])),
        change(
            member(5, 6_000, "owen@kestrel-electrical.example"),
            0,
            MEMBERSHIP,
            joined,
            json!({"joined_at": "2026-01-24T08:14:00.000Z", "left_at": "2026-11-20T11:00:00.000Z"}),
        ),
        change(deed(4, 100_000), 0, "phone", json!("+44 20 7946 0142"), Value::Null),
        change(deed(1, 700_000), 0, CREATED, Value::Null, json!(id)),
        change(deed(1, 700_000), 1, "name", Value::Null, json!("Kestrel Electrical")),
    ]
}

pub fn source(number: i64, id: &str, name: &str, kind: SourceKind) -> Source {
    Source {
        secrets: Vec::new(),
        key: SourceKey(number),
        source_id: id.to_owned(),
        name: name.to_owned(),
        kind,
        paused: number == 3,
        closed: false,
        signatures_required: number == 2,
        origins: if number == 2 { vec!["https://help.quayside.example".to_owned()] } else { vec![] },
        write_keys: if id == "api" {
            vec![]
        } else {
            vec![format!("wk_{number}f9c2ba4e88f827d6160455077ea2ac3"), "a1B2c3".to_owned()]
        },
        created_ms: now() - 400 * DAY_MS,
    }
}

pub fn sources() -> Vec<Source> {
    vec![
        source(1, "src_app", "App", SourceKind::Live),
        source(2, "src_help", "Help centre", SourceKind::Live),
        source(3, "src_test", "Test", SourceKind::Test),
        source(4, "api", "API", SourceKind::Live),
    ]
}

pub fn refusals() -> Vec<RefusalRow> {
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
            "The user id is \"{{ user.id }}\", which is a placeholder, not an id. Put the real id there, or leave it out when nobody is signed in.",
        ),
        row("type_mismatch", Some("company.seats"), 12_345, "ten", "seats is a number and \"ten\" is not one."),
        row("company_id_missing", None, 4, "", ""),
        row("type_mismatch", Some("employees"), 1, "about 40", "employees is a number and \"about 40\" is not one."),
        row("write_key_unknown", None, 7, "wk_old_key", "No source has this key."),
    ]
}

pub fn findings() -> Vec<FindingRow> {
    let row = |finding: Finding, user: Option<&str>, count: u64, example: &str| FindingRow {
        finding,
        source: "App".to_owned(),
        user: user.map(str::to_owned),
        count,
        since_ms: now() - 20 * DAY_MS,
        last_seen_ms: now() - 6 * MINUTE_MS,
        example: example.to_owned(),
    };
    let (shared, clock) = (Finding::IdSharedByMany, Finding::ClockWrong);
    vec![
        row(shared, Some("current-user"), 4_182, "current-user"),
        row(shared, PEOPLE[2].2, 20, PEOPLE[2].2.unwrap_or_default()),
        row(clock, None, 12_345, "2 h 0 min behind"),
        row(Finding::TemplateNotRendered, None, 3, "plan: {{ user.plan }}"),
        row(Finding::UserIdIsEmail, None, 218, "…@acme.example"),
        row(Finding::EventsWithoutCompany, None, 4, "Report exported"),
        row(Finding::OwnPeopleCounted, None, 7, "quayside.example"),
        row(Finding::PageWithoutHttps, None, 1, "old.quayside.example"),
        row(Finding::TestKeyOnLiveSite, None, 2, "app.quayside.example"),
        row(Finding::ProxyNotTrusted, None, 3, "10.0.0.9"),
        row(Finding::ProxySilent, None, 1, "127.0.0.1"),
        FindingRow { source: String::new(), ..row(Finding::UsersWithoutBrowser, None, 5, "40 of 1204") },
        row(Finding::OneAddressManyCompanies, None, 1, "acme, fjord, heron and others"),
    ]
}

pub fn note(number: i64, text: &str, days: i64) -> Note {
    Note {
        key: NoteKey(number),
        profile: Profile::User(UserKey(1)),
        author: if number % 2 == 0 { "jon@quayside.example" } else { "ines@quayside.example" }.to_owned(),
        text: text.to_owned(),
        next_date: (number != 3).then(|| ["2026-11-20", "2026-11-24", "2027-03-01"][number as usize % 3].to_owned()),
        made_ms: now() - days * DAY_MS,
        edited_ms: (number == 1).then(|| now() - HOUR_MS),
    }
}

/// Notes with a date: one that has passed, today's, one to come.
pub fn due() -> Vec<NoteFound> {
    let of = |(number, text): (i64, &str)| NoteFound {
        note: note(number, text, 9),
        id: format!("org_{number}"),
        name: (number != 4).then(|| "Harborline Freight International Holding & Co. of the North Sea".to_owned()),
    };
    [(0, "Called **Declan**: renewal talk, ask for the new seats"), (4, "Send the offer"), (5, "Anniversary")]
        .map(of)
        .into()
}

pub fn first_page() -> FirstPage {
    let campaign = json!({ "source": "news", "medium": "<b>nobody</b>" });
    FirstPage {
        at_ms: now() - 700 * DAY_MS,
        page: Some(format!("https://quayside.example/{}", "pricing/".repeat(30))),
        referrer: Some("android-app://com.example".to_owned()),
        campaign: campaign.as_object().cloned().unwrap_or_default(),
    }
}

pub fn notes() -> (Vec<Note>, bool) {
    let texts = [
        "# Renewal\n\nTalked to **Marta**:\n\n- wants the yearly plan\n- [offer](https://quayside.example/offers/7)\n\n> not before March",
        "<b>nobody</b> & <img src=x> [x](javascript:alert(1)) stays text",
        LONG,
        ARABIC,
    ];
    ((1..).zip(texts).map(|(number, text)| note(number, text, number * 3)).collect(), true)
}

pub fn done_setting() -> Option<Done> {
    let deed = Deed { set: 4, minutes: 0, subject: "workspace", id: "", company: None };
    let rows = vec![change(deed, 0, "domain_rule", json!("suggest"), json!("off"))];
    Some(Done { asked: Asked::Change(ChangeKey(4)), total: 1, changes: rows })
}

pub fn done() -> Option<Done> {
    let mut rows = changes("user", "u_30418");
    rows.truncate(3);
    let first = rows.first()?.change;
    rows.retain(|row| row.change == first);
    Some(Done { asked: Asked::Change(first), total: rows.len() as u64, changes: rows })
}

/// The fields of a list, with attributes of all types.
pub fn fields(listed: crate::domain::filter::Listed) -> crate::domain::filter::Fields {
    use crate::domain::attributes::{Owner, Type};
    let defined = [
        (Owner::User, "plan", Type::Text),
        (Owner::User, "visits", Type::Number),
        (Owner::User, "paying", Type::Boolean),
        (Owner::User, "born", Type::Date),
        (Owner::User, "renewed_at", Type::Datetime),
        (Owner::User, "langs", Type::List),
        (Owner::User, "raw", Type::Object),
        (Owner::User, "an_attribute_whose_name_is_as_long_as_somebody_once_thought_it_should_be", Type::Text),
        (Owner::Company, "mrr", Type::Number),
        (Owner::Membership, "seat", Type::Number),
    ];
    crate::domain::filter::Fields::new(listed, defined)
}
