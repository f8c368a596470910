//! The hook that is called after each fetch, and the keys of the set in use.

use std::{
    panic::resume_unwind,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    JwkError, RemoteJwks, UnixTime,
    remote::{FetchError, FetchEvent, FetchPurpose, FetchRequest},
};

use crate::fake::{Reply, Rig, STALE_CAP, found, jwks, millis, secs, until};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<FetchEvent>>>);

impl Log {
    fn rig(&self) -> Rig {
        let log = self.clone();
        Rig::with(|builder| builder.on_fetch(move |event| log.push(event)))
    }

    fn push(&self, event: &FetchEvent) {
        self.0.lock().unwrap().push(event.clone());
    }

    /// Waits until there are `count` events. Returns the last one.
    fn event(&self, count: usize) -> FetchEvent {
        until(|| self.0.lock().unwrap().len() == count);
        self.0.lock().unwrap()[count - 1].clone()
    }
}

#[test]
fn hook_gets_successes_with_the_text_to_keep() {
    let log = Log::default();
    let rig = log.rig();
    let text = jwks(&["a", "b"]).replacen('[', "[{\"kty\":\"oct\"},", 1);
    rig.issuer.reply(Reply::Body(text.clone().into_bytes()));
    rig.issuer.close_gate();
    let lookup = rig.spawn_key("a");
    rig.issuer.await_count(1);
    rig.await_waiters(1);
    rig.clock.advance(millis(1500));
    rig.issuer.open_gate();
    assert_eq!(lookup.join().unwrap(), found("a"));

    let event = log.event(1);
    assert_eq!(event.failure(), None);
    assert_eq!(event.fetched_at(), UnixTime::from_secs(1_750_000_000));
    assert_eq!(event.duration(), millis(1500));
    assert_eq!((event.usable_keys(), event.skipped_keys(), event.generation()), (2, 1, 1));
    assert_eq!(event.key_set(), Some(text.as_str()));

    // The next process starts with the text that was kept.
    let seeded =
        Rig::with(|builder| builder.seed(event.key_set().unwrap().to_owned(), event.fetched_at()));
    assert_eq!((seeded.key("b"), seeded.issuer.count()), (found("b"), 0));
}

#[test]
fn hook_that_does_not_return_keeps_eight_threads_and_no_more() {
    #[derive(Default)]
    struct Calls {
        running: usize,
        most: usize,
        ended: usize,
        is_open: bool,
    }
    let calls: Arc<(Mutex<Calls>, Condvar)> = Arc::default();
    let inner = Arc::clone(&calls);
    let rig = Rig::with(|builder| {
        builder.on_fetch(move |_| {
            let (calls, opened) = &*inner;
            let mut calls = calls.lock().unwrap();
            calls.running += 1;
            calls.most = calls.most.max(calls.running);
            let mut calls = opened.wait_while(calls, |calls| !calls.is_open).unwrap();
            calls.running -= 1;
            calls.ended += 1;
        })
    });
    let count = |count: fn(&Calls) -> usize| count(&calls.0.lock().unwrap());
    until(|| rig.keys.refresh_now().is_ok() && count(|calls| calls.running) == 8);
    for _ in 0..20 {
        // Each fetch succeeds, though nothing hears of it.
        assert_eq!(rig.keys.refresh_now(), Ok(()));
    }
    assert_eq!(count(|calls| calls.most), 8);
    calls.0.lock().unwrap().is_open = true;
    calls.1.notify_all();
    until(|| count(|calls| calls.running) == 0);
    // Once they have returned, fetches are reported again.
    let ended = count(|calls| calls.ended);
    until(|| rig.keys.refresh_now().is_ok() && count(|calls| calls.ended) > ended);
}

#[test]
fn debug_of_an_event_shows_all_but_the_text_of_the_set() {
    let log = Log::default();
    let rig = log.rig();
    rig.issuer.serves(&["a", "b"]);
    rig.keys.prime().unwrap();
    let bytes = jwks(&["a", "b"]).len();
    assert_eq!(
        format!("{:?}", log.event(1)),
        format!(
            "FetchEvent {{ failure: None, fetched_at: UnixTime(1750000000), duration: 0ns, \
             usable_keys: 2, skipped_keys: 0, generation: 1, key_set_bytes: Some({bytes}) }}"
        ),
    );
}

#[test]
fn times_are_those_of_the_system_if_no_clock_is_set() {
    const LEAST: Duration = millis(2);
    let log = Log::default();
    let fetch = |_: &FetchRequest| {
        let start = Instant::now();
        while start.elapsed() < LEAST {
            thread::yield_now();
        }
        Ok::<_, FetchError>(jwks(&["a"]).into_bytes())
    };
    let events = log.clone();
    let keys = RemoteJwks::builder("https://issuer.example/jwks").fetch(fetch);
    let keys = keys.on_fetch(move |event| events.push(event)).build().unwrap();
    let before = UnixTime::now();
    keys.prime().unwrap();
    let event = log.event(1);
    assert!(event.duration() >= LEAST, "{event:?}");
    assert!((before..=UnixTime::now()).contains(&event.fetched_at()), "{event:?}");
    assert_eq!(keys.health().last_success(), Some(event.fetched_at()));
}

