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
    let (hits, misses) = (verifier(1000), verifier(1));
    verify(&hits, &sample.token);
    table.row("seen before", &sample, MANY, |token| verify(&hits, token));
    // The cache has room for one token, and each of these comes again too late to enter it.
    let issuer = Issuer::default();
    let tokens: Vec<String> =
        (0..256).map(|user| issuer.token_at(NOW).subject(format!("auth0|{user}")).mint()).collect();
    let turn = AtomicUsize::new(0);
    table.row("not seen before", &sample, FEW, |_| {
        verify(&misses, &tokens[turn.fetch_add(1, Ordering::Relaxed) % 256]);
    });

    for sample in &samples::by_token_size() {
        // The claims of 8 KB count as two tokens.
        let hits = cached(sample, 2);
        verify(&hits, &sample.token);
        table.row(&format!("{}, first", sample.name), sample, FEW, |token| sample.verify_at(token));
        table.row(&format!("{}, again", sample.name), sample, MANY, |token| verify(&hits, token));
    }

    println!("\nverify_at of tokens seen before, rounds or calls a second");
    tokens.iter().for_each(|token| verify(&hits, token));
    // Each thread begins at another token.
    threads::compare("256 tokens", &table, || {
        let first = turn.fetch_add(1, Ordering::Relaxed) * 100;
        tokens.iter().cycle().skip(first % 256).take(256).for_each(|token| verify(&hits, token));
    });
    threads::compare("one and the same token", &table, || verify(&hits, black_box(&sample.token)));
}
