//! A list as somebody sees it: the columns that they chose, in their order, and its order of rows.

use crate::domain::attributes::Type;
use crate::domain::filter::{Fact, Field, Fields};
use crate::domain::table::Kind;
use crate::store::{companies, users};

/// Columns at most.
const COLUMNS_MAX: usize = 100;

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// One of ours.
    Ours(&'static str),
    /// An attribute.
    Attribute(String, Type),
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

/// The columns of a view that always stand first: who it is.
pub(super) fn first(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Users => &["id", "user_id", "name"],
        _ => &["company_id", "name"],
    }
}

impl View {
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
    let wrong = |sentence| ViewError { parameter: "columns", sentence };
    let known = if kind == Kind::Users { OF_USERS } else { OF_COMPANIES };
    let mut columns = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let column = match (known.iter().find(|(own, _)| *own == word), fields.find(word)) {
            _ if first(kind).contains(&word) => continue,
            (Some((_, column)), _) => Column::Ours(column),
            (None, Some(Field::Own(Fact::Attribute(name, of), _))) => Column::Attribute(name, of),
            _ => {
                let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
                let words = words.join(", ");
                return Err(wrong(format!("There is no column {word:?}. Use {words}, or the name of an attribute.")));
            }
        };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    if columns.len() > COLUMNS_MAX {
        return Err(wrong(format!("columns has {} of at most {COLUMNS_MAX}.", columns.len())));
    }
    Ok(columns)
}

fn read_sort(kind: Kind, text: &str, fields: &Fields) -> Result<(Sort, bool), ViewError> {
    let (word, descending) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
    let fact = match fields.find(word) {
        Some(Field::Own(fact, _)) => Some(fact),
        _ => None,
    };
    let sort = match kind {
        Kind::Users => match word {
            "company" => Some(users::SortBy::Company),
            _ => fact.as_ref().and_then(users::SortBy::fact),
        }
        .map(Sort::Users),
        _ => match word {
            "active_members" | "active_members_30d" => Some(companies::SortBy::ActiveMembers),
            _ => fact.as_ref().and_then(companies::SortBy::fact),
        }
        .map(Sort::Companies),
    };
    let refused = || {
        let sentence = format!("The list is not sorted by {word:?}. Use name, first_seen, last_seen or an attribute.");
        ViewError { parameter: "sort", sentence }
    };
    sort.map(|sort| (sort, descending)).ok_or_else(refused)
}
