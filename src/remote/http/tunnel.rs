//! A connection through a proxy. RFC 9110 section 9.3.6, RFC 9112 section 3.2.2.
//!
//! ureq's own connector does not tell the proxy's failures from the host's, and would show the client
//! certificate to a proxy that speaks TLS.

use std::{
    boxed::Box,
    fmt, format,
    io::{self, ErrorKind, Read, Write as _},
    str,
    string::String,
    vec::Vec,
};

use ureq::{
    Agent,
    config::AutoHeaderValue,
    tls::TlsConfig,
    unversioned::transport::{
        Buffers, ConnectionDetails, Connector as _, NextTimeout, RustlsConnector, TcpConnector,
        Transport, TransportAdapter,
    },
};

use crate::remote::{
    clock::Deadline,
    error::{FetchError, ProxyError},
    http::{
        fetch_error, is_unknown_issuer,
        proxy::{HttpProxy, is_plain},
        stage::Stages,
    },
};

/// The way through one proxy.
#[derive(Debug)]
pub(crate) struct Tunnel {
    proxy: HttpProxy,
    /// For a proxy that speaks TLS. Each is tried in turn until one knows the proxy's issuer.
    tls: Vec<TlsConfig>,
    deadline: Deadline,
}

impl Tunnel {
    /// `tls` must be without the client certificate: it is not for the proxy.
    pub(crate) fn new(proxy: HttpProxy, tls: Vec<TlsConfig>, deadline: Deadline) -> Self {
        Self { proxy, tls, deadline }
    }

    /// A connection to the host of `details`, on which TLS has not begun.
    pub(crate) fn open(
        &self,
        details: &ConnectionDetails<'_>,
    ) -> Result<Box<dyn Transport>, FetchError> {
        let mut outcome = Err(FetchError::Timeout);
        for tls in &self.tls {
            outcome = self.connect(tls, details).map_err(of_proxy);
            if !outcome.as_ref().err().is_some_and(is_unknown_issuer) {
                break;
            }
        }
        let transport = outcome.map_err(|error| match error {
            FetchError::Timeout => {
                self.proxy.failure(ProxyError::Connect { kind: ErrorKind::TimedOut })
            }
            error => self.failed(error),
        })?;
        match is_plain(details.uri) {
            true => Ok(Box::new(self.forward(transport, details))),
            false => self.ask(transport, details),
        }
    }

