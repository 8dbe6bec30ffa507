//! Proof of identity: a page shows that its site, which alone has the source's secret, says who this is.
//!
//! - `user_hash`: HMAC-SHA256 in hexadecimal of the user id as sent, else as it is kept; of the e-mail
//!   address only where there is no user id.
//! - `identity_token`: a JSON Web Token (RFC 7519) signed with HS256, and with nothing else: an
//!   algorithm that the token may choose is how tokens are forged. Its `sub` says who it is, and comes before what
//!   the page says (R7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::domain::error::{Code, Refused};
use crate::domain::ids::{self, CompanyId, SecretKey, UserId};

/// A token holds for so many seconds longer than it says, as clocks differ.
pub const LEEWAY_SECONDS: i64 = 30;

/// What a message carries to show who it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// The hash, as sent.
    pub user_hash: Option<String>,
    /// The token, as sent.
    pub identity_token: Option<String>,
    /// The user id as sent, before it was brought into its form.
    pub user_id_as_sent: Option<String>,
}

impl Proof {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.user_hash.is_none() && self.identity_token.is_none()
    }
}

/// A secret that a site signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Our row number.
    pub key: SecretKey,
    /// The secret itself.
    pub text: String,
}

/// What a proof shows beside who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The secret that made it.
    pub secret: SecretKey,
    /// The user whom a token names; a hash names nobody.
    pub subject: Option<UserId>,
    /// The e-mail address, as compared.
    pub email: Option<String>,
    /// The company that the user is a member of.
    pub company: Option<CompanyId>,
    /// Staff looking at this user (R16).
    pub acting_as: bool,
}

impl Proven {
    /// Who it is, and no more.
    fn by(secret: SecretKey) -> Proven {
        Proven { secret, subject: None, email: None, company: None, acting_as: false }
    }
}

/// Checks a proof against the secrets of a source, any of which may have made it. The e-mail address is the message's,
/// as sent.
///
/// # Errors
/// `signature_invalid`, `token_expired`.
pub fn check(
    proof: &Proof,
    secrets: &[Secret],
    user_id: Option<&UserId>,
    email: Option<&str>,
    now_ms: i64,
) -> Result<Proven, Refused> {
    match (&proof.identity_token, &proof.user_hash) {
        (Some(token), _) => check_token(token, secrets, user_id, email, now_ms),
        (None, Some(hash)) => check_hash(hash, proof, secrets, user_id, email),
        (None, None) => Err(invalid("There is neither user_hash nor identity_token.")),
    }
}

/// The secret that a proof was made with, whatever else is wrong with it.
pub fn made_with(
    proof: &Proof,
    secrets: &[Secret],
    user_id: Option<&UserId>,
    email: Option<&str>,
) -> Option<SecretKey> {
    match (&proof.identity_token, &proof.user_hash) {
        (Some(token), _) => Token::parse(token).ok()?.made_with(secrets),
        (None, Some(hash)) => check_hash(hash, proof, secrets, user_id, email).ok().map(|proven| proven.secret),
        (None, None) => None,
    }
}

fn check_hash(
    hash: &str,
    proof: &Proof,
    secrets: &[Secret],
    user_id: Option<&UserId>,
    email: Option<&str>,
) -> Result<Proven, Refused> {
    let bytes = unhex(hash.trim()).ok_or_else(|| {
        invalid(
            "user_hash is not 64 hexadecimal digits. Send HMAC-SHA256 of the user id with the source's secret, in hex.",
        )
    })?;
    let is_of = |secret: &Secret, text: &str| mac(&secret.text, text.as_bytes()).verify_slice(&bytes).is_ok();
    let address = email.and_then(|text| ids::email(text).ok());
    let made_with = |secret: &&Secret| match (user_id, email) {
        (Some(id), _) => {
            proof.user_id_as_sent.as_deref().is_some_and(|sent| is_of(secret, sent)) || is_of(secret, id.as_str())
        }
        (None, Some(email)) => is_of(secret, email) || address.as_deref().is_some_and(|text| is_of(secret, text)),
        (None, None) => false,
    };
    match (secrets.iter().find(made_with), user_id, email) {
        (Some(secret), None, _) => Ok(Proven { email: address, ..Proven::by(secret.key) }),
        (Some(secret), Some(_), _) => Ok(Proven::by(secret.key)),
        (None, None, None) => {
            Err(invalid("user_hash proves nothing: the message has neither a user id nor an e-mail address."))
        }
        (None, _, _) => Err(invalid(
            "user_hash doesn't match this user id with any secret of this source. Hash the exact id that the page \
             sends, on your server.",
        )),
    }
}

/// A JSON Web Token, read but not believed.
struct Token<'a> {
    /// What is signed: head and claims as they were sent.
    signed: &'a str,
    signature: Vec<u8>,
    claims: Value,
}

