//! What is wrong with a body, and where.

use std::cell::RefCell;

use crate::refusal::FieldError;

/// Errors that one answer names; more are not looked for in detail, and would help nobody.
const ERRORS_MAX: usize = 50;

/// Errors of one body.
#[derive(Debug)]
pub(super) struct Report {
    /// `None` when nobody wants to know.
    errors: Option<RefCell<Vec<FieldError>>>,
}

impl Report {
    pub(super) const fn strict() -> Self {
        Self { errors: Some(RefCell::new(Vec::new())) }
    }

    pub(super) const fn lenient() -> Self {
        Self { errors: None }
    }

    pub(super) const fn is_lenient(&self) -> bool {
        self.errors.is_none()
    }

    pub(super) fn add(&self, path: &Path<'_>, code: &'static str, message: String) {
        let Some(errors) = &self.errors else { return };
        let mut errors = errors.borrow_mut();
        if errors.len() < ERRORS_MAX {
            errors.push(FieldError { field: path.text(), code, message });
        }
    }

    pub(super) fn len(&self) -> usize {
        self.errors.as_ref().map_or(0, |errors| errors.borrow().len())
    }

    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.errors.map(RefCell::into_inner).unwrap_or_default()
    }
}

/// Place of a value in a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'a> {
    parent: Option<&'a Self>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) const ROOT: Self = Self { parent: None, step: Step::Root };

    pub(super) const fn key(&'a self, key: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Key(key) }
    }

    pub(super) const fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    pub(super) const fn is_root(&self) -> bool {
        matches!(self.step, Step::Root)
    }

    /// Writes it with dots; the body itself is the empty text.
    fn text(&self) -> String {
        let before = self.parent.map(Self::text).unwrap_or_default();
        let step = match self.step {
            Step::Root => return before,
            Step::Key(key) => key.to_owned(),
            Step::Index(index) => index.to_string(),
        };
        if before.is_empty() { step } else { format!("{before}.{step}") }
    }
}
