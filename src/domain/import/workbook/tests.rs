use std::io::{Cursor, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook as Written};
use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn rows(bytes: &[u8], sheet: &str) -> Result<Vec<Vec<Value>>, Unreadable> {
    let mut rows = Vec::new();
    let taken = Workbook::open(Cursor::new(bytes))?.rows(sheet, |row| {
        rows.push(row.to_vec());
        Ok(())
    })?;
    assert_eq!(taken, rows.len() as u64);
    Ok(rows)
}

fn refusal(bytes: &[u8]) -> String {
    rows(bytes, "S").unwrap_err().to_string()
}

/// A workbook of one sheet `S`, written out as XML; parts that are named again are these.
pub(in crate::domain::import) fn raw(sheet: &str, others: &[(&str, &str)]) -> Vec<u8> {
    const SPREADSHEET: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let relation = |of: &str, target: &str| {
        format!(
            "<Relationships xmlns='{PACKAGE}'><Relationship Id='r1' Type='{OFFICE}/{of}' Target='{target}'/></Relationships>"
        )
    };
    let mut parts = vec![
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns='{SPREADSHEET}' xmlns:r='{OFFICE}'><sheets><sheet name='S' sheetId='1' r:id='r1'/></sheets></workbook>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns='{SPREADSHEET}'><sheetData>{sheet}</sheetData></worksheet>"),
        ),
    ];
    parts.retain(|(name, _)| others.iter().all(|(other, _)| other != name));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let others = others.iter().map(|(name, text)| (*name, (*text).to_owned()));
    for (name, text) in parts.into_iter().chain(others) {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn cells_say_what_the_workbook_says_they_are() {
    let mut book = Written::new();
    let sheet = book.add_worksheet().set_name("S").unwrap();
    let (day, moment, clock, long) = (
        Format::new().set_num_format("dd.mm.yyyy"),
        Format::new().set_num_format("yyyy-mm-dd hh:mm"),
        Format::new().set_num_format("hh:mm"),
        Format::new().set_num_format("[h]:mm:ss"),
    );
    sheet.write(0, 0, "007").unwrap().write(0, 1, 12).unwrap().write(0, 2, 0.1).unwrap();
    sheet.write(0, 3, 1_234_567_890_123_i64).unwrap().write(0, 4, -1.5).unwrap().write(0, 5, true).unwrap();
    let at = |text: &str| ExcelDateTime::parse_from_str(text).unwrap();
    sheet.write_datetime_with_format(2, 0, at("2026-12-31"), &day).unwrap();
    sheet.write_datetime_with_format(2, 1, at("2026-12-31T09:30:00"), &moment).unwrap();
    sheet.write_datetime_with_format(2, 2, at("2026-12-31T23:59:59.250"), &moment).unwrap();
    sheet.write_datetime_with_format(2, 3, at("09:30:00"), &clock).unwrap();
    sheet.write_number_with_format(2, 4, 1.5, &long).unwrap();
    sheet.write_formula(3, 0, Formula::new("=1+1").set_result("2")).unwrap();
    sheet.write_formula(3, 1, Formula::new("=\"a\"&\"b\"").set_result("ab")).unwrap();
    sheet.write(3, 2, " two\nlines & <more> ").unwrap().write(3, 5, "").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    assert_eq!(
        rows(&bytes, "S").unwrap(),
        [
            vec![json!("007"), json!(12), json!(0.1), json!(1_234_567_890_123_i64), json!(-1.5), json!(true)],
            vec![
                json!("2026-12-31"),
                json!("2026-12-31 09:30:00"),
                json!("2026-12-31 23:59:59.250"),
                json!("09:30:00"),
                json!("36:00:00")
            ],
            vec![json!(2), json!("ab"), json!(" two\nlines & <more> ")],
        ]
    );
}

#[test]
fn dates_are_those_of_the_workbook_s_own_system() {
    let styles = "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>";
    let sheet = "<row r='1'><c r='A1' s='1'><v>44197</v></c><c r='B1' s='1'><v>-1</v></c></row>";
    let of = |date1904: &str| {
        let book = format!(
            "<workbook xmlns:r='r'><workbookPr {date1904}/><sheets><sheet name='S' r:id='r1'/></sheets></workbook>"
        );
        rows(&raw(sheet, &[("xl/styles.xml", styles), ("xl/workbook.xml", &book)]), "S").unwrap().remove(0)
    };
    let (usual, other) = (of(""), of("date1904='1'"));
    assert_eq!((&usual[0], &other[0]), (&json!("2021-01-01"), &json!("2025-01-02")));
    assert!(cell::text(&usual[1]).unwrap_err().contains("is shown as a date"), "{usual:?}");
}

#[test]
fn a_cell_that_can_t_be_taken_says_why() {
    let sheet = "<row r='1'><c r='A1' t='e'><v>#N/A</v></c><c r='B1'><f>1+1</f></c><c r='C1' t='str'><f>A2</f><v></v></c>\
                 <c r='D1'><v>12345678901234567</v></c><c r='E1'><v>1E+300</v></c></row>";
    let row = rows(&raw(sheet, &[]), "S").unwrap().remove(0);
    let reason = |place: usize| cell::text(&row[place]).unwrap_err();
    assert!(reason(0).contains("#N/A") && cell::shown(&row[0]) == "#N/A");
    assert!(reason(1).contains("never computed"));
    assert!(row[2].is_null(), "a formula that says nothing is no fault");
    assert!(reason(3).contains("more digits"), "an id that lost its digits would be another's");
    let reading = crate::domain::import::Reading::default();
    for place in [3, 4] {
        let number = crate::domain::attributes::Type::Number;
        let refused = cell::value(&row[place], number, &reading, chrono_tz::Tz::UTC).unwrap_err();
        assert!(refused.contains("more digits"), "a number that lost its digits is another one: {refused}");
    }
}

#[test]
fn merged_cells_say_the_same_in_each_row_and_blank_rows_are_none() {
    let mut book = Written::new();
    let sheet = book.add_worksheet().set_name("S").unwrap();
    sheet.write(0, 1, "Who").unwrap();
    sheet.merge_range(2, 0, 4, 0, "Acme", &Format::new()).unwrap();
    sheet.write(2, 1, "ann").unwrap().write(4, 1, "bob").unwrap();
    sheet.write(5, 1, "eve").unwrap();
    sheet.merge_range(6, 0, 7, 1, "Both", &Format::new()).unwrap();
    sheet.write(7, 2, "x").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    assert_eq!(
        rows(&bytes, "S").unwrap(),
        [
            vec![Value::Null, json!("Who")],
            vec![json!("Acme"), json!("ann")],
            vec![json!("Acme"), json!("bob")],
            vec![Value::Null, json!("eve")],
            vec![json!("Both")],
            vec![json!("Both"), Value::Null, json!("x")],
        ]
    );
}

#[test]
fn sheets_are_named_those_that_are_shown_first() {
    let mut book = Written::new();
    book.add_worksheet().set_name("Old").unwrap().set_hidden(true);
    book.add_worksheet().set_name("Łódź & more").unwrap().set_active(true).write(0, 0, 1).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    assert_eq!(Workbook::open(Cursor::new(&bytes)).unwrap().sheets(), ["Łódź & more", "Old"]);
    assert_eq!(rows(&bytes, "Łódź & more").unwrap(), [[json!(1)]]);
    let missing = rows(&bytes, "New").unwrap_err().to_string();
    assert!(missing.contains("The sheets are: Łódź & more, Old."), "{missing}");
}

#[test]
fn what_is_no_workbook_is_told_by_its_first_bytes_or_parts() {
    assert!(is_workbook(&raw("", &[])[..8]).unwrap());
    assert!(!is_workbook(b"user_id,email").unwrap() && !is_workbook(b"").unwrap());
    let old = is_workbook(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...").unwrap_err().to_string();
    assert!(old.contains(".xls") && old.contains("password"), "{old}");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("people.csv", SimpleFileOptions::default()).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    assert!(refusal(&zip).contains("neither an Excel workbook"));
}

#[test]
fn what_would_take_all_memory_is_refused() {
    let long = "x".repeat(2 << 20);
    let shared = |text: &str| raw("", &[("xl/sharedStrings.xml", text)]);
    for (bytes, hint) in [
        (raw(&format!("<row><c t='inlineStr'><is><t>{long}</t></is></c></row>"), &[]), "is more than 1 MB"),
        (raw(&format!("<!-- {} -->", "<".repeat(2 << 20)), &[]), "is more than 1 MB"),
        (shared("<sst uniqueCount='99999999999999'></sst>"), "2000000 different texts"),
        (shared(&format!("<sst>{}</sst>", "<a>".repeat(300))), "endlessly nested"),
        (
            raw("", &[("xl/styles.xml", &format!("<x>{}</x>", format!("<a>{}</a>", &long[..1_000_000]).repeat(9)))]),
            "is more than 8 MB",
        ),
        (raw(&"<row><c t='inlineStr'><is><t>x</t></is></c></row>".replace("<c ", "<c r='ZZZ1' "), &[]), "column 18278"),
    ] {
        let sentence = refusal(&bytes);
        assert!(sentence.contains(hint), "{sentence}");
    }
    // One text of 30,000 characters, in each of a hundred cells of a row.
    let cells = "<c t='s'><v>0</v></c>".repeat(100);
    let text = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(30_000));
    let row = refusal(&raw(&format!("<row r='7'>{cells}</row>"), &[("xl/sharedStrings.xml", &text)]));
    assert!(row.contains("Row 7 of the sheet is more than 1 MB"), "{row}");
}

#[test]
fn a_workbook_that_is_cut_off_or_broken_anywhere_is_read_or_refused_with_a_sentence() {
    let sheet = "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1'><f>A1</f><v>2</v></c></row>";
    let whole = raw(sheet, &[("xl/sharedStrings.xml", "<sst uniqueCount='1'><si><t>x</t></si></sst>")]);
    for end in (0..whole.len()).step_by(7) {
        let sentence = refusal(&whole[..end]);
        assert!(sentence.ends_with('.') && !sentence.contains(".."), "{sentence}");
    }
    for place in (0..whole.len()).step_by(3) {
        let mut broken = whole.clone();
        broken[place] ^= 0x55;
        let _ = rows(&broken, "S");
    }
    for sheet in [
        "<row r='0'/>",
        "<row r='99999999999'/>",
        "<c r='AAAAAAAAAAAAA1'/>",
        "<c t='s'><v>9</v></c>",
        "<c t='?'><v>1</v></c>",
    ] {
        let _ = rows(&raw(sheet, &[]), "S");
    }
}

/// The most memory that this process had, in MB.
#[cfg(target_os = "linux")]
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

/// Reads a workbook; by how many MB the most memory that this process had grew.
#[cfg(target_os = "linux")]
fn read_measured(bytes: Vec<u8>) -> (Result<u64, Unreadable>, u64) {
    let before = peak_megabytes();
    let read = Workbook::open(Cursor::new(&bytes)).and_then(|mut book| book.rows("S", |_| Ok(())));
    (read, peak_megabytes() - before)
}

#[cfg(target_os = "linux")]
#[test]
fn the_largest_workbook_takes_no_more_memory_than_is_said() {
    let is_full = std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty());
    // All that is kept in memory: nearly two million texts and 64 MB.
    let (texts, megabytes_max) = if is_full { (1_850_000, 300) } else { (10_000, 15) };
    let strings = format!("<sst>{}</sst>", "<si><t>nineteen characters</t></si>".repeat(texts));
    let sheet = "<row><c t='s'><v>7</v></c></row>".repeat(texts);
    let (read, megabytes) = read_measured(raw(&sheet, &[("xl/sharedStrings.xml", &strings)]));
    assert_eq!(read.unwrap(), texts as u64);
    assert!(megabytes < megabytes_max, "{megabytes} MB");
}

#[cfg(target_os = "linux")]
#[test]
fn what_unpacks_to_far_more_than_it_should_takes_no_memory() {
    let bomb = raw(&" ".repeat(30 << 20), &[]);
    assert!(bomb.len() < 1 << 20);
    let (read, megabytes) = read_measured(bomb);
    assert!(matches!(read, Err(Unreadable::TooLarge { .. })) && megabytes < 10, "{megabytes} MB");
}
