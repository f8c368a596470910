//! No lookup waits for ever, and callers may choose not to wait. Invariant I7.

use std::{
    env,
    io::ErrorKind,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    Guard, Policy, UnixTime, Verifier, VerifyError,
    remote::{FetchError, KeysState},
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use crate::fake::{
    COOLDOWN, NANO, REFRESH_DUE, Reply, Rig, STALE_CAP, TTL, UNKNOWN, bare, block_on, found, join,
    key_async, last_error, millis, run_all, secs, status, unavailable,
};

// I7: every wait is bounded.

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
    assert_eq!((last_error(&health), health.is_fetching()), (Some(FetchError::Thread), false));
    // The source still works afterwards.
    rig.issuer.serves(&["a"]);
    rig.clock.advance(secs(1));
    assert_eq!(rig.key("a"), found("a"));
}

#[test]
fn no_lookup_waits_longer_than_the_timeout_for_a_fetch_that_exceeds_it() {
    let rig = Rig::with(|builder| builder.timeout(millis(50)));
    rig.issuer.close_gate();
    let start = Instant::now();
    assert_eq!(rig.key("a"), unavailable(secs(1)));
    let failure = rig.keys.prime().unwrap_err();
    assert_eq!(
        (failure.host(), failure.error()),
        ("tenant.example.auth0.com", &FetchError::Timeout)
    );
    assert_eq!(bare(rig.keys.refresh_now()), Err(FetchError::Timeout));
    // Four times 50 ms, and the time that the end of an attempt may take on a busy machine.
    let took = start.elapsed();
    assert!(took > millis(200) && took < secs(10), "{took:?}");
    assert_eq!((rig.issuer.count(), rig.keys.health().waiters()), (1, 0));
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(rig.key("a"), found("a"));
}

#[test]
fn fetch_that_never_ends_delays_lookups_once_and_counts_as_failed() {
    let rig = Rig::primed_with(&["a"], |builder| builder.timeout(millis(50)));
    rig.clock.advance(TTL);
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), found("a"));
    let health = rig.keys.health();
    assert_eq!(
        (last_error(&health), health.consecutive_failures()),
        (Some(FetchError::Timeout), 1)
    );
    assert!(health.is_fetching());
    // The best of five, because the machine may be busy.
    let times = [0; 5].map(|_| {
        let start = Instant::now();
        assert_eq!(rig.key("a"), found("a"));
        start.elapsed()
    });
    assert!(times.iter().min() < Some(&millis(50)), "{times:?}");
    // There is still one fetch at a time.
    rig.clock.advance(secs(10));
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 2));
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(rig.keys.health().state(), KeysState::Fresh);
}

/// A token that expires while the verifier waits for keys is refused.
#[test]
fn system_clock_is_read_when_the_keys_are_available() {
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
                .map_err(|rejection| rejection.cause().unwrap())
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
        let Err(VerifyError::Expired { exp: end, now }) = verdict else { panic!("{verdict:?}") };
        assert!(end == exp.as_secs() && now >= end);
    }
}

#[test]
fn no_lock_is_held_while_a_fetch_is_in_flight() {
    let rig = Rig::new();
    rig.issuer.close_gate();
    let lookup = rig.spawn_key("a");
    rig.await_waiters(1);
    rig.issuer.await_count(1);
    assert_eq!(rig.try_key("a"), unavailable(secs(1)));
    assert!(rig.keys.health().is_fetching());
    rig.issuer.open_gate();
    assert_eq!(join(lookup), found("a"));
}

#[test]
fn jitter_outside_0_to_1_neither_panics_nor_blocks() {
    for jitter in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 2.0] {
        let rig = Rig::new();
        rig.clock.set_jitter(jitter);
        rig.issuer.fails();
        assert_eq!(bare(rig.keys.prime()), Err(status(500)));
        assert_eq!(rig.keys.health().next_attempt_in(), millis(750));
        rig.issuer.serves(&["a"]);
        rig.clock.advance(secs(1));
        assert_eq!(rig.key("a"), found("a"));
        rig.clock.advance(secs(456) - NANO);
        assert_eq!(rig.keys.health().state(), KeysState::Fresh);
        rig.clock.advance(NANO);
        assert_eq!(rig.keys.health().state(), KeysState::RefreshDue);
    }
    // The same when an attempt that does not end is abandoned.
    let rig = Rig::primed_with(&["a"], |builder| builder.timeout(millis(50)));
    rig.clock.advance(TTL);
    rig.clock.set_jitter(f64::NAN);
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.keys.health().next_attempt_in(), millis(750));
    rig.issuer.open_gate();
}

