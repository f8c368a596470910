//! The tables of the READMEs have exactly the figures of `results/rust.csv`.

use std::collections::BTreeMap;

#[test]
fn table_of_the_readme_is_that_of_the_committed_figures() {
    let cases = ["RSA-2048", "RSA-3072", "RSA-4096", "bad signature", "junk"];
    compare(include_str!("../../../README.md"), &cases);
}

#[test]
fn table_of_the_other_algorithms_is_that_of_the_committed_figures() {
    compare(include_str!("../../README.md"), &["PS256", "ES256", "ES384", "EdDSA"]);
}

/// Compares the table, with a column for each of the `cases`. The allocations are those of the
/// first case.
fn compare(text: &str, cases: &[&str]) {
    let mut figures = BTreeMap::new();
    for line in FIGURES.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let library = format!("{} {}", cells[3], cells[4]);
        figures.insert((library, cells[5]), (microseconds(cells[6]), cells[11]));
    }
    let accepted = figures.iter().filter(|((_, case), _)| *case == cases[0]);
    let mut rows: Vec<String> = accepted
        .map(|((library, _), (_, allocations))| {
            let times = cases.iter().map(|case| match figures.get(&(library.clone(), *case)) {
                Some((time, _)) => format!("| {time} "),
                None => "| ".into(),
            });
            format!("| {library} {}| {allocations} |", times.collect::<String>())
        })
        .collect();
    let head = format!("| library | {} | allocations |", cases.join(" | "));
    let table = text.lines().skip_while(|line| *line != head).skip(2);
    let mut table: Vec<&str> = table.take_while(|line| line.starts_with('|')).collect();
    rows.sort();
    table.sort();
    assert!(!rows.is_empty());
    assert_eq!(table, rows);
}

/// The time with three digits.
fn microseconds(nanoseconds: &str) -> String {
    let time = nanoseconds.parse::<f64>().unwrap() / 1000.0;
    let digits = match time {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{time:.digits$}")
}

const FIGURES: &str = include_str!("../results/rust.csv");
