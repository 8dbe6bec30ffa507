//! Proofs of identity by source: how many messages that named a user were signed, and when a secret was last
//! used. Counted in memory as messages come, written at most once a second: who looks sees what was so a
//! second ago, and a crash loses no more than that.

use std::collections::HashMap;

use rusqlite::{Connection, named_params};

use super::{Reader, StoreError, Tx};
use crate::domain::ids::{SecretKey, SourceKey};
use crate::domain::time::{DAY_MS, HOUR_MS, SECOND_MS};

/// The share is of so many days.
pub const SHARE_DAYS: i64 = 7;
/// A secret's last use is as exact as this.
const LAST_USE_MS: i64 = 60 * SECOND_MS;

/// What a message that names a user, of a public key, proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was signed with this secret.
    Signed(SecretKey),
    /// It was taken without proof.
    Unsigned,
    /// Its proof was missing or wrong, and nothing of the user was taken.
    Refused,
}

/// How many messages that named a user were signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Signed.
    pub signed: u64,
    /// Taken without proof.
    pub unsigned: u64,
    /// Refused for want of proof, or for a wrong one.
    pub refused: u64,
}

impl Share {
    /// All of them.
    pub fn all(self) -> u64 {
        self.signed + self.unsigned + self.refused
    }

    /// Signed of all, in whole percent, never rounded up to 100.
    pub fn percent(self) -> Option<u64> {
        (self.signed * 100).checked_div(self.all())
    }

    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Signed(_) => self.signed += 1,
            Outcome::Unsigned => self.unsigned += 1,
            Outcome::Refused => self.refused += 1,
        }
    }
}

/// A secret of a source, as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// Our row number.
    pub key: SecretKey,
    /// Its last four characters.
    pub ends_with: String,
    /// Made at, Unix milliseconds.
    pub created_ms: i64,
    /// Last used at, to the minute.
    pub last_used_ms: Option<i64>,
}

/// What was counted and is not written yet.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Of the group that is not committed yet, in order: a job that is undone takes its own back.
    group: Vec<(SourceKey, Outcome)>,
    shares: HashMap<SourceKey, Share>,
    used: HashMap<SecretKey, i64>,
    /// What waits is in the transaction that is not committed yet.
    is_in_hand: bool,
    written_ms: i64,
}

impl Tally {
    /// Where the group stands, to go back to.
    pub(super) fn place(&self) -> usize {
        self.group.len()
    }

    /// Takes back what a job counted.
    pub(super) fn back_to(&mut self, place: usize) {
        self.group.truncate(place);
    }

    /// The group is on disk, or it is not.
    pub(super) fn settle(&mut self, committed: bool, now_ms: i64) {
        if std::mem::take(&mut self.is_in_hand) && committed {
            self.shares.clear();
            self.used.clear();
            self.written_ms = now_ms;
        }
        for (source, outcome) in self.group.drain(..) {
            if committed {
                self.shares.entry(source).or_default().add(outcome);
                if let Outcome::Signed(secret) = outcome {
                    self.used.insert(secret, now_ms);
                }
            }
        }
    }

    /// Something waits, and the last time it was written is a second ago.
    pub(super) fn is_due(&self, now_ms: i64) -> bool {
        !self.shares.is_empty() && !(0..SECOND_MS).contains(&(now_ms - self.written_ms))
    }

    /// Something waits to be written.
    pub(super) fn waits(&self) -> bool {
        !self.shares.is_empty()
    }

    /// Writes what waits, within a transaction.
    pub(super) fn write(&mut self, connection: &Connection, now_ms: i64) -> Result<(), StoreError> {
        self.is_in_hand = true;
        let hour = now_ms.div_euclid(HOUR_MS);
        for (source, share) in &self.shares {
            connection
                .prepare_cached(
                    "INSERT INTO source_proofs (source_key, hour, signed, unsigned, refused)
                     VALUES (:source, :hour, :signed, :unsigned, :refused)
                     ON CONFLICT DO UPDATE SET signed = signed + excluded.signed,
                       unsigned = unsigned + excluded.unsigned, refused = refused + excluded.refused",
                )?
                .execute(named_params! {
                    ":source": source.0, ":hour": hour, ":signed": share.signed.cast_signed(),
                    ":unsigned": share.unsigned.cast_signed(), ":refused": share.refused.cast_signed(),
                })?;
            connection
                .prepare_cached("DELETE FROM source_proofs WHERE source_key = :source AND hour < :oldest")?
                .execute(named_params! { ":source": source.0, ":oldest": oldest_hour(now_ms) })?;
        }
        for (secret, at_ms) in &self.used {
            connection
                .prepare_cached(
                    "UPDATE source_secrets SET last_used_ms = :at
                     WHERE secret_key = :secret AND (last_used_ms IS NULL OR last_used_ms + :between <= :at)",
                )?
                .execute(named_params! { ":secret": secret.0, ":at": at_ms, ":between": LAST_USE_MS })?;
        }
        Ok(())
    }
}

