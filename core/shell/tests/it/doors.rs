//! Who gets in, and who may not go on: accounts, tokens and their ends on live links.

use serde_json::json;
use throng_ports::registry::{AccountChange, Registry as _, SessionsEnded, SessionsWanted};
use throng_proto::id::UserId;
use throng_proto::token::{Token, TokenId};

use crate::world::{Account, Player, Setup, World, identify, patient, signed};

const ALL: SessionsWanted = SessionsWanted { user: None, after: 0, limit: 1_000 };

/// A moment that no test lives to see, in milliseconds.
const FAR: u64 = 4_000_000_000_000;

fn disabled(disabled: bool) -> AccountChange {
    AccountChange { disabled: Some(disabled), owner: None }
}

impl World {
    async fn disable(&self, account: &Account, is: bool) {
        let node = self.node.clone();
        let user = account.id();
        self.run(async move { node.change_account(user, disabled(is)).await }).await.unwrap();
    }

    /// Returns a moment until which some sessions can begin, as busy as the machine is.
    async fn soon_after_joining(&self, account: &Account) -> u64 {
        let before = soon(0);
        self.join(account).await;
        soon(500 + 40 * (soon(0) - before))
    }

    async fn is_let_in(&self, token: &str) -> bool {
        use throng_ports::hub::Callers as _;
        patient(self.node.authenticate(Token::parse(token))).await.unwrap().is_some()
    }

    async fn sessions_of(&self, user: UserId) -> usize {
        let wanted = SessionsWanted { user: Some(user), ..ALL };
        patient(self.node.sessions(wanted)).await.len()
    }
}

async fn ends_with_4004(player: &mut Player) {
    while player.next().await.is_some() {}
    assert_eq!(player.link.close_code(), Some(4004));
}

#[tokio::test]
async fn a_disabled_account_is_turned_out_at_once_and_others_go_on() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let mut live = world.join(&reader).await;
    let mut witness = world.join(&owner).await;
    let waiting = world.join(&reader).await.lose();
    assert!(world.is_let_in(&reader.token).await, "and remembered");
    world.disable(&reader, true).await;
    ends_with_4004(&mut live).await;
    assert!(!world.is_let_in(&reader.token).await);
    assert_eq!(world.sessions_of(reader.id()).await, 0);
    let (session, account, sequence) = waiting;
    let mut back = world.resume(&session, &account, sequence).await;
    assert_eq!(back.closed().await, Some(4004));
    let mut anew = world.dial(&reader).await;
    anew.send(2, &identify(&reader));
    assert_eq!(anew.closed().await, Some(4004));
    assert_eq!(world.metric("throng_refusals_total{limit=\"turned_out\"}"), 2);
    world.post(hall, &owner, "still here").await;
    witness.expect_message("still here").await;
    world.disable(&reader, false).await;
    let mut gone = world.resume(&session, &account, sequence).await;
    assert_eq!(gone.control().await["op"], 9, "its session is over for good");
    world.join(&reader).await.beat().await;
}

#[tokio::test]
async fn a_token_that_is_taken_away_ends_what_it_let_in_and_nothing_else() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    world.guild(&[&owner, &reader]).await;
    let other = Account { token: signed(reader.id(), FAR), ..reader.clone() };
    let mut by_stored = world.join(&reader).await;
    let mut by_signed = world.join(&other).await;
    let tokens = patient(world.node.tokens_of(reader.id())).await.unwrap();
    let id = TokenId::of(&tokens[0].digest);
    let node = world.node.clone();
    let user = reader.id();
    world.run(async move { node.revoke_token(user, id).await }).await.unwrap();
    ends_with_4004(&mut by_stored).await;
    by_signed.beat().await;
    assert!(!world.is_let_in(&reader.token).await);
    assert!(world.is_let_in(&other.token).await);
    // All tokens are also those that the store does not know.
    let node = world.node.clone();
    world.run(async move { node.revoke_tokens(user).await }).await.unwrap();
    ends_with_4004(&mut by_signed).await;
    assert!(!world.is_let_in(&other.token).await);
}

#[tokio::test]
async fn a_deleted_account_frees_its_name_and_is_let_in_by_nothing() {
    let world = World::new().await;
    let reader = world.user("reader").await;
    let mut live = world.join(&reader).await;
    let (node, user) = (world.node.clone(), reader.id());
    world.run(async move { node.delete_account(user).await }).await.unwrap();
    ends_with_4004(&mut live).await;
    assert!(!world.is_let_in(&reader.token).await);
    assert!(!world.is_let_in(&signed(user, FAR)).await);
    assert_eq!(patient(world.node.account(user)).await.unwrap(), None);
    assert_eq!(patient(world.node.accounts(UserId::new(0), 10)).await.unwrap(), []);
    let heir = world.user("reader").await;
    assert_ne!(heir.id(), user);
}

/// Returns a moment so many milliseconds from now.
fn soon(millis: u64) -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap() + millis
}

#[tokio::test]
async fn a_session_ends_with_its_token() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    world.guild(&[&owner, &reader]).await;
    let end = world.soon_after_joining(&owner).await;
    let brief = Account { token: signed(reader.id(), end), ..reader.clone() };
    let mut live = world.join(&brief).await;
    let mut renewed = world.join(&brief).await.lose();
    let waiting = world.join(&brief).await.lose();
    renewed.1.token = signed(reader.id(), soon(3_600_000));
    let mut renewed = world.resume(&renewed.0, &renewed.1, renewed.2).await;
    renewed.expect("RESUMED").await;
    ends_with_4004(&mut live).await;
    assert!(soon(0) >= end, "not before");
    assert!(!world.is_let_in(&brief.token).await);
    // The token that came with RESUME counts now.
    renewed.beat().await;
    // A session that waits is over too, even for another token.
    let mut late = world.resume(&waiting.0, &reader, waiting.2).await;
    assert_eq!(late.control().await["op"], 9);
    assert_eq!(world.sessions_of(reader.id()).await, 1);
}

