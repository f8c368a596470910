//! The checks of a token, in the order of the pipeline.

use core::fmt;

/// The checks of a token, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// The request has one `Authorization`, and in it a bearer token. Only for a
    /// [`Guard`](crate::Guard).
    Authorization,
    /// The token is not too long.
    Size,
    /// The token has three segments.
    Segments,
    /// The first segment is a JOSE Header without forbidden parameters.
    Header,
    /// `iss` names one of the issuers. Only if the verifier has several.
    Route,
    /// `alg` is accepted.
    Algorithm,
    /// The issuer has exactly one key for the token.
    Key,
    /// The signature was made with that key.
    Signature,
    /// The payload is a JSON object.
    Payload,
    /// A registered claim without its own check has the right JSON type.
    Claim,
    /// `typ`
    Type,
    /// `iss`
    Issuer,
    /// `aud`
    Audience,
    /// `exp`
    Expiry,
    /// `nbf`
    NotBefore,
    /// `azp`, or `client_id`.
    Client,
    /// `cnf`
    Confirmation,
    /// A claim that the policy requires.
    RequiredClaim,
    /// A scope that the guard requires.
    Scope,
    /// A permission that the guard requires.
    Permission,
}

impl Check {
    /// A short, stable name. There are few of them.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authorization => "header field",
            Self::Size => "size",
            Self::Segments => "segments",
            Self::Header => "header",
            Self::Route => "issuer",
            Self::Algorithm => "alg",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Payload => "payload",
            Self::Claim => "claim",
            Self::Type => "typ",
            Self::Issuer => "iss",
            Self::Audience => "aud",
            Self::Expiry => "exp",
            Self::NotBefore => "nbf",
            Self::Client => "client",
            Self::Confirmation => "cnf",
            Self::RequiredClaim => "required",
            Self::Scope => "scope",
            Self::Permission => "permission",
        }
    }

    /// The source of the rule.
    pub const fn clause(self) -> &'static str {
        match self {
            Self::Authorization => "RFC 6750 section 2.1",
            Self::Size => "a limit of this crate",
            Self::Segments => "RFC 7515 section 7.1",
            Self::Header => "RFC 7515 section 4",
            Self::Route => "RFC 8725 section 3.8",
            Self::Algorithm => "RFC 8725 section 3.1",
            Self::Key => "RFC 7515 section 4.1.4",
            Self::Signature => "RFC 7515 section 5.2",
            Self::Payload => "RFC 7519 section 7.2",
            Self::Claim => "RFC 7519 section 4.1",
            Self::Type => "RFC 8725 section 3.11",
            Self::Issuer => "RFC 7519 section 4.1.1",
            Self::Audience => "RFC 7519 section 4.1.3",
            Self::Expiry => "RFC 7519 section 4.1.4",
            Self::NotBefore => "RFC 7519 section 4.1.5",
            Self::Client => "OpenID Connect Core section 3.1.3.7",
            Self::Confirmation => "RFC 7800 section 3.1",
            Self::RequiredClaim => "the policy's require_claim",
            Self::Scope | Self::Permission => "RFC 6750 section 3.1",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
