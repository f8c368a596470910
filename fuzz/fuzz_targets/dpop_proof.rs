//! A proof is accepted, once, if and only if every rule is satisfied.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    tokenring_fuzz::dpop_proof(script);
});
