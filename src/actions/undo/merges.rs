//! Merges taken back (R11, C10).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Conflict, UndoError, Undoing};
use crate::actions::merge::{self, Becoming, rejoin};
use crate::actions::signed_members::SIGNED_MEMBERS;
use crate::domain::change::{Change, MERGED_INTO, Subject};
use crate::domain::ids::{ChangeKey, CompanyId, CompanyKey};
use crate::domain::profile::{OWNER, TAGS};
use crate::store::changes::ChangeRow;
use crate::store::merges::memberships::{self, Said};
use crate::store::merges::{self, Move, companies, own};
use crate::store::{StoreError, Tx, changes, companies as stored, users};

/// What stands of those whom others were merged into, before these are apart again.
#[derive(Default)]
struct Apart {
    /// Whom others were merged into, and those others.
    of: BTreeMap<Subject, Vec<Subject>>,
    /// What was said of their memberships.
    said: Vec<(Said, Subject)>,
    /// What has changed of them since, and of whom it was said: none is of themselves.
    since: Vec<(ChangeRow, Option<Subject>)>,
}

impl Apart {
    fn read(&mut self, tx: &Tx<'_>, now: Subject, moved: Subject, deed: ChangeKey) -> Result<(), StoreError> {
        let others = self.of.entry(now).or_default();
        others.push(moved);
        if others.len() == 1 {
            self.said.extend(memberships::said_of(tx, now)?.into_iter().map(|said| (said, now)));
            for row in changes::fields_since(&tx.reader(), now, deed)? {
                let is_value = !row.field.starts_with(' ');
                if is_value && own::of(tx, row.about)?.is_none() {
                    // Nothing was said of it: merges alone changed it.
                    continue;
                }
                let of_other = own::said_last(tx, row.about, &row.field)?;
                self.since.push((row, of_other));
            }
        }
        Ok(())
    }
}

impl Undoing<'_, '_> {
    /// Those who were moved go back to whom they were, unless they have been moved since.
    pub(super) fn merge(&mut self, rows: &[ChangeRow]) -> Result<(), UndoError> {
        // Who was merged into one of them before goes with it.
        let moves_too = |about: Subject| rows.iter().any(|row| row.field == MERGED_INTO && row.about == about);
        let (mut moves, mut of_companies) = (Vec::new(), Vec::new());
        let mut apart = Apart::default();
        for row in rows.iter().filter(|row| row.field == MERGED_INTO) {
            if row.cause != changes::MERGE {
                self.conflict(row, "To merge them again, merge them as before.".to_owned());
                continue;
            }
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
        if moves.is_empty() && of_companies.is_empty() {
            return Ok(());
        }
        for row in rows.iter().filter(|row| matches!(row.field.as_str(), OWNER | TAGS | SIGNED_MEMBERS)) {
            self.field(row)?;
        }
        let becoming = Becoming::Apart(self.deed.change);
        if !moves.is_empty() {
            let followed = rejoin(self.tx, &moves, becoming)?;
            self.changes.extend(followed);
        }
        if !of_companies.is_empty() {
            let followed = merge::companies::rejoin(self.tx, &of_companies, becoming)?;
            self.changes.extend(followed);
        }
        self.say_since(apart)
    }

    /// Says what has changed since of the one that both were: what was said of the other has gone back with it, and so
    /// does what was said of a membership that was there by the merge alone. The rest stays.
    fn say_since(&mut self, apart: Apart) -> Result<(), UndoError> {
        for (said, now) in apart.said {
            if memberships::is_there(self.tx, said.user, said.company)? {
                continue;
            }
            let moved = apart.of.get(&now).map(Vec::as_slice).unwrap_or_default();
            let Some(about) = self.went_back(&said, moved)? else { continue };
            let Subject::Membership(user, company) = about else { continue };
            let (id, there) = self.called(about)?;
            for (name, before, after) in said.again_of(self.tx, user, company)? {
                let detail = format!(
                    "{name} was set since, on a membership that existed only through the merge: it moves back with it to {there}."
                );
                let company_id = Some(stored::load(self.tx, company)?.company_id);
                let (id, field) = (id.clone(), name.clone());
                self.conflicts.push(Conflict { kind: "membership", id, company_id, field, detail });
                self.changes.push(Change::new(about, name, before, after));
            }
        }
        for (row, of_other) in apart.since {
            if let Subject::Membership(user, company) = row.about
                && !memberships::is_there(self.tx, user, company)?
            {
                continue;
            }
            let field = row.field.trim_start();
            let moved_to = of_other.map(|other| own::read_as(self.tx, other)).filter(|other| *other != row.about);
            let detail = match moved_to {
                Some(other) => {
                    let whose = match other {
                        Subject::User(_) => "user",
                        Subject::Company(_) => "company",
                        _ => "membership",
                    };
                    let (_, called) = self.called(other)?;
                    format!("{field} was set since by what was said about {called}: it moves back with that {whose}.")
                }
                None => format!("{field} has changed since, and stays as it is."),
            };
            self.conflict(&row, detail);
        }
        Ok(())
    }

    /// The site's id of whom something is about, and what it is called in a sentence.
    fn called(&self, about: Subject) -> Result<(String, String), StoreError> {
        let user = |user| Ok::<_, StoreError>(users::called(&self.tx.reader(), user)?.unwrap_or_default());
        Ok(match about {
            Subject::User(one) => (user(one)?, user(one)?),
            Subject::Company(company) => {
                let id = stored::load(self.tx, company)?.company_id;
                (id.clone(), id)
            }
            Subject::Membership(one, company) => {
                let id = user(one)?;
                let called = format!("{id} in {}", stored::load(self.tx, company)?.company_id);
                (id, called)
            }
            _ => Default::default(),
        })
    }

    /// The membership that another went back to: of those who were moved, the one that is there.
    fn went_back(&self, said: &Said, moved: &[Subject]) -> Result<Option<Subject>, StoreError> {
        for moved in moved {
            let (user, company) = match *moved {
                Subject::User(user) => (self.tx.catalog().survivor(user), said.company),
                Subject::Company(company) => (said.user, stored::survivor(self.tx, company)),
                _ => continue,
            };
            if memberships::is_there(self.tx, user, company)? {
                return Ok(Some(Subject::Membership(user, company)));
            }
        }
        Ok(None)
    }

    /// A company that was merged goes back to what it was. None where it stands for itself already.
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
