//! Files that are broken in any way are read to their end: what is not taken has a sentence, and nothing hangs or falls
//! over.

use std::io::Cursor;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::workbook::tests::raw;
use super::*;
use crate::domain::table::Kind;

fn cases() -> u32 {
    if std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty()) { 10_000 } else { 250 }
}

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: cases(), failure_persistence: None, ..Config::default() })
}

/// Something that a person can read.
fn is_sentence(text: &str) {
    let ends = text.trim_end().ends_with(['.', '?', '}']);
    assert!(ends && text.len() > 10 && !text.contains("Some(") && !text.contains("Error {"), "{text:?}");
}

/// Reads a file as an import does: its beginning, its columns, each of its rows. What is not taken is told in a
/// sentence; how many rows there were.
fn read(bytes: &[u8], kind: Kind) -> Result<usize, String> {
    let (sniffed, rows): (Sniffed, Rows) = match is_workbook(bytes).map_err(|error| error.to_string())? {
        false => {
            let sniffed = sniff(bytes, &Said::default()).map_err(|error| error.to_string())?;
            let rows = Delimited::new(Cursor::new(bytes.to_vec()), &sniffed.reading);
            (sniffed, Box::new(rows))
        }
        true => {
            let mut rows = Vec::new();
            let mut workbook = Workbook::open(Cursor::new(bytes)).map_err(|error| error.to_string())?;
            let sheet = workbook.sheets().first().cloned().unwrap_or_default();
            let take = |row: &[Value]| {
                rows.push(row.to_vec());
                Ok(())
            };
            workbook.rows(&sheet, take).map_err(|error| error.to_string())?;
            let reading = Reading { sheet: Some(sheet), ..Reading::default() };
            let sniffed = Sniffed::of(rows.iter().take(SAMPLE_ROWS + 1).cloned().collect(), reading, &Said::default());
            let is_headed = usize::from(sniffed.reading.header);
            (sniffed, Box::new(rows.into_iter().skip(is_headed).map(Ok)))
        }
    };
    let mapping = suggest(kind, &sniffed.headings, &sniffed.rows, &sniffed.reading, &Known::default());
    if let Err(sentence) = mapping.check(kind) {
        is_sentence(&sentence);
    }
    let reader = Reader::new(kind, mapping, sniffed.reading, Policy::default(), Known::default());
    let mut count = 0;
    for row in rows {
        count += 1;
        match reader.read(&row.map_err(|error| error.to_string())?) {
            Err(problem) => is_sentence(&problem.detail),
            Ok(draft) => {
                for refused in draft.refused {
                    assert!(!refused.attribute.is_empty(), "its column is told");
                    is_sentence(&refused.detail);
                }
            }
        }
    }
    Ok(count)
}

/// What files are made of that went wrong.
const PIECES: [&[u8]; 30] = [
    b"user_id,email,company,joined_at,seats\n",
    b"user_id\tevent\ttime\n",
    b"ann,ann@x.test,acme,2026-01-31,3\n",
    b"ann;ann@x.test;acme;31/02/2026;1,5\r\n",
    b"bob\tOpened\t2026-02-30T25:00:00Z\n",
    b"\"two\nlines\",\"say \"\"hi\"\"\",x,,\n",
    b"\"never closed,a,b\n",
    b"a\"b\"c,\"\"\",\n",
    b"\n\n\r\r\n",
    b",,,,,,,,,,,,,,,,,,,,\n",
    b"one\n",
    b"\0\0\0\0",
    b"u\0s\0e\0r\0_\0i\0d\0\n\0",
    b"\xff\xfea\0,\0b\0\n\0",
    b"\xef\xbb\xbf",
    b"\xfe\xff\0a",
    b"\xc3\x28\xa0\xa1\xe2\x28",
    b"Za\xbf\xf3\xb3\xe6,\xa3\xf3d\xbc\n",
    b"\xf0\x9f\x98\x80,\xe2\x80\xae,\xc2\xa0\n",
    b"=1+1,+49,-x,@SUM(A1),'\n",
    b"{{user.id}},null,undefined,NaN,[object Object]\n",
    b"1e999,-0,00,1_000,\xd9\xa1\xd9\xa2\n",
    b"9999999999999999999999,0x10,1.797e308,.,-\n",
    b"{\"a\":1},[1,2],[1,{},\"\n",
    b"|,||,a|b|c,|||||\n",
    b"31/12/0000,12/31/99999,2026-02-29,0000-00-00,1/1/1\n",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"<?xml version=\"1.0\"?><Workbook/>",
    b"sep=;\n",
];

