//! Every reason to refuse a proof, in pipeline order.

use core::{error::Error, fmt};

use super::{ConfirmationError, ProofCheck, ReplayError, UriError};
use crate::{JsonError, JwkError, SettingFault, UnixTime};

/// Why a proof was not accepted. RFC 9449 section 4.3.
///
/// Contains numbers and names of members this crate knows, never text from the proof, so it is safe to log. The
/// variants are in the order of the checks.
///
/// ```
/// use tokenring::possession::ProofError;
///
/// let error = ProofError::OtherKey;
/// assert_eq!(error.code(), "proof_other_key");
/// assert_eq!(error.check().clause(), "RFC 9449 section 4.3, step 12");
/// assert_eq!(error.oauth_error(), Some("invalid_token"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// Sender: the request has no field `DPoP`. RFC 9449 section 7.1.
    Missing,
    /// Sender: the request has several proofs, in several fields or joined by a comma. RFC 9449 section 4.3,
    /// step 1.
    Several,
    /// Sender: the proof is longer than 8 KiB.
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// Sender: the proof is not text.
    NotAscii,
    /// Sender: the proof does not have three segments. RFC 7515 section 7.1.
    SegmentCount {
        /// How many segments there are.
        found: usize,
    },
    /// Sender: a segment is empty. RFC 7515 section 7.1.
    EmptySegment {
        /// `header`, `payload` or `signature`.
        segment: &'static str,
    },
    /// Sender: a segment is not canonical base64url without padding. RFC 7515 section 2.
    NotBase64url {
        /// `header`, `payload` or `signature`.
        segment: &'static str,
    },
    /// Sender: the header is longer than 4 KiB of JSON.
    HeaderTooLong {
        /// The header's length in bytes, decoded.
        bytes: usize,
    },
    /// Sender: the header is not one strict JSON object. RFC 7515 section 4.
    HeaderJson(JsonError),
    /// Sender: the header has a parameter that would change how the proof is processed. RFC 7515
    /// section 4.1.11, RFC 7797, RFC 7516 section 4.1.
    HeaderForbidden {
        /// `crit`, `b64`, `zip`, `enc` or `cty`.
        parameter: &'static str,
    },
    /// Sender: a parameter is absent from the header. RFC 9449 section 4.2.
    HeaderMissing {
        /// `typ`, `alg` or `jwk`.
        parameter: &'static str,
    },
    /// Sender: a parameter of the header has the wrong JSON type. RFC 9449 section 4.2.
    HeaderType {
        /// `typ`, `alg` or `jwk`.
        parameter: &'static str,
    },
    /// Sender: `typ` is not `dpop+jwt`. RFC 9449 section 4.3, step 4.
    WrongType,
    /// Operator: `alg` names an algorithm that is not accepted for proofs. RFC 9449 section 4.3, step 5.
    AlgorithmNotAccepted,
    /// Sender: `jwk` is not a public key. RFC 9449 section 4.3, step 7.
    Key(JwkError),
    /// Sender: `jwk` is a key for another algorithm than `alg`. RFC 9449 section 4.2.
    KeyForOtherAlgorithm,
    /// Sender: a number in `jwk` has zeros in front. RFC 7518 section 2.
    KeyZeroInFront {
        /// `n` or `e`.
        member: &'static str,
    },
    /// Issuer: the token's `cnf` names nothing that can be checked. RFC 7800 section 3.1.
    Confirmation(ConfirmationError),
    /// Operator: the token is not bound to a key, so a proof proves nothing. RFC 9449 section 7.1.
    NotBound,
    /// Sender: the proof was made with another key than the one that the token is bound to. RFC 9449
    /// section 4.3, step 12.
    OtherKey,
    /// Sender: the token is bound to a certificate, and the client has shown none. RFC 8705 section 3.
    CertificateMissing,
    /// Sender: the token is bound to another certificate than the client's. RFC 8705 section 3.
    OtherCertificate,
    /// Sender: the modulus has more than 4096 bits.
    ModulusTooLarge {
        /// The length of the modulus in bytes.
        bytes: usize,
    },
    /// Sender: the numbers of `jwk` do not satisfy the rules for keys. RFC 8725 section 3.4.
    KeyNumbers(JwkError),
    /// Sender: the payload is not one strict JSON object. RFC 7519 section 7.2, step 10.
    PayloadJson(JsonError),
    /// Sender: a required claim is absent. RFC 9449 section 4.2.
    ClaimMissing {
        /// `htm`, `htu`, `ath`, `jti` or `iat`.
        claim: &'static str,
    },
    /// Sender: a claim has the wrong JSON type. RFC 9449 section 4.2.
    ClaimType {
        /// The claim's name.
        claim: &'static str,
    },
    /// Sender: `htm` is not the method of the request, in the same case. RFC 9449 section 4.3, step 8.
    WrongMethod,
    /// Sender: `htu` is not a URI that can be compared. RFC 9449 section 4.3, step 9.
    MalformedTarget(UriError),
    /// Sender: the target of the request is not one that can be compared. RFC 9112 section 3.2.
    RequestTarget(UriError),
    /// Operator: the target of the request is not under the service's origin and its prefix: it is a whole URI
    /// elsewhere (RFC 9112 section 3.2.2), or has a `..` that leads out of the prefix.
    RequestOfOtherOrigin,
    /// Operator: `htu` is not the URI of the request. RFC 9449 section 4.3, step 9.
    WrongTarget {
        /// The first part that differs: `scheme`, `host`, `port` or `path`.
        part: &'static str,
    },
    /// Sender: `ath` is not the hash of the access token. RFC 9449 section 4.3, step 12.
    WrongAccessTokenHash,
    /// Sender: `jti` is empty or longer than 256 bytes.
    IdentifierLength {
        /// Its length in bytes.
        bytes: usize,
    },
    /// Sender: the time is at or after the proof's own `exp`, leeway included. RFC 7519 section 4.1.4.
    Expired {
        /// The proof's `exp`, in seconds since the epoch, a fraction rounded up.
        exp: u64,
        /// The time it was compared with.
        now: u64,
    },
    /// Sender: the time is before the proof's own `nbf`, leeway included. RFC 7519 section 4.1.5.
    NotYetValid {
        /// The proof's `nbf`, in seconds since the epoch, a fraction rounded up.
        nbf: u64,
        /// The time it was compared with.
        now: u64,
    },
    /// Sender: `iat` is too long ago. RFC 9449 section 11.1.
    TooOld {
        /// The proof's `iat`, in seconds since the epoch, a fraction rounded down.
        iat: u64,
        /// The time it was compared with.
        now: u64,
    },
    /// Sender: `iat` is in the future. RFC 9449 section 11.1.
    FromFuture {
        /// The proof's `iat`, in seconds since the epoch, a fraction rounded up.
        iat: u64,
        /// The time it was compared with.
        now: u64,
    },
    /// Sender: the proof has no `nonce`, and the service demands one. RFC 9449 section 9.
    NonceMissing,
    /// Sender: `nonce` is not one of this service, or one from before it was restarted. RFC 9449 section 9.
    UnknownNonce,
    /// Sender: `nonce` is too old. RFC 9449 section 9.
    StaleNonce,
    /// Sender: the signature does not match the proof and the key, or the point of an EC key is not on its
    /// curve. No details, on purpose. RFC 9449 section 4.3, step 6.
    BadSignature,
    /// Sender: the proof has been used before. RFC 9449 section 11.1.
    Replayed,
    /// Sender: the proof's time ended while the request was checked. RFC 9449 section 11.1.
    TooLate,
    /// Operator: the memory of used proofs is full of proofs that could be used again. RFC 9449 section 11.1.
    MemoryFull,
    /// Operator: the memory of used proofs is not available. RFC 9449 section 11.1.
    MemoryUnavailable,
}

