//! Possible duplicates: records that may be the same one, for a person to decide (R7, R8, C5). Nobody
//! is ever joined by what is said here (R1).

use unicode_normalization::UnicodeNormalization;

/// What may be there twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Records {
    /// Users and leads.
    Users = 0,
    /// Companies.
    Companies = 1,
}

impl Records {
    /// Its word, of one of them.
    pub fn as_str(self) -> &'static str {
        match self {
            Records::Users => "user",
            Records::Companies => "company",
        }
    }

    /// The records of a word.
    pub fn parse(word: &str) -> Option<Records> {
        [Records::Users, Records::Companies].into_iter().find(|records| records.as_str() == word)
    }
}

/// Why two records may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// They have the same e-mail address (R7, R8).
    Email = 0,
    /// Their ids differ in case or form only (C5).
    Id = 1,
}

impl Why {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Email => "same_email",
            Why::Id => "similar_id",
        }
    }

    /// The reason of a number.
    pub fn from_number(number: i64) -> Why {
        if number == Why::Email as i64 { Why::Email } else { Why::Id }
    }
}

/// Hexadecimal digits of a UUID.
const UUID_DIGITS: usize = 32;

/// An id without what may differ between two spellings of one: case, the width and style of letters,
/// which of blank, `_` and `-` parts its words, and how a UUID is written.
pub fn form(id: &str) -> String {
    let is_join = |letter: char| letter.is_whitespace() || matches!(letter, '_' | '-' | '\u{2010}'..='\u{2015}');
    let plain: String = id.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let words: Vec<&str> = plain.split(is_join).filter(|word| !word.is_empty()).collect();
    let joined = if words.is_empty() { plain.clone() } else { words.join("-") };
    uuid(&joined).unwrap_or(joined)
}

/// A UUID in its usual form; `None` where the text is none.
fn uuid(text: &str) -> Option<String> {
    let bare = text.trim_start_matches("urn:uuid:").trim_matches(['{', '}']);
    let digits: String = bare.chars().filter(|letter| *letter != '-').collect();
    let is_one = digits.len() == UUID_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_one.then(|| [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]).join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn c5_ids_that_differ_in_case_or_form_have_one_form() {
        for (one, other) in [
            ("ACME", "acme"),
            ("Acme Corp", "acme-corp"),
            ("acme_corp", "acme - corp"),
            ("ａｃｍｅ", "acme"),
            ("①", "1"),
            ("550E8400E29B41D4A716446655440000", "{550e8400-e29b-41d4-a716-446655440000}"),
        ] {
            assert_eq!(form(one), form(other), "{one} and {other}");
        }
    }

    #[test]
    fn c5_ids_that_differ_in_more_do_not() {
        for (one, other) in [("1", "11"), ("1-1", "11"), ("a.b", "a-b"), ("07", "7"), ("ann", "anna"), ("a", "å")] {
            assert_ne!(form(one), form(other), "{one} and {other}");
        }
    }

    #[test]
    fn usual_ids_are_their_own_form() {
        for id in ["42", "ann", "acme-corp", "550e8400-e29b-41d4-a716-446655440000", "ann@acme.test", "---"] {
            assert_eq!(form(id), id);
        }
    }

    proptest! {
        #[test]
        fn a_form_is_its_own_form(id in "\\PC{1,40}") {
            prop_assert_eq!(form(&form(&id)), form(&id));
        }
    }
}
