//! Which addresses are of the public net.
use ipnet::IpNet;
use std::{net::IpAddr, str::FromStr, sync::LazyLock};

/// What is not, or leads elsewhere: IANA's registries of special-purpose addresses, with everything that carries an IPv4 address inside.
static SPECIAL: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    let nets = [
        // This network, private, shared by subscribers of a carrier, loopback, link-local (and the metadata of clouds).
        "0.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        // Assignments of protocols, documentation, 6to4 relays, benchmarks.
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        // Multicast, reserved, broadcast.
        "224.0.0.0/3",
        // Unspecified, loopback, IPv4 inside (mapped, compatible, NAT64, Teredo, 6to4).
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        // Discard, documentation, private, link-local, site-local, multicast.
        "100::/64",
        "2001:db8::/32",
        "3fff::/20",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ];
    nets.iter().map(|net| net.parse().expect("each is a network")).collect()
});

/// Whether it may be called without being allowed.
pub(super) fn is_public(address: IpAddr) -> bool {
    let address = address.to_canonical();
    !SPECIAL.iter().any(|net| net.contains(&address))
}

/// Networks that may be called though they are not public, as the operator names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed(Vec<IpNet>);

impl Allowed {
    /// Reads networks such as `10.1.0.0/16`, or single addresses. The error is the entry that is neither.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> std::result::Result<Allowed, String> {
        let network = |entry: &str| {
            let address = || IpAddr::from_str(entry).ok().map(|address| IpNet::from(address.to_canonical()));
            IpNet::from_str(entry).ok().or_else(address).ok_or_else(|| entry.to_owned())
        };
        entries.into_iter().map(|entry| network(entry.trim())).collect::<std::result::Result<_, _>>().map(Allowed)
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_open(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    #[test]
    fn inner_addresses_are_known_in_every_disguise() {
        for inner in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:0:1::1",
            "fd00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_open(inner), "{inner}");
        }
        for public in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "223.5.5.5", "2400:3200::1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_open(public), "{public}");
        }
    }

    #[test]
    fn what_the_operator_allows_is_allowed_in_every_disguise() {
        let allowed = Allowed::parse(["10.1.0.0/16", "::1"]).unwrap();
        for (address, is_allowed) in
            [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("10.2.0.1", false), ("::1", true), ("127.0.0.1", false)]
        {
            assert_eq!(allowed.contains(address.parse().unwrap()), is_allowed, "{address}");
        }
        assert_eq!(Allowed::parse(["10.0.0.0/8", "intranet"]), Err("intranet".to_owned()));
    }
}
