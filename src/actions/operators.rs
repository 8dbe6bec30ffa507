//! Operators: adding them, signing in, and passwords set by a link that works once.

use serde_json::{Value, json};

use super::passwords::{self, PasswordError};
use crate::domain::access::{Grade, Role, token_hash};
use crate::domain::change::{By, Change, Subject};
use crate::domain::error::Refused;
use crate::domain::ids::{self, ChangeKey, OperatorKey};
use crate::domain::profile::{OWNER, Profile};
use crate::store::operators::{self, OneTimeLink, Operator};
use crate::store::{Reader, Store, StoreError, Tx, changes};

/// The field of the workspace that tells of an operator who came, went or has another role.
pub(super) const OPERATOR: &str = "operator";
/// Hours for which a link that works once is good.
pub const LINK_HOURS: i64 = 24;

/// Why something about an operator was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The e-mail address isn't valid.
    #[error("{}", .0.detail)]
    Email(Refused),
    /// The password can't be taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Another operator has this e-mail address.
    #[error("There is already an operator {0}. To give them a new password: rollcall operator reset {0}")]
    EmailTaken(String),
    /// There is no operator of this e-mail address.
    #[error("There is no operator {0}. See them with: rollcall operator list")]
    Unknown(String),
    /// Nobody else could add operators.
    #[error("{0} is the only owner. Make someone else an owner first.")]
    LastOwner(String),
    /// It was not said who looks after their users and companies from now on.
    #[error(
        "{email} still looks after others (users: {users}, companies: {companies}). Say who does from now on: \
         --hand-over-to EMAIL, or --leave-without-owner."
    )]
    LooksAfter {
        /// Who was to go.
        email: String,
        /// How many users.
        users: usize,
        /// How many companies.
        companies: usize,
    },
    /// They look after more than one deed hands over.
    #[error(
        "{0} looks after more than {HANDED_OVER_MAX} users or companies. Hand them over in the lists first: filter by \
         owner, select all that match, and choose another owner."
    )]
    LooksAfterTooMany(String),
    /// Who goes can't look after anybody.
    #[error("{0} is the one to be removed. Choose somebody else, or nobody.")]
    OwnSuccessor(String),
    /// The current password is another.
    #[error("That is not your current password.")]
    WrongPassword,
    /// The link was used, has expired, or never was.
    #[error("This link has been used or has expired. Create a new one on the server: rollcall operator reset EMAIL")]
    LinkUsed,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new operator, and the token of the link to set a password where none was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The operator.
    pub operator: Operator,
    /// The token for `/password?token=…`; it is kept nowhere.
    pub link_token: Option<String>,
}

/// Adds an operator: with a password, or with a link to set one.
///
/// # Errors
/// An e-mail address that is none or taken, a password that can't be taken, the store's.
pub async fn add(
    store: &Store,
    by: By,
    email: &str,
    role: Role,
    password: Option<&str>,
) -> Result<Added, OperatorError> {
    let email = ids::email(email).map_err(OperatorError::Email)?;
    let hash = match password {
        Some(password) => {
            passwords::check(password)?;
            Some(passwords::hash(store.ambient(), password).await?)
        }
        None => None,
    };
    store
        .write(move |tx| {
            let operator = add_within(tx, &by, &email, role, hash.as_deref())?;
            let link_token = if hash.is_none() { Some(add_link(tx, &operator)?) } else { None };
            Ok(Added { operator, link_token })
        })
        .await
}

/// Adds an operator in a transaction of a greater deed.
pub(super) fn add_within(
    tx: &mut Tx<'_>,
    by: &By,
    email: &str,
    role: Role,
    password_hash: Option<&str>,
) -> Result<Operator, OperatorError> {
    let operator =
        operators::add(tx, email, role, password_hash)?.ok_or_else(|| OperatorError::EmailTaken(email.to_owned()))?;
    let after = json!({ "email": operator.email, "role": operator.role });
    let change = Change::new(Subject::Workspace, OPERATOR, None, Some(after));
    changes::record(tx, by, "add_operator", Grade::Hand, &[change])?;
    Ok(operator)
}

/// Changes what an operator may do, from the next click on.
///
/// # Errors
/// No such operator, the only owner, the store's.
pub fn set_role(tx: &mut Tx<'_>, by: &By, email: &str, role: Role) -> Result<(), OperatorError> {
    let operator = known(tx, email)?;
    if operator.role == role {
        return Ok(());
    }
    if role != Role::Owner {
        leave_an_owner(tx, &operator)?;
    }
    operators::set_role(tx, operator.key, role)?;
    let told = |role: Role| Some(json!({ "email": operator.email, "role": role }));
    let change = Change::new(Subject::Workspace, OPERATOR, told(operator.role), told(role));
    changes::record(tx, by, "change_operator", Grade::Hand, &[change])?;
    Ok(())
}

