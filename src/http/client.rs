//! Where a request comes from, and under which address this server is known.
//!
//! Headers that proxies add are believed from the proxies named at start alone:
//! anybody can send them. A client's address limits how often it may ask, and
//! is never logged or stored.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Data;

/// How the outside reaches this server, and whom it believes. App data of every server.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The address people use, without a slash at its end; `None` takes each request's own.
    pub public_url: Option<String>,
    /// Proxies whose word on the client counts.
    pub trusted_proxies: Vec<Network>,
    /// This server speaks TLS itself.
    pub tls: bool,
    /// Webhooks may lead to this machine and into networks of one's own.
    pub private_webhooks: bool,
}

/// What is wrong with how a proxy before this server passes on for whom it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyTrouble {
    /// It says so, and is not among the trusted.
    NotTrusted(IpAddr),
    /// It is trusted, and does not say so.
    Silent(IpAddr),
}

/// A range of addresses, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address lies within the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32 - u32::from(self.bits);
                (ours.to_bits() ^ theirs.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let shift = 128 - u32::from(self.bits);
                (ours.to_bits() ^ theirs.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong =
            || format!("{text:?} is not a range of addresses. Use one such as 10.0.0.0/8, or a single address.");
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let address = address.parse::<IpAddr>().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most { Err(wrong()) } else { Ok(Network { address, bits }) }
    }
}

impl Site {
    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }

    /// The proxy's word for a header, where the peer is a proxy that is believed.
    fn forwarded<'a>(&self, request: &'a HttpRequest, name: &str) -> Option<&'a str> {
        let peer = request.peer_addr()?.ip();
        let value = self.is_trusted(peer).then(|| request.headers().get(name))??.to_str().ok()?;
        value.split(',').next().map(str::trim).filter(|value| !value.is_empty())
    }

    fn host<'a>(&self, request: &'a HttpRequest) -> &'a str {
        let asked = || request.headers().get(header::HOST)?.to_str().ok();
        let plain =
            |host: &&str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
        self.forwarded(request, "x-forwarded-host").or_else(asked).filter(plain).unwrap_or("localhost")
    }

    /// The address under which this request reached us, without a slash at its end: the
    /// public URL where one is set, else what the request says.
    pub fn base_url(&self, request: &HttpRequest) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let https = self.tls || self.forwarded(request, "x-forwarded-proto") == Some("https");
        format!("{}://{}", if https { "https" } else { "http" }, self.host(request))
    }

    /// The client's address: the peer's, or where the peer is a trusted proxy, the
    /// last address in the proxies' list that is not a proxy's itself.
    pub fn address(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        if !self.is_trusted(peer) {
            return peer;
        }
        let mut client = peer;
        for hop in hops(request).iter().rev() {
            match address_in(hop) {
                Some(address) => client = address,
                None => break,
            }
            if !self.is_trusted(client) {
                break;
            }
        }
        client
    }
}

/// What one request tells of a proxy that is not set up as it should be. Anybody can send the headers, so where a
/// proxy is trusted, a peer of the internet that sends them is somebody who passed it by.
pub fn proxy_trouble(request: &HttpRequest) -> Option<ProxyTrouble> {
    let site = site(request);
    let peer = request.peer_addr()?.ip().to_canonical();
    let says = hops(request).iter().any(|hop| address_in(hop).is_some());
    match (site.is_trusted(peer), says) {
        (true, false) => Some(ProxyTrouble::Silent(peer)),
        (false, true) if site.trusted_proxies.is_empty() || is_near(peer) => Some(ProxyTrouble::NotTrusted(peer)),
        _ => None,
    }
}

/// Whether an address is of this machine or of a network that is not the internet.
pub fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// One connection to the internet holds a whole /64 of IPv6; each of its addresses is the same client.
pub fn household(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address @ IpAddr::V4(_) => address,
    }
}

/// The hops that proxies wrote down, the first one first.
fn hops(request: &HttpRequest) -> Vec<&str> {
    let all = |name: &str| -> Vec<&str> {
        let values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::trim).collect()
    };
    let plain = all("x-forwarded-for");
    if !plain.is_empty() {
        return plain;
    }
    // RFC 7239: `for="[2001:db8::1]:4711";proto=https`
    let of_hop =
        |hop: &'_ str| hop.split(';').map(str::trim).position(|pair| pair.to_ascii_lowercase().starts_with("for="));
    all("forwarded")
        .into_iter()
        .map(|hop| {
            of_hop(hop).and_then(|at| hop.split(';').nth(at)).map_or("", |pair| pair.trim()[4..].trim_matches('"'))
        })
        .collect()
}

