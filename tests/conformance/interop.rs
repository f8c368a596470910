//! Tokens and key sets made by PyJWT and jose, see `interop/README.md`. RFC 7515, RFC 7517,
//! RFC 7518, RFC 7519 and RFC 8037.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokenring::{
    Algorithm::{self, ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512},
    CompactJws, JwkError, JwkSet, KeyError, Policy, PublicKey, UnixTime, Verified, Verifier,
    VerifyError,
};

const ISSUER: &str = "https://interop.example.com/";
const AUDIENCE: &str = "https://api.example.com/";
/// A time between the `exp` of the expired tokens and the `exp` of all others.
const NOW: UnixTime = UnixTime::from_secs(1_780_000_100);
const EXPIRED: u64 = 1_780_000_001;
const EXPIRES: u64 = 4_102_444_800;

const LIBRARIES: [&str; 2] = ["pyjwt", "jose"];
/// Each library's key set, where every key has `alg`.
const WITH_ALG: [&str; 2] = ["jwks-pyjwt.json", "jwks-jose.json"];
/// The same keys without `alg`.
const WITHOUT_ALG: [&str; 2] = ["jwks-pyjwt-without-alg.json", "jwks-jose-without-alg.json"];

/// RS256 is first, so RSA keys without `alg` are for RS256.
const ALL: [Algorithm; 9] = [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA];

/// Each accepted key, its algorithm and the length of its modulus.
const KEYS: [(&str, Algorithm, usize); 12] = [
    ("rs256", RS256, 2048),
    ("rs256-3072", RS256, 3072),
    ("rs256-4096", RS256, 4096),
    ("rs384", RS384, 2048),
    ("rs512", RS512, 2048),
    ("ps256", PS256, 2048),
    ("ps384", PS384, 2048),
    ("ps512", PS512, 2048),
    ("es256", ES256, 0),
    ("es384", ES384, 0),
    ("eddsa", EdDSA, 0),
    // jose writes its `alg` as `Ed25519`. RFC 9864 section 2.2.
    ("ed25519", EdDSA, 0),
];

const ACCEPTED: Result<(), VerifyError> = Ok(());

/// The cases of every key, with their outcomes if all algorithms are accepted and each key has
/// `alg`.
const CASES: [(&str, Result<(), VerifyError>); 6] = [
    ("good", ACCEPTED),
    // `exp` has come.
    ("expired", Err(VerifyError::Expired { exp: EXPIRED, now: NOW.as_secs() })),
    // `aud` names another API.
    ("other-aud", Err(VerifyError::WrongAudience)),
    // The good token with another payload.
    ("tampered", Err(VerifyError::BadSignature)),
    // Signed by another key of the same type and size.
    ("stranger", Err(VerifyError::BadSignature)),
    // An HMAC keyed with the text of the public key.
    ("hs256", Err(VerifyError::AlgorithmNotAccepted)),
];

/// The cases of RSA keys: the key really signed, but with an algorithm that it is not for.
const CASES_OF_RSA: [(&str, Result<(), VerifyError>); 2] = [
    // For example RS384 in place of RS256.
    ("other-hash", Err(VerifyError::UnknownKey)),
    // For example PS256 in place of RS256.
    ("other-padding", Err(VerifyError::UnknownKey)),
];

