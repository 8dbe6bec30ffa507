//! The columns of lists: the same names in the address bar, in the API and in exports.

use super::parse::unknown_field;
use super::{Fact, Field, Fields, Kind, Listed};
use crate::domain::attributes::Type;
use crate::domain::ids::excerpt;

/// Columns of a list at most.
pub const COLUMNS_MAX: usize = 100;

/// A column of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// A field: of the list itself, of the current company, of the place in it, or how often something was done in
    /// 30 days.
    Field(Field),
    /// What a list says beside its fields, by its word.
    Beside(&'static str),
}

/// What is named as a column and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnError {
    /// Which of the columns, from 1.
    pub number: usize,
    /// What would be taken.
    pub sentence: String,
}

impl Listed {
    /// What a list says beside its fields, and what its values are.
    pub fn beside(self) -> &'static [(&'static str, Type)] {
        match self {
            Listed::Users => &[
                ("id", Type::Text),
                ("company", Type::Text),
                ("activity", Type::List),
                ("active_days_28d", Type::Number),
                ("aliases", Type::List),
                ("anonymous_ids", Type::List),
                ("attributes", Type::Object),
                ("first_page", Type::Text),
                ("signed", Type::Boolean),
            ],
            Listed::Companies => &[
                ("activity", Type::List),
                ("active_people_28d", Type::Number),
                ("aliases", Type::List),
                ("attributes", Type::Object),
                ("domains", Type::List),
                ("given_domains", Type::List),
                ("first_page", Type::Text),
                ("signed_members", Type::Boolean),
                ("archived_at", Type::Datetime),
            ],
            Listed::Visitors => &[("attributes", Type::Object), ("first_page", Type::Text)],
            Listed::Events => &[],
        }
    }
}

impl Column {
    /// The column of a name.
    ///
    /// # Errors
    /// A sentence: there is none, and which there are.
    pub fn named(word: &str, fields: &Fields) -> Result<Column, String> {
        if let Some((known, _)) = fields.listed.beside().iter().find(|(known, _)| *known == word) {
            return Ok(Column::Beside(known));
        }
        match fields.find(word) {
            Some(field) if !matches!(field.kind(), Kind::Segment | Kind::Import) => Ok(Column::Field(field)),
            Some(_) => Err(format!("{} can't be a column: filter by it instead.", excerpt(word))),
            None => {
                let beside: Vec<&str> = fields.listed.beside().iter().map(|(known, _)| *known).collect();
                Err(format!("{} Columns are also {}.", unknown_field(word, fields), beside.join(", ")))
            }
        }
    }

    /// The columns of a text, as in `email,company.plan`; a comma in a name is written `\,`.
    ///
    /// # Errors
    /// [`ColumnError`]: one that there is not, or too many.
    pub fn read(text: &str, fields: &Fields) -> Result<Vec<Column>, ColumnError> {
        let mut columns = Vec::new();
        for (place, word) in column_words(text).iter().enumerate() {
            let column = Column::named(word, fields).map_err(|sentence| ColumnError { number: place + 1, sentence })?;
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        if columns.len() > COLUMNS_MAX {
            let sentence = format!("{} columns are too many; the limit is {COLUMNS_MAX}.", columns.len());
            return Err(ColumnError { number: COLUMNS_MAX + 1, sentence });
        }
        Ok(columns)
    }

    /// Its name, as among all columns of the list.
    pub fn name(&self) -> String {
        match self {
            Column::Beside(word) => (*word).to_owned(),
            Column::Field(field) => field.to_string(),
        }
    }

    /// What its values are.
    pub fn kind(&self, listed: Listed) -> Type {
        match self {
            Column::Beside(word) => {
                listed.beside().iter().find(|(known, _)| known == word).map_or(Type::Text, |(_, kind)| *kind)
            }
            Column::Field(Field::Own(Fact::Attribute(_, kind), _) | Field::Company(Fact::Attribute(_, kind)))
            | Column::Field(Field::Membership(Fact::Attribute(_, kind))) => *kind,
            Column::Field(field) => match field.kind() {
                Kind::Number | Kind::Activity => Type::Number,
                Kind::Boolean => Type::Boolean,
                Kind::Day => Type::Date,
                Kind::Instant => Type::Datetime,
                Kind::List => Type::List,
                Kind::Object => Type::Object,
                Kind::Text | Kind::Email | Kind::Word(_) | Kind::Segment | Kind::Import | Kind::Property => Type::Text,
            },
        }
    }
}

/// Columns as one text, which reads as they are.
pub fn columns_text<'a>(columns: impl IntoIterator<Item = &'a Column>) -> String {
    let escaped = |column: &Column| column.name().replace('\\', "\\\\").replace(',', "\\,");
    columns.into_iter().map(escaped).collect::<Vec<_>>().join(",")
}

/// The words between commas.
pub fn column_words(text: &str) -> Vec<String> {
    let (mut all, mut word, mut characters) = (Vec::new(), String::new(), text.chars());
    while let Some(character) = characters.next() {
        match character {
            '\\' => word.extend(characters.next()),
            ',' => all.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    all.push(word);
    all.into_iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attributes::Owner;

    fn fields() -> Fields {
        let defined = [
            (Owner::User, "a,b\\c", Type::Text),
            (Owner::User, "seats", Type::Number),
            (Owner::User, "state", Type::Text),
        ];
        Fields::new(Listed::Users, defined)
    }

    #[test]
    fn every_column_reads_back_from_its_text() {
        let fields = fields();
        let text =
            "email,company,company.plan,membership.role,event.Report exported,trend,a\\,b\\\\c,attribute.state,seats";
        let columns = Column::read(text, &fields).unwrap();
        assert_eq!(columns.len(), 9);
        assert_eq!(columns_text(&columns), text);
        assert_eq!(columns[6], Column::Field(Field::Own(Fact::Attribute("a,b\\c".into(), Type::Text), Listed::Users)));
        let kinds: Vec<Type> = columns[4..6].iter().map(|column| column.kind(Listed::Users)).collect();
        assert_eq!(kinds, [Type::Number, Type::Text]);
    }

    #[test]
    fn what_is_no_column_is_refused_with_its_place_and_what_there_is() {
        let error = Column::read("email, colour", &fields()).unwrap_err();
        assert_eq!(error.number, 2);
        assert!(error.sentence.starts_with("colour ") && error.sentence.contains("seats"), "{}", error.sentence);
        assert!(error.sentence.contains("anonymous_ids"), "{}", error.sentence);
        assert!(Column::read("import", &fields()).unwrap_err().sentence.contains("filter by it"));
        assert_eq!(Column::read(" ,email,,email", &fields()).unwrap().len(), 1, "each once");
    }
}
