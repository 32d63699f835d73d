//! The program `drill-producer` beside us, and what it has said.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::Process;
use crate::workspace::Workspace;

/// How it reaches the router.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Socket(PathBuf),
    /// Queues in shared memory, in this folder.
    Shared(PathBuf),
}

/// Events a second by kind; of pages, changes to HALT.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    pub(crate) orders: u64,
    pub(crate) pages: u64,
    pub(crate) logs: u64,
    pub(crate) metrics: u64,
}

/// What was heard last of the events of one run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    pub(crate) emitted: u64,
    pub(crate) acknowledged: u64,
    pub(crate) dropped: u64,
}

/// By kind of event and run; of all producers that were given it.
#[derive(Clone, Default)]
pub(crate) struct Book(Arc<Mutex<BTreeMap<(String, String), Said>>>);

pub(crate) struct Producer {
    process: Process,
    listener: std::thread::JoinHandle<()>,
}

impl Book {
    /// The runs of a kind.
    pub(crate) fn of(&self, kind: &str) -> BTreeMap<String, Said> {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.iter().filter(|((of, _), _)| of == kind).map(|((_, run), said)| (run.clone(), *said)).collect()
    }

    pub(crate) fn total(&self, kind: &str) -> Said {
        self.of(kind).values().fold(Said::default(), |sum, said| Said {
            emitted: sum.emitted + said.emitted,
            acknowledged: sum.acknowledged + said.acknowledged,
            dropped: sum.dropped + said.dropped,
        })
    }

    fn note(&self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let (kind, run) = (words.next()?, words.next()?);
        let mut number = || words.next()?.parse().ok();
        let said = Said { emitted: number()?, acknowledged: number()?, dropped: number()? };
        let key = (kind.to_owned(), run.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, said);
        Some(())
    }
}

impl Producer {
    pub(crate) fn start(workspace: &Workspace, way: &Way, rates: Rates, book: &Book) -> Result<Self> {
        let mut command = Command::new(workspace.program("drill-producer"));
        match way {
            Way::Shared(folder) => command.arg("--shared").arg(folder),
            Way::Socket(path) => command.arg("--connect").arg(format!("unix:{}", path.display())),
        };
        for (name, rate) in
            [("orders", rates.orders), ("pages", rates.pages), ("logs", rates.logs), ("metrics", rates.metrics)]
        {
            command.arg(format!("--{name}")).arg(rate.to_string());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start("the producer", &mut command)?;
        let out = process.stdout().context("its standard output is a pipe")?;
        let book = book.clone();
        let listener = std::thread::spawn(move || {
            // A line that was cut off by a kill says nothing.
            BufReader::new(out).lines().map_while(Result::ok).for_each(|line| {
                book.note(&line);
            });
        });
        Ok(Producer { process, listener })
    }

    pub(crate) fn check_running(&mut self) -> Result<()> {
        self.process.check_running()
    }

    /// SIGKILL; what it had said until then is in the book.
    pub(crate) fn kill(self) {
        self.process.signal(libc::SIGKILL);
        drop(self.process);
        let _ = self.listener.join();
    }

    /// It emits no more, and waits until all is acknowledged.
    pub(crate) fn finish(mut self, patience: Duration) -> Result<()> {
        drop(self.process.stdin());
        let (status, _) = self.process.account(patience)?;
        let _ = self.listener.join();
        if !status.success() {
            bail!("the producer ended with {status}");
        }
        Ok(())
    }
}
