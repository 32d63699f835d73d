//! Rust types for `wit/plugin.wit`, made by `wit-bindgen`.
//!
//! They exist natively too, so that a plugin's tests and benchmarks run without wasm; only the
//! exported functions are wasm's alone (see [`crate::export!`]).
#![allow(clippy::all, clippy::undocumented_unsafe_blocks, unreachable_pub, unsafe_op_in_unsafe_fn)]
#![allow(missing_docs, dead_code)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "plugin",
    pub_export_macro: true,
    export_macro_name: "export_guest",
    default_bindings_module: "tapline_plugin::bindings",
});
