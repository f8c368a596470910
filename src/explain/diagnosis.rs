//! From a failed check, and the look of the token, to a [`Hint`]. Each function is for one check.

use alloc::string::String;

use crate::{
    Algorithm, KeyError, KeysDescription, Policy, TokenType, UnixTime, VerifyError,
    bearer::NoToken,
    explain::{
        hint::{self, Argument, Hint},
        unverified::JsonAsRead,
    },
    time::END_OF_TIME,
};

/// For `Authorization` values without a token in them.
pub(super) fn authorization(reason: NoToken, value: &[u8]) -> Option<Hint> {
    match reason {
        NoToken::Missing => Some(hint::HEADER_MISSING),
        NoToken::Several => Some(hint::HEADER_REPEATED),
        NoToken::TooLong { .. } => Some(hint::TOO_LARGE),
        NoToken::Malformed => match after_scheme(value) {
            None => Some(hint::OTHER_SCHEME),
            Some(token) => {
                text(&String::from_utf8_lossy(token)).filter(|hint| !OF_BASE64.contains(hint))
            }
        },
    }
}

/// The text after `Bearer`, in upper or lower case, and after the spaces that follow.
pub(super) fn after_scheme(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked("Bearer".len())?;
    let is_separate = rest.first().is_none_or(u8::is_ascii_whitespace);
    (scheme.eq_ignore_ascii_case(b"Bearer") && is_separate).then(|| rest.trim_ascii_start())
}

/// For text that should be a token.
fn text(token: &str) -> Option<Hint> {
    let bare = token.trim().trim_matches(QUOTES);
    let is_placeholder = |word: &&str| bare.eq_ignore_ascii_case(word);
    match token {
        _ if token.trim().is_empty() => Some(hint::TOKEN_EMPTY),
        _ if PLACEHOLDERS.iter().any(is_placeholder) => Some(hint::PLACEHOLDER),
        _ if after_scheme(token.trim_start().as_bytes()).is_some() => Some(hint::BEARER_TWICE),
        _ if token.trim().starts_with(QUOTES) => Some(hint::QUOTED),
        _ if token.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Some(hint::WHITE_SPACE)
        }
        _ if token.contains('%') => Some(hint::PERCENT_ENCODED),
        _ if token.contains('=') => Some(hint::PADDED),
        _ if token.contains(['+', '/']) => Some(hint::STANDARD_ALPHABET),
        _ => None,
    }
}

/// For a token that does not have three segments.
pub(super) fn segments(error: VerifyError, token: &str, header: &JsonAsRead<'_>) -> Option<Hint> {
    match (error, text(token)) {
        (VerifyError::SegmentCount { .. }, Some(hint)) if !OF_BASE64.contains(&hint) => Some(hint),
        (VerifyError::SegmentCount { found: 1 }, _) => Some(hint::OPAQUE),
        (VerifyError::SegmentCount { found: 2 }, _) => Some(hint::SIGNATURE_MISSING),
        (VerifyError::Encrypted, _) => Some(hint::ENCRYPTED),
        (VerifyError::EmptySegment { segment: "signature" }, _) => {
            let unsigned = algorithm(header).filter(|hint| *hint == hint::UNSIGNED);
            unsigned.or(Some(hint::SIGNATURE_MISSING))
        }
        (_, hint) => hint,
    }
}

/// For a segment that is not base64url. Other faults have no hint.
pub(super) fn encoding(error: VerifyError, token: &str) -> Option<Hint> {
    match error {
        VerifyError::NotBase64url { .. } => text(token),
        _ => None,
    }
}

/// For an `alg` that is not accepted.
pub(super) fn algorithm(header: &JsonAsRead<'_>) -> Option<Hint> {
    let alg = header.string("alg")?;
    Some(match alg {
        _ if alg.eq_ignore_ascii_case("none") => hint::UNSIGNED,
        "HS256" | "HS384" | "HS512" => hint::SHARED_SECRET,
        _ => match Algorithm::named(alg) {
            Some(algorithm) => hint::OTHER_ALGORITHM.with(Argument::Algorithm(algorithm)),
            None => hint::UNKNOWN_ALGORITHM,
        },
    })
}

