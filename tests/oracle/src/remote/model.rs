//! A model of the rules of a remote key source, with one thread and a manual clock.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokenring::{
    Algorithm, JwkError, KeyError,
    remote::{FetchError, FetchPurpose, KeysState},
};

use super::issuer::{
    Entry, JWKS_URIS, Key, MAX_BODY, MAX_METADATA, OAUTH_URL, OPENID_URL, Read, Release, Replies,
    Reply, Request, SETS, URL, padded, read, text,
};

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub discovery: bool,
    pub ttl: Duration,
    pub stale_cap: Duration,
    pub kid_cooldown: Duration,
    pub timeout: Duration,
    pub max_waiting: usize,
}

/// A time on both clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    pub monotonic: Duration,
    pub wall: Duration,
}

impl Moment {
    fn since(self, earlier: Self) -> Duration {
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        monotonic.max(self.wall.saturating_sub(earlier.wall))
    }
}

/// A lookup.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    pub kid: Option<&'static str>,
    pub algorithm: Algorithm,
}

pub type Answer = Result<Key, KeyError>;

enum Step {
    Answer(Answer),
    Wait,
}

/// Why an attempt failed. For a set without a usable key, with the faults of its entries.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    Error(FetchError),
    NoUsableKeys(Vec<(usize, Option<String>, JwkError)>),
}

impl Fault {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Error(error) => error.code(),
            Self::NoUsableKeys(_) => "no_usable_keys",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub host: &'static str,
    pub purpose: FetchPurpose,
    pub fault: Fault,
}

impl Failure {
    fn of(url: &'static str, fault: Fault) -> Self {
        let host = url.split('/').nth(2).expect("a host");
        let metadata = [OPENID_URL, OAUTH_URL].contains(&url);
        let purpose = if metadata { FetchPurpose::Metadata } else { FetchPurpose::KeySet };
        Self { host, purpose, fault }
    }
}

/// The expected event of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub failure: Option<Failure>,
    pub fetched_at: u64,
    pub duration: Duration,
    pub usable: usize,
    pub skipped: usize,
    pub generation: u64,
    pub set: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Set {
    entries: &'static [Entry],
    pub read: Read,
    started: Moment,
    /// Its age at that time.
    age: Duration,
    due: Duration,
    /// The start of the first attempt since then that got a set without a usable key.
    unusable_since: Option<Moment>,
}

#[derive(Clone, Debug)]
struct Attempt {
    start: Moment,
    no_cache: bool,
    /// Whether the metadata is requested. Only with discovery.
    metadata: bool,
    /// The `jwks_uri` that was known at the start.
    known: Option<usize>,
}

/// A future that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    query: Query,
    pub waited: u32,
    /// The number of ended attempts when it began to wait.
    ended: Option<u64>,
    /// Whether the source holds its waker.
    pub registered: bool,
    pub woken: usize,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub settings: Settings,
    pub now: Moment,
    /// In quarters.
    pub jitter: u32,
    pub set: Option<Set>,
    pub generation: u64,
    attempts: Vec<Attempt>,
    pub requests: Vec<Vec<Request>>,
    pub events: BTreeMap<usize, Event>,
    /// The attempt in flight.
    pub slot: Option<usize>,
    /// Late attempts, whose outcome is ignored.
    pub abandoned: BTreeSet<usize>,
    /// The number of attempts that have ended or were abandoned.
    ended: u64,
    /// Since the last success.
    pub failures: u32,
    pub last_failure: Option<Failure>,
    quiet_until: Duration,
    kid_attempt: Option<Duration>,
    burnt: BTreeSet<usize>,
    /// With the start of the attempt that read it.
    jwks_uri: Option<(usize, Moment)>,
    metadata_due: bool,
    pub waiting: BTreeMap<usize, Waiting>,
    pub ok: u64,
    pub failed: BTreeMap<&'static str, u64>,
    pub stale: u64,
    pub unknown: u64,
    pub suppressed: u64,
    pub busy: u64,
    /// How often metadata named another `jwks_uri`, the same one, or was not available.
    pub moved: usize,
    pub confirmed: usize,
    pub metadata_absent: usize,
}

