//! Proof of identity, step 5: what the page shows for each back end makes a hash that Rollcall takes.

use std::path::PathBuf;

use serde_json::json;

use super::{Rollcall, code, run};

/// Around the page's code: what prints its hash for the user 42. Its imports stand above a blank line.
const PROGRAMS: [(&str, &str, &str, &str); 5] = [
    ("ruby", "ruby", "a.rb", "IMPORTS\nuser = Struct.new(:id).new(42)\nCODE\nputs user_hash"),
    (
        "python",
        "python3",
        "a.py",
        "IMPORTS\nfrom types import SimpleNamespace\nuser = SimpleNamespace(pk=42)\nCODE\nprint(user_hash)",
    ),
    ("php", "php", "a.php", "<?php\n$user = (object) ['id' => 42];\nCODE\necho $userHash;"),
    ("node", "node", "a.mjs", "IMPORTS\nconst user = { id: 42 }\nCODE\nconsole.log(userHash)"),
    (
        "go",
        "go",
        "a.go",
        "package main\nIMPORTS\nfunc main() {\nvar user struct{ ID int }\nuser.ID = 42\nCODE\nfmt.Println(userHash)\n}",
    ),
];

#[actix_web::test]
async fn what_the_page_shows_for_each_back_end_makes_a_hash_that_is_taken() {
    let rollcall = Rollcall::start();
    let made = rollcall.shell(&["source", "add", "Shop", "--json"]);
    let (key, secret) = (made["write_key"].as_str().expect("a key"), made["secret"].as_str().expect("a secret"));
    let desk = rollcall.desk().await;
    for (language, program, file, around) in PROGRAMS {
        let shown = code(&desk, &format!("lang={language}"), "proof").await.remove(0);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(file);
        let (imports, code) = shown.split_once("\n\n").unwrap_or(("", &shown));
        std::fs::write(&path, around.replace("IMPORTS", imports).replace("CODE", code)).expect("a file");
        let mut command = vec![PathBuf::from("-u"), "ROLLCALL_SECRET".into()];
        command.push(format!("ROLLCALL_SECRET={secret}").into());
        command.push(program.into());
        if program == "go" {
            command.push("run".into());
        }
        command.push(path);
        let hash = run("env", &command).trim().to_owned();
        let sent = |hash: &str| {
            json!({
                "writeKey": key, "type": "identify", "userId": "42", "traits": { "plan": language },
                "context": { "user_hash": hash },
            })
        };
        let answer = rollcall.post("/v1/identify", sent(&hash)).await;
        assert_eq!(answer.body["results"][0]["status"], "stored", "{language}: {hash} {}", answer.text);
        assert_eq!(rollcall.user("42").await["signed"], true, "{language}");
        let answer = rollcall.post("/v1/identify", sent(&hash.replace(|_: char| true, "0"))).await;
        assert_eq!(answer.body["results"][0]["code"], "signature_invalid", "{language}");
    }
}
