//! A verifier of two issuers says of a token what the verifier of the one that it names says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tokenring_fuzz::several_issuers(bytes);
});
