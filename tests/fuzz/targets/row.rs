//! Stored rows are none of their table, or read back as they are written.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("row", input));
