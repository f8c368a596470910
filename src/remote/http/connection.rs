//! From a URL to a connection: which URLs may be fetched, the addresses of their host, and whether the
//! response is encoded. RFC 3986, RFC 9110 section 4.2.

use std::{
    boxed::Box,
    error::Error,
    fmt,
    net::{SocketAddr, ToSocketAddrs as _},
    string::String,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    vec::Vec,
};

use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{
            Buffers, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector,
            Transport,
        },
    },
};

use crate::{
    SettingFault,
    host::{is_host, is_loopback, is_port},
    remote::{
        config_error::FetchConfigError,
        http::{
            stage::Stages,
            tunnel::{Tunnel, boxed},
        },
    },
};

/// The hosts that plain `http:` was allowed for.
#[derive(Clone, Default)]
pub(crate) struct PlainHttp {
    pub(crate) loopback: bool,
    /// Names and addresses as a URL has them, without port.
    pub(crate) hosts: Vec<String>,
}

impl PlainHttp {
    pub(crate) fn check(&self) -> Result<(), FetchConfigError> {
        match self.hosts.iter().all(|host| is_host(host)) {
            true => Ok(()),
            false => Err(FetchConfigError::HttpHost),
        }
    }

    fn allows(&self, host: &str) -> bool {
        let is_named = self.hosts.iter().any(|named| named.eq_ignore_ascii_case(host));
        is_named || self.loopback && is_loopback(host)
    }
}

/// Whether `url` may be fetched. The parser is the HTTP client's own, so that the check and the fetch
/// cannot disagree on where the host ends.
pub(crate) fn check_url(url: &str, plain_http: &PlainHttp) -> Result<(), FetchConfigError> {
    if let Some(fault) = SettingFault::of(url) {
        return Err(FetchConfigError::SpoiledUrl { fault });
    }
    if begins_with_host(url) {
        return Err(FetchConfigError::UrlWithoutScheme);
    }
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
        "http" if plain_http.allows(host) => Ok(()),
        _ => Err(FetchConfigError::NotHttps),
    }
}

/// Whether `url` is a name or an address, perhaps with a port and a path.
fn begins_with_host(url: &str) -> bool {
    let authority = url.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    is_host(host) && authority.strip_prefix(host).is_some_and(is_port)
}

/// The system's resolver, on its own thread, since it has no timeout.
///
/// ureq's own resolver panics if the system has no thread left, and its errors look like those of a
/// connection.
#[derive(Debug)]
pub(crate) struct SystemResolver(pub(crate) Arc<Stages>);

impl Resolver for SystemResolver {
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
            false => {
                self.0.has_resolved();
                Ok(addresses)
            }
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

/// Opens ureq's own connections, or those of `tunnel`, and watches the responses.
///
/// With ureq's feature `gzip`, which any crate may enable, ureq decodes bodies silently, so the header
/// must be seen first.
#[derive(Debug)]
pub(crate) struct WatchedConnector {
    tunnel: Option<Tunnel>,
    stages: Arc<Stages>,
    encoded: Arc<AtomicBool>,
}

impl WatchedConnector {
    /// `encoded` is set when a response names a content coding.
    pub(crate) fn new(
        tunnel: Option<Tunnel>,
        stages: Arc<Stages>,
        encoded: Arc<AtomicBool>,
    ) -> Self {
        Self { tunnel, stages, encoded }
    }
}

impl Connector for WatchedConnector {
    type Out = Watched;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let encoded = Arc::clone(&self.encoded);
        let connection = match &self.tunnel {
            None => TcpConnector::default().connect(details, chained)?.map(boxed),
            Some(tunnel) => {
                let through = tunnel.open(details);
                Some(through.map_err(|error| ureq::Error::Other(Box::new(error)))?)
            }
        };
        self.stages.has_connected(details.needs_tls());
        let transport = RustlsConnector::default().connect(details, connection)?.map(boxed);
        self.stages.has_secured();
        Ok(transport.map(|inner| Watched { inner, encoded }))
    }
}

