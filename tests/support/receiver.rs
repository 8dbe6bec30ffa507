//! A stand-in for the program that a webhook tells: takes what is posted, keeps it, and answers as it is told to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::until;

/// What was posted.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Headers by name in lower case.
    pub headers: Vec<(String, String)>,
    /// The path.
    pub path: String,
    /// The body as it came.
    pub text: String,
    /// The body as JSON.
    pub body: Value,
}

impl Posted {
    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// Its type.
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }
}

/// A running receiver. It ends with the test's process.
#[derive(Clone)]
pub struct Receiver {
    /// `http://127.0.0.1:PORT`
    pub address: String,
    posted: Arc<Mutex<Vec<Posted>>>,
    /// Answers to come: the head without its last line end, and the body. After them, 200.
    answers: Arc<Mutex<VecDeque<(String, String)>>>,
}

impl Receiver {
    /// A receiver that takes everything.
    pub fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let receiver = Receiver { address, posted: Arc::default(), answers: Arc::default() };
        let running = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                running.take(stream);
            }
        });
        receiver
    }

    /// The next post is answered with a status and reason, more header lines (each with its line end), and a body.
    pub fn will_answer(&self, status: &str, headers: &str, body: &str) {
        let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n", body.len());
        self.answers.lock().expect("answers").push_back((head, body.to_owned()));
    }

    /// All that was posted, in order.
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().expect("posts").clone()
    }

    /// Waits until so much was posted.
    pub async fn has(&self, count: usize) -> Vec<Posted> {
        until("the webhook is told", async || {
            let posted = self.posted();
            if posted.len() >= count { Ok(posted) } else { Err(format!("{posted:?}")) }
        })
        .await
    }

    fn take(&self, mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().expect("the stream"));
        let mut line = String::new();
        if lines.read_line(&mut line).is_err() || line.is_empty() {
            return;
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            line.clear();
            lines.read_line(&mut line).expect("a header");
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or_default();
        let mut body = vec![0; length];
        lines.read_exact(&mut body).expect("the body");
        let text = String::from_utf8(body).expect("text");
        let body = serde_json::from_str(&text).unwrap_or_default();
        self.posted.lock().expect("posts").push(Posted { headers, path, text, body });
        let next = self.answers.lock().expect("answers").pop_front();
        let (head, body) = next.unwrap_or((
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n".to_owned(),
            "taken".to_owned(),
        ));
        // Whoever asked may be gone by now.
        let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
    }
}
