//! Several companies in one row of a user: each has its own values.

use serde_json::{Map, Value};

use super::row::{CompanyDraft, CompanyNamed, Problem, Reader};
use crate::domain::attributes::{Owner, Type};
use crate::domain::codes::rows::RowCode;
use crate::domain::limits::COMPANIES_PER_MESSAGE_MAX;
use crate::domain::message::RefusedValue;
use crate::domain::table::{BETWEEN_ITEMS, Kind};

/// A column of which a cell has a value for each of several companies.
pub(super) struct Parted<'a> {
    pub(super) owner: Owner,
    pub(super) name: &'a String,
    pub(super) heading: &'a str,
    pub(super) kind: Type,
}

/// The values of each of several companies.
type OfEach = Vec<Map<String, Value>>;

impl Reader {
    /// Companies, each with its attributes and its membership's: of several in one cell each value has as many parts. One
    /// of a membership that has no parts is said of all of them; one of a company is none's.
    pub(super) fn companies(
        &self,
        named: Vec<CompanyNamed>,
        (mut attributes, mut membership): (Map<String, Value>, Map<String, Value>),
        parted: &[Parted<'_>],
        refused: &mut Vec<RefusedValue>,
    ) -> Result<Vec<CompanyDraft>, Problem> {
        if named.len() > COMPANIES_PER_MESSAGE_MAX {
            let detail = format!("{} companies in one row; the limit is {COMPANIES_PER_MESSAGE_MAX}.", named.len());
            return Err(Problem::new(RowCode::TooManyCompanies, detail));
        }
        if named.len() < 2 {
            for Parted { owner, name, heading, kind } in parted {
                let values = if *owner == Owner::Company { &mut attributes } else { &mut membership };
                if let Some(cell) = values.remove(*name) {
                    refused.extend(self.value(heading, &cell, *kind).err().map(|refused| *refused));
                }
            }
            let draft = |named| CompanyDraft { named, attributes: attributes.clone(), membership: membership.clone() };
            return Ok(named.into_iter().map(draft).collect());
        }
        let count = named.len();
        let attributes = self.of_each(count, Owner::Company, attributes, parted, refused)?;
        let memberships = self.of_each(count, Owner::Membership, membership, parted, refused)?;
        let each = named.into_iter().zip(attributes).zip(memberships);
        Ok(each.map(|((named, attributes), membership)| CompanyDraft { named, attributes, membership }).collect())
    }

    fn of_each(
        &self,
        count: usize,
        owner: Owner,
        values: Map<String, Value>,
        parted: &[Parted<'_>],
        refused: &mut Vec<RefusedValue>,
    ) -> Result<OfEach, Problem> {
        let mut each = vec![Map::new(); count];
        for (name, value) in values {
            let parts: Vec<&str> = value.as_str().map(|text| text.split(BETWEEN_ITEMS).collect()).unwrap_or_default();
            if owner == Owner::Membership && parts.len() < 2 {
                each.iter_mut().for_each(|of| drop(of.insert(name.clone(), value.clone())));
                continue;
            }
            if parts.len() != count {
                let detail = format!(
                    "The row names {count} companies, and {name} does not say which of them it is about. Write {count} \
                     values with {BETWEEN_ITEMS} between them, or leave it out."
                );
                return Err(Problem::new(RowCode::CompanyValues, detail));
            }
            let typed = parted.iter().find(|parted| parted.owner == owner && *parted.name == name);
            for (of, part) in each.iter_mut().zip(parts) {
                let cell = Value::from(part.trim());
                match typed {
                    _ if part.trim().is_empty() && (typed.is_some() || owner == Owner::Membership) => {}
                    Some(Parted { heading, kind, .. }) => match self.value(heading, &cell, *kind) {
                        Ok(value) => drop(of.insert(name.clone(), value)),
                        Err(wrong) => refused.push(*wrong),
                    },
                    None => drop(of.insert(name.clone(), cell)),
                }
            }
        }
        Ok(each)
    }

    /// The companies of a row that names none by its id: those of a domain, else of a name.
    pub(super) fn by_what_they_are_like(&self, company: &Map<String, Value>) -> Vec<CompanyNamed> {
        let told = ["domain", "name"].into_iter().find_map(|name| company.get(name).and_then(Value::as_str));
        self.parts(told.unwrap_or_default())
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| CompanyNamed::Any(part.to_owned()))
            .collect()
    }

    /// Companies in one cell: of a user there may be several; any other row is about one, whatever its id is written
    /// with, as in what we export.
    pub(super) fn parts<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match self.kind {
            Kind::Users => text.split(BETWEEN_ITEMS).map(str::trim).filter(|part| !part.is_empty()).collect(),
            _ => vec![text],
        }
    }

    /// Whether a cell has values of several companies in it.
    pub(super) fn is_of_several(&self, cell: &Value) -> bool {
        self.kind == Kind::Users && cell.as_str().is_some_and(|text| text.contains(BETWEEN_ITEMS))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::import::{Column, Known, Mapping, Policy, Reading, Target};

    #[test]
    fn several_companies_in_a_cell_have_a_value_each() {
        let columns = ["user_id", "company_id", "company.plan", "membership.role", "membership.desk:number"]
            .map(|target| Column { heading: target.to_owned(), target: Target::parse(target).unwrap() });
        let mapping = Mapping(columns.to_vec());
        let users = Reader::new(Kind::Users, mapping, Reading::default(), Policy::default(), Known::default());
        let read = |cells: [&str; 5]| users.read(&cells.map(|text| json!(text)));
        let draft = read(["ann", "a | b", "pro|free", "admin|member", "1|2"]).unwrap();
        let of = |place: usize| (&draft.companies[place].attributes, &draft.companies[place].membership);
        assert_eq!(
            of(0),
            (json!({ "plan": "pro" }).as_object().unwrap(), json!({ "role": "admin", "desk": 1 }).as_object().unwrap())
        );
        assert_eq!(
            of(1),
            (
                json!({ "plan": "free" }).as_object().unwrap(),
                json!({ "role": "member", "desk": 2 }).as_object().unwrap()
            )
        );
        let both = read(["ann", "a|b", "", "admin", ""]).unwrap();
        assert!(both.companies.iter().all(|company| company.membership["role"] == "admin"), "one word is of all");
        let first = read(["ann", "a|b", "", "admin|", ""]).unwrap();
        assert_eq!((first.companies[0].membership.len(), first.companies[1].membership.len()), (1, 0));
        for wrong in [["ann", "a|b", "pro", "", ""], ["ann", "a|b|c", "", "admin|member", ""]] {
            assert_eq!(read(wrong).unwrap_err().code.code, "company_values");
        }
        let one = read(["ann", "a", "", "a|b", "1|2"]).unwrap();
        assert_eq!((&one.companies[0].membership["role"], one.refused.len()), (&json!("a|b"), 1));
    }
}
