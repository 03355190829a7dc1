//! What a message may consist of.

use serde_json::Value;
use throng_proto::command::MessageDraft;
use throng_proto::model::{Channel, MessageReference, Nonce, Referenced};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use crate::guild::authority::Authority;
use crate::guild::{Config, Guild, form, mentions};

/// SUPPRESS_EMBEDS: embeds are not shown.
pub(super) const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// Flags that an author may set: SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS and IS_COMPONENTS_V2.
pub(super) const FLAGS: u64 = SUPPRESS_EMBEDS | 1 << 12 | 1 << 15;
/// Characters of a nonce.
const NONCE_MAX: usize = 25;
/// Stickers of a message.
const STICKERS_MAX: usize = 3;

/// Checks the form of a message to post.
pub(super) fn check(config: &Config, draft: &MessageDraft) -> Result<(), Refusal> {
    let text = draft.content.as_deref().unwrap_or_default();
    let parts = Parts {
        text,
        embeds: &draft.embeds,
        components: &draft.components,
        attachments: &draft.attachments,
    };
    parts.check(config)?;
    form::count("sticker_ids", draft.sticker_ids.len(), STICKERS_MAX)?;
    if let Some(Nonce::Text(nonce)) = &draft.nonce {
        form::length("nonce", nonce, 0, NONCE_MAX)?;
    }
    mentions::check(draft.allowed_mentions.as_ref())?;
    if parts.is_empty() && draft.sticker_ids.is_empty() {
        return Err(Refusal::EmptyMessage);
    }
    Ok(())
}

/// Asks for the permissions that parts of a message need.
pub(super) fn permit(
    who: &Authority,
    channel: &Channel,
    draft: &MessageDraft,
) -> Result<(), Refusal> {
    let may = who.in_channel(channel);
    let needs = [
        (draft.tts, Permissions::SEND_TTS_MESSAGES),
        (!draft.embeds.is_empty(), Permissions::EMBED_LINKS),
        (!draft.attachments.is_empty(), Permissions::ATTACH_FILES),
        (draft.message_reference.is_some(), Permissions::READ_MESSAGE_HISTORY),
    ];
    let missing = needs.iter().any(|(needed, permission)| *needed && !may.contains(*permission));
    if missing { Err(Refusal::MissingPermissions) } else { Ok(()) }
}

/// What a message shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) text: &'a str,
    pub(super) embeds: &'a [Value],
    pub(super) components: &'a [Value],
    pub(super) attachments: &'a [Value],
}

impl Parts<'_> {
    /// Tells whether nothing is to be seen.
    pub(super) fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
            && self.embeds.is_empty()
            && self.components.is_empty()
            && self.attachments.is_empty()
    }

    pub(super) fn check(&self, config: &Config) -> Result<(), Refusal> {
        form::length("content", self.text, 0, config.content_max)?;
        let lists = [
            ("embeds", self.embeds, config.embeds_max),
            ("components", self.components, config.components_max),
            ("attachments", self.attachments, config.attachments_max),
        ];
        for (field, items, max) in lists {
            form::count(field, items.len(), max)?;
            if let Some(index) = items.iter().position(|item| !item.is_object()) {
                let message = "Only dictionaries may be used in a DictType";
                let field = format!("{field}.{index}");
                return Err(Refusal::field(&field, "DICT_TYPE_CONVERT", message));
            }
        }
        Ok(())
    }
}

impl Guild {
    /// Completes the reference of an answer, and takes the answered message without what it has of
    /// its own.
    pub(super) fn referenced(
        &self,
        channel: &Channel,
        draft: &MessageDraft,
    ) -> Result<(Option<MessageReference>, Referenced), Refusal> {
        let nothing = (None, Referenced::Absent);
        let Some(reference) = &draft.message_reference else { return Ok(nothing) };
        if reference.kind != 0 {
            let message = "Messages can be answered but not forwarded.";
            return Err(Refusal::field("message_reference.type", "BASE_TYPE_CHOICES", message));
        }
        let here = reference.channel_id.is_none_or(|id| id == channel.id);
        let answered = self.readable((channel.id, reference.message_id));
        let Some((_, answered)) = answered.ok().filter(|_| here) else {
            if draft.reference_optional {
                return Ok(nothing);
            }
            let field = "message_reference";
            return Err(Refusal::field(field, "REPLIES_UNKNOWN_MESSAGE", "Unknown message"));
        };
        let complete = MessageReference {
            kind: 0,
            message_id: answered.id,
            channel_id: Some(channel.id),
            guild_id: Some(channel.guild_id),
        };
        Ok((Some(complete), Referenced::to(answered)))
    }
}
