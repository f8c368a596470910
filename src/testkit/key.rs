//! A private key with a name, and its JWK. RFC 7517 section 4.

use alloc::{string::String, sync::Arc, vec, vec::Vec};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair},
};
use serde_json::{Value, json};

/// An RSA private key with a name. Cloning is cheap: clones share the key.
#[derive(Clone, Debug)]
pub struct TestKey {
    kid: Arc<str>,
    key_pair: Arc<RsaKeyPair>,
}

impl TestKey {
    /// A key of your own, of 2048 to 4096 bits in PKCS #8 DER, such as
    /// `openssl genrsa 3072 | openssl pkcs8 -topk8 -nocrypt -outform DER` makes.
    ///
    /// # Panics
    ///
    /// If *ring* does not take `der` as an RSA private key.
    pub fn from_pkcs8(kid: impl Into<String>, der: &[u8]) -> Self {
        let key_pair = RsaKeyPair::from_pkcs8(der).expect("ring takes the RSA private key");
        Self { kid: kid.into().into(), key_pair: Arc::new(key_pair) }
    }

    /// A fourth fixed RSA-2048 key, which [`Issuer::new`] does not publish. A token signed with it
    /// must be refused, whatever `kid` it claims.
    pub fn attacker() -> Self {
        Self::from_pkcs8("attacker", include_bytes!("attacker.pk8"))
    }

    /// The same key under another name.
    pub fn with_kid(&self, kid: impl Into<String>) -> Self {
        Self { kid: kid.into().into(), key_pair: Arc::clone(&self.key_pair) }
    }

    /// The key's name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, as an issuer of RS256 tokens publishes it. RFC 7517 section 4.
    pub fn jwk(&self) -> Value {
        let public = PublicKeyComponents::<Vec<u8>>::from(self.key_pair.public());
        // Sorted, so that the text is the same with and without serde_json's `preserve_order`.
        json!({
            "alg": "RS256",
            "e": URL_SAFE_NO_PAD.encode(public.e),
            "kid": self.kid(),
            "kty": "RSA",
            "n": URL_SAFE_NO_PAD.encode(public.n),
            "use": "sig",
        })
    }

    /// The RS256 signature of `message`. RFC 7518 section 3.3.
    ///
    /// # Panics
    ///
    /// As [`TestKey::sign_with`].
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_with(&RSA_PKCS1_SHA256, message)
    }

    /// The signature of `message` with any RSA algorithm of *ring*, such as
    /// [`ring::signature::RSA_PKCS1_SHA384`].
    ///
    /// # Panics
    ///
    /// If the system has no randomness to give.
    pub fn sign_with(&self, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.key_pair.public().modulus_len()];
        self.key_pair
            .sign(padding, &SystemRandom::new(), message, &mut signature)
            .expect("the system has randomness");
        signature
    }
}
