//! A new key without a `kid` of its own: "Rotation without a new `kid`", and invariants I3 and I10.

use tokenring::{
    Algorithm, Policy, UnixTime, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use crate::fake::{COOLDOWN, REFRESH_DUE, Reply, Rig};

const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);

#[test]
fn token_of_a_key_without_a_new_kid_is_refused_without_a_fetch_until_the_refresh() {
    let old = TestKey::for_algorithm(Algorithm::RS256);
    let new = TestKey::attacker().with_kid(old.kid());
    for has_kid in [false, true] {
        let publish = |keys: &[&TestKey]| {
            let keys = keys.iter().map(|key| match has_kid {
                true => TestKey::clone(key),
                false => key.without_member("kid"),
            });
            Reply::Body(Issuer::with_keys(ISSUER, keys.collect()).jwks().into_bytes())
        };
        let token = |key: &TestKey| {
            let token = Issuer::with_keys(ISSUER, vec![key.clone()]).token_at(NOW);
            let token = if has_kid { token } else { token.without_header("kid") };
            token.mint()
        };
        let rig = Rig::new();
        rig.issuer.reply(publish(&[&old]));
        rig.keys.prime().unwrap();
        let policy = Policy::new(ISSUER, AUDIENCE);
        let verifier = Verifier::new(policy, rig.keys.clone()).unwrap();
        let outcome = |key| verifier.verify_at(&token(key), NOW).map(drop);
        assert_eq!(outcome(&old), Ok(()));

        rig.issuer.reply(publish(&[&new]));
        rig.clock.advance(COOLDOWN);
        for _ in 0..20 {
            assert_eq!(outcome(&new), Err(VerifyError::BadSignature));
        }
        assert_eq!(outcome(&old), Ok(()));
        assert_eq!(rig.issuer.count(), 1, "anyone can write a bad signature");

        // Any token starts the refresh that is due.
        rig.clock.advance(REFRESH_DUE - COOLDOWN);
        assert_eq!(outcome(&new), Err(VerifyError::BadSignature));
        rig.settle();
        assert_eq!(rig.issuer.count(), 2);
        assert_eq!((outcome(&new), outcome(&old)), (Ok(()), Err(VerifyError::BadSignature)));

        // Both keys at once.
        rig.issuer.reply(publish(&[&old, &new]));
        rig.keys.refresh_now().unwrap();
        for key in [&old, &new] {
            assert_eq!(outcome(key), Err(VerifyError::AmbiguousKey));
        }
    }
}
