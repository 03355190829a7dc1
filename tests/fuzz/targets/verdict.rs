//! Answers of scripts are verdicts within their bounds, or mistakes that are told.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("verdict", input));
