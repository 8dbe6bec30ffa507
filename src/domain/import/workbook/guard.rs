//! A workbook is looked through before it is read: how large its parts are unpacked, whatever the zip says of them, how
//! large their elements, and how many of what the library keeps in memory. So a workbook of the largest size that is
//! read takes about 300 MB, and a bomb takes nothing.

use std::io::{self, BufReader, Read, Seek};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::result::ZipError;

use super::Unreadable;
use crate::domain::import::budget::Budget;

/// Bytes of a workbook at most.
const WORKBOOK_BYTES_MAX: u64 = 128 << 20;
/// Bytes of all its parts unpacked.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;
/// Bytes of the table of texts that cells share, which is kept in memory.
const STRINGS_BYTES_MAX: u64 = 64 << 20;
/// Texts in it.
const STRINGS_MAX: u64 = 2_000_000;
/// Bytes of what says how cells look, which is kept in memory too.
const STYLES_BYTES_MAX: u64 = 8 << 20;
/// Parts of a workbook.
const PARTS_MAX: usize = 10_000;
/// Bytes of one element or text. A cell holds at most 32,767 characters.
const NODE_BYTES_MAX: usize = 1 << 20;
/// Elements within elements; a sheet has about ten.
const DEPTH_MAX: usize = 200;

/// The part that names all others.
const CONTENT_TYPES: &str = "[Content_Types].xml";
/// What stands in these folders is never read.
const NOT_READ: [&str; 2] = ["customXml/", "docProps/"];

fn broken(detail: impl std::fmt::Display) -> Unreadable {
    Unreadable::Broken(detail.to_string().trim_end_matches('.').to_owned())
}

fn too_large(what: &str, limit: impl Into<String>) -> Unreadable {
    Unreadable::TooLarge { what: what.to_owned(), limit: limit.into() }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes >> 20)
}

/// Looks a workbook through.
///
/// # Errors
/// It is broken, too large, or none.
pub(super) fn look_through(file: &mut (impl Read + Seek)) -> Result<(), Unreadable> {
    let bytes = file.seek(io::SeekFrom::End(0))?;
    if bytes > WORKBOOK_BYTES_MAX {
        return Err(too_large("The file", megabytes(WORKBOOK_BYTES_MAX)));
    }
    file.rewind()?;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    if zip.len() > PARTS_MAX {
        return Err(too_large("What is in the zip", format!("{PARTS_MAX} parts")));
    }
    if zip.index_for_name(CONTENT_TYPES).is_none() {
        return Err(Unreadable::NotOne);
    }
    let (mut left, mut has_sheet) = (UNPACKED_BYTES_MAX, false);
    for place in 0..zip.len() {
        let part = match zip.by_index(place) {
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => return Err(Unreadable::OldOrLocked),
            part => part.map_err(broken)?,
        };
        let name = part.name().map_err(broken)?.into_owned();
        let is_read = [".xml", ".rels"].iter().any(|ending| name.to_lowercase().ends_with(ending));
        if !is_read || NOT_READ.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        has_sheet |= name.to_lowercase().contains("worksheets/");
        left = looked_through(&name, part, left)?;
    }
    if has_sheet { Ok(()) } else { Err(Unreadable::NotOne) }
}

/// Looks a part through; how many bytes others may have.
fn looked_through(name: &str, part: impl Read, left: u64) -> Result<u64, Unreadable> {
    let (what, limit) = match name.to_lowercase().rsplit('/').next() {
        Some("sharedstrings.xml") => ("The text of its cells", STRINGS_BYTES_MAX),
        Some("styles.xml") => ("The formatting of its cells", STYLES_BYTES_MAX),
        _ => ("What is in the workbook", UNPACKED_BYTES_MAX),
    };
    let allowed = left.min(limit);
    // One byte more tells that there is more.
    let mut xml = Reader::from_reader(BufReader::new(Budget::new(part.take(allowed + 1))));
    // As the library reads it.
    let config = xml.config_mut();
    (config.check_end_names, config.expand_empty_elements) = (false, true);
    let (mut buffer, mut strings, mut depth) = (Vec::new(), 0, 0_usize);
    loop {
        buffer.clear();
        xml.get_mut().get_mut().allow(NODE_BYTES_MAX);
        let event = xml.read_event_into(&mut buffer);
        match event.map_err(|error| unread(name, error)) {
            _ if xml.get_ref().get_ref().from().limit() == 0 => return Err(too_large(what, megabytes(limit))),
            Err(unreadable) => return Err(unreadable),
            Ok(Event::Eof) => return Ok(left - xml.buffer_position()),
            Ok(Event::Start(element)) => {
                strings += u64::from(element.local_name().as_ref() == "si");
                depth += 1;
                if strings.max(promised(&element)) > STRINGS_MAX {
                    return Err(too_large("What its cells say", format!("{STRINGS_MAX} different texts")));
                }
            }
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(_) => {}
        }
        if depth > DEPTH_MAX {
            return Err(broken(format!("{name} has endlessly nested elements")));
        }
    }
}

fn unread(name: &str, error: quick_xml::Error) -> Unreadable {
    match error {
        quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            too_large("A cell, or another element of the workbook,", megabytes(NODE_BYTES_MAX as u64))
        }
        error => broken(format!("{name}: {error}")),
    }
}

/// How many texts a table of them says to have: memory is asked for by that word.
fn promised(element: &BytesStart<'_>) -> u64 {
    if element.local_name().as_ref() != "sst" {
        return 0;
    }
    let count = element.try_get_attribute("uniqueCount").ok().flatten();
    count.and_then(|count| count.value.trim().parse().ok()).unwrap_or(0)
}
