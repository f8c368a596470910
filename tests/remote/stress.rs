//! 64 threads, then 1000 futures, verify tokens while the issuer rotates its keys, fails in every
//! way and comes back: no good token is refused for a reason that the rules do not allow.
//!
//! The assertions do not depend on the speed of the machine. They compare the outcome of a lookup
//! with the outcomes that were known when it began, and with the issuer's state when it ended.

use std::{
    future::poll_fn,
    panic::resume_unwind,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    Policy, RemoteJwks, UnixTime, Verified, Verifier, VerifyError,
    remote::{Clock, Fetch, FetchError, FetchRequest, KeysState},
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use crate::{
    fake::{URL, block_on, millis, run_all, secs, until},
    random::Random,
};

/// The number of rotations, with a failure between two.
const ROUNDS: usize = 12;

const COOLDOWN: Duration = secs(2);

#[test]
fn threads_see_only_outcomes_that_the_rules_allow() {
    let world = World::new();
    thread::scope(|scope| {
        for seed in 0..64 {
            let world = &world;
            scope.spawn(move || {
                let mut random = Random::new(seed + 1);
                while !world.over() {
                    let choice = Choice::random(&mut random);
                    let before = world.before(choice);
                    // One lookup in four does not wait.
                    let (verdict, waits) = match random.below(4) {
                        0 => (world.verifier.try_verify(world.token(choice)), false),
                        _ => (world.verifier.verify(world.token(choice)), true),
                    };
                    world.judge(choice, before, &verdict, waits);
                }
            });
        }
        world.history();
    });
    world.aftermath();
}

#[test]
fn futures_see_only_outcomes_that_the_rules_allow() {
    let world = World::new();
    thread::scope(|scope| {
        for seed in 0..4 {
            let world = &world;
            let future = move |number: u64| async move {
                let mut random = Random::new(1000 * seed + number + 1);
                while !world.over() {
                    let choice = Choice::random(&mut random);
                    let before = world.before(choice);
                    let verdict = world.verifier.verify_async(world.token(choice)).await;
                    world.judge(choice, before, &verdict, true);
                    let_others_run().await;
                }
            };
            scope.spawn(move || run_all((0..250).map(future), || {}));
        }
        world.history();
    });
    world.aftermath();
}

/// The kind of a token.
#[derive(Clone, Copy)]
enum Choice {
    /// Signed by the key that is always published.
    Stable,
    /// Signed by the key that is published in this round and withdrawn two rounds later.
    Rotated(usize),
    /// Forged, with the `kid` of the key that is always published.
    Forged,
    /// With a `kid` that was never published.
    MadeUp,
}

impl Choice {
    fn random(random: &mut Random) -> Self {
        match random.below(8) {
            0..=2 => Self::Stable,
            3..=5 => Self::Rotated(random.below(ROUNDS + 1)),
            6 => Self::Forged,
            _ => Self::MadeUp,
        }
    }
}

/// The known facts about a rotated key when a lookup begins.
#[derive(Clone, Copy)]
struct Before {
    seen: bool,
    gone: bool,
}

struct World {
    verifier: Verifier<RemoteJwks>,
    endpoint: Endpoint,
    start: Instant,
    stable: String,
    forged: String,
    made_up: String,
    rotated: Vec<Rotated>,
    verdicts: AtomicUsize,
    over: AtomicBool,
}

struct Rotated {
    token: String,
    /// A lookup has found the key, so a set with it was fetched.
    seen: AtomicBool,
    /// The issuer is about to withdraw the key. Until then, every set since its publication has it.
    withdrawn: AtomicBool,
    /// A lookup has found the key unknown after it was seen, so a set without it was fetched, and
    /// no later set has it.
    gone: AtomicBool,
}

impl World {
    fn new() -> Self {
        let endpoint = Endpoint::default();
        let start = Instant::now();
        let keys = RemoteJwks::builder(URL)
            .fetch(endpoint.clone())
            .clock(FastClock(start))
            .ttl(secs(20))
            // Longer than the test, so no key is refused for its age.
            .stale_cap(secs(1_000_000))
            .kid_cooldown(COOLDOWN)
            .timeout(secs(60))
            .max_waiting_threads(65)
            .build()
            .unwrap();
        let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), keys).unwrap();
        let issuer = Issuer::with_keys(ISSUER, (0..=ROUNDS).map(rotating).collect());
        let token = |key: &TestKey| issuer.token_at(UnixTime::now()).key(key);
        let rotated = issuer.keys().iter().map(|key| Rotated {
            token: token(key).mint(),
            seen: AtomicBool::new(false),
            withdrawn: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        });
        let world = Self {
            verifier,
            endpoint,
            start,
            stable: token(&stable()).mint(),
            forged: token(&stable()).forged_by(&TestKey::attacker()).mint(),
            made_up: token(&TestKey::attacker().with_kid("made up")).mint(),
            rotated: rotated.collect(),
            verdicts: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        };
        world.endpoint.publish(0);
        world.verifier.keys().prime().unwrap();
        world
    }

    fn token(&self, choice: Choice) -> &str {
        match choice {
            Choice::Stable => &self.stable,
            Choice::Rotated(round) => &self.rotated[round].token,
            Choice::Forged => &self.forged,
            Choice::MadeUp => &self.made_up,
        }
    }

    fn over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn before(&self, choice: Choice) -> Before {
        let Choice::Rotated(round) = choice else { return Before { seen: false, gone: false } };
        let key = &self.rotated[round];
        let load = |flag: &AtomicBool| flag.load(Ordering::SeqCst);
        Before { seen: load(&key.seen), gone: load(&key.gone) }
    }

    fn judge(
        &self,
        choice: Choice,
        before: Before,
        verdict: &Result<Verified, VerifyError>,
        waits: bool,
    ) {
        let outcome = verdict.as_ref().map(|_| ()).map_err(|error| *error);
        // `try_verify` does not use a key past its `ttl` before a refresh was tried.
        let not_tried = !waits && matches!(outcome, Err(VerifyError::KeysUnavailable { .. }));
        match choice {
            Choice::Stable => assert!(outcome == Ok(()) || not_tried, "{outcome:?}"),
            Choice::Forged => {
                assert!(outcome == Err(VerifyError::BadSignature) || not_tried, "{outcome:?}");
            }
            Choice::MadeUp => assert!(is_unknown(&outcome), "{outcome:?}"),
            Choice::Rotated(round) => {
                let key = &self.rotated[round];
                assert!(outcome == Ok(()) || is_unknown(&outcome), "{outcome:?}");
                if before.gone {
                    assert_ne!(outcome, Ok(()), "came back");
                }
                if before.seen && !key.withdrawn.load(Ordering::SeqCst) {
                    assert!(outcome == Ok(()) || not_tried, "was there: {outcome:?}");
                }
                match outcome {
                    Ok(()) => key.seen.store(true, Ordering::SeqCst),
                    Err(VerifyError::UnknownKey) if before.seen => {
                        key.gone.store(true, Ordering::SeqCst);
                    }
                    Err(_) => {}
                }
            }
        }
        self.verdicts.fetch_add(1, Ordering::SeqCst);
    }

    /// The issuer's actions: it rotates, then fails, each time until some lookup has noticed.
    fn history(&self) {
        // If an assertion fails here, the other threads end too.
        let _end = End(&self.over);
        for round in 1..=ROUNDS {
            if let Some(old) = round.checked_sub(2) {
                self.rotated[old].withdrawn.store(true, Ordering::SeqCst);
            }
            self.endpoint.publish(round);
            until(|| self.rotated[round].seen.load(Ordering::SeqCst) || self.over());
            self.some_verdicts();
            self.endpoint.fail(Some(round % 4));
            let failed = self.endpoint.failed();
            until(|| self.endpoint.failed() > failed || self.over());
            self.some_verdicts();
            self.endpoint.fail(None);
        }
    }

    fn some_verdicts(&self) {
        let verdicts = self.verdicts.load(Ordering::SeqCst);
        until(|| self.verdicts.load(Ordering::SeqCst) >= verdicts + 200 || self.over());
    }

    fn aftermath(&self) {
        // The issuer works again, and only the keys that it published last are accepted.
        let verdict = |token: &str| self.verifier.verify(token).map(|_| ());
        until(|| verdict(&self.rotated[0].token) == Err(VerifyError::UnknownKey));
        assert_eq!(verdict(&self.stable), Ok(()));
        for (round, key) in self.rotated.iter().enumerate() {
            match round + 1 >= ROUNDS {
                true => assert_eq!(verdict(&key.token), Ok(())),
                false => assert!(is_unknown(&verdict(&key.token))),
            }
            assert!(key.seen.load(Ordering::SeqCst) || round == 0);
        }
        let stable = block_on(self.verifier.verify_async(&self.stable));
        assert_eq!(stable.unwrap().issuer(), ISSUER);

        until(|| !self.verifier.keys().health().is_fetching());
        let health = self.verifier.keys().health();
        assert_ne!(health.state(), KeysState::Dead);
        assert_eq!((health.waiters(), health.busy()), (0, 0));
        let log = self.endpoint.log();
        let failed: u64 = health.fetches_failed().values().sum();
        assert_eq!(usize::try_from(health.fetches_ok() + failed).unwrap(), log.requests);
        assert!(failed >= 12 && health.fetches_failed().len() == 4);
        assert_eq!(log.most_in_flight, 1);
        let elapsed = FastClock(self.start).monotonic().as_secs();
        let most = usize::try_from(elapsed / COOLDOWN.as_secs()).unwrap() + 1;
        assert!(log.no_cache <= most, "{} forced of {most}", log.no_cache);
    }
}

