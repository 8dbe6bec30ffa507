//! What must be so after a history, in a few lines of plain Rust: no order of arrival, no repeats, no file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::history::{Deed, Said, Step, company_id, renamed, user_id};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// Joined and, once left, left at.
type Spans = Vec<(i64, Option<i64>)>;

/// All that the model says, as sorted lines: the same that the file is asked for.
pub fn told(steps: &[Step]) -> Vec<String> {
    let mut in_time: Vec<(i64, &Step)> =
        steps.iter().enumerate().map(|(index, step)| (step.at_ms(index), step)).collect();
    in_time.sort_by_key(|(at_ms, _)| *at_ms);
    let in_time = &in_time;
    let mut lines = Vec::new();
    let mut companies: BTreeMap<u8, usize> = BTreeMap::new();
    let mut company_days: BTreeMap<(i64, u8, u8), u64> = BTreeMap::new();
    for person in 0..3 {
        let linked: BTreeSet<u8> = in_time
            .iter()
            .filter(|(_, step)| step.person == person && !step.is_anonymous())
            .filter(|(_, step)| !matches!(step.deed, Deed::Staff | Deed::Rename(_)))
            .map(|(_, step)| step.browser)
            .collect();
        // What is theirs: said with their name, or on a browser that is theirs (R2).
        let theirs = || {
            let is_theirs = move |step: &Step| step.person == person && step.deed != Deed::Staff;
            in_time
                .iter()
                .filter(move |(_, step)| is_theirs(step))
                .filter(|(_, step)| !step.is_anonymous() || linked.contains(&step.browser))
        };
        let activity = || theirs().filter(|(_, step)| matches!(step.deed, Deed::Track { .. } | Deed::Page));
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        for (at_ms, step) in activity() {
            *days.entry(at_ms / DAY_MS).or_default() += 1;
            if let Deed::Track { company: Some(company) } = step.deed {
                *company_days.entry((at_ms / DAY_MS, company, person)).or_default() += 1;
                companies.entry(company).or_default();
            }
        }
        // Of two aliases the later by time (R10).
        let last = theirs().filter_map(|(at_ms, step)| match step.deed {
            Deed::Rename(to) => Some((*at_ms, to)),
            _ => None,
        });
        let id = last.max().map_or(user_id(person), |(_, to)| renamed(person, to));
        let first_ms = theirs().map(|(at_ms, _)| *at_ms).min().unwrap();
        let last_hour = activity().map(|(at_ms, _)| at_ms / HOUR_MS).max().unwrap_or(0);
        let attributes: Vec<(i64, &Step)> = theirs().copied().collect();
        lines.push(format!("user {id} {} {first_ms} {last_hour}", Value::Object(values(&attributes))));
        lines.extend(days.iter().map(|(day, events)| format!("person of day {day} {id} {events}")));
        for (company, (spans, role)) in memberships(&attributes) {
            let open = spans.last().is_some_and(|(_, left)| left.is_none());
            *companies.entry(company).or_default() += usize::from(open);
            lines.extend(spans.iter().map(|(joined, left)| {
                format!(
                    "member {id} {} {joined} {}",
                    company_id(company),
                    left.map_or(String::new(), |at| at.to_string())
                )
            }));
            lines.push(format!("role {id} {} {}", company_id(company), role.unwrap_or_default()));
        }
        lines.extend(company_days.iter().filter(|((_, _, who), _)| *who == person).map(
            |((day, company, _), events)| format!("person in company {day} {} {id} {events}", company_id(*company)),
        ));
    }
    for (_, step) in in_time {
        match &step.deed {
            Deed::Join { company, .. } | Deed::Leave { company } | Deed::Group { company, .. } => {
                companies.entry(*company).or_default();
            }
            Deed::Replace { companies: named } => named.iter().for_each(|company| {
                companies.entry(*company).or_default();
            }),
            Deed::Track { company: Some(company) } => {
                companies.entry(*company).or_default();
            }
            _ => {}
        }
    }
    for (company, members) in companies {
        let plan = in_time.iter().rev().find_map(|(_, step)| match step.deed {
            Deed::Group { company: named, plan } if named == company => Some(json!({ "plan": format!("plan-{plan}") })),
            _ => None,
        });
        lines.push(format!("company {} {} {members}", company_id(company), plan.unwrap_or_else(|| json!({}))));
    }
    lines.sort();
    lines
}

/// T2: the newest plain value and all operations after it; else the earliest `$once`; else what the
/// person's browsers said before they were known (R12).
fn values(theirs: &[(i64, &Step)]) -> Map<String, Value> {
    let mut values = Map::new();
    for name in 0..3 {
        let said = |anonymous: bool| {
            theirs.iter().filter(move |(_, step)| step.is_anonymous() == anonymous).flat_map(move |(_, step)| {
                let list = match &step.deed {
                    Deed::Identify { attributes } => attributes.as_slice(),
                    _ => &[],
                };
                // Of one message the last of a name counts, as in any JSON object.
                list.iter().rev().find(|(named, _)| *named == name).map(|(_, said)| *said)
            })
        };
        let named: Vec<Said> = said(false).collect();
        let plain = named.iter().rposition(|said| matches!(said, Said::Is(_) | Said::Nothing));
        let base = match plain.map(|place| named[place]) {
            Some(Said::Is(number)) => Some(u64::from(number)),
            Some(_) => None,
            None => named
                .iter()
                .find_map(|said| if let Said::AtFirst(number) = said { Some(u64::from(*number)) } else { None })
                .or_else(|| said(true).last().map(|_| 7)),
        };
        let more = named[plain.map_or(0, |place| place + 1)..]
            .iter()
            .filter_map(|said| if let Said::More(number) = said { Some(u64::from(*number)) } else { None });
        if let Some(value) = more.fold(base, |sum, number| Some(sum.unwrap_or(0) + number)) {
            values.insert(format!("attribute-{name}"), json!(value));
        }
    }
    values
}

/// C1, C7: what follows from what was said in time.
fn memberships(theirs: &[(i64, &Step)]) -> BTreeMap<u8, (Spans, Option<String>)> {
    let mut all: BTreeMap<u8, (Spans, Option<String>)> = BTreeMap::new();
    for (at_ms, step) in theirs {
        let (joins, leaves): (Vec<u8>, Vec<u8>) = match &step.deed {
            Deed::Join { company, .. } | Deed::Group { company, .. } => (vec![*company], vec![]),
            Deed::Leave { company } => (vec![], vec![*company]),
            Deed::Replace { companies } => {
                (companies.clone(), all.keys().copied().filter(|known| !companies.contains(known)).collect())
            }
            _ => continue,
        };
        for company in leaves {
            if let Some((_, left @ None)) = all.get_mut(&company).and_then(|(spans, _)| spans.last_mut()) {
                *left = Some(*at_ms);
            }
        }
        for company in joins {
            let (spans, role) = all.entry(company).or_default();
            if spans.last().is_none_or(|(_, left)| left.is_some()) {
                spans.push((*at_ms, None));
            }
            if let Deed::Join { role: Some(said), .. } = step.deed {
                *role = Some(format!("role-{said}"));
            }
        }
    }
    all
}
