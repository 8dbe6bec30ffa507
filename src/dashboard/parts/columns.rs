//! The columns of a list: which are shown, in which order; in the address, and remembered for the operator.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::icon::{icon, small};
use super::list::{Address, COLUMNS, Column};
use super::pill::capital;
use super::times::Clock;
use super::values;
use crate::domain::attributes::Type;
use crate::domain::filter::{self, Fact, Field, Fields, Kind, Listed, column_words, columns_text};
use crate::store::shown::EVENT_DAYS;

/// Columns that fit a screen of 1,280 points.
const FITTING_MAX: usize = 5;
/// Columns that are shown at most.
pub const COLUMNS_MAX: usize = 30;
/// Bytes of columns that the form offers at most; any other is typed.
const OFFERED_BYTES_MAX: usize = 4_000;

/// A column that a list draws itself: its word in the address, what stands above it, and how it stands.
pub type Known = (&'static str, &'static str, &'static str);

/// A column that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What it shows.
    pub column: filter::Column,
    /// Its word in the address, as among all columns of the list.
    pub word: String,
    /// What stands above it.
    pub heading: String,
    /// How it stands: numbers at the right, below each other.
    pub class: &'static str,
    kind: Type,
}

impl Shown {
    fn of(column: filter::Column, known: &'static [Known], fields: &Fields) -> Shown {
        let (word, kind) = (column.name(), column.kind(fields.listed));
        let (heading, class) = match known.iter().find(|(own, ..)| *own == word) {
            Some((_, heading, class)) => ((*heading).to_owned(), *class),
            None => (heading(&column), if kind == Type::Number { "num" } else { "" }),
        };
        Shown { column, word, heading, class, kind }
    }

    /// Its cell in a row, of a list that draws it like any value.
    pub fn cell(&self, values: Option<&Map<String, Value>>, clock: Clock) -> Markup {
        let value = values.and_then(|values| values.get(&self.word));
        values::cell(&self.heading, value, self.kind, clock, self.class)
    }
}

fn heading(column: &filter::Column) -> String {
    match column {
        filter::Column::Field(Field::Own(Fact::Attribute(name, _), _)) => name.clone(),
        filter::Column::Field(Field::Event(name)) => format!("{name}, {EVENT_DAYS} days"),
        filter::Column::Field(Field::Own(Fact::BuiltIn(_), _)) | filter::Column::Beside(_) => {
            capital(&column.name().replace('_', " "))
        }
        filter::Column::Field(field @ Field::Membership(Fact::BuiltIn(_))) => capital(&field.in_words()),
        filter::Column::Field(Field::Company(_) | Field::Membership(_) | Field::Property(_)) => column.name(),
    }
}

/// The columns that an address says.
///
/// # Errors
/// A sentence that says which there are: it names one that isn't known.
pub fn said(text: Option<&str>, fields: &Fields) -> Result<Option<Vec<filter::Column>>, String> {
    let read = text.map(|text| filter::Column::read(text, fields)).transpose();
    read.map_err(|error| format!("{COLUMNS}= has no column {}: {}", error.number, error.sentence))
}

/// What a list shows and could show.
#[derive(Debug, Clone)]
pub struct Columns {
    /// The columns in their order.
    pub shown: Vec<Shown>,
    /// The columns that the list draws itself.
    known: &'static [Known],
    fields: Fields,
}

