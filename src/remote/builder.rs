//! The settings of a key source, each with its default and the reason for it.

use std::{boxed::Box, fmt, string::String, sync::Arc, time::Duration, vec::Vec};

use crate::{
    Clock, Fetch, FetchConfigError, FetchEvent, RemoteJwks, UnixTime,
    jwk::MAX_JSON_BYTES,
    remote::{
        clock::SystemClock,
        discovery::{Issuer, Location},
        http::{HttpFetch, HttpSettings, check_url},
        seed::Seed,
        snapshot::Timing,
        source::{Hook, Settings, Source},
    },
};

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
pub struct RemoteJwksBuilder {
    target: Target,
    ttl: Duration,
    stale_cap: Duration,
    kid_cooldown: Duration,
    timeout: Duration,
    max_blocked: usize,
    max_waiting: usize,
    max_body: usize,
    http: HttpSettings,
    fetch: Option<Arc<dyn Fetch>>,
    clock: Box<dyn Clock>,
    hook: Option<Hook>,
    seed: Option<Seed>,
}

enum Target {
    Url(String),
    Issuer(String),
}

impl RemoteJwksBuilder {
    pub(crate) fn at_url(url: String) -> Self {
        Self::new(Target::Url(url))
    }

    pub(crate) fn of_issuer(issuer: String) -> Self {
        Self::new(Target::Issuer(issuer))
    }

    fn new(target: Target) -> Self {
        Self {
            target,
            ttl: TTL,
            stale_cap: STALE_CAP,
            kid_cooldown: KID_COOLDOWN,
            timeout: TIMEOUT,
            max_blocked: MAX_BLOCKED,
            max_waiting: MAX_WAITING,
            max_body: MAX_BODY,
            http: HttpSettings::default(),
            fetch: None,
            clock: Box::new(SystemClock::new()),
            hook: None,
            seed: None,
        }
    }

    /// From this age on, a set is not used before a refresh has been tried. This limits how long a
    /// withdrawn key is still accepted. 10 minutes if not set, and at least a second.
    ///
    /// At about three quarters of this age the set is refreshed in the background.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// From this age on, a set is not used even if the issuer cannot be reached. 60 minutes if not
    /// set. If it equals `ttl`, no set is used past `ttl`.
    pub fn stale_cap(mut self, stale_cap: Duration) -> Self {
        self.stale_cap = stale_cap;
        self
    }

    /// The least time between the starts of two fetches for unknown `kid`s. 10 seconds if not set.
    pub fn kid_cooldown(mut self, kid_cooldown: Duration) -> Self {
        self.kid_cooldown = kid_cooldown;
        self
    }

