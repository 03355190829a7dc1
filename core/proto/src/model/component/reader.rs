//! Reads components with what is counted over all of a message.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::{
    Accessory, ActionRow, Button, Component, Container, Control, Gallery, Section, Select,
    Separator, TextDisplay, Thumbnail,
};
use crate::form::{Field, Form};

/// Characters of all texts of a message's components.
pub(super) const TEXT_MAX: usize = 4000;

/// Numbers of kinds that stand in a message by themselves, but for the box.
const LOOSE: &[i64] = &[1, 9, 10, 12, 14];

/// State while the components of one message are read.
#[derive(Debug)]
pub(super) struct Reader {
    max: usize,
    count: Cell<usize>,
    text: Cell<usize>,
    ids: RefCell<BTreeSet<i32>>,
    custom_ids: RefCell<BTreeSet<String>>,
}

impl Reader {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            count: Cell::new(0),
            text: Cell::new(0),
            ids: RefCell::default(),
            custom_ids: RefCell::default(),
        }
    }

    pub(super) const fn max(&self) -> usize {
        self.max
    }

    /// Reads what stands in a message, or in a box in it.
    pub(super) fn component(&self, field: &Field<'_>, boxed: bool) -> Option<Component> {
        field.object(|form| {
            Some(match self.kind(form, boxed)? {
                1 => Component::Row(ActionRow::read(self, form)?),
                9 => Component::Section(Section::read(self, form)?),
                10 => Component::Text(TextDisplay::read(self, form)?),
                12 => Component::Gallery(Gallery::read(self, form)?),
                14 => Component::Separator(Separator::read(self, form)),
                _ => Component::Container(Container::read(self, form)?),
            })
        })
    }

    fn kind(&self, form: &Form<'_>, boxed: bool) -> Option<u8> {
        if boxed { self.one_of(form, LOOSE) } else { self.one_of(form, &[LOOSE, &[17]].concat()) }
    }

    /// Reads the kind of one more component.
    fn one_of(&self, form: &Form<'_>, kinds: &[i64]) -> Option<u8> {
        self.count.set(self.count.get() + 1);
        form.field("type").required().number_of(kinds)
    }

    /// Reads what stands in a row.
    pub(super) fn control(&self, field: &Field<'_>) -> Option<Control> {
        field.object(|form| match self.one_of(form, &[2, 3, 5, 6, 7, 8])? {
            2 => Button::read(self, form).map(Control::Button),
            kind => Select::read(self, form, kind).map(Control::Select),
        })
    }

    /// Reads a text in a section.
    pub(super) fn text(&self, field: &Field<'_>) -> Option<TextDisplay> {
        field.object(|form| {
            self.one_of(form, &[10])?;
            TextDisplay::read(self, form)
        })
    }

    /// Reads what stands beside texts.
    pub(super) fn accessory(&self, field: &Field<'_>) -> Option<Accessory> {
        field.object(|form| match self.one_of(form, &[2, 11])? {
            2 => Button::read(self, form).map(Accessory::Button),
            _ => Thumbnail::read(self, form).map(Accessory::Thumbnail),
        })
    }

    /// Reads the number of a component; 0 until it is given one.
    pub(super) fn id(&self, form: &Form<'_>) -> i32 {
        let field = form.field("id");
        let id = field.number(0..=i32::MAX.into()).unwrap_or(0);
        if id != 0 && !self.ids.borrow_mut().insert(id) {
            if !form.is_lenient() {
                field.wrong("COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated");
            }
            return 0;
        }
        id
    }

    /// Reads what an author knows a control by, which no other of the message has.
    pub(super) fn custom_id(&self, field: &Field<'_>) -> Option<String> {
        let id = field.required().text(1..=100)?;
        if !self.custom_ids.borrow_mut().insert(id.clone()) {
            let message = "Component custom id cannot be duplicated";
            field.wrong("COMPONENT_CUSTOM_ID_DUPLICATED", message);
            return None;
        }
        Some(id)
    }

    pub(super) fn count_text(&self, text: &str) {
        self.text.set(self.text.get() + text.chars().count());
    }

    /// Checks what was counted.
    pub(super) fn check(&self, field: &Field<'_>) {
        if self.count.get() > self.max {
            let message = format!("A message has at most {} components in all.", self.max);
            field.wrong("BASE_TYPE_MAX_LENGTH", message);
        }
        if self.text.get() > TEXT_MAX {
            let message = format!("Texts of components have at most {TEXT_MAX} characters in all.");
            field.wrong("BASE_TYPE_MAX_LENGTH", message);
        }
    }

    /// Gives every component without a number the next free one, and every picture one of its own.
    pub(super) fn number(&self, components: &mut [Component]) {
        let used = self.ids.borrow();
        let mut free = (1..).filter(|id| !used.contains(id));
        let mut pictures = 1..;
        for component in components {
            component.media(&mut |media| media.id = pictures.next().unwrap_or(u32::MAX));
            component.ids(&mut |id| {
                if *id == 0 {
                    *id = free.next().unwrap_or(i32::MAX);
                }
            });
        }
    }
}
