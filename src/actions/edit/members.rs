//! Who belongs to which company, by hand (C1, C7): joins, leaves, role, title, attributes, the current one.

use serde_json::{Map, Value};

use super::{EditError, Edited, Hand, by_hand, company_id, known_company, known_user};
use crate::actions::email_domains;
use crate::actions::receive::Receiving;
use crate::domain::access::Grade;
use crate::domain::attributes::Stamp;
use crate::domain::change::{Change, Subject};
use crate::domain::companies::{Said, Statement};
use crate::domain::ids::{CompanyId, CompanyKey, UserKey};
use crate::domain::profile::CURRENT;
use crate::store::memberships::{self, Member};
use crate::store::merges::own;
use crate::store::users::UserName;
use crate::store::{StoreError, Tx, companies, users};

/// What is to be set of a membership. What is not named stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemberEdit {
    /// Its attributes, role and title among them; `null` clears.
    pub values: Map<String, Value>,
    /// The values are pinned (A7); only a hand pins.
    pub pinned: bool,
    /// It is the user's current company, or is not.
    pub current: Option<bool>,
}

/// Sets what is true of a user's place in a company; who is not a member joins it.
///
/// # Errors
/// [`EditError`]; nothing is changed then.
pub fn member(
    tx: &mut Tx<'_>,
    hand: &Hand,
    company: &str,
    name: &UserName,
    wanted: &MemberEdit,
) -> Result<Edited, EditError> {
    let named = known_user(tx, name)?;
    let (id, company) = (CompanyId::stored(company.to_owned()), known_company(tx, company)?);
    by_hand(tx, hand, "edit", |receiving| {
        join(receiving, named, &[(id, wanted.clone())])?;
        Ok(own::read_as(receiving.tx, Subject::Membership(named, company)))
    })
}

/// As [`member`]; a company that is not known is made.
///
/// # Errors
/// [`EditError`]; nothing is changed then.
pub fn join_one(
    tx: &mut Tx<'_>,
    hand: &Hand,
    company: &str,
    name: &UserName,
    wanted: &MemberEdit,
) -> Result<Edited, EditError> {
    let (named, id) = (known_user(tx, name)?, company_id(company)?);
    by_hand(tx, hand, "edit", |receiving| {
        join(receiving, named, &[(id.clone(), wanted.clone())])?;
        let company = receiving.company(&id)?;
        Ok(own::read_as(receiving.tx, Subject::Membership(named, company)))
    })
}

/// Sets what is true of a user's place in a company, now or in the past, without joining it.
///
/// # Errors
/// [`EditError`]; nothing is changed then.
pub fn of_member(
    tx: &mut Tx<'_>,
    hand: &Hand,
    company: &str,
    name: &UserName,
    wanted: &MemberEdit,
) -> Result<Edited, EditError> {
    let named = (known_user(tx, name)?, known_company(tx, company)?);
    let (user, company) = (tx.catalog().survivor(named.0), companies::survivor(tx, named.1));
    memberships::attributes(tx, user, company)?.ok_or(EditError::NoMember)?;
    by_hand(tx, hand, "edit", |receiving| {
        say(receiving, named.0, named.1, wanted)?;
        Ok(Subject::Membership(user, company))
    })
}

/// Takes a user out of a company. What was said of the membership stays in its history.
///
/// # Errors
/// [`EditError`]; nothing is changed then.
pub fn leave(tx: &mut Tx<'_>, hand: &Hand, company: &str, name: &UserName) -> Result<Edited, EditError> {
    let named = (known_user(tx, name)?, known_company(tx, company)?);
    let (user, company) = (tx.catalog().survivor(named.0), companies::survivor(tx, named.1));
    if !memberships::is_open(&tx.reader(), user, company)? {
        return Err(EditError::NoMember);
    }
    by_hand(tx, hand, "leave", |receiving| {
        state(receiving, named.0, &[Said::Leaves(named.1)])?;
        Ok(Subject::Membership(user, company))
    })
}

