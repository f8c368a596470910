//! The cost of a repeated token, relative to ring's RSA verification, and the throughput of two
//! threads, relative to one.
//!
//! `cargo bench --bench cache`
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

use std::{
    hint::black_box,
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
};

use tokenring::{
    Policy, Verified, Verifier,
    testkit::{AUDIENCE, ISSUER, Issuer},
};

use samples::{EXPIRES_AT, NOW, Sample};
use table::{FEW, MANY, Table};

fn main() {
    let table = Table::begin();
    let sample = samples::auth0();
    let cached = |sample: &Sample, capacity| {
        Verifier::new(Policy::new(ISSUER, AUDIENCE), sample.keys.clone())
            .unwrap()
            .with_token_cache(NonZeroUsize::new(capacity).unwrap())
    };
    let verifier = |capacity| cached(&sample, capacity);
    let verify = |verifier: &Verifier<_>, token: &str| {
        let verified = verifier.verify_at(token, NOW);
        assert_eq!(verified.as_ref().map(Verified::expires_at), Ok(EXPIRES_AT));
    };

    table.title("verify_at");
    table.row("without cache", &sample, FEW, |token| sample.verify_at(token));
    let hits = verifier(1000);
    verify(&hits, &sample.token);
    table.row("seen before", &sample, MANY, |token| verify(&hits, token));
    let issuer = Issuer::default();
    let tokens: Vec<String> =
        (0..256).map(|user| issuer.token_at(NOW).subject(format!("auth0|{user}")).mint()).collect();
    let turn = AtomicUsize::new(0);
    let next = || &tokens[turn.fetch_add(1, Ordering::Relaxed) % 256];
    table.row("without cache, 256 tokens in turn", &sample, FEW, |_| sample.verify_at(next()));
    // The cache has room for one token, and each of these comes again too late to enter it.
    let misses = verifier(1);
    table.row("not seen before, 256 tokens in turn", &sample, FEW, |_| verify(&misses, next()));

    for sample in &samples::by_token_size() {
        // The claims of 8 KB count as two tokens.
        let hits = cached(sample, 2);
        verify(&hits, &sample.token);
        table.row(&format!("{}, first", sample.name), sample, FEW, |token| sample.verify_at(token));
        table.row(&format!("{}, again", sample.name), sample, MANY, |token| verify(&hits, token));
    }

    println!("\nverify_at of tokens seen before, rounds or calls a second");
    // Its threads share nothing: more than this the machine does not give.
    threads::compare("ring's verification", &table, || sample.ring(black_box(&sample.token)));
    tokens.iter().for_each(|token| verify(&hits, token));
    // Each thread begins at another token.
    threads::compare("256 tokens", &table, || {
        let first = turn.fetch_add(1, Ordering::Relaxed) * 100;
        tokens.iter().cycle().skip(first % 256).take(256).for_each(|token| verify(&hits, token));
    });
    threads::compare("one and the same token", &table, || verify(&hits, black_box(&sample.token)));
}
