//! A key set in use, and its age.

use std::{sync::Arc, time::Duration};

use crate::{
    Clock, JwkSet, KeysState, UnixTime,
    remote::{clock::Moment, state::Timing},
};

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

/// A refresh is due at 72 to 80 % of `ttl`: the jitter spreads the refreshes of a fleet.
const DUE_FROM: f64 = 0.72;
const DUE_SPREAD: f64 = 0.08;
