//! The part of a store that keeps what applications say that they can do.

use throng_proto::catalog::CommandPlace;
use throng_proto::model::RegisteredCommand;

use super::Stored;
use crate::link::BoxFuture;

/// The part of a store that keeps commands; what changes them are its writes.
pub trait CatalogStore: Send + Sync + 'static {
    /// Reads the commands of an application in one place, in order of their ids. One that cannot be
    /// read is left out.
    fn catalog(&self, place: CommandPlace) -> BoxFuture<'static, Stored<Vec<RegisteredCommand>>>;
}
