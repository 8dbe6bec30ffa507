//! Merges taken back (R11, C10).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Conflict, UndoError, Undoing};
use crate::actions::merge::{self, rejoin};
use crate::actions::signed_members::SIGNED_MEMBERS;
use crate::domain::attributes::Write;
use crate::domain::change::{Change, MERGED_INTO, Subject};
use crate::domain::ids::{ChangeKey, CompanyId, CompanyKey, UserKey};
use crate::domain::profile::{OWNER, TAGS};
use crate::store::changes::{ChangeRow, Since};
use crate::store::merges::memberships::{self, Said};
use crate::store::merges::{self, Move, attributes as said, companies};
use crate::store::{StoreError, Tx, changes, companies as stored, users};

/// What stands of those whom others were merged into, before these are apart again.
#[derive(Default)]
struct Apart {
    /// Whom others were merged into, and those others.
    of: BTreeMap<Subject, Vec<Subject>>,
    /// What was said of their memberships.
    said: Vec<(Said, Subject)>,
    /// What has changed of them since.
    since: Vec<Since>,
}

impl Apart {
    fn read(&mut self, tx: &Tx<'_>, now: Subject, moved: Subject, deed: ChangeKey) -> Result<(), StoreError> {
        let others = self.of.entry(now).or_default();
        others.push(moved);
        if others.len() == 1 {
            self.said.extend(memberships::said_of(tx, now)?.into_iter().map(|said| (said, now)));
            self.since.extend(changes::fields_since(&tx.reader(), now, deed)?);
        }
        Ok(())
    }
}

impl Undoing<'_, '_> {
    /// Those who were moved go back to whom they were, unless they have been moved since.
    pub(super) fn merge(&mut self, rows: &[ChangeRow]) -> Result<(), UndoError> {
        for row in rows.iter().filter(|row| matches!(row.field.as_str(), OWNER | TAGS | SIGNED_MEMBERS)) {
            self.field(row)?;
        }
        // Who was merged into one of them before goes with it.
        let moves_too = |about: Subject| rows.iter().any(|row| row.field == MERGED_INTO && row.about == about);
        let (mut moves, mut of_companies) = (Vec::new(), Vec::new());
        let mut apart = Apart::default();
        for row in rows.iter().filter(|row| row.field == MERGED_INTO) {
            let user = match row.about {
                Subject::User(user) => user,
                Subject::Company(company) => {
                    of_companies.extend(self.company_apart(row, company, moves_too, &mut apart)?);
                    continue;
                }
                _ => continue,
            };
            let Some(now) = merges::merged_into(self.tx, user) else {
                self.conflict(row, "It is already separate.".to_owned());
                continue;
            };
            let back = match row.before.as_ref().and_then(Value::as_str) {
                Some(id) => users::key_of_our_id(self.tx, id)?
                    .map(|back| if moves_too(Subject::User(back)) { back } else { self.tx.catalog().survivor(back) }),
                None => None,
            };
            let id = |tx: &Tx<'_>| users::id(tx, now).map(Value::String);
            let (was, is) = (id(self.tx)?, row.before.clone());
            self.changes.push(Change::new(row.about, MERGED_INTO, Some(was), is));
            moves.push(Move { user, into: back.filter(|back| *back != user) });
            apart.read(self.tx, Subject::User(now), row.about, self.deed.change)?;
        }
        if !moves.is_empty() {
            let followed = rejoin(self.tx, &moves)?;
            self.changes.extend(followed);
        }
        if !of_companies.is_empty() {
            let followed = merge::companies::rejoin(self.tx, &of_companies)?;
            self.changes.extend(followed);
        }
        self.say_since(apart, rows)
    }

