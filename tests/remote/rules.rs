//! The table of states and the rules for unknown `kid`s. Invariants I8, I9, I10.

use std::{sync::Arc, task::Poll, thread, time::Duration};

use tokenring::{
    Algorithm, KeyError, KeyQuery, KeySource, Policy, UnixTime, Verifier, VerifyError,
    remote::{Clock, KeysState},
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use crate::fake::{
    BUSY, COOLDOWN, FakeClock, Manual, NANO, REFRESH_DUE, Reply, Rig, STALE_CAP, TTL, UNKNOWN, URL,
    block_on, found, join, jwks, key_async, millis, name, secs, unavailable, until,
};

// I8: `UnknownKey` only after a success.

#[test]
fn kid_is_unknown_only_if_the_last_fetch_succeeded() {
    let rig = Rig::primed(&["a"]);
    assert_eq!(rig.key("b"), UNKNOWN);
    rig.issuer.fails();
    rig.clock.advance(COOLDOWN);
    // The back-off of 1 s ends long before the cool-down.
    assert_eq!(rig.key("b"), unavailable(COOLDOWN));
    rig.clock.advance(secs(4));
    assert_eq!((rig.key("b"), rig.issuer.count()), (unavailable(secs(6)), 3));
    assert_eq!(block_on(key_async(&rig.keys, "b")), unavailable(secs(6)));
    assert_eq!(rig.try_key("b"), unavailable(secs(6)));
    rig.issuer.serves(&["a"]);
    rig.clock.advance(secs(6));
    assert_eq!((rig.key("b"), rig.issuer.count()), (UNKNOWN, 4));
}

#[test]
fn unknown_kid_past_ttl_waits_like_any_other_and_then_follows_the_kid_rule() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.issuer.fails();
    // The ordinary fetch fails; during the back-off there is no other.
    assert_eq!((rig.key("b"), rig.issuer.count()), (unavailable(secs(1)), 2));
    assert_eq!((rig.key("b"), rig.issuer.count()), (unavailable(secs(1)), 2));
    rig.clock.advance(secs(1));
    assert_eq!((rig.key("b"), rig.issuer.count()), (unavailable(COOLDOWN), 3));
    assert!(rig.issuer.requests()[2].no_cache);
    // A lookup of a known key starts a fetch in the background.
    rig.clock.advance(secs(2));
    rig.issuer.serves(&["a", "b"]);
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    assert_eq!((rig.key("b"), rig.issuer.count()), (found("b"), 4));
}

#[test]
fn old_failure_does_not_excuse_the_use_of_a_withdrawn_key() {
    let rig = Rig::primed(&["a", "b"]);
    rig.clock.advance(secs(60));
    rig.issuer.fails();
    rig.key("x").unwrap_err();
    // There is no lookup until the set is nearly at its `stale_cap`.
    rig.issuer.serves(&["b"]);
    rig.clock.advance(STALE_CAP - secs(120));
    assert_eq!(rig.keys.health().state(), KeysState::Expired);
    assert_eq!((rig.key("a"), rig.key("b")), (UNKNOWN, found("b")));
}

#[test]
fn failure_excuses_the_use_of_an_expired_set_until_a_minute_after_its_back_off() {
    for (time, answer) in [(secs(61) - NANO, found("a")), (secs(61), UNKNOWN)] {
        let rig = Rig::primed(&["a"]);
        rig.issuer.fails();
        rig.clock.advance(TTL);
        assert_eq!(rig.key("a"), found("a"));
        assert_eq!(rig.keys.health().next_attempt_in(), secs(1));
        rig.issuer.serves(&["b"]);
        rig.clock.advance(time);
        assert_eq!(rig.key("a"), answer, "{time:?}");
    }
}

// I9: no clock extends trust.

#[test]
fn wall_clock_set_back_does_not_make_a_set_younger() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(secs(100));
    rig.clock.set_wall_back(secs(86_400));
    assert_eq!(rig.keys.health().age(), Some(secs(100)));
    rig.clock.advance(TTL - secs(100));
    assert_eq!(rig.keys.health().state(), KeysState::Expired);
    rig.issuer.fails();
    assert_eq!(rig.key("a"), found("a"));
    rig.clock.advance(STALE_CAP - TTL);
    rig.key("a").unwrap_err();
}

#[test]
fn wall_clock_set_forward_makes_a_set_older_until_it_is_set_right() {
    let rig = Rig::primed(&["a"]);
    rig.clock.set_wall_forward(TTL);
    assert_eq!(rig.keys.health().state(), KeysState::Expired);
    rig.clock.set_wall_forward(STALE_CAP);
    assert_eq!(rig.keys.health().state(), KeysState::Dead);
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.issuer.count(), 2);
    rig.clock.set_wall_back(STALE_CAP + TTL);
    assert_eq!(rig.keys.health().age(), Some(Duration::ZERO));
    rig.clock.advance(TTL);
    assert_eq!(rig.keys.health().state(), KeysState::Expired);
}

