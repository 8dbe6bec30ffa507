//! A list as somebody sees it: the columns that they chose, in their order, and its order of rows.

use crate::domain::attributes::Type;
use crate::domain::filter::{self, Fact, Field, Fields};
use crate::domain::table::Kind;
use crate::store::{companies, users};

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// One of ours.
    Ours(&'static str),
    /// An attribute.
    Attribute(String, Type),
    /// Any other, which is read for itself.
    Shown(filter::Column),
}

/// The order of the rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sort {
    /// Of users.
    Users(users::SortBy),
    /// Of companies.
    Companies(companies::SortBy),
}

/// How a list is shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct View {
    /// The columns behind those that are always there; none where nothing is said.
    pub(super) columns: Option<Vec<Column>>,
    /// The order, and whether the greatest comes first; none where nothing is said.
    pub(super) sort: Option<(Sort, bool)>,
}

/// A list can't be shown so: the parameter that says it, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewError {
    /// `columns` or `sort`.
    pub parameter: &'static str,
    /// What would be taken.
    pub sentence: String,
}

/// A word for a column, and the column.
type Words = &'static [(&'static str, &'static str)];

const OF_USERS: Words = &[
    ("company", "company"),
    ("companies", "companies"),
    ("activity", "active_days_28d"),
    ("active_days_28d", "active_days_28d"),
    ("email", "email"),
    ("first_seen", "first_seen"),
    ("last_seen", "last_seen"),
    ("owner", "owner"),
    ("tags", "tags"),
    ("state", "state"),
    ("trend", "trend"),
    ("aliases", "aliases"),
    ("anonymous_ids", "anonymous_ids"),
    ("signed", "signed"),
];
const OF_COMPANIES: Words = &[
    ("members", "members"),
    ("active_members_30d", "active_members_30d"),
    ("activity", "active_people_28d"),
    ("active_people_28d", "active_people_28d"),
    ("domains", "domains"),
    ("given_domains", "given_domains"),
    ("first_seen", "first_seen"),
    ("last_seen", "last_seen"),
    ("owner", "owner"),
    ("tags", "tags"),
    ("state", "state"),
    ("trend", "trend"),
    ("aliases", "aliases"),
    ("signed_members", "signed_members"),
    ("archived_at", "archived_at"),
];

/// What a file of users with every column has, in the words of a list's columns: all that the table has, and which
/// company is theirs.
pub const EVERY_OF_USERS: &str = "company,companies,attributes,aliases,anonymous_ids,owner,tags,state,trend,active_days_28d,first_seen,last_seen,signed";

/// A user's current company in a file: its id, what it is called, and the role in it.
const OF_COMPANY: [&str; 3] = ["company_id", "company", "role"];

/// The columns of a view that always stand first: who it is.
pub(super) fn first(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Users => &["id", "user_id", "name"],
        _ => &["company_id", "name"],
    }
}

impl View {
    /// The columns that are read for themselves.
    pub(super) fn to_read(&self) -> Vec<filter::Column> {
        let of = |column: &Column| match column {
            Column::Shown(column) => Some(column.clone()),
            Column::Ours(_) | Column::Attribute(..) => None,
        };
        self.columns.iter().flatten().filter_map(of).collect()
    }

    /// The view of a list of users or companies: `columns` as `email,plan`, `sort` as `-last_seen`. The words are those of
    /// the list's address and of the API.
    ///
    /// # Errors
    /// [`ViewError`]: another kind, a column or an order that there is not.
    pub fn read(
        kind: Kind,
        columns: Option<&str>,
        sort: Option<&str>,
        fields: &Fields,
    ) -> Result<Option<View>, ViewError> {
        if columns.is_none() && sort.is_none() {
            return Ok(None);
        }
        let columns = columns.map(|text| read_columns(kind, text, fields)).transpose()?;
        let sort = sort.map(|text| read_sort(kind, text, fields)).transpose()?;
        Ok(Some(View { columns, sort }))
    }
}

fn read_columns(kind: Kind, text: &str, fields: &Fields) -> Result<Vec<Column>, ViewError> {
    let known = if kind == Kind::Users { OF_USERS } else { OF_COMPANIES };
    let read = filter::Column::read(text, fields)
        .map_err(|error| ViewError { parameter: "columns", sentence: error.sentence })?;
    let mut columns = Vec::new();
    let mut take = |column: Column| {
        if !columns.contains(&column) {
            columns.push(column);
        }
    };
    for column in read {
        let word = column.name();
        match (known.iter().find(|(own, _)| *own == word), column) {
            _ if first(kind).contains(&word.as_str()) => {}
            _ if kind == Kind::Users && word == "company" => {
                OF_COMPANY.into_iter().for_each(|name| take(Column::Ours(name)));
            }
            (Some((_, ours)), _) => take(Column::Ours(ours)),
            (None, filter::Column::Field(Field::Own(Fact::Attribute(name, of), _))) => {
                take(Column::Attribute(name, of));
            }
            (None, filter::Column::Beside("attributes")) => {
                let named_already = |name: &str| first(kind).contains(&name);
                for (name, of) in fields.own_attributes().filter(|(name, _)| !named_already(name)) {
                    take(Column::Attribute(name.to_owned(), of));
                }
            }
            (None, other) => take(Column::Shown(other)),
        }
    }
    Ok(columns)
}

fn read_sort(kind: Kind, text: &str, fields: &Fields) -> Result<(Sort, bool), ViewError> {
    let (word, descending) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
    let sort = match kind {
        Kind::Users => users::SortBy::named(word, fields).map(Sort::Users),
        _ => companies::SortBy::named(word, fields).map(Sort::Companies),
    };
    sort.map(|sort| (sort, descending)).map_err(|sentence| ViewError { parameter: "sort", sentence })
}
