//! Keys that the issuer burns by publishing their private half, and sets without a usable key.
//! Invariants I5, I6.

use std::{slice, time::Duration};

use tokenring::{
    Algorithm, JwkError, KeyError, KeyQuery, KeySource, Policy, UnixTime, Verifier,
    explain::Check,
    remote::{FetchError, KeysState},
    testkit::{Issuer, TestKey},
};

use crate::fake::{
    NANO, Reply, Rig, STALE_CAP, TTL, UNKNOWN, bare, found, last_error, secs, unavailable,
};

/// Two keys with different moduli.
fn keys() -> [TestKey; 2] {
    [Issuer::default().keys()[0].with_kid("a"), TestKey::attacker().with_kid("b")]
}

fn set(keys: &[TestKey]) -> String {
    Issuer::with_keys("https://issuer.example/", keys.to_vec()).jwks()
}

/// A set with a private member in its first entry.
fn burning(keys: &[TestKey]) -> Reply {
    let set = set(keys).replacen("[{", "[{\"d\":\"AQAB\",", 1);
    assert!(set.contains("AQAB\","));
    Reply::Body(set.into_bytes())
}

fn serving(keys: &[TestKey]) -> Reply {
    Reply::Body(set(keys).into_bytes())
}

fn rig_with(keys: &[TestKey]) -> Rig {
    let rig = Rig::new();
    rig.issuer.reply(serving(keys));
    rig.keys.prime().unwrap();
    rig
}

#[test]
fn key_burnt_by_one_set_stays_refused_when_a_later_set_lacks_the_private_member() {
    let [a, b] = keys();
    let rig = rig_with(&[a.clone(), b.clone()]);
    assert_eq!((rig.key("a"), rig.key("b")), (found("a"), found("b")));
    rig.issuer.reply(burning(&[a.clone(), b.clone()]));
    rig.keys.refresh_now().unwrap();
    assert_eq!((rig.key("a"), rig.key("b")), (UNKNOWN, found("b")));

    // The issuer removes the private member; the burnt key has its old `kid`, then a new one.
    for kid in ["a", "c"] {
        rig.issuer.reply(serving(&[a.with_kid(kid), b.clone()]));
        rig.keys.refresh_now().unwrap();
        rig.clock.advance(secs(10));
        assert_eq!((rig.key(kid), rig.key("b")), (UNKNOWN, found("b")));
        let set = rig.keys.keys().unwrap();
        let reasons: Vec<_> = set.skipped().iter().map(|key| (key.index(), key.error())).collect();
        assert_eq!(reasons, [(0, JwkError::PrivateKey { member: "d" })]);
    }
}

#[test]
fn set_that_burns_a_key_in_use_removes_it_at_once_even_if_nothing_usable_is_left() {
    let [a, b] = keys();
    let rig = rig_with(&[a.clone(), b.clone()]);
    // This set has no usable key, so it does not replace the old one, but it burns `a`.
    rig.issuer.reply(burning(slice::from_ref(&a)));
    assert_eq!(rig.keys.refresh_now().unwrap_err().code(), "no_usable_keys");
    assert_eq!(rig.keys.health().state(), KeysState::Fresh);
    assert_eq!((rig.key("b"), rig.try_key("a")), (found("b"), unavailable(secs(1))));
    assert_eq!(rig.keys.keys().unwrap().len(), 1);

    // When the last key is burnt, none is left to serve.
    rig.issuer.reply(burning(slice::from_ref(&b)));
    assert_eq!(rig.keys.refresh_now().unwrap_err().code(), "no_usable_keys");
    let health = rig.keys.health();
    assert_eq!(
        (health.state(), health.usable_keys(), health.is_ready()),
        (KeysState::Dead, 0, false)
    );
    assert_eq!(rig.keys.keys().map(|set| set.len()), None);
    assert_eq!(rig.key("b"), unavailable(rig.keys.health().next_attempt_in()));
    // A token without `kid` is refused too, because there is no only key.
    let retry_after = rig.keys.health().next_attempt_in();
    let answer = rig.keys.key(KeyQuery::new(None, Algorithm::RS256)).map(|_| ());
    assert_eq!(answer, Err(KeyError::Unavailable { retry_after }));

    // An explanation does not call the keys old, and says why the last ones are not used.
    let policy = Policy::new("https://issuer.example/", "https://api.example.com/");
    let explanation = Verifier::new(policy, rig.keys.clone()).unwrap().explain("");
    let key = explanation.findings().iter().find(|finding| finding.check() == Check::Key).unwrap();
    let expected = "no key at hand; skipped: \"b\": the private member `d` of the key is published, replace the key; 0 seconds old; not used any more; the last fetch failed: ";
    assert!(key.expected().unwrap().starts_with(expected), "{:?}", key.expected());

    // The old keys do not come back.
    rig.issuer.reply(serving(&[a, b]));
    assert_eq!(rig.keys.refresh_now().unwrap_err().code(), "no_usable_keys");
}