impl Model {
    pub fn new(settings: Settings, now: Moment, jitter: u32) -> Self {
        Self {
            settings,
            now,
            jitter,
            set: None,
            generation: 0,
            attempts: Vec::new(),
            requests: Vec::new(),
            events: BTreeMap::new(),
            slot: None,
            abandoned: BTreeSet::new(),
            ended: 0,
            failures: 0,
            last_failure: None,
            quiet_until: Duration::ZERO,
            kid_attempt: None,
            burnt: BTreeSet::new(),
            jwks_uri: None,
            metadata_due: false,
            waiting: BTreeMap::new(),
            ok: 0,
            failed: BTreeMap::new(),
            stale: 0,
            unknown: 0,
            suppressed: 0,
            busy: 0,
            moved: 0,
            confirmed: 0,
            metadata_absent: 0,
        }
    }

    /// Starts with this set of this age. False if it has no usable key.
    pub fn seed(&mut self, set: usize, age: Duration) -> bool {
        let read = read(SETS[set], &BTreeSet::new());
        let usable = !read.keys.is_empty();
        self.burnt.clone_from(&read.burnt);
        self.publish(SETS[set], read, self.now, age);
        usable
    }

    fn publish(&mut self, entries: &'static [Entry], read: Read, started: Moment, age: Duration) {
        // 72 to 80 % of `ttl`.
        let due = self.settings.ttl * (72 + 2 * self.jitter) / 100;
        self.set = Some(Set { entries, read, started, age, due, unusable_since: None });
        self.generation += 1;
    }

    pub fn age(&self) -> Option<Duration> {
        self.set.as_ref().map(|set| set.age + self.now.since(set.started))
    }

    /// When the set was fetched, in seconds.
    pub fn fetched_at(&self) -> Option<u64> {
        self.set.as_ref().map(|set| (set.started.wall - set.age).as_secs())
    }

    /// Whether the issuer has published no usable key for a whole `ttl`.
    fn is_ended(&self) -> bool {
        let since = self.set.as_ref().and_then(|set| set.unusable_since);
        since.is_some_and(|it| self.now.since(it) >= self.settings.ttl)
    }

    /// The same, while the set would still be served for its age.
    pub fn is_ended_early(&self) -> bool {
        self.is_ended() && self.age().is_some_and(|age| age < self.settings.stale_cap)
    }

    pub fn state(&self) -> KeysState {
        let (Some(set), Some(age)) = (&self.set, self.age()) else { return KeysState::Empty };
        if set.read.keys.is_empty() || self.is_ended() || age >= self.settings.stale_cap {
            KeysState::Dead
        } else if age >= self.settings.ttl {
            KeysState::Expired
        } else if age >= set.due {
            KeysState::RefreshDue
        } else {
            KeysState::Fresh
        }
    }

    /// Whether keys may be used at all.
    pub fn serves(&self) -> bool {
        matches!(self.state(), KeysState::Fresh | KeysState::RefreshDue | KeysState::Expired)
    }

    fn within_ttl(&self) -> bool {
        matches!(self.state(), KeysState::Fresh | KeysState::RefreshDue)
    }

    pub fn back_off(&self) -> Duration {
        self.quiet_until.saturating_sub(self.now.monotonic)
    }

    fn cooldown(&self) -> Duration {
        let end = self.kid_attempt.map_or(Duration::ZERO, |it| it + self.settings.kid_cooldown);
        end.saturating_sub(self.now.monotonic)
    }

    fn may_start(&self) -> bool {
        self.slot.is_none() && self.back_off().is_zero()
    }

    /// Whether the last attempt failed, at most a minute after the end of its back-off.
    fn failed_lately(&self) -> bool {
        let minute = Duration::from_secs(60);
        self.failures > 0 && self.now.monotonic < self.quiet_until + minute
    }

    /// The answer of the set, whatever its age.
    fn select(&self, query: Query) -> Answer {
        let keys = self.set.as_ref().map_or(&[][..], |set| &set.read.keys);
        let fits = |key: &&Key| query.kid.is_none_or(|kid| kid == key.0);
        let mut fitting = keys.iter().filter(fits).filter(|_| query.algorithm == Algorithm::EdDSA);
        let key = *fitting.next().ok_or(KeyError::UnknownKey)?;
        // The same number is the same key, whatever its `kid`.
        match fitting.all(|other| other.1 == key.1) {
            true => Ok(key),
            false => Err(KeyError::AmbiguousKey),
        }
    }

