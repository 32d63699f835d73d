//! Other programs doing the same work: Python's standard library, syslog-ng, rsyslog.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::route::{Cost, PATIENCE};
use super::workload::{Workload, desks};
use crate::process::Process;
use crate::setup::{self, Unpacked};
use crate::workspace::Workspace;

const SYSLOG_NG: &str = include_str!("../../bench/syslog-ng.conf");
const RSYSLOG: &str = include_str!("../../bench/rsyslog.conf");

pub(crate) trait Peer {
    fn run(&self, workload: &Workload, folder: &Path) -> Result<Cost>;
}

/// Debian's own Python where it is: others are built with other options.
pub(crate) fn yardstick(workspace: &Workspace, workload: &Workload, folder: &Path) -> Result<Cost> {
    let debian = Path::new("/usr/bin/python3");
    let table = folder.join("desks.json");
    fs::write(&table, serde_json::to_vec(&desks())?)?;
    let mut command = Command::new(if debian.exists() { debian } else { Path::new("python3") });
    command
        .arg(workspace.root.join("xtask/bench/yardstick.py"))
        .arg(table)
        .arg(&workload.path)
        .arg(folder.join("rest.ndjson"))
        .arg(folder.join("urgent.ndjson"));
    until_the_end("the yardstick", &mut command)
}

fn until_the_end(name: &str, command: &mut Command) -> Result<Cost> {
    let begin = Instant::now();
    let (status, usage) = Process::start(name, command)?.account(PATIENCE)?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(Cost::new(&usage, begin.elapsed().as_secs_f64()))
}

pub(crate) struct SyslogNg {
    files: Unpacked,
}

impl SyslogNg {
    pub(crate) fn find(workspace: &Workspace) -> Result<Box<dyn Peer>> {
        Ok(Box::new(SyslogNg { files: setup::syslog_ng(workspace)? }))
    }
}

impl SyslogNg {
    /// `usr/lib/syslog-ng/<version>`; its own libraries are one above.
    fn modules(&self) -> Result<PathBuf> {
        let homes = self.files.library_folders().into_iter().map(|folder| folder.join("syslog-ng"));
        homes
            .flat_map(|home| fs::read_dir(home).into_iter().flatten().flatten())
            .map(|entry| entry.path())
            .find(|path| {
                path.is_dir()
                    && path
                        .file_name()
                        .is_some_and(|name| name.to_string_lossy().starts_with(|c: char| c.is_ascii_digit()))
            })
            .context("the unpacked syslog-ng has no modules")
    }
}

impl Peer for SyslogNg {
    fn run(&self, workload: &Workload, folder: &Path) -> Result<Cost> {
        let table = folder.join("desks.csv");
        let lines: Vec<String> =
            desks().iter().map(|(strategy, desk)| format!("{strategy},.e.desk,{desk}\n")).collect();
        fs::write(&table, lines.concat())?;
        let config = folder.join("syslog-ng.conf");
        fs::write(&config, filled(SYSLOG_NG, folder, &table, workload))?;
        let mut command = self.files.command("usr/sbin/syslog-ng")?;
        command
            .args(["--foreground", "--no-caps", "--cfgfile"])
            .arg(&config)
            .arg("--module-path")
            .arg(self.modules()?)
            .arg("--persist-file")
            .arg(folder.join("persist"))
            .arg("--control")
            .arg(folder.join("control"))
            .arg("--pidfile")
            .arg(folder.join("pid"))
            // It can't wait for a plain file, but for a pipe it can, and it ends with it.
            .stdin(Stdio::piped())
            .stderr(File::create(folder.join("syslog-ng.log"))?);
        let begin = Instant::now();
        let mut process = Process::start("syslog-ng", &mut command)?;
        let Some(mut pipe) = process.stdin() else { bail!("syslog-ng has no standard input") };
        let mut lines = BufReader::with_capacity(1 << 20, File::open(&workload.path)?);
        let feeder = std::thread::spawn(move || std::io::copy(&mut lines, &mut pipe));
        let (status, usage) = process.account(PATIENCE)?;
        if !status.success() || !matches!(feeder.join(), Ok(Ok(_))) {
            bail!(
                "syslog-ng failed ({status}): {}",
                fs::read_to_string(folder.join("syslog-ng.log")).unwrap_or_default()
            );
        }
        Ok(Cost::new(&usage, begin.elapsed().as_secs_f64()))
    }
}