/// For a key that is not found. `is_foreign`: the token's `iss` is not the issuer of the keys.
pub(super) fn key(
    error: KeyError,
    keys: &KeysDescription,
    kid: Option<&str>,
    is_foreign: bool,
) -> Option<Hint> {
    let unknown = match (kid.and_then(|kid| keys.reason_to_skip(kid)), kid) {
        (Some(error), _) => hint::KEY_SKIPPED.with(Argument::KeyFault(error)),
        _ if keys.count() == Some(0) => hint::NO_KEYS,
        (None, None) => hint::KEY_ID_MISSING,
        (None, Some(kid)) if keys.has(kid) => hint::KEY_OF_OTHER_ALGORITHM,
        _ if is_foreign => hint::KEY_OF_OTHER_ISSUER,
        _ => hint::UNKNOWN_KEY_ID
            .with(Argument::Keys(keys.count()))
            .with(Argument::FetchedAgo(keys.age)),
    };
    match error {
        KeyError::UnknownKey => Some(unknown),
        KeyError::AmbiguousKey if kid.is_some() => Some(hint::KEY_ID_AMBIGUOUS),
        KeyError::AmbiguousKey => Some(hint::KEY_ID_MISSING),
        KeyError::Unavailable { .. } => match keys.failure_code() {
            Some(code) => fetch(code),
            None if unknown == hint::NO_KEYS => Some(hint::KEYS_NOT_FETCHED),
            // The set may be out of date: a lookup that waits would fetch a newer one.
            None => Some(unknown),
        },
        KeyError::Busy => None,
    }
}

/// For a failed fetch, by [`FetchError::code`](crate::FetchError::code).
fn fetch(code: &str) -> Option<Hint> {
    Some(match code {
        "host_not_found" => hint::KEY_SET_HOST_NOT_FOUND,
        "connect" | "proxy" => hint::KEY_SET_UNREACHABLE,
        "tls" => hint::KEY_SET_TLS,
        "timeout" => hint::KEY_SET_TIMEOUT,
        "status" | "redirect" => hint::KEY_SET_STATUS,
        "metadata" | "issuer_mismatch" => hint::KEY_SET_METADATA,
        "protocol" | "content_encoding" | "body_too_long" | "truncated" | "key_set"
        | "no_usable_keys" => hint::KEY_SET_CONTENT,
        _ => return None,
    })
}

/// For a signature of this many `bytes`, with a key whose signatures have `expected` bytes.
pub(super) fn signature(
    error: VerifyError,
    token: &str,
    header: &JsonAsRead<'_>,
    claims: &JsonAsRead<'_>,
    (bytes, expected): (usize, usize),
) -> Option<Hint> {
    let wrong_length =
        if bytes < expected { hint::SIGNATURE_CUT } else { hint::SIGNATURE_TOO_LONG };
    let wrong_length = wrong_length.with(Argument::Bytes(bytes)).with(Argument::Number(expected));
    match error {
        VerifyError::NotBase64url { segment: "signature" } => {
            text(token).or_else(|| (bytes != expected).then_some(wrong_length))
        }
        // Microsoft signs a `nonce` that differs from the one it sends.
        VerifyError::BadSignature if header.has("nonce") || is_for_graph(claims) => {
            Some(hint::MICROSOFT_GRAPH)
        }
        VerifyError::BadSignature if bytes != expected => Some(wrong_length),
        VerifyError::BadSignature => Some(hint::SIGNATURE_MISMATCH),
        _ => None,
    }
}

/// For a `typ` that is not accepted.
pub(super) fn token_type(accepted: &TokenType, typ: Option<&str>) -> Hint {
    match accepted {
        TokenType::AccessToken if TokenType::Jwt.accepts(typ) => hint::UNTYPED_ACCESS_TOKEN,
        TokenType::IdToken if TokenType::AccessToken.accepts(typ) => hint::ACCESS_TOKEN,
        TokenType::IdToken => hint::NO_ID_TOKEN,
        TokenType::Named(_) => hint::OTHER_TOKEN_TYPE,
        _ => hint::OTHER_KIND_OF_TOKEN,
    }
}

