//! Every fault of a key and of a key set. RFC 7517, RFC 7518 section 6.

use core::{error::Error, fmt};

use crate::JsonError;

/// Why a JWK is not a key that this crate accepts. All faults of a key are found when it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwkError {
    /// Issuer: the JWK is longer than 512 KiB.
    TooLong {
        /// The length in bytes.
        bytes: usize,
    },
    /// Issuer: the JWK is not one strict JSON object. RFC 7517 section 4.
    Json(JsonError),
    /// Issuer: a required member is absent. RFC 7517 section 4, RFC 7518 section 6.
    MemberMissing {
        /// `kty`, `n`, `e`, `crv`, `x` or `y`.
        member: &'static str,
    },
    /// Issuer: a member has the wrong JSON type. RFC 7517 section 4.
    MemberType {
        /// The member's name.
        member: &'static str,
    },
    /// Issuer: `kty` is none of `RSA`, `EC` and `OKP`. RFC 7518 section 6.1, RFC 8037 section 2.
    KeyType,
    /// Issuer: `kty` is `oct`: a shared secret, which everybody knows who can read the key set. RFC 7518
    /// section 6.4.
    SharedSecret,
    /// Issuer: a private member is published, so the key is compromised. RFC 7517 section 9.2.
    PrivateKey {
        /// `d`, `p`, `q`, `dp`, `dq`, `qi` or `oth`.
        member: &'static str,
    },
    /// Issuer: `use` is not `sig`. RFC 7517 section 4.2.
    NotForSignatures,
    /// Issuer: `key_ops` does not contain `verify`. RFC 7517 section 4.3.
    NotForVerify,
    /// Issuer: `key_ops` names an operation twice. RFC 7517 section 4.3.
    DuplicateKeyOperation,
    /// Issuer: `alg` is not an [`Algorithm`](crate::Algorithm). RFC 7517 section 4.4.
    AlgorithmNotAccepted,
    /// Issuer: `alg` is for another type of key or another curve. RFC 7518 section 3.1.
    AlgorithmOfOtherKeyType,
    /// Issuer: a member is not base64url. Padding and the standard alphabet are accepted too. RFC 7518
    /// section 2.
    NotBase64url {
        /// `n`, `e`, `x` or `y`.
        member: &'static str,
    },
    /// Issuer: `crv` is not a curve that this crate supports for the `kty`. RFC 7518
    /// section 6.2.1.1, RFC 8037 section 2.
    Curve,
    /// Issuer: a coordinate is longer than the curve's, zeros in front not counted, or empty; or the
    /// `x` of an OKP key has another length. RFC 7518 section 6.2.1.2, RFC 8037 section 2.
    CoordinateLength {
        /// `x` or `y`.
        member: &'static str,
        /// Its length in bytes, without the zeros in front of an EC coordinate.
        bytes: usize,
        /// The length of the curve's coordinates in bytes.
        expected: usize,
    },
    /// Issuer: the point is not on the curve. RFC 8725 section 3.4.
    NotOnCurve,
    /// Issuer: the Ed25519 key is not in its canonical encoding. RFC 8032 section 5.1.2.
    NotCanonical,
    /// Issuer: the Ed25519 key has low order, so that signatures can be forged. RFC 8032 section 7.
    LowOrder,
    /// Operator: the system has no randomness, which *ring* needs to check a point.
    NoRandomness,
    /// Issuer: `n` is not the modulus but a whole SubjectPublicKeyInfo, which contains it. RFC 7518
    /// section 6.3.1.1.
    ModulusIsPublicKeyInfo,
    /// Issuer: the modulus has fewer than 2048 bits. RFC 7518 section 3.3.
    ModulusTooSmall {
        /// The exact length of the modulus in bits.
        bits: usize,
    },
    /// Issuer: the modulus has more than 8192 bits.
    ModulusTooLarge {
        /// The exact length of the modulus in bits.
        bits: usize,
    },
    /// Issuer: the modulus is even.
    ModulusEven,
    /// Issuer: the modulus has a prime factor below 1000, so it is not the product of two large
    /// primes.
    ModulusSmallFactor {
        /// The smallest prime factor.
        factor: u32,
    },
    /// Issuer: the modulus has the ROCA fingerprint of keys that can be factored. CVE-2017-15361.
    ModulusRoca,
    /// Issuer: the exponent is below 65537. FIPS 186-5 section 5.4.
    ExponentTooSmall,
    /// Issuer: the exponent is 2^33 or more.
    ExponentTooLarge,
    /// Issuer: the exponent is even.
    ExponentEven,
}

