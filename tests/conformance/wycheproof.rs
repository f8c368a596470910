//! RFC 8017 sections 8.1.2 and 8.2.2, RFC 7518 sections 3.3 to 3.5, RFC 8032 section 5.1.7: Project
//! Wycheproof's vectors for each of our algorithms, through [`PublicKey::from_jwk`] and
//! [`PublicKey::verify`].
//!
//! `vectors/wycheproof/make.py` wrote the vectors, and says which ones for larger RSA keys it
//! leaves out. Its source, a crate, has no vectors for JSON Web Signatures.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokenring::{
    Algorithm::{self, ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512},
    JwkError, PublicKey, VerifyError,
};

/// The outcome of one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused,
    KeyRefused(JwkError),
}

/// The vectors whose outcome differs from their label, each with the reason.
const EXCEPTIONS: [(&str, usize, Outcome, &str); 5] = [
    ("rsa_signature_2048_sha256", 258, SMALL_EXPONENT, "e = 3: small signature"),
    ("rsa_signature_2048_sha256", 259, SMALL_EXPONENT, "e = 3: signature close to n"),
    ("rsa_signature_3072_sha256", 259, SMALL_EXPONENT, "e = 3: small signature"),
    ("rsa_signature_2048_sha512", 259, SMALL_EXPONENT, "e = 3: small signature"),
    ("rsa_signature_3072_sha512", 260, SMALL_EXPONENT, "e = 3: small signature"),
];

/// FIPS 186-5 section 5.4 requires e > 2^16.
const SMALL_EXPONENT: Outcome = Outcome::KeyRefused(JwkError::ExponentTooSmall);

/// The algorithm of a set, the other algorithm that made its vector, the vector's comment, and the
/// number of such vectors.
const OF_ANOTHER_ALGORITHM: [((Algorithm, Algorithm, &str), usize); 14] = [
    ((PS256, RS256, "PKCS #1 v1.5 signature with SHA-256"), 3),
    ((PS384, RS256, "PKCS #1 v1.5 signature with SHA-256"), 2),
    ((PS384, RS384, "PKCS #1 v1.5 signature with SHA-384"), 2),
    ((PS512, RS256, "PKCS #1 v1.5 signature with SHA-256"), 1),
    ((PS512, RS512, "PKCS #1 v1.5 signature with SHA-512"), 1),
    ((RS256, PS256, "RSASSA-PSS signature"), 1),
    ((RS256, RS384, "The message is hashed with SHA-384 instead of SHA-256."), 4),
    ((RS256, RS512, "The message is hashed with SHA-512 instead of SHA-256."), 4),
    ((RS384, PS384, "RSASSA-PSS signature"), 1),
    ((RS384, RS256, "The message is hashed with SHA-256 instead of SHA-384."), 4),
    ((RS384, RS512, "The message is hashed with SHA-512 instead of SHA-384."), 4),
    ((RS512, PS512, "RSASSA-PSS signature"), 1),
    ((RS512, RS256, "The message is hashed with SHA-256 instead of SHA-512."), 4),
    ((RS512, RS384, "The message is hashed with SHA-384 instead of SHA-512."), 4),
];

/// The number of vectors of one algorithm by outcome.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    accepted: usize,
    refused: usize,
    /// Labelled `acceptable`: Wycheproof leaves the choice to the implementation. All are refused.
    acceptable: usize,
    exceptions: usize,
}

#[test]
fn vectors_of_rs256_come_out_as_labelled() {
    check(RS256, Counts { accepted: 10, refused: 870, acceptable: 4, exceptions: 3 });
}

#[test]
fn vectors_of_rs384_come_out_as_labelled() {
    check(RS384, Counts { accepted: 10, refused: 286, acceptable: 4, exceptions: 0 });
}

#[test]
fn vectors_of_rs512_come_out_as_labelled() {
    check(RS512, Counts { accepted: 10, refused: 286, acceptable: 4, exceptions: 2 });
}

#[test]
fn vectors_of_ps256_come_out_as_labelled() {
    check(PS256, Counts { accepted: 71, refused: 123, acceptable: 0, exceptions: 0 });
}

#[test]
fn vectors_of_ps384_come_out_as_labelled() {
    check(PS384, Counts { accepted: 99, refused: 86, acceptable: 0, exceptions: 0 });
}

#[test]
fn vectors_of_ps512_come_out_as_labelled() {
    check(PS512, Counts { accepted: 132, refused: 47, acceptable: 0, exceptions: 0 });
}

#[test]
fn vectors_of_es256_come_out_as_labelled() {
    check(ES256, Counts { accepted: 173, refused: 89, acceptable: 0, exceptions: 0 });
}

#[test]
fn vectors_of_es384_come_out_as_labelled() {
    check(ES384, Counts { accepted: 193, refused: 87, acceptable: 0, exceptions: 0 });
}

