//! `rollcall check`: whether the file is whole.

use clap::Args;
use serde_json::json;

use super::{Failure, Workspace};
use crate::store::{recount, workspace as file};

/// It takes no words of its own.
#[derive(Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        let store = workspace.open_existing()?;
        let mut findings = store.read_now(file::integrity)?;
        findings.extend(store.read_settled(recount::differences)?);
        for finding in &findings {
            workspace.answer(&json!({ "finding": finding }), finding);
        }
        if findings.is_empty() {
            workspace.answer(&json!({ "ok": true }), "The file is whole, and everything derived equals a recount.");
            return Ok(());
        }
        Err(Failure::Failed(format!(
            "{} findings. Keep the file as it is, and restore the last backup.",
            findings.len()
        )))
    }
}
