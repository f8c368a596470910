//! All findings about a token, and how they are printed.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{
    UnixTime, VerifyError,
    explain::{Finding, Outcome},
};

/// Why a token was accepted or refused: every check with the expected and the actual value, all faults
/// at once, and what to do about them. Made by [`Verifier::explain`](crate::Verifier::explain) and
/// [`Guard::explain`](crate::Guard::explain).
///
/// It is for operators. **Never send it to the client**: it says what the service expects. Read
/// [the module's page](crate::explain) first.
///
/// `Display` prints a report of several lines. It shows times, lengths, `alg`, `kid`, `typ`, `iss`,
/// `aud` and `azp` or `client_id` of the token, escaped and cut, and its scopes if a guard requires
/// another; never the signature, `sub` or any other claim. `Debug` shows none of the token's text.
///
/// ```
/// # use tokenring::{JwkSet, Policy, UnixTime, Verifier, testkit::{AUDIENCE, ISSUER, Issuer}};
/// use tokenring::{VerifyError, explain::Check};
///
/// # let now = UnixTime::from_secs(1_780_000_000);
/// # let issuer = Issuer::default();
/// # let keys = JwkSet::from_json(issuer.jwks().as_bytes())?;
/// # let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys)?;
/// # let token = issuer.token_at(now).audience("https://other.example.com/").mint();
/// let explanation = verifier.explain_at(&token, now);
/// assert_eq!(explanation.verdict(), Err(VerifyError::WrongAudience));
///
/// let audience = explanation.findings().iter().find(|finding| finding.check() == Check::Audience).unwrap();
/// assert_eq!(audience.expected(), Some("\"https://api.example.com/\""));
/// assert_eq!(audience.actual(), Some("\"https://other.example.com/\""));
/// assert_eq!(audience.hint().map(|hint| hint.code()), Some("other_audience"));
/// eprintln!("{explanation}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Explanation {
    verdict: Result<(), VerifyError>,
    now: UnixTime,
    findings: Vec<Finding>,
    /// Names and values of all claims, escaped and cut.
    claims: Vec<(String, String)>,
    claims_are_verified: bool,
}

impl Explanation {
    pub(super) fn new(now: UnixTime) -> Self {
        let (findings, claims) = (Vec::new(), Vec::new());
        Self { verdict: Ok(()), now, findings, claims, claims_are_verified: false }
    }

    /// The next finding. The first that failed is the verdict.
    pub(super) fn push(&mut self, finding: Finding) {
        self.verdict = self.verdict.and(finding.error().map_or(Ok(()), Err));
        self.findings.push(finding);
    }

    pub(super) fn set_claims(&mut self, claims: Vec<(String, String)>, are_verified: bool) {
        (self.claims, self.claims_are_verified) = (claims, are_verified);
    }

    pub(super) fn has_verified_claims(&self) -> bool {
        self.claims_are_verified
    }

    /// The verdict of a verification at that time with the keys at hand: the first reason to refuse.
    ///
    /// # Errors
    ///
    /// The error of [`Verifier::try_verify`](crate::Verifier::try_verify), or `NoToken` if a request has
    /// no token. `NotProven` if the first reason is a [`proof_error`](Finding::proof_error).
    pub fn verdict(&self) -> Result<(), VerifyError> {
        self.verdict
    }

    /// The time as of which the token was checked.
    pub fn now(&self) -> UnixTime {
        self.now
    }

    /// All checks in their order, including those that passed.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The report followed by all claims, such as `sub`, escaped and cut. It contains personal data. The
    /// token and its signature are not in it.
    pub fn with_all_claims(&self) -> ExplanationWithAllClaims<'_> {
        ExplanationWithAllClaims(self)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Ok(()) => write!(f, "accepted, as of {}", self.now)?,
            Err(error) => match self.findings.iter().find_map(Finding::proof_error) {
                Some(cause) if error == VerifyError::NotProven => {
                    write!(f, "refused: {}, as of {}\n{cause}", cause.code(), self.now)?;
                }
                _ => write!(f, "refused: {}, as of {}\n{error}", error.code(), self.now)?,
            },
        }
        f.write_str("\n")?;
        let (shown, hidden): (Vec<_>, Vec<_>) =
            self.findings.iter().partition(|finding| finding.actual().is_some());
        shown.into_iter().try_for_each(|finding| write_finding(f, finding))?;
        if !hidden.is_empty() {
            let names: Vec<&str> = hidden.iter().map(|finding| finding.check().name()).collect();
            write!(f, "\n  {:6}  {:12}  {}", "-", "not reached", names.join(", "))?;
        }
        Ok(())
    }
}

