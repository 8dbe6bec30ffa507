//! Filters as SQL: a condition on the rows of a list. Every value is bound; the text holds nothing that anybody
//! sent, so that filters of one form share a prepared statement. (But for the names of attributes that have an
//! index of their own, `fast.rs`.)
//!
//! What denies is written as "not (…)", never as a comparison of its own: a row without a value is then on the
//! denying side, as the filter's words say. What is asked of companies and memberships of a user holds where an
//! open membership meets it (where it is asked when one ended, one that has); where all of several must hold, one
//! membership meets them all.

use chrono::NaiveDate;
use chrono_tz::Tz;
use rusqlite::types::Value as Bound;

use super::events::HASH_BITS;
use super::fast_filters::{self, Fast, path};
use super::list::{self, COUNT_ROWS_MAX, json_keys};
use super::{Reader, StoreError, activity, workspace};
use crate::domain::activity::{State, TREND_DAYS, TREND_DIFFERENCE_MIN, TREND_PERCENT_MIN};
use crate::domain::filter::{BuiltIn, Condition, Fact, Field, Filter, Group, Join, Kind, Listed, Often, Test, Value};
use crate::domain::ids::EventId;
use crate::domain::time::{self, EPOCH_MS, HOUR_MS};

mod candidates;
mod fast;
mod last_seen;
mod of_events;
mod of_memberships;
mod order;
mod reach;

pub(super) use candidates::candidates;
pub(super) use fast::Walk;
pub(super) use order::{Word, of_word, sorted_by, sorted_by_membership};

/// When a filter is asked, and of which file: spans end there, days are the workspace's (T4), and some attributes
/// have an index.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub now_ms: i64,
    pub zone: Tz,
    pub fast: Fast,
}

impl Moment {
    pub fn of(db: &Reader<'_>, now_ms: i64) -> Result<Moment, StoreError> {
        Ok(Moment { now_ms, zone: workspace::settings(db)?.time_zone, fast: Fast::default() })
    }

    /// The same for a list's filter, which an index of an attribute may serve.
    pub fn of_list(db: &Reader<'_>, filter: Option<&Filter>, now_ms: i64) -> Result<Moment, StoreError> {
        let moment = Moment::of(db, now_ms)?;
        let names_one = |filter: &Filter| filter.expanded().all_conditions().any(fast::is_of_attribute);
        Ok(if filter.is_some_and(names_one) { Moment { fast: Fast::of(db)?, ..moment } } else { moment })
    }

    pub fn today(&self) -> i32 {
        time::day(self.now_ms, self.zone)
    }

    /// The first millisecond of a day.
    pub fn start_of(&self, day: NaiveDate) -> i64 {
        day.pred_opt().map_or(i64::MIN, |before| time::end_of_day(before, self.zone).saturating_add(1))
    }

    /// The milliseconds that an instant must be within, both included, as far as the test bounds them.
    pub fn range(&self, test: &Test) -> (Option<i64>, Option<i64>) {
        let first = |value: &Value| match value {
            Value::Day(day) => self.start_of(*day),
            Value::Instant(at_ms) => *at_ms,
            _ => i64::MAX,
        };
        let last = |value: &Value| match value {
            Value::Day(day) => time::end_of_day(*day, self.zone),
            Value::Instant(at_ms) => *at_ms,
            _ => i64::MIN,
        };
        match test {
            Test::Is(value) => (Some(first(value)), Some(last(value))),
            Test::Between(from, to) => (Some(first(from)), Some(last(to))),
            Test::Before(value) => (None, Some(first(value).saturating_sub(1))),
            Test::After(value) => (Some(last(value).saturating_add(1)), None),
            Test::Within(span) => (Some(self.now_ms - span.ms()), Some(self.now_ms)),
            Test::Ago(span) => (None, Some(self.now_ms - span.ms() - 1)),
            Test::Next(span) => (Some(self.now_ms), Some(self.now_ms.saturating_add(span.ms()))),
            _ => (None, None),
        }
    }

