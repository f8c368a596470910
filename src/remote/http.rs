//! From a URL to bytes, over https and within limits.

use std::{
    io::ErrorKind,
    string::{String, ToString as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
    vec::Vec,
};

use ureq::{
    Agent, Body,
    http::{
        HeaderMap, Response, StatusCode, Uri,
        header::{CACHE_CONTROL, DATE, HeaderName, LOCATION, RETRY_AFTER},
    },
    tls::TlsConfig,
};

use crate::{
    UnixTime,
    remote::{
        clock::Deadline,
        config_error::FetchConfigError,
        error::{FetchError, ProxyError},
        fetch::{Fetch, FetchRequest, read_within},
        http::{
            connection::{NoThread, SystemResolver, WatchedConnector},
            headers::{Headers, Origin},
            proxy::{Proxies, is_plain},
            stage::Stages,
            tls::Tls,
            tls_error::tls_error,
            tunnel::Tunnel,
        },
        tls_fault::TlsFault,
    },
};

mod connection;
mod date;
mod headers;
mod no_proxy;
mod proxy;
mod stage;
mod tls;
mod tls_error;
mod tunnel;

pub(crate) use connection::{PlainHttp, check_url};
pub(crate) use headers::HeaderSettings;
pub(crate) use proxy::ProxyChoice;
pub(crate) use tls::{Pem, TlsSettings};

/// The settings of [`HttpFetch`].
#[derive(Clone)]
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Duration,
    pub(crate) tls: TlsSettings,
    pub(crate) headers: HeaderSettings,
    pub(crate) plain_http: PlainHttp,
    pub(crate) proxy: ProxyChoice,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            tls: TlsSettings::default(),
            headers: HeaderSettings::default(),
            plain_http: PlainHttp::default(),
            proxy: ProxyChoice::Environment,
        }
    }
}

/// The built-in HTTP client. It keeps no connection between fetches: it would be stale after ten
/// minutes.
pub(crate) struct HttpFetch {
    connect_timeout: Duration,
    tls: Tls,
    headers: Headers,
    /// The only one that is sent the headers and shown the client certificate: a `jwks_uri` may be on
    /// another host.
    own_origin: Option<Origin>,
    proxies: Proxies,
}

impl HttpFetch {
    /// The client of a source with this URL, the key set's or the issuer's.
    pub(crate) fn new(settings: &HttpSettings, url: &str) -> Result<Self, FetchConfigError> {
        Ok(Self {
            connect_timeout: settings.connect_timeout,
            tls: Tls::new(&settings.tls)?,
            headers: Headers::new(&settings.headers)?,
            own_origin: url.parse().ok().and_then(|url| Origin::of(&url)),
            proxies: settings.proxy.resolve(&settings.plain_http)?,
        })
    }

    /// Sends the request once, over TLS with the first roots that know the server's issuer.
    fn open(
        &self,
        request: &FetchRequest,
        deadline: Deadline,
    ) -> Result<(Response<Body>, bool), FetchError> {
        let uri: Uri = request.url().parse().map_err(|_| FetchError::HostNotFound)?;
        let is_own = self.own_origin.is_some() && Origin::of(&uri) == self.own_origin;
        let headers = match is_own {
            true => self.headers.read(deadline.left())?,
            false => HeaderMap::new(),
        };
        let mut outcome = Err(FetchError::Timeout);
        for tls in self.tls.configs(is_own) {
            outcome = self.open_with(tls, &headers, &uri, request, deadline);
            if !outcome.as_ref().err().is_some_and(is_unknown_issuer) {
                break;
            }
        }
        outcome
    }

