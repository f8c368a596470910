//! RFC 7518 sections 3.4 and 6.2: EC keys in JWKs, and ECDSA. RFC 7515 appendix A.3.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may"
)]

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokenring::{
    Algorithm, CompactJws, JwkError, JwkSet, PublicKey, VerifyError, testkit::TestKey,
};

/// RFC 7515 appendix A.3.1.
const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
const TOKEN: &str = concat!(
    "eyJhbGciOiJFUzI1NiJ9.",
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt",
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
);

const CURVES: [(Algorithm, &str, usize); 2] =
    [(Algorithm::ES256, "P-256", 32), (Algorithm::ES384, "P-384", 48)];

fn of_jwk(jwk: &Value) -> Result<PublicKey, JwkError> {
    PublicKey::from_jwk(jwk.to_string().as_bytes())
}

/// The test key for `algorithm`, without `alg`.
fn jwk(algorithm: Algorithm) -> Value {
    static JWKS: LazyLock<[Value; 2]> =
        LazyLock::new(|| CURVES.map(|curve| TestKey::for_algorithm(curve.0).without_alg().jwk()));
    let [p256, p384] = &*JWKS;
    if algorithm == Algorithm::ES256 { p256.clone() } else { p384.clone() }
}

/// The key for `algorithm` with this member changed.
fn key_with(
    algorithm: Algorithm,
    member: &str,
    value: impl Into<Value>,
) -> Result<PublicKey, JwkError> {
    let mut jwk = jwk(algorithm);
    jwk[member] = value.into();
    of_jwk(&jwk)
}

fn coordinate(jwk: &Value, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[member].as_str().unwrap()).unwrap()
}

fn of_point(crv: &str, x: &[u8], y: &[u8]) -> Result<PublicKey, JwkError> {
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    of_jwk(&serde_json::json!({ "kty": "EC", "crv": crv, "x": x, "y": y }))
}

// RFC 7515 appendix A.3.

#[test]
fn example_of_rfc_7515_appendix_a_3_is_verified() {
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"}}"#);
    let key = PublicKey::from_jwk(jwk.as_bytes()).unwrap();
    assert_eq!((key.algorithm(), key.modulus_bits()), (Algorithm::ES256, 0));
    let payload = CompactJws::parse(TOKEN).unwrap().verify(&key).unwrap();
    let text =
        b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    assert_eq!(payload.as_bytes(), text);
}

#[test]
fn jwk_of_rfc_7515_appendix_a_3_as_printed_there_is_burnt() {
    let private = format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}","d":"{D}"}}"#);
    let error = JwkError::PrivateKey { member: "d" };
    assert_eq!(PublicKey::from_jwk(private.as_bytes()), Err(error));
    let public = format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}","kid":"new"}}"#);
    let set = JwkSet::from_json(format!(r#"{{"keys":[{public},{private}]}}"#).as_bytes()).unwrap();
    assert_eq!((set.len(), set.skipped().len()), (0, 2));
    assert!(set.skipped().iter().all(|skipped| skipped.error() == error));
}

#[test]
fn example_with_any_bit_of_its_signature_flipped_is_refused() {
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"}}"#);
    let key = PublicKey::from_jwk(jwk.as_bytes()).unwrap();
    let (message, signature) = TOKEN.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert_eq!(key.verify(message.as_bytes(), &signature), Ok(()));
    for bit in 0..512 {
        let mut changed = signature.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let found = key.verify(message.as_bytes(), &changed);
        assert_eq!(found, Err(VerifyError::BadSignature), "{bit}");
    }
}

// Section 6.2.1: the members.

#[test]
fn member_of_the_wrong_type_is_refused() {
    for (algorithm, _, _) in CURVES {
        for value in ["null", "true", "1", "[]", r#"["P-256"]"#, "{}"] {
            let value: Value = serde_json::from_str(value).unwrap();
            for member in ["kty", "crv", "x", "y", "alg", "use", "kid", "issuer"] {
                let found = key_with(algorithm, member, value.clone());
                assert_eq!(found, Err(JwkError::MemberType { member }), "{value}");
            }
        }
        let found = key_with(algorithm, "key_ops", "verify");
        assert_eq!(found, Err(JwkError::MemberType { member: "key_ops" }));
    }
}

#[test]
fn member_that_is_missing_is_named() {
    for (algorithm, _, _) in CURVES {
        for member in ["kty", "crv", "x", "y"] {
            let jwk = TestKey::for_algorithm(algorithm).without_member(member).jwk();
            assert_eq!(of_jwk(&jwk), Err(JwkError::MemberMissing { member }));
        }
    }
}

#[test]
fn crv_is_p_256_or_p_384_byte_for_byte() {
    for crv in ["P-521", "secp256k1", "p-256", "P256", "P-256 ", "", "Ed25519", "prime256v1"] {
        for (algorithm, _, _) in CURVES {
            assert_eq!(key_with(algorithm, "crv", crv), Err(JwkError::Curve), "{crv}");
        }
    }
}

#[test]
fn alg_of_another_curve_or_type_of_key_is_refused() {
    for (algorithm, _, _) in CURVES {
        assert_eq!(key_with(algorithm, "alg", algorithm.name()).map(drop), Ok(()));
        for alg in [
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
            "Ed25519",
        ] {
            if alg != algorithm.name() {
                let found = key_with(algorithm, "alg", alg);
                assert_eq!(found, Err(JwkError::AlgorithmOfOtherKeyType), "{alg}");
            }
        }
        for alg in ["ES512", "ES256K", "ECDH-ES", "HS256", "es256", "none", ""] {
            let found = key_with(algorithm, "alg", alg);
            assert_eq!(found, Err(JwkError::AlgorithmNotAccepted), "{alg}");
        }
    }
}

#[test]
fn key_that_is_for_something_else_or_private_is_refused() {
    for (algorithm, _, _) in CURVES {
        assert_eq!(key_with(algorithm, "use", "enc"), Err(JwkError::NotForSignatures));
        let operations = vec!["deriveKey"];
        assert_eq!(key_with(algorithm, "key_ops", operations), Err(JwkError::NotForVerify));
        let operations = vec!["verify", "verify"];
        let found = key_with(algorithm, "key_ops", operations);
        assert_eq!(found, Err(JwkError::DuplicateKeyOperation));
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
            for value in [Value::from("AQAB"), Value::Null, Value::from(1)] {
                let found = key_with(algorithm, member, value);
                assert_eq!(found, Err(JwkError::PrivateKey { member }));
            }
        }
    }
}

