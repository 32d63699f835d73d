//! The whole router, composed: [`start`] shows the way of an event from top to bottom.

mod running;

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tapline_client::Telemetry;
use tapline_contract::{Contract, ContractErrors, Sensitivity};
use tapline_journal::JournalError;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::audit::AuditError;
use crate::batch::Batch;
use crate::chain::{Chain, ChainError, Setting};
use crate::clearance::Gate;
use crate::config::{Config, SinkKind};
use crate::dispatch::Dispatcher;
use crate::embedded::Embedded;
use crate::http;
use crate::ingest::socket::{self, Sockets};
use crate::ingest::{Components, SchemaCounts};
use crate::intake::Intake;
use crate::journal::{self, Inbox, JournalWriter};
use crate::keeper::Keeper;
use crate::ledger::{Ledger, Sequences};
use crate::metrics::{Exporter, Sources};
use crate::notice::Inbound;
use crate::producers::Producers;
use crate::receipts::Books;
use crate::rejected::RejectedLines;
use crate::retention;
use crate::route::Destinations;
use crate::shared::Shared;
use crate::sink::{
    self, Backlog, DEAD_LETTERS, DeadLetters, Feed, SinkError, SinkHandle, SinkRunner, SinkStats, Start, TableCounts,
};
use crate::tail::Tail;
use crate::watch::{Scrapes, Watch, Watched};
use crate::worker::{Worker, WorkerStats};

pub use running::Running;

/// Empty batches kept ready; more are freed.
const HOME_BATCHES: usize = 8;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("can't {operation} {path}: {source}", path = path.display())]
    File { operation: &'static str, path: PathBuf, source: std::io::Error },
    #[error("another router works in the data dir {path}; stop it, or use another with --data-dir", path = .0.display())]
    InUse(PathBuf),
    #[error("contract {path}: {errors}", path = path.display())]
    Contract { path: PathBuf, errors: ContractErrors },
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("destination `{name}`: {source}")]
    Sink { name: String, source: SinkError },
    #[error("journal {path}: {source}", path = path.display())]
    Journal { path: PathBuf, source: JournalError },
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Notify(#[from] tapline_notices::runner::StartError),
    #[error("can't listen on {address}: {source}")]
    Listen { address: String, source: std::io::Error },
    #[error("can't start a thread: {0}")]
    Thread(std::io::Error),
}

/// The contract that a configuration names.
pub fn contract(config: &Config) -> Result<Arc<Contract>, StartError> {
    let Some(path) = &config.contract else { return Ok(Arc::new(Contract::embedded().clone())) };
    let text = fs::read_to_string(path).map_err(|source| StartError::File {
        operation: "read the contract",
        path: path.clone(),
        source,
    })?;
    let contract = Contract::parse(&text).map_err(|errors| StartError::Contract { path: path.clone(), errors })?;
    Ok(Arc::new(contract))
}

