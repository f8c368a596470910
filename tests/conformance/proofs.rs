//! Helpers of the tests of proofs: a good proof, and a way to change each part of it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};
use tokenring::{
    Algorithm, PublicKey, UnixTime,
    possession::{
        BoundToken, Confirmation, ProofAccepted, ProofError, ProofFinding, ProofPolicy,
        ProofVerifier, ReplayError, ReplayKey, ReplayStore, Request,
    },
    testkit::TestKey,
};

use crate::common::NOW;

/// The access token: opaque to a proof.
pub const TOKEN: &str = "header.payload.signature";

pub const ORIGIN: &str = "https://api.example.com";

/// A proof in the making: header, claims, and the key that signs it.
#[derive(Clone)]
pub struct Proof {
    key: TestKey,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// JSON text in place of the claims.
    payload: Option<String>,
    /// JSON text in place of the header.
    header_text: Option<String>,
}

/// A good proof for `GET https://api.example.com/v1/users`, made at [`NOW`] with the fixed ES256 key.
pub fn proof() -> Proof {
    Proof::with_key(&TestKey::for_algorithm(Algorithm::ES256))
}

impl Proof {
    pub fn with_key(key: &TestKey) -> Self {
        let header = json!({ "typ": "dpop+jwt", "alg": key.algorithm().name(), "jwk": jwk(key) });
        let claims = json!({
            "jti": "a-good-identifier",
            "htm": "GET",
            "htu": "https://api.example.com/v1/users",
            "iat": NOW.as_secs(),
            "ath": sha256(TOKEN.as_bytes()),
        });
        let (Value::Object(header), Value::Object(claims)) = (header, claims) else { panic!() };
        Self { key: key.clone(), header, claims, payload: None, header_text: None }
    }

    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.into(), value.into());
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// The member of `jwk`, set to this value.
    pub fn jwk(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header["jwk"][name] = value.into();
        self
    }

    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// The claim `name` set to a JSON text, which serde_json would write in another way.
    pub fn raw_claim(self, name: &str, json: &str) -> Self {
        let mut members = vec![format!("{name:?}:{json}")];
        for (other, value) in self.claims.iter().filter(|(other, _)| *other != name) {
            members.push(format!("{other:?}:{value}"));
        }
        self.payload(format!("{{{}}}", members.join(",")))
    }

    pub fn payload(mut self, json: String) -> Self {
        self.payload = Some(json);
        self
    }

    /// The JSON texts of header and claims.
    pub fn texts(&self) -> (String, String) {
        let header = self.header_text.clone();
        let header = header.unwrap_or_else(|| Value::Object(self.header.clone()).to_string());
        let claims = self.payload.clone();
        (header, claims.unwrap_or_else(|| Value::Object(self.claims.clone()).to_string()))
    }

    pub fn header_text(mut self, json: String) -> Self {
        self.header_text = Some(json);
        self
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
        let (header, claims) = self.texts();
        let input = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
        let signature = base64url(&self.key.sign(input.as_bytes()));
        format!("{input}.{signature}")
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
    let key = PublicKey::from_jwk(jwk(key).to_string().as_bytes()).unwrap();
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
