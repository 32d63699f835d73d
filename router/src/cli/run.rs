//! `tapline run`

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use clap::Args;
use serde_json::json;

use super::{Failure, ledger};
use crate::config::{Config, LogFormat};

#[derive(Args)]
#[command(after_help = "Examples:\n  tapline run\n  tapline run --config tapline.toml\n  \
                  tapline run --data-dir /var/lib/tapline --tcp 127.0.0.1:7312\n\n\
                  Without --config the router uses the plugins redact, enrich and route, keeps audit tables in\n\
                  <data-dir>/audit.db and all events in <data-dir>/logs/events.ndjson.\n\
                  `tapline run --print-config` shows every setting with its default.")]
pub(super) struct Run {
    /// Settings; without it the defaults hold.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where everything that the router keeps lies.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Serve HTTP here; port 0 lets the system choose.
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Take newline JSON on this unix socket.
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
    /// Take newline JSON on this TCP address.
    #[arg(long, value_name = "ADDR")]
    tcp: Option<SocketAddr>,
    /// Print the default settings, commented, and end.
    #[arg(long)]
    print_config: bool,
}

/// Batches are filled by one thread and freed by another. With a heap for each thread, which is glibc's
/// default, that costs some megabytes that lie free in the wrong heap; the threads allocate too rarely to
/// be in each other's way.
fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: a setting of the allocator, before any other thread is there.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// A file that may not grow is an error to deal with, as a full disk is, and no reason to die.
fn survive_file_limits() {
    // SAFETY: before any other thread is there.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// A router without its worker, its journal, or without a destination, would look alive and move nothing. It ends
/// instead, loudly, so that whoever supervises it starts another.
fn end_with_a_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        if matches!(&*name, "worker" | "keeper" | "journal") || name.starts_with("sink-") {
            tracing::error!(thread = name, "the router can't go on without this thread and ends");
            std::process::abort();
        }
    }));
}

impl Run {
    pub(super) fn run(self) -> Result<(), Failure> {
        if self.print_config {
            print!("{}", crate::config::DEFAULT_TOML);
            return Ok(());
        }
        let config = self.config()?;
        share_one_heap();
        start_log(&config);
        end_with_a_panic();
        survive_file_limits();
        catch_signals()?;
        let router = crate::start(config.clone(), None).map_err(|error| Failure::Failed(error.into()))?;
        let addresses = json!({
            "http": router.http(),
            "tcp": router.tcp(),
            "unix": config.listen.unix.as_ref().map(|path| config.in_data_dir(path)),
            "pid": std::process::id(),
            "run": router.run(),
        });
        // For scripts: port 0 has become a real one.
        std::fs::write(config.data_dir.join("addresses.json"), addresses.to_string())?;
        let _ = writeln!(std::io::stderr(), "ready {addresses}");
        let signal = wait_for_signal();
        tracing::info!(signal, "stopping");
        let snapshot = router.stop();
        let _ = std::fs::remove_file(config.data_dir.join("addresses.json"));
        eprint!("{}", ledger::text(&snapshot));
        if snapshot.balanced { Ok(()) } else { Err(Failure::Found) }
    }

    fn config(&self) -> Result<Config, Failure> {
        let mut config = match &self.config {
            Some(path) => Config::load(path).map_err(|error| Failure::Usage(error.to_string()))?,
            None => Config::default(),
        };
        if let Some(dir) = &self.data_dir {
            config.data_dir.clone_from(dir);
        }
        if self.http.is_some() {
            config.listen.http = self.http;
        }
        if let Some(path) = &self.unix {
            // As the shell means it: relative to here, not to the data dir.
            config.listen.unix = Some(std::path::absolute(path)?);
        }
        if self.tcp.is_some() {
            config.listen.tcp = self.tcp;
        }
        config.check("command line").map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(config)
    }
}

fn start_log(config: &Config) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("TAPLINE_LOG").unwrap_or_else(|_| EnvFilter::new(&config.log.level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        // A log that can't be written (its disk is full) is no reason to die; the default is to print that,
        // on the same disk, and to panic when it fails.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    // A log that was set up before this (by a program around us) stays.
    let _ = match config.log.format {
        LogFormat::Text => builder.compact().try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// The signal that asked for the end; 0 while none has.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

fn catch_signals() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        runtime.block_on(async move {
            let (mut interrupt, mut terminate) =
                match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
                    (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
                    (Err(error), _) | (_, Err(error)) => {
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
            let _ = ready.send(Ok(()));
            loop {
                let number = tokio::select! {
                    _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
                    _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
                };
                if SIGNAL.swap(number, Relaxed) != 0 {
                    // Asked twice: now.
                    eprintln!("tapline: stopped at once; what was on its way is lost");
                    std::process::exit(130);
                }
                if let Some(main) = MAIN.get() {
                    main.unpark();
                }
            }
        });
    })?;
    is_ready.recv().unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

static MAIN: std::sync::OnceLock<std::thread::Thread> = std::sync::OnceLock::new();

fn wait_for_signal() -> i32 {
    let _ = MAIN.set(std::thread::current());
    loop {
        match SIGNAL.load(Relaxed) {
            0 => std::thread::park(),
            signal => return signal,
        }
    }
}
