//! What somebody is known by, looked for in texts that others wrote: files, filters (R13).

use std::collections::HashSet;

/// Letters of a text that is looked for; shorter ones are in too many words.
const CHARS_MIN: usize = 3;

/// The ids, e-mail addresses and browsers of somebody, or of several, as compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownBy {
    all: HashSet<String>,
    /// Those of them that are addresses, which no other word is.
    addresses: Vec<String>,
}

impl KnownBy {
    /// Of somebody who has these.
    pub fn new<'a>(all: impl IntoIterator<Item = &'a String>) -> KnownBy {
        let long = all.into_iter().filter(|text| text.chars().count() >= CHARS_MIN);
        let all: HashSet<String> = long.map(|text| text.to_lowercase()).collect();
        let addresses = all.iter().filter(|text| text.contains('@')).cloned().collect();
        KnownBy { all, addresses }
    }

    /// Whether a text names them: an e-mail address wherever it stands, an id where it is the whole.
    pub fn is_in(&self, text: &str) -> bool {
        let text = text.trim().to_lowercase();
        self.all.contains(&text) || self.has_address(&text)
    }

    /// Whether an address of theirs stands in a text that can't be an id: an id may be any word, such as "pro".
    pub fn has_address_in(&self, text: &str) -> bool {
        self.has_address(&text.to_lowercase())
    }

    /// Whether a sentence of ours names them: an address wherever it stands, an id in quotation marks.
    pub fn is_told_in(&self, sentence: &str) -> bool {
        let sentence = sentence.to_lowercase();
        self.has_address(&sentence) || sentence.split('"').skip(1).step_by(2).any(|quoted| self.all.contains(quoted))
    }

    /// Whether a word of theirs stands anywhere in a text, be it within another word: asked where it costs little to
    /// take too much.
    pub fn stands_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.all.iter().any(|known| text.contains(known.as_str()))
    }

    fn has_address(&self, lower: &str) -> bool {
        lower.contains('@') && self.addresses.iter().any(|address| lower.contains(address.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_wherever_it_stands_and_an_id_as_a_whole() {
        let ann = KnownBy::new(&["Ann@Acme.test".to_owned(), "pro".to_owned(), "u1".to_owned()]);
        for named in ["ann@acme.test", "Ann <ANN@acme.test>, Bob", " Pro "] {
            assert!(ann.is_in(named), "{named}");
        }
        for other in ["professional", "u1", "ann", "bob@acme.test", ""] {
            assert!(!ann.is_in(other), "{other}");
        }
        assert!(ann.has_address_in("of ANN@acme.test") && !ann.has_address_in("pro"));
        assert!(ann.is_told_in("\"Pro\" was erased.") && ann.is_told_in("Send ann@acme.test anew."));
        assert!(!ann.is_told_in("The pro is not \"professional\"."));
    }
}
