//! What runs with no visitor.

pub mod attributes;
pub mod bulk;
pub mod findings;
pub mod imports;
pub mod retention;
pub mod segments;

#[cfg(test)]
mod round_trip;
