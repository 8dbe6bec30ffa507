//! A deed is taken back: each former value is written as a new change by hand, at its own time, so that
//! later messages win again (A7). What has changed since is left alone and said.

mod attributes;
mod merges;
mod offered;
mod segments;
mod settings;

pub use offered::can_be_taken_back;

use serde::Serialize;
use serde_json::Value;

use super::operators::{self, OPERATOR};
use super::signed_members::{self, SIGNED_MEMBERS};
use super::{archive, rename, sources, webhooks};
use crate::domain::access::Grade;
use crate::domain::attributes::{Attributes, Owner, Stamp, Write};
use crate::domain::change::{
    ALIAS, ARCHIVED, By, COMPANY_ID, CREATED, Change, DOMAINS, LINK, MEMBERSHIP, MERGED_INTO, NOT_SAME_AS, Subject,
    USER_ID,
};
use crate::domain::companies::{Order, Said, Statement};
use crate::domain::duplicates::Records;
use crate::domain::ids::{ChangeKey, CompanyId, SourceKey, UserKey};
use crate::domain::message::order_within_moment;
use crate::domain::profile::{CURRENT, NOTE, Note, OWNER, PINNED, Profile, TAGS, tags_of_value, tags_value};
use crate::domain::time::{DAY_MS, instant_from_text};
use crate::store::changes::{ChangeRow, Deed};
use crate::store::imports::said;
use crate::store::memberships::Member;
use crate::store::merges::own;
use crate::store::{
    StoreError, Tx, changes, companies, duplicates, made, memberships, notes, operators as kept, profiles, users,
};

/// A merge can be taken back for so many days (R11).
pub const MERGE_UNDO_DAYS: i64 = 30;

