//! The issuer's keys over time. The invariants that the tests cite, I1 to I10, are on the page
//! `tokenring::remote`.
//!
//! Most tests use a manual clock and a scripted issuer, to test when keys are fetched, and how
//! lookups are answered in the meantime. The last ones use sockets on this machine.
#![cfg(feature = "fetch")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may"
)]

mod fake;
#[allow(unreachable_pub, reason = "in its own package it is public")]
#[path = "../oracle/src/remote/mod.rs"]
mod oracle;
#[allow(unreachable_pub, reason = "in its own package it is public")]
#[path = "../oracle/src/random.rs"]
mod random;
mod sockets;

// With the manual clock and the scripted issuer.
mod herd;
mod outage;
mod revocation;
mod rotation;
mod burnt;
mod slot;
mod seed;
mod hook;
mod waiting;
mod rules;
mod futures;
mod health;
mod settings;
mod model;
mod stress;

// Over sockets.
mod http;
mod tls;
mod proxy;
mod issuer;
mod discovery;
mod advice;
mod split_host;
mod serverless;

// On the disk.
mod file;