#[test]
fn vectors_of_eddsa_come_out_as_labelled() {
    check(EdDSA, Counts { accepted: 88, refused: 63, acceptable: 0, exceptions: 0 });
}

/// RFC 8725 section 3.1: a signature by one algorithm is invalid under every other one.
#[test]
fn signatures_by_one_rsa_algorithm_are_refused_by_the_others() {
    let (mut refused, mut accepted) = (0, vec![]);
    for (own, text) in FILES.into_iter().filter(|(own, _)| RSA.contains(own)) {
        for (jwk, vectors) in groups(text) {
            for algorithm in RSA.into_iter().filter(|algorithm| *algorithm != own) {
                let key = match PublicKey::from_jwk(for_algorithm(jwk, algorithm).as_bytes()) {
                    Ok(key) => key,
                    Err(error) => {
                        assert_eq!(error, JwkError::ExponentTooSmall);
                        continue;
                    }
                };
                assert_eq!(key.algorithm(), algorithm);
                for vector in &vectors {
                    match key.verify(&vector.message, &vector.signature) {
                        Ok(()) => {
                            // Made by this algorithm, so that its own algorithm must refuse it.
                            assert_eq!(vector.label, "invalid");
                            accepted.push((own, algorithm, vector.comment));
                        }
                        Err(error) => {
                            assert_eq!(error, VerifyError::BadSignature);
                            refused += 1;
                        }
                    }
                }
            }
        }
    }
    accepted.sort_unstable_by_key(|(own, algorithm, _)| (own.name(), algorithm.name()));
    let mut counted: Vec<(_, usize)> = vec![];
    for vector in accepted {
        match counted.last_mut() {
            Some((last, count)) if *last == vector => *count += 1,
            _ => counted.push((vector, 1)),
        }
    }
    assert_eq!(counted, OF_ANOTHER_ALGORITHM);
    // Five other algorithms for each vector, except for the five vectors with e = 3.
    assert_eq!(refused, 5 * (2047 - 5) - 36);
}

/// RFC 7518 section 3.5: MGF1 uses the hash of the message, and the salt is as long as the hash.
#[test]
fn pss_signatures_with_other_parameters_are_refused() {
    let (mut refused, mut accepted) = (0, vec![]);
    for (jwk, vectors) in groups(include_str!("../vectors/wycheproof/pss_other.txt")) {
        for algorithm in [PS256, PS384, PS512] {
            let key = PublicKey::from_jwk(for_algorithm(jwk, algorithm).as_bytes()).unwrap();
            for vector in &vectors {
                assert_eq!(vector.label, "valid");
                match key.verify(&vector.message, &vector.signature) {
                    Ok(()) => accepted.push((algorithm, vector.comment)),
                    Err(error) => {
                        assert_eq!(error, VerifyError::BadSignature);
                        refused += 1;
                    }
                }
            }
        }
    }
    // The three combinations in JOSE: hash, hash of MGF1, length of the salt.
    let prescribed = [
        (PS256, "SHA-256/SHA-256/32"),
        (PS384, "SHA-384/SHA-384/48"),
        (PS512, "SHA-512/SHA-512/64"),
    ];
    assert_eq!(accepted, prescribed);
    assert_eq!(refused, 3 * (2 + 4 + 4 + 4 + 150) - 3);
}

