//! The code of each framework. What it calls the user, the company and the place in it is what such sites commonly
//! call them; a person replaces what her own calls otherwise.

use super::writing::{
    Notation, Objects, Pen, arrow_pair, camel, colon_pair, companies, company, double_quoted, each_company,
    indexed_pair, membership, nobody, pascal, quoted_pair, single_quoted, single_quoted_pair, snake, user,
};
use super::{Snippet, Wanted};
use crate::domain::attributes::Owner;

/// The tag before the settings.
const SETTINGS: &str = "<script type=\"application/json\" id=\"rollcall-settings\">";

/// The script's own tag.
fn script(wanted: &Wanted) -> String {
    format!("<script async src=\"{}/widget.js\"></script>", wanted.server)
}

/// A template that writes settings between the two tags.
fn between_tags(wanted: &Wanted, write: impl FnOnce(&mut Pen)) -> Pen {
    let mut pen = Pen::default();
    pen.put(SETTINGS).put("\n");
    write(&mut pen);
    pen.put("\n</script>\n").put(&script(wanted));
    pen
}

/// What stands in the plain code for a value of the site's own.
pub(super) fn plain_example(owner: Owner, name: &str) -> String {
    match (owner, name) {
        (_, "user_id") => "USER_ID",
        (_, "company_id") => "COMPANY_ID",
        (Owner::User, "email") => "ann@example.com",
        (Owner::User, "name") => "Ann Archer",
        (Owner::Company, "name") => "Acme Ltd",
        (_, "plan") => "pro",
        (_, "role") => "admin",
        (_, "created_at") => "2026-01-31T09:00:00Z",
        (_, name) => return name.to_uppercase(),
    }
    .to_owned()
}

pub(super) fn plain(wanted: &Wanted) -> Snippet {
    let notation = Notation {
        brackets: ("{", "}"),
        pair: quoted_pair,
        step: "  ",
        ends_with_comma: false,
        text: double_quoted,
        null: "null",
        objects: Objects::USUAL,
        value: |_, owner, name| double_quoted(&plain_example(owner, name)),
        if_user: None,
        if_company: ("", ""),
        each_company: ("[\n  ", "", ",\n  { \"company_id\": \"ANOTHER_ID\" }\n]"),
    };
    let pen = between_tags(wanted, |pen| {
        pen.settings(wanted, &notation, "");
    });
    Snippet { files: vec![pen.file("Every page for signed-in users")], companies: companies(wanted, &notation) }
}

/// Names that no attribute of a Rails record can have, because Ruby or Rails has a method of that name: called, it
/// would say something else, or do what it says.
const METHODS_OF_RECORDS: [&str; 24] = [
    "attributes",
    "class",
    "clone",
    "delete",
    "destroy",
    "display",
    "dup",
    "errors",
    "freeze",
    "hash",
    "inspect",
    "itself",
    "lock",
    "method",
    "methods",
    "object_id",
    "reload",
    "save",
    "send",
    "tap",
    "then",
    "touch",
    "transaction",
    "validate",
];

pub(super) fn rails(wanted: &Wanted) -> Snippet {
    let notation = Notation {
        brackets: ("{", "}"),
        pair: colon_pair,
        step: "  ",
        ends_with_comma: false,
        text: double_quoted,
        null: "nil",
        objects: Objects { user: "current_user", company: "current_account", membership: "current_membership" },
        value: |of, owner, name| match (owner, snake(name).as_str()) {
            (Owner::User, "user_id") | (Owner::Company, "company_id") => format!("{of}.id.to_s"),
            (Owner::Membership, name) if METHODS_OF_RECORDS.contains(&name) => format!("{of} && {of}[:{name}]"),
            (Owner::Membership, name) => format!("{of}&.{name}"),
            (_, name) if METHODS_OF_RECORDS.contains(&name) => format!("{of}[:{name}]"),
            (_, name) => format!("{of}.{name}"),
        },
        if_user: Some(("(current_user ? ", " : ", ")")),
        if_company: ("current_account && ", ""),
        each_company: ("current_user.accounts.map { |account| ", "account", " }"),
    };
    let pen = between_tags(wanted, |pen| {
        pen.put("<%= raw json_escape(").settings(wanted, &notation, "").put(".to_json) %>");
    });
    Snippet { files: vec![pen.file("app/views/layouts/application.html.erb")], companies: companies(wanted, &notation) }
}

