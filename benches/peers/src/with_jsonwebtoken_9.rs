//! jsonwebtoken 9, the last version on ring.

use std::collections::HashMap;

use jsonwebtoken_9::{
    DecodingKey, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
    jwk::JwkSet,
};
use serde::Deserialize;
use tokenring::testkit::{AUDIENCE, Issuer};

use crate::{
    peer::{Peer, Refusal},
    samples::LEEWAY,
};

pub(crate) struct Jsonwebtoken9 {
    /// By `kid`. Each key has its own policy, whose algorithms must be of one family.
    keys: HashMap<String, (DecodingKey, Validation)>,
}

impl Jsonwebtoken9 {
    pub(crate) fn new(issuer: &Issuer) -> Self {
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
        Self { keys: keys.collect() }
    }
}

impl Peer for Jsonwebtoken9 {
    fn library(&self) -> &'static str {
        "jsonwebtoken (ring)"
    }

    fn subject(&self, token: &str) -> Result<String, Refusal> {
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
