//! Time a stage, a key size, a token size and a refusal, each beside ring's own verification of
//! the same bytes. `cargo bench --bench verify`; for the ratio of the two, see `ratio.rs`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench"
)]

mod samples;

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion, measurement::WallTime};
use tokenring::{
    Algorithm, CompactJws, JwkSet, UnixTime, Verified, VerifyError,
    testkit::{Issuer, TestKey},
};

use samples::{EXPIRES_AT, NOW, Sample};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    stages(&mut criterion);
    sizes(&mut criterion, "verify_at by key", &samples::by_key_size());
    sizes(&mut criterion, "verify_at by token", &samples::by_token_size());
    refusals(&mut criterion);
    criterion.final_summary();
}

/// The pipeline, one function of the public interface after the other.
fn stages(criterion: &mut Criterion) {
    let sample = samples::auth0();
    let (token, keys) = (sample.token.as_str(), &sample.keys);
    let jwks = Issuer::default().jwks();
    let kid = Some("tokenring-test-key-01");
    let jws = CompactJws::parse(token).unwrap();
    let key = keys.select(kid, Algorithm::RS256).unwrap();
    let payload = jws.clone().verify(&key).unwrap();

    let mut group = criterion.benchmark_group("stages");
    group.bench_function("CompactJws::parse", |bencher| {
        bencher.iter(|| {
            let jws = CompactJws::parse(black_box(token)).unwrap();
            assert_eq!(jws.header().key_id(), kid);
        });
    });
    group.bench_function("JwkSet::select", |bencher| {
        bencher.iter(|| {
            let key = black_box(keys).select(black_box(kid), Algorithm::RS256);
            assert_eq!(key.as_ref().map(|key| key.key_id()), Ok(kid));
        });
    });
    group.bench_function("CompactJws::verify", |bencher| {
        bencher.iter_batched(
            || jws.clone(),
            |jws| {
                let payload = jws.verify(&key).unwrap();
                assert_eq!(payload.as_bytes().first(), Some(&b'{'));
                payload
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("Verifier::check_at", |bencher| {
        bencher.iter_batched(
            || payload.clone(),
            |payload| {
                let verified = sample.verifier.check_at(payload, NOW);
                assert_eq!(verified.as_ref().map(Verified::expires_at), Ok(EXPIRES_AT));
                verified
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("JwkSet::from_json, 3 keys", |bencher| {
        bencher.iter(|| {
            let keys = JwkSet::from_json(black_box(jwks.as_bytes())).unwrap();
            assert_eq!((keys.len(), keys.skipped().len()), (3, 0));
        });
    });
    ring(&mut group, BenchmarkId::from_parameter("ring"), &sample);
}

fn sizes(criterion: &mut Criterion, name: &str, samples: &[Sample]) {
    let mut group = criterion.benchmark_group(name);
    for sample in samples {
        group.bench_function(BenchmarkId::new("tokenring", sample.name), |bencher| {
            bencher.iter(|| sample.verify_at(black_box(&sample.token)));
        });
        ring(&mut group, BenchmarkId::new("ring", sample.name), sample);
    }
}

/// In the order of the pipeline; those before the signature cost an attacker more than us.
fn refusals(criterion: &mut Criterion) {
    let (issuer, sample) = (Issuer::default(), samples::auth0());
    let token = issuer.token_at(NOW);
    let unknown = TestKey::attacker().with_kid("unknown");
    let expired = VerifyError::Expired { exp: EXPIRES_AT.as_secs(), now: EXPIRES_AT.as_secs() };
    let hs256 = token.clone().header("alg", "HS256").mint();
    let refused: [(&str, String, UnixTime, VerifyError); 5] = [
        ("junk", "x".repeat(840), NOW, VerifyError::SegmentCount { found: 1 }),
        ("alg HS256", hs256, NOW, VerifyError::AlgorithmNotAccepted),
        ("unknown kid", token.clone().key(&unknown).mint(), NOW, VerifyError::UnknownKey),
        ("bad signature", token.forged_by(&unknown).mint(), NOW, VerifyError::BadSignature),
        ("expired", sample.token.clone(), EXPIRES_AT, expired),
    ];
    let mut group = criterion.benchmark_group("refusals");
    for (name, token, now, error) in refused {
        group.bench_function(name, |bencher| {
            bencher.iter(|| sample.refuse(black_box(&token), now, error));
        });
    }
    ring(&mut group, BenchmarkId::from_parameter("ring"), &sample);
}

/// The same group's yardstick.
fn ring(group: &mut BenchmarkGroup<'_, WallTime>, id: BenchmarkId, sample: &Sample) {
    group.bench_function(id, |bencher| bencher.iter(|| sample.ring(black_box(&sample.token))));
}