impl Token<'_> {
    fn parse(token: &str) -> Result<Token<'_>, Refused> {
        let token = token.trim();
        let mut parts = token.split('.');
        let (Some(head), Some(body), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid("identity_token is not a JSON Web Token: three parts with dots between."));
        };
        let json = |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
        let not_read = || invalid("identity_token can't be read: its parts are not JSON in base64url.");
        if json(head).ok_or_else(not_read)?.get("alg").and_then(Value::as_str) != Some("HS256") {
            return Err(invalid("identity_token isn't signed with HS256, which is the only method accepted."));
        }
        Ok(Token {
            signed: &token[..head.len() + 1 + body.len()],
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| not_read())?,
            claims: json(body).ok_or_else(not_read)?,
        })
    }

    fn made_with(&self, secrets: &[Secret]) -> Option<SecretKey> {
        let made = |secret: &&Secret| mac(&secret.text, self.signed.as_bytes()).verify_slice(&self.signature).is_ok();
        secrets.iter().find(made).map(|secret| secret.key)
    }
}

/// No token is of a time after this one, in seconds since 1970 (the year 5138): it is in milliseconds, and would not end.
const SECONDS_MAX: f64 = 100_000_000_000.0;

fn check_token(
    token: &str,
    secrets: &[Secret],
    user_id: Option<&UserId>,
    email: Option<&str>,
    now_ms: i64,
) -> Result<Proven, Refused> {
    let token = Token::parse(token)?;
    let secret = token.made_with(secrets).ok_or_else(|| {
        invalid("identity_token isn't signed with a secret of this source. Use the one on the source's page.")
    })?;
    let claims = token.claims;
    let instant_ms = |name: &str| match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) if seconds.as_f64() > Some(SECONDS_MAX) => Err(invalid(format!(
            "identity_token's {name} is {seconds}, which is in milliseconds. Use seconds since 1970, as RFC 7519 says."
        ))),
        Some(Value::Number(seconds)) => Ok(seconds.as_f64().map(|seconds| (seconds * 1_000.0) as i64)),
        // A token that was to end must not live for ever.
        Some(other) => Err(invalid(format!(
            "identity_token's {name} is {}, not a number. Use seconds since 1970, as RFC 7519 says.",
            ids::excerpt(&other.to_string())
        ))),
    };
    let leeway_ms = LEEWAY_SECONDS * 1_000;
    if let Some(ends_ms) = instant_ms("exp")?
        && now_ms > ends_ms.saturating_add(leeway_ms)
    {
        let ago = (now_ms - ends_ms) / 1_000;
        return Err(Refused::new(
            Code::TokenExpired,
            format!("identity_token expired {ago} s ago. Create one for each page."),
        ));
    }
    if instant_ms("nbf")?.is_some_and(|begins_ms| now_ms < begins_ms.saturating_sub(leeway_ms)) {
        return Err(invalid("identity_token is not valid yet (nbf). Check the clock of the server that makes it."));
    }
    let id = |name: &str| match claims.get(name)? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let subject = id("sub").or_else(|| id("user_id")).and_then(|text| UserId::parse(&text).ok().flatten());
    let claimed = claims.get("email").and_then(Value::as_str).and_then(|text| ids::email(text).ok());
    match (user_id, &subject) {
        (Some(id), Some(subject)) if id == subject => {}
        (Some(id), Some(subject)) => {
            return Err(invalid(format!(
                "identity_token is for another user: sub is {:?}, the page says {:?}.",
                ids::excerpt(subject.as_str()),
                ids::excerpt(id.as_str())
            )));
        }
        (Some(_), None) => {
            return Err(invalid("identity_token is for nobody: it has no sub. Put the user id in sub."));
        }
        (None, Some(_)) => {}
        (None, None) if claimed.is_some() && claimed == email.and_then(|text| ids::email(text).ok()) => {}
        (None, None) => {
            return Err(invalid(
                "identity_token proves nothing: it has no sub, and its e-mail address is not the message's.",
            ));
        }
    }
    Ok(Proven {
        secret,
        subject,
        email: claimed,
        company: id("company_id").and_then(|text| CompanyId::parse(&text).ok().flatten()),
        acting_as: claims.get("act").is_some_and(|act| !matches!(act, Value::Null | Value::Bool(false))),
    })
}

fn mac(secret: &str, text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(text);
    mac
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    (digits.len() == 64).then(|| bytes.try_into().ok()).flatten()
}

