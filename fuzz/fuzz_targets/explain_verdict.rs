//! The explanation's verdict is the verifier's, and its text contains no signature and no subject.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tokenring_fuzz::explain_verdict(bytes);
});
