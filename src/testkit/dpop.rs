//! A client that proves that it has the key of its token. RFC 9449 sections 4 and 7.

use alloc::string::String;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::{self, SystemRandom},
};

use crate::{
    Algorithm, UnixTime,
    possession::{Confirmation, Thumbprint},
    testkit::{TestKey, TokenBuilder},
};

/// A client with a key of its own, which makes DPoP proofs: good ones, and every bad one. Cloning is cheap.
///
/// A proof comes from a [`TokenBuilder`]: each method changes one thing about it, and nothing is checked.
///
/// | fault | how to make it |
/// |---|---|
/// | another method, or its lower case | `claim("htm", "get")` |
/// | another URL | `claim("htu", "https://other.example/")` |
/// | for another access token | `claim("ath", "...")`, or pass another token to [`proof_at`](Self::proof_at) |
/// | too old, from the future, no number | `claim("iat", 0)`, `raw_claim("iat", "1e400")` |
/// | the same `jti` twice, or none that can be recorded | send a text twice, or `claim("jti", "")` |
/// | no nonce, a stale one | [`with_nonce`](Self::with_nonce), `without_claim("nonce")` |
/// | a claim or header parameter is missing | `without_claim("ath")`, `without_header("jwk")` |
/// | another kind of token | `header("typ", "at+jwt")` |
/// | no signature, a shared secret | `header("alg", "none").signature_segment("")`, `header("alg", "HS256")` |
/// | signed by somebody else | `forged_by(&TestKey::attacker_for(Algorithm::ES256))` |
/// | signature in DER | `signature_in_der()` |
/// | another key than the token's | a proof of another client: [`attacker`](Self::attacker) |
/// | key with a private member, odd key | `DpopClient::new(&key.with_member("d", ""))`, `header("jwk", ...)` |
/// | repeated member, no JSON | `raw_payload(...)`, `raw_header(...)` |
/// | critical extension | `header("crit", ...)` |
/// | two fields, two proofs in one | [`mint`](TokenBuilder::mint) twice |
///
/// A service tests itself: it takes a good proof once, and nothing else.
///
/// ```
/// # #[cfg(not(feature = "std"))] fn main() {}
/// # #[cfg(feature = "std")] fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tokenring::{
///     Guard, JwkSet, Policy, UnixTime, Verifier,
///     possession::{ProofPolicy, ProofVerifier, ReplayMemory, Request},
///     testkit::{AUDIENCE, DpopClient, ISSUER, Issuer},
/// };
///
/// // The service.
/// let issuer = Issuer::default();
/// let keys = JwkSet::from_json(issuer.jwks().as_bytes())?;
/// let policy = ProofPolicy::new("https://api.example.com");
/// let guard = Guard::new(Verifier::new(Policy::new(ISSUER, AUDIENCE), keys)?)
///     .require_dpop(ProofVerifier::new(policy, ReplayMemory::default())?);
///
/// let now = UnixTime::from_secs(1_780_000_000);
/// let client = DpopClient::default();
/// let token = issuer.token_at(now).bound_to(&client.confirmation()).mint();
/// let authorization = format!("DPoP {token}");
/// let cause = |proof: &str| {
///     let request = Request::new("GET", "/users?page=2").authorization([&authorization]).dpop([proof]);
///     guard.check_request_at(&request, now).err().map(|refused| refused.to_string())
/// };
///
/// let proof = client.proof_at("GET", "https://api.example.com/users", &token, now);
/// assert_eq!(cause(&proof.mint()), None);
/// let used = "401 Invalid DPoP proof: the proof has been used before";
/// assert_eq!(cause(&proof.mint()).as_deref(), Some(used));
/// assert!(cause(&proof.claim("htm", "POST").mint()).is_some());
///
/// let attacker = DpopClient::attacker();
/// let stolen = attacker.proof_at("GET", "https://api.example.com/users", &token, now);
/// assert!(cause(&stolen.mint()).is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DpopClient {
    key: TestKey,
    nonce: Option<String>,
}

impl DpopClient {
    /// A client with this key. Changes to its JWK are seen in the `jwk` of proofs, which has no `alg`, `kid`
    /// and `use` unless they were [set](TestKey::with_member).
    pub fn new(key: &TestKey) -> Self {
        Self { key: key.clone(), nonce: None }
    }

    /// A client that has an ES256 key which nobody's token is bound to.
    pub fn attacker() -> Self {
        Self::new(&TestKey::attacker_for(Algorithm::ES256))
    }

    /// The same client, whose proofs have this nonce: the service's last `DPoP-Nonce`. RFC 9449
    /// section 8.
    #[must_use]
    pub fn with_nonce(&self, nonce: impl Into<String>) -> Self {
        Self { nonce: Some(nonce.into()), ..self.clone() }
    }

    /// The client's key.
    pub fn key(&self) -> &TestKey {
        &self.key
    }

    /// What a token for this client is bound to, for [`TokenBuilder::bound_to`].
    pub fn confirmation(&self) -> Confirmation {
        Confirmation::of_key(self.thumbprint())
    }

    /// The `jkt` of this client's tokens.
    pub fn thumbprint(&self) -> Thumbprint {
        self.key.thumbprint()
    }

    /// A builder of a proof for a request with this method, URL and access token, made at `now`. Change it,
    /// then mint it. RFC 9449 section 4.2.
    ///
    /// The header is `typ`, `alg`, `jwk`; the claims are `jti`, `htm`, `htu`, `iat`, `ath` and, if the client
    /// has one, `nonce`. `htu` is `url` without its query and fragment. `jti` is random, and one for all that
    /// one builder mints.
    ///
    /// # Panics
    ///
    /// If the system has no randomness.
    pub fn proof_at(
        &self,
        method: &str,
        url: &str,
        access_token: &str,
        now: UnixTime,
    ) -> TokenBuilder {
        let htu = url.split(['?', '#']).next().unwrap_or_default();
        let hash = digest(&SHA256, access_token.as_bytes());
        let proof = TokenBuilder::for_proof(&self.key)
            .claim("jti", identifier())
            .claim("htm", method)
            .claim("htu", htu)
            .claim("iat", now.as_secs())
            .claim("ath", URL_SAFE_NO_PAD.encode(hash));
        match &self.nonce {
            Some(nonce) => proof.claim("nonce", nonce.as_str()),
            None => proof,
        }
    }

    /// A builder as from [`DpopClient::proof_at`], at the time of the system clock.
    ///
    /// # Panics
    ///
    /// If the system has no randomness.
    #[cfg(feature = "std")]
    pub fn proof(&self, method: &str, url: &str, access_token: &str) -> TokenBuilder {
        self.proof_at(method, url, access_token, UnixTime::now())
    }
}

/// The client with the fixed ES256 key.
impl Default for DpopClient {
    fn default() -> Self {
        Self::new(&TestKey::for_algorithm(Algorithm::ES256))
    }
}

/// 96 random bits. RFC 9449 section 4.2.
fn identifier() -> String {
    let bytes: [u8; 12] =
        rand::generate(&SystemRandom::new()).expect("the system has randomness").expose();
    URL_SAFE_NO_PAD.encode(bytes)
}
