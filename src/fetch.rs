//! A URL to bytes, over https and within limits. The only file that names ureq.

use std::{
    boxed::Box,
    env,
    io::{ErrorKind, Read as _},
    net::{Ipv4Addr, Ipv6Addr},
    panic::{AssertUnwindSafe, catch_unwind},
    string::{String, ToString as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
    vec::Vec,
};

use ureq::{
    Agent, Body, Proxy, ProxyProtocol,
    config::Config,
    http::{
        Response, StatusCode, Uri,
        header::{CACHE_CONTROL, LOCATION, RETRY_AFTER},
    },
    tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{
            Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
        },
    },
};

use crate::{FetchConfigError, FetchError};

/// Fetches key sets: the seam for another HTTP client than the built-in one.
///
/// Whoever implements it keeps the promises the built-in one keeps: returns within
/// [`FetchRequest::timeout`], reads no more than [`FetchRequest::max_body`] bytes, follows no redirect,
/// takes nothing but status 200 for success. It is called by one thread at a time.
pub trait Fetch: Send + Sync {
    /// The body of the key set that `request` asks for.
    ///
    /// # Errors
    ///
    /// [`FetchError`]
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError>;
}

impl<F> Fetch for F
where
    F: Fn(&FetchRequest) -> Result<Vec<u8>, FetchError> + Send + Sync,
{
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        self(request)
    }
}

/// What to fetch, and within which limits.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    url: Arc<str>,
    timeout: Duration,
    max_body: usize,
    no_cache: bool,
}

impl FetchRequest {
    /// A request within these limits, for tests of a [`Fetch`].
    pub fn new(url: impl Into<Arc<str>>, timeout: Duration, max_body: usize) -> Self {
        Self { url: url.into(), timeout, max_body, no_cache: false }
    }

    /// The same, past the copies of intermediaries or not.
    #[must_use]
    pub fn with_no_cache(self, no_cache: bool) -> Self {
        Self { no_cache, ..self }
    }

    /// The key set's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// For the whole fetch: name, connection, TLS, headers and body.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The most bytes the body may have, after any decoding.
    pub fn max_body(&self) -> usize {
        self.max_body
    }

    /// Whether to send `Cache-Control: no-cache`. RFC 9111 section 5.2.1.4.
    pub fn no_cache(&self) -> bool {
        self.no_cache
    }
}

/// The settings of [`HttpFetch`].
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Duration,
    pub(crate) root_certs_pem: Option<Vec<u8>>,
    proxy: ProxyChoice,
    http_loopback: bool,
}

#[derive(Clone, Debug)]
enum ProxyChoice {
    Environment,
    None,
    Explicit(String),
}

impl HttpSettings {
    pub(crate) fn no_proxy(&mut self) {
        self.proxy = ProxyChoice::None;
    }

    pub(crate) fn explicit_proxy(&mut self, url: String) {
        self.proxy = ProxyChoice::Explicit(url);
    }

    pub(crate) fn allow_http_loopback(&mut self) {
        self.http_loopback = true;
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            root_certs_pem: None,
            proxy: ProxyChoice::Environment,
            http_loopback: false,
        }
    }
}

/// Whether `url` may be fetched at all. The parser is the one that will fetch it, so that the two
/// cannot disagree on where the host ends.
pub(crate) fn check_url(url: &str, settings: &HttpSettings) -> Result<(), FetchConfigError> {
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
        "http" if !settings.http_loopback => Err(FetchConfigError::NotHttps),
        "http" if !is_loopback(host) => Err(FetchConfigError::NotLoopback),
        "http" => Ok(()),
        _ => Err(FetchConfigError::NotHttps),
    }
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

/// The built-in HTTP client. Keeps nothing between fetches: ten minutes later a connection would
/// be stale.
pub(crate) struct HttpFetch {
    connect_timeout: Duration,
    tls: TlsConfig,
    proxy: Option<Proxy>,
}