impl ProofError {
    /// A stable name for this error, for metrics: one of a small fixed set.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "proof_missing",
            Self::Several => "proof_several",
            Self::TooLong { .. } => "proof_too_long",
            Self::NotAscii => "proof_not_ascii",
            Self::SegmentCount { .. } => "proof_segment_count",
            Self::EmptySegment { .. } => "proof_empty_segment",
            Self::NotBase64url { .. } => "proof_not_base64url",
            Self::HeaderTooLong { .. } => "proof_header_too_long",
            Self::HeaderJson(_) => "proof_header_json",
            Self::HeaderForbidden { .. } => "proof_header_forbidden",
            Self::HeaderMissing { .. } => "proof_header_missing",
            Self::HeaderType { .. } => "proof_header_type",
            Self::WrongType => "proof_wrong_type",
            Self::AlgorithmNotAccepted => "proof_algorithm_not_accepted",
            Self::Key(_) => "proof_key",
            Self::KeyForOtherAlgorithm => "proof_key_for_other_algorithm",
            Self::KeyZeroInFront { .. } => "proof_key_zero_in_front",
            Self::Confirmation(_) => "proof_confirmation",
            Self::NotBound => "proof_not_bound",
            Self::OtherKey => "proof_other_key",
            Self::CertificateMissing => "certificate_missing",
            Self::OtherCertificate => "other_certificate",
            Self::ModulusTooLarge { .. } => "proof_modulus_too_large",
            Self::KeyNumbers(_) => "proof_key_numbers",
            Self::PayloadJson(_) => "proof_payload_json",
            Self::ClaimMissing { .. } => "proof_claim_missing",
            Self::ClaimType { .. } => "proof_claim_type",
            Self::WrongMethod => "proof_wrong_method",
            Self::MalformedTarget(_) => "proof_malformed_target",
            Self::RequestTarget(_) => "proof_request_target",
            Self::RequestOfOtherOrigin => "proof_request_of_other_origin",
            Self::WrongTarget { .. } => "proof_wrong_target",
            Self::WrongAccessTokenHash => "proof_wrong_access_token_hash",
            Self::IdentifierLength { .. } => "proof_identifier_length",
            Self::Expired { .. } => "proof_expired",
            Self::NotYetValid { .. } => "proof_not_yet_valid",
            Self::TooOld { .. } => "proof_too_old",
            Self::FromFuture { .. } => "proof_from_future",
            Self::NonceMissing => "proof_nonce_missing",
            Self::UnknownNonce => "proof_unknown_nonce",
            Self::StaleNonce => "proof_stale_nonce",
            Self::BadSignature => "proof_bad_signature",
            Self::Replayed => "proof_replayed",
            Self::TooLate => "proof_too_late",
            Self::MemoryFull => "proof_memory_full",
            Self::MemoryUnavailable => "proof_memory_unavailable",
        }
    }

    /// The check that failed.
    pub fn check(&self) -> ProofCheck {
        match self {
            Self::Missing | Self::Several => ProofCheck::Field,
            Self::TooLong { .. } => ProofCheck::Size,
            Self::NotAscii | Self::SegmentCount { .. } | Self::EmptySegment { .. } => {
                ProofCheck::Segments
            }
            Self::NotBase64url { segment: "payload" } | Self::PayloadJson(_) => ProofCheck::Payload,
            Self::NotBase64url { segment: "signature" } | Self::BadSignature => {
                ProofCheck::Signature
            }
            Self::NotBase64url { .. }
            | Self::HeaderTooLong { .. }
            | Self::HeaderJson(_)
            | Self::HeaderForbidden { .. } => ProofCheck::Header,
            Self::HeaderMissing { parameter } | Self::HeaderType { parameter } => {
                match *parameter {
                    "typ" => ProofCheck::Type,
                    "alg" => ProofCheck::Algorithm,
                    _ => ProofCheck::Key,
                }
            }
            Self::WrongType => ProofCheck::Type,
            Self::AlgorithmNotAccepted => ProofCheck::Algorithm,
            Self::Key(_) | Self::KeyForOtherAlgorithm | Self::KeyZeroInFront { .. } => {
                ProofCheck::Key
            }
            Self::Confirmation(_) | Self::NotBound | Self::OtherKey => ProofCheck::Binding,
            Self::CertificateMissing | Self::OtherCertificate => ProofCheck::Certificate,
            Self::ModulusTooLarge { .. } | Self::KeyNumbers(_) => ProofCheck::KeyNumbers,
            Self::ClaimMissing { claim } | Self::ClaimType { claim } => match *claim {
                "htm" => ProofCheck::Method,
                "htu" => ProofCheck::Target,
                "ath" => ProofCheck::AccessTokenHash,
                "jti" => ProofCheck::Identifier,
                "exp" => ProofCheck::Expiry,
                "nbf" => ProofCheck::NotBefore,
                "nonce" => ProofCheck::Nonce,
                _ => ProofCheck::IssuedAt,
            },
            Self::WrongMethod => ProofCheck::Method,
            Self::MalformedTarget(_)
            | Self::RequestTarget(_)
            | Self::RequestOfOtherOrigin
            | Self::WrongTarget { .. } => ProofCheck::Target,
            Self::WrongAccessTokenHash => ProofCheck::AccessTokenHash,
            Self::IdentifierLength { .. } => ProofCheck::Identifier,
            Self::Expired { .. } => ProofCheck::Expiry,
            Self::NotYetValid { .. } => ProofCheck::NotBefore,
            Self::TooOld { .. } | Self::FromFuture { .. } => ProofCheck::IssuedAt,
            Self::NonceMissing | Self::UnknownNonce | Self::StaleNonce => ProofCheck::Nonce,
            Self::Replayed | Self::TooLate | Self::MemoryFull | Self::MemoryUnavailable => {
                ProofCheck::Replay
            }
        }
    }

    /// The `error` of the challenge to answer with, whose status is 401: `invalid_dpop_proof`,
    /// `invalid_token` or `use_dpop_nonce`, together with a `DPoP-Nonce`. RFC 9449 sections 7.1 and 9.
    ///
    /// `None` for `MemoryFull` and `MemoryUnavailable`: nothing is known about the proof, and the status
    /// is 503.
    pub const fn oauth_error(&self) -> Option<&'static str> {
        match self {
            Self::Confirmation(_)
            | Self::NotBound
            | Self::OtherKey
            | Self::CertificateMissing
            | Self::OtherCertificate => Some("invalid_token"),
            Self::NonceMissing | Self::UnknownNonce | Self::StaleNonce => Some("use_dpop_nonce"),
            Self::MemoryFull | Self::MemoryUnavailable => None,
            _ => Some("invalid_dpop_proof"),
        }
    }
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::Missing => "the request has no DPoP proof",
            Self::Several => "the request has several DPoP proofs",
            Self::TooLong { bytes } => {
                return write!(f, "the proof is {bytes} bytes long, the limit is 8192");
            }
            Self::NotAscii => "the proof is not ASCII",
            Self::SegmentCount { found: 1 } => "the proof has 1 segment instead of 3",
            Self::SegmentCount { found } => {
                return write!(f, "the proof has {found} segments instead of 3");
            }
            Self::EmptySegment { segment } => return write!(f, "the proof's {segment} is empty"),
            Self::NotBase64url { segment } => {
                return write!(
                    f,
                    "the proof's {segment} is not canonical base64url without padding"
                );
            }
            Self::HeaderTooLong { bytes } => {
                return write!(f, "the proof's header is {bytes} bytes long, the limit is 4096");
            }
            Self::HeaderJson(error) => return write!(f, "the proof's header: {error}"),
            Self::HeaderForbidden { parameter } => {
                return write!(f, "the proof's header has `{parameter}`, which is not supported");
            }
            Self::HeaderMissing { parameter } => {
                return write!(f, "the proof's header has no `{parameter}`");
            }
            Self::HeaderType { parameter } => {
                return write!(f, "`{parameter}` in the proof's header has the wrong JSON type");
            }
            Self::WrongType => "the proof's `typ` is not dpop+jwt",
            Self::AlgorithmNotAccepted => "the proof's `alg` is not one accepted for proofs here",
            Self::Key(JwkError::PrivateKey { member }) => {
                return write!(f, "the proof's key has the private member `{member}`, replace it");
            }
            Self::Key(JwkError::SharedSecret) => "the proof's key is a shared secret",
            Self::Key(error) => return write!(f, "in the proof, {error}"),
            Self::KeyForOtherAlgorithm => "the proof's key is for another algorithm than its `alg`",
            Self::KeyZeroInFront { member } => {
                return write!(f, "`{member}` of the proof's key has zeros in front");
            }
            Self::Confirmation(error) => return error.fmt(f),
            Self::NotBound => "the token is not bound to a key",
            Self::OtherKey => "the token is bound to another key than the proof's",
            Self::CertificateMissing => {
                "the token is bound to a certificate, and the client has shown none"
            }
            Self::OtherCertificate => "the token is bound to another certificate than the client's",
            Self::ModulusTooLarge { bytes } => {
                return write!(
                    f,
                    "the modulus of the proof's key is {bytes} bytes long, the limit is 512"
                );
            }
            Self::KeyNumbers(error) => return write!(f, "in the proof, {error}"),
            Self::PayloadJson(error) => return write!(f, "the proof's payload: {error}"),
            Self::ClaimMissing { claim } => return write!(f, "the proof has no `{claim}`"),
            Self::ClaimType { claim } => {
                return write!(f, "the proof's `{claim}` has the wrong JSON type");
            }
            Self::WrongMethod => "the proof's `htm` is not the method of the request",
            Self::MalformedTarget(error) => {
                return write!(f, "the proof's `htu` cannot be compared: {error}");
            }
            Self::RequestTarget(error) => {
                return write!(f, "the target of the request cannot be compared: {error}");
            }
            Self::RequestOfOtherOrigin => {
                "the target of the request is not under the service's origin and prefix"
            }
            Self::WrongTarget { part } => {
                return write!(
                    f,
                    "the proof's `htu` is not the URI of the request, their {part}s differ"
                );
            }
            Self::WrongAccessTokenHash => "the proof's `ath` is not the hash of the access token",
            Self::IdentifierLength { bytes } => {
                return write!(f, "the proof's `jti` is {bytes} bytes long instead of 1 to 256");
            }
            Self::Expired { exp, now } => {
                let (exp, now) = (UnixTime::from_secs(exp), UnixTime::from_secs(now));
                return write!(f, "the proof expired at {exp}, now is {now}");
            }
            Self::NotYetValid { nbf, now } => {
                let (nbf, now) = (UnixTime::from_secs(nbf), UnixTime::from_secs(now));
                return write!(f, "the proof is not valid before {nbf}, now is {now}");
            }
            Self::TooOld { iat, now } => {
                let (iat, now) = (UnixTime::from_secs(iat), UnixTime::from_secs(now));
                return write!(f, "the proof was made at {iat}, too long ago, now is {now}");
            }
            Self::FromFuture { iat, now } => {
                let (iat, now) = (UnixTime::from_secs(iat), UnixTime::from_secs(now));
                return write!(f, "the proof's `iat` is {iat}, now is {now}");
            }
            Self::NonceMissing => "the proof has no `nonce`",
            Self::UnknownNonce => "the proof's `nonce` is not one of this service",
            Self::StaleNonce => "the proof's `nonce` is too old",
            Self::BadSignature => "the signature does not match the proof and its key",
            Self::Replayed => "the proof has been used before",
            Self::TooLate => "the proof's time ended while the request was checked",
            Self::MemoryFull => "the memory of used proofs is full",
            Self::MemoryUnavailable => "the memory of used proofs is not available",
        };
        f.write_str(text)
    }
}

