//! Why a call of the API was not done: what only programs meet that read and change.

use super::codes;

codes! {
    /// The code of a call that was not done.
    pub enum CallCode {
        ScopeMissing = "scope_missing" {
            "The token may not do this.",
            "A token that reads was used to write, or one that writes to change settings.",
            "Make a token with the scope that the answer names, under Settings, Tokens.",
        }
        ParameterInvalid = "parameter_invalid" {
            "A parameter of the query string is not one, or can't have this value.",
            "A typing mistake, a parameter of another call, one that is there twice, or a cursor of another list or order.",
            "Use what the page of the API names for this call; the answer says which parameter it is.",
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
            "The body has a member that this call does not know.",
            "A typing mistake, or an attribute beside “attributes” where it belongs inside.",
            "Put your own attributes into “attributes”, and leave out what the call does not have.",
        }
        ValueInvalid = "value_invalid" {
            "A member of the body can't have this value.",
            "A text where a number is expected, a word that is none of those allowed.",
            "The answer says which member, and what it takes.",
        }
        BodyTooLarge = "body_too_large" {
            "The body is larger than this call takes.",
            "Many rows in one request.",
            "Send less at once; many rows go faster as an import.",
        }
        IdempotencyKeyInvalid = "idempotency_key_invalid" {
            "The Idempotency-Key is empty, too long, or has characters that can't be seen.",
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
            "A key that is fixed in the code, or made from too little.",
            "Make a new key for each new request.",
        }
        CursorExpired = "cursor_expired" {
            "What follows this cursor is kept no more.",
            "The program that reads events in the order of their arrival stood still for more than 7 days.",
            "Read what was missed with order=time, and begin anew without a cursor.",
        }
        NotKnownYet = "not_known_yet" {
            "On that day nothing was known of it, or the day has not come yet.",
            "at names a day before the first message, or one in the future.",
            "Ask for a later day that has passed, or leave at out.",
        }
        TooManyChanges = "too_many_changes" {
            "More has changed since that day than one answer can take back.",
            "A day long ago, of somebody whose attributes change often.",
            "Ask for a later day, or read the changes one by one.",
        }
        UserNotFound = "user_not_found" {
            "Nobody has this user id.",
            "Another id or another case: ids are exact. The user may have been merged or erased.",
            "Look for the user in the dashboard; an e-mail address is asked with by=email, our own id with by=id.",
        }
        CompanyNotFound = "company_not_found" {
            "No company has this id.",
            "Another id or another case: ids are exact. The company may have been merged into another.",
            "Look for the company in the dashboard and copy its id.",
        }
        MembershipNotFound = "membership_not_found" {
            "The user is no member of this company now.",
            "The user left, or never was in it.",
            "Put the user into the company first.",
        }
        OnlyCompany = "only_company" {
            "The user has no other company that could be the current one.",
            "current: false for somebody's only company.",
            "Leave current out, or take the user out of the company.",
        }
        NoteNotFound = "note_not_found" {
            "There is no such note.",
            "It was deleted meanwhile.",
            "Open the page again.",
        }
        OneAlready = "one_already" {
            "The two are one already.",
            "They were merged before, or one id is another name of the same.",
            "Nothing is left to do.",
        }
        NotErased = "not_erased" {
            "Nobody of this id, e-mail address or browser was erased.",
            "A typing mistake, or it was allowed again before.",
            "Send it as it was when the person was erased.",
        }
        ChangeNotFound = "change_not_found" {
            "There is no such change.",
            "A typing mistake, or it was erased with the person it was about.",
            "Read the number from the list of changes.",
        }
        AlreadyUndone = "already_undone" {
            "The change was taken back before.",
            "Two people took it back, or the request was sent twice.",
            "Nothing is left to do; taking back the undo brings the change again.",
        }
        TooOld = "too_old" {
            "The change is too old to be taken back.",
            "A merge can be taken back for 30 days.",
            "Change by hand what should be other than it is.",
        }
        NothingToUndo = "nothing_to_undo" {
            "Nothing of the change can be taken back.",
            "Everything it changed has changed again since, or it is of a kind that stays, such as an erasure.",
            "Change by hand what should be other than it is.",
        }
        AttributeNotFound = "attribute_not_found" {
            "There is no such attribute.",
            "A typing mistake, or one of another kind: users, companies and memberships have each their own.",
            "See them under Attributes.",
        }
        AttributeStandard = "attribute_standard" {
            "A standard attribute keeps its type and can't be deleted.",
            "name, email, plan and the like mean the same in every workspace.",
            "Hide it where it is not used.",
        }
        FastFilterImpossible = "fast_filter_impossible" {
            "Filters by the attribute can't be made faster.",
            "An index finds single values: lists and objects have none. Names, e-mail addresses, roles and titles are quick without one.",
            "Filter by another attribute, or leave it as it is.",
        }
        TooManyFastFilters = "too_many_fast_filters" {
            "Five attributes of a kind have a fast filter, which is the limit.",
            "Each makes every change of a user or company dearer.",
            "Take it from one of them: fast_filter false.",
        }
        AttributeDeleting = "attribute_deleting" {
            "The attribute is being deleted.",
            "Its values go in the background.",
            "Wait until that is done; Attributes says how far it is.",
        }
        AttributeExists = "attribute_exists" {
            "There is an attribute of this name already.",
            "A value that waits was to become a new attribute, and the attribute was made meanwhile.",
            "Apply what waits to the attribute instead.",
        }
        ConfirmationMissing = "confirmation_missing" {
            "The name that confirms the deletion is missing or another.",
            "An attribute goes with all its values, and can't be brought back.",
            "Send the attribute's exact name as confirm.",
        }
        NothingWaits = "nothing_waits" {
            "Nothing waits in the tray under this name.",
            "It was dealt with meanwhile.",
            "Read the tray again.",
        }
        SegmentNotFound = "segment_not_found" {
            "There is no such segment.",
            "A typing mistake, or it was deleted.",
            "See them under Segments.",
        }
        SegmentSupplied = "segment_supplied" {
            "A segment that came with Rollcall stays as it is.",
            "New, Active, Slipping away and the like are the same in every workspace.",
            "Save its list as a segment of your own, and change that.",
        }
        TooManySegments = "too_many_segments" {
            "There are as many segments as there can be.",
            "Segments made by a program, one for each of something.",
            "Delete one that is not used; a list can be asked with a filter and no segment.",
        }
        NameTaken = "name_taken" {
            "Another segment has this name.",
            "The segment was made before.",
            "Choose another name, or change the one that is there.",
        }
        SourceNotFound = "source_not_found" {
            "No source has this id.",
            "A typing mistake, or a write key in the place of the id.",
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
            "It ended more than 7 days ago, it is not among the last 100, or the person it told of was erased.",
            "Read the deliveries of the webhook again.",
        }
        DeliveryForgotten = "delivery_forgotten" {
            "The delivery told of an erasure, and what it said is kept no more.",
            "It was taken, or tried for three days.",
            "Erase the person in the other program by hand, if it has not.",
        }
        WebhookNotActive = "webhook_not_active" {
            "Nothing is sent to this webhook.",
            "Somebody paused it, its address answered 410 Gone, or nothing was taken there for three days.",
            "Change it to paused: false, and try again.",
        }
        TooManyWebhooks = "too_many_webhooks" {
            "There are as many webhooks as there can be.",
            "One was added for each run of a program, or of a test.",
            "Remove those that are not used.",
        }
        SecretNeeded = "secret_needed" {
            "The source would be left without the secret it needs.",
            "Signatures are required, and this is the last secret to prove them with.",
            "Make a new secret and use it on your server first, or make signatures optional.",
        }
        TooManySecrets = "too_many_secrets" {
            "The source has two secrets, which is the limit.",
            "A change of secrets that was never finished.",
            "Revoke the one that is used no more.",
        }
        KeyTaken = "key_taken" {
            "The key leads to another source already.",
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
            "What is set up for the import can't be.",
            "A column that the file does not have, or a mapping without an id.",
            "The answer says what is missing; change it and check again.",
        }
        ImportState = "import_state" {
            "The import is not in the state that this needs.",
            "It was run, ended or taken back meanwhile.",
            "Read how the import stands, and do what fits.",
        }
        EventsStay = "events_stay" {
            "The events of this import can't be taken back.",
            "It ran before Rollcall kept which events an import stores.",
            "Erase the people they are of, or let them pass with the retention.",
        }
        FileMissing = "file_missing" {
            "The request has no file that can be read.",
            "A form without its file, or one that was cut.",
            "Send the file as the part named file of a form, or as the body itself.",
        }
        FileTooLarge = "file_too_large" {
            "The file is larger than an import takes.",
            "Years of events in one file.",
            "Send it in parts; the same row twice changes nothing.",
        }
        FileUnreadable = "file_unreadable" {
            "The file can't be read as a table.",
            "Another format under a wrong name, or a file with a password.",
            "Save it as CSV or XLSX, without a password.",
        }
    }
}
