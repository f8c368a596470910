//! How many instructions a call takes beside ring's verification of the same bytes. valgrind counts
//! them, and the same binary has the same count every time, whatever else the machine does.
//!
//! `cargo bench --bench instructions` fails if a count is more than a tenth above the one recorded
//! in `instructions.txt`. `cargo bench --bench instructions -- --record` records anew.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
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
    VerifyError,
    testkit::{Issuer, TestKey},
};

use samples::{NOW, Sample};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [RUN, name, part, calls] => run(name, part, calls.parse().unwrap()),
        // `cargo bench` says `--bench`; `cargo test --benches` does not.
        ["--bench"] => return compare(),
        ["--record", "--bench"] => record(),
        _ => CASES.iter().for_each(|case| run(case.name, OURS, 1)),
    }
    ExitCode::SUCCESS
}

struct Case {
    name: &'static str,
    sample: fn() -> Sample,
    call: fn(&Sample),
    /// Whether ring's verification is part of it, and to be taken off.
    verifies: bool,
}

const CASES: [Case; 5] = [
    Case { name: "0.85 KB", sample: samples::auth0, call: accept, verifies: true },
    Case { name: "8 KB", sample: eight_kilobytes, call: accept, verifies: true },
    Case { name: "seen before", sample: with_token_cache, call: accept, verifies: false },
    Case { name: "unknown kid", sample: unknown_key, call: refuse_key, verifies: false },
    Case { name: "junk", sample: junk, call: refuse_junk, verifies: false },
];

fn accept(sample: &Sample) {
    sample.verify_at(black_box(&sample.token));
}

fn eight_kilobytes() -> Sample {
    samples::by_token_size().pop().unwrap()
}

fn with_token_cache() -> Sample {
    let mut sample = samples::auth0();
    sample.verifier = sample.verifier.with_token_cache(NonZeroUsize::new(1000).unwrap());
    sample
}

fn unknown_key() -> Sample {
    let mut sample = samples::auth0();
    let unknown = TestKey::attacker().with_kid("unknown");
    sample.token = Issuer::default().token_at(NOW).key(&unknown).mint();
    sample
}

fn refuse_key(sample: &Sample) {
    sample.refuse(black_box(&sample.token), NOW, VerifyError::UnknownKey);
}

fn junk() -> Sample {
    let mut sample = samples::auth0();
    sample.token = "x".repeat(sample.token.len());
    sample
}

fn refuse_junk(sample: &Sample) {
    sample.refuse(black_box(&sample.token), NOW, VerifyError::SegmentCount { found: 1 });
}

/// What valgrind watches: a process that does nothing else.
fn run(name: &str, part: &str, calls: u32) {
    let case = CASES.iter().find(|case| case.name == name).unwrap();
    let sample = (case.sample)();
    for _ in 0..calls {
        match part {
            RING => sample.ring(black_box(&sample.token)),
            _ => (case.call)(&sample),
        }
    }
}

/// Instructions a call.
fn count(case: &Case) -> i64 {
    let part = |part| (executed(case, part, 120) - executed(case, part, 20)) / 100;
    part(OURS) - if case.verifies { part(RING) } else { 0 }
}

/// Instructions of a whole process.
fn executed(case: &Case, part: &str, calls: u32) -> i64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args([RUN, case.name, part, &calls.to_string()])
        .output();
    let report = String::from_utf8(output.expect("valgrind is to be installed").stderr).unwrap();
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    collected.and_then(|(_, count)| count.parse().ok()).unwrap_or_else(|| panic!("{report}"))
}

fn compare() -> ExitCode {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed: NOTHING IS COUNTED");
        return ExitCode::SUCCESS;
    }
    let recorded = fs::read_to_string(RECORD).unwrap();
    if !recorded.contains(env::consts::ARCH) {
        println!("recorded on another architecture: NOTHING IS COMPARED");
        return ExitCode::SUCCESS;
    }
    println!("{:12} {:>9} {:>9}", "", "recorded", "now");
    let mut more = false;
    for case in &CASES {
        let line = recorded.lines().find_map(|line| line.strip_prefix(case.name));
        let was: i64 = line.expect("a case that is not recorded").trim().parse().unwrap();
        let is = count(case);
        println!("{:12} {was:>9} {is:>9}", case.name);
        more |= is > was + was / 10;
    }
    if more {
        println!("more than a tenth above: mend it, or record it with a reason");
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
