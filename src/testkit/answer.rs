//! The answers of the issuer's server, good or bad. RFC 9112.

use std::{
    format,
    io::{self, Write},
    net::TcpStream,
    string::{String, ToString as _},
    time::Duration,
    vec,
    vec::Vec,
};

use crate::testkit::site::Site;

/// An answer of an [`IssuerServer`](super::IssuerServer): good, unless changed.
///
/// ```
/// use std::time::Duration;
/// use tokenring::testkit::Answer;
///
/// let slow = Answer::key_set().delay(Duration::from_secs(3));
/// let slower = Answer::key_set().drip(1, Duration::from_millis(50));
/// let broken_off = Answer::key_set().chunked().cut_after(100);
/// let moved = Answer::redirect("https://elsewhere.example/");
/// let page = Answer::body("<html>").header("Content-Type", "text/html");
/// # drop([slow, slower, broken_off, moved, page]);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Answer {
    content: Content,
    status: u16,
    headers: Vec<(String, String)>,
    framing: Framing,
    delay: Duration,
    drip: Option<Drip>,
    cut: Option<usize>,
}

#[derive(Clone, Debug)]
enum Content {
    KeySet,
    Metadata,
    Body(Vec<u8>),
    Spaces(u64),
    Raw(Vec<u8>),
    Silence,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunked,
    Close,
}

#[derive(Clone, Copy, Debug)]
struct Drip {
    bytes: usize,
    pause: Duration,
    with_head: bool,
}

impl Answer {
    fn new(content: Content) -> Self {
        Self {
            content,
            status: 200,
            headers: vec![("Content-Type".into(), "application/json".into())],
            framing: Framing::Length,
            delay: Duration::ZERO,
            drip: None,
            cut: None,
        }
    }

    /// Status 200 and the issuer's key set at the time of the request.
    pub fn key_set() -> Self {
        Self::new(Content::KeySet)
    }

    /// Status 200 and the issuer's [metadata](super::IssuerServer::metadata) at the time of the
    /// request.
    pub fn metadata() -> Self {
        Self::new(Content::Metadata)
    }

    /// Status 200 and `body`, which may be any bytes.
    pub fn body(body: impl Into<Vec<u8>>) -> Self {
        Self::new(Content::Body(body.into()))
    }

    /// Status 200 and a body of `bytes` spaces, generated while they are sent.
    pub fn oversized(bytes: u64) -> Self {
        Self::new(Content::Spaces(bytes))
    }

    /// These bytes instead of an HTTP response; then the connection is closed. If there are none,
    /// it is closed without an answer.
    pub fn raw(response: impl Into<Vec<u8>>) -> Self {
        Self::new(Content::Raw(response.into()))
    }

    /// No answer, for as long as the client keeps the connection.
    pub fn silence() -> Self {
        Self::new(Content::Silence)
    }

    /// The status `status` and an empty body.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::body([]) }
    }

    /// Status 302, a redirect to `location`.
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::status(302).header("Location", location)
    }

    /// Adds `Retry-After` with a number of seconds. RFC 9110 section 10.2.3.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("Retry-After", seconds.to_string())
    }

    /// Adds a header, or replaces the one with this name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }

    /// Sends the body in chunks, without `Content-Length`. RFC 9112 section 7.1.
    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// Sends the body without its length: it ends with the connection. RFC 9112 section 6.3.
    pub fn close_delimited(mut self) -> Self {
        self.framing = Framing::Close;
        self
    }

    /// Waits for `delay` before the first byte.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends headers and body in parts of `bytes` bytes, with a pause after each.
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some(Drip { bytes, pause, with_head: true });
        self
    }

    /// Sends the headers at once, and the body in parts of `bytes` bytes, with a pause after each.
    pub fn drip_body(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some(Drip { bytes, pause, with_head: false });
        self
    }

    /// Closes the connection after `bytes` bytes of the body, framing not counted. Has no effect on
    /// [`oversized`](Self::oversized) and [`raw`](Self::raw).
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    fn head(&self, length: u64) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Test\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match self.framing {
            // RFC 9110 section 8.6: not with 204, nor with 304 unless it is the length of the 200.
            Framing::Length if matches!(self.status, 204 | 304) => {}
            Framing::Length => head.push_str(&format!("Content-Length: {length}\r\n")),
            Framing::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
            Framing::Close => {}
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Writes the answer. An error means that the client has closed the connection, or that the
    /// server is stopping.
    pub(super) fn write(&self, site: &Site, mut stream: &TcpStream) -> io::Result<()> {
        site.pause(self.delay)?;
        let body = match &self.content {
            // Ends when the client closes the connection, or with an error.
            Content::Silence => return io::copy(&mut stream, &mut io::sink()).map(drop),
            Content::Raw(response) => return self.dripped(site, stream, true, response),
            Content::Spaces(bytes) => {
                self.dripped(site, stream, true, &self.head(*bytes))?;
                return self.spaces(site, stream, *bytes);
            }
            Content::Body(body) => body.clone(),
            Content::KeySet => site.issuer().jwks().into_bytes(),
            Content::Metadata => site.metadata().to_string().into_bytes(),
        };
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        self.dripped(site, stream, true, &self.head(length))?;
        let sent = body.get(..self.cut.unwrap_or(body.len())).unwrap_or(&body);
        match self.framing {
            Framing::Chunked => {
                for chunk in sent.chunks(CHUNK) {
                    let size = format!("{:x}\r\n", chunk.len());
                    let framed = [size.as_bytes(), chunk, b"\r\n"].concat();
                    self.dripped(site, stream, false, &framed)?;
                }
                match self.cut {
                    Some(_) => Ok(()),
                    None => self.dripped(site, stream, false, b"0\r\n\r\n"),
                }
            }
            Framing::Length | Framing::Close => self.dripped(site, stream, false, sent),
        }
    }

    fn spaces(&self, site: &Site, stream: &TcpStream, bytes: u64) -> io::Result<()> {
        let block = vec![b' '; 1 << 16];
        let mut left = bytes;
        while left > 0 {
            let part = block.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(&block);
            self.dripped(site, stream, false, part)?;
            left = left.saturating_sub(u64::try_from(part.len()).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    fn dripped(
        &self,
        site: &Site,
        mut stream: &TcpStream,
        is_head: bool,
        bytes: &[u8],
    ) -> io::Result<()> {
        match self.drip {
            Some(drip) if drip.with_head || !is_head => {
                bytes.chunks(drip.bytes.max(1)).try_for_each(|part| {
                    stream.write_all(part)?;
                    site.pause(drip.pause)
                })
            }
            _ => stream.write_all(bytes),
        }
    }
}

/// The length of a chunk in bytes: a key set has several.
const CHUNK: usize = 256;
