//! Workbooks (`.xlsx`, Office Open XML, ECMA-376): a sheet as rows of cells, each a text or what the workbook says it is.
//!
//! Numbers are read as numbers, dates and times by the workbook's own date system as we write them (`2026-12-31`,
//! `2026-12-31 09:30:00`), yes and no as such, formulas by the value that the spreadsheet program computed. A cell that
//! holds an error, or a formula that was never computed, comes with the reason why it can't be taken. A cell that is
//! merged over several rows says the same in each of them. Rows of nothing are none.
//!
//! The library that reads them trusts the file: a few kilobytes could ask it for all memory there is, or stop it. So
//! each file is looked through first (`guard.rs`), and where the library stops, the file is broken.

mod guard;

use std::io::{self, BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{
    DataRef, Dimensions, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellFormulaMetadataRecord,
};
use serde_json::{Number, Value};

use super::cell;
use super::reading::ROW_BYTES_MAX;

/// Columns that a sheet can have, by the standard.
const SHEET_COLUMNS_MAX: u32 = 16_384;

/// Why a workbook can't be read. The text is for whoever sent it.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is one of another time, or locked.
    #[error(
        "This is a workbook of the old kind (.xls), or one with a password. Save it as .xlsx without a password, or as CSV."
    )]
    OldOrLocked,
    /// It is something else in a zip.
    #[error(
        "This is a zip file, but neither an Excel workbook (.xlsx) nor an export. Send the file inside it; save other spreadsheets as .xlsx or CSV."
    )]
    NotOne,
    /// It is broken.
    #[error(
        "The workbook is broken, or was cut off: {0}. Open it in a spreadsheet program, save it again, and send that."
    )]
    Broken(String),
    /// It is larger than is read.
    #[error(
        "{what} is more than {limit}, which is the limit of a workbook. Save the sheet as CSV, which may be up to 1 GB."
    )]
    TooLarge {
        /// What is.
        what: String,
        /// With its unit.
        limit: String,
    },
    /// It has no such sheet.
    #[error("There is no sheet {wanted:?}. The sheets are: {}.", sheets.join(", "))]
    NoSheet {
        /// What was asked for.
        wanted: String,
        /// What there is.
        sheets: Vec<String>,
    },
    /// What is read can't be written.
    #[error("{0}")]
    Kept(#[from] io::Error),
}

/// Whether a file is a workbook, by its first bytes.
///
/// # Errors
/// It is one of a kind that can't be read.
pub fn is_workbook(head: &[u8]) -> Result<bool, Unreadable> {
    const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
    /// The compound file of Office before 2007, and of what Office encrypts (MS-CFB 2.2).
    const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    if head.starts_with(COMPOUND) {
        return Err(Unreadable::OldOrLocked);
    }
    Ok(ZIP.iter().any(|magic| head.starts_with(magic)))
}

/// A workbook.
pub struct Workbook<F> {
    book: Xlsx<BufReader<F>>,
}

impl<F: Read + Seek> Workbook<F> {
    /// Looks a file through, and opens it.
    ///
    /// # Errors
    /// It is broken, too large, or none.
    pub fn open(mut file: F) -> Result<Workbook<F>, Unreadable> {
        guard::look_through(&mut file)?;
        file.rewind()?;
        let book = unbroken(|| Xlsx::new(BufReader::new(file)))?;
        Ok(Workbook { book })
    }

    /// The sheets with cells by their names: those that are shown, then those that are hidden.
    pub fn sheets(&self) -> Vec<String> {
        let mut sheets: Vec<_> =
            self.book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
        sheets.sort_by_key(|sheet| sheet.visible != SheetVisible::Visible);
        sheets.into_iter().map(|sheet| sheet.name.clone()).collect()
    }

    /// Gives each row of a sheet that says something, up to its last cell that does; how many there were.
    ///
    /// # Errors
    /// There is no such sheet, it is broken, or `take` fails.
    pub fn rows(&mut self, sheet: &str, mut take: impl FnMut(&[Value]) -> io::Result<()>) -> Result<u64, Unreadable> {
        if !self.sheets().iter().any(|known| known == sheet) {
            return Err(Unreadable::NoSheet { wanted: sheet.to_owned(), sheets: self.sheets() });
        }
        let mut merged = Merged::new(unbroken(|| self.book.merge_cells_by_sheet_name(sheet))?);
        let (mut row, mut taken) = (Row::default(), 0);
        let mut cells = unbroken(|| self.book.worksheet_cells_reader(sheet))?;
        loop {
            let next = unbroken(|| cells.next_cell_with_formula_metadata())?;
            let number = next.as_ref().map(|cell| cell.pos.0);
            if number != Some(row.number) {
                if !row.cells.is_empty() {
                    merged.fill(&mut row);
                    take(&row.cells)?;
                    taken += 1;
                }
                row = Row { number: number.unwrap_or_default(), ..Row::default() };
            }
            match next {
                Some(cell) => row.add(cell)?,
                None => return Ok(taken),
            }
        }
    }
}

