//! By mail, through a real server that wants encryption and a login.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::setup::{all_to, config, delivered, transition};
use crate::harness::{Folder, Router};

const SERVER: &str = include_str!("../../../../notices/tests/aiosmtpd.py");

struct MailServer {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl MailServer {
    fn start() -> Self {
        let python = std::env::var("TAPLINE_AIOSMTPD")
            .expect("a real SMTP server is needed: `cargo xtask test` brings it and says where by TAPLINE_AIOSMTPD");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(python)
            .args(["-c", SERVER])
            .arg(folder.path())
            .arg("starttls")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the mail server starts");
        let mut ports = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut ports).expect("the server says its ports");
        let port = ports.split_whitespace().next().and_then(|port| port.parse().ok()).expect("the port of mail");
        MailServer { child, port, folder }
    }

    /// Receivers and text of each mail.
    fn mails(&self) -> Vec<(Vec<String>, String)> {
        let text = std::fs::read_to_string(self.folder.path().join("mails")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a mail")).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let of_it = |line: &&str| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase()));
    mail.lines().find(of_it).unwrap_or_else(|| panic!("no {name} in {mail}"))
}

#[test]
fn a_halt_is_mailed_encrypted_after_a_login_and_its_end_continues_the_conversation() {
    let server = MailServer::start();
    let folder = Folder::new();
    let password = folder.write("password", "hush").display().to_string();
    let channel = format!(
        "[notify.channels.mail]\ntype = \"email\"\nhost = \"localhost\"\nport = {}\nuser = \"tapline\"\n\
         password_file = \"{password}\"\nca_file = \"{}\"\nfrom = \"Tapline <tapline@desk.example>\"\n\
         to = [\"duty@desk.example\"]\n{}",
        server.port,
        server.folder.path().join("ca.pem").display(),
        all_to("mail")
    );
    let path = folder.write("tapline.toml", &config(&channel));
    let mut router = Router::start_in(folder, Some(&path));
    router.send(&[transition("STORM", "HALT")]);
    delivered(&mut router, "mail", 1);
    router.send(&[transition("HALT", "STORM")]);
    delivered(&mut router, "mail", 2);
    let mails = server.mails();
    assert_eq!(mails.len(), 2, "{mails:#?}");
    assert!(mails.iter().all(|(to, _)| to == &["duty@desk.example"]), "{mails:#?}");
    let (begin, end) = (&mails[0].1, &mails[1].1);
    assert!(header(begin, "Subject").contains("stormguard_transition: HALT"), "{begin}");
    let id = header(begin, "Message-ID").split_once(": ").expect("a header's value").1;
    assert!(header(end, "References").contains(id), "{end}");
    assert!(end.contains("resolved"), "{end}");
    let rows = router.sql("SELECT receipt, severity FROM audit.delivery_log WHERE event = 'delivery'");
    assert!(rows.iter().all(|row| row["receipt"] == "AIO1" && row["severity"] == "critical"), "{rows:?}");
    router.stop_well();
}
