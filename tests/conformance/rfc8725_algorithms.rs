//! RFC 8725 sections 2.1, 3.1 and 3.2: a key is used with one algorithm, which the policy must
//! name.

use tokenring::{
    Algorithm, CompactJws, JwkSet, KeyError, KeyQuery, KeySource, Policy, PublicKey, SelectedKey,
    Verifier, VerifyError,
    testkit::{Issuer, TestKey},
};

use crate::{
    algorithms::ALGORITHMS,
    common::{NOW, issuer, policy},
};

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// The issuer's key for `algorithm`. Its `kid` is the same for every algorithm.
fn key(algorithm: Algorithm) -> TestKey {
    TestKey::for_algorithm(algorithm).with_kid("k")
}

/// One RSA key, signing with `algorithm`.
fn rsa_key(algorithm: Algorithm) -> TestKey {
    TestKey::for_algorithm(Algorithm::PS256).with_algorithm(algorithm).with_kid("k")
}

/// A set with only this key.
fn set(key: &TestKey) -> JwkSet {
    let jwks = format!(r#"{{"keys":[{}]}}"#, key.jwk());
    let keys = JwkSet::from_json(jwks.as_bytes()).unwrap();
    assert_eq!(keys.len(), 1, "{jwks}");
    keys
}

fn accepting(algorithms: impl IntoIterator<Item = Algorithm>, key: &TestKey) -> Verifier<JwkSet> {
    accepting_from(algorithms, &set(key))
}

fn accepting_from(
    algorithms: impl IntoIterator<Item = Algorithm>,
    keys: &JwkSet,
) -> Verifier<JwkSet> {
    Verifier::new(policy().algorithms(algorithms), keys.clone()).unwrap()
}

/// A good token signed with `key`, with this `alg` in its header.
fn token(key: &TestKey, alg: &str) -> String {
    issuer().token_at(NOW).key(key).header("alg", alg).mint()
}

fn outcome(verifier: &Verifier<JwkSet>, token: &str) -> Result<(), VerifyError> {
    verifier.verify_at(token, NOW).map(drop)
}

#[test]
fn token_is_accepted_only_if_header_key_and_policy_name_the_same_algorithm() {
    let mut accepted = 0;
    for signed in ALGORITHMS {
        let key = key(signed);
        let keys = set(&key);
        for named in ALGORITHMS {
            let token = token(&key, named.name());
            let policies = [
                vec![Algorithm::RS256],
                vec![named],
                vec![signed],
                ALGORITHMS.to_vec(),
                ALGORITHMS.into_iter().filter(|one| *one != named).collect(),
                ALGORITHMS.into_iter().filter(|one| *one != signed).collect(),
            ];
            for policy in policies {
                let expected = match (policy.contains(&named), named == signed) {
                    (false, _) => Err(VerifyError::AlgorithmNotAccepted),
                    (true, false) => Err(VerifyError::UnknownKey),
                    (true, true) => Ok(()),
                };
                let found = outcome(&accepting_from(policy.clone(), &keys), &token);
                assert_eq!(found, expected, "{signed} called {named} under {policy:?}");
                accepted += usize::from(found.is_ok());
            }
        }
    }
    // Each of the nine under its own policy, twice, and under the policy of all; RS256 by default.
    assert_eq!(accepted, 3 * 9 + 1);
}

#[test]
fn key_of_the_callers_choice_is_used_with_its_own_algorithm_only() {
    for signed in ALGORITHMS {
        let key = key(signed);
        let public = PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap();
        assert_eq!(public.algorithm(), signed);
        for named in ALGORITHMS {
            let token = token(&key, named.name());
            let verdict = CompactJws::parse(&token).unwrap().verify(&public).map(drop);
            let expected = match named == signed {
                true => Ok(()),
                false => Err(VerifyError::AlgorithmNotAccepted),
            };
            assert_eq!(verdict, expected, "{signed} called {named}");
        }
    }
}

#[test]
fn rsa_signature_of_another_algorithm_by_the_same_key_is_refused() {
    for named in RSA {
        for signed in RSA {
            let token = issuer().token_at(NOW).key(&rsa_key(named));
            let token = token.forged_by(&rsa_key(signed)).mint();
            let expected = match named == signed {
                true => Ok(()),
                false => Err(VerifyError::BadSignature),
            };
            let verifier = accepting(ALGORITHMS, &rsa_key(named));
            assert_eq!(outcome(&verifier, &token), expected, "{signed} for {named}");
        }
    }
}

#[test]
fn attackers_key_of_the_same_algorithm_and_name_is_refused() {
    for algorithm in ALGORITHMS {
        let ours = accepting(ALGORITHMS, &key(algorithm));
        let attacker = TestKey::attacker_for(algorithm).with_kid("k");
        let forged = token(&attacker, algorithm.name());
        assert_eq!(outcome(&ours, &forged), Err(VerifyError::BadSignature), "{algorithm}");
        assert_eq!(outcome(&accepting(ALGORITHMS, &attacker), &forged), Ok(()), "{algorithm}");
    }
}

#[test]
fn rsa_key_without_alg_serves_the_first_rsa_algorithm_of_the_policy_only() {
    let unlabeled = set(&rsa_key(Algorithm::RS256).without_alg());
    let mut policies: Vec<Vec<Algorithm>> =
        vec![ALGORITHMS.to_vec(), ALGORITHMS.into_iter().rev().collect()];
    for first in RSA {
        for second in RSA.into_iter().filter(|second| *second != first) {
            policies.push(vec![first, second]);
            policies.push(vec![Algorithm::ES256, first, Algorithm::EdDSA, second]);
        }
    }
    for policy in policies {
        let first = *policy.iter().find(|algorithm| RSA.contains(algorithm)).unwrap();
        let verifier = accepting_from(policy.clone(), &unlabeled);
        for named in RSA.into_iter().filter(|named| policy.contains(named)) {
            let expected = if named == first { Ok(()) } else { Err(VerifyError::UnknownKey) };
            let token = token(&rsa_key(named), named.name());
            assert_eq!(outcome(&verifier, &token), expected, "{named} under {policy:?}");
        }
    }
    // Under a policy without an RSA algorithm, the key is not used.
    let verifier = accepting_from([Algorithm::ES256], &unlabeled);
    let token = token(&rsa_key(Algorithm::RS256), "RS256");
    assert_eq!(outcome(&verifier, &token), Err(VerifyError::AlgorithmNotAccepted));
}

#[test]
fn rsa_key_without_alg_is_for_rs256_if_there_is_no_policy() {
    let jwks = format!(r#"{{"keys":[{}]}}"#, rsa_key(Algorithm::RS256).without_alg().jwk());
    let set = JwkSet::from_json(jwks.as_bytes()).unwrap();
    for algorithm in ALGORITHMS {
        let expected = match algorithm {
            Algorithm::RS256 => Ok(Algorithm::RS256),
            _ => Err(KeyError::UnknownKey),
        };
        let selected = set.select(Some("k"), algorithm).map(|key| key.algorithm());
        assert_eq!(selected, expected, "{algorithm}");
        let found = set.key(KeyQuery::new(Some("k"), algorithm)).map(|key| key.algorithm());
        assert_eq!(found, expected, "{algorithm}");
    }
}

#[test]
fn ec_and_okp_keys_without_alg_serve_the_algorithm_of_their_curve_only() {
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let verifier = accepting(ALGORITHMS, &key(algorithm).without_alg());
        for named in ALGORITHMS {
            let expected = if named == algorithm { Ok(()) } else { Err(VerifyError::UnknownKey) };
            let token = token(&key(algorithm), named.name());
            assert_eq!(outcome(&verifier, &token), expected, "{algorithm} called {named}");
        }
    }
}

#[test]
fn keys_of_all_types_with_one_kid_are_distinguished_by_the_algorithm() {
    let jwks: Vec<String> = ALGORITHMS.iter().map(|one| key(*one).jwk().to_string()).collect();
    let jwks = format!(r#"{{"keys":[{}]}}"#, jwks.join(","));
    let keys = JwkSet::from_json(jwks.as_bytes()).unwrap();
    assert_eq!(keys.len(), 9);
    let verifier = Verifier::new(policy().algorithms(ALGORITHMS), keys).unwrap();
    for algorithm in ALGORITHMS {
        let token = token(&key(algorithm), algorithm.name());
        assert_eq!(outcome(&verifier, &token), Ok(()), "{algorithm}");
        let without_kid = issuer().token_at(NOW).key(&key(algorithm)).without_header("kid").mint();
        assert_eq!(outcome(&verifier, &without_kid), Ok(()), "{algorithm}");
    }
}

#[test]
fn algorithm_that_is_not_accepted_is_refused_before_any_key_is_looked_up() {
    struct NeverAsked;
    impl KeySource for NeverAsked {
        fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            self.try_key(query)
        }
        fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            Err(KeyError::Busy)
        }
    }
    let verifier = Verifier::new(policy(), NeverAsked).unwrap();
    for algorithm in ALGORITHMS {
        let token = token(&key(algorithm), algorithm.name());
        // The token parses, because the policy decides which algorithms are accepted.
        assert_eq!(CompactJws::parse(&token).unwrap().header().algorithm(), algorithm);
        let expected = match algorithm {
            Algorithm::RS256 => VerifyError::KeySourceBusy,
            _ => VerifyError::AlgorithmNotAccepted,
        };
        assert_eq!(verifier.verify_at(&token, NOW).map(drop), Err(expected), "{algorithm}");
    }
}

