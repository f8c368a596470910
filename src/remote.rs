//! The issuer's key set over time: fetched, kept, refreshed, and never trusted for too long.
//! RFC 7517 section 5, RFC 8725 section 3.8, RFC 8414, OpenID Connect Discovery 1.0 section 4.
//!
//! This is the specification. Tests cite the invariants by number.
//!
//! # Words
//!
//! A *fetch* gets the key set over the network; with discovery it is two requests, the issuer's
//! metadata and the key set, within one deadline. An *attempt* is one run of a fetch, on a thread of
//! its own. A *waiter* is a thread or a future that waits for the attempt under way. The *age* of a
//! set counts from the start of the attempt that got it. A *refresh* is *due* from about three
//! quarters of `ttl`. After an attempt that failed there is a *back-off*, and between two attempts
//! made for unknown `kid`s a *cool-down*.
//!
//! # Invariants
//!
//! - **I1** While a set is younger than `ttl`, a known `kid` is answered without I/O, without a mutex
//!   and without allocation.
//! - **I2** A source has at most one attempt under way. Its slot is taken before the I/O starts, and
//!   success and failure both free it. An attempt that is long overdue loses the slot: its thread did
//!   not survive a fork, or its `Fetch` never returned. What it brings later is ignored.
//! - **I3** Time alone bounds the requests to the issuer: not traffic, `kid` values, the set's content
//!   or the endpoint's health. A healthy issuer under attack gets one request each cool-down and one
//!   each refresh; a failing one gets what the back-off allows.
//! - **I4** No key is used once the set is as old as `stale_cap`.
//! - **I5** While the endpoint is healthy, a key that the issuer withdraws stops verifying within `ttl`
//!   and one fetch, with or without traffic: past `ttl` a refresh must have been tried before a key is
//!   used. Once a try has failed, known `kid`s are served stale and never wait again. Valid sets
//!   without a usable key, served for a whole `ttl`, end the old keys then and not at `stale_cap`.
//! - **I6** A response that failed or is not a valid set changes nothing. A valid set with a usable key
//!   replaces the old one and is never merged with it. A key that a valid set burns, by publishing
//!   its private half, is removed at once, even if nothing usable is left; and it stays refused while
//!   the process lives, whatever later sets say. The last 500 such keys are remembered.
//! - **I7** No waiter waits longer than its bound. A fetch that panics releases all of them. No lock
//!   is held across I/O, parsing or signature checks.
//! - **I8** `UnknownKey` is answered only if the last attempt succeeded and its set lacks the `kid`;
//!   otherwise the answer is `Unavailable`.
//! - **I9** No jump of a clock extends trust: a set's age is the longer of what the monotonic and the
//!   wall clock say.
//! - **I10** Nothing in a token influences a URL. A bad signature never causes a fetch, and a token
//!   without `kid` never forces one. With discovery the metadata decides the key set's URL and nothing
//!   else, and only metadata that names the configured issuer.
//!
//! # States
//!
//! | state | known `kid` | unknown `kid` |
//! |---|---|---|
//! | empty, dead | in back-off: `Unavailable`; otherwise start an attempt or wait for it, then decide again | same |
//! | fresh | use it | the rule for unknown `kid`s |
//! | ahead: a refresh is due | use it, and start an attempt in the background unless one is under way or in back-off | the rule for unknown `kid`s |
//! | expired, no failed try lately | start an attempt or wait for it; use the key stale if too many wait already or the wait ends without result | wait likewise |
//! | expired, failed lately | use it stale; after the back-off start an attempt in the background | the rule for unknown `kid`s |
//!
//! *Unknown `kid`s.* If an attempt is under way, wait for it. Otherwise, with cool-down and back-off
//! over, start one that asks caches to step aside. Otherwise answer: `Unavailable` if the last attempt
//! failed, `UnknownKey` if it succeeded. A lookup waits for at most two attempts: the one under way
//! when it came may have begun before the issuer rotated.
//!
//! *Discovery.* The `jwks_uri` found is kept and used. The metadata is read again in the attempt after
//! one whose key set request failed, and in each attempt for a dead set; if it cannot be had then, but
//! the set is not dead, the `jwks_uri` known is used.

// Decisions, without I/O, clock or locks.
mod state;
mod refresh;

// State and waiting.
mod snapshot;
mod burnt;
mod source;
mod remote_jwks;
mod waiter;

// One attempt: its requests, the issuer's metadata, and the seam to an HTTP client.
mod attempt;
mod requests;
mod discovery;
mod request;

// The built-in HTTP client: the only place that names ureq.
mod http;

// Settings, time, and what an operator sees.
mod builder;
mod seed;
mod clock;
mod health;
mod event;
mod error;
mod config_error;

pub use builder::RemoteJwksBuilder;
pub use clock::Clock;
pub use config_error::FetchConfigError;
pub use error::{FetchError, FetchFailure, MetadataError};
pub use event::FetchEvent;
pub use health::Health;
pub use remote_jwks::RemoteJwks;
pub use request::{Fetch, FetchPurpose, FetchRequest};
pub use state::KeysState;
