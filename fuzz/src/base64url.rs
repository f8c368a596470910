//! Any text as a segment of a token, compared with a decoder that works bit by bit. RFC 7515
//! section 2.

use std::sync::LazyLock;

use tokenring::{
    Algorithm, CompactJws, PublicKey, VerifyError,
    testkit::{ISSUER, Issuer},
};
use tokenring_oracle::tokens;

use crate::{NOW, refused};

/// As the payload of a signed token, a text is refused or decodes to the same bytes as with a
/// bit-by-bit decoder. As a signature, it is refused for the same reason.
pub fn base64url_decode(text: &str) -> bool {
    let bytes = tokens::base64url(text);
    let builder = || ISSUED.token_at(NOW);

    let token = builder().payload_segment(text).mint();
    let expected = tokens::compact(&token)
        .and_then(|_| bytes.clone().ok_or(VerifyError::NotBase64url { segment: "payload" }));
    match (payload(&token), expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
        (Err(found), Err(expected)) => {
            refused(found, expected);
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }

    let signed = builder().payload_segment("e30").mint();
    let (front, signature) = signed.rsplit_once('.').expect("two periods");
    let token = format!("{front}.{text}");
    let expected = tokens::compact(&token).and_then(|_| match &bytes {
        // Longer than any signature, so it is not decoded.
        _ if text.len() * 6 / 8 > 1024 => Err(VerifyError::BadSignature),
        None => Err(VerifyError::NotBase64url { segment: "signature" }),
        // The only text that decodes to these bytes.
        Some(_) if text == signature => Ok(b"{}".to_vec()),
        Some(_) => Err(VerifyError::BadSignature),
    });
    match (payload(&token), expected) {
        (Err(found), Err(expected)) => {
            refused(found, expected);
        }
        (found, expected) => assert_eq!(found, expected),
    }
    bytes.is_some()
}

fn payload(token: &str) -> Result<Vec<u8>, VerifyError> {
    let payload = CompactJws::parse(token)?.verify(&KEY)?;
    Ok(payload.as_bytes().to_vec())
}

static ISSUED: LazyLock<Issuer> = LazyLock::new(|| Issuer::for_algorithm(ISSUER, Algorithm::EdDSA));

static KEY: LazyLock<PublicKey> = LazyLock::new(|| {
    let [key] = ISSUED.keys() else { panic!("an issuer with one key") };
    PublicKey::from_jwk(key.jwk().to_string().as_bytes()).expect("a key")
});
