//! ureq's own connections, with a deadline and a check for encoded bodies.

use std::{
    boxed::Box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};

use crate::remote::clock::Stopwatch;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    stopwatch: Stopwatch,
    timeout: Duration,
}

impl Deadline {
    pub(crate) fn new(stopwatch: Stopwatch, timeout: Duration) -> Self {
        Self { stopwatch, timeout }
    }

    pub(crate) fn left(self) -> Duration {
        self.timeout.saturating_sub(self.stopwatch.elapsed())
    }
}

/// Opens ureq's own connections and closes two gaps in them.
///
/// With ureq's feature `gzip`, which any crate may enable, ureq decodes bodies silently, so the header
/// must be seen first. And ureq sets no deadline on a proxy's dripping answer to `CONNECT`.
#[derive(Debug)]
pub(crate) struct WatchedConnector {
    inner: DefaultConnector,
    deadline: Deadline,
    encoded: Arc<AtomicBool>,
}

impl WatchedConnector {
    /// `encoded` is set when a response names a content coding.
    pub(crate) fn new(deadline: Deadline, encoded: Arc<AtomicBool>) -> Self {
        Self { inner: DefaultConnector::new(), deadline, encoded }
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
        let transport = self.inner.connect(details, chained)?;
        Ok(transport.map(|inner| Watched { inner, deadline: self.deadline, encoded }))
    }
}

#[derive(Debug)]
pub(crate) struct Watched {
    inner: Box<dyn Transport>,
    deadline: Deadline,
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
        let after = limit.after.min(self.deadline.left().into());
        let some = self.inner.await_input(NextTimeout { after, ..limit })?;
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

/// Whether a line names a content coding other than `identity`. The end of the head does not matter:
/// no line of JSON begins with this name.
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

#[cfg(test)]
mod tests {
    use ureq::unversioned::transport::LazyBuffers;

    use super::*;

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
            let deadline = Deadline::new(Stopwatch::start(), Duration::ZERO);
            let inner = Box::new(Fake { buffers: LazyBuffers::new(1, 1), open, tls });
            let mut watched = Watched { inner, deadline, encoded: Arc::default() };
            assert_eq!((watched.is_open(), watched.is_tls()), (open, tls));
        }
    }

    #[test]
    fn content_encoding_is_seen_in_whatever_spelling() {
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\ncontent-encoding:br\r\n\r\n", true),
            ("HTTP/1.1 200 OK\nCONTENT-ENCODING:\tx-gzip\n\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding:\r\n\r\n", true),
            // The second of two fields; the final response after an interim one.
            ("a\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n", true),
            ("HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: identity, gzip\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nContent-Encoding: Identity \r\n\r\n", false),
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
