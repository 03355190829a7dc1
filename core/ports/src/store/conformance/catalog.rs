//! Checks of users, guilds and what belongs to them.

use throng_proto::id::{ChannelId, GuildId, MessageId, RoleId, UserId};
use throng_proto::model::{Channel, Emoji, Guild, Invite, User};
use throng_proto::record::{Account, Page, Write};

use super::sample::{
    PAST, add, channel, event, founding, guild, invite, member, message, role, user,
};
use super::{commit, members, ok, refused};
use crate::store::Store;

pub(super) async fn an_empty_store_answers_with_nothing(store: &dyn Store) {
    assert_eq!(ok(store.guilds().await), []);
    assert!(ok(store.guild(GuildId::new(1)).await).is_none());
    assert_eq!(ok(store.user(UserId::new(1)).await), None);
    assert_eq!(ok(store.user_named("nobody".to_owned()).await), None);
    assert_eq!(ok(store.token([0; 32]).await), None);
    assert_eq!(ok(store.guilds_of(UserId::new(1)).await), []);
    assert_eq!(members(store, GuildId::new(1)).await, []);
    let (channel, id) = (ChannelId::new(1), MessageId::new(1));
    assert_eq!(ok(store.message(channel, id, None).await), None);
    assert_eq!(ok(store.messages(channel, Page::Latest, 100, None).await), []);
    let nobody = UserId::new(0);
    assert_eq!(ok(store.reactors(id, Emoji::from_key("x"), nobody, 100).await), []);
    assert_eq!(ok(store.events(GuildId::new(1), 0).await), []);
    assert_eq!(ok(store.trim_events(PAST).await), 0);
    commit(store, Vec::new()).await;
}

pub(super) async fn users_are_found_by_id_name_and_token(store: &dyn Store) {
    let (ann, digest) = (User { bot: true, ..user(101) }, [101; 32]);
    let token = Write::Token { digest, user: ann.id, made_at: PAST };
    commit(store, vec![Write::User(ann.clone()), token]).await;
    assert_eq!(ok(store.user(ann.id).await), Some(ann.clone()));
    assert_eq!(ok(store.user_named("user101".to_owned()).await), Some(ann.clone()));
    assert_eq!(ok(store.user_named("USER101".to_owned()).await), None, "names are exact");
    assert_eq!(ok(store.token(digest).await), Some(Account::new(ann.clone())));
    assert_eq!(ok(store.token([102; 32]).await), None);
    let named = User { global_name: Some("Ann".to_owned()), ..ann };
    commit(store, vec![Write::User(named.clone())]).await;
    assert_eq!(ok(store.token(digest).await), Some(Account::new(named)));
}

pub(super) async fn a_taken_username_fails_its_whole_commit(store: &dyn Store) {
    commit(store, vec![Write::User(user(111))]).await;
    let thief = User { username: "user111".to_owned(), ..user(112) };
    let text = refused(store, vec![Write::Guild(guild(113)), Write::User(thief.clone())]).await;
    assert!(text.contains("user111"), "the refusal names the name: {text}");
    assert!(ok(store.guild(GuildId::new(113)).await).is_none(), "all or none");
    assert_eq!(ok(store.user(thief.id).await), None);
    let mut joined = member(112);
    joined.user = thief;
    refused(store, vec![Write::Member(GuildId::new(113), joined)]).await;
    assert_eq!(ok(store.guilds_of(UserId::new(112)).await), []);
}

pub(super) async fn a_renamed_user_frees_the_name(store: &dyn Store) {
    let renamed = User { username: "renamed121".to_owned(), ..user(121) };
    let heir = User { username: "user121".to_owned(), ..user(122) };
    commit(store, vec![Write::User(user(121))]).await;
    commit(store, vec![Write::User(renamed.clone()), Write::User(heir.clone())]).await;
    assert_eq!(ok(store.user_named("user121".to_owned()).await), Some(heir));
    assert_eq!(ok(store.user_named("renamed121".to_owned()).await), Some(renamed));
}

