//! Answers that are written out in a script, given to the same check that they meet at run time.

use std::collections::BTreeSet;

use rhai::{ASTFlags, ASTNode, Array, Dynamic, Expr, FnCallExpr, Map, Position, Stmt};
use throng_engine::mode::{Delivery, Mode};
use throng_engine::policy::ShardKey;
use throng_plugin_policy_rhai::Hook;
use throng_plugin_policy_rhai::trial::near::near;
use throng_plugin_policy_rhai::verdict::{Decision, Terms, parse};
use throng_proto::event::EventClass;

use super::draft::{Draft, Function, each, start};
use super::flow;
use crate::finding::{Finding, Lint};

/// Puts a part of an answer into a whole one that is right otherwise.
type Frame<'f> = &'f dyn Fn(Dynamic) -> Dynamic;

pub(super) fn findings(draft: &Draft<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hook, function) in draft.hooks() {
        let mut answers = Answers { draft, hook, seen: BTreeSet::new(), findings: Vec::new() };
        answers.function(function, &|answer| answer);
        findings.append(&mut answers.findings);
    }
    findings
}

/// Follows the places of a hook where its answer is written.
struct Answers<'a> {
    draft: &'a Draft<'a>,
    hook: Hook,
    seen: BTreeSet<&'a str>,
    findings: Vec<Finding>,
}

impl<'a> Answers<'a> {
    fn function(&mut self, function: &'a Function, frame: Frame<'_>) {
        if !self.seen.insert(&function.name) {
            return;
        }
        each(&function.body, &mut |node| match node {
            ASTNode::Stmt(Stmt::Return(value, flags, place))
                if !flags.contains(ASTFlags::BREAK) =>
            {
                match value {
                    Some(value) => self.value(value, frame),
                    None => self.missing(*place, "returns nothing"),
                }
            }
            _ => {}
        });
        self.block(&function.body, function.span.1, frame);
    }

    /// Follows the last statement of a block, whose value is that of the block.
    fn block(&mut self, block: &[Stmt], end: Position, frame: Frame<'_>) {
        if block.iter().any(flow::leaves) {
            return;
        }
        match block.last() {
            Some(last) => self.last(last, frame),
            None => self.missing(end, "ends without a value"),
        }
    }

    fn last(&mut self, statement: &Stmt, frame: Frame<'_>) {
        match statement {
            Stmt::If(flow, place) => {
                self.block(flow.body.statements(), flow.body.end_position(), frame);
                if flow.branch.is_empty() {
                    self.missing(*place, "has no `else`");
                } else {
                    self.block(flow.branch.statements(), flow.branch.end_position(), frame);
                }
            }
            Stmt::Switch(parts, place) => {
                let cases = &parts.1;
                cases.expressions.iter().for_each(|case| self.value(&case.rhs, frame));
                if cases.def_case.is_none() {
                    self.missing(*place, "has no case `_`");
                }
            }
            Stmt::Block(block) => self.block(block.statements(), block.end_position(), frame),
            Stmt::Expr(value) => self.value(value, frame),
            Stmt::FnCall(call, place) => self.call(call, *place, frame),
            Stmt::Var(_, _, place) | Stmt::For(_, place) => {
                self.missing(*place, "is the last statement and has no value");
            }
            Stmt::Assignment(_) => {
                self.missing(statement.position(), "is the last statement and has no value");
            }
            // Loops and what is caught may have left before.
            _ => {}
        }
    }

    fn value(&mut self, value: &Expr, frame: Frame<'_>) {
        match value {
            Expr::Stmt(block) => self.block(block.statements(), block.end_position(), frame),
            Expr::Map(parts, place) if !parts.0.is_empty() => {
                let has_mode = parts.0.iter().any(|(key, _)| key.as_str() == "mode");
                if self.hook == Hook::Passivity && !has_mode {
                    self.literal(Map::new().into(), *place, frame);
                }
                parts.0.iter().for_each(|(key, value)| {
                    self.entry((key.as_str(), key.pos), value, frame);
                });
            }
            Expr::Array(items, _) if !items.is_empty() => {
                let item = |one: Dynamic| frame(Dynamic::from_array(Array::from([one])));
                items.iter().for_each(|one| self.value(one, &item));
            }
            Expr::FnCall(call, place) => self.call(call, *place, frame),
            Expr::And(_, place) | Expr::Or(_, place) => self.literal(true.into(), *place, frame),
            other => {
                if let Some(literal) = other.get_literal_value(None) {
                    self.literal(literal, start(other), frame);
                }
            }
        }
    }

    fn entry(&mut self, (key, place): (&str, Position), value: &Expr, frame: Frame<'_>) {
        let hook = self.hook;
        let row = |value: Dynamic| {
            let mut map = Map::new();
            if hook == Hook::Passivity {
                map.insert("mode".into(), Mode::Passive.name().into());
            }
            map.insert(key.into(), value);
            frame(map.into())
        };
        match stand_ins().map(|one| parse(hook, row(one), TERMS)) {
            answers if answers.iter().any(Result::is_ok) => self.value(value, &row),
            // No value makes it right, so it is the key that is wrong.
            _ => self.literal(Dynamic::UNIT, place, &row),
        }
    }

    fn call(&mut self, call: &FnCallExpr, place: Position, frame: Frame<'_>) {
        if call.is_qualified() || call.is_operator_call() {
            return;
        }
        if let Some(function) = self.draft.function(&call.name, call.args.len()) {
            self.function(function, frame);
        } else if matches!(&*call.name, "admit" | "allow" | "refuse") {
            self.literal(Dynamic::from(Decision::Accept), place, frame);
        }
    }

    fn literal(&mut self, value: Dynamic, place: Position, frame: Frame<'_>) {
        // Which relays there are is not known before somebody asks.
        if self.hook == Hook::Relay && value.is_int() {
            return;
        }
        let word = value.clone().into_string().unwrap_or_default();
        let Err(mistake) = parse(self.hook, frame(value), TERMS) else { return };
        let message = format!("`{}` cannot answer this: {mistake}", self.hook.name());
        let finding =
            Finding::at(self.draft.source, place, Lint::UnknownVerdict, message).of_hook(self.hook);
        self.findings.push(match near(&word, words()).filter(|_| !word.is_empty()) {
            Some(near) => finding.advise(format!("did you mean \"{near}\"?")),
            None => finding,
        });
    }

    fn missing(&mut self, place: Position, why: &str) {
        let message = format!("`{}` gets no answer here: this {why}", self.hook.name());
        let finding =
            Finding::at(self.draft.source, place, Lint::NoVerdict, message).of_hook(self.hook);
        self.findings.push(finding.advise("end every way through a hook with a verdict"));
    }
}

const TERMS: Terms<'static> = Terms { capacity: 1, relays: &[] };

/// Values of which each key takes one.
fn stand_ins() -> [Dynamic; 5] {
    [
        1.into(),
        ShardKey::None.name().into(),
        Mode::Active.name().into(),
        Delivery::Full.name().into(),
        Map::new().into(),
    ]
}

/// Words that answers consist of.
fn words() -> impl Iterator<Item = &'static str> {
    let modes = Mode::ALL.into_iter().map(Mode::name);
    let deliveries = Delivery::ALL.into_iter().map(Delivery::name);
    let classes = EventClass::ALL.into_iter().map(EventClass::name);
    let keys = ShardKey::ALL.into_iter().map(ShardKey::name);
    modes.chain(deliveries).chain(classes).chain(keys).chain(["conflate", "close", "new"])
}
