//! Stories of the server as a whole: it starts, answers for every door, and ends in order.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use reqwest::{Client, StatusCode, redirect};
use rollcall::http::assets;
use rollcall::server::{Running, ServeOptions, StartError, TlsFiles, start};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sha2::Digest;

fn client() -> Client {
    Client::builder().redirect(redirect::Policy::none()).build().expect("a client")
}

async fn serve(data: &Path) -> Running {
    start(ServeOptions::new(data)).await.expect("the server starts")
}

async fn get(running: &Running, path: &str) -> reqwest::Response {
    client().get(format!("{}{path}", running.local_url)).send().await.expect("an answer")
}

#[actix_web::test]
async fn two_workspaces_live_in_one_process_and_neither_file_has_two_servers() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, bakery) = (folder.path().join("shop.db"), folder.path().join("bakery.db"));
    let first = serve(&shop).await;
    let second = serve(&bakery).await;
    assert_ne!(first.address.port(), second.address.port());
    for running in [&first, &second] {
        let answer = get(running, "/healthz").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.text().await.unwrap(), "ok\n");
    }

    let third = start(ServeOptions::new(&shop)).await.err().expect("a refusal");
    assert!(matches!(third, StartError::Lock(_)), "{third}");
    assert!(third.to_string().contains("shop.db is in use by a running Rollcall server"), "{third}");

    first.stop().await.unwrap();
    serve(&shop).await.stop().await.unwrap();
    assert_eq!(get(&second, "/healthz").await.status(), StatusCode::OK, "the other one never noticed");
    second.stop().await.unwrap();
}

#[actix_web::test]
async fn a_page_that_pinned_the_widget_keeps_it_after_an_update() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("rollcall.db"), folder.path().join("backup.db"));
    let own = assets::widget_version(true);
    let running = serve(&data).await;
    let pinned = get(&running, &format!("/widget.{own}.js")).await.bytes().await.unwrap();
    let compat = get(&running, &format!("/widget.{own}.js?compat")).await.bytes().await.unwrap();
    running.stop().await.unwrap();

    // As if the version had another number when it was served.
    let file = rusqlite::Connection::open(&data).unwrap();
    let renamed = file.execute("UPDATE scripts SET address = replace(address, ?1, '0.0.9')", [own]).unwrap();
    assert_eq!(renamed, 4, "two widgets, and beside each what other tools' pages need");
    file.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    drop(file);

    for data in [&data, &copy] {
        let running = serve(data).await;
        let former = get(&running, "/widget.0.0.9.js").await;
        assert_eq!(former.status(), StatusCode::OK);
        assert_eq!(former.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(former.headers()["access-control-allow-origin"], "*");
        let former = former.bytes().await.unwrap();
        assert_eq!(former, pinned);
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha384::digest(&former));
        assert_eq!(format!("sha384-{hash}"), assets::widget(true).integrity, "the hash in the page's tag holds");
        assert_eq!(get(&running, "/widget.0.0.9.js?compat").await.bytes().await.unwrap(), compat);
        assert_eq!(get(&running, &format!("/widget.{own}.js")).await.status(), StatusCode::OK);
        assert_eq!(get(&running, "/widget.0.0.8.js").await.status(), StatusCode::NOT_FOUND);
        running.stop().await.unwrap();
    }
}

