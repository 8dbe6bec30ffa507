//! `rollcall demo`: everything to try, filled, and gone when it ends.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::serve::Serve;
use super::{DATA, Failure, Workspace};
use crate::demo::story::{OPERATOR, Scale};
use crate::demo::{self, Demo as Running, DemoOptions};
use crate::server;

/// The flags of `demo`, beside those of `serve`.
#[derive(Args)]
pub(super) struct Demo {
    #[command(flatten)]
    serve: Serve,
    /// Address and port of the sample site
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081", value_parser = super::serve::host_and_port)]
    site: String,
    /// How many companies there are
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    companies: u32,
    /// How many users and leads there are
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    users: u32,
    /// The same seed tells the same story
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Show instead how every page looks with nothing, one, many, and what goes wrong
    #[arg(long)]
    pages: bool,
}

impl Demo {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        self.serve.start_log();
        if self.pages {
            let listen = self.serve.options(workspace).listen;
            let told = |address| {
                let url = format!("http://{address}");
                workspace.answer(
                    &json!({ "listening": url }),
                    format!("Every page, with made-up data: {url}\n\nCtrl-C ends it."),
                );
            };
            return server::show_pages(&listen, told).map_err(|error| Failure::Failed(error.to_string()));
        }
        if workspace.data != Path::new(DATA) {
            let data = workspace.data.display();
            super::say(format_args!("The demo fills a temporary file of its own; {data} is not touched."));
        }
        let scale = Scale { companies: self.companies, users: self.users };
        super::say(format_args!(
            "Filling a temporary file with {} companies, {} users and three months of what they did …",
            scale.companies, scale.users
        ));
        let serve = self.serve.options(workspace);
        let options = DemoOptions { serve, site_listen: self.site, scale, seed: self.seed };
        demo::run(options, |demo| announce(demo, workspace)).map_err(|error| Failure::Failed(error.to_string()))
    }
}

/// Says where everything is.
fn announce(demo: &Running, workspace: &Workspace) {
    let json = json!({
        "listening": demo.running.local_url, "link": demo.link, "site": demo.site_url,
        "email": OPERATOR, "password": demo.password, "messages": demo.told.messages,
    });
    let lines = format!(
        "\nFilled in {:.1} s: {} messages arrived the way yours will.\n\n  \
         The dashboard    {}\n                   (signs you in, once; else {OPERATOR} with {})\n  \
         The sample site  {}\n                   (sign in there, click, and see it arrive)\n\nCtrl-C ends it and leaves nothing behind.",
        demo.took.as_secs_f64(),
        demo.told.messages,
        demo.link,
        demo.password,
        demo.site_url,
    );
    workspace.answer(&json, lines);
}
