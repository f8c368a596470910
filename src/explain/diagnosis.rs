//! From a failed check, and the look of the token, to a [`Hint`]. Each function is for one check.

use alloc::string::String;

use crate::{
    Algorithm, Policy, PublicKey, TokenType, UnixTime, VerifyError, base64url,
    bearer::NoToken,
    explain::{
        hint::{self, Argument, Hint},
        names, signature,
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
        VerifyError::BadSignature if header.has("nonce") || is_for_graph(claims) => {
            Some(hint::MICROSOFT_GRAPH)
        }
        VerifyError::BadSignature => Some(signature::mismatch(key, token)),
        _ => None,
    }
}

/// For a `typ` that is not accepted.
pub(super) fn token_type(accepted: TokenType, typ: Option<&str>) -> Hint {
    let typ = typ.unwrap_or("JWT").to_ascii_lowercase();
    // RFC 7515 section 4.1.9.
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    let kind = OTHER_KINDS.into_iter().find(|(name, _)| *name == typ);
    match (accepted, typ, kind) {
        (TokenType::AccessToken, "jwt", _) => hint::UNTYPED_ACCESS_TOKEN,
        (_, "id_token+jwt", _) => hint::ID_TOKEN_TYPE,
        (_, "dpop+jwt", _) => hint::DPOP_PROOF,
        (_, "okta-internal-at+jwt", _) => hint::OKTA_INTERNAL_TOKEN,
        (_, "jose", _) => hint::JOSE_TYPE,
        (_, _, Some((_, kind))) => hint::OTHER_KIND_OF_TOKEN.with(Argument::Name(kind)),
        _ => hint::UNKNOWN_TYPE,
    }
}

/// For an `aud` that is absent, or that has no accepted audience.
pub(super) fn audience(
    error: VerifyError,
    policy: &Policy,
    claims: &JsonAsRead<'_>,
) -> Option<Hint> {
    if let VerifyError::ClaimType { .. } = error {
        return match claims.shown("aud").as_str() {
            "[]" => Some(hint::AUDIENCE_EMPTY),
            "null" => Some(hint::AUDIENCE_NULL),
            _ => None,
        };
    }
    let audiences = claims.strings("aud");
    let issuer = claims.string("iss").unwrap_or_default();
    let is_keycloak = issuer.contains("/realms/");
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
        () if is_keycloak && audiences.iter().all(|audience| audience == "account") => {
            Some(hint::KEYCLOAK_AUDIENCE)
        }
        () if !claims.has("aud") => {
            let is_cognito = issuer.contains("cognito-idp.") || claims.has("token_use");
            Some(if is_cognito { hint::COGNITO_AUDIENCE } else { hint::AUDIENCE_MISSING })
        }
        () if audiences.iter().all(String::is_empty) => Some(hint::AUDIENCE_EMPTY),
        () => names::audience(policy.audiences(), &audiences)
            .or_else(|| is_id_token().then_some(hint::ID_TOKEN))
            .or(Some(hint::OTHER_AUDIENCE)),
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

/// A NumericDate without its fraction, if it is within the calendar's range.
#[expect(clippy::as_conversions, reason = "within the range of the calendar")]
pub(super) fn whole(seconds: f64) -> Option<UnixTime> {
    let is_date = (0.0..=END_OF_TIME as f64).contains(&seconds);
    is_date.then(|| UnixTime::from_secs(seconds as u64))
}

/// The characters that these are about may be in a bearer token that is not a JWT: then the fault is
/// another one.
const OF_BASE64: [Hint; 2] = [hint::PADDED, hint::STANDARD_ALPHABET];

/// Types of JWTs that are not access tokens, in lower case. OpenID Connect Back-Channel Logout section
/// 2.4, RFC 8417 section 2.3, RFC 9701 section 5, RFC 9101 section 10.8, RFC 9901 section 4.3, OpenID
/// Federation section 3.1.
const OTHER_KINDS: [(&str, &str); 7] = [
    ("logout+jwt", "a logout token, which ends a session"),
    ("secevent+jwt", "a security event, which reports a change"),
    ("token-introspection+jwt", "an answer to a token introspection"),
    ("oauth-authz-req+jwt", "an authorization request"),
    ("kb+jwt", "a key binding proof of an SD-JWT"),
    ("dc+sd-jwt", "a credential for a wallet"),
    ("entity-statement+jwt", "an entity statement of OpenID Federation"),
];

const QUOTES: [char; 2] = ['"', '\''];

/// The words that programming languages print for a missing value.
const PLACEHOLDERS: [&str; 8] =
    ["null", "undefined", "none", "nil", "nan", "[object Object]", "[object Promise]", "token"];
