//! What came of an import, or would come of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::table::Kind;

/// Changes that a check tells one by one.
pub const EXAMPLES_MAX: usize = 50;

/// What became of the users, companies, memberships or events that rows name, each counted once a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// New.
    pub created: u64,
    /// Something of it changed.
    pub updated: u64,
    /// Nothing did.
    pub unchanged: u64,
    /// Known, and left as it is by the policy.
    pub skipped: u64,
    /// The row was not taken.
    pub refused: u64,
}

impl Counts {
    /// Counts one.
    pub fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Updated => &mut self.updated,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Refused => &mut self.refused,
        } += 1;
    }

    /// Whether there were any.
    pub fn is_empty(&self) -> bool {
        *self == Counts::default()
    }
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// Something of it changed.
    Updated,
    /// Nothing did.
    Unchanged,
    /// It is known, and left as it is by the policy.
    Skipped,
    /// The row was not taken.
    Refused,
}

/// A change that a check tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// `user`, `company` or `membership`.
    pub kind: String,
    /// The site's id of whom it is about.
    pub id: String,
    /// The attribute.
    pub field: String,
    /// Its value before.
    pub before: Value,
    /// Its value after.
    pub after: Value,
}

/// What came of the rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// How many rows.
    pub rows: u64,
    /// Definitions of attributes.
    pub attributes: Counts,
    /// Users and leads.
    pub users: Counts,
    /// Browsers.
    pub visitors: Counts,
    /// Companies.
    pub companies: Counts,
    /// Memberships.
    pub memberships: Counts,
    /// Notes.
    pub notes: Counts,
    /// Events.
    pub events: Counts,
    /// Settings, segments, and names that were decided.
    pub setup: Counts,
    /// Rows of which nothing was taken.
    pub refused_rows: u64,
    /// Cells that were not taken while the rest of the row was.
    pub refused_values: u64,
    /// Bytes of the rows of both, as often as each is told.
    pub refused_bytes: u64,
    /// Attributes that came to be, as `user.plan`.
    pub new_attributes: Vec<String>,
    /// The first changes of what was known before.
    pub examples: Vec<Example>,
}

impl Report {
    /// What became of rows of a kind.
    pub fn of(&mut self, kind: Kind) -> &mut Counts {
        match kind {
            Kind::Attributes => &mut self.attributes,
            Kind::Users => &mut self.users,
            Kind::Visitors => &mut self.visitors,
            Kind::Memberships => &mut self.memberships,
            Kind::Companies => &mut self.companies,
            Kind::Notes => &mut self.notes,
            Kind::Events => &mut self.events,
            Kind::Setup => &mut self.setup,
        }
    }

    /// What became of each kind, in the order in which it is told.
    pub fn counts(&self) -> [(&'static str, Counts); 8] {
        [
            ("Attributes", self.attributes),
            ("Users", self.users),
            ("Visitors", self.visitors),
            ("Companies", self.companies),
            ("Memberships", self.memberships),
            ("Notes", self.notes),
            ("Events", self.events),
            ("Set-up", self.setup),
        ]
    }
}

/// What came of taking an import back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TakenBack {
    /// Events that are not there any more.
    pub events: u64,
    /// Users and companies that are not there any more.
    pub gone: u64,
    /// Fields that are as they were.
    pub fields: u64,
    /// What has changed since, and stays.
    pub kept: u64,
}