/// Takes a user out of a company; who is not in it stays as they are.
pub(super) fn leave_if_member(
    receiving: &mut Receiving<'_, '_>,
    user: UserKey,
    named: CompanyKey,
) -> Result<(), EditError> {
    let company = companies::survivor(receiving.tx, named);
    match memberships::is_open(&receiving.tx.reader(), user, company)? {
        true => state(receiving, user, &[Said::Leaves(named)]),
        false => Ok(()),
    }
}

/// A user belongs to these companies, beside those there are. Who is a member already stays what it is:
/// its current company is another only where that is said.
pub(super) fn join(
    receiving: &mut Receiving<'_, '_>,
    named: UserKey,
    wanted: &[(CompanyId, MemberEdit)],
) -> Result<(), EditError> {
    let user = receiving.tx.catalog().survivor(named);
    let (mut said, mut of_members) = (Vec::new(), Vec::new());
    for (id, edit) in wanted {
        let named_company = receiving.company(id)?;
        let company = companies::survivor(receiving.tx, named_company);
        let is_member = memberships::is_open(&receiving.tx.reader(), user, company)?;
        if !is_member || edit.current == Some(true) {
            said.push(Said::Joins(named_company));
        }
        if edit.current == Some(false) {
            let is_current = users::load(receiving.tx, user)?.current_company == Some(company);
            let other = memberships::stated_last(receiving.tx, user, company)?;
            match other {
                Some(other) if is_current || !is_member => said.push(Said::Joins(other)),
                Some(_) => {}
                None => return Err(EditError::OnlyCompany),
            }
        }
        if !is_member && receiving.tx.catalog().settings.one_company && said.first() != Some(&Said::Replaces) {
            said.insert(0, Said::Replaces); // C2
        }
        of_members.push((named_company, edit));
    }
    let before = current_company(receiving, user)?;
    let told = receiving.changes.len();
    state(receiving, named, &said)?;
    let after = current_company(receiving, user)?;
    // Whoever joins or leaves has another current company by that: only a choice between those there are is told.
    if before != after && receiving.changes.len() == told {
        receiving.changes.push(Change::new(Subject::User(user), CURRENT, before, after));
    }
    for (company, edit) in of_members {
        say(receiving, named, company, edit)?;
    }
    Ok(())
}

fn say(
    receiving: &mut Receiving<'_, '_>,
    user: UserKey,
    company: CompanyKey,
    edit: &MemberEdit,
) -> Result<(), EditError> {
    let stamp = receiving.stamp();
    let pinned = edit.pinned && stamp.grade == Grade::Hand;
    Ok(receiving.say(Subject::Membership(user, company), edit.values.clone(), Stamp { pinned, ..stamp })?)
}

/// The current company of a user as a change tells it: by the site's id.
fn current_company(receiving: &Receiving<'_, '_>, user: UserKey) -> Result<Option<Value>, StoreError> {
    let company = users::load(receiving.tx, user)?.current_company;
    Ok(company
        .map(|company| companies::load(receiving.tx, company))
        .transpose()?
        .map(|company| company.company_id.into()))
}

/// States something of a user's companies, and works out anew what follows.
fn state(receiving: &mut Receiving<'_, '_>, named: UserKey, said: &[Said]) -> Result<(), EditError> {
    if said.is_empty() {
        return Ok(());
    }
    let user = receiving.tx.catalog().survivor(named);
    let Stamp { grade, source, .. } = receiving.stamp();
    let mut statements: Vec<Statement> =
        (0..).zip(said).map(|(place, said)| Statement { order: receiving.order(place), said: *said }).collect();
    statements.extend(email_domains::giving_way(receiving.tx, user, &statements)?); // C9
    memberships::state(receiving.tx, Member::User(named), &statements, grade, source)?;
    let changes = memberships::restate(receiving.tx, user)?;
    receiving.changes.extend(changes);
    Ok(())
}
