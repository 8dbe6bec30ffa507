//! `columns=a,b`: which of what a row says is wanted. Its own ids always are.

use serde::Serialize;
use serde_json::Value;

use super::parameters::{Parameters, invalid};
use crate::domain::filter::{Fact, Field, Fields};
use crate::http::problem::Problem;

/// Columns at most.
const COLUMNS_MAX: usize = 100;

/// The columns that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// What stands in the row itself.
    members: Vec<String>,
    /// What stands in its `attributes`.
    attributes: Vec<String>,
}

impl Columns {
    /// The columns of a list whose rows have these members, of which the first so many are its ids; none where
    /// nothing is said.
    pub fn of(
        parameters: &Parameters,
        ids: &[&str],
        members: &[&str],
        fields: &Fields,
    ) -> Result<Option<Columns>, Problem> {
        let Some(text) = parameters.get("columns") else { return Ok(None) };
        let mut columns = Columns { members: ids.iter().map(|id| (*id).to_owned()).collect(), attributes: Vec::new() };
        let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        if words.len() > COLUMNS_MAX {
            return Err(invalid(format!("columns has {} of at most {COLUMNS_MAX}.", words.len()), "columns"));
        }
        for word in words {
            match fields.find(word) {
                _ if ids.contains(&word) => {}
                _ if members.contains(&word) => columns.members.push(word.to_owned()),
                Some(Field::Own(Fact::Attribute(name, _), _)) => columns.attributes.push(name),
                _ => {
                    let detail = format!(
                        "There is no column {word:?} here. Use {}, or the name of an attribute.",
                        [ids, members].concat().join(", ")
                    );
                    return Err(invalid(detail, "columns"));
                }
            }
        }
        Ok(Some(columns))
    }

    /// A row, of which only these columns are kept where some were asked for.
    pub fn cut(columns: Option<&Columns>, row: impl Serialize) -> Value {
        let mut row = serde_json::to_value(row).unwrap_or_default();
        if let (Some(columns), Value::Object(members)) = (columns, &mut row) {
            members.retain(|name, value| match value {
                Value::Object(attributes) if name == "attributes" && !columns.attributes.is_empty() => {
                    attributes.retain(|name, _| columns.attributes.contains(name));
                    true
                }
                _ => columns.members.contains(name),
            });
        }
        row
    }
}
