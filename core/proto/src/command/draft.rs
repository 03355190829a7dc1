//! Messages to post, and edits of them.

use crate::form::{Form, FromForm};
use crate::id::AnyId;
use crate::mention::AllowedMentions;
use crate::model::{Component, Embed, MessageReference, Nonce};

/// Embeds of a message.
const EMBEDS_MAX: usize = 10;
/// Components of a message, those inside others among them.
const COMPONENTS_MAX: usize = 40;
/// Files of a message.
const ATTACHMENTS_MAX: usize = 10;

/// SUPPRESS_EMBEDS: embeds are not shown.
pub const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// SUPPRESS_NOTIFICATIONS: nobody is disturbed.
pub const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
/// IS_COMPONENTS_V2: the message consists of components alone.
pub const COMPONENTS_V2: u64 = 1 << 15;

/// A message to post.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageDraft {
    /// Text; how long it may be is the guild's to say.
    pub content: Option<String>,
    /// At most 25 characters, or an integer.
    pub nonce: Option<Nonce>,
    /// The same author and nonce within minutes answer with the first message.
    pub enforce_nonce: bool,
    /// Text to speech.
    pub tts: bool,
    /// At most 10.
    pub embeds: Vec<Embed>,
    /// Which mentions count.
    pub allowed_mentions: Option<AllowedMentions>,
    /// What the message answers.
    pub message_reference: Option<MessageReference>,
    /// Components.
    pub components: Vec<Component>,
    /// Bit set, of which only [`SUPPRESS_EMBEDS`], [`SUPPRESS_NOTIFICATIONS`] and
    /// [`COMPONENTS_V2`] are kept.
    pub flags: u64,
    /// Post also when the answered message is gone, and answer nothing then: the opposite of
    /// `fail_if_not_exists`, which stands inside the reference.
    pub reference_optional: bool,
}

impl FromForm for MessageDraft {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.unserved(&["sticker_ids", "poll", "shared_client_theme"]);
        refuse_files(form);
        let reference = form.field("message_reference");
        let must_exist = reference.object(|form| form.field("fail_if_not_exists").flag());
        Some(Self {
            content: form.field("content").text(0..=usize::MAX),
            nonce: Nonce::read(&form.field("nonce")),
            enforce_nonce: form.field("enforce_nonce").flag().unwrap_or_default(),
            tts: form.field("tts").flag().unwrap_or_default(),
            embeds: Embed::list(&form.field("embeds"), EMBEDS_MAX).unwrap_or_default(),
            allowed_mentions: form.field("allowed_mentions").form(),
            message_reference: reference.value().and_then(|_| reference.form()),
            components: components(form).unwrap_or_default(),
            flags: form.field("flags").number(0..=i64::MAX).unwrap_or_default(),
            reference_optional: must_exist == Some(false),
        })
    }
}

/// An edit; absent keys stay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessagePatch {
    /// Text; null clears.
    pub content: Option<Option<String>>,
    /// At most 10; null clears.
    pub embeds: Option<Vec<Embed>>,
    /// As in a draft.
    pub flags: Option<u64>,
    /// Which mentions of the new content count.
    pub allowed_mentions: Option<AllowedMentions>,
    /// Components; null clears.
    pub components: Option<Vec<Component>>,
    /// Files that stay; null clears.
    pub attachments: Option<Vec<AnyId>>,
}

impl FromForm for MessagePatch {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        form.unserved(&["sticker_ids", "poll"]);
        let (embeds, attachments) = (form.field("embeds"), form.field("attachments"));
        let kept = attachments.or_clear(|list| {
            list.list(0..=ATTACHMENTS_MAX, |item| {
                item.object(|form| form.field("id").required().id())
            })
        });
        Some(Self {
            content: form.field("content").or_clear(|text| text.text(0..=usize::MAX)),
            embeds: embeds
                .or_clear(|list| Embed::list(list, EMBEDS_MAX))
                .map(Option::unwrap_or_default),
            flags: form.field("flags").number(0..=i64::MAX),
            allowed_mentions: form.field("allowed_mentions").form(),
            components: form
                .field("components")
                .or_clear(|_| components(form))
                .map(Option::unwrap_or_default),
            attachments: kept.map(Option::unwrap_or_default),
        })
    }
}

fn components(form: &Form<'_>) -> Option<Vec<Component>> {
    Component::list(&form.field("components"), COMPONENTS_MAX)
}

/// A new message has no files: nothing stores them.
fn refuse_files(form: &Form<'_>) {
    let named = form.field("attachments");
    named.list(0..=ATTACHMENTS_MAX, |item| {
        let message = "No file can be uploaded: Throng does not store files.";
        item.object(|form| {
            form.field("id").wrong("ATTACHMENT_NOT_FOUND", message);
            Some(())
        })
    });
}
