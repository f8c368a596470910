//! A key set in use: its age and how far it may be trusted, and the keys that are burnt.

use std::{fmt, sync::Arc, time::Duration, vec::Vec};

use crate::{Clock, JwkSet, UnixTime, jwk::BurntKey, remote::clock::Moment};

/// How old key sets may become, and how often they may be requested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// From this age on, a set is not used before a refresh has been tried.
    pub(crate) ttl: Duration,
    /// From this age on, a set is not used at all.
    pub(crate) stale_cap: Duration,
    /// The least time between the starts of two attempts for unknown `kid`s.
    pub(crate) kid_cooldown: Duration,
    /// An attempt loses its slot this long after its start.
    pub(crate) reclaim_after: Duration,
}

impl Timing {
    /// The state of a set of this age. `refresh_due` is the age from which it is refreshed.
    /// `unusable_for` is for how long the issuer has since served sets without a usable key.
    pub(crate) fn state(
        &self,
        age: Duration,
        refresh_due: Duration,
        unusable_for: Option<Duration>,
    ) -> KeysState {
        match age {
            age if age >= self.stale_cap => KeysState::Dead,
            _ if unusable_for.is_some_and(|time| time >= self.ttl) => KeysState::Dead,
            age if age >= self.ttl => KeysState::Expired,
            age if age >= refresh_due => KeysState::Ahead,
            _ => KeysState::Fresh,
        }
    }
}

/// How far the key set may be trusted, by its age.
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
    /// Not used: as old as `stale_cap`, or ended by the issuer, which has served sets without a usable
    /// key for a whole `ttl` or burnt all its keys.
    Dead,
}

impl KeysState {
    /// Whether keys of the set may be used.
    pub(crate) fn serves(self) -> bool {
        matches!(self, Self::Fresh | Self::Ahead | Self::Expired)
    }
}

impl fmt::Display for KeysState {
    /// One word in lower case, which is stable, for metrics.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Empty => "empty",
            Self::Fresh => "fresh",
            Self::Ahead => "ahead",
            Self::Expired => "expired",
            Self::Dead => "dead",
        })
    }
}

/// A key set in use.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) keys: JwkSet,
    /// The text of the set, to read it again when a later set burns one of its keys.
    pub(crate) text: Arc<[u8]>,
    /// When the fetch began. The set may not reflect anything the issuer did after that.
    pub(crate) asked: Moment,
    /// The age of the set at that time: 0, except for a seed.
    pub(crate) age_when_asked: Duration,
    /// From this age on, it is refreshed in the background.
    pub(crate) refresh_due: Duration,
    pub(crate) generation: u64,
    /// When the issuer began to serve sets without a usable key.
    pub(crate) unusable_since: Option<Moment>,
}

impl Snapshot {
    pub(crate) fn age(&self, now: Moment) -> Duration {
        self.age_when_asked.saturating_add(now.since(self.asked))
    }

    /// When the fetch began, by the wall clock.
    pub(crate) fn asked_at(&self) -> UnixTime {
        let asked_at = self.asked.wall.saturating_sub(self.age_when_asked);
        UnixTime::from_secs(asked_at.as_secs())
    }

    pub(crate) fn state(&self, timing: &Timing, now: Moment) -> KeysState {
        // All its keys were burnt.
        if self.keys.is_empty() {
            return KeysState::Dead;
        }
        let unusable_for = self.unusable_since.map(|since| now.since(since));
        timing.state(self.age(now), self.refresh_due, unusable_for)
    }
}

/// A number from 0 to 1. Anything else, NaN included, would make `mul_f64` panic and leave the slot
/// occupied.
pub(crate) fn jitter(clock: &dyn Clock) -> f64 {
    let jitter = Some(clock.jitter()).filter(|jitter| (0.0..=1.0).contains(jitter));
    jitter.unwrap_or(0.5)
}

/// The age from which a set fetched now is refreshed in the background.
pub(crate) fn refresh_due(timing: &Timing, clock: &dyn Clock) -> Duration {
    timing.ttl.mul_f64(DUE_FROM + DUE_SPREAD * jitter(clock))
}

/// The public keys whose private half was published, remembered for the life of the process. RFC 7517
/// section 9.2. Oldest first. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Burnt(Arc<[BurntKey]>);

impl Burnt {
    /// These keys and `more`. If there are too many, the oldest are forgotten.
    pub(crate) fn with(&self, more: &[BurntKey]) -> Self {
        let mut keys = self.0.to_vec();
        for key in more {
            if !keys.contains(key) {
                keys.push(*key);
            }
        }
        let excess = keys.len().saturating_sub(MAX_BURNT);
        Self(keys.drain(excess..).collect::<Vec<_>>().into())
    }

    pub(crate) fn keys(&self) -> &[BurntKey] {
        &self.0
    }
}

/// A refresh is due at 72 to 80 % of `ttl`: the jitter spreads the refreshes of a fleet.
const DUE_FROM: f64 = 0.72;
const DUE_SPREAD: f64 = 0.08;

/// More than one set can burn: 100 entries, each with the first and the last `n` and `x`.
const MAX_BURNT: usize = 500;
