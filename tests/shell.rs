//! Stories of the shell: what an operator types, what is answered, with which exit code.

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::{OWNER, Rollcall};

fn exit(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

/// Whoever writes for long holds up others who write, and nobody who reads.
#[test]
fn commands_that_read_go_on_beside_a_long_write() {
    let rollcall = Rollcall::prepare(&[]);
    rollcall.shell(&["setting", "one_company", "false"]);
    rollcall.shell(&["token", "add", "Early", "--json"]);
    let writer = rusqlite::Connection::open(rollcall.file()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    for reads in [&["token", "list", "--json"][..], &["setting", "--json"], &["export", "users"]] {
        let output = rollcall.shell_output(reads, "");
        assert_eq!(exit(&output), 0, "{reads:?}: {}", said(&output));
    }
    writer.execute_batch("ROLLBACK").unwrap();
    rollcall.shell(&["token", "add", "Late", "--json"]);
}

/// Whoever waits for another program says so, and goes on when it is done.
#[test]
fn a_command_that_waits_for_another_program_says_so() {
    let rollcall = Rollcall::prepare(&[]);
    rollcall.shell(&["setting", "one_company", "false"]);
    rollcall.shell(&["token", "add", "Early", "--json"]);
    let writer = rusqlite::Connection::open(rollcall.file()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (told, heard) = std::sync::mpsc::channel();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(["token", "add", "Late", "--json"])
        .env("ROLLCALL_DATA", rollcall.file())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(command.stderr.take().unwrap());
    std::thread::spawn(move || {
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        told.send(line).unwrap();
        std::io::copy(&mut said, &mut std::io::sink()).unwrap();
    });
    let line = heard.recv().unwrap();
    assert!(line.contains("Waiting for another program that is writing to the file"), "{line}");
    writer.execute_batch("ROLLBACK").unwrap();
    assert_eq!(exit(&command.wait_with_output().unwrap()), 0);
    assert_eq!(objects(&rollcall.shell_output(&["token", "list", "--json"], "")).len(), 2);
}

/// Where there is nothing to list, how to make one is said.
#[test]
fn a_list_of_none_says_how_to_make_one() {
    let rollcall = Rollcall::prepare(&[]);
    rollcall.shell(&["setting", "one_company", "false"]);
    for (list, makes) in [
        (["token", "list"], "rollcall token add NAME"),
        (["operator", "list"], "rollcall operator add EMAIL"),
        (["webhook", "list"], "rollcall webhook add URL"),
        (["source", "list"], "rollcall source add NAME"),
    ] {
        let output = rollcall.shell_output(&list, "");
        assert_eq!(exit(&output), 0);
        assert!(said(&output).contains(makes), "{list:?}: {}", said(&output));
    }
}

/// A webhook into a private network is kept, and that a server as it comes sends nothing there is said.
#[test]
fn a_webhook_to_a_private_address_says_what_the_server_must_allow() {
    let rollcall = Rollcall::prepare(&[]);
    rollcall.shell(&["setting", "one_company", "false"]);
    for (url, is_private) in [("http://10.0.0.7:5678/hook", true), ("https://hooks.acme.example/", false)] {
        let added = rollcall.shell_output(&["webhook", "add", url, "--type", "user.created"], "");
        assert_eq!(exit(&added), 0, "{}", said(&added));
        assert_eq!(said(&added).contains("--allow-private-webhooks"), is_private, "{}", said(&added));
    }
}

/// Who mistypes the file's name gets no new workspace, but from the commands that people begin with.
#[test]
fn a_mistyped_file_is_told_and_not_made() {
    let rollcall = Rollcall::prepare(&[]);
    let people = rollcall.file().with_file_name("people.csv");
    std::fs::write(&people, "user_id\nann\n").unwrap();
    for line in [
        &["import", people.to_str().unwrap()][..],
        &["token", "add", "Reports"],
        &["webhook", "add", "https://hooks.acme.example/", "--type", "user.created"],
        &["export", "users"],
        &["check"],
        &["backup", "copy.db"],
    ] {
        let output = rollcall.shell_output(line, "");
        assert_eq!(exit(&output), 1, "{line:?}");
        assert!(
            said(&output).contains("There is no file") && said(&output).contains("operator add"),
            "{}",
            said(&output)
        );
        assert!(!rollcall.file().exists(), "{line:?}");
    }
    for first in [&["source", "add", "Shop"][..], &["setting", "one_company", "false"]] {
        let rollcall = Rollcall::prepare(&[]);
        assert_eq!(exit(&rollcall.shell_output(first, "")), 0, "{first:?}");
        assert_eq!(exit(&rollcall.shell_output(&["token", "add", "Reports"], "")), 0);
    }
}

/// What is left of a file with nothing in it may have been a workspace: nothing begins anew in it unasked.
#[test]
fn an_empty_file_is_no_workspace() {
    let rollcall = Rollcall::prepare(&[]);
    std::fs::write(rollcall.file(), "").unwrap();
    let checked = rollcall.shell_output(&["check", "--json"], "");
    assert_eq!(exit(&checked), 1);
    let finding = &objects(&checked)[0]["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&"file_empty".into(), &"broken".into()), "{finding}");
    for line in [&["serve", "--listen", "127.0.0.1:0"][..], &["operator", "add", "a@x.test"], &["token", "list"]] {
        let output = rollcall.shell_output(line, "");
        assert_eq!(exit(&output), 1, "{line:?}");
        assert!(said(&output).contains("is empty (0 bytes)") && said(&output).contains("restore"), "{}", said(&output));
    }
    assert_eq!(std::fs::metadata(rollcall.file()).unwrap().len(), 0);
}

/// The rows that were not taken never take the place of another file, least of all of the one that is imported.
#[test]
fn refused_rows_overwrite_nothing_but_earlier_refused_rows() {
    let rollcall = Rollcall::prepare(&[]);
    rollcall.shell(&["setting", "one_company", "false"]);
    let [people, other, refused] =
        ["people.csv", "other.txt", "refused.csv"].map(|name| rollcall.file().with_file_name(name));
    std::fs::write(&people, "user_id,email\nann,ann@x.test\n,\n").unwrap();
    std::fs::write(&other, "a letter\n").unwrap();
    let import = |refused: &std::path::Path| {
        rollcall.shell_output(&["import", people.to_str().unwrap(), "--refused", refused.to_str().unwrap()], "")
    };
    for (path, code, text) in [(&people, 2, "is the file to import"), (&other, 1, "exists. Name a new file")] {
        let before = std::fs::read(path).unwrap();
        let output = import(path);
        assert_eq!((exit(&output), said(&output).contains(text)), (code, true), "{}", said(&output));
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    for _ in 0..2 {
        assert_eq!(exit(&import(&refused)), 0);
        assert!(std::fs::read_to_string(&refused).unwrap().contains("rollcall reason"));
    }
}

/// What a check or an import copies is not a backup: it is gone in a moment.
#[tokio::test]
async fn only_a_backup_is_told_as_a_backup() {
    let rollcall = Rollcall::start();
    let people = rollcall.file().with_file_name("people.csv");
    std::fs::write(&people, "user_id\nann\n").unwrap();
    let last = || {
        let file = rusqlite::Connection::open(rollcall.file()).unwrap();
        file.query_row("SELECT count(*) FROM last_backup", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let looked = rollcall.shell(&["import", people.to_str().unwrap(), "--dry-run", "--json"]);
    assert_eq!((&looked["dry_run"], &looked["import_id"]), (&Value::Bool(true), &Value::Null), "it is thrown away");
    assert_eq!(last(), 0);
    rollcall.shell(&["backup", rollcall.file().with_file_name("copy.db").to_str().unwrap(), "--json"]);
    assert_eq!(last(), 1);
}

#[test]
fn every_answer_is_one_object_a_line_and_words_go_to_stderr() {
    let rollcall = Rollcall::prepare(&[]);
    let added = rollcall.shell_output(&["source", "add", "Shop", "--origin", "https://Shop.example/", "--json"], "");
    assert_eq!(exit(&added), 0);
    let source = &objects(&added)[0];
    assert!(
        source["write_key"].as_str().unwrap().starts_with("wk_")
            && source["secret"].as_str().unwrap().starts_with("sk_")
    );
    assert!(said(&added).contains("shown only now"));

    let listed = rollcall.shell_output(&["source", "list", "--json"], "");
    let sources = objects(&listed);
    assert_eq!(sources.len(), 2, "the built-in source API and the shop");
    assert_eq!(sources[1]["source_id"], source["source_id"]);
    assert_eq!(sources[1]["origins"], serde_json::json!(["https://shop.example"]));
    assert!(!String::from_utf8_lossy(&listed.stdout).contains("sk_"), "a secret is shown once");

    let token = rollcall.shell(&["token", "add", "Reports", "--json"]);
    assert!(token["token"].as_str().unwrap().starts_with("rc_"));
    let listed = rollcall.shell_output(&["token", "list", "--json"], "");
    assert_eq!(objects(&listed)[0]["scope"], "read", "the least, where none is named");
    assert!(!String::from_utf8_lossy(&listed.stdout).contains("rc_"));
    let id = token["token_id"].as_str().unwrap();
    assert_eq!(exit(&rollcall.shell_output(&["token", "revoke", id], "")), 0);
    assert_eq!(exit(&rollcall.shell_output(&["token", "revoke", id], "")), 1, "it is revoked already");
}

#[test]
fn help_is_there_however_one_asks() {
    let rollcall = Rollcall::prepare(&[]);
    for line in [&["help"][..], &["--help"], &["help", "import"], &["import", "--help"]] {
        let output = rollcall.shell_output(line, "");
        assert_eq!(exit(&output), 0, "{line:?}: {}", said(&output));
        assert!(String::from_utf8_lossy(&output.stdout).contains("Usage: rollcall"), "{line:?}");
    }
}

#[test]
fn wrong_use_is_exit_code_2_and_says_what_would_be_right() {
    let rollcall = Rollcall::prepare(&[]);
    rollcall.shell(&["source", "add", "Shop", "--adopt-key", "abc123", "--json"]);
    for (line, hint) in [
        (&["operator", "add", "ann"][..], "ann@example.com"),
        (&["operator", "add", "ann@shop.example", "--role", "king"], "viewer, admin, owner"),
        (&["operator", "add", "ann@shop.example", "--password-stdin"], "at least 10"),
        (&["token", "add", "x", "--scope", "all"], "read, write, admin"),
        (&["setting", "time_zone", "Warsaw"], "Europe/Warsaw"),
        (&["setting", "colour", "red"], "workspace_name"),
        (&["source", "set", "api", "kind", "dead"], "live or test"),
        (&["source", "set", "api", "colour", "red"], "new_attributes"),
        (&["source", "add", "Two", "--origin", "shop.example"], "https://shop.example"),
        (&["serve", "--trusted-proxy", "everybody"], "10.0.0.0/8"),
        (&["serve", "--tls-cert", "cert.pem"], "--tls-key"),
        (&["serve", "--listen", "notanaddr"], "localhost:8080"),
        (&["--listen", "127.0.0.1:99999"], "localhost:8080"),
        (&["serve", "--public-url", "ftp://x"], "https://rollcall.example.com"),
        (&["nonsense"], "nonsense"),
    ] {
        let output = rollcall.shell_output(line, "short");
        assert_eq!(exit(&output), 2, "{line:?}: {}", said(&output));
        assert!(said(&output).contains(hint), "{line:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{line:?}");
    }
    for (line, hint) in [
        (&["operator", "reset", "nobody@shop.example"][..], "operator list"),
        (&["source", "add", "Two", "--adopt-key", "abc123"], "\"Shop\""),
        (&["source", "set", "src_none", "paused", "true"], "source list"),
        (&["restore", "no-such-file"], "no-such-file"),
    ] {
        let output = rollcall.shell_output(line, "");
        assert_eq!(exit(&output), 1, "{line:?}: {}", said(&output));
        assert!(said(&output).contains(hint), "{line:?}: {}", said(&output));
    }
}

#[test]
fn an_operator_without_a_password_gets_a_link_at_the_address_people_use() {
    let rollcall = Rollcall::prepare(&[]);
    let line = ["operator", "add", "Bob@shop.example", "--public-url", "https://roll.example/", "--json"];
    let added = rollcall.shell(&line);
    assert_eq!((&added["email"], &added["role"]), (&"bob@shop.example".into(), &"owner".into()), "the first one");
    assert!(added["link"].as_str().unwrap().starts_with("https://roll.example/password?token="), "{added}");
    let again = rollcall.shell(&["operator", "reset", "bob@shop.example", "--json"]);
    assert_ne!(again["link"], added["link"]);
    let added = rollcall
        .shell_with_input(&["operator", "add", OWNER.0, "--role", "owner", "--password-stdin", "--json"], OWNER.1);
    assert_eq!(added, serde_json::json!({ "email": OWNER.0, "role": "owner" }));
    let added = rollcall.shell(&["operator", "add", "carl@shop.example", "--json"]);
    assert_eq!(added["role"], "viewer", "the least, where none is named");
    let listed = objects(&rollcall.shell_output(&["operator", "list", "--json"], ""));
    let passwords: Vec<&Value> = listed.iter().map(|operator| &operator["has_password"]).collect();
    assert_eq!(passwords, [false, true, false]);
}

#[tokio::test]
async fn the_shell_works_beside_a_running_server_which_sees_it_within_a_second() {
    let rollcall = Rollcall::start();
    let added = rollcall.shell(&["source", "add", "Later", "--json"]);
    let body = serde_json::json!({
        "writeKey": added["write_key"], "userId": "ann", "event": "Looked", "messageId": support::message_id()
    });
    // Half a second between two looks; asking again is what a page does too.
    let mut status = 0;
    for _ in 0..100 {
        status = rollcall.post("/v1/track", body.clone()).await.status.as_u16();
        if status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(status, 200);
    let checked = rollcall.shell_output(&["check", "--json"], "");
    assert_eq!((exit(&checked), objects(&checked)[0]["ok"].clone()), (0, true.into()), "{}", said(&checked));
}

#[tokio::test]
async fn a_backup_made_under_way_is_restored_once_the_server_has_ended() {
    let mut rollcall = Rollcall::start();
    let backup = rollcall.file().with_file_name("backup.db");
    let backup = backup.to_str().unwrap();
    rollcall.shell(&["setting", "workspace_name", "Before", "--json"]);
    let made = rollcall.shell(&["backup", backup, "--json"]);
    assert!(made["bytes"].as_u64().unwrap() > 0);
    assert_eq!(exit(&rollcall.shell_output(&["backup", backup], "")), 1, "a backup overwrites nothing");
    rollcall.shell(&["setting", "workspace_name", "After", "--json"]);

    let refused = rollcall.shell_output(&["restore", backup], "");
    assert_eq!(exit(&refused), 1);
    assert!(said(&refused).contains("in use by a running Rollcall server (process "), "{}", said(&refused));
    assert_eq!(rollcall.shell(&["setting", "workspace_name", "--json"])["value"], "After");

    assert!(rollcall.terminate().success());
    let names = std::fs::read_dir(rollcall.file().parent().unwrap()).unwrap();
    let names: BTreeSet<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["backup.db", "rollcall.db", "rollcall.db.lock"].map(str::to_owned)));
    #[cfg(unix)]
    for name in names {
        use std::os::unix::fs::PermissionsExt;
        let mode = rollcall.file().with_file_name(&name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let own = rollcall.file();
    let refused = rollcall.shell_output(&["restore", own.to_str().unwrap()], "");
    assert_eq!(exit(&refused), 2);
    assert!(said(&refused).contains("the workspace's own file"), "{}", said(&refused));
    let restored = rollcall.shell(&["restore", backup, "--json"]);
    assert_eq!(rollcall.shell(&["setting", "workspace_name", "--json"])["value"], "Before");
    let kept = restored["kept"].as_str().expect("the file that was there stays");
    let kept = rollcall.shell(&["setting", "workspace_name", "--json", "--data", kept]);
    assert_eq!(kept["value"], "After");

    let page = rollcall.file().with_file_name("page.html");
    std::fs::write(&page, "<html>").unwrap();
    let refused = rollcall.shell_output(&["restore", page.to_str().unwrap()], "");
    assert_eq!(exit(&refused), 1);
    assert!(said(&refused).contains("not a backup of a workspace"), "{}", said(&refused));
    rollcall.serve();
    assert_eq!(rollcall.api("/users").await.status, 200);
}

#[test]
fn a_file_that_is_no_workspace_is_named_with_what_to_do() {
    let rollcall = Rollcall::prepare(&[]);
    std::fs::write(rollcall.file(), "no database, ".repeat(1_000)).unwrap();
    let refused = rollcall.shell_output(&["--listen", "127.0.0.1:0"], "");
    assert_eq!(exit(&refused), 1);
    for hint in ["rollcall.db", "rollcall restore"] {
        assert!(said(&refused).contains(hint), "{}", said(&refused));
    }
    let checked = rollcall.shell_output(&["check", "--json"], "");
    let answer = &objects(&checked)[0];
    assert_eq!((exit(&checked), &answer["ok"]), (1, &false.into()));
    assert!(answer["findings"][0]["sentence"].as_str().unwrap().contains("rollcall.db"), "{answer}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_check_looks_at_the_machine_and_fails_for_what_is_broken_alone() {
    use std::os::unix::fs::PermissionsExt;
    let rollcall = Rollcall::start();
    let found = |arguments: &[&str]| {
        let checked = rollcall.shell_output(&[&["check", "--json"], arguments].concat(), "");
        let answer = objects(&checked).remove(0);
        let codes: BTreeSet<String> = answer["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                assert!(
                    ["sentence", "fix"].iter().all(|field| !finding[field].as_str().unwrap().is_empty()),
                    "{finding}"
                );
                format!("{} {}", finding["severity"].as_str().unwrap(), finding["code"].as_str().unwrap())
            })
            // Whether this machine's clock is set by NTP is no matter of the test.
            .filter(|finding| finding != "unknown machine_clock_unknown")
            .collect();
        (exit(&checked), answer["ok"].as_bool().unwrap(), codes)
    };
    let set = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(found(&[]), (0, true, set(&["warning backup_old"])));
    let backup = rollcall.file().with_file_name("backup.db");
    rollcall.shell(&["backup", backup.to_str().unwrap(), "--json"]);
    assert_eq!(found(&[]), (0, true, set(&[])));

    std::fs::set_permissions(rollcall.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(found(&[]), (0, true, set(&["warning file_open_to_others"])));
    std::fs::set_permissions(rollcall.file(), std::fs::Permissions::from_mode(0o600)).unwrap();

    let backup = backup.to_str().unwrap();
    let tls = ["--tls-cert", backup, "--tls-key", backup];
    assert_eq!(found(&tls), (1, false, set(&["broken tls_unusable"])));
    assert_eq!(exit(&rollcall.shell_output(&["check", "--tls-cert", backup], "")), 2, "a certificate without its key");
}

#[test]
fn with_json_the_server_says_where_it_listens_and_the_shell_knows_it_from_then_on() {
    let rollcall = Rollcall::prepare(&[]);
    let mut server = Command::new(support::PROGRAM)
        .args(["serve", "--listen", "localhost:0", "--json", "--data"])
        .arg(rollcall.file())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let line = BufReader::new(server.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let address = said["listening"].as_str().unwrap();
    assert!(said["set_up_link"].as_str().unwrap().starts_with(&format!("{address}/set-up?token=")), "{said}");
    let added = rollcall.shell(&["operator", "add", "bob@shop.example", "--json"]);
    assert!(added["link"].as_str().unwrap().starts_with(&format!("{address}/password?token=")), "{added}");
    let shown = rollcall.shell(&["setting", "one_company", "true", "--json"]);
    assert_eq!(shown, serde_json::json!({ "name": "one_company", "value": true }));
    assert_eq!(rollcall.shell(&["setting", "takeover_days", "--json"])["value"], 30);
    assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    assert!(server.wait().unwrap().success());
}

#[test]
fn told_to_end_it_ends_with_0_and_a_second_server_is_refused_until_then() {
    let mut rollcall = Rollcall::prepare(&[]);
    let printed = rollcall.serve().join("\n");
    assert!(printed.contains("/set-up?token="), "{printed}");
    assert!(printed.contains("not https"), "{printed}");
    let second = rollcall.shell_output(&["--listen", "127.0.0.1:0"], "");
    assert_eq!(exit(&second), 1);
    assert!(said(&second).contains("in use by a running Rollcall server"), "{}", said(&second));
    assert_eq!(rollcall.terminate().code(), Some(0));
}

/// A terminal that is closed hangs up, and a link is another name of one file.
#[cfg(unix)]
#[test]
fn a_server_that_is_hung_up_on_ends_in_order_and_a_link_leads_to_its_lock() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.db");
    let mut rollcall = Rollcall::start();
    std::os::unix::fs::symlink(rollcall.file(), &link).unwrap();
    let backup = folder.path().join("backup.db");
    rollcall.shell(&["backup", backup.to_str().unwrap(), "--json"]);
    let by_link = |arguments: &[&str]| {
        let output = Command::new(support::PROGRAM).args(arguments).arg("--data").arg(&link).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["restore", backup.to_str().unwrap()]] {
        let (code, said) = by_link(arguments);
        assert!(code == Some(1) && said.contains("in use by a running Rollcall server"), "{arguments:?}: {said}");
    }
    assert_eq!(rollcall.hang_up().code(), Some(0));
    assert_eq!(by_link(&["restore", backup.to_str().unwrap()]).0, Some(0));
    assert!(link.is_symlink(), "the file that the link leads to was restored");
}

#[tokio::test]
async fn the_log_names_routes_and_numbers_and_never_people_keys_or_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Command::new(support::PROGRAM)
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "debug", "--log-format", "json", "--data"])
        .arg(folder.path().join("rollcall.db"))
        .args(["--trusted-proxy", "127.0.0.1"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines().map(|line| line.unwrap());
    let mut log: Vec<String> = Vec::new();
    let address = loop {
        log.push(lines.next().expect("a line that says where it listens"));
        let line: Value = serde_json::from_str(log.last().unwrap()).expect("a line of JSON");
        if let Some(address) = line["message"].as_str().unwrap().strip_prefix("listening on ") {
            break address.to_owned();
        }
    };
    let client = reqwest::Client::new();
    let mut numbers = Vec::new();
    for path in ["/v1/projects/wk_secretkey/settings", "/api/v1/users/ann%40shop.example?email=ann", "/no/such/ann"] {
        let request = client.get(format!("{address}{path}"));
        let request = request.bearer_auth("rc_secrettoken").header("user-agent", "AnnsBrowser");
        let answer = request.header("x-forwarded-for", "203.0.113.77").send().await.unwrap();
        numbers.push(answer.headers()["request-id"].to_str().unwrap().to_owned());
    }
    let body = r#"{"writeKey":"wk_secretkey","userId":"ann","event":"Looked"}"#;
    client.post(format!("{address}/v1/track?writeKey=wk_secretkey")).body(body).send().await.unwrap();
    assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    log.extend(lines);
    assert!(server.wait().unwrap().success());

    // The link to set up is for the person who reads the log; its token works once.
    let requests: Vec<&String> = log.iter().filter(|line| !line.contains("set-up?token=")).collect();
    let all = requests.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n");
    for number in numbers {
        assert!(all.contains(&number), "{number}: {all}");
    }
    assert!(all.contains("/v1/projects/{write_key}/settings"), "{all}");
    for secret in ["secretkey", "secrettoken", "ann", "AnnsBrowser", "203.0.113.77", "Looked"] {
        assert!(!all.contains(secret), "the log tells {secret}: {all}");
    }
}
