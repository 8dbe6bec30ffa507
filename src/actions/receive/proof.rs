//! What a message proves (its sender's grade), and what takes proof (C8).

use serde_json::Value;

use super::{Receiving, Subject};
use crate::domain::access::Grade;
use crate::domain::attributes::Stamp;
use crate::domain::codes::warnings::Warning;
use crate::domain::error::{Code, Refused};
use crate::domain::ids::{self, CompanyId, CompanyKey, SourceKey, UserKey};
use crate::domain::message::{CompanyContext, CompanyStatement, Delivery, Kind, Message, RefusedValue, Standing};
use crate::domain::proof::{self, Proven, Secret};
use crate::store::proofs::{self, Outcome};
use crate::store::{StoreError, Tx, companies, memberships, refusals, users};

/// What a message proves, with the secrets of its source. Where the proof is wrong, or the source asks for
/// one and there is none, it says nothing of a user or a company; what the visitor did still counts for
/// the visitor. A program with a secret token needs none.
///
/// # Errors
/// `signature_required`, `signature_invalid`, `token_expired`, where nothing is left of the message.
pub(super) fn check(tx: &Tx<'_>, delivery: &Delivery, message: &mut Message) -> Result<Option<Proven>, Refused> {
    if delivery.grade.is_trusted() {
        return Ok(None);
    }
    let catalog = tx.catalog();
    let Some(source) = catalog.sources.get(&delivery.source) else { return Ok(None) };
    let refused = match checked(delivery, message, &source.secrets) {
        Some(Ok(proven)) => {
            // R7: the subject comes first; where the message names another user the proof is wrong.
            message.user_id = message.user_id.take().or_else(|| proven.subject.clone());
            refuse_other_companies(message, &proven);
            return Ok(Some(proven));
        }
        Some(Err(refused)) => refused,
        None if !source.signatures_required || !says_who(message) => return Ok(None),
        None => Refused::new(
            Code::SignatureRequired,
            "This source requires proof of identity, and the message has none. Send user_hash or identity_token \
             with the page, or use a secret token.",
        ),
    };
    if !message.kind.is_activity() || message.anonymous_id.is_none() {
        return Err(refused);
    }
    let (named, value) = match (message.user_id.take(), &message.company_context) {
        (Some(id), _) => ("user_id", Value::from(id.as_str())),
        (None, CompanyContext::In(id)) => ("company", Value::from(id.as_str())),
        (None, _) => ("identity_token", Value::Null),
    };
    message.companies.clear();
    message.companies_replace = false;
    message.company_context = CompanyContext::Unstated;
    message.refused_values.push(RefusedValue::new(named, value, refused));
    Ok(None)
}

/// A token that names a company is of a page of that company: what the message says of joining others is
/// not that page's to say, and the rest of it holds (C8). In a list that has the token's company the others
/// are stated as without a signature.
fn refuse_other_companies(message: &mut Message, proven: &Proven) {
    let Some(own) = &proven.company else { return };
    let is_other = |id: &CompanyId| id != own;
    let refused = |id: &CompanyId| {
        let detail = format!(
            "identity_token is for another company: company_id is {:?}, the page says {:?}. Create the token for the \
             company that the page names.",
            ids::excerpt(own.as_str()),
            ids::excerpt(id.as_str())
        );
        let value = Value::String(id.as_str().to_owned());
        RefusedValue::new("company", value, Refused::new(Code::SignatureInvalid, detail))
    };
    if let CompanyContext::In(id) = &message.company_context
        && is_other(id)
    {
        if message.kind.is_activity() {
            message.refused_values.push(refused(id));
        }
        message.company_context = CompanyContext::None;
    }
    let joined = |statement: &CompanyStatement| statement.standing == Standing::Joins;
    let stated = message.companies.iter().filter(|statement| joined(statement));
    let ids: Vec<&CompanyId> = stated.filter_map(|statement| statement.company_id.as_ref()).collect();
    if ids.is_empty() || ids.contains(&own) {
        return;
    }
    message.refused_values.extend(ids.into_iter().map(refused));
    message.companies.retain(|statement| !joined(statement) || statement.company_id.is_none());
    message.companies_replace = false;
}

/// Counts a message of a public key that names a user, for the share of signed ones.
pub(super) fn count(
    tx: &mut Tx<'_>,
    source: SourceKey,
    names_user: bool,
    message: &Message,
    proven: &Result<Option<Proven>, Refused>,
) {
    let outcome = match proven {
        Ok(Some(proven)) => Outcome::Signed(proven.secret),
        _ if !names_user => return,
        Ok(None) if message.user_id.is_some() => Outcome::Unsigned,
        Ok(None) | Err(_) => Outcome::Refused,
    };
    proofs::count(tx, source, outcome);
}

/// The proof that a message carries, checked. Of a visitor alone a hash proves nothing; a token says who it is.
fn checked(delivery: &Delivery, message: &Message, secrets: &[Secret]) -> Option<Result<Proven, Refused>> {
    if message.proof.is_empty() {
        return None;
    }
    let user = message.user_id.as_ref();
    let email = message.traits.get("email").and_then(Value::as_str).filter(|text| ids::email(text).is_ok());
    if user.is_none() && email.is_none() && message.proof.identity_token.is_none() {
        return None;
    }
    Some(proof::check(&message.proof, secrets, user, email, delivery.received_ms))
}

/// Whether a message speaks of a user or a company.
fn says_who(message: &Message) -> bool {
    message.user_id.is_some()
        || !message.companies.is_empty()
        || message.companies_replace
        || matches!(message.company_context, CompanyContext::In(_))
        || message.kind == Kind::Identify && message.traits.contains_key("email")
}

