//! Many lookups at once: they share a fetch, and only time bounds the number of fetches. Invariants
//! I1, I2, I3.

use std::{
    sync::atomic::Ordering,
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    Algorithm, KeyError, KeyQuery, KeySource, RemoteJwks,
    remote::{Clock, KeysState},
};

use crate::{
    fake::{
        self, BUSY, COOLDOWN, FakeFetch, GatedJitter, Manual, NANO, REFRESH_DUE, Rig, TTL, UNKNOWN,
        URL, block_on, found, join, key_async, millis, name, run_all, secs, unavailable, until,
    },
    random::Random,
};

// Without a key set.

#[test]
fn cold_herd_of_64_threads_is_one_fetch() {
    let rig = Rig::with(|builder| builder.max_waiting_threads(64));
    rig.issuer.close_gate();
    let threads: Vec<_> = (0..64).map(|_| rig.spawn_key("a")).collect();
    rig.await_waiters(64);
    rig.issuer.open_gate();
    for thread in threads {
        assert_eq!(join(thread), found("a"));
    }
    assert_eq!(rig.issuer.count(), 1);
    assert_eq!(rig.keys.health().waiters(), 0);
}

#[test]
fn cold_herd_of_1000_futures_is_one_fetch() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let futures = (0..1000).map(|_| key_async(&rig.keys, "a"));
    let answers = run_all(futures, || {
        // Every future has been polled once and waits.
        assert_eq!(rig.keys.health().waiters(), 1000);
        rig.issuer.open_gate();
    });
    assert!(answers.iter().all(|answer| *answer == found("a")));
    assert_eq!((answers.len(), rig.issuer.count()), (1000, 1));
    assert_eq!(rig.keys.health().waiters(), 0);
}

#[test]
fn cold_herd_that_gets_an_error_is_one_fetch_too() {
    let rig = Rig::with(|builder| builder.max_waiting_threads(64));
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
    // A future blocks no thread.
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(future.poll(), Poll::Pending);
    rig.issuer.open_gate();
    for thread in threads {
        assert_eq!(join(thread), found("a"));
    }
    rig.settle();
    assert_eq!(future.poll(), Poll::Ready(found("a")));
    assert_eq!((rig.keys.health().busy(), rig.issuer.count()), (10, 1));
}

#[test]
fn nothing_is_fetched_before_the_first_lookup() {
    let rig = Rig::new();
    assert_eq!(rig.keys.health().state(), KeysState::Empty);
    assert_eq!(rig.issuer.count(), 0);
}

