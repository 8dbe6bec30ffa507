//! A small file for the tests of this room, filled row by row.

use rusqlite::{Connection, named_params, params};

use super::{Ambient, Reader, StoreError, Tx, migrate};
use crate::domain::ids::EventId;
use crate::domain::message::Kind;
use crate::domain::time::{self, DAY_MS, HOUR_MS};

/// 2026-11-20T12:00:00Z, a Friday: now in these stories.
pub(super) const NOW: i64 = 1_795_176_000_000;

/// An instant so many days before now.
pub(super) fn days_ago(days: i64) -> i64 {
    NOW - days * DAY_MS
}

pub(super) struct Sample {
    pub connection: Connection,
    _folder: tempfile::TempDir,
}

/// Whom and what an event names.
#[derive(Clone, Copy, Default)]
pub(super) struct Named {
    pub user: Option<i64>,
    pub visitor: Option<i64>,
    pub company: Option<i64>,
}

impl Sample {
    pub fn new() -> Sample {
        let folder = tempfile::tempdir().unwrap();
        let connection = migrate::open(&folder.path().join("rollcall.db"), &Ambient::default()).unwrap();
        // A test that is cut off loses nothing that anyone needs.
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        Sample { connection, _folder: folder }
    }

    pub fn db(&self) -> Reader<'_> {
        Reader::of(&self.connection)
    }

    pub fn run(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    /// A user as the writer leaves one, first seen at an instant.
    pub fn user(&self, user_id: Option<&str>, name: Option<&str>, email: Option<&str>, first_seen_ms: i64) -> i64 {
        let id = uuid::Uuid::new_v4().to_string();
        let words = [name, email, user_id];
        let sort_name = words.into_iter().flatten().next().unwrap_or(&id).to_lowercase();
        let values = serde_json::json!({ "name": name, "email": email });
        let stamp = serde_json::json!({ "": [first_seen_ms, 1, 7, 1] });
        self.connection
            .execute(
                "INSERT INTO users (id, user_id, email, name, sort_name, attributes, stamps, first_message_ms, first_seen_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, jsonb(?6), ?7, ?8, ?8)",
                params![
                    id,
                    user_id,
                    email,
                    name,
                    sort_name,
                    values.to_string(),
                    stamp.to_string(),
                    first_seen_ms
                ],
            )
            .unwrap();
        let user = self.connection.last_insert_rowid();
        if let Some(user_id) = user_id {
            self.connection
                .execute("INSERT INTO user_ids VALUES (?1, ?2, ?3, NULL, NULL)", params![user_id, user, first_seen_ms])
                .unwrap();
        }
        let text = words.into_iter().flatten().collect::<Vec<_>>().join("\n").to_lowercase();
        self.connection.execute("INSERT INTO users_search (rowid, text) VALUES (?1, ?2)", params![user, text]).unwrap();
        user
    }

    pub fn company(&self, company_id: &str, name: Option<&str>, attributes: &str, first_seen_ms: i64) -> i64 {
        self.connection
            .execute(
                "INSERT INTO companies (company_id, name, sort_name, attributes, stamps, first_message_ms, first_seen_ms)
                 VALUES (?1, ?2, ?3, jsonb(?4), ?5, ?6, ?6)",
                params![
                    company_id,
                    name,
                    name.unwrap_or(company_id).to_lowercase(),
                    attributes,
                    serde_json::json!({ "": [first_seen_ms, 1, 7, 1] }).to_string(),
                    first_seen_ms
                ],
            )
            .unwrap();
        let company = self.connection.last_insert_rowid();
        self.connection
            .execute("INSERT INTO company_ids VALUES (?1, ?2, ?3, NULL)", params![company_id, company, first_seen_ms])
            .unwrap();
        company
    }

    /// A user joins a company, which becomes the current one; or has left it since.
    pub fn member(&self, user: i64, company: i64, joined_ms: i64, left_ms: Option<i64>) {
        let open = left_ms.is_none();
        self.connection
            .execute(
                "INSERT INTO memberships (user_key, company_key, joined_ms, left_ms, open, stated_ms, grade, source_key,
                   role, attributes, sort_name)
                 VALUES (:user, :company, :joined, :left, :open, :joined, 4, 1, 'admin', jsonb('{\"seat\": 3}'),
                   (SELECT sort_name FROM users WHERE user_key = :user))",
                named_params! { ":user": user, ":company": company, ":joined": joined_ms, ":left": left_ms, ":open": open },
            )
            .unwrap();
        if open {
            self.connection
                .execute(
                    "UPDATE users SET companies = companies + 1, current_company_key = ?2 WHERE user_key = ?1",
                    [user, company],
                )
                .unwrap();
            self.connection
                .execute("UPDATE companies SET members = members + 1 WHERE company_key = ?1", [company])
                .unwrap();
        }
    }

    /// A browser, linked to a user from an instant on.
    pub fn visitor(&self, anonymous_id: &str, first_seen_ms: i64, link: Option<(i64, i64)>) -> i64 {
        let (user, from_ms) = link.unzip();
        self.connection
            .execute(
                "INSERT INTO visitors (anonymous_id, user_key, linked_ms, linked_from_ms, linked_seq, attributes, first_seen_ms)
                 VALUES (?1, ?2, ?3, ?3, 1, jsonb('{}'), ?4)",
                params![anonymous_id, user, from_ms, first_seen_ms],
            )
            .unwrap();
        self.connection.last_insert_rowid()
    }

    /// An event with what the folds make of it, except the numbers of active members.
    pub fn event(&self, at_ms: i64, kind: Kind, name: &str, named: Named) -> i64 {
        let mut event_id = EventId::first_at(at_ms).0;
        let taken = |id: i64| self.connection.prepare("SELECT 1 FROM events WHERE event_id = ?1").unwrap().exists([id]);
        while taken(event_id).unwrap() {
            event_id += 1;
        }
        let counted_as = if kind == Kind::Track { name } else { kind.as_str() };
        let own_name = (kind != Kind::Track && !name.is_empty()).then_some(name);
        self.connection.execute("INSERT OR IGNORE INTO event_names (name) VALUES (?1)", [counted_as]).unwrap();
        self.connection
            .execute(
                "INSERT INTO events (event_id, message_hash, received_after_ms, kind, name_key, source_key, visitor_key,
                   user_key, company_key, name, properties)
                 VALUES (?1, ?1, ?2, ?3, (SELECT name_key FROM event_names WHERE name = ?4), 1, ?5, ?6, ?7, ?8, '{\"a\":1}')",
                params![
                    event_id,
                    5,
                    kind as i64,
                    counted_as,
                    named.visitor,
                    named.user,
                    named.company,
                    own_name
                ],
            )
            .unwrap();
        self.fold(EventId(event_id), kind, counted_as, named);
        event_id
    }

    fn fold(&self, id: EventId, kind: Kind, counted_as: &str, named: Named) {
        let run = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| self.connection.execute(sql, parameters).unwrap();
        if let Some(subject) = named.user.or(named.visitor.map(|visitor| -visitor)) {
            run("INSERT INTO events_by_subject VALUES (?1, ?2, ?3)", &[&id.bucket(), &subject, &id.0]);
        }
        if let Some(company) = named.company {
            run("INSERT INTO events_by_company VALUES (?1, ?2, ?3)", &[&id.bucket(), &company, &id.0]);
        }
        let linked: Option<i64> = named.visitor.and_then(|visitor| {
            self.connection
                .query_row(
                    "SELECT user_key FROM visitors WHERE visitor_key = ?1 AND linked_from_ms <= ?2",
                    [visitor, id.at_ms()],
                    |row| row.get(0),
                )
                .ok()
        });
        let hour = id.at_ms() / HOUR_MS;
        if let Some(visitor) = named.visitor {
            run(
                "UPDATE visitors SET last_seen_hour = max(last_seen_hour, ?2) WHERE visitor_key = ?1",
                &[&visitor, &hour],
            );
        }
        let Some(user) = named.user.or(linked).filter(|_| kind.is_activity()) else { return };
        let day = time::day(id.at_ms(), chrono_tz::Tz::UTC);
        run(
            "UPDATE users SET last_seen_hour = max(last_seen_hour, ?2), last_day = max(last_day, ?3),
               days = joined_days(last_day, days, ?3, 1) WHERE user_key = ?1",
            &[&user, &hour, &day],
        );
        let first_today = run("INSERT INTO people_by_day VALUES (?1, ?2, 1) ON CONFLICT DO NOTHING", &[&day, &user]);
        if first_today == 0 {
            run("UPDATE people_by_day SET events = events + 1 WHERE day = ?1 AND user_key = ?2", &[&day, &user]);
        }
        run(
            "INSERT INTO days VALUES (?1, ?2, 1)
             ON CONFLICT DO UPDATE SET people = people + excluded.people, events = events + 1",
            &[&day, &(first_today as i64)],
        );
        let Some(company) = named.company else { return };
        let first_today = run(
            "INSERT INTO company_people_by_day VALUES (?1, ?2, ?3, 1) ON CONFLICT DO NOTHING",
            &[&day, &company, &user],
        );
        if first_today == 0 {
            run(
                "UPDATE company_people_by_day SET events = events + 1 WHERE day = ?1 AND company_key = ?2 AND user_key = ?3",
                &[&day, &company, &user],
            );
        }
        run(
            "INSERT INTO company_days VALUES (?1, ?2, ?3, 1, 0)
             ON CONFLICT DO UPDATE SET people = people + excluded.people, events = events + 1",
            &[&day, &company, &(first_today as i64)],
        );
        run(
            "INSERT INTO company_names_by_day VALUES (?1, ?2, (SELECT name_key FROM event_names WHERE name = ?3), 1)
             ON CONFLICT DO UPDATE SET events = events + 1",
            &[&day, &company, &counted_as],
        );
        run(
            "INSERT INTO company_people (company_key, user_key, last_day, last_hour, days) VALUES (?1, ?2, ?3, ?4, 1)
             ON CONFLICT DO UPDATE SET last_day = max(last_day, excluded.last_day),
               days = joined_days(last_day, days, excluded.last_day, 1)",
            &[&company, &user, &day, &hour],
        );
        run("UPDATE companies SET last_seen_hour = max(last_seen_hour, ?2) WHERE company_key = ?1", &[&company, &hour]);
        run(
            "UPDATE memberships SET last_seen_hour = max(last_seen_hour, ?3) WHERE user_key = ?1 AND company_key = ?2",
            &[&user, &company, &hour],
        );
    }

    /// A change set of fields of a subject.
    pub fn change(&self, at_ms: i64, cause: &str, changes: &[(i64, i64, i64, &str)]) -> i64 {
        self.connection
            .execute(
                "INSERT INTO change_sets (at_ms, by_kind, cause, grade, source_key) VALUES (?1, 'message', ?2, 1, 1)",
                params![at_ms, cause],
            )
            .unwrap();
        let set = self.connection.last_insert_rowid();
        for (place, (subject, key, company, field)) in changes.iter().enumerate() {
            self.connection
                .execute(
                    "INSERT INTO changes (subject, subject_key, change_key, place, company_key, field, before, after)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, '\"x\"')",
                    params![subject, key, set, place as i64, company, field],
                )
                .unwrap();
        }
        set
    }
}

/// Lets the workspace take no further user, as a full disk would.
pub(crate) fn fill_up(tx: &Tx<'_>) -> Result<(), StoreError> {
    let sql = "CREATE TRIGGER full BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    Ok(tx.connection.execute_batch(sql)?)
}

/// There is room again.
pub(crate) fn make_room(tx: &Tx<'_>) -> Result<(), StoreError> {
    Ok(tx.connection.execute_batch("DROP TRIGGER full")?)
}
