//! What a token is bound to, and the proof or the certificate of its sender: findings and hints. RFC 9449,
//! RFC 8705.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use crate::{
    VerifyError,
    bearer::Scheme,
    challenge::Schemes,
    claims::ClaimsSet,
    explain::{Check, Explained, Finding, Hint, Outcome, hint::Argument, proof_hint},
    possession::{
        ClientCertificate, Confirmation, ConfirmationError, Presented, ProofCheck, ProofError,
        ProofOutcome, certificate_values,
    },
};

impl Explained {
    /// The claims, if they can be read and `cnf` has its type. They may be unverified.
    pub(crate) fn claims_with_cnf(&self) -> Option<&ClaimsSet> {
        let has_failed = self.explanation.findings().iter().any(|finding| {
            finding.check() == Check::Confirmation && finding.outcome() == Outcome::Failed
        });
        self.claims.as_ref().filter(|_| !has_failed)
    }

    /// Adds whether a token that is bound to this may come in `scheme`.
    pub(crate) fn binding(
        &mut self,
        schemes: &Schemes,
        scheme: Scheme,
        bound: Result<Option<Confirmation>, ConfirmationError>,
        outcome: Result<(), (VerifyError, Option<ProofError>)>,
    ) {
        let expected = match schemes {
            Schemes::Bearer => "none, or a certificate",
            Schemes::Both { .. } => "none or a certificate with `Bearer`, a key with `DPoP`",
            Schemes::Dpop { .. } => "a key with `DPoP`",
        };
        let found = match bound {
            Ok(None) => "none".into(),
            Ok(Some(bound)) => match (bound.jkt(), bound.certificate()) {
                (Some(_), None) => "a key".into(),
                (None, _) => "a certificate".into(),
                (Some(_), Some(_)) => "a key and a certificate".to_string(),
            },
            Err(error) => error.to_string(),
        };
        let scheme = match scheme {
            Scheme::Bearer => "Bearer",
            Scheme::Dpop => "DPoP",
        };
        let error = outcome.err();
        self.explanation.push(Finding {
            check: Check::Confirmation,
            outcome: Some(error.map_or(Ok(()), |(error, _)| Err(error))),
            is_verified: self.explanation.has_verified_claims(),
            expected: Some(expected.into()),
            actual: Some(format!("{found} with `{scheme}`")),
            hint: error.and_then(|(_, cause)| match (cause, schemes) {
                (Some(cause), _) => hint(cause),
                (None, Schemes::Bearer) => Some(proof_hint::PROOFS_OFF),
                (None, _) => Some(proof_hint::BOUND_TOKEN_AS_BEARER),
            }),
            proof_error: error.and_then(|(_, cause)| cause),
        });
    }

    /// Adds the comparison of the client's certificate with the one that the token is bound to.
    pub(crate) fn certificate(&mut self, bound: &Confirmation, shown: Option<&ClientCertificate>) {
        let (expected, actual) = certificate_values(bound.certificate(), shown);
        let outcome = match bound.check_certificate(shown) {
            Ok(()) => ProofOutcome::Passed,
            Err(error) => ProofOutcome::Failed(error),
        };
        self.possession(ProofCheck::Certificate, outcome, expected, actual, true);
    }

    /// Adds the findings about a proof. What is in its payload is unverified without a good signature.
    pub(crate) fn proof(&mut self, presented: Vec<Presented>) {
        let is_signed = presented.iter().any(|Presented { finding, .. }| {
            (finding.check(), finding.outcome()) == (ProofCheck::Signature, ProofOutcome::Passed)
        });
        for Presented { finding, expected, actual } in presented {
            let check = finding.check();
            let is_claim = matches!(
                check,
                ProofCheck::Method
                    | ProofCheck::Target
                    | ProofCheck::AccessTokenHash
                    | ProofCheck::Identifier
                    | ProofCheck::Expiry
                    | ProofCheck::NotBefore
                    | ProofCheck::IssuedAt
                    | ProofCheck::Nonce
            );
            self.possession(check, finding.outcome(), expected, actual, is_signed || !is_claim);
        }
    }

