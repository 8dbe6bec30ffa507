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
        CellError = "cell_error" {
            "A cell that tells whom the row is about, or when, says nothing that can be taken.",
            "A formula that went wrong or was never computed; a number of more digits than a spreadsheet keeps.",
            "Put the formula right and save the workbook; format columns of long numbers as text.",
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
            "The row is about somebody who is not known, or has no user id yet.",
            "A note or an event of somebody who was never sent; an event needs an id, and an address alone is none.",
            "Import the users first, with their ids.",
        }
        EmailAmbiguous = "email_ambiguous" {
            "Several users have the row's e-mail address.",
            "The row has no user id, and the address does not tell who is meant.",
            "Add the user id, or merge the users.",
        }
        CompanyUnknown = "company_unknown" {
            "The row names a company that is not known.",
            "The import is set to refuse unknown companies, or the row is a note.",
            "Import the companies first, or let the import make them.",
        }
        CompanyAmbiguous = "company_ambiguous" {
            "The row's company fits several.",
            "A name or a domain that several companies have.",
            "Name the company by its company_id.",
        }
        OwnerUnknown = "owner_unknown" {
            "The owner is no operator here; the rest of the row was taken.",
            "The file comes from another workspace, or the operator left.",
            "Add the operator under Settings, Operators, and import the file again.",
        }
        TagsInvalid = "tags_invalid" {
            "The tags can't be set; the rest of the row was taken.",
            "More tags than a record can have, or one that is too long.",
            "Use fewer and shorter tags.",
        }
        DomainInvalid = "domain_invalid" {
            "A company can't have this domain; the rest of the row was taken.",
            "A free-mail host, or a text that is no domain.",
            "Use a domain such as acme.com.",
        }
        NoteInvalid = "note_invalid" {
            "The note can't be kept.",
            "It is empty or too long, or its next date is none.",
            "Shorten the note, and write dates as 2026-03-01.",
        }
        SetupInvalid = "setup_invalid" {
            "The workspace can't be set up as the row says.",
            "A setting, segment or attribute that there is not, or a value that does not fit.",
            "The answer says what would be taken; compare the row with the page of settings, or of segments.",
        }
        AttributeInvalid = "attribute_invalid" {
            "The attribute can't be as the row says.",
            "Another label, lock or history than an attribute can have.",
            "Compare the row with the attribute's page.",
        }
        AttributeOwnerInvalid = "attribute_owner_invalid" {
            "The row does not say whose attribute it is.",
            "Another word than those three.",
            "Use user, company or membership.",
        }
        AttributeTypeInvalid = "attribute_type_invalid" {
            "The row names a type that does not exist.",
            "A word of another tool.",
            "Use a type as the page Attributes names them.",
        }
    }
}
