//! Every reason to refuse a token, in pipeline order.

use core::{error::Error, fmt, time::Duration};

use crate::{SettingFault, UnixTime, time::whole_seconds};

/// Why a token was not accepted.
///
/// Contains numbers and names of members this crate knows, never text from the token, so it is safe
/// to log. The variants are in the order of the checks.
///
/// Each variant's description begins with the one who can most likely fix the problem: the *Sender* of
/// the token, the *Issuer* that made it or published the key, or the *Operator* of this service. The
/// crate's other errors do the same.
///
/// ```
/// use tokenring::{CompactJws, VerifyError};
///
/// let error = CompactJws::parse("a.b").unwrap_err();
/// assert_eq!(error, VerifyError::SegmentCount { found: 2 });
/// assert_eq!(error.code(), "segment_count");
/// assert_eq!(error.to_string(), "the token has 2 segments instead of 3");
/// ```
#[doc(alias("ErrorKind", "JWTError", "InvalidToken"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// Sender: the token is longer than 16 KiB.
    TokenTooLong {
        /// The token's length in bytes.
        bytes: usize,
    },
    /// Sender: the token does not have three segments. RFC 7515 section 7.1.
    SegmentCount {
        /// How many segments there are.
        found: usize,
    },
    /// Operator: the token has five segments, so it is encrypted. Auth0 issues such a token when
    /// the client requests no audience. RFC 7516 section 7.1.
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
    /// Issuer: the header has a parameter that would change how the token is processed. This crate
    /// supports none of these. RFC 7515 section 4.1.11, RFC 7797, RFC 7516 section 4.1.
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
    /// Operator: the token came with a [`Login`](crate::Login), but the policy for its issuer is not one of
    /// [`Policy::for_id_tokens`](crate::Policy::for_id_tokens). OpenID Connect Core section 3.1.3.7.
    PolicyNotForIdTokens,
    /// Issuer: `alg` names an algorithm that is not accepted. RFC 8725 section 3.1.
    AlgorithmNotAccepted,
    /// Issuer: `kid` is empty or longer than 256 bytes.
    KeyIdLength {
        /// The length of `kid` in bytes.
        bytes: usize,
    },
    /// Sender: the issuer has no usable key with the token's `kid`, or without one with its `x5t#S256`
    /// or `x5t`, for its `alg`. RFC 7515 sections 4.1.4, 4.1.7 and 4.1.8.
    UnknownKey,
    /// Issuer: several keys fit, and the token does not say which one signed it. RFC 7517
    /// section 4.5.
    AmbiguousKey,
    /// Operator: the issuer's keys are not available now, so nothing is known about the token. The reason
    /// is in [`Health::last_error`](crate::remote::Health::last_error).
    KeysUnavailable {
        /// How long to wait before trying again.
        retry_after: Duration,
    },
    /// Operator: too many callers are already waiting for the issuer's keys.
    KeySourceBusy,
    /// Sender: the signature does not match the token and the key. No details, on purpose. RFC 7515
    /// section 5.2, step 8.
    #[doc(alias = "InvalidSignature")]
    BadSignature,
    /// Issuer: the payload is empty: the token is a valid JWS, but not a JWT. RFC 7519 section 7.2.
    EmptyPayload,
    /// Issuer: the payload is not one strict JSON object. RFC 7519 section 7.2, step 10.
    PayloadJson(JsonError),
    /// Issuer: a required claim is absent. RFC 7519 section 4.
    ClaimMissing {
        /// `iss`, `aud` or `exp`, or `tid` if the policy is for tenants; in an ID token also `sub`, `iat`,
        /// `azp`, or a claim that the [`Login`](crate::Login) is compared with.
        claim: &'static str,
    },
    /// Issuer: a claim has the wrong JSON type. RFC 7519 section 4.1.
    ClaimType {
        /// The claim's name.
        claim: &'static str,
    },
    /// Issuer: a time is before 1970 or after 9999, perhaps because it is in milliseconds. RFC 7519
    /// section 2.
    ClaimRange {
        /// `exp` or `auth_time`.
        claim: &'static str,
    },
    /// Operator: `typ` says that this is another kind of token. RFC 8725 section 3.11.
    TokenTypeNotAccepted,
    /// Sender: the token has `events`: it is a logout token or another security event, not an access
    /// token or an ID token. RFC 8417 section 2.2.
    SecurityEvent,
    /// Operator: `iss` is not the policy's issuer, byte for byte. RFC 7519 section 4.1.1.
    WrongIssuer,
    /// Operator: the policy does not admit the tenant in `tid`.
    /// [`Policy::for_tenants`](crate::Policy::for_tenants).
    WrongTenant,
    /// Issuer: the key that verified the token is for tokens of another issuer, as its JWK says in
    /// the member `issuer`. Microsoft's keys have this member.
    KeyOfOtherIssuer,
    /// Operator: no element of `aud` is an accepted audience, or an accepted client under
    /// [`Policy::for_client`](crate::Policy::for_client). RFC 7519 section 4.1.3.
    WrongAudience,
    /// Operator: the ID token is also for somebody whom the policy does not name. OpenID Connect Core
    /// section 3.1.3.7, step 3.
    UntrustedAudience,
    /// Sender: the time is at or after `exp`, leeway included. RFC 7519 section 4.1.4.
    #[doc(alias("ExpiredSignature", "TokenExpired"))]
    Expired {
        /// The token's `exp`, in seconds since the epoch, a fraction rounded up.
        exp: u64,
        /// The time it was compared with, in seconds since the epoch, leeway not included.
        now: u64,
    },
    /// Sender: the time is before `nbf`, leeway included. RFC 7519 section 4.1.5.
    NotYetValid {
        /// The token's `nbf`, in seconds since the epoch, a fraction rounded up.
        nbf: u64,
        /// The time it was compared with, in seconds since the epoch, leeway not included.
        now: u64,
    },
    /// Operator: the token was issued to a client that the policy does not name. OpenID Connect Core
    /// section 2 (`azp`), RFC 8693 section 4.3 (`client_id`).
    WrongAuthorizedParty,
    /// Sender: the token is bound to a key whose possession the sender must prove, but it came as a
    /// plain bearer token. RFC 7800 section 3.1, RFC 9449 section 7.1.
    SenderConstrained,
    /// Operator: a claim that the policy requires is absent, or has another type or another value.
    RequiredClaim {
        /// The number of the [`require_claim`](crate::Policy::require_claim) call, from 0. Calls of the
        /// methods beside it count too.
        index: usize,
    },
    /// Operator: the ID token has a `nonce`, but the [`Login`](crate::Login) has none to compare it with.
    /// OpenID Connect Core section 2.
    UnexpectedNonce,
    /// Sender: `nonce` is not the one that was sent: the ID token is from another login. OpenID Connect
    /// Core section 3.1.3.7, step 11.
    WrongNonce,
    /// Sender: `acr` is not one that the login or the guard accepts. OpenID Connect Core section 3.1.3.7,
    /// step 12, RFC 9470 section 3.
    WrongAuthenticationContext,
    /// Issuer: `auth_time` is in the future, leeway included.
    AuthenticatedInFuture {
        /// The token's `auth_time`, in seconds since the epoch, a fraction rounded up.
        auth_time: u64,
        /// The time it was compared with, in seconds since the epoch, leeway not included.
        now: u64,
    },
    /// Sender: the user logged in too long ago, leeway included. OpenID Connect Core section 3.1.3.7,
    /// step 13, RFC 9470 section 3.
    AuthenticationTooOld {
        /// The token's `auth_time`, in seconds since the epoch, a fraction cut off.
        auth_time: u64,
        /// The time it was compared with, in seconds since the epoch, leeway not included.
        now: u64,
    },
    /// Sender: `at_hash` is not the hash of the access token that came with the ID token. OpenID Connect
    /// Core section 3.1.3.8.
    WrongAccessTokenHash,
    /// Sender: `c_hash` is not the hash of the code that came with the ID token. OpenID Connect Core
    /// section 3.3.2.10.
    WrongCodeHash,
    /// Sender: the token is valid, but its sender has not proved to have the key or the certificate that it
    /// is bound to. Only [`Guard::check_request`](crate::Guard::check_request) checks this;
    /// [`Rejection::proof_error`](crate::Rejection::proof_error) says why. RFC 9449, RFC 8705.
    NotProven,
    /// Sender: the token is valid, but lacks a required scope, permission or claim value. Only
    /// [`Guard`](crate::Guard) checks these. RFC 6750 section 3.1.
    InsufficientScope,
    /// Sender: the request has no bearer token that can be read. Only
    /// [`Guard::explain`](crate::Guard::explain) reports this: the [`Rejection`](crate::Rejection)
    /// of such a request has no cause. RFC 6750 section 2.1.
    NoToken,
}

