//! Queues that outlive their process: rings in files that a router reads straight out of memory.
//!
//! A component that [shares](crate::Builder::shared) its queues writes each event into a file of its
//! own on a tmpfs; a router [discovers](discover) the files, [attaches](Attached::open) and reads
//! them. What an emit that returned has written is there whichever of the two processes is killed,
//! until the router releases it.
//!
//! ```no_run
//! use tapline_client::shared;
//! # fn journal(_: &[tapline_client::Record]) {}
//!
//! let mut records = Vec::new();
//! for path in shared::discover(&shared::default_folder())? {
//!     let attached = shared::Attached::open(&path)?;
//!     for lane in attached.lanes() {
//!         if attached.has_events(lane) {
//!             records.clear();
//!             let mark = attached.read(lane, &mut records, 256)?;
//!             journal(&records); // safe from here on: told apart by run, component, lane and seq
//!             attached.release(mark); // with no records, too: slots may have been torn
//!         }
//!     }
//!     if attached.is_done() {
//!         attached.retire()?; // its owner is gone, and so is all that it left
//!     }
//! }
//! # Ok::<(), shared::Refusal>(())
//! ```
//!
//! # Layout
//! * `layout`: what lies where in a file; `head`: whose it is
//! * `segment`: a file as its owner has it; `claim`: who has it; `folder`: where it is
//! * [`Attached`]: a file as its reader has it; `lane`, `view`, `progress`: reading one lane of it;
//!   `life`, `process`: whether its owner lives; `anchor`: what time it was there
//! * [`Refusal`]: why one is not made, or not read
//!
//! # What it does not do
//! It outlives processes, not the machine: what was in a tmpfs is gone after a power cut, and on a
//! disk it is as whole as the kernel left it. A child that a component forks must not emit.

mod anchor;
mod attached;
mod claim;
mod folder;
mod head;
mod lane;
mod layout;
mod life;
mod mapping;
mod process;
mod progress;
mod refusal;
mod segment;
mod view;

pub use attached::{Attached, Mark};
pub use folder::{default_folder, discover};
pub use head::Owner;
pub use process::ProcessId;
pub use refusal::{Reason, Refusal};

pub(crate) use folder::prepare;
pub(crate) use segment::Segment;
