//! Every way to be refused, in pipeline order.
//!
//! The first word of each variant's documentation says who can put it right: the *Sender* of the
//! token, the *Issuer* that made it or published the key, or the *Operator* of this service.

use core::{error::Error, fmt, time::Duration};

/// Why a token was not accepted.
///
/// Holds numbers and names of members this crate knows, never text from the token, so that it can
/// be logged as it is. The variants stand in the order in which the checks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// Sender: the token is longer than 16 KiB.
    TokenTooLong {
        /// The token's length in bytes.
        bytes: usize,
    },
    /// Sender: not three segments. RFC 7515 section 7.1.
    SegmentCount {
        /// How many segments there are.
        found: usize,
    },
    /// Operator: five segments, an encrypted token. Auth0 issues one when no audience was asked
    /// for. RFC 7516 section 7.1.
    Encrypted,
    /// Sender: the header or the signature is empty. RFC 7515 section 7.1.
    EmptySegment {
        /// `header` or `signature`.
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
    /// Issuer: the header is not one strict JSON object. RFC 7515 section 4.
    HeaderJson(JsonError),
    /// Issuer: a header parameter that would change how the token is processed, none of which this
    /// crate understands. RFC 7515 section 4.1.11, RFC 7797, RFC 7516 section 4.1.
    HeaderForbidden {
        /// `crit`, `b64`, `zip`, `enc` or `cty`.
        parameter: &'static str,
    },
    /// Issuer: `alg` is absent. RFC 7515 section 4.1.1.
    AlgorithmMissing,
    /// Issuer: a header parameter is not a string. RFC 7515 section 4.1.
    HeaderType {
        /// `alg`, `kid` or `typ`.
        parameter: &'static str,
    },
    /// Issuer: `alg` names an algorithm that is not accepted. RFC 8725 section 3.1.
    AlgorithmNotAccepted,
    /// Issuer: `kid` is empty or longer than 256 bytes.
    KeyIdLength {
        /// The length of `kid` in bytes.
        bytes: usize,
    },
    /// Sender: the issuer has no key for the token's `kid`. RFC 7515 section 4.1.4.
    UnknownKey,
    /// Issuer: several keys would do, and the token does not tell which. RFC 7517 section 4.5.
    AmbiguousKey,
    /// Operator: the issuer's keys cannot be had now, so nothing is known about the token.
    KeysUnavailable {
        /// When it makes sense to try again.
        retry_after: Duration,
    },
    /// Operator: too many callers wait for the issuer's keys already.
    KeySourceBusy,
    /// Sender: the signature is not the key's over this token. No details, on purpose.
    /// RFC 7515 section 5.2, step 8.
    BadSignature,
    /// Issuer: the payload is empty, a valid JWS but no JWT. RFC 7519 section 7.2.
    EmptyPayload,
    /// Issuer: the payload is not one strict JSON object. RFC 7519 section 7.2, step 10.
    PayloadJson(JsonError),
    /// Issuer: a claim that must be there is not. RFC 7519 section 4.
    ClaimMissing {
        /// `iss`, `aud` or `exp`.
        claim: &'static str,
    },
    /// Issuer: a claim has the wrong JSON type. RFC 7519 section 4.1.
    ClaimType {
        /// The claim's name.
        claim: &'static str,
    },
    /// Issuer: a time lies before 1970 or after 9999; milliseconds, perhaps. RFC 7519 section 2.
    ClaimRange {
        /// `exp`.
        claim: &'static str,
    },
    /// Operator: `typ` says that this is another kind of token. RFC 8725 section 3.11.
    TokenTypeNotAccepted,
    /// Operator: `iss` is not the policy's issuer, byte for byte. RFC 7519 section 4.1.1.
    WrongIssuer,
    /// Operator: no element of `aud` is an accepted audience. RFC 7519 section 4.1.3.
    WrongAudience,
    /// Sender: `exp` has come. RFC 7519 section 4.1.4.
    Expired {
        /// The token's `exp`, in seconds since the epoch, a fraction rounded up.
        exp: u64,
        /// The time it was compared with, leeway not included.
        now: u64,
    },
    /// Sender: `nbf` has not come. RFC 7519 section 4.1.5.
    NotYetValid {
        /// The token's `nbf`, in seconds since the epoch, a fraction rounded up.
        nbf: u64,
        /// The time it was compared with, leeway not included.
        now: u64,
    },
    /// Operator: the token was issued to another client than the policy's. OpenID Connect Core
    /// section 2 (`azp`), RFC 8693 section 4.3 (`client_id`).
    WrongAuthorizedParty,
    /// Sender: the token is bound to a key the sender must prove to hold, and came as a plain
    /// bearer token. RFC 7800 section 3.1, RFC 9449 section 7.1.
    SenderConstrained,
}

