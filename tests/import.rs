//! Stories of imports at the shell: a file becomes users, companies, memberships and events, and is taken back.

mod support;

use std::fs;
use std::path::PathBuf;

use reqwest::Method;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::{Value, json};
use support::{Rollcall, seconds_ago};

/// A file beside the workspace's.
fn file(rollcall: &Rollcall, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = rollcall.file().with_file_name(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// Imports a text at the shell.
fn import(rollcall: &Rollcall, text: &str, more: &[&str]) -> Value {
    let path = file(rollcall, "people.csv", text);
    let mut line = vec!["import", path.to_str().unwrap(), "--json"];
    line.extend(more);
    rollcall.shell(&line)
}

fn counts(report: &Value, of: &str) -> [u64; 5] {
    ["created", "updated", "unchanged", "skipped", "refused"].map(|word| report[of][word].as_u64().unwrap())
}

/// All that is known, as files: what an export says.
fn everything(rollcall: &Rollcall) -> [Vec<Value>; 4] {
    ["companies", "users", "memberships", "events"].map(|kind| {
        let output = rollcall.shell_output(&["export", kind, "--format", "ndjson"], "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let row = |line: &str| {
            let mut row: Value = serde_json::from_str(line).unwrap();
            // Who said so last.
            row.as_object_mut().unwrap().remove("source");
            row
        };
        String::from_utf8(output.stdout).unwrap().lines().map(row).collect()
    })
}

/// The file is whole, and all that is derived equals a recount.
fn checked(rollcall: &Rollcall) {
    let output = rollcall.shell_output(&["check", "--json"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

const PEOPLE: &str = "\
User ID,E-mail,First name,Logins,Joined on,Company,Company plan,Role
ann,ann@acme.test,Ann,12,31/01/2026,acme,pro,admin
bob,bob@acme.test,Bob,3,28/02/2026,acme,pro,
,lea@lead.test,Lea,,,globex,,viewer
";

#[tokio::test]
async fn a_file_assigns_users_to_companies_and_the_same_file_again_changes_nothing() {
    let rollcall = Rollcall::start();
    let report = import(&rollcall, PEOPLE, &[]);
    assert_eq!((&report["state"], &report["rows"]), (&json!("done"), &json!(3)), "{report}");
    assert_eq!(counts(&report, "users"), [3, 0, 0, 0, 0]);
    // A row that names a company of the row before changes nothing of it.
    assert_eq!((counts(&report, "companies"), counts(&report, "memberships")), ([2, 0, 1, 0, 0], [3, 0, 0, 0, 0]));
    let ann = rollcall.user("ann").await;
    assert_eq!((&ann["attributes"]["Logins"], &ann["attributes"]["Joined on"]), (&json!(12), &json!("2026-01-31")));
    assert_eq!((&ann["companies"][0]["company_id"], &ann["companies"][0]["role"]), (&json!("acme"), &json!("admin")));
    assert_eq!(ann["companies"][0]["source"], "Import 1: people.csv");
    assert_eq!(rollcall.company("acme").await["attributes"]["plan"], "pro");
    let lea = rollcall.api("/users/lea%40lead.test?by=email").await.body;
    assert_eq!((&lea["user_id"], &lea["companies"][0]["company_id"]), (&Value::Null, &json!("globex")));
    let before = everything(&rollcall);
    let again = import(&rollcall, PEOPLE, &[]);
    assert_eq!(
        [counts(&again, "users"), counts(&again, "companies"), counts(&again, "memberships")],
        [[0, 0, 3, 0, 0]; 3]
    );
    assert_eq!(everything(&rollcall), before);
    let source = rollcall.user("ann").await["companies"][0]["source"].clone();
    assert_eq!(source, "Import 1: people.csv", "who said it again takes nothing over");
    checked(&rollcall);
    assert!(!rollcall.file().with_file_name("rollcall.db.imports").exists(), "files go when they are done");
    let sources = rollcall.list("/sources").await;
    assert!(sources.iter().all(|source| source["kind"] != "import"), "an import is not a source that calls come from");
}

#[tokio::test]
async fn a_check_says_what_the_run_does_and_changes_nothing() {
    let rollcall = Rollcall::start();
    import(&rollcall, PEOPLE, &[]);
    let before = everything(&rollcall);
    let text =
        PEOPLE.replace("Bob,3", "Robert,4").replace(",pro,admin", ",free,owner").replace("lea@", "not an address ");
    let mut checked = import(&rollcall, &text, &["--dry-run"]);
    assert_eq!(everything(&rollcall), before);
    let examples = checked["examples"].as_array().unwrap().clone();
    let bob = json!({ "kind": "user", "id": "bob", "field": "first_name", "before": "Bob", "after": "Robert" });
    assert!(examples.contains(&bob), "{checked}");
    // Two rows say another plan of acme: the later one holds.
    let mut run = import(&rollcall, &text, &[]);
    assert_eq!(rollcall.company("acme").await["attributes"]["plan"], "pro");
    for report in [&mut checked, &mut run] {
        for own in ["import_id", "state", "dry_run", "examples"] {
            report.as_object_mut().unwrap().remove(own);
        }
    }
    assert_eq!(checked, run);
    assert_eq!(counts(&run, "users"), [0, 1, 1, 0, 1], "{run}");
    let listed = rollcall.shell_output(&["import", "no-such-file.csv"], "");
    assert_eq!(listed.status.code(), Some(1));
}

#[tokio::test]
async fn what_is_known_is_updated_filled_or_left_as_the_policy_says() {
    let rollcall = Rollcall::start();
    let first = "user_id,plan (string),city (string)\nann,free,\n";
    import(&rollcall, first, &[]);
    let second = "user_id,plan (string),city (string)\nann,pro,Oslo\nbob,pro,Rome\n";
    let skipped = import(&rollcall, second, &["--existing", "skip"]);
    assert_eq!(counts(&skipped, "users"), [1, 0, 0, 1, 0]);
    assert_eq!(rollcall.user("ann").await["attributes"], json!({ "plan": "free" }));
    let filled = import(&rollcall, second, &["--existing", "fill"]);
    assert_eq!(counts(&filled, "users"), [0, 1, 1, 0, 0]);
    assert_eq!(rollcall.user("ann").await["attributes"], json!({ "plan": "free", "city": "Oslo" }));
    import(&rollcall, second, &[]);
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
    import(&rollcall, "user_id,city\nann,\n", &[]);
    assert_eq!(rollcall.user("ann").await["attributes"]["city"], "Oslo", "nothing says nothing");
    import(&rollcall, "user_id,city\nann,\n", &["--empty", "clear"]);
    assert_eq!(rollcall.user("ann").await["attributes"].get("city"), None);
}

/// The id of a company that was merged leads to the one there is, for what stands and for what is counted.
#[actix_web::test]
async fn a_file_that_names_a_merged_company_meets_what_the_one_there_is_has() {
    let rollcall = Rollcall::start();
    let does = async |method: Method, path: &str, body: Value| {
        let done = rollcall.api_as(method, path, &rollcall.token, Some(body)).await;
        assert!(done.status.is_success(), "{done:?}");
    };
    does(Method::PUT, "/companies/keep", json!({ "name": "Bob", "attributes": { "plan": "p" } })).await;
    does(Method::PUT, "/companies/old", json!({})).await;
    does(Method::PUT, "/users/ann", json!({ "companies": [{ "company_id": "keep", "role": "boss" }] })).await;
    does(Method::POST, "/companies/keep/merge", json!({ "from": "old" })).await;
    let of_companies = "company_id,name,plan\nold,N1,q\n";
    let filled = import(&rollcall, of_companies, &["--kind", "companies", "--existing", "fill"]);
    assert_eq!(counts(&filled, "companies"), [0, 0, 1, 0, 0], "{filled}");
    let filled = import(&rollcall, "user_id,company_id,role\nann,old,clerk\n", &["--existing", "fill"]);
    assert_eq!(counts(&filled, "memberships"), [0, 0, 1, 0, 0], "{filled}");
    assert_eq!(rollcall.company("keep").await["attributes"], json!({ "name": "Bob", "plan": "p" }));
    assert_eq!(rollcall.user("ann").await["companies"][0]["role"], "boss");
    let updated = import(&rollcall, of_companies, &["--kind", "companies"]);
    assert_eq!(counts(&updated, "companies"), [0, 1, 0, 0, 0], "{updated}");
    assert_eq!(rollcall.company("keep").await["attributes"], json!({ "name": "N1", "plan": "q" }));
}

#[tokio::test]
async fn companies_are_found_by_id_domain_or_name_and_a_row_may_have_several() {
    let rollcall = Rollcall::start();
    let companies = "id,name,domain,seats\nc1,Acme,acme.test,10\nc2,Globex Corp,globex.test,\n";
    let report = import(&rollcall, companies, &["--kind", "companies"]);
    assert_eq!(counts(&report, "companies"), [2, 0, 0, 0, 0]);
    let people = "email,company\na@x.test,Acme\nb@x.test,globex.test\nc@x.test,c1|c2\nd@x.test,Initech\n";
    let refused = import(&rollcall, people, &["--unknown-companies", "refuse"]);
    assert_eq!((counts(&refused, "users"), &refused["refused_rows"]), ([3, 0, 0, 0, 1], &json!(1)));
    let ids = async |email: &str| -> Vec<String> {
        let user = rollcall.api(&format!("/users/{}?by=email", support::encoded(email))).await.body;
        let mut ids: Vec<String> = user["companies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|company| company["left_at"].is_null())
            .map(|company| company["company_id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!((ids("a@x.test").await, ids("b@x.test").await), (vec!["c1".to_owned()], vec!["c2".to_owned()]));
    assert_eq!(ids("c@x.test").await, ["c1", "c2"]);
    import(&rollcall, people, &[]);
    assert_eq!(rollcall.company("Initech").await["name"], "Initech");
    import(&rollcall, "email,company\nc@x.test,Initech\n", &["--memberships", "replace"]);
    assert_eq!(ids("c@x.test").await, ["Initech"], "the others are left");
}

#[tokio::test]
async fn each_of_several_companies_has_its_number_and_times_are_what_the_file_says_or_refused() {
    let rollcall = Rollcall::start();
    let people = "user_id,company_id,seats,joined_at,left_at\nann,c1|c2,10|20,,\nbob,c1,5,2015-03-01,\ncid,c3,,2015-01-01,2018-01-01\n\
                  dan,c3,,2025-01-01,2024-06-01\neve,c3,,2099-01-01,\nfay,c4|c5,1|many,,\ngus,c6,7|8,,\n";
    let line = ["--mapping", "seats=company.seats:number"];
    let report = import(&rollcall, people, &line);
    assert_eq!((&report["refused_rows"], &report["refused_values"]), (&json!(2), &json!(2)), "{report}");
    for (company, seats) in
        [("c1", json!(5)), ("c2", json!(20)), ("c4", json!(1)), ("c5", json!(null)), ("c6", json!(null))]
    {
        assert_eq!(rollcall.company(company).await["attributes"]["seats"], seats, "{company}");
    }
    let times = async |user: &str| {
        let of = rollcall.user(user).await["companies"][0].clone();
        (of["joined_at"].as_str().unwrap().to_owned(), of["left_at"].clone())
    };
    assert_eq!(times("bob").await, ("2015-03-01T00:00:00.000Z".to_owned(), Value::Null));
    assert_eq!(times("cid").await, ("2015-01-01T00:00:00.000Z".to_owned(), json!("2018-01-01T00:00:00.000Z")));
    let refused = rollcall.api("/imports/1/refused").await.text;
    for sentence in ["is before joined_at", "is in the future", "many is not a number", "7|8 is not a number"] {
        assert!(
            refused.contains(&sentence.replace('"', "\"\"")) || refused.contains(sentence),
            "{sentence}: {refused}"
        );
    }
    assert!(!refused.contains(",',"), "no column is named where none is meant: {refused}");
    checked(&rollcall);
}

#[tokio::test]
async fn a_file_of_companies_finds_them_by_domain_and_by_name_and_a_check_says_so_before() {
    let rollcall = Rollcall::start();
    let known = "id,name,domain,seats\nc1,Acme,acme.test,10\nc2,Globex Corp,globex.test,\nc3,Twin,,\nc4,Twin,,\n";
    import(&rollcall, known, &["--kind", "companies"]);
    for (file, of) in [
        // By domain, however it is written; by exact name; by id; one that nobody knows; one that two have.
        (
            "company,plan\nhttps://www.ACME.test/,pro\nGlobex Corp,free\nc3,trial\nInitech,pro\nTwin,free\n",
            [1, 3, 0, 0, 1],
        ),
        // The same again changes nothing.
        ("company,plan\nacme.test,pro\nGlobex Corp,free\nc3,trial\nInitech,pro\nTwin,free\n", [0, 0, 4, 0, 1]),
        // A name is exact; a host of a company's domain is the company's.
        ("company,plan\nglobex corp,gold\nshop.acme.test,gold\n", [1, 1, 0, 0, 0]),
    ] {
        let before = everything(&rollcall);
        let mut checked = import(&rollcall, file, &["--kind", "companies", "--dry-run"]);
        assert_eq!(everything(&rollcall), before, "a check changes nothing");
        let mut run = import(&rollcall, file, &["--kind", "companies"]);
        assert_eq!(counts(&run, "companies"), of, "{file}: {run}");
        for report in [&mut checked, &mut run] {
            for own in ["import_id", "state", "dry_run", "examples"] {
                report.as_object_mut().unwrap().remove(own);
            }
        }
        assert_eq!(checked, run, "{file}");
    }
    for (id, plan) in [("c1", "gold"), ("c2", "free"), ("c3", "trial"), ("Initech", "pro"), ("globex corp", "gold")] {
        assert_eq!(rollcall.company(id).await["attributes"]["plan"], plan, "{id}");
    }
    let refused = import(
        &rollcall,
        "company,plan\nTwin,free\nUmbrella,pro\n",
        &["--kind", "companies", "--unknown-companies", "refuse"],
    );
    assert_eq!((counts(&refused, "companies"), &refused["refused_rows"]), ([0, 0, 0, 0, 2], &json!(2)));
    checked(&rollcall);
}

#[tokio::test]
async fn what_can_t_be_taken_is_a_file_with_the_reasons_to_put_right_and_import_again() {
    let rollcall = Rollcall::start();
    rollcall
        .backend_posts(json!([
            { "type": "identify", "userId": "x1", "traits": { "email": "both@x.test" } },
            { "type": "identify", "userId": "x2", "traits": { "email": "both@x.test" } },
        ]))
        .await;
    let text = "\
user_id,email,seats (number),born (date),note (string)
ann,ann@x.test,ten,31/02/2000,\"says \"\"hi\"\"
and more\"
,both@x.test,1,,
,not an address,1,,
null,a@x.test,1,,
bob,bob@x.test,1
eve,eve@x.test,7,1999-12-31,=1+1,more
zoe,zoe@x.test,2,,'=1+1
";
    let refused = rollcall.file().with_file_name("refused.csv");
    let report = import(&rollcall, text, &["--refused", refused.to_str().unwrap()]);
    assert_eq!(counts(&report, "users"), [2, 0, 0, 0, 5], "{report}");
    assert_eq!((&report["refused_rows"], &report["refused_values"]), (&json!(5), &json!(2)));
    let written = fs::read_to_string(&refused).unwrap();
    for reason in
        ["is not a number", "is not a date", "Several users have", "5 columns", "3 cells", "6 cells", "placeholder"]
    {
        assert!(written.contains(reason), "{reason}: {written}");
    }
    assert!(!written.contains("zoe"), "what was taken is not in it");
    let mended = written.replace("ten,31/02/2000", "10,01/02/2000").replace("null,a@", "nora,a@");
    let path = file(&rollcall, "mended.csv", mended);
    let line = ["import", path.to_str().unwrap(), "--refused", refused.to_str().unwrap(), "--json"];
    let again = rollcall.shell(&line);
    assert_eq!(counts(&again, "users")[..2], [2, 1], "{again}");
    let written = fs::read_to_string(&refused).unwrap();
    assert_eq!(written.matches("rollcall reason").count(), 1, "the reasons of the first time are left out: {written}");
    assert!(written.contains(",both@x.test,1,,,3,nothing,"), "{written}");
    let ann = rollcall.user("ann").await["attributes"].clone();
    assert_eq!(
        (&ann["seats"], &ann["born"], &ann["note"]),
        (&json!(10), &json!("2000-02-01"), &json!("says \"hi\"\nand more"))
    );
    assert_eq!(rollcall.user("zoe").await["attributes"]["note"], "=1+1");
}

#[tokio::test]
async fn an_import_is_taken_back_but_for_what_has_changed_since() {
    let rollcall = Rollcall::start();
    rollcall
        .backend_posts(json!([
            { "type": "identify", "userId": "old", "timestamp": seconds_ago(500),
              "traits": { "Seats": 5, "company": { "company_id": "acme", "name": "Acme Inc" } } },
        ]))
        .await;
    let before = everything(&rollcall);
    let text = "user_id,Seats,Company id,Company plan,Role\nold,6,acme,pro,admin\nnew,7,globex,pro,\nkept,8,,,\n";
    let report = import(&rollcall, text, &[]);
    let number = report["import_id"].to_string();
    rollcall.backend_posts(json!([{ "type": "track", "userId": "kept", "event": "Opened" }])).await;
    let back = rollcall.shell(&["import", "--undo", &number, "--json"]);
    assert_eq!((&back["state"], &back["taken_back"]["gone"]), (&json!("undone"), &json!(2)), "{back}");
    assert_eq!(rollcall.user_ids().await, ["kept", "old"]);
    assert_eq!(rollcall.api("/companies/globex").await.status, 404);
    assert_eq!(
        rollcall.user("kept").await["attributes"],
        json!({}),
        "who did something since stays, without its values"
    );
    let old = rollcall.user("old").await;
    assert_eq!((&old["attributes"]["Seats"], &old["companies"][0]["role"]), (&json!(5), &Value::Null));
    let after = everything(&rollcall);
    assert_eq!(after[0][0]["attributes"], before[0][0]["attributes"]);
    checked(&rollcall);
    let twice = rollcall.shell_output(&["import", "--undo", &number], "");
    assert_eq!(twice.status.code(), Some(1));
    let again = import(&rollcall, text, &[]);
    assert_eq!(counts(&again, "users"), [1, 2, 0, 0, 0], "what was taken back can come again: {again}");
}

#[tokio::test]
async fn a_company_made_for_somebody_who_was_known_goes_with_the_import() {
    let rollcall = Rollcall::start();
    let company = json!({ "company_id": "acme" });
    rollcall.backend_posts(json!([{ "type": "identify", "userId": "ann", "traits": { "company": company } }])).await;
    let before = everything(&rollcall);
    let report = import(&rollcall, "user_id,company_id,company plan\nann,globex,pro\n", &[]);
    assert_eq!(counts(&report, "companies"), [1, 0, 0, 0, 0], "{report}");
    let undone = rollcall.shell(&["import", "--undo", "1", "--json"]);
    assert_eq!((&undone["taken_back"]["gone"], &undone["taken_back"]["kept"]), (&json!(1), &json!(0)), "{undone}");
    assert_eq!(rollcall.api("/companies/globex").await.status, 404);
    assert_eq!(everything(&rollcall), before);
    checked(&rollcall);
}

/// C7: what an import ended stands again as it was when the import is taken back, and nothing of it is left.
#[tokio::test]
async fn memberships_that_an_import_replaced_come_back_with_their_times_and_sources() {
    let rollcall = Rollcall::start();
    let joins = |user: &str, company: &str, seconds| {
        json!({ "type": "identify", "userId": user, "timestamp": seconds_ago(seconds),
                "traits": { "company": { "company_id": company, "membership": { "role": "owner" } } } })
    };
    rollcall.page_posts(json!([joins("ann", "acme", 900), joins("bob", "acme", 800)])).await;
    let companies =
        async || [rollcall.user("ann").await["companies"].clone(), rollcall.user("bob").await["companies"].clone()];
    let before = companies().await;
    let text = "user_id,company_id,role\nann,globex,viewer\nbob,initech,\nbob,globex,\n";
    let report = import(&rollcall, text, &["--memberships", "replace"]);
    assert_eq!(report["state"], "done", "{report}");
    rollcall.page_posts(joins("bob", "globex", 0)).await;
    let [ann, bob] = companies().await;
    assert_eq!((&ann[0]["company_id"], ann[1]["left_at"].is_string()), (&json!("globex"), true), "{ann}");
    assert_eq!(bob[0]["company_id"], "globex", "{bob}");

    let back = rollcall.shell(&["import", "--undo", &report["import_id"].to_string(), "--json"]);
    assert_eq!(back["state"], "undone", "{back}");
    let [ann, bob] = companies().await;
    assert_eq!(ann, before[0], "as it was: since when, and who said so");
    let open: Vec<&Value> =
        bob.as_array().unwrap().iter().filter(|one| one["left_at"].is_null()).map(|one| &one["company_id"]).collect();
    assert_eq!(
        open,
        ["globex", "acme"],
        "what the page said since stays, and what it said before is there again: {bob}"
    );
    assert_eq!(
        bob[1],
        Value::from_iter(before[1][0].as_object().unwrap().clone().into_iter().map(|(name, value)| {
            let value = if name == "current" { json!(false) } else { value };
            (name, value)
        }))
    );
    assert_eq!(rollcall.api("/companies/initech").await.status, 404);
    checked(&rollcall);
}

#[tokio::test]
async fn imported_events_are_activity_of_their_own_day_and_come_once() {
    let rollcall = Rollcall::start();
    let text = "user_id,event,time,company_id,rows\nann,Exported,2026-03-01 10:00,acme,3\nann,Exported,2026-03-02 10:00,,4\n\
                ann,,2026-03-02,,\n,Exported,2026-03-02,,\n";
    let report = import(&rollcall, text, &["--kind", "events"]);
    assert_eq!((counts(&report, "events"), &report["refused_rows"]), ([2, 0, 0, 0, 2], &json!(2)), "{report}");
    let made = [counts(&report, "users"), counts(&report, "companies")];
    assert_eq!(made, [[1, 0, 0, 0, 0]; 2], "whoever they are of is made by them: {report}");
    let events = rollcall.list("/users/ann/events").await;
    let of: Vec<(&str, &Value)> =
        events.iter().map(|event| (event["time"].as_str().unwrap(), &event["properties"]["rows"])).collect();
    assert_eq!(of, [("2026-03-02T10:00:00.000Z", &json!(4)), ("2026-03-01T10:00:00.000Z", &json!(3))]);
    let again = import(&rollcall, text, &["--kind", "events"]);
    assert_eq!(counts(&again, "events"), [0, 0, 2, 0, 2]);
    checked(&rollcall);
    // The second import stored none of them, so taking it back changes nothing; the first one stored all.
    let second = rollcall.shell(&["import", "--undo", "2", "--json"]);
    assert_eq!(second["taken_back"], json!({ "events": 0, "gone": 0, "fields": 0, "kept": 0 }));
    assert_eq!(rollcall.list("/users/ann/events").await.len(), 2);
    let first = rollcall.shell(&["import", "--undo", "1", "--json"]);
    assert_eq!(first["taken_back"], json!({ "events": 2, "gone": 2, "fields": 0, "kept": 0 }));
    assert!(rollcall.user_ids().await.is_empty() && rollcall.list("/events").await.is_empty());
    checked(&rollcall);
    let third = import(&rollcall, text, &["--kind", "events"]);
    assert_eq!(counts(&third, "events"), [2, 0, 0, 0, 2], "what was taken back can come again");
    checked(&rollcall);
}

#[tokio::test]
async fn wrong_use_says_what_would_be_right_and_leaves_nothing() {
    let rollcall = Rollcall::prepare(&[]);
    rollcall.shell(&["setting", "one_company", "false"]);
    let path = file(&rollcall, "people.csv", PEOPLE);
    let empty = file(&rollcall, "empty.csv", "");
    let nobody = file(&rollcall, "nobody.csv", "colour,size\nred,1\n");
    let (path, empty, nobody) = (path.to_str().unwrap(), empty.to_str().unwrap(), nobody.to_str().unwrap());
    for (line, hint) in [
        (&["import", path, "--mapping", "Seats"][..], "COLUMN=TARGET"),
        (&["import", path, "--mapping", "Colour=user.colour"], "The columns are: User ID"),
        (&["import", path, "--mapping", "Logins=person.seats"], "user.NAME"),
        (&["import", path, "--mapping", "Logins=user_id"], "Two columns are user_id"),
        (&["import", path, "--kind", "events"], "what was done"),
        (&["import", empty], "empty"),
        (&["import", nobody], "who it is"),
        (&["import"], "<FILE>"),
    ] {
        let output = rollcall.shell_output(line, "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{line:?}: {said}");
        assert!(said.contains(hint), "{line:?}: {said}");
    }
    assert!(!rollcall.file().with_file_name("rollcall.db.imports").exists());
    let mapped = import(&rollcall, PEOPLE, &["--mapping", "Logins=user.places:string", "--mapping", "Role=ignore"]);
    assert_eq!(mapped["new_attributes"], json!(["user.places", "user.Joined on"]));
}

/// What is the same in two workspaces, of what an export says: ids of our own are others, and so is what is derived
/// from who was here first.
fn told(rows: Vec<Value>) -> Vec<Value> {
    let mut rows: Vec<Value> = rows
        .into_iter()
        .map(|mut row| {
            for own in ["id", "received_at"] {
                row.as_object_mut().unwrap().remove(own);
            }
            row
        })
        .collect();
    rows.sort_by_key(Value::to_string);
    rows
}

#[tokio::test]
async fn what_was_exported_is_read_back_into_an_empty_workspace_as_it_was() {
    let rollcall = Rollcall::start();
    rollcall
        .backend_posts(json!([
            { "type": "group", "groupId": "acme", "timestamp": seconds_ago(9_000),
              "traits": { "name": "Acme", "seats": 20, "tier": "'=gold", "sizes": ["s|m", "l"] } },
            { "type": "identify", "userId": "ann", "timestamp": seconds_ago(8_000), "traits": {
                "email": "ann@acme.test", "zip": "007", "score": -1.5, "vip": true, "tags": ["a", "b"], "one": ["x"],
                "none": "", "born": "2000-02-29", "prefs": { "a": [1, { "b": null }] }, "first_name": "Ann",
                "note": "two\r\nlines, \"quoted\"; '", "company": { "company_id": "acme", "membership": { "role": "admin", "floor": 3 } } } },
            { "type": "identify", "userId": "ann", "timestamp": seconds_ago(7_000), "traits": {
                "company": { "company_id": "globex", "membership": { "title": "Advisor" } } } },
            { "type": "identify", "userId": "bob", "timestamp": seconds_ago(6_000),
              "traits": { "company": { "company_id": "globex", "membership": { "role": "viewer" } } } },
            { "type": "identify", "userId": "bob", "timestamp": seconds_ago(5_000),
              "traits": { "company": { "company_id": "globex", "remove": true } } },
            { "type": "identify", "timestamp": seconds_ago(4_000), "traits": { "email": "lea@lead.test", "zip": "12" } },
            { "type": "track", "userId": "ann", "anonymousId": "laptop", "event": "Report exported", "timestamp": seconds_ago(3_000),
              "properties": { "rows": 3, "deep": { "a": "=1" } }, "context": { "groupId": "acme", "page": { "url": "https://x.test/a" } } },
            { "type": "page", "userId": "ann", "name": "Pricing", "timestamp": seconds_ago(2_000), "properties": { "plan": "pro" } },
            { "type": "page", "anonymousId": "phone", "timestamp": seconds_ago(1_000) },
        ]))
        .await;
    let empty = Rollcall::prepare(&[]);
    empty.shell(&["setting", "one_company", "false"]);
    for kind in ["users", "memberships", "companies", "events"] {
        let path = empty.file().with_file_name(format!("{kind}.csv"));
        rollcall.shell(&["export", kind, "--output", path.to_str().unwrap(), "--json"]);
        let report = empty.shell(&["import", path.to_str().unwrap(), "--kind", kind, "--json"]);
        assert_eq!((&report["refused_rows"], &report["refused_values"]), (&json!(0), &json!(0)), "{kind}: {report}");
    }
    for ((kind, here), there) in
        ["companies", "users", "memberships", "events"].into_iter().zip(everything(&rollcall)).zip(everything(&empty))
    {
        let (mut here, mut there) = (told(here), told(there));
        if kind == "events" {
            // An event has the number that it is known by in its own workspace.
            for row in here.iter_mut().chain(&mut there) {
                row.as_object_mut().unwrap().remove("event_id");
            }
        }
        assert_eq!(there, here, "{kind}");
    }
    checked(&empty);
}

/// A workspace in which by hand all was done that there is.
async fn kept_by_hand() -> Rollcall {
    let rollcall = Rollcall::start();
    rollcall
        .backend_posts(json!([
            { "type": "identify", "userId": "ann-old", "timestamp": seconds_ago(9_000), "traits": {
                "email": "ann@acme.test", "plan": "=pro", "seats": 3, "company": { "company_id": "acme-old", "name": "Acme", "domain": "acme.test" } } },
            { "type": "alias", "previousId": "ann-old", "userId": "ann", "timestamp": seconds_ago(8_500) },
            { "type": "identify", "userId": "ann", "timestamp": seconds_ago(8_000), "traits": { "company": { "company_id": "acme-old", "remove": true } } },
            { "type": "identify", "userId": "ann", "timestamp": seconds_ago(7_000), "traits": {
                "company": { "company_id": "acme-old", "membership": { "role": "admin" } } } },
            { "type": "identify", "userId": "twin", "timestamp": seconds_ago(6_000), "traits": { "city": "Łódź" } },
            { "type": "group", "groupId": "gone", "timestamp": seconds_ago(5_000), "traits": { "name": "Gone" } },
            { "type": "track", "userId": "ann", "event": "Report exported", "timestamp": seconds_ago(3_000), "properties": { "rows": 3 } },
        ]))
        .await;
    let does = async |method: reqwest::Method, path: &str, body: Value| {
        let answer = rollcall.api_as(method, path, &rollcall.token, Some(body)).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
    };
    use reqwest::Method;
    does(Method::PATCH, "/users/ann", json!({ "owner": support::OWNER.0, "tags": ["vip", "=beta"] })).await;
    does(
        Method::PATCH,
        "/companies/acme-old",
        json!({ "company_id": "acme", "owner": support::OWNER.0, "tags": ["key"] }),
    )
    .await;
    does(Method::PATCH, "/companies/gone", json!({ "archived": true })).await;
    does(Method::POST, "/users/ann/merge", json!({ "from": "twin" })).await;
    does(Method::PATCH, "/attributes/user/plan", json!({ "label": "Their plan", "hidden": true, "locked": true }))
        .await;
    does(
        Method::POST,
        "/segments",
        json!({ "list": "users", "name": "=Vips", "filter": "f=tags%3Ahas%3Avip&f=plan%3Ais%3A%3Dpro" }),
    )
    .await;
    for (name, value) in [("staff_domains", "own.test"), ("time_zone", "Europe/Warsaw"), ("one_company", "true")] {
        rollcall.shell(&["setting", name, value, "--json"]);
    }
    let desk = rollcall.desk().await;
    let note = [("user", "ann"), ("deed", "add"), ("text", "Call again"), ("next_date", "2027-03-01")];
    let sent = desk.send("/edit/note", &note).await;
    assert_eq!(sent.status, 303, "{}", sent.page);
    rollcall
}

#[tokio::test]
async fn everything_exported_as_one_zip_comes_back_in_one_go() {
    let rollcall = kept_by_hand().await;
    let path = rollcall.file().with_file_name("rollcall.zip");
    let path = path.to_str().unwrap();
    rollcall.shell(&["export", "all", "--output", path, "--json"]);
    let empty = Rollcall::start();
    let output = empty.shell_output(&["import", path, "--json"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let reports: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = reports.iter().map(|report| report["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["attributes", "users", "visitors", "memberships", "companies", "notes", "events", "setup"]);
    for report in &reports {
        let left = [&report["state"], &report["refused_rows"], &report["refused_values"]];
        assert_eq!(left, [&json!("done"), &json!(0), &json!(0)], "{report}");
    }
    for (here, there) in everything(&rollcall).into_iter().zip(everything(&empty)) {
        let (mut here, mut there) = (told(here), told(there));
        for row in here.iter_mut().chain(&mut there) {
            row.as_object_mut().unwrap().remove("event_id");
        }
        assert_eq!(there, here);
    }
    let ann = empty.user("ann-old").await;
    assert_eq!(
        (&ann["user_id"], &ann["owner"], &ann["tags"]),
        (&json!("ann"), &json!(support::OWNER.0), &json!(["=beta", "vip"]))
    );
    assert_eq!(empty.user("twin").await["user_id"], "ann", "an id of who was merged leads to the one there is");
    assert_eq!(empty.company("acme-old").await["company_id"], "acme");
    assert!(!empty.company("gone").await["archived_at"].is_null());
    for path in ["/settings/staff_domains", "/settings/time_zone", "/settings/one_company"] {
        assert_eq!(empty.api(path).await.body, rollcall.api(path).await.body, "{path}");
    }
    let segments = async |rollcall: &Rollcall| -> Vec<[Value; 3]> {
        let all = rollcall.list("/segments").await;
        all.into_iter().map(|segment| ["list", "name", "filter"].map(|field| segment[field].clone())).collect()
    };
    assert_eq!(segments(&empty).await, segments(&rollcall).await);
    let desk = empty.desk().await;
    let page = desk.open("/users/ann").await;
    assert!(page.contains("Call again") && page.contains("2027"), "{page}");
    assert!(page.contains(">Before<"), "the time before in the company: {page}");
    checked(&empty);
    let again = empty.shell_output(&["import", path, "--json"], "");
    for line in String::from_utf8(again.stdout).unwrap().lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        for kind in ["attributes", "users", "companies", "memberships", "notes", "events", "setup"] {
            assert_eq!(counts(&report, kind)[..2], [0, 0], "{report}");
        }
    }
    // The set-up alone is taken back.
    let back = empty.shell(&["import", "--undo", &reports[7]["import_id"].to_string(), "--json"]);
    assert_eq!(back["state"], "undone");
    assert_eq!(empty.api("/settings/staff_domains").await.body["value"], json!([]));
    assert!(empty.list("/segments").await.iter().all(|segment| segment["name"] != "=Vips"));
    for line in [&["import", path, "--mapping", "plan=ignore"][..], &["import", path, "--refused", "x.csv"]] {
        assert_eq!(empty.shell_output(line, "").status.code(), Some(2), "{line:?}");
    }
}

#[tokio::test]
async fn a_person_sends_the_zip_sees_what_would_come_of_it_and_imports_all_of_it() {
    let rollcall = kept_by_hand().await;
    let zip = rollcall.shell_output(&["export", "all"], "").stdout;
    let ndjson = rollcall.shell_output(&["export", "all", "--format", "ndjson"], "").stdout;
    let empty = Rollcall::start();
    let sends = async |bytes: Vec<u8>| {
        let cookie = empty.session_cookie().await;
        let begin = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"rollcall.zip\"\r\n\r\n";
        let body = [begin.as_bytes(), &bytes, b"\r\n--x--\r\n"].concat();
        let request = empty.client.post(format!("{}/imports/new", empty.address)).header("cookie", cookie);
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "multipart/form-data; boundary=x").body(body);
        support::Answer::of(request.send().await.unwrap()).await
    };
    let refused = sends(ndjson).await;
    assert!(refused.status == 422 && refused.text.contains("Export as CSV"), "{}", refused.text);
    assert!(empty.list("/imports").await.is_empty());
    assert_eq!(sends(zip.clone()).await.header("location"), "/imports/1");
    let desk = empty.desk().await;
    let page = desk.open("/imports/1").await;
    for part in ["A zip of 8 files", "attributes.csv", "notes.csv", "Import all 8", "Discard all"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let posts = async |deed: &str| {
        let request =
            empty.client.post(format!("{}/imports/1", empty.address)).header("cookie", empty.session_cookie().await);
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(format!("do={deed}"));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(posts("check-all").await, 303);
    let notes = settled(&empty, &json!(6)).await;
    assert_eq!(
        counts(&notes["checked"], "notes"),
        [1, 0, 0, 0, 0],
        "a note finds whom the file before it makes: {notes}"
    );
    assert!(empty.user_ids().await.is_empty(), "a check changes nothing");
    settled(&empty, &json!(8)).await;
    assert_eq!(posts("run-all").await, 303);
    assert_eq!(settled(&empty, &json!(8)).await["state"], "done");
    assert_eq!(empty.user_ids().await, ["ann"]);
    assert_eq!(sends(zip).await.header("location"), "/imports/9");
    let request =
        empty.client.post(format!("{}/imports/9", empty.address)).header("cookie", empty.session_cookie().await);
    let request =
        request.header("sec-fetch-site", "same-origin").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(request.body("do=discard-all").send().await.unwrap().status().as_u16(), 303);
    assert_eq!(empty.list("/imports").await.len(), 8);
}

#[tokio::test]
async fn what_a_row_says_beside_attributes_is_set_or_refused_with_a_reason() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(json!([{ "type": "identify", "userId": "taken" }])).await;
    let text =
        format!("user_id,aliases,owner,tags\nann,ann-1|taken,{},vip|b2b\nbob,,nobody@x.test,\n", support::OWNER.0);
    let refused = rollcall.file().with_file_name("refused.csv");
    let report = import(&rollcall, &text, &["--refused", refused.to_str().unwrap()]);
    assert_eq!((counts(&report, "users"), &report["refused_values"]), ([2, 0, 0, 0, 0], &json!(2)), "{report}");
    let reasons = fs::read_to_string(&refused).unwrap();
    assert!(reasons.contains("is already the id of another user") && reasons.contains("No operator"), "{reasons}");
    let ann = rollcall.user("ann-1").await;
    assert_eq!(
        (&ann["user_id"], &ann["tags"], &ann["owner"]),
        (&json!("ann"), &json!(["b2b", "vip"]), &json!(support::OWNER.0))
    );
    let notes = "email,company_id,note,date\nnobody@x.test,,Hi,\n,no-such,Hi,\n,,Hi,\n";
    let report = import(&rollcall, notes, &["--kind", "notes"]);
    assert_eq!(counts(&report, "notes"), [0, 0, 0, 0, 3], "{report}");
    let attributes =
        "owner,name,type,hidden\nuser,seats,number,yes\nuser,x,colour,\ncar,y,string,\nuser,email,string,maybe\n";
    let report = import(&rollcall, attributes, &["--kind", "attributes"]);
    assert_eq!((counts(&report, "attributes")[4], &report["refused_values"]), (2, &json!(1)), "{report}");
    let again = import(&rollcall, "owner,name,type\nuser,seats,string\n", &["--kind", "attributes"]);
    assert_eq!(counts(&again, "attributes"), [0, 0, 0, 0, 1], "a type is changed on its page: {again}");
    let number = report["import_id"].to_string();
    rollcall.shell(&["import", "--undo", &number, "--json"]);
    let seats = rollcall.api("/attributes/user/seats").await.body;
    assert_eq!(seats["hidden"], false, "taken back: {seats}");
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_where_it_was() {
    let mut rollcall = Rollcall::start();
    let rows: String = (0..3_000).map(|number| format!("u{number},u{number}@x.test,c{}\n", number % 50)).collect();
    let path = file(&rollcall, "many.csv", format!("user_id,email,company_id\n{rows}"));
    let mut following = std::process::Command::new(support::PROGRAM)
        .args(["import", path.to_str().unwrap(), "--json"])
        .env("ROLLCALL_DATA", rollcall.file())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    support::until("some rows are in", async || {
        let users = rollcall.api("/users?limit=1&count=1").await.body["total"].as_u64().unwrap_or(0);
        if users > 200 { Ok(()) } else { Err(users.to_string()) }
    })
    .await;
    rollcall.kill();
    let output = rollcall.shell_output(&["export", "users", "--format", "ndjson"], "");
    let taken = String::from_utf8(output.stdout).unwrap().lines().count();
    assert!((200..3_000).contains(&taken), "{taken}");
    rollcall.serve();
    let mut answer = String::new();
    std::io::Read::read_to_string(following.stdout.as_mut().unwrap(), &mut answer).unwrap();
    assert!(following.wait().unwrap().success());
    let report: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&report["state"], counts(&report, "users")), (&json!("done"), [3_000, 0, 0, 0, 0]));
    assert_eq!(counts(&report, "memberships"), [3_000, 0, 0, 0, 0]);
    checked(&rollcall);
}

/// Many users, in some companies.
fn many(rows: usize) -> String {
    let rows: String = (0..rows).map(|number| format!("u{number},u{number}@x.test,c{}\n", number % 50)).collect();
    format!("user_id,email,company_id\n{rows}")
}

/// Waits until some rows of an import are done, but not all.
async fn some_rows(rollcall: &Rollcall, id: &Value) {
    support::until("some rows are in", async || {
        let import = rollcall.api(&format!("/imports/{id}")).await.body;
        let rows = import["rows"].as_u64().unwrap_or(0);
        if import["state"] == "running" && rows > 0 { Ok(()) } else { Err(import.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_running_import_is_stopped_and_what_was_taken_by_then_is_told_and_taken_back() {
    let rollcall = Rollcall::start();
    let cookie = rollcall.session_cookie().await;
    let page = async |id: &Value| {
        let request = rollcall.client.get(format!("{}/imports/{id}", rollcall.address)).header("cookie", &cookie);
        support::Answer::of(request.send().await.unwrap()).await.text
    };
    let deed = async |id: &Value, what: &str| {
        rollcall.api_as(reqwest::Method::POST, &format!("/imports/{id}/{what}"), &rollcall.token, None).await
    };
    let press = async |id: &Value, what: &str| {
        let request = rollcall.client.post(format!("{}/imports/{id}", rollcall.address)).header("cookie", &cookie);
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(format!("do={what}"));
        support::Answer::of(request.send().await.unwrap()).await.status
    };
    // Once by a program, once by a person.
    for by_hand in [false, true] {
        let id = posts(&rollcall, "", &many(6_000)).await.body["import_id"].clone();
        some_rows(&rollcall, &id).await;
        if by_hand {
            assert!(page(&id).await.contains("Stop"));
            assert_eq!(press(&id, "cancel").await, 303);
        } else {
            assert_eq!(deed(&id, "cancel").await.status, 202);
        }
        let stopped = settled(&rollcall, &id).await;
        assert_eq!(stopped["state"], "cancelled", "{stopped}");
        let taken = stopped["users"]["created"].as_u64().unwrap();
        assert!((1..6_000).contains(&taken) && stopped["rows"] == taken, "{stopped}");
        let there = rollcall.api("/users?limit=1&count=1").await.body["total"].as_u64().unwrap();
        assert_eq!(there, taken, "as many are there as were counted");
        assert_eq!(deed(&id, "cancel").await.body["code"], "import_state");
        let told = page(&id).await;
        assert!(told.contains("and then it stopped") && told.contains("Undo"), "{told}");
        if by_hand {
            assert_eq!(press(&id, "undo").await, 303);
        } else {
            assert_eq!(deed(&id, "undo").await.status, 202);
        }
        let undone = settled(&rollcall, &id).await;
        let companies = taken.min(50);
        assert_eq!((&undone["state"], &undone["taken_back"]["gone"]), (&json!("undone"), &json!(taken + companies)));
        assert!(rollcall.user_ids().await.is_empty() && rollcall.list("/companies").await.is_empty());
    }
    checked_of(&rollcall).await;
}

#[tokio::test]
async fn a_server_that_is_killed_ends_an_import_and_its_taking_back_as_one_that_was_not() {
    let rows: String = (0..2_000)
        .map(|row| {
            format!("u{},Saved,2026-03-{:02}T10:00:00.{:03}Z,c{}\n", row % 40, 1 + row % 28, row % 1_000, row % 7)
        })
        .collect();
    let text = format!("user_id,event,time,company_id\n{rows}");
    let [mut killed, quiet] = [Rollcall::start(), Rollcall::start()];
    let begin = async |rollcall: &Rollcall| posts(rollcall, "?kind=events", &text).await.body["import_id"].clone();
    let id = begin(&quiet).await;
    let expected = settled(&quiet, &id).await;
    assert_eq!((&expected["state"], counts(&expected, "events")), (&json!("done"), [2_000, 0, 0, 0, 0]));

    let id = begin(&killed).await;
    some_rows(&killed, &id).await;
    killed.kill();
    killed.serve();
    let done = settled(&killed, &id).await;
    for field in ["state", "rows", "users", "companies", "events", "refused_rows"] {
        assert_eq!(done[field], expected[field], "{field}");
    }
    checked_of(&killed).await;
    let events = |rollcall: &Rollcall| {
        let mut rows = told(everything(rollcall)[3].clone());
        rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("event_id")));
        rows.sort_by_key(Value::to_string);
        rows
    };
    assert!(events(&killed) == events(&quiet), "the same events are there");

    let undo = format!("/imports/{id}/undo");
    // The shell took so long that connections were closed, which the client has had no moment to see.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(killed.api_as(reqwest::Method::POST, &undo, &killed.token, None).await.status, 202);
    support::until("some events are gone", async || {
        let import = killed.api(&format!("/imports/{id}")).await.body;
        let gone = import["taken_back"]["events"].as_u64().unwrap_or(0);
        if gone > 0 { Ok(()) } else { Err(import.to_string()) }
    })
    .await;
    killed.kill();
    killed.serve();
    let undone = settled(&killed, &id).await;
    assert_eq!(undone["state"], "undone");
    assert_eq!(undone["taken_back"], json!({ "events": 2_000, "gone": 47, "fields": 0, "kept": 0 }));
    for list in ["/users", "/companies", "/events"] {
        assert!(killed.list(list).await.is_empty(), "{list}");
    }
    checked_of(&killed).await;
    let again = begin(&killed).await;
    assert_eq!(counts(&settled(&killed, &again).await, "events"), [2_000, 0, 0, 0, 0]);
    assert!(events(&killed) == events(&quiet));
}

/// Waits until an import is no longer under way.
async fn settled(rollcall: &Rollcall, id: &Value) -> Value {
    support::until("the import ends", async || {
        let import = rollcall.api(&format!("/imports/{id}")).await.body;
        match import["state"].as_str().unwrap() {
            "checking" | "queued" | "running" | "undoing" => Err(import.to_string()),
            _ => Ok(import),
        }
    })
    .await
}

async fn posts(rollcall: &Rollcall, query: &str, body: &str) -> support::Answer {
    let request = rollcall.client.post(format!("{}/api/v1/imports{query}", rollcall.address));
    let request = request.bearer_auth(&rollcall.token).header("content-type", "text/csv").body(body.to_owned());
    support::Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_program_sends_a_file_has_it_checked_runs_it_and_takes_it_back() {
    let rollcall = Rollcall::start();
    let mapping = support::encoded(r#"{"Logins":"company.seats"}"#);
    let text = format!("{PEOPLE}zed,not an address,Zed,x,,,,\n");
    let added = posts(&rollcall, &format!("?dry_run=1&file_name=crm.csv&mapping={mapping}"), &text).await;
    assert_eq!(added.status.as_u16(), 202, "{}", added.text);
    let id = added.body["import_id"].clone();
    let checked = settled(&rollcall, &id).await;
    assert_eq!((&checked["state"], &checked["file_name"]), (&json!("draft"), &json!("crm.csv")));
    assert_eq!(counts(&checked["checked"], "users"), [4, 0, 0, 0, 0], "{checked}");
    assert_eq!(checked["checked"]["refused_values"], 2);
    assert!(rollcall.user_ids().await.is_empty(), "a check changes nothing");
    let post = async |what: &str| {
        rollcall.api_as(reqwest::Method::POST, &format!("/imports/{id}/{what}"), &rollcall.token, None).await
    };
    assert_eq!(post("undo").await.body["code"], "import_state");
    assert_eq!(post("run").await.status, 202);
    let done = settled(&rollcall, &id).await;
    assert_eq!((&done["state"], counts(&done, "users")), (&json!("done"), [4, 0, 0, 0, 0]));
    assert_eq!(rollcall.company("acme").await["attributes"]["seats"], 3, "the later row holds");
    let refused = rollcall.api(done["refused_rows_url"].as_str().unwrap().trim_start_matches("/api/v1")).await;
    assert!(refused.header("content-type").starts_with("text/csv") && refused.text.contains("not an address"));
    assert_eq!(rollcall.list("/imports").await.len(), 1);
    assert_eq!(post("undo").await.status, 202);
    let undone = settled(&rollcall, &id).await;
    assert_eq!((&undone["state"], &undone["taken_back"]["gone"]), (&json!("undone"), &json!(6)));
    assert!(rollcall.user_ids().await.is_empty());
    checked_of(&rollcall).await;
}

/// A token of a scope imports what it may change by other calls, and no more.
#[tokio::test]
async fn what_sets_the_workspace_up_is_imported_and_taken_back_by_admins_alone() {
    let mut rollcall = Rollcall::start();
    let admin = rollcall.token.clone();
    let writer = rollcall.shell(&["token", "add", "Back end", "--scope", "write", "--json"])["token"].clone();
    let writer = writer.as_str().unwrap().to_owned();
    let files = [
        ("users", "user_id,name\nann,Ann\n", true),
        ("companies", "company_id,name\nacme,Acme\n", true),
        ("memberships", "user_id,company_id\nann,acme\n", true),
        ("visitors", "anonymous_id\nv1\n", true),
        ("notes", "user_id,text\nann,Called\n", true),
        ("events", "user_id,event,time\nann,Paid,2026-03-01\n", true),
        ("attributes", "owner,name,type,locked\nuser,plan,string,true\n", false),
        ("setup", "what,name,value\nsetting,protect_signed,false\n", false),
    ];
    for (kind, text, may) in files {
        rollcall.token = writer.clone();
        let answer = posts(&rollcall, &format!("?kind={kind}"), text).await;
        assert_eq!(answer.status == 202, may, "{kind}: {}", answer.text);
        if may {
            settled(&rollcall, &answer.body["import_id"]).await;
            continue;
        }
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (403, &json!("scope_missing")), "{}", answer.text);
        rollcall.token = admin.clone();
        let checked = posts(&rollcall, &format!("?kind={kind}&dry_run=1"), text).await;
        let id = checked.body["import_id"].clone();
        settled(&rollcall, &id).await;
        let deed = async |what: &str, token: &str| {
            rollcall.api_as(reqwest::Method::POST, &format!("/imports/{id}/{what}"), token, None).await
        };
        assert_eq!(deed("run", &writer).await.body["code"], "scope_missing", "{kind}");
        assert_eq!(deed("run", &admin).await.status, 202, "{kind}");
        assert_eq!(settled(&rollcall, &id).await["state"], "done");
        assert_eq!(deed("undo", &writer).await.body["code"], "scope_missing", "{kind}");
        assert_eq!(deed("undo", &admin).await.status, 202, "{kind}");
        assert_eq!(settled(&rollcall, &id).await["state"], "undone");
    }
    // A zip of all kinds is of the one that asks for most.
    let zip = rollcall.file().with_file_name("all.zip");
    rollcall.shell(&["export", "all", "--output", zip.to_str().unwrap(), "--json"]);
    let sends = async |token: &str| {
        let request = rollcall.client.post(format!("{}/api/v1/imports", rollcall.address)).bearer_auth(token);
        let request = request.header("content-type", "application/zip").body(fs::read(&zip).unwrap());
        support::Answer::of(request.send().await.unwrap()).await
    };
    let before = rollcall.list("/imports").await.len();
    assert_eq!(sends(&writer).await.body["code"], "scope_missing");
    assert_eq!(rollcall.list("/imports").await.len(), before, "nothing of it is kept");
    assert_eq!(sends(&admin).await.status, 202);
}

#[tokio::test]
async fn a_file_says_in_the_address_or_beside_it_how_it_is_read_and_a_key_is_of_one_file() {
    let rollcall = Rollcall::start();
    let query = "?encoding=iso-8859-15&delimiter=bar&header=false&decimal_comma=true&mapping=\
                 %7B%22Column%201%22:%22user_id%22,%22Column%202%22:%22user.price%22,%22Column%203%22:%22user.score:number%22%7D";
    let request =
        rollcall.client.post(format!("{}/api/v1/imports{query}", rollcall.address)).bearer_auth(&rollcall.token);
    let answer = support::Answer::of(request.body(&b"ann|100 \xa4|1,5\n"[..]).send().await.unwrap()).await;
    settled(&rollcall, &answer.body["import_id"]).await;
    let ann = rollcall.user("ann").await["attributes"].clone();
    assert_eq!((&ann["price"], &ann["score"]), (&json!("100 €"), &json!(1.5)), "{ann}");
    let shell = import(
        &rollcall,
        "bob;2,5\n",
        &[
            "--header",
            "false",
            "--delimiter",
            "semicolon",
            "--decimal-comma",
            "true",
            "--mapping",
            "Column 1=user_id",
            "--mapping",
            "Column 2=user.score:number",
        ],
    );
    assert_eq!(counts(&shell, "users"), [1, 0, 0, 0, 0]);
    assert_eq!(rollcall.user("bob").await["attributes"]["score"], 2.5);

    let form = async |field: &str, value: &str, file: &str, key: &str| {
        let body = format!(
            "--x\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n--x\r\ncontent-disposition: \
             form-data; name=\"file\"; filename=\"f.csv\"\r\n\r\n{file}\r\n--x--\r\n"
        );
        let request = rollcall.client.post(format!("{}/api/v1/imports", rollcall.address)).bearer_auth(&rollcall.token);
        let request = request.header("content-type", "multipart/form-data; boundary=x").header("idempotency-key", key);
        support::Answer::of(request.body(body).send().await.unwrap()).await
    };
    let added = form("kind", "companies", "company_id,name\nc1,Acme\n", "one").await;
    assert_eq!(added.status, 202, "{}", added.text);
    settled(&rollcall, &added.body["import_id"]).await;
    assert_eq!(rollcall.company("c1").await["name"], "Acme");
    let again = form("kind", "companies", "company_id,name\nc1,Acme\n", "one").await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &added.body));
    let other = form("kind", "companies", "company_id,name\nc2,Beta\n", "one").await;
    assert_eq!((other.status.as_u16(), &other.body["code"]), (422, &json!("idempotency_key_reused")));
    for (field, value) in [("colour", "red"), ("kind", "people"), ("header", "yes")] {
        let refused = form(field, value, "company_id\nc3\n", field).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (400, &json!("parameter_invalid")), "{field}");
    }
}

/// A file is not taken in for whoever may not send it, whatever its key.
#[tokio::test]
async fn a_token_that_only_reads_sends_no_file() {
    let rollcall = Rollcall::start();
    let reader = rollcall.shell(&["token", "add", "Reader", "--json"])["token"].clone();
    let send = async |token: &str| {
        let request = rollcall.client.post(format!("{}/api/v1/imports", rollcall.address)).bearer_auth(token);
        let request = request.header("idempotency-key", "one").header("content-type", "text/csv");
        support::Answer::of(request.body("user_id\nann\n").send().await.unwrap()).await
    };
    let refused = send(reader.as_str().unwrap()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (403, &json!("scope_missing")));
    assert!(rollcall.list("/imports").await.is_empty());
    assert_eq!(send(&rollcall.token).await.status, 202);
}

/// `rollcall check` beside the server, once it has nothing left to derive.
async fn checked_of(rollcall: &Rollcall) {
    rollcall.list("/users").await;
    self::checked(rollcall);
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_with_a_code_and_leaves_nothing() {
    let rollcall = Rollcall::start();
    for (query, body, status, code) in [
        ("", "", 422, "import_invalid"),
        ("", "colour\nred\n", 422, "import_invalid"),
        ("?kind=people", PEOPLE, 400, "parameter_invalid"),
        ("?existing=maybe", PEOPLE, 400, "parameter_invalid"),
        ("?mapping=x", PEOPLE, 400, "parameter_invalid"),
        ("?mapping=%7B%22No%22%3A%22ignore%22%7D", PEOPLE, 400, "parameter_invalid"),
        ("?colour=red", PEOPLE, 400, "parameter_invalid"),
    ] {
        let refused = posts(&rollcall, query, body).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["code"]),
            (status, &json!(code)),
            "{query}: {}",
            refused.text
        );
    }
    let form = rollcall.client.post(format!("{}/api/v1/imports", rollcall.address)).bearer_auth(&rollcall.token);
    let form = form
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n");
    let refused = support::Answer::of(form.send().await.unwrap()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (400, &json!("file_missing")), "{}", refused.text);
    let nothings: String = (0..60)
        .map(|number| format!("--x\r\ncontent-disposition: form-data; name=\"f{number}\"\r\n\r\n\r\n"))
        .collect();
    let form = rollcall.client.post(format!("{}/api/v1/imports", rollcall.address)).bearer_auth(&rollcall.token);
    let form = form.header("content-type", "multipart/form-data; boundary=x").body(format!("{nothings}--x--\r\n"));
    let refused = support::Answer::of(form.send().await.unwrap()).await;
    assert!(
        refused.text.contains("more than a file and a few choices"),
        "fields of nothing are fields: {}",
        refused.text
    );
    let reader = rollcall.shell(&["token", "add", "Reader", "--json"])["token"].as_str().unwrap().to_owned();
    let stranger = rollcall.api_as(reqwest::Method::POST, "/imports", &reader, None).await;
    assert_eq!(stranger.status, 403);
    assert!(rollcall.list("/imports").await.is_empty());
    assert_eq!(rollcall.api("/imports/7").await.body["code"], "import_not_found");
    let folder = rollcall.file().with_file_name("rollcall.db.imports");
    assert!(!folder.exists() || fs::read_dir(folder).unwrap().next().is_none());
}

#[tokio::test]
async fn a_person_sends_a_file_matches_its_columns_sees_what_would_come_and_imports_it() {
    let rollcall = Rollcall::start();
    let cookie = rollcall.session_cookie().await;
    let get = async |path: &str| {
        let request = rollcall.client.get(format!("{}{path}", rollcall.address)).header("cookie", &cookie);
        support::Answer::of(request.send().await.unwrap()).await
    };
    let post = async |path: &str, kind: &str, body: String| {
        let request = rollcall.client.post(format!("{}{path}", rollcall.address)).header("cookie", &cookie);
        let request = request.header("sec-fetch-site", "same-origin").header("content-type", kind).body(body);
        support::Answer::of(request.send().await.unwrap()).await
    };
    const FORM: &str = "application/x-www-form-urlencoded";
    assert!(get("/imports").await.text.contains("Nothing has been imported yet"));
    let sends = async |text: &str| {
        let file = format!(
            "--x\r\ncontent-disposition: form-data; name=\"kind\"\r\n\r\nusers\r\n--x\r\ncontent-disposition: form-data; \
             name=\"file\"; filename=\"crm.csv\"\r\n\r\n{text}\r\n--x--\r\n"
        );
        post("/imports/new", "multipart/form-data; boundary=x", file).await
    };
    let refused = sends("").await;
    assert!(refused.status == 422 && refused.text.contains("The file is empty"), "{}", refused.text);
    let sent = sends("E-mail;Firm no;Score\r\nann@x.test;c1;1,5\r\nbob@x.test;c1;31/02\r\n").await;
    assert_eq!((sent.status.as_u16(), sent.header("location")), (303, "/imports/1"), "{}", sent.text);
    let draft = get("/imports/1").await.text;
    for part in [
        "crm.csv",
        "semicolon between cells",
        "The first 2 rows",
        "<td><bdi>1,5</bdi></td>",
        "ann@x.test",
        "user.Firm no",
        "Discard",
        "Users are found by e-mail",
    ] {
        assert!(draft.contains(part), "{part}: {draft}");
    }
    let wrong = post("/imports/1", FORM, "do=check&is-0=ignore&is-1=company_id&is-2=user.Score".to_owned()).await;
    assert!(wrong.status == 422 && wrong.text.contains("Nothing says who it is"), "{}", wrong.text);
    let matched = "is-0=user.email&is-1=company_id&is-2=user.Score&type-2=number";
    assert_eq!(post("/imports/1", FORM, format!("do=check&{matched}")).await.status, 303);
    settled(&rollcall, &json!(1)).await;
    let checked = get("/imports/1").await.text;
    assert!(checked.contains("What would happen to 2 rows") && checked.contains("Import it"), "{checked}");
    assert!(checked.contains("<bdi>31/02</bdi>") && checked.contains("<b><bdi>Score</bdi></b>"), "by cell: {checked}");
    assert!(checked.contains("is not a number. Write 1234,5."), "and what would be taken: {checked}");
    assert!(get("/imports/1/refused").await.text.contains("31/02"));
    assert!(rollcall.list("/users").await.is_empty(), "a check changes nothing");
    assert_eq!(post("/imports/1", FORM, "do=run".to_owned()).await.status, 303);
    settled(&rollcall, &json!(1)).await;
    let done = get("/imports/1").await.text;
    assert!(done.contains("Undo") && done.contains("1 cell") && done.contains("<bdi>31/02</bdi>"), "{done}");
    assert!(done.contains("user.Score:number") && done.contains("Update them"), "how it was read is kept: {done}");
    let asked = get("/imports/1?take-back=1").await.text;
    assert!(asked.contains("Undo this import?") && asked.contains("It created 3 users and companies"), "{asked}");
    assert_eq!(rollcall.company("c1").await["members"], 2, "nothing is taken back before it is said so");
    assert_eq!(rollcall.company("c1").await["members"], 2);
    assert_eq!(post("/imports/1", FORM, "do=undo".to_owned()).await.status, 303);
    settled(&rollcall, &json!(1)).await;
    assert!(get("/imports/1").await.text.contains("It was undone"));
    assert!(rollcall.list("/users").await.is_empty());
    let again = sends("E-mail;Firm no;Score\r\nann@x.test;c1;1,5\r\n").await;
    let address = again.header("location").to_owned();
    let draft = get(&address).await.text;
    assert!(
        draft.contains("value=\"company_id\" selected"),
        "what the same headings were before is remembered: {draft}"
    );
    let read = "do=read&encoding=utf-8&delimiter=%2C&dates=dmy&header=true";
    assert_eq!(post(&address, FORM, read.to_owned()).await.status, 303);
    assert!(get(&address).await.text.contains("E-mail;Firm no;Score"), "one column now");
    assert_eq!(post(&address, FORM, "do=discard".to_owned()).await.header("location"), "/imports");
    assert_eq!(get(&address).await.status, 404);
}

/// What a sample file says is read back as what it says, whatever attributes there are.
#[tokio::test]
async fn a_sample_made_from_the_attributes_there_are_is_imported_whole() {
    let rollcall = Rollcall::start();
    import(
        &rollcall,
        "user_id,seats (number),langs (list),company_id,company.renewal\nann,3,de|en,acme,2027-01-01\n",
        &[],
    );
    let desk = rollcall.desk().await;
    assert!(desk.open("/imports/new").await.contains("/imports/sample.csv?kind=users"));
    let sample = desk.open("/imports/sample.csv?kind=users").await;
    let headings = sample.lines().next().unwrap_or_default();
    for heading in
        ["user_id", "email", "seats (number)", "langs (list)", "company_id", "company.renewal", "membership.role"]
    {
        assert!(headings.split(',').any(|known| known == heading), "{heading}: {headings}");
    }
    let report = import(&rollcall, &sample, &[]);
    assert_eq!((&report["refused_rows"], &report["refused_values"]), (&json!(0), &json!(0)), "{report}");
    assert_eq!(counts(&report, "users")[0], 2, "{report}");
    assert_eq!(rollcall.user("u_1001").await["companies"][0]["company_id"], "c_101");
    assert_eq!(desk.ask("/imports/sample.csv?kind=colours").await.0, 404);
}

/// A workbook as a sales team keeps it: notes on the first sheet, people on the second.
fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let notes = book.add_worksheet().set_name("Notes").unwrap();
    notes.write(0, 0, "Updated by").unwrap().write(0, 1, "When").unwrap().write(1, 0, "Ines").unwrap();
    let people = book.add_worksheet().set_name("People").unwrap();
    let headings = ["Customer no", "E-mail", "Company", "Logins", "Price", "Active", "Since", "Zip", "Score"];
    for (column, heading) in (0..).zip(headings) {
        people.write(0, column, heading).unwrap();
    }
    people.merge_range(1, 2, 2, 2, "acme", &Format::new()).unwrap();
    let date = Format::new().set_num_format("d mmm yyyy");
    for (row, (id, email, seats)) in (1..).zip([(30_418, "ann@x.test", 3), (30_419, "bob@x.test", 0), (30_420, "", 7)])
    {
        people.write(row, 0, id).unwrap().write(row, 1, email).unwrap().write(row, 3, seats).unwrap();
        people.write(row, 4, 19.9).unwrap().write(row, 5, row == 1).unwrap().write(row, 7, "01067").unwrap();
        let day = ExcelDateTime::from_ymd(2026, 1, 31).unwrap();
        people.write_datetime_with_format(row, 6, day, &date).unwrap();
        let score = if row == 2 { "#DIV/0!" } else { "8" };
        people.write_formula(row, 8, Formula::new("=D2/D3").set_result(score)).unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn a_workbook_is_imported_as_what_its_cells_are() {
    let rollcall = Rollcall::start();
    let path = file(&rollcall, "crm.xlsx", workbook());
    let line = ["import", path.to_str().unwrap(), "--json", "--sheet", "People"];
    let refused = rollcall.file().with_file_name("refused.csv");
    let mut checked = rollcall.shell(&[&line[..], &["--dry-run"]].concat());
    assert!(rollcall.user_ids().await.is_empty());
    let mut run = rollcall.shell(&[&line[..], &["--refused", refused.to_str().unwrap()]].concat());
    assert_eq!((counts(&run, "users"), &run["refused_values"]), ([3, 0, 0, 0, 0], &json!(1)), "{run}");
    for report in [&mut checked, &mut run] {
        for own in ["import_id", "state", "dry_run", "examples"] {
            report.as_object_mut().unwrap().remove(own);
        }
    }
    assert_eq!(checked, run);
    let ann = rollcall.user("30418").await;
    assert_eq!(
        ann["attributes"],
        json!({ "email": "ann@x.test", "Logins": 3, "Price": 19.9, "Active": true, "Since": "2026-01-31", "Zip": "01067",
                "Score": 8 })
    );
    let bob = rollcall.user("30419").await;
    assert_eq!((&bob["attributes"]["Logins"], bob["attributes"].get("Score")), (&json!(0), None));
    assert_eq!(bob["companies"][0]["company_id"], "acme", "a merged cell is that of both rows");
    assert_eq!(rollcall.user("30420").await["companies"], json!([]));
    let written = fs::read_to_string(refused).unwrap();
    assert!(written.starts_with("Customer no,E-mail,Company,Logins,Price,Active,Since,Zip,Score,"), "{written}");
    assert!(written.contains("30419,bob@x.test,acme,0,19.9,false,2026-01-31,01067,#DIV/0!,2,"), "{written}");
    assert!(written.contains("means that a formula failed"), "{written}");
    let mended = file(&rollcall, "mended.csv", written.replace("#DIV/0!", "9"));
    let again = rollcall.shell(&["import", mended.to_str().unwrap(), "--json"]);
    assert_eq!(counts(&again, "users"), [0, 1, 0, 0, 0], "{again}");
    assert_eq!(rollcall.user("30419").await["attributes"]["Score"], 9);
    checked_of(&rollcall).await;
    assert!(!rollcall.file().with_file_name("rollcall.db.imports").exists());
}

#[tokio::test]
async fn a_sheet_is_chosen_and_what_is_no_workbook_is_refused_with_what_to_do() {
    let rollcall = Rollcall::start();
    let sends = async |query: &str, body: Vec<u8>| {
        let request = rollcall.client.post(format!("{}/api/v1/imports{query}", rollcall.address));
        let request = request.bearer_auth(&rollcall.token).body(body);
        support::Answer::of(request.send().await.unwrap()).await
    };
    let whole = workbook();
    let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on".to_vec();
    let mut others = Workbook::new();
    others.add_worksheet();
    for (query, body, code, hint) in [
        ("", whole[..whole.len() / 2].to_vec(), "file_unreadable", "cut off"),
        ("", old, "file_unreadable", "Save it as .xlsx without a password"),
        ("", others.save_to_buffer().unwrap(), "import_invalid", "empty"),
        ("", whole.clone(), "import_invalid", "Nothing says who it is"),
        ("?sheet=Firms", whole.clone(), "import_invalid", "The sheets are: Notes, People"),
        ("?sheet=People", PEOPLE.into(), "import_invalid", "Only workbooks have sheets"),
    ] {
        let refused = sends(query, body).await;
        let detail = refused.body["detail"].as_str().unwrap_or_default();
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (422, &json!(code)), "{}", refused.text);
        assert!(detail.contains(hint), "{detail}");
    }
    let folder = rollcall.file().with_file_name("rollcall.db.imports");
    assert!(!folder.exists() || fs::read_dir(&folder).unwrap().next().is_none());
    let added = sends("?sheet=People&dry_run=1", whole.clone()).await;
    let import = settled(&rollcall, &added.body["import_id"]).await;
    assert_eq!((&import["sheet"], &import["checked"]["users"]["created"]), (&json!("People"), &json!(3)), "{import}");
    let desk = rollcall.desk().await;
    let page = format!("/imports/{}", added.body["import_id"]);
    let draft = desk.open(&page).await;
    assert!(draft.contains("The sheet <bdi>People</bdi>") && draft.contains("<option value=\"Notes\">"), "{draft}");
    assert!(!draft.contains("Encoding"), "a workbook has none");
    let notes = desk.does(&page, &[("do", "read"), ("sheet", "Notes"), ("header", "true")]).await;
    assert!(notes.contains("Updated by") && !notes.contains("Customer no"), "{notes}");
    let unknown = desk.send(&page, &[("do", "read"), ("sheet", "Firms"), ("header", "true")]).await;
    assert!(unknown.status == 422 && unknown.page.contains("The sheets are: Notes, People"), "{unknown:?}");
    let people = desk.does(&page, &[("do", "read"), ("sheet", "People"), ("header", "true")]).await;
    assert!(people.contains("Customer no") && people.contains("2026-01-31"), "{people}");
    let bare = desk.does(&page, &[("do", "read"), ("sheet", "People")]).await;
    assert!(bare.contains("Column 1") && bare.contains("no headings"), "{bare}");
    desk.does(&page, &[("do", "read"), ("header", "true")]).await;
    desk.done(&page, &[("do", "run")]).await;
    let done = settled(&rollcall, &added.body["import_id"]).await;
    assert_eq!((&done["state"], counts(&done, "users")), (&json!("done"), [3, 0, 0, 0, 0]), "{done}");
    support::until("the files go when they are done", async || {
        if folder.exists() { Err(format!("{:?}", fs::read_dir(&folder))) } else { Ok(()) }
    })
    .await;
}

#[tokio::test]
async fn rows_are_pasted_from_a_spreadsheet_in_the_place_of_a_file() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    assert!(desk.open("/imports/new").await.contains("paste rows from a spreadsheet"));
    let sends = async |file: &str, rows: &str| {
        let part = |name: &str, more: &str, text: &str| {
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n{text}\r\n")
        };
        // As a browser sends it: a file that was not chosen has no name.
        let name = if file.is_empty() { "; filename=\"\"" } else { "; filename=\"crm.csv\"" };
        let parts = [part("kind", "", "users"), part("file", name, file), part("rows", "", rows)].concat();
        let request = rollcall.client.post(format!("{}/imports/new", rollcall.address)).header("cookie", &desk.cookie);
        let request = request.header("sec-fetch-site", "same-origin");
        let request =
            request.header("content-type", "multipart/form-data; boundary=x").body(format!("{parts}--x--\r\n"));
        support::Answer::of(request.send().await.unwrap()).await
    };
    let rows = "E-mail\tCompany\tNote\r\nann@x.test\tacme\t\"two\r\nlines\"\r\nbob@x.test\tacme\t";
    let sent = sends("", rows).await;
    assert_eq!((sent.status.as_u16(), sent.header("location")), (303, "/imports/1"), "{}", sent.text);
    let draft = desk.open("/imports/1").await;
    assert!(draft.contains("Pasted rows") && draft.contains("tab between cells"), "{draft}");
    desk.done("/imports/1", &[("do", "run")]).await;
    let done = settled(&rollcall, &json!(1)).await;
    assert_eq!((&done["state"], counts(&done, "users")), (&json!("done"), [2, 0, 0, 0, 0]), "{done}");
    let ann = rollcall.api("/users/ann%40x.test?by=email").await.body;
    assert_eq!(ann["attributes"]["Note"], "two\r\nlines");
    let file = sends(PEOPLE, "").await;
    assert_eq!(file.header("location"), "/imports/2", "{}", file.text);
    for (file, rows, hint) in [(PEOPLE, rows, "Send one of them"), ("", "", "empty")] {
        let refused = sends(file, rows).await;
        assert!(refused.status == 422 && refused.text.contains(hint), "{}", refused.text);
    }
}

#[tokio::test]
async fn the_report_leads_to_those_whom_an_import_made_or_changed() {
    let rollcall = Rollcall::start();
    import(&rollcall, PEOPLE, &[]);
    import(&rollcall, &PEOPLE.replace("Bob,3", "Robert,3").replace("acme,pro,\n", "globex,,\n"), &[]);
    let ids = async |list: &str, id: &str| {
        let rows = rollcall.api(list).await.body["data"].as_array().unwrap().clone();
        let mut ids: Vec<String> = rows.iter().map(|row| row[id].to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("/users?f=import:is:1", "email").await.len(), 3);
    assert_eq!(ids("/users?f=import:is:2", "user_id").await, ["\"bob\""]);
    assert_eq!(ids("/users?f=import:is:1&f=import:not:2", "user_id").await, ["\"ann\"", "null"]);
    assert_eq!(ids("/companies?f=import:in:1,2", "company_id").await, ["\"acme\"", "\"globex\""]);
    assert_eq!(ids("/companies?f=import:is:2", "company_id").await, Vec::<String>::new());
    let unknown = rollcall.api("/users?f=import:is:people.csv").await;
    assert!(unknown.status == 400 && unknown.text.contains("the number of an import"), "{}", unknown.text);
    let desk = rollcall.desk().await;
    let report = desk.open("/imports/2").await;
    assert!(report.contains("href=\"/users?f=import%3Ais%3A2\"") && !report.contains("/companies?f="), "{report}");
    let list = desk.open("/users?f=import%3Ais%3A2").await;
    assert!(list.contains("created or changed by import 2") && list.contains("Save as a segment"), "{list}");
}

/// Takes an import back at the shell.
fn take_back(rollcall: &Rollcall, number: u32) -> Value {
    let back = rollcall.shell(&["import", "--undo", &number.to_string(), "--json"]);
    assert_eq!(back["state"], "undone", "{back}");
    back["taken_back"].clone()
}

#[tokio::test]
async fn the_same_file_twice_is_taken_back_in_either_order_and_leaves_nobody() {
    // Since when somebody is a member says whoever says it still.
    let but_since = |mut all: [Vec<Value>; 4]| {
        all[2].iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("joined_at")));
        all
    };
    for order in [[2, 1], [1, 2]] {
        let rollcall = Rollcall::start();
        let empty = everything(&rollcall);
        import(&rollcall, PEOPLE, &[]);
        let imported = but_since(everything(&rollcall));
        let again = import(&rollcall, PEOPLE, &[]);
        assert_eq!(counts(&again, "users"), [0, 0, 3, 0, 0]);
        take_back(&rollcall, order[0]);
        assert_eq!(but_since(everything(&rollcall)), imported, "the other one still says it: {order:?}");
        take_back(&rollcall, order[1]);
        assert_eq!(everything(&rollcall), empty, "{order:?}");
        checked(&rollcall);
        let third = import(&rollcall, PEOPLE, &[]);
        assert_eq!(counts(&third, "users"), [3, 0, 0, 0, 0], "it can come again: {third}");
    }
}

/// What a later import said otherwise goes back to what the earlier one said, and with that one nothing is left.
#[tokio::test]
async fn two_imports_of_the_same_people_are_taken_back_one_after_the_other() {
    let rollcall = Rollcall::start();
    let empty = everything(&rollcall);
    import(&rollcall, PEOPLE, &[]);
    let first = everything(&rollcall);
    import(&rollcall, &PEOPLE.replace("admin", "boss").replace("pro", "free").replace("ann@acme", "ann@new"), &[]);
    assert_eq!(rollcall.user("ann").await["companies"][0]["role"], "boss");
    take_back(&rollcall, 2);
    assert_eq!(everything(&rollcall), first);
    take_back(&rollcall, 1);
    assert_eq!(everything(&rollcall), empty);
    checked(&rollcall);
}

#[tokio::test]
async fn what_a_site_says_again_stays_when_imports_that_said_it_are_taken_back() {
    let rollcall = Rollcall::start();
    let text =
        "user_id,email,Company id,Company plan,Role\nann,ann@x.test,acme,pro,admin\nbob,bob@x.test,globex,pro,\n";
    import(&rollcall, text, &[]);
    let company = json!({ "company_id": "acme", "plan": "pro", "membership": { "role": "admin" } });
    let said =
        json!([{ "type": "identify", "userId": "ann", "traits": { "email": "ann@x.test", "company": company } }]);
    let answer = rollcall.backend_posts(said).await;
    assert_eq!(answer[0]["status"], "unchanged", "{answer:?}");
    import(&rollcall, text, &[]);
    take_back(&rollcall, 2);
    let kept = take_back(&rollcall, 1);
    assert!(kept["kept"].as_u64() > Some(0), "{kept}");
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["attributes"], json!({ "email": "ann@x.test" }));
    assert_eq!((&ann["companies"][0]["company_id"], &ann["companies"][0]["role"]), (&json!("acme"), &json!("admin")));
    assert_eq!(rollcall.company("acme").await["attributes"], json!({ "plan": "pro" }));
    assert_eq!(rollcall.user_ids().await, ["ann"], "of bob nobody said anything but the imports");
    assert_eq!(rollcall.api("/companies/globex").await.status, 404);
    checked(&rollcall);
}

/// C1: all rows of a file together say which companies a user belongs to.
#[tokio::test]
async fn a_file_that_replaces_memberships_is_taken_as_a_whole_and_its_check_says_which_end() {
    let rollcall = Rollcall::start();
    let known =
        "user_id,company_id,role,joined_at\nann,a1,x,2025-01-01\nann,a2,y,2025-02-01\nann,a3,z,2025-03-01\nbob,a3,,\n";
    import(&rollcall, known, &["--kind", "memberships"]);
    let before = everything(&rollcall);
    let text = "user_id,company_id\nann,a2\nann,a4\nann,a1\n";
    let line = ["--kind", "memberships", "--memberships", "replace"];
    let check = import(&rollcall, text, &[&line[..], &["--dry-run"]].concat());
    assert_eq!(check["memberships_ended"], 1, "{check}");
    let ends = json!({ "kind": "membership", "id": "ann in a3", "field": "member", "before": true, "after": false });
    assert_eq!(check["examples"][0], ends, "{check}");
    assert_eq!(everything(&rollcall), before, "a check changes nothing");
    let path = file(&rollcall, "people.csv", text);
    let line = [&["import", path.to_str().unwrap()], &line[..]].concat();
    let said = rollcall.shell_output(&[&line[..], &["--dry-run"]].concat(), "");
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("1 membership would end: users leave the companies"), "{said}");
    let said = String::from_utf8(rollcall.shell_output(&line, "").stdout).unwrap();
    assert!(said.contains("1 membership ended"), "{said}");

    let ann = rollcall.user("ann").await;
    let open = |company: &&Value| company["left_at"].is_null();
    let of = |company: &Value| (company["company_id"].clone(), company["role"].clone());
    let companies: Vec<(Value, Value)> = ann["companies"].as_array().unwrap().iter().filter(open).map(of).collect();
    assert_eq!(companies, [(json!("a1"), json!("x")), (json!("a2"), json!("y")), (json!("a4"), json!(null))]);
    assert_eq!(ann["companies"][1]["joined_at"], "2025-02-01T00:00:00.000Z", "who is named was never away: {ann}");
    let changes = rollcall.list("/changes").await;
    let left: Vec<&Value> = changes
        .iter()
        .flat_map(|set| set["changes"].as_array().unwrap())
        .filter(|change| change["after"]["left_at"].is_string())
        .collect();
    assert_eq!(left.len(), 1, "nobody left what another row names: {left:?}");
    assert_eq!(rollcall.user("bob").await["companies"][0]["left_at"], json!(null), "of whom the file says nothing");
    let again = import(&rollcall, text, &line[2..]);
    assert_eq!((&again["memberships_ended"], counts(&again, "memberships")), (&json!(0), [0, 0, 3, 0, 0]));
    checked(&rollcall);
    take_back(&rollcall, again["import_id"].as_u64().unwrap() as u32);
    take_back(&rollcall, again["import_id"].as_u64().unwrap() as u32 - 1);
    assert_eq!(everything(&rollcall), before);
    checked(&rollcall);
}

#[tokio::test]
async fn companies_of_one_name_and_no_id_are_told_by_name_and_count_before_they_become_one() {
    let rollcall = Rollcall::start();
    let text = "Record ID,Company name,Company Domain Name,Number of Employees\n\
                1,Acme Ltd,acme-uk.test,10\n2,Acme Ltd,acme-us.test,9000\n3,Globex,globex.test,5\n";
    let by_name = ["--kind", "companies", "--mapping", "Record ID=ignore"];
    let check = import(&rollcall, text, &[&by_name[..], &["--dry-run"]].concat());
    let told = json!({ "created": 2, "joined_rows": 1, "joined": ["Acme Ltd"] });
    assert_eq!((&check["companies_without_id"], counts(&check, "companies")), (&told, [2, 1, 0, 0, 0]), "{check}");
    let path = file(&rollcall, "people.csv", text);
    let line = [&["import", path.to_str().unwrap()], &by_name[..], &["--dry-run"]].concat();
    let said = String::from_utf8(rollcall.shell_output(&line, "").stdout).unwrap();
    assert!(said.contains("2 new companies have no id in the file"), "{said}");
    assert!(said.contains("with other values: \"Acme Ltd\". They become one company"), "{said}");
    // The tool's own ids keep them apart, and are proposed.
    let run = import(&rollcall, text, &["--kind", "companies"]);
    assert_eq!((counts(&run, "companies"), &run["companies_without_id"]["created"]), ([3, 0, 0, 0, 0], &json!(0)));
    checked(&rollcall);
}

#[tokio::test]
async fn a_check_at_the_shell_says_how_the_file_is_read_and_what_its_columns_become() {
    let rollcall = Rollcall::start();
    let text = "user_id;Signed up;Notes;companies;Role\nann;01/02/2026 1:05 PM;x;a|b;admin|member\n";
    let path = file(&rollcall, "people.csv", text);
    let path = path.to_str().unwrap();
    let line = ["import", path, "--mapping", "companies=company_id", "--mapping", "Notes=ignore"];
    let said = rollcall.shell_output(&[&line[..], &["--dry-run"]].concat(), "");
    let said = String::from_utf8(said.stdout).unwrap();
    for part in [
        "Read as utf-8, semicolons between cells, headings in the first row",
        "dates month first (12/31/2026)",
        "user_id -> user_id",
        "Notes -> not imported",
        "companies -> company_id",
        "Nothing in the file tells whether 01/02/2026 is in January or in February",
        "--dates dmy",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let told = rollcall.shell_output(&[&line[..], &["--dry-run", "--dates", "dmy"]].concat(), "");
    assert!(!String::from_utf8(told.stdout).unwrap().contains("Nothing in the file tells"), "it was said");
    rollcall.shell(&[&line[..], &["--json"]].concat());
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["attributes"]["created_at"], "2026-01-02T13:05:00.000Z", "{ann}");
    let roles: Vec<(&Value, &Value)> =
        ann["companies"].as_array().unwrap().iter().map(|company| (&company["company_id"], &company["role"])).collect();
    assert_eq!(roles, [(&json!("b"), &json!("member")), (&json!("a"), &json!("admin"))]);
}

/// The earlier import is taken back first: what it said does not come back with the later one.
#[tokio::test]
async fn imports_are_taken_back_in_the_order_of_their_making_too() {
    let rollcall = Rollcall::start();
    let company = json!({ "type": "group", "userId": "ann", "groupId": "acme", "traits": { "plan": "p", "seats": 1 } });
    rollcall.backend_posts(company).await;
    let stands = async || rollcall.api("/companies/acme").await.body["attributes"].clone();
    let before = stands().await;
    let of_companies = ["--kind", "companies"];
    import(&rollcall, "company_id,plan\nacme,A\n", &of_companies);
    import(&rollcall, "company_id,plan\nacme,B\n", &of_companies);
    take_back(&rollcall, 1);
    assert_eq!(stands().await["plan"], "B", "it was set since");
    take_back(&rollcall, 2);
    assert_eq!(stands().await, before);

    // Rows of one file that say different things of one company leave nothing of any of them.
    let rows: String = (0..8).map(|row| format!("w{row},acme,plan {row},{row}\n")).collect();
    import(&rollcall, &format!("user_id,company_id,company.plan,company.seats\n{rows}"), &[]);
    assert_eq!(stands().await["plan"], "plan 7");
    take_back(&rollcall, 3);
    assert_eq!(stands().await, before);
    let made = rollcall.list("/changes").await;
    let made = made.iter().filter(|set| {
        let rows = set["changes"].as_array().unwrap();
        rows.iter().any(|row| {
            row["field"] == "created" && row["id"].as_str().unwrap().starts_with('w') && row["before"].is_null()
        })
    });
    let undone: Vec<bool> = made.map(|set| set["undone_by"].is_i64()).collect();
    assert_eq!(undone, [true; 8], "whom it made is gone, and that is said");
    checked(&rollcall);
}

/// A heading that names a target word for word is it, also behind one that only seems to be.
#[tokio::test]
async fn a_heading_that_names_its_target_is_it_and_a_lone_cross_is_a_text() {
    let rollcall = Rollcall::start();
    let text = "user_id,email,plan,company_id,company.plan,city\nann,ann@x.test,pro,acme,gold,X\n";
    import(&rollcall, text, &[]);
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["attributes"], json!({ "email": "ann@x.test", "plan": "pro", "city": "X" }));
    assert_eq!(rollcall.api("/companies/acme").await.body["attributes"], json!({ "plan": "gold" }));
}
