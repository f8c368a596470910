//! The tables of the READMEs, from the figures of `results/rust.csv`.

/// The columns of each table after the library: cases, whose cells are microseconds, and others, which
/// [`table`] explains.
pub const TABLES: [(&str, &[&str]); 2] = [
    (
        "README.md",
        &[
            "RSA-2048",
            "RSA-2048 3 KB",
            "RSA-4096",
            "ES256",
            "EdDSA",
            "bad signature",
            "junk",
            "allocations",
        ],
    ),
    (
        "benches/README.md",
        &["RSA-3072", "PS256", "ES384", "expired", "DPoP", "1 thread", "2 threads"],
    ),
];

/// The table in Markdown, a row for each library, a column for each of the `columns`.
///
/// `allocations` are those of the first column's case. `1 thread` and `2 threads` are thousands of calls a
/// second of the case RSA-2048. What was not measured is left empty.
pub fn table(figures: &str, columns: &[&str]) -> String {
    let figures: Vec<Figures<'_>> = figures.lines().skip(1).map(Figures::new).collect();
    let mut libraries: Vec<String> = vec![];
    for row in &figures {
        if !libraries.contains(&row.library) {
            libraries.push(row.library.clone());
        }
    }
    let mut lines = vec![line("library", columns.iter().map(|column| column.to_string()))];
    lines.push("|---".repeat(columns.len() + 1) + "|\n");
    for library in &libraries {
        let of =
            |case: &str| figures.iter().find(|row| row.library == *library && row.case == case);
        let cells = columns.iter().map(|column| match *column {
            "allocations" => of(columns[0]).map(|row| row.allocations.to_owned()),
            "1 thread" => of("RSA-2048").and_then(|row| thousands(row.one_thread)),
            "2 threads" => of("RSA-2048").and_then(|row| thousands(row.two_threads)),
            case => of(case).and_then(|row| thousands(row.median)),
        });
        lines.push(line(library, cells.map(Option::unwrap_or_default)));
    }
    lines.concat()
}

/// The cells of one line of the CSV that the tables show.
struct Figures<'a> {
    /// With its version.
    library: String,
    case: &'a str,
    median: &'a str,
    allocations: &'a str,
    one_thread: &'a str,
    two_threads: &'a str,
}

impl<'a> Figures<'a> {
    fn new(line: &'a str) -> Self {
        let cells: Vec<&str> = line.split(',').collect();
        let [_, _, _, library, version, case, median, _, _, _, _, allocations, _, one, two] =
            cells[..]
        else {
            panic!("{line}")
        };
        let library = format!("{library} {version}");
        Self { library, case, median, allocations, one_thread: one, two_threads: two }
    }
}

fn line(first: &str, cells: impl Iterator<Item = String>) -> String {
    let cells = cells.map(|cell| if cell.is_empty() { " |".into() } else { format!(" {cell} |") });
    format!("| {first} |{}\n", cells.collect::<String>())
}

/// A thousandth, with three digits: of nanoseconds, microseconds.
fn thousands(figure: &str) -> Option<String> {
    let thousands = figure.parse::<f64>().ok()? / 1000.0;
    let digits = match thousands {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    Some(format!("{thousands:.digits$}"))
}
