//! `rollcall restore`: a backup takes the place of the workspace's file.
//!
//! The backup is copied beside the file, opened (which brings it to this version's schema)
//! and checked there; only then do the two change places. The file that was there stays
//! beside it, under another name.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Failure, Workspace, say};
use crate::store::{Ambient, Lock, Store, is_workspace, owner_only, sync_folder_of, workspace as file};

/// Where from.
#[derive(Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

impl Restore {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        let data = &workspace.data;
        if !is_workspace(&self.file)? {
            let file = self.file.display();
            return Err(Failure::Failed(format!(
                "{file} is not a backup of a workspace. Name a file created by `rollcall backup`."
            )));
        }
        if data.exists() && self.file.canonicalize()? == data.canonicalize()? {
            let file = self.file.display();
            return Err(Failure::Usage(format!(
                "{file} is the workspace's own file. Name a file created by `rollcall backup`."
            )));
        }
        let _lock = Lock::take(data)?;
        let fresh = beside(data, ".restoring");
        let checked = copy_and_check(&self.file, &fresh);
        if checked.is_err() {
            forget(&fresh);
        }
        checked?;

        // What the write-ahead log still holds belongs to the file, so it is taken in first.
        if data.exists()
            && let Err(error) = Store::open(data, Ambient::default()).map(|store| store.close())
        {
            say(format_args!("The current file can't be opened ({error}); it is kept as it is."));
        }
        let kept = free_name(data);
        let kept = change_name(data, &kept)?.then_some(kept);
        change_name(&fresh, data)?;
        sync_folder_of(data)?;
        let (from, to) = (self.file.display().to_string(), data.display().to_string());
        say(format_args!("Restored {from} into {to}."));
        let kept = kept.map(|kept| kept.display().to_string());
        if let Some(kept) = &kept {
            say(format_args!("The file that was there is now {kept}."));
        }
        workspace.answer(&json!({ "file": to, "restored": from, "kept": kept }), to.clone());
        Ok(())
    }
}

fn copy_and_check(backup: &Path, fresh: &Path) -> Result<(), Failure> {
    forget(fresh);
    std::io::copy(&mut File::open(backup)?, &mut owner_only().open(fresh)?)?;
    let no_backup = |reason: String| Failure::Failed(format!("{} can't be restored: {reason}", backup.display()));
    let store = Store::open(fresh, Ambient::default()).map_err(|error| no_backup(error.to_string()))?;
    let findings = store.read_now(file::integrity)?;
    store.close();
    drop(store);
    match findings.first() {
        Some(finding) => Err(no_backup(finding.clone())),
        None => Ok(File::open(fresh)?.sync_all()?),
    }
}

/// Renames a workspace's file with what belongs to it; false where there is none.
fn change_name(from: &Path, to: &Path) -> std::io::Result<bool> {
    let log = beside(from, "-wal");
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        std::fs::rename(&log, beside(to, "-wal"))?;
    }
    let there = from.exists();
    if there {
        std::fs::rename(from, to)?;
    }
    forget(from);
    Ok(there)
}

fn forget(path: &Path) {
    for ending in ["", "-wal", "-shm"] {
        // Most often there is none.
        let _ = std::fs::remove_file(beside(path, ending));
    }
}

/// A name for the file that was there which nothing has yet.
fn free_name(data: &Path) -> PathBuf {
    let mut number = 1_u32;
    loop {
        let name = beside(data, &format!(".before-restore-{number}"));
        if !name.exists() {
            return name;
        }
        number += 1;
    }
}
