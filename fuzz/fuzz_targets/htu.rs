//! `htu` is the URI of a request if and only if a second normalizer finds them equal.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| {
    tokenring_fuzz::htu(input);
});
