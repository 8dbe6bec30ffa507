//! How a file is read: its encoding, what parts its cells, its headings, how it writes dates and numbers. All of it
//! is found by looking at the beginning, and can be said otherwise.

use std::borrow::Cow;
use std::io::{self, Read};

use chardetng::EncodingDetector;
use encoding_rs::Encoding;
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::budget::Budget;
use super::{cell, dates, guess};

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

    /// It in words.
    fn words(self) -> &'static str {
        match self {
            Dates::Dmy => "day first (31/12/2026)",
            Dates::Mdy => "month first (12/31/2026)",
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
    /// The first row has headings.
    pub header: bool,
    /// The order of a date's parts.
    pub dates: Dates,
    /// Nothing in the file tells that order, and nobody said it.
    #[serde(default)]
    pub dates_assumed: bool,
    /// `1,5` is one and a half.
    pub decimal_comma: bool,
    /// The sheet, of a workbook, which has neither an encoding nor anything between its cells.
    pub sheet: Option<String>,
}

impl Default for Reading {
    fn default() -> Reading {
        let encoding = "utf-8".to_owned();
        Reading {
            encoding,
            delimiter: ',',
            header: true,
            dates: Dates::Dmy,
            dates_assumed: false,
            decimal_comma: false,
            sheet: None,
        }
    }
}

impl Reading {
    /// How the file is read, in words.
    pub fn sentence(&self) -> String {
        let of_cells = match &self.sheet {
            Some(sheet) => format!("the sheet {sheet:?}"),
            None => format!("{}, {} between cells", self.encoding, delimiter_name(self.delimiter)),
        };
        let headings = if self.header { "headings in the first row" } else { "no headings" };
        let mark = if self.decimal_comma { "decimal comma" } else { "decimal point" };
        format!("{of_cells}, {headings}, {mark}, dates {}", self.dates.words())
    }

    /// What a person must know of dates that could be read in either order.
    pub fn doubt(&self) -> Option<String> {
        self.dates_assumed.then(|| {
            format!(
                "Nothing in the file tells whether 01/02/2026 is in January or in February; dates are read {}.",
                self.dates.words()
            )
        })
    }
}

/// How a file is read, as far as somebody said so. The rest is found by looking at its beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The encoding by its label.
    pub encoding: Option<String>,
    /// What parts cells.
    pub delimiter: Option<char>,
    /// Whether the first row holds headings.
    pub header: Option<bool>,
    /// The order of a date's parts.
    pub dates: Option<Dates>,
    /// Whether `1,5` is one and a half.
    pub decimal_comma: Option<bool>,
    /// The sheet, of a workbook.
    pub sheet: Option<String>,
}

impl Said {
    /// What can be said, each with what it takes.
    pub const PARTS: [(&str, &str); 6] = [
        ("encoding", "the name of an encoding, such as utf-8, windows-1250 or iso-8859-15"),
        ("delimiter", "comma, semicolon, tab or bar"),
        ("header", "true or false: whether the first row has headings"),
        ("dates", "dmy or mdy: what 01/02/2026 means"),
        ("decimal_comma", "true or false: whether 1,5 is one and a half"),
        ("sheet", "the name of a workbook's sheet"),
    ];

    /// Says one part.
    ///
    /// # Errors
    /// A sentence: the part takes something else.
    pub fn set(&mut self, part: &str, word: &str) -> Result<(), String> {
        let yes_or_no = || word.parse().ok();
        let is_taken = match part {
            "encoding" => {
                self.encoding = Encoding::for_label(word.as_bytes()).map(|_| word.trim().to_lowercase());
                self.encoding.is_some()
            }
            "delimiter" => {
                self.delimiter = delimiter_of(word);
                self.delimiter.is_some()
            }
            "header" => {
                self.header = yes_or_no();
                self.header.is_some()
            }
            "dates" => {
                self.dates = Dates::parse(word);
                self.dates.is_some()
            }
            "decimal_comma" => {
                self.decimal_comma = yes_or_no();
                self.decimal_comma.is_some()
            }
            _ => {
                self.sheet = Some(word.to_owned());
                true
            }
        };
        let takes = Self::PARTS.iter().find(|(known, _)| *known == part).map_or("nothing", |(_, takes)| takes);
        if is_taken { Ok(()) } else { Err(format!("{part} can't be {word:?}. It takes {takes}.")) }
    }
}

