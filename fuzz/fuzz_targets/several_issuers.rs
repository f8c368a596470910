//! A verifier of two issuers has the same verdict on a token as a verifier of only the issuer that the
//! token names.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tokenring_fuzz::several_issuers(bytes);
});
