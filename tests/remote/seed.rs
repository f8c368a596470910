//! Key sets that are kept from one process to the next.

use std::time::Duration;

use tokenring::{
    FetchConfigError, JwkSetError, RemoteJwks, UnixTime,
    remote::{KeysState, RemoteJwksBuilder},
};

use crate::fake::{
    FakeClock, NANO, REFRESH_DUE, Reply, Rig, STALE_CAP, TTL, UNKNOWN, URL, found, jwks, secs,
    unavailable,
};

/// The start of the fake wall clock.
const NOW: u64 = 1_750_000_000;

fn seeded(age: Duration) -> Rig {
    let fetched_at = UnixTime::from_secs(NOW - age.as_secs());
    let rig = Rig::with(|builder| builder.seed(jwks(&["a"]), fetched_at));
    rig.issuer.serves(&["b"]);
    rig
}

#[test]
fn seed_is_as_old_as_its_fetch() {
    for (age, state) in [
        (Duration::ZERO, KeysState::Fresh),
        (REFRESH_DUE - secs(1), KeysState::Fresh),
        (REFRESH_DUE, KeysState::RefreshDue),
        (TTL - secs(1), KeysState::RefreshDue),
        (TTL, KeysState::Expired),
        (STALE_CAP - secs(1), KeysState::Expired),
        (STALE_CAP, KeysState::Dead),
        (secs(NOW), KeysState::Dead),
    ] {
        let rig = seeded(age);
        let health = rig.keys.health();
        assert_eq!((health.state(), health.age()), (state, Some(age)));
        assert_eq!(health.last_success(), Some(UnixTime::from_secs(NOW - age.as_secs())));
        assert_eq!((health.generation(), health.usable_keys()), (1, 1));
        assert_eq!((health.fetches_ok(), rig.issuer.count()), (0, 0));
    }
}

#[test]
fn fresh_seed_serves_without_a_request_and_goes_on_aging() {
    let rig = seeded(secs(100));
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 0));
    rig.clock.advance(TTL - secs(100) - NANO);
    assert_eq!(rig.key("a"), found("a"));
    rig.settle();
    assert_eq!((rig.key("a"), rig.key("b")), (UNKNOWN, found("b")));
}

#[test]
fn expired_seed_is_used_only_after_an_attempt() {
    let rig = seeded(TTL);
    assert_eq!((rig.key("a"), rig.key("b")), (UNKNOWN, found("b")));
    let rig = seeded(TTL);
    rig.issuer.fails();
    assert_eq!((rig.key("a"), rig.issuer.count()), (found("a"), 1));
}

#[test]
fn dead_seed_is_never_used() {
    let rig = seeded(STALE_CAP);
    rig.issuer.fails();
    assert_eq!(rig.key("a"), unavailable(secs(1)));
    assert!(rig.keys.keys().is_none());
}

/// I9.
#[test]
fn wall_clock_set_back_makes_no_seed_younger() {
    let rig = seeded(TTL - secs(1));
    rig.clock.set_wall_back(secs(3000));
    assert_eq!(rig.keys.health().age(), Some(TTL - secs(1)));
    rig.clock.advance(secs(1));
    assert_eq!(rig.keys.health().state(), KeysState::Expired);
}

#[test]
fn set_in_use_is_a_seed_as_soon_as_prime_has_returned() {
    let rig = Rig::new();
    assert_eq!(rig.keys.to_seed(), None);
    rig.issuer.serves(&["a"]);
    assert_eq!(rig.keys.prime(), Ok(()));
    rig.clock.advance(secs(100));
    let (key_set, fetched_at) = rig.keys.to_seed().unwrap();
    assert_eq!((&key_set, fetched_at), (&jwks(&["a"]), UnixTime::from_secs(NOW)));

    let next = Rig::with(|builder| builder.clock(rig.clock.clone()).seed(key_set, fetched_at));
    assert_eq!((next.key("a"), next.issuer.count()), (found("a"), 0));
    assert_eq!(next.keys.health().age(), Some(secs(100)));
    assert_eq!(next.keys.to_seed(), rig.keys.to_seed());

    // An expired set is still in use; a dead one is not.
    rig.clock.advance(STALE_CAP - secs(100) - NANO);
    assert!(rig.keys.to_seed().is_some());
    rig.clock.advance(NANO);
    assert_eq!(rig.keys.to_seed(), None);
}

#[test]
fn set_whose_keys_the_issuer_has_burnt_since_is_no_seed() {
    let rig = Rig::primed(&["a", "b"]);
    let burns = jwks(&["a"]).replacen("\"kty\"", "\"d\":\"AQAB\",\"kty\"", 1);
    rig.issuer.reply(Reply::Body(burns.into_bytes()));
    assert!(rig.keys.refresh_now().is_err());
    assert_eq!(rig.keys.to_seed(), None);
    let rig = Rig::primed(&["a"]);
    rig.issuer.serves(&[]);
    assert!(rig.keys.refresh_now().is_err());
    assert_eq!((rig.key("a"), rig.keys.to_seed()), (found("a"), None));
}

#[test]
fn seed_that_makes_no_sense_is_refused() {
    let clock = FakeClock::new();
    type Change = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let build =
        |change: Change| change(RemoteJwks::builder(URL).clock(clock.clone())).build().map(drop);
    let cases: [(Change, Result<(), FetchConfigError>); 6] = [
        (|builder| builder.seed(jwks(&["a"]), UnixTime::from_secs(NOW)), Ok(())),
        (
            |builder| builder.seed(jwks(&["a"]), UnixTime::from_secs(NOW + 1)),
            Err(FetchConfigError::SeedFromFuture),
        ),
        (
            |builder| builder.seed("{}", UnixTime::from_secs(NOW)),
            Err(FetchConfigError::Seed(JwkSetError::KeysMissing)),
        ),
        (
            |builder| builder.seed("{\"keys\":[]}", UnixTime::from_secs(NOW)),
            Err(FetchConfigError::SeedWithoutKeys),
        ),
        (
            |builder| builder.seed("x".repeat(101), UnixTime::from_secs(NOW)).max_body(100),
            Err(FetchConfigError::Seed(JwkSetError::TooLong { bytes: 101 })),
        ),
        (
            |builder| builder.seed(jwks(&["a"]), UnixTime::from_secs(u64::MAX)),
            Err(FetchConfigError::SeedFromFuture),
        ),
    ];
    for (change, outcome) in cases {
        assert_eq!(build(change), outcome);
    }
    // A seed has the same length limit as a body.
    let (seed, bytes) = (jwks(&["a"]), jwks(&["a"]).len());
    for (max_body, outcome) in
        [(bytes, Ok(())), (bytes - 1, Err(FetchConfigError::Seed(JwkSetError::TooLong { bytes })))]
    {
        let builder = RemoteJwks::builder(URL).clock(clock.clone()).max_body(max_body);
        let builder = builder.seed(seed.as_str(), UnixTime::from_secs(NOW));
        assert_eq!(builder.build().map(drop), outcome);
    }
}
