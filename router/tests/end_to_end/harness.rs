//! Starting a router, asking it, stopping it.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tapline");

/// The machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running router; killed when it is dropped.
pub struct Router {
    child: Child,
    folder: Folder,
    addresses: Value,
}

/// What a router leaves behind.
pub struct Folder {
    path: PathBuf,
    _temporary: TempDir,
}

/// An answer over HTTP.
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

// === impl Folder ===

impl Folder {
    pub fn new() -> Self {
        let temporary = tempfile::Builder::new().prefix("tapline-").tempdir().expect("a temporary folder");
        Folder { path: temporary.path().join("data"), _temporary: temporary }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file beside the data folder.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self._temporary.path().join(name);
        std::fs::write(&path, text).expect("the temporary folder can be written");
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path.join(name)).unwrap_or_default()
    }

    /// The JSON lines of a file; none where it is not there.
    pub fn lines(&self, name: &str) -> Vec<Value> {
        let text = self.read(name);
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}: {line}")))
            .collect()
    }

    /// Whole lines of a file so far: a router that writes it may be in the middle of one.
    pub fn count_lines(&self, name: &str) -> usize {
        std::fs::read(self.path.join(name)).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count()
    }

    /// Every file, however deep, with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut folders, mut files) = (vec![self.path.clone()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let kind = entry.file_type().expect("a kind");
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    files.push((entry.path(), std::fs::read(entry.path()).expect("a file")));
                }
            }
        }
        files
    }

    /// Rows of the audit database as `tapline audit sql` finds them without a router.
    pub fn sql(&self, sql: &str) -> Vec<Map<String, Value>> {
        let output = tapline(&["audit", "sql", sql, "--json", "--data-dir", &self.path.display().to_string()]);
        rows(&output)
    }
}

// === impl Router ===

impl Router {
    /// With the built-in settings.
    pub fn start() -> Self {
        Self::start_in(Folder::new(), None)
    }

    pub fn start_with(config: &str) -> Self {
        let folder = Folder::new();
        let config = folder.write("tapline.toml", config);
        Self::start_in(folder, Some(&config))
    }

