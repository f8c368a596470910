//! From a failed check, and the look of the token, to a [`Hint`]. Each function is for one check.

use alloc::string::String;

use crate::{
    Algorithm, Hint, KeyError, KeysDescription, Policy, TokenType, UnixTime, VerifyError,
    bearer::NoToken, explain::unverified::Members, header::DeclaredType, time::END_OF_TIME,
};

/// For `Authorization` values without a token in them.
pub(super) fn authorization(reason: NoToken, value: &[u8]) -> Option<Hint> {
    match reason {
        NoToken::Missing => Some(Hint::HeaderMissing),
        NoToken::Several => Some(Hint::HeaderRepeated),
        NoToken::TooLong { .. } => Some(Hint::TooLarge),
        NoToken::Malformed => match after_scheme(value) {
            None => Some(Hint::OtherScheme),
            Some(token) => {
                text(&String::from_utf8_lossy(token)).filter(|hint| match hint {
                    // A bearer token may have these characters, so the fault is another one.
                    Hint::Padded | Hint::StandardAlphabet => false,
                    _ => true,
                })
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
        _ if token.trim().is_empty() => Some(Hint::TokenEmpty),
        _ if PLACEHOLDERS.iter().any(is_placeholder) => Some(Hint::Placeholder),
        _ if after_scheme(token.trim_start().as_bytes()).is_some() => Some(Hint::BearerTwice),
        _ if token.trim().starts_with(QUOTES) => Some(Hint::Quoted),
        _ if token.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Some(Hint::WhiteSpace)
        }
        _ if token.contains('%') => Some(Hint::PercentEncoded),
        _ if token.contains('=') => Some(Hint::Padded),
        _ if token.contains(['+', '/']) => Some(Hint::StandardAlphabet),
        _ => None,
    }
}

/// For a token that does not have three segments.
pub(super) fn segments(error: VerifyError, token: &str, header: &Members<'_>) -> Option<Hint> {
    let text = text(token);
    match (error, text) {
        // An opaque token may have these characters.
        (VerifyError::SegmentCount { .. }, Some(Hint::Padded | Hint::StandardAlphabet)) => {}
        (VerifyError::SegmentCount { .. }, Some(hint)) => return Some(hint),
        _ => {}
    }
    match error {
        VerifyError::SegmentCount { found: 1 } => Some(Hint::Opaque),
        VerifyError::SegmentCount { found: 2 } => Some(Hint::SignatureMissing),
        VerifyError::Encrypted => Some(Hint::Encrypted),
        VerifyError::EmptySegment { segment: "signature" } => match algorithm(header) {
            Some(Hint::Unsigned) => Some(Hint::Unsigned),
            _ => Some(Hint::SignatureMissing),
        },
        _ => text,
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
pub(super) fn algorithm(header: &Members<'_>) -> Option<Hint> {
    let alg = header.string("alg")?;
    Some(match alg {
        _ if alg.eq_ignore_ascii_case("none") => Hint::Unsigned,
        "HS256" | "HS384" | "HS512" => Hint::SharedSecret,
        _ => match Algorithm::named(alg) {
            Some(algorithm) => Hint::OtherAlgorithm { algorithm },
            None => Hint::UnknownAlgorithm,
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
    let unknown = match kid {
        _ if keys.count() == Some(0) => Hint::NoKeys,
        None => Hint::KeyIdMissing,
        Some(kid) => match keys.reason_to_skip(kid) {
            Some(error) => Hint::KeySkipped { error },
            None if keys.has(kid) => Hint::KeyOfOtherAlgorithm,
            None if is_foreign => Hint::KeyOfOtherIssuer,
            None => Hint::UnknownKeyId { known: keys.count(), age: keys.age },
        },
    };
    match (error, keys.failure_code()) {
        (KeyError::UnknownKey, _) => match (kid, unknown) {
            // The reason to skip an entry says more than that there is no usable key.
            (Some(kid), Hint::NoKeys) => {
                let skipped = keys.reason_to_skip(kid).map(|error| Hint::KeySkipped { error });
                skipped.or(Some(Hint::NoKeys))
            }
            (_, unknown) => Some(unknown),
        },
        (KeyError::AmbiguousKey, _) => match kid {
            Some(_) => Some(Hint::KeyIdAmbiguous),
            None => Some(Hint::KeyIdMissing),
        },
        (KeyError::Unavailable { .. }, Some(code)) => fetch(code),
        (KeyError::Unavailable { .. }, None) => match unknown {
            Hint::NoKeys => Some(Hint::KeysNotFetched),
            // The set may be out of date: a lookup that waits would fetch a newer one.
            unknown => Some(unknown),
        },
        (KeyError::Busy, _) => None,
    }
}

/// For a failed fetch, by [`FetchError::code`](crate::FetchError::code).
fn fetch(code: &str) -> Option<Hint> {
    Some(match code {
        "host_not_found" => Hint::KeySetHostNotFound,
        "connect" | "proxy" => Hint::KeySetUnreachable,
        "tls" => Hint::KeySetTls,
        "timeout" => Hint::KeySetTimeout,
        "status" | "redirect" => Hint::KeySetStatus,
        "metadata" | "issuer_mismatch" => Hint::KeySetMetadata,
        "protocol" | "content_encoding" | "body_too_long" | "truncated" | "key_set"
        | "no_usable_keys" => Hint::KeySetContent,
        _ => return None,
    })
}

/// For a signature of this many `bytes`, with a key whose signatures have `expected` bytes.
pub(super) fn signature(
    error: VerifyError,
    token: &str,
    header: &Members<'_>,
    claims: &Members<'_>,
    (bytes, expected): (usize, usize),
) -> Option<Hint> {
    match error {
        VerifyError::NotBase64url { segment: "signature" } => text(token)
            .or_else(|| (bytes != expected).then_some(Hint::SignatureLength { bytes, expected })),
        // Microsoft signs a `nonce` that differs from the one it sends.
        VerifyError::BadSignature if header.has("nonce") || is_for_graph(claims) => {
            Some(Hint::MicrosoftGraph)
        }
        VerifyError::BadSignature if bytes != expected => {
            Some(Hint::SignatureLength { bytes, expected })
        }
        VerifyError::BadSignature => Some(Hint::SignatureMismatch),
        _ => None,
    }
}

/// For a `typ` that is not accepted.
pub(super) fn token_type(accepted: TokenType, declared: DeclaredType) -> Hint {
    match (accepted, declared) {
        (TokenType::AccessToken, DeclaredType::None | DeclaredType::Jwt) => {
            Hint::UntypedAccessToken
        }
        _ => Hint::OtherKindOfToken,
    }
}

/// For two issuers that are not the same.
pub(super) fn issuer(expected: &str, actual: &str) -> Option<Hint> {
    let (one, other) = (expected.trim_end_matches('/'), actual.trim_end_matches('/'));
    let (one_rest, other_rest) = (without_scheme(one), without_scheme(other));
    Some(match () {
        () if expected == actual => return None,
        () if one == other => Hint::IssuerSlash,
        () if one_rest == other_rest => Hint::IssuerScheme,
        () if one.eq_ignore_ascii_case(other) => Hint::IssuerCase,
        () => match (entra(one_rest), entra(other_rest)) {
            (Some((2, tenant)), Some((1, of_token))) if tenant == of_token => Hint::EntraVersion1,
            (Some((1, tenant)), Some((2, of_token))) if tenant == of_token => Hint::EntraVersion2,
            _ if path(one_rest) == path(other_rest) => Hint::IssuerHost,
            _ => Hint::OtherIssuer,
        },
    })
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
pub(super) fn audience(policy: &Policy, claims: &Members<'_>) -> Option<Hint> {
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
        () if is_for_graph(claims) => Some(Hint::MicrosoftGraph),
        () if differs_by_slash() => Some(Hint::AudienceSlash),
        () if is_keycloak && audiences.iter().all(|audience| audience == "account") => {
            Some(Hint::KeycloakAudience)
        }
        () if !claims.has("aud") => {
            let is_cognito = issuer.contains("cognito-idp.") || claims.has("token_use");
            is_cognito.then_some(Hint::CognitoAudience)
        }
        () if is_id_token() => Some(Hint::IdToken),
        () => Some(Hint::OtherAudience),
    }
}

/// Whether the audience is Microsoft Graph, by its application ID or its URL.
fn is_for_graph(claims: &Members<'_>) -> bool {
    claims.strings("aud").iter().any(|audience| {
        let audience = audience.trim_end_matches('/');
        ["00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"].contains(&audience)
    })
}

/// For an `exp`, `nbf` or `iat` with a fault, and for a token that is expired or not yet valid.
pub(super) fn time(error: VerifyError, name: &str, claims: &Members<'_>) -> Option<Hint> {
    #[expect(clippy::as_conversions, reason = "exact: fewer than 53 bits")]
    let is_far = || claims.number(name).is_some_and(|time| time > END_OF_TIME as f64);
    match error {
        VerifyError::ClaimType { .. } if claims.is_string(name) => Some(Hint::TimeAsString),
        VerifyError::ClaimRange { .. } | VerifyError::NotYetValid { .. } if is_far() => {
            Some(Hint::Milliseconds)
        }
        VerifyError::Expired { exp, now } => {
            let issued = claims.number("iat").and_then(whole);
            let lifetime = issued.and_then(|issued| exp.checked_sub(issued.as_secs()));
            Some(Hint::Expired { since: now.saturating_sub(exp), lifetime })
        }
        VerifyError::NotYetValid { nbf, now } => {
            Some(Hint::NotYetValid { until: nbf.saturating_sub(now) })
        }
        _ => None,
    }
}

/// A NumericDate without its fraction, if it is within the calendar's range.
#[expect(clippy::as_conversions, reason = "within the range of the calendar")]
pub(super) fn whole(seconds: f64) -> Option<UnixTime> {
    let is_date = (0.0..=END_OF_TIME as f64).contains(&seconds);
    is_date.then(|| UnixTime::from_secs(seconds as u64))
}

const QUOTES: [char; 2] = ['"', '\''];

/// The words that programming languages print for a missing value.
const PLACEHOLDERS: [&str; 8] =
    ["null", "undefined", "none", "nil", "nan", "[object Object]", "[object Promise]", "token"];