/// Words that Python does not take for a name behind a dot.
const WORDS_OF_PYTHON: [&str; 32] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise",
    "return", "try", "while", "with", "yield",
];

pub(super) fn django(wanted: &Wanted) -> Snippet {
    let notation = Notation {
        brackets: ("{", "}"),
        pair: quoted_pair,
        step: "    ",
        ends_with_comma: true,
        text: double_quoted,
        null: "None",
        objects: Objects::USUAL,
        value: |of, owner, name| match (owner, snake(name).as_str()) {
            (Owner::User, "user_id") | (Owner::Company, "company_id") => format!("str({of}.pk)"),
            (Owner::User, "name") => format!("{of}.get_full_name()"),
            (Owner::User, "created_at") => format!("{of}.date_joined"),
            (owner, name) if owner == Owner::Membership || WORDS_OF_PYTHON.contains(&name) => {
                format!("getattr({of}, {}, None)", double_quoted(name))
            }
            (_, name) => format!("{of}.{name}"),
        },
        if_user: Some(("", " if user.is_authenticated else ", "")),
        if_company: ("", " if account else None"),
        each_company: ("[", "account", " for account in user.accounts.all()]"),
    };
    let mut context = Pen::default();
    context.put("# Add \"yoursite.rollcall.settings\" to context_processors in settings.py.\n");
    context.put("def settings(request):\n    user, account = request.user, getattr(request, \"account\", None)\n");
    if !wanted.membership.is_empty() {
        context.put("    membership = getattr(request, \"membership\", None)\n");
    }
    context.put("    return {\"rollcall\": ").settings(wanted, &notation, "    ").put("}");
    let mut template = Pen::default();
    template.put("{{ rollcall|json_script:\"rollcall-settings\" }}\n").put(&script(wanted));
    Snippet {
        files: vec![context.file("yoursite/rollcall.py"), template.file("templates/base.html")],
        companies: companies(wanted, &notation),
    }
}

/// PHP's arrays, with the names of a site of Laravel.
const PHP: Notation = Notation {
    brackets: ("[", "]"),
    pair: arrow_pair,
    step: "  ",
    ends_with_comma: true,
    text: single_quoted,
    null: "null",
    objects: Objects { user: "$user", company: "$account", membership: "$membership" },
    value: |of, owner, name| match (owner, name) {
        (Owner::User, "user_id") | (Owner::Company, "company_id") => format!("(string) {of}->id"),
        (Owner::Membership, name) => format!("{of}?->{}", snake(name)),
        (_, name) => format!("{of}->{}", snake(name)),
    },
    if_user: Some(("$user ? ", " : ", "")),
    if_company: ("$account ? ", " : null"),
    each_company: ("$user->accounts->map(fn ($account) => ", "$account", ")->values()"),
};

pub(super) fn laravel(wanted: &Wanted) -> Snippet {
    let mut pen = Pen::default();
    pen.put("@php\n  $user = auth()->user();\n  $account = $user?->account;\n");
    if !wanted.membership.is_empty() {
        pen.put("  $membership = $user?->membership;\n");
    }
    pen.put("@endphp\n").put(SETTINGS).put("\n{!! json_encode(").settings(wanted, &PHP, "");
    pen.put(", JSON_HEX_TAG | JSON_THROW_ON_ERROR) !!}\n</script>\n").put(&script(wanted));
    Snippet { files: vec![pen.file("resources/views/layouts/app.blade.php")], companies: companies(wanted, &PHP) }
}

