//! The scripted issuer: the key sets that it can publish, and its answers to each attempt.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    panic::resume_unwind,
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use tokenring::{
    FetchConfigError, JsonError, JwkError, JwkSetError, PublicKey, RemoteJwks,
    remote::{Fetch, FetchError, FetchPurpose, FetchRequest, MetadataError},
};

/// The `kid` of a key, and the number of one of the three public keys.
pub type Key = (&'static str, usize);

/// An entry of a key set.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    Public(&'static str, usize),
    /// With its private half, which burns the key.
    Private(&'static str, usize),
    /// Of a type that is not for verifying.
    Symmetric,
}

/// The key sets that the issuer can publish. The first five have no usable key.
pub static SETS: [&[Entry]; 16] = {
    use Entry::{Private, Public, Symmetric};
    [
        &[],
        &[Symmetric],
        &[Private("a", 0)],
        &[Private("b", 1)],
        &[Private("a", 0), Private("b", 1), Private("c", 2)],
        &[Public("a", 0)],
        &[Public("a", 0), Public("b", 1)],
        &[Public("b", 1), Public("c", 2)],
        &[Public("a", 0), Public("b", 1), Public("c", 2)],
        &[Symmetric, Public("c", 2)],
        // Another key under the same `kid`, two keys under one `kid`, and a repeated key.
        &[Public("a", 1)],
        &[Public("a", 0), Public("a", 1), Public("b", 2)],
        &[Public("a", 0), Public("a", 0), Public("d", 0)],
        // A burnt key beside others, and under another `kid`.
        &[Private("a", 0), Public("b", 1)],
        &[Public("b", 1), Private("d", 0), Public("a", 0)],
        &[Private("c", 2), Public("a", 0), Public("b", 1)],
    ]
};

/// The expected result of reading a key set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    pub keys: Vec<Key>,
    /// The index, `kid` and fault of each skipped entry.
    pub skipped: Vec<(usize, Option<String>, JwkError)>,
    /// The keys that it burns.
    pub burnt: BTreeSet<usize>,
}

/// Reads a key set after the keys `before` were burnt.
pub fn read(entries: &[Entry], before: &BTreeSet<usize>) -> Read {
    let mut read = Read::default();
    for entry in entries {
        if let Entry::Private(_, key) = entry {
            read.burnt.insert(*key);
        }
    }
    for (index, entry) in entries.iter().enumerate() {
        match *entry {
            Entry::Symmetric => read.skipped.push((index, None, JwkError::SharedSecret)),
            Entry::Public(kid, key) | Entry::Private(kid, key) => {
                if before.contains(&key) || read.burnt.contains(&key) {
                    let error = JwkError::PrivateKey { member: "d" };
                    read.skipped.push((index, Some(kid.to_owned()), error));
                } else if !read.keys.contains(&(kid, key)) {
                    read.keys.push((kid, key));
                }
            }
        }
    }
    read
}

/// The text of a key set.
pub fn text(set: usize) -> &'static str {
    &TEXTS[set]
}

/// The text, padded with spaces to this length.
pub fn padded(set: usize, bytes: usize) -> String {
    let text = text(set);
    format!("{text}{}", " ".repeat(bytes - text.len()))
}

static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let entry = |entry: &Entry| match *entry {
        Entry::Public(kid, key) => jwk(kid, key),
        Entry::Private(kid, key) => {
            let mut jwk = jwk(kid, key);
            jwk["d"] = "AQAB".into();
            jwk
        }
        Entry::Symmetric => json!({"kty": "oct", "k": "AQAB"}),
    };
    let text = |entries: &&[Entry]| {
        json!({"keys": entries.iter().map(entry).collect::<Vec<_>>()}).to_string()
    };
    SETS.iter().map(text).collect()
});

/// The JWK of one of three Ed25519 keys. RFC 8032 section 7.1, tests 1 to 3.
fn jwk(kid: &str, key: usize) -> serde_json::Value {
    let x = [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    ][key];
    let byte = |at| u8::from_str_radix(&x[at..at + 2], 16).expect("a byte");
    let x = URL_SAFE_NO_PAD.encode((0..x.len()).step_by(2).map(byte).collect::<Vec<u8>>());
    json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x})
}

