//! RFC 9449 sections 7 to 9 and RFC 8705 section 3: a guard's verdict on requests with bound tokens.

use std::sync::{Arc, Mutex};
#[cfg(feature = "std")]
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

#[cfg(feature = "std")]
use crate::common::{keys, policy};
use serde_json::{Value, json};
#[cfg(feature = "std")]
use tokenring::possession::Insertion;
use tokenring::{
    Admission, Algorithm, Authentication, Guard, JsonError, JwkSet, Rejection, UnixTime,
    VerifyError,
    explain::Outcome,
    possession::{
        ClientCertificate, ConfirmationError, Nonces, ProofCheck, ProofError, ProofPolicy,
        ProofVerifier, ReplayError, ReplayKey, ReplayStore, Request,
    },
    testkit::{TestKey, TokenBuilder},
};

use crate::{
    common::{NOW, token, verifier},
    proofs::{ORIGIN, Proof, jwk, sha256},
};

/// A memory that counts what it is told, and forgets nothing.
#[derive(Clone, Default)]
struct Counting(Arc<Mutex<Vec<ReplayKey>>>);

impl Counting {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl ReplayStore for Counting {
    fn insert(&self, key: &ReplayKey, end: UnixTime, now: UnixTime) -> Result<(), ReplayError> {
        assert!(end > now);
        let mut used = self.0.lock().unwrap();
        match used.contains(key) {
            true => Err(ReplayError::Replayed),
            false => {
                used.push(*key);
                Ok(())
            }
        }
    }
}

fn proofs() -> ProofVerifier {
    ProofVerifier::new(ProofPolicy::new(ORIGIN), Counting::default()).unwrap()
}

/// A guard without a setting for proofs.
fn plain() -> Guard<JwkSet> {
    Guard::new(verifier())
}

fn both() -> Guard<JwkSet> {
    plain().accept_dpop(proofs())
}

fn only() -> Guard<JwkSet> {
    plain().require_dpop(proofs())
}

fn key() -> TestKey {
    TestKey::for_algorithm(Algorithm::ES256)
}

fn jkt() -> String {
    let key = tokenring::PublicKey::from_jwk(jwk(&key()).to_string().as_bytes()).unwrap();
    key.thumbprint().to_string()
}

fn certificate() -> ClientCertificate {
    ClientCertificate::from_sha256([7; 32])
}

fn with_cnf(cnf: Value) -> TokenBuilder {
    token().claim("cnf", cnf)
}

/// A token that is bound to [`key`].
fn bound() -> TokenBuilder {
    with_cnf(json!({ "jkt": jkt() }))
}

/// A token that is bound to [`certificate`].
fn bound_to_certificate() -> TokenBuilder {
    with_cnf(json!({ "x5t#S256": certificate().thumbprint().to_string() }))
}

/// A good proof for this token.
fn proof_for(token: &str) -> Proof {
    Proof::with_key(&key()).claim("ath", sha256(token.as_bytes()))
}

/// A request `GET /v1/users`, to be changed and checked.
#[derive(Clone)]
struct Call {
    authorization: Vec<String>,
    dpop: Vec<String>,
    certificate: Option<ClientCertificate>,
}

impl Call {
    fn new(scheme: &str, token: &str) -> Self {
        Self {
            authorization: vec![format!("{scheme} {token}")],
            dpop: Vec::new(),
            certificate: None,
        }
    }

    /// With a good proof.
    fn proven(scheme: &str, token: &str) -> Self {
        Self::new(scheme, token).proof(&proof_for(token))
    }

    fn proof(mut self, proof: &Proof) -> Self {
        self.dpop.push(proof.sign());
        self
    }

    fn certificate(mut self, certificate: ClientCertificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    fn request(&self) -> Request<'_> {
        Request::new("GET", "/v1/users?page=2")
            .authorization(&self.authorization)
            .dpop(&self.dpop)
            .client_certificate(self.certificate.as_ref())
    }

    /// Checks the request, and that its explanation has the same verdict and records nothing.
    fn check(&self, guard: &Guard<JwkSet>) -> Result<Admission, Rejection> {
        let explanation = guard.explain_request_at(&self.request(), NOW);
        let outcome = guard.check_request_at(&self.request(), NOW);
        let verdict = match &outcome {
            // An explanation does not look up used proofs.
            Err(rejection) if is_of_memory(rejection) => Ok(()),
            Err(rejection) => Err(rejection.cause().unwrap_or(VerifyError::NoToken)),
            Ok(_) => Ok(()),
        };
        assert_eq!(explanation.verdict(), verdict, "{explanation}");
        let first = explanation.findings().iter().find(|one| one.outcome() == Outcome::Failed);
        if let (Some(first), Err(rejection)) = (first, &outcome) {
            assert_eq!(first.proof_error(), rejection.proof_error(), "{explanation}");
        }
        if let Err(rejection) = &outcome {
            let source = std::error::Error::source(rejection).map(ToString::to_string);
            let cause = rejection.cause().map(|cause| cause.to_string());
            assert_eq!(source, rejection.proof_error().map(|error| error.to_string()).or(cause));
        }
        outcome
    }