    /// The answer to a lookup that changes nothing.
    fn at_once(&self, query: Query) -> Option<Answer> {
        let answer = self.select(query);
        let refresh = self.state() == KeysState::RefreshDue && self.may_start();
        (self.within_ttl() && !refresh && !misses(query, &answer)).then_some(answer)
    }

    pub fn confirms(&self, key: Key, query: Query) -> bool {
        let refresh = self.state() == KeysState::RefreshDue && self.may_start();
        let is_same = self.select(query).is_ok_and(|found| found == key);
        self.within_ttl() && !refresh && is_same
    }

    /// An attempt that is a minute late is abandoned, unless eight others are.
    fn reclaim(&mut self) {
        let Some(number) = self.slot else { return };
        let running = self.now.monotonic - self.attempts[number].start.monotonic;
        if running < self.settings.timeout + Duration::from_secs(60) || self.abandoned.len() >= 8 {
            return;
        }
        if !self.failed_lately() {
            let url = self.next_url();
            self.fail(Failure::of(url, Fault::Error(FetchError::Timeout)));
        }
        self.slot = None;
        self.abandoned.insert(number);
        self.ended += 1;
    }

    fn step(&mut self, query: Query, waited: u32) -> Step {
        self.reclaim();
        self.decide(query, waited)
    }

    fn decide(&mut self, query: Query, waited: u32) -> Step {
        let state = self.state();
        let patient = waited < 2;
        if matches!(state, KeysState::Empty | KeysState::Dead) {
            if patient && self.slot.is_some() {
                return Step::Wait;
            }
            if patient && self.may_start() {
                self.start(false);
                return Step::Wait;
            }
            return Step::Answer(self.refuse(query, waited, self.back_off()));
        }
        if state == KeysState::Expired && waited == 0 && !self.failed_lately() {
            if self.slot.is_none() {
                self.start(false);
            }
            return Step::Wait;
        }
        let answer = self.select(query);
        if !misses(query, &answer) {
            if state != KeysState::Fresh && self.may_start() {
                self.start(false);
            }
            self.stale += u64::from(state == KeysState::Expired);
            return Step::Answer(answer);
        }
        if patient && self.slot.is_some() {
            return Step::Wait;
        }
        if patient && self.may_start() && self.cooldown().is_zero() {
            self.start(true);
            self.kid_attempt = Some(self.now.monotonic);
            return Step::Wait;
        }
        if self.failures > 0 {
            let wait = self.back_off().max(self.cooldown());
            return Step::Answer(self.refuse(query, waited, wait));
        }
        self.unknown += 1;
        self.suppressed += u64::from(waited == 0);
        Step::Answer(answer)
    }

    fn refuse(&mut self, query: Query, waited: u32, wait: Duration) -> Answer {
        self.suppressed += u64::from(query.kid.is_some() && waited == 0);
        unavailable(wait)
    }

    fn start(&mut self, no_cache: bool) {
        assert!(self.slot.is_none());
        if self.state() == KeysState::Dead {
            self.jwks_uri = None;
        }
        // By the next refresh, up to `ttl` from now, the metadata would be too old.
        let Settings { ttl, stale_cap, .. } = self.settings;
        let is_recent = |(_, read)| self.now.since(read) + ttl < stale_cap;
        let known_lately = self.jwks_uri.is_some_and(is_recent);
        let metadata = self.settings.discovery && (no_cache || self.metadata_due || !known_lately);
        let known = self.jwks_uri.map(|(uri, _)| uri);
        let attempt = Attempt { start: self.now, no_cache, metadata, known };
        let first = match metadata {
            true => OPENID_URL,
            false => self.next_url(),
        };
        self.requests.push(vec![request(&attempt, first)]);
        self.slot = Some(self.attempts.len());
        self.attempts.push(attempt);
    }

