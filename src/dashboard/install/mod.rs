//! `/install`: the two snippets with the real key, and whether they work.

mod check;
mod offers;
pub mod page;
pub mod snippets;
pub mod state;
mod steps;
