//! RFC 8259, RFC 7519 section 2: the strict JSON rules hold whatever features of serde_json another
//! crate in the build turns on. Cargo unifies features, so this crate cannot choose them.
//!
//! To be run with each of them on, `cargo test --features serde_json/arbitrary_precision` and so
//! on: also `preserve_order`, `float_roundtrip`, `unbounded_depth` and `raw_value`. No outcome here
//! may depend on it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may"
)]

use std::sync::LazyLock;

use tokenring::testkit::{AUDIENCE, ISSUER, Issuer};
use tokenring::{
    Algorithm, CompactJws, JsonError, JwkError, JwkSet, JwkSetError, KeyError, Policy, PublicKey,
    UnixTime, Verified, Verifier, VerifyError,
};

const NOW: UnixTime = UnixTime::from_secs(1_780_000_000);

/// What serde_json calls a number inside itself with `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";
/// What serde_json calls unparsed text inside itself with `raw_value`.
const RAW: &str = "$serde_json::private::RawValue";

/// Levels of arrays and objects that a document may have.
const LEVELS: usize = 32;
const TOO_MANY_LEVELS: [usize; 6] = [33, 127, 128, 129, 200, 3000];

static TEST_ISSUER: LazyLock<Issuer> = LazyLock::new(Issuer::default);

static VERIFIER: LazyLock<Verifier<JwkSet>> = LazyLock::new(|| {
    let keys = JwkSet::from_json(TEST_ISSUER.jwks().as_bytes()).unwrap();
    Verifier::new(Policy::new(ISSUER, AUDIENCE), keys).unwrap()
});

/// Verifies a token with this text for a payload.
fn verify(payload: &str) -> Result<Verified, VerifyError> {
    VERIFIER.verify_at(&TEST_ISSUER.token_at(NOW).raw_payload(payload).mint(), NOW)
}

/// The claims that must be there, without `exp`, and these.
fn claims_and(members: &str) -> String {
    format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}"{members}}}"#)
}

