//! `PROGRAM KEYS ISSUER AUDIENCE TOKEN` prints the subject of the token. `KEYS` is a file.

use std::{env, error::Error, fs};

use tokenring::{JwkSet, Policy, Verifier};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [keys, issuer, audience, token] = &arguments[..] else {
        return Err("four arguments".into());
    };
    let keys = JwkSet::from_json(&fs::read(keys)?)?;
    let verifier = Verifier::new(Policy::new(issuer, audience), keys)?;
    println!("{}", verifier.verify(token)?.subject().ok_or("no subject")?);
    Ok(())
}
