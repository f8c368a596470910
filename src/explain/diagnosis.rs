//! From a failed check, and the look of the token, to a [`Hint`]. Each function is for one check.

use alloc::string::String;

use crate::{
    Algorithm, ClaimPath, Policy, PublicKey, UnixTime, VerifyError, base64url,
    bearer::{self, NoToken},
    claims::ClaimsSet,
    explain::{
        hint::{self, Argument, Hint},
        kinds::{is_id_token, is_refresh_token, says_id_token},
        names, signature,
        unverified::JsonAsRead,
    },
    time::END_OF_TIME,
};

/// For `Authorization` values without a token in them.
pub(super) fn authorization(reason: NoToken) -> Option<Hint> {
    Some(match reason {
        NoToken::Missing => hint::HEADER_MISSING,
        NoToken::Several => hint::HEADER_REPEATED,
        NoToken::TooLong { .. } => hint::TOO_LARGE,
        NoToken::HeaderEmpty => hint::HEADER_EMPTY,
        NoToken::NoScheme => hint::NO_SCHEME,
        NoToken::OtherScheme => hint::OTHER_SCHEME,
        NoToken::SpaceMissing => hint::SPACE_MISSING,
        NoToken::Tab => hint::TAB,
        NoToken::TokenEmpty => hint::TOKEN_EMPTY,
        NoToken::Placeholder => hint::PLACEHOLDER,
        NoToken::BearerTwice => hint::BEARER_TWICE,
        NoToken::ShellVariable => hint::SHELL_VARIABLE,
        NoToken::TemplateVariable => hint::TEMPLATE_VARIABLE,
        NoToken::JsonObject => hint::JSON_OBJECT,
        NoToken::AngleBrackets => hint::ANGLE_BRACKETS,
        NoToken::PythonBytes => hint::PYTHON_BYTES,
        NoToken::Quoted => hint::QUOTED,
        NoToken::TrailingSeparator => hint::TRAILING_SEPARATOR,
        NoToken::JoinedByComma => hint::JOINED_BY_COMMA,
        NoToken::WhiteSpace => hint::WHITE_SPACE,
        NoToken::NotAscii => hint::NOT_ASCII,
        NoToken::PercentEncoded => hint::PERCENT_ENCODED,
        NoToken::SchemeNotExpected => hint::SCHEME_NOT_EXPECTED,
        NoToken::Malformed => return None,
    })
}

