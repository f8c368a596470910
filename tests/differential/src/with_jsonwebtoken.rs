//! The verdict of jsonwebtoken, used as its documentation says, with the key that `kid` names.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, JwkSet},
};
use serde_json::Value;

use crate::cases::Case;

pub fn verdict(case: &Case) -> String {
    match catch_unwind(AssertUnwindSafe(|| verify(&case.json))) {
        Ok(Ok(())) => "accept".into(),
        Ok(Err(error)) => error,
        Err(_) => "PANIC".into(),
    }
}

fn verify(case: &Value) -> Result<(), String> {
    let (token, policy) = (case["token"].as_str().unwrap(), &case["policy"]);
    let strings = |name: &str| -> Vec<&str> {
        policy[name].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
    };
    let text = |error: jsonwebtoken::errors::Error| error.to_string();
    let header = decode_header(token).map_err(text)?;
    let set: JwkSet =
        serde_json::from_str(case["jwks"].as_str().unwrap()).map_err(|e| e.to_string())?;
    let key = key_for(&set, header.kid.as_deref(), header.alg).ok_or("no key")?;
    // A key is used with its own algorithm, or if it has none, with the token's.
    let algorithm = algorithm(key).unwrap_or(header.alg);
    let accepted: Vec<Algorithm> =
        strings("algorithms").iter().map(|name| name.parse().unwrap()).collect();
    if !accepted.contains(&algorithm) {
        return Err("algorithm of the key is not accepted".into());
    }
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[policy["issuer"].as_str().unwrap()]);
    let audiences = strings("audiences");
    match audiences.is_empty() {
        true => {
            validation.validate_aud = false;
            validation.set_required_spec_claims(&["iss", "exp"]);
        }
        false => {
            validation.set_audience(&audiences);
            validation.set_required_spec_claims(&["iss", "exp", "aud"]);
        }
    }
    // jsonwebtoken takes the time from the system only: see `rules::left_out`.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let decoding = DecodingKey::from_jwk(key).map_err(text)?;
    decode::<Value>(token, &decoding, &validation).map(|_| ()).map_err(text)
}

/// The key with this `kid`; without `kid`, the only key for `alg`, as in tokenring.
fn key_for<'s>(set: &'s JwkSet, kid: Option<&str>, alg: Algorithm) -> Option<&'s Jwk> {
    let of_algorithm = |key: &&Jwk| algorithm(key) == Some(alg);
    match kid {
        Some(kid) => {
            let named = || set.keys.iter().filter(|key| key.common.key_id.as_deref() == Some(kid));
            named().find(of_algorithm).or_else(|| named().next())
        }
        None => {
            let mut keys = set.keys.iter().filter(of_algorithm);
            keys.next().filter(|_| keys.next().is_none())
        }
    }
}

fn algorithm(key: &Jwk) -> Option<Algorithm> {
    key.common.key_algorithm.and_then(|name| name.to_string().parse().ok())
}