#[test]
fn unsupported_algorithms_are_refused_under_a_policy_of_all() {
    let names = [
        "none",
        "None",
        "NONE",
        "",
        "HS256",
        "HS384",
        "HS512",
        "ES512",
        "ES256K",
        "Ed448",
        "ESP256",
        "RSA1_5",
        "RSA-OAEP",
        "A128KW",
        "dir",
        "es256",
        "Es256",
        "ES256 ",
        " ES256",
        "ES256\0",
        "eddsa",
        "EDDSA",
        "ed25519",
        "ED25519",
        "RS256,ES256",
        "PS256\n",
        "ML-DSA-44",
        "P-256",
    ];
    for algorithm in ALGORITHMS {
        let (key, verifier) = (key(algorithm), accepting(ALGORITHMS, &key(algorithm)));
        for alg in names {
            let token = issuer().token_at(NOW).key(&key).header("alg", alg).signature([1; 64]);
            let found = outcome(&verifier, &token.mint());
            assert_eq!(found, Err(VerifyError::AlgorithmNotAccepted), "{alg:?}");
        }
    }
}

// RFC 9864 section 2.2: two names of one algorithm.

#[test]
fn ed25519_is_eddsa_in_a_header_and_in_a_key() {
    for in_key in [None, Some("EdDSA"), Some("Ed25519")] {
        let key = match in_key {
            Some(alg) => key(Algorithm::EdDSA).with_member("alg", alg),
            None => key(Algorithm::EdDSA).without_alg(),
        };
        let verifier = accepting([Algorithm::EdDSA], &key);
        for in_header in ["EdDSA", "Ed25519"] {
            assert_eq!(
                outcome(&verifier, &token(&key, in_header)),
                Ok(()),
                "{in_key:?} {in_header}"
            );
        }
        // A policy that does not name the algorithm refuses both names.
        for in_header in ["EdDSA", "Ed25519"] {
            let found = outcome(&accepting([Algorithm::RS256], &key), &token(&key, in_header));
            assert_eq!(found, Err(VerifyError::AlgorithmNotAccepted));
        }
    }
    assert_eq!("Ed25519".parse(), Ok(Algorithm::EdDSA));
    assert_eq!(Algorithm::EdDSA.to_string(), "EdDSA");
}

