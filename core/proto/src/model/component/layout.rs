//! What holds controls together, and what shows something.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::reader::Reader;
use super::{Button, Component, Control};
use crate::form::{Field, Form, Urls};
use crate::model::constant::Number;

/// Places of a row.
const WIDTH_MAX: usize = 5;
/// Pictures of a gallery.
const ITEMS_MAX: usize = 10;

/// Up to five buttons, or one menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionRow {
    #[serde(rename = "type")]
    kind: Number<1>,
    /// Number in the message.
    pub id: i32,
    /// At least one.
    pub components: Vec<Control>,
}

/// One to three texts beside a button or a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    #[serde(rename = "type")]
    kind: Number<9>,
    /// Number in the message.
    pub id: i32,
    /// Texts.
    pub components: Vec<TextDisplay>,
    /// What stands beside them.
    pub accessory: Accessory,
}

/// What stands beside texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Accessory {
    /// A button.
    Button(Button),
    /// A picture.
    Thumbnail(Thumbnail),
}

/// A text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextDisplay {
    #[serde(rename = "type")]
    kind: Number<10>,
    /// Number in the message.
    pub id: i32,
    /// Text; all of a message have at most 4000 characters.
    pub content: String,
}

/// A small picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thumbnail {
    #[serde(rename = "type")]
    kind: Number<11>,
    /// Number in the message.
    pub id: i32,
    /// Picture.
    pub media: Media,
    /// At most 1024 characters.
    pub description: Option<String>,
    /// Hidden until it is asked for.
    pub spoiler: bool,
}

/// One to ten pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gallery {
    #[serde(rename = "type")]
    kind: Number<12>,
    /// Number in the message.
    pub id: i32,
    /// Pictures.
    pub items: Vec<GalleryItem>,
}

/// A picture of a gallery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GalleryItem {
    /// Picture.
    pub media: Media,
    /// At most 1024 characters.
    pub description: Option<String>,
    /// Hidden until it is asked for.
    pub spoiler: bool,
}

/// A line or a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Separator {
    #[serde(rename = "type")]
    kind: Number<14>,
    /// Number in the message.
    pub id: i32,
    /// With a line.
    pub divider: bool,
    /// 1: small, 2: large.
    pub spacing: u8,
}

/// A box around others, which are no boxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Container {
    #[serde(rename = "type")]
    kind: Number<17>,
    /// Number in the message.
    pub id: i32,
    /// What is in it, at least one.
    pub components: Vec<Component>,
    /// RGB of its edge.
    pub accent_color: Option<u32>,
    /// Hidden until it is asked for.
    pub spoiler: bool,
}

/// A picture or video by its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Number in the message, of those that pictures have.
    pub id: u32,
    /// `http` or `https`.
    pub url: String,
}

// Nothing here fetches media, so what Discord finds out of them is unknown.
impl Serialize for Media {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut media = serializer.serialize_struct("Media", 7)?;
        media.serialize_field("id", &self.id.to_string())?;
        media.serialize_field("url", &self.url)?;
        media.serialize_field("proxy_url", &self.url)?;
        media.serialize_field("width", &None::<u32>)?;
        media.serialize_field("height", &None::<u32>)?;
        media.serialize_field("content_type", &None::<&str>)?;
        media.serialize_field("loading_state", &0_u8)?;
        media.end()
    }
}

impl ActionRow {
    pub(super) fn read(reader: &Reader, form: &Form<'_>) -> Option<Self> {
        let id = reader.id(form);
        let field = form.field("components");
        let components: Vec<Control> =
            field.required().list(1..=WIDTH_MAX, |item| Control::read(reader, item))?;
        if components.iter().map(Control::width).sum::<usize>() > WIDTH_MAX {
            let message = "The specified component exceeds the maximum width";
            form.field("components").wrong("COMPONENT_LAYOUT_WIDTH_EXCEEDED", message);
            return None;
        }
        (!components.is_empty()).then_some(Self { kind: Number, id, components })
    }

    pub(super) fn ids(&mut self, visit: &mut dyn FnMut(&mut i32)) {
        visit(&mut self.id);
        for control in &mut self.components {
            visit(control.id());
        }
    }
}

