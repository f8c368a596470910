//! A verifier of two issuers, beside two verifiers of one. RFC 8725 section 3.8.

use std::{sync::LazyLock, time::Duration};

use tokenring::{
    Algorithm, JwkSet, Policy, Verified, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};

use crate::{NOW, oracle, refused};

/// A verifier of two issuers says of every token what the verifier of the issuer that the token names
/// says, in whichever order the two were configured. Their keys have one `kid`.
///
/// The first byte says what follows, and which of the two signs it: a payload, a header, or a token's
/// text.
pub fn several_issuers(bytes: &[u8]) -> bool {
    let Some((kind, rest)) = bytes.split_first() else { return false };
    let issuer = &TWO[usize::from(kind % 2)].issuer;
    let token = match kind / 2 % 3 {
        0 => issuer.token_at(NOW).raw_payload(rest).mint(),
        1 => issuer.token_at(NOW).raw_header(rest).mint(),
        _ => String::from_utf8_lossy(rest).into_owned(),
    };
    let expected = oracle::compact(&token)
        .and_then(|([_, payload, _], _)| oracle::unverified_issuer(payload))
        .and_then(|named| {
            let one = TWO.iter().find(|one| one.issuer.url() == named);
            told(one.ok_or(VerifyError::WrongIssuer)?.verifier.verify_at(&token, NOW))
        });
    for both in BOTH.iter() {
        match (told(both.verify_at(&token, NOW)), expected.clone()) {
            (Err(found), Err(expected)) => {
                refused(found, expected);
            }
            (found, expected) => assert_eq!(found, expected),
        }
    }
    expected.is_ok()
}

fn told(outcome: Result<Verified, VerifyError>) -> Result<(String, Vec<u8>), VerifyError> {
    outcome.map(|verified| (verified.issuer().to_owned(), verified.payload().to_vec()))
}

/// One of the issuers, and the verifier of its tokens alone.
struct One {
    issuer: Issuer,
    policy: Policy,
    verifier: Verifier<JwkSet>,
}

impl One {
    fn new(issuer: Issuer, policy: Policy) -> Self {
        let verifier = Verifier::new(policy.clone(), keys(&issuer)).expect("a policy");
        Self { issuer, policy, verifier }
    }
}

fn keys(issuer: &Issuer) -> JwkSet {
    JwkSet::from_json(issuer.jwks().as_bytes()).expect("a set")
}

/// The second issuer's identifier, which begins as the first one's does.
pub const OTHER_ISSUER: &str = "https://tenant.example.auth0.com/other/";

static TWO: LazyLock<[One; 2]> = LazyLock::new(|| {
    let of = |key: TestKey, url| Issuer::with_keys(url, vec![key.with_kid("kid")]);
    let eddsa = [Algorithm::EdDSA];
    let other = Policy::new(OTHER_ISSUER, AUDIENCE).algorithms([Algorithm::RS256, eddsa[0]]);
    [
        One::new(
            of(TestKey::for_algorithm(Algorithm::EdDSA), ISSUER),
            Policy::new(ISSUER, AUDIENCE).algorithms(eddsa),
        ),
        One::new(
            of(TestKey::attacker_for(Algorithm::EdDSA), OTHER_ISSUER),
            other.leeway(Duration::from_secs(60)).allow_sender_constrained(),
        ),
    ]
});

static BOTH: LazyLock<[Verifier<JwkSet>; 2]> = LazyLock::new(|| {
    let [one, two] = &*TWO;
    [(one, two), (two, one)].map(|(first, second)| {
        let both = first.verifier.clone();
        both.with_issuer(second.policy.clone(), keys(&second.issuer)).expect("another issuer")
    })
});
