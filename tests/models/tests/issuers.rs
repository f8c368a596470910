//! Issuers that change while threads verify, in many schedules.
#![allow(clippy::indexing_slicing, reason = "tests may")]

use std::{
    num::NonZeroUsize,
    sync::{Arc, LazyLock},
};

use minted::testkit::{AUDIENCE, ISSUER, Issuer, TestKey};
use modelled::{Algorithm, Issuers, JwkSet, Policy, UnixTime, Verifier, VerifyError};
use shuttle::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

#[test]
fn call_that_begins_after_an_issuer_was_removed_accepts_none_of_its_tokens() {
    explore(|| {
        let issuers = Issuers::new();
        issuers.add(policy(ISSUER), KEYS[0].clone()).unwrap();
        let verifier = Arc::new(cached(&issuers));
        let is_removed = Arc::new(AtomicBool::new(false));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (verifier, is_removed) = (Arc::clone(&verifier), Arc::clone(&is_removed));
                thread::spawn(move || {
                    for _ in 0..3 {
                        let was_removed = is_removed.load(Ordering::SeqCst);
                        match verifier.verify_at(&TOKENS[0], NOW).map(drop) {
                            Ok(()) => assert!(!was_removed),
                            Err(error) => assert_eq!(error, VerifyError::WrongIssuer),
                        }
                    }
                })
            })
            .collect();
        assert!(issuers.remove(ISSUER));
        is_removed.store(true, Ordering::SeqCst);
        let outcome = verifier.verify_at(&TOKENS[0], NOW).map(drop);
        assert_eq!(outcome, Err(VerifyError::WrongIssuer));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// The first token satisfies the first policy with the first keys, and the second one the others: a
/// mixture would accept a token whose claims or key are the other's.
#[test]
fn issuer_that_is_replaced_has_its_old_policy_and_keys_or_the_new_ones() {
    explore(|| {
        let issuers = Issuers::new();
        let old = || policy(ISSUER).require_claim("sub", "one");
        let new = || policy(ISSUER).require_claim("sub", "two");
        issuers.add(old(), KEYS[0].clone()).unwrap();
        let verifier = Arc::new(cached(&issuers));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let verifier = Arc::clone(&verifier);
                thread::spawn(move || {
                    let verify = |token: &str| verifier.verify_at(token, NOW).map(drop);
                    for _ in 0..2 {
                        // Replaced once: after the new token was accepted, the old one is not.
                        let new = verify(&TOKENS[1]);
                        let old = verify(&TOKENS[0]);
                        assert!(new.is_err() || old.is_err());
                        for mixed in &TOKENS[2..] {
                            assert!(verify(mixed).is_err());
                        }
                    }
                })
            })
            .collect();
        assert_eq!(issuers.replace(new(), KEYS[1].clone()), Ok(true));
        assert_eq!(verifier.verify_at(&TOKENS[1], NOW).map(drop), Ok(()));
        let old = verifier.verify_at(&TOKENS[0], NOW).map(drop);
        assert_eq!(old, Err(VerifyError::BadSignature));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn threads_that_ask_a_resolver_get_one_issuer_and_never_one_removed_before_they_asked() {
    explore(|| {
        // The resolver answers with the keys of the tenant's current state.
        let state = Arc::new(AtomicUsize::new(0));
        let current = Arc::clone(&state);
        let issuers = Issuers::with_resolver(NonZeroUsize::MIN, move |iss| {
            let state = current.load(Ordering::SeqCst);
            Some((policy(iss), KEYS[state].clone()))
        });
        let verifier = Arc::new(cached(&issuers));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (verifier, state) = (Arc::clone(&verifier), Arc::clone(&state));
                thread::spawn(move || {
                    for _ in 0..2 {
                        let removed = state.load(Ordering::SeqCst) == 2;
                        let outcome = verifier.verify_at(&TOKENS[0], NOW).map(drop);
                        assert!(!removed || outcome == Err(VerifyError::BadSignature));
                    }
                })
            })
            .collect();
        // The tenant gets another key; then the operator says so.
        state.store(1, Ordering::SeqCst);
        issuers.remove(ISSUER);
        state.store(2, Ordering::SeqCst);
        let outcome = verifier.verify_at(&TOKENS[0], NOW).map(drop);
        assert_eq!(outcome, Err(VerifyError::BadSignature));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(issuers.names().len() <= 1);
    });
}

/// Runs `model` in many schedules.
fn explore(model: fn()) {
    // Initialized here, outside of any schedule.
    LazyLock::force(&TOKENS);
    LazyLock::force(&KEYS);
    shuttle::check_random(model, RUNS);
    shuttle::check_pct(model, RUNS, 3);
}

const RUNS: usize = 300;

const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);

fn policy(iss: &str) -> Policy {
    Policy::new(iss, AUDIENCE).algorithms([Algorithm::EdDSA])
}

fn cached(issuers: &Issuers<JwkSet>) -> Verifier<Issuers<JwkSet>> {
    Verifier::with_issuers(issuers.clone()).with_token_cache(NonZeroUsize::new(8).unwrap())
}

/// Two issuers of the same name. Their keys have the same `kid`.
fn issuer(number: usize) -> Issuer {
    let keys = [
        TestKey::for_algorithm(minted::Algorithm::EdDSA),
        TestKey::attacker_for(minted::Algorithm::EdDSA),
    ];
    Issuer::with_keys(ISSUER, vec![keys[number].with_kid("k")])
}

/// By the first and the second key for themselves, then for each other's subject.
static TOKENS: LazyLock<[String; 4]> = LazyLock::new(|| {
    let now = minted::UnixTime::from_secs(NOW.as_secs());
    let token = |number, subject: &str| issuer(number).token_at(now).subject(subject).mint();
    [token(0, "one"), token(1, "two"), token(0, "two"), token(1, "one")]
});

/// The keys of the first, and twice those of the second.
static KEYS: LazyLock<[JwkSet; 3]> = LazyLock::new(|| {
    [0, 1, 1].map(|number| JwkSet::from_json(issuer(number).jwks().as_bytes()).unwrap())
});
