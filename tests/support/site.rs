//! A website on another origin than Rollcall: the pages that a story gives it, and folders of files.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// A running website. It ends with the test's process.
#[derive(Clone)]
pub struct Site {
    /// `http://localhost:PORT`: another host than Rollcall's, so another site too.
    pub origin: String,
    pages: Arc<Mutex<HashMap<String, String>>>,
    folder: Option<PathBuf>,
}

impl Site {
    /// A site without pages.
    pub fn start() -> Site {
        Site::serving(None)
    }

    /// A site of the files of a folder.
    pub fn of_folder(folder: impl Into<PathBuf>) -> Site {
        Site::serving(Some(folder.into()))
    }

    fn serving(folder: Option<PathBuf>) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let site = Site { origin: format!("http://localhost:{port}"), pages: Arc::default(), folder };
        let answering = site.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let site = answering.clone();
                std::thread::spawn(move || site.answer(stream));
            }
        });
        site
    }

    /// Puts a page at a path; a path ending in `*` answers all below it.
    pub fn page(&self, path: &str, html: &str) {
        self.whole_page(
            path,
            &format!("<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><body>{html}</body></html>"),
        );
    }

    /// Puts a page at a path as it stands, head and all.
    pub fn whole_page(&self, path: &str, html: &str) {
        self.pages.lock().expect("pages").insert(path.to_owned(), html.to_owned());
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    fn find(&self, path: &str) -> Option<(Vec<u8>, &'static str)> {
        if let Some(file) = self.folder.as_ref().map(|folder| folder.join(path.trim_start_matches('/')))
            && let Ok(bytes) = std::fs::read(&file)
        {
            let script = file.extension().is_some_and(|ending| ending == "js");
            return Some((bytes, if script { "text/javascript" } else { "text/html" }));
        }
        let pages = self.pages.lock().expect("pages");
        let below = |known: &&String| known.strip_suffix('*').is_some_and(|prefix| path.starts_with(prefix));
        let html = pages.get(path).or_else(|| pages.keys().find(below).and_then(|known| pages.get(known)))?;
        Some((html.clone().into_bytes(), "text/html"))
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
        let Some(Ok(request)) = lines.next() else { return };
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let path = request.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap_or("/");
        let (status, (body, kind)) = match self.find(path) {
            Some(found) => ("200 OK", found),
            // A browser asks for it by itself; an error would stand on the console.
            None if path == "/favicon.ico" => ("200 OK", (Vec::new(), "image/x-icon")),
            None => ("404 Not Found", (b"no such page".to_vec(), "text/plain")),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    }
}
