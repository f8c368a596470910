//! The format of texts, policies and errors in the corpus, which `README.md` describes. The tests,
//! the generator and the comparison with other libraries share this file.
#![allow(dead_code, unreachable_pub, reason = "each of its users needs a part of it")]

use std::{collections::BTreeSet, sync::Mutex, time::Duration};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokenring::{
    Algorithm, JsonError, JwkError, JwkSetError, Policy, TokenType, UnixTime, VerifyError,
    possession::{
        BoundToken, ClientCertificate, Confirmation, ConfirmationError, Nonces, ProofError,
        ProofPolicy, ProofVerifier, ReplayError, ReplayKey, ReplayStore, Request,
    },
};

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

/// Why a request of `proofs.json` is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// The token is bound to nothing that can be checked.
    Cnf(ConfirmationError),
    Proof(ProofError),
}

impl Refusal {
    /// As the corpus has it: it does not repeat that it is about proofs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cnf(_) => "cnf",
            Self::Proof(error) => error.code().trim_start_matches("proof_"),
        }
    }
}

/// What a service demands of proofs, in which no member is missing.
pub fn proof_policy(value: &Value) -> ProofPolicy {
    let algorithms = value["algorithms"].as_array().unwrap().iter();
    let seconds = |name: &str| Duration::from_secs(value[name].as_u64().unwrap());
    let policy = ProofPolicy::new(value["origin"].as_str().unwrap())
        .algorithms(algorithms.map(|name| name.as_str().unwrap().parse::<Algorithm>().unwrap()))
        .max_age(seconds("max_age"))
        .ahead(seconds("ahead"));
    match value["nonces"].as_str().unwrap() {
        "off" => policy,
        "required" => policy.nonces(nonces()),
        other => panic!("neither off nor required: {other}"),
    }
}

/// The nonces of the services in the corpus.
pub fn nonces() -> Nonces {
    Nonces::with_secret("the nonces of the corpus have no secret").unwrap()
}

/// The verdict about a request of `proofs.json`.
pub fn proof_verdict(case: &Value, policy: &Value) -> Result<(), Refusal> {
    let string = |name: &str| case[name].as_str().unwrap();
    let cnf = Confirmation::from_json(string("cnf").as_bytes()).map_err(Refusal::Cnf)?;
    let token = BoundToken::new(string("token"), cnf)
        .leeway(Duration::from_secs(policy["leeway"].as_u64().unwrap()));
    let certificate = case.get("certificate").map(|certificate| {
        let digest = URL_SAFE_NO_PAD.decode(certificate.as_str().unwrap()).unwrap();
        ClientCertificate::from_sha256(digest.try_into().unwrap())
    });
    let proofs: Vec<Vec<u8>> = case["proofs"].as_array().unwrap().iter().map(text).collect();
    let request = Request::new(string("method"), string("target"))
        .dpop(&proofs)
        .client_certificate(certificate.as_ref());
    let now = UnixTime::from_secs(case["now"].as_u64().unwrap());
    let verifier = ProofVerifier::new(proof_policy(policy), Used::default()).unwrap();
    let check = || verifier.check_at(&request, &token, now).map(drop).map_err(Refusal::Proof);
    if case.get("again").is_some() {
        check()?;
    }
    check()
}

/// A memory of used proofs that needs no feature of the crate.
#[derive(Default)]
struct Used(Mutex<BTreeSet<[u8; 32]>>);

impl ReplayStore for Used {
    fn insert(&self, key: &ReplayKey, _: UnixTime, _: UnixTime) -> Result<(), ReplayError> {
        match self.0.lock().unwrap().insert(*key.as_bytes()) {
            true => Ok(()),
            false => Err(ReplayError::Replayed),
        }
    }
}

/// The fields of a refusal, which the corpus lists besides its code.
pub fn proof_detail(refusal: &Refusal) -> Value {
    let error = match *refusal {
        Refusal::Cnf(error) => {
            let mut detail = json!({ "code": error.code() });
            match error {
                ConfirmationError::Json(error) => detail["json"] = json_code(error).into(),
                ConfirmationError::MemberType { member }
                | ConfirmationError::NotThumbprint { member } => detail["member"] = member.into(),
                _ => {}
            }
            return detail;
        }
        Refusal::Proof(error) => error,
    };
    match error {
        ProofError::TooLong { bytes }
        | ProofError::HeaderTooLong { bytes }
        | ProofError::ModulusTooLarge { bytes }
        | ProofError::IdentifierLength { bytes } => json!({ "bytes": bytes }),
        ProofError::SegmentCount { found } => json!({ "found": found }),
        ProofError::EmptySegment { segment } | ProofError::NotBase64url { segment } => {
            json!({ "segment": segment })
        }
        ProofError::HeaderJson(error) | ProofError::PayloadJson(error) => {
            json!({ "json": json_code(error) })
        }
        ProofError::HeaderForbidden { parameter }
        | ProofError::HeaderMissing { parameter }
        | ProofError::HeaderType { parameter } => json!({ "parameter": parameter }),
        ProofError::Key(error) | ProofError::KeyNumbers(error) => {
            let mut detail = json!({ "key": error.code() });
            for (name, value) in key_detail(&error).as_object().unwrap() {
                detail[name] = value.clone();
            }
            detail
        }
        ProofError::KeyZeroInFront { member } => json!({ "member": member }),
        ProofError::ClaimMissing { claim } | ProofError::ClaimType { claim } => {
            json!({ "claim": claim })
        }
        ProofError::MalformedTarget(error) | ProofError::RequestTarget(error) => {
            json!({ "uri": error.code() })
        }
        ProofError::WrongTarget { part } => json!({ "part": part }),
        ProofError::Expired { exp, now } => json!({ "exp": exp, "now": now }),
        ProofError::NotYetValid { nbf, now } => json!({ "nbf": nbf, "now": now }),
        ProofError::TooOld { iat, now } | ProofError::FromFuture { iat, now } => {
            json!({ "iat": iat, "now": now })
        }
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
