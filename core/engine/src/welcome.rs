//! GUILD_CREATE: one part that all sessions share, and a few bytes of their own.

use std::sync::Arc;

use indexmap::IndexMap;
use throng_proto::gateway::payload::{self, Arrival, GuildCreate};
use throng_proto::id::{ChannelId, MessageId};
use throng_proto::model::{Channel, Member, Presence};
use throng_proto::wire::{Body, Segment};

use crate::shape::Shape;

/// A guild's part of GUILD_CREATE, the same for everybody until the guild changes.
#[derive(Clone, Debug)]
pub struct Welcome {
    /// Everything up to the members: `"op":0,"t":"GUILD_CREATE","d":{…,`.
    pub guild: Arc<Segment>,
    /// Members and presences, or `None` for only the session's own member.
    pub crowd: Option<Crowd>,
    /// What the session's own user shows, which others may not have been told yet; `None` when it
    /// is not visible.
    pub own: Option<String>,
    /// Members of the guild.
    pub member_count: usize,
}

/// Encodes the shared part. Costs the whole guild without its members.
#[must_use]
pub fn guild_segment(
    shape: &Shape,
    last_messages: &IndexMap<ChannelId, MessageId>,
    member_count: usize,
) -> Arc<Segment> {
    let channels: Vec<Channel> = shape
        .channels
        .values()
        .map(|channel| Channel {
            last_message_id: last_messages.get(&channel.id).copied().or(channel.last_message_id),
            ..Channel::clone(channel)
        })
        .collect();
    let guild = shape.guild.body(shape.roles.values().collect());
    Segment::new(GuildCreate::new(guild, &channels, member_count).open())
}

/// Members and presences that sessions with GUILD_PRESENCES share.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// `"members":[…],"presences":[…`: the session's own presence and the end follow.
    text: Arc<Segment>,
    /// There are presences, so that one more needs a comma.
    presences: bool,
}

impl Crowd {
    /// Encodes them. Costs O(members).
    #[must_use]
    pub fn new<'a>(
        members: impl Iterator<Item = Member>,
        presences: impl Iterator<Item = Presence<'a>>,
    ) -> Self {
        let members: Vec<Member> = members.collect();
        let presences: Vec<Presence<'a>> = presences.collect();
        let crowd = payload::Crowd { members: &members, presences: &presences };
        Self { text: Segment::new(crowd.part()), presences: !presences.is_empty() }
    }

    /// Returns what sessions share.
    #[must_use]
    pub const fn segment(&self) -> &Arc<Segment> {
        &self.text
    }

    /// Returns the session's own end: its presence comes last, so that clients keep it.
    fn end(&self, own: Option<&str>) -> Arc<Segment> {
        Segment::new(payload::Crowd::close(self.presences, own))
    }
}

/// Puts GUILD_CREATE together for one session.
///
/// `initial` marks the stream after READY: clients tell a guild that became available from one that
/// was joined by `unavailable` being there.
#[must_use]
pub fn compose(welcome: &Welcome, member: &Member, large_threshold: usize, initial: bool) -> Body {
    let arrival = Arrival::new(member, welcome.member_count > large_threshold, initial);
    let own = if welcome.crowd.is_some() { arrival.part() } else { arrival.close(member) };
    let start = [Arc::clone(&welcome.guild), Segment::new(own)];
    let crowd = welcome.crowd.iter();
    let crowd =
        crowd.flat_map(|crowd| [Arc::clone(&crowd.text), crowd.end(welcome.own.as_deref())]);
    Body::from_segments(start.into_iter().chain(crowd))
}
