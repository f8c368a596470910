//! The public interface of the key source.

use std::{
    fmt,
    string::{String, ToString as _},
    sync::Arc,
    time::Duration,
};

use crate::{
    FetchConfigError, FetchError, Health, JwkSet, KeyError, KeyLookup, KeyQuery, KeySource,
    KeysDescription, KeysState, RemoteJwksBuilder, SelectedKey,
    remote::{
        refresh::{Reason, Refresh, Step},
        snapshot::Snapshot,
        source::{Control, Source, found},
        waiter::Waiter,
    },
};

/// The keys of one issuer, fetched and kept up to date. Cheap to clone; clones share everything.
///
/// A key that is known and still trusted is returned without I/O and without waiting. A lookup that
/// needs the network waits for at most two fetches, each bounded by
/// [`timeout`](RemoteJwksBuilder::timeout); time alone bounds the requests to the issuer, whatever is
/// looked up. Each fetch runs on its own thread, so no async runtime is needed.
///
/// - **At the start** there are no keys. The first lookup fetches them, or [`prime`](Self::prime).
/// - **The issuer rotates its keys:** there is nothing to do. A `kid` that the set lacks causes a fetch
///   at once, unless a fetch has just failed, or the last one for such a `kid` began less than
///   [`kid_cooldown`](RemoteJwksBuilder::kid_cooldown) ago. While the issuer can be reached, a key that
///   it withdraws is accepted for at most [`ttl`](RemoteJwksBuilder::ttl) and the time of one fetch, or
///   until [`refresh_now`](Self::refresh_now) succeeds.
/// - **The issuer is down:** the keys at hand stay in use until their set is as old as
///   [`stale_cap`](RemoteJwksBuilder::stale_cap). Without keys, lookups fail with
///   [`KeyError::Unavailable`], for which a [`Guard`](crate::Guard) responds with status 503. The next
///   fetch may begin after a back-off of one second at first and ten at most, or longer if the issuer
///   sends `Retry-After`.
#[derive(Clone)]
pub struct RemoteJwks(pub(crate) Arc<Source>);

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

    /// The key set at `url`, with other settings.
    pub fn builder(url: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::at_url(url.into())
    }

    /// The key set of `issuer`, found through its metadata: by OpenID Connect Discovery or, if the
    /// issuer has no such document, by RFC 8414.
    ///
    /// `issuer` is an `https:` URL without query. It must equal the `iss` of the issuer's tokens byte
    /// for byte, including a slash at the end. The metadata must name the same issuer. Only its
    /// `jwks_uri` is used, which may be on another host.
    ///
    /// Does no I/O: the first lookup does, or [`prime`](Self::prime).
    ///
    /// ```no_run
    /// use tokenring::{Policy, RemoteJwks, Verifier};
    ///
    /// let issuer = "https://accounts.example.com";
    /// let keys = RemoteJwks::discover(issuer)?;
    /// let verifier = Verifier::new(Policy::new(issuer, "https://api.example.com/"), keys)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FetchConfigError`] if the issuer's URL cannot be used.
    pub fn discover(issuer: impl Into<String>) -> Result<Self, FetchConfigError> {
        Self::discovery_builder(issuer).build()
    }

    /// The same as [`discover`](Self::discover), with other settings.
    pub fn discovery_builder(issuer: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::of_issuer(issuer.into())
    }

    /// Fetches the key set now, unless there is one within its `ttl`. Call it when a service starts.
    ///
    /// Blocks for at most [`timeout`](RemoteJwksBuilder::timeout). During the back-off after a failure
    /// it does not fetch again.
    ///
    /// A service need not end because of an error: later lookups fetch again.
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
        source.reclaim_slot(&mut control, now);
        if !control.refresh.under_way() {
            match (control.refresh.last_error(), control.refresh.back_off(now.monotonic)) {
                (Some(failure), wait) if !wait.is_zero() => return Err(failure.error().clone()),
                _ => self.start(&mut control, now, Reason::Age),
            }
        }
        source.outcome(control)
    }

    /// Fetches the key set now, past caches on the way, even if the current set is fresh.
    ///
    /// For an operator who knows that a key was withdrawn. Never call it because of a request:
    /// neither back-off nor cool-down delays it. Waits for at most twice
    /// [`timeout`](RemoteJwksBuilder::timeout): a fetch that is under way may have begun too early.
    ///
    /// # Errors
    ///
    /// Why the fetch failed. The current set then stays in use as long as it is trusted.
    pub fn refresh_now(&self) -> Result<(), FetchError> {
        let source = &*self.0;
        let mut control = source.lock();
        source.reclaim_slot(&mut control, source.now());
        if control.refresh.under_way() {
            let ended = control.ended;
            control = source.wait(control, ended).0;
        }
        if !control.refresh.under_way() {
            self.start(&mut control, source.now(), Reason::Command);
        }
        source.outcome(control)
    }

    /// The set in use, with the skipped entries and their reasons. None before the first successful
    /// fetch, and when the set is dead.
    pub fn keys(&self) -> Option<JwkSet> {
        let source = &*self.0;
        let snapshot = source.snapshot()?;
        source.state_of(Some(&snapshot), source.now()).serves().then(|| snapshot.keys.clone())
    }

    /// The state of this source, for a readiness probe and for metrics.
    ///
    /// It fetches nothing: only lookups do. If a probe keeps traffic away until there are keys, the
    /// probe must cause a fetch itself, with [`prime`](Self::prime), or with
    /// [`key_async`](KeySource::key_async) and any query.
    pub fn health(&self) -> Health {
        let source = &*self.0;
        let control = source.lock();
        let now = source.now();
        let snapshot = source.snapshot();
        let keys = snapshot.as_ref().map(|snapshot| &snapshot.keys);
        let last_error = control.refresh.last_error();
        Health {
            state: source.state_of(snapshot.as_deref(), now),
            usable_keys: keys.map_or(0, JwkSet::len),
            skipped_keys: keys.map_or(0, |keys| keys.skipped().len()),
            skipped_in_unusable_set: match last_error.map(|failure| failure.error()) {
                Some(FetchError::NoUsableKeys { skipped, .. }) => *skipped,
                _ => 0,
            },
            generation: snapshot.as_ref().map_or(0, |snapshot| snapshot.generation),
            age: snapshot.as_ref().map(|snapshot| snapshot.age(now)),
            last_success: snapshot.as_deref().map(Snapshot::asked_at),
            last_error: last_error.cloned(),
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

    /// The next step of a lookup that has waited for `waited` attempts. Starts one if that is due.
    pub(crate) fn step(&self, control: &mut Control, query: KeyQuery<'_>, waited: u8) -> Progress {
        let source = &*self.0;
        let now = source.now();
        source.reclaim_slot(control, now);
        let (state, answer) = source.look(now, query);
        let found = found(query, &answer);
        let timing = &source.settings.timing;
        let step = control.refresh.decide(timing, now.monotonic, state, found, waited);
        control.counters.count(state, found, &step, waited);
        match step {
            Step::Use => Progress::Answer(answer),
            Step::UseAndRefresh => {
                self.start(control, now, Reason::Age);
                Progress::Answer(answer)
            }
            Step::Refuse(error) => Progress::Answer(Err(error)),
            Step::Start(reason) => {
                self.start(control, now, reason);
                Progress::Wait
            }
            Step::Wait => Progress::Wait,
        }
    }
}

/// The result of a step.
pub(crate) enum Progress {
    Answer(Result<SelectedKey, KeyError>),
    /// Wait for the attempt under way.
    Wait,
}

impl KeySource for RemoteJwks {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        let source = &*self.0;
        if let Some(answer) = source.fresh_answer(query) {
            return answer;
        }
        let mut control = source.lock();
        let mut waited: u8 = 0;
        loop {
            let ended = control.ended;
            if let Progress::Answer(answer) = self.step(&mut control, query, waited) {
                return answer;
            }
            if control.blocked >= source.settings.max_blocked {
                control.count_busy();
                let now = source.now();
                return source.answer_without_waiting(&mut control, now, query, KeyError::Busy);
            }
            let has_ended;
            (control, has_ended) = source.wait(control, ended);
            if !has_ended {
                let now = source.now();
                source.give_up(&mut control, now);
                let unavailable = Refresh::unavailable(Duration::ZERO);
                return source.answer_without_waiting(&mut control, now, query, unavailable);
            }
            waited = waited.saturating_add(1);
        }
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        let source = &*self.0;
        if let Some(answer) = source.fresh_answer(query) {
            return answer;
        }
        let mut control = source.lock();
        let now = source.now();
        let (state, answer) = source.look(now, query);
        let found = found(query, &answer);
        let step = control.refresh.decide(&source.settings.timing, now.monotonic, state, found, 0);
        control.counters.count(state, found, &step, 0);
        match step {
            Step::Use | Step::UseAndRefresh => answer,
            Step::Wait | Step::Start(_) => Err(Refresh::unavailable(Duration::ZERO)),
            Step::Refuse(error) => Err(error),
        }
    }

    fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        self.0.if_fresh(|set| set.finds(key, query)).unwrap_or(false)
    }

    fn describe(&self) -> KeysDescription {
        let health = self.health();
        let state = match health.state {
            KeysState::Empty => "never fetched",
            KeysState::Fresh => "fresh",
            KeysState::Ahead => "fresh, a refresh is due",
            KeysState::Expired => "past its ttl",
            KeysState::Dead => "not used any more",
        };
        let keys =
            self.keys().map_or_else(KeysDescription::none, |keys| KeysDescription::of(&keys));
        let keys = keys.with_state(state);
        let keys = health.age.into_iter().fold(keys, KeysDescription::with_age);
        match health.last_error {
            Some(failure) => keys.with_failure(failure.code(), failure.to_string()),
            None => keys,
        }
    }

    /// The future waits where [`key`](Self::key) blocks. It may be dropped at any time.
    ///
    /// The built-in client ends each fetch within its timeout. Your own [`Fetch`](crate::Fetch) must do
    /// so too: a future has no timer with which to give up.
    fn key_async(&self, query: KeyQuery<'_>) -> KeyLookup<'_> {
        match self.0.fresh_answer(query) {
            Some(answer) => KeyLookup::ready(answer),
            None => KeyLookup::pending(Waiter::new(self, query)),
        }
    }
}

impl fmt::Debug for RemoteJwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, text) = self.0.settings.location.setting();
        f.debug_struct("RemoteJwks").field(name, &text).finish_non_exhaustive()
    }
}
