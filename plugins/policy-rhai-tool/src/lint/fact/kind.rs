//! Facts that are compared with values of another kind, such as ids with strings: that is no
//! error in Rhai, and never true.

use rhai::{Expr, Position};
use throng_plugin_policy_rhai::fact::{Fact, Kind as Type};

use super::super::draft::start;
use super::{Kind, Reader};
use crate::finding::Lint;

impl Reader<'_> {
    /// Looks at both sides of `==` or `!=`.
    pub(super) fn equality(&mut self, left: (&Expr, Kind), right: (&Expr, Kind)) {
        for ((_, known), (other, kind)) in [(left, right), (right, left)] {
            self.pair(known, kind, (start(other), text(other)));
        }
    }

    /// Looks at an array and what is looked for in it.
    pub(super) fn membership(
        &mut self,
        (array, place): (Kind, Position),
        (kind, item): (Kind, &Expr),
    ) {
        match (array, kind) {
            (Kind::Texts, _) => self.pair(kind, Kind::Text, (place, None)),
            (Kind::Numbers, _) => self.pair(kind, Kind::Number, (place, None)),
            (Kind::Fact(Fact::Roles), _) => self.pair(Kind::Role, kind, (start(item), text(item))),
            _ => {}
        }
    }

    /// Finds a fact and a value that are never equal.
    pub(super) fn pair(
        &mut self,
        known: Kind,
        other: Kind,
        (place, text): (Position, Option<&str>),
    ) {
        let (name, id, of) = match known {
            Kind::Role => ("roles", true, Type::Int),
            Kind::Fact(fact) => (fact.property(), is_id(fact), fact.kind()),
            _ => return,
        };
        let digits =
            text.filter(|text| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit()));
        let (what, advice) = match (of, other) {
            (Type::Int, Kind::Text) => {
                let what = if id { "ids are numbers" } else { "it is a number" };
                let advice = digits.map_or_else(
                    || "write it without quotes".to_owned(),
                    |digits| format!("write {digits}"),
                );
                (what, advice)
            }
            (Type::Bool, Kind::Text | Kind::Number) => {
                ("it is true or false", "write it alone, or with `!` before it".to_owned())
            }
            (Type::Text, Kind::Number) => ("it is a string", "write it in quotes".to_owned()),
            _ => return,
        };
        let value = text.map_or_else(|| "this".to_owned(), |text| format!("\"{text}\""));
        self.find(Lint::WrongKind, place, format!("`{name}` is never {value}: {what}"), advice);
    }
}

/// Returns what an array is whose items are of these kinds.
pub(super) fn of_array(kinds: &[Kind]) -> Kind {
    let all = |kind| !kinds.is_empty() && kinds.iter().all(|one| *one == kind);
    match () {
        () if all(Kind::Text) => Kind::Texts,
        () if all(Kind::Number) => Kind::Numbers,
        () => Kind::Other,
    }
}

fn text(value: &Expr) -> Option<&str> {
    match value {
        Expr::StringConstant(text, _) => Some(text.as_str()),
        _ => None,
    }
}

const fn is_id(fact: Fact) -> bool {
    matches!(fact, Fact::User | Fact::Guild | Fact::Author | Fact::Channel | Fact::ChannelGuild)
}
