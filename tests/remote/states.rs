//! The issuer's keys over time, with a clock and an issuer that do as they are told: what is
//! fetched when, what is answered meanwhile, and that nobody waits for ever.
#![cfg(feature = "fetch")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may"
)]

mod fake;

use std::{
    env,
    future::Future,
    io::ErrorKind,
    panic::resume_unwind,
    pin::Pin,
    process::Command,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    Algorithm, Clock, FetchConfigError, FetchError, Guard, JwkSetError, KeyError, KeySource,
    KeysState, Policy, RemoteJwks, RemoteJwksBuilder, UnixTime, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use crate::fake::{
    FakeClock, FakeFetch, Manual, Random, Reply, Rig, URL, block_on, join, jwks, key_async, millis,
    name, run_all, secs, unavailable, until,
};

const NANO: Duration = Duration::from_nanos(1);
const TTL: Duration = secs(600);
const STALE_CAP: Duration = secs(3600);
const COOLDOWN: Duration = secs(30);

/// Where the refresh-ahead begins with a jitter of 0.
const AHEAD: Duration = secs(432);

const UNKNOWN: Result<String, KeyError> = Err(KeyError::UnknownKey);
const BUSY: Result<String, KeyError> = Err(KeyError::Busy);

fn found(kid: &str) -> Result<String, KeyError> {
    Ok(kid.to_owned())
}

fn status(status: u16) -> FetchError {
    FetchError::Status { status, retry_after: None }
}

// Empty.

#[test]
fn cold_herd_of_64_threads_is_one_fetch() {
    let rig = Rig::with(|builder| builder.max_blocked(64));
    rig.issuer.close_gate();
    let threads: Vec<_> = (0..64).map(|_| rig.spawn_key("a")).collect();
    rig.await_waiters(64);
    rig.issuer.open_gate();
    for thread in threads {
        assert_eq!(join(thread), found("a"));
    }
    assert_eq!(rig.issuer.count(), 1);
    assert_eq!(rig.keys.health().waiters, 0);
}

#[test]
fn cold_herd_of_1000_futures_is_one_fetch() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let futures = (0..1000).map(|_| key_async(&rig.keys, "a"));
    let answers = run_all(futures, || {
        // Everybody has been polled once and waits.
        assert_eq!(rig.keys.health().waiters, 1000);
        rig.issuer.open_gate();
    });
    assert!(answers.iter().all(|answer| *answer == found("a")));
    assert_eq!((answers.len(), rig.issuer.count()), (1000, 1));
    assert_eq!(rig.keys.health().waiters, 0);
}

#[test]
fn cold_herd_that_gets_an_error_is_one_fetch_too() {
    let rig = Rig::with(|builder| builder.max_blocked(64));
    rig.issuer.close_gate();
    rig.issuer.fails();
    let threads: Vec<_> = (0..64).map(|_| rig.spawn_key("a")).collect();
    rig.await_waiters(64);
    rig.issuer.open_gate();
    for thread in threads {
        assert_eq!(join(thread), unavailable(secs(1)));
    }
    assert_eq!(rig.issuer.count(), 1);
}

#[test]
fn no_more_than_max_blocked_threads_wait_and_the_others_are_busy() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let threads: Vec<_> = (0..32).map(|_| rig.spawn_key("a")).collect();
    rig.await_waiters(32);
    for _ in 0..10 {
        assert_eq!(rig.key("a"), BUSY);
    }
    // A future costs no thread.
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(future.poll(), Poll::Pending);
    rig.issuer.open_gate();
    for thread in threads {
        assert_eq!(join(thread), found("a"));
    }
    rig.settle();
    assert_eq!(future.poll(), Poll::Ready(found("a")));
    assert_eq!((rig.keys.health().busy, rig.issuer.count()), (10, 1));
}

#[test]
fn nothing_is_fetched_before_somebody_asks() {
    let rig = Rig::new();
    assert_eq!(rig.keys.health().state, KeysState::Empty);
    assert_eq!(rig.issuer.count(), 0);
}

#[test]
fn in_back_off_without_keys_everybody_is_refused_at_once() {
    let rig = Rig::new();
    rig.issuer.fails();
    assert_eq!(rig.key("a"), unavailable(secs(1)));
    for back_off in [1, 2, 4, 8, 10] {
        for left in [secs(back_off), secs(back_off) / 2, NANO] {
            rig.clock.advance(rig.keys.health().next_attempt_in - left);
            let count = rig.issuer.count();
            assert_eq!(rig.key("a"), unavailable(left.max(secs(1))));
            assert_eq!(block_on(key_async(&rig.keys, "b")), unavailable(left.max(secs(1))));
            assert_eq!(rig.issuer.count(), count);
        }
        rig.clock.advance(NANO);
        rig.key("a").unwrap_err();
    }
    assert_eq!(rig.issuer.count(), 6);
    rig.issuer.serves(&["a"]);
    rig.clock.advance(secs(10));
    assert_eq!(rig.key("a"), found("a"));
}

#[test]
fn kid_that_the_first_set_lacks_is_asked_for_once_more_and_then_unknown() {
    let rig = Rig::new();
    assert_eq!(rig.key("b"), UNKNOWN);
    let asked = rig.issuer.asked();
    assert_eq!(asked.iter().map(|asked| asked.no_cache).collect::<Vec<_>>(), [false, true]);
}

// I1: within `ttl`, a known key costs nothing.

#[test]
fn known_key_within_ttl_is_had_while_all_locks_but_its_own_are_taken() {
    let clock = GatedJitter::default();
    let times = clock.times.clone();
    let issuer = FakeFetch::new(&times);
    let keys = RemoteJwks::builder(URL).fetch(issuer.clone()).clock(clock.clone()).build().unwrap();
    keys.prime().unwrap();

    // The fetch asks for the jitter when it lands, and lands under the lock.
    clock.close();
    let lookup = thread::spawn({
        let keys = keys.clone();
        move || fake::key(&keys, "b")
    });
    until(|| clock.inside.load(Ordering::SeqCst) == 1);
    let locked = thread::spawn({
        let keys = keys.clone();
        move || keys.health()
    });

    for age in [Duration::ZERO, AHEAD - NANO, AHEAD, TTL - NANO] {
        times.advance(age.saturating_sub(times.monotonic() - secs(7)));
        for _ in 0..100 {
            assert_eq!(fake::key(&keys, "a"), found("a"));
            assert_eq!(block_on(key_async(&keys, "a")), found("a"));
            assert_eq!(name(keys.try_key(None, Algorithm::RS256)), found("a"));
        }
    }
    assert!(!locked.is_finished() && !lookup.is_finished());
    clock.open();
    assert_eq!(join(lookup), UNKNOWN);
    join(locked);
    // The cooldown was over when the forced refresh landed: there was another.
    assert_eq!(issuer.count(), 3);
}

#[test]
fn thousand_known_lookups_during_a_hanging_fetch_take_no_time() {
    let expired_and_failed = Rig::primed(&["a"]);
    expired_and_failed.clock.advance(TTL);
    expired_and_failed.issuer.fails();
    assert_eq!(expired_and_failed.key("a"), found("a"));
    expired_and_failed.clock.advance(secs(1));
    let ahead = Rig::primed(&["a"]);
    ahead.clock.advance(AHEAD);
    for rig in [Rig::primed(&["a"]), ahead, expired_and_failed] {
        rig.issuer.close_gate();
        let count = rig.issuer.count();
        let unknown = rig.spawn_key("unknown");
        rig.await_waiters(1);
        rig.issuer.await_count(count + 1);
        // The best of five, since the machine may have more to do.
        let times = [0; 5].map(|_| {
            let start = Instant::now();
            for _ in 0..1000 {
                assert_eq!(rig.key("a"), found("a"));
            }
            start.elapsed()
        });
        assert!(times.iter().min() < Some(&millis(100)), "{times:?}");
        assert_eq!(rig.issuer.count(), count + 1);
        rig.issuer.open_gate();
        join(unknown).unwrap_err();
    }
}

// I2: one fetch at a time, and the slot is taken before it begins.

#[test]
fn never_two_fetches_at_a_time() {
    let rig = Rig::with(|builder| builder.max_blocked(100).kid_cooldown(NANO));
    rig.issuer.fails();
    thread::scope(|scope| {
        for thread in 0..8 {
            let rig = &rig;
            scope.spawn(move || {
                let mut random = Random::new(thread);
                for step in 0..200 {
                    match random.below(4) {
                        0 => rig.issuer.serves(&["a"]),
                        1 => rig.issuer.fails(),
                        _ => rig.clock.advance(secs(random.next() % 300)),
                    }
                    let kid = random.pick(&["a", "b"]);
                    match step % 3 {
                        0 => drop(rig.key(kid)),
                        1 => drop(block_on(key_async(&rig.keys, kid))),
                        _ => drop(rig.keys.refresh_now()),
                    }
                }
            });
        }
    });
    assert!(rig.issuer.count() > 100);
    assert_eq!(rig.issuer.most_in_flight(), 1);
    rig.settle();
    assert_eq!(rig.keys.health().waiters, 0);
}

#[test]
fn cooldown_and_age_count_from_the_start_of_a_fetch() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(secs(100));
    rig.issuer.close_gate();
    let lookup = rig.spawn_key("b");
    rig.issuer.await_count(2);
    rig.await_waiters(1);
    rig.clock.advance(COOLDOWN - NANO);
    rig.issuer.open_gate();
    assert_eq!(join(lookup), UNKNOWN);
    assert_eq!(rig.keys.health().age, Some(COOLDOWN - NANO));
    assert_eq!((rig.key("b"), rig.issuer.count()), (UNKNOWN, 2));
    rig.clock.advance(NANO);
    assert_eq!((rig.key("b"), rig.issuer.count()), (UNKNOWN, 3));
}

// I3: how often is a matter of time alone.

#[test]
fn storm_of_made_up_kids_is_one_forced_refresh_each_cooldown() {
    let rig = Rig::primed(&["a"]);
    let storm = |seed: u64| {
        thread::scope(|scope| {
            for thread in 0..32 {
                let rig = &rig;
                scope.spawn(move || {
                    let mut random = Random::new(seed + thread);
                    for _ in 0..500 {
                        assert_eq!(rig.key(&format!("{:x}", random.next())), UNKNOWN);
                    }
                });
            }
        });
    };
    storm(100);
    assert_eq!(rig.issuer.count(), 2);
    storm(200);
    rig.clock.advance(COOLDOWN - NANO);
    storm(300);
    assert_eq!(rig.issuer.count(), 2);
    rig.clock.advance(NANO);
    storm(400);
    assert_eq!(rig.issuer.count(), 3);
    let forced: Vec<bool> = rig.issuer.asked().iter().map(|asked| asked.no_cache).collect();
    assert_eq!(forced, [false, true, true]);
    let health = rig.keys.health();
    assert_eq!((health.unknown_kids, health.busy), (4 * 32 * 500, 0));
    // Those who waited for one of the two had theirs: at most all 32 threads each time.
    assert!(health.suppressed_refreshes >= health.unknown_kids - 2 * 32);
    assert!(health.suppressed_refreshes <= health.unknown_kids - 2);
}

