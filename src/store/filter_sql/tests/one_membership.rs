//! What all must hold of a company and of the place in it.

use super::*;

#[test]
fn what_all_must_hold_of_a_company_and_a_role_one_membership_meets() {
    let sample = filled();
    let (db, records) = (sample.db(), all_users(&sample));
    let read = |query: &ListQuery<users::SortBy>| {
        let page = users::list(&db, query, NOW).unwrap();
        (page.rows, page.next)
    };
    let met = |text: &str| {
        let filter = parsed(text, &fields(Listed::Users));
        same(paged(&filter, users::SortBy::LastSeen, read, |row| row.key.0), &records, &filter).unwrap()
    };
    // Of brackets each asks for a membership of its own.
    let (mut together, mut apart) = (0, 0);
    for (plan, role) in ["pro", "free", "Żabka"].iter().flat_map(|plan| ["pro", "Żabka"].map(|role| (plan, role))) {
        let of_one = met(&format!("f=company.plan:is:{plan}&f=membership.role:is:{role}"));
        assert_eq!(met(&format!("g1.f=company.plan:is:{plan}&g1.f=membership.role:is:{role}")), of_one);
        together += of_one;
        apart += met(&format!("g1.f=company.plan:is:{plan}&g2.f=membership.role:is:{role}"));
    }
    assert!(0 < together && together < apart, "{together} of {apart}");
}
