//! Engines in which scripts can only read facts and answer.
//!
//! An engine begins empty and gets what is pure. There is no file, no clock but the one of the
//! question, no output but the log, no `eval`, and no module but those that were loaded with the
//! script. Whatever can grow has a limit, set for debug and release builds alike.
//!
//! Rhai limits how many values lie inside of others, but not how deep, and it recurses over them:
//! a level takes up to 2 KB of the stack. So the limits on arrays and maps limit the depth too.
//! Values are never shared between variables (feature `no_closure`), for a script could make a
//! circle of them, and functions bind no arguments (`curry`), because that doubles without limit.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rhai::module_resolvers::DummyModuleResolver;
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, BitFieldPackage, LogicPackage, MoreStringPackage,
    Package as _,
};
use rhai::{Engine, Module, Shared};
use throng_engine::policy::Native;

use crate::api;
use crate::attempt;
use crate::config::HookConfig;
use crate::log::Log;
use crate::time::Clock;

/// What Rhai brings that is pure. Not its core package, which can sleep and ask who is there.
static PACKAGES: LazyLock<[Shared<Module>; 10]> = LazyLock::new(|| {
    [
        ArithmeticPackage::new().as_shared_module(),
        LogicPackage::new().as_shared_module(),
        BasicMathPackage::new().as_shared_module(),
        BitFieldPackage::new().as_shared_module(),
        BasicStringPackage::new().as_shared_module(),
        MoreStringPackage::new().as_shared_module(),
        BasicArrayPackage::new().as_shared_module(),
        BasicMapPackage::new().as_shared_module(),
        BasicIteratorPackage::new().as_shared_module(),
        BasicFnPackage::new().as_shared_module(),
    ]
});
/// Words that scripts cannot use.
const DISABLED: [&str; 4] = ["eval", "print", "debug", "curry"];
/// Operations between two looks at the clock: a look costs half an operation, and the slowest
/// functions take a millisecond.
const OPERATIONS_PER_LOOK: u64 = 8;

/// What engines have in common.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// Ends runs that take too long.
    pub clock: Arc<dyn Clock>,
    /// The default that scripts build on.
    pub native: Native,
    pub(crate) log: Arc<Log>,
}

impl Sandbox {
    /// Makes a sandbox.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, native: Native) -> Self {
        Self { log: Arc::new(Log::new(Arc::clone(&clock))), clock, native }
    }

    /// Returns a sandbox in which nothing is written to the log.
    #[must_use]
    pub(crate) fn muted(self) -> Self {
        Self { log: Arc::new(Log::mute(Arc::clone(&self.clock))), ..self }
    }

    /// Makes an engine that keeps to the limits of a hook.
    #[must_use]
    pub fn engine(&self, limits: &HookConfig) -> Engine {
        let mut engine = Engine::new_raw();
        for package in PACKAGES.iter() {
            engine.register_global_module(Shared::clone(package));
        }
        api::register(&mut engine, self);
        for symbol in DISABLED {
            engine.disable_symbol(symbol);
        }
        engine.set_strict_variables(true).set_module_resolver(DummyModuleResolver::new());
        limit(&mut engine, limits);
        self.watch(&mut engine);
        engine
    }

    /// Returns by when a run must end that begins now.
    #[must_use]
    pub fn deadline(&self, limits: &HookConfig) -> Duration {
        self.clock.elapsed().saturating_add(Duration::from_millis(limits.wall_millis_max))
    }

    fn watch(&self, engine: &mut Engine) {
        let clock = Arc::clone(&self.clock);
        engine.on_progress(move |operations| {
            let deadline = attempt::advance(operations);
            let late =
                operations.is_multiple_of(OPERATIONS_PER_LOOK) && clock.elapsed() >= deadline;
            late.then(|| "too slow".into())
        });
    }
}

fn limit(engine: &mut Engine, limits: &HookConfig) {
    engine
        .set_max_operations(limits.operations_max)
        .set_max_call_levels(limits.call_depth_max)
        .set_max_expr_depths(limits.expression_depth_max, limits.expression_depth_max)
        .set_max_string_size(limits.string_bytes_max)
        .set_max_array_size(limits.array_items_max)
        .set_max_map_size(limits.map_entries_max)
        .set_max_variables(limits.variables_max)
        .set_max_functions(limits.functions_max)
        .set_max_modules(limits.modules_max);
}
