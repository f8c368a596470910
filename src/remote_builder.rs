//! The settings of a key source, each with its default and the reason for it.

use std::{boxed::Box, fmt, string::String, sync::Arc, time::Duration, vec::Vec};

use crate::{
    Clock, Fetch, FetchConfigError, FetchRequest, RemoteJwks,
    clock::SystemClock,
    fetch::{HttpFetch, HttpSettings, check_url},
    jwk::MAX_JSON_BYTES,
    refresh::Timing,
    remote_jwks::Source,
};

/// The settings of a [`RemoteJwks`].
#[must_use]
pub struct RemoteJwksBuilder {
    url: String,
    timing: Timing,
    timeout: Duration,
    max_blocked: usize,
    max_body: usize,
    http: HttpSettings,
    fetch: Option<Arc<dyn Fetch>>,
    clock: Box<dyn Clock>,
}

impl RemoteJwksBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            timing: Timing { ttl: TTL, stale_cap: STALE_CAP, kid_cooldown: KID_COOLDOWN },
            timeout: TIMEOUT,
            max_blocked: MAX_BLOCKED,
            max_body: MAX_BODY,
            http: HttpSettings::default(),
            fetch: None,
            clock: Box::new(SystemClock::new()),
        }
    }

    /// From this age on, a refresh is tried before a set is used: how long a withdrawn key may still
    /// be accepted. 10 minutes if not set.
    ///
    /// At about three quarters of it the set is refreshed in the background.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.timing.ttl = ttl;
        self
    }

    /// From this age on, a set is not used even if the issuer cannot be reached. 60 minutes if not
    /// set; the same as `ttl` to do without stale sets.
    pub fn stale_cap(mut self, stale_cap: Duration) -> Self {
        self.timing.stale_cap = stale_cap;
        self
    }

    /// From the start of one fetch because of an unknown `kid` to that of the next. 30 seconds if not
    /// set.
    pub fn kid_cooldown(mut self, kid_cooldown: Duration) -> Self {
        self.timing.kid_cooldown = kid_cooldown;
        self
    }

    /// For the name, and again for TCP and TLS. 2 seconds if not set.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.http.connect_timeout = connect_timeout;
        self
    }

    /// For a whole fetch, body included. 5 seconds if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many threads may wait at once. 32 if not set. Futures do not count.
    pub fn max_blocked(mut self, threads: usize) -> Self {
        self.max_blocked = threads;
        self
    }

    /// The most bytes a key set may have. 512 KiB if not set, and never more.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes.min(MAX_BODY);
        self
    }

    /// Uses no proxy. If not set, the environment's HTTP proxy is used for `https:` (`ALL_PROXY`,
    /// `HTTPS_PROXY`, `NO_PROXY`). A SOCKS proxy is an error of [`build`](Self::build).
    pub fn no_proxy(mut self) -> Self {
        self.http.no_proxy();
        self
    }

    /// Uses the proxy at `url`, an `http:` URL, whatever the environment says.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.http.explicit_proxy(url.into());
        self
    }

    /// Trusts the certificates in `pem`, and no others. If not set, those of webpki-roots.
    ///
    /// One that is not well-formed inside is trusted with nothing: the fetch fails.
    pub fn root_certs_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.http.root_certs_pem = Some(pem.into());
        self
    }

    /// Allows `http:` to 127.0.0.0/8, `[::1]` and `localhost`. For tests and development.
    pub fn danger_allow_http_loopback(mut self) -> Self {
        self.http.allow_http_loopback();
        self
    }

    /// Fetches with another HTTP client.
    ///
    /// ```
    /// use tokenring::{FetchError, FetchRequest, RemoteJwks};
    ///
    /// let keys = RemoteJwks::builder("https://tenant.eu.auth0.com/.well-known/jwks.json")
    ///     .fetch(|request: &FetchRequest| -> Result<Vec<u8>, FetchError> {
    ///         // With a client of one's own, within `request.timeout()`.
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

    /// Tells the time by another clock: for tests.
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
        let Self { url, timing, timeout, max_blocked, max_body, http, fetch, clock } = self;
        check_url(&url, &http)?;
        for (setting, duration) in [
            ("ttl", timing.ttl),
            ("kid_cooldown", timing.kid_cooldown),
            ("timeout", timeout),
            ("connect_timeout", http.connect_timeout),
        ] {
            if duration.is_zero() {
                return Err(FetchConfigError::Zero { setting });
            }
        }
        for (setting, limit) in [("max_blocked", max_blocked), ("max_body", max_body)] {
            if limit == 0 {
                return Err(FetchConfigError::Zero { setting });
            }
        }
        if timing.stale_cap < timing.ttl {
            return Err(FetchConfigError::StaleCapBelowTtl);
        }
        let fetch = match fetch {
            Some(fetch) => fetch,
            None => Arc::new(HttpFetch::new(&http)?),
        };
        let request = FetchRequest::new(url, timeout, max_body);
        Ok(RemoteJwks::of(Source::new(request, timing, max_blocked, fetch, clock)))
    }
}

impl fmt::Debug for RemoteJwksBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJwksBuilder").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What common JWKS clients and proxies use; Auth0 asks for no less than five.
const TTL: Duration = Duration::from_secs(600);

/// An issuer's outage is not ours, and a withdrawn key does not live for ever.
const STALE_CAP: Duration = Duration::from_secs(3600);

/// Two requests a minute, however many keys are made up.
const KID_COOLDOWN: Duration = Duration::from_secs(30);

/// For name, TCP, TLS, headers and body.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A storm of unknown `kid`s on a slow endpoint must not eat a thread pool.
const MAX_BLOCKED: usize = 32;

/// What [`JwkSet::from_json`] reads.
const MAX_BODY: usize = MAX_JSON_BYTES;
