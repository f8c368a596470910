//! One attempt to fetch the key set, on its own thread, and the handling of its outcome.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use crate::{
    FetchError, FetchEvent, FetchFailure, KeysState, RemoteJwks, UnixTime,
    remote::{
        clock::{Moment, Stopwatch},
        discovery::{Fetched, Location, Outcome, Plan, Requests},
        refresh::Reason,
        snapshot::{Snapshot, refresh_due},
        source::{Control, Source},
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
            // The caller learns it from the answer. A future that waits since an earlier attempt keeps
            // its waker: to wake or drop one under the lock could run a task that takes the lock.
            let _unreported = source.end(control, number, now, None);
        }
    }
}

impl Source {
    /// What the next attempt requests.
    fn plan(&self, control: &mut Control, now: Moment) -> Plan {
        match &self.settings.location {
            Location::Url(url) => Plan::KeySet(Arc::clone(url)),
            Location::Discovery(issuer) => {
                // A `jwks_uri` from the time of a dead set is not trusted any longer than the set.
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

    /// Ends an attempt, without `outcome` if it panicked or had no thread. Returns the event for the
    /// hook, or none if the attempt has lost its slot: its outcome is ignored then (I2).
    fn end(
        &self,
        control: &mut Control,
        number: u64,
        asked: Moment,
        outcome: Option<Outcome>,
    ) -> Option<FetchEvent> {
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
        Some(FetchEvent {
            fetched_at: UnixTime::from_secs(asked.wall.as_secs()),
            duration: now.monotonic.saturating_sub(asked.monotonic),
            usable_keys,
            skipped_keys,
            generation: self.snapshot().map_or(0, |snapshot| snapshot.generation),
            key_set: key_set.filter(|_| failure.is_none()),
            failure,
        })
    }

    /// Takes a valid set into use, or fails if it has no usable key (I5, I6).
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
            // It does not replace the old set. But the keys that it burns are removed from that one, and
            // the time starts after which the old keys end.
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

/// An attempt under way. It ends when it is dropped, even by a panic.
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
        let (event, wakers) = {
            let mut control = source.lock();
            let event = source.end(&mut control, self.number, self.asked, outcome);
            (event, mem::take(&mut control.wakers))
        };
        for waker in wakers.into_values() {
            // A waker may run its task and panic; the remaining wakers must still be called.
            let _panic = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
        if let Some((hook, event)) = source.settings.hook.clone().zip(event) {
            // A slow hook must not keep the source alive.
            drop(source);
            let _panic = catch_unwind(AssertUnwindSafe(|| hook(&event)));
        }
    }
}