    /// The days that a day must be within, both included, as far as the test bounds them.
    pub fn day_range(&self, test: &Test) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let day = |value: &Value| if let Value::Day(day) = value { Some(*day) } else { None };
        let back = |span: &crate::domain::filter::Span| self.today() - (span.ms() / time::DAY_MS) as i32;
        match test {
            Test::Is(value) => (day(value), day(value)),
            Test::Between(from, to) => (day(from), day(to)),
            Test::Before(value) => (None, day(value).and_then(|day| day.pred_opt())),
            Test::After(value) => (day(value).and_then(|day| day.succ_opt()), None),
            Test::Within(span) => (Some(time::date(back(span) + 1)), Some(time::date(self.today()))),
            Test::Ago(span) => (None, Some(time::date(back(span)))),
            Test::Next(span) => {
                let days = (span.ms() / time::DAY_MS) as i32;
                (Some(time::date(self.today())), Some(time::date(self.today() + days)))
            }
            _ => (None, None),
        }
    }
}

/// What denies, as what it denies; and whether it denies.
pub(super) fn positive(test: &Test) -> (Test, bool) {
    match test {
        Test::Not(value) => (Test::Is(value.clone()), true),
        Test::Unset => (Test::Set, true),
        Test::NotDone(often) => (Test::Done(*often), true),
        other => (other.clone(), false),
    }
}

/// A filter's condition on the rows of a list, and what is bound in it.
#[derive(Debug, Clone, Default)]
pub(super) struct FilterSql {
    /// `AND (…)`, or nothing.
    pub condition: String,
    /// What of it the index of last activity serves: where a walk of it begins and ends.
    pub of_last_seen: String,
    /// Those of one value, where an index walks them.
    pub walk: Option<Walk>,
    /// Rows that are looked at for a count that nobody asked for.
    pub count_rows_max: i64,
    values: Vec<Bound>,
}

impl FilterSql {
    /// The condition of a filter on a list, whose table has the name of [`alias`].
    pub fn of(listed: Listed, filter: Option<&Filter>, moment: &Moment) -> FilterSql {
        let Some(filter) = filter.filter(|filter| !filter.is_empty()) else { return FilterSql::default() };
        let filter = &*filter.expanded();
        let mut writer = Writer { listed, moment, values: Vec::new(), first: 0, written_out: false };
        let (apart, together) = of_one_membership(filter.join, &filter.conditions);
        let mut parts: Vec<String> = apart.iter().map(|condition| writer.condition(condition)).collect();
        let is_walked = |(condition, _): &(&&Condition, &String)| {
            let of_activity = match &condition.field {
                Field::Own(Fact::BuiltIn(BuiltIn::LastSeen), _) => true,
                Field::Own(Fact::BuiltIn(BuiltIn::State), _) => !asks_for_new(&condition.test),
                _ => false,
            };
            of_activity && filter.join == Join::All && !positive(&condition.test).1
        };
        let walked = apart.iter().zip(&parts).filter(is_walked);
        let of_last_seen: String = walked.map(|(_, part)| format!("AND {part} ")).collect();
        parts.extend(writer.membership(&together));
        let cost = filter.all_conditions().map(cost).sum::<i64>().max(1);
        parts.extend(writer.groups(filter));
        // It follows from the rest, and lets a walk by the last activity end where nobody can meet it any more.
        let since = reach::last_seen_since(filter, listed, moment)
            .map(|hour| format!("AND {}.last_seen_hour >= {} ", alias(listed), writer.bound(hour)))
            .unwrap_or_default();
        let walk = fast::walk(filter, &mut writer);
        FilterSql {
            walk,
            condition: format!("AND {} {since}", joined(filter.join, &parts)),
            of_last_seen: format!("{of_last_seen}{since}"),
            count_rows_max: COUNT_ROWS_MAX / cost,
            values: writer.values,
        }
    }

    /// Binds what is in the condition.
    pub fn bind(&self, statement: &mut rusqlite::Statement<'_>) -> rusqlite::Result<()> {
        bind_all(statement, 0, &self.values)?;
        // Only a statement that walks them has what stands behind.
        let (walked, first) = (self.walk.as_ref(), self.values.len());
        match walked.filter(|_| matches!(statement.parameter_index(&parameter(first)), Ok(Some(_)))) {
            Some(walk) => bind_all(statement, first, &walk.values),
            None => Ok(()),
        }
    }
}

