//! Everything exported as one zip and imported into an empty workspace gives the same: over workspaces that are made up.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::imports::work;
use crate::actions::attributes::{self as attribute_deeds, Hand};
use crate::actions::edit::{self, Absent, Wanted, notes};
use crate::actions::export::Package;
use crate::actions::import::file::Incoming;
use crate::actions::import::package;
use crate::actions::receive::receive;
use crate::actions::tray::{self, Decision};
use crate::actions::{email_domains, merge, segments, settings};
use crate::domain::access::{Grade, Role};
use crate::domain::attributes::Owner;
use crate::domain::change::By;
use crate::domain::filter::Listed;
use crate::domain::ids::{AnonymousId, CompanyId, UserId};
use crate::domain::import::Said;
use crate::domain::message::{CompanyContext, CompanyStatement, Delivery, Kind as Call, Message, Standing};
use crate::domain::profile::Profile;
use crate::domain::table::{Format, Kind};
use crate::store::attributes::DefinitionChange;
use crate::store::imports::{self as rows, State};
use crate::store::users::UserName;
use crate::store::{Ambient, Store, Tx, companies, operators, recount, users};

/// What happens in a made-up workspace: a kind of deed, whom it is about, and how.
type Step = (u8, u8, u8, u8);

const OWNERS: [&str; 2] = ["ines@rollcall.test", "tomek@rollcall.test"];
const USERS: u8 = 5;
const COMPANIES: u8 = 4;

/// Values of each type, some of which a spreadsheet would run, or part.
fn said(what: u8) -> (&'static str, Value) {
    let all = [
        ("plan", json!("=pro")),
        ("plan", json!("'-free")),
        ("seats", json!(12)),
        ("ratio", json!(-1.5)),
        ("born", json!("2000-02-29")),
        ("signed_up_at", json!("2026-01-02T03:04:05.678Z")),
        ("vip", json!(true)),
        ("langs", json!(["de", "e|n", ""])),
        ("langs", json!([])),
        ("prefs", json!({ "a": [1, { "b": null }] })),
        ("note", json!("two\r\nlines, \"quoted\"; '")),
        ("empty", json!("")),
        ("zip", json!("007")),
        ("owner", json!("nobody")),
        ("tags (list)", json!("x")),
        ("name", json!("Zażółć")),
        ("plan", Value::Null),
    ];
    all[usize::from(what) % all.len()].clone()
}

fn user_id(user: u8) -> UserId {
    UserId::stored(format!("user {}", user % USERS))
}

fn company_id(company: u8) -> CompanyId {
    CompanyId::stored(format!("company/{}|", company % COMPANIES))
}

fn named(user: u8) -> UserName {
    UserName::UserId(user_id(user).as_str().to_owned())
}

fn about(user: u8) -> Message {
    Message { user_id: Some(user_id(user)), ..Message::new(Call::Identify) }
}

