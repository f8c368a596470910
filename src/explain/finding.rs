//! One check and what came of it.

use alloc::string::String;
use core::fmt;

use crate::{Hint, VerifyError};

/// A check that tokens go through, in the order in which they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// The request has one `Authorization`, and in it a bearer token. Only for a
    /// [`Guard`](crate::Guard).
    Authorization,
    /// The token is not too long.
    Size,
    /// It has three segments.
    Segments,
    /// The first is a JOSE Header with nothing forbidden in it.
    Header,
    /// `iss` names one of several issuers. Only if there are several.
    Route,
    /// `alg` is accepted.
    Algorithm,
    /// The issuer has the one key for the token.
    Key,
    /// The signature is that key's.
    Signature,
    /// The payload is a JSON object.
    Payload,
    /// A registered claim without a check of its own has its JSON type.
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
    /// A short name: stable, and one of a small number.
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

    /// Where the rule is from.
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

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it must be.
    Failed,
    /// What it needs is not there, because another check failed.
    NotReached,
}

/// One check: what it expects, what it found, and what to do.
#[derive(Clone)]
pub struct Finding {
    check: Check,
    outcome: Outcome,
    error: Option<VerifyError>,
    verified: bool,
    expected: Option<String>,
    actual: Option<String>,
    hint: Option<Hint>,
}

impl Finding {
    /// Of a check that gave `outcome`, or of one that was not reached.
    pub(super) fn new(check: Check, outcome: Option<Result<(), VerifyError>>) -> Self {
        let (outcome, error) = match outcome {
            None => (Outcome::NotReached, None),
            Some(Ok(())) => (Outcome::Passed, None),
            Some(Err(error)) => (Outcome::Failed, Some(error)),
        };
        Self { check, outcome, error, verified: true, expected: None, actual: None, hint: None }
    }

    pub(super) fn expecting(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    pub(super) fn found(self, actual: impl Into<String>) -> Self {
        Self { actual: Some(actual.into()), ..self }
    }

    pub(super) fn found_nothing(self) -> Self {
        Self { actual: None, ..self }
    }

    /// What to do if the check failed.
    pub(super) fn advising(self, hint: Option<Hint>) -> Self {
        let hint = hint.filter(|_| self.outcome == Outcome::Failed);
        Self { hint, ..self }
    }

    /// The finding is about claims that nobody is known to have signed.
    pub(super) fn unverified(self) -> Self {
        Self { verified: false, ..self }
    }

    /// Which check it was.
    pub fn check(&self) -> Check {
        self.check
    }

    /// Where its rule is from.
    pub fn clause(&self) -> &'static str {
        self.check.clause()
    }

    /// What came of it.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Why it failed, if it did: the verdict, if this is the first that failed.
    pub fn error(&self) -> Option<VerifyError> {
        self.error
    }

    /// Whether the finding is about something that the issuer has signed, or that needs no signature.
    /// Claims of a token whose signature does not hold may say anything.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// What is accepted, by the policy and the keys at hand.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// What the token has there: escaped, and cut at 120 characters. None if nothing can be read there.
    pub fn actual(&self) -> Option<&str> {
        self.actual.as_deref()
    }

    /// What to do.
    pub fn hint(&self) -> Option<Hint> {
        self.hint
    }
}

/// Without what is expected and found: the latter is a token's text.
impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding")
            .field("check", &self.check)
            .field("outcome", &self.outcome)
            .field("error", &self.error)
            .field("hint", &self.hint)
            .finish_non_exhaustive()
    }
}
