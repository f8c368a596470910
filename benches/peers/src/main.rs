//! Times every library with every sample, prints all figures, and at last the tables of the READMEs.
//!
//! `cargo run --release -p peers`, with `--no-default-features
//! --features boring` for jwt-simple on BoringSSL; `-- --save` also writes results/rust.csv, `-- --quick`
//! only checks that everything works, `-- --tables` prints the tables of the saved figures.

use std::{
    collections::HashMap,
    env, fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use peers::{
    contest::Contest,
    measure::{Effort, time},
    peer::peers,
    report::{Allocations, Row, csv, print_case, print_head},
    samples::{issuer, samples},
    tables::{TABLES, table},
    throughput::throughput,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let known = ["--save", "--quick", "--tables"];
    if arguments.iter().any(|argument| !known.contains(&argument.as_str())) {
        eprintln!("arguments: [--save] [--quick], or --tables");
        return ExitCode::FAILURE;
    }
    let given = |name: &str| arguments.iter().any(|argument| argument == name);
    let file = Path::new(HERE).join("results/rust.csv");
    if given("--tables") {
        print_tables(&fs::read_to_string(&file).unwrap());
        return ExitCode::SUCCESS;
    }
    // If RUST_BACKTRACE is set, jwt-simple's errors collect backtraces, which takes time.
    if env::var_os("RUST_LIB_BACKTRACE").is_none_or(|value| value != "0") {
        let again = env::current_exe().unwrap();
        let status = Command::new(again).args(&arguments).env("RUST_LIB_BACKTRACE", "0").status();
        return if status.unwrap().success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let figures = csv(&rows(if given("--quick") { Effort::QUICK } else { Effort::FULL }));
    print_tables(&figures);
    if given("--save") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, figures).unwrap();
        println!("\nwritten to {}", file.display());
    }
    ExitCode::SUCCESS
}

fn rows(effort: Effort) -> Vec<Row> {
    let allocations = allocations();
    let issuer = issuer();
    let (peers, samples) = (peers(&issuer), samples(&issuer));
    let mut rows = vec![];
    print_head();
    for contest in Contest::all(&issuer, &peers, &samples) {
        let contenders = &contest.contenders[..];
        let timings = time(contenders, effort);
        let mut rates = vec![None; contenders.len()];
        if contest.case == "RSA-2048" {
            let measured = throughput(contenders, effort.throughput_rounds);
            rates = measured.into_iter().map(Some).collect();
        }
        let case = contenders.iter().zip(timings).zip(rates).take(contest.results);
        let case = case.map(|((contender, timing), throughput)| Row {
            library: contender.library,
            case: contest.case,
            timing,
            allocations: allocations[&(contest.case.into(), contender.library.into())],
            throughput,
        });
        let first = rows.len();
        rows.extend(case);
        print_case(&rows[first..]);
    }
    rows
}

fn print_tables(figures: &str) {
    for (file, columns) in TABLES {
        print!("\n{file}:\n\n{}", table(figures, columns));
    }
}

/// Allocations by case and library, counted in a child process: counting slows the allocator,
/// mostly for libraries that allocate much.
fn allocations() -> HashMap<(String, String), Allocations> {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let feature = if cfg!(feature = "boring") { "boring" } else { "pure-rust" };
    let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["run", "--quiet", "--bin", "allocations", "--profile", profile])
        .args(["--no-default-features", "--features", feature])
        .current_dir(HERE)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let [case, library, count, bytes] = cells[..] else { panic!("{line}") };
        let allocations =
            Allocations { count: count.parse().unwrap(), bytes: bytes.parse().unwrap() };
        ((case.to_owned(), library.to_owned()), allocations)
    });
    lines.collect()
}

const HERE: &str = env!("CARGO_MANIFEST_DIR");
