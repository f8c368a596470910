//! The proofs in `tests/corpus`: every request gets the verdict it names, with the exact reason.

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::{Value, json};
use tokenring::possession::{ConfirmationError, ProofError};

use crate::corpus::{MARKER, cases, codes_of, detail, format, text};

static PROOFS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../corpus/proofs.json")).unwrap());

fn verdict(case: &'static Value) -> Result<(), format::Refusal> {
    format::proof_verdict(case, &PROOFS["policies"][text(&case["policy"])])
}

#[test]
fn every_request_gets_its_verdict() {
    for case in cases(&PROOFS) {
        let found = match verdict(case) {
            Ok(()) => ("accept", json!({})),
            Err(refusal) => (refusal.code(), format::proof_detail(&refusal)),
        };
        assert_eq!(found, (text(&case["expect"]), detail(case)), "{}", case["name"]);
    }
}

/// The nonces in a case are those that the service accepts, the current one first.
#[test]
fn nonces_are_those_of_the_crate() {
    for case in cases(&PROOFS).iter().filter(|case| case.get("nonces").is_some()) {
        let now = case["now"].as_u64().unwrap();
        for (nonce, seconds) in case["nonces"].as_array().unwrap().iter().zip([0, 60, 120]) {
            let time = tokenring::UnixTime::from_secs(now.checked_sub(seconds).unwrap());
            assert_eq!(text(nonce), format::nonces().issue(time).to_string(), "{}", case["name"]);
        }
        assert_eq!(PROOFS["policies"][text(&case["policy"])]["nonces"], "required");
    }
}

#[test]
fn there_are_as_many_proofs_as_the_readme_says() {
    let readme = include_str!("../corpus/README.md");
    let count = |is: fn(&&Value) -> bool| cases(&PROOFS).iter().filter(is).count();
    let accepted = count(|case| case["expect"] == "accept");
    let strict = count(|case| case["strict"] == true);
    assert!(accepted >= 40);
    for line in [
        format!("{} requests with proofs, of which {accepted} are accepted", cases(&PROOFS).len()),
        format!("{strict} requests are marked"),
    ] {
        assert!(readme.contains(&line), "{line}");
    }
}

#[test]
fn every_case_has_a_name_of_its_own_a_clause_and_perhaps_a_reason() {
    let mut names = BTreeSet::new();
    for case in cases(&PROOFS) {
        assert!(names.insert(text(&case["name"])), "{}", case["name"]);
        assert_ne!(text(&case["clause"]), "", "{}", case["name"]);
        let reason = case.get("reason").is_some_and(|reason| reason != "");
        assert_eq!(case.get("strict").is_some(), reason, "{}", case["name"]);
    }
}

/// Except the codes that depend on the memory of used proofs, and that of a guard.
#[test]
fn every_code_that_a_proof_can_cause_occurs() {
    let codes = codes_of(include_str!("../../src/possession/error.rs"), "ProofError");
    let mut expected: BTreeSet<&str> =
        codes.into_iter().map(|code| code.trim_start_matches("proof_")).collect();
    for code in ["too_late", "memory_full", "memory_unavailable", "confirmation"] {
        assert!(expected.remove(code), "{code}");
    }
    expected.extend(["accept", "cnf"]);
    let found: BTreeSet<&str> = cases(&PROOFS).iter().map(|case| text(&case["expect"])).collect();
    assert_eq!(found, expected);

    let source = include_str!("../../src/possession/confirmation.rs");
    let of_cnf = cases(&PROOFS).iter().filter(|case| case["expect"] == "cnf");
    let found: BTreeSet<&str> = of_cnf.map(|case| text(&case["detail"]["code"])).collect();
    assert_eq!(found, codes_of(source, "ConfirmationError"));
}

#[test]
fn no_refusal_repeats_anything_of_its_request() {
    for case in cases(&PROOFS) {
        let shown = match verdict(case) {
            Ok(()) => continue,
            Err(format::Refusal::Proof(error)) => shown::<ProofError>(&error),
            Err(format::Refusal::Cnf(error)) => shown::<ConfirmationError>(&error),
        };
        for own in [MARKER, "example", "attacker", "payload.signature", "users"] {
            assert!(!shown.contains(own), "{}: {shown}", case["name"]);
        }
    }
}

fn shown<E: std::error::Error>(error: &E) -> String {
    format!("{error} {error:?}")
}
