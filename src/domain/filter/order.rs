//! What lists are sorted by: the same words in the address bar, in the API and at the shell.

use super::parse::unknown_field;
use super::{Field, Fields, Kind};
use crate::domain::ids::excerpt;

impl Fields {
    /// The order of a word, as a list makes one of a field that has an order.
    ///
    /// # Errors
    /// A sentence: there is no such field, or it has no order, and why.
    pub fn sorted_by<S>(&self, word: &str, of: impl FnOnce(Field) -> Option<S>) -> Result<S, String> {
        let field = self.find(word).ok_or_else(|| unknown_field(word, self))?;
        let reason = without_order(field.kind());
        match (reason, of(field)) {
            (None, Some(order)) => Ok(order),
            (reason, _) => {
                let reason = reason.unwrap_or("sort by another field.");
                Err(format!("The list can't be sorted by {}: {reason}", excerpt(word)))
            }
        }
    }
}

/// Why what is of a kind has no order; none where it has one.
pub(super) fn without_order(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Text
        | Kind::Email
        | Kind::Number
        | Kind::Boolean
        | Kind::Day
        | Kind::Instant
        | Kind::List
        | Kind::Word(_) => None,
        Kind::Property => Some("events are in the order of time."),
        Kind::Object => Some("objects have no order. Sort by an attribute of another type."),
        Kind::Segment => Some("a row is in a segment or it isn't. Filter by it, as in f=segment:is:ID."),
        Kind::Import => Some("several imports can have touched a row. Filter by one, as in f=import:is:12."),
        Kind::Activity => Some(
            "how often something was done is counted for one at a time, and to count it for all would read every event \
             of 30 days. Filter by it, as in f=event.NAME:done:3,30d, and sort by last_seen; or show it as a column.",
        ),
    }
}