fn is_unknown(outcome: &Result<(), VerifyError>) -> bool {
    matches!(outcome, Err(VerifyError::UnknownKey | VerifyError::KeysUnavailable { .. }))
}

struct End<'w>(&'w AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn stable() -> TestKey {
    Issuer::default().keys()[0].with_kid("stable")
}

fn rotating(round: usize) -> TestKey {
    Issuer::default().keys()[round % 2].with_kid(format!("round-{round}"))
}

async fn let_others_run() {
    let mut first = true;
    poll_fn(|context| {
        if std::mem::take(&mut first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

/// A clock two hundred times as fast as real time, with the jitter of production.
struct FastClock(Instant);

impl Clock for FastClock {
    fn monotonic(&self) -> Duration {
        self.0.elapsed() * 200
    }

    fn wall(&self) -> Duration {
        secs(1_750_000_000) + self.monotonic()
    }
}

/// The scripted issuer.
#[derive(Clone, Default)]
struct Endpoint(Arc<Mutex<Log>>);

#[derive(Clone, Default)]
struct Log {
    body: Vec<u8>,
    fault: Option<usize>,
    requests: usize,
    no_cache: usize,
    failed: usize,
    in_flight: usize,
    most_in_flight: usize,
}

impl Endpoint {
    /// Publishes the stable key, this round's key and the previous round's.
    fn publish(&self, round: usize) {
        let keys = [Some(stable()), Some(rotating(round)), round.checked_sub(1).map(rotating)];
        let keys = keys.into_iter().flatten().collect();
        self.0.lock().unwrap().body = Issuer::with_keys(ISSUER, keys).jwks().into_bytes();
    }

    fn fail(&self, fault: Option<usize>) {
        self.0.lock().unwrap().fault = fault;
    }

    fn failed(&self) -> usize {
        self.0.lock().unwrap().failed
    }

    fn log(&self) -> Log {
        self.0.lock().unwrap().clone()
    }
}

impl Fetch for Endpoint {
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        let mut log = self.0.lock().unwrap();
        log.requests += 1;
        log.no_cache += usize::from(request.no_cache());
        log.in_flight += 1;
        log.most_in_flight = log.most_in_flight.max(log.in_flight);
        let (body, fault) = (log.body.clone(), log.fault);
        drop(log);
        // Gives other lookups time to join.
        thread::sleep(millis(1));
        let mut log = self.0.lock().unwrap();
        log.in_flight -= 1;
        log.failed += usize::from(fault.is_some());
        drop(log);
        match fault {
            None => Ok(body),
            Some(0) => Err(FetchError::Status { status: 500, retry_after: Some(secs(2)) }),
            Some(1) => Err(FetchError::Timeout),
            // Not a set at all, because an empty set would end the old keys.
            Some(2) => Ok(b"{\"keys\":{}}".to_vec()),
            Some(_) => resume_unwind(Box::new("as the test wants it")),
        }
    }
}