#[test]
fn members_of_other_types_of_key_are_ignored() {
    for member in ["n", "e", "k", "x5c", "ext"] {
        assert_eq!(
            key_with(Algorithm::ES256, member, 1).map(|key| key.algorithm()),
            Ok(Algorithm::ES256)
        );
    }
}

#[test]
fn coordinate_is_a_number_with_any_zeros_in_front() {
    for (algorithm, crv, length) in CURVES {
        let jwk = jwk(algorithm);
        let (x, y) = (coordinate(&jwk, "x"), coordinate(&jwk, "y"));
        let key = of_point(crv, &x, &y);
        assert_eq!(key.as_ref().map(PublicKey::algorithm), Ok(algorithm));
        for zeros in [1, 2, length] {
            let longer = |number: &[u8]| [vec![0; zeros].as_slice(), number].concat();
            assert_eq!(of_point(crv, &longer(&x), &y), key, "{zeros}");
            assert_eq!(of_point(crv, &x, &longer(&y)), key, "{zeros}");
        }
    }
    // A point whose x has 31 bytes.
    let x = [vec![0x5b], vec![0; 29], vec![1]].concat();
    let y = hex("67531ff1f3b137fb09d9a0f71a9ddd58de1437646cf7c3e8abdb53eb7debf0f8");
    let key = of_point("P-256", &[&[0], x.as_slice()].concat(), &y);
    assert_eq!(key.as_ref().map(PublicKey::algorithm), Ok(Algorithm::ES256));
    assert_eq!(of_point("P-256", &x, &y), key);
    // All its bytes are needed.
    assert_eq!(of_point("P-256", &x[1..], &y), Err(JwkError::NotOnCurve));
    assert_eq!(of_point("P-256", &x[..30], &y), Err(JwkError::NotOnCurve));
}

#[test]
fn key_with_zeros_left_out_or_added_verifies_signatures_and_is_found_when_burnt() {
    for (algorithm, _, _) in CURVES {
        let key = TestKey::for_algorithm(algorithm);
        let longer = {
            let x = [&[0, 0], coordinate(&key.jwk(), "x").as_slice()].concat();
            URL_SAFE_NO_PAD.encode(x) + "="
        };
        let longer = longer.trim_end_matches('=').to_owned();
        let spelled = key.with_member("x", longer);
        let read = PublicKey::from_jwk(spelled.jwk().to_string().as_bytes()).unwrap();
        assert_eq!(read.verify(b"message", &key.sign(b"message")), Ok(()));
        for (public, private) in [(&key, &spelled), (&spelled, &key)] {
            let private = private.with_kid("private").with_member("d", "AQAB");
            let set = serde_json::json!({ "keys": [public.jwk(), private.jwk()] }).to_string();
            let set = JwkSet::from_json(set.as_bytes()).unwrap();
            assert_eq!((set.len(), set.skipped().len()), (0, 2));
        }
    }
}

