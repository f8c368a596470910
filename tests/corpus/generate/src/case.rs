//! One case of the corpus, and its JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokenring::{
    JwkError, JwkSetError, VerifyError,
    possession::{ConfirmationError, ProofError},
};

use crate::{
    format::{self, Refusal},
    strict,
};

/// The time of every case that does not set another.
pub const NOW: u64 = 1_780_000_000;

/// A token and its verdict.
pub struct TokenCase {
    pub name: String,
    clause: String,
    pub token: String,
    keys: String,
    policy: String,
    now: u64,
    expect: Result<(), VerifyError>,
    strict: Option<&'static str>,
}

impl TokenCase {
    /// Accepted by policy `RS256` with key set `default`, unless changed by the methods below.
    pub fn new(name: impl Into<String>, clause: impl Into<String>, token: String) -> Self {
        let (keys, policy) = ("default".into(), "RS256".into());
        let (name, clause) = (name.into(), clause.into());
        Self { name, clause, token, keys, policy, now: NOW, expect: Ok(()), strict: None }
    }

    pub fn refused(mut self, error: VerifyError) -> Self {
        self.expect = Err(error);
        self
    }

    pub fn expect(mut self, expect: Result<(), VerifyError>) -> Self {
        self.expect = expect;
        self
    }

    pub fn keys(mut self, keys: impl Into<String>) -> Self {
        self.keys = keys.into();
        self
    }

    pub fn policy(mut self, policy: impl Into<String>) -> Self {
        self.policy = policy.into();
        self
    }

    pub fn at(mut self, now: u64) -> Self {
        self.now = now;
        self
    }

    /// Refused by choice: no RFC requires it.
    pub fn strict(mut self, reason: &'static str) -> Self {
        self.strict = Some(reason);
        self
    }

    pub fn to_json(&self) -> Value {
        let strict = self.strict.or_else(|| strict::reason(strict::TOKENS, &self.name));
        let mut case = head(&self.name, &self.clause, strict);
        case["keys"] = self.keys.as_str().into();
        case["policy"] = self.policy.as_str().into();
        case["now"] = self.now.into();
        case["token"] = pieces(self.token.as_bytes());
        let detail = self.expect.map_or_else(|error| format::token_detail(&error), |()| json!({}));
        case["expect"] = self.expect.map_or_else(|error| error.code(), |()| "accept").into();
        with_detail(case, detail)
    }
}

/// A key set and its outcome.
pub struct SetCase {
    pub name: String,
    clause: String,
    jwks: Vec<u8>,
    expect: Result<Entries, JwkSetError>,
    strict: Option<&'static str>,
}

/// The `kid` and `alg` of the usable keys, and the skipped entries.
#[derive(Default)]
pub struct Entries {
    pub usable: Vec<(Option<String>, &'static str)>,
    pub skipped: Vec<(usize, JwkError)>,
}

impl SetCase {
    fn new(
        name: impl Into<String>,
        clause: impl Into<String>,
        jwks: impl Into<Vec<u8>>,
        expect: Result<Entries, JwkSetError>,
    ) -> Self {
        let (name, clause) = (name.into(), clause.into());
        Self { name, clause, jwks: jwks.into(), expect, strict: None }
    }

    /// The set as a whole is refused.
    pub fn refused(
        name: impl Into<String>,
        clause: impl Into<String>,
        jwks: impl Into<Vec<u8>>,
        error: JwkSetError,
    ) -> Self {
        Self::new(name, clause, jwks, Err(error))
    }

    /// The set's only entry is skipped.
    pub fn skipped(
        name: impl Into<String>,
        clause: impl Into<String>,
        jwks: impl Into<Vec<u8>>,
        error: JwkError,
    ) -> Self {
        Self::read(name, clause, jwks, &[], &[(0, error)])
    }

