//! A script as lints read it: its functions, each with its statements.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Engine, Expr, FnPtr, OptimizationLevel, Position, Stmt};
use throng_plugin_policy_rhai::trial::stage::PROPS;
use throng_plugin_policy_rhai::{Hook, HookConfig, Sandbox, Script, Source};
use throng_ports::policy::PolicyFault;

/// Names of functions, with how many arguments each takes.
pub(super) type Signatures = BTreeSet<(String, usize)>;

/// A script as lints read it.
pub(super) struct Draft<'a> {
    pub(super) source: &'a Source,
    /// Functions, those without a name too, in the order of their places.
    pub(super) functions: Vec<Function>,
    /// What runs before each call: constants and imports.
    pub(super) statements: Vec<Stmt>,
    /// What hooks may call that is not in the script.
    pub(super) natives: Signatures,
    /// What imported modules offer, by the names that the script gives them.
    pub(super) modules: BTreeMap<String, Signatures>,
    /// Tells whether it is for other scripts to import.
    pub(super) is_module: bool,
}

/// A function of a script.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Stmt>,
    pub(super) is_private: bool,
    /// Where its body begins and ends.
    pub(super) span: (Position, Position),
}

impl<'a> Draft<'a> {
    /// Reads a script that loads.
    ///
    /// # Errors
    ///
    /// It does not load after all.
    pub(super) fn new(
        script: &'a Script,
        sandbox: &Sandbox,
        is_module: bool,
    ) -> Result<Self, PolicyFault> {
        let limits = HookConfig::default();
        let mut engine = sandbox.engine(&limits);
        // What is written, not what is equal to it.
        engine.set_optimization_level(OptimizationLevel::None);
        let ast = script.compile(&mut engine, sandbox, &limits)?;
        Ok(Self {
            source: &script.source,
            functions: functions(&ast),
            statements: ast.statements().to_vec(),
            natives: natives(&engine),
            modules: modules(script, &engine, &ast),
            is_module,
        })
    }

    /// Finds a function of the script.
    pub(super) fn function(&self, name: &str, parameters: usize) -> Option<&Function> {
        let found = |one: &&Function| one.name == name && one.parameters.len() == parameters;
        self.functions.iter().find(found)
    }

    /// Lists the hooks that it defines, with their functions.
    pub(super) fn hooks(&self) -> impl Iterator<Item = (Hook, &Function)> {
        Hook::ALL
            .into_iter()
            .filter_map(|hook| Some((hook, self.function(hook.name(), hook.parameters().len())?)))
    }

    /// Tells whether a function of that name and so many arguments is there while testing only.
    pub(super) fn is_prop(name: &str, arguments: usize) -> bool {
        PROPS.contains(&(name, arguments))
    }
}

impl Function {
    /// Tells whether it has no name: Rhai makes functions of closures.
    pub(super) fn is_closure(&self) -> bool {
        self.name.starts_with("anon$")
    }

    /// Tells whether it tests the policy.
    pub(super) fn is_test(&self) -> bool {
        self.name.starts_with("test_")
    }

    /// Lists what it calls, by name; closures are called where they are written.
    pub(super) fn calls(&self) -> BTreeSet<String> {
        calls(&self.body)
    }
}

/// Lists what statements call.
pub(super) fn calls(statements: &[Stmt]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    each(statements, &mut |node| match node {
        ASTNode::Stmt(Stmt::FnCall(call, _))
        | ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _)) => {
            names.insert(call.name.to_string());
            // Fn("name") is a pointer to a function.
            if let ("Fn", Some(Expr::StringConstant(name, _))) = (&*call.name, call.args.first()) {
                names.insert(name.to_string());
            }
        }
        ASTNode::Expr(Expr::DynamicConstant(value, _)) => {
            names.extend(value.read_lock::<FnPtr>().map(|pointer| pointer.fn_name().to_owned()));
        }
        _ => {}
    });
    names
}

/// Visits every statement and expression of a body, the outer before the inner.
pub(super) fn each(statements: &[Stmt], visit: &mut dyn FnMut(ASTNode<'_>)) {
    for statement in statements {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            path.last().into_iter().for_each(|node| visit(*node));
            true
        });
    }
}

/// Returns where an expression begins; Rhai names the operator of one.
pub(super) fn start(expression: &Expr) -> Position {
    match expression {
        Expr::FnCall(call, place) if call.is_operator_call() => {
            call.args.first().map_or(*place, |operand| start(operand).min(*place))
        }
        Expr::And(parts, place) | Expr::Or(parts, place) | Expr::Coalesce(parts, place) => {
            parts.first().map_or(*place, start)
        }
        other => other.start_position(),
    }
}

fn functions(ast: &AST) -> Vec<Function> {
    let lib = ast.shared_lib();
    let mut functions: Vec<_> = lib
        .iter_script_fn_info()
        .map(|(_, access, name, parameters, definition)| Function {
            name: name.to_owned(),
            parameters: definition.params.iter().map(ToString::to_string).collect(),
            body: body(ast, name, parameters),
            is_private: access.is_private(),
            span: (definition.body.start_position(), definition.body.end_position()),
        })
        .collect();
    functions.sort_by_key(|function| function.span.0);
    functions
}

/// Copies the statements of a function; Rhai shows them only to those who walk.
fn body(ast: &AST, name: &str, parameters: usize) -> Vec<Stmt> {
    let mut alone = ast.clone_functions_only();
    alone.retain_functions(|_, _, other, count| other == name && count == parameters);
    let mut body = Vec::new();
    alone.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            body.push((*statement).clone());
        }
        true
    });
    body
}

fn natives(engine: &Engine) -> Signatures {
    let of =
        |info: rhai::FuncInfo<'_>| Some((info.metadata.name.to_string(), info.metadata.num_params));
    engine.collect_fn_metadata(None, of, true).into_iter().collect()
}

fn modules(script: &Script, engine: &Engine, ast: &AST) -> BTreeMap<String, Signatures> {
    let sources = script.modules();
    let imported = ast.statements().iter().filter_map(|statement| match statement {
        Stmt::Import(import, _) => match &**import {
            (Expr::StringConstant(path, _), alias) => {
                Some((alias.as_str().to_owned(), sources.get(path.as_str())?))
            }
            _ => None,
        },
        _ => None,
    });
    imported
        .filter_map(|(alias, source)| {
            let module = engine.compile(&source.text).ok()?;
            let public = module.iter_functions().filter(|function| !function.access.is_private());
            let public = public.map(|function| (function.name.to_owned(), function.params.len()));
            Some((alias, public.collect()))
        })
        .collect()
}
