//! Settings that an adapter brings along: which keys, what each is by default and what it does.
//!
//! [`settings!`](crate::settings!) makes a struct of them with all of that in one place. Whoever
//! composes a gateway reads the sections of its adapters as it reads its own: from a file, the
//! environment and the command line, with errors that name key and place.

mod secret;
mod section;
mod shown;
mod values;

use thiserror::Error;

pub use secret::Secret;
pub use section::{Row, Section, Setting};
pub use values::Values;

/// Settings with their keys, defaults and documentation; made by
/// [`settings!`](crate::settings!).
pub trait Settings: Sized {
    /// Describes them.
    fn section() -> Section;

    /// Takes them out of what was set.
    ///
    /// # Errors
    ///
    /// A value is of the wrong kind.
    fn read(values: &Values) -> Result<Self, BadSetting>;
}

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{key}` {says}")]
pub struct BadSetting {
    /// Its key, within the section; dots lead into tables.
    pub key: String,
    /// What is wrong or would be right, after the key: `must be at least 1`.
    pub says: String,
}

impl BadSetting {
    /// Says what a value must be: `at least 1`.
    #[must_use]
    pub fn must_be(key: &str, right: &str) -> Self {
        Self { key: key.to_owned(), says: format!("must be {right}") }
    }
}

/// Makes a struct of settings: fields with a doc comment, a type and a default.
///
/// Types are what serde reads and writes; an [`Option`] has no default to show, and a
/// [`Secret`] is never shown at all.
///
/// ```
/// use throng_ports::settings::{Settings, Values};
///
/// throng_ports::settings! {
///     /// What is said to whoever comes.
///     pub struct Greeting {
///         /// The words.
///         text: String = "welcome".to_owned(),
///         /// Seconds between two of them; at least 1.
///         pause_secs: u64 = 5,
///     }
/// }
///
/// let section = Greeting::section();
/// assert_eq!(section.rows()[1].about, "Seconds between two of them; at least 1.");
/// let greeting = Greeting::read(&Values::of(&section))?;
/// assert_eq!(greeting, Greeting { pause_secs: 5, ..Greeting::default() });
/// # Ok::<(), throng_ports::settings::BadSetting>(())
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[doc = $about:literal])*
        $seen:vis struct $name:ident {
            $($(#[doc = $doc:literal])* $key:ident: $kind:ty = $default:expr),* $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq)]
        $seen struct $name {
            $($(#[doc = $doc])* pub $key: $kind,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* }
            }
        }

        impl $crate::settings::Settings for $name {
            fn section() -> $crate::settings::Section {
                let plain = Self::default();
                $crate::settings::Section::new(concat!($($about),*))
                    $(.row(stringify!($key), &plain.$key, concat!($($doc),*)))*
                    .read_as::<Self>()
            }

            fn read(
                values: &$crate::settings::Values,
            ) -> Result<Self, $crate::settings::BadSetting> {
                Ok(Self { $($key: values.get(stringify!($key))?,)* })
            }
        }
    };
}

#[cfg(test)]
mod tests;
