//! Programs out of Debian packages, unpacked below `target/debian`.
//!
//! `apt-get` finds and checks the packages, but nothing is installed: a development machine keeps its
//! own syslog, gets no new services, and needs no root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::on_path;
use crate::workspace::{Workspace, output, say};

/// The files of some packages.
#[derive(Clone, Debug)]
pub(crate) struct Unpacked {
    root: PathBuf,
}

impl Unpacked {
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A file by its path in the package.
    pub(crate) fn file(&self, path: &str) -> Result<PathBuf> {
        let file = self.root.join(path);
        if !file.exists() {
            bail!("the unpacked packages have no {path}: {} is missing", file.display());
        }
        Ok(file)
    }

    /// A program that finds the libraries it was unpacked with.
    pub(crate) fn command(&self, path: &str) -> Result<Command> {
        let mut command = Command::new(self.file(path)?);
        command.env("LD_LIBRARY_PATH", std::env::join_paths(self.library_folders())?);
        Ok(command)
    }

    /// `/usr/lib`, `/usr/lib/<machine>`, and what a package has of its own there.
    pub(crate) fn library_folders(&self) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        for lib in ["usr/lib", "lib"] {
            let lib = self.root.join(lib);
            let inner = fs::read_dir(&lib).into_iter().flatten().flatten().map(|entry| entry.path());
            folders.extend(inner.filter(|path| path.is_dir()));
            folders.push(lib);
        }
        folders
    }
}

/// One package without what it depends on: for a program that needs only the C library.
pub(super) fn alone(workspace: &Workspace, package: &str, what_for: &str) -> Result<Unpacked> {
    unpack(workspace, package, what_for, &["download", package])
}

/// Packages with all they depend on that the machine lacks.
pub(super) fn with_dependencies(workspace: &Workspace, packages: &[&str], what_for: &str) -> Result<Unpacked> {
    let mut args = vec!["install", "--yes", "--download-only", "--no-install-recommends", "--reinstall"];
    args.extend(packages);
    unpack(workspace, what_for, what_for, &args)
}

fn unpack(workspace: &Workspace, name: &str, what_for: &str, args: &[&str]) -> Result<Unpacked> {
    let home = workspace.folder("debian")?;
    let root = home.join(name);
    let unpacked = Unpacked { root: root.clone() };
    if root.is_dir() {
        return Ok(unpacked);
    }
    if on_path("apt-get").is_none() || on_path("dpkg-deb").is_none() {
        bail!(
            "{what_for} is needed and not on the path. This machine has no apt-get to fetch it with: install {what_for} by hand"
        );
    }
    say(&format!("fetching {what_for} from Debian, into {}", root.display()));
    let archives = home.join("archives").join(name);
    // Whatever an interrupted run has left must not look whole.
    let half = home.join(format!("{name}.part"));
    let _ = fs::remove_dir_all(&archives);
    let _ = fs::remove_dir_all(&half);
    fs::create_dir_all(archives.join("partial"))?;
    let apt = Apt { home: &home, archives: &archives };
    apt.fetch(args).with_context(|| {
        format!("{what_for} can't be fetched; is the network there? Or install {what_for} by hand, so that it is on the path")
    })?;
    let mut found = 0;
    for entry in fs::read_dir(&archives)?.flatten() {
        if entry.path().extension().is_some_and(|ending| ending == "deb") {
            output(Command::new("dpkg-deb").arg("--extract").arg(entry.path()).arg(&half))?;
            found += 1;
        }
    }
    if found == 0 {
        bail!("apt-get fetched no package for {what_for}");
    }
    fs::rename(&half, &root)?;
    Ok(unpacked)
}

struct Apt<'a> {
    home: &'a Path,
    archives: &'a Path,
}

impl Apt<'_> {
    /// With the machine's package lists, and with lists of our own where those are missing or old.
    fn fetch(&self, args: &[&str]) -> Result<()> {
        let lists = self.home.join("lists");
        if !lists.is_dir() {
            if output(&mut self.command(args, None)).is_ok() {
                return Ok(());
            }
            say("updating package lists (a copy for this project)");
            let part = self.home.join("lists.part");
            fs::create_dir_all(part.join("partial"))?;
            output(&mut self.command(&["update"], Some(&part)))?;
            fs::rename(&part, &lists)?;
        }
        output(&mut self.command(args, Some(&lists))).map(|_| ())
    }

    fn command(&self, args: &[&str], lists: Option<&Path>) -> Command {
        let mut command = Command::new("apt-get");
        let option = |name: &str, value: &Path| format!("{name}={}", value.display());
        command.env("DEBIAN_FRONTEND", "noninteractive").current_dir(self.archives).args([
            "-q",
            "-o",
            "Debug::NoLocking=1",
        ]);
        command.arg("-o").arg(option("Dir::Cache::archives", self.archives));
        // Its sandbox user may not write below a home folder.
        command.args(["-o", "APT::Sandbox::User="]);
        if let Some(lists) = lists {
            command.arg("-o").arg(option("Dir::State::lists", lists));
            command.arg("-o").arg(option("Dir::Cache", self.home));
            command.args(["-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="]);
        }
        command.args(args);
        command
    }
}