pub(super) fn symfony(wanted: &Wanted) -> Snippet {
    let notation = Notation {
        brackets: ("{", "}"),
        pair: single_quoted_pair,
        step: "  ",
        ends_with_comma: false,
        text: single_quoted,
        null: "null",
        objects: Objects { user: "app.user", company: "app.user.company", membership: "app.user" },
        value: |of, owner, name| match (owner, name) {
            (Owner::User, "user_id") | (Owner::Company, "company_id") => format!("{of}.id ~ ''"),
            // json_encode writes a date as an object, and the filter takes null for now.
            (_, name) if snake(name).ends_with("_at") => format!("{of}.{0} ? {of}.{0}|date('c') : null", camel(name)),
            (_, name) => format!("{of}.{}", camel(name)),
        },
        if_user: Some(("app.user ? ", " : ", "")),
        if_company: ("app.user.company ? ", " : null"),
        each_company: ("app.user.companies|map(company => (", "company", "))"),
    };
    let pen = between_tags(wanted, |pen| {
        pen.put("{% set rollcall = ").settings(wanted, &notation, "");
        pen.put(" %}\n{{ rollcall|json_encode(constant('JSON_HEX_TAG'))|raw }}");
    });
    Snippet { files: vec![pen.file("templates/base.html.twig")], companies: companies(wanted, &notation) }
}

/// JavaScript's objects, with names under which a site may have its session.
const JAVASCRIPT: Notation = Notation {
    brackets: ("{", "}"),
    pair: colon_pair,
    step: "  ",
    ends_with_comma: true,
    text: double_quoted,
    null: "null",
    objects: Objects::USUAL,
    value: |of, owner, name| match (owner, name) {
        (Owner::User, "user_id") | (Owner::Company, "company_id") => format!("String({of}.id)"),
        (Owner::Membership, name) => format!("{of}?.{}", camel(name)),
        (_, name) => format!("{of}.{}", camel(name)),
    },
    if_user: Some(("user ? ", " : ", "")),
    if_company: ("account ? ", " : null"),
    each_company: ("user.accounts.map((account) => (", "account", "))"),
};

/// `</script>` can't stand in JSON whose `<` is written as an escape.
const WITHOUT_TAGS: &str = ".replace(/</g, \"\\\\u003c\")";

/// What a site hands to code of its own.
fn session(wanted: &Wanted) -> &'static str {
    if wanted.membership.is_empty() { "{ user, account }" } else { "{ user, account, membership }" }
}

pub(super) fn express(wanted: &Wanted) -> Snippet {
    // What a page was not handed is no variable of its template, but it may be asked for.
    let notation = Notation {
        objects: Objects { user: "locals.user", company: "locals.account", membership: "locals.membership" },
        if_user: Some(("locals.user ? ", " : ", "")),
        if_company: ("locals.account ? ", " : null"),
        each_company: ("locals.user.accounts.map((account) => (", "account", "))"),
        ..JAVASCRIPT
    };
    let pen = between_tags(wanted, |pen| {
        pen.put("<%- JSON.stringify(").settings(wanted, &notation, "").put(")").put(WITHOUT_TAGS).put(" %>");
    });
    Snippet { files: vec![pen.file("views/layout.ejs")], companies: companies(wanted, &notation) }
}

pub(super) fn next(wanted: &Wanted) -> Snippet {
    let mut pen = Pen::default();
    pen.put(&format!(
        "// The last thing in <body> of app/layout: <Rollcall {} />\nexport function Rollcall({}) {{\n  const settings = ",
        if wanted.membership.is_empty() {
            "user={user} account={account}"
        } else {
            "user={user} account={account} membership={membership}"
        },
        session(wanted)
    ));
    pen.settings(wanted, &JAVASCRIPT, "  ");
    pen.put(
        ";\n  const json = JSON.stringify(settings)",
    )
    .put(WITHOUT_TAGS)
    .put(";\n  return (\n    <>\n      <script type=\"application/json\" id=\"rollcall-settings\" dangerouslySetInnerHTML={{ __html: json }} />\n      <script async src=\"")
    .put(&wanted.server)
    .put("/widget.js\" />\n    </>\n  );\n}");
    Snippet { files: vec![pen.file("app/rollcall.jsx")], companies: companies(wanted, &JAVASCRIPT) }
}

pub(super) fn nuxt(wanted: &Wanted) -> Snippet {
    let mut pen = Pen::default();
    pen.put(&format!("<script setup>\nconst {} = defineProps([", session(wanted)));
    pen.put(if wanted.membership.is_empty() {
        "\"user\", \"account\""
    } else {
        "\"user\", \"account\", \"membership\""
    });
    pen.put("]);\nuseHead({\n  script: [\n    {\n      type: \"application/json\",\n      id: \"rollcall-settings\",\n      tagPosition: \"bodyClose\",\n      innerHTML: () => JSON.stringify(");
    pen.settings(wanted, &JAVASCRIPT, "      ").put(")").put(WITHOUT_TAGS).put(",\n    },\n    { src: \"");
    pen.put(&wanted.server);
    pen.put("/widget.js\", async: true, tagPosition: \"bodyClose\" },\n  ],\n});\n</script>\n\n<template><slot /></template>");
    Snippet { files: vec![pen.file("components/Rollcall.vue")], companies: companies(wanted, &JAVASCRIPT) }
}

