//! The token cache: shards of accepted tokens, each under a lock.

use std::{
    boxed::Box,
    collections::{HashMap, VecDeque},
    fmt,
    hash::{BuildHasherDefault, Hash, Hasher},
    mem,
    num::NonZeroUsize,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    vec,
    vec::Vec,
};

use super::{
    KeptName, Recalled,
    token_hash::{TokenHash, TokenHasher},
};
use crate::{SelectedKey, Verified, header::MAX_KEY_ID_BYTES, lock, trust::Identity};

/// Accepted tokens, by a keyed hash of their whole text, which is not kept.
///
/// Divided into shards, each with a lock that cache hits take for reading, so that they do not
/// queue. A full shard does not store a token on first sight, only its hash. If the token comes
/// again soon, it replaces entries not used since the last sweep (the CLOCK rule). Tokens that
/// come only once, however many, therefore do not evict those in use.
///
/// No thread waits for a lock. While a thread writes to a shard, its tokens are not found, and while
/// one reads, none is stored: the token is then verified in full. So a lock that a thread held at a fork
/// hangs nobody in the child.
pub(crate) struct TokenCache {
    hasher: TokenHasher,
    shards: Box<[Padded<RwLock<Shard>>]>,
}

/// A value on cache lines of its own: cores that take the locks of two shards do not wait for each other.
/// Two lines of 64 bytes, because processors fetch them in pairs.
#[repr(align(128))]
struct Padded<T>(T);

impl TokenCache {
    /// An empty cache for `capacity` tokens. `None` if the system gives no random bytes for its key.
    pub(crate) fn new(capacity: NonZeroUsize) -> Option<Self> {
        let hasher = TokenHasher::new()?;
        let shards = (capacity.get() / LEAST_PER_SHARD).clamp(1, MOST_SHARDS);
        // Some shards have a place more than the others, so that there are exactly `capacity`.
        let (each, more) =
            (capacity.get().checked_div(shards)?, capacity.get().checked_rem(shards)?);
        let shard = |number: usize| {
            let capacity = each.saturating_add(usize::from(number < more));
            Padded(RwLock::new(Shard { capacity, ..Shard::default() }))
        };
        Some(Self { hasher, shards: (0..shards).map(shard).collect() })
    }

    /// The hash that this cache recognizes `token` by. `None` for a token that is too long to be
    /// accepted.
    pub(crate) fn hash(&self, token: &str) -> Option<TokenHash> {
        self.hasher.hash(token)
    }

    /// The entry of the token with this hash, if there is one that can be read at once.
    pub(crate) fn recall(&self, hash: &TokenHash) -> Option<Arc<Recalled>> {
        let shard = lock::at_once(self.shard(hash)?.try_read())?;
        let entry = shard.entries.get(hash)?;
        // Written only on a change: a cache line that nobody writes can stay in every core's cache.
        if !entry.seen_again.load(Ordering::Relaxed) {
            entry.seen_again.store(true, Ordering::Relaxed);
        }
        Some(Arc::clone(&entry.recalled))
    }

    /// Stores an accepted token, unless it finds no room, or another thread uses the shard. The entry
    /// shares the claims of `verified`.
    pub(crate) fn remember(
        &self,
        hash: TokenHash,
        verified: &Verified,
        issuer: &Identity,
        name: Option<KeptName>,
        key: SelectedKey,
    ) {
        // A JWK's `kid` may be longer than any token's: the key also verifies tokens without `kid`. A
        // token's thumbprint may be as long as its header.
        let key_id_bytes = verified.key_id().map_or(0, str::len);
        let name_text = name.as_ref().and_then(|name| name.as_ref().text().as_ref());
        let name_bytes = name_text.map_or(0, |text| text.len());
        if key_id_bytes.max(name_bytes) > MAX_KEY_ID_BYTES {
            return;
        }
        let Some(shard) = self.shard(&hash) else { return };
        let Some(mut shard) = lock::at_once(shard.try_write()) else { return };
        if shard.make_room(hash, size(verified)) {
            let (verified, issuer) = (verified.clone(), issuer.clone());
            let recalled = Arc::new(Recalled { verified, name, issuer, key });
            shard.put(hash, Entry { recalled, seen_again: AtomicBool::new(false) });
        }
    }