    pub fn start_in(folder: Folder, config: Option<&Path>) -> Self {
        std::fs::create_dir_all(folder.path()).expect("a data folder");
        let addresses = folder.path().join("addresses.json");
        // Left by a router that was killed.
        let _ = std::fs::remove_file(&addresses);
        let mut command = Command::new(PROGRAM);
        command
            .args(["run", "--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0", "--data-dir"])
            .arg(folder.path())
            .arg("--unix")
            .arg(folder.path().join("tapline.sock"))
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(folder.path().join("console.log")).expect("a file"))
            .stderr(std::fs::File::create(folder.path().join("router.log")).expect("a file"));
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        let child = command.spawn().expect("the router starts");
        let mut router = Router { child, folder, addresses: Value::Null };
        router.until("the router is ready", |router| {
            let status = router.child.try_wait().expect("a child");
            assert!(status.is_none(), "the router ended ({status:?}): {}", router.folder.read("router.log"));
            let found = std::fs::read(&addresses).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            found.map(|found| router.addresses = found)
        });
        router
    }

    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addresses["http"].as_str().expect("an address"))
    }

    pub fn unix(&self) -> UnixStream {
        UnixStream::connect(self.folder.path().join("tapline.sock")).expect("the socket is there")
    }

    pub fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.addresses["tcp"].as_str().expect("an address")).expect("the port is open")
    }

    pub fn get(&self, path: &str) -> Answer {
        answer(agent().get(format!("{}{path}", self.url())).call())
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = agent().post(format!("{}{path}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send(body))
    }

    /// Sends events as NDJSON and expects all to be taken.
    pub fn send(&self, events: &[Value]) {
        let body: String = events.iter().map(|event| format!("{event}\n")).collect();
        let answer = self.post("/v1/events", &[("content-type", "application/x-ndjson")], body.as_bytes());
        assert_eq!((answer.status, &answer.json()["accepted"]), (200, &json!(events.len())), "{}", answer.text);
    }

    pub fn ledger(&self) -> Value {
        self.get("/v1/ledger").json()
    }

    /// The ledger once `emitted` events have come in and each has its outcome.
    pub fn settled(&mut self, emitted: u64) -> Value {
        self.until(&format!("{emitted} events have their outcome"), |router| {
            let ledger = router.ledger();
            let totals = &ledger["totals"];
            (totals["emitted"].as_u64() >= Some(emitted) && totals["pending"] == 0).then_some(ledger)
        })
    }

    pub fn sql(&self, sql: &str) -> Vec<Map<String, Value>> {
        rows(&self.tapline(&["audit", "sql", sql, "--json"]))
    }

    /// Another command, told where this router is.
    pub fn tapline(&self, args: &[&str]) -> Output {
        Command::new(PROGRAM).args(args).env("TAPLINE_URL", self.url()).output().expect("tapline runs")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).env("TAPLINE_URL", self.url());
        command
    }

    pub fn until<T>(&mut self, what: &str, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(
                Instant::now() < end,
                "not within {} s: {what}\n{}",
                PATIENCE.as_secs(),
                self.folder.read("router.log")
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: plain numbers; the child has not been waited for, so the number is its own.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    /// SIGTERM; how it ended and how long that took.
    pub fn stop(mut self) -> (Folder, ExitStatus, Duration) {
        let begin = Instant::now();
        self.signal(libc::SIGTERM);
        let status = self.until("the router has stopped", |router| router.child.try_wait().expect("a child"));
        (self.folder_of(), status, begin.elapsed())
    }

    /// Stops it and expects a balanced ledger and a good end.
    pub fn stop_well(self) -> Folder {
        let (folder, status, took) = self.stop();
        assert!(status.success(), "{status}: {}", folder.read("router.log"));
        assert!(took < Duration::from_secs(10), "a stop took {took:?}");
        folder
    }

    /// SIGKILL.
    pub fn kill(mut self) -> Folder {
        self.child.kill().expect("a child");
        self.child.wait().expect("a child");
        self.folder_of()
    }

    fn folder_of(&mut self) -> Folder {
        std::mem::replace(&mut self.folder, Folder::new())
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that needs no router.
pub fn tapline(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).output().expect("tapline runs")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn rows(output: &Output) -> Vec<Map<String, Value>> {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("a row in JSON")).collect()
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into()
}

fn answer(result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = result.expect("the router answers");
    let text = response.body_mut().with_config().limit(256 << 20).read_to_string().expect("text");
    Answer { status: response.status().as_u16(), text }
}

/// Sends lines over a socket and closes it.
pub fn write_lines(mut stream: impl Write, lines: &[impl AsRef<[u8]>]) {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(line.as_ref());
        bytes.push(b'\n');
    }
    stream.write_all(&bytes).expect("the router reads");
    stream.flush().expect("the router reads");
}

/// `emitted = delivered + …`, as numbers.
pub fn count(ledger: &Value, what: &str) -> u64 {
    ledger["totals"][what].as_u64().unwrap_or_else(|| panic!("no {what} in {ledger}"))
}

/// How many events a ledger has under a reason.
pub fn reason(ledger: &Value, wanted: &str) -> u64 {
    let streams = ledger["streams"].as_array().expect("streams");
    let reasons = streams.iter().flat_map(|stream| stream["reasons"].as_array().into_iter().flatten());
    reasons.filter(|reason| reason["reason"] == wanted).filter_map(|reason| reason["count"].as_u64()).sum()
}

pub fn assert_balanced(ledger: &Value) {
    let sum: u64 = ["delivered", "filtered", "rejected", "dropped", "dead_lettered", "pending"]
        .iter()
        .map(|what| count(ledger, what))
        .sum();
    assert_eq!(count(ledger, "emitted"), sum, "{}", ledger["totals"]);
    assert_eq!(ledger["balanced"], true, "{ledger}");
}
