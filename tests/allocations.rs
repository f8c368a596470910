//! The number of allocations of a verdict, on this thread, without those that ring makes to verify
//! the same bytes with the same key. The counts are exact: an additional allocation fails the test.
#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "tests may")]

#[cfg(feature = "fetch")]
#[path = "remote/fake.rs"]
mod fake;

use allocation_counter::{AllocationInfo, measure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
#[cfg(feature = "fetch")]
use tokenring::{Algorithm, KeyQuery, KeySource};
use tokenring::{
    JsonError, JwkSet, Policy, UnixTime, Verified, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey, TokenBuilder},
};

const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);
const EXPIRES_AT: UnixTime = UnixTime::from_secs(1_750_086_400);

#[test]
fn accepted_token_costs_its_header_its_payload_and_its_claims() {
    assert_eq!(beside_ring(&token(), Ok(EXPIRES_AT)), 3);
}

#[test]
fn accepted_token_takes_less_than_its_own_length_and_gives_all_of_it_back() {
    let token = token().mint();
    let info = verdict(&token, NOW, Ok(EXPIRES_AT));
    let ring = of_ring(&token);
    assert!(info.bytes_total - ring.bytes_total < u64::try_from(token.len()).unwrap());
    assert_eq!((info.count_current, info.bytes_current), (0, 0));
}

#[test]
fn length_of_a_claim_and_number_of_permissions_cost_no_more() {
    let long = token().subject("auth0|".repeat(500));
    assert_eq!(beside_ring(&long, Ok(EXPIRES_AT)), 3);
    let many: Vec<String> = (0..300).map(|index| format!("read:resource-{index}")).collect();
    let own = beside_ring(&token().permissions(many), Ok(EXPIRES_AT));
    assert_eq!(own, 3);
}

#[test]
fn claims_without_an_accessor_cost_no_more_whatever_they_contain() {
    let nested = serde_json::json!({ "a": [{ "b": [1, 2.5, null, true, "text"] }], "c": {} });
    let token = token().claim("https://api.example.com/tenant", nested);
    assert_eq!(beside_ring(&token, Ok(EXPIRES_AT)), 3);
}

#[test]
fn scopes_in_an_array_or_in_an_object_cost_no_more() {
    let array = token().claim("scope", ["read", "write"].as_slice());
    assert_eq!(beside_ring(&array, Ok(EXPIRES_AT)), 3);

    let issuer = Issuer::default();
    let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
    let policy = Policy::new(ISSUER, AUDIENCE).scopes_from("/realm_access/roles");
    let verifier = Verifier::new(policy, keys).unwrap();
    let roles = serde_json::json!({ "roles": ["admin", "user"] });
    let token = token().claim("realm_access", roles).mint();
    let info = measure(|| {
        let verified = verifier.verify_at(&token, NOW).unwrap();
        assert!(verified.has_scope("admin") && verified.scopes().eq(["admin", "user"]));
    });
    assert_eq!(info.count_total - of_ring(&token).count_total, 3);
}

#[test]
fn string_written_with_escapes_costs_a_buffer_and_is_cut_to_size() {
    let own = beside_ring(&token().subject("a \"b\""), Ok(EXPIRES_AT));
    assert_eq!(own, 3 + 2);
}

#[test]
fn up_to_twenty_four_members_are_compared_in_place_and_more_in_a_tree() {
    let with = |claims: usize| {
        (8..claims).fold(token(), |token, index| token.claim(&format!("claim-{index}"), 1))
    };
    assert_eq!(beside_ring(&with(24), Ok(EXPIRES_AT)), 3);
    assert_eq!(beside_ring(&with(25), Ok(EXPIRES_AT)), 4);
    // A node of the tree has room for eleven members.
    assert_eq!(beside_ring(&with(35), Ok(EXPIRES_AT)), 4);
}

#[test]
fn token_without_three_segments_costs_nothing() {
    let long = token().mint().repeat(100);
    let many = ".".repeat(16 * 1024);
    // Too long; empty; one, two, four and five segments; only periods; an empty first and last one.
    refused_for_nothing(&long, VerifyError::TokenTooLong { bytes: long.len() });
    refused_for_nothing("", VerifyError::SegmentCount { found: 1 });
    refused_for_nothing(&"x".repeat(16 * 1024), VerifyError::SegmentCount { found: 1 });
    refused_for_nothing("x.x", VerifyError::SegmentCount { found: 2 });
    refused_for_nothing("x.x.x.x", VerifyError::SegmentCount { found: 4 });
    refused_for_nothing("x.x.x.x.x", VerifyError::Encrypted);
    refused_for_nothing(&many, VerifyError::SegmentCount { found: 16 * 1024 + 1 });
    refused_for_nothing(".x.x", VerifyError::EmptySegment { segment: "header" });
    refused_for_nothing("x.x.", VerifyError::EmptySegment { segment: "signature" });
    // A header of 4098 bytes.
    let header = "x".repeat(5464);
    refused_for_nothing(&format!("{header}.x.x"), VerifyError::HeaderTooLong { bytes: 4098 });
}

