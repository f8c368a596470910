//! Writes `tokens.json`, `key_sets.json` and `proofs.json` into the directory above this one.
//!
//! Signatures of PS256 to PS512, ES256 and ES384 are random. A token or a proof that differs from the one
//! in the file only in such a signature is kept, unless `--fresh` is given. `--check` writes nothing,
//! and fails if a file is not up to date.

#[path = "../../../oracle/src/algorithms.rs"]
mod algorithms;
mod base;
mod case;
#[path = "../../format.rs"]
mod format;
mod keys;
mod proofs;
mod rs256;
mod sets;
mod strict;
mod systematic;
mod attacks;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::ExitCode,
};

use serde_json::{Value, json};
use tokenring::{JwkSet, UnixTime, Verifier};

fn main() -> ExitCode {
    let (mut fresh, mut check) = (false, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--fresh" => fresh = true,
            "--check" => check = true,
            _ => {
                eprintln!("usage: tokenring-corpus [--fresh | --check]");
                return ExitCode::from(2);
            }
        }
    }
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut tokens, sets, mut proofs) = (token_cases(), set_cases(), proof_cases());
    strict::assert_every_name_is_a_case(&tokens, &sets, &proofs);
    let paths = ["tokens.json", "proofs.json"].map(|name| directory.join(name));
    let committed = paths.each_ref().map(|path| fs::read_to_string(path).ok().filter(|_| !fresh));
    let [committed_tokens, committed_proofs] =
        committed.map(|text| text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap()));
    keep("token", &mut tokens, token_cases(), &committed_tokens);
    keep("proofs", &mut proofs, proof_cases(), &committed_proofs);
    let proof_policies = proofs::policies();
    let policies = keys::policies();
    let key_sets = keys::key_sets();
    let wrong = wrong_tokens(&tokens, &policies, &key_sets)
        + wrong_sets(&sets)
        + wrong_proofs(&proofs, &proof_policies);
    if wrong > 0 {
        eprintln!("{wrong} cases do not have the expected outcome; nothing is written");
        return ExitCode::FAILURE;
    }
    let tokens =
        written(&[("policies", lines(&policies)), ("key_sets", lines(&key_sets))], &tokens);
    let sets = written(&[], &sets);
    let proofs = written(&[("policies", lines(&proof_policies))], &proofs);
    let [tokens_path, proofs_path] = paths;
    let sets_path = directory.join("key_sets.json");
    for (path, text) in [(tokens_path, tokens), (sets_path, sets), (proofs_path, proofs)] {
        if fs::read_to_string(&path).is_ok_and(|committed| committed == text) {
            continue;
        }
        if check {
            eprintln!("{} is not up to date", path.display());
            return ExitCode::FAILURE;
        }
        fs::write(&path, text).unwrap();
        println!("wrote {}", path.display());
    }
    ExitCode::SUCCESS
}

fn token_cases() -> Vec<Value> {
    let cases = [rs256::cases(), systematic::cases(), attacks::cases()];
    cases.iter().flatten().map(case::TokenCase::to_json).collect()
}

fn set_cases() -> Vec<Value> {
    sets::cases().iter().map(case::SetCase::to_json).collect()
}

fn proof_cases() -> Vec<Value> {
    proofs::cases().iter().map(case::ProofCase::to_json).collect()
}

/// Takes the committed text if the new one differs from it only in a random signature. `member` is a text
/// or an array of texts, and `again` are the same cases with other random numbers.
fn keep(member: &str, cases: &mut [Value], again: Vec<Value>, committed: &Value) {
    let Some(committed) = committed["cases"].as_array() else { return };
    let committed: BTreeMap<&str, &Value> =
        committed.iter().map(|case| (case["name"].as_str().unwrap(), &case[member])).collect();
    let signing_input = |value: &Value| -> Option<Vec<u8>> {
        let mut text = format::text(value);
        text.truncate(text.iter().rposition(|byte| *byte == b'.')?);
        Some(text)
    };
    for (case, again) in cases.iter_mut().zip(again) {
        let is_random = again[member] != case[member];
        let old = committed.get(case["name"].as_str().unwrap()).filter(|_| is_random);
        if let Some(old) = old.filter(|old| signing_input(old) == signing_input(&case[member])) {
            case[member] = (*old).clone();
        }
    }
}

