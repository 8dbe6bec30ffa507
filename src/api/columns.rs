//! `columns=a,b`: which of what a row says is wanted. Its own ids always are.

use serde::Serialize;
use serde_json::{Map, Value};

use super::parameters::{Parameters, invalid};
use crate::domain::filter::{self, Column, Fact, Field, Fields};
use crate::http::problem::Problem;

/// The columns that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// What stands in the row itself.
    members: Vec<String>,
    /// What stands in its `attributes`.
    attributes: Vec<String>,
    /// What stands beside it, to be read.
    beside: Vec<Column>,
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
        let mut columns = Columns {
            members: ids.iter().map(|id| (*id).to_owned()).collect(),
            attributes: Vec::new(),
            beside: Vec::new(),
        };
        let read = Column::read(text, fields)
            .map_err(|error| invalid(error.sentence, "columns").with("number", error.number))?;
        for column in read {
            let word = column.name();
            match column {
                _ if ids.contains(&word.as_str()) => {}
                _ if members.contains(&word.as_str()) => columns.members.push(word),
                Column::Field(Field::Own(Fact::Attribute(name, _), _)) => columns.attributes.push(name),
                other => columns.beside.push(other),
            }
        }
        Ok(Some(columns))
    }

    /// Those that do not stand in a row as it is.
    pub fn to_read(columns: Option<&Columns>) -> Vec<filter::Column> {
        columns.map(|columns| columns.beside.clone()).unwrap_or_default()
    }

    /// A row, of which only these columns are kept where some were asked for; with those that were read beside.
    pub fn cut(columns: Option<&Columns>, row: impl Serialize, beside: Option<Map<String, Value>>) -> Value {
        let mut row = serde_json::to_value(row).unwrap_or_default();
        if let (Some(columns), Value::Object(members)) = (columns, &mut row) {
            members.retain(|name, value| match value {
                Value::Object(attributes) if name == "attributes" && !columns.attributes.is_empty() => {
                    attributes.retain(|name, _| columns.attributes.contains(name));
                    true
                }
                _ => columns.members.contains(name),
            });
            members.extend(beside.unwrap_or_default());
        }
        row
    }
}
