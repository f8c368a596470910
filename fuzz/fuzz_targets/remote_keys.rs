//! Every answer and every request of a remote key source are those of a model of its rules, for any
//! answers of the issuer and any passing of time.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    tokenring_fuzz::remote_keys(script);
});
