//! Mail, to a server of the test's own, and to a real one where there is one.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tapline_notices::channel::{Email, EmailSettings, Encryption, Http, HttpSettings, SlackWebhook};
use tapline_notices::{Channel, Outcome, Retry, Secret};

use super::{firing, resolved};

#[derive(Clone, Debug, Default)]
struct Mail {
    to: Vec<String>,
    data: String,
}

/// Speaks as much of SMTP as a mail needs. Addresses that begin with `no` are refused, those that begin
/// with `later` for now.
fn smtp() -> (u16, Arc<Mutex<Vec<Mail>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mails = Arc::new(Mutex::new(Vec::new()));
    let to = mails.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let to = to.clone();
            std::thread::spawn(move || talk(stream.unwrap(), &to));
        }
    });
    (port, mails)
}

fn talk(stream: TcpStream, mails: &Mutex<Vec<Mail>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let say = |text: &str| (&stream).write_all(format!("{text}\r\n").as_bytes()).ok();
    let mut mail = Mail::default();
    say("220 test ESMTP")?;
    while let Some(Ok(line)) = lines.next() {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "EHLO" => say("250-test\r\n250 8BITMIME")?,
            "MAIL" => {
                mail = Mail::default();
                say("250 2.1.0 Ok")?
            }
            "RCPT" => {
                let address = line[line.find('<')? + 1..line.find('>')?].to_owned();
                if address.starts_with("no") {
                    say("550 5.1.1 no such user")?
                } else if address.starts_with("later") {
                    say("450 4.2.0 greylisted")?
                } else {
                    mail.to.push(address);
                    say("250 2.1.5 Ok")?
                }
            }
            "DATA" => {
                say("354 go on")?;
                for line in lines.by_ref().map_while(Result::ok).take_while(|line| line != ".") {
                    mail.data.push_str(&line);
                    mail.data.push('\n');
                }
                mails.lock().unwrap().push(mail.clone());
                say("250 2.0.0 Ok: queued as 4F2A91")?
            }
            "QUIT" => {
                say("221 2.0.0 Bye")?;
                return None;
            }
            _ => say("250 Ok")?,
        }
    }
    None
}

fn settings(port: u16, to: &[&str]) -> EmailSettings {
    EmailSettings {
        host: "127.0.0.1".into(),
        port,
        encryption: Encryption::Plain,
        user: None,
        from: "Tapline <tapline@desk.example>".parse().unwrap(),
        to: to.iter().map(|to| to.parse().unwrap()).collect(),
        ca_file: None,
        timeout: Duration::from_secs(5),
    }
}

#[test]
fn a_mail_has_the_queues_id_as_receipt() {
    let (port, mails) = smtp();
    let mut mail = Email::new(&settings(port, &["a@desk.example", "b@desk.example"])).unwrap();
    let receipt = mail.send(&firing("Feed gap <2330>")).unwrap();
    assert_eq!((receipt.outcome(), receipt.id.as_deref()), (Outcome::Delivered, Some("4F2A91")));
    mail.send(&resolved("Feed gap <2330>", receipt.id)).unwrap();
    let mails = mails.lock().unwrap();
    assert_eq!(mails[0].to, ["a@desk.example", "b@desk.example"]);
    assert!(mails[0].data.contains("Message-ID: <t-1@desk.example>"));
    assert!(mails[0].data.contains("Feed gap &lt;2330&gt;"));
    assert!(mails[1].data.contains("References: <t-1@desk.example>"));
}

#[test]
fn one_wrong_address_does_not_keep_it_from_the_others() {
    let (port, mails) = smtp();
    let mut mail = Email::new(&settings(port, &["no@desk.example", "a@desk.example"])).unwrap();
    assert_eq!(mail.send(&firing("gap")).unwrap().outcome(), Outcome::Delivered);
    assert_eq!(mails.lock().unwrap()[0].to, ["a@desk.example"]);
    let error = Email::new(&settings(port, &["no@desk.example"])).unwrap().send(&firing("gap")).unwrap_err();
    assert_eq!((error.outcome, error.retry), (Outcome::Refused, Retry::Never));
    assert!(error.to_string().contains("550"), "{error}");
}

