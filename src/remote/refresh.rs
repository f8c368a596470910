//! When to fetch an issuer's keys, and how to answer lookups meanwhile: decisions only, without I/O,
//! clock, locks or keys.
//!
//! All times are those of a monotonic clock.

use core::time::Duration;

use crate::{
    KeyError, KeyQuery, SelectedKey,
    remote::{
        error::FetchError,
        fetch::FetchFailure,
        snapshot::{KeysState, Timing},
    },
};

/// What a lookup finds in the key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A key, or an error that a newer set would not change.
    Answer,
    /// The set has no key with this `kid`. A newer set might have it.
    UnknownKid,
}

impl Found {
    /// Only an unknown `kid` is worth a newer set; a missing or ambiguous one is not, and neither is an
    /// unknown thumbprint: it is a rare name, and anybody can make one up.
    pub(crate) fn of(query: KeyQuery<'_>, answer: &Result<SelectedKey, KeyError>) -> Self {
        match (query.key_id(), answer) {
            (Some(_), Err(KeyError::UnknownKey)) => Self::UnknownKid,
            _ => Self::Answer,
        }
    }
}

/// The next step of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Answer with what was found.
    Use,
    /// Answer with what was found, and start an attempt for later lookups.
    UseAndRefresh,
    /// Wait for the attempt under way, then decide again.
    Wait,
    /// Start an attempt and wait for it, then decide again.
    Start(Reason),
    /// Answer with this error.
    Refuse(KeyError),
}

/// Why an attempt is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The set is missing or old.
    Age,
    /// An unknown `kid`. Caches on the way may hold a set from before its key was published.
    UnknownKid,
    /// The operator's command. It also goes past caches.
    Command,
}

/// The attempts so far.
#[derive(Debug, Default)]
pub(crate) struct Refresh {
    /// The attempt that holds the slot.
    under_way: Option<UnderWay>,
    /// The number of the latest attempt, which is how many were started.
    started: u64,
    /// Attempts that lost the slot and have not ended.
    abandoned: u32,
    failures: u32,
    last_error: Option<FetchFailure>,
    /// No attempt before this time, after a failure.
    back_off_end: Duration,
    /// When the last attempt for an unknown `kid` started.
    kid_attempt: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    number: u64,
    start: Duration,
}

impl Refresh {
    /// The step of a lookup that has waited for `waited` attempts so far.
    ///
    /// If the step starts an attempt, the caller must call [`start`](Self::start) before the next
    /// decision.
    pub(crate) fn decide(
        &self,
        timing: &Timing,
        now: Duration,
        state: KeysState,
        found: Found,
        waited: u8,
    ) -> Step {
        let patient = waited < MAX_WAITS;
        let under_way = self.under_way();
        let may_start = !under_way && self.back_off(now).is_zero();
        let missing = found == Found::UnknownKid;
        match state {
            KeysState::Empty | KeysState::Dead => match (under_way, may_start) {
                (true, _) if patient => Step::Wait,
                (false, true) if patient => Step::Start(Reason::Age),
                _ => Step::Refuse(Self::unavailable(self.back_off(now))),
            },
            // I5: a key may have been withdrawn, and no refresh has been tried lately.
            KeysState::Expired if waited == 0 && !self.failed_lately(now) => match under_way {
                true => Step::Wait,
                false => Step::Start(Reason::Age),
            },
            _ if missing && patient && under_way => Step::Wait,
            _ if missing && patient && may_start && self.kid_wait(timing, now).is_zero() => {
                Step::Start(Reason::UnknownKid)
            }
            // I8: the set may be older than the key.
            _ if missing && self.failures > 0 => {
                let wait = self.back_off(now).max(self.kid_wait(timing, now));
                Step::Refuse(Self::unavailable(wait))
            }
            KeysState::RefreshDue | KeysState::Expired if may_start && !missing => {
                Step::UseAndRefresh
            }
            // The set's answer to a missing `kid` is that it is unknown.
            _ => Step::Use,
        }
    }

    /// Whether the last attempt failed recently enough to justify using an expired set. An old
    /// failure says nothing about the issuer now.
    pub(crate) fn failed_lately(&self, now: Duration) -> bool {
        self.failures > 0 && now < self.back_off_end.saturating_add(MAX_BACK_OFF)
    }

