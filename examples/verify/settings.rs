//! The settings: the user's token, its policy, and the place of the issuer's keys.

use std::{
    fs,
    io::{self, Read, Write},
    time::Duration,
};

use tokenring::{Algorithm, JwkSet, KeySource, Policy, RemoteJwks, Verifier};

use crate::{Failure, issuer, report::print_explained};

pub(crate) const HELP: &str = "\
Verifies a JSON Web Token, and explains a refusal.

cargo run --example verify
    starts a test issuer on a loopback port, fetches its keys and verifies its tokens

cargo run --example verify -- --discover ISSUER --audience AUD TOKEN
cargo run --example verify -- --jwks-url URL --issuer ISSUER --audience AUD TOKEN
cargo run --example verify -- --jwks FILE --issuer ISSUER --audience AUD TOKEN
    verifies TOKEN for any issuer

cargo run --example verify -- TOKEN
    verifies TOKEN for the issuer in the environment: ISSUER, AUDIENCE and optionally JWKS_URL,
    or for a tenant of Auth0: AUTH0_ISSUER_BASE_URL, AUTH0_AUDIENCE and optionally AUTH0_CLIENT_ID

    TOKEN                the token; - reads it from standard input
    --token-file FILE    a file with the token, in place of TOKEN
    --discover ISSUER    the issuer, whose keys are found by OpenID Connect Discovery
    --jwks-url URL       the URL of the issuer's JWK Set; http: for loopback hosts only
    --jwks FILE          a file with the issuer's JWK Set
    --issuer ISSUER      the value of `iss`, byte for byte
    --audience AUD       a value that `aud` must be or contain; may be repeated
    --client ID          a client to which the token must be issued; may be repeated. Without
                         --audience, `aud` must be absent or empty or contain it
    --algorithm ALG      an accepted algorithm, RS256 if not given; may be repeated
    --require NAME=VALUE a claim that must be this string; may be repeated
    --leeway SECONDS     how far the clocks may differ: 0 if not given, 600 at most

Exit status
    0    the token is accepted
    1    the token is refused
    2    the settings, a file or the keys cannot be used
";

/// The settings in the arguments.
#[derive(Default)]
pub(crate) struct Settings<'a> {
    keys: Option<Keys<'a>>,
    issuer: Option<&'a str>,
    audiences: Vec<&'a str>,
    clients: Vec<&'a str>,
    algorithms: Vec<Algorithm>,
    required: Vec<(&'a str, &'a str)>,
    leeway: Duration,
    token: Option<Token<'a>>,
}

