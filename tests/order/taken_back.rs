//! An import of events is taken back: whatever was there before, all is as if it had never been, wherever the server was
//! killed in between, and the same file can come again.

use std::path::Path;

use proptest::prelude::*;
use rollcall::actions::import::{self, file, file::Incoming, package};
use rollcall::domain::ids::{AnonymousId, CompanyId, ImportKey, UserId};
use rollcall::domain::import::Said;
use rollcall::domain::message::{CompanyContext, Delivery, Kind, Message};
use rollcall::domain::table;
use rollcall::domain::time::rfc3339;
use rollcall::store::imports::{self, State};
use rollcall::store::recount;

use super::history::{self, NAMED, NOW_MS, Step, any_history};
use super::{Store, deliver, fresh, open, told};

/// A row: who, on which browser, what, when, in which company.
type Row = (Option<u8>, Option<(u8, u8)>, u8, i64, Option<u8>);

/// Some rows are of people, browsers and companies of the history, others of new ones; some are older than all of it.
fn any_row() -> impl Strategy<Value = Row> {
    let browser = prop::option::of((0_u8..5, 0_u8..2));
    (prop::option::of(0_u8..6), browser, 0_u8..4, -20_000_i64..9_999, prop::option::of(0_u8..5))
}

const HEADINGS: &str = "user_id,anonymous_id,type,event,time,company_id,url";

fn line(number: usize, (person, browser, what, minute, company): Row) -> String {
    let user = person.map(history::user_id).unwrap_or_default();
    let browser = match (browser, person) {
        (Some((of, which)), _) => format!("browser-{of}-{which}"),
        (None, None) => "browser-of-nobody".to_owned(),
        (None, Some(_)) => String::new(),
    };
    let (kind, event) = [("page", ""), ("track", "Opened"), ("track", "Saved"), ("track", "Left")][usize::from(what)];
    let time = rfc3339(NOW_MS + (minute - 10_000) * 60_000 + number as i64);
    let company = company.map(history::company_id).unwrap_or_default();
    format!("{user},{browser},{kind},{event},{time},{company},https://app.test/{number}")
}

/// The file; some of its lines come twice.
fn csv(rows: &[Row], twice: &[prop::sample::Index]) -> String {
    let mut lines: Vec<String> = rows.iter().enumerate().map(|(number, row)| line(number, *row)).collect();
    lines.extend(twice.iter().map(|place| place.get(&lines).clone()).collect::<Vec<_>>());
    format!("{HEADINGS}\n{}\n", lines.join("\n"))
}

fn keep(store: &Store, text: &str) -> ImportKey {
    let mut incoming = Incoming::new(store).unwrap();
    incoming.write(text.as_bytes()).unwrap();
    let by = ("shell".to_owned(), String::new());
    package::keep(store, incoming, table::Kind::Events, Said::default(), "events.csv", by).unwrap()[0]
}

