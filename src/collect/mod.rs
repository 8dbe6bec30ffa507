//! The tracking API's door.

mod agents;
mod companies;
mod context;
mod fields;
mod segment;