fn bind_all(statement: &mut rusqlite::Statement<'_>, first: usize, values: &[Bound]) -> rusqlite::Result<()> {
    for (place, value) in values.iter().enumerate() {
        list::bind(statement, &parameter(first + place), value)?;
    }
    Ok(())
}

fn parameter(place: usize) -> String {
    format!(":f{place}")
}

fn joined(join: Join, parts: &[String]) -> String {
    let word = match join {
        Join::All => " AND ",
        Join::Any => " OR ",
    };
    format!("({})", parts.join(word))
}

/// Whether who is new meets it, whom the last activity does not tell.
fn asks_for_new(test: &Test) -> bool {
    let is_new = |value: &Value| matches!(value, Value::Text(word) if word == State::New.as_str());
    match test {
        Test::Is(value) => is_new(value),
        Test::In(values) => values.iter().any(is_new),
        _ => false,
    }
}

/// Whether a test names all that meet it.
fn names_some(test: &Test) -> bool {
    matches!(test, Test::Is(_) | Test::In(_))
}

/// The conditions of a bracket that are asked each for itself, and those that one membership must meet together.
fn of_one_membership(join: Join, conditions: &[Condition]) -> (Vec<&Condition>, Vec<&Condition>) {
    conditions.iter().partition(|condition| join == Join::Any || !condition.is_met_by_a_membership())
}

/// That one of a user's memberships is so: of those that are open, or of those that have ended.
fn in_a_membership(open: bool, holds: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM memberships AS m CROSS JOIN companies AS c ON c.company_key = m.company_key
           WHERE m.user_key = u.user_key AND m.open = {} AND c.merged_into IS NULL AND {holds})",
        i32::from(open)
    )
}

/// Which of these filters a row of a list meets, in their order; one that is out of the list meets none.
pub(super) fn met(
    db: &Reader<'_>,
    listed: Listed,
    key: i64,
    filters: &[&Filter],
    moment: &Moment,
) -> Result<Vec<bool>, StoreError> {
    if filters.is_empty() {
        return Ok(Vec::new());
    }
    let mut writer = Writer { listed, moment, values: Vec::new(), first: 0, written_out: false };
    let conditions: Vec<String> = filters.iter().map(|filter| writer.whole(filter)).collect();
    let (from, row) = match listed {
        Listed::Users => ("users AS u", "u.merged_into IS NULL AND u.archived_ms IS NULL AND u.user_key"),
        Listed::Companies => {
            ("companies", "companies.merged_into IS NULL AND companies.archived_ms IS NULL AND companies.company_key")
        }
        Listed::Visitors => ("visitors", "visitors.visitor_key"),
        // They are in no segment.
        Listed::Events => return Ok(vec![false; filters.len()]),
    };
    // As long as the segments say: not worth keeping beside the statements that are asked again.
    let mut statement = db.0.prepare(&format!("SELECT {} FROM {from} WHERE {row} = :row", conditions.join(", ")))?;
    list::bind(&mut statement, ":row", key)?;
    bind_all(&mut statement, 0, &writer.values)?;
    let mut rows = statement.raw_query();
    let Some(row) = rows.next()? else { return Ok(vec![false; filters.len()]) };
    (0..filters.len()).map(|place| Ok(row.get::<_, Option<bool>>(place)?.unwrap_or(false))).collect()
}

/// The name of a list's table in its statements.
pub(super) fn alias(listed: Listed) -> &'static str {
    match listed {
        Listed::Users => "u",
        Listed::Companies => "companies",
        Listed::Visitors => "visitors",
        Listed::Events => "event",
    }
}

