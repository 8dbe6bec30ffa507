//! What was done with a message that was stored, where its sender may not expect it.

use super::codes;

codes! {
    /// A warning of an answer.
    pub enum Warning {
        CompanyWaitsForUser = "company_waits_for_user" {
            "The company waits until it is known who the visitor is.",
            "The page states a company before anybody is signed in.",
            "Nothing, if somebody signs in later; else state the company with the user.",
        }
        CompanyTakesSignedMembers = "company_takes_signed_members" {
            "The event does not count for the company it states.",
            "The company takes signed members only, and the call is not signed.",
            "Sign the identity on your server, or let the company take unsigned members.",
        }
        CompaniesNotReplaced = "companies_not_replaced" {
            "The companies were added, and none was left.",
            "companies_mode is replace, and one of the companies in the list could not be read.",
            "Send every company with its company_id.",
        }
        OneCompanyAlone = "one_company_alone" {
            "Several companies were named, and a user belongs to one alone: the last one.",
            "The setting that a user belongs to one company is on, and the page sends a list.",
            "Send company, or turn the setting off under Settings, Rules.",
        }
        MoreValuesRefused = "more_values_refused" {
            "More values were refused than the answer lists.",
            "A message with many values that can't be taken.",
            "Put right those that are listed, and send it again; all are counted under Refused.",
        }
        ClockCorrected = "clock_corrected" {
            "The time was corrected by the error of the sender's clock.",
            "sentAt differs from the time received by more than a minute.",
            "Nothing for browsers; a server sets its clock by NTP.",
        }
        TimestampInTheFuture = "timestamp_in_the_future" {
            "The time lies in the future, and the time received was taken.",
            "A clock that is ahead, or a local time written without its zone.",
            "Write times with their zone, such as 2026-03-01T09:30:00Z, and send sentAt.",
        }
    }
}
