//! The kinds of tokens by `typ`. RFC 8725 section 3.11, RFC 7515 section 4.1.9.

use alloc::{
    borrow::{Cow, ToOwned as _},
    string::String,
};

/// The kind of token that a [`Policy`](crate::Policy) expects, by the header's `typ`. RFC 8725
/// section 3.11.
///
/// Compared ignoring ASCII case, with or without `application/` before it. RFC 7515 section 4.1.9.
///
/// ```
/// use tokenring::{Policy, TokenType};
///
/// let policy = || Policy::new("https://issuer.example/", "https://api.example.com/");
/// // The issuer follows RFC 9068: its ID tokens are then refused by their type.
/// let standard = policy().token_type(TokenType::AccessToken);
/// // The issuer has a type of its own.
/// let own = policy().token_type(TokenType::Named("example+jwt".into()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// No `typ`, `JWT` or `at+jwt`: the values in access tokens of today's issuers.
    #[default]
    Jwt,
    /// Only `at+jwt`. RFC 9068 section 2.1.
    AccessToken,
    /// No `typ`, `JWT` or `id_token+jwt`, but not `at+jwt`: the values in ID tokens.
    ///
    /// [`Policy::for_id_tokens`](crate::Policy::for_id_tokens) sets this, with the other rules for ID
    /// tokens.
    IdToken,
    /// Only this type, such as `okta-internal-at+jwt` or `JOSE`: the type that an issuer has defined for
    /// its own tokens.
    ///
    /// A token of such a type may have the claim `events`, unless the policy is for ID tokens. If the
    /// name is one of those above, it may not: nothing else would tell a logout token from the others.
    Named(String),
}

impl TokenType {
    /// Whether a token with this `typ` is of the type.
    pub(crate) fn accepts(&self, typ: Option<&str>) -> bool {
        let Some(typ) = typ else { return matches!(self, Self::Jwt | Self::IdToken) };
        let typ = subtype(typ);
        let is = |name: &str| typ.eq_ignore_ascii_case(name);
        match self {
            Self::Jwt => is("JWT") || is("at+jwt"),
            Self::AccessToken => is("at+jwt"),
            Self::IdToken => is("JWT") || is("id_token+jwt"),
            Self::Named(name) => is(subtype(name)),
        }
    }

    /// Whether this is an issuer's own type, which neither an access token nor an ID token has otherwise.
    pub(crate) fn is_issuers_own(&self) -> bool {
        let is_common =
            |name| [Self::Jwt, Self::IdToken].iter().any(|kind| kind.accepts(Some(name)));
        matches!(self, Self::Named(name) if !is_common(name))
    }

    /// Whether a media type can have this name. RFC 2045 section 5.1, RFC 6838 section 4.2.
    pub(crate) fn is_possible(&self) -> bool {
        match self {
            Self::Named(name) => {
                let name = subtype(name);
                !name.is_empty() && name.bytes().all(is_token_character)
            }
            Self::Jwt | Self::AccessToken | Self::IdToken => true,
        }
    }
}

/// `typ` without `application/`.
pub(crate) fn subtype(typ: &str) -> &str {
    match typ.split_at_checked("application/".len()) {
        Some((prefix, subtype)) if prefix.eq_ignore_ascii_case("application/") => subtype,
        _ => typ,
    }
}

/// A `typ` to keep as it is. The most common ones need no allocation.
pub(crate) fn kept(typ: &str) -> Cow<'static, str> {
    match typ {
        "JWT" => Cow::Borrowed("JWT"),
        "at+jwt" => Cow::Borrowed("at+jwt"),
        _ => Cow::Owned(typ.to_owned()),
    }
}

fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte)
}
