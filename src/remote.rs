//! The keys of an issuer over time: fetched, kept, refreshed, and never trusted for too long.
//! RFC 7517 section 5, RFC 8725 section 3.8, RFC 8414, OpenID Connect Discovery 1.0 section 4.
//!
//! [`RemoteJwks`] is the source of keys, [`RemoteJwksBuilder`] has its settings. This page says when it
//! fetches and how it answers meanwhile; the crate's tests cite the rules by their numbers. For operators
//! there are [`Health`], and a [`FetchEvent`] after each fetch. [`Fetch`] replaces the HTTP client,
//! [`Clock`] the time in tests.
//!
//! ```
//! use std::time::Duration;
//! use tokenring::{RemoteJwks, remote::KeysState};
//!
//! let keys = RemoteJwks::discovery_builder("https://login.example.com/")
//!     .ttl(Duration::from_secs(300))
//!     .on_fetch(|event| {
//!         if let Some(failure) = event.failure() {
//!             eprintln!("{failure}");
//!             if let Some(hint) = failure.hint() {
//!                 eprintln!("{hint}");
//!             }
//!         }
//!     })
//!     .build()?;
//! assert_eq!(keys.health().state(), KeysState::Empty);
//! # Ok::<(), tokenring::FetchConfigError>(())
//! ```
//!
//! # Words
//!
//! - A *fetch* gets the key set over the network, or from a [file](RemoteJwks::from_file). With
//!   [discovery](RemoteJwks::discover) it is two requests, for the issuer's metadata and for the key set,
//!   or three if the metadata is only at the second of its two addresses. All of them share one deadline,
//!   the [`timeout`](RemoteJwksBuilder::timeout).
//! - An *attempt* is one run of a fetch, on its own thread.
//! - A *waiter* is a thread or a future that waits for the attempt under way.
//! - The *age* of a set counts from the start of the attempt that got it. A copy from an HTTP cache on the
//!   way may have been older then, by up to the lifetime that the cache gives it. The header `Age` is not
//!   added: a cache that keeps sets for longer than `ttl` would make each of its copies expired on
//!   arrival, and each lookup an attempt. Attempts for unknown `kid`s and for
//!   [`refresh_now`](RemoteJwks::refresh_now) send `Cache-Control: no-cache`.
//! - A *refresh* is *due* from about three quarters of [`ttl`](RemoteJwksBuilder::ttl).
//! - A *back-off* follows a failed attempt: only [`refresh_now`](RemoteJwks::refresh_now) starts another
//!   before its end. It is one second at first and doubles up to a minute, or up to ten seconds without
//!   keys; a random part of up to a half is taken off, so that the members of a fleet do not retry together.
//!   It lasts for the issuer's `Retry-After` if that is longer, but at most five minutes.
//! - Two attempts for unknown `kid`s start at least a *cool-down* apart, the
//!   [`kid_cooldown`](RemoteJwksBuilder::kid_cooldown).
//!
//! # Invariants
//!
//! - **I1** While a set is younger than `ttl`, a known `kid` is answered without I/O. The answer also
//!   takes no mutex, no allocation and no system call but those of the clock, unless the set is just being
//!   replaced, or a refresh is due that nobody has started.
//! - **I2** A source has at most one attempt under way. Its slot is taken before the I/O starts, and
//!   success and failure both free it. An attempt that is long overdue, because its [`Fetch`] does not
//!   return, loses the slot a minute after its timeout. Its outcome is ignored if it comes later. While
//!   eight such attempts have not returned, no further one loses the slot.
//! - **I3** Time alone bounds the requests to the issuer, not traffic, `kid` values, the set's content
//!   or the endpoint's health. Under attack, a healthy issuer gets one attempt each cool-down and one
//!   each refresh; a failing one gets one attempt each back-off.
//! - **I4** No key is used once the set is as old as [`stale_cap`](RemoteJwksBuilder::stale_cap).
//! - **I5** While the endpoint is healthy, a key that the issuer withdraws stops verifying within `ttl`
//!   and one fetch, with or without traffic, plus the age of a cache's copy: past `ttl` no key is used
//!   before a refresh has been tried. If one has failed lately, known `kid`s are served stale and never
//!   wait. If the issuer serves valid sets without a usable key for a whole `ttl`, the old keys end then
//!   and not at `stale_cap`.
//! - **I6** A failed request or an invalid set changes nothing. A valid set with a usable key
//!   replaces the old one and is never merged with it. A key that a valid set burns, by publishing
//!   its private half, is removed at once, even if no usable key is left. It stays refused for the life
//!   of the source, whatever later sets say. The last 5000 such keys are remembered; older ones are
//!   forgotten. Only a private member directly in an entry of `keys` burns a key, and only the key with the
//!   `n` or `x` of that entry: private keys in other places are not looked for.
//! - **I7** No waiter waits longer than its bound. A fetch that panics releases all of them. No lock
//!   is held across I/O, parsing or signature checks, nor while a waker or the hook of
//!   [`on_fetch`](RemoteJwksBuilder::on_fetch) runs. At most eight calls of the hook run at once: an
//!   event that comes while eight have not returned is not reported.
//! - **I8** For an unknown `kid`, [`UnknownKey`](crate::KeyError::UnknownKey) is answered only if the last
//!   attempt succeeded and its set lacks the `kid`; otherwise the answer is
//!   [`Unavailable`](crate::KeyError::Unavailable). A token without `kid` gets the answer of the set in
//!   use, even if the last attempt failed.
//! - **I9** No jump of a clock extends trust: a set's age is the longer of its ages by the monotonic
//!   clock and by the wall clock.
//! - **I10** Nothing in a token influences a URL or a path. A bad signature never causes a fetch, and a token
//!   without `kid` never forces one, whatever its `x5t`. With discovery the metadata decides the key set's
//!   URL and nothing else, and only metadata that names the configured issuer. Headers, bearer tokens of
//!   the operator and the client certificate go to the scheme, host and port of the configured URL or
//!   issuer, and to no other. Plain `http:` reaches only hosts that the operator allowed, directly or
//!   through a proxy that the operator set for it, which reads the request. Requests to this machine go
//!   through no proxy.
//!
//! # States
//!
//! What a lookup does depends on the [`KeysState`]:
//!
//! | state | known `kid` | unknown `kid` |
//! |---|---|---|
//! | empty, dead | in back-off: `Unavailable`; otherwise start an attempt or wait for it, then decide again | same |
//! | fresh | use it | the rule for unknown `kid`s |
//! | refresh due | use it; start an attempt in the background, unless one is under way or in back-off | the rule for unknown `kid`s |
//! | expired, no failed attempt lately | start an attempt or wait for it; use the key stale if too many wait already or the wait ends without a result | wait likewise |
//! | expired, failed lately | use it stale; after the back-off start an attempt in the background | the rule for unknown `kid`s |
//!
//! ## Unknown `kid`s
//!
//! If an attempt is under way, wait for it. Otherwise, if cool-down and back-off are over, start one with
//! `Cache-Control: no-cache`. Otherwise answer: `Unavailable` if the last attempt failed, `UnknownKey` if
//! it succeeded. A lookup waits for at most two attempts: the first may have begun before the issuer
//! published the key.
//!
//! ## Rotation without a new `kid`
//!
//! If the issuer's new key has no `kid`, or the `kid` of the old one, only the signature tells them apart,
//! and a bad signature causes no fetch (I10): anyone can write one. So tokens signed with the new key are
//! refused as `BadSignature` until the set is refreshed: from about three quarters of `ttl` on, and within
//! `ttl` and one fetch at the latest. An operator who cannot wait calls
//! [`refresh_now`](RemoteJwks::refresh_now), or sets a shorter `ttl`. While the issuer publishes both keys,
//! the tokens of either are refused as `AmbiguousKey`, unless a token without `kid` names its key by `x5t`.
//!
//! # Where the keys come from
//!
//! Keys come from one URL, or from an issuer by discovery, or from a file. Requests may go through a proxy.
//!
//! ## Discovery
//!
//! The metadata is at `/.well-known/openid-configuration` after the issuer's path, or, if the answer there is
//! any status from 400 to 499 but 429, at `/.well-known/oauth-authorization-server` before it. If the second
//! answer is 404, the failure of the first is reported.
//!
//! The `jwks_uri` found is kept and used. An attempt reads the metadata again
//!
//! - for an unknown `kid`, and for [`refresh_now`](RemoteJwks::refresh_now),
//! - after a failed attempt, and for a dead set,
//! - if the metadata would otherwise become as old as `stale_cap` within the next `ttl`.
//!
//! So a `jwks_uri` that moved is followed even if the old one still answers. While the metadata can be
//! read and there is traffic, it is read at least once in each `stale_cap`.
//!
//! If the metadata is not available, but the set is not dead, the known `jwks_uri` is used. The requests for
//! the metadata then have half of the timeout, so that silence leaves time for the key set. It counts as
//! not available if there is no answer with status 200, or if the answer is too long, encoded, or not a
//! JSON object. Metadata that was read and names another issuer, or no usable `jwks_uri`, fails the
//! attempt.
//!
//! ## Files
//!
//! With [`from_file`](RemoteJwks::from_file) an attempt reads a file, and all the rules of this page hold. `ttl`
//! is one minute if not set: a read costs little, and a mounted secret comes late enough without it.
//!
//! - Nothing watches the file. Each attempt opens the path anew and follows its symbolic links. So it finds
//!   a file that was renamed into place, and a secret or config map of Kubernetes, where a link in the path
//!   is changed. Kubernetes does not update a volume that is mounted with `subPath`.
//! - An attempt fails if the path leads to nothing, to a directory, a pipe or a device, or to a file that
//!   cannot be read, is longer than `max_body`, or is no key set, perhaps because it is being written. The
//!   old keys then stay in use, until `stale_cap` at the latest.
//! - The age of a set counts from the read, not from the file's last change. If the program that writes the
//!   file stops, its last keys stay fresh.
//! - Reads have the timeout too. One that does not return, from a dead network file system, keeps a thread.
//!   While there are eight of those, attempts fail with [`Timeout`](FetchError::Timeout) at once.
//! - Texts show the name of the file, without its directories.
//!
//! ## Proxies
//!
//! [`proxy`](RemoteJwksBuilder::proxy) sets a proxy, [`no_proxy`](RemoteJwksBuilder::no_proxy) none. Without
//! them the source reads the environment when it is built, as curl, Go and reqwest do:
//!
//! | URL | the first of these that is set and not empty |
//! |---|---|
//! | `https:` | `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY`, `all_proxy` |
//! | `http:`, if [`danger_allow_http`](RemoteJwksBuilder::danger_allow_http) allows it | `HTTP_PROXY` (not if `REQUEST_METHOD` is set, as in CGI), `http_proxy`, `ALL_PROXY`, `all_proxy` |
//!
//! The value is `http://HOST:PORT`, perhaps with percent-encoded `USER:PASSWORD@` before the host, and
//! perhaps without the scheme. The scheme may be `https`: the proxy's certificate is then checked as the
//! host's is. SOCKS is not supported. The proxy is asked to `CONNECT`, and TLS is with the host, so the
//! proxy sees its name only. A request for plain `http:` is sent to the proxy itself, which can read and
//! change it.
//!
//! `NO_PROXY`, or else `no_proxy`, lists the hosts that are contacted directly, with commas or spaces
//! between them. With [`proxy`](RemoteJwksBuilder::proxy) it is not read.
//!
//! | entry | hosts |
//! |---|---|
//! | `example.com`, `.example.com` | the domain and all names below it |
//! | `*.example.com` | the names below it |
//! | `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]` | the address, if the URL has it instead of a name |
//! | `10.0.0.0/8`, `2001:db8::/32` | the addresses, likewise |
//! | `example.com:8443`, `192.0.2.1:8443`, `[2001:db8::1]:8443` | the same on this port only |
//! | `*` | all |
//!
//! Upper and lower case are the same, and so is a period at the end. Any other entry matches nothing.
//! `localhost`, the names below it, 127.0.0.0/8 and `::1` are always contacted directly.
//!
//! A variable that cannot be used fails [`build`](RemoteJwksBuilder::build) with its name
//! ([`FetchConfigError::Proxy`], [`FetchConfigError::ProxyScheme`]), and is never passed over: the network
//! may forbid direct connections. Failures of the proxy are [`FetchError::Proxy`]. Of a proxy, texts
//! show the host alone.
//!
//! # After a fork
//!
//! Of its parent's threads, a forked child has only the one that forked. An attempt that was under way never
//! ends in the child, and a lock that another thread held is never released. So where a lookup would take
//! the mutex, it compares the process id, and in a child the source starts anew: without an attempt,
//! waiters, back-off or counts. It keeps the set, the burnt keys and the `jwks_uri`, unless another thread
//! held one of the locks at the fork; then it starts empty and fetches. Before that, a known `kid` is answered
//! from the parent's set while that is fresh. The parent and each child fetch for themselves.
//!
//! The order that is safe: build the source, call [`prime`](RemoteJwks::prime) and fork before threads start;
//! or build everything in the child. If threads verify at the fork, these can still hang the child or fail:
//!
//! - locks that are not the source's: those of your own [`Fetch`], [`Clock`] and hook, of the memory
//!   allocator, and of the C library's DNS resolver. After `prime`, the hook may still be running;
//! - [`Issuers`](crate::Issuers): a child must not change those that another thread may have been using, and
//!   those with a resolver change themselves. Make them in the child;
//! - a lookup or a [`prime_async`](RemoteJwks::prime_async) that waited at the fork, as a future: in the child
//!   it is not woken. Drop it;
//! - a child that forks in turn, in the microsecond in which one of its threads makes the new state.
//!
//! A [token cache](crate::Verifier::with_token_cache) hangs nobody. Where another thread held a lock of it at
//! the fork, the child verifies the tokens in full. A child is not recognized if it has its parent's process
//! id, as the first process of a new PID namespace may, nor a process made by `vfork`.

