//! The requests of the load: what `static/widget.js` sends, formatted once, with places of a
//! fixed width that are filled anew for each sending.

use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

/// People, each with a browser of their own.
pub const USERS: u64 = 1_000;
/// Companies, with twenty people each.
pub const COMPANIES: u64 = 50;
/// The origin of the pages that the load pretends to come from.
pub const ORIGIN: &str = "https://app.example.com";

const EVENT_NAMES: [&str; 16] = [
    "Signed in",
    "Report opened",
    "Report exported",
    "Report shared",
    "Dashboard opened",
    "Filter changed",
    "Row edited",
    "Row deleted",
    "File uploaded",
    "Comment written",
    "Colleague invited",
    "Plan viewed",
    "Invoice opened",
    "Search used",
    "Settings saved",
    "Help opened",
];

/// Every message of a run has a number of its own.
static MESSAGES: AtomicU64 = AtomicU64::new(0);

/// When the people's sessions began, one each, in Unix milliseconds.
static SESSIONS_MS: LazyLock<u64> = LazyLock::new(|| Utc::now().timestamp_millis().unsigned_abs());

/// What is sent again and again on one connection.
pub struct Request {
    bytes: Vec<u8>,
    messages: Vec<Places>,
    sent_at: Range<usize>,
}

/// Where the changing parts of one message stand in the bytes.
struct Places {
    message_id: Range<usize>,
    visitor: Range<usize>,
    user: Range<usize>,
    company: Range<usize>,
    session: Range<usize>,
    timestamp: Range<usize>,
}

