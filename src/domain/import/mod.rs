//! Imports: a file is read (`reading.rs`; a workbook: `workbook/`), its columns are matched (`mapping.rs`), and each row becomes what a page
//! or a back end would have sent (`row.rs`). What the file knows beside the row is the business of the deed.

mod budget;
mod cell;
mod dates;
mod guess;
mod mapping;
mod reading;
mod report;
mod row;
mod sample;
mod several;
mod workbook;

pub use cell::shown;
pub use mapping::{Column, Known, Mapping, Target, suggest};
pub use reading::{Dates, Delimited, Reading, Rows, SAMPLE_ROWS, Said, Sniffed, sniff};
pub use report::{Counts, EXAMPLES_MAX, Example, Outcome, Report, TakenBack, WithoutId};
pub use row::{
    CompanyDraft, CompanyNamed, DefinitionDraft, Draft, NoteDraft, Problem, ProfileDraft, Reader, SetupDraft,
};
pub use sample::sample;
pub use workbook::{Unreadable, Workbook, is_workbook};

use serde::{Deserialize, Serialize};

/// Bytes of a file at most.
pub const FILE_BYTES_MAX: u64 = 1 << 30;
/// Columns of a file at most.
pub const COLUMNS_MAX: usize = 500;

/// What becomes of what is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Existing {
    /// The file's values hold.
    #[default]
    Update,
    /// Only what has no value gets one.
    Fill,
    /// It stays as it is.
    Skip,
}

/// What a cell of nothing says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Empty {
    /// Nothing.
    #[default]
    Ignore,
    /// That there is no value (A3).
    Clear,
}

/// What becomes of a company that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// It is made.
    #[default]
    Create,
    /// The row is refused.
    Refuse,
}

/// What becomes of memberships that a row does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Memberships {
    /// They stay.
    #[default]
    Add,
    /// They are left (C1).
    Replace,
}

/// How rows match existing records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Users and companies already known.
    pub existing: Existing,
    /// Cells of nothing.
    pub empty: Empty,
    /// Companies not known yet.
    pub unknown_companies: Unknown,
    /// Memberships that a row does not name.
    pub memberships: Memberships,
}

macro_rules! words {
    ($($type:ident { $($variant:ident = $word:literal),* })*) => {$(
        impl $type {
            /// All choices.
            pub const ALL: &'static [$type] = &[$($type::$variant),*];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$variant => $word),* }
            }

            /// The choice of a word.
            pub fn parse(word: &str) -> Option<$type> {
                match word { $($word => Some($type::$variant),)* _ => None }
            }
        }
    )*};
}

words! {
    Existing { Update = "update", Fill = "fill", Skip = "skip" }
    Empty { Ignore = "ignore", Clear = "clear" }
    Unknown { Create = "create", Refuse = "refuse" }
    Memberships { Add = "add", Replace = "replace" }
}

impl Policy {
    /// The words of a policy's parts, each with what it takes.
    pub const PARTS: [(&'static str, &'static [&'static str]); 4] = [
        ("existing", &["update", "fill", "skip"]),
        ("empty", &["ignore", "clear"]),
        ("unknown_companies", &["create", "refuse"]),
        ("memberships", &["add", "replace"]),
    ];

    /// Sets one of its parts; whether there is such a part and it takes the word.
    pub fn set(&mut self, part: &str, word: &str) -> bool {
        let set = match part {
            "existing" => Existing::parse(word).map(|word| self.existing = word),
            "empty" => Empty::parse(word).map(|word| self.empty = word),
            "unknown_companies" => Unknown::parse(word).map(|word| self.unknown_companies = word),
            "memberships" => Memberships::parse(word).map(|word| self.memberships = word),
            _ => None,
        };
        set.is_some()
    }

    /// The word of one of its parts.
    pub fn get(&self, part: &str) -> &'static str {
        match part {
            "existing" => self.existing.as_str(),
            "empty" => self.empty.as_str(),
            "unknown_companies" => self.unknown_companies.as_str(),
            _ => self.memberships.as_str(),
        }
    }
}

#[cfg(test)]
mod tests;
