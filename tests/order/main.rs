//! T3: late, repeated and out-of-order delivery end in the same users, companies,
//! memberships, attribute values and counts. Random histories, random orders, with repeats, held
//! against a model that knows of none of it.

mod history;
mod model;
mod taken_back;

use std::path::Path;
use std::sync::Arc;

use history::{NAMED, NOW_MS, Step, any_history, message};
use proptest::prelude::*;
use rollcall::actions::merge::{self, MergeError};
use rollcall::actions::receive::{Planned, plan, receive};
use rollcall::actions::undo::undo;
use rollcall::actions::{settings, sources};
use rollcall::domain::change::By;
use rollcall::domain::ids::{ChangeKey, CompanyId, SourceKey, UserId};
use rollcall::domain::message::{Delivery, Message, Status};
use rollcall::store::{Ambient, Store, StoreError, Tx, companies, recount, users};

fn open(path: &Path) -> Store {
    let ambient = Ambient { now_ms: Arc::new(|| NOW_MS), ..Ambient::default() };
    Store::open(path, ambient).unwrap()
}

/// A fresh file with two sources.
fn fresh(path: &Path) -> (Store, [SourceKey; 2]) {
    let store = open(path);
    let add = |name: &'static str| {
        let added = store.write_now(move |tx| sources::add(tx, &By::Shell, name, &[], &[]));
        added.unwrap_or_else(|error| panic!("{error}")).source.key
    };
    let keys = [add("Shop"), add("App")];
    (store, keys)
}

/// Delivers steps in jobs of the given sizes.
fn deliver(store: &Store, sources: &[SourceKey; 2], steps: &[(usize, &Step)], sizes: &[usize]) {
    let mut rest = steps;
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(sizes.next().unwrap_or(1).clamp(1, rest.len()));
        rest = later;
        let now: Vec<(Delivery, Message)> = now.iter().map(|(index, step)| message(*index, step, sources)).collect();
        store
            .write_now(move |tx| {
                for (delivery, mut message) in now {
                    let receipt = receive(tx, &delivery, &mut message)?;
                    assert_ne!(receipt.status, Status::Refused, "{receipt:?}");
                    assert!(receipt.refused_values.is_empty(), "{receipt:?}");
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}

/// Ends, and answers what the file says: its folds are those of a recount.
fn ended(store: &Store, path: &Path) -> Vec<String> {
    store.close();
    let store = open(path);
    assert_eq!(store.read_now(recount::differences).unwrap(), Vec::<String>::new());
    store.close();
    told(path)
}

/// All that the file says, by the site's own ids, as sorted lines.
fn told(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut lines = Vec::new();
    for sql in [
        "SELECT 'user', user_id, json(attributes), first_seen_ms, last_seen_hour FROM users",
        "SELECT 'member', u.user_id, c.company_id, m.joined_ms, coalesce(m.left_ms, '')
         FROM (SELECT user_key, company_key, joined_ms, left_ms FROM memberships
               UNION SELECT user_key, company_key, joined_ms, left_ms FROM membership_spans) m
         JOIN users u USING (user_key) JOIN companies c USING (company_key)",
        "SELECT 'role', u.user_id, c.company_id, coalesce(m.role, '')
         FROM memberships m JOIN users u USING (user_key) JOIN companies c USING (company_key)",
        "SELECT 'company', company_id, json(attributes), members FROM companies",
        "SELECT 'person of day', p.day, u.user_id, p.events FROM people_by_day p JOIN users u USING (user_key)",
        "SELECT 'person in company', p.day, c.company_id, u.user_id, p.events
         FROM company_people_by_day p JOIN users u USING (user_key) JOIN companies c USING (company_key)",
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let parts: Vec<String> = (0..columns)
                .map(|index| match row.get::<_, rusqlite::types::Value>(index).unwrap() {
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    other => format!("{other:?}"),
                })
                .collect();
            lines.push(parts.join(" "));
        }
    }
    lines.sort();
    lines
}

fn cases() -> u32 {
    if std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty()) { 600 } else { 60 }
}

/// A history in another order, with repeats; everyone is named first.
fn shuffled<'a>(steps: &'a [Step], order: &[(u32, usize)]) -> Vec<(usize, &'a Step)> {
    let all: Vec<(usize, &Step)> = steps.iter().enumerate().collect();
    let (named, rest) = all.split_at(NAMED);
    let mut keyed: Vec<(u32, (usize, &Step))> = rest.iter().zip(order).map(|(step, (key, _))| (*key, *step)).collect();
    keyed.extend(order.iter().skip(rest.len()).map(|(key, index)| (*key, all[index % all.len()])));
    keyed.sort_by_key(|(key, _)| *key);
    named.iter().copied().chain(keyed.into_iter().map(|(_, step)| step)).collect()
}

