//! A folder that goes when the demo ends.

use std::path::{Path, PathBuf};

use crate::store::{Ambient, StoreError};

/// A new folder among the system's temporary ones; it is taken away with all that is in it when dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one.
    ///
    /// # Errors
    /// It can't be made.
    pub fn new() -> Result<Folder, StoreError> {
        let path = std::env::temp_dir().join(format!("rollcall-demo-{}", Ambient::default().token()));
        let made = std::fs::create_dir(&path);
        made.map_err(|error| StoreError::File { path: path.clone(), error })?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "The demo's folder stays; delete it by hand.");
        }
    }
}
