//! ring's share of the work of tokenring and jsonwebtoken 9: the bare signature check.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    error::Unspecified,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use tokenring::{Algorithm, testkit::TestKey};

use crate::samples::signature;

/// Made for one token: it decodes and parses nothing, chooses no key and checks no claims.
pub(crate) struct RingAlone {
    key: Key,
    signing_input: String,
    signature: Vec<u8>,
}

enum Key {
    Rsa(RsaPublicKeyComponents<Vec<u8>>, &'static RsaParameters),
    Point(UnparsedPublicKey<Vec<u8>>),
}

impl RingAlone {
    pub(crate) fn new(key: &TestKey, token: &str) -> Self {
        let (signing_input, _) = token.rsplit_once('.').unwrap();
        Self {
            key: Key::new(key),
            signing_input: signing_input.to_owned(),
            signature: signature(token),
        }
    }

    pub(crate) fn verify(&self) -> Result<(), Unspecified> {
        let message = self.signing_input.as_bytes();
        match &self.key {
            Key::Rsa(key, parameters) => key.verify(parameters, message, &self.signature),
            Key::Point(key) => key.verify(message, &self.signature),
        }
    }
}

impl Key {
    fn new(key: &TestKey) -> Self {
        let jwk = key.jwk();
        let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let rsa = |parameters| {
            Self::Rsa(RsaPublicKeyComponents { n: member("n"), e: member("e") }, parameters)
        };
        // SEC 1 section 2.3.3: the byte 4 and both coordinates.
        let uncompressed = || [vec![4], member("x"), member("y")].concat();
        let point = |algorithm: &'static dyn VerificationAlgorithm, octets| {
            Self::Point(UnparsedPublicKey::new(algorithm, octets))
        };
        match key.algorithm() {
            Algorithm::RS256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
            Algorithm::PS256 => rsa(&RSA_PSS_2048_8192_SHA256),
            Algorithm::ES256 => point(&ECDSA_P256_SHA256_FIXED, uncompressed()),
            Algorithm::ES384 => point(&ECDSA_P384_SHA384_FIXED, uncompressed()),
            Algorithm::EdDSA => point(&ED25519, member("x")),
            other => panic!("{other:?} is not measured"),
        }
    }
}