#[test]
fn what_is_refused_for_now_is_tried_again() {
    let (port, _) = smtp();
    let error = Email::new(&settings(port, &["later@desk.example"])).unwrap().send(&firing("gap")).unwrap_err();
    assert_eq!((error.outcome, error.retry), (Outcome::Failed, Retry::Later));
    let error = Email::new(&settings(1, &["a@desk.example"])).unwrap().send(&firing("gap")).unwrap_err();
    assert_eq!(error.outcome, Outcome::Failed, "nobody listens");
}

#[test]
fn a_server_that_can_not_encrypt_gets_no_mail() {
    let (port, mails) = smtp();
    let settings = EmailSettings { encryption: Encryption::StartTls, ..settings(port, &["a@desk.example"]) };
    assert_eq!(Email::new(&settings).unwrap().send(&firing("gap")).unwrap_err().outcome, Outcome::Refused);
    assert!(mails.lock().unwrap().is_empty());
}

/// A real server: aiosmtpd with a certificate of its own, that wants encryption and a login.
struct Aiosmtpd {
    child: Child,
    port: u16,
    /// Of an HTTPS server with the same certificate, that says what Slack says.
    web: u16,
    ca: PathBuf,
    folder: tempfile::TempDir,
}

const AIOSMTPD: &str = include_str!("../aiosmtpd.py");

impl Aiosmtpd {
    fn start(python: &str, how: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(python)
            .args(["-c", AIOSMTPD, folder.path().to_str().unwrap(), how])
            .stdout(Stdio::piped())
            // It says aloud what it thinks of clients that hang up.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Vec<u16> =
            line.split_whitespace().map(|port| port.parse().expect("the server says its ports")).collect();
        Aiosmtpd { child, port: ports[0], web: ports[1], ca: folder.path().join("ca.pem"), folder }
    }

    fn mails(&self) -> Vec<(Vec<String>, String)> {
        let text = std::fs::read_to_string(self.folder.path().join("mails")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// `TAPLINE_AIOSMTPD` names a Python that has aiosmtpd.
#[test]
fn a_real_server_takes_it_encrypted_and_after_a_login() {
    let python = std::env::var("TAPLINE_AIOSMTPD")
        .expect("a real SMTP server is needed: `cargo xtask test` brings it and says where by TAPLINE_AIOSMTPD");
    for (how, encryption) in [("starttls", Encryption::StartTls), ("tls", Encryption::Tls)] {
        let server = Aiosmtpd::start(&python, how);
        let with = |password: &str, ca_file: Option<PathBuf>| {
            let settings = EmailSettings {
                host: "localhost".into(),
                encryption,
                user: Some(("tapline".into(), Secret::new(password))),
                ca_file,
                ..settings(server.port, &["a@desk.example"])
            };
            Email::new(&settings).unwrap().send(&firing("Feed gap é"))
        };
        let began = Instant::now();
        let receipt = with("hush", Some(server.ca.clone())).unwrap();
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(receipt.id.as_deref(), Some("AIO1"), "{how}");
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].0, ["a@desk.example"]);
        assert!(mails[0].1.contains("Message-ID: <t-1@desk.example>"), "{}", mails[0].1);
        let wrong = with("wrong", Some(server.ca.clone())).unwrap_err();
        assert_eq!((wrong.outcome, wrong.retry), (Outcome::Refused, Retry::Never), "{how}: {wrong}");
        let strange = with("hush", None).unwrap_err();
        assert_eq!(strange.outcome, Outcome::Failed, "{how}: nobody vouches for its certificate");
        assert!(strange.to_string().contains("certificate"), "{strange}");
        assert_eq!(server.mails().len(), 1);

        let hook = |ca_file: Option<PathBuf>| {
            let http = Http::new(&HttpSettings { timeout: Duration::from_secs(5), ca_file }).unwrap();
            SlackWebhook::new(http, Secret::new(format!("https://localhost:{}/x", server.web))).send(&firing("gap"))
        };
        assert_eq!(hook(Some(server.ca.clone())).unwrap().outcome(), Outcome::Delivered);
        let strange = hook(None).unwrap_err();
        assert_eq!(strange.outcome, Outcome::Failed);
        assert!(strange.to_string().contains("certificate"), "{strange}");
    }
}
