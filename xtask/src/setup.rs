//! What commands need beside a Rust toolchain, brought into `target`: nothing is installed on the
//! machine but the Rust target for plugins, no service is started, and no root is needed.
//!
//! Each step says what it does, leaves what is there, and stops with what to do by hand where it can't
//! go on. None is ever skipped in silence: a test that needs a tool fails without it.

mod alertmanager;
mod debian;
mod python;
mod rust_target;

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::workspace::Workspace;

pub(crate) use alertmanager::alertmanager;
pub(crate) use debian::Unpacked;
pub(crate) use rust_target::ensure as rust_target;

/// Prometheus' checker of rules and metrics.
pub(crate) fn promtool(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(found) = on_path("promtool") {
        return Ok(found);
    }
    let unpacked = debian::alone(workspace, "prometheus", "promtool")?;
    unpacked.file("usr/bin/promtool")
}

/// Python with the packages that the checks use.
pub(crate) fn python(workspace: &Workspace) -> Result<PathBuf> {
    python::ensure(workspace, &python::CHECKS)
}

/// Python with ClickHouse's engine.
pub(crate) fn clickhouse(workspace: &Workspace) -> Result<PathBuf> {
    python::ensure(workspace, &python::CLICKHOUSE)
}

/// The peers that the router is measured beside. Debian's, unpacked: installing one of them as usual
/// would throw the other out, and both start services.
pub(crate) fn syslog_ng(workspace: &Workspace) -> Result<Unpacked> {
    let packages = ["syslog-ng-core", "syslog-ng-mod-add-contextual-data"];
    debian::with_dependencies(workspace, &packages, "syslog-ng")
}

pub(crate) fn rsyslog(workspace: &Workspace) -> Result<Unpacked> {
    debian::with_dependencies(workspace, &["rsyslog"], "rsyslog")
}

/// A program on the user's path, or where Debian puts servers.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
