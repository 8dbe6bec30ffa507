//! Rollcall.
pub mod domain;
