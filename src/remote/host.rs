//! The host of a URL: the only part of one that a text shows. Path, query and user information may hold
//! secrets. RFC 3986 section 3.2.

use crate::host::{is_host, is_port};

/// The host of an absolute URL or of a reference that begins with `//`, with its port if there is one.
/// None for any other text: a path may look like a URL, and a broken URL may show a password.
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

/// RFC 3986 section 3.1.
fn is_scheme(scheme: &str) -> bool {
    let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(is_scheme_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

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