impl Receiving<'_, '_> {
    /// Remembers that a user proved who it is: unsigned calls say nothing of it from now on (C8).
    pub(super) fn sign(&self, subject: &Subject) -> Result<(), StoreError> {
        match (&self.proven, subject.named) {
            (Some(_), Some(named)) => users::sign(self.tx, named),
            _ => Ok(()),
        }
    }

    /// C8: this call is unsigned, and the user's own site has signed for it before.
    pub(super) fn takes_proof(&self, user: UserKey) -> Result<bool, StoreError> {
        if self.delivery.grade > Grade::Unsigned || !self.tx.catalog().settings.protect_signed {
            return Ok(false);
        }
        users::is_signed(self.tx, user)
    }

    /// What a statement of a user's company is worth: a page proves who is on it, and the company only
    /// where that is signed too (C8).
    pub(super) fn grade_of_membership(&self, company: Option<&CompanyId>) -> Grade {
        let proves = |proven: &Proven| company.is_some() && proven.company.as_ref() == company;
        match (&self.proven, self.delivery.grade) {
            (Some(proven), Grade::Signed) if !proves(proven) => Grade::Unsigned,
            (_, grade) => grade,
        }
    }

    /// Where a value of a company or of a membership came from. A signed company proves the membership, and
    /// no more.
    pub(super) fn stamp_of_company(&self) -> Stamp {
        Stamp { grade: self.grade_of_membership(None), ..self.stamp() }
    }

    /// Takes out of a message what it may not say of companies, and says so. What is left of a list that
    /// was to be the whole truth is not the whole truth.
    pub(super) fn companies_that_may_be_stated(
        &mut self,
        user: Option<UserKey>,
        message: &mut Message,
    ) -> Result<Vec<CompanyStatement>, StoreError> {
        let stated = std::mem::take(&mut message.companies);
        let of_signed_user = match user {
            Some(user) => self.takes_proof(user)?,
            None => false,
        };
        if !of_signed_user && self.tx.catalog().companies_of_signed.is_empty() {
            return Ok(stated);
        }
        let mut taken = Vec::with_capacity(stated.len());
        for mut statement in stated {
            let takes_signed_only = !of_signed_user && self.takes_signed_only(statement.company_id.as_ref())?;
            if takes_signed_only && statement.standing == Standing::Leaves {
                // Whoever is in it may leave, and says nothing else of it without proof.
                if !statement.attributes.is_empty() {
                    let said = std::mem::take(&mut statement.attributes);
                    self.refuse_value(RefusedValue::new("company", Value::Object(said), of_signed_company()));
                }
                taken.push(statement);
                continue;
            }
            let refused = match (of_signed_user, takes_signed_only) {
                (true, _) => Some(not_signed()),
                (false, true) => Some(of_signed_company()),
                (false, false) => None,
            };
            let Some(refused) = refused else {
                taken.push(statement);
                continue;
            };
            message.companies_replace = false;
            let id = statement.company_id.map(|id| Value::String(id.as_str().to_owned())).unwrap_or_default();
            self.refuse_value(RefusedValue::new("company", id, refused));
        }
        if of_signed_user && std::mem::take(&mut message.companies_replace) {
            self.refuse_value(RefusedValue::new("companies", Value::Array(Vec::new()), not_signed()));
        }
        Ok(taken)
    }

    /// The company that an event counts for where it states one (C4). One that takes signed members only is
    /// stated with proof of it, or of somebody who is a member already; else none is stated (C8).
    pub(super) fn company_of_event(
        &mut self,
        id: &CompanyId,
        subject: &Subject,
        event: &str,
    ) -> Result<Option<CompanyKey>, StoreError> {
        let stated = self.company(id)?;
        if self.tx.catalog().companies_of_signed.is_empty() || self.grade_of_membership(Some(id)) > Grade::Unsigned {
            return Ok(Some(stated));
        }
        let company = companies::survivor(self.tx, stated);
        let is_member = match self.person(subject) {
            Some(user) => memberships::is_open(&self.tx.reader(), user, company)?,
            None => false,
        };
        if is_member || !self.tx.catalog().companies_of_signed.contains(&company) {
            return Ok(Some(stated));
        }
        let warning = Warning::CompanyTakesSignedMembers.explained();
        self.warnings.push(warning);
        let (source, code) = (Some(self.delivery.source), Code::SignatureRequired.as_str());
        refusals::count(self.tx, source, code, Some("company"), warning.meaning, Some(id.as_str()))?;
        self.only_company(subject, event)
    }

    /// Whether a company asks for signed members and this call proves nothing of it.
    fn takes_signed_only(&self, id: Option<&CompanyId>) -> Result<bool, StoreError> {
        if self.grade_of_membership(id) > Grade::Unsigned {
            return Ok(false);
        }
        let Some(id) = id else { return Ok(false) };
        let company = companies::key_of_id(self.tx, id)?;
        let joined = company.map(|company| companies::survivor(self.tx, company));
        Ok(joined.is_some_and(|company| self.tx.catalog().companies_of_signed.contains(&company)))
    }
}

/// Why an unsigned call says nothing of a company that takes signed members only.
fn of_signed_company() -> Refused {
    Refused::new(
        Code::SignatureRequired,
        "This company accepts signed members only. Send an identity_token whose company_id is this company, or use a \
         secret token.",
    )
}

/// Why an unsigned call says nothing of a user who has proved who it is.
pub(super) fn not_signed() -> Refused {
    Refused::new(
        Code::SignatureRequired,
        "This user has proved their identity before, and this call has no proof. Send user_hash or identity_token with \
         every page, or use a secret token.",
    )
}
