//! One check and its outcome.

use alloc::string::String;
use core::fmt;

use crate::{
    VerifyError,
    explain::{Check, Hint},
    possession::ProofError,
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
    pub(super) check: Check,
    /// None if the check was not reached.
    pub(super) outcome: Option<Result<(), VerifyError>>,
    pub(super) is_verified: bool,
    pub(super) expected: Option<String>,
    pub(super) actual: Option<String>,
    pub(super) hint: Option<Hint>,
    /// If the outcome is `NotProven`.
    pub(super) proof_error: Option<ProofError>,
}

impl Finding {
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
        match self.outcome {
            None => Outcome::NotReached,
            Some(Ok(())) => Outcome::Passed,
            Some(Err(_)) => Outcome::Failed,
        }
    }

    /// Why the check failed, if it did. The error of the first failed check is the verdict.
    pub fn error(&self) -> Option<VerifyError> {
        self.outcome.and_then(Result::err)
    }

    /// What is wrong with the proof or the certificate, if the [`error`](Self::error) is `NotProven`.
    pub fn proof_error(&self) -> Option<ProofError> {
        self.proof_error
    }

    /// Whether the finding is about text that the issuer has signed, or that needs no signature. If the
    /// signature does not hold, the claims may be forged.
    pub fn is_verified(&self) -> bool {
        self.is_verified
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
            .field("outcome", &self.outcome())
            .field("error", &self.error())
            .field("hint", &self.hint)
            .finish_non_exhaustive()
    }
}
