//! Objects inside activities.

use serde::Serialize;

use super::TEXT_MAX;
use crate::form::{Field, Form, FromForm};
use crate::id::AnyId;

/// Last millisecond of the year 9999, after which libraries cannot tell dates.
const TIME_MAX: i64 = 253_402_300_799_999;
/// Characters of the name of an emoji.
const EMOJI_MAX: usize = 32;
/// Characters of a key of an image, or its address.
const IMAGE_MAX: usize = 313;
/// Characters of an address behind an image.
const LINK_MAX: usize = 256;
/// Buttons that one activity has at most, and characters of a label.
const BUTTONS_MAX: usize = 2;
const LABEL_MAX: usize = 32;
/// Bits of flags that mean something: 0 to 8.
const FLAGS: u32 = 0x1ff;

/// When an activity began and when it will end, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Timestamps {
    /// Beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// End.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
}

impl FromForm for Timestamps {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let time = |key| form.field(key).number(0..=TIME_MAX);
        let (start, end) = (time("start"), time("end"));
        (start.is_some() || end.is_some()).then_some(Self { start, end })
    }
}

/// Emoji of a custom status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActivityEmoji {
    /// Name, or the characters of a Unicode emoji.
    pub name: String,
    /// Custom emoji.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<AnyId>,
    /// Tells whether it moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub animated: Option<bool>,
}

impl FromForm for ActivityEmoji {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let id = form.field("id").id();
        let name = form.field("name").words(EMOJI_MAX)?;
        Some(Self { name, id, animated: form.field("animated").flag().filter(|_| id.is_some()) })
    }
}

/// What few activities have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rich {
    /// Who plays together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// Images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assets: Option<Assets>,
    /// Secrets to join by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Secrets>,
    /// Tells whether it is one round of a game.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<bool>,
    /// What can be done with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags: Option<u32>,
    /// Labels of up to 2 buttons; where they lead is not told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<String>,
}

impl FromForm for Rich {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let flags = form.field("flags").number::<u32>(0..=i32::MAX.into());
        let rich = Self {
            party: form.field("party").form(),
            assets: form.field("assets").form(),
            secrets: form.field("secrets").form(),
            instance: form.field("instance").flag(),
            flags: flags.map(|flags| flags & FLAGS),
            buttons: form.field("buttons").list(0..=BUTTONS_MAX, label).unwrap_or_default(),
        };
        (rich != Self::default()).then_some(rich)
    }
}

/// Reads a button: its label, alone or in an object.
fn label(button: &Field<'_>) -> Option<String> {
    if button.value()?.is_object() {
        return button.object(|form| form.field("label").text(1..=LABEL_MAX));
    }
    button.text(1..=LABEL_MAX)
}

/// Who plays together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Party {
    /// Its id, up to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How many there are, and how many there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[u32; 2]>,
}

impl FromForm for Party {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        let number = |item: &Field<'_>| item.number::<u32>(0..=i32::MAX.into());
        let size = form.field("size").list(2..=2, number);
        let size = size.and_then(|size| <[u32; 2]>::try_from(size).ok());
        let id = form.field("id").words(TEXT_MAX);
        (id.is_some() || size.is_some()).then_some(Self { id, size })
    }
}

/// Returns the key of a field whose name is a word of Rust.
fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($(#[$key_doc:meta])* $key:ident: $max:expr,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct $name {
            $(
                $(#[$key_doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $key: Option<String>,
            )+
        }

        impl FromForm for $name {
            fn from_form(form: &Form<'_>) -> Option<Self> {
                let texts = Self { $($key: form.field(plain(stringify!($key))).words($max),)+ };
                (texts != Self::default()).then_some(texts)
            }
        }
    };
}

texts!(
    /// Images of an activity.
    Assets {
        /// Key or address of the large image.
        large_image: IMAGE_MAX,
        /// Text over it.
        large_text: TEXT_MAX,
        /// Where it leads.
        large_url: LINK_MAX,
        /// Key or address of the small image.
        small_image: IMAGE_MAX,
        /// Text over it.
        small_text: TEXT_MAX,
        /// Where it leads.
        small_url: LINK_MAX,
    }
);
texts!(
    /// Secrets to join by.
    Secrets {
        /// To join.
        join: TEXT_MAX,
        /// To watch.
        spectate: TEXT_MAX,
        /// To join one round.
        r#match: TEXT_MAX,
    }
);