pub(super) fn sveltekit(wanted: &Wanted) -> Snippet {
    let mut pen = Pen::default();
    pen.put(&format!("<script>\n  // The last component of +layout.svelte.\n  let {} = $props();\n", session(wanted)));
    pen.put("  const json = $derived(JSON.stringify(").settings(wanted, &JAVASCRIPT, "  ");
    pen.put(")").put(WITHOUT_TAGS).put(");\n</script>\n\n{@html `");
    pen.put(SETTINGS).put("${json}<\\/script>`}\n<svelte:head>\n  ").put(&script(wanted)).put("\n</svelte:head>");
    Snippet { files: vec![pen.file("src/lib/Rollcall.svelte")], companies: companies(wanted, &JAVASCRIPT) }
}

pub(super) fn phoenix(wanted: &Wanted) -> Snippet {
    // An assign that a page lacks is an error behind @, and nil in assigns[…].
    let notation = Notation {
        brackets: ("%{", "}"),
        pair: colon_pair,
        step: "  ",
        ends_with_comma: false,
        text: double_quoted,
        null: "nil",
        objects: Objects {
            user: "@current_user",
            company: "@current_account",
            membership: "assigns[:current_membership] && @current_membership",
        },
        value: |of, owner, name| match (owner, name) {
            (Owner::User, "user_id") | (Owner::Company, "company_id") => format!("to_string({of}.id)"),
            // Ecto's own time of the insert is in UTC and has no zone.
            (Owner::User | Owner::Company, "created_at") => {
                format!("NaiveDateTime.to_iso8601({of}.inserted_at) <> \"Z\"")
            }
            (_, name) => format!("{of}.{}", snake(name)),
        },
        if_user: Some(("if(assigns[:current_user], do: ", ", else: ", ")")),
        if_company: ("assigns[:current_account] && ", ""),
        each_company: ("for(account <- @current_user.accounts, do: ", "account", ")"),
    };
    let pen = between_tags(wanted, |pen| {
        pen.put("<%= ").settings(wanted, &notation, "");
        pen.put(" |> Jason.encode!() |> String.replace(\"<\", \"\\\\u003c\") |> raw() %>");
    });
    Snippet {
        files: vec![pen.file("lib/your_web/components/layouts/root.html.heex")],
        companies: companies(wanted, &notation),
    }
}

pub(super) fn go(wanted: &Wanted) -> Snippet {
    let notation = Notation {
        brackets: ("map[string]any{", "}"),
        pair: quoted_pair,
        step: "\t",
        ends_with_comma: true,
        text: double_quoted,
        null: "nil",
        objects: Objects::USUAL,
        value: |of, owner, name| match (owner, name) {
            (Owner::User, "user_id") | (Owner::Company, "company_id") => format!("fmt.Sprint({of}.ID)"),
            (_, name) => format!("{of}.{}", pascal(name)),
        },
        // Go has no conditional expression: its conditions are statements.
        if_user: None,
        if_company: ("", ""),
        each_company: ("", "account", ""),
    };
    let mut handler = Pen::default();
    handler.put("rollcall := ").put(&nobody(wanted, &notation)).put("\nif user != nil {\n\trollcall = ");
    handler.put(&format!("map[string]any{{\n\t\t\"write_key\": {},\n", double_quoted(&wanted.key)));
    for pair in user(wanted, &notation) {
        handler.put(&format!("\t\t{pair},\n"));
    }
    handler.put("\t\t\"company\": nil,\n\t}\n").company(|pen| {
        // The place may be missing where the company is not, so it is no part of the company's own expression.
        let without_place = Wanted { membership: Vec::new(), ..wanted.clone() };
        pen.put("\tif account != nil {\n\t\tcompany := ").put(&company(&without_place, &notation, "\t\t"));
        if !wanted.membership.is_empty() {
            pen.put("\n\t\tif membership != nil {\n\t\t\tcompany[\"membership\"] = ");
            pen.put(&membership(wanted, &notation)).put("\n\t\t}");
        }
        pen.put("\n\t\trollcall[\"company\"] = company\n\t}");
    });
    handler.put("\n}\ndata[\"Rollcall\"] = rollcall");
    let mut template = Pen::default();
    // html/template writes JSON by itself here, with `<` as an escape.
    template.put(SETTINGS).put("{{ .Rollcall }}</script>\n").put(&script(wanted));
    let companies = format!(
        "companies := []any{{}}\nfor _, account := range user.Accounts {{\n\tcompanies = append(companies, {})\n}}\n\
         rollcall[\"companies\"] = companies",
        each_company(wanted, &notation, "account")
    );
    Snippet { files: vec![handler.file("The handler"), template.file("templates/layout.html")], companies }
}

