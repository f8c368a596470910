//! Helpers of the tests of proofs: a good proof, and a way to change each part of it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde_json::Value;
use tokenring::{
    Algorithm, UnixTime,
    possession::{
        BoundToken, Confirmation, ProofAccepted, ProofError, ProofFinding, ProofPolicy,
        ProofVerifier, ReplayError, ReplayKey, ReplayStore, Request,
    },
    testkit::{DpopClient, TestKey, TokenBuilder},
};

use crate::common::NOW;

/// The access token: opaque to a proof.
pub const TOKEN: &str = "header.payload.signature";

pub const ORIGIN: &str = "https://api.example.com";

/// A proof in the making, and the key that the token is bound to.
#[derive(Clone)]
pub struct Proof {
    key: TestKey,
    proof: TokenBuilder,
}

/// A good proof for `GET https://api.example.com/v1/users`, made at [`NOW`] with the fixed ES256 key.
pub fn proof() -> Proof {
    Proof::with_key(&TestKey::for_algorithm(Algorithm::ES256))
}

impl Proof {
    /// The `jti` is fixed, so that Ed25519 makes one text.
    pub fn with_key(key: &TestKey) -> Self {
        let client = DpopClient::new(key);
        let proof = client.proof_at("GET", "https://api.example.com/v1/users", TOKEN, NOW);
        Self { key: key.clone(), proof: proof.claim("jti", "a-good-identifier") }
    }

    pub fn header(self, name: &str, value: impl Into<Value>) -> Self {
        Self { proof: self.proof.header(name, value), ..self }
    }

    pub fn without_header(self, name: &str) -> Self {
        Self { proof: self.proof.without_header(name), ..self }
    }

    /// The member of `jwk`, set to this value.
    pub fn jwk(self, name: &str, value: impl Into<Value>) -> Self {
        let mut jwk: Value = serde_json::from_str(&self.texts().0).unwrap();
        jwk["jwk"][name] = value.into();
        let jwk = jwk["jwk"].take();
        self.header("jwk", jwk)
    }

    pub fn claim(self, name: &str, value: impl Into<Value>) -> Self {
        Self { proof: self.proof.claim(name, value), ..self }
    }

    pub fn without_claim(self, name: &str) -> Self {
        Self { proof: self.proof.without_claim(name), ..self }
    }

    /// The claim `name` set to a JSON text, which serde_json would write in another way.
    pub fn raw_claim(self, name: &str, json: &str) -> Self {
        Self { proof: self.proof.raw_claim(name, json), ..self }
    }

    /// JSON text in place of the claims.
    pub fn payload(self, json: String) -> Self {
        Self { proof: self.proof.raw_payload(json), ..self }
    }

    /// JSON text in place of the header.
    pub fn header_text(self, json: String) -> Self {
        Self { proof: self.proof.raw_header(json), ..self }
    }

    /// The JSON texts of header and claims, unless they are given as texts.
    pub fn texts(&self) -> (String, String) {
        (self.proof.header_json(), self.proof.payload_json())
    }

    /// The header, with this text before its closing brace.
    pub fn header_and(self, members: &str) -> Self {
        let (header, _) = self.texts();
        let header = format!("{},{members}}}", header.strip_suffix('}').unwrap());
        self.header_text(header)
    }

    /// The claims, with this text before their closing brace.
    pub fn claims_and(self, members: &str) -> Self {
        let (_, claims) = self.texts();
        let claims = format!("{},{members}}}", claims.strip_suffix('}').unwrap());
        self.payload(claims)
    }

    pub fn sign(&self) -> String {
        self.proof.mint()
    }

    pub fn sign_in_der(self) -> String {
        self.proof.signature_in_der().mint()
    }

    /// Checks the proof in a request for `GET /v1/users` at [`NOW`], with a token that is bound to its key.
    pub fn check(&self) -> Result<(), ProofError> {
        self.check_in(&verifier(), "GET", "/v1/users", NOW).map(|_| ())
    }

    pub fn check_at(&self, now: UnixTime) -> Result<(), ProofError> {
        self.check_in(&verifier(), "GET", "/v1/users", now).map(|_| ())
    }

    pub fn check_for(&self, method: &str, target: &str) -> Result<(), ProofError> {
        self.check_in(&verifier(), method, target, NOW).map(|_| ())
    }

    pub fn check_in(
        &self,
        verifier: &ProofVerifier,
        method: &str,
        target: &str,
        now: UnixTime,
    ) -> Result<ProofAccepted, ProofError> {
        let text = self.sign();
        let request = Request::new(method, target).dpop([&*text]);
        let outcome = verifier.check_at(&request, &bound_to(&self.key), now);
        assert_findings(&verifier.findings_at(&request, &bound_to(&self.key), now), outcome.err());
        outcome
    }
}

/// The findings agree with a verdict: what comes before its error has passed.
pub fn assert_findings(findings: &[ProofFinding], error: Option<ProofError>) {
    use tokenring::possession::{ProofCheck, ProofOutcome};

    let error = error.filter(|error| error.check() != ProofCheck::Replay);
    let first = findings.iter().find(|finding| finding.outcome() != ProofOutcome::Passed);
    match (first, error) {
        (None, None) => {}
        (Some(first), Some(error)) => {
            assert_eq!(
                (first.check(), first.outcome()),
                (error.check(), ProofOutcome::Failed(error))
            );
        }
        (first, error) => panic!("{first:?} instead of {error:?}"),
    }
    assert_eq!(findings.len(), 20);
}

/// The public members of a key, without `alg`, `kid` and `use`.
pub fn jwk(key: &TestKey) -> Value {
    key.without_alg().without_member("kid").without_member("use").jwk()
}

/// [`TOKEN`], bound to `key`.
pub fn bound_to(key: &TestKey) -> BoundToken<'static> {
    BoundToken::new(TOKEN, Confirmation::of_key(key.thumbprint()))
}

/// A verifier with the default settings and RS256, and a memory of its own.
pub fn verifier() -> ProofVerifier {
    verifier_of(policy())
}

pub fn policy() -> ProofPolicy {
    static ALGORITHMS: LazyLock<Vec<Algorithm>> = LazyLock::new(|| {
        vec![
            Algorithm::ES256,
            Algorithm::ES384,
            Algorithm::EdDSA,
            Algorithm::PS256,
            Algorithm::RS256,
        ]
    });
    ProofPolicy::new(ORIGIN).algorithms(ALGORITHMS.clone())
}

pub fn verifier_of(policy: ProofPolicy) -> ProofVerifier {
    ProofVerifier::new(policy, Forgetful).unwrap()
}

/// A memory that admits everything, for tests of the other checks.
pub struct Forgetful;

impl ReplayStore for Forgetful {
    fn insert(&self, _: &ReplayKey, end: UnixTime, now: UnixTime) -> Result<(), ReplayError> {
        assert!(end > now);
        Ok(())
    }
}

pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn sha256(bytes: &[u8]) -> String {
    base64url(digest(&SHA256, bytes).as_ref())
}