/// Starts everything. `telemetry` is a client in this process, whose queues are drained directly.
pub fn start(config: Config, telemetry: Option<Telemetry>) -> Result<Running, StartError> {
    let run = run_name();
    let lock = take_data_dir(&config.data_dir)?;
    let contract = contract(&config)?;

    // What is counted, and by which names.
    let components = Arc::new(Components::new(&contract));
    let schema_counts = Arc::new(SchemaCounts::default());
    let ledger = Arc::new(Ledger::default());
    let sequences = Arc::new(Sequences::default());
    let producers = Arc::new(Producers::default());

    // The end of the way first: destinations, where goes what they can't take, and what the journal
    // still owes them.
    let dead_letters =
        Arc::new(DeadLetters::new(&config.in_data_dir(Path::new(DEAD_LETTERS)), contract.clone(), components.clone()));
    let tables: Arc<[TableCounts]> = contract.tables.iter().map(|_| TableCounts::default()).collect();
    let destinations = Arc::new(Destinations::new(&config));
    let (home, empty) = crossbeam::channel::bounded(HOME_BATCHES);
    let operator = http::Operator::open(&config.data_dir).map_err(|source| StartError::File {
        operation: "make the operator's token in",
        path: config.data_dir.clone(),
        source,
    })?;
    let (books, receipts) = Books::new();
    let notices = match config.sinks.values().any(|sink| sink.kind == SinkKind::Notify) {
        true => {
            let state = config.in_data_dir(&config.notify.state_file);
            Some(tapline_notices::Runner::start(&config.notify, Some(state), books.clone())?)
        }
        false => None,
    };
    let notify = notices.as_ref().map(tapline_notices::Runner::handle);
    let mut opened = Vec::new();
    for (name, sink) in &config.sinks {
        let stats = Arc::new(SinkStats::new(&contract));
        let sink = sink::open(&config, name, sink, &contract, &components, &stats, &tables, &notify)?;
        opened.push((name.clone(), sink, stats));
    }
    let journal = journal::open(&config, &contract, &components, &destinations, &ledger, &dead_letters, &opened)?;
    let inbox = Arc::new(Inbox::default());
    let mut sinks = Vec::new();
    for (number, ((name, sink, stats), owed)) in opened.into_iter().zip(journal.owed).enumerate() {
        let rows: usize = owed.values().map(|owed| owed.rows.len()).sum();
        SinkStats::add(&stats.offered, rows as u64);
        let reader = journal.journal.reader(0);
        let runner = SinkRunner::start(Start {
            feed: Feed::new(&name, reader, contract.clone(), components.clone(), home.clone()),
            name,
            number: number as u8,
            sink,
            stats,
            capacity: config.queues.sink_batches,
            backlog: Backlog::new(owed),
            inbox: inbox.clone(),
            dead_letters: dead_letters.clone(),
        });
        sinks.push(runner.map_err(StartError::Thread)?);
    }
    let handles: Vec<_> = sinks.iter().map(SinkRunner::handle).collect();
    let recovered_marks = Arc::new(journal.marks.clone());
    let journal_stats = journal.stats.clone();
    let journal = JournalWriter::start(journal::Parts {
        journal: journal.journal,
        folder: journal.folder,
        budget: journal.budget,
        cursors: journal.cursors,
        marks: journal.marks,
        marks_path: journal.marks_path,
        contract: contract.clone(),
        components: components.clone(),
        destinations: destinations.clone(),
        clearance: audit_clearance(&config),
        sinks: handles.clone(),
        inbox: inbox.clone(),
        stats: journal_stats.clone(),
    })
    .map_err(StartError::Thread)?;

    // The worker's way: queues and lanes → chain → gate → destinations.
    let setting = Setting {
        contract: &contract,
        components: &components,
        destinations: &destinations,
        data_dir: Some(&config.data_dir),
    };
    let chain = Chain::build(&config.chain, &setting)?;
    let plugin_stats = chain.stats();
    let (senders, receivers) = lanes(config.queues.input_batches);
    let tail = Arc::new(Tail::default());
    let stop_by = Arc::new(OnceLock::new());
    let worker_stats = Arc::new(WorkerStats::new(&contract));
    let worker = Worker {
        contract: contract.clone(),
        ledger: ledger.clone(),
        lanes: receivers,
        next: Default::default(),
        home: empty.clone(),
        embedded: Embedded::new(
            telemetry.clone(),
            contract.clone(),
            components.clone(),
            ledger.clone(),
            schema_counts.clone(),
        ),
        shared: config.shared_folder().map(|folder| {
            tracing::info!(folder = %folder.display(), "reading queues in shared memory");
            Shared::new(
                folder,
                contract.clone(),
                components.clone(),
                ledger.clone(),
                schema_counts.clone(),
                recovered_marks.clone(),
                config.env.clone(),
            )
        }),
        inbound: Inbound::new(contract.clone(), &components, destinations.clone(), ledger.clone(), &run),
        chain,
        gate: Gate::new(&contract),
        dispatcher: Dispatcher {
            contract: contract.clone(),
            ledger: ledger.clone(),
            destinations: destinations.clone(),
            sinks: handles.clone(),
            journal: inbox,
            home,
            tail: tail.clone(),
        },
        dead_letters: dead_letters.clone(),
        receipts,
        stats: worker_stats.clone(),
        stop_by: stop_by.clone(),
    };
    let worker =
        std::thread::Builder::new().name("worker".into()).spawn(move || worker.run()).map_err(StartError::Thread)?;
    books.wake(worker.thread().clone());

    // The ways in.
    let intake = Arc::new(Intake::new(
        contract.clone(),
        components.clone(),
        schema_counts.clone(),
        ledger.clone(),
        sequences.clone(),
        RejectedLines::new(&config.in_data_dir(Path::new("rejected.ndjson"))),
        senders,
        empty,
        worker.thread().clone(),
        recovered_marks,
        config.env.clone(),
    ));
    let (stop_io, stopping_io) = watch::channel(false);
    let sockets = Arc::new(Sockets {
        intake: intake.clone(),
        producers: producers.clone(),
        line_bytes_max: config.limits.line_bytes_max,
        connections: Semaphore::new(config.limits.connections_max),
        open_unix: Default::default(),
        open_tcp: Default::default(),
        bytes_unix: Default::default(),
        bytes_tcp: Default::default(),
        stopping: stopping_io.clone(),
    });
    let stopping = Arc::new(AtomicBool::new(false));
    let sources = Sources {
        ledger: ledger.clone(),
        components: components.clone(),
        schema_counts,
        intake: intake.clone(),
        sockets: sockets.clone(),
        sinks: handles.clone(),
        tables,
        plugins: plugin_stats,
        worker: worker_stats,
        journal: journal_stats.clone(),
        books,
        notices: notify.clone(),
    };
    let scrapes = Arc::new(Scrapes::new());
    let holds_tables = |sink: &&Arc<SinkHandle>| config.sinks[&*sink.name].kind.holds_tables();
    let watched = Watched {
        config: config.watch.clone(),
        contract: contract.clone(),
        ledger: ledger.clone(),
        schema_counts: sources.schema_counts.clone(),
        tables: handles.iter().filter(holds_tables).cloned().collect(),
        scrapes: scrapes.clone(),
    };
    let app = Arc::new(http::App {
        contract: contract.clone(),
        components,
        intake: intake.clone(),
        ledger: ledger.clone(),
        tail,
        exporter: Exporter::new(contract, sources, producers, telemetry),
        sinks: handles,
        journal: journal_stats,
        batch_ids: http::BatchIds::default(),
        dead_letters,
        destinations,
        operator,
        scrapes: scrapes.clone(),
        notices: notify.clone(),
        run: run.clone(),
        started: Instant::now(),
        stopping: stopping.clone(),
        config: config.clone(),
    });
    let io = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("io")
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    let mut tasks = Vec::new();
    let (http, tcp) = io.block_on(listen(&config, app, sockets, stopping_io, &mut tasks))?;
    let leads_to_people = |sink: &SinkRunner| config.sinks[&*sink.handle().name].kind == SinkKind::Notify;
    let (telling, sinks) = sinks.into_iter().partition(leads_to_people);
    let data_dir = config.data_dir.clone();
    tasks.push(io.spawn(async move { retention::announce(intake, &data_dir).await }));

    let watch = notify.map(|board| Watch::start(watched, board)).transpose().map_err(StartError::Thread)?;
    let keeper =
        Keeper::start(&config.data_dir, &run, ledger.clone(), sequences.clone()).map_err(StartError::Thread)?;
    Ok(Running {
        run,
        http,
        tcp,
        stop_timeout: Duration::from_secs(config.stop_timeout_s),
        ledger,
        sequences,
        io,
        tasks,
        stop_io,
        stopping,
        worker,
        stop_by,
        journal,
        notices,
        watch,
        telling,
        sinks,
        keeper,
        _lock: lock,
    })
}

