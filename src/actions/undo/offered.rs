//! Which deeds are offered to be taken back, as far as can be told without trying.

use super::attributes::TAKEN_BACK;
use crate::actions::operators::OPERATOR;
use crate::actions::sources;
use crate::domain::change::{ALIAS, CREATED, LINK, Subject, USER_ID};
use crate::domain::settings::Settings;
use crate::store::changes::{ChangeRow, UNDO};

/// Whether something of a deed can be taken back, unless it has changed since. What was taken back is done
/// again by hand, not by taking that back.
pub fn can_be_taken_back(rows: &[ChangeRow]) -> bool {
    let is_undo = rows.first().is_some_and(|row| row.cause == UNDO);
    !is_undo && rows.iter().any(is_taken_back)
}

fn is_taken_back(row: &ChangeRow) -> bool {
    if !row.is_there {
        return false;
    }
    match (row.about, row.field.as_str()) {
        (Subject::Visitor(_), _) | (_, USER_ID | ALIAS | LINK) => false,
        (Subject::Workspace, OPERATOR) => row.after.is_none(),
        (Subject::Workspace, "ignored_attribute") => true,
        (Subject::Workspace, field) => Settings::default().get(field).is_some(),
        (Subject::Source(_), field) => sources::is_field(field),
        (Subject::Attribute(_), field) => TAKEN_BACK.contains(&field),
        // Who was taken away comes back with the next message.
        (_, CREATED) => row.after.is_some(),
        _ => true,
    }
}
