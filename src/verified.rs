//! An accepted token: claims by name, scopes, typed access. RFC 7519 section 4.1, RFC 9068
//! section 2.2.

use alloc::sync::Arc;
use core::fmt;

use serde::de::DeserializeOwned;

use crate::{Algorithm, ClaimsError, UnixTime, claims::ClaimsSet};

/// A token that its policy has accepted. Only a [`Verifier`](crate::Verifier) can make one.
///
/// The methods return the claims that the issuer signed. A clone shares them. In tests of your handlers,
/// get one by verifying a token of the [`testkit`](crate::testkit).
///
/// ```
/// # use tokenring::{JwkSet, Policy, UnixTime, Verified, Verifier, testkit::{AUDIENCE, ISSUER, Issuer}};
/// # let now = UnixTime::from_secs(1_780_000_000);
/// # let issuer = Issuer::default();
/// # let keys = JwkSet::from_json(issuer.jwks().as_bytes())?;
/// # let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys)?;
/// # let verified: Verified = verifier.verify_at(&issuer.token_at(now).mint(), now)?;
/// assert_eq!(verified.subject(), Some("auth0|64b7f1c2a9d3e8f0b5c6a7d8"));
/// assert!(verified.has_scope("read:messages"));
///
/// // Or a type of your own that derives `serde::Deserialize`.
/// let claims: serde_json::Map<String, serde_json::Value> = verified.claims()?;
/// assert_eq!(claims["azp"], "tokenringTestkitClientIdentifier");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("claims", "TokenData", "JWTClaims"))]
#[derive(Clone)]
pub struct Verified(Arc<ClaimsSet>);

impl Verified {
    /// For claims that a policy has accepted, and no others.
    pub(crate) fn new(accepted: ClaimsSet) -> Self {
        Self(Arc::new(accepted))
    }

    pub(crate) fn claims_set(&self) -> &ClaimsSet {
        &self.0
    }

    /// `iss`: the policy's issuer, or with a template the tenant's. RFC 7519 section 4.1.1.
    #[doc(alias = "iss")]
    pub fn issuer(&self) -> &str {
        self.0.issuer()
    }

    /// `sub`: the user or service that the token is about, unique for this issuer. RFC 7519
    /// section 4.1.2.
    #[doc(alias = "sub")]
    pub fn subject(&self) -> Option<&str> {
        self.0.subject()
    }

    /// `aud`, all of it. If the policy names audiences, at least one of them is here. RFC 7519
    /// section 4.1.3.
    #[doc(alias = "aud")]
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.0.audience()
    }

    /// `exp`, a fraction of a second rounded up: the token is refused from then on, or after the
    /// policy's leeway. RFC 7519 section 4.1.4.
    #[doc(alias = "exp")]
    pub fn expires_at(&self) -> UnixTime {
        // Present in every accepted token. If it were not, this would be a time long past.
        self.0.expires_at.unwrap_or(UnixTime::from_secs(0))
    }

    /// `iat`, a fraction of a second rounded up, a time before 1970 as 0. RFC 7519 section 4.1.6.
    #[doc(alias = "iat")]
    pub fn issued_at(&self) -> Option<UnixTime> {
        self.0.issued_at
    }

    /// `nbf`, a fraction of a second rounded up, a time before 1970 as 0. RFC 7519 section 4.1.5.
    #[doc(alias = "nbf")]
    pub fn not_before(&self) -> Option<UnixTime> {
        self.0.not_before
    }

    /// `jti`. RFC 7519 section 4.1.7.
    #[doc(alias = "jti")]
    pub fn jwt_id(&self) -> Option<&str> {
        self.0.jwt_id()
    }

    /// The `kid` of the key that verified the token. RFC 7517 section 4.5.
    #[doc(alias = "kid")]
    pub fn key_id(&self) -> Option<&str> {
        self.0.key_id()
    }

    /// The algorithm of that key, which is the token's `alg`. RFC 7515 section 4.1.1.
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// `typ`, in its original case and with its prefix, if any. RFC 7515 section 4.1.9.
    pub fn token_type(&self) -> Option<&str> {
        self.0.token_type()
    }

    /// The client that the token was issued to: `azp`, or else `client_id`. OpenID Connect Core
    /// section 2, RFC 8693 section 4.3.
    #[doc(alias("azp", "client_id"))]
    pub fn authorized_party(&self) -> Option<&str> {
        self.0.authorized_party()
    }

    /// The values in `scope`, or in the claim that [`Policy::scopes_from`](crate::Policy::scopes_from)
    /// names. RFC 8693 section 4.2, RFC 9068 section 2.2.3.
    ///
    /// `scope` is a string with spaces between the values, or an array of strings, each of them a value as it
    /// is. There are none if it is absent or anything else, such as an array with a number. No value is
    /// empty.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scopes()
    }

    /// Whether `scope` is one of [`scopes`](Self::scopes), compared byte for byte. It is one value: two
    /// with a space between them are in no string, and in an array only as one.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.0.has_scope(scope)
    }

    /// The values in `permissions`, a claim that Auth0 adds if the API's settings say so.
    ///
    /// There are none if `permissions` is absent or not an array of strings.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.0.permissions()
    }

    /// Whether `permission` is one of [`permissions`](Self::permissions), compared byte for byte.
    pub fn has_permission(&self, permission: &str) -> bool {
        self.0.has_permission(permission)
    }

    pub(crate) fn grants(&self, permission: &str) -> bool {
        self.0.grants(permission)
    }

    /// The claims, deserialized into a type of yours.
    ///
    /// The registered claims have been checked. Others are as the issuer wrote them; beware of
    /// `Option`, which turns `null` into absence.
    ///
    /// # Errors
    ///
    /// [`ClaimsError`] if the claims do not fit `T`.
    #[doc(alias("custom claims", "payload"))]
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        let claims = self.0.json();
        serde_json::from_str(claims).map_err(|error| ClaimsError::of::<T>(claims, &error))
    }

    /// The JWS Payload: the JSON text of the claims, decoded.
    pub fn payload(&self) -> &[u8] {
        self.0.json().as_bytes()
    }

    /// The size of the claims in memory, in bytes.
    #[cfg(feature = "std")]
    pub(crate) fn kept_bytes(&self) -> usize {
        self.0.kept_bytes()
    }
}

/// Shows the length of the claims, not the claims.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("payload_bytes", &self.0.json().len())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
