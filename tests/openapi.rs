//! The description of the API is held against the API: every call that is there is in it, and what it says is so.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Rollcall, encoded};

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

async fn document(rollcall: &Rollcall) -> Value {
    let url = format!("{}/api/v1/openapi.json", rollcall.address);
    let answer = Answer::of(rollcall.client.get(&url).send().await.expect("an answer")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"), "without a token");
    answer.body
}

/// Each path with its operations by method.
fn paths(document: &Value) -> Vec<(&str, BTreeMap<&str, &Value>)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .map(|(path, item)| {
            let operations = METHODS.iter().filter_map(|method| Some((*method, item.get(*method)?))).collect();
            (path.strip_prefix("/api/v1").expect("a path of the API"), operations)
        })
        .collect()
}

/// The path with its examples in the place of its parameters.
fn filled(path: &str, operation: &Value) -> String {
    let mut filled = path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path") {
        let name = parameter["name"].as_str().expect("a name");
        filled = filled.replace(&format!("{{{name}}}"), &encoded(parameter["example"].as_str().expect("an example")));
    }
    assert!(!filled.contains('{'), "{path} has a parameter that is not described");
    filled
}

/// Asks an operation, with the example of its body.
async fn ask(rollcall: &Rollcall, (method, address): (&str, &str), operation: &Value, token: &str) -> Answer {
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
    let body = operation["requestBody"]["content"]["application/json"].get("example").cloned();
    rollcall.api_as(method, address, token, body).await
}

fn in_query(operation: &Value) -> BTreeSet<&str> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str()).collect()
}

#[actix_web::test]
async fn every_call_of_the_description_is_there_and_every_call_that_is_there_is_described() {
    let rollcall = Rollcall::start();
    let document = document(&rollcall).await;
    assert!(document["openapi"].as_str().expect("a version").starts_with("3.1"), "{}", document["openapi"]);
    let client = &rollcall.client;
    for (path, operations) in paths(&document) {
        let address = filled(path, operations.values().next().expect("an operation"));
        for (method, operation) in &operations {
            let answer = ask(&rollcall, (method, &address), operation, "rc_nobody").await;
            let expected = if operation.get("security").is_some() { 401 } else { 200 };
            assert_eq!(answer.status, expected, "{method} {path}: {answer:?}");
        }
        let other = Method::from_bytes(b"TRACE").expect("a method");
        let url = format!("{}/api/v1{address}", rollcall.address);
        let refused = Answer::of(client.request(other, url).send().await.expect("an answer")).await;
        assert_eq!(refused.status, 405, "{path}");
        let taken: BTreeSet<String> = refused.header("allow").split(", ").map(str::to_lowercase).collect();
        let described: BTreeSet<String> = operations.keys().map(|method| (*method).to_owned()).collect();
        assert_eq!(&taken - &BTreeSet::from(["head".to_owned()]), described, "{path}: the methods");
    }

    // Each kind of export takes other parameters, so each is described.
    let address = |path: &str| if path.starts_with("/export/") { "/export/{kind}".to_owned() } else { path.to_owned() };
    let described: BTreeSet<String> = paths(&document).into_iter().map(|(path, _)| address(path)).collect();
    assert_eq!(registered(), described, "the addresses of the code and those of the description");
}

/// The addresses that the code of the API registers, without the patterns of their parameters.
fn registered() -> BTreeSet<String> {
    let mut addresses = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).expect("a source");
            for call in ["resource(", "read_only("] {
                for piece in text.split(call).skip(1) {
                    let Some(("", rest)) = piece.trim_start().split_once('"') else { continue };
                    let address = rest.split('"').next().expect("the end of a text");
                    if !address.starts_with("/api/") {
                        addresses.insert(address.replace(":[^/]*}", "}").replace(":.*}", "}"));
                    }
                }
            }
        }
    }
    assert!(addresses.len() > 30, "the addresses were found");
    addresses
}

