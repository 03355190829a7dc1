//! What is asked of a value that has facts.

use std::mem;

use rhai::{ASTFlags, Expr, FnCallExpr, Position};
use throng_engine::mode::Mode;
use throng_engine::policy::Act;
use throng_engine::pressure::Band;
use throng_plugin_policy_rhai::Hook;
use throng_plugin_policy_rhai::fact::{Fact, Subject};
use throng_plugin_policy_rhai::trial::near::near;

use super::super::draft::start;
use super::{Kind, Reader, element};
use crate::finding::{Finding, Lint};

impl Reader<'_> {
    /// Reads what follows a dot.
    pub(super) fn member(&mut self, base: Kind, rest: &Expr) -> Kind {
        match rest {
            Expr::Property(name, place) => self.property(base, &name.2, *place),
            Expr::MethodCall(call, place) => self.method(base, call, *place),
            Expr::Dot(parts, _, _) => {
                let next = self.member(base, &parts.lhs);
                self.member(next, &parts.rhs)
            }
            Expr::Index(parts, flags, _) => {
                let next = self.member(base, &parts.lhs);
                self.index(next, &parts.rhs, *flags)
            }
            _ => Kind::Other,
        }
    }

    /// Reads what stands in brackets, and what follows them.
    pub(super) fn index(&mut self, base: Kind, rest: &Expr, flags: ASTFlags) -> Kind {
        match rest {
            Expr::Dot(parts, _, _) if !flags.contains(ASTFlags::BREAK) => {
                self.value(&parts.lhs);
                self.member(element(base), &parts.rhs)
            }
            Expr::Index(parts, inner, _) if !flags.contains(ASTFlags::BREAK) => {
                self.value(&parts.lhs);
                self.index(element(base), &parts.rhs, *inner)
            }
            index => {
                self.value(index);
                element(base)
            }
        }
    }

    fn property(&mut self, base: Kind, name: &str, place: Position) -> Kind {
        let Kind::Of(subject) = base else { return Kind::Other };
        let owner = subject.name().to_lowercase();
        let Some(fact) = fact(subject, name) else {
            self.unknown(subject, name, place);
            return Kind::Other;
        };
        if is_method(fact) {
            let message = format!("`{name}` is a function");
            let advice = format!("write `{owner}.{name}(…)`");
            self.find(Lint::UnknownFact, place, message, advice);
        } else {
            self.known_here(subject, fact, place);
        }
        Kind::Fact(fact)
    }

    fn method(&mut self, base: Kind, call: &FnCallExpr, place: Position) -> Kind {
        let outer = mem::replace(&mut self.item, element(base));
        let kinds: Vec<_> = call.args.iter().map(|argument| self.value(argument)).collect();
        self.item = outer;
        if let ("contains" | "index_of", [item, ..], [kind, ..]) =
            (&*call.name, &call.args[..], &kinds[..])
        {
            self.membership((base, place), (*kind, item));
        }
        let Kind::Of(subject) = base else { return Kind::Other };
        match fact(subject, &call.name).filter(|fact| is_method(*fact)) {
            Some(fact) => {
                self.known_here(subject, fact, place);
                Kind::Fact(fact)
            }
            None if subject == Subject::Clock && &*call.name == "at" => base,
            None if self.draft.function(&call.name, call.args.len()).is_some() => Kind::Other,
            None => {
                self.unknown(subject, &call.name, place);
                Kind::Other
            }
        }
    }

    fn known_here(&mut self, subject: Subject, fact: Fact, place: Position) {
        let Some(hook) = self.hook else { return };
        let only = only_in(fact).filter(|only| *only != hook);
        if let Some(only) = only {
            let owner = subject.name().to_lowercase();
            let name = fact.property();
            let message = format!("`{owner}.{name}` is not known in `{}`", hook.name());
            let advice = format!("only `{only}` knows it");
            self.find(Lint::UnknownFact, place, message, advice);
        }
    }

    fn unknown(&mut self, subject: Subject, name: &str, place: Position) {
        let owner = subject.name().to_lowercase();
        let all = Fact::ALL.iter().filter(|fact| fact.subject() == subject);
        let names: Vec<_> = all.map(|fact| fact.property()).collect();
        let advice = match near(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{owner}.{near}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        self.find(Lint::UnknownFact, place, format!("`{owner}` has no fact `{name}`"), advice);
    }

    pub(super) fn target(&mut self, target: &Expr) {
        if let Expr::Dot(parts, _, place) = target
            && let Kind::Of(_) = self.value(&parts.lhs)
        {
            let advice = "a policy answers; it does not change anything".to_owned();
            self.find(Lint::UnknownFact, *place, "facts cannot be changed".to_owned(), advice);
            return;
        }
        self.value(target);
    }

    pub(super) fn comparison(
        &mut self,
        call: &FnCallExpr,
        left: (&Expr, Kind),
        right: (&Expr, Kind),
    ) {
        match &*call.name {
            "==" | "!=" => {}
            "contains" => return self.membership((left.1, start(left.0)), (right.1, right.0)),
            _ => return,
        }
        self.equality(left, right);
        let (fact, word, place) = match (left, right) {
            ((_, Kind::Fact(fact)), (Expr::StringConstant(word, place), _))
            | ((Expr::StringConstant(word, place), _), (_, Kind::Fact(fact))) => {
                (fact, word, *place)
            }
            _ => return,
        };
        let words = words(fact);
        if words.is_empty() || words.contains(&word.as_str()) {
            return;
        }
        let name = fact.property();
        let advice = match near(word, words.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("it is one of {words:?}"),
        };
        self.find(Lint::UnknownWord, place, format!("`{name}` is never \"{word}\""), advice);
    }

    pub(super) fn find(&mut self, lint: Lint, place: Position, message: String, advice: String) {
        let finding = Finding::at(self.draft.source, place, lint, message).advise(advice);
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

fn fact(subject: Subject, name: &str) -> Option<Fact> {
    let all = Fact::ALL.iter().copied();
    all.filter(|fact| fact.subject() == subject).find(|fact| fact.property() == name)
}

const fn is_method(fact: Fact) -> bool {
    matches!(fact, Fact::HasRole | Fact::UserPercent)
}

/// Returns the one hook that knows a fact of a session, if not all do.
const fn only_in(fact: Fact) -> Option<Hook> {
    match fact {
        Fact::Subscribed
        | Fact::CurrentMode
        | Fact::Moderator
        | Fact::Permissions
        | Fact::Roles
        | Fact::HasRole => Some(Hook::Passivity),
        Fact::BehindEvents | Fact::BehindBytes => Some(Hook::Lag),
        _ => None,
    }
}

/// Lists what a fact can be, where that is known.
fn words(fact: Fact) -> Vec<&'static str> {
    match fact {
        Fact::Status => vec!["online", "idle", "dnd", "invisible", "offline"],
        Fact::CurrentMode => [""].into_iter().chain(Mode::ALL.map(Mode::name)).collect(),
        Fact::Act => Act::ALL.map(Act::name).to_vec(),
        Fact::PressureBand => Band::ALL.map(Band::name).to_vec(),
        _ => Vec::new(),
    }
}
