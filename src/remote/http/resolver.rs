//! From a host's name to its addresses, within a time limit.

use std::{
    boxed::Box,
    error::Error,
    fmt,
    net::{SocketAddr, ToSocketAddrs as _},
    string::String,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    vec::Vec,
};

use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// The system's resolver, on its own thread, since it has no timeout.
///
/// ureq's own resolver panics if the system has no thread left, and its errors look like those of a
/// connection.
#[derive(Debug)]
pub(crate) struct Names;

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        _config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let name = uri
            .scheme()
            .zip(uri.authority())
            .and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority))
            .ok_or(ureq::Error::HostNotFound)?;
        let host = uri.host().unwrap_or_default();
        let found = look_up(name, timeout)?.into_iter().filter(|address| may_be(host, address));
        let mut addresses = self.empty();
        for address in found.take(MAX_ADDRESSES) {
            addresses.push(address);
        }
        match addresses.is_empty() {
            true => Err(ureq::Error::HostNotFound),
            false => Ok(addresses),
        }
    }
}

/// Whether `host` may have this address. `localhost` is this machine, whatever a name server says:
/// RFC 6761 section 6.3. Plain `http:` may be allowed for it.
fn may_be(host: &str, address: &SocketAddr) -> bool {
    !host.eq_ignore_ascii_case("localhost") || address.ip().is_loopback()
}

/// The addresses of `name`, a host and a port.
fn look_up(name: String, timeout: NextTimeout) -> Result<Vec<SocketAddr>, ureq::Error> {
    if let Ok(address) = name.parse() {
        return Ok(Vec::from([address]));
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    let look_up = move || {
        let addresses = name.to_socket_addrs().map(Vec::from_iter);
        // If it took too long, there is no receiver any more.
        let _late = sender.send(addresses);
    };
    let thread = thread::Builder::new().name("tokenring-names".into());
    thread.spawn(look_up).map_err(|_| ureq::Error::Other(Box::new(NoThread)))?;
    match receiver.recv_timeout(*timeout.after) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) => Err(ureq::Error::HostNotFound),
        Err(RecvTimeoutError::Timeout) => Err(ureq::Error::Timeout(timeout.reason)),
        Err(RecvTimeoutError::Disconnected) => Err(ureq::Error::Other(Box::new(NoThread))),
    }
}

/// The system has no thread left.
#[derive(Debug)]
pub(crate) struct NoThread;

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no thread to resolve a name on")
    }
}

impl Error for NoThread {}

/// The capacity of ureq's array.
const MAX_ADDRESSES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_this_machine_and_no_other() {
        for (host, address, expected) in [
            ("localhost", "127.0.0.1:80", true),
            ("LocalHost", "[::1]:80", true),
            ("localhost", "192.0.2.1:80", false),
            ("LocalHost", "[2001:db8::1]:80", false),
            ("localhost.example", "192.0.2.1:80", true),
        ] {
            assert_eq!(may_be(host, &address.parse().unwrap()), expected, "{host} {address}");
        }
    }
}