#[actix_web::test]
async fn a_call_takes_the_parameters_of_its_description_and_no_others() {
    let rollcall = Rollcall::start();
    let document = document(&rollcall).await;
    for (path, operations) in paths(&document) {
        for (method, operation) in operations.iter().filter(|(_, operation)| operation.get("security").is_some()) {
            let address = format!("{}?no_such_thing=1", filled(path, operation));
            let refused = ask(&rollcall, (method, &address), operation, &rollcall.token).await;
            assert_eq!(refused.body["code"], "parameter_invalid", "{method} {path}: {refused:?}");
            let detail = refused.body["detail"].as_str().expect("a sentence");
            let allowed = detail.split_once("Allowed: ").expect("what is allowed").1.trim_end_matches('.');
            let allowed: BTreeSet<&str> = allowed.split(", ").filter(|name| *name != "none").collect();
            // Filters are several words under one name.
            let described = &in_query(operation) - &BTreeSet::from(["match"]);
            let mut allowed = allowed;
            if operation["summary"].as_str().is_some_and(|summary| summary.ends_with("with id= one of them")) {
                // They make another call of it, that of one row.
                allowed.retain(|name| !["id", "by", "at"].contains(name));
            }
            assert_eq!(described, allowed, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn a_call_asks_for_the_scope_of_its_description() {
    let rollcall = Rollcall::start();
    let document = document(&rollcall).await;
    let token = |scope: &str| {
        let made = rollcall.shell(&["token", "add", scope, "--scope", scope, "--json"]);
        made["token"].as_str().expect("a token").to_owned()
    };
    let (reader, writer) = (token("read"), token("write"));
    for (path, operations) in paths(&document) {
        for (method, operation) in operations {
            let Some(scope) = operation["security"][0]["token"][0].as_str() else { continue };
            let weaker = match scope {
                "read" => continue,
                "write" => &reader,
                _ => &writer,
            };
            let refused = ask(&rollcall, (method, &filled(path, operation)), operation, weaker).await;
            assert_eq!(
                (refused.status.as_u16(), &refused.body["code"], &refused.body["scope"]),
                (403, &json!("scope_missing"), &json!(scope)),
                "{method} {path}"
            );
        }
    }
}

/// What is at a reference.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("what is referred to"),
        None => schema,
    }
}

/// The members that a schema names, and those that are required; of all its parts.
fn members<'a>(document: &'a Value, schema: &'a Value) -> (BTreeMap<&'a str, &'a Value>, BTreeSet<&'a str>) {
    let schema = resolved(document, schema);
    let (mut named, mut required) = (BTreeMap::new(), BTreeSet::new());
    named.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, schema)| (name.as_str(), schema)));
    required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, needed) = members(document, part);
        named.extend(more);
        required.extend(needed);
    }
    (named, required)
}

