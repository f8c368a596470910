//! `PROGRAM KEYS ISSUER AUDIENCE TOKEN` prints the subject of the token. `KEYS` is a URL.

use std::{env, error::Error, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [keys, issuer, audience, token] = &arguments[..] else {
        return Err("four arguments".into());
    };
    let keys: JwkSet = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .build()?
        .get(keys)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    let kid = decode_header(token)?.kid.ok_or("no kid")?;
    let key = DecodingKey::from_jwk(keys.find(&kid).ok_or("unknown kid")?)?;
    println!("{}", decode::<Claims>(token, &key, &validation)?.claims.sub);
    Ok(())
}

const TIMEOUT: Duration = Duration::from_secs(5);
