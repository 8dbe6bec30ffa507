//! An export as an answer: read and sent part by part, as fast as the reader takes it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;

use crate::actions::export::{self, Package};
use crate::domain::change::By;
use crate::store::{Store, StoreError};

/// The answer that sends a package as a file. Who took what out stands in the audit.
pub async fn answer(store: &Store, by: By, package: Package) -> HttpResponse {
    let taken = package.taken();
    let noted = store.write(move |tx| export::note(tx, &by, &taken)).await;
    if let Err(error) = noted {
        // A full disk must not keep anybody from taking their data out.
        tracing::error!(%error, "An export could not be written into the audit.");
    }
    HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", package.file_name())))
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(package.content_type())
        .body(Parts { store: store.clone(), state: State::Waits(package) })
}

/// What comes of reading a part: the package, and the part, of which there is none behind the last.
type Read = Result<(Package, Option<Vec<u8>>), StoreError>;

enum State {
    Waits(Package),
    Reads(Pin<Box<dyn Future<Output = Read>>>),
    Ended,
}

struct Parts {
    store: Store,
    state: State,
}

async fn read(store: Store, mut package: Package) -> Read {
    let now_ms = store.now_ms();
    store
        .read(move |db| {
            let part = package.next(db, now_ms)?;
            Ok((package, part))
        })
        .await
}

impl MessageBody for Parts {
    type Error = StoreError;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, StoreError>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Waits(package) => self.state = State::Reads(Box::pin(read(self.store.clone(), package))),
                State::Reads(mut reading) => match reading.as_mut().poll(context) {
                    Poll::Pending => {
                        self.state = State::Reads(reading);
                        return Poll::Pending;
                    }
                    Poll::Ready(Err(error)) => {
                        // The file breaks off, and the reader is told so by the missing end of the answer.
                        tracing::error!(%error, "An export broke off.");
                        return Poll::Ready(Some(Err(error)));
                    }
                    Poll::Ready(Ok((_, None))) => return Poll::Ready(None),
                    Poll::Ready(Ok((package, Some(part)))) => {
                        self.state = State::Waits(package);
                        // An empty part would be an end.
                        if !part.is_empty() {
                            return Poll::Ready(Some(Ok(part.into())));
                        }
                    }
                },
            }
        }
    }
}
