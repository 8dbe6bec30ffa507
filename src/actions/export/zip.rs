//! Several files in one zip, written as it is read: no part of it waits in memory.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::Export;
use super::person::Told;
use crate::store::{Reader, StoreError};

/// A zip under way.
pub struct Zip {
    /// None once it is finished.
    writer: Option<ZipWriter<StreamWriter<Written>>>,
    written: Written,
    what: &'static str,
    file_name: String,
    waiting: VecDeque<Part>,
    open: Option<Part>,
}

/// A file in it.
pub(super) enum Part {
    /// Rows of a kind.
    Export(Box<Export>),
    /// What is told of one person.
    Told(Box<Told>),
    /// A file that is there; its bytes go when they are taken.
    Whole(&'static str, Option<Vec<u8>>),
}

impl Part {
    pub(super) fn whole(name: &'static str, bytes: Vec<u8>) -> Part {
        Part::Whole(name, Some(bytes))
    }

    fn file_name(&self) -> String {
        match self {
            Part::Export(export) => export.file_name(),
            Part::Told(told) => told.file_name().to_owned(),
            Part::Whole(name, _) => (*name).to_owned(),
        }
    }

    fn next(&mut self, db: &Reader<'_>, now_ms: i64) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Part::Export(export) => export.next(db, now_ms),
            Part::Told(told) => told.next(db),
            Part::Whole(_, bytes) => Ok(bytes.take()),
        }
    }
}

/// What was written and not taken yet.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Zip {
    /// A zip of these files; `what` they are, for the audit.
    pub(super) fn new(what: &'static str, file_name: String, waiting: VecDeque<Part>) -> Zip {
        let written = Written::default();
        Zip { writer: Some(ZipWriter::new_stream(written.clone())), written, what, file_name, waiting, open: None }
    }

    /// What is in it, in a word.
    pub(super) fn what(&self) -> &'static str {
        self.what
    }

    /// The name of the zip.
    pub(super) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The next part; none behind the last one.
    pub(super) fn next(&mut self, db: &Reader<'_>, now_ms: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let file_name = self.file_name.clone();
        let failed = |error: io::Error| StoreError::File { path: file_name.as_str().into(), error };
        let Some(writer) = &mut self.writer else { return Ok(None) };
        if self.open.is_none() {
            self.open = self.waiting.pop_front();
            match &self.open {
                Some(part) => {
                    let options =
                        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
                    writer.start_file(part.file_name(), options).map_err(|error| failed(error.into()))?;
                }
                None => {
                    let writer = self.writer.take().expect("it was there a moment ago");
                    writer.finish().map_err(|error| failed(error.into()))?;
                    return Ok(Some(self.written.take()));
                }
            }
        }
        match self.open.as_mut().map(|part| part.next(db, now_ms)).transpose()?.flatten() {
            Some(part) => writer.write_all(&part).map_err(failed)?,
            None => self.open = None,
        }
        Ok(Some(self.written.take()))
    }
}