#[test]
fn monotonic_clock_that_goes_back_neither_panics_nor_extends_trust() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.clock.set_monotonic_back(secs(10_000));
    assert_eq!(rig.keys.health().age(), Some(TTL));
    rig.clock.set_wall_back(secs(10_000_000_000));
    assert_eq!(rig.keys.health().age(), Some(Duration::ZERO));
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.key("b"), UNKNOWN);
}

#[test]
fn suspension_of_two_hours_makes_a_set_two_hours_older() {
    let rig = Rig::primed(&["a", "b"]);
    rig.clock.set_wall_forward(secs(7200));
    assert_eq!(rig.keys.health().state(), KeysState::Dead);
    rig.issuer.serves(&["a"]);
    assert_eq!(rig.key("b"), UNKNOWN);
    assert_eq!(rig.key("a"), found("a"));

    let rig = Rig::primed_with(&["a"], |builder| builder.stale_cap(secs(7201)));
    rig.clock.set_wall_forward(secs(7200));
    assert_eq!(rig.keys.health().state(), KeysState::Expired);
    rig.issuer.fails();
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 2));
}

// I10: nothing in a token influences a URL or forces a request.

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
    let rig = Rig::new();
    let other = Issuer::default().keys()[0].with_kid("b").jwk();
    let two = jwks(&["a"]).replacen('[', &format!("[{other},"), 1);
    rig.issuer.reply(Reply::Body(two.into_bytes()));
    rig.keys.prime().unwrap();
    let lookup = || name(rig.keys.key(KeyQuery::new(None, Algorithm::RS256)));
    rig.clock.advance(COOLDOWN);
    assert_eq!(lookup(), Err(KeyError::AmbiguousKey));
    rig.clock.advance(REFRESH_DUE);
    assert_eq!(lookup(), Err(KeyError::AmbiguousKey));
    rig.settle();
    rig.issuer.serves(&["a"]);
    rig.clock.advance(TTL);
    assert_eq!(lookup(), found("a"));
    assert_eq!(rig.issuer.count(), 3);
    assert!(rig.issuer.requests().iter().all(|request| !request.no_cache));
}

#[test]
fn token_without_kid_is_judged_by_the_set_in_use_even_after_a_failure() {
    let rig = Rig::primed(&["a"]);
    let nameless = |algorithm| name(rig.keys.key(KeyQuery::new(None, algorithm)));
    rig.issuer.fails();
    rig.clock.advance(TTL);
    assert_eq!(nameless(Algorithm::RS256), found("a"));
    assert_eq!(nameless(Algorithm::ES256), UNKNOWN);
    assert_eq!(rig.key("b"), unavailable(secs(1)));
    let health = rig.keys.health();
    assert_eq!((health.stale_served(), health.unknown_kids(), rig.issuer.count()), (2, 0, 2));
}

#[test]
fn forged_or_malformed_token_never_leads_to_a_request() {
    let now = UnixTime::from_secs(1_750_000_000);
    let issuer = Issuer::default();
    let rig = Rig::new();
    rig.issuer.reply(Reply::Body(issuer.jwks().into_bytes()));
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), rig.keys.clone()).unwrap();
    let verdict =
        |token: &str| verifier.verify_at(token, now).map(|verified| verified.expires_at());

    // The header is not accepted, so not even the first set is requested.
    let token = issuer.token_at(now);
    let none = token.clone().header("alg", "none").mint();
    assert_eq!(verdict(&none), Err(VerifyError::AlgorithmNotAccepted));
    assert_eq!(rig.issuer.count(), 0);

    assert_eq!(verdict(&token.mint()), Ok(UnixTime::from_secs(1_750_086_400)));
    rig.clock.advance(COOLDOWN);
    // Signed by another key, with the `kid` of a published one.
    let forged = token.clone().forged_by(&TestKey::attacker()).mint();
    assert_eq!(verdict(&forged), Err(VerifyError::BadSignature));
    // The same, with URLs of a key set in the header.
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

// The rest of the table of states.

#[test]
fn refresh_becomes_due_between_72_and_80_percent_of_ttl() {
    for (jitter, ahead) in [(0.0, 432), (0.25, 444), (0.5, 456), (1.0, 480)] {
        let rig = Rig::new();
        rig.clock.set_jitter(jitter);
        rig.keys.prime().unwrap();
        rig.clock.advance(secs(ahead) - millis(1));
        assert_eq!((rig.key("a"), rig.keys.health().state()), (found("a"), KeysState::Fresh));
        assert!(!rig.keys.health().is_fetching());
        rig.clock.advance(millis(2));
        rig.issuer.close_gate();
        assert_eq!(rig.keys.health().state(), KeysState::RefreshDue);
        for _ in 0..10 {
            assert_eq!(rig.key("a"), found("a"));
        }
        rig.issuer.await_count(2);
        rig.issuer.open_gate();
        rig.settle();
        assert_eq!((rig.issuer.count(), rig.keys.health().generation()), (2, 2));
        assert_eq!(rig.keys.health().state(), KeysState::Fresh);
    }
}

