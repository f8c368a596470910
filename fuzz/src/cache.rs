//! A verifier with a token cache, compared with one that has none.

use std::{
    num::NonZeroUsize,
    sync::{Arc, LazyLock, RwLock},
    time::Duration,
};

use tokenring::{
    Algorithm, JwkSet, KeyError, KeyQuery, KeySource, Policy, SelectedKey, UnixTime, Verified,
    Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use crate::NOW;

/// Every outcome is the same with a token cache and without, whatever the order in which tokens
/// arrive, keys are replaced and time passes. A script is accepted if a token in it is accepted twice.
///
/// The first byte is the size of the cache. The rest is pairs of an operation and its argument.
pub fn cache_changes_nothing(script: &[u8]) -> bool {
    let mut script = script.iter().map(|byte| usize::from(*byte));
    let room = NonZeroUsize::MIN.saturating_add(script.next().unwrap_or(0) % 4);
    let sources = [(); 2].map(|()| Arc::new(Published(RwLock::new(Keys::Set(0)))));
    let [one, two] = sources.clone();
    let plain = Verifier::new(policy(ISSUER), one)
        .and_then(|verifier| verifier.with_issuer(policy(OTHER), two))
        .expect("two policies");
    let cached = plain.clone().with_token_cache(room);
    let mut now = NOW;
    let mut accepted = vec![0; TOKENS.len()];
    while let (Some(operation), Some(argument)) = (script.next(), script.next()) {
        match operation % 8 {
            0 => now = TIMES[argument % TIMES.len()],
            which @ (1 | 2) => {
                let keys = match argument % (SETS.len() + 2) {
                    0 => Keys::Busy,
                    1 => Keys::Unavailable,
                    number => Keys::Set(number - 2),
                };
                *sources[which - 1].0.write().expect("no panic") = keys;
            }
            _ => {
                let which = argument % TOKENS.len();
                let [expected, found] = [&plain, &cached]
                    .map(|verifier| visible(verifier.verify_at(&TOKENS[which], now)));
                assert_eq!(found, expected, "token {which} at {now:?}");
                accepted[which] += usize::from(found.is_ok());
            }
        }
    }
    accepted.into_iter().any(|times| times > 1)
}

/// The part of an outcome that a caller can see.
type Visible = (Vec<u8>, Option<String>, String, UnixTime);

fn visible(outcome: Result<Verified, VerifyError>) -> Result<Visible, VerifyError> {
    outcome.map(|verified| {
        let kid = verified.key_id().map(String::from);
        let issuer = verified.issuer().to_owned();
        (verified.payload().to_vec(), kid, issuer, verified.expires_at())
    })
}

/// Keys that can change between two tokens.
#[derive(Debug)]
struct Published(RwLock<Keys>);

#[derive(Clone, Copy, Debug)]
enum Keys {
    Busy,
    Unavailable,
    /// One of [`SETS`].
    Set(usize),
}

impl KeySource for Published {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        match *self.0.read().expect("no panic") {
            Keys::Busy => Err(KeyError::Busy),
            Keys::Unavailable => Err(KeyError::Unavailable { retry_after: Duration::from_secs(1) }),
            Keys::Set(number) => SETS[number].key(query),
        }
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.key(query)
    }

    fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        match *self.0.read().expect("no panic") {
            Keys::Busy | Keys::Unavailable => false,
            Keys::Set(number) => SETS[number].confirms(key, query),
        }
    }
}

const OTHER: &str = "https://other.example/";

fn policy(issuer: &str) -> Policy {
    Policy::new(issuer, AUDIENCE).algorithms([
        Algorithm::PS256,
        Algorithm::RS256,
        Algorithm::EdDSA,
        Algorithm::ES256,
    ])
}

fn key(algorithm: Algorithm) -> TestKey {
    TestKey::for_algorithm(algorithm)
}

/// The key sets. Each of the two issuers may publish any of them.
static SETS: LazyLock<Vec<JwkSet>> = LazyLock::new(|| {
    let (rsa, eddsa, ec) = (key(Algorithm::RS256), key(Algorithm::EdDSA), key(Algorithm::ES256));
    let attacker = TestKey::attacker_for(Algorithm::EdDSA);
    let sets = [
        vec![rsa.clone(), eddsa.clone(), ec.clone()],
        vec![rsa.without_alg(), eddsa.clone()],
        vec![rsa.with_algorithm(Algorithm::PS256), ec],
        // Another key under the same `kid`.
        vec![attacker.with_kid(eddsa.kid()), rsa.clone()],
        // Two keys under one `kid`, and one key under another `kid`.
        vec![eddsa.clone(), attacker.with_kid(eddsa.kid())],
        vec![eddsa.with_kid("renamed")],
        // A key for the other issuer's tokens only.
        vec![eddsa.with_member("issuer", OTHER), rsa.with_member("issuer", ISSUER)],
        // A key whose private half is published.
        vec![eddsa.with_member("d", "AQAB"), rsa],
        vec![],
    ];
    let set = |keys| Issuer::with_keys(ISSUER, keys).jwks();
    sets.map(|keys| JwkSet::from_json(set(keys).as_bytes()).expect("a set")).into()
});

/// Tokens that are good with some key set at some time, and tokens that never are.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let eddsa = Issuer::with_keys(ISSUER, vec![key(Algorithm::EdDSA)]);
    let rsa = Issuer::with_keys(ISSUER, vec![key(Algorithm::RS256)]);
    let pss =
        Issuer::with_keys(ISSUER, vec![key(Algorithm::RS256).with_algorithm(Algorithm::PS256)]);
    let other = Issuer::with_keys(OTHER, vec![key(Algorithm::EdDSA)]);
    let attacker = Issuer::with_keys(ISSUER, vec![TestKey::attacker_for(Algorithm::EdDSA)]);
    let good = eddsa.token_at(NOW).mint();
    let (front, signature) = good.rsplit_once('.').expect("two periods");
    vec![
        good.clone(),
        rsa.token_at(NOW).mint(),
        pss.token_at(NOW).mint(),
        other.token_at(NOW).mint(),
        eddsa.token_at(NOW).without_header("kid").mint(),
        rsa.token_at(NOW).without_header("kid").claim("nbf", NOW.as_secs() + 60).mint(),
        eddsa.token_at(NOW).expires_at(UnixTime::from_secs(NOW.as_secs() + 60)).mint(),
        // Counts as two in the cache.
        eddsa.token_at(NOW).claim("long", "x".repeat(4000)).mint(),
        attacker.token_at(NOW).header("kid", eddsa.keys()[0].kid()).mint(),
        eddsa.token_at(NOW).header("kid", "renamed").mint(),
        // The first token with another last character, and with its signature in lower case.
        format!("{front}.{}A", &signature[..signature.len() - 1]),
        format!("{front}.{}", signature.to_lowercase()),
        good + "=",
    ]
});

/// Times before, at and after each second at which a verdict changes.
static TIMES: [UnixTime; 7] = {
    let now = NOW.as_secs();
    [
        NOW,
        UnixTime::from_secs(now + 59),
        UnixTime::from_secs(now + 60),
        UnixTime::from_secs(now + 86_399),
        UnixTime::from_secs(now + 86_400),
        UnixTime::from_secs(0),
        UnixTime::from_secs(u64::MAX),
    ]
};
