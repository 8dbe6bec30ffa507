//! A file that is sent: as the whole body, or as a field of a form, also as text that was pasted. It goes to the disk as it comes.

use std::collections::BTreeMap;
use std::io;

use actix_multipart::Multipart;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Payload};
use futures_util::StreamExt;

use crate::actions::import::file::Incoming;
use crate::store::Store;

/// Bytes of a field beside the file at most.
const FIELD_BYTES_MAX: usize = 64 * 1_024;
/// Parts of a form at most: the file and its fields, be they of nothing.
const PARTS_MAX: usize = 50;

/// The field of a form in which rows are that were pasted, and the name that they have as a file.
pub const PASTED: &str = "rows";
const PASTED_NAME: &str = "Pasted rows";

/// A file and what was sent with it.
pub struct Uploaded {
    /// The file.
    pub file: Incoming,
    /// Its name, where one was said.
    pub file_name: Option<String>,
    /// The other fields of the form.
    pub fields: BTreeMap<String, String>,
}

/// Why a file did not come in. The text is for whoever sends it.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It was not sent as it should be.
    #[error("{0}")]
    Sent(String),
    /// It could not be kept.
    #[error("The file could not be stored: {0}")]
    Kept(#[from] io::Error),
}

/// Takes a file in.
///
/// # Errors
/// It breaks off, is too large, or is none.
pub async fn receive(store: &Store, headers: &HeaderMap, payload: Payload) -> Result<Uploaded, UploadError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        return of_form(store, Multipart::new(headers, payload)).await;
    }
    let (mut payload, mut file) = (payload, begun(store).await?);
    while let Some(bytes) = payload.next().await {
        file = written(file, bytes.map_err(broken_off)?).await?;
    }
    Ok(Uploaded { file, file_name: None, fields: BTreeMap::new() })
}

async fn of_form(store: &Store, mut form: Multipart) -> Result<Uploaded, UploadError> {
    let (mut found, mut fields) = (None::<(Incoming, String)>, BTreeMap::new());
    let too_much = || UploadError::Sent("The form has more than a file and a few choices.".to_owned());
    let mut parts = 0;
    while let Some(field) = form.next().await {
        let mut field = field.map_err(broken_off)?;
        parts += 1;
        if parts > PARTS_MAX {
            return Err(too_much());
        }
        let disposition = field.content_disposition();
        let name = disposition.and_then(|of| of.get_name()).unwrap_or_default().to_owned();
        let file_name = disposition.and_then(|of| of.get_filename()).map(str::to_owned);
        let file_name = file_name.or_else(|| (name == PASTED).then(|| PASTED_NAME.to_owned()));
        if let Some(file_name) = file_name {
            let mut file = begun(store).await?;
            while let Some(bytes) = field.next().await {
                file = written(file, bytes.map_err(broken_off)?).await?;
            }
            // A browser sends both fields, of which one is of nothing.
            found = match found {
                Some((other, _)) if !other.is_empty() && !file.is_empty() => {
                    let sentence = "The form has both a file and pasted rows. Send one of them.";
                    return Err(UploadError::Sent(sentence.to_owned()));
                }
                Some(other) if !other.0.is_empty() => Some(other),
                _ => Some((file, file_name)),
            };
            continue;
        }
        let mut text = Vec::new();
        while let Some(bytes) = field.next().await {
            text.extend_from_slice(&bytes.map_err(broken_off)?);
            if text.len() > FIELD_BYTES_MAX {
                return Err(too_much());
            }
        }
        fields.insert(name, String::from_utf8_lossy(&text).into_owned());
    }
    let (file, file_name) =
        found.ok_or_else(|| UploadError::Sent("The form has no file in it. Choose one.".to_owned()))?;
    Ok(Uploaded { file, file_name: Some(file_name), fields })
}

fn broken_off(error: impl std::fmt::Display) -> UploadError {
    UploadError::Sent(format!("The file was cut off: {error}. Send it again."))
}

/// A place for a file, made off the async threads.
async fn begun(store: &Store) -> Result<Incoming, UploadError> {
    let store = store.clone();
    Ok(web::block(move || Incoming::new(&store)).await.map_err(io::Error::other)??)
}

/// Writes off the async threads.
async fn written(mut file: Incoming, bytes: web::Bytes) -> Result<Incoming, UploadError> {
    let done = web::block(move || file.write(&bytes).map(|()| file)).await;
    Ok(done.map_err(io::Error::other)??)
}