/// Users, and companies, that a removed operator looks after at most: they are handed over in one deed, which holds the
/// writer for so long.
pub const HANDED_OVER_MAX: usize = 10_000;

/// Who looks after the users and companies of an operator who is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Successor {
    /// They have no owner then.
    Nobody,
    /// The operator of this e-mail address.
    Operator(String),
}

/// Whom an operator looks after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookedAfter {
    profiles: Vec<Profile>,
}

impl LookedAfter {
    /// Reads whom an operator looks after; none where those are too many for one deed.
    ///
    /// # Errors
    /// The store's.
    pub fn read(db: &Reader<'_>, operator: OperatorKey) -> Result<Option<LookedAfter>, StoreError> {
        let found = LookedAfter { profiles: operators::looked_after(db, operator, HANDED_OVER_MAX + 1)? };
        Ok((found.users().max(found.companies()) <= HANDED_OVER_MAX).then_some(found))
    }

    /// How many users.
    pub fn users(&self) -> usize {
        self.profiles.iter().filter(|profile| matches!(profile, Profile::User(_))).count()
    }

    /// How many companies.
    pub fn companies(&self) -> usize {
        self.profiles.len() - self.users()
    }
}

/// Removes an operator: every sign-in ends at once, and whom they looked after another does, or nobody: each is told in
/// the change set, which is taken back as one. What they did stays told under their name.
///
/// # Errors
/// No such operator, the only owner, nothing said of whom they look after, the store's.
pub fn remove(
    tx: &mut Tx<'_>,
    by: &By,
    email: &str,
    successor: Option<&Successor>,
) -> Result<Option<ChangeKey>, OperatorError> {
    let operator = known(tx, email)?;
    leave_an_owner(tx, &operator)?;
    let looked_after = LookedAfter::read(&tx.reader(), operator.key)?
        .ok_or_else(|| OperatorError::LooksAfterTooMany(operator.email.clone()))?;
    let next = match successor {
        Some(Successor::Operator(email)) => Some(known(tx, email)?),
        Some(Successor::Nobody) => None,
        None if looked_after.profiles.is_empty() => None,
        None => {
            let (users, companies) = (looked_after.users(), looked_after.companies());
            return Err(OperatorError::LooksAfter { email: operator.email, users, companies });
        }
    };
    if next.as_ref().is_some_and(|next| next.key == operator.key) {
        return Err(OperatorError::OwnSuccessor(operator.email));
    }
    operators::remove(tx, operator.key, next.as_ref().map(|next| next.key))?;
    let before = json!({ "email": operator.email, "role": operator.role });
    let mut changes = vec![Change::new(Subject::Workspace, OPERATOR, Some(before), None)];
    let after = next.map(|next| json!(next.email));
    changes.extend(
        looked_after
            .profiles
            .iter()
            .map(|profile| Change::new(profile.subject(), OWNER, Some(json!(operator.email)), after.clone())),
    );
    Ok(changes::record(tx, by, "remove_operator", Grade::Hand, &changes)?)
}

/// Brings a removed operator back, without a password; none where there is one of this e-mail address. Only an owner
/// may, or who is at the shell.
///
/// # Errors
/// A sentence where it may not be done; the store's.
pub(super) fn bring_back(
    tx: &mut Tx<'_>,
    by: &By,
    removed: &Value,
) -> Result<Result<Option<Change>, &'static str>, StoreError> {
    let may = match by {
        By::Shell => true,
        By::Operator(email) => {
            operators::find(&tx.reader(), email)?.is_some_and(|(operator, _)| operator.role == Role::Owner)
        }
        _ => false,
    };
    let text = |name: &str| removed.get(name).and_then(Value::as_str).unwrap_or_default();
    let (email, role) = (text("email"), text("role").parse().unwrap_or(Role::Viewer));
    if operators::find(&tx.reader(), email)?.is_some() {
        return Ok(Ok(None));
    }
    if !may {
        return Ok(Err("Only an owner brings an operator back."));
    }
    let back = operators::add(tx, email, role, None)?;
    Ok(Ok(back.map(|_| Change::new(Subject::Workspace, OPERATOR, None, Some(removed.clone())))))
}

fn known(tx: &Tx<'_>, email: &str) -> Result<Operator, OperatorError> {
    let found = operators::find(&tx.reader(), email)?;
    found.map(|(operator, _)| operator).ok_or_else(|| OperatorError::Unknown(email.trim().to_lowercase()))
}