#[derive(Debug)]
pub(crate) struct Watched {
    inner: Box<dyn Transport>,
    encoded: Arc<AtomicBool>,
}

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, limit: NextTimeout) -> Result<(), ureq::Error> {
        self.inner.transmit_output(amount, limit)
    }

    fn await_input(&mut self, limit: NextTimeout) -> Result<bool, ureq::Error> {
        let some = self.inner.await_input(limit)?;
        // ureq keeps the whole head of the response in this buffer until it is complete.
        if has_content_encoding(self.inner.buffers().input()) {
            self.encoded.store(true, Ordering::Relaxed);
        }
        Ok(some)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// Whether a line names a content coding. Servers also write this header for a body that is not encoded:
/// without a value, or with one that is no coding. The end of the head does not matter: no line of JSON
/// begins with this name.
fn has_content_encoding(input: &[u8]) -> bool {
    input.split_inclusive(|&byte| byte == b'\n').skip(1).any(|line| {
        let mut parts = line.splitn(2, |&byte| byte == b':');
        let is_named = |name: &[u8]| name.eq_ignore_ascii_case(b"content-encoding");
        line.ends_with(b"\n")
            && parts.next().is_some_and(is_named)
            && !parts.next().is_some_and(names_no_coding)
    })
}

fn names_no_coding(value: &[u8]) -> bool {
    value.split(|&byte| byte == b',').all(|coding| {
        NO_CODINGS.iter().any(|none| coding.trim_ascii().eq_ignore_ascii_case(none.as_bytes()))
    })
}

/// `identity` is reserved for this meaning, RFC 9110 section 18.6. Servers send the others by mistake.
const NO_CODINGS: [&str; 4] = ["", "identity", "none", "utf-8"];

/// The capacity of ureq's array.
const MAX_ADDRESSES: usize = 16;

#[cfg(test)]
mod tests {
    use ureq::unversioned::transport::LazyBuffers;

    use super::*;

    #[test]
    fn url_is_checked_before_it_is_ever_fetched() {
        let (url, plain) = (FetchConfigError::Url, FetchConfigError::NotHttps);
        let no_scheme = FetchConfigError::UrlWithoutScheme;
        let space = FetchConfigError::SpoiledUrl { fault: SettingFault::WhiteSpace };
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
            ("http://example.com/", Err(plain), Err(plain)),
            ("http://10.0.0.1/", Err(plain), Err(plain)),
            // Spellings of 127.0.0.1 that resolvers know, and names that only look like it.
            ("http://127.1/", Err(plain), Err(plain)),
            ("http://2130706433/", Err(plain), Err(plain)),
            ("http://0.0.0.0/", Err(plain), Err(plain)),
            ("http://[::ffff:127.0.0.1]/", Err(plain), Err(plain)),
            ("http://localhost.example.com/", Err(plain), Err(plain)),
            ("http://127.0.0.1.example.com/", Err(plain), Err(plain)),
            ("ftp://127.0.0.1/", Err(plain), Err(plain)),
            // Not absolute, or without a host.
            ("", Err(url), Err(url)),
            ("/jwks", Err(url), Err(url)),
            ("example.com/jwks", Err(no_scheme), Err(no_scheme)),
            ("localhost:8080/jwks", Err(no_scheme), Err(no_scheme)),
            ("[::1]:8080", Err(no_scheme), Err(no_scheme)),
            ("example.com", Err(no_scheme), Err(no_scheme)),
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
            (" https://example.com/", Err(space), Err(space)),
            ("https://example.com/ ", Err(space), Err(space)),
            ("https://example.com/a\r\nHost: b", Err(space), Err(space)),
            ("https://example.com/\u{7f}", Err(space), Err(space)),
            ("https://ex\u{e4}mple.com/", Err(url), Err(url)),
            ("https://example.com/a b", Err(url), Err(url)),
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
            let (none, loopback) = (PlainHttp::default(), allowing(true, &[]));
            assert_eq!(check_url(text, &none), outcome, "{text:?}");
            assert_eq!(check_url(text, &loopback), loopback_outcome, "{text:?}, loopback allowed");
        }
    }

    fn allowing(loopback: bool, hosts: &[&str]) -> PlainHttp {
        PlainHttp { loopback, hosts: hosts.iter().copied().map(String::from).collect() }
    }

    #[test]
    fn plain_http_is_allowed_for_the_named_hosts_and_no_other() {
        let allowed = allowing(false, &["keycloak", "10.0.0.7", "[fd00::7]", "LOCALHOST"]);
        assert_eq!(allowed.check(), Ok(()));
        for (url, outcome) in [
            ("http://keycloak:8080/realms/shop", Ok(())),
            ("http://KeyCloak/", Ok(())),
            ("https://keycloak/", Ok(())),
            ("http://10.0.0.7/", Ok(())),
            ("http://[fd00::7]:80/", Ok(())),
            ("http://localhost/", Ok(())),
            ("http://127.0.0.1/", Err(FetchConfigError::NotHttps)),
            ("http://keycloak.example/", Err(FetchConfigError::NotHttps)),
            ("http://a.keycloak/", Err(FetchConfigError::NotHttps)),
            ("http://keycloak./", Err(FetchConfigError::NotHttps)),
            ("http://[fd00::8]/", Err(FetchConfigError::NotHttps)),
            ("ftp://keycloak/", Err(FetchConfigError::NotHttps)),
            ("http://keycloak@evil.example/", Err(FetchConfigError::Url)),
        ] {
            assert_eq!(check_url(url, &allowed), outcome, "{url}");
        }
        for bad in ["", "keycloak:8080", "http://keycloak", "keycloak/", "*", "a b", "fd00::7"] {
            assert_eq!(
                allowing(false, &["good", bad]).check(),
                Err(FetchConfigError::HttpHost),
                "{bad}"
            );
        }
    }

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

    #[derive(Debug)]
    struct Fake {
        buffers: LazyBuffers,
        open: bool,
        tls: bool,
    }

    impl Transport for Fake {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.buffers
        }

        fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), ureq::Error> {
            Ok(())
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
            Ok(false)
        }

        fn is_open(&mut self) -> bool {
            self.open
        }

        fn is_tls(&self) -> bool {
            self.tls
        }
    }

    /// ureq refuses a connection for `https` that says it is not encrypted.
    #[test]
    fn connection_is_open_and_encrypted_if_the_one_inside_it_is() {
        for (open, tls) in [(true, true), (true, false), (false, true), (false, false)] {
            let inner = Box::new(Fake { buffers: LazyBuffers::new(1, 1), open, tls });
            let mut watched = Watched { inner, encoded: Arc::default() };
            assert_eq!((watched.is_open(), watched.is_tls()), (open, tls));
        }
    }

    #[test]
    fn content_encoding_is_seen_in_whatever_spelling() {
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\ncontent-encoding:br\r\n\r\n", true),
            ("HTTP/1.1 200 OK\nCONTENT-ENCODING:\tx-gzip\n\n", true),
            // The second of two fields; the final response after an interim one.
            ("a\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n", true),
            ("HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: identity, gzip\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: none, br\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: utf-16\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: Identity \r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Encoding:\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: NONE\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: UTF-8, ,identity\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nX-Content-Encoding: gzip\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Encodings: gzip\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nVary: Content-Encoding: gzip\r\n\r\n", false),
            // The line is not complete.
            ("HTTP/1.1 200 OK\r\nContent-Encoding: ident", false),
            ("HTTP/1.1 200 OK\r\n\r\n{\"a\":\n\"content-encoding: gzip\"}\n", false),
            ("", false),
        ];
        for (input, expected) in cases {
            assert_eq!(has_content_encoding(input.as_bytes()), expected, "{input:?}");
        }
    }
}
