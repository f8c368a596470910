//! The test issuer's key set and metadata over HTTP, on a loopback port, with faults on request.
//! RFC 7517 section 5, OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3.

use std::{
    format,
    net::{SocketAddr, TcpListener, TcpStream},
    string::String,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
    vec::Vec,
};

use serde_json::Value;

use crate::{
    Algorithm,
    testkit::{Answer, Issuer, TestKey, TokenBuilder, fixed_keys, site::Site},
};

/// An [`Issuer`] that serves its key set and its metadata over plain `http:` on its own port of
/// 127.0.0.1.
///
/// For tests of services that fetch keys: rotate and revoke keys, move the key set, break the
/// answers, take the issuer down, and count its requests. All methods take `&self` and take effect
/// with the next request. Any number of servers may run at once. Dropping a server closes all its
/// connections and ends its threads.
///
/// ```
/// use tokenring::testkit::{Answer, IssuerServer};
/// # #[cfg(feature = "fetch")]
/// use tokenring::{RemoteJwks, remote::FetchError};
///
/// let server = IssuerServer::start();
/// # #[cfg(feature = "fetch")] {
/// let keys = RemoteJwks::builder(server.jwks_url()).danger_allow_http_loopback().build()?;
/// server.answer_with(Answer::status(503).retry_after(7));
/// let failure = keys.prime().unwrap_err();
/// assert!(matches!(failure.error(), FetchError::Status { status: 503, .. }));
/// # }
/// # assert_eq!(server.hits(), if cfg!(feature = "fetch") { 1 } else { 0 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IssuerServer {
    site: Arc<Site>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl IssuerServer {
    /// An issuer that publishes one key, `tokenring-test-key-01`, and gives good answers.
    ///
    /// # Panics
    ///
    /// If the system has no free port or cannot start a thread.
    pub fn start() -> Self {
        Self::start_at("/")
    }

    /// The same for an issuer whose URL has this path, such as `/tenant` or `/tenant/`. It may also
    /// be empty: many issuers have a URL without a path. For several tenants, start several
    /// servers.
    ///
    /// # Panics
    ///
    /// If `path` is not empty and does not begin with `/`. Also as [`start`](Self::start).
    pub fn start_at(path: &str) -> Self {
        Self::launch(path, fixed_keys::published())
    }

    /// An issuer that publishes the key of [`TestKey::for_algorithm`]. Its [`rotate`](Self::rotate)
    /// makes keys for the same algorithm.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn for_algorithm(algorithm: Algorithm) -> Self {
        Self::launch("/", fixed_keys::for_algorithm(algorithm).collect())
    }

    fn launch(path: &str, material: Vec<TestKey>) -> Self {
        assert!(path.is_empty() || path.starts_with('/'), "the path {path} does not begin with /");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of 127.0.0.1 is free");
        let address = listener.local_addr().expect("the listener has an address");
        let site = Arc::new(Site::new(format!("http://{address}"), path, material));
        let accepted = Arc::clone(&site);
        let acceptor = thread::Builder::new()
            .name("tokenring-issuer".into())
            .spawn(move || accepted.accept(&listener))
            .expect("the system has a thread to give");
        Self { site, address, acceptor: Some(acceptor) }
    }

    /// The issuer's URL, as in `iss`: `http://127.0.0.1:PORT/`, or with the path it was started at.
    pub fn url(&self) -> String {
        self.site.url.clone()
    }

    /// The URL of the key set: [`url`](Self::url) and `.well-known/jwks.json`, unless it was
    /// [moved](Self::move_key_set). Every path but this and those of the metadata answers 404.
    pub fn jwks_url(&self) -> String {
        self.site.jwks_url()
    }

    /// The current metadata, with `issuer` and `jwks_uri`. To serve an altered copy, pass its text
    /// to [`Answer::body`].
    ///
    /// The server has it at [`url`](Self::url) and `.well-known/openid-configuration`, joined with
    /// one slash. OpenID Connect Discovery 1.0 section 4.
    pub fn metadata(&self) -> Value {
        self.site.metadata()
    }

    /// The issuer with the keys published now. Later changes of the server do not change it.
    pub fn issuer(&self) -> Issuer {
        self.site.issuer()
    }

    /// A builder of a valid access token, signed with the newest key: [`Issuer::token`].
    ///
    /// # Panics
    ///
    /// If all keys are revoked.
    pub fn token(&self) -> TokenBuilder {
        self.issuer().token()
    }

    /// Signs with a new key from now on, and returns it. The one or two keys before it stay
    /// published; older ones are withdrawn.
    ///
    /// There is no limit to rotations. Each key has a new name; its material comes from three
    /// different fixed keys in turn.
    pub fn rotate(&self) -> TestKey {
        let material = &self.site.material;
        let mut state = self.site.lock();
        state.rotations = state.rotations.wrapping_add(1);
        let number = state.rotations;
        let key = material.iter().cycle().nth(number).expect("there are fixed keys");
        // The name of the first key ends in 01 or has no number.
        let name = material.first().map_or("", TestKey::kid);
        let name = name.strip_suffix("-01").unwrap_or(name);
        let key = key.with_kid(format!("{name}-{:02}", number.wrapping_add(1)));
        state.keys.insert(0, key.clone());
        // One for each material, so that no two published keys have the same.
        state.keys.truncate(material.len());
        key
    }

    /// No longer publishes the key called `kid`. If it was the key that signs, the next older key
    /// signs from now on.
    ///
    /// # Panics
    ///
    /// If no published key has this name.
    pub fn revoke(&self, kid: &str) {
        let mut state = self.site.lock();
        let published = state.keys.len();
        state.keys.retain(|key| key.kid() != kid);
        let revoked = state.keys.len() < published;
        drop(state);
        assert!(revoked, "no key called {kid} is published");
    }

    /// Publishes only `keys` from now on; the first one signs.
    pub fn publish(&self, keys: Vec<TestKey>) {
        self.site.lock().keys = keys;
    }

    /// Serves the key set at `path` from now on, such as `/keys`, and says so in the metadata. The
    /// old path answers 404.
    ///
    /// # Panics
    ///
    /// If `path` does not begin with `/`.
    pub fn move_key_set(&self, path: &str) {
        assert!(path.starts_with('/'), "the path {path} does not begin with /");
        self.site.lock().key_set.path = path.into();
    }

    /// Gives this answer to all requests for the key set, until the next call.
    pub fn answer_with(&self, answer: Answer) {
        self.site.lock().key_set.answer = answer;
    }

    /// Gives this answer to all requests for the metadata at `.well-known/openid-configuration`,
    /// until the next call. The default is [`Answer::metadata`].
    pub fn answer_metadata_with(&self, answer: Answer) {
        self.site.lock().metadata.answer = answer;
    }

    /// The same for `.well-known/oauth-authorization-server`, which RFC 8414 section 3.1 puts
    /// between host and path. The default is status 404.
    pub fn answer_oauth_metadata_with(&self, answer: Answer) {
        self.site.lock().oauth_metadata.answer = answer;
    }

    /// Closes each connection at once, without an answer, until [`up`](Self::up) is called. Open
    /// connections are closed too.
    ///
    /// The server keeps its port, because another process could take it. Connections are therefore
    /// not refused, but closed or reset before a byte is sent. That is a `FetchError::Connect` as
    /// well.
    pub fn down(&self) {
        let mut state = self.site.lock();
        state.down = true;
        state.hang_up();
    }

    /// Answers again, as before [`down`](Self::down).
    pub fn up(&self) {
        self.site.lock().down = false;
    }

    /// The number of requests read so far, for any path.
    pub fn hits(&self) -> usize {
        self.site.lock().hits
    }

    /// The number of requests read so far for the key set, at the path it had at the time.
    pub fn key_set_hits(&self) -> usize {
        self.site.lock().key_set.hits
    }

    /// The number of requests read so far for the metadata at `.well-known/openid-configuration`.
    pub fn metadata_hits(&self) -> usize {
        self.site.lock().metadata.hits
    }

    /// The number of requests read so far for the metadata at
    /// `.well-known/oauth-authorization-server`.
    pub fn oauth_metadata_hits(&self) -> usize {
        self.site.lock().oauth_metadata.hits
    }

    /// The number of connections made so far, including those made while the server was down.
    pub fn connections(&self) -> usize {
        self.site.lock().connections
    }

    /// The request line and headers of the last request, as received.
    pub fn last_request(&self) -> Option<String> {
        self.site.lock().last_request.clone()
    }
}

impl Drop for IssuerServer {
    fn drop(&mut self) {
        let mut state = self.site.lock();
        state.stopping = true;
        state.hang_up();
        drop(state);
        self.site.stopped.notify_all();
        // Wakes the acceptor. If that fails, its thread is not waited for and runs until the
        // process ends.
        let woken = TcpStream::connect_timeout(&self.address, WAKING_TIME).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            // It panics only if one of its threads did, and that panic was already printed.
            let _printed = acceptor.join();
        }
    }
}

/// Far more than a connection on loopback takes.
const WAKING_TIME: Duration = Duration::from_secs(1);
