//! A key in PEM or DER is accepted if and only if the oracle accepts it, and it has the oracle's numbers.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    tokenring_fuzz::pem_parse(input);
});