/// Merges two people, by hand; none where they are one.
fn merged(store: &Store, to: u8, from: u8) -> Option<ChangeKey> {
    store
        .write_now(move |tx| {
            let key = |person: u8, tx: &Tx<'_>| {
                let id = UserId::parse(&history::user_id(person)).unwrap().unwrap();
                users::key_of_id(tx, &id).map(Option::unwrap)
            };
            let (to, from) = (key(to, tx)?, key(from, tx)?);
            match merge::merge(tx, &By::Shell, to, from) {
                Ok(change) => Ok(Some(change)),
                Err(MergeError::OneAlready) => Ok(None),
                Err(MergeError::Store(error)) => Err(error),
            }
        })
        .unwrap()
}

/// Merges two companies, by hand; none where they are one, or nobody spoke of one of them.
fn merged_companies(store: &Store, to: u8, from: u8) -> Option<ChangeKey> {
    store
        .write_now(move |tx| {
            let key = |company: u8, tx: &Tx<'_>| {
                let id = CompanyId::parse(&history::company_id(company)).unwrap().unwrap();
                companies::key_of_id(tx, &id)
            };
            let (Some(to), Some(from)) = (key(to, tx)?, key(from, tx)?) else { return Ok(None) };
            match merge::companies::merge(tx, &By::Shell, to, from) {
                Ok(change) => Ok(Some(change)),
                Err(MergeError::OneAlready) => Ok(None),
                Err(MergeError::Store(error)) => Err(error),
            }
        })
        .unwrap()
}

/// Where folds and a recount differ, once all is folded.
fn differences(store: &Store) -> Vec<String> {
    store.read_settled(recount::differences).unwrap()
}

