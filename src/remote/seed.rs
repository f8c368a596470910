//! A key set that an earlier process fetched.

use std::{time::Duration, vec::Vec};

use crate::{
    Clock, FetchConfigError, JwkSet, JwkSetError, UnixTime,
    remote::{
        clock::Moment,
        snapshot::{Snapshot, Timing, refresh_due},
    },
};

pub(crate) struct Seed {
    pub(crate) key_set_json: Vec<u8>,
    pub(crate) fetched_at: UnixTime,
}

impl Seed {
    /// The set, as if it had been fetched at `fetched_at`.
    pub(crate) fn snapshot(
        &self,
        max_body: usize,
        timing: &Timing,
        clock: &dyn Clock,
    ) -> Result<Snapshot, FetchConfigError> {
        let bytes = self.key_set_json.len();
        if bytes > max_body {
            return Err(FetchConfigError::Seed(JwkSetError::TooLong { bytes }));
        }
        let keys = JwkSet::from_json(&self.key_set_json).map_err(FetchConfigError::Seed)?;
        if keys.is_empty() {
            return Err(FetchConfigError::SeedWithoutKeys);
        }
        let now = Moment::now(clock);
        let fetched_at = Duration::from_secs(self.fetched_at.as_secs());
        let age = now.wall.checked_sub(fetched_at).ok_or(FetchConfigError::SeedFromFuture)?;
        Ok(Snapshot {
            keys,
            text: self.key_set_json.as_slice().into(),
            asked: now,
            age_when_asked: age,
            refresh_due: refresh_due(timing, clock),
            generation: 1,
            unusable_since: None,
        })
    }
}
