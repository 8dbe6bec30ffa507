//! The server: opens the file, wires the rooms together, listens, and ends in order.
//!
//! Nothing here is global, so several servers can live in one process, each with a file
//! and a port of its own.

mod tls;

use std::future::{Future, poll_fn};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::task::Poll;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::task::JoinHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};

pub use tls::{TlsFiles, check_tls};

use crate::actions::set_up;
use crate::api;
use crate::collect;
use crate::dashboard;
use crate::deliver::{self, Shapes};
use crate::domain::email_domains;
use crate::http::assets::{self, Asset};
use crate::http::client::{Network, Site};
use crate::http::doctor::Doctor;
use crate::http::limits::Limits;
use crate::http::live::Live;
use crate::http::problem::Problem;
use crate::http::{csrf, head, headers, request};
use crate::jobs::{attributes, bulk, findings, imports, retention, segments};
use crate::store::scripts::{self, KeptScript};
use crate::store::{Ambient, Lock, LockError, Store, StoreError, operators};

/// Seconds that requests under way have to end; the whole ending takes less than 10.
const SHUTDOWN_SECONDS: u64 = 8;
/// Threads of one worker that wait for the file or hash a password.
const BLOCKING_THREADS: usize = 16;
/// Seconds between two looks at whose limits can be forgotten.
const FORGET_SECONDS: u64 = 10;

/// Webhooks are told what programs are answered.
const SHAPES: Shapes =
    Shapes { user: api::user, company: api::company, membership: api::membership, event: api::event };

/// How to serve.
#[derive(Clone)]
pub struct ServeOptions {
    /// Address and port; port 0 takes a free one.
    pub listen: String,
    /// The workspace's file.
    pub data: PathBuf,
    /// The address people use; `None` takes each request's own.
    pub public_url: Option<String>,
    /// Proxies whose word on the client counts.
    pub trusted_proxies: Vec<Network>,
    /// Speak TLS.
    pub tls: Option<TlsFiles>,
    /// Webhooks may lead to this machine and into networks of one's own.
    pub private_webhooks: bool,
    /// Threads that answer; `None` is one a core, from 2 to 8.
    pub workers: Option<usize>,
    /// End in order on SIGTERM and SIGINT.
    pub ends_on_signals: bool,
    /// Time and chance.
    pub ambient: Ambient,
}

impl ServeOptions {
    /// Serves a file on a free port of this machine.
    pub fn new(data: &Path) -> ServeOptions {
        ServeOptions {
            listen: "127.0.0.1:0".to_owned(),
            data: data.to_owned(),
            public_url: None,
            trusted_proxies: Vec::new(),
            tls: None,
            private_webhooks: false,
            workers: None,
            ends_on_signals: false,
            ambient: Ambient::default(),
        }
    }
}

/// The flag that says where the server listens.
pub const LISTEN_FLAG: &str = "--listen";

/// Where this machine reaches what listens on an address: on all of its addresses, on the loopback too.
fn reached_at(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => address,
        IpAddr::V4(_) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(_) => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port()),
    }
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another server runs on this file.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address can't be had.
    #[error("Can't listen on {address}: {error}. Name another address with {flag}.")]
    Listen {
        /// What was asked for.
        address: String,
        /// The flag that says it.
        flag: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// The certificate or its key.
    #[error("{path}: {reason}", path = .path.display())]
    Tls {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The public URL is none.
    #[error(
        "{0:?} can't be the public URL. Use a scheme and host, such as https://rollcall.example.com, without a path."
    )]
    PublicUrl(String),
}

/// A server that runs.
pub struct Running {
    /// The address it listens on.
    pub address: SocketAddr,
    /// Where the server itself is reached, such as `http://127.0.0.1:8080`.
    pub local_url: String,
    /// The address people use, without a slash at its end.
    pub url: String,
    /// The workspace.
    pub store: Store,
    /// The path of the link to set up the workspace, where it has no operator yet.
    pub set_up_path: Option<String>,
    handle: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    forgetting: JoinHandle<()>,
    clearing: JoinHandle<()>,
    working: JoinHandle<()>,
    importing: JoinHandle<()>,
    changing: JoinHandle<()>,
    counting: JoinHandle<()>,
    delivering: JoinHandle<()>,
    looking: JoinHandle<()>,
    _lock: Lock,
}

impl Running {
    /// Stops accepting, lets requests under way end, writes what was accepted, closes the file.
    ///
    /// # Errors
    /// The listener's.
    pub async fn stop(self) -> std::io::Result<()> {
        self.handle.stop(true).await;
        self.ended().await
    }

