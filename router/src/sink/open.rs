//! From a destination's configuration to the destination.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tapline_contract::Contract;

use super::{
    Authorities, ClickHouseLogin, ClickHouseServer, ClickHouseSink, Compression, ConsoleSink, ElasticsearchServer,
    ElasticsearchSink, FileSink, NotifySink, Rotation, Sink, SinkError, SinkStats, SqliteSink, TableCounts,
};
use crate::audit::RowMaker;
use crate::config::{Compress, Config, Secret, SinkConfig, SinkKind};
use crate::encode::Encoder;
use crate::ingest::Components;
use crate::router::StartError;

/// A destination, opened and not started.
pub type Opened = (String, Box<dyn Sink>, Arc<SinkStats>);

/// Opens a destination as its configuration says.
#[allow(clippy::too_many_arguments, reason = "composed once, in router.rs")]
pub fn open(
    config: &Config,
    name: &str,
    sink: &SinkConfig,
    contract: &Arc<Contract>,
    components: &Arc<Components>,
    stats: &Arc<SinkStats>,
    tables: &Arc<[TableCounts]>,
    notify: &Option<tapline_notices::Handle>,
) -> Result<Box<dyn Sink>, StartError> {
    let encoder = Encoder::new(contract.clone(), components.clone(), sink.clearance.into());
    let path = config.in_data_dir(sink.path.as_deref().unwrap_or(Path::new("")));
    Ok(match sink.kind {
        SinkKind::Notify => {
            let handle = notify.clone().expect("started where any destination is of this type");
            Box::new(NotifySink::new(handle, contract.clone(), components.clone(), encoder))
        }
        SinkKind::Console => Box::new(ConsoleSink::new(encoder, stats.clone())),
        SinkKind::Sqlite => Box::new(SqliteSink::open(
            &path,
            contract.clone(),
            RowMaker::new(contract.clone(), components.clone(), sink.clearance.into()),
            stats.clone(),
            tables.clone(),
        )?),
        SinkKind::Clickhouse => {
            let failed = |source: SinkError| StartError::Sink { name: name.to_owned(), source };
            let folder = config.in_data_dir(Path::new("sinks"));
            fs::create_dir_all(&folder).map_err(|source| StartError::File {
                operation: "make",
                path: folder.clone(),
                source,
            })?;
            let server = ClickHouseServer {
                login: ClickHouseLogin {
                    url: sink.url.clone().unwrap_or_default(),
                    user: sink.user.clone(),
                    password: sink.password.read().map_err(|source| failed(source.for_sink(name)))?,
                    authorities: authorities(sink).map_err(failed)?,
                },
                timeout: Duration::from_secs(sink.timeout_s),
                migrate: sink.migrate,
                compress: true,
                cluster: sink.cluster(),
            };
            let rows = RowMaker::new(contract.clone(), components.clone(), sink.clearance.into());
            let progress = folder.join(format!("{name}.json"));
            let sink = ClickHouseSink::open(server, &progress, contract.clone(), rows, stats.clone(), tables.clone());
            Box::new(sink.map_err(failed)?)
        }
        SinkKind::Elasticsearch => {
            let secret = |secret: &Secret| {
                secret
                    .read()
                    .map_err(|source| StartError::Sink { name: name.to_owned(), source: source.for_sink(name) })
            };
            let server = ElasticsearchServer {
                url: sink.url.clone().unwrap_or_default(),
                flavour: sink.flavour,
                data_stream: sink.data_stream.clone(),
                user: sink.user.clone(),
                password: secret(&sink.password)?,
                api_key: secret(&sink.api_key)?,
                authorities: authorities(sink).map_err(|source| StartError::Sink { name: name.to_owned(), source })?,
                timeout: Duration::from_secs(sink.timeout_s),
                migrate: sink.migrate,
            };
            Box::new(ElasticsearchSink::new(server, contract.clone(), components.clone(), encoder, stats.clone()))
        }
        SinkKind::File => {
            let rotation = Rotation {
                bytes_max: sink.rotate_mib << 20,
                age_max: Duration::from_secs(sink.rotate_hours * 3600),
                keep: sink.keep,
                compression: match sink.compress {
                    Compress::None => Compression::None,
                    Compress::Gzip => Compression::Gzip,
                    Compress::Zstd => Compression::Zstd,
                },
            };
            let file = FileSink::new(&path, rotation, sink.sync, encoder, stats.clone())
                .map_err(|source| StartError::Sink { name: name.to_owned(), source })?;
            Box::new(file)
        }
    })
}

fn authorities(sink: &SinkConfig) -> Result<Authorities, SinkError> {
    Authorities::read(sink.ca_file.as_deref()).map_err(|error| SinkError {
        operation: "trust",
        what: sink.url.clone().unwrap_or_default(),
        source: error.into(),
    })
}