#[test]
fn key_published_under_both_names_is_one_key() {
    let [one, other] =
        ["EdDSA", "Ed25519"].map(|alg| key(Algorithm::EdDSA).with_member("alg", alg));
    let jwks = format!(r#"{{"keys":[{},{}]}}"#, one.jwk(), other.jwk());
    let keys = JwkSet::from_json(jwks.as_bytes()).unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(
        keys.select(None, Algorithm::EdDSA).map(|key| key.algorithm()),
        Ok(Algorithm::EdDSA)
    );
}

// Section 3.2: the signature of each algorithm.

#[test]
fn signature_of_another_length_than_the_algorithms_is_refused() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm);
        let public = PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap();
        let signature = key.sign(b"message");
        assert_eq!(public.verify(b"message", &signature), Ok(()));
        let expected = match algorithm {
            Algorithm::ES256 | Algorithm::EdDSA => 64,
            Algorithm::ES384 => 96,
            _ => 256,
        };
        assert_eq!(signature.len(), expected, "{algorithm}");
        for length in [0, 1, 32, 48, 63, 64, 65, 95, 96, 97, 128, 255, 256, 257, 512, 1024] {
            let mut other = signature.clone();
            other.resize(length, 0);
            let expected = if other == signature { Ok(()) } else { Err(VerifyError::BadSignature) };
            assert_eq!(public.verify(b"message", &other), expected, "{algorithm}, {length}");
        }
        // Each bit of the first two and last two bytes, and one bit of each other byte.
        let near_an_end = |bit: &usize| *bit < 16 || *bit >= signature.len() * 8 - 16;
        for bit in (0..signature.len() * 8).filter(|bit| near_an_end(bit) || bit % 8 == 3) {
            let mut other = signature.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let found = public.verify(b"message", &other);
            assert_eq!(found, Err(VerifyError::BadSignature), "{algorithm}, bit {bit}");
        }
        assert_eq!(public.verify(b"massage", &signature), Err(VerifyError::BadSignature));
    }
}

