//! A private key with a name, and its JWK. RFC 7517 section 4.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString as _},
    sync::Arc,
    vec::Vec,
};

use serde_json::Value;

use crate::{
    Algorithm, PublicKey,
    possession::Thumbprint,
    testkit::{
        fixed_keys,
        signer::{self, Signer},
    },
};

/// A private key with a name and one algorithm. Cloning is cheap: clones share the key.
///
/// ```
/// use tokenring::{Algorithm, testkit::TestKey};
///
/// let key = TestKey::for_algorithm(Algorithm::ES256);
/// assert_eq!(key.kid(), "tokenring-test-key-es256");
/// assert_eq!(key.jwk()["crv"], "P-256");
/// let odd = key.without_alg().with_member("use", "enc");
/// assert_eq!((odd.jwk().get("alg"), &odd.jwk()["use"]), (None, &"enc".into()));
/// ```
#[derive(Clone, Debug)]
pub struct TestKey {
    kid: Arc<str>,
    algorithm: Algorithm,
    signer: Arc<Signer>,
    /// The members of the JWK that were changed; `None` for one that is left out.
    changes: BTreeMap<String, Option<Value>>,
}

impl TestKey {
    /// The fixed key for `algorithm`, called `tokenring-test-key-` and the algorithm in lower case:
    /// `tokenring-test-key-es256`. The RSA algorithms share one key of 2048 bits, which
    /// [`Issuer::new`](super::Issuer::new) does not publish.
    pub fn for_algorithm(algorithm: Algorithm) -> Self {
        fixed_keys::for_algorithm(algorithm).next().expect("there are three")
    }

    /// A fixed key for `algorithm` that no issuer publishes. A token signed with it must be
    /// refused, whatever `kid` it claims.
    pub fn attacker_for(algorithm: Algorithm) -> Self {
        fixed_keys::attacker(algorithm)
    }

    /// The key of [`TestKey::attacker_for`] for RS256.
    pub fn attacker() -> Self {
        Self::attacker_for(Algorithm::RS256)
    }

    /// An RSA key of your own for RS256, of 2048 to 4096 bits, in PKCS #8 DER.
    ///
    /// `openssl genrsa 3072 | openssl pkcs8 -topk8 -nocrypt -outform DER` makes one.
    ///
    /// # Panics
    ///
    /// If *ring* does not accept `der` as an RSA private key.
    pub fn from_pkcs8(kid: impl Into<String>, der: &[u8]) -> Self {
        Self::load(Algorithm::RS256, kid, der)
    }

    pub(super) fn load(algorithm: Algorithm, kid: impl Into<String>, der: &[u8]) -> Self {
        let signer = Arc::new(Signer::from_pkcs8(algorithm, der));
        Self { kid: kid.into().into(), algorithm, signer, changes: BTreeMap::new() }
    }

    /// The same key under another name.
    pub fn with_kid(&self, kid: impl Into<String>) -> Self {
        Self { kid: kid.into().into(), ..self.clone() }
    }

    /// The same RSA key for another RSA algorithm, under the same name.
    ///
    /// # Panics
    ///
    /// If the key is of another type than `algorithm` needs. EC and Ed25519 keys have only one
    /// algorithm.
    pub fn with_algorithm(&self, algorithm: Algorithm) -> Self {
        assert!(self.signer.is_for(algorithm), "the key's type is for another algorithm");
        Self { algorithm, ..self.clone() }
    }

    /// The same key, with a JWK that has no `alg`. RFC 7517 section 4.4.
    pub fn without_alg(&self) -> Self {
        self.without_member("alg")
    }

    /// The same key, with this member added to its JWK or replaced in it.
    ///
    /// Only the JWK changes. The member wins over [`with_kid`](Self::with_kid) and
    /// [`with_algorithm`](Self::with_algorithm), whatever the order of the calls.
    pub fn with_member(&self, name: &str, value: impl Into<Value>) -> Self {
        self.changed(name, Some(value.into()))
    }

    /// The same key, with this member left out of its JWK.
    ///
    /// Otherwise as [`with_member`](Self::with_member). If both are called, the last call wins.
    pub fn without_member(&self, name: &str) -> Self {
        self.changed(name, None)
    }

    fn changed(&self, name: &str, value: Option<Value>) -> Self {
        let mut key = self.clone();
        key.changes.insert(name.into(), value);
        key
    }

    /// The key's name, its `kid`. RFC 7517 section 4.5.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm that the key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key as an issuer publishes it, with `alg`, `kid` and `use`. RFC 7517 section 4.
    pub fn jwk(&self) -> Value {
        // Sorted, so that the text is the same with and without serde_json's `preserve_order`.
        let mut members: BTreeMap<&str, Value> = self.signer.public_members().into_iter().collect();
        members.insert("alg", self.algorithm.name().into());
        members.insert("kid", self.kid().into());
        members.insert("use", "sig".into());
        self.with_changes(members)
    }

    /// The same without `alg`, `kid` and `use`, as clients write it in a proof.
    pub(super) fn bare_jwk(&self) -> Value {
        self.with_changes(self.signer.public_members().into_iter().collect())
    }

    fn with_changes<'m>(&'m self, mut members: BTreeMap<&'m str, Value>) -> Value {
        for (name, change) in &self.changes {
            match change {
                Some(value) => members.insert(name, value.clone()),
                None => members.remove(name.as_str()),
            };
        }
        members.into_iter().map(|(name, value)| (String::from(name), value)).collect()
    }

    /// The SHA-256 thumbprint of the public key. Changes to the JWK do not change it. RFC 7638
    /// section 3.
    pub fn thumbprint(&self) -> Thumbprint {
        let members = self.signer.public_members().into_iter();
        let jwk: Value = members.map(|(name, value)| (String::from(name), value)).collect();
        let key = PublicKey::from_jwk(jwk.to_string().as_bytes());
        key.expect("the public key of a private key that ring took").thumbprint()
    }

    /// The signature of `message` as in a token, by the key's algorithm. An ECDSA signature is `r`
    /// followed by `s`. RFC 7518 section 3.
    ///
    /// ECDSA and RSASSA-PSS use random numbers: two signatures of one message differ. The others
    /// are the same each time.
    ///
    /// # Panics
    ///
    /// If the system has no randomness.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.signer.sign(self.algorithm, message)
    }

    /// The same in ASN.1, for ECDSA.
    pub(super) fn sign_in_der(&self, message: &[u8]) -> Vec<u8> {
        assert!(
            matches!(self.algorithm, Algorithm::ES256 | Algorithm::ES384),
            "only ECDSA signatures have another form"
        );
        signer::to_der(&self.sign(message))
    }
}
