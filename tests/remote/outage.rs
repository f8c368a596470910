//! An issuer that is down: how long its keys are used, and how often it is requested. Invariant I4.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokenring::{
    KeyError, RemoteJwks, UnixTime,
    remote::{Clock, KeysState},
};

use crate::{
    fake::{
        self, FakeClock, FakeFetch, NANO, REFRESH_DUE, Reply, Rig, STALE_CAP, TTL, URL, bare,
        block_on, found, join, key_async, last_error, millis, secs, status, unavailable, until,
    },
    random::Random,
};

// I4: no key is used at `stale_cap`.

#[test]
fn keys_are_used_during_an_outage_up_to_the_cap_and_no_longer() {
    let rig = Rig::primed(&["a"]);
    rig.issuer.fails();
    let mut random = Random::new(2);
    for second in 0..3600 {
        let jitter = u32::try_from(random.next() % 1001).unwrap();
        rig.clock.set_jitter(f64::from(jitter) / 1000.0);
        assert_eq!(rig.key("a"), found("a"), "at {second} s");
        rig.settle();
        rig.clock.advance(secs(1));
    }
    let attempts = rig.issuer.count() - 1;
    assert!((50..80).contains(&attempts), "{attempts}");
    assert_eq!(rig.keys.health().state(), KeysState::Dead);
    let Err(KeyError::Unavailable { retry_after }) = rig.key("a") else { panic!() };
    assert!(retry_after <= secs(60));

    rig.issuer.serves(&["a"]);
    rig.clock.advance(retry_after);
    assert_eq!(rig.key("a"), found("a"));
    let health = rig.keys.health();
    assert_eq!((health.state(), health.generation()), (KeysState::Fresh, 2));
    assert_eq!((health.consecutive_failures(), last_error(&health)), (0, None));
}

#[test]
fn key_is_dead_at_the_cap_to_the_nanosecond() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.issuer.fails();
    assert_eq!(rig.key("a"), found("a"));
    rig.clock.advance(STALE_CAP - TTL - NANO);
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    assert_eq!(rig.try_key("a"), found("a"));
    rig.clock.advance(NANO);
    assert_eq!(rig.key("a"), unavailable(secs(2) - NANO));
    assert_eq!(block_on(key_async(&rig.keys, "a")), unavailable(secs(2) - NANO));
    assert_eq!(rig.try_key("a"), unavailable(secs(2) - NANO));
}

#[test]
fn stale_cap_as_long_as_ttl_fails_closed() {
    let rig = Rig::primed_with(&["a"], |builder| builder.stale_cap(TTL));
    rig.issuer.fails();
    rig.clock.advance(TTL - NANO);
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    rig.clock.advance(secs(1));
    assert_eq!(rig.keys.health().state(), KeysState::Dead);
    rig.key("a").unwrap_err();
    rig.issuer.serves(&["a"]);
    rig.clock.advance(secs(10));
    assert_eq!(rig.key("a"), found("a"));
}

#[test]
fn age_of_a_set_counts_from_its_request() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let lookup = rig.spawn_key("a");
    rig.issuer.await_count(1);
    rig.await_waiters(1);
    rig.clock.advance(REFRESH_DUE - NANO);
    rig.issuer.open_gate();
    assert_eq!(join(lookup), found("a"));
    let health = rig.keys.health();
    assert_eq!(health.age(), Some(REFRESH_DUE - NANO));
    assert_eq!(health.last_success(), Some(UnixTime::from_secs(1_750_000_000)));
}

#[test]
fn key_that_reaches_the_cap_while_its_lookup_waits_is_not_used() {
    let answer_with_a_cap_of = |stale_cap: Duration| {
        let (times, step) = (FakeClock::new(), Arc::new(Mutex::new(Duration::ZERO)));
        let issuer = FakeFetch::new(&times);
        let clock = HurryingClock { times: times.clone(), step: Arc::clone(&step) };
        let builder = RemoteJwks::builder(URL).fetch(issuer.clone()).clock(clock);
        let keys = builder.stale_cap(stale_cap).timeout(millis(50)).build().unwrap();
        until(|| keys.prime().is_ok());
        times.advance(TTL);
        issuer.close_gate();
        // Half a second from the first reading of the clock to the second, and to the one after the
        // wait.
        *step.lock().unwrap() = millis(500);
        let answer = fake::key(&keys, "a");
        *step.lock().unwrap() = Duration::ZERO;
        assert_eq!(issuer.most_in_flight(), 1);
        let stale_served = keys.health().stale_served();
        issuer.open_gate();
        (answer, stale_served)
    };
    assert_eq!(answer_with_a_cap_of(TTL + secs(1) + NANO), (found("a"), 1));
    assert_eq!(answer_with_a_cap_of(TTL + secs(1)), (unavailable(secs(1)), 0));
}