impl Columns {
    /// The columns that are shown: those that the address says, else those remembered, else the usual ones.
    pub fn of(
        said: Option<Vec<filter::Column>>,
        remembered: Option<&str>,
        (known, usual): (&'static [Known], &[&str]),
        fields: &Fields,
    ) -> Columns {
        let found = |word: &str| filter::Column::named(word, fields).ok();
        // A field that is gone since is no reason to refuse the list.
        let remembered =
            || column_words(remembered.unwrap_or_default()).iter().filter_map(|word| found(word)).collect();
        let mut columns: Vec<filter::Column> = Vec::new();
        for column in said.unwrap_or_else(remembered) {
            if !columns.contains(&column) && columns.len() < COLUMNS_MAX {
                columns.push(column);
            }
        }
        if columns.is_empty() {
            columns = usual.iter().filter_map(|word| found(word)).collect();
        }
        let shown = columns.into_iter().map(|column| Shown::of(column, known, fields)).collect();
        Columns { shown, known, fields: fields.clone() }
    }

    /// Their words as the address and the operator's memory have them.
    pub fn words(&self) -> String {
        columns_text(self.shown.iter().map(|column| &column.column))
    }

    /// Whether they are so few that a wide screen shows all of them: else the table scrolls within itself.
    pub fn fit(&self) -> bool {
        self.shown.len() <= FITTING_MAX
    }

    /// Whether one of this word is among them.
    pub fn has(&self, word: &str) -> bool {
        self.shown.iter().any(|column| column.word == word)
    }

    /// Those whose values the list does not have as it is.
    pub fn to_read(&self) -> Vec<filter::Column> {
        let is_own = |column: &&Shown| self.known.iter().any(|(word, ..)| *word == column.word);
        self.shown.iter().filter(|column| !is_own(column)).map(|column| column.column.clone()).collect()
    }

    /// Their heads, which sort by them where they have an order.
    pub fn heads<S: Column>(&self, address: &Address<S>) -> Markup {
        html! {
            @for column in &self.shown {
                @match S::named(&column.word, &self.fields) {
                    Some(Ok(sort)) => (address.head(sort, &column.heading, column.class)),
                    _ => th scope="col" class=(column.class) { (column.heading) },
                }
            }
        }
    }

    /// The form that chooses them. What is chosen is remembered for the operator, and stands in the address.
    pub fn menu<S: Column>(&self, address: &Address<S>) -> Markup {
        let back = Address { columns: None, ..address.clone() }.first_page();
        let known = self.known.iter().filter_map(|(word, ..)| filter::Column::named(word, &self.fields).ok());
        let fields = self.fields.offered().into_iter().map(filter::Column::Field);
        let is_own = |column: &filter::Column| match column {
            filter::Column::Field(Field::Own(fact, _)) => {
                !matches!(fact.name(), "name" | "segment" | "import") && fact.kind() != Kind::Object
            }
            _ => false,
        };
        let mut bytes = 0;
        let mut others: Vec<Shown> = Vec::new();
        for column in known.chain(fields.filter(is_own)) {
            let column = Shown::of(column, self.known, &self.fields);
            bytes += 2 * column.heading.len() + 60;
            if bytes > OFFERED_BYTES_MAX {
                break;
            }
            if !self.shown.contains(&column) && !others.contains(&column) {
                others.push(column);
            }
        }
        html! {
            details.menu.right name="tools" {
                summary.btn { (icon("columns")) " Columns " (small("down")) }
                form method="post" action="/columns" {
                    input type="hidden" name="list" value=(self.fields.listed.as_str());
                    input type="hidden" name="back" value=(back);
                    div.body.stack.tight {
                        fieldset {
                            legend.small.faint { "Shown, from the left" }
                            ul {
                                @for (place, column) in self.shown.iter().enumerate() {
                                    li.row.tight { (self.choice(column, true))
                                        @if place > 0 {
                                            button.btn.bare.mini.square.end name="earlier" value=(column.word) title="Further to the left" {
                                                (small("up")) span.vh { "Move " (column.heading) " to the left" }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                        @if !others.is_empty() {
                            fieldset {
                                legend.small.faint { "More" }
                                ul { @for column in &others { li { (self.choice(column, false)) } } }
                            }
                        }
                        div.field {
                            label for="column-named" { "Or any field by its name" }
                            input.input id="column-named" name="col" autocomplete="off" placeholder=(self.example());
                        }
                        button.btn.primary.block { "Show these" }
                        button.btn.bare.block name="usual" value="1" { "Reset columns" }
                    }
                }
            }
        }
    }

    /// A field of another kind, as it is named.
    fn example(&self) -> &'static str {
        match self.fields.listed {
            Listed::Users => "company.plan",
            Listed::Companies | Listed::Visitors | Listed::Events => "event.Report exported",
        }
    }

    fn choice(&self, column: &Shown, is_shown: bool) -> Markup {
        html! {
            label {
                input type="checkbox" name="col" value=(column.word) checked[is_shown];
                " " bdi { (column.heading) }
            }
        }
    }
}
