//! The components of the contract.
//!
//! Generated from `contracts/trading.toml` by `cargo xtask bless`; do not edit.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Component {
    /// Receives, normalises and distributes the feeds.
    MarketData = 0,
    /// Carries events between the components inside the trading process.
    Bus = 1,
    /// Turns market data into intents.
    Strategy = 2,
    /// Approves or refuses intents; home of StormGuard.
    Risk = 3,
    /// Sends orders to the broker and follows them to their end.
    Order = 4,
    /// Takes in fills and other reports from the broker.
    Execution = 5,
    /// Keeps positions and profit, and reconciles them with the broker.
    Position = 6,
    /// Writes market data and trades to storage.
    Recorder = 7,
    /// Entry for intents and commands from outside; configuration and sessions.
    Gateway = 8,
    /// Tapline itself.
    Router = 9,
    /// A plugin in the router's chain.
    Plugin = 10,
    /// Lines that name no component, or one that is not declared here.
    Unknown = 11,
}

impl Component {
    pub const COUNT: usize = 12;
    /// In the contract's order.
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