    /// The cause of the refusal, and the challenges.
    fn refused(&self, guard: &Guard<JwkSet>) -> (Cause, Vec<String>) {
        let rejection = self.check(guard).unwrap_err();
        assert_eq!(rejection.status(), 401, "{rejection}");
        (cause_of(&rejection), challenges(&rejection))
    }

    fn cause(&self, guard: &Guard<JwkSet>) -> Cause {
        self.refused(guard).0
    }
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cause {
    Token(VerifyError),
    Proof(ProofError),
}

fn cause_of(rejection: &Rejection) -> Cause {
    match rejection.proof_error() {
        None => Cause::Token(rejection.cause().unwrap()),
        Some(error) => {
            assert_eq!(rejection.cause(), Some(VerifyError::NotProven));
            assert_eq!(rejection.code(), error.code());
            assert!(rejection.to_string().ends_with(&format!(": {error}")));
            Cause::Proof(error)
        }
    }
}

fn is_of_memory(rejection: &Rejection) -> bool {
    rejection.proof_error().is_some_and(|error| error.check() == ProofCheck::Replay)
}

fn challenges(rejection: &Rejection) -> Vec<String> {
    let of_challenge = |(name, value)| (name == "WWW-Authenticate").then_some(value);
    rejection.headers().filter_map(of_challenge).collect()
}

fn headers(rejection: &Rejection) -> Vec<(&'static str, String)> {
    rejection.headers().collect()
}

const ALGS: &str = r#"algs="ES256 ES384 EdDSA PS256""#;

fn bearer(parameters: &str) -> String {
    format!("Bearer {parameters}realm=\"api\"")
}

/// The challenge of a request that came with the scheme `DPoP`.
fn dpop(error: &str) -> String {
    format!("DPoP error=\"{error}\", {ALGS}, realm=\"api\"")
}

/// The second challenge.
fn also_dpop() -> String {
    format!("DPoP {ALGS}")
}

const NOT_BOUND: Cause = Cause::Proof(ProofError::NotBound);
const INVALID_TOKEN: &str = r#"error="invalid_token", "#;

// Which token is accepted in which scheme, row by row.

#[test]
fn token_without_cnf_is_a_bearer_token() {
    let token = token().mint();
    for guard in [plain(), both()] {
        assert!(Call::new("Bearer", &token).check(&guard).is_ok());
        // A field `DPoP` beside it is ignored, whatever it holds.
        assert!(Call::proven("Bearer", &token).check(&guard).is_ok());
        let mut call = Call::new("bearer", &token).certificate(certificate());
        call.dpop = vec!["nonsense".into(), "more".into()];
        let admission = call.check(&guard).unwrap();
        assert_eq!(admission.headers().count(), 0);
        assert_eq!(admission.verified().confirmation(), Ok(None));
    }
    for call in [Call::new("DPoP", &token), Call::proven("DPoP", &token)] {
        assert_eq!(call.refused(&both()), (NOT_BOUND, vec![dpop("invalid_token")]));
        assert_eq!(call.refused(&only()), (NOT_BOUND, vec![dpop("invalid_token")]));
    }
    // If proofs are required, neither a proof nor a certificate beside it helps.
    for call in [
        Call::new("Bearer", &token),
        Call::proven("Bearer", &token),
        Call::new("Bearer", &token).certificate(certificate()),
    ] {
        assert_eq!(call.refused(&only()), (NOT_BOUND, vec![dpop("invalid_token")]));
    }
}

#[test]
fn token_that_is_bound_to_a_key_needs_the_scheme_and_a_proof() {
    let token = bound().mint();
    for scheme in ["DPoP", "dpop", "DPOP", "DPoP  "] {
        let admission = Call::proven(scheme, &token).check(&both()).unwrap();
        assert_eq!(admission.headers().count(), 0);
        assert_eq!(admission.verified().subject(), Some("auth0|64b7f1c2a9d3e8f0b5c6a7d8"));
        assert!(Call::proven(scheme, &token).check(&only()).is_ok());
    }
    let call = Call::new("DPoP", &token);
    let missing = Cause::Proof(ProofError::Missing);
    assert_eq!(call.refused(&both()), (missing, vec![dpop("invalid_dpop_proof")]));
    // As a bearer token it is refused, with a proof too, and if proofs are not accepted.
    for call in [
        Call::new("Bearer", &token),
        Call::proven("Bearer", &token),
        Call::new("Bearer", &token).certificate(certificate()),
    ] {
        let cause = Cause::Token(VerifyError::SenderConstrained);
        assert_eq!(call.refused(&plain()), (cause, vec![bearer(INVALID_TOKEN)]));
        assert_eq!(call.refused(&both()), (cause, vec![bearer(INVALID_TOKEN), also_dpop()]));
        assert_eq!(call.refused(&only()), (cause, vec![dpop("invalid_token")]));
    }
    // Without proofs, `DPoP` is an unknown scheme.
    let rejection = Call::proven("DPoP", &token).check(&plain()).unwrap_err();
    assert_eq!((rejection.status(), rejection.code()), (401, "other_scheme"));
    assert_eq!(challenges(&rejection), [bearer("")]);
}

#[test]
fn token_that_is_bound_to_a_certificate_needs_this_certificate() {
    let token = bound_to_certificate().mint();
    for (guard, further) in [(plain(), vec![]), (both(), vec![also_dpop()])] {
        let call = Call::new("Bearer", &token);
        assert!(call.clone().certificate(certificate()).check(&guard).is_ok());
        // A proof beside it is not looked at.
        assert!(Call::proven("Bearer", &token).certificate(certificate()).check(&guard).is_ok());
        let challenges = [vec![bearer(INVALID_TOKEN)], further].concat();
        let missing = Cause::Proof(ProofError::CertificateMissing);
        assert_eq!(call.refused(&guard), (missing, challenges.clone()));
        let other = call.certificate(ClientCertificate::from_sha256([8; 32]));
        let cause = Cause::Proof(ProofError::OtherCertificate);
        assert_eq!(other.refused(&guard), (cause, challenges));
    }
    // No key is bound: a proof proves nothing.
    let call = Call::proven("DPoP", &token).certificate(certificate());
    assert_eq!(call.refused(&both()), (NOT_BOUND, vec![dpop("invalid_token")]));
    // A certificate is no proof.
    let call = Call::new("Bearer", &token).certificate(certificate());
    assert_eq!(call.refused(&only()), (NOT_BOUND, vec![dpop("invalid_token")]));
}

#[test]
fn token_that_is_bound_to_both_needs_both() {
    let thumbprint = certificate().thumbprint().to_string();
    let token = with_cnf(json!({ "jkt": jkt(), "x5t#S256": thumbprint })).mint();
    let call = Call::proven("DPoP", &token);
    for guard in [both(), only()] {
        assert!(call.clone().certificate(certificate()).check(&guard).is_ok());
    }
    let cause = |error| (Cause::Proof(error), vec![dpop("invalid_token")]);
    assert_eq!(call.refused(&both()), cause(ProofError::CertificateMissing));
    let other = call.certificate(ClientCertificate::from_sha256([8; 32]));
    assert_eq!(other.refused(&both()), cause(ProofError::OtherCertificate));
    let unproven = Call::new("DPoP", &token).certificate(certificate());
    assert_eq!(unproven.cause(&both()), Cause::Proof(ProofError::Missing));
    let bearer = Call::proven("Bearer", &token).certificate(certificate());
    for guard in [plain(), both(), only()] {
        assert_eq!(bearer.cause(&guard), Cause::Token(VerifyError::SenderConstrained));
    }
}

#[test]
fn cnf_that_cannot_be_checked_is_refused_in_both_schemes() {
    let cut = &jkt()[..42];
    let not = |member| ConfirmationError::NotThumbprint { member };
    for (cnf, error) in [
        (json!({}), ConfirmationError::Empty),
        (json!({ "jwk": jwk(&key()) }), ConfirmationError::NotSupported),
        (json!({ "kid": "a" }), ConfirmationError::NotSupported),
        (json!({ "jku": "https://client.example/", "jwe": "a" }), ConfirmationError::NotSupported),
        (json!({ "jkt": 1 }), ConfirmationError::MemberType { member: "jkt" }),
        (json!({ "jkt": cut }), not("jkt")),
        (json!({ "jkt": jkt() + "=" }), not("jkt")),
        (json!({ "jkt": "" }), not("jkt")),
        (json!({ "jkt": jkt(), "x5t#S256": "a" }), not("x5t#S256")),
        (
            json!({ "jkt": null, "x5t#S256": certificate().thumbprint().to_string() }),
            ConfirmationError::MemberType { member: "jkt" },
        ),
    ] {
        let token = with_cnf(cnf.clone()).mint();
        let cause = Cause::Proof(ProofError::Confirmation(error));
        let (bearer_call, dpop_call) = (
            Call::proven("Bearer", &token).certificate(certificate()),
            Call::proven("DPoP", &token).certificate(certificate()),
        );
        assert_eq!(bearer_call.refused(&plain()), (cause, vec![bearer(INVALID_TOKEN)]));
        assert_eq!(
            bearer_call.refused(&both()),
            (cause, vec![bearer(INVALID_TOKEN), also_dpop()]),
            "{cnf}"
        );
        assert_eq!(dpop_call.refused(&both()), (cause, vec![dpop("invalid_token")]));
        assert_eq!(dpop_call.refused(&only()), (cause, vec![dpop("invalid_token")]));
    }
    for cnf in [json!([]), json!("a"), json!(null)] {
        let token = with_cnf(cnf).mint();
        let cause = Cause::Token(VerifyError::ClaimType { claim: "cnf" });
        assert_eq!(Call::proven("Bearer", &token).cause(&both()), cause);
        assert_eq!(Call::proven("DPoP", &token).cause(&both()), cause);
    }
    // Twice: other readers might take the other one.
    let member = format!("\"jkt\":\"{}\"", jkt());
    let token = token().raw_payload(token().payload_json().replacen(
        '{',
        &format!("{{\"cnf\":{{{member},{member}}},"),
        1,
    ));
    let call = Call::proven("DPoP", &token.mint());
    let twice = ConfirmationError::Json(JsonError::DuplicateMember);
    assert_eq!(call.cause(&both()), Cause::Proof(ProofError::Confirmation(twice)));
}

// The response. Section 7.1.

#[test]
fn request_without_credentials_is_told_every_scheme_bearer_first() {
    let scoped = |guard: Guard<JwkSet>| guard.require_scope("a b").realm("x");
    let refused = |guard: &Guard<JwkSet>, authorization: &[&str]| {
        let request = Request::new("GET", "/v1/users").authorization(authorization.iter().copied());
        let rejection = guard.check_request_at(&request, NOW).unwrap_err();
        assert_eq!(rejection.proof_error(), None);
        (rejection.status(), rejection.code(), challenges(&rejection))
    };
    let in_bearer = r#"Bearer scope="a b", realm="x""#.to_owned();
    let in_dpop = format!("DPoP {ALGS}, scope=\"a b\", realm=\"x\"");
    let expected = [
        (scoped(plain()), vec![in_bearer.clone()]),
        (scoped(both()), vec![in_bearer, also_dpop()]),
        (scoped(only()), vec![in_dpop]),
    ];
    for (guard, challenges) in expected {
        assert_eq!(refused(&guard, &[]), (401, "header_missing", challenges.clone()));
        assert_eq!(refused(&guard, &["Basic YTpi"]), (401, "other_scheme", challenges.clone()));
        assert_eq!(refused(&guard, &["Bearer a b"]), (401, "white_space", challenges.clone()));
        assert_eq!(self::challenges(&guard.missing_token()), challenges);
        let (status, code, several) = refused(&guard, &["Bearer a.b.c", "DPoP a.b.c"]);
        assert_eq!((status, code), (400, "header_repeated"));
        assert!(several[0].contains(" error=\"invalid_request\", "), "{several:?}");
        assert_eq!(several.get(1), challenges.get(1));
    }
    for (value, code) in [
        ("DPoP", "no_scheme"),
        ("DPoP ", "token_empty"),
        ("DPoP a b", "white_space"),
        ("DPoP a,b", "joined_by_comma"),
        ("DPoP\ta.b.c", "other_scheme"),
        ("DPoP Bearer a.b.c", "scheme_not_expected"),
        ("DPoP a.b.c\u{e9}", "not_ascii"),
        ("DPoPa.b.c", "no_scheme"),
    ] {
        assert_eq!(refused(&both(), &[value]), (401, code, vec![bearer(""), also_dpop()]));
    }
    let long = format!("DPoP {}", "x".repeat(20_000));
    let (_, code, challenges) = refused(&both(), &[&long]);
    assert_eq!((code, challenges[0].contains("invalid_token")), ("token_too_long", true));
}

#[test]
fn token_that_is_refused_is_answered_in_its_scheme() {
    let token = bound().audience("other").mint();
    let cause = Cause::Token(VerifyError::WrongAudience);
    let call = Call::proven("DPoP", &token);
    assert_eq!(call.refused(&both()), (cause, vec![dpop("invalid_token")]));
    assert_eq!(call.refused(&only()), (cause, vec![dpop("invalid_token")]));
    let call = Call::proven("Bearer", &token);
    assert_eq!(call.refused(&both()), (cause, vec![bearer(INVALID_TOKEN), also_dpop()]));
    assert_eq!(call.refused(&plain()), (cause, vec![bearer(INVALID_TOKEN)]));
}

#[test]
fn faults_of_a_proof_are_answered_with_401_and_their_error() {
    let token = bound().mint();
    let good = proof_for(&token);
    let stranger = Proof::with_key(&TestKey::for_algorithm(Algorithm::EdDSA))
        .claim("ath", sha256(token.as_bytes()));
    for (proof, error, answer) in [
        (good.clone().claim("htm", "POST"), ProofError::WrongMethod, "invalid_dpop_proof"),
        (good.clone().claim("htm", "get"), ProofError::WrongMethod, "invalid_dpop_proof"),
        (good.clone().header("typ", "JWT"), ProofError::WrongType, "invalid_dpop_proof"),
        (
            good.clone().without_claim("ath"),
            ProofError::ClaimMissing { claim: "ath" },
            "invalid_dpop_proof",
        ),
        (
            good.clone().claim("ath", sha256(b"other")),
            ProofError::WrongAccessTokenHash,
            "invalid_dpop_proof",
        ),
        (
            good.clone().jwk("y", "AAAA"),
            ProofError::Key(tokenring::JwkError::CoordinateLength {
                member: "y",
                bytes: 3,
                expected: 32,
            }),
            "invalid_dpop_proof",
        ),
        (stranger, ProofError::OtherKey, "invalid_token"),
    ] {
        let call = Call::new("DPoP", &token).proof(&proof);
        let memory = Counting::default();
        let policy = ProofPolicy::new(ORIGIN);
        let guard = plain().accept_dpop(ProofVerifier::new(policy, memory.clone()).unwrap());
        assert_eq!(call.refused(&guard), (Cause::Proof(error), vec![dpop(answer)]));
        let rejection = call.check(&guard).unwrap_err();
        let message =
            if answer == "invalid_token" { "Invalid token" } else { "Invalid DPoP proof" };
        assert_eq!(rejection.message(), message);
        assert_eq!(headers(&rejection).len(), 2, "no nonce");
        // Anybody could otherwise use up the proofs of others.
        assert_eq!(memory.count(), 0);
    }
    let two = Call::proven("DPoP", &token).proof(&good);
    assert_eq!(two.cause(&both()), Cause::Proof(ProofError::Several));
}

// Nonces. Sections 8 and 9.

#[test]
fn nonce_is_demanded_with_exactly_one_field_and_no_cache_keeps_it() {
    let nonces = Nonces::random().unwrap();
    let policy = ProofPolicy::new(ORIGIN).nonces(nonces.clone());
    let guard = plain().accept_dpop(ProofVerifier::new(policy, Counting::default()).unwrap());
    let token = bound().mint();
    let good = proof_for(&token);
    let old = UnixTime::from_secs(NOW.as_secs() - 240);
    for (proof, error) in [
        (good.clone(), ProofError::NonceMissing),
        (good.clone().claim("nonce", "another guard's"), ProofError::UnknownNonce),
        (good.clone().claim("nonce", nonces.issue(old).to_string()), ProofError::StaleNonce),
    ] {
        let call = Call::new("DPoP", &token).proof(&proof);
        assert_eq!(call.refused(&guard), (Cause::Proof(error), vec![dpop("use_dpop_nonce")]));
        let rejection = call.check(&guard).unwrap_err();
        assert_eq!(
            headers(&rejection)[2..],
            [
                ("DPoP-Nonce", nonces.issue(NOW).to_string()),
                ("Cache-Control", "no-store".to_owned()),
            ]
        );
        assert_eq!(rejection.message(), "DPoP nonce is required");
    }
    // Not for a proof that a new nonce would not mend: its client would repeat it for ever.
    let call = Call::new("DPoP", &token).proof(&good.clone().claim("htm", "POST"));
    assert_eq!(call.cause(&guard), Cause::Proof(ProofError::WrongMethod));
    // The retry. A nonce of the step before is accepted too, and replaced.
    let retry = |nonce: String, jti: &str| {
        let proof = good.clone().claim("nonce", nonce).claim("jti", jti);
        let admission = Call::new("DPoP", &token).proof(&proof).check(&guard).unwrap();
        admission.headers().collect::<Vec<_>>()
    };
    assert_eq!(retry(nonces.issue(NOW).to_string(), "1"), []);
    let before = UnixTime::from_secs(NOW.as_secs() - 60);
    let fields = retry(nonces.issue(before).to_string(), "2");
    assert_eq!(
        fields,
        [("DPoP-Nonce", nonces.issue(NOW).to_string()), ("Cache-Control", "no-store".to_owned()),]
    );
}

// After the proof: what the guard and its handlers require.

#[test]
fn missing_scope_and_old_login_are_answered_in_the_scheme_of_the_request() {
    let (bound_token, free) = (bound().scope("a").mint(), token().scope("a").mint());
    let mfa = Authentication::new().acr_values(["mfa"]);
    let in_dpop = |error: &str, more: &str| {
        vec![format!("DPoP error=\"{error}\", {ALGS}, {more}realm=\"api\"")]
    };
    let in_bearer = |error: &str, more: &str| vec![bearer(&format!("error=\"{error}\", {more}"))];
    let (scope, acr) = ("insufficient_scope", "insufficient_user_authentication");
    for guard in [both(), only()] {
        let scoped = guard.clone().require_scope("b");
        let rejection = Call::proven("DPoP", &bound_token).check(&scoped).unwrap_err();
        assert_eq!(rejection.status(), 403);
        assert_eq!(challenges(&rejection), in_dpop(scope, "scope=\"b\", "));
        let recent = guard.clone().require_authentication(mfa.clone());
        let rejection = Call::proven("DPoP", &bound_token).check(&recent).unwrap_err();
        assert_eq!(challenges(&rejection), in_dpop(acr, "acr_values=\"mfa\", "));
        // A handler's check of the accepted token.
        let verified = Call::proven("DPoP", &bound_token).check(&guard).unwrap().into_verified();
        let rejection = guard.check_scope(&verified, "c").unwrap_err();
        assert_eq!(challenges(&rejection), in_dpop(scope, "scope=\"c\", "));
        for rejection in [
            guard.check_permission(&verified, "p").unwrap_err(),
            guard.check_claim_value(&verified, "roles", "r").unwrap_err(),
        ] {
            assert_eq!(challenges(&rejection), in_dpop(scope, ""));
        }
        let rejection = guard.check_authentication_at(&verified, &mfa, NOW).unwrap_err();
        assert_eq!(challenges(&rejection), in_dpop(acr, "acr_values=\"mfa\", "));
    }
    // A guard whose clients use both: a bearer token is answered as before, without a second challenge.
    let verified = Call::new("Bearer", &free).check(&both()).unwrap().into_verified();
    let rejection = both().check_scope(&verified, "c").unwrap_err();
    assert_eq!(challenges(&rejection), in_bearer(scope, "scope=\"c\", "));
    let rejection = both().check_authentication_at(&verified, &mfa, NOW).unwrap_err();
    assert_eq!(challenges(&rejection), in_bearer(acr, "acr_values=\"mfa\", "));
    // A token that is bound to a certificate is sent as a bearer token.
    let token = bound_to_certificate().mint();
    let call = Call::new("Bearer", &token).certificate(certificate());
    let verified = call.check(&both()).unwrap().into_verified();
    let rejection = both().check_scope(&verified, "c").unwrap_err();
    assert_eq!(challenges(&rejection), in_bearer(scope, "scope=\"c\", "));
    // A handler that has no token to show says both.
    let rejection = both().insufficient_scope("c");
    let expected = [in_bearer(scope, "scope=\"c\", "), vec![also_dpop()]].concat();
    assert_eq!(challenges(&rejection), expected);
}

// A bound token without `check_request`.

#[cfg(feature = "std")]
#[test]
fn every_other_way_refuses_a_bound_token_even_from_the_cache() {
    let cached = || verifier().with_token_cache(std::num::NonZeroUsize::new(100).unwrap());
    let token = bound().mint();
    let header = [format!("Bearer {token}")];
    for guard in
        [Guard::new(cached()).accept_dpop(proofs()), Guard::new(cached()).require_dpop(proofs())]
    {
        // The token is in the cache now.
        assert!(Call::proven("DPoP", &token).check(&guard).is_ok());
        for _ in 0..2 {
            let rejection = guard.check_at(&header, NOW).unwrap_err();
            assert_eq!(rejection.cause(), Some(VerifyError::SenderConstrained));
            let rejection = guard.check_token_at(&token, NOW).unwrap_err();
            assert_eq!(rejection.cause(), Some(VerifyError::SenderConstrained));
            let outcome = guard.verifier().verify_at(&token, NOW).map(|_| ());
            assert_eq!(outcome, Err(VerifyError::SenderConstrained));
            let call = Call::proven("Bearer", &token);
            assert_eq!(call.cause(&guard), Cause::Token(VerifyError::SenderConstrained));
            let other = proof_for(&token).claim("jti", "second").claim("htm", "POST");
            let call = Call::new("DPoP", &token).proof(&other);
            assert_eq!(call.cause(&guard), Cause::Proof(ProofError::WrongMethod));
        }
        let again = proof_for(&token).claim("jti", "third");
        assert!(Call::new("DPoP", &token).proof(&again).check(&guard).is_ok());
    }
    // A setting for services that check proofs themselves does not weaken a guard's request.
    let allowed = tokenring::Verifier::new(policy().allow_sender_constrained(), keys()).unwrap();
    let guard = Guard::new(allowed);
    assert!(guard.check_at(&header, NOW).is_ok());
    let call = Call::proven("Bearer", &token);
    assert_eq!(call.cause(&guard), Cause::Token(VerifyError::SenderConstrained));
}

#[test]
fn guard_that_requires_proofs_accepts_no_token_without_a_request() {
    let free = token().mint();
    let header = [format!("Bearer {free}")];
    for explanation in [only().explain_at(&header, NOW), only().explain_token_at(&free, NOW)] {
        assert_eq!(explanation.verdict(), Err(VerifyError::NotProven), "{explanation}");
    }
    assert_eq!(both().explain_at(&header, NOW).verdict(), Ok(()));
    for rejection in [
        only().check_at([format!("Bearer {free}")], NOW).unwrap_err(),
        only().check_token_at(&free, NOW).unwrap_err(),
    ] {
        assert_eq!(rejection.proof_error(), Some(ProofError::NotBound));
        assert_eq!(challenges(&rejection), [dpop("invalid_token")]);
    }
    assert_eq!(
        only()
            .check_at([format!("Bearer {}", token().audience("x").mint())], NOW)
            .unwrap_err()
            .cause(),
        Some(VerifyError::WrongAudience),
    );
}

// Used proofs. Section 11.1.

#[test]
fn proof_is_recorded_last_and_accepted_once() {
    let memory = Counting::default();
    let policy = ProofPolicy::new(ORIGIN);
    let guard = plain().accept_dpop(ProofVerifier::new(policy, memory.clone()).unwrap());
    let token = bound().scope("a").mint();
    let call = Call::proven("DPoP", &token);
    // A request that lacks a scope, or that only somebody looks at, does not use up its proof.
    let scoped = guard.clone().require_scope("b");
    assert_eq!(call.check(&scoped).unwrap_err().status(), 403);
    for _ in 0..3 {
        assert_eq!(guard.explain_request_at(&call.request(), NOW).verdict(), Ok(()));
    }
    assert_eq!(memory.count(), 0);
    assert!(call.check(&guard).is_ok());
    assert_eq!(memory.count(), 1);
    // A clone shares the memory.
    let (cause, challenges) = call.refused(&guard.clone());
    assert_eq!(cause, Cause::Proof(ProofError::Replayed));
    assert_eq!(challenges, [dpop("invalid_dpop_proof")]);
    // A bearer token has no proof to record, even with a field `DPoP` beside it.
    let free = self::token().mint();
    assert!(Call::proven("Bearer", &free).check(&guard).is_ok());
    assert_eq!(memory.count(), 1);
}

/// A store that always answers the same, at once or after a while.
struct Broken(ReplayError);

impl ReplayStore for Broken {
    fn insert(&self, _: &ReplayKey, _: UnixTime, _: UnixTime) -> Result<(), ReplayError> {
        Err(self.0)
    }
}

#[test]
fn memory_that_is_full_or_fails_is_answered_with_503() {
    let token = bound().mint();
    for (error, cause) in [
        (ReplayError::Full, ProofError::MemoryFull),
        (ReplayError::Unavailable, ProofError::MemoryUnavailable),
    ] {
        let proofs = ProofVerifier::new(ProofPolicy::new(ORIGIN), Broken(error)).unwrap();
        let rejection =
            Call::proven("DPoP", &token).check(&plain().require_dpop(proofs)).unwrap_err();
        assert_eq!((rejection.status(), rejection.proof_error()), (503, Some(cause)));
        assert_eq!(
            headers(&rejection),
            [("Content-Type", "application/json".to_owned()), ("Retry-After", "1".to_owned())]
        );
        assert_eq!(rejection.to_string(), format!("503 Service unavailable: {cause}"));
    }
}

#[cfg(feature = "std")]
mod with_the_clock {
    use tokenring::possession::ReplayMemory;

