//! Two ids are one (R10): a visitor's and a user's; with a secret token also two of a user.

use serde_json::json;

use super::{Receiving, Stop, Subject, user_missing};
use crate::domain::access::Grade;
use crate::domain::change::{ALIAS, CREATED, Change, Subject as About, USER_ID};
use crate::domain::error::{Code, Refused};
use crate::domain::ids::{AnonymousId, UserId, UserKey};
use crate::domain::message::{Message, Status};
use crate::store::{StoreError, refusals, users, visitors};

impl Receiving<'_, '_> {
    /// Joins the previous id to the user of the new one.
    pub(super) fn alias(&mut self, message: &Message) -> Result<Status, Stop> {
        let Some(new_id) = &message.user_id else { return Err(user_missing().into()) };
        let previous = message.previous_id.as_ref().map(UserId::as_str);
        let Some(previous) = previous.or(message.anonymous_id.as_ref().map(AnonymousId::as_str)) else {
            return Err(Refused::new(Code::AliasUnknown, "The alias names no previous id. Send previousId.").into());
        };
        if previous == new_id.as_str() {
            return Ok(Status::Unchanged);
        }
        let known = users::key_of_id(self.tx, &UserId::stored(previous.to_owned()))?;
        let subject = match known {
            Some(user) if self.may_rename() => self.rename(user, previous, new_id)?,
            Some(_) if visitors::find(self.tx, &AnonymousId::stored(previous.to_owned()))?.is_none() => {
                self.refuse_in_silence(previous, new_id)?;
                None
            }
            _ => self.join_visitor(previous, new_id)?,
        };
        let Some(subject) = subject else { return Ok(Status::Unchanged) };
        self.append(message, &subject, None, Some(json!({ "previous_id": previous }).to_string()))?;
        Ok(Status::Stored)
    }

    /// R10: from one user id to another takes a secret token. A page proves who is on it, and no more.
    fn may_rename(&self) -> bool {
        self.delivery.grade.is_trusted() && self.delivery.grade != Grade::Signed
    }

    /// A public key only joins a visitor to a user, and must not learn which ids are users: that nothing was done is
    /// told to operators alone.
    fn refuse_in_silence(&self, previous: &str, new_id: &UserId) -> Result<(), StoreError> {
        let refused = Refused::new(
            Code::AliasUnknown,
            format!(
                "{previous:?} is a user's id, not a visitor's, and an alias from one user id to another needs a secret \
                 token. Send it from your server, or merge {previous:?} and \"{new_id}\" in the dashboard."
            ),
        );
        let source = Some(self.delivery.source);
        refusals::count(self.tx, source, refused.code.as_str(), None, &refused.detail, None)
    }

    fn rename(&mut self, user: UserKey, previous: &str, new_id: &UserId) -> Result<Option<Subject>, Stop> {
        if let Some(owner) = users::key_of_id(self.tx, new_id)? {
            let current = users::load(self.tx, owner)?.user_id;
            return match owner == user {
                true if current.as_deref() == Some(new_id.as_str()) => Ok(None),
                // Merged by hand they are one already, which a page goes on to say at each sign-in.
                false if self.survivor(owner) == self.survivor(user) => Ok(None),
                true => Err(Refused::new(
                    Code::AliasLoop,
                    format!("\"{new_id}\" is already an earlier id of {previous:?}, so the alias would form a loop."),
                )
                .into()),
                false => Err(Refused::new(
                    Code::AliasTaken,
                    format!(
                        "\"{new_id}\" is already another user. Merge the two in the dashboard if they are the same."
                    ),
                )
                .into()),
            };
        }
        let (before, after) = users::give_id(self.tx, user, new_id, Some(previous), self.time.at_ms)?;
        // One that arrives late is another id, and not the current one.
        let change = if before.as_ref() == Some(&after) {
            Change::new(About::User(user), ALIAS, None, Some(json!(new_id.as_str())))
        } else {
            Change::new(About::User(user), USER_ID, before.map(|before| json!(before)), Some(json!(after)))
        };
        self.changes.push(change);
        Ok(Some(Subject { named: Some(user), ..Subject::default() }))
    }

    fn join_visitor(&mut self, previous: &str, new_id: &UserId) -> Result<Option<Subject>, Stop> {
        let anonymous_id = AnonymousId::stored(previous.to_owned());
        let known = visitors::find(self.tx, &anonymous_id)?;
        let user = users::key_of_id(self.tx, new_id)?;
        if let Some(linked_as) = known.as_ref().and_then(|visitor| visitor.linked_as) {
            let linked = self.survivor(linked_as);
            if Some(linked) == user.map(|user| self.survivor(user)) || !self.may_rename() {
                return Ok(None);
            }
            return Err(Refused::new(
                Code::AliasTaken,
                format!("The browser {previous:?} already belongs to another user. Merge the two in the dashboard if they are the same."),
            )
            .into());
        }
        if known.is_none() && self.may_rename() {
            return Err(Refused::new(
                Code::AliasUnknown,
                format!("{previous:?} is neither a user nor a visitor. Check the previous id."),
            )
            .into());
        }
        let user = match user {
            Some(user) => user,
            None => {
                let user = users::create(self.tx, Some(new_id), self.time.at_ms)?;
                self.changes.push(Change::new(About::User(user), CREATED, None, Some(json!(new_id.as_str()))));
                user
            }
        };
        let visitor = match known {
            Some(visitor) => visitor.key,
            None => visitors::create(self.tx, &anonymous_id, self.time.at_ms)?,
        };
        self.link(visitor, user)?;
        Ok(Some(Subject { named: Some(user), visitor: Some(visitor), ..Subject::default() }))
    }
}
