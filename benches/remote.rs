//! What keys from the network cost while they are at hand, beside ring's RSA verification, and how
//! much two threads that share them get done beside one.
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

use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    Algorithm, FetchRequest, KeySource, KeysState, Policy, RemoteJwks, Verified, Verifier,
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
        let key = black_box(&sample.keys).key(black_box(kid), Algorithm::RS256);
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(kid));
    });
    table.row("RemoteJwks, fresh", &sample, MANY, |_| {
        let key = black_box(&remote).key(black_box(kid), Algorithm::RS256);
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(kid));
    });
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), &remote).unwrap();
    table.title("verify_at");
    table.row("JwkSet", &sample, FEW, |token| sample.verify_at(token));
    table.row("RemoteJwks, fresh", &sample, FEW, |token| {
        let verified = verifier.verify_at(token, NOW);
        assert_eq!(verified.as_ref().map(Verified::expires_at), Ok(EXPIRES_AT));
    });
    assert_eq!(remote.health().state, KeysState::Fresh);

    println!("\nverify_at through one RemoteJwks, calls a second");
    let rounds = if table.counts() { 20 } else { 1 };
    let mut ratios: Vec<(f64, f64, f64)> = (0..rounds)
        .map(|_| {
            let verify = || assert!(verifier.verify_at(black_box(&sample.token), NOW).is_ok());
            let (one, two) = (throughput(1, verify), throughput(2, verify));
            (two / one, one, two)
        })
        .collect();
    ratios.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, one, two) = ratios[rounds / 2];
    let (least, most) = (ratios[0].0, ratios[rounds - 1].0);
    println!("  1 thread {one:.0}, 2 threads {two:.0}: {ratio:.3} times as many");
    println!("  (median of {rounds} rounds, from {least:.3} to {most:.3})");
}

/// A key source whose keys have been fetched, without a network.
fn primed() -> RemoteJwks {
    let jwks = Issuer::default().jwks().into_bytes();
    let remote = RemoteJwks::builder("https://tenant.example.auth0.com/.well-known/jwks.json")
        .fetch(move |_: &FetchRequest| Ok(jwks.clone()))
        .build()
        .unwrap();
    remote.prime().unwrap();
    remote
}

/// Calls a second, of as many threads as asked for, all at once.
fn throughput(threads: usize, call: impl Fn() + Sync) -> f64 {
    let start = Barrier::new(threads);
    let run = || {
        start.wait();
        let begin = Instant::now();
        let mut calls = 0_u32;
        while begin.elapsed() < RUN {
            for _ in 0..100 {
                call();
            }
            calls += 100;
        }
        f64::from(calls) / begin.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

const RUN: Duration = Duration::from_millis(100);
