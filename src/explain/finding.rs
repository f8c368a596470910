//! One check and its outcome.

use alloc::string::String;
use core::fmt;

use crate::{
    VerifyError,
    explain::{Check, Hint},
};

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The check passed.
    Passed,
    /// The check failed.
    Failed,
    /// The check was not made, because another check failed.
    NotReached,
}

/// One check: the expected value, the actual value, and what to do.
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
    /// The finding for a check with this outcome. None means that it was not reached.
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

    /// The finding is about claims whose signature does not hold.
    pub(super) fn unverified(self) -> Self {
        Self { verified: false, ..self }
    }

    /// The check.
    pub fn check(&self) -> Check {
        self.check
    }

    /// The source of the check's rule.
    pub fn clause(&self) -> &'static str {
        self.check.clause()
    }

    /// The outcome of the check.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Why the check failed, if it did. The error of the first failed check is the verdict.
    pub fn error(&self) -> Option<VerifyError> {
        self.error
    }

    /// Whether the finding is about text that the issuer has signed, or that needs no signature. If the
    /// signature does not hold, the claims may be forged.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// The values that the policy and the keys at hand accept.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// The token's value, escaped and cut after 120 characters. None if it cannot be read.
    pub fn actual(&self) -> Option<&str> {
        self.actual.as_deref()
    }

    /// What to do.
    pub fn hint(&self) -> Option<Hint> {
        self.hint
    }
}

/// Leaves out the expected and the actual value: the latter is the token's text.
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
