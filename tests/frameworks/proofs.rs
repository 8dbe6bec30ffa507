//! Proof of identity, step 5: what the page shows for each back end makes a hash that Rollcall takes.

use std::path::PathBuf;

use serde_json::json;

use super::{Rollcall, code, run};

/// Around the page's code: what prints its value for the user 42.
const PROGRAMS: [(&str, &str, &str, &str); 5] = [
    ("ruby", "ruby", "a.rb", "require 'openssl'\nuser = Struct.new(:id).new(42)\nputs(CODE)"),
    (
        "python",
        "python3",
        "a.py",
        "import hashlib, hmac, os\nfrom types import SimpleNamespace\nuser = SimpleNamespace(pk=42)\nprint(CODE)",
    ),
    ("php", "php", "a.php", "<?php\n$user = (object) ['id' => 42];\necho CODE;"),
    ("node", "node", "a.mjs", "import crypto from 'node:crypto'\nconst user = { id: 42 }\nconsole.log(CODE)"),
    (
        "go",
        "go",
        "a.go",
        "package main\nimport (\n\"crypto/hmac\"\n\"crypto/sha256\"\n\"encoding/hex\"\n\"fmt\"\n\"os\"\n)\nfunc main() {\nvar user struct{ ID int }\nuser.ID = 42\nCODE\nfmt.Println(userHash)\n}",
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
        std::fs::write(&path, around.replace("CODE", &shown)).expect("a file");
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