/// The cases that exist for one key only: library, key, case, outcome.
const CASES_OF_ONE_KEY: [(&str, &str, &str, Result<(), VerifyError>); 9] = [
    // The token's `alg` is `EdDSA` and the key's is `Ed25519`, or the other way round.
    ("jose", "eddsa", "other-name", ACCEPTED),
    ("jose", "ed25519", "other-name", ACCEPTED),
    // `alg` is `EdDSA` and `kid` is that of the Ed25519 key, but an Ed448 key signed.
    ("pyjwt", "eddsa", "ed448", Err(VerifyError::BadSignature)),
    // Signed by a key of the set that cannot be used.
    ("pyjwt", "es512", "unsupported", Err(VerifyError::AlgorithmNotAccepted)),
    ("jose", "es512", "unsupported", Err(VerifyError::AlgorithmNotAccepted)),
    ("pyjwt", "es256k", "unsupported", Err(VerifyError::AlgorithmNotAccepted)),
    // `alg` is `EdDSA`, which does not name the curve.
    ("pyjwt", "ed448", "unsupported", Err(VerifyError::UnknownKey)),
    // `alg` is `none`, and nothing follows the second period.
    ("pyjwt", "none", "unsigned", Err(VerifyError::EmptySegment { segment: "signature" })),
    ("jose", "none", "unsigned", Err(VerifyError::EmptySegment { segment: "signature" })),
];

/// A token with its description in the library's file.
#[derive(Clone, Debug)]
struct Token {
    library: &'static str,
    key: String,
    case: String,
    alg: String,
    label: String,
    text: String,
    /// The outcome in the tables above.
    outcome: Result<(), VerifyError>,
}

impl Token {
    fn name(&self) -> String {
        format!("{} {} {}", self.library, self.key, self.case)
    }

    /// Whether the token is signed with another algorithm of the same RSA key.
    fn is_of_other_algorithm(&self) -> bool {
        CASES_OF_RSA.iter().any(|(case, _)| *case == self.case)
    }

    /// The algorithm of the key that the token names; RS256 if that algorithm is not supported.
    fn algorithm_of_key(&self) -> Algorithm {
        match self.key.as_str() {
            "ed448" => EdDSA,
            key => KEYS.iter().find(|(kid, ..)| *kid == key).map_or(RS256, |(_, alg, _)| *alg),
        }
    }

    fn signature(&self) -> Vec<u8> {
        let (_, signature) = self.text.rsplit_once('.').unwrap();
        URL_SAFE_NO_PAD.decode(signature).unwrap()
    }

    /// Verifies the signature with `key`, whatever `alg` and `kid` say.
    fn verify_bytes(&self, key: &PublicKey) -> Result<(), VerifyError> {
        let (signing_input, _) = self.text.rsplit_once('.').unwrap();
        key.verify(signing_input.as_bytes(), &self.signature())
    }
}

/// Every expected outcome, by library, key and case.
fn outcomes() -> BTreeMap<(&'static str, String, String), Result<(), VerifyError>> {
    let mut outcomes = BTreeMap::new();
    let mut insert = |library, key: &str, case: &str, outcome| {
        let earlier = outcomes.insert((library, key.to_owned(), case.to_owned()), outcome);
        assert_eq!(earlier, None, "{library} {key} {case}");
    };
    for library in LIBRARIES {
        for (key, algorithm, _) in KEYS {
            // PyJWT does not know the name `Ed25519`.
            if (library, key) == ("pyjwt", "ed25519") {
                continue;
            }
            let is_rsa = ![ES256, ES384, EdDSA].contains(&algorithm);
            let cases_of_rsa = CASES_OF_RSA.into_iter().filter(|_| is_rsa);
            for (case, outcome) in CASES.into_iter().chain(cases_of_rsa) {
                insert(library, key, case, outcome);
            }
        }
    }
    for (library, key, case, outcome) in CASES_OF_ONE_KEY {
        insert(library, key, case, outcome);
    }
    outcomes
}

fn tokens_of(library: &'static str) -> Vec<Token> {
    let outcomes = outcomes();
    let file: Value = serde_json::from_slice(&read(&format!("tokens-{library}.json"))).unwrap();
    let tokens = file["tokens"].as_array().unwrap().iter();
    tokens
        .map(|token| {
            let member = |name: &str| token[name].as_str().unwrap().to_owned();
            let (key, case) = (member("key"), member("case"));
            let outcome = *outcomes
                .get(&(library, key.clone(), case.clone()))
                .unwrap_or_else(|| panic!("no outcome for {library} {key} {case}"));
            let (alg, label, text) = (member("alg"), member("outcome"), member("token"));
            Token { library, key, case, alg, label, text, outcome }
        })
        .collect()
}

