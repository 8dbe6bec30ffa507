//! Imports: what file it is, how it is read, how far it is, what came of it.

pub mod replaces;
pub mod said;
pub mod traces;

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::list::{COUNTED_MAX, Count, Cursor, Page};
use super::{Catalog, Reader, Source, SourceKind, StoreError, Tx, changes};
use crate::domain::ids::{ChangeKey, CompanyKey, ImportKey, SourceKey};
use crate::domain::import::{Mapping, Policy, Reading, Report, TakenBack};
use crate::domain::table::Kind;

/// Within it the ids of imported events count once, whatever the import: a file that comes again holds the same ones.
const EVENTS_SOURCE: &str = "imported-events";

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits for a person's word.
    Draft,
    /// It is being checked, and changes nothing.
    Checking,
    /// It waits for its turn.
    Queued,
    /// Rows are being imported.
    Running,
    /// All rows were.
    Done,
    /// A person stopped it.
    Cancelled,
    /// It can't go on; `problem` says why.
    Failed,
    /// It is being taken back.
    Undoing,
    /// It was taken back.
    Undone,
}

/// Each state and its word.
const STATES: [(State, &str); 9] = [
    (State::Draft, "draft"),
    (State::Checking, "checking"),
    (State::Queued, "queued"),
    (State::Running, "running"),
    (State::Done, "done"),
    (State::Cancelled, "cancelled"),
    (State::Failed, "failed"),
    (State::Undoing, "undoing"),
    (State::Undone, "undone"),
];

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        STATES.iter().find(|(known, _)| *known == self).map_or("draft", |(_, word)| word)
    }

    /// Whether there is something to do by itself.
    pub fn is_under_way(self) -> bool {
        matches!(self, State::Checking | State::Queued | State::Running | State::Undoing)
    }

    /// Whether it can be taken back.
    pub fn has_run(self) -> bool {
        matches!(self, State::Done | State::Cancelled | State::Failed)
    }

    fn of(word: &str) -> State {
        STATES.iter().find(|(_, known)| *known == word).map_or(State::Failed, |(state, _)| *state)
    }
}

/// An import.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Its number.
    pub key: ImportKey,
    /// What its rows are.
    pub kind: Kind,
    /// The name of the file.
    pub file_name: String,
    /// Its SHA-256 in hex.
    pub file_hash: String,
    /// Its size.
    pub bytes: u64,
    /// `operator`, `token` or `shell`.
    pub by_kind: String,
    /// The operator's e-mail address, the token's name.
    pub by_name: String,
    /// Where it stands.
    pub state: State,
    /// The first of the files that came in the same zip, itself perhaps.
    pub package: Option<ImportKey>,
    /// The hash of its headings.
    pub headings: String,
    /// How the file is read.
    pub reading: Reading,
    /// What its columns are.
    pub mapping: Mapping,
    /// How rows match existing records.
    pub policy: Policy,
    /// The source of what it said, once it began.
    pub source: Option<SourceKey>,
    /// Rows done.
    pub rows_done: u64,
    /// What came of them.
    pub report: Report,
    /// What the check said would come of all.
    pub checked: Option<Report>,
    /// Why it failed.
    pub problem: Option<String>,
    /// How far its taking back is.
    pub undo_stage: i64,
    /// Change sets from this one on are taken back.
    pub undo_before: Option<i64>,
    /// What came of taking it back.
    pub taken_back: TakenBack,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub started_ms: Option<i64>,
    /// Unix milliseconds.
    pub ended_ms: Option<i64>,
}

const COLUMNS: &str = "import_key, kind, file_name, file_hash, bytes, by_kind, by_name, state, headings, reading, mapping, \
                       policy, source_key, rows_done, report, checked, problem, undo_stage, undo_before, taken_back, \
                       created_ms, started_ms, ended_ms, package";

fn json<T: DeserializeOwned + Default>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    Ok(serde_json::from_str(row.get_ref(column)?.as_str_or_null()?.unwrap_or_default()).unwrap_or_default())
}