#[test]
fn hour_under_attack_is_two_requests_a_minute_and_one_each_refresh() {
    let rig = Rig::primed(&["a"]);
    let mut random = Random::new(1);
    for second in 0..3600 {
        rig.clock.set_jitter(f64::from(u32::try_from(second % 11).unwrap()) / 10.0);
        assert_eq!(rig.key(&format!("{:x}", random.next())), UNKNOWN);
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        rig.clock.advance(secs(1));
    }
    let asked = rig.issuer.asked();
    let forced: Vec<Duration> =
        asked.iter().filter(|asked| asked.no_cache).map(|asked| asked.at).collect();
    assert_eq!(forced.len(), 120);
    assert!(forced.windows(2).all(|pair| pair[1] - pair[0] >= COOLDOWN));
    // A forced refresh is a refresh: no other was due in that hour.
    assert_eq!(asked.len(), 121);
}

#[test]
fn hour_of_known_keys_is_one_request_each_refresh() {
    let rig = Rig::primed(&["a"]);
    for _ in 0..3600 {
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        rig.clock.advance(secs(1));
    }
    // At 0 s and then each 432 s.
    assert_eq!(rig.issuer.count(), 9);
    assert!(rig.issuer.asked().iter().all(|asked| !asked.no_cache));
    assert_eq!(rig.keys.health().stale_served, 0);
}

#[test]
fn status_500_and_a_storm_of_kids_is_one_attempt_and_all_are_unavailable() {
    for rig in [Rig::new(), Rig::primed(&["a"])] {
        rig.issuer.fails();
        let before = rig.issuer.count();
        thread::scope(|scope| {
            for thread in 0..32 {
                let rig = &rig;
                scope.spawn(move || {
                    let mut random = Random::new(thread);
                    for _ in 0..100 {
                        let answer = rig.key(&format!("{:x}", random.next()));
                        let Err(KeyError::Unavailable { retry_after }) = answer else {
                            panic!("{answer:?}");
                        };
                        assert!(retry_after >= secs(1));
                    }
                });
            }
        });
        assert_eq!(rig.issuer.count(), before + 1);
    }
}

#[test]
fn attempts_of_an_outage_under_attack_follow_the_back_off_and_the_cooldown() {
    let rig = Rig::primed(&["a"]);
    rig.issuer.fails();
    let mut random = Random::new(5);
    for _ in 0..300 {
        rig.key(&format!("{:x}", random.next())).unwrap_err();
        assert_eq!(rig.key("a"), found("a"));
        rig.clock.advance(secs(1));
    }
    // The set is fresh, so that only the made-up kids ask: each 30 s, and each 60 s once the back-off
    // is longer.
    let start = secs(7);
    let asked: Vec<u64> =
        rig.issuer.asked().iter().map(|asked| (asked.at - start).as_secs()).collect();
    assert_eq!(asked, [0, 0, 30, 60, 90, 120, 150, 182, 242]);
}

// I4: nothing is used for ever.

#[test]
fn outage_is_survived_each_second_up_to_the_cap_and_no_longer() {
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
    assert_eq!(rig.keys.health().state, KeysState::Dead);
    let Err(KeyError::Unavailable { retry_after }) = rig.key("a") else { panic!() };
    assert!(retry_after <= secs(60));

    rig.issuer.serves(&["a"]);
    rig.clock.advance(retry_after);
    assert_eq!(rig.key("a"), found("a"));
    let health = rig.keys.health();
    assert_eq!((health.state, health.generation), (KeysState::Fresh, 2));
    assert_eq!((health.consecutive_failures, health.last_error), (0, None));
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
    assert_eq!(rig.keys.health().state, KeysState::Dead);
    rig.key("a").unwrap_err();
    rig.issuer.serves(&["a"]);
    rig.clock.advance(secs(10));
    assert_eq!(rig.key("a"), found("a"));
}

#[test]
fn set_that_came_slowly_is_as_old_as_its_request() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let lookup = rig.spawn_key("a");
    rig.issuer.await_count(1);
    rig.await_waiters(1);
    rig.clock.advance(AHEAD - NANO);
    rig.issuer.open_gate();
    assert_eq!(join(lookup), found("a"));
    let health = rig.keys.health();
    assert_eq!(health.age, Some(AHEAD - NANO));
    assert_eq!(health.last_success, Some(UnixTime::from_secs(1_750_000_000)));
}

#[test]
fn key_that_dies_while_its_lookup_waits_is_not_used() {
    let answer_with_a_cap_of = |stale_cap: Duration| {
        let (times, step) = (FakeClock::new(), Arc::new(Mutex::new(Duration::ZERO)));
        let issuer = FakeFetch::new(&times);
        let clock = HurryingClock { times: times.clone(), step: Arc::clone(&step) };
        let builder = RemoteJwks::builder(URL).fetch(issuer.clone()).clock(clock);
        let keys = builder.stale_cap(stale_cap).timeout(millis(50)).build().unwrap();
        until(|| keys.prime().is_ok());
        times.advance(TTL);
        issuer.close_gate();
        // Half a second from the first look to the second, and to the one after the wait.
        *step.lock().unwrap() = millis(500);
        let answer = fake::key(&keys, "a");
        *step.lock().unwrap() = Duration::ZERO;
        assert_eq!(issuer.most_in_flight(), 1);
        let stale_served = keys.health().stale_served;
        issuer.open_gate();
        (answer, stale_served)
    };
    assert_eq!(answer_with_a_cap_of(TTL + secs(1) + NANO), (found("a"), 1));
    assert_eq!(answer_with_a_cap_of(TTL + secs(1)), (unavailable(secs(1)), 0));
}

/// A clock that goes on each time it is looked at.
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

// I5: a withdrawn key is gone at `ttl`.

#[test]
fn withdrawn_key_is_gone_at_ttl_without_traffic() {
    for pause in [TTL, TTL + secs(1), STALE_CAP - NANO, STALE_CAP, 100 * STALE_CAP] {
        let rig = Rig::primed(&["a", "b"]);
        rig.issuer.serves(&["a"]);
        rig.clock.advance(pause);
        assert_eq!(rig.key("b"), UNKNOWN);
        assert_eq!(rig.key("a"), found("a"));
    }
}

#[test]
fn withdrawn_key_is_gone_at_ttl_with_traffic() {
    let rig = Rig::primed(&["a", "b"]);
    rig.issuer.serves(&["a"]);
    for second in 0..1200 {
        let answer = rig.key("b");
        // The refresh ahead of time starts with this lookup, which does not wait for it.
        assert_eq!(answer, if second <= 432 { found("b") } else { UNKNOWN }, "at {second} s");
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        rig.clock.advance(secs(1));
    }
}

#[test]
fn withdrawn_key_is_gone_at_ttl_if_the_refresh_ahead_of_time_is_still_under_way() {
    let rig = Rig::primed(&["a", "b"]);
    rig.issuer.serves(&["a"]);
    rig.issuer.close_gate();
    rig.clock.advance(TTL - NANO);
    assert_eq!(rig.key("b"), found("b"));
    rig.issuer.await_count(2);
    rig.clock.advance(NANO);
    let lookup = rig.spawn_key("b");
    rig.await_waiters(1);
    assert_eq!(rig.try_key("b"), unavailable(secs(1)));
    rig.issuer.open_gate();
    assert_eq!(join(lookup), UNKNOWN);
}

#[test]
fn expired_key_is_used_only_after_a_try() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.issuer.fails();
    rig.issuer.close_gate();
    let lookup = rig.spawn_key("a");
    rig.await_waiters(1);
    rig.issuer.await_count(2);
    assert!(!lookup.is_finished());
    rig.issuer.open_gate();
    assert_eq!(join(lookup), found("a"));
    assert_eq!(rig.keys.health().stale_served, 1);
}

#[test]
fn after_a_failed_try_nobody_waits_for_a_known_key_again() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.issuer.fails();
    assert_eq!(rig.key("a"), found("a"));
    rig.issuer.close_gate();
    // In back-off: no fetch.
    rig.clock.advance(secs(1) - NANO);
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 2));
    // After it: one, in the background.
    rig.clock.advance(NANO);
    for _ in 0..5 {
        assert_eq!(rig.key("a"), found("a"));
        assert_eq!(block_on(key_async(&rig.keys, "a")), found("a"));
    }
    rig.issuer.await_count(3);
    assert!(rig.keys.health().fetching);
    assert_eq!(rig.keys.health().stale_served, 12);
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(rig.issuer.count(), 3);
}

#[test]
fn refresh_ahead_of_time_that_failed_is_a_try() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL - NANO);
    rig.issuer.fails();
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    rig.issuer.close_gate();
    rig.clock.advance(NANO);
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!((rig.keys.health().state, rig.issuer.count()), (KeysState::Expired, 2));
    rig.issuer.open_gate();
}

#[test]
fn expired_key_is_used_at_once_by_those_who_find_too_many_waiting() {
    let rig = Rig::primed_with(&["a"], |builder| builder.max_blocked(1));
    rig.clock.advance(TTL);
    rig.issuer.close_gate();
    let first = rig.spawn_key("a");
    rig.await_waiters(1);
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.key("b"), BUSY);
    let health = rig.keys.health();
    assert_eq!((health.busy, health.stale_served), (2, 1));
    rig.issuer.open_gate();
    assert_eq!(join(first), found("a"));
    assert_eq!(rig.issuer.count(), 2);
}

#[test]
fn expired_key_is_used_by_those_whose_patience_ends() {
    let rig = Rig::primed_with(&["a"], |builder| builder.timeout(millis(50)));
    rig.clock.advance(TTL);
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.keys.health().stale_served, 1);
    assert_eq!(rig.key("b"), unavailable(secs(1)));
    assert_eq!(rig.issuer.count(), 2);
    rig.issuer.open_gate();
}

// I6: what is no key set leaves the key set alone.

#[test]
fn what_is_no_set_of_usable_keys_leaves_the_last_one_in_use() {
    let body = |text: &str| Reply::Body(text.as_bytes().to_vec());
    let bad: [(Reply, &str); 12] = [
        (Reply::status(500, None), "status"),
        (Reply::Fail(FetchError::Timeout), "timeout"),
        (Reply::Fail(FetchError::Truncated), "truncated"),
        (Reply::Panic, "thread"),
        // Nothing, HTML, another type, another name, another type of it.
        (body(""), "key_set"),
        (body("<!DOCTYPE html>"), "key_set"),
        (body("[]"), "key_set"),
        (body("{\"key\":[]}"), "key_set"),
        (body("{\"keys\":{}}"), "key_set"),
        // No key, one for another algorithm.
        (body("{\"keys\":[]}"), "no_usable_keys"),
        (body("{\"keys\":[{\"kty\":\"EC\"}]}"), "no_usable_keys"),
        // A good set that is one byte too long.
        (Reply::Body(padded(2001)), "body_too_long"),
    ];
    for (reply, code) in bad {
        let rig = Rig::primed_with(&["a"], |builder| builder.max_body(2000));
        rig.issuer.reply(reply);
        let error = rig.keys.refresh_now().unwrap_err();
        assert_eq!(error.code(), code);
        assert_eq!(rig.key("a"), found("a"));
        let health = rig.keys.health();
        assert_eq!((health.generation, health.usable_keys), (1, 1));
        assert_eq!(health.last_error, Some(error));
        assert_eq!(health.fetches_failed.into_iter().collect::<Vec<_>>(), [(code, 1)]);
        // A set that is exactly as long as it may be replaces it.
        rig.issuer.reply(Reply::Body(padded(2000)));
        rig.keys.refresh_now().unwrap();
        assert_eq!(rig.keys.health().generation, 2);
    }
}

