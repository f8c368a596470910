//! The stages up to the signature: RFC 7515 section 5.2.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    Check, CompactJws, Finding, Hint, SelectedKey, VerifyError, base64url, claims,
    compact::MAX_TOKEN_BYTES,
    explain::{Trusted, Walk, diagnosis, keys, text},
};

impl<'w> Walk<'w> {
    /// [`CompactJws::parse`]: RFC 7515 section 5.2, steps 1 to 5.
    pub(super) fn structure(&mut self) -> Result<CompactJws<'w>, VerifyError> {
        let parsed = CompactJws::parse(self.token);
        let fault = parsed.as_ref().err().map(|error| (check_of(*error), *error));
        let segments: Vec<String> =
            self.token.split('.').take(6).map(|segment| segment.len().to_string()).collect();
        let lines = [
            (
                Check::Size,
                format!("at most {MAX_TOKEN_BYTES} bytes"),
                text::bytes(self.token.len()),
            ),
            (
                Check::Segments,
                "3, none of them empty".to_string(),
                format!("{} ({} characters)", self.segment_count(), segments.join(", ")),
            ),
            (
                Check::Header,
                "one JSON object in base64url, without crit, b64, zip, enc and cty".to_string(),
                match self.header.is_empty() {
                    true => "not readable".to_string(),
                    false => text::bytes(self.header.json_bytes()),
                },
            ),
        ];
        let mut is_over = false;
        for (check, expected, actual) in lines {
            let outcome = match fault {
                _ if is_over => None,
                Some((failed, error)) if failed == check => Some(Err(error)),
                _ => Some(Ok(())),
            };
            is_over |= outcome.is_some_and(|outcome| outcome.is_err());
            let hint = fault.and_then(|(_, error)| match check {
                Check::Size => Some(Hint::TooLarge),
                Check::Segments => diagnosis::segments(error, self.token, &self.header),
                _ => diagnosis::encoding(error, self.token),
            });
            let finding = Finding::new(check, outcome).expecting(expected).found(actual);
            self.push(finding.advising(hint));
        }
        parsed
    }

    pub(super) fn segment_count(&self) -> usize {
        self.token.split('.').count()
    }

    /// The issuer whose policy and keys are used. RFC 8725 section 3.8.
    pub(super) fn route<'v>(
        &mut self,
        trusted: &'v [Trusted<'v>],
        jws: Option<&CompactJws<'_>>,
    ) -> Option<&'v Trusted<'v>> {
        if let [only] = trusted {
            return Some(only);
        }
        let find = |name: &str| trusted.iter().find(|issuer| issuer.policy.issuer() == name);
        let outcome = jws.map(|jws| {
            let name = claims::unverified_issuer(jws)?;
            find(&name).map(|_| ()).ok_or(VerifyError::WrongIssuer)
        });
        let name = self.told.string("iss").unwrap_or_default();
        // The issuer that is probably meant, with which to continue.
        let hint = |issuer: &Trusted<'_>| diagnosis::issuer(issuer.policy.issuer(), name);
        let similar = trusted.iter().find(|issuer| {
            !matches!(hint(issuer), Some(Hint::OtherIssuer | Hint::IssuerHost) | None)
        });
        let advice = match outcome {
            Some(Err(VerifyError::WrongIssuer)) => {
                Some(similar.and_then(hint).unwrap_or(Hint::OtherIssuer))
            }
            _ => None,
        };
        let found = find(name).or(similar);
        let names = trusted.iter().map(|issuer| issuer.policy.issuer());
        let finding = Finding::new(Check::Route, outcome)
            .expecting(format!("one of {}", text::array(names)))
            .found(self.told.shown("iss"))
            .advising(advice);
        self.push(finding.unverified());
        if let Some(Err(_)) = outcome {
            self.faulty.push(Check::Issuer);
        }
        found
    }

    /// RFC 8725 section 3.1. Without an accepted algorithm, no key is looked up. `fault`: why the token
    /// was not parsed.
    pub(super) fn algorithm<'j>(
        &mut self,
        issuer: Option<&Trusted<'_>>,
        jws: Option<&'j CompactJws<'w>>,
        fault: Option<VerifyError>,
    ) -> Option<&'j CompactJws<'w>> {
        let outcome = match fault {
            Some(fault) if check_of(fault) == Check::Algorithm => Some(Err(fault)),
            _ => issuer.zip(jws).map(|(issuer, jws)| issuer.policy.check_header(jws.header())),
        };
        let expected = match issuer {
            Some(issuer) => {
                let names = issuer.policy.accepted_algorithms().iter().map(ToString::to_string);
                text::listed(names)
            }
            None => "an algorithm of the policy".to_string(),
        };
        self.push(
            Finding::new(Check::Algorithm, outcome)
                .expecting(expected)
                .found(self.header.shown("alg"))
                .advising(diagnosis::algorithm(&self.header)),
        );
        jws.filter(|_| outcome.is_none_or(|outcome| outcome.is_ok()))
    }

    /// The one key for the token among those at hand. RFC 7515 section 4.1.4.
    pub(super) fn key(
        &mut self,
        issuer: Option<&Trusted<'_>>,
        jws: Option<&CompactJws<'_>>,
    ) -> Option<SelectedKey> {
        let kid = self.header.string("kid");
        let found = issuer.zip(jws).map(|(issuer, jws)| {
            let header = jws.header();
            issuer.keys.try_key(issuer.policy.query(header.key_id(), header.algorithm()))
        });
        let described = issuer.map(|issuer| issuer.keys.describe()).unwrap_or_default();
        let is_foreign =
            issuer.is_some_and(|issuer| self.told.string("iss") != Some(issuer.policy.issuer()));
        let actual = match &found {
            Some(Ok(key)) => match key.modulus_bits() {
                0 => keys::named(key.key_id(), key.algorithm()),
                bits => format!("{}, {bits} bits", keys::named(key.key_id(), key.algorithm())),
            },
            _ => format!("kid {}", self.header.shown("kid")),
        };
        let error = found.as_ref().and_then(|found| found.as_ref().err()).copied();
        let outcome = found.as_ref().map(|found| match found {
            Ok(_) => Ok(()),
            Err(error) => Err(VerifyError::from(*error)),
        });
        let finding = Finding::new(Check::Key, outcome)
            .expecting(keys::summary(&described))
            .found(actual)
            .advising(error.and_then(|error| diagnosis::key(error, &described, kid, is_foreign)));
        self.push(finding);
        found.and_then(Result::ok)
    }

    /// RFC 7515 section 5.2, step 8.
    pub(super) fn signature(&mut self, jws: Option<&CompactJws<'_>>, key: Option<&SelectedKey>) {
        let outcome = jws.zip(key).map(|(jws, key)| match jws.clone().verify(key) {
            // The payload is decoded after the signature, so the signature holds here.
            Ok(_) | Err(VerifyError::NotBase64url { segment: "payload" }) => Ok(()),
            Err(error) => Err(error),
        });
        self.is_verified = outcome == Some(Ok(()));
        let bytes = self.token.split('.').nth(2).map_or(0, base64url::decoded_len);
        let of_key = key.map_or(0, |key| key.material().signature_bytes());
        let hint = outcome.and_then(Result::err).and_then(|error| {
            diagnosis::signature(error, self.token, &self.header, &self.told, (bytes, of_key))
        });
        let expected = match key {
            Some(_) => format!("{} by that key over this token", text::bytes(of_key)),
            None => "one by the issuer's key".to_string(),
        };
        let finding =
            Finding::new(Check::Signature, outcome).expecting(expected).found(text::bytes(bytes));
        self.push(finding.advising(hint));
    }
}

/// The check that a fault of [`CompactJws::parse`] belongs to.
fn check_of(fault: VerifyError) -> Check {
    match fault {
        VerifyError::TokenTooLong { .. } => Check::Size,
        VerifyError::SegmentCount { .. }
        | VerifyError::Encrypted
        | VerifyError::EmptySegment { .. } => Check::Segments,
        VerifyError::AlgorithmMissing
        | VerifyError::AlgorithmNotAccepted
        | VerifyError::HeaderType { parameter: "alg" } => Check::Algorithm,
        _ => Check::Header,
    }
}
