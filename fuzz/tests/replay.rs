//! Replays the seeds without a fuzzer: on the stable toolchain, with `--cfg fuzzing`.

use std::{collections::BTreeMap, fs, path::Path};

use tokenring_fuzz::seeds::{self, TARGETS};

/// The name of each seed says whether it is accepted.
#[test]
fn property_holds_for_every_seed_and_the_named_ones_are_accepted() {
    for seed in seeds::all() {
        let accepted = run(seed.target, &seed.bytes);
        let (target, name) = (seed.target, seed.name);
        assert_eq!(accepted, name.starts_with("accepted_"), "{target}/{name}");
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
        "compact_parse" => tokenring_fuzz::compact_parse(std::str::from_utf8(bytes).unwrap()),
        "header_parse" => tokenring_fuzz::header_parse(bytes),
        "jwk_set_parse" => tokenring_fuzz::jwk_set_parse(bytes),
        "claims_check" => tokenring_fuzz::claims_check(bytes),
        "verify_never_accepts" => tokenring_fuzz::verify_never_accepts(bytes),
        "mutate_signed" => tokenring_fuzz::mutate_signed(bytes),
        "explain_verdict" => tokenring_fuzz::explain_verdict(bytes),
        "bearer_values" => tokenring_fuzz::bearer_values(bytes),
        "base64url_decode" => tokenring_fuzz::base64url_decode(std::str::from_utf8(bytes).unwrap()),
        "several_issuers" => tokenring_fuzz::several_issuers(bytes),
        "cache_changes_nothing" => tokenring_fuzz::cache_changes_nothing(bytes),
        "remote_keys" => tokenring_fuzz::remote_keys(bytes),
        other => panic!("no target {other}"),
    }
}