    use super::*;

    fn now() -> UnixTime {
        UnixTime::now()
    }

    /// A bound token and a proof of this moment.
    fn call_now(jti: &str) -> Call {
        let token = crate::common::issuer().token().claim("cnf", json!({ "jkt": jkt() })).mint();
        let proof = proof_for(&token).claim("iat", now().as_secs()).claim("jti", jti);
        Call::new("DPoP", &token).proof(&proof)
    }

    #[test]
    fn of_many_threads_with_one_proof_exactly_one_is_admitted() {
        let proofs = ProofVerifier::new(ProofPolicy::new(ORIGIN), ReplayMemory::default()).unwrap();
        let guard = plain().accept_dpop(proofs);
        for round in 0..20 {
            let call = call_now(&round.to_string());
            let admitted = std::thread::scope(|scope| {
                let check = || guard.check_request(&call.request());
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(check)).collect();
                let outcomes: Vec<_> = threads.into_iter().map(|one| one.join().unwrap()).collect();
                for rejection in outcomes.iter().filter_map(|one| one.as_ref().err()) {
                    assert_eq!(rejection.proof_error(), Some(ProofError::Replayed));
                }
                outcomes.iter().filter(|outcome| outcome.is_ok()).count()
            });
            assert_eq!(admitted, 1);
        }
    }

