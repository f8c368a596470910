//! The corpus in `tests/corpus`: every token and key set gets the verdict it names, with the exact
//! reason, and no verdict contains anything from its input.

#[path = "../corpus/format.rs"]
pub(crate) mod format;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokenring::{JwkSet, JwkSetError, KeyError, Policy, UnixTime, Verifier, VerifyError};

use crate::algorithms::ALGORITHMS;

static TOKENS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../corpus/tokens.json")).unwrap());

static KEY_SETS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../corpus/key_sets.json")).unwrap());

/// In the input of many cases, and in no verdict.
pub(crate) const MARKER: &str = "MARKER";

pub(crate) fn cases(corpus: &'static Value) -> &'static [Value] {
    corpus["cases"].as_array().unwrap()
}

pub(crate) fn text(value: &'static Value) -> &'static str {
    value.as_str().unwrap()
}

fn token(case: &Value) -> String {
    String::from_utf8(format::text(&case["token"])).unwrap()
}

/// The verdicts of all token cases, in the order of the cases.
fn verdicts() -> &'static [Result<(), VerifyError>] {
    static VERDICTS: LazyLock<Vec<Result<(), VerifyError>>> = LazyLock::new(|| {
        let sets = TOKENS["key_sets"].as_object().unwrap();
        let sets: BTreeMap<&str, JwkSet> = sets
            .iter()
            .map(|(name, set)| (name.as_str(), JwkSet::from_json(&format::text(set)).unwrap()))
            .collect();
        let policies = TOKENS["policies"].as_object().unwrap();
        let policies: BTreeMap<&str, Policy> =
            policies.iter().map(|(name, policy)| (name.as_str(), format::policy(policy))).collect();
        let verdict = |case| {
            let case: &'static Value = case;
            let keys = sets[text(&case["keys"])].clone();
            let verifier = Verifier::new(policies[text(&case["policy"])].clone(), keys).unwrap();
            let now = UnixTime::from_secs(case["now"].as_u64().unwrap());
            verifier.verify_at(&token(case), now).map(|_| ())
        };
        cases(&TOKENS).iter().map(verdict).collect()
    });
    &VERDICTS
}

/// The outcomes of all key set cases, in the order of the cases.
fn sets() -> &'static [Result<JwkSet, JwkSetError>] {
    static SETS: LazyLock<Vec<Result<JwkSet, JwkSetError>>> = LazyLock::new(|| {
        cases(&KEY_SETS)
            .iter()
            .map(|case| JwkSet::from_json(&format::text(&case["jwks"])))
            .collect()
    });
    &SETS
}

pub(crate) fn detail(case: &Value) -> Value {
    case.get("detail").cloned().unwrap_or_else(|| json!({}))
}

#[test]
fn every_token_gets_its_verdict() {
    for (case, verdict) in cases(&TOKENS).iter().zip(verdicts()) {
        let found = match verdict {
            Ok(()) => ("accept", json!({})),
            Err(error) => (error.code(), format::token_detail(error)),
        };
        assert_eq!(found, (text(&case["expect"]), detail(case)), "{}", case["name"]);
    }
}

#[test]
fn every_key_set_has_the_keys_that_its_case_names() {
    for (case, set) in cases(&KEY_SETS).iter().zip(sets()) {
        let name = &case["name"];
        let set = match set {
            Ok(set) => set,
            Err(error) => {
                let found = (error.code(), format::set_detail(error));
                assert_eq!(found, (text(&case["error"]), detail(case)), "{name}");
                continue;
            }
        };
        assert_eq!(case.get("error"), None, "{name}");
        let usable: Vec<Value> = set
            .iter()
            .map(|key| json!({ "kid": key.key_id(), "alg": key.algorithm().name() }))
            .collect();
        assert_eq!(usable, *case["usable"].as_array().unwrap(), "{name}");
        let skipped: Vec<(u64, &str, Value)> = set
            .skipped()
            .iter()
            .map(|one| {
                let index = u64::try_from(one.index()).unwrap();
                (index, one.error().code(), format::key_detail(&one.error()))
            })
            .collect();
        let expected: Vec<(u64, &str, Value)> = case["skipped"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["index"].as_u64().unwrap(), text(&one["code"]), detail(one)))
            .collect();
        assert_eq!(skipped, expected, "{name}");
    }
}