#[test]
fn jitter_of_a_clock_that_does_not_set_it_is_random_from_0_to_1() {
    struct StandingStill;

    impl Clock for StandingStill {
        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }

        fn wall(&self) -> Duration {
            Duration::ZERO
        }
    }

    let jitter: Vec<f64> = (0..64).map(|_| StandingStill.jitter()).collect();
    assert!(jitter.iter().all(|jitter| (0.0..=1.0).contains(jitter)), "{jitter:?}");
    // The chance that all are on one side is 1 in 2^63.
    let low = jitter.iter().filter(|jitter| **jitter < 0.5).count();
    assert!((1..64).contains(&low), "{jitter:?}");
}

#[test]
fn clock_behind_a_pointer_is_the_same_clock() {
    let clock = FakeClock::new();
    clock.set_jitter(0.25);
    clock.set_wall_forward(secs(60));
    let shared = Arc::new(clock.clone());
    let times = |clock: &dyn Clock| (clock.monotonic(), clock.wall(), clock.jitter());
    assert_eq!(times(&shared), times(&clock));
    assert_eq!(shared.jitter(), 0.25);
}

#[test]
fn due_refresh_that_fails_is_retried_only_after_the_back_off() {
    let rig = Rig::primed(&["a"]);
    rig.issuer.fails();
    rig.clock.advance(REFRESH_DUE);
    for (back_off, count) in [(1, 2), (2, 3), (4, 4), (8, 5)] {
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        rig.clock.advance(secs(back_off) - NANO);
        assert_eq!(rig.key("a"), found("a"));
        assert_eq!((rig.keys.health().is_fetching(), rig.issuer.count()), (false, count));
        rig.clock.advance(NANO);
    }
    assert_eq!(rig.keys.health().stale_served(), 0);
}

#[test]
fn unknown_kid_while_a_refresh_is_due_forces_a_refresh() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(REFRESH_DUE);
    rig.issuer.serves(&["a", "b"]);
    assert_eq!(rig.key("b"), found("b"));
    assert!(rig.issuer.requests()[1].no_cache);
    // That was a refresh too, so no other is due.
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 2));
}

#[test]
fn dead_set_leads_to_one_fetch_that_all_lookups_wait_for() {
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
    rig.clock.advance(REFRESH_DUE);
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
fn lookup_that_joined_an_earlier_fetch_may_start_one_more() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(REFRESH_DUE);
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), found("a"));
    rig.issuer.await_count(2);
    // The issuer rotates after it has answered the fetch in flight.
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
    // One more fetch for all of them.
    assert_eq!(rig.issuer.count(), 3);
    assert!(rig.issuer.requests()[2].no_cache);
}

#[test]
fn lookup_never_waits_for_a_third_fetch() {
    let rig = Rig::with(|builder| builder.kid_cooldown(NANO));
    let mut future = Manual::new(key_async(&rig.keys, "b"));
    for fetches in 1..=2 {
        assert_eq!(future.poll(), Poll::Pending);
        until(|| future.woken() == fetches);
        assert_eq!(rig.issuer.count(), fetches);
        // The cool-down is over again.
        rig.clock.advance(NANO);
    }
    assert_eq!(future.poll(), Poll::Ready(UNKNOWN));
    assert_eq!(rig.issuer.count(), 2);
}

#[test]
fn lookup_without_keys_never_waits_for_a_third_fetch() {
    for third_is_under_way in [false, true] {
        let rig = Rig::new();
        rig.issuer.fails();
        let mut future = Manual::new(key_async(&rig.keys, "a"));
        for fetches in 1..=2 {
            assert_eq!(future.poll(), Poll::Pending);
            until(|| future.woken() == fetches);
            assert_eq!(rig.issuer.count(), fetches);
            // The back-off is over again.
            rig.clock.advance(secs(60));
        }
        rig.issuer.close_gate();
        let command = third_is_under_way.then(|| {
            let keys = rig.keys.clone();
            thread::spawn(move || keys.refresh_now())
        });
        let fetches = if third_is_under_way { 3 } else { 2 };
        rig.issuer.await_count(fetches);
        assert_eq!(future.poll(), Poll::Ready(unavailable(secs(1))));
        assert_eq!(rig.issuer.count(), fetches);
        rig.issuer.open_gate();
        assert!(command.map(join).is_none_or(|outcome| outcome.is_err()));
    }
}

#[test]
fn failure_of_a_forced_refresh_reaches_all_waiters() {
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
    assert_eq!(rig.keys.health().suppressed_refreshes(), 0);
}

#[test]
fn unknown_kid_is_busy_if_too_many_lookups_wait_and_a_known_one_is_not() {
    let rig = Rig::primed_with(&["a"], |builder| builder.max_waiting_threads(2));
    rig.issuer.close_gate();
    let threads: Vec<_> = ["b", "c"].map(|kid| rig.spawn_key(kid)).into();
    rig.await_waiters(2);
    assert_eq!(rig.key("d"), BUSY);
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!((rig.keys.health().busy(), rig.keys.health().stale_served()), (1, 0));
    rig.issuer.open_gate();
    for thread in threads {
        assert_eq!(join(thread), UNKNOWN);
    }
    assert_eq!(rig.key("d"), UNKNOWN);
}