/// For text that should be a token.
fn text(token: &str) -> Option<Hint> {
    match bearer::fault_of_token(token) {
        Some(fault) => authorization(fault),
        None if token.contains('=') => Some(hint::PADDED),
        None if token.contains(['+', '/']) => Some(hint::STANDARD_ALPHABET),
        None => None,
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
            let is_none = |alg: &str| alg.eq_ignore_ascii_case("none");
            match header.string("alg").is_some_and(is_none) {
                true => Some(hint::UNSIGNED),
                false => Some(hint::SIGNATURE_MISSING),
            }
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
pub(super) fn algorithm(header: &JsonAsRead<'_>, claims: &JsonAsRead<'_>) -> Option<Hint> {
    let alg = header.string("alg")?;
    Some(match alg {
        _ if is_refresh_token(claims) => hint::KEYCLOAK_REFRESH_TOKEN,
        _ if alg.eq_ignore_ascii_case("none") => hint::UNSIGNED,
        "HS256" | "HS384" | "HS512" => hint::SHARED_SECRET,
        _ => match Algorithm::named(alg) {
            Some(algorithm) => hint::OTHER_ALGORITHM.with(Argument::Algorithm(algorithm)),
            None => hint::UNKNOWN_ALGORITHM,
        },
    })
}

/// For a signature that does not verify with `key`.
pub(super) fn signature(
    error: VerifyError,
    token: &str,
    header: &JsonAsRead<'_>,
    claims: &JsonAsRead<'_>,
    key: &PublicKey,
) -> Option<Hint> {
    match error {
        VerifyError::NotBase64url { segment: "signature" } => {
            let bytes = token.rsplit('.').next().map_or(0, base64url::decoded_len);
            let expected = key.material().signature_bytes();
            text(token)
                .or_else(|| (bytes != expected).then(|| signature::wrong_length(bytes, expected)))
        }
        // Microsoft signs a `nonce` that differs from the one it sends.
        VerifyError::BadSignature
            if header.has("nonce") && is_of_microsoft(claims) || is_for_graph(claims) =>
        {
            Some(hint::MICROSOFT_GRAPH)
        }
        VerifyError::BadSignature => Some(signature::mismatch(key, token)),
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
        VerifyError::ClaimType { .. } => {
            return match claims.shown("aud").as_str() {
                "[]" => Some(hint::AUDIENCE_EMPTY),
                "null" => Some(hint::AUDIENCE_NULL),
                _ => None,
            };
        }
        VerifyError::UntrustedAudience => return Some(hint::UNTRUSTED_AUDIENCE),
        _ => {}
    }
    let audiences = claims.strings("aud");
    let issuer = claims.string("iss").unwrap_or_default();
    let is_keycloak = issuer.contains("/realms/");
    match () {
        () if is_for_graph(claims) => Some(hint::MICROSOFT_GRAPH),
        () if is_refresh_token(claims) => Some(hint::KEYCLOAK_REFRESH_TOKEN),
        () if is_keycloak && audiences.iter().all(|audience| audience == "account") => {
            Some(hint::KEYCLOAK_AUDIENCE)
        }
        () if !claims.has("aud") => {
            let is_cognito = issuer.contains("cognito-idp.") || claims.has("token_use");
            Some(if is_cognito { hint::COGNITO_AUDIENCE } else { hint::AUDIENCE_MISSING })
        }
        () if audiences.iter().all(String::is_empty) => Some(hint::AUDIENCE_EMPTY),
        () if policy.is_for_id_tokens() => Some(hint::ID_TOKEN_OF_OTHER_CLIENT),
        () => names::audience(policy.accepted_in_audience(), &audiences)
            .or_else(|| is_id_token(policy, claims).then_some(hint::ID_TOKEN))
            .or(Some(match policy.audiences().is_empty() {
                true => hint::AUDIENCE_OF_CLIENT_POLICY,
                false => hint::OTHER_AUDIENCE,
            })),
    }
}

/// For a client that is not accepted, or that is not named.
pub(super) fn client(policy: &Policy, claims: &JsonAsRead<'_>) -> Option<Hint> {
    // A policy that names audiences may be meant for ID tokens.
    let is_unexpected = policy.audiences().is_empty();
    match claims.has("azp") || claims.has("client_id") {
        true if is_unexpected && says_id_token(claims) == Some(true) => Some(hint::ID_TOKEN),
        true => Some(hint::OTHER_CLIENT),
        false => (is_unexpected && is_id_token(policy, claims)).then_some(hint::ID_TOKEN),
    }
}

/// For a required claim that is absent or another: only for those that say the kind of token.
pub(super) fn required_claim(name: &str, claims: &JsonAsRead<'_>) -> Option<Hint> {
    match name {
        "token_use" | "typ" if says_id_token(claims) == Some(true) => Some(hint::ID_TOKEN),
        "token_use" | "typ" if is_refresh_token(claims) => Some(hint::KEYCLOAK_REFRESH_TOKEN),
        _ => None,
    }
}

/// For a scope that the guard requires and `claims` do not grant. `has_others`: they grant others.
pub(super) fn scope(name: &str, has_others: bool, claims: &JsonAsRead<'_>) -> Hint {
    let has_name = |names: &[String]| names.iter().any(|other| other == name);
    // As `Policy::scopes_from` reads them: a string has several names only in `scp`.
    let places = [
        ("scp", claims.words("scp")),
        ("scopes", claims.strings("scopes")),
        ("roles", claims.strings("roles")),
        ("groups", claims.strings("groups")),
        ("/realm_access/roles", claims.object("realm_access").strings("roles")),
    ];
    let elsewhere = |place: &'static str| {
        hint::SCOPE_ELSEWHERE.with(Argument::Name(place)).with(Argument::Name(place))
    };
    if name.is_empty() {
        return hint::REQUIREMENT_EMPTY;
    }
    if let Some((place, _)) = places.iter().find(|(_, names)| has_name(names)) {
        return elsewhere(place);
    }
    let mut by_comma = claims.string("scope").unwrap_or_default().split(',');
    if by_comma.clone().count() > 1 && by_comma.any(|one| one.trim() == name) {
        return hint::SCOPE_COMMAS;
    }
    if has_name(&claims.strings("permissions")) {
        return hint::SCOPE_IS_PERMISSION;
    }
    // Even if the guard and the token spell the name differently. Roles and groups are often not scopes.
    match places.iter().take(2).find(|(_, names)| !names.is_empty()) {
        Some((place, _)) if !has_others => elsewhere(place),
        _ => hint::SCOPE_MISSING,
    }
}

/// For a permission that the guard requires and `claims` do not grant.
pub(super) fn permission(name: &str, claims: &ClaimsSet) -> Hint {
    match claims.has_scope(name) {
        _ if name.is_empty() => hint::REQUIREMENT_EMPTY,
        true => hint::PERMISSION_IS_SCOPE,
        false => hint::PERMISSION_MISSING,
    }
}

/// For a value that the guard requires in the claim at `path`, and that is not there.
pub(super) fn claim_value(path: &ClaimPath, value: &str, claims: &ClaimsSet) -> Hint {
    match claims.kind_at(path) {
        _ if value.is_empty() => hint::REQUIREMENT_EMPTY,
        _ if path.is_malformed() => hint::CLAIM_PATH_MALFORMED,
        "none" => hint::CLAIM_PATH_NOWHERE,
        _ => hint::CLAIM_VALUE_MISSING,
    }
}

/// For an `acr` or `auth_time` of an access token that the guard does not accept.
pub(super) fn step_up(error: VerifyError, claims: &JsonAsRead<'_>) -> Option<Hint> {
    Some(match error {
        VerifyError::ClaimMissing { .. } => hint::STEP_UP_CLAIM_MISSING,
        VerifyError::WrongAuthenticationContext => hint::STEP_UP_METHOD,
        VerifyError::AuthenticationTooOld { auth_time, now } => {
            hint::STEP_UP_AGE.with(Argument::Seconds(now.saturating_sub(auth_time)))
        }
        _ => return login(error, claims),
    })
}

/// Whether the audience is Microsoft Graph, by its application ID or its URL.
fn is_for_graph(claims: &JsonAsRead<'_>) -> bool {
    claims.strings("aud").iter().any(|audience| {
        let audience = audience.trim_end_matches('/');
        ["00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"].contains(&audience)
    })
}

/// Whether `iss` is Microsoft Entra's, in any of its clouds.
fn is_of_microsoft(claims: &JsonAsRead<'_>) -> bool {
    claims.string("iss").is_some_and(names::is_of_entra)
}

/// For an `exp`, `nbf` or `iat` with a fault, and for a token that is expired or not yet valid.
pub(super) fn time(error: VerifyError, name: &str, claims: &JsonAsRead<'_>) -> Option<Hint> {
    let is_milliseconds = || {
        let number = claims.number(name).unwrap_or_default();
        THIS_CENTURY.contains(&(number / 1000.0))
    };
    match error {
        VerifyError::ClaimType { .. } if claims.is_string(name) => Some(hint::TIME_AS_STRING),
        VerifyError::ClaimRange { .. } | VerifyError::NotYetValid { .. } if is_milliseconds() => {
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

/// The years 2000 to 2099, in seconds since 1970: the times that a token may mean.
const THIS_CENTURY: core::ops::Range<f64> = 946_684_800.0..4_102_444_800.0;