/// A skipped key is found neither by its `kid` nor without one. The only usable key for an
/// algorithm is found without `kid`.
#[test]
fn only_usable_keys_can_be_selected() {
    for (case, set) in cases(&KEY_SETS).iter().zip(sets()) {
        let Ok(set) = set else { continue };
        let usable = case["usable"].as_array().unwrap();
        for algorithm in ALGORITHMS {
            let of_algorithm: Vec<Option<&str>> = usable
                .iter()
                .filter(|key| key["alg"] == algorithm.name())
                .map(|key| key["kid"].as_str())
                .collect();
            let without = set.select(None, algorithm);
            let expected = match of_algorithm.as_slice() {
                [] => Err(KeyError::UnknownKey),
                [kid] => Ok(*kid),
                [kid, ..] if have_one_number(case) => Ok(*kid),
                _ => Err(KeyError::AmbiguousKey),
            };
            let found = without.as_ref().map(|key| key.key_id()).map_err(|error| *error);
            assert_eq!(found, expected, "{} {algorithm}", case["name"]);
            let skipped = set.skipped().iter().filter_map(|one| one.key_id());
            for kid in skipped.chain([MARKER, ""]) {
                let named = of_algorithm.iter().filter(|one| **one == Some(kid)).count();
                let found = set.select(Some(kid), algorithm).map(|key| key.algorithm());
                let expected = match named {
                    0 => Err(KeyError::UnknownKey),
                    1 => Ok(algorithm),
                    _ => Err(KeyError::AmbiguousKey),
                };
                assert_eq!(found, expected, "{} {algorithm} {kid}", case["name"]);
            }
        }
    }
}

/// Whether all entries of the set have the same `n` or `x`: they are one key, whatever their `kid`.
fn have_one_number(case: &'static Value) -> bool {
    let set: Value = serde_json::from_slice(&format::text(&case["jwks"])).unwrap();
    let entries = set["keys"].as_array().unwrap();
    entries.iter().all(|entry| ["n", "x"].iter().all(|name| entry[name] == entries[0][name]))
}

#[test]
fn corpus_is_as_large_as_its_readme_says() {
    let readme = include_str!("../corpus/README.md");
    let strict = |cases: &[Value]| cases.iter().filter(|case| case["strict"] == true).count();
    let (tokens, sets) = (cases(&TOKENS), cases(&KEY_SETS));
    let accepted = tokens.iter().filter(|case| case["expect"] == "accept").count();
    assert!(tokens.len() >= 500 && sets.len() >= 150);
    for line in [
        format!("{} tokens, of which {accepted} are accepted", tokens.len()),
        format!("{} key sets", sets.len()),
        format!("{} tokens and {} key sets", strict(tokens), strict(sets)),
    ] {
        assert!(readme.contains(&line), "{line}");
    }
}

#[test]
fn every_case_has_a_name_of_its_own_a_clause_and_an_input_of_its_own() {
    for corpus in [&TOKENS, &KEY_SETS] {
        let (mut names, mut inputs) = (BTreeSet::new(), BTreeSet::new());
        for case in cases(corpus) {
            assert!(names.insert(text(&case["name"])), "{}", case["name"]);
            let input = ["token", "jwks", "keys", "policy", "now"];
            let input = input.map(|member| case[member].to_string());
            assert!(inputs.insert(input), "{}", case["name"]);
            assert_ne!(text(&case["clause"]), "", "{}", case["name"]);
            let reason = case.get("reason").is_some_and(|reason| reason != "");
            assert_eq!(case.get("strict").is_some(), reason, "{}", case["name"]);
        }
    }
}