pub(super) fn razor(wanted: &Wanted) -> Snippet {
    let notation = Notation {
        brackets: ("new Dictionary<string, object?> {", "}"),
        pair: indexed_pair,
        step: "  ",
        ends_with_comma: true,
        text: double_quoted,
        null: "null",
        objects: Objects::USUAL,
        value: |of, owner, name| match (owner, name) {
            (Owner::User, "user_id") | (Owner::Company, "company_id") => format!("{of}.Id.ToString()"),
            (Owner::Membership, name) => format!("{of}?.{}", pascal(name)),
            (_, name) => format!("{of}.{}", pascal(name)),
        },
        // C# asks for nobody first: what follows knows that there is a user.
        if_user: None,
        if_company: ("account == null ? null : ", ""),
        each_company: ("user.Accounts.Select(each => ", "each", ")"),
    };
    let mut pen = Pen::default();
    pen.put("@inject Microsoft.AspNetCore.Identity.UserManager<ApplicationUser> Users\n@{\n");
    pen.put("  var user = await Users.GetUserAsync(User);\n  var account = user?.Account;\n");
    if !wanted.membership.is_empty() {
        pen.put("  var membership = user?.Membership;\n");
    }
    pen.put("  // System.Text.Json writes \"<\" as an escape.\n  var rollcall = System.Text.Json.JsonSerializer.Serialize(user == null ? ");
    pen.put(&nobody(wanted, &notation)).put(" : ").settings(wanted, &notation, "  ").put(");\n}\n");
    pen.put(SETTINGS).put("@Html.Raw(rollcall)</script>\n").put(&script(wanted));
    Snippet { files: vec![pen.file("Views/Shared/_Layout.cshtml")], companies: companies(wanted, &notation) }
}

