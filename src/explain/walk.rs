//! The pipeline again, past the first failure. RFC 7519 section 7.2.

use alloc::string::String;

use crate::{
    Algorithm, CompactJws, KeyError, KeysDescription, Policy, SelectedKey, UnixTime, VerifyError,
    base64url,
    check::{OF_CLAIMS, OF_LOGIN, Rule},
    claims::{self, ClaimsSet, Origin},
    explain::{
        Check, Explained, Explanation, Finding, Outcome, Trusted, names,
        presentation::type_of_claim,
        unverified::{JsonAsRead, TokenTexts, faulty_claim, read_claims},
    },
    login::{LoginClaims, NOTHING_SENT},
    policy::Usage,
    token_type,
    verifier::Routing,
};

/// Makes every check of a token, in the order of the pipeline.
pub(super) fn walk(
    routing: Routing,
    trusted: &[Trusted<'_>],
    token: &str,
    usage: Usage<'_>,
    explanation: Explanation,
) -> Explained {
    let texts = TokenTexts::of(token);
    let mut walk = Walk {
        token,
        now: explanation.now(),
        trusted,
        usage,
        texts: &texts,
        header: JsonAsRead::of(texts.header_text()),
        payload: JsonAsRead::of(texts.payload_text()),
        issuer: None,
        keys: KeysDescription::default(),
        key: None,
        claims: None,
        is_verified: true,
        explanation,
    };
    let parsed = walk.structure();
    walk.route(routing, parsed.as_ref().ok());
    walk.purpose(parsed.as_ref().ok());
    let jws = walk.algorithm(parsed);
    walk.key(jws.as_ref());
    walk.signature(jws.as_ref());
    walk.payload(jws.as_ref());
    walk.claims();
    walk.login();
    walk.explanation.set_claims(walk.payload.all(), walk.is_verified);
    Explained { explanation: walk.explanation, claims: walk.claims }
}

/// A token on its way through the pipeline, and all that is known about it so far.
pub(super) struct Walk<'w> {
    pub(super) token: &'w str,
    pub(super) now: UnixTime,
    pub(super) trusted: &'w [Trusted<'w>],
    pub(super) usage: Usage<'w>,
    pub(super) texts: &'w TokenTexts,
    pub(super) header: JsonAsRead<'w>,
    pub(super) payload: JsonAsRead<'w>,
    /// The issuer whose policy and keys are used.
    pub(super) issuer: Option<&'w Trusted<'w>>,
    /// That issuer's keys.
    pub(super) keys: KeysDescription,
    pub(super) key: Option<Result<SelectedKey, KeyError>>,
    pub(super) claims: Option<ClaimsSet>,
    /// Whether the signature holds. True until it is checked.
    is_verified: bool,
    explanation: Explanation,
}

