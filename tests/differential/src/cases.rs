//! The cases: those of the corpus, with everything another program needs.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokenring::{JwkSet, UnixTime, Verifier};

use crate::format;

pub struct Case {
    /// `name`, `token`, `jwks`, `policy` and `now`.
    pub json: Value,
    pub random: bool,
    /// `accept`, or tokenring's code.
    pub ours: &'static str,
    /// The parts of tokenring's verdict.
    pub detail: Value,
    /// Header and payload as far as they are JSON.
    pub header: Value,
    pub claims: Value,
}

pub fn tables() -> Value {
    serde_json::from_str(include_str!("../../corpus/tokens.json")).unwrap()
}

pub fn corpus() -> Vec<Case> {
    let corpus = tables();
    let text = |value: &Value| String::from_utf8(format::text(value)).unwrap();
    let case = |case: &Value| {
        let keys = &corpus["key_sets"][case["keys"].as_str().unwrap()];
        Case::verified(json!({
            "name": case["name"],
            "token": text(&case["token"]),
            "jwks": text(keys),
            "policy": corpus["policies"][case["policy"].as_str().unwrap()],
            "now": case["now"],
        }))
    };
    corpus["cases"].as_array().unwrap().iter().map(case).collect()
}

impl Case {
    /// With tokenring's own verdict.
    pub fn verified(json: Value) -> Self {
        let token = json["token"].as_str().unwrap();
        let keys = JwkSet::from_json(json["jwks"].as_str().unwrap().as_bytes()).unwrap();
        let verifier = Verifier::new(format::policy(&json["policy"]), keys).unwrap();
        let outcome = verifier.verify_at(token, UnixTime::from_secs(json["now"].as_u64().unwrap()));
        let (ours, detail) = match &outcome {
            Ok(_) => ("accept", Value::Null),
            Err(error) => (error.code(), format::token_detail(error)),
        };
        let segment = |at: usize| -> Option<Value> {
            let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(at)?).ok()?;
            serde_json::from_slice(&bytes).ok()
        };
        let (header, claims) =
            (segment(0).unwrap_or_default(), segment(1).unwrap_or_default());
        let random = json["name"].as_str().unwrap().starts_with("random ");
        Self { random, ours, detail, header, claims, json }
    }
}