/// Except the codes that depend on the state of a key source or on a guard.
#[test]
fn every_code_that_a_token_can_cause_occurs() {
    let mut expected = codes_of(include_str!("../../src/error.rs"), "VerifyError");
    for code in
        ["keys_unavailable", "key_source_busy", "insufficient_scope", "no_token", "not_proven"]
    {
        assert!(expected.remove(code), "{code}");
    }
    // The corpus has no logins.
    for code in [
        "policy_not_for_id_tokens",
        "untrusted_audience",
        "unexpected_nonce",
        "wrong_nonce",
        "wrong_authentication_context",
        "authenticated_in_future",
        "authentication_too_old",
        "wrong_access_token_hash",
        "wrong_code_hash",
    ] {
        assert!(expected.remove(code), "{code}");
    }
    expected.insert("accept");
    let found: BTreeSet<&str> = cases(&TOKENS).iter().map(|case| text(&case["expect"])).collect();
    assert_eq!(found, expected);
}

/// Except the code for a JWK that is too long, because its set is then refused as too long first,
/// and the code for a system without randomness.
#[test]
fn every_code_of_a_key_and_of_a_key_set_occurs() {
    let source = include_str!("../../src/jwk/error.rs");
    let mut expected = codes_of(source, "JwkError");
    for code in ["too_long", "no_randomness"] {
        assert!(expected.remove(code), "{code}");
    }
    let entries = cases(&KEY_SETS).iter().filter_map(|case| case["skipped"].as_array()).flatten();
    assert_eq!(entries.map(|one| text(&one["code"])).collect::<BTreeSet<_>>(), expected);

    let errors = cases(&KEY_SETS).iter().filter_map(|case| case["error"].as_str());
    assert_eq!(errors.collect::<BTreeSet<_>>(), codes_of(source, "JwkSetError"));
}

/// The codes in `source` for the variants of the type `name`.
pub(crate) fn codes_of(source: &'static str, name: &str) -> BTreeSet<&'static str> {
    let start = source.find(&format!("\nimpl {name} {{")).unwrap();
    let body = source[start..].split("\n}").next().unwrap();
    let codes = body.lines().filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","));
    codes.collect()
}

#[test]
fn every_algorithm_has_accepted_and_refused_tokens() {
    for algorithm in ALGORITHMS {
        let of_algorithm = cases(&TOKENS).iter().filter(|case| case["policy"] == algorithm.name());
        let (accepted, refused): (Vec<_>, Vec<_>) =
            of_algorithm.partition(|case| case["expect"] == "accept");
        assert!(accepted.len() >= 2 && refused.len() >= 10, "{algorithm}");
    }
}

#[test]
fn no_verdict_repeats_anything_of_its_token() {
    let mut marked: usize = 0;
    for (case, verdict) in cases(&TOKENS).iter().zip(verdicts()) {
        let (Err(error), token) = (verdict, token(case)) else { continue };
        let shown = format!("{error} {error:?} {}", error.code());
        let mut texts = vec![token.clone().into_bytes()];
        texts.extend(token.split('.').filter_map(|part| URL_SAFE_NO_PAD.decode(part).ok()));
        marked += usize::from(texts.iter().any(|text| holds(text, MARKER.as_bytes())));
        for own in [MARKER, "example", "http", "tokenring", "attacker", "Identifier"] {
            assert!(!shown.contains(own), "{}: {shown}", case["name"]);
        }
        // No twelve consecutive characters of the verdict come from the token.
        for start in 0..shown.len().saturating_sub(11) {
            let piece = &shown[start..start.saturating_add(12)];
            assert!(!token.contains(piece), "{}: {shown}", case["name"]);
        }
    }
    assert!(marked >= 500, "{marked} tokens hold the marker");
}

#[test]
fn no_fault_repeats_anything_of_its_key_set() {
    let mut marked: usize = 0;
    for (case, set) in cases(&KEY_SETS).iter().zip(sets()) {
        marked += usize::from(case["jwks"].to_string().contains(MARKER));
        let texts = match set {
            Err(error) => vec![format!("{error} {error:?}")],
            Ok(set) => {
                let errors = set.skipped().iter().map(|one| one.error());
                errors.map(|error| format!("{error} {error:?}")).collect()
            }
        };
        for text in texts {
            assert!(!text.contains(MARKER), "{}: {text}", case["name"]);
            // No part of a key's number either.
            assert!(!text.split_whitespace().any(|word| word.len() > 40), "{}", case["name"]);
        }
    }
    assert!(marked >= 300, "{marked} key sets hold the marker");
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