/// Each key under each `kid`.
pub static KEYS: LazyLock<Vec<(Key, PublicKey)>> = LazyLock::new(|| {
    let names = ["a", "b", "c", "d"].into_iter();
    let keys = names.flat_map(|kid| (0..3).map(move |key| (kid, key)));
    let public = |(kid, key)| PublicKey::from_jwk(jwk(kid, key).to_string().as_bytes());
    keys.map(|key| (key, public(key).expect("a key"))).collect()
});

pub const URL: &str = "https://keys.example/jwks";
pub const ISSUER: &str = "https://issuer.example/tenant/";
pub const OPENID_URL: &str = "https://issuer.example/tenant/.well-known/openid-configuration";
pub const OAUTH_URL: &str = "https://issuer.example/.well-known/oauth-authorization-server/tenant";

/// The key set URLs that the metadata can name.
pub static JWKS_URIS: [&str; 2] = ["https://one.example/jwks", "https://two.example/jwks"];

/// The limit for the length of a key set here.
pub const MAX_BODY: usize = 1000;

/// The crate's limit for the length of metadata.
pub const MAX_METADATA: usize = 65_536;

/// An answer to one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// One of [`SETS`].
    Set(usize),
    /// One of [`SETS`], padded with spaces to this length.
    Long(usize, usize),
    /// A body that is not a key set, and its fault.
    NoSet(&'static str, JwkSetError),
    /// Metadata that names one of [`JWKS_URIS`].
    Metadata(usize),
    /// A body that is not metadata, and its fault.
    NoMetadata(&'static str, FetchError),
    /// Unusable metadata, and its fault.
    BadMetadata(&'static str, FetchError),
    Fails(FetchError),
    Panics,
}

impl Reply {
    /// The answer to a request for a key set, from a byte of the script.
    pub fn key_set(byte: u8) -> Self {
        match usize::from(byte) % 32 {
            set @ 0..16 => Self::Set(set),
            16 => Self::Long(5, MAX_BODY),
            17 => Self::Long(6, MAX_BODY + 1),
            18 => Self::NoSet("{}", JwkSetError::KeysMissing),
            19 => Self::NoSet(r#"{"keys":{}}"#, JwkSetError::KeysType),
            other => Self::failure(other),
        }
    }

    /// The answer to a request for metadata, from a byte of the script.
    pub fn metadata(byte: u8) -> Self {
        let missing = |member| FetchError::Metadata(MetadataError::MemberMissing { member });
        match usize::from(byte) % 32 {
            0..5 => Self::Metadata(0),
            5..9 => Self::Metadata(1),
            9 => Self::NoMetadata(
                "<!DOCTYPE html>",
                FetchError::Metadata(MetadataError::Json(JsonError::Syntax)),
            ),
            10 => Self::BadMetadata("{}", missing("issuer")),
            11 => Self::BadMetadata(
                r#"{"issuer":"https://issuer.example/tenant","jwks_uri":"https://one.example/jwks"}"#,
                FetchError::IssuerMismatch {
                    expected: "https://issuer.example/tenant/".into(),
                    found: "https://issuer.example/tenant".into(),
                },
            ),
            12 => Self::BadMetadata(
                r#"{"issuer":"https://issuer.example/tenant/"}"#,
                missing("jwks_uri"),
            ),
            13 => Self::BadMetadata(
                r#"{"issuer":"https://issuer.example/tenant/","jwks_uri":"http://one.example/jwks"}"#,
                FetchError::Metadata(MetadataError::JwksUri(FetchConfigError::NotHttps)),
            ),
            14 => Self::Long(5, MAX_METADATA + 1),
            15..18 => Self::Fails(FetchError::Status { status: 404, retry_after: None }),
            18 => Self::Fails(FetchError::Status { status: 403, retry_after: None }),
            19 => Self::Fails(FetchError::Status { status: 429, retry_after: None }),
            other => Self::failure(other),
        }
    }

    fn failure(number: usize) -> Self {
        let status = |seconds| {
            let retry_after = Some(Duration::from_secs(seconds));
            Self::Fails(FetchError::Status { status: 503, retry_after })
        };
        match number {
            20 => status(0),
            21 => status(7),
            22 => status(1000),
            23 => Self::Panics,
            24 => Self::Fails(FetchError::Protocol),
            25 => Self::Fails(FetchError::HostNotFound),
            26 => Self::Fails(FetchError::Status { status: 404, retry_after: None }),
            27 | 28 => Self::Fails(FetchError::Status { status: 500, retry_after: None }),
            _ => Self::Fails(FetchError::Timeout),
        }
    }

    fn give(&self) -> Result<Vec<u8>, FetchError> {
        match self {
            Self::Set(set) => Ok(text(*set).into()),
            Self::Long(set, bytes) => Ok(padded(*set, *bytes).into()),
            Self::NoSet(text, _) | Self::NoMetadata(text, _) | Self::BadMetadata(text, _) => {
                Ok((*text).into())
            }
            Self::Metadata(uri) => {
                Ok(json!({"jwks_uri": JWKS_URIS[*uri], "issuer": ISSUER}).to_string().into())
            }
            Self::Fails(error) => Err(error.clone()),
            // Skips the panic hook, which the fuzzer takes for a finding.
            Self::Panics => resume_unwind(Box::new("as the script wants it")),
        }
    }
}

/// The answers to the requests of one attempt.
#[derive(Clone, Debug)]
pub struct Replies {
    pub openid: Reply,
    pub oauth: Reply,
    pub key_set: Reply,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub url: &'static str,
    pub purpose: FetchPurpose,
    pub max_body: usize,
    pub no_cache: bool,
}

/// The end of an attempt.
#[derive(Clone, Debug)]
pub struct Release {
    pub replies: Replies,
    /// The number of waiters that the attempt awaits before it ends.
    pub waiters: usize,
}

impl Release {
    /// The same answer to each request.
    fn with(reply: &Reply) -> Self {
        let [openid, oauth, key_set] = [(); 3].map(|()| reply.clone());
        Self { replies: Replies { openid, oauth, key_set }, waiters: 0 }
    }
}

/// The issuer. It holds each attempt at its first request until the script releases it. So the script
/// alone decides the order of events, although each attempt has a thread.
#[derive(Default)]
pub struct Issuer {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The requests of each attempt.
    requests: Vec<Vec<Request>>,
    releases: BTreeMap<usize, Release>,
    /// The number of attempts whose threads have ended.
    over: usize,
    blocked: Option<Blocked>,
}

/// A call on the script's own thread that may block.
#[derive(Clone)]
pub struct Blocked {
    pub keys: RemoteJwks,
    /// The attempt that is in flight after the call.
    pub slot: Option<usize>,
    /// The number of attempts that have begun by the end of the call.
    pub attempts: usize,
    /// The number of waiters if the call waits for one attempt too many.
    pub waiters: usize,
}

/// Far longer than a script takes: more means a failure.
const FOREVER: Duration = Duration::from_secs(60);

impl Issuer {
    /// Releases attempts, and waits for the end of their threads.
    pub fn release(&self, releases: Vec<(usize, Release)>) {
        let mut state = self.state();
        state.releases.extend(releases);
        self.changed.notify_all();
        let going = |state: &mut State| state.over < state.releases.len();
        let (state, waited) = self.changed.wait_timeout_while(state, FOREVER, going).unwrap();
        drop(state);
        assert!(!waited.timed_out(), "an attempt has not ended");
    }

    /// Releases attempts, and calls `wait`, which waits for them.
    pub fn release_while<T>(
        &self,
        blocked: Blocked,
        releases: Vec<(usize, Release)>,
        wait: impl FnOnce() -> T,
    ) -> T {
        {
            let mut state = self.state();
            state.blocked = Some(blocked);
            state.releases.extend(releases);
            self.changed.notify_all();
        }
        let answer = wait();
        self.state().blocked = None;
        self.release(Vec::new());
        answer
    }

    /// The requests so far. Waits until this number of attempts have begun.
    pub fn requests(&self, attempts: usize) -> Vec<Vec<Request>> {
        let fewer = |state: &mut State| state.requests.len() < attempts;
        let state = self.state();
        let (state, waited) = self.changed.wait_timeout_while(state, FOREVER, fewer).unwrap();
        assert!(!waited.timed_out(), "an attempt has not begun");
        state.requests.clone()
    }

    /// Ends the attempts that are still held.
    pub fn close(&self) {
        let held: Vec<_> = {
            let state = self.state();
            let held = |number: &usize| !state.releases.contains_key(number);
            (0..state.requests.len()).filter(held).collect()
        };
        let release = Release::with(&Reply::Fails(FetchError::Timeout));
        self.release(held.into_iter().map(|number| (number, release.clone())).collect());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an attempt, and waits for its release.
    fn begin(self: &Arc<Self>, request: Request) -> OnThread {
        let mut state = self.state();
        let number = state.requests.len();
        state.requests.push(vec![request]);
        self.changed.notify_all();
        loop {
            if let Some(release) = state.releases.get(&number).cloned() {
                drop(state);
                self.await_waiters(release.waiters);
                return OnThread { issuer: Arc::clone(self), number, replies: release.replies };
            }
            let unforeseen = |call: &&Blocked| number >= call.attempts || Some(number) == call.slot;
            state = match state.blocked.as_ref().filter(unforeseen) {
                None => self.changed.wait(state).unwrap(),
                // The lock is held, so it is still the same call.
                Some(call) if call.keys.health().waiters() >= call.waiters => {
                    // This ends the call, with an outcome that the model does not have.
                    state
                        .releases
                        .insert(number, Release::with(&Reply::Fails(FetchError::Truncated)));
                    state
                }
                Some(_) => {
                    drop(state);
                    thread::yield_now();
                    self.state()
                }
            };
        }
    }

    /// Waits for this number of waiters, or for the end of the blocking call.
    fn await_waiters(&self, waiters: usize) {
        while let Some(call) = self.state().blocked.clone() {
            if call.keys.health().waiters() >= waiters {
                break;
            }
            thread::yield_now();
        }
    }
}

/// The attempt of this thread. Dropped at the end of the thread.
struct OnThread {
    issuer: Arc<Issuer>,
    number: usize,
    replies: Replies,
}

impl Drop for OnThread {
    fn drop(&mut self) {
        self.issuer.state().over += 1;
        self.issuer.changed.notify_all();
    }
}

thread_local! {
    static ATTEMPT: RefCell<Option<OnThread>> = const { RefCell::new(None) };
}

/// The number of this thread's attempt.
pub fn attempt() -> usize {
    ATTEMPT.with_borrow(|attempt| attempt.as_ref().expect("an attempt's thread").number)
}

/// The issuer as the source's `Fetch`.
pub struct Client(pub Arc<Issuer>);

impl Fetch for Client {
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        let urls = [URL, OPENID_URL, OAUTH_URL].into_iter().chain(JWKS_URIS);
        let request = Request {
            url: urls.into_iter().find(|url| *url == request.url()).expect("a known URL"),
            purpose: request.purpose(),
            max_body: request.max_body(),
            no_cache: request.no_cache(),
        };
        let url = request.url;
        let reply = ATTEMPT.with_borrow_mut(|attempt| {
            match attempt {
                None => *attempt = Some(self.0.begin(request)),
                Some(attempt) => self.0.state().requests[attempt.number].push(request),
            }
            let replies = &attempt.as_ref().expect("it has begun").replies;
            match url {
                OPENID_URL => replies.openid.clone(),
                OAUTH_URL => replies.oauth.clone(),
                _ => replies.key_set.clone(),
            }
        });
        reply.give()
    }
}
