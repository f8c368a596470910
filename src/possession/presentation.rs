//! For each check of a proof, what is expected and what is there: for operators.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    BoundToken, ProofCheck, ProofError, ProofFinding, ProofOutcome, ProofVerifier, Request,
    proof::MAX_PROOF_BYTES, request::Field, rules::Case, sha256,
};
use crate::{Algorithm, UnixTime, base64url, explain::text, json::Exact};

/// A finding with its values. They are escaped and cut.
pub(crate) struct Presented {
    pub(crate) finding: ProofFinding,
    pub(crate) expected: String,
    /// None if it cannot be read.
    pub(crate) actual: Option<String>,
}

impl ProofVerifier {
    /// The [findings](Self::findings_at) with their values.
    pub(crate) fn presented_at(
        &self,
        request: &Request<'_>,
        token: &BoundToken<'_>,
        now: UnixTime,
    ) -> Vec<Presented> {
        let case = Case::new(self.settings(), request, token, now).ok();
        let present = |finding: ProofFinding| {
            let check = finding.check();
            let error = match finding.outcome() {
                ProofOutcome::Failed(error) => Some(error),
                _ => None,
            };
            let (expected, actual) = match &case {
                Some(case) => case.values(check, error, now),
                None => (rule_of_text(check), None),
            };
            let of_text = of_text(check, request.proof(), error);
            Presented { finding, expected, actual: of_text.or(actual) }
        };
        self.findings_at(request, token, now).into_iter().map(present).collect()
    }
}

/// What is there, for a check of the text.
fn of_text(check: ProofCheck, field: Field<&[u8]>, error: Option<ProofError>) -> Option<String> {
    let value = match field {
        Field::One(value) => Some(value),
        Field::Missing | Field::Several => None,
    };
    Some(match (check, error) {
        (ProofCheck::Field, Some(ProofError::Missing)) => "none".into(),
        (ProofCheck::Field, Some(_)) => "several".into(),
        (ProofCheck::Field, None) => "one".into(),
        (ProofCheck::Size, _) => text::bytes(value?.len()),
        (ProofCheck::Segments, _) => {
            let count = value?.split(|byte| *byte == b'.').count();
            text::counted(count, "segment")
        }
        (ProofCheck::Header, Some(error)) => fault(error),
        (ProofCheck::Header, None) => {
            let segment = value?.split(|byte| *byte == b'.').next()?;
            text::bytes(base64url::decoded_len(core::str::from_utf8(segment).ok()?))
        }
        _ => return None,
    })
}

/// The rule of a check, if the proof cannot be read.
fn rule_of_text(check: ProofCheck) -> String {
    match check {
        ProofCheck::Field => "one value".into(),
        ProofCheck::Size => format!("at most {MAX_PROOF_BYTES} bytes"),
        ProofCheck::Segments => "3 segments, none of them empty".into(),
        ProofCheck::Header => {
            "one strict JSON object without `crit`, `b64`, `zip`, `enc`, `cty`".into()
        }
        _ => "a proof that can be read".into(),
    }
}