    /// The URL of the next request, as far as it is known.
    fn next_url(&self) -> &'static str {
        match (self.settings.discovery, self.jwks_uri) {
            (false, _) => URL,
            (true, Some((uri, _))) => JWKS_URIS[uri],
            (true, None) => OPENID_URL,
        }
    }

    pub fn try_key(&mut self, query: Query) -> Answer {
        if let Some(answer) = self.at_once(query) {
            return answer;
        }
        // Decides as a lookup that may fetch, but starts no fetch.
        let mut after = self.clone();
        let Step::Answer(answer) = after.decide(query, 0) else {
            return unavailable(Duration::ZERO);
        };
        (self.stale, self.unknown, self.suppressed) =
            (after.stale, after.unknown, after.suppressed);
        answer
    }

    /// A blocking lookup: its answer, and the attempts that it waits for, with their answers.
    pub fn key(
        &mut self,
        query: Query,
        mut replies: impl FnMut() -> Replies,
    ) -> (Answer, Vec<(usize, Release)>) {
        let mut releases = Vec::new();
        if let Some(answer) = self.at_once(query) {
            return (answer, releases);
        }
        for waited in 0.. {
            let ended = self.ended;
            if let Step::Answer(answer) = self.step(query, waited) {
                return (answer, releases);
            }
            if self.ended == ended {
                releases.push(self.end_while_blocked(replies()));
            }
        }
        unreachable!("the patience of a lookup has an end")
    }

    pub fn prime(&mut self, replies: Replies) -> (Result<(), Fault>, Vec<(usize, Release)>) {
        if self.within_ttl() {
            return (Ok(()), Vec::new());
        }
        self.reclaim();
        if self.slot.is_none() {
            match &self.last_failure {
                Some(failure) if !self.back_off().is_zero() => {
                    return (Err(failure.fault.clone()), Vec::new());
                }
                _ => self.start(false),
            }
        }
        let release = self.end_while_blocked(replies);
        (self.outcome(), vec![release])
    }

    pub fn refresh_now(
        &mut self,
        [first, second]: [Replies; 2],
    ) -> (Result<(), Fault>, Vec<(usize, Release)>) {
        self.reclaim();
        let mut releases = Vec::new();
        if self.slot.is_some() {
            releases.push(self.end_while_blocked(first));
        }
        self.start(true);
        releases.push(self.end_while_blocked(second));
        (self.outcome(), releases)
    }

    fn outcome(&self) -> Result<(), Fault> {
        self.last_failure.as_ref().map_or(Ok(()), |failure| Err(failure.fault.clone()))
    }

    fn end_while_blocked(&mut self, replies: Replies) -> (usize, Release) {
        let number = self.slot.expect("an attempt under way");
        let waiters = self.registered() + 1;
        self.end(number, &replies);
        (number, Release { replies, waiters })
    }

    /// The number of wakers that the source holds.
    pub fn registered(&self) -> usize {
        self.waiting.values().filter(|waiting| waiting.registered).count()
    }

    /// Begins an asynchronous lookup.
    pub fn wait(&mut self, number: usize, query: Query) {
        let waiting = Waiting { query, waited: 0, ended: None, registered: false, woken: 0 };
        self.waiting.insert(number, waiting);
    }

    /// Polls a lookup. An answer ends it.
    pub fn poll(&mut self, number: usize) -> Option<Answer> {
        let mut waiting = self.waiting.remove(&number).expect("a future");
        if let Some(answer) = self.at_once(waiting.query) {
            return Some(answer);
        }
        loop {
            if let Some(ended) = waiting.ended {
                if ended == self.ended {
                    if !waiting.registered && self.registered() >= self.settings.max_waiting {
                        self.busy += 1;
                        return Some(self.without_waiting(waiting.query));
                    }
                    waiting.registered = true;
                    self.waiting.insert(number, waiting);
                    return None;
                }
                waiting.waited += 1;
            }
            waiting.ended = Some(self.ended);
            if let Step::Answer(answer) = self.step(waiting.query, waiting.waited) {
                return Some(answer);
            }
        }
    }

    /// The answer if too many wait: a key that is already there, or none.
    fn without_waiting(&mut self, query: Query) -> Answer {
        let key = match self.serves() {
            true => self.select(query).map_err(|_| KeyError::Busy)?,
            false => return Err(KeyError::Busy),
        };
        self.stale += u64::from(self.state() == KeysState::Expired);
        Ok(key)
    }

    /// Ends an attempt with these answers.
    pub fn end(&mut self, number: usize, replies: &Replies) {
        for waiting in self.waiting.values_mut().filter(|waiting| waiting.registered) {
            waiting.registered = false;
            waiting.woken += 1;
        }
        let attempt = self.attempts[number].clone();
        let (found, outcome, requests) = requests(&attempt, replies, self.settings.discovery);
        self.requests[number] = requests;
        if self.slot != Some(number) {
            self.abandoned.remove(&number);
            return;
        }
        self.slot = None;
        self.ended += 1;
        let fetched_at = attempt.start.wall.as_secs();
        let duration = self.now.monotonic - attempt.start.monotonic;
        let (mut usable, mut skipped, mut set) = (0, 0, None);
        if let Some(known) = attempt.known.filter(|_| attempt.metadata) {
            let requested = self.requests[number].last().expect("a request").url;
            self.moved += usize::from(found.is_some_and(|uri| uri != known));
            self.confirmed += usize::from(found == Some(known));
            self.metadata_absent += usize::from(found.is_none() && requested == JWKS_URIS[known]);
        }
        self.jwks_uri = found.map(|uri| (uri, attempt.start)).or(self.jwks_uri);
        let outcome = match outcome {
            // The attempt panicked.
            None => Err(Failure::of(self.next_url(), Fault::Error(FetchError::Thread))),
            Some(Err(failure)) => Err(failure),
            Some(Ok((url, number, text))) => {
                let read = read(SETS[number], &self.burnt);
                (usable, skipped, set) = (read.keys.len(), read.skipped.len(), Some(text));
                self.use_set(url, number, read, attempt.start)
            }
        };
        self.metadata_due = outcome.is_err();
        match &outcome {
            Ok(()) => {
                self.ok += 1;
                self.failures = 0;
                self.last_failure = None;
                self.quiet_until = Duration::ZERO;
            }
            Err(failure) => {
                *self.failed.entry(failure.fault.code()).or_default() += 1;
                self.fail(failure.clone());
            }
        }
        let set = set.filter(|_| outcome.is_ok());
        let failure = outcome.err();
        let generation = self.generation;
        let event = Event { failure, fetched_at, duration, usable, skipped, generation, set };
        self.events.insert(number, event);
    }

    fn use_set(
        &mut self,
        url: &'static str,
        number: usize,
        fetched: Read,
        started: Moment,
    ) -> Result<(), Failure> {
        self.burnt.extend(&fetched.burnt);
        if !fetched.keys.is_empty() {
            self.publish(SETS[number], fetched, started, Duration::ZERO);
            return Ok(());
        }
        if let Some(set) = &mut self.set {
            // The old set stays, without the keys that were burnt since.
            if !fetched.burnt.is_empty() {
                set.read = read(set.entries, &self.burnt);
            }
            set.unusable_since = set.unusable_since.or(Some(started));
        }
        Err(Failure::of(url, Fault::NoUsableKeys(fetched.skipped)))
    }

    fn fail(&mut self, failure: Failure) {
        let longest = if self.serves() { 60 } else { 10 };
        let whole = Duration::from_secs((1 << self.failures.min(6)).min(longest));
        // The jitter takes off up to a half.
        let mut wait = whole * (8 - self.jitter) / 8;
        if let Fault::Error(FetchError::Status { retry_after: Some(requested), .. }) = failure.fault
        {
            let (least, most) = (Duration::from_secs(1), Duration::from_secs(300));
            wait = wait.max(requested.max(least).min(most));
        }
        self.quiet_until = self.now.monotonic + wait;
        self.failures += 1;
        self.last_failure = Some(failure);
    }

    /// The times until each change that time alone causes.
    pub fn marks(&self) -> Vec<Duration> {
        let Settings { ttl, stale_cap, timeout, .. } = self.settings;
        let minute = Duration::from_secs(60);
        let mut marks = vec![self.back_off(), self.back_off() + minute, self.cooldown()];
        if let (Some(set), Some(age)) = (&self.set, self.age()) {
            marks.extend([set.due, ttl, stale_cap].map(|mark| mark.saturating_sub(age)));
            let unusable = set.unusable_since.map(|it| self.now.since(it));
            marks.extend(unusable.map(|time| ttl.saturating_sub(time)));
        }
        if let Some(number) = self.slot {
            let running = self.now.monotonic - self.attempts[number].start.monotonic;
            marks.push((timeout + minute).saturating_sub(running));
        }
        let read = self.jwks_uri.map(|(_, read)| self.now.since(read) + ttl);
        marks.extend(read.map(|age| stale_cap.saturating_sub(age)));
        marks
    }
}

