//! A channel, and what may be done in it.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Open,
    Archived,
    /// The workspace's settings forbid posting.
    Restricted,
    /// The app was not invited; a webhook posts all the same.
    NotInvited,
}

#[derive(Debug, Clone)]
pub struct Channel {
    pub id: String,
    pub name: String,
    pub standing: Standing,
}

impl Channel {
    pub fn open(id: &str, name: &str) -> Channel {
        Channel::new(id, name, Standing::Open)
    }

    pub fn new(id: &str, name: &str, standing: Standing) -> Channel {
        Channel { id: id.into(), name: name.into(), standing }
    }
}
