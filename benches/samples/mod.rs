//! The samples of the benches: accepted tokens, and ring's part of the same work.
#![allow(clippy::panic, dead_code, reason = "a bench, and each uses a part of it")]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    error::Unspecified,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
        UnparsedPublicKey, VerificationAlgorithm,
    },
};
use serde_json::Value;
use tokenring::{
    Algorithm, JwkSet, Policy, UnixTime, Verified, Verifier, VerifyError,
    possession::Confirmation,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey, TokenBuilder},
};

#[allow(unreachable_pub, reason = "in its own package it is public")]
#[path = "../../tests/oracle/src/algorithms.rs"]
mod algorithms;

use algorithms::ALGORITHMS;

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);
pub(crate) const EXPIRES_AT: UnixTime = UnixTime::from_secs(1_750_086_400);

/// A token, the verifier that accepts it, and ring's input to verify its bare signature.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) token: String,
    pub(crate) keys: JwkSet,
    pub(crate) verifier: Verifier<JwkSet>,
    raw_key: RawKey,
    raw_signature: Vec<u8>,
}

impl Sample {
    /// `token` must be signed with `key`, which must be a key of `issuer`.
    fn new(name: &'static str, issuer: &Issuer, key: &TestKey, token: &TokenBuilder) -> Self {
        let token = token.mint();
        let raw_signature = decode(token.rsplit_once('.').unwrap().1);
        let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
        let policy = Policy::new(ISSUER, AUDIENCE).algorithms([key.algorithm()]);
        let verifier = Verifier::new(policy, keys.clone()).unwrap();
        Self { name, token, keys, verifier, raw_key: RawKey::new(key), raw_signature }
    }

    /// Verifies the token with this crate, and asserts the outcome.
    pub(crate) fn verify_at(&self, token: &str) {
        let verified = self.verifier.verify_at(token, NOW);
        assert_eq!(verified.as_ref().map(Verified::expires_at), Ok(EXPIRES_AT));
    }

    /// The same for a refused token.
    pub(crate) fn refuse(&self, token: &str, now: UnixTime, error: VerifyError) {
        assert_eq!(self.verifier.verify_at(token, now).err(), Some(error));
    }

    /// ring's share of the work: the bare signature check of the same bytes. Nothing is decoded or
    /// parsed, and no key is chosen.
    pub(crate) fn ring(&self, token: &str) {
        let (signing_input, _) = token.split_at(self.raw_message().len());
        let outcome = self.raw_key.verify(signing_input.as_bytes(), &self.raw_signature);
        assert!(outcome.is_ok());
    }

    /// The bytes that ring hashes.
    pub(crate) fn raw_message(&self) -> &[u8] {
        // A period, and 4 characters for every 3 bytes, with an incomplete last group.
        let signature = 1 + (self.raw_signature.len() * 4).div_ceil(3);
        &self.token.as_bytes()[..self.token.len() - signature]
    }
}

/// A public key in ring's form.
pub(crate) enum RawKey {
    Rsa(&'static RsaParameters, RsaPublicKeyComponents<Vec<u8>>),
    Other(UnparsedPublicKey<Vec<u8>>),
}

impl RawKey {
    pub(crate) fn new(key: &TestKey) -> Self {
        let rsa: &RsaParameters = match key.algorithm() {
            Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
            Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
            Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
            Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
            Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
            Algorithm::ES256 => return Self::point(&ECDSA_P256_SHA256_FIXED, key),
            Algorithm::ES384 => return Self::point(&ECDSA_P384_SHA384_FIXED, key),
            Algorithm::EdDSA => {
                return Self::Other(UnparsedPublicKey::new(&ED25519, member(&key.jwk(), "x")));
            }
            algorithm => panic!("{algorithm} has no row"),
        };
        let (n, e) = (member(&key.jwk(), "n"), member(&key.jwk(), "e"));
        Self::Rsa(rsa, RsaPublicKeyComponents { n, e })
    }