/// Without an owner nobody could add operators but at the server.
fn leave_an_owner(tx: &Tx<'_>, leaving: &Operator) -> Result<(), OperatorError> {
    let all = operators::list(&tx.reader())?;
    let is_owner = |operator: &&Operator| operator.role == Role::Owner;
    let others = all.iter().filter(is_owner).filter(|operator| operator.key != leaving.key).count();
    if leaving.role == Role::Owner && others == 0 {
        return Err(OperatorError::LastOwner(leaving.email.clone()));
    }
    Ok(())
}

/// The token of a new link with which an operator sets a new password. The old password
/// holds until the link is used.
///
/// # Errors
/// No such operator, the store's.
pub async fn reset(store: &Store, email: &str) -> Result<String, OperatorError> {
    let email = email.trim().to_lowercase();
    store
        .write(move |tx| {
            let (operator, _) =
                operators::find(&tx.reader(), &email)?.ok_or_else(|| OperatorError::Unknown(email.clone()))?;
            Ok(add_link(tx, &operator)?)
        })
        .await
}

fn add_link(tx: &mut Tx<'_>, operator: &Operator) -> Result<String, StoreError> {
    let token = tx.ambient.token();
    operators::add_link(tx, Some(operator.key), &token_hash(&token), link_expires_ms(tx.now_ms))?;
    Ok(token)
}

/// When a link made now expires, Unix milliseconds.
pub(super) fn link_expires_ms(now_ms: i64) -> i64 {
    now_ms + LINK_HOURS * 3_600_000
}

/// Whose password a link sets; `None` where the link sets none (any more).
///
/// # Errors
/// The store's.
pub async fn of_link(store: &Store, link_token: &str) -> Result<Option<Operator>, StoreError> {
    let (hash, now_ms) = (token_hash(link_token), store.now_ms());
    let link = store.read(move |db| operators::link(db, &hash, now_ms)).await?;
    Ok(match link {
        Some(OneTimeLink::Reset(operator)) => Some(operator),
        _ => None,
    })
}

/// Sets a password with a link, uses the link up, and ends all sign-ins of the operator.
///
/// # Errors
/// A link that sets none, a password that can't be taken, the store's.
pub async fn set_password(store: &Store, link_token: &str, password: &str) -> Result<Operator, OperatorError> {
    passwords::check(password)?;
    if of_link(store, link_token).await?.is_none() {
        return Err(OperatorError::LinkUsed);
    }
    let hash = passwords::hash(store.ambient(), password).await?;
    let link = token_hash(link_token);
    store
        .write(move |tx| {
            let found = operators::link(&tx.reader(), &link, tx.now_ms)?;
            let (Some(OneTimeLink::Reset(operator)), true) = (found, operators::use_link(tx, &link)?) else {
                return Err(OperatorError::LinkUsed);
            };
            keep_password(tx, operator.key, &operator.email, &hash)?;
            Ok(Operator { has_password: true, ..operator })
        })
        .await
}

/// Changes an operator's own password and ends all sign-ins of the operator, this one too.
///
/// # Errors
/// Another current password, a new one that can't be taken, the store's.
pub async fn change_password(
    store: &Store,
    operator: &Operator,
    current: &str,
    new: &str,
) -> Result<(), OperatorError> {
    passwords::check(new)?;
    if sign_in(store, &operator.email, current).await?.is_none() {
        return Err(OperatorError::WrongPassword);
    }
    let hash = passwords::hash(store.ambient(), new).await?;
    let (key, email) = (operator.key, operator.email.clone());
    store.write(move |tx| keep_password(tx, key, &email, &hash)).await
}

fn keep_password(tx: &mut Tx<'_>, key: OperatorKey, email: &str, hash: &str) -> Result<(), OperatorError> {
    operators::set_password(tx, key, hash)?;
    let change = Change::new(Subject::Workspace, "password", None, Some(json!(email)));
    changes::record(tx, &By::Operator(email.to_owned()), "set_password", Grade::Hand, &[change])?;
    Ok(())
}

/// The operator of an e-mail address and a password; `None` where they do not fit, after
/// the same time whether or not there is such an operator.
///
/// # Errors
/// The store's.
pub async fn sign_in(store: &Store, email: &str, password: &str) -> Result<Option<Operator>, StoreError> {
    let email = email.trim().to_lowercase();
    let found = store.read(move |db| operators::find(db, &email)).await?;
    let (operator, hash) = found.map_or((None, None), |(operator, hash)| (Some(operator), hash));
    let fits = passwords::fits(password, hash).await?;
    if !fits {
        tracing::warn!("A sign-in failed: e-mail and password did not match.");
    }
    Ok(operator.filter(|_| fits))
}
