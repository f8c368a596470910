//! RFC 7520 sections 3 and 4: the cookbook's keys and signatures, copied from the RFC. Those of
//! supported algorithms are verified, the others are refused with the right error.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::{Algorithm, CompactJws, JwkError, PublicKey, VerifyError};

/// Section 3.3, `n`.
const MODULUS: &str = concat!(
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_",
    "AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpP",
    "e7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg",
    "_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw",
);

/// Figure 8.
const PAYLOAD: &str = concat!(
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAg",
    "b250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dp",
    "bmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4",
);

/// Section 4.1.
const RS256_SIGNATURE: &str = concat!(
    "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83",
    "xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJ",
    "Dt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12",
    "podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
);

/// Section 4.2.
const PS384_SIGNATURE: &str = concat!(
    "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6",
    "O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqi",
    "VJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_",
    "jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
);

/// `{"alg":"RS256","kid":"bilbo.baggins@hobbiton.example"}`, or the same with another `alg`.
fn header(alg: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","kid":"bilbo.baggins@hobbiton.example"}}"#))
}

/// The key of section 3.3 with an additional `alg`.
fn key(alg: &str) -> PublicKey {
    let jwk = format!(
        r#"{{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"{MODULUS}","e":"AQAB","alg":"{alg}"}}"#
    );
    PublicKey::from_jwk(jwk.as_bytes()).unwrap()
}

fn outcome(alg: &str, signature: &str, key: &PublicKey) -> Result<Vec<u8>, VerifyError> {
    let token = format!("{}.{PAYLOAD}.{signature}", header(alg));
    CompactJws::parse(&token)?.verify(key).map(|payload| payload.as_bytes().to_vec())
}

#[test]
fn rsa_signatures_of_sections_4_1_and_4_2_are_verified() {
    assert_eq!(
        header("RS256"),
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9"
    );
    let payload = URL_SAFE_NO_PAD.decode(PAYLOAD).unwrap();
    for (alg, signature, other_alg, other) in [
        ("RS256", RS256_SIGNATURE, "RS512", PS384_SIGNATURE),
        ("PS384", PS384_SIGNATURE, "PS256", RS256_SIGNATURE),
    ] {
        assert_eq!(outcome(alg, signature, &key(alg)), Ok(payload.clone()), "{alg}");
        assert_eq!(outcome(alg, other, &key(alg)), Err(VerifyError::BadSignature), "{alg}");
        // The header is signed too.
        let found = outcome(other_alg, signature, &key(other_alg));
        assert_eq!(found, Err(VerifyError::BadSignature), "{alg} called {other_alg}");
        let found = outcome(alg, signature, &key(other_alg));
        assert_eq!(found, Err(VerifyError::AlgorithmNotAccepted), "{alg} with a {other_alg} key");
    }
}

#[test]
fn key_of_section_3_3_without_alg_is_for_rs256() {
    let jwk = format!(r#"{{"kty":"RSA","use":"sig","n":"{MODULUS}","e":"AQAB"}}"#);
    let key = PublicKey::from_jwk(jwk.as_bytes()).unwrap();
    assert_eq!(key.algorithm(), Algorithm::RS256);
    assert_eq!(outcome("RS256", RS256_SIGNATURE, &key).map(drop), Ok(()));
}

#[test]
fn algorithms_of_sections_4_3_and_4_4_are_not_accepted() {
    for alg in ["ES512", "HS256"] {
        let token = format!("{}.{PAYLOAD}.AA", header(alg));
        let error = CompactJws::parse(&token).map(drop);
        assert_eq!(error, Err(VerifyError::AlgorithmNotAccepted), "{alg}");
    }
}

#[test]
fn keys_of_sections_3_1_and_3_5_are_of_other_types() {
    // Section 3.1, a P-521 key, and section 3.5, a secret.
    let p521 = r#"{
        "kty": "EC", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "crv": "P-521",
        "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
        "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"
    }"#;
    assert_eq!(PublicKey::from_jwk(p521.as_bytes()), Err(JwkError::Curve));
    let secret = r#"{
        "kty": "oct", "kid": "018c0ae5-4d9b-471b-bfd6-eef314bc7037", "use": "sig", "alg": "HS256",
        "k": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"
    }"#;
    assert_eq!(PublicKey::from_jwk(secret.as_bytes()), Err(JwkError::SharedSecret));
}
