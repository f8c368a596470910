//! From a PEM text or DER to a public key: SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), PKCS #1
//! (RFC 8017 appendix A.1.1) and the key in a certificate (RFC 5280 section 4.1). RFC 7468.

mod armor;
mod certificate;
mod der;
mod error;
mod key_info;

use crate::{Algorithm, PublicKey, encoding::Encoding};

use armor::{Armored, Label};

pub use error::{DerError, PemError};

#[cfg(feature = "fetch")]
pub(crate) use armor::has_escaped_line_break;
pub(crate) use armor::{is_pem, is_private};

impl PublicKey {
    /// Reads a public key from PEM, for `algorithm`. The key has no `kid`.
    ///
    /// The text has one block, labeled:
    ///
    /// - `PUBLIC KEY`: a SubjectPublicKeyInfo of an RSA, P-256, P-384 or Ed25519 key. RFC 5280
    ///   section 4.1.2.7, RFC 3279 section 2.3.1, RFC 5480, RFC 8410.
    /// - `RSA PUBLIC KEY`: PKCS #1. RFC 8017 appendix A.1.1.
    /// - `CERTIFICATE`: the key of an X.509 certificate. **Nothing else in it is looked at**: neither its
    ///   dates nor its names, extensions, signature or chain. You trust the key because the text came to
    ///   you in a trusted way, as with a bare key. RFC 5280 section 4.1.
    ///
    /// An RSA key takes any of the RSA algorithms, another key the one of its curve. The numbers must
    /// satisfy the rules of every [`PublicKey`].
    ///
    /// The DER is strict: the shortest lengths, the exact structure, nothing after it. In the text, lines
    /// end with LF, CR LF or CR and may have any length; empty lines and white space around a line are
    /// ignored. There is no text before or after the block.
    ///
    /// ```
    /// use tokenring::{Algorithm, PemError, Policy, PublicKey, Verifier};
    ///
    /// // RFC 8410 section 10.1.
    /// let pem = "-----BEGIN PUBLIC KEY-----
    /// MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
    /// -----END PUBLIC KEY-----
    /// ";
    /// let key = PublicKey::from_pem(pem, Algorithm::EdDSA)?.with_key_id("2026-11");
    /// let policy = Policy::new("https://issuer.example/", "api").algorithms([Algorithm::EdDSA]);
    /// let verifier = Verifier::new(policy, key)?;
    /// # drop(verifier);
    ///
    /// let wrong = PublicKey::from_pem(pem, Algorithm::RS256);
    /// let error = PemError::AlgorithmOfOtherKeyType { algorithm: Algorithm::RS256, key: "Ed25519" };
    /// assert_eq!(wrong, Err(error));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PemError`]. Whatever is often taken for a public key is named there: a private key, several
    /// certificates, a path, DER.
    pub fn from_pem(pem: impl AsRef<[u8]>, algorithm: Algorithm) -> Result<Self, PemError> {
        let pem = pem.as_ref();
        check_length(pem)?;
        let Armored { label, der } = armor::read(pem)?;
        let material = match label {
            Label::PublicKey => key_info::read(&der, algorithm),
            Label::RsaPublicKey => key_info::read_pkcs1(&der, algorithm),
            Label::Certificate => key_info::read(certificate::key_info(&der)?, algorithm),
        };
        material.map(Self::of_numbers)
    }

    /// Reads a public key from the DER of a SubjectPublicKeyInfo, for `algorithm`. The key has no `kid`.
    ///
    /// The rules are those of [`from_pem`](Self::from_pem).
    ///
    /// # Errors
    ///
    /// [`PemError`].
    pub fn from_der(der: &[u8], algorithm: Algorithm) -> Result<Self, PemError> {
        check_length(der)?;
        match core::str::from_utf8(der) {
            Ok(text) if is_private(text) => return Err(PemError::PrivateKey),
            Ok(text) if is_pem(text) => return Err(PemError::PemForDer),
            _ => {}
        }
        match Encoding::of(der) {
            Some(Encoding::Empty) => Err(PemError::Empty),
            _ => key_info::read(der, algorithm).map(Self::of_numbers),
        }
    }
}

fn check_length(bytes: &[u8]) -> Result<(), PemError> {
    match bytes.len() {
        ..=MAX_BYTES => Ok(()),
        bytes => Err(PemError::TooLong { bytes }),
    }
}

/// A key of 8192 bits has 1.5 KiB, and few certificates have more than 8 KiB.
const MAX_BYTES: usize = 64 * 1024;
