//! A forked child never waits for its parent's threads: the page `tokenring::remote`, "After a fork".
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests may")]

use std::{
    future::Future,
    num::NonZeroUsize,
    pin::{Pin, pin},
    process,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use tokenring::{
    Algorithm, KeyError, KeyQuery, KeySource, Policy, RemoteJwks, Verifier,
    remote::{Clock, FetchError, FetchEvent, FetchRequest, KeysState, RemoteJwksBuilder},
    testkit::{AUDIENCE, Issuer, IssuerServer, TestKey},
};
use tokenring_fork::{Outcome, in_child};

const URL: &str = "https://login.example.com/jwks.json";
const ISSUER: &str = "https://login.example.com/";

/// Without the rules for a child, one of the first few children hangs.
const FORKS: u8 = 200;

#[test]
fn child_forked_while_threads_verify_answers_in_time() {
    let issuer = FakeIssuer::new();
    let keys = source(&issuer, |builder| builder);
    let policy = Policy::new(ISSUER, AUDIENCE).algorithms([Algorithm::EdDSA]);
    let capacity = NonZeroUsize::new(100).unwrap();
    let verifier = Verifier::new(policy, keys.clone()).unwrap().with_token_cache(capacity);
    let minted = Issuer::with_keys(ISSUER, vec![key("a")]);
    let mint = |number: u8| minted.token().subject(number.to_string()).mint();
    let (old, new): (Vec<_>, Vec<_>) = ((0..10).map(mint).collect(), (10..20).map(mint).collect());
    // They take each lock for reading and for writing.
    let known = || assert_eq!(find(&keys, "a"), Ok(()));
    let unknown = || assert_eq!(find(&keys, "b"), Err(KeyError::UnknownKey));
    let refresh = || assert_eq!(keys.refresh_now(), Ok(()));
    let cached = || old.iter().for_each(|token| assert!(verifier.verify(token).is_ok()));
    let jobs: [&(dyn Fn() + Sync); 4] = [&known, &unknown, &refresh, &cached];
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for job in jobs {
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    job();
                }
            });
        }
        let outcomes = (0..FORKS).map(|_| {
            in_child(|| {
                for token in old.iter().chain(&new).chain(&new) {
                    verifier.verify(token).unwrap();
                }
                keys.refresh_now().unwrap();
                assert_eq!(find(&keys, "b"), Err(KeyError::UnknownKey));
                for token in old.iter().chain(&new) {
                    verifier.verify(token).unwrap();
                }
                0
            })
        });
        let failed = outcomes.enumerate().find(|(_, outcome)| *outcome != Outcome::Returned(0));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(failed, None);
    });
}

#[test]
fn child_forked_during_a_fetch_fetches_for_itself() {
    let issuer = FakeIssuer::new();
    let keys = source(&issuer, |builder| builder);
    issuer.close_gate();
    thread::scope(|scope| {
        let lookup = scope.spawn(|| find(&keys, "a"));
        issuer.await_fetch(1);
        let outcome = in_child(|| {
            issuer.open_gate_of_child();
            assert_eq!(find(&keys, "a"), Ok(()));
            let health = keys.health();
            assert_eq!(
                (health.is_fetching(), health.waiters(), health.fetches_ok()),
                (false, 0, 1)
            );
            assert_eq!(health.consecutive_failures(), 0);
            0
        });
        issuer.open_gate();
        assert_eq!(outcome, Outcome::Returned(0));
        assert_eq!(lookup.join().unwrap(), Ok(()), "the parent's fetch goes on");
    });
}

#[test]
fn child_forked_after_prime_has_the_keys_the_burnt_ones_and_no_back_off() {
    let issuer = FakeIssuer::new();
    let keys = source(&issuer, |builder| builder);
    issuer.serves(&[key("a"), other("b").with_member("d", "AQAB")]);
    keys.prime().unwrap();
    // The parent's back-off is not the child's.
    issuer.fails();
    assert!(keys.refresh_now().is_err());
    let child = || {
        let before = issuer.fetches();
        assert_eq!(find(&keys, "a"), Ok(()));
        let health = keys.health();
        assert_eq!((health.state(), health.generation()), (KeysState::Fresh, 1));
        assert_eq!((health.fetches_ok(), health.fetches_failed().len()), (0, 0));
        assert_eq!(health.next_attempt_in(), Duration::ZERO);
        assert_eq!(issuer.fetches(), before);
        // The issuer publishes the burnt key without its private half.
        issuer.serves(&[key("a"), other("b")]);
        assert_eq!(find(&keys, "b"), Err(KeyError::UnknownKey));
        assert_eq!(issuer.fetches(), before + 1, "an unknown `kid` after the parent's attempts");
        0
    };
    assert_eq!(in_child(child), Outcome::Returned(0));
    assert_eq!(keys.health().consecutive_failures(), 1, "the parent's state is its own");
}