/// What is built in, as an expression; none where it is not a value of a row.
fn column(built_in: BuiltIn, listed: Listed, alias: &str) -> Option<String> {
    Some(match (built_in, listed) {
        (_, Listed::Events) => of_events::column(built_in)?,
        (BuiltIn::UserId, Listed::Visitors) => format!(
            "(SELECT named.user_id FROM users AS linked
              JOIN users AS named ON named.user_key = coalesce(linked.merged_into, linked.user_key)
              WHERE linked.user_key = {alias}.user_key)"
        ),
        (BuiltIn::UserId, _) => format!("{alias}.user_id"),
        (BuiltIn::CompanyId, _) => format!("{alias}.company_id"),
        (BuiltIn::AnonymousId, _) => format!("{alias}.anonymous_id"),
        (BuiltIn::Email, _) => format!("{alias}.email"),
        (BuiltIn::Name, _) => format!("{alias}.name"),
        (BuiltIn::FirstSeen, _) => format!("{alias}.first_seen_ms"),
        (BuiltIn::LastSeen, _) => format!("{alias}.last_seen_hour"),
        (BuiltIn::Companies, _) => format!("{alias}.companies"),
        (BuiltIn::Members, _) => format!("{alias}.members"),
        (BuiltIn::ActiveMembers, _) => format!("{alias}.active_members"),
        (BuiltIn::JoinedAt, _) => format!("{alias}.joined_ms"),
        (BuiltIn::LeftAt, _) => format!("{alias}.left_ms"),
        (BuiltIn::Owner, _) => format!("(SELECT email FROM operators WHERE operator_key = {alias}.owner_key)"),
        (BuiltIn::State | BuiltIn::Trend | BuiltIn::Tags | BuiltIn::Segment | BuiltIn::Import, _)
        | (BuiltIn::EventType | BuiltIn::PageName | BuiltIn::Time | BuiltIn::ReceivedAt | BuiltIn::Source, _) => {
            return None;
        }
    })
}

/// The word of the trend (T7) as of a day: of active days of a user, of active people of a company.
pub(super) fn trend(listed: Listed, alias: &str, today: &str) -> String {
    let span = |of: &str, back: i32| {
        format!("days_within({of}.last_day, {of}.days, {today} - {}, {today} - {back})", back + TREND_DAYS - 1)
    };
    let counted = match listed {
        Listed::Companies => format!(
            "SELECT count(*) FILTER (WHERE {} > 0) AS l, count(*) FILTER (WHERE {} > 0) AS b
             FROM company_people AS active WHERE active.company_key = {alias}.company_key",
            span("active", 0),
            span("active", TREND_DAYS)
        ),
        _ => format!("SELECT {} AS l, {} AS b", span(alias, 0), span(alias, TREND_DAYS)),
    };
    format!(
        "(SELECT CASE WHEN abs(l - b) < {TREND_DIFFERENCE_MIN} OR abs(l - b) * 100 < b * {TREND_PERCENT_MIN} THEN 'steady'
                      WHEN l > b THEN 'growing' ELSE 'shrinking' END
          FROM ({counted}))"
    )
}

/// About what a condition costs a row, of what one of an attribute costs.
fn cost(condition: &Condition) -> i64 {
    if let Test::Is(Value::Segment(saved)) | Test::Not(Value::Segment(saved)) = &condition.test {
        return saved.filter.all_conditions().map(cost).sum();
    }
    match &condition.field {
        Field::Event(_) => 40,
        Field::Own(Fact::BuiltIn(BuiltIn::Trend), Listed::Companies)
        | Field::Own(Fact::BuiltIn(BuiltIn::Import), _)
        | Field::Company(Fact::BuiltIn(BuiltIn::Trend | BuiltIn::Import)) => 8,
        _ => 1,
    }
}

/// Writes conditions, and keeps what is bound in them.
struct Writer<'a> {
    listed: Listed,
    moment: &'a Moment,
    values: Vec<Bound>,
    /// The number of the first of them.
    first: usize,
    /// Names of attributes stand in the text, as in their indexes.
    written_out: bool,
}

