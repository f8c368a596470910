//! Replays the seeds and the corpus without a fuzzer, on the stable toolchain, with `--cfg fuzzing`.

use std::{collections::BTreeSet, fs, path::Path, str, thread};

use tokenring_fuzz::{
    corpus,
    seeds::{self, TARGETS},
};

/// The name of each seed says whether it is accepted.
#[test]
fn property_holds_for_every_seed_and_the_named_ones_are_accepted() {
    for seed in seeds::all() {
        let accepted = run(seed.target, &seed.bytes);
        let (target, name) = (seed.target, seed.name);
        assert_eq!(accepted, name.starts_with("accepted_"), "{target}/{name}");
    }
}

/// One thread for each target.
#[test]
fn property_holds_for_the_whole_corpus() {
    thread::scope(|scope| {
        for target in TARGETS {
            scope.spawn(move || {
                let inputs = corpus::inputs(target);
                assert!(inputs.len() > 10, "{target}");
                for input in inputs {
                    run(target, &input);
                }
            });
        }
    });
}

#[test]
fn committed_corpus_is_as_pack_writes_it() {
    for target in TARGETS {
        let file = fs::read_to_string(corpus::file(target)).unwrap();
        assert!(file == corpus::text(&corpus::inputs(target)), "{target}");
    }
}

#[test]
fn both_verdicts_are_among_the_seeds_of_every_target_that_has_both() {
    for target in TARGETS {
        let seeds: Vec<_> = seeds::all().into_iter().filter(|seed| seed.target == target).collect();
        let accepted = seeds.iter().filter(|seed| seed.name.starts_with("accepted_")).count();
        assert_eq!(accepted > 0, target != "verify_never_accepts", "{target}");
        assert!(accepted < seeds.len(), "{target}");
    }
}

#[test]
fn seeds_are_the_same_every_time_and_no_two_of_a_target_have_one_name() {
    let seeds = seeds::all();
    assert_eq!(seeds, seeds::all());
    let names: BTreeSet<_> = seeds.iter().map(|seed| (seed.target, seed.name)).collect();
    assert_eq!(names.len(), seeds.len());
}

#[test]
fn unpacked_directories_hold_every_seed_and_the_whole_corpus() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unpacked");
    if root.exists() {
        fs::remove_dir_all(&root).unwrap();
    }
    corpus::unpack(&root).unwrap();
    for target in TARGETS {
        let files = fs::read_dir(root.join(target)).unwrap();
        let mut found: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        let seeds = seeds::all().into_iter().filter(|seed| seed.target == target);
        let mut expected: Vec<_> = seeds.map(|seed| seed.bytes).collect();
        expected.extend(corpus::inputs(target));
        found.sort();
        expected.sort();
        assert!(found == expected, "{target}");
    }
}

fn run(target: &str, bytes: &[u8]) -> bool {
    match target {
        "compact_parse" => tokenring_fuzz::compact_parse(text(bytes)),
        "header_parse" => tokenring_fuzz::header_parse(bytes),
        "jwk_set_parse" => tokenring_fuzz::jwk_set_parse(bytes),
        "claims_check" => tokenring_fuzz::claims_check(bytes),
        "verify_never_accepts" => tokenring_fuzz::verify_never_accepts(bytes),
        "mutate_signed" => tokenring_fuzz::mutate_signed(bytes),
        "explain_verdict" => tokenring_fuzz::explain_verdict(bytes),
        "bearer_values" => tokenring_fuzz::bearer_values(bytes),
        "base64url_decode" => tokenring_fuzz::base64url_decode(text(bytes)),
        "several_issuers" => tokenring_fuzz::several_issuers(bytes),
        "cache_changes_nothing" => tokenring_fuzz::cache_changes_nothing(bytes),
        "remote_keys" => tokenring_fuzz::remote_keys(bytes),
        other => panic!("no target {other}"),
    }
}

/// The longest UTF-8 prefix of an input: the text that libFuzzer gives to a target of texts.
fn text(bytes: &[u8]) -> &str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap(),
    }
}