#[test]
fn key_that_a_child_saw_withdrawn_is_not_answered_from_the_parents_set() {
    let issuer = FakeIssuer::new();
    let keys = source(&issuer, |builder| builder);
    keys.prime().unwrap();
    let grandchild = || {
        issuer.serves(&[other("c")]);
        keys.refresh_now().unwrap();
        assert_eq!(find(&keys, "c"), Ok(()));
        assert_eq!(find(&keys, "b"), Err(KeyError::UnknownKey));
        0
    };
    let child = || {
        issuer.serves(&[other("b")]);
        keys.refresh_now().unwrap();
        assert_eq!(find(&keys, "a"), Err(KeyError::UnknownKey));
        assert_eq!(in_child(grandchild), Outcome::Returned(0));
        assert_eq!(find(&keys, "b"), Ok(()));
        0
    };
    assert_eq!(in_child(child), Outcome::Returned(0));
    assert_eq!(find(&keys, "a"), Ok(()));
}

#[test]
fn child_forked_while_a_thread_holds_the_mutex_starts_without_keys_of_its_own() {
    let (issuer, clock) = (FakeIssuer::new(), StoppingClock::default());
    let keys = source(&issuer, |builder| builder.clock(clock.clone()));
    keys.prime().unwrap();
    thread::scope(|scope| {
        // `health` reads the clock under the mutex.
        let holder = thread::Builder::new().name(HOLDER.into());
        let holder = holder.spawn_scoped(scope, || keys.health()).unwrap();
        clock.await_holder();
        let outcome = in_child(|| {
            let before = issuer.fetches();
            assert_eq!((find(&keys, "a"), issuer.fetches()), (Ok(()), before));
            assert_eq!(keys.health().state(), KeysState::Empty);
            assert_eq!((find(&keys, "a"), issuer.fetches()), (Ok(()), before + 1));
            0
        });
        clock.release();
        assert_eq!(holder.join().unwrap().state(), KeysState::Fresh);
        assert_eq!(outcome, Outcome::Returned(0));
    });
}

#[test]
fn future_of_the_parent_takes_no_wake_up_of_a_future_of_the_child() {
    let issuer = FakeIssuer::new();
    let keys = source(&issuer, |builder| builder);
    issuer.close_gate();
    let query = KeyQuery::new(Some("a"), Algorithm::EdDSA);
    for poll_it in [false, true] {
        let mut inherited = Box::pin(keys.key_async(query));
        assert!(poll_once(inherited.as_mut()).is_pending());
        issuer.await_fetch(1);
        let outcome = in_child(|| {
            let mut own = pin!(keys.key_async(query));
            let woken = Arc::new(WakeThread(thread::current()));
            let waker = Waker::from(woken);
            assert!(own.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            if poll_it {
                assert!(poll_once(inherited.as_mut()).is_pending());
            }
            drop(inherited);
            issuer.open_gate_of_child();
            loop {
                match own.as_mut().poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(answer) => break assert!(answer.is_ok()),
                    Poll::Pending => thread::park(),
                }
            }
            0
        });
        assert_eq!(outcome, Outcome::Returned(0), "{poll_it}");
    }
    issuer.open_gate();
}

#[test]
fn prime_that_waited_at_the_fork_fetches_anew_in_the_child() {
    let issuer = FakeIssuer::new();
    let keys = source(&issuer, |builder| builder);
    issuer.close_gate();
    let mut inherited = Box::pin(keys.prime_async());
    assert!(poll_once(inherited.as_mut()).is_pending());
    issuer.await_fetch(1);
    for fails in [false, true] {
        let outcome = in_child(|| {
            if fails {
                issuer.fails();
            }
            assert!(poll_once(inherited.as_mut()).is_pending());
            assert!(poll_once(inherited.as_mut()).is_pending());
            issuer.await_fetch(2);
            issuer.open_gate_of_child();
            let outcome = loop {
                match poll_once(inherited.as_mut()) {
                    Poll::Ready(outcome) => break outcome,
                    Poll::Pending => thread::sleep(Duration::from_millis(1)),
                }
            };
            assert_eq!(outcome.is_err(), fails);
            assert_eq!((keys.health().is_ready(), issuer.fetches()), (!fails, 2));
            0
        });
        assert_eq!(outcome, Outcome::Returned(0), "{fails}");
    }
    issuer.open_gate();
}

#[test]
fn hooks_that_the_parent_has_not_left_do_not_silence_the_childs() {
    let issuer = FakeIssuer::new();
    let (parent, called) = (this_process(), Arc::new(AtomicUsize::new(0)));
    let has_ended = Arc::new(AtomicBool::new(false));
    let hook = {
        let (called, has_ended) = (Arc::clone(&called), Arc::clone(&has_ended));
        move |_: &FetchEvent| {
            called.fetch_add(1, Ordering::SeqCst);
            while this_process() == parent && !has_ended.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
        }
    };
    let keys = source(&issuer, |builder| builder.on_fetch(hook));
    let await_call = |number: usize| {
        while called.load(Ordering::SeqCst) < number {
            thread::sleep(Duration::from_millis(1));
        }
    };
    // As many as may run at once.
    for number in 1..=8 {
        keys.refresh_now().unwrap();
        await_call(number);
    }
    let outcome = in_child(|| {
        keys.refresh_now().unwrap();
        await_call(9);
        0
    });
    has_ended.store(true, Ordering::SeqCst);
    assert_eq!(outcome, Outcome::Returned(0));
}

