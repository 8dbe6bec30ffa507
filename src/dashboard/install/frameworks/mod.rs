//! The code for pages behind the sign-in, in the words of each framework.
//!
//! Settings are JSON in `<script type="application/json">`, written by a tool of the framework that escapes `<`:
//! a user may call herself `</script>`. What differs between frameworks is how they write an object
//! (`writing::Notation`) and what stands around it. Where somebody has no company, `company` is null; where nobody is
//! signed in, `user` is: the layout that a page names makes the sign-in page too.

mod templates;
mod writing;

use std::collections::HashSet;
use std::ops::Range;

use crate::domain::attributes::Owner;

/// What the code is to say, and where it sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// This server's address.
    pub server: String,
    /// The source's public key.
    pub key: String,
    /// Attributes of the user, beside the id.
    pub user: Vec<String>,
    /// Attributes of the company, beside its id.
    pub company: Vec<String>,
    /// Attributes of the user's place in it.
    pub membership: Vec<String>,
}

/// Code for one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The file it goes into.
    pub file: &'static str,
    /// The code.
    pub text: String,
    /// Its bytes that speak of the company.
    pub company: Range<usize>,
}

/// What a site pastes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The code for pages behind the sign-in, file by file.
    pub files: Vec<Code>,
    /// What stands above the lines that speak of the company, where a user has several.
    pub companies: String,
}

/// Whose tags the code is written with.
pub struct Framework {
    /// Its name in the address.
    pub name: &'static str,
    /// Its name on the page.
    pub label: &'static str,
    /// `tests/frameworks.rs` runs its code through the framework's own template engine.
    pub proven: bool,
    /// The language of its back end, as [`super::proof`] calls it.
    pub language: &'static str,
    write: fn(&Wanted) -> Snippet,
}

impl std::fmt::Debug for Framework {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl PartialEq for Framework {
    fn eq(&self, other: &Framework) -> bool {
        self.name == other.name
    }
}

/// The framework where none is chosen.
pub const PLAIN: &str = "plain";

/// The one whose code is a script: its tags have no other way to a value.
pub const TAG_MANAGER: &str = "tag-manager";

/// All, the plain one last.
pub static FRAMEWORKS: [Framework; 17] = [
    Framework { name: "rails", label: "Rails", proven: true, language: "ruby", write: templates::rails },
    Framework { name: "django", label: "Django", proven: true, language: "python", write: templates::django },
    Framework { name: "laravel", label: "Laravel", proven: true, language: "php", write: templates::laravel },
    Framework { name: "symfony", label: "Symfony", proven: true, language: "php", write: templates::symfony },
    Framework { name: "express", label: "Express", proven: true, language: "node", write: templates::express },
    Framework { name: "next", label: "Next.js", proven: true, language: "node", write: templates::next },
    Framework { name: "nuxt", label: "Nuxt", proven: true, language: "node", write: templates::nuxt },
    Framework { name: "sveltekit", label: "SvelteKit", proven: true, language: "node", write: templates::sveltekit },
    Framework { name: "phoenix", label: "Phoenix", proven: false, language: "elixir", write: templates::phoenix },
    Framework { name: "go", label: "Go", proven: true, language: "go", write: templates::go },
    Framework { name: "razor", label: "Razor", proven: false, language: "csharp", write: templates::razor },
    Framework { name: "thymeleaf", label: "Thymeleaf", proven: false, language: "java", write: templates::thymeleaf },
    Framework { name: "wordpress", label: "WordPress", proven: true, language: "php", write: templates::wordpress },
    Framework { name: "prestashop", label: "PrestaShop", proven: true, language: "php", write: templates::prestashop },
    Framework { name: "shopify", label: "Shopify", proven: false, language: "ruby", write: templates::shopify },
    Framework {
        name: TAG_MANAGER,
        label: "Tag Manager",
        proven: false,
        language: "node",
        write: templates::tag_manager,
    },
    Framework { name: PLAIN, label: "Plain", proven: true, language: "node", write: templates::plain },
];

/// The framework of a name in the address; plain where there is none of it.
pub fn parse(name: &str) -> &'static Framework {
    FRAMEWORKS.iter().find(|framework| framework.name == name).unwrap_or(&FRAMEWORKS[FRAMEWORKS.len() - 1])
}

