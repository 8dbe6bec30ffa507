//! What the writer remembers of the file by a text, so that what every message asks for is not asked of the
//! file each time: whom an id names, the row of a context.
//!
//! It holds what is there, never what is not, and always what the file says: whoever changes a row forgets
//! it here, and what is undone or written by another process clears it. In a debug build each answer is
//! compared with the file's, so every test is a test of this.

use std::collections::HashMap;
use std::fmt::Debug;

use foldhash::quality::RandomState;

use super::visitors::KnownVisitor;
use super::{StoreError, Tx};
use crate::domain::ids::{CompanyKey, UserKey};

/// Texts of one generation; two are remembered.
pub(super) const GENERATION: usize = 4_096;
/// Bytes of a text that is remembered.
pub(super) const TEXT_MAX: usize = 1_024;

/// By a text of the outside. So few are in one that texts made to meet cost little, and each start has another key;
/// so the hash may be a quick one.
type ByText<V> = HashMap<Box<str>, V, RandomState>;

/// Something by text: those met lately, and those met before them.
#[derive(Debug)]
pub(super) struct Remembered<V> {
    recent: ByText<V>,
    former: ByText<V>,
}

impl<V> Default for Remembered<V> {
    fn default() -> Remembered<V> {
        Remembered { recent: ByText::default(), former: ByText::default() }
    }
}

impl<V: Copy> Remembered<V> {
    pub(super) fn get(&mut self, text: &str) -> Option<V> {
        if let Some(value) = self.recent.get(text) {
            return Some(*value);
        }
        let value = *self.former.get(text)?;
        self.put(text, value);
        Some(value)
    }

    pub(super) fn put(&mut self, text: &str, value: V) {
        if text.len() > TEXT_MAX {
            return;
        }
        if self.recent.len() >= GENERATION {
            self.former = std::mem::take(&mut self.recent);
        }
        self.recent.insert(text.into(), value);
    }

    pub(super) fn forget(&mut self, text: &str) {
        self.recent.remove(text);
        self.former.remove(text);
    }
}

/// Whom ids name, as far as it is remembered.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) visitors: Remembered<KnownVisitor>,
    pub(super) users: Remembered<UserKey>,
    pub(super) companies: Remembered<CompanyKey>,
}

/// Whom an id names: remembered, or as the file says.
pub(super) fn by_id<V: Copy + PartialEq + Debug>(
    tx: &Tx<'_>,
    of: fn(&mut Known) -> &mut Remembered<V>,
    id: &str,
    ask: impl Fn() -> Result<Option<V>, StoreError>,
) -> Result<Option<V>, StoreError> {
    let remembered = of(&mut tx.state.known.borrow_mut()).get(id);
    if remembered.is_some() {
        debug_assert_eq!(remembered, ask()?, "what is remembered is what the file says");
        return Ok(remembered);
    }
    let found = ask()?;
    if let Some(found) = found {
        of(&mut tx.state.known.borrow_mut()).put(id, found);
    }
    Ok(found)
}

/// Forgets whom ids name: some that did are gone.
pub(super) fn forget_ids(tx: &Tx<'_>) {
    tx.state.known.take();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_generations_are_remembered_and_long_texts_are_not() {
        let mut remembered = Remembered::default();
        remembered.put("first", 0);
        for number in 1..GENERATION {
            remembered.put(&number.to_string(), number);
        }
        remembered.put("of the next generation", 1);
        assert_eq!(remembered.get("first"), Some(0), "met again it is of the next one");
        for number in 0..GENERATION {
            remembered.put(&format!("further {number}"), number);
        }
        assert_eq!((remembered.get("first"), remembered.get("1")), (Some(0), None));
        remembered.forget("first");
        remembered.put(&"x".repeat(TEXT_MAX + 1), 1);
        assert_eq!((remembered.get("first"), remembered.get(&"x".repeat(TEXT_MAX + 1))), (None, None));
    }
}