/// A set with the key `a`.
fn padded(length: usize) -> Vec<u8> {
    let mut json = jwks(&["a"]).into_bytes();
    assert!(json.len() < length);
    json.resize(length, b' ');
    json
}

#[test]
fn error_of_a_fetch_tells_what_was_wrong_with_the_set() {
    let rig = Rig::new();
    rig.issuer.reply(Reply::Body(b"{}".to_vec()));
    assert_eq!(rig.keys.prime(), Err(FetchError::KeySet(JwkSetError::KeysMissing)));
    rig.issuer.reply(Reply::Body(b"{\"keys\":[{\"kty\":\"EC\"},{}]}".to_vec()));
    assert_eq!(rig.keys.refresh_now(), Err(FetchError::NoUsableKeys { skipped: 2 }));
    rig.issuer.reply(Reply::Panic);
    assert_eq!(rig.keys.refresh_now(), Err(FetchError::Thread));
}

#[test]
fn max_body_is_never_more_than_a_key_set_may_have() {
    let rig = Rig::with(|builder| builder.max_body(usize::MAX));
    rig.keys.prime().unwrap();
    assert_eq!(rig.issuer.last_request().max_body(), 512 * 1024);
}

#[test]
fn new_set_replaces_the_old_one_and_is_not_merged_with_it() {
    let rig = Rig::primed(&["a", "b"]);
    rig.issuer.serves(&["b", "c"]);
    assert_eq!(rig.key("c"), found("c"));
    assert_eq!(rig.key("b"), found("b"));
    assert_eq!(rig.key("a"), UNKNOWN);
    assert_eq!(rig.keys.health().generation, 2);
}

// I7: nobody waits for ever.

#[test]
fn panicking_fetch_releases_8_threads_and_8_futures() {
    let rig = Rig::new();
    rig.issuer.reply(Reply::Panic);
    rig.issuer.close_gate();
    let threads: Vec<_> = (0..8).map(|_| rig.spawn_key("a")).collect();
    let futures = (0..8).map(|_| key_async(&rig.keys, "a"));
    let answers = run_all(futures, || {
        rig.await_waiters(16);
        rig.issuer.open_gate();
    });
    for answer in answers.into_iter().chain(threads.into_iter().map(join)) {
        assert_eq!(answer, unavailable(secs(1)));
    }
    let health = rig.keys.health();
    assert_eq!((health.last_error, health.fetching), (Some(FetchError::Thread), false));
    // And it is not the end.
    rig.issuer.serves(&["a"]);
    rig.clock.advance(secs(1));
    assert_eq!(rig.key("a"), found("a"));
}

#[test]
fn nobody_waits_longer_than_the_timeout_for_a_fetch_that_does_not_keep_it() {
    let rig = Rig::with(|builder| builder.timeout(millis(50)));
    rig.issuer.close_gate();
    let start = Instant::now();
    assert_eq!(rig.key("a"), unavailable(secs(1)));
    assert_eq!(rig.keys.prime(), Err(FetchError::Timeout));
    assert_eq!(rig.keys.refresh_now(), Err(FetchError::Timeout));
    // Four times 50 ms and what a landing may take, on a machine that is busy.
    let took = start.elapsed();
    assert!(took > millis(200) && took < secs(10), "{took:?}");
    assert_eq!((rig.issuer.count(), rig.keys.health().waiters), (1, 0));
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(rig.key("a"), found("a"));
}

#[test]
fn fetch_that_never_ends_is_waited_for_once_and_counts_as_failed() {
    let rig = Rig::primed_with(&["a"], |builder| builder.timeout(millis(50)));
    rig.clock.advance(TTL);
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), found("a"));
    let health = rig.keys.health();
    assert_eq!((health.last_error, health.consecutive_failures), (Some(FetchError::Timeout), 1));
    assert!(health.fetching);
    // The best of five, since the machine may have more to do.
    let times = [0; 5].map(|_| {
        let start = Instant::now();
        assert_eq!(rig.key("a"), found("a"));
        start.elapsed()
    });
    assert!(times.iter().min() < Some(&millis(50)), "{times:?}");
    // Still one at a time.
    rig.clock.advance(secs(10));
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 2));
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(rig.keys.health().state, KeysState::Fresh);
}

/// A token that expires while its verifier waits for keys has expired.
#[test]
fn system_clock_is_read_when_the_keys_are_there() {
    let rig = Rig::new();
    rig.issuer.serves(&["a"]);
    rig.issuer.close_gate();
    let exp = UnixTime::from_secs(UnixTime::now().as_secs() + 1);
    let token = Issuer::default().token().key(&TestKey::attacker().with_kid("a"));
    let token = token.expires_at(exp).mint();
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), rig.keys.clone()).unwrap();
    let guard = Guard::new(verifier.clone());
    let verdicts = thread::scope(|scope| {
        let verified = scope.spawn(|| verifier.verify(&token).map(|_| ()));
        let guarded = scope.spawn(|| {
            guard
                .check([format!("Bearer {token}")])
                .map(|_| ())
                .map_err(|rejection| *rejection.cause().unwrap())
        });
        let polled = scope.spawn(|| block_on(verifier.verify_async(&token)).map(|_| ()));
        rig.await_waiters(3);
        while UnixTime::now() < exp {
            thread::sleep(millis(10));
        }
        rig.issuer.open_gate();
        [verified, guarded, polled].map(|verdict| verdict.join().unwrap())
    });
    for verdict in verdicts {
        let Err(VerifyError::Expired { exp: told, now }) = verdict else { panic!("{verdict:?}") };
        assert!(told == exp.as_secs() && now >= told);
    }
}

#[test]
fn no_lock_is_held_while_a_fetch_is_under_way() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let lookup = rig.spawn_key("a");
    rig.await_waiters(1);
    rig.issuer.await_count(1);
    assert_eq!(rig.try_key("a"), unavailable(secs(1)));
    assert!(rig.keys.health().fetching);
    rig.issuer.open_gate();
    assert_eq!(join(lookup), found("a"));
}

#[test]
fn jitter_that_is_no_number_from_0_to_1_neither_panics_nor_wedges() {
    for jitter in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 2.0] {
        let rig = Rig::new();
        rig.clock.set_jitter(jitter);
        rig.issuer.fails();
        assert_eq!(rig.keys.prime(), Err(status(500)));
        assert_eq!(rig.keys.health().next_attempt_in, millis(750));
        rig.issuer.serves(&["a"]);
        rig.clock.advance(secs(1));
        assert_eq!(rig.key("a"), found("a"));
        rig.clock.advance(secs(456) - NANO);
        assert_eq!(rig.keys.health().state, KeysState::Fresh);
        rig.clock.advance(NANO);
        assert_eq!(rig.keys.health().state, KeysState::Ahead);
    }
    // Nor where a fetch is given up that does not end.
    let rig = Rig::primed_with(&["a"], |builder| builder.timeout(millis(50)));
    rig.clock.advance(TTL);
    rig.clock.set_jitter(f64::NAN);
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.keys.health().next_attempt_in, millis(750));
    rig.issuer.open_gate();
}

/// Where the system has no thread left. The stack asked for is read once, so that this has to
/// happen in another process; the test harness runs the test on its own thread then.
#[test]
#[cfg(target_os = "linux")]
fn system_without_a_thread_to_spare_is_an_error_and_no_panic() {
    const NAME: &str = "system_without_a_thread_to_spare_is_an_error_and_no_panic";
    if env::var_os("RUST_MIN_STACK").is_none() {
        let this = env::current_exe().unwrap();
        let mut child = Command::new(this);
        let child = child.args(["--exact", NAME, "--nocapture"]);
        let child = child.env("RUST_MIN_STACK", (1_u64 << 60).to_string()).output().unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && output.contains("no thread: seen"), "{child:?}");
        return;
    }
    assert_eq!(thread::Builder::new().spawn(|| {}).unwrap_err().kind(), ErrorKind::WouldBlock);
    let rig = Rig::new();
    assert_eq!(rig.keys.prime(), Err(FetchError::Thread));
    assert_eq!(rig.keys.refresh_now(), Err(FetchError::Thread));
    assert_eq!(rig.key("a"), unavailable(secs(2)));
    rig.clock.advance(secs(2));
    assert_eq!(rig.key("a"), unavailable(secs(4)));
    rig.clock.advance(secs(4));
    assert_eq!(block_on(key_async(&rig.keys, "a")), unavailable(secs(8)));
    let health = rig.keys.health();
    assert_eq!((health.fetching, health.waiters, health.consecutive_failures), (false, 0, 4));
    assert_eq!(rig.issuer.count(), 0);
    println!("no thread: seen");
}

// I8: unknown is only what is known to be unknown.

#[test]
fn kid_is_unknown_only_if_the_last_fetch_succeeded() {
    let rig = Rig::primed(&["a"]);
    assert_eq!(rig.key("b"), UNKNOWN);
    rig.issuer.fails();
    rig.clock.advance(COOLDOWN);
    // The back-off of 1 s ends long before the cooldown does.
    assert_eq!(rig.key("b"), unavailable(COOLDOWN));
    rig.clock.advance(secs(10));
    assert_eq!((rig.key("b"), rig.issuer.count()), (unavailable(secs(20)), 3));
    assert_eq!(block_on(key_async(&rig.keys, "b")), unavailable(secs(20)));
    assert_eq!(rig.try_key("b"), unavailable(secs(20)));
    rig.issuer.serves(&["a"]);
    rig.clock.advance(secs(20));
    assert_eq!((rig.key("b"), rig.issuer.count()), (UNKNOWN, 4));
}

#[test]
fn unknown_kid_past_ttl_waits_like_any_other_and_then_falls_under_the_kid_rule() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.issuer.fails();
    // The ordinary fetch fails; in the back-off there is no other.
    assert_eq!((rig.key("b"), rig.issuer.count()), (unavailable(secs(1)), 2));
    assert_eq!((rig.key("b"), rig.issuer.count()), (unavailable(secs(1)), 2));
    rig.clock.advance(secs(1));
    assert_eq!((rig.key("b"), rig.issuer.count()), (unavailable(COOLDOWN), 3));
    assert!(rig.issuer.asked()[2].no_cache);
    // A known key is tried for in the background meanwhile.
    rig.clock.advance(secs(2));
    rig.issuer.serves(&["a", "b"]);
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    assert_eq!((rig.key("b"), rig.issuer.count()), (found("b"), 4));
}

#[test]
fn failure_of_long_ago_is_no_reason_to_serve_a_withdrawn_key() {
    let rig = Rig::primed(&["a", "b"]);
    rig.clock.advance(secs(60));
    rig.issuer.fails();
    rig.key("x").unwrap_err();
    // Nobody asks for anything until the set is nearly too old for everything.
    rig.issuer.serves(&["b"]);
    rig.clock.advance(STALE_CAP - secs(120));
    assert_eq!(rig.keys.health().state, KeysState::Expired);
    assert_eq!((rig.key("a"), rig.key("b")), (UNKNOWN, found("b")));
}

