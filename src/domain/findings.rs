//! What is found without being asked: nobody was refused for it, and something is wrong all the same.

use super::codes::codes;
use super::identity::SHARED_BY;
use super::ids::{email, excerpt, unrendered_tag};
use super::time::MINUTE_MS;

/// A sender's clock that is wrong by more than this is a finding; less is corrected without a word (T1).
const CLOCK_WRONG_MS: i64 = 5 * MINUTE_MS;

/// So many active users of whom no browser knows, beside as many of whom one does, are a finding.
const WITHOUT_BROWSER_MIN: u64 = 5;

codes! {
    /// What is found.
    pub enum Finding {
        IdSharedByMany = "id_shared_by_many" {
            "One user id came from twenty browsers or more within an hour.",
            "The id is hard-coded in the page, or it is the id of something else: the account, the shop, the template.",
            "Render the id of the signed-in user into the page, and leave out user_id where there is none: all these \
             browsers are one user now. Erase that user once the page is right.",
        }
        ClockWrong = "clock_wrong" {
            "Messages come from a clock that is wrong by more than five minutes.",
            "A computer whose clock was never set; if it is off by whole hours, a server writes local time without its zone.",
            "For browsers, nothing to do. On your own servers, set the clock by NTP and write times with \
             their zone, such as 2026-03-01T09:30:00Z.",
        }
        TemplateNotRendered = "template_not_rendered" {
            "Values hold a template tag that was not rendered.",
            "The snippet is where the framework doesn't render it, in a file of its own or in a tag manager.",
            "Put the snippet into a page that your framework renders, and check it with the doctor on the installation page.",
        }
        UserIdIsEmail = "user_id_is_email" {
            "User ids are e-mail addresses.",
            "The page sends the address as user_id.",
            "Send the id of the row in your database as user_id and the address as email: anyone who changes the address \
             becomes somebody else.",
        }
        EventsWithoutCompany = "events_without_company" {
            "Events of users with several companies name none of them, so they count for none.",
            "The page or the server does not say for which account the user is working.",
            "Send company in the page's settings, or groupId in the context of a server's events.",
        }
        OwnPeopleCounted = "own_people_counted" {
            "People of your own e-mail domain are counted as customers.",
            "Support and colleagues sign in to the product as themselves.",
            "Add the domain to your own people under Settings, Rules; looking at a customer's account, send acting_as.",
        }
        PageWithoutHttps = "page_without_https" {
            "A page is served over http, and what it sends can be read in transit.",
            "The site answers without TLS, as well as or instead of over https.",
            "Redirect every URL of the site to https; browsers withhold more from pages without it.",
        }
        TestKeyOnLiveSite = "test_key_on_live_site" {
            "A live site sends with the key of a test source, and nothing of it is kept.",
            "The page was published with the settings of staging.",
            "Put the live source's write key into the page's settings.",
        }
        ProxyNotTrusted = "proxy_not_trusted" {
            "A proxy names the visitors it forwards for, but isn't trusted.",
            "Rollcall was started without --trusted-proxy, or with other addresses than the proxy's.",
            "Start Rollcall with --trusted-proxy and the proxy's address, such as 127.0.0.1/32: until then all visitors \
             behind it share one IP address and one rate limit.",
        }
        ProxySilent = "proxy_silent" {
            "A trusted proxy doesn't name the visitors it forwards for.",
            "The proxy adds no X-Forwarded-For header; some do so only when they are told to.",
            "Make it add the header, in nginx with proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; until then \
             all visitors behind it share one IP address and one rate limit.",
        }
        UsersWithoutBrowser = "users_without_browser" {
            "Users whom your back end reports active were never reported by a browser.",
            "A blocker in the browser stops what the widget sends, or these people use only an app or your API, and no page.",
            "Serve the script and its calls from a path of your own site, as the installation page shows under Hardening: \
             blocklists don't include it. People who use no page are expected here.",
        }
        OneAddressManyCompanies = "one_address_many_companies" {
            "Users of five companies or more were named from one IP address within an hour.",
            "Support or sales sign in as customers to see what they see; or many customers share one internet connection.",
            "Send acting_as on pages where a colleague looks at a customer's account: it then counts for nobody.",
        }
    }
}