#[actix_web::test]
async fn the_link_to_set_up_is_new_at_each_start_and_gone_once_there_is_an_operator() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("rollcall.db");
    let running = serve(&data).await;
    let link = running.set_up_path.clone().expect("a link");
    assert!(link.starts_with("/set-up?token="), "{link}");
    running.stop().await.unwrap();

    let running = serve(&data).await;
    assert_ne!(running.set_up_path.as_ref(), Some(&link));
    let by = rollcall::domain::change::By::Shell;
    let role = rollcall::domain::access::Role::Owner;
    rollcall::actions::operators::add(&running.store, by, "ann@shop.example", role, None).await.unwrap();
    running.stop().await.unwrap();

    let running = serve(&data).await;
    assert_eq!(running.set_up_path, None);
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn the_set_up_names_all_that_does_not_fit_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let running = serve(&folder.path().join("rollcall.db")).await;
    let link = running.set_up_path.clone().expect("a link");
    let token = link.split("token=").nth(1).expect("a token");
    let send = async |name: &str, zone: &str, email: &str, password: &str| {
        let fields = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("token", token),
                ("workspace_name", name),
                ("time_zone", zone),
                ("email", email),
                ("password", password),
            ])
            .finish();
        let request = client().post(format!("{}/set-up", running.local_url)).body(fields);
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", "same-origin");
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, page) = send("", "Warsaw", "ann", "short").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.matches("aria-invalid").count(), 4, "{page}");
    let (_, page) = send("Shop", "Europe/Warsaw", "ann@shop.example", "short").await;
    assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");
    assert!(
        page.contains("value=\"Shop\"") && !page.contains("short\""),
        "what was right stands there, the password does not"
    );
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn every_answer_has_a_number_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let running = serve(&folder.path().join("rollcall.db")).await;
    let mut numbers = Vec::new();
    for path in ["/healthz", "/widget.js", "/v1/nothing", "/nothing", "/robots.txt"] {
        let answer = get(&running, path).await;
        let number = answer.headers().get("request-id").unwrap_or_else(|| panic!("{path} has no number"));
        numbers.push(number.to_str().unwrap().to_owned());
    }
    assert!(numbers.iter().all(|number| number.len() == 36), "{numbers:?}");
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 5);
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn a_person_gets_a_page_that_says_what_next_and_a_program_gets_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let running = serve(&folder.path().join("rollcall.db")).await;

    let page = get(&running, "/no/such/page").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("cache-control", "no-store")]
    {
        assert_eq!(page.headers()[name], value);
    }
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!page.headers().contains_key("strict-transport-security"), "not where people come by http");
    let text = page.text().await.unwrap();
    assert!(text.contains("<h1>") && !text.contains("style="), "{text}");

    for path in ["/batch", "//v1/batch", "/track"] {
        let answer = client().post(format!("{}{path}", running.local_url)).body("{}").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert!(answer.text().await.unwrap().contains("/v1/batch"), "it says where");
    }
    // A file that a browser has, by the strong form of its tag too.
    let script = get(&running, "/widget.js").await;
    let tag = script.headers()["etag"].to_str().unwrap().to_owned();
    for known in [tag.as_str(), tag.trim_start_matches("W/"), "*", "\"other\", *"] {
        let asked = client().get(format!("{}/widget.js", running.local_url)).header("if-none-match", known);
        assert_eq!(asked.send().await.unwrap().status(), StatusCode::NOT_MODIFIED, "{known}");
    }

    for path in ["/v1/nothing", "/v1/track/", "/v1"] {
        let answer = get(&running, path).await;
        assert!(!answer.status().is_redirection(), "{path}: SDKs take a redirect for delivered");
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
    }
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn what_another_sites_page_sends_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let running = serve(&folder.path().join("rollcall.db")).await;
    let answer = client()
        .post(format!("{}/sign-in", running.local_url))
        .header("origin", "https://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.headers().contains_key("content-security-policy"), "a refusal is a page like any other");
    assert!(answer.text().await.unwrap().contains("nothing was changed"));
    running.stop().await.unwrap();
}

/// The certificate in `fixtures/tls` is trusted by this test alone.
#[actix_web::test]
async fn with_a_certificate_it_speaks_tls_and_the_pages_say_so() {
    let fixture = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name);
    let folder = tempfile::tempdir().unwrap();
    let mut options = ServeOptions::new(&folder.path().join("rollcall.db"));
    options.tls = Some(TlsFiles { certificates: fixture("certificate.pem"), key: fixture("key.pem") });
    let running = start(options).await.unwrap();
    assert!(running.url.starts_with("https://127.0.0.1:"), "{}", running.url);

    let address = running.address;
    let asked = actix_web::rt::task::spawn_blocking(move || {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(fixture("certificate.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = asked.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    running.stop().await.unwrap();
}

#[actix_web::test]
async fn a_wish_that_can_not_be_met_is_refused_in_words_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("rollcall.db");
    let refusal = async |change: fn(&mut ServeOptions)| {
        let mut options = ServeOptions::new(&data);
        change(&mut options);
        start(options).await.err().expect("a refusal").to_string()
    };
    let refused = refusal(|options| options.public_url = Some("rollcall.example".to_owned())).await;
    assert!(refused.contains("https://rollcall.example.com"), "{refused}");
    let refused = refusal(|options| options.listen = "192.0.2.1:80".to_owned()).await;
    assert!(refused.contains("192.0.2.1:80") && refused.contains("--listen"), "{refused}");
    let refused = refusal(|options| {
        options.tls = Some(TlsFiles { certificates: "no.pem".into(), key: "no.key".into() });
    })
    .await;
    assert!(refused.contains("no.pem"), "{refused}");
}
