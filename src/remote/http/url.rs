//! Which URLs may be fetched. RFC 3986, RFC 9110 section 4.2.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use ureq::http::Uri;

use crate::FetchConfigError;

/// Whether `url` may be fetched. The parser is the HTTP client's own, so that the check and the fetch
/// cannot disagree on where the host ends.
pub(crate) fn check_url(url: &str, http_loopback: bool) -> Result<(), FetchConfigError> {
    // `Uri` drops a fragment instead of refusing it.
    if !url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(FetchConfigError::Url);
    }
    let uri: Uri = url.parse().map_err(|_| FetchConfigError::Url)?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(FetchConfigError::Url);
    };
    let (host, authority) = (authority.host(), authority.as_str());
    if !is_host(host) || !authority.strip_prefix(host).is_some_and(is_port) {
        return Err(FetchConfigError::Url);
    }
    match scheme {
        "https" => Ok(()),
        "http" if !http_loopback => Err(FetchConfigError::NotHttps),
        "http" if !is_loopback(host) => Err(FetchConfigError::NotLoopback),
        "http" => Ok(()),
        _ => Err(FetchConfigError::NotHttps),
    }
}

/// The host of a URL that passed [`check_url`], with its port if there is one.
pub(crate) fn host_of(url: &str) -> Arc<str> {
    let uri: Option<Uri> = url.parse().ok();
    uri.as_ref().and_then(Uri::authority).map_or("", |authority| authority.as_str()).into()
}

fn is_host(host: &str) -> bool {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_name_byte),
    }
}

/// What may follow the host: nothing, or a colon and a number from 1 to 65535.
fn is_port(rest: &str) -> bool {
    let is_number = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    rest.is_empty()
        || rest
            .strip_prefix(':')
            .is_some_and(|port| is_number(port) && port.parse::<u16>().is_ok_and(|port| port != 0))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_checked_before_it_is_ever_fetched() {
        let (url, plain, far) =
            (FetchConfigError::Url, FetchConfigError::NotHttps, FetchConfigError::NotLoopback);
        // The URL, the outcome without and with `danger_allow_http_loopback`.
        let cases = [
            ("https://example.com/jwks", Ok(()), Ok(())),
            ("HTTPS://EXAMPLE.com:443/a?b=c%20d", Ok(()), Ok(())),
            ("https://example.com", Ok(()), Ok(())),
            ("https://192.0.2.1:65535/", Ok(()), Ok(())),
            ("https://[2001:db8::1]:8443/", Ok(()), Ok(())),
            ("http://127.0.0.1:8080/", Err(plain), Ok(())),
            ("http://127.255.255.254/", Err(plain), Ok(())),
            ("http://[::1]:80/", Err(plain), Ok(())),
            ("http://LocalHost/", Err(plain), Ok(())),
            ("http://example.com/", Err(plain), Err(far)),
            ("http://10.0.0.1/", Err(plain), Err(far)),
            // Spellings of 127.0.0.1 that resolvers know, and names that only look like it.
            ("http://127.1/", Err(plain), Err(far)),
            ("http://2130706433/", Err(plain), Err(far)),
            ("http://0.0.0.0/", Err(plain), Err(far)),
            ("http://[::ffff:127.0.0.1]/", Err(plain), Err(far)),
            ("http://localhost.example.com/", Err(plain), Err(far)),
            ("http://127.0.0.1.example.com/", Err(plain), Err(far)),
            ("ftp://127.0.0.1/", Err(plain), Err(plain)),
            // Not absolute, or without a host.
            ("", Err(url), Err(url)),
            ("/jwks", Err(url), Err(url)),
            ("example.com/jwks", Err(url), Err(url)),
            ("example.com", Err(url), Err(url)),
            ("https:", Err(url), Err(url)),
            ("https://", Err(url), Err(url)),
            ("https:///jwks", Err(url), Err(url)),
            ("https://:443/", Err(url), Err(url)),
            ("file:///etc/jwks.json", Err(url), Err(url)),
            // User information, fragment.
            ("https://user@example.com/", Err(url), Err(url)),
            ("https://user:password@example.com/", Err(url), Err(url)),
            ("http://127.0.0.1@example.com/", Err(url), Err(url)),
            ("https://@example.com/", Err(url), Err(url)),
            ("https://example.com/#fragment", Err(url), Err(url)),
            ("https://example.com#", Err(url), Err(url)),
            // White space, control characters, characters outside ASCII.
            (" https://example.com/", Err(url), Err(url)),
            ("https://example.com/ ", Err(url), Err(url)),
            ("https://example.com/a\r\nHost: b", Err(url), Err(url)),
            ("https://example.com/\u{7f}", Err(url), Err(url)),
            ("https://ex\u{e4}mple.com/", Err(url), Err(url)),
            // Hosts that are neither names nor addresses.
            ("https://ex%61mple.com/", Err(url), Err(url)),
            ("https://example.com\\@b.example/", Err(url), Err(url)),
            ("https://a,b.example/", Err(url), Err(url)),
            ("https://[::1/", Err(url), Err(url)),
            ("https://[::g]/", Err(url), Err(url)),
            ("https://[fe80::1%25eth0]/", Err(url), Err(url)),
            // Ports.
            ("https://example.com:/", Err(url), Err(url)),
            ("https://example.com:0/", Err(url), Err(url)),
            ("https://example.com:65536/", Err(url), Err(url)),
            ("https://example.com:+80/", Err(url), Err(url)),
            ("https://example.com:80:80/", Err(url), Err(url)),
            ("https://example.com:8o/", Err(url), Err(url)),
        ];
        for (text, outcome, loopback_outcome) in cases {
            assert_eq!(check_url(text, false), outcome, "{text:?}");
            assert_eq!(check_url(text, true), loopback_outcome, "{text:?}, loopback allowed");
        }
    }

    #[test]
    fn host_is_named_with_its_port_and_nothing_else() {
        for (url, host) in [
            ("https://example.com/a?b=c", "example.com"),
            ("https://example.com:8443/a", "example.com:8443"),
            ("http://[::1]:80/", "[::1]:80"),
        ] {
            assert_eq!(&*host_of(url), host);
        }
    }
}
