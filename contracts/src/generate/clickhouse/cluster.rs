//! A cluster in place of one server: where rows are kept, and how they are found.

use crate::model::Table;

/// Tables of a cluster are made on all of its servers at once, and each shard's rows are kept by its replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// As `remote_servers` of the servers has it, or `{cluster}` where they have a macro of that name.
    pub name: String,
    /// There are several shards. A table's name is then that of a `Distributed` table, over tables named
    /// `…_local` that keep the rows.
    pub distributed: bool,
}

impl Cluster {
    /// What is wrong with the name, which stands in statements as it is.
    pub fn problem(&self) -> Option<&'static str> {
        let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"_-.{}".contains(&letter);
        let good = !self.name.is_empty() && self.name.bytes().all(is_letter);
        (!good).then_some("a cluster is a name of `remote_servers`, or a macro such as \"{cluster}\"")
    }

    /// ` ON CLUSTER …`, behind the name of what a statement makes or changes.
    pub(super) fn on(cluster: Option<&Self>) -> String {
        cluster.map_or_else(String::new, |cluster| format!(" ON CLUSTER '{}'", cluster.name))
    }

    /// The table that keeps a table's rows.
    pub fn store(cluster: Option<&Self>, table: &Table) -> String {
        match Self::is_distributed(cluster) {
            true => format!("{}_local", table.name),
            false => table.name.clone(),
        }
    }

    pub fn is_distributed(cluster: Option<&Self>) -> bool {
        cluster.is_some_and(|cluster| cluster.distributed)
    }
}
