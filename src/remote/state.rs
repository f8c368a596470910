//! How far a key set may be trusted: from its age to its state.

use core::{fmt, time::Duration};

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
