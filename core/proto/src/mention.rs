//! Mentions in the text of a message.

mod prose;

use self::prose::Prose;
use crate::form::{Field, Form, FromForm};
use crate::id::{RoleId, UserId};
use crate::model::MENTIONS_MAX;

/// Whom a text names, before anybody asks whether the author may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Users by `<@id>` and `<@!id>`, once each, in order.
    pub users: Vec<UserId>,
    /// Roles by `<@&id>`, once each, in order.
    pub roles: Vec<RoleId>,
    /// `@everyone` stands in the text.
    pub everyone: bool,
    /// `@here` stands in the text.
    pub here: bool,
}

impl Named {
    /// Reads a text as far as it is not code and not escaped.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut named = Self::default();
        for (before, rest) in Prose::of(text) {
            if let Some(inner) = rest.strip_prefix("<@") {
                named.take(inner);
            } else {
                named.everyone |= is_word(before, rest, "@everyone");
                named.here |= is_word(before, rest, "@here");
            }
        }
        named
    }

    fn take(&mut self, rest: &str) {
        let (role, digits) = match rest.as_bytes().first() {
            Some(b'&') => (true, &rest[1..]),
            Some(b'!') => (false, &rest[1..]),
            _ => (false, rest),
        };
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let (id, after) = digits.split_at(length);
        let Some(id) = id.parse::<u64>().ok().filter(|_| after.starts_with('>')) else { return };
        if role {
            push_once(&mut self.roles, RoleId::new(id));
        } else {
            push_once(&mut self.users, UserId::new(id));
        }
    }
}

/// Tells whether a word stands at the beginning of a text, and not inside of another.
fn is_word(before: Option<char>, rest: &str, word: &str) -> bool {
    let of_word = |char: char| char.is_alphanumeric() || char == '_';
    rest.strip_prefix(word).is_some_and(|after| {
        !before.is_some_and(of_word) && !after.chars().next().is_some_and(of_word)
    })
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Which mentions of a message count. Absent: all of them.
///
/// See [Discord Docs/Allowed Mentions Object].
///
/// [Discord Docs/Allowed Mentions Object]: https://discord.com/developers/docs/resources/message#allowed-mentions-object
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedMentions {
    /// Kinds of which all count.
    pub parse: Vec<MentionKind>,
    /// At most 100 users; not together with all of them.
    pub users: Vec<UserId>,
    /// At most 100 roles; not together with all of them.
    pub roles: Vec<RoleId>,
    /// Whether the author of an answered message is mentioned.
    pub replied_user: bool,
}

/// What can be mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MentionKind {
    /// `users`.
    Users,
    /// `roles`.
    Roles,
    /// `everyone`: everybody, and who is here.
    Everyone,
}

impl FromForm for AllowedMentions {
    fn from_form(form: &Form<'_>) -> Option<Self> {
        use MentionKind::{Everyone, Roles, Users};
        let words = [("users", Users), ("roles", Roles), ("everyone", Everyone)];
        let allowed = Self {
            parse: listed(form, "parse", |item| item.word(&words)),
            users: listed(form, "users", |item| item.id()),
            roles: listed(form, "roles", |item| item.id()),
            replied_user: form.field("replied_user").flag().unwrap_or_default(),
        };
        let lists = [("users", Users, allowed.users.len()), ("roles", Roles, allowed.roles.len())];
        for (word, kind, listed) in lists {
            if listed > 0 && allowed.parse.contains(&kind) {
                let message =
                    format!("parse:[\"{word}\"] and {word}: [ids...] are mutually exclusive.");
                form.wrong("MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message);
            }
        }
        Some(allowed)
    }
}

fn listed<T>(form: &Form<'_>, key: &str, read: impl FnMut(&Field<'_>) -> Option<T>) -> Vec<T> {
    form.field(key).sparse(0..=MENTIONS_MAX, read).unwrap_or_default()
}
