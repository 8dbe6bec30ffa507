//! A user as the writer needs it: found by its ids, made, given a new id, written.

use rusqlite::{OptionalExtension, named_params, params};

use super::{UserName, key};
use crate::domain::attributes::{Attributes, person_name};
use crate::domain::change::Subject;
use crate::domain::duplicates::{self, Records, Why};
use crate::domain::identity::Contact;
use crate::domain::ids::{CompanyKey, UserId, UserKey};
use crate::domain::time;
use crate::store::{self, Reader, StoreError, Tx, merges, remembered, search, visitors};

/// A user as the rules need it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownUser {
    /// Our row number.
    pub key: UserKey,
    /// The site's id; none for a lead.
    pub user_id: Option<String>,
    /// E-mail, as compared.
    pub email: Option<String>,
    /// Name, else made of its parts.
    pub name: Option<String>,
    /// All attributes.
    pub attributes: Attributes,
    /// The earliest message, also of those merged into it, Unix milliseconds.
    pub first_message_ms: i64,
    /// The current company (C1).
    pub current_company: Option<CompanyKey>,
}

/// The record that an id names, read through aliases. One that was merged is answered as it is: its survivor is the
/// catalog's to say.
///
/// # Errors
/// [`StoreError`] only.
pub fn key_of_id(tx: &Tx<'_>, user_id: &UserId) -> Result<Option<UserKey>, StoreError> {
    let id = user_id.as_str();
    remembered::by_id(
        tx,
        |known| &mut known.users,
        id,
        || {
            let mut statement = tx.held("SELECT user_key FROM user_ids WHERE user_id = ?1")?;
            Ok(statement.query_row([id], |row| row.get(0).map(UserKey)).optional()?)
        },
    )
}

/// The user of a name, as it is named: one that was merged into another is itself.
///
/// # Errors
/// [`StoreError`] only.
pub fn named(tx: &Tx<'_>, name: &UserName) -> Result<Option<UserKey>, StoreError> {
    match name {
        UserName::UserId(id) => key_of_id(tx, &UserId::stored(id.clone())),
        UserName::Id(id) => key_of_our_id(tx, &id.to_lowercase()),
        UserName::Email(email) => {
            let Some(user) = key(&tx.reader(), name)? else { return Ok(None) };
            Ok(merged_with_email(tx, user, &email.trim().to_lowercase())?.or(Some(user)))
        }
    }
}

