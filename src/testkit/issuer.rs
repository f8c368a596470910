//! A test issuer: keys under a URL, and their JWK Set. RFC 7517 section 5.

use alloc::{
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use serde_json::{Value, json};

use crate::{
    Algorithm, UnixTime,
    testkit::{ISSUER, TestKey, TokenBuilder, fixed_keys},
};

/// An issuer for tests: keys published under a URL, and tokens signed with them.
///
/// Cloning is cheap: clones share the keys.
///
/// ```
/// use tokenring::{JwkSet, Policy, UnixTime, Verifier, VerifyError};
/// use tokenring::testkit::{AUDIENCE, ISSUER, Issuer};
///
/// let issuer = Issuer::default();
/// let keys = JwkSet::from_json(issuer.jwks().as_bytes())?;
/// let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys)?;
///
/// let now = UnixTime::from_secs(1_780_000_000);
/// let token = issuer.token_at(now).scope("write:messages").mint();
/// assert!(verifier.verify_at(&token, now)?.has_scope("write:messages"));
/// let token = issuer.token_at(now).without_claim("exp").mint();
/// assert_eq!(verifier.verify_at(&token, now).unwrap_err(), VerifyError::ClaimMissing { claim: "exp" });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Issuer {
    url: String,
    keys: Vec<TestKey>,
}

impl Issuer {
    /// An issuer with the three fixed RSA-2048 keys, which signs with the first. `url` becomes
    /// `iss` exactly as given: mind the trailing slash, which Auth0 has.
    pub fn new(url: impl Into<String>) -> Self {
        Self::with_keys(url, fixed_keys::published())
    }

    /// An issuer with one key, [`TestKey::for_algorithm`], which signs with it.
    pub fn for_algorithm(url: impl Into<String>, algorithm: Algorithm) -> Self {
        Self::with_keys(url, vec![TestKey::for_algorithm(algorithm)])
    }

    /// An issuer that publishes `keys` and signs with the first. Two keys may have the same `kid`.
    /// `keys` may be empty, but then the issuer has no tokens.
    pub fn with_keys(url: impl Into<String>, keys: Vec<TestKey>) -> Self {
        Self { url: url.into(), keys }
    }

    /// The issuer's URL, as in `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The published keys; the first one signs.
    pub fn keys(&self) -> &[TestKey] {
        &self.keys
    }

    /// The first published key called `kid`.
    pub fn key(&self, kid: &str) -> Option<&TestKey> {
        self.keys.iter().find(|key| key.kid() == kid)
    }

    /// The JWK Set of the published keys, in their order, as JSON text. RFC 7517 section 5.
    pub fn jwks(&self) -> String {
        let keys: Vec<Value> = self.keys.iter().map(TestKey::jwk).collect();
        json!({ "keys": keys }).to_string()
    }

    /// A builder of an access token issued at `now` and valid for a day. Change it, then mint it.
    ///
    /// # Panics
    ///
    /// If the issuer has no key.
    pub fn token_at(&self, now: UnixTime) -> TokenBuilder {
        let key = self.keys.first().expect("an issuer needs a key to sign with");
        TokenBuilder::new(&self.url, key, now)
    }

    /// A builder of an ID token for the client `client_id`, issued at `now` and valid for ten hours.
    /// Change it, then mint it: `nonce`, for example, is a [`claim`](TokenBuilder::claim).
    ///
    /// # Panics
    ///
    /// If the issuer has no key.
    pub fn id_token_at(&self, client_id: &str, now: UnixTime) -> TokenBuilder {
        let key = self.keys.first().expect("an issuer needs a key to sign with");
        TokenBuilder::for_login(&self.url, client_id, key, now)
    }

    /// A builder as from [`Issuer::token_at`], at the time of the system clock.
    ///
    /// # Panics
    ///
    /// If the issuer has no key.
    #[cfg(feature = "std")]
    pub fn token(&self) -> TokenBuilder {
        self.token_at(UnixTime::now())
    }
}

/// The issuer at [`ISSUER`].
impl Default for Issuer {
    fn default() -> Self {
        Self::new(ISSUER)
    }
}
