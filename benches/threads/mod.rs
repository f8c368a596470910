//! How much two threads get done beside one.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use crate::table::Table;

/// Prints what one thread and two threads get done of `call`, in turns.
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

/// Calls a second, of as many threads as asked for, all at once.
fn throughput(threads: usize, call: &(impl Fn() + Sync)) -> f64 {
    let start = Barrier::new(threads);
    let run = || {
        start.wait();
        let begin = Instant::now();
        let mut calls = 0_u32;
        while begin.elapsed() < RUN {
            for _ in 0..100 {
                call();
            }
            calls += 100;
        }
        f64::from(calls) / begin.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

const RUN: Duration = Duration::from_millis(100);