impl VerifyError {
    /// A name for this error in metrics: stable, and one of a small number.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TokenTooLong { .. } => "token_too_long",
            Self::SegmentCount { .. } => "segment_count",
            Self::Encrypted => "encrypted",
            Self::EmptySegment { .. } => "empty_segment",
            Self::NotBase64url { .. } => "not_base64url",
            Self::HeaderTooLong { .. } => "header_too_long",
            Self::HeaderJson(_) => "header_json",
            Self::HeaderForbidden { .. } => "header_forbidden",
            Self::AlgorithmMissing => "algorithm_missing",
            Self::HeaderType { .. } => "header_type",
            Self::AlgorithmNotAccepted => "algorithm_not_accepted",
            Self::KeyIdLength { .. } => "key_id_length",
            Self::UnknownKey => "unknown_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::KeysUnavailable { .. } => "keys_unavailable",
            Self::KeySourceBusy => "key_source_busy",
            Self::BadSignature => "bad_signature",
            Self::EmptyPayload => "empty_payload",
            Self::PayloadJson(_) => "payload_json",
            Self::ClaimMissing { .. } => "claim_missing",
            Self::ClaimType { .. } => "claim_type",
            Self::ClaimRange { .. } => "claim_range",
            Self::TokenTypeNotAccepted => "token_type_not_accepted",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::WrongAuthorizedParty => "wrong_authorized_party",
            Self::SenderConstrained => "sender_constrained",
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TokenTooLong { bytes } => {
                write!(f, "token is {bytes} bytes long, the limit is 16384")
            }
            Self::SegmentCount { found: 1 } => f.write_str(
                "token has 1 segment instead of 3, perhaps an opaque access token: ask the issuer for a JWT by naming an audience",
            ),
            Self::SegmentCount { found } => {
                write!(f, "token has {found} segments instead of 3")
            }
            Self::Encrypted => f.write_str(
                "token has 5 segments, it is encrypted: ask the issuer for a token with this service's audience",
            ),
            Self::EmptySegment { segment } => write!(f, "the token's {segment} is empty"),
            Self::NotBase64url { segment } => {
                write!(f, "the token's {segment} is not canonical base64url without padding")
            }
            Self::HeaderTooLong { bytes } => {
                write!(f, "the token's header is {bytes} bytes long, the limit is 4096")
            }
            Self::HeaderJson(error) => write!(f, "the token's header {error}"),
            Self::HeaderForbidden { parameter } => {
                write!(f, "the token's header has `{parameter}`, which is not supported")
            }
            Self::AlgorithmMissing => f.write_str("the token's header has no `alg`"),
            Self::HeaderType { parameter } => {
                write!(f, "`{parameter}` in the token's header is not a string")
            }
            Self::AlgorithmNotAccepted => {
                f.write_str("the token's `alg` is not RS256, the only algorithm accepted")
            }
            Self::KeyIdLength { bytes } => {
                write!(f, "the token's `kid` is {bytes} bytes long instead of 1 to 256")
            }
            Self::UnknownKey => KeyError::UnknownKey.fmt(f),
            Self::AmbiguousKey => KeyError::AmbiguousKey.fmt(f),
            Self::KeysUnavailable { retry_after } => KeyError::Unavailable { retry_after }.fmt(f),
            Self::KeySourceBusy => KeyError::Busy.fmt(f),
            Self::BadSignature => f.write_str("the token's signature is wrong"),
            Self::EmptyPayload => f.write_str("the token's payload is empty"),
            Self::PayloadJson(error) => write!(f, "the token's payload {error}"),
            Self::ClaimMissing { claim } => write!(f, "the token has no `{claim}`"),
            Self::ClaimType { claim } => write!(f, "the token's `{claim}` has the wrong JSON type"),
            Self::ClaimRange { claim } => write!(
                f,
                "the token's `{claim}` is not between 1970 and 9999, perhaps it is in milliseconds"
            ),
            Self::TokenTypeNotAccepted => {
                f.write_str("the token's `typ` is not that of an access token accepted here")
            }
            Self::WrongIssuer => f.write_str(
                "the token's `iss` is not the issuer expected here, compare them up to the trailing slash",
            ),
            Self::WrongAudience => {
                f.write_str("the token's `aud` does not hold an audience accepted here")
            }
            Self::Expired { exp, now } => write!(f, "token expired at {exp}, now is {now}"),
            Self::NotYetValid { nbf, now } => {
                write!(f, "token is not valid before {nbf}, now is {now}")
            }
            Self::WrongAuthorizedParty => {
                f.write_str("the token was issued to another client than the one accepted here")
            }
            Self::SenderConstrained => f.write_str(
                "the token is bound to a key by `cnf` and cannot be used as a plain bearer token",
            ),
        }
    }
}

