//! Random tokens: good tokens of every algorithm with up to three changes. They are the same in
//! each run, except for random signatures.

use serde_json::{Value, json};
use tokenring::{
    Algorithm, UnixTime,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use crate::{algorithms::ALGORITHMS, cases::tables, numbers::Random};

pub fn cases() -> Vec<Value> {
    let tables = tables();
    let mut numbers = Random::new(1);
    (0..COUNT)
        .map(|index| {
            json!({
                "name": format!("random {index}"),
                "token": token(&mut numbers),
                "jwks": tables["key_sets"]["all keys"],
                "policy": tables["policies"]["all algorithms"],
                "now": NOW,
            })
        })
        .collect()
}

const COUNT: usize = 3000;
const NOW: u64 = 1_780_000_000;

const HEADER: [&str; 16] = [
    "alg", "kid", "typ", "cty", "crit", "b64", "zip", "enc", "jwk", "jku", "x5c", "x5u", "x5t",
    "nonce", "exp", "iss",
];

const CLAIMS: [&str; 14] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "azp",
    "client_id",
    "cnf",
    "scope",
    "permissions",
    "events",
    "act",
];

fn token(numbers: &mut Random) -> String {
    let algorithm = ALGORITHMS[numbers.below(ALGORITHMS.len())];
    let key = TestKey::for_algorithm(algorithm);
    let issuer = Issuer::with_keys(ISSUER, vec![key.clone()]);
    let good = issuer.token_at(UnixTime::from_secs(NOW));
    let mut header = members(&good.header_json());
    let mut claims = members(&good.payload_json());
    let mut signer = key.clone();
    let mut damage = None;
    for _ in 0..numbers.below(4) {
        match numbers.below(12) {
            0..3 => change(&mut header, &HEADER, numbers),
            3..9 => change(&mut claims, &CLAIMS, numbers),
            9 => {
                let mut names = ALGORITHMS.map(Algorithm::name).to_vec();
                names.extend(["HS256", "none", "Ed25519"]);
                let alg = names[numbers.below(names.len())];
                put(&mut header, "alg", json!(alg).to_string());
            }
            10 => signer = TestKey::attacker_for(algorithm),
            _ => damage = Some((numbers.below(4), numbers.below(1000))),
        }
    }
    let token = good.forged_by(&signer).raw_header(text(&header)).raw_payload(text(&claims)).mint();
    match damage {
        None => token,
        Some((kind, at)) => {
            let at = at % token.len();
            let (front, rest) = token.split_at(at);
            match kind {
                0 => format!("{front}{}", &rest[1..]),
                1 => format!("{front}A{rest}"),
                2 => format!("{front}={rest}"),
                _ => front.into(),
            }
        }
    }
}

type Members = Vec<(String, String)>;

/// Sets a member, leaves it out or repeats it.
fn change(members: &mut Members, names: &[&str], numbers: &mut Random) {
    let name = names[numbers.below(names.len())];
    let value = value(numbers);
    match numbers.below(8) {
        0 => members.retain(|(known, _)| known != name),
        1 => members.push((name.into(), value)),
        _ => put(members, name, value),
    }
}

fn put(members: &mut Members, name: &str, value: String) {
    match members.iter_mut().find(|(known, _)| known == name) {
        Some(member) => member.1 = value,
        None => members.push((name.into(), value)),
    }
}

fn value(numbers: &mut Random) -> String {
    let number = NOW - 5 + u64::try_from(numbers.below(10)).unwrap();
    match numbers.below(16) {
        0 => "null".into(),
        1 => "true".into(),
        2 => "[]".into(),
        3 => "{}".into(),
        4 => r#""""#.into(),
        5 => json!(ISSUER).to_string(),
        6 => json!(AUDIENCE).to_string(),
        7 => json!([AUDIENCE, ISSUER]).to_string(),
        8 => json!([AUDIENCE, 1]).to_string(),
        9 => number.to_string(),
        10 => format!("{number}.5"),
        11 => "-1".into(),
        12 => "1e10".into(),
        13 => json!(number.to_string()).to_string(),
        14 => r#""JWT""#.into(),
        _ => r#""at+jwt""#.into(),
    }
}

fn members(json: &str) -> Members {
    let value: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    value.into_iter().map(|(name, value)| (name, value.to_string())).collect()
}

fn text(members: &Members) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", members.join(","))
}
