//! Order and completeness of what clients get while their links block and flow.

use std::collections::HashMap;

use crate::world::{Account, Hall, Player, World, patient};

const CLIENTS: usize = 8;
const POSTS: usize = 150;

/// A small generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % sides
    }
}

/// Takes `count` messages while the link's capacity changes. Returns contents by channel.
async fn read(mut player: Player, count: usize, seed: u64) -> HashMap<String, Vec<String>> {
    let mut dice = Dice(seed);
    let mut got: HashMap<String, Vec<String>> = HashMap::new();
    for _ in 0..count {
        let room = dice.roll(6) as u32;
        if dice.roll(3) == 0 {
            player.link.set_capacity(room);
            for _ in 0..dice.roll(4) {
                tokio::task::yield_now().await;
            }
            player.link.set_capacity(room + 1);
        }
        let message = player.expect("MESSAGE_CREATE").await;
        let text = |key: &str| message[key].as_str().unwrap().to_owned();
        got.entry(text("channel_id")).or_default().push(text("content"));
    }
    got
}

async fn post(world: &World, hall: Hall, by: &Account) {
    for number in 0..POSTS {
        world.post(hall, by, &number.to_string()).await;
    }
}

/// F1: a session gets its dispatches in the order of the log, each once.
#[tokio::test]
async fn every_client_gets_everything_in_order_and_once_while_links_block_and_flow() {
    let world = World::new().await;
    let accounts = world.users::<CLIENTS>().await;
    let members: Vec<&Account> = accounts.iter().collect();
    let halls =
        [world.guild(&members).await, world.guild(&members).await, { world.guild(&members).await }];
    let mut readers = Vec::new();
    for (seed, account) in accounts.iter().enumerate() {
        let player = world.join(account).await;
        readers.push(tokio::spawn(read(player, POSTS * halls.len(), seed as u64 + 1)));
    }
    tokio::join!(
        post(&world, halls[0], &accounts[0]),
        post(&world, halls[1], &accounts[0]),
        post(&world, halls[2], &accounts[1]),
    );
    let expected: Vec<String> = (0..POSTS).map(|number| number.to_string()).collect();
    for reader in readers {
        let got = patient(reader).await.unwrap();
        for hall in halls {
            assert_eq!(got[&hall.channel.to_string()], expected);
        }
    }
    world.metric_becomes("throng_lagging", |lagging| lagging == 0).await;
}
