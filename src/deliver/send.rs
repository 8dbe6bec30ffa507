//! One attempt: a delivery is signed and posted, as Standard Webhooks says, and what came back is noted.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

use crate::domain::time::SECOND_MS;
use crate::domain::webhooks::reach::Reach;
use crate::domain::webhooks::{Webhook, retries, signature};
use crate::store::outbox::{Attempt, Delivery};

/// Seconds within which all of an attempt ends.
const SECONDS_MAX: u64 = 10;
/// Bytes of an answer that are kept.
const ANSWER_BYTES_MAX: u64 = 500;

/// What came of an attempt.
pub(super) struct Answered {
    /// What is noted.
    pub attempt: Attempt,
    /// It was taken.
    pub is_taken: bool,
    /// The wait that the receiver asks for, milliseconds.
    pub asked_ms: Option<i64>,
}

/// Sends, and keeps connections open between.
pub(super) struct Sender {
    agent: Agent,
}

impl Sender {
    /// A sender that reaches public addresses by https, and private ones where they are allowed.
    pub fn new(allows_private: bool) -> Sender {
        let config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(SECONDS_MAX)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            // A proxy would look names up by itself, behind the gate.
            .proxy(None)
            .user_agent(concat!("Rollcall/", env!("CARGO_PKG_VERSION")))
            .build();
        Sender { agent: Agent::with_parts(config, DefaultConnector::default(), Gate { allows_private }) }
    }

    /// Posts a delivery, at this instant (Unix milliseconds). Waits for the answer.
    pub fn send(&self, webhook: &Webhook, delivery: &Delivery, now_ms: i64) -> Answered {
        let timestamp_s = now_ms / SECOND_MS;
        let signed = signature::sign(&webhook.secrets(now_ms), &delivery.delivery_id, timestamp_s, &delivery.body);
        let begun = Instant::now();
        let posted = self
            .agent
            .post(&webhook.url)
            .header("content-type", "application/json")
            .header("webhook-id", &delivery.delivery_id)
            .header("webhook-timestamp", timestamp_s.to_string())
            .header("webhook-signature", signed)
            .send(&delivery.body);
        let mut attempt = Attempt { at_ms: now_ms, ..Attempt::default() };
        let mut asked_ms = None;
        match posted {
            Ok(mut response) => {
                attempt.status = Some(response.status().as_u16());
                let asked = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                asked_ms = asked.and_then(|asked| retries::asked_ms(asked, now_ms));
                attempt.answer = first_of(response.body_mut().as_reader());
                if response.status().is_redirection() {
                    attempt.problem = "Redirects aren't followed. Give the address it leads to.".to_owned();
                }
            }
            Err(error) => attempt.problem = sentence(&error),
        }
        attempt.took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let is_taken = attempt.status.is_some_and(|status| (200..300).contains(&status));
        Answered { attempt, is_taken, asked_ms }
    }
}

/// The first of a body as text; what can't be read of it is left out.
fn first_of(body: impl Read) -> String {
    let mut first = Vec::new();
    // A body that breaks off was answered all the same.
    let _ = body.take(ANSWER_BYTES_MAX).read_to_end(&mut first);
    String::from_utf8_lossy(&first).replace('\0', "").trim().to_owned()
}

/// Why nothing was answered, for whoever looks after the receiver.
fn sentence(error: &Error) -> String {
    match error {
        Error::Timeout(_) => format!("There was no answer within {SECONDS_MAX} seconds."),
        Error::HostNotFound => "The name has no address.".to_owned(),
        Error::Io(error) => error.to_string(),
        Error::Rustls(error) => format!("TLS: {error}."),
        other => other.to_string(),
    }
}

/// Looks names up, and lets through only addresses that may be told.
#[derive(Debug)]
struct Gate {
    allows_private: bool,
}

impl Gate {
    fn lets_through(&self, reach: Reach, is_https: bool) -> bool {
        match reach {
            Reach::Public => is_https,
            Reach::Private => self.allows_private,
            Reach::Never => false,
        }
    }
}

impl Resolver for Gate {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        let mut allowed = self.empty();
        for address in DefaultResolver::default().resolve(uri, config, timeout)?.iter() {
            if self.lets_through(Reach::of(address.ip()), is_https) {
                allowed.push(*address);
            }
        }
        if allowed.is_empty() {
            let sentence = "The address is in a private network, or not reached over https, so nothing is sent there; \
                            start the server with --allow-private-webhooks to allow your own network.";
            return Err(Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, sentence)));
        }
        Ok(allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_is_shut_to_private_addresses_and_to_plain_http() {
        let (shut, open) = (Gate { allows_private: false }, Gate { allows_private: true });
        for (reach, is_https, by_shut, by_open) in [
            (Reach::Public, true, true, true),
            (Reach::Public, false, false, false),
            (Reach::Private, true, false, true),
            (Reach::Private, false, false, true),
            (Reach::Never, true, false, false),
        ] {
            assert_eq!(shut.lets_through(reach, is_https), by_shut, "{reach:?} {is_https}");
            assert_eq!(open.lets_through(reach, is_https), by_open, "{reach:?} {is_https}");
        }
    }

    #[test]
    fn the_first_of_an_answer_is_kept_as_text() {
        assert_eq!(first_of(&b" ok\0\xff "[..]), "ok\u{fffd}");
        assert_eq!(first_of(&[b'a'; 2_000][..]).len(), 500);
    }
}
