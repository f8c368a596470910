//! `alg`: the name of a signature algorithm. RFC 7518 section 3.1, RFC 8037 section 3.1.

use core::{error::Error, fmt, str::FromStr};

/// A signature algorithm. RFC 7518 section 3.1, RFC 8037 section 3.1.
///
/// ```
/// use tokenring::Algorithm;
///
/// assert_eq!("ES256".parse(), Ok(Algorithm::ES256));
/// assert_eq!(Algorithm::PS384.to_string(), "PS384");
/// assert!("HS256".parse::<Algorithm>().is_err());
/// ```
///
/// # Cost
///
/// With *ring* on common processors an RSA-2048 signature is the cheapest to verify; ES256 and EdDSA
/// take two to four times as long. **ES384 takes 10 to 14 times as long as ES256.**
///
/// # ECDSA has two signatures for one message
///
/// If `(r, s)` is valid, so is `(r, n - s)`, where `n` is the order of the curve, and anyone can
/// compute it. An ES256 or ES384 token therefore has a second valid text. Deny tokens by `jti`,
/// never by their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256. RFC 7518 section 3.3.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384. RFC 7518 section 3.3.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512. RFC 7518 section 3.3.
    RS512,
    /// RSASSA-PSS with SHA-256. RFC 7518 section 3.5.
    PS256,
    /// RSASSA-PSS with SHA-384. RFC 7518 section 3.5.
    PS384,
    /// RSASSA-PSS with SHA-512. RFC 7518 section 3.5.
    PS512,
    /// ECDSA with P-256 and SHA-256. RFC 7518 section 3.4.
    ES256,
    /// ECDSA with P-384 and SHA-384. RFC 7518 section 3.4.
    ES384,
    /// Ed25519. RFC 8037 section 3.1. Its name in RFC 9864 section 2.2, `Ed25519`, is accepted too.
    EdDSA,
}

impl Algorithm {
    /// The value of `alg`: `EdDSA` for Ed25519. RFC 7515 section 4.1.1.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The algorithm that `alg` names, compared byte for byte. RFC 7515 section 4.1.1.
    pub(crate) fn named(alg: &str) -> Option<Self> {
        Some(match alg {
            "RS256" => Self::RS256,
            "RS384" => Self::RS384,
            "RS512" => Self::RS512,
            "PS256" => Self::PS256,
            "PS384" => Self::PS384,
            "PS512" => Self::PS512,
            "ES256" => Self::ES256,
            "ES384" => Self::ES384,
            "EdDSA" | "Ed25519" => Self::EdDSA,
            _ => return None,
        })
    }

    pub(crate) fn is_rsa(self) -> bool {
        RsaAlgorithm::of(self).is_some()
    }
}

/// The algorithms of RSA keys. RFC 7518 sections 3.3 and 3.5.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RsaAlgorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
}

impl RsaAlgorithm {
    pub(crate) fn of(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::RS256 => Some(Self::RS256),
            Algorithm::RS384 => Some(Self::RS384),
            Algorithm::RS512 => Some(Self::RS512),
            Algorithm::PS256 => Some(Self::PS256),
            Algorithm::PS384 => Some(Self::PS384),
            Algorithm::PS512 => Some(Self::PS512),
            Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => None,
        }
    }

    pub(crate) fn to_algorithm(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::RS384 => Algorithm::RS384,
            Self::RS512 => Algorithm::RS512,
            Self::PS256 => Algorithm::PS256,
            Self::PS384 => Algorithm::PS384,
            Self::PS512 => Algorithm::PS512,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(alg: &str) -> Result<Self, UnknownAlgorithm> {
        Self::named(alg).ok_or(UnknownAlgorithm)
    }
}

/// The error for a name that is not an [`Algorithm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownAlgorithm;

impl fmt::Display for UnknownAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the algorithm is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA",
        )
    }
}

impl Error for UnknownAlgorithm {}
