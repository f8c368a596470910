//! RFC 8259, RFC 7519 section 2: no feature of serde_json changes a verdict, although any crate in
//! a build may turn one on for all. This crate reads tokens and keys with its own JSON reader, and
//! uses serde_json for typed claims only.
//!
//! Run these tests with each feature on: `cargo test --test conformance feature_unification:: --features
//! serde_json/arbitrary_precision`, and likewise `preserve_order`, `float_roundtrip`,
//! `unbounded_depth` and `raw_value`.

use std::collections::BTreeMap;

use tokenring::{Algorithm, JsonError, JwkError, JwkSet, VerifyError};

use crate::common::{
    CLAIMS, HEADER, NOW, claims_and, claims_with, header_and, issuer, signed, verify,
};

/// The names by which serde_json internally marks a number (with `arbitrary_precision`) and
/// unparsed text (with `raw_value`).
const INSIDE: [&str; 2] = ["$serde_json::private::Number", "$serde_json::private::RawValue"];

fn outcome(payload: String) -> Result<(), VerifyError> {
    verify(&signed(HEADER, payload)).map(drop)
}

/// Arrays nested to this depth.
fn arrays(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn numbers_depth_and_look_alikes_are_judged_the_same_with_every_feature() {
    // `arbitrary_precision`: numbers of any length, and objects that represent numbers.
    assert_eq!(outcome(claims_with("exp", "1780086400.000000000000000000000001")), Ok(()));
    assert_eq!(outcome(claims_with("exp", "178008640000000000000000000000e-20")), Ok(()));
    let overflow = VerifyError::PayloadJson(JsonError::Syntax);
    assert_eq!(outcome(claims_with("a", "1e400")), Err(overflow));
    assert_eq!(outcome(claims_with("exp", "1e400")), Err(overflow));
    for name in INSIDE {
        let number = format!(r#"{{"{name}":"1780086400"}}"#);
        let mistyped = VerifyError::ClaimType { claim: "exp" };
        assert_eq!(outcome(claims_with("exp", &number)), Err(mistyped));
        assert_eq!(outcome(claims_with("a", &number)), Ok(()));
        assert_eq!(outcome(claims_with(name, r#""1""#)), Ok(()));
        let missing = VerifyError::ClaimMissing { claim: "iss" };
        assert_eq!(outcome(number.clone()), Err(missing));
        let twice = claims_and(&format!(r#""{name}":1,"{name}":1"#));
        let error = VerifyError::PayloadJson(JsonError::DuplicateMember);
        assert_eq!(outcome(twice), Err(error));
        let header = header_and(&format!(r#""a":{number},"{name}":1"#));
        let [iss, aud, exp] = CLAIMS.map(|(name, value)| format!(r#""{name}":{value}"#));
        assert_eq!(verify(&signed(header, format!("{{{iss},{aud},{exp}}}"))).map(drop), Ok(()));
    }
    // `unbounded_depth`: 32 levels, the object included.
    assert_eq!(outcome(claims_with("a", &arrays(31))), Ok(()));
    let too_deep = VerifyError::PayloadJson(JsonError::TooDeep);
    for levels in [32, 127, 128, 129, 3000] {
        assert_eq!(outcome(claims_with("a", &arrays(levels))), Err(too_deep), "{levels}");
    }
    // `float_roundtrip`: the nearest double of a text that the fast conversion gets wrong.
    let verified =
        verify(&signed(HEADER, claims_with("iat", "1780000000.0000001192092896"))).unwrap();
    assert_eq!(verified.issued_at().map(|time| time.as_secs()), Some(NOW.as_secs() + 1));
    // `preserve_order`: keys and members in any order.
    let mut keys: Vec<String> = issuer().keys().iter().map(|key| key.jwk().to_string()).collect();
    keys.push(format!(r#"{{"{}":"1","kty":"RSA"}}"#, INSIDE.concat()));
    for _ in 0..keys.len() {
        keys.rotate_left(1);
        let set =
            JwkSet::from_json(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap();
        assert_eq!(set.len(), 3);
        let errors: Vec<JwkError> = set.skipped().iter().map(|skipped| skipped.error()).collect();
        assert_eq!(errors, [JwkError::MemberMissing { member: "n" }]);
        for key in issuer().keys() {
            let selected = set.select(Some(key.kid()), Algorithm::RS256).map(|key| key.algorithm());
            assert_eq!(selected, Ok(Algorithm::RS256));
        }
    }
}

#[test]
fn typed_claims_are_those_of_the_payload_with_every_feature() {
    let verified =
        verify(&signed(HEADER, claims_and(r#""level":3,"rate":2.5,"name":"a""#))).unwrap();
    let claims: BTreeMap<String, serde_json::Value> = verified.claims().unwrap();
    assert_eq!(claims.get("level").and_then(serde_json::Value::as_u64), Some(3));
    assert_eq!(claims.get("rate").and_then(serde_json::Value::as_f64), Some(2.5));
    assert_eq!(claims.get("name").and_then(serde_json::Value::as_str), Some("a"));
}
