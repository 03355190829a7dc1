//! Statements that nothing comes to, and conditions that depend on nothing.

use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::draft::{Draft, each, start};
use crate::finding::{Finding, Lint};

pub(super) fn findings(draft: &Draft<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for function in &draft.functions {
        findings.extend(unreachable(draft, &function.body));
        each(&function.body, &mut |node| {
            blocks(node).into_iter().for_each(|block| findings.extend(unreachable(draft, block)));
            findings.extend(constant_conditions(draft, node));
        });
    }
    findings
}

/// Lists the blocks right inside of a node.
fn blocks(node: ASTNode<'_>) -> Vec<&[Stmt]> {
    match node {
        ASTNode::Stmt(Stmt::If(flow, _) | Stmt::TryCatch(flow, _)) => {
            vec![flow.body.statements(), flow.branch.statements()]
        }
        ASTNode::Stmt(Stmt::While(flow, _) | Stmt::Do(flow, _, _)) => vec![flow.body.statements()],
        ASTNode::Stmt(Stmt::For(parts, _)) => vec![parts.2.body.statements()],
        ASTNode::Stmt(Stmt::Block(block)) => vec![block.statements()],
        ASTNode::Expr(Expr::Stmt(block)) => vec![block.statements()],
        _ => Vec::new(),
    }
}

fn unreachable(draft: &Draft<'_>, block: &[Stmt]) -> Option<Finding> {
    let end = block.iter().position(leaves)?;
    let next = block.get(end + 1)?;
    let line = block[end].position().line().unwrap_or(0);
    let message = format!("nothing comes here: line {line} always leaves");
    let finding = Finding::at(draft.source, next.position(), Lint::Unreachable, message);
    Some(finding.advise("delete it, or move it up"))
}

/// Tells whether what follows a statement in its block can never run.
pub(super) fn leaves(statement: &Stmt) -> bool {
    match statement {
        Stmt::Return(..) | Stmt::BreakLoop(..) => true,
        Stmt::If(flow, _) => flow.body.iter().any(leaves) && flow.branch.iter().any(leaves),
        Stmt::Block(block) => block.iter().any(leaves),
        Stmt::Expr(inner) => inside(inner),
        Stmt::Switch(parts, _) => {
            let cases = &parts.1;
            cases.def_case.is_some() && cases.expressions.iter().all(|case| inside(&case.rhs))
        }
        _ => false,
    }
}

fn inside(expression: &Expr) -> bool {
    matches!(expression, Expr::Stmt(block) if block.iter().any(leaves))
}

fn constant_conditions(draft: &Draft<'_>, node: ASTNode<'_>) -> Vec<Finding> {
    let found = |place: Position, message: String, advice: &str| {
        let finding = Finding::at(draft.source, place, Lint::ConstantCondition, message);
        finding.advise(advice)
    };
    match node {
        ASTNode::Stmt(Stmt::If(flow, _)) => constant(&flow.expr).map(|value| {
            let never =
                if value { "what follows `else` never runs" } else { "its block never runs" };
            found(start(&flow.expr), format!("this is always {value}"), never)
        }),
        ASTNode::Stmt(Stmt::While(flow, _)) if constant(&flow.expr) == Some(false) => {
            let place = start(&flow.expr);
            Some(found(place, "this is always false".to_owned(), "the loop never runs"))
        }
        ASTNode::Stmt(Stmt::Switch(parts, _)) if parts.0.is_constant() => {
            let place = start(&parts.0);
            Some(found(place, "this is always the same".to_owned(), "one case at most ever runs"))
        }
        ASTNode::Expr(expression @ (Expr::And(parts, _) | Expr::Or(parts, _)))
            if constant(expression).is_none() =>
        {
            let parts = parts.iter().filter_map(|part| Some((part, constant(part)?)));
            return parts
                .map(|(part, value)| {
                    let message = format!("this is always {value}");
                    found(start(part), message, "it decides nothing; delete it")
                })
                .collect();
        }
        _ => None,
    }
    .into_iter()
    .collect()
}

/// Works a condition out that reads nothing.
fn constant(expression: &Expr) -> Option<bool> {
    match expression {
        Expr::BoolConstant(value, _) => Some(*value),
        Expr::And(parts, _) => all(parts, false),
        Expr::Or(parts, _) => all(parts, true),
        Expr::FnCall(call, _) => operator(call),
        _ => None,
    }
}

/// Works `&&` or `||` out: one part that is `decisive` decides.
fn all(parts: &[Expr], decisive: bool) -> Option<bool> {
    let values: Vec<_> = parts.iter().map(constant).collect();
    if values.contains(&Some(decisive)) {
        return Some(decisive);
    }
    values.iter().all(Option::is_some).then_some(!decisive)
}

fn operator(call: &FnCallExpr) -> Option<bool> {
    match (&*call.name, &call.args[..]) {
        ("!", [operand]) => constant(operand).map(|value| !value),
        (name, [Expr::IntegerConstant(left, _), Expr::IntegerConstant(right, _)]) => {
            compare(name, left, right)
        }
        (name, [Expr::StringConstant(left, _), Expr::StringConstant(right, _)]) => {
            compare(name, left, right)
        }
        (name, [left, right]) => compare(name, &constant(left)?, &constant(right)?),
        _ => None,
    }
}

fn compare<T: Ord>(name: &str, left: &T, right: &T) -> Option<bool> {
    match name {
        "==" => Some(left == right),
        "!=" => Some(left != right),
        "<" => Some(left < right),
        "<=" => Some(left <= right),
        ">" => Some(left > right),
        ">=" => Some(left >= right),
        _ => None,
    }
}
