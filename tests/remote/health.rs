//! The health of a source, as an operator sees it.

use std::{collections::BTreeMap, time::Duration};

use tokenring::{
    Policy, UnixTime, Verifier,
    explain::Check,
    remote::KeysState,
    testkit::{AUDIENCE, ISSUER, Issuer},
};

use crate::fake::{REFRESH_DUE, Reply, Rig, STALE_CAP, TTL, UNKNOWN, found, jwks, millis, secs};

#[test]
fn health_describes_the_state_of_the_source() {
    let rig = Rig::new();
    let health = rig.keys.health();
    assert_eq!((health.state(), health.generation()), (KeysState::Empty, 0));
    assert_eq!((health.usable_keys(), health.skipped_keys()), (0, 0));
    assert_eq!((health.age(), health.last_success(), health.last_error()), (None, None, None));
    assert_eq!(
        (health.consecutive_failures(), health.is_fetching(), health.waiters()),
        (0, false, 0)
    );
    assert_eq!(health.next_attempt_in(), Duration::ZERO);
    assert_eq!((health.fetches_ok(), health.fetches_failed().len()), (0, 0));
    assert_eq!((health.stale_served(), health.unknown_kids()), (0, 0));
    assert_eq!((health.suppressed_refreshes(), health.busy()), (0, 0));

    // Two usable keys and two unusable entries.
    let mixed = jwks(&["a", "b"]).replacen('[', "[{\"kty\":\"EC\"},{},", 1);
    rig.issuer.reply(Reply::Body(mixed.into_bytes()));
    rig.keys.prime().unwrap();
    rig.clock.advance(millis(1500));
    let health = rig.keys.health();
    assert_eq!((health.state(), health.generation()), (KeysState::Fresh, 1));
    assert_eq!((health.usable_keys(), health.skipped_keys()), (2, 2));
    assert_eq!(health.age(), Some(millis(1500)));
    assert_eq!(health.last_success(), Some(UnixTime::from_secs(1_750_000_000)));

    rig.clock.advance(TTL);
    for (reply, code) in [(Reply::status(500, None), "status"), (Reply::Panic, "thread")] {
        rig.issuer.reply(reply);
        assert_eq!(rig.key("a"), found("a"));
        rig.settle();
        assert_eq!(rig.keys.health().last_error().unwrap().code(), code);
        rig.clock.advance(secs(1));
    }
    rig.key("c").unwrap_err();
    let health = rig.keys.health();
    assert_eq!((health.state(), health.consecutive_failures()), (KeysState::Expired, 2));
    assert_eq!(health.next_attempt_in(), secs(1));
    assert_eq!(health.fetches_ok(), 1);
    assert_eq!(*health.fetches_failed(), BTreeMap::from([("status", 1), ("thread", 1)]));
    assert_eq!((health.stale_served(), health.unknown_kids()), (2, 0));
    assert_eq!((health.suppressed_refreshes(), health.busy()), (1, 0));

    rig.clock.advance(STALE_CAP);
    let health = rig.keys.health();
    assert_eq!(health.state(), KeysState::Dead);
    // Keys of a dead set are still counted.
    assert_eq!((health.usable_keys(), health.generation()), (2, 1));
}

#[test]
fn lookup_that_waited_for_a_fetch_is_not_counted_as_suppressed() {
    let rig = Rig::primed(&["a"]);
    assert_eq!(rig.key("b"), UNKNOWN);
    let health = rig.keys.health();
    assert_eq!((health.unknown_kids(), health.suppressed_refreshes()), (1, 0));
    assert_eq!(rig.key("b"), UNKNOWN);
    let health = rig.keys.health();
    assert_eq!((health.unknown_kids(), health.suppressed_refreshes()), (2, 1));
}

#[test]
fn explanation_shows_the_age_and_the_state_of_the_keys() {
    let rig = Rig::primed(&["a"]);
    let verifier = Verifier::new(Policy::new(ISSUER, AUDIENCE), rig.keys.clone()).unwrap();
    let header = r#"{"alg":"RS256","kid":"b"}"#;
    let token = Issuer::default().token().raw_header(header).mint();
    for (age, expected, hint) in [
        (secs(0), "0 seconds old; fresh", "fetched 0 seconds ago,"),
        (REFRESH_DUE, "old; fresh, a refresh is due", "ago,"),
        (TTL, "old; past its ttl", "ago,"),
        (STALE_CAP, "old; not used any more", ""),
    ] {
        rig.clock.advance(age.saturating_sub(rig.keys.health().age().unwrap()));
        let explanation = verifier.explain(&token);
        let mut findings = explanation.findings().iter();
        let key = findings.find(|finding| finding.check() == Check::Key).unwrap();
        assert!(key.expected().unwrap().ends_with(expected), "{:?}", key.expected());
        let text = key.hint().map_or_else(String::new, |hint| hint.to_string());
        assert!(text.contains(hint), "{age:?}: {text}");
    }
}

#[test]
fn source_is_ready_while_its_keys_may_be_used() {
    let rig = Rig::new();
    let seen = || {
        let health = rig.keys.health();
        (health.state().to_string(), health.is_ready())
    };
    assert_eq!(seen(), ("empty".into(), false));
    rig.keys.prime().unwrap();
    for (age, state, ready) in [
        (Duration::ZERO, "fresh", true),
        (REFRESH_DUE, "refresh_due", true),
        // An outage of the issuer does not make this service unready.
        (TTL - REFRESH_DUE, "expired", true),
        (STALE_CAP - TTL, "dead", false),
    ] {
        rig.clock.advance(age);
        assert_eq!(seen(), (state.into(), ready));
    }
}

#[test]
fn idle_source_stays_not_ready_until_something_looks_up_a_key() {
    let rig = Rig::primed(&["a"]);
    rig.clock.advance(STALE_CAP);
    for _ in 0..3 {
        assert!(!rig.keys.health().is_ready());
        rig.clock.advance(TTL);
    }
    assert_eq!(rig.issuer.count(), 1, "a probe of the health fetches nothing");
    assert_eq!(rig.key("a"), found("a"));
    assert!(rig.keys.health().is_ready());
}

#[test]
fn state_is_padded_where_a_width_is_requested() {
    assert_eq!(format!("[{:>7}] [{:<6}]", KeysState::Fresh, KeysState::Dead), "[  fresh] [dead  ]");
}
