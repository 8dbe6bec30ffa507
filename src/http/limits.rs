//! How often somebody may ask: a bucket for each key.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::client::household;
use super::problem::Problem;
use crate::domain::ids::SourceKey;

/// A public key's burst is so many times what it may send in a second.
const BURST_FACTOR: u32 = 10;
/// Tries at a password: so many at once, then one each [`SIGN_IN_PERIOD`].
const SIGN_IN_TRIES: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Ten tries fill up again within a quarter of an hour.
const SIGN_IN_PERIOD: Duration = Duration::from_secs(90);

/// Tries from one address at whichever passwords: so many at once, then one each [`ADDRESS_PERIOD`].
const ADDRESS_TRIES: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
/// Thirty tries fill up again within a quarter of an hour.
const ADDRESS_PERIOD: Duration = Duration::from_secs(30);

/// Wrong passwords of one e-mail address from wherever nobody has signed in to it before: so many at once, then one
/// each [`ACCOUNT_PERIOD`]. Many addresses together guess no faster.
const ACCOUNT_TRIES: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
/// A hundred tries fill up again within an hour.
const ACCOUNT_PERIOD: Duration = Duration::from_secs(36);
/// Addresses that are remembered since somebody signed in there.
const KNOWN_MAX: usize = 10_000;

/// Buckets by key, all of one size; the size may change while the server runs.
pub struct Limiter<K: Hash + Eq + Clone> {
    buckets: RwLock<(Quota, DefaultKeyedRateLimiter<K>)>,
    /// What was given back, and is taken first.
    given_back: Mutex<HashMap<K, u32>>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// No buckets yet.
    pub fn new(quota: Quota) -> Limiter<K> {
        Limiter { buckets: RwLock::new((quota, RateLimiter::keyed(quota))), given_back: Mutex::default() }
    }

    /// Takes one from the bucket of a key. Buckets of another size start full.
    ///
    /// # Errors
    /// The bucket is empty: the whole seconds to wait, at least 1.
    pub fn take(&self, quota: Quota, key: &K) -> Result<(), u64> {
        {
            let mut given_back = self.given_back.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(left) = given_back.get_mut(key) {
                *left -= 1;
                if *left == 0 {
                    given_back.remove(key);
                }
                return Ok(());
            }
        }
        let mut buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        if buckets.0 != quota {
            drop(buckets);
            *self.buckets.write().unwrap_or_else(PoisonError::into_inner) = (quota, RateLimiter::keyed(quota));
            buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        }
        buckets.1.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX).max(1)
        })
    }

    /// Gives back what was taken of a key and should not count.
    pub fn give_back(&self, key: K) {
        *self.given_back.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
    }

    /// Forgets the keys whose buckets are full again, and what was given back; to be called now and then.
    pub fn forget(&self) {
        self.given_back.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        buckets.1.retain_recent();
        buckets.1.shrink_to_fit();
    }
}

/// All limits of one server. App data of every server.
pub struct Limits {
    collect: Limiter<(SourceKey, IpAddr)>,
    sign_in: Limiter<(IpAddr, String)>,
    sign_in_address: Limiter<IpAddr>,
    sign_in_account: Limiter<String>,
    /// Where somebody signed in to an account: whoever tries passwords elsewhere does not keep them out.
    known: Mutex<HashSet<(IpAddr, String)>>,
    /// Tries that had to wait, since the log was last told.
    turned_away: AtomicU64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            collect: Limiter::new(collect_quota(1)),
            sign_in: Limiter::new(sign_in_quota()),
            sign_in_address: Limiter::new(address_quota()),
            sign_in_account: Limiter::new(account_quota()),
            known: Mutex::default(),
            turned_away: AtomicU64::new(0),
        }
    }
}

impl Limits {
    /// A request with a public key of a source. `per_second` is the setting `rate_limit`.
    ///
    /// # Errors
    /// 429 `rate_limited`, with the seconds to wait.
    pub fn collect(&self, source: SourceKey, client: IpAddr, per_second: u32) -> Result<(), Problem> {
        self.collect.take(collect_quota(per_second), &(source, household(client))).map_err(Problem::rate_limited)
    }

