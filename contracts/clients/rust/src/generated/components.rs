//! The components of the contract. Generated; do not edit.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Component {
    MarketData = 0,
    Bus = 1,
    Strategy = 2,
    Risk = 3,
    Order = 4,
    Execution = 5,
    Position = 6,
    Recorder = 7,
    Gateway = 8,
    Router = 9,
    Plugin = 10,
    Unknown = 11,
}

impl Component {
    pub const COUNT: usize = 12;
    pub const ALL: [Component; Component::COUNT] = [
        Component::MarketData,
        Component::Bus,
        Component::Strategy,
        Component::Risk,
        Component::Order,
        Component::Execution,
        Component::Position,
        Component::Recorder,
        Component::Gateway,
        Component::Router,
        Component::Plugin,
        Component::Unknown,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Component::MarketData => "market_data",
            Component::Bus => "bus",
            Component::Strategy => "strategy",
            Component::Risk => "risk",
            Component::Order => "order",
            Component::Execution => "execution",
            Component::Position => "position",
            Component::Recorder => "recorder",
            Component::Gateway => "gateway",
            Component::Router => "router",
            Component::Plugin => "plugin",
            Component::Unknown => "unknown",
        }
    }

    pub fn from_index(index: u8) -> Option<Component> {
        Component::ALL.get(usize::from(index)).copied()
    }
}
