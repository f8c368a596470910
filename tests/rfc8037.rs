//! CFRG Elliptic Curve Diffie-Hellman (ECDH) and Signatures in JOSE: the examples of appendix A.
//! RFC 8037.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may"
)]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::{Algorithm, CompactJws, JwkError, PublicKey, VerifyError};

/// Appendix A.1.
const PRIVATE: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// Appendix A.2.
const PUBLIC: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// Appendix A.6, Bob's key.
const X25519: &str =
    r#"{"kty":"OKP","crv":"X25519","kid":"Bob","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}"#;

/// Appendix A.4: `{"alg":"EdDSA"}`, the payload and the signature.
const HEADER: &str = "eyJhbGciOiJFZERTQSJ9";
const PAYLOAD: &str = "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
const SIGNATURE: &str =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn key() -> PublicKey {
    PublicKey::from_jwk(PUBLIC.as_bytes()).unwrap()
}

fn payload_of(jws: &str) -> Result<Vec<u8>, VerifyError> {
    Ok(CompactJws::parse(jws)?.verify(&key())?.as_bytes().to_vec())
}

#[test]
fn example_of_appendix_a_4_is_verified() {
    let jws = format!("{HEADER}.{PAYLOAD}.{SIGNATURE}");
    let parsed = CompactJws::parse(&jws).unwrap();
    assert_eq!(parsed.header().algorithm(), Algorithm::EdDSA);
    assert_eq!((parsed.header().key_id(), parsed.header().token_type()), (None, None));
    assert_eq!(parsed.segments(), [HEADER, PAYLOAD, SIGNATURE]);
    assert_eq!(payload_of(&jws).unwrap(), b"Example of Ed25519 signing");
}

/// RFC 9864 section 2.2 gives the algorithm another name, and that is signed too.
#[test]
fn example_under_the_newer_name_of_its_algorithm_is_another_message() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"Ed25519"}"#);
    let outcome = payload_of(&format!("{header}.{PAYLOAD}.{SIGNATURE}"));
    assert_eq!(outcome, Err(VerifyError::BadSignature));
}

#[test]
fn example_with_a_bit_of_any_byte_changed_is_refused() {
    let message = format!("{HEADER}.{PAYLOAD}").into_bytes();
    let signature = URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
    assert_eq!(key().verify(&message, &signature), Ok(()));
    for byte in 0..message.len() {
        let mut changed = message.clone();
        changed[byte] ^= 1 << (byte % 8);
        assert_eq!(key().verify(&changed, &signature), Err(VerifyError::BadSignature), "{byte}");
    }
    for byte in 0..signature.len() {
        let mut changed = signature.clone();
        changed[byte] ^= 1 << (byte % 8);
        assert_eq!(key().verify(&message, &changed), Err(VerifyError::BadSignature), "{byte}");
    }
}

#[test]
fn key_of_appendix_a_1_is_refused_for_its_private_member() {
    let outcome = PublicKey::from_jwk(PRIVATE.as_bytes());
    assert_eq!(outcome, Err(JwkError::PrivateKey { member: "d" }));
}

#[test]
fn key_for_key_agreement_is_refused() {
    assert_eq!(PublicKey::from_jwk(X25519.as_bytes()), Err(JwkError::Curve));
}