    /// Returns the response at the end of its headers, and whether the body is encoded.
    fn open_with(
        &self,
        tls: TlsConfig,
        headers: &HeaderMap,
        uri: &Uri,
        request: &FetchRequest,
        deadline: Deadline,
    ) -> Result<(Response<Body>, bool), FetchError> {
        let proxy = self.proxies.proxy_for(uri);
        let config = Agent::config_builder()
            .tls_config(tls)
            // `tunnel` does the rest. With a proxy, ureq does not look up the host's addresses.
            .proxy(proxy.map(|proxy| proxy.address.clone()))
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(deadline.left()))
            .timeout_resolve(Some(self.connect_timeout))
            .timeout_connect(Some(self.connect_timeout))
            .user_agent(self.headers.user_agent.as_str())
            .accept(request.accept())
            .accept_encoding("identity")
            .build();
        let encoded = Arc::new(AtomicBool::new(false));
        let tunnel = proxy
            .map(|proxy| Tunnel::new(proxy.clone(), self.tls.configs(false).collect(), deadline));
        let stages = Arc::<Stages>::default();
        let connector = WatchedConnector::new(tunnel, Arc::clone(&stages), Arc::clone(&encoded));
        let resolver = SystemResolver(Arc::clone(&stages));
        let mut call = Agent::with_parts(config, connector, resolver).get(uri);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let call = match request.no_cache() {
            true => call.header(CACHE_CONTROL, "no-cache"),
            false => call,
        };
        let response = call.call().map_err(|error| fetch_error(error, &stages))?;
        let forwarder = proxy.filter(|_| is_plain(uri));
        match forwarder.and_then(|proxy| proxy.refusal(response.status())) {
            Some(error) => Err(error),
            None => Ok((response, encoded.load(Ordering::Relaxed))),
        }
    }
}

impl Fetch for HttpFetch {
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        let deadline = Deadline::after(request.timeout());
        let (response, encoded) = retried_once(|| self.open(request, deadline))?;
        if response.status() != StatusCode::OK {
            return Err(refusal(&response));
        }
        if encoded {
            return Err(FetchError::ContentEncoding);
        }
        let limit = request.max_body();
        let body = read_within(limit, response.into_body().into_reader());
        body.map_err(|error| body_error(error.into()))?.ok_or(FetchError::BodyTooLong { limit })
    }
}

