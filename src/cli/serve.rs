//! `rollcall serve`: runs the server until it is told to end.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Failure, Workspace};
use crate::actions::operators::LINK_HOURS;
use crate::http::client::Network;
use crate::server::{self, Running, ServeOptions, TlsFiles};

/// The flags of `serve`.
#[derive(Args)]
pub(super) struct Serve {
    /// Address and port to listen on; a name is looked up
    #[arg(long, env = "ROLLCALL_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080",
        value_parser = host_and_port)]
    listen: String,
    /// A proxy in front of this server, as an address or a range such as 10.0.0.0/8; its word on a client's
    /// address counts (may be given more than once, or parted by commas)
    #[arg(long, env = "ROLLCALL_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    trusted_proxy: Vec<Network>,
    /// Speak TLS with this certificate (PEM); when the file is renewed, it is read again within a minute
    #[arg(long, env = "ROLLCALL_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long, env = "ROLLCALL_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Webhooks may lead to this machine and into networks of your own, by http too; without it they go by https to
    /// public addresses alone
    #[arg(long, env = "ROLLCALL_ALLOW_PRIVATE_WEBHOOKS")]
    allow_private_webhooks: bool,
    /// Threads that answer [default: one a core, from 2 to 8]
    #[arg(long, env = "ROLLCALL_WORKERS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
    /// How the log looks [default: text at a terminal, else json]
    #[arg(long, env = "ROLLCALL_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// What is logged; debug has a line for each request, trace for each statement of a page
    #[arg(long, env = "ROLLCALL_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    log_level: LogLevel,
}

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogLevel {
    /// Failures.
    Error,
    /// And what asks for attention.
    Warn,
    /// And what happened.
    Info,
    /// And each request.
    Debug,
    /// And each statement that a read asks of the file, without its values.
    Trace,
}

/// Starts the log, on stderr. Called once, before anything else.
pub(super) fn log(format: LogFormat, level: LogLevel) {
    let ours = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // Libraries speak of addresses and bodies; only their warnings are worth a line.
    let filter = Targets::new().with_default(LevelFilter::WARN.min(ours)).with_target("rollcall", ours);
    let log = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    match format {
        LogFormat::Json => {
            log.with(layer.json().flatten_event(true).with_current_span(false).with_span_list(false)).init()
        }
        LogFormat::Text => log.with(layer.with_ansi(std::io::stderr().is_terminal())).init(),
    }
}

impl Serve {
    pub(super) fn run(self, workspace: Workspace) -> Result<(), Failure> {
        self.start_log();
        let data = workspace.data.display().to_string();
        server::run(self.options(&workspace), |running| announce(running, &workspace))
            .map_err(|error| Failure::Failed(error.to_string()))?;
        tracing::info!(data, "ended; everything that was accepted is on disk");
        Ok(())
    }

    /// Starts the log as the flags say.
    pub(super) fn start_log(&self) {
        let at_terminal = std::io::stderr().is_terminal();
        let format = self.log_format.unwrap_or(if at_terminal { LogFormat::Text } else { LogFormat::Json });
        log(format, self.log_level);
    }

    /// How to serve, as the flags say.
    pub(super) fn options(self, workspace: &Workspace) -> ServeOptions {
        let tls = self.tls_cert.zip(self.tls_key).map(|(certificates, key)| TlsFiles { certificates, key });
        ServeOptions {
            listen: self.listen,
            public_url: workspace.public_url.clone(),
            trusted_proxies: self.trusted_proxy,
            tls,
            private_webhooks: self.allow_private_webhooks,
            workers: self.workers.map(usize::from),
            ..ServeOptions::new(&workspace.data)
        }
    }
}

/// An address to listen on as it is given: host and port.
pub(super) fn host_and_port(text: &str) -> Result<String, String> {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let is_host = !host.is_empty() && (!host.contains(':') || host.starts_with('[') && host.ends_with(']'));
    if is_host && port.parse::<u16>().is_ok() {
        Ok(text.to_owned())
    } else {
        Err("write host and port, such as 127.0.0.1:8080, [::1]:8080 or localhost:8080".to_owned())
    }
}

/// Says where the server is, last of all: whoever waits for it reads up to there.
fn announce(running: &Running, workspace: &Workspace) {
    let (address, url) = (&running.local_url, &running.url);
    if !url.starts_with("https://") {
        tracing::warn!(
            public_url = url,
            "The public URL is not https: passwords and data can be read in transit. Put a proxy with TLS before \
             this server and name its address with --public-url, or give --tls-cert and --tls-key."
        );
    }
    let set_up_link = running.set_up_path.as_ref().map(|path| format!("{url}{path}"));
    if let Some(link) = &set_up_link {
        tracing::warn!(
            link,
            "Nobody can sign in yet. Set Rollcall up at {link} (works once, within {LINK_HOURS} hours)"
        );
    }
    if workspace.json {
        let mut json = json!({ "listening": address });
        if let Some(link) = set_up_link {
            json["set_up_link"] = link.into();
        }
        workspace.answer(&json, "");
    }
    tracing::info!(data = %workspace.data.display(), public_url = url, "listening on {address}");
}
