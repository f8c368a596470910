//! The issuer of the trial run: prints the URL of its key set, its own, the audience and a good token, and
//! ends with its standard input.

use std::io::{Read as _, stdin};

use tokenring::testkit::{AUDIENCE, IssuerServer};

fn main() {
    let issuer = IssuerServer::start();
    for line in [issuer.jwks_url(), issuer.url(), AUDIENCE.into(), issuer.token().mint()] {
        println!("{line}");
    }
    let _ended = stdin().read_to_end(&mut vec![]);
}
