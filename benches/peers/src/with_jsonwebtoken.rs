//! jsonwebtoken 12 on aws-lc and on RustCrypto.

use std::{cell::Cell, collections::HashMap};

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils, aws_lc, rust_crypto},
    decode, decode_header,
    errors::{Error, ErrorKind},
    jwk::JwkSet,
};
use serde::Deserialize;
use tokenring::testkit::{AUDIENCE, Issuer};

use crate::{
    peer::{Peer, Refusal},
    samples::LEEWAY,
};

/// Keys and policy, made once.
pub struct Jsonwebtoken {
    backend: Backend,
    /// By `kid`. Each key has its own policy, whose algorithms must be of one family.
    keys: HashMap<String, (DecodingKey, Validation)>,
}

/// The provider of the cryptography.
#[derive(Clone, Copy)]
pub enum Backend {
    AwsLc,
    RustCrypto,
}

impl Jsonwebtoken {
    /// With the keys that `issuer` publishes.
    pub fn new(issuer: &Issuer, backend: Backend) -> Self {
        // This fails harmlessly if it was done before.
        let _ = EITHER.install_default();
        let JwkSet { keys } = serde_json::from_str(&issuer.jwks()).unwrap();
        let keys = keys.iter().map(|jwk| {
            let kid = jwk.common.key_id.clone().unwrap();
            let name = jwk.common.key_algorithm.unwrap().to_string();
            let mut validation = Validation::new(name.parse().unwrap());
            validation.set_required_spec_claims(&["iss", "aud", "exp", "nbf"]);
            validation.set_issuer(&[issuer.url()]);
            validation.set_audience(&[AUDIENCE]);
            validation.validate_nbf = true;
            validation.leeway = LEEWAY.as_secs();
            (kid, (DecodingKey::from_jwk(jwk).unwrap(), validation))
        });
        Self { backend, keys: keys.collect() }
    }
}

impl Peer for Jsonwebtoken {
    fn library(&self) -> &'static str {
        match self.backend {
            Backend::AwsLc => "jsonwebtoken (aws-lc)",
            Backend::RustCrypto => "jsonwebtoken (rust_crypto)",
        }
    }

    fn subject(&self, token: &str) -> Result<String, Refusal> {
        BACKEND.set(self.backend);
        let kid = decode_header(token).map_err(refusal)?.kid.ok_or(Refusal::UnknownKey)?;
        let (key, validation) = self.keys.get(&kid).ok_or(Refusal::UnknownKey)?;
        let token = decode::<Claims>(token, key, validation).map_err(refusal)?;
        Ok(token.claims.sub)
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

fn refusal(error: Error) -> Refusal {
    match error.kind() {
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) => Refusal::Malformed,
        ErrorKind::InvalidAlgorithm => Refusal::Algorithm,
        ErrorKind::InvalidSignature => Refusal::BadSignature,
        ErrorKind::MissingRequiredClaim(_) => Refusal::ClaimMissing,
        ErrorKind::InvalidIssuer => Refusal::WrongIssuer,
        ErrorKind::InvalidAudience => Refusal::WrongAudience,
        ErrorKind::ExpiredSignature => Refusal::Expired,
        ErrorKind::ImmatureSignature => Refusal::NotYetValid,
        _ => Refusal::Other,
    }
}

thread_local! {
    /// The backend that [`EITHER`] calls.
    static BACKEND: Cell<Backend> = const { Cell::new(Backend::AwsLc) };
}

/// A process has only one provider. So that both can take turns, this one forwards each call to the
/// current backend, for the price of a thread-local byte and a call through a pointer: about two
/// nanoseconds.
static EITHER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| unreachable!("nothing is signed"),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let provider = match BACKEND.get() {
        Backend::AwsLc => &aws_lc::DEFAULT_PROVIDER,
        Backend::RustCrypto => &rust_crypto::DEFAULT_PROVIDER,
    };
    (provider.verifier_factory)(algorithm, key)
}
