//! A manual clock, a scripted issuer, and a minimal executor.
#![allow(dead_code, reason = "each test target uses a part of it")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may"
)]

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    panic::resume_unwind,
    pin::Pin,
    sync::{
        Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use tokenring::{
    Algorithm, KeyError, KeyQuery, KeySource, RemoteJwks, SelectedKey,
    remote::{Clock, Fetch, FetchError, FetchFailure, FetchRequest, Health, RemoteJwksBuilder},
    testkit::{Issuer, TestKey},
};

pub(crate) const URL: &str = "https://tenant.example.auth0.com/.well-known/jwks.json";

pub(crate) const NANO: Duration = Duration::from_nanos(1);
pub(crate) const TTL: Duration = secs(600);
pub(crate) const STALE_CAP: Duration = secs(3600);
pub(crate) const COOLDOWN: Duration = secs(10);

/// The age at which a refresh is due with a jitter of 0.
pub(crate) const REFRESH_DUE: Duration = secs(432);

pub(crate) const UNKNOWN: Result<String, KeyError> = Err(KeyError::UnknownKey);
pub(crate) const BUSY: Result<String, KeyError> = Err(KeyError::Busy);

pub(crate) fn found(kid: &str) -> Result<String, KeyError> {
    Ok(kid.to_owned())
}

pub(crate) fn status(status: u16) -> FetchError {
    FetchError::Status { status, retry_after: None }
}

/// Longer than anything here takes. A test that waits this long fails.
pub(crate) const FOREVER: Duration = Duration::from_secs(30);

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Both clocks in nanoseconds, and the jitter. Clones share them.
#[derive(Clone)]
pub(crate) struct FakeClock(Arc<Times>);

struct Times {
    monotonic: AtomicU64,
    wall: AtomicU64,
    jitter: AtomicU64,
}

impl FakeClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Times {
            monotonic: AtomicU64::new(nanos(secs(7))),
            wall: AtomicU64::new(nanos(secs(1_750_000_000))),
            jitter: AtomicU64::new(0_f64.to_bits()),
        }))
    }

    /// Moves both clocks forward.
    pub(crate) fn advance(&self, time: Duration) {
        self.0.monotonic.fetch_add(nanos(time), Ordering::SeqCst);
        self.0.wall.fetch_add(nanos(time), Ordering::SeqCst);
    }

    /// Moves only the wall clock forward: the machine was suspended, or the clock was set.
    pub(crate) fn set_wall_forward(&self, time: Duration) {
        self.0.wall.fetch_add(nanos(time), Ordering::SeqCst);
    }

    /// Moves the wall clock back: the clock was set.
    pub(crate) fn set_wall_back(&self, time: Duration) {
        let back = |wall: u64| Some(wall.saturating_sub(nanos(time)));
        self.0.wall.fetch_update(Ordering::SeqCst, Ordering::SeqCst, back).unwrap();
    }

    /// Moves the monotonic clock back, which no correct clock does.
    pub(crate) fn set_monotonic_back(&self, time: Duration) {
        let back = |monotonic: u64| Some(monotonic.saturating_sub(nanos(time)));
        self.0.monotonic.fetch_update(Ordering::SeqCst, Ordering::SeqCst, back).unwrap();
    }

    /// The number of clones of this clock.
    pub(crate) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Sets the jitter, which is random in production.
    pub(crate) fn set_jitter(&self, jitter: f64) {
        self.0.jitter.store(jitter.to_bits(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.0.monotonic.load(Ordering::SeqCst))
    }

    fn wall(&self) -> Duration {
        Duration::from_nanos(self.0.wall.load(Ordering::SeqCst))
    }

    fn jitter(&self) -> f64 {
        f64::from_bits(self.0.jitter.load(Ordering::SeqCst))
    }
}

/// The outcome of a fetch without its host.
pub(crate) fn bare(outcome: Result<(), FetchFailure>) -> Result<(), FetchError> {
    outcome.map_err(|failure| failure.error().clone())
}

