//! Who asks, as far as the wire tells: the peer of a connection, or whom a trusted proxy speaks for.
use crate::error::Error;
use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use ipnet::IpNet;
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

/// The other end of a connection. The listener puts it into the extensions of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Whether the connection itself is encrypted.
    pub is_tls: bool,
    /// Whether it came beyond the limit of connections: only what is vital is answered.
    pub is_last: bool,
}

/// Who asks: the peer, unless that is a proxy we trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Where from.
    pub address: IpAddr,
    /// Whether everything between them and us is encrypted, or passes a proxy that says so.
    pub is_tls: bool,
}

impl Client {
    /// Whoever the request's extensions name; somebody on this machine if they name nobody.
    pub fn of(extensions: &Extensions) -> Client {
        if let Some(client) = extensions.get::<Client>() {
            return *client;
        }
        let address = extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([127, 0, 0, 1]), |info| info.0.ip());
        Client { address: address.to_canonical(), is_tls: false }
    }
}

/// What limits by address count together: an IPv4 address, or the /64 network that one IPv6 subscriber has to themselves.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// Proxies whose word about their callers counts, as networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Arc<[IpNet]>);

/// How many proxies in a row are looked through. Longer chains are somebody's joke.
const HOPS: usize = 16;

impl Proxies {
    /// Reads networks such as `10.0.0.0/8`, `2001:db8::/32`, or single addresses. The error is the entry that is neither.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> std::result::Result<Proxies, String> {
        let network = |entry: &str| {
            let address = || IpAddr::from_str(entry).ok().map(|address| IpNet::from(address.to_canonical()));
            IpNet::from_str(entry).ok().or_else(address).ok_or_else(|| entry.to_owned())
        };
        entries.into_iter().map(|entry| network(entry.trim())).collect::<std::result::Result<Vec<_>, _>>().map(|list| Proxies(list.into()))
    }

    /// Whether none is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this address is a trusted proxy.
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who asks. Headers of peers that are not trusted change nothing.
    ///
    /// `X-Forwarded-For` is read from the right, where the proxies nearest to us wrote: the first address that is no trusted proxy
    /// is the client. What stands left of it is what the client claims, and what cannot be read ends the search at the proxy that
    /// wrote it. `X-Forwarded-Proto` counts as encrypted only if every entry says so.
    pub fn client(&self, peer: Peer, headers: &HeaderMap) -> Client {
        let address = peer.address.to_canonical();
        if !self.trust(address) {
            return Client { address, is_tls: peer.is_tls };
        }
        let mut client = address;
        let lines: Vec<&HeaderValue> = headers.get_all("x-forwarded-for").iter().collect();
        let from_the_right = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
        for entry in from_the_right.take(HOPS) {
            match address_of(entry.trim()) {
                // Nobody comes from "this machine" through another: that is a claim, and loopback is spared by limits.
                Some(told) if (told.is_loopback() || told.is_unspecified()) && !address.is_loopback() => break,
                Some(told) => client = told,
                None => break,
            }
            if !self.trust(client) {
                break;
            }
        }
        let mut schemes = headers.get_all("x-forwarded-proto").iter().flat_map(|line| line.to_str().unwrap_or("?").split(','));
        let is_told = headers.contains_key("x-forwarded-proto");
        let is_https = is_told && schemes.all(|scheme| ["https", "wss"].iter().any(|safe| scheme.trim().eq_ignore_ascii_case(safe)));
        Client { address: client, is_tls: is_https }
    }
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:4711`.
fn address_of(entry: &str) -> Option<IpAddr> {
    let bare = || entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = SocketAddr::from_str(entry).map(|socket| socket.ip()).or_else(|_| IpAddr::from_str(bare()));
    address.ok().map(|address| address.to_canonical())
}

/// The outermost layer: finds out who asks, refuses what would cross a network readable, and tells browsers to stay with https.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// Whose word counts.
    pub proxies: Proxies,
    /// How long browsers shall refuse to come without encryption, in seconds; none: they are not told.
    pub hsts: Option<u64>,
}

impl Edge {
    /// Puts the edge around everything that answers. [`super::problems`] belongs outside of it.
    pub fn guard(self, router: Router) -> Router {
        router.layer(from_fn_with_state(Arc::new(self), meet))
    }
}

async fn meet(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let client = match peer {
        Some(peer) => edge.proxies.client(peer, request.headers()),
        None => Client::of(request.extensions()),
    };
    if !client.is_tls && !client.address.is_loopback() && !is_probe(request.uri().path()) {
        let is_proxied = peer.is_some_and(|peer| edge.proxies.trust(peer.address));
        let code = if is_proxied { "tls_unproven" } else { "tls_required" };
        return Error::forbidden(code).into_response();
    }
    request.extensions_mut().insert(client);
    let mut response = next.run(request).await;
    if let (true, Some(seconds)) = (client.is_tls, edge.hsts)
        && let Ok(value) = HeaderValue::from_str(&format!("max-age={seconds}"))
    {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// Balancers ask whether we are well before they send anybody, each in its own way; the answer is a word.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn proxies() -> Proxies {
        Proxies::parse(["10.0.0.0/8", "192.0.2.1", "2001:db8:1::/48"]).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn client(peer: &str, pairs: &[(&'static str, &str)]) -> (String, bool) {
        let client = proxies().client(Peer { address: peer.parse().unwrap(), is_tls: false, is_last: false }, &headers(pairs));
        (client.address.to_string(), client.is_tls)
    }

    #[test]
    fn networks_and_addresses_are_read_and_nonsense_is_named() {
        assert_eq!(Proxies::parse(["10.0.0.0/8", "proxy.example"]), Err("proxy.example".to_owned()));
        assert_eq!(Proxies::parse(["10.0.0.0/33"]), Err("10.0.0.0/33".to_owned()));
        assert!(proxies().trust("192.0.2.1".parse().unwrap()));
        assert!(!proxies().trust("192.0.2.2".parse().unwrap()));
        assert!(proxies().trust("::ffff:10.1.2.3".parse().unwrap()), "an IPv4 peer of a socket for both");
    }

    #[test]
    fn strangers_can_claim_nothing() {
        let claims = [("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "https")];
        assert_eq!(client("203.0.113.9", &claims), ("203.0.113.9".to_owned(), false));
        assert_eq!(client("::ffff:203.0.113.9", &claims), ("203.0.113.9".to_owned(), false));
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_asks() {
        let told = |value: &str| client("10.0.0.1", &[("x-forwarded-for", value)]).0;
        assert_eq!(told("203.0.113.9"), "203.0.113.9");
        assert_eq!(told("1.1.1.1, 203.0.113.9, 10.7.7.7"), "203.0.113.9");
        assert_eq!(told("203.0.113.9:4711"), "203.0.113.9");
        assert_eq!(told("[2001:db8::7]:4711"), "2001:db8::7");
        assert_eq!(told("2001:db8::7, 2001:db8:1::1"), "2001:db8::7");
        assert_eq!(told("10.9.9.9, 10.8.8.8"), "10.9.9.9", "only proxies: the first of them");
        assert_eq!(told("1.1.1.1, unknown, 10.8.8.8"), "10.8.8.8", "what cannot be read ends the search");
        assert_eq!(told(""), "10.0.0.1");
        let two = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client("10.0.0.1", &two).0, "203.0.113.9", "the last line is the nearest proxy's");
    }

    #[test]
    fn a_proxy_must_say_https_in_every_entry() {
        let told = |value: &str| client("10.0.0.1", &[("x-forwarded-proto", value)]).1;
        assert!(told("https") && told("HTTPS, wss"));
        assert!(!told("http") && !told("https, http") && !told("http, https") && !told("") && !told("https,"));
        assert!(!client("10.0.0.1", &[]).1);
        let two = [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")];
        assert!(!client("10.0.0.1", &two).1);
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_household() {
        let of = |address: &str| household(address.parse().unwrap()).to_string();
        assert_eq!((of("2001:db8::1:2:3:4"), of("203.0.113.9")), ("2001:db8::".to_owned(), "203.0.113.9".to_owned()));
        assert_eq!(of("::ffff:203.0.113.9"), "203.0.113.9");
    }

    proptest! {
        /// Whatever a client writes to the left, the address that the proxy saw wins.
        #[test]
        fn a_spoofed_left_part_never_wins(forged in ".{0,60}", seen in any::<[u8; 4]>(), inner in 0..4usize, split in any::<bool>()) {
            let seen = IpAddr::from(seen);
            // Nobody arrives at a proxy from its own loopback or from nowhere: such an entry ends the search by itself.
            prop_assume!(!proxies().trust(seen) && !seen.is_loopback() && !seen.is_unspecified());
            let hops = ", 10.1.1.1".repeat(inner);
            let written = format!("{seen}{hops}");
            let mut headers = HeaderMap::new();
            let Ok(forged) = HeaderValue::from_bytes(forged.as_bytes()) else { return Ok(()) };
            if split {
                headers.append("x-forwarded-for", forged);
                headers.append("x-forwarded-for", HeaderValue::from_str(&written).unwrap());
            } else {
                let line = [forged.as_bytes(), b", ", written.as_bytes()].concat();
                headers.append("x-forwarded-for", HeaderValue::from_bytes(&line).unwrap());
            }
            let peer = Peer { address: IpAddr::from([10, 0, 0, 1]), is_tls: false, is_last: false };
            // A line with bytes beyond ASCII cannot be read: then nobody is believed, least of all the forger.
            let found = proxies().client(peer, &headers).address;
            prop_assert!(found == seen || found == peer.address, "{found}");
            if headers.iter().all(|(_, value)| value.to_str().is_ok()) {
                prop_assert_eq!(found, seen);
            }
        }

        #[test]
        fn no_header_upsets_anybody(peer in any::<[u8; 4]>(), line in prop::collection::vec(any::<u8>(), 0..200), proto in ".{0,20}") {
            let mut headers = HeaderMap::new();
            for (name, bytes) in [("x-forwarded-for", line.as_slice()), ("x-forwarded-proto", proto.as_bytes())] {
                if let Ok(value) = HeaderValue::from_bytes(bytes) {
                    headers.append(name, value);
                }
            }
            let peer = Peer { address: IpAddr::from(peer), is_tls: true, is_last: false };
            let (found, itself) = (proxies().client(peer, &headers), Client { address: peer.address, is_tls: true });
            prop_assert!(proxies().trust(peer.address) || found == itself);
        }
    }
}
