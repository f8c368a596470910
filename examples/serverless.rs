//! A function that is started for a few requests and then stopped, as on AWS Lambda:
//! `cargo run --example serverless` starts it four times, with a test issuer. With `ISSUER`, `AUDIENCE` and the
//! file `STORE` in the environment, it is started once, for the tokens in its arguments.
//!
//! A start without keys waits for the issuer. So a start takes the key set that an earlier one has stored,
//! and stores each set that it fetches. The store is a file here; an object in a bucket or an item of a table
//! does as well. Whoever can write to it decides which keys are trusted.

#![allow(clippy::unwrap_used, reason = "examples may")]

use std::{
    env, fs,
    io::{self, Write},
    path::PathBuf,
    process,
};

use tokenring::{
    FetchConfigError, Policy, RemoteJwks, UnixTime, Verifier,
    testkit::{AUDIENCE, IssuerServer},
};

pub(crate) fn main() {
    let mut out = io::stdout().lock();
    let settings = ["ISSUER", "AUDIENCE", "STORE"].map(|name| env::var(name).ok());
    if let [Some(issuer), Some(audience), Some(file)] = &settings {
        let tokens: Vec<String> = env::args().skip(1).collect();
        start(issuer, audience, &Store { file: file.into() }, &tokens, &mut out).unwrap();
        return;
    }
    assert!(
        settings.iter().all(Option::is_none),
        "set ISSUER, AUDIENCE and STORE, or none of them"
    );
    let name = format!("tokenring-serverless-{}", process::id());
    let store = Store { file: env::temp_dir().join(name) };
    let outcome = demonstrate(&store, &mut out);
    outcome.and_then(|()| fs::remove_file(&store.file)).unwrap();
}

/// One start of the function, and its requests.
fn start(
    issuer: &str,
    audience: &str,
    store: &Store,
    tokens: &[impl AsRef<str>],
    out: &mut impl Write,
) -> io::Result<()> {
    let stored = store.read();
    let keys = keys(issuer, stored.clone()).unwrap();
    // If the stored set is within its `ttl`, this does nothing. If the fetch fails, an older set may still
    // serve: the requests will tell.
    if let Err(failure) = keys.prime() {
        writeln!(out, "  {failure}")?;
    }
    let verifier = Verifier::new(Policy::new(issuer, audience), keys).unwrap();
    for token in tokens {
        // An unknown `kid` fetches the keys.
        match verifier.verify(token.as_ref()) {
            // With escapes, since the issuer's users may choose what it contains.
            Ok(verified) => {
                writeln!(out, "  accepted: {:?}", verified.subject().unwrap_or_default())?
            }
            Err(error) => writeln!(out, "  refused: {}", error.code())?,
        }
    }
    // Before the last response is sent: then the platform stops this process, and its threads.
    match verifier.keys().to_seed() {
        Some((key_set, fetched_at)) if stored != Some((key_set.clone(), fetched_at)) => {
            match store.write(&key_set, fetched_at) {
                Ok(()) => writeln!(out, "  stored a key set"),
                Err(error) => writeln!(out, "  cannot store the key set: {error}"),
            }
        }
        _ => Ok(()),
    }
}

/// The keys of `issuer`, beginning with the stored ones.
fn keys(issuer: &str, stored: Option<(String, UnixTime)>) -> Result<RemoteJwks, FetchConfigError> {
    // Only for the test issuer: the URL of a real one begins with https.
    let settings = || RemoteJwks::discovery_builder(issuer).danger_allow_http_loopback();
    let seeded = stored.map(|(key_set, fetched_at)| settings().seed(key_set, fetched_at).build());
    match seeded {
        Some(Ok(keys)) => Ok(keys),
        // Nothing was stored, or something that is no key set. The function must start all the same.
        Some(Err(_)) | None => settings().build(),
    }
}

/// One file: the time of the fetch in seconds, and the key set from the second line on. Both together, so
/// that no set is ever taken for younger than it is.
pub(crate) struct Store {
    pub(crate) file: PathBuf,
}

impl Store {
    fn read(&self) -> Option<(String, UnixTime)> {
        let text = fs::read_to_string(&self.file).ok()?;
        let (fetched_at, key_set) = text.split_once('\n')?;
        Some((key_set.to_owned(), UnixTime::from_secs(fetched_at.parse().ok()?)))
    }

    /// Other processes of this function read and write at the same time, so the file is replaced at once.
    fn write(&self, key_set: &str, fetched_at: UnixTime) -> io::Result<()> {
        let new = self.file.with_extension(process::id().to_string());
        fs::write(&new, format!("{}\n{key_set}", fetched_at.as_secs()))?;
        fs::rename(new, &self.file)
    }
}

pub(crate) fn demonstrate(store: &Store, out: &mut impl Write) -> io::Result<()> {
    let server = IssuerServer::start();
    let issuer = server.url();
    let token = server.token().mint();

    writeln!(out, "The first start has no keys:")?;
    start(&issuer, AUDIENCE, store, &[&token], out)?;
    writeln!(out, "  {} requests to the issuer", server.hits())?;

    server.down();
    writeln!(out, "The second start has the stored keys, and the issuer is down:")?;
    start(&issuer, AUDIENCE, store, &[token.as_str(), "not.a.token"], out)?;
    server.up();
    writeln!(out, "  {} requests to the issuer", server.hits())?;

    server.rotate();
    writeln!(out, "The issuer has a new key, which the third start fetches for the first token:")?;
    start(&issuer, AUDIENCE, store, &[&server.token().mint(), &token], out)?;
    writeln!(out, "  {} requests to the issuer", server.hits())?;

    writeln!(out, "The fourth start has the new key:")?;
    start(&issuer, AUDIENCE, store, &[&server.token().mint()], out)?;
    writeln!(out, "  {} requests to the issuer", server.hits())
}