// I9: no clock extends trust.

#[test]
fn wall_clock_set_back_does_not_make_a_set_younger() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(secs(100));
    rig.clock.set_wall_back(secs(86_400));
    assert_eq!(rig.keys.health().age, Some(secs(100)));
    rig.clock.advance(TTL - secs(100));
    assert_eq!(rig.keys.health().state, KeysState::Expired);
    rig.issuer.fails();
    assert_eq!(rig.key("a"), found("a"));
    rig.clock.advance(STALE_CAP - TTL);
    rig.key("a").unwrap_err();
}

#[test]
fn wall_clock_set_forward_makes_a_set_older_until_it_is_set_right() {
    let rig = Rig::primed(&["a"]);
    rig.clock.set_wall_forward(TTL);
    assert_eq!(rig.keys.health().state, KeysState::Expired);
    rig.clock.set_wall_forward(STALE_CAP);
    assert_eq!(rig.keys.health().state, KeysState::Dead);
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.issuer.count(), 2);
    rig.clock.set_wall_back(STALE_CAP + TTL);
    assert_eq!(rig.keys.health().age, Some(Duration::ZERO));
    rig.clock.advance(TTL);
    assert_eq!(rig.keys.health().state, KeysState::Expired);
}

#[test]
fn monotonic_clock_that_goes_back_is_no_panic_and_no_extension_of_trust() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.clock.set_monotonic_back(secs(10_000));
    assert_eq!(rig.keys.health().age, Some(TTL));
    rig.clock.set_wall_back(secs(10_000_000_000));
    assert_eq!(rig.keys.health().age, Some(Duration::ZERO));
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.key("b"), UNKNOWN);
}

#[test]
fn sleep_of_two_hours_is_two_hours() {
    let rig = Rig::primed(&["a", "b"]);
    rig.clock.set_wall_forward(secs(7200));
    assert_eq!(rig.keys.health().state, KeysState::Dead);
    rig.issuer.serves(&["a"]);
    assert_eq!(rig.key("b"), UNKNOWN);
    assert_eq!(rig.key("a"), found("a"));

    let rig = Rig::primed_with(&["a"], |builder| builder.stale_cap(secs(7201)));
    rig.clock.set_wall_forward(secs(7200));
    assert_eq!(rig.keys.health().state, KeysState::Expired);
    rig.issuer.fails();
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 2));
}

// I10: a token moves nothing.

#[test]
fn url_is_always_the_one_given_whatever_the_kid() {
    let rig = Rig::new();
    let made_up = ["https://evil.example/jwks.json", "../../x", "a?b#c", "", "\r\nHost: x", "é"];
    for kid in made_up {
        rig.clock.advance(COOLDOWN);
        assert_eq!(rig.key(kid), UNKNOWN);
        assert_eq!(rig.issuer.last_request().url(), URL);
    }
    assert_eq!(rig.issuer.count(), made_up.len() + 1);
}

#[test]
fn request_carries_the_limits_of_the_settings() {
    let rig = Rig::with(|builder| builder.timeout(secs(3)).max_body(77_777));
    rig.keys.prime().unwrap();
    let request = rig.issuer.last_request();
    assert_eq!((request.timeout(), request.max_body()), (secs(3), 77_777));
    assert!(!request.no_cache());
}

#[test]
fn token_without_kid_never_forces_a_refresh() {
    let rig = Rig::primed(&["a", "b"]);
    let lookup = || name(rig.keys.key(None, Algorithm::RS256));
    rig.clock.advance(COOLDOWN);
    assert_eq!(lookup(), Err(KeyError::AmbiguousKey));
    rig.clock.advance(AHEAD);
    assert_eq!(lookup(), Err(KeyError::AmbiguousKey));
    rig.settle();
    rig.issuer.serves(&["a"]);
    rig.clock.advance(TTL);
    assert_eq!(lookup(), found("a"));
    assert_eq!(rig.issuer.count(), 3);
    assert!(rig.issuer.asked().iter().all(|asked| !asked.no_cache));
}

#[test]
fn token_that_is_forged_or_not_one_at_all_never_leads_to_a_request() {
    let now = UnixTime::from_secs(1_750_000_000);
    let issuer = Issuer::default();
    let rig = Rig::new();
    rig.issuer.reply(Reply::Body(issuer.jwks().into_bytes()));
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), rig.keys.clone()).unwrap();
    let verdict =
        |token: &str| verifier.verify_at(token, now).map(|verified| verified.expires_at());

    // The header is no header: not even the first set is asked for.
    let token = issuer.token_at(now);
    let none = token.clone().header("alg", "none").mint();
    assert_eq!(verdict(&none), Err(VerifyError::AlgorithmNotAccepted));
    assert_eq!(rig.issuer.count(), 0);

    assert_eq!(verdict(&token.mint()), Ok(UnixTime::from_secs(1_750_086_400)));
    rig.clock.advance(COOLDOWN);
    // Another key's signature, a published key's name.
    let forged = token.clone().forged_by(&TestKey::attacker()).mint();
    assert_eq!(verdict(&forged), Err(VerifyError::BadSignature));
    // The same, and where to have the key from.
    let elsewhere = "https://evil.example/jwks.json";
    let forged = token.clone().header("jku", elsewhere).header("x5u", elsewhere);
    let forged = forged.issuer("https://evil.example/").forged_by(&TestKey::attacker()).mint();
    assert_eq!(verdict(&forged), Err(VerifyError::BadSignature));
    let expired = token.clone().expires_at(now).mint();
    let seconds = now.as_secs();
    assert_eq!(verdict(&expired), Err(VerifyError::Expired { exp: seconds, now: seconds }));
    assert_eq!(rig.issuer.count(), 1);
    assert_eq!(rig.issuer.last_request().url(), URL);
}

// The table of states, where it has not been seen above.

#[test]
fn refresh_ahead_of_time_begins_between_72_and_80_percent_of_ttl() {
    for (jitter, ahead) in [(0.0, 432), (0.25, 444), (0.5, 456), (1.0, 480)] {
        let rig = Rig::new();
        rig.clock.set_jitter(jitter);
        rig.keys.prime().unwrap();
        rig.clock.advance(secs(ahead) - millis(1));
        assert_eq!((rig.key("a"), rig.keys.health().state), (found("a"), KeysState::Fresh));
        assert!(!rig.keys.health().fetching);
        rig.clock.advance(millis(2));
        rig.issuer.close_gate();
        assert_eq!(rig.keys.health().state, KeysState::Ahead);
        for _ in 0..10 {
            assert_eq!(rig.key("a"), found("a"));
        }
        rig.issuer.await_count(2);
        rig.issuer.open_gate();
        rig.settle();
        assert_eq!((rig.issuer.count(), rig.keys.health().generation), (2, 2));
        assert_eq!(rig.keys.health().state, KeysState::Fresh);
    }
}

#[test]
fn refresh_ahead_of_time_that_fails_is_tried_again_after_the_back_off_only() {
    let rig = Rig::primed(&["a"]);
    rig.issuer.fails();
    rig.clock.advance(AHEAD);
    for (back_off, count) in [(1, 2), (2, 3), (4, 4), (8, 5)] {
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        rig.clock.advance(secs(back_off) - NANO);
        assert_eq!(rig.key("a"), found("a"));
        assert_eq!((rig.keys.health().fetching, rig.issuer.count()), (false, count));
        rig.clock.advance(NANO);
    }
    assert_eq!(rig.keys.health().stale_served, 0);
}

#[test]
fn unknown_kid_while_the_set_is_getting_old_forces_a_refresh() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(AHEAD);
    rig.issuer.serves(&["a", "b"]);
    assert_eq!(rig.key("b"), found("b"));
    assert!(rig.issuer.asked()[1].no_cache);
    // That was the refresh: another is not due.
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 2));
}

#[test]
fn dead_set_leads_to_a_fetch_that_all_wait_for() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(STALE_CAP);
    assert_eq!(rig.try_key("a"), unavailable(secs(1)));
    rig.issuer.close_gate();
    let threads: Vec<_> = ["a", "b", "a"].map(|kid| rig.spawn_key(kid)).into();
    rig.await_waiters(3);
    rig.issuer.serves(&["a", "b"]);
    rig.issuer.open_gate();
    let answers: Vec<_> = threads.into_iter().map(join).collect();
    assert_eq!(answers, [found("a"), found("b"), found("a")]);
    assert_eq!(rig.issuer.count(), 2);
}

#[test]
fn dead_set_in_back_off_is_unavailable_at_once() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(STALE_CAP);
    rig.issuer.fails();
    assert_eq!(rig.key("a"), unavailable(secs(1)));
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), unavailable(secs(1)));
    assert_eq!(rig.key("b"), unavailable(secs(1)));
    assert_eq!(rig.issuer.count(), 2);
    rig.issuer.open_gate();
}

// The kid rule.

#[test]
fn key_rotated_right_after_an_ordinary_refresh_is_accepted_at_once() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(AHEAD);
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    assert_eq!(rig.issuer.count(), 2);
    rig.clock.advance(millis(1));
    rig.issuer.serves(&["a", "b"]);
    assert_eq!(rig.key("b"), found("b"));
    assert_eq!(rig.issuer.count(), 3);
}

#[test]
fn key_rotated_right_after_prime_or_refresh_now_is_accepted_at_once() {
    let rig = Rig::primed(&["a"]);
    rig.keys.refresh_now().unwrap();
    rig.clock.advance(millis(1));
    rig.issuer.serves(&["a", "b"]);
    assert_eq!(rig.key("b"), found("b"));
    assert_eq!(rig.issuer.count(), 3);
}

#[test]
fn made_up_kid_delays_a_rotated_key_by_the_cooldown_at_most() {
    let rig = Rig::primed(&["a"]);
    assert_eq!(rig.key("made up"), UNKNOWN);
    rig.issuer.serves(&["b"]);
    assert_eq!(rig.key("b"), UNKNOWN);
    rig.clock.advance(COOLDOWN - NANO);
    assert_eq!(rig.key("b"), UNKNOWN);
    rig.clock.advance(NANO);
    assert_eq!(rig.key("b"), found("b"));
}

#[test]
fn lookup_that_joined_an_earlier_fetch_may_lead_one_more() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(AHEAD);
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), found("a"));
    rig.issuer.await_count(2);
    // The issuer had answered already when it began to use another key.
    let lookup = rig.spawn_key("b");
    let other = rig.spawn_key("b");
    rig.await_waiters(2);
    assert_eq!(rig.issuer.count(), 2);
    let mut future = Manual::new(key_async(&rig.keys, "b"));
    assert_eq!(future.poll(), Poll::Pending);
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!((join(lookup), join(other)), (UNKNOWN, UNKNOWN));
    assert_eq!(future.poll(), Poll::Ready(UNKNOWN));
    // One more for all of them.
    assert_eq!(rig.issuer.count(), 3);
    assert!(rig.issuer.asked()[2].no_cache);
}

#[test]
fn lookup_never_waits_for_a_third_fetch() {
    let rig = Rig::with(|builder| builder.kid_cooldown(NANO));
    let mut future = Manual::new(key_async(&rig.keys, "b"));
    for fetches in 1..=2 {
        assert_eq!(future.poll(), Poll::Pending);
        until(|| future.woken() == fetches);
        assert_eq!(rig.issuer.count(), fetches);
        // The cooldown is over again.
        rig.clock.advance(NANO);
    }
    assert_eq!(future.poll(), Poll::Ready(UNKNOWN));
    assert_eq!(rig.issuer.count(), 2);
}

