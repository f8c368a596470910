//! The checks of a token, in the order of the pipeline.
//!
//! A new check of the claims is a variant with its clause and a row in [`OF_CLAIMS`], a function in
//! `policy/`, and the values that an explanation shows, in `explain/presentation.rs`.

use core::fmt;

use crate::{
    Login, Policy, UnixTime, VerifyError, claims::ClaimsSet, login::LoginClaims, policy::Usage,
    possession::ProofCheck,
};

/// The checks of a token, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// The request has one `Authorization`, and in it a bearer token; or the text given to
    /// [`Guard::check_token`](crate::Guard::check_token) is a token. Only for a [`Guard`](crate::Guard).
    Authorization,
    /// The token is not too long.
    Size,
    /// The token has three segments.
    Segments,
    /// The first segment is a JOSE Header without forbidden parameters.
    Header,
    /// `iss` names one of the issuers. Only if the verifier has several.
    Route,
    /// The policy is for ID tokens. Only for
    /// [`Verifier::explain_id_token`](crate::Verifier::explain_id_token).
    Purpose,
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
    /// `events`
    Events,
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
    /// `nonce` of an ID token.
    Nonce,
    /// `acr` of an ID token.
    AuthenticationContext,
    /// `auth_time` of an ID token.
    AuthenticationTime,
    /// `at_hash` of an ID token.
    AccessTokenHash,
    /// `c_hash` of an ID token.
    CodeHash,
    /// A check of a proof, or of the client's certificate. Only for
    /// [`Guard::explain_request`](crate::Guard::explain_request).
    Possession(ProofCheck),
    /// How, and how recently, the user must have logged in, as the guard requires: `acr` and `auth_time`.
    Authentication,
    /// A scope that the guard requires.
    Scope,
    /// A permission that the guard requires.
    Permission,
    /// A value of another claim that the guard requires.
    ClaimValue,
}

