//! The cost of a DPoP proof, relative to ring's verification with the same algorithm; that of a request with a
//! token and a proof, relative to ring's two; and the time and memory of an entry in the memory of used proofs.
//!
//! `cargo bench --bench proof`
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench"
)]

mod samples;
mod table;

use std::{hint::black_box, time::Instant};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde_json::json;
use tokenring::{
    Algorithm, Guard, PublicKey, UnixTime,
    possession::{
        BoundToken, Confirmation, ProofError, ProofPolicy, ProofVerifier, ReplayError, ReplayKey,
        ReplayMemory, ReplayStore, Request, Thumbprint,
    },
    testkit::TestKey,
};

use samples::{NOW, RawKey};
use table::{FEW, Table};

fn main() {
    let table = Table::begin();
    memory(if table.counts() { 300_000 } else { 3_000 });
    let verifier =
        ProofVerifier::new(ProofPolicy::new("https://api.example.com"), ReplayMemory::default());
    let verifier = verifier.unwrap();

    table.title("proof, not recorded, by algorithm");
    for sample in &samples::by_algorithm() {
        let Some(algorithm) = PROOFS.into_iter().find(|one| one.name() == sample.name) else {
            continue;
        };
        let key = TestKey::for_algorithm(algorithm);
        let (proof, token) = (sign(&key, "GET", TOKEN), bound_to(&key));
        let request = Request::new("GET", "/v1/users").dpop([&proof]);
        table.row(sample.name, sample, FEW, |_| {
            let outcome = verifier.inspect_at(black_box(&request), &token, NOW);
            assert!(outcome.is_ok());
        });
    }

    table.title("request: token and proof, both by algorithm, and ring's two verifications");
    for algorithm in PROOFS {
        let key = TestKey::for_algorithm(algorithm);
        let sample = samples::bound(algorithm, &confirmation(&key));
        let proofs = ProofVerifier::new(ProofPolicy::new("https://api.example.com"), Unused);
        let guard = Guard::new(sample.verifier.clone()).accept_dpop(proofs.unwrap());
        let proof = sign(&key, "GET", &sample.token);
        let authorization = format!("DPoP {}", sample.token);
        let request =
            Request::new("GET", "/v1/users").authorization([&authorization]).dpop([&proof]);
        let (input, signature) = proof.rsplit_once('.').unwrap();
        let (raw, signature) = (RawKey::new(&key), URL_SAFE_NO_PAD.decode(signature).unwrap());
        let ours = || assert!(guard.check_request_at(black_box(&request), NOW).is_ok());
        let ring = || {
            sample.ring(black_box(&sample.token));
            assert!(raw.verify(black_box(input.as_bytes()), &signature).is_ok());
        };
        table.compare(sample.name, FEW, ours, ring);
    }

    table.title("proof, refused, ES256");
    let samples = samples::by_algorithm();
    let es256 = samples.iter().find(|sample| sample.name == "ES256").unwrap();
    let key = TestKey::for_algorithm(Algorithm::ES256);
    let stranger = TestKey::attacker_for(Algorithm::ES256);
    let (proof, other) = (sign(&key, "GET", TOKEN), sign(&key, "POST", TOKEN));
    let (input, signature) = (proof.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    let forged = format!("{input}.{signature}");
    for (name, proof, error) in [
        ("stranger's key", sign(&stranger, "GET", TOKEN), ProofError::OtherKey),
        ("another method", sign(&key, "POST", TOKEN), ProofError::WrongMethod),
        ("bad signature", forged, ProofError::BadSignature),
        ("junk", "x".repeat(800), ProofError::SegmentCount { found: 1 }),
    ] {
        let (request, token) = (Request::new("GET", "/v1/users").dpop([&proof]), bound_to(&key));
        table.row(name, es256, FEW, |_| {
            let outcome = verifier.inspect_at(black_box(&request), &token, NOW);
            assert_eq!(outcome.err(), Some(error));
        });
    }
}

/// The last tenth of `entries` live ones is timed.
fn memory(entries: u32) {
    let memory = ReplayMemory::default();
    let thumbprint = Thumbprint::from_sha256([1; 32]);
    let keys: Vec<_> = (0..entries)
        .map(|number| ReplayKey::new(&thumbprint, "https://a:443/", &number.to_string()))
        .collect();
    let (end, now) = (UnixTime::from_secs(1000), UnixTime::from_secs(100));
    // Nanoseconds for one: the median of a hundred at a time, and the mean.
    let insert = |keys: &[ReplayKey]| {
        let mut times: Vec<f64> = keys
            .chunks(100)
            .map(|keys| {
                let start = Instant::now();
                for key in keys {
                    assert_eq!(memory.insert(black_box(key), end, now), Ok(()));
                }
                start.elapsed().as_nanos() as f64 / keys.len() as f64
            })
            .collect();
        times.sort_by(f64::total_cmp);
        (times[times.len() / 2], times.iter().sum::<f64>() / times.len() as f64)
    };
    let (most, last) = keys.split_at(keys.len() / 10 * 9);
    let (growing, full) = (insert(most), insert(last));
    let bytes = memory.bytes();
    println!("memory of used proofs, {entries} live entries");
    println!("  {bytes} bytes, {:.1} for each entry", bytes as f64 / f64::from(entries));
    for (name, (median, mean)) in [("while it grows", growing), ("the last tenth", full)] {
        println!("  {median:.0} ns to insert, {name}; the mean is {mean:.0} ns");
    }
}

fn sign(key: &TestKey, method: &str, token: &str) -> String {
    let jwk = key.without_alg().without_member("kid").without_member("use").jwk();
    let header = json!({ "typ": "dpop+jwt", "alg": key.algorithm().name(), "jwk": jwk });
    let claims = json!({
        "jti": "1f8b6f0e-6d5c-4c3b-9a2b-7d3a1c0e5f42",
        "htm": method,
        "htu": "https://api.example.com/v1/users",
        "iat": NOW.as_secs(),
        "ath": URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes())),
    });
    let [header, claims] = [header, claims].map(|value| URL_SAFE_NO_PAD.encode(value.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(format!("{header}.{claims}").as_bytes()));
    format!("{header}.{claims}.{signature}")
}

fn bound_to(key: &TestKey) -> BoundToken<'static> {
    BoundToken::new(TOKEN, confirmation(key))
}

fn confirmation(key: &TestKey) -> Confirmation {
    let key = PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap();
    Confirmation::of_key(key.thumbprint())
}

/// A memory that takes no time. The same proof is sent again and again.
struct Unused;

impl ReplayStore for Unused {
    fn insert(&self, _: &ReplayKey, _: UnixTime, _: UnixTime) -> Result<(), ReplayError> {
        Ok(())
    }
}

const TOKEN: &str = "header.payload.signature";

const PROOFS: [Algorithm; 4] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256];
