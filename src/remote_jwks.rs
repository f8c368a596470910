//! The issuer's key set over time: fetched, kept, refreshed, and never trusted for too long.
//! RFC 7517 section 5, RFC 8725 section 3.8.
//!
//! What to do when is decided in `refresh.rs`; here are the locks, the threads and the clock.

use std::{
    boxed::Box,
    collections::BTreeMap,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    string::String,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use crate::{
    Clock, Fetch, FetchConfigError, FetchError, FetchRequest, Health, JwkSet, KeyError, KeyLookup,
    KeyQuery, KeySource, KeysState, RemoteJwksBuilder, SelectedKey, UnixTime,
    clock::Moment,
    health::Counters,
    refresh::{Found, Refresh, Request, Step, Timing},
};

/// The keys of one issuer, fetched from its `jwks_uri` and kept up to date. Cheap to clone; clones
/// share everything.
///
/// A key that is known and still trusted is had without I/O and without waiting. A lookup that needs
/// the network waits for at most two fetches, each bounded by
/// [`timeout`](RemoteJwksBuilder::timeout); requests to the issuer are bounded by time alone, whatever
/// is asked for. Fetches run on a thread of their own, so that no async runtime is needed.
#[derive(Clone)]
pub struct RemoteJwks(Arc<Source>);

impl RemoteJwks {
    /// The key set at `url`, an `https:` URL, with the defaults of [`RemoteJwksBuilder`].
    ///
    /// Does no I/O: the first lookup does, or [`prime`](Self::prime).
    ///
    /// # Errors
    ///
    /// [`FetchConfigError`] if the URL cannot be used.
    pub fn new(url: impl Into<String>) -> Result<Self, FetchConfigError> {
        Self::builder(url).build()
    }

    /// The key set at `url`, with settings of one's own.
    pub fn builder(url: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(url.into())
    }

    pub(crate) fn of(source: Source) -> Self {
        Self(Arc::new(source))
    }

    /// Fetches the key set now, unless it is there already: for the start of a service.
    ///
    /// Waits for at most [`timeout`](RemoteJwksBuilder::timeout). During the back-off after a failure
    /// it does not ask again.
    ///
    /// # Errors
    ///
    /// Why there is no key set within its `ttl`.
    pub fn prime(&self) -> Result<(), FetchError> {
        let source = &*self.0;
        let mut control = source.lock();
        let now = source.now();
        if matches!(source.state(now), KeysState::Fresh | KeysState::Ahead) {
            return Ok(());
        }
        if !control.refresh.under_way() {
            match (control.refresh.last_error(), control.refresh.back_off(now.monotonic)) {
                (Some(error), wait) if !wait.is_zero() => return Err(error.clone()),
                _ => self.start(&mut control, now, Request::Ordinary),
            }
        }
        source.outcome_of_flight(control)
    }

    /// Fetches the key set now, past the copies of intermediaries, whatever is at hand.
    ///
    /// For an operator who knows that a key was withdrawn; never to be called because of a request,
    /// since neither back-off nor cool-down hold it back. Waits for at most twice
    /// [`timeout`](RemoteJwksBuilder::timeout): a fetch that is under way may have begun too early.
    ///
    /// # Errors
    ///
    /// Why the fetch failed. The set at hand stays in use then, as long as it is trusted.
    pub fn refresh_now(&self) -> Result<(), FetchError> {
        let source = &*self.0;
        let mut control = source.lock();
        if control.refresh.under_way() {
            let landing = control.landings;
            control = source.wait(control, landing).0;
        }
        if !control.refresh.under_way() {
            self.start(&mut control, source.now(), Request::Command);
        }
        source.outcome_of_flight(control)
    }

    /// How things stand: for a readiness probe and for metrics.
    ///
    /// It only looks. Keys are fetched when somebody asks for one, so that a probe which keeps
    /// traffic away until there are keys has to ask itself: with [`prime`](Self::prime) or
    /// `key_async(None, Algorithm::RS256)`.
    pub fn health(&self) -> Health {
        let source = &*self.0;
        let control = source.lock();
        let now = source.now();
        let snapshot = source.snapshot();
        let keys = snapshot.as_ref().map(|snapshot| &snapshot.keys);
        Health {
            state: source.state(now),
            usable_keys: keys.map_or(0, JwkSet::len),
            skipped_keys: keys.map_or(0, |keys| keys.skipped().len()),
            generation: snapshot.as_ref().map_or(0, |snapshot| snapshot.generation),
            age: snapshot.as_ref().map(|snapshot| now.since(snapshot.asked)),
            last_success: snapshot
                .as_ref()
                .map(|snapshot| UnixTime::from_secs(snapshot.asked.wall.as_secs())),
            last_error: control.refresh.last_error().cloned(),
            consecutive_failures: control.refresh.failures(),
            fetching: control.refresh.under_way(),
            next_attempt_in: control.refresh.back_off(now.monotonic),
            waiters: control.blocked.saturating_add(control.wakers.len()),
            fetches_ok: control.counters.fetches_ok,
            fetches_failed: control.counters.fetches_failed.clone(),
            stale_served: control.counters.stale_served,
            unknown_kids: control.counters.unknown_kids,
            suppressed_refreshes: control.counters.suppressed_refreshes,
            busy: control.counters.busy,
        }
    }

    /// What a lookup does next. Starts a fetch if that is due.
    fn turn(&self, control: &mut Control, query: KeyQuery<'_>, waited: u8) -> Turn {
        let source = &*self.0;
        let now = source.now();
        let (state, answer) = source.look(now, query);
        let found = found(query, &answer);
        let step = control.refresh.decide(&source.timing, now.monotonic, state, found, waited);
        match step {
            Step::Use | Step::UseAndRefresh | Step::Refuse(_) => {
                control.counters.count(state, found, &step, waited);
                if step == Step::UseAndRefresh {
                    self.start(control, now, Request::Ordinary);
                }
                match step {
                    Step::Refuse(error) => Turn::Answer(Err(error)),
                    _ => Turn::Answer(answer),
                }
            }
            Step::Lead(request) => {
                self.start(control, now, request);
                Turn::Wait
            }
            Step::Join => Turn::Wait,
        }
    }

    /// Takes the slot and begins a fetch on a thread of its own, which keeps nothing alive.
    fn start(&self, control: &mut Control, now: Moment, request: Request) {
        let source = &*self.0;
        control.refresh.start(now.monotonic, request);
        source.quiet_until.store(u64::MAX, Ordering::Relaxed);
        let (remote, fetch) = (Arc::downgrade(&self.0), Arc::clone(&source.fetch));
        let request = source.request.clone().with_no_cache(request != Request::Ordinary);
        let thread = thread::Builder::new().name("tokenring-fetch".into());
        let fly = move || {
            let outcome = Err(FetchError::Thread);
            let mut flight = Flight { source: remote, asked: now, outcome };
            flight.outcome = fetch_keys(&*fetch, &request);
        };
        if thread.spawn(fly).is_err() {
            // Nobody waits yet: whoever would is the one who starts.
            let _nobody = source.land(control, now, Err(FetchError::Thread));
        }
    }
}

impl KeySource for RemoteJwks {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        let source = &*self.0;
        if let Some(answer) = source.at_hand(query) {
            return answer;
        }
        let mut control = source.lock();
        let mut waited: u8 = 0;
        loop {
            let landing = control.landings;
            if let Turn::Answer(answer) = self.turn(&mut control, query, waited) {
                return answer;
            }
            if control.blocked >= source.max_blocked {
                control.counters.busy = control.counters.busy.saturating_add(1);
                let now = source.now();
                return source.without_waiting(&mut control, now, query, KeyError::Busy);
            }
            let landed;
            (control, landed) = source.wait(control, landing);
            if !landed {
                let now = source.now();
                control.refresh.overdue(now.monotonic, source.state(now), source.jitter());
                let unavailable = Refresh::unavailable(Duration::ZERO);
                return source.without_waiting(&mut control, now, query, unavailable);
            }
            waited = waited.saturating_add(1);
        }
    }

    fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        self.0.if_at_hand(|set| set.finds(key, query)).unwrap_or(false)
    }

    fn key_async(&self, query: KeyQuery<'_>) -> KeyLookup<'_> {
        if let Some(answer) = self.0.at_hand(query) {
            return KeyLookup::ready(answer);
        }
        let (kid, rest) = (query.key_id().map(String::from), query.with_key_id(None));
        KeyLookup::pending(async move {
            let mut seat = Seat { remote: self, number: None, landing: None, waited: 0 };
            poll_fn(|context| seat.poll(context, rest.with_key_id(kid.as_deref()))).await
        })
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        let source = &*self.0;
        if let Some(answer) = source.at_hand(query) {
            return answer;
        }
        let mut control = source.lock();
        let now = source.now();
        let (state, answer) = source.look(now, query);
        let found = found(query, &answer);
        let step = control.refresh.decide(&source.timing, now.monotonic, state, found, 0);
        control.counters.count(state, found, &step, 0);
        match step {
            Step::Use | Step::UseAndRefresh => answer,
            Step::Join | Step::Lead(_) => Err(Refresh::unavailable(Duration::ZERO)),
            Step::Refuse(error) => Err(error),
        }
    }
}

