//! The folder of modules that scripts may import, and nothing outside of it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rhai::{AST, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use crate::source::Source;

/// Modules that one script has imported, each read once.
#[derive(Debug)]
pub(crate) struct Library {
    root: PathBuf,
    bytes_max: u64,
    read: Mutex<BTreeMap<String, Source>>,
}

impl Library {
    /// Makes a library of a folder, which need not exist until something is imported.
    #[must_use]
    pub(crate) fn new(root: &Path, bytes_max: u64) -> Self {
        Self { root: root.to_owned(), bytes_max, read: Mutex::default() }
    }

    /// Returns the modules that were imported, by the paths that name them.
    #[must_use]
    pub(crate) fn modules(&self) -> BTreeMap<String, Source> {
        self.read.lock().clone()
    }

    /// Returns the text of a module; the same one for as long as the library lives.
    fn source(&self, path: &str, modules_max: usize) -> Result<Source, String> {
        if let Some(source) = self.read.lock().get(path) {
            return Ok(source.clone());
        }
        let file = self.find(path)?;
        let source = Source::read(&file, self.bytes_max)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let mut read = self.read.lock();
        if read.len() >= modules_max {
            return Err(format!("more than {modules_max} modules are imported"));
        }
        read.insert(path.to_owned(), source.clone());
        Ok(source)
    }

    /// Finds the file of a module, wherever symbolic links lead.
    fn find(&self, path: &str) -> Result<PathBuf, String> {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        let relative = Path::new(path);
        if path.is_empty() || path.contains(['\\', '\0']) || !relative.components().all(plain) {
            return Err("a module is named by its path below the library, without `..`".to_owned());
        }
        let root = self.root.canonicalize();
        let root = root.map_err(|error| format!("library {}: {error}", self.root.display()))?;
        let named = root.join(format!("{path}.rhai"));
        let file = named.canonicalize().map_err(|error| format!("{}: {error}", named.display()))?;
        if file.starts_with(&root) && file.is_file() {
            Ok(file)
        } else {
            Err("leads out of the library".to_owned())
        }
    }
}

/// Lets a script import modules of a library while it is loaded.
#[derive(Clone, Debug)]
pub(crate) struct Importer {
    library: Arc<Library>,
    modules_max: usize,
    /// Modules that are being made, the outermost first.
    open: Arc<Mutex<Vec<String>>>,
}

impl Importer {
    pub(crate) fn new(library: Arc<Library>, modules_max: usize) -> Self {
        Self { library, modules_max, open: Arc::default() }
    }

    fn compile(&self, engine: &Engine, path: &str, place: Position) -> Result<AST, Raised> {
        let in_module =
            |error| Box::new(EvalAltResult::ErrorInModule(path.to_owned(), Box::new(error), place));
        let source = self.library.source(path, self.modules_max).map_err(|why| {
            let message = format!("cannot import \"{path}\": {why}");
            in_module(EvalAltResult::ErrorRuntime(message.into(), Position::NONE))
        })?;
        let mut ast = engine.compile(&source.text).map_err(|error| in_module(error.into()))?;
        ast.set_source(path);
        Ok(ast)
    }

    fn make(&self, engine: &Engine, path: &str, place: Position) -> Result<Shared<Module>, Raised> {
        let ast = self.compile(engine, path, place)?;
        let module = Module::eval_ast_as_new(Scope::new(), &ast, engine).map_err(|error| {
            Box::new(EvalAltResult::ErrorInModule(path.to_owned(), error, place))
        })?;
        Ok(module.into())
    }
}

type Raised = Box<EvalAltResult>;

impl ModuleResolver for Importer {
    fn resolve(
        &self,
        engine: &Engine,
        _: Option<&str>,
        path: &str,
        place: Position,
    ) -> Result<Shared<Module>, Raised> {
        if self.open.lock().iter().any(|open| open == path) {
            let message = format!("\"{path}\" imports itself");
            return Err(EvalAltResult::ErrorRuntime(message.into(), place).into());
        }
        self.open.lock().push(path.to_owned());
        let made = self.make(engine, path, place);
        self.open.lock().pop();
        made
    }

    fn resolve_ast(
        &self,
        engine: &Engine,
        _: Option<&str>,
        path: &str,
        place: Position,
    ) -> Option<Result<AST, Raised>> {
        Some(self.compile(engine, path, place))
    }
}
