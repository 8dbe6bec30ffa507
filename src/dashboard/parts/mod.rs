//! What pages are made of. Each part is a function of its values, closes what
//! it opens, and fetches nothing.

pub mod attributes;
pub mod came;
pub mod chart;
pub mod code;
pub mod columns;
pub mod data;
pub mod feed;
pub mod filter;
pub mod form;
pub mod frame;
pub mod icon;
pub mod labels;
pub mod list;
pub mod markdown;
pub mod numbers;
pub mod pill;
pub mod say;
pub mod section;
pub mod times;
pub mod values;
pub mod who;
