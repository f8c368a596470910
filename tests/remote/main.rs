//! The issuer's keys over time. The invariants that the tests cite, I1 to I10, are on the page
//! `tokenring::remote`.
//!
//! Most tests have a clock that stands still and an issuer that does as it is told: what is fetched
//! when, and what is answered meanwhile. The last ones go over sockets of this machine.
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
mod sockets;

// With a fake clock and a fake issuer.
mod herd;
mod outage;
mod revocation;
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
