//! Random histories: whatever happens, clients see what a SYNC would show.

use std::sync::Arc;

use serde_json::Value;
use throng_engine::roll::{Output, Wish};
use throng_engine::shape::Shape;
use throng_proto::id::{ChannelId, RoleId, UserId};
use throng_proto::model::{Channel, ChannelKind, Member, Overwrite, Profile, Role, Status, User};
use throng_proto::permissions::Permissions;

use super::client::{Client, deliver};
use super::hall::Hall;
use crate::random::Random;
use crate::scene::{self, GUILD, JOINED, OWNER};

const CHANNELS: [ChannelId; 4] =
    [ChannelId::new(300), ChannelId::new(301), ChannelId::new(302), ChannelId::new(303)];
const ROLES: [RoleId; 4] = [RoleId::new(200), RoleId::new(201), RoleId::new(202), RoleId::new(203)];
const STATUSES: [Status; 4] = [Status::Online, Status::Idle, Status::Dnd, Status::Offline];

/// A hall, its clients, and what happens to them.
struct History {
    random: Random,
    hall: Hall,
    clients: Vec<Client>,
    users: u64,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut shape = scene::shape();
        for role in ROLES {
            shape.roles.insert(role, Arc::new(Role::new(role, "role", Permissions::NONE)));
        }
        for id in CHANNELS {
            let channel = Channel::new(id, GUILD, "channel", ChannelKind::TEXT);
            shape.channels.insert(id, Arc::new(channel));
        }
        let large = random.one_in(2);
        // Sometimes a block or two, sometimes several.
        let users = [20, 150, 420][random.index(3)];
        let clients = (1..=6).map(|number| Client::new(UserId::new(number))).collect();
        let mut history = Self { random, hall: Hall::new(shape, large), clients, users };
        for number in 1..=users {
            history.put(UserId::new(number));
        }
        history
    }

    /// Lets a member join, or be another in every way.
    fn put(&mut self, user: UserId) {
        let random = &mut self.random;
        let name = ["anna", "Bert", "ber", "Ünal", "zoe", "Ödön", ""][random.index(7)];
        let mut account = User::new(user, format!("u{}", random.below(50)), false);
        account.global_name = random.one_in(3).then(|| format!("g{}", random.below(50)));
        let mut profile = Profile::new(JOINED, random.some(&ROLES));
        let nick = format!("{name}{}", random.below(20));
        profile.nick = random.one_in(2).then_some(nick);
        let member = Arc::new(Member { user: account, profile });
        self.hall.put(member, self.random.pick(&STATUSES));
    }

    /// Shows another status, as most changes do.
    fn show(&mut self, user: UserId) {
        if let Some((member, _)) = self.hall.people.get(&user).cloned() {
            self.hall.put(member, self.random.pick(&STATUSES));
        }
    }

    fn leave(&mut self, user: UserId) {
        if user == OWNER {
            return;
        }
        self.hall.remove(user);
        // Its session leaves with it, and knows nothing more.
        self.hall.roll.leave(user);
        if let Some(client) = self.clients.iter_mut().find(|client| client.user == user) {
            *client = Client::new(user);
        }
    }

    fn reshape(&mut self) {
        let mut shape: Shape = (*self.hall.shape).clone();
        let random = &mut self.random;
        if random.one_in(2) {
            let everyone = shape.everyone();
            let id = if random.one_in(4) { everyone } else { random.pick(&ROLES) };
            let mut role = Role::clone(&shape.roles[&id]);
            role.hoist = id != everyone && random.one_in(2);
            role.position = u32::try_from(random.below(4)).unwrap();
            let view = random.one_in(2);
            role.permissions = if view { Permissions::VIEW_CHANNEL } else { Permissions::NONE };
            if random.one_in(8) {
                shape.roles.shift_remove(&ROLES[3]);
            }
            if shape.roles.contains_key(&id) {
                shape.roles.insert(id, Arc::new(role));
            }
            shape.roles.entry(ROLES[3]).or_insert_with(|| {
                Arc::new(Role::new(ROLES[3], "again", Permissions::VIEW_CHANNEL))
            });
        } else {
            let id = random.pick(&CHANNELS);
            let mut channel = Channel::clone(&shape.channels[&id]);
            channel.permission_overwrites = overwrites(random, self.users);
            shape.channels.insert(id, Arc::new(channel));
        }
        self.hall.reshape(Arc::new(shape));
    }

    fn wish(&mut self) {
        let random = &mut self.random;
        let mut wishes = Vec::new();
        for channel in random.some(&CHANNELS) {
            let ranges: Vec<[u32; 2]> = (0..random.below(3))
                .map(|_| {
                    let first = u32::try_from(random.below(4)).unwrap() * 100;
                    [first, first + 99]
                })
                .collect();
            wishes.push(Wish::read(channel, &ranges, 3));
        }
        let at = random.index(self.clients.len());
        let client = &mut self.clients[at];
        self.hall.ask(client, wishes);
    }

    fn step(&mut self) {
        let user = UserId::new(1 + self.random.below(self.users));
        match self.random.below(100) {
            0..45 => self.show(user),
            45..65 => self.put(user),
            65..72 => self.leave(user),
            72..82 => self.wish(),
            82..85 => self.reshape(),
            85..90 => _ = self.hall.roll.fill(self.random.index(50)),
            _ => self.tell(),
        }
    }

    /// Tells everybody; when every list was full, everybody must see what there is.
    fn tell(&mut self) {
        let full = self.random.below(4) > 0;
        while full && self.hall.roll.fill(1 + self.random.index(100)) {}
        let outputs = self.hall.roll.flush();
        for client in &mut self.clients {
            for update in deliver(client, outputs.clone()) {
                check_ops(client, &outputs, &update);
            }
        }
        if full {
            for client in &self.clients {
                self.hall.check(client);
                self.check_sight(client);
            }
        }
    }

    /// M2: nobody watches the list of channels that it may not view.
    fn check_sight(&self, client: &Client) {
        use throng_engine::roll::ListId;
        for list in client.holds.keys() {
            let (member, _) = &self.hall.people[&client.user];
            let shape = &self.hall.shape;
            let mut channels = shape.channels.values();
            let seen = channels.any(|channel| {
                ListId::of(shape, channel) == *list && self.hall.may_view(member, channel)
            });
            assert!(seen, "{} watches {list}", client.user);
        }
    }
}

