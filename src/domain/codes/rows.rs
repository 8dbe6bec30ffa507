//! Why a row of an import was not taken, beside what may become of any message.

use super::codes;

codes! {
    /// The code of a row that was not taken.
    pub enum RowCode {
        Cells = "cells" {
            "The row has more or fewer cells than the file has columns.",
            "Text that contains the delimiter or a line break, without quotes.",
            "Put such texts in quotes; spreadsheets do so by themselves.",
        }
        CellError = "cell_error" {
            "A cell that says whom the row is about, or when, has a value that can't be used.",
            "A formula that failed or was never computed; a number with more digits than a spreadsheet keeps.",
            "Fix the formula and save the workbook; format columns of long numbers as text.",
        }
        CompanyValues = "company_values" {
            "The row names several companies, and a value does not say which of them it is about.",
            "One value beside several companies in one cell.",
            "Write as many values as companies, with | between them, or leave it out.",
        }
        TooManyCompanies = "too_many_companies" {
            "The row names more companies than a message can hold.",
            "All of somebody's accounts in one cell.",
            "Import memberships, one per row.",
        }
        UserUnknown = "user_unknown" {
            "The row is about somebody who is not known, or has no user id yet.",
            "A note or event of somebody who was never sent; an event needs an id, and an address is not an id.",
            "Import the users first, with their ids.",
        }
        EmailAmbiguous = "email_ambiguous" {
            "Several users have the row's e-mail address.",
            "The row has no user id, and the address doesn't say which user is meant.",
            "Add the user id, or merge the users.",
        }
        CompanyUnknown = "company_unknown" {
            "The row names an unknown company.",
            "The import is set to refuse unknown companies, or the row is a note.",
            "Import the companies first, or let the import create them.",
        }
        CompanyAmbiguous = "company_ambiguous" {
            "The row's company matches several.",
            "A name or a domain that several companies have.",
            "Name the company by its company_id.",
        }
        OwnerUnknown = "owner_unknown" {
            "The owner isn't an operator here; the rest of the row was imported.",
            "The file comes from another workspace, or the operator left.",
            "Add the operator under Settings, Operators, and import the file again.",
        }
        TagsInvalid = "tags_invalid" {
            "The tags can't be set; the rest of the row was imported.",
            "More tags than a record can have, or one that is too long.",
            "Use fewer and shorter tags.",
        }
        DomainInvalid = "domain_invalid" {
            "A company can't have this domain; the rest of the row was imported.",
            "A free-mail host, or text that isn't a domain.",
            "Use a domain such as acme.com.",
        }
        NoteInvalid = "note_invalid" {
            "The note can't be stored.",
            "It is empty or too long, or its next date isn't a date.",
            "Shorten the note, and write dates as 2026-03-01.",
        }
        SetupInvalid = "setup_invalid" {
            "The workspace can't be set up as the row says.",
            "A setting, segment or attribute that doesn't exist, or a value that doesn't fit.",
            "The answer says what would be accepted; compare the row with the settings or segments page.",
        }
        AttributeInvalid = "attribute_invalid" {
            "The attribute can't be as the row says.",
            "A label, lock or history that an attribute can't have.",
            "Compare the row with the attribute's page.",
        }
        AttributeOwnerInvalid = "attribute_owner_invalid" {
            "The row does not say whose attribute it is.",
            "A word other than those three.",
            "Use user, company or membership.",
        }
        AttributeTypeInvalid = "attribute_type_invalid" {
            "The row names a type that does not exist.",
            "A word from another tool.",
            "Use a type named on the Attributes page.",
        }
    }
}
