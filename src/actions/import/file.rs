//! The files that are imported: they lie beside the workspace's until they are done.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{ImportError, SetUp, known, set_up, sheet};
use crate::domain::ids::ImportKey;
use crate::domain::import::{
    COLUMNS_MAX, Delimited, FILE_BYTES_MAX, Mapping, Policy, Reading, Rows, SAMPLE_ROWS, Said, Sniffed, shown, sniff,
    suggest,
};
use crate::domain::known_by::KnownBy;
use crate::domain::table::{self, Kind};
use crate::store::imports::{self, Import, NewImport};
use crate::store::{Reader, Store, StoreError, owner_only};

/// The folder of the files.
fn folder(store: &Store) -> PathBuf {
    let mut name = store.path().as_os_str().to_owned();
    name.push(".imports");
    PathBuf::from(name)
}

/// The file of an import.
pub fn path(store: &Store, key: ImportKey) -> PathBuf {
    folder(store).join(key.0.to_string())
}

/// Where a check makes its copy of the workspace.
pub fn scratch(store: &Store, key: ImportKey) -> PathBuf {
    folder(store).join(format!("{}.check.db", key.0))
}

/// Takes the file of an import away, and the folder with the last one.
pub fn remove(store: &Store, key: ImportKey) {
    remove_file(&path(store, key));
    let _ = fs::remove_dir(folder(store));
}

/// A file, and the rows that were read of it.
fn remove_file(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_file(sheet::written(path));
}

/// Takes away what lies there of what was killed: half of a file, the copy of a check. Rows of sheets go too, and are
/// read again.
pub fn remove_leftovers(store: &Store) {
    let Ok(entries) = fs::read_dir(folder(store)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_import = name.to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_import {
            let _ = fs::remove_file(entry.path());
        }
    }
    let _ = fs::remove_dir(folder(store));
}

/// A file that is coming in.
pub struct Incoming {
    file: File,
    path: PathBuf,
    hash: Sha256,
    bytes: u64,
    is_kept: bool,
}

impl Incoming {
    /// Begins a file.
    ///
    /// # Errors
    /// It can't be made.
    pub fn new(store: &Store) -> io::Result<Incoming> {
        fs::create_dir_all(folder(store))?;
        let path = folder(store).join(format!("incoming-{}", store.ambient().uuid()));
        let file = owner_only().open(&path)?;
        Ok(Incoming { file, path, hash: Sha256::new(), bytes: 0, is_kept: false })
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The hash of what came by now.
    pub fn hash(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// Whether nothing came by now.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Adds the next bytes.
    ///
    /// # Errors
    /// It is too large, or the disk is full.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        if self.bytes > FILE_BYTES_MAX {
            let sentence = format!("the file is over the limit of {} MB. Split it.", FILE_BYTES_MAX >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, sentence));
        }
        self.hash.update(bytes);
        self.file.write_all(bytes)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.is_kept {
            remove_file(&self.path);
            let _ = self.path.parent().map(fs::remove_dir);
        }
    }
}