#[test]
fn hook_gets_failures_with_their_host() {
    let log = Log::default();
    let rig = log.rig();
    rig.issuer.fails();
    rig.keys.prime().unwrap_err();
    let event = log.event(1);
    let failure = event.failure().unwrap();
    assert_eq!((failure.host(), failure.code()), ("tenant.example.auth0.com", "status"));
    assert_eq!(failure.purpose(), FetchPurpose::KeySet);
    assert_eq!((event.usable_keys(), event.skipped_keys(), event.generation()), (0, 0, 0));
    assert_eq!(event.key_set(), None);

    // A set without a usable key is a failure: the event has the number of its entries and no text.
    rig.issuer.reply(Reply::Body(b"{\"keys\":[{\"kty\":\"oct\"}]}".to_vec()));
    rig.keys.refresh_now().unwrap_err();
    let event = log.event(2);
    assert_eq!(event.failure().unwrap().code(), "no_usable_keys");
    assert_eq!((event.usable_keys(), event.skipped_keys(), event.key_set()), (0, 1, None));

    rig.issuer.reply(Reply::Panic);
    rig.keys.refresh_now().unwrap_err();
    assert_eq!(log.event(3).failure().unwrap().code(), "thread");
}

#[test]
fn last_error_names_the_host_and_what_failed_and_nothing_else_of_the_url() {
    let clock = crate::fake::FakeClock::new();
    let issuer = crate::fake::FakeFetch::new(&clock);
    issuer.fails();
    let url = "https://keys.example.com:8443/tenant/secret-path/jwks.json?sig=abc";
    let keys = RemoteJwks::builder(url).fetch(issuer).clock(clock).build().unwrap();
    keys.prime().unwrap_err();
    let failure = keys.health().last_error().cloned().unwrap();
    assert_eq!(
        failure.to_string(),
        "cannot fetch the key set from keys.example.com:8443: the host answered with status 503 instead of 200"
            .replace("503", "500"),
    );
    let debug = format!("{failure:?}");
    assert!(!debug.contains("secret-path") && !debug.contains("sig="), "{debug}");
}

#[test]
fn hook_that_panics_does_no_harm() {
    let rig =
        Rig::with(|builder| builder.on_fetch(|_| resume_unwind(Box::new("as the test wants it"))));
    for _ in 0..3 {
        rig.keys.refresh_now().unwrap();
    }
    assert_eq!((rig.key("a"), rig.keys.health().fetches_ok()), (found("a"), 3));
}

#[test]
fn hook_is_called_outside_every_lock_and_delays_nobody() {
    let gate = Arc::new((Mutex::new(true), Condvar::new()));
    let inside = Arc::clone(&gate);
    let rig = Rig::with(|builder| {
        builder.on_fetch(move |_| {
            let closed = inside.0.lock().unwrap();
            drop(inside.1.wait_while(closed, |closed| *closed).unwrap());
        })
    });
    // Nobody waits for the hook of this fetch, and the next fetch runs while it runs.
    rig.keys.prime().unwrap();
    assert_eq!(rig.key("a"), found("a"));
    rig.keys.refresh_now().unwrap();
    assert_eq!(rig.keys.health().generation(), 2);
    *gate.0.lock().unwrap() = false;
    gate.1.notify_all();
}

#[test]
fn hook_may_use_the_source() {
    let (slot, seen) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(Vec::new())));
    let (source, log) = (Arc::clone(&slot), Arc::clone(&seen));
    let rig = Rig::with(|builder| {
        builder.on_fetch(move |_| {
            let source: Option<RemoteJwks> = source.lock().unwrap().clone();
            log.lock().unwrap().push(source.unwrap().health().generation());
        })
    });
    *slot.lock().unwrap() = Some(rig.keys.clone());
    rig.keys.prime().unwrap();
    until(|| *seen.lock().unwrap() == [1]);
    slot.lock().unwrap().take();
}

#[test]
fn keys_are_those_in_use_with_the_skipped_entries() {
    let rig = Rig::new();
    assert!(rig.keys.keys().is_none());
    let text = jwks(&["a", "b"]).replacen('[', "[{\"kty\":\"oct\"},", 1);
    rig.issuer.reply(Reply::Body(text.into_bytes()));
    rig.keys.prime().unwrap();
    let set = rig.keys.keys().unwrap();
    let kids: Vec<_> = set.iter().map(|key| key.key_id()).collect();
    assert_eq!(kids, [Some("a"), Some("b")]);
    let skipped: Vec<_> = set.skipped().iter().map(|key| (key.index(), key.error())).collect();
    assert_eq!(skipped, [(0, JwkError::SharedSecret)]);
    // The keys are available while the set is used, even if it is stale, and no longer.
    rig.issuer.fails();
    rig.clock.advance(STALE_CAP - secs(1));
    assert_eq!(rig.keys.keys().map(|set| set.len()), Some(2));
    rig.clock.advance(secs(1));
    assert!(rig.keys.keys().is_none());
}
