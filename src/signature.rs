//! A token and a key to a verified payload. RFC 7518 section 3.3, RFC 7515 section 5.2, step 8.
//!
//! The only file that names ring's verifier.

use alloc::{sync::Arc, vec::Vec};

use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use crate::{Algorithm, CompactJws, PublicKey, VerifyError, base64url, header::DeclaredType};

/// The JWS Payload of a token whose signature holds: any bytes, perhaps none.
///
/// Nothing but the signature has been checked. [`Verifier::check_at`](crate::Verifier::check_at)
/// looks at what the payload says.
#[derive(Clone, Debug)]
pub struct VerifiedPayload {
    bytes: Vec<u8>,
    /// `kid` of the key that verified it.
    pub(crate) key_id: Option<Arc<str>>,
    pub(crate) declared_type: DeclaredType,
}

impl VerifiedPayload {
    /// The payload, decoded.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A payload that nobody signed, to be thrown at what comes after the signature.
    #[cfg(fuzzing)]
    #[doc(hidden)]
    pub fn unsigned(bytes: Vec<u8>) -> Self {
        Self { bytes, key_id: None, declared_type: DeclaredType::None }
    }
}

impl CompactJws<'_> {
    /// Verifies the signature over the token as it was received. RFC 7515 section 5.2, steps 7 to 9.
    ///
    /// # Errors
    ///
    /// `AlgorithmNotAccepted` if the key is for another algorithm than the token's `alg`,
    /// `NotBase64url`, `BadSignature`.
    pub fn verify(self, key: &PublicKey) -> Result<VerifiedPayload, VerifyError> {
        // RFC 8725 section 3.1: a key is used with one algorithm.
        if self.header().algorithm() != key.algorithm() {
            return Err(VerifyError::AlgorithmNotAccepted);
        }
        let [_, payload, signature] = self.segments();
        let mut buffer = [0; MAX_SIGNATURE_BYTES];
        let signature = match base64url::decoded_len(signature) > MAX_SIGNATURE_BYTES {
            true => return Err(VerifyError::BadSignature),
            false => base64url::decode_into(signature, &mut buffer)
                .map_err(|_| VerifyError::NotBase64url { segment: "signature" })?,
        };
        key.verify(self.signing_input().as_bytes(), signature)?;
        // Nothing in the payload has been looked at so far.
        let bytes = base64url::decode(payload)
            .map_err(|_| VerifyError::NotBase64url { segment: "payload" })?;
        let (key_id, declared_type) = (key.shared_key_id(), self.header().declared_type());
        Ok(VerifiedPayload { bytes, key_id, declared_type })
    }
}

impl PublicKey {
    /// Verifies that `signature` is this key's over `message`: RSASSA-PKCS1-v1_5 with SHA-256,
    /// RFC 8017 section 8.2.2.
    ///
    /// # Errors
    ///
    /// `BadSignature`, whatever is wrong with it.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        // RFC 8017 section 8.2.2, step 1; ring would look at it only after it has set up the key.
        if signature.len() != self.modulus().len() {
            return Err(VerifyError::BadSignature);
        }
        let parameters = match self.algorithm() {
            Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        RsaPublicKeyComponents { n: self.modulus(), e: self.exponent() }
            .verify(parameters, message, signature)
            .map_err(|_| VerifyError::BadSignature)
    }
}

/// The length of a signature by the largest key accepted.
const MAX_SIGNATURE_BYTES: usize = 8192 / 8;