#[test]
fn coordinate_longer_than_the_curve_or_empty_is_refused() {
    for (algorithm, crv, expected) in CURVES {
        let jwk = jwk(algorithm);
        let (x, y) = (coordinate(&jwk, "x"), coordinate(&jwk, "y"));
        for bytes in [0, expected + 1, 2 * expected, 2 * expected + 1] {
            for (member, x, y) in [
                ("x", x.iter().copied().cycle().take(bytes).collect(), y.clone()),
                ("y", x.clone(), y.iter().copied().cycle().take(bytes).collect()),
            ] {
                let error = JwkError::CoordinateLength { member, bytes, expected };
                assert_eq!(of_point(crv, &x, &y), Err(error));
            }
        }
        // Zeros in front are not counted.
        let longer = [&[0, 0, 1], x.as_slice()].concat();
        let error = JwkError::CoordinateLength { member: "x", bytes: expected + 1, expected };
        assert_eq!(of_point(crv, &longer, &y), Err(error));
        for bytes in [1, expected - 1] {
            assert_eq!(of_point(crv, &x[..bytes], &y), Err(JwkError::NotOnCurve));
        }
    }
}

#[test]
fn coordinate_may_be_padded_and_in_the_standard_alphabet() {
    for (algorithm, _, _) in CURVES {
        for member in ["x", "y"] {
            let jwk = jwk(algorithm);
            let key = of_jwk(&jwk);
            let text = jwk[member].as_str().unwrap();
            let padding = "=".repeat((4 - text.len() % 4) % 4);
            let standard = text.replace('-', "+").replace('_', "/");
            for spelled in [format!("{text}{padding}"), format!("{standard}{padding}"), standard] {
                assert_eq!(key_with(algorithm, member, spelled), key);
            }
            for spelled in [
                format!("{text}==="),
                format!("{text}{padding}="),
                format!("{text}\n"),
                format!("+_{}", &text[2..]),
            ] {
                let found = key_with(algorithm, member, spelled);
                assert_eq!(found, Err(JwkError::NotBase64url { member }));
            }
        }
    }
}

#[test]
fn point_that_is_not_on_its_curve_is_refused() {
    for (algorithm, crv, length) in CURVES {
        let jwk = jwk(algorithm);
        let (x, y) = (coordinate(&jwk, "x"), coordinate(&jwk, "y"));
        for bit in [0, 7, 8 * length - 8, 8 * length - 1] {
            let mut other = x.clone();
            other[bit / 8] ^= 0x80 >> (bit % 8);
            assert_eq!(of_point(crv, &other, &y), Err(JwkError::NotOnCurve), "x, bit {bit}");
            let mut other = y.clone();
            other[bit / 8] ^= 0x80 >> (bit % 8);
            assert_eq!(of_point(crv, &x, &other), Err(JwkError::NotOnCurve), "y, bit {bit}");
        }
        let (zero, ones) = (vec![0; length], vec![0xff; length]);
        // The point at infinity has no coordinates; some encode it as zeros.
        for (x, y) in
            [(&zero, &zero), (&zero, &y), (&x, &zero), (&ones, &ones), (&ones, &y), (&y, &x)]
        {
            assert_eq!(of_point(crv, x, y), Err(JwkError::NotOnCurve));
        }
    }
    // A point of the other curve, truncated to the right length.
    let p384 = jwk(Algorithm::ES384);
    let found = of_point("P-256", &coordinate(&p384, "x")[..32], &coordinate(&p384, "y")[..32]);
    assert_eq!(found, Err(JwkError::NotOnCurve));
}

#[test]
fn coordinate_plus_the_prime_is_refused() {
    // The same point modulo p, in the same length: P-256 has a point whose x is 5.
    // SEC 2 section 2.4.2: p = 2^256 - 2^224 + 2^192 + 2^96 - 1.
    let p = hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    let mut x = vec![0; 32];
    x[31] = 5;
    let y = hex("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
    assert_eq!(of_point("P-256", &x, &y).map(|key| key.algorithm()), Ok(Algorithm::ES256));
    let mut sum = p;
    let mut carry = 5;
    for byte in sum.iter_mut().rev() {
        let [high, low] = (u16::from(*byte) + carry).to_be_bytes();
        (*byte, carry) = (low, u16::from(high));
    }
    assert_eq!(carry, 0);
    assert_eq!(of_point("P-256", &sum, &y), Err(JwkError::NotOnCurve));
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

// Section 3.4: two signatures of one message, as the documentation of `Algorithm` says.

#[test]
fn ecdsa_has_a_second_signature_for_each_message_that_anyone_can_compute() {
    let n = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let key = TestKey::for_algorithm(Algorithm::ES256);
    let public = of_jwk(&key.jwk()).unwrap();
    let mut signature = key.sign(b"message");
    let mut borrow = 0;
    for (byte, order) in signature[32..].iter_mut().zip(n).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        [*byte, _] = difference.to_le_bytes();
    }
    assert_eq!(borrow, 0);
    assert_eq!(public.verify(b"message", &signature), Ok(()));
    assert_eq!(public.verify(b"another", &signature), Err(VerifyError::BadSignature));
}
