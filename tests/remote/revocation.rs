//! Keys that the issuer withdraws or replaces. Invariants I5, I6.

use std::collections::BTreeMap;

use tokenring::{
    JwkError, JwkSetError,
    remote::{FetchError, KeysState},
};

use crate::fake::{
    BUSY, NANO, Reply, Rig, STALE_CAP, TTL, UNKNOWN, bare, block_on, found, join, jwks, key_async,
    last_error, millis, secs, unavailable,
};

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
        // At 432 s this lookup starts the due refresh, and does not wait for it.
        assert_eq!(answer, if second <= 432 { found("b") } else { UNKNOWN }, "at {second} s");
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        rig.clock.advance(secs(1));
    }
}

#[test]
fn withdrawn_key_is_gone_at_ttl_even_if_the_due_refresh_is_in_flight() {
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
fn expired_key_is_used_only_after_an_attempt() {
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
    assert_eq!(rig.keys.health().stale_served(), 1);
}

#[test]
fn after_a_failed_attempt_lookups_of_known_keys_do_not_wait() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL);
    rig.issuer.fails();
    assert_eq!(rig.key("a"), found("a"));
    rig.issuer.close_gate();
    // During the back-off there is no fetch.
    rig.clock.advance(secs(1) - NANO);
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 2));
    // After it there is one, in the background.
    rig.clock.advance(NANO);
    for _ in 0..5 {
        assert_eq!(rig.key("a"), found("a"));
        assert_eq!(block_on(key_async(&rig.keys, "a")), found("a"));
    }
    rig.issuer.await_count(3);
    assert!(rig.keys.health().is_fetching());
    assert_eq!(rig.keys.health().stale_served(), 12);
    rig.issuer.open_gate();
    rig.settle();
    assert_eq!(rig.issuer.count(), 3);
}

#[test]
fn due_refresh_that_failed_counts_as_an_attempt() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(TTL - NANO);
    rig.issuer.fails();
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    rig.issuer.close_gate();
    rig.clock.advance(NANO);
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!((rig.keys.health().state(), rig.issuer.count()), (KeysState::Expired, 2));
    rig.issuer.open_gate();
}

#[test]
fn expired_key_is_used_at_once_if_too_many_lookups_wait() {
    let rig = Rig::primed_with(&["a"], |builder| builder.max_waiting_threads(1));
    rig.clock.advance(TTL);
    rig.issuer.close_gate();
    let first = rig.spawn_key("a");
    rig.await_waiters(1);
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.key("b"), BUSY);
    let health = rig.keys.health();
    assert_eq!((health.busy(), health.stale_served()), (2, 1));
    rig.issuer.open_gate();
    assert_eq!(join(first), found("a"));
    assert_eq!(rig.issuer.count(), 2);
}

#[test]
fn expired_key_is_used_by_lookups_whose_wait_times_out() {
    let rig = Rig::primed_with(&["a"], |builder| builder.timeout(millis(50)));
    rig.clock.advance(TTL);
    rig.issuer.close_gate();
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.keys.health().stale_served(), 1);
    assert_eq!(rig.key("b"), unavailable(secs(1)));
    assert_eq!(rig.issuer.count(), 2);
    rig.issuer.open_gate();
}

// I6: a response that is not a valid set changes nothing.

#[test]
fn response_without_usable_keys_leaves_the_last_set_in_use() {
    let body = |text: &str| Reply::Body(text.as_bytes().to_vec());
    let bad: [(Reply, &str); 12] = [
        (Reply::status(500, None), "status"),
        (Reply::Fail(FetchError::Timeout), "timeout"),
        (Reply::Fail(FetchError::Truncated), "truncated"),
        (Reply::Panic, "thread"),
        // Empty, HTML, another type of JSON, a wrong name, a wrong type of `keys`.
        (body(""), "key_set"),
        (body("<!DOCTYPE html>"), "key_set"),
        (body("[]"), "key_set"),
        (body("{\"key\":[]}"), "key_set"),
        (body("{\"keys\":{}}"), "key_set"),
        // No key, and one unusable key.
        (body("{\"keys\":[]}"), "no_usable_keys"),
        (body("{\"keys\":[{\"kty\":\"EC\"}]}"), "no_usable_keys"),
        // A good set that is one byte too long.
        (Reply::Body(padded(2001)), "body_too_long"),
    ];
    for (reply, code) in bad {
        let rig = Rig::primed_with(&["a"], |builder| builder.max_body(2000));
        rig.issuer.reply(reply);
        let error = bare(rig.keys.refresh_now()).unwrap_err();
        assert_eq!(error.code(), code);
        assert_eq!(rig.key("a"), found("a"));
        let health = rig.keys.health();
        assert_eq!((health.generation(), health.usable_keys()), (1, 1));
        assert_eq!(last_error(&health), Some(error));
        assert_eq!(*health.fetches_failed(), BTreeMap::from([(code, 1)]));
        // A set of exactly the longest length replaces the old one.
        rig.issuer.reply(Reply::Body(padded(2000)));
        rig.keys.refresh_now().unwrap();
        assert_eq!(rig.keys.health().generation(), 2);
    }
}

/// A set of this length with the key `a`.
fn padded(length: usize) -> Vec<u8> {
    let mut json = jwks(&["a"]).into_bytes();
    assert!(json.len() < length);
    json.resize(length, b' ');
    json
}

#[test]
fn error_of_a_fetch_says_why_the_set_was_refused() {
    let rig = Rig::new();
    rig.issuer.reply(Reply::Body(b"{}".to_vec()));
    assert_eq!(bare(rig.keys.prime()), Err(FetchError::KeySet(JwkSetError::KeysMissing)));
    rig.issuer.reply(Reply::Body(b"{\"keys\":[{\"kty\":\"EC\"},{}]}".to_vec()));
    let Err(FetchError::NoUsableKeys { skipped: 2, reasons }) = bare(rig.keys.refresh_now()) else {
        panic!();
    };
    let reasons: Vec<_> = reasons.iter().map(|key| (key.index(), key.error())).collect();
    let missing = JwkError::MemberMissing { member: "kty" };
    assert_eq!(reasons, [(0, JwkError::MemberMissing { member: "crv" }), (1, missing)]);
    rig.issuer.reply(Reply::Panic);
    assert_eq!(bare(rig.keys.refresh_now()), Err(FetchError::Thread));
}

#[test]
fn new_set_replaces_the_old_one_and_is_not_merged_with_it() {
    let rig = Rig::primed(&["a", "b"]);
    rig.issuer.serves(&["b", "c"]);
    assert_eq!(rig.key("c"), found("c"));
    assert_eq!(rig.key("b"), found("b"));
    assert_eq!(rig.key("a"), UNKNOWN);
    assert_eq!(rig.keys.health().generation(), 2);
}
