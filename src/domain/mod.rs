//! Words and rules, pure: no HTTP, no SQL, no clock. Imports nothing of ours.
//!
//! Rules carry the numbers of the rule book (`R3`, `C4`, `T2`, `A7`); a rule
//! stands in the file of its noun.

pub mod access;
pub mod activity;
pub mod attributes;
pub mod change;
pub mod codes;
pub mod companies;
pub mod duplicates;
pub mod email_domains;
pub mod error;
pub mod filter;
pub mod findings;
pub mod first_page;
pub mod identity;
pub mod ids;
pub mod import;
pub mod known_by;
pub mod limits;
pub mod message;
pub mod profile;
pub mod proof;
pub mod segments;
pub mod settings;
pub mod table;
pub mod time;
pub mod webhooks;
