//! Merges taken back (R11, C10).

use serde_json::Value;

use super::{UndoError, Undoing};
use crate::actions::merge::{self, rejoin};
use crate::actions::signed_members::SIGNED_MEMBERS;
use crate::domain::change::{Change, MERGED_INTO, Subject};
use crate::domain::ids::{CompanyId, CompanyKey};
use crate::domain::profile::{OWNER, TAGS};
use crate::store::changes::ChangeRow;
use crate::store::merges::{self, Move, companies};
use crate::store::{Tx, changes, companies as stored, users};

impl Undoing<'_, '_> {
    /// Those who were moved go back to whom they were, unless they have been moved since.
    pub(super) fn merge(&mut self, rows: &[ChangeRow]) -> Result<(), UndoError> {
        for row in rows.iter().filter(|row| matches!(row.field.as_str(), OWNER | TAGS | SIGNED_MEMBERS)) {
            self.field(row)?;
        }
        // Who was merged into one of them before goes with it.
        let moves_too = |about: Subject| rows.iter().any(|row| row.field == MERGED_INTO && row.about == about);
        let (mut moves, mut of_companies) = (Vec::new(), Vec::new());
        for row in rows.iter().filter(|row| row.field == MERGED_INTO) {
            let user = match row.about {
                Subject::User(user) => user,
                Subject::Company(company) => {
                    of_companies.extend(self.company_apart(row, company, moves_too)?);
                    continue;
                }
                _ => continue,
            };
            let Some(now) = merges::merged_into(self.tx, user) else {
                self.conflict(row, "It stands for itself already.".to_owned());
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
            for since in changes::fields_since(&self.tx.reader(), Subject::User(now), self.deed.change)? {
                let detail = format!("{} has changed since, and stays as it is.", since.field);
                self.conflict(&since, detail);
            }
        }
        if !moves.is_empty() {
            let followed = rejoin(self.tx, &moves)?;
            self.changes.extend(followed);
        }
        if !of_companies.is_empty() {
            let followed = merge::companies::rejoin(self.tx, &of_companies)?;
            self.changes.extend(followed);
        }
        Ok(())
    }

    /// A company that was merged goes back to what it was; what was said since of the one it was merged into
    /// stays there. None where it stands for itself already.
    fn company_apart(
        &mut self,
        row: &ChangeRow,
        company: CompanyKey,
        moves_too: impl Fn(Subject) -> bool,
    ) -> Result<Option<companies::Move>, UndoError> {
        let Some(now) = companies::merged_into(self.tx, company) else {
            self.conflict(row, "It stands for itself already.".to_owned());
            return Ok(None);
        };
        let back = match row.before.as_ref().and_then(Value::as_str) {
            Some(id) => stored::key_of_id(self.tx, &CompanyId::stored(id.to_owned()))?
                .map(|back| if moves_too(Subject::Company(back)) { back } else { stored::survivor(self.tx, back) }),
            None => None,
        };
        let was = stored::load(self.tx, now)?.company_id;
        self.changes.push(Change::new(row.about, MERGED_INTO, Some(Value::String(was)), row.before.clone()));
        for since in changes::fields_since(&self.tx.reader(), Subject::Company(now), self.deed.change)? {
            let detail = format!("{} has changed since, and stays as it is.", since.field);
            self.conflict(&since, detail);
        }
        Ok(Some(companies::Move { company, into: back.filter(|back| *back != company) }))
    }
}