#[test]
fn ecdsa_signature_of_zeros_is_refused() {
    // CVE-2022-21449: if r and s are 0 modulo the order, both sides of the equation are zero.
    let order_of_p256 = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order_of_p384 = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
    for (algorithm, order) in [(Algorithm::ES256, order_of_p256), (Algorithm::ES384, order_of_p384)]
    {
        let public = PublicKey::from_jwk(key(algorithm).jwk().to_string().as_bytes()).unwrap();
        let n: Vec<u8> = (0..order.len() / 2)
            .map(|at| u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let zero = vec![0; n.len()];
        let one = [&zero[1..], &[1]].concat();
        for r in [&zero, &one, &n] {
            for s in [&zero, &one, &n] {
                let signature = [r.as_slice(), s].concat();
                let found = public.verify(b"message", &signature);
                assert_eq!(found, Err(VerifyError::BadSignature), "{algorithm}");
            }
        }
    }
}

#[test]
fn ecdsa_signature_in_der_or_with_its_halves_exchanged_is_refused() {
    for algorithm in [Algorithm::ES256, Algorithm::ES384] {
        let key = key(algorithm);
        let public = PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap();
        let signature = key.sign(b"message");
        let (r, s) = signature.split_at(signature.len() / 2);
        assert_eq!(public.verify(b"message", &[s, r].concat()), Err(VerifyError::BadSignature));
        let length = u8::try_from(r.len() + 1).unwrap();
        let integer = |number: &[u8]| [&[2, length, 0], number].concat();
        let both = [integer(r), integer(s)].concat();
        let der = [&[0x30, u8::try_from(both.len()).unwrap()], both.as_slice()].concat();
        assert_eq!(public.verify(b"message", &der), Err(VerifyError::BadSignature), "{algorithm}");
    }
}

#[test]
fn issuer_of_each_algorithm_publishes_keys_for_it_and_no_other() {
    for algorithm in ALGORITHMS {
        let issuer = Issuer::for_algorithm("https://issuer.example/", algorithm);
        let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
        assert!(!keys.is_empty() && keys.skipped().is_empty());
        assert!(keys.iter().all(|key| key.algorithm() == algorithm), "{algorithm}");
        let policy = Policy::new("https://issuer.example/", tokenring::testkit::AUDIENCE);
        let verifier = Verifier::new(policy.algorithms([algorithm]), keys).unwrap();
        assert_eq!(outcome(&verifier, &issuer.token_at(NOW).mint()), Ok(()), "{algorithm}");
    }
}
