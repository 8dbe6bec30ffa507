//! The columns of a list: which are shown, in which order; in the address, and remembered for the operator.

use maud::{Markup, html};

use super::icon::{icon, small};
use super::list::{Address, COLUMNS, Column};
use super::values;
use crate::domain::attributes::Type;
use crate::domain::filter::{Fact, Field, Fields, Kind};

/// Columns that fit a screen of 1,280 points.
const FITTING_MAX: usize = 5;
/// Columns that are shown at most.
pub const COLUMNS_MAX: usize = 30;
/// Bytes of columns that the form offers at most; any other is typed.
const OFFERED_BYTES_MAX: usize = 4_000;
/// Characters of what an address says that are said back.
const SAID_CHARS_MAX: usize = 60;

/// A column that a list knows: its word in the address, and what stands above it.
pub type Known = (&'static str, &'static str);

/// A column that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// One of the list's own.
    Known(Known),
    /// An attribute.
    Attribute(String, Type),
}

impl Shown {
    /// Its word in the address, as among all fields of the list.
    pub fn word(&self, fields: &Fields) -> String {
        match self {
            Shown::Known((word, _)) => (*word).to_owned(),
            Shown::Attribute(name, kind) => Field::Own(Fact::Attribute(name.clone(), *kind), fields.listed).to_string(),
        }
    }

    /// What stands above it.
    pub fn heading(&self) -> &str {
        match self {
            Shown::Known((_, heading)) => heading,
            Shown::Attribute(name, _) => name,
        }
    }

    /// Whether its values stand at the right, below each other.
    pub fn class(&self) -> &'static str {
        match self {
            Shown::Attribute(_, Type::Number) => "num",
            _ => "",
        }
    }
}

/// The columns that an address says.
///
/// # Errors
/// A sentence that says which there are: it names one that isn't known.
pub fn said(text: Option<&str>, known: &'static [Known], fields: &Fields) -> Result<Option<Vec<Shown>>, String> {
    let Some(text) = text else { return Ok(None) };
    let read = words(text).map(|word| {
        find(word, known, fields).ok_or_else(|| {
            let known: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            format!(
                "The list has no column “{}”; {COLUMNS}= takes {} and names of attributes, with commas.",
                values::cut(word, SAID_CHARS_MAX),
                known.join(", ")
            )
        })
    });
    read.collect::<Result<Vec<Shown>, String>>().map(Some)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn find(word: &str, known: &'static [Known], fields: &Fields) -> Option<Shown> {
    match known.iter().find(|(own, _)| *own == word) {
        Some(own) => Some(Shown::Known(*own)),
        None => match fields.find(word)? {
            Field::Own(Fact::Attribute(name, kind), _) => Some(Shown::Attribute(name, kind)),
            _ => None,
        },
    }
}

/// What a list shows and could show.
#[derive(Debug, Clone)]
pub struct Columns {
    /// The columns in their order.
    pub shown: Vec<Shown>,
    /// The columns of the list's own.
    known: &'static [Known],
    fields: Fields,
}

impl Columns {
    /// The columns that are shown: those that the address says, else those remembered, else the usual ones.
    pub fn of(
        said: Option<Vec<Shown>>,
        remembered: Option<&str>,
        (known, usual): (&'static [Known], &[&str]),
        fields: &Fields,
    ) -> Columns {
        let found = |word: &str| find(word, known, fields);
        // An attribute that is gone since is no reason to refuse the list.
        let remembered = || words(remembered.unwrap_or_default()).filter_map(found).collect::<Vec<_>>();
        let mut shown: Vec<Shown> = Vec::new();
        for column in said.unwrap_or_else(remembered) {
            if !shown.contains(&column) && shown.len() < COLUMNS_MAX {
                shown.push(column);
            }
        }
        if shown.is_empty() {
            shown = usual.iter().filter_map(|word| found(word)).collect();
        }
        Columns { shown, known, fields: fields.clone() }
    }

    /// Their words as the address and the operator's memory have them.
    pub fn words(&self) -> String {
        let words: Vec<String> = self.shown.iter().map(|column| column.word(&self.fields)).collect();
        words.join(",")
    }

    /// Whether they are so few that a wide screen shows all of them: else the table scrolls within itself.
    pub fn fit(&self) -> bool {
        self.shown.len() <= FITTING_MAX
    }

    /// The names of the attributes among them.
    pub fn attributes(&self) -> bool {
        self.shown.iter().any(|column| matches!(column, Shown::Attribute(..)))
    }

    /// The form that chooses them. What is chosen is remembered for the operator, and stands in the address.
    pub fn menu<S: Column>(&self, address: &Address<S>) -> Markup {
        let back = Address { columns: None, ..address.clone() }.first_page();
        let others = self.known.iter().map(|known| Shown::Known(*known));
        let attributes = self
            .fields
            .attributes(self.fields.listed.owner())
            .filter(|(name, kind)| {
                let fact = Fact::Attribute((*name).to_owned(), *kind);
                fact.kind() != Kind::Object && !matches!(*name, "name" | "email") && !name.contains(',')
            })
            .map(|(name, kind)| Shown::Attribute(name.to_owned(), kind));
        let mut bytes = 0;
        let others: Vec<Shown> = others.chain(attributes).filter(|column| !self.shown.contains(column)).collect();
        let offered = others.iter().take_while(|column| {
            bytes += 2 * column.heading().len() + 60;
            bytes <= OFFERED_BYTES_MAX
        });
        let offered: Vec<&Shown> = offered.collect();
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
                                            button.btn.bare.mini.square.end name="earlier" value=(column.word(&self.fields)) title="Further to the left" {
                                                (small("up")) span.vh { "Move " (column.heading()) " to the left" }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                        @if !offered.is_empty() {
                            fieldset {
                                legend.small.faint { "More" }
                                ul { @for column in &offered { li { (self.choice(column, false)) } } }
                            }
                        }
                        @if offered.len() < others.len() {
                            div.field {
                                label for="column-named" { "Or an attribute by its name" }
                                input.input id="column-named" name="col" autocomplete="off";
                            }
                        }
                        button.btn.primary.block { "Show these" }
                        button.btn.bare.block name="usual" value="1" { "As they were" }
                    }
                }
            }
        }
    }

    fn choice(&self, column: &Shown, is_shown: bool) -> Markup {
        html! {
            label {
                input type="checkbox" name="col" value=(column.word(&self.fields)) checked[is_shown];
                " " bdi { (column.heading()) }
            }
        }
    }
}
