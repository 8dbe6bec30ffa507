//! How a file is read: its encoding, what parts its cells, its headings, how it writes dates and numbers. All of it
//! is found by looking at the beginning, and can be said otherwise.

use std::io::{self, Read};

use chardetng::EncodingDetector;
use encoding_rs::Encoding;
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::budget::Budget;
use super::{cell, guess};

/// Bytes of the beginning that are looked at.
const SNIFFED_BYTES: u64 = 256 * 1024;
/// Bytes of a row at most: where one does not end, the rest of a file would be one row.
pub(super) const ROW_BYTES_MAX: usize = 1 << 20;
/// Rows of the beginning that are looked at.
pub const SAMPLE_ROWS: usize = 500;
/// What may part cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What `01/02/2026` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dates {
    /// The first of February.
    #[default]
    Dmy,
    /// The second of January.
    Mdy,
}

impl Dates {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Dates::Dmy => "dmy",
            Dates::Mdy => "mdy",
        }
    }

    /// The order of a word.
    pub fn parse(word: &str) -> Option<Dates> {
        [Dates::Dmy, Dates::Mdy].into_iter().find(|known| known.as_str() == word)
    }
}

/// How a file is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The encoding by its label, such as `utf-8`, `utf-16le`, `windows-1250`.
    pub encoding: String,
    /// What parts cells.
    pub delimiter: char,
    /// The first row is of headings.
    pub header: bool,
    /// The order of a date's parts.
    pub dates: Dates,
    /// `1,5` is one and a half.
    pub decimal_comma: bool,
    /// The sheet, of a workbook, which has neither an encoding nor anything between its cells.
    pub sheet: Option<String>,
}

impl Default for Reading {
    fn default() -> Reading {
        let encoding = "utf-8".to_owned();
        Reading { encoding, delimiter: ',', header: true, dates: Dates::Dmy, decimal_comma: false, sheet: None }
    }
}

/// What was found at the beginning of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sniffed {
    /// How it is read.
    pub reading: Reading,
    /// The sheets that a workbook has.
    pub sheets: Vec<String>,
    /// Its headings; made up where it has none.
    pub headings: Vec<String>,
    /// The first rows.
    pub rows: Vec<Vec<Value>>,
}

/// Looks at the beginning of a file; `said` is how it is read, where somebody said so.
///
/// # Errors
/// The file can't be read.
pub fn sniff(file: impl Read, said: Option<Reading>) -> io::Result<Sniffed> {
    let mut head = Vec::new();
    file.take(SNIFFED_BYTES).read_to_end(&mut head)?;
    let is_cut = head.len() as u64 == SNIFFED_BYTES;
    let mut reading = match &said {
        Some(said) => said.clone(),
        None => Reading { encoding: encoding(&head).name().to_lowercase(), ..Reading::default() },
    };
    if said.is_none() {
        reading.delimiter = delimiter(&head, &reading);
    }
    let mut rows = parsed(&head, &reading);
    if is_cut {
        // The last one may end in the middle.
        rows.pop();
        if rows.is_empty() {
            return Err(endless(1, SNIFFED_BYTES));
        }
    }
    Ok(Sniffed::of(rows, reading, said.is_none()))
}

impl Sniffed {
    /// What the first rows say, the headings among them; where nothing was said of it, also how they are read.
    pub fn of(mut rows: Vec<Vec<Value>>, mut reading: Reading, is_guessed: bool) -> Sniffed {
        if is_guessed {
            reading.header = guess::is_header(&rows);
            let cells = || rows.iter().skip(1).flatten().filter_map(Value::as_str);
            reading.dates = guess::dates(cells());
            reading.decimal_comma = guess::decimal_comma(cells(), reading.delimiter);
        }
        let first = rows.first().cloned().unwrap_or_default();
        let headings = headings(&first, reading.header);
        if reading.header && !rows.is_empty() {
            rows.remove(0);
        }
        rows.truncate(SAMPLE_ROWS);
        Sniffed { reading, sheets: Vec::new(), headings, rows }
    }
}

fn parsed(head: &[u8], reading: &Reading) -> Vec<Vec<Value>> {
    let all = Reading { header: false, ..reading.clone() };
    // A beginning that can't be read as text is read again by the run, which says what is wrong.
    Delimited::new(head, &all).take(SAMPLE_ROWS + 2).map_while(Result::ok).collect()
}

fn encoding(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    // UTF-16 without a mark: every other byte of plain text is nothing.
    let nothing = |odd: usize| head.iter().skip(odd).step_by(2).take(200).filter(|byte| **byte == 0).count();
    let half = (head.len() / 2).min(200);
    if half > 4 && nothing(1) * 10 > half * 7 {
        return encoding_rs::UTF_16LE;
    }
    if half > 4 && nothing(0) * 10 > half * 7 {
        return encoding_rs::UTF_16BE;
    }
    let end = head.len().saturating_sub(4);
    let is_utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A character that the end of the beginning cuts.
        Err(error) => error.error_len().is_none() && error.valid_up_to() >= end,
    };
    if is_utf8 {
        return encoding_rs::UTF_8;
    }
    let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(head, true);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

