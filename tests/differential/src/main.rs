//! Compares tokenring's verdicts with those of jsonwebtoken, PyJWT and jose.
//!
//! `write FILE` writes the cases for the others; `compare FILE PYJWT JOSE` reads their verdicts,
//! verifies the cases with tokenring and jsonwebtoken, and prints the differences by rule.

#[path = "../../oracle/src/algorithms.rs"]
mod algorithms;
mod cases;
#[path = "../../corpus/format.rs"]
mod format;
#[path = "../../oracle/src/random.rs"]
mod numbers;
mod random;
mod rules;
mod with_jsonwebtoken;

use std::{collections::BTreeMap, fs, process::ExitCode};

use serde_json::Value;

use crate::{
    cases::Case,
    rules::{LIBRARIES, RULES},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", path] => {
            let mut cases = cases::corpus();
            cases.extend(random::cases());
            fs::write(path, Value::from(cases).to_string()).unwrap();
            ExitCode::SUCCESS
        }
        ["compare", cases, pyjwt, jose] => compare(cases, pyjwt, jose),
        _ => {
            eprintln!("usage: tokenring-differential write FILE | compare FILE PYJWT JOSE");
            ExitCode::from(2)
        }
    }
}

fn read(path: &str) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// How often a library and tokenring agree.
#[derive(Default)]
struct Tally {
    same: usize,
    left_out: usize,
    by_rule: BTreeMap<usize, usize>,
    unexplained: usize,
}

fn compare(cases: &str, pyjwt: &str, jose: &str) -> ExitCode {
    let cases: Vec<Case> = read(cases).into_iter().map(Case::verified).collect();
    let jsonwebtoken: Vec<String> = cases.iter().map(with_jsonwebtoken::verdict).collect();
    let texts = |path: &str| -> Vec<String> {
        read(path).into_iter().map(|verdict| verdict.as_str().unwrap().into()).collect()
    };
    let verdicts = [jsonwebtoken, texts(pyjwt), texts(jose)];
    let mut used = vec![0; RULES.len()];
    let mut failed = false;
    let mut tallies = vec![];
    for (library, verdicts) in LIBRARIES.iter().zip(&verdicts) {
        assert_eq!(verdicts.len(), cases.len(), "{library}");
        let mut tally = Tally::default();
        for (case, theirs) in cases.iter().zip(verdicts) {
            if rules::left_out(library, case) {
                tally.left_out += 1;
                continue;
            }
            if (theirs == "accept") == (case.ours == "accept") {
                tally.same += 1;
                continue;
            }
            match rules::explanation(library, case) {
                Some(rule) => {
                    *tally.by_rule.entry(rule).or_default() += 1;
                    used[rule] += usize::from(!case.random);
                }
                None => {
                    tally.unexplained += 1;
                    failed = true;
                    let name = case.json["name"].as_str().unwrap();
                    println!("UNEXPLAINED {library}: {theirs:.90}");
                    println!("    tokenring: {} {}", case.ours, case.detail);
                    println!("    {name}: {:?}", case.json["token"].as_str().unwrap());
                }
            }
        }
        tallies.push(tally);
    }
    let random = cases.iter().filter(|case| case.random).count();
    println!("{} tokens of the corpus and {random} random ones\n", cases.len() - random);
    let [a, b, c] = LIBRARIES;
    println!("{:<83} {a:>12} {b:>9} {c:>9}", "the library");
    let [a, b, c] = rules::versions();
    println!("{:<83} {a:>12} {b:>9} {c:>9}", "");
    let row = |name: &str, count: &dyn Fn(&Tally) -> usize| {
        let [a, b, c] = [0, 1, 2].map(|at| count(&tallies[at]));
        println!("{name:<83} {a:>12} {b:>9} {c:>9}");
    };
    row("same verdict", &|tally| tally.same);
    row("not compared", &|tally| tally.left_out);
    for (at, rule) in RULES.iter().enumerate() {
        let verb = if rule.tokenring_accepts { "refuses" } else { "accepts" };
        let name = format!("{verb}: {}", rule.name);
        row(&name, &|tally| tally.by_rule.get(&at).copied().unwrap_or_default());
    }
    row("unexplained", &|tally| tally.unexplained);
    for (rule, _) in RULES.iter().zip(&used).filter(|(_, used)| **used == 0) {
        println!("NO LONGER NEEDED: the rule \"{}\" explains nothing of the corpus", rule.name);
        failed = true;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