impl fmt::Debug for RemoteJwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJwks").field("url", &self.0.request.url()).finish_non_exhaustive()
    }
}

/// What came of a turn.
enum Turn {
    Answer(Result<SelectedKey, KeyError>),
    /// For the fetch under way.
    Wait,
}

/// A newer set is asked about a `kid` that is unknown, and about nothing else: a token without
/// `kid`, or one that several keys fit, would be no wiser.
fn found(query: KeyQuery<'_>, answer: &Result<SelectedKey, KeyError>) -> Found {
    match (query.key_id(), answer) {
        (Some(_), Err(KeyError::UnknownKey)) => Found::UnknownKid,
        _ => Found::Answer,
    }
}

/// A fetch with all its checks: what it gives may be used.
fn fetch_keys(fetch: &dyn Fetch, request: &FetchRequest) -> Result<JwkSet, FetchError> {
    let body = fetch.fetch(request)?;
    if body.len() > request.max_body() {
        return Err(FetchError::BodyTooLong { limit: request.max_body() });
    }
    let keys = JwkSet::from_json(&body).map_err(FetchError::KeySet)?;
    match keys.is_empty() {
        true => Err(FetchError::NoUsableKeys { skipped: keys.skipped().len() }),
        false => Ok(keys),
    }
}

