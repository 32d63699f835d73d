//! A small HTTP server: keeps what it is sent, and answers as the test says.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Request {
    pub at: Instant,
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Request {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }
}

/// Status, further headers, body.
pub type Answer = (u16, &'static str, String);

type Seen = Arc<(Mutex<Vec<Request>>, Condvar)>;

pub struct Server {
    pub url: String,
    seen: Seen,
}

impl Server {
    /// `answer` is given the request and how many came before it.
    pub fn start(answer: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Seen::default();
        let (answer, to) = (Arc::new(answer), seen.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, to) = (answer.clone(), to.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &*answer, &to));
            }
        });
        Server { url, seen }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.seen.0.lock().unwrap().clone()
    }

    /// Waits for so many requests.
    pub fn wait(&self, count: usize) -> Vec<Request> {
        let seen = self.seen.0.lock().unwrap();
        let few = |seen: &mut Vec<Request>| seen.len() < count;
        let (seen, late) = self.seen.1.wait_timeout_while(seen, Duration::from_secs(10), few).unwrap();
        assert!(!late.timed_out(), "{} of {count} requests: {seen:#?}", seen.len());
        seen.clone()
    }
}

fn serve(stream: TcpStream, answer: &dyn Fn(&Request, usize) -> Answer, seen: &Seen) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = read(&mut reader) {
        let before = {
            let mut seen = seen.0.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        seen.1.notify_all();
        let (status, headers, body) = answer(&request, before);
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
        if (&stream).write_all(&[head.as_bytes(), body.as_bytes()].concat()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let at = Instant::now();
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { at, path, headers, body: String::from_utf8(body).ok()? })
}
