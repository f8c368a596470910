//! The claims of an ID token that are about one login. OpenID Connect Core sections 3.1.3.7, 3.1.3.8,
//! 3.2.2.9 and 3.3.2.11.

use alloc::{string::String, vec::Vec};
use core::fmt;

use ring::digest::{self, SHA256, SHA384, SHA512};

use crate::{
    Algorithm, Authentication, UnixTime, VerifyError,
    authentication::{AuthenticationClaims, string},
    base64url,
    claims::ClaimsSet,
    json::{self, Value},
};

/// One login, as your service knows it: the values that it sent in the authentication request, and those
/// that came with the ID token. [`Verifier::verify_id_token`](crate::Verifier::verify_id_token) compares
/// them with the token, each as its method says.
///
/// The page [`id_tokens`](crate::id_tokens) has a complete example and all the rules.
///
/// ```
/// use tokenring::Login;
///
/// // An ID token from the token endpoint, whose request had `max_age=300`.
/// let login = Login::new().nonce("n-0S6_WzA2Mj").access_token("SlAV32hkKG").max_age(300);
///
/// // One from the authorization endpoint: it came through the browser, with a code.
/// let login = Login::from_authorization_endpoint("n-0S6_WzA2Mj").code("Qcb0Orv1zh30vL1MPRsbm");
/// ```
#[derive(Clone)]
pub struct Login {
    nonce: Option<String>,
    authentication: Authentication,
    access_token: Option<String>,
    code: Option<String>,
    endpoint: Endpoint,
}

impl Login {
    /// A login whose ID token came from the token endpoint: the authorization code flow. OpenID Connect
    /// Core section 3.1.
    ///
    /// If the request had a nonce, add [`nonce`](Self::nonce).
    pub const fn new() -> Self {
        Self {
            nonce: None,
            authentication: Authentication::new(),
            access_token: None,
            code: None,
            endpoint: Endpoint::Token,
        }
    }

    /// A login whose ID token came from the authorization endpoint, through the browser: the implicit and
    /// the hybrid flow. OpenID Connect Core sections 3.2 and 3.3.
    ///
    /// There, the request must have a nonce, and the token must have `at_hash` if an access token came
    /// with it and `c_hash` if a code did: add [`access_token`](Self::access_token) and
    /// [`code`](Self::code).
    pub fn from_authorization_endpoint(nonce: impl Into<String>) -> Self {
        Self { endpoint: Endpoint::Authorization, ..Self::new() }.nonce(nonce)
    }

    /// Requires that `nonce` is this string, byte for byte: the nonce of the authentication request.
    /// OpenID Connect Core section 3.1.3.7, step 11.
    ///
    /// If this is not set, a token with `nonce` is refused: it answers a request with a nonce, which the
    /// client must compare (section 2). No token has the empty nonce.
    #[must_use]
    pub fn nonce(self, nonce: impl Into<String>) -> Self {
        Self { nonce: Some(nonce.into()), ..self }
    }

    /// Compares `at_hash`, if it is in the token, with the hash of this access token, which came with the
    /// ID token. OpenID Connect Core section 3.1.3.8.
    #[must_use]
    pub fn access_token(self, access_token: impl Into<String>) -> Self {
        Self { access_token: Some(access_token.into()), ..self }
    }