impl JwkError {
    /// A name for this error in metrics: stable, and one of a small number.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Json(_) => "json",
            Self::MemberMissing { .. } => "member_missing",
            Self::MemberType { .. } => "member_type",
            Self::KeyType => "key_type",
            Self::SharedSecret => "shared_secret",
            Self::PrivateKey { .. } => "private_key",
            Self::NotForSignatures => "not_for_signatures",
            Self::NotForVerify => "not_for_verify",
            Self::DuplicateKeyOperation => "duplicate_key_operation",
            Self::AlgorithmNotAccepted => "algorithm_not_accepted",
            Self::AlgorithmOfOtherKeyType => "algorithm_of_other_key_type",
            Self::NotBase64url { .. } => "not_base64url",
            Self::Curve => "curve",
            Self::CoordinateLength { .. } => "coordinate_length",
            Self::NotOnCurve => "not_on_curve",
            Self::NotCanonical => "not_canonical",
            Self::LowOrder => "low_order",
            Self::NoRandomness => "no_randomness",
            Self::ModulusIsPublicKeyInfo => "modulus_is_public_key_info",
            Self::ModulusTooSmall { .. } => "modulus_too_small",
            Self::ModulusTooLarge { .. } => "modulus_too_large",
            Self::ModulusEven => "modulus_even",
            Self::ModulusSmallFactor { .. } => "modulus_small_factor",
            Self::ModulusRoca => "modulus_roca",
            Self::ExponentTooSmall => "exponent_too_small",
            Self::ExponentTooLarge => "exponent_too_large",
            Self::ExponentEven => "exponent_even",
        }
    }
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(f, "the key is {bytes} bytes long, the limit is 524288")
            }
            Self::Json(error) => write!(f, "the key: {error}"),
            Self::MemberMissing { member } => write!(f, "the key has no `{member}`"),
            Self::MemberType { member } => {
                write!(f, "the key's `{member}` has the wrong JSON type")
            }
            Self::KeyType => f.write_str("the key's `kty` is none of RSA, EC and OKP"),
            Self::SharedSecret => f.write_str(
                "the key is a shared secret (`kty` is oct), which may be public because it is in a key set, replace it",
            ),
            Self::PrivateKey { member } => {
                write!(f, "the private member `{member}` of the key is published, replace the key")
            }
            Self::NotForSignatures => f.write_str("the key's `use` is not sig"),
            Self::NotForVerify => f.write_str("the key's `key_ops` does not contain verify"),
            Self::DuplicateKeyOperation => {
                f.write_str("the key's `key_ops` names an operation twice")
            }
            Self::AlgorithmNotAccepted => {
                f.write_str("the key's `alg` is not a signature algorithm accepted here")
            }
            Self::AlgorithmOfOtherKeyType => {
                f.write_str("the key's `alg` does not fit its `kty` or `crv`")
            }
            Self::NotBase64url { member } => write!(f, "the key's `{member}` is not base64url"),
            Self::Curve => f.write_str("the key's `crv` is not a curve accepted here"),
            Self::CoordinateLength { member, bytes, expected } => {
                write!(f, "the key's `{member}` is {bytes} bytes long instead of {expected}")
            }
            Self::NotOnCurve => f.write_str("the key is not a point on its curve"),
            Self::NotCanonical => f.write_str("the key's `x` is not encoded canonically"),
            Self::LowOrder => {
                f.write_str("the key is a point of low order, for which signatures can be forged")
            }
            Self::NoRandomness => {
                f.write_str("the key cannot be checked because the system has no randomness")
            }
            Self::ModulusIsPublicKeyInfo => f.write_str(
                "the key's `n` is a whole SubjectPublicKeyInfo, not the modulus in it",
            ),
            Self::ModulusTooSmall { bits } => {
                write!(f, "the key's modulus has {bits} bits, 2048 is the least")
            }
            Self::ModulusTooLarge { bits } => {
                write!(f, "the key's modulus has {bits} bits, 8192 is the most")
            }
            Self::ModulusEven => f.write_str("the key's modulus is even"),
            Self::ModulusSmallFactor { factor } => {
                write!(f, "the key's modulus is divisible by {factor}, replace the key")
            }
            Self::ModulusRoca => {
                f.write_str("the key's modulus has the ROCA fingerprint, replace the key")
            }
            Self::ExponentTooSmall => f.write_str("the key's exponent is below 65537"),
            Self::ExponentTooLarge => f.write_str("the key's exponent is 2^33 or more"),
            Self::ExponentEven => f.write_str("the key's exponent is even"),
        }
    }
}