#[tokio::test]
async fn a_session_that_survived_a_crash_still_ends_with_its_token() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    world.guild(&[&owner, &reader]).await;
    let end = world.soon_after_joining(&owner).await;
    let brief = Account { token: signed(reader.id(), end), ..reader.clone() };
    world.join(&brief).await.beat().await;
    let setup = Setup { store: world.crash().await, ..Default::default() };
    let world = setup.start().await;
    let own = SessionsWanted { user: Some(reader.id()), ..ALL };
    let listed = patient(world.node.sessions(own)).await;
    assert!(listed.iter().all(|session| session.expires_at.is_some()), "{listed:?}");
    world
        .metric_becomes("throng_refusals_total{limit=\"token_expired\"}", |count| count == 1)
        .await;
    assert_eq!(world.sessions_of(reader.id()).await, 0);
}

#[tokio::test]
async fn whoever_comes_while_an_account_is_disabled_does_not_slip_in() {
    let world = World::new().await;
    for round in 0..40 {
        let account = world.user(&format!("user{round}")).await;
        let hasty = world.dial(&account).await;
        let (node, user) = (world.node.clone(), account.id());
        hasty.send(2, &identify(&account));
        // At another moment each time.
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        world.run(async move { node.change_account(user, disabled(true)).await }).await.unwrap();
        let mut hasty = hasty;
        ends_with_4004(&mut hasty).await;
        assert_eq!(world.sessions_of(user).await, 0, "round {round}");
    }
}

#[tokio::test]
async fn sessions_are_told_of_and_ended_one_by_one() {
    let world = World::new().await;
    let [owner, reader] = world.users().await;
    let hall = world.guild(&[&owner, &reader]).await;
    let said = json!({"token": reader.token, "intents": 1, "properties": {"browser": "tests"}});
    let mut first = world.join_as(&reader, said).await;
    let mut second = world.join(&reader).await;
    world.join(&owner).await.lose();
    let listed = patient(world.node.sessions(ALL)).await;
    assert_eq!(listed.len(), 3);
    assert!(listed.is_sorted_by_key(|session| session.id));
    let mine =
        listed.iter().find(|session| first.session.starts_with(&format!("{:016x}", session.id)));
    let mine = mine.expect("the first is told of");
    assert_eq!((mine.user_id, mine.guilds, mine.connected), (reader.id(), 1, true));
    assert_eq!((mine.client.browser.as_str(), mine.intents), ("tests", 1));
    assert!(mine.address.is_some() && mine.began_at.millis() > 0);
    assert_eq!(mine.modes.values().sum::<usize>(), 1);
    let detail = patient(world.node.session(mine.id)).await.expect("it is here");
    assert_eq!(&detail.session, mine);
    assert_eq!(detail.policy_version, throng_ports::hub::Operations::policy(&world.node).0.version);
    let [attachment] = &detail.attachments[..] else { panic!("{detail:?}") };
    assert_eq!((attachment.guild_id, attachment.sessions), (hall.id, 3));
    assert_eq!(attachment.mode, attachment.verdict, "the policy says so");
    assert_eq!(patient(world.node.session(mine.id + 1)).await, None);
    // Page by page it is the same.
    let (mut paged, mut after) = (Vec::new(), 0);
    loop {
        let page = patient(world.node.sessions(SessionsWanted { after, limit: 2, ..ALL })).await;
        let Some(last) = page.last() else { break };
        after = last.id;
        paged.extend(page.into_iter().map(|session| session.id));
    }
    assert_eq!(paged, listed.iter().map(|session| session.id).collect::<Vec<_>>());
    let loads = patient(world.node.guild_loads(throng_proto::id::GuildId::new(0), 10)).await;
    assert_eq!((loads.len(), loads[0].guild, loads[0].attachments), (1, hall.id, 3));
    assert_eq!(patient(world.node.end_sessions(SessionsEnded::One(mine.id))).await, 1);
    assert_eq!(patient(world.node.end_sessions(SessionsEnded::One(mine.id))).await, 0);
    ends_with_4004(&mut first).await;
    second.beat().await;
    assert_eq!(patient(world.node.end_sessions(SessionsEnded::Of(reader.id()))).await, 1);
    ends_with_4004(&mut second).await;
    world.join(&reader).await.beat().await;
}

#[tokio::test]
async fn a_listener_accepts_no_faster_than_it_may() {
    let mut setup = Setup::default();
    setup.config.limits.connections_per_sec = 10;
    let world = setup.start().await;
    // All at once, so that it does not depend on how fast they come.
    let dial = || world.dialer.dial(1 << 20, "v=10&encoding=json").unwrap();
    let links: Vec<_> = std::iter::repeat_with(dial).take(105).collect();
    for link in links {
        let hello = patient(link.recv()).await.expect("whoever waits gets in all the same");
        assert!(hello.windows(7).any(|part| part == b"\"op\":10"));
    }
    assert!(world.refusals("connections_per_sec") > 0);
}