impl Writer<'_> {
    fn bound(&mut self, value: impl Into<Bound>) -> String {
        self.values.push(value.into());
        parameter(self.first + self.values.len() - 1)
    }

    /// The conditions of a filter's groups.
    fn groups(&mut self, filter: &Filter) -> Vec<String> {
        let group = |group: &Group| joined(group.join, &self.bracket(group.join, &group.conditions));
        filter.groups.iter().map(group).collect()
    }

    /// The conditions of a bracket.
    fn bracket(&mut self, join: Join, conditions: &[Condition]) -> Vec<String> {
        let (apart, together) = of_one_membership(join, conditions);
        let mut parts: Vec<String> = apart.into_iter().map(|condition| self.condition(condition)).collect();
        parts.extend(self.membership(&together));
        parts
    }

    /// That one membership meets all of these; nothing where there are none.
    fn membership(&mut self, conditions: &[&Condition]) -> Option<String> {
        let open = !conditions.iter().any(|condition| condition.is_met_by_an_ended_membership());
        let holds: Vec<String> = conditions.iter().map(|condition| self.of_membership(condition)).collect();
        (!holds.is_empty()).then(|| in_a_membership(open, &holds.join(" AND ")))
    }

    /// The condition of a whole filter, as a part of another.
    fn whole(&mut self, filter: &Filter) -> String {
        let mut parts = self.bracket(filter.join, &filter.conditions);
        parts.extend(self.groups(filter));
        if parts.is_empty() { "true".to_owned() } else { joined(filter.join, &parts) }
    }

    fn condition(&mut self, condition: &Condition) -> String {
        let (test, denies) = positive(&condition.test);
        let holds = match &condition.field {
            _ if let Test::Is(Value::Segment(saved)) = &test => self.whole(&saved.filter),
            Field::Own(fact, listed) => self.fact(fact, *listed, alias(*listed), &test),
            Field::Company(_) | Field::Membership(_) => {
                let open = !matches!(condition.field, Field::Membership(Fact::BuiltIn(BuiltIn::LeftAt)));
                in_a_membership(open, &self.of_membership(condition))
            }
            Field::Event(name) => self.event(name, &test),
            Field::Property(name) => self.property(name, &test),
        };
        if denies { format!("(({holds}) IS NOT TRUE)") } else { format!("({holds})") }
    }

    /// What a condition asks of a membership `m` and its company `c`; of one that denies, what it denies.
    fn of_membership(&mut self, condition: &Condition) -> String {
        let test = positive(&condition.test).0;
        match &condition.field {
            Field::Company(fact) => self.fact(fact, Listed::Companies, "c", &test),
            Field::Membership(Fact::Attribute(name, _)) if name == "role" || name == "title" => {
                self.text(&format!("m.{name}"), &test)
            }
            // The alias decides.
            Field::Membership(fact) => self.fact(fact, Listed::Users, "m", &test),
            Field::Own(..) | Field::Event(_) | Field::Property(_) => "NULL".to_owned(),
        }
    }

    fn fact(&mut self, fact: &Fact, listed: Listed, alias: &str, test: &Test) -> String {
        let expression = match fact {
            Fact::BuiltIn(BuiltIn::State) => return self.state(alias, test),
            Fact::BuiltIn(BuiltIn::Trend) => return self.trend(listed, alias, test),
            Fact::BuiltIn(BuiltIn::Import) => return self.import(listed, alias, test),
            Fact::BuiltIn(BuiltIn::Tags) => {
                let (subject, key) = match listed {
                    Listed::Companies => (1, "company_key"),
                    _ => (0, "user_key"),
                };
                let holds = self.text("t.tag", test);
                return format!(
                    "EXISTS (SELECT 1 FROM profile_tags AS t
                       WHERE t.subject = {subject} AND t.subject_key = {alias}.{key} AND {holds})"
                );
            }
            Fact::BuiltIn(BuiltIn::LastSeen) => return self.last_seen(listed, alias, test),
            Fact::BuiltIn(BuiltIn::UserId) if listed == Listed::Users && names_some(test) => {
                return self.by_any_id(alias, ("users", "user_key", "user_ids", "user_id"), test);
            }
            Fact::BuiltIn(BuiltIn::CompanyId) if listed == Listed::Companies && names_some(test) => {
                return self.by_any_id(alias, ("companies", "company_key", "company_ids", "company_id"), test);
            }
            Fact::BuiltIn(
                of @ (BuiltIn::FirstSeen | BuiltIn::JoinedAt | BuiltIn::LeftAt | BuiltIn::Time | BuiltIn::ReceivedAt),
            ) => {
                let (from, to) = self.moment.range(test);
                let (from, to) = (self.bound(from.unwrap_or(i64::MIN)), self.bound(to.unwrap_or(i64::MAX)));
                let column = column(*of, listed, alias).unwrap_or_default();
                return format!("{column} BETWEEN {from} AND {to}");
            }
            Fact::BuiltIn(other) => column(*other, listed, alias).unwrap_or_else(|| "NULL".to_owned()),
            Fact::Attribute(name, _) if self.written_out => fast_filters::expression(&format!("{alias}."), name),
            Fact::Attribute(name, _) => {
                let path = self.bound(path(name));
                if fact.kind() == Kind::List {
                    if *test == Test::Set {
                        return format!("({alias}.attributes ->> {path}) NOT IN ('', '[]')");
                    }
                    let holds = self.text("item.value", test);
                    return format!(
                        "EXISTS (SELECT 1 FROM json_each({alias}.attributes, {path}) AS item WHERE {holds})"
                    );
                }
                format!("({alias}.attributes ->> {path})")
            }
        };
        match (fact, fact.kind()) {
            (Fact::BuiltIn(_), Kind::Number) if *test == Test::Set => format!("{expression} > 0"),
            (_, _) if *test == Test::Set => format!("{expression} <> ''"),
            (_, Kind::Number) => self.number(&expression, test),
            (_, Kind::Boolean) => {
                let wanted = matches!(test, Test::Is(Value::Boolean(true)));
                format!("{expression} = {}", i32::from(wanted))
            }
            (_, Kind::Day) => {
                let (from, to) = self.moment.day_range(test);
                self.between_texts(&expression, from.map(|day| day.to_string()), to.map(|day| day.to_string()))
            }
            (_, Kind::Instant) => {
                let range = self.moment.range(test);
                self.instant(&expression, range)
            }
            _ => self.text(&expression, test),
        }
    }

    /// An attribute's instant within milliseconds. Where a day stands for it, its first moment counts; all days and
    /// instants that can meet it are one span of texts, which an index serves.
    fn instant(&mut self, expression: &str, (from, to): (Option<i64>, Option<i64>)) -> String {
        let day_from = from.map(|from| {
            let day = time::date(time::day(from, self.moment.zone));
            if self.moment.start_of(day) < from { day.succ_opt().unwrap_or(day) } else { day }
        });
        let day_to = to.map(|to| time::date(time::day(to, self.moment.zone)));
        let (day_from, day_to) = (day_from.map(|day| day.to_string()), day_to.map(|day| day.to_string()));
        let (from, to) = (from.map(time::rfc3339), to.map(time::rfc3339));
        let span = self.between_texts(expression, (&from).min(&day_from).clone(), (&to).max(&day_to).clone());
        let (day, instant) =
            (self.between_texts(expression, day_from, day_to), self.between_texts(expression, from, to));
        format!("({span} AND CASE length({expression}) WHEN 10 THEN {day} ELSE {instant} END)")
    }

    /// Days and instants stand as texts that sort as time does; they begin with a digit.
    fn between_texts(&mut self, expression: &str, from: Option<String>, to: Option<String>) -> String {
        let (from, to) = (from.unwrap_or_else(|| "0".to_owned()), to.unwrap_or_else(|| ":".to_owned()));
        let (from, to) = (self.bound(from), self.bound(to));
        format!("{expression} BETWEEN {from} AND {to}")
    }

    /// That it has, or had, one of some ids (R10, C10), or somebody who was merged into it.
    fn by_any_id(
        &mut self,
        alias: &str,
        (table, key, ids, id): (&'static str, &'static str, &'static str, &'static str),
        test: &Test,
    ) -> String {
        let wanted = self.text(&format!("id.{id}"), test);
        format!(
            "{alias}.{key} IN (SELECT coalesce(named.merged_into, named.{key}) FROM {ids} AS id
               CROSS JOIN {table} AS named ON named.{key} = id.{key} WHERE {wanted})"
        )
    }

    fn text(&mut self, expression: &str, test: &Test) -> String {
        match test {
            Test::Is(value) => format!("{expression} = {}", self.bound(value.to_string())),
            Test::In(values) => {
                let values: serde_json::Value = values.iter().map(|v| serde_json::Value::from(v.to_string())).collect();
                format!("{expression} IN (SELECT value FROM json_each({}))", self.bound(values.to_string()))
            }
            Test::Has(text) => self.spelled(text, |spelling| format!("instr(lower({expression}), {spelling}) > 0")),
            Test::Starts(text) => self
                .spelled(text, |spelling| format!("substr(lower({expression}), 1, length({spelling})) = {spelling}")),
            Test::Set => format!("{expression} <> ''"),
            _ => "NULL".to_owned(),
        }
    }

    /// One of the spellings of a text.
    fn spelled(&mut self, text: &str, holds: impl Fn(&str) -> String) -> String {
        let all: Vec<String> = spellings(text).into_iter().map(|spelling| holds(&self.bound(spelling))).collect();
        joined(Join::Any, &all)
    }

    fn number(&mut self, expression: &str, test: &Test) -> String {
        match test {
            Test::Is(Value::Number(number)) => format!("{expression} = {}", self.bound(sql_number(number))),
            Test::In(values) => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                let values = self.bound(format!("[{}]", values.join(",")));
                format!("{expression} IN (SELECT value FROM json_each({values}))")
            }
            // Between two numbers, since a text is greater than each of them.
            Test::Greater(number) => {
                let least = self.bound(sql_number(number));
                format!("({expression} BETWEEN {least} AND 9e999 AND {expression} <> {least})")
            }
            Test::AtLeast(number) => format!("{expression} BETWEEN {} AND 9e999", self.bound(sql_number(number))),
            Test::Less(number) => {
                let most = self.bound(sql_number(number));
                format!("({expression} BETWEEN -9e999 AND {most} AND {expression} <> {most})")
            }
            Test::AtMost(number) => format!("{expression} BETWEEN -9e999 AND {}", self.bound(sql_number(number))),
            Test::Between(Value::Number(from), Value::Number(to)) => {
                let (from, to) = (self.bound(sql_number(from)), self.bound(sql_number(to)));
                format!("{expression} BETWEEN {from} AND {to}")
            }
            _ => "NULL".to_owned(),
        }
    }

    /// The state (T7), each by what its indexed columns must be.
    fn state(&mut self, alias: &str, test: &Test) -> String {
        let words: Vec<String> = match test {
            Test::Is(value) => vec![value.to_string()],
            Test::In(values) => values.iter().map(Value::to_string).collect(),
            _ => Vec::new(),
        };
        let now_ms = self.moment.now_ms;
        let hour_of = |span_ms: i64| (now_ms - span_ms).div_euclid(HOUR_MS);
        let states: Vec<String> = words
            .iter()
            .map(|word| {
                let newest = self.bound(now_ms - State::NEW_MS);
                let (active, quiet) = (hour_of(State::ACTIVE_MS), hour_of(State::QUIET_MS));
                let hours = match word.as_str() {
                    "new" => return format!("{alias}.first_seen_ms > {newest}"),
                    "active" => (active + 1, i64::MAX),
                    "quiet" => (quiet + 1, active),
                    "gone" => (1, quiet),
                    _ => (0, 0),
                };
                let (from, to) = (self.bound(hours.0), self.bound(hours.1));
                format!("({alias}.first_seen_ms <= {newest} AND {alias}.last_seen_hour BETWEEN {from} AND {to})")
            })
            .collect();
        joined(Join::Any, &states)
    }

    /// Whether an import made or changed it, or one that is merged into it.
    fn import(&mut self, listed: Listed, alias: &str, test: &Test) -> String {
        let import = self.number("i.import_key", test);
        let (table, key, subjects) = match listed {
            Listed::Companies => ("companies", "company_key", "1"),
            _ => ("users", "user_key", "0, 2"),
        };
        format!(
            "EXISTS (SELECT 1 FROM (
                 SELECT {alias}.{key} AS subject_key
                 UNION ALL SELECT merged.{key} FROM {table} AS merged WHERE merged.merged_into = {alias}.{key}) AS same
               CROSS JOIN changes AS d ON d.subject IN ({subjects}) AND d.subject_key = same.subject_key
               CROSS JOIN change_sets AS s ON s.change_key = d.change_key AND s.cause = 'import'
               WHERE s.source_key IN (SELECT i.source_key FROM imports AS i WHERE {import} AND i.kind <> 'events'))"
        )
    }

    /// The trend (T7): active days of a user, active people of a company, of two spans.
    fn trend(&mut self, listed: Listed, alias: &str, test: &Test) -> String {
        let today = self.moment.today();
        // Who was last active before both spans is spared the look at their days.
        let spared = self.moment.start_of(time::date(today - 2 * TREND_DAYS + 1)).div_euclid(HOUR_MS);
        let [spared, today] = [spared, i64::from(today)].map(|number| self.bound(number));
        let trend = format!(
            "(CASE WHEN {alias}.last_seen_hour < {spared} THEN 'steady' ELSE {} END)",
            trend(listed, alias, &today)
        );
        self.text(&trend, test)
    }

    /// Whether somebody did something so often in the workspace's days, counted by the folds.
    fn event(&mut self, name: &str, test: &Test) -> String {
        let Test::Done(Often { times, days }) = test else { return "NULL".to_owned() };
        let today = self.moment.today();
        let days = activity::last_days(today, i32::try_from(*days).unwrap_or(i32::MAX));
        let first_ms = self.moment.start_of(time::date(*days.start())).max(EPOCH_MS);
        let (name, times) = (self.bound(name.to_owned()), self.bound(i64::from(*times)));
        let named = format!("(SELECT name_key FROM event_names WHERE name = {name})");
        let hour = self.bound(first_ms.div_euclid(HOUR_MS));
        // What is read of companies are their days, of users the journal through the fold of their events.
        if self.listed == Listed::Companies {
            let days = self.bound(json_keys(days.map(i64::from)));
            return format!(
                "(companies.last_seen_hour >= {hour} AND
                  (SELECT sum(fold.events) FROM json_each({days}) AS day CROSS JOIN company_names_by_day AS fold
                     ON fold.day = day.value AND fold.company_key = companies.company_key AND fold.name_key = {named})
                  >= {times})"
            );
        }
        let since = EventId::first_at(first_ms);
        let buckets = since.bucket()..=EventId::first_at(self.moment.now_ms).bucket();
        let (buckets, since) = (self.bound(json_keys(buckets)), self.bound(since.0));
        format!(
            "(u.last_seen_hour >= {hour} AND
              (SELECT count(*) FROM (
                 SELECT 1 FROM {}
                 WHERE event.name_key = {named} AND event.kind IN (0, 1, 2) AND event.flags & 3 = 0
                 LIMIT {times}))
              >= {times})",
            events_of_user(&since, &buckets)
        )
    }
}