impl VerifyError {
    /// A stable name for this error, for metrics: one of a small fixed set.
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
            Self::PolicyNotForIdTokens => "policy_not_for_id_tokens",
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
            Self::SecurityEvent => "security_event",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongTenant => "wrong_tenant",
            Self::KeyOfOtherIssuer => "key_of_other_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::UntrustedAudience => "untrusted_audience",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::WrongAuthorizedParty => "wrong_authorized_party",
            Self::SenderConstrained => "sender_constrained",
            Self::RequiredClaim { .. } => "required_claim",
            Self::UnexpectedNonce => "unexpected_nonce",
            Self::WrongNonce => "wrong_nonce",
            Self::WrongAuthenticationContext => "wrong_authentication_context",
            Self::AuthenticatedInFuture { .. } => "authenticated_in_future",
            Self::AuthenticationTooOld { .. } => "authentication_too_old",
            Self::WrongAccessTokenHash => "wrong_access_token_hash",
            Self::WrongCodeHash => "wrong_code_hash",
            Self::NotProven => "not_proven",
            Self::InsufficientScope => "insufficient_scope",
            Self::NoToken => "no_token",
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TokenTooLong { bytes } => {
                write!(f, "the token is {bytes} bytes long, the limit is 16384")
            }
            Self::SegmentCount { found: 1 } => f.write_str(
                "the token has 1 segment instead of 3, perhaps an opaque access token: request a JWT from the issuer by naming an audience",
            ),
            Self::SegmentCount { found } => {
                write!(f, "the token has {found} segments instead of 3")
            }
            Self::Encrypted => f.write_str(
                "the token has 5 segments, so it is encrypted: request a token for this service's audience from the issuer",
            ),
            Self::EmptySegment { segment } => write!(f, "the token's {segment} is empty"),
            Self::NotBase64url { segment } => {
                write!(f, "the token's {segment} is not canonical base64url without padding")
            }
            Self::HeaderTooLong { bytes } => {
                write!(f, "the token's header is {bytes} bytes long, the limit is 4096")
            }
            Self::HeaderJson(error) => write!(f, "the token's header: {error}"),
            Self::HeaderForbidden { parameter } => {
                write!(f, "the token's header has `{parameter}`, which is not supported")
            }
            Self::AlgorithmMissing => f.write_str("the token's header has no `alg`"),
            Self::HeaderType { parameter } => {
                write!(f, "`{parameter}` in the token's header is not a string")
            }
            Self::PolicyNotForIdTokens => {
                f.write_str("the policy for the token's issuer is not one for ID tokens")
            }
            Self::AlgorithmNotAccepted => {
                f.write_str("the token's `alg` is not an algorithm accepted here")
            }
            Self::KeyIdLength { bytes } => {
                write!(f, "the token's `kid` is {bytes} bytes long instead of 1 to 256")
            }
            Self::UnknownKey => KeyError::UnknownKey.fmt(f),
            Self::AmbiguousKey => KeyError::AmbiguousKey.fmt(f),
            Self::KeysUnavailable { retry_after } => KeyError::Unavailable { retry_after }.fmt(f),
            Self::KeySourceBusy => KeyError::Busy.fmt(f),
            Self::BadSignature => f.write_str("the signature does not match this token and the issuer's key"),
            Self::EmptyPayload => f.write_str("the token's payload is empty"),
            Self::PayloadJson(error) => write!(f, "the token's payload: {error}"),
            Self::ClaimMissing { claim } => write!(f, "the token has no `{claim}`"),
            Self::ClaimType { claim } => write!(f, "the token's `{claim}` has the wrong JSON type"),
            Self::ClaimRange { claim } => write!(
                f,
                "the token's `{claim}` is not between the years 1970 and 9999, in seconds since 1970"
            ),
            Self::TokenTypeNotAccepted => {
                f.write_str("the token's `typ` is not one accepted here")
            }
            Self::SecurityEvent => f.write_str(
                "the token has `events`: it is a logout token or another security event",
            ),
            Self::WrongIssuer => f.write_str(
                "the token's `iss` is not an issuer expected here, compare them including the trailing slash",
            ),
            Self::WrongTenant => {
                f.write_str("the token's tenant, in `tid`, is not one that the policy admits")
            }
            Self::KeyOfOtherIssuer => f.write_str(
                "the key that verified the token is for tokens of another issuer",
            ),
            Self::WrongAudience => {
                f.write_str("the token's `aud` does not contain an audience accepted here")
            }
            Self::UntrustedAudience => {
                f.write_str("the ID token's `aud` contains an audience that is not accepted here")
            }
            Self::Expired { exp, now } => write!(f, "the token expired at {}, now is {}",
                UnixTime::from_secs(exp),
                UnixTime::from_secs(now)),
            Self::NotYetValid { nbf, now } => {
                write!(f, "the token is not valid before {}, now is {}",
                    UnixTime::from_secs(nbf),
                    UnixTime::from_secs(now))
            }
            Self::WrongAuthorizedParty => {
                f.write_str("the token was issued to a client that is not accepted here")
            }
            Self::SenderConstrained => f.write_str(
                "the token is bound to a key by `cnf` and cannot be used as a plain bearer token",
            ),
            Self::NotProven => f.write_str(
                "the sender has not proved to have the key or certificate that the token is bound to",
            ),
            Self::RequiredClaim { index } => write!(
                f,
                "the token lacks a claim that the policy requires, or has another value in it (`require_claim` number {})",
                index.saturating_add(1)
            ),
            Self::UnexpectedNonce => {
                f.write_str("the ID token has a `nonce`, and the login has none to compare it with")
            }
            Self::WrongNonce => f.write_str("the ID token's `nonce` is not the one of this login"),
            Self::WrongAuthenticationContext => {
                f.write_str("the token's `acr` is not one that is accepted here")
            }
            Self::AuthenticatedInFuture { auth_time, now } => {
                write!(f, "the token's `auth_time` is {}, now is {}",
                    UnixTime::from_secs(auth_time),
                    UnixTime::from_secs(now))
            }
            Self::AuthenticationTooOld { auth_time, now } => {
                write!(f, "the user logged in at {}, too long ago, now is {}",
                    UnixTime::from_secs(auth_time),
                    UnixTime::from_secs(now))
            }
            Self::WrongAccessTokenHash => {
                f.write_str("the ID token's `at_hash` is not the hash of the access token")
            }
            Self::WrongCodeHash => {
                f.write_str("the ID token's `c_hash` is not the hash of the authorization code")
            }
            Self::InsufficientScope => {
                f.write_str("the token lacks a scope, permission or claim value that is required here")
            }
            Self::NoToken => f.write_str("the request has no bearer token that can be read"),
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
    /// Nested deeper than 32 levels of arrays and objects.
    TooDeep,
    /// Not JSON, a lone surrogate, a number beyond the range of a double, or text after the object.
    Syntax,
    /// A member of the object occurs twice, compared after unescaping. Objects inside it are not
    /// checked for this, except those that [`Policy::scopes_from`](crate::Policy::scopes_from) leads
    /// through.
    DuplicateMember,
    /// More than 64 members, in a token's header.
    TooManyMembers,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8 => "not UTF-8",
            Self::NotObject => "not a JSON object",
            Self::TooDeep => "nested deeper than 32 levels",
            Self::Syntax => "not well-formed JSON",
            Self::DuplicateMember => "a member occurs twice",
            Self::TooManyMembers => "more than 64 members",
        })
    }
}

