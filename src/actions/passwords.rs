//! Passwords: what is asked of one, its hash, and whether it fits.
//!
//! Argon2id takes 19 MiB and some 25 ms for each try. So it runs off the async threads,
//! and at most two at once: more would wait for the same cores and hold the memory.

use std::sync::LazyLock;

use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, PasswordHash, Version};
use tokio::sync::Semaphore;

use crate::store::{Ambient, StoreError};

/// Characters of a password.
pub const CHARS_MIN: usize = 10;
/// Bytes of a password.
const BYTES_MAX: usize = 1_000;
/// KiB of memory, passes and lanes of Argon2id: the first choice of OWASP's cheat sheet.
const COST: (u32, u32, u32) = (19 * 1_024, 2, 1);

/// Blocks of 1 KiB that are asked for, though a hash touches only those of [`COST`]. What is
/// larger than 32 MiB the GNU C library takes from the system and gives back; of anything
/// smaller each thread that ever hashed would keep its 19 MiB.
const BLOCKS_ASKED: usize = 33 * 1_024;

/// Hashing holds memory of the whole process, whatever the number of stores in it.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What is compared with where there is no such operator, so that an answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now(b"nobody", b"nobody-signs-in!").unwrap_or_default());

/// Why a password was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("The password has {0} characters; use at least {CHARS_MIN}. A few words work well.")]
    TooShort(usize),
    /// Too long.
    #[error("The password is {0} bytes; the limit is {BYTES_MAX}. Use a shorter one.")]
    TooLong(usize),
}

/// Whether a password can be taken.
///
/// # Errors
/// Too short, too long.
pub fn check(password: &str) -> Result<(), PasswordError> {
    let chars = password.chars().count();
    if chars < CHARS_MIN {
        Err(PasswordError::TooShort(chars))
    } else if password.len() > BYTES_MAX {
        Err(PasswordError::TooLong(password.len()))
    } else {
        Ok(())
    }
}

fn params() -> Params {
    let (memory, passes, lanes) = COST;
    Params::new(memory, passes, lanes, None).expect("parameters within Argon2's limits")
}

fn output(password: &[u8], salt: &Salt, params: Params) -> Option<Output> {
    let used = params.block_count();
    let mut memory: Vec<Block> = Vec::with_capacity(used.max(BLOCKS_ASKED));
    memory.resize(used, Block::default());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password, salt, &mut output, &mut memory)
        .ok()?;
    Output::new(&output).ok()
}

fn hash_now(password: &[u8], salt: &[u8]) -> Option<String> {
    let salt = Salt::new(salt).ok()?;
    let output = output(password, &salt, params())?;
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params()).ok()?,
        salt: Some(salt),
        hash: Some(output),
    };
    Some(hash.to_string())
}

/// Whether a password has this hash; the two are compared in constant time.
fn fits_now(password: &[u8], hash: &str) -> Option<bool> {
    let hash = PasswordHash::new(hash).ok()?;
    let output = output(password, &hash.salt?, Params::try_from(&hash).ok()?)?;
    Some(output == hash.hash?)
}

/// The hash of a password, to be kept.
pub(super) async fn hash(ambient: &Ambient, password: &str) -> Result<String, StoreError> {
    let (salt, password) = (ambient.bytes::<16>(), password.to_owned());
    off_thread(move || hash_now(password.as_bytes(), &salt)).await?.ok_or(StoreError::Stopped)
}

/// Whether a password has this hash; without a hash, false after as long a time.
pub(super) async fn fits(password: &str, hash: Option<String>) -> Result<bool, StoreError> {
    if password.len() > BYTES_MAX {
        return Ok(false);
    }
    let password = password.to_owned();
    off_thread(move || {
        let compared = hash.as_deref().unwrap_or(&NOBODY);
        fits_now(password.as_bytes(), compared).unwrap_or(false) && hash.is_some()
    })
    .await
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    let _turn = AT_ONCE.acquire().await.map_err(|_| StoreError::Stopped)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_characters_are_asked_for_whatever_their_bytes() {
        assert_eq!(check("short"), Err(PasswordError::TooShort(5)));
        assert_eq!(check("żółwżółw"), Err(PasswordError::TooShort(8)));
        assert_eq!(check("żółwżółwżó"), Ok(()));
        assert_eq!(check(&"x".repeat(1_001)), Err(PasswordError::TooLong(1_001)));
    }

    #[tokio::test]
    async fn only_the_password_fits_its_hash() {
        let kept = hash(&Ambient::default(), "correct horse battery").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(fits("correct horse battery", Some(kept.clone())).await.unwrap());
        assert!(!fits("correct horse", Some(kept)).await.unwrap());
        assert!(!fits("nobody", None).await.unwrap(), "nobody signs in as nobody");
        assert!(!fits("correct horse battery", Some("no hash".to_owned())).await.unwrap());
    }

    /// Made by the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -k 19456 -p 1 -e`.
    #[test]
    fn the_hash_is_the_one_that_others_make() {
        let made = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$PL01amPyeUuxG7H0vIr5X+qHkZvWnHmGBGXFYvh8z2E";
        assert_eq!(hash_now(b"password", b"somesalt").as_deref(), Some(made));
        assert_eq!(fits_now(b"password", made), Some(true));
    }
}
