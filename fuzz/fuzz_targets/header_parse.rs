//! A header is accepted if and only if a second reading finds it one strict JSON object that says
//! an algorithm of the crate and nothing forbidden, and then both readings agree on `kid` and `typ`.
#![no_main]

libfuzzer_sys::fuzz_target!(|json: &[u8]| {
    tokenring_fuzz::header_parse(json);
});