impl Request {
    /// `POST /v1/track` with one event.
    pub fn track(write_key: &str, connection: usize) -> Request {
        let mut body = Body::default();
        body.text.push('{');
        body.members_of_event(connection);
        body.text.push_str(&format!(r#","writeKey":"{write_key}","#));
        let sent_at = body.time("sentAt");
        body.text.push('}');
        body.request("/v1/track", sent_at)
    }

    /// `POST /v1/batch` with so many events.
    pub fn batch(write_key: &str, connection: usize, events: usize) -> Request {
        let mut body = Body::default();
        body.text.push_str(&format!(r#"{{"writeKey":"{write_key}","#));
        let sent_at = body.time("sentAt");
        body.text.push_str(r#","batch":["#);
        for event in 0..events {
            if event > 0 {
                body.text.push(',');
            }
            body.text.push_str(r#"{"type":"track","#);
            body.members_of_event(connection + event);
            body.text.push('}');
        }
        body.text.push_str("]}");
        body.request("/v1/batch", sent_at)
    }

    /// Events in it.
    pub fn events(&self) -> usize {
        self.messages.len()
    }

    /// The bytes to send now: new message ids, people in turn, the time of now.
    pub fn fill(&mut self) -> &[u8] {
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let first = MESSAGES.fetch_add(self.messages.len() as u64, Ordering::Relaxed);
        for (number, places) in (first..).zip(&self.messages) {
            // A step that shares no factor with the number of people visits all of them.
            let person = number.wrapping_mul(617) % USERS;
            digits(&mut self.bytes[places.message_id.clone()], number);
            digits(&mut self.bytes[places.visitor.clone()], person);
            digits(&mut self.bytes[places.user.clone()], person);
            digits(&mut self.bytes[places.company.clone()], person % COMPANIES);
            digits(&mut self.bytes[places.session.clone()], *SESSIONS_MS + person);
            self.bytes[places.timestamp.clone()].copy_from_slice(now.as_bytes());
        }
        self.bytes[self.sent_at.clone()].copy_from_slice(now.as_bytes());
        &self.bytes
    }
}

/// A body that remembers where its changing parts stand.
#[derive(Default)]
struct Body {
    text: String,
    messages: Vec<Places>,
}

impl Body {
    /// The members of one event, as the widget writes them.
    fn members_of_event(&mut self, name: usize) {
        let name = EVENT_NAMES[name % EVENT_NAMES.len()];
        let message_id = self.place(r#""messageId":"1844674407-3709551615-2891336453-"#, "0000000000");
        let visitor = self.place(r#"","anonymousId":"2846199347-1029384756-3847561029-"#, "0000000000");
        let user = self.place(r#"","userId":"user-"#, "0000");
        self.text.push_str(r#"","#);
        let timestamp = self.time("timestamp");
        self.text.push_str(&format!(
            r#","event":"{name}","properties":{{"report":"monthly revenue","rows":128,"filtered":true}},"context":{{"page":{{"url":"{ORIGIN}/reports/monthly?team=7","title":"Monthly revenue - Reports","referrer":"{ORIGIN}/reports"}},"locale":"en-GB"#,
        ));
        let session = self.place(r#"","session_id":"#, "0000000000000");
        let company = self.place(r#","groupId":"company-"#, "00");
        self.text.push_str(r#"","library":{"name":"rollcall.js","version":"0.1.0"}}"#);
        self.messages.push(Places { message_id, visitor, user, company, session, timestamp });
    }

    /// A member that says when.
    fn time(&mut self, name: &str) -> Range<usize> {
        let place = self.place(&format!(r#""{name}":""#), "2026-01-01T00:00:00.000Z");
        self.text.push('"');
        place
    }

    fn place(&mut self, before: &str, filling: &str) -> Range<usize> {
        self.text.push_str(before);
        let start = self.text.len();
        self.text.push_str(filling);
        start..self.text.len()
    }

    /// The whole request, with the head that a browser sends.
    fn request(self, path: &str, sent_at: Range<usize>) -> Request {
        let head = head(path, self.text.len());
        let shift = |range: Range<usize>| range.start + head.len()..range.end + head.len();
        let messages = self.messages.into_iter().map(|places| Places {
            message_id: shift(places.message_id),
            visitor: shift(places.visitor),
            user: shift(places.user),
            company: shift(places.company),
            session: shift(places.session),
            timestamp: shift(places.timestamp),
        });
        let bytes = [head.as_bytes(), self.text.as_bytes()].concat();
        Request { messages: messages.collect(), sent_at: shift(sent_at), bytes }
    }
}

/// What a browser says before the body.
fn head(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\n\
         Host: rollcall.example.com\r\n\
         User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
         Content-Type: text/plain;charset=UTF-8\r\n\
         Accept: */*\r\n\
         Accept-Language: en-GB,en;q=0.9\r\n\
         Accept-Encoding: gzip, deflate, br\r\n\
         Origin: {ORIGIN}\r\n\
         Referer: {ORIGIN}/\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

/// Requests that make the people and their companies known, a hundred people each.
pub fn identify_everybody(write_key: &str) -> Vec<Vec<u8>> {
    let everybody: Vec<u64> = (0..USERS).collect();
    let requests = everybody.chunks(100).map(|people| {
        let batch: Vec<Value> = people.iter().map(|person| identify(*person)).collect();
        let body = json!({ "writeKey": write_key, "batch": batch }).to_string();
        [head("/v1/batch", body.len()), body].concat().into_bytes()
    });
    requests.collect()
}

fn identify(person: u64) -> Value {
    let company = person % COMPANIES;
    let plan = ["free", "team", "business"][person as usize % 3];
    json!({
        "type": "identify",
        "messageId": format!("identify-{person}"),
        "anonymousId": format!("2846199347-1029384756-3847561029-{person:010}"),
        "userId": format!("user-{person:04}"),
        "timestamp": Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
        "traits": {
            "email": format!("person{person}@company{company}.example"),
            "name": format!("Person {person}"),
            "plan": plan,
            "company": { "company_id": format!("company-{company:02}"), "name": format!("Company {company}") },
        },
    })
}

/// Writes a number in decimal over the whole width of a place.
fn digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}
