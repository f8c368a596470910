//! The README's table has the figures of `results/rust.csv`, and no others.

use std::collections::BTreeMap;

#[test]
fn table_is_that_of_the_committed_figures() {
    let mut figures = BTreeMap::new();
    for line in FIGURES.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let library = format!("{} {}", cells[3], cells[4]);
        figures.insert((library, cells[5]), (microseconds(cells[6]), cells[11]));
    }
    let accepted = figures.iter().filter(|((_, case), _)| *case == CASES[0]);
    let mut rows: Vec<String> = accepted
        .map(|((library, _), (_, allocations))| {
            let times = CASES.map(|case| match figures.get(&(library.clone(), case)) {
                Some((time, _)) => format!("| {time} "),
                None => "| ".into(),
            });
            format!("| {library} {}| {allocations} |", times.concat())
        })
        .collect();
    let head = format!("| library | {} | allocations |", CASES.join(" | "));
    let table = README.lines().skip_while(|line| *line != head).skip(2);
    let mut table: Vec<&str> = table.take_while(|line| line.starts_with('|')).collect();
    rows.sort();
    table.sort();
    assert_eq!(table, rows);
}

/// Three digits of it.
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

const CASES: [&str; 5] = ["RSA-2048", "RSA-3072", "RSA-4096", "bad signature", "junk"];

const FIGURES: &str = include_str!("../results/rust.csv");

const README: &str = include_str!("../../../README.md");
