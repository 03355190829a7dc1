//! Facts that do not exist, or not in this hook, and words that a fact never is.
//!
//! Whoever reads a fact got it as a parameter of a hook, so the kinds of values are followed from
//! there: through variables, loops, closures and calls.

mod cases;
mod compared;
mod kind;
mod member;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::mem;

use rhai::{Expr, FlowControl, FnCallExpr, FnPtr, Stmt};
use throng_plugin_policy_rhai::Hook;
use throng_plugin_policy_rhai::fact::{Fact, Subject};

use super::draft::{Draft, Function};
use crate::constants::{Place, Values};
use crate::finding::Finding;

/// Functions inside of each other that are read: scripts may not call more.
const DEPTH_MAX: usize = 33;
/// Functions with kinds of parameters that are read.
const WAYS_MAX: usize = 8_192;

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// It has facts.
    Of(Subject),
    /// Relays to choose from.
    Relays,
    /// It is a fact.
    Fact(Fact),
    /// It is the id of a role.
    Role,
    /// It is a string, or an array of them.
    Text,
    Texts,
    /// It is a number, or an array of them.
    Number,
    Numbers,
    /// Nothing.
    Other,
}

/// What facts are compared with, and where that is written.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) values: BTreeMap<Fact, Values>,
    pub(super) places: BTreeSet<Place>,
}

pub(super) fn findings(draft: &Draft<'_>) -> (Vec<Finding>, Compared) {
    let mut reader = Reader {
        draft,
        hook: None,
        scope: Vec::new(),
        item: Kind::Other,
        seen: HashSet::new(),
        depth: 0,
        findings: Vec::new(),
        compared: Compared::default(),
    };
    for (hook, function) in draft.hooks() {
        reader.hook = Some(hook);
        let kinds: Vec<_> = hook.parameters().iter().map(|name| parameter(name)).collect();
        reader.function(function, &kinds);
    }
    reader.hook = None;
    for test in draft.functions.iter().filter(|function| function.is_test()) {
        reader.function(test, &[]);
    }
    (reader.findings, reader.compared)
}

fn parameter(name: &str) -> Kind {
    let named = |subject: &Subject| subject.name().eq_ignore_ascii_case(name);
    match Subject::ALL.into_iter().find(named) {
        Some(subject) => Kind::Of(subject),
        None => Kind::Relays,
    }
}

/// Reads functions in the order in which they run.
struct Reader<'a> {
    draft: &'a Draft<'a>,
    /// Who runs; a test may do what any hook may.
    hook: Option<Hook>,
    scope: Vec<(String, Kind)>,
    /// What closures are given that are written here.
    item: Kind,
    seen: HashSet<(&'a str, Vec<Kind>, Option<Hook>)>,
    /// Functions that are being read inside of each other.
    depth: usize,
    findings: Vec<Finding>,
    compared: Compared,
}

impl<'a> Reader<'a> {
    fn function(&mut self, function: &'a Function, kinds: &[Kind]) {
        // Scripts that call each other in more ways than that are read no further.
        if self.depth == DEPTH_MAX || self.seen.len() == WAYS_MAX {
            return;
        }
        if !self.seen.insert((&function.name, kinds.to_vec(), self.hook)) {
            return;
        }
        let parameters = function.parameters.iter().cloned().zip(kinds.iter().copied());
        let outer = mem::replace(&mut self.scope, parameters.collect());
        let item = mem::replace(&mut self.item, Kind::Other);
        self.depth += 1;
        self.block(&function.body);
        self.depth -= 1;
        (self.scope, self.item) = (outer, item);
    }

    fn block(&mut self, statements: &[Stmt]) -> Kind {
        let depth = self.scope.len();
        let mut kind = Kind::Other;
        for statement in statements {
            kind = self.statement(statement);
        }
        self.scope.truncate(depth);
        kind
    }

    fn statement(&mut self, statement: &Stmt) -> Kind {
        match statement {
            Stmt::Expr(value) => return self.value(value),
            Stmt::FnCall(call, _) => return self.call(call),
            Stmt::Block(block) => return self.block(block.statements()),
            Stmt::Var(parts, _, _) => {
                let kind = self.value(&parts.1);
                self.scope.push((parts.0.as_str().to_owned(), kind));
            }
            Stmt::Assignment(parts) => {
                self.value(&parts.1.rhs);
                self.target(&parts.1.lhs);
                self.forget(&parts.1.lhs);
            }
            Stmt::Return(Some(value), ..) | Stmt::BreakLoop(Some(value), ..) => {
                self.value(value);
            }
            Stmt::If(flow, _) | Stmt::While(flow, _) | Stmt::Do(flow, _, _) => self.flow(flow),
            Stmt::TryCatch(flow, _) => self.flow(flow),
            Stmt::For(parts, _) => {
                let kind = element(self.value(&parts.2.expr));
                let counter = parts.1.iter().map(|name| (name.as_str().to_owned(), Kind::Other));
                let depth = self.scope.len();
                self.scope.push((parts.0.as_str().to_owned(), kind));
                self.scope.extend(counter);
                self.block(parts.2.body.statements());
                self.scope.truncate(depth);
            }
            Stmt::Switch(parts, place) => {
                let kind = self.value(&parts.0);
                self.cases(kind, *place);
                for case in &parts.1.expressions {
                    self.value(&case.lhs);
                    self.value(&case.rhs);
                }
            }
            _ => {}
        }
        Kind::Other
    }

