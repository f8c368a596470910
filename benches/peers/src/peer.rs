//! One library that does all of a service's work for a token.

use tokenring::testkit::Issuer;

use crate::{
    with_jsonwebtoken::{Backend, Jsonwebtoken},
    with_jsonwebtoken_9::Jsonwebtoken9,
    with_jwt_simple::JwtSimple,
    with_tokenring::Tokenring,
};

/// A library that is set up before the timing: its keys are parsed and its policy is built.
pub trait Peer: Sync {
    /// Its name in the results.
    fn library(&self) -> &'static str;

    /// The subject of a token: reads the header, finds the key that `kid` names, verifies the
    /// signature, and requires `iss`, `aud`, `exp` and `nbf`.
    fn subject(&self, token: &str) -> Result<String, Refusal>;
}

/// The reason for a refusal, as precisely as all the libraries can report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Malformed,
    Algorithm,
    UnknownKey,
    BadSignature,
    ClaimMissing,
    WrongIssuer,
    WrongAudience,
    Expired,
    NotYetValid,
    Other,
}

/// All libraries, in the order of the tables, with the keys of `issuer`.
pub fn peers(issuer: &Issuer) -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(Tokenring::new(issuer)),
        Box::new(Tokenring::with_token_cache(issuer)),
        Box::new(JwtSimple::new(issuer)),
        Box::new(Jsonwebtoken::new(issuer, Backend::AwsLc)),
        Box::new(Jsonwebtoken9::new(issuer)),
        Box::new(Jsonwebtoken::new(issuer, Backend::RustCrypto)),
    ]
}
