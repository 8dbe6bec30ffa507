//! Imports: none, many in every state, a draft, its check, progress, reports.

use maud::Markup;
use serde_json::json;

use super::lists::page_of;
use super::samples::{LONG, frame, now};
use crate::dashboard::imports::{list, new, one};
use crate::dashboard::parts::frame::Place;
use crate::domain::attributes::{Owner, Type};
use crate::domain::ids::ImportKey;
use crate::domain::import::{
    Column, Counts, Example, Mapping, Policy, Reading, Report, Sniffed, TakenBack, Target, WithoutId,
};
use crate::domain::table::Kind;
use crate::domain::time::MINUTE_MS;
use crate::store::imports::{Import, Refusal, State};

fn report() -> Report {
    let counts =
        |created, updated, unchanged, skipped, refused| Counts { created, updated, unchanged, skipped, refused };
    let example = |kind: &str, id: &str, field: &str, before, after| Example {
        kind: kind.to_owned(),
        id: id.to_owned(),
        field: field.to_owned(),
        before,
        after,
    };
    Report {
        rows: 2_418,
        users: counts(412, 1_688, 306, 0, 12),
        companies: counts(9, 204, 2_193, 0, 0),
        memberships: counts(430, 21, 1_955, 0, 0),
        refused_rows: 12,
        refused_values: 31,
        memberships_ended: 7,
        companies_without_id: WithoutId {
            created: 9,
            joined_rows: 2,
            joined: vec!["Acme Ltd".to_owned(), LONG.to_owned()],
        },
        new_attributes: vec!["user.NPS".to_owned(), format!("user.{LONG}")],
        examples: vec![
            example("user", "u_30418", "title", json!("Dispatcher"), json!("Head of dispatch")),
            example("company", "org_1187", "seats", json!(20), json!(25)),
            example("user", LONG, "note", json!("<b>nobody</b>"), json!(LONG)),
        ],
        ..Report::default()
    }
}

fn import(number: i64, state: State) -> Import {
    let column = |heading: &str, target: &str| Column {
        heading: heading.to_owned(),
        target: Target::parse(target).expect("a target"),
    };
    let has_begun = !matches!(state, State::Draft | State::Checking | State::Queued);
    Import {
        key: ImportKey(number),
        kind: Kind::Users,
        file_name: if number == 3 { format!("{LONG}.csv") } else { "customers-2026-11.csv".to_owned() },
        file_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        bytes: 301_400,
        package: None,
        by_kind: if number == 2 { "shell" } else { "operator" }.to_owned(),
        by_name: "ines@quayside.example".to_owned(),
        state,
        headings: String::new(),
        reading: Reading {
            delimiter: ';',
            encoding: "windows-1250".to_owned(),
            decimal_comma: true,
            dates_assumed: true,
            ..Reading::default()
        },
        mapping: Mapping(vec![
            column("E-mail", "user.email"),
            column("Customer no", "user_id"),
            column("Organisation", "company"),
            column("Role", "membership.role"),
            column("NPS", "user.NPS:number"),
            column("Internal note <b>nobody</b>", "ignore"),
        ]),
        policy: Policy::default(),
        source: None,
        rows_done: if has_begun { 2_418 } else { 0 },
        report: if has_begun { report() } else { Report::default() },
        checked: None,
        problem: (state == State::Failed).then(|| "The file can't be read: the disk does not answer.".to_owned()),
        undo_stage: 0,
        undo_before: None,
        taken_back: if state == State::Undone {
            TakenBack { events: 12_480, gone: 421, fields: 1_913, kept: 4 }
        } else {
            TakenBack::default()
        },
        created_ms: now() - number * 900 * MINUTE_MS,
        started_ms: has_begun.then(|| now() - number * 900 * MINUTE_MS),
        ended_ms: state.has_run().then(|| now() - number * 899 * MINUTE_MS),
    }
}

