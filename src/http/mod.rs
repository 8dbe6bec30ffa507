//! What all doors share: who is asking, what they may, how they are answered.
//!
//! - [`problem`]: an error for a program (RFC 9457); [`page`]: an error for a person.
//! - [`access`]: extractors, without which a handler does not run; [`session`]: sign-ins;
//!   [`csrf`]: whether a request comes from a page of ours.
//! - [`client`]: where a request comes from and under which address we are known;
//!   [`limits`]: how often somebody may ask.
//! - [`export`]: a file sent as it is read; [`person`]: all about one person as a file; [`live`]: the latest calls, in memory;
//! - [`assets`]: files of `static/`; [`headers`]: what every page says to the browser;
//!   [`upload`]: a file that comes in; [`head`]: HEAD where there is GET; [`request`]: a number for each request, and its line in the log.

pub mod access;
pub mod assets;
pub mod client;
pub mod csrf;
pub mod doctor;
pub mod export;
pub mod head;
pub mod headers;
pub mod limits;
pub mod live;
pub mod page;
pub mod person;
pub mod problem;
pub mod request;
pub mod session;
#[cfg(test)]
mod shorten;
#[cfg(test)]
mod strip;
pub mod upload;
