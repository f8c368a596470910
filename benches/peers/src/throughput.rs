//! How much one thread and two threads get done.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use crate::{
    contest::Contender,
    measure::{at, shuffled},
};

/// Calls a second of each contender, of one thread and of two: medians of rounds taken in turns.
pub fn throughput(contenders: &[Contender<'_>], rounds: usize) -> Vec<[f64; 2]> {
    let mut rates = vec![[vec![], vec![]]; contenders.len()];
    for round in 0..rounds {
        for index in shuffled(contenders.len(), round) {
            for (threads, rates) in (1..).zip(&mut rates[index]) {
                rates.push(rate(threads, &contenders[index]));
            }
        }
    }
    rates.iter_mut().map(|rates| rates.each_mut().map(|rates| at(rates, 50))).collect()
}

/// Calls a second, of so many threads at once.
fn rate(threads: usize, contender: &Contender<'_>) -> f64 {
    let start = Barrier::new(threads);
    let run = || {
        start.wait();
        let begin = Instant::now();
        let mut calls = 0_u32;
        while begin.elapsed() < RUN {
            for _ in 0..FEW {
                contender.call();
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

/// Calls between two looks at the clock.
const FEW: u32 = 16;
