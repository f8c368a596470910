//! Runs the crate's tests and prints the lines of `src` that none of them runs.
//!
//! rustc counts, and `llvm_profparser` reads the counts: no part of LLVM has to be installed.

mod excluded;
mod instrumented;
mod lines;

use std::{path::Path, process::ExitCode};

use excluded::Excluded;
use lines::Line;

/// The files of `src` that are not on the verify path.
const REST: [&str; 7] =
    ["auth0.rs", "explain.rs", "explain/", "remote.rs", "remote/", "testkit.rs", "testkit/"];
/// The share of lines in `REST` that must be covered, in thousandths.
const REST_COVERED: usize = 970;

fn main() -> ExitCode {
    if let Some(status) = instrumented::instead_of_rustc() {
        return status;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let (objects, profiles) = instrumented::run_tests(&root);
    let sources = root.join("src");
    let lines = lines::of(&sources, &objects, &profiles);
    let excluded = Excluded::read(&root.join("tests/coverage/excluded.txt"));

    let (rest, verify): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|line| REST.iter().any(|part| line.file.starts_with(part)));
    let mut ok = true;
    for (name, lines, least) in [("verify path", verify, 1000), ("rest", rest, REST_COVERED)] {
        let (named, counted): (Vec<&Line>, Vec<&Line>) =
            lines.iter().partition(|line| !line.covered && excluded.names(line));
        let missed: Vec<&&Line> = counted.iter().filter(|line| !line.covered).collect();
        for line in &missed {
            println!("src/{}:{}: {}", line.file, line.number, line.text.trim());
        }
        let covered = counted.len() - missed.len();
        println!(
            "{name}: {covered} of {} lines run, {:.2} %; {} more are excluded",
            counted.len(),
            100.0 * covered as f64 / counted.len() as f64,
            named.len(),
        );
        ok &= !counted.is_empty() && covered * 1000 >= counted.len() * least;
    }
    for entry in excluded.unused() {
        println!("in excluded.txt, but a test runs it or it does not exist: {entry}");
        ok = false;
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
