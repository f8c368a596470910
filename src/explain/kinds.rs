//! What kind of token this is, by its `typ` and its claims. RFC 8725 section 3.11.

use alloc::string::String;

use crate::{
    Policy, TokenType,
    explain::{
        hint::{self, Argument, Hint},
        unverified::JsonAsRead,
    },
};

/// For a `typ` that is not accepted.
pub(super) fn token_type(accepted: &TokenType, typ: Option<&str>) -> Hint {
    match accepted {
        TokenType::AccessToken if TokenType::Jwt.accepts(typ) => return hint::UNTYPED_ACCESS_TOKEN,
        TokenType::IdToken if TokenType::AccessToken.accepts(typ) => return hint::ACCESS_TOKEN,
        TokenType::IdToken => return hint::NO_ID_TOKEN,
        TokenType::Named(_) => return hint::OTHER_TOKEN_TYPE,
        _ => {}
    }
    let typ = typ.unwrap_or("JWT").to_ascii_lowercase();
    // RFC 7515 section 4.1.9.
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    let kind = OTHER_KINDS.into_iter().find(|(name, _)| *name == typ);
    match (typ, kind) {
        ("id_token+jwt", _) => hint::ID_TOKEN_TYPE,
        ("dpop+jwt", _) => hint::DPOP_PROOF,
        ("okta-internal-at+jwt", _) => hint::OKTA_INTERNAL_TOKEN,
        ("jose", _) => hint::JOSE_TYPE,
        (_, Some((_, kind))) => hint::OTHER_KIND_OF_TOKEN.with(Argument::Name(kind)),
        _ if TokenType::Named(typ.into()).is_possible() => hint::UNKNOWN_TYPE,
        _ => hint::MALFORMED_TYPE,
    }
}

/// Whether this is probably an ID token. None if only its audience can tell.
pub(super) fn says_id_token(claims: &JsonAsRead<'_>) -> Option<bool> {
    match (claims.string("token_use"), claims.string("typ")) {
        // Amazon Cognito, and Keycloak, whose access tokens may have a `nonce` too.
        (Some("id"), _) | (_, Some("ID")) => Some(true),
        (Some("access"), _) | (_, Some("Bearer")) => Some(false),
        _ => ["nonce", "at_hash", "c_hash"].iter().any(|name| claims.has(name)).then_some(true),
    }
}

/// The same, if an audience that is a client tells too.
pub(super) fn is_id_token(policy: &Policy, claims: &JsonAsRead<'_>) -> bool {
    let is_client = |audience: &String| {
        let named = [claims.string("azp"), claims.string("client_id")];
        named.contains(&Some(audience)) || policy.clients().contains(audience)
    };
    says_id_token(claims).unwrap_or_else(|| claims.strings("aud").iter().any(is_client))
}

/// Whether this is a refresh or offline token of Keycloak, which writes the kind into the claims.
pub(super) fn is_refresh_token(claims: &JsonAsRead<'_>) -> bool {
    matches!(claims.string("typ"), Some("Refresh" | "Offline"))
}

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
