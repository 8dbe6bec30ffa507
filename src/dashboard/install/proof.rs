//! Step 5: the back end signs who it is, in the languages that back ends are written in.

use maud::{Markup, html};

use super::page::View;
use crate::dashboard::parts::chart::meter;
use crate::dashboard::parts::code;
use crate::dashboard::parts::list::chips;
use crate::dashboard::parts::numbers::{counted, number};
use crate::domain::access::Role;
use crate::store::Source;
use crate::store::proofs::SHARE_DAYS;

/// A language: its name in the address and on the page, whether `tests/frameworks.rs` runs its code, and the code.
pub type Language = (&'static str, &'static str, bool, &'static str);

/// The HMAC-SHA256 of the user id in hex, with the secret of the source.
pub const LANGUAGES: [Language; 8] = [
    ("ruby", "Ruby", true, r#"OpenSSL::HMAC.hexdigest("SHA256", ENV.fetch("ROLLCALL_SECRET"), user.id.to_s)"#),
    (
        "python",
        "Python",
        true,
        r#"hmac.new(os.environ["ROLLCALL_SECRET"].encode(), str(user.pk).encode(), hashlib.sha256).hexdigest()"#,
    ),
    ("php", "PHP", true, r#"hash_hmac("sha256", (string) $user->id, getenv("ROLLCALL_SECRET"))"#),
    (
        "node",
        "Node.js",
        true,
        r#"crypto.createHmac("sha256", process.env.ROLLCALL_SECRET).update(String(user.id)).digest("hex")"#,
    ),
    (
        "go",
        "Go",
        true,
        "mac := hmac.New(sha256.New, []byte(os.Getenv(\"ROLLCALL_SECRET\")))\nmac.Write([]byte(fmt.Sprint(user.ID)))\nuserHash := hex.EncodeToString(mac.Sum(nil))",
    ),
    (
        "java",
        "Java",
        false,
        "var mac = Mac.getInstance(\"HmacSHA256\");\nmac.init(new SecretKeySpec(System.getenv(\"ROLLCALL_SECRET\").getBytes(UTF_8), \"HmacSHA256\"));\nvar userHash = HexFormat.of().formatHex(mac.doFinal(String.valueOf(user.getId()).getBytes(UTF_8)));",
    ),
    (
        "csharp",
        "C#",
        false,
        "Convert.ToHexString(HMACSHA256.HashData(\n  Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable(\"ROLLCALL_SECRET\")!),\n  Encoding.UTF8.GetBytes(user.Id.ToString()))).ToLowerInvariant()",
    ),
    (
        "elixir",
        "Elixir",
        false,
        r#":crypto.mac(:hmac, :sha256, System.fetch_env!("ROLLCALL_SECRET"), to_string(user.id)) |> Base.encode16(case: :lower)"#,
    ),
];

/// The language of a name, else that of a framework.
pub fn language(name: Option<&str>, of_framework: &str) -> &'static Language {
    let find = |wanted: &str| LANGUAGES.iter().find(|(name, ..)| *name == wanted);
    name.and_then(find).or_else(|| find(of_framework)).unwrap_or(&LANGUAGES[0])
}

/// The step.
pub fn step(view: &View, source: &Source, may: impl Fn(Role) -> bool) -> Markup {
    let (chosen, label, _, text) = view.language;
    let tabs = LANGUAGES
        .map(|(name, label, ..)| (label, format!("{}#proof", view.in_language(source, name)), name == *chosen));
    let page = format!("/settings/sources/{}", source.source_id);
    html! {
        section.stepbox id="proof" {
            h2 {
                span.no { "5" }
                " Proof of identity "
                span.pill { (if source.signatures_required { "Required" } else { "Optional" }) }
            }
            p {
                "Without it, anyone who opens the browser console can claim to be someone else. Your server signs the user id with a secret of this source; the page sends it beside "
                code { "user_id" }
                " as "
                code { "user_hash" }
                "."
            }
            (chips("Language", &tabs))
            (code::block(label, code::text(text, &(0..0))))
            @match view.share.percent() {
                None => p.muted { "No message in the last " (SHARE_DAYS) " days named a user." },
                Some(percent) => {
                    p.row {
                        b { (percent) " % signed" }
                        (meter(view.share.signed, view.share.all()))
                        span.muted {
                            (number(view.share.signed)) " of " (counted(view.share.all(), "message that named a user", "messages that named a user"))
                            " in " (SHARE_DAYS) " days"
                        }
                    }
                }
            }
            p.small {
                @if may(Role::Admin) {
                    a href={ (page) "#proof" } { "Secrets of this source" }
                    ", a "
                    a href={ (page) "#check" } { "checker" }
                    " that says what is wrong with a hash or a token, and the switch that refuses unsigned messages."
                } @else {
                    "Secrets are created by an admin. "
                    a href={ (page) "#check" } { "Check a hash or a token" }
                    "."
                }
                " A JSON Web Token (HS256) with " code { "sub" } ", " code { "exp" } " and optionally " code { "company_id" }
                " works too, as " code { "identity_token" } "."
            }
        }
    }
}
