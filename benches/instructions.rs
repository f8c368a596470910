//! The number of instructions of a call, without ring's. valgrind counts them, and the count of a
//! binary is always the same, whatever else the machine does.
//!
//! `cargo bench --bench instructions` fails if a count is more than a tenth above the one recorded
//! in `instructions.txt`. `cargo bench --bench instructions -- --record` records new counts.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a bench"
)]

mod samples;

use std::{
    env, fs,
    hint::black_box,
    num::NonZeroUsize,
    process::{Command, ExitCode},
};

use tokenring::{
    Guard, VerifyError,
    possession::{ProofPolicy, ProofVerifier, ReplayMemory, Request},
    testkit::{Issuer, TestKey},
};

use samples::{NOW, Sample};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [RUN, name, part, calls] => run(name, part, calls.parse().unwrap()),
        // `cargo bench` passes `--bench`; `cargo test --benches` does not.
        ["--bench"] => return compare(),
        ["--record", "--bench"] => record(),
        [] => CASES.iter().for_each(|case| run(case.name, OURS, 1)),
        _ => panic!("the only argument is --record"),
    }
    ExitCode::SUCCESS
}

struct Case {
    name: &'static str,
    ours: fn() -> Box<dyn Fn()>,
    /// ring's part of the work, which is subtracted.
    ring: Option<fn() -> Box<dyn Fn()>>,
}

const CASES: [Case; 7] = [
    Case {
        name: "0.85 KB",
        ours: || accept(samples::auth0()),
        ring: Some(|| signature(samples::auth0())),
    },
    Case {
        name: "8 KB",
        ours: || accept(eight_kilobytes()),
        ring: Some(|| signature(eight_kilobytes())),
    },
    Case {
        name: "guard",
        ours: || guard(samples::auth0()),
        ring: Some(|| signature(samples::auth0())),
    },
    Case {
        name: "request",
        ours: || bearer_request(samples::auth0()),
        ring: Some(|| signature(samples::auth0())),
    },
    Case { name: "seen before", ours: || accept(with_token_cache(samples::auth0())), ring: None },
    Case { name: "unknown kid", ours: unknown_key, ring: None },
    Case { name: "junk", ours: junk, ring: None },
];

fn accept(sample: Sample) -> Box<dyn Fn()> {
    Box::new(move || sample.verify_at(black_box(&sample.token)))
}

fn guard(sample: Sample) -> Box<dyn Fn()> {
    let guard = Guard::new(sample.verifier);
    let value = format!("Bearer {}", sample.token);
    Box::new(move || assert!(guard.check_at(Some(black_box(&value)), NOW).is_ok()))
}

/// A bearer token at a guard that accepts DPoP too.
fn bearer_request(sample: Sample) -> Box<dyn Fn()> {
    let policy = ProofPolicy::new("https://api.example.com");
    let proofs = ProofVerifier::new(policy, ReplayMemory::default()).unwrap();
    let guard = Guard::new(sample.verifier).accept_dpop(proofs);
    let value = format!("Bearer {}", sample.token);
    Box::new(move || {
        let request = Request::new("GET", "/v1/users").authorization([black_box(&value)]);
        assert!(guard.check_request_at(&request, NOW).is_ok());
    })
}

fn unknown_key() -> Box<dyn Fn()> {
    let unknown = TestKey::attacker().with_kid("unknown");
    let token = Issuer::default().token_at(NOW).key(&unknown).mint();
    refuse(token, VerifyError::UnknownKey)
}

fn junk() -> Box<dyn Fn()> {
    refuse("x".repeat(838), VerifyError::SegmentCount { found: 1 })
}

fn refuse(token: String, error: VerifyError) -> Box<dyn Fn()> {
    let sample = samples::auth0();
    Box::new(move || sample.refuse(black_box(&token), NOW, error))
}

fn signature(sample: Sample) -> Box<dyn Fn()> {
    Box::new(move || sample.ring(black_box(&sample.token)))
}

fn eight_kilobytes() -> Sample {
    samples::by_token_size().pop().unwrap()
}

fn with_token_cache(mut sample: Sample) -> Sample {
    sample.verifier = sample.verifier.with_token_cache(NonZeroUsize::new(1000).unwrap());
    sample
}

/// Makes the calls and does nothing else, in the process that valgrind watches.
fn run(name: &str, part: &str, calls: u32) {
    let case = CASES.iter().find(|case| case.name == name).unwrap();
    let call = if part == OURS { (case.ours)() } else { (case.ring.unwrap())() };
    for _ in 0..calls {
        call();
    }
}

/// Instructions per call.
fn count(case: &Case) -> i64 {
    let part = |part| (executed(case, part, 120) - executed(case, part, 20)) / 100;
    let count = part(OURS) - case.ring.map_or(0, |_| part(RING));
    assert!(count > 0, "{}: {count}", case.name);
    count
}

/// Instructions of a whole process.
fn executed(case: &Case, part: &str, calls: u32) -> i64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args([RUN, case.name, part, &calls.to_string()])
        .output()
        .expect("valgrind must be installed");
    let report = String::from_utf8(output.stderr).unwrap();
    // valgrind also counts a process that fails.
    assert!(output.status.success(), "{report}");
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    collected.and_then(|(_, count)| count.parse().ok()).unwrap_or_else(|| panic!("{report}"))
}

fn compare() -> ExitCode {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed: NOTHING IS COUNTED");
        return ExitCode::SUCCESS;
    }
    let recorded = fs::read_to_string(RECORD).unwrap();
    if !recorded.starts_with(&format!("# {},", env::consts::ARCH)) {
        println!("recorded on another architecture: NOTHING IS COMPARED");
        return ExitCode::SUCCESS;
    }
    println!("{:12} {:>9} {:>9}", "", "recorded", "now");
    let (mut more, mut less) = (false, false);
    for case in &CASES {
        let line = recorded.lines().find_map(|line| line.strip_prefix(case.name));
        let was: i64 = line.expect("every case is recorded").trim().parse().unwrap();
        let is = count(case);
        println!("{:12} {was:>9} {is:>9}", case.name);
        more |= is > was + was / 10;
        less |= is < was - was / 10;
    }
    if less {
        println!("more than a tenth below: record it, so that it stays there");
    }
    if more {
        println!("more than a tenth above: reduce it, or record it with a reason");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn record() {
    let compiler = Command::new("rustc").arg("--version").output().unwrap().stdout;
    let mut record = format!("# {}, {}", env::consts::ARCH, String::from_utf8(compiler).unwrap());
    for case in &CASES {
        record += &format!("{:12} {:>9}\n", case.name, count(case));
    }
    print!("{record}");
    fs::write(RECORD, record).unwrap();
}

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

const RUN: &str = "run";
const OURS: &str = "ours";
const RING: &str = "ring";