fn run(store: &Store, text: &str) -> u64 {
    let key = keep(store, text);
    store.write_now(move |tx| import::run(tx, key)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(rollcall::jobs::imports::work(store)).unwrap();
    let done = store.read_now(move |db| imports::find(db, key)).unwrap().unwrap();
    assert_eq!((done.state, done.problem, done.report.refused_rows), (State::Done, None, 0));
    assert!(!file::path(store, key).exists());
    done.report.events.created
}

/// Somebody does something while the import is taken back.
fn live(store: &Store, source: rollcall::domain::ids::SourceKey, number: usize) {
    let mut message = Message::new(Kind::Track);
    message.message_id = Some(format!("live-{number}"));
    message.user_id = UserId::parse(&history::user_id(number as u8 % 3)).unwrap();
    message.anonymous_id = AnonymousId::parse(&format!("live-{}", number % 3)).unwrap();
    message.timestamp_ms = Some(NOW_MS - 7_000 * 60_000 + number as i64);
    message.name = "Opened".to_owned();
    message.company_context = CompanyContext::In(CompanyId::parse("company-live").unwrap().unwrap());
    let grade = rollcall::domain::access::Grade::Secret;
    let delivery = Delivery { source, grade, sent_at_ms: None, received_ms: NOW_MS };
    store.write_now(move |tx| rollcall::actions::receive::receive(tx, &delivery, &mut message).map(drop)).unwrap();
}

/// All of it, by the site's own ids, with what an import of events moves: when each was first and last seen, first
/// pages, links, sessions.
fn whole(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut lines = told(path);
    for sql in [
        "SELECT 'first page', user_id, first_message_ms, coalesce(first_page_ms, ''), coalesce(first_page, '') FROM users",
        "SELECT 'browser', v.anonymous_id, coalesce(u.user_id, ''), coalesce(linked_from_ms, ''), v.first_seen_ms,
           v.last_seen_hour, coalesce(v.first_page_ms, ''), coalesce(v.first_page, '')
         FROM visitors v LEFT JOIN users u USING (user_key)",
        "SELECT 'seen', company_id, first_message_ms, first_seen_ms, last_seen_hour, active_members FROM companies",
        "SELECT 'event', event_id >> 22, kind, n.name FROM events JOIN event_names n USING (name_key)",
        "SELECT 'name of day', d.day, c.company_id, n.name, d.events
         FROM company_names_by_day d JOIN companies c USING (company_key) JOIN event_names n USING (name_key)",
        "SELECT 'session', s.day, c.company_id, s.began_ms, v.anonymous_id, s.events
         FROM company_sessions s JOIN companies c USING (company_key) JOIN visitors v USING (visitor_key)",
        "SELECT 'day', day, people, events FROM days",
        "SELECT 'company day', d.day, c.company_id, d.people, d.events, d.sessions
         FROM company_days d JOIN companies c USING (company_key)",
        "SELECT 'import left', (SELECT count(*) FROM import_events), (SELECT count(*) FROM import_firsts)",
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let parts = (0..columns).map(|column| match row.get::<_, rusqlite::types::Value>(column).unwrap() {
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Integer(number) => number.to_string(),
                other => format!("{other:?}"),
            });
            lines.push(parts.collect::<Vec<_>>().join(" "));
        }
    }
    lines.sort();
    lines
}

fn cases() -> u32 {
    if std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty()) { 200 } else { 6 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn an_import_of_events_that_is_taken_back_has_never_been(
        steps in any_history(),
        rows in prop::collection::vec(any_row(), 1..110),
        twice in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        killed in prop::collection::vec(any::<bool>(), 12),
    ) {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let paths = [0, 1].map(|side: usize| folders[side].path().join("rollcall.db"));
        let sides = [0, 1].map(|side: usize| {
            let (store, sources) = fresh(&paths[side]);
            let all: Vec<(usize, &Step)> = steps.iter().enumerate().collect();
            deliver(&store, &sources, &all[..NAMED], &[1]);
            deliver(&store, &sources, &all[NAMED..], &[2]);
            store.read_settled(recount::differences).unwrap();
            (store, sources)
        });
        let [(with, sources), (without, _)] = sides;
        let text = csv(&rows, &twice);
        let created = run(&with, &text);
        prop_assert_eq!(with.read_settled(recount::differences).unwrap(), Vec::<String>::new());
        let imported = with.read_now(|db| imports::list(db, None, 9)).unwrap().rows[0].key;
        prop_assert_eq!(run(&with, &text), 0, "the same file twice changes nothing");

        with.write_now(move |tx| import::undo(tx, imported)).unwrap();
        let (mut with, mut killed) = (with, killed.into_iter().cycle());
        let mut number = 0;
        while with.write_now(move |tx| import::undo_step(tx, imported)).unwrap() {
            for store in [&with, &without] {
                live(store, sources[0], number);
            }
            number += 1;
            if killed.next() == Some(true) {
                with.close();
                with = open(&paths[0]);
            }
        }
        let back = with.read_now(move |db| imports::find(db, imported)).unwrap().unwrap();
        prop_assert_eq!((back.state, back.taken_back.events), (State::Undone, created));
        for store in [&with, &without] {
            prop_assert_eq!(store.read_settled(recount::differences).unwrap(), Vec::<String>::new());
        }
        let (left, never) = (whole(&paths[0]), whole(&paths[1]));
        prop_assert_eq!(left, never);

        prop_assert_eq!(run(&with, &text), created, "what was taken back can come again");
        prop_assert_eq!(with.read_settled(recount::differences).unwrap(), Vec::<String>::new());
        with.close();
        without.close();
    }
}
