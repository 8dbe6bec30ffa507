//! `rollcall check`: whether the file is whole, and whether its machine is fit for it.

mod machine;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{Failure, Workspace};
use crate::domain::findings as found;
use crate::domain::time::DAY_MS;
use crate::server::TlsFiles;
use crate::store::{Ambient, Reader, Store, StoreError, findings, recount, workspace as file};

/// What is seen of a proxy is noted once a day; what is older than two may be mended by now.
const PROXY_SEEN_MS: i64 = 2 * DAY_MS;

/// What the server is started with, where it speaks TLS itself.
#[derive(Args)]
pub(super) struct Check {
    /// The certificate that the server speaks TLS with (PEM)
    #[arg(long, env = "ROLLCALL_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long, env = "ROLLCALL_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// How bad a finding is. Only what is broken makes the check fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    /// Data is wrong, or the server can't do its work.
    Broken,
    /// It works, and something should be done.
    Warning,
    /// What could not be found out.
    Unknown,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Severity::Broken => "broken",
            Severity::Warning => "warning",
            Severity::Unknown => "unknown",
        }
    }
}

/// What is found, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    code: &'static str,
    severity: Severity,
    sentence: String,
    fix: String,
}

impl Finding {
    fn to_json(&self) -> Value {
        json!({
            "code": self.code, "severity": self.severity.as_str(), "sentence": self.sentence, "fix": self.fix,
        })
    }

    fn to_line(&self) -> String {
        format!("{:<8} {}: {}\n         {}", self.severity.as_str(), self.code, self.sentence, self.fix)
    }
}

impl Check {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        let tls = self.tls_cert.zip(self.tls_key).map(|(certificates, key)| TlsFiles { certificates, key });
        let now_ms = (Ambient::default().now_ms)();
        let (mut findings, upkeep, of_proxies) = of_file(workspace, now_ms)?;
        let whole = findings.is_empty();
        findings.extend(of_proxies);
        findings.extend(machine::findings(&workspace.data, upkeep.as_ref(), tls.as_ref(), now_ms));
        let broken = findings.iter().filter(|finding| finding.severity == Severity::Broken).count();
        let mut lines: Vec<String> = findings.iter().map(Finding::to_line).collect();
        if whole {
            lines.push("The file is intact, and everything derived matches a recount.".to_owned());
        }
        let told: Vec<Value> = findings.iter().map(Finding::to_json).collect();
        workspace.answer(&json!({ "ok": broken == 0, "findings": told }), lines.join("\n"));
        match broken {
            0 => Ok(()),
            1 => Err(Failure::Failed("1 finding is broken.".to_owned())),
            broken => Err(Failure::Failed(format!("{broken} findings are broken."))),
        }
    }
}

/// What is wrong with the file, what it says of itself where it can be read, and what the server saw of proxies; that
/// it can't be read is a finding too.
#[expect(clippy::type_complexity, reason = "what one opening of the file is asked for")]
fn of_file(workspace: &Workspace, now_ms: i64) -> Result<(Vec<Finding>, Option<file::Upkeep>, Vec<Finding>), Failure> {
    workspace.must_exist()?;
    let looked = Store::open(&workspace.data, Ambient::default()).and_then(|store| {
        let mut findings = broken("file_damaged", store.read_now(file::integrity)?);
        if findings.is_empty() {
            let recounted = store.read_settled(|db| {
                Ok(match recount::is_settled(db)? {
                    true => Some(recount::differences(db)?),
                    false => None,
                })
            })?;
            findings =
                recounted.map_or_else(|| vec![not_settled(store.is_full())], |all| broken("recount_differs", all));
        }
        if !findings.is_empty() {
            return Ok((findings, None, Vec::new()));
        }
        Ok((findings, Some(store.read_now(file::upkeep)?), store.read_now(|db| proxies(db, now_ms))?))
    });
    match looked {
        Ok(looked) => Ok(looked),
        Err(error @ StoreError::NotWritable { .. }) => {
            let fix = "Run the check as the user that the server runs as, or let this user own the file and its folder. Don't \
                       restore a backup for it.";
            Ok((vec![one("file_not_writable", error.to_string(), fix)], None, Vec::new()))
        }
        Err(error @ StoreError::Full) => {
            let fix = "Free up disk space, and check again. Don't restore a backup for it.";
            Ok((vec![one("disk_full", error.to_string(), fix)], None, Vec::new()))
        }
        Err(error @ StoreError::Empty { .. }) => {
            let fix = "Put the last backup in its place: rollcall restore FILE";
            Ok((vec![one("file_empty", error.to_string(), fix)], None, Vec::new()))
        }
        Err(error @ (StoreError::Open { .. } | StoreError::Sqlite(_))) => {
            Ok((broken("file_unreadable", vec![error.to_string()]), None, Vec::new()))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the server saw of proxies that are not set up: it alone sees their headers.
fn proxies(db: &Reader<'_>, now_ms: i64) -> Result<Vec<Finding>, StoreError> {
    let mut found = Vec::new();
    for finding in [found::Finding::ProxyNotTrusted, found::Finding::ProxySilent] {
        if let Some((example, count)) = findings::last(db, finding, now_ms - PROXY_SEEN_MS)? {
            let (sentence, fix) = (finding.sentence(&example, count), finding.explained().fix.to_owned());
            found.push(Finding { code: finding.as_str(), severity: Severity::Warning, sentence, fix });
        }
    }
    Ok(found)
}

fn one(code: &'static str, sentence: String, fix: &str) -> Finding {
    Finding { code, severity: Severity::Broken, sentence, fix: fix.to_owned() }
}

/// Events wait to be counted for longer than is waited for: what is derived can't be compared yet.
fn not_settled(is_full: bool) -> Finding {
    let (why, fix) = match is_full {
        true => ("the disk is full", "Free up disk space, and check again. Don't restore a backup for it."),
        false => (
            "another process is at it, or can't",
            "Check again in a moment; look into the server's log if it stays so.",
        ),
    };
    let sentence =
        format!("The file is whole. Some events are stored and not counted yet, since {why}; nothing is lost.");
    Finding { code: "recount_waits", severity: Severity::Unknown, sentence, fix: fix.to_owned() }
}

fn broken(code: &'static str, sentences: Vec<String>) -> Vec<Finding> {
    let fix = "Keep the file as it is, and put the last backup in its place: rollcall restore FILE";
    sentences
        .into_iter()
        .map(|sentence| Finding { code, severity: Severity::Broken, sentence, fix: fix.to_owned() })
        .collect()
}
