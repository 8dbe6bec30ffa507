//! `/imports`: files that become users, companies, memberships and events.

pub mod list;
pub mod new;
pub mod one;
mod report;
mod set_up;

use maud::Markup;

use super::parts::pill;
use crate::domain::attributes::{Owner, Type};
use crate::domain::table::Kind;
use crate::store::Catalog;
use crate::store::imports::{Import, State};

/// What the rows of an import are, in words.
pub fn rows_are(kind: Kind) -> &'static str {
    match kind {
        Kind::Attributes => "attributes",
        Kind::Users => "users with their company",
        Kind::Companies => "companies",
        Kind::Visitors => "visitors",
        Kind::Memberships => "memberships",
        Kind::Notes => "notes",
        Kind::Events => "events",
        Kind::Setup => "settings, segments and decided names",
    }
}

/// Where an import stands.
pub fn state(import: &Import) -> Markup {
    match import.state {
        State::Draft if import.checked.is_some() => {
            pill::toned("info", "Checked", "Nothing was changed; it waits for you")
        }
        State::Draft => pill::toned("info", "Draft", "Nothing was changed; it waits for you"),
        State::Checking => pill::toned("info", "Checking", "It runs in a copy of the workspace"),
        State::Queued => pill::toned("info", "Waiting", "Another import comes first"),
        State::Running => pill::toned("info", "Running", "Rows are being imported"),
        State::Done => pill::toned("good", "Done", "All rows were processed"),
        State::Cancelled => pill::toned("warn", "Stopped", "What was imported by then stays"),
        State::Failed => pill::toned("bad", "Failed", "It could not continue"),
        State::Undoing => pill::toned("warn", "Undoing", "What it did is being undone"),
        State::Undone => pill::toned("", "Undone", "What it did was undone"),
    }
}

/// The attributes that exist, and their types.
pub fn defined(catalog: &Catalog) -> Vec<(Owner, String, Type)> {
    let of = |owner: Owner| {
        let all = catalog.definitions.get(&owner).into_iter().flatten().filter(|(_, of)| !of.deleting);
        let mut all: Vec<_> = all.map(|(name, of)| (owner, name.clone(), of.kind)).collect();
        all.sort_by(|one, other| one.1.cmp(&other.1));
        all
    };
    Owner::ALL.into_iter().flat_map(of).collect()
}

/// Who imports it.
pub fn by(import: &Import) -> &str {
    if import.by_kind == "shell" { "the shell" } else { &import.by_name }
}