/// An address with or without a port.
fn address_in(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

fn site(request: &HttpRequest) -> std::borrow::Cow<'_, Site> {
    match request.app_data::<Data<Site>>() {
        Some(site) => std::borrow::Cow::Borrowed(site),
        None => std::borrow::Cow::Owned(Site::default()),
    }
}

/// The client's address. Never to be logged or stored.
pub fn address(request: &HttpRequest) -> IpAddr {
    site(request).address(request)
}

/// The address under which this request reached us, without a slash at its end.
pub fn base_url(request: &HttpRequest) -> String {
    site(request).base_url(request)
}

/// Whether the outside reaches us by https.
pub fn is_https(request: &HttpRequest) -> bool {
    base_url(request).starts_with("https://")
}

/// The host (and port) under which the outside knows us, as the request says it.
pub fn host(request: &HttpRequest) -> String {
    site(request).host(request).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn behind(proxy: &str) -> Data<Site> {
        Data::new(Site { trusted_proxies: vec![proxy.parse().unwrap()], ..Site::default() })
    }

    fn from(peer: &str) -> TestRequest {
        TestRequest::default().peer_addr(format!("{peer}:4711").parse().unwrap())
    }

    #[test]
    fn ranges_hold_their_addresses_and_no_other() {
        let holds =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.1.2"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(!holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("0.0.0.0/0", "192.0.2.7"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        for wrong in ["10.0.0.0/33", "host", "10.0.0.0/x", ""] {
            assert!(wrong.parse::<Network>().unwrap_err().contains("10.0.0.0/8"), "{wrong}");
        }
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let request = from("192.0.2.1")
            .app_data(behind("10.0.0.0/8"))
            .insert_header(("x-forwarded-for", "1.2.3.4"))
            .insert_header(("x-forwarded-proto", "https"))
            .insert_header(("host", "rollcall.example"))
            .to_http_request();
        assert_eq!(address(&request).to_string(), "192.0.2.1");
        assert_eq!(base_url(&request), "http://rollcall.example");
    }

    #[test]
    fn a_trusted_proxy_is_believed_but_not_what_the_client_put_before_it() {
        let request = from("10.0.0.9")
            .app_data(behind("10.0.0.0/8"))
            .insert_header(("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.7"))
            .insert_header(("x-forwarded-proto", "https"))
            .insert_header(("x-forwarded-host", "roll.example"))
            .to_http_request();
        assert_eq!(address(&request).to_string(), "1.2.3.4");
        assert_eq!(base_url(&request), "https://roll.example");
        assert!(is_https(&request));
    }

    #[test]
    fn a_proxy_that_is_not_set_up_is_told_by_one_request() {
        let trouble = |peer: &str, trusted: Option<&str>, says: &str| {
            let request = match trusted {
                Some(network) => from(peer).app_data(behind(network)),
                None => from(peer),
            };
            proxy_trouble(&request.insert_header(("x-forwarded-for", says)).to_http_request())
        };
        let near: IpAddr = "10.0.0.9".parse().unwrap();
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(trouble("10.0.0.9", None, "1.2.3.4"), Some(ProxyTrouble::NotTrusted(near)));
        assert_eq!(trouble("192.0.2.1", None, "1.2.3.4"), Some(ProxyTrouble::NotTrusted(far)));
        assert_eq!(trouble("10.0.0.9", None, ""), None);
        assert_eq!(trouble("10.0.0.9", Some("10.1.0.0/16"), "1.2.3.4"), Some(ProxyTrouble::NotTrusted(near)));
        assert_eq!(trouble("192.0.2.1", Some("10.1.0.0/16"), "1.2.3.4"), None, "a stranger may write what they like");
        assert_eq!(trouble("10.0.0.9", Some("10.0.0.0/8"), "1.2.3.4"), None);
        assert_eq!(trouble("10.0.0.9", Some("10.0.0.0/8"), "unknown"), Some(ProxyTrouble::Silent(near)));
    }

    #[test]
    fn the_standard_header_is_read_too() {
        let request = from("10.0.0.9")
            .app_data(behind("10.0.0.0/8"))
            .insert_header(("forwarded", "for=\"[2001:db8::1]:4711\";proto=https, by=x; For=10.1.1.1"))
            .to_http_request();
        assert_eq!(address(&request).to_string(), "2001:db8::1");
    }

    #[test]
    fn a_host_that_is_none_is_not_repeated() {
        let request = from("192.0.2.1").insert_header(("host", "a\"><script>")).to_http_request();
        assert_eq!(base_url(&request), "http://localhost");
    }

    #[test]
    fn the_public_url_beats_what_a_request_says() {
        let site = Site { public_url: Some("https://roll.example".to_owned()), ..Site::default() };
        let request = from("192.0.2.1").app_data(Data::new(site)).insert_header(("host", "evil.example"));
        assert_eq!(base_url(&request.to_http_request()), "https://roll.example");
    }
}