/// Where a value is not what its schema says.
fn differences(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let schema = resolved(document, schema);
    for of in ["oneOf", "anyOf"] {
        if let Some(ways) = schema[of].as_array() {
            let each = ways.iter().map(|way| differences(document, way, value, place));
            return each.min_by_key(Vec::len).expect("a way");
        }
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !kinds.is_empty() && !kinds.contains(&kind) {
        return vec![format!("{place} is {kind} and not {kinds:?}")];
    }
    let within = |(number, item)| differences(document, &schema["items"], item, &format!("{place}[{number}]"));
    let mut found: Vec<String> = value.as_array().into_iter().flatten().enumerate().flat_map(within).collect();
    let (named, required) = members(document, schema);
    if let (Value::Object(object), false) = (value, named.is_empty()) {
        let missing = required.iter().filter(|name| !object.contains_key(**name));
        found.extend(missing.map(|name| format!("{place}.{name} is missing")));
        for (name, value) in object {
            match named.get(name.as_str()) {
                Some(schema) => found.extend(differences(document, schema, value, &format!("{place}.{name}"))),
                None => found.push(format!("{place}.{name} is not described")),
            }
        }
    }
    found
}

/// Members that are said only where there is something to say.
const SOMETIMES: [&str; 8] =
    ["at", "total", "total_is_minimum", "work", "attribute", "page_name", "count_is_minimum", "size_is_minimum"];

/// A workspace in which there is something of everything.
async fn filled_workspace() -> Rollcall {
    let rollcall = Rollcall::start();
    let (id, at) = (support::message_id, support::seconds_ago(60));
    let ann =
        json!({ "name": "Ann", "email": "ann@acme.example", "seats": 3, "company": { "id": "acme", "name": "Acme" } });
    let page = json!({ "url": "https://acme.example/a", "path": "/a", "title": "A" });
    rollcall
        .page_posts(json!([
            { "type": "page", "messageId": id(), "anonymousId": "b1", "timestamp": at, "properties": page },
            { "type": "identify", "messageId": id(), "userId": "ann", "anonymousId": "b1", "traits": ann, "timestamp": at },
            { "type": "track", "messageId": id(), "userId": "ann", "event": "Report exported", "timestamp": at },
            { "type": "identify", "messageId": id(), "userId": "undefined", "timestamp": at },
            { "type": "identify", "messageId": id(), "userId": "bob", "traits": { "seats": "ten" }, "timestamp": at },
        ]))
        .await;
    let changed = rollcall.api_as(Method::PATCH, "/users/ann", &rollcall.token, Some(json!({ "tags": ["vip"] }))).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    rollcall
}

#[actix_web::test]
async fn answers_are_of_the_shapes_that_the_description_gives_them() {
    let rollcall = filled_workspace().await;
    let document = document(&rollcall).await;
    let source = rollcall.list("/sources").await[0]["source_id"].as_str().expect("an id").to_owned();
    let segment = rollcall.list("/segments").await[0]["segment_id"].as_str().expect("an id").to_owned();
    for (described, address) in [
        ("/users", "/users?count=1"),
        ("/users/{id}", "/users/ann"),
        ("/users/{id}/events", "/users/ann/events"),
        ("/users/{id}/changes", "/users/ann/changes"),
        ("/companies", "/companies"),
        ("/companies/{id}", "/companies/acme"),
        ("/companies/{id}/members", "/companies/acme/members"),
        ("/companies/{id}/changes", "/companies/acme/changes"),
        ("/visitors", "/visitors"),
        ("/events", "/events"),
        ("/changes", "/changes"),
        ("/segments", "/segments"),
        ("/segments/{id}", &format!("/segments/{segment}")),
        ("/attributes", "/attributes"),
        ("/attributes/{owner}/{name}", "/attributes/user/seats"),
        ("/refusals", "/refusals"),
        ("/refusals/tray", "/refusals/tray"),
        ("/sources", "/sources"),
        ("/sources/{source_id}", &format!("/sources/{source}")),
        ("/settings/{name}", "/settings/time_zone"),
    ] {
        let operation = &document["paths"][format!("/api/v1{described}")]["get"];
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let answer = rollcall.api(address).await;
        assert_eq!(answer.status, 200, "{address}: {answer:?}");
        assert_eq!(differences(&document, schema, &answer.body, address), Vec::<String>::new());
        // And what is described is there.
        let (named, _) = members(&document, schema);
        let (schema, rows) = match (named.get("data"), answer.body["data"].as_array()) {
            (Some(list), Some(rows)) => (&list["items"], rows.clone()),
            _ => (schema, vec![answer.body.clone()]),
        };
        assert!(!rows.is_empty(), "{address} has no rows");
        let (named, _) = members(&document, schema);
        assert!(!named.is_empty(), "{address} is not described");
        for name in named.keys().filter(|name| !SOMETIMES.contains(name)) {
            assert!(rows.iter().any(|row| row.get(*name).is_some()), "{address}: {name} is in no row");
        }
    }
    let refused = rollcall.api("/users/nobody").await;
    let problem = json!({ "$ref": "#/components/schemas/Problem" });
    assert_eq!(differences(&document, &problem, &refused.body, "a problem"), Vec::<String>::new());
}

/// All objects within a schema that say which members they have.
fn objects<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    match schema {
        Value::Object(members) => {
            if schema["properties"].is_object() {
                found.push(schema);
            }
            members.values().for_each(|member| objects(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, found)),
        _ => {}
    }
}

#[actix_web::test]
async fn a_member_that_may_be_null_is_always_there_and_what_an_answer_leads_to_is_a_call() {
    let rollcall = Rollcall::start();
    let document = document(&rollcall).await;
    let (mut sent, mut all, mut links) = (BTreeSet::new(), Vec::new(), 0);
    let mut calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, operations) in paths(&document) {
        for operation in operations.values() {
            if let Some(body) = operation.pointer("/requestBody/content/application~1json/schema/$ref") {
                sent.insert(body.as_str().unwrap().rsplit('/').next().unwrap());
            }
            objects(&operation["responses"], &mut all);
            let of_path = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path");
            let names = of_path.map(|one| one["name"].as_str().unwrap()).collect();
            calls.insert(operation["operationId"].as_str().unwrap(), names);
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if !sent.contains(name.as_str()) {
            objects(schema, &mut all);
        }
    }
    let may_be_null = |schema: &Value| {
        let is_null = |one: &Value| one["type"] == "null";
        schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("null")))
            || schema["oneOf"].as_array().is_some_and(|ways| ways.iter().any(is_null))
    };
    let mut nullable = 0;
    for object in all {
        for (name, _) in object["properties"].as_object().unwrap().iter().filter(|(_, member)| may_be_null(member)) {
            nullable += 1;
            assert!(object["required"].as_array().is_some_and(|all| all.contains(&json!(name))), "{name}: {object}");
        }
    }
    assert!(nullable > 40, "{nullable} members may be null");
    for (_, operations) in paths(&document) {
        for operation in operations.values() {
            let answers = operation["responses"].as_object().unwrap().values();
            for link in answers.flat_map(|answer| answer["links"].as_object().into_iter().flat_map(|all| all.values()))
            {
                links += 1;
                let named = &calls[link["operationId"].as_str().unwrap()];
                for name in link["parameters"].as_object().unwrap().keys() {
                    assert!(named.contains(name.strip_prefix("path.").unwrap()), "{link}");
                }
            }
        }
    }
    assert!(links > 30, "{links} links");
}

