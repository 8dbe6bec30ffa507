use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::actions::import::file::Incoming;
use crate::domain::import::Said;
use crate::domain::table::Kind;
use crate::store::{Ambient, recount, sample};

/// Cells as files have them: known, new and wrong ones, of both users with one e-mail address, of unknown
/// companies, with quotes, newlines, dates that are none, formulas.
const CELLS: [&str; 24] = [
    "",
    "ann",
    "bob",
    "eve",
    "u1",
    "null",
    "ann@x.test",
    "both@x.test",
    "a@b",
    "not an address",
    "acme",
    "globex",
    "acme|globex",
    "Acme Inc",
    "12",
    "-1,5",
    "31/02/2026",
    "2026-02-28",
    "yes",
    "=1+1",
    "'",
    "say \"hi\"\nand, more",
    "{{id}}",
    "\u{0}é\u{202e}",
];
const HEADINGS: [&str; 10] =
    ["user_id", "email", "company", "company_id", "role", "seats", "joined_at", "left_at", "current", "plan (list)"];

fn cases() -> u32 {
    if std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty()) { 2_000 } else { 12 }
}

/// A store in which some are known, two of them by one e-mail address.
fn workspace(folder: &Path) -> Store {
    let store = Store::open(&folder.join("rollcall.db"), Ambient::default()).unwrap();
    let text =
        "user_id,email,company_id,seats (number)\nann,ann@x.test,acme,3\nbob,both@x.test,,\neve,both@x.test,globex,\n";
    let key = keep(&store, text.as_bytes(), Kind::Users).unwrap();
    store.write_now(move |tx| import::run(tx, key)).unwrap();
    done(&store);
    store
}

fn done(store: &Store) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(work(store)).unwrap();
}

fn keep(store: &Store, bytes: &[u8], kind: Kind) -> Result<ImportKey, import::ImportError> {
    let mut incoming = Incoming::new(store)?;
    incoming.write(bytes)?;
    file::keep(store, incoming, kind, Said::default(), "generated.csv", ("shell".to_owned(), String::new()))
}

/// What came of a file, and each row that was not taken.
type Told = (Report, Vec<Refusal>);

/// Checks and runs a file, where it can be; what was said and what was done.
fn both(store: &Store, bytes: &[u8], kind: Kind) -> Option<[Told; 2]> {
    let key = keep(store, bytes, kind).ok()?;
    if store.write_now(move |tx| import::check(tx, key)).is_err() {
        store.write_now(move |tx| import::discard(tx, key)).unwrap();
        file::remove(store, key);
        return None;
    }
    let step = || {
        done(store);
        store.read_now(|db| imports::find(db, key)).unwrap().unwrap()
    };
    let refused = || store.read_now(|db| imports::refusals(db, key, None, 1_000)).unwrap().rows;
    let checked = step();
    let said = refused();
    assert_eq!(checked.state, State::Draft);
    // A file that was cut within quotes goes on until its end: the check says so, and nothing is taken.
    if let Some(problem) = &checked.problem {
        assert!(problem.contains("a quote that is never closed"), "{problem}");
        store.write_now(move |tx| import::discard(tx, key)).unwrap();
        file::remove(store, key);
        return None;
    }
    store.write_now(move |tx| import::run(tx, key)).unwrap();
    let done = step();
    assert_eq!((done.state, &done.problem), (State::Done, &None));
    let report = Report { examples: Vec::new(), ..checked.checked.unwrap() };
    Some([(report, said), (done.report, refused())])
}

fn is_whole(store: &Store) {
    let findings = store.read_settled(recount::differences).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
}

/// A workbook of the same rows, with numbers and days as what they are.
fn workbook(rows: &[Vec<&str>]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let (sheet, day) = (book.add_worksheet(), rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd"));
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            match (cell.parse::<f64>(), rust_xlsxwriter::ExcelDateTime::parse_from_str(cell)) {
                (Ok(number), _) => sheet.write(row, column, number).unwrap(),
                (_, Ok(date)) if cell.len() == 10 => sheet.write_with_format(row, column, &date, &day).unwrap(),
                _ => sheet.write(row, column, *cell).unwrap(),
            };
        }
    }
    book.save_to_buffer().unwrap()
}