    #[test]
    fn every_way_has_the_same_verdict() {
        for way in 0..3 {
            let guard = both();
            let check = |call: &Call| match way {
                0 => guard.check_request(&call.request()),
                1 => guard.try_check_request(&call.request()),
                _ => ready(guard.check_request_async(&call.request())),
            };
            let call = call_now("a");
            assert_eq!(guard.explain_request(&call.request()).verdict(), Ok(()));
            assert!(check(&call).is_ok());
            assert_eq!(check(&call).unwrap_err().proof_error(), Some(ProofError::Replayed));
            let mut other = call_now("b");
            other.authorization = vec!["DPoP a.b.c".into()];
            assert_eq!(check(&other).unwrap_err().code(), "not_base64url");
            other.authorization.clear();
            assert_eq!(check(&other).unwrap_err().code(), "header_missing");
        }
    }

    fn ready<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("the future waits"),
        }
    }

    /// A store of another process: it answers when it is told to.
    struct Remote(Arc<Mutex<Option<Result<(), ReplayError>>>>);

    impl ReplayStore for Remote {
        fn insert(&self, _: &ReplayKey, _: UnixTime, _: UnixTime) -> Result<(), ReplayError> {
            panic!("an async server must not block")
        }

        fn insert_async(&self, _: &ReplayKey, _: UnixTime, _: UnixTime) -> Insertion<'_> {
            let answer = self.0.clone();
            Insertion::pending(std::future::poll_fn(move |_| match *answer.lock().unwrap() {
                Some(answer) => Poll::Ready(answer),
                None => Poll::Pending,
            }))
        }
    }

    #[test]
    fn future_waits_for_a_shared_store_without_blocking() {
        for answer in [Ok(()), Err(ReplayError::Replayed), Err(ReplayError::Unavailable)] {
            let told = Arc::new(Mutex::new(None));
            // A pointer to a store waits as the store does.
            let store: Arc<dyn ReplayStore> = Arc::new(Remote(told.clone()));
            let proofs = ProofVerifier::new(ProofPolicy::new(ORIGIN), store).unwrap();
            let guard = plain().accept_dpop(proofs);
            // The request does not live as long as the future.
            let mut future = {
                let call = call_now("a");
                Box::pin(guard.check_request_async(&call.request()))
            };
            let mut context = Context::from_waker(Waker::noop());
            assert!(future.as_mut().poll(&mut context).is_pending());
            assert!(future.as_mut().poll(&mut context).is_pending());
            *told.lock().unwrap() = Some(answer);
            let Poll::Ready(outcome) = future.as_mut().poll(&mut context) else { panic!() };
            assert_eq!(
                outcome.map(|_| ()).map_err(|rejection| rejection.proof_error()),
                answer.map_err(|error| Some(error.into())),
            );
        }
    }

    #[test]
    fn future_is_send_and_borrows_the_guard_only() {
        fn assert_send<T: Send>(_: &T) {}
        let guard = both();
        let future = guard.check_request_async(&call_now("a").request());
        assert_send(&future);
        assert!(ready(future).is_ok());
    }

    /// A source whose keys are not in memory until they are awaited.
    struct Slow(JwkSet);

    impl tokenring::KeySource for Slow {
        fn key(
            &self,
            query: tokenring::KeyQuery<'_>,
        ) -> Result<tokenring::SelectedKey, tokenring::KeyError> {
            self.0.key(query)
        }

        fn try_key(
            &self,
            _: tokenring::KeyQuery<'_>,
        ) -> Result<tokenring::SelectedKey, tokenring::KeyError> {
            Err(tokenring::KeyError::Unavailable { retry_after: std::time::Duration::ZERO })
        }

        fn key_async(&self, query: tokenring::KeyQuery<'_>) -> tokenring::KeyLookup<'_> {
            let key = self.0.key(query);
            tokenring::KeyLookup::pending(async move { key })
        }
    }

    #[test]
    fn request_that_waits_for_a_key_is_kept_and_a_failed_try_uses_up_no_proof() {
        let slow = tokenring::Verifier::new(policy(), Slow(keys())).unwrap();
        let memory = Counting::default();
        let proofs = ProofVerifier::new(ProofPolicy::new(ORIGIN), memory.clone()).unwrap();
        let guard = Guard::new(slow).accept_dpop(proofs);
        let call = call_now("a");
        let rejection = guard.try_check_request(&call.request()).unwrap_err();
        assert_eq!((rejection.status(), memory.count()), (503, 0));
        let future = guard.check_request_async(&call.request());
        drop(call);
        assert!(ready(future).is_ok());
        assert_eq!(memory.count(), 1);
        // With two proofs, with none, and with a certificate in place of one.
        let two = call_now("b");
        let two = two.clone().proof(&proof_for("x"));
        let rejection = ready(guard.check_request_async(&two.request())).unwrap_err();
        assert_eq!(rejection.proof_error(), Some(ProofError::Several));
        let mut none = call_now("c");
        none.dpop.clear();
        let rejection = ready(guard.check_request_async(&none.request())).unwrap_err();
        assert_eq!(rejection.proof_error(), Some(ProofError::Missing));
        let cnf = json!({ "x5t#S256": certificate().thumbprint().to_string() });
        let token = crate::common::issuer().token().claim("cnf", cnf).mint();
        let call = Call::new("Bearer", &token).certificate(certificate());
        assert!(ready(guard.check_request_async(&call.request())).is_ok());
    }
}

