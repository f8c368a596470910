//! Firmware that checks tokens: built for a target that has no `std`, where anything that needs it
//! fails to compile.
#![no_std]

use tokenring::{JwkSet, Policy, UnixTime, Verified, Verifier, VerifyError};

getrandom::register_custom_getrandom!(no_random_numbers);

/// *ring* asks for random numbers to sign, which a verifier does not.
fn no_random_numbers(_: &mut [u8]) -> Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}

/// The whole way of a token, with the time of the machine's own clock.
pub fn verify(token: &str, keys: JwkSet, seconds: u64) -> Result<Verified, VerifyError> {
    let policy = Policy::new("https://issuer.example/", "api");
    let verifier = Verifier::new(policy, keys).expect("the policy is in order");
    verifier.verify_at(token, UnixTime::from_secs(seconds))
}
