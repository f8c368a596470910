//! The memory of used proofs answers as a set of live proofs does, and admits none twice.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    tokenring_fuzz::replay_memory(script);
});
