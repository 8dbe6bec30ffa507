//! What runs with no visitor.

pub mod retention;
