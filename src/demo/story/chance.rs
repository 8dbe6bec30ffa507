//! Chance that a seed decides: the same seed tells the same story.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A stream of chance.
pub struct Chance(StdRng);

impl Chance {
    /// The stream of a seed.
    pub fn of_seed(seed: u64) -> Chance {
        Chance(StdRng::seed_from_u64(seed))
    }

    /// Whether something happens that does so with this probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// A number from one to another, the latter excluded; the former where there is none between.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        if from < to { self.0.random_range(from..to) } else { from }
    }

    /// A place in a list of so many.
    pub fn place(&mut self, length: usize) -> usize {
        if length > 1 { self.0.random_range(0..length) } else { 0 }
    }

    /// One of a list.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.place(list.len())]
    }

    /// One of a list, each as often as its weight says.
    pub fn weighted<'a, T>(&mut self, list: &'a [T], weight: impl Fn(&T) -> u32) -> &'a T {
        let all: u32 = list.iter().map(&weight).sum();
        let mut left = self.0.random_range(0..all.max(1));
        for item in list {
            match left.checked_sub(weight(item)) {
                Some(rest) => left = rest,
                None => return item,
            }
        }
        &list[0]
    }

    /// A random id of a browser.
    pub fn browser_id(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.0.random()).into_uuid().to_string()
    }
}
