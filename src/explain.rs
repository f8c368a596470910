//! The whole way again, for operators: every check, what it expects, what it found, and what to do.
//!
//! The stages are those of [`Verifier`](crate::Verifier), and each line's outcome comes from the same
//! functions. What differs is that a failure ends nothing: later checks are made as far as they can
//! be, on text that may be unverified, and nothing but text comes of it.

mod diagnosis;
mod finding;
mod hint;
mod keys;
mod report;
mod text;
mod unverified;

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    CompactJws, KeySource, Policy, SelectedKey, TokenType, UnixTime, VerifyError, base64url,
    bearer::{self, NoToken},
    claims::{self, AudienceClaim, ClaimsSet, Origin},
    compact::MAX_TOKEN_BYTES,
    explain::unverified::{Members, TokenTexts, faulty_claim, read_claims},
    header::DeclaredType,
};

pub use finding::{Check, Finding, Outcome};
pub use hint::Hint;
pub use keys::KeysDescription;
pub use report::{Explanation, ExplanationWithAllClaims};

/// An issuer that a verifier trusts.
pub(crate) struct Trusted<'v> {
    pub(crate) policy: &'v Policy,
    pub(crate) keys: &'v dyn KeySource,
}

/// Explains the verdict on `token` as of `now`.
pub(crate) fn token(trusted: &[Trusted<'_>], token: &str, now: UnixTime) -> Explained {
    walk(trusted, token, Explanation::new(now))
}

/// Explains the verdict on a request whose `Authorization` is `value`, or which has none.
pub(crate) fn authorization(
    trusted: &[Trusted<'_>],
    value: Result<&[u8], NoToken>,
    now: UnixTime,
) -> Explained {
    let token = value.and_then(bearer::token);
    let bytes = value.unwrap_or_default();
    let outcome = token.map(|_| ()).map_err(|reason| match reason {
        NoToken::TooLong { bytes } => VerifyError::TokenTooLong { bytes },
        NoToken::Missing | NoToken::Several | NoToken::Malformed => VerifyError::NoToken,
    });
    let actual = match token {
        Err(NoToken::Missing) => "none".to_string(),
        Err(NoToken::Several) => "several".to_string(),
        _ => scheme_and_length(bytes),
    };
    let finding = Finding::new(Check::Authorization, Some(outcome))
        .expecting("one field: Bearer and a token")
        .found(actual)
        .advising(token.err().and_then(|reason| diagnosis::authorization(reason, bytes)));
    let mut explanation = Explanation::new(now);
    explanation.push(finding);
    match token.ok().or_else(|| what_is_probably_the_token(bytes)) {
        Some(token) => walk(trusted, token, explanation),
        None => Explained { explanation, claims: None },
    }
}

/// The scheme if it is a common one: what else is there may be a secret.
fn scheme_and_length(value: &[u8]) -> String {
    let word = value.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let scheme = SCHEMES.into_iter().find(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()));
    match scheme {
        Some(scheme) => {
            let rest = value.get(scheme.len()..).unwrap_or_default().trim_ascii_start();
            format!("{scheme} and {}", text::bytes(rest.len()))
        }
        None => format!("{} that begin with no known scheme", text::bytes(value.len())),
    }
}

/// The token in a value that is not quite as it should be: what else is wrong with it can be told too.
fn what_is_probably_the_token(value: &[u8]) -> Option<&str> {
    let mut rest = core::str::from_utf8(value).ok()?;
    if rest.len() > MAX_TOKEN_BYTES {
        return None;
    }
    loop {
        let before = rest.len();
        rest = rest.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        let after = diagnosis::after_scheme(rest.as_bytes());
        rest = after.and_then(|after| core::str::from_utf8(after).ok()).unwrap_or(rest);
        if rest.len() == before {
            break;
        }
    }
    let is_one_word = !rest.contains(char::is_whitespace);
    (is_one_word && rest.matches('.').count() == 2).then_some(rest)
}

/// An explanation to which a guard may add what it requires.
pub(crate) struct Explained {
    explanation: Explanation,
    claims: Option<ClaimsSet>,
}

impl Explained {
    /// The claims, perhaps unverified.
    pub(crate) fn claims(&self) -> Option<&ClaimsSet> {
        self.claims.as_ref()
    }

    /// A scope that a guard requires. `is_granted`: none if the claims cannot be read.
    pub(crate) fn require_scope(&mut self, name: &str, is_granted: Option<bool>) {
        self.require(Check::Scope, name, is_granted);
    }

    /// A permission that a guard requires, likewise.
    pub(crate) fn require_permission(&mut self, name: &str, is_granted: Option<bool>) {
        self.require(Check::Permission, name, is_granted);
    }

    fn require(&mut self, check: Check, name: &str, is_granted: Option<bool>) {
        let outcome = is_granted.map(|is_granted| match is_granted {
            true => Ok(()),
            false => Err(VerifyError::InsufficientScope),
        });
        let actual = match is_granted {
            Some(true) => text::quoted(name),
            Some(false) | None => "not granted".to_string(),
        };
        let mut finding = Finding::new(check, outcome).expecting(text::quoted(name)).found(actual);
        if is_granted.is_none() {
            finding = finding.found_nothing();
        }
        if !self.explanation.has_verified_claims() {
            finding = finding.unverified();
        }
        self.explanation.push(finding);
    }

    pub(crate) fn finish(self) -> Explanation {
        self.explanation
    }
}

/// Every check of a token, in the order of the pipeline.
fn walk(trusted: &[Trusted<'_>], token: &str, explanation: Explanation) -> Explained {
    let texts = TokenTexts::of(token);
    let mut walk = Walk {
        token,
        now: explanation.now(),
        header: Members::read(&texts.header),
        told: Members::read(texts.payload_text()),
        explanation,
        faulty: Vec::new(),
        is_verified: true,
    };
    let parsed = walk.structure();
    let (jws, fault) = (parsed.as_ref().ok(), parsed.as_ref().err().copied());
    let issuer = walk.route(trusted, jws);
    let jws = walk.algorithm(issuer, jws, fault);
    let key = walk.key(issuer, jws);
    walk.signature(jws, key.as_ref());
    let policy = issuer.map(|issuer| issuer.policy);
    let claims = walk.payload(policy, texts.payload.as_deref(), jws, key.as_ref());
    let to = Comparison { policy, claims: claims.as_ref() };
    walk.token_type(to);
    walk.issuer(to);
    walk.audience(to);
    walk.expiry(to);
    walk.not_before(to);
    walk.client(to);
    walk.confirmation(to);
    walk.required_claims(to);
    walk.explanation.set_claims(walk.told.all(), walk.is_verified);
    Explained { explanation: walk.explanation, claims }
}

struct Walk<'w> {
    token: &'w str,
    now: UnixTime,
    /// The header as far as it can be read.
    header: Members<'w>,
    /// The claims as far as they can be read.
    told: Members<'w>,
    explanation: Explanation,
    /// Checks of which a fault has been told.
    faulty: Vec<Check>,
    /// Whether the signature holds, as far as it has been looked at.
    is_verified: bool,
}

/// A policy and the claims to compare with it, as far as there are both.
#[derive(Clone, Copy)]
struct Comparison<'p> {
    policy: Option<&'p Policy>,
    claims: Option<&'p ClaimsSet>,
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

impl<'w> Walk<'w> {
    /// A finding about something that is verified if the signature holds.
    fn tell(&mut self, finding: Finding) {
        self.push(match self.is_verified {
            true => finding,
            false => finding.unverified(),
        });
    }

    fn push(&mut self, finding: Finding) {
        let is_readable = match finding.check() {
            Check::Size | Check::Segments => true,
            Check::Header | Check::Algorithm | Check::Key | Check::Type => !self.header.is_empty(),
            Check::Signature => self.segment_count() > 2,
            _ => !self.told.is_empty(),
        };
        self.explanation.push(match (finding.outcome(), is_readable) {
            (Outcome::NotReached, false) => finding.found_nothing(),
            _ => finding,
        });
    }

    /// [`CompactJws::parse`]: RFC 7515 section 5.2, steps 1 to 5.
    fn structure(&mut self) -> Result<CompactJws<'w>, VerifyError> {
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
                    true => "nothing that can be read".to_string(),
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

    fn segment_count(&self) -> usize {
        self.token.split('.').count()
    }

    /// The issuer that a token is taken for. RFC 8725 section 3.8.
    fn route<'v>(
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
        // One that is probably meant, to go on with.
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

    /// RFC 8725 section 3.1. Without an accepted algorithm there is no key to look for. `fault`: why
    /// the token was not parsed.
    fn algorithm<'j>(
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
    fn key(
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
            .expecting(described.summary())
            .found(actual)
            .advising(error.and_then(|error| diagnosis::key(error, &described, kid, is_foreign)));
        self.push(finding);
        found.and_then(Result::ok)
    }

    /// RFC 7515 section 5.2, step 8.
    fn signature(&mut self, jws: Option<&CompactJws<'_>>, key: Option<&SelectedKey>) {
        let outcome = jws.zip(key).map(|(jws, key)| match jws.clone().verify(key) {
            // It is decoded once the signature holds.
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

    /// RFC 7519 section 7.2, step 10, and the types of section 4.1.
    fn payload(
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
            None => "none that can be read".to_string(),
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

    /// A claim that is absent or mistyped. These come before any comparison.
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
        // The issuer's fault was told when it was looked for.
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
    fn token_type(&mut self, to: Comparison<'_>) {
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
    fn issuer(&mut self, to: Comparison<'_>) {
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
    fn audience(&mut self, to: Comparison<'_>) {
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
    fn expiry(&mut self, to: Comparison<'_>) {
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
    fn not_before(&mut self, to: Comparison<'_>) {
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
    fn client(&mut self, to: Comparison<'_>) {
        if self.faulty.contains(&Check::Client) {
            return;
        }
        let outcome = to.outcome(|policy, claims| policy.check_client(claims));
        let claim = if self.told.has("azp") { "azp" } else { "client_id" };
        let finding = Finding::new(Check::Client, outcome)
            .expecting(accepted(to.policy.map(Policy::clients), "any client"))
            .found(self.told.shown(claim))
            .advising(self.told.has(claim).then_some(Hint::OtherClient));
        self.tell(finding);
    }

    /// RFC 7800 section 3.1, RFC 9449 section 7.1.
    fn confirmation(&mut self, to: Comparison<'_>) {
        if self.faulty.contains(&Check::Confirmation) {
            return;
        }
        let outcome = to.outcome(|policy, claims| policy.check_sender(claims));
        let finding = Finding::new(Check::Confirmation, outcome)
            .expecting("none")
            .found(self.told.kind("cnf"))
            .advising(Some(Hint::SenderConstrained));
        self.tell(finding);
    }

    /// What the policy's `require_claim` asks for. What the claims say instead is not shown.
    fn required_claims(&mut self, to: Comparison<'_>) {
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

/// What a setting of several values accepts, none of which means all.
fn accepted(values: Option<&[String]>, all: &str) -> String {
    match values {
        None | Some([]) => all.to_string(),
        Some(values) => text::one_of(values),
    }
}

/// What a time must be, compared with the time now.
fn later(relation: &str, policy: Option<&Policy>) -> String {
    match policy.map_or(0, Policy::leeway_seconds) {
        0 => format!("{relation} now"),
        leeway => format!("{relation} now, with a leeway of {}", text::duration(leeway)),
    }
}

/// Of RFC 9110's registry, those that clients send.
const SCHEMES: [&str; 6] = ["Bearer", "Basic", "Digest", "DPoP", "Negotiate", "Token"];
