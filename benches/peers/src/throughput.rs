//! How much one thread and two threads get done.

#[path = "../../threads/rate.rs"]
mod rate;

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
                rates.push(rate::throughput(threads, &|| contenders[index].call()));
            }
        }
    }
    rates.iter_mut().map(|rates| rates.each_mut().map(|rates| at(rates, 50))).collect()
}
