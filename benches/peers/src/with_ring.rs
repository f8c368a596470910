//! ring's verification of the signature alone: what tokenring and jsonwebtoken 9 cannot do without.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    error::Unspecified,
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use tokenring::testkit::TestKey;

use crate::samples::signature;

/// Made for one token: nothing is decoded, nothing is read, no key is chosen, no claim is checked.
pub(crate) struct RingAlone {
    key: RsaPublicKeyComponents<Vec<u8>>,
    signing_input: String,
    signature: Vec<u8>,
}

impl RingAlone {
    pub(crate) fn new(key: &TestKey, token: &str) -> Self {
        let jwk = key.jwk();
        let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let (signing_input, _) = token.rsplit_once('.').unwrap();
        Self {
            key: RsaPublicKeyComponents { n: member("n"), e: member("e") },
            signing_input: signing_input.to_owned(),
            signature: signature(token),
        }
    }

    pub(crate) fn verify(&self) -> Result<(), Unspecified> {
        self.key.verify(&RSA_PKCS1_2048_8192_SHA256, self.signing_input.as_bytes(), &self.signature)
    }
}