impl Error for JwkError {}

/// Why bytes are not a JWK Set.
///
/// A fault of one key is not an error of its set: see [`JwkSet::skipped`](crate::JwkSet::skipped).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwkSetError {
    /// Issuer: the set is longer than 512 KiB.
    TooLong {
        /// The length in bytes.
        bytes: usize,
    },
    /// Issuer: nothing, or nothing but white space.
    Empty,
    /// Issuer: the text is UTF-16. RFC 8259 section 8.1.
    Utf16,
    /// Issuer: the text begins with a byte order mark. RFC 8259 section 8.1.
    ByteOrderMark,
    /// Issuer: the bytes are DER, perhaps a certificate or a key.
    Der,
    /// Issuer: the set is not one strict JSON object. RFC 7517 section 5.
    Json(JsonError),
    /// Issuer: the text is a private or secret key, in PEM or as one JWK. RFC 7468 sections 10 and 11,
    /// RFC 7517 section 9.2.
    PrivateKey,
    /// Issuer: the text is PEM, not JSON. RFC 7468.
    Pem,
    /// Issuer: line breaks are written as a backslash and `n`.
    EscapedLineBreaks,
    /// Issuer: a second JSON object follows the first.
    SeveralObjects,
    /// Issuer: the text is one JWK without a set around it. RFC 7517 section 5.
    KeyWithoutSet,
    /// Issuer: the text is an object of PEM texts by `kid`, as Google publishes its certificates.
    PemByKeyId,
    /// Issuer: the set has no member `keys`. RFC 7517 section 5.1.
    KeysMissing,
    /// Issuer: `keys` is not an array. RFC 7517 section 5.1.
    KeysType,
    /// Issuer: the set has more than 1000 entries.
    TooManyKeys,
}

impl JwkSetError {
    /// A name for this error in metrics: stable, and one of a small number.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Empty => "empty",
            Self::Utf16 => "utf16",
            Self::ByteOrderMark => "byte_order_mark",
            Self::Der => "der",
            Self::Json(_) => "json",
            Self::PrivateKey => "private_key",
            Self::Pem => "pem",
            Self::EscapedLineBreaks => "escaped_line_breaks",
            Self::SeveralObjects => "several_objects",
            Self::KeyWithoutSet => "key_without_set",
            Self::PemByKeyId => "pem_by_key_id",
            Self::KeysMissing => "keys_missing",
            Self::KeysType => "keys_type",
            Self::TooManyKeys => "too_many_keys",
        }
    }
}

impl fmt::Display for JwkSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(f, "the key set is {bytes} bytes long, the limit is 524288")
            }
            Self::Empty => f.write_str("the key set is empty"),
            Self::Utf16 => f.write_str("the key set is UTF-16, not UTF-8"),
            Self::ByteOrderMark => {
                f.write_str("the key set begins with a byte order mark, which JSON must not have")
            }
            Self::Der => f.write_str("the key set is DER, not a JWK Set"),
            Self::Json(error) => write!(f, "the key set: {error}"),
            Self::PrivateKey => f.write_str(
                "the key set is a private or secret key, which belongs to the issuer alone",
            ),
            Self::EscapedLineBreaks => f.write_str(
                "the line breaks of the key set are written as \\n, replace them with line breaks",
            ),
            Self::Pem => f.write_str("the key set is a PEM text, not a JWK Set"),
            Self::SeveralObjects => {
                f.write_str("the key set has a second JSON object after the first")
            }
            Self::KeyWithoutSet => f.write_str(
                "the key set is one key without a set around it, write it as {\"keys\":[KEY]}",
            ),
            Self::PemByKeyId => f.write_str(
                "the key set is an object of PEM texts by `kid`, use the issuer's JWK Set",
            ),
            Self::KeysMissing => f.write_str("the key set has no `keys`"),
            Self::KeysType => f.write_str("`keys` of the key set is not an array"),
            Self::TooManyKeys => f.write_str("the key set has more than 1000 keys"),
        }
    }
}

impl Error for JwkSetError {}
