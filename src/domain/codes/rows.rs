//! Why a row of an import was not taken, beside what may become of any message.

use super::codes;

codes! {
    /// The code of a row that was not taken.
    pub enum RowCode {
        Cells = "cells" {
            "The row has more or fewer cells than the file has columns.",
            "A text that holds the delimiter or a line break, without quotes.",
            "Put such texts in quotes; spreadsheets do so by themselves.",
        }
        CompanyValues = "company_values" {
            "The row names several companies, and a value does not say which of them it is about.",
            "One value beside several companies in one cell.",
            "Write as many values as companies, with | between them, or leave it out.",
        }
        TooManyCompanies = "too_many_companies" {
            "The row names more companies than a message can.",
            "All accounts of somebody in one cell.",
            "Import memberships, one a row.",
        }
        UserUnknown = "user_unknown" {
            "The row's event is of somebody who has no user id yet.",
            "The row has an e-mail address alone, and an event needs an id.",
            "Import the users first, with their ids.",
        }
        EmailAmbiguous = "email_ambiguous" {
            "Several users have the row's e-mail address.",
            "The row has no user id, and the address does not tell who is meant.",
            "Add the user id, or merge the users.",
        }
        CompanyUnknown = "company_unknown" {
            "The row names a company that is not known.",
            "The import is set to refuse unknown companies.",
            "Import the companies first, or let the import make them.",
        }
        CompanyAmbiguous = "company_ambiguous" {
            "The row's company fits several.",
            "A name or a domain that several companies have.",
            "Name the company by its company_id.",
        }
    }
}
