//! The real program, from outside: each test starts `tapline run` on ports and a folder of its own, and
//! talks to it as a user does.

mod alerts;
mod audit;
mod clickhouse;
mod commands;
mod corpus;
mod delivery;
mod dry_run;
mod elasticsearch;
mod encrypted;
mod harness;
mod http;
mod metrics;
mod notify;
mod proof;
mod secrets;
mod sequence;
mod sockets;
mod stopping;