fn tokens() -> Vec<Token> {
    LIBRARIES.into_iter().flat_map(tokens_of).collect()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop")
}

fn read(name: &str) -> Vec<u8> {
    fs::read(directory().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn set(name: &str) -> JwkSet {
    JwkSet::from_json(&read(name)).unwrap()
}

fn policy() -> Policy {
    Policy::new(ISSUER, AUDIENCE).authorized_party("my_client_id")
}

fn accepting(algorithms: impl IntoIterator<Item = Algorithm>, keys: &JwkSet) -> Verifier<JwkSet> {
    Verifier::new(policy().algorithms(algorithms), keys.clone()).unwrap()
}

/// The verdict on a token. Compares the claims of an accepted token.
fn outcome(verifier: &Verifier<JwkSet>, token: &Token) -> Result<(), VerifyError> {
    verifier.verify_at(&token.text, NOW).map(|verified| assert_claims(&verified, &token.key))
}

fn assert_claims(verified: &Verified, kid: &str) {
    assert_eq!(verified.issuer(), ISSUER);
    assert_eq!(verified.subject(), Some("auth0|5f7c8ec7c33c6c004bbafe82"));
    let audience: Vec<&str> = verified.audience().collect();
    assert_eq!(audience, [AUDIENCE, "https://interop.example.com/userinfo"]);
    assert_eq!(verified.issued_at(), Some(UnixTime::from_secs(1_780_000_000)));
    assert_eq!(verified.expires_at(), UnixTime::from_secs(EXPIRES));
    assert_eq!((verified.not_before(), verified.jwt_id()), (None, None));
    assert_eq!(verified.key_id(), Some(kid));
    assert_eq!(verified.authorized_party(), Some("my_client_id"));
    let scopes: Vec<&str> = verified.scopes().collect();
    assert_eq!(scopes, ["openid", "profile", "read:messages"]);
    let permissions: Vec<&str> = verified.permissions().collect();
    assert_eq!(permissions, ["read:messages"]);
}

/// How many tokens were accepted and refused.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    accepted: usize,
    refused: usize,
}

impl Counts {
    fn count(&mut self, outcome: Result<(), VerifyError>) {
        match outcome {
            Ok(()) => self.accepted += 1,
            Err(_) => self.refused += 1,
        }
    }
}

#[test]
fn every_file_of_the_directory_is_tested() {
    let entries = fs::read_dir(directory()).expect("the directory exists");
    let found: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut expected: BTreeSet<String> = WITH_ALG.map(String::from).into();
    expected.extend(WITHOUT_ALG.map(String::from));
    expected.extend(LIBRARIES.map(|library| format!("tokens-{library}.json")));
    expected.insert("jwks-strangers.json".to_owned());
    // These files are no input of the tests: they made the others.
    expected.extend(["README.md", "VERSIONS", "mint.mjs", "mint.py", "mint.sh"].map(String::from));
    assert_eq!(found, expected);
}

#[test]
fn every_case_of_every_key_exists_once_with_its_label_and_algorithm() {
    let tokens = tokens();
    assert_eq!(LIBRARIES.map(|library| tokens_of(library).len()), [87, 92]);
    let found: BTreeSet<_> =
        tokens.iter().map(|token| (token.library, token.key.clone(), token.case.clone())).collect();
    assert_eq!(found.len(), tokens.len());
    assert_eq!(found, outcomes().into_keys().collect());

    for token in &tokens {
        let label = token.outcome.map_or_else(|error| error.code(), |()| "accepted");
        assert_eq!(token.label, label, "{}", token.name());

        let header = URL_SAFE_NO_PAD.decode(token.text.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header["alg"], *token.alg, "{}", token.name());
        let key_id = (token.case != "unsigned").then_some(token.key.as_str());
        assert_eq!(header.get("kid").and_then(Value::as_str), key_id, "{}", token.name());

        let of_key = token.algorithm_of_key().name();
        let expected = match (token.case.as_str(), token.key.as_str()) {
            ("hs256", _) => "HS256",
            ("unsigned", _) => "none",
            ("unsupported", "es512") => "ES512",
            ("unsupported", "es256k") => "ES256K",
            ("other-hash", _) => match of_key {
                "RS256" => "RS384",
                "RS384" => "RS512",
                "RS512" => "RS256",
                "PS256" => "PS384",
                "PS384" => "PS512",
                _ => "PS256",
            },
            ("other-padding", _) => match of_key {
                "RS256" => "PS256",
                "RS384" => "PS384",
                "RS512" => "PS512",
                "PS256" => "RS256",
                "PS384" => "RS384",
                _ => "RS512",
            },
            // The name in RFC 9864.
            ("other-name", "eddsa") => "Ed25519",
            ("other-name", "ed25519") => "EdDSA",
            (_, "ed25519") => "Ed25519",
            _ => of_key,
        };
        assert_eq!(token.alg, expected, "{}", token.name());
    }
}

#[test]
fn every_key_of_every_set_is_the_same_key_for_the_algorithm_it_is_made_for() {
    for sets in [WITH_ALG, WITHOUT_ALG] {
        let [pyjwt, jose] = sets.map(set);
        assert_eq!([pyjwt.len(), jose.len()], [KEYS.len(), KEYS.len()]);
        for (kid, algorithm, bits) in KEYS {
            // Without `alg`, an RSA key is for RS256 if no policy says otherwise.
            let algorithm = match sets == WITHOUT_ALG && bits > 0 {
                true => RS256,
                false => algorithm,
            };
            let key = pyjwt.select(Some(kid), algorithm).unwrap();
            assert_eq!(
                (key.algorithm(), key.key_id(), key.modulus_bits()),
                (algorithm, Some(kid), bits)
            );
            // The libraries write the same key in different ways.
            assert_eq!(jose.select(Some(kid), algorithm), Ok(key));
            for other in ALL.into_iter().filter(|other| *other != algorithm) {
                assert_eq!(pyjwt.select(Some(kid), other), Err(KeyError::UnknownKey), "{kid}");
                assert_eq!(jose.select(Some(kid), other), Err(KeyError::UnknownKey), "{kid}");
            }
        }
    }
}

#[test]
fn every_key_of_another_type_is_skipped_for_its_alg_or_else_its_curve() {
    let skipped = |name| {
        let set = set(name);
        let skipped = set.skipped().iter();
        let skipped = skipped.map(|key| (key.key_id().unwrap().to_owned(), key.error()));
        skipped.collect::<Vec<(String, JwkError)>>()
    };
    let named = |keys: &[(&str, JwkError)]| {
        keys.iter().map(|(kid, error)| ((*kid).to_owned(), *error)).collect::<Vec<_>>()
    };
    assert_eq!(
        skipped("jwks-pyjwt.json"),
        named(&[
            ("es512", JwkError::AlgorithmNotAccepted),
            ("es256k", JwkError::AlgorithmNotAccepted),
            // Its `alg` is `EdDSA`.
            ("ed448", JwkError::Curve),
        ])
    );
    assert_eq!(skipped("jwks-jose.json"), named(&[("es512", JwkError::AlgorithmNotAccepted)]));
    assert_eq!(
        skipped("jwks-pyjwt-without-alg.json"),
        named(&[
            ("es512", JwkError::Curve),
            ("es256k", JwkError::Curve),
            ("ed448", JwkError::Curve),
        ])
    );
    assert_eq!(skipped("jwks-jose-without-alg.json"), named(&[("es512", JwkError::Curve)]));
    assert_eq!(skipped("jwks-strangers.json"), []);
}

#[test]
fn every_token_comes_out_as_labelled_where_all_algorithms_are_accepted() {
    let mut counts = Counts::default();
    for name in WITH_ALG {
        let verifier = accepting(ALL, &set(name));
        for token in tokens() {
            let outcome = outcome(&verifier, &token);
            assert_eq!(outcome, token.outcome, "{} with {name}", token.name());
            counts.count(outcome);
        }
    }
    assert_eq!(counts, Counts { accepted: 50, refused: 308 });
}

#[test]
fn every_token_comes_out_as_labelled_where_only_the_algorithm_of_its_key_is_accepted() {
    let mut counts = Counts::default();
    for name in WITH_ALG.into_iter().chain(WITHOUT_ALG) {
        let keys = set(name);
        for token in tokens() {
            let expected = match token.is_of_other_algorithm() {
                true => Err(VerifyError::AlgorithmNotAccepted),
                false => token.outcome,
            };
            let outcome = outcome(&accepting([token.algorithm_of_key()], &keys), &token);
            assert_eq!(outcome, expected, "{} with {name}", token.name());
            counts.count(outcome);
        }
    }
    assert_eq!(counts, Counts { accepted: 100, refused: 616 });
}

#[test]
fn default_policy_accepts_rs256_and_refuses_every_other_algorithm() {
    let mut counts = Counts::default();
    let mut of_other_algorithms = 0;
    for name in WITH_ALG.into_iter().chain(WITHOUT_ALG) {
        let verifier = Verifier::new(policy(), set(name)).unwrap();
        for token in tokens() {
            let expected = match token.alg.as_str() {
                // An RSA key without `alg` is for the policy's RSA algorithm, and it did sign.
                "RS256" if token.is_of_other_algorithm() && WITHOUT_ALG.contains(&name) => ACCEPTED,
                "RS256" | "none" => token.outcome,
                _ => Err(VerifyError::AlgorithmNotAccepted),
            };
            let outcome = outcome(&verifier, &token);
            assert_eq!(outcome, expected, "{} with {name}", token.name());
            counts.count(outcome);
            of_other_algorithms += usize::from(outcome == Err(VerifyError::AlgorithmNotAccepted));
        }
    }
    assert_eq!(counts, Counts { accepted: 32, refused: 684 });
    assert_eq!(of_other_algorithms, 572);
}

#[test]
fn rsa_key_without_alg_is_for_the_first_rsa_algorithm_of_the_policy_alone() {
    let mut counts = Counts::default();
    for name in WITHOUT_ALG {
        let verifier = accepting(ALL, &set(name));
        for token in tokens().into_iter().filter(|token| token.case == "good") {
            let expected = match token.algorithm_of_key() {
                RS256 | ES256 | ES384 | EdDSA => ACCEPTED,
                _ => Err(VerifyError::UnknownKey),
            };
            let outcome = outcome(&verifier, &token);
            assert_eq!(outcome, expected, "{} with {name}", token.name());
            counts.count(outcome);
        }
    }
    assert_eq!(counts, Counts { accepted: 26, refused: 20 });
}

#[test]
fn refused_token_has_only_the_fault_that_its_case_names() {
    let (keys, without_alg) = (set("jwks-jose.json"), set("jwks-jose-without-alg.json"));
    let verifier = accepting(ALL, &keys);
    let others_policy = Policy::new(ISSUER, "https://other.example.com/").algorithms(ALL);
    let of_other_audience = Verifier::new(others_policy, &keys).unwrap();
    let of_strangers = accepting(ALL, &set("jwks-strangers.json"));
    let tokens = tokens();
    for token in &tokens {
        let name = token.name();
        let verify_at = |seconds| verifier.verify_at(&token.text, UnixTime::from_secs(seconds));
        let key = keys.select(Some(&token.key), token.algorithm_of_key());
        match token.case.as_str() {
            // The token is valid until one second before `exp`.
            "good" | "other-name" => {
                assert_claims(&verify_at(EXPIRES - 1).unwrap(), &token.key);
                let late = Err(VerifyError::Expired { exp: EXPIRES, now: EXPIRES });
                assert_eq!(verify_at(EXPIRES).map(drop), late, "{name}");
                assert_eq!(token.verify_bytes(&key.unwrap()), Ok(()), "{name}");
            }
            "expired" => {
                let verified = verify_at(EXPIRED - 1).unwrap();
                assert_eq!(verified.expires_at(), UnixTime::from_secs(EXPIRED), "{name}");
                let late = Err(VerifyError::Expired { exp: EXPIRED, now: EXPIRED });
                assert_eq!(verify_at(EXPIRED).map(drop), late, "{name}");
            }
            "other-aud" => {
                let verified = of_other_audience.verify_at(&token.text, NOW).unwrap();
                assert_eq!(verified.key_id(), Some(token.key.as_str()), "{name}");
            }
            // Header and signature are those of the good token.
            "tampered" => {
                let is_good = |one: &&Token| {
                    (one.library, &*one.key, &*one.case) == (token.library, &*token.key, "good")
                };
                let good = tokens.iter().find(is_good).unwrap();
                let [header, payload, signature] =
                    CompactJws::parse(&token.text).unwrap().segments();
                let of_good = CompactJws::parse(&good.text).unwrap().segments();
                assert_eq!([header, signature], [of_good[0], of_good[2]], "{name}");
                let claims: Value =
                    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
                assert_eq!(claims["permissions"][0], "delete:messages", "{name}");
            }
            // Valid under the stranger's key, which verifies no token of the issuer.
            "stranger" => {
                let key = key.unwrap();
                assert_eq!(token.verify_bytes(&key), Err(VerifyError::BadSignature), "{name}");
                assert_eq!(outcome(&of_strangers, token), ACCEPTED, "{name}");
            }
            // Valid under the same key, if the key were for this algorithm.
            "other-hash" | "other-padding" => {
                let algorithm = token.alg.parse().unwrap();
                assert_eq!(
                    outcome(&accepting([algorithm], &without_alg), token),
                    ACCEPTED,
                    "{name}"
                );
                let key = key.unwrap();
                assert_eq!(token.verify_bytes(&key), Err(VerifyError::BadSignature), "{name}");
            }
            // The bytes are not a signature of the key, whatever `alg` says.
            "hs256" => {
                let key = key.unwrap();
                assert_eq!(token.verify_bytes(&key), Err(VerifyError::BadSignature), "{name}");
                assert_eq!(token.signature().len(), 32, "{name}");
            }
            // RFC 8032 section 5.2.6.
            "ed448" => assert_eq!(token.signature().len(), 114, "{name}"),
            "unsupported" => assert_eq!(key, Err(KeyError::UnknownKey), "{name}"),
            "unsigned" => assert!(token.signature().is_empty(), "{name}"),
            case => panic!("{case} is not tested"),
        }
        if token.outcome == ACCEPTED {
            let by_stranger = outcome(&of_strangers, token);
            assert_eq!(by_stranger, Err(VerifyError::BadSignature), "{name}");
        }
    }
}

#[test]
fn token_of_one_key_is_refused_by_every_other() {
    let keys = set("jwks-pyjwt.json");
    let mut tried = 0;
    for token in tokens().into_iter().filter(|token| token.outcome == ACCEPTED) {
        for other in keys.iter().filter(|other| other.key_id() != Some(token.key.as_str())) {
            let outcome = token.verify_bytes(other);
            assert_eq!(outcome, Err(VerifyError::BadSignature), "{} by {other:?}", token.name());
            tried += 1;
        }
    }
    assert_eq!(tried, 25 * 11);
}
