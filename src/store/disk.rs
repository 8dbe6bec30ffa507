//! Room on the disk.

use std::path::Path;

/// With less than this SQLite can't even make the files beside a workspace's, in bytes.
const NONE: u64 = 64 * 1024;

/// Bytes that a file's disk has free; none where the system does not say.
#[cfg(unix)]
pub fn free_bytes(data: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(data).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes that a file's disk has free: this system does not say.
#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Whether an error of the disk comes of there being no room.
pub(super) fn is_full(data: &Path) -> bool {
    free_bytes(data).is_some_and(|free| free < NONE)
}
