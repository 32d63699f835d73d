//! Does a component speak the interface, and ask for nothing else?
//!
//! Checked by name before wasmtime checks the types, so that an author reads "imports `wasi:…`, which
//! the router does not offer" instead of the first mismatch in some function's third parameter.

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::engine::Engine;
use crate::fault::Refusal;

const PACKAGE: &str = "tapline:plugin/";
const VERSION: &str = "0.1.0";
const EXPORT: &str = "tapline:plugin/filter@0.1.0";
/// `types` holds no function; compilers import it to name the types.
const IMPORTS: [&str; 2] = ["tapline:plugin/host@0.1.0", "tapline:plugin/types@0.1.0"];
const HOST_FUNCTIONS: [&str; 1] = ["log"];

/// A component's first bytes after the magic: version 13 at layer 1.
const COMPONENT_HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
const CORE_HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// What the bytes are, before any work is done on them.
pub(crate) fn check_header(wasm: &[u8]) -> Result<(), Refusal> {
    if wasm.starts_with(COMPONENT_HEADER) {
        return Ok(());
    }
    Err(Refusal::one(if wasm.starts_with(CORE_HEADER) {
        "it is a core module, not a component; `tapline plugin build` makes one of it".to_owned()
    } else if wasm.starts_with(b"\x7fELF") {
        "it is compiled code; plugins are taken as portable .wasm components only".to_owned()
    } else if wasm.is_empty() {
        "it is empty".to_owned()
    } else {
        format!("it is no WebAssembly: it starts with {:02x?}", &wasm[..wasm.len().min(8)])
    }))
}

pub(crate) fn check(engine: &Engine, component: &Component) -> Result<(), Refusal> {
    let ty = component.component_type();
    let mut problems = Vec::new();
    for (name, item) in ty.imports(engine.wasmtime()) {
        if IMPORTS.contains(&name) {
            check_functions(engine, name, &item.ty, &mut problems);
        } else if let Some(problem) = other_version(name) {
            problems.push(format!("imports `{name}`: {problem}"));
        } else {
            problems.push(format!(
                "imports `{name}`, which the router does not offer: a plugin gets {} and nothing else",
                IMPORTS[0]
            ));
        }
    }
    let exports: Vec<&str> = ty.exports(engine.wasmtime()).map(|(name, _)| name).collect();
    if !exports.contains(&EXPORT) {
        problems.push(match exports.iter().find(|name| name.starts_with("tapline:plugin/filter")) {
            Some(other) => format!("exports `{other}`: {}", version_hint()),
            None => format!("does not export `{EXPORT}`; it exports {exports:?}"),
        });
    }
    Refusal::unless_empty(problems)
}

fn check_functions(engine: &Engine, name: &str, item: &ComponentItem, problems: &mut Vec<String>) {
    let ComponentItem::ComponentInstance(instance) = item else {
        problems.push(format!("imports `{name}` as something that is no interface"));
        return;
    };
    for (function, item) in instance.exports(engine.wasmtime()) {
        let is_function = matches!(item.ty, ComponentItem::ComponentFunc(_));
        if is_function && !HOST_FUNCTIONS.contains(&function) {
            problems.push(format!("imports `{name}#{function}`, which does not exist"));
        }
    }
}

fn other_version(name: &str) -> Option<String> {
    name.starts_with(PACKAGE).then(version_hint)
}

fn version_hint() -> String {
    format!("this router speaks version {VERSION} of tapline:plugin; build it against that")
}
