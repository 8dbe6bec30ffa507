//! A file to begin with: what the rows of a kind can say in a workspace, with two rows of examples.

use crate::domain::attributes::{Owner, Type, standard};
use crate::domain::table::{self, Kind};

/// Attributes that stand in every sample, beside those that exist.
const USUAL: [(Owner, &str); 6] = [
    (Owner::User, "name"),
    (Owner::User, "email"),
    (Owner::Company, "name"),
    (Owner::Company, "domain"),
    (Owner::Company, "plan"),
    (Owner::Membership, "role"),
];

/// A column: its heading, and a cell for each row.
type Column = (String, [String; 2]);

/// The sample of a kind as CSV. `known` are the attributes that exist, each in its column, whose heading an import
/// knows again.
pub fn sample(kind: Kind, known: &[(Owner, String, Type)]) -> Vec<u8> {
    let word = |name: &str, one: &str, other: &str| vec![(name.to_owned(), [one.to_owned(), other.to_owned()])];
    let user = || word("user_id", "u_1001", "u_1002");
    let company = || word("company_id", "c_101", "c_102");
    let email = || word("email", "ann@company.example", "bob@company.example");
    let joined = || [word("joined_at", "2026-01-15", "2026-02-01"), word("left_at", "", "2026-03-01")].concat();
    let of = |owner: Owner| attributes(kind, owner, known);
    let columns: Vec<Column> = match kind {
        Kind::Users => [user(), of(Owner::User), company(), of(Owner::Company), of(Owner::Membership)].concat(),
        Kind::Companies => [company(), of(Owner::Company)].concat(),
        Kind::Memberships => [user(), email(), company(), of(Owner::Membership), joined()].concat(),
        Kind::Visitors => [
            word("anonymous_id", "6f1d2c1e-visitor-1", "6f1d2c1e-visitor-2"),
            user(),
            word("first_seen", "2026-01-15T09:30:00Z", "2026-02-01T09:30:00Z"),
        ]
        .concat(),
        Kind::Notes => [
            user(),
            word("text", "Called about the renewal.", "Wants to see reports."),
            word("author", "ann@company.example", ""),
            word("next_date", "2026-12-31", ""),
        ]
        .concat(),
        Kind::Events => [
            user(),
            word("event", "Report exported", "Report exported"),
            word("time", "2026-01-15T09:30:00Z", "2026-01-16T10:00:00Z"),
            word("rows", "120", "80"),
        ]
        .concat(),
        Kind::Setup => [
            word("what", "setting", "segment_of_users"),
            word("name", "takeover_days", "Admins"),
            word("value", "30", "f=membership.role:is:admin"),
        ]
        .concat(),
        Kind::Attributes => [
            word("owner", "user", "company"),
            word("name", "seats_used", "renewal"),
            word("type", "number", "date"),
            word("label", "Seats in use", ""),
        ]
        .concat(),
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<&str>| writer.write_record(cells).expect("memory takes every record");
    write(columns.iter().map(|(heading, _)| heading.as_str()).collect());
    for row in 0..2 {
        write(columns.iter().map(|(_, cells)| cells[row].as_str()).collect());
    }
    writer.into_inner().expect("memory takes every record")
}

/// The attributes of an owner, those that every sample has first.
fn attributes(kind: Kind, owner: Owner, known: &[(Owner, String, Type)]) -> Vec<Column> {
    let usual = USUAL.iter().filter(|(of, _)| *of == owner).map(|(_, name)| (*name).to_owned());
    let mut names: Vec<String> = usual.collect();
    for (_, name, _) in known.iter().filter(|(of, ..)| *of == owner) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let type_of = |name: &str| {
        let fixed = standard(owner).iter().find(|(known, _)| *known == name).map(|(_, of)| *of);
        let defined = || known.iter().find(|(of, known, _)| *of == owner && known == name).map(|(.., of)| *of);
        fixed.or_else(defined).unwrap_or(Type::Text)
    };
    let column = |name: String| {
        let of = type_of(&name);
        let heading = match kind.owner() {
            Some(own) if own == owner => table::heading(kind, &name, of),
            _ => format!("{}.{name}", owner.as_str()),
        };
        let cells = [0, 1].map(|row| example(owner, &name, of, row));
        (heading, cells)
    };
    names.into_iter().map(column).collect()
}

fn example(owner: Owner, name: &str, of: Type, row: usize) -> String {
    let both = match (owner, name, of) {
        (Owner::User, "name", _) => ["Ann Ames", "Bob Brand"],
        (Owner::User, "email", _) => ["ann@company.example", "bob@company.example"],
        (Owner::User, "first_name", _) => ["Ann", "Bob"],
        (Owner::User, "last_name", _) => ["Ames", "Brand"],
        (Owner::Company, "name", _) => ["Company One", "Company Two"],
        (Owner::Company, "domain", _) => ["one.example", "two.example"],
        (Owner::Company, "website", _) => ["https://one.example", ""],
        (_, "plan", Type::Text) => ["Pro", "Free"],
        (Owner::Membership, "role", _) => ["admin", "member"],
        (.., Type::Text) => ["a text", ""],
        (.., Type::Boolean) => ["true", "false"],
        (.., Type::Number) => ["12", "0.5"],
        (.., Type::Date) => ["2026-12-31", ""],
        (.., Type::Datetime) => ["2026-01-15T09:30:00Z", ""],
        (.., Type::List) => ["red|green", "blue"],
        (.., Type::Object) => ["{\"a\": 1}", ""],
    };
    both[row].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{Known, Reading, Said, Target, sniff, suggest};

    #[test]
    fn every_column_of_a_sample_is_known_again_as_what_it_is() {
        let known: Vec<(Owner, String, Type)> = [
            (Owner::User, "quotes", Type::Number),
            (Owner::User, "owner", Type::Text),
            (Owner::User, "a.b, \"c\"", Type::List),
            (Owner::Company, "mrr", Type::Number),
            (Owner::Company, "Renewal date", Type::Date),
            (Owner::Membership, "desk", Type::Boolean),
        ]
        .map(|(owner, name, of)| (owner, name.to_owned(), of))
        .to_vec();
        for kind in Kind::ALL {
            let text = sample(kind, &known);
            let sniffed = sniff(text.as_slice(), &Said::default()).unwrap();
            assert_eq!(sniffed.rows.len(), 2, "{kind:?}");
            let of = Known::new(known.clone(), chrono_tz::Tz::UTC);
            let mapping = suggest(kind, &sniffed.headings, &sniffed.rows, &Reading::default(), &of);
            assert_eq!(mapping.check(kind), Ok(()), "{kind:?}");
            let targets: Vec<&Target> = mapping.0.iter().map(|column| &column.target).collect();
            assert!(!targets.contains(&&Target::Ignore), "{kind:?}: {targets:?}");
            for (owner, name, _) in known.iter().filter(|(owner, ..)| match kind {
                Kind::Users => true,
                Kind::Companies | Kind::Memberships => kind.owner() == Some(*owner),
                _ => false,
            }) {
                let wanted = Target::Attribute(*owner, name.clone(), None);
                assert!(targets.contains(&&wanted), "{kind:?} {name}: {targets:?}");
            }
        }
    }
}
