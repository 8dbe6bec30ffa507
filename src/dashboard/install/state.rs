//! The six answers of the installation page, from what a source was seen doing.

use crate::dashboard::parts::say::Tone;
use crate::domain::time::SECOND_MS;
use crate::store::sightings::{Evidence, Refused};

/// A page that loaded the script posts within this time.
const POST_WITHIN_MS: i64 = 15 * SECOND_MS;
/// What crawlers are refused with says nothing about the installation.
const BOT: &str = "bot";

/// How far an installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No request yet.
    Nothing,
    /// The script was fetched and nothing was posted.
    ScriptOnly,
    /// Posts were answered with codes.
    Refused,
    /// Page views, and nobody identified.
    VisitorsOnly,
    /// People without companies.
    UsersNoCompany,
    /// A user with a company was stored.
    Complete,
}

impl State {
    /// All, in the order in which an installation passes them.
    pub const ALL: [State; 6] = [
        State::Nothing,
        State::ScriptOnly,
        State::Refused,
        State::VisitorsOnly,
        State::UsersNoCompany,
        State::Complete,
    ];

    /// The state that evidence shows.
    pub fn of(evidence: &Evidence, now_ms: i64) -> State {
        if evidence.complete.is_some() {
            State::Complete
        } else if last_refused_ms(evidence).is_some_and(|refused_ms| Some(refused_ms) >= evidence.stored_ms) {
            State::Refused
        } else if evidence.user_without_company.is_some() {
            State::UsersNoCompany
        } else if evidence.stored_ms.is_some() {
            State::VisitorsOnly
        } else if evidence.script.as_ref().is_some_and(|(at_ms, _)| now_ms - at_ms >= POST_WITHIN_MS) {
            State::ScriptOnly
        } else {
            State::Nothing
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Nothing => "nothing",
            State::ScriptOnly => "script_only",
            State::Refused => "refused",
            State::VisitorsOnly => "visitors_only",
            State::UsersNoCompany => "users_no_company",
            State::Complete => "complete",
        }
    }

    /// How it is meant.
    pub fn tone(self) -> Tone {
        match self {
            State::Nothing => Tone::None,
            State::ScriptOnly | State::VisitorsOnly | State::UsersNoCompany => Tone::Warn,
            State::Refused => Tone::Bad,
            State::Complete => Tone::Good,
        }
    }

    /// Its sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            State::Nothing => "Nothing yet",
            State::ScriptOnly => "The page loads the script but sends nothing",
            State::Refused => "Messages arrive but are refused",
            State::VisitorsOnly => "Visitors arrive, but nobody is identified",
            State::UsersNoCompany => "People arrive, without companies",
            State::Complete => "Complete",
        }
    }

    /// What it means and what to do, for the list of all six.
    pub fn meaning(self) -> &'static str {
        match self {
            State::Nothing => "No requests yet. Open your site in a private window.",
            State::ScriptOnly => {
                "Nothing was sent within 15 s: check the page's Content-Security-Policy, consent banner and exceptions."
            }
            State::Refused => "With each code, how often, and the fix.",
            State::VisitorsOnly => "Add step 2.",
            State::UsersNoCompany => "Add step 3. One real user is shown.",
            State::Complete => "Names the user and the company just stored, with links.",
        }
    }
}

/// What was refused since, without crawlers.
pub fn refused(evidence: &Evidence) -> impl Iterator<Item = &Refused> {
    evidence.refused.iter().filter(|refused| refused.code != BOT)
}

/// When something was last refused. What was stored after it is the newer evidence.
fn last_refused_ms(evidence: &Evidence) -> Option<i64> {
    refused(evidence).map(|refused| refused.last_ms).max()
}

/// Two words for the strip of the first page.
pub fn short(state: State) -> &'static str {
    match state {
        State::Nothing => "Silent",
        State::ScriptOnly => "Sends nothing",
        State::Refused => "Some refused",
        State::VisitorsOnly => "Visitors only",
        State::UsersNoCompany => "No companies",
        State::Complete => "Receiving",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sightings::Complete;

    #[test]
    fn the_six_answers() {
        let now = 1_000_000;
        let state = |evidence: &Evidence| State::of(evidence, now);
        let mut evidence = Evidence::default();
        assert_eq!(state(&evidence), State::Nothing);
        evidence.script = Some((now - 3_000, "shop.test".to_owned()));
        assert_eq!(state(&evidence), State::Nothing, "a post may still come");
        evidence.script = Some((now - 15_000, "shop.test".to_owned()));
        assert_eq!(state(&evidence), State::ScriptOnly);
        let refused = |code: &str, last_ms: i64| Refused { code: code.to_owned(), count: 9, last_ms };
        evidence.posted_ms = Some(now - 500);
        evidence.refused = vec![refused("id_placeholder", now - 500)];
        assert_eq!(state(&evidence), State::Refused, "and nothing was stored");
        evidence.refused.clear();
        (evidence.events, evidence.stored_ms) = (2, Some(now - 400));
        assert_eq!(state(&evidence), State::VisitorsOnly);
        evidence.refused = vec![refused("bot", now)];
        assert_eq!(state(&evidence), State::VisitorsOnly, "crawlers come to every site");
        evidence.refused.push(refused("id_placeholder", now - 400));
        assert_eq!(state(&evidence), State::Refused, "page views are kept while the id is refused");
        evidence.stored_ms = Some(now - 300);
        assert_eq!(state(&evidence), State::VisitorsOnly, "what was stored since is newer than the refusal");
        evidence.user_without_company = Some("ann".to_owned());
        assert_eq!(state(&evidence), State::UsersNoCompany);
        evidence.complete = Some(Complete {
            user_id: "ann".to_owned(),
            user_name: None,
            company_id: "acme".to_owned(),
            company_name: None,
            at_ms: now,
        });
        assert_eq!(state(&evidence), State::Complete);
    }
}