/// What the clones of a [`RemoteJwks`] share.
pub(crate) struct Source {
    request: FetchRequest,
    timing: Timing,
    max_blocked: usize,
    fetch: Arc<dyn Fetch>,
    clock: Box<dyn Clock>,
    /// Taken for reading by every lookup, for as long as it takes to pick a key.
    published: RwLock<Option<Arc<Snapshot>>>,
    /// Until when no fetch is to be started for a set that is merely getting old, in nanoseconds of
    /// the monotonic clock: lets the lookups meanwhile go without the lock.
    quiet_until: AtomicU64,
    /// Taken by lookups that may have to wait. May be held when `published` is taken, not the other
    /// way round; never held across I/O, parsing or arithmetic.
    control: Mutex<Control>,
    landed: Condvar,
}

/// A key set in use.
struct Snapshot {
    keys: JwkSet,
    /// When the fetch began: what the issuer did later, it need not know.
    asked: Moment,
    /// The age from which on it is refreshed in the background.
    ahead: Duration,
    generation: u64,
}

#[derive(Default)]
struct Control {
    refresh: Refresh,
    /// How many fetches have ended. Whoever waits, waits for this to change.
    landings: u64,
    /// Threads that wait.
    blocked: usize,
    /// Futures that wait, by the number of their seat.
    wakers: BTreeMap<u64, Waker>,
    seats: u64,
    counters: Counters,
}

impl Source {
    pub(crate) fn new(
        request: FetchRequest,
        timing: Timing,
        max_blocked: usize,
        fetch: Arc<dyn Fetch>,
        clock: Box<dyn Clock>,
    ) -> Self {
        Self {
            request,
            timing,
            max_blocked,
            fetch,
            clock,
            published: RwLock::new(None),
            quiet_until: AtomicU64::new(0),
            control: Mutex::default(),
            landed: Condvar::new(),
        }
    }

