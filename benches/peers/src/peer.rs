//! One library doing the whole of a service's work for one token.

use tokenring::testkit::Issuer;

use crate::{
    with_jsonwebtoken::{Backend, Jsonwebtoken},
    with_jsonwebtoken_9::Jsonwebtoken9,
    with_jwt_simple::JwtSimple,
    with_tokenring::Tokenring,
};

/// A library, set up before the clock runs: keys parsed, policy stated.
pub trait Peer: Sync {
    /// Its name in the results.
    fn library(&self) -> &'static str;

    /// From the text of a token to who it is about: reads the header, finds the key that `kid`
    /// names, verifies the signature, and demands `iss`, `aud`, `exp` and `nbf`.
    fn subject(&self, token: &str) -> Result<String, Refusal>;
}

/// Why a token is refused, as far as all the libraries can tell.
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

/// All of them, with the keys of `issuer`.
pub fn peers(issuer: &Issuer) -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(Tokenring::new(issuer)),
        Box::new(Tokenring::with_token_cache(issuer)),
        Box::new(Jsonwebtoken::new(issuer, Backend::AwsLc)),
        Box::new(Jsonwebtoken::new(issuer, Backend::RustCrypto)),
        Box::new(Jsonwebtoken9::new(issuer)),
        Box::new(JwtSimple::new(issuer)),
    ]
}