/// A clock that moves forward each time it is read.
struct HurryingClock {
    times: FakeClock,
    step: Arc<Mutex<Duration>>,
}

impl Clock for HurryingClock {
    fn monotonic(&self) -> Duration {
        let now = self.times.monotonic();
        self.times.advance(*self.step.lock().unwrap());
        now
    }

    fn wall(&self) -> Duration {
        secs(1_750_000_000)
    }

    fn jitter(&self) -> f64 {
        self.times.jitter()
    }
}

// The back-off.

#[test]
fn back_off_doubles_up_to_a_minute_with_keys_and_to_ten_seconds_without() {
    let with_keys = [1, 2, 4, 8, 16, 32, 60, 60, 60];
    let without = [1, 2, 4, 8, 10, 10, 10, 10, 10];
    for (jitter, share) in [(0.0, 4), (0.5, 3), (1.0, 2)] {
        for (rig, back_offs) in [(Rig::primed(&["a"]), with_keys), (Rig::new(), without)] {
            rig.clock.set_jitter(jitter);
            rig.issuer.fails();
            // The clock does not move, so the set does not age.
            for (count, seconds) in (1..).zip(back_offs) {
                assert_eq!(bare(rig.keys.refresh_now()), Err(status(500)));
                let health = rig.keys.health();
                assert_eq!(health.next_attempt_in(), millis(1000) * seconds * share / 4);
                assert_eq!(health.consecutive_failures(), count);
            }
        }
    }
}

#[test]
fn back_off_of_a_set_that_died_is_ten_seconds() {
    let rig = Rig::primed(&["a"]);
    rig.issuer.fails();
    for _ in 0..8 {
        rig.keys.refresh_now().unwrap_err();
    }
    assert_eq!(rig.keys.health().next_attempt_in(), secs(60));
    rig.clock.advance(STALE_CAP);
    rig.key("a").unwrap_err();
    assert_eq!(rig.keys.health().next_attempt_in(), secs(10));
}

#[test]
fn back_off_starts_anew_after_a_success() {
    let rig = Rig::new();
    rig.issuer.fails();
    for _ in 0..4 {
        rig.keys.refresh_now().unwrap_err();
    }
    assert_eq!(rig.keys.health().next_attempt_in(), secs(8));
    rig.issuer.serves(&["a"]);
    rig.keys.refresh_now().unwrap();
    let health = rig.keys.health();
    assert_eq!(health.next_attempt_in(), Duration::ZERO);
    assert_eq!((health.consecutive_failures(), last_error(&health)), (0, None));
    rig.issuer.fails();
    rig.keys.refresh_now().unwrap_err();
    assert_eq!(rig.keys.health().next_attempt_in(), secs(1));
}

#[test]
fn hundred_failures_do_not_overflow() {
    let rig = Rig::primed(&["a"]);
    rig.issuer.fails();
    for _ in 0..100 {
        rig.keys.refresh_now().unwrap_err();
    }
    let health = rig.keys.health();
    assert_eq!((health.next_attempt_in(), health.consecutive_failures()), (secs(60), 100));
}

#[test]
fn retry_after_is_honored_between_a_second_and_five_minutes() {
    let cases = [
        // The back-off is 1 s with a jitter of 0, and half of that with a jitter of 1.
        (1.0, None, millis(500)),
        (1.0, Some(Duration::ZERO), secs(1)),
        (0.0, Some(Duration::ZERO), secs(1)),
        (0.0, Some(secs(3)), secs(3)),
        (0.0, Some(secs(300)), secs(300)),
        (0.0, Some(secs(301)), secs(300)),
        (0.0, Some(Duration::MAX), secs(300)),
    ];
    for (jitter, retry_after, wait) in cases {
        for code in [429, 503] {
            let rig = Rig::new();
            rig.clock.set_jitter(jitter);
            rig.issuer.reply(Reply::status(code, retry_after));
            assert_eq!(rig.key("a"), unavailable(wait.max(secs(1))));
            assert_eq!(rig.keys.health().next_attempt_in(), wait);
            rig.clock.advance(wait - NANO);
            assert_eq!((rig.key("a"), rig.issuer.count()), (unavailable(secs(1)), 1));
            rig.issuer.serves(&["a"]);
            rig.clock.advance(NANO);
            assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 2));
        }
    }
}

#[test]
fn retry_after_does_not_shorten_the_back_off() {
    let rig = Rig::primed(&["a"]);
    rig.issuer.reply(Reply::status(503, Some(secs(3))));
    let waits = [3, 3, 4, 8].map(secs);
    for wait in waits {
        rig.keys.refresh_now().unwrap_err();
        assert_eq!(rig.keys.health().next_attempt_in(), wait);
    }
}
