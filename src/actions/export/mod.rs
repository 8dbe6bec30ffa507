//! All rows of a kind as a file, page by page, so that it takes no more memory however many they are.
//!
//! Each page is read by itself: a row that comes to be meanwhile may be in it or not; none is missed or told twice,
//! but where `first_seen` moves, since an earlier message came in late.

mod person;
mod rows;
mod view;
mod zip;

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::access::Grade;
use crate::domain::attributes::Type;
use crate::domain::change::{By, Change, Subject};
use crate::domain::filter::{Fields, Filter, Listed};
use crate::domain::table::{self, Format, Kind};
use crate::store::companies::Shelf;
use crate::store::list::{Cursor, Page};
use crate::store::{Catalog, Reader, StoreError, Tx, changes};

pub use person::{About, about};
use view::Column;
pub use view::{EVERY_OF_USERS, View, ViewError};
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
    /// Only those that meet this: of users, companies, events, and users whose memberships they are.
    pub filter: Option<Filter>,
    /// Only those that have this in their names, e-mails or ids; likewise.
    pub search: Option<String>,
    /// As a list of users or companies shows it; none: all columns, and who was first seen first.
    pub view: Option<View>,
    /// Only the users or companies of these keys, as they were picked from a list.
    pub rows: Option<Vec<i64>>,
    /// Of companies those in use, or the archived ones; none: where all are asked for both, else those in use.
    pub shelf: Option<Shelf>,
}

impl Wanted {
    /// All of a kind.
    pub fn all(kind: Kind, format: Format) -> Wanted {
        Wanted { kind, format, filter: None, search: None, view: None, rows: None, shelf: None }
    }

    fn is_everything(&self) -> bool {
        self.filter.is_none()
            && self.search.is_none()
            && self.view.is_none()
            && self.rows.is_none()
            && self.shelf.is_none()
    }
}

/// The fields that an export can be filtered by; none where it takes no filter.
pub fn fields(catalog: &Catalog, kind: Kind) -> Option<Fields> {
    match kind {
        Kind::Users | Kind::Memberships => Some(catalog.fields(Listed::Users)),
        Kind::Companies => Some(catalog.fields(Listed::Companies)),
        Kind::Events => Some(catalog.fields(Listed::Events)),
        Kind::Attributes | Kind::Visitors | Kind::Notes | Kind::Setup => None,
    }
}

/// An export under way.
pub struct Export {
    wanted: Wanted,
    columns: Vec<Column>,
    /// Whether archived companies come behind the others: where all are asked for.
    with_archived: bool,
    shelf: Shelf,
    /// How the workspace is set up, where that is asked for.
    setup: Vec<rows::Row>,
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
    /// Begins an export. Where nothing is said of them its columns are all, of attributes those that exist now.
    pub fn new(catalog: &Catalog, wanted: Wanted) -> Export {
        let chosen = wanted.view.as_ref().and_then(|view| view.columns.clone());
        let ours = |names: &[&'static str]| names.iter().map(|name| Column::Ours(name)).collect::<Vec<_>>();
        let columns = match chosen {
            Some(chosen) => [ours(view::first(wanted.kind)), chosen].concat(),
            None => {
                let (before, behind) = wanted.kind.columns();
                [ours(before), attributes(catalog, wanted.kind), ours(behind)].concat()
            }
        };
        let with_archived = wanted.kind == Kind::Companies && wanted.is_everything();
        let shelf = wanted.shelf.unwrap_or_default();
        let setup = if wanted.kind == Kind::Setup { rows::setup(catalog) } else { Vec::new() };
        Export { wanted, columns, with_archived, shelf, setup, state: State::Begins }
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
        let page = match self.wanted.kind {
            Kind::Setup => Page { rows: std::mem::take(&mut self.setup), next: None },
            _ => rows::page(db, &self.wanted, self.shelf, after, PAGE_ROWS, now_ms)?,
        };
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
            Format::Ndjson => ndjson(&self.cut(page.rows)),
        }))
    }

    /// The rows, of which only what was chosen is kept.
    fn cut(&self, mut rows: Vec<rows::Row>) -> Vec<rows::Row> {
        if self.wanted.view.as_ref().is_none_or(|view| view.columns.is_none()) {
            return rows;
        }
        let is_ours = |name: &str| {
            self.columns.iter().any(|column| match column {
                Column::Ours(own) => *own == name,
                Column::Shown(shown) => shown.name() == name,
                Column::Attribute(..) => false,
            })
        };
        let is_attribute =
            |name: &str| self.columns.iter().any(|column| matches!(column, Column::Attribute(own, _) if own == name));
        let has_attributes = self.columns.iter().any(|column| matches!(column, Column::Attribute(..)));
        for row in &mut rows {
            row.retain(|name, value| match value {
                Value::Object(attributes) if name == "attributes" => {
                    attributes.retain(|name, _| is_attribute(name));
                    has_attributes
                }
                _ => is_ours(name),
            });
        }
        rows
    }

    fn csv(&self, begins: bool, rows: &[rows::Row]) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write = |cells: Vec<String>| writer.write_record(cells).expect("memory takes every record");
        if begins {
            let heading = |column: &Column| match column {
                Column::Ours(name) => (*name).to_owned(),
                Column::Attribute(name, of) => table::heading(self.wanted.kind, name, *of),
                Column::Shown(column) => column.name(),
            };
            write(self.columns.iter().map(heading).collect());
        }
        for row in rows {
            let values = row.get("attributes");
            let cell = |column: &Column| match column {
                Column::Ours(name) => row.get(*name).map_or_else(String::new, table::cell),
                Column::Shown(column) => row.get(&column.name()).map_or_else(String::new, table::cell),
                Column::Attribute(name, _) => {
                    values.and_then(|values| values.get(name)).map_or_else(String::new, table::cell)
                }
            };
            write(self.columns.iter().map(cell).collect());
        }
        writer.into_inner().expect("memory takes every record")
    }
}