pub(super) fn thymeleaf(wanted: &Wanted) -> Snippet {
    let value = |owner: Owner, name: &str| match (owner, name) {
        (Owner::User, "user_id") => "String.valueOf(user.getId())".to_owned(),
        (Owner::Company, "company_id") => "String.valueOf(account.getId())".to_owned(),
        (owner, name) => {
            let object = match owner {
                Owner::User => "user",
                Owner::Company => "account",
                Owner::Membership => "membership",
            };
            // Every object of Java has a getClass of its own.
            let property = if name == "class" { "ClassName".to_owned() } else { pascal(name) };
            format!("{object}.get{property}()")
        }
    };
    let line = |pen: &mut Pen, indent: &str, map: &str, owner: Owner, name: &str| {
        pen.put(&format!("{indent}{map}.put({}, {});\n", double_quoted(name), value(owner, name)));
    };
    let of_company = |pen: &mut Pen, indent: &str, map: &str| {
        pen.put(&format!("{indent}var {map} = new LinkedHashMap<String, Object>();\n"));
        for name in std::iter::once("company_id").chain(wanted.company.iter().map(String::as_str)) {
            line(pen, indent, map, Owner::Company, name);
        }
    };
    let mut advice = Pen::default();
    advice.put("@ControllerAdvice\nclass Rollcall {\n");
    advice.put("  // findAndAddModules: those of Jackson that write java.time.\n");
    advice.put("  private static final JsonMapper JSON = JsonMapper.builder().findAndAddModules()\n");
    advice.put("      .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS).build();\n\n");
    advice.put("  @ModelAttribute(\"rollcall\")\n  String settings(@AuthenticationPrincipal User user) throws JsonProcessingException {\n    var settings = new LinkedHashMap<String, Object>();\n");
    advice.put(&format!("    settings.put(\"write_key\", {});\n", double_quoted(&wanted.key)));
    advice.put("    if (user == null) {\n      settings.put(\"user\", null);\n    } else {\n");
    for name in std::iter::once("user_id").chain(wanted.user.iter().map(String::as_str)) {
        line(&mut advice, "      ", "settings", Owner::User, name);
    }
    advice.put("      settings.put(\"company\", null);\n").company(|pen| {
        pen.put("      var account = user.getAccount();\n      if (account != null) {\n");
        of_company(pen, "        ", "company");
        if !wanted.membership.is_empty() {
            pen.put("        var membership = user.getMembership();\n        if (membership != null) {\n");
            pen.put("          var place = new LinkedHashMap<String, Object>();\n");
            for name in &wanted.membership {
                line(pen, "          ", "place", Owner::Membership, name);
            }
            pen.put("          company.put(\"membership\", place);\n        }\n");
        }
        pen.put("        settings.put(\"company\", company);\n      }\n");
    });
    advice.put("    }\n    return JSON.writeValueAsString(settings).replace(\"<\", \"\\\\u003c\");\n  }\n}");
    let mut template = Pen::default();
    template.put("<script type=\"application/json\" id=\"rollcall-settings\" th:utext=\"${rollcall}\"></script>\n");
    template.put(&script(wanted));
    let mut companies = Pen::default();
    companies.put("var companies = new ArrayList<Object>();\nfor (var account : user.getAccounts()) {\n");
    of_company(&mut companies, "  ", "each");
    companies.put("  companies.add(each);\n}\nsettings.put(\"companies\", companies);");
    Snippet {
        files: vec![advice.file("Rollcall.java"), template.file("templates/layout.html")],
        companies: companies.text(),
    }
}

pub(super) fn wordpress(wanted: &Wanted) -> Snippet {
    let notation = Notation {
        value: |_, owner, name| match (owner, name) {
            (Owner::User, "user_id") => "(string) $user->ID".to_owned(),
            (Owner::Company, "company_id") => "(string) $company_id".to_owned(),
            (Owner::User, "email") => "$user->user_email".to_owned(),
            (Owner::User, "name") => "$user->display_name".to_owned(),
            // WordPress keeps it in UTC, without saying so.
            (Owner::User, "created_at") => "str_replace(' ', 'T', $user->user_registered) . 'Z'".to_owned(),
            (Owner::User, name) => format!("get_user_meta($user->ID, {}, true)", single_quoted(&snake(name))),
            (Owner::Company | Owner::Membership, name) => {
                format!("get_user_meta($user->ID, 'company_{}', true)", snake(name))
            }
        },
        if_user: Some(("is_user_logged_in() ? ", " : ", "")),
        if_company: ("$company_id ? ", " : null"),
        ..PHP
    };
    let mut pen = Pen::default();
    pen.put("add_action('wp_footer', function () {\n  $user = wp_get_current_user();\n");
    pen.put("  $company_id = get_user_meta($user->ID, 'company_id', true);\n  $settings = ");
    pen.settings(wanted, &notation, "  ");
    pen.put(";\n  echo '").put(SETTINGS).put("', wp_json_encode($settings, JSON_HEX_TAG), '</script>';\n  echo '");
    pen.put(&script(wanted)).put("';\n});");
    Snippet {
        files: vec![pen.file("functions.php of your theme")],
        companies: "'companies' => array_map(fn ($id) => [ 'company_id' => (string) $id ], get_user_meta($user->ID, 'company_id')),".to_owned(),
    }
}

