//! The first start: a link that works once makes the first operator. There is no default password.

use serde_json::json;

use super::operators::{self as deeds, OperatorError};
use super::passwords;
use crate::domain::access::{Grade, Role, token_hash};
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids;
use crate::domain::settings::{SettingError, Settings};
use crate::store::operators::{self, OneTimeLink, Operator};
use crate::store::workspace::{self, SetError};
use crate::store::{Store, StoreError, changes};

/// What the set-up page asks.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// The token of the link.
    pub link_token: String,
    /// The workspace's name.
    pub workspace_name: String,
    /// Its time zone, such as `Europe/Warsaw` (T4).
    pub time_zone: String,
    /// The first operator's e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// Why the workspace was not set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The name or the time zone.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The operator.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// The link was used, has expired or never was, or there is an operator already.
    #[error(
        "This link has been used or has expired. While there is no operator, each start of the server prints a new one."
    )]
    LinkUsed,
}

impl From<StoreError> for SetUpError {
    fn from(error: StoreError) -> SetUpError {
        SetUpError::Operator(error.into())
    }
}

impl From<SetError> for SetUpError {
    fn from(error: SetError) -> SetUpError {
        match error {
            SetError::Setting(error) => SetUpError::Setting(error),
            SetError::Store(error) => error.into(),
        }
    }
}

/// The token of a new link for `/set-up?token=…`, while there is no operator; the one before it ends.
///
/// # Errors
/// The store's.
pub async fn link(store: &Store) -> Result<Option<String>, StoreError> {
    store
        .write(|tx| {
            if operators::any(&tx.reader())? {
                return Ok(None);
            }
            let token = tx.ambient.token();
            operators::add_link(tx, None, &token_hash(&token), deeds::link_expires_ms(tx.now_ms))?;
            Ok(Some(token))
        })
        .await
}

/// Whether a link still sets up the workspace.
///
/// # Errors
/// The store's.
pub async fn is_open(store: &Store, link_token: &str) -> Result<bool, StoreError> {
    let (hash, now_ms) = (token_hash(link_token), store.now_ms());
    store
        .read(move |db| Ok(operators::link(db, &hash, now_ms)? == Some(OneTimeLink::SetUp) && !operators::any(db)?))
        .await
}

/// Names the workspace, sets its time zone, makes its first operator, and uses the link up: all or nothing.
///
/// # Errors
/// What does not fit, a link that is none (any more), the store's.
pub async fn set_up(store: &Store, set_up: SetUp) -> Result<Operator, SetUpError> {
    let mut settings = Settings::default();
    settings.set("workspace_name", &set_up.workspace_name)?;
    settings.set("time_zone", &set_up.time_zone)?;
    let email = ids::email(&set_up.email).map_err(OperatorError::Email)?;
    passwords::check(&set_up.password).map_err(OperatorError::from)?;
    if !is_open(store, &set_up.link_token).await? {
        return Err(SetUpError::LinkUsed);
    }
    let hash = passwords::hash(store.ambient(), &set_up.password).await?;
    let link = token_hash(&set_up.link_token);
    store
        .write(move |tx| {
            let found = operators::link(&tx.reader(), &link, tx.now_ms)?;
            if found != Some(OneTimeLink::SetUp) || operators::any(&tx.reader())? || !operators::use_link(tx, &link)? {
                return Err(SetUpError::LinkUsed);
            }
            let by = By::Operator(email.clone());
            let mut named = Vec::new();
            for name in ["workspace_name", "time_zone"] {
                let before = tx.catalog().settings.get(name).unwrap_or_default();
                let after = settings.get(name).unwrap_or_default();
                workspace::set(tx, name, &after)?;
                named.push(Change::new(Subject::Workspace, name, Some(json!(before)), Some(json!(after))));
            }
            let operator = deeds::add_within(tx, &by, &email, Role::Owner, Some(&hash))?;
            changes::record(tx, &by, "set_up", Grade::Hand, &named)?;
            Ok(operator)
        })
        .await
}
