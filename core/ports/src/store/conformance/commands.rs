//! Checks of the commands of applications.

use throng_proto::catalog::CommandPlace;
use throng_proto::id::{AnyId, CommandId, GuildId, UserId};
use throng_proto::model::application_command::{Amount, CommandChoice, CommandOption, Locales};
use throng_proto::model::{ApplicationCommand, RegisteredCommand};
use throng_proto::permissions::Permissions;
use throng_proto::record::{Account, Standing, Write};

use super::sample::{member, user};
use super::{commit, ok};
use crate::store::Store;

/// Makes a command that has something of everything.
pub(super) fn command(place: CommandPlace, id: u64, version: u64) -> RegisteredCommand {
    let command = ApplicationCommand {
        kind: 1,
        name: format!("c{id}"),
        name_localizations: Some(texts()),
        description: format!("version {version} \u{1f980} \"quoted\""),
        description_localizations: Some(Locales::new()),
        options: vec![number(), CommandOption { channel_types: vec![0, 5], ..option(7) }],
        default_member_permissions: Some(Permissions::MANAGE_GUILD),
        dm_permission: Some(false),
        nsfw: true,
        contexts: Some(vec![0, 2]),
        integration_types: None,
    };
    RegisteredCommand {
        id: CommandId::new(id),
        application_id: place.application,
        guild_id: place.guild,
        version: AnyId::new(version),
        command,
    }
}

fn texts() -> Locales {
    [("de", "wort"), ("zh-CN", "\u{5c81}")].map(|(key, text)| (key.into(), text.into())).into()
}

fn number() -> CommandOption {
    let values = [Amount::Real(0.5), Amount::Real(1.0), Amount::Whole(1), Amount::Text("1".into())];
    let choice = |value| CommandChoice {
        name: format!("{value:?}"),
        name_localizations: Some(texts()),
        value,
    };
    CommandOption {
        required: Some(true),
        choices: values.into_iter().map(choice).collect(),
        min_value: Some(Amount::Real(-0.0)),
        max_length: Some(9),
        options: vec![option(3)],
        ..option(10)
    }
}

fn option(kind: u8) -> CommandOption {
    CommandOption {
        kind,
        name: "option".to_owned(),
        name_localizations: None,
        description: "what it is".to_owned(),
        description_localizations: Some(texts()),
        required: None,
        choices: Vec::new(),
        options: Vec::new(),
        channel_types: Vec::new(),
        min_value: None,
        max_value: None,
        min_length: None,
        max_length: None,
        autocomplete: Some(false),
    }
}

fn place(application: u64, guild: Option<u64>) -> CommandPlace {
    CommandPlace { application: UserId::new(application), guild: guild.map(GuildId::new) }
}

fn put(command: &RegisteredCommand) -> Write {
    Write::Command(Box::new(command.clone()))
}

pub(super) async fn commands_are_kept_where_they_are(store: &dyn Store) {
    let (everywhere, here, there) =
        (place(271, None), place(271, Some(272)), place(271, Some(273)));
    let other = place(274, None);
    let joined = |guild, id| Write::Member(GuildId::new(guild), member(id));
    commit(store, vec![joined(272, 271), joined(273, 271), Write::User(user(274))]).await;
    let kept = [(everywhere, 2), (everywhere, 1), (here, 3), (there, 4), (other, 5)]
        .map(|(place, id)| command(place, 2_710 + id, 7));
    commit(store, kept.iter().map(put).collect()).await;
    let everywhere_kept = [kept[1].clone(), kept[0].clone()];
    assert_eq!(ok(store.catalog(everywhere).await), everywhere_kept, "in order of ids");
    assert_eq!(ok(store.catalog(here).await), [kept[2].clone()]);
    assert_eq!(ok(store.catalog(place(271, Some(9))).await), []);
    let changed = command(here, 2_713, 8);
    // Another place's command has another id, however alike it looks.
    let strange = Write::CommandDelete(other, CommandId::new(2_714));
    commit(store, vec![put(&changed), strange, Write::CommandDelete(here, kept[3].id)]).await;
    assert_eq!(ok(store.catalog(here).await), [changed]);
    assert_eq!(ok(store.catalog(there).await), [kept[3].clone()]);
    commit(store, vec![Write::CommandDelete(everywhere, kept[0].id)]).await;
    assert_eq!(ok(store.catalog(everywhere).await), [kept[1].clone()]);
    commit(store, vec![Write::CommandsDelete(UserId::new(271))]).await;
    for gone in [everywhere, here, there] {
        assert_eq!(ok(store.catalog(gone).await), []);
    }
    assert_eq!(ok(store.catalog(other).await), [kept[4].clone()], "others keep theirs");
}

pub(super) async fn commands_of_a_guild_go_with_it_and_with_their_bot(store: &dyn Store) {
    let (left, deleted) = (GuildId::new(281), GuildId::new(282));
    let places = [place(283, Some(281)), place(283, Some(282)), place(284, Some(281))];
    let members = [(left, 283), (deleted, 283), (left, 284)];
    let joined = members.map(|(guild, id)| Write::Member(guild, member(id)));
    let kept = [0, 1, 2].map(|index: usize| command(places[index], 2_830 + index as u64, 7));
    commit(store, joined.into_iter().chain(kept.iter().map(put)).collect()).await;
    let gone = vec![Write::MemberDelete(left, UserId::new(283)), Write::GuildDelete(deleted)];
    commit(store, gone).await;
    assert_eq!(ok(store.catalog(places[0]).await), []);
    assert_eq!(ok(store.catalog(places[1]).await), []);
    assert_eq!(ok(store.catalog(places[2]).await), [kept[2].clone()]);
    // Who is not there has no commands there, and whose account is gone has none at all.
    let deleted = Account { standing: Standing::Deleted, ..Account::new(user(283)) };
    let late = command(place(283, None), 2_835, 7);
    let writes = vec![put(&kept[0]), Write::Account(Box::new(deleted)), put(&late)];
    commit(store, writes).await;
    assert_eq!(ok(store.catalog(places[0]).await), []);
    assert_eq!(ok(store.catalog(place(283, None)).await), []);
    let nobody = command(place(285, None), 2_836, 7);
    commit(store, vec![put(&nobody)]).await;
    assert_eq!(ok(store.catalog(place(285, None)).await), []);
}
