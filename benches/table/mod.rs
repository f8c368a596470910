//! A table of comparisons with ring, in which the two take turns.
#![allow(dead_code, reason = "each bench uses a part of it")]

use std::{hint::black_box, time::Instant};

use crate::samples::Sample;

/// Prints one row for each comparison.
pub(crate) struct Table {
    rounds: usize,
}

impl Table {
    /// Prints the head. If this run is a test, there is only one round.
    pub(crate) fn begin() -> Self {
        // `cargo bench` passes `--bench`; `cargo test --benches` does not.
        let rounds = if std::env::args().any(|argument| argument == "--bench") { 1600 } else { 1 };
        let table = Self { rounds };
        table.head();
        table
    }

    /// Whether this run is for figures, and not a test.
    pub(crate) fn counts(&self) -> bool {
        self.rounds > 1
    }

    fn head(&self) {
        println!(
            "{} rounds of {FEW} calls each, in turns. Times are medians; then the",
            self.rounds
        );
        println!("quartiles of the ratio of the two halves of a round; last the ratio of the");
        println!(
            "fastest times (first percentiles), which other work on the machine hardly touches.\n"
        );
        println!(
            "{:30} {:>9} {:>9}   {:>7} {:>7} {:>7}   {:>7}",
            "", "this, ns", "ring, ns", "q1", "median", "q3", "fastest"
        );
    }

    pub(crate) fn title(&self, title: &str) {
        println!("\n{title}");
    }

    /// Times `calls` of `ours` in each round, in turns with ring's part of verifying `sample`.
    pub(crate) fn row(&self, name: &str, sample: &Sample, calls: usize, ours: impl Fn(&str)) {
        let token = sample.token.as_str();
        self.compare(name, calls, || ours(black_box(token)), || sample.ring(black_box(token)));
    }

    /// The same with any part of ring's.
    pub(crate) fn compare(&self, name: &str, calls: usize, ours: impl Fn(), ring: impl Fn()) {
        self.beside(name, || per_call(calls, &ours), || per_call(FEW, &ring));
    }

    /// Times `calls` of `ours` in each round, in turns with as many of `other`, which stands in ring's columns.
    pub(crate) fn pair(&self, name: &str, calls: usize, ours: impl Fn(), other: impl Fn()) {
        self.beside(name, || per_call(calls, &ours), || per_call(calls, &other));
    }

    /// Both return nanoseconds.
    fn beside(&self, name: &str, ours: impl Fn() -> f64, other: impl Fn() -> f64) {
        let (mut times, mut other_times, mut ratios) = (vec![], vec![], vec![]);
        // The first round warms up and is not counted.
        for round in 0..=self.rounds {
            // Neither of the two is always first.
            let (time, other_time) = if round % 2 == 0 {
                let time = ours();
                (time, other())
            } else {
                let other_time = other();
                (ours(), other_time)
            };
            if round > 0 {
                times.push(time);
                other_times.push(other_time);
                ratios.push(time / other_time);
            }
        }
        for samples in [&mut times, &mut other_times, &mut ratios] {
            samples.sort_by(f64::total_cmp);
        }
        print!("  {name:28} {:>9.0} {:>9.0}  ", at(&times, 50), at(&other_times, 50));
        for percent in [25, 50, 75] {
            print!(" {:>7.4}", at(&ratios, percent));
        }
        println!("   {:>7.4}", at(&times, 1) / at(&other_times, 1));
    }
}

/// Nanoseconds per call.
fn per_call(calls: usize, call: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    start.elapsed().as_nanos() as f64 / calls as f64
}

/// The percentile of the `sorted` values.
fn at(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// Calls in one half of a round: few, so that both halves see the same machine.
pub(crate) const FEW: usize = 5;

/// The same for calls that take well under a microsecond.
pub(crate) const MANY: usize = 100;
