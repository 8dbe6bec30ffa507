//! Who a message is about, and what becomes of its browser (R1-R8).

use crate::domain::access::Grade;
use crate::domain::ids::{UserKey, VisitorKey};
use crate::domain::message::Kind;

/// One user id in so many browsers within an hour is no person's: it stands in the page's code, or is the id of
/// something else.
pub const SHARED_BY: i64 = 20;

/// Whom a visitor is linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The user or lead.
    pub user: UserKey,
    /// What an identify is compared with; for no other message it is looked up.
    pub contact: Option<Contact>,
}

impl Link {
    fn has(&self, email: &str) -> bool {
        self.contact.as_ref().is_some_and(|contact| contact.emails.iter().any(|known| known == email))
    }

    fn is_lead(&self) -> bool {
        self.contact.as_ref().is_some_and(|contact| contact.is_lead)
    }
}

/// How somebody is known besides by an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// There is no user id.
    pub is_lead: bool,
    /// Each e-mail, as compared: their own, and those of whoever was merged into them (R11).
    pub emails: Vec<String>,
}

/// What the file knows of those that a message names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The user with the named id.
    pub user: Option<UserKey>,
    /// The browser, where it was seen before.
    pub visitor: Option<VisitorKey>,
    /// Whom the browser is linked to.
    pub link: Option<Link>,
    /// Those with the named e-mail, and whether each is a lead, the first made first.
    pub with_email: Vec<(UserKey, bool)>,
}

/// What a message says of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The message's type.
    pub kind: Kind,
    /// It names a user id.
    pub names_user: bool,
    /// It names a browser.
    pub names_visitor: bool,
    /// An identify's e-mail, as compared.
    pub email: Option<&'a str>,
    /// What its sender is worth.
    pub grade: Grade,
}

/// Who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Nobody is named; the browser's link, where there is one, tells.
    Visitor,
    /// This user or lead.
    Known(UserKey),
    /// A user to be made.
    NewUser,
    /// A lead to be made.
    NewLead,
    /// This lead gains the user id (R8).
    Promoted(UserKey),
}

/// What becomes of the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    /// None is named.
    None,
    /// As it is.
    Kept,
    /// Linked to who it is, now (R2).
    Linked,
    /// It is somebody else's: a fresh anonymous id is minted for who it is (R3).
    Fresh,
}

/// Who a message is about, and what becomes of its browser.
pub fn decide(claim: Claim<'_>, facts: &Facts) -> (Who, Browser) {
    let who = who(claim, facts);
    let user = match who {
        Who::Known(user) | Who::Promoted(user) => Some(user),
        Who::Visitor | Who::NewUser | Who::NewLead => None,
    };
    let browser = match &facts.link {
        _ if !claim.names_visitor => Browser::None,
        _ if who == Who::Visitor => Browser::Kept,
        None => Browser::Linked,
        Some(link) if Some(link.user) == user => Browser::Kept,
        Some(_) if claim.kind == Kind::Identify => Browser::Fresh,
        Some(_) => Browser::Kept,
    };
    (who, browser)
}

fn who(claim: Claim<'_>, facts: &Facts) -> Who {
    let trusted = claim.grade.is_trusted();
    if claim.names_user {
        if let Some(user) = facts.user {
            return Who::Known(user);
        }
        // R8: a lead becomes a user from its own browser, signed, or with a secret token.
        if claim.kind == Kind::Identify
            && let Some(email) = claim.email
        {
            if let Some(lead) = facts.link.as_ref().filter(|link| link.is_lead() && link.has(email)) {
                return Who::Promoted(lead.user);
            }
            if trusted && let [(lead, true)] = facts.with_email[..] {
                return Who::Promoted(lead);
            }
        }
        return Who::NewUser;
    }
    let Some(email) = claim.email.filter(|_| claim.kind == Kind::Identify) else { return Who::Visitor };
    // R7: an e-mail alone.
    if trusted && let Some(user) = the_one(&facts.with_email) {
        return Who::Known(user);
    }
    if let Some(link) = facts.link.as_ref().filter(|link| link.has(email)) {
        return Who::Known(link.user);
    }
    match facts.with_email.iter().find(|(_, is_lead)| *is_lead) {
        Some((lead, _)) => Who::Known(*lead),
        None => Who::NewLead,
    }
}

