//! A remote key source compared with a model of its rules.
//!
//! The crate's own tests include this module by its path, so it uses no other of this package.

mod issuer;
mod model;

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use tokenring::{
    Algorithm, FetchConfigError, KeyError, KeyQuery, KeySource, RemoteJwks, SelectedKey,
    SkippedKey, UnixTime,
    remote::{Clock, FetchError, FetchEvent, FetchFailure, KeysState, RemoteJwksBuilder},
};

use self::{
    issuer::{
        Blocked, Client, ISSUER, Issuer, KEYS, Key, MAX_BODY, Release, Replies, Reply, SETS, URL,
        text,
    },
    model::{Answer, Event, Failure, Fault, Model, Moment, Query, Settings},
};

/// Runs `script` and asserts that every answer of the key source, every request that it makes, every
/// event and all of its health are those of the model.
///
/// The first seven bytes are the settings. The rest is a sequence of operations with their arguments.
pub fn run(script: &[u8]) -> Reached {
    let mut script = Script(script);
    let Some(mut run) = Run::new(&mut script) else { return Reached::default() };
    while let Some(operation) = script.next() {
        run.reached.dead += usize::from(run.model.state() == KeysState::Dead);
        run.reached.ended += usize::from(run.model.is_ended_early());
        run.operation(operation, &mut script);
        run.compare();
    }
    run.finish()
}

/// How often a script reached each situation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reached {
    /// A lookup found a key.
    pub found: usize,
    /// A lookup found a key of a set that had expired.
    pub stale: usize,
    pub unknown: usize,
    pub unavailable: usize,
    /// A lookup that did not block had to wait.
    pub waits: usize,
    /// It waited for another attempt after the one that it had waited for.
    pub second_attempts: usize,
    /// It was dropped while it waited.
    pub dropped: usize,
    /// An operation began without a usable set, after there was one.
    pub dead: usize,
    /// The set was dead before its `stale_cap`, because the issuer had published no usable key for a
    /// whole `ttl`.
    pub ended: usize,
    /// An attempt followed metadata that names another `jwks_uri` than before.
    pub moved: usize,
    /// An attempt followed metadata that names the same `jwks_uri` as before.
    pub confirmed: usize,
    /// An attempt found no metadata, and used the known `jwks_uri`.
    pub metadata_absent: usize,
}

struct Script<'s>(&'s [u8]);

impl Script<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// 0 if nothing is left.
    fn byte(&mut self) -> u8 {
        self.next().unwrap_or(0)
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    fn seconds(&mut self, choices: &[u64]) -> Duration {
        Duration::from_secs(self.pick(choices))
    }

    fn settings(&mut self) -> Settings {
        let discovery = self.pick(&[false, true]);
        let ttl = self.seconds(&[600, 1, 60, 7]);
        let stale_cap = match self.byte() % 4 {
            0 => ttl * 6,
            1 => ttl,
            2 => ttl + Duration::from_secs(1),
            _ => ttl * 2,
        };
        let kid_cooldown = self.seconds(&[10, 1, 700, 90]);
        // Also measured in real time, but no script takes that long.
        let timeout = self.seconds(&[300, 86_400]);
        let max_waiting = self.pick(&[1000, 1, 2, 3]);
        Settings { discovery, ttl, stale_cap, kid_cooldown, timeout, max_waiting }
    }

    fn query(&mut self) -> Query {
        let byte = self.byte();
        let names = [Some("a"), Some("b"), Some("c"), Some("d"), Some("e"), None];
        let kid = names[usize::from(byte) % names.len()];
        let algorithm = if byte < 192 { Algorithm::EdDSA } else { Algorithm::ES256 };
        Query { kid, algorithm }
    }

    fn replies(&mut self, discovery: bool) -> Replies {
        let key_set = Reply::key_set(self.byte());
        let (openid, oauth) = match discovery {
            true => (Reply::metadata(self.byte()), Reply::metadata(self.byte())),
            false => (Reply::Panics, Reply::Panics),
        };
        Replies { openid, oauth, key_set }
    }
}

/// The source and the model.
struct Run {
    keys: RemoteJwks,
    clock: StillClock,
    issuer: Arc<Issuer>,
    events: Arc<Mutex<BTreeMap<usize, Event>>>,
    model: Model,
    waiting: BTreeMap<usize, Lookup>,
    lookups: usize,
    reached: Reached,
}