/// For two issuers that are not the same.
pub(super) fn issuer(expected: &str, actual: &str) -> Option<Hint> {
    let (one, other) = (expected.trim_end_matches('/'), actual.trim_end_matches('/'));
    let (one_rest, other_rest) = (without_scheme(one), without_scheme(other));
    Some(match () {
        () if expected == actual => return None,
        () if one == other => hint::ISSUER_SLASH,
        () if one_rest == other_rest => hint::ISSUER_SCHEME,
        () if one.eq_ignore_ascii_case(other) => hint::ISSUER_CASE,
        () => match (entra(one_rest), entra(other_rest)) {
            (Some((2, tenant)), Some((1, of_token))) if tenant == of_token => hint::ENTRA_VERSION_1,
            (Some((1, tenant)), Some((2, of_token))) if tenant == of_token => hint::ENTRA_VERSION_2,
            _ if path(one_rest) == path(other_rest) => hint::ISSUER_HOST,
            _ => hint::OTHER_ISSUER,
        },
    })
}

/// Whether the token's issuer is probably meant to be `expected`.
pub(super) fn is_similar_issuer(expected: &str, actual: &str) -> bool {
    let other = [hint::OTHER_ISSUER, hint::ISSUER_HOST];
    issuer(expected, actual).is_some_and(|hint| !other.contains(&hint))
}

fn without_scheme(issuer: &str) -> &str {
    issuer.split_once("://").map_or(issuer, |(_, rest)| rest)
}

fn path(without_scheme: &str) -> &str {
    without_scheme.split_once('/').map_or("", |(_, path)| path)
}

/// The version of Microsoft Entra's tokens that have this issuer, and the tenant.
fn entra(without_scheme: &str) -> Option<(u8, &str)> {
    match without_scheme.split_once('/')? {
        ("sts.windows.net", tenant) => Some((1, tenant)),
        ("login.microsoftonline.com", path) => Some((2, path.strip_suffix("/v2.0")?)),
        _ => None,
    }
}

/// For an `aud` that is absent, or that has no accepted audience.
pub(super) fn audience(
    error: VerifyError,
    policy: &Policy,
    claims: &JsonAsRead<'_>,
) -> Option<Hint> {
    match error {
        VerifyError::ClaimType { .. } => return None,
        VerifyError::UntrustedAudience => return Some(hint::UNTRUSTED_AUDIENCE),
        _ => {}
    }
    let audiences = claims.strings("aud");
    let issuer = claims.string("iss").unwrap_or_default();
    let is_keycloak = issuer.contains("/realms/");
    let differs_by_slash = || {
        let mut accepted = policy.audiences().iter().map(|one| one.trim_end_matches('/'));
        accepted.any(|one| audiences.iter().any(|other| other.trim_end_matches('/') == one))
    };
    let is_client = |audience: &String| {
        let named = [claims.string("azp"), claims.string("client_id")];
        named.contains(&Some(audience)) || policy.clients().contains(audience)
    };
    let is_id_token = || {
        let only_there = ["nonce", "at_hash", "c_hash"];
        audiences.iter().any(is_client) || only_there.iter().any(|name| claims.has(name))
    };
    match () {
        () if is_for_graph(claims) => Some(hint::MICROSOFT_GRAPH),
        () if differs_by_slash() => Some(hint::AUDIENCE_SLASH),
        () if is_keycloak && audiences.iter().all(|audience| audience == "account") => {
            Some(hint::KEYCLOAK_AUDIENCE)
        }
        () if !claims.has("aud") => {
            let is_cognito = issuer.contains("cognito-idp.") || claims.has("token_use");
            is_cognito.then_some(hint::COGNITO_AUDIENCE)
        }
        () if policy.is_for_id_tokens() => Some(hint::ID_TOKEN_OF_OTHER_CLIENT),
        () if is_id_token() => Some(hint::ID_TOKEN),
        () => Some(hint::OTHER_AUDIENCE),
    }
}

