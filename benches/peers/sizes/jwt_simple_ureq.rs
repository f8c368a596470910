//! `PROGRAM KEYS ISSUER AUDIENCE TOKEN` prints the subject of the token. `KEYS` is a URL.

use std::{collections::HashSet, env, error::Error, time::Duration};

use jwt_simple::prelude::{
    NoCustomClaims, RS256PublicKey, RSAPublicKeyLike as _, Token, VerificationOptions,
};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [keys, issuer, audience, token] = &arguments[..] else {
        return Err("four arguments".into());
    };
    let keys = ureq::get(keys)
        .config()
        .timeout_global(Some(TIMEOUT))
        .build()
        .call()?
        .body_mut()
        .read_to_string()?;
    let keys: Value = serde_json::from_str(&keys)?;
    let metadata = Token::decode_metadata(token)?;
    let kid = metadata.key_id().ok_or("no kid")?;
    let mut entries = keys["keys"].as_array().into_iter().flatten();
    let jwk = entries.find(|jwk| jwk["kid"] == *kid).ok_or("unknown kid")?;
    let key = RS256PublicKey::from_jwk(&jwk.to_string())?;
    let options = VerificationOptions {
        allowed_issuers: Some(HashSet::from([issuer.clone()])),
        allowed_audiences: Some(HashSet::from([audience.clone()])),
        ..VerificationOptions::default()
    };
    let claims = key.verify_token::<NoCustomClaims>(token, Some(options))?;
    claims.expires_at.ok_or("no expiration")?;
    println!("{}", claims.subject.ok_or("no subject")?);
    Ok(())
}

const TIMEOUT: Duration = Duration::from_secs(5);