#[test]
fn forced_refresh_that_fails_says_so_to_all_who_wait() {
    let rig = Rig::primed(&["a"]);
    rig.issuer.fails();
    rig.issuer.close_gate();
    let threads: Vec<_> = ["b", "c", "d"].map(|kid| rig.spawn_key(kid)).into();
    rig.await_waiters(3);
    assert_eq!(rig.key("a"), found("a"));
    rig.issuer.open_gate();
    for thread in threads {
        assert_eq!(join(thread), unavailable(COOLDOWN));
    }
    assert_eq!(rig.issuer.count(), 2);
    assert_eq!(rig.keys.health().suppressed_refreshes, 0);
}

#[test]
fn unknown_kid_is_busy_if_too_many_wait_and_a_known_one_is_not() {
    let rig = Rig::primed_with(&["a"], |builder| builder.max_blocked(2));
    rig.issuer.close_gate();
    let threads: Vec<_> = ["b", "c"].map(|kid| rig.spawn_key(kid)).into();
    rig.await_waiters(2);
    assert_eq!(rig.key("d"), BUSY);
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!((rig.keys.health().busy, rig.keys.health().stale_served), (1, 0));
    rig.issuer.open_gate();
    for thread in threads {
        assert_eq!(join(thread), UNKNOWN);
    }
    assert_eq!(rig.key("d"), UNKNOWN);
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
            // Long enough for the set not to die.
            for (count, seconds) in (1..).zip(back_offs) {
                assert_eq!(rig.keys.refresh_now(), Err(status(500)));
                let health = rig.keys.health();
                assert_eq!(health.next_attempt_in, millis(1000) * seconds * share / 4);
                assert_eq!(health.consecutive_failures, count);
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
    assert_eq!(rig.keys.health().next_attempt_in, secs(60));
    rig.clock.advance(STALE_CAP);
    rig.key("a").unwrap_err();
    assert_eq!(rig.keys.health().next_attempt_in, secs(10));
}

#[test]
fn back_off_starts_anew_after_a_success() {
    let rig = Rig::new();
    rig.issuer.fails();
    for _ in 0..4 {
        rig.keys.refresh_now().unwrap_err();
    }
    assert_eq!(rig.keys.health().next_attempt_in, secs(8));
    rig.issuer.serves(&["a"]);
    rig.keys.refresh_now().unwrap();
    let health = rig.keys.health();
    assert_eq!(health.next_attempt_in, Duration::ZERO);
    assert_eq!((health.consecutive_failures, health.last_error), (0, None));
    rig.issuer.fails();
    rig.keys.refresh_now().unwrap_err();
    assert_eq!(rig.keys.health().next_attempt_in, secs(1));
}

#[test]
fn hundred_failures_do_not_overflow() {
    let rig = Rig::primed(&["a"]);
    rig.issuer.fails();
    for _ in 0..100 {
        rig.keys.refresh_now().unwrap_err();
    }
    let health = rig.keys.health();
    assert_eq!((health.next_attempt_in, health.consecutive_failures), (secs(60), 100));
}

#[test]
fn retry_after_is_honored_between_a_second_and_five_minutes() {
    let cases = [
        // The back-off is 1 s with a jitter of 0, and half of that with 1.
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
            assert_eq!(rig.keys.health().next_attempt_in, wait);
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
        assert_eq!(rig.keys.health().next_attempt_in, wait);
    }
}

// Futures.

#[test]
fn futures_are_send_and_need_no_lifetime_but_their_own() {
    fn assert_send<T: Send>(_: &T) {}
    fn assert_shared<T: Send + Sync + Clone + 'static>() {}
    assert_shared::<RemoteJwks>();
    assert_shared::<Verifier<RemoteJwks>>();
    let rig = Rig::new();
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), rig.keys.clone()).unwrap();
    assert_send(&rig.keys.key_async(Some("a"), Algorithm::RS256));
    assert_send(&verifier.verify_async("token"));
}

#[test]
fn future_gives_what_the_blocking_lookup_gives() {
    let now = UnixTime::now();
    let issuer = Issuer::default();
    let rig = Rig::new();
    rig.issuer.reply(Reply::Body(issuer.jwks().into_bytes()));
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), rig.keys.clone()).unwrap();
    let token = issuer.token_at(now).mint();
    let unknown = issuer.token_at(now).key(&TestKey::attacker().with_kid("unknown")).mint();
    let forged = issuer.token_at(now).forged_by(&TestKey::attacker()).mint();

    assert_eq!(
        verifier.try_verify(&token).unwrap_err(),
        VerifyError::KeysUnavailable { retry_after: secs(1) },
    );
    assert_eq!(rig.issuer.count(), 0);
    assert_eq!(block_on(verifier.verify_async(&token)).unwrap().issuer(), ISSUER);
    assert_eq!(verifier.verify(&token).unwrap().issuer(), ISSUER);
    assert_eq!(verifier.try_verify(&token).unwrap().issuer(), ISSUER);
    let error = block_on(verifier.verify_async(&unknown)).unwrap_err();
    assert_eq!(error, VerifyError::UnknownKey);
    assert_eq!(verifier.verify(&unknown).unwrap_err(), VerifyError::UnknownKey);
    assert_eq!(verifier.try_verify(&unknown).unwrap_err(), VerifyError::UnknownKey);
    let error = block_on(verifier.verify_async(&forged)).unwrap_err();
    assert_eq!(error, VerifyError::BadSignature);
    assert_eq!(block_on(verifier.verify_async("")).unwrap_err(), verifier.verify("").unwrap_err());
    assert_eq!(rig.issuer.count(), 2);
}

#[test]
fn future_that_was_not_polled_does_nothing() {
    let rig = Rig::new();
    drop(key_async(&rig.keys, "a"));
    assert_eq!((rig.issuer.count(), rig.keys.health().waiters), (0, 0));
}

#[test]
fn dropped_futures_leave_nothing_behind_and_hold_nobody_up() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut futures: Vec<_> = (0..1000).map(|_| Manual::new(key_async(&rig.keys, "a"))).collect();
    for future in &mut futures {
        assert_eq!(future.poll(), Poll::Pending);
        // Polled for no reason: it waits in one place.
        assert_eq!(future.poll(), Poll::Pending);
    }
    assert_eq!(rig.keys.health().waiters, 1000);
    // The one that started the fetch, and all others but one.
    let mut last = futures.pop().unwrap();
    drop(futures);
    assert_eq!(rig.keys.health().waiters, 1);
    assert_eq!(last.woken(), 0);
    rig.issuer.open_gate();
    until(|| last.woken() == 1);
    assert_eq!(last.poll(), Poll::Ready(found("a")));
    drop(last);
    let health = rig.keys.health();
    assert_eq!((health.waiters, health.fetching, rig.issuer.count()), (0, false, 1));
}

#[test]
fn future_dropped_with_nobody_else_waiting_leaves_its_fetch_to_the_next() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(future.poll(), Poll::Pending);
    drop(future);
    rig.issuer.await_count(1);
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 1));
}

#[test]
fn future_dropped_between_its_waking_and_its_poll_takes_nothing_with_it() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut first = Manual::new(key_async(&rig.keys, "a"));
    let mut second = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!((first.poll(), second.poll()), (Poll::Pending, Poll::Pending));
    rig.issuer.open_gate();
    until(|| first.woken() == 1 && second.woken() == 1);
    drop(first);
    assert_eq!(second.poll(), Poll::Ready(found("a")));
    assert_eq!(rig.keys.health().waiters, 0);
}

#[test]
fn future_that_moved_to_another_task_wakes_that_one() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    let (former, latter) = (Arc::new(Count::default()), Arc::new(Count::default()));
    assert_eq!(future.poll_with(&Waker::from(Arc::clone(&former))), Poll::Pending);
    assert_eq!(future.poll_with(&Waker::from(Arc::clone(&latter))), Poll::Pending);
    assert_eq!((rig.keys.health().waiters, Arc::strong_count(&former)), (1, 1));
    rig.issuer.open_gate();
    until(|| latter.0.load(Ordering::SeqCst) == 1);
    assert_eq!(former.0.load(Ordering::SeqCst), 0);
    assert_eq!(future.poll(), Poll::Ready(found("a")));
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

type Lookup = Pin<Box<dyn Future<Output = Result<String, KeyError>> + Send>>;

fn owned(keys: &RemoteJwks, kid: &'static str) -> Lookup {
    let keys = keys.clone();
    Box::pin(async move { key_async(&keys, kid).await })
}

/// A task that runs where it is woken.
struct Inline {
    future: Mutex<Option<Lookup>>,
    output: Mutex<Option<Result<String, KeyError>>>,
}

impl Inline {
    fn start(future: Lookup) -> Arc<Self> {
        let task = Arc::new(Self { future: Mutex::new(Some(future)), output: Mutex::default() });
        Arc::clone(&task).wake();
        task
    }

    fn done(&self) -> bool {
        self.output.lock().unwrap().is_some()
    }

    fn output(&self) -> Result<String, KeyError> {
        until(|| self.done());
        self.output.lock().unwrap().clone().unwrap()
    }
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let mut future = self.future.lock().unwrap();
        let Some(task) = future.as_mut() else { return };
        let waker = Waker::from(Arc::clone(&self));
        if let Poll::Ready(output) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
            *future = None;
            *self.output.lock().unwrap() = Some(output);
        }
    }
}

#[test]
fn wakers_that_poll_where_they_are_woken_do_not_deadlock() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    // The unknown ones start the second fetch from within the end of the first.
    let kids = ["a", "b", "a", "b"];
    let tasks = kids.map(|kid| Inline::start(owned(&rig.keys, kid)));
    let thread = rig.spawn_key("b");
    rig.await_waiters(5);
    rig.issuer.open_gate();
    let outputs = tasks.map(|task| task.output());
    assert_eq!(outputs, [found("a"), UNKNOWN, found("a"), UNKNOWN]);
    assert_eq!(join(thread), UNKNOWN);
    rig.settle();
    assert_eq!((rig.issuer.count(), rig.keys.health().waiters), (2, 0));
}

#[test]
fn waker_that_panics_does_not_keep_the_others_waiting() {
    struct Panicking;
    impl Wake for Panicking {
        fn wake(self: Arc<Self>) {
            resume_unwind(Box::new("as the test wants it"));
        }
    }
    for reply in [Reply::keys(&["a"]), Reply::Panic] {
        let rig = Rig::new();
        rig.issuer.reply(reply);
        rig.issuer.close_gate();
        let mut bad = Manual::new(key_async(&rig.keys, "a"));
        assert_eq!(bad.poll_with(&Waker::from(Arc::new(Panicking))), Poll::Pending);
        let mut good = Manual::new(key_async(&rig.keys, "a"));
        assert_eq!(good.poll(), Poll::Pending);
        rig.issuer.open_gate();
        until(|| good.woken() == 1);
        assert!(good.poll().is_ready());
        assert!(bad.poll().is_ready());
        assert_eq!(rig.keys.health().waiters, 0);
    }
}

