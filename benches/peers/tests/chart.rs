//! The program `chart` draws the figures of the CSV, and the committed chart is up to date.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use peers::report::COLUMNS;

#[test]
fn committed_chart_is_drawn_from_committed_figures() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    assert_eq!(error(&chart(&results, &["--check"])), "");
}

#[test]
fn chart_that_differs_from_the_figures_fails_the_check() {
    let results = results("stale", &[row("ring alone", "1")]);
    assert!(error(&chart(&results, &["--check"])).contains("chart.svg: "));
    drawn(&results);
    assert_eq!(error(&chart(&results, &["--check"])), "");
    write_rust_csv(&results, &[row("ring alone", "2")]);
    let expected = "chart.svg is not the chart of the CSV beside it\n";
    assert!(error(&chart(&results, &["--check"])).ends_with(expected));
}

#[test]
fn shortest_time_comes_first_whatever_the_order_of_the_rows() {
    let [ring, fast, slow] = [row("ring alone", "2"), row("fast", "1"), row("slow", "3")];
    let first = drawn(&results("order", &[ring.clone(), fast.clone(), slow.clone()]));
    let second = drawn(&results("other-order", &[slow, fast, ring]));
    assert_eq!(first, second);
    let place = |text: &str| first.find(&format!(">{text} <tspan")).unwrap();
    assert!(place("fast") < place("ring alone"));
    assert!(place("ring alone") < place("slow"));
}

#[test]
fn figures_of_the_others_are_drawn_with_those_of_rust() {
    let results = results("others", &[row("ring alone", "1")]);
    assert!(!drawn(&results).contains("PyJWT"));
    fs::write(results.join("others.csv"), csv(&[row("PyJWT", "2")])).unwrap();
    assert!(drawn(&results).contains("PyJWT"));
}

#[test]
fn other_cases_are_not_drawn() {
    let junk = row("tokenring", "1").replace("RSA-2048", "junk");
    assert!(!drawn(&results("cases", &[row("ring alone", "1"), junk])).contains("tokenring 1.0"));
}

#[test]
fn names_do_not_become_markup() {
    let svg = drawn(&results("markup", &[row("ring alone", "1"), row("<b>&lt;", "2")]));
    assert!(svg.contains(">&lt;b&gt;&amp;lt; <tspan"));
    assert!(!svg.contains("<b>"));
}

#[test]
fn bad_line_is_refused_with_its_number() {
    for (line, expected) in [
        ("a,b,c", "3 fields in place of 15"),
        (&format!("{},", row("tokenring", "1")), "16 fields in place of 15"),
        ("", "1 fields in place of 15"),
        (&row("\"tokenring\"", "1"), "a quotation mark or a control character"),
        (&row("token\u{7}ring", "1"), "a quotation mark or a control character"),
        (&row("tokenring", ""), "\"\" is not a time"),
        (&row("tokenring", "0"), "\"0\" is not a time"),
        (&row("tokenring", "-5"), "\"-5\" is not a time"),
        (&row("tokenring", "inf"), "\"inf\" is not a time"),
        (&row("tokenring", "NaN"), "\"NaN\" is not a time"),
        (
            &row("tokenring", "5").replace(",5,5,5,", ",5,6,7,"),
            "the median does not lie between the quartiles",
        ),
    ] {
        let results = results("bad-line", &[row("ring alone", "1"), line.into()]);
        let message = error(&chart(&results, &[]));
        assert!(message.ends_with(&format!("rust.csv:3: {expected}\n")), "{line:?}: {message}");
    }
}

#[test]
fn other_columns_no_columns_and_no_floor_are_refused() {
    let results = results("columns", &[row("tokenring", "1")]);
    let message = error(&chart(&results, &[]));
    assert!(message.ends_with("no row \"ring alone\" for RSA-2048\n"), "{message}");
    for (csv, expected) in [
        ("", "rust.csv:1: the file is empty\n".to_owned()),
        ("date,library\n", format!("rust.csv:1: the columns have to be {COLUMNS}\n")),
    ] {
        fs::write(results.join("rust.csv"), csv).unwrap();
        let message = error(&chart(&results, &[]));
        assert!(message.ends_with(&expected), "{message}");
    }
    fs::remove_file(results.join("rust.csv")).unwrap();
    assert!(error(&chart(&results, &[])).contains("rust.csv: "));
}

/// A new directory with `rows` in its rust.csv.
fn results(name: &str, rows: &[String]) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chart").join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory).unwrap();
    }
    fs::create_dir_all(&directory).unwrap();
    write_rust_csv(&directory, rows);
    directory
}

fn write_rust_csv(directory: &Path, rows: &[String]) {
    fs::write(directory.join("rust.csv"), csv(rows)).unwrap();
}

fn csv(rows: &[String]) -> String {
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    format!("{COLUMNS}\n{lines}")
}

/// A row for an accepted token, in which all times are the same.
fn row(library: &str, time: &str) -> String {
    let times = [time; 4].join(",");
    format!("2026-11-22,processor,rustc 1.95.0,{library},1.0,RSA-2048,{times},1.0,2,300,1,2")
}

fn drawn(results: &Path) -> String {
    assert_eq!(error(&chart(results, &[])), "");
    fs::read_to_string(results.join("chart.svg")).unwrap()
}

fn chart(results: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chart")).args(options).arg(results).output().unwrap()
}

/// The error output. Asserts that it is empty unless the program failed.
fn error(output: &Output) -> String {
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!message.is_empty())), "{message}");
    message
}