/// The error of the last attempt.
pub(crate) fn last_error(health: &Health) -> Option<FetchError> {
    health.last_error().as_ref().map(|failure| failure.error().clone())
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap()
}

/// How the issuer answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Body(Vec<u8>),
    Fail(FetchError),
    Panic,
}

impl Reply {
    pub(crate) fn keys(kids: &[&str]) -> Self {
        Self::Body(jwks(kids).into_bytes())
    }

    pub(crate) fn status(status: u16, retry_after: Option<Duration>) -> Self {
        Self::Fail(FetchError::Status { status, retry_after })
    }
}

/// A set of keys with these `kid`s.
pub(crate) fn jwks(kids: &[&str]) -> String {
    // Parsed once, because each parsing checks the PKCS #8.
    static KEY: LazyLock<TestKey> = LazyLock::new(TestKey::attacker);
    let key = &*KEY;
    Issuer::with_keys(URL, kids.iter().map(|kid| key.with_kid(*kid)).collect()).jwks()
}

/// A fetch that began.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The time by the monotonic clock.
    pub(crate) at: Duration,
    pub(crate) no_cache: bool,
}

/// The issuer. Clones share it.
#[derive(Clone)]
pub(crate) struct FakeFetch(Arc<FakeIssuer>);

struct FakeIssuer {
    clock: FakeClock,
    script: Mutex<Script>,
    changed: Condvar,
}

struct Script {
    reply: Reply,
    gate_closed: bool,
    requests: Vec<Request>,
    last_request: Option<FetchRequest>,
    in_flight: usize,
    most_in_flight: usize,
}

impl FakeFetch {
    pub(crate) fn new(clock: &FakeClock) -> Self {
        let script = Script {
            reply: Reply::keys(&["a"]),
            gate_closed: false,
            requests: Vec::new(),
            last_request: None,
            in_flight: 0,
            most_in_flight: 0,
        };
        let (script, changed) = (Mutex::new(script), Condvar::new());
        Self(Arc::new(FakeIssuer { clock: clock.clone(), script, changed }))
    }

    /// Sets the reply to every fetch that ends from now on.
    pub(crate) fn reply(&self, reply: Reply) {
        self.script().reply = reply;
    }

    pub(crate) fn serves(&self, kids: &[&str]) {
        self.reply(Reply::keys(kids));
    }

    pub(crate) fn fails(&self) {
        self.reply(Reply::status(500, None));
    }

    /// Holds up every fetch from now on.
    pub(crate) fn close_gate(&self) {
        self.script().gate_closed = true;
    }

    pub(crate) fn open_gate(&self) {
        self.script().gate_closed = false;
        self.0.changed.notify_all();
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.script().requests.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.script().requests.len()
    }

    pub(crate) fn last_request(&self) -> FetchRequest {
        self.script().last_request.clone().unwrap()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.script().in_flight
    }

