//! A stand-in for the way between a browser and Rollcall: passes everything on, or fails as networks and
//! busy servers do, and keeps what was posted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// What the relay does with a post. Everything else is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Passes it on.
    Open,
    /// Ends the connection without an answer.
    Broken,
    /// Answers itself: a status and more header lines, each with its line end.
    Answers(&'static str, &'static str),
}

/// A running relay. It ends with the test's process.
#[derive(Clone)]
pub struct Relay {
    /// `http://127.0.0.1:PORT`
    pub address: String,
    to: String,
    way: Arc<Mutex<Way>>,
    posts: Arc<Mutex<Vec<Value>>>,
}

impl Relay {
    /// A relay to a server, open.
    pub fn to(address: &str) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address_of_relay = format!("http://{}", listener.local_addr().expect("an address"));
        let to = address.trim_start_matches("http://").to_owned();
        let relay =
            Relay { address: address_of_relay, to, way: Arc::new(Mutex::new(Way::Open)), posts: Arc::default() };
        let running = relay.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let relay = running.clone();
                std::thread::spawn(move || relay.carry(stream));
            }
        });
        relay
    }

    /// From now on it does this with posts.
    pub fn becomes(&self, way: Way) {
        *self.way.lock().expect("a way") = way;
    }

    /// All bodies that were posted, whatever became of them.
    pub fn posts(&self) -> Vec<Value> {
        self.posts.lock().expect("posts").clone()
    }

    /// The message ids of what was posted and passed on or answered, in order.
    pub fn message_ids(&self) -> Vec<String> {
        let posts = self.posts();
        let messages = posts.iter().flat_map(|post| post["batch"].as_array().cloned().unwrap_or_default());
        messages.map(|message| message["messageId"].as_str().expect("an id").to_owned()).collect()
    }

    /// Forgets what was posted.
    pub fn forget(&self) {
        self.posts.lock().expect("posts").clear();
    }

    fn carry(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
        let mut head = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line == "\r\n" {
                break;
            }
            if !lower.starts_with("connection:") && !lower.starts_with("host:") {
                head.push_str(&line);
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let is_post = head.starts_with("POST ");
        if is_post {
            self.posts.lock().expect("posts").push(serde_json::from_slice(&body).unwrap_or(Value::Null));
        }
        let way = if is_post { self.way.lock().expect("a way").clone() } else { Way::Open };
        match way {
            Way::Broken => {}
            Way::Answers(status, headers) => {
                let answer = format!(
                    "HTTP/1.1 {status}\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: Retry-After\r\n\
                     Content-Type: application/json\r\n{headers}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
                );
                let _ = stream.write_all(answer.as_bytes());
            }
            Way::Open => {
                let Ok(mut server) = TcpStream::connect(&self.to) else { return };
                let head = format!("{head}Host: {}\r\nConnection: close\r\n\r\n", self.to);
                let _ = server.write_all(head.as_bytes()).and_then(|()| server.write_all(&body));
                let _ = std::io::copy(&mut server, &mut stream);
            }
        }
    }
}
