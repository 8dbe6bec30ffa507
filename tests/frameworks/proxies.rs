//! Hardening: the recipes for a path of the site's own, run with the real servers.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Browser, Rollcall, code, until};

/// A web server, ended with the test.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn nginx(folder: &Path, port: u16, recipe: &str) -> Proxy {
    let config = format!(
        "daemon off; pid {0}/nginx.pid; error_log {0}/error.log;\nevents {{}}\nhttp {{ access_log off; default_type text/html;\n\
         client_body_temp_path {0}; proxy_temp_path {0}; fastcgi_temp_path {0}; uwsgi_temp_path {0}; scgi_temp_path {0};\n\
         server {{ listen 127.0.0.1:{port}; root {0};\n{recipe}\n}} }}",
        folder.display()
    );
    let path = folder.join("nginx.conf");
    std::fs::write(&path, config).expect("a file");
    let errors = folder.join("start.log");
    start(Command::new("nginx").arg("-e").arg(errors).arg("-c").arg(path))
}

fn caddy(folder: &Path, port: u16, recipe: &str) -> Proxy {
    let config = format!(
        "{{\n  admin off\n  auto_https off\n}}\nhttp://127.0.0.1:{port} {{\n{recipe}\nroot * {}\nfile_server\n}}\n",
        folder.display()
    );
    let path = folder.join("Caddyfile");
    std::fs::write(&path, config).expect("a file");
    start(Command::new("caddy").args(["run", "--adapter", "caddyfile", "--config"]).arg(path).env("HOME", folder))
}

fn start(command: &mut Command) -> Proxy {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Proxy(child.expect("the server is installed (tests/run --full installs it)"))
}

async fn a_page_reaches_us_through_its_own_path(server: fn(&Path, u16, &str) -> Proxy, caption: usize) {
    let rollcall = Rollcall::start();
    let hardening = code(&rollcall.desk().await, "", "harden").await;
    let page = hardening.iter().find(|code| code.contains("\"endpoint\"")).expect("the page's code");
    let recipe = &hardening[hardening.iter().position(|code| code == page).expect("a place") + caption];
    let folder = tempfile::tempdir().expect("a folder");
    let signed_in =
        page.replace("\"endpoint\"", "\"user_id\": \"ann\", \"company\": { \"company_id\": \"acme\" }, \"endpoint\"");
    std::fs::write(
        folder.path().join("index.html"),
        format!("<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><body>{signed_in}</body></html>"),
    )
    .expect("a file");
    let port = free_port();
    let _proxy = server(folder.path(), port, recipe);
    let site = format!("http://127.0.0.1:{port}");
    until("the web server answers", || async {
        reqwest::get(&site).await.map(drop).map_err(|error| error.to_string())
    })
    .await;
    let browser = Browser::start().await;
    browser.open(&format!("{site}/")).await;
    until("Ann of Acme", || async {
        let answer = rollcall.api("/users/ann").await;
        let at_acme = answer.body["companies"][0]["company_id"] == "acme";
        if at_acme { Ok(()) } else { Err(answer.text) }
    })
    .await;
    let hosts = browser
        .run("return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin).join(' ')")
        .await;
    assert!(hosts.as_str().expect("hosts").split(' ').all(|host| host == site), "no other host was asked: {hosts}");
    let read = async |address: String| reqwest::get(address).await.expect("an answer").text().await.expect("a script");
    let compat = read(format!("{}/widget-compat.js", rollcall.address)).await;
    assert_eq!(read(format!("{site}/people/page.js?compat")).await, compat, "what few pages need comes the same way");
}

#[actix_web::test]
async fn nginx_takes_the_widget_through_the_site_s_own_path() {
    a_page_reaches_us_through_its_own_path(nginx, 1).await;
}

#[actix_web::test]
async fn caddy_takes_the_widget_through_the_site_s_own_path() {
    a_page_reaches_us_through_its_own_path(caddy, 2).await;
}
