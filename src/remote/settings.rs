//! The settings of a key source: their defaults, each with the reason for it, and their checks.

use std::{boxed::Box, path::PathBuf, string::String, sync::Arc, time::Duration, vec::Vec};

use crate::{
    JwkSet, JwkSetError, UnixTime,
    jwk::MAX_JSON_BYTES,
    remote::{
        clock::{Clock, Moment, SystemClock, jitter},
        config_error::FetchConfigError,
        discovery::{Discovery, Location},
        fetch::Fetch,
        file::FileFetch,
        fork::PerProcess,
        health::FetchEvent,
        http::{HttpFetch, HttpSettings, check_url},
        place::Place,
        snapshot::{Snapshot, Timing},
    },
};

/// The function that is called after each attempt.
pub(crate) type Hook = Arc<dyn Fn(&FetchEvent) + Send + Sync>;

/// The settings of a source, checked.
pub(crate) struct Settings {
    pub(crate) location: Location,
    pub(crate) timing: Timing,
    pub(crate) limits: Limits,
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) clock: Box<dyn Clock>,
    hook: Option<PerProcess<Hook>>,
}

#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_body: usize,
    pub(crate) max_waiting_threads: usize,
    pub(crate) max_waiting_futures: usize,
}

impl Settings {
    /// The hook. It has one handle here, and another for each call in this process.
    pub(crate) fn hook(&self) -> Option<&Hook> {
        // A parent's calls end in no child.
        let again = |parents: &Hook| -> Hook {
            let hook = Arc::clone(parents);
            Arc::new(move |event| hook(event))
        };
        self.hook.as_ref().map(|hook| hook.own(again))
    }

    /// The first set of a source, got by an attempt that began at `started`.
    pub(crate) fn snapshot(&self, keys: JwkSet, text: Arc<[u8]>, started: Moment) -> Snapshot {
        Snapshot {
            keys,
            text,
            started,
            age_at_start: Duration::ZERO,
            refresh_due: self.timing.ttl.mul_f64(DUE_FROM + DUE_SPREAD * jitter(&*self.clock)),
            generation: 1,
            unusable_since: None,
        }
    }
}

/// The settings as they were given.
pub(crate) struct Unchecked {
    pub(crate) target: Target,
    pub(crate) timing: Timing,
    pub(crate) limits: Limits,
    pub(crate) http: HttpSettings,
    pub(crate) fetch: Option<Arc<dyn Fetch>>,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) hook: Option<Hook>,
    pub(crate) seed: Option<Seed>,
}

pub(crate) enum Target {
    Url(String),
    Issuer(String),
    File(PathBuf),
}

impl Target {
    /// The place of the key set, or the issuer's URL.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Url(url) | Self::Issuer(url) => Place::Url(url.as_str().into()),
            Self::File(path) => Place::of_file(path),
        }
    }
}

/// A key set that an earlier process fetched.
pub(crate) struct Seed {
    pub(crate) key_set_json: Vec<u8>,
    pub(crate) fetched_at: UnixTime,
}

impl Unchecked {
    pub(crate) fn new(target: Target) -> Self {
        let ttl = match target {
            Target::Url(_) | Target::Issuer(_) => TTL,
            Target::File(_) => FILE_TTL,
        };
        Self {
            target,
            timing: Timing {
                ttl,
                stale_cap: STALE_CAP,
                kid_cooldown: KID_COOLDOWN,
                timeout: TIMEOUT,
            },
            limits: Limits {
                max_body: MAX_BODY,
                max_waiting_threads: MAX_WAITING_THREADS,
                max_waiting_futures: MAX_WAITING_FUTURES,
            },
            http: HttpSettings::default(),
            fetch: None,
            clock: Box::new(SystemClock::new()),
            hook: None,
            seed: None,
        }
    }

    /// The settings, and the key set to start with, if one was given.
    pub(crate) fn check(self) -> Result<(Settings, Option<Snapshot>), FetchConfigError> {
        let location = self.location()?;
        self.check_limits()?;
        let settings = Settings {
            location,
            timing: self.timing,
            limits: self.limits,
            fetch: match (self.fetch, self.target) {
                (Some(_), Target::File(_)) => return Err(FetchConfigError::FetchOfFile),
                (Some(fetch), _) => fetch,
                (None, Target::File(path)) => Arc::new(FileFetch::new(path.into())),
                (None, Target::Url(url) | Target::Issuer(url)) => {
                    Arc::new(HttpFetch::new(&self.http, &url)?)
                }
            },
            clock: self.clock,
            hook: self.hook.map(PerProcess::new),
        };
        let seed = self.seed.map(|seed| seed.snapshot(&settings)).transpose()?;
        Ok((settings, seed))
    }

