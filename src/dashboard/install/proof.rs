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

/// A language that back ends are written in.
#[derive(Debug)]
pub struct Language {
    /// Its name in the address.
    pub name: &'static str,
    /// Its name on the page.
    pub label: &'static str,
    /// What the head of the file needs; empty where it needs nothing.
    imports: &'static str,
    /// The HMAC-SHA256 of the user id in hex, with the secret of the source.
    hash: &'static str,
}

impl Language {
    /// All of it, as a person copies it.
    pub fn code(&self) -> String {
        if self.imports.is_empty() { self.hash.to_owned() } else { format!("{}\n\n{}", self.imports, self.hash) }
    }
}

/// All. `tests/frameworks/proofs.rs` runs those whose languages it has.
pub static LANGUAGES: [Language; 8] = [
    Language {
        name: "ruby",
        label: "Ruby",
        imports: "require \"openssl\"",
        hash: r#"user_hash = OpenSSL::HMAC.hexdigest("SHA256", ENV.fetch("ROLLCALL_SECRET"), user.id.to_s)"#,
    },
    Language {
        name: "python",
        label: "Python",
        imports: "import hashlib, hmac, os",
        hash: r#"user_hash = hmac.new(os.environ["ROLLCALL_SECRET"].encode(), str(user.pk).encode(), hashlib.sha256).hexdigest()"#,
    },
    Language {
        name: "php",
        label: "PHP",
        imports: "",
        hash: r#"$userHash = hash_hmac("sha256", (string) $user->id, getenv("ROLLCALL_SECRET"));"#,
    },
    Language {
        name: "node",
        label: "Node.js",
        // The crypto that needs no import is the browser's.
        imports: r#"import { createHmac } from "node:crypto";"#,
        hash: r#"const userHash = createHmac("sha256", process.env.ROLLCALL_SECRET).update(String(user.id)).digest("hex");"#,
    },
    Language {
        name: "go",
        label: "Go",
        imports: "import (\n\t\"crypto/hmac\"\n\t\"crypto/sha256\"\n\t\"encoding/hex\"\n\t\"fmt\"\n\t\"os\"\n)",
        hash: "mac := hmac.New(sha256.New, []byte(os.Getenv(\"ROLLCALL_SECRET\")))\nmac.Write([]byte(fmt.Sprint(user.ID)))\nuserHash := hex.EncodeToString(mac.Sum(nil))",
    },
    Language {
        name: "java",
        label: "Java",
        imports: "import static java.nio.charset.StandardCharsets.UTF_8;\nimport java.util.HexFormat;\nimport javax.crypto.Mac;\nimport javax.crypto.spec.SecretKeySpec;",
        hash: "var mac = Mac.getInstance(\"HmacSHA256\");\nmac.init(new SecretKeySpec(System.getenv(\"ROLLCALL_SECRET\").getBytes(UTF_8), \"HmacSHA256\"));\nvar userHash = HexFormat.of().formatHex(mac.doFinal(String.valueOf(user.getId()).getBytes(UTF_8)));",
    },
    Language {
        name: "csharp",
        label: "C#",
        imports: "using System.Security.Cryptography;\nusing System.Text;",
        hash: "var userHash = Convert.ToHexString(HMACSHA256.HashData(\n  Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable(\"ROLLCALL_SECRET\")!),\n  Encoding.UTF8.GetBytes(user.Id.ToString()!))).ToLowerInvariant();",
    },
    Language {
        name: "elixir",
        label: "Elixir",
        imports: "",
        hash: r#"user_hash = :crypto.mac(:hmac, :sha256, System.fetch_env!("ROLLCALL_SECRET"), to_string(user.id)) |> Base.encode16(case: :lower)"#,
    },
];

/// The language of a name, else that of a framework.
pub fn language(name: Option<&str>, of_framework: &str) -> &'static Language {
    let find = |wanted: &str| LANGUAGES.iter().find(|language| language.name == wanted);
    name.and_then(find).or_else(|| find(of_framework)).unwrap_or(&LANGUAGES[0])
}

/// The step.
pub fn step(view: &View, source: &Source, may: impl Fn(Role) -> bool) -> Markup {
    let chosen = view.language;
    let tabs = LANGUAGES.each_ref().map(|language| {
        (language.label, format!("{}#proof", view.in_language(source, language.name)), language.name == chosen.name)
    });
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
            (code::block(chosen.label, code::text(&chosen.code(), &(0..0))))
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
