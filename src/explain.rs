//! Why a token was refused, for operators.
//!
//! A verification stops at the first fault. [`Verifier::explain`](crate::Verifier::explain) and
//! [`Guard::explain`](crate::Guard::explain) make the same checks and go on: an [`Explanation`] shows for
//! each check the expected value, the actual value and, if it failed, a hint.
//!
//! ```
//! # use tokenring::{JwkSet, Policy, UnixTime, Verifier, testkit::{AUDIENCE, ISSUER, Issuer}};
//! # let now = UnixTime::from_secs(1_780_000_000);
//! # let issuer = Issuer::default();
//! # let keys = JwkSet::from_json(issuer.jwks().as_bytes())?;
//! # let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys)?;
//! # let token = issuer.token_at(now).audience("https://api.example.com").mint();
//! let report = verifier.explain_at(&token, now).to_string();
//! assert!(report.starts_with("refused: wrong_audience, as of 2026-05-28T20:26:40Z"));
//! assert!(report.contains(
//! r#"
//!   FAILED  aud           "https://api.example.com"
//!           expected      "https://api.example.com/"
//!           by            RFC 7519 section 4.1.3
//!           hint          The audiences differ only by the slash at the end: spell the policy's
//!                         audience exactly as the token does."#
//! ));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How to read a report
//!
//! The first line is the verdict: `accepted`, or `refused` with the
//! [`code`](crate::VerifyError::code) of the first fault. Then each check has a line, in the order of the
//! pipeline:
//!
//! - `ok` and `FAILED` are followed by the name of the check and the token's value. Below a failed check
//!   are the expected value, the source of the rule and a hint.
//! - `(unverified)` stands behind claims of a token whose signature does not hold. Anyone may have written
//!   them.
//! - `-` marks a check that was not made, because another one failed: without a key, for example, no
//!   signature can be checked.
//!
//! A hint is a guess about the cause, and says what to do. Its [`code`](Hint::code) is stable, so a program
//! can count hints or link each to a page of your own.
//!
//! # Before you print one
//!
//! - Never send an explanation to the client: it says what the service expects.
//! - It shows the token's issuer, audience, client and times, escaped and cut, and never the signature. If
//!   a guard's scope is missing, it shows the token's scopes, and if a member of the JSON text occurs twice,
//!   the member's name. `sub` and the other claims are only in
//!   [`with_all_claims`](Explanation::with_all_claims), for operators who may see personal data.
//! - Never use it as a metrics label: it has as many values as there are tokens.
//!   [`VerifyError::code`](crate::VerifyError::code) is the label.
//! - It costs more than a verification. Make one if a person asks, not for each request.
//! - It uses the keys in memory and never fetches: until a source has keys, the check of the key fails.

// The pipeline again: an `Authorization` value, a token, its sender, then a guard's own requirements.
mod request;
mod walk;
mod possession;
mod requirements;

// The texts of the token, the expected and the actual values, and the choice of hints.
mod unverified;
mod segment;
mod presentation;
mod advice;
mod diagnosis;
#[cfg(feature = "fetch")]
mod fetch;
mod kinds;
mod names;
mod signature;
pub(crate) mod text;
pub(crate) mod keys;

// The public types.
mod finding;
mod hint;
mod proof_hint;
mod report;

use crate::{KeySource, Policy, UnixTime, claims::ClaimsSet, policy::Usage, verifier::Routing};

pub use crate::check::Check;
pub use finding::{Finding, Outcome};
pub use hint::Hint;
pub use report::{Explanation, ExplanationWithAllClaims};

#[cfg(feature = "fetch")]
pub(crate) use fetch::hint_for_failure;
pub(crate) use request::{authorization, bare_token, request};

/// An issuer that a verifier trusts.
pub(crate) struct Trusted<'v> {
    pub(crate) policy: &'v Policy,
    pub(crate) keys: &'v dyn KeySource,
}

/// Explains the verdict on `token` as of `now`.
pub(crate) fn token(
    routing: Routing,
    trusted: &[Trusted<'_>],
    token: &str,
    usage: Usage<'_>,
    now: UnixTime,
) -> Explained {
    walk::walk(routing, trusted, token, usage, Explanation::new(now))
}

/// An explanation to which a guard may add its own requirements.
pub(crate) struct Explained {
    explanation: Explanation,
    /// They may be unverified. None if they cannot be read.
    claims: Option<ClaimsSet>,
}

impl Explained {
    /// `iss`, whether verified or not.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.as_ref().map(ClaimsSet::issuer)
    }

    pub(crate) fn finish(self) -> Explanation {
        self.explanation
    }
}