impl Check {
    /// A short, stable name. There are few of them.
    pub const fn name(self) -> &'static str {
        self.name_and_clause().0
    }

    /// The source of the rule.
    pub const fn clause(self) -> &'static str {
        self.name_and_clause().1
    }

    const fn name_and_clause(self) -> (&'static str, &'static str) {
        match self {
            Self::Authorization => ("header field", "RFC 6750 section 2.1"),
            Self::Size => ("size", "a limit of this crate"),
            Self::Segments => ("segments", "RFC 7515 section 7.1"),
            Self::Header => ("header", "RFC 7515 section 4"),
            Self::Route => ("issuer", "RFC 8725 section 3.8"),
            Self::Purpose => ("policy", "OpenID Connect Core section 3.1.3.7"),
            Self::Algorithm => ("alg", "RFC 8725 section 3.1"),
            Self::Key => ("key", "RFC 7515 section 4.1.4"),
            Self::Signature => ("signature", "RFC 7515 section 5.2"),
            Self::Payload => ("payload", "RFC 7519 section 7.2"),
            Self::Claim => ("claim", "RFC 7519 section 4.1"),
            Self::Type => ("typ", "RFC 8725 section 3.11"),
            Self::Events => ("events", "RFC 8417 section 2.2"),
            Self::Issuer => ("iss", "RFC 7519 section 4.1.1"),
            Self::Audience => ("aud", "RFC 7519 section 4.1.3"),
            Self::Expiry => ("exp", "RFC 7519 section 4.1.4"),
            Self::NotBefore => ("nbf", "RFC 7519 section 4.1.5"),
            Self::Client => ("client", "OpenID Connect Core section 3.1.3.7"),
            Self::Confirmation => ("cnf", "RFC 7800 section 3.1"),
            Self::Possession(check) => (check.name(), check.clause()),
            Self::RequiredClaim => ("required", "the policy's require_claim"),
            Self::Nonce => ("nonce", "OpenID Connect Core section 3.1.3.7"),
            Self::AuthenticationContext => ("acr", "OpenID Connect Core section 3.1.3.7"),
            Self::AuthenticationTime => ("auth_time", "OpenID Connect Core section 3.1.3.7"),
            Self::AccessTokenHash => ("at_hash", "OpenID Connect Core section 3.1.3.8"),
            Self::CodeHash => ("c_hash", "OpenID Connect Core section 3.3.2.10"),
            Self::Authentication => ("login", "RFC 9470 section 3"),
            Self::Scope => ("scope", "RFC 6750 section 3.1"),
            Self::Permission => ("permission", "RFC 6750 section 3.1"),
            Self::ClaimValue => ("claim value", "RFC 6750 section 3.1"),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The checks of the claims, in their order. A verification stops at the first that fails, an explanation
/// makes all of them, and for a token in the cache only those of the time and the sender are made again.
pub(crate) const OF_CLAIMS: [(Check, Rule); 11] = [
    (Check::Audience, Rule::Presence(Policy::check_audience_is_present)),
    (Check::Expiry, Rule::Presence(Policy::check_expiry_is_present)),
    (Check::Type, Rule::Claims(Policy::check_token_type)),
    (Check::Events, Rule::Claims(Policy::check_events)),
    (Check::Issuer, Rule::Claims(Policy::check_issuer)),
    (Check::Audience, Rule::Claims(Policy::check_audience)),
    (Check::Expiry, Rule::Time(Policy::check_expiry)),
    (Check::NotBefore, Rule::Time(Policy::check_not_before)),
    (Check::Client, Rule::Claims(Policy::check_client)),
    (Check::Confirmation, Rule::Sender(Policy::check_sender)),
    (Check::RequiredClaim, Rule::Claims(Policy::check_required_claims)),
];

/// The same for an ID token.
pub(crate) const OF_ID_TOKENS: [(Check, Rule); 13] = [
    (Check::Audience, Rule::Presence(Policy::check_audience_is_present)),
    (Check::Expiry, Rule::Presence(Policy::check_expiry_is_present)),
    (Check::Claim, Rule::Presence(Policy::check_subject_is_present)),
    (Check::Claim, Rule::Presence(Policy::check_issuance_is_present)),
    (Check::Type, Rule::Claims(Policy::check_token_type)),
    (Check::Events, Rule::Claims(Policy::check_events)),
    (Check::Issuer, Rule::Claims(Policy::check_issuer)),
    (Check::Audience, Rule::Claims(Policy::check_audience_of_id_token)),
    (Check::Expiry, Rule::Time(Policy::check_expiry)),
    (Check::NotBefore, Rule::Time(Policy::check_not_before)),
    (Check::Client, Rule::Claims(Policy::check_client_of_id_token)),
    (Check::Confirmation, Rule::Sender(Policy::check_sender)),
    (Check::RequiredClaim, Rule::Claims(Policy::check_required_claims)),
];

/// The checks of an access token of the profile that come before those of [`OF_CLAIMS`]. RFC 9068 section 2.2.
pub(crate) const OF_PROFILE: [(Check, Rule); 4] = [
    (Check::Claim, Rule::Presence(Policy::check_subject_is_present)),
    (Check::Claim, Rule::Presence(Policy::check_client_id_is_present)),
    (Check::Claim, Rule::Presence(Policy::check_issuance_is_present)),
    (Check::Claim, Rule::Presence(Policy::check_jwt_id_is_present)),
];

/// The checks of an ID token that are about one login, in their order. They follow those of the claims, and are
/// made again for a token in the cache.
pub(crate) const OF_LOGIN: [(Check, LoginRule); 5] = [
    (Check::Nonce, Login::check_nonce),
    (Check::AuthenticationContext, Login::check_context),
    (Check::AuthenticationTime, Login::check_age),
    (Check::AccessTokenHash, Login::check_access_token),
    (Check::CodeHash, Login::check_code),
];

/// The function of a check of one login.
pub(crate) type LoginRule = fn(&Login, &LoginClaims<'_>) -> Result<(), VerifyError>;

/// The function of a check, by what its outcome depends on.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// Whether there is a claim that a later row compares. These come first: the absence of a claim is
    /// reported before a wrong value of another one.
    Presence(fn(&Policy, &ClaimsSet) -> Result<(), VerifyError>),
    /// The claims alone: the outcome stays the same as long as the policy does.
    Claims(fn(&Policy, &ClaimsSet) -> Result<(), VerifyError>),
    /// The time too.
    Time(fn(&Policy, &ClaimsSet, UnixTime) -> Result<(), VerifyError>),
    /// The claims, but a caller who may accept bound tokens makes this check itself.
    Sender(fn(&Policy, &ClaimsSet) -> Result<(), VerifyError>),
}

impl Rule {
    pub(crate) fn check(
        self,
        policy: &Policy,
        claims: &ClaimsSet,
        usage: Usage<'_>,
        now: UnixTime,
    ) -> Result<(), VerifyError> {
        match (self, usage) {
            (Self::Sender(_), Usage::Bound) => Ok(()),
            (Self::Presence(check) | Self::Claims(check) | Self::Sender(check), _) => {
                check(policy, claims)
            }
            (Self::Time(check), _) => check(policy, claims, now),
        }
    }
}
