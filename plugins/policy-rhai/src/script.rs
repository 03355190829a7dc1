//! A script as it was loaded: its text, its modules, its hooks, and the hash of all of it.

mod locate;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rhai::module_resolvers::DummyModuleResolver;
use rhai::{AST, Engine, EvalAltResult, Position, Scope};
use sha2::{Digest as _, Sha256};
use throng_ports::policy::PolicyFault;

use crate::attempt;
use crate::config::{Config, HookConfig};
use crate::hook::Hook;
use crate::library::{Importer, Library};
use crate::sandbox::Sandbox;
use crate::source::{Source, fault_of};

/// For how long constants of modules may run: nobody waits for a load, and it reads files too.
const LOAD_WALL: Duration = Duration::from_secs(5);
/// Bytes of a version: 48 bits tell the versions of a policy apart.
const VERSION_BYTES: usize = 6;

/// A script that compiles, and whose hooks have the parameters that they must have.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its text.
    pub source: Source,
    /// Hash of its text and of its modules, in hexadecimal.
    pub version: String,
    /// Hooks that it defines.
    pub hooks: Vec<Hook>,
    library: Arc<Library>,
}

impl Script {
    /// Reads and compiles a script, or the only script of a folder. Blocks on files.
    ///
    /// # Errors
    ///
    /// It cannot be read, does not compile, or a hook has the wrong parameters.
    pub fn load(path: &Path, sandbox: &Sandbox, config: &Config) -> Result<Self, PolicyFault> {
        let path = find(path)?;
        let source = Source::read(&path, config.script_bytes_max)
            .map_err(|error| fault_of(&path, unreadable(&error)))?;
        let library = Arc::new(Library::new(&config.library_of(&path), config.script_bytes_max));
        let mut script = Self { source, version: String::new(), hooks: Vec::new(), library };
        let limits = config.widest();
        let ast = script.compile(&mut sandbox.engine(&limits), sandbox, &limits)?;
        script.hooks = script.checked_hooks(&ast)?;
        script.version = script.hash();
        Ok(script)
    }

    /// Refuses a script that decides nothing, which is hardly ever meant.
    ///
    /// # Errors
    ///
    /// It has no hook.
    pub fn must_decide(&self) -> Result<(), PolicyFault> {
        if !self.hooks.is_empty() {
            return Ok(());
        }
        let what = if self.source.text.trim().is_empty() { "it is empty" } else { "no hook" };
        let hooks = Hook::ALL.map(|hook| format!("`{}`", hook.name())).join(", ");
        let message = format!("this decides nothing: {what}; define one of {hooks}");
        Err(fault_of(&self.source.path, message))
    }

    /// Returns its name: that of its file, without the ending.
    #[must_use]
    pub fn name(&self) -> String {
        self.source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns its modules, by the paths that it imports them by.
    #[must_use]
    pub fn modules(&self) -> BTreeMap<String, Source> {
        self.library.modules()
    }

    /// Compiles it, with its modules, for an engine and within its limits.
    ///
    /// # Errors
    ///
    /// It does not compile, or is past the limits.
    pub fn compile(
        &self,
        engine: &mut Engine,
        sandbox: &Sandbox,
        limits: &HookConfig,
    ) -> Result<AST, PolicyFault> {
        engine.set_module_resolver(Importer::new(Arc::clone(&self.library), limits.modules_max));
        // Constants of modules run now; they have no facts and no time.
        let compile = || engine.compile_into_self_contained(&Scope::new(), &self.source.text);
        let deadline = sandbox.clock.elapsed().saturating_add(LOAD_WALL);
        let (compiled, _) =
            attempt::run(None, deadline, || panic::catch_unwind(AssertUnwindSafe(compile)));
        engine.set_module_resolver(DummyModuleResolver::new());
        match compiled {
            Ok(Ok(mut ast)) => {
                ast.set_source(self.source.path.display().to_string());
                Ok(ast)
            }
            Ok(Err(error)) => Err(self.fault(*error)),
            Err(_) => Err(fault_of(&self.source.path, "a function panicked while it was loaded")),
        }
    }

    /// Describes an error of this script or of one of its modules.
    #[must_use]
    pub fn fault(&self, error: EvalAltResult) -> PolicyFault {
        locate::fault(&self.source, &self.modules(), error)
    }

    /// Lists the hooks, or says which has the wrong parameters.
    fn checked_hooks(&self, ast: &AST) -> Result<Vec<Hook>, PolicyFault> {
        let mut hooks = Vec::new();
        for (_, _, name, parameters, definition) in ast.shared_lib().iter_script_fn_info() {
            let Some(hook) = Hook::named(name) else { continue };
            if parameters != hook.parameters().len() {
                let message = format!("a hook has other parameters here; write `fn {hook}`");
                return Err(self.source.fault(definition.body.start_position(), message));
            }
            hooks.push(hook);
        }
        hooks.sort_unstable();
        Ok(hooks)
    }

    /// Returns where a hook's function begins.
    pub(crate) fn position(&self, ast: &AST, hook: Hook) -> Position {
        let function = ast.shared_lib().get_script_fn(hook.name(), hook.parameters().len());
        function.map_or(Position::NONE, |function| function.body.start_position())
    }

    /// Hashes the script and its modules, each with its name and length in front.
    fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        let mut add = |name: &str, text: &str| {
            for part in [name, text] {
                hasher.update(part.len().to_le_bytes());
                hasher.update(part);
            }
        };
        add("", &self.source.text);
        self.modules().iter().for_each(|(name, source)| add(name, &source.text));
        let digest = hasher.finalize();
        digest.iter().take(VERSION_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such file; name a script, which ends in `.rhai`, or its folder".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Finds the script that a path names: a file, or the only script of a folder.
fn find(path: &Path) -> Result<PathBuf, PolicyFault> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let entries = fs::read_dir(path).map_err(|error| fault_of(path, error.to_string()))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut scripts: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|ending| ending == "rhai") && file.is_file())
        .collect();
    match (scripts.pop(), scripts.len()) {
        (Some(script), 0) => Ok(script),
        (None, _) => Err(fault_of(path, "no script: put one file that ends in `.rhai` here")),
        (Some(_), more) => {
            let message = format!("{} scripts: name the file itself", more + 1);
            Err(fault_of(path, message))
        }
    }
}
