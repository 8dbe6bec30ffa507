//! `rollcall backup`: a copy of the file as it stands, while the server runs.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Failure, Workspace, say};

/// Where to.
#[derive(Args)]
pub(super) struct Backup {
    /// The new file
    file: PathBuf,
}

impl Backup {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        workspace.open_existing()?.backup(&self.file)?;
        let bytes = std::fs::metadata(&self.file)?.len();
        let file = self.file.display().to_string();
        say(format_args!("Copied {} into {file}. To go back to it: rollcall restore {file}", workspace.data.display()));
        workspace.answer(&json!({ "file": file, "bytes": bytes }), format!("{file}  {bytes} bytes"));
        Ok(())
    }
}
