//! The interface as Rust types, generated from `wit/plugin.wit`.
//!
//! Parameters borrow, so that a call copies each column straight from the caller's buffer into the
//! guest's memory. Results own, since the guest's memory is not the host's to keep.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    ownership: Borrowing { duplicate_if_necessary: true },
});