/// Prints each token that does not get the expected verdict. Returns their number.
fn wrong_tokens(cases: &[Value], policies: &[(String, Value)], sets: &[(String, Value)]) -> usize {
    let find = |list: &[(String, Value)], name: &Value| -> Value {
        let found = list.iter().find(|(known, _)| Some(known.as_str()) == name.as_str());
        found.unwrap_or_else(|| panic!("no {name}")).1.clone()
    };
    let wrong = |case: &&Value| {
        let keys = JwkSet::from_json(&format::text(&find(sets, &case["keys"]))).unwrap();
        let policy = format::policy(&find(policies, &case["policy"]));
        let token = String::from_utf8(format::text(&case["token"])).unwrap();
        let now = UnixTime::from_secs(case["now"].as_u64().unwrap());
        let outcome = Verifier::new(policy, keys).unwrap().verify_at(&token, now);
        let refused = outcome.err();
        differs(case, refused.map(|error| (error.code(), format::token_detail(&error))))
    };
    cases.iter().filter(wrong).count()
}

/// Whether a case expects another verdict than this one, which is the code and detail of a refusal, or none if
/// the token was accepted. Prints each difference.
fn differs(case: &Value, refused: Option<(&str, Value)>) -> bool {
    let (code, detail) = refused.unwrap_or(("accept", json!({})));
    let expected = case.get("detail").cloned().unwrap_or_else(|| json!({}));
    let differs = case["expect"] != code || detail != expected;
    if differs {
        eprintln!("{}: {} {expected}, not {code} {detail}", case["name"], case["expect"]);
    }
    differs
}

/// Prints each key set that does not have the expected outcome. Returns their number.
fn wrong_sets(cases: &[Value]) -> usize {
    let wrong = |case: &&Value| {
        let with = |mut value: Value, detail: Value| {
            if detail != json!({}) {
                value["detail"] = detail;
            }
            value
        };
        let found = match JwkSet::from_json(&format::text(&case["jwks"])) {
            Err(error) => with(json!({ "error": error.code() }), format::set_detail(&error)),
            Ok(set) => json!({
                "usable": set.iter().map(|key| json!({
                    "kid": key.key_id(), "alg": key.algorithm().name()
                })).collect::<Vec<_>>(),
                "skipped": set.skipped().iter().map(|one| with(
                    json!({ "index": one.index(), "code": one.error().code() }),
                    format::key_detail(&one.error()),
                )).collect::<Vec<_>>(),
            }),
        };
        let mut expected = (*case).clone();
        for member in ["name", "clause", "strict", "reason", "jwks"] {
            expected.as_object_mut().unwrap().remove(member);
        }
        if found != expected {
            eprintln!("{}: {expected}, not {found}", case["name"]);
        }
        found != expected
    };
    cases.iter().filter(wrong).count()
}

/// Prints each request that does not get the expected verdict. Returns their number.
fn wrong_proofs(cases: &[Value], policies: &[(String, Value)]) -> usize {
    let wrong = |case: &&Value| {
        let policy = policies.iter().find(|(name, _)| case["policy"] == **name);
        let outcome = format::proof_verdict(case, &policy.expect("a policy").1);
        let refused = outcome.err();
        differs(case, refused.map(|refusal| (refusal.code(), format::proof_detail(&refusal))))
    };
    cases.iter().filter(wrong).count()
}

/// One member per line.
fn lines(members: &[(String, Value)]) -> String {
    let lines: Vec<String> =
        members.iter().map(|(name, value)| format!("    {}: {value}", json!(name))).collect();
    format!("{{\n{}\n  }}", lines.join(",\n"))
}

/// The text of a file: `tables`, then one case per line.
fn written(tables: &[(&str, String)], cases: &[Value]) -> String {
    let (mut names, mut inputs) = (BTreeSet::new(), BTreeSet::new());
    for case in cases {
        assert!(names.insert(case["name"].as_str()), "two cases are called {}", case["name"]);
        let input = ["token", "jwks", "keys", "policy", "now", "method", "target", "cnf", "proofs"];
        let more = ["again", "certificate"];
        let input: Vec<String> =
            input.iter().chain(&more).map(|name| case[*name].to_string()).collect();
        assert!(inputs.insert(input), "{} has the same input as another case", case["name"]);
    }
    let tables: String =
        tables.iter().map(|(name, table)| format!("  \"{name}\": {table},\n")).collect();
    let cases: Vec<String> = cases.iter().map(|case| format!("    {case}")).collect();
    format!("{{\n{tables}  \"cases\": [\n{}\n  ]\n}}\n", cases.join(",\n"))
}
