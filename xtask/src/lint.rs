//! `cargo xtask lint`: formatting and lints. Not part of the tests, whose outcome must not depend on
//! which version of rustfmt and clippy a machine has.

use anyhow::{Context, Result};

use crate::workspace::{Workspace, run, say};

pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    say("formatting");
    run(&mut workspace.cargo(&["fmt", "--all", "--check"]))
        .context("`cargo fmt --all` mends it; `rustup component add rustfmt` installs it")?;
    say("lints");
    let clippy = ["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run(&mut workspace.cargo(&clippy)).context("`rustup component add clippy` installs it")
}
