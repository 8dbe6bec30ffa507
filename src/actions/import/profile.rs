//! What a row says of a user or a company beside attributes (A9, C8-C10): each is set as by hand, and one that can't be
//! is said while the rest is taken.

use serde_json::Value;

use super::row::{Part, Taking};
use crate::actions::profile::{self, ProfileError};
use crate::actions::{archive, signed_members};
use crate::domain::access::Grade;
use crate::domain::change::{ALIAS, By, Change, DOMAINS};
use crate::domain::codes::rows::RowCode;
use crate::domain::email_domains;
use crate::domain::error::Code;
use crate::domain::ids::{CompanyId, CompanyKey, UserId, UserKey};
use crate::domain::import::{Existing, ProfileDraft};
use crate::domain::profile::Profile;
use crate::store::erasure::{self, Named};
use crate::store::{StoreError, changes, companies, email_domains as domains, profiles, users};

impl Taking<'_, '_> {
    /// Sets it; answers what changed.
    pub(super) fn profile(
        &mut self,
        of: Profile,
        wanted: &ProfileDraft,
        parts: &mut Vec<Part>,
    ) -> Result<Vec<Change>, StoreError> {
        let mut made = Vec::new();
        let fills = self.import.policy.existing == Existing::Fill;
        if let Some(owner) = &wanted.owner
            && (!fills || profiles::owner(&self.tx.reader(), of)?.is_none())
        {
            taken(profile::set_owner(self.tx, of, owner.as_deref()), "owner", RowCode::OwnerUnknown, &mut made, parts)?;
        }
        if let Some(tags) = &wanted.tags
            && (!fills || profiles::tags(&self.tx.reader(), of)?.is_empty())
        {
            taken(profile::set_tags(self.tx, of, tags), "tags", RowCode::TagsInvalid, &mut made, parts)?;
        }
        for alias in &wanted.aliases {
            match of {
                Profile::User(user) => self.former_user_id(user, alias, &mut made, parts)?,
                Profile::Company(company) => self.former_company_id(company, alias, &mut made, parts)?,
            }
        }
        if let Profile::Company(company) = of {
            for text in &wanted.given_domains {
                let Some(domain) = email_domains::of_website(text) else {
                    let detail = format!("{text:?} is not a domain a company can have. Use one like acme.com.");
                    parts.push(Part::new("given_domains", RowCode::DomainInvalid, detail));
                    continue;
                };
                if domains::give(self.tx, company, &domain)? {
                    made.push(Change::new(of.subject(), DOMAINS, None, Some(Value::from(domain))));
                }
            }
            if let Some(only_signed) = wanted.signed_members {
                made.extend(signed_members::set(self.tx, company, only_signed)?);
            }
            if let Some(since_ms) = wanted.archived_ms {
                made.extend(archive::set(self.tx, company, Some(since_ms))?);
            }
        }
        self.record(&made)?;
        Ok(made)
    }

    /// Records what a row did beside its messages.
    pub(super) fn record(&mut self, made: &[Change]) -> Result<(), StoreError> {
        let by = By::Message(self.delivery.source);
        changes::record(self.tx, &by, changes::IMPORT, Grade::Import, made).map(drop)
    }

    fn former_user_id(
        &mut self,
        user: UserKey,
        alias: &str,
        made: &mut Vec<Change>,
        parts: &mut Vec<Part>,
    ) -> Result<(), StoreError> {
        let id = match UserId::parse(alias) {
            Ok(Some(id)) => id,
            Ok(None) => return Ok(()),
            Err(refused) => {
                parts.push(Part::new("aliases", refused.code, refused.detail));
                return Ok(());
            }
        };
        if erasure::is_erased(self.tx, Named::User(id.as_str())) {
            let detail = "One of the ids belongs to someone who was erased, so it is not stored.";
            parts.push(Part::new("aliases", Code::Erased, detail.to_owned()));
            return Ok(());
        }
        match users::key_of_id(self.tx, &id)? {
            Some(owner) if self.tx.catalog().survivor(owner) == user => {}
            Some(_) => parts.push(Part::new("aliases", Code::AliasTaken, taken_by_another(alias, "user"))),
            None if users::load(self.tx, user)?.user_id.is_none() => {
                let detail = format!("The subject of this row has no id yet, so {alias:?} can't be an earlier one.");
                parts.push(Part::new("aliases", Code::AliasUnknown, detail));
            }
            None => {
                users::give_former_id(self.tx, user, &id, self.at_ms)?;
                let after = Value::from(id.as_str());
                made.push(Change::new(Profile::User(user).subject(), ALIAS, None, Some(after)));
            }
        }
        Ok(())
    }

    fn former_company_id(
        &mut self,
        company: CompanyKey,
        alias: &str,
        made: &mut Vec<Change>,
        parts: &mut Vec<Part>,
    ) -> Result<(), StoreError> {
        let id = match CompanyId::parse(alias) {
            Ok(Some(id)) => id,
            Ok(None) => return Ok(()),
            Err(refused) => {
                parts.push(Part::new("aliases", refused.code, refused.detail));
                return Ok(());
            }
        };
        match companies::key_of_id(self.tx, &id)? {
            Some(owner) if companies::survivor(self.tx, owner) == company => {}
            Some(_) => parts.push(Part::new("aliases", Code::AliasTaken, taken_by_another(alias, "company"))),
            None => {
                companies::give_former_id(self.tx, company, &id, self.at_ms)?;
                let after = Value::from(id.as_str());
                made.push(Change::new(Profile::Company(company).subject(), ALIAS, None, Some(after)));
            }
        }
        Ok(())
    }
}

fn taken_by_another(alias: &str, what: &str) -> String {
    format!("{alias:?} is already the id of another {what}. Merge the two if they are the same.")
}

/// Keeps a change, or why there is none.
fn taken(
    outcome: Result<Option<Change>, ProfileError>,
    field: &str,
    code: RowCode,
    made: &mut Vec<Change>,
    parts: &mut Vec<Part>,
) -> Result<(), StoreError> {
    match outcome {
        Ok(change) => made.extend(change),
        Err(ProfileError::Store(error)) => return Err(error),
        Err(other) => parts.push(Part::new(field, code, other.to_string())),
    }
    Ok(())
}
