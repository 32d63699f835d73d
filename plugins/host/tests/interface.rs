//! What is not taken as a plugin, and what is said about it.

use tapline_host::{Engine, Plugin, Refusal};

fn refused(bytes: &[u8]) -> Refusal {
    Plugin::compile(&Engine::new().unwrap(), bytes).err().expect("not a plugin")
}

#[track_caller]
fn says(bytes: &[u8], words: &str) {
    let text = refused(bytes).to_string();
    assert!(text.contains(words), "{text:?} does not say {words:?}");
}

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

fn section(id: u8, body: &[u8]) -> Vec<u8> {
    [&[id, body.len() as u8], body].concat()
}

/// A component that imports an empty interface of this name.
fn importing(name: &str) -> Vec<u8> {
    let instance_type = section(7, &[1, 0x42, 0]);
    let import = [&[1, 0, name.len() as u8], name.as_bytes(), &[5, 0]].concat();
    [COMPONENT, &instance_type, &section(10, &import)].concat()
}

/// A component that exports an empty interface of this name.
fn exporting(name: &str) -> Vec<u8> {
    let instance = section(5, &[1, 1, 0]);
    let export = [&[1, 0, name.len() as u8], name.as_bytes(), &[5, 0, 0]].concat();
    [COMPONENT, &instance, &section(11, &export)].concat()
}

#[test]
fn other_bytes_are_told_apart() {
    says(b"", "empty");
    says(b"hello, world", "no WebAssembly");
    says(b"\0asm\x01\0\0\0", "`tapline plugin build`");
    says(b"\x7fELF\x02\x01", "compiled code");
    says(&[COMPONENT, b"\xff\xff"].concat(), "does not compile");
}

#[test]
fn imports_are_refused_by_name_together_with_what_is_missing() {
    let refusal = refused(&importing("wasi:cli/environment@0.2.0"));
    assert_eq!(refusal.problems.len(), 2, "{refusal}");
    assert!(refusal.problems[0].contains("`wasi:cli/environment@0.2.0`"), "{refusal}");
    assert!(refusal.problems[1].contains("does not export `tapline:plugin/filter@0.1.0`"), "{refusal}");
}

#[test]
fn another_version_is_named() {
    says(&importing("tapline:plugin/host@9.0.0"), "speaks version 0.1.0");
    says(&exporting("tapline:plugin/filter@9.0.0"), "`tapline:plugin/filter@9.0.0`: this router speaks version 0.1.0");
}

#[test]
fn the_right_name_with_the_wrong_functions_is_refused() {
    says(&exporting("tapline:plugin/filter@0.1.0"), "differs from tapline:plugin");
}
