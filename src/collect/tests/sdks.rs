//! What SDKs sent when they were recorded, sent again.

use super::*;

fn fixtures(sdk: &str) -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(sdk);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(!paths.is_empty());
    paths
        .into_iter()
        .map(|path| (path.clone(), serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()))
        .collect()
}

/// Sends again what an SDK sent; each message must be stored, each question answered.
async fn replay(sdk: &str) -> Door {
    let door = Door::open().await;
    for (path, fixture) in fixtures(sdk) {
        let method: Method = fixture["method"].as_str().unwrap().parse().unwrap();
        let mut request = TestRequest::default().method(method.clone()).uri(fixture["path"].as_str().unwrap());
        for (name, value) in fixture["headers"].as_object().unwrap() {
            request = request.insert_header((name.as_str(), value.as_str().unwrap()));
        }
        let compressed = fixture["content_encoding"] == "gzip";
        let body = if compressed {
            std::fs::read(path.with_extension("gz")).unwrap()
        } else {
            fixture["body"].as_str().unwrap().as_bytes().to_vec()
        };
        let answer = door.ask(request.set_payload(body)).await;
        let origin = fixture["headers"]["origin"].as_str().unwrap_or_default();
        assert_eq!(answer.header("access-control-allow-origin"), origin, "{path:?}");
        match method {
            Method::OPTIONS => {
                assert_eq!(answer.status, 200, "{path:?}");
                let asked = fixture["headers"]["access-control-request-headers"].as_str().unwrap_or_default();
                assert_eq!(answer.header("access-control-allow-headers"), asked, "{path:?}");
                assert_eq!(answer.header("access-control-max-age"), "86400");
                assert_eq!(answer.header("access-control-allow-credentials"), "true");
                let method = fixture["headers"]["access-control-request-method"].as_str().unwrap();
                assert!(answer.header("access-control-allow-methods").contains(method));
            }
            Method::GET => assert_eq!(answer.status, 200, "{path:?}"),
            _ => {
                let refused: Vec<Value> = answer
                    .results()
                    .into_iter()
                    .filter(|result| result["status"] != "stored" || result.get("refused_values").is_some())
                    .collect();
                assert!(refused.is_empty(), "{path:?}: {refused:?}");
            }
        }
    }
    door
}

/// Ann Lee of Acme exported a report: what every SDK told.
async fn tells_of_ann(sdk: &str) {
    let door = replay(sdk).await;
    let ann = door.user(&format!("{sdk}-ann")).unwrap_or_else(|| panic!("{sdk} told of Ann"));
    assert_eq!(ann.row.email.as_deref(), Some(format!("ann@{sdk}.test").as_str()));
    assert_eq!(ann.row.name.as_deref(), Some("Ann Lee"));
    assert!(ann.attributes.iter().any(|attribute| attribute.name == "plan" && attribute.value == "pro"));
    let companies: Vec<&str> =
        ann.memberships.iter().map(|membership| membership.company.company_id.as_str()).collect();
    assert_eq!(companies, [format!("{sdk}-acme")]);
    let all = door.store.read_now(|db| events::list(db, events::Of::All, None, 100)).unwrap().rows;
    let exported = all.iter().find(|event| event.name == "Report exported").expect("the event");
    assert_eq!(Value::Object(exported.properties.clone()), json!({"format": "pdf", "pages": 12}));
    assert!(door.refusals().await.is_empty());
}

#[actix_web::test]
async fn segment_s_sdk_for_node_is_understood() {
    tells_of_ann("segment-node").await;
}

#[actix_web::test]
async fn segment_s_sdk_for_python_is_understood() {
    tells_of_ann("segment-python").await;
}

#[actix_web::test]
async fn segment_s_sdk_for_browsers_is_understood() {
    tells_of_ann("segment-browser").await;
}

#[actix_web::test]
async fn rudderstack_s_sdk_for_node_is_understood() {
    tells_of_ann("rudder-node").await;
}

#[actix_web::test]
async fn rudderstack_s_sdk_for_browsers_is_understood() {
    tells_of_ann("rudder-browser").await;
}
