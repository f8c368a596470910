//! Which proofs have been used: the interface to their memory. RFC 9449 section 11.1.

use alloc::{boxed::Box, sync::Arc};
use core::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{Thumbprint, sha256};
use crate::{UnixTime, base64url};

/// A memory of the proofs that have been used, so that each is accepted once.
///
/// [`ReplayMemory`](super::ReplayMemory) is the one for a single process. A service of several processes behind
/// one origin needs one that they share: otherwise, a proof is accepted once by each.
///
/// An implementation must be atomic: of several calls with one key, at any time and from anywhere, one
/// returns `Ok`. With Redis, that is `SET key "" NX EX seconds`:
/// [`redis-replay`](https://docs.rs/crate/tokenring/latest/source/src/guide/sources/redis-replay/).
///
/// Calls are the last step of a check, after all that is wrong with a request has been found. One that waits for
/// another process should have a timeout, and then return [`ReplayError::Unavailable`].
pub trait ReplayStore: Send + Sync {
    /// Records `key` until `end`, the first second at which its proof is no longer accepted, unless it is
    /// recorded already. It is `now`, by the clock that the proof was checked with.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]: the request is then refused. Never return `Ok` in doubt.
    fn insert(&self, key: &ReplayKey, end: UnixTime, now: UnixTime) -> Result<(), ReplayError>;

    /// The same for async code: the future waits where [`insert`](Self::insert) blocks.
    ///
    /// The provided method calls [`insert`](Self::insert) at once. That is right only for a store that never waits;
    /// any other must override this method.
    fn insert_async(&self, key: &ReplayKey, end: UnixTime, now: UnixTime) -> Insertion<'_> {
        Insertion::ready(self.insert(key, end, now))
    }
}

impl<S: ReplayStore + ?Sized> ReplayStore for Arc<S> {
    fn insert(&self, key: &ReplayKey, end: UnixTime, now: UnixTime) -> Result<(), ReplayError> {
        (**self).insert(key, end, now)
    }

    fn insert_async(&self, key: &ReplayKey, end: UnixTime, now: UnixTime) -> Insertion<'_> {
        (**self).insert_async(key, end, now)
    }
}

/// The future of [`ReplayStore::insert_async`].
#[must_use = "futures do nothing unless polled"]
pub struct Insertion<'s>(Inserting<'s>);

enum Inserting<'s> {
    Ready(Option<Result<(), ReplayError>>),
    Pending(Pin<Box<dyn Future<Output = Result<(), ReplayError>> + Send + 's>>),
}

impl<'s> Insertion<'s> {
    /// One that has already finished.
    pub fn ready(outcome: Result<(), ReplayError>) -> Self {
        Self(Inserting::Ready(Some(outcome)))
    }

    /// One that waits for `future`, which is boxed.
    pub fn pending(future: impl Future<Output = Result<(), ReplayError>> + Send + 's) -> Self {
        Self(Inserting::Pending(Box::pin(future)))
    }
}

impl Future for Insertion<'_> {
    type Output = Result<(), ReplayError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            Inserting::Ready(outcome) => match outcome.take() {
                Some(outcome) => outcome,
                // Polled after completion: no correct executor does that.
                None => return Poll::Pending,
            },
            Inserting::Pending(future) => ready!(future.as_mut().poll(context)),
        };
        // An `async` block would panic if it were polled once more.
        self.0 = Inserting::Ready(None);
        Poll::Ready(outcome)
    }
}

impl fmt::Debug for Insertion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Insertion").finish_non_exhaustive()
    }
}

/// Why a proof was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayError {
    /// The proof has been used.
    Replayed,
    /// The proof's time has ended while the request was checked, so that it may be forgotten already.
    TooLate,
    /// There is no room for another proof.
    Full,
    /// The store cannot be reached, or did not answer in time.
    Unavailable,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replayed => "the proof has been used",
            Self::TooLate => "the proof's time has ended",
            Self::Full => "the memory of used proofs is full",
            Self::Unavailable => "the memory of used proofs is not available",
        })
    }
}

impl Error for ReplayError {}

/// The name of a proof in a [`ReplayStore`]: a SHA-256 of its key, its `htu` without the query, and its `jti`.
///
/// Displayed as 43 characters of base64url, such as for the key of a database.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    /// The name of the proof with this key, `htu` and `jti`.
    ///
    /// The `htu` is the normalized one, since other spellings of it are the same URI.
    pub fn new(key: &Thumbprint, htu: &str, jti: &str) -> Self {
        // No URI has a zero byte: where it ends is clear.
        Self(sha256([key.as_bytes(), htu.as_bytes(), &[0], jti.as_bytes()]))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplayKey({self})")
    }
}
