//! One attempt to fetch the key set, on a thread of its own: requests, checks, and what becomes of
//! the outcome.

use std::{
    collections::BTreeMap,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    task::Waker,
    thread,
    time::Duration,
    vec::Vec,
};

use crate::{
    Fetch, FetchError, FetchEvent, FetchFailure, FetchPurpose, FetchRequest, JwkSet, KeysState,
    RemoteJwks, UnixTime,
    remote::{
        burnt::Burnt,
        clock::{Moment, Stopwatch},
        discovery::{Issuer, Location, MAX_METADATA_BYTES},
        http::host_of,
        refresh::Reason,
        source::{Control, Snapshot, Source, refresh_due},
    },
};

impl RemoteJwks {
    /// Takes the slot and starts an attempt on its own thread, which holds only a `Weak` to the
    /// source.
    pub(crate) fn start(&self, control: &mut Control, now: Moment, reason: Reason) {
        let source = &*self.0;
        let number = control.refresh.start(now.monotonic, reason);
        let settings = &source.settings;
        source.keep_quiet_until(Duration::MAX);
        let requests = Requests {
            fetch: Arc::clone(&settings.fetch),
            timeout: settings.timeout,
            max_body: settings.max_body,
            no_cache: reason != Reason::Age,
            stopwatch: Stopwatch::start(),
            burnt: control.burnt.clone(),
            former: source.snapshot().map(|former| Arc::clone(&former.text)),
        };
        let plan = source.plan(control, now);
        let remote = Arc::downgrade(&self.0);
        let run = move || {
            let mut attempt = Attempt { source: remote, number, asked: now, outcome: None };
            attempt.outcome = Some(requests.run(&plan));
        };
        let thread = thread::Builder::new().name("tokenring-fetch".into());
        if thread.spawn(run).is_err() {
            // Nobody is waiting: the only candidate is the caller.
            let _nobody = source.end(control, number, now, None);
        }
    }
}

impl Source {
    /// What the next attempt requests.
    fn plan(&self, control: &mut Control, now: Moment) -> Plan {
        match &self.settings.location {
            Location::Url(url) => Plan::KeySet(Arc::clone(url)),
            Location::Discovery(issuer) => {
                // What was known of an issuer is as old as its keys.
                if self.state(now) == KeysState::Dead {
                    control.jwks_uri = None;
                }
                let known = control.jwks_uri.clone();
                match known {
                    Some(jwks_uri) if !control.metadata_due => Plan::KeySet(jwks_uri),
                    known => Plan::Discover { issuer: Arc::clone(issuer), known },
                }
            }
        }
    }

    /// The end of an attempt, without `outcome` if it panicked or had no thread: what is to be told and
    /// woken once the lock is free. None if the attempt has lost its slot: what it brings is ignored
    /// (I2).
    #[must_use]
    fn end(
        &self,
        control: &mut Control,
        number: u64,
        asked: Moment,
        outcome: Option<Outcome>,
    ) -> Option<Ended> {
        if !control.refresh.end(number) {
            return None;
        }
        let now = self.now();
        let Outcome { jwks_uri, result } = outcome.unwrap_or_else(|| {
            let failure = self.failure(control, FetchError::Thread);
            Outcome { jwks_uri: None, result: Err(failure) }
        });
        if jwks_uri.is_some() {
            control.jwks_uri = jwks_uri;
        }
        let (mut usable_keys, mut skipped_keys, mut key_set) = (0, 0, None);
        let result = result.and_then(|fetched| {
            (usable_keys, skipped_keys) = (fetched.keys.len(), fetched.keys.skipped().len());
            key_set = Some(Arc::clone(&fetched.text));
            self.accept(control, asked, fetched)
        });
        control.metadata_due = result.is_err();
        let failure = match result {
            Ok(()) => {
                control.refresh.succeed();
                control.counters.fetches_ok = control.counters.fetches_ok.saturating_add(1);
                self.keep_quiet_until(Duration::ZERO);
                None
            }
            Err(failure) => {
                let count = control.counters.fetches_failed.entry(failure.code()).or_default();
                *count = count.saturating_add(1);
                let (state, jitter) = (self.state(now), self.jitter());
                control.refresh.fail(now.monotonic, failure.clone(), state, jitter);
                self.keep_quiet_until(control.refresh.back_off_end());
                Some(failure)
            }
        };
        control.ended = control.ended.wrapping_add(1);
        self.ended.notify_all();
        let event = FetchEvent {
            fetched_at: UnixTime::from_secs(asked.wall.as_secs()),
            duration: now.monotonic.saturating_sub(asked.monotonic),
            usable_keys,
            skipped_keys,
            generation: self.snapshot().map_or(0, |snapshot| snapshot.generation),
            key_set: key_set.filter(|_| failure.is_none()),
            failure,
        };
        Some(Ended { event, wakers: mem::take(&mut control.wakers) })
    }

