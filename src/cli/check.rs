//! `rollcall check`: whether the file is whole, and what there is to see to on its machine.

use clap::Args;
use serde_json::json;

use super::{Failure, Workspace};
use crate::domain::machine::Warning;
use crate::store::{Ambient, Store, StoreError, machine, recount, workspace as file};

/// It takes no words of its own.
#[derive(Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        let (findings, warnings) = look(workspace)?;
        let whole = "The file is whole, and everything derived equals a recount.".to_owned();
        let warned = |warning: &Warning| format!("Warning: {} To do: {}", warning.sentence, warning.fix);
        let lines = if findings.is_empty() { vec![whole] } else { findings.clone() };
        let lines: Vec<String> = lines.into_iter().chain(warnings.iter().map(warned)).collect();
        let answer = json!({ "ok": findings.is_empty(), "findings": findings, "warnings": warnings });
        workspace.answer(&answer, lines.join("\n"));
        // A machine that needs a hand is no reason to restore anything.
        if findings.is_empty() {
            return Ok(());
        }
        Err(Failure::Failed(format!(
            "{} findings. Keep the file as it is, and restore the last backup.",
            findings.len()
        )))
    }
}

/// What is wrong with the file; that it can't be opened or read at all is a finding too. And what to see to on
/// the machine.
fn look(workspace: &Workspace) -> Result<(Vec<String>, Vec<Warning>), Failure> {
    workspace.must_exist()?;
    let looked = Store::open(&workspace.data, Ambient::default()).and_then(|store| {
        let mut findings = store.read_now(file::integrity)?;
        if findings.is_empty() {
            findings = store.read_settled(recount::differences)?;
        }
        Ok((findings, machine::look(&store)?.warnings()))
    });
    match looked {
        Ok(looked) => Ok(looked),
        Err(error @ (StoreError::Open { .. } | StoreError::Sqlite(_))) => Ok((vec![error.to_string()], Vec::new())),
        Err(error) => Err(error.into()),
    }
}
