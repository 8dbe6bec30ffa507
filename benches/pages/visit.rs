//! A person who looks at pages: signs in, finds one address of each kind, asks for it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use super::program::{Failure, exchange};

/// Who is signed in.
pub struct Visitor {
    address: SocketAddr,
    cookie: String,
}

/// A kind of page, by one address of it.
pub struct Page {
    pub address: String,
    /// Before compression.
    pub html_bytes: usize,
    pub visits: Vec<Visit>,
}

/// One answer.
pub struct Visit {
    pub first_byte_ms: f64,
    pub file_ms: f64,
    pub statements: f64,
}

/// Signs in as people do.
pub fn sign_in(address: SocketAddr, (email, password): (&str, &str)) -> Result<Visitor, Failure> {
    let body = format!("email={}&password={}", email.replace('@', "%40"), password.replace(' ', "+"));
    let answer = exchange(
        address,
        format!(
            "POST /sign-in HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    )?;
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let cookie = header(head, "set-cookie").ok_or_else(|| format!("not signed in: {head}"))?;
    Ok(Visitor { address, cookie: cookie.split(';').next().unwrap_or_default().to_owned() })
}

impl Visitor {
    /// One address of each kind that links lead to from `/`, and these views.
    pub fn pages(&self, views: &[&str]) -> Result<Vec<Page>, Failure> {
        let mut waiting: Vec<String> = views.iter().map(|&view| view.to_owned()).collect();
        // The largest company and a person of it, before any other of its kind is found.
        waiting.extend(["/companies/company-00000", "/users/user-0000000", "/"].map(str::to_owned));
        let mut seen: BTreeSet<String> = waiting.iter().map(|address| kind(address)).collect();
        let mut pages = Vec::new();
        while let Some(address) = waiting.pop() {
            let Some(html) = self.page(&address)? else { continue };
            for link in html.split("href=\"").skip(1) {
                let link = link.split(['"', '#']).next().unwrap_or_default().replace("&amp;", "&");
                if link.starts_with('/') && !link.starts_with("/static/") && seen.insert(kind(&link)) {
                    waiting.push(link);
                }
            }
            pages.push(Page { address, html_bytes: html.len(), visits: Vec::new() });
        }
        Ok(pages)
    }

    /// A page's HTML; none where the address leads on, or to a file.
    fn page(&self, address: &str) -> Result<Option<String>, Failure> {
        let mut stream = BufReader::new(TcpStream::connect(self.address)?);
        stream.get_mut().write_all(self.request(address, "identity").as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head)? > 0 {}
        let status = head.split(' ').nth(1).unwrap_or_default();
        // The rest of a file may be all that there is.
        if status.starts_with('3') || !header(&head, "content-type").unwrap_or_default().starts_with("text/html") {
            return Ok(None);
        }
        if status != "200" {
            return Err(format!("{address} is answered {status}").into());
        }
        let mut html = String::new();
        stream.read_to_string(&mut html)?;
        Ok(Some(html))
    }

    /// Asks for a page as a browser does.
    pub fn visit(&self, address: &str) -> Result<Visit, Failure> {
        let started = Instant::now();
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(self.request(address, "gzip, deflate, br").as_bytes())?;
        let mut answer = vec![0];
        stream.read_exact(&mut answer)?;
        let first_byte_ms = started.elapsed().as_secs_f64() * 1_000.0;
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let timing = header(&answer, "server-timing").ok_or_else(|| format!("{address} does not say its cost"))?;
        let number = |after: &str| -> Result<f64, Failure> {
            let rest = timing.split(after).nth(1).ok_or_else(|| format!("another Server-Timing: {timing}"))?;
            Ok(rest.split([';', ' ']).next().unwrap_or_default().parse()?)
        };
        Ok(Visit { first_byte_ms, file_ms: number("dur=")?, statements: number("desc=\"")? })
    }

    fn request(&self, address: &str, encoding: &str) -> String {
        format!(
            "GET {address} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nAccept: text/html\r\nAccept-Encoding: {encoding}\r\n\
             Connection: close\r\n\r\n",
            self.address, self.cookie
        )
    }
}

/// A header's value, by its name in lower case.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n\r\n").next()?.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// What an address has in common with others of its kind: its path without ids, and the names of what it asks for.
fn kind(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path: Vec<&str> = path
        .split('/')
        .map(|part| {
            let words = part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_');
            if words { part } else { "…" }
        })
        .collect();
    let asks: Vec<&str> = query.split('&').map(|part| part.split('=').next().unwrap_or_default()).collect();
    format!("{}?{}", path.join("/"), asks.join("&"))
}