    fn location(&self) -> Result<Location, FetchConfigError> {
        let plain_http = &self.http.plain_http;
        plain_http.check()?;
        if let (None, Target::Url(url) | Target::Issuer(url)) = (&self.fetch, &self.target) {
            // A caller's own client may read `unix:` and `file:` URLs, or reach a sidecar.
            check_url(url, plain_http)?;
        }
        match &self.target {
            Target::Issuer(issuer) => {
                let discovery = Discovery::new(issuer, plain_http.clone())?;
                Ok(Location::Discovery(Arc::new(discovery)))
            }
            Target::File(path) if path.file_name().is_none() => Err(FetchConfigError::FileName),
            Target::Url(_) | Target::File(_) => Ok(Location::Configured(self.target.place())),
        }
    }

    fn check_limits(&self) -> Result<(), FetchConfigError> {
        let (Timing { ttl, stale_cap, kid_cooldown, timeout }, limits) = (self.timing, self.limits);
        let timeouts = [("timeout", timeout), ("connect_timeout", self.http.connect_timeout)];
        let times = [("ttl", ttl), ("kid_cooldown", kid_cooldown)].into_iter().chain(timeouts);
        let mut zeros = times.map(|(setting, time)| (setting, time.is_zero())).chain([
            ("max_waiting_threads", limits.max_waiting_threads == 0),
            ("max_waiting_futures", limits.max_waiting_futures == 0),
            ("max_body", limits.max_body == 0),
        ]);
        if let Some((setting, _)) = zeros.find(|(_, is_zero)| *is_zero) {
            return Err(FetchConfigError::Zero { setting });
        }
        if let Some((setting, _)) = timeouts.into_iter().find(|(_, timeout)| *timeout > A_DAY) {
            return Err(FetchConfigError::TimeoutTooLong { setting });
        }
        match () {
            () if ttl < LEAST_TTL => Err(FetchConfigError::TtlTooShort),
            () if stale_cap < ttl => Err(FetchConfigError::StaleCapBelowTtl),
            () if limits.max_body > MAX_BODY => Err(FetchConfigError::MaxBodyTooLarge),
            () => Ok(()),
        }
    }
}

impl Seed {
    /// The set, as if it had been fetched at `fetched_at`.
    fn snapshot(&self, settings: &Settings) -> Result<Snapshot, FetchConfigError> {
        let bytes = self.key_set_json.len();
        if bytes > settings.limits.max_body {
            return Err(FetchConfigError::Seed(JwkSetError::TooLong { bytes }));
        }
        let keys = JwkSet::from_json(&self.key_set_json).map_err(FetchConfigError::Seed)?;
        if keys.is_empty() {
            return Err(FetchConfigError::SeedWithoutKeys);
        }
        let now = Moment::now(&*settings.clock);
        let fetched_at = Duration::from_secs(self.fetched_at.as_secs());
        let age_at_start = now.wall.checked_sub(fetched_at);
        let age_at_start = age_at_start.ok_or(FetchConfigError::SeedFromFuture)?;
        let text = self.key_set_json.as_slice().into();
        Ok(Snapshot { age_at_start, ..settings.snapshot(keys, text, now) })
    }
}

/// Common JWKS clients and proxies use this; Auth0 asks for at least five minutes.
const TTL: Duration = Duration::from_secs(600);

/// The kubelet renews what it has mounted about once a minute. A read costs little.
const FILE_TTL: Duration = Duration::from_secs(60);

/// A refresh is due at 72 to 80 % of `ttl`: the jitter spreads the refreshes of a fleet.
const DUE_FROM: f64 = 0.72;
const DUE_SPREAD: f64 = 0.08;

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
const A_DAY: Duration = Duration::from_secs(86_400);

/// Unknown `kid`s with a slow endpoint must not occupy a whole thread pool.
const MAX_WAITING_THREADS: usize = 32;

/// A waiting future costs only memory, but many of them cost much.
const MAX_WAITING_FUTURES: usize = 1024;

/// The limit of [`JwkSet::from_json`].
const MAX_BODY: usize = MAX_JSON_BYTES;
