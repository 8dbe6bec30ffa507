//! What somebody is known by, looked for in texts that others wrote: files, filters (R13).

/// Letters of a text that is looked for; shorter ones are in too many words.
const CHARS_MIN: usize = 3;

/// The ids, e-mail addresses and browsers of somebody, as compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownBy(Vec<String>);

impl KnownBy {
    /// Of somebody who has these.
    pub fn new<'a>(all: impl IntoIterator<Item = &'a String>) -> KnownBy {
        let long = all.into_iter().filter(|text| text.chars().count() >= CHARS_MIN);
        KnownBy(long.map(|text| text.to_lowercase()).collect())
    }

    /// Whether a text names them: an e-mail address wherever it stands, an id where it is the whole.
    pub fn is_in(&self, text: &str) -> bool {
        let text = text.trim().to_lowercase();
        self.0.iter().any(|known| *known == text || known.contains('@') && text.contains(known.as_str()))
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
    }
}