fn invalid(sentence: impl Into<String>) -> Refused {
    Refused::new(Code::SignatureInvalid, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW_MS: i64 = 1_790_000_000_000;

    fn secrets() -> Vec<Secret> {
        let secret = |key: i64, text: &str| Secret { key: SecretKey(key), text: text.to_owned() };
        vec![secret(1, "sk_old"), secret(2, "sk_new")]
    }

    fn hash(secret: &str, text: &str) -> String {
        mac(secret, text.as_bytes()).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn token(secret: &str, head: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(mac(secret, signed.as_bytes()).finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    const HEAD: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    fn by_token(token: String, user: &str) -> Result<Proven, Refused> {
        let proof = Proof { identity_token: Some(token), ..Proof::default() };
        check(&proof, &secrets(), UserId::parse(user).unwrap().as_ref(), None, NOW_MS)
    }

    fn by_hash(hash: String, as_sent: &str) -> Result<Proven, Refused> {
        let proof = Proof { user_hash: Some(hash), user_id_as_sent: Some(as_sent.to_owned()), ..Proof::default() };
        check(&proof, &secrets(), UserId::parse(as_sent).unwrap().as_ref(), None, NOW_MS)
    }

    #[test]
    fn a_hash_is_of_the_id_as_sent_or_as_kept_with_either_secret() {
        assert!(by_hash(hash("sk_new", " 42 "), " 42 ").is_ok());
        assert!(by_hash(hash("sk_old", "42").to_uppercase(), " 42 ").is_ok());
        assert_eq!(by_hash(hash("sk_other", "42"), "42").unwrap_err().code, Code::SignatureInvalid);
        assert_eq!(by_hash(hash("sk_new", "43"), "42").unwrap_err().code, Code::SignatureInvalid);
        assert_eq!(by_hash("ab".to_owned(), "42").unwrap_err().code, Code::SignatureInvalid);
    }

    #[test]
    fn a_hash_of_an_address_is_of_it_as_sent_or_as_compared_and_never_beside_a_user_id() {
        let by_email = |text: &str, user: Option<&str>| {
            let proof = Proof { user_hash: Some(hash("sk_new", text)), ..Proof::default() };
            let user = user.and_then(|id| UserId::parse(id).unwrap());
            check(&proof, &secrets(), user.as_ref(), Some(" Ann@Acme.test"), NOW_MS)
        };
        for text in [" Ann@Acme.test", "ann@acme.test"] {
            assert_eq!(by_email(text, None).unwrap().email.as_deref(), Some("ann@acme.test"), "{text}");
            assert_eq!(by_email(text, Some("42")).unwrap_err().code, Code::SignatureInvalid, "{text}");
        }
        assert_eq!(by_email("bob@acme.test", None).unwrap_err().code, Code::SignatureInvalid);
    }

    #[test]
    fn a_token_alone_says_who_it_is() {
        let proof = Proof {
            identity_token: Some(token("sk_new", HEAD, r#"{"sub":" 42 ","email":"ann@acme.test"}"#)),
            ..Proof::default()
        };
        let proven = check(&proof, &secrets(), None, None, NOW_MS).unwrap();
        assert_eq!(proven.subject, UserId::parse("42").unwrap());
        assert_eq!(proven.email.as_deref(), Some("ann@acme.test"));
    }

    #[test]
    fn a_time_that_is_no_number_is_no_time() {
        let seconds = NOW_MS / 1_000 + 60;
        for claim in ["exp", "nbf"] {
            let in_milliseconds = (NOW_MS + 60_000).to_string();
            let texts =
                [format!("\"{seconds}\""), "true".to_owned(), "[1]".to_owned(), "{}".to_owned(), in_milliseconds];
            for value in texts {
                let claims = format!(r#"{{"sub":"123","{claim}":{value}}}"#);
                let refused = by_token(token("sk_new", HEAD, &claims), "123").unwrap_err();
                assert_eq!(refused.code, Code::SignatureInvalid, "{claims}");
                assert!(refused.detail.contains(claim), "{}", refused.detail);
            }
        }
        assert!(by_token(token("sk_new", HEAD, r#"{"sub":"123","exp":null}"#), "123").is_ok());
    }

    #[test]
    fn case_25_what_a_token_may_be() {
        let good = |claims: &str| token("sk_new", HEAD, claims);
        assert!(by_token(good(r#"{"sub":123}"#), "123").is_ok());
        assert!(by_token(good(r#"{"sub":"123"}"#), "123").is_ok());
        assert!(by_token(good(r#"{"user_id":"123"}"#), "123").is_ok(), "Intercom's spelling");
        let seconds = NOW_MS / 1_000;
        assert!(by_token(good(&format!(r#"{{"sub":"123","exp":{}}}"#, seconds - 20)), "123").is_ok());
        let late = by_token(good(&format!(r#"{{"sub":"123","exp":{}}}"#, seconds - 31)), "123");
        assert_eq!(late.unwrap_err().code, Code::TokenExpired);
        for head in [r#"{"alg":"none"}"#, r#"{"alg":"HS512"}"#, r#"{"alg":"RS256"}"#, "{}"] {
            let refused = by_token(token("sk_new", head, r#"{"sub":"123"}"#), "123");
            assert_eq!(refused.unwrap_err().code, Code::SignatureInvalid, "{head}");
        }
        let unsigned = format!("{}.", good(r#"{"sub":"123"}"#).rsplit_once('.').unwrap().0);
        for token in [
            unsigned,
            token("sk_other", HEAD, r#"{"sub":"123"}"#),
            good(r#"{"sub":"124"}"#),
            good("{}"),
            "x".to_owned(),
        ] {
            assert_eq!(by_token(token, "123").unwrap_err().code, Code::SignatureInvalid);
        }
        assert!(by_token(good(r#"{"sub":"123","act":{"sub":"staff"}}"#), "123").unwrap().acting_as);
    }

    /// One change of a text: a character becomes another, goes, or comes in between; or the end is cut off.
    fn mutated(good: &str, place: prop::sample::Index, how: u8, other: char) -> String {
        let place = place.index(good.len());
        let mut text = good.to_owned();
        match how {
            0 => text.replace_range(place..=place, other.encode_utf8(&mut [0; 4])),
            1 => drop(text.remove(place)),
            2 => text.insert(place, other),
            _ => text.truncate(place),
        }
        text
    }

    proptest! {
        #[test]
        fn no_mutation_of_a_token_passes(
            place in any::<prop::sample::Index>(), how in 0_u8..4, other in prop::char::ranges(vec!['!'..='~'].into())
        ) {
            let good = token("sk_new", HEAD, r#"{"sub":"123","email":"ann@acme.test"}"#);
            let forged = mutated(&good, place, how, other);
            // The last character of base64 holds bits that mean nothing; those are refused as well.
            prop_assert_eq!(by_token(forged.clone(), "123").is_ok(), forged == good);
        }

        #[test]
        fn no_mutation_of_a_hash_passes(
            place in any::<prop::sample::Index>(), how in 0_u8..4, other in prop::char::ranges(vec!['!'..='~'].into())
        ) {
            let good = hash("sk_new", "123");
            let forged = mutated(&good, place, how, other);
            let same = forged.eq_ignore_ascii_case(&good);
            prop_assert_eq!(by_hash(forged, "123").is_ok(), same, "digits are digits in either case");
        }

        #[test]
        fn no_hash_is_of_another_id_and_no_token_of_another_user(id in "[ -~]{1,40}", other in "[ -~]{1,40}") {
            prop_assume!(id.trim() != other.trim());
            prop_assume!(UserId::parse(&id).is_ok_and(|id| id.is_some()));
            prop_assume!(UserId::parse(&other).is_ok_and(|id| id.is_some()));
            let claims = serde_json::json!({ "sub": other }).to_string();
            prop_assert!(by_hash(hash("sk_new", &id), &id).is_ok());
            prop_assert!(by_hash(hash("sk_new", &other), &id).is_err());
            prop_assert!(by_token(token("sk_new", HEAD, &claims), &other).is_ok());
            prop_assert!(by_token(token("sk_new", HEAD, &claims), &id).is_err());
        }

        #[test]
        fn parts_of_valid_tokens_make_no_valid_one(claims in "[a-z]{1,8}", from in 0_usize..3) {
            let one = token("sk_new", HEAD, r#"{"sub":"123"}"#);
            let other = token("sk_new", HEAD, &format!(r#"{{"sub":"123","x":"{claims}"}}"#));
            let mut parts: Vec<&str> = one.split('.').collect();
            parts[from] = other.split('.').nth(from).unwrap();
            let mixed = parts.join(".");
            prop_assert_eq!(by_token(mixed.clone(), "123").is_ok(), mixed == one);
        }

        #[test]
        fn only_hs256_is_taken_whatever_the_signature_says(
            algorithm in prop_oneof![
                prop::sample::select(vec!["none", "None", "NONE", "", "RS256", "ES256", "PS256", "HS384", "HS512", "EdDSA", "hs256"])
                    .prop_map(str::to_owned),
                "[A-Za-z0-9]{0,6}",
            ],
            signed in any::<bool>(),
        ) {
            prop_assume!(algorithm != "HS256");
            let head = serde_json::json!({ "alg": algorithm, "typ": "JWT" }).to_string();
            let mut token = token("sk_new", &head, r#"{"sub":"123"}"#);
            if !signed {
                token.truncate(token.rfind('.').unwrap() + 1);
            }
            prop_assert_eq!(by_token(token, "123").unwrap_err().code, Code::SignatureInvalid);
        }
    }
}
