//! E-mail by SMTP, encrypted wherever it leaves the machine.
//!
//! Everything about one alert is one conversation: `References` names the mail that opened it, and the
//! subject stays the same.

mod body;

use std::path::PathBuf;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::Response;
use lettre::{Address, SmtpTransport, Transport};

use super::Channel;
use crate::secret::Secret;
use crate::text::line;
use crate::{ChannelError, Kind, Message, Receipt, Severity};

#[derive(Clone, Debug)]
pub struct EmailSettings {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub user: Option<(String, Secret)>,
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
    /// Trusted instead of the public authorities.
    pub ca_file: Option<PathBuf>,
    pub timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Begun in the clear, and not gone on with where the server can't encrypt.
    StartTls,
    /// From the first byte.
    Tls,
    /// None: to this machine only.
    Plain,
}

pub struct Email {
    transport: SmtpTransport,
    from: Mailbox,
    to: Vec<Mailbox>,
}

const SUBJECT_MAX: usize = 180;

impl Email {
    pub fn new(settings: &EmailSettings) -> Result<Self, String> {
        let tls = || -> Result<TlsParameters, String> {
            let mut tls = TlsParameters::builder(settings.host.clone());
            if let Some(path) = &settings.ca_file {
                let pem = std::fs::read(path).map_err(|error| format!("can't read {}: {error}", path.display()))?;
                let certificate =
                    Certificate::from_pem(&pem).map_err(|_| format!("{} has no certificate in it", path.display()))?;
                tls = tls
                    .certificate_store(lettre::transport::smtp::client::CertificateStore::None)
                    .add_root_certificate(certificate);
            }
            tls.build().map_err(|_| format!("{:?} can't be the name of a mail server", settings.host))
        };
        let tls = match settings.encryption {
            Encryption::StartTls => Tls::Required(tls()?),
            Encryption::Tls => Tls::Wrapper(tls()?),
            Encryption::Plain => Tls::None,
        };
        let mut transport = SmtpTransport::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.timeout));
        if let Some((user, password)) = &settings.user {
            transport = transport.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        Ok(Email { transport: transport.build(), from: settings.from.clone(), to: settings.to.clone() })
    }

    fn mail(&self, message: &Message) -> Result<lettre::Message, ChannelError> {
        let mut mail = lettre::Message::builder()
            .from(self.from.clone())
            .subject(subject(message))
            .message_id(Some(self.message_id(&message.id)));
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        if let Some(earlier) = &message.earlier {
            let earlier = self.message_id(&earlier.message);
            mail = mail.in_reply_to(earlier.clone()).references(earlier);
        }
        let content = MultiPart::alternative_plain_html(body::text(message), body::html(message));
        let mut mail = mail
            .multipart(content)
            .map_err(|error| ChannelError::refused(format!("the mail can't be written: {error}")))?;
        let mut header = |name, value: String| mail.headers_mut().insert_raw(HeaderValue::new(name, value));
        // No answering machine should answer.
        header(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        header(HeaderName::new_from_ascii_str("X-Tapline-Delivery"), id(&message.id));
        if message.severity == Severity::Critical {
            header(HeaderName::new_from_ascii_str("X-Priority"), "1".to_owned());
        }
        Ok(mail)
    }

    fn message_id(&self, of: &str) -> String {
        format!("<{}@{}>", id(of), self.from.email.domain())
    }

    fn hand_over(&self, to: Vec<Address>, mail: &[u8]) -> Result<Response, ChannelError> {
        let envelope = Envelope::new(Some(self.from.email.clone()), to)
            .map_err(|_| ChannelError::refused("there is nobody to send to"))?;
        self.transport.send_raw(&envelope, mail).map_err(|error| in_our_words(&error))
    }
}

impl Channel for Email {
    fn send(&mut self, message: &Message) -> Result<Receipt, ChannelError> {
        let mail = self.mail(message)?.formatted();
        let everybody: Vec<Address> = self.to.iter().map(|to| to.email.clone()).collect();
        let refused = match self.hand_over(everybody.clone(), &mail) {
            Ok(response) => return Ok(receipt(&response)),
            Err(error) if error.outcome == crate::Outcome::Refused && everybody.len() > 1 => error,
            Err(error) => return Err(error),
        };
        // One address that is wrong must not keep the mail from the others.
        let mut delivered = None;
        for to in everybody {
            match self.hand_over(vec![to], &mail) {
                Ok(response) => delivered = Some(receipt(&response)),
                Err(error) => tracing::warn!(%error, "a recipient of notices is refused by the mail server"),
            }
        }
        delivered.ok_or(refused)
    }
}