    /// The set has these usable keys, and these entries are skipped.
    pub fn read(
        name: impl Into<String>,
        clause: impl Into<String>,
        jwks: impl Into<Vec<u8>>,
        usable: &[(&str, &'static str)],
        skipped: &[(usize, JwkError)],
    ) -> Self {
        let usable = usable.iter().map(|(kid, alg)| (Some((*kid).into()), *alg)).collect();
        Self::new(name, clause, jwks, Ok(Entries { usable, skipped: skipped.to_vec() }))
    }

    /// The set has one usable key, which has no `kid`.
    pub fn nameless(
        name: impl Into<String>,
        clause: impl Into<String>,
        jwks: impl Into<Vec<u8>>,
        alg: &'static str,
    ) -> Self {
        let entries = Entries { usable: vec![(None, alg)], skipped: vec![] };
        Self::new(name, clause, jwks, Ok(entries))
    }

    /// Refused by choice: no RFC requires it.
    pub fn strict(mut self, reason: &'static str) -> Self {
        self.strict = Some(reason);
        self
    }

    pub fn to_json(&self) -> Value {
        let strict = self.strict.or_else(|| strict::reason(strict::SETS, &self.name));
        let mut case = head(&self.name, &self.clause, strict);
        case["jwks"] = pieces(&self.jwks);
        match &self.expect {
            Err(error) => {
                case["error"] = error.code().into();
                with_detail(case, format::set_detail(error))
            }
            Ok(entries) => {
                let usable =
                    entries.usable.iter().map(|(kid, alg)| json!({"kid": kid, "alg": alg}));
                case["usable"] = usable.collect();
                let skipped = entries.skipped.iter().map(|(index, error)| {
                    let entry = json!({ "index": index, "code": error.code() });
                    with_detail(entry, format::key_detail(error))
                });
                case["skipped"] = skipped.collect();
                case
            }
        }
    }
}

/// A request with a proof, and its verdict.
pub struct ProofCase {
    pub name: String,
    clause: &'static str,
    policy: &'static str,
    now: u64,
    method: String,
    target: String,
    token: String,
    cnf: String,
    certificate: Option<String>,
    nonces: Vec<String>,
    proofs: Vec<Vec<u8>>,
    again: bool,
    expect: Result<(), Refusal>,
}

impl ProofCase {
    /// `GET /v1/users` with the token [`ACCESS_TOKEN`](crate::proofs::ACCESS_TOKEN). Accepted by policy `default`,
    /// unless changed by the methods below.
    pub fn new(
        name: impl Into<String>,
        clause: &'static str,
        cnf: impl Into<String>,
        proof: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            name: name.into(),
            clause,
            policy: "default",
            now: NOW,
            method: "GET".into(),
            target: "/v1/users".into(),
            token: crate::proofs::ACCESS_TOKEN.into(),
            cnf: cnf.into(),
            certificate: None,
            nonces: vec![],
            proofs: vec![proof.into()],
            again: false,
            expect: Ok(()),
        }
    }

    pub fn refused(mut self, error: ProofError) -> Self {
        self.expect = Err(Refusal::Proof(error));
        self
    }

    /// The token itself is refused.
    pub fn cnf_refused(mut self, error: ConfirmationError) -> Self {
        self.expect = Err(Refusal::Cnf(error));
        self
    }

    pub fn policy(mut self, policy: &'static str) -> Self {
        self.policy = policy;
        self
    }

    pub fn at(mut self, now: u64) -> Self {
        self.now = now;
        self
    }

    pub fn request(mut self, method: &str, target: &str) -> Self {
        (self.method, self.target) = (method.into(), target.into());
        self
    }

    pub fn token(mut self, token: &str) -> Self {
        self.token = token.into();
        self
    }

    /// The client's certificate, by its SHA-256 in base64url.
    pub fn certificate(mut self, thumbprint: String) -> Self {
        self.certificate = Some(thumbprint);
        self
    }

    /// The nonces that the service accepts at that time.
    pub fn nonces(mut self, nonces: Vec<String>) -> Self {
        self.nonces = nonces;
        self
    }

    /// All values of the field.
    pub fn proofs(mut self, proofs: Vec<String>) -> Self {
        self.proofs = proofs.into_iter().map(String::into_bytes).collect();
        self
    }

    /// The same request was accepted before, at the same time.
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }

    pub fn to_json(&self) -> Value {
        let strict = strict::reason(strict::PROOFS, &self.name);
        let mut case = head(&self.name, self.clause, strict);
        case["policy"] = self.policy.into();
        case["now"] = self.now.into();
        case["method"] = self.method.as_str().into();
        case["target"] = self.target.as_str().into();
        case["token"] = self.token.as_str().into();
        case["cnf"] = self.cnf.as_str().into();
        if let Some(certificate) = &self.certificate {
            case["certificate"] = certificate.as_str().into();
        }
        if !self.nonces.is_empty() {
            case["nonces"] = self.nonces.clone().into();
        }
        if self.again {
            case["again"] = true.into();
        }
        case["proofs"] = self.proofs.iter().map(|proof| pieces(proof)).collect();
        case["expect"] = self.expect.map_or_else(|error| error.code(), |()| "accept").into();
        let detail = self.expect.map_or_else(|error| format::proof_detail(&error), |()| json!({}));
        with_detail(case, detail)
    }
}

fn head(name: &str, clause: &str, strict: Option<&str>) -> Value {
    let mut case = json!({ "name": name, "clause": clause });
    if let Some(reason) = strict {
        case["strict"] = true.into();
        case["reason"] = reason.into();
    }
    case
}

fn with_detail(mut value: Value, detail: Value) -> Value {
    if detail != json!({}) {
        value["detail"] = detail;
    }
    value
}

/// A text, in the shortest form that `format::text` reads.
pub fn pieces(text: &[u8]) -> Value {
    let Ok(string) = std::str::from_utf8(text) else {
        return json!([{ "base64": STANDARD.encode(text) }]);
    };
    let (mut pieces, mut start, mut at) = (vec![], 0, 0);
    while at < text.len() {
        // The longest repetition that starts here.
        let units = (1..=UNIT).filter(|unit| text.get(at + unit) == Some(&text[at]));
        let runs = units.map(|unit| (run(&text[at..], unit), unit));
        let (times, unit) = runs.max_by_key(|(times, unit)| times * unit).unwrap_or_default();
        let (end, unit_end) = (at + times * unit, at + unit);
        let cuts = [at, unit_end, end].iter().all(|cut| string.is_char_boundary(*cut));
        if times * unit < 120 || times < 4 || !cuts {
            at += 1;
            continue;
        }
        if start < at {
            pieces.push(json!(string[start..at]));
        }
        pieces.push(json!({ "repeat": string[at..unit_end], "times": times }));
        (start, at) = (end, end);
    }
    match pieces.is_empty() {
        true => json!(string),
        false => {
            if start < text.len() {
                pieces.push(json!(string[start..]));
            }
            json!(pieces)
        }
    }
}

/// How often `text` repeats its first `unit` bytes at its start.
fn run(text: &[u8], unit: usize) -> usize {
    match text.get(..unit) {
        Some(first) => text.chunks_exact(unit).take_while(|chunk| chunk == &first).count(),
        None => 0,
    }
}

/// The longest text whose repetitions are searched for: about the length of a JWK.
const UNIT: usize = 600;
