//! The public interface of the key source and of its settings. They are in one file because each names
//! the other.

use std::{boxed::Box, fmt, path::PathBuf, string::String, sync::Arc, time::Duration, vec::Vec};

use crate::{
    JwkSet, KeyError, KeyLookup, KeyQuery, KeySource, KeysDescription, SelectedKey, UnixTime,
    remote::{
        attempt,
        clock::Clock,
        config_error::FetchConfigError,
        error::FetchError,
        fetch::{Fetch, FetchFailure},
        health::{FetchEvent, Health},
        http::{Pem, ProxyChoice},
        lookup::{
            LookupFuture, PrimeFuture, answer_at_once, answer_blocking, begin_prime, fresh_answer,
            outcome_of_attempt,
        },
        place::Place,
        refresh::Reason,
        settings::{Seed, Target, Unchecked},
        snapshot::KeysState,
        source::Source,
    },
};

/// The keys of one issuer, fetched and kept up to date. Cheap to clone; clones share everything.
///
/// A key that is known and still trusted is returned without I/O and without waiting. A lookup that
/// needs the network waits for at most two fetches, each bounded by
/// [`timeout`](RemoteJwksBuilder::timeout); time alone bounds the requests to the issuer, whatever is
/// looked up. Each fetch runs on its own thread, so no async runtime is needed. All the rules are on the
/// page [`remote`](crate::remote).
///
/// - **At the start** there are no keys. The first lookup fetches them, or [`prime`](Self::prime).
/// - **The issuer rotates its keys:** there is nothing to do. A `kid` that the set lacks causes a fetch. A
///   new key without a `kid` of its own is known only after the next refresh, within `ttl` and one fetch.
///   While the issuer can be reached, a key that it withdraws is accepted for at most
///   [`ttl`](RemoteJwksBuilder::ttl) and the time of one fetch, or until
///   [`refresh_now`](Self::refresh_now) succeeds.
/// - **The issuer is down:** the keys at hand stay in use until their set is as old as
///   [`stale_cap`](RemoteJwksBuilder::stale_cap). Without keys, lookups fail with
///   [`KeyError::Unavailable`], for which a [`Guard`](crate::Guard) responds with status 503.
///
/// ```
/// use tokenring::{Policy, RemoteJwks, Verifier};
///
/// let issuer = "https://login.example.com/";
/// let keys = RemoteJwks::discover(issuer)?; // finds the URL of the keys with the first fetch
/// let verifier = Verifier::new(Policy::new(issuer, "https://api.example.com/"), keys.clone())?;
///
/// // For a probe. No token has come yet, so there are no keys.
/// assert!(!keys.health().is_ready());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("JWKS", "jwks_uri", "PyJWKClient", "createRemoteJWKSet"))]
#[derive(Clone)]
pub struct RemoteJwks(Arc<Source>);

impl RemoteJwks {
    /// The key set at `url`, an `https:` URL, with the defaults of [`RemoteJwksBuilder`]. Does no I/O.
    ///
    /// # Errors
    ///
    /// [`FetchConfigError`] if the URL cannot be used.
    pub fn new(url: impl Into<String>) -> Result<Self, FetchConfigError> {
        Self::builder(url).build()
    }

    /// The key set at `url`, with other settings.
    pub fn builder(url: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder(Unchecked::new(Target::Url(url.into())))
    }

    /// The key set of `issuer`, found through its metadata: by OpenID Connect Discovery or, if the
    /// issuer has no such document, by RFC 8414.
    ///
    /// `issuer` is an `https:` URL without query. It must equal the `iss` of the issuer's tokens byte
    /// for byte, including a slash at the end. It is not the URL of the metadata: one with `/.well-known/` is
    /// refused. The metadata must name the same issuer. Only its `jwks_uri` is used, which may be on
    /// another host. Does no I/O.
    ///
    /// If this service reaches the issuer by another address than the one in `iss`, as in a network of
    /// containers, use [`new`](Self::new) with the URL of the key set at that address, and the `iss` of the
    /// tokens in the policy.
    ///
    /// ```no_run
    /// use tokenring::{Policy, RemoteJwks, Verifier};
    ///
    /// let issuer = "https://accounts.example.com";
    /// let keys = RemoteJwks::discover(issuer)?;
    /// let verifier = Verifier::new(Policy::new(issuer, "https://api.example.com/"), keys)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FetchConfigError`] if the issuer's URL cannot be used.
    #[doc(alias("oidc", "openid-configuration", "well-known"))]
    pub fn discover(issuer: impl Into<String>) -> Result<Self, FetchConfigError> {
        Self::discovery_builder(issuer).build()
    }

