//! Memberships follow from timed statements, whatever order they arrive in (C1, C7, T3).

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ids::CompanyKey;

/// Where a statement stands among all: its time, then its message, then its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// The message's order within its moment, which is made of its hash (see
    /// [`order_within_moment`](crate::domain::message::order_within_moment)).
    pub message: i64,
    /// The place within the message.
    pub place: i64,
}

/// What was said of a user's companies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// Belongs to this company.
    Joins(CompanyKey),
    /// Leaves this company.
    Leaves(CompanyKey),
    /// What the same message says next is the whole truth (`companies_mode: "replace"`).
    Replaces,
}

/// One timed statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statement {
    /// When, and in which order.
    pub order: Order,
    /// What.
    pub said: Said,
}

/// A time in a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Joined at, Unix milliseconds.
    pub joined_ms: i64,
    /// Left at, Unix milliseconds.
    pub left_ms: Option<i64>,
    /// The last statement that said so.
    pub stated: Order,
}

/// What follows from a user's statements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memberships {
    /// Each company's times in it, oldest first.
    pub spans: BTreeMap<CompanyKey, Vec<Span>>,
    /// The open membership that was stated last (C1).
    pub current: Option<CompanyKey>,
}

impl Memberships {
    /// What follows from statements, which may come in any order.
    pub fn of(statements: &[Statement]) -> Memberships {
        let mut sorted: Vec<Statement> = statements.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut spans: BTreeMap<CompanyKey, Vec<Span>> = BTreeMap::new();
        let close = |spans: &mut BTreeMap<CompanyKey, Vec<Span>>, company: CompanyKey, at_ms: i64| {
            if let Some(open) = spans.get_mut(&company).and_then(|list| list.last_mut())
                && open.left_ms.is_none()
            {
                open.left_ms = Some(at_ms);
            }
        };
        for (index, statement) in sorted.iter().enumerate() {
            let order = statement.order;
            match statement.said {
                Said::Joins(company) => {
                    let list = spans.entry(company).or_default();
                    match list.last_mut() {
                        // Who comes back in the moment of leaving was never away.
                        Some(last) if last.left_ms.is_none_or(|left_ms| left_ms == order.at_ms) => {
                            (last.left_ms, last.stated) = (None, order);
                        }
                        _ => list.push(Span { joined_ms: order.at_ms, left_ms: None, stated: order }),
                    }
                }
                Said::Leaves(company) => close(&mut spans, company, order.at_ms),
                Said::Replaces => {
                    let same_message =
                        |other: &&Statement| (other.order.at_ms, other.order.message) == (order.at_ms, order.message);
                    let kept: BTreeSet<CompanyKey> = sorted[index..]
                        .iter()
                        .take_while(same_message)
                        .filter_map(|other| match other.said {
                            Said::Joins(company) => Some(company),
                            _ => None,
                        })
                        .collect();
                    let others: Vec<CompanyKey> = spans.keys().copied().filter(|key| !kept.contains(key)).collect();
                    for company in others {
                        close(&mut spans, company, order.at_ms);
                    }
                }
            }
        }
        Memberships::in_spans(spans)
    }

    fn in_spans(spans: BTreeMap<CompanyKey, Vec<Span>>) -> Memberships {
        let current = spans
            .iter()
            .filter_map(|(company, list)| {
                list.last().filter(|span| span.left_ms.is_none()).map(|span| (span.stated, *company))
            })
            .max()
            .map(|(_, company)| company);
        Memberships { spans, current }
    }

    /// The same where companies were merged (C10): a time in any of those that are one is a time in it, so
    /// that nobody leaves by a merge. `one` says which company another is read as.
    #[must_use]
    pub fn united(self, one: impl Fn(CompanyKey) -> CompanyKey) -> Memberships {
        let mut all: BTreeMap<CompanyKey, Vec<Span>> = BTreeMap::new();
        for (company, spans) in self.spans {
            all.entry(one(company)).or_default().extend(spans);
        }
        for spans in all.values_mut() {
            spans.sort_by_key(|span| (span.joined_ms, span.left_ms.is_none(), span.left_ms));
            let mut united: Vec<Span> = Vec::with_capacity(spans.len());
            for span in spans.drain(..) {
                match united.last_mut() {
                    Some(last) if last.left_ms.is_none_or(|left_ms| span.joined_ms <= left_ms) => {
                        last.left_ms = last.left_ms.zip(span.left_ms).map(|(one, other)| one.max(other));
                        last.stated = last.stated.max(span.stated);
                    }
                    _ => united.push(span),
                }
            }
            *spans = united;
        }
        Memberships::in_spans(all)
    }