impl Error for JsonError {}

/// Why a key source has no key for a token. Becomes the [`VerifyError`] of the same meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Sender: no usable key has this `kid` or thumbprint and this algorithm. RFC 7515 sections 4.1.4,
    /// 4.1.7 and 4.1.8.
    UnknownKey,
    /// Issuer: several keys fit: different keys have this `kid` or thumbprint, or the token has neither
    /// and the set has several keys for its algorithm. RFC 7517 section 4.5.
    AmbiguousKey,
    /// Operator: the keys are not available now.
    Unavailable {
        /// How long to wait before trying again.
        retry_after: Duration,
    },
    /// Operator: too many callers are already waiting for the keys.
    Busy,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey => {
                f.write_str("the issuer has no usable key for the token's `kid` and `alg`")
            }
            Self::AmbiguousKey => {
                f.write_str("the issuer has several keys that fit the token's `kid` or its absence")
            }
            Self::Unavailable { retry_after } => write!(
                f,
                "the issuer's keys are not available, try again in {} s",
                whole_seconds(*retry_after)
            ),
            Self::Busy => f.write_str("too many callers already wait for the issuer's keys"),
        }
    }
}

impl Error for KeyError {}

/// Why a policy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// Operator: the issuer is empty.
    EmptyIssuer,
    /// Operator: no issuer is meant with this text.
    SpoiledIssuer {
        /// The fault of its text.
        fault: SettingFault,
    },
    /// Operator: an audience is empty.
    EmptyAudience,
    /// Operator: no audience is meant with this text.
    SpoiledAudience {
        /// The fault of its text.
        fault: SettingFault,
    },
    /// Operator: a client, or the authorized party, is empty.
    EmptyAuthorizedParty,
    /// Operator: no client is meant with this text.
    SpoiledClient {
        /// The fault of its text.
        fault: SettingFault,
    },
    /// Operator: the name in [`TokenType::Named`](crate::TokenType::Named) is empty, or no media type can
    /// have it.
    ImpossibleTokenType,
    /// Operator: the list of algorithms is empty.
    NoAlgorithm,
    /// Operator: the name or a value of a required claim is empty, or it has no value.
    EmptyRequiredClaim,
    /// Operator: no accepted token can have a required claim: it is always of another type (`exp`, `nbf`,
    /// `iat`, `cnf`; `iss`, `sub`, `jti`, `azp` and `client_id` are no arrays), it is another `iss`, or the
    /// required claims contradict each other.
    ImpossibleRequiredClaim,
    /// Operator: the path of [`Policy::scopes_from`](crate::Policy::scopes_from) is empty, or a JSON Pointer
    /// with a `~` that neither `0` nor `1` follows. RFC 6901 section 3.
    MalformedClaimPath,
    /// Operator: the leeway is not in whole seconds.
    LeewayFraction,
    /// Operator: the template of the issuer does not contain `{tenantid}`, or contains it several
    /// times.
    TenantTemplate,
    /// Operator: the policy is for tenants, but names none and does not admit any tenant.
    NoTenant,
    /// Operator: the name of a tenant is not a GUID.
    TenantNotGuid,
    /// Operator: the policy names tenants, and admits any tenant.
    TenantsAndAnyTenant,
    /// Operator: the policy admits tenants, but was not made by
    /// [`Policy::for_tenants`](crate::Policy::for_tenants).
    TenantsWithoutTemplate,
    /// Operator: the verifier already has a policy for this issuer.
    DuplicateIssuer,
    /// Operator: the verifier's issuers are shared, so a new one is added to its `Issuers`.
    SharedIssuers,
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
            Self::SpoiledIssuer { fault } => write!(f, "the policy's issuer {fault}"),
            Self::EmptyAudience => f.write_str("an audience of the policy is empty"),
            Self::SpoiledAudience { fault } => write!(f, "an audience of the policy {fault}"),
            Self::EmptyAuthorizedParty => f.write_str("a client of the policy is empty"),
            Self::SpoiledClient { fault } => write!(f, "a client of the policy {fault}"),
            Self::ImpossibleTokenType => {
                f.write_str("the policy's type of token is empty, or no `typ` can have it")
            }
            Self::NoAlgorithm => f.write_str("the policy accepts no algorithm"),
            Self::EmptyRequiredClaim => {
                f.write_str("the name or value of a claim that the policy requires is empty")
            }
            Self::ImpossibleRequiredClaim => {
                f.write_str("no accepted token can have a claim that the policy requires")
            }
            Self::MalformedClaimPath => {
                f.write_str("the policy's path to the scopes is empty, or a JSON Pointer with a `~` that is neither `~0` nor `~1`")
            }
            Self::LeewayFraction => f.write_str("the policy's leeway is not in whole seconds"),
            Self::TenantTemplate => {
                f.write_str("the template of the policy's issuer does not contain `{tenantid}` once")
            }
            Self::NoTenant => f.write_str(
                "the policy admits no tenant: name them, or admit all with `Policy::any_tenant`",
            ),
            Self::TenantNotGuid => f.write_str("the name of a tenant of the policy is not a GUID"),
            Self::TenantsAndAnyTenant => {
                f.write_str("the policy names tenants and also admits any tenant")
            }
            Self::TenantsWithoutTemplate => f.write_str(
                "the policy admits tenants, but its issuer is not a template: use `Policy::for_tenants`",
            ),
            Self::DuplicateIssuer => {
                f.write_str("the verifier already has a policy for this issuer")
            }
            Self::SharedIssuers => f.write_str(
                "the verifier's issuers are shared: add the issuer with `Issuers::add`",
            ),
            Self::LeewayTooLong { seconds } => {
                write!(f, "the policy's leeway is {seconds} s, 600 is the most")
            }
        }
    }
}

impl Error for PolicyError {}