#[actix_web::test]
async fn a_change_by_hand_is_answered_in_the_shape_that_is_described() {
    let rollcall = filled_workspace().await;
    let document = document(&rollcall).await;
    for (described, method, address) in [
        ("/users/{id}", "patch", "/users/ann"),
        ("/companies/{id}", "patch", "/companies/acme"),
        ("/companies/{id}/members/{user_id}", "put", "/companies/acme/members/ann"),
        ("/settings/{name}", "put", "/settings/time_zone"),
    ] {
        let operation = &document["paths"][format!("/api/v1{described}")][method];
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let answer = ask(&rollcall, (method, address), operation, &rollcall.token).await;
        assert_eq!(answer.status, 200, "the example is taken: {answer:?}");
        assert_eq!(differences(&document, schema, &answer.body, address), Vec::<String>::new());
    }
}

#[actix_web::test]
async fn whoever_is_signed_in_reads_the_same_as_a_page() {
    let rollcall = filled_workspace().await;
    let document = document(&rollcall).await;
    let out = rollcall.client.get(format!("{}/api", rollcall.address)).send().await.expect("an answer");
    assert!(!out.text().await.expect("a page").contains("Erases a person"), "who is not signed in reads nothing");

    let desk = rollcall.desk().await;
    let overview = desk.open("/api").await;
    for (path, operations) in paths(&document) {
        for (method, operation) in operations {
            let call = format!("{} {path}", method.to_uppercase());
            assert!(overview.contains(&call), "{call} is not listed");
            let group = operation["tags"][0].as_str().expect("a group");
            let page = desk.open(&format!("/api?of={group}")).await;
            let id = operation["operationId"].as_str().expect("an id");
            let (_, shown) =
                page.split_once(&format!("<h2 id=\"{id}\">")).unwrap_or_else(|| panic!("{call} is not shown"));
            let shown = shown.split("</section>").next().expect("a card");
            assert!(shown.contains(operation["summary"].as_str().expect("a summary")), "{call}: {shown}");
            for name in in_query(operation) {
                assert!(shown.contains(&format!(">{name}</code>")), "{call}: {name}");
            }
        }
    }
    let users = desk.open("/api?of=users").await;
    assert!(users.contains("/api/v1/users/") && !users.contains("/users/ID"), "the example is somebody who is there");
    let sources = desk.open("/api?of=sources").await;
    assert!(!sources.contains("SOURCE_ID") && !sources.contains("stands for an id"), "{sources}");
    assert_eq!(desk.ask("/api?of=colours").await.0, 404);
    for page in ["/help", "/settings/tokens"] {
        assert!(desk.open(page).await.contains("href=\"/api\""), "{page} leads there");
    }
}

/// Examples of each call that schemathesis makes up.
fn made_up() -> &'static str {
    if std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty()) { "200" } else { "6" }
}

#[actix_web::test]
async fn requests_that_are_made_up_are_answered_as_the_description_says() {
    let rollcall = filled_workspace().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let token = rollcall.shell(&["token", "add", "made up", "--scope", "admin", "--json"])["token"].clone();
    let token = token.as_str().expect("a token");
    let notes = tempfile::tempdir().expect("a folder for what it keeps");
    let schemathesis = Command::new(folder.join("target/py-openapi/bin/schemathesis"))
        .arg("--config-file")
        .arg(folder.join("tests/openapi/schemathesis.toml"))
        .args(["run", &format!("{}/api/v1/openapi.json", rollcall.address), "--checks", "all", "--no-color"])
        .args(["--header", &format!("Authorization: Bearer {token}"), "--max-examples", made_up()])
        .args(["--continue-on-failure", "--seed", "1"])
        .current_dir(&notes)
        .output()
        .expect("schemathesis, which tests/run installs");
    let said = String::from_utf8_lossy(&schemathesis.stdout);
    assert!(schemathesis.status.success(), "{said}{}", String::from_utf8_lossy(&schemathesis.stderr));
    assert!(said.contains("Tested: ") && said.contains(" passed"), "{said}");
}