/// How a user is known besides by an id.
///
/// # Errors
/// [`StoreError`] only; also where there is no such row.
pub fn contact(tx: &Tx<'_>, key: UserKey) -> Result<Contact, StoreError> {
    let mut statement = tx.connection.prepare_cached("SELECT user_id IS NULL, email FROM users WHERE user_key = ?1")?;
    let (is_lead, email): (bool, Option<String>) =
        statement.query_row([key.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut emails: Vec<String> = email.into_iter().collect();
    for merged in merges::group(tx, key)?.into_iter().skip(1) {
        emails.extend(statement.query_row([merged.0], |row| row.get::<_, Option<String>>(1))?);
    }
    Ok(Contact { is_lead, emails })
}

/// The record with an e-mail that was merged into a user who has not the same itself.
///
/// # Errors
/// [`StoreError`] only.
pub fn merged_with_email(tx: &Tx<'_>, user: UserKey, email: &str) -> Result<Option<UserKey>, StoreError> {
    if tx.state.catalog.merged_users.is_empty() {
        return Ok(None);
    }
    let mut statement = tx.connection.prepare_cached(
        "SELECT user_key FROM users INDEXED BY users_email
         WHERE email = ?1 AND merged_into = ?2 ORDER BY user_key LIMIT 1",
    )?;
    let found = statement.query_row(params![email, user.0], |row| row.get(0).map(UserKey)).optional()?;
    let Some(found) = found else { return Ok(None) };
    // What fills the gap of one who has none is no address of its own.
    let own = match merges::own::of(tx, Subject::User(user))? {
        Some(own) => own,
        None => load(tx, user)?.attributes,
    };
    let is_own = own.without_gaps().text("email").is_some_and(|own| own == email);
    Ok(Some(found).filter(|_| !is_own))
}

/// Those with an e-mail (as compared), and whether each is a lead; the first made first, at most 10. Where nobody has it,
/// those into whom one with it was merged (R11).
///
/// # Errors
/// [`StoreError`] only.
pub fn with_email(db: &Reader<'_>, email: &str) -> Result<Vec<(UserKey, bool)>, StoreError> {
    let found = |sql: &str| -> Result<Vec<(UserKey, bool)>, StoreError> {
        let mut statement = db.0.prepare_cached(sql)?;
        let rows =
            statement.query_map(named_params! { ":email": email }, |row| Ok((UserKey(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let own = found(
        "SELECT user_key, user_id IS NULL FROM users INDEXED BY users_email
         WHERE email = :email AND merged_into IS NULL ORDER BY user_key LIMIT 10",
    )?;
    if !own.is_empty() {
        return Ok(own);
    }
    found(
        "SELECT DISTINCT u.user_key, u.user_id IS NULL FROM users AS m INDEXED BY users_email
         CROSS JOIN users AS u ON u.user_key = m.merged_into
         WHERE m.email = :email ORDER BY u.user_key LIMIT 10",
    )
}

/// Makes a user, or a lead where there is no id. `at_ms` is the time of the message that names it.
///
/// # Errors
/// [`StoreError`] only.
pub fn create(tx: &mut Tx<'_>, user_id: Option<&UserId>, at_ms: i64) -> Result<UserKey, StoreError> {
    let id = tx.ambient.uuid().to_string();
    let sort_name = user_id.map_or_else(|| id.clone(), |user_id| user_id.as_str().to_lowercase());
    tx.connection
        .prepare_cached(
            "INSERT INTO users (id, user_id, sort_name, attributes, first_message_ms, first_seen_ms)
             VALUES (?1, ?2, ?3, jsonb('{}'), ?4, ?4)",
        )?
        .execute(params![id, user_id.map(UserId::as_str), sort_name, at_ms])?;
    let key = UserKey(tx.connection.last_insert_rowid());
    if let Some(user_id) = user_id {
        add_id(tx, key, user_id, at_ms, None)?;
        search::index_new_user(tx, key, user_id.as_str())?;
    }
    Ok(key)
}

/// Adds an id to those of a user: the first one, or one given by an alias of an instant.
fn add_id(tx: &Tx<'_>, key: UserKey, user_id: &UserId, since_ms: i64, alias_ms: Option<i64>) -> Result<(), StoreError> {
    let form = duplicates::form(user_id.as_str());
    let other = (form != user_id.as_str()).then_some(&form);
    tx.connection
        .prepare_cached(
            "INSERT INTO user_ids (user_id, user_key, since_ms, form, alias_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![user_id.as_str(), key.0, since_ms, other, alias_ms])?;
    store::duplicates::restate(tx, Records::Users, Why::Id, &form)
}

/// Gives a user a (new) id; the old one stays as an alias (R8, R10). Of two that were given the later by
/// time is the current one, whichever arrived first; one given in the place of another is later than that
/// one. Answers the id before and the one after.
///
/// # Errors
/// [`StoreError`] only.
pub fn give_id(
    tx: &mut Tx<'_>,
    key: UserKey,
    user_id: &UserId,
    previous: Option<&str>,
    at_ms: i64,
) -> Result<(Option<String>, String), StoreError> {
    let before = load(tx, key)?.user_id;
    let alias_ms = match previous {
        None => None,
        Some(previous) => {
            let given_ms: Option<i64> = tx
                .connection
                .prepare_cached("SELECT alias_ms FROM user_ids WHERE user_id = ?1")?
                .query_row([previous], |row| row.get(0))?;
            Some(given_ms.map_or(at_ms, |given_ms| at_ms.max(given_ms + 1)))
        }
    };
    add_id(tx, key, user_id, at_ms, alias_ms)?;
    let current: String = tx
        .connection
        .prepare_cached(
            "SELECT user_id FROM user_ids WHERE user_key = ?1 ORDER BY alias_ms DESC NULLS LAST, user_id DESC LIMIT 1",
        )?
        .query_row([key.0], |row| row.get(0))?;
    if before.as_ref() != Some(&current) {
        tx.connection
            .prepare_cached("UPDATE users SET user_id = ?2 WHERE user_key = ?1")?
            .execute(params![key.0, current])?;
        let user = load(tx, key)?;
        name_and_index(tx, &user)?;
    }
    Ok((before, current))
}

/// Gives a user an id that it had before, and keeps the current one current: that one is later than any such.
///
/// # Errors
/// [`StoreError`] only.
pub fn give_former_id(tx: &Tx<'_>, key: UserKey, user_id: &UserId, at_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE user_ids SET alias_ms = ?2
             WHERE user_id = (SELECT user_id FROM users WHERE user_key = ?1) AND alias_ms IS NULL",
        )?
        .execute(params![key.0, at_ms])?;
    add_id(tx, key, user_id, at_ms, None)
}

/// A user as the rules need it.
///
/// # Errors
/// [`StoreError`] only; also where there is no such row.
pub fn load(tx: &Tx<'_>, key: UserKey) -> Result<KnownUser, StoreError> {
    Ok(tx
        .connection
        .prepare_cached(
            "SELECT user_id, email, name, json(attributes), stamps,
               min(first_message_ms, coalesce(
                 (SELECT min(first_message_ms) FROM users m WHERE m.merged_into = ?1), first_message_ms)),
               current_company_key
             FROM users WHERE user_key = ?1",
        )?
        .query_row([key.0], |row| {
            Ok(KnownUser {
                key,
                user_id: row.get(0)?,
                email: row.get(1)?,
                name: row.get(2)?,
                attributes: Attributes::read(row.get_ref(3)?.as_str()?, row.get_ref(4)?.as_str()?),
                first_message_ms: row.get(5)?,
                current_company: row.get::<_, Option<i64>>(6)?.map(CompanyKey),
            })
        })?)
}

/// Our id of a user.
///
/// # Errors
/// [`StoreError`] only; also where there is no such row.
pub fn id(tx: &Tx<'_>, key: UserKey) -> Result<String, StoreError> {
    let mut statement = tx.connection.prepare_cached("SELECT id FROM users WHERE user_key = ?1")?;
    Ok(statement.query_row([key.0], |row| row.get(0))?)
}

/// What a user is called in change sets: the site's id, of a lead the e-mail address; none where there is no such.
///
/// # Errors
/// [`StoreError`] only.
pub fn called(db: &Reader<'_>, key: UserKey) -> Result<Option<String>, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT coalesce(user_id, email, id) FROM users WHERE user_key = :user")?;
    Ok(statement.query_row(named_params! { ":user": key.0 }, |row| row.get(0)).optional()?)
}

/// The user with one of our ids, as it is, merged or not.
///
/// # Errors
/// [`StoreError`] only.
pub fn key_of_our_id(tx: &Tx<'_>, id: &str) -> Result<Option<UserKey>, StoreError> {
    let mut statement = tx.connection.prepare_cached("SELECT user_key FROM users WHERE id = ?1")?;
    Ok(statement.query_row([id], |row| row.get(0).map(UserKey)).optional()?)
}

/// What fills a user's gaps: what its visitors carry (R12), and what those have who were merged into it (R11).
///
/// # Errors
/// [`StoreError`] only.
pub fn carried_by(tx: &Tx<'_>, user: UserKey) -> Result<Vec<Attributes>, StoreError> {
    let mut carried = Vec::new();
    for named in merges::group(tx, user)? {
        carried.extend(visitors::carried_by(tx, named)?);
        if named != user {
            carried.push(load(tx, named)?.attributes.without_gaps());
        }
    }
    Ok(carried)
}

/// Writes a user's attributes and what is derived from them.
///
/// # Errors
/// [`StoreError`] only.
pub fn save(tx: &mut Tx<'_>, user: &KnownUser) -> Result<(), StoreError> {
    let (values, stamps) = user.attributes.columns();
    let email = user.attributes.text("email");
    let name = person_name(&user.attributes);
    let first_seen_ms = first_seen(tx, user.first_message_ms, &user.attributes);
    tx.connection
        .prepare_cached(
            "UPDATE users SET attributes = jsonb(?2), stamps = ?3, email = ?4, name = ?5, first_seen_ms = ?6
             WHERE user_key = ?1",
        )?
        .execute(params![user.key.0, values, stamps, email, name, first_seen_ms])?;
    if email != user.email {
        for email in [&user.email, &email].into_iter().flatten() {
            store::duplicates::restate(tx, Records::Users, Why::Email, email)?;
        }
        store::staff::follow(tx, user.key, email.as_deref())?;
    }
    if email != user.email || name != user.name {
        name_and_index(tx, &KnownUser { email, name, ..user.clone() })?;
    }
    Ok(())
}

/// The earlier of the first message and `created_at` (T5), which may be a day of the workspace, Unix milliseconds.
pub(in crate::store) fn first_seen(tx: &Tx<'_>, first_message_ms: i64, attributes: &Attributes) -> i64 {
    let zone = tx.catalog().settings.time_zone;
    let created = attributes.text("created_at").and_then(|text| time::instant_in(zone, &text));
    created.map_or(first_message_ms, |created| created.min(first_message_ms))
}

/// Keeps the sorted name and the search index in step with name, e-mail and id.
fn name_and_index(tx: &mut Tx<'_>, user: &KnownUser) -> Result<(), StoreError> {
    let words = [&user.name, &user.email, &user.user_id];
    let Some(sort_name) = words.into_iter().flatten().next().map(|word| word.to_lowercase()) else { return Ok(()) };
    tx.connection
        .prepare_cached("UPDATE users SET sort_name = ?2 WHERE user_key = ?1")?
        .execute(params![user.key.0, sort_name])?;
    tx.connection
        .prepare_cached("UPDATE memberships SET sort_name = ?2 WHERE user_key = ?1")?
        .execute(params![user.key.0, sort_name])?;
    let text: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
    search::index_user(tx, user.key, &text.join("\n"))
}

/// Notes that a message of this time named a user: its first may be an earlier one (T5), and that of the one it was
/// merged into, which is not said to be its own: they may be apart again (R11).
///
/// # Errors
/// [`StoreError`] only.
pub fn named_at(tx: &Tx<'_>, key: UserKey, at_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE users SET first_message_ms = ?2, first_seen_ms = min(first_seen_ms, ?2)
             WHERE user_key = ?1 AND first_message_ms > ?2",
        )?
        .execute(params![key.0, at_ms])?;
    if let Some(into) = merges::merged_into(tx, key) {
        tx.connection
            .prepare_cached("UPDATE users SET first_seen_ms = ?2 WHERE user_key = ?1 AND first_seen_ms > ?2")?
            .execute(params![into.0, at_ms])?;
    }
    Ok(())
}

/// Remembers that an id of this user has been signed (C8).
///
/// # Errors
/// [`StoreError`] only.
pub fn sign(tx: &Tx<'_>, key: UserKey) -> Result<(), StoreError> {
    tx.connection.prepare_cached("UPDATE users SET signed = 1 WHERE user_key = ?1 AND signed = 0")?.execute([key.0])?;
    Ok(())
}

/// Whether an id of this user, or of one who was merged into it, has been signed (C8).
///
/// # Errors
/// [`StoreError`] only.
pub fn is_signed(tx: &Tx<'_>, key: UserKey) -> Result<bool, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM users WHERE user_key = ?1 AND signed = 1)
             OR EXISTS (SELECT 1 FROM users WHERE merged_into = ?1 AND signed = 1)",
    )?;
    Ok(statement.query_row([key.0], |row| row.get(0))?)
}