/// The one record of an e-mail address, of all that have it, each with whether it is a lead: the one user, whatever
/// leads strangers made with that address; else the one lead.
pub fn the_one(with_email: &[(UserKey, bool)]) -> Option<UserKey> {
    let mut users = with_email.iter().filter(|(_, is_lead)| !is_lead);
    match (users.next(), users.next(), with_email) {
        (Some((user, _)), None, _) | (None, None, [(user, _)]) => Some(*user),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: UserKey = UserKey(1);
    const BOB: UserKey = UserKey(2);

    fn identify(names_user: bool, email: Option<&str>, grade: Grade) -> Claim<'_> {
        Claim { kind: Kind::Identify, names_user, names_visitor: true, email, grade }
    }

    fn linked(user: UserKey, is_lead: bool, email: Option<&str>) -> Facts {
        let contact = Contact { is_lead, emails: email.map(str::to_owned).into_iter().collect() };
        let link = Link { user, contact: Some(contact) };
        Facts { visitor: Some(VisitorKey(1)), link: Some(link), ..Facts::default() }
    }

    #[test]
    fn r2_an_unlinked_browser_is_linked_to_whoever_is_named() {
        let claim = identify(true, None, Grade::Unsigned);
        assert_eq!(decide(claim, &Facts::default()), (Who::NewUser, Browser::Linked));
        let track = Claim { kind: Kind::Track, ..claim };
        let facts = Facts { user: Some(ANN), ..Facts::default() };
        assert_eq!(decide(track, &facts), (Who::Known(ANN), Browser::Linked));
    }

    #[test]
    fn r3_an_identify_of_another_user_gets_a_fresh_browser_and_an_event_does_not() {
        let facts = Facts { user: Some(BOB), ..linked(ANN, false, None) };
        let claim = identify(true, None, Grade::Unsigned);
        assert_eq!(decide(claim, &facts), (Who::Known(BOB), Browser::Fresh));
        let track = Claim { kind: Kind::Track, ..claim };
        assert_eq!(decide(track, &facts), (Who::Known(BOB), Browser::Kept));
    }

    #[test]
    fn r7_an_unsigned_email_finds_leads_and_one_s_own_record_alone() {
        let email = Some("ann@example.com");
        let real = Facts { with_email: vec![(ANN, false)], ..Facts::default() };
        assert_eq!(decide(identify(false, email, Grade::Unsigned), &real).0, Who::NewLead);
        assert_eq!(decide(identify(false, email, Grade::Secret), &real).0, Who::Known(ANN));
        let lead = Facts { with_email: vec![(ANN, false), (BOB, true)], ..Facts::default() };
        assert_eq!(decide(identify(false, email, Grade::Unsigned), &lead).0, Who::Known(BOB));
        assert_eq!(
            decide(identify(false, email, Grade::Secret), &lead).0,
            Who::Known(ANN),
            "no stranger's lead hides her"
        );
        let own = Facts { with_email: vec![(ANN, false)], ..linked(ANN, false, email) };
        assert_eq!(decide(identify(false, email, Grade::Unsigned), &own), (Who::Known(ANN), Browser::Kept));
    }

    #[test]
    fn r8_a_lead_becomes_a_user_from_its_own_browser_or_with_a_secret() {
        let email = Some("ann@example.com");
        let own = Facts { with_email: vec![(ANN, true)], ..linked(ANN, true, email) };
        assert_eq!(decide(identify(true, email, Grade::Unsigned), &own), (Who::Promoted(ANN), Browser::Kept));
        let elsewhere = Facts { with_email: vec![(ANN, true)], ..Facts::default() };
        assert_eq!(decide(identify(true, email, Grade::Unsigned), &elsewhere).0, Who::NewUser);
        assert_eq!(decide(identify(true, email, Grade::Secret), &elsewhere).0, Who::Promoted(ANN));
        let known = Facts { user: Some(BOB), ..own };
        assert_eq!(decide(identify(true, email, Grade::Unsigned), &known), (Who::Known(BOB), Browser::Fresh));
    }
}
