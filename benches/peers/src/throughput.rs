//! The throughput of one thread and of two.

#[path = "../../threads/rate.rs"]
mod rate;

use crate::{
    contest::Contender,
    measure::{at, shuffled},
};

/// Calls per second of each contender with one thread and with two: medians of rounds in turns.
pub fn throughput(contenders: &[Contender<'_>], rounds: usize) -> Vec<[f64; 2]> {
    let mut rates = vec![[vec![], vec![]]; contenders.len()];
    for round in 0..rounds {
        for index in shuffled(contenders.len(), round) {
            for (threads, rates) in (1..).zip(&mut rates[index]) {
                rates.push(rate::throughput(threads, &|| contenders[index].call()));
            }
        }
    }
    rates.iter_mut().map(|rates| rates.each_mut().map(|rates| at(rates, 50))).collect()
}