/// The events of the user `u` behind an id, under each name that they stand in the journal: the table `event`.
pub(super) fn events_of_user(since: &str, buckets: &str) -> String {
    format!(
        "(SELECT u.user_key AS subject, {since} AS since
          UNION ALL SELECT merged.user_key, {since} FROM users AS merged WHERE merged.merged_into = u.user_key
          UNION ALL SELECT -v.visitor_key, max({since}, (v.linked_from_ms - {EPOCH_MS}) << {HASH_BITS})
            FROM visitors AS v WHERE v.user_key = u.user_key
          UNION ALL SELECT -v.visitor_key, max({since}, (v.linked_from_ms - {EPOCH_MS}) << {HASH_BITS})
            FROM users AS merged CROSS JOIN visitors AS v ON v.user_key = merged.user_key
            WHERE merged.merged_into = u.user_key) AS strand
         CROSS JOIN json_each({buckets}) AS bucket
         CROSS JOIN events_by_subject AS fold
           ON fold.bucket = bucket.value AND fold.subject = strand.subject AND fold.event_id >= strand.since
         CROSS JOIN events AS event ON event.event_id = fold.event_id"
    )
}

/// The spellings of a text as SQLite's `lower` leaves the row's: it knows the letters of ASCII only, so of
/// others each case is looked for.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let mut capital = text.chars();
    let capitalized: String = capital
        .next()
        .map(|first| first.to_uppercase().chain(capital.as_str().to_lowercase().chars()).collect())
        .unwrap_or_default();
    let mut all = vec![text.to_owned(), text.to_lowercase(), text.to_uppercase(), capitalized];
    for spelling in &mut all {
        spelling.make_ascii_lowercase();
    }
    all.sort();
    all.dedup();
    all
}

fn sql_number(number: &serde_json::Number) -> Bound {
    match number.as_i64() {
        Some(whole) => Bound::Integer(whole),
        None => Bound::Real(number.as_f64().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