impl Case<'_> {
    /// What is expected, and what is there.
    fn values(
        &self,
        check: ProofCheck,
        error: Option<ProofError>,
        now: UnixTime,
    ) -> (String, Option<String>) {
        let (seconds, leeway) = (now.as_secs(), self.token.leeway_seconds());
        let (expected, actual) = match check {
            ProofCheck::Field | ProofCheck::Size | ProofCheck::Segments | ProofCheck::Header => {
                (rule_of_text(check), None)
            }
            ProofCheck::Type => {
                ("dpop+jwt".into(), self.proof.token_type().ok().map(|typ| text::quoted(&typ)))
            }
            ProofCheck::Algorithm => {
                let accepted = self.settings.algorithms.iter().map(Algorithm::to_string);
                (text::listed(accepted), self.proof.algorithm_name().map(|alg| text::quoted(&alg)))
            }
            ProofCheck::Key => {
                let found = self.key().ok().map(|_| "a public key".to_string());
                ("a public key for `alg`, without private members".into(), found)
            }
            ProofCheck::Binding => {
                let bound = self.token.confirmation().jkt().map(ToString::to_string);
                let found = self.key().ok().map(|key| key.thumbprint().to_string());
                (bound.unwrap_or_else(|| "none".into()), found)
            }
            ProofCheck::Certificate => {
                let bound = self.token.confirmation().certificate();
                certificate_values(bound, self.request.certificate())
            }
            ProofCheck::KeyNumbers => {
                let found = self.public_key().ok().map(|key| key.algorithm().to_string());
                ("numbers that satisfy the rules for keys".into(), found)
            }
            ProofCheck::Payload => {
                let found = self.claims().ok().map(|_| "a JSON object".to_string());
                ("one strict JSON object".into(), found)
            }
            ProofCheck::Method => {
                let found =
                    self.claims().and_then(|claims| claims.method().map(|htm| text::quoted(&htm)));
                (text::quoted(self.request.method()), found.ok())
            }
            ProofCheck::Target => {
                let expected = match self.uri() {
                    Ok(uri) => text::quoted(&without_default_port(&uri.to_string())),
                    Err(_) => "a request whose target can be compared".into(),
                };
                let found =
                    self.claims().and_then(|claims| claims.target().map(|htu| text::quoted(&htu)));
                (expected, found.ok())
            }
            ProofCheck::AccessTokenHash => {
                let expected = base64url::encode(&sha256([self.token.text().as_bytes()]));
                let found = self
                    .claims()
                    .and_then(|claims| claims.access_token_hash().map(|ath| text::quoted(&ath)));
                (text::quoted(&expected), found.ok())
            }
            ProofCheck::Identifier => {
                let found = self
                    .claims()
                    .and_then(|claims| claims.identifier().map(|jti| text::bytes(jti.len())));
                ("1 to 256 bytes".into(), found.ok())
            }
            ProofCheck::Expiry => {
                let found = self.claims().and_then(|claims| claims.expiry());
                (
                    format!("none, or after now{}", with(leeway)),
                    found.ok().map(|exp| shown(exp, now)),
                )
            }
            ProofCheck::NotBefore => {
                let found = self.claims().and_then(|claims| claims.not_before());
                (
                    format!("none, or not after now{}", with(leeway)),
                    found.ok().map(|nbf| shown(nbf, now)),
                )
            }
            ProofCheck::IssuedAt => {
                let found = self.claims().and_then(|claims| claims.issued_at());
                let first = UnixTime::from_secs(seconds.saturating_sub(self.settings.max_age));
                let last = UnixTime::from_secs(seconds.saturating_add(self.settings.ahead));
                let expected = match self.settings.nonces {
                    None => format!("from {first} to {last}"),
                    Some(_) => "a number, since the nonce has the time".into(),
                };
                (expected, found.ok().map(|iat| shown(Some(iat), now)))
            }
            ProofCheck::Nonce => match (&self.settings.nonces, error) {
                (None, _) => ("none is demanded".into(), Some("not looked at".into())),
                (Some(_), None) => (NONCE.into(), Some("one of them".into())),
                (Some(_), Some(error)) => (NONCE.into(), Some(fault(error))),
            },
            ProofCheck::Signature => (
                "one by the key in `jwk` over this proof".into(),
                Some(self.proof.signature_length()),
            ),
            ProofCheck::Replay => ("one that was not used before".into(), None),
        };
        (expected, actual.or_else(|| error.map(fault)))
    }
}

/// The thumbprints of the certificate that is expected and of the one that is there.
pub(crate) fn certificate_values(
    bound: Option<&super::Thumbprint>,
    shown: Option<&super::ClientCertificate>,
) -> (String, Option<String>) {
    let shown = shown.map(|certificate| certificate.thumbprint().to_string());
    (
        bound.map_or_else(|| "none is demanded".into(), ToString::to_string),
        Some(shown.unwrap_or_else(|| "none".into())),
    )
}

/// A normalized URI as people write it.
fn without_default_port(uri: &str) -> String {
    let port = if uri.starts_with("https:") { ":443/" } else { ":80/" };
    uri.replacen(port, "/", 1)
}

/// What is there, if it cannot be shown.
fn fault(error: ProofError) -> String {
    match error {
        ProofError::HeaderMissing { .. }
        | ProofError::ClaimMissing { .. }
        | ProofError::NonceMissing => "none".into(),
        ProofError::HeaderType { .. } | ProofError::ClaimType { .. } => "another JSON type".into(),
        error => text::sentence(&error.to_string()),
    }
}

fn with(leeway: u64) -> String {
    match leeway {
        0 => String::new(),
        seconds => format!(", with a leeway of {}", text::duration(seconds)),
    }
}

fn shown(time: Option<Exact>, now: UnixTime) -> String {
    match time {
        None => "none".into(),
        Some(time) => text::time(UnixTime::from_secs(time.rounded_down()), now),
    }
}

const NONCE: &str = "one of this service, not older than 2 to 3 minutes";