impl From<Reading> for Said {
    fn from(reading: Reading) -> Said {
        Said {
            encoding: Some(reading.encoding),
            delimiter: Some(reading.delimiter),
            header: Some(reading.header),
            dates: Some(reading.dates),
            decimal_comma: Some(reading.decimal_comma),
            sheet: reading.sheet,
        }
    }
}

/// What parts cells, by its name or itself.
fn delimiter_of(word: &str) -> Option<char> {
    let names = ["comma", "semicolon", "tab", "bar"];
    let known = names.into_iter().zip(DELIMITERS.map(char::from));
    known.into_iter().find(|(name, delimiter)| *name == word || word.chars().eq([*delimiter])).map(|(_, of)| of)
}

/// The name of what parts cells.
fn delimiter_name(delimiter: char) -> String {
    let names = ["commas", "semicolons", "tabs", "bars"];
    let known = names.into_iter().zip(DELIMITERS.map(char::from)).find(|(_, of)| *of == delimiter);
    known.map_or_else(|| format!("{delimiter:?}"), |(name, _)| name.to_owned())
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

/// Looks at the beginning of a file.
///
/// # Errors
/// The file can't be read.
pub fn sniff(mut file: impl Read, said: &Said) -> io::Result<Sniffed> {
    let mut head = Vec::new();
    file.by_ref().take(SNIFFED_BYTES).read_to_end(&mut head)?;
    let is_cut = head.len() as u64 == SNIFFED_BYTES;
    let encoding = match &said.encoding {
        Some(said) => said.clone(),
        // Names with letters beyond ASCII may come late.
        None if is_cut && head.is_ascii() => encoding(&first_letters(file)?).name().to_lowercase(),
        None => encoding(&head).name().to_lowercase(),
    };
    let mut reading = Reading { encoding, ..Reading::default() };
    reading.delimiter = said.delimiter.unwrap_or_else(|| delimiter(&head, &reading));
    let mut rows = parsed(&head, &reading);
    if is_cut {
        // The last one may end in the middle.
        rows.pop();
        if rows.is_empty() {
            return Err(endless(1, SNIFFED_BYTES));
        }
    }
    Ok(Sniffed::of(rows, reading, said))
}

impl Sniffed {
    /// What the first rows say, the headings among them, and how they are read where nothing was said of it.
    pub fn of(mut rows: Vec<Vec<Value>>, mut reading: Reading, said: &Said) -> Sniffed {
        let cells = || rows.iter().skip(1).flatten().filter_map(Value::as_str);
        reading.header = said.header.unwrap_or_else(|| guess::is_header(&rows));
        (reading.dates, reading.dates_assumed) = said.dates.map_or_else(|| dates::order(cells()), |said| (said, false));
        reading.decimal_comma = said.decimal_comma.unwrap_or_else(|| guess::decimal_comma(cells(), reading.delimiter));
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

/// What follows from the first byte on that is not ASCII; nothing where there is none.
fn first_letters(mut file: impl Read) -> io::Result<Vec<u8>> {
    let mut piece = Vec::new();
    loop {
        piece.clear();
        if file.by_ref().take(SNIFFED_BYTES).read_to_end(&mut piece)? == 0 {
            return Ok(piece);
        }
        if let Some(first) = piece.iter().position(|byte| !byte.is_ascii()) {
            file.take(SNIFFED_BYTES).read_to_end(&mut piece)?;
            return Ok(piece.split_off(first));
        }
    }
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
        let numbered = (number..).map(|number| format!("{text} [{number}]"));
        let free = std::iter::once(text.clone()).chain(numbered).find(|heading| !headings.contains(heading));
        headings.push(free.unwrap_or(text));
    }
    headings
}

/// Rows of cells. A cell is a text, or what a spreadsheet says it is.
pub type Rows = Box<dyn Iterator<Item = io::Result<Vec<Value>>> + Send>;

/// The rows of a file of text, as they come.
pub struct Delimited<R> {
    records: csv::Reader<Budget<DecodeReaderBytes<R, Vec<u8>>>>,
    encoding: &'static Encoding,
}

impl<R: Read> Delimited<R> {
    /// Reads a file, without its headings.
    pub fn new(file: R, reading: &Reading) -> Delimited<R> {
        let encoding = Encoding::for_label(reading.encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
        // What is UTF-8 already comes as it is, so that what is none is seen in its cell.
        let text = DecodeReaderBytesBuilder::new()
            .encoding((encoding != encoding_rs::UTF_8).then_some(encoding))
            .bom_override(true)
            .utf8_passthru(true)
            .strip_bom(true)
            .build(file);
        let records = csv::ReaderBuilder::new()
            .delimiter(u8::try_from(reading.delimiter).unwrap_or(b','))
            .has_headers(reading.header)
            .flexible(true)
            .from_reader(Budget::new(text));
        Delimited { records, encoding }
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
            Ok(true) if self.is_unclosed(&record) => {
                Some(Err(unclosed(record.position().map_or(line, csv::Position::line))))
            }
            Ok(true) => Some(Ok(record.iter().map(|cell| self.cell(cell)).collect())),
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

impl<R: Read> Delimited<R> {
    /// A cell; one with bytes that are no letter of the encoding is not taken for something else.
    fn cell(&self, bytes: &[u8]) -> Value {
        let text = String::from_utf8_lossy(bytes);
        // Of one byte a letter, only what the encoding does not have becomes the sign for it.
        let is_wrong = matches!(text, Cow::Owned(_))
            || self.encoding.is_single_byte() && text.contains(char::REPLACEMENT_CHARACTER);
        if !is_wrong {
            return Value::String(text.into_owned());
        }
        let name = self.encoding.name();
        cell::refused(&text, &format!("It has characters that don't exist in {name}. Say which encoding the file has."))
    }

    /// Whether a row holds the rest of the file since a quote that opens in it is never closed: the file has ended, its
    /// quotes are not pairs, and the last cell goes over lines.
    fn is_unclosed(&self, record: &csv::ByteRecord) -> bool {
        let read = self.records.get_ref();
        read.has_ended()
            && !read.quotes().is_multiple_of(2)
            && record.iter().next_back().is_some_and(|cell| cell.contains(&b'\n'))
    }
}

fn unclosed(line: u64) -> io::Error {
    io::Error::other(format!(
        "the row that begins on line {line} has a quote that is never closed, so all rows after it would be in its last \
         cell. Close the quote, or take it out."
    ))
}

fn endless(line: u64, bytes: u64) -> io::Error {
    let kilobytes = bytes >> 10;
    io::Error::other(format!(
        "the row that begins in line {line} does not end within {kilobytes} KB. A quote that opens there is never closed, \
         or the rows are separated by another character."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(bytes: &[u8]) -> (String, char, bool, Vec<String>) {
        let Sniffed { reading, headings, .. } = sniff(bytes, &Said::default()).unwrap();
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
            assert_eq!(sniff(bytes, &Said::default()).unwrap().rows[0][1], "Zażółć", "{encoding}");
        }
        assert_eq!(found(b"a\tb\n1\t2\n").1, '\t');
        assert_eq!(found(b"id,text\n1,\"a;b;c;d\"\n2,\"x;y;z;w\"\n").1, ',');
    }

    #[test]
    fn letters_that_come_late_say_which_encoding_it_is_and_what_is_none_is_refused_in_its_cell() {
        let plain = "user_id,name\n".to_owned() + &"ann,Ann of the many rows\n".repeat(20_000);
        let name = "Zażółć gęślą jaźń, Świętosława Brzęczyszczykiewicz z Łodzi";
        let bytes = [plain.as_bytes(), &encoding_rs::WINDOWS_1250.encode(&format!("zoe,\"{name}\"\n")).0].concat();
        let sniffed = sniff(bytes.as_slice(), &Said::default()).unwrap();
        assert_eq!(sniffed.reading.encoding, "windows-1250");
        let last = |reading: &Reading| Delimited::new(bytes.as_slice(), reading).last().unwrap().unwrap();
        assert_eq!(last(&sniffed.reading), ["zoe", name]);
        let as_utf8 = last(&Reading::default());
        assert_eq!(as_utf8[0], "zoe");
        assert!(as_utf8[1]["refused"].as_str().unwrap().contains("Say which encoding"), "{as_utf8:?}");
        let replaced = "a,b\nx,\u{fffd}\n";
        let rows: Vec<_> = Delimited::new(replaced.as_bytes(), &Reading::default()).map(Result::unwrap).collect();
        assert_eq!(rows, [["x", "\u{fffd}"]], "what was lost before is a letter like others");
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_and_one_that_is_closed_or_no_quote_is_not() {
        let read = |text: &str| Delimited::new(text.as_bytes(), &Reading::default()).collect::<io::Result<Vec<_>>>();
        let unclosed = read("id,name\na,\"Ann\nb,Bob\nc,Cid\n").unwrap_err().to_string();
        assert!(unclosed.contains("begins on line 2") && unclosed.contains("never closed"), "{unclosed}");
        assert!(read("id,name\na,Ann\nb,\"Bob\nc,\"\"Cid\"\"\n").is_err());
        assert_eq!(read("id,name\na,\"Ann\nLee\"").unwrap(), [["a", "Ann\nLee"]]);
        assert_eq!(read("id,name\na,5\" pipe\nb,Bob").unwrap(), [["a", "5\" pipe"], ["b", "Bob"]]);
    }

    #[test]
    fn how_a_file_is_read_is_said_in_words_and_another_word_is_told_what_there_is() {
        let mut said = Said::default();
        for (part, word) in [("encoding", "ISO-8859-15"), ("delimiter", "tab"), ("header", "false"), ("dates", "mdy")] {
            said.set(part, word).unwrap();
        }
        let sniffed = sniff(&b"ann\t100 \xa4\t02/03/2026\n"[..], &said).unwrap();
        assert_eq!((sniffed.headings.len(), &sniffed.rows[0][1]), (3, &Value::from("100 €")));
        for (part, word) in [("encoding", "klingon"), ("delimiter", "x"), ("header", "yes"), ("decimal_comma", "1")] {
            let sentence = said.set(part, word).unwrap_err();
            assert!(sentence.contains(word) && sentence.contains("It takes"), "{sentence}");
        }
    }

    #[test]
    fn headings_are_made_up_where_there_are_none_and_each_is_another() {
        assert_eq!(found(b"ann@x.test,12\nbob@x.test,13\n").3, ["Column 1", "Column 2"]);
        assert_eq!(found(b"name,,name\na,b,c\n").3, ["name", "Column 2", "name [3]"]);
        assert_eq!(found(b"a [3],a,a\na,b,c\n").3, ["a [3]", "a", "a [4]"]);
        assert_eq!(found(b"").3, Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let sniffed = sniff(bytes.as_slice(), &Said::default()).unwrap();
            let rows = Delimited::new(bytes.as_slice(), &sniffed.reading).count();
            prop_assert!(rows <= bytes.len() + 1);
        }
    }
}