/// The hash of headings, by which a mapping is found again.
fn headings_hash(headings: &[String]) -> String {
    let text = serde_json::to_string(headings).unwrap_or_default();
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Looks at a file: what stands at its beginning, and the hash of its headings.
///
/// # Errors
/// The file can't be read, or holds nothing to import.
pub fn look(file: &Path, said: &Said) -> Result<(Sniffed, String), ImportError> {
    let sniffed = match sheet::open(file, said.sheet.as_deref())? {
        None if said.sheet.is_some() => {
            return Err(ImportError::SetUp("Only workbooks have sheets, and this file is not one.".to_owned()));
        }
        None => sniff(BufReader::new(File::open(file)?), said)?,
        Some(sheet) => {
            let rows = sheet.rows.take(SAMPLE_ROWS + 1).collect::<io::Result<_>>()?;
            let reading = Reading { sheet: Some(sheet.name), ..Reading::default() };
            Sniffed { sheets: sheet.sheets, ..Sniffed::of(rows, reading, said) }
        }
    };
    if sniffed.headings.is_empty() {
        return Err(ImportError::SetUp("The file is empty. Choose one with rows.".to_owned()));
    }
    if sniffed.headings.len() > COLUMNS_MAX {
        let columns = sniffed.headings.len();
        return Err(ImportError::SetUp(format!("The file has {columns} columns; the limit is {COLUMNS_MAX}.")));
    }
    let hash = headings_hash(&sniffed.headings);
    Ok((sniffed, hash))
}

/// What the columns of a file seem to be; those of a file with the same headings that was imported before are as they
/// were then.
///
/// # Errors
/// [`StoreError`] only.
pub fn suggested(
    db: &Reader<'_>,
    store: &Store,
    kind: Kind,
    sniffed: &Sniffed,
    headings: &str,
) -> Result<Mapping, StoreError> {
    match imports::remembered(db, kind, headings)? {
        Some(remembered) => Ok(remembered),
        None => Ok(guessed(store, kind, sniffed)),
    }
}

/// What the columns of a file seem to be by what stands in it.
fn guessed(store: &Store, kind: Kind, sniffed: &Sniffed) -> Mapping {
    suggest(kind, &sniffed.headings, &sniffed.rows, &sniffed.reading, &known(&store.catalog()))
}

/// Keeps a file that has come in as a draft; of a workbook the sheet that is said, else the first one with rows.
///
/// # Errors
/// The file can't be read or kept, or holds nothing to import.
pub fn keep(
    store: &Store,
    incoming: Incoming,
    kind: Kind,
    said: Said,
    file_name: &str,
    by: (String, String),
) -> Result<ImportKey, ImportError> {
    let file_name = file_name.chars().filter(|c| !c.is_control()).take(200).collect();
    let sent = Sent { incoming, kind, file_name, said, is_export: false, policy: Policy::default() };
    let kept = keep_all(store, vec![sent], by)?;
    kept.first().copied().ok_or(ImportError::Unknown)
}

/// A file that has come in.
pub(super) struct Sent {
    pub(super) incoming: Incoming,
    /// What its rows are.
    pub(super) kind: Kind,
    pub(super) file_name: String,
    /// How it is read, where that is known.
    pub(super) said: Said,
    /// An export of ours.
    pub(super) is_export: bool,
    pub(super) policy: Policy,
}

/// Keeps files that have come in, of one that are several as what came together.
pub(super) fn keep_all(
    store: &Store,
    mut files: Vec<Sent>,
    by: (String, String),
) -> Result<Vec<ImportKey>, ImportError> {
    let mut all = Vec::with_capacity(files.len());
    for Sent { incoming, kind, file_name, said, is_export, policy } in &files {
        incoming.file.sync_all()?;
        let (sniffed, headings) = look(&incoming.path, said)?;
        let mapping = if *is_export || by.0 != "operator" {
            // What an export wrote says what it is, whatever was imported before; and a program or a script gets the same
            // today as last month, whatever somebody chose on a page in between.
            guessed(store, *kind, &sniffed)
        } else {
            store.read_now(|db| suggested(db, store, *kind, &sniffed, &headings))?
        };
        all.push(NewImport {
            kind: *kind,
            file_name: file_name.clone(),
            file_hash: incoming.hash().iter().map(|byte| format!("{byte:02x}")).collect(),
            bytes: incoming.bytes,
            by: by.clone(),
            headings,
            reading: sniffed.reading,
            mapping,
            policy: *policy,
        });
    }
    let keys = store.write_now(move |tx| imports::add(tx, &all))?;
    for (file, key) in files.iter_mut().zip(&keys) {
        let kept = path(store, *key);
        fs::rename(&file.incoming.path, &kept)?;
        file.incoming.is_kept = true;
        let _ = fs::rename(sheet::written(&file.incoming.path), sheet::written(&kept));
    }
    Ok(keys)
}

/// Reads the file of a draft otherwise: its columns may be others then.
///
/// # Errors
/// It can't be read so, or is not a draft any more.
pub fn read_anew(store: &Store, key: ImportKey, said: &Said) -> Result<(), ImportError> {
    let import = store.read_now(|db| imports::find(db, key))?.ok_or(ImportError::Unknown)?;
    let (sniffed, headings) = look(&path(store, key), said)?;
    let (kind, policy) = (import.kind, import.policy);
    let is_as_before = import.mapping.0.iter().map(|column| &column.heading).eq(&sniffed.headings);
    let mapping = if is_as_before {
        import.mapping
    } else {
        store.read_now(|db| suggested(db, store, kind, &sniffed, &headings))?
    };
    let reading = sniffed.reading;
    store.write_now(move |tx| set_up(tx, key, SetUp { kind, reading, mapping, policy }))
}

/// Whether a file that waits names somebody, or can't be read, so that nobody knows. A workbook waits with all its
/// sheets.
pub fn names(store: &Store, import: &Import, known_by: &KnownBy) -> bool {
    let path = path(store, import.key);
    let mut headings = import.mapping.0.iter().map(|column| &column.heading);
    let Ok(sheet) = sheet::open(&path, import.reading.sheet.as_deref()) else { return true };
    let sheets = sheet.map_or_else(|| vec![None], |sheet| sheet.sheets.into_iter().map(Some).collect());
    let is_in =
        |row: io::Result<Vec<Value>>| row.map_or(true, |cells| cells.iter().any(|cell| known_by.is_in(&shown(cell))));
    headings.any(|heading| known_by.is_in(heading))
        || sheets.into_iter().any(|sheet| {
            let reading = Reading { sheet, ..import.reading.clone() };
            rows(&path, &reading).map_or(true, |mut rows| rows.any(is_in))
        })
}

/// The rows of a file, without its headings.
///
/// # Errors
/// The file can't be opened.
pub fn rows(path: &Path, reading: &Reading) -> io::Result<Rows> {
    match &reading.sheet {
        None => Ok(Box::new(Delimited::new(BufReader::new(File::open(path)?), reading))),
        Some(name) => {
            let sheet = sheet::open(path, Some(name)).map_err(io::Error::other)?;
            let sheet = sheet.ok_or_else(|| io::Error::other("the file is no longer a workbook"))?;
            Ok(Box::new(sheet.rows.skip(usize::from(reading.header))))
        }
    }
}

/// The rows that were not taken, or not all of them, with their cells as they were and the reason: to be put right and
/// imported again.
///
/// # Errors
/// [`StoreError`] only.
pub fn refused(db: &Reader<'_>, import: &Import) -> Result<Vec<u8>, StoreError> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let mut write = |cells: Vec<String>| writer.write_record(cells).expect("memory takes every record");
    // Of a file that was such a one itself the reasons of that time are left out.
    let is_own: Vec<bool> = import.mapping.0.iter().map(|column| !REASONS.contains(&column.heading.trim())).collect();
    let headings = import.mapping.0.iter().zip(&is_own).filter(|(_, is_own)| **is_own);
    write(headings.map(|(column, _)| column.heading.clone()).chain(REASONS.map(str::to_owned)).collect());
    let mut after = None;
    loop {
        let page = imports::refusals(db, import.key, after.as_ref(), REFUSED_PAGE)?;
        for refusal in page.rows {
            let taken = if refusal.taken { "all but this" } else { "nothing" };
            let mut cells: Vec<String> = refusal.cells.iter().map(as_it_was).collect();
            // What a row has beyond the headings stands behind the reasons.
            let beyond = cells.split_off(cells.len().min(import.mapping.0.len()));
            cells.resize(import.mapping.0.len(), String::new());
            let mut is_own = is_own.iter();
            cells.retain(|_| *is_own.next().unwrap_or(&true));
            // No column is meant by an empty name, which a guarded cell would say of an empty text.
            let field = if refusal.field.is_empty() { String::new() } else { table::cell(&refusal.field.into()) };
            cells.extend([refusal.row.to_string(), taken.to_owned(), field, refusal.detail]);
            cells.extend(beyond);
            write(cells);
        }
        after = page.next;
        if after.is_none() {
            return Ok(writer.into_inner().expect("memory takes every record"));
        }
    }
}

/// Rows of a page of refused ones.
const REFUSED_PAGE: usize = 500;
/// The columns that say why.
const REASONS: [&str; 4] = ["rollcall row", "rollcall took", "rollcall column", REASON];
/// The column that tells a file of refused rows.
pub const REASON: &str = "rollcall reason";

/// A cell of a file: what guards it against a spreadsheet is in it already, or is put there.
fn as_it_was(cell: &Value) -> String {
    match cell {
        Value::String(text) if text.is_empty() => String::new(),
        Value::String(text) if table::unguarded(text) != text.as_str() => text.clone(),
        Value::Object(_) => shown(cell).into_owned(),
        other => table::cell(other),
    }
}