/// Start time in hex and the process: sorts by time, and never comes twice on a machine.
fn run_name() -> String {
    format!("{:x}-{}", crate::clock::now_ns(), std::process::id())
}

fn take_data_dir(path: &Path) -> Result<File, StartError> {
    let failed = |operation, path: &Path| {
        let path = path.to_owned();
        move |source| StartError::File { operation, path, source }
    };
    fs::create_dir_all(path).map_err(failed("make the data dir", path))?;
    let lock_path = path.join("lock");
    let lock = File::create(&lock_path).map_err(failed("write", &lock_path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(StartError::InUse(path.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(failed("lock", &lock_path)(source)),
    }
}

type Lanes = ([mpsc::Sender<Batch>; 4], [mpsc::Receiver<Batch>; 4]);

fn lanes(capacity: usize) -> Lanes {
    let [guard, audit, log, metric] = [0; 4].map(|_| mpsc::channel(capacity));
    ([guard.0, audit.0, log.0, metric.0], [guard.1, audit.1, log.1, metric.1])
}

/// What the audit tables may see; all of them the same, since the hash chain is over it.
pub fn audit_clearance(config: &Config) -> Sensitivity {
    let table = config.sinks.values().find(|sink| sink.kind.holds_tables());
    table.map_or(Sensitivity::Public, |sink| sink.clearance.into())
}

async fn listen(
    config: &Config,
    app: Arc<http::App>,
    sockets: Arc<Sockets>,
    mut stopping: watch::Receiver<bool>,
    tasks: &mut Vec<tokio::task::JoinHandle<()>>,
) -> Result<(Option<SocketAddr>, Option<SocketAddr>), StartError> {
    let failed = |address: String| move |source| StartError::Listen { address, source };
    let (mut http, mut tcp) = (None, None);
    if let Some(path) = &config.listen.unix {
        let path = config.in_data_dir(path);
        let listener = socket::bind_unix(&path).map_err(failed(path.display().to_string()))?;
        tracing::info!(path = %path.display(), "listening: newline JSON over unix");
        tasks.push(tokio::spawn(socket::serve_unix(sockets.clone(), listener)));
    }
    if let Some(address) = config.listen.tcp {
        let listener = tokio::net::TcpListener::bind(address).await.map_err(failed(format!("tcp {address}")))?;
        let bound = listener.local_addr().unwrap_or(address);
        tcp = Some(bound);
        tracing::info!(address = %bound, "listening: newline JSON over TCP");
        tasks.push(tokio::spawn(socket::serve_tcp(sockets, listener)));
    }
    if let Some(address) = config.listen.http {
        let listener = tokio::net::TcpListener::bind(address).await.map_err(failed(format!("http {address}")))?;
        let bound = listener.local_addr().unwrap_or(address);
        http = Some(bound);
        tracing::info!(address = %bound, "listening: HTTP");
        let service = http::routes(app);
        tasks.push(tokio::spawn(async move {
            let stop = async move {
                let _ = stopping.wait_for(|stop| *stop).await;
            };
            if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stop).await {
                tracing::error!(%error, "HTTP has ended");
            }
        }));
    }
    Ok((http, tcp))
}
