//! The throughput of two threads, relative to one.

mod rate;

use crate::table::Table;
use rate::throughput;

/// Prints how many `call`s per second one thread and two threads make, in turns.
pub(crate) fn compare(name: &str, table: &Table, call: impl Fn() + Sync) {
    let rounds = if table.counts() { 20 } else { 1 };
    let mut ratios: Vec<(f64, f64, f64)> = (0..rounds)
        .map(|_| {
            let (one, two) = (throughput(1, &call), throughput(2, &call));
            (two / one, one, two)
        })
        .collect();
    ratios.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, one, two) = ratios[rounds / 2];
    let (least, most) = (ratios[0].0, ratios[rounds - 1].0);
    println!("  {name}: 1 thread {one:.0}, 2 threads {two:.0}, {ratio:.3} times as many");
    println!("  (median of {rounds} rounds, from {least:.3} to {most:.3})");
}