#[test]
fn a_text_that_is_broken_is_read_or_refused_with_a_sentence() {
    let long = select(vec![0_usize, 0, 0, 0, 40_000, 300_000]);
    let pieces = proptest::collection::vec(select(PIECES.to_vec()), 0..25);
    let kinds = select(Kind::ALL.to_vec());
    let files = (pieces, long, any::<Index>(), any::<Index>(), any::<bool>(), kinds);
    runner()
        .run(&files, |(pieces, long, at, cut, is_cut, kind)| {
            let mut file = pieces.concat();
            let place = at.index(file.len() + 1);
            file.splice(place..place, std::iter::repeat_n(b'x', long));
            if is_cut {
                file.truncate(cut.index(file.len() + 1));
            }
            match read(&file, kind) {
                Ok(rows) => prop_assert!(rows <= file.len() + 1),
                Err(sentence) => is_sentence(&sentence),
            }
            Ok(())
        })
        .unwrap();
}

/// What the XML of a sheet is made of.
const NODES: [&str; 24] = [
    "<row>",
    "<row r='2'>",
    "<row r='0'>",
    "<row r='99999999999'>",
    "</row>",
    "<c t='inlineStr'><is><t>user_id</t></is></c>",
    "<c t='inlineStr'><is><t>email</t></is></c>",
    "<c r='B2' t='inlineStr'><is><t>ann@x.test</t></is></c>",
    "<c t='s'><v>0</v></c>",
    "<c t='s'><v>7</v></c>",
    "<c t='s'><v>-1</v></c>",
    "<c t='b'><v>2</v></c>",
    "<c t='e'><v>#REF!</v></c>",
    "<c t='e'><v>#SPILL!</v></c>",
    "<c t='d'><v>2026-01-31T00:00:00</v></c>",
    "<c t='?'><v>1</v></c>",
    "<c><f>1+1</f></c>",
    "<c r='XFD1048576'><v>1</v></c>",
    "<c r='1A'><v>1</v></c>",
    "<c s='1'><v>46000.4</v></c>",
    "<c s='99'><v>-1e308</v></c>",
    "<c><v>NaN</v></c>",
    "<c><v>1</v>",
    "&nope;<!-- -->",
];

#[test]
fn a_workbook_that_is_broken_is_read_or_refused_with_a_sentence() {
    let nodes = proptest::collection::vec(select(NODES.to_vec()), 0..25);
    let strings = select(vec![
        "<sst uniqueCount='1'><si><t>user_id</t></si></sst>",
        "<sst uniqueCount='-5'><si/><si><r><t>a</t></r><rPh><t>b</t></rPh></si>",
        "",
    ]);
    let merged = select(vec!["", "A1:A3", "A3:A1", "C1:XFD9", "A1", ":", "A1:B2:C3"]);
    let harm = (0..6_u8, any::<Index>(), any::<Index>(), any::<u8>());
    runner()
        .run(&(nodes, strings, merged, harm), |(nodes, strings, merged, (harm, at, other, byte))| {
            let sheet = format!(
                "{}</sheetData><mergeCells><mergeCell ref='{merged}'/></mergeCells><sheetData>",
                nodes.concat()
            );
            let styles = "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>";
            let mut file = raw(&sheet, &[("xl/sharedStrings.xml", strings), ("xl/styles.xml", styles)]);
            let (at, other) = (at.index(file.len()), other.index(file.len()));
            let between = at.min(other)..at.max(other);
            match harm {
                0 => file.truncate(at),
                1 => file[at] = byte,
                2 => drop(file.drain(between)),
                3 => file[between].fill(0),
                4 => file.copy_within(between, 0),
                _ => {}
            }
            if let Err(sentence) = read(&file, Kind::Users) {
                is_sentence(&sentence);
            }
            Ok(())
        })
        .unwrap();
}