/// What may stand in a message id.
fn id(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).take(100).collect()
}

fn subject(message: &Message) -> String {
    let item = message.first();
    let subject = match message.kind {
        Kind::Group | Kind::Summary => format!("[Tapline] {}", message.heading()),
        Kind::Test => format!("[Tapline] test: {}", item.title),
        _ => format!("[{}] {}", message.severity.code().to_uppercase(), item.title),
    };
    // Mail programs keep together what has the same subject but for this.
    let again = if message.earlier.is_some() { "Re: " } else { "" };
    line(&format!("{again}{subject}"), SUBJECT_MAX)
}

/// `250 2.0.0 Ok: queued as 4F2A91` is as good a proof as mail has.
fn receipt(response: &Response) -> Receipt {
    let said = response.first_line().unwrap_or_default();
    let id = match said.rfind("queued as ") {
        Some(at) => said[at + "queued as ".len()..].split_whitespace().next().unwrap_or_default(),
        None => said,
    };
    Receipt::proven(Some(line(id, 120)).filter(|id| !id.is_empty()))
}

fn in_our_words(error: &lettre::transport::smtp::Error) -> ChannelError {
    let said = |what: &str| {
        let answer = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        let code = error.status().map(|code| format!(" {code}")).unwrap_or_default();
        line(&format!("{what}{code}: {answer}"), 200)
    };
    if error.is_permanent() {
        ChannelError::refused(said("the mail server refuses"))
    } else if error.is_transient() {
        match error.status().map(u16::from) {
            Some(421 | 452) => ChannelError::limited(said("the mail server has too much to do"), None),
            _ => ChannelError::failed(said("the mail server can't take it now")),
        }
    } else if error.is_timeout() {
        ChannelError::timed_out("no answer from the mail server in time")
    } else if error.is_tls() || is_certificates(error) {
        ChannelError::failed("TLS with the mail server failed: it has no certificate that is trusted here")
    } else if error.is_client() {
        ChannelError::refused("the mail server lacks what the configuration asks for, encryption or a login")
    } else {
        ChannelError::failed("no connection to the mail server, or it broke")
    }
}

/// A certificate that is refused comes as a failure of the connection.
fn is_certificates(error: &lettre::transport::smtp::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|error| error.kind() == std::io::ErrorKind::InvalidData)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::channel_tests::{arbitrary_message, firing, resolved};

    fn channel() -> Email {
        Email::new(&EmailSettings {
            host: "127.0.0.1".into(),
            port: 1,
            encryption: Encryption::Plain,
            user: None,
            from: "Tapline <tapline@desk.example>".parse().unwrap(),
            to: vec!["a@desk.example".parse().unwrap(), "b@desk.example".parse().unwrap()],
            ca_file: None,
            timeout: Duration::from_secs(1),
        })
        .unwrap()
    }

    fn written(message: &Message) -> String {
        String::from_utf8(channel().mail(message).unwrap().formatted()).unwrap()
    }

    #[test]
    fn the_end_is_in_the_thread_of_the_beginning() {
        let (begin, end) = (written(&firing("Feed gap")), written(&resolved("Feed gap")));
        assert!(begin.contains("Message-ID: <t-1@desk.example>\r\n"), "{begin}");
        assert!(begin.contains("Subject: [CRITICAL] Feed gap\r\n"), "{begin}");
        assert!(end.contains("References: <t-1@desk.example>\r\n"), "{end}");
        assert!(end.contains("In-Reply-To: <t-1@desk.example>\r\n"), "{end}");
        assert!(end.contains("Subject: Re: [CRITICAL] Feed gap\r\n"), "{end}");
        assert!(end.contains("CRITICAL resolved after 5 min"), "{end}");
    }

    #[test]
    fn nobody_writes_headers_by_a_summary() {
        let mail = written(&firing("x\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>"));
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("\nBcc:"), "{mail}");
        assert!(!body.split_once("text/html").unwrap().1.contains("<script>"), "{mail}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn every_message_is_a_mail(message in arbitrary_message()) {
            let mail = written(&message);
            let (head, _) = mail.split_once("\r\n\r\n").unwrap();
            for name in ["From: ", "To: ", "Subject: ", "Message-ID: ", "Date: "] {
                prop_assert_eq!(head.lines().filter(|line| line.starts_with(name)).count(), 1);
            }
            prop_assert!(mail.lines().all(|line| line.len() <= 998));
            prop_assert!(mail.is_ascii());
        }
    }
}
