//! A token seen before to its [`Verified`] again. What may have changed since is for the verifier to
//! check: the time, and whether the key still stands.

use alloc::{boxed::Box, sync::Arc};
#[cfg(feature = "std")]
use std::{
    collections::HashMap,
    fmt,
    num::NonZeroUsize,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    vec,
    vec::Vec,
};

use ring::digest::{SHA256, digest};

use crate::{SelectedKey, Verified, compact::MAX_TOKEN_BYTES};

/// Accepted tokens, by the SHA-256 of their whole text, which is not kept.
///
/// Divided into shards, each with a lock that hits take for reading, so that they do not queue. A full
/// shard takes in no token that it sees for the first time: it notes the digest, and only if the token
/// comes again before too many others have, it takes the place of one that has not been seen again
/// since the hand last came by (the CLOCK rule). So tokens that come once, however many, leave those in
/// use where they are.
#[cfg(feature = "std")]
pub(crate) struct TokenCache {
    capacity: NonZeroUsize,
    shards: Box<[RwLock<Shard>]>,
}

#[cfg(feature = "std")]
impl TokenCache {
    /// Room for `capacity` tokens.
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        let shards = (capacity.get() / LEAST_PER_SHARD).clamp(1, MOST_SHARDS);
        let each = capacity.get().div_ceil(shards);
        // What the rounding up is too much is taken from the last.
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
        // Written only if it changes something: a line that nobody writes is every core's.
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
        if verified.kept_bytes() > MAX_KEPT_BYTES {
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
        // Other digits than those that tell places within a shard apart.
        let [first, ..] = digest.0;
        self.shards.get(usize::from(first).checked_rem(self.shards.len())?)
    }
}

#[cfg(feature = "std")]
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

/// Without `std` there are no locks, and so there is no cache.
#[cfg(not(feature = "std"))]
#[derive(Debug)]
pub(crate) enum TokenCache {}

#[cfg(not(feature = "std"))]
impl TokenCache {
    pub(crate) fn recall(&self, _: &Digest) -> Option<Arc<Recalled>> {
        match *self {}
    }

    pub(crate) fn remember(&self, _: Digest, _: &Verified, _: Option<Box<str>>, _: SelectedKey) {
        match *self {}
    }

    pub(crate) fn emptied(&self) -> Self {
        match *self {}
    }
}

/// The SHA-256 of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// None for a token that is too long to be accepted: to refuse it must stay cheap.
    pub(crate) fn of(token: &str) -> Option<Self> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let digest = digest(&SHA256, token.as_bytes());
        digest.as_ref().try_into().ok().map(Self)
    }
}

#[cfg(feature = "std")]
impl Digest {
    /// A number below `end`, as good as random.
    fn number(self, end: usize) -> Option<usize> {
        let [_, one, two, three, four, ..] = self.0;
        let number = u32::from_le_bytes([one, two, three, four]);
        usize::try_from(number).ok()?.checked_rem(end)
    }
}

/// An accepted token, and what it takes to find out whether its key still stands.
///
/// It has nothing in common with other tokens that hits would have to count references to: cores that
/// count in one place wait for each other.
#[derive(Debug)]
pub(crate) struct Recalled {
    pub(crate) verified: Verified,
    /// The token's own `kid`.
    pub(crate) kid: Option<Box<str>>,
    /// The key that verified it.
    pub(crate) key: SelectedKey,
}

#[cfg(feature = "std")]
#[derive(Default)]
struct Shard {
    capacity: usize,
    places: HashMap<Digest, usize>,
    entries: Vec<Entry>,
    /// The entry that is looked at next when room is needed.
    hand: usize,
    /// Tokens that found no room lately, each in the place that its digest gives it.
    turned_away: Vec<Option<Digest>>,
}

#[cfg(feature = "std")]
struct Entry {
    digest: Digest,
    recalled: Arc<Recalled>,
    seen_again: AtomicBool,
}

#[cfg(feature = "std")]
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
        let place = digest.number(self.turned_away.len());
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

/// Several times as many as threads are likely to write at once.
#[cfg(feature = "std")]
const MOST_SHARDS: usize = 16;

/// So that no shard is crowded while another is empty.
#[cfg(feature = "std")]
const LEAST_PER_SHARD: usize = 64;

/// With what an entry holds beside the claims, less than 4 KiB. Auth0's access tokens have 500 bytes.
#[cfg(feature = "std")]
const MAX_KEPT_BYTES: usize = 3072;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_too_long_to_be_accepted_is_not_hashed() {
        let longest = "x".repeat(MAX_TOKEN_BYTES);
        assert!(Digest::of(&longest).is_some());
        assert_eq!(Digest::of(&(longest + "x")), None);
    }
}