/// Does a step; what can't be done in this workspace is not.
fn step(tx: &mut Tx<'_>, (what, one, other, how): Step, at_ms: i64) {
    let source = tx.catalog().api_source().unwrap().key;
    let delivery = Delivery { source, grade: Grade::Secret, sent_at_ms: None, received_ms: tx.now_ms };
    let send = |tx: &mut Tx<'_>, message: Message| {
        let mut message = Message { timestamp_ms: Some(at_ms), ..message };
        receive(tx, &delivery, &mut message).unwrap();
    };
    let hand = Hand { by: By::Operator(OWNERS[0].to_owned()), grade: Grade::Hand };
    let (name, value) = said(how);
    let values = Map::from_iter([(name.to_owned(), value)]);
    let user = |tx: &Tx<'_>, user: u8| users::key(&tx.reader(), &named(user)).unwrap();
    let company = |tx: &Tx<'_>, company: u8| companies::key(&tx.reader(), company_id(company).as_str()).unwrap();
    let wanted = Wanted {
        owner: (how % 3 != 0).then(|| (how % 3 == 1).then(|| OWNERS[usize::from(how / 3) % 2].to_owned())),
        tags: (how % 2 == 0).then(|| vec![format!("tag {}", how % 5), "=vip".to_owned()]),
        ..Wanted::default()
    };
    let belongs = |standing| CompanyStatement {
        company_id: Some(company_id(other)),
        standing,
        attributes: if how % 2 == 0 { values.clone() } else { Map::new() },
        membership: Map::from_iter([
            ("role".to_owned(), json!(format!("role {}", how % 3))),
            ("floor".to_owned(), json!(how)),
        ]),
    };
    match what % 20 {
        0 => send(tx, Message { traits: values, ..about(one) }),
        1 => {
            // A browser that carries something, or is somebody's.
            let anonymous_id = Some(AnonymousId::stored(format!("browser {}", other % 7)));
            let user_id = (how % 3 == 0).then(|| user_id(one));
            send(tx, Message { traits: values, anonymous_id, user_id, ..Message::new(Call::Identify) });
        }
        2 => {
            let email = json!(format!("user{}@people.test", one % USERS));
            send(tx, Message { traits: Map::from_iter([("email".to_owned(), email)]), ..about(one) });
        }
        3 => {
            // An address of their own, or one that a user has too; from a browser, or not, and unsigned.
            let address = if other % 2 == 0 {
                format!("lead{}@leads.test", one % 2)
            } else {
                format!("user{}@people.test", one % USERS)
            };
            let email = ("email".to_owned(), json!(address));
            let anonymous_id = (how % 2 == 0).then(|| AnonymousId::stored(format!("browser {}", how % 7)));
            let traits = values.into_iter().chain([email]).collect();
            let mut lead = Message { traits, anonymous_id, timestamp_ms: Some(at_ms), ..Message::new(Call::Identify) };
            let unsigned = Delivery { grade: if other % 3 == 0 { Grade::Secret } else { Grade::Unsigned }, ..delivery };
            receive(tx, &unsigned, &mut lead).unwrap();
        }
        4..=6 => send(tx, Message { companies: vec![belongs(Standing::Joins)], ..about(one) }),
        7 | 8 => send(tx, Message { companies: vec![belongs(Standing::Leaves)], ..about(one) }),
        9 => {
            let previous_id = Some(UserId::stored(format!("{} {}", user_id(one), other % 3)));
            send(tx, Message { previous_id, user_id: Some(user_id(one)), ..Message::new(Call::Alias) });
            let former = Message { user_id: Some(UserId::stored(format!("former {}", how % 9))), ..about(one) };
            send(tx, former);
            let previous_id = Some(UserId::stored(format!("former {}", how % 9)));
            send(tx, Message { previous_id, user_id: Some(user_id(one)), ..Message::new(Call::Alias) });
        }
        10 => {
            let event = Message {
                user_id: (how % 4 != 0).then(|| user_id(one)),
                anonymous_id: (how % 2 == 0).then(|| AnonymousId::stored(format!("browser {}", other % 7))),
                acting_as: how % 11 == 0,
                inactive: how % 13 == 0,
                session_ms: (how % 6 == 0).then_some(at_ms - 5_000),
                name: "Report exported".to_owned(),
                properties: Some(json!({ "=a": [how], "deep": { "text": "x,\"y\"" } }).to_string()),
                company_context: if how % 3 == 0 {
                    CompanyContext::In(company_id(other))
                } else {
                    CompanyContext::Unstated
                },
                ..Message::new([Call::Track, Call::Page, Call::Screen][usize::from(how) % 3])
            };
            send(tx, event);
        }
        11 => drop(edit::user(tx, &hand, &named(one), &wanted, Absent::Refuse)),
        12 => drop(edit::company(tx, &hand, company_id(one).as_str(), &wanted, Absent::Refuse)),
        13 => {
            let wanted = Wanted {
                archived: Some(how % 2 == 0),
                signed_members: (how % 5 == 0).then_some(true),
                company_id: (how % 7 == 0).then(|| CompanyId::stored(format!("renamed {how}"))),
                ..Wanted::default()
            };
            drop(edit::company(tx, &hand, company_id(one).as_str(), &wanted, Absent::Refuse));
        }
        14 => {
            if let (Some(survivor), Some(other)) = (user(tx, one), user(tx, other)) {
                let _ = merge::merge(tx, &By::Shell, survivor, other);
            }
        }
        15 => {
            if let (Some(survivor), Some(other)) = (company(tx, one), company(tx, other)) {
                let _ = merge::companies::merge(tx, &By::Shell, survivor, other);
            }
        }
        16 | 17 => {
            let of =
                if what % 20 == 16 { user(tx, one).map(Profile::User) } else { company(tx, one).map(Profile::Company) };
            let next_date = if how % 2 == 0 { "2027-03-01" } else { "" }.to_owned();
            // The same words about the same at the same millisecond are one note, said twice.
            let written = notes::Written { text: format!("=Called, {how}\n- \"soon\", {at_ms}"), next_date };
            if let Some(of) = of {
                notes::add(tx, &hand, of, &written).unwrap();
            }
        }
        18 => {
            let owner = Owner::ALL[usize::from(one) % 3];
            let change = match other % 4 {
                0 => DefinitionChange::Hidden(how % 2 == 0),
                1 => DefinitionChange::Locked(how % 2 == 0),
                2 => DefinitionChange::History(how % 2 == 0),
                _ => DefinitionChange::Label(Some(format!("-Label {how}"))),
            };
            let name = if owner == Owner::Membership { "floor" } else { name };
            let _ = attribute_deeds::change(tx, &hand, owner, name, &[change]);
        }
        19 => {
            let (name, value) = [
                ("workspace_name", "=Acme, \"Inc\""),
                ("time_zone", "Europe/Warsaw"),
                ("rate_limit", "7"),
                ("protect_signed", "false"),
                ("refuse_bots", "false"),
                ("ignored_domains", "mail.test, example.test"),
                // Where a user belongs to one company (C2), an export that is read twice moves people again.
            ][usize::from(how) % 6];
            settings::set(tx, &By::Shell, name, value).unwrap();
        }
        20 => {
            let listed = if how % 2 == 0 { Listed::Users } else { Listed::Companies };
            let filter = ["f=plan%3Ais%3A%3Dpro", "f=state%3Ais%3Anew&match=any", "f=name%3Ahas%3Aa%2Cb"];
            let name = format!("-Of {}", one % 3);
            let _ = segments::add(tx, &By::Shell, listed, &name, filter[usize::from(other) % 3]);
        }
        21 => {
            let owner = Owner::ALL[usize::from(one) % 3];
            let _ = tray::decide(tx, &hand, owner, &format!("former {}", how % 2), &Decision::Ignore);
        }
        22 => {
            let change = DefinitionChange::FastFilter(how % 3 > 0);
            let _ = attribute_deeds::change(tx, &hand, Owner::User, name, &[change]);
        }
        _ => {
            if company(tx, one).is_some() {
                let domain = format!("domain{}.test", how % 3);
                let _ = email_domains::accept(tx, &By::Shell, &domain, company_id(one).as_str());
            }
        }
    }
}

