//! The big file's people, companies and events, sent as a site's server sends them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::program::Failure;

/// Messages of a request.
const BATCH: u64 = 100;
/// Connections that send side by side.
const CONNECTIONS: usize = 8;
/// Days that the events are spread over.
const DAYS: i64 = 90;
/// Of a hundred users, those that are there when the events begin.
const THERE_AT_FIRST: u64 = 85;

const PLANS: [&str; 4] = ["free", "starter", "pro", "enterprise"];
const COUNTRIES: [&str; 8] = ["DE", "PL", "US", "FR", "GB", "SE", "JP", "IS"];
const TEAMS: [&str; 6] = ["sales", "support", "engineering", "finance", "people", "none"];
const ROLES: [&str; 5] = ["admin", "member", "member", "member", "viewer"];
const THINGS: [&str; 20] = [
    "Report",
    "Dashboard",
    "Invoice",
    "Filter",
    "Row",
    "File",
    "Comment",
    "Colleague",
    "Plan",
    "Search",
    "Setting",
    "Project",
    "Task",
    "Board",
    "Message",
    "Channel",
    "Template",
    "Export",
    "Calendar",
    "Contact",
];
const DEEDS: [&str; 10] =
    ["exported", "opened", "shared", "created", "edited", "deleted", "archived", "printed", "renamed", "copied"];

/// How much of everything.
pub struct Size {
    users: u64,
    companies: u64,
    largest: u64,
    events: u64,
    visitors: u64,
}

impl Size {
    /// A part of the big file.
    pub fn of(scale: f64) -> Size {
        let part = |whole: f64| (whole * scale).ceil() as u64;
        Size { users: part(1e6), companies: part(5e4), largest: part(27e3), events: part(20e6), visitors: part(4e5) }
    }
}

/// Sends everything: companies, then users with their memberships, then events in the order of their times.
pub fn send(address: SocketAddr, token: &str, size: &Size) -> Result<(), Failure> {
    let now = Utc::now();
    let start = now - TimeDelta::days(DAYS);
    side_by_side("companies", address, token, size.companies, |body, number| company(body, number, start))?;
    side_by_side("users", address, token, size.users, |body, number| user(body, number, size, start, now))?;
    side_by_side("events", address, token, size.events, |body, number| event(body, number, size, start, now))
}

fn side_by_side(
    what: &str,
    address: SocketAddr,
    token: &str,
    messages: u64,
    message: impl Fn(&mut String, u64) + Sync,
) -> Result<(), Failure> {
    let started = Instant::now();
    // One number for all connections, so that what is sent keeps nearly the order of its times.
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| -> Result<(), Failure> {
                    let mut connection = BufReader::new(TcpStream::connect(address)?);
                    connection.get_ref().set_nodelay(true)?;
                    loop {
                        let first = next.fetch_add(BATCH, Ordering::Relaxed);
                        if first >= messages {
                            return Ok(());
                        }
                        let last = messages.min(first + BATCH);
                        let mut body = String::from(r#"{"batch":["#);
                        for number in first..last {
                            if number > first {
                                body.push(',');
                            }
                            message(&mut body, number);
                        }
                        body.push_str("]}");
                        post(&mut connection, token, &body, last - first)?;
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().map_err(|_| "a sender panicked")??;
        }
        Ok::<(), Failure>(())
    })?;
    eprintln!("{messages} {what} sent in {} s", started.elapsed().as_secs());
    Ok(())
}