    /// Waits until the server has ended, on a signal or by itself, and closes the file.
    ///
    /// # Errors
    /// The listener's.
    pub async fn ended(self) -> std::io::Result<()> {
        let served = self.serving.await;
        self.forgetting.abort();
        self.clearing.abort();
        self.working.abort();
        self.importing.abort();
        self.changing.abort();
        self.counting.abort();
        self.delivering.abort();
        self.looking.abort();
        self.store.close();
        served.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

/// Serves until told to end (SIGTERM, SIGINT), for a process that does nothing else.
/// `started` is told once all is ready.
///
/// # Errors
/// As [`start`], and the listener's.
pub fn run(options: ServeOptions, started: impl FnOnce(&Running)) -> Result<(), StartError> {
    let address = options.listen.clone();
    block_on(async {
        let running = start(ServeOptions { ends_on_signals: true, ..options }).await?;
        started(&running);
        running.ended().await.map_err(|error| StartError::Listen { address, flag: LISTEN_FLAG, error })
    })
}

/// Runs something to its end within an Actix runtime of its own.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}

/// Serves the pages of the dashboard as they look with nothing, one, many and what goes wrong, of made-up data
/// and without a file, until told to end. `started` is told the address.
///
/// # Errors
/// The address can't be had, and the listener's.
pub fn show_pages(listen: &str, started: impl FnOnce(SocketAddr)) -> Result<(), StartError> {
    let failed = |error| StartError::Listen { address: listen.to_owned(), flag: LISTEN_FLAG, error };
    block_on(async {
        let server = HttpServer::new(|| {
            App::new()
                .configure(assets::configure)
                .service(web::scope("").wrap(from_fn(headers::protect)).configure(dashboard::storybook::configure))
        })
        .workers(1)
        .shutdown_signal(told_to_end())
        .bind(listen)
        .map_err(failed)?;
        started(*server.addrs().first().ok_or_else(|| failed(std::io::Error::other("it is not an address")))?);
        server.run().await.map_err(failed)
    })
}

/// Opens the file and starts to serve. To be called within an Actix runtime.
///
/// # Errors
/// Anything that keeps the server from starting, in words for the person who started it.
pub async fn start(options: ServeOptions) -> Result<Running, StartError> {
    let public_url = options.public_url.as_deref().map(checked_url).transpose()?;
    let tls = options.tls.as_ref().map(tls::config).transpose()?;
    let mut lock = Lock::take(&options.data)?;
    let ambient = Ambient {
        own_host: options.public_url.as_deref().and_then(email_domains::of_website),
        ..options.ambient.clone()
    };
    let store = Store::open(&options.data, ambient)?;
    keep_scripts(&store).await?;
    let site = Site {
        public_url,
        trusted_proxies: options.trusted_proxies.clone(),
        tls: tls.is_some(),
        private_webhooks: options.private_webhooks,
    };
    let limits = Data::new(Limits::default());
    let live: Data<Live> = Data::default();
    let doctor: Data<Doctor> = Data::default();

    // Made here for two doors: programs read it, people see it drawn.
    let document = Data::new(api::document());
    let (stores, sites, counted) = (Data::new(store.clone()), Data::new(site.clone()), limits.clone());
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(stores.clone())
            .app_data(sites.clone())
            .app_data(counted.clone())
            .app_data(live.clone())
            .app_data(doctor.clone())
            .app_data(document.clone())
            .wrap(from_fn(request::number))
            .configure(routes)
    })
    .workers(options.workers.unwrap_or_else(workers))
    .worker_max_blocking_threads(BLOCKING_THREADS)
    .shutdown_timeout(SHUTDOWN_SECONDS);
    server = if options.ends_on_signals { server.shutdown_signal(told_to_end()) } else { server.disable_signals() };
    let bound = match tls {
        Some(config) => server.bind_rustls_0_23(&options.listen, config),
        None => server.bind(&options.listen),
    };
    let server =
        bound.map_err(|error| StartError::Listen { address: options.listen.clone(), flag: LISTEN_FLAG, error })?;
    let address = *server.addrs().first().ok_or_else(|| StartError::Listen {
        address: options.listen.clone(),
        flag: LISTEN_FLAG,
        error: std::io::Error::other("it is not an address"),
    })?;
    let local_url = format!("{}://{}", if site.tls { "https" } else { "http" }, reached_at(address));
    let url = site.public_url.unwrap_or_else(|| local_url.clone());
    lock.tell_url(&url).map_err(|error| StoreError::File { path: options.data.clone(), error })?;
    let set_up_path = set_up::link(&store).await?.map(|token| format!("/set-up?token={token}"));