/// Asks the library; where it stops itself, the file is broken.
fn unbroken<T>(ask: impl FnOnce() -> Result<T, calamine::XlsxError>) -> Result<T, Unreadable> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(answer) => answer.map_err(|error| Unreadable::Broken(error.to_string().trim_end_matches('.').to_owned())),
        Err(_) => Err(Unreadable::Broken("it says something impossible".to_owned())),
    }
}

/// A row while its cells come.
#[derive(Default)]
struct Row {
    /// From 0.
    number: u32,
    /// Up to the last one that says something.
    cells: Vec<Value>,
    bytes: usize,
}

impl Row {
    fn add(&mut self, record: XlsxCellFormulaMetadataRecord<'_>) -> Result<(), Unreadable> {
        let column = record.pos.1;
        let is_uncomputed = record.formula.is_some() && record.value == DataRef::Empty;
        let value = if is_uncomputed {
            let reason = "The formula was never computed. Open the file in a spreadsheet program, and save it.";
            cell::refused("", reason)
        } else {
            value(record.value)
        };
        if value.is_null() {
            return Ok(());
        }
        let number = u64::from(self.number) + 1;
        if column >= SHEET_COLUMNS_MAX {
            return Err(Unreadable::Broken(format!("row {number} has a cell in column {}", u64::from(column) + 1)));
        }
        self.bytes += value.as_str().map_or(0, str::len);
        if self.bytes > ROW_BYTES_MAX {
            let (what, limit) = (format!("Row {number} of the sheet"), format!("{} MB", ROW_BYTES_MAX >> 20));
            return Err(Unreadable::TooLarge { what, limit });
        }
        let place = column as usize;
        if self.cells.len() <= place {
            self.cells.resize(place + 1, Value::Null);
        }
        self.cells[place] = value;
        Ok(())
    }
}

/// What a cell says; nothing where that is a text of nothing.
fn value(data: DataRef<'_>) -> Value {
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
    match data {
        DataRef::Empty => Value::Null,
        DataRef::SharedString(said) => text(said),
        DataRef::String(said) | DataRef::DateTimeIso(said) | DataRef::DurationIso(said) => text(&said),
        DataRef::Bool(said) => said.into(),
        DataRef::Int(said) => said.into(),
        DataRef::Float(said) => number(said),
        DataRef::DateTime(at) => date(at),
        DataRef::Error(error) => {
            let error = error.to_string();
            let reason = format!("{error} means that a formula failed. Fix it, or clear the cell.");
            cell::refused(&error, &reason)
        }
    }
}

/// A number with the digits that it has, and no point behind a whole one.
fn number(said: f64) -> Value {
    if said.fract() == 0.0 && said.abs() < cell::WHOLE_MAX {
        return Value::from(said as i64);
    }
    Number::from_f64(said).map_or(Value::Null, Value::Number)
}

/// Seconds of a day.
const DAY_SECONDS: f64 = 86_400.0;
/// The day after 9999-12-31 in both date systems is at most this one.
const SERIAL_MAX: f64 = 2_958_466.0;

fn date(at: ExcelDateTime) -> Value {
    let serial = at.as_f64();
    if at.is_duration() {
        let seconds = (serial * DAY_SECONDS).round() as i64;
        let (sign, seconds) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
        return Value::from(format!("{sign}{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60));
    }
    if !(0.0..SERIAL_MAX).contains(&serial) {
        let reason = format!("{serial} is shown as a date but isn't one. Spreadsheet dates begin with 1900-01-01.");
        return cell::refused(&serial.to_string(), &reason);
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    let clock = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    let day = format!("{year:04}-{month:02}-{day:02}");
    Value::from(match () {
        // A time of day, midnight too, is of no day.
        () if serial < 1.0 => clock,
        () if (hour, minute, second, milli) == (0, 0, 0, 0) => day,
        () => format!("{day} {clock}"),
    })
}

/// Cells that are merged over several rows.
struct Merged {
    /// Those to come, the last row first.
    ahead: Vec<Dimensions>,
    /// Those of the rows being read, with what their first row says.
    open: Vec<(Dimensions, Value)>,
}

impl Merged {
    fn new(mut regions: Vec<Dimensions>) -> Merged {
        regions.retain(|region| region.end.0 > region.start.0 && region.start.1 < SHEET_COLUMNS_MAX);
        regions.sort_by_key(|region| std::cmp::Reverse(region.start.0));
        Merged { ahead: regions, open: Vec::new() }
    }

    /// Says in the first column of a region what its first row says; other columns of it say nothing.
    fn fill(&mut self, row: &mut Row) {
        while let Some(region) = self.ahead.pop_if(|region| region.start.0 <= row.number) {
            let is_first = region.start.0 == row.number;
            if let Some(value) = row.cells.get(region.start.1 as usize).filter(|value| is_first && !value.is_null()) {
                self.open.push((region, value.clone()));
            }
        }
        self.open.retain(|(region, _)| region.end.0 >= row.number);
        for (region, value) in &self.open {
            let place = region.start.1 as usize;
            if row.cells.len() <= place {
                row.cells.resize(place + 1, Value::Null);
            }
            if row.cells[place].is_null() {
                row.cells[place] = value.clone();
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
