//! From a token and a key to a verified payload. RFC 7515 section 5.2, RFC 7518 section 3, RFC 8037
//! section 3.1.
//!
//! The only file that names ring's verifier.

use alloc::vec::Vec;
use core::fmt;

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

use crate::{
    CompactJws, PublicKey, VerifyError,
    algorithm::RsaAlgorithm,
    base64url,
    claims::Origin,
    jwk::{Curve, Material},
    token_type,
};

/// The JWS Payload of a token whose signature is valid: any bytes, perhaps none.
///
/// Only the signature has been checked. [`Verifier::check_at`](crate::Verifier::check_at) checks
/// the claims.
#[derive(Clone)]
pub struct VerifiedPayload {
    bytes: Vec<u8>,
    origin: Origin,
}

impl VerifiedPayload {
    /// The payload, decoded.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The payload, and the facts that are not in it.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Origin) {
        (self.bytes, self.origin)
    }
}

impl fmt::Debug for VerifiedPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut payload = f.debug_struct("VerifiedPayload");
        payload.field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl CompactJws<'_> {
    /// Verifies the signature over the token as it was received. RFC 7515 section 5.2, steps 6 to
    /// 8.
    ///
    /// # Errors
    ///
    /// - `AlgorithmNotAccepted` if the key is for another algorithm than the token's `alg`.
    /// - `NotBase64url` if the signature or the payload is not canonical base64url.
    /// - `BadSignature` if the signature does not match.
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
        // The payload is decoded only now that its signature is valid.
        let bytes = base64url::decode(payload)
            .map_err(|_| VerifyError::NotBase64url { segment: "payload" })?;
        let origin = Origin {
            key_id: key.shared_key_id(),
            key_issuer: key.shared_issuer(),
            algorithm: key.algorithm(),
            token_type: self.header().token_type().map(token_type::kept),
        };
        Ok(VerifiedPayload { bytes, origin })
    }
}

impl PublicKey {
    /// Verifies `signature` over `message` with the key's algorithm. RFC 7518 section 3, RFC 8037
    /// section 3.1.
    ///
    /// An ECDSA signature is `r` and `s`, each as long as a coordinate. RFC 7518 section 3.4.
    ///
    /// # Errors
    ///
    /// `BadSignature`, whatever is wrong with the signature.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        // RFC 8017 section 8.2.2, step 1, RFC 7518 section 3.4. ring checks the length only after
        // it has set up the key.
        if signature.len() != self.material().signature_bytes() {
            return Err(VerifyError::BadSignature);
        }
        let (algorithm, point): (&'static dyn VerificationAlgorithm, _) = match self.material() {
            Material::Rsa(key) => {
                return RsaPublicKeyComponents { n: key.modulus(), e: key.exponent() }
                    .verify(rsa_parameters(self.rsa_algorithm(key)), message, signature)
                    .map_err(|_| VerifyError::BadSignature);
            }
            Material::Ec(key) => match key.curve() {
                Curve::P256 => (&ECDSA_P256_SHA256_FIXED, key.point()),
                Curve::P384 => (&ECDSA_P384_SHA384_FIXED, key.point()),
            },
            Material::Ed25519(key) => (&ED25519, key.octets()),
        };
        UnparsedPublicKey::new(algorithm, point)
            .verify(message, signature)
            .map_err(|_| VerifyError::BadSignature)
    }
}

fn rsa_parameters(algorithm: RsaAlgorithm) -> &'static RsaParameters {
    match algorithm {
        RsaAlgorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        RsaAlgorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        RsaAlgorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        RsaAlgorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        RsaAlgorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        RsaAlgorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
    }
}

/// The length of a signature of the largest accepted key, in bytes: 8192 bits.
const MAX_SIGNATURE_BYTES: usize = 1024;
