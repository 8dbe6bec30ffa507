//! What a filter of users asks of a membership: which of a user's is meant by a row of the list.

use super::{FilterSql, Moment, Writer, joined};
use crate::domain::filter::{Condition, Filter, Join, Listed};

impl FilterSql {
    /// What a filter of users asks of one membership `m` and its company `c`, as far as it finds them by one; none where
    /// it doesn't.
    pub fn of_memberships(filter: &Filter, moment: &Moment) -> Option<FilterSql> {
        let filter = &*filter.expanded();
        let mut writer = Writer { listed: Listed::Users, moment, values: Vec::new(), first: 0, written_out: false };
        let met: Vec<String> = membership_brackets(filter)
            .iter()
            .map(|bracket| {
                let holds: Vec<String> = bracket.iter().map(|condition| writer.of_membership(condition)).collect();
                let open = !bracket.iter().any(|condition| condition.is_met_by_an_ended_membership());
                format!("(m.open = {} AND {})", i32::from(open), holds.join(" AND "))
            })
            .collect();
        let condition = format!("AND {}", joined(Join::Any, &met));
        (!met.is_empty()).then(|| FilterSql { condition, values: writer.values, ..FilterSql::default() })
    }
}

/// The brackets of which a membership meets one where a user was found by it. Where all must hold, the first bracket
/// that asks for a membership tells which one is meant.
fn membership_brackets(filter: &Filter) -> Vec<Vec<&Condition>> {
    let own = membership_alternatives(filter.join, &filter.conditions);
    let of_groups = filter.groups.iter().map(|group| membership_alternatives(group.join, &group.conditions));
    let mut brackets = std::iter::once(own).chain(of_groups).filter(|bracket| !bracket.is_empty());
    match filter.join {
        Join::All => brackets.next().unwrap_or_default(),
        Join::Any => brackets.flatten().collect(),
    }
}

/// What a bracket asks of one membership: all of it together, or each for itself.
fn membership_alternatives(join: Join, conditions: &[Condition]) -> Vec<Vec<&Condition>> {
    let asked = conditions.iter().filter(|condition| condition.is_met_by_a_membership());
    match join {
        Join::All => Some(asked.collect()).filter(|all: &Vec<_>| !all.is_empty()).into_iter().collect(),
        Join::Any => asked.map(|condition| vec![condition]).collect(),
    }
}
