//! Why a call of the API was not done: what only programs meet that read and change.

use super::codes;

codes! {
    /// The code of a call that was not done.
    pub enum CallCode {
        ScopeMissing = "scope_missing" {
            "The token may not do this.",
            "A read token was used to write, or a write token to change settings.",
            "Create a token with the scope that the answer names, under Settings, Tokens.",
        }
        ParameterInvalid = "parameter_invalid" {
            "A query parameter is unknown, or can't have this value.",
            "A typing mistake, a parameter of another call, one given twice, or a cursor of another list or order.",
            "Use what the API page names for this call; the answer says which parameter it is.",
        }
        FilterInvalid = "filter_invalid" {
            "The filter can't be read.",
            "A field or an operator that does not exist, or a value of another type.",
            "Filter in the dashboard and copy the address: it is written the same way. The answer says the position.",
        }
        FilterUnsupported = "filter_unsupported" {
            "This list takes no filter.",
            "A filter was added to a list that would ignore it.",
            "Leave f, match and q out, or ask the list of users or companies.",
        }
        FieldUnknown = "field_unknown" {
            "The body has a field that this call doesn't know.",
            "A typing mistake, or an attribute placed beside “attributes” instead of inside it.",
            "Put your own attributes in “attributes”, and leave out what the call doesn't accept.",
        }
        ValueInvalid = "value_invalid" {
            "A field of the body can't have this value.",
            "Text where a number is expected, or a word that isn't allowed.",
            "The answer says which field, and what it accepts.",
        }
        BodyTooLarge = "body_too_large" {
            "The body is larger than this call accepts.",
            "Many rows in one request.",
            "Send less at once; many rows go faster as an import.",
        }
        IdempotencyKeyInvalid = "idempotency_key_invalid" {
            "The Idempotency-Key is empty, too long, or has invisible characters.",
            "A whole record or an empty variable was used as the key.",
            "Use a UUID.",
        }
        IdempotencyKeyInUse = "idempotency_key_in_use" {
            "A request with this Idempotency-Key is still being answered.",
            "The request was sent again before the first one ended.",
            "Send it again after Retry-After, with the same key.",
        }
        IdempotencyAnswerGone = "idempotency_answer_gone" {
            "The request was done before, and its answer is kept no longer.",
            "The answer was larger than 256 KB, or somebody was erased since.",
            "Nothing is to be sent again. Read how it stands now.",
        }
        IdempotencyKeyReused = "idempotency_key_reused" {
            "Another request was sent with this Idempotency-Key.",
            "A key that is fixed in the code, or built from too little data.",
            "Create a new key for each new request.",
        }
        CursorExpired = "cursor_expired" {
            "What follows this cursor is no longer kept.",
            "The program that reads events in order of arrival stopped for more than 7 days.",
            "Read what was missed with order=time, then start again without a cursor.",
        }
        NotKnownYet = "not_known_yet" {
            "Nothing was known about it on that day, or the day has not come yet.",
            "at names a day before the first message, or one in the future.",
            "Ask for a later day that has passed, or leave at out.",
        }
        TooManyChanges = "too_many_changes" {
            "Too much has changed since that day to work back in one answer.",
            "A day long ago, of somebody whose attributes change often.",
            "Ask for a later day, or read the changes one by one.",
        }
        UserNotFound = "user_not_found" {
            "Nobody has this user id.",
            "Another id or another case: ids must match exactly. The user may have been merged or erased.",
            "Find the user in the dashboard; look up an e-mail address with by=email, our own id with by=id.",
        }
        SeveralUsers = "several_users" {
            "Several users have this e-mail address, so nobody was read or changed.",
            "The address was given for more than one user; they may be possible duplicates.",
            "List them with GET /users?f=email:is:ADDRESS, and name the one you mean by its id, or by our id with by=id.",
        }
        CompanyNotFound = "company_not_found" {
            "No company has this id.",
            "Another id or another case: ids must match exactly. The company may have been merged into another.",
            "Look for the company in the dashboard and copy its id.",
        }
        MembershipNotFound = "membership_not_found" {
            "The user isn't a member of this company now.",
            "The user left, or never was in it.",
            "Add the user to the company first.",
        }
        OnlyCompany = "only_company" {
            "The user has no other company that could become the current one.",
            "current: false for somebody's only company.",
            "Leave out current, or remove the user from the company.",
        }
        NoteNotFound = "note_not_found" {
            "There is no such note.",
            "It was deleted meanwhile.",
            "Open the page again.",
        }
        OneAlready = "one_already" {
            "The two are already merged.",
            "They were merged before, or one id is an alias of the other.",
            "Nothing is left to do.",
        }
        NotErased = "not_erased" {
            "Nobody with this id, e-mail address or browser was erased.",
            "A typing mistake, or it was allowed again before.",
            "Send it as it was when the person was erased.",
        }
        ChangeNotFound = "change_not_found" {
            "There is no such change.",
            "A typing mistake, or it was erased with the person it was about.",
            "Read the number from the list of changes.",
        }
        AlreadyUndone = "already_undone" {
            "The change has already been undone.",
            "Two people undid it, or the request was sent twice.",
            "Nothing is left to do; undoing the undo makes the change again.",
        }
        TooOld = "too_old" {
            "The change is too old to be undone.",
            "A merge can be undone for 30 days.",
            "Change by hand what should be different.",
        }
        NothingToUndo = "nothing_to_undo" {
            "Nothing in the change can be undone.",
            "Everything it changed has changed again since, or it is permanent, such as an erasure.",
            "Change by hand what should be different.",
        }
        AttributeNotFound = "attribute_not_found" {
            "There is no such attribute.",
            "A typing mistake, or one of another kind: users, companies and memberships each have their own.",
            "See them under Attributes.",
        }
        AttributeStandard = "attribute_standard" {
            "A standard attribute keeps its type and can't be deleted.",
            "name, email, plan and the like mean the same in every workspace.",
            "Hide it where it is not used.",
        }
        FastFilterImpossible = "fast_filter_impossible" {
            "Filters by the attribute can't be made faster.",
            "An index finds single values, so lists and objects can't have one. Names, e-mail addresses, roles and titles are quick without one.",
            "Filter by another attribute, or leave it as it is.",
        }
        TooManyFastFilters = "too_many_fast_filters" {
            "Five attributes of this kind already have a fast filter, which is the limit.",
            "Each one makes every change to a user or company more costly.",
            "Remove it from one of them: fast_filter false.",
        }
        AttributeDeleting = "attribute_deleting" {
            "The attribute is being deleted.",
            "It is deleted in the background.",
            "Wait until that is done; Attributes shows the progress.",
        }
        AttributeExists = "attribute_exists" {
            "An attribute with this name already exists.",
            "A waiting value was to become a new attribute, and that attribute was created in the meantime.",
            "Apply the waiting values to the attribute instead.",
        }
        ConfirmationMissing = "confirmation_missing" {
            "The name that confirms the deletion is missing or doesn't match.",
            "An attribute is deleted with all its values, and can't be restored.",
            "Send the attribute's exact name as confirm.",
        }
        NothingWaits = "nothing_waits" {
            "Nothing waits in the tray under this name.",
            "It was handled in the meantime.",
            "Read the tray again.",
        }
        SegmentNotFound = "segment_not_found" {
            "There is no such segment.",
            "A typing mistake, or it was deleted.",
            "See them under Segments.",
        }
        SegmentSupplied = "segment_supplied" {
            "A segment that comes with Rollcall can't be changed.",
            "New, Active, Slipping away and the like are the same in every workspace.",
            "Save its list as a segment of your own, and change that.",
        }
        TooManySegments = "too_many_segments" {
            "The limit on the number of segments is reached.",
            "Segments created by a program, one per item.",
            "Delete one you don't use; a list can also be filtered without a segment.",
        }
        NameTaken = "name_taken" {
            "Another segment has this name.",
            "The segment was made before.",
            "Choose another name, or change the one that is there.",
        }
        SourceNotFound = "source_not_found" {
            "No source has this id.",
            "A typing mistake, or a write key in place of the id.",
            "Read the id from the list of sources.",
        }
        SecretNotFound = "secret_not_found" {
            "The source has no such secret.",
            "It was revoked before.",
            "Read the source again.",
        }
        WebhookNotFound = "webhook_not_found" {
            "No webhook has this id.",
            "A typing mistake, or it was removed.",
            "Read the id from the list of webhooks.",
        }
        DeliveryNotFound = "delivery_not_found" {
            "The webhook has no such delivery.",
            "It ended more than 7 days ago, it is not among the last 100, or the person it was about was erased.",
            "Read the deliveries of the webhook again.",
        }
        DeliveryForgotten = "delivery_forgotten" {
            "The delivery was about an erasure, and its content is no longer kept.",
            "It was accepted, or tried for three days.",
            "Erase the person in the other program by hand, if it hasn't done so.",
        }
        WebhookNotActive = "webhook_not_active" {
            "Nothing is sent to this webhook.",
            "Somebody paused it, its address answered 410 Gone, or it accepted nothing for three days.",
            "Change it to paused: false, and try again.",
        }
        TooManyWebhooks = "too_many_webhooks" {
            "The limit on the number of webhooks is reached.",
            "One was added for each run of a program, or of a test.",
            "Remove those that are not used.",
        }
        SecretNeeded = "secret_needed" {
            "The source would be left without the secret it needs.",
            "Signatures are required, and this is the last secret to check them with.",
            "Create a new secret and use it on your server first, or make signatures optional.",
        }
        TooManySecrets = "too_many_secrets" {
            "The source has two secrets, which is the limit.",
            "A change of secrets that was never finished.",
            "Revoke the one that is no longer used.",
        }
        KeyTaken = "key_taken" {
            "The key already belongs to another source.",
            "The same key of another tool was adopted twice.",
            "Keep it with the one source, or remove it there first.",
        }
        SettingNotFound = "setting_not_found" {
            "There is no such setting.",
            "A typing mistake.",
            "Read the list of settings.",
        }
        ExportUnknown = "export_unknown" {
            "There is no such export.",
            "A typing mistake.",
            "Use one that the answer names, or all for a zip of them.",
        }
        ImportNotFound = "import_not_found" {
            "There is no such import.",
            "A typing mistake.",
            "Read the number from the list of imports.",
        }
        ImportInvalid = "import_invalid" {
            "The import can't run as it is set up.",
            "A column that the file does not have, or a mapping without an id.",
            "The answer says what is missing; change it and check again.",
        }
        ImportState = "import_state" {
            "The import isn't in the right state for this.",
            "It was run, ended or undone in the meantime.",
            "Read the import's state, and do what it allows.",
        }
        EventsStay = "events_stay" {
            "The events of this import can't be undone.",
            "It ran before Rollcall recorded which events an import stores.",
            "Erase the people they are about, or let them expire with the retention.",
        }
        FileMissing = "file_missing" {
            "The request has no file that can be read.",
            "A form without its file, or one that was cut off.",
            "Send the file as the form part named file, or as the body itself.",
        }
        FileTooLarge = "file_too_large" {
            "The file is larger than an import accepts.",
            "Years of events in one file.",
            "Send it in parts; the same row twice changes nothing.",
        }
        FileUnreadable = "file_unreadable" {
            "The file can't be read as a table.",
            "A different format under the wrong name, or a file with a password.",
            "Save it as CSV or XLSX, without a password.",
        }
    }
}
