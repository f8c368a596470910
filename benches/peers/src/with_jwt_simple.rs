//! jwt-simple, on BoringSSL or in pure Rust, depending on the build.

use std::collections::{HashMap, HashSet};

use jwt_simple::{
    Error, JWTError,
    prelude::{
        Duration, ECDSAP256PublicKeyLike as _, ECDSAP384PublicKeyLike as _, ES256PublicKey,
        ES384PublicKey, Ed25519PublicKey, EdDSAPublicKeyLike as _, JWTClaims, NoCustomClaims,
        PS256PublicKey, RS256PublicKey, RSAPublicKeyLike as _, Token, VerificationOptions,
    },
};
use tokenring::{
    Algorithm,
    testkit::{AUDIENCE, Issuer, TestKey},
};

use crate::{
    peer::{Peer, Refusal},
    samples::LEEWAY,
};

pub(crate) struct JwtSimple {
    keys: HashMap<String, Key>,
    options: VerificationOptions,
}

impl JwtSimple {
    pub(crate) fn new(issuer: &Issuer) -> Self {
        let keys = issuer.keys().iter().map(|key| (key.kid().to_owned(), Key::new(key)));
        let options = VerificationOptions {
            allowed_issuers: Some(HashSet::from([issuer.url().to_owned()])),
            allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
            time_tolerance: Some(Duration::from_secs(LEEWAY.as_secs())),
            ..VerificationOptions::default()
        };
        Self { keys: keys.collect(), options }
    }
}

/// A key. jwt-simple has a type for each algorithm.
enum Key {
    Rs256(RS256PublicKey),
    Ps256(PS256PublicKey),
    Es256(ES256PublicKey),
    Es384(ES384PublicKey),
    Ed25519(Ed25519PublicKey),
}

impl Key {
    fn new(key: &TestKey) -> Self {
        let jwk = key.jwk().to_string();
        match key.algorithm() {
            Algorithm::RS256 => Self::Rs256(RS256PublicKey::from_jwk(&jwk).unwrap()),
            Algorithm::PS256 => Self::Ps256(PS256PublicKey::from_jwk(&jwk).unwrap()),
            Algorithm::ES256 => Self::Es256(ES256PublicKey::from_jwk(&jwk).unwrap()),
            Algorithm::ES384 => Self::Es384(ES384PublicKey::from_jwk(&jwk).unwrap()),
            Algorithm::EdDSA => Self::Ed25519(Ed25519PublicKey::from_jwk(&jwk).unwrap()),
            other => panic!("{other:?} is not measured"),
        }
    }

    fn verify_token(
        &self,
        token: &str,
        options: Option<VerificationOptions>,
    ) -> Result<JWTClaims<NoCustomClaims>, Error> {
        match self {
            Self::Rs256(key) => key.verify_token(token, options),
            Self::Ps256(key) => key.verify_token(token, options),
            Self::Es256(key) => key.verify_token(token, options),
            Self::Es384(key) => key.verify_token(token, options),
            Self::Ed25519(key) => key.verify_token(token, options),
        }
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
        // jwt-simple takes its options by value.
        let options = Some(self.options.clone());
        let claims = key.verify_token(token, options).map_err(refusal)?;
        // jwt-simple checks these claims if they are present, but cannot require them.
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
        // Not one of jwt-simple's own errors: base64 or JSON.
        None => Refusal::Malformed,
    }
}
