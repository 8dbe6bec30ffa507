//! `rollcall import`: users, companies, memberships and events from a file. Beside a running server the work is the
//! server's, and this follows it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{Failure, Workspace, say, wait};
use crate::actions::import::file::{self, Incoming};
use crate::actions::import::{self as deeds, ImportError, SetUp, package};
use crate::domain::ids::ImportKey;
use crate::domain::import::{Column, Counts, Policy, Report, Said, Target, Unreadable};
use crate::domain::table::Kind;
use crate::jobs::imports as job;
use crate::store::imports::{self, Import as Row, State};
use crate::store::{Lock, LockError, Store};

/// How often the server's progress is looked at, in milliseconds.
const LOOK_MS: u64 = 100;

/// What to import, and how.
#[derive(Args)]
pub(super) struct Import {
    /// The file: text with commas, semicolons, tabs or bars between its cells, an Excel workbook (.xlsx), or the zip of an
    /// export of everything
    #[arg(value_name = "FILE", required_unless_present = "undo")]
    file: Option<PathBuf>,
    /// What its rows are: users (and their companies), companies, memberships, events, visitors, notes, attributes or setup
    #[arg(long, default_value = "users", value_parser = Kind::WORDS)]
    kind: String,
    /// What a column is, as in --mapping "Seats=company.seats:number"; may be given several times
    #[arg(long, value_name = "COLUMN=TARGET")]
    mapping: Vec<String>,
    /// The sheet, of a workbook; the first one with rows where nothing is said
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Users and companies already known: update, fill (only what has no value) or skip
    #[arg(long, value_name = "WORD", value_parser = ["update", "fill", "skip"])]
    existing: Option<String>,
    /// Empty cells: ignore, or clear the value
    #[arg(long, value_name = "WORD", value_parser = ["ignore", "clear"])]
    empty: Option<String>,
    /// Companies not known yet: create them, or refuse the row
    #[arg(long, value_name = "WORD", value_parser = ["create", "refuse"])]
    unknown_companies: Option<String>,
    /// Memberships that a row does not name: add leaves them, replace ends them
    #[arg(long, value_name = "WORD", value_parser = ["add", "replace"])]
    memberships: Option<String>,
    /// The encoding, such as utf-8, windows-1250 or iso-8859-15; detected if left out, as all of these are
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// What separates cells: comma, semicolon, tab or bar
    #[arg(long, value_name = "WORD")]
    delimiter: Option<String>,
    /// Whether the first row holds headings
    #[arg(long, value_name = "WORD", value_parser = ["true", "false"])]
    header: Option<String>,
    /// What 01/02/2026 means: dmy or mdy
    #[arg(long, value_name = "ORDER", value_parser = ["dmy", "mdy"])]
    dates: Option<String>,
    /// Whether 1,5 is one and a half
    #[arg(long, value_name = "WORD", value_parser = ["true", "false"])]
    decimal_comma: Option<String>,
    /// Only say what would come of it
    #[arg(long)]
    dry_run: bool,
    /// Write the rows that were not taken to this file, with the reason, to be put right and imported again
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// Take an import back, by its number
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["file", "dry_run", "mapping"])]
    undo: Option<i64>,
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Failure {
        match error {
            ImportError::SetUp(_) | ImportError::Workbook(Unreadable::NoSheet { .. }) => {
                Failure::Usage(error.to_string())
            }
            other => Failure::Failed(other.to_string()),
        }
    }
}