/// A column for each attribute, by name.
fn attributes(catalog: &Catalog, kind: Kind) -> Vec<Column> {
    let of = kind.owner().and_then(|owner| catalog.definitions.get(&owner));
    let exist = of.into_iter().flatten().filter(|(_, of)| !of.deleting);
    let mut all: Vec<(String, Type)> = exist.map(|(name, of)| (name.clone(), of.kind)).collect();
    all.sort();
    all.into_iter().map(|(name, of)| Column::Attribute(name, of)).collect()
}

fn ndjson(rows: &[rows::Row]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        bytes.extend(serde_json::to_vec(row).unwrap_or_default());
        bytes.push(b'\n');
    }
    bytes
}

/// What is told of an export in the audit: no filter and no id, which may name people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Taken {
    /// A kind of rows, `all` or `person`.
    what: &'static str,
    /// Whether something narrowed it.
    narrowed: bool,
}

/// Keeps in the audit that something was taken out.
///
/// # Errors
/// [`StoreError`] only.
pub fn note(tx: &Tx<'_>, by: &By, taken: &Taken) -> Result<(), StoreError> {
    let change = Change::new(Subject::Workspace, "exported", None, Some(json!(taken)));
    changes::record(tx, by, "export", Grade::Hand, &[change]).map(drop)
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
        let wanted = Kind::ALL.map(|kind| Wanted::all(kind, format));
        let exports = wanted.into_iter().map(|wanted| Part::Export(Box::new(Export::new(catalog, wanted))));
        let files = std::iter::once(Part::whole("README.txt", README.as_bytes().to_vec())).chain(exports);
        Package::Zip(Box::new(Zip::new("all", "rollcall.zip".to_owned(), files.collect())))
    }

    /// All about one person, with a page for people.
    pub fn person(about: &About, page: String) -> Package {
        Package::Zip(Box::new(Zip::new("person", format!("person-{}.zip", about.id), person::parts(about, page))))
    }

    /// One kind.
    pub fn one(catalog: &Catalog, wanted: Wanted) -> Package {
        Package::One(Box::new(Export::new(catalog, wanted)))
    }

    /// What is told of it in the audit.
    pub fn taken(&self) -> Taken {
        match self {
            Package::One(export) => {
                Taken { what: export.wanted.kind.as_str(), narrowed: !export.wanted.is_everything() }
            }
            Package::Zip(zip) => Taken { what: zip.what(), narrowed: false },
        }
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
