//! The cost of verifying a token relative to ring's verification of the same bytes with the same
//! key. The two take turns in one run.
//!
//! `cargo bench --bench ratio`. A ratio of 1.03 means 3 % on top of ring. The first row is ring
//! relative to itself, and shows the noise of the machine.
//!
//! The memory layout that allocator and linker choose changes ring's time by up to 1 %.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench"
)]

mod samples;
mod table;

use std::hint::black_box;

#[cfg(feature = "std")]
use tokenring::Issuers;
use tokenring::{
    Algorithm, CompactJws, JwkSet, KeyError, Policy, UnixTime, Verified, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use samples::{EXPIRES_AT, NOW, Sample};
use table::{FEW, MANY, Table};

fn main() {
    let table = Table::begin();

    let sample = samples::auth0();
    table.title("control");
    table.row("ring against itself", &sample, FEW, |token| sample.ring(token));
    table.title("verify_at, by algorithm");
    for sample in &samples::by_algorithm() {
        table.row(sample.name, sample, FEW, |token| sample.verify_at(token));
    }
    table.title("verify_at, by key");
    for sample in &samples::by_key_size() {
        table.row(sample.name, sample, FEW, |token| sample.verify_at(token));
    }
    table.title("verify_at, by token, RSA-2048");
    for sample in &samples::by_token_size() {
        let name = format!("{} ({} bytes)", sample.name, sample.token.len());
        table.row(&name, sample, FEW, |token| sample.verify_at(token));
    }
    table.title("verify_at, 0.85 KB, RSA-2048, stage by stage");
    stages(&table, &sample);
    table.title("verify_at, refused, RSA-2048");
    refusals(&table, &sample);
    table.title("verify_at, by number of issuers, RSA-2048");
    issuers(&table, &sample);
    table.title("key selection");
    selections(&table, &sample);
    table.title("loading keys");
    let jwks = Issuer::default().jwks();
    table.row("JwkSet::from_json, 3 keys", &sample, FEW, |_| {
        let keys = JwkSet::from_json(black_box(jwks.as_bytes())).unwrap();
        assert_eq!((keys.len(), keys.skipped().len()), (3, 0));
    });
}

/// Each stage includes those before it: the public functions, and at last all of them in one call.
fn stages(table: &Table, sample: &Sample) {
    let kid = Some("tokenring-test-key-01");
    table.row("CompactJws::parse", sample, MANY, |token| {
        let jws = CompactJws::parse(token).unwrap();
        assert_eq!(jws.header().key_id(), kid);
    });
    table.row("and JwkSet::select", sample, MANY, |token| {
        let jws = CompactJws::parse(token).unwrap();
        let key = sample.keys.select(jws.header().key_id(), jws.header().algorithm());
        assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(kid));
    });
    table.row("and CompactJws::verify", sample, FEW, |token| {
        let jws = CompactJws::parse(token).unwrap();
        let key = sample.keys.select(jws.header().key_id(), jws.header().algorithm()).unwrap();
        let payload = jws.verify(&key).unwrap();
        assert_eq!(payload.as_bytes().first(), Some(&b'{'));
    });
    table.row("and Verifier::check_at", sample, FEW, |token| {
        let jws = CompactJws::parse(token).unwrap();
        let key = sample.keys.select(jws.header().key_id(), jws.header().algorithm()).unwrap();
        let payload = jws.verify(&key).unwrap();
        let verified = sample.verifier.check_at(payload, NOW);
        assert_eq!(verified.as_ref().map(Verified::expires_at), Ok(EXPIRES_AT));
    });
    table.row("verify_at", sample, FEW, |token| sample.verify_at(token));
}

/// The token is from the last issuer, and then from none of them.
fn issuers(table: &Table, sample: &Sample) {
    let unknown = Issuer::new("https://unknown.example/").token_at(NOW).mint();
    for count in [1, 2, 10, 100, 1000] {
        let verifier = fixed(count, sample);
        table.row(&format!("{count}"), sample, FEW, |token| {
            let verified = verifier.verify_at(token, NOW);
            assert_eq!(verified.as_ref().map(Verified::issuer), Ok(ISSUER));
        });
        if count > 1 {
            table.row(&format!("{count}, unknown iss"), sample, MANY, |_| {
                let outcome = verifier.verify_at(black_box(&unknown), NOW);
                assert_eq!(outcome.err(), Some(VerifyError::WrongIssuer));
            });
        }
    }
    #[cfg(feature = "std")]
    for count in [2, 1000] {
        let verifier = at_run_time(count, sample);
        table.row(&format!("{count} at run time"), sample, FEW, |token| {
            let verified = verifier.verify_at(token, NOW);
            assert_eq!(verified.as_ref().map(Verified::issuer), Ok(ISSUER));
        });
        table.row(&format!("{count} at run time, unknown iss"), sample, MANY, |_| {
            let outcome = verifier.verify_at(black_box(&unknown), NOW);
            assert_eq!(outcome.err(), Some(VerifyError::WrongIssuer));
        });
    }
}

fn fixed(count: usize, sample: &Sample) -> Verifier<JwkSet> {
    let mut urls = urls(count);
    let first = Policy::new(urls.next().unwrap(), AUDIENCE);
    urls.try_fold(Verifier::new(first, sample.keys.clone()).unwrap(), |verifier, url| {
        verifier.with_issuer(Policy::new(url, AUDIENCE), sample.keys.clone())
    })
    .unwrap()
}

#[cfg(feature = "std")]
fn at_run_time(count: usize, sample: &Sample) -> Verifier<Issuers<JwkSet>> {
    let issuers = Issuers::new();
    for url in urls(count) {
        issuers.add(Policy::new(url, AUDIENCE), sample.keys.clone()).unwrap();
    }
    Verifier::with_issuers(issuers)
}

/// The last one is that of the sample.
fn urls(count: usize) -> impl Iterator<Item = String> {
    let others = (1..count).map(|number| format!("https://{number}.example/"));
    others.chain([ISSUER.to_string()])
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