/// A waker may be the last thing that holds a task, and the task may hold more lookups: all of that
/// is dropped with the waker, and must find the lock free.
#[test]
fn waker_that_is_the_last_of_a_task_with_lookups_of_its_own_does_not_deadlock() {
    struct Holder(#[allow(dead_code, reason = "to be dropped")] Mutex<Option<Lookup>>);
    impl Wake for Holder {
        fn wake(self: Arc<Self>) {}
    }
    let holding = |keys: &RemoteJwks| {
        let mut inner = owned(keys, "a");
        let poll = inner.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll, Poll::Pending);
        Waker::from(Arc::new(Holder(Mutex::new(Some(inner)))))
    };
    let rig = Rig::new();
    rig.issuer.close_gate();
    let keys = rig.keys.clone();
    let poller = thread::spawn(move || {
        let mut future = owned(&keys, "a");
        let mut poll = |waker: Waker| future.as_mut().poll(&mut Context::from_waker(&waker));
        // Replaced by another, then dropped with the future that waits.
        assert_eq!(poll(holding(&keys)), Poll::Pending);
        assert_eq!(poll(holding(&keys)), Poll::Pending);
        assert_eq!(keys.health().waiters, 2);
        drop(future);
        assert_eq!(keys.health().waiters, 0);
        // Dropped when it was woken.
        let mut future = owned(&keys, "a");
        let waker = holding(&keys);
        assert_eq!(future.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
        future
    });
    let future = join(poller);
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(block_on(future), found("a"));
    assert_eq!(rig.keys.health().waiters, 0);
}

// The end.

#[test]
fn source_dropped_during_a_fetch_is_gone_at_once_and_the_thread_ends_with_the_fetch() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(future.poll(), Poll::Pending);
    rig.issuer.await_count(1);
    drop(future);
    let Rig { clock, issuer, keys } = rig;
    // The test's own, the issuer's and the source's, then without the source's.
    assert_eq!(clock.handles(), 3);
    let start = Instant::now();
    drop(keys);
    assert!(start.elapsed() < secs(5));
    assert_eq!(clock.handles(), 2);
    assert_eq!((issuer.in_flight(), issuer.handles()), (1, 2));
    issuer.open_gate();
    until(|| issuer.handles() == 1);
}

#[test]
fn source_may_be_dropped_by_its_own_fetch() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let Rig { clock, issuer, keys } = rig;
    let task = Inline::start(owned(&keys, "a"));
    drop(keys);
    // The task has the last of it, and gives it up where it is woken.
    assert_eq!(clock.handles(), 3);
    issuer.open_gate();
    assert_eq!(task.output(), found("a"));
    until(|| (clock.handles(), issuer.handles()) == (2, 1));
}

#[test]
fn clones_share_everything() {
    let rig = Rig::new();
    let clone = rig.keys.clone();
    clone.prime().unwrap();
    assert_eq!((rig.try_key("a"), rig.issuer.count()), (found("a"), 1));
    drop(rig.keys);
    assert_eq!(fake::key(&clone, "a"), found("a"));
}

// Without waiting, at the start, and by hand.

#[test]
fn try_key_never_starts_a_fetch() {
    // How old the set is, whether the last try failed, and the answers for a known and an unknown
    // kid.
    let soon = unavailable(secs(1));
    let cases = [
        (None, false, soon.clone(), soon.clone()),
        (None, true, soon.clone(), soon.clone()),
        (Some(Duration::ZERO), false, found("a"), soon.clone()),
        (Some(Duration::ZERO), true, found("a"), soon.clone()),
        (Some(AHEAD), false, found("a"), soon.clone()),
        (Some(AHEAD), true, found("a"), soon.clone()),
        (Some(TTL), false, soon.clone(), soon.clone()),
        (Some(TTL), true, found("a"), soon.clone()),
        (Some(STALE_CAP), false, soon.clone(), soon.clone()),
        (Some(STALE_CAP), true, soon.clone(), soon),
    ];
    for (age, failed, known, unknown) in cases {
        for back_off_over in [false, true] {
            let rig = Rig::new();
            if let Some(age) = age {
                rig.keys.prime().unwrap();
                rig.clock.advance(age);
            }
            if failed {
                rig.issuer.fails();
                rig.keys.refresh_now().unwrap_err();
            }
            if back_off_over {
                rig.clock.advance(secs(1));
            }
            let count = rig.issuer.count();
            assert_eq!(rig.try_key("a"), known, "{age:?} {failed}");
            assert_eq!(rig.try_key("b"), unknown, "{age:?} {failed}");
            assert!(!rig.keys.health().fetching);
            assert_eq!(rig.issuer.count(), count);
        }
    }
}

#[test]
fn try_key_knows_an_unknown_kid_while_it_would_not_be_asked_for() {
    let rig = Rig::primed(&["a"]);
    assert_eq!(rig.key("b"), UNKNOWN);
    assert_eq!(rig.try_key("b"), UNKNOWN);
    assert_eq!(rig.keys.health().unknown_kids, 2);
    rig.clock.advance(COOLDOWN);
    assert_eq!(rig.try_key("b"), unavailable(secs(1)));
}

#[test]
fn prime_fetches_only_what_is_not_there() {
    let rig = Rig::new();
    for (age, count) in [(Duration::ZERO, 1), (AHEAD, 1), (TTL - AHEAD - NANO, 1), (NANO, 2)] {
        rig.clock.advance(age);
        assert_eq!(rig.keys.prime(), Ok(()));
        assert_eq!(rig.issuer.count(), count);
    }
    assert!(rig.issuer.asked().iter().all(|asked| !asked.no_cache));
    rig.clock.advance(STALE_CAP);
    assert_eq!((rig.keys.prime(), rig.issuer.count()), (Ok(()), 3));
}

#[test]
fn prime_says_why_there_are_no_keys_and_does_not_ask_again_in_back_off() {
    let rig = Rig::new();
    rig.issuer.reply(Reply::Fail(FetchError::HostNotFound));
    assert_eq!(rig.keys.prime(), Err(FetchError::HostNotFound));
    rig.issuer.serves(&["a"]);
    rig.clock.advance(secs(1) - NANO);
    assert_eq!((rig.keys.prime(), rig.issuer.count()), (Err(FetchError::HostNotFound), 1));
    rig.clock.advance(NANO);
    assert_eq!((rig.keys.prime(), rig.issuer.count()), (Ok(()), 2));
}

#[test]
fn prime_waits_for_a_fetch_that_is_under_way() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let lookup = rig.spawn_key("a");
    rig.await_waiters(1);
    let prime = thread::spawn({
        let keys = rig.keys.clone();
        move || keys.prime()
    });
    rig.await_waiters(2);
    rig.issuer.fails();
    rig.issuer.open_gate();
    assert_eq!((join(prime), join(lookup)), (Err(status(500)), unavailable(secs(1))));
    assert_eq!(rig.issuer.count(), 1);
}

#[test]
fn refresh_now_asks_whatever_is_at_hand_and_whatever_failed() {
    let rig = Rig::primed(&["a", "b"]);
    rig.issuer.serves(&["a"]);
    assert_eq!(rig.keys.refresh_now(), Ok(()));
    // The cooldown does not begin with it, but with this one.
    assert_eq!((rig.key("b"), rig.issuer.count()), (UNKNOWN, 3));
    rig.issuer.fails();
    for count in 4..=6 {
        assert_eq!((rig.keys.refresh_now(), rig.issuer.count()), (Err(status(500)), count));
    }
    assert_eq!(rig.key("a"), found("a"));
    rig.issuer.serves(&["c"]);
    assert_eq!(rig.keys.refresh_now(), Ok(()));
    assert_eq!((rig.key("a"), rig.key("c")), (UNKNOWN, found("c")));
    let no_cache: Vec<bool> = rig.issuer.asked().iter().map(|asked| asked.no_cache).collect();
    assert_eq!(no_cache, [false, true, true, true, true, true, true]);
}

#[test]
fn refresh_now_does_not_take_a_fetch_that_began_before_it_for_its_own() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(AHEAD);
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), found("a"));
    rig.issuer.await_count(2);
    let refresh = thread::spawn({
        let keys = rig.keys.clone();
        move || keys.refresh_now()
    });
    rig.await_waiters(1);
    assert_eq!(rig.issuer.count(), 2);
    rig.issuer.open_gate();
    assert_eq!(join(refresh), Ok(()));
    let no_cache: Vec<bool> = rig.issuer.asked().iter().map(|asked| asked.no_cache).collect();
    assert_eq!(no_cache, [false, false, true]);
}

// Health.

#[test]
fn health_tells_how_things_stand() {
    let rig = Rig::new();
    let health = rig.keys.health();
    assert_eq!((health.state, health.generation), (KeysState::Empty, 0));
    assert_eq!((health.usable_keys, health.skipped_keys), (0, 0));
    assert_eq!((health.age, health.last_success, health.last_error), (None, None, None));
    assert_eq!((health.consecutive_failures, health.fetching, health.waiters), (0, false, 0));
    assert_eq!(health.next_attempt_in, Duration::ZERO);
    assert_eq!((health.fetches_ok, health.fetches_failed.len()), (0, 0));
    assert_eq!((health.stale_served, health.unknown_kids), (0, 0));
    assert_eq!((health.suppressed_refreshes, health.busy), (0, 0));

    // Two that can be used, two that cannot.
    let mixed = jwks(&["a", "b"]).replacen('[', "[{\"kty\":\"EC\"},{},", 1);
    rig.issuer.reply(Reply::Body(mixed.into_bytes()));
    rig.keys.prime().unwrap();
    rig.clock.advance(millis(1500));
    let health = rig.keys.health();
    assert_eq!((health.state, health.generation), (KeysState::Fresh, 1));
    assert_eq!((health.usable_keys, health.skipped_keys), (2, 2));
    assert_eq!(health.age, Some(millis(1500)));
    assert_eq!(health.last_success, Some(UnixTime::from_secs(1_750_000_000)));

    rig.clock.advance(TTL);
    for (reply, code) in [(Reply::status(500, None), "status"), (Reply::Panic, "thread")] {
        rig.issuer.reply(reply);
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        assert_eq!(rig.keys.health().last_error.unwrap().code(), code);
        rig.clock.advance(secs(1));
    }
    rig.key("c").unwrap_err();
    let health = rig.keys.health();
    assert_eq!((health.state, health.consecutive_failures), (KeysState::Expired, 2));
    assert_eq!(health.next_attempt_in, secs(1));
    let failed: Vec<_> = health.fetches_failed.into_iter().collect();
    assert_eq!((health.fetches_ok, failed), (1, vec![("status", 1), ("thread", 1)]));
    assert_eq!((health.stale_served, health.unknown_kids), (2, 0));
    assert_eq!((health.suppressed_refreshes, health.busy), (1, 0));

    rig.clock.advance(STALE_CAP);
    let health = rig.keys.health();
    assert_eq!(health.state, KeysState::Dead);
    // What is dead is still counted.
    assert_eq!((health.usable_keys, health.generation), (2, 1));
}

