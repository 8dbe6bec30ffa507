//! The sheets of workbooks: the one that is imported is written once beside its workbook, a row a line, and read from
//! there however often it is checked and run. What is written is made anew where it is missing, so it may go at any time.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ImportError;
use crate::domain::import::{FILE_BYTES_MAX, Rows, Unreadable, Workbook, is_workbook};
use crate::store::owner_only;

/// One workbook is read at a time, since that takes memory.
static READING: Mutex<()> = Mutex::new(());

/// The first line of what is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    /// The sheets of the workbook.
    sheets: Vec<String>,
    /// The one that is written.
    sheet: String,
}

/// A sheet, and the others beside it.
pub(super) struct Sheet {
    /// All sheets of the workbook.
    pub(super) sheets: Vec<String>,
    /// Its own name.
    pub(super) name: String,
    /// Its rows, the first one among them, each of at least as many cells as that one has.
    pub(super) rows: Rows,
}

/// Where the rows of a workbook are written.
pub(super) fn written(workbook: &Path) -> PathBuf {
    workbook.with_extension("rows")
}

/// The sheet of a name, else the first one that says something; none where the file is not a workbook.
///
/// # Errors
/// The workbook can't be read, or has no such sheet.
pub(super) fn open(file: &Path, wanted: Option<&str>) -> Result<Option<Sheet>, ImportError> {
    let mut first = Vec::new();
    File::open(file)?.take(8).read_to_end(&mut first)?;
    if !is_workbook(&first)? {
        return Ok(None);
    }
    if let Some(sheet) = read(file, wanted)? {
        return Ok(Some(sheet));
    }
    let _one = READING.lock();
    write(file, wanted)?;
    Ok(read(file, wanted)?)
}

/// What is written of a workbook, where it is the sheet that is wanted.
fn read(file: &Path, wanted: Option<&str>) -> io::Result<Option<Sheet>> {
    let mut lines = match File::open(written(file)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => BufReader::new(opened?),
    };
    let mut line = String::new();
    lines.read_line(&mut line)?;
    let Ok(head) = serde_json::from_str::<Head>(&line) else { return Ok(None) };
    if wanted.is_some_and(|wanted| wanted != head.sheet) {
        return Ok(None);
    }
    let mut width = 0;
    let rows = lines.lines().map(move |line| {
        let mut cells: Vec<Value> = serde_json::from_str(&line?)?;
        width = if width == 0 { cells.len() } else { width };
        cells.resize(cells.len().max(width), Value::Null);
        Ok(cells)
    });
    Ok(Some(Sheet { sheets: head.sheets, name: head.sheet, rows: Box::new(rows) }))
}

/// Writes the rows of a sheet.
fn write(file: &Path, wanted: Option<&str>) -> Result<(), Unreadable> {
    let mut workbook = Workbook::open(File::open(file)?)?;
    let sheets = workbook.sheets();
    let unfinished = file.with_extension("unfinished");
    let tried: Vec<&str> = wanted.map_or_else(|| sheets.iter().map(String::as_str).collect(), |wanted| vec![wanted]);
    for sheet in tried {
        let head = Head { sheets: sheets.clone(), sheet: sheet.to_owned() };
        if write_one(&mut workbook, &head, &unfinished).inspect_err(|_| drop(fs::remove_file(&unfinished)))? > 0 {
            break;
        }
    }
    Ok(fs::rename(unfinished, written(file))?)
}

fn write_one(workbook: &mut Workbook<File>, head: &Head, into: &Path) -> Result<u64, Unreadable> {
    let mut lines = BufWriter::new(owner_only().truncate(true).open(into)?);
    let (mut line, mut bytes) = (serde_json::to_vec(head).map_err(io::Error::from)?, 0);
    line.push(b'\n');
    lines.write_all(&line)?;
    let rows = workbook.rows(&head.sheet, |cells| {
        line.clear();
        serde_json::to_writer(&mut line, cells)?;
        line.push(b'\n');
        bytes += line.len() as u64;
        if bytes > FILE_BYTES_MAX {
            let sentence = format!("the sheet is over the limit of {} MB. Split it.", FILE_BYTES_MAX >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, sentence));
        }
        lines.write_all(&line)
    })?;
    lines.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(rows)
}