/// The place of the keys.
enum Keys<'a> {
    Discovery(&'a str),
    Url(&'a str),
    File(&'a str),
}

/// The place of the token.
enum Token<'a> {
    Text(&'a str),
    StandardInput,
    File(&'a str),
}

impl<'a> Settings<'a> {
    pub(crate) fn parse(arguments: &'a [String]) -> Result<Self, String> {
        let mut settings = Self::default();
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument {
                "--discover" => settings.set_keys(Keys::Discovery(value()?))?,
                "--jwks-url" => settings.set_keys(Keys::Url(value()?))?,
                "--jwks" => settings.set_keys(Keys::File(value()?))?,
                "--issuer" => once(&mut settings.issuer, value()?, argument)?,
                "--audience" => settings.audiences.push(value()?),
                "--client" => settings.clients.push(value()?),
                "--algorithm" => {
                    let algorithm =
                        value()?.parse().map_err(|error| format!("{argument}: {error}"))?;
                    settings.algorithms.push(algorithm);
                }
                "--require" => {
                    let claim = value()?.split_once('=');
                    settings.required.push(claim.ok_or("--require needs NAME=VALUE")?);
                }
                "--leeway" => {
                    let seconds = value()?.parse().map_err(|_| "--leeway needs whole seconds")?;
                    settings.leeway = Duration::from_secs(seconds);
                }
                "--token-file" => once(&mut settings.token, Token::File(value()?), "the token")?,
                "-" => once(&mut settings.token, Token::StandardInput, "the token")?,
                option if option.starts_with('-') => return Err(format!("{option} is unknown")),
                token => once(&mut settings.token, Token::Text(token), "the token")?,
            }
        }
        Ok(settings)
    }

    fn set_keys(&mut self, keys: Keys<'a>) -> Result<(), String> {
        once(&mut self.keys, keys, "one of --discover, --jwks-url and --jwks")
    }

    /// Whether the token is accepted.
    pub(crate) fn verify(&self, out: &mut impl Write) -> Result<bool, Failure> {
        let token = self.token.as_ref().ok_or("the token is missing".to_owned())?.read()?;
        match self.keys {
            Some(Keys::Discovery(issuer)) => {
                let keys = RemoteJwks::discovery_builder(issuer).danger_allow_http_loopback();
                let keys = keys.build().map_err(|error| format!("{issuer}: {error}"))?;
                print(out, self.policy(Some(issuer))?, fetched(keys)?, &token)
            }
            Some(Keys::Url(url)) => {
                let keys = RemoteJwks::builder(url).danger_allow_http_loopback();
                let keys = keys.build().map_err(|error| format!("{url}: {error}"))?;
                print(out, self.policy(None)?, fetched(keys)?, &token)
            }
            Some(Keys::File(file)) => {
                let jwks = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
                let keys = JwkSet::from_json(&jwks).map_err(|error| format!("{file}: {error}"))?;
                print(out, self.policy(None)?, keys, &token)
            }
            None if self.issuer.is_some()
                || !self.audiences.is_empty()
                || !self.clients.is_empty() =>
            {
                Err("the keys are missing: --discover, --jwks-url or --jwks".to_owned().into())
            }
            None => {
                let (policy, keys) = of_environment()?;
                print(out, self.add_to(policy), fetched(keys)?, &token)
            }
        }
    }

    fn policy(&self, discovered: Option<&str>) -> Result<Policy, String> {
        let issuer = match (self.issuer, discovered) {
            (Some(_), Some(_)) => {
                return Err("--discover names the issuer: leave --issuer out".into());
            }
            (Some(issuer), None) | (None, Some(issuer)) => issuer,
            (None, None) => return Err("--issuer is missing".into()),
        };
        let mut audiences = self.audiences.iter().copied();
        let mut clients = self.clients.iter().copied();
        let policy = match (audiences.next(), clients.next()) {
            (Some(audience), None) => Policy::new(issuer, audience),
            (Some(audience), Some(client)) => {
                Policy::new(issuer, audience).authorized_party(client)
            }
            (None, Some(client)) => Policy::for_client(issuer, client),
            (None, None) => return Err("--audience or --client is missing".into()),
        };
        let policy = audiences.fold(policy, Policy::accept_audience);
        Ok(self.add_to(clients.fold(policy, Policy::accept_client)))
    }

    /// Adds the settings that do not depend on the place of the keys.
    fn add_to(&self, policy: Policy) -> Policy {
        let policy = policy.leeway(self.leeway);
        let policy = match self.algorithms.is_empty() {
            true => policy,
            false => policy.algorithms(self.algorithms.iter().copied()),
        };
        self.required
            .iter()
            .fold(policy, |policy, (name, value)| policy.require_claim(*name, *value))
    }
}

/// Stores a setting that may be given only once.
fn once<T>(place: &mut Option<T>, value: T, name: &str) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{name} is given more than once")),
    }
}

/// If only some of the settings are present, the error names the missing one.
fn of_environment() -> Result<(Policy, RemoteJwks), String> {
    let settings = issuer::settings().map_err(|error| error.to_string())?;
    settings.ok_or_else(|| {
        "the issuer is missing: --discover, --jwks-url, --jwks, or ISSUER in the environment".into()
    })
}

/// Fetches the keys first: if the issuer cannot be reached, that is no verdict on the token.
fn fetched(keys: RemoteJwks) -> Result<RemoteJwks, String> {
    match keys.prime() {
        Ok(()) => Ok(keys),
        Err(failure) => Err(match failure.hint() {
            Some(hint) => format!("{failure}\n{hint}"),
            None => failure.to_string(),
        }),
    }
}

fn print(
    out: &mut impl Write,
    policy: Policy,
    keys: impl KeySource,
    token: &str,
) -> Result<bool, Failure> {
    let verifier = Verifier::new(policy, keys).map_err(|error| error.to_string())?;
    Ok(print_explained(out, &verifier, token)?)
}

impl Token<'_> {
    fn read(&self) -> Result<String, String> {
        match self {
            Self::Text(token) => Ok((*token).to_owned()),
            Self::StandardInput => read(io::stdin(), "standard input"),
            Self::File(file) => {
                read(fs::File::open(file).map_err(|error| format!("{file}: {error}"))?, file)
            }
        }
    }
}

/// Reads a token, without the line end after it.
fn read(source: impl Read, name: &str) -> Result<String, String> {
    let mut token = String::new();
    // One byte more than the longest token with its line end, so that a longer token is still refused.
    let limit = 16 * 1024 + 3;
    source.take(limit).read_to_string(&mut token).map_err(|error| format!("{name}: {error}"))?;
    token.truncate(token.trim_end_matches(['\r', '\n']).len());
    Ok(token)
}
