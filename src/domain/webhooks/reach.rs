//! Which network addresses a server may be made to send to. A name that anybody can point anywhere must not become
//! a way into the network behind the server (SSRF).
//!
//! The ranges are those of the IANA special-purpose address registries (RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who can be reached at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everybody on the internet.
    Public,
    /// This machine, or a network of one's own.
    Private,
    /// Settings that clouds tell machines (link-local), groups, or nobody.
    Never,
}

impl Reach {
    /// What an address is.
    pub fn of(address: IpAddr) -> Reach {
        match address.to_canonical() {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

fn of_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [10, ..] | [127, ..] | [192, 168, ..] => Reach::Private,
        [172, second, ..] if second & 0xf0 == 16 => Reach::Private,
        // Shared by carriers (RFC 6598); a cloud's settings at 100.100.100.200.
        [100, 100, 100, 200] => Reach::Never,
        [100, second, ..] if second & 0xc0 == 64 => Reach::Private,
        [0, ..] | [169, 254, ..] | [192, 0, 0, _] | [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Reach::Never
        }
        [198, second, ..] if second & 0xfe == 18 => Reach::Never,
        [first, ..] if first >= 224 => Reach::Never,
        _ => Reach::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> Reach {
    let segments = address.segments();
    let [first, second, ..] = segments;
    // The IPv4 address that stands within one.
    let within = |high: u16, low: u16| of_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (first, second) {
        _ if address == Ipv6Addr::LOCALHOST => Reach::Private,
        // Settings that a cloud tells its machines.
        (0xfd00, 0x0ec2) => Reach::Never,
        _ if first & 0xfe00 == 0xfc00 => Reach::Private,
        (0x0064, 0xff9b) if segments[2..6] == [0; 4] => within(segments[6], segments[7]),
        (0x2002, high) => within(high, segments[2]),
        (0x2001, 0x0db8) | (0x2001, 0..=0x01ff) => Reach::Never,
        // Only what lies within 2000::/3 is given out to anybody.
        _ if first & 0xe000 == 0x2000 => Reach::Public,
        _ => Reach::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_the_registries_say() {
        let cases = [
            (Reach::Public, "8.8.8.8 93.184.216.34 172.15.0.1 172.32.0.1 100.63.0.1 2606:4700::1111 ::ffff:8.8.8.8"),
            (Reach::Public, "64:ff9b::808:808 2002:808:808::1"),
            (
                Reach::Private,
                "127.0.0.1 127.9.9.9 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 ::1 fd12::1",
            ),
            (Reach::Private, "::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:7f00:1::"),
            (Reach::Never, "0.0.0.0 169.254.169.254 224.0.0.1 255.255.255.255 198.18.0.1 192.0.2.1 100.100.100.200"),
            (
                Reach::Never,
                ":: fe80::1 ff02::1 fd00:ec2::254 2001:db8::1 2001::1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe",
            ),
            (Reach::Never, "::7f00:1 100::1"),
        ];
        for (reach, addresses) in cases {
            for address in addresses.split(' ') {
                assert_eq!(Reach::of(address.parse().unwrap()), reach, "{address}");
            }
        }
    }
}