impl HttpFetch {
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self, FetchConfigError> {
        let roots = match &settings.root_certs_pem {
            Some(pem) => RootCerts::Specific(Arc::new(certificates(pem)?)),
            None => RootCerts::WebPki,
        };
        let proxy = match &settings.proxy {
            ProxyChoice::Environment => proxy_of_environment()?,
            ProxyChoice::None => None,
            ProxyChoice::Explicit(url) => {
                Some(Proxy::new(url).map_err(|_| FetchConfigError::Proxy)?)
            }
        };
        // ureq would go past a SOCKS proxy, or panic.
        let is_http =
            |proxy: &Proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
        if !proxy.as_ref().is_none_or(is_http) {
            return Err(FetchConfigError::Proxy);
        }
        let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(roots).build();
        Ok(Self { connect_timeout: settings.connect_timeout, tls, proxy })
    }

    fn get(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        let deadline = Deadline { start: Instant::now(), timeout: request.timeout().min(A_DAY) };
        let (response, encoded) = match self.open(request, deadline) {
            // Once more at once: a restart behind a load balancer looks like this.
            Err(FetchError::Connect { kind }) if is_passing(kind) => self.open(request, deadline),
            outcome => outcome,
        }?;
        if response.status() != StatusCode::OK {
            return Err(refusal(&response));
        }
        if encoded {
            return Err(FetchError::ContentEncoding);
        }
        let limit = request.max_body();
        let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut body = Vec::new();
        let read = response.into_body().into_reader().take(one_more).read_to_end(&mut body);
        read.map_err(|error| match fetch_error(error.into()) {
            FetchError::Connect { .. } => FetchError::Truncated,
            error => error,
        })?;
        if body.len() > limit {
            return Err(FetchError::BodyTooLong { limit });
        }
        Ok(body)
    }

    /// One attempt, up to the end of the headers; and whether the body is encoded.
    fn open(
        &self,
        request: &FetchRequest,
        deadline: Deadline,
    ) -> Result<(Response<Body>, bool), FetchError> {
        let uri: Uri = request.url().parse().map_err(|_| FetchError::HostNotFound)?;
        // What `http:` was allowed for is not to leave this machine because of a variable.
        let is_plain = uri.scheme_str() == Some("http");
        let is_meant =
            |proxy: &Proxy| !(is_plain && proxy.is_from_env() || proxy.is_no_proxy(&uri));
        let proxy = self.proxy.clone().filter(is_meant);
        let proxied = proxy.is_some();
        let connect_timeout = self.connect_timeout.min(A_DAY);
        let config = Agent::config_builder()
            .tls_config(self.tls.clone())
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(deadline.left()))
            .timeout_resolve(Some(connect_timeout))
            .timeout_connect(Some(connect_timeout))
            .user_agent(concat!("tokenring/", env!("CARGO_PKG_VERSION")))
            .accept("application/jwk-set+json, application/json")
            .accept_encoding("identity")
            .build();
        let encoded = Arc::new(AtomicBool::new(false));
        let connector =
            Watched { inner: DefaultConnector::new(), deadline, encoded: Arc::clone(&encoded) };
        let call = Agent::with_parts(config, connector, Names::default()).get(uri);
        let call = match request.no_cache() {
            true => call.header(CACHE_CONTROL, "no-cache"),
            false => call,
        };
        match call.call().map_err(fetch_error) {
            Ok(response) => Ok((response, encoded.load(Ordering::Relaxed))),
            // With a proxy, it is the proxy's name and address that ureq looks up and calls.
            Err(FetchError::HostNotFound) if proxied => Err(FetchError::Proxy),
            Err(FetchError::Connect { kind: ErrorKind::ConnectionRefused }) if proxied => {
                Err(FetchError::Proxy)
            }
            Err(error) => Err(error),
        }
    }
}

impl Fetch for HttpFetch {
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        // ureq panics if it cannot start the thread that looks up a name.
        let get = AssertUnwindSafe(|| self.get(request));
        catch_unwind(get).unwrap_or(Err(FetchError::Thread))
    }
}