    /// What was said since of the one that both were: what named the other goes back with it, and so does what was said
    /// of a membership that was there by the merge alone. The rest stays.
    fn say_since(&mut self, apart: Apart, rows: &[ChangeRow]) -> Result<(), UndoError> {
        for (said, now) in apart.said {
            if memberships::is_there(self.tx, said.user, said.company)? {
                continue;
            }
            let moved = apart.of.get(&now).map(Vec::as_slice).unwrap_or_default();
            let Some((user, company)) = self.went_back(&said, moved)? else { continue };
            let about = Subject::Membership(user, company);
            let there = (
                users::called(&self.tx.reader(), user)?.unwrap_or_default(),
                stored::load(self.tx, company)?.company_id,
            );
            for (name, before, after) in said.again_of(self.tx, user, company)? {
                let detail = format!(
                    "{name} was set since, on a membership that existed only through the merge: it moves back with it to {} in {}.",
                    there.0, there.1
                );
                self.conflicts.push(Conflict { kind: "membership", id: there.0.clone(), field: name.clone(), detail });
                self.changes.push(Change::new(about, name, before, after));
            }
        }
        for since in apart.since {
            let (about, field) = (since.latest.about, &since.latest.field);
            if let Subject::Membership(user, company) = about
                && !memberships::is_there(self.tx, user, company)?
            {
                continue;
            }
            let moved_to = match about {
                Subject::User(user) => self.value_back(user, &since, rows)?,
                _ => None,
            };
            let detail = match moved_to {
                Some(other) if since.only => {
                    format!("{field} was set since by a message about {other}: it moves back with that user.")
                }
                Some(other) => format!(
                    "{field} has changed more than once since, and stays as it is. {other} has the last value too, \
                     which came with a message about that user."
                ),
                None => format!("{field} has changed since, and stays as it is."),
            };
            self.conflict(&since.latest, detail);
        }
        Ok(())
    }

    /// A value from a message that named one who is apart again is that one's, which is answered by its id. Whose it was
    /// by the merge has its former value again, where that is known: it was the only change since.
    fn value_back(&mut self, user: UserKey, since: &Since, rows: &[ChangeRow]) -> Result<Option<String>, UndoError> {
        let field = since.latest.field.as_str();
        let mut known = users::load(self.tx, user)?;
        let Some((value, stamp)) = known.attributes.said(field) else { return Ok(None) };
        let named = said::said_of(self.tx, stamp)?.map(|named| self.tx.catalog().survivor(named));
        let Some(other) = named.filter(|other| *other != user) else { return Ok(None) };
        let mut others = users::load(self.tx, other)?;
        let write = if value.is_null() { Write::Clear } else { Write::Set(value) };
        if let Some((before, after)) = others.attributes.write(field, write, stamp) {
            self.changes.push(Change::new(Subject::User(other), field, before, after));
        }
        users::save(self.tx, &others)?;
        if since.only {
            // What the merge itself filled in was nothing before.
            let filled = rows.iter().find(|row| row.about == since.latest.about && row.field == field);
            let before = known.attributes.get(field);
            match filled.unwrap_or(&since.latest).before.clone() {
                Some(former) => drop(known.attributes.write(field, Write::Set(former), self.stamp())),
                None => known.attributes.unsay(field),
            }
            let after = known.attributes.get(field);
            if before != after {
                self.changes.push(Change::new(since.latest.about, field, before, after));
            }
            users::save(self.tx, &known)?;
        }
        Ok(users::called(&self.tx.reader(), other)?)
    }

    /// The membership that another went back to: of those who were moved, the one that is there.
    fn went_back(&self, said: &Said, moved: &[Subject]) -> Result<Option<(UserKey, CompanyKey)>, StoreError> {
        for moved in moved {
            let (user, company) = match *moved {
                Subject::User(user) => (self.tx.catalog().survivor(user), said.company),
                Subject::Company(company) => (said.user, stored::survivor(self.tx, company)),
                _ => continue,
            };
            if memberships::is_there(self.tx, user, company)? {
                return Ok(Some((user, company)));
            }
        }
        Ok(None)
    }

    /// A company that was merged goes back to what it was; what was said since of the one it was merged into
    /// stays there. None where it stands for itself already.
    fn company_apart(
        &mut self,
        row: &ChangeRow,
        company: CompanyKey,
        moves_too: impl Fn(Subject) -> bool,
        apart: &mut Apart,
    ) -> Result<Option<companies::Move>, UndoError> {
        let Some(now) = companies::merged_into(self.tx, company) else {
            self.conflict(row, "It is already separate.".to_owned());
            return Ok(None);
        };
        let back = match row.before.as_ref().and_then(Value::as_str) {
            Some(id) => stored::key_of_id(self.tx, &CompanyId::stored(id.to_owned()))?
                .map(|back| if moves_too(Subject::Company(back)) { back } else { stored::survivor(self.tx, back) }),
            None => None,
        };
        let was = stored::load(self.tx, now)?.company_id;
        self.changes.push(Change::new(row.about, MERGED_INTO, Some(Value::String(was)), row.before.clone()));
        apart.read(self.tx, Subject::Company(now), row.about, self.deed.change)?;
        Ok(Some(companies::Move { company, into: back.filter(|back| *back != company) }))
    }
}