impl Import {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        let store = workspace.open_existing()?;
        if let Some(number) = self.undo {
            let key = ImportKey(number);
            store.write_now(move |tx| deeds::undo(tx, key))?;
            let import = follow(&store, workspace, key)?;
            let back = import.taken_back;
            let line = format!(
                "Import {number} is undone: {} events, {} users and companies are gone, {} fields are as they were, {} have \
                 been changed or said again since and stay.",
                back.events, back.gone, back.fields, back.kept
            );
            workspace.answer(&json!({ "import_id": number, "state": import.state.as_str(), "taken_back": back }), line);
            return Ok(());
        }
        let Some(path) = &self.file else { return Ok(()) };
        self.refused.as_deref().map_or(Ok(()), |refused| may_replace(refused, path))?;
        let keys = self.kept(&store, path)?;
        let done = self.all(&store, workspace, &keys);
        if done.is_err() || self.dry_run {
            // A draft that nobody will find again is none.
            for key in keys {
                if store.write_now(move |tx| deeds::discard(tx, key)).is_ok() {
                    file::remove(&store, key);
                }
            }
        }
        done
    }

    /// Sets up what was kept, lets it be checked or run, and tells what came of each.
    fn all(&self, store: &Store, workspace: &Workspace, keys: &[ImportKey]) -> Result<(), Failure> {
        if keys.len() > 1 && (self.refused.is_some() || !self.mapping.is_empty()) {
            let sentence = "--mapping and --refused are for one file. Take the file out of the zip.";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        for key in keys {
            self.set_up(store, *key)?;
        }
        let (all, is_check) = (keys.to_vec(), self.dry_run);
        store.write_now(move |tx| {
            all.into_iter().try_for_each(|key| if is_check { deeds::check(tx, key) } else { deeds::run(tx, key) })
        })?;
        for key in keys {
            let import = follow(store, workspace, *key)?;
            self.tell(store, workspace, &import)?;
        }
        Ok(())
    }

    /// Keeps the file as a draft, a zip of an export as one for each of its files.
    fn kept(&self, store: &Store, path: &Path) -> Result<Vec<ImportKey>, Failure> {
        let wrong = |error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
        let mut from = File::open(path).map_err(wrong)?;
        let mut incoming = Incoming::new(store)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let bytes = from.read(&mut buffer).map_err(wrong)?;
            if bytes == 0 {
                break;
            }
            incoming.write(&buffer[..bytes]).map_err(wrong)?;
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let kind = Kind::parse(&self.kind).unwrap_or(Kind::Users);
        let by = ("shell".to_owned(), String::new());
        Ok(package::keep(store, incoming, kind, self.reading()?, &name, by)?)
    }

    /// How the file is read, as far as it is said.
    fn reading(&self) -> Result<Said, Failure> {
        let words = [&self.encoding, &self.delimiter, &self.header, &self.dates, &self.decimal_comma, &self.sheet];
        let mut said = Said::default();
        for ((part, _), word) in Said::PARTS.iter().zip(words) {
            if let Some(word) = word {
                said.set(part, word).map_err(Failure::Usage)?;
            }
        }
        Ok(said)
    }

    fn set_up(&self, store: &Store, key: ImportKey) -> Result<(), Failure> {
        let Some(mut import) = store.read_now(|db| imports::find(db, key))? else { return Ok(()) };
        for said in &self.mapping {
            let (heading, target) = said.rsplit_once('=').ok_or_else(|| {
                Failure::Usage(format!("--mapping {said:?}: write COLUMN=TARGET, as in Plan=user.plan."))
            })?;
            import.mapping.set(heading, target).map_err(|sentence| Failure::Usage(format!("--mapping: {sentence}")))?;
        }
        let policies = [&self.existing, &self.empty, &self.unknown_companies, &self.memberships];
        for ((part, _), word) in Policy::PARTS.iter().zip(policies) {
            if let Some(word) = word {
                import.policy.set(part, word);
            }
        }
        let Row { kind, reading, mapping, policy, .. } = import;
        Ok(store.write_now(move |tx| deeds::set_up(tx, key, SetUp { kind, reading, mapping, policy }))?)
    }

    fn tell(&self, store: &Store, workspace: &Workspace, import: &Row) -> Result<(), Failure> {
        let key = import.key;
        if let Some(path) = &self.refused {
            let text = store.read_now(|db| deeds::file::refused(db, import))?;
            std::fs::write(path, text)?;
        }
        if let Some(problem) = &import.problem {
            return Err(Failure::Failed(problem.clone()));
        }
        let report = if self.dry_run { import.checked.clone().unwrap_or_default() } else { import.report.clone() };
        // What only looks is thrown away, and has no number to come back to.
        let number = (!self.dry_run).then_some(key.0);
        let mut json = json!({ "import_id": number, "kind": import.kind.as_str(), "state": import.state.as_str(), "dry_run": self.dry_run });
        if let (Some(json), Ok(serde_json::Value::Object(report))) =
            (json.as_object_mut(), serde_json::to_value(&report))
        {
            json.extend(report);
        }
        if let Some(json) = json.as_object_mut() {
            json.insert("reading".to_owned(), json!(import.reading));
            json.insert("mapping".to_owned(), json!(import.mapping));
        }
        workspace.answer(&json, lines(import, &report, self.dry_run));
        Ok(())
    }
}

