//! What runs with no visitor.

pub mod attributes;
pub mod retention;
pub mod segments;
