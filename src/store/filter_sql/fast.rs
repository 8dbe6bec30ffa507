//! Filters by attributes that have an index of their values: who alone can meet them, where they are few, and where
//! they are many the walk of those of one value by their last activity.

use rusqlite::types::Value as Bound;

use super::{Moment, Writer, alias, positive};
use crate::domain::attributes::Owner;
use crate::domain::filter::{Condition, Fact, Field, Filter, Join, Kind, Listed, Test};
use crate::store::fast_filters::Fast;

/// A walk of those who have one value, by their last activity.
#[derive(Debug, Clone)]
pub(in crate::store) struct Walk {
    /// The index.
    pub index: String,
    /// `AND (…)`, which it serves.
    pub only: String,
    /// What is bound in it, behind what is bound in the filter's condition.
    pub(super) values: Vec<Bound>,
}

/// Whether a condition looks at an attribute.
pub(super) fn is_of_attribute(condition: &Condition) -> bool {
    matches!(
        condition.field,
        Field::Own(Fact::Attribute(..), _)
            | Field::Company(Fact::Attribute(..))
            | Field::Membership(Fact::Attribute(..))
    )
}

/// The attribute of a condition, whose it is, and the index of its values.
fn indexed(condition: &Condition, fast: &Fast) -> Option<(Owner, String)> {
    let (fact, owner) = match &condition.field {
        Field::Own(fact, listed) => (fact, listed.owner()?),
        Field::Company(fact) => (fact, Owner::Company),
        Field::Membership(fact) => (fact, Owner::Membership),
        Field::Event(_) | Field::Property(_) => return None,
    };
    let Fact::Attribute(name, _) = fact else { return None };
    let is_compared = !matches!(fact.kind(), Kind::List | Kind::Object)
        && matches!(
            condition.test,
            Test::Is(_)
                | Test::In(_)
                | Test::Greater(_)
                | Test::AtLeast(_)
                | Test::Less(_)
                | Test::AtMost(_)
                | Test::Between(..)
                | Test::Before(_)
                | Test::After(_)
                | Test::Within(_)
                | Test::Next(_)
                | Test::Ago(_)
        );
    is_compared.then(|| fast.index(owner, name)).flatten().map(|index| (owner, index))
}

/// The statement that finds the rows of a condition by the index of its attribute, and what is bound in it.
pub(super) fn candidates(listed: Listed, condition: &Condition, moment: &Moment) -> Option<(String, Vec<Bound>)> {
    let (owner, index) = indexed(condition, &moment.fast)?;
    let mut writer = Writer { listed, moment, values: Vec::new(), first: 0, written_out: true };
    let found = match (&condition.field, listed) {
        (Field::Own(..), Listed::Users) => {
            let holds = writer.condition(condition);
            format!(
                "SELECT u.user_key FROM users AS u INDEXED BY {index}
                 WHERE {holds} AND u.merged_into IS NULL AND u.archived_ms IS NULL"
            )
        }
        (Field::Own(..), Listed::Companies) => {
            let holds = writer.condition(condition);
            format!(
                "SELECT companies.company_key FROM companies INDEXED BY {index}
                 WHERE {holds} AND companies.merged_into IS NULL"
            )
        }
        (Field::Company(fact), Listed::Users) => {
            let holds = writer.fact(fact, Listed::Companies, "c", &condition.test);
            format!(
                "SELECT m.user_key FROM companies AS c INDEXED BY {index}
                 CROSS JOIN memberships AS m INDEXED BY memberships_joined ON m.company_key = c.company_key AND m.open = 1
                 WHERE {holds} AND c.merged_into IS NULL"
            )
        }
        (Field::Membership(fact), Listed::Users) if owner == Owner::Membership => {
            let holds = writer.fact(fact, Listed::Users, "m", &condition.test);
            format!("SELECT m.user_key FROM memberships AS m INDEXED BY {index} WHERE {holds} AND m.open = 1")
        }
        _ => return None,
    };
    Some((found, writer.values))
}

