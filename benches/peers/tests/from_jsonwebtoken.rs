//! The page `from_jsonwebtoken` of the guide: its code with `jsonwebtoken` compiles, and its way from HS256 works.

use std::error::Error;

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, crypto::rust_crypto, decode,
    decode_header, encode, errors::ErrorKind, jwk::JwkSet,
};
use serde::{Deserialize, Serialize};
use tokenring::{Policy, PublicKey, UnixTime, Verifier, VerifyError, testkit::Issuer};

const PAGE: &str = include_str!("../../../src/guide/from_jsonwebtoken.md");
const ISSUER: &str = "https://login.example.com/";
const AUDIENCE: &str = "https://api.example.com/";

/// Made with the commands of the page.
const PRIVATE_PEM: &[u8] = b"-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIORyRoEG3JtBlS3z2KHchXGuR+JQeOkccnArqB9/Ihi6
-----END PRIVATE KEY-----
";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAZCQb9UXvvU6uSyDEENT+VLJyGFtrI2ob7QTe9vbldUc=
-----END PUBLIC KEY-----
";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: u64,
}

fn claims() -> Claims {
    let exp = UnixTime::now().as_secs() + 60;
    Claims { iss: ISSUER.into(), aud: AUDIENCE.into(), sub: "ada".into(), exp }
}

#[rustfmt::skip] // as on the page
fn before(token: &str, jwks: &JwkSet) -> Result<Claims, Box<dyn Error>> {
let header = decode_header(token)?;
let jwk = jwks.find(&header.kid.ok_or("no kid")?).ok_or("unknown kid")?;
let mut validation = Validation::new(Algorithm::RS256);
validation.set_issuer(&["https://login.example.com/"]);
validation.set_audience(&["https://api.example.com/"]);
validation.set_required_spec_claims(&["exp", "iss", "aud"]);
let claims = decode::<Claims>(token, &DecodingKey::from_jwk(jwk)?, &validation)?.claims;
    Ok(claims)
}

#[rustfmt::skip] // as on the page
fn sign(claims: &Claims, private_pem: &[u8]) -> Result<String, Box<dyn Error>> {
// Before: encode(&Header::default(), &claims, &EncodingKey::from_secret(secret)?)?
let mut header = Header::new(Algorithm::EdDSA);
header.kid = Some("2026-11".into());
let token = encode(&header, &claims, &EncodingKey::from_ed_pem(private_pem)?)?;
    Ok(token)
}

#[test]
fn code_on_the_page_is_that_of_this_file() {
    let file = include_str!("from_jsonwebtoken.rs");
    for function in ["fn before(", "fn sign("] {
        let body = file.rsplit(&format!("\n{function}")).next().unwrap();
        let body = body.split_once("{\n").unwrap().1.split("\n    Ok(").next().unwrap();
        assert!(body.lines().count() > 3, "{body}");
        assert!(PAGE.contains(&format!("```rust,ignore\n{body}\n```\n")), "{body}");
    }
}

#[test]
fn code_before_the_move_accepts_the_same_token() {
    let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
    let issuer = Issuer::new(ISSUER);
    let jwks = serde_json::from_str(&issuer.jwks()).unwrap();
    let token = issuer.token().audience(AUDIENCE).subject("ada").mint();
    assert_eq!(before(&token, &jwks).unwrap().sub, "ada");
}

#[test]
fn service_that_signed_with_hs256_moves_to_a_key_pair() {
    let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
    let key = PublicKey::from_pem(PUBLIC_PEM, tokenring::Algorithm::EdDSA).unwrap();
    let policy = Policy::new(ISSUER, AUDIENCE).algorithms([tokenring::Algorithm::EdDSA]);
    let named = Verifier::new(policy.clone(), key.clone().with_key_id("2026-11")).unwrap();
    let claims = claims();
    let token = sign(&claims, PRIVATE_PEM).unwrap();
    assert_eq!(named.verify(&token).unwrap().claims::<Claims>().unwrap(), claims);

    // The `kid` of the tokens has to be that of the key.
    let unnamed = Verifier::new(policy.clone(), key.clone()).unwrap();
    assert_eq!(unnamed.verify(&token).unwrap_err(), VerifyError::UnknownKey);

    // Until the last old token has expired, the old check gets what the new one refuses by its algorithm.
    let secret = b"an old secret";
    let old = encode(&Header::default(), &claims, &EncodingKey::from_secret(secret).unwrap());
    let old = old.unwrap();
    assert_eq!(named.verify(&old).unwrap_err(), VerifyError::AlgorithmNotAccepted);
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[AUDIENCE]);
    let secret = DecodingKey::from_secret(secret).unwrap();
    assert_eq!(decode::<Claims>(&old, &secret, &validation).unwrap().claims, claims);
    // The public key is no secret of the old check.
    let forged = encode(
        &Header::default(),
        &claims,
        &EncodingKey::from_secret(PUBLIC_PEM.as_bytes()).unwrap(),
    );
    let error = decode::<Claims>(forged.unwrap(), &secret, &validation).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidSignature), "{error}");
}