impl Run {
    /// None if the source refuses the settings, and should.
    fn new(script: &mut Script<'_>) -> Option<Self> {
        let settings = script.settings();
        let now = Moment {
            monotonic: Duration::from_secs(7),
            wall: Duration::from_secs(START.as_secs()),
        };
        let mut model = Model::new(settings, now, 0);
        let clock = StillClock(Arc::new(Mutex::new((now, 0.0))));
        let issuer = Arc::new(Issuer::default());
        let events = Arc::new(Mutex::new(BTreeMap::new()));
        let (log, client) = (Arc::clone(&events), Client(Arc::clone(&issuer)));
        let builder = match settings.discovery {
            true => RemoteJwks::discovery_builder(ISSUER),
            false => RemoteJwks::builder(URL),
        };
        let builder = builder
            .ttl(settings.ttl)
            .stale_cap(settings.stale_cap)
            .kid_cooldown(settings.kid_cooldown)
            .timeout(settings.timeout)
            .max_waiting_futures(settings.max_waiting)
            .max_body(MAX_BODY)
            .clock(clock.clone())
            .fetch(client)
            .on_fetch(move |event| {
                log.lock().unwrap().insert(issuer::attempt(), event_of(event));
            });
        let keys = seeded(builder, &mut model, script).build();
        let is_usable = model.set.as_ref().is_none_or(|set| !set.read.keys.is_empty());
        match keys {
            Err(error) => {
                assert!(error == FetchConfigError::SeedWithoutKeys && !is_usable, "{error:?}");
                None
            }
            Ok(keys) => {
                assert!(is_usable);
                let (waiting, lookups, reached) = (BTreeMap::new(), 0, Reached::default());
                Some(Self { keys, clock, issuer, events, model, waiting, lookups, reached })
            }
        }
    }

    fn operation(&mut self, operation: u8, script: &mut Script<'_>) {
        match operation % 16 {
            0 | 1 => self.lookup(script.query()),
            2 => self.blocking_lookup(script),
            3 => {
                let query = script.query();
                let answer = name(self.keys.try_key(key_query(query)));
                assert_eq!(answer, self.model.try_key(query));
                self.count(answer);
            }
            4 => {
                let (query, (key, public)) =
                    (script.query(), &KEYS[usize::from(script.byte()) % 12]);
                let confirms =
                    self.keys.confirms(&SelectedKey::from(public.clone()), key_query(query));
                assert_eq!(confirms, self.model.confirms(*key, query), "{key:?} for {query:?}");
            }
            5..8 => self.advance(script),
            8 => self.wall_jumps(script),
            9 | 10 => self.release(script),
            11 => self.poll_all(),
            12 => {
                let waiting: Vec<usize> = self.waiting.keys().copied().collect();
                if !waiting.is_empty() {
                    let number = script.pick(&waiting);
                    self.waiting.remove(&number);
                    self.model.waiting.remove(&number);
                    self.reached.dropped += 1;
                }
            }
            13 => self.prime(script),
            14 => self.refresh_now(script),
            _ => {
                // A jitter outside of 0 to 1 counts as a half.
                let quarters = [0.0, 0.25, 0.5, 0.75, 1.0, f64::NAN, -0.5, 7.0];
                let which = usize::from(script.byte()) % quarters.len();
                self.clock.0.lock().unwrap().1 = quarters[which];
                self.model.jitter = [0, 1, 2, 3, 4, 2, 2, 2][which];
            }
        }
    }

    fn lookup(&mut self, query: Query) {
        let (keys, number) = (self.keys.clone(), self.lookups);
        self.lookups += 1;
        let lookup = async move { name(keys.key_async(key_query(query)).await) };
        self.waiting.insert(number, Lookup { future: Box::pin(lookup), woken: Arc::default() });
        self.model.wait(number, query);
        self.poll(number);
        self.reached.waits += usize::from(self.waiting.contains_key(&number));
    }

    fn poll_all(&mut self) {
        for number in self.waiting.keys().copied().collect::<Vec<_>>() {
            self.poll(number);
        }
    }