#[test]
fn lookup_that_had_its_fetch_is_not_counted_as_suppressed() {
    let rig = Rig::primed(&["a"]);
    assert_eq!(rig.key("b"), UNKNOWN);
    let health = rig.keys.health();
    assert_eq!((health.unknown_kids, health.suppressed_refreshes), (1, 0));
    assert_eq!(rig.key("b"), UNKNOWN);
    let health = rig.keys.health();
    assert_eq!((health.unknown_kids, health.suppressed_refreshes), (2, 1));
}

// The settings.

#[test]
fn settings_that_make_no_sense_are_refused() {
    let zero = |setting| FetchConfigError::Zero { setting };
    type Change = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let cases: [(Change, FetchConfigError); 8] = [
        (|builder| builder.ttl(Duration::ZERO), zero("ttl")),
        (|builder| builder.kid_cooldown(Duration::ZERO), zero("kid_cooldown")),
        (|builder| builder.timeout(Duration::ZERO), zero("timeout")),
        (|builder| builder.connect_timeout(Duration::ZERO), zero("connect_timeout")),
        (|builder| builder.max_blocked(0), zero("max_blocked")),
        (|builder| builder.max_body(0), zero("max_body")),
        (|builder| builder.stale_cap(TTL - NANO), FetchConfigError::StaleCapBelowTtl),
        (|builder| builder.ttl(STALE_CAP + NANO), FetchConfigError::StaleCapBelowTtl),
    ];
    for (change, error) in cases {
        assert_eq!(change(RemoteJwks::builder(URL)).build().unwrap_err(), error);
    }
}

#[test]
fn settings_at_their_limits_are_accepted_and_work() {
    let smallest = Rig::with(|builder| {
        builder.ttl(NANO).stale_cap(NANO).kid_cooldown(NANO).max_blocked(1).connect_timeout(NANO)
    });
    assert_eq!(smallest.key("a"), found("a"));
    smallest.clock.advance(NANO);
    assert_eq!((smallest.key("a"), smallest.issuer.count()), (found("a"), 2));

    let max = Duration::MAX;
    let largest = Rig::with(|builder| {
        let builder = builder.ttl(max).stale_cap(max).kid_cooldown(max).timeout(max);
        builder.connect_timeout(max).max_blocked(usize::MAX)
    });
    assert_eq!((largest.key("b"), largest.issuer.count()), (UNKNOWN, 2));
    largest.clock.advance(secs(1_000_000_000));
    assert_eq!((largest.key("b"), largest.key("a")), (UNKNOWN, found("a")));
    assert_eq!(largest.issuer.count(), 2);
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let clock = FakeClock::new();
    let issuer = FakeFetch::new(&clock);
    let builder = RemoteJwks::builder(URL).fetch(issuer.clone()).clock(clock);
    builder.build().unwrap().prime().unwrap();
    let request = issuer.last_request();
    assert_eq!((request.timeout(), request.max_body()), (secs(5), 512 * 1024));
}

#[test]
fn debug_shows_the_url_and_no_keys() {
    let rig = Rig::primed(&["a"]);
    let text = format!("RemoteJwks {{ url: {URL:?}, .. }}");
    assert_eq!(format!("{:?}", rig.keys), text);
    let text = format!("RemoteJwksBuilder {{ url: {URL:?}, .. }}");
    assert_eq!(format!("{:?}", RemoteJwks::builder(URL)), text);
}

