//! The memory of used proofs for one process: hash tables, each under a lock. RFC 9449 section 11.1.

use std::{
    boxed::Box,
    fmt,
    hash::{BuildHasher as _, RandomState},
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    vec,
};

use super::{ReplayError, ReplayKey, ReplayStore};
use crate::UnixTime;

/// A bounded memory of the proofs that one process has accepted.
///
/// It grows with the number of proofs that are live, up to its capacity, and then answers
/// [`ReplayError::Full`]: it never forgets a proof that could be accepted again. With the default capacity of
/// 300,000 proofs it takes at most 14 MB; at 5 minutes for a proof, that is a thousand requests a second.
///
/// That holds whatever the callers' clocks do. So after a clock that was ahead, proofs that end no later than one
/// that was dropped then are refused, as [`ReplayError::TooLate`].
///
/// It begins empty: a proof that was used shortly before a restart is accepted once more, unless
/// [`Nonces`](super::Nonces) with a random secret are on.
pub struct ReplayMemory {
    shards: Box<[Mutex<Shard>]>,
    /// Chooses the places. Its secret keeps a client from choosing keys that collide.
    hasher: RandomState,
}

impl ReplayMemory {
    /// An empty memory for `capacity` proofs, or a few more.
    pub fn new(capacity: NonZeroUsize) -> Self {
        let capacity = capacity.get();
        let (shards, limit) = match capacity {
            ..SHARDED_FROM => (1, capacity),
            // Keys spread at random: a shard that gets more than its share must not be full early.
            _ => {
                let share = capacity.div_ceil(SHARDS);
                (SHARDS, share.saturating_add(share / 8))
            }
        };
        Self {
            shards: (0..shards).map(|_| Mutex::new(Shard::new(limit))).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The size of the tables in bytes.
    pub fn bytes(&self) -> usize {
        let bytes = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            size_of_val(&*shard.slots)
        };
        self.shards.iter().map(bytes).fold(0, usize::saturating_add)
    }
}

/// A memory for 300,000 proofs.
impl Default for ReplayMemory {
    fn default() -> Self {
        Self::new(NonZeroUsize::new(DEFAULT_CAPACITY).unwrap_or(NonZeroUsize::MIN))
    }
}

impl ReplayStore for ReplayMemory {
    fn insert(&self, key: &ReplayKey, end: UnixTime, now: UnixTime) -> Result<(), ReplayError> {
        // Half of a SHA-256: to find another proof with the name of a given one is out of reach.
        let name = key.as_bytes().first_chunk().copied().unwrap_or_default();
        let hash = self.hasher.hash_one(name);
        let [shard, ..] = hash.to_le_bytes();
        let number = usize::from(shard).checked_rem(self.shards.len()).unwrap_or_default();
        let shard = self.shards.get(number).ok_or(ReplayError::Full)?;
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.insert(Slot { name, end: end.as_secs() }, hash, now.as_secs(), &self.hasher)
    }
}

impl fmt::Debug for ReplayMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayMemory").finish_non_exhaustive()
    }
}

/// A hash table with linear probing. Its length is a power of two.
///
/// No slot becomes free except when the whole table is rebuilt, so a search ends at the first free one. An
/// expired slot that a search passes is used again.
struct Shard {
    slots: Box<[Slot]>,
    /// The number of slots that are not free, some of them expired.
    taken: usize,
    /// The largest number of slots that may be taken.
    limit: usize,
    /// No entry that ends later than this has been dropped.
    dropped: u64,
    /// No entry in the table ends earlier than this.
    first_end: u64,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    name: [u8; 16],
    /// The first second at which the proof is no longer accepted. 0 in a free slot.
    end: u64,
}

/// The result of a search.
enum Found {
    /// The name is there.
    Name(usize),
    /// It is not there, and belongs here: an expired slot that was passed, or a free one.
    Expired(usize),
    Free(usize),
}

impl Shard {
    fn new(limit: usize) -> Self {
        Self { slots: Box::default(), taken: 0, limit, dropped: 0, first_end: u64::MAX }
    }

    fn insert(
        &mut self,
        new: Slot,
        hash: u64,
        now: u64,
        hasher: &RandomState,
    ) -> Result<(), ReplayError> {
        // An entry with this end may have been dropped, by a thread whose clock was read later.
        if new.end <= now || new.end <= self.dropped {
            return Err(ReplayError::TooLate);
        }
        match self.find(&new.name, hash, now) {
            Some(Found::Name(place)) => match self.slots.get(place) {
                Some(slot) if slot.end <= now => self.replace(place, new),
                _ => return Err(ReplayError::Replayed),
            },
            Some(Found::Expired(place)) => self.replace(place, new),
            Some(Found::Free(place)) if self.taken < room(self.slots.len(), self.limit) => {
                self.fill(place, new);
            }
            Some(Found::Free(_)) | None => {
                // All are live. Otherwise a rebuild is due, which costs as much as the whole table. But `dropped`
                // has increased since the last one, or does so now: there is one for each second of ends at most.
                if self.taken >= self.limit && now < self.first_end {
                    return Err(ReplayError::Full);
                }
                self.rebuild(now, hasher);
                match self.find(&new.name, hash, now) {
                    Some(Found::Free(place)) if self.taken < self.limit => self.fill(place, new),
                    _ => return Err(ReplayError::Full),
                }
            }
        }
        Ok(())
    }

