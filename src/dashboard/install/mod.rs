//! `/install`: the two snippets with the real key, and whether they work.

mod calls;
mod check;
pub mod doctor;
pub mod fields;
pub mod frameworks;
pub mod hand_over;
mod hardening;
mod offers;
pub mod page;
pub mod proof;
pub mod snippets;
pub mod state;
mod steps;
pub mod try_it;
