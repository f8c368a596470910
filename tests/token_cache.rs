//! `Verifier::with_token_cache` changes the cost of verdicts, and no verdict.
//!
//! A cache hit costs no allocation. A miss costs ours and ring's: that is how the tests tell them apart.
#![cfg(feature = "std")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may"
)]

#[path = "conformance/common.rs"]
mod common;
#[allow(unreachable_pub, reason = "in its own package it is public")]
#[path = "oracle/src/random.rs"]
mod random;
#[cfg(feature = "fetch")]
#[path = "remote/fake.rs"]
mod fake;

use std::{
    iter,
    num::NonZeroUsize,
    sync::{
        Arc, LazyLock, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use allocation_counter::measure;
use tokenring::{
    Algorithm, Issuers, JwkSet, KeyError, KeyQuery, KeySource, Policy, SelectedKey, UnixTime,
    Verified, Verifier, VerifyError,
    testkit::{self, Issuer, TestKey, TokenBuilder},
};

use crate::{
    common::{CLAIMS, HEADER, NOW, claims_and, claims_with, header_and, policy, signed, token},
    random::Random,
};

/// A time after the expiry of every token in this file.
const AFTERWARDS: UnixTime = UnixTime::from_secs(NOW.as_secs() + 1_000_000);

// Cache hits.

#[test]
fn token_seen_before_costs_no_allocation() {
    let (verifier, token) = (verifier(8), token().mint());
    let first = cost(|| verifier.verify_at(&token, NOW).is_ok());
    assert!(first > 3, "{first}");
    for _ in 0..3 {
        assert_eq!(cost(|| verifier.verify_at(&token, NOW).is_ok()), 0);
    }
}

#[test]
fn cache_hit_returns_the_same_as_the_first_verification() {
    for token in [
        token().mint(),
        token().claim("nbf", 1.5).claim("jti", "a \"b\"").mint(),
        token().without_header("kid").scope("a b  c").permissions(["x", "\u{e9}"]).mint(),
    ] {
        let source = Source::new(&[key(1)]);
        let cached = over(&source, policy()).with_token_cache(capacity(8));
        let cold = outcome(&over(&source, policy()), &token, NOW);
        assert!(cold.is_ok());
        assert_eq!(outcome(&cached, &token, NOW), cold);
        assert!(is_cached(&cached, &token));
        assert_eq!(outcome(&cached, &token, NOW), cold);
    }
}

#[test]
fn verifier_without_a_cache_remembers_nothing() {
    let (verifier, token) = (common::verifier(), token().mint());
    assert!(verifier.verify_at(&token, NOW).is_ok());
    assert!(!is_cached(&verifier, &token) && !verifier.has_token_cache());
    assert!(verifier.with_token_cache(capacity(1)).has_token_cache());
}

#[test]
fn clones_share_the_cache_and_a_new_cache_is_empty() {
    let (verifier, token) = (verifier(8), token().mint());
    let clone = verifier.clone();
    assert!(clone.verify_at(&token, NOW).is_ok());
    assert!(is_cached(&verifier, &token));
    assert!(!is_cached(&verifier.with_token_cache(capacity(8)), &token));
    assert!(is_cached(&clone, &token));
}

#[test]
fn verify_and_try_verify_share_the_cache() {
    let source = Source::new(&[key(1)]);
    let verifier = over(&source, policy()).with_token_cache(capacity(8));
    // Valid for a day by the system clock.
    let tokens = ["a", "b"].map(|subject| common::issuer().token().subject(subject).mint());
    assert!(verifier.verify(&tokens[0]).is_ok());
    assert!(verifier.try_verify(&tokens[1]).is_ok());
    assert_eq!(cost(|| verifier.try_verify(&tokens[0]).is_ok()), 0);
    assert_eq!(cost(|| verifier.verify(&tokens[1]).is_ok()), 0);
    // The two methods ask the source in different ways.
    source.without_waiting(Err(KeyError::Busy));
    assert_eq!(verifier.try_verify(&tokens[0]).map(drop), Err(VerifyError::KeySourceBusy));
    assert_eq!(cost(|| verifier.verify(&tokens[0]).is_ok()), 0);
}

#[test]
fn long_key_id_and_escapes_in_claims_are_no_obstacle() {
    let kid = "k".repeat(256);
    let source = Source::new(&[key(1).with_kid(&*kid)]);
    let verifier = over(&source, policy()).with_token_cache(capacity(8));
    let token = token().header("kid", kid).claim("sub", "\"\\\n").mint();
    let cold = outcome(&over(&source, policy()), &token, NOW);
    for _ in 0..2 {
        assert_eq!(outcome(&verifier, &token, NOW), cold);
    }
    assert!(cold.is_ok());
    assert_eq!(cost(|| verifier.verify_at(&token, NOW).is_ok()), 0);
}

// Tokens that are not cached.

#[test]
fn refused_tokens_of_every_kind_are_not_remembered() {
    let now = NOW.as_secs();
    let alone = |token: TokenBuilder| token.mint();
    let refused: Vec<(String, VerifyError)> = vec![
        // One byte too long.
        ("x".repeat(16385), VerifyError::TokenTooLong { bytes: 16385 }),
        // An empty text, and half of a token.
        (String::new(), VerifyError::SegmentCount { found: 1 }),
        ("a.b".into(), VerifyError::SegmentCount { found: 2 }),
        // Encrypted.
        ("a.b.c.d.e".into(), VerifyError::Encrypted),
        // Not signed.
        (alone(token().signature_segment("")), VerifyError::EmptySegment { segment: "signature" }),
        // Padding.
        (alone(token().header_segment("e30=")), VerifyError::NotBase64url { segment: "header" }),
        (alone(token().payload_segment("e30=")), VerifyError::NotBase64url { segment: "payload" }),
        // Signed, but with another `alg`.
        (alone(token().header("alg", "none")), VerifyError::AlgorithmNotAccepted),
        (alone(token().header("alg", "HS256")), VerifyError::AlgorithmNotAccepted),
        // With an extension.
        (
            signed(header_and(r#""crit":["exp"]"#), token().payload_json()),
            VerifyError::HeaderForbidden { parameter: "crit" },
        ),
        // Another key, with its own `kid` and with one of the issuer's.
        (alone(token().key(&TestKey::attacker())), VerifyError::UnknownKey),
        (alone(token().forged_by(&TestKey::attacker())), VerifyError::BadSignature),
        // Not a JWT.
        (signed(HEADER, ""), VerifyError::EmptyPayload),
        // `exp` is missing, and is a string.
        (alone(token().without_claim("exp")), VerifyError::ClaimMissing { claim: "exp" }),
        (signed(HEADER, claims_with("exp", r#""1""#)), VerifyError::ClaimType { claim: "exp" }),
        // `exp` is in milliseconds.
        (alone(token().claim("exp", now * 1000)), VerifyError::ClaimRange { claim: "exp" }),
        // Another kind of token.
        (alone(token().header("typ", "dpop+jwt")), VerifyError::TokenTypeNotAccepted),
        // From another issuer, and for another audience.
        (alone(token().issuer("https://other.example/")), VerifyError::WrongIssuer),
        (alone(token().audience("https://other.example/")), VerifyError::WrongAudience),
        // Expired, and not yet valid.
        (alone(token().expires_at(NOW)), VerifyError::Expired { exp: now, now }),
        (alone(token().claim("nbf", now + 1)), VerifyError::NotYetValid { nbf: now + 1, now }),
        // Issued to another client.
        (alone(token().claim("azp", "another")), VerifyError::WrongAuthorizedParty),
        // Bound to a key.
        (
            alone(token().claim("cnf", serde_json::json!({ "jkt": "a" }))),
            VerifyError::SenderConstrained,
        ),
    ];
    let policy = policy().authorized_party(testkit::CLIENT_ID);
    // A cache with room for one token: any other that entered would replace it.
    let verifier = common::verifier_of(policy).with_token_cache(capacity(1));
    let good = token().mint();
    assert!(verifier.verify_at(&good, NOW).is_ok());
    for (token, error) in &refused {
        for _ in 0..2 {
            assert_eq!(verifier.verify_at(token, NOW).map(drop), Err(*error));
        }
        assert!(is_cached(&verifier, &good), "{error}");
    }
    // An accepted token does replace it.
    let other = token().subject("b").mint();
    for _ in 0..2 {
        assert!(verifier.verify_at(&other, NOW).is_ok());
    }
    assert!(!is_cached(&verifier, &good));
}

#[test]
fn token_refused_because_keys_are_unavailable_is_not_remembered() {
    let source = Source::new(&[key(1)]);
    let verifier = over(&source, policy()).with_token_cache(capacity(1));
    let [good, other] = ["a", "b"].map(|subject| token().subject(subject).mint());
    assert!(verifier.verify_at(&good, NOW).is_ok());
    source.answers(Err(KeyError::Busy));
    assert_eq!(verifier.verify_at(&other, NOW).map(drop), Err(VerifyError::KeySourceBusy));
    source.publishes(&[key(1)]);
    assert!(is_cached(&verifier, &good));
    assert!(!is_cached(&verifier, &other));
}

#[test]
fn token_counts_as_one_for_each_three_kib_that_are_kept_of_its_claims() {
    // Without escapes, only the payload is kept.
    for (bytes, size) in [(3072, 1), (3073, 2), (6144, 2), (6145, 3), (11_000, 4)] {
        let empty = claims_and(r#""sub":"""#).len();
        let claims = claims_and(&format!(r#""sub":"{}""#, "s".repeat(bytes - empty)));
        assert_eq!(claims.len(), bytes);
        assert_size(&claims, size);
    }
    // With an escape, the decoded string is kept too: 1 byte for 6 bytes of the payload.
    let base = claims_and(r#""sub":"\u0061""#).len();
    for (more, size) in [((3071 - base) / 2, 1), ((3072 - base) / 2 + 1, 2)] {
        assert_size(&claims_and(&format!(r#""sub":"\u0061{}""#, "s".repeat(more))), size);
    }
    // If one string of an array has an escape, each string costs a pointer and a length: 16 bytes,
    // besides the 4 of `"a",`.
    for (strings, size) in [(60, 1), (160, 2), (800, 6), (2500, 18)] {
        for claim in ["permissions", "aud"] {
            let list = vec![r#""a""#; strings].join(",");
            let array = format!(r#"["https://api.example.com/","\u0061",{list}]"#);
            assert_size(&claims_with(claim, &array), size);
        }
    }
    // Without an escape, the same array costs nothing besides the payload.
    let array = format!(r#"["https://api.example.com/",{}]"#, vec![r#""a""#; 700].join(","));
    assert_size(&claims_with("permissions", &array), 1);
}

/// A cache holds one token of size `size` if its capacity is that, and four if it is one less than
/// five of them need.
#[track_caller]
fn assert_size(claims: &str, size: usize) {
    let tokens: Vec<_> = (0..8)
        .map(|number| signed(HEADER.replace('}', &format!(r#","number":{number}}}"#)), claims))
        .collect();
    for (room, holds) in [(size, 1), (5 * size - 1, 4), (size - 1, 0)] {
        let Some(room) = NonZeroUsize::new(room) else { continue };
        let verifier = common::verifier().with_token_cache(room);
        for token in tokens.iter().flat_map(|token| [token; 3]) {
            assert_eq!(verifier.verify_at(token, NOW).map(drop), Ok(()));
        }
        let held = tokens.iter().filter(|token| is_cached(&verifier, token)).count();
        assert_eq!(held, holds, "room {room}, size {size}");
    }
}

#[test]
fn memory_of_a_full_cache_is_at_most_four_kib_for_each_token_of_its_capacity() {
    const TOKENS: usize = 72;
    let many = |element: &str, count: usize| vec![element; count].join(",");
    for (size, claims) in [
        (1, claims_and(&format!(r#""sub":"{}""#, "s".repeat(2900)))),
        (1, claims_and(&format!(r#""sub":"{}""#, r"\u0061".repeat(400)))),
        (1, claims_and(&format!(r#""permissions":["\n",{}]"#, many(r#""a""#, 110)))),
        (1, claims_and(&format!(r#""permissions":["\n",{}]"#, many(r#""""#, 120)))),
        (18, claims_and(&format!(r#""permissions":["\n",{}]"#, many(r#""a""#, 2500)))),
        (
            1,
            claims_and(&format!(
                r#""sub":"\n{0}","jti":"\n{0}","azp":"\n{0}","scope":"\n{0}""#,
                "s".repeat(350)
            )),
        ),
        (
            1,
            claims_with(
                "aud",
                &format!(r#"["https://api.example.com/","\n",{}]"#, many(r#""a""#, 100)),
            ),
        ),
        (4, claims_and(&format!(r#""sub":"{}""#, "s".repeat(11_000)))),
    ] {
        // A name of 256 bytes is kept for the token, because the `kid` of the key is another one.
        let (kid, x5t) = ("k".repeat(256), "t".repeat(256));
        let jwk = key(1).with_kid(&kid).with_member("x5t", &*x5t).jwk();
        let keys = JwkSet::from_json(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes()).unwrap();
        let header = HEADER.replace("kid", "x5t").replace(key(1).kid(), &x5t);
        // As many as there is room for, and one more, which is noted.
        let tokens: Vec<_> = (0..=TOKENS / size)
            .map(|number| {
                let header = header.replace('}', &format!(r#","number":{number}}}"#));
                signed(header, claims.clone())
            })
            .collect();
        let mut verifier = Verifier::new(policy(), keys).unwrap();
        let kept = measure(|| {
            verifier = verifier.clone().with_token_cache(capacity(TOKENS));
            for token in &tokens {
                assert_eq!(verifier.verify_at(token, NOW).map(drop), Ok(()));
            }
        });
        let cached = tokens.iter().filter(|token| is_cached(&verifier, token)).count();
        assert_eq!(cached, TOKENS / size, "{claims}");
        // The key of the hash has 16 KiB.
        let for_each = (kept.bytes_current - 16_384) / i64::try_from(TOKENS).unwrap();
        assert!((2300..=4095).contains(&for_each), "{for_each} for {claims}");
    }
}

/// The `kid` of a JWK has no limit of its own, and each entry keeps a copy.
#[test]
fn key_id_longer_than_that_of_any_token_is_not_kept_with_a_nameless_token() {
    let nameless = token().without_header("kid").mint();
    for (bytes, remembered) in [(256, true), (257, false), (100_000, false)] {
        let source = Source::new(&[key(1).with_kid("k".repeat(bytes))]);
        let verifier = over(&source, policy()).with_token_cache(capacity(8));
        for _ in 0..2 {
            let verified = verifier.verify_at(&nameless, NOW).unwrap();
            assert_eq!(verified.key_id().map(str::len), Some(bytes));
        }
        assert_eq!(is_cached(&verifier, &nameless), remembered, "{bytes}");
    }
}

#[test]
fn cached_token_with_any_byte_changed_is_refused() {
    let (cold, good) = (common::verifier(), token().mint());
    let cached = verifier(8);
    assert!(cached.verify_at(&good, NOW).is_ok());
    for (place, byte) in good.bytes().enumerate() {
        let other = if byte == b'A' { "B" } else { "A" };
        let mut changed = good.clone();
        changed.replace_range(place..=place, other);
        let verdict = cached.verify_at(&changed, NOW).map(drop);
        assert!(verdict.is_err(), "byte {place}");
        assert_eq!(verdict, cold.verify_at(&changed, NOW).map(drop), "byte {place}");
    }
    for changed in [&good[..good.len() - 1], &good[1..], &format!("{good} "), &format!("{good}A")] {
        let verdict = cached.verify_at(changed, NOW).map(drop);
        assert!(verdict.is_err());
        assert_eq!(verdict, cold.verify_at(changed, NOW).map(drop));
    }
    assert!(is_cached(&cached, &good));
}

#[test]
fn debug_shows_nothing_of_the_cached_tokens() {
    let (verifier, token) = (verifier(8), token().mint());
    let before = format!("{verifier:?} {verifier:#?}");
    assert!(before.contains("TokenCache"));
    assert!(verifier.verify_at(&token, NOW).is_ok());
    assert!(is_cached(&verifier, &token));
    assert_eq!(format!("{verifier:?} {verifier:#?}"), before);
    assert!(!before.contains("auth0|"));
}

// The time.

#[test]
fn cached_token_is_refused_from_exp_on_and_before_nbf() {
    let (exp, nbf) = (NOW.as_secs() + 100, NOW.as_secs() - 100);
    let token = token().claim("exp", exp).claim("nbf", nbf).mint();
    for leeway in [0, 60] {
        let policy = policy().leeway(Duration::from_secs(leeway));
        let verifier = common::verifier_of(policy.clone()).with_token_cache(capacity(8));
        let cold = common::verifier_of(policy);
        assert!(verifier.verify_at(&token, NOW).is_ok());
        let verdict = |now: u64| {
            let mut found = Ok(());
            let cost = cost(|| {
                found = verifier.verify_at(&token, UnixTime::from_secs(now)).map(drop);
                true
            });
            // The entry stays in the cache, because the clock may be set back.
            assert_eq!(cost, 0);
            assert_eq!(found, cold.verify_at(&token, UnixTime::from_secs(now)).map(drop));
            found
        };
        let (last, first) = (exp + leeway - 1, nbf - leeway);
        assert_eq!(verdict(last), Ok(()));
        assert_eq!(verdict(last + 1), Err(VerifyError::Expired { exp, now: last + 1 }));
        assert_eq!(verdict(u64::MAX), Err(VerifyError::Expired { exp, now: u64::MAX }));
        // The clock is set back.
        assert_eq!(verdict(first), Ok(()));
        assert_eq!(verdict(first - 1), Err(VerifyError::NotYetValid { nbf, now: first - 1 }));
        assert_eq!(verdict(0), Err(VerifyError::NotYetValid { nbf, now: 0 }));
    }
}

// The keys.

#[test]
fn cached_token_is_refused_if_its_key_has_changed() {
    let (attacker, seconds) = (TestKey::attacker(), Duration::from_secs(17));
    let as_first = || attacker.with_kid(key(1).kid());
    let named: [(Answer, VerifyError); 7] = [
        // The key is withdrawn, with and without others left; the same key has another `kid`.
        (published(&[key(2)]), VerifyError::UnknownKey),
        (published(&[]), VerifyError::UnknownKey),
        (published(&[key(1).with_kid("renamed"), key(2)]), VerifyError::UnknownKey),
        // Another key has its `kid`.
        (published(&[as_first()]), VerifyError::BadSignature),
        // Another key has the same `kid` besides.
        (published(&[key(1), as_first()]), VerifyError::AmbiguousKey),
        // The source has no keys any more.
        (
            Err(KeyError::Unavailable { retry_after: seconds }),
            VerifyError::KeysUnavailable { retry_after: seconds },
        ),
        (Err(KeyError::Busy), VerifyError::KeySourceBusy),
    ];
    stands_and_falls(&token().mint(), &named);
    let nameless: [(Answer, VerifyError); 5] = [
        // With a second key, the token is ambiguous.
        (published(&[key(1), key(2)]), VerifyError::AmbiguousKey),
        // No key, another key, and another key of the same `kid`.
        (published(&[]), VerifyError::UnknownKey),
        (published(&[key(2)]), VerifyError::BadSignature),
        (published(&[as_first()]), VerifyError::BadSignature),
        (Err(KeyError::Busy), VerifyError::KeySourceBusy),
    ];
    stands_and_falls(&token().without_header("kid").mint(), &nameless);
}

/// Asserts that `token` is refused with each answer, and accepted as soon as the key is back.
fn stands_and_falls(token: &str, answers: &[(Answer, VerifyError)]) {
    let source = Source::new(&[key(1)]);
    let cached = over(&source, policy()).with_token_cache(capacity(8));
    let cold = over(&source, policy());
    assert!(cached.verify_at(token, NOW).is_ok());
    for (answer, error) in answers {
        assert!(is_cached(&cached, token));
        source.answers(answer.clone());
        for _ in 0..2 {
            assert_eq!(outcome(&cached, token, NOW), Err(*error));
            assert_eq!(outcome(&cold, token, NOW), Err(*error));
            // The key is checked before the time, as in the pipeline.
            assert_eq!(outcome(&cached, token, AFTERWARDS), Err(*error));
        }
        source.publishes(&[key(1)]);
        assert_eq!(outcome(&cached, token, NOW), outcome(&cold, token, NOW));
        assert!(cached.verify_at(token, NOW).is_ok());
    }
}

#[test]
fn same_key_fetched_again_is_the_same_key() {
    let source = Source::new(&[key(1)]);
    let verifier = over(&source, policy()).with_token_cache(capacity(8));
    let token = token().mint();
    assert!(verifier.verify_at(&token, NOW).is_ok());
    source.publishes(&[key(3), key(1)]);
    assert!(is_cached(&verifier, &token));
}

#[test]
fn key_set_confirms_the_key_that_it_would_return_and_no_other() {
    let set = published(&[key(1), key(2)]).unwrap();
    let kids = [key(1), key(2)].map(|key| key.kid().to_owned());
    let query = |kid: usize| KeyQuery::new(Some(kids[kid].as_str()), Algorithm::RS256);
    let [first, second] = [0, 1].map(|kid| set.key(query(kid)).unwrap());
    assert!(set.confirms(&first, query(0)) && set.confirms(&second, query(1)));
    assert!(!set.confirms(&first, query(1)) && !set.confirms(&second, query(0)));
    // Without `kid`, two keys are ambiguous.
    assert!(!set.confirms(&first, KeyQuery::new(None, Algorithm::RS256)));
    assert!(!set.confirms(&first, KeyQuery::new(Some(kids[0].as_str()), Algorithm::RS512)));
    let as_first = || TestKey::attacker().with_kid(&*kids[0]);
    for other in [vec![], vec![key(2)], vec![as_first()], vec![key(1), as_first()]] {
        assert!(!published(&other).unwrap().confirms(&first, query(0)));
    }
}

/// A source of fixed keys, which counts lookups and confirms every key.
struct Counting(JwkSet, AtomicUsize);

impl KeySource for Counting {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.key(query)
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.key(query)
    }

    fn confirms(&self, _: &SelectedKey, _: KeyQuery<'_>) -> bool {
        true
    }
}

#[test]
fn key_that_the_source_confirms_is_not_looked_up() {
    let source = Counting(published(&[key(1)]).unwrap(), AtomicUsize::new(0));
    let verifier = Verifier::new(policy(), source).unwrap().with_token_cache(capacity(8));
    let token = common::issuer().token().mint();
    for _ in 0..3 {
        assert!(verifier.verify(&token).is_ok());
        assert!(verifier.try_verify(&token).is_ok());
    }
    assert_eq!(verifier.keys().1.load(Ordering::SeqCst), 1);
}

#[test]
fn key_id_of_a_nameless_token_is_that_of_the_current_key() {
    let source = Source::new(&[key(1)]);
    let verifier = over(&source, policy()).with_token_cache(capacity(1));
    let token = token().without_header("kid").mint();
    for name in ["tokenring-test-key-01", "renamed", "renamed again"] {
        source.publishes(&[key(1).with_kid(name)]);
        for _ in 0..2 {
            assert_eq!(verifier.verify_at(&token, NOW).unwrap().key_id(), Some(name));
            // The entry has the new `kid`, in the place of the old one although the cache is full.
            assert!(is_cached(&verifier, &token));
        }
    }
}

#[test]
fn token_that_names_its_key_by_thumbprint_is_found_until_the_thumbprint_is_anothers() {
    let named = |[one, two]: [&str; 2]| {
        // The `kid` of the second is the first thumbprint.
        [key(1).with_member("x5t", one), key(2).with_kid("thumbprint").with_member("x5t", two)]
    };
    for x5t in ["thumbprint", "tokenring-test-key-01"] {
        let source = Source::new(&named([x5t, "other"]));
        let verifier = over(&source, policy()).with_token_cache(capacity(1));
        let token = token().without_header("kid").header("x5t", x5t).mint();
        assert!(verifier.verify_at(&token, NOW).is_ok());
        assert!(is_cached(&verifier, &token), "{x5t}");
        source.publishes(&named(["other", x5t]));
        let outcome = verifier.verify_at(&token, NOW).map(drop);
        assert_eq!(outcome, Err(VerifyError::BadSignature), "{x5t}");
    }
}

#[test]
fn token_that_grew_under_another_policy_takes_the_room_of_its_new_size() {
    // With an escape, a list of scopes is kept decoded.
    let roles = vec![r#""a""#; 160].join(",");
    let grows = signed(HEADER, claims_and(&format!(r#""roles":["\u0061",{roles}]"#)));
    let others = &MANY[..2];
    let issuers = Issuers::new();
    issuers.add(policy(), Source::new(&[key(1)])).unwrap();
    let verifier = Verifier::with_issuers(issuers.clone()).with_token_cache(capacity(3));
    let enters = |token: &String| {
        assert_eq!(verifier.verify_at(token, NOW).map(drop), Ok(()));
        is_cached(&verifier, token)
    };
    assert!(enters(&grows) && others.iter().all(enters));
    issuers.replace(policy().scopes_from("/roles"), Source::new(&[key(1)])).unwrap();
    assert!(others.iter().all(enters));
    // It counts as two now, and the cache is full.
    assert_eq!([(); 3].map(|()| enters(&grows)), [false, true, true]);
    assert_eq!(others.iter().filter(|token| is_cached(&verifier, token)).count(), 1);
    assert!(!enters(&MANY[2]));
}

#[cfg(feature = "fetch")]
mod remote {
    use super::{
        Algorithm, Duration, Issuer, KeyQuery, KeySource, TestKey, UnixTime, Verifier, VerifyError,
        capacity, common, cost, key, policy,
    };
    use crate::fake::{Reply, Rig, block_on, secs};

    fn rig() -> Rig {
        let rig = Rig::new();
        serve(&rig, &[key(1), key(2)]);
        rig.keys.prime().unwrap();
        rig
    }

    fn serve(rig: &Rig, keys: &[TestKey]) {
        let issuer = Issuer::with_keys(super::testkit::ISSUER, keys.to_vec());
        rig.issuer.reply(Reply::Body(issuer.jwks().into_bytes()));
    }

    #[test]
    fn verify_async_shares_the_cache_with_the_other_methods() {
        let rig = rig();
        let verifier =
            Verifier::new(policy(), rig.keys.clone()).unwrap().with_token_cache(capacity(8));
        let tokens = ["a", "b"].map(|subject| common::issuer().token().subject(subject).mint());
        let of_executor = cost(|| block_on(async { true }));
        assert!(block_on(verifier.verify_async(&tokens[0])).is_ok());
        assert!(verifier.verify(&tokens[1]).is_ok());
        for token in &tokens {
            let found = cost(|| block_on(verifier.verify_async(token)).is_ok());
            assert_eq!(found, of_executor);
            assert_eq!(cost(|| verifier.verify(token).is_ok()), 0);
            assert_eq!(cost(|| verifier.try_verify(token).is_ok()), 0);
            assert_eq!(cost(|| verifier.verify_at(token, UnixTime::now()).is_ok()), 0);
        }
    }

    #[test]
    fn source_that_fetches_confirms_a_key_only_within_its_ttl() {
        let rig = rig();
        let kid = key(1).kid().to_owned();
        let query = KeyQuery::new(Some(&kid), Algorithm::RS256);
        let known = rig.keys.try_key(query).unwrap();
        assert!(rig.keys.confirms(&known, query));
        assert!(!rig.keys.confirms(&known, KeyQuery::new(Some(key(2).kid()), Algorithm::RS256)));
        rig.clock.advance(secs(601));
        assert!(!rig.keys.confirms(&known, query));
    }

    #[test]
    fn withdrawn_key_ends_its_tokens_when_the_set_is_fetched_again() {
        ends(&[key(2)], VerifyError::UnknownKey);
    }

    #[test]
    fn replaced_key_ends_its_tokens_when_the_set_is_fetched_again() {
        ends(&[TestKey::attacker().with_kid(key(1).kid())], VerifyError::BadSignature);
    }

    /// Asserts that a cached token is refused after `ttl` if the issuer then publishes `keys`.
    fn ends(keys: &[TestKey], error: VerifyError) {
        let rig = rig();
        let verifier =
            Verifier::new(policy(), rig.keys.clone()).unwrap().with_token_cache(capacity(8));
        let token = common::issuer().token().mint();
        assert!(block_on(verifier.verify_async(&token)).is_ok());
        serve(&rig, keys);
        // The set is not due for a refresh.
        assert_eq!(cost(|| verifier.try_verify(&token).is_ok()), 0);
        rig.clock.advance(secs(601));
        assert_eq!(block_on(verifier.verify_async(&token)).map(drop), Err(error));
        assert_eq!(verifier.verify(&token).map(drop), Err(error));
        assert_eq!(verifier.try_verify(&token).map(drop), Err(error));
    }

    #[test]
    fn unavailable_keys_end_their_tokens_until_they_are_available_again() {
        let rig = rig();
        let cached =
            Verifier::new(policy(), rig.keys.clone()).unwrap().with_token_cache(capacity(8));
        let cold = Verifier::new(policy(), rig.keys.clone()).unwrap();
        let token = common::issuer().token().mint();
        assert!(cached.verify(&token).is_ok());
        rig.issuer.fails();
        // The set is stale, and used because a refresh has failed.
        rig.clock.advance(secs(601));
        assert!(cached.verify(&token).is_ok());
        rig.settle();
        // The set is as old as `stale_cap`.
        rig.clock.advance(secs(3600));
        let unavailable = |verdict: Result<(), VerifyError>| match verdict {
            Err(VerifyError::KeysUnavailable { retry_after }) => retry_after > Duration::ZERO,
            _ => false,
        };
        assert!(unavailable(block_on(cached.verify_async(&token)).map(drop)));
        rig.settle();
        let verdict = cached.try_verify(&token).map(drop);
        assert!(unavailable(verdict));
        assert_eq!(verdict, cold.try_verify(&token).map(drop));
        assert_eq!(cached.verify(&token).map(drop), cold.verify(&token).map(drop));
        serve(&rig, &[key(1)]);
        rig.clock.advance(secs(3600));
        assert!(block_on(cached.verify_async(&token)).is_ok());
        assert_eq!(cost(|| cached.verify(&token).is_ok()), 0);
    }
}

// The capacity.

#[test]
fn cache_holds_as_many_tokens_as_its_capacity() {
    for room in [1, 2, 63, 64, 100, 131, 193] {
        let verifier = verifier(room);
        for (number, token) in MANY.iter().enumerate() {
            assert!(verifier.verify_at(token, NOW).is_ok());
            // If the cache is full, a token enters it only the second time. From 128 on the cache
            // has shards, which do not all become full at the same time.
            if number >= room && room < 128 {
                assert!(!is_cached(&verifier, token), "{number} of {room}");
            }
            assert!(verifier.verify_at(token, NOW).is_ok());
            assert!(is_cached(&verifier, token), "{number} of {room}");
        }
        let cached = MANY.iter().filter(|token| is_cached(&verifier, token)).count();
        assert_eq!(cached, room);
    }
}

#[test]
fn any_capacity_is_possible() {
    let (verifier, token) = (verifier(usize::MAX), token().mint());
    assert!(verifier.verify_at(&token, NOW).is_ok());
    assert!(is_cached(&verifier, &token));
}

#[test]
fn tokens_in_use_outlast_any_number_of_tokens_that_come_once() {
    // With one shard, and with two.
    for (room, hot) in [(16, 8), (128, 24)] {
        let verifier = verifier(room);
        let (hot, once) = MANY.split_at(hot);
        for token in hot.iter().chain(hot) {
            assert!(verifier.verify_at(token, NOW).is_ok());
        }
        // All in a row: no token in use is used in between.
        for token in once {
            assert!(verifier.verify_at(token, NOW).is_ok());
        }
        assert!(once.len() >= 2 * (room - hot.len()));
        for token in hot {
            assert!(is_cached(&verifier, token), "{room}");
        }
    }
}

#[test]
fn token_that_is_no_longer_used_is_replaced() {
    let verifier = verifier(16);
    let (used, others) = MANY.split_at(16);
    for token in used.iter().chain(used) {
        assert!(verifier.verify_at(token, NOW).is_ok());
    }
    for token in &others[..40] {
        for _ in 0..2 {
            assert!(verifier.verify_at(token, NOW).is_ok());
        }
    }
    assert_eq!(used.iter().filter(|token| is_cached(&verifier, token)).count(), 0);
}

#[test]
fn tokens_in_use_outlast_any_number_of_tokens_that_come_twice() {
    let verifier = verifier(16);
    let (used, others) = MANY.split_at(8);
    for token in used.iter().chain(&others[..8]) {
        assert!(verifier.verify_at(token, NOW).is_ok());
    }
    for other in &others[8..] {
        for token in used {
            assert!(is_cached(&verifier, token));
        }
        for _ in 0..2 {
            assert!(verifier.verify_at(other, NOW).is_ok());
        }
    }
}

#[test]
fn new_tokens_that_come_in_turn_enter_the_cache() {
    let (first, others) = MANY.split_at(64);
    let others = &others[..8];
    let entered = || {
        let verifier = verifier(64);
        for token in first.iter().chain(others).chain(others) {
            assert!(verifier.verify_at(token, NOW).is_ok());
        }
        others.iter().filter(|token| is_cached(&verifier, token)).count()
    };
    // A token stays out if another one has its place in the record of recent tokens, one in ten.
    let of_eighty: usize = iter::repeat_with(entered).take(10).sum();
    assert!(of_eighty >= 50, "{of_eighty}");
}

// Everything at once.

#[test]
fn no_outcome_differs_from_that_of_a_verifier_without_cache() {
    let source = Source::new(&[key(1), key(2)]);
    let policy = policy().leeway(Duration::from_secs(5));
    let cold = over(&source, policy.clone());
    let (tokens, answers) = (various_tokens(), various_answers());
    let mut random = Random::new(7);
    let (mut found, mut forgotten, mut refused) = (0, 0, 0);
    for room in [1, 6, 24] {
        let cached = over(&source, policy.clone()).with_token_cache(capacity(room));
        let mut accepted = vec![false; tokens.len()];
        source.publishes(&[key(1), key(2)]);
        for step in 0..1500 {
            if random.below(12) == 0 {
                // Half of the changes restore the good keys.
                match random.below(2) {
                    0 => source.publishes(&[key(1), key(2)]),
                    _ => source.answers(answers[random.below(answers.len())].clone()),
                }
            }
            // Some tokens come more often than others.
            let number = match random.below(3) {
                0 => random.below(4),
                _ => random.below(tokens.len()),
            };
            let (token, offset) = (&tokens[number], random.below(280));
            let now = UnixTime::from_secs(NOW.as_secs() - 40 + u64::try_from(offset).unwrap());
            let expected = outcome(&cold, token, now);
            let mut verdict = None;
            let cost = cost(|| {
                verdict = Some(cached.verify_at(token, now));
                true
            });
            let verdict = verdict.unwrap().as_ref().map(Said::of).map_err(|error| *error);
            assert_eq!(verdict, expected, "step {step}, token {number}, room {room}");
            match (verdict.is_ok(), accepted[number]) {
                (true, _) if cost == 0 => found += 1,
                (true, true) => forgotten += 1,
                (true, false) => accepted[number] = true,
                (false, true) => refused += 1,
                (false, false) => {}
            }
        }
    }
    // Each of these situations must have come up often.
    assert!(found > 300 && forgotten > 300 && refused > 300, "{found}, {forgotten}, {refused}");
}

#[test]
fn threads_see_only_outcomes_that_a_key_set_of_the_moment_explains() {
    const THREADS: usize = 8;
    const ROTATIONS: usize = 120;
    /// More than the number of verdicts will ever be.
    const FAILED: usize = 1 << 30;
    let source = Source::new(&[key(1), key(2)]);
    let (tokens, mut answers) = (various_tokens(), various_answers());
    answers.insert(0, published(&[key(1), key(2)]));
    let times = [NOW, UnixTime::from_secs(NOW.as_secs() + 100)];
    // The verdicts of a verifier without cache, by answer, token and time.
    let cold = over(&source, policy());
    let mut expected = Vec::new();
    for answer in &answers {
        source.answers(answer.clone());
        let at = |token: &String| times.map(|now| outcome(&cold, token, now));
        expected.push(tokens.iter().map(at).collect::<Vec<_>>());
    }
    // Every second answer is the first one.
    let answer = |generation: usize| match generation % 2 {
        0 => 0,
        _ => generation / 2 % answers.len(),
    };
    source.answers(answers[answer(0)].clone());
    let cached = over(&source, policy()).with_token_cache(capacity(12));
    let (begun, done, verdicts) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let found = AtomicUsize::new(0);
    thread::scope(|scope| {
        for seed in 1..=THREADS {
            let (cached, tokens, expected) = (cached.clone(), &tokens, &expected);
            let (begun, done, verdicts, found) = (&begun, &done, &verdicts, &found);
            scope.spawn(move || {
                let mut random = Random::new(u64::try_from(seed).unwrap());
                while done.load(Ordering::SeqCst) < ROTATIONS {
                    let number = match random.below(2) {
                        0 => random.below(4),
                        _ => random.below(tokens.len()),
                    };
                    let time = random.below(times.len());
                    let first = done.load(Ordering::SeqCst);
                    let mut verdict = None;
                    let cost = cost(|| {
                        verdict = Some(cached.verify_at(&tokens[number], times[time]));
                        true
                    });
                    let last = begun.load(Ordering::SeqCst);
                    let verdict = verdict.unwrap().as_ref().map(Said::of).map_err(|error| *error);
                    let explains =
                        |generation| expected[answer(generation)][number][time] == verdict;
                    let explained = (first..=last).any(explains);
                    // The others do not wait for a thread that has failed.
                    verdicts.fetch_add(if explained { 1 } else { FAILED }, Ordering::SeqCst);
                    assert!(explained, "{verdict:?} from {first} to {last}, token {number}");
                    if verdict.is_ok() && cost == 0 {
                        found.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        for generation in 1..=ROTATIONS {
            // Long enough for some cache hits, if the key set allows any.
            let before = (verdicts.load(Ordering::SeqCst), found.load(Ordering::SeqCst));
            let useful = || answer(generation - 1) != 0 || found.load(Ordering::SeqCst) > before.1;
            let since = || verdicts.load(Ordering::SeqCst) - before.0;
            let failed = || verdicts.load(Ordering::SeqCst) >= FAILED;
            while !failed() && (since() < 20 || (!useful() && since() < 100_000)) {
                thread::yield_now();
            }
            begun.store(generation, Ordering::SeqCst);
            source.answers(answers[answer(generation)].clone());
            done.store(generation, Ordering::SeqCst);
        }
    });
    assert!(found.load(Ordering::SeqCst) >= ROTATIONS / 2);
}

/// Good and bad tokens. The good ones expire at different times, all within minutes of `NOW`.
fn various_tokens() -> Vec<String> {
    let now = NOW.as_secs();
    let good = (0..20).map(|number| {
        let token = token()
            .key(&key(1 + number % 2))
            .subject(format!("subject {number}"))
            .claim("jti", format!("\"{number}\""))
            .claim("exp", now + 40 + 10 * u64::try_from(number).unwrap());
        match number % 5 {
            0 => token.claim("nbf", now + u64::try_from(number).unwrap()).mint(),
            1 => token.without_header("kid").mint(),
            2 => token.header("typ", "at+jwt").without_claim("azp").claim("client_id", "c").mint(),
            _ => token.mint(),
        }
    });
    let other = [
        // Counts as two in the cache.
        token().subject("long ".repeat(600)),
        // Another key with the `kid` of one of ours, for which it is sometimes published.
        token().forged_by(&TestKey::attacker()),
        token().forged_by(&TestKey::attacker()).without_header("kid"),
        // A key that is sometimes published.
        token().key(&key(3)),
        token().key(&TestKey::attacker()),
        // Refused with any key.
        token().audience("https://other.example/"),
        token().header("alg", "RS512"),
        token().without_claim("exp"),
    ];
    good.chain(other.iter().map(TokenBuilder::mint)).collect()
}

fn various_answers() -> Vec<Answer> {
    let attacker = TestKey::attacker();
    let as_first = || attacker.with_kid(key(1).kid());
    vec![
        published(&[key(1)]),
        published(&[key(2)]),
        published(&[key(3), key(2), key(1)]),
        published(&[key(3), attacker.clone()]),
        published(&[]),
        published(&[as_first(), key(2)]),
        published(&[as_first()]),
        published(&[key(1), as_first(), key(2)]),
        published(&[key(1).with_kid("renamed")]),
        // The `kid`s swapped.
        published(&[key(1).with_kid(key(2).kid()), key(2).with_kid(key(1).kid())]),
        Err(KeyError::Busy),
        Err(KeyError::Unavailable { retry_after: Duration::from_secs(3) }),
    ]
}

/// Good tokens that differ only in `sub`.
static MANY: LazyLock<Vec<String>> = LazyLock::new(|| {
    let [iss, aud, exp] = CLAIMS.map(|(name, value)| format!(r#""{name}":{value}"#));
    (0..300)
        .map(|number| signed(HEADER, format!("{{{iss},{aud},{exp},\"sub\":\"{number}\"}}")))
        .collect()
});

/// The answer of a key source.
type Answer = Result<JwkSet, KeyError>;

fn published(keys: &[TestKey]) -> Answer {
    let json = Issuer::with_keys(testkit::ISSUER, keys.to_vec()).jwks();
    Ok(JwkSet::from_json(json.as_bytes()).unwrap())
}

/// A key source whose answers the test sets. Clones share them.
#[derive(Clone, Debug)]
struct Source(Arc<RwLock<Answers>>);

#[derive(Debug)]
struct Answers {
    waiting: Answer,
    without_waiting: Answer,
}

impl Source {
    fn new(keys: &[TestKey]) -> Self {
        let answers = Answers { waiting: published(keys), without_waiting: published(keys) };
        Self(Arc::new(RwLock::new(answers)))
    }

    fn publishes(&self, keys: &[TestKey]) {
        self.answers(published(keys));
    }

    fn answers(&self, answer: Answer) {
        *self.0.write().unwrap() = Answers { waiting: answer.clone(), without_waiting: answer };
    }

    fn without_waiting(&self, answer: Answer) {
        self.0.write().unwrap().without_waiting = answer;
    }
}

impl KeySource for Source {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.0.read().unwrap().waiting.as_ref().map_err(|error| *error)?.key(query)
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        let answers = self.0.read().unwrap();
        answers.without_waiting.as_ref().map_err(|error| *error)?.key(query)
    }
}

/// The issuer's first, second or third key.
fn key(number: usize) -> TestKey {
    common::issuer().keys()[number - 1].clone()
}

fn capacity(tokens: usize) -> NonZeroUsize {
    NonZeroUsize::new(tokens).unwrap()
}

/// A verifier with the issuer's keys, and a cache for `room` tokens.
fn verifier(room: usize) -> Verifier<JwkSet> {
    common::verifier().with_token_cache(capacity(room))
}

fn over(source: &Source, policy: Policy) -> Verifier<Source> {
    Verifier::new(policy, source.clone()).unwrap()
}

/// The number of allocations of `call`, which must return true.
fn cost(call: impl FnOnce() -> bool) -> u64 {
    let mut came_true = false;
    let info = measure(|| came_true = call());
    assert!(came_true);
    info.count_total
}

/// Whether a good token is a cache hit. A hit counts as a use; a miss does not enter the cache.
fn is_cached<K: KeySource>(verifier: &Verifier<K>, token: &str) -> bool {
    let too_late = |error| matches!(error, VerifyError::Expired { .. });
    cost(|| verifier.verify_at(token, AFTERWARDS).is_err_and(too_late)) == 0
}

fn outcome<K: KeySource>(
    verifier: &Verifier<K>,
    token: &str,
    now: UnixTime,
) -> Result<Said, VerifyError> {
    verifier.verify_at(token, now).as_ref().map(Said::of).map_err(|error| *error)
}

/// Everything that a `Verified` returns.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    texts: [Option<String>; 5],
    lists: [Vec<String>; 3],
    times: [Option<UnixTime>; 3],
    payload: Vec<u8>,
    claims: serde_json::Value,
}

impl Said {
    fn of(verified: &Verified) -> Self {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            texts: [
                text(Some(verified.issuer())),
                text(verified.subject()),
                text(verified.jwt_id()),
                text(verified.key_id()),
                text(verified.authorized_party()),
            ],
            lists: [
                verified.audience().map(str::to_owned).collect(),
                verified.scopes().map(str::to_owned).collect(),
                verified.permissions().map(str::to_owned).collect(),
            ],
            times: [Some(verified.expires_at()), verified.issued_at(), verified.not_before()],
            payload: verified.payload().to_vec(),
            claims: verified.claims().unwrap(),
        }
    }
}
