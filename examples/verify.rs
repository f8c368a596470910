//! Verifies a token and says what it found: `cargo run --example verify -- --help`.

#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "examples may")]

use std::{
    env, fs,
    io::{self, Read},
    process::ExitCode,
    time::Duration,
};

use tokenring::{
    CompactJws, JwkSet, KeySource, Policy, UnixTime, Verified, Verifier, VerifyError,
    testkit::{self, Issuer},
};

const HELP: &str = "\
Verifies an RS256 JSON Web Token.

cargo run --example verify
    mints tokens with the built-in test issuer and verifies them

cargo run --example verify -- --jwks FILE --issuer URL --audience AUD [--leeway SECONDS] TOKEN
    verifies TOKEN, or the token on standard input if TOKEN is -

    --jwks FILE        the issuer's JWK Set
    --issuer URL       what `iss` must be, byte for byte
    --audience AUD     what `aud` must be or hold
    --leeway SECONDS   how far the clocks may be apart, 0 if not given, 600 at most

Exit status: 0 accepted, 1 refused, 2 the command line or a file cannot be used.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.is_empty() {
        demonstrate();
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match verify_given(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("{message}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

/// The main job with nothing configured.
fn demonstrate() {
    let issuer = Issuer::new(testkit::ISSUER);
    let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
    let policy = Policy::new(testkit::ISSUER, testkit::AUDIENCE);
    let verifier = Verifier::new(policy, keys).unwrap();
    let now = UnixTime::now();
    let yesterday = UnixTime::from_secs(now.as_secs() - 86_400);

    let good = issuer.token_at(now).mint();
    println!("A token of the test issuer\n{good}\n");
    report(&verifier, &good);

    // The same signature under claims that say something else.
    let genuine = issuer.token_at(now);
    let payload = genuine.payload_json().replace("read:messages", "admin:messages");
    let signature = good.rsplit('.').next().unwrap();
    let tampered = genuine.raw_payload(payload).signature_segment(signature).mint();
    println!("\nThe same, with more permissions written into it");
    report(&verifier, &tampered);

    println!("\nThe same, issued two days ago");
    let before = UnixTime::from_secs(yesterday.as_secs() - 86_400);
    report(&verifier, &issuer.token_at(before).expires_at(yesterday).mint());

    println!("\nThe same, for another audience");
    report(&verifier, &issuer.token_at(now).audience("https://other.example.com/").mint());
}

/// The user's own token and key set. `Ok` says whether the token was accepted.
fn verify_given(arguments: &[String]) -> Result<bool, String> {
    let (mut jwks, mut issuer, mut audience, mut token) = (None, None, None, None);
    let mut leeway = Duration::ZERO;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--jwks" => jwks = Some(value()?),
            "--issuer" => issuer = Some(value()?),
            "--audience" => audience = Some(value()?),
            "--leeway" => {
                let seconds = value()?.parse().map_err(|_| "--leeway needs a number of seconds")?;
                leeway = Duration::from_secs(seconds);
            }
            option if option.starts_with("--") => return Err(format!("{option} is unknown")),
            _ if token.is_some() => return Err("more than one token".into()),
            _ => token = Some(argument),
        }
    }
    let jwks = jwks.ok_or("--jwks is missing")?;
    let issuer = issuer.ok_or("--issuer is missing")?;
    let audience = audience.ok_or("--audience is missing")?;
    let token = read_token(token.ok_or("the token is missing")?)?;

    let jwks = fs::read(jwks).map_err(|error| format!("{jwks}: {error}"))?;
    let keys = JwkSet::from_json(&jwks).map_err(|error| error.to_string())?;
    for skipped in keys.skipped() {
        eprintln!("key {} is not used: {}", skipped.index(), skipped.error());
    }
    let policy = Policy::new(issuer, audience).leeway(leeway);
    let verifier = Verifier::new(policy, keys).map_err(|error| error.to_string())?;
    Ok(report(&verifier, &token))
}

fn read_token(argument: &str) -> Result<String, String> {
    if argument != "-" {
        return Ok(argument.into());
    }
    let mut token = String::new();
    // One byte more than the longest token and its line end, so that a longer one is seen as such.
    let limit = 16 * 1024 + 3;
    io::stdin().take(limit).read_to_string(&mut token).map_err(|error| error.to_string())?;
    // What the shell put there is no part of the token.
    Ok(token.trim_end_matches(['\r', '\n']).into())
}

/// Prints what an operator needs. Says whether the token was accepted.
fn report<K: KeySource>(verifier: &Verifier<K>, token: &str) -> bool {
    match verifier.verify(token) {
        Ok(verified) => {
            print_accepted(verifier, token, &verified);
            true
        }
        Err(error) => {
            print_refused(error);
            false
        }
    }
}

fn print_accepted<K: KeySource>(verifier: &Verifier<K>, token: &str, verified: &Verified) {
    let jws = CompactJws::parse(token).unwrap();
    let header = jws.header();
    let key = verifier.keys().key(header.key_id(), header.algorithm()).unwrap();
    let typ = header.token_type().unwrap_or("none");
    println!("accepted");
    println!("  header   alg {}, typ {typ}, kid {:?}", header.algorithm().name(), header.key_id());
    println!("  key      RSA, {} bits, kid {:?}", key.modulus_bits(), key.key_id());
    println!("  issuer   {}", verified.issuer());
    println!("  subject  {}", verified.subject().unwrap_or("none"));
    println!("  audience {}", verified.audience().collect::<Vec<_>>().join(", "));
    println!("  expires  {} s after 1970", verified.expires_at().as_secs());
    println!("  scopes   {}", verified.scopes().collect::<Vec<_>>().join(" "));
    println!("  claims   {}", String::from_utf8_lossy(verified.payload()));
}

fn print_refused(error: VerifyError) {
    println!("refused: {}\n  {error}", error.code());
}
