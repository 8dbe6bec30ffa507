//! How far back a walk by the last activity must go: since when whoever meets a filter was active.

use super::{Moment, positive};
use crate::domain::activity::{State, TREND_DAYS, Trend};
use crate::domain::filter::{BuiltIn, Condition, Fact, Field, Filter, Join, Listed, Test, Value};
use crate::domain::time::{self, HOUR_MS};

/// The hour since which all were active who meet a filter; none where somebody may meet it who was not.
pub(super) fn last_seen_since(filter: &Filter, listed: Listed, moment: &Moment) -> Option<i64> {
    let of_conditions = |conditions: &[Condition]| -> Vec<Option<i64>> {
        conditions.iter().map(|condition| of_condition(condition, listed, moment)).collect()
    };
    let of_groups = filter.groups.iter().map(|group| joined(group.join, &of_conditions(&group.conditions)));
    let all: Vec<Option<i64>> = of_conditions(&filter.conditions).into_iter().chain(of_groups).collect();
    joined(filter.join, &all)
}

/// Of those who meet all, the latest hour; of those who meet any, the earliest, if each has one.
fn joined(join: Join, hours: &[Option<i64>]) -> Option<i64> {
    match join {
        Join::All => hours.iter().flatten().max().copied(),
        Join::Any => hours.iter().copied().collect::<Option<Vec<i64>>>()?.into_iter().min(),
    }
}

fn of_condition(condition: &Condition, listed: Listed, moment: &Moment) -> Option<i64> {
    if let Some(segment) = condition.segment() {
        return last_seen_since(segment, listed, moment);
    }
    let (test, denies) = positive(&condition.test);
    let Field::Own(Fact::BuiltIn(built_in), _) = condition.field else { return None };
    let words: Vec<&str> = match &test {
        _ if denies => return None,
        Test::Is(Value::Text(word)) => vec![word],
        Test::In(values) => {
            values.iter().filter_map(|value| if let Value::Text(word) = value { Some(&**word) } else { None }).collect()
        }
        _ => return None,
    };
    let first_day = |days: i32| moment.start_of(time::date(moment.today() - days + 1)).div_euclid(HOUR_MS);
    let before = |span_ms: i64| (moment.now_ms - span_ms).div_euclid(HOUR_MS);
    let hours = words.into_iter().map(|word| match built_in {
        BuiltIn::State if word == State::Active.as_str() => Some(before(State::ACTIVE_MS)),
        BuiltIn::State if word == State::Quiet.as_str() => Some(before(State::QUIET_MS)),
        BuiltIn::Trend if word == Trend::Growing.as_str() => Some(first_day(TREND_DAYS)),
        BuiltIn::Trend if word == Trend::Shrinking.as_str() => Some(first_day(2 * TREND_DAYS)),
        _ => None,
    });
    joined(Join::Any, &hours.collect::<Vec<_>>())
}
