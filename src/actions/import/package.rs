//! A zip of files, as an export of everything makes it: each file becomes an import of its own, in the order in which
//! they are best read back. They came together, are checked on top of each other, and run one after the other.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::file::{self, Incoming, Sent};
use super::{ImportError, discard};
use crate::domain::ids::ImportKey;
use crate::domain::import::{Empty, Policy, Reading, Said};
use crate::domain::table::{Format, Kind};
use crate::store::imports::{self, State};
use crate::store::{Store, StoreError, Tx};

/// What a zip begins with.
const MAGIC: &[u8] = b"PK\x03\x04";

/// Keeps what was sent as drafts: a zip of an export as one for each of its files, any other file as one of a kind.
///
/// # Errors
/// As [`file::keep`]; a zip in which there is nothing that is read back.
pub fn keep(
    store: &Store,
    incoming: Incoming,
    kind: Kind,
    said: Said,
    file_name: &str,
    by: (String, String),
) -> Result<Vec<ImportKey>, ImportError> {
    let Some(archive) = opened(incoming.path())? else {
        return Ok(vec![file::keep(store, incoming, kind, said, file_name, by)?]);
    };
    if said != Said::default() {
        let sentence = "An export of everything already says how to read its files. Leave this out.";
        return Err(ImportError::SetUp(sentence.to_owned()));
    }
    let files = unpacked(store, archive)?;
    file::keep_all(store, files, by)
}

/// The files of a zip that has an export in it; none where it is no such zip.
fn opened(path: &Path) -> Result<Option<ZipArchive<File>>, ImportError> {
    let mut file = File::open(path)?;
    let mut begins = Vec::new();
    (&mut file).take(MAGIC.len() as u64).read_to_end(&mut begins)?;
    if begins != MAGIC {
        return Ok(None);
    }
    // A zip that is broken is told so where it is read as what it was said to be.
    let Ok(archive) = ZipArchive::new(file) else { return Ok(None) };
    let has = |format: Format| Kind::ALL.iter().any(|kind| archive.index_for_name(&name_of(*kind, format)).is_some());
    if has(Format::Csv) {
        return Ok(Some(archive));
    }
    if has(Format::Ndjson) {
        let sentence = "The zip is an NDJSON export, for programs. Export as CSV to import everything again.";
        return Err(ImportError::SetUp(sentence.to_owned()));
    }
    Ok(None)
}

fn name_of(kind: Kind, format: Format) -> String {
    format!("{}.{}", kind.as_str(), format.as_str())
}

/// The files, each with no more bytes than one that is sent may have.
fn unpacked(store: &Store, mut archive: ZipArchive<File>) -> Result<Vec<Sent>, ImportError> {
    let broken = |error: ZipError| ImportError::File(error.into());
    let mut files = Vec::new();
    for kind in Kind::ALL {
        let name = name_of(kind, Format::Csv);
        let Some(place) = archive.index_for_name(&name) else { continue };
        let mut entry = archive.by_index(place).map_err(broken)?;
        let mut incoming = Incoming::new(store)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let bytes = match entry.read(&mut buffer) {
                Ok(0) => break,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            incoming.write(&buffer[..bytes])?;
        }
        // An event for which an export says no company happened in none, whichever the user is in by now.
        let empty = if kind == Kind::Events { Empty::Clear } else { Empty::Ignore };
        let policy = Policy { empty, ..Policy::default() };
        // An export is written in one way, whatever its values look like.
        let said = Reading::default().into();
        files.push(Sent { incoming, kind, file_name: name, said, is_export: true, policy });
    }
    Ok(files)
}

/// Lets all drafts of a zip run.
///
/// # Errors
/// As [`super::run`].
pub fn run(tx: &mut Tx<'_>, package: ImportKey) -> Result<(), ImportError> {
    drafts(tx, package)?.into_iter().try_for_each(|import| super::run(tx, import))
}

/// Asks for a check of all drafts of a zip.
///
/// # Errors
/// As [`super::check`].
pub fn check(tx: &mut Tx<'_>, package: ImportKey) -> Result<(), ImportError> {
    drafts(tx, package)?.into_iter().try_for_each(|import| super::check(tx, import))
}

/// Throws all drafts of a zip away, and answers which they were.
///
/// # Errors
/// [`ImportError::Store`] only.
pub fn throw_away(tx: &mut Tx<'_>, package: ImportKey) -> Result<Vec<ImportKey>, ImportError> {
    let drafts = drafts(tx, package)?;
    for import in &drafts {
        discard(tx, *import)?;
    }
    Ok(drafts)
}

fn drafts(tx: &Tx<'_>, package: ImportKey) -> Result<Vec<ImportKey>, StoreError> {
    let all = imports::of_package(&tx.reader(), package)?;
    Ok(all.into_iter().filter(|import| import.state == State::Draft).map(|import| import.key).collect())
}
