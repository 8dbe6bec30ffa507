//! What was said of memberships that are there by a merge alone: it goes back when the merge does (R11).

use rusqlite::params;

use crate::domain::attributes::Attributes;
use crate::domain::change::Subject;
use crate::domain::companies::Order;
use crate::domain::ids::{CompanyKey, UserKey};
use crate::store::memberships::PLACES_OF_MESSAGE;
use crate::store::{StoreError, Tx, memberships};

/// The own attributes of a membership, as they stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Whose membership.
    pub user: UserKey,
    /// In which company.
    pub company: CompanyKey,
    attributes: Attributes,
}

/// What was said of the memberships of a user or of a company.
///
/// # Errors
/// [`StoreError`] only.
pub fn said_of(tx: &Tx<'_>, whose: Subject) -> Result<Vec<Said>, StoreError> {
    let (sql, key) = match whose {
        Subject::Company(company) => (
            "SELECT user_key, company_key, json(attributes), stamps FROM memberships INDEXED BY memberships_joined
             WHERE company_key = ?1 AND stamps <> '{}'",
            company.0,
        ),
        Subject::User(user) => (
            "SELECT user_key, company_key, json(attributes), stamps FROM memberships
             WHERE user_key = ?1 AND stamps <> '{}'",
            user.0,
        ),
        _ => return Ok(Vec::new()),
    };
    let mut statement = tx.connection.prepare_cached(sql)?;
    let rows = statement.query_map([key], |row| {
        let attributes = Attributes::read(row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?);
        Ok(Said { user: UserKey(row.get(0)?), company: CompanyKey(row.get(1)?), attributes })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a membership is there, open or left.
///
/// # Errors
/// [`StoreError`] only.
pub fn is_there(tx: &Tx<'_>, user: UserKey, company: CompanyKey) -> Result<bool, StoreError> {
    let mut statement =
        tx.connection.prepare_cached("SELECT 1 FROM memberships WHERE user_key = ?1 AND company_key = ?2")?;
    Ok(statement.exists(params![user.0, company.0])?)
}

/// Forgets that a user left companies of which it left another, that they were one with and are no more (C10).
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_leaves_of_others(tx: &Tx<'_>, user: UserKey) -> Result<(), StoreError> {
    for named in super::group(tx, user)? {
        let mut statement = tx.connection.prepare_cached(
            "SELECT f.at_ms, f.message_hash, f.place, f.company_key, o.company_key
             FROM membership_statements AS f
             JOIN membership_statements AS o ON o.subject = f.subject AND o.at_ms = f.at_ms
               AND o.message_hash = f.message_hash AND o.place = f.place % ?2
             WHERE f.subject = ?1 AND f.place >= ?2",
        )?;
        let following = statement
            .query_map([named.0, PLACES_OF_MESSAGE], |row| {
                let order = Order { at_ms: row.get(0)?, message: row.get(1)?, place: row.get(2)? };
                Ok((order, [CompanyKey(row.get(3)?), CompanyKey(row.get(4)?)]))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        for (order, companies) in following {
            let [left, stated] = companies.map(|company| super::companies::survivor(tx, company));
            if left != stated {
                tx.connection
                    .prepare_cached(
                        "DELETE FROM membership_statements
                         WHERE subject = ?1 AND at_ms = ?2 AND message_hash = ?3 AND place = ?4",
                    )?
                    .execute(params![named.0, order.at_ms, order.message, order.place])?;
            }
        }
    }
    Ok(())
}

impl Said {
    /// Says it of another membership, where it holds as any other value does: the newer of two (T2). Answers
    /// each name whose value differs by that, before and after.
    ///
    /// # Errors
    /// [`StoreError`] only.
    pub fn again_of(
        self,
        tx: &Tx<'_>,
        user: UserKey,
        company: CompanyKey,
    ) -> Result<Vec<crate::domain::attributes::Changed>, StoreError> {
        let Some(mut known) = memberships::attributes(tx, user, company)? else { return Ok(Vec::new()) };
        let changed = known.hear(self.attributes);
        memberships::save(tx, user, company, &known)?;
        Ok(changed)
    }
}
