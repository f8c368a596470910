//! The results as a table and as CSV.

use crate::{
    environment::{date, processor, toolchain, version},
    measure::Timing,
};

/// One library with one sample.
pub struct Row {
    pub library: &'static str,
    pub case: &'static str,
    pub timing: Timing,
    pub allocations: Allocations,
    /// Calls per second of one thread and of two, if measured.
    pub throughput: Option<[f64; 2]>,
}

/// The allocations of one call.
#[derive(Clone, Copy)]
pub struct Allocations {
    pub count: u64,
    pub bytes: u64,
}

impl Row {
    /// The figures, in the order of [`MEASURED`].
    fn figures(&self) -> [String; 9] {
        let Timing { median, q1, q3, p99, ratio } = self.timing;
        let rate = |index: usize| self.throughput.map(|both| format!("{:.0}", both[index]));
        [
            format!("{median:.0}"),
            format!("{q1:.0}"),
            format!("{q3:.0}"),
            format!("{p99:.0}"),
            format!("{ratio:.4}"),
            self.allocations.count.to_string(),
            self.allocations.bytes.to_string(),
            rate(0).unwrap_or_default(),
            rate(1).unwrap_or_default(),
        ]
    }
}

/// Prints the description and the head of the table.
pub fn print_head() {
    println!("{HEAD}");
    println!("{}, {}, {}", date(), processor(), toolchain());
}

/// Prints the rows of one case.
pub fn print_case(rows: &[Row]) {
    let case = rows.first().map_or("", |row| row.case);
    let line = |name: &str, cells: [&str; 9]| {
        print!("{name:38}");
        cells.iter().for_each(|cell| print!(" {cell:>9}"));
        println!();
    };
    println!();
    line(case, ["median", "q1", "q3", "p99", "ratio", "allocs", "bytes", "1 thread", "2 threads"]);
    for row in rows {
        let name = format!("  {} {}", row.library, version(row.library));
        line(&name, row.figures().each_ref().map(String::as_str));
    }
}

/// All rows, with their date and environment.
pub fn csv(rows: &[Row]) -> String {
    let machine = [date(), processor(), toolchain()].map(|cell| cell.replace(',', ";"));
    let lines = rows.iter().map(|row| {
        let name = format!("{},{},{}", row.library, version(row.library), row.case);
        format!("{},{name},{}\n", machine.join(","), row.figures().join(","))
    });
    format!("{COLUMNS}\n{}", lines.collect::<String>())
}

/// The first line of the CSV.
const COLUMNS: &str = "date,processor,toolchain,library,version,case,median_ns,q1_ns,q3_ns,p99_ns,\
    ratio_to_ring,allocations,bytes,calls_per_s_1_thread,calls_per_s_2_threads";

const HEAD: &str = "\
All libraries take turns. Nanoseconds a call: median and quartiles of short batches; p99 of calls
timed one by one. The ratio is to ring's bare verification of an accepted signature in the same
round. Allocations are Rust's: what aws-lc and BoringSSL take by malloc is not seen. Last, accepted
tokens a second on one thread and on two.
";
