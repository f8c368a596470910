//! The stages after the signature, which here do not need one: the claims, compared with the policy.
//! RFC 7519 section 7.2.

use alloc::{
    format,
    string::{String, ToString},
};

use crate::{
    CompactJws, Policy, SelectedKey, TokenType, VerifyError, base64url,
    claims::{AudienceClaim, ClaimsSet, Origin},
    explain::{
        Check, Finding, Walk, diagnosis, hint, text,
        unverified::{faulty_claim, read_claims},
    },
    header::DeclaredType,
};

/// A policy and the claims to compare with it. Either may be missing.
#[derive(Clone, Copy)]
pub(super) struct Comparison<'p> {
    pub(super) policy: Option<&'p Policy>,
    pub(super) claims: Option<&'p ClaimsSet>,
}

impl Comparison<'_> {
    /// The outcome of a check that the policy makes.
    fn outcome(
        self,
        check: impl FnOnce(&Policy, &ClaimsSet) -> Result<(), VerifyError>,
    ) -> Option<Result<(), VerifyError>> {
        self.policy.zip(self.claims).map(|(policy, claims)| check(policy, claims))
    }
}

impl Walk<'_> {
    /// RFC 7519 section 7.2, step 10, and the types of section 4.1.
    pub(super) fn payload(
        &mut self,
        policy: Option<&Policy>,
        payload: Option<&[u8]>,
        jws: Option<&CompactJws<'_>>,
        key: Option<&SelectedKey>,
    ) -> Option<ClaimsSet> {
        let origin = Origin {
            key_id: None,
            key_issuer: key.and_then(|key| key.shared_issuer()),
            declared_type: self.declared_type(),
        };
        let audience = policy.map_or(AudienceClaim::Optional, Policy::audience_claim);
        let read = payload.map(|payload| read_claims(payload, &origin, audience));
        let (claims, faults) = read.unwrap_or_default();
        let is_base64url = jws.map(|jws| {
            let [_, segment, _] = jws.segments();
            base64url::decode(segment).map(|_| ())
        });
        let whole = faults.iter().find(|fault| faulty_claim(**fault).is_none());
        let outcome = match (is_base64url, whole) {
            (Some(Err(_)), _) => Some(Err(VerifyError::NotBase64url { segment: "payload" })),
            (_, Some(fault)) => Some(Err(*fault)),
            _ => payload.map(|_| Ok(())),
        };
        let actual = match payload {
            Some(payload) => text::bytes(payload.len()),
            None => "not readable".to_string(),
        };
        let hint = outcome.and_then(Result::err);
        let hint = hint.and_then(|error| diagnosis::encoding(error, self.token));
        self.tell(
            Finding::new(Check::Payload, outcome)
                .expecting("one JSON object in base64url")
                .found(actual)
                .advising(hint),
        );
        for fault in faults {
            if let Some(claim) = faulty_claim(fault) {
                self.claim_fault(policy, claim, fault);
            }
        }
        claims
    }

    /// Reports a claim that is absent or mistyped. These faults come before any comparison.
    fn claim_fault(&mut self, policy: Option<&Policy>, claim: &'static str, fault: VerifyError) {
        let (check, expected) = match claim {
            "iss" => (Check::Issuer, "a string"),
            "aud" => (Check::Audience, "a string, or an array of strings that is not empty"),
            "exp" => (Check::Expiry, "a number of seconds since 1970, up to the year 9999"),
            "nbf" => (Check::NotBefore, "a number of seconds since 1970"),
            "azp" | "client_id" => (Check::Client, "a string"),
            "cnf" => (Check::Confirmation, "an object"),
            _ => (Check::Claim, if claim == "iat" { "a number" } else { "a string" }),
        };
        // The issuer's fault was reported when the issuer was looked up.
        if check != Check::Claim && self.faulty.contains(&check) {
            return;
        }
        let (expected, actual) = match check {
            Check::Claim => {
                (format!("`{claim}`: {expected}"), format!("`{claim}`: {}", self.told.kind(claim)))
            }
            Check::Confirmation => (expected.to_string(), self.told.kind(claim).to_string()),
            _ => (expected.to_string(), self.told.shown(claim)),
        };
        let hint = match claim {
            "exp" | "nbf" | "iat" => diagnosis::time(fault, claim, &self.told),
            "aud" if fault == (VerifyError::ClaimMissing { claim: "aud" }) => {
                policy.and_then(|policy| diagnosis::audience(policy, &self.told))
            }
            _ => None,
        };
        let finding = Finding::new(check, Some(Err(fault))).expecting(expected).found(actual);
        self.tell(finding.advising(hint));
        self.faulty.push(check);
    }

    fn declared_type(&self) -> DeclaredType {
        DeclaredType::of(self.header.string("typ"))
    }

    /// RFC 8725 section 3.11.
    pub(super) fn token_type(&mut self, to: Comparison<'_>) {
        let accepted = to.policy.map(Policy::accepted_type).unwrap_or_default();
        let expected = match accepted {
            TokenType::Jwt => "none, JWT or at+jwt",
            TokenType::AccessToken => "at+jwt",
        };
        let outcome = to.outcome(|policy, claims| policy.check_token_type(claims));
        self.tell(
            Finding::new(Check::Type, outcome)
                .expecting(expected)
                .found(self.header.shown("typ"))
                .advising(Some(diagnosis::token_type(accepted, self.declared_type()))),
        );
    }

    /// RFC 7519 section 4.1.1.
    pub(super) fn issuer(&mut self, to: Comparison<'_>) {
        if self.faulty.contains(&Check::Issuer) {
            return;
        }
        let issuer = to.policy.map(Policy::issuer).unwrap_or_default();
        let outcome = to.outcome(|policy, claims| policy.check_issuer(claims));
        let key_issuer = to.claims.and_then(|claims| claims.key_issuer.as_deref());
        let expected = match (outcome, key_issuer) {
            (Some(Err(VerifyError::KeyOfOtherIssuer)), Some(of_key)) => {
                format!("the issuer that the key is for, {}", text::quoted(of_key))
            }
            _ => text::quoted(issuer),
        };
        let actual = self.told.string("iss").unwrap_or_default();
        let hint = diagnosis::issuer(issuer, actual);
        let finding = Finding::new(Check::Issuer, outcome)
            .expecting(expected)
            .found(self.told.shown("iss"))
            .advising(hint);
        self.tell(finding);
    }

    /// RFC 7519 section 4.1.3.
    pub(super) fn audience(&mut self, to: Comparison<'_>) {
        if self.faulty.contains(&Check::Audience) {
            return;
        }
        let outcome = to.outcome(|policy, claims| policy.check_audience(claims));
        let finding = Finding::new(Check::Audience, outcome)
            .expecting(accepted(to.policy.map(Policy::audiences), "any"))
            .found(self.told.shown("aud"))
            .advising(to.policy.and_then(|policy| diagnosis::audience(policy, &self.told)));
        self.tell(finding);
    }

    /// RFC 7519 section 4.1.4.
    pub(super) fn expiry(&mut self, to: Comparison<'_>) {
        if self.faulty.contains(&Check::Expiry) {
            return;
        }
        let outcome = to.outcome(|policy, claims| policy.check_expiry(claims.expires_at, self.now));
        let issued = self.told.number("iat").and_then(diagnosis::whole);
        let mut actual = self.told_time("exp");
        if let Some(issued) = issued {
            actual.push_str(&format!("; issued {}", text::time(issued, self.now)));
        }
        self.tell_time(Check::Expiry, "exp", outcome, later("after", to.policy), actual);
    }

    /// RFC 7519 section 4.1.5.
    pub(super) fn not_before(&mut self, to: Comparison<'_>) {
        if self.faulty.contains(&Check::NotBefore) {
            return;
        }
        let outcome =
            to.outcome(|policy, claims| policy.check_not_before(claims.not_before, self.now));
        let expected = later("not after", to.policy);
        self.tell_time(Check::NotBefore, "nbf", outcome, expected, self.told_time("nbf"));
    }

    fn told_time(&self, claim: &str) -> String {
        match self.told.number(claim).and_then(diagnosis::whole) {
            Some(time) => text::time(time, self.now),
            None => self.told.shown(claim),
        }
    }

    fn tell_time(
        &mut self,
        check: Check,
        claim: &str,
        outcome: Option<Result<(), VerifyError>>,
        expected: String,
        actual: String,
    ) {
        let error = outcome.and_then(Result::err);
        let hint = error.and_then(|error| diagnosis::time(error, claim, &self.told));
        self.tell(Finding::new(check, outcome).expecting(expected).found(actual).advising(hint));
    }

    /// OpenID Connect Core section 3.1.3.7, step 5, RFC 8693 section 4.3.
    pub(super) fn client(&mut self, to: Comparison<'_>) {
        if self.faulty.contains(&Check::Client) {
            return;
        }
        let outcome = to.outcome(|policy, claims| policy.check_client(claims));
        let claim = if self.told.has("azp") { "azp" } else { "client_id" };
        let finding = Finding::new(Check::Client, outcome)
            .expecting(accepted(to.policy.map(Policy::clients), "any client"))
            .found(self.told.shown(claim))
            .advising(self.told.has(claim).then_some(hint::OTHER_CLIENT));
        self.tell(finding);
    }

    /// RFC 7800 section 3.1, RFC 9449 section 7.1.
    pub(super) fn confirmation(&mut self, to: Comparison<'_>) {
        if self.faulty.contains(&Check::Confirmation) {
            return;
        }
        let outcome = to.outcome(|policy, claims| policy.check_sender(claims));
        let finding = Finding::new(Check::Confirmation, outcome)
            .expecting("none")
            .found(self.told.kind("cnf"))
            .advising(Some(hint::SENDER_CONSTRAINED));
        self.tell(finding);
    }

    /// The claims of the policy's `require_claim`. Other values in the token are not shown.
    pub(super) fn required_claims(&mut self, to: Comparison<'_>) {
        let required = to.policy.map(Policy::required_claims).unwrap_or_default();
        for (index, (name, value)) in required.iter().enumerate() {
            let outcome = to.outcome(|policy, claims| policy.check_required(index, claims));
            let name_shown = text::plain(name);
            let actual = match outcome {
                Some(Ok(())) => format!("`{name_shown}`: {}", text::quoted(value)),
                Some(Err(_)) if self.told.is_string(name) => {
                    format!("`{name_shown}`: another string")
                }
                _ => format!("`{name_shown}`: {}", self.told.kind(name)),
            };
            let expected = format!("`{name_shown}`: {}", text::quoted(value));
            let finding = Finding::new(Check::RequiredClaim, outcome);
            self.tell(finding.expecting(expected).found(actual));
        }
    }
}

/// The values that a setting accepts. If it has none, it accepts all.
fn accepted(values: Option<&[String]>, all: &str) -> String {
    match values {
        None | Some([]) => all.to_string(),
        Some(values) => text::one_of(values),
    }
}

/// The expected relation of a time to the time now.
fn later(relation: &str, policy: Option<&Policy>) -> String {
    match policy.map_or(0, Policy::leeway_seconds) {
        0 => format!("{relation} now"),
        leeway => format!("{relation} now, with a leeway of {}", text::duration(leeway)),
    }
}
