//! All rows of a kind as a file, page by page, so that it takes no more memory however many they are.
//!
//! Each page is read by itself: a row that comes to be meanwhile may be in it or not; none is missed or told twice,
//! but where `first_seen` moves, since an earlier message came in late.

mod person;
mod rows;
mod zip;

use crate::domain::attributes::Type;
use crate::domain::filter::{Fields, Filter, Listed};
use crate::domain::table::{self, Format, Kind};
use crate::store::companies::Shelf;
use crate::store::list::Cursor;
use crate::store::{Catalog, Reader, StoreError};

pub use person::{About, about};
use zip::Part;
pub use zip::Zip;

/// What a zip of everything says of itself.
const README: &str = include_str!("README.txt");

/// Rows of a page.
const PAGE_ROWS: usize = 200;

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Which rows.
    pub kind: Kind,
    /// How.
    pub format: Format,
    /// Only those that meet this: of users, companies, and users whose memberships they are.
    pub filter: Option<Filter>,
    /// Only those that have this in their names, e-mails or ids; likewise.
    pub search: Option<String>,
}

/// The fields that an export can be filtered by; none where it takes no filter.
pub fn fields(catalog: &Catalog, kind: Kind) -> Option<Fields> {
    match kind {
        Kind::Users | Kind::Memberships => Some(catalog.fields(Listed::Users)),
        Kind::Companies => Some(catalog.fields(Listed::Companies)),
        Kind::Attributes | Kind::Notes | Kind::Events => None,
    }
}

/// An export under way.
pub struct Export {
    wanted: Wanted,
    /// The attributes that have a column, by name.
    attributes: Vec<(String, Type)>,
    /// Whether archived companies come behind the others: where all are asked for.
    with_archived: bool,
    shelf: Shelf,
    state: State,
}

/// How far it is.
enum State {
    Begins,
    /// Another shelf begins.
    Shelf,
    Behind(Cursor),
    Ended,
}

impl Export {
    /// Begins an export. Its columns are those of the attributes that exist now.
    pub fn new(catalog: &Catalog, wanted: Wanted) -> Export {
        let mut attributes: Vec<(String, Type)> =
            match wanted.kind.owner().and_then(|owner| catalog.definitions.get(&owner)) {
                Some(of) => {
                    of.iter().filter(|(_, of)| !of.deleting).map(|(name, of)| (name.clone(), of.kind)).collect()
                }
                None => Vec::new(),
            };
        attributes.sort();
        let with_archived = wanted.kind == Kind::Companies && wanted.filter.is_none() && wanted.search.is_none();
        Export { wanted, attributes, with_archived, shelf: Shelf::InUse, state: State::Begins }
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.wanted.kind.as_str(), self.wanted.format.as_str())
    }

    /// The next part of the file; none behind the last one.
    ///
    /// # Errors
    /// [`StoreError`] only.
    pub fn next(&mut self, db: &Reader<'_>, now_ms: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let (after, begins) = match &self.state {
            State::Begins => (None, true),
            State::Shelf => (None, false),
            State::Behind(cursor) => (Some(cursor.clone()), false),
            State::Ended => return Ok(None),
        };
        let page = rows::page(db, &self.wanted, self.shelf, after, PAGE_ROWS, now_ms)?;
        self.state = match page.next {
            Some(cursor) => State::Behind(cursor),
            None if self.with_archived && self.shelf == Shelf::InUse => {
                self.shelf = Shelf::Archived;
                State::Shelf
            }
            None => State::Ended,
        };
        Ok(Some(match self.wanted.format {
            Format::Csv => self.csv(begins, &page.rows),
            Format::Ndjson => ndjson(&page.rows),
        }))
    }

    fn csv(&self, begins: bool, rows: &[rows::Row]) -> Vec<u8> {
        let (before, behind) = self.wanted.kind.columns();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write = |cells: Vec<String>| writer.write_record(cells).expect("memory takes every record");
        if begins {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            let attributes = self.attributes.iter().map(|(name, of)| table::heading(self.wanted.kind, name, *of));
            write(names(before).into_iter().chain(attributes).chain(names(behind)).collect());
        }
        for row in rows {
            let ours = |name: &&str| table::cell(row.get(*name).unwrap_or_default());
            let values = row.get("attributes");
            let attributes = self
                .attributes
                .iter()
                .map(|(name, _)| values.and_then(|values| values.get(name)).map_or_else(String::new, table::cell));
            write(before.iter().map(ours).chain(attributes).chain(behind.iter().map(ours)).collect());
        }
        writer.into_inner().expect("memory takes every record")
    }
}

fn ndjson(rows: &[rows::Row]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        bytes.extend(serde_json::to_vec(row).unwrap_or_default());
        bytes.push(b'\n');
    }
    bytes
}

/// One file, or several in a zip.
pub enum Package {
    /// One file.
    One(Box<Export>),
    /// Several files.
    Zip(Box<Zip>),
}

impl Package {
    /// All kinds in one zip.
    pub fn all(catalog: &Catalog, format: Format) -> Package {
        let wanted = Kind::ALL.map(|kind| Wanted { kind, format, filter: None, search: None });
        let exports = wanted.into_iter().map(|wanted| Part::Export(Box::new(Export::new(catalog, wanted))));
        let files = std::iter::once(Part::whole("README.txt", README.as_bytes().to_vec())).chain(exports);
        Package::Zip(Box::new(Zip::new("rollcall.zip".to_owned(), files.collect())))
    }

    /// All about one person, with a page for people.
    pub fn person(about: &About, page: String) -> Package {
        Package::Zip(Box::new(Zip::new(format!("person-{}.zip", about.id), person::parts(about, page))))
    }

    /// One kind.
    pub fn one(catalog: &Catalog, wanted: Wanted) -> Package {
        Package::One(Box::new(Export::new(catalog, wanted)))
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        match self {
            Package::One(export) => export.file_name(),
            Package::Zip(zip) => zip.file_name().to_owned(),
        }
    }

    /// Its content type.
    pub fn content_type(&self) -> &'static str {
        match self {
            Package::One(export) => export.wanted.format.content_type(),
            Package::Zip(_) => "application/zip",
        }
    }

    /// The next part of the file; none behind the last one.
    ///
    /// # Errors
    /// [`StoreError`] only.
    pub fn next(&mut self, db: &Reader<'_>, now_ms: i64) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Package::One(export) => export.next(db, now_ms),
            Package::Zip(zip) => zip.next(db, now_ms),
        }
    }
}
