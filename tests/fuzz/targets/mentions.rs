//! Mentions are in the text, once each.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("mentions", input));
