//! Verifies a token and says what it found: `cargo run --example verify -- --help`.

#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "examples may")]

use std::{
    env, fs,
    io::{self, Read},
    process::ExitCode,
    thread,
    time::Duration,
};

use tokenring::{
    Auth0, CompactJws, JwkSet, KeyQuery, KeySource, Policy, RemoteJwks, UnixTime, Verified,
    Verifier, VerifyError,
    testkit::{AUDIENCE, IssuerServer},
};

const HELP: &str = "\
Verifies an RS256 JSON Web Token.

cargo run --example verify
    starts a test issuer on a loopback port, fetches its keys and verifies its tokens

cargo run --example verify -- TOKEN
    verifies TOKEN for the Auth0 tenant in the environment:
    AUTH0_ISSUER_BASE_URL, AUTH0_AUDIENCE and, if wanted, AUTH0_CLIENT_ID

cargo run --example verify -- --jwks-url URL --issuer URL --audience AUD [--leeway SECONDS] TOKEN
cargo run --example verify -- --jwks FILE --issuer URL --audience AUD [--leeway SECONDS] TOKEN
    verifies TOKEN for any issuer

    TOKEN              the token, or - to read it from standard input
    --jwks-url URL     where the issuer publishes its JWK Set; http: for loopback hosts only
    --jwks FILE        the issuer's JWK Set in a file
    --issuer URL       what `iss` must be, byte for byte
    --audience AUD     what `aud` must be or hold
    --leeway SECONDS   how far the clocks may be apart, 0 if not given, 600 at most

A token that is refused is explained: every check, what it expected, what it found, what to do.

Exit status: 0 accepted, 1 refused, 2 the settings, a file or the keys cannot be used.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    if arguments.is_empty() && env::var_os("AUTH0_ISSUER_BASE_URL").is_none() {
        demonstrate();
        return ExitCode::SUCCESS;
    }
    match Settings::parse(&arguments).and_then(|settings| settings.verify()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("{message}\n\nTry --help.");
            ExitCode::from(2)
        }
    }
}

/// The main job with nothing configured: over the wire, with an issuer that changes its keys.
fn demonstrate() {
    let issuer = IssuerServer::start();
    println!("A test issuer at {}, its keys at {}\n", issuer.url(), issuer.jwks_url());
    let ttl = Duration::from_secs(1);
    let keys = RemoteJwks::builder(issuer.jwks_url()).danger_allow_http_loopback().ttl(ttl);
    let policy = Policy::new(issuer.url(), AUDIENCE);
    let verifier = Verifier::new(policy, keys.build().unwrap()).unwrap();

    let good = issuer.token().mint();
    println!("A token\n{good}");
    report(&verifier, &good);

    // The same signature under claims that say something else.
    let genuine = issuer.token();
    let payload = genuine.payload_json().replace("read:messages", "admin:messages");
    let signature = good.rsplit('.').next().unwrap();
    println!("\nThe same with more permissions written into it");
    report(&verifier, &genuine.raw_payload(payload).signature_segment(signature).mint());

    println!("\nOne that has expired");
    let yesterday = UnixTime::from_secs(UnixTime::now().as_secs() - 86_400);
    report(&verifier, &issuer.token().expires_at(yesterday).mint());

    println!("\nOne for another audience");
    let foreign = issuer.token().audience("https://other.example.com/").mint();
    report(&verifier, &foreign);
    println!("\nThe same explained, for an operator\n\n{}", verifier.explain(&foreign));

    println!("\nThe issuer has a new key. A token signed with it");
    let old = CompactJws::parse(&good).unwrap().header().key_id().unwrap().to_owned();
    issuer.rotate();
    report(&verifier, &issuer.token().mint());

    println!(
        "\nIt withdraws the old one. The first token, as soon as the keys at hand are too old"
    );
    issuer.revoke(&old);
    thread::sleep(ttl);
    report(&verifier, &good);
    println!("\nFor all this its keys were fetched {} times", issuer.hits());
}

/// The user's own token, and where its keys are.
#[derive(Default)]
struct Settings<'a> {
    jwks: Option<&'a str>,
    jwks_url: Option<&'a str>,
    issuer: Option<&'a str>,
    audience: Option<&'a str>,
    leeway: Duration,
    token: Option<&'a str>,
}

impl<'a> Settings<'a> {
    fn parse(arguments: &'a [String]) -> Result<Self, String> {
        let mut settings = Self::default();
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument {
                "--jwks" => settings.jwks = Some(value()?),
                "--jwks-url" => settings.jwks_url = Some(value()?),
                "--issuer" => settings.issuer = Some(value()?),
                "--audience" => settings.audience = Some(value()?),
                "--leeway" => {
                    let seconds = value()?.parse().map_err(|_| "--leeway needs whole seconds")?;
                    settings.leeway = Duration::from_secs(seconds);
                }
                option if option.starts_with("--") => return Err(format!("{option} is unknown")),
                _ if settings.token.is_some() => return Err("more than one token".into()),
                token => settings.token = Some(token),
            }
        }
        Ok(settings)
    }

    /// Whether the token is accepted.
    fn verify(&self) -> Result<bool, String> {
        let token = read_token(self.token.ok_or("the token is missing")?)?;
        match (self.jwks, self.jwks_url) {
            (Some(_), Some(_)) => Err("--jwks and --jwks-url exclude each other".into()),
            (Some(file), None) => {
                let jwks = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
                let keys = JwkSet::from_json(&jwks).map_err(|error| error.to_string())?;
                for skipped in keys.skipped() {
                    eprintln!("key {} is not used: {}", skipped.index(), skipped.error());
                }
                verify(self.policy()?, keys, &token)
            }
            (None, Some(url)) => {
                let keys = RemoteJwks::builder(url).danger_allow_http_loopback().build();
                let keys = keys.map_err(|error| error.to_string())?;
                verify_with_fetched(self.policy()?, keys, &token)
            }
            (None, None) if self.issuer.is_some() || self.audience.is_some() => {
                Err("--issuer and --audience need --jwks-url or --jwks".into())
            }
            (None, None) => {
                let auth0 = Auth0::from_env().map_err(|error| error.to_string())?;
                let keys = RemoteJwks::new(auth0.jwks_url()).map_err(|error| error.to_string())?;
                verify_with_fetched(auth0.policy().leeway(self.leeway), keys, &token)
            }
        }
    }

    fn policy(&self) -> Result<Policy, String> {
        let issuer = self.issuer.ok_or("--issuer is missing")?;
        let audience = self.audience.ok_or("--audience is missing")?;
        Ok(Policy::new(issuer, audience).leeway(self.leeway))
    }
}

fn verify(policy: Policy, keys: impl KeySource, token: &str) -> Result<bool, String> {
    let verifier = Verifier::new(policy, keys).map_err(|error| error.to_string())?;
    let is_accepted = report(&verifier, token);
    if !is_accepted {
        println!("\n{}", verifier.explain(token));
    }
    Ok(is_accepted)
}

fn verify_with_fetched(policy: Policy, keys: RemoteJwks, token: &str) -> Result<bool, String> {
    match keys.prime() {
        Ok(()) => verify(policy, keys, token),
        // What the token says may still tell what is wrong.
        Err(error) => {
            let verifier = Verifier::new(policy, keys).map_err(|error| error.to_string())?;
            println!("{}\n", verifier.explain(token));
            Err(error.to_string())
        }
    }
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
    let query = KeyQuery::new(header.key_id(), header.algorithm());
    let key = verifier.keys().key(query).unwrap();
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
