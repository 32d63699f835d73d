//! The head of a ring file: whose it is and what is in it. JSON behind a magic, a version, a length
//! and a CRC, so that a person can see it too.

use serde::{Deserialize, Serialize};

use super::layout::{HEAD_BYTES, MAGIC, SLOT_BYTES, SLOTS_FROM, VERSION};
use super::process::ProcessId;
use super::refusal::Reason;
use crate::ring::{CAPACITY_MAX, round_capacity};
use crate::schema::{CONTRACT_HASH, CONTRACT_VERSION, Lane};
use crate::{Component, Record};

/// The run that a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub service: String,
    pub env: String,
    pub host: String,
    /// The start of the producer: `seq` counts within it, for each component and lane.
    pub run: String,
    component: String,
    pub uid: u32,
    pub process: ProcessId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) contract: String,
    contract_version: String,
    pub(super) owner: Owner,
    pub(super) file_bytes: u64,
    record_bytes: u64,
    pub(super) rings: [RingPlace; Lane::COUNT],
    pub(super) overflow: Option<RingPlace>,
    /// The folder of the audit lane's spill files.
    pub(super) spill: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RingPlace {
    pub(super) lane: String,
    pub(super) from: u64,
    pub(super) capacity: u64,
}

/// Magic, version, length of the JSON, CRC of all but itself.
const PREFIX_BYTES: usize = 8 + 4 + 4 + 4;

impl Owner {
    pub(crate) fn new(service: &str, env: &str, host: &str, run: &str, component: Component) -> Owner {
        Owner {
            service: service.into(),
            env: env.into(),
            host: host.into(),
            run: run.into(),
            component: component.name().into(),
            // SAFETY: has no preconditions.
            uid: unsafe { libc::geteuid() },
            process: ProcessId::own(),
        }
    }

    pub fn component(&self) -> Component {
        // Looked at when the head was read.
        Component::ALL.into_iter().find(|c| c.name() == self.component).unwrap_or(Component::Unknown)
    }
}

impl Head {
    /// `capacity` by lane; `spill` is where the audit lane's files go, if it has an overflow.
    pub(super) fn new(owner: Owner, capacity: [usize; Lane::COUNT], spill: Option<String>) -> Head {
        let mut from = SLOTS_FROM;
        let mut place = |lane: Lane| {
            let capacity = round_capacity(capacity[lane as usize]);
            let place = RingPlace { lane: lane.name().into(), from: from as u64, capacity: capacity as u64 };
            from += capacity * SLOT_BYTES;
            place
        };
        let rings = Lane::ALL.map(&mut place);
        let overflow = spill.is_some().then(|| place(Lane::Audit));
        Head {
            contract: CONTRACT_HASH.into(),
            contract_version: CONTRACT_VERSION.into(),
            owner,
            file_bytes: from as u64,
            record_bytes: size_of::<Record>() as u64,
            rings,
            overflow,
            spill,
        }
    }

    /// None if it is too long, which takes a path of thousands of characters.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let json = serde_json::to_vec(self).ok().filter(|json| PREFIX_BYTES + json.len() <= HEAD_BYTES)?;
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        bytes.extend_from_slice(&MAGIC.to_ne_bytes());
        bytes.extend_from_slice(&VERSION.to_ne_bytes());
        bytes.extend_from_slice(&(json.len() as u32).to_ne_bytes());
        let crc = checksum(&bytes, &json);
        bytes.extend_from_slice(&crc.to_ne_bytes());
        bytes.extend_from_slice(&json);
        Some(bytes)
    }

    /// From the first [`HEAD_BYTES`] of a file, or all if there are fewer.
    pub(super) fn parse(bytes: &[u8]) -> Result<Head, Reason> {
        let (prefix, rest) = bytes.split_at_checked(PREFIX_BYTES).ok_or(Reason::NoRingFile)?;
        let number = |at: usize| u32::from_ne_bytes(prefix[at..at + 4].try_into().expect("four bytes"));
        if prefix[..8] != MAGIC.to_ne_bytes() {
            return Err(Reason::NoRingFile);
        }
        if number(8) != VERSION {
            return Err(Reason::Version { found: number(8), known: VERSION });
        }
        let json = rest.get(..number(12) as usize).ok_or(Reason::Checksum)?;
        if checksum(&prefix[..16], json) != number(16) {
            return Err(Reason::Checksum);
        }
        let head: Head = serde_json::from_slice(json).map_err(|error| Reason::Head(error.to_string()))?;
        head.check()?;
        Ok(head)
    }

    /// Whoever wrote it: what follows from it stays within the file.
    fn check(&self) -> Result<(), Reason> {
        let wrong = |what: &str| Err(Reason::Head(what.into()));
        if self.contract != CONTRACT_HASH {
            return Err(Reason::Contract { found: self.contract.clone(), known: CONTRACT_HASH });
        }
        if self.record_bytes != size_of::<Record>() as u64 {
            return wrong("its records have another size");
        }
        if Component::ALL.iter().all(|c| c.name() != self.owner.component) {
            return wrong("its component is none of this contract");
        }
        if self.rings.iter().zip(Lane::ALL).any(|(ring, lane)| ring.lane != lane.name()) {
            return wrong("its lanes are not those of this contract");
        }
        if self.overflow.is_some() != self.spill.is_some() {
            return wrong("it has an overflow without a spill folder, or the reverse");
        }
        let mut from = SLOTS_FROM as u64;
        for ring in self.rings.iter().chain(&self.overflow) {
            let fits = ring.capacity.is_power_of_two() && (2..=CAPACITY_MAX as u64).contains(&ring.capacity);
            if !fits || ring.from != from {
                return wrong("a ring is not where it has to be");
            }
            from += ring.capacity * SLOT_BYTES as u64;
        }
        if from != self.file_bytes {
            return wrong("its rings do not fill it");
        }
        Ok(())
    }
}

fn checksum(prefix: &[u8], json: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(prefix);
    crc.update(json);
    crc.finalize()
}
