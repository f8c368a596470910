//! Replays the seeds and the corpus without a fuzzer: on the stable toolchain.

use std::{collections::BTreeMap, fs, path::Path, str, thread};

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
fn committed_seeds_are_those_that_make_seeds_writes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let mut committed = BTreeMap::new();
    for target in TARGETS {
        for entry in fs::read_dir(root.join(target)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            committed.insert((target, name), fs::read(path).unwrap());
        }
    }
    let made: BTreeMap<_, _> = seeds::all()
        .into_iter()
        .map(|seed| ((seed.target, seed.name.to_owned()), seed.bytes))
        .collect();
    assert_eq!(made.len(), seeds::all().len(), "two seeds have one name");
    assert!(committed == made, "run the example make_seeds");
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

/// The text at the beginning of an input, which is all that a target of texts gets.
fn text(bytes: &[u8]) -> &str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap(),
    }
}
