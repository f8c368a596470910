//! The policies and key sets that the cases refer to by name.

use serde_json::{Value, json};
use tokenring::{
    Algorithm,
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, Issuer, TestKey},
};

use crate::algorithms::ALGORITHMS;

pub const OTHER_AUDIENCE: &str = "https://other-api.example.com/";
pub const OTHER_CLIENT: &str = "other-client";
pub const TENANT: &str = "3f1c6c9e-7a54-4d0c-9a6b-1f2e3d4c5b6a";

pub const OTHER_TENANT: &str = "99999999-aaaa-4bbb-8ccc-dddddddddddd";
pub const TEMPLATE: &str = "https://login.example.com/{tenantid}/v2.0";

pub fn policies() -> Vec<(String, Value)> {
    let policy = |changes: Value| {
        let mut policy = json!({
            "issuer": ISSUER,
            "tenants": [],
            "audiences": [AUDIENCE],
            "clients": [],
            "algorithms": ["EdDSA"],
            "leeway": 0,
            "token_type": "jwt",
            "required_claims": [],
            "sender_constrained": "refused",
        });
        for (name, value) in changes.as_object().unwrap() {
            policy[name] = value.clone();
        }
        policy
    };
    let names: Vec<&str> = ALGORITHMS.map(Algorithm::name).to_vec();
    let mut policies: Vec<(String, Value)> = names
        .iter()
        .map(|name| ((*name).into(), policy(json!({ "algorithms": [name] }))))
        .collect();
    let special = [
        ("all algorithms", json!({ "algorithms": names })),
        ("two algorithms", json!({ "algorithms": ["ES256", "EdDSA"] })),
        ("RS512 first", json!({ "algorithms": ["RS512", "RS256"] })),
        ("leeway 60", json!({ "leeway": 60 })),
        ("leeway 600", json!({ "leeway": 600 })),
        ("access tokens", json!({ "token_type": "at+jwt" })),
        ("ID tokens", json!({ "token_type": "id_token+jwt" })),
        ("two audiences", json!({ "audiences": [AUDIENCE, OTHER_AUDIENCE] })),
        ("one client", json!({ "clients": [CLIENT_ID] })),
        ("two clients", json!({ "clients": [CLIENT_ID, OTHER_CLIENT] })),
        ("client without audience", json!({ "audiences": [], "clients": [CLIENT_ID] })),
        (
            "required claims",
            json!({ "required_claims": [["token_use", "access"], ["tid", TENANT]] }),
        ),
        (
            "other required claims",
            json!({ "required_claims": [
                ["tid", { "one_of": [TENANT, "other"] }],
                ["groups", { "contains": "admins" }],
            ] }),
        ),
        ("sender-constrained", json!({ "sender_constrained": "allowed" })),
        ("issuer without slash", json!({ "issuer": "https://tenant.example.auth0.com" })),
        ("tenant", json!({ "issuer": format!("https://login.example.com/{TENANT}/v2.0") })),
        ("one tenant of the template", json!({ "issuer": TEMPLATE, "tenants": [TENANT] })),
        ("any tenant of the template", json!({ "issuer": TEMPLATE, "tenants": ["*"] })),
    ];
    policies.extend(special.map(|(name, changes)| (name.into(), policy(changes))));
    policies
}

pub fn key_sets() -> Vec<(String, Value)> {
    let key = TestKey::for_algorithm;
    let set = |keys: &[TestKey]| {
        let keys: Vec<Value> = keys.iter().map(TestKey::jwk).collect();
        json!({ "keys": keys })
    };
    let mut sets: Vec<(String, Value)> =
        ALGORITHMS.iter().map(|one| (one.name().into(), set(&[key(*one)]))).collect();
    let rsa = key(Algorithm::RS256).with_kid("rsa");
    let ed = key(Algorithm::EdDSA);
    let attacker = TestKey::attacker_for(Algorithm::EdDSA);
    let oct = json!({ "kty": "oct", "kid": ed.kid(), "k": "c2VjcmV0", "alg": "HS256" });
    let with_oct = json!({ "keys": [oct, ed.jwk()] });
    let oct_alone = json!({ "keys": [oct] });
    let tenant = "https://login.example.com/{tenantid}/v2.0";
    let special = [
        ("default", serde_json::from_str(&Issuer::default().jwks()).unwrap()),
        ("all keys", set(&ALGORITHMS.map(key))),
        ("no keys", json!({ "keys": [] })),
        ("RSA key without alg", set(&[rsa.without_alg()])),
        ("EC key without alg", set(&[key(Algorithm::ES256).without_alg()])),
        ("EdDSA key without kid", set(&[ed.without_member("kid")])),
        ("two keys, one kid", set(&[ed.clone(), attacker.with_kid(ed.kid())])),
        ("one key twice", set(&[ed.clone(), ed.clone()])),
        ("one key, two kids", set(&[ed.with_kid("one"), ed.with_kid("two")])),
        (
            "thumbprints",
            set(&[
                attacker.with_kid("one").with_member("x5t", "one").with_member("x5t#S256", "1"),
                ed.with_kid("two").with_member("x5t", "two").with_member("x5t#S256", "2"),
                key(Algorithm::ES256).with_kid("three").with_member("x5t", "three"),
            ]),
        ),
        ("thumbprints in kid alone", set(&[attacker.with_kid("one"), ed.with_kid("two")])),
        (
            "two keys, one thumbprint",
            set(&[
                attacker.with_kid("one").with_member("x5t", "both"),
                ed.with_kid("two").with_member("x5t", "both"),
            ]),
        ),
        (
            "thumbprint of another type",
            set(&[ed.with_member("x5t", 1).with_member("x5t#S256", json!(["x"]))]),
        ),
        ("one kid, two types", set(&[key(Algorithm::ES256).with_kid("key"), ed.with_kid("key")])),
        ("secret of the same kid", with_oct),
        ("secret alone", oct_alone),
        ("for encryption", set(&[ed.with_member("use", "enc")])),
        ("to sign only", set(&[ed.without_member("use").with_member("key_ops", json!(["sign"]))])),
        ("private key published", set(&[ed.with_member("d", "AAAA")])),
        (
            "private key published elsewhere",
            set(&[ed.clone(), ed.with_kid("copy").with_member("d", "AAAA")]),
        ),
        ("key of another issuer", set(&[ed.with_member("issuer", "https://other.example/")])),
        ("key of this issuer", set(&[ed.with_member("issuer", ISSUER)])),
        ("key of each tenant", set(&[ed.with_member("issuer", tenant)])),
    ];
    sets.extend(special.map(|(name, set)| (name.into(), set)));
    let text = |(name, set): (String, Value)| (name, Value::from(set.to_string()));
    sets.into_iter().map(text).collect()
}
