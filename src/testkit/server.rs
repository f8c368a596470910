//! The test issuer's key set over HTTP, on a loopback port, with faults to order. RFC 7517 section 5.

use std::{
    collections::BTreeMap,
    format,
    net::{SocketAddr, TcpListener, TcpStream},
    string::String,
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
    vec::Vec,
};

use crate::testkit::{
    Answer, Issuer, TestKey, TokenBuilder,
    connection::{JWKS_PATH, Shared, State},
};

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

/// As many as there are fixed keys, so that no two published keys are of the same material.
const MAX_PUBLISHED: usize = 3;

/// Far more than a connection within one machine takes.
const WAKING_TIME: Duration = Duration::from_secs(1);
