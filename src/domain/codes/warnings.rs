//! What was done with a message that was stored, where its sender may not expect it.

use super::codes;

codes! {
    /// A warning of an answer.
    pub enum Warning {
        CompanyWaitsForUser = "company_waits_for_user" {
            "The company waits until it is known who the visitor is.",
            "The page states a company before anybody is signed in.",
            "Nothing, if somebody signs in later; otherwise send the company with the user.",
        }
        CompanyTakesSignedMembers = "company_takes_signed_members" {
            "The event doesn't count for the company it names.",
            "The company takes signed members only, and the call is not signed.",
            "Sign the identity on your server, or let the company take unsigned members.",
        }
        CompaniesNotReplaced = "companies_not_replaced" {
            "The companies were added, and the user left none.",
            "companies_mode is replace, and one of the companies in the list could not be read.",
            "Send every company with its company_id.",
        }
        OneCompanyAlone = "one_company_alone" {
            "Several companies were named, but a user belongs to only one: the last one.",
            "A setting limits each user to one company, and the page sends a list.",
            "Send company, or turn the setting off under Settings, Rules.",
        }
        MoreValuesRefused = "more_values_refused" {
            "More values were refused than the answer lists.",
            "A message with many values that can't be stored.",
            "Fix those that are listed, and send it again; all are counted under Refused.",
        }
        ClockCorrected = "clock_corrected" {
            "The time was corrected for the error of the sender's clock.",
            "sentAt differs from the time received by more than a minute.",
            "Nothing for browsers; on a server, set the clock by NTP.",
        }
        TimestampInTheFuture = "timestamp_in_the_future" {
            "The time is in the future, so the time received was used.",
            "A clock that is ahead, or a local time written without its zone.",
            "Write times with their zone, such as 2026-03-01T09:30:00Z, and send sentAt.",
        }
    }
}