#[test]
fn child_fetches_with_the_built_in_client() {
    let server = IssuerServer::start();
    let keys = RemoteJwks::discovery_builder(server.url()).danger_allow_http_loopback();
    let keys = keys.build().unwrap();
    keys.prime().unwrap();
    let verifier = Verifier::new(Policy::new(server.url(), AUDIENCE), keys).unwrap();
    let (known, requests) = (server.token().mint(), server.hits());
    let rotated = server.rotate();
    let unknown = server.token().key(&rotated).mint();
    let outcome = in_child(|| {
        verifier.verify(&known).unwrap();
        verifier.verify(&unknown).unwrap();
        0
    });
    assert_eq!(outcome, Outcome::Returned(0));
    assert_eq!(server.hits(), requests + 2, "the metadata and the key set");
}

fn find(keys: &RemoteJwks, kid: &str) -> Result<(), KeyError> {
    keys.key(KeyQuery::new(Some(kid), Algorithm::EdDSA)).map(drop)
}

fn key(kid: &str) -> TestKey {
    TestKey::for_algorithm(Algorithm::EdDSA).with_kid(kid)
}

/// Another key than [`key`]'s.
fn other(kid: &str) -> TestKey {
    TestKey::attacker_for(Algorithm::EdDSA).with_kid(kid)
}

fn source(
    issuer: &FakeIssuer,
    settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
) -> RemoteJwks {
    let script = Arc::clone(&issuer.0);
    let fetch = move |_: &FetchRequest| script.fetch();
    settings(RemoteJwks::builder(URL).fetch(fetch)).build().unwrap()
}

/// A scripted issuer in memory. After a fork, the child has a copy.
struct FakeIssuer(Arc<Script>);

struct Script {
    /// Never locked for writing while a child is forked, so that a child can read it.
    reply: RwLock<Result<String, FetchError>>,
    fetches: AtomicUsize,
    gate_closed: AtomicBool,
    /// The process whose gate was opened while the parent's is closed.
    open_in: AtomicUsize,
}

impl FakeIssuer {
    /// Serves the key `a`.
    fn new() -> Self {
        let issuer = Self(Arc::new(Script {
            reply: RwLock::new(Ok(String::new())),
            fetches: AtomicUsize::new(0),
            gate_closed: AtomicBool::new(false),
            open_in: AtomicUsize::new(0),
        }));
        issuer.serves(&[key("a")]);
        issuer
    }

    fn serves(&self, keys: &[TestKey]) {
        *self.0.reply.write().unwrap() = Ok(Issuer::with_keys(ISSUER, keys.to_vec()).jwks());
    }

    fn fails(&self) {
        *self.0.reply.write().unwrap() = Err(FetchError::Timeout);
    }

    fn fetches(&self) -> usize {
        self.0.fetches.load(Ordering::SeqCst)
    }

    /// Holds up every fetch from now on.
    fn close_gate(&self) {
        self.0.gate_closed.store(true, Ordering::SeqCst);
    }

    fn open_gate(&self) {
        self.0.gate_closed.store(false, Ordering::SeqCst);
    }

    /// Lets the fetches of this process go on, a child's.
    fn open_gate_of_child(&self) {
        self.0.open_in.store(this_process(), Ordering::SeqCst);
    }

    fn await_fetch(&self, number: usize) {
        while self.fetches() < number {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Script {
    fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let is_open = || self.open_in.load(Ordering::SeqCst) == this_process();
        while self.gate_closed.load(Ordering::SeqCst) && !is_open() {
            thread::sleep(Duration::from_millis(1));
        }
        let reply = self.reply.read().unwrap().clone();
        reply.map(String::into_bytes)
    }
}

fn this_process() -> usize {
    process::id().try_into().unwrap()
}

/// The system's time. The thread called [`HOLDER`] stops when it reads it.
#[derive(Clone, Default)]
struct StoppingClock(Arc<Holder>);

#[derive(Default)]
struct Holder {
    has_come: AtomicBool,
    is_released: AtomicBool,
}

const HOLDER: &str = "holder";

impl StoppingClock {
    fn await_holder(&self) {
        while !self.0.has_come.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn release(&self) {
        self.0.is_released.store(true, Ordering::SeqCst);
    }
}

impl Clock for StoppingClock {
    fn monotonic(&self) -> Duration {
        if thread::current().name() == Some(HOLDER) {
            self.0.has_come.store(true, Ordering::SeqCst);
            while !self.0.is_released.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
        }
        Duration::from_secs(1000)
    }

    fn wall(&self) -> Duration {
        Duration::from_secs(1_780_000_000)
    }
}

struct WakeThread(Thread);

impl Wake for WakeThread {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
