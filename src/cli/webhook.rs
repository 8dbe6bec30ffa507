//! `rollcall webhook`: addresses of other programs that are told what changes.

use clap::Subcommand;
use serde_json::json;

use super::{Failure, Workspace, say};
use crate::actions::webhooks::{self as deeds, Wanted, WebhookError};
use crate::domain::change::By;
use crate::domain::webhooks::checked_url;

/// What to do with webhooks.
#[derive(Subcommand)]
pub(super) enum Webhook {
    /// Add a webhook; prints the secret that signs, once
    Add {
        /// The address, such as https://hooks.example.com/rollcall
        url: String,
        /// What it is told, such as user.created (may be given more than once)
        #[arg(long = "type", value_name = "TYPE", required = true)]
        types: Vec<String>,
        /// Of event.tracked: only events of this name (may be given more than once)
        #[arg(long = "event", value_name = "NAME")]
        events: Vec<String>,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List the webhooks
    List,
    /// Remove a webhook, and what waits to be sent to it
    Remove {
        /// Its id, as `webhook list` shows it
        webhook_id: String,
    },
}

impl From<WebhookError> for Failure {
    fn from(error: WebhookError) -> Failure {
        match error {
            WebhookError::Store(_) | WebhookError::Unknown(_) | WebhookError::TooMany => {
                Failure::Failed(error.to_string())
            }
            other => Failure::Usage(other.to_string()),
        }
    }
}

impl Webhook {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        match self {
            Webhook::Add { url, types, events, description } => {
                let wanted = Wanted {
                    url: Some(url),
                    types: Some(types),
                    events: Some(events),
                    description: Some(description),
                    paused: None,
                };
                // The server alone knows whether it may reach private addresses; it looks at each delivery.
                let refused = checked_url(wanted.url.as_deref().unwrap_or_default(), false).err();
                let added = workspace.open_existing()?.write_now(move |tx| deeds::add(tx, &By::Shell, wanted, true))?;
                say("The server notifies it from now on. The secret signs deliveries, and is shown only now.");
                if let Some(error) = refused {
                    say(format_args!("A server without --allow-private-webhooks sends nothing there: {error}"));
                }
                workspace.answer(
                    &json!({ "webhook_id": added.webhook_id, "secret": added.secret }),
                    format!("webhook  {}\nsecret   {}", added.webhook_id, added.secret),
                );
                Ok(())
            }
            Webhook::List => {
                let all = workspace.open_existing()?.catalog().webhooks.clone();
                if all.is_empty() {
                    say("There is no webhook yet. Add one: rollcall webhook add URL --type TYPE.");
                }
                for webhook in all.iter() {
                    let types: Vec<&str> = webhook.types.iter().map(|kind| kind.as_str()).collect();
                    let json = json!({
                        "webhook_id": webhook.webhook_id, "url": webhook.url, "types": types, "events": webhook.events,
                        "description": webhook.description, "state": webhook.state.as_str(),
                    });
                    let line = format!(
                        "{}  {}  {}  {}",
                        webhook.webhook_id,
                        webhook.url,
                        types.join(", "),
                        webhook.state.as_str()
                    );
                    workspace.answer(&json, line);
                }
                Ok(())
            }
            Webhook::Remove { webhook_id } => {
                let id = webhook_id.clone();
                workspace.open_existing()?.write_now(move |tx| deeds::remove(tx, &By::Shell, &id))?;
                say("Removed.");
                workspace.answer(&json!({ "webhook_id": webhook_id, "removed": true }), &webhook_id);
                Ok(())
            }
        }
    }
}
