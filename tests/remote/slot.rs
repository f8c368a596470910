//! Attempts that never end, as after a fork or with a `Fetch` that hangs, and too many waiting
//! futures. Invariants I2, I7.

use std::{
    task::Poll,
    time::{Duration, Instant},
};

use tokenring::remote::{FetchError, KeysState};

use crate::fake::{
    BUSY, FOREVER, Manual, NANO, Rig, TTL, bare, block_on, found, join, key_async, last_error,
    millis, secs, unavailable, until,
};

/// The time after its timeout at which an attempt loses its slot.
const OVERDUE: Duration = secs(60);

#[test]
fn slot_of_an_attempt_that_never_ends_is_taken_back_a_minute_after_its_timeout() {
    let rig = Rig::with(|builder| builder.timeout(millis(50)));
    rig.issuer.close_gate();
    assert_eq!(bare(rig.keys.prime()), Err(FetchError::Timeout));
    rig.clock.advance(OVERDUE + millis(50) - NANO);
    assert_eq!(rig.key("a"), unavailable(secs(1)));
    assert_eq!(rig.issuer.count(), 1);
    assert!(rig.keys.health().is_fetching());

    rig.clock.advance(NANO);
    assert_eq!(rig.key("a"), unavailable(secs(1)));
    assert_eq!((rig.keys.health().is_fetching(), rig.issuer.count()), (false, 1));

    // The attempt counts as failed, so the next one follows after the back-off.
    rig.clock.advance(secs(1));
    rig.issuer.serves(&["new"]);
    let mut future = Manual::new(key_async(&rig.keys, "new"));
    assert_eq!(future.poll(), Poll::Pending);
    rig.issuer.await_count(2);
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(future.poll(), Poll::Ready(found("new")));
    assert_eq!(rig.keys.health().generation(), 1);
}

#[test]
fn result_of_a_late_attempt_is_ignored() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.issuer.close_gate();
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(future.poll(), Poll::Pending);
    let thread = rig.spawn_key("a");
    rig.await_waiters(2);
    rig.issuer.await_count(2);
    rig.clock.advance(OVERDUE + FOREVER);
    // The attempt loses its slot, which counts as a failure, and the stale set is used.
    let start = Instant::now();
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(join(thread), found("a"), "a thread that waited for the attempt");
    assert!(start.elapsed() < FOREVER / 2, "{:?}", start.elapsed());
    let health = rig.keys.health();
    assert_eq!((health.is_fetching(), last_error(&health)), (false, Some(FetchError::Timeout)));
    assert_eq!(health.consecutive_failures(), 1);
    assert_eq!(future.poll(), Poll::Ready(found("a")), "a poll does not wait any longer");

    rig.issuer.serves(&["late"]);
    rig.issuer.open_gate();
    until(|| rig.issuer.in_flight() == 0 && rig.issuer.handles() == 2);
    let health = rig.keys.health();
    assert_eq!((health.generation(), health.state()), (1, KeysState::Expired));
    assert_eq!((health.fetches_ok(), health.consecutive_failures()), (1, 1));

    // The next attempt is an ordinary one.
    rig.clock.advance(secs(10));
    rig.issuer.serves(&["a"]);
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    assert_eq!(rig.keys.health().generation(), 2);
}

#[test]
fn future_that_waits_for_an_attempt_without_slot_is_woken_when_it_ends() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.issuer.close_gate();
    let mut future = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(future.poll(), Poll::Pending);
    rig.issuer.await_count(2);
    rig.clock.advance(OVERDUE + FOREVER);
    // This lookup takes the slot away, and starts no other attempt.
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!((rig.keys.health().waiters(), future.woken()), (1, 0));
    rig.issuer.open_gate();
    until(|| future.woken() == 1);
    assert_eq!(future.poll(), Poll::Ready(found("a")));
    assert_eq!((rig.keys.health().waiters(), rig.keys.health().generation()), (0, 1));
}

#[test]
fn no_more_than_eight_attempts_are_abandoned() {
    let rig = Rig::with(|builder| builder.timeout(millis(1)));
    rig.issuer.close_gate();
    for _ in 0..40 {
        let mut future = Manual::new(key_async(&rig.keys, "a"));
        let _pending = future.poll();
        rig.clock.advance(OVERDUE + secs(300));
    }
    // Eight abandoned attempts and one with the slot: hanging fetches block no more threads.
    rig.issuer.await_count(9);
    assert_eq!((rig.issuer.count(), rig.issuer.in_flight()), (9, 9));
    rig.issuer.open_gate();
    rig.settle();
    until(|| rig.issuer.in_flight() == 0);
    rig.clock.advance(secs(10));
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 10));
}

#[test]
fn no_more_than_max_waiting_futures_wait_and_the_others_are_busy() {
    let rig = Rig::with(|builder| builder.max_waiting_futures(3));
    rig.issuer.close_gate();
    let mut futures: Vec<_> = (0..3).map(|_| Manual::new(key_async(&rig.keys, "a"))).collect();
    for future in &mut futures {
        assert_eq!(future.poll(), Poll::Pending);
    }
    for _ in 0..5 {
        assert_eq!(block_on(key_async(&rig.keys, "a")), BUSY);
    }
    // Futures that already wait stay waiters when they are polled again.
    for future in &mut futures {
        assert_eq!(future.poll(), Poll::Pending);
    }
    assert_eq!((rig.keys.health().busy(), rig.keys.health().waiters()), (5, 3));
    // A future that is dropped makes room for another.
    drop(futures.pop());
    let mut late = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(late.poll(), Poll::Pending);
    rig.issuer.open_gate();
    rig.settle();
    futures.push(late);
    for future in &mut futures {
        assert_eq!(future.poll(), Poll::Ready(found("a")));
    }
    assert_eq!((rig.issuer.count(), rig.keys.health().waiters()), (1, 0));
}

#[test]
fn known_key_is_used_stale_if_too_many_futures_wait() {
    let rig = Rig::primed_with(&["a"], |builder| builder.max_waiting_futures(1));
    rig.clock.advance(TTL);
    rig.issuer.close_gate();
    let mut first = Manual::new(key_async(&rig.keys, "a"));
    assert_eq!(first.poll(), Poll::Pending);
    assert_eq!(block_on(key_async(&rig.keys, "a")), found("a"));
    assert_eq!(block_on(key_async(&rig.keys, "b")), BUSY);
    let health = rig.keys.health();
    assert_eq!((health.busy(), health.stale_served()), (2, 1));
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(first.poll(), Poll::Ready(found("a")));
}