#[test]
fn token_refused_before_the_signature_costs_its_header_and_nothing_of_ring() {
    let unknown = TestKey::attacker().with_kid("unknown");
    let refused: [(TokenBuilder, VerifyError); 6] = [
        // A character outside of the alphabet.
        (token().header_segment("e30="), VerifyError::NotBase64url { segment: "header" }),
        // A byte that never occurs in UTF-8.
        (token().raw_header([0xff]), VerifyError::HeaderJson(JsonError::NotUtf8)),
        // Another algorithm.
        (token().header("alg", "HS256"), VerifyError::AlgorithmNotAccepted),
        // An extension.
        (token().header("b64", false), VerifyError::HeaderForbidden { parameter: "b64" }),
        // A `kid` that is not in the set.
        (token().key(&unknown), VerifyError::UnknownKey),
        // One byte shorter than the modulus.
        (token().signature([1; 255]), VerifyError::BadSignature),
    ];
    for (token, error) in refused {
        assert_eq!(verdict(&token.mint(), NOW, Err(error)).count_total, 1, "{error}");
    }
}

#[test]
fn error_of_the_json_reader_costs_a_bounded_number() {
    // serde_json builds the text of its error, which is then dropped.
    let refused = token().raw_header("{\"alg\":");
    let error = VerifyError::HeaderJson(JsonError::Syntax);
    let syntax = verdict(&refused.mint(), NOW, Err(error)).count_total;
    // Our own allocations, and one of serde_json's for each of the 32 levels it returns from.
    let refused = token().raw_header("[".repeat(33));
    let error = VerifyError::HeaderJson(JsonError::TooDeep);
    let too_deep = verdict(&refused.mint(), NOW, Err(error)).count_total;
    assert!(syntax <= 3, "{syntax}");
    assert!(too_deep <= 5 + 32, "{too_deep}");
}

#[test]
fn forged_token_costs_its_header_and_is_not_decoded() {
    let forged = token().forged_by(&TestKey::attacker());
    assert_eq!(beside_ring(&forged, Err(VerifyError::BadSignature)), 1);
}

#[test]
fn expired_token_costs_what_a_good_one_does() {
    let expired = VerifyError::Expired { exp: NOW.as_secs(), now: NOW.as_secs() };
    assert_eq!(beside_ring(&token().expires_at(NOW), Err(expired)), 2);
}

#[cfg(feature = "fetch")]
#[test]
fn remote_key_within_its_ttl_costs_nothing() {
    let rig = fake::Rig::primed(&["a"]);
    rig.issuer.close_gate();
    let lookups = || {
        for kid in [Some("a"), None] {
            let query = KeyQuery::new(kid, Algorithm::RS256);
            rig.keys.key(query).unwrap();
            rig.keys.try_key(query).unwrap();
        }
    };
    assert_eq!(measure(lookups).count_total, 0);
    // A refresh is due: the first lookup starts a fetch, which is in flight during the next ones.
    rig.clock.advance(fake::secs(500));
    assert!(measure(lookups).count_total > 0);
    assert_eq!(measure(lookups).count_total, 0);
    assert!(rig.keys.health().is_fetching());
    rig.issuer.open_gate();
}

fn token() -> TokenBuilder {
    Issuer::default().token_at(NOW)
}

/// The number of allocations without ring's.
fn beside_ring(token: &TokenBuilder, outcome: Result<UnixTime, VerifyError>) -> u64 {
    let token = token.mint();
    verdict(&token, NOW, outcome).count_total - of_ring(&token).count_total
}

fn refused_for_nothing(token: &str, error: VerifyError) {
    let info = verdict(token, NOW, Err(error));
    assert_eq!((info.count_total, info.bytes_total), (0, 0), "{error}");
}

/// All allocations until the verdict is dropped. Asserts that the verdict is `outcome`.
fn verdict(token: &str, now: UnixTime, outcome: Result<UnixTime, VerifyError>) -> AllocationInfo {
    let keys = JwkSet::from_json(Issuer::default().jwks().as_bytes()).unwrap();
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys).unwrap();
    let mut found = Err(VerifyError::KeySourceBusy);
    let info = measure(|| {
        let verified = verifier.verify_at(token, now);
        found = verified.as_ref().map(Verified::expires_at).map_err(|error| *error);
    });
    assert_eq!(found, outcome);
    info
}

/// ring's allocations to verify the signature, valid or not.
fn of_ring(token: &str) -> AllocationInfo {
    let (signing_input, signature) = token.rsplit_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let jwk = Issuer::default().keys().first().unwrap().jwk();
    let member = |name: &str| decode(jwk.get(name).unwrap().as_str().unwrap());
    let key = RsaPublicKeyComponents { n: member("n"), e: member("e") };
    let signature = decode(signature);
    let info = measure(|| {
        let message = signing_input.as_bytes();
        let _holds_or_not = key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature);
    });
    // If the counter missed ring's allocations, subtracting them would prove nothing.
    assert!(info.count_total > 0);
    info
}