    /// The same as [`discover`](Self::discover), with other settings.
    pub fn discovery_builder(issuer: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder(Unchecked::new(Target::Issuer(issuer.into())))
    }

    /// The key set in the file at `path`, a JWK Set in JSON, for keys that arrive on the disk: in a mounted
    /// secret or config map of Kubernetes, or written by another program. The file may change or be replaced
    /// at any time; each fetch reads it anew, about every 45 seconds while there are lookups, and for an
    /// unknown `kid`.
    ///
    /// The rules are those of a fetched set, and the page [`remote`](crate::remote#files) has what is special about
    /// files. While the file is missing or is no key set, the old keys stay in use, for an hour if
    /// [`stale_cap`](RemoteJwksBuilder::stale_cap) is not set. Anyone who can write to the file decides which
    /// keys are trusted. A relative path begins at the working directory at the time of each read. Does no
    /// I/O: [`prime`](Self::prime) does.
    ///
    /// ```
    /// use tokenring::{Policy, RemoteJwks, Verifier};
    ///
    /// let keys = RemoteJwks::from_file("/etc/tokenring/jwks.json")?;
    /// let failure = keys.prime().unwrap_err(); // not mounted yet
    /// assert_eq!(
    ///     failure.to_string(),
    ///     "cannot read the key set from \"jwks.json\": the file cannot be read: entity not found",
    /// );
    /// let verifier = Verifier::new(Policy::new("https://login.example.com/", "api"), keys)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FetchConfigError::FileName`] if the path ends in no name, as `/` and `..` do.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, FetchConfigError> {
        Self::file_builder(path).build()
    }

    /// The same as [`from_file`](Self::from_file), with other settings.
    /// [`ttl`](RemoteJwksBuilder::ttl) is one minute if not set. The settings of the HTTP client have no
    /// effect.
    pub fn file_builder(path: impl Into<PathBuf>) -> RemoteJwksBuilder {
        RemoteJwksBuilder(Unchecked::new(Target::File(path.into())))
    }

    /// Fetches the key set now, unless there is one within its `ttl`. Call it when a service starts.
    ///
    /// Blocks for at most [`timeout`](RemoteJwksBuilder::timeout). During the back-off after a failure
    /// it does not fetch again.
    ///
    /// A service need not end because of an error: later lookups fetch again.
    ///
    /// # Errors
    ///
    /// Why there is no key set within its `ttl`, with the host or the file.
    pub fn prime(&self) -> Result<(), FetchFailure> {
        let mut control = self.0.lock();
        match begin_prime(&mut control) {
            Some(outcome) => outcome,
            None => outcome_of_attempt(control),
        }
    }

    /// The same as [`prime`](Self::prime), as a future. It may be dropped at any time; the fetch goes on.
    ///
    /// As for [`key_async`](KeySource::key_async), your own [`Fetch`](crate::remote::Fetch) must end in time.
    ///
    /// # Errors
    ///
    /// As for [`prime`](Self::prime).
    pub async fn prime_async(&self) -> Result<(), FetchFailure> {
        PrimeFuture::new(&self.0).await
    }

    /// Fetches the key set now, past caches on the way, even if the current set is fresh.
    ///
    /// For an operator who knows that a key was withdrawn. Never call it because of a request:
    /// neither back-off nor cool-down delays it. Waits for at most twice
    /// [`timeout`](RemoteJwksBuilder::timeout): a fetch that is under way may have begun too early.
    ///
    /// # Errors
    ///
    /// Why the fetch failed. The current set then stays in use as long as it is trusted.
    pub fn refresh_now(&self) -> Result<(), FetchFailure> {
        let mut control = self.0.lock();
        control.reclaim_slot(self.0.now());
        if control.refresh().under_way() {
            (control, _) = control.wait();
        }
        // It may still be under way: an attempt never starts beside another (I2).
        if !control.refresh().under_way() {
            attempt::start(&mut control, self.0.now(), Reason::Command);
        }
        outcome_of_attempt(control)
    }

    /// The set in use, with the skipped entries and their reasons. None before the first successful
    /// fetch, and when the set is dead.
    pub fn keys(&self) -> Option<JwkSet> {
        let (state, snapshot) = self.0.published().get(self.0.now());
        snapshot.filter(|_| state.serves()).map(|snapshot| snapshot.keys.clone())
    }

    /// The text of the set in use and the time of its fetch, for
    /// [`seed`](RemoteJwksBuilder::seed) in a later process. A serverless function calls it after
    /// [`prime`](Self::prime): the hook of [`on_fetch`](RemoteJwksBuilder::on_fetch) runs on another thread,
    /// perhaps too late. The page [`serverless`](crate::guide::serverless) has such a function.
    ///
    /// None if there is no set in use, or if the issuer has since served a set without a usable key: this
    /// source may have removed keys that are still in the text.
    ///
    /// ```no_run
    /// use tokenring::RemoteJwks;
    ///
    /// let keys = RemoteJwks::discover("https://accounts.example.com")?;
    /// keys.prime()?;
    /// if let Some((key_set, fetched_at)) = keys.to_seed() {
    ///     std::fs::write("key_set.json", key_set)?;
    ///     std::fs::write("fetched_at", fetched_at.as_secs().to_string())?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_seed(&self) -> Option<(String, UnixTime)> {
        let (state, snapshot) = self.0.published().get(self.0.now());
        let snapshot = snapshot.filter(|set| state.serves() && set.unusable_since.is_none())?;
        let text = core::str::from_utf8(&snapshot.text).ok()?;
        Some((text.into(), snapshot.fetched_at()))
    }

    /// The state of this source, for a readiness probe and for metrics.
    ///
    /// It fetches nothing: only lookups, [`prime`](Self::prime) and [`refresh_now`](Self::refresh_now) do. If a
    /// probe keeps traffic away until there are keys, the probe must cause a fetch itself, with `prime` or
    /// [`prime_async`](Self::prime_async).
    pub fn health(&self) -> Health {
        self.0.lock().health()
    }
}

