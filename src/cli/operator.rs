//! `rollcall operator`: the people who sign in to the dashboard.

use std::io::{IsTerminal, Read};

use chrono::DateTime;
use clap::Subcommand;
use serde_json::json;

use super::{Failure, Workspace, say, wait};
use crate::actions::operators::{self as deeds, LINK_HOURS, OperatorError, Successor};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::store::operators;

/// What to do with operators.
#[derive(Subcommand)]
pub(super) enum Operator {
    /// Add an operator; without a password, prints a link to set one
    Add {
        /// E-mail address
        email: String,
        /// What they may do: viewer, admin or owner [default: viewer; owner for the first operator]
        #[arg(long)]
        role: Option<Role>,
        /// Read the password from stdin
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the operators
    List,
    /// Change what an operator may do
    Role {
        /// E-mail address
        email: String,
        /// viewer, admin or owner
        role: Role,
    },
    /// Remove an operator: every sign-in ends at once
    Remove {
        /// E-mail address
        email: String,
        /// Who looks after their users and companies from now on, by e-mail address
        #[arg(long, value_name = "EMAIL", conflicts_with = "leave_without_owner")]
        hand_over_to: Option<String>,
        /// Nobody looks after their users and companies from now on
        #[arg(long)]
        leave_without_owner: bool,
    },
    /// Print a link with which an operator sets a new password
    Reset {
        /// E-mail address
        email: String,
    },
}

impl From<OperatorError> for Failure {
    fn from(error: OperatorError) -> Failure {
        match error {
            OperatorError::Email(_) | OperatorError::Password(_) => Failure::Usage(error.to_string()),
            other => Failure::Failed(other.to_string()),
        }
    }
}

impl Operator {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        match self {
            Operator::Add { email, role, password_stdin } => {
                let password = password_stdin.then(read_password).transpose()?;
                let store = workspace.open()?;
                // A workspace whose only operator is a viewer could not be run from the dashboard.
                let least = if store.read_now(operators::any)? { Role::Viewer } else { Role::Owner };
                let role = role.unwrap_or(least);
                let added = wait(deeds::add(&store, By::Shell, &email, role, password.as_deref()))??;
                let (email, role) = (&added.operator.email, added.operator.role.as_str());
                say(format_args!("Added {email} as {role}."));
                match added.link_token {
                    None => workspace.answer(&json!({ "email": email, "role": role }), format!("{email}  {role}")),
                    Some(token) => show_link(workspace, email, role, &token),
                }
                Ok(())
            }
            Operator::List => {
                let all = workspace.open_existing()?.read_now(operators::list)?;
                if all.is_empty() {
                    say("There is no operator yet. Add one: rollcall operator add EMAIL.");
                }
                for operator in all {
                    let (email, role) = (&operator.email, operator.role.as_str());
                    let json = json!({
                        "email": email, "role": role, "has_password": operator.has_password,
                        "created_at": time(operator.created_ms), "last_sign_in": operator.last_sign_in_ms.map(time),
                    });
                    let last = operator.last_sign_in_ms.map_or("never signed in".to_owned(), time);
                    workspace.answer(&json, format!("{email}  {role}  {last}"));
                }
                Ok(())
            }
            Operator::Role { email, role } => {
                let store = workspace.open_existing()?;
                let email = email.trim().to_lowercase();
                let of = email.clone();
                store.write_now(move |tx| deeds::set_role(tx, &By::Shell, &of, role))?;
                let role = role.as_str();
                workspace.answer(&json!({ "email": email, "role": role }), format!("{email}  {role}"));
                Ok(())
            }
            Operator::Remove { email, hand_over_to, leave_without_owner } => {
                let nobody = leave_without_owner.then_some(Successor::Nobody);
                let successor = hand_over_to.map(Successor::Operator).or(nobody);
                let store = workspace.open_existing()?;
                let email = email.trim().to_lowercase();
                let of = email.clone();
                store.write_now(move |tx| deeds::remove(tx, &By::Shell, &of, successor.as_ref()))?;
                workspace.answer(&json!({ "email": email, "removed": true }), format!("Removed {email}."));
                Ok(())
            }
            Operator::Reset { email } => {
                let store = workspace.open_existing()?;
                let token = wait(deeds::reset(&store, &email))??;
                let email = email.trim().to_lowercase();
                let found = store.read_now(|db| operators::find(db, &email))?;
                let role = found.map_or("", |(operator, _)| operator.role.as_str());
                show_link(workspace, &email, role, &token);
                Ok(())
            }
        }
    }
}

fn show_link(workspace: &Workspace, email: &str, role: &str, token: &str) {
    let link = workspace.address(&format!("/password?token={token}"));
    say(format_args!("Send {email} this link; it sets a password once, within {LINK_HOURS} hours:"));
    workspace.answer(&json!({ "email": email, "role": role, "link": link }), link);
    if workspace.known_url().is_none() {
        say("If people reach the server at another address, name it with --public-url.");
    }
}

fn read_password() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        say("Type the password, then Enter and Ctrl-D:");
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// RFC 3339 in UTC.
pub(super) fn time(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(String::new, |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}