/// What parts cells: that which makes as many of them in every row, and most of them.
fn delimiter(head: &[u8], reading: &Reading) -> char {
    let score = |delimiter: u8| {
        let rows = parsed(head, &Reading { delimiter: char::from(delimiter), ..reading.clone() });
        let cells = rows.first().map_or(0, Vec::len);
        let alike = rows.iter().take(50).filter(|row| row.len() == cells).count();
        if cells < 2 { 0 } else { alike * 1_000 / rows.len().clamp(1, 50) * 100 + cells.min(99) }
    };
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter));
    char::from(best.unwrap_or(b','))
}

/// The headings of columns, each another: made up where there are none.
fn headings(first: &[Value], is_header: bool) -> Vec<String> {
    let mut headings: Vec<String> = Vec::with_capacity(first.len());
    for (number, cell) in (1..).zip(first) {
        let text = if is_header { cell::shown(cell).trim().to_owned() } else { String::new() };
        let text = if text.is_empty() { format!("Column {number}") } else { text };
        let other = headings.iter().filter(|known| **known == text).count();
        headings.push(if other == 0 { text } else { format!("{text} [{number}]") });
    }
    headings
}

/// Rows of cells. A cell is a text, or what a spreadsheet says it is.
pub type Rows = Box<dyn Iterator<Item = io::Result<Vec<Value>>> + Send>;

/// The rows of a file of text, as they come.
pub struct Delimited<R> {
    records: csv::Reader<Budget<DecodeReaderBytes<R, Vec<u8>>>>,
}

impl<R: Read> Delimited<R> {
    /// Reads a file, without its headings.
    pub fn new(file: R, reading: &Reading) -> Delimited<R> {
        let encoding = Encoding::for_label(reading.encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
        let text = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_override(true).build(file);
        let records = csv::ReaderBuilder::new()
            .delimiter(u8::try_from(reading.delimiter).unwrap_or(b','))
            .has_headers(reading.header)
            .flexible(true)
            .from_reader(Budget::new(text));
        Delimited { records }
    }
}

impl<R: Read> Iterator for Delimited<R> {
    type Item = io::Result<Vec<Value>>;

    fn next(&mut self) -> Option<io::Result<Vec<Value>>> {
        let mut record = csv::ByteRecord::new();
        self.records.get_mut().allow(ROW_BYTES_MAX);
        let line = self.records.position().line();
        match self.records.read_byte_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let text = |cell: &[u8]| Value::String(String::from_utf8_lossy(cell).into_owned());
                Some(Ok(record.iter().map(text).collect()))
            }
            Err(error) => Some(Err(match error.into_kind() {
                csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    endless(line, ROW_BYTES_MAX as u64)
                }
                csv::ErrorKind::Io(error) => error,
                other => io::Error::other(format!("{other:?}")),
            })),
        }
    }
}

fn endless(line: u64, bytes: u64) -> io::Error {
    let kilobytes = bytes >> 10;
    io::Error::other(format!(
        "the row that begins in line {line} does not end within {kilobytes} KB. A quote that opens there is never closed, \
         or another character is between the rows."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(bytes: &[u8]) -> (String, char, bool, Vec<String>) {
        let Sniffed { reading, headings, .. } = sniff(bytes, None).unwrap();
        (reading.encoding, reading.delimiter, reading.header, headings)
    }

    #[test]
    fn encodings_and_delimiters_are_found() {
        let text =
            "e-mail;imię;miasto\nzazolc@x.test;Zażółć;Łódź\nb@x.test;Świętosława;Gdańsk\nc@x.test;Żaneta;Wrocław\n";
        let windows = encoding_rs::WINDOWS_1250.encode(text).0;
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let with_mark: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf16.clone()).collect();
        for (bytes, encoding) in [
            (text.as_bytes(), "utf-8"),
            (&windows, "windows-1250"),
            (&utf16, "utf-16le"),
            (&with_mark, "utf-16le"),
            (format!("\u{feff}{text}").as_bytes(), "utf-8"),
        ] {
            let (found, delimiter, header, headings) = found(bytes);
            assert_eq!((found.as_str(), delimiter, header), (encoding, ';', true));
            assert_eq!(headings, ["e-mail", "imię", "miasto"], "{encoding}");
            assert_eq!(sniff(bytes, None).unwrap().rows[0][1], "Zażółć", "{encoding}");
        }
        assert_eq!(found(b"a\tb\n1\t2\n").1, '\t');
        assert_eq!(found(b"id,text\n1,\"a;b;c;d\"\n2,\"x;y;z;w\"\n").1, ',');
    }

    #[test]
    fn headings_are_made_up_where_there_are_none_and_each_is_another() {
        assert_eq!(found(b"ann@x.test,12\nbob@x.test,13\n").3, ["Column 1", "Column 2"]);
        assert_eq!(found(b"name,,name\na,b,c\n").3, ["name", "Column 2", "name [3]"]);
        assert_eq!(found(b"").3, Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let sniffed = sniff(bytes.as_slice(), None).unwrap();
            let rows = Delimited::new(bytes.as_slice(), &sniffed.reading).count();
            prop_assert!(rows <= bytes.len() + 1);
        }
    }
}