    /// An uncompressed point, the only form that ring accepts. SEC 1 section 2.3.3.
    fn point(algorithm: &'static dyn VerificationAlgorithm, key: &TestKey) -> Self {
        let point = [vec![4], member(&key.jwk(), "x"), member(&key.jwk(), "y")].concat();
        Self::Other(UnparsedPublicKey::new(algorithm, point))
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        match self {
            Self::Rsa(parameters, key) => key.verify(parameters, message, signature),
            Self::Other(key) => key.verify(message, signature),
        }
    }
}

fn member(jwk: &Value, name: &str) -> Vec<u8> {
    decode(jwk[name].as_str().unwrap())
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// An Auth0 access token for an API, about 840 bytes; RSA-2048.
pub(crate) fn auth0() -> Sample {
    let issuer = Issuer::default();
    Sample::new("0.85 KB", &issuer, &issuer.keys()[0], &issuer.token_at(NOW))
}

/// The same claims signed with each algorithm; RSA-2048, P-256, P-384, Ed25519.
pub(crate) fn by_algorithm() -> Vec<Sample> {
    let sample = |algorithm: Algorithm| {
        let issuer = Issuer::for_algorithm(ISSUER, algorithm);
        let key = &issuer.keys()[0];
        Sample::new(algorithm.name(), &issuer, key, &issuer.token_at(NOW))
    };
    ALGORITHMS.map(sample).into()
}

/// The same claims bound to a client's key, signed with this algorithm.
pub(crate) fn bound(algorithm: Algorithm, confirmation: &Confirmation) -> Sample {
    let issuer = Issuer::for_algorithm(ISSUER, algorithm);
    let token = issuer.token_at(NOW).bound_to(confirmation);
    Sample::new(algorithm.name(), &issuer, &issuer.keys()[0], &token)
}

/// The same claims signed with longer keys.
pub(crate) fn by_key_size() -> Vec<Sample> {
    let [rsa_3072, rsa_4096] = [
        ("tokenring-test-key-3072", include_bytes!("../keys/rsa-3072.pk8").as_slice()),
        ("tokenring-test-key-4096", include_bytes!("../keys/rsa-4096.pk8").as_slice()),
    ]
    .map(|(kid, der)| TestKey::from_pkcs8(kid, der));
    let rsa_2048 = Issuer::default().keys()[0].clone();
    [("RSA-2048", rsa_2048), ("RSA-3072", rsa_3072), ("RSA-4096", rsa_4096)]
        .map(|(name, key)| {
            let issuer = Issuer::with_keys(ISSUER, vec![key.clone()]);
            Sample::new(name, &issuer, &key, &issuer.token_at(NOW))
        })
        .into()
}

/// The same key with fewer and with more claims; RSA-2048.
pub(crate) fn by_token_size() -> Vec<Sample> {
    let issuer = Issuer::default();
    let key = &issuer.keys()[0];
    let mut small = issuer.token_at(NOW).without_header("typ").audience(AUDIENCE);
    for claim in ["sub", "iat", "azp", "scope", "permissions"] {
        small = small.without_claim(claim);
    }
    vec![
        Sample::new("0.5 KB", &issuer, key, &small),
        auth0(),
        Sample::new("2 KB", &issuer, key, &grown(&issuer, 2_000)),
        Sample::new("4 KB", &issuer, key, &grown(&issuer, 4_000)),
        Sample::new("8 KB", &issuer, key, &grown(&issuer, 8_000)),
    ]
}

/// A token of about this length: profile, tenant and roles in custom claims, and as many
/// permissions and groups as needed.
fn grown(issuer: &Issuer, bytes: usize) -> TokenBuilder {
    let mut token = issuer
        .token_at(NOW)
        .claim("email", "dorothea.brooke@middlemarch.example")
        .claim("email_verified", true)
        .claim("https://api.example.com/roles", ["administrator", "editor", "billing"].as_slice())
        .claim(
            "https://api.example.com/tenant",
            serde_json::json!({
                "id": "org_Xk2mQ9pL7vRt4WzB",
                "plan": { "name": "enterprise", "seats": 250, "trial": false, "price": 12.5 },
                "display_name": "Lowick \"Manor\" & Söhne",
                "parent": null,
            }),
        );
    let (mut permissions, mut groups) = (vec![], vec![]);
    for index in 0_u64.. {
        // 342 characters of signature, and 4 for every 3 bytes of header and payload.
        let length = 344 + (token.header_json().len() + token.payload_json().len()) * 4 / 3;
        if length >= bytes {
            break;
        }
        let verb = ["read", "create", "update", "delete"][permissions.len() % 4];
        permissions.push(format!("{verb}:resource-{}", index / 4));
        let mixed = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        groups.push(format!("{:08x}-{:04x}", mixed >> 32, mixed & 0xffff));
        token = token
            .permissions(permissions.clone())
            .claim("https://api.example.com/groups", groups.clone());
    }
    token
}