fn draft(mistake: Option<&str>, checked: bool) -> one::View {
    let row = |cells: [&str; 6]| cells.map(|cell| json!(cell)).to_vec();
    let sniffed = Sniffed {
        reading: Reading::default(),
        sheets: Vec::new(),
        headings: ["E-mail", "Customer no", "Organisation", "Role", "NPS", "Internal note"].map(str::to_owned).to_vec(),
        rows: vec![
            row(["marta@kestrel-electrical.example", "u_30418", "Kestrel Electrical", "Admin", "9", "<img src=x>"]),
            row(["tomasz@redwing.example", "u_28807", "Redwing Couriers", "", "7", LONG]),
            row(["aiko@alderfinch.example", "u_27115", "Alder & Finch", "Owner", "", ""]),
        ],
    };
    one::View {
        import: Import { checked: checked.then(report), ..import(13, State::Draft) },
        sniffed: Some(sniffed),
        known: vec![
            (Owner::User, "two_factor".to_owned(), Type::Boolean),
            (Owner::Company, "mrr".to_owned(), Type::Number),
        ],
        package: Vec::new(),
        refusals: if checked { refusals() } else { Vec::new() },
        asks_back: false,
        mistake: mistake.map(str::to_owned),
    }
}

fn workbook() -> one::View {
    let mut view = draft(None, false);
    view.import.file_name = "customers-2026-11.xlsx".to_owned();
    view.import.reading = Reading { sheet: Some("Customers".to_owned()), ..Reading::default() };
    view.sniffed.as_mut().expect("a file that was looked at").sheets =
        ["Customers", "Prospects", LONG].map(str::to_owned).to_vec();
    view
}

fn at(state: State) -> one::View {
    let refusals = if state.has_run() { refusals() } else { Vec::new() };
    let (import, known, package) = (import(12, state), Vec::new(), Vec::new());
    one::View { import, sniffed: None, known, package, refusals, asks_back: false, mistake: None }
}

fn refusals() -> Vec<Refusal> {
    let cells = |nps: &str| ["marta@", "u_30418", "Kestrel", "Admin", nps, LONG].map(|cell| json!(cell)).to_vec();
    let refusal = |row: u64, place: u64, field: &str, detail: &str| Refusal {
        row,
        place,
        taken: place > 0,
        code: "type_mismatch".to_owned(),
        field: field.to_owned(),
        detail: detail.to_owned(),
        cells: cells("<b>ten</b>"),
    };
    vec![
        refusal(3, 1, "NPS", "<b>ten</b> is not a number. Write 1234,5."),
        refusal(17, 0, "", "The row says neither user_id nor e-mail. Fill one of them in."),
        refusal(2_417, 1, LONG, "An e-mail address such as ann@example.com is expected."),
    ]
}

/// A file of a zip, beside the others.
fn of_zip() -> one::View {
    let (first, states) = (ImportKey(21), [State::Done, State::Running, State::Draft, State::Draft, State::Queued]);
    let of = |(number, (kind, state)): (i64, (Kind, State))| Import {
        kind,
        file_name: format!("{}.csv", kind.as_str()),
        package: Some(first),
        ..import(number, state)
    };
    let all: Vec<Import> = (21..).zip(Kind::ALL.into_iter().zip(states)).map(of).collect();
    one::View { import: all[1].clone(), package: all, ..at(State::Running) }
}

/// All of them.
pub fn imports() -> Vec<(&'static str, Markup)> {
    let frame = frame(Place::Imports, "/imports");
    let states = [
        State::Running,
        State::Queued,
        State::Draft,
        State::Checking,
        State::Done,
        State::Cancelled,
        State::Failed,
        State::Undoing,
        State::Undone,
    ];
    let all: Vec<Import> = (1..).zip(states).map(|(number, state)| import(number, state)).collect();
    vec![
        ("imports-none", list::page(&frame, &page_of(Vec::new(), false))),
        ("imports", list::page(&frame, &page_of(all, true))),
        ("imports-new", new::page(&frame, Kind::Users, None)),
        ("imports-new-refused", new::page(&frame, Kind::Companies, Some("The file is empty. Choose one with rows."))),
        ("import-draft", one::page(&frame, &draft(None, false))),
        (
            "import-draft-refused",
            one::page(&frame, &draft(Some("Two columns are user_id. Ignore one of them."), false)),
        ),
        ("import-draft-workbook", one::page(&frame, &workbook())),
        ("import-checked", one::page(&frame, &draft(None, true))),
        ("import-checking", one::page(&frame, &at(State::Checking))),
        ("import-running", one::page(&frame, &at(State::Running))),
        ("import-done", one::page(&frame, &at(State::Done))),
        ("import-of-zip", one::page(&frame, &of_zip())),
        ("import-failed", one::page(&frame, &at(State::Failed))),
        ("import-take-back", one::page(&frame, &one::View { asks_back: true, ..at(State::Done) })),
        ("import-undone", one::page(&frame, &at(State::Undone))),
    ]
}