#[test]
fn rsa_keys_have_the_length_that_their_set_says() {
    let mut lengths = vec![];
    for (_, text) in FILES.into_iter().filter(|(algorithm, _)| RSA.contains(algorithm)) {
        for (jwk, vectors) in groups(text) {
            let Ok(key) = PublicKey::from_jwk(jwk.as_bytes()) else { continue };
            let (set, bits) = (vectors[0].set, key.modulus_bits());
            assert!(set.contains(&format!("_{bits}_")), "{set} has {bits}");
            lengths.push(bits);
            // The same key from components, with a leading zero in `n` as in ASN.1.
            let json: Value = serde_json::from_str(jwk).unwrap();
            let number = |name: &str| URL_SAFE_NO_PAD.decode(json[name].as_str().unwrap()).unwrap();
            let n = [vec![0], number("n")].concat();
            let same = PublicKey::from_rsa_components(&n, &number("e")).unwrap();
            assert_eq!((same.algorithm(), same.modulus_bits()), (RS256, bits));
            if key.algorithm() == RS256 {
                let valid = vectors.iter().find(|vector| vector.label == "valid").unwrap();
                assert_eq!(same.verify(&valid.message, &valid.signature), Ok(()));
            }
        }
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert_eq!(lengths, [2048, 3072, 4096, 8192]);
}

/// Asserts that every vector of `algorithm` has the outcome of its label or of its exception.
fn check(algorithm: Algorithm, expected: Counts) {
    let (_, text) = FILES.into_iter().find(|(name, _)| *name == algorithm).unwrap();
    let mut counts = Counts { accepted: 0, refused: 0, acceptable: 0, exceptions: 0 };
    let mut unexplained = vec![];
    let sets = || text.lines().filter_map(|line| line.strip_prefix("set "));
    let mut exceptions: Vec<_> = EXCEPTIONS
        .into_iter()
        .filter(|exception| sets().any(|set| set.starts_with(&format!("{} ", exception.0))))
        .collect();
    for (jwk, vectors) in groups(text) {
        let key = PublicKey::from_jwk(jwk.as_bytes());
        assert!(key.as_ref().is_ok_and(|key| key.algorithm() == algorithm) || key.is_err());
        for vector in vectors {
            let outcome = outcome(key.as_ref(), &vector);
            let labelled = match vector.label {
                "valid" => Outcome::Accepted,
                "invalid" => Outcome::Refused,
                "acceptable" => {
                    // A DigestInfo without NULL. RFC 8017 section 8.2.2 compares with the one in
                    // section 9.2 note 1, which has NULL.
                    assert_eq!((vector.flags, outcome), ("MissingNull", Outcome::Refused));
                    counts.acceptable += 1;
                    continue;
                }
                label => panic!("{label}"),
            };
            if outcome != labelled {
                let known = |exception: &(&str, usize, Outcome, &str)| {
                    (exception.0, exception.1, exception.2) == (vector.set, vector.id, outcome)
                };
                match exceptions.iter().position(known) {
                    Some(place) => drop(exceptions.remove(place)),
                    None => unexplained.push((vector.set, vector.id, outcome, vector.comment)),
                }
                counts.exceptions += 1;
            } else if outcome == Outcome::Accepted {
                counts.accepted += 1;
            } else {
                counts.refused += 1;
            }
        }
    }
    assert_eq!(unexplained, []);
    // An exception that is no longer needed fails the test.
    assert_eq!(exceptions, []);
    assert_eq!(counts, expected);
}

fn outcome(key: Result<&PublicKey, &JwkError>, vector: &Vector<'_>) -> Outcome {
    match key.map(|key| key.verify(&vector.message, &vector.signature)) {
        Err(error) => Outcome::KeyRefused(*error),
        Ok(Ok(())) => Outcome::Accepted,
        Ok(Err(error)) => {
            assert_eq!(error, VerifyError::BadSignature);
            Outcome::Refused
        }
    }
}

struct Vector<'a> {
    set: &'a str,
    id: usize,
    label: &'a str,
    flags: &'a str,
    message: Vec<u8>,
    signature: Vec<u8>,
    /// The vector's fault.
    comment: &'a str,
}

/// The vectors of a file, under the JWK of their key. Asserts their number in the file.
fn groups(text: &str) -> Vec<(&str, Vec<Vector<'_>>)> {
    let (mut groups, mut set, mut count, mut announced) = (vec![], "", 0, 0);
    for line in text.lines() {
        let mut words = line.splitn(6, ' ');
        let mut word = || words.next().unwrap_or_default();
        match word() {
            "set" => {
                set = word();
                announced += word().parse::<usize>().unwrap();
            }
            "key" => groups.push((line.split_once(' ').unwrap().1, vec![])),
            id => {
                let id = id.parse().unwrap();
                let (label, flags, message, signature) = (word(), word(), word(), word());
                let decode = |text: &str| match text {
                    "-" => vec![],
                    text => URL_SAFE_NO_PAD.decode(text).unwrap(),
                };
                let (message, signature) = (decode(message), decode(signature));
                let vector = Vector { set, id, label, flags, message, signature, comment: word() };
                groups.last_mut().unwrap().1.push(vector);
                count += 1;
            }
        }
    }
    assert_eq!(count, announced);
    groups
}

/// The JWK with this `alg`.
fn for_algorithm(jwk: &str, algorithm: Algorithm) -> String {
    let mut jwk: Value = serde_json::from_str(jwk).unwrap();
    jwk["alg"] = algorithm.name().into();
    jwk.to_string()
}

const RSA: [Algorithm; 6] = [RS256, RS384, RS512, PS256, PS384, PS512];

const FILES: [(Algorithm, &str); 9] = [
    (RS256, include_str!("../vectors/wycheproof/rs256.txt")),
    (RS384, include_str!("../vectors/wycheproof/rs384.txt")),
    (RS512, include_str!("../vectors/wycheproof/rs512.txt")),
    (PS256, include_str!("../vectors/wycheproof/ps256.txt")),
    (PS384, include_str!("../vectors/wycheproof/ps384.txt")),
    (PS512, include_str!("../vectors/wycheproof/ps512.txt")),
    (ES256, include_str!("../vectors/wycheproof/es256.txt")),
    (ES384, include_str!("../vectors/wycheproof/es384.txt")),
    (EdDSA, include_str!("../vectors/wycheproof/eddsa.txt")),
];
