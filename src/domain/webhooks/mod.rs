//! Webhooks: addresses of other programs that are told what changes. What can be told, how an address must look,
//! how a delivery is signed, and when one that failed is tried again.
//!
//! Deliveries follow Standard Webhooks 1.0 (standardwebhooks.com): the headers `webhook-id`, `webhook-timestamp`
//! and `webhook-signature`, and a body of `type`, `timestamp` and `data`.

pub mod reach;
pub mod retries;
pub mod signature;

use serde_json::{Value, json};

use super::ids::WebhookKey;
use super::message::Kind;
use super::time::rfc3339;
use reach::Reach;

/// Webhooks of a workspace.
pub const WEBHOOKS_MAX: usize = 20;
/// Names of events that one webhook asks for.
pub const EVENT_NAMES_MAX: usize = 100;
/// Characters of an address.
pub const URL_CHARS_MAX: usize = 1_000;
/// Characters of what a webhook is for.
pub const DESCRIPTION_CHARS_MAX: usize = 200;

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $meaning:literal;)*) => {
        /// What can be told.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum DeliveryType {
            $($(#[$doc])* $name,)*
        }

        impl DeliveryType {
            /// All of them.
            pub const ALL: &[DeliveryType] = &[$(DeliveryType::$name),*];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $(DeliveryType::$name => $word),* }
            }

            /// When it is told, and what `data` holds.
            pub fn meaning(self) -> &'static str {
                match self { $(DeliveryType::$name => $meaning),* }
            }
        }
    };
}

types! {
    /// Somebody is known from here on.
    UserCreated = "user.created", "Somebody new is known. data: the user, as GET /api/v1/users/{id} answers.";
    /// Something of a user changed.
    UserUpdated = "user.updated", "Attributes, ids, tags or the owner of a user changed. data: the user as it is now.";
    /// A person was erased (R13).
    UserErased = "user.erased", "A person was erased: erase your copy. data: only id, user_id and aliases.";
    /// Two users are one (R11).
    UserMerged = "user.merged", "Two users became one; what you know of the other belongs to the one that stays. data: id and user_id of the other, and in into the user as it is now. Where they are taken apart again, the other is told as created.";
    /// A user is known no more, since the deed that made it was taken back.
    UserRemoved = "user.removed", "A user is gone with its memberships, because the import or action that created it was undone. data: only id and user_id.";
    /// A company is known from here on.
    CompanyCreated = "company.created", "A new company is known. data: the company, as GET /api/v1/companies/{id} answers.";
    /// Something of a company changed.
    CompanyUpdated = "company.updated", "Attributes, ids, tags or the owner of a company changed. data: the company as it is now.";
    /// Two companies are one (C10).
    CompanyMerged = "company.merged", "Two companies became one; what you know of the other belongs to the one that stays. data: company_id of the other, and in into the company as it is now. Where they are taken apart again, the other is told as created.";
    /// A company is known no more, since the deed that made it was taken back.
    CompanyRemoved = "company.removed", "A company is gone with its memberships, because the import or action that created it was undone. data: only company_id.";
    /// A user is in a company.
    MembershipJoined = "membership.joined", "A user joined a company. data: id and user_id of the user, and the membership.";
    /// A user is in a company no more.
    MembershipLeft = "membership.left", "A user left a company. data: id and user_id of the user, and the membership.";
    /// Role, title or an attribute of a membership changed.
    MembershipUpdated = "membership.updated", "Role, title or an attribute of a membership changed. data: as of membership.joined.";
    /// Something was done.
    EventTracked = "event.tracked", "Somebody did something. data: the event, as GET /api/v1/events answers.";
    /// Somebody looks whether it works.
    Test = "webhook.test", "Somebody pressed “Send a test”. Goes to every webhook, asked for or not. data: the webhook's id.";
}

impl DeliveryType {
    /// Those that a webhook chooses from.
    pub fn to_choose() -> impl Iterator<Item = DeliveryType> {
        DeliveryType::ALL.iter().copied().filter(|kind| *kind != DeliveryType::Test)
    }

    /// Reads the word; none where it is none that can be chosen.
    pub fn parse(word: &str) -> Option<DeliveryType> {
        DeliveryType::to_choose().find(|kind| kind.as_str() == word)
    }
}

