//! What a source was seen doing, for the installation page: noted at most every five seconds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{ORIGIN, REFERER};

use super::senders::Sender;
use crate::domain::findings::Finding;
use crate::domain::ids::SourceKey;
use crate::domain::time::{HOUR_MS, SECOND_MS};
use crate::http::client::{self, ProxyTrouble};
use crate::store::sightings::{Sight, note};
use crate::store::{Catalog, Source, SourceKind, Store, StoreError, Tx, findings};

/// A sight is noted again after so many milliseconds: a check that was just started must see what
/// follows it.
const BETWEEN_MS: i64 = 5 * SECOND_MS;
/// Sights remembered at most, each for an hour: whoever names a new host with each request soon
/// writes nothing more.
const HELD_MAX: usize = 200;
/// Characters of a host; names of the internet have at most 253.
const HOST_CHARS_MAX: usize = 255;

/// When a source was last noted to do something, by host.
#[derive(Default)]
pub struct Sightings(RefCell<HashMap<(SourceKey, Sight, String), i64>>);

impl Sightings {
    /// Whether this sight is to be noted now; it then counts as noted.
    pub fn due(&self, source: SourceKey, sight: Sight, host: &str, now_ms: i64) -> bool {
        let mut held = self.0.borrow_mut();
        let key = (source, sight, host.to_owned());
        let within = |span_ms: i64, at_ms: i64| (0..span_ms).contains(&(now_ms - at_ms));
        if let Some(at_ms) = held.get_mut(&key) {
            let due = !within(BETWEEN_MS, *at_ms);
            *at_ms = if due { now_ms } else { *at_ms };
            return due;
        }
        if held.len() >= HELD_MAX {
            held.retain(|_, at_ms| within(HOUR_MS, *at_ms));
        }
        let has_room = held.len() < HELD_MAX;
        if has_room {
            held.insert(key, now_ms);
        }
        has_room
    }
}

/// Notes a sight behind everything that people wait for, and lets nobody wait for it.
pub fn note_later(store: &Store, source: SourceKey, sight: Sight, host: String) {
    later(store, move |tx| note(tx, source, sight, &host));
}

fn later(store: &Store, noting: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static) {
    let store = store.clone();
    actix_web::rt::spawn(async move {
        let noted: Result<(), StoreError> = store.write_bulk(noting).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "A sight of a source could not be noted.");
        }
    });
}

/// What is odd about a page that sends, or about how it reaches us, as far as the head of a request tells; each with
/// its example. It goes on and is said.
pub fn odd(request: &HttpRequest, catalog: &Catalog, sender: Sender, host: &str) -> Vec<(Finding, String)> {
    let is_plain = |name| request.headers().get(name).is_some_and(|from| from.as_bytes().starts_with(b"http://"));
    let is_live = |source: &Source| {
        source.kind == SourceKind::Live && source.origins.iter().any(|origin| host_of(origin).as_deref() == Some(host))
    };
    let mut found = Vec::new();
    if client::is_https(request) && !is_local(host) && (is_plain(ORIGIN) || is_plain(REFERER)) {
        found.push((Finding::PageWithoutHttps, host.to_owned()));
    }
    if !sender.keeps && !host.is_empty() && catalog.sources.values().any(is_live) {
        found.push((Finding::TestKeyOnLiveSite, host.to_owned()));
    }
    match client::proxy_trouble(request) {
        Some(ProxyTrouble::NotTrusted(proxy)) => found.push((Finding::ProxyNotTrusted, place(proxy))),
        // A program of this machine may well ask without a proxy; a page of the internet does not.
        Some(ProxyTrouble::Silent(proxy)) if !host.is_empty() && !is_local(host) => {
            found.push((Finding::ProxySilent, place(proxy)));
        }
        _ => {}
    }
    found
}

/// The address of a proxy of one's own; one of the internet could be anybody's, and is not kept.
fn place(proxy: IpAddr) -> String {
    if client::is_near(proxy) { proxy.to_string() } else { "an address of the internet".to_owned() }
}

/// A page of the developer's own machine: nobody listens on the way.
fn is_local(host: &str) -> bool {
    let name = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
    name == "localhost" || name.ends_with(".localhost") || name.starts_with("127.") || name.starts_with("[::1]")
}

/// Counts a finding behind everything that people wait for, and lets nobody wait for it.
pub fn find_later(store: &Store, source: SourceKey, finding: Finding, example: String) {
    later(store, move |tx| findings::note_daily(tx, finding, source, &example));
}

/// The host (and port) of the page that sent a request.
pub fn host(request: &HttpRequest) -> Option<String> {
    let value = |name| request.headers().get(name)?.to_str().ok().and_then(host_of);
    value(ORIGIN).or_else(|| value(REFERER))
}

/// The host (and port) of an address of the web.
pub fn host_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let is_host = !host.is_empty() && host.len() <= HOST_CHARS_MAX && host.bytes().all(plain);
    (is_host && matches!(scheme, "http" | "https")).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: SourceKey = SourceKey(2);

    #[test]
    fn a_sight_is_due_every_five_seconds_for_each_host() {
        let sightings = Sightings::default();
        assert!(sightings.due(SHOP, Sight::Post, "shop.test", 0));
        for now_ms in (0..5_000).step_by(100) {
            assert!(!sightings.due(SHOP, Sight::Post, "shop.test", now_ms));
        }
        assert!(sightings.due(SHOP, Sight::Post, "shop.test", 5_000));
        assert!(sightings.due(SHOP, Sight::Script, "shop.test", 5_000));
        assert!(sightings.due(SHOP, Sight::Post, "blog.test", 5_000));
        assert!(sightings.due(SourceKey(3), Sight::Post, "shop.test", 5_000));
    }

    #[test]
    fn a_new_host_with_each_request_is_not_remembered_for_ever() {
        let sightings = Sightings::default();
        let due = |from: usize, now_ms| {
            (from..from + 2_000).filter(|n| sightings.due(SHOP, Sight::Script, &n.to_string(), now_ms)).count()
        };
        assert_eq!(due(0, 0), HELD_MAX);
        assert_eq!(due(5_000, 1), 0);
        assert_eq!(due(9_000, HOUR_MS), HELD_MAX);
    }

    #[test]
    fn a_page_of_the_own_machine_is_told_from_a_site() {
        for host in ["localhost:3000", "shop.localhost", "127.0.0.1:80", "[::1]:8080"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["shop.test", "localhost.test", "[2001:db8::1]", "10.0.0.1", ""] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn hosts_are_read_from_addresses() {
        for (url, host) in [
            ("https://Shop.test", Some("shop.test")),
            ("http://shop.test:8080/pricing?x=1#y", Some("shop.test:8080")),
            ("https://[2001:db8::1]:443/", Some("[2001:db8::1]:443")),
            ("https://user@shop.test/", Some("shop.test")),
            ("null", None),
            ("file:///home", None),
            ("chrome-extension://abc", None),
            ("https://<script>", None),
            ("https://", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }
}
