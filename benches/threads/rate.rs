//! The throughput of threads.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

/// Calls per second of this many threads together.
pub(crate) fn throughput(threads: usize, call: &(impl Fn() + Sync)) -> f64 {
    let start = Barrier::new(threads);
    let run = || {
        start.wait();
        let begin = Instant::now();
        let mut calls = 0_u32;
        while begin.elapsed() < RUN {
            for _ in 0..FEW {
                call();
            }
            calls += FEW;
        }
        f64::from(calls) / begin.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

const RUN: Duration = Duration::from_millis(100);

/// Calls between two readings of the clock.
const FEW: u32 = 16;
