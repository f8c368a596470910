//! How much verifying a token costs beside what it cannot do without: ring's RSA verification of
//! the same bytes with the same key. Read off one run, in which the two take turns.
//!
//! `cargo bench --bench ratio`. A ratio of 1.03 means 3 % on top of ring. The first row is ring
//! against itself and shows what the machine adds.
//!
//! Where the allocator and the linker happen to put things moves ring by up to 1 %.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench"
)]

mod samples;

use std::{hint::black_box, time::Instant};

use tokenring::{
    Algorithm, JwkSet, KeyError, UnixTime, VerifyError,
    testkit::{ISSUER, Issuer, TestKey},
};

use samples::{EXPIRES_AT, NOW, Sample};

fn main() {
    // `cargo bench` says `--bench`; `cargo test --benches` does not.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 1600 } else { 1 };
    let table = Table { rounds };
    table.head();

    let sample = samples::auth0();
    table.title("control");
    table.row("ring against itself", &sample, FEW, |token| sample.ring(token));
    table.title("verify_at, by key");
    for sample in &samples::by_key_size() {
        table.row(sample.name, sample, FEW, |token| sample.verify_at(token));
    }
    table.title("verify_at, by token, RSA-2048");
    for sample in &samples::by_token_size() {
        let name = format!("{} ({} bytes)", sample.name, sample.token.len());
        table.row(&name, sample, FEW, |token| sample.verify_at(token));
    }
    table.title("verify_at, refused, RSA-2048");
    refusals(&table, &sample);
    table.title("key selection");
    selections(&table, &sample);
}

fn refusals(table: &Table, sample: &Sample) {
    let issuer = Issuer::default();
    let token = issuer.token_at(NOW);
    let unknown = TestKey::attacker().with_kid("unknown");
    let expired = VerifyError::Expired { exp: EXPIRES_AT.as_secs(), now: EXPIRES_AT.as_secs() };
    let junk = "x".repeat(sample.token.len());
    let refused: [(&str, String, usize, UnixTime, VerifyError); 6] = [
        ("junk", junk, MANY, NOW, VerifyError::SegmentCount { found: 1 }),
        (
            "alg HS256",
            token.clone().header("alg", "HS256").mint(),
            MANY,
            NOW,
            VerifyError::AlgorithmNotAccepted,
        ),
        ("unknown kid", token.clone().key(&unknown).mint(), MANY, NOW, VerifyError::UnknownKey),
        (
            "signature too short",
            token.clone().signature([1; 255]).mint(),
            MANY,
            NOW,
            VerifyError::BadSignature,
        ),
        ("bad signature", token.forged_by(&unknown).mint(), FEW, NOW, VerifyError::BadSignature),
        ("expired", sample.token.clone(), FEW, EXPIRES_AT, expired),
    ];
    for (name, token, calls, now, error) in refused {
        table.row(name, sample, calls, |_| sample.refuse(black_box(&token), now, error));
    }
}

fn selections(table: &Table, sample: &Sample) {
    let three = &sample.keys;
    let last = Some("tokenring-test-key-03");
    table.row("the last of 3 keys", sample, MANY, |_| {
        let key = black_box(three).select(black_box(last), Algorithm::RS256);
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(last));
    });
    table.row("none of 3 keys", sample, MANY, |_| {
        let key = black_box(three).select(black_box(Some("unknown")), Algorithm::RS256);
        assert_eq!(key.err(), Some(KeyError::UnknownKey));
    });
    let names: Vec<String> = (0..100).map(|index| format!("tokenring-key-{index}")).collect();
    let keys = names.iter().map(|name| TestKey::attacker().with_kid(name)).collect();
    let issuer = Issuer::with_keys(ISSUER, keys);
    let hundred = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
    let last = names.last().map(String::as_str);
    table.row("the last of 100 keys", sample, MANY, |_| {
        let key = black_box(&hundred).select(black_box(last), Algorithm::RS256);
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(last));
    });
}

/// Prints one row for each comparison.
struct Table {
    rounds: usize,
}

impl Table {
    fn head(&self) {
        println!(
            "{} rounds of {FEW} calls each, in turns. Times are medians; then the",
            self.rounds
        );
        println!("quartiles of the ratio of the two halves of a round; last the ratio of the");
        println!(
            "fastest times (first percentiles), which other work on the machine hardly touches.\n"
        );
        println!(
            "{:30} {:>9} {:>9}   {:>7} {:>7} {:>7}   {:>7}",
            "", "this, ns", "ring, ns", "q1", "median", "q3", "fastest"
        );
    }

    fn title(&self, title: &str) {
        println!("\n{title}");
    }

    /// Times `ours` beside ring's part of verifying `sample`; `calls` of it in each round.
    fn row(&self, name: &str, sample: &Sample, calls: usize, ours: impl Fn(&str)) {
        let token = sample.token.as_str();
        let ours = || per_call(calls, || ours(black_box(token)));
        let ring = || per_call(FEW, || sample.ring(black_box(token)));
        let (mut times, mut ring_times, mut ratios) = (vec![], vec![], vec![]);
        // The first round warms up and is not counted.
        for round in 0..=self.rounds {
            // Neither is always the first.
            let (time, ring_time) = if round % 2 == 0 {
                let time = ours();
                (time, ring())
            } else {
                let ring_time = ring();
                (ours(), ring_time)
            };
            if round > 0 {
                times.push(time);
                ring_times.push(ring_time);
                ratios.push(time / ring_time);
            }
        }
        for samples in [&mut times, &mut ring_times, &mut ratios] {
            samples.sort_by(f64::total_cmp);
        }
        print!("  {name:28} {:>9.0} {:>9.0}  ", at(&times, 50), at(&ring_times, 50));
        for percent in [25, 50, 75] {
            print!(" {:>7.4}", at(&ratios, percent));
        }
        println!("   {:>7.4}", at(&times, 1) / at(&ring_times, 1));
    }
}

/// Nanoseconds a call.
fn per_call(calls: usize, call: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    start.elapsed().as_nanos() as f64 / calls as f64
}

/// The value that so many percent of the `sorted` ones do not exceed.
fn at(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// Calls in a half of a round: short, so that both halves see the same machine.
const FEW: usize = 5;

/// The same for what takes well under a microsecond.
const MANY: usize = 100;
