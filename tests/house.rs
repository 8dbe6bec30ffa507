//! The rules of the house, read from the sources: which room may know which, and what stays in its room.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rooms, and which others each may know. `server`, `demo`, `cli` and `main` wire.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("actions", &["store", "domain"]),
    ("jobs", &["actions", "store", "domain"]),
    ("http", &["actions", "store", "domain"]),
    ("collect", &["http", "actions", "store", "domain"]),
    ("dashboard", &["http", "actions", "store", "domain"]),
    ("api", &["http", "actions", "store", "domain"]),
    ("deliver", &["http", "actions", "store", "domain"]),
    ("server", &["collect", "dashboard", "api", "deliver", "jobs", "http", "actions", "store", "domain"]),
    ("demo", &["server", "http", "actions", "store", "domain"]),
    ("cli", &["server", "demo", "jobs", "http", "actions", "store", "domain"]),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Crates that only these rooms may use.
const CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("rusqlite_migration", &["store"]),
    ("r2d2", &["store"]),
    ("r2d2_sqlite", &["store"]),
    // The demo's sample site has pages of its own.
    ("maud", &["dashboard", "http", "demo"]),
    ("actix_web", &["server", "http", "collect", "dashboard", "api", "demo"]),
    ("actix_cors", &["collect"]),
    ("clap", &["cli"]),
    ("ureq", &["deliver"]),
    ("utoipa", &["server", "api", "dashboard"]),
];

/// A file of more lines holds two things.
const LINES_MAX: usize = 700;

struct Source {
    /// Its path within the repository.
    path: PathBuf,
    /// Its room.
    room: String,
    /// Its lines without comments, numbered from 1.
    code: Vec<(usize, String)>,
    /// All its lines.
    lines: usize,
}

impl Source {
    fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("src"), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a source");
        let path = path.strip_prefix(root).expect("a path within the repository").to_owned();
        let first = path.components().nth(1).expect("a file in src").as_os_str().to_str().expect("a plain name");
        let room = first.trim_end_matches(".rs").to_owned();
        let without_comment = |line: &str| match line.trim_start() {
            comment if comment.starts_with("//") => String::new(),
            _ => line.split(" // ").next().unwrap_or_default().to_owned(),
        };
        let code = text.lines().map(without_comment).enumerate().map(|(at, line)| (at + 1, line)).collect();
        Source { path, room, code, lines: text.lines().count() }
    };
    paths.into_iter().map(read).collect()
}

/// The names that follow `crate::` in a line; those in braces too.
fn rooms_named(line: &str) -> Vec<&str> {
    let name = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    let mut named = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let items = list.split([',', '}']).map(str::trim).map(|item| &item[..name(item)]);
                named.extend(items.filter(|item| !item.is_empty()));
            }
            None => named.push(&rest[..name(rest)]),
        }
    }
    named
}

/// Whether a line uses a crate: its name stands there as a word of a path.
fn uses(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !word(before)
            && !word(after)
            && (line[at..].starts_with(&format!("{name}::")) || line.trim_start().starts_with("use "))
    })
}

fn none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}\n{}", findings.join("\n"));
}

#[test]
fn an_arrow_only_points_down_and_doors_do_not_know_each_other() {
    let allowed: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut findings = Vec::new();
    for source in sources() {
        let Some(rooms) = allowed.get(source.room.as_str()) else {
            findings.push(format!(
                "{}: the house has no room {:?}; add it to ROOMS",
                source.path.display(),
                source.room
            ));
            continue;
        };
        for (number, line) in &source.code {
            for named in rooms_named(line) {
                if allowed.contains_key(named) && named != source.room && !rooms.contains(&named) {
                    findings.push(format!("{}: {} knows {named}", source.at(*number), source.room));
                }
            }
        }
    }
    none(&findings, "Doors -> actions -> store -> domain: nothing imports upward, doors never import each other.");
}

#[test]
fn each_library_stays_in_its_room() {
    let mut findings = Vec::new();
    for source in sources() {
        for (name, rooms) in CRATES.iter().filter(|(_, rooms)| !rooms.contains(&source.room.as_str())) {
            for (number, line) in &source.code {
                if uses(line, name) {
                    findings.push(format!("{}: {name} belongs to {}", source.at(*number), rooms.join(", ")));
                }
            }
        }
    }
    none(&findings, "Only the store knows SQLite, only pages know maud, only doors know HTTP.");
}

#[test]
fn sql_is_written_in_the_store_alone() {
    let words = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE FROM ", "\"PRAGMA "];
    let mut findings = Vec::new();
    for source in sources().into_iter().filter(|source| source.room != "store") {
        for (number, line) in &source.code {
            if words.iter().any(|word| line.contains(word)) {
                findings.push(source.at(*number));
            }
        }
    }
    none(&findings, "SQL stands in src/store, one statement a function.");
}

#[test]
fn time_and_chance_are_handed_in_below_the_doors() {
    let clocks = ["Utc::now(", "Local::now(", "SystemTime::now(", "now_v7(", "new_v4(", "rand::rng("];
    // The one place where both come from.
    let source_of_both = Path::new("src/store/mod.rs");
    // Test rows take an id from anywhere.
    let sample = Path::new("src/store/sample.rs");
    let mut findings = Vec::new();
    for source in sources() {
        let below = ["domain", "store", "actions", "jobs"].contains(&source.room.as_str());
        if !below || source.path == source_of_both || source.path == sample {
            continue;
        }
        for (number, line) in &source.code {
            if clocks.iter().any(|clock| line.contains(clock)) {
                findings.push(source.at(*number));
            }
        }
    }
    none(&findings, "Below the doors take time from `Tx::now_ms` or `Store::now_ms`, chance from `Ambient`.");
}

#[test]
fn no_file_holds_two_things() {
    let long = |source: &Source| source.lines > LINES_MAX;
    let findings: Vec<String> = sources()
        .iter()
        .filter(|source| long(source))
        .map(|source| format!("{}: {} lines", source.path.display(), source.lines))
        .collect();
    none(&findings, &format!("A file has at most {LINES_MAX} lines: part it by noun."));
}

#[test]
fn the_rules_would_find_what_they_look_for() {
    assert_eq!(rooms_named("use crate::store::{Store, Tx};"), ["store"]);
    assert_eq!(rooms_named("use crate::{domain::ids, http};"), ["domain", "http"]);
    assert_eq!(rooms_named("fn a(b: crate::api::B) -> crate::domain::C {"), ["api", "domain"]);
    assert!(uses("use rusqlite::Connection;", "rusqlite"));
    assert!(uses("fn a(c: &rusqlite::Connection)", "rusqlite"));
    assert!(uses("use maud;", "maud"));
    assert!(!uses("use rusqlite_migration::M;", "rusqlite"));
    assert!(!uses("let maud = 1;", "maud"));
    assert!(sources().len() > 40, "the sources were found");
}
