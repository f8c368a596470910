//! The token cache, in many schedules.

use std::{
    num::NonZeroUsize,
    sync::{Arc, LazyLock},
};

use minted::testkit::{AUDIENCE, ISSUER, Issuer};
use modelled::{
    Algorithm, JwkSet, KeyError, KeyQuery, KeySource, Policy, SelectedKey, UnixTime, Verifier,
    VerifyError,
};
use shuttle::{sync::RwLock, thread};

#[test]
fn threads_that_verify_the_same_tokens_get_each_tokens_own_claims() {
    explore(|| {
        // The cache has room for one of the three tokens, so entries are replaced all the time.
        let verifier = Arc::new(verifier(Published::default()));
        let threads: Vec<_> = (0..3)
            .map(|first| {
                let verifier = Arc::clone(&verifier);
                thread::spawn(move || {
                    for which in [first, first, (first + 1) % 3, first] {
                        let verified = verifier.verify_at(&TOKENS[which], NOW).unwrap();
                        assert_eq!(verified.subject(), Some(SUBJECTS[which]));
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn call_that_begins_after_a_key_was_withdrawn_accepts_none_of_its_tokens() {
    explore(|| {
        let published = Published::default();
        let verifier = Arc::new(verifier(published.clone()));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (verifier, published) = (Arc::clone(&verifier), published.clone());
                thread::spawn(move || {
                    for _ in 0..3 {
                        let withdrawn = published.is_withdrawn();
                        match verifier.verify_at(&TOKENS[0], NOW) {
                            Ok(verified) => {
                                assert!(!withdrawn);
                                assert_eq!(verified.subject(), Some(SUBJECTS[0]));
                            }
                            Err(error) => {
                                assert_eq!(error, VerifyError::UnknownKey);
                                assert!(published.is_withdrawn());
                            }
                        }
                    }
                })
            })
            .collect();
        published.withdraw();
        assert_eq!(verifier.verify_at(&TOKENS[0], NOW).map(drop), Err(VerifyError::UnknownKey));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// Runs `model` in many schedules.
fn explore(model: fn()) {
    // Initialized here, outside of any schedule.
    LazyLock::force(&TOKENS);
    LazyLock::force(&KEYS);
    shuttle::check_random(model, RUNS);
    shuttle::check_pct(model, RUNS, 3);
}

const RUNS: usize = 500;

fn verifier(keys: Published) -> Verifier<Published> {
    let policy = Policy::new(ISSUER, AUDIENCE).algorithms([Algorithm::EdDSA]);
    Verifier::new(policy, keys).unwrap().with_token_cache(NonZeroUsize::MIN)
}

/// Keys that can be withdrawn while tokens are verified. Clones share them.
#[derive(Clone)]
struct Published(Arc<RwLock<JwkSet>>);

impl Default for Published {
    fn default() -> Self {
        Self(Arc::new(RwLock::new(KEYS.clone())))
    }
}

impl Published {
    fn withdraw(&self) {
        *self.0.write().unwrap() = JwkSet::from_json(br#"{"keys":[]}"#).unwrap();
    }

    fn is_withdrawn(&self) -> bool {
        self.0.read().unwrap().is_empty()
    }
}

impl KeySource for Published {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.0.read().unwrap().key(query)
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.key(query)
    }

    fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        self.0.read().unwrap().confirms(key, query)
    }
}

const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);

const SUBJECTS: [&str; 3] = ["one", "two", "three"];

fn issuer() -> Issuer {
    Issuer::for_algorithm(ISSUER, minted::Algorithm::EdDSA)
}

static TOKENS: LazyLock<[String; 3]> = LazyLock::new(|| {
    let now = minted::UnixTime::from_secs(NOW.as_secs());
    SUBJECTS.map(|subject| issuer().token_at(now).subject(subject).mint())
});

static KEYS: LazyLock<JwkSet> =
    LazyLock::new(|| JwkSet::from_json(issuer().jwks().as_bytes()).unwrap());
