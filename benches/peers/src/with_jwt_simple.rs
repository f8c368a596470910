//! jwt-simple, on BoringSSL or in Rust alone, as it was built.

use std::collections::{HashMap, HashSet};

use jwt_simple::{
    Error, JWTError,
    prelude::{
        Duration, NoCustomClaims, RS256PublicKey, RSAPublicKeyLike, Token, VerificationOptions,
    },
};
use tokenring::testkit::{AUDIENCE, Issuer};

use crate::{
    peer::{Peer, Refusal},
    samples::LEEWAY,
};

pub(crate) struct JwtSimple {
    keys: HashMap<String, RS256PublicKey>,
    options: VerificationOptions,
}

impl JwtSimple {
    pub(crate) fn new(issuer: &Issuer) -> Self {
        let keys = issuer.keys().iter().map(|key| {
            let public_key = RS256PublicKey::from_jwk(&key.jwk().to_string()).unwrap();
            (key.kid().to_owned(), public_key)
        });
        let options = VerificationOptions {
            allowed_issuers: Some(HashSet::from([issuer.url().to_owned()])),
            allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
            time_tolerance: Some(Duration::from_secs(LEEWAY.as_secs())),
            ..VerificationOptions::default()
        };
        Self { keys: keys.collect(), options }
    }
}

impl Peer for JwtSimple {
    fn library(&self) -> &'static str {
        if cfg!(feature = "boring") { "jwt-simple (BoringSSL)" } else { "jwt-simple (pure Rust)" }
    }

    fn subject(&self, token: &str) -> Result<String, Refusal> {
        let metadata = Token::decode_metadata(token).map_err(refusal)?;
        let kid = metadata.key_id().ok_or(Refusal::UnknownKey)?;
        let key = self.keys.get(kid).ok_or(Refusal::UnknownKey)?;
        // It takes its options by value.
        let options = Some(self.options.clone());
        let claims = key.verify_token::<NoCustomClaims>(token, options).map_err(refusal)?;
        // It compares these where they are, and cannot demand them.
        if claims.expires_at.is_none() || claims.invalid_before.is_none() {
            return Err(Refusal::ClaimMissing);
        }
        claims.subject.ok_or(Refusal::ClaimMissing)
    }
}

fn refusal(error: Error) -> Refusal {
    match error.downcast_ref() {
        Some(JWTError::CompactEncodingError) => Refusal::Malformed,
        Some(JWTError::AlgorithmMismatch) => Refusal::Algorithm,
        Some(JWTError::InvalidSignature) => Refusal::BadSignature,
        Some(JWTError::RequiredIssuerMissing | JWTError::RequiredAudienceMissing) => {
            Refusal::ClaimMissing
        }
        Some(JWTError::RequiredIssuerMismatch) => Refusal::WrongIssuer,
        Some(JWTError::RequiredAudienceMismatch) => Refusal::WrongAudience,
        Some(JWTError::TokenHasExpired) => Refusal::Expired,
        Some(JWTError::TokenNotValidYet) => Refusal::NotYetValid,
        Some(_) => Refusal::Other,
        // Not an error of its own: base64 or JSON.
        None => Refusal::Malformed,
    }
}