/// Counts a message that names a user.
pub fn count(tx: &mut Tx<'_>, source: SourceKey, outcome: Outcome) {
    tx.state.proofs.group.push((source, outcome));
}

/// How many messages of a source that named a user were signed, in the last seven days.
///
/// # Errors
/// [`StoreError`] only.
pub fn share(db: &Reader<'_>, source: SourceKey, now_ms: i64) -> Result<Share, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT coalesce(sum(signed), 0), coalesce(sum(unsigned), 0), coalesce(sum(refused), 0)
         FROM source_proofs WHERE source_key = :source AND hour >= :oldest",
    )?;
    let parameters = named_params! { ":source": source.0, ":oldest": oldest_hour(now_ms) };
    Ok(statement.query_row(parameters, |row| {
        let count = |at: usize| Ok::<_, rusqlite::Error>(row.get::<_, i64>(at)?.unsigned_abs());
        Ok(Share { signed: count(0)?, unsigned: count(1)?, refused: count(2)? })
    })?)
}

/// The secrets of a source, the newest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn secrets(db: &Reader<'_>, source: SourceKey) -> Result<Vec<SecretRow>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT secret_key, substr(secret, -4), created_ms, last_used_ms
         FROM source_secrets WHERE source_key = :source ORDER BY secret_key DESC",
    )?;
    let rows = statement.query_map(named_params! { ":source": source.0 }, |row| {
        Ok(SecretRow {
            key: SecretKey(row.get(0)?),
            ends_with: row.get(1)?,
            created_ms: row.get(2)?,
            last_used_ms: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn oldest_hour(now_ms: i64) -> i64 {
    (now_ms - SHARE_DAYS * DAY_MS).div_euclid(HOUR_MS)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::store::{Ambient, Store, StoreError, sources};

    #[test]
    fn what_a_job_that_is_undone_counted_is_not_counted_and_closing_writes_what_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        let clock = Arc::new(AtomicI64::new(1_790_000_000_000));
        let hand = Arc::clone(&clock);
        let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::SeqCst)), ..Ambient::default() };
        let store = Store::open(&path, ambient.clone()).unwrap();
        let shop = store.write_now(|tx| sources::add(tx, "shop", "Shop", "wk", "sk", &[], &[])).unwrap();
        let (source, secret) = (shop.key, shop.secrets[0].key);
        for outcome in [Outcome::Signed(secret), Outcome::Unsigned, Outcome::Refused, Outcome::Signed(secret)] {
            let counted = store.write_now(move |tx| {
                count(tx, source, outcome);
                Ok::<_, StoreError>(())
            });
            counted.unwrap();
        }
        let undone = store.write_now(move |tx| {
            count(tx, source, Outcome::Unsigned);
            Err::<(), _>(StoreError::Stopped)
        });
        assert!(undone.is_err());
        store.close();
        let store = Store::open(&path, ambient).unwrap();
        let now_ms = clock.load(Ordering::SeqCst);
        let told = store.read_now(move |db| share(db, source, now_ms)).unwrap();
        assert_eq!(told, Share { signed: 2, unsigned: 1, refused: 1 });
        assert_eq!(told.percent(), Some(50));
        let rows = store.read_now(move |db| secrets(db, source)).unwrap();
        assert_eq!(rows[0].last_used_ms, Some(now_ms));
        let later_ms = now_ms + SHARE_DAYS * DAY_MS + HOUR_MS;
        assert_eq!(store.read_now(move |db| share(db, source, later_ms)).unwrap(), Share::default());
        store.close();
    }
}