pub(crate) struct Rsyslog {
    files: Unpacked,
}

impl Rsyslog {
    pub(crate) fn find(workspace: &Workspace) -> Result<Box<dyn Peer>> {
        Ok(Box::new(Rsyslog { files: setup::rsyslog(workspace)? }))
    }
}

impl Peer for Rsyslog {
    fn run(&self, workload: &Workload, folder: &Path) -> Result<Cost> {
        let table = folder.join("desks.json");
        let entries: Vec<_> =
            desks().iter().map(|(strategy, desk)| json!({ "index": strategy, "value": desk })).collect();
        let lookup = json!({ "version": 1, "nomatch": "unknown", "type": "string", "table": entries });
        fs::write(&table, lookup.to_string())?;
        let config = folder.join("rsyslog.conf");
        fs::write(&config, filled(RSYSLOG, folder, &table, workload))?;
        let modules: Vec<PathBuf> = self
            .files
            .library_folders()
            .iter()
            .map(|folder| folder.join("rsyslog"))
            .filter(|path| path.is_dir())
            .collect();
        let mut command = self.files.command("usr/sbin/rsyslogd")?;
        command
            .arg("-n")
            .arg("-f")
            .arg(&config)
            .arg("-i")
            .arg(folder.join("pid"))
            .arg("-M")
            .arg(std::env::join_paths(modules)?)
            .stdin(Stdio::null())
            .stdout(File::create(folder.join("rsyslog.log"))?)
            .stderr(Stdio::null());
        let begin = Instant::now();
        let mut process = Process::start("rsyslog", &mut command)?;
        let mut written = Written::new([folder.join("rest.ndjson"), folder.join("urgent.ndjson")]);
        let (mut last, mut since) = (0, Instant::now());
        // It waits for more lines; and it keeps what fills no buffer until it ends. So: until nothing
        // more is written, and then the end.
        loop {
            process.check_running()?;
            let lines = written.lines()?;
            if lines != last {
                (last, since) = (lines, Instant::now());
            }
            if lines >= workload.expected.lines || last > 0 && since.elapsed() > Duration::from_secs(2) {
                break;
            }
            if begin.elapsed() > PATIENCE {
                bail!("rsyslog has written {lines} lines in {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let wall_s = since.duration_since(begin).as_secs_f64();
        process.signal(libc::SIGTERM);
        let (_, usage) = process.account(PATIENCE)?;
        Ok(Cost::new(&usage, wall_s))
    }
}

fn filled(template: &str, folder: &Path, table: &Path, workload: &Workload) -> String {
    let text = |path: &Path| path.display().to_string();
    template
        .replace("{desks}", &text(table))
        .replace("{rest}", &text(&folder.join("rest.ndjson")))
        .replace("{urgent}", &text(&folder.join("urgent.ndjson")))
        .replace("{work}", &text(folder))
        .replace("{in}", &text(&workload.path))
}

/// Counts the lines of files that grow, each byte once.
struct Written {
    files: [(PathBuf, Option<File>); 2],
    lines: u64,
    buffer: Vec<u8>,
}

impl Written {
    fn new(paths: [PathBuf; 2]) -> Self {
        Written { files: paths.map(|path| (path, None)), lines: 0, buffer: vec![0; 1 << 20] }
    }

    fn lines(&mut self) -> Result<u64> {
        for (path, file) in &mut self.files {
            if file.is_none() {
                *file = File::open(path).ok();
            }
            let Some(file) = file else { continue };
            loop {
                let read = file.read(&mut self.buffer)?;
                if read == 0 {
                    break;
                }
                self.lines += self.buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
            }
        }
        Ok(self.lines)
    }
}