impl Error for VerifyError {}

impl From<KeyError> for VerifyError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::UnknownKey => Self::UnknownKey,
            KeyError::AmbiguousKey => Self::AmbiguousKey,
            KeyError::Unavailable { retry_after } => Self::KeysUnavailable { retry_after },
            KeyError::Busy => Self::KeySourceBusy,
        }
    }
}

/// Why bytes are not a strict JSON object. RFC 8259, RFC 7515 section 4, RFC 7519 section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// Not UTF-8. RFC 8259 section 8.1.
    NotUtf8,
    /// Not an object.
    NotObject,
    /// Nested deeper than 32 arrays and objects.
    TooDeep,
    /// Not JSON, a lone surrogate, a number that no double can hold, or something behind the object.
    Syntax,
    /// A member stands there twice, compared after unescaping.
    DuplicateMember,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8 => "is not UTF-8",
            Self::NotObject => "is not a JSON object",
            Self::TooDeep => "is nested deeper than 32 levels",
            Self::Syntax => "is not well-formed JSON",
            Self::DuplicateMember => "has a member twice",
        })
    }
}

impl Error for JsonError {}

/// Why a key source has no key for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Sender: no usable key has this `kid`, or there is none at all. RFC 7515 section 4.1.4.
    UnknownKey,
    /// Issuer: several keys fit: different ones with one `kid`, or a token without `kid` before a
    /// set of several. RFC 7517 section 4.5.
    AmbiguousKey,
    /// Operator: the keys cannot be had now.
    Unavailable {
        /// When it makes sense to try again.
        retry_after: Duration,
    },
    /// Operator: too many callers wait for the keys already.
    Busy,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey => f.write_str("the issuer has no usable key with the token's `kid`"),
            Self::AmbiguousKey => {
                f.write_str("the issuer has several keys that fit the token's `kid` or its absence")
            }
            Self::Unavailable { retry_after } => write!(
                f,
                "the issuer's keys are not available, try again in {} s",
                retry_after.as_secs()
            ),
            Self::Busy => f.write_str("too many callers wait for the issuer's keys"),
        }
    }
}

impl Error for KeyError {}