/// Whether the audience is Microsoft Graph, by its application ID or its URL.
fn is_for_graph(claims: &JsonAsRead<'_>) -> bool {
    claims.strings("aud").iter().any(|audience| {
        let audience = audience.trim_end_matches('/');
        ["00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"].contains(&audience)
    })
}

/// For an `exp`, `nbf` or `iat` with a fault, and for a token that is expired or not yet valid.
pub(super) fn time(error: VerifyError, name: &str, claims: &JsonAsRead<'_>) -> Option<Hint> {
    #[expect(clippy::as_conversions, reason = "exact: fewer than 53 bits")]
    let is_far = || claims.number(name).is_some_and(|time| time > END_OF_TIME as f64);
    match error {
        VerifyError::ClaimType { .. } if claims.is_string(name) => Some(hint::TIME_AS_STRING),
        VerifyError::ClaimRange { .. } | VerifyError::NotYetValid { .. } if is_far() => {
            Some(hint::MILLISECONDS)
        }
        VerifyError::Expired { exp, now } => {
            let issued = claims.number("iat").and_then(whole);
            let lifetime = issued.and_then(|issued| exp.checked_sub(issued.as_secs()));
            Some(
                hint::EXPIRED
                    .with(Argument::Seconds(now.saturating_sub(exp)))
                    .with(Argument::Lifetime(lifetime)),
            )
        }
        VerifyError::NotYetValid { nbf, now } => {
            Some(hint::NOT_YET_VALID.with(Argument::Seconds(nbf.saturating_sub(now))))
        }
        _ => None,
    }
}

/// For a claim of an ID token that does not fit the login.
pub(super) fn login(error: VerifyError, claims: &JsonAsRead<'_>) -> Option<Hint> {
    Some(match error {
        VerifyError::UnexpectedNonce => hint::NONCE_NOT_GIVEN,
        VerifyError::WrongNonce => hint::OTHER_NONCE,
        VerifyError::ClaimMissing { claim: "nonce" } => hint::NONCE_MISSING,
        VerifyError::WrongAuthenticationContext | VerifyError::ClaimMissing { claim: "acr" } => {
            hint::OTHER_AUTHENTICATION
        }
        VerifyError::ClaimMissing { claim: "auth_time" } => hint::AUTH_TIME_MISSING,
        VerifyError::AuthenticatedInFuture { auth_time, now } => {
            hint::AUTH_TIME_AHEAD.with(Argument::Seconds(auth_time.saturating_sub(now)))
        }
        VerifyError::AuthenticationTooOld { auth_time, now } => {
            hint::LOGIN_TOO_OLD.with(Argument::Seconds(now.saturating_sub(auth_time)))
        }
        VerifyError::WrongAccessTokenHash | VerifyError::WrongCodeHash => hint::OTHER_HASH,
        VerifyError::ClaimMissing { claim: "at_hash" | "c_hash" } => hint::HASH_MISSING,
        _ => return time(error, "auth_time", claims),
    })
}

/// A NumericDate without its fraction, if it is within the calendar's range.
#[expect(clippy::as_conversions, reason = "within the range of the calendar")]
pub(super) fn whole(seconds: f64) -> Option<UnixTime> {
    let is_date = (0.0..=END_OF_TIME as f64).contains(&seconds);
    is_date.then(|| UnixTime::from_secs(seconds as u64))
}

/// The characters that these are about may be in a bearer token that is not a JWT: then the fault is
/// another one.
const OF_BASE64: [Hint; 2] = [hint::PADDED, hint::STANDARD_ALPHABET];

const QUOTES: [char; 2] = ['"', '\''];

/// The words that programming languages print for a missing value.
const PLACEHOLDERS: [&str; 8] =
    ["null", "undefined", "none", "nil", "nan", "[object Object]", "[object Promise]", "token"];
