//! Deeds: each one transaction. Reads the facts, lets the domain decide, applies what was decided,
//! records one change set.

pub mod receive;
