//! `rollcall check`: whether the file is whole.

use clap::Args;
use serde_json::json;

use super::{Failure, Workspace};
use crate::store::{Ambient, Store, StoreError, recount, workspace as file};

/// It takes no words of its own.
#[derive(Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        let findings = findings(workspace)?;
        let whole = "The file is whole, and everything derived equals a recount.".to_owned();
        let lines = if findings.is_empty() { whole } else { findings.join("\n") };
        workspace.answer(&json!({ "ok": findings.is_empty(), "findings": findings }), lines);
        if findings.is_empty() {
            return Ok(());
        }
        Err(Failure::Failed(format!(
            "{} findings. Keep the file as it is, and restore the last backup.",
            findings.len()
        )))
    }
}

/// What is wrong with the file; that it can't be opened or read at all is a finding too.
fn findings(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    workspace.must_exist()?;
    let looked = Store::open(&workspace.data, Ambient::default()).and_then(|store| {
        let mut findings = store.read_now(file::integrity)?;
        if findings.is_empty() {
            findings = store.read_settled(recount::differences)?;
        }
        Ok(findings)
    });
    match looked {
        Ok(findings) => Ok(findings),
        Err(error @ (StoreError::Open { .. } | StoreError::Sqlite(_))) => Ok(vec![error.to_string()]),
        Err(error) => Err(error.into()),
    }
}