    /// Takes the slot for a new attempt, and returns its number.
    pub(crate) fn start(&mut self, now: Duration, reason: Reason) -> u64 {
        self.started = self.started.saturating_add(1);
        self.under_way = Some(UnderWay { number: self.started, start: now });
        if reason == Reason::UnknownKid {
            self.kid_attempt = Some(now);
        }
        self.started
    }

    /// Frees the slot at the end of an attempt. False if the attempt has lost the slot: its outcome must
    /// be ignored.
    pub(crate) fn end(&mut self, number: u64) -> bool {
        let held = self.under_way.is_some_and(|attempt| attempt.number == number);
        match held {
            true => self.under_way = None,
            false => self.abandoned = self.abandoned.saturating_sub(1),
        }
        held
    }

    /// The attempt succeeded: its set is now in use.
    pub(crate) fn succeed(&mut self) {
        self.failures = 0;
        self.last_error = None;
        self.back_off_end = Duration::ZERO;
    }

    /// The attempt failed. `jitter`, from 0 to 1, shortens the back-off by up to a half, so that the
    /// members of a fleet do not retry together.
    pub(crate) fn fail(
        &mut self,
        now: Duration,
        failure: FetchFailure,
        state: KeysState,
        jitter: f64,
    ) {
        let longest = match state {
            KeysState::Empty | KeysState::Dead => MAX_BACK_OFF_WITHOUT_KEYS,
            _ => MAX_BACK_OFF,
        };
        let doubled = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        let back_off = Duration::from_secs(doubled).min(longest);
        let back_off = back_off.mul_f64(1.0 - jitter / 2.0);
        let requested = match failure.error() {
            FetchError::Status { retry_after: Some(wait), .. } => {
                (*wait).clamp(MIN_RETRY_AFTER, MAX_RETRY_AFTER)
            }
            _ => Duration::ZERO,
        };
        self.back_off_end = now.saturating_add(back_off.max(requested));
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(failure);
    }

    /// Whether the attempt under way is so late that it must lose the slot.
    pub(crate) fn is_long_overdue(&self, timing: &Timing, now: Duration) -> bool {
        let allowed = timing.timeout.saturating_add(OVERDUE);
        let is_late = |attempt: UnderWay| now.saturating_sub(attempt.start) >= allowed;
        self.abandoned < MAX_ABANDONED && self.under_way.is_some_and(is_late)
    }

    /// Takes the slot from the attempt under way.
    pub(crate) fn reclaim(&mut self) {
        if self.under_way.take().is_some() {
            self.abandoned = self.abandoned.saturating_add(1);
        }
    }

    pub(crate) fn under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Failed attempts since the last that succeeded.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Why the last attempt failed, if it did.
    pub(crate) fn last_error(&self) -> Option<&FetchFailure> {
        self.last_error.as_ref()
    }

    /// When the back-off ends.
    pub(crate) fn back_off_end(&self) -> Duration {
        self.back_off_end
    }

    /// Time left of the back-off.
    pub(crate) fn back_off(&self, now: Duration) -> Duration {
        self.back_off_end.saturating_sub(now)
    }

    /// `Unavailable`, with at least the shortest `Retry-After`.
    pub(crate) fn unavailable(wait: Duration) -> KeyError {
        KeyError::Unavailable { retry_after: wait.max(MIN_RETRY_AFTER) }
    }

    /// Time left of the cool-down for unknown `kid`s.
    fn kid_wait(&self, timing: &Timing, now: Duration) -> Duration {
        match self.kid_attempt {
            Some(attempt) => attempt.saturating_add(timing.kid_cooldown).saturating_sub(now),
            None => Duration::ZERO,
        }
    }
}

/// A lookup waits for the attempt that is under way when it comes, and for one that starts later.
const MAX_WAITS: u8 = 2;

/// The first back-off is one second, and each further one is twice as long, up to this limit. A minute
/// keeps a fleet from flooding an issuer that is coming up again.
const MAX_BACK_OFF: Duration = Duration::from_secs(60);

/// Shorter, because every token is refused meanwhile.
const MAX_BACK_OFF_WITHOUT_KEYS: Duration = Duration::from_secs(10);

/// `Retry-After` is clamped to these bounds. RFC 9110 section 10.2.3.
const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// An abandoned attempt may hold its thread forever. At this many, no further attempt loses its slot.
const MAX_ABANDONED: u32 = 8;

/// The time from an attempt's timeout until it loses its slot.
const OVERDUE: Duration = Duration::from_secs(60);
