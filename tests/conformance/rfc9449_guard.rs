//! RFC 9449 sections 7 to 9 and RFC 8705 section 3: a guard's verdict on requests with bound tokens.

use std::sync::Arc;

use serde_json::{Value, json};
use tokenring::{
    Admission, Algorithm, Guard, JsonError, JwkSet, Rejection, UnixTime, VerifyError,
    possession::{
        ClientCertificate, ConfirmationError, ProofError, ProofPolicy, ProofVerifier, ReplayError,
        ReplayKey, ReplayStore, Request,
    },
    testkit::{TestKey, TokenBuilder},
};

use crate::{
    common::{NOW, token, verifier},
    proofs::{ORIGIN, Proof, jwk, sha256},
};

/// A memory that counts what it is told, and forgets nothing.
#[derive(Clone, Default)]
struct Counting(Arc<std::sync::Mutex<Vec<ReplayKey>>>);

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

    /// Checks the request.
    fn check(&self, guard: &Guard<JwkSet>) -> Result<Admission, Rejection> {
        guard.check_request_at(&self.request(), NOW)
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

fn challenges(rejection: &Rejection) -> Vec<String> {
    let of_challenge = |(name, value)| (name == "WWW-Authenticate").then_some(value);
    rejection.headers().filter_map(of_challenge).collect()
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
