//! Readers that stop where one piece of a file does not end: a row whose quote never closes, an element of a gigabyte.

use std::io::{self, Read};

/// Gives at most so many bytes until it is allowed more.
pub(super) struct Budget<R> {
    from: R,
    left: usize,
}

impl<R> Budget<R> {
    /// Gives nothing before [`Budget::allow`].
    pub(super) fn new(from: R) -> Budget<R> {
        Budget { from, left: 0 }
    }

    /// What it is read from.
    pub(super) fn from(&self) -> &R {
        &self.from
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
        Ok(read)
    }
}