/// Whether a webhook is told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is.
    Active,
    /// Somebody paused it.
    Paused,
    /// It answered 410 Gone: nobody is there any more.
    Gone,
    /// Nothing was taken for [`retries::FAILING_MS_MAX`].
    Failing,
}

impl State {
    /// All of them.
    pub const ALL: [State; 4] = [State::Active, State::Paused, State::Gone, State::Failing];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Paused => "paused",
            State::Gone => "gone",
            State::Failing => "failing",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// What it means for the webhook, as a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            State::Active => "It is sent what it asks for.",
            State::Paused => "It is paused, and nothing is sent.",
            State::Gone => "The address answered 410 Gone, so nothing is sent any more.",
            State::Failing => "It accepted nothing for three days, so nothing is sent any more.",
        }
    }
}

/// An address that is told what changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Our row number.
    pub key: WebhookKey,
    /// Its id in the API and at the shell.
    pub webhook_id: String,
    /// Where deliveries go.
    pub url: String,
    /// What it is for, for people.
    pub description: String,
    /// What it is told.
    pub types: Vec<DeliveryType>,
    /// Of `event.tracked`, events of these names alone; none means each that was tracked, without page and
    /// screen views.
    pub events: Vec<String>,
    /// Signs deliveries: `whsec_` and base64.
    pub secret: String,
    /// The secret before it, which signs too until an instant (Unix milliseconds).
    pub old_secret: Option<(String, i64)>,
    /// Whether it is told anything.
    pub state: State,
    /// Nothing was taken since, Unix milliseconds; none where the last delivery was.
    pub failing_since_ms: Option<i64>,
    /// Made at, Unix milliseconds.
    pub created_ms: i64,
}

impl Webhook {
    /// Whether it is told anything.
    pub fn wants_any(&self) -> bool {
        self.state == State::Active
    }

    /// What its secret ends with, to tell one from another.
    pub fn secret_end(&self) -> &str {
        self.secret.get(self.secret.len().saturating_sub(5)..).unwrap_or_default()
    }

    /// Whether it is told things of a type.
    pub fn wants(&self, kind: DeliveryType) -> bool {
        self.wants_any() && self.types.contains(&kind)
    }

    /// Whether it is told of an event: its name, and what kind of call it was.
    pub fn wants_event(&self, name: &str, kind: Kind) -> bool {
        let is_asked_for = match kind {
            Kind::Track if self.events.is_empty() => true,
            Kind::Track | Kind::Page | Kind::Screen => self.events.iter().any(|asked| asked == name),
            _ => false,
        };
        is_asked_for && self.wants(DeliveryType::EventTracked)
    }

    /// The secrets that sign at an instant (Unix milliseconds), the newest first.
    pub fn secrets(&self, now_ms: i64) -> Vec<&str> {
        let old = self.old_secret.as_ref().filter(|(_, until_ms)| *until_ms > now_ms);
        std::iter::once(self.secret.as_str()).chain(old.map(|(secret, _)| secret.as_str())).collect()
    }
}

/// The body of a delivery.
pub fn body(kind: DeliveryType, at_ms: i64, data: Value) -> String {
    json!({ "type": kind.as_str(), "timestamp": rfc3339(at_ms), "data": data }).to_string()
}

/// Why an address can't be a webhook's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is not an address.
    #[error("Webhooks can't be sent to {0:?}. Write one such as https://hooks.example.com/rollcall.")]
    Form(String),
    /// It is not https.
    #[error(
        "Deliveries contain personal data and go only over https. Use https://…; to a program on this machine or in \
         your own network, http will do if the server is started with --allow-private-webhooks."
    )]
    NotHttps,
    /// It is in a private network.
    #[error(
        "{0} is in a private network, which nobody outside should reach through this server. Use a public address, or \
         start the server with --allow-private-webhooks."
    )]
    Private(String),
    /// Nothing is ever sent there.
    #[error("{0} is an address to which nothing is sent: a machine's own settings, or no single machine at all.")]
    Never(String),
}

