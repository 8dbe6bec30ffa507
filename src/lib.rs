//! Rollcall: who uses our product, and which company does each of them belong to.
//!
//! The rooms of the house, in the order that data walks through them; an arrow
//! only ever points down (`tests/house.rs`):
//! doors (`collect`, `dashboard`, `api`, with `http` for what they share) ->
//! `actions` -> `store` -> `domain`.

// A panic takes a request, or the writer's job, with it. `expect` names the invariant that rules it out.
#![warn(clippy::unwrap_used)]

pub mod actions;
pub mod api;
pub mod cli;
pub mod collect;
pub mod dashboard;
pub mod deliver;
pub mod demo;
pub mod domain;
pub mod http;
pub mod jobs;
pub mod server;
pub mod store;
