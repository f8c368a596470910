//! The tables of the READMEs have exactly the figures of `results/rust.csv`.

use peers::tables::{TABLES, table};

#[test]
fn table_of_the_readme_is_that_of_the_committed_figures() {
    compare(include_str!("../../../README.md"), TABLES[0]);
}

#[test]
fn table_of_the_bench_notes_is_that_of_the_committed_figures() {
    compare(include_str!("../../README.md"), TABLES[1]);
}

#[test]
fn every_column_has_figures() {
    let figures = "date,...\n\
        2026-01-02,cpu,rustc,one,1.0,RSA-2048,12345,,,,,8,,40000,79000\n\
        2026-01-02,cpu,rustc,one,1.0,junk,31,,,,,0,,,\n\
        2026-01-02,cpu,rustc,two,2.1,RSA-2048,123456,,,,,21,,9000,17900\n";
    let columns = ["RSA-2048", "junk", "allocations", "1 thread", "2 threads"];
    let expected = "\
        | library | RSA-2048 | junk | allocations | 1 thread | 2 threads |\n\
        |---|---|---|---|---|---|\n\
        | one 1.0 | 12.3 | 0.031 | 8 | 40.0 | 79.0 |\n\
        | two 2.1 | 123 | | 21 | 9.00 | 17.9 |\n";
    assert_eq!(table(figures, &columns), expected);
}

#[test]
fn tables_fit_a_page() {
    assert!(TABLES.iter().all(|(_, columns)| columns.len() <= 8));
}

/// Compares the table whose first column is the library.
fn compare(text: &str, (_, columns): (&str, &[&str])) {
    let mut tables = text.split_inclusive('\n').skip_while(|line| !line.starts_with("| library |"));
    let shown: String = tables.by_ref().take_while(|line| line.starts_with('|')).collect();
    assert!(!tables.any(|line| line.starts_with("| library |")), "there is one such table");
    assert!(shown.lines().count() > 2);
    assert_eq!(shown, table(FIGURES, columns));
}

const FIGURES: &str = include_str!("../results/rust.csv");
