//! The hosts that are reached without the proxy: this machine, and those in `NO_PROXY`.

use std::{
    net::{IpAddr, Ipv6Addr},
    string::String,
    vec::Vec,
};

use ureq::http::Uri;

use crate::host::is_host;

/// The list in `NO_PROXY`. An entry that cannot be read matches nothing.
#[derive(Clone, Default)]
pub(crate) struct NoProxy(Vec<Entry>);

#[derive(Clone)]
struct Entry {
    hosts: Hosts,
    /// Any port if there is none.
    port: Option<u16>,
}

#[derive(Clone)]
enum Hosts {
    All,
    /// The names that end in a period and this one, and perhaps the name itself.
    Domain {
        name: String,
        itself: bool,
    },
    /// The addresses that begin with the same bits.
    Network {
        address: IpAddr,
        bits: u32,
    },
}

impl NoProxy {
    /// Entries have commas or white space between them.
    pub(crate) fn parse(list: &str) -> Self {
        let entries = list.split(|sign: char| sign == ',' || sign.is_ascii_whitespace());
        Self(entries.filter_map(Entry::parse).collect())
    }

    /// Whether `url` is fetched without a proxy.
    pub(crate) fn has(&self, url: &Uri) -> bool {
        let default_port = match url.scheme_str() {
            Some("http") => 80,
            _ => 443,
        };
        let host = Host::of(url.host().unwrap_or_default());
        let port = url.port_u16().unwrap_or(default_port);
        host.is_loopback() || self.0.iter().any(|entry| entry.has(&host, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self { hosts: Hosts::All, port: None });
        }
        if let Some((address, bits)) = text.split_once('/') {
            return Some(Self { hosts: network(address, bits)?, port: None });
        }
        // Before the port is cut off: without brackets, an IPv6 address has colons of its own.
        if let Some(address) = address(text) {
            return Some(Self { hosts: Hosts::one(address), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(u16::try_from(number(port)?).ok()?)),
            None => (text, None),
        };
        let hosts = match address(host) {
            Some(IpAddr::V6(_)) if !host.starts_with('[') => return None,
            Some(address) => Hosts::one(address),
            None => domain(host)?,
        };
        Some(Self { hosts, port })
    }

    fn has(&self, host: &Host, port: u16) -> bool {
        self.port.is_none_or(|only| only == port) && self.hosts.has(host)
    }
}

impl Hosts {
    fn one(address: IpAddr) -> Self {
        Self::Network { address, bits: bits_of(address) }
    }

    fn has(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::All, _) => true,
            (Self::Domain { name, itself }, Host::Name(host)) => match host.strip_suffix(&**name) {
                Some("") => *itself,
                Some(below) => below.ends_with('.'),
                None => false,
            },
            (Self::Network { address, bits }, Host::Address(host)) => {
                let same = match (address, host) {
                    (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
                    (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
                    _ => return false,
                };
                same >= *bits
            }
            _ => false,
        }
    }
}

/// The host of a URL. An address is only an address in its usual form, never what a name resolves to.
enum Host {
    Address(IpAddr),
    /// In lower case, without the period of the root.
    Name(String),
}

impl Host {
    fn of(host: &str) -> Self {
        let host = host.strip_suffix('.').unwrap_or(host);
        address(host).map_or_else(|| Self::Name(host.to_ascii_lowercase()), Self::Address)
    }

    /// For the proxy, this would be another machine. Names: RFC 6761 section 6.3.
    fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }
}

/// `example.com` and `.example.com` are the domain and all names below it, as curl and reqwest read them;
/// for Go, the second is without the domain itself. `*.example.com` is so for Go, and the others do not
/// know it.
fn domain(text: &str) -> Option<Hosts> {
    let (name, itself) = match text.strip_prefix("*.") {
        Some(name) => (name, false),
        None => (text.strip_prefix('.').unwrap_or(text), true),
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_name = is_host(&name) && name.split('.').all(|label| !label.is_empty());
    is_name.then_some(Hosts::Domain { name, itself })
}

fn network(text: &str, bits: &str) -> Option<Hosts> {
    let (address, bits) = (address(text)?, number(bits)?);
    (bits <= bits_of(address)).then_some(Hosts::Network { address, bits })
}

/// An address, of IPv6 with or without brackets. One of IPv4 that is mapped to IPv6 is one of IPv4.
fn address(text: &str) -> Option<IpAddr> {
    let address = match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(text) => IpAddr::V6(text.parse::<Ipv6Addr>().ok()?),
        None => text.strip_suffix('.').unwrap_or(text).parse().ok()?,
    };
    Some(address.to_canonical())
}

