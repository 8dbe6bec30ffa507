//! Readers that stop where one piece of a file does not end: a row whose quote never closes, an element of a gigabyte.

use std::io::{self, Read};

/// Gives at most so many bytes until it is allowed more.
pub(super) struct Budget<R> {
    from: R,
    left: usize,
    quotes: u64,
    has_ended: bool,
}

impl<R> Budget<R> {
    /// Gives nothing before [`Budget::allow`].
    pub(super) fn new(from: R) -> Budget<R> {
        Budget { from, left: 0, quotes: 0, has_ended: false }
    }

    /// What it is read from.
    pub(super) fn from(&self) -> &R {
        &self.from
    }

    /// Quotes that were read.
    pub(super) fn quotes(&self) -> u64 {
        self.quotes
    }

    /// Whether all was read.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Allows the next piece to be of so many bytes; what is read ahead of it counts.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.left = bytes;
    }
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let room = into.len().min(self.left);
        if room == 0 && !into.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.from.read(&mut into[..room])?;
        self.left -= read;
        self.quotes += into[..read].iter().filter(|byte| **byte == b'"').count() as u64;
        self.has_ended |= read == 0 && !into.is_empty();
        Ok(read)
    }
}
