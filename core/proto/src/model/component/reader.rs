//! What is counted over all components of a message while they are read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::Component;
use crate::form::{Field, Form};

/// Characters of all texts of a message's components.
pub(super) const TEXT_MAX: usize = 4000;

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

    /// Reads the kind of one more component.
    pub(super) fn one_of(&self, form: &Form<'_>, kinds: &[i64]) -> Option<u8> {
        self.count.set(self.count.get() + 1);
        form.field("type").required().number_of(kinds)
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
