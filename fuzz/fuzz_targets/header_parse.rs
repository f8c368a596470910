//! A header is accepted if and only if the oracle finds one strict JSON object with a supported `alg`
//! and no forbidden parameter; `kid` and `typ` are then those that the oracle finds.
#![no_main]

libfuzzer_sys::fuzz_target!(|json: &[u8]| {
    tokenring_fuzz::header_parse(json);
});