    fn flow(&mut self, flow: &FlowControl) {
        self.value(&flow.expr);
        self.block(flow.body.statements());
        self.block(flow.branch.statements());
    }

    fn value(&mut self, value: &Expr) -> Kind {
        match value {
            Expr::Variable(name, ..) if name.2.is_empty() => return self.variable(&name.1),
            Expr::Variable(name, ..) if name.2.root() == "global" => {
                return self.constant(&name.1);
            }
            Expr::StringConstant(..) => return Kind::Text,
            Expr::IntegerConstant(..) => return Kind::Number,
            Expr::Stmt(block) => return self.block(block.statements()),
            Expr::FnCall(call, _) => return self.call(call),
            Expr::Dot(parts, _, _) => {
                let base = self.value(&parts.lhs);
                return self.member(base, &parts.rhs);
            }
            Expr::Index(parts, flags, _) => {
                let base = self.value(&parts.lhs);
                return self.index(base, &parts.rhs, *flags);
            }
            Expr::DynamicConstant(value, _) => {
                let pointer = value.read_lock::<FnPtr>().map(|one| one.fn_name().to_owned());
                pointer.into_iter().for_each(|name| self.closure(&name));
            }
            Expr::Array(parts, _) => {
                let kinds: Vec<_> = parts.iter().map(|part| self.value(part)).collect();
                return kind::of_array(&kinds);
            }
            Expr::InterpolatedString(parts, _) => {
                parts.iter().for_each(|part| _ = self.value(part));
                return Kind::Text;
            }
            Expr::Map(parts, _) => parts.0.iter().for_each(|(_, part)| _ = self.value(part)),
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                parts.iter().for_each(|part| _ = self.value(part));
            }
            _ => {}
        }
        Kind::Other
    }

    fn variable(&self, name: &str) -> Kind {
        let found = self.scope.iter().rev().find(|(known, _)| known == name);
        found.map_or(Kind::Other, |(_, kind)| *kind)
    }

    /// Reads a constant of the script, which functions see as `global::NAME`.
    fn constant(&mut self, name: &str) -> Kind {
        let draft = self.draft;
        let mut defined = draft.statements.iter().filter_map(|statement| match statement {
            Stmt::Var(parts, _, _) if parts.0.as_str() == name => Some(&parts.1),
            _ => None,
        });
        match defined.next() {
            // Constants that are made of others are nothing that a fact is compared with.
            Some(
                value @ (Expr::StringConstant(..) | Expr::IntegerConstant(..) | Expr::Array(..)),
            ) => self.value(value),
            _ => Kind::Other,
        }
    }

    /// Knows nothing more of a variable that gets another value.
    fn forget(&mut self, target: &Expr) {
        if let Expr::Variable(name, ..) = target {
            let known = self.scope.iter_mut().filter(|(known, _)| known.as_str() == &*name.1);
            known.for_each(|(_, kind)| *kind = Kind::Other);
        }
    }

    fn call(&mut self, call: &FnCallExpr) -> Kind {
        let kinds: Vec<_> = call.args.iter().map(|argument| self.value(argument)).collect();
        if let [left, right] = &call.args[..] {
            self.comparison(call, (left, kinds[0]), (right, kinds[1]));
            self.note(&call.name, (left, kinds[0]), (right, kinds[1]));
        }
        if call.is_qualified() {
            return Kind::Other;
        }
        let draft = self.draft;
        match draft.function(&call.name, call.args.len()) {
            Some(function) => self.function(function, &kinds),
            None if &*call.name == "clock" => return Kind::Of(Subject::Clock),
            None if &*call.name == "relay_of" => return Kind::Of(Subject::Relay),
            None if self.hook.is_none() && Draft::is_prop(&call.name, 1) => {
                return match parameter(&call.name) {
                    Kind::Relays => Kind::Other,
                    kind => kind,
                };
            }
            None => {}
        }
        Kind::Other
    }

    /// Reads a function without a name, which sees its parameters and nothing else.
    fn closure(&mut self, name: &str) {
        let draft = self.draft;
        if let Some(function) = draft.functions.iter().find(|function| function.name == name) {
            let kinds = vec![self.item; function.parameters.len()];
            self.function(function, &kinds);
        }
    }
}

const fn element(kind: Kind) -> Kind {
    match kind {
        Kind::Relays => Kind::Of(Subject::Relay),
        Kind::Fact(Fact::Roles) => Kind::Role,
        Kind::Texts => Kind::Text,
        Kind::Numbers => Kind::Number,
        _ => Kind::Other,
    }
}