fn bits_of(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// Digits alone: `parse` would also take a sign.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    fn has(list: &str, url: &str) -> bool {
        NoProxy::parse(list).has(&url.parse().unwrap())
    }

    #[test]
    fn list_names_the_hosts_that_are_contacted_directly() {
        // The list, the host and perhaps port of an `https:` URL, and whether it is contacted directly.
        let cases = [
            // Nothing.
            ("", "example.com", false),
            (",", "example.com", false),
            (" , ,\t", "example.com", false),
            // A domain.
            ("example.com", "example.com", true),
            ("example.com", "www.example.com", true),
            ("example.com", "a.b.example.com", true),
            ("example.com", "notexample.com", false),
            ("example.com", "example.com.evil.test", false),
            ("example.com", "example.org", false),
            ("example.com", "com", false),
            ("www.example.com", "example.com", false),
            ("keycloak", "keycloak", true),
            ("keycloak", "keycloak.svc", false),
            ("my_host", "my_host", true),
            // A period at the beginning.
            (".example.com", "example.com", true),
            (".example.com", "www.example.com", true),
            (".example.com", "notexample.com", false),
            ("..example.com", "example.com", false),
            ("..example.com", "www.example.com", false),
            (".", "example.com", false),
            // A star.
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "notexample.com", false),
            ("*", "example.com", true),
            ("*", "192.0.2.1", true),
            ("*", "[2001:db8::1]:8443", true),
            ("a.test, *", "example.com", true),
            ("*.", "example.com", false),
            ("**", "example.com", false),
            ("*example.com", "notexample.com", false),
            ("exam*.com", "example.com", false),
            ("example.*", "example.com", false),
            ("www.*.com", "www.example.com", false),
            ("*:443", "example.com", false),
            // Case, and the period of the root.
            ("EXAMPLE.com", "example.COM", true),
            (".Example.Com", "WWW.example.com", true),
            ("example.com.", "example.com", true),
            ("example.com", "example.com.", true),
            ("example.com.", "www.example.com.", true),
            ("example.com..", "example.com", false),
            // Lists.
            ("a.test,example.com", "example.com", true),
            ("a.test, example.com , b.test", "example.com", true),
            ("a.test example.com", "example.com", true),
            ("a.test\texample.com\n", "example.com", true),
            (",,example.com,,", "example.com", true),
            ("a.test;example.com", "example.com", false),
            ("a.test,b.test", "example.com", false),
            // Ports.
            ("example.com:443", "example.com", true),
            ("example.com:443", "www.example.com:443", true),
            ("example.com:8443", "example.com:8443", true),
            ("example.com:8443", "example.com", false),
            ("example.com:80", "example.com", false),
            ("*.example.com:8443", "www.example.com:8443", true),
            ("example.com.:443", "example.com", true),
            ("example.com", "example.com:8443", true),
            ("example.com:", "example.com", false),
            ("example.com:+443", "example.com", false),
            ("example.com:65979", "example.com", false),
            ("example.com:https", "example.com", false),
            ("example.com:443:443", "example.com", false),
            (":443", "example.com", false),
            // Addresses of IPv4.
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.1:8443", true),
            ("192.0.2.1", "192.0.2.10", false),
            ("192.0.2.10", "192.0.2.1", false),
            ("192.0.2.1:8443", "192.0.2.1:8443", true),
            ("192.0.2.1:8443", "192.0.2.1", false),
            ("192.0.2", "192.0.2.1", false),
            ("192.0.2.", "192.0.2.1", false),
            ("192.0.2.*", "192.0.2.1", false),
            (".0.2.1", "192.0.2.1", false),
            ("2.1", "192.0.2.1", false),
            ("[192.0.2.1]", "192.0.2.1", false),
            ("192.0.2.1", "192.0.2.1.example.com", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "[::ffff:192.0.2.1]", true),
            // Networks of IPv4.
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("192.0.2.128/25", "192.0.2.128", true),
            ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.1/32", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.0", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "[2001:db8::1]", false),
            ("0.0.0.0/0", "example.com", false),
            ("10.0.0.0/33", "10.0.0.0", false),
            ("10.0.0.0/4294967304", "10.0.0.0", false),
            ("10.0.0.0/", "10.0.0.0", false),
            ("10.0.0.0/-8", "10.0.0.0", false),
            ("10.0.0.0/+8", "10.0.0.0", false),
            ("10.0.0.0/8/8", "10.0.0.0", false),
            ("10.0.0.0/8:443", "10.0.0.0", false),
            ("10.0.0.0/255.0.0.0", "10.0.0.0", false),
            ("/8", "10.0.0.0", false),
            ("10/8", "10.0.0.0", false),
            // IPv6.
            ("2001:db8::1", "[2001:db8::1]", true),
            ("[2001:db8::1]", "[2001:db8::1]", true),
            ("2001:DB8:0:0::1", "[2001:db8::1]:8443", true),
            ("[2001:db8::1]:8443", "[2001:db8::1]:8443", true),
            ("[2001:db8::1]:8443", "[2001:db8::1]", false),
            ("2001:db8::2", "[2001:db8::1]", false),
            // An address that ends in 443.
            ("2001:db8::1:443", "[2001:db8::1]", false),
            ("2001:db8::1:443", "[2001:db8::1:443]", true),
            ("1:2:3:4:5:6:7:8:443", "[1:2:3:4:5:6:7:8]", false),
            ("2001:db8::/32", "[2001:db8:ffff::1]", true),
            ("[2001:db8::]/32", "[2001:db8:ffff::1]", true),
            ("2001:db8::/33", "[2001:db8:8000::1]", false),
            ("2001:db8::1/128", "[2001:db8::1]", true),
            ("2001:db8::1/129", "[2001:db8::1]", false),
            ("::/0", "[2001:db8::1]", true),
            ("::/0", "192.0.2.1", false),
            ("[2001:db8::1", "[2001:db8::1]", false),
            ("2001:db8::1]", "[2001:db8::1]", false),
            ("[]", "[2001:db8::1]", false),
            ("[2001:db8::1]443", "[2001:db8::1]", false),
            ("fe80::1%eth0", "[fe80::1]", false),
            // Malformed entries do not spoil the others.
            ("https://example.com", "example.com", false),
            ("https://example.com/,example.com", "example.com", true),
            ("user@example.com", "example.com", false),
            ("ex\u{e4}mple.com,\u{fffd},example.com", "example.com", true),
            ("\u{fffd}example.com", "example.com", false),
            ("example..com", "example..com", false),
            ("-", "example.com", false),
            ("'example.com'", "example.com", false),
        ];
        for (list, host, direct) in cases {
            assert_eq!(has(list, &format!("https://{host}/")), direct, "{list:?} {host}");
        }
    }

    #[test]
    fn port_of_plain_http_is_80() {
        for (list, url, direct) in [
            ("example.com:80", "http://example.com/", true),
            ("example.com:443", "http://example.com/", false),
            ("example.com:80", "http://example.com:8080/", false),
            ("example.com:443", "https://example.com/", true),
        ] {
            assert_eq!(has(list, url), direct, "{list} {url}");
        }
    }

    #[test]
    fn this_machine_is_always_contacted_directly() {
        for (host, direct) in [
            ("localhost", true),
            ("LocalHost.:8443", true),
            ("a.localhost", true),
            ("127.0.0.1", true),
            ("127.255.255.254:8443", true),
            ("127.0.0.1.", true),
            ("[::1]", true),
            ("[0:0:0:0:0:0:0:1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("localhost.example.com", false),
            ("mylocalhost", false),
            ("128.0.0.1", false),
            ("0.0.0.0", false),
            ("[::2]", false),
            ("127.0.0.1.example.com", false),
            // Resolvers may read these as 127.0.0.1, but here they are names.
            ("127.1", false),
            ("2130706433", false),
        ] {
            assert_eq!(has("", &format!("https://{host}/")), direct, "{host}");
        }
    }
}
