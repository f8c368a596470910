//! Writes `tokens.json` and `key_sets.json` into the directory above this one.
//!
//! Signatures of PS256 to PS512, ES256 and ES384 are random. A token that differs from the one in
//! the file only in such a signature is kept, unless `--fresh` is given. `--check` writes nothing,
//! and fails if a file is not up to date.

#[path = "../../../oracle/src/algorithms.rs"]
mod algorithms;
mod base;
mod case;
#[path = "../../format.rs"]
mod format;
mod keys;
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
    let (mut tokens, sets) = (token_cases(), set_cases());
    strict::assert_every_name_is_a_case(&tokens, &sets);
    let path = directory.join("tokens.json");
    if let (Ok(committed), false) = (fs::read_to_string(&path), fresh) {
        keep(&mut tokens, &serde_json::from_str(&committed).unwrap());
    }
    let policies = keys::policies();
    let key_sets = keys::key_sets();
    let wrong = wrong_tokens(&tokens, &policies, &key_sets) + wrong_sets(&sets);
    if wrong > 0 {
        eprintln!("{wrong} cases do not have the expected outcome; nothing is written");
        return ExitCode::FAILURE;
    }
    let tokens =
        written(&[("policies", lines(&policies)), ("key_sets", lines(&key_sets))], &tokens);
    let sets = written(&[], &sets);
    for (path, text) in [(path, tokens), (directory.join("key_sets.json"), sets)] {
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

/// Takes the committed token if the new one differs from it only in a random signature.
fn keep(cases: &mut [Value], committed: &Value) {
    let committed: BTreeMap<&str, &Value> = committed["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| (case["name"].as_str().unwrap(), &case["token"]))
        .collect();
    let signing_input =
        |token: &Value| -> Option<String> { Some(token.as_str()?.rsplit_once('.')?.0.into()) };
    let mut again: BTreeMap<String, Value> = token_cases()
        .into_iter()
        .map(|case| (case["name"].as_str().unwrap().into(), case["token"].clone()))
        .collect();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let random = again.remove(name).is_some_and(|again| again != case["token"]);
        let old = committed.get(name).filter(|_| random);
        if let Some(old) = old.filter(|old| signing_input(old) == signing_input(&case["token"])) {
            case["token"] = (*old).clone();
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
        let (code, detail) = match &outcome {
            Ok(_) => ("accept", json!({})),
            Err(error) => (error.code(), format::token_detail(error)),
        };
        let expected = case.get("detail").cloned().unwrap_or_else(|| json!({}));
        let differs = case["expect"] != code || detail != expected;
        if differs {
            eprintln!("{}: {} {expected}, not {code} {detail}", case["name"], case["expect"]);
        }
        differs
    };
    cases.iter().filter(wrong).count()
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
        let input = ["token", "jwks", "keys", "policy", "now"].map(|name| case[name].to_string());
        assert!(inputs.insert(input), "{} has the same input as another case", case["name"]);
    }
    let tables: String =
        tables.iter().map(|(name, table)| format!("  \"{name}\": {table},\n")).collect();
    let cases: Vec<String> = cases.iter().map(|case| format!("    {case}")).collect();
    format!("{{\n{tables}  \"cases\": [\n{}\n  ]\n}}\n", cases.join(",\n"))
}
