//! `rollcall token`: secret keys of programs.

use clap::Subcommand;
use serde_json::json;

use super::operator::time;
use super::{Failure, Workspace, say};
use crate::actions::tokens::{self as deeds, TokenError};
use crate::domain::access::Scope;
use crate::domain::change::By;
use crate::store::tokens;

/// What to do with tokens.
#[derive(Subcommand)]
pub(super) enum Token {
    /// Make a token; prints it once
    Add {
        /// What uses it
        name: String,
        /// What it may do: read, write or admin
        #[arg(long, default_value = "read")]
        scope: Scope,
    },
    /// List the tokens
    List,
    /// Revoke a token, at once and for good
    Revoke {
        /// Its id, as `token list` shows it
        token_id: String,
    },
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Failure {
        match error {
            TokenError::Name => Failure::Usage(error.to_string()),
            other => Failure::Failed(other.to_string()),
        }
    }
}

impl Token {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        match self {
            Token::Add { name, scope } => {
                let added = workspace.open_existing()?.write_now(move |tx| deeds::add(tx, &By::Shell, &name, scope))?;
                say(format_args!(
                    "Created {:?} with the scope {}. It is shown only now.",
                    added.token.name,
                    scope.as_str()
                ));
                workspace.answer(&json!({ "token_id": added.token.token_id, "token": added.text }), &added.text);
                Ok(())
            }
            Token::List => {
                let all = workspace.open_existing()?.read_now(tokens::list)?;
                if all.is_empty() {
                    say("There is no token yet. Create one: rollcall token add NAME.");
                }
                for token in all {
                    let json = json!({
                        "token_id": token.token_id, "name": token.name, "scope": token.scope,
                        "created_at": time(token.created_ms), "last_used": token.last_used_ms.map(time),
                        "revoked_at": token.revoked_ms.map(time),
                    });
                    let state = match (token.revoked_ms, token.last_used_ms) {
                        (Some(revoked_ms), _) => format!("revoked {}", time(revoked_ms)),
                        (None, Some(used_ms)) => format!("used {}", time(used_ms)),
                        (None, None) => "never used".to_owned(),
                    };
                    let line = format!("{}  {}  {}  {state}", token.token_id, token.scope.as_str(), token.name);
                    workspace.answer(&json, line);
                }
                Ok(())
            }
            Token::Revoke { token_id } => {
                let id = token_id.clone();
                workspace.open_existing()?.write_now(move |tx| deeds::revoke(tx, &By::Shell, &id))?;
                say("Revoked.");
                workspace.answer(&json!({ "token_id": token_id, "revoked": true }), &token_id);
                Ok(())
            }
        }
    }
}
