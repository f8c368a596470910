//! The whole verification again, for operators: every check with the expected and the actual value, and
//! what to do.
//!
//! The stages are those of [`Verifier`](crate::Verifier), and each outcome comes from the same
//! functions. Only here, a failure does not end the verification: later checks are made as far as
//! possible, on text that may be unverified. The result is text and never a verified token.

// The findings, in pipeline order.
mod request;
mod envelope;
mod contents;

// The texts of the token, the description of the keys, and the choice of hints.
mod unverified;
mod keys;
mod diagnosis;
mod text;

// The public types.
mod finding;
mod hint;
mod report;

use alloc::{string::ToString, vec::Vec};

use crate::{
    KeySource, Policy, UnixTime, VerifyError,
    claims::ClaimsSet,
    explain::{
        contents::Comparison,
        unverified::{Members, TokenTexts},
    },
};

pub use finding::{Check, Finding, Outcome};
pub use hint::Hint;
pub use report::{Explanation, ExplanationWithAllClaims};

pub(crate) use request::authorization;

/// An issuer that a verifier trusts.
pub(crate) struct Trusted<'v> {
    pub(crate) policy: &'v Policy,
    pub(crate) keys: &'v dyn KeySource,
}

/// Explains the verdict on `token` as of `now`.
pub(crate) fn token(trusted: &[Trusted<'_>], token: &str, now: UnixTime) -> Explained {
    walk(trusted, token, Explanation::new(now))
}

/// An explanation to which a guard may add its own requirements.
pub(crate) struct Explained {
    explanation: Explanation,
    claims: Option<ClaimsSet>,
}

impl Explained {
    /// The claims, which may be unverified.
    pub(crate) fn claims(&self) -> Option<&ClaimsSet> {
        self.claims.as_ref()
    }

    /// Adds a scope that a guard requires. `is_granted` is none if the claims cannot be read.
    pub(crate) fn require_scope(&mut self, name: &str, is_granted: Option<bool>) {
        self.require(Check::Scope, name, is_granted);
    }

    /// Adds a permission that a guard requires, in the same way.
    pub(crate) fn require_permission(&mut self, name: &str, is_granted: Option<bool>) {
        self.require(Check::Permission, name, is_granted);
    }

    fn require(&mut self, check: Check, name: &str, is_granted: Option<bool>) {
        let outcome = is_granted.map(|is_granted| match is_granted {
            true => Ok(()),
            false => Err(VerifyError::InsufficientScope),
        });
        let actual = match is_granted {
            Some(true) => text::quoted(name),
            Some(false) | None => "not granted".to_string(),
        };
        let mut finding = Finding::new(check, outcome).expecting(text::quoted(name)).found(actual);
        if is_granted.is_none() {
            finding = finding.found_nothing();
        }
        if !self.explanation.has_verified_claims() {
            finding = finding.unverified();
        }
        self.explanation.push(finding);
    }

    pub(crate) fn finish(self) -> Explanation {
        self.explanation
    }
}

/// Every check of a token, in the order of the pipeline.
fn walk(trusted: &[Trusted<'_>], token: &str, explanation: Explanation) -> Explained {
    let texts = TokenTexts::of(token);
    let mut walk = Walk {
        token,
        now: explanation.now(),
        header: Members::read(&texts.header),
        told: Members::read(texts.payload_text()),
        explanation,
        faulty: Vec::new(),
        is_verified: true,
    };
    let parsed = walk.structure();
    let (jws, fault) = (parsed.as_ref().ok(), parsed.as_ref().err().copied());
    let issuer = walk.route(trusted, jws);
    let jws = walk.algorithm(issuer, jws, fault);
    let key = walk.key(issuer, jws);
    walk.signature(jws, key.as_ref());
    let policy = issuer.map(|issuer| issuer.policy);
    let claims = walk.payload(policy, texts.payload.as_deref(), jws, key.as_ref());
    let to = Comparison { policy, claims: claims.as_ref() };
    walk.token_type(to);
    walk.issuer(to);
    walk.audience(to);
    walk.expiry(to);
    walk.not_before(to);
    walk.client(to);
    walk.confirmation(to);
    walk.required_claims(to);
    walk.explanation.set_claims(walk.told.all(), walk.is_verified);
    Explained { explanation: walk.explanation, claims }
}

struct Walk<'w> {
    token: &'w str,
    now: UnixTime,
    /// The header as far as it can be read.
    header: Members<'w>,
    /// The claims as far as they can be read.
    told: Members<'w>,
    explanation: Explanation,
    /// Checks of which a fault has been reported.
    faulty: Vec<Check>,
    /// Whether the signature holds. True until it is checked.
    is_verified: bool,
}

impl<'w> Walk<'w> {
    /// Reports a finding about text that is verified if the signature holds.
    fn tell(&mut self, finding: Finding) {
        self.push(match self.is_verified {
            true => finding,
            false => finding.unverified(),
        });
    }

    fn push(&mut self, finding: Finding) {
        let is_readable = match finding.check() {
            Check::Size | Check::Segments => true,
            Check::Header | Check::Algorithm | Check::Key | Check::Type => !self.header.is_empty(),
            Check::Signature => self.segment_count() > 2,
            _ => !self.told.is_empty(),
        };
        self.explanation.push(match (finding.outcome(), is_readable) {
            (Outcome::NotReached, false) => finding.found_nothing(),
            _ => finding,
        });
    }
}
