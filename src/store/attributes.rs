//! Attribute definitions, and the tray of values that were not taken.