impl<'w> Walk<'w> {
    /// [`CompactJws::parse`]: RFC 7515 section 5.2, steps 1 to 5.
    fn structure(&mut self) -> Result<CompactJws<'w>, VerifyError> {
        let parsed = CompactJws::parse(self.token);
        let fault = parsed.as_ref().err().copied();
        let mut is_reached = true;
        for check in [Check::Size, Check::Segments, Check::Header] {
            let fault = fault.filter(|fault| check_of(*fault) == check);
            self.report(check, is_reached.then_some(fault.map_or(Ok(()), Err)));
            is_reached &= fault.is_none();
        }
        parsed
    }

    /// The issuer whose policy and keys are used. RFC 8725 section 3.8.
    fn route(&mut self, routing: Routing, jws: Option<&CompactJws<'_>>) {
        let trusted = self.trusted;
        if let (Routing::OneIssuer, [only]) = (routing, trusted) {
            self.issuer = Some(only);
            return;
        }
        let find = |name: &str| {
            let named = |issuer: &&Trusted<'_>| {
                !issuer.policy.is_for_tenants() && issuer.policy.is_for(name)
            };
            let of_template = |issuer: &&Trusted<'_>| issuer.policy.is_for_tenant_of(name);
            trusted.iter().find(named).or_else(|| trusted.iter().find(of_template))
        };
        let outcome = jws.map(|jws| {
            let name = claims::unverified_issuer(jws)?;
            find(&name).map(|_| ()).ok_or(VerifyError::WrongIssuer)
        });
        // With the issuer that is probably meant, the other checks can be made.
        let name = self.payload.string("iss").unwrap_or_default();
        let tid = self.payload.string("tid");
        let is_similar =
            |issuer: &&Trusted<'_>| names::is_similar_issuer(&issuer.policy.issuer_with(tid), name);
        self.issuer = find(name).or_else(|| trusted.iter().find(is_similar));
        self.report(Check::Route, outcome);
    }

    /// Whether the policy is for ID tokens, if the caller has a login.
    fn purpose(&mut self, jws: Option<&CompactJws<'_>>) {
        if self.usage.login().is_some() {
            let policy = jws.and(self.policy());
            self.report(Check::Purpose, policy.map(|policy| policy.check_purpose(self.usage)));
        }
    }

    /// RFC 8725 section 3.1. Without an accepted algorithm, no key is looked up.
    fn algorithm(&mut self, parsed: Result<CompactJws<'w>, VerifyError>) -> Option<CompactJws<'w>> {
        let outcome = match &parsed {
            Err(fault) => (check_of(*fault) == Check::Algorithm).then_some(Err(*fault)),
            Ok(jws) => self.policy().map(|policy| policy.check_header(jws.header())),
        };
        self.report(Check::Algorithm, outcome);
        parsed.ok().filter(|_| outcome.is_none_or(|outcome| outcome.is_ok()))
    }

    /// The one key for the token among those at hand. RFC 7515 section 4.1.4.
    fn key(&mut self, jws: Option<&CompactJws<'_>>) {
        if let Some(issuer) = self.issuer {
            self.key = jws.map(|jws| {
                let header = jws.header();
                issuer.keys.try_key(issuer.policy.query(header.key_name(), header.algorithm()))
            });
            self.keys = issuer.keys.describe();
        }
        let outcome = self.key.as_ref().map(|key| key.as_ref().map(|_| ()));
        self.report(Check::Key, outcome.map(|found| found.map_err(|error| (*error).into())));
    }

    /// RFC 7515 section 5.2, step 8.
    fn signature(&mut self, jws: Option<&CompactJws<'_>>) {
        let outcome =
            jws.zip(self.selected_key()).map(|(jws, key)| match jws.clone().verify(key) {
                // The payload is decoded after the signature, so the signature holds here.
                Ok(_) | Err(VerifyError::NotBase64url { segment: "payload" }) => Ok(()),
                Err(error) => Err(error),
            });
        self.report(Check::Signature, outcome);
        self.is_verified = outcome == Some(Ok(()));
    }

    /// RFC 7519 section 7.2, step 10, and the types of section 4.1.
    fn payload(&mut self, jws: Option<&CompactJws<'_>>) {
        let origin = Origin {
            key_id: None,
            key_issuer: self.selected_key().and_then(|key| key.shared_issuer()),
            // Without one, nothing is compared that depends on it.
            algorithm: self.declared_algorithm().unwrap_or(Algorithm::RS256),
            token_type: self.header.string("typ").map(token_type::kept),
        };
        let payload = self.texts.payload.as_deref();
        let scopes_from = self.policy().and_then(Policy::scopes_path);
        let read = payload.map(|payload| read_claims(payload, &origin, scopes_from));
        let (claims, faults) = read.unwrap_or_default();
        self.claims = claims;
        let is_canonical = jws.is_none_or(|jws| {
            let [_, segment, _] = jws.segments();
            base64url::decode(segment).is_ok()
        });
        let whole = faults.iter().find(|fault| faulty_claim(**fault).is_none());
        let outcome = match (is_canonical, whole) {
            (false, _) => Some(Err(VerifyError::NotBase64url { segment: "payload" })),
            (true, Some(fault)) => Some(Err(*fault)),
            (true, None) => payload.map(|_| Ok(())),
        };
        self.report(Check::Payload, outcome);
        // Before any comparison, as in a verification.
        for fault in faults {
            let Some((check, _)) = faulty_claim(fault).map(type_of_claim) else { continue };
            if check == Check::Claim || !self.has_failed(check) {
                self.report(check, Some(Err(fault)));
            }
        }
    }

    /// The checks that the policy makes of the claims.
    fn claims(&mut self) {
        let lists = self.policy().map_or([&[], OF_CLAIMS.as_slice()], Policy::checks);
        for (check, rule) in lists.concat() {
            let outcome =
                self.compare(|policy, claims| rule.check(policy, claims, self.usage, self.now));
            match rule {
                _ if check != Check::Claim && self.has_failed(check) => {}
                // The guard's check of what the token is bound to follows those of the policy.
                Rule::Sender(_) if matches!(self.usage, Usage::Bound) => {}
                // A later row reports that the claim is present.
                Rule::Presence(_) if !matches!(outcome, Some(Err(_))) => {}
                // A mistyped claim has been reported, and counts as absent here.
                Rule::Presence(_) if self.has_reported(outcome.and_then(Result::err)) => {}
                _ if check == Check::RequiredClaim => self.required_claims(),
                _ => self.report(check, outcome),
            }
        }
    }

    /// The checks that are about one login, if the policy is for ID tokens.
    fn login(&mut self) {
        let Some(policy) = self.policy().filter(|policy| policy.is_for_id_tokens()) else { return };
        let (now, login) = (self.now, self.usage.login().unwrap_or(&NOTHING_SENT));
        let claims = self.declared_algorithm().and(self.claims.as_ref());
        let read =
            claims.and_then(|claims| LoginClaims::read(claims, policy.leeway_seconds(), now).ok());
        let outcomes =
            OF_LOGIN.map(|(check, rule)| (check, read.as_ref().map(|claims| rule(login, claims))));
        for (check, outcome) in outcomes {
            self.report(check, outcome);
        }
    }

    /// One finding for each required claim.
    fn required_claims(&mut self) {
        let required = self.policy().map(Policy::required_claims).unwrap_or_default();
        for (index, claim) in required.iter().enumerate() {
            let outcome = self.compare(|policy, claims| policy.check_required(index, claims));
            self.push(Check::RequiredClaim, outcome, Some(self.required_claim(claim, outcome)));
        }
    }

    /// The outcome of a check that the policy makes of the claims. None without either.
    fn compare(
        &self,
        check: impl FnOnce(&Policy, &ClaimsSet) -> Result<(), VerifyError>,
    ) -> Option<Result<(), VerifyError>> {
        self.policy().zip(self.claims.as_ref()).map(|(policy, claims)| check(policy, claims))
    }

    fn report(&mut self, check: Check, outcome: Option<Result<(), VerifyError>>) {
        self.push(check, outcome, self.expected_and_actual(check, outcome.and_then(Result::err)));
    }

    fn push(
        &mut self,
        check: Check,
        outcome: Option<Result<(), VerifyError>>,
        values: Option<(String, String)>,
    ) {
        let (expected, actual) = values.unzip();
        let is_shown = outcome.is_some() || self.is_readable(check);
        self.explanation.push(Finding {
            check,
            outcome,
            // `iss` chooses an issuer before the signature is checked.
            is_verified: self.is_verified && check != Check::Route,
            expected,
            actual: actual.filter(|_| is_shown),
            proof_error: None,
            hint: outcome.and_then(Result::err).and_then(|error| self.hint(check, error)),
        });
    }

    /// Whether the part of the token that `check` is about can be read.
    fn is_readable(&self, check: Check) -> bool {
        match check {
            Check::Size | Check::Segments | Check::Purpose => true,
            Check::Header | Check::Algorithm | Check::Key | Check::Type => !self.header.is_empty(),
            Check::Signature => self.token.split('.').count() > 2,
            _ => !self.payload.is_empty(),
        }
    }

    /// Whether a fault of `check` has been reported, or of [`Check::Route`], which is about `iss` too.
    fn has_failed(&self, check: Check) -> bool {
        self.explanation.findings().iter().any(|finding| {
            let is_about_iss = (finding.check(), check) == (Check::Route, Check::Issuer);
            finding.outcome() == Outcome::Failed && (finding.check() == check || is_about_iss)
        })
    }

    /// Whether a fault of the claim that `error` is about has been reported.
    fn has_reported(&self, error: Option<VerifyError>) -> bool {
        let Some(claim) = error.and_then(faulty_claim) else { return false };
        let faults = self.explanation.findings().iter().filter_map(Finding::error);
        faults.filter_map(faulty_claim).any(|reported| reported == claim)
    }

    pub(super) fn policy(&self) -> Option<&'w Policy> {
        self.issuer.map(|issuer| issuer.policy)
    }

    fn declared_algorithm(&self) -> Option<Algorithm> {
        self.header.string("alg").and_then(Algorithm::named)
    }

    pub(super) fn selected_key(&self) -> Option<&SelectedKey> {
        self.key.as_ref()?.as_ref().ok()
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