impl KeySource for RemoteJwks {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        fresh_answer(&self.0, query).unwrap_or_else(|| answer_blocking(&self.0, query))
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        fresh_answer(&self.0, query).unwrap_or_else(|| answer_at_once(&self.0, query))
    }

    fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        let is_same = |set: &JwkSet| set.finds(key, query);
        self.0.published_at_hand().if_fresh(self.0.now(), is_same).unwrap_or(false)
    }

    fn describe(&self) -> KeysDescription {
        let health = self.health();
        let state = match health.state() {
            KeysState::Empty => "never fetched",
            KeysState::Fresh => "fresh",
            KeysState::RefreshDue => "fresh, a refresh is due",
            KeysState::Expired => "past its ttl",
            KeysState::Dead => "not used any more",
        };
        let keys = self.keys();
        let keys = match (&keys, health.last_error().map(|failure| failure.error())) {
            (Some(keys), _) => KeysDescription::of(keys),
            (None, Some(FetchError::NoUsableKeys { reasons, .. })) => {
                KeysDescription::all_skipped(reasons)
            }
            (None, _) => KeysDescription::none(),
        };
        let keys = keys.with_state(state);
        let keys = health.age().into_iter().fold(keys, KeysDescription::with_age);
        match health.last_error() {
            Some(failure) => keys.with_fetch_failure(failure),
            None => keys,
        }
    }

    /// The future waits where [`key`](Self::key) blocks. It may be dropped at any time.
    ///
    /// The built-in client ends each fetch within its timeout. Your own [`Fetch`](crate::remote::Fetch) must do
    /// so too: a future has no timer with which to give up.
    fn key_async(&self, query: KeyQuery<'_>) -> KeyLookup<'_> {
        match fresh_answer(&self.0, query) {
            Some(answer) => KeyLookup::ready(answer),
            None => KeyLookup::pending(LookupFuture::new(&self.0, query)),
        }
    }
}

/// Shows the host of the URL and not the rest, or the name of the file.
impl fmt::Debug for RemoteJwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "RemoteJwks", &self.0.settings.location.place())
    }
}

fn debug(f: &mut fmt::Formatter<'_>, name: &str, place: &Place) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    match place.file_name() {
        Some(file) => shown.field("file", file),
        None => shown.field("host", &place.host()),
    };
    shown.finish_non_exhaustive()
}

