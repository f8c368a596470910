//! RFC 8037, RFC 8032 section 5.1: Ed25519 keys in JWKs and their signatures.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::{
    Algorithm, CompactJws, JwkError, JwkSet, PublicKey, VerifyError, testkit::TestKey,
};

/// Appendix A.2.
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// Appendix A.4.
const TOKEN: &str = concat!(
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
);

fn jwk(x: &str) -> Result<PublicKey, JwkError> {
    PublicKey::from_jwk(format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#).as_bytes())
}

fn of_octets(octets: &[u8]) -> Result<PublicKey, JwkError> {
    jwk(&URL_SAFE_NO_PAD.encode(octets))
}

/// The key of the test issuer with this member changed.
fn key_with(member: &str, value: &str) -> Result<PublicKey, JwkError> {
    let mut jwk = TestKey::for_algorithm(Algorithm::EdDSA).jwk();
    jwk[member] = serde_json::from_str(value).unwrap();
    PublicKey::from_jwk(jwk.to_string().as_bytes())
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

// Appendix A: the examples.

#[test]
fn example_of_appendix_a_4_is_verified() {
    let key = jwk(X).unwrap();
    assert_eq!(key.algorithm(), Algorithm::EdDSA);
    assert_eq!((key.key_id(), key.modulus_bits()), (None, 0));
    let payload = CompactJws::parse(TOKEN).unwrap().verify(&key).unwrap();
    assert_eq!(payload.as_bytes(), b"Example of Ed25519 signing");
    // The header is signed too: the same token with the other name in `alg` is refused.
    let renamed = format!("{}{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"Ed25519"}"#), &TOKEN[20..]);
    let verdict = CompactJws::parse(&renamed).unwrap().verify(&key).map(drop);
    assert_eq!(verdict, Err(VerifyError::BadSignature));
}

#[test]
fn private_key_of_appendix_a_1_is_burnt() {
    let private = format!(
        r#"{{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"{X}"}}"#
    );
    let error = JwkError::PrivateKey { member: "d" };
    assert_eq!(PublicKey::from_jwk(private.as_bytes()), Err(error));
    // It also burns its public key in the same set, whatever the `kid`.
    let public = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"other","x":"{X}"}}"#);
    let set = JwkSet::from_json(format!(r#"{{"keys":[{public},{private}]}}"#).as_bytes()).unwrap();
    assert!(set.is_empty());
    assert!(set.skipped().iter().all(|skipped| skipped.error() == error));
}

#[test]
fn keys_of_appendices_a_6_and_a_7_are_not_for_signatures() {
    for (curve, x) in [
        ("X25519", "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"),
        ("X448", "mwj3zDG34-Z9ItWuoSEHSic70rg94Jxj-qc9LCLF2bvINmRyQdlT1AxbEtqIEg1TF3-A5TLEH6A"),
    ] {
        let jwk = format!(r#"{{"kty":"OKP","crv":"{curve}","x":"{x}"}}"#);
        assert_eq!(PublicKey::from_jwk(jwk.as_bytes()), Err(JwkError::Curve));
    }
}

// Section 2: the members.

#[test]
fn member_of_the_wrong_type_is_refused() {
    for value in ["null", "true", "1", "[]", r#"["Ed25519"]"#, "{}"] {
        for member in ["kty", "crv", "x", "alg", "use", "kid", "issuer"] {
            assert_eq!(key_with(member, value), Err(JwkError::MemberType { member }), "{value}");
        }
    }
    assert_eq!(key_with("key_ops", r#""verify""#), Err(JwkError::MemberType { member: "key_ops" }));
}

#[test]
fn member_that_is_missing_is_named() {
    for member in ["kty", "crv", "x"] {
        let jwk = TestKey::for_algorithm(Algorithm::EdDSA).without_member(member).jwk();
        let found = PublicKey::from_jwk(jwk.to_string().as_bytes());
        assert_eq!(found, Err(JwkError::MemberMissing { member }));
    }
}

#[test]
fn crv_is_ed25519_byte_for_byte() {
    for crv in ["Ed448", "X25519", "ed25519", "Ed25519 ", "", "P-256", "EdDSA", "Ed25519\\u0000"] {
        assert_eq!(key_with("crv", &format!(r#""{crv}""#)), Err(JwkError::Curve), "{crv}");
    }
}

#[test]
fn alg_of_another_type_of_key_is_refused() {
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"] {
        let found = key_with("alg", &format!(r#""{alg}""#));
        assert_eq!(found, Err(JwkError::AlgorithmOfOtherKeyType), "{alg}");
    }
    for alg in ["HS256", "Ed448", "eddsa", "none", ""] {
        let found = key_with("alg", &format!(r#""{alg}""#));
        assert_eq!(found, Err(JwkError::AlgorithmNotAccepted), "{alg}");
    }
}

#[test]
fn key_that_is_for_something_else_or_private_is_refused() {
    assert_eq!(key_with("use", r#""enc""#), Err(JwkError::NotForSignatures));
    assert_eq!(key_with("key_ops", r#"["sign"]"#), Err(JwkError::NotForVerify));
    let twice = key_with("key_ops", r#"["verify","verify"]"#);
    assert_eq!(twice, Err(JwkError::DuplicateKeyOperation));
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        for value in [r#""AQAB""#, "null", "[]"] {
            assert_eq!(key_with(member, value), Err(JwkError::PrivateKey { member }), "{value}");
        }
    }
}

#[test]
fn members_of_other_types_of_key_are_ignored() {
    for member in ["n", "e", "y", "k", "x5c", "ext"] {
        assert_eq!(key_with(member, "1").map(|key| key.algorithm()), Ok(Algorithm::EdDSA));
    }
}

#[test]
fn x_is_exactly_32_bytes() {
    for length in [0, 1, 31, 33, 64, 256] {
        // It is no number: zeros count, even in front.
        for byte in [0, 9] {
            let error = JwkError::CoordinateLength { member: "x", bytes: length, expected: 32 };
            assert_eq!(of_octets(&vec![byte; length]), Err(error));
        }
    }
    // Padding and the standard alphabet leave no doubt about the octets.
    let standard = X.replace('-', "+").replace('_', "/");
    for x in [format!("{X}="), standard.clone(), format!("{standard}=")] {
        assert_eq!(jwk(&x), jwk(X), "{x}");
    }
    let mixed = format!("{}+{}", &X[..5], &X[6..]);
    for x in [format!("{X}=="), mixed, format!("{X} "), format!("{}p", &X[..42]), "A".into()] {
        assert_eq!(jwk(&x), Err(JwkError::NotBase64url { member: "x" }), "{x}");
    }
}

// RFC 8032 section 5.1.3: decoding.

#[test]
fn key_that_is_not_a_point_of_the_curve_is_refused() {
    // For example y = 2: (y^2 - 1) / (d y^2 + 1) is not a square.
    for y in [2_u8, 7, 8, 11] {
        for sign in [0, 0x80] {
            let mut octets = [0; 32];
            (octets[0], octets[31]) = (y, sign);
            assert_eq!(of_octets(&octets), Err(JwkError::NotOnCurve), "{y}");
        }
    }
    // For these the quotient is a square.
    for y in [3_u8, 4, 5, 6, 9] {
        let mut octets = [0; 32];
        octets[0] = y;
        assert_eq!(of_octets(&octets).map(drop), Ok(()), "{y}");
    }
}

#[test]
fn octets_are_a_point_exactly_if_python_finds_a_square_root() {
    // One digit for each number from 1 to 128. The octets are the SHA-256 of the number's four
    // bytes, with the top two bits cleared. 1 means that x^2 is a square, by Python's
    // `pow(x2, (p - 1) // 2, p)`.
    let points = concat!(
        "0010100010010000101100011110011101010000001111111001001000111000",
        "1111111000001000110101101101000010100011110101101000010000010111",
    );
    for (number, point) in (1_u32..).zip(points.chars()) {
        let digest = ring::digest::digest(&ring::digest::SHA256, &number.to_be_bytes());
        let mut octets = digest.as_ref().to_vec();
        octets[31] &= 0x3f;
        let expected = if point == '1' { Ok(()) } else { Err(JwkError::NotOnCurve) };
        assert_eq!(of_octets(&octets).map(drop), expected, "{number}");
    }
    assert_eq!(points.len(), 128);
}

#[test]
fn key_of_low_order_is_refused_in_every_encoding() {
    // The eight points whose order divides 8. Two have x = 0, so their sign bit may be set too.
    for hex in [
        "0000000000000000000000000000000000000000000000000000000000000000", // order 4
        "0000000000000000000000000000000000000000000000000000000000000080", // order 4
        "0100000000000000000000000000000000000000000000000000000000000000", // the neutral element
        "0100000000000000000000000000000000000000000000000000000000000080", // the same, as -0
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", // the same, as -0
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", // order 8
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", // order 8
    ] {
        assert_eq!(of_octets(&bytes(hex)), Err(JwkError::LowOrder), "{hex}");
    }
    // y = p and y = p + 1, which are 0 and 1 modulo p.
    for first in ["ed", "ee"] {
        for last in ["7f", "ff"] {
            let hex = format!("{first}{}{last}", "ff".repeat(30));
            assert_eq!(of_octets(&bytes(&hex)), Err(JwkError::NotCanonical), "{hex}");
        }
    }
}

#[test]
fn forgery_that_ring_accepts_under_a_key_of_low_order_finds_no_key() {
    // If A is the neutral element, S = 0 and R = A, then S B = R + k A holds for every message.
    let mut neutral = [0_u8; 32];
    neutral[0] = 1;
    let mut signature = [0_u8; 64];
    signature[0] = 1;
    let ring_key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, neutral);
    assert!(
        ring_key.verify(b"any message", &signature).is_ok(),
        "the check is not needed any more"
    );
    assert_eq!(of_octets(&neutral), Err(JwkError::LowOrder));
}

#[test]
fn y_that_is_not_below_p_is_refused() {
    // p = 2^255 - 19, so 19 numbers of 255 bits are not below p.
    for first in 0xed..=0xff_u8 {
        for last in [0x7f, 0xff] {
            let mut octets = [0xff; 32];
            (octets[0], octets[31]) = (first, last);
            assert_eq!(of_octets(&octets), Err(JwkError::NotCanonical), "{first:x}");
        }
    }
    // The greatest two below p that are not of low order: p - 2 is not a point, p - 3 is one.
    for (first, expected) in [(0xeb, Err(JwkError::NotOnCurve)), (0xea, Ok(()))] {
        let mut octets = [0xff; 32];
        (octets[0], octets[31]) = (first, 0x7f);
        assert_eq!(of_octets(&octets).map(drop), expected, "{first:x}");
    }
}

#[test]
fn public_keys_of_rfc_8032_are_points() {
    // Section 7.1, tests 1 to 3 and 1024.
    for hex in [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
    ] {
        assert_eq!(of_octets(&bytes(hex)).map(|key| key.algorithm()), Ok(Algorithm::EdDSA));
    }
}

// RFC 8032 section 5.1.7: verification.

#[test]
fn signature_whose_s_is_not_below_the_order_is_refused() {
    // S + L is the same number modulo L, and would be a second signature of one message.
    let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let key = TestKey::for_algorithm(Algorithm::EdDSA);
    let public = PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap();
    let mut signature = key.sign(b"message");
    assert_eq!(public.verify(b"message", &signature), Ok(()));
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert_eq!(public.verify(b"message", &signature), Err(VerifyError::BadSignature));
}