/// What changes whom the numbers leave out (R16).
#[derive(Debug, Clone)]
enum Turn {
    /// A person's address.
    Address(u8, Option<&'static str>),
    /// The domains that are the workspace's own.
    Own(&'static str),
    /// Two people are one.
    Merge(u8, u8),
    /// Two companies are one.
    MergeCompanies(u8, u8),
    /// The last merge is taken back.
    Apart,
}

fn any_turn() -> impl Strategy<Value = Turn> {
    let domains = prop::sample::select(vec!["", "own.test", "own.test,other.test", "other.test"]);
    let address = prop::sample::select(vec![None, Some("own.test"), Some("other.test"), Some("acme.test")]);
    prop_oneof![
        3 => (0_u8..3, address).prop_map(|(person, domain)| Turn::Address(person, domain)),
        3 => domains.prop_map(Turn::Own),
        1 => (0_u8..3, 0_u8..3).prop_map(|(to, from)| Turn::Merge(to, from)),
        1 => (0_u8..3, 0_u8..3).prop_map(|(to, from)| Turn::MergeCompanies(to, from)),
        1 => Just(Turn::Apart),
    ]
}

/// Someone says their address, at a time of its own.
fn says_address(store: &Store, sources: &[SourceKey; 2], index: usize, person: u8, domain: Option<&str>) {
    let deed = history::Deed::Identify { attributes: vec![] };
    let step = Step { person, browser: 0, source: 0, minute: 9_000, anonymous: false, deed };
    let (delivery, mut message) = message(1_000 + index, &step, sources);
    let address = domain.map(|domain| format!("person-{person}@{domain}"));
    message.traits.insert("email".to_owned(), address.into());
    store.write_now(move |tx| receive(tx, &delivery, &mut message).map(drop)).unwrap();
}

fn own_domains(store: &Store, domains: &'static str) {
    store.write_now(move |tx| settings::set(tx, &By::Shell, "staff_domains", domains)).unwrap();
}

fn any_order() -> impl Strategy<Value = Vec<(u32, usize)>> {
    prop::collection::vec((any::<u32>(), 0_usize..20), 20..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn t3_any_order_of_arrival_with_repeats_ends_as_the_model_says(
        steps in any_history(),
        order in any_order(),
        sizes in prop::collection::vec(1_usize..5, 1..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        let (store, sources) = fresh(&path);
        deliver(&store, &sources, &shuffled(&steps, &order), &sizes);
        prop_assert_eq!(ended(&store, &path), model::told(&steps));
    }

    #[test]
    fn t3_two_who_deliver_the_same_history_at_once_store_it_once(
        steps in any_history(),
        orders in (any_order(), any_order()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        let (store, sources) = fresh(&path);
        std::thread::scope(|scope| {
            for order in [&orders.0, &orders.1] {
                scope.spawn(|| deliver(&store, &sources, &shuffled(&steps, order), &[1]));
            }
        });
        prop_assert_eq!(ended(&store, &path), model::told(&steps));
    }

    #[test]
    fn r11_c10_after_merges_and_their_undoing_everyone_is_what_was_said_of_them_as_if_never_merged(
        steps in any_history(),
        merges in prop::collection::vec((any::<bool>(), 0_u8..3, 0_u8..3), 1..5),
        midway in any::<prop::sample::Index>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        let (store, sources) = fresh(&path);
        let all: Vec<(usize, &Step)> = steps.iter().enumerate().collect();
        let (first, later) = all.split_at(NAMED + midway.index(all.len() - NAMED + 1));
        deliver(&store, &sources, first, &[1]);
        let deed = |(companies, to, from): &(bool, u8, u8)| match companies {
            true => merged_companies(&store, *to, *from),
            false => merged(&store, *to, *from),
        };
        let changes: Vec<_> = merges.iter().filter_map(deed).collect();
        prop_assert_eq!(differences(&store), Vec::<String>::new());
        let mut parts: Vec<_> = later.chunks(later.len().div_ceil(changes.len() + 1).max(1)).collect();
        for change in changes.into_iter().rev() {
            if !parts.is_empty() {
                deliver(&store, &sources, parts.remove(0), &[1]);
                prop_assert_eq!(differences(&store), Vec::<String>::new());
            }
            store.write_now(move |tx| undo(tx, &By::Shell, change)).unwrap();
            prop_assert_eq!(differences(&store), Vec::<String>::new());
        }
        for part in parts {
            deliver(&store, &sources, part, &[1]);
        }
        prop_assert_eq!(ended(&store, &path), model::told(&steps));
    }

    #[test]
    fn a_dry_run_says_what_the_call_then_does_and_leaves_nothing(steps in any_history()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        let (store, sources) = fresh(&path);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for (index, step) in steps.iter().enumerate() {
            let [mut asked, mut sent] = [message(index, step, &sources), message(index, step, &sources)];
            let planned = runtime.block_on(store.rehearse(move |tx| plan(tx, &asked.0, &mut asked.1))).unwrap();
            let done = store.write_now(move |tx| plan(tx, &sent.0, &mut sent.1)).unwrap();
            let value = |planned: Planned| serde_json::to_value(planned).unwrap();
            prop_assert_eq!(value(planned), value(done));
        }
        prop_assert_eq!(ended(&store, &path), model::told(&steps));
    }
}

proptest! {
    // Each case counts anew many times.
    #![proptest_config(ProptestConfig { cases: cases() / 4, ..ProptestConfig::default() })]

    #[test]
    fn r16_whoever_is_staff_at_any_time_the_folds_are_a_recount_and_all_comes_back(
        steps in any_history(),
        turns in prop::collection::vec(any_turn(), 1..8),
        sizes in prop::collection::vec(0_usize..5, 8),
    ) {
        let run = |with_domains: bool| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("rollcall.db");
            let (store, sources) = fresh(&path);
            let all: Vec<(usize, &Step)> = steps.iter().enumerate().collect();
            let (named, mut rest) = all.split_at(NAMED);
            deliver(&store, &sources, named, &[1]);
            let mut merges = Vec::new();
            for (index, turn) in turns.iter().enumerate() {
                let (now, later) = rest.split_at(sizes[index].min(rest.len()));
                deliver(&store, &sources, now, &[2]);
                rest = later;
                match turn {
                    Turn::Address(person, domain) => says_address(&store, &sources, index, *person, *domain),
                    Turn::Own(domains) if with_domains => own_domains(&store, domains),
                    Turn::Own(_) => {}
                    Turn::Merge(to, from) => merges.extend(merged(&store, *to, *from)),
                    Turn::MergeCompanies(to, from) => merges.extend(merged_companies(&store, *to, *from)),
                    Turn::Apart => {
                        if let Some(change) = merges.pop() {
                            store.write_now(move |tx| undo(tx, &By::Shell, change)).unwrap();
                        }
                    }
                }
                assert_eq!(differences(&store), Vec::<String>::new(), "after {turn:?}");
            }
            deliver(&store, &sources, rest, &[1]);
            assert_eq!(differences(&store), Vec::<String>::new());
            own_domains(&store, "");
            assert_eq!(differences(&store), Vec::<String>::new());
            ended(&store, &path)
        };
        prop_assert_eq!(run(true), run(false));
    }
}
