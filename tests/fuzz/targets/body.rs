//! Bodies are refused with a reason, or become messages that read back.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| throng_decoders::run("body", input));