/// A setting that cannot be read is not passed over: it may be there to keep traffic in.
fn proxy_of_environment() -> Result<Option<Proxy>, FetchConfigError> {
    let names = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"];
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let any_set = names.into_iter().any(|name| is_set(name) || is_set(&name.to_lowercase()));
    match Proxy::try_from_env() {
        None if any_set => Err(FetchConfigError::Proxy),
        proxy => Ok(proxy),
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, FetchConfigError> {
    let certificates: Option<Vec<_>> = parse_pem(pem)
        .map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    certificates.filter(|found| !found.is_empty()).ok_or(FetchConfigError::RootCerts)
}

/// Why a response other than 200 is of no use.
fn refusal(response: &Response<Body>) -> FetchError {
    let status = response.status().as_u16();
    let headers = response.headers();
    if let (300..=399, Some(location)) = (status, headers.get(LOCATION)) {
        let location = cut(&String::from_utf8_lossy(location.as_bytes()));
        return FetchError::Redirect { status, location };
    }
    let retry_after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs);
    FetchError::Status { status, retry_after }
}

fn fetch_error(error: ureq::Error) -> FetchError {
    use ureq::Error;
    match error {
        Error::Timeout(_) => FetchError::Timeout,
        Error::HostNotFound => FetchError::HostNotFound,
        // That is how rustls hands its errors to std::io; sockets have none of this kind.
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            FetchError::Tls { reason: cut(&error.to_string()) }
        }
        Error::Io(error) => FetchError::Connect { kind: error.kind() },
        Error::Tls(reason) => FetchError::Tls { reason: reason.into() },
        Error::Rustls(error) => FetchError::Tls { reason: cut(&error.to_string()) },
        Error::TlsRequired => FetchError::Tls { reason: error.to_string() },
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => FetchError::Proxy,
        _ => FetchError::Protocol,
    }
}

/// Refused, reset, or closed before there was a status.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
    )
}

/// The peer's text, short enough for a log.
fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[derive(Clone, Copy, Debug)]
struct Deadline {
    start: Instant,
    timeout: Duration,
}

impl Deadline {
    fn left(self) -> Duration {
        self.timeout.saturating_sub(self.start.elapsed())
    }
}

/// ureq's own connections, for two things it does not do.
///
/// If any crate turns on ureq's feature `gzip`, it decodes bodies and hides that it did: whether
/// one is encoded must be seen before. And the answer of a proxy to `CONNECT` may take as long as
/// it likes, as long as some of it comes now and then.
#[derive(Debug)]
struct Watched<C> {
    inner: C,
    deadline: Deadline,
    encoded: Arc<AtomicBool>,
}

impl Connector for Watched<DefaultConnector> {
    type Out = Watched<Box<dyn Transport>>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let encoded = Arc::clone(&self.encoded);
        let transport = self.inner.connect(details, chained)?;
        Ok(transport.map(|inner| Watched { inner, deadline: self.deadline, encoded }))
    }
}

impl Transport for Watched<Box<dyn Transport>> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, limit: NextTimeout) -> Result<(), ureq::Error> {
        self.inner.transmit_output(amount, limit)
    }

    fn await_input(&mut self, limit: NextTimeout) -> Result<bool, ureq::Error> {
        let after = limit.after.min(self.deadline.left().into());
        let some = self.inner.await_input(NextTimeout { after, ..limit })?;
        // ureq keeps all of the head here until it has the end of it.
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

/// Whether a line names a content coding other than `identity`. Where the head ends does not
/// matter: no line of JSON begins like this.
fn has_content_encoding(input: &[u8]) -> bool {
    input.split_inclusive(|&byte| byte == b'\n').skip(1).any(|line| {
        let mut parts = line.splitn(2, |&byte| byte == b':');
        let is_named = |name: &[u8]| name.eq_ignore_ascii_case(b"content-encoding");
        let is_none = |value: &[u8]| value.trim_ascii().eq_ignore_ascii_case(b"identity");
        line.ends_with(b"\n")
            && parts.next().is_some_and(is_named)
            && !parts.next().is_some_and(is_none)
    })
}

/// ureq's own resolver, whose errors cannot be told from those of a connection.
#[derive(Debug, Default)]
struct Names(DefaultResolver);

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.0.resolve(uri, config, timeout).map_err(|error| match error {
            ureq::Error::Io(_) => ureq::Error::HostNotFound,
            error => error,
        })
    }
}