#[test]
fn config_errors_say_what_to_change() {
    let texts = [
        (
            FetchConfigError::Url,
            "the key set's URL must be absolute, with a host, without user information and fragment",
        ),
        (FetchConfigError::NotHttps, "the key set's URL must begin with https:"),
        (
            FetchConfigError::NotLoopback,
            "http: is allowed for 127.0.0.0/8, [::1] and localhost only",
        ),
        (FetchConfigError::Zero { setting: "ttl" }, "ttl must not be zero"),
        (FetchConfigError::StaleCapBelowTtl, "stale_cap must not be less than ttl"),
        (FetchConfigError::RootCerts, "root_certs_pem must hold certificates in PEM"),
        (FetchConfigError::Proxy, "the proxy must be an HTTP proxy, given by its URL"),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn fetch_errors_have_a_text_and_a_code() {
    let redirect = FetchError::Redirect { status: 302, location: "https://x/\n".to_owned() };
    let tls = FetchError::Tls { reason: "expired".to_owned() };
    let texts = [
        (FetchError::HostNotFound, "host_not_found", "the key set's host is not known"),
        (
            FetchError::Connect { kind: ErrorKind::ConnectionRefused },
            "connect",
            "no connection to the key set's host: connection refused",
        ),
        (tls, "tls", "TLS with the key set's host failed: expired"),
        (FetchError::Timeout, "timeout", "the key set did not come in time"),
        (status(503), "status", "the key set's host answered with status 503 instead of 200"),
        (
            redirect,
            "redirect",
            "the key set's host redirects (302) to \"https://x/\\n\", which is not followed",
        ),
        (FetchError::Protocol, "protocol", "the key set's host did not answer in proper HTTP"),
        (
            FetchError::ContentEncoding,
            "content_encoding",
            "the key set came encoded, which is not accepted",
        ),
        (
            FetchError::BodyTooLong { limit: 5 },
            "body_too_long",
            "the key set is longer than 5 bytes",
        ),
        (FetchError::Truncated, "truncated", "the key set broke off"),
        (FetchError::KeySet(JwkSetError::KeysMissing), "key_set", "key set has no `keys`"),
        (
            FetchError::NoUsableKeys { skipped: 2 },
            "no_usable_keys",
            "the key set has no usable key, 2 were skipped",
        ),
        (FetchError::Proxy, "proxy", "the proxy cannot be used"),
        (FetchError::Thread, "thread", "the thread that fetched the key set failed"),
    ];
    for (error, code, text) in texts {
        assert_eq!((error.code(), error.to_string().as_str()), (code, text));
    }
}

// Everything at once, against the rules written down a second time.

#[test]
fn random_sequences_of_operations_go_as_the_rules_say() {
    let mut covered = Covered::default();
    for seed in 1..=16 {
        Run::new(seed).steps(500, &mut covered);
    }
    // Or the sequences would show little.
    let Covered { waits, stale, unknown, unavailable, dead, second_flights, dropped } = covered;
    let least = [waits, stale, unknown, unavailable, dead, second_flights, dropped];
    assert!(least.iter().all(|&count| count >= 50), "{least:?}");
}

#[derive(Default)]
struct Covered {
    waits: usize,
    stale: usize,
    unknown: usize,
    unavailable: usize,
    dead: usize,
    second_flights: usize,
    dropped: usize,
}

/// What a lookup comes to.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    Is(Result<String, KeyError>),
    Waits,
}

/// The rules, with one thread and no time but its own.
#[derive(Clone)]
struct Model {
    monotonic: Duration,
    wall: Duration,
    set: Option<ModelSet>,
    generation: u64,
    /// Since the last success.
    failed_tries: u32,
    last_error: Option<FetchError>,
    quiet_until: Duration,
    last_kid_attempt: Option<Duration>,
    /// When the fetch under way began, on both clocks.
    flight: Option<(Duration, Duration)>,
    /// Whether each fetch so far went past caches.
    fetches: Vec<bool>,
    ok: u64,
    failed: u64,
    stale: u64,
    unknown: u64,
    suppressed: u64,
}

#[derive(Clone)]
struct ModelSet {
    monotonic: Duration,
    wall: Duration,
    ahead: Duration,
    kids: Vec<&'static str>,
}

#[derive(Clone)]
enum Outcome {
    Keys(Vec<&'static str>),
    Error(FetchError),
    Panic,
}

impl Model {
    fn age(&self) -> Option<Duration> {
        let set = self.set.as_ref()?;
        let monotonic = self.monotonic.checked_sub(set.monotonic).unwrap_or_default();
        Some(monotonic.max(self.wall.checked_sub(set.wall).unwrap_or_default()))
    }

    fn state(&self) -> KeysState {
        match self.age() {
            None => KeysState::Empty,
            Some(age) if age >= STALE_CAP => KeysState::Dead,
            Some(age) if age >= TTL => KeysState::Expired,
            Some(age) if age >= self.set.as_ref().unwrap().ahead => KeysState::Ahead,
            Some(_) => KeysState::Fresh,
        }
    }

    fn back_off(&self) -> Duration {
        self.quiet_until.checked_sub(self.monotonic).unwrap_or_default()
    }

    fn cooldown(&self) -> Duration {
        let over = self.last_kid_attempt.map(|attempt| attempt + COOLDOWN);
        over.and_then(|over| over.checked_sub(self.monotonic)).unwrap_or_default()
    }

    fn may_start(&self) -> bool {
        self.flight.is_none() && self.back_off() == Duration::ZERO
    }

    fn take_off(&mut self, no_cache: bool) {
        assert!(self.flight.is_none());
        self.flight = Some((self.monotonic, self.wall));
        self.fetches.push(no_cache);
    }

    /// What the set says, whatever its age.
    fn select(&self, kid: Option<&str>) -> Result<String, KeyError> {
        let kids = &self.set.as_ref().unwrap().kids;
        match kid {
            Some(kid) if kids.contains(&kid) => found(kid),
            Some(_) => UNKNOWN,
            None if kids.len() == 1 => found(kids[0]),
            None => Err(KeyError::AmbiguousKey),
        }
    }

    fn lookup(&mut self, kid: Option<&str>, waited: u32) -> Expected {
        let refuse = |model: &mut Self, wait: Duration| {
            model.suppressed += u64::from(kid.is_some() && waited == 0);
            Expected::Is(unavailable(wait.max(secs(1))))
        };
        match self.state() {
            KeysState::Empty | KeysState::Dead => {
                if waited < 2 && self.flight.is_some() {
                    return Expected::Waits;
                }
                if waited < 2 && self.may_start() {
                    self.take_off(false);
                    return Expected::Waits;
                }
                let back_off = self.back_off();
                return refuse(self, back_off);
            }
            // One minute after a back-off an old failure is no excuse any more.
            KeysState::Expired
                if waited == 0
                    && (self.failed_tries == 0
                        || self.monotonic >= self.quiet_until + secs(60)) =>
            {
                if self.flight.is_none() {
                    self.take_off(false);
                }
                return Expected::Waits;
            }
            _ => {}
        }
        let answer = self.select(kid);
        if answer != UNKNOWN {
            let state = self.state();
            if state != KeysState::Fresh && self.may_start() {
                self.take_off(false);
            }
            self.stale += u64::from(state == KeysState::Expired);
            return Expected::Is(answer);
        }
        if waited < 2 && self.flight.is_some() {
            return Expected::Waits;
        }
        if waited < 2 && self.may_start() && self.cooldown() == Duration::ZERO {
            self.take_off(true);
            self.last_kid_attempt = Some(self.monotonic);
            return Expected::Waits;
        }
        if self.failed_tries > 0 {
            let wait = self.back_off().max(self.cooldown());
            return refuse(self, wait);
        }
        self.unknown += 1;
        self.suppressed += u64::from(waited == 0);
        Expected::Is(UNKNOWN)
    }

    /// The same, without a fetch.
    fn try_lookup(&mut self, kid: Option<&str>) -> Result<String, KeyError> {
        let mut after = self.clone();
        let expected = after.lookup(kid, 0);
        let Expected::Is(answer) = expected else { return unavailable(secs(1)) };
        (self.stale, self.unknown, self.suppressed) =
            (after.stale, after.unknown, after.suppressed);
        answer
    }

    /// Polled again, although nothing has happened but time.
    fn poll_again(&self, kid: Option<&str>) -> Expected {
        match self.state() {
            KeysState::Fresh | KeysState::Ahead if self.select(kid) != UNKNOWN => {
                Expected::Is(self.select(kid))
            }
            _ => Expected::Waits,
        }
    }

    fn land(&mut self, outcome: &Outcome, jitter: u32) {
        let (monotonic, wall) = self.flight.take().unwrap();
        let error = match outcome {
            Outcome::Keys(kids) => {
                // 72 to 80 % of 600 s, in steps of 12 s.
                let (ahead, kids) = (secs(432) + secs(12) * jitter, kids.clone());
                self.set = Some(ModelSet { monotonic, wall, ahead, kids });
                self.generation += 1;
                self.ok += 1;
                self.failed_tries = 0;
                self.last_error = None;
                self.quiet_until = Duration::ZERO;
                return;
            }
            Outcome::Error(error) => error.clone(),
            Outcome::Panic => FetchError::Thread,
        };
        let most = match self.state() {
            KeysState::Empty | KeysState::Dead => 10,
            _ => 60,
        };
        let whole = secs(1 << self.failed_tries.min(10)).min(secs(most));
        // From all of it down to a half, in steps of an eighth.
        let mut wait = whole * (8 - jitter) / 8;
        if let FetchError::Status { retry_after: Some(asked_for), .. } = error {
            wait = wait.max(asked_for.max(secs(1)).min(secs(300)));
        }
        self.quiet_until = self.monotonic + wait;
        self.failed_tries += 1;
        self.failed += 1;
        self.last_error = Some(error);
    }
}

/// The model beside the real thing.
struct Run {
    rig: Rig,
    model: Model,
    random: Random,
    waiting: Vec<Waiting>,
}

struct Waiting {
    kid: Option<&'static str>,
    waited: u32,
    future: Manual<'static, Result<String, KeyError>>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let rig = Rig::new();
        rig.issuer.close_gate();
        let model = Model {
            monotonic: rig.clock.monotonic(),
            wall: rig.clock.wall(),
            set: None,
            generation: 0,
            failed_tries: 0,
            last_error: None,
            quiet_until: Duration::ZERO,
            last_kid_attempt: None,
            flight: None,
            fetches: Vec::new(),
            ok: 0,
            failed: 0,
            stale: 0,
            unknown: 0,
            suppressed: 0,
        };
        Self { rig, model, random: Random::new(seed), waiting: Vec::new() }
    }

    fn steps(mut self, steps: usize, covered: &mut Covered) {
        for _ in 0..steps {
            covered.dead += usize::from(self.model.state() == KeysState::Dead);
            match self.random.below(20) {
                0..=6 => self.lookup(covered),
                7..=8 => self.try_lookup(),
                9..=13 => self.time_goes_by(),
                14 => self.wall_jumps(),
                15..=17 if self.model.flight.is_some() => self.land(covered),
                15 => self.prime(),
                16 => self.refresh_now(),
                18 => self.poll_again(),
                _ if !self.waiting.is_empty() => {
                    let index = self.random.below(self.waiting.len());
                    drop(self.waiting.swap_remove(index));
                    covered.dropped += 1;
                }
                _ => self.time_goes_by(),
            }
            self.compare();
        }
        self.rig.issuer.open_gate();
    }

    fn kid(&mut self) -> Option<&'static str> {
        self.random.pick(&[Some("a"), Some("a"), Some("b"), Some("c"), Some("d"), None])
    }

    fn lookup(&mut self, covered: &mut Covered) {
        let kid = self.kid();
        let expected = self.model.lookup(kid, 0);
        match &expected {
            Expected::Waits => covered.waits += 1,
            Expected::Is(Ok(_)) if self.model.state() == KeysState::Expired => covered.stale += 1,
            Expected::Is(Err(KeyError::UnknownKey)) => covered.unknown += 1,
            Expected::Is(Err(KeyError::Unavailable { .. })) => covered.unavailable += 1,
            Expected::Is(_) => {}
        }
        let keys = self.rig.keys.clone();
        // Only one of them can be seen to wait.
        if let (Expected::Is(answer), 0) = (&expected, self.random.below(2)) {
            assert_eq!(name(keys.key(kid, Algorithm::RS256)), *answer);
            return;
        }
        let lookup = async move { name(keys.key_async(kid, Algorithm::RS256).await) };
        let mut future = Manual::new(lookup);
        assert_eq!(polled(&mut future), expected);
        if expected == Expected::Waits {
            self.waiting.push(Waiting { kid, waited: 0, future });
        }
    }

    fn try_lookup(&mut self) {
        let kid = self.kid();
        let answer = name(self.rig.keys.try_key(kid, Algorithm::RS256));
        assert_eq!(answer, self.model.try_lookup(kid));
    }

    fn poll_again(&mut self) {
        for index in (0..self.waiting.len()).rev() {
            let waiting = &mut self.waiting[index];
            let expected = self.model.poll_again(waiting.kid);
            assert_eq!(polled(&mut waiting.future), expected);
            if expected != Expected::Waits {
                self.waiting.remove(index);
            }
        }
    }

    /// To where something is about to happen, or just has, more often than not.
    fn time_goes_by(&mut self) {
        let now = self.model.monotonic;
        let mut ends = vec![now + self.model.back_off(), now + self.model.cooldown()];
        if let (Some(set), Some(age)) = (&self.model.set, self.model.age()) {
            let marks = [set.ahead, TTL, STALE_CAP];
            let next = marks.into_iter().find(|&mark| mark > age);
            ends.extend(next.map(|mark| now + (mark - age)));
        }
        let end = self.random.pick(&ends).saturating_sub(now);
        let choices =
            [end, end, end.saturating_sub(NANO), end + NANO, millis(300), secs(1), secs(20)];
        let step = self.random.pick(&choices);
        self.rig.clock.advance(step);
        self.model.monotonic += step;
        self.model.wall += step;
    }

    fn wall_jumps(&mut self) {
        let jump = self.random.pick(&[secs(1), secs(100), TTL, STALE_CAP, secs(7200)]);
        match self.random.below(4) {
            0 => {
                self.rig.clock.set_wall_forward(jump);
                self.model.wall += jump;
            }
            1 => {
                self.rig.clock.set_wall_back(jump);
                self.model.wall -= jump;
            }
            _ => {}
        }
    }

    fn outcome(&mut self) -> (Outcome, u32) {
        let sets: [&[&'static str]; 4] = [&["a"], &["a", "b"], &["b", "c"], &["a", "b", "c"]];
        let retry_after = self.random.pick(&[None, None, Some(0), Some(7), Some(1000)]).map(secs);
        let outcome = match self.random.below(16) {
            0..=7 => Outcome::Keys(self.random.pick(&sets).to_vec()),
            8..=11 => Outcome::Error(FetchError::Status { status: 503, retry_after }),
            12..=14 => Outcome::Error(FetchError::Timeout),
            _ => Outcome::Panic,
        };
        let jitter = self.random.pick(&[0, 1, 2, 3, 4]);
        self.rig.clock.set_jitter(f64::from(jitter) / 4.0);
        self.rig.issuer.reply(match &outcome {
            Outcome::Keys(kids) => Reply::keys(kids),
            Outcome::Error(error) => Reply::Fail(error.clone()),
            Outcome::Panic => Reply::Panic,
        });
        (outcome, jitter)
    }

    fn land(&mut self, covered: &mut Covered) {
        let (outcome, jitter) = self.outcome();
        self.rig.issuer.open_gate();
        self.rig.settle();
        self.rig.issuer.close_gate();
        self.model.land(&outcome, jitter);
        for mut waiting in std::mem::take(&mut self.waiting) {
            until(|| waiting.future.woken() == usize::try_from(waiting.waited).unwrap() + 1);
            waiting.waited += 1;
            let expected = self.model.lookup(waiting.kid, waiting.waited);
            assert_eq!(polled(&mut waiting.future), expected);
            if expected == Expected::Waits {
                covered.second_flights += 1;
                self.waiting.push(waiting);
            }
        }
    }

    /// With nothing under way.
    fn prime(&mut self) {
        let (outcome, jitter) = self.outcome();
        let asks = !matches!(self.model.state(), KeysState::Fresh | KeysState::Ahead);
        let expected = match self.model.last_error.clone() {
            _ if !asks => Ok(()),
            Some(error) if self.model.back_off() > Duration::ZERO => Err(error),
            _ => {
                self.model.take_off(false);
                self.model.land(&outcome, jitter);
                self.model.last_error.clone().map_or(Ok(()), Err)
            }
        };
        self.rig.issuer.open_gate();
        assert_eq!(self.rig.keys.prime(), expected);
        self.rig.issuer.close_gate();
    }

    /// With nothing under way.
    fn refresh_now(&mut self) {
        let (outcome, jitter) = self.outcome();
        self.model.take_off(true);
        self.model.land(&outcome, jitter);
        self.rig.issuer.open_gate();
        let expected = self.model.last_error.clone().map_or(Ok(()), Err);
        assert_eq!(self.rig.keys.refresh_now(), expected);
        self.rig.issuer.close_gate();
    }

    fn compare(&self) {
        let (health, model) = (self.rig.keys.health(), &self.model);
        assert_eq!((health.state, health.age), (model.state(), model.age()));
        assert_eq!(health.generation, model.generation);
        let kids = model.set.as_ref().map_or(0, |set| set.kids.len());
        assert_eq!(health.usable_keys, kids);
        assert_eq!(health.consecutive_failures, model.failed_tries);
        assert_eq!(health.last_error, model.last_error);
        assert_eq!(health.next_attempt_in, model.back_off());
        assert_eq!(health.fetching, model.flight.is_some());
        assert_eq!(health.waiters, self.waiting.len());
        let failed: u64 = health.fetches_failed.values().sum();
        assert_eq!((health.fetches_ok, failed), (model.ok, model.failed));
        assert_eq!(health.stale_served, model.stale);
        assert_eq!(health.unknown_kids, model.unknown);
        assert_eq!(health.suppressed_refreshes, model.suppressed);
        self.rig.issuer.await_count(model.fetches.len());
        let asked: Vec<bool> = self.rig.issuer.asked().iter().map(|asked| asked.no_cache).collect();
        assert_eq!(asked, model.fetches);
        assert!(self.rig.issuer.most_in_flight() <= 1);
    }
}

fn polled(future: &mut Manual<'static, Result<String, KeyError>>) -> Expected {
    match future.poll() {
        Poll::Ready(answer) => Expected::Is(answer),
        Poll::Pending => Expected::Waits,
    }
}

/// A clock that can be made to hold up whoever asks it for the jitter.
#[derive(Clone)]
struct GatedJitter {
    times: FakeClock,
    gate: Arc<(Mutex<bool>, Condvar)>,
    inside: Arc<AtomicUsize>,
}

impl Default for GatedJitter {
    fn default() -> Self {
        Self { times: FakeClock::new(), gate: Arc::default(), inside: Arc::default() }
    }
}

impl GatedJitter {
    fn close(&self) {
        *self.gate.0.lock().unwrap() = true;
    }

    fn open(&self) {
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