fn import(row: &Row<'_>) -> rusqlite::Result<Import> {
    let checked: Option<String> = row.get(15)?;
    Ok(Import {
        key: ImportKey(row.get(0)?),
        kind: Kind::parse(row.get_ref(1)?.as_str()?).unwrap_or(Kind::Users),
        file_name: row.get(2)?,
        file_hash: row.get(3)?,
        bytes: row.get::<_, i64>(4)?.unsigned_abs(),
        by_kind: row.get(5)?,
        by_name: row.get(6)?,
        state: State::of(row.get_ref(7)?.as_str()?),
        headings: row.get(8)?,
        reading: json(row, 9)?,
        mapping: json(row, 10)?,
        policy: json(row, 11)?,
        source: row.get::<_, Option<i64>>(12)?.map(SourceKey),
        rows_done: row.get::<_, i64>(13)?.unsigned_abs(),
        report: json(row, 14)?,
        checked: checked.and_then(|text| serde_json::from_str(&text).ok()),
        problem: row.get(16)?,
        undo_stage: row.get(17)?,
        undo_before: row.get(18)?,
        taken_back: json(row, 19)?,
        created_ms: row.get(20)?,
        started_ms: row.get(21)?,
        ended_ms: row.get(22)?,
        package: row.get::<_, Option<i64>>(23)?.map(ImportKey),
    })
}

/// An import.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, key: ImportKey) -> Result<Option<Import>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!("SELECT {COLUMNS} FROM imports WHERE import_key = :import"))?;
    Ok(statement.query_row(named_params! { ":import": key.0 }, import).optional()?)
}

/// A page of imports, the newest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, after: Option<&Cursor>, size: usize) -> Result<Page<Import>, StoreError> {
    let before = after.map_or(i64::MAX, |cursor| cursor.key);
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM imports WHERE import_key < :before ORDER BY import_key DESC LIMIT :limit"
    ))?;
    let rows = statement.query_map(named_params! { ":before": before, ":limit": size as i64 + 1 }, |row| {
        let import = import(row)?;
        Ok((Cursor { value: Value::Null, key: import.key.0 }, import))
    })?;
    Ok(Page::cut(rows.collect::<Result<_, _>>()?, size))
}

/// How many imports there are.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>) -> Result<Count, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT count(*) FROM (SELECT 1 FROM imports LIMIT :limit)")?;
    Ok(Count::of(statement.query_row(named_params! { ":limit": COUNTED_MAX }, |row| row.get(0))?))
}

/// The imports that came in one zip, the first of which is named, in their order.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_package(db: &Reader<'_>, package: ImportKey) -> Result<Vec<Import>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM imports INDEXED BY imports_package WHERE package = :package ORDER BY import_key"
    ))?;
    let rows = statement.query_map(named_params! { ":package": package.0 }, import)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The imports whose files wait for a person.
///
/// # Errors
/// [`StoreError`] only.
pub fn waiting(db: &Reader<'_>) -> Result<Vec<Import>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM imports INDEXED BY imports_waiting WHERE state IN ('draft', 'checking') ORDER BY import_key"
    ))?;
    Ok(statement.query_map([], import)?.collect::<Result<_, _>>()?)
}

/// The oldest import that has something to do.
///
/// # Errors
/// [`StoreError`] only.
pub fn next(db: &Reader<'_>) -> Result<Option<Import>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM imports INDEXED BY imports_work
         WHERE state IN ('checking', 'queued', 'running', 'undoing') ORDER BY import_key LIMIT 1"
    ))?;
    Ok(statement.query_row([], import).optional()?)
}

/// How the last file of the same kind with the same headings was mapped.
///
/// # Errors
/// [`StoreError`] only.
pub fn remembered(db: &Reader<'_>, kind: Kind, headings: &str) -> Result<Option<Mapping>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT mapping FROM imports INDEXED BY imports_headings
         WHERE kind = :kind AND headings = :headings AND started_ms IS NOT NULL ORDER BY import_key DESC LIMIT 1",
    )?;
    let parameters = named_params! { ":kind": kind.as_str(), ":headings": headings };
    Ok(statement.query_row(parameters, |row| json(row, 0)).optional()?)
}

/// A row that was not taken, or not all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The row, from 1.
    pub row: u64,
    /// Which one of the row; 0 is the whole of it.
    pub place: u64,
    /// The rest of it was taken.
    pub taken: bool,
    /// A stable word.
    pub code: String,
    /// The column or attribute; empty where it is the whole row.
    pub field: String,
    /// The sentence for the person who can put it right.
    pub detail: String,
    /// Its cells.
    pub cells: Vec<Value>,
}