/// RFC 9728 section 2.
#[test]
fn metadata_of_a_guard_says_what_proofs_it_accepts() {
    let json = |guard: &Guard<JwkSet>| -> Value {
        let metadata = guard.metadata_builder("https://api.example.com").build().unwrap();
        serde_json::from_str(&metadata.to_json()).unwrap()
    };
    let algs = json!(["ES256", "ES384", "EdDSA", "PS256"]);
    assert_eq!(json(&both())["dpop_signing_alg_values_supported"], algs);
    assert_eq!(json(&only())["dpop_signing_alg_values_supported"], algs);
    assert_eq!(json(&only())["dpop_bound_access_tokens_required"], true);
    for guard in [plain(), both()] {
        assert_eq!(json(&guard).get("dpop_bound_access_tokens_required"), None);
    }
    assert_eq!(json(&plain()).get("dpop_signing_alg_values_supported"), None);
    // What the service says itself comes first.
    let builder = both().metadata_builder("https://api.example.com");
    let metadata = builder.dpop_signing_alg_values_supported([Algorithm::ES256]).build().unwrap();
    assert!(metadata.to_json().contains(r#""dpop_signing_alg_values_supported":["ES256"]"#));
    // With metadata, the challenge of `DPoP` names it.
    let guard = only().resource_metadata(&metadata);
    let [challenge] = &challenges(&guard.missing_token())[..] else { panic!() };
    assert_eq!(
        challenge,
        &format!(
            "DPoP {ALGS}, resource_metadata=\"https://api.example.com/.well-known/oauth-protected-resource\", realm=\"api\""
        ),
    );
}
