//! The token cache: shards of accepted tokens, each under a lock.

use std::{
    boxed::Box,
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    num::NonZeroUsize,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    vec,
    vec::Vec,
};

use super::{Digest, Recalled};
use crate::{
    SelectedKey, Verified, header::MAX_KEY_ID_BYTES, key_name::KeyName, lock, trust::Identity,
};

/// Accepted tokens, by the SHA-256 of their whole text, which is not kept.
///
/// Divided into shards, each with a lock that cache hits take for reading, so that they do not
/// queue. A full shard does not store a token on first sight, only its digest. If the token comes
/// again soon, it replaces an entry not used since the last sweep (the CLOCK rule). Tokens that
/// come only once, however many, therefore do not evict those in use.
///
/// No thread waits for a lock. While a thread writes to a shard, its tokens are not found, and while
/// one reads, none is stored: the token is then verified in full. So a lock that a thread held at a fork
/// hangs nobody in the child.
pub(crate) struct TokenCache {
    shards: Box<[RwLock<Shard>]>,
}

impl TokenCache {
    /// An empty cache for `capacity` tokens.
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        let shards = (capacity.get() / LEAST_PER_SHARD).clamp(1, MOST_SHARDS);
        let each = capacity.get().div_ceil(shards);
        // Rounding up may give too many places; the last shard has that many fewer.
        let shard = |number: usize| {
            let before = each.saturating_mul(number);
            let capacity = capacity.get().saturating_sub(before).min(each);
            RwLock::new(Shard { capacity, ..Shard::default() })
        };
        Self { shards: (0..shards).map(shard).collect() }
    }

    /// The entry of the token with this digest, if there is one that can be read at once.
    pub(crate) fn recall(&self, digest: &Digest) -> Option<Arc<Recalled>> {
        let shard = lock::at_once(self.shard(digest)?.try_read())?;
        let entry = shard.entries.get(*shard.places.get(digest)?)?;
        // Written only on a change: a cache line that nobody writes can stay in every core's cache.
        if !entry.seen_again.load(Ordering::Relaxed) {
            entry.seen_again.store(true, Ordering::Relaxed);
        }
        Some(Arc::clone(&entry.recalled))
    }

    /// Stores an accepted token, unless it is too large or finds no room, or another thread uses the
    /// shard. Copies only what it stores.
    pub(crate) fn remember(
        &self,
        digest: Digest,
        verified: &Verified,
        issuer: &Identity,
        name: Option<KeyName<Box<str>>>,
        key: SelectedKey,
    ) {
        // A JWK's `kid` may be longer than any token's: the key also verifies tokens without `kid`. A
        // token's thumbprint may be as long as its header.
        let key_id_bytes = verified.key_id().map_or(0, str::len);
        let name_bytes = name.as_ref().map_or(0, |name| name.as_ref().text().len());
        let longest_name = key_id_bytes.max(name_bytes);
        if verified.kept_bytes() > MAX_KEPT_BYTES || longest_name > MAX_KEY_ID_BYTES {
            return;
        }
        let Some(shard) = self.shard(&digest) else { return };
        let Some(mut shard) = lock::at_once(shard.try_write()) else { return };
        if let Some(place) = shard.place_for(digest) {
            let (verified, issuer) = (verified.unshared(), issuer.clone());
            let recalled = Arc::new(Recalled { verified, name, issuer, key });
            shard.put(place, Entry { digest, recalled, seen_again: AtomicBool::new(false) });
        }
    }

    fn shard(&self, digest: &Digest) -> Option<&RwLock<Shard>> {
        // Not the bytes that the hash and `number` use inside a shard.
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
    /// The hand of CLOCK: the place where the next search for room begins.
    hand: usize,
    /// Digests of tokens that recently found no room, each at the place that `number` gives it.
    turned_away: Vec<Option<Digest>>,
}

struct Entry {
    digest: Digest,
    recalled: Arc<Recalled>,
    seen_again: AtomicBool,
}

impl Shard {
    /// The place for a token with this digest, if it is to be stored: one past the end if there is
    /// room.
    fn place_for(&mut self, digest: Digest) -> Option<usize> {
        // Another thread stored it first, or its key has been replaced.
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

    /// Whether this token was recently turned away. If not, notes that it is now.
    fn has_come_before(&mut self, digest: Digest) -> bool {
        if self.turned_away.is_empty() {
            self.turned_away = vec![None; self.entries.len()];
        }
        let place = number(digest, self.turned_away.len());
        let noted = place.and_then(|place| self.turned_away.get_mut(place));
        noted.is_some_and(|noted| noted.replace(digest) == Some(digest))
    }

    /// The place of the next entry that has not been used since the hand last passed it.
    fn make_room(&mut self) -> usize {
        // Ends in the second round at the latest: the first takes the mark from every entry.
        loop {
            let place = self.hand;
            let next = place.saturating_add(1);
            self.hand = if next < self.entries.len() { next } else { 0 };
            let seen_again = self.entries.get_mut(place).map(|entry| entry.seen_again.get_mut());
            match seen_again {
                Some(seen_again) if *seen_again => *seen_again = false,
                _ => return place,
            }
        }
    }
}

/// Hashes a digest to its first bytes. A digest is as good as random, and only tokens that an
/// issuer signed are stored, so nobody can choose colliding ones.
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

/// A number below `end`, as good as random, from bytes that the hash does not use.
fn number(digest: Digest, end: usize) -> Option<usize> {
    let [_, _, _, _, _, _, _, _, one, two, three, four, ..] = digest.0;
    let number = u32::from_le_bytes([one, two, three, four]);
    usize::try_from(number).ok()?.checked_rem(end)
}

/// Several times as many as threads are likely to write at once.
const MOST_SHARDS: usize = 16;

/// Keeps the shards evenly filled: with fewer places, some would be full while others are empty.
const LEAST_PER_SHARD: usize = 64;

/// An entry with claims of this many bytes takes less than 4 KiB in all. Auth0's access tokens have
/// claims of about 500 bytes.
const MAX_KEPT_BYTES: usize = 3072;

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use super::*;

    #[test]
    fn hash_of_a_digest_is_its_first_bytes() {
        let hash = |digest| BuildHasherDefault::<FirstBytes>::default().hash_one(digest);
        let mut bytes = [0; 32];
        for (place, byte) in (1..).zip(&mut bytes) {
            *byte = place;
        }
        assert_eq!(hash(Digest(bytes)), 0x0807_0605_0403_0201);
    }
}
