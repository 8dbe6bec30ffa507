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
    /// The site's id of whom it is about; of a membership the user's and the company's, as `ann in acme`.
    pub id: String,
    /// The attribute; `member` where a membership ends.
    pub field: String,
    /// Its value before.
    pub before: Value,
    /// Its value after.
    pub after: Value,
}

/// Companies that a file names by a domain or a name alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WithoutId {
    /// New ones, whose id the name or domain becomes.
    pub created: u64,
    /// Rows that say something else of one than an earlier row with the same name: they are one company.
    pub joined_rows: u64,
    /// Names of the first of these.
    pub joined: Vec<String>,
}

impl WithoutId {
    /// Names that are told.
    const JOINED_MAX: usize = 10;

    /// Counts a row that becomes one with an earlier one.
    pub fn join(&mut self, name: &str) {
        self.joined_rows += 1;
        if self.joined.len() < Self::JOINED_MAX && self.joined.iter().all(|known| known != name) {
            self.joined.push(name.to_owned());
        }
    }
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
    /// Memberships that ended, since the file says all companies of its users.
    pub memberships_ended: u64,
    /// Companies that the file names without an id.
    pub companies_without_id: WithoutId,
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

    /// What a person should know of it beside the counts, as sentences; of a check what would be.
    pub fn remarks(&self, is_check: bool) -> Vec<String> {
        let number = |count: u64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        let mut remarks = Vec::new();
        if self.memberships_ended > 0 {
            let ended = number(self.memberships_ended, "membership", "memberships");
            let end = if is_check { "would end" } else { "ended" };
            remarks.push(format!("{ended} {end}: users leave the companies that no row of the file names for them."));
        }
        let WithoutId { created, joined_rows, joined } = &self.companies_without_id;
        if *created > 0 {
            let new = number(
                *created,
                "new company has no id in the file: its",
                "new companies have no id in the file: their",
            );
            remarks.push(format!("{new} name or domain becomes the id."));
        }
        if *joined_rows > 0 {
            let rows = number(*joined_rows, "row names a company", "rows name companies");
            let names: Vec<String> = joined.iter().map(|name| format!("{name:?}")).collect();
            let more = if joined.len() as u64 == *joined_rows { "" } else { " …" };
            remarks.push(format!(
                "{rows} just as an earlier row did, with other values: {}{more}. They become one company. If they are several, \
                 let a column with their own ids be company_id.",
                names.join(", ")
            ));
        }
        remarks
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