// The way of a `kid`: its query comes in through `remote_jwks`, `lookup` answers it from the set in
// `snapshot` or takes the step that `refresh` decides, and `attempt` fetches while `lookup` waits.

// Decisions: the step of a lookup. The set in use and its states.
mod refresh;
mod snapshot;

// State and waiting. The state of a forked child.
mod fork;
mod source;
mod lookup;

// One attempt: its thread and requests, the issuer's metadata, the interface of an HTTP client, and what
// texts show of the place of a document: the host of a URL, the name of a file.
mod attempt;
mod discovery;
mod fetch;
mod place;

// A file in place of HTTP.
mod file;

// The built-in HTTP client: the only place that names ureq.
mod http;

// The public interface, settings, time, the state and events for an operator, and errors.
mod remote_jwks;
mod settings;
mod clock;
mod health;
mod error;
mod config_error;
mod tls_fault;

pub use clock::Clock;
pub use config_error::{FetchConfigError, RootCertsFault};
pub use error::{FetchError, MetadataError, ProxyError};
pub use fetch::{Fetch, FetchFailure, FetchPurpose, FetchRequest};
pub use health::{FetchEvent, Health};
pub use remote_jwks::{RemoteJwks, RemoteJwksBuilder};
pub use snapshot::KeysState;
pub use tls_fault::TlsFault;