fn delimited(rows: &[Vec<&str>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn a_check_says_what_the_run_does_whatever_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = workspace(folder.path());
    let columns = HEADINGS.len() - 3;
    let row = proptest::collection::vec(proptest::sample::select(CELLS.to_vec()), columns);
    let rows = proptest::collection::vec(row, 1..30);
    let repeated = proptest::collection::vec(any::<prop::sample::Index>(), 0..4);
    let headings = Just(HEADINGS.to_vec()).prop_shuffle();
    let kinds = proptest::sample::select(Kind::ALL.to_vec());
    let ways = (kinds, any::<bool>(), 0..4_usize, any::<prop::sample::Index>());
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&(headings, rows, repeated, ways), |(headings, mut rows, repeated, (kind, is_workbook, part, cut))| {
            rows.extend(repeated.iter().map(|place| place.get(&rows).clone()).collect::<Vec<_>>());
            rows.insert(0, headings[..columns].to_vec());
            let mut bytes = if is_workbook { workbook(&rows) } else { delimited(&rows) };
            if part == 0 {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Some([checked, done]) = both(&store, &bytes, kind) {
                assert_eq!(checked, done);
                let again = || {
                    let [_, (again, _)] = both(&store, &bytes, kind).expect("it was read before");
                    [again.users, again.companies, again.memberships, again.events].map(|of| of.created)
                };
                // The same once more finds nothing to do. Where a row gave somebody another e-mail address, a row
                // before it that names the old one means somebody else the second time, and then the same again.
                let moves = ["user_id", "email"].iter().all(|heading| headings[..columns].contains(heading));
                let made = again();
                let made = if moves && made != [0; 4] { again() } else { made };
                assert_eq!(made, [0; 4]);
            }
            Ok(())
        })
        .unwrap();
    is_whole(&store);
    assert!(!folder.path().join("rollcall.db.imports").exists(), "nothing is left of files that were refused");
    store.close();
}

#[test]
fn bytes_of_any_kind_are_read_or_refused_and_break_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = workspace(folder.path());
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    let bytes = proptest::collection::vec(any::<u8>(), 0..600);
    let headed = (any::<bool>(), bytes);
    TestRunner::new(config)
        .run(&headed, |(headed, bytes)| {
            let mut file = if headed { b"user_id,email,company\n".to_vec() } else { Vec::new() };
            file.extend(bytes);
            if let Some([checked, done]) = both(&store, &file, Kind::Users) {
                assert_eq!(checked, done);
            }
            Ok(())
        })
        .unwrap();
    is_whole(&store);
    store.close();
}

#[test]
fn what_can_not_be_stored_is_tried_again_and_then_the_import_has_failed_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
    let rows: String = (0..250).map(|row| format!("u{row},acme\n")).collect();
    let file = format!("user_id,company_id\n{rows}");
    let begin = || {
        let key = keep(&store, file.as_bytes(), Kind::Users).unwrap();
        store.write_now(move |tx| import::run(tx, key)).unwrap();
        key
    };
    let try_again_after = |waits: &[u64]| {
        let waits: Vec<Duration> = waits.iter().copied().map(Duration::from_millis).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(work_patiently(&store, &waits)).unwrap();
    };
    let find = |key| store.read_now(move |db| imports::find(db, key)).unwrap().unwrap();

    // Room is made in time: nobody notices.
    store.write_now(|tx| sample::fill_up(tx)).unwrap();
    let (first, mends) = (begin(), store.clone());
    let mending = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        mends.write_now(|tx| sample::make_room(tx)).unwrap();
    });
    try_again_after(&[10, 2_000]);
    mending.join().unwrap();
    let import = find(first);
    assert_eq!((import.state, import.report.users.created, import.problem), (State::Done, 250, None));

    // It is not: the import has failed, and the next file has its turn all the same.
    store.write_now(move |tx| import::undo(tx, first)).unwrap();
    try_again_after(&[]);
    store.write_now(|tx| sample::fill_up(tx)).unwrap();
    let (failed, behind) = (begin(), keep(&store, b"company_id,name\nacme,Acme\n", Kind::Companies).unwrap());
    store.write_now(move |tx| import::run(tx, behind)).unwrap();
    try_again_after(&[1, 1]);
    let import = find(failed);
    assert_eq!((import.state, import.rows_done), (State::Failed, 0));
    let problem = import.problem.unwrap();
    for said in ["3 times in a row", "disk is full", "start again with the same file"] {
        assert!(problem.contains(said), "{problem}");
    }
    assert_eq!(find(behind).state, State::Done);
    assert!(!file::path(&store, failed).exists());

    store.write_now(|tx| sample::make_room(tx)).unwrap();
    let again = begin();
    try_again_after(&[]);
    assert_eq!(find(again).report.users.created, 250);
    is_whole(&store);
    store.close();
}