#[test]
fn seed_that_burns_a_key_is_remembered_too() {
    let [a, b] = keys();
    let Reply::Body(text) = burning(&[a.clone(), b.clone()]) else { unreachable!() };
    let rig = Rig::with(|builder| builder.seed(text, UnixTime::from_secs(1_750_000_000)));
    assert_eq!(rig.key("b"), found("b"));
    rig.issuer.reply(serving(&[a, b]));
    rig.keys.refresh_now().unwrap();
    assert_eq!((rig.key("a"), rig.key("b")), (UNKNOWN, found("b")));
}

#[test]
fn sets_without_a_usable_key_end_the_old_keys_after_a_whole_ttl() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(secs(100));
    rig.issuer.reply(Reply::Body(b"{\"keys\":[]}".to_vec()));
    assert_eq!(rig.keys.refresh_now().unwrap_err().code(), "no_usable_keys");
    // This may be a mistake, so the old keys are used as long as a withdrawn key would be.
    for second in 0..600 {
        assert_eq!(rig.key("a"), found("a"), "{second} s after the first such set");
        rig.settle();
        rig.clock.advance(secs(1));
    }
    let health = rig.keys.health();
    assert_eq!((health.state(), health.age()), (KeysState::Dead, Some(secs(700))));
    rig.key("a").unwrap_err();
    assert_eq!(rig.try_key("a"), rig.key("a"));

    rig.issuer.serves(&["a"]);
    rig.clock.advance(rig.keys.health().next_attempt_in());
    assert_eq!(rig.key("a"), found("a"));
    assert_eq!(rig.keys.health().state(), KeysState::Fresh);
}

/// The set without keys was requested while the wall clock was wrong, so more time has passed since
/// that request than since the request for `a`. Lookups once served `a` because its set was fresh.
#[test]
fn keys_that_the_issuer_ended_are_not_served_because_their_set_is_young() {
    let rig = Rig::primed(&["a"]);
    rig.clock.set_wall_back(TTL);
    rig.issuer.reply(Reply::Body(b"{\"keys\":[]}".to_vec()));
    rig.keys.refresh_now().unwrap_err();
    let a = rig.keys.keys().unwrap().select(Some("a"), Algorithm::RS256).unwrap();
    rig.clock.set_wall_forward(TTL);
    let health = rig.keys.health();
    assert_eq!((health.state(), health.age()), (KeysState::Dead, Some(Duration::ZERO)));
    assert_eq!((rig.key("a"), rig.try_key("a")), (unavailable(secs(1)), unavailable(secs(1))));
    assert!(!rig.keys.confirms(&a, KeyQuery::new(Some("a"), Algorithm::RS256)));
}

#[test]
fn other_failures_do_not_end_the_old_keys_and_a_good_set_starts_the_time_anew() {
    let empty = || Reply::Body(b"{\"keys\":[]}".to_vec());
    // A set without keys, then an outage: the time goes on, because there was no good set since.
    let rig = Rig::primed(&["a"]);
    rig.issuer.reply(empty());
    rig.keys.refresh_now().unwrap_err();
    rig.issuer.fails();
    rig.clock.advance(TTL - NANO);
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    rig.clock.advance(NANO);
    assert_eq!(rig.keys.health().state(), KeysState::Dead);

    // With a good set in between, the time starts anew.
    let rig = Rig::primed(&["a"]);
    rig.issuer.reply(empty());
    rig.keys.refresh_now().unwrap_err();
    rig.clock.advance(secs(300));
    rig.issuer.serves(&["a"]);
    rig.keys.refresh_now().unwrap();
    rig.issuer.fails();
    rig.keys.refresh_now().unwrap_err();
    rig.clock.advance(STALE_CAP - NANO);
    assert_eq!(rig.keys.health().state(), KeysState::Expired);
    rig.clock.advance(NANO);
    assert_eq!(rig.keys.health().state(), KeysState::Dead);
}

#[test]
fn unusable_set_has_its_reasons_in_the_error_and_their_number_in_health() {
    let rig = Rig::new();
    let entries = vec!["{\"kty\":\"oct\"}"; 30].join(",");
    rig.issuer.reply(Reply::Body(format!("{{\"keys\":[{entries}]}}").into_bytes()));
    let error = bare(rig.keys.prime()).unwrap_err();
    let FetchError::NoUsableKeys { skipped: 30, reasons } = &error else { panic!("{error:?}") };
    let reasons: Vec<_> = reasons.iter().map(|key| (key.index(), key.error())).collect();
    let expected: Vec<_> = (0..10).map(|index| (index, JwkError::SharedSecret)).collect();
    assert_eq!(reasons, expected, "the first ten");
    assert!(error.to_string().starts_with(&format!(
        "the key set has no usable key, 30 were skipped: entry 0: {0}; entry 1: {0}; ",
        JwkError::SharedSecret
    )));
    let health = rig.keys.health();
    assert_eq!(last_error(&health), Some(error));
    assert_eq!((health.skipped_in_unusable_set(), health.skipped_keys()), (30, 0));
    rig.issuer.serves(&["a"]);
    rig.clock.advance(Duration::from_secs(1));
    rig.keys.prime().unwrap();
    assert_eq!(rig.keys.health().skipped_in_unusable_set(), 0);
}
