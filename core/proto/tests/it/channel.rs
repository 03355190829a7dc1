//! Names of channels.

use proptest::prelude::*;
use throng_proto::form::text::is_longer;
use throng_proto::model::ChannelKind;

#[test]
fn names_of_text_channels_are_one_word_in_lower_case() {
    for (given, right) in [
        ("general", "general"),
        ("Joey's Cool  Channel", "joeys-cool-channel"),
        ("  A\t\u{2009}B - - c  ", "a-b-c"),
        ("under_score--x", "under_score-x"),
        ("c++ & rust!", "c-rust"),
        ("ÄÖÜ Straße", "äöü-straße"),
        ("日本 チャンネル", "日本-チャンネル"),
        ("🎉 Party", "🎉-party"),
        ("!?", ""),
    ] {
        for kind in [ChannelKind::TEXT, ChannelKind::ANNOUNCEMENT, ChannelKind(15)] {
            assert_eq!(kind.name(given), right, "{given}");
        }
    }
    for kind in [ChannelKind::VOICE, ChannelKind::CATEGORY, ChannelKind::STAGE] {
        assert_eq!(kind.name("Joey's Cool  Channel"), "Joey's Cool  Channel");
    }
}

proptest! {
    #[test]
    fn a_plain_name_stays_as_it_is_and_within_its_bound(given in "\\PC{0,120}") {
        let name = ChannelKind::TEXT.name(&given);
        prop_assert!(!is_longer(&name, 100), "{name}");
        prop_assert!(!name.contains(char::is_whitespace) && !name.contains("--"), "{name}");
        prop_assert_eq!(ChannelKind::TEXT.name(&name), name);
    }
}