    /// The number of clones of this issuer.
    pub(crate) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.script().most_in_flight
    }

    /// Waits until this many fetches have begun.
    pub(crate) fn await_count(&self, count: usize) {
        let script = self.script();
        let fewer = |script: &mut Script| script.requests.len() < count;
        let (script, _) = self.0.changed.wait_timeout_while(script, FOREVER, fewer).unwrap();
        assert!(script.requests.len() >= count, "{} of {count} fetches", script.requests.len());
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fetch for FakeFetch {
    fn fetch(&self, request: &FetchRequest) -> Result<Vec<u8>, FetchError> {
        let mut script = self.script();
        script
            .requests
            .push(Request { at: self.0.clock.monotonic(), no_cache: request.no_cache() });
        script.last_request = Some(request.clone());
        script.in_flight += 1;
        script.most_in_flight = script.most_in_flight.max(script.in_flight);
        self.0.changed.notify_all();
        let closed = |script: &mut Script| script.gate_closed;
        let mut script = self.0.changed.wait_while(script, closed).unwrap();
        script.in_flight -= 1;
        let reply = script.reply.clone();
        drop(script);
        match reply {
            Reply::Body(body) => Ok(body),
            Reply::Fail(error) => Err(error),
            Reply::Panic => resume_unwind(Box::new("as the test wants it")),
        }
    }
}

/// A key source with a manual clock and a scripted issuer.
pub(crate) struct Rig {
    pub(crate) clock: FakeClock,
    pub(crate) issuer: FakeFetch,
    pub(crate) keys: RemoteJwks,
}

impl Rig {
    /// A source with default settings and without a key set.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder) -> Self {
        let clock = FakeClock::new();
        let issuer = FakeFetch::new(&clock);
        // On a busy machine 64 threads may need more than the default of five seconds. Waiters must
        // not time out.
        let builder =
            RemoteJwks::builder(URL).timeout(FOREVER).fetch(issuer.clone()).clock(clock.clone());
        let keys = settings(builder).build().unwrap();
        Self { clock, issuer, keys }
    }

    /// A source with a set of these keys, fetched now.
    pub(crate) fn primed(kids: &[&str]) -> Self {
        Self::primed_with(kids, |builder| builder)
    }

    pub(crate) fn primed_with(
        kids: &[&str],
        settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
    ) -> Self {
        let rig = Self::with(settings);
        rig.issuer.serves(kids);
        // With a short timeout, the first try may end before the fetch.
        until(|| rig.keys.prime().is_ok());
        rig
    }

    pub(crate) fn key(&self, kid: &str) -> Result<String, KeyError> {
        key(&self.keys, kid)
    }

    pub(crate) fn try_key(&self, kid: &str) -> Result<String, KeyError> {
        name(self.keys.try_key(KeyQuery::new(Some(kid), Algorithm::RS256)))
    }

    /// Waits until no fetch is in flight.
    pub(crate) fn settle(&self) {
        until(|| !self.keys.health().is_fetching());
    }

    /// Waits until there are this many waiters, threads and futures.
    pub(crate) fn await_waiters(&self, waiters: usize) {
        until(|| self.keys.health().waiters() == waiters);
    }

    /// A blocking lookup on a thread of its own.
    pub(crate) fn spawn_key(&self, kid: &str) -> thread::JoinHandle<Result<String, KeyError>> {
        let (keys, kid) = (self.keys.clone(), kid.to_owned());
        thread::spawn(move || key(&keys, &kid))
    }
}

pub(crate) fn key(keys: &RemoteJwks, kid: &str) -> Result<String, KeyError> {
    name(keys.key(KeyQuery::new(Some(kid), Algorithm::RS256)))
}

pub(crate) async fn key_async(keys: &RemoteJwks, kid: &str) -> Result<String, KeyError> {
    name(keys.key_async(KeyQuery::new(Some(kid), Algorithm::RS256)).await)
}

/// The `kid` of the key that was found, which may differ from the requested one.
pub(crate) fn name(answer: Result<SelectedKey, KeyError>) -> Result<String, KeyError> {
    answer.map(|key| key.key_id().unwrap().to_owned())
}

pub(crate) fn unavailable(retry_after: Duration) -> Result<String, KeyError> {
    Err(KeyError::Unavailable { retry_after })
}

/// Waits until the condition is true.
pub(crate) fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < FOREVER, "the condition stays false");
        match start.elapsed() < millis(1) {
            true => thread::yield_now(),
            false => thread::sleep(Duration::from_micros(200)),
        }
    }
}

/// Waits for the thread, at most `FOREVER`, and returns its value.
pub(crate) fn join<T>(handle: thread::JoinHandle<T>) -> T {
    until(|| handle.is_finished());
    handle.join().unwrap()
}

/// Blocks on one future.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let start = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(start.elapsed() < FOREVER, "never woken");
        thread::park_timeout(FOREVER);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs all futures on this thread, polling each only after it was woken. Returns their outputs in