/// Enough for a name, a connection and TLS; a second attempt still fits into the default timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Longer timeouts are cut to this, so that no sum of times overflows.
const A_DAY: Duration = Duration::from_secs(86_400);

/// How many characters of the peer's text are kept.
const MAX_TEXT: usize = 200;

#[cfg(test)]
mod tests {
    use std::format;

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
            // White space, control characters, what is not ASCII.
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
        let strict = HttpSettings::default();
        let mut loopback = HttpSettings::default();
        loopback.allow_http_loopback();
        for (text, outcome, loopback_outcome) in cases {
            assert_eq!(check_url(text, &strict), outcome, "{text:?}");
            assert_eq!(check_url(text, &loopback), loopback_outcome, "{text:?}, loopback allowed");
        }
    }

    #[test]
    fn content_encoding_is_seen_in_whatever_spelling() {
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\ncontent-encoding:br\r\n\r\n", true),
            ("HTTP/1.1 200 OK\nCONTENT-ENCODING:\tx-gzip\n\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding:\r\n\r\n", true),
            // The second of two, the second response after an interim one.
            ("a\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n", true),
            ("HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: identity, gzip\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: Identity \r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nX-Content-Encoding: gzip\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nContent-Encodings: gzip\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nVary: Content-Encoding: gzip\r\n\r\n", false),
            // Not all of the line is there.
            ("HTTP/1.1 200 OK\r\nContent-Encoding: ident", false),
            ("HTTP/1.1 200 OK\r\n\r\n{\"a\":\n\"content-encoding: gzip\"}\n", false),
            ("", false),
        ];
        for (input, expected) in cases {
            assert_eq!(has_content_encoding(input.as_bytes()), expected, "{input:?}");
        }
    }

    #[test]
    fn peers_text_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"\u{e4}".repeat(201)), "\u{e4}".repeat(200));
    }

    #[test]
    fn given_root_certificates_replace_the_built_in_ones() {
        let mut settings = HttpSettings::default();
        let fetch = HttpFetch::new(&settings).unwrap();
        assert!(matches!(fetch.tls.root_certs(), RootCerts::WebPki));
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        settings.root_certs_pem = Some(pem.into());
        let fetch = HttpFetch::new(&settings).unwrap();
        assert!(matches!(fetch.tls.root_certs(), RootCerts::Specific(certs) if certs.len() == 1));
        assert!(!fetch.tls.disable_verification());
    }

    #[test]
    fn longest_timeouts_do_not_overflow() {
        let mut settings =
            HttpSettings { connect_timeout: Duration::MAX, ..HttpSettings::default() };
        settings.allow_http_loopback();
        let request = FetchRequest::new("http://127.0.0.1:1/", Duration::MAX, usize::MAX);
        let outcome = HttpFetch::new(&settings).unwrap().fetch(&request);
        assert_eq!(outcome, Err(FetchError::Connect { kind: ErrorKind::ConnectionRefused }));
    }

    #[test]
    fn name_that_cannot_be_is_not_found() {
        // A label of more than 63 bytes: no name server is asked.
        let url = format!("https://{}.example/", "a".repeat(64));
        let mut settings = HttpSettings::default();
        settings.no_proxy();
        assert_eq!(check_url(&url, &settings), Ok(()));
        let request = FetchRequest::new(url, Duration::from_secs(5), 1);
        let outcome = HttpFetch::new(&settings).unwrap().fetch(&request);
        assert_eq!(outcome, Err(FetchError::HostNotFound));
    }
}
