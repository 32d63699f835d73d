//! Compiled code on disk: used when it is whole, made anew when it is not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tapline_host::{Cache, Engine, Origin, Plugin};

fn misbehave() -> Vec<u8> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("plugins-build");
    tapline_plugin_build::build(&workspace, "tapline-misbehave", &target_dir).unwrap()
}

#[test]
fn compiled_once_then_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path().join("compiled")).unwrap();
    let engine = Engine::new().unwrap();
    let wasm = misbehave();
    let origin = || Plugin::compile_cached(&engine, &wasm, &cache).unwrap().origin();
    assert_eq!(origin(), Origin::Compiled);
    assert_eq!(origin(), Origin::Cached);

    let file = fs::read_dir(folder.path().join("compiled")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert_eq!(origin(), Origin::Compiled, "damage is found");
    fs::write(&file, b"short").unwrap();
    assert_eq!(origin(), Origin::Compiled, "a torn file too");
    assert_eq!(origin(), Origin::Cached);

    // What a build script compiled runs here as well.
    let machine_code = Engine::precompile(&wasm).unwrap();
    // SAFETY: it comes straight from `precompile`.
    let shipped = unsafe { Plugin::shipped(&engine, &wasm, &machine_code) };
    assert_eq!(shipped.unwrap().unwrap().origin(), Origin::Shipped);
}

#[test]
fn a_folder_that_others_can_write_to_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let refusal = Cache::open(folder.path()).unwrap_err();
    assert!(refusal.to_string().contains("chmod 700"), "{refusal}");
}
