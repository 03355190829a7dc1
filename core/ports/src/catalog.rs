//! The seam for what applications say that they can do: their commands. Nothing runs them here.

use throng_proto::catalog::{CommandChange, CommandPlace, CommandsChanged};
use throng_proto::model::RegisteredCommand;

use crate::registry::Asked;

/// What applications ask and change. Implemented by the shell.
pub trait Catalogs: Send + Sync + 'static {
    /// Reads the commands of an application in one place, in order of their ids. That it is in the
    /// guild is the caller's to ask for.
    fn catalog(&self, place: CommandPlace) -> Asked<Vec<RegisteredCommand>>;

    /// Changes the commands of an application in one place; its changes take turns. A command for a
    /// guild that the application has left meanwhile is not kept. Such a call goes on when nobody
    /// waits for its answer.
    fn change_catalog(&self, place: CommandPlace, change: CommandChange) -> Asked<CommandsChanged>;
}