/// A page of an import's refusals in the order of its rows.
///
/// # Errors
/// [`StoreError`] only.
pub fn refusals(
    db: &Reader<'_>,
    key: ImportKey,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Refusal>, StoreError> {
    let (row, place) = after.map_or((0, i64::MAX), |cursor| (cursor.key, cursor.value.as_i64().unwrap_or(i64::MAX)));
    let mut statement = db.0.prepare_cached(
        "SELECT row, place, taken, code, field, detail, cells FROM import_refusals
         WHERE import_key = :import AND (row, place) > (:row, :place) ORDER BY row, place LIMIT :limit",
    )?;
    let parameters = named_params! { ":import": key.0, ":row": row, ":place": place, ":limit": size as i64 + 1 };
    let rows = statement.query_map(parameters, |row| {
        let cursor = Cursor { value: row.get::<_, i64>(1)?.into(), key: row.get(0)? };
        let refusal = Refusal {
            row: row.get::<_, i64>(0)?.unsigned_abs(),
            place: row.get::<_, i64>(1)?.unsigned_abs(),
            taken: row.get(2)?,
            code: row.get(3)?,
            field: row.get(4)?,
            detail: row.get(5)?,
            cells: json(row, 6)?,
        };
        Ok((cursor, refusal))
    })?;
    Ok(Page::cut(rows.collect::<Result<_, _>>()?, size))
}

/// Whether an import has something to do.
pub(super) fn waits(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM imports INDEXED BY imports_work
             WHERE state IN ('checking', 'queued', 'running', 'undoing') LIMIT 1",
        )?
        .exists([])?)
}

// What the writer needs ------------------------------------------------------

/// A file to be imported.
#[derive(Debug, Clone, PartialEq)]
pub struct NewImport {
    /// What its rows are.
    pub kind: Kind,
    /// The name of the file.
    pub file_name: String,
    /// Its SHA-256 in hex.
    pub file_hash: String,
    /// Its size.
    pub bytes: u64,
    /// `operator`, `token` or `shell`, and whose.
    pub by: (String, String),
    /// The hash of its headings.
    pub headings: String,
    /// How the file is read.
    pub reading: Reading,
    /// What its columns are.
    pub mapping: Mapping,
    /// How rows match existing records.
    pub policy: Policy,
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Keeps files as drafts; several came together.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(tx: &Tx<'_>, all: &[NewImport]) -> Result<Vec<ImportKey>, StoreError> {
    let keys = all.iter().map(|new| add_one(tx, new)).collect::<Result<Vec<ImportKey>, StoreError>>()?;
    if let [first, _, ..] = keys[..] {
        let mut together = tx.connection.prepare_cached("UPDATE imports SET package = ?2 WHERE import_key = ?1")?;
        for key in &keys {
            together.execute([key.0, first.0])?;
        }
    }
    Ok(keys)
}

fn add_one(tx: &Tx<'_>, new: &NewImport) -> Result<ImportKey, StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO imports (kind, file_name, file_hash, bytes, by_kind, by_name, state, headings, reading, mapping,
               policy, created_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'draft', ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            new.kind.as_str(),
            new.file_name,
            new.file_hash,
            new.bytes as i64,
            new.by.0,
            new.by.1,
            new.headings,
            text(&new.reading),
            text(&new.mapping),
            text(&new.policy),
            tx.now_ms,
        ])?;
    Ok(ImportKey(tx.connection.last_insert_rowid()))
}

/// Writes what an import says by now.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep(tx: &mut Tx<'_>, import: &Import) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE imports SET kind = ?2, state = ?3, headings = ?4, reading = ?5, mapping = ?6, policy = ?7,
               source_key = ?8, rows_done = ?9, report = ?10, checked = ?11, problem = ?12, undo_stage = ?13,
               undo_before = ?14, taken_back = ?15, started_ms = ?16, ended_ms = ?17
             WHERE import_key = ?1",
        )?
        .execute(params![
            import.key.0,
            import.kind.as_str(),
            import.state.as_str(),
            import.headings,
            text(&import.reading),
            text(&import.mapping),
            text(&import.policy),
            import.source.map(|source| source.0),
            import.rows_done as i64,
            text(&import.report),
            import.checked.as_ref().map(text),
            import.problem,
            import.undo_stage,
            import.undo_before,
            text(&import.taken_back),
            import.started_ms,
            import.ended_ms,
        ])?;
    let waits = import.state.is_under_way() || waits(tx.connection)?;
    if tx.catalog().import_work != waits {
        tx.catalog_mut().import_work = waits;
    }
    Ok(())
}

/// Forgets the refused rows of imports that ended before an instant (Unix milliseconds), and the first drafts that
/// were kept before another, which are answered: their files go too.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &Tx<'_>, ended_before_ms: i64, kept_before_ms: i64) -> Result<Vec<ImportKey>, StoreError> {
    tx.connection
        .prepare_cached(
            "DELETE FROM import_refusals
             WHERE import_key IN (SELECT import_key FROM imports WHERE ended_ms < ?1)",
        )?
        .execute([ended_before_ms])?;
    let mut statement = tx
        .connection
        .prepare_cached("SELECT import_key FROM imports WHERE state = 'draft' AND created_ms < ?1 LIMIT 100")?;
    let drafts: Vec<ImportKey> =
        statement.query_map([kept_before_ms], |row| row.get(0).map(ImportKey))?.collect::<Result<_, _>>()?;
    for draft in &drafts {
        remove(tx, *draft)?;
    }
    Ok(drafts)
}

