//! `PROGRAM KEYS ISSUER AUDIENCE TOKEN` prints the subject of the token. `KEYS` is a URL.

use std::{env, error::Error};

use tokenring::{Policy, RemoteJwks, Verifier};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [keys, issuer, audience, token] = &arguments[..] else {
        return Err("four arguments".into());
    };
    // For the trial run, whose issuer speaks plain http.
    let keys = RemoteJwks::builder(keys).danger_allow_http_loopback().build()?;
    keys.prime()?;
    let verifier = Verifier::new(Policy::new(issuer, audience), keys)?;
    println!("{}", verifier.verify(token)?.subject().ok_or("no subject")?);
    Ok(())
}