/// A system without a thread to spare, simulated by a huge stack size. `std` reads that size only
/// once, so this needs a child process, where the test harness runs the test on its own thread.
#[test]
#[cfg(target_os = "linux")]
fn system_without_a_thread_to_spare_is_an_error_and_no_panic() {
    const NAME: &str = "waiting::system_without_a_thread_to_spare_is_an_error_and_no_panic";
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
    assert_eq!(bare(rig.keys.prime()), Err(FetchError::Thread));
    assert_eq!(bare(rig.keys.refresh_now()), Err(FetchError::Thread));
    assert_eq!(rig.key("a"), unavailable(secs(2)));
    rig.clock.advance(secs(2));
    assert_eq!(rig.key("a"), unavailable(secs(4)));
    rig.clock.advance(secs(4));
    assert_eq!(block_on(key_async(&rig.keys, "a")), unavailable(secs(8)));
    let health = rig.keys.health();
    assert_eq!(
        (health.is_fetching(), health.waiters(), health.consecutive_failures()),
        (false, 0, 4)
    );
    assert_eq!(rig.issuer.count(), 0);
    println!("no thread: seen");
}

// `try_key`, `prime` and `refresh_now`.

#[test]
fn try_key_never_starts_a_fetch() {
    // The age of the set, whether the last attempt failed, and the answers for a known and an
    // unknown `kid`.
    let soon = unavailable(secs(1));
    let cases = [
        (None, false, soon.clone(), soon.clone()),
        (None, true, soon.clone(), soon.clone()),
        (Some(Duration::ZERO), false, found("a"), soon.clone()),
        (Some(Duration::ZERO), true, found("a"), soon.clone()),
        (Some(REFRESH_DUE), false, found("a"), soon.clone()),
        (Some(REFRESH_DUE), true, found("a"), soon.clone()),
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
            assert!(!rig.keys.health().is_fetching());
            assert_eq!(rig.issuer.count(), count);
        }
    }
}

#[test]
fn try_key_reports_an_unknown_kid_if_no_fetch_would_be_started_for_it() {
    let rig = Rig::primed(&["a"]);
    assert_eq!(rig.key("b"), UNKNOWN);
    assert_eq!(rig.try_key("b"), UNKNOWN);
    assert_eq!(rig.keys.health().unknown_kids(), 2);
    rig.clock.advance(COOLDOWN);
    assert_eq!(rig.try_key("b"), unavailable(secs(1)));
}

#[test]
fn prime_fetches_only_if_keys_are_missing_or_old() {
    let rig = Rig::new();
    for (age, count) in
        [(Duration::ZERO, 1), (REFRESH_DUE, 1), (TTL - REFRESH_DUE - NANO, 1), (NANO, 2)]
    {
        rig.clock.advance(age);
        assert_eq!(rig.keys.prime(), Ok(()));
        assert_eq!(rig.issuer.count(), count);
    }
    assert!(rig.issuer.requests().iter().all(|request| !request.no_cache));
    rig.clock.advance(STALE_CAP);
    assert_eq!((rig.keys.prime(), rig.issuer.count()), (Ok(()), 3));
}

#[test]
fn prime_returns_the_error_and_does_not_fetch_again_during_back_off() {
    let rig = Rig::new();
    rig.issuer.reply(Reply::Fail(FetchError::HostNotFound));
    assert_eq!(bare(rig.keys.prime()), Err(FetchError::HostNotFound));
    rig.issuer.serves(&["a"]);
    rig.clock.advance(secs(1) - NANO);
    assert_eq!((bare(rig.keys.prime()), rig.issuer.count()), (Err(FetchError::HostNotFound), 1));
    rig.clock.advance(NANO);
    assert_eq!((rig.keys.prime(), rig.issuer.count()), (Ok(()), 2));
}

#[test]
fn prime_waits_for_a_fetch_in_flight() {
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
    assert_eq!((bare(join(prime)), join(lookup)), (Err(status(500)), unavailable(secs(1))));
    assert_eq!(rig.issuer.count(), 1);
}

#[test]
fn refresh_now_fetches_whatever_the_state_of_the_keys() {
    let rig = Rig::primed(&["a", "b"]);
    rig.issuer.serves(&["a"]);
    assert_eq!(rig.keys.refresh_now(), Ok(()));
    // The cool-down does not begin with `refresh_now`, but with this fetch.
    assert_eq!((rig.key("b"), rig.issuer.count()), (UNKNOWN, 3));
    rig.issuer.fails();
    for count in 4..=6 {
        assert_eq!((bare(rig.keys.refresh_now()), rig.issuer.count()), (Err(status(500)), count));
    }
    assert_eq!(rig.key("a"), found("a"));
    rig.issuer.serves(&["c"]);
    assert_eq!(rig.keys.refresh_now(), Ok(()));
    assert_eq!((rig.key("a"), rig.key("c")), (UNKNOWN, found("c")));
    let no_cache: Vec<bool> =
        rig.issuer.requests().iter().map(|request| request.no_cache).collect();
    assert_eq!(no_cache, [false, true, true, true, true, true, true]);
}

#[test]
fn refresh_now_does_not_accept_a_fetch_that_began_before_it() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(REFRESH_DUE);
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
    let no_cache: Vec<bool> =
        rig.issuer.requests().iter().map(|request| request.no_cache).collect();
    assert_eq!(no_cache, [false, false, true]);
}