#[test]
fn lookups_without_keys_are_refused_at_once_during_back_off() {
    let rig = Rig::new();
    rig.issuer.fails();
    assert_eq!(rig.key("a"), unavailable(secs(1)));
    for back_off in [1, 2, 4, 8, 10] {
        for left in [secs(back_off), secs(back_off) / 2, NANO] {
            rig.clock.advance(rig.keys.health().next_attempt_in() - left);
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
fn kid_that_the_first_set_lacks_is_unknown_after_one_more_fetch() {
    let rig = Rig::new();
    assert_eq!(rig.key("b"), UNKNOWN);
    let requests = rig.issuer.requests();
    assert_eq!(requests.iter().map(|request| request.no_cache).collect::<Vec<_>>(), [false, true]);
}

// I1: within `ttl`, a known key costs nothing.

#[test]
fn known_key_within_ttl_is_found_while_the_other_locks_are_taken() {
    let clock = GatedJitter::default();
    let times = clock.times.clone();
    let issuer = FakeFetch::new(&times);
    let keys = RemoteJwks::builder(URL).fetch(issuer.clone()).clock(clock.clone()).build().unwrap();
    keys.prime().unwrap();

    // At its end, the attempt calls `jitter` while it holds the lock.
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

    for age in [Duration::ZERO, REFRESH_DUE - NANO, REFRESH_DUE, TTL - NANO] {
        times.advance(age.saturating_sub(times.monotonic() - secs(7)));
        for _ in 0..100 {
            assert_eq!(fake::key(&keys, "a"), found("a"));
            assert_eq!(block_on(key_async(&keys, "a")), found("a"));
            assert_eq!(name(keys.try_key(KeyQuery::new(None, Algorithm::RS256))), found("a"));
        }
    }
    assert!(!locked.is_finished() && !lookup.is_finished());
    clock.open();
    assert_eq!(join(lookup), UNKNOWN);
    join(locked);
    // The cool-down was over when the forced refresh ended, so there was another one.
    assert_eq!(issuer.count(), 3);
}

/// Holds up threads named `health` when they read the time, while they hold the lock.
#[derive(Clone, Default)]
struct GatedHealth(GatedJitter);

impl Clock for GatedHealth {
    fn monotonic(&self) -> Duration {
        if thread::current().name() == Some("health") {
            self.0.jitter();
        }
        self.0.monotonic()
    }

    fn wall(&self) -> Duration {
        self.0.wall()
    }

    fn jitter(&self) -> f64 {
        self.0.times.jitter()
    }
}

#[test]
fn known_key_is_found_while_the_lock_is_taken_in_the_back_off_of_a_due_refresh() {
    let clock = GatedHealth::default();
    let times = clock.0.times.clone();
    let issuer = FakeFetch::new(&times);
    let keys = RemoteJwks::builder(URL).fetch(issuer.clone()).clock(clock.clone()).build().unwrap();
    keys.prime().unwrap();
    times.advance(REFRESH_DUE);
    issuer.fails();
    assert_eq!(fake::key(&keys, "a"), found("a"));
    until(|| keys.health().next_attempt_in() == secs(1));

    clock.0.close();
    let health = thread::Builder::new().name("health".into()).spawn({
        let keys = keys.clone();
        move || keys.health()
    });
    until(|| clock.0.inside.load(Ordering::SeqCst) == 1);
    times.advance(secs(1) - NANO);
    let lookup = thread::spawn({
        let keys = keys.clone();
        move || fake::key(&keys, "a")
    });
    assert_eq!(join(lookup), found("a"));
    clock.0.open();
    assert_eq!(join(health.unwrap()).consecutive_failures(), 1);
    assert_eq!(issuer.count(), 2);
}

#[test]
fn thousand_known_lookups_during_a_hanging_fetch_take_no_time() {
    let expired_and_failed = Rig::primed(&["a"]);
    expired_and_failed.clock.advance(TTL);
    expired_and_failed.issuer.fails();
    assert_eq!(expired_and_failed.key("a"), found("a"));
    expired_and_failed.clock.advance(secs(1));
    let ahead = Rig::primed(&["a"]);
    ahead.clock.advance(REFRESH_DUE);
    for rig in [Rig::primed(&["a"]), ahead, expired_and_failed] {
        rig.issuer.close_gate();
        let count = rig.issuer.count();
        let unknown = rig.spawn_key("unknown");
        rig.await_waiters(1);
        rig.issuer.await_count(count + 1);
        // The best of five, because the machine may be busy.
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

// I2: one fetch at a time, which takes the slot before it begins.

#[test]
fn never_two_fetches_at_a_time() {
    // With this timeout, no attempt is ever overdue.
    let day = secs(86_400);
    let rig = Rig::with(|builder| builder.max_waiting_threads(100).kid_cooldown(NANO).timeout(day));
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
    assert_eq!(rig.keys.health().waiters(), 0);
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
    assert_eq!(rig.keys.health().age(), Some(COOLDOWN - NANO));
    assert_eq!((rig.key("b"), rig.issuer.count()), (UNKNOWN, 2));
    rig.clock.advance(NANO);
    assert_eq!((rig.key("b"), rig.issuer.count()), (UNKNOWN, 3));
}

// I3: only time bounds the number of requests.

#[test]
fn storm_of_made_up_kids_is_one_forced_refresh_per_cooldown() {
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
    let forced: Vec<bool> = rig.issuer.requests().iter().map(|request| request.no_cache).collect();
    assert_eq!(forced, [false, true, true]);
    let health = rig.keys.health();
    assert_eq!((health.unknown_kids(), health.busy()), (4 * 32 * 500, 0));
    // Lookups that waited for one of the two refreshes are not counted: at most 32 each time.
    assert!(health.suppressed_refreshes() >= health.unknown_kids() - 2 * 32);
    assert!(health.suppressed_refreshes() <= health.unknown_kids() - 2);
}

#[test]
fn hour_under_attack_is_one_request_per_cooldown_and_one_per_refresh() {
    let rig = Rig::primed(&["a"]);
    let mut random = Random::new(1);
    for second in 0..3600 {
        rig.clock.set_jitter(f64::from(u32::try_from(second % 11).unwrap()) / 10.0);
        assert_eq!(rig.key(&format!("{:x}", random.next())), UNKNOWN);
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        rig.clock.advance(secs(1));
    }
    let requests = rig.issuer.requests();
    let forced: Vec<Duration> =
        requests.iter().filter(|request| request.no_cache).map(|request| request.at).collect();
    assert_eq!(forced.len(), 360);
    assert!(forced.windows(2).all(|pair| pair[1] - pair[0] >= COOLDOWN));
    // After a forced refresh no other refresh became due in that hour.
    assert_eq!(requests.len(), 361);
}

#[test]
fn hour_of_known_keys_is_one_request_per_refresh() {
    let rig = Rig::primed(&["a"]);
    for _ in 0..3600 {
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        rig.clock.advance(secs(1));
    }
    // At 0 s and then every 432 s.
    assert_eq!(rig.issuer.count(), 9);
    assert!(rig.issuer.requests().iter().all(|request| !request.no_cache));
    assert_eq!(rig.keys.health().stale_served(), 0);
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
    // The set is fresh, so only the made-up `kid`s lead to attempts: every 10 s, and later at the
    // end of each back-off.
    let start = secs(7);
    let starts: Vec<u64> =
        rig.issuer.requests().iter().map(|request| (request.at - start).as_secs()).collect();
    assert_eq!(starts, [0, 0, 10, 20, 30, 40, 56, 88, 148, 208, 268]);
}