/// Whether a newer set might have the key that this one lacks.
fn misses(query: Query, answer: &Answer) -> bool {
    query.kid.is_some() && *answer == Err(KeyError::UnknownKey)
}

fn unavailable(wait: Duration) -> Answer {
    Err(KeyError::Unavailable { retry_after: wait.max(Duration::from_secs(1)) })
}

fn request(attempt: &Attempt, url: &'static str) -> Request {
    let metadata = [OPENID_URL, OAUTH_URL].contains(&url);
    let (purpose, max_body) = match metadata {
        true => (FetchPurpose::Metadata, MAX_METADATA),
        false => (FetchPurpose::KeySet, MAX_BODY),
    };
    Request { url, purpose, max_body, no_cache: attempt.no_cache }
}

/// The URL, number and text of the set that an attempt got. None if the attempt panicked.
type Outcome = Option<Result<(&'static str, usize, String), Failure>>;

/// An attempt's requests: the `jwks_uri` that it found, its outcome, and every request.
fn requests(
    attempt: &Attempt,
    replies: &Replies,
    discovery: bool,
) -> (Option<usize>, Outcome, Vec<Request>) {
    let mut requests = Vec::new();
    let mut send = |url| requests.push(request(attempt, url));
    let (found, url) = match (discovery, attempt.metadata, attempt.known) {
        (false, ..) => (None, Ok(URL)),
        (true, false, known) => (None, Ok(JWKS_URIS[known.expect("a known one")])),
        (true, true, known) => {
            send(OPENID_URL);
            let mut from = (OPENID_URL, &replies.openid);
            if matches!(from.1, Reply::Fails(FetchError::Status { status, .. })
                if (400..500).contains(status) && *status != 429)
            {
                send(OAUTH_URL);
                let nothing = FetchError::Status { status: 404, retry_after: None };
                if replies.oauth != Reply::Fails(nothing) {
                    from = (OAUTH_URL, &replies.oauth);
                }
            }
            let (error, known) = match from.1 {
                Reply::Metadata(uri) => (None, Some(*uri)),
                Reply::Panics => return (None, None, requests),
                Reply::NoMetadata(_, error) | Reply::Fails(error) => (Some(error.clone()), known),
                // Metadata that was read and refused must not be passed over in favor of the known
                // `jwks_uri`.
                Reply::BadMetadata(_, error) => (Some(error.clone()), None),
                Reply::Long(..) => (Some(FetchError::BodyTooLong { limit: MAX_METADATA }), known),
                Reply::Set(_) | Reply::NoSet(..) => unreachable!("not metadata"),
            };
            let failure = error.clone().map(|error| Failure::of(from.0, Fault::Error(error)));
            let url = known.map(|uri| JWKS_URIS[uri]);
            (known.filter(|_| error.is_none()), url.ok_or_else(|| failure.expect("a failure")))
        }
    };
    let url = match url {
        Ok(url) => url,
        Err(failure) => return (None, Some(Err(failure)), requests),
    };
    send(url);
    let error = match &replies.key_set {
        Reply::Set(set) => {
            let text = text(*set).to_owned();
            return (found, Some(Ok((url, *set, text))), requests);
        }
        Reply::Long(set, bytes) if *bytes <= MAX_BODY => {
            let text = padded(*set, *bytes);
            return (found, Some(Ok((url, *set, text))), requests);
        }
        // A panic also loses the `jwks_uri` that the attempt found.
        Reply::Panics => return (None, None, requests),
        Reply::Long(..) => FetchError::BodyTooLong { limit: MAX_BODY },
        Reply::NoSet(_, error) => FetchError::KeySet(*error),
        Reply::Fails(error) => error.clone(),
        Reply::Metadata(_) | Reply::NoMetadata(..) | Reply::BadMetadata(..) => {
            unreachable!("not a key set")
        }
    };
    (found, Some(Err(Failure::of(url, Fault::Error(error)))), requests)
}
