//! The checks of a proof, in the order of the pipeline.
//!
//! A new check is a variant with its clause, a row in [`Case::CHECKS`], and a function in `rules.rs`.

use core::fmt;

use super::{ProofError, rules::Case};

/// The checks of a proof, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofCheck {
    /// The request has one field `DPoP`, with one value.
    Field,
    /// The proof is not too long.
    Size,
    /// The proof has three segments.
    Segments,
    /// The first segment is a JOSE Header without forbidden parameters.
    Header,
    /// `typ`
    Type,
    /// `alg` is accepted.
    Algorithm,
    /// `jwk` is a public key for `alg`.
    Key,
    /// The thumbprint of `jwk` is the `jkt` that the token is bound to.
    Binding,
    /// The client's certificate is the one that the token is bound to, if it is bound to one.
    Certificate,
    /// The numbers of `jwk`.
    KeyNumbers,
    /// The payload is a JSON object.
    Payload,
    /// `htm`
    Method,
    /// `htu`
    Target,
    /// `ath`
    AccessTokenHash,
    /// `jti` has a length that can be recorded.
    Identifier,
    /// `exp`, if there is one.
    Expiry,
    /// `nbf`, if there is one.
    NotBefore,
    /// `iat`
    IssuedAt,
    /// `nonce`, if nonces are on.
    Nonce,
    /// The signature was made with the key in `jwk`.
    Signature,
    /// The proof has not been used before.
    Replay,
}

impl ProofCheck {
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
            Self::Field => ("DPoP field", "RFC 9449 section 4.3, step 1"),
            Self::Size => ("proof size", "a limit of this crate"),
            Self::Segments => ("proof segments", "RFC 9449 section 4.3, step 2"),
            Self::Header => ("proof header", "RFC 7515 section 4"),
            Self::Type => ("proof typ", "RFC 9449 section 4.3, step 4"),
            Self::Algorithm => ("proof alg", "RFC 9449 section 4.3, step 5"),
            Self::Key => ("proof jwk", "RFC 9449 section 4.3, step 7"),
            Self::Binding => ("jkt", "RFC 9449 section 4.3, step 12"),
            Self::Certificate => ("x5t#S256", "RFC 8705 section 3"),
            Self::KeyNumbers => ("proof key", "RFC 8725 section 3.4"),
            Self::Payload => ("proof payload", "RFC 9449 section 4.3, step 2"),
            Self::Method => ("htm", "RFC 9449 section 4.3, step 8"),
            Self::Target => ("htu", "RFC 9449 section 4.3, step 9"),
            Self::AccessTokenHash => ("ath", "RFC 9449 section 4.3, step 12"),
            Self::Identifier => ("jti", "RFC 9449 section 4.3, step 3"),
            Self::Expiry => ("proof exp", "RFC 7519 section 4.1.4"),
            Self::NotBefore => ("proof nbf", "RFC 7519 section 4.1.5"),
            Self::IssuedAt => ("proof iat", "RFC 9449 section 4.3, step 11"),
            Self::Nonce => ("proof nonce", "RFC 9449 section 4.3, step 10"),
            Self::Signature => ("proof signature", "RFC 9449 section 4.3, step 6"),
            Self::Replay => ("replay", "RFC 9449 section 11.1"),
        }
    }
}

impl fmt::Display for ProofCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The checks that are made while the text of a proof is read, in their order.
pub(super) const OF_TEXT: [ProofCheck; 4] =
    [ProofCheck::Field, ProofCheck::Size, ProofCheck::Segments, ProofCheck::Header];

impl Case<'_> {
    /// The checks of a proof that has been read, in their order. A verdict stops at the first that fails, and
    /// findings are made of all. The cheap ones come first: an attacker must have the right key, though not its
    /// private half, before ring is called.
    pub(super) const CHECKS: [(ProofCheck, Rule<Self>); 16] = [
        (ProofCheck::Type, Self::check_type),
        (ProofCheck::Algorithm, Self::check_algorithm),
        (ProofCheck::Key, Self::check_key),
        (ProofCheck::Binding, Self::check_binding),
        (ProofCheck::Certificate, Self::check_certificate),
        (ProofCheck::KeyNumbers, Self::check_key_numbers),
        (ProofCheck::Payload, Self::check_payload),
        (ProofCheck::Method, Self::check_method),
        (ProofCheck::Target, Self::check_target),
        (ProofCheck::AccessTokenHash, Self::check_access_token_hash),
        (ProofCheck::Identifier, Self::check_identifier),
        (ProofCheck::Expiry, Self::check_expiry),
        (ProofCheck::NotBefore, Self::check_not_before),
        (ProofCheck::IssuedAt, Self::check_issued_at),
        (ProofCheck::Nonce, Self::check_nonce),
        (ProofCheck::Signature, Self::check_signature),
    ];
}

/// The function of a check of a `Case`.
pub(super) type Rule<C> = fn(&C) -> Result<(), ProofError>;

/// What has come of one check of a proof, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofFinding {
    check: ProofCheck,
    outcome: ProofOutcome,
}

/// The outcome of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofOutcome {
    /// The proof passes.
    Passed,
    /// The proof is refused.
    Failed(ProofError),
    /// The check needs something that an earlier check has refused.
    NotChecked,
}

impl ProofFinding {
    pub(super) fn new(check: ProofCheck, outcome: Result<(), ProofError>) -> Self {
        let outcome = match outcome {
            Ok(()) => ProofOutcome::Passed,
            Err(error) if error.check() == check => ProofOutcome::Failed(error),
            Err(_) => ProofOutcome::NotChecked,
        };
        Self { check, outcome }
    }

    pub(super) const fn not_checked(check: ProofCheck) -> Self {
        Self { check, outcome: ProofOutcome::NotChecked }
    }

    /// The check.
    pub const fn check(&self) -> ProofCheck {
        self.check
    }

    /// Its outcome.
    pub const fn outcome(&self) -> ProofOutcome {
        self.outcome
    }
}
