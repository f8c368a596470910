//! Timing in turns.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Instant,
};

use crate::contest::Contender;

/// The number of rounds.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Rounds with one batch of each contender.
    pub rounds: usize,
    /// Calls of each contender that are timed one by one.
    pub singles: usize,
    /// Rounds of throughput.
    pub throughput_rounds: usize,
}

impl Effort {
    /// For results; takes about four minutes.
    pub const FULL: Self = Self { rounds: 4_000, singles: 20_000, throughput_rounds: 40 };
    /// To check that everything works; takes about ten seconds.
    pub const QUICK: Self = Self { rounds: 20, singles: 100, throughput_rounds: 1 };
}

/// The times of one contender, in nanoseconds per call.
pub struct Timing {
    pub median: f64,
    pub q1: f64,
    pub q3: f64,
    /// The p99 of single calls, nearly each of them after a call of another contender.
    pub p99: f64,
    /// The median of the ratios to the last contender's time in the same round.
    pub ratio: f64,
}

/// Times all of them in turns.
pub fn time(contenders: &[Contender<'_>], effort: Effort) -> Vec<Timing> {
    let mut batches = in_turns(contenders, effort.rounds, |contender| contender.batch);
    let mut singles = in_turns(contenders, effort.singles, |_| 1);
    let reference = batches.last().cloned().unwrap_or_default();
    batches
        .iter_mut()
        .zip(&mut singles)
        .map(|(batches, singles)| {
            let mut ratios: Vec<f64> =
                batches.iter().zip(&reference).map(|(time, reference)| time / reference).collect();
            Timing {
                ratio: at(&mut ratios, 50),
                median: at(batches, 50),
                q1: at(batches, 25),
                q3: at(batches, 75),
                p99: at(singles, 99),
            }
        })
        .collect()
}

/// Nanoseconds per call of each contender in each round.
fn in_turns(
    contenders: &[Contender<'_>],
    rounds: usize,
    calls: impl Fn(&Contender<'_>) -> u32,
) -> Vec<Vec<f64>> {
    let mut times = vec![vec![]; contenders.len()];
    // The first round warms up and is not counted.
    for round in 0..=rounds {
        contenders.iter().for_each(|contender| contender.prepare(calls(contender)));
        for index in shuffled(contenders.len(), round) {
            let time = per_call(&contenders[index], calls(&contenders[index]));
            if round > 0 {
                times[index].push(time);
            }
        }
    }
    times
}

fn per_call(contender: &Contender<'_>, calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        contender.call();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

/// The numbers below `count`, in another order in each round: no contender is always first, or
/// always follows one that leaves the same code in the processor's caches.
pub(crate) fn shuffled(count: usize, round: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|index| {
        let mut hasher = DefaultHasher::new();
        (round, index).hash(&mut hasher);
        hasher.finish()
    });
    order
}

/// The percentile of `samples`.
pub(crate) fn at(samples: &mut [f64], percent: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[(samples.len() - 1) * percent / 100]
}