/// Why a deed is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// There is no such change set.
    #[error("There is no such change. It may have been erased with the person it was about.")]
    Unknown,
    /// It was taken back before.
    #[error("This change was already undone, by change {}.", .0.0)]
    AlreadyUndone(ChangeKey),
    /// A merge of too long ago.
    #[error("A merge can be undone for {MERGE_UNDO_DAYS} days, and this one is older. Nothing was changed.")]
    TooOld,
    /// Nothing of it can be taken back, or all of it has changed since.
    #[error("No part of this change can be undone: {0} Nothing was changed.")]
    Nothing(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A field that was left as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conflict {
    /// `user`, `company`, `membership` …
    pub kind: &'static str,
    /// The site's id of whom it is about; of a membership the user's.
    pub id: String,
    /// The company of a membership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// The field.
    pub field: String,
    /// Why.
    pub detail: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Undone {
    /// The new change set.
    pub change: ChangeKey,
    /// What was left as it is, since it has changed or can't be taken back.
    pub conflicts: Vec<Conflict>,
    /// Users and companies that the deed had made, and that are not there any more.
    pub gone: Vec<Subject>,
}

/// Takes a deed back.
///
/// # Errors
/// [`UndoError`]; nothing is changed then.
pub fn undo(tx: &mut Tx<'_>, by: &By, change: ChangeKey) -> Result<Undone, UndoError> {
    let deed = changes::deed(tx, change)?.ok_or(UndoError::Unknown)?;
    if let Some(by) = deed.undone_by {
        return Err(UndoError::AlreadyUndone(by));
    }
    let rows = changes::of_set(&tx.reader(), change)?;
    let mut undoing = Undoing::of(tx, deed);
    if rows.iter().any(|row| row.field == MERGED_INTO) {
        if undoing.tx.now_ms - deed.at_ms > MERGE_UNDO_DAYS * DAY_MS {
            return Err(UndoError::TooOld);
        }
        undoing.merge(&rows)?;
    } else {
        for row in rows.iter().filter(|row| is_removed_operator(row)) {
            undoing.operator(row, by)?;
        }
        // With a user goes all that the deed said of it; what is left is taken back from the last on.
        for row in rows.iter().filter(|row| row.field == CREATED && matches!(row.about, Subject::User(_))) {
            if made::is_there(undoing.tx, row.about)? {
                undoing.made(row)?;
            }
        }
        let (definitions, values): (Vec<&ChangeRow>, Vec<&ChangeRow>) =
            rows.iter().rev().partition(|row| attributes::is_definition(row));
        for row in definitions.into_iter().chain(values) {
            match &undoing.retyped {
                Some(retyped) if retyped.is_value(row) => undoing.value_of_former_type(row)?,
                _ => undoing.field(row)?,
            }
        }
    }
    let Undoing { changes, conflicts, gone, retyped, .. } = undoing;
    let Some(new) = changes::record(tx, by, changes::UNDO, Grade::Hand, &changes)? else {
        let mut reasons: Vec<String> = conflicts.into_iter().map(|conflict| conflict.detail).collect();
        reasons.dedup();
        return Err(UndoError::Nothing(reasons.join(" ")));
    };
    changes::mark_undone(tx, change, new)?;
    if let Some(retyped) = retyped {
        attributes::convert_back(tx, &retyped, new, changes.len())?;
    }
    Ok(Undone { change: new, conflicts, gone })
}

/// A deed being taken back.
pub(super) struct Undoing<'a, 't> {
    pub(super) tx: &'a mut Tx<'t>,
    deed: Deed,
    changes: Vec<Change>,
    conflicts: Vec<Conflict>,
    gone: Vec<Subject>,
    retyped: Option<attributes::Retyped>,
    /// The name under which values waited in the tray that meant another attribute.
    waited: Option<String>,
    /// The source of the import whose row the deed is.
    import: Option<SourceKey>,
}

impl<'a, 't> Undoing<'a, 't> {
    pub(super) fn of(tx: &'a mut Tx<'t>, deed: Deed) -> Undoing<'a, 't> {
        Undoing {
            tx,
            deed,
            changes: Vec::new(),
            conflicts: Vec::new(),
            gone: Vec::new(),
            retyped: None,
            waited: None,
            import: None,
        }
    }

    /// As [`Undoing::of`], of a row of the import with this source.
    pub(super) fn of_import(tx: &'a mut Tx<'t>, deed: Deed, source: SourceKey) -> Undoing<'a, 't> {
        Undoing { import: Some(source), ..Undoing::of(tx, deed) }
    }

    /// What was changed, and what was left as it is.
    pub(super) fn ended(self) -> (Vec<Change>, Vec<Conflict>) {
        (self.changes, self.conflicts)
    }
}

impl Undoing<'_, '_> {
    /// A user or company that the deed made goes, unless more is known of it by now.
    fn made(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        let farewell = webhooks::farewell(self.tx, row.about)?;
        match made::take_away(self.tx, row.about, &self.deed)? {
            Some(followed) => {
                if let Some((kind, data)) = farewell {
                    webhooks::tell(self.tx, kind, data)?;
                }
                self.changes.push(Change::new(row.about, row.field.clone(), row.after.clone(), None));
                self.changes.extend(followed);
                self.gone.push(row.about);
            }
            None if matches!(row.about, Subject::User(_)) => {}
            None => self.conflict(row, format!("More is known about {} by now, so it stays.", row.subject_id)),
        }
        Ok(())
    }

    /// Whether whom a change is about went with the deed that made it.
    fn is_gone(&self, about: Subject) -> bool {
        self.gone.iter().any(|gone| match (*gone, about) {
            (Subject::User(gone), Subject::Membership(user, _)) => gone == user,
            (gone, about) => gone == about,
        })
    }

    /// Takes one field back, or says why it stays.
    pub(super) fn field(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        if self.is_gone(row.about) {
            return Ok(());
        }
        if !made::is_there(self.tx, row.about)? {
            self.not_there(row);
            return Ok(());
        }
        match (row.about, row.field.as_str()) {
            (_, OWNER | TAGS | PINNED | NOTE) => self.kept_by_hand(row),
            (Subject::Membership(..), MEMBERSHIP) => self.membership(row),
            (Subject::User(user), CURRENT) => self.current(user, row),
            (Subject::User(_) | Subject::Company(_) | Subject::Membership(..), field)
                if self.tx.catalog().definition(owner_of(row.about), field).is_some() =>
            {
                match attributes::waited_as(row) {
                    Some(waited) => self.waits_again(row, waited),
                    None => self.attribute(row),
                }
            }
            (Subject::Company(company), SIGNED_MEMBERS) => {
                let was = row.before.as_ref().and_then(Value::as_bool).unwrap_or(false);
                match signed_members::set(self.tx, company, was)? {
                    Some(change) => self.changes.push(change),
                    None => self.conflict(row, "It has already been changed back, and stays so.".to_owned()),
                }
                Ok(())
            }
            (Subject::Company(company), ARCHIVED) => {
                let was = row.before.as_ref().and_then(Value::as_bool).unwrap_or(false);
                match archive::set(self.tx, company, was.then_some(self.tx.now_ms))? {
                    Some(change) => self.changes.push(change),
                    None => self.conflict(row, "It has already been changed back, and stays so.".to_owned()),
                }
                Ok(())
            }
            (Subject::Company(company), COMPANY_ID) => {
                let id = |value: &Option<Value>| {
                    CompanyId::stored(value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned())
                };
                match rename::back(self.tx, company, &id(&row.before), &id(&row.after), self.deed.at_ms)? {
                    Ok(change) => self.changes.push(change),
                    Err(why) => self.conflict(row, why.to_owned()),
                }
                Ok(())
            }
            // They came back before whom they looked after.
            (Subject::Workspace, OPERATOR) if row.after.is_none() => Ok(()),
            (Subject::Workspace, _) => self.setting(row),
            (Subject::Source(key), field) if sources::is_field(field) => self.source(row, key),
            (Subject::Attribute(key), _) => self.definition(row, key),
            // What was deleted with its attribute is told with that.
            _ if row.cause == attributes::DELETION => Ok(()),
            (Subject::Segment(key), _) => self.segment(row, key),
            (one, NOT_SAME_AS) => self.told_apart(one, row),
            (Subject::Company(_), CREATED) => self.made(row),
            (Subject::Source(_), CREATED) => {
                self.conflict(
                    row,
                    "A source is not removed, because what it sent is kept. It can be paused.".to_owned(),
                );
                Ok(())
            }
            (_, CREATED) => {
                let why = match self.deed.by_message {
                    true => format!("A message made {}, so the person stays. It can be erased.", row.subject_id),
                    false => format!("More is known about {} by now, so the person stays.", row.subject_id),
                };
                self.conflict(row, why);
                Ok(())
            }
            _ => {
                self.conflict(row, format!("A change of {} can't be undone here.", called(&row.field)));
                Ok(())
            }
        }
    }

    /// An operator who was removed is back, without a password.
    fn operator(&mut self, row: &ChangeRow, by: &By) -> Result<(), UndoError> {
        let Some(removed) = &row.before else { return Ok(()) };
        match operators::bring_back(self.tx, by, removed)? {
            Ok(change) => self.changes.extend(change),
            Err(why) => self.conflict(row, why.to_owned()),
        }
        Ok(())
    }

    /// Owner, tags, pins and notes (A7, A9).
    fn kept_by_hand(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        if row.field == PINNED {
            return self.pin(row);
        }
        let Some(profile) = Profile::of(row.about) else { return Ok(()) };
        let db = self.tx.reader();
        let stands = match row.field.as_str() {
            OWNER => profiles::owner(&db, profile)?.map(Value::from),
            TAGS => tags_value(&profiles::tags(&db, profile)?),
            _ => {
                let told = row.after.as_ref().or(row.before.as_ref());
                let key = told.and_then(|note| Note::of_value(profile, note)).map(|note| note.key);
                key.map(|key| notes::find(&db, key)).transpose()?.flatten().map(|note| note.to_value())
            }
        };
        if stands != row.after {
            self.conflict(row, "It has changed since, and stays as it is.".to_owned());
            return Ok(());
        }
        let before = if row.field == NOTE { row.before.clone() } else { changes::former(self.tx, row)? };
        match row.field.as_str() {
            OWNER => {
                let email = before.as_ref().and_then(Value::as_str);
                let found = email.map(|email| kept::find(&self.tx.reader(), email)).transpose()?.flatten();
                if email.is_some() && found.is_none() {
                    self.conflict(row, "The previous owner is no longer an operator.".to_owned());
                    return Ok(());
                }
                profiles::set_owner(self.tx, profile, found.map(|(operator, _)| operator.key))?;
            }
            TAGS => profiles::set_tags(self.tx, profile, &tags_of_value(before.as_ref()))?,
            _ => match before.as_ref().and_then(|note| Note::of_value(profile, note)) {
                Some(note) => notes::put(self.tx, &note)?,
                None => {
                    if let Some(note) = row.after.as_ref().and_then(|note| Note::of_value(profile, note)) {
                        notes::remove(self.tx, note.key)?;
                    }
                }
            },
        }
        self.changes.push(Change::new(row.about, row.field.clone(), row.after.clone(), before));
        Ok(())
    }

    /// What was pinned is no more, and the other way round: the value itself stays.
    fn pin(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        let Some(name) = row.after.as_ref().or(row.before.as_ref()).and_then(Value::as_str) else { return Ok(()) };
        let stamp = Stamp { pinned: row.before.is_some(), ..self.stamp() };
        let was_pinned = row.after.is_some();
        let repin = |attributes: &mut Attributes| {
            let value = attributes.get(name);
            let turns = value.is_some() && attributes.is_pinned(name) == was_pinned;
            if let Some(value) = value.filter(|_| turns) {
                attributes.write(name, Write::Set(value), stamp);
            }
            turns
        };
        let turned = self.change(row.about, repin)?;
        if turned == Some(true) {
            self.changes.push(Change::new(row.about, PINNED, row.after.clone(), row.before.clone()));
        }
        Ok(())
    }

    /// Does something to the attributes of a user, a company or a membership; none where there is no such.
    fn change<T>(&mut self, about: Subject, deed: impl Fn(&mut Attributes) -> T) -> Result<Option<T>, StoreError> {
        if let Some(mut own) = own::of(self.tx, about)? {
            deed(&mut own);
            own::put(self.tx, about, &own)?;
        }
        Ok(Some(match about {
            Subject::User(user) => {
                let mut known = users::load(self.tx, user)?;
                let outcome = deed(&mut known.attributes);
                users::save(self.tx, &known)?;
                outcome
            }
            Subject::Company(company) => {
                let mut known = companies::load(self.tx, company)?;
                let outcome = deed(&mut known.attributes);
                companies::save(self.tx, &known)?;
                outcome
            }
            Subject::Membership(user, company) => {
                let Some(mut known) = memberships::attributes(self.tx, user, company)? else { return Ok(None) };
                let outcome = deed(&mut known);
                memberships::save(self.tx, user, company, &known)?;
                outcome
            }
            _ => return Ok(None),
        }))
    }

    /// Writes the former value as said by hand, unless another stands by now.
    fn attribute(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        if self.is_said_since(row)? {
            self.conflict(row, format!("{} has been set or confirmed since, and stays as it is.", row.field));
            return Ok(());
        }
        let stamp = self.stamp();
        let former = changes::former(self.tx, row)?;
        let write = match &former {
            Some(value) => Write::Set(value.clone()),
            None => Write::Clear,
        };
        let of_import = self.import.is_some();
        let restore = |attributes: &mut Attributes| {
            let stands = attributes.get(&row.field);
            if stands != row.after {
                // Another import that said the same was taken back before, and this field with it.
                let is_back = of_import && (stands == row.before || stands == former);
                return if is_back { Ok(None) } else { Err(stands) };
            }
            // A pin stays, unless it came with this very change: then its own row takes it off.
            let stamp = Stamp { pinned: attributes.is_pinned(&row.field), ..stamp };
            Ok(attributes.write(&row.field, write.clone(), stamp))
        };
        let Some(outcome) = self.change(row.about, restore)? else { return Ok(()) };
        match outcome {
            Ok(Some((before, after))) => {
                own::take_back(self.tx, row.about, &row.field, row.after.as_ref(), stamp)?;
                self.changes.push(Change::new(row.about, row.field.clone(), before, after));
            }
            Ok(None) => {}
            Err(stands) => {
                let stands = stands.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
                self.conflict(row, format!("{} has changed since: it is {stands} now, and stays so.", row.field));
            }
        }
        Ok(())
    }

    /// Whether somebody said the value of a field again since the deed: what everybody says who says it again is kept
    /// with it, so it is known at no cost.
    fn is_said_since(&self, row: &ChangeRow) -> Result<bool, StoreError> {
        let Some(stamp) = said::stamp_of(self.tx, row.about, &row.field)? else { return Ok(false) };
        let is_later = self.import.is_some() || stamp.at_ms > self.deed.at_ms;
        Ok(is_later && said::stands(self.tx, row.about, &row.field, stamp)?)
    }

    /// Who joined leaves, who left joins again: what the deed said is forgotten, else the opposite is said by hand.
    fn membership(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        let Subject::Membership(user, company) = row.about else { return Ok(()) };
        let is_open = |value: &Option<Value>| value.as_ref().is_some_and(|value| value.get("left_at").is_none());
        let told = |change: &Change| change.subject == row.about && change.field == row.field;
        // Since when one is a member follows from what is said.
        if self.changes.iter().any(told) || is_open(&row.before) == is_open(&row.after) {
            return Ok(());
        }
        let open = memberships::is_open(&self.tx.reader(), user, company)?;
        if let Some(source) = self.import {
            // What none of its rows says any more follows from what others said, with their times and sources.
            if let Some(changes) = memberships::unsay_all_of(self.tx, user, source)? {
                self.changes.extend(changes);
            }
            if is_open(&row.after) && memberships::is_open(&self.tx.reader(), user, company)? {
                self.conflict(row, "The membership was confirmed since, and stays as it is.".to_owned());
            }
            return Ok(());
        }
        if open != is_open(&row.after) {
            self.conflict(row, "The membership has changed since, and stays as it is.".to_owned());
            return Ok(());
        }
        if said::of_membership_since(self.tx, (user, company), open, self.deed.at_ms)? {
            self.conflict(row, "The membership was confirmed since, and stays as it is.".to_owned());
            return Ok(());
        }
        let (before, after) = (Told::of(&row.before), Told::of(&row.after));
        // What the deed itself said is not said any more; what others said of it stays. A message says it at its own time.
        let of = self.deed.by_message.then_some(company);
        let mut unsaid = memberships::unsay(self.tx, user, of, self.deed.at_ms)?;
        let said_ms =
            if open { after.joined_ms.filter(|_| after.joined_ms != before.joined_ms) } else { after.left_ms };
        if let (None, Some(said_ms)) = (&unsaid, said_ms) {
            unsaid = memberships::unsay(self.tx, user, Some(company), said_ms)?;
        }
        if let Some(changes) = unsaid {
            self.changes.extend(changes);
            if memberships::is_open(&self.tx.reader(), user, company)? != open {
                return Ok(());
            }
        }
        // What was forgotten is said again at its own time, else the opposite now.
        let said = if open { Said::Leaves(company) } else { Said::Joins(company) };
        let again_ms = match open {
            true => before.left_ms.filter(|_| before.joined_ms == after.joined_ms),
            false => before.joined_ms.filter(|_| row.after.is_none()),
        };
        for at_ms in again_ms.into_iter().chain([self.tx.now_ms]) {
            let stamp = self.stamp();
            let statements = [Statement { order: Order { at_ms, message: stamp.order, place: 1 }, said }];
            memberships::state(self.tx, Member::User(user), &statements, stamp.grade, stamp.source)?;
            let changes = memberships::restate(self.tx, user)?;
            self.changes.extend(changes);
            if memberships::is_open(&self.tx.reader(), user, company)? != open {
                break;
            }
        }
        Ok(())
    }

    /// The company that was current before is so again, unless another is by now.
    fn current(&mut self, user: UserKey, row: &ChangeRow) -> Result<(), UndoError> {
        let current = |tx: &Tx<'_>| -> Result<Option<Value>, StoreError> {
            let company = users::load(tx, user)?.current_company;
            Ok(company
                .map(|company| companies::load(tx, company))
                .transpose()?
                .map(|company| company.company_id.into()))
        };
        if current(self.tx)? != row.after {
            self.conflict(row, "Another company has become the current one since, and stays so.".to_owned());
            return Ok(());
        }
        let changes = memberships::unsay(self.tx, user, None, self.deed.at_ms)?;
        self.changes.extend(changes.unwrap_or_default());
        let now = current(self.tx)?;
        if now == row.after {
            self.conflict(row, "It is the current one because of what was sent since.".to_owned());
        } else {
            self.changes.push(Change::new(row.about, CURRENT, row.after.clone(), now));
        }
        Ok(())
    }

    /// Two that were told apart are possible duplicates again, or the other way round.
    fn told_apart(&mut self, one: Subject, row: &ChangeRow) -> Result<(), UndoError> {
        let Some(id) = row.after.as_ref().or(row.before.as_ref()).and_then(Value::as_str) else { return Ok(()) };
        let apart = match one {
            Subject::User(user) => users::key_of_our_id(self.tx, id)?.map(|other| (Records::Users, user.0, other.0)),
            Subject::Company(company) => companies::key_of_id(self.tx, &CompanyId::stored(id.to_owned()))?
                .map(|other| (Records::Companies, company.0, other.0)),
            _ => None,
        };
        let Some((records, one, other)) = apart else { return Ok(()) };
        duplicates::tell_apart(self.tx, records, one, other, row.after.is_none())?;
        self.changes.push(Change::new(row.about, NOT_SAME_AS, row.after.clone(), row.before.clone()));
        Ok(())
    }

    /// Whom a deed made, and who is gone by now, has nothing to be taken back: said once of each.
    fn not_there(&mut self, row: &ChangeRow) {
        let who = if row.subject_id.is_empty() { "What this was about" } else { &row.subject_id };
        let detail = format!("{who} no longer exists, so nothing of it can be undone.");
        if self.conflicts.iter().all(|known| known.detail != detail) {
            self.conflict(row, detail);
        }
    }

    fn stamp(&self) -> Stamp {
        let source = SourceKey(0);
        let order = order_within_moment(0, self.tx.message_hash(source, None));
        Stamp { pinned: false, at_ms: self.tx.now_ms, grade: Grade::Hand, order, source }
    }

    fn conflict(&mut self, row: &ChangeRow, detail: String) {
        // A field of ours has a blank before it, which is nobody's business.
        let (kind, id, field) = (row.subject, row.subject_id.clone(), row.field.trim_start().to_owned());
        let company_id = row.company_id.clone();
        self.conflicts.push(Conflict { kind, id, company_id, field, detail });
    }
}

fn is_removed_operator(row: &ChangeRow) -> bool {
    row.about == Subject::Workspace && row.field == OPERATOR && row.after.is_none()
}

/// When a membership began and ended, as a change tells it, Unix milliseconds.
#[derive(Default)]
struct Told {
    joined_ms: Option<i64>,
    left_ms: Option<i64>,
}

impl Told {
    fn of(value: &Option<Value>) -> Told {
        let moment = |name: &str| value.as_ref()?.get(name)?.as_str().and_then(instant_from_text);
        Told { joined_ms: moment("joined_at"), left_ms: moment("left_at") }
    }
}

/// A field as a sentence names it.
fn called(field: &str) -> &str {
    match field {
        LINK => "whose browser this is",
        USER_ID => "the user id",
        ALIAS => "an earlier id",
        DOMAINS => "a company's domains",
        other => other.trim_start(),
    }
}

fn owner_of(about: Subject) -> Owner {
    match about {
        Subject::Company(_) => Owner::Company,
        Subject::Membership(..) => Owner::Membership,
        _ => Owner::User,
    }
}
