//! The policy is the same for every library: all of them accept and refuse the same tokens.

use peers::{
    contest::Contest,
    keycloak,
    peer::{
        Refusal::{self, *},
        peers,
    },
    samples::{ALGORITHMS, SUBJECT, damaged, issuer, samples, token},
};
use tokenring::{
    UnixTime,
    testkit::{AUDIENCE, TestKey, TokenBuilder},
};

#[test]
fn every_sample_has_its_outcome_with_every_library() {
    let issuer = issuer();
    let peers = peers(&issuer);
    for sample in samples(&issuer) {
        for peer in &peers {
            // Twice, because an accepted token may then be in a cache.
            for _ in 0..2 {
                let outcome = peer.subject(&sample.token);
                let expected = sample.expected.map(str::to_owned);
                assert_eq!(outcome, expected, "{}: {}", peer.library(), sample.case);
            }
        }
    }
}

#[test]
fn refused_samples_are_as_long_as_the_accepted_one() {
    let samples = samples(&issuer());
    let length = samples[0].token.len();
    for sample in samples.iter().filter(|sample| sample.expected.is_err()) {
        assert_eq!(sample.token.len(), length, "{}", sample.case);
    }
}

#[test]
fn keycloak_sample_has_3_kilobytes() {
    let length = keycloak::token(&issuer()).mint().len();
    assert!((2_950..3_100).contains(&length), "{length}");
}

#[test]
fn contenders_of_every_sample_get_the_outcome_they_assert() {
    let issuer = issuer();
    let (peers, samples) = (peers(&issuer), samples(&issuer));
    for contest in Contest::all(&issuer, &peers, &samples) {
        assert_eq!(contest.contenders.last().unwrap().library, "ring alone");
        for contender in &contest.contenders {
            contender.prepare(2);
            contender.call();
            contender.call();
        }
    }
}

#[test]
fn one_audience_as_a_string_is_accepted() {
    accepted(|token| token.audience(AUDIENCE));
}

#[test]
fn signature_by_another_key_is_refused() {
    refused(|token| token.forged_by(&TestKey::attacker()), BadSignature);
}

#[test]
fn payload_changed_after_signing_is_refused() {
    let good = token(&issuer()).mint();
    let signature = good.rsplit_once('.').unwrap().1;
    refused(|token| token.subject("mallory").signature_segment(signature), BadSignature);
}

#[test]
fn leeway_is_one_minute() {
    accepted(|token| token.expires_at(seconds_from_now(-50)));
    refused(|token| token.expires_at(seconds_from_now(-70)), Expired);
    accepted(|token| token.claim("nbf", seconds_from_now(50).as_secs()));
    refused(|token| token.claim("nbf", seconds_from_now(70).as_secs()), NotYetValid);
}

#[test]
fn another_issuer_is_refused() {
    refused(|token| token.issuer("https://tenant.example.auth0.com"), WrongIssuer);
}

#[test]
fn another_audience_is_refused() {
    refused(|token| token.audience("https://other.example.com/"), WrongAudience);
    refused(|token| token.audience(["https://other.example.com/"]), WrongAudience);
}

#[test]
fn token_without_a_demanded_claim_is_refused() {
    for claim in ["iss", "aud", "exp", "nbf"] {
        refused(|token| token.without_claim(claim), ClaimMissing);
    }
}

#[test]
fn kid_that_names_none_of_the_keys_is_refused() {
    refused(|token| token.header("kid", "unknown"), UnknownKey);
    refused(|token| token.without_header("kid"), UnknownKey);
}

#[test]
fn algorithm_outside_the_policy_is_refused() {
    refused(|token| token.header("alg", "HS256"), Algorithm);
    refused(|token| token.header("alg", "RS384"), Algorithm);
}

#[test]
fn algorithm_other_than_the_keys_is_refused() {
    let issuer = issuer();
    for key in issuer.keys() {
        for other in ALGORITHMS.into_iter().filter(|other| *other != key.algorithm()) {
            let token = token(&issuer).key(key).header("alg", other.name()).mint();
            for peer in peers(&issuer) {
                let expected = match peer.library() {
                    // tokenring looks up keys by algorithm too.
                    library if library.starts_with("tokenring") => UnknownKey,
                    _ => Algorithm,
                };
                let outcome = peer.subject(&token);
                assert_eq!(
                    outcome,
                    Err(expected),
                    "{}: {other:?} by {}",
                    peer.library(),
                    key.kid()
                );
            }
        }
    }
}

#[test]
fn signature_of_each_key_with_one_bit_flipped_is_refused() {
    let issuer = issuer();
    for key in issuer.keys() {
        let damaged = damaged(&token(&issuer).key(key));
        for peer in peers(&issuer) {
            let outcome = peer.subject(&damaged);
            assert_eq!(outcome, Err(BadSignature), "{} with {}", peer.library(), key.kid());
        }
    }
}

#[test]
fn algorithm_none_is_refused() {
    let unsigned = |token: TokenBuilder| token.header("alg", "none").signature_segment("").mint();
    let issuer = issuer();
    for peer in peers(&issuer) {
        let expected = match peer.library() {
            // jsonwebtoken does not know this name, so it cannot parse the header.
            library if library.starts_with("jsonwebtoken") => Malformed,
            // tokenring checks for an empty signature before the algorithm.
            library if library.starts_with("tokenring") => Malformed,
            _ => Algorithm,
        };
        let outcome = peer.subject(&unsigned(token(&issuer)));
        assert_eq!(outcome, Err(expected), "{}", peer.library());
    }
}

#[test]
fn malformed_token_is_refused() {
    let good = token(&issuer()).mint();
    for junk in ["", ".", "..", "a.b.c", "x.y", &good[..good.len() / 2], &format!("{good}.x")] {
        for peer in peers(&issuer()) {
            let outcome = peer.subject(junk);
            assert_eq!(outcome, Err(Malformed), "{}: {junk}", peer.library());
        }
    }
}

fn accepted(change: impl Fn(TokenBuilder) -> TokenBuilder) {
    outcome_is(change, Ok(SUBJECT));
}

fn refused(change: impl Fn(TokenBuilder) -> TokenBuilder, refusal: Refusal) {
    outcome_is(change, Err(refusal));
}

/// Asserts every library's outcome for a good token after one `change`.
fn outcome_is(
    change: impl Fn(TokenBuilder) -> TokenBuilder,
    expected: Result<&'static str, Refusal>,
) {
    let issuer = issuer();
    let token = change(token(&issuer)).mint();
    for peer in peers(&issuer) {
        assert_eq!(
            peer.subject(&token).as_deref(),
            expected.as_ref().copied(),
            "{}",
            peer.library()
        );
    }
}

fn seconds_from_now(seconds: i64) -> UnixTime {
    UnixTime::from_secs(UnixTime::now().as_secs().saturating_add_signed(seconds))
}