impl Section {
    pub(super) fn read(reader: &Reader, form: &Form<'_>) -> Option<Self> {
        let id = reader.id(form);
        let texts = form
            .field("components")
            .required()
            .list(1..=3, |item| TextDisplay::listed(reader, item));
        let accessory = Accessory::read(reader, &form.field("accessory").required());
        let components = texts.filter(|texts| !texts.is_empty())?;
        Some(Self { kind: Number, id, components, accessory: accessory? })
    }

    pub(super) fn ids(&mut self, visit: &mut dyn FnMut(&mut i32)) {
        visit(&mut self.id);
        for text in &mut self.components {
            visit(&mut text.id);
        }
        match &mut self.accessory {
            Accessory::Button(button) => visit(&mut button.id),
            Accessory::Thumbnail(thumbnail) => visit(&mut thumbnail.id),
        }
    }
}

impl Accessory {
    /// Reads what stands beside texts.
    fn read(reader: &Reader, field: &Field<'_>) -> Option<Self> {
        field.object(|form| match reader.one_of(form, &[2, 11])? {
            2 => Button::read(reader, form).map(Self::Button),
            _ => Thumbnail::read(reader, form).map(Self::Thumbnail),
        })
    }
}

impl TextDisplay {
    /// Reads a text in a section.
    fn listed(reader: &Reader, field: &Field<'_>) -> Option<Self> {
        field.object(|form| {
            reader.one_of(form, &[10])?;
            Self::read(reader, form)
        })
    }

    pub(super) fn read(reader: &Reader, form: &Form<'_>) -> Option<Self> {
        let id = reader.id(form);
        let content = form.field("content").required().text(1..=super::reader::TEXT_MAX)?;
        reader.count_text(&content);
        Some(Self { kind: Number, id, content })
    }
}

impl Thumbnail {
    pub(super) fn read(reader: &Reader, form: &Form<'_>) -> Option<Self> {
        let id = reader.id(form);
        let GalleryItem { media, description, spoiler } = GalleryItem::read(form)?;
        Some(Self { kind: Number, id, media, description, spoiler })
    }
}

impl Gallery {
    pub(super) fn read(reader: &Reader, form: &Form<'_>) -> Option<Self> {
        let id = reader.id(form);
        let field = form.field("items").required();
        let items = field.list(1..=ITEMS_MAX, |item| item.object(GalleryItem::read))?;
        (!items.is_empty()).then_some(Self { kind: Number, id, items })
    }
}

impl GalleryItem {
    fn read(form: &Form<'_>) -> Option<Self> {
        let media = Media::read(&form.field("media").required());
        Some(Self {
            description: form.field("description").words(1024),
            spoiler: form.field("spoiler").flag().unwrap_or_default(),
            media: media?,
        })
    }
}

impl Media {
    fn read(field: &Field<'_>) -> Option<Self> {
        field.object(|form| {
            let url = form.field("url").required();
            if url.value().and_then(|url| url.as_str()).is_some_and(is_upload) {
                let code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND";
                url.wrong(code, "No file was uploaded: Throng does not store files.");
                return None;
            }
            Some(Self { id: 0, url: url.url(Urls::Web)? })
        })
    }
}

fn is_upload(url: &str) -> bool {
    url.trim_start().starts_with("attachment:")
}

impl Separator {
    pub(super) fn read(reader: &Reader, form: &Form<'_>) -> Self {
        Self {
            kind: Number,
            id: reader.id(form),
            divider: form.field("divider").flag().unwrap_or(true),
            spacing: form.field("spacing").number_of(&[1, 2]).unwrap_or(1),
        }
    }
}

impl Container {
    pub(super) fn read(reader: &Reader, form: &Form<'_>) -> Option<Self> {
        let id = reader.id(form);
        let field = form.field("components").required();
        let components =
            field.list(1..=reader.max(), |item| Component::read(reader, item, true))?;
        (!components.is_empty()).then(|| Self {
            kind: Number,
            id,
            components,
            accent_color: form.field("accent_color").color(),
            spoiler: form.field("spoiler").flag().unwrap_or_default(),
        })
    }
}
