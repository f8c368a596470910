//! The test issuer's key set over HTTP, on a loopback port, with faults to order. RFC 7517 section 5.

use std::{
    collections::BTreeMap,
    format,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    string::{String, ToString as _},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
    vec,
    vec::Vec,
};

use super::testkit::{Issuer, TestKey, TokenBuilder};

/// An [`Issuer`] that serves its key set over plain `http:` at a port of 127.0.0.1 of its own.
///
/// For tests of services that fetch keys: rotate and revoke keys, break the answers, take the
/// issuer down, and count what it was asked. Everything takes `&self` and holds from the next
/// request on. Any number may run at once. Dropping it closes all connections and ends its threads.
///
/// ```
/// use tokenring::testkit::{Answer, IssuerServer};
/// # #[cfg(feature = "fetch")]
/// use tokenring::{FetchError, RemoteJwks};
///
/// let server = IssuerServer::start();
/// # #[cfg(feature = "fetch")] {
/// let keys = RemoteJwks::builder(server.jwks_url()).danger_allow_http_loopback().build()?;
/// server.answer_with(Answer::status(503).retry_after(7));
/// assert!(matches!(keys.prime(), Err(FetchError::Status { status: 503, .. })));
/// # }
/// # assert_eq!(server.hits(), if cfg!(feature = "fetch") { 1 } else { 0 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IssuerServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl IssuerServer {
    /// An issuer that publishes one key, `tokenring-test-key-01`, and answers well.
    ///
    /// # Panics
    ///
    /// If the system has no port or no thread to give.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of 127.0.0.1 is free");
        let address = listener.local_addr().expect("the listener has an address");
        let material = Issuer::default().keys().to_vec();
        let state = State {
            keys: material.iter().take(1).cloned().collect(),
            rotations: 0,
            answer: Answer::key_set(),
            down: false,
            hits: 0,
            connections: 0,
            last_request: None,
            open: BTreeMap::new(),
            stopping: false,
        };
        let shared =
            Arc::new(Shared { material, state: Mutex::new(state), stopped: Condvar::new() });
        let accepted = Arc::clone(&shared);
        let acceptor = thread::Builder::new()
            .name("tokenring-issuer".into())
            .spawn(move || accepted.accept(&listener))
            .expect("the system has a thread to give");
        Self { shared, address, acceptor: Some(acceptor) }
    }

    /// What stands in `iss`: `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Where the key set is: [`url`](Self::url) and `.well-known/jwks.json`. Everything else is 404.
    pub fn jwks_url(&self) -> String {
        format!("http://{}{JWKS_PATH}", self.address)
    }

    /// The issuer with the keys published now. It does not change when the server's do.
    pub fn issuer(&self) -> Issuer {
        Issuer::with_keys(self.url(), self.shared.lock().keys.clone())
    }

    /// A valid access token of now, signed with the newest key: [`Issuer::token`].
    ///
    /// # Panics
    ///
    /// If all keys are revoked.
    pub fn token(&self) -> TokenBuilder {
        self.issuer().token()
    }

    /// Signs with a new key from now on, and returns it. The one or two before stay published;
    /// the one before those is withdrawn.
    ///
    /// There is no limit to rotations. Key names are new each time; the key material comes from
    /// three fixed keys in turn, no two of which have the same.
    pub fn rotate(&self) -> TestKey {
        let mut state = self.shared.lock();
        state.rotations = state.rotations.wrapping_add(1);
        let number = state.rotations;
        let material = self.shared.material.iter().cycle().nth(number % MAX_PUBLISHED);
        let name = format!("tokenring-test-key-{:02}", number.wrapping_add(1));
        let key = material.expect("there are fixed keys").with_kid(name);
        state.keys.insert(0, key.clone());
        state.keys.truncate(MAX_PUBLISHED);
        key
    }

    /// No longer publishes the key called `kid`. If it was the one that signs, the next older one
    /// signs.
    ///
    /// # Panics
    ///
    /// If no published key has this name.
    pub fn revoke(&self, kid: &str) {
        let mut state = self.shared.lock();
        let published = state.keys.len();
        state.keys.retain(|key| key.kid() != kid);
        let revoked = state.keys.len() < published;
        drop(state);
        assert!(revoked, "no key called {kid} is published");
    }

    /// Publishes `keys` and no others; the first signs.
    pub fn publish(&self, keys: Vec<TestKey>) {
        self.shared.lock().keys = keys;
    }

    /// Gives this answer to all requests for the key set, until told otherwise.
    pub fn answer_with(&self, answer: Answer) {
        self.shared.lock().answer = answer;
    }

    /// Closes each connection at once, without an answer, until [`up`](Self::up). Those open now
    /// are closed too.
    ///
    /// The port is kept, since another process could take it meanwhile: connections are not
    /// refused, but closed or reset before a byte was sent, which is a `FetchError::Connect` too.
    pub fn down(&self) {
        let mut state = self.shared.lock();
        state.down = true;
        state.hang_up();
    }

    /// Answers again, whatever it was told to answer.
    pub fn up(&self) {
        self.shared.lock().down = false;
    }

    /// How many requests it has read, for any path.
    pub fn hits(&self) -> usize {
        self.shared.lock().hits
    }

    /// How many connections were made, also while it was down.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// The request line and headers of the last request, as received.
    pub fn last_request(&self) -> Option<String> {
        self.shared.lock().last_request.clone()
    }
}

