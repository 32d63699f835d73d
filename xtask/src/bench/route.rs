//! Events a second and core, from a socket through three WASM plugins to two files, and what others make
//! of the same lines in the same minutes.
//!
//! CPU seconds are user and system together, and those of a run with a tenth of the lines are taken off,
//! so that starting up does not count. The machine drifts: the yardstick is run before and after, and
//! ratios to it hold better than figures.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};

use super::check::check;
use super::peers;
use super::workload::{Workload, desks};
use crate::process::Usage;
use crate::router::Router;
use crate::table::{Table, thousands};
use crate::workspace::{Workspace, say};

/// The template of the router's configuration.
const CONFIG: &str = include_str!("../../bench/tapline.toml");

/// No more than what the others do.
const ACCOUNT_ONLY: &str = "[chain.config]\nfields = { account = \"digits\" }\ntext = []\njson = []";

/// Of what runs at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// What a run of one program cost.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cost {
    pub(crate) cpu_s: f64,
    pub(crate) peak_bytes: u64,
    pub(crate) wall_s: f64,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    program: &'static str,
    events_per_s_per_core: f64,
    /// To the mean of both runs of the yardstick.
    ratio: f64,
    peak_mb: f64,
    cpu_s: f64,
    wall_s: f64,
}

/// Both sizes of a workload, and a folder for what comes of them.
pub(crate) struct Task {
    pub(crate) few: Workload,
    pub(crate) many: Workload,
    pub(crate) folder: PathBuf,
}

/// Runs a program on a workload and leaves `rest.ndjson` and `urgent.ndjson` in the folder.
type Run<'a> = &'a dyn Fn(&Workload, &Path) -> Result<Cost>;

pub(crate) fn measure(workspace: &Workspace, lines: u64, seed: u64) -> Result<Value> {
    workspace.build(&["tapline"])?;
    let home = workspace.folder("bench")?;
    say(&format!("making {lines} lines from seed {seed}"));
    let task = Task {
        few: Workload::make(&home, lines / 10, seed)?,
        many: Workload::make(&home, lines, seed)?,
        folder: home.join("out"),
    };
    let mut rows = Vec::new();
    let mut absent = Vec::new();
    let yardstick = |workload: &Workload, folder: &Path| peers::yardstick(workspace, workload, folder);
    rows.push(task.measure("Python, standard library (before)", &yardstick)?);
    rows.push(task.measure("tapline", &|workload, folder| tapline(workspace, workload, folder, ACCOUNT_ONLY))?);
    rows.push(
        task.measure("tapline, redact's own defaults", &|workload, folder| tapline(workspace, workload, folder, ""))?,
    );
    for (name, peer) in [("syslog-ng", peers::SyslogNg::find(workspace)), ("rsyslog", peers::Rsyslog::find(workspace))]
    {
        match peer {
            Ok(peer) => rows.push(task.measure(name, &|workload, folder| peer.run(workload, folder))?),
            Err(error) => absent.push(format!("{name} is not in this table: {error:#}")),
        }
    }
    rows.push(task.measure("Python, standard library (after)", &yardstick)?);

    let python: Vec<f64> =
        rows.iter().filter(|row| row.program.starts_with("Python")).map(|row| row.events_per_s_per_core).collect();
    let mean = python.iter().sum::<f64>() / python.len() as f64;
    for row in &mut rows {
        row.ratio = row.events_per_s_per_core / mean;
    }
    print(&task, &rows, &absent);
    let _ = fs::remove_dir_all(&task.folder);
    Ok(json!({ "lines": lines, "seed": seed, "bytes": task.many.expected.bytes, "rows": rows, "absent": absent }))
}

impl Task {
    fn measure(&self, program: &'static str, run: Run<'_>) -> Result<Row> {
        say(program);
        let few = self.run(program, &self.few, run)?;
        let many = self.run(program, &self.many, run)?;
        let lines = (self.many.expected.lines - self.few.expected.lines) as f64;
        Ok(Row {
            program,
            events_per_s_per_core: lines / (many.cpu_s - few.cpu_s),
            ratio: 0.0,
            peak_mb: many.peak_bytes as f64 / 1e6,
            cpu_s: many.cpu_s,
            wall_s: many.wall_s,
        })
    }

    /// One run, on an empty folder, and no figure without the work.
    fn run(&self, program: &str, workload: &Workload, run: Run<'_>) -> Result<Cost> {
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(&self.folder)?;
        let cost = run(workload, &self.folder).with_context(|| program.to_owned())?;
        check(&self.folder.join("rest.ndjson"), &self.folder.join("urgent.ndjson"), &workload.expected)
            .with_context(|| format!("{program} did not do the work"))?;
        Ok(cost)
    }
}

fn tapline(workspace: &Workspace, workload: &Workload, folder: &Path, redact: &str) -> Result<Cost> {
    let config = folder.join("tapline.toml");
    let table: Vec<String> = desks().iter().map(|(strategy, desk)| format!("\"{strategy}\" = \"{desk}\"")).collect();
    let text = CONFIG.replace("{redact}", redact).replace("{desks}", &format!("{{ {} }}", table.join(", ")));
    fs::write(&config, text)?;
    let begin = Instant::now();
    let mut router = Router::start(workspace, folder, Some(&config), "127.0.0.1:0")?;
    feed(&workload.path, &router.socket)?;
    let ledger = router.settle(workload.expected.lines, PATIENCE)?;
    let wall_s = begin.elapsed().as_secs_f64();
    if ledger.totals.delivered != workload.expected.lines {
        bail!("{} of {} lines were delivered: {:?}", ledger.totals.delivered, workload.expected.lines, ledger.totals);
    }
    let (_, usage) = router.stop()?;
    Ok(Cost::new(&usage, wall_s))
}

/// The sender: from here, another process than the router.
pub(crate) fn feed(path: &Path, socket: &Path) -> Result<()> {
    const CHUNK: usize = 256 << 10;
    let mut lines = io::BufReader::with_capacity(CHUNK, File::open(path)?);
    let mut stream = UnixStream::connect(socket).with_context(|| format!("connecting to {}", socket.display()))?;
    io::copy(&mut lines, &mut stream)?;
    stream.flush()?;
    Ok(())
}

impl Cost {
    pub(crate) fn new(usage: &Usage, wall_s: f64) -> Self {
        Cost { cpu_s: usage.cpu_s(), peak_bytes: usage.peak_bytes, wall_s }
    }
}

fn print(task: &Task, rows: &[Row], absent: &[String]) {
    let mut table = Table::new(&["program", "events/s/core", "to Python", "peak MB", "CPU s", "wall s"]);
    for row in rows {
        table.row([
            row.program.to_owned(),
            thousands(row.events_per_s_per_core),
            format!("{:.2}", row.ratio),
            format!("{:.1}", row.peak_mb),
            format!("{:.2}", row.cpu_s),
            format!("{:.1}", row.wall_s),
        ]);
    }
    let expected = &task.many.expected;
    table.print(&format!(
        "{} lines of {} bytes: parse, mask the account, look up the desk, split, write JSON lines to two files",
        thousands(expected.lines as f64),
        expected.bytes / expected.lines
    ));
    for line in absent {
        println!("{line}");
    }
}