    fn possession(
        &mut self,
        check: ProofCheck,
        outcome: ProofOutcome,
        expected: String,
        actual: Option<String>,
        is_verified: bool,
    ) {
        let error = match outcome {
            ProofOutcome::Failed(error) => Some(error),
            _ => None,
        };
        self.explanation.push(Finding {
            check: Check::Possession(check),
            outcome: match outcome {
                ProofOutcome::Passed => Some(Ok(())),
                ProofOutcome::Failed(_) => Some(Err(VerifyError::NotProven)),
                ProofOutcome::NotChecked => None,
            },
            is_verified,
            expected: Some(expected),
            actual,
            hint: error.and_then(hint),
            proof_error: error,
        });
    }
}

/// What to do about a proof or a token that is refused.
fn hint(error: ProofError) -> Option<Hint> {
    let age = |time: u64, now: u64| Argument::Seconds(time.abs_diff(now));
    Some(match error {
        ProofError::Missing => proof_hint::PROOF_MISSING,
        ProofError::Several => proof_hint::SEVERAL_PROOFS,
        ProofError::TooLong { .. } | ProofError::HeaderTooLong { .. } => proof_hint::PROOF_TOO_LONG,
        ProofError::NotAscii
        | ProofError::SegmentCount { .. }
        | ProofError::EmptySegment { .. }
        | ProofError::NotBase64url { .. }
        | ProofError::HeaderJson(_)
        | ProofError::PayloadJson(_) => proof_hint::PROOF_MALFORMED,
        ProofError::HeaderForbidden { .. } => proof_hint::PROOF_HEADER_FORBIDDEN,
        ProofError::HeaderMissing { parameter } | ProofError::HeaderType { parameter } => {
            proof_hint::PROOF_HEADER.with(Argument::Name(parameter))
        }
        ProofError::WrongType => proof_hint::PROOF_TYPE,
        ProofError::AlgorithmNotAccepted => proof_hint::PROOF_ALGORITHM,
        ProofError::Key(crate::JwkError::PrivateKey { .. }) => proof_hint::PROOF_KEY_PUBLISHED,
        ProofError::Key(_)
        | ProofError::KeyForOtherAlgorithm
        | ProofError::KeyZeroInFront { .. }
        | ProofError::ModulusTooLarge { .. }
        | ProofError::KeyNumbers(_) => proof_hint::PROOF_KEY,
        ProofError::Confirmation(_) => proof_hint::CONFIRMATION_NOT_SUPPORTED,
        ProofError::NotBound => proof_hint::TOKEN_NOT_BOUND,
        ProofError::OtherKey => proof_hint::PROOF_OTHER_KEY,
        ProofError::CertificateMissing => proof_hint::CERTIFICATE_MISSING,
        ProofError::OtherCertificate => proof_hint::OTHER_CERTIFICATE,
        ProofError::ClaimMissing { claim: "ath" } => proof_hint::PROOF_FOR_TOKEN_REQUEST,
        ProofError::ClaimMissing { claim } | ProofError::ClaimType { claim } => {
            proof_hint::PROOF_CLAIM.with(Argument::Name(claim))
        }
        ProofError::WrongMethod => proof_hint::PROOF_METHOD,
        ProofError::MalformedTarget(_) => proof_hint::PROOF_TARGET_MALFORMED,
        ProofError::RequestTarget(_) | ProofError::RequestOfOtherOrigin => {
            proof_hint::REQUEST_TARGET
        }
        ProofError::WrongTarget { part: "path" } => proof_hint::PROOF_PATH,
        ProofError::WrongTarget { .. } => proof_hint::PROOF_ORIGIN,
        ProofError::WrongAccessTokenHash => proof_hint::PROOF_ACCESS_TOKEN,
        ProofError::IdentifierLength { .. } => proof_hint::PROOF_IDENTIFIER,
        ProofError::Expired { exp, now } => proof_hint::PROOF_OLD.with(age(exp, now)),
        ProofError::TooOld { iat, now } => proof_hint::PROOF_OLD.with(age(iat, now)),
        ProofError::NotYetValid { nbf, now } => proof_hint::PROOF_AHEAD.with(age(nbf, now)),
        ProofError::FromFuture { iat, now } => proof_hint::PROOF_AHEAD.with(age(iat, now)),
        ProofError::NonceMissing => proof_hint::PROOF_NONCE_MISSING,
        ProofError::UnknownNonce | ProofError::StaleNonce => proof_hint::PROOF_NONCE_OLD,
        ProofError::BadSignature => proof_hint::PROOF_SIGNATURE,
        // An explanation does not look up used proofs.
        ProofError::Replayed
        | ProofError::TooLate
        | ProofError::MemoryFull
        | ProofError::MemoryUnavailable => return None,
    })
}