    fn connect(
        &self,
        tls: &TlsConfig,
        details: &ConnectionDetails<'_>,
    ) -> Result<Box<dyn Transport>, ureq::Error> {
        let config = Agent::config_builder().proxy(None).tls_config(tls.clone()).build();
        let uri = self.proxy.address.uri();
        let details = ConnectionDetails {
            uri,
            addrs: details.resolver.resolve(uri, &config, details.timeout)?,
            config: &config,
            request_level: false,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let tcp = TcpConnector::default().connect(&details, None::<()>)?;
        let transport = RustlsConnector::default().connect(&details, tcp)?;
        transport.map(boxed).ok_or(ureq::Error::ConnectionFailed)
    }

    /// Asks the proxy for a connection to the host.
    fn ask(
        &self,
        transport: Box<dyn Transport>,
        details: &ConnectionDetails<'_>,
    ) -> Result<Box<dyn Transport>, FetchError> {
        // The way to the proxy has taken its part of the time.
        let after = details.timeout.after.min(self.deadline.left().into());
        let mut stream = TransportAdapter::new(transport, details.current_time.clone());
        stream.set_timeout(NextTimeout { after, ..details.timeout });
        let host = details.uri.host().unwrap_or_default();
        let target = format!("{host}:{}", details.uri.port_u16().unwrap_or(443));
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let AutoHeaderValue::Provided(user_agent) = details.config.user_agent() {
            request.push_str(&format!("User-Agent: {user_agent}\r\n"));
        }
        request.push_str("Proxy-Connection: Keep-Alive\r\n");
        request.push_str(&self.authorization_line());
        request.push_str("\r\n");
        let failed = |error: io::Error| self.failed(of_proxy(error.into()));
        stream.write_all(request.as_bytes()).map_err(failed)?;
        loop {
            let head = read_head(&mut stream).map_err(failed)?;
            let status = head.as_deref().and_then(status);
            match status.ok_or_else(|| self.proxy.failure(ProxyError::Protocol))? {
                // RFC 9110 section 15.2.
                100..=199 => {}
                200..=299 => return Ok(Box::new(Tunneled(stream.into_inner()))),
                status => return Err(self.proxy.failure(ProxyError::of_status(status))),
            }
        }
    }

    /// Has the whole URL sent with the request, since the proxy gets no `CONNECT`.
    fn forward(&self, inner: Box<dyn Transport>, details: &ConnectionDetails<'_>) -> Forward {
        let origin = details.uri.authority().map(|authority| format!("http://{authority}"));
        Forward { inner, added: origin.map(|origin| (origin, self.authorization_line())) }
    }

    fn authorization_line(&self) -> String {
        match &self.proxy.authorization {
            Some(value) => format!("Proxy-Authorization: {value}\r\n"),
            None => String::new(),
        }
    }

    /// An error of the connection to the proxy.
    fn failed(&self, error: FetchError) -> FetchError {
        self.proxy.failure(match error {
            FetchError::HostNotFound => ProxyError::HostNotFound,
            FetchError::Connect { kind } => ProxyError::Connect { kind },
            FetchError::Tls { reason, .. } => ProxyError::Tls { reason },
            FetchError::Timeout => ProxyError::Timeout,
            // Not the proxy's.
            FetchError::Thread => return FetchError::Thread,
            _ => ProxyError::Protocol,
        })
    }
}

/// An error on the way to the proxy, whose stages are not told apart.
fn of_proxy(error: ureq::Error) -> FetchError {
    fetch_error(error, &Stages::all())
}

pub(crate) fn boxed(transport: impl Transport) -> Box<dyn Transport> {
    Box::new(transport)
}

/// The head of a response, to its empty line. None if it is not HTTP, or too long.
fn read_head(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
        // A server of another protocol may wait for us after its greeting.
        let is_http = head.iter().zip(VERSION).all(|(is, should)| is == should);
        if !is_http || head.len() >= MAX_HEAD {
            return Ok(None);
        }
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(Some(head))
}

/// RFC 9112 section 4.
fn status(head: &[u8]) -> Option<u16> {
    let [b'0'..=b'9', b' ', rest @ ..] = head.strip_prefix(VERSION)? else {
        return None;
    };
    let (digits, rest) = rest.split_at_checked(3)?;
    let is_status = digits.iter().all(u8::is_ascii_digit);
    let ends = rest.first().is_some_and(u8::is_ascii_whitespace);
    (is_status && ends).then(|| str::from_utf8(digits).ok()?.parse().ok())?
}

/// The connection through the proxy. TLS with the proxy is not TLS with the host.
#[derive(Debug)]
struct Tunneled(Box<dyn Transport>);

impl Transport for Tunneled {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, limit: NextTimeout) -> Result<(), ureq::Error> {
        self.0.transmit_output(amount, limit)
    }

    fn await_input(&mut self, limit: NextTimeout) -> Result<bool, ureq::Error> {
        self.0.await_input(limit)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }
}

/// The connection to a proxy that forwards requests for plain `http:`.
struct Forward {
    inner: Box<dyn Transport>,
    /// What goes before the path, and after the request line. None once it is sent.
    added: Option<(String, String)>,
}

