//! Records of journals are found, and what they tell fits together.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("journal", input));