pub(super) async fn a_guild_is_read_with_its_parts_in_order(store: &dyn Store) {
    let id = GuildId::new(130);
    let channels = [132, 131, 133].map(|id| Write::Channel(channel(130, id)));
    let roles = [134, 130, 135].map(|role_id| Write::Role(id, role(role_id)));
    let joining = [138, 136, 137].map(|user| Write::Member(id, member(user)));
    let writes = [Write::Guild(guild(130))].into_iter().chain(channels).chain(roles);
    commit(store, writes.chain(joining).collect()).await;

    let renamed = Guild { name: "Renamed".to_owned(), ..guild(130) };
    let mut stranger = member(137);
    stranger.profile.nick = Some("Stranger".to_owned());
    let changes = vec![
        Write::Guild(renamed.clone()),
        Write::RoleDelete(id, RoleId::new(134)),
        Write::RoleDelete(GuildId::new(1), RoleId::new(135)),
        Write::Channel(Channel { topic: Some("crabs".to_owned()), ..channel(130, 132) }),
        Write::ChannelDelete(id, ChannelId::new(133)),
        Write::ChannelDelete(GuildId::new(1), ChannelId::new(131)),
        Write::Member(id, stranger.clone()),
        Write::MemberDelete(id, UserId::new(138)),
    ];
    commit(store, changes).await;

    let Some(record) = ok(store.guild(id).await) else { panic!("the guild is missing") };
    assert_eq!(record.guild, renamed);
    assert_eq!(record.roles, [role(130), role(135)]);
    assert_eq!(record.channels.iter().map(|c| c.id.value()).collect::<Vec<_>>(), [131, 132]);
    assert_eq!(record.channels[1].topic.as_deref(), Some("crabs"));
    assert_eq!(members(store, id).await, [member(136), stranger]);
    assert_eq!(record.sequence, 0);
    assert_eq!(record.nonces, []);
    assert!(ok(store.guilds().await).contains(&id));
}

pub(super) async fn invites_go_with_their_channel_and_their_guild(store: &dyn Store) {
    let [first, second] = [GuildId::new(195), GuildId::new(196)];
    let mut writes = founding(195, 1_950);
    writes.push(Write::Channel(channel(195, 1_951)));
    writes.extend(founding(196, 1_960));
    let made = [invite(195, 1_950, 1), invite(195, 1_951, 2), invite(196, 1_960, 3)];
    writes.extend(made.clone().map(|invite| Write::Invite(Box::new(invite))));
    commit(store, writes).await;
    let invites = async |guild| ok(store.guild(guild).await).map(|record| record.invites);
    assert_eq!(invites(first).await, Some(made[..2].to_vec()), "in order of their codes");
    let used = Invite { uses: 1, ..made[0].clone() };
    let changes = vec![
        Write::Invite(Box::new(used.clone())),
        Write::InviteDelete(second, made[0].code.clone()),
        Write::ChannelDelete(first, ChannelId::new(1_951)),
    ];
    commit(store, changes).await;
    assert_eq!(invites(first).await, Some(vec![used.clone()]));
    commit(store, vec![Write::InviteDelete(first, used.code)]).await;
    assert_eq!(invites(first).await, Some(Vec::new()));
    commit(store, vec![Write::GuildDelete(second), Write::Guild(guild(196))]).await;
    assert_eq!(invites(second).await, Some(Vec::new()));
}

pub(super) async fn members_show_the_newest_account(store: &dyn Store) {
    let named = User { global_name: Some("Bea".to_owned()), ..user(141) };
    let (first, second) = (GuildId::new(142), GuildId::new(143));
    commit(
        store,
        vec![
            Write::Guild(guild(143)),
            Write::Member(second, member(141)),
            Write::Guild(guild(142)),
            Write::Member(first, member(141)),
            Write::User(named.clone()),
        ],
    )
    .await;
    let accounts = members(store, first).await;
    assert_eq!(accounts.iter().map(|member| &member.user).collect::<Vec<_>>(), [&named]);
    assert_eq!(ok(store.guilds_of(named.id).await), [first, second]);
    commit(store, vec![Write::MemberDelete(first, named.id)]).await;
    assert_eq!(ok(store.guilds_of(named.id).await), [second]);
    assert_eq!(ok(store.user(named.id).await), Some(named), "who leaves keeps the account");
}

