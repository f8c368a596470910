//! The example of a function that is started often, `examples/serverless.rs`.

use std::{env, fs, process};

use crate::fake::jwks;
use example::{Store, demonstrate};

#[path = "../../examples/serverless.rs"]
mod example;

/// What the example prints if the first start finds no key set that it can use.
const FROM_NOTHING: &str = "\
The first start has no keys:
  accepted: \"auth0|64b7f1c2a9d3e8f0b5c6a7d8\"
  stored a key set
  2 requests to the issuer
The second start has the stored keys, and the issuer is down:
  accepted: \"auth0|64b7f1c2a9d3e8f0b5c6a7d8\"
  refused: not_base64url
  2 requests to the issuer
The issuer has a new key, which the third start fetches for the first token:
  accepted: \"auth0|64b7f1c2a9d3e8f0b5c6a7d8\"
  accepted: \"auth0|64b7f1c2a9d3e8f0b5c6a7d8\"
  stored a key set
  4 requests to the issuer
The fourth start has the new key:
  accepted: \"auth0|64b7f1c2a9d3e8f0b5c6a7d8\"
  4 requests to the issuer
";

#[test]
fn each_start_has_the_keys_that_an_earlier_one_has_stored() {
    let directory = env::temp_dir().join(format!("tokenring-serverless-test-{}", process::id()));
    fs::create_dir(&directory).unwrap();
    let store = Store { file: directory.join("key_set") };
    let far_future = format!("{}\n{}", u64::MAX, jwks(&["a"]));
    let old = format!("0\n{}", jwks(&["a"]));
    for stored in ["", "\n", "0\n{\"keys\"", &far_future, &old] {
        fs::write(&store.file, stored).unwrap();
        let mut printed = Vec::new();
        demonstrate(&store, &mut printed).unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), FROM_NOTHING, "{stored}");
    }
    // Nothing is left behind but the file.
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn example_runs_with_nothing_configured() {
    example::main();
}