pub(super) fn prestashop(wanted: &Wanted) -> Snippet {
    // Smarty knows no comma behind the last pair, and no condition in {assign}.
    let notation = Notation {
        objects: Objects { user: "$customer", company: "$customer", membership: "$customer" },
        ends_with_comma: false,
        value: |of, owner, name| match (owner, name) {
            (Owner::User, "user_id") => format!("\"{{{of}.id}}\""),
            (Owner::Company, "company_id") => format!("{of}.siret"),
            (Owner::User, "name") => format!("\"{{{of}.firstname}} {{{of}.lastname}}\""),
            (Owner::User, "created_at") => format!("{of}.date_add|date_format:'c'"),
            (Owner::User, name) => format!("{of}.{}", snake(name)),
            (Owner::Company, "name") => format!("{of}.company"),
            (Owner::Company | Owner::Membership, name) => format!("{of}.company_{}", snake(name)),
        },
        ..PHP
    };
    let mut pairs = vec![arrow_pair("write_key", &single_quoted(&wanted.key))];
    pairs.extend(user(wanted, &notation));
    pairs.push(arrow_pair("company", notation.null));
    let mut pen = Pen::default();
    pen.put("{if $customer.is_logged}\n{assign var=rollcall value=[\n  ").put(&pairs.join(",\n  "));
    pen.put("\n]}\n").company(|pen| {
        pen.put("{if $customer.siret}{$rollcall.company = ").put(&company(wanted, &notation, "")).put("}{/if}\n");
    });
    pen.put("{else}\n{assign var=rollcall value=").put(&nobody(wanted, &notation)).put("}\n{/if}\n");
    // 1 is JSON_HEX_TAG.
    pen.put(SETTINGS).put("{$rollcall|json_encode:1 nofilter}</script>\n").put(&script(wanted));
    Snippet {
        files: vec![pen.file("themes/YOURS/templates/_partials/footer.tpl")],
        companies: "{foreach $customer.companies as $each}\n{$rollcall.companies[] = [ 'company_id' => $each.siret ]}\n{/foreach}".to_owned(),
    }
}

pub(super) fn shopify(wanted: &Wanted) -> Snippet {
    let value = |of: &str, owner: Owner, name: &str| {
        let field = match (owner, name) {
            (Owner::User, "user_id") | (Owner::Company, "company_id") => format!("{of}.id | append: ''"),
            (Owner::User, "email" | "name" | "first_name" | "last_name" | "phone") | (Owner::Company, "name") => {
                format!("{of}.{name}")
            }
            (_, name) => format!("{of}.metafields.custom.{}.value", snake(name)),
        };
        format!("{{{{ {field} | json }}}}")
    };
    let notation = Notation {
        brackets: ("{", "}"),
        pair: quoted_pair,
        step: "  ",
        ends_with_comma: false,
        text: double_quoted,
        null: "null",
        objects: Objects { user: "customer", company: "customer.current_company", membership: "customer" },
        value,
        if_user: Some(("{% if customer %}", "{% else %}", "{% endif %}")),
        if_company: ("{% if customer.b2b? %}", "{% else %}null{% endif %}"),
        each_company: (
            "[{% for location in customer.company_available_locations %}",
            "location.company",
            "{% unless forloop.last %}, {% endunless %}{% endfor %}]",
        ),
    };
    let pen = between_tags(wanted, |pen| {
        pen.settings(wanted, &notation, "");
    });
    Snippet { files: vec![pen.file("layout/theme.liquid")], companies: companies(wanted, &notation) }
}

pub(super) fn tag_manager(wanted: &Wanted) -> Snippet {
    let notation = Notation {
        value: |_, owner, name| {
            let variable = match (owner, name) {
                (Owner::User, "user_id") | (Owner::Company, "company_id") => snake(name),
                (Owner::User, name) => format!("user_{}", snake(name)),
                (Owner::Company, name) => format!("company_{}", snake(name)),
                (Owner::Membership, name) => format!("membership_{}", snake(name)),
            };
            format!("{{{{{variable}}}}}")
        },
        ends_with_comma: false,
        if_user: Some(("{{user_id}} ? ", " : ", "")),
        if_company: ("{{company_id}} ? ", " : null"),
        ..JAVASCRIPT
    };
    let mut pen = Pen::default();
    // A comment with braces of its own would be taken for a variable.
    pen.put("<!-- Names in double braces are your own variables, of the type Data Layer Variable. -->\n<script>\nwindow.rollcallSettings = ");
    pen.settings(wanted, &notation, "").put("\n</script>\n").put(&script(wanted));
    Snippet {
        files: vec![pen.file("A tag of the type Custom HTML")],
        companies: "companies: {{companies}},".to_owned(),
    }
}
