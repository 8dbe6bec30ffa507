//! All that there is about one person, for whoever has a right to it: a zip of a readable page, and of JSON.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::rows;
use super::zip::Part;
use crate::domain::change::Subject;
use crate::domain::ids::UserKey;
use crate::domain::profile::Profile;
use crate::domain::time::rfc3339;
use crate::store::changes::{self, ChangeRow, ChangeSet};
use crate::store::events::{self, Of};
use crate::store::list::Cursor;
use crate::store::users::{self, UserName};
use crate::store::{Reader, StoreError, notes, tray, visitors};

/// Rows that are read at once.
const PAGE_ROWS: usize = 200;
/// Refused values that are told, the latest.
const REFUSED_MAX: usize = 1_000;

/// What is known of one person, beside what they did and what changed.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Who.
    pub key: UserKey,
    /// Our id of them.
    pub id: String,
    /// Their name, e-mail address or id, for people.
    pub name: String,
    /// All of it, as `person.json` has it.
    pub known: Map<String, Value>,
    /// What they did last, newest first, at most 200.
    pub latest: Vec<Map<String, Value>>,
}

/// What is known of somebody; none where nobody has that name.
///
/// # Errors
/// [`StoreError`] only.
pub fn about(db: &Reader<'_>, name: &UserName, now_ms: i64) -> Result<Option<About>, StoreError> {
    let Some(record) = users::record(db, name, now_ms)? else { return Ok(None) };
    let (key, id) = (record.row.key, record.row.id.clone());
    let identifiers: Vec<Value> = record
        .identifiers
        .iter()
        .map(|one| json!({ "kind": one.kind, "value": one.value, "since": rfc3339(one.since_ms) }))
        .collect();
    let attributes: Vec<Value> = record
        .attributes
        .iter()
        .map(|one| json!({ "name": one.name, "value": one.value, "since": rfc3339(one.at_ms), "source": one.source }))
        .collect();
    let first_page = record.first_page.as_ref().map(|first| {
        json!({ "at": rfc3339(first.at_ms), "page": first.page, "referrer": first.referrer, "campaign": first.campaign })
    });
    let name = record.row.name.clone().or_else(|| record.row.email.clone()).or_else(|| record.row.user_id.clone());
    let memberships = rows::memberships(record.clone());
    let notes: Vec<Value> = notes::all(db, Profile::User(key))?
        .into_iter()
        .map(|note| json!({ "at": rfc3339(note.made_ms), "by": note.author, "text": note.text, "next_date": note.next_date }))
        .collect();
    let refused = tray::of_user(db, key, REFUSED_MAX)?.into_iter().map(|one| {
        json!({ "name": one.name, "value": one.value, "code": one.code, "at": rfc3339(one.at_ms), "source": one.source })
    });
    let mut known = rows::user(record, now_ms);
    known.insert("identifiers".to_owned(), identifiers.into());
    known.insert("attribute_sources".to_owned(), attributes.into());
    known.insert("companies".to_owned(), memberships.into());
    known.insert("first_page".to_owned(), first_page.into());
    known.insert("notes".to_owned(), notes.into());
    known.insert("refused_values".to_owned(), refused.collect::<Vec<_>>().into());
    known.insert("made_at".to_owned(), rfc3339(now_ms).into());
    let latest = events::list(db, Of::User(key), None, PAGE_ROWS)?.rows.into_iter().map(rows::event).collect();
    Ok(Some(About { key, name: name.unwrap_or_else(|| id.clone()), id, known, latest }))
}

/// The files of the zip, with a page that a person reads.
pub(super) fn parts(about: &About, page: String) -> VecDeque<Part> {
    let known = serde_json::to_vec_pretty(&about.known).unwrap_or_default();
    VecDeque::from([
        Part::whole("person.html", page.into_bytes()),
        Part::whole("person.json", known),
        Part::Told(Box::new(Told { of: about.key, what: What::Browsers, state: State::Begins })),
        Part::Told(Box::new(Told { of: about.key, what: What::Events, state: State::Begins })),
        Part::Told(Box::new(Told { of: about.key, what: What::Changes, state: State::Begins })),
    ])
}

/// What is told of somebody, a JSON object a line: browsers as they came, all else newest first.
pub(super) struct Told {
    of: UserKey,
    what: What,
    state: State,
}

#[derive(Clone, Copy)]
enum What {
    /// All browsers, of which `person.json` names the latest.
    Browsers,
    /// What they did.
    Events,
    /// What was changed of them.
    Changes,
}

/// How far it is.
enum State {
    Begins,
    Behind(Cursor),
    Ended,
}

impl Told {
    pub(super) fn file_name(&self) -> &'static str {
        match self.what {
            What::Browsers => "browsers.ndjson",
            What::Events => "events.ndjson",
            What::Changes => "changes.ndjson",
        }
    }

    /// The next lines; none behind the last ones.
    pub(super) fn next(&mut self, db: &Reader<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let after = match &self.state {
            State::Begins => None,
            State::Behind(cursor) => Some(cursor.clone()),
            State::Ended => return Ok(None),
        };
        let (lines, next) = match self.what {
            What::Browsers => {
                let page = visitors::records(db, Some(self.of), after.as_ref(), PAGE_ROWS)?;
                (super::ndjson(&page.rows.into_iter().map(rows::visitor).collect::<Vec<_>>()), page.next)
            }
            What::Events => {
                let page = events::list(db, Of::User(self.of), after.as_ref(), PAGE_ROWS)?;
                (super::ndjson(&page.rows.into_iter().map(rows::event).collect::<Vec<_>>()), page.next)
            }
            What::Changes => {
                let page = changes::sets(db, Subject::User(self.of), after.as_ref(), PAGE_ROWS)?;
                (super::ndjson(&page.rows.into_iter().map(change).collect::<Vec<_>>()), page.next)
            }
        };
        self.state = next.map_or(State::Ended, State::Behind);
        Ok(Some(lines))
    }
}

fn change(set: ChangeSet) -> rows::Row {
    let field = |row: &ChangeRow| {
        json!({
            "kind": row.subject, "id": row.subject_id, "company_id": row.company_id,
            "field": row.field.trim_start(), "before": row.before, "after": row.after,
        })
    };
    rows::row(json!({
        "change_id": set.change.0,
        "at": rfc3339(set.at_ms),
        "by": { "kind": set.by_kind, "name": set.by_name },
        "cause": set.cause,
        "undone_by": set.undone_by.map(|change| change.0),
        "changes": set.changes.iter().map(field).collect::<Vec<_>>(),
    }))
}