/// Takes a draft away.
///
/// # Errors
/// [`StoreError`] only.
pub fn remove(tx: &Tx<'_>, key: ImportKey) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM import_refusals WHERE import_key = ?1")?.execute([key.0])?;
    tx.connection.prepare_cached("DELETE FROM imports WHERE import_key = ?1")?.execute([key.0])?;
    Ok(())
}

/// Forgets the rows that a check did not take.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_refusals(tx: &Tx<'_>, key: ImportKey) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM import_refusals WHERE import_key = ?1")?.execute([key.0])?;
    Ok(())
}

/// Keeps a row that was not taken, or not all of it.
///
/// # Errors
/// [`StoreError`] only.
pub fn refuse(tx: &Tx<'_>, key: ImportKey, refusal: &Refusal) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT OR REPLACE INTO import_refusals (import_key, row, place, taken, code, field, detail, cells)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            key.0,
            refusal.row as i64,
            refusal.place as i64,
            refusal.taken,
            refusal.code,
            refusal.field,
            refusal.detail,
            Value::from(refusal.cells.clone()).to_string(),
        ])?;
    Ok(())
}

/// The source of what an import says.
///
/// # Errors
/// [`StoreError`] only.
pub fn source(tx: &mut Tx<'_>, import: &Import) -> Result<SourceKey, StoreError> {
    let name = format!("Import {}: {}", import.key.0, import.file_name);
    source_of(tx, format!("import-{}", import.key.0), name)
}

/// Whether the events of an import stand under the source of all imports, as they once did: which are its own is not
/// known.
pub fn is_of_shared_source(catalog: &Catalog, import: &Import) -> bool {
    let source = import.source.and_then(|source| catalog.sources.get(&source));
    source.is_some_and(|source| source.source_id == EVENTS_SOURCE)
}

/// The source within which the ids of all imported events count once (R15).
///
/// # Errors
/// [`StoreError`] only.
pub fn source_of_ids(tx: &mut Tx<'_>) -> Result<SourceKey, StoreError> {
    source_of(tx, EVENTS_SOURCE.to_owned(), "Imported events".to_owned())
}

fn source_of(tx: &mut Tx<'_>, source_id: String, name: String) -> Result<SourceKey, StoreError> {
    if let Some(known) = tx.catalog().sources.values().find(|source| source.source_id == source_id) {
        return Ok(known.key);
    }
    let key = SourceKey(
        tx.connection
            .prepare_cached(
                "INSERT INTO sources (source_id, name, kind, created_ms) VALUES (?1, ?2, 'import', ?3)
                 RETURNING source_key",
            )?
            .query_row(params![source_id, name, tx.now_ms], |row| row.get(0))?,
    );
    let source = Source {
        key,
        source_id,
        name,
        kind: SourceKind::Import,
        paused: false,
        closed: false,
        signatures_required: false,
        origins: Vec::new(),
        write_keys: Vec::new(),
        secrets: Vec::new(),
        created_ms: tx.now_ms,
    };
    tx.catalog_mut().sources.insert(key, source);
    Ok(key)
}

/// The company of an exact name, where there is one alone; how many there are, at most two.
///
/// # Errors
/// [`StoreError`] only.
pub fn companies_named(tx: &Tx<'_>, name: &str) -> Result<Vec<CompanyKey>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT company_key FROM companies INDEXED BY companies_sort_name
         WHERE sort_name = ?1 AND name = ?2 AND merged_into IS NULL AND archived_ms IS NULL LIMIT 2",
    )?;
    let rows = statement.query_map(params![name.to_lowercase(), name], |row| row.get(0).map(CompanyKey))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The change sets of an import below one, the newest first, that were not taken back.
///
/// # Errors
/// [`StoreError`] only.
pub fn change_sets(
    db: &Reader<'_>,
    source: SourceKey,
    before: i64,
    limit: usize,
) -> Result<Vec<ChangeKey>, StoreError> {
    debug_assert_eq!(changes::IMPORT, "import", "the index says so");
    let mut statement = db.0.prepare_cached(
        "SELECT change_key FROM change_sets INDEXED BY change_sets_import
         WHERE source_key = :source AND cause = 'import' AND change_key < :before
         ORDER BY change_key DESC LIMIT :limit",
    )?;
    let parameters = named_params! { ":source": source.0, ":before": before, ":limit": limit as i64 };
    let rows = statement.query_map(parameters, |row| row.get(0).map(ChangeKey))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
