//! What a message may consist of.

use throng_proto::command::{COMPONENTS_V2, MessageDraft, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS};
use throng_proto::id::AnyId;
use throng_proto::model::component::ROWS_MAX;
use throng_proto::model::{Attachment, Channel, Component, Embed, MessageReference, Referenced};
use throng_proto::permissions::Permissions;
use throng_proto::refusal::Refusal;

use crate::guild::authority::Authority;
use crate::guild::{Config, Guild, form};

/// Flags that an author may set.
pub(super) const FLAGS: u64 = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2;

/// Checks what a message to post consists of; that each part is well-formed is known.
pub(super) fn check(config: &Config, draft: &MessageDraft) -> Result<(), Refusal> {
    Parts {
        text: draft.content.as_deref().unwrap_or_default(),
        embeds: &draft.embeds,
        components: &draft.components,
        attachments: &[],
        flags: draft.flags,
    }
    .check(config)
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
        (draft.message_reference.is_some(), Permissions::READ_MESSAGE_HISTORY),
    ];
    let missing = needs.iter().any(|(needed, permission)| *needed && !may.contains(*permission));
    if missing { Err(Refusal::MissingPermissions) } else { Ok(()) }
}

/// What a message shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) text: &'a str,
    pub(super) embeds: &'a [Embed],
    pub(super) components: &'a [Component],
    pub(super) attachments: &'a [Attachment],
    pub(super) flags: u64,
}

impl Parts<'_> {
    /// Tells whether nothing is to be seen.
    fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
            && self.embeds.is_empty()
            && self.components.is_empty()
            && self.attachments.is_empty()
    }

    pub(super) fn check(&self, config: &Config) -> Result<(), Refusal> {
        form::length("content", self.text, 0, config.content_max)?;
        form::count("embeds", self.embeds.len(), config.embeds_max)?;
        form::count("components", self.components.len(), config.components_max)?;
        if self.flags & COMPONENTS_V2 == 0 { self.check_rows() } else { self.check_alone() }?;
        if self.is_empty() { Err(Refusal::EmptyMessage) } else { Ok(()) }
    }

    /// Without the flag of components v2 there are only rows.
    fn check_rows(&self) -> Result<(), Refusal> {
        if let Some(index) = self.components.iter().position(Component::is_v2) {
            let message = "Value must be one of (1); others need the flag IS_COMPONENTS_V2.";
            let field = format!("components.{index}.type");
            return Err(Refusal::field(&field, "BASE_TYPE_CHOICES", message));
        }
        if self.components.len() > ROWS_MAX {
            let message = format!("Must be between 1 and {ROWS_MAX} in length.");
            return Err(Refusal::field("components", "BASE_TYPE_BAD_LENGTH", message));
        }
        Ok(())
    }

    /// With it there are only components.
    fn check_alone(&self) -> Result<(), Refusal> {
        let others = [("content", !self.text.is_empty()), ("embeds", !self.embeds.is_empty())];
        let Some((field, _)) = others.iter().find(|(_, used)| *used) else { return Ok(()) };
        let code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2";
        let message =
            format!("The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2");
        Err(Refusal::field(field, code, message))
    }
}

/// Keeps the named files of a message.
pub(super) fn keep(files: &mut Vec<Attachment>, named: &[AnyId]) -> Result<(), Refusal> {
    let unknown = |id: &AnyId| files.iter().all(|file| file.id != *id);
    if let Some(index) = named.iter().position(unknown) {
        let message = "Not a file of this message, and none can be uploaded: Throng does not \
                       store files.";
        let field = format!("attachments.{index}.id");
        return Err(Refusal::field(&field, "ATTACHMENT_NOT_FOUND", message));
    }
    files.retain(|file| named.contains(&file.id));
    Ok(())
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