/// order. Calls `idle` once, when no future can make progress.
pub(crate) fn run_all<T>(
    futures: impl IntoIterator<Item = impl Future<Output = T>>,
    idle: impl FnOnce(),
) -> Vec<T> {
    let (queue, mut idle) = (Arc::new(Queue::default()), Some(idle));
    let mut tasks: BTreeMap<usize, _> = futures.into_iter().map(Box::pin).enumerate().collect();
    let mut outputs = BTreeMap::new();
    queue.ready.lock().unwrap().extend(tasks.keys());
    while !tasks.is_empty() {
        let number = match queue.take(Duration::ZERO) {
            Some(number) => number,
            None => {
                if let Some(idle) = idle.take() {
                    idle();
                }
                queue.take(FOREVER).expect("no future was woken")
            }
        };
        let Some(task) = tasks.get_mut(&number) else { continue };
        let waker = Waker::from(Arc::new(Enqueue { number, queue: Arc::clone(&queue) }));
        if let Poll::Ready(output) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
            tasks.remove(&number);
            outputs.insert(number, output);
        }
    }
    outputs.into_values().collect()
}

#[derive(Default)]
struct Queue {
    ready: Mutex<VecDeque<usize>>,
    woken: Condvar,
}

impl Queue {
    fn take(&self, patience: Duration) -> Option<usize> {
        let ready = self.ready.lock().unwrap();
        let empty = |ready: &mut VecDeque<usize>| ready.is_empty();
        let (mut ready, _) = self.woken.wait_timeout_while(ready, patience, empty).unwrap();
        ready.pop_front()
    }
}

struct Enqueue {
    number: usize,
    queue: Arc<Queue>,
}

impl Wake for Enqueue {
    fn wake(self: Arc<Self>) {
        self.queue.ready.lock().unwrap().push_back(self.number);
        self.queue.woken.notify_all();
    }
}

/// A future that is polled by hand.
pub(crate) struct Manual<'f, T> {
    future: Pin<Box<dyn Future<Output = T> + 'f>>,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl<'f, T> Manual<'f, T> {
    pub(crate) fn new(future: impl Future<Output = T> + 'f) -> Self {
        Self { future: Box::pin(future), woken: Arc::default() }
    }

    pub(crate) fn poll(&mut self) -> Poll<T> {
        let waker = Waker::from(Arc::clone(&self.woken));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    pub(crate) fn poll_with(&mut self, waker: &Waker) -> Poll<T> {
        self.future.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// How often the future was woken.
    pub(crate) fn woken(&self) -> usize {
        self.woken.0.load(Ordering::SeqCst)
    }
}

/// A clock that can hold up calls of `jitter`.
#[derive(Clone)]
pub(crate) struct GatedJitter {
    pub(crate) times: FakeClock,
    gate: Arc<(Mutex<bool>, Condvar)>,
    pub(crate) inside: Arc<AtomicUsize>,
}

impl Default for GatedJitter {
    fn default() -> Self {
        Self { times: FakeClock::new(), gate: Arc::default(), inside: Arc::default() }
    }
}

impl GatedJitter {
    pub(crate) fn close(&self) {
        *self.gate.0.lock().unwrap() = true;
    }

    pub(crate) fn open(&self) {
        *self.gate.0.lock().unwrap() = false;
        self.gate.1.notify_all();
    }
}

impl Clock for GatedJitter {
    fn monotonic(&self) -> Duration {
        self.times.monotonic()
    }

    fn wall(&self) -> Duration {
        self.times.wall()
    }

    fn jitter(&self) -> f64 {
        let closed = self.gate.0.lock().unwrap();
        self.inside.fetch_add(usize::from(*closed), Ordering::SeqCst);
        let _open = self.gate.1.wait_while(closed, |closed| *closed).unwrap();
        0.0
    }
}