/// M3: operations name rows that the client watches, now or until now.
fn check_ops(client: &Client, outputs: &[Output<UserId>], update: &Value) {
    let shared = outputs.iter().any(|output| matches!(output, Output::Shared { .. }));
    let id = update["id"].as_str().unwrap();
    let held = client.holds.iter().find(|(list, _)| list.to_string() == id);
    for op in update["ops"].as_array().unwrap() {
        if let Some(index) = op["index"].as_u64() {
            assert!(shared, "rows change for all who watch them");
            if let Some((_, blocks)) = held {
                let block = u32::try_from(index / 100).unwrap();
                let one_update = outputs.iter().filter(
                    |output| matches!(output, Output::Own { viewer, .. } if *viewer == client.user),
                );
                // A client whose blocks changed with the same flush had others a moment before.
                assert!(blocks.contains(&block) || one_update.count() > 0, "{op}");
            }
        }
    }
}

fn overwrites(random: &mut Random, users: u64) -> Vec<Overwrite> {
    let mut overwrites = Vec::new();
    if random.one_in(2) {
        overwrites.push(scene::deny_role(GUILD.cast()));
    }
    for role in random.some(&ROLES) {
        let allow = random.one_in(2);
        overwrites.push(if allow { scene::allow_role(role) } else { scene::deny_role(role) });
    }
    if random.one_in(4) {
        let user = UserId::new(1 + random.below(users));
        let allow = random.one_in(2);
        overwrites.push(if allow { scene::allow_member(user) } else { scene::deny_member(user) });
    }
    overwrites
}

/// M1, M2, M3: over all that can happen, in any order, told at any time.
#[test]
fn clients_that_follow_the_operations_see_what_a_sync_would_show() {
    for seed in 0..12 {
        let mut history = History::new(seed);
        for _ in 0..250 {
            history.step();
        }
        while history.hall.roll.fill(100) {}
        history.tell();
    }
}