/// Why a JWK is not an RS256 verification key this crate trusts. All faults of a key are found when
/// it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwkError {
    /// Issuer: longer than 512 KiB.
    TooLong {
        /// The length in bytes.
        bytes: usize,
    },
    /// Issuer: not one strict JSON object. RFC 7517 section 4.
    Json(JsonError),
    /// Issuer: a member that must be there is not. RFC 7517 section 4, RFC 7518 section 6.3.1.
    MemberMissing {
        /// `kty`, `n` or `e`.
        member: &'static str,
    },
    /// Issuer: a member has the wrong JSON type. RFC 7517 section 4.
    MemberType {
        /// The member's name.
        member: &'static str,
    },
    /// Issuer: `kty` is not `RSA`. RFC 7518 section 6.1.
    NotRsa,
    /// Issuer: a private member is published: the key is burnt. RFC 7517 section 9.2.
    PrivateKey {
        /// `d`, `p`, `q`, `dp`, `dq`, `qi` or `oth`.
        member: &'static str,
    },
    /// Issuer: `use` is not `sig`. RFC 7517 section 4.2.
    NotForSignatures,
    /// Issuer: `key_ops` does not hold `verify`. RFC 7517 section 4.3.
    NotForVerify,
    /// Issuer: `key_ops` names an operation twice. RFC 7517 section 4.3.
    DuplicateKeyOperation,
    /// Issuer: `alg` is not `RS256`. RFC 7517 section 4.4.
    AlgorithmNotAccepted,
    /// Issuer: not canonical base64url without padding. RFC 7518 section 2.
    NotBase64url {
        /// `n` or `e`.
        member: &'static str,
    },
    /// Issuer: no bytes, or a leading zero byte. RFC 7518 section 2, Base64urlUInt.
    NotMinimal {
        /// `n` or `e`.
        member: &'static str,
    },
    /// Issuer: fewer than 2048 bits. RFC 7518 section 3.3.
    ModulusTooSmall {
        /// The exact length of the modulus in bits.
        bits: usize,
    },
    /// Issuer: more than 8192 bits.
    ModulusTooLarge {
        /// The exact length of the modulus in bits.
        bits: usize,
    },
    /// Issuer: the modulus is even.
    ModulusEven,
    /// Issuer: the modulus has the fingerprint of keys that can be factored. CVE-2017-15361.
    ModulusRoca,
    /// Issuer: the exponent is below 65537. FIPS 186-5 section 5.4.
    ExponentTooSmall,
    /// Issuer: the exponent is 2^33 or more.
    ExponentTooLarge,
    /// Issuer: the exponent is even.
    ExponentEven,
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => write!(f, "key is {bytes} bytes long, the limit is 524288"),
            Self::Json(error) => write!(f, "key {error}"),
            Self::MemberMissing { member } => write!(f, "key has no `{member}`"),
            Self::MemberType { member } => {
                write!(f, "the key's `{member}` has the wrong JSON type")
            }
            Self::NotRsa => f.write_str("the key's `kty` is not RSA"),
            Self::PrivateKey { member } => {
                write!(f, "the private member `{member}` of the key is published, replace the key")
            }
            Self::NotForSignatures => f.write_str("the key's `use` is not sig"),
            Self::NotForVerify => f.write_str("the key's `key_ops` does not hold verify"),
            Self::DuplicateKeyOperation => {
                f.write_str("the key's `key_ops` names an operation twice")
            }
            Self::AlgorithmNotAccepted => f.write_str("the key's `alg` is not RS256"),
            Self::NotBase64url { member } => {
                write!(f, "the key's `{member}` is not canonical base64url without padding")
            }
            Self::NotMinimal { member } => {
                write!(f, "the key's `{member}` is empty or starts with a zero byte")
            }
            Self::ModulusTooSmall { bits } => {
                write!(f, "the key's modulus has {bits} bits, 2048 is the least")
            }
            Self::ModulusTooLarge { bits } => {
                write!(f, "the key's modulus has {bits} bits, 8192 is the most")
            }
            Self::ModulusEven => f.write_str("the key's modulus is even"),
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

/// Why bytes are not a JWK Set. A fault of one key is no fault of its set:
/// see [`JwkSet::skipped`](crate::JwkSet::skipped).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwkSetError {
    /// Issuer: longer than 512 KiB.
    TooLong {
        /// The length in bytes.
        bytes: usize,
    },
    /// Issuer: not one strict JSON object. RFC 7517 section 5.
    Json(JsonError),
    /// Issuer: no member `keys`. RFC 7517 section 5.1.
    KeysMissing,
    /// Issuer: `keys` is not an array. RFC 7517 section 5.1.
    KeysType,
    /// Issuer: more than 100 keys.
    TooManyKeys,
}

impl fmt::Display for JwkSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(f, "key set is {bytes} bytes long, the limit is 524288")
            }
            Self::Json(error) => write!(f, "key set {error}"),
            Self::KeysMissing => f.write_str("key set has no `keys`"),
            Self::KeysType => f.write_str("`keys` of the key set is not an array"),
            Self::TooManyKeys => f.write_str("key set has more than 100 keys"),
        }
    }
}

impl Error for JwkSetError {}

/// Why a policy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// Operator: the issuer is empty.
    EmptyIssuer,
    /// Operator: an audience is empty.
    EmptyAudience,
    /// Operator: the authorized party is empty.
    EmptyAuthorizedParty,
    /// Operator: the leeway is more than ten minutes.
    LeewayTooLong {
        /// The leeway in seconds, a fraction rounded up.
        seconds: u64,
    },
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyIssuer => f.write_str("the policy's issuer is empty"),
            Self::EmptyAudience => f.write_str("an audience of the policy is empty"),
            Self::EmptyAuthorizedParty => f.write_str("the policy's authorized party is empty"),
            Self::LeewayTooLong { seconds } => {
                write!(f, "the policy's leeway is {seconds} s, 600 is the most")
            }
        }
    }
}

impl Error for PolicyError {}

/// The claims do not have the shape of the type asked for.
///
/// Where the two part is all it tells: the text of a deserializer's own error may hold claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimsError {
    pub(crate) column: usize,
}

impl ClaimsError {
    /// How many bytes of the payload's line had been read.
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the claims do not fit the type asked for, from byte {} on", self.column)
    }
}

impl Error for ClaimsError {}
