//! The seam by which adapters are chosen: each has a name, a section of settings, and a way to be
//! opened.
//!
//! One trait serves all seams; what is opened says which: `Kind<Arc<dyn Store>>` is a store,
//! `Kind<Bound>` a transport, `Kind<Arc<dyn Tokens>>` an issuer of tokens,
//! `Kind<Arc<dyn Plugin>>` a plugin, and for policies it is the policy with its host.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::link::BoxFuture;
use crate::settings::{BadSetting, Section, Settings, Values};

/// An adapter that is open, or why it cannot be. The reason is a sentence; a [`BadSetting`] is
/// told with the place where it was set.
pub type Opened<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// One kind of adapter.
pub trait Kind<T>: Send + Sync + 'static {
    /// Its name in settings: lower-case letters, digits and `_`, beginning with a letter.
    fn name(&self) -> &'static str;

    /// Its settings; none unless it says so.
    fn section(&self) -> Section {
        Section::default()
    }

    /// Opens it. Nothing of it runs before, and the values passed the checks of its section.
    fn open(&self, given: Given) -> BoxFuture<'static, Opened<T>>;
}

/// Makes a kind of a name and of what opens it.
///
/// ```
/// use throng_ports::kind::{Kind, kind};
///
/// let three = kind("three", |_| async { Ok(3) });
/// assert_eq!(Kind::<i32>::name(&three), "three");
/// ```
pub fn kind<T, O>(
    name: &'static str,
    open: impl Fn(Given) -> O + Send + Sync + 'static,
) -> impl Kind<T>
where
    T: 'static,
    O: Future<Output = Opened<T>> + Send + 'static,
{
    kind_with(name, Section::default(), open)
}

/// As [`kind`], with settings.
pub fn kind_with<T, O>(
    name: &'static str,
    section: Section,
    open: impl Fn(Given) -> O + Send + Sync + 'static,
) -> impl Kind<T>
where
    T: 'static,
    O: Future<Output = Opened<T>> + Send + 'static,
{
    Opening { name, section, open }
}

struct Opening<F> {
    name: &'static str,
    section: Section,
    open: F,
}

impl<T, F, O> Kind<T> for Opening<F>
where
    F: Fn(Given) -> O + Send + Sync + 'static,
    O: Future<Output = Opened<T>> + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn section(&self) -> Section {
        self.section.clone()
    }

    fn open(&self, given: Given) -> BoxFuture<'static, Opened<T>> {
        Box::pin((self.open)(given))
    }
}

/// What an adapter is given to open with.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its settings.
    pub values: Values,
    /// Directory for what lasts; it is there, and closed to others.
    pub data: PathBuf,
    /// Address of the public listener, as it was set.
    pub listen: SocketAddr,
    /// Attachments that a relay takes (`relay.capacity`), unless a policy says otherwise.
    pub relay_capacity: usize,
}

impl Given {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// As [`Settings::read`].
    pub fn read<S: Settings>(&self) -> Result<S, BadSetting> {
        S::read(&self.values)
    }
}
