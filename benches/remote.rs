//! The cost of a fetched key that is at hand, relative to ring's RSA verification, and the
//! throughput of two threads that share the keys, relative to one.
//!
//! `cargo bench --bench remote`
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench"
)]

mod samples;
mod table;
mod threads;

use std::hint::black_box;

use tokenring::{
    Algorithm, KeyQuery, KeySource, Policy, RemoteJwks, Verified, Verifier,
    remote::{FetchRequest, KeysState},
    testkit::{AUDIENCE, ISSUER, Issuer},
};

use samples::{EXPIRES_AT, NOW};
use table::{FEW, MANY, Table};

fn main() {
    let table = Table::begin();
    let sample = samples::auth0();
    let remote = primed();
    let kid = Some("tokenring-test-key-01");

    table.title("key selection, from a set in a file and from the network");
    table.row("JwkSet", &sample, MANY, |_| {
        let key = black_box(&sample.keys).key(black_box(KeyQuery::new(kid, Algorithm::RS256)));
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(kid));
    });
    table.row("RemoteJwks, fresh", &sample, MANY, |_| {
        let key = black_box(&remote).key(black_box(KeyQuery::new(kid, Algorithm::RS256)));
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(kid));
    });
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), &remote).unwrap();
    table.title("verify_at");
    table.row("JwkSet", &sample, FEW, |token| sample.verify_at(token));
    table.row("RemoteJwks, fresh", &sample, FEW, |token| {
        let verified = verifier.verify_at(token, NOW);
        assert_eq!(verified.as_ref().map(Verified::expires_at), Ok(EXPIRES_AT));
    });
    assert_eq!(remote.health().state(), KeysState::Fresh);

    println!("\nverify_at through one RemoteJwks, calls a second");
    threads::compare("with the same token", &table, || {
        assert!(verifier.verify_at(black_box(&sample.token), NOW).is_ok());
    });
}

/// A key source with fetched keys; its fetch uses no network.
fn primed() -> RemoteJwks {
    let jwks = Issuer::default().jwks().into_bytes();
    let remote = RemoteJwks::builder("https://tenant.example.auth0.com/.well-known/jwks.json")
        .fetch(move |_: &FetchRequest| Ok(jwks.clone()))
        .build()
        .unwrap();
    remote.prime().unwrap();
    remote
}