impl Framework {
    /// The code that says so.
    pub fn snippet(&self, wanted: &Wanted) -> Snippet {
        (self.write)(wanted)
    }
}

/// What stands in the plain code for the site's own values, in its order, each once.
pub fn examples(wanted: &Wanted) -> Vec<String> {
    let names = |owner, id: Option<&str>, names: &[String]| -> Vec<String> {
        let all = id.into_iter().chain(names.iter().map(String::as_str));
        all.map(|name| templates::plain_example(owner, name)).collect()
    };
    let mut examples = names(Owner::User, Some("user_id"), &wanted.user);
    examples.extend(names(Owner::Company, Some("company_id"), &wanted.company));
    examples.extend(names(Owner::Membership, None, &wanted.membership));
    let mut seen = HashSet::new();
    examples.retain(|example| seen.insert(example.clone()));
    examples
}

/// Whether the name of an attribute can stand in code without being taken for code: who may write to a source
/// may make up names.
pub fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ' ' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Wanted {
            server: "https://roll.example".to_owned(),
            key: "wk_1".to_owned(),
            user: names(&["email", "name", "Last plan"]),
            company: names(&["name", "plan"]),
            membership: names(&["role"]),
        }
    }

    #[test]
    fn every_framework_names_the_key_the_server_and_each_field_and_marks_the_company() {
        for framework in &FRAMEWORKS {
            let code = framework.snippet(&wanted()).files;
            let all: String = code.iter().map(|code| code.text.as_str()).collect();
            for piece in
                ["wk_1", "https://roll.example/widget.js", "user_id", "email", "Last plan", "company_id", "role"]
            {
                assert!(all.contains(piece), "{}: {piece}\n{all}", framework.label);
            }
            let marked: String = code.iter().map(|code| &code.text[code.company.clone()]).collect();
            assert!(marked.contains("company_id") && marked.contains("role"), "{}: {marked}", framework.label);
            assert!(!marked.contains("wk_1") && !marked.contains("</script>"), "{}: {marked}", framework.label);
        }
    }

    #[test]
    fn every_framework_says_that_nobody_is_signed_in_and_which_companies_somebody_has() {
        let nobody = [
            "\"user\": null",
            "user: null",
            "user: nil",
            "\"user\": nil",
            "\"user\": None",
            "'user' => null",
            "'user': null",
            "[\"user\"] = null",
            "put(\"user\", null)",
        ];
        for framework in FRAMEWORKS.iter().filter(|framework| framework.name != PLAIN) {
            let snippet = framework.snippet(&wanted());
            let all: String = snippet.files.iter().map(|code| code.text.as_str()).collect();
            assert!(nobody.iter().any(|said| all.contains(said)), "{}: {all}", framework.label);
            assert!(snippet.companies.contains("companies"), "{}: {}", framework.label, snippet.companies);
        }
    }

    #[test]
    fn a_name_that_means_something_to_a_language_is_no_code_of_it() {
        let wanted = Wanted { user: vec!["class".to_owned(), "delete".to_owned()], ..wanted() };
        let code = |name: &str| parse(name).snippet(&wanted).files.remove(0).text;
        let rails = code("rails");
        assert!(rails.contains("current_user[:class]") && rails.contains("current_user[:delete]"), "{rails}");
        assert!(code("django").contains("getattr(user, \"class\", None)"));
        assert!(!code("thymeleaf").contains("getClass()"));
    }

    #[test]
    fn the_plain_code_is_json_that_a_page_can_read() {
        let code = &parse(PLAIN).snippet(&wanted()).files[0].text;
        let (_, rest) = code.split_once("id=\"rollcall-settings\">").unwrap();
        let (json, script) = rest.split_once("</script>").unwrap();
        let settings: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(settings["write_key"], "wk_1");
        assert_eq!(settings["company"]["membership"]["role"], "admin");
        assert_eq!(script.trim(), "<script async src=\"https://roll.example/widget.js\"></script>");
    }

    #[test]
    fn a_name_that_could_be_taken_for_code_is_not_plain() {
        for name in ["plan", "Last plan", "a.b", "trial-ends", "x1"] {
            assert!(is_plain(name), "{name}");
        }
        for name in ["", "%> <b>", "#{x}", "a\"b", "a'b", "$x", "{{x}}", "1st", "_x", "a\nb", "Größe", "a%>b", "a}}b"]
        {
            assert!(!is_plain(name), "{name}");
        }
    }
}