fn workspace(folder: &Path) -> Store {
    let store = Store::open(&folder.join("rollcall.db"), Ambient::default()).unwrap();
    for owner in OWNERS {
        store.write_now(move |tx| operators::add(tx, owner, Role::Admin, None).map(drop)).unwrap();
    }
    store
}

fn zip_of_everything(store: &Store, format: Format) -> Vec<u8> {
    store.read_settled(|_| Ok(())).unwrap();
    let (mut package, now_ms, mut bytes) = (Package::all(&store.catalog(), format), store.now_ms(), Vec::new());
    while let Some(part) = store.read_now(|db| package.next(db, now_ms)).unwrap() {
        bytes.extend(part);
    }
    bytes
}

/// All that an export says but what is of this workspace alone: our ids of rows, and who said it last.
fn told(store: &Store) -> BTreeMap<&'static str, Vec<String>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(zip_of_everything(store, Format::Ndjson))).unwrap();
    let mut all = BTreeMap::new();
    for kind in Kind::ALL {
        let mut text = String::new();
        zip.by_name(&format!("{}.ndjson", kind.as_str())).unwrap().read_to_string(&mut text).unwrap();
        let line = |line: &str| {
            let mut row: Map<String, Value> = serde_json::from_str(line).unwrap();
            for own in ["id", "event_id", "received_at", "source"] {
                row.remove(own);
            }
            if kind == Kind::Visitors {
                // To the hour, where an event names its user beside it.
                row.remove("last_seen");
            }
            for list in ["aliases", "anonymous_ids", "domains"] {
                if let Some(Value::Array(items)) = row.get_mut(list) {
                    items.sort_by_key(Value::to_string);
                }
            }
            Value::Object(row).to_string()
        };
        let mut lines: Vec<String> = text.lines().map(line).collect();
        lines.sort();
        all.insert(kind.as_str(), lines);
    }
    all
}

/// Reads a zip back, and takes no less of it than everything.
fn read_back(store: &Store, bytes: &[u8]) {
    let mut incoming = Incoming::new(store).unwrap();
    incoming.write(bytes).unwrap();
    let by = ("shell".to_owned(), String::new());
    let keys = package::keep(store, incoming, Kind::Users, Said::default(), "rollcall.zip", by).unwrap();
    assert_eq!(keys.len(), Kind::ALL.len());
    let first = keys[0];
    store.write_now(move |tx| package::run(tx, first)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(work(store)).unwrap();
    for import in store.read_now(|db| rows::of_package(db, first)).unwrap() {
        let refused = store.read_now(|db| rows::refusals(db, import.key, None, 5)).unwrap().rows;
        assert_eq!((import.state, refused), (State::Done, Vec::new()), "{}", import.file_name);
    }
}

fn cases() -> u32 {
    if std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty()) { 200 } else { 6 }
}

#[test]
fn everything_exported_and_imported_into_an_empty_workspace_is_as_it_was() {
    let steps = proptest::collection::vec((0..24_u8, any::<u8>(), any::<u8>(), any::<u8>()), 1..60);
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&steps, |steps: Vec<Step>| {
            let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
            let [here, there] = [workspace(folders[0].path()), workspace(folders[1].path())];
            let all = steps.clone();
            here.write_now(move |tx| {
                let began_ms = tx.now_ms - all.len() as i64 * 60_000;
                for (nth, one) in (0..).zip(all) {
                    step(tx, one, began_ms + nth * 60_000);
                }
                Ok::<_, crate::store::StoreError>(())
            })
            .unwrap();
            let zip = zip_of_everything(&here, Format::Csv);
            read_back(&there, &zip);
            let before = told(&there);
            for (kind, lines) in told(&here) {
                prop_assert_eq!(&before[kind], &lines, "{}", kind);
            }
            prop_assert_eq!(there.read_settled(recount::differences).unwrap(), Vec::<String>::new());
            // The same once more changes nothing.
            read_back(&there, &zip);
            prop_assert_eq!(told(&there), before);
            here.close();
            there.close();
            Ok(())
        })
        .unwrap();
}