    /// The companies that were open at a moment (C4).
    pub fn open_at(&self, at_ms: i64) -> impl Iterator<Item = CompanyKey> {
        self.spans.iter().filter_map(move |(company, spans)| {
            spans
                .iter()
                .any(|span| span.joined_ms <= at_ms && span.left_ms.is_none_or(|left| at_ms < left))
                .then_some(*company)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const X: CompanyKey = CompanyKey(1);
    const Y: CompanyKey = CompanyKey(2);

    fn said(at_ms: i64, said: Said) -> Statement {
        Statement { order: Order { at_ms, message: at_ms * 7, place: 1 }, said }
    }

    #[test]
    fn c1_current_is_the_open_membership_stated_last_and_leaving_passes_it_back() {
        let mut statements = vec![said(1, Said::Joins(X)), said(2, Said::Joins(Y))];
        assert_eq!(Memberships::of(&statements).current, Some(Y));
        statements.push(said(3, Said::Leaves(Y)));
        assert_eq!(Memberships::of(&statements).current, Some(X));
    }

    #[test]
    fn who_leaves_and_comes_back_within_a_moment_has_one_time_in_the_company() {
        let at = |place: i64, of: Said| Statement { order: Order { at_ms: 5, message: place, place: 1 }, said: of };
        let joins_and_leaves =
            (0..6).map(|place| at(place, if place % 2 == 0 { Said::Joins(X) } else { Said::Leaves(X) }));
        let memberships = Memberships::of(&joins_and_leaves.collect::<Vec<_>>());
        let spans: Vec<(i64, Option<i64>)> =
            memberships.spans[&X].iter().map(|span| (span.joined_ms, span.left_ms)).collect();
        assert_eq!(spans, [(5, Some(5))]);
    }

    #[test]
    fn case_43_leave_arrives_before_join() {
        let memberships = Memberships::of(&[said(2, Said::Leaves(X)), said(1, Said::Joins(X))]);
        assert_eq!(memberships.current, None);
        assert_eq!(memberships.spans[&X][0].joined_ms, 1);
        assert_eq!(memberships.spans[&X][0].left_ms, Some(2));
    }

    #[test]
    fn c1_replace_leaves_all_the_others() {
        let order = |place| Order { at_ms: 5, message: 9, place };
        let memberships = Memberships::of(&[
            said(1, Said::Joins(X)),
            Statement { order: order(0), said: Said::Replaces },
            Statement { order: order(1), said: Said::Joins(Y) },
        ]);
        assert_eq!(memberships.spans[&X][0].left_ms, Some(5));
        assert_eq!(memberships.current, Some(Y));
    }

    #[test]
    fn c4_open_at_a_moment() {
        let memberships =
            Memberships::of(&[said(10, Said::Joins(X)), said(20, Said::Leaves(X)), said(15, Said::Joins(Y))]);
        let open = |at| memberships.open_at(at).collect::<Vec<_>>();
        assert_eq!(open(9), []);
        assert_eq!(open(10), [X]);
        assert_eq!(open(17), [X, Y]);
        assert_eq!(open(20), [Y]);
    }

    #[test]
    fn c10_times_in_companies_that_are_one_are_times_in_it() {
        let one = |_| X;
        let was_in_both = [said(1, Said::Joins(Y)), said(2, Said::Joins(X)), said(3, Said::Leaves(Y))];
        let united = Memberships::of(&was_in_both).united(one);
        let spans = |memberships: &Memberships| -> Vec<(i64, Option<i64>)> {
            memberships.spans[&X].iter().map(|span| (span.joined_ms, span.left_ms)).collect()
        };
        assert_eq!((spans(&united), united.current), (vec![(1, None)], Some(X)));
        let came_back = [said(1, Said::Joins(X)), said(2, Said::Leaves(X)), said(4, Said::Joins(Y))];
        assert_eq!(spans(&Memberships::of(&came_back).united(one)), [(1, Some(2)), (4, None)]);
        let left =
            [said(1, Said::Joins(X)), said(2, Said::Joins(Y)), said(3, Said::Leaves(Y)), said(5, Said::Leaves(X))];
        let united = Memberships::of(&left).united(one);
        assert_eq!((spans(&united), united.current), (vec![(1, Some(5))], None));
    }

    fn any_statement() -> impl Strategy<Value = Statement> {
        (0_i64..8, 0_i64..3, 0_i64..3, 0_i64..3, 1_i64..4).prop_map(|(at_ms, message_hash, place, what, company)| {
            let company = CompanyKey(company);
            let said = match what {
                0 => Said::Joins(company),
                1 => Said::Leaves(company),
                _ => Said::Replaces,
            };
            Statement { order: Order { at_ms, message: message_hash, place }, said }
        })
    }

    proptest! {
        #[test]
        fn t3_any_order_and_any_repeats_end_in_the_same_memberships(
            statements in prop::collection::vec(any_statement(), 0..12),
            seed in any::<u64>(),
        ) {
            let once = Memberships::of(&statements);
            let mut shuffled = statements.clone();
            shuffled.extend(statements.iter().take(3));
            let mut state = seed;
            for index in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(index, (state >> 33) as usize % (index + 1));
            }
            prop_assert_eq!(once, Memberships::of(&shuffled));
        }
    }
}