    /// A try at the password of an e-mail address: of the same from one address, of any from it, and of the same from
    /// all addresses that are not known for it. One that was right is given back with [`Limits::signed_in`].
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn sign_in(&self, client: IpAddr, email: &str) -> Result<(), u64> {
        let tried = (household(client), email.trim().to_lowercase());
        let taken = self
            .sign_in_address
            .take(address_quota(), &tried.0)
            .and_then(|()| self.sign_in.take(sign_in_quota(), &tried))
            .and_then(|()| match self.is_known(&tried) {
                true => Ok(()),
                false => self.sign_in_account.take(account_quota(), &tried.1),
            });
        taken.inspect_err(|_| {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// A try at a password was right: only those that were wrong count.
    pub fn signed_in(&self, client: IpAddr, email: &str) {
        let tried = (household(client), email.trim().to_lowercase());
        self.sign_in_address.give_back(tried.0);
        self.sign_in.give_back(tried.clone());
        if self.is_known(&tried) {
            return;
        }
        self.sign_in_account.give_back(tried.1.clone());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < KNOWN_MAX {
            known.insert(tried);
        }
    }

    fn is_known(&self, tried: &(IpAddr, String)) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(tried)
    }

    /// Forgets whoever has not asked for a while, and tells the log how many tries at passwords had to wait.
    pub fn forget(&self) {
        self.collect.forget();
        self.sign_in.forget();
        self.sign_in_address.forget();
        self.sign_in_account.forget();
        let tries = self.turned_away.swap(0, Ordering::Relaxed);
        if tries > 0 {
            tracing::warn!(tries, "Somebody tries passwords: {tries} tries to sign in had to wait.");
        }
    }
}

fn collect_quota(per_second: u32) -> Quota {
    let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    let burst = NonZeroU32::new(per_second.saturating_mul(BURST_FACTOR)).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(rate).allow_burst(burst)
}

fn sign_in_quota() -> Quota {
    Quota::with_period(SIGN_IN_PERIOD).expect("a period above zero").allow_burst(SIGN_IN_TRIES)
}

fn address_quota() -> Quota {
    Quota::with_period(ADDRESS_PERIOD).expect("a period above zero").allow_burst(ADDRESS_TRIES)
}

fn account_quota() -> Quota {
    Quota::with_period(ACCOUNT_PERIOD).expect("a period above zero").allow_burst(ACCOUNT_TRIES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: SourceKey = SourceKey(2);

    fn client(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_has_a_burst_of_ten_seconds_and_then_waits() {
        let limits = Limits::default();
        for _ in 0..20 {
            limits.collect(SHOP, client("192.0.2.1"), 2).unwrap();
        }
        let problem = limits.collect(SHOP, client("192.0.2.1"), 2).unwrap_err();
        assert_eq!(problem.code(), "rate_limited");
        limits.collect(SHOP, client("192.0.2.2"), 2).expect("another client has a bucket of its own");
        limits.collect(SourceKey(3), client("192.0.2.1"), 2).expect("and so has another source");
        limits.collect(SHOP, client("192.0.2.1"), 100).expect("a higher setting counts at once");
    }

    #[test]
    fn a_household_is_one_client() {
        let limits = Limits::default();
        for n in 0..10 {
            limits.collect(SHOP, client(&format!("2001:db8::{n}")), 1).unwrap();
        }
        assert!(limits.collect(SHOP, client("2001:db8::77"), 1).is_err());
        limits.collect(SHOP, client("2001:db8:0:1::1"), 1).unwrap();
    }

    #[test]
    fn whoever_tries_many_e_mails_from_one_address_waits_too() {
        let limits = Limits::default();
        for number in 0..30 {
            limits.sign_in(client("192.0.2.1"), &format!("u{number}@shop.example")).unwrap();
        }
        let wait_s = limits.sign_in(client("192.0.2.1"), "ann@shop.example").unwrap_err();
        assert!((1..=30).contains(&wait_s), "{wait_s}");
        limits.sign_in(client("192.0.2.2"), "ann@shop.example").expect("elsewhere nobody tried");
        assert_eq!(limits.turned_away.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_try_that_was_right_does_not_count() {
        let limits = Limits::default();
        for _ in 0..40 {
            limits.sign_in(client("192.0.2.1"), "ann@shop.example").unwrap();
            limits.signed_in(client("192.0.2.1"), "Ann@shop.example");
        }
        for _ in 0..10 {
            limits.sign_in(client("192.0.2.1"), "ann@shop.example").unwrap();
        }
        limits.sign_in(client("192.0.2.1"), "ann@shop.example").unwrap_err();
    }

    #[test]
    fn the_eleventh_try_at_a_password_waits() {
        let limits = Limits::default();
        for _ in 0..10 {
            limits.sign_in(client("192.0.2.1"), "Ann@shop.example").unwrap();
        }
        let wait_s = limits.sign_in(client("192.0.2.1"), "ann@shop.example ").unwrap_err();
        assert!((1..=90).contains(&wait_s), "{wait_s}");
        limits.sign_in(client("192.0.2.1"), "bob@shop.example").unwrap();
    }

    #[test]
    fn many_addresses_together_guess_no_faster_and_keep_nobody_out_of_a_place_they_know() {
        let limits = Limits::default();
        let ann = "ann@shop.example";
        limits.sign_in(client("192.0.2.1"), ann).unwrap();
        limits.signed_in(client("192.0.2.1"), ann);
        let guesses = |email: &'static str| {
            (0..200).filter(|n| limits.sign_in(client(&format!("198.51.{n}.1")), email).is_ok()).count()
        };
        assert_eq!(guesses(ann), 100);
        assert!(limits.sign_in(client("203.0.113.1"), "Ann@shop.example ").is_err(), "from anywhere new");
        limits.sign_in(client("192.0.2.1"), ann).expect("where she has signed in");
        limits.sign_in(client("203.0.113.1"), "bob@shop.example").expect("another account");
    }
}
