//! Components: buttons, menus and layout under or instead of the text of a message.
//!
//! See [Discord Docs/Component Reference]. Components that only dialogs have are refused, and so
//! are those that show an uploaded file. Each component has an id: the one that was given, or the
//! next free number.
//!
//! [Discord Docs/Component Reference]: https://discord.com/developers/docs/components/reference

mod control;
mod layout;
mod reader;

use serde::Serialize;

pub use self::control::{Button, Choice, Control, Preset, Select};
pub use self::layout::{
    Accessory, ActionRow, Container, Gallery, GalleryItem, Media, Section, Separator, TextDisplay,
    Thumbnail,
};
use self::reader::Reader;
use super::Emoji;
use crate::form::Field;

/// Rows of controls that a message without the flag of components v2 has at most.
pub const ROWS_MAX: usize = 5;
/// Numbers of kinds that stand in a message by themselves, but for the box.
const LOOSE: &[i64] = &[1, 9, 10, 12, 14];

/// A component of a message, with those inside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Component {
    /// Buttons in a row, or a menu.
    Row(ActionRow),
    /// Texts beside a button or a picture.
    Section(Section),
    /// A text.
    Text(TextDisplay),
    /// Pictures.
    Gallery(Gallery),
    /// A line or a gap.
    Separator(Separator),
    /// A box around others.
    Container(Container),
}

impl Component {
    /// Reads the components of a message, those inside others among at most `max`.
    pub fn list(field: &Field<'_>, max: usize) -> Option<Vec<Self>> {
        let reader = Reader::new(max);
        let mut components = field.list(0..=max, |item| Self::read(&reader, item, false))?;
        reader.check(field);
        reader.number(&mut components);
        Some(components)
    }

    /// Reads what stands in a message, or in a box in it.
    fn read(reader: &Reader, field: &Field<'_>, boxed: bool) -> Option<Self> {
        let boxes: &[i64] = if boxed { &[] } else { &[17] };
        field.object(|form| {
            Some(match reader.one_of(form, &[LOOSE, boxes].concat())? {
                1 => Self::Row(ActionRow::read(reader, form)?),
                9 => Self::Section(Section::read(reader, form)?),
                10 => Self::Text(TextDisplay::read(reader, form)?),
                12 => Self::Gallery(Gallery::read(reader, form)?),
                14 => Self::Separator(Separator::read(reader, form)),
                _ => Self::Container(Container::read(reader, form)?),
            })
        })
    }

    /// Tells whether only messages with the flag of components v2 may have it.
    #[must_use]
    pub const fn is_v2(&self) -> bool {
        !matches!(self, Self::Row(_))
    }

    /// Visits the pictures of this component and of all inside it.
    fn media(&mut self, visit: &mut dyn FnMut(&mut Media)) {
        match self {
            Self::Row(_) | Self::Text(_) | Self::Separator(_) => {}
            Self::Section(section) => {
                if let Accessory::Thumbnail(thumbnail) = &mut section.accessory {
                    visit(&mut thumbnail.media);
                }
            }
            Self::Gallery(gallery) => {
                gallery.items.iter_mut().for_each(|item| visit(&mut item.media));
            }
            Self::Container(container) => {
                container.components.iter_mut().for_each(|inner| inner.media(visit));
            }
        }
    }

    /// Visits the ids of this component and all inside it, from outside to inside.
    fn ids(&mut self, visit: &mut dyn FnMut(&mut i32)) {
        match self {
            Self::Row(row) => row.ids(visit),
            Self::Section(section) => section.ids(visit),
            Self::Text(text) => visit(&mut text.id),
            Self::Gallery(gallery) => visit(&mut gallery.id),
            Self::Separator(separator) => visit(&mut separator.id),
            Self::Container(container) => {
                visit(&mut container.id);
                for component in &mut container.components {
                    component.ids(visit);
                }
            }
        }
    }
}

/// An emoji of a button or of a choice in a menu.
fn emoji(field: &Field<'_>) -> Option<Emoji> {
    field.object(|form| {
        let name = form.field("name").required().text(1..=32);
        if !form.field("id").is_absent() {
            // There are no emojis of guilds.
            form.wrong("COMPONENT_INVALID_EMOJI", "Invalid emoji");
            return None;
        }
        let emoji = Emoji::unicode(&name?);
        if emoji.is_none() {
            form.wrong("COMPONENT_INVALID_EMOJI", "Invalid emoji");
        }
        emoji
    })
}
