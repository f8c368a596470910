//! The tokens and the locks around them.

use std::{
    boxed::Box,
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    num::NonZeroUsize,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    vec,
    vec::Vec,
};

use super::{Digest, Recalled};
use crate::{SelectedKey, Verified, header::MAX_KEY_ID_BYTES};

/// Accepted tokens, by the SHA-256 of their whole text, which is not kept.
///
/// Divided into shards, each with a lock that hits take for reading, so that they do not queue. A full
/// shard does not store a token on first sight, only its digest. If the token comes again soon, it
/// replaces an entry not used since the last sweep (the CLOCK rule). So tokens that come once, however
/// many, leave those in use where they are.
pub(crate) struct TokenCache {
    capacity: NonZeroUsize,
    shards: Box<[RwLock<Shard>]>,
}

impl TokenCache {
    /// Room for `capacity` tokens.
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        let shards = (capacity.get() / LEAST_PER_SHARD).clamp(1, MOST_SHARDS);
        let each = capacity.get().div_ceil(shards);
        // Rounding up may give too many places; the last shard has that many fewer.
        let shard = |number: usize| {
            let before = each.saturating_mul(number);
            let capacity = capacity.get().saturating_sub(before).min(each);
            RwLock::new(Shard { capacity, ..Shard::default() })
        };
        Self { capacity, shards: (0..shards).map(shard).collect() }
    }

    /// As much room with nothing in it.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.capacity)
    }

    /// What is kept of the token with this digest.
    pub(crate) fn recall(&self, digest: &Digest) -> Option<Arc<Recalled>> {
        let shard = self.shard(digest)?.read().unwrap_or_else(PoisonError::into_inner);
        let entry = shard.entries.get(*shard.places.get(digest)?)?;
        // Written only on a change: a cache line that nobody writes can stay in every core's cache.
        if !entry.seen_again.load(Ordering::Relaxed) {
            entry.seen_again.store(true, Ordering::Relaxed);
        }
        Some(Arc::clone(&entry.recalled))
    }

    /// Keeps a token that was accepted, unless it is a long one or finds no room. Only what
    /// is kept is copied.
    pub(crate) fn remember(
        &self,
        digest: Digest,
        verified: &Verified,
        kid: Option<Box<str>>,
        key: SelectedKey,
    ) {
        // A JWK's `kid` may be longer than any token's: one without `kid` is verified with it all the
        // same.
        let key_id_bytes = verified.key_id().map_or(0, str::len);
        if verified.kept_bytes() > MAX_KEPT_BYTES || key_id_bytes > MAX_KEY_ID_BYTES {
            return;
        }
        let Some(shard) = self.shard(&digest) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = shard.place_for(digest) {
            let recalled = Arc::new(Recalled { verified: verified.unshared(), kid, key });
            shard.put(place, Entry { digest, recalled, seen_again: AtomicBool::new(false) });
        }
    }

    fn shard(&self, digest: &Digest) -> Option<&RwLock<Shard>> {
        // Not the bytes that tell tokens within a shard apart.
        let [.., last] = digest.0;
        self.shards.get(usize::from(last).checked_rem(self.shards.len())?)
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Shard {
    capacity: usize,
    places: HashMap<Digest, usize, BuildHasherDefault<FirstBytes>>,
    entries: Vec<Entry>,
    /// The entry that is looked at next when room is needed.
    hand: usize,
    /// Tokens that found no room lately, each in the place that its digest gives it.
    turned_away: Vec<Option<Digest>>,
}

struct Entry {
    digest: Digest,
    recalled: Arc<Recalled>,
    seen_again: AtomicBool,
}

impl Shard {
    /// Where a token with this digest goes, if it is to be kept: one past the end if nothing has to go.
    fn place_for(&mut self, digest: Digest) -> Option<usize> {
        // Another thread was faster, or its key has been replaced.
        if let Some(place) = self.places.get(&digest) {
            return Some(*place);
        }
        if self.entries.len() < self.capacity {
            return Some(self.entries.len());
        }
        self.has_come_before(digest).then(|| self.make_room())
    }

    fn put(&mut self, place: usize, entry: Entry) {
        let digest = entry.digest;
        match self.entries.get_mut(place) {
            Some(old) => {
                self.places.remove(&old.digest);
                *old = entry;
            }
            None => self.entries.push(entry),
        }
        self.places.insert(digest, place);
    }

    /// Whether a token that found no room has come before, and not too long ago. Notes that it has.
    fn has_come_before(&mut self, digest: Digest) -> bool {
        if self.turned_away.is_empty() {
            self.turned_away = vec![None; self.entries.len()];
        }
        let place = number(digest, self.turned_away.len());
        match place.and_then(|place| self.turned_away.get_mut(place)) {
            Some(noted) if *noted == Some(digest) => true,
            Some(noted) => {
                *noted = Some(digest);
                false
            }
            None => false,
        }
    }

    /// The place of the next entry that has not been seen again since the hand came by.
    fn make_room(&mut self) -> usize {
        // Twice around at most: the first time everything may have been seen again.
        for _ in 0..self.entries.len().saturating_mul(2) {
            let place = self.hand;
            let next = place.saturating_add(1);
            self.hand = if next < self.entries.len() { next } else { 0 };
            let seen_again = self.entries.get_mut(place).map(|entry| entry.seen_again.get_mut());
            match seen_again {
                Some(seen_again) if *seen_again => *seen_again = false,
                _ => return place,
            }
        }
        self.hand
    }
}

/// A digest is as good as random, and only the issuer's tokens are here: its first bytes are its hash.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        // The array's length comes first and is overwritten.
        self.0 = bytes.first_chunk().copied().map_or(self.0, u64::from_le_bytes);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A number below `end`, as good as random.
fn number(digest: Digest, end: usize) -> Option<usize> {
    let [_, _, _, _, _, _, _, _, one, two, three, four, ..] = digest.0;
    let number = u32::from_le_bytes([one, two, three, four]);
    usize::try_from(number).ok()?.checked_rem(end)
}

/// Several times as many as threads are likely to write at once.
const MOST_SHARDS: usize = 16;

/// So that no shard is crowded while another is empty.
const LEAST_PER_SHARD: usize = 64;

/// With what an entry holds beside the claims, less than 4 KiB. Auth0's access tokens have 500 bytes.
const MAX_KEPT_BYTES: usize = 3072;
