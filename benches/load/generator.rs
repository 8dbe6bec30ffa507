//! The load: keep-alive connections that each send, wait for the answer, and send again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use super::messages::Request;
use super::program::Failure;

/// Threads of the load, each with a part of the connections.
const THREADS: usize = 2;
/// What an answer says of each event that is on disk.
const STORED: &str = r#""status":"stored""#;

/// Connections that are open and have sent nothing yet.
pub struct Load {
    parts: Vec<(Runtime, Vec<Connection>)>,
}

struct Connection {
    stream: TcpStream,
    request: Request,
    answer: Vec<u8>,
}

/// What a load did: every request was answered 200, every event "stored".
pub struct Outcome {
    /// Requests answered.
    pub requests: usize,
    /// Events stored.
    pub events: usize,
    /// From the first byte sent to the last answer read.
    pub elapsed: Duration,
    /// Of each request, in microseconds, sorted.
    latencies_us: Vec<u32>,
}

impl Load {
    /// Opens connections; `request` makes what is sent on the n-th one.
    pub fn connect(
        address: SocketAddr,
        connections: usize,
        request: impl Fn(usize) -> Request,
    ) -> Result<Load, Failure> {
        let mut parts = Vec::new();
        for thread in 0..THREADS.min(connections) {
            let runtime = Builder::new_current_thread().enable_io().build()?;
            let mut part = Vec::new();
            for connection in (thread..connections).step_by(THREADS) {
                let stream = runtime.block_on(TcpStream::connect(address))?;
                stream.set_nodelay(true)?;
                part.push(Connection { stream, request: request(connection), answer: vec![0; 32 * 1024] });
            }
            parts.push((runtime, part));
        }
        Ok(Load { parts })
    }

    /// Sends for so long, and waits for the last answers.
    pub fn run(self, duration: Duration) -> Result<Outcome, Failure> {
        let started = Instant::now();
        let until = started + duration;
        let threads: Vec<_> = self
            .parts
            .into_iter()
            .map(|(runtime, connections)| {
                std::thread::spawn(move || -> Result<(Vec<u32>, usize), Failure> {
                    let tasks: Vec<_> =
                        connections.into_iter().map(|connection| runtime.spawn(connection.run(until))).collect();
                    let (mut latencies_us, mut events) = (Vec::new(), 0);
                    for task in tasks {
                        let (of_connection, stored) = runtime.block_on(task)??;
                        latencies_us.extend(of_connection);
                        events += stored;
                    }
                    Ok((latencies_us, events))
                })
            })
            .collect();
        let (mut latencies_us, mut events) = (Vec::new(), 0);
        for thread in threads {
            let (of_thread, stored) = thread.join().map_err(|_| "a thread of the load panicked")??;
            latencies_us.extend(of_thread);
            events += stored;
        }
        let elapsed = started.elapsed();
        latencies_us.sort_unstable();
        Ok(Outcome { requests: latencies_us.len(), events, elapsed, latencies_us })
    }
}

impl Outcome {
    /// The latency that this part of the requests did not exceed, in microseconds.
    pub fn latency_us(&self, part: f64) -> f64 {
        let place = (self.latencies_us.len() as f64 * part) as usize;
        self.latencies_us
            .get(place.min(self.latencies_us.len().saturating_sub(1)))
            .map_or(f64::NAN, |us| f64::from(*us))
    }
}

impl Connection {
    async fn run(mut self, until: Instant) -> Result<(Vec<u32>, usize), Failure> {
        let (mut latencies_us, mut events) = (Vec::new(), 0);
        loop {
            let started = Instant::now();
            if started >= until {
                return Ok((latencies_us, events));
            }
            self.stream.write_all(self.request.fill()).await?;
            self.read_stored().await?;
            latencies_us.push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
            events += self.request.events();
        }
    }

    /// Reads one answer; anything but a 200 that says "stored" of each event is a failure.
    async fn read_stored(&mut self) -> Result<(), Failure> {
        let mut length = 0;
        loop {
            if length == self.answer.len() {
                self.answer.resize(length * 2, 0);
            }
            let read = self.stream.read(&mut self.answer[length..]).await?;
            if read == 0 {
                let text = String::from_utf8_lossy(&self.answer[..length]).into_owned();
                return Err(format!("the server closed the connection after: {text}").into());
            }
            length += read;
            let Some((body, end)) = extent(&self.answer[..length]) else { continue };
            if length < end {
                continue;
            }
            let text = std::str::from_utf8(&self.answer[..length])?;
            let stored = text[body..].matches(STORED).count();
            if text.starts_with("HTTP/1.1 200 ") && length == end && stored == self.request.events() {
                return Ok(());
            }
            return Err(format!("{stored} of {} events stored; the answer was: {text}", self.request.events()).into());
        }
    }
}

/// Where an answer's body begins and ends, as soon as its head is here.
fn extent(answer: &[u8]) -> Option<(usize, usize)> {
    let body = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..body]).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    // Without a length the answer is none that this load knows; the check of its body says so.
    Some((body, body + length.unwrap_or(0)))
}
