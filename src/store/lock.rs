//! The lock beside a workspace's file: one server at a time, and no restore under a running one.
//!
//! SQLite lets several processes write, and the shell's commands do. A second server would
//! answer from copies in memory that are half a second old, and a restore would take the
//! file away from under the first.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::connection::owner_only;

/// Held as long as it lives; the system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// The lock file of a workspace's file.
fn lock_file(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Where people reach the server of a workspace, as it said when it last started.
pub fn server_url(data: &Path) -> Option<String> {
    let text = std::fs::read_to_string(lock_file(data)).ok()?;
    text.lines().nth(1).map(str::to_owned)
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// A server has it.
    #[error("{path} is in use by a running Rollcall server{who}, or by an import at the shell. Stop that one first, or name another file with --data.", path = .path.display())]
    Held {
        /// The workspace's file.
        path: PathBuf,
        /// ` (process 123)`, where it is known.
        who: String,
    },
    /// The lock file can't be used.
    #[error("{path}: {error}", path = .path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl Lock {
    /// Takes the lock of a workspace's file, which need not exist yet.
    ///
    /// # Errors
    /// A running server has it, or the lock file can't be made.
    pub fn take(data: &Path) -> Result<Lock, LockError> {
        let path = lock_file(data);
        let failed = |error| LockError::File { path: path.clone(), error };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = owner_only().open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let process = file.read_to_string(&mut text).ok().and_then(|_| text.lines().next());
                let who = process.map_or_else(String::new, |process| format!(" (process {process})"));
                return Err(LockError::Held { path: data.to_owned(), who });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let write_down = |file: &mut File| -> std::io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write_down(&mut file).map_err(failed)?;
        Ok(Lock { file })
    }

    /// Writes down where people reach the server, for the shell's commands ([`server_url`]).
    ///
    /// # Errors
    /// The lock file can't be written.
    pub fn tell_url(&mut self, url: &str) -> std::io::Result<()> {
        writeln!(self.file, "{url}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_has_it_and_gets_it_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("new/rollcall.db");
        let mut first = Lock::take(&data).unwrap();
        assert_eq!(server_url(&data), None);
        first.tell_url("https://roll.example").unwrap();
        assert_eq!(server_url(&data).as_deref(), Some("https://roll.example"));
        let refusal = Lock::take(&data).unwrap_err().to_string();
        assert!(refusal.contains(&format!("(process {})", std::process::id())), "{refusal}");
        assert!(refusal.contains("--data"), "{refusal}");
        drop(first);
        assert!(server_url(&data).is_some(), "where it was when it last ran");
        Lock::take(&data).unwrap();
    }
}