impl Error for ProofError {}

impl From<ReplayError> for ProofError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Replayed => Self::Replayed,
            ReplayError::TooLate => Self::TooLate,
            ReplayError::Full => Self::MemoryFull,
            ReplayError::Unavailable => Self::MemoryUnavailable,
        }
    }
}

/// Why a [`ProofPolicy`](super::ProofPolicy) cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofPolicyError {
    /// Operator: no origin is meant with this text.
    SpoiledOrigin {
        /// The fault of its text.
        fault: SettingFault,
    },
    /// Operator: the origin is not `https://` or `http://`, a host, perhaps a port, and perhaps a path in its
    /// normal form.
    Origin(UriError),
    /// Operator: the list of algorithms is empty.
    NoAlgorithm,
    /// Operator: a duration is not in whole seconds.
    Fraction,
    /// Operator: the greatest age is not from 10 seconds to an hour.
    MaxAge {
        /// It in seconds.
        seconds: u64,
    },
    /// Operator: proofs from the future are accepted by more than five minutes.
    Ahead {
        /// The setting in seconds.
        seconds: u64,
    },
}

impl fmt::Display for ProofPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SpoiledOrigin { fault } => write!(f, "the origin for proofs {fault}"),
            Self::Origin(error) => write!(f, "the origin for proofs: {error}"),
            Self::NoAlgorithm => f.write_str("no algorithm is accepted for proofs"),
            Self::Fraction => f.write_str("a time for proofs is not in whole seconds"),
            Self::MaxAge { seconds } => {
                write!(f, "the greatest age of proofs is {seconds} s, instead of 10 to 3600")
            }
            Self::Ahead { seconds } => {
                write!(f, "proofs may be {seconds} s ahead, 300 is the most")
            }
        }
    }
}

impl Error for ProofPolicyError {}
