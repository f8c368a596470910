//! Times, taken in turns.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Instant,
};

use crate::contest::Contender;

/// How often.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Rounds of one batch of each contender.
    pub rounds: usize,
    /// Calls of each contender that are timed one by one.
    pub singles: usize,
    /// Rounds of throughput.
    pub throughput_rounds: usize,
}

impl Effort {
    /// For figures: about four minutes.
    pub const FULL: Self = Self { rounds: 4_000, singles: 20_000, throughput_rounds: 40 };
    /// To see that everything works: about ten seconds.
    pub const QUICK: Self = Self { rounds: 20, singles: 100, throughput_rounds: 1 };
}

/// Of one contender, in nanoseconds a call.
pub struct Timing {
    pub median: f64,
    pub q1: f64,
    pub q3: f64,
    /// Of calls timed one by one, nearly each after one of another contender.
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

/// Nanoseconds a call of each contender in each round.
fn in_turns(
    contenders: &[Contender<'_>],
    rounds: usize,
    calls: impl Fn(&Contender<'_>) -> u32,
) -> Vec<Vec<f64>> {
    let mut times = vec![vec![]; contenders.len()];
    // The first round warms up and is not counted.
    for round in 0..=rounds {
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

/// The numbers below `count`, in an order of each round's own: nobody is always first, and nobody
/// always comes after one that leaves the same code in the processor's caches.
pub(crate) fn shuffled(count: usize, round: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|index| {
        let mut hasher = DefaultHasher::new();
        (round, index).hash(&mut hasher);
        hasher.finish()
    });
    order
}

/// The value that so many percent of `samples` do not exceed.
pub(crate) fn at(samples: &mut [f64], percent: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[(samples.len() - 1) * percent / 100]
}
