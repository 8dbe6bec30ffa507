//! `rollcall export`: all that there is, as files of an open format.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Failure, Workspace, say};
use crate::actions::export::{self, Package, View, Wanted};
use crate::domain::filter;
use crate::domain::table::{Format, Kind};
use crate::http::person;
use crate::store::users::UserName;
use crate::store::{Store, owner_only};

/// What to write, and where to.
#[derive(Args)]
pub(super) struct Export {
    /// users, companies, memberships, events, visitors, notes, attributes or setup; all for a zip of them; person for all about one, as a zip
    #[arg(value_name = "WHAT", value_parser = ["users", "companies", "memberships", "events", "visitors", "notes", "attributes", "setup", "all", "person"])]
    what: String,
    /// Of a person: the site's id, else the e-mail address, else our id
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// csv or ndjson; csv where nothing is said, ndjson to stdout with --json
    #[arg(long, value_parser = ["csv", "ndjson"])]
    format: Option<String>,
    /// What a list shows under this, as its address says it: f=plan:is:pro&q=ann&sort=-last_seen&columns=email,plan
    #[arg(long, value_name = "QUERY")]
    filter: Option<String>,
    /// Write to this file, which must not exist, and not to stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        let store = workspace.open_existing()?;
        let package = self.package(&store, self.format(workspace)?)?;
        let Some(path) = &self.output else {
            return write(&store, package, &mut io::stdout().lock()).map(drop);
        };
        let wrong = |error: io::Error| match error.kind() {
            ErrorKind::AlreadyExists => Failure::Failed(format!("{} exists. Name a new file.", path.display())),
            _ => Failure::Failed(format!("{}: {error}", path.display())),
        };
        let mut file = owner_only().create_new(true).open(path).map_err(wrong)?;
        let written = write(&store, package, &mut file).and_then(|bytes| {
            File::sync_all(&file).map_err(wrong)?;
            Ok(bytes)
        });
        let bytes = match written {
            Ok(bytes) => bytes,
            Err(failure) => {
                // Half of a file passes for a whole one.
                let _ = std::fs::remove_file(path);
                return Err(failure);
            }
        };
        say(format_args!("Wrote {}.", path.display()));
        workspace.answer(&json!({ "file": path, "bytes": bytes }), path.display());
        Ok(())
    }

    /// The format wanted. With `--json` there are JSON objects on stdout, one a line, and nothing else.
    fn format(&self, workspace: &Workspace) -> Result<Format, Failure> {
        let said = self.format.as_deref().and_then(Format::parse);
        if !workspace.json || self.output.is_some() {
            return Ok(said.unwrap_or_default());
        }
        match (self.what.as_str(), said) {
            ("all" | "person", _) => {
                Err(Failure::Usage("A zip can't be JSON. Name a file for it: --output FILE.".to_owned()))
            }
            (_, Some(Format::Csv)) => Err(Failure::Usage(
                "CSV is not JSON. Name a file for it: --output FILE, or leave --json out.".to_owned(),
            )),
            (_, _) => Ok(Format::Ndjson),
        }
    }

    fn package(&self, store: &Store, format: Format) -> Result<Package, Failure> {
        let catalog = store.catalog();
        match (&self.id, self.what.as_str()) {
            (Some(id), "person") => return person(store, id),
            (None, "person") => return Err(Failure::Usage("Who? Name an id: rollcall export person ID.".into())),
            (Some(_), _) => return Err(Failure::Usage("Only person takes an id.".into())),
            (None, _) => {}
        }
        let Some(kind) = Kind::parse(&self.what) else {
            if self.filter.is_some() {
                return Err(Failure::Usage(
                    "--filter works for one kind only. Name it, as in: rollcall export users.".into(),
                ));
            }
            return Ok(Package::all(&catalog, format));
        };
        let all = Wanted::all(kind, format);
        let wanted = match (&self.filter, export::fields(&catalog, kind)) {
            (None, _) => all,
            (Some(text), Some(fields)) => narrowed(all, text, &fields)?,
            (Some(_), None) => {
                return Err(Failure::Usage(format!("--filter: {} can't be filtered. Leave it out.", kind.as_str())));
            }
        };
        Ok(Package::one(&catalog, wanted))
    }
}

/// All about somebody, by the site's id, the e-mail address or ours.
fn person(store: &Store, id: &str) -> Result<Package, Failure> {
    let now_ms = store.now_ms();
    let names = [UserName::UserId(id.to_owned()), UserName::Email(id.to_owned()), UserName::Id(id.to_owned())];
    let package = store.read_settled(|db| person::package(db, &names, now_ms))?;
    package.ok_or_else(|| Failure::Failed(format!("Nobody has the id or e-mail address {id:?}.")))
}

/// What the address of a list says: a filter, what is searched for, and which columns are shown in which order.
fn narrowed(all: Wanted, text: &str, fields: &filter::Fields) -> Result<Wanted, Failure> {
    let wrong = |sentence: String| Failure::Usage(format!("--filter: {sentence}"));
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(text.trim_start_matches('?').as_bytes()).into_owned().collect();
    let is_list = matches!(all.kind, Kind::Users | Kind::Companies);
    let is_searched = all.kind != Kind::Events;
    let is_taken = |name: &str| match name {
        "q" => is_searched,
        "sort" | "columns" => is_list,
        other => filter::is_parameter(other),
    };
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !is_taken(name)) {
        let others = match all.kind {
            Kind::Events => " and match=",
            _ if is_list => ", match=, q=, sort= and columns=",
            _ => ", match= and q=",
        };
        return Err(wrong(format!("It takes f=FIELD:OP:VALUE{others}, and no {name}=.")));
    }
    let last = |wanted: &str| {
        let said = pairs.iter().rev().find(|(name, _)| name == wanted).map(|(_, value)| value.trim());
        said.filter(|value| !value.is_empty())
    };
    let said = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let filter = filter::parse(said, fields).map_err(|error| wrong(error.sentence))?;
    let view = View::read(all.kind, last("columns"), last("sort"), fields).map_err(|error| wrong(error.sentence))?;
    let search = last("q").map(str::to_owned);
    Ok(Wanted { filter: Some(filter).filter(|filter| !filter.is_empty()), search, view, ..all })
}

/// Writes all parts, or as many as somebody reads; how many bytes they are.
fn write(store: &Store, mut package: Package, to: &mut impl Write) -> Result<u64, Failure> {
    let mut bytes = 0;
    let now_ms = store.now_ms();
    store.read_settled(|_| Ok(()))?;
    while let Some(part) = store.read_now(|db| package.next(db, now_ms))? {
        match to.write_all(&part) {
            // Whoever reads has had enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(bytes),
            written => written?,
        }
        bytes += part.len() as u64;
    }
    to.flush()?;
    Ok(bytes)
}
