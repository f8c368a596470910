//! Prints a good RSA-2048 token, valid for a day, with its key and policy, as one JSON object.

use peers::samples::{LEEWAY, issuer, token};
use serde_json::json;
use tokenring::testkit::AUDIENCE;

fn main() {
    let issuer = issuer();
    let all = json!({
        "token": token(&issuer).mint(),
        "jwk": issuer.keys()[0].jwk(),
        "issuer": issuer.url(),
        "audience": AUDIENCE,
        "leeway": LEEWAY.as_secs(),
    });
    println!("{all}");
}
