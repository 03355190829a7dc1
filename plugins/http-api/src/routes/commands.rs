//! Commands of applications: those that are everywhere, and those of guilds.
//!
//! They are kept and told as Discord does; nothing runs them here.

pub(super) mod everywhere;
pub(super) mod guild;
pub(super) mod permissions;

use http::header::ACCEPT_LANGUAGE;
use http::{HeaderMap, StatusCode};
use throng_proto::catalog::{CommandChange, CommandPlace};
use throng_proto::command::{Actor, Command};
use throng_proto::id::{CommandId, GuildId, UserId};
use throng_proto::model::{RegisteredCommand, application_command};
use throng_proto::refusal::Refusal;

use crate::answer::{self, Answer};
use crate::api::Ask;
use crate::fault::Fault;
use crate::request::Search;

/// Language of who does not say another one.
const LOCALE: &str = "en-US";
/// Header that names the language of who asks, before `Accept-Language`.
const LOCALE_HEADER: &str = "x-discord-locale";

/// Commands that somebody may read and change.
struct Shelf<'a> {
    ask: &'a Ask,
    place: CommandPlace,
}

impl<'a> Shelf<'a> {
    /// Opens the commands that are everywhere, to their application alone.
    fn everywhere(ask: &'a Ask, application: UserId) -> Result<Self, Fault> {
        if application != ask.user.id {
            return Err(Refusal::MissingAccess.into());
        }
        Ok(Self { ask, place: CommandPlace { application, guild: None } })
    }

    /// Opens the commands of a guild, to their application alone, which must be in there.
    async fn of_guild(ask: &'a Ask, application: UserId, guild: GuildId) -> Result<Self, Fault> {
        let mut shelf = Self::everywhere(ask, application)?;
        let (actor, look) = (Actor::User(ask.user.clone()), Command::MemberGet(application));
        // The request keeps its turn: a look is over before what it asks for begins.
        match ask.api.hub.command(guild, actor, look).await {
            Err(Refusal::UnknownGuild | Refusal::UnknownMember) => {
                return Err(Refusal::MissingAccess.into());
            }
            looked => looked?,
        };
        shelf.place.guild = Some(guild);
        Ok(shelf)
    }

    async fn list(&self, search: &Search, headers: &HeaderMap) -> Answer {
        let all = self.ask.api.hub.catalog(self.place).await?;
        if search.flag("with_localizations") {
            return Ok(answer::ok(&all));
        }
        let locale = locale(headers);
        let shown: Vec<_> = all.iter().map(|command| command.localized(locale)).collect();
        Ok(answer::ok(&shown))
    }

    async fn find(&self, id: CommandId) -> Result<RegisteredCommand, Fault> {
        let all = self.ask.api.hub.catalog(self.place).await?;
        let found = all.into_iter().find(|command| command.id == id);
        found.ok_or_else(|| Refusal::UnknownCommand.into())
    }

    async fn get(&self, id: CommandId) -> Answer {
        Ok(answer::ok(&self.find(id).await?))
    }

    /// Makes a change that is answered with one command.
    async fn change(&self, change: CommandChange) -> Answer {
        let changed = self.ask.api.hub.change_catalog(self.place, change).await?;
        let status = if changed.created { StatusCode::CREATED } else { StatusCode::OK };
        Ok(changed.commands.first().map_or_else(answer::nothing, |one| answer::json(status, one)))
    }

    /// Makes a change that is answered with all commands.
    async fn replace(&self, change: CommandChange) -> Answer {
        let changed = self.ask.api.hub.change_catalog(self.place, change).await?;
        Ok(answer::ok(&changed.commands))
    }
}

/// Finds the language of who asks.
fn locale(headers: &HeaderMap) -> &'static str {
    let named = [LOCALE_HEADER, ACCEPT_LANGUAGE.as_str()].into_iter().find_map(|name| {
        let header = headers.get(name)?.to_str().ok()?;
        application_command::locale(header)
    });
    named.unwrap_or(LOCALE)
}