/// An address as it is kept. Names are looked up at each delivery, and their addresses looked at again.
///
/// # Errors
/// [`UrlError`].
pub fn checked_url(text: &str, allows_private: bool) -> Result<String, UrlError> {
    let url = text.trim();
    let wrong = || UrlError::Form(text.chars().take(100).collect());
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte));
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let is_https = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => return Err(wrong()),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let address = match host.strip_prefix('[') {
        Some(inner) => Some(inner.strip_suffix(']').and_then(|inner| inner.parse().ok()).ok_or_else(wrong)?),
        None => host.parse::<std::net::Ipv4Addr>().ok().map(Into::into),
    };
    let is_name = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    if !plain || !is_port || url.chars().count() > URL_CHARS_MAX || address.is_none() && !is_name(host) {
        return Err(wrong());
    }
    let host = host.to_ascii_lowercase();
    let reach = match address {
        Some(address) => Reach::of(address),
        None if host == "localhost" || host.ends_with(".localhost") => Reach::Private,
        None => Reach::Public,
    };
    match reach {
        Reach::Never => return Err(UrlError::Never(host)),
        Reach::Private if !allows_private => return Err(UrlError::Private(host)),
        _ if !is_https && !allows_private => return Err(UrlError::NotHttps),
        Reach::Public if !is_https && address.is_some() => return Err(UrlError::NotHttps),
        _ => {}
    }
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = if path.is_empty() { "/" } else { path };
    Ok(format!("{}://{host}{port}{path}", if is_https { "https" } else { "http" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_and_public_unless_the_operator_said_otherwise() {
        let read = |text: &str| checked_url(text, false);
        assert_eq!(read(" https://Hooks.Example.com/a?b=c ").unwrap(), "https://hooks.example.com/a?b=c");
        assert_eq!(read("HTTPS://hooks.example.com:8443").unwrap(), "https://hooks.example.com:8443/");
        assert_eq!(read("https://[2606:4700::1]/x").unwrap(), "https://[2606:4700::1]/x");
        assert_eq!(read("http://hooks.example.com/"), Err(UrlError::NotHttps));
        for private in ["https://127.0.0.1/", "https://10.1.2.3/", "https://LOCALHOST/", "https://[::1]:9/"] {
            assert!(matches!(read(private), Err(UrlError::Private(_))), "{private}");
            checked_url(private, true).unwrap();
        }
        for never in ["https://169.254.169.254/latest", "https://0.0.0.0/", "https://[fe80::1]/"] {
            for allows_private in [false, true] {
                assert!(matches!(checked_url(never, allows_private), Err(UrlError::Never(_))), "{never}");
            }
        }
        for wrong in [
            "",
            "hooks.example.com",
            "ftp://hooks.example.com/",
            "https://",
            "https://a b.example/",
            "https://u:p@h.example/",
            "https://h.example:0/",
            "https://h.example:99999/",
            "https://h.example/#part",
            "https://[::1/",
            "https://ü.example/",
            "https://h.example/\r\nx: y",
        ] {
            assert!(matches!(read(wrong), Err(UrlError::Form(_))), "{wrong}");
        }
        assert!(read(&format!("https://h.example/{}", "a".repeat(URL_CHARS_MAX))).is_err());
        assert_eq!(checked_url("http://n8n:5678/hook", true).unwrap(), "http://n8n:5678/hook");
        assert_eq!(checked_url("http://93.184.216.34/", true), Err(UrlError::NotHttps));
    }

    #[test]
    fn types_are_read_as_they_are_written_and_a_test_is_not_chosen() {
        for kind in DeliveryType::to_choose() {
            assert_eq!(DeliveryType::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(DeliveryType::parse("webhook.test"), None);
        assert_eq!(DeliveryType::parse("user"), None);
    }

    #[test]
    fn page_views_are_told_by_name_alone() {
        let mut webhook = Webhook {
            key: WebhookKey(1),
            webhook_id: String::new(),
            url: String::new(),
            description: String::new(),
            types: vec![DeliveryType::EventTracked],
            events: Vec::new(),
            secret: "new".to_owned(),
            old_secret: Some(("old".to_owned(), 5)),
            state: State::Active,
            failing_since_ms: None,
            created_ms: 0,
        };
        assert!(webhook.wants_event("Paid", Kind::Track));
        assert!(!webhook.wants_event("page", Kind::Page));
        webhook.events = vec!["page".to_owned()];
        assert!(webhook.wants_event("page", Kind::Page));
        assert!(!webhook.wants_event("Paid", Kind::Track));
        assert_eq!((webhook.secrets(4), webhook.secrets(5)), (vec!["new", "old"], vec!["new"]));
        webhook.state = State::Paused;
        assert!(!webhook.wants_event("page", Kind::Page));
    }
}
