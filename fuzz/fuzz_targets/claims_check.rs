//! A payload is accepted if and only if the oracle finds that it satisfies every rule of the policy at
//! that time; the error of a refusal and the returned claims are those that the oracle finds.
#![no_main]

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    tokenring_fuzz::claims_check(payload);
});