impl Finding {
    /// How bad it is: a `warning` is about what is stored, an `info` about what was put right.
    pub fn severity(self) -> &'static str {
        match self {
            Finding::ClockWrong => "info",
            _ => "warning",
        }
    }

    /// What it counts for the first time: a shared id is found when so many browsers have it.
    pub fn first_count(self) -> i64 {
        match self {
            Finding::IdSharedByMany => SHARED_BY,
            _ => 1,
        }
    }

    /// What is so: of an example, so many times.
    pub fn sentence(self, example: &str, count: u64) -> String {
        match self {
            Finding::IdSharedByMany => format!(
                "The user id {:?} came from at least {count} browsers, {SHARED_BY} of them within an hour.",
                excerpt(example)
            ),
            Finding::ClockWrong => format!(
                "{count} {} from a clock that is wrong by more than five minutes, the last one {example}. The times were \
                 corrected.",
                if count == 1 { "message came" } else { "messages came" }
            ),
            Finding::TemplateNotRendered => format!(
                "{} a template tag that was not rendered, the last one {}.",
                if count == 1 { "A value holds".to_owned() } else { format!("{count} values hold") },
                excerpt(example)
            ),
            Finding::UserIdIsEmail if count == 1 => {
                format!("A user id is an e-mail address, at {example}.")
            }
            Finding::UserIdIsEmail => format!("{count} user ids are e-mail addresses, the last one at {example}."),
            Finding::EventsWithoutCompany => format!(
                "On {}, users with several companies did something without naming a company, most recently {:?}.",
                days(count),
                excerpt(example)
            ),
            Finding::OwnPeopleCounted if count == 1 => {
                format!("One person of your own e-mail domain, {example}, is counted as a customer.")
            }
            Finding::OwnPeopleCounted => {
                format!("{count} people of your own e-mail domain, {example}, are counted as customers.")
            }
            Finding::PageWithoutHttps => {
                format!(
                    "Pages of {example} were served over http on {}: what they send can be read in transit.",
                    days(count)
                )
            }
            Finding::TestKeyOnLiveSite => format!(
                "Pages of {example}, which a live source lists, sent with the key of this test source on {}. Nothing they sent \
                 was kept.",
                days(count)
            ),
            Finding::ProxyNotTrusted => format!(
                "On {}, a proxy at {example} named its visitors, but was not trusted: they all count as one \
                 address.",
                days(count)
            ),
            Finding::ProxySilent => format!(
                "On {}, the trusted proxy at {example} did not name its visitors: they all count as one IP address.",
                days(count)
            ),
            Finding::UsersWithoutBrowser => format!(
                "{example} users who were active within 7 days were never reported by a browser; only your back end knows \
                 them: blockers may stop what the widget sends. Seen on {}.",
                days(count)
            ),
            Finding::OneAddressManyCompanies => format!(
                "On {}, users of five companies or more were named from one IP address within an hour, the last ones of \
                 {example}: colleagues may be signed in as customers.",
                days(count)
            ),
        }
    }
}

fn days(count: u64) -> String {
    if count == 1 { "one day".to_owned() } else { format!("{count} days") }
}

/// The example of active users of whom no browser knows, where there are some and browsers know of others: without
/// the widget, or for one colleague who tries the API, it is not a finding.
pub fn of_whom_no_browser_knows(without: u64, active: u64) -> Option<String> {
    let with = active.saturating_sub(without);
    (without >= WITHOUT_BROWSER_MIN && with >= WITHOUT_BROWSER_MIN).then(|| format!("{without} of {active}"))
}

/// The example of an id that is an e-mail address: its domain, which names nobody.
pub fn id_is_email(id: &str) -> Option<String> {
    id.contains('@').then(|| email(id).ok()).flatten()?.rsplit('@').next().map(|domain| format!("…@{domain}"))
}

/// The example of a value that holds a template tag as it stands in the template: the tag alone, and of what.
pub fn not_rendered(name: &str, value: &str) -> Option<String> {
    // Two brackets are also a link of a wiki, or a list of lists.
    unrendered_tag(value).filter(|tag| !tag.starts_with("[[")).map(|tag| format!("{name}: {tag}"))
}

/// The example of a clock, where its error (milliseconds, positive where it is ahead) is a finding.
pub fn clock_wrong(error_ms: i64) -> Option<String> {
    if error_ms.saturating_abs() <= CLOCK_WRONG_MS {
        return None;
    }
    let minutes = error_ms.saturating_abs().saturating_add(MINUTE_MS / 2) / MINUTE_MS;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let span = match hours {
        0 => format!("{minutes} min"),
        1..48 => format!("{hours} h {minutes} min"),
        _ => format!("{} days", hours / 24),
    };
    Some(format!("{span} {}", if error_ms > 0 { "ahead" } else { "behind" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY_MS, HOUR_MS};

    #[test]
    fn an_id_that_is_an_address_is_told_by_its_domain() {
        assert_eq!(id_is_email("Ann@acme.test").as_deref(), Some("…@acme.test"));
        for id in ["ann", "@acme", "ann@", "a b@acme.test"] {
            assert_eq!(id_is_email(id), None, "{id}");
        }
    }

    #[test]
    fn a_tag_that_was_not_rendered_is_told_without_what_stands_around_it() {
        let told = |value| not_rendered("plan", value);
        assert_eq!(told("Ann's {{ user.plan }}").as_deref(), Some("plan: {{ user.plan }}"));
        assert_eq!(told("<%= @plan %>").as_deref(), Some("plan: <%= @plan %>"));
        for rendered in ["pro", "{\"a\": 1}", "[[1, 2], [3]]", "see [[Home]]", "{{ open", "100 % > 5 %"] {
            assert_eq!(told(rendered), None, "{rendered}");
        }
    }

    #[test]
    fn a_clock_is_told_by_how_far_it_is_ahead_or_behind() {
        for (error_ms, told) in [
            (0, None),
            (5 * MINUTE_MS, None),
            (-5 * MINUTE_MS, None),
            (365 * DAY_MS - 700, Some("365 days ahead")),
            (6 * MINUTE_MS, Some("6 min ahead")),
            (-2 * HOUR_MS, Some("2 h 0 min behind")),
            (365 * DAY_MS, Some("365 days ahead")),
            (i64::MIN, Some("106751991167 days behind")),
        ] {
            assert_eq!(clock_wrong(error_ms).as_deref(), told, "{error_ms}");
        }
    }
}
