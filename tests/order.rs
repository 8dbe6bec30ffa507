//! T3: late, repeated and out-of-order delivery end in the same users, companies,
//! memberships, attribute values and counts. Random histories, random orders, with repeats.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use rollcall::actions::receive::{Planned, plan, receive};
use rollcall::domain::access::Grade;
use rollcall::domain::ids::{AnonymousId, CompanyId, SourceKey, UserId};
use rollcall::domain::message::{CompanyContext, CompanyStatement, Delivery, Kind, Message, Standing, Status};
use rollcall::store::{Ambient, Store, StoreError, recount};
use serde_json::{Map, Value, json};

const NOW_MS: i64 = 1_790_000_000_000;
const MINUTE_MS: i64 = 60_000;

/// What happens in a history. Each browser is one person's, since whose a shared browser is
/// belongs to whoever arrives first; each event states its company, since what follows from the
/// only open membership is decided when it arrives (T3's exceptions).
#[derive(Debug, Clone)]
enum Deed {
    Identify { attributes: Vec<(u8, u8)>, anonymous: bool },
    Join { company: u8, role: Option<u8> },
    Leave { company: u8 },
    Replace { companies: Vec<u8> },
    Group { company: u8, plan: u8 },
    Track { company: Option<u8>, anonymous: bool },
    Page { anonymous: bool },
}

#[derive(Debug, Clone)]
struct Step {
    person: u8,
    minute: i64,
    deed: Deed,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (prop::collection::vec((0_u8..3, 0_u8..8), 1..4), any::<bool>())
            .prop_map(|(attributes, anonymous)| Deed::Identify { attributes, anonymous }),
        (0_u8..3, prop::option::of(0_u8..3)).prop_map(|(company, role)| Deed::Join { company, role }),
        (0_u8..3).prop_map(|company| Deed::Leave { company }),
        prop::collection::vec(0_u8..3, 0..3).prop_map(|companies| Deed::Replace { companies }),
        (0_u8..3, 0_u8..3).prop_map(|(company, plan)| Deed::Group { company, plan }),
        (prop::option::of(0_u8..3), any::<bool>()).prop_map(|(company, anonymous)| Deed::Track { company, anonymous }),
        any::<bool>().prop_map(|anonymous| Deed::Page { anonymous }),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    (0_u8..2, 0_i64..5_000, any_deed()).prop_map(|(person, minute, deed)| Step { person, minute, deed })
}

fn company_id(company: u8) -> CompanyId {
    CompanyId::parse(&format!("company-{company}")).unwrap().unwrap()
}

fn statement(company: u8, standing: Standing) -> CompanyStatement {
    CompanyStatement { company_id: Some(company_id(company)), standing, attributes: Map::new(), membership: Map::new() }
}

fn value(number: u8) -> Value {
    match number {
        0 => Value::Null,
        1 => json!({ "$inc": 2 }),
        2 => json!({ "$once": 7 }),
        number => json!(number),
    }
}

fn message(index: usize, step: &Step) -> Message {
    let kind = match step.deed {
        Deed::Group { .. } => Kind::Group,
        Deed::Track { .. } => Kind::Track,
        Deed::Page { .. } => Kind::Page,
        _ => Kind::Identify,
    };
    let mut message = Message::new(kind);
    let anonymous = matches!(
        step.deed,
        Deed::Identify { anonymous: true, .. } | Deed::Track { anonymous: true, .. } | Deed::Page { anonymous: true }
    );
    message.message_id = Some(format!("message-{index}"));
    message.anonymous_id = AnonymousId::parse(&format!("browser-{}", step.person)).unwrap();
    message.user_id = UserId::parse(&format!("person-{}", step.person)).unwrap().filter(|_| !anonymous);
    message.timestamp_ms = Some(NOW_MS - 10_000 * MINUTE_MS + step.minute * MINUTE_MS);
    match &step.deed {
        Deed::Identify { attributes, .. } => {
            message.traits =
                attributes.iter().map(|(name, number)| (format!("attribute-{name}"), value(*number))).collect();
        }
        Deed::Join { company, role } => {
            let mut joins = statement(*company, Standing::Joins);
            if let Some(role) = role {
                joins.membership.insert("role".to_owned(), json!(format!("role-{role}")));
            }
            message.companies = vec![joins];
        }
        Deed::Leave { company } => message.companies = vec![statement(*company, Standing::Leaves)],
        Deed::Replace { companies } => {
            message.companies = companies.iter().map(|company| statement(*company, Standing::Joins)).collect();
            message.companies_replace = true;
        }
        Deed::Group { company, plan } => {
            let mut joins = statement(*company, Standing::Joins);
            joins.attributes.insert("plan".to_owned(), json!(format!("plan-{plan}")));
            message.companies = vec![joins];
        }
        Deed::Track { company, .. } => {
            message.name = "Report exported".to_owned();
            message.company_context =
                company.map_or(CompanyContext::None, |company| CompanyContext::In(company_id(company)));
        }
        Deed::Page { .. } => message.company_context = CompanyContext::None,
    }
    message
}

fn open(path: &Path) -> Store {
    let ambient = Ambient { now_ms: Arc::new(|| NOW_MS), ..Ambient::default() };
    Store::open(path, ambient).unwrap()
}