/// The error for a response other than 200.
fn refusal(response: &Response<Body>) -> FetchError {
    let status = response.status().as_u16();
    let headers = response.headers();
    if let (300..=399, Some(location)) = (status, headers.get(LOCATION)) {
        return FetchError::redirect(status, &String::from_utf8_lossy(location.as_bytes()));
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let retry_after = text(RETRY_AFTER).and_then(|value| delay(value, text(DATE)));
    FetchError::Status { status, retry_after }
}

/// The time to wait by `Retry-After`, which is a number of seconds or a date. The date is compared with the
/// `Date` of the response, so that the clocks need not agree. RFC 9110 section 10.2.3.
fn delay(retry_after: &str, date: Option<&str>) -> Option<Duration> {
    if retry_after.bytes().all(|byte| byte.is_ascii_digit()) {
        return retry_after.parse().ok().map(Duration::from_secs);
    }
    let clock = UnixTime::now();
    let now = date.and_then(|date| date::parse(date, clock)).unwrap_or(clock);
    let end = date::parse(retry_after, now)?;
    Some(Duration::from_secs(end.as_secs().saturating_sub(now.as_secs())))
}

/// The error of a request whose connection has passed these stages.
fn fetch_error(error: ureq::Error, stages: &Stages) -> FetchError {
    use ureq::Error;
    match error {
        Error::Timeout(_) => stages.timeout(),
        Error::HostNotFound => FetchError::HostNotFound,
        // rustls gives its errors to std::io with this kind; sockets never use it.
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => tls_error(&error.to_string()),
        Error::Io(error) if is_passing(error.kind()) && stages.is_in_handshake() => {
            FetchError::Tls { fault: TlsFault::Closed, reason: error.kind().to_string() }
        }
        Error::Io(error) => FetchError::Connect { kind: error.kind() },
        Error::Tls(reason) => tls_error(reason),
        Error::Rustls(error) => tls_error(&error.to_string()),
        Error::TlsRequired => tls_error(&error.to_string()),
        Error::LargeResponseHeader(..) => FetchError::HeadersTooLarge,
        Error::Protocol(error) if error.to_string() == TOO_MANY_HEADERS => {
            FetchError::HeadersTooLarge
        }
        Error::Other(error) if error.is::<NoThread>() => FetchError::Thread,
        // Of `tunnel`.
        Error::Other(error) => error.downcast().map_or(FetchError::Protocol, |error| *error),
        _ => FetchError::Protocol,
    }
}

/// The error of a body that cannot be read to its end.
fn body_error(error: ureq::Error) -> FetchError {
    match error {
        ureq::Error::Timeout(_) => FetchError::BodyTimeout,
        error => match fetch_error(error, &Stages::all()) {
            FetchError::Connect { .. } => FetchError::Truncated,
            error => error,
        },
    }
}

/// Whether the chain of the server's certificate ends at none of the roots. Nothing was sent.
fn is_unknown_issuer(error: &FetchError) -> bool {
    matches!(error, FetchError::Tls { fault: TlsFault::UnknownIssuer, .. })
}

/// One immediate retry: a backend restarting behind a load balancer refuses or resets like this.
fn retried_once<T>(mut open: impl FnMut() -> Result<T, FetchError>) -> Result<T, FetchError> {
    match open() {
        Err(
            FetchError::Connect { kind }
            | FetchError::Proxy { error: ProxyError::Connect { kind }, .. },
        ) if is_passing(kind) => open(),
        Err(FetchError::Tls { fault: TlsFault::Closed, .. }) => open(),
        outcome => outcome,
    }
}

/// Whether the connection was refused, reset, or closed before the status line.
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

/// Enough for DNS, TCP and TLS; a retry still fits into the default timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The text of an error whose type cannot be named without depending on `ureq-proto`.
const TOO_MANY_HEADERS: &str = "http parse resulted in too many headers";

#[cfg(test)]
mod tests {
    use std::{boxed::Box, env, format, process::Command};

    use ureq::tls::RootCerts;

    use super::*;

    #[test]
    fn given_root_certificates_replace_the_built_in_ones_or_are_beside_them() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let pem = || Pem::Text(pem.into());
        // The number of certificates in each set of roots; none for the built-in ones.
        let roots = |roots: Option<Pem>, added_roots: Vec<Pem>| {
            let tls = TlsSettings { roots, added_roots, client: None };
            let tls = Tls::new(&tls).unwrap();
            let count = |config: TlsConfig| {
                assert!(!config.disable_verification() && config.client_cert().is_none());
                match config.root_certs() {
                    RootCerts::Specific(certificates) => Some(certificates.len()),
                    _ => None,
                }
            };
            tls.configs(true).map(count).collect::<Vec<_>>()
        };
        assert_eq!(roots(None, Vec::new()), [None]);
        assert_eq!(roots(Some(pem()), Vec::new()), [Some(1)]);
        assert_eq!(roots(None, Vec::from([pem(), pem()])), [Some(2), None]);
        assert_eq!(roots(Some(pem()), Vec::from([pem()])), [Some(2)]);
    }

    #[test]
    fn every_error_of_the_client_has_its_own() {
        let io = |kind: ErrorKind| ureq::Error::Io(std::io::Error::new(kind, "reason"));
        let tls = |fault, reason: &str| FetchError::Tls { fault, reason: reason.into() };
        let expired = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let shown = expired.to_string();
        let refused = FetchError::Proxy {
            proxy: "proxy.example".into(),
            error: ProxyError::Refused { status: 403 },
        };
        let reached = |stages: u8| {
            let reached = Stages::default();
            if stages > 0 {
                reached.has_resolved();
            }
            if stages > 1 {
                reached.has_connected(stages == 2);
            }
            reached
        };
        for (error, expected) in [
            (ureq::Error::HostNotFound, FetchError::HostNotFound),
            (io(ErrorKind::InvalidData), tls(TlsFault::Other, "reason")),
            (io(ErrorKind::BrokenPipe), FetchError::Connect { kind: ErrorKind::BrokenPipe }),
            (ureq::Error::Tls("reason"), tls(TlsFault::Other, "reason")),
            (ureq::Error::Rustls(expired), tls(TlsFault::Expired, &shown)),
            (
                ureq::Error::TlsRequired,
                tls(TlsFault::Other, "TLS required, but transport is unsecured"),
            ),
            (ureq::Error::LargeResponseHeader(2, 1), FetchError::HeadersTooLarge),
            (ureq::Error::Other(Box::new(refused.clone())), refused),
            (ureq::Error::InvalidProxyUrl, FetchError::Protocol),
            (ureq::Error::Other(Box::new(NoThread)), FetchError::Thread),
            (ureq::Error::Other("reason".into()), FetchError::Protocol),
            (ureq::Error::BodyStalled, FetchError::Protocol),
        ] {
            let error_shown = error.to_string();
            assert_eq!(fetch_error(error, &reached(3)), expected, "{error_shown}");
        }
        let timeout = || ureq::Error::Timeout(ureq::Timeout::Global);
        for (stages, expected) in [
            (0, FetchError::ResolveTimeout),
            (1, FetchError::ConnectTimeout),
            (2, FetchError::TlsTimeout),
            (3, FetchError::Timeout),
        ] {
            assert_eq!(fetch_error(timeout(), &reached(stages)), expected);
        }
        // A reset connection is a fault of TLS only before the end of the handshake.
        let reset = || io(ErrorKind::ConnectionReset);
        let closed = tls(TlsFault::Closed, "connection reset");
        assert_eq!(fetch_error(reset(), &reached(2)), closed);
        for stages in [1, 3] {
            let expected = FetchError::Connect { kind: ErrorKind::ConnectionReset };
            assert_eq!(fetch_error(reset(), &reached(stages)), expected);
        }
        assert_eq!(NoThread.to_string(), "no thread to resolve a name on");
    }

    #[test]
    fn only_a_connection_refused_reset_or_closed_is_tried_again() {
        for (kind, attempts) in [
            (ErrorKind::ConnectionRefused, 2),
            (ErrorKind::ConnectionReset, 2),
            (ErrorKind::ConnectionAborted, 2),
            (ErrorKind::BrokenPipe, 2),
            (ErrorKind::UnexpectedEof, 2),
            (ErrorKind::HostUnreachable, 1),
            (ErrorKind::NetworkUnreachable, 1),
            (ErrorKind::PermissionDenied, 1),
            (ErrorKind::Other, 1),
        ] {
            let mut made = 0_u8;
            let outcome = retried_once::<()>(|| {
                made = made.saturating_add(1);
                Err(FetchError::Connect { kind })
            });
            assert_eq!((made, outcome), (attempts, Err(FetchError::Connect { kind })), "{kind}");
        }
    }

    #[test]
    fn longest_timeouts_do_not_overflow() {
        const A_DAY: Duration = Duration::from_secs(86_400);
        let settings = HttpSettings { connect_timeout: A_DAY, ..HttpSettings::default() };
        let request = FetchRequest::new("http://127.0.0.1:1/", A_DAY, usize::MAX);
        let outcome = HttpFetch::new(&settings, "").unwrap().fetch(&request);
        assert_eq!(outcome, Err(FetchError::Connect { kind: ErrorKind::ConnectionRefused }));
    }

    /// Runs in its own process, in which no thread can be started: the requested stack is too large. The
    /// test harness then runs the test on the main thread.
    #[test]
    #[cfg(target_os = "linux")]
    fn name_without_a_thread_to_resolve_it_on_is_an_error_and_no_panic() {
        const NAME: &str =
            "remote::http::tests::name_without_a_thread_to_resolve_it_on_is_an_error_and_no_panic";
        const STACK: &str = "RUST_MIN_STACK";
        if env::var_os(STACK).is_none() {
            let mut child = Command::new(env::current_exe().unwrap());
            let child = child.args(["--exact", NAME]).env(STACK, (1_u64 << 60).to_string());
            let output = child.output().unwrap();
            let (printed, errors) =
                (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success() && printed.contains("1 passed"), "{printed}{errors}");
            assert!(!errors.contains("panicked"), "{errors}");
            return;
        }
        let settings = HttpSettings { proxy: ProxyChoice::None, ..HttpSettings::default() };
        let fetch = HttpFetch::new(&settings, "").unwrap();
        let request = |url: &str| FetchRequest::new(url, Duration::from_secs(5), 1);
        assert_eq!(fetch.fetch(&request("https://issuer.example/")), Err(FetchError::Thread));
        // An address needs no thread.
        let refused = FetchError::Connect { kind: ErrorKind::ConnectionRefused };
        assert_eq!(fetch.fetch(&request("http://127.0.0.1:1/")), Err(refused));
    }

    #[test]
    fn name_that_cannot_be_is_not_found() {
        // A label of more than 63 bytes: no name server is queried.
        let url = format!("https://{}.example/", "a".repeat(64));
        let settings = HttpSettings { proxy: ProxyChoice::None, ..HttpSettings::default() };
        assert_eq!(check_url(&url, &settings.plain_http), Ok(()));
        let request = FetchRequest::new(url, Duration::from_secs(5), 1);
        let outcome = HttpFetch::new(&settings, "").unwrap().fetch(&request);
        assert_eq!(outcome, Err(FetchError::HostNotFound));
    }
}
