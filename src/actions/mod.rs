//! Deeds: each one transaction. Reads the facts, lets the domain decide, applies what was decided,
//! records one change set.

mod archive;
pub mod attributes;
pub mod duplicates;
pub mod edit;
pub mod email_domains;
pub mod erase;
pub mod export;
pub mod import;
pub mod merge;
pub mod operators;
pub mod passwords;
mod profile;
pub mod receive;
pub mod rename;
pub mod segments;
pub mod set_up;
pub mod settings;
mod signed_members;
pub mod sources;
pub mod tokens;
pub mod tray;
pub mod trials;
pub mod undo;
pub mod webhooks;
