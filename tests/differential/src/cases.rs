//! The cases of the corpus, with everything that another program needs.

use base64::{
    Engine as _, alphabet,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD,
    },
};
use serde_json::{Value, json};
use tokenring::{JwkSet, PublicKey, UnixTime, Verifier};

use crate::{algorithms::ALGORITHMS, format};

pub struct Case {
    /// `name`, `token`, `jwks`, `policy` and `now`.
    pub json: Value,
    pub random: bool,
    /// `accept`, or the code of tokenring's error.
    pub ours: &'static str,
    /// The fields of tokenring's error.
    pub detail: Value,
    /// Header and payload, decoded as far as possible.
    pub texts: Vec<String>,
    /// The header; null if it is not JSON. `claims` likewise.
    pub header: Value,
    pub claims: Value,
}

pub fn tables() -> Value {
    serde_json::from_str(include_str!("../../corpus/tokens.json")).unwrap()
}

pub fn corpus() -> Vec<Value> {
    let corpus = tables();
    let text = |value: &Value| String::from_utf8(format::text(value)).unwrap();
    let case = |case: &Value| {
        let keys = &corpus["key_sets"][case["keys"].as_str().unwrap()];
        json!({
            "name": case["name"],
            "token": text(&case["token"]),
            "jwks": text(keys),
            "policy": corpus["policies"][case["policy"].as_str().unwrap()],
            "now": case["now"],
        })
    };
    corpus["cases"].as_array().unwrap().iter().map(case).collect()
}

impl Case {
    /// The case with tokenring's own verdict.
    pub fn verified(json: Value) -> Self {
        let token = json["token"].as_str().unwrap();
        let keys = JwkSet::from_json(json["jwks"].as_str().unwrap().as_bytes()).unwrap();
        let verifier = Verifier::new(format::policy(&json["policy"]), keys).unwrap();
        let outcome = verifier.verify_at(token, UnixTime::from_secs(json["now"].as_u64().unwrap()));
        let (ours, detail) = match &outcome {
            Ok(_) => ("accept", Value::Null),
            Err(error) => (error.code(), format::token_detail(error)),
        };
        let segments = token.split('.').take(2).map(|segment| URL_SAFE_NO_PAD.decode(segment));
        let texts: Vec<String> = segments
            .map(|bytes| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
            .collect();
        let json_of = |at: usize| -> Value {
            let text = texts.get(at).map(String::as_str).unwrap_or_default();
            serde_json::from_str(text).unwrap_or_default()
        };
        let (header, claims) = (json_of(0), json_of(1));
        let random = json["name"].as_str().unwrap().starts_with("random ");
        Self { random, ours, detail, texts, header, claims, json }
    }

    /// Whether the policy's issuer is a template.
    pub fn has_template(&self) -> bool {
        self.json["policy"]["tenants"].as_array().is_some_and(|tenants| !tenants.is_empty())
    }

    /// Whether a key of the set made the signature: every key is tried with every algorithm. Other
    /// characters in the encoding of the signature are skipped.
    pub fn is_genuine(&self) -> bool {
        let token = self.json["token"].as_str().unwrap();
        let jwks = self.json["jwks"].as_str().unwrap();
        let Some((message, signature)) = token.rsplit_once('.') else { return false };
        let alphabet = |letter: &char| letter.is_ascii_alphanumeric() || "-_".contains(*letter);
        let letters: String = signature.chars().filter(alphabet).collect();
        let Ok(signature) = LENIENT.decode(letters) else { return false };
        let jwks: Value = serde_json::from_str(jwks).unwrap();
        jwks["keys"].as_array().unwrap().iter().any(|entry| {
            ALGORITHMS.iter().any(|alg| {
                let mut key = json!({ "alg": alg.name() });
                for member in ["kty", "n", "e", "crv", "x", "y"] {
                    if let Some(value) = entry.get(member) {
                        key[member] = value.clone();
                    }
                }
                PublicKey::from_jwk(key.to_string().as_bytes())
                    .is_ok_and(|key| key.verify(message.as_bytes(), &signature).is_ok())
            })
        })
    }
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