    fn poll(&mut self, number: usize) {
        let lookup = self.waiting.get_mut(&number).unwrap();
        let waker = Waker::from(Arc::clone(&lookup.woken));
        let polled = lookup.future.as_mut().poll(&mut Context::from_waker(&waker));
        let waited = self.model.waiting[&number].waited;
        match (polled, self.model.poll(number)) {
            (Poll::Pending, None) => {
                let longer = self.model.waiting[&number].waited > waited;
                self.reached.second_attempts += usize::from(longer);
            }
            (Poll::Ready(found), Some(expected)) => {
                assert_eq!(found, expected);
                self.count(found);
                self.waiting.remove(&number);
            }
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    fn blocking_lookup(&mut self, script: &mut Script<'_>) {
        let query = script.query();
        let answer = self.block(
            |model| {
                let discovery = model.settings.discovery;
                model.key(query, || script.replies(discovery))
            },
            |keys| name(keys.key(key_query(query))),
        );
        self.count(answer);
    }

    fn count(&mut self, answer: Answer) {
        let expired = self.model.state() == KeysState::Expired;
        self.reached.stale += usize::from(answer.is_ok() && expired);
        *match answer {
            Ok(_) => &mut self.reached.found,
            Err(KeyError::UnknownKey) => &mut self.reached.unknown,
            Err(KeyError::Unavailable { .. }) => &mut self.reached.unavailable,
            Err(_) => return,
        } += 1;
    }

    fn prime(&mut self, script: &mut Script<'_>) {
        let replies = script.replies(self.model.settings.discovery);
        let fault = |failure: FetchFailure| fault(failure.error());
        let _outcome = self.block(|model| model.prime(replies), |keys| keys.prime().map_err(fault));
    }

    fn refresh_now(&mut self, script: &mut Script<'_>) {
        let discovery = self.model.settings.discovery;
        let replies = [script.replies(discovery), script.replies(discovery)];
        let fault = |failure: FetchFailure| fault(failure.error());
        let _outcome = self
            .block(|model| model.refresh_now(replies), |keys| keys.refresh_now().map_err(fault));
    }

    /// A call that may block. The model runs first: it says which attempts the call waits for.
    fn block<T: fmt::Debug + PartialEq>(
        &mut self,
        model: impl FnOnce(&mut Model) -> (T, Vec<(usize, Release)>),
        call: impl FnOnce(&RemoteJwks) -> T,
    ) -> T {
        let next = self.model.requests.len();
        let (expected, mut releases) = model(&mut self.model);
        for (_, release) in releases.iter_mut().filter(|(number, _)| *number >= next) {
            // The source holds its lock from the start of an attempt until the call waits for it.
            release.waiters = 0;
        }
        let blocked = Blocked {
            keys: self.keys.clone(),
            slot: self.model.slot,
            attempts: self.model.requests.len(),
            waiters: self.model.registered() + 1,
        };
        let found = self.issuer.release_while(blocked, releases, || call(&self.keys));
        assert_eq!(found, expected);
        found
    }

    /// Releases an attempt: the one in flight, or one that was abandoned.
    fn release(&mut self, script: &mut Script<'_>) {
        let held: Vec<usize> =
            self.model.slot.iter().chain(&self.model.abandoned).copied().collect();
        let which = usize::from(script.byte());
        let replies = script.replies(self.model.settings.discovery);
        if let Some(number) = held.get(which % held.len().max(1)) {
            self.model.end(*number, &replies);
            let release = Release { replies, waiters: 0 };
            self.issuer.release(vec![(*number, release)]);
        }
    }

    /// Moves both clocks, often to a time at which something changes, or a nanosecond before or after it.
    fn advance(&mut self, script: &mut Script<'_>) {
        let nano = Duration::from_nanos(1);
        let marks = self.model.marks();
        let which = usize::from(script.byte());
        let step = match which {
            ..120 => {
                let mark = marks[which / 3 % marks.len()];
                [mark, mark.saturating_sub(nano), mark + nano][which % 3]
            }
            _ => Duration::from_millis([1, 300, 1000, 5000, 20_000, 100_000][which % 6]),
        };
        self.model.now.monotonic += step;
        self.model.now.wall += step;
        self.clock.0.lock().unwrap().0 = self.model.now;
    }

    /// Moves the wall clock alone: somebody sets it, or the machine has slept.
    fn wall_jumps(&mut self, script: &mut Script<'_>) {
        let Settings { ttl, stale_cap, .. } = self.model.settings;
        let byte = usize::from(script.byte());
        let jump = [Duration::from_secs(1), Duration::from_secs(100), ttl, stale_cap][byte / 2 % 4];
        match byte % 2 {
            0 => self.model.now.wall += jump,
            _ => self.model.now.wall -= jump,
        }
        self.clock.0.lock().unwrap().0 = self.model.now;
    }

    fn compare(&self) {
        let (health, model) = (self.keys.health(), &self.model);
        assert_eq!((health.state(), health.age()), (model.state(), model.age()));
        assert_eq!(health.is_ready(), model.serves());
        assert_eq!(health.is_fetching(), model.slot.is_some());
        let read = model.set.as_ref().map(|set| set.read.clone()).unwrap_or_default();
        assert_eq!(health.usable_keys(), read.keys.len());
        assert_eq!(health.skipped_keys(), read.skipped.len());
        assert_eq!(health.generation(), model.generation);
        assert_eq!(health.last_success().map(UnixTime::as_secs), model.fetched_at());
        let unusable = match &model.last_failure {
            Some(Failure { fault: Fault::NoUsableKeys(skipped), .. }) => skipped.len(),
            _ => 0,
        };
        assert_eq!(health.skipped_in_unusable_set(), unusable);
        assert_eq!(health.last_error().map(failure), model.last_failure);
        assert_eq!(health.consecutive_failures(), model.failures);
        assert_eq!(health.next_attempt_in(), model.back_off());
        assert_eq!(health.waiters(), model.registered());
        assert_eq!((health.fetches_ok(), health.fetches_failed()), (model.ok, &model.failed));
        let counts = (
            health.stale_served(),
            health.unknown_kids(),
            health.suppressed_refreshes(),
            health.busy(),
        );
        assert_eq!(counts, (model.stale, model.unknown, model.suppressed, model.busy));
        assert_eq!(self.issuer.requests(model.requests.len()), model.requests);
        assert_eq!(*self.events.lock().unwrap(), model.events);
        for (number, lookup) in &self.waiting {
            assert_eq!(lookup.woken.0.load(Ordering::SeqCst), model.waiting[number].woken);
        }
        match self.keys.keys() {
            None => assert!(!model.serves()),
            Some(keys) => {
                assert!(model.serves());
                let names: Vec<Key> = keys.iter().map(named).collect();
                let skipped: Vec<_> = keys.skipped().iter().map(skip).collect();
                assert_eq!((names, skipped), (read.keys, read.skipped));
            }
        }
    }

    /// Ends all threads. Attempts that end after the source was dropped do nothing.
    fn finish(mut self) -> Reached {
        drop((self.waiting, self.keys));
        self.issuer.close();
        let Model { moved, confirmed, metadata_absent, .. } = self.model;
        self.reached = Reached { moved, confirmed, metadata_absent, ..self.reached };
        self.reached
    }
}

/// Gives the builder the set of an earlier process, if the script says so.
fn seeded(
    builder: RemoteJwksBuilder,
    model: &mut Model,
    script: &mut Script<'_>,
) -> RemoteJwksBuilder {
    let byte = usize::from(script.byte());
    if byte < 128 {
        return builder;
    }
    let Settings { ttl, stale_cap, .. } = model.settings;
    let second = Duration::from_secs(1);
    let age = [Duration::ZERO, ttl - second, ttl, stale_cap - second, stale_cap][byte / 16 % 5];
    model.seed(byte % SETS.len(), age);
    let fetched_at = UnixTime::from_secs(START.as_secs() - age.as_secs());
    builder.seed(text(byte % SETS.len()), fetched_at)
}

/// A lookup that is polled by hand.
struct Lookup {
    future: Pin<Box<dyn Future<Output = Answer>>>,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A manual clock: both times and the jitter.
#[derive(Clone)]
struct StillClock(Arc<Mutex<(Moment, f64)>>);

impl Clock for StillClock {
    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().0.monotonic
    }

    fn wall(&self) -> Duration {
        self.0.lock().unwrap().0.wall
    }

    fn jitter(&self) -> f64 {
        self.0.lock().unwrap().1
    }
}

fn key_query(query: Query) -> KeyQuery<'static> {
    KeyQuery::new(query.kid, query.algorithm)
}

fn name(answer: Result<SelectedKey, KeyError>) -> Answer {
    answer.map(|key| named(&key))
}

fn named(found: &tokenring::PublicKey) -> Key {
    KEYS.iter().find(|(_, key)| key == found).expect("a known key").0
}

fn skip(skipped: &SkippedKey) -> (usize, Option<String>, tokenring::JwkError) {
    (skipped.index(), skipped.key_id().map(String::from), skipped.error())
}

fn fault(error: &FetchError) -> Fault {
    match error {
        FetchError::NoUsableKeys { skipped, reasons } => {
            assert_eq!(*skipped, reasons.len());
            Fault::NoUsableKeys(reasons.iter().map(skip).collect())
        }
        other => Fault::Error(other.clone()),
    }
}

fn failure(failure: &FetchFailure) -> Failure {
    let hosts = ["keys.example", "issuer.example", "one.example", "two.example"];
    Failure {
        host: hosts.into_iter().find(|host| *host == failure.host()).expect("a known host"),
        purpose: failure.purpose(),
        fault: fault(failure.error()),
    }
}

fn event_of(event: &FetchEvent) -> Event {
    Event {
        failure: event.failure().map(failure),
        fetched_at: event.fetched_at().as_secs(),
        duration: event.duration(),
        usable: event.usable_keys(),
        skipped: event.skipped_keys(),
        generation: event.generation(),
        set: event.key_set().map(String::from),
    }
}

/// The time at which every script begins.
const START: UnixTime = UnixTime::from_secs(1_750_000_000);
