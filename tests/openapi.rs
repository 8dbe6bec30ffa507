//! The description of the API is held against the API: every call that is there is in it, and what it says is so.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

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

    let described: BTreeSet<String> = paths(&document).into_iter().map(|(path, _)| path.to_owned()).collect();
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