/// Sends one batch; asks again where the server is busy.
fn post(connection: &mut BufReader<TcpStream>, token: &str, body: &str, messages: u64) -> Result<(), Failure> {
    loop {
        write!(
            connection.get_mut(),
            "POST /v1/batch HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let (status, answer) = answer(connection)?;
        if status.contains(" 503 ") {
            std::thread::sleep(Duration::from_millis(100));
            continue;
        }
        let stored = answer.matches(r#""status":"stored""#).count() as u64;
        if stored != messages {
            return Err(format!("of {messages} messages {stored} were stored: {status} {answer}").into());
        }
        return Ok(());
    }
}

/// The first line of an answer and its body.
fn answer(connection: &mut BufReader<TcpStream>) -> Result<(String, String), Failure> {
    let (mut status, mut length) = (String::new(), None);
    loop {
        let mut line = String::new();
        connection.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if status.is_empty() {
            line.clone_into(&mut status);
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse()?);
        }
    }
    let mut body = vec![0; length.ok_or_else(|| format!("an answer without length: {status}"))?];
    connection.read_exact(&mut body)?;
    Ok((status, String::from_utf8(body)?))
}

fn company(body: &mut String, number: u64, start: DateTime<Utc>) {
    let at = time(start - TimeDelta::minutes(2));
    let plan = PLANS[(mixed(number) % 4) as usize];
    let (employees, seats) = (1 + mixed(number + 1) % 900, 1 + mixed(number + 2) % 200);
    let _ = write!(
        body,
        r#"{{"type":"group","messageId":"c{number}","groupId":"{}","timestamp":"{at}","traits":{{"name":"Company {number:05}","domain":"domain{number:05}.example","plan":"{plan}","industry":"{}","employees":{employees},"seats":{seats}}}}}"#,
        company_id(number),
        THINGS[(mixed(number + 3) % 20) as usize],
    );
}

fn user(body: &mut String, number: u64, size: &Size, start: DateTime<Utc>, now: DateTime<Utc>) {
    let since = joined(number, size, start, now);
    let created =
        since - TimeDelta::hours((mixed(number + 4) % 8_000) as i64 * i64::from(number < there_at_first(size)));
    let pick = |of: &[&'static str], salt: u64| of[(mixed(number.wrapping_mul(31) + salt) % of.len() as u64) as usize];
    let _ = write!(
        body,
        r#"{{"type":"identify","messageId":"u{number}","userId":"{}","anonymousId":"browser-{number:07}","timestamp":"{}","traits":{{"name":"Person {number:07}","email":"person{number:07}@domain{:05}.example","title":"{} of {}","created_at":"{}","plan":"{}","country":"{}","team":"{}","language":"{}","monthly_spend":{},"logins":{},"newsletter":{},"referral_code":"{:08x}","#,
        user_id(number),
        time(since),
        company_of(number, size),
        pick(&["Head", "Member", "Assistant"], 1),
        pick(&TEAMS, 2),
        time(created),
        pick(&PLANS, 3),
        pick(&COUNTRIES, 4),
        pick(&TEAMS, 2),
        pick(&["de", "pl", "en", "fr", "sv", "ja"], 5),
        mixed(number + 6) % 1_000,
        mixed(number + 7) % 10_000,
        mixed(number + 8).is_multiple_of(2),
        mixed(number + 9) as u32,
    );
    let _ = write!(
        body,
        r#""companies":[{{"company_id":"{}","membership":{{"role":"{}"}}}}"#,
        company_id(company_of(number, size)),
        pick(&ROLES, 6)
    );
    if number.is_multiple_of(5) {
        let second = mixed(number + 10) % size.companies;
        let _ = write!(body, r#",{{"company_id":"{}","membership":{{"role":"viewer"}}}}"#, company_id(second));
    }
    body.push_str("]}}");
}

fn event(body: &mut String, number: u64, size: &Size, start: DateTime<Utc>, now: DateTime<Utc>) {
    let span_ms = (now - start).num_milliseconds() - 60_000;
    let at = start + TimeDelta::milliseconds((number as f64 / size.events as f64 * span_ms as f64) as i64 + 1_000);
    let random = mixed(number ^ 0x5eed);
    let session = at.timestamp_millis() / 1_800_000 * 1_800_000;
    let at = time(at);
    if random.is_multiple_of(20) {
        let visitor = number * size.visitors / size.events;
        let _ = write!(
            body,
            r#"{{"type":"page","messageId":"e{number}","anonymousId":"visitor-{visitor:06}","timestamp":"{at}","properties":{{"url":"https://example.com/blog/{}","title":"Blog"}},"context":{{"session_id":{session}}}}}"#,
            random % 50
        );
        return;
    }
    // Of those who are there by now; early ones are busier, and a fifth has stopped coming half-way.
    let there = there_at_first(size);
    let there = there + (size.users - there) * number / size.events.max(1);
    let unit = (mixed(number) >> 11) as f64 / (1_u64 << 53) as f64;
    let mut user = ((unit * unit.sqrt() * there as f64) as u64).min(there.saturating_sub(1));
    if user % 5 == 3 && number > size.events / 2 {
        user = user.saturating_sub(1);
    }
    let (id, company) = (user_id(user), company_id(company_of(user, size)));
    let _ = if random % 10 < 3 {
        write!(
            body,
            r#"{{"type":"page","messageId":"e{number}","userId":"{id}","anonymousId":"browser-{user:07}","timestamp":"{at}","properties":{{"url":"https://app.example.com/boards/{}","title":"Board"}},"context":{{"groupId":"{company}","session_id":{session}}}}}"#,
            random % 300
        )
    } else {
        // The square makes the first names the most frequent ones.
        let name = (random >> 32) % 200 * ((random >> 16) % 200) / 200;
        write!(
            body,
            r#"{{"type":"track","messageId":"e{number}","userId":"{id}","anonymousId":"browser-{user:07}","event":"{} {}","timestamp":"{at}","properties":{{"rows":{}}},"context":{{"groupId":"{company}","session_id":{session}}}}}"#,
            THINGS[(name / 10) as usize],
            DEEDS[(name % 10) as usize],
            random % 1_000
        )
    };
}

fn there_at_first(size: &Size) -> u64 {
    size.users * THERE_AT_FIRST / 100
}

/// When a user came: before the events, or in the order of the numbers during them.
fn joined(number: u64, size: &Size, start: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let there = there_at_first(size);
    if number < there {
        return start - TimeDelta::minutes(1);
    }
    let part = (number - there) as f64 / (size.users - there) as f64;
    start + TimeDelta::milliseconds(((now - start).num_milliseconds() as f64 * part) as i64)
}

fn company_of(user: u64, size: &Size) -> u64 {
    // The largest has people of every time.
    if user.is_multiple_of((size.users / size.largest).max(1)) {
        return 0;
    }
    let unit = (mixed(user + 11) >> 11) as f64 / (1_u64 << 53) as f64;
    ((unit * unit * size.companies as f64) as u64).min(size.companies - 1)
}

fn user_id(number: u64) -> String {
    format!("user-{number:07}")
}

fn company_id(number: u64) -> String {
    format!("company-{number:05}")
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The same for the same number: SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