/// The settings of a [`RemoteJwks`]. A setter stores what it is given; [`build`](Self::build) checks
/// it.
///
/// ```
/// use std::time::Duration;
/// use tokenring::RemoteJwks;
///
/// let keys = RemoteJwks::discovery_builder("https://login.example.com/")
///     .ttl(Duration::from_secs(300))
///     .timeout(Duration::from_secs(3))
///     .build()?;
/// # Ok::<(), tokenring::FetchConfigError>(())
/// ```
#[must_use]
pub struct RemoteJwksBuilder(Unchecked);

impl RemoteJwksBuilder {
    /// From this age on, a set is not used before a refresh has been tried. This limits how long a
    /// withdrawn key is still accepted. 10 minutes if not set, one minute for a
    /// [file](RemoteJwks::from_file), and at least a second.
    ///
    /// At about three quarters of this age the set is refreshed in the background.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.0.timing.ttl = ttl;
        self
    }

    /// From this age on, a set is not used even if the issuer cannot be reached. 60 minutes if not
    /// set. If it equals `ttl`, no set is used past `ttl`.
    pub fn stale_cap(mut self, stale_cap: Duration) -> Self {
        self.0.timing.stale_cap = stale_cap;
        self
    }

    /// The least time between the starts of two fetches for unknown `kid`s. 10 seconds if not set.
    pub fn kid_cooldown(mut self, kid_cooldown: Duration) -> Self {
        self.0.timing.kid_cooldown = kid_cooldown;
        self
    }

    /// The limit for DNS, and again for TCP plus TLS, of the built-in client. 2 seconds if not set.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.0.http.connect_timeout = connect_timeout;
        self
    }

    /// The limit for a whole fetch, body included, and with discovery for all of its requests. 5
    /// seconds if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timing.timeout = timeout;
        self
    }

    /// How many threads may wait at once. 32 if not set.
    ///
    /// If more come, a lookup of a known `kid` gets a stale key, and any other gets
    /// [`Busy`](crate::KeyError::Busy).
    pub fn max_waiting_threads(mut self, threads: usize) -> Self {
        self.0.limits.max_waiting_threads = threads;
        self
    }

    /// How many futures may wait at once. 1024 if not set. If more come, they are answered as for
    /// [`max_waiting_threads`](Self::max_waiting_threads).
    pub fn max_waiting_futures(mut self, futures: usize) -> Self {
        self.0.limits.max_waiting_futures = futures;
        self
    }

    /// The most bytes that a key set may have. 512 KiB if not set, which is also the upper limit.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.0.limits.max_body = bytes;
        self
    }

    /// Uses no proxy. If not set, the environment decides, by `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` and
    /// others: see [Proxies](crate::remote#proxies).
    pub fn no_proxy(mut self) -> Self {
        self.0.http.proxy = ProxyChoice::None;
        self
    }

    /// Uses the proxy at `url` for all hosts but this machine, whatever the environment says. The forms of
    /// `url` are those of `HTTPS_PROXY`: see [Proxies](crate::remote#proxies).
    ///
    /// If it has another form, [`build`](Self::build) fails with [`FetchConfigError::Proxy`] or
    /// [`FetchConfigError::ProxyScheme`].
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.0.http.proxy = ProxyChoice::Explicit(url.into());
        self
    }

    /// Trusts the certificates in `pem`, and no others. If not set, those of webpki-roots are
    /// trusted.
    ///
    /// A certificate that is malformed inside the PEM is not found here; every fetch then fails.
    ///
    /// If `pem` holds anything else, or no certificate, [`build`](Self::build) fails with
    /// [`FetchConfigError::RootCerts`], which names what is often given instead.
    pub fn root_certs_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.0.http.tls.roots = Some(Pem::Text(pem.into()));
        self
    }

    /// The same as [`root_certs_pem`](Self::root_certs_pem), with the certificates in a file.
    /// [`build`](Self::build) reads it, once, and fails with [`FetchConfigError::RootCertsFile`] if it
    /// cannot. The later of the two calls counts.
    pub fn root_certs_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.0.http.tls.roots = Some(Pem::File(path.into()));
        self
    }

    /// Trusts the certificates in `pem` beside the others: those of webpki-roots, or of
    /// [`root_certs_pem`](Self::root_certs_pem). For a company's proxy or authority. May be called several
    /// times. The errors are those of `root_certs_pem`.
    ///
    /// If a server's issuer is not among the added certificates, the client connects again and tries the
    /// built-in ones.
    pub fn add_root_certs_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.0.http.tls.added_roots.push(Pem::Text(pem.into()));
        self
    }

    /// The same as [`add_root_certs_pem`](Self::add_root_certs_pem), with the certificates in a file, which
    /// [`build`](Self::build) reads once.
    pub fn add_root_certs_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.0.http.tls.added_roots.push(Pem::File(path.into()));
        self
    }

    /// Shows this certificate to a server that demands one: mutual TLS. `cert` holds the certificate and
    /// then its intermediates, `key` the one private key, both in PEM.
    ///
    /// It is shown to the scheme, host and port of the configured URL or issuer, as
    /// [`header`](Self::header) says. [`build`](Self::build) fails with
    /// [`ClientCert`](FetchConfigError::ClientCert), [`ClientKey`](FetchConfigError::ClientKey) or
    /// [`ClientKeyMismatch`](FetchConfigError::ClientKeyMismatch).
    pub fn client_cert_pem(mut self, cert: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.0.http.tls.client = Some((cert.into(), key.into()));
        self
    }

    /// Sends this header with each request, as an endpoint demands that is not public.
    ///
    /// It is sent only to the scheme, host and port of the configured URL or issuer. If an issuer's
    /// `jwks_uri` is elsewhere and needs the header, give that URL to
    /// [`RemoteJwks::builder`]. No text shows the value.
    ///
    /// [`build`](Self::build) fails with [`HeaderName`](FetchConfigError::HeaderName) or
    /// [`HeaderValue`](FetchConfigError::HeaderValue) if one cannot be sent, with
    /// [`SpoiledHeader`](FetchConfigError::SpoiledHeader) for a placeholder such as `${TOKEN}`, with
    /// [`RepeatedHeader`](FetchConfigError::RepeatedHeader) for a name given twice, and with
    /// [`ReservedHeader`](FetchConfigError::ReservedHeader) for a header such as `Host`, `Content-Length`
    /// or `Accept`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.http.headers.headers.push((name.into(), value.into()));
        self
    }

    /// Sends `Authorization: Bearer` with the token in this file, to the same host as
    /// [`header`](Self::header). Each request reads the file anew, as the tokens of Kubernetes demand.
    /// White space around the token is dropped.
    ///
    /// If the file cannot be read within the [`timeout`](Self::timeout) of the fetch, is a pipe or a device,
    /// is empty, has 64 KiB or more, or holds anything but one token, the fetch fails with
    /// [`FetchError::TokenFile`], and the next one follows after the usual back-off. No text shows the token
    /// or the file's path.
    ///
    /// ```
    /// use tokenring::RemoteJwks;
    ///
    /// let keys = RemoteJwks::builder("https://keys.example.com/jwks.json")
    ///     .bearer_token_file("/run/secrets/token")
    ///     .build()?;
    /// # Ok::<(), tokenring::FetchConfigError>(())
    /// ```
    pub fn bearer_token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.0.http.headers.bearer_token_file = Some(path.into());
        self
    }

    /// Sends this `User-Agent` to every host. `tokenring/` and the crate's version if not set.
    /// [`build`](Self::build) fails with [`FetchConfigError::UserAgent`] if it cannot be sent.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.0.http.headers.user_agent = Some(user_agent.into());
        self
    }

    /// Allows `http:` to 127.0.0.0/8, `[::1]` and `localhost`. For tests and development.
    pub fn danger_allow_http_loopback(mut self) -> Self {
        self.0.http.plain_http.loopback = true;
        self
    }

    /// Allows `http:` to `host` on any port: for a compose file, or a mesh whose proxies encrypt. Call it
    /// once for each host. With discovery it counts for the issuer and for its `jwks_uri`.
    ///
    /// Anyone on the network path can then replace the keys, and so make tokens that are accepted.
    ///
    /// `host` is a name or an address, without scheme, port and path: `keycloak`, `10.0.0.7`, `[fd00::7]`.
    /// Upper and lower case are the same. If it is anything else, [`build`](Self::build) fails with
    /// [`FetchConfigError::HttpHost`]. A proxy that the environment or [`proxy`](Self::proxy) sets for
    /// `http:` is used, and can read and change what it relays.
    ///
    /// ```
    /// use tokenring::RemoteJwks;
    ///
    /// let issuer = "http://keycloak:8080/realms/shop";
    /// let keys = RemoteJwks::discovery_builder(issuer).danger_allow_http("keycloak").build()?;
    /// # Ok::<(), tokenring::FetchConfigError>(())
    /// ```
    pub fn danger_allow_http(mut self, host: impl Into<String>) -> Self {
        self.0.http.plain_http.hosts.push(host.into());
        self
    }

    /// Fetches with another HTTP client. The settings of the built-in one have no effect in this case, and
    /// its rules for URLs do not count: the URL may be one of a Unix socket, a file or a sidecar. An issuer
    /// must still have the form `scheme://host`, and a `jwks_uri` comes from the network, so it must be
    /// `https:` or `http:` to a host that was allowed. For a [file](RemoteJwks::from_file),
    /// [`build`](Self::build) fails with [`FetchConfigError::FetchOfFile`].
    ///
    /// ```
    /// use tokenring::RemoteJwks;
    /// use tokenring::remote::{FetchError, FetchRequest};
    ///
    /// let keys = RemoteJwks::builder("https://tenant.eu.auth0.com/.well-known/jwks.json")
    ///     .fetch(|request: &FetchRequest| -> Result<Vec<u8>, FetchError> {
    ///         // With another client, within `request.timeout()`.
    ///         Err(FetchError::custom("the client has no credentials"))
    ///     })
    ///     .build()?;
    /// assert_eq!(
    ///     keys.prime().unwrap_err().to_string(),
    ///     "cannot fetch the key set from tenant.eu.auth0.com: the client has no credentials",
    /// );
    /// # Ok::<(), tokenring::FetchConfigError>(())
    /// ```
    pub fn fetch(mut self, fetch: impl Fetch + 'static) -> Self {
        self.0.fetch = Some(Arc::new(fetch));
        self
    }

    /// Calls `hook` after each fetch, on the fetch's own thread and outside every lock: for a log line
    /// or a counter. Lookups that wait for the fetch do not wait for the hook. If the hook panics, the
    /// panic is caught and has no effect on the source.
    ///
    /// A fetch for which no thread could be started is counted in [`Health`](crate::remote::Health) only. So is
    /// one that ends while eight earlier calls of `hook` have not returned.
    ///
    /// ```
    /// use tokenring::RemoteJwks;
    ///
    /// let keys = RemoteJwks::builder("https://tenant.eu.auth0.com/.well-known/jwks.json")
    ///     .on_fetch(|event| match event.failure() {
    ///         Some(failure) => eprintln!("{failure}"),
    ///         None => eprintln!("{} keys in {:?}", event.usable_keys(), event.duration()),
    ///     })
    ///     .build()?;
    /// # Ok::<(), tokenring::FetchConfigError>(())
    /// ```
    pub fn on_fetch(mut self, hook: impl Fn(&FetchEvent) + Send + Sync + 'static) -> Self {
        self.0.hook = Some(Arc::new(hook));
        self
    }

    /// Starts with a key set that was fetched earlier: for a process that starts often.
    ///
    /// `key_set_json` and `fetched_at` are those of [`to_seed`](RemoteJwks::to_seed) or of a [`FetchEvent`]. The set is fresh, expired or dead
    /// as if it had been fetched then. Store it safely: anyone who can change it decides which keys the
    /// process trusts.
    pub fn seed(mut self, key_set_json: impl Into<Vec<u8>>, fetched_at: UnixTime) -> Self {
        self.0.seed = Some(Seed { key_set_json: key_set_json.into(), fetched_at });
        self
    }

    /// Reads the time from another clock: for tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.0.clock = Box::new(clock);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`FetchConfigError`]
    pub fn build(self) -> Result<RemoteJwks, FetchConfigError> {
        let (settings, seed) = self.0.check()?;
        Ok(RemoteJwks(Arc::new(Source::new(settings, seed))))
    }
}

/// Shows the host of the URL and not the rest, or the name of the file.
impl fmt::Debug for RemoteJwksBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "RemoteJwksBuilder", &self.0.target.place())
    }
}
