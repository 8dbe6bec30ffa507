//! Substrings of names, e-mails and ids of users.