    /// What becomes of a valid set (I5, I6).
    fn accept(
        &self,
        control: &mut Control,
        asked: Moment,
        fetched: Fetched,
    ) -> Result<(), FetchFailure> {
        let Fetched { text, keys, burnt, former_keys, from } = fetched;
        control.burnt = burnt;
        let former = self.snapshot();
        if keys.is_empty() {
            // It replaces nothing. But what it burns is burnt, and it begins the end of the old keys.
            if let Some(former) = former {
                self.publish(Snapshot {
                    keys: former_keys.unwrap_or_else(|| former.keys.clone()),
                    unusable_since: former.unusable_since.or(Some(asked)),
                    ..(*former).clone()
                });
            }
            return Err(from.failed(FetchError::no_usable_keys(keys.skipped())));
        }
        let generation = former.map_or(0, |former| former.generation);
        self.publish(Snapshot {
            keys,
            text,
            asked,
            age_when_asked: Duration::ZERO,
            refresh_due: refresh_due(&self.settings.timing, &*self.settings.clock),
            generation: generation.saturating_add(1),
            unusable_since: None,
        });
        Ok(())
    }
}

/// What an attempt leaves to be done without a lock.
struct Ended {
    event: FetchEvent,
    wakers: BTreeMap<u64, Waker>,
}

/// An attempt under way. It ends when it is dropped, after a panic too.
struct Attempt {
    source: Weak<Source>,
    number: u64,
    asked: Moment,
    outcome: Option<Outcome>,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        // The source was dropped: no one needs the result.
        let Some(source) = self.source.upgrade() else { return };
        let outcome = self.outcome.take();
        let ended = source.end(&mut source.lock(), self.number, self.asked, outcome);
        let Some(Ended { event, wakers }) = ended else { return };
        for waker in wakers.into_values() {
            // A waker may run its task and panic; the remaining wakers must still be called.
            let _panic = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
        if let Some(hook) = source.settings.hook.clone() {
            // The hook is not to keep the source alive.
            drop(source);
            let _panic = catch_unwind(AssertUnwindSafe(|| hook(&event)));
        }
    }
}

/// What an attempt requests.
enum Plan {
    KeySet(Arc<str>),
    /// The metadata, then the key set at its `jwks_uri`; or at the one `known`, if the metadata cannot
    /// be had.
    Discover {
        issuer: Arc<Issuer>,
        known: Option<Arc<str>>,
    },
}

/// What an attempt brings.
struct Outcome {
    /// The `jwks_uri`, if metadata was read.
    jwks_uri: Option<Arc<str>>,
    result: Result<Fetched, FetchFailure>,
}

/// A valid set, which may have no usable key.
struct Fetched {
    text: Arc<[u8]>,
    keys: JwkSet,
    /// All keys burnt so far, by this set too.
    burnt: Burnt,
    /// The keys of the former set without those that this one burns, if it burns any.
    former_keys: Option<JwkSet>,
    from: Place,
}

/// Where an answer comes from, for the error it may lead to.
struct Place {
    url: Arc<str>,
    purpose: FetchPurpose,
}