    /// Searches a name. `None` in a table without slots.
    fn find(&self, name: &[u8; 16], hash: u64, now: u64) -> Option<Found> {
        let (mut expired, mut place) = (None, self.first_place(hash)?);
        for _ in 0..self.slots.len() {
            match self.slots.get(place)? {
                Slot { end: 0, .. } => return Some(expired.unwrap_or(Found::Free(place))),
                slot if slot.name == *name => return Some(Found::Name(place)),
                slot if slot.end <= now => {
                    expired = expired.or(Some(Found::Expired(place)));
                }
                _ => {}
            }
            place = self.masked(place.wrapping_add(1));
        }
        expired
    }

    fn first_place(&self, hash: u64) -> Option<usize> {
        // The first byte has chosen the shard.
        let [_, a, b, c, d, ..] = hash.to_le_bytes();
        let number = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
        (!self.slots.is_empty()).then(|| self.masked(number))
    }

    fn masked(&self, place: usize) -> usize {
        place & self.slots.len().wrapping_sub(1)
    }

    /// Drops an expired entry for a new one.
    fn replace(&mut self, place: usize, new: Slot) {
        if let Some(slot) = self.slots.get_mut(place) {
            self.dropped = self.dropped.max(slot.end);
            *slot = new;
        }
    }

    fn fill(&mut self, place: usize, new: Slot) {
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = new;
            self.taken = self.taken.saturating_add(1);
            self.first_end = self.first_end.min(new.end);
        }
    }

    /// Drops all expired entries, and gives the others a table of the right size.
    fn rebuild(&mut self, now: u64, hasher: &RandomState) {
        let live = |slot: &&Slot| slot.end > now;
        let count = self.slots.iter().filter(live).count();
        let length = length_for(count.saturating_mul(2).min(self.limit));
        let old = core::mem::replace(&mut self.slots, vec![Slot::default(); length].into());
        (self.taken, self.first_end) = (0, u64::MAX);
        for slot in old {
            if slot.end <= now {
                self.dropped = self.dropped.max(slot.end);
                continue;
            }
            let hash = hasher.hash_one(slot.name);
            if let Some(Found::Free(place)) = self.find(&slot.name, hash, now) {
                self.fill(place, slot);
            }
        }
    }
}

/// How many slots of a table may be taken: three quarters, so that searches stay short.
fn room(slots: usize, limit: usize) -> usize {
    (slots / 4).saturating_mul(3).min(limit)
}

/// The length of a table for this many entries.
fn length_for(entries: usize) -> usize {
    let least = entries.saturating_add(entries / 3).saturating_add(1);
    least.checked_next_power_of_two().unwrap_or(usize::MAX / 2).max(LEAST_SLOTS)
}

/// Several times as many as threads are likely to insert at once.
const SHARDS: usize = 16;

/// From here on the shards are so large that none gets an eighth more than its share: that is seven standard
/// deviations.
const SHARDED_FROM: usize = 50_000;

const LEAST_SLOTS: usize = 64;

/// A thousand requests a second, each with a proof that is live for five minutes.
const DEFAULT_CAPACITY: usize = 300_000;

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use super::*;
    use crate::possession::Thumbprint;

    fn key(number: u64) -> ReplayKey {
        ReplayKey::new(&Thumbprint::from_sha256([0; 32]), "/", &number.to_string())
    }

    /// Whoever can fill the memory must not make each further call cost as much as the whole table.
    #[test]
    fn full_table_is_rebuilt_at_most_once_for_each_second_of_its_proofs() {
        let memory = ReplayMemory::new(NonZeroUsize::new(1000).unwrap());
        let table = || memory.shards[0].lock().unwrap().slots.as_ptr().addr();
        let (mut number, mut state) = (0, 1_u64);
        let mut random = |end: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % end
        };
        let mut insert = |end: u64, now: u64| {
            number += 1;
            let (before, is_full) = (table(), memory.shards[0].lock().unwrap().taken == 1000);
            let (end, now) = (UnixTime::from_secs(end), UnixTime::from_secs(now));
            let outcome = memory.insert(&key(number), end, now);
            (outcome, usize::from(is_full && table() != before))
        };
        for number in 0..1000 {
            assert_eq!(insert(1100 + number % 300, 1000), (Ok(()), 0));
        }
        // Live proofs only, and clocks that differ.
        for round in 0..1000 {
            assert_eq!(insert(1400, 1000 + round % 100), (Err(ReplayError::Full), 0));
        }
        // For 300 seconds, 100 calls in each, with clocks up to 60 seconds back, or ahead.
        let (mut rebuilt, mut admitted) = (0, 0);
        for call in 0..30_000 {
            let now = 1100 + call / 100;
            let now = [now, now - random(60), now + random(60)][usize::try_from(call % 3).unwrap()];
            let (outcome, once) = insert(now + 1 + random(300), now);
            rebuilt += once;
            admitted += usize::from(outcome.is_ok());
        }
        assert!(admitted > 1000, "{admitted}");
        assert!((10..=360).contains(&rebuilt), "{rebuilt}");
    }
}
