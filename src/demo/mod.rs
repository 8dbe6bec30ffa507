//! `rollcall demo`: a throw-away file with a story in it, the server on it, and a sample site whose pages
//! carry the real widget, so that whoever looks sees their own clicks arrive. Ended, it leaves nothing.

mod folder;
mod site;
pub mod story;

use std::future::{Future, poll_fn};
use std::net::TcpListener;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::server::{self, Running, ServeOptions, StartError};
use crate::store::{Ambient, Store, StoreError};
use folder::Folder;
use story::{Clock, Scale, StoryError, Told};

/// The name of the file within the demo's folder.
const FILE: &str = "rollcall.db";
/// The flag that says where the sample site listens.
const SITE_FLAG: &str = "--site";

/// How to run a demo.
pub struct DemoOptions {
    /// How to serve; its file is not looked at.
    pub serve: ServeOptions,
    /// Where the sample site listens; port 0 takes a free one.
    pub site_listen: String,
    /// How large the story is.
    pub scale: Scale,
    /// The same seed tells the same story.
    pub seed: u64,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The server, or the sample site.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The story.
    #[error("The demo's file could not be filled: {0}")]
    Story(#[from] StoryError),
    /// The folder.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A demo that runs.
pub struct Demo {
    /// The server.
    pub running: Running,
    /// What was told.
    pub told: Told,
    /// How long that took.
    pub took: Duration,
    /// Where the sample site is.
    pub site_url: String,
    /// The address that signs in whoever opens it, once.
    pub link: String,
    /// The password of [`story::OPERATOR`], for another browser.
    pub password: String,
    site: site::Serving,
    // The last to go: the file in it is closed by then.
    _folder: Folder,
}

impl Demo {
    /// Ends it and takes its folder away.
    ///
    /// # Errors
    /// The listener's.
    pub async fn stop(self) -> std::io::Result<()> {
        self.site.stop().await;
        self.running.stop().await
    }
}

/// Fills a file and serves it. To be called within an Actix runtime.
///
/// # Errors
/// [`DemoError`].
pub async fn start(options: DemoOptions) -> Result<Demo, DemoError> {
    let began = Instant::now();
    let site_listener = bind(&options.site_listen, SITE_FLAG)?;
    // A port that is taken is said before the file is filled.
    drop(bind(&options.serve.listen, server::LISTEN_FLAG)?);
    let not_bound = |error| StartError::Listen { address: options.site_listen.clone(), flag: SITE_FLAG, error };
    let site_url = format!("http://{}", site_listener.local_addr().map_err(not_bound)?);
    let folder = Folder::new()?;
    let data = folder.path().join(FILE);
    let ambient = Ambient::default();
    let (password, token) = (ambient.token()[..12].to_owned(), ambient.token());
    let end_ms = (ambient.now_ms)();
    let (clock, moved) = Clock::at(end_ms);
    let store = Store::open(&data, moved)?;
    let told = story::tell(&store, &clock, (options.scale, options.seed), end_ms, &site_url, &password).await;
    store.close();
    let told = told?;
    let running = server::start(ServeOptions { data, ends_on_signals: false, ..options.serve }).await?;
    let site = site::serve(site_listener, &running, &told, token.clone()).map_err(not_bound)?;
    let link = format!("{site_url}/dashboard/{token}");
    Ok(Demo { running, told, took: began.elapsed(), site_url, link, password, site, _folder: folder })
}

/// Runs a demo until told to end (SIGTERM, SIGINT), for a process that does nothing else. `started` is
/// told once all is ready.
///
/// # Errors
/// As [`start`], and the listener's.
pub fn run(options: DemoOptions, started: impl FnOnce(&Demo)) -> Result<(), DemoError> {
    let address = options.serve.listen.clone();
    server::block_on(async {
        let mut ended = pin!(server::told_to_end());
        let mut starting = pin!(start(options));
        let demo = poll_fn(|context| match ended.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => starting.as_mut().poll(context).map(Some),
        });
        let Some(demo) = demo.await else { return Ok(()) };
        let demo = demo?;
        started(&demo);
        ended.await;
        Ok(demo.stop().await.map_err(|error| StartError::Listen { address, flag: SITE_FLAG, error })?)
    })
}

fn bind(address: &str, flag: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|error| StartError::Listen { address: address.to_owned(), flag, error })
}