impl Place {
    fn failed(&self, error: FetchError) -> FetchFailure {
        FetchFailure::new(host_of(&self.url), self.purpose, error)
    }
}

/// The requests of an attempt, within one deadline.
struct Requests {
    fetch: Arc<dyn Fetch>,
    timeout: Duration,
    max_body: usize,
    no_cache: bool,
    stopwatch: Stopwatch,
    /// The keys burnt so far.
    burnt: Burnt,
    /// The text of the set in use. Only the attempt that holds the slot changes it.
    former: Option<Arc<[u8]>>,
}

impl Requests {
    fn run(&self, plan: &Plan) -> Outcome {
        match plan {
            Plan::KeySet(url) => {
                Outcome { jwks_uri: None, result: self.key_set(url, self.timeout) }
            }
            Plan::Discover { issuer, known } => match (self.jwks_uri(issuer), known) {
                (Ok(url), _) => {
                    let result = self.key_set(&url, self.left());
                    Outcome { jwks_uri: Some(url), result }
                }
                (Err(failure), Some(known)) if is_absence(&failure) && !self.left().is_zero() => {
                    Outcome { jwks_uri: None, result: self.key_set(known, self.left()) }
                }
                (Err(failure), _) => Outcome { jwks_uri: None, result: Err(failure) },
            },
        }
    }

    fn key_set(&self, url: &Arc<str>, timeout: Duration) -> Result<Fetched, FetchFailure> {
        let from = Place { url: Arc::clone(url), purpose: FetchPurpose::KeySet };
        let text = self.body(&from, self.max_body, timeout)?;
        let keys = JwkSet::read(&text, self.burnt.keys())
            .map_err(|error| from.failed(FetchError::KeySet(error)))?;
        let burnt = self.burnt.with(keys.burnt());
        let former = self.former.as_ref().filter(|_| !keys.burnt().is_empty());
        let former_keys = former.and_then(|text| JwkSet::read(text, burnt.keys()).ok());
        Ok(Fetched { text: text.into(), keys, burnt, former_keys, from })
    }

    fn jwks_uri(&self, issuer: &Issuer) -> Result<Arc<str>, FetchFailure> {
        let place =
            |url: &Arc<str>| Place { url: Arc::clone(url), purpose: FetchPurpose::Metadata };
        let (openid, oauth) = (place(&issuer.openid_url), place(&issuer.oauth_url));
        let (from, body) = match self.body(&openid, MAX_METADATA_BYTES, self.timeout) {
            Err(failure) if is_not_found(&failure) => {
                let body = self.body(&oauth, MAX_METADATA_BYTES, self.left());
                (oauth, body)
            }
            outcome => (openid, outcome),
        };
        issuer.jwks_uri(&body?).map_err(|error| from.failed(error))
    }

    /// The body of one response.
    fn body(
        &self,
        from: &Place,
        max_body: usize,
        timeout: Duration,
    ) -> Result<Vec<u8>, FetchFailure> {
        if timeout.is_zero() {
            return Err(from.failed(FetchError::Timeout));
        }
        let request = FetchRequest::new(Arc::clone(&from.url), timeout, max_body)
            .with_purpose(from.purpose)
            .with_no_cache(self.no_cache);
        match self.fetch.fetch(&request) {
            Ok(body) if body.len() > max_body => {
                Err(from.failed(FetchError::BodyTooLong { limit: max_body }))
            }
            outcome => outcome.map_err(|error| from.failed(error)),
        }
    }

    /// The time left for all requests.
    fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.stopwatch.elapsed())
    }
}

/// Whether the metadata could not be had, rather than said something that is not to be passed over.
fn is_absence(failure: &FetchFailure) -> bool {
    matches!(
        failure.error(),
        FetchError::HostNotFound
            | FetchError::Connect { .. }
            | FetchError::Timeout
            | FetchError::Status { .. }
            | FetchError::Truncated
            | FetchError::Proxy
    )
}

fn is_not_found(failure: &FetchFailure) -> bool {
    matches!(failure.error(), FetchError::Status { status: 404, .. })
}
