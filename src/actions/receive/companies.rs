//! What a message says of companies (C1-C6, C11).

use serde_json::{Map, Value};

use super::{Receiving, Stop, Subject};
use crate::actions::email_domains;
use crate::domain::access::Grade;
use crate::domain::change::{CREATED, Change, Subject as About};
use crate::domain::codes::warnings::Warning;
use crate::domain::companies::{Order, Said, Statement};
use crate::domain::error::{Code, Refused};
use crate::domain::ids::{CompanyId, CompanyKey, UserKey};
use crate::domain::message::{CompanyStatement, Message, RefusedValue, Standing};
use crate::store::memberships::Member;
use crate::store::{StoreError, companies, memberships};

impl Receiving<'_, '_> {
    /// The company of an id; made of its id alone where it is not known (C5).
    pub(in crate::actions) fn company(&mut self, company_id: &CompanyId) -> Result<CompanyKey, StoreError> {
        if let Some(key) = companies::key_of_id(self.tx, company_id)? {
            return Ok(key);
        }
        let key = companies::create(self.tx, company_id, self.time.at_ms)?;
        let after = Value::String(company_id.as_str().to_owned());
        self.changes.push(Change::new(About::Company(key), CREATED, None, Some(after)));
        Ok(key)
    }

    /// Takes what a message says of companies; answers the one its journal row counts for.
    pub(super) fn companies(&mut self, subject: &Subject, message: &mut Message) -> Result<Option<CompanyKey>, Stop> {
        if message.companies.is_empty() && !message.companies_replace {
            return Ok(None);
        }
        let named = subject.user_at(self.time.at_ms);
        let user = self.person(subject);
        let stated = self.companies_that_may_be_stated(user, message)?;
        let mut statements = Vec::new();
        let mut said_of_memberships = Vec::new();
        let mut of_current = Vec::new();
        let last_joined =
            stated.iter().rposition(|company| company.standing == Standing::Joins && company.company_id.is_some());
        // C2: where a user belongs to one company, the one stated last is meant.
        let only = last_joined.filter(|_| self.tx.catalog().settings.one_company);
        if message.companies_replace || only.is_some() {
            statements.push(Statement { order: self.order(0), said: Said::Replaces });
        }
        let (mut last, mut proven) = (None, None);
        for (place, statement) in stated.into_iter().enumerate() {
            let is_another = only.is_some_and(|only| only != place) && statement.standing == Standing::Joins;
            let place = place as i64 + 1;
            let CompanyStatement { company_id, standing, attributes, membership } = statement;
            let Some(company_id) = company_id else {
                of_current.push((attributes, membership));
                continue;
            };
            let company = self.company(&company_id)?;
            companies::named_at(self.tx, company, self.time.at_ms)?;
            self.say(About::Company(company), attributes, self.stamp_of_company())?;
            if is_another {
                if !self.warnings.contains(&Warning::OneCompanyAlone.explained()) {
                    self.warnings.push(Warning::OneCompanyAlone.explained());
                }
                continue;
            }
            let grade = self.grade_of_membership(Some(&company_id));
            let said = match standing {
                Standing::Joins => Said::Joins(company),
                Standing::Leaves => Said::Leaves(company),
            };
            statements.push(Statement { order: self.order(place), said });
            if grade == Grade::Signed {
                proven = Some(company);
            }
            if !membership.is_empty() {
                said_of_memberships.push((self.order(place), company, membership));
            }
            last = Some(company);
        }
        if let (Some(named), Some(user), false) = (named, user, statements.is_empty()) {
            statements.extend(email_domains::giving_way(self.tx, user, &statements)?);
            self.state_memberships(Member::User(named), &statements, proven)?;
            let changes = memberships::restate(self.tx, user)?;
            self.changes.extend(changes);
            for (_, company, values) in said_of_memberships {
                self.say(About::Membership(named, company), values, self.stamp_of_company())?;
            }
        } else if let Some(visitor) = subject.visitor.filter(|_| !statements.is_empty()) {
            self.state_memberships(Member::Waiting(visitor), &statements, proven)?;
            for (order, _, values) in said_of_memberships {
                memberships::keep_waiting(self.tx, visitor, order, &Value::Object(values).to_string())?;
            }
            self.warnings.push(Warning::CompanyWaitsForUser.explained());
            self.news = true;
        }
        for (attributes, membership) in of_current {
            self.company_without_id(named, attributes, membership)?;
        }
        Ok(last)
    }

    /// Keeps what was said of memberships; that in one company may be proven, which the others are not.
    fn state_memberships(
        &self,
        member: Member,
        statements: &[Statement],
        proven: Option<CompanyKey>,
    ) -> Result<(), StoreError> {
        let others = self.grade_of_membership(None);
        for statement in statements {
            let is_proven = proven.is_some_and(|company| matches!(statement.said, Said::Joins(of) if of == company));
            let grade = if is_proven { self.delivery.grade } else { others };
            memberships::state(self.tx, member, std::slice::from_ref(statement), grade, self.delivery.source)?;
        }
        Ok(())
    }

    /// C6: a company without an id is the one that was current at the message's time, as this very message leaves it;
    /// its attributes and the membership's are updated.
    fn company_without_id(
        &mut self,
        named: Option<UserKey>,
        attributes: Map<String, Value>,
        membership: Map<String, Value>,
    ) -> Result<(), StoreError> {
        let current = match named {
            Some(named) => {
                let user = self.survivor(named);
                memberships::current_at(self.tx, user, self.order(i64::MAX))?.map(|company| (named, company))
            }
            None => None,
        };
        let Some((named, company)) = current else {
            let refused = Refused::new(
                Code::CompanyIdMissing,
                "The company has no company_id, and the user had no current company then. Send company_id.",
            );
            self.refuse_value(RefusedValue::new("company", Value::Object(attributes), refused));
            return Ok(());
        };
        self.say(About::Company(company), attributes, self.stamp_of_company())?;
        self.say(About::Membership(named, company), membership, self.stamp_of_company())
    }

    pub(in crate::actions) fn order(&self, place: i64) -> Order {
        Order { at_ms: self.time.at_ms, message: self.order, place }
    }
}