/// What comes of these further claims of a token in time.
fn with_claims(members: &str) -> Result<(), VerifyError> {
    verify(&claims_and(&format!(r#","exp":1780000100{members}"#))).map(|_| ())
}

/// What comes of this `exp`, as a JSON value.
fn exp(value: &str) -> Result<u64, VerifyError> {
    let verified = verify(&claims_and(&format!(r#","exp":{value}"#)));
    verified.map(|verified| verified.expires_at().as_secs())
}

/// What comes of this header of a token that is fine otherwise. It is not signed: the header is
/// refused before, or not at all.
fn header(json: &str) -> Result<(), VerifyError> {
    let token = TEST_ISSUER.token_at(NOW).raw_header(json).signature("s").mint();
    CompactJws::parse(&token).map(|_| ())
}

fn modulus() -> String {
    TEST_ISSUER.keys()[0].jwk()["n"].as_str().unwrap().to_owned()
}

/// A usable key with these further members.
fn jwk_and(members: &str) -> String {
    format!(r#"{{"kty":"RSA","kid":"k","n":"{}","e":"AQAB"{members}}}"#, modulus())
}

/// The number of usable keys of a set, and why the others are not.
fn set_of(entries: &str) -> Result<(usize, Vec<JwkError>), JwkSetError> {
    let set = JwkSet::from_json(format!(r#"{{"keys":[{entries}]}}"#).as_bytes())?;
    Ok((set.len(), set.skipped().iter().map(|skipped| skipped.error()).collect()))
}

fn arrays(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

fn objects(levels: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

// Numbers

#[test]
fn number_is_a_number_however_it_is_written() {
    for (value, seconds) in [
        ("1780000100", 1_780_000_100),
        ("1780000100.0", 1_780_000_100),
        ("1780000100.000000000000000000000000", 1_780_000_100),
        ("1.7800001e9", 1_780_000_100),
        ("1.7800001E+9", 1_780_000_100),
        ("17800001e2", 1_780_000_100),
        ("178000010000e-2", 1_780_000_100),
        ("0.17800001e10", 1_780_000_100),
        // A fraction is rounded up.
        ("1780000100.25", 1_780_000_101),
        ("1780000100.000001", 1_780_000_101),
        ("1.7800001005e9", 1_780_000_101),
        ("253402300799", 253_402_300_799),
        ("2.53402300799e11", 253_402_300_799),
        // 30 digits of which most are behind the point.
        ("1780000100.12345678901234567890", 1_780_000_101),
        ("178000010000000000000000000000e-20", 1_780_000_100),
    ] {
        assert_eq!(exp(value), Ok(seconds), "{value}");
    }
}

#[test]
fn number_outside_of_time_is_refused_and_never_wraps() {
    for value in [
        "-1",
        "-0.5",
        "-1e300",
        "253402300800",
        "1780000100000",
        "4294967296e3",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        // 2^64 more than a time that would do.
        "18446744075489551716",
        "178000010012345678901234567890",
        "-178000010012345678901234567890",
        "1e308",
    ] {
        assert_eq!(exp(value), Err(VerifyError::ClaimRange { claim: "exp" }), "{value}");
    }
    for value in ["0", "-0", "-0.0", "0e5", "0e400", "0.0e-400", "1e-400", "1e-20"] {
        let seconds = u64::from(value == "1e-20");
        let expired = VerifyError::Expired { exp: seconds, now: NOW.as_secs() };
        assert_eq!(exp(value), Err(expired), "{value}");
    }
}

#[test]
fn number_that_no_double_holds_is_a_fault_of_the_document_wherever_it_stands() {
    let digits = "9".repeat(400);
    for value in ["1e400", "-1e400", "1e309", "-1.8e308", "1e99999999999999999999", &digits] {
        let syntax = JsonError::Syntax;
        assert_eq!(exp(value), Err(VerifyError::PayloadJson(syntax)), "{value}");
        for claim in ["iat", "iss", "unknown"] {
            let payload = format!(r#"{{"{claim}":{value},"x":[{value}]}}"#);
            assert_eq!(verify(&payload).err(), Some(VerifyError::PayloadJson(syntax)), "{value}");
        }
        let nested = format!(r#","x":{{"y":[1,{value}]}}"#);
        assert_eq!(with_claims(&nested), Err(VerifyError::PayloadJson(syntax)), "{value}");
        let in_header = format!(r#"{{"alg":"RS256","x":{value}}}"#);
        assert_eq!(header(&in_header), Err(VerifyError::HeaderJson(syntax)), "{value}");
        let jwk = jwk_and(&format!(r#","x":{value}"#));
        assert_eq!(PublicKey::from_jwk(jwk.as_bytes()), Err(JwkError::Json(syntax)), "{value}");
        assert_eq!(set_of(&jwk), Err(JwkSetError::Json(syntax)), "{value}");
        assert_eq!(set_of(value), Err(JwkSetError::Json(syntax)), "{value}");
        let beside = format!(r#"{{"x":{value},"keys":[]}}"#);
        let outcome = JwkSet::from_json(beside.as_bytes()).map(|set| set.len());
        assert_eq!(outcome, Err(JwkSetError::Json(syntax)), "{value}");
    }
}

#[test]
fn text_that_is_no_number_of_json_is_refused() {
    for value in [
        "01",
        "+1",
        ".5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        "-Infinity",
        "-",
        "--1",
        "1e5.5",
        "inf",
        "nan",
        "1f64",
    ] {
        assert_eq!(exp(value), Err(VerifyError::PayloadJson(JsonError::Syntax)), "{value}");
        let jwk = jwk_and(&format!(r#","x":{value}"#));
        let outcome = PublicKey::from_jwk(jwk.as_bytes());
        assert_eq!(outcome, Err(JwkError::Json(JsonError::Syntax)), "{value}");
    }
}

#[test]
fn number_is_not_a_string_an_object_or_an_array() {
    for number in ["1", "1.5", "1e3", "-1", "123456789012345678901234567890"] {
        for claim in ["iss", "sub", "jti", "azp", "client_id", "cnf", "aud"] {
            let payload = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":1780000100}}"#);
            let payload = match claim {
                "iss" => payload.replace(&format!(r#""{ISSUER}""#), number),
                "aud" => payload.replace(&format!(r#""{AUDIENCE}""#), number),
                _ => payload.replace('}', &format!(r#","{claim}":{number}}}"#)),
            };
            let outcome = verify(&payload).map(|_| ());
            assert_eq!(outcome, Err(VerifyError::ClaimType { claim }), "{payload}");
        }
        let payload = format!(r#"{{"iss":"{ISSUER}","aud":["{AUDIENCE}",{number}],"exp":1}}"#);
        assert_eq!(verify(&payload).err(), Some(VerifyError::ClaimType { claim: "aud" }));
        for parameter in ["alg", "kid", "typ"] {
            let json = match parameter {
                "alg" => format!(r#"{{"alg":{number}}}"#),
                _ => format!(r#"{{"alg":"RS256","{parameter}":{number}}}"#),
            };
            assert_eq!(header(&json), Err(VerifyError::HeaderType { parameter }), "{json}");
        }
        for member in ["use", "key_ops", "alg"] {
            let jwk = jwk_and(&format!(r#","{member}":{number}"#));
            let outcome = PublicKey::from_jwk(jwk.as_bytes());
            assert_eq!(outcome, Err(JwkError::MemberType { member }), "{jwk}");
        }
        let jwk = jwk_and(&format!(r#","key_ops":["verify",{number}]"#));
        let outcome = PublicKey::from_jwk(jwk.as_bytes());
        assert_eq!(outcome, Err(JwkError::MemberType { member: "key_ops" }), "{jwk}");
        // A number where a document, a set's `keys` or a key should be.
        assert_eq!(header(number), Err(VerifyError::HeaderJson(JsonError::NotObject)));
        let not_object = JsonError::NotObject;
        assert_eq!(verify(number).err(), Some(VerifyError::PayloadJson(not_object)));
        assert_eq!(PublicKey::from_jwk(number.as_bytes()), Err(JwkError::Json(not_object)));
        let set = JwkSet::from_json(number.as_bytes()).map(|set| set.len());
        assert_eq!(set, Err(JwkSetError::Json(not_object)));
        let set = JwkSet::from_json(format!(r#"{{"keys":{number}}}"#).as_bytes());
        assert_eq!(set.map(|set| set.len()), Err(JwkSetError::KeysType));
        let entries = format!("{number},{},{number}", jwk_and(""));
        assert_eq!(set_of(&entries), Ok((1, vec![JwkError::Json(not_object); 2])));
    }
}

// Objects that look like serde_json's own

/// Objects with the inner names of serde_json, all of them objects of the text and nothing else.
fn look_alikes() -> Vec<String> {
    let mut objects = Vec::new();
    for name in
        [NUMBER, RAW, r"\u0024serde_json::private::Number", r"$serde_json::private::Numb\u0065r"]
    {
        for value in [
            r#""1780000100""#,
            r#""17800001\u0030\u0030""#,
            r#""RS256""#,
            r#""""#,
            r#""1e400""#,
            "1780000100",
            "1.5",
            "null",
            "true",
            "[]",
            r#"["1780000100"]"#,
            "{}",
            &format!(r#"{{"{name}":"1780000100"}}"#),
            &format!(r#"{{"{name}":{{"{name}":1780000100}}}}"#),
        ] {
            objects.push(format!(r#"{{"{name}":{value}}}"#));
            objects.push(format!(r#"{{"{name}":{value},"b":1}}"#));
            objects.push(format!(r#"{{"a":1,"{name}":{value}}}"#));
            objects.push(format!(r#"{{"a":"1","{name}":{value},"b":"1"}}"#));
        }
    }
    objects
}

#[test]
fn object_that_looks_like_a_number_is_an_object() {
    let objects = look_alikes();
    assert_eq!(objects.len(), 4 * 14 * 4);
    for (index, object) in objects.iter().enumerate() {
        // `cnf` alone must be an object, and is looked at last. Unknown claims may be anything.
        let outcome = with_claims(&format!(r#","x":{object},"cnf":{object},"y":[{object}]"#));
        assert_eq!(outcome, Err(VerifyError::SenderConstrained), "{object}");
        let outcome = exp(object);
        assert_eq!(outcome, Err(VerifyError::ClaimType { claim: "exp" }), "{object}");
        // In turn, because it takes time to sign: the objects outnumber the claims.
        let claim = ["nbf", "iat", "sub", "jti", "azp", "client_id", "iat"][index % 7];
        let outcome = with_claims(&format!(r#","{claim}":{object}"#));
        assert_eq!(outcome, Err(VerifyError::ClaimType { claim }), "{object}");
        let aud = match index % 3 {
            0 => object.clone(),
            1 => format!("[{object}]"),
            _ => format!(r#"["{AUDIENCE}",{object}]"#),
        };
        let payload = format!(r#"{{"iss":"{ISSUER}","aud":{aud},"exp":1780000100}}"#);
        let outcome = verify(&payload).map(|_| ());
        assert_eq!(outcome, Err(VerifyError::ClaimType { claim: "aud" }), "{payload}");

        for parameter in ["alg", "kid", "typ"] {
            let json = match parameter {
                "alg" => format!(r#"{{"alg":{object}}}"#),
                _ => format!(r#"{{"alg":"RS256","{parameter}":{object}}}"#),
            };
            assert_eq!(header(&json), Err(VerifyError::HeaderType { parameter }), "{json}");
        }
        for member in ["use", "alg", "key_ops"] {
            let jwk = jwk_and(&format!(r#","{member}":{object}"#));
            let outcome = PublicKey::from_jwk(jwk.as_bytes());
            assert_eq!(outcome, Err(JwkError::MemberType { member }), "{jwk}");
        }
        let set = JwkSet::from_json(format!(r#"{{"keys":{object}}}"#).as_bytes());
        assert_eq!(set.map(|set| set.len()), Err(JwkSetError::KeysType), "{object}");
        assert_eq!(set_of(&jwk_and(&format!(r#","x":{object}"#))), Ok((1, vec![])), "{object}");
    }
}

#[test]
fn document_that_looks_like_a_number_is_an_object_without_the_members_it_needs() {
    for object in look_alikes() {
        assert_eq!(header(&object), Err(VerifyError::AlgorithmMissing), "{object}");
        let missing = VerifyError::ClaimMissing { claim: "iss" };
        assert_eq!(verify(&object).err(), Some(missing), "{object}");
        let missing = JwkError::MemberMissing { member: "kty" };
        assert_eq!(PublicKey::from_jwk(object.as_bytes()), Err(missing), "{object}");
        assert_eq!(set_of(&object), Ok((0, vec![missing])), "{object}");
        let set = JwkSet::from_json(object.as_bytes()).map(|set| set.len());
        assert_eq!(set, Err(JwkSetError::KeysMissing), "{object}");
    }
}

#[test]
fn member_called_like_a_number_is_an_unknown_member() {
    for name in [NUMBER, RAW] {
        for value in [r#""1780000100""#, "1780000100", "null", "{}", r#"["verify"]"#] {
            let member = format!(r#""{name}":{value}"#);
            assert_eq!(with_claims(&format!(",{member}")), Ok(()), "{member}");
            let first = format!("{{{member},{}", &claims_and(r#","exp":1780000100"#)[1..]);
            assert!(verify(&first).is_ok(), "{first}");
            assert_eq!(header(&format!(r#"{{{member},"alg":"RS256"}}"#)), Ok(()), "{member}");
            assert_eq!(header(&format!(r#"{{"alg":"RS256",{member}}}"#)), Ok(()), "{member}");
            let jwk = jwk_and("");
            let first = format!("{{{member},{}", &jwk[1..]);
            let last = jwk_and(&format!(",{member}"));
            assert_eq!(PublicKey::from_jwk(first.as_bytes()), PublicKey::from_jwk(jwk.as_bytes()));
            assert_eq!(PublicKey::from_jwk(last.as_bytes()), PublicKey::from_jwk(jwk.as_bytes()));
            assert_eq!(set_of(&format!("{first},{last},{jwk}")), Ok((1, vec![])), "{member}");
            let set = format!(r#"{{{member},"keys":[{jwk}]}}"#);
            assert_eq!(JwkSet::from_json(set.as_bytes()).unwrap().len(), 1, "{set}");
        }
    }
}

// Depth

/// The documents of this crate, each around a value that adds levels to its own.
fn depths(value: &str) -> [(&'static str, usize, Option<JsonError>); 7] {
    let payload = |outcome: Result<(), VerifyError>| match outcome {
        Err(VerifyError::PayloadJson(error)) => Some(error),
        outcome => {
            assert_eq!(outcome, Ok(()));
            None
        }
    };
    let header = match header(&format!(r#"{{"alg":"RS256","x":{value}}}"#)) {
        Err(VerifyError::HeaderJson(error)) => Some(error),
        outcome => {
            assert_eq!(outcome, Ok(()));
            None
        }
    };
    let set_error = |outcome: Result<usize, JwkSetError>| match outcome {
        Err(JwkSetError::Json(error)) => Some(error),
        outcome => {
            assert!(outcome.is_ok());
            None
        }
    };
    let jwk = jwk_and(&format!(r#","x":{value}"#));
    let from_jwk = match PublicKey::from_jwk(jwk.as_bytes()) {
        Err(JwkError::Json(error)) => Some(error),
        outcome => {
            assert!(outcome.is_ok());
            None
        }
    };
    let beside_keys = format!(r#"{{"x":{value},"keys":[]}}"#);
    let beside_keys = JwkSet::from_json(beside_keys.as_bytes()).map(|set| set.len());
    [
        ("payload", 1, payload(with_claims(&format!(r#","x":{value}"#)))),
        ("header", 1, header),
        ("JWK", 1, from_jwk),
        ("beside keys", 1, set_error(beside_keys)),
        ("in place of a key", 2, set_error(set_of(value).map(|set| set.0))),
        ("in a key", 3, set_error(set_of(&jwk).map(|set| set.0))),
        (
            "behind 100 keys",
            2,
            match set_of(&format!("{}{value}", "0,".repeat(100))) {
                Err(JwkSetError::Json(error)) => Some(error),
                outcome => {
                    assert_eq!(outcome, Err(JwkSetError::TooManyKeys));
                    None
                }
            },
        ),
    ]
}

#[test]
fn document_has_up_to_32_levels() {
    for shape in [arrays, objects] {
        for around in 1..=3 {
            for (document, own, error) in depths(&shape(LEVELS - around)) {
                let expected = (own > around).then_some(JsonError::TooDeep);
                assert_eq!(error, expected, "{document}, {around}");
            }
        }
    }
}

#[test]
fn document_with_more_levels_is_refused_and_nothing_overflows() {
    for levels in TOO_MANY_LEVELS {
        // What is in a header is at most 4 KiB.
        for value in [arrays(levels.min(2000)), objects(levels.min(600))] {
            for (document, _, error) in depths(&value) {
                assert_eq!(error, Some(JsonError::TooDeep), "{document}, {levels}");
            }
        }
    }
    for opened in ["[", r#"{"a":"#, r#"[{"a":"#] {
        let value = opened.repeat(10_000 / opened.len());
        let payload = verify(&format!(r#"{{"x":{value}"#)).map(|_| ());
        assert_eq!(payload, Err(VerifyError::PayloadJson(JsonError::TooDeep)), "{opened}");
        let value = opened.repeat(10_000);
        let jwk = PublicKey::from_jwk(value.as_bytes());
        assert_eq!(jwk, Err(JwkError::Json(JsonError::TooDeep)), "{opened}");
        assert_eq!(set_of(&value), Err(JwkSetError::Json(JsonError::TooDeep)), "{opened}");
    }
}

#[test]
fn value_at_the_deepest_level_may_be_any_scalar() {
    for scalar in ["null", "true", "1", "1.5", "-1e5", "123456789012345678901234567890", r#""s""#] {
        let value = format!("{}{scalar}{}", "[".repeat(29), "]".repeat(29));
        for (document, _, error) in depths(&value) {
            assert_eq!(error, None, "{document}, {scalar}");
        }
        let value = arrays(LEVELS - 1).replace("[]", &format!("[{scalar}]"));
        assert_eq!(with_claims(&format!(r#","x":{value}"#)), Ok(()), "{scalar}");
    }
}

#[test]
fn object_that_looks_like_a_number_counts_as_a_level() {
    for name in [NUMBER, RAW] {
        let object = |levels: usize, inner: &str| {
            let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
            format!(r#","x":{open}{{"{name}":{inner}}}{close}"#)
        };
        for inner in [r#""1""#, "1", "null"] {
            let deepest = object(LEVELS - 1, inner);
            assert_eq!(with_claims(&deepest), Ok(()), "{deepest}");
            let too_deep = object(LEVELS, inner);
            let outcome = with_claims(&too_deep);
            assert_eq!(outcome, Err(VerifyError::PayloadJson(JsonError::TooDeep)), "{too_deep}");
        }
        for inner in ["[]", "{}", r#"{"a":1}"#] {
            assert_eq!(with_claims(&object(LEVELS - 2, inner)), Ok(()), "{inner}");
            let outcome = with_claims(&object(LEVELS - 1, inner));
            assert_eq!(outcome, Err(VerifyError::PayloadJson(JsonError::TooDeep)), "{inner}");
        }
    }
}

#[test]
fn objects_that_look_like_numbers_within_each_other_are_as_deep_as_any() {
    for name in [NUMBER, RAW] {
        let nested = |levels: usize| {
            let (open, close) = (format!(r#"{{"{name}":"#).repeat(levels), "}".repeat(levels));
            format!(r#","x":{open}"1"{close}"#)
        };
        assert_eq!(with_claims(&nested(LEVELS - 1)), Ok(()), "{name}");
        for levels in [LEVELS, 100, 127, 128, 200] {
            let outcome = with_claims(&nested(levels));
            assert_eq!(outcome, Err(VerifyError::PayloadJson(JsonError::TooDeep)), "{levels}");
        }
    }
}

#[test]
fn member_called_like_a_number_may_be_as_deep_as_any() {
    for name in ["x", NUMBER, RAW] {
        for shape in [arrays, objects] {
            let member = |levels: usize| format!(r#","{name}":{}"#, shape(levels));
            assert_eq!(with_claims(&member(LEVELS - 1)), Ok(()), "{name}");
            let outcome = with_claims(&member(LEVELS));
            assert_eq!(outcome, Err(VerifyError::PayloadJson(JsonError::TooDeep)), "{name}");
            assert_eq!(set_of(&jwk_and(&member(LEVELS - 3))), Ok((1, vec![])), "{name}");
            let outcome = set_of(&jwk_and(&member(LEVELS - 2)));
            assert_eq!(outcome, Err(JwkSetError::Json(JsonError::TooDeep)), "{name}");
        }
    }
}

// Order and repetition

#[test]
fn order_of_members_does_not_count() {
    let members = [
        format!(r#""iss":"{ISSUER}""#),
        format!(r#""aud":"{AUDIENCE}""#),
        r#""exp":1780000100"#.to_owned(),
        r#""zzz":0"#.to_owned(),
        r#""aaa":{"exp":1}"#.to_owned(),
    ];
    for first in 0..members.len() {
        let mut members = members.clone();
        members.rotate_left(first);
        for _ in 0..2 {
            let verified = verify(&format!("{{{}}}", members.join(","))).unwrap();
            assert_eq!(verified.expires_at(), UnixTime::from_secs(1_780_000_100));
            members.reverse();
        }
    }
    let n = modulus();
    let usual = PublicKey::from_jwk(jwk_and("").as_bytes());
    for jwk in [
        format!(r#"{{"n":"{n}","kty":"RSA","e":"AQAB","kid":"k"}}"#),
        format!(r#"{{"zzz":0,"kid":"k","e":"AQAB","kty":"RSA","n":"{n}","aaa":0}}"#),
    ] {
        assert_eq!(PublicKey::from_jwk(jwk.as_bytes()), usual);
        assert!(usual.is_ok());
    }
}

#[test]
fn order_of_keys_decides_nothing() {
    let other = TEST_ISSUER.keys()[1].jwk()["n"].as_str().unwrap().to_owned();
    let (one, other) = (jwk_and(""), jwk_and("").replace(&modulus(), &other));
    for entries in [[&one, &other], [&other, &one]] {
        let set = format!(r#"{{"keys":[{},{}]}}"#, entries[0], entries[1]);
        let set = JwkSet::from_json(set.as_bytes()).unwrap();
        assert_eq!(set.select(Some("k"), Algorithm::RS256), Err(KeyError::AmbiguousKey));
    }
}

#[test]
fn member_that_stands_there_twice_is_refused() {
    let twice = JsonError::DuplicateMember;
    for (one, other) in [
        (r#""exp":1"#, r#""exp":1780000100"#),
        (r#""exp":1780000100"#, r#""exp":1780000100"#),
        (r#""exp":1780000100"#, r#""\u0065xp":1"#),
        (r#""x":1"#, r#""x":2"#),
        (r#""x":1.5"#, r#""x":{}"#),
        (r#""$serde_json::private::Number":"1""#, r#""$serde_json::private::Number":"1""#),
        (r#""$serde_json::private::Number":1"#, r#""$serde_json::private::Numb\u0065r":2"#),
        (r#""$serde_json::private::RawValue":"1""#, r#""$serde_json::private::RawValue":1"#),
    ] {
        let payload = claims_and(&format!(",{one},{other}"));
        assert_eq!(verify(&payload).err(), Some(VerifyError::PayloadJson(twice)), "{payload}");
        let payload = format!("{{{one},{}", &claims_and(&format!(",{other}"))[1..]);
        assert_eq!(verify(&payload).err(), Some(VerifyError::PayloadJson(twice)), "{payload}");
        let json = format!(r#"{{{one},"alg":"RS256",{other}}}"#);
        assert_eq!(header(&json), Err(VerifyError::HeaderJson(twice)), "{json}");
        let jwk = jwk_and(&format!(",{one},{other}"));
        assert_eq!(PublicKey::from_jwk(jwk.as_bytes()), Err(JwkError::Json(twice)), "{jwk}");
        assert_eq!(set_of(&format!("{jwk},{}", jwk_and(""))), Ok((1, vec![JwkError::Json(twice)])));
        let set = format!(r#"{{{one},"keys":[],{other}}}"#);
        let outcome = JwkSet::from_json(set.as_bytes()).map(|set| set.len());
        assert_eq!(outcome, Err(JwkSetError::Json(twice)), "{set}");
    }
    // Only the members of the document itself: nothing inside is read.
    assert_eq!(with_claims(r#","x":{"y":1,"y":1.5}"#), Ok(()));
}
