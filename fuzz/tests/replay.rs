//! Replays the seeds and the corpus without a fuzzer, on the stable toolchain.

use std::{collections::BTreeSet, fs, path::Path, thread};

use tokenring_fuzz::{TARGETS, corpus};

/// The name of each seed says whether it is accepted.
#[test]
fn property_holds_for_every_seed_and_the_named_ones_are_accepted() {
    for target in TARGETS {
        for (name, input) in (target.seeds)() {
            let accepted = (target.run)(&input);
            assert_eq!(accepted, name.starts_with("accepted_"), "{}/{name}", target.name);
        }
    }
}

/// One thread for each target.
#[test]
fn property_holds_for_the_whole_corpus() {
    thread::scope(|scope| {
        for target in TARGETS {
            scope.spawn(move || {
                let inputs = corpus::inputs(target.name);
                assert!(inputs.len() > 10, "{}", target.name);
                for input in inputs {
                    (target.run)(&input);
                }
            });
        }
    });
}

#[test]
fn committed_corpus_is_as_pack_writes_it() {
    for target in TARGETS.map(|target| target.name) {
        let file = fs::read_to_string(corpus::file(target)).unwrap();
        assert!(file == corpus::text(&corpus::inputs(target)), "{target}");
    }
}

#[test]
fn both_verdicts_are_among_the_seeds_of_every_target_that_has_both() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        let accepted = seeds.iter().filter(|(name, _)| name.starts_with("accepted_")).count();
        assert_eq!(accepted > 0, target.name != "verify_never_accepts", "{}", target.name);
        assert!(accepted < seeds.len(), "{}", target.name);
    }
}

#[test]
fn seeds_are_the_same_every_time_and_no_two_of_a_target_have_one_name() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds == (target.seeds)(), "{}", target.name);
        let names: BTreeSet<_> = seeds.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), seeds.len(), "{}", target.name);
    }
}

#[test]
fn unpacked_directories_hold_every_seed_and_the_whole_corpus() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unpacked");
    if root.exists() {
        fs::remove_dir_all(&root).unwrap();
    }
    corpus::unpack(&root).unwrap();
    for target in TARGETS {
        let files = fs::read_dir(root.join(target.name)).unwrap();
        let mut found: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        let mut expected: Vec<_> = (target.seeds)().into_iter().map(|(_, input)| input).collect();
        expected.extend(corpus::inputs(target.name));
        found.sort();
        expected.sort();
        assert!(found == expected, "{}", target.name);
    }
}