    fn now(&self) -> Moment {
        Moment { monotonic: self.clock.monotonic(), wall: self.clock.wall() }
    }

    /// A number from 0 to 1. What is not, and be it NaN, would panic where durations are multiplied
    /// with it, and leave the slot taken.
    fn jitter(&self) -> f64 {
        let jitter = Some(self.clock.jitter()).filter(|jitter| (0.0..=1.0).contains(jitter));
        jitter.unwrap_or(0.5)
    }

    /// Entered even if a thread has panicked in there: what is behind the locks is whole between any
    /// two statements, and refusing everybody for ever would be worse.
    fn lock(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The answer of a set that is within its `ttl`, without a mutex and without allocation. None if
    /// there is more to think about.
    fn at_hand(&self, query: KeyQuery<'_>) -> Option<Result<SelectedKey, KeyError>> {
        let answer = self.if_at_hand(|set| set.find(query))?;
        (found(query, &answer) == Found::Answer).then_some(answer)
    }

    /// What `look` sees in a set that is within its `ttl` and is not to be refreshed.
    fn if_at_hand<T>(&self, look: impl FnOnce(&JwkSet) -> T) -> Option<T> {
        let now = self.now();
        let published = self.published.read().unwrap_or_else(PoisonError::into_inner);
        let snapshot = published.as_ref()?;
        let age = now.since(snapshot.asked);
        let quiet = || nanos(now.monotonic) < self.quiet_until.load(Ordering::Relaxed);
        if age >= self.timing.ttl || (age >= snapshot.ahead && !quiet()) {
            return None;
        }
        Some(look(&snapshot.keys))
    }

    /// How old the set at hand is, and what it says.
    fn look(&self, now: Moment, query: KeyQuery<'_>) -> (KeysState, Result<SelectedKey, KeyError>) {
        let state = self.state(now);
        let snapshot = match state {
            KeysState::Empty | KeysState::Dead => None,
            _ => self.snapshot(),
        };
        let nothing = Err(KeyError::UnknownKey);
        let answer = snapshot.map_or(nothing, |snapshot| snapshot.keys.find(query));
        (state, answer)
    }

    /// The answer to a lookup that should have waited for a fetch, or for longer: a key past its
    /// `ttl` will do. Looked up anew, since it may have passed its `stale_cap` meanwhile.
    fn without_waiting(
        &self,
        control: &mut Control,
        now: Moment,
        query: KeyQuery<'_>,
        otherwise: KeyError,
    ) -> Result<SelectedKey, KeyError> {
        let (state, answer) = self.look(now, query);
        let key = answer.map_err(|_| otherwise)?;
        control.counters.count(state, Found::Answer, &Step::Use, 0);
        Ok(key)
    }

    fn state(&self, now: Moment) -> KeysState {
        let Some(snapshot) = self.snapshot() else { return KeysState::Empty };
        match now.since(snapshot.asked) {
            age if age >= self.timing.stale_cap => KeysState::Dead,
            age if age >= self.timing.ttl => KeysState::Expired,
            age if age >= snapshot.ahead => KeysState::Ahead,
            _ => KeysState::Fresh,
        }
    }

    /// Waits until another fetch has ended than the `landing` last, or until it must have. Says which.
    fn wait<'c>(
        &'c self,
        mut control: MutexGuard<'c, Control>,
        landing: u64,
    ) -> (MutexGuard<'c, Control>, bool) {
        control.blocked = control.blocked.saturating_add(1);
        let bound = self.request.timeout().saturating_add(LANDING_TIME);
        let waiting = |control: &mut Control| control.landings == landing;
        let (mut control, _) = self
            .landed
            .wait_timeout_while(control, bound, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        control.blocked = control.blocked.saturating_sub(1);
        let landed = control.landings != landing;
        (control, landed)
    }

    /// Waits for the fetch under way, if there is one, and says how the last one ended.
    fn outcome_of_flight<'c>(
        &'c self,
        mut control: MutexGuard<'c, Control>,
    ) -> Result<(), FetchError> {
        if control.refresh.under_way() {
            let landing = control.landings;
            let landed;
            (control, landed) = self.wait(control, landing);
            if !landed {
                return Err(FetchError::Timeout);
            }
        }
        control.refresh.last_error().cloned().map_or(Ok(()), Err)
    }