    let running = server.run();
    Ok(Running {
        address,
        local_url,
        url,
        clearing: actix_web::rt::spawn(retention::run(store.clone())),
        working: actix_web::rt::spawn(attributes::run(store.clone())),
        importing: actix_web::rt::spawn(imports::run(store.clone())),
        changing: actix_web::rt::spawn(bulk::run(store.clone())),
        counting: actix_web::rt::spawn(segments::run(store.clone())),
        delivering: actix_web::rt::spawn(deliver::run(store.clone(), SHAPES, options.private_webhooks)),
        looking: actix_web::rt::spawn(findings::run(store.clone())),
        store,
        set_up_path,
        handle: running.handle(),
        serving: actix_web::rt::spawn(running),
        forgetting: actix_web::rt::spawn(forget(limits)),
        _lock: lock,
    })
}

/// All doors, the pages of people last: they take every address that no other door has.
fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/healthz").get(healthz).head(healthz))
        .configure(collect::configure)
        .configure(api::configure)
        .configure(assets::configure)
        .service(
            web::scope("")
                .wrap(from_fn(csrf::refuse_foreign))
                .wrap(from_fn(headers::protect))
                .wrap(Compress::default())
                .wrap(from_fn(head::as_get))
                .configure(dashboard::configure),
        );
}

/// Ready: the file answers, and what is sent is written.
async fn healthz(store: Data<Store>) -> Result<HttpResponse, Problem> {
    store.read(operators::any).await?;
    if !store.is_writing() {
        return Err(StoreError::Stopped.into());
    }
    if store.is_full() {
        // There may be room again by now, which only a write tells.
        store.write(crate::store::workspace::prove_room).await?;
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .body("ok\n"))
}

/// Pages that pin this version of the widget get it from this file when a later version serves.
async fn keep_scripts(store: &Store) -> Result<(), StoreError> {
    let kept = |(address, asset): (String, &Asset)| {
        Some(KeptScript { address, hash: asset.version.to_owned(), gzip: asset.gzip?.to_vec() })
    };
    let all: Vec<KeptScript> = assets::pinned().into_iter().filter_map(kept).collect();
    store.write(move |tx| all.iter().try_for_each(|script| scripts::keep(tx, script))).await
}

async fn forget(limits: Data<Limits>) {
    let mut interval = tokio::time::interval(Duration::from_secs(FORGET_SECONDS));
    loop {
        interval.tick().await;
        limits.forget();
    }
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get).clamp(2, 8)
}

/// Ends when the process is told to: SIGTERM, SIGINT (Ctrl-C). Listens from now on, not
/// only once it is waited for, so that no signal comes too early to end in order.
#[cfg(unix)]
pub fn told_to_end() -> impl Future<Output = ()> + Send + 'static {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    // A terminal that is closed hangs up.
    let heard = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    async {
        let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hang_up)) = heard else {
            tracing::error!("Signals can't be heard here: the server ends only when it is killed.");
            return std::future::pending().await;
        };
        poll_fn(|context| {
            let told = terminate.poll_recv(context).is_ready()
                | interrupt.poll_recv(context).is_ready()
                | hang_up.poll_recv(context).is_ready();
            if told { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Ends when the process is told to: Ctrl-C.
#[cfg(not(unix))]
pub fn told_to_end() -> impl Future<Output = ()> + Send + 'static {
    async {
        let _ = actix_web::rt::signal::ctrl_c().await;
    }
}

/// A public URL: scheme and host, without a slash at its end.
///
/// # Errors
/// [`StartError::PublicUrl`].
pub fn checked_url(text: &str) -> Result<String, StartError> {
    let url = text.trim().trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let plain = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    if host.is_empty() || !plain(host) { Err(StartError::PublicUrl(text.to_owned())) } else { Ok(url.to_lowercase()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_scheme_and_host() {
        assert_eq!(checked_url("https://Rollcall.example.com/").unwrap(), "https://rollcall.example.com");
        assert_eq!(checked_url("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
        for wrong in
            ["rollcall.example.com", "https://", "https://a.example/rollcall", "ftp://a.example", "https://a b"]
        {
            assert!(checked_url(wrong).unwrap_err().to_string().contains("https://rollcall.example.com"), "{wrong}");
        }
    }
}
