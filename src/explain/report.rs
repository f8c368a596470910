//! All findings about a token, and how they are printed.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{Finding, Outcome, UnixTime, VerifyError};

/// Why a token was accepted or refused: every check with what it expected and what it found, all that
/// is wrong at once, and what to do about it. Made by [`Verifier::explain`](crate::Verifier::explain)
/// and [`Guard::explain`](crate::Guard::explain).
///
/// It is for operators. **Never send it to the client**, whom it would tell what the service expects,
/// and never make a metrics label of it, which would have as many values as there are tokens:
/// [`VerifyError::code`] is the label. Do not call it for each request either: it does all the work
/// of a verification and more.
///
/// `Display` prints a report of several lines. It shows times, lengths, `alg`, `kid`, `typ`, `iss`,
/// `aud` and `azp` or `client_id` of the token, escaped and cut; never the signature, `sub` or any
/// other claim. `Debug` shows none of the token's text.
///
/// ```
/// # use tokenring::{JwkSet, Policy, UnixTime, Verifier, testkit::{AUDIENCE, ISSUER, Issuer}};
/// use tokenring::{Check, Hint, VerifyError};
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
/// assert_eq!(audience.hint(), Some(Hint::OtherAudience));
/// eprintln!("{explanation}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Explanation {
    verdict: Result<(), VerifyError>,
    now: UnixTime,
    findings: Vec<Finding>,
    /// Names and values of all claims, fit to print.
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

    /// What a verification with the keys at hand says at that time: the first reason to refuse.
    ///
    /// # Errors
    ///
    /// What [`Verifier::try_verify`](crate::Verifier::try_verify) would give, or `NoToken` if a request
    /// carries no token.
    pub fn verdict(&self) -> Result<(), VerifyError> {
        self.verdict
    }

    /// As of when the token was looked at.
    pub fn now(&self) -> UnixTime {
        self.now
    }

    /// All checks in their order, those that passed included.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The report with all claims at its end, `sub` and whatever else there is, escaped and cut: it
    /// holds personal data. Signature and token are not in it.
    pub fn with_all_claims(&self) -> ExplanationWithAllClaims<'_> {
        ExplanationWithAllClaims(self)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Ok(()) => write!(f, "accepted, as of {}", self.now)?,
            Err(error) => {
                write!(f, "refused: {}, as of {}\n{error}", error.code(), self.now)?;
            }
        }
        f.write_str("\n")?;
        let (told, untold): (Vec<_>, Vec<_>) =
            self.findings.iter().partition(|finding| finding.actual().is_some());
        told.into_iter().try_for_each(|finding| write_finding(f, finding))?;
        if !untold.is_empty() {
            let names: Vec<&str> = untold.iter().map(|finding| finding.check().name()).collect();
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

/// Words with a space before each, in lines of moderate length.
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

/// Without text from the token.
impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("verdict", &self.verdict)
            .field("now", &self.now)
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

/// An [`Explanation`] with `sub` and all other claims, for whoever may see them:
/// [`Explanation::with_all_claims`].
#[derive(Clone, Copy)]
pub struct ExplanationWithAllClaims<'e>(&'e Explanation);

impl fmt::Display for ExplanationWithAllClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { claims, claims_are_verified, .. } = self.0;
        let verified = if *claims_are_verified { "" } else { " (unverified)" };
        write!(f, "{}\n\nall claims{verified}\n", self.0)?;
        if claims.is_empty() {
            f.write_str("\n  none that can be read")?;
        }
        claims.iter().try_for_each(|(name, value)| write!(f, "\n  {name:12}  {value}"))
    }
}

/// Of the explanation, without the claims.
impl fmt::Debug for ExplanationWithAllClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExplanationWithAllClaims").field(self.0).finish()
    }
}

/// Past the status.
const INDENT: &str = "          ";

/// Past the status and the name, but for two spaces.
const WRAP_START: usize = 22;

const LINE: usize = 100;