    /// Compares `c_hash`, if it is in the token, with the hash of this authorization code. OpenID Connect
    /// Core section 3.3.2.10.
    #[must_use]
    pub fn code(self, code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), ..self }
    }

    /// Requires that the user logged in at most this many seconds ago, by `auth_time`: the `max_age` of
    /// the authentication request. OpenID Connect Core section 3.1.3.7, step 13.
    ///
    /// The policy's [`leeway`](crate::Policy::leeway) is added. An `auth_time` in the future is refused.
    #[must_use]
    pub fn max_age(self, seconds: u64) -> Self {
        Self { authentication: self.authentication.max_age(seconds), ..self }
    }

    /// Requires that `acr` is one of these: the methods of authentication that the request asked for.
    /// OpenID Connect Core section 3.1.3.7, step 12.
    ///
    /// If there are none, no token is accepted.
    #[must_use]
    pub fn acr_values(self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { authentication: self.authentication.acr_values(values), ..self }
    }

    /// Checks `nonce`.
    pub(crate) fn check_nonce(&self, claims: &LoginClaims<'_>) -> Result<(), VerifyError> {
        match (&self.nonce, string(claims.nonce, "nonce", claims.json)?) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(VerifyError::UnexpectedNonce),
            (Some(_), None) => Err(VerifyError::ClaimMissing { claim: "nonce" }),
            (Some(sent), Some(found)) if !sent.is_empty() && found == *sent => Ok(()),
            (Some(_), Some(_)) => Err(VerifyError::WrongNonce),
        }
    }

    /// Checks `acr`.
    pub(crate) fn check_context(&self, claims: &LoginClaims<'_>) -> Result<(), VerifyError> {
        self.authentication.check_context(&claims.authentication)
    }

    /// Checks `auth_time`.
    pub(crate) fn check_age(&self, claims: &LoginClaims<'_>) -> Result<(), VerifyError> {
        self.authentication.check_age(&claims.authentication)
    }

    /// Checks `at_hash`.
    pub(crate) fn check_access_token(&self, claims: &LoginClaims<'_>) -> Result<(), VerifyError> {
        let found = (claims.at_hash, "at_hash");
        self.check_hash(&self.access_token, found, claims, VerifyError::WrongAccessTokenHash)
    }

    /// Checks `c_hash`.
    pub(crate) fn check_code(&self, claims: &LoginClaims<'_>) -> Result<(), VerifyError> {
        self.check_hash(&self.code, (claims.c_hash, "c_hash"), claims, VerifyError::WrongCodeHash)
    }

    /// Checks the hash of `value`, if the client has one.
    fn check_hash(
        &self,
        value: &Option<String>,
        (found, claim): (Option<Value>, &'static str),
        claims: &LoginClaims<'_>,
        mismatch: VerifyError,
    ) -> Result<(), VerifyError> {
        let Some(value) = value else { return Ok(()) };
        match (string(found, claim, claims.json)?, self.endpoint) {
            (None, Endpoint::Token) => Ok(()),
            // RFC 6749 section 10.12: what came through the browser may be from another login.
            (None, Endpoint::Authorization) => Err(VerifyError::ClaimMissing { claim }),
            (Some(hash), _) if is_hash(&hash, value, claims.algorithm) => Ok(()),
            (Some(_), _) => Err(mismatch),
        }
    }

    pub(crate) fn has_nonce(&self) -> bool {
        self.nonce.is_some()
    }

    pub(crate) fn authentication(&self) -> &Authentication {
        &self.authentication
    }
}

/// A login of which nothing is known.
pub(crate) static NOTHING_SENT: Login = Login::new();

/// The same as [`Login::new`].
impl Default for Login {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows which values are set. The nonce, the access token and the code are secrets.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("nonce", &self.nonce.is_some())
            .field("authentication", &self.authentication)
            .field("access_token", &self.access_token.is_some())
            .field("code", &self.code.is_some())
            .field("endpoint", &self.endpoint)
            .finish()
    }
}

/// Where the ID token came from.
#[derive(Clone, Copy, Debug)]
enum Endpoint {
    Token,
    Authorization,
}

/// The claims that a [`Login`] is compared with. They are read only for ID tokens.
pub(crate) struct LoginClaims<'c> {
    json: &'c str,
    nonce: Option<Value>,
    authentication: AuthenticationClaims<'c>,
    at_hash: Option<Value>,
    c_hash: Option<Value>,
    /// The token's `alg`.
    algorithm: Algorithm,
}

impl<'c> LoginClaims<'c> {
    pub(crate) fn read(
        claims: &'c ClaimsSet,
        leeway: u64,
        now: UnixTime,
    ) -> Result<Self, VerifyError> {
        let json = claims.json();
        let [nonce, acr, auth_time, at_hash, c_hash] =
            json::pick(json, CLAIMS).map_err(VerifyError::PayloadJson)?;
        let authentication = AuthenticationClaims { json, acr, auth_time, leeway, now };
        Ok(Self { json, nonce, authentication, at_hash, c_hash, algorithm: claims.algorithm })
    }
}

/// Whether `hash` is that of `value`, in base64url.
fn is_hash(hash: &str, value: &str, algorithm: Algorithm) -> bool {
    base64url::decode(hash).is_ok_and(|hash| hash == half_hash(value, algorithm))
}

/// The left half of the hash of `value`. OpenID Connect Core section 3.1.3.6.
pub(crate) fn half_hash(value: &str, algorithm: Algorithm) -> Vec<u8> {
    let digest = digest::digest(hash_of(algorithm), value.as_bytes());
    let half = digest.as_ref().len().div_ceil(2);
    digest.as_ref().iter().copied().take(half).collect()
}

/// The hash function of a signature algorithm. RFC 7518 sections 3.3 to 3.5. EdDSA names none: Ed25519
/// uses SHA-512 (RFC 8032 section 5.1), and so do issuers for these claims.
fn hash_of(algorithm: Algorithm) -> &'static digest::Algorithm {
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => &SHA256,
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => &SHA384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => &SHA512,
    }
}

/// The claims that [`LoginClaims::read`] takes from the payload, in this order.
const CLAIMS: [&str; 5] = ["nonce", "acr", "auth_time", "at_hash", "c_hash"];
