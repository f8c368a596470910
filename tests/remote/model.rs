//! Random sequences of operations, compared with a model of the rules. The fuzz target `remote_keys`
//! uses the same model.

use crate::{
    oracle::{self, Reached},
    random::Random,
};

#[test]
fn random_sequences_of_operations_go_as_the_rules_say() {
    let runs: Vec<Reached> = (1..=80).map(|seed| oracle::run(&script(seed, 100))).collect();
    // A situation that is seldom reached would not be tested.
    let situations: [fn(&Reached) -> usize; 9] = [
        |run| run.found,
        |run| run.stale,
        |run| run.unknown,
        |run| run.unavailable,
        |run| run.waits,
        |run| run.second_attempts,
        |run| run.dropped,
        |run| run.dead,
        |run| run.ended,
    ];
    let reached = situations.map(|count| runs.iter().map(count).sum::<usize>());
    assert!(reached.iter().all(|&count| count >= 40), "{reached:?}");
}

/// A script for [`oracle::run`], with the default settings and so many operations.
fn script(seed: u64, operations: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut script = vec![0; 7];
    for _ in 0..operations {
        let which = random.below(20);
        let mut byte = |choices: &[u8]| random.pick(choices);
        let kid = byte(&[0, 0, 1, 2, 3, 5]);
        let [one, other] = [(); 2].map(|()| byte(ANSWERS));
        match which {
            0..=5 => script.extend([LOOK_UP, kid]),
            // The answers that it does not need are read as operations that do nothing.
            6 => script.extend([BLOCK, kid, byte(&[11, 27]), byte(&[11, 27])]),
            7..=8 => script.extend([TRY, kid]),
            9..=12 => script.extend([ADVANCE, byte(TIMES)]),
            13 => script.extend([JUMP, byte(&[0, 1, 2, 3, 4, 5, 6, 7])]),
            14..=16 => script.extend([ANSWER, 0, one]),
            17 => script.extend([PRIME, one]),
            18 => script.extend([REFRESH, one, other]),
            _ => script.extend([byte(&[DROP, JITTER]), byte(&[0, 1, 2, 3, 4])]),
        }
    }
    script
}

const LOOK_UP: u8 = 0;
const BLOCK: u8 = 2;
const TRY: u8 = 3;
const ADVANCE: u8 = 5;
const JUMP: u8 = 8;
const ANSWER: u8 = 9;
const DROP: u8 = 12;
const PRIME: u8 = 13;
const REFRESH: u8 = 14;
const JITTER: u8 = 15;

/// Mostly usable key sets, then one that burns a key, two without a usable key, failures and a panic.
const ANSWERS: &[u8] = &[5, 6, 6, 7, 8, 8, 9, 11, 12, 13, 0, 1, 20, 21, 22, 27, 29, 30, 23];

/// To each time at which something changes, a nanosecond before and after it, and other steps.
const TIMES: &[u8] = &[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 120, 121, 122,
    123, 124,
];