    fn shard(&self, hash: &TokenHash) -> Option<&RwLock<Shard>> {
        // Not the bits that the table of a shard uses, which are the first and the last.
        self.shards.get(number(hash, 3, self.shards.len())?).map(|Padded(shard)| shard)
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Shard {
    /// How many tokens it may hold, if each has the size 1.
    capacity: usize,
    /// The sizes of its entries together.
    taken: usize,
    entries: HashMap<TokenHash, Entry, BuildHasherDefault<Place>>,
    /// The hash of each entry, in the order in which they are looked at if room is needed.
    queue: VecDeque<TokenHash>,
    /// Hashes of tokens that recently found no room, each at the place that `number` gives it.
    turned_away: Vec<Option<TokenHash>>,
}

struct Entry {
    recalled: Arc<Recalled>,
    seen_again: AtomicBool,
}

impl Shard {
    /// Makes room for a token of this size, unless it is not to be stored. Returns whether there is room.
    fn make_room(&mut self, hash: TokenHash, size: usize) -> bool {
        if self.has_room(hash, size) {
            return true;
        }
        if size > self.capacity || !self.has_come_before(hash) {
            return false;
        }
        while !self.has_room(hash, size) {
            self.examine_next();
        }
        true
    }

    fn has_room(&self, hash: TokenHash, size: usize) -> bool {
        // Another thread stored it first, or its key has been replaced.
        let replaced = self.entries.get(&hash).map_or(0, Entry::size);
        self.taken.saturating_sub(replaced).saturating_add(size) <= self.capacity
    }

    /// Removes the first entry of the queue, unless the token came again: it then goes to the end, and
    /// is removed the next time if it does not come again before that.
    fn examine_next(&mut self) {
        let Some(hash) = self.queue.pop_front() else { return };
        let entry = self.entries.get_mut(&hash);
        if entry.is_some_and(|entry| mem::take(entry.seen_again.get_mut())) {
            self.queue.push_back(hash);
        } else {
            let removed = self.entries.remove(&hash);
            self.leaves(removed);
        }
    }

    fn put(&mut self, hash: TokenHash, entry: Entry) {
        self.taken = self.taken.saturating_add(entry.size());
        match self.entries.insert(hash, entry) {
            None => self.queue.push_back(hash),
            replaced => self.leaves(replaced),
        }
    }

    fn leaves(&mut self, entry: Option<Entry>) {
        self.taken = self.taken.saturating_sub(entry.as_ref().map_or(0, Entry::size));
    }

    /// Whether this token was recently turned away. If not, notes that it is now.
    fn has_come_before(&mut self, hash: TokenHash) -> bool {
        if self.turned_away.is_empty() {
            self.turned_away = vec![None; self.capacity];
        }
        let place = number(&hash, 1, self.turned_away.len());
        let noted = place.and_then(|place| self.turned_away.get_mut(place));
        noted.is_some_and(|noted| noted.replace(hash) == Some(hash))
    }
}

impl Entry {
    fn size(&self) -> usize {
        size(&self.recalled.verified)
    }
}

/// How many of the capacity's tokens this one counts as.
fn size(verified: &Verified) -> usize {
    verified.kept_bytes().div_ceil(KEPT_BYTES)
}

/// In a table, the hash of a [`TokenHash`] is its place, which is as good as random.
impl Hash for TokenHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.place());
    }
}

/// A hasher that takes a place as it is.
#[derive(Default)]
struct Place(u64);

impl Hasher for Place {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, place: u64) {
        self.0 = place;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A number below `end`, as good as random: four bytes of the place, from the byte `first` on.
fn number(hash: &TokenHash, first: usize, end: usize) -> Option<usize> {
    let bytes = hash.place().to_le_bytes();
    let number = bytes.get(first..)?.first_chunk().copied().map(u32::from_le_bytes)?;
    usize::try_from(number).ok()?.checked_rem(end)
}

/// Many times as many as threads that are likely to take a lock at once.
const MOST_SHARDS: usize = 256;

/// Keeps the shards evenly filled: with fewer places, some would be full while others are empty.
const LEAST_PER_SHARD: usize = 64;

/// An entry with claims of this many bytes takes less than 4 KiB in all, and one of a larger size that
/// many times 4 KiB. Auth0's access tokens have claims of about 500 bytes.
const KEPT_BYTES: usize = 3072;