/// The walk that a filter of a list allows, the first there is.
pub(super) fn walk(filter: &Filter, writer: &mut Writer<'_>) -> Option<Walk> {
    if filter.join == Join::Any && filter.conditions.len() + filter.groups.len() > 1 {
        return None;
    }
    let fast = &writer.moment.fast;
    let (condition, index) = filter.conditions.iter().find_map(|condition| {
        let is_one = matches!((&condition.field, &condition.test), (Field::Own(..), Test::Is(_)));
        let of_list = is_one.then(|| indexed(condition, fast)).flatten();
        of_list.map(|(_, index)| (condition, index))
    })?;
    let Field::Own(fact, listed) = &condition.field else { return None };
    // Of a day or a time one value is a span of the index, which is not in the order of the last activity.
    if *listed == Listed::Visitors || matches!(fact.kind(), Kind::Day | Kind::Instant) {
        return None;
    }
    let first = writer.values.len();
    writer.written_out = true;
    let holds = writer.fact(fact, *listed, alias(*listed), &positive(&condition.test).0);
    writer.written_out = false;
    Some(Walk { index, only: format!("AND {holds}"), values: writer.values.split_off(first) })
}

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::*;
    use crate::domain::attributes::Type;
    use crate::domain::filter::{self, Fields};
    use crate::domain::ids::DefinitionKey;
    use crate::store::attributes::of_key;
    use crate::store::filter_sql::{self, FilterSql};
    use crate::store::list::{Count, Extent, ListQuery};
    use crate::store::sample::{NOW, Sample, days_ago};
    use crate::store::{companies, fast_filters, users};

    const NAMES: [(Owner, &str, Type); 6] = [
        (Owner::User, "plan", Type::Text),
        (Owner::User, "it's a \"q\"", Type::Number),
        (Owner::User, "beta", Type::Boolean),
        (Owner::User, "renewal", Type::Date),
        (Owner::Company, "industry", Type::Text),
        (Owner::Membership, "desk", Type::Number),
    ];

    /// Companies and users with attributes, one in sixty of whom stands out.
    fn filled() -> Sample {
        let sample = Sample::new();
        for number in 0..120_i64 {
            let rare = number % 60 == 7;
            let industry = if rare { "rail" } else { "retail" };
            let company =
                sample.company(&format!("c{number}"), None, &format!(r#"{{"industry":"{industry}"}}"#), days_ago(60));
            let user = sample.user(Some(&format!("u{number}")), None, None, days_ago(50));
            sample.member(user, company, days_ago(40), None);
            let values = serde_json::json!({
                "plan": if rare { "gold" } else { "free" }, "it's a \"q\"": number, "beta": rare,
                "renewal": format!("2027-01-{:02}", number % 28 + 1),
            });
            sample
                .connection
                .execute(
                    "UPDATE users SET attributes = jsonb(?2), last_seen_hour = ?3 WHERE user_key = ?1",
                    params![user, values.to_string(), NOW / 3_600_000 - number],
                )
                .unwrap();
            sample
                .connection
                .execute(
                    "UPDATE memberships SET attributes = jsonb(?2) WHERE user_key = ?1",
                    params![user, serde_json::json!({ "desk": number }).to_string()],
                )
                .unwrap();
        }
        for (owner, name, kind) in NAMES {
            sample
                .connection
                .execute(
                    "INSERT INTO attribute_definitions (owner, name, type, created_ms, grade, source_key) VALUES (?1, ?2, ?3, 0, 2, 1)",
                    params![owner as i64, name, kind.as_str()],
                )
                .unwrap();
        }
        sample
    }

    fn make_fast(sample: &Sample) {
        for key in 1..=NAMES.len() as i64 {
            let definition = of_key(&sample.db(), DefinitionKey(key)).unwrap().unwrap();
            fast_filters::make(&sample.connection, &definition).unwrap();
            sample.run(&format!("UPDATE attribute_definitions SET fast_filter = 1 WHERE definition_key = {key}"));
        }
    }

    /// Filters of users, each with how many meet it.
    const OF_USERS: [(&str, usize); 9] = [
        ("plan:is:gold", 2),
        ("plan:in:gold,free", 120),
        ("it's a \"q\":gte:118", 2),
        ("it's a \"q\":between:3,5", 3),
        ("beta:is:true", 2),
        ("renewal:before:2027-01-02", 5),
        ("renewal:is:2027-01-28", 4),
        ("company.industry:is:rail", 2),
        ("membership.desk:lt:3", 3),
    ];

    fn read(listed: Listed, text: &str) -> Filter {
        filter::parse([("f", text)], &Fields::new(listed, NAMES)).unwrap_or_else(|error| panic!("{text}: {error:?}"))
    }

    fn of_users(sample: &Sample, filter: &Filter) -> (Vec<i64>, Count) {
        let mut query = ListQuery {
            search: None,
            filter: Some(filter.clone()),
            sort: users::SortBy::LastSeen,
            descending: true,
            after: None,
            size: 50,
        };
        let mut keys = Vec::new();
        loop {
            let page = users::list(&sample.db(), &query, NOW).unwrap();
            keys.extend(page.rows.iter().map(|row| row.key.0));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        (keys, users::count_matching(&sample.db(), None, Some(filter), Extent::ToMax, NOW).unwrap())
    }

    #[test]
    fn an_index_changes_nothing_of_what_a_filter_finds() {
        let sample = filled();
        let filters = OF_USERS.map(|(text, found)| (read(Listed::Users, text), found));
        let before = filters.clone().map(|(filter, _)| of_users(&sample, &filter));
        make_fast(&sample);
        let counts: Vec<usize> = before.iter().map(|(keys, _)| keys.len()).collect();
        assert_eq!(counts, OF_USERS.map(|(_, found)| found));
        for ((filter, _), before) in filters.iter().zip(before) {
            assert_eq!(of_users(&sample, filter), before, "{}", filter.in_words());
        }
        // A company and a place in it are of one membership: who is at desk 7 of rail is at desk 999 elsewhere.
        sample.member(8, 9, days_ago(40), None);
        sample
            .run("UPDATE memberships SET attributes = jsonb('{\"desk\":999}') WHERE user_key = 8 AND company_key = 9");
        let at_rail = |desk: &str| {
            let conditions = [("f", "company.industry:is:rail"), ("f", desk)];
            of_users(&sample, &filter::parse(conditions, &Fields::new(Listed::Users, NAMES)).unwrap()).0
        };
        assert_eq!((at_rail("membership.desk:is:7"), at_rail("membership.desk:is:999")), (vec![8], vec![]));
        // What denies, and what looks within a text, goes without.
        for text in ["plan:not:gold", "plan:has:ol", "plan:unset"] {
            assert!(
                filter_sql::candidates(
                    &sample.db(),
                    Listed::Users,
                    Some(&read(Listed::Users, text)),
                    &moment(&sample),
                    9
                )
                .unwrap()
                .is_none()
            );
        }
    }

    fn moment(sample: &Sample) -> Moment {
        Moment::of_list(&sample.db(), Some(&read(Listed::Users, "plan:is:gold")), NOW).unwrap()
    }

    #[test]
    fn every_comparison_is_answered_by_the_index() {
        let sample = filled();
        make_fast(&sample);
        let moment = moment(&sample);
        let steps = |sql: &str| -> Vec<String> {
            let mut statement = sample.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            // What is bound decides nothing of the plan.
            let (mut rows, mut steps) = (statement.raw_query(), Vec::new());
            while let Some(row) = rows.next().unwrap() {
                steps.push(row.get(3).unwrap());
            }
            steps
        };
        for (text, _) in OF_USERS {
            let filter = read(Listed::Users, text);
            let (sql, _) =
                candidates(Listed::Users, &filter.conditions[0], &moment).unwrap_or_else(|| panic!("{text}"));
            let steps = steps(&sql);
            assert!(steps[0].starts_with("SEARCH") && steps[0].contains("INDEX fast_"), "{text} {steps:#?}");
            let found = filter_sql::candidates(&sample.db(), Listed::Users, Some(&filter), &moment, 500).unwrap();
            assert!(found.is_some(), "{text}");
        }
        // Where those of one value are many, they are walked by their last activity, and nothing is sorted.
        for (listed, text, table) in
            [(Listed::Users, "plan:is:free", "users AS u"), (Listed::Companies, "industry:is:retail", "companies")]
        {
            let filter = read(listed, text);
            let walk = FilterSql::of(listed, Some(&filter), &moment).walk.unwrap();
            let alias = alias(listed);
            let steps = steps(&format!(
                "SELECT 1 FROM {table} INDEXED BY {} WHERE {alias}.merged_into IS NULL AND {alias}.archived_ms IS NULL {}
                 ORDER BY {alias}.last_seen_hour DESC, {alias}.{} DESC",
                walk.index,
                walk.only,
                if listed == Listed::Users { "user_key" } else { "company_key" },
            ));
            assert!(steps.len() == 1 && steps[0].contains("INDEX fast_"), "{steps:#?}");
        }
        let of_retail = read(Listed::Companies, "industry:is:retail");
        let query = ListQuery {
            search: None,
            filter: Some(of_retail.clone()),
            sort: companies::SortBy::LastSeen,
            descending: true,
            after: None,
            size: 200,
        };
        let shelf = companies::Shelf::InUse;
        assert_eq!(companies::list(&sample.db(), shelf, &query, NOW).unwrap().rows.len(), 118);
        let counted = companies::count_matching(&sample.db(), shelf, None, Some(&of_retail), Extent::ToMax, NOW);
        assert_eq!(counted.unwrap(), Count::Exactly(118));
    }
}
