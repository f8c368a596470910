//! The SHA-256 of a key or of a certificate, as `cnf` names it. RFC 7638, RFC 8705 section 3.1.

use core::fmt;

use super::sha256;
use crate::{PublicKey, base64url, jwk::Material};

/// The SHA-256 thumbprint of a JWK (RFC 7638) or of a certificate (RFC 8705 section 3.1).
///
/// Displayed as in `cnf`: 43 characters of base64url. It is no secret.
///
/// ```
/// use tokenring::PublicKey;
///
/// // RFC 8037 appendix A.3.
/// let jwk = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// let thumbprint = PublicKey::from_jwk(jwk)?.thumbprint();
/// assert_eq!(thumbprint.to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
/// # Ok::<(), tokenring::JwkError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The thumbprint with these bytes, a SHA-256.
    pub const fn from_sha256(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The thumbprint that `text` is, canonical base64url of 32 bytes.
    pub(super) fn from_base64url(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        match base64url::decoded_len(text) {
            32 => base64url::decode_into(text, &mut digest).ok()?,
            _ => return None,
        };
        Some(Self(digest))
    }

    /// The thumbprint of an RSA key with these numbers, base64url without zeros in front.
    pub(super) fn of_rsa(n: &str, e: &str) -> Self {
        Self::of_members([("e", e), ("kty", "RSA"), ("n", n)])
    }

    /// The thumbprint of an EC key with these coordinates, base64url at full length.
    pub(super) fn of_ec(crv: &str, x: &str, y: &str) -> Self {
        Self::of_members([("crv", crv), ("kty", "EC"), ("x", x), ("y", y)])
    }

    /// The thumbprint of an Ed25519 key. RFC 8037 section 2.
    pub(super) fn of_ed25519(x: &str) -> Self {
        Self::of_members([("crv", "Ed25519"), ("kty", "OKP"), ("x", x)])
    }

    /// Hashes an object of these members, in this order, without white space. RFC 7638 section 3. No name
    /// or value here has a character that JSON escapes.
    fn of_members<const N: usize>(members: [(&str, &str); N]) -> Self {
        let before = core::iter::once("{\"").chain(core::iter::repeat("\",\""));
        let texts =
            before.zip(members).flat_map(|(before, (name, value))| [before, name, "\":\"", value]);
        Self(sha256(texts.chain(["\"}"]).map(str::as_bytes)))
    }
}

impl PublicKey {
    /// The key's SHA-256 thumbprint. RFC 7638 section 3, RFC 8037 section 2.
    ///
    /// It depends on the key's numbers alone: neither on `kid` and `alg`, nor on how its JWK was written.
    pub fn thumbprint(&self) -> Thumbprint {
        match self.material() {
            Material::Rsa(key) => Thumbprint::of_rsa(
                &base64url::encode(key.modulus()),
                &base64url::encode(key.exponent()),
            ),
            Material::Ec(key) => {
                let (x, y) = key.coordinates();
                let (x, y) = (base64url::encode(x), base64url::encode(y));
                Thumbprint::of_ec(key.curve().name(), &x, &y)
            }
            Material::Ed25519(key) => Thumbprint::of_ed25519(&base64url::encode(key.octets())),
        }
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}
