//! The format of texts, policies and errors in the corpus, which `README.md` describes. The tests,
//! the generator and the comparison with other libraries share this file.
#![allow(dead_code, unreachable_pub, reason = "each of its users needs a part of it")]

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokenring::{Algorithm, JsonError, JwkError, JwkSetError, Policy, TokenType, VerifyError};

/// A text: a string, or an array of pieces to concatenate: strings, `{"repeat", "times"}` and
/// `{"base64"}`.
pub fn text(value: &Value) -> Vec<u8> {
    match value {
        Value::String(string) => string.clone().into_bytes(),
        Value::Array(pieces) => pieces.iter().flat_map(text).collect(),
        piece => match (&piece["repeat"], &piece["times"], &piece["base64"]) {
            (Value::String(string), Value::Number(times), Value::Null) => {
                string.repeat(usize::try_from(times.as_u64().unwrap()).unwrap()).into_bytes()
            }
            (Value::Null, Value::Null, Value::String(bytes)) => STANDARD.decode(bytes).unwrap(),
            _ => panic!("no text: {piece}"),
        },
    }
}

/// A policy, in which no member is missing.
pub fn policy(value: &Value) -> Policy {
    let strings = |name: &str| -> Vec<&str> {
        value[name].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
    };
    let issuer = value["issuer"].as_str().unwrap();
    let (audiences, clients) = (strings("audiences"), strings("clients"));
    let mut policy = match (audiences.as_slice(), clients.as_slice()) {
        ([first, rest @ ..], clients) => {
            let policy = match strings("tenants").is_empty() {
                true => Policy::new(issuer, *first),
                false => Policy::for_tenants(issuer, *first),
            };
            let policy = rest.iter().fold(policy, |policy, one| policy.accept_audience(*one));
            clients.iter().fold(policy, |policy, one| policy.accept_client(*one))
        }
        ([], [first, rest @ ..]) => {
            let policy = Policy::for_client(issuer, *first);
            rest.iter().fold(policy, |policy, one| policy.accept_client(*one))
        }
        ([], []) => panic!("a policy must name audiences or clients: {value}"),
    };
    policy = policy
        .algorithms(strings("algorithms").iter().map(|name| name.parse::<Algorithm>().unwrap()))
        .leeway(Duration::from_secs(value["leeway"].as_u64().unwrap()))
        .token_type(match value["token_type"].as_str().unwrap() {
            "jwt" => TokenType::Jwt,
            "at+jwt" => TokenType::AccessToken,
            "id_token+jwt" => TokenType::IdToken,
            other => panic!("unknown type of token: {other}"),
        });
    policy = match strings("tenants").as_slice() {
        [] => policy,
        ["*"] => policy.any_tenant(),
        tenants => policy.tenants(tenants),
    };
    for claim in value["required_claims"].as_array().unwrap() {
        let name = claim[0].as_str().unwrap();
        policy = match (&claim[1], claim[1]["one_of"].as_array(), claim[1]["contains"].as_str()) {
            (Value::String(value), _, _) => policy.require_claim(name, value),
            (_, Some(values), None) => {
                let values = values.iter().map(|value| value.as_str().unwrap());
                policy.require_claim_one_of(name, values)
            }
            (_, None, Some(value)) => policy.require_claim_containing(name, value),
            (other, _, _) => panic!("unknown requirement: {other}"),
        };
    }
    match value["sender_constrained"].as_str().unwrap() {
        "refused" => policy,
        "allowed" => policy.allow_sender_constrained(),
        other => panic!("neither refused nor allowed: {other}"),
    }
}

/// The fields of a verdict, which the corpus lists besides its code.
pub fn token_detail(error: &VerifyError) -> Value {
    match *error {
        VerifyError::TokenTooLong { bytes } | VerifyError::HeaderTooLong { bytes } => {
            json!({ "bytes": bytes })
        }
        VerifyError::KeyIdLength { bytes } => json!({ "bytes": bytes }),
        VerifyError::SegmentCount { found } => json!({ "found": found }),
        VerifyError::EmptySegment { segment } | VerifyError::NotBase64url { segment } => {
            json!({ "segment": segment })
        }
        VerifyError::HeaderJson(error) | VerifyError::PayloadJson(error) => {
            json!({ "json": json_code(error) })
        }
        VerifyError::HeaderForbidden { parameter } | VerifyError::HeaderType { parameter } => {
            json!({ "parameter": parameter })
        }
        VerifyError::ClaimMissing { claim }
        | VerifyError::ClaimType { claim }
        | VerifyError::ClaimRange { claim } => json!({ "claim": claim }),
        VerifyError::Expired { exp, now } => json!({ "exp": exp, "now": now }),
        VerifyError::NotYetValid { nbf, now } => json!({ "nbf": nbf, "now": now }),
        VerifyError::RequiredClaim { index } => json!({ "index": index }),
        _ => json!({}),
    }
}

/// The fields of a key's error, which the corpus lists besides its code.
pub fn key_detail(error: &JwkError) -> Value {
    match *error {
        JwkError::TooLong { bytes } => json!({ "bytes": bytes }),
        JwkError::Json(error) => json!({ "json": json_code(error) }),
        JwkError::MemberMissing { member }
        | JwkError::MemberType { member }
        | JwkError::PrivateKey { member }
        | JwkError::NotBase64url { member } => json!({ "member": member }),
        JwkError::CoordinateLength { member, bytes, expected } => {
            json!({ "member": member, "bytes": bytes, "expected": expected })
        }
        JwkError::ModulusTooSmall { bits } | JwkError::ModulusTooLarge { bits } => {
            json!({ "bits": bits })
        }
        JwkError::ModulusSmallFactor { factor } => json!({ "factor": factor }),
        _ => json!({}),
    }
}

/// The fields of a key set's error, which the corpus lists besides its code.
pub fn set_detail(error: &JwkSetError) -> Value {
    match *error {
        JwkSetError::TooLong { bytes } => json!({ "bytes": bytes }),
        JwkSetError::Json(error) => json!({ "json": json_code(error) }),
        _ => json!({}),
    }
}

fn json_code(error: JsonError) -> &'static str {
    match error {
        JsonError::NotUtf8 => "not_utf8",
        JsonError::NotObject => "not_object",
        JsonError::TooDeep => "too_deep",
        JsonError::Syntax => "syntax",
        JsonError::DuplicateMember => "duplicate_member",
        JsonError::TooManyMembers => "too_many_members",
        _ => panic!("the corpus has no name for {error:?}"),
    }
}
