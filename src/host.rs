//! Host and port of a URL. RFC 3986 sections 3.2.2 and 3.2.3.

use alloc::string::String;
use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

/// Whether it is a name, or an IPv6 address in brackets.
pub(crate) fn is_host(host: &str) -> bool {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_name_byte),
    }
}

/// What may follow the host: nothing, or a colon and a number from 1 to 65535.
pub(crate) fn is_port(rest: &str) -> bool {
    let is_number = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    rest.is_empty()
        || rest
            .strip_prefix(':')
            .is_some_and(|port| is_number(port) && port.parse::<u16>().is_ok_and(|port| port != 0))
}

/// Whether it is this machine, by its usual name or an address.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// The host of an absolute URL or of a reference that begins with `//`, with its port if there is one: the
/// only part of a URL that a text shows. Path, query and user information may hold secrets. None for any
/// other text: a path may look like a URL, and a broken URL may show a password.
pub(crate) fn host_of(url: &str) -> Option<&str> {
    let rest = match url.split_once("//")? {
        ("", rest) => rest,
        (scheme, rest) => {
            scheme.strip_suffix(':').filter(|scheme| is_scheme(scheme)).map(|_| rest)?
        }
    };
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let name = match host.rfind(']') {
        // The colons of an IPv6 address are not those of a port.
        Some(_) => host.split_inclusive(']').next()?,
        None => host.split(':').next()?,
    };
    (is_host(name) && host.strip_prefix(name).is_some_and(is_port)).then_some(host)
}

/// A configured name, such as an issuer or an audience, as `Debug` shows it: of a URL the host, a name as it is,
/// and nothing of a text that is neither.
pub(crate) struct Shown<S>(pub(crate) S);

impl<S: AsRef<str>> fmt::Debug for Shown<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        let name = Some(text).filter(|text| !text.contains(['/', '\\', '?', '#', '@']));
        fmt::Debug::fmt(name.or(host_of(text)).unwrap_or_default(), f)
    }
}

/// A list of them.
pub(crate) struct AllShown<'t>(pub(crate) &'t [String]);

impl fmt::Debug for AllShown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(Shown)).finish()
    }
}

/// RFC 3986 section 3.1.
fn is_scheme(scheme: &str) -> bool {
    let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(is_scheme_byte)
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn name_is_shown_as_it_is_and_of_a_url_the_host() {
        for (text, shown) in [
            ("https://user:SECRET@h.example/SECRET?key=SECRET", "h.example"),
            ("api://6e74172b-0000-0000-0000-00000000000a", "6e74172b-0000-0000-0000-00000000000a"),
            ("accounts.google.com", "accounts.google.com"),
            ("urn:example:api", "urn:example:api"),
            ("My API", "My API"),
            ("", ""),
            ("user:SECRET@h.example", ""),
            ("h.example/SECRET", ""),
            ("h.example?key=SECRET", ""),
            ("h.example#SECRET", ""),
            ("https:\\\\h.example\\SECRET", ""),
            ("https://user:SECRET/RET@h.example/", ""),
        ] {
            assert_eq!(format!("{:?}", Shown(text)), format!("{shown:?}"), "{text}");
        }
    }

    #[test]
    fn host_is_shown_with_its_port_and_nothing_else() {
        for (url, host) in [
            ("https://example.com/a?b=c", Some("example.com")),
            ("https://example.com:8443/a", Some("example.com:8443")),
            ("http://[::1]:80/", Some("[::1]:80")),
            ("https://[2001:db8::1]", Some("[2001:db8::1]")),
            ("https://example.com?b=c/d", Some("example.com")),
            ("https://example.com#//SECRET/", Some("example.com")),
            ("https://user:SECRET@example.com:8/", Some("example.com:8")),
            ("https://SECRET@SECRET@example.com/", Some("example.com")),
            ("//example.com/SECRET", Some("example.com")),
            // Paths that look like URLs.
            ("/a//SECRET/b", None),
            ("/next/https://SECRET/", None),
            ("?next=https://SECRET/", None),
            ("SECRET//SECRET", None),
            ("/login", None),
            ("", None),
            // Texts whose host cannot be told from the rest.
            ("https://user:SECRET/RET@example.com/", None),
            ("https://user:SECRET", None),
            ("https://SEC RET/", None),
            ("https://[::1SECRET]/", None),
            ("https://[::1]SECRET/", None),
            ("https:///SECRET", None),
            ("https:/SECRET/", None),
            ("\\\\SECRET\\a", None),
            ("1https://SECRET/", None),
            ("unix:/run/SECRET.sock", None),
            ("user:SECRET@example.com", None),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
