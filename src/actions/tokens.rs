//! Secret tokens of programs: made, shown once, revoked.

use serde_json::json;

use crate::domain::access::{Grade, Scope, token_hash};
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids::hex;
use crate::store::tokens::{self, Token};
use crate::store::{StoreError, Tx, changes};

/// A new token and its text, which is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The token.
    pub token: Token,
    /// What the program sends.
    pub text: String,
}

/// Why something about a token was not done.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The name does not fit.
    #[error("A token has a name of 1 to 100 characters, so that you know later what uses it.")]
    Name,
    /// There is none of this id.
    #[error("There is no token {0} to revoke. See them with: rollcall token list")]
    Unknown(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token.
///
/// # Errors
/// A name that does not fit, the store's.
pub fn add(tx: &mut Tx<'_>, by: &By, name: &str, scope: Scope) -> Result<Added, TokenError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(TokenError::Name);
    }
    let text = format!("rc_{}", tx.ambient.token());
    let token_id = format!("tok_{}", hex(&tx.ambient.bytes::<6>()));
    let token = tokens::add(tx, &token_id, name, scope, &token_hash(&text))?;
    let after = json!({ "token_id": token_id, "name": name, "scope": scope });
    let change = Change::new(Subject::Workspace, "token", None, Some(after));
    changes::record(tx, by, "add_token", Grade::Hand, &[change])?;
    Ok(Added { token, text })
}

/// Revokes a token: at once, for good.
///
/// # Errors
/// No token of this id, the store's.
pub fn revoke(tx: &mut Tx<'_>, by: &By, token_id: &str) -> Result<(), TokenError> {
    if !tokens::revoke(tx, token_id)? {
        return Err(TokenError::Unknown(token_id.to_owned()));
    }
    let change = Change::new(Subject::Workspace, "token", Some(json!({ "token_id": token_id })), None);
    changes::record(tx, by, "revoke_token", Grade::Hand, &[change])?;
    Ok(())
}
