//! Compiles the crate's tests with counters, and runs them.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use serde_json::Value;

/// Set if cargo calls this program in place of rustc, which it does for the crate itself only. The
/// dependencies are compiled as usual, and not a second time.
const INSTEAD_OF_RUSTC: &str = "TOKENRING_COVERAGE_RUSTC";

/// Runs rustc with counters, if cargo has called this program in place of rustc.
pub fn instead_of_rustc() -> Option<ExitCode> {
    env::var_os(INSTEAD_OF_RUSTC)?;
    let mut arguments = env::args_os().skip(1);
    let status = Command::new(arguments.next()?)
        .args(arguments)
        .arg("-Cinstrument-coverage")
        .status()
        .unwrap();
    Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the tests. Returns the test programs and the files of counts that they wrote.
pub fn run_tests(root: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let counts = root.join("target/coverage");
    if counts.exists() {
        fs::remove_dir_all(&counts).unwrap();
    }
    fs::create_dir_all(&counts).unwrap();

    let built = cargo(root, &counts)
        .args(["--no-run", "--message-format=json"])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success(), "the tests do not compile");
    let programs = String::from_utf8(built.stdout)
        .unwrap()
        .lines()
        .filter_map(|message| {
            let message: Value = serde_json::from_str(message).unwrap();
            Some(PathBuf::from(message["executable"].as_str()?))
        })
        .collect();

    assert!(cargo(root, &counts).status().unwrap().success(), "a test fails");
    let counts = fs::read_dir(&counts).unwrap().map(|entry| entry.unwrap().path()).collect();
    (programs, counts)
}

/// `cargo test` without the documentation's examples, whose programs rustdoc does not keep.
fn cargo(root: &Path, counts: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or(OsString::from("cargo")));
    cargo
        .current_dir(root)
        .args(["test", "--locked", "--lib", "--tests"])
        .env("RUSTC_WORKSPACE_WRAPPER", env::current_exe().unwrap())
        .env(INSTEAD_OF_RUSTC, "1")
        // One file per program and process.
        .env("LLVM_PROFILE_FILE", counts.join("%m-%p.profraw"));
    cargo
}