/// A file of refused rows takes the place of an earlier one, and of nothing else.
fn may_replace(refused: &Path, imported: &Path) -> Result<(), Failure> {
    let shown = refused.display();
    if refused.canonicalize().is_ok_and(|refused| imported.canonicalize().is_ok_and(|file| file == refused)) {
        return Err(Failure::Usage(format!("{shown} is the file to import. Name another one with --refused.")));
    }
    let Ok(file) = File::open(refused) else { return Ok(()) };
    let mut first = String::new();
    BufReader::new(file).take(1 << 20).read_line(&mut first)?;
    match first.contains(deeds::file::REASON) || first.is_empty() {
        true => Ok(()),
        false => Err(Failure::Failed(format!("{shown} exists. Name a new file with --refused."))),
    }
}

/// Waits for the end of what is under way: does it, or follows the server that does.
fn follow(store: &Store, workspace: &Workspace, key: ImportKey) -> Result<Row, Failure> {
    match Lock::take(&workspace.data) {
        Ok(_lock) => wait(job::work(store))??,
        Err(LockError::Held { .. }) => {}
        Err(other) => return Err(other.into()),
    }
    let mut told = 0;
    loop {
        let Some(import) = store.read_now(|db| imports::find(db, key))? else {
            return Err(Failure::Failed("The import was discarded.".to_owned()));
        };
        if !import.state.is_under_way() {
            return Ok(import);
        }
        if import.rows_done >= told + 10_000 {
            told = import.rows_done;
            say(format_args!("{told} rows …"));
        }
        std::thread::sleep(Duration::from_millis(LOOK_MS));
    }
}

/// A report for people.
fn lines(import: &Row, report: &Report, is_check: bool) -> String {
    let counts = |name: &str, of: &Counts| {
        format!(
            "  {name:<12} {} new, {} changed, {} unchanged, {} skipped, {} refused\n",
            of.created, of.updated, of.unchanged, of.skipped, of.refused
        )
    };
    let what = match (is_check, import.state) {
        (true, _) => format!("What {} would import; nothing was changed", import.file_name),
        (false, State::Done) => format!("Import {} of {} is done", import.key.0, import.file_name),
        (false, state) => format!("Import {} of {} is {}", import.key.0, import.file_name, state.as_str()),
    };
    let mut text = format!("{what}: {} rows.\n", report.rows);
    if is_check {
        text.push_str(&format!("  Read as {}.\n", import.reading.sentence()));
        for Column { heading, target } in &import.mapping.0 {
            text.push_str(&format!(
                "    {heading} -> {}\n",
                if *target == Target::Ignore { "not imported".to_owned() } else { target.to_string() }
            ));
        }
    }
    if let Some(doubt) = import.reading.doubt() {
        text.push_str(&format!("  {doubt} Say it with --dates dmy or --dates mdy.\n"));
    }
    for (name, of) in report.counts() {
        if !of.is_empty() {
            text.push_str(&counts(name, &of));
        }
    }
    for remark in report.remarks(is_check) {
        text.push_str(&format!("  {remark}\n"));
    }
    let is_ignored = |column: &&Column| column.target == Target::Ignore && !column.heading.starts_with("rollcall ");
    let ignored: Vec<&str> = import.mapping.0.iter().filter(is_ignored).map(|column| column.heading.as_str()).collect();
    if !is_check && !ignored.is_empty() {
        text.push_str(&format!("  Columns not imported: {}.\n", ignored.join(", ")));
    }
    if report.refused_rows + report.refused_values > 0 {
        text.push_str(&format!(
            "  {} rows were refused, and {} cells of others; --refused FILE keeps them with the reasons.\n",
            report.refused_rows, report.refused_values
        ));
    }
    text.trim_end().to_owned()
}