impl Transport for Forward {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, limit: NextTimeout) -> Result<(), ureq::Error> {
        let Some((origin, line)) = self.added.take() else {
            return self.inner.transmit_output(amount, limit);
        };
        let request = self.inner.buffers().output().get(..amount).map(<[u8]>::to_vec);
        let request = request.and_then(|request| absolute(&request, &origin, &line));
        let request = request.ok_or(ureq::Error::ConnectionFailed)?;
        let mut rest = request.as_slice();
        while !rest.is_empty() {
            let room = self.inner.buffers().output();
            let sent = room.iter_mut().zip(rest).map(|(to, from)| *to = *from).count();
            rest = rest.get(sent..).unwrap_or_default();
            self.inner.transmit_output(sent, limit)?;
        }
        Ok(())
    }

    fn await_input(&mut self, limit: NextTimeout) -> Result<bool, ureq::Error> {
        self.inner.await_input(limit)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward").finish_non_exhaustive()
    }
}

/// `request` with `origin` before its path, and with `line` after its first line.
fn absolute(request: &[u8], origin: &str, line: &str) -> Option<Vec<u8>> {
    let path = request.strip_prefix(b"GET ").filter(|path| path.starts_with(b"/"))?;
    let (first, rest) =
        path.split_at_checked(path.iter().position(|&b| b == b'\n')?.checked_add(1)?)?;
    Some([b"GET ", origin.as_bytes(), first, line.as_bytes(), rest].concat())
}

/// The beginning of a response. HTTP/2 is not spoken here.
const VERSION: &[u8] = b"HTTP/1.";

/// Far more than any proxy sends with its status.
const MAX_HEAD: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_read_from_the_whole_head() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", Some(200)),
            ("HTTP/1.0 200\r\n\r\n", Some(200)),
            ("HTTP/1.1 407 \r\nA: b\r\n\r\nbody", Some(407)),
            ("HTTP/1.1 200 OK\nA: b\n\n", Some(200)),
            ("HTTP/2 200 OK\r\n\r\n", None),
            ("HTTP/1.1 20 OK\r\n\r\n", None),
            ("HTTP/1.1 2000 OK\r\n\r\n", None),
            ("HTTP/1.1 +20 OK\r\n\r\n", None),
            ("HTTP/1.1  200 OK\r\n\r\n", None),
            ("http/1.1 200 OK\r\n\r\n", None),
            ("HTTP/1.1\r\n\r\n", None),
            ("\r\n\r\n", None),
            // Nothing more is read of these: the server may wait.
            ("SSH-2.0-x\r\n", None),
            ("\u{15}\u{3}\u{3}", None),
        ] {
            let head = read_head(&mut answer.as_bytes()).unwrap();
            assert_eq!(head.as_deref().and_then(status), expected, "{answer:?}");
        }
        for answer in ["", "HTTP", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n"] {
            let error = read_head(&mut answer.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{answer:?}");
        }
    }

    #[test]
    fn head_has_an_end() {
        let head = |lines: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(lines));
        assert!(read_head(&mut head(2000).as_bytes()).unwrap().is_some());
        assert!(read_head(&mut head(3000).as_bytes()).unwrap().is_none());
    }

    #[test]
    fn bytes_after_the_head_are_left_to_the_tunnel() {
        let mut answer = &b"HTTP/1.1 200 OK\r\n\r\n\x16\x03"[..];
        assert!(read_head(&mut answer).unwrap().is_some());
        assert_eq!(answer, b"\x16\x03");
    }

    #[test]
    fn request_names_the_whole_url() {
        let line = "Proxy-Authorization: Basic YTpi\r\n";
        let request = absolute(b"GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n", "http://h:8", line);
        let expected =
            "GET http://h:8/a?b HTTP/1.1\r\nProxy-Authorization: Basic YTpi\r\nHost: h\r\n\r\n";
        assert_eq!(request.as_deref(), Some(expected.as_bytes()));
        for other in ["", "GET ", "GET a HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "GET / HTTP/1.1"] {
            assert_eq!(absolute(other.as_bytes(), "http://h", line), None, "{other}");
        }
    }
}
