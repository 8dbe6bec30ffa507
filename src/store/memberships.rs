//! Memberships and the statements they follow from.
