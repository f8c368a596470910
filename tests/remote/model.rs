//! Random sequences of operations, compared with a model of the rules. The fuzz target `remote_keys`
//! uses the same model.

use crate::{
    oracle::{self, Reached},
    random::Random,
};

#[test]
fn random_sequences_of_operations_go_as_the_rules_say() {
    let runs: Vec<Reached> = (1..=80).map(|seed| oracle::run(&script(seed, 100, false))).collect();
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

#[test]
fn random_sequences_with_discovery_go_as_the_rules_say() {
    let runs: Vec<Reached> = (1..=80).map(|seed| oracle::run(&script(seed, 100, true))).collect();
    let situations: [fn(&Reached) -> usize; 4] =
        [|run| run.moved, |run| run.confirmed, |run| run.metadata_absent, |run| run.dead];
    let reached = situations.map(|count| runs.iter().map(count).sum::<usize>());
    assert!(reached.iter().all(|&count| count >= 40), "{reached:?}");
}

/// A script for [`oracle::run`], with the default settings and so many operations.
fn script(seed: u64, operations: usize, discovery: bool) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut script = vec![u8::from(discovery), 0, 0, 0, 0, 0, 0];
    for _ in 0..operations {
        let which = random.below(20);
        let mut byte = |choices: &[u8]| random.pick(choices);
        let kid = byte(&[0, 0, 1, 2, 3, 5]);
        let mut replies = |key_set: &[u8]| match discovery {
            false => vec![byte(key_set)],
            true => vec![byte(key_set), byte(METADATA), byte(METADATA)],
        };
        let [one, other] = [(); 2].map(|()| replies(ANSWERS));
        let [first, second] = [(); 2].map(|()| replies(&[11, 27]));
        match which {
            0..=5 => script.extend([LOOK_UP, kid]),
            // The answers that it does not need are read as operations that do nothing.
            6 => script.extend([vec![BLOCK, kid], first, second].concat()),
            7..=8 => script.extend([TRY, kid]),
            9..=12 => script.extend([ADVANCE, byte(TIMES)]),
            13 => script.extend([JUMP, byte(&[0, 1, 2, 3, 4, 5, 6, 7])]),
            14..=16 => script.extend([vec![ANSWER, 0], one].concat()),
            17 => script.extend([vec![PRIME], one].concat()),
            18 => script.extend([vec![REFRESH], one, other].concat()),
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

/// Metadata that names one of two key sets, mostly; metadata that is refused; and none.
const METADATA: &[u8] = &[0, 0, 0, 5, 5, 9, 10, 11, 13, 14, 15, 18, 19, 20, 23, 24, 29];

/// To each time at which something changes, a nanosecond before and after it, and other steps.
const TIMES: &[u8] = &[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    26, 120, 121, 122, 123, 124,
];