impl Drop for IssuerServer {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        state.hang_up();
        drop(state);
        self.shared.stopped.notify_all();
        // Wakes the acceptor. If that fails, it is left to the process's end rather than waited for.
        let woken = TcpStream::connect_timeout(&self.address, WAKING_TIME).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            // It panics only if one of its threads did, which was printed.
            let _printed = acceptor.join();
        }
    }
}

/// What an [`IssuerServer`] answers: good, unless changed.
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

    /// The issuer's key set, as of the request.
    pub fn key_set() -> Self {
        Self::new(Content::KeySet)
    }

    /// Status 200 and `body`, whatever that is.
    pub fn body(body: impl Into<Vec<u8>>) -> Self {
        Self::new(Content::Body(body.into()))
    }

    /// Status 200 and as many spaces as that, made while they are sent.
    pub fn oversized(bytes: u64) -> Self {
        Self::new(Content::Spaces(bytes))
    }

    /// These bytes instead of an HTTP response; then the connection is closed. With none, it is
    /// closed without an answer.
    pub fn raw(response: impl Into<Vec<u8>>) -> Self {
        Self::new(Content::Raw(response.into()))
    }

    /// Nothing, for as long as the client keeps the connection.
    pub fn silence() -> Self {
        Self::new(Content::Silence)
    }

    /// `status` and an empty body.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::body([]) }
    }

    /// Status 302 to `location`.
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

    /// Sends the body without saying how long it is: it ends with the connection.
    pub fn close_delimited(mut self) -> Self {
        self.framing = Framing::Close;
        self
    }

    /// Waits before the first byte.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends `bytes` at a time, with a pause before each further time.
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some(Drip { bytes, pause, with_head: true });
        self
    }

    /// The same, once the headers were sent in one go.
    pub fn drip_body(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some(Drip { bytes, pause, with_head: false });
        self
    }

    /// Closes the connection after that many bytes of the body, framing not counted.
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
            // RFC 9110 section 8.6: neither may have one.
            Framing::Length if matches!(self.status, 204 | 304) => {}
            Framing::Length => head.push_str(&format!("Content-Length: {length}\r\n")),
            Framing::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
            Framing::Close => {}
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Writes the answer. An error means that the client, or the server itself, has had enough.
    fn write(&self, shared: &Shared, mut stream: &TcpStream) -> io::Result<()> {
        shared.pause(self.delay)?;
        let body = match &self.content {
            // Ends with the client's end, or an error.
            Content::Silence => return io::copy(&mut stream, &mut io::sink()).map(drop),
            Content::Raw(response) => return self.dripped(shared, stream, true, response),
            Content::Spaces(bytes) => {
                self.dripped(shared, stream, true, &self.head(*bytes))?;
                return self.spaces(shared, stream, *bytes);
            }
            Content::Body(body) => body.clone(),
            Content::KeySet => {
                let keys = shared.lock().keys.clone();
                Issuer::with_keys("", keys).jwks().into_bytes()
            }
        };
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        self.dripped(shared, stream, true, &self.head(length))?;
        let sent = body.get(..self.cut.unwrap_or(body.len())).unwrap_or(&body);
        match self.framing {
            Framing::Chunked => {
                for chunk in sent.chunks(CHUNK) {
                    let size = format!("{:x}\r\n", chunk.len());
                    let framed = [size.as_bytes(), chunk, b"\r\n"].concat();
                    self.dripped(shared, stream, false, &framed)?;
                }
                match self.cut {
                    Some(_) => Ok(()),
                    None => self.dripped(shared, stream, false, b"0\r\n\r\n"),
                }
            }
            Framing::Length | Framing::Close => self.dripped(shared, stream, false, sent),
        }
    }

    fn spaces(&self, shared: &Shared, stream: &TcpStream, bytes: u64) -> io::Result<()> {
        let block = vec![b' '; 1 << 16];
        let mut left = bytes;
        while left > 0 {
            let part = block.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(&block);
            self.dripped(shared, stream, false, part)?;
            left = left.saturating_sub(u64::try_from(part.len()).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    fn dripped(
        &self,
        shared: &Shared,
        mut stream: &TcpStream,
        is_head: bool,
        bytes: &[u8],
    ) -> io::Result<()> {
        match self.drip {
            Some(drip) if drip.with_head || !is_head => {
                bytes.chunks(drip.bytes.max(1)).try_for_each(|part| {
                    stream.write_all(part)?;
                    shared.pause(drip.pause)
                })
            }
            _ => stream.write_all(bytes),
        }
    }
}

#[derive(Debug)]
struct Shared {
    /// The fixed keys, of which all published ones are made.
    material: Vec<TestKey>,
    state: Mutex<State>,
    stopped: Condvar,
}

#[derive(Debug)]
struct State {
    /// The published keys; the first one signs.
    keys: Vec<TestKey>,
    rotations: usize,
    answer: Answer,
    down: bool,
    hits: usize,
    connections: usize,
    last_request: Option<String>,
    /// The connections open now, by their number.
    open: BTreeMap<usize, TcpStream>,
    stopping: bool,
}

impl State {
    fn hang_up(&mut self) {
        for stream in self.open.values() {
            // It may be closed already.
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits that long, unless the server is dropped: then there is nothing more to do.
    fn pause(&self, length: Duration) -> io::Result<()> {
        let running = |state: &mut State| !state.stopping;
        let state = self.lock();
        let (state, _) = self
            .stopped
            .wait_timeout_while(state, length, running)
            .unwrap_or_else(PoisonError::into_inner);
        match state.stopping {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }

    /// Takes connections until the server is dropped, then waits for their threads.
    fn accept(&self, listener: &TcpListener) {
        thread::scope(|scope| {
            loop {
                let accepted = listener.accept();
                let mut state = self.lock();
                if state.stopping {
                    return;
                }
                let Ok((stream, _)) = accepted else {
                    drop(state);
                    // No file descriptors, perhaps: there may be some again soon.
                    let _stopping = self.pause(Duration::from_millis(10));
                    continue;
                };
                state.connections = state.connections.saturating_add(1);
                let number = state.connections;
                let Ok(copy) = stream.try_clone() else { continue };
                if state.down || state.open.len() >= MAX_CONNECTIONS {
                    continue;
                }
                state.open.insert(number, copy);
                drop(state);
                let serve = move || {
                    // The client has gone, or was sent away.
                    let _gone = self.serve(&stream);
                    self.lock().open.remove(&number);
                };
                if thread::Builder::new().spawn_scoped(scope, serve).is_err() {
                    self.lock().open.remove(&number);
                }
            }
        });
    }

    /// One request and its answer.
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let request = read_request(stream)?;
        let is_for_keys = request.split(' ').nth(1) == Some(JWKS_PATH);
        let mut state = self.lock();
        state.hits = state.hits.saturating_add(1);
        state.last_request = Some(request);
        let answer = match is_for_keys {
            true => state.answer.clone(),
            false => Answer::status(404),
        };
        drop(state);
        answer.write(self, stream)?;
        stream.shutdown(Shutdown::Write)
    }
}

/// Reads up to the empty line. RFC 9112 section 2.1.
fn read_request(mut stream: &TcpStream) -> io::Result<String> {
    let mut request = vec![];
    let mut part = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let bytes = stream.read(&mut part)?;
        if bytes == 0 || request.len() > MAX_REQUEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        request.extend_from_slice(part.get(..bytes).unwrap_or_default());
    }
    String::from_utf8(request).map_err(|_| io::ErrorKind::InvalidData.into())
}

const JWKS_PATH: &str = "/.well-known/jwks.json";

/// As many as there are fixed keys, so that no two published keys are of the same material.
const MAX_PUBLISHED: usize = 3;

/// Each has a thread. More are closed at once.
const MAX_CONNECTIONS: usize = 64;

/// More than any client sends for a key set.
const MAX_REQUEST: usize = 65_536;

/// Several chunks for a key set.
const CHUNK: usize = 256;

/// Far more than a connection within one machine takes.
const WAKING_TIME: Duration = Duration::from_secs(1);
