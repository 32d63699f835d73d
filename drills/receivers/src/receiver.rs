//! A receiver in the same process: started, unplugged, brought back, asked.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::connection::{Fate, Port};
use crate::control;
use crate::exchange::{Desk, exchange};
use crate::journal::{Journal, Onlooker, Received, Refused};
use crate::kind::Kind;
use crate::script::Step;

/// It runs on a thread of its own with a small runtime, so that a test need not be async, and goes when
/// it is dropped.
#[must_use = "a receiver is gone when it is dropped"]
pub struct Receiver {
    /// Outlives the port: what was received is still there after [`Receiver::stop`].
    desk: Arc<Desk>,
    plug: Mutex<Plug>,
}

struct Plug {
    address: SocketAddr,
    running: Option<Running>,
}

struct Running {
    /// Dropping it ends the runtime, and with it the port and all connections.
    _stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Receiver {
    /// Starts on a free port of the loopback interface.
    pub fn start(kind: Kind) -> io::Result<Receiver> {
        Receiver::start_on(kind, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), None)
    }

    /// Starts on an address; the onlooker is told each entry of the journal as it comes.
    pub fn start_on(kind: Kind, address: SocketAddr, onlooker: Option<Onlooker>) -> io::Result<Receiver> {
        let desk = Arc::new(Desk::new(kind.service(), Journal::new(onlooker)));
        let receiver = Receiver { desk, plug: Mutex::new(Plug { address, running: None }) };
        receiver.start_again()?;
        Ok(receiver)
    }

    /// `http://host:port`, without a slash at the end. It stays the same while the receiver is stopped.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    pub fn address(&self) -> SocketAddr {
        self.plug().address
    }

    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// Closes the port and all connections at once; what was received stays. Nothing happens if it is
    /// stopped already.
    pub fn stop(&self) {
        let running = self.plug().running.take();
        if let Some(Running { _stop, thread }) = running {
            drop(_stop);
            // A panic on that thread has been printed, and the port is closed all the same.
            thread.join().ok();
        }
    }

    /// Brings it back on the port it had. Nothing happens if it is running.
    pub fn start_again(&self) -> io::Result<()> {
        let mut plug = self.plug();
        if plug.running.is_none() {
            let listener = TcpListener::bind(plug.address)?;
            plug.address = listener.local_addr()?;
            plug.running = Some(serve(Arc::clone(&self.desk), listener)?);
        }
        Ok(())
    }

    /// Brings it back on this port, or moves it there.
    pub fn start_at(&self, port: u16) -> io::Result<()> {
        self.stop();
        self.plug().address.set_port(port);
        self.start_again()
    }

    /// Arranges what happens to the next requests, in the place of whatever is left of an earlier script.
    /// Refuses a step that could never fit this kind of receiver.
    pub fn script(&self, steps: impl IntoIterator<Item = Step>) -> Result<(), String> {
        let steps: Vec<Step> = steps.into_iter().collect();
        control::check(&self.desk, &steps)?;
        self.desk.script().replace(steps);
        Ok(())
    }

    /// How many requests still meet a step of the script.
    pub fn script_left(&self) -> u64 {
        self.desk.script().left()
    }

    /// What was accepted, in the order in which it was accepted.
    pub fn received(&self) -> Vec<Received> {
        self.desk.journal.received()
    }

    /// What was refused, or met a step of the script, with the reason.
    pub fn refused(&self) -> Vec<Refused> {
        self.desk.journal.refused()
    }

    /// Waits until `enough` requests were accepted, or the time is over; gives what there is then.
    pub fn wait(&self, enough: usize, time: Duration) -> Vec<Received> {
        self.desk.journal.wait(enough, time)
    }

    /// How many entries the journal gave up for newer ones.
    pub fn forgotten(&self) -> u64 {
        self.desk.journal.forgotten()
    }

    /// What the service holds: messages, incidents, documents. Each service says what its state looks like.
    pub fn state(&self) -> Value {
        self.desk.service().state()
    }

    /// Forgets what was received, refused and kept, and what is left of the script.
    pub fn clear(&self) {
        self.desk.clear();
    }

    fn plug(&self) -> MutexGuard<'_, Plug> {
        self.plug.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(desk: Arc<Desk>, listener: TcpListener) -> io::Result<Running> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let port = {
        let _inside = runtime.enter();
        Port(tokio::net::TcpListener::from_std(listener)?)
    };
    let app = Router::new().fallback(exchange).with_state(desk);
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name("receiver".into()).spawn(move || {
        runtime.block_on(async move {
            let server = axum::serve(port, app.into_make_service_with_connect_info::<Fate>());
            tokio::select! {
                _ = server.into_future() => {}
                _ = stopped => {}
            }
        });
        // Dropped here, the runtime takes every connection with it: nobody is waited for.
    })?;
    Ok(Running { _stop: stop, thread })
}