/// More than any store reads at once, and exactly as many as one that reads by powers of two does.
pub(super) async fn many_members_come_in_order_each_once(store: &dyn Store) {
    let guilds = [GuildId::new(190), GuildId::new(191), GuildId::new(192)];
    let ids = 1_000_000..1_000_000 + (1 << 15);
    commit(store, guilds.map(|id| Write::Guild(guild(id.value()))).into()).await;
    let joined = ids.clone().rev().map(|id| Write::Member(guilds[1], member(id)));
    commit(store, joined.collect()).await;
    commit(store, vec![Write::Member(guilds[2], member(1_000_005))]).await;
    assert_eq!(members(store, guilds[0]).await, []);
    let found = members(store, guilds[1]).await;
    assert!(found.into_iter().eq(ids.map(member)), "everybody, each once");
    assert_eq!(members(store, guilds[2]).await, [member(1_000_005)]);
}

pub(super) async fn the_last_message_of_a_channel_never_goes_back(store: &dyn Store) {
    commit(store, founding(150, 151)).await;
    let last = async || {
        let record = ok(store.guild(GuildId::new(150)).await);
        record.and_then(|record| record.channels[0].last_message_id).map(MessageId::value)
    };
    assert_eq!(last().await, None);
    commit(store, vec![add(message(151, 152, 1)), add(message(151, 153, 1))]).await;
    assert_eq!(last().await, Some(153));
    let stale = Channel { last_message_id: Some(MessageId::new(152)), ..channel(150, 151) };
    commit(store, vec![Write::Channel(stale)]).await;
    assert_eq!(last().await, Some(153));
    let deleted = vec![MessageId::new(153)];
    commit(store, vec![Write::MessageDelete(ChannelId::new(151), deleted)]).await;
    assert_eq!(last().await, Some(153), "also when it was deleted since");
}

pub(super) async fn a_deleted_guild_takes_everything_along(store: &dyn Store) {
    let (id, kept) = (GuildId::new(160), GuildId::new(170));
    for (guild, base) in [(id, 160), (kept, 170)] {
        let mut writes = founding(base, base + 1);
        writes.extend([
            Write::Role(guild, role(base)),
            Write::Member(guild, member(base + 2)),
            add(message(base + 1, base + 3, base + 2)),
            Write::ReactionAdd(
                MessageId::new(base + 3),
                Emoji::from_key("x"),
                UserId::new(base + 2),
            ),
            Write::Event(Box::new(event(base, 1, PAST))),
        ]);
        commit(store, writes).await;
    }
    commit(store, vec![Write::GuildDelete(id)]).await;
    assert!(ok(store.guild(id).await).is_none());
    assert!(!ok(store.guilds().await).contains(&id));
    assert_eq!(ok(store.guilds_of(UserId::new(162)).await), []);
    assert_eq!(members(store, id).await, []);
    assert_eq!(ok(store.messages(ChannelId::new(161), Page::Latest, 9, None).await), []);
    assert_eq!(ok(store.events(id, 0).await), []);
    let reactors = |message| store.reactors(message, Emoji::from_key("x"), UserId::new(0), 9);
    assert_eq!(ok(reactors(MessageId::new(163)).await), []);
    assert_eq!(ok(reactors(MessageId::new(173)).await), [user(172)]);
    assert!(ok(store.user(UserId::new(162)).await).is_some(), "accounts stay");
    assert_eq!(ok(store.events(kept, 0).await), [event(170, 1, PAST)]);
    assert_eq!(ok(store.guilds_of(UserId::new(172)).await), [kept]);
}

pub(super) async fn commits_take_effect_in_the_order_of_the_calls(store: &dyn Store) {
    let named = |name: u32| Guild { name: name.to_string(), ..guild(180) };
    let mut pending: Vec<_> =
        (0..50).map(|name| store.commit(vec![Write::Guild(named(name))])).collect();
    // Asked last to first: the place is that of the call, not that of the poll.
    while let Some(commit) = pending.pop() {
        ok(commit.await);
    }
    let record = ok(store.guild(GuildId::new(180)).await);
    assert_eq!(record.map(|record| record.guild), Some(named(49)));
}