fn write_finding(f: &mut fmt::Formatter<'_>, finding: &Finding) -> fmt::Result {
    let status = match finding.outcome() {
        Outcome::Passed => "ok",
        Outcome::Failed => "FAILED",
        Outcome::NotReached => "-",
    };
    write!(f, "\n  {status:6}  {:12}  {}", finding.check(), finding.actual().unwrap_or_default())?;
    match (finding.outcome(), finding.is_verified()) {
        (Outcome::NotReached, _) => f.write_str(" (not checked)")?,
        (_, false) => f.write_str(" (unverified)")?,
        (_, true) => {}
    }
    if finding.outcome() == Outcome::Failed {
        let expected = finding.expected().unwrap_or("something else");
        write!(f, "\n{INDENT}expected    ")?;
        write_wrapped(f, expected)?;
        write!(f, "\n{INDENT}by            {}", finding.clause())?;
        if let Some(hint) = finding.hint() {
            write!(f, "\n{INDENT}hint        ")?;
            write_wrapped(f, &alloc::format!("{hint}"))?;
        }
    }
    Ok(())
}

/// Writes the words of `text`, in lines of at most [`LINE`] columns where possible.
fn write_wrapped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let (mut column, start) = (WRAP_START, WRAP_START);
    for word in text.split(' ') {
        let after = column.saturating_add(word.len()).saturating_add(1);
        if after > LINE && column > start {
            write!(f, "\n{:start$}", "")?;
            column = start;
        }
        let space = if column == start { "  " } else { " " };
        write!(f, "{space}{word}")?;
        column = column.saturating_add(space.len()).saturating_add(word.len());
    }
    Ok(())
}

/// Leaves out the token's text.
impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("verdict", &self.verdict)
            .field("now", &self.now)
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

/// An [`Explanation`] with all claims, for operators who may see personal data. Made by
/// [`Explanation::with_all_claims`].
#[derive(Clone, Copy)]
pub struct ExplanationWithAllClaims<'e>(&'e Explanation);

impl fmt::Display for ExplanationWithAllClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { claims, claims_are_verified, .. } = self.0;
        let verified = if *claims_are_verified { "" } else { " (unverified)" };
        write!(f, "{}\n\nall claims{verified}\n", self.0)?;
        if claims.is_empty() {
            f.write_str("\n  not readable")?;
        }
        claims.iter().try_for_each(|(name, value)| write!(f, "\n  {name:12}  {value}"))
    }
}

/// Shows the explanation, without the claims.
impl fmt::Debug for ExplanationWithAllClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExplanationWithAllClaims").field(self.0).finish()
    }
}

/// The width of the status column.
const INDENT: &str = "          ";

/// The width of the status and name columns. Two spaces follow.
const WRAP_START: usize = 22;

const LINE: usize = 100;

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString as _};

    use super::*;

    struct Wrapped<'t>(&'t str);

    impl fmt::Display for Wrapped<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write_wrapped(f, self.0)
        }
    }

    #[test]
    fn lines_are_full_at_100_columns_and_a_longer_word_has_one_of_its_own() {
        let indent = " ".repeat(WRAP_START);
        let (one, fits, other) = ("x".repeat(40), "y".repeat(35), "z".repeat(36));
        assert_eq!(Wrapped(&format!("{one} {fits}")).to_string(), format!("  {one} {fits}"));
        assert_eq!(
            Wrapped(&format!("{one} {other}")).to_string(),
            format!("  {one}\n{indent}  {other}"),
        );
        let long = "w".repeat(LINE);
        assert_eq!(
            Wrapped(&format!("{long} {one}")).to_string(),
            format!("  {long}\n{indent}  {one}"),
        );
    }
}