    /// The limit for DNS, and again for TCP plus TLS, of the built-in client. 2 seconds if not set.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.http.connect_timeout = connect_timeout;
        self
    }

    /// The limit for a whole fetch, body included, and with discovery for all of its requests. 5
    /// seconds if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many threads may wait at once. 32 if not set.
    ///
    /// If more come, a lookup of a known `kid` gets a stale key, and any other gets
    /// [`Busy`](crate::KeyError::Busy).
    pub fn max_blocked(mut self, threads: usize) -> Self {
        self.max_blocked = threads;
        self
    }

    /// How many futures may wait at once. 1024 if not set. If more come, they are answered as for
    /// [`max_blocked`](Self::max_blocked).
    pub fn max_waiting(mut self, futures: usize) -> Self {
        self.max_waiting = futures;
        self
    }

    /// The most bytes that a key set may have. 512 KiB if not set, which is also the upper limit.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Uses no proxy. If not set, the HTTP proxy of the environment is used for `https:`, except
    /// for the hosts in `NO_PROXY`. It is the first that is set of `ALL_PROXY`, `HTTPS_PROXY` and their
    /// lower-case forms. If that is not the URL of an HTTP proxy, [`build`](Self::build) fails.
    pub fn no_proxy(mut self) -> Self {
        self.http.no_proxy();
        self
    }

    /// Uses the proxy at `url`, an `http:` URL, for `https:`, whatever the environment says. What
    /// [`danger_allow_http_loopback`](Self::danger_allow_http_loopback) allows goes through no proxy.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.http.explicit_proxy(url.into());
        self
    }

    /// Trusts the certificates in `pem`, and no others. If not set, those of webpki-roots are
    /// trusted.
    ///
    /// A certificate that is malformed inside the PEM is not found here; every fetch then fails.
    pub fn root_certs_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.http.root_certs_pem = Some(pem.into());
        self
    }

    /// Allows `http:` to 127.0.0.0/8, `[::1]` and `localhost`. For tests and development.
    pub fn danger_allow_http_loopback(mut self) -> Self {
        self.http.http_loopback = true;
        self
    }

    /// Fetches with another HTTP client. The settings of the built-in one have no effect in this case.
    ///
    /// ```
    /// use tokenring::{FetchError, FetchRequest, RemoteJwks};
    ///
    /// let keys = RemoteJwks::builder("https://tenant.eu.auth0.com/.well-known/jwks.json")
    ///     .fetch(|request: &FetchRequest| -> Result<Vec<u8>, FetchError> {
    ///         // With another client, within `request.timeout()`.
    ///         Err(FetchError::Timeout)
    ///     })
    ///     .build()?;
    /// assert_eq!(keys.prime(), Err(FetchError::Timeout));
    /// # Ok::<(), tokenring::FetchConfigError>(())
    /// ```
    pub fn fetch(mut self, fetch: impl Fetch + 'static) -> Self {
        self.fetch = Some(Arc::new(fetch));
        self
    }

    /// Calls `hook` after each fetch, on the fetch's own thread and outside every lock: for a log line
    /// or a counter. Lookups that wait for the fetch do not wait for the hook. If the hook panics, the
    /// panic is caught and has no effect on the source.
    ///
    /// A fetch for which no thread could be started is counted in [`Health`](crate::Health) only.
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
        self.hook = Some(Arc::new(hook));
        self
    }

    /// Starts with a key set that was fetched earlier: for a process that starts often.
    ///
    /// `key_set_json` and `fetched_at` are those of a [`FetchEvent`]. The set is fresh, expired or dead
    /// as if it had been fetched then. Store it safely: anyone who can change it decides which keys the
    /// process trusts.
    pub fn seed(mut self, key_set_json: impl Into<Vec<u8>>, fetched_at: UnixTime) -> Self {
        self.seed = Some(Seed { key_set_json: key_set_json.into(), fetched_at });
        self
    }

    /// Reads the time from another clock: for tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`FetchConfigError`]
    pub fn build(self) -> Result<RemoteJwks, FetchConfigError> {
        let location = self.location()?;
        self.check()?;
        let timing = Timing {
            ttl: self.ttl,
            stale_cap: self.stale_cap,
            kid_cooldown: self.kid_cooldown,
            reclaim_after: self.timeout.saturating_add(OVERDUE),
        };
        let seed = match &self.seed {
            Some(seed) => Some(seed.snapshot(self.max_body, &timing, &*self.clock)?),
            None => None,
        };
        let fetch = match self.fetch {
            Some(fetch) => fetch,
            None => Arc::new(HttpFetch::new(&self.http)?),
        };
        let settings = Settings {
            location,
            timing,
            timeout: self.timeout,
            max_body: self.max_body,
            max_blocked: self.max_blocked,
            max_waiting: self.max_waiting,
            fetch,
            clock: self.clock,
            hook: self.hook,
        };
        Ok(RemoteJwks(Arc::new(Source::new(settings, seed))))
    }

    fn location(&self) -> Result<Location, FetchConfigError> {
        let http_loopback = self.http.http_loopback;
        match &self.target {
            Target::Url(url) => {
                check_url(url, http_loopback)?;
                Ok(Location::Url(url.as_str().into()))
            }
            Target::Issuer(issuer) => {
                Ok(Location::Discovery(Arc::new(Issuer::new(issuer, http_loopback)?)))
            }
        }
    }

    fn check(&self) -> Result<(), FetchConfigError> {
        let zeros = [
            ("ttl", self.ttl.is_zero()),
            ("kid_cooldown", self.kid_cooldown.is_zero()),
            ("timeout", self.timeout.is_zero()),
            ("connect_timeout", self.http.connect_timeout.is_zero()),
            ("max_blocked", self.max_blocked == 0),
            ("max_waiting", self.max_waiting == 0),
            ("max_body", self.max_body == 0),
        ];
        if let Some((setting, _)) = zeros.into_iter().find(|(_, is_zero)| *is_zero) {
            return Err(FetchConfigError::Zero { setting });
        }
        let timeouts = [("timeout", self.timeout), ("connect_timeout", self.http.connect_timeout)];
        if let Some((setting, _)) = timeouts.into_iter().find(|(_, timeout)| *timeout > A_DAY) {
            return Err(FetchConfigError::TimeoutTooLong { setting });
        }
        if self.ttl < LEAST_TTL {
            return Err(FetchConfigError::TtlTooShort);
        }
        if self.stale_cap < self.ttl {
            return Err(FetchConfigError::StaleCapBelowTtl);
        }
        match self.max_body > MAX_BODY {
            true => Err(FetchConfigError::MaxBodyTooLarge),
            false => Ok(()),
        }
    }
}

impl fmt::Debug for RemoteJwksBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, text) = match &self.target {
            Target::Url(url) => ("url", url),
            Target::Issuer(issuer) => ("issuer", issuer),
        };
        f.debug_struct("RemoteJwksBuilder").field(name, text).finish_non_exhaustive()
    }
}

/// Common JWKS clients and proxies use this; Auth0 asks for at least five minutes.
const TTL: Duration = Duration::from_secs(600);

/// A shorter time would mean a fetch for each request.
const LEAST_TTL: Duration = Duration::from_secs(1);

/// Long enough that the service outlasts an issuer's outage, and still an end for a withdrawn key.
const STALE_CAP: Duration = Duration::from_secs(3600);

/// At most six attempts a minute, however many `kid`s are made up. A new key
/// waits at most this long.
const KID_COOLDOWN: Duration = Duration::from_secs(10);

/// For DNS, TCP, TLS, headers and body.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A longer timeout is a mistake. Sums of timeouts up to this do not overflow.
pub(crate) const A_DAY: Duration = Duration::from_secs(86_400);

/// The time from an attempt's timeout until it loses its slot.
const OVERDUE: Duration = Duration::from_secs(60);

/// Unknown `kid`s with a slow endpoint must not occupy a whole thread pool.
const MAX_BLOCKED: usize = 32;

/// A waiting future costs only memory, but many of them cost much.
const MAX_WAITING: usize = 1024;

/// The limit of [`JwkSet::from_json`].
const MAX_BODY: usize = MAX_JSON_BYTES;
