//! How a guild answers a command.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::json::text;
use crate::model::{Channel, Guild, Member, Role};
use crate::permissions::Permissions;
use crate::refusal::Refusal;

/// What every command ends in.
pub type Outcome = Result<Reply, Refusal>;

/// What a guild answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// What it says.
    pub answer: Answer,
    /// Tells that something was made: 201 where the protocol says so.
    pub created: bool,
}

/// What a guild says: values, where somebody looks at them, else an object as JSON text.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Answer {
    /// Nothing.
    #[default]
    Nothing,
    /// An object, as the HTTP API shows it.
    Text(String),
    /// What the actor may do in the channel that it asked about.
    Granted(Permissions),
    /// How many members were new.
    Imported(usize),
    /// The guild.
    Guild(Box<GuildView>),
    /// Its channels.
    Channels(Vec<Channel>),
    /// Its roles, in order of their ids.
    Roles(Vec<Arc<Role>>),
    /// A member.
    Member(Box<Member>),
    /// Members.
    Members(Vec<Member>),
}

/// A guild as the HTTP API shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct GuildView {
    /// Settings.
    pub guild: Guild,
    /// Roles, in order of their ids.
    pub roles: Vec<Arc<Role>>,
    /// How many are there, if that was asked for.
    pub counts: Option<Counts>,
}

/// How many are in a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Members.
    #[serde(rename = "approximate_member_count")]
    pub members: usize,
    /// Members that are online.
    #[serde(rename = "approximate_presence_count")]
    pub online: usize,
}

impl Reply {
    /// Answers with nothing.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { answer: Answer::Nothing, created: false }
    }

    /// Answers with an object.
    #[must_use]
    pub fn json(value: &impl Serialize) -> Self {
        Answer::Text(text(value)).into()
    }

    /// Marks the answer as 201.
    #[must_use]
    pub fn created(self) -> Self {
        Self { created: true, ..self }
    }

    /// Returns the body of an HTTP answer; `None` is 204.
    #[must_use]
    pub fn into_text(self) -> Option<String> {
        match self.answer {
            Answer::Nothing | Answer::Granted(_) => None,
            Answer::Text(text) => Some(text),
            Answer::Imported(count) => Some(text(&Imported { imported: count })),
            Answer::Guild(view) => Some(text(&view)),
            Answer::Channels(channels) => Some(text(&channels)),
            Answer::Roles(roles) => Some(text(&roles)),
            Answer::Member(member) => Some(text(&member)),
            Answer::Members(members) => Some(text(&members)),
        }
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, created: false }
    }
}

#[derive(Serialize)]
struct Imported {
    imported: usize,
}

impl Serialize for GuildView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Whole<'a, B> {
            #[serde(flatten)]
            body: B,
            #[serde(flatten)]
            counts: Option<&'a Counts>,
        }
        let body = self.guild.body(self.roles.iter().collect());
        Whole { body, counts: self.counts.as_ref() }.serialize(serializer)
    }
}