    /// The end of a fetch. The wakers are for the caller, once the lock is free.
    #[must_use]
    fn land(
        &self,
        control: &mut Control,
        asked: Moment,
        outcome: Result<JwkSet, FetchError>,
    ) -> BTreeMap<u64, Waker> {
        let (now, jitter) = (self.now(), self.jitter());
        let quiet_until = match outcome {
            Ok(keys) => {
                let generation = self.snapshot().map_or(0, |snapshot| snapshot.generation);
                let share = AHEAD_FROM + AHEAD_SPREAD * jitter;
                let snapshot = Snapshot {
                    keys,
                    asked,
                    ahead: self.timing.ttl.mul_f64(share),
                    generation: generation.saturating_add(1),
                };
                let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
                *published = Some(Arc::new(snapshot));
                control.refresh.succeed();
                control.counters.fetches_ok = control.counters.fetches_ok.saturating_add(1);
                Duration::ZERO
            }
            Err(error) => {
                let count = control.counters.fetches_failed.entry(error.code()).or_default();
                *count = count.saturating_add(1);
                control.refresh.fail(now.monotonic, error, self.state(now), jitter);
                control.refresh.back_off_end()
            }
        };
        self.quiet_until.store(nanos(quiet_until), Ordering::Relaxed);
        control.landings = control.landings.wrapping_add(1);
        self.landed.notify_all();
        std::mem::take(&mut control.wakers)
    }
}

/// A fetch under way. It lands when it is dropped, after a panic too.
struct Flight {
    source: Weak<Source>,
    asked: Moment,
    outcome: Result<JwkSet, FetchError>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        // Nobody is left who could want to know.
        let Some(source) = self.source.upgrade() else { return };
        let outcome = std::mem::replace(&mut self.outcome, Err(FetchError::Thread));
        let wakers = source.land(&mut source.lock(), self.asked, outcome);
        for waker in wakers.into_values() {
            // A waker may run what it wakes, and that may panic: the others wait no less for it.
            let _panic = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }
}

/// A future's place among those who wait.
struct Seat<'r> {
    remote: &'r RemoteJwks,
    number: Option<u64>,
    /// The fetch that ended last when it began to wait.
    landing: Option<u64>,
    waited: u8,
}

impl Seat<'_> {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        query: KeyQuery<'_>,
    ) -> Poll<Result<SelectedKey, KeyError>> {
        let source = &*self.remote.0;
        if let Some(answer) = source.at_hand(query) {
            return Poll::Ready(answer);
        }
        let mut control = source.lock();
        loop {
            if let Some(landing) = self.landing {
                if control.landings == landing {
                    let number = *self.number.get_or_insert_with(|| {
                        control.seats = control.seats.wrapping_add(1);
                        control.seats
                    });
                    let former = control.wakers.insert(number, context.waker().clone());
                    // In this order: it may be the last of a task, with seats of its own in it.
                    drop(control);
                    drop(former);
                    return Poll::Pending;
                }
                self.waited = self.waited.saturating_add(1);
            }
            let landing = control.landings;
            match self.remote.turn(&mut control, query, self.waited) {
                Turn::Answer(answer) => return Poll::Ready(answer),
                Turn::Wait => self.landing = Some(landing),
            }
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            // Dropped after the lock is free: it may be the last of a task, with all that is in it.
            let _waker = self.remote.0.lock().wakers.remove(&number);
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}

/// How long a fetch may take past its timeout before those who wait give up on it.
const LANDING_TIME: Duration = Duration::from_millis(100);

/// A set is refreshed ahead of time from 72 to 80 % of its `ttl` on.
const AHEAD_FROM: f64 = 0.72;
const AHEAD_SPREAD: f64 = 0.08;
