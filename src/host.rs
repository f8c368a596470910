//! Host and port of a URL. RFC 3986 sections 3.2.2 and 3.2.3.

use core::net::{Ipv4Addr, Ipv6Addr};

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
