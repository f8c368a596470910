//! When to fetch an issuer's keys, and what to answer meanwhile: decisions only, without I/O, clock,
//! locks or keys.
//!
//! All times are those of a monotonic clock.

use core::time::Duration;

use crate::{FetchError, KeyError};

/// How old key sets may become, and how often they may be asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// From this age on, a refresh is tried before a set is used.
    pub(crate) ttl: Duration,
    /// From this age on, a set is not used at all.
    pub(crate) stale_cap: Duration,
    /// From the start of one fetch for the sake of an unknown `kid` to that of the next.
    pub(crate) kid_cooldown: Duration,
}

/// How far the key set at hand is from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeysState {
    /// There has been no key set yet.
    Empty,
    /// In use.
    Fresh,
    /// In use, and old enough to be refreshed in the background.
    Ahead,
    /// Past its `ttl`: used only after a refresh has been tried.
    Expired,
    /// As old as `stale_cap`: not used.
    Dead,
}

/// What the key set at hand says to a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A key, or a reason that a newer set is not asked about.
    Answer,
    /// It has no key with this `kid`. A newer one might.
    UnknownKid,
}

/// What a lookup is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Answer what the set at hand says.
    Use,
    /// The same, and start a fetch for those who come later.
    UseAndRefresh,
    /// Wait for the fetch that is under way, then ask again.
    Join,
    /// Start a fetch and wait for it, then ask again.
    Lead(Request),
    /// Answer so.
    Refuse(KeyError),
}

/// Why a fetch is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The set is missing or getting old.
    Ordinary,
    /// Somebody asks for a key that copies kept by intermediaries may not have yet.
    Forced,
    /// An operator asks, likewise past those copies.
    Command,
}

/// What is known of the fetches so far. There is never more than one under way.
#[derive(Debug, Default)]
pub(crate) struct Refresh {
    under_way: bool,
    failures: u32,
    last_error: Option<FetchError>,
    /// No fetch before this time, after a failure.
    back_off_end: Duration,
    /// When a fetch for the sake of an unknown `kid` was last started.
    kid_attempt: Option<Duration>,
}

impl Refresh {
    /// What a lookup is to do that has waited for `waited` fetches so far.
    ///
    /// One that is told to lead, or to use and refresh, calls [`start`](Self::start) before anybody
    /// else decides.
    pub(crate) fn decide(
        &self,
        timing: &Timing,
        now: Duration,
        state: KeysState,
        found: Found,
        waited: u8,
    ) -> Step {
        let patient = waited < MAX_WAITS;
        let may_start = !self.under_way && self.back_off(now).is_zero();
        let missing = found == Found::UnknownKid;
        match state {
            KeysState::Empty | KeysState::Dead => match (self.under_way, may_start) {
                (true, _) if patient => Step::Join,
                (false, true) if patient => Step::Lead(Request::Ordinary),
                _ => Step::Refuse(Self::unavailable(self.back_off(now))),
            },
            // Nobody has tried lately to learn whether a key has been withdrawn.
            KeysState::Expired if waited == 0 && !self.failed_lately(now) => match self.under_way {
                true => Step::Join,
                false => Step::Lead(Request::Ordinary),
            },
            _ if missing && patient && self.under_way => Step::Join,
            _ if missing && patient && may_start && self.kid_wait(timing, now).is_zero() => {
                Step::Lead(Request::Forced)
            }
            _ if missing && self.failures > 0 => {
                let wait = self.back_off(now).max(self.kid_wait(timing, now));
                Step::Refuse(Self::unavailable(wait))
            }
            KeysState::Ahead | KeysState::Expired if may_start && !missing => Step::UseAndRefresh,
            // What the set says of a missing key is that it is unknown.
            _ => Step::Use,
        }
    }

    /// Whether there is a reason to use a set past its time: the last fetch failed, and if there is
    /// traffic the next one followed or will follow as soon as it may. One that failed long ago says
    /// nothing about the issuer of today.
    fn failed_lately(&self, now: Duration) -> bool {
        self.failures > 0 && now < self.back_off_end.saturating_add(MAX_BACK_OFF)
    }

    /// A fetch is about to begin.
    pub(crate) fn start(&mut self, now: Duration, request: Request) {
        self.under_way = true;
        if request == Request::Forced {
            self.kid_attempt = Some(now);
        }
    }

    /// The fetch gave a set that is in use now.
    pub(crate) fn succeed(&mut self) {
        let kid_attempt = self.kid_attempt;
        *self = Self { kid_attempt, ..Self::default() };
    }

    /// The fetch under way has not ended when it must have. It keeps its slot, but nobody is to wait
    /// for it any longer.
    pub(crate) fn overdue(&mut self, now: Duration, state: KeysState, jitter: f64) {
        if self.under_way && !self.failed_lately(now) {
            self.fail(now, FetchError::Timeout, state, jitter);
            self.under_way = true;
        }
    }

    /// The fetch gave nothing. `jitter`, from 0 to 1, shortens the back-off by up to a half, so that
    /// the members of a fleet part.
    pub(crate) fn fail(&mut self, now: Duration, error: FetchError, state: KeysState, jitter: f64) {
        self.under_way = false;
        let longest = match state {
            KeysState::Empty | KeysState::Dead => MAX_BACK_OFF_WITHOUT_KEYS,
            _ => MAX_BACK_OFF,
        };
        let doubled = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        let back_off = Duration::from_secs(doubled).min(longest);
        let back_off = back_off.mul_f64(1.0 - jitter / 2.0);
        let asked_for = match error {
            FetchError::Status { retry_after: Some(wait), .. } => {
                wait.clamp(MIN_RETRY_AFTER, MAX_RETRY_AFTER)
            }
            _ => Duration::ZERO,
        };
        self.back_off_end = now.saturating_add(back_off.max(asked_for));
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(error);
    }

    pub(crate) fn under_way(&self) -> bool {
        self.under_way
    }

    /// Failed fetches since the last that succeeded.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Why the last fetch failed, if it did.
    pub(crate) fn last_error(&self) -> Option<&FetchError> {
        self.last_error.as_ref()
    }

    /// When the next fetch may start, as far as failures have a say.
    pub(crate) fn back_off_end(&self) -> Duration {
        self.back_off_end
    }

    /// How long no fetch may start.
    pub(crate) fn back_off(&self, now: Duration) -> Duration {
        self.back_off_end.saturating_sub(now)
    }

    /// That nothing is known, and when it makes sense to ask again.
    pub(crate) fn unavailable(wait: Duration) -> KeyError {
        KeyError::Unavailable { retry_after: wait.max(MIN_RETRY_AFTER) }
    }

    /// How long no fetch may start for the sake of an unknown `kid`.
    fn kid_wait(&self, timing: &Timing, now: Duration) -> Duration {
        match self.kid_attempt {
            Some(attempt) => attempt.saturating_add(timing.kid_cooldown).saturating_sub(now),
            None => Duration::ZERO,
        }
    }
}

/// A lookup waits for the fetch under way when it comes and for one that starts afterwards.
const MAX_WAITS: u8 = 2;

/// The first back-off is one second, each further one twice as long, up to this: a minute keeps a
/// fleet from flooding an issuer that is coming up again.
const MAX_BACK_OFF: Duration = Duration::from_secs(60);

/// Sooner, because everybody is refused meanwhile.
const MAX_BACK_OFF_WITHOUT_KEYS: Duration = Duration::from_secs(10);

/// The bounds within which `Retry-After` is believed. RFC 9110 section 10.2.3.
const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);