/// Delivers messages in jobs of the given sizes, and answers what the file says in the end.
fn deliver(messages: &[Message], sizes: &[usize]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollcall.db");
    let store = open(&path);
    let source: SourceKey = store.catalog().api_source().unwrap().key;
    let mut rest = messages;
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(sizes.next().unwrap_or(1).clamp(1, rest.len()));
        rest = later;
        let now = now.to_vec();
        store
            .write_now(move |tx| {
                for message in now {
                    let delivery =
                        Delivery { source, grade: Grade::Secret, sent_at_ms: Some(NOW_MS), received_ms: NOW_MS };
                    let receipt = receive(tx, &delivery, message)?;
                    assert_ne!(receipt.status, Status::Refused, "{receipt:?}");
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
    store.close();
    let store = open(&path);
    assert_eq!(store.read_now(recount::differences).unwrap(), Vec::<String>::new());
    store.close();
    told(&path)
}

/// All that the file says, by the site's own ids, as sorted lines.
fn told(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut lines = Vec::new();
    for sql in [
        "SELECT 'user', u.user_id, json(u.attributes), u.first_seen_ms, u.last_seen_hour, u.companies, c.company_id
         FROM users u LEFT JOIN companies c ON c.company_key = u.current_company_key",
        "SELECT 'visitor', v.anonymous_id, json(v.attributes), v.first_seen_ms, v.last_seen_hour, u.user_id
         FROM visitors v LEFT JOIN users u USING (user_key)",
        "SELECT 'company', company_id, json(attributes), first_seen_ms, last_seen_hour, members, active_members
         FROM companies",
        "SELECT 'membership', u.user_id, c.company_id, m.joined_ms, m.left_ms, m.stated_ms, m.role, json(m.attributes),
           m.last_seen_hour
         FROM memberships m JOIN users u USING (user_key) JOIN companies c USING (company_key)",
        "SELECT 'span', u.user_id, c.company_id, m.joined_ms, m.left_ms
         FROM membership_spans m JOIN users u USING (user_key) JOIN companies c USING (company_key)",
        "SELECT 'person of day', p.day, u.user_id, p.events FROM people_by_day p JOIN users u USING (user_key)",
        "SELECT 'person in company', p.day, c.company_id, u.user_id, p.events
         FROM company_people_by_day p JOIN users u USING (user_key) JOIN companies c USING (company_key)",
        "SELECT 'company of day', d.day, c.company_id, d.people, d.events
         FROM company_days d JOIN companies c USING (company_key)",
        "SELECT 'day', day, people, events FROM days",
        "SELECT 'events', count(*) FROM events WHERE kind <= 2",
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let parts: Vec<String> = (0..columns)
                .map(|index| format!("{:?}", row.get::<_, rusqlite::types::Value>(index).unwrap()))
                .collect();
            lines.push(parts.join(" | "));
        }
    }
    lines.sort();
    lines
}

fn cases() -> u32 {
    if std::env::var_os("ROLLCALL_FULL").is_some() { 600 } else { 60 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn t3_any_order_of_arrival_with_repeats_ends_in_the_same_state(
        steps in prop::collection::vec(any_step(), 1..14),
        order in prop::collection::vec((any::<u32>(), 0_usize..14), 18..22),
        sizes in prop::collection::vec(1_usize..5, 1..4),
    ) {
        let messages: Vec<Message> = steps.iter().enumerate().map(|(index, step)| message(index, step)).collect();
        let straight = deliver(&messages, &[messages.len()]);
        let mut shuffled: Vec<(u32, &Message)> = messages.iter().zip(&order).map(|(message, (key, _))| (*key, message)).collect();
        for (key, index) in order.iter().skip(messages.len()) {
            shuffled.push((*key, &messages[index % messages.len()]));
        }
        shuffled.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<Message> = shuffled.into_iter().map(|(_, message)| message.clone()).collect();
        prop_assert_eq!(straight, deliver(&shuffled, &sizes));
    }
}

/// Asks what each message would do before it is sent, and answers each change set of either.
fn deliver_asking(path: &Path, messages: &[Message]) -> Vec<(Value, Value)> {
    let store = open(path);
    let source: SourceKey = store.catalog().api_source().unwrap().key;
    let delivery = Delivery { source, grade: Grade::Secret, sent_at_ms: Some(NOW_MS), received_ms: NOW_MS };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut told = Vec::new();
    for message in messages {
        let (asked, sent) = (message.clone(), message.clone());
        let planned = runtime.block_on(store.rehearse(move |tx| plan(tx, &delivery, asked))).unwrap();
        let done = store.write_now(move |tx| plan(tx, &delivery, sent)).unwrap();
        let value = |planned: Planned| serde_json::to_value(planned).unwrap();
        told.push((value(planned), value(done)));
    }
    store.close();
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_dry_run_says_what_the_call_then_does_and_leaves_nothing(
        steps in prop::collection::vec(any_step(), 1..12),
    ) {
        let messages: Vec<Message> = steps.iter().enumerate().map(|(index, step)| message(index, step)).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        for (planned, done) in deliver_asking(&path, &messages) {
            prop_assert_eq!(planned, done);
        }
        let sizes = [1];
        prop_assert_eq!(told(&path), deliver(&messages, &sizes));
    }
}
