//! Payloads are read or refused, and what a presence shows reads back.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("gateway", input));
