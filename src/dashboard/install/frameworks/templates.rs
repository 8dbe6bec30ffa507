//! The code of each framework. What it calls the user, the company and the place in it is what such sites commonly
//! call them; a person replaces what her own calls otherwise.

use super::writing::{
    Notation, Pen, arrow_pair, camel, colon_pair, company, double_quoted, indexed_pair, pascal, quoted_pair,
    single_quoted, single_quoted_pair, snake,
};
use super::{Code, Wanted};
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

pub(super) fn plain(wanted: &Wanted) -> Vec<Code> {
    let notation = Notation {
        brackets: ("{", "}"),
        pair: quoted_pair,
        step: "  ",
        ends_with_comma: false,
        text: double_quoted,
        value: |owner, name| double_quoted(&plain_example(owner, name)),
        if_company: ("", ""),
    };
    let pen = between_tags(wanted, |pen| {
        pen.settings(wanted, &notation, "");
    });
    vec![pen.file("Every page for signed-in users")]
}

pub(super) fn rails(wanted: &Wanted) -> Vec<Code> {
    let notation = Notation {
        brackets: ("{", "}"),
        pair: colon_pair,
        step: "  ",
        ends_with_comma: false,
        text: double_quoted,
        value: |owner, name| match (owner, name) {
            (_, "user_id") => "current_user.id.to_s".to_owned(),
            (_, "company_id") => "current_account.id.to_s".to_owned(),
            (Owner::User, name) => format!("current_user.{}", snake(name)),
            (Owner::Company, name) => format!("current_account.{}", snake(name)),
            (Owner::Membership, name) => format!("current_membership&.{}", snake(name)),
        },
        if_company: ("current_account && ", ""),
    };
    let pen = between_tags(wanted, |pen| {
        pen.put("<%= raw json_escape(").settings(wanted, &notation, "").put(".to_json) %>");
    });
    vec![pen.file("app/views/layouts/application.html.erb")]
}

pub(super) fn django(wanted: &Wanted) -> Vec<Code> {
    let notation = Notation {
        brackets: ("{", "}"),
        pair: quoted_pair,
        step: "    ",
        ends_with_comma: true,
        text: double_quoted,
        value: |owner, name| match (owner, name) {
            (_, "user_id") => "str(user.pk)".to_owned(),
            (_, "company_id") => "str(account.pk)".to_owned(),
            (Owner::User, "name") => "user.get_full_name()".to_owned(),
            (Owner::User, name) => format!("user.{}", snake(name)),
            (Owner::Company, name) => format!("account.{}", snake(name)),
            (Owner::Membership, name) => format!("getattr(membership, {}, None)", double_quoted(&snake(name))),
        },
        if_company: ("", " if account else None"),
    };
    let mut context = Pen::default();
    context.put("# Add \"yoursite.rollcall.settings\" to context_processors in settings.py.\n");
    context.put("def settings(request):\n    user, account = request.user, request.account\n");
    if !wanted.membership.is_empty() {
        context.put("    membership = request.membership\n");
    }
    context.put("    if not user.is_authenticated:\n        return {\"rollcall\": {\"write_key\": ");
    context.put(&double_quoted(&wanted.key)).put(", \"user\": None}}\n    return {\"rollcall\": ");
    context.settings(wanted, &notation, "    ").put("}");
    let mut template = Pen::default();
    template.put("{{ rollcall|json_script:\"rollcall-settings\" }}\n").put(&script(wanted));
    vec![context.file("yoursite/rollcall.py"), template.file("templates/base.html")]
}

/// PHP's arrays, with the names of one framework.
fn php(value: fn(Owner, &str) -> String, if_company: (&'static str, &'static str)) -> Notation {
    Notation {
        brackets: ("[", "]"),
        pair: arrow_pair,
        step: "  ",
        ends_with_comma: true,
        text: single_quoted,
        value,
        if_company,
    }
}

pub(super) fn laravel(wanted: &Wanted) -> Vec<Code> {
    let value = |owner: Owner, name: &str| match (owner, name) {
        (_, "user_id") => "(string) $user->id".to_owned(),
        (_, "company_id") => "(string) $account->id".to_owned(),
        (Owner::User, name) => format!("$user->{}", snake(name)),
        (Owner::Company, name) => format!("$account->{}", snake(name)),
        (Owner::Membership, name) => format!("$membership?->{}", snake(name)),
    };
    let mut pen = Pen::default();
    pen.put("@php\n  $user = auth()->user();\n  $account = $user->account;\n");
    if !wanted.membership.is_empty() {
        pen.put("  $membership = $user->membership;\n");
    }
    pen.put("@endphp\n").put(SETTINGS).put("\n{!! json_encode(");
    pen.settings(wanted, &php(value, ("$account ? ", " : null")), "");
    pen.put(", JSON_HEX_TAG | JSON_THROW_ON_ERROR) !!}\n</script>\n").put(&script(wanted));
    vec![pen.file("resources/views/layouts/app.blade.php")]
}

pub(super) fn symfony(wanted: &Wanted) -> Vec<Code> {
    let notation = Notation {
        brackets: ("{", "}"),
        pair: single_quoted_pair,
        step: "  ",
        ends_with_comma: false,
        text: single_quoted,
        value: |owner, name| match (owner, name) {
            (_, "user_id") => "app.user.id ~ ''".to_owned(),
            (_, "company_id") => "app.user.company.id ~ ''".to_owned(),
            (Owner::User, name) => format!("app.user.{}", camel(name)),
            (Owner::Company, name) => format!("app.user.company.{}", camel(name)),
            (Owner::Membership, name) => format!("app.user.{}", camel(name)),
        },
        if_company: ("app.user.company ? ", " : null"),
    };
    let pen = between_tags(wanted, |pen| {
        pen.put("{% set rollcall = ").settings(wanted, &notation, "");
        pen.put(" %}\n{{ rollcall|json_encode(constant('JSON_HEX_TAG'))|raw }}");
    });
    vec![pen.file("templates/base.html.twig")]
}

/// JavaScript's objects, with names under which a site may have its session.
const JAVASCRIPT: Notation = Notation {
    brackets: ("{", "}"),
    pair: colon_pair,
    step: "  ",
    ends_with_comma: true,
    text: double_quoted,
    value: |owner, name| match (owner, name) {
        (_, "user_id") => "String(user.id)".to_owned(),
        (_, "company_id") => "String(account.id)".to_owned(),
        (Owner::User, name) => format!("user.{}", camel(name)),
        (Owner::Company, name) => format!("account.{}", camel(name)),
        (Owner::Membership, name) => format!("membership?.{}", camel(name)),
    },
    if_company: ("account && ", ""),
};

/// `</script>` can't stand in JSON whose `<` is written as an escape.
const WITHOUT_TAGS: &str = ".replace(/</g, \"\\\\u003c\")";

/// What a site hands to code of its own.
fn session(wanted: &Wanted) -> &'static str {
    if wanted.membership.is_empty() { "{ user, account }" } else { "{ user, account, membership }" }
}

pub(super) fn express(wanted: &Wanted) -> Vec<Code> {
    let pen = between_tags(wanted, |pen| {
        pen.put("<%- JSON.stringify(").settings(wanted, &JAVASCRIPT, "").put(")").put(WITHOUT_TAGS).put(" %>");
    });
    vec![pen.file("views/layout.ejs")]
}

pub(super) fn next(wanted: &Wanted) -> Vec<Code> {
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
    vec![pen.file("app/rollcall.jsx")]
}

pub(super) fn nuxt(wanted: &Wanted) -> Vec<Code> {
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
    vec![pen.file("components/Rollcall.vue")]
}

pub(super) fn sveltekit(wanted: &Wanted) -> Vec<Code> {
    let mut pen = Pen::default();
    pen.put(&format!("<script>\n  // The last component of +layout.svelte.\n  let {} = $props();\n", session(wanted)));
    pen.put("  const json = $derived(JSON.stringify(").settings(wanted, &JAVASCRIPT, "  ");
    pen.put(")").put(WITHOUT_TAGS).put(");\n</script>\n\n{@html `");
    pen.put(SETTINGS).put("${json}<\\/script>`}\n<svelte:head>\n  ").put(&script(wanted)).put("\n</svelte:head>");
    vec![pen.file("src/lib/Rollcall.svelte")]
}

pub(super) fn phoenix(wanted: &Wanted) -> Vec<Code> {
    let notation = Notation {
        brackets: ("%{", "}"),
        pair: colon_pair,
        step: "  ",
        ends_with_comma: false,
        text: double_quoted,
        value: |owner, name| match (owner, name) {
            (_, "user_id") => "to_string(@current_user.id)".to_owned(),
            (_, "company_id") => "to_string(@current_account.id)".to_owned(),
            (Owner::User, name) => format!("@current_user.{}", snake(name)),
            (Owner::Company, name) => format!("@current_account.{}", snake(name)),
            (Owner::Membership, name) => format!("@current_membership && @current_membership.{}", snake(name)),
        },
        if_company: ("@current_account && ", ""),
    };
    let pen = between_tags(wanted, |pen| {
        pen.put("<%= ").settings(wanted, &notation, "");
        pen.put(" |> Jason.encode!() |> String.replace(\"<\", \"\\\\u003c\") |> raw() %>");
    });
    vec![pen.file("lib/your_web/components/layouts/root.html.heex")]
}

pub(super) fn go(wanted: &Wanted) -> Vec<Code> {
    let notation = Notation {
        brackets: ("map[string]any{", "}"),
        pair: quoted_pair,
        step: "\t",
        ends_with_comma: true,
        text: double_quoted,
        value: |owner, name| match (owner, name) {
            (_, "user_id") => "fmt.Sprint(user.ID)".to_owned(),
            (_, "company_id") => "fmt.Sprint(account.ID)".to_owned(),
            (Owner::User, name) => format!("user.{}", pascal(name)),
            (Owner::Company, name) => format!("account.{}", pascal(name)),
            (Owner::Membership, name) => format!("membership.{}", pascal(name)),
        },
        if_company: ("", ""),
    };
    let mut handler = Pen::default();
    handler.put(&format!("rollcall := map[string]any{{\n\t\"write_key\": {},\n", double_quoted(&wanted.key)));
    for name in std::iter::once("user_id").chain(wanted.user.iter().map(String::as_str)) {
        handler.put(&format!("\t{},\n", quoted_pair(name, &(notation.value)(Owner::User, name))));
    }
    handler.put("}\n").company(|pen| {
        pen.put("if account != nil {\n\trollcall[\"company\"] = ").put(&company(wanted, &notation, "\t")).put("\n}");
    });
    handler.put("\ndata[\"Rollcall\"] = rollcall");
    let mut template = Pen::default();
    // html/template writes JSON by itself here, with `<` as an escape.
    template.put(SETTINGS).put("{{ .Rollcall }}</script>\n").put(&script(wanted));
    vec![handler.file("The handler"), template.file("templates/layout.html")]
}

pub(super) fn razor(wanted: &Wanted) -> Vec<Code> {
    let notation = Notation {
        brackets: ("new Dictionary<string, object?> {", "}"),
        pair: indexed_pair,
        step: "  ",
        ends_with_comma: true,
        text: double_quoted,
        value: |owner, name| match (owner, name) {
            (_, "user_id") => "user.Id.ToString()".to_owned(),
            (_, "company_id") => "account.Id.ToString()".to_owned(),
            (Owner::User, name) => format!("user.{}", pascal(name)),
            (Owner::Company, name) => format!("account.{}", pascal(name)),
            (Owner::Membership, name) => format!("membership?.{}", pascal(name)),
        },
        if_company: ("account == null ? null : ", ""),
    };
    let mut pen = Pen::default();
    pen.put("@{\n  // System.Text.Json writes \"<\" as an escape.\n  var rollcall = System.Text.Json.JsonSerializer.Serialize(");
    pen.settings(wanted, &notation, "  ").put(");\n}\n").put(SETTINGS).put("@Html.Raw(rollcall)</script>\n");
    pen.put(&script(wanted));
    vec![pen.file("Views/Shared/_Layout.cshtml")]
}

pub(super) fn thymeleaf(wanted: &Wanted) -> Vec<Code> {
    let value = |owner: Owner, name: &str| match (owner, name) {
        (_, "user_id") => "String.valueOf(user.getId())".to_owned(),
        (_, "company_id") => "String.valueOf(account.getId())".to_owned(),
        (Owner::User, name) => format!("user.get{}()", pascal(name)),
        (Owner::Company, name) => format!("account.get{}()", pascal(name)),
        (Owner::Membership, name) => format!("membership.get{}()", pascal(name)),
    };
    let line = |pen: &mut Pen, indent: &str, map: &str, owner: Owner, name: &str| {
        pen.put(&format!("{indent}{map}.put({}, {});\n", double_quoted(name), value(owner, name)));
    };
    let mut advice = Pen::default();
    advice.put("@ControllerAdvice\nclass Rollcall {\n  @ModelAttribute(\"rollcall\")\n  String settings(@AuthenticationPrincipal User user) throws JsonProcessingException {\n    var settings = new LinkedHashMap<String, Object>();\n");
    advice.put(&format!("    settings.put(\"write_key\", {});\n", double_quoted(&wanted.key)));
    for name in std::iter::once("user_id").chain(wanted.user.iter().map(String::as_str)) {
        line(&mut advice, "    ", "settings", Owner::User, name);
    }
    advice.company(|pen| {
        pen.put("    var account = user.getAccount();\n    if (account != null) {\n      var company = new LinkedHashMap<String, Object>();\n");
        for name in std::iter::once("company_id").chain(wanted.company.iter().map(String::as_str)) {
            line(pen, "      ", "company", Owner::Company, name);
        }
        if !wanted.membership.is_empty() {
            pen.put("      var membership = user.getMembership();\n      var place = new LinkedHashMap<String, Object>();\n");
            for name in &wanted.membership {
                line(pen, "      ", "place", Owner::Membership, name);
            }
            pen.put("      company.put(\"membership\", place);\n");
        }
        pen.put("      settings.put(\"company\", company);\n    }\n");
    });
    advice.put("    return new ObjectMapper().writeValueAsString(settings).replace(\"<\", \"\\\\u003c\");\n  }\n}");
    let mut template = Pen::default();
    template.put("<script type=\"application/json\" id=\"rollcall-settings\" th:utext=\"${rollcall}\"></script>\n");
    template.put(&script(wanted));
    vec![advice.file("Rollcall.java"), template.file("templates/layout.html")]
}

pub(super) fn wordpress(wanted: &Wanted) -> Vec<Code> {
    let value = |owner: Owner, name: &str| match (owner, name) {
        (_, "user_id") => "(string) $user->ID".to_owned(),
        (_, "company_id") => "(string) $company_id".to_owned(),
        (Owner::User, "email") => "$user->user_email".to_owned(),
        (Owner::User, "name") => "$user->display_name".to_owned(),
        (Owner::User, name) => format!("get_user_meta($user->ID, {}, true)", single_quoted(&snake(name))),
        (Owner::Company, name) => format!("get_user_meta($user->ID, 'company_{}', true)", snake(name)),
        (Owner::Membership, name) => format!("get_user_meta($user->ID, 'company_{}', true)", snake(name)),
    };
    let mut pen = Pen::default();
    pen.put("add_action('wp_footer', function () {\n  if (!is_user_logged_in()) return;\n  $user = wp_get_current_user();\n");
    pen.put("  $company_id = get_user_meta($user->ID, 'company_id', true);\n  $settings = ");
    pen.settings(wanted, &php(value, ("$company_id ? ", " : null")), "  ");
    pen.put(";\n  echo '").put(SETTINGS).put("', wp_json_encode($settings, JSON_HEX_TAG), '</script>';\n  echo '");
    pen.put(&script(wanted)).put("';\n});");
    vec![pen.file("functions.php of your theme")]
}

pub(super) fn prestashop(wanted: &Wanted) -> Vec<Code> {
    let value = |owner: Owner, name: &str| match (owner, name) {
        (_, "user_id") => "\"{$customer.id}\"".to_owned(),
        (_, "company_id") => "$customer.siret".to_owned(),
        (Owner::User, "name") => "\"{$customer.firstname} {$customer.lastname}\"".to_owned(),
        (Owner::User, name) => format!("$customer.{}", snake(name)),
        (Owner::Company, "name") => "$customer.company".to_owned(),
        (Owner::Company | Owner::Membership, name) => format!("$customer.company_{}", snake(name)),
    };
    // Smarty knows no comma behind the last pair, and no condition in {assign}.
    let notation = Notation { ends_with_comma: false, ..php(value, ("", "")) };
    let mut pairs = vec![arrow_pair("write_key", &single_quoted(&wanted.key))];
    for name in std::iter::once("user_id").chain(wanted.user.iter().map(String::as_str)) {
        pairs.push(arrow_pair(name, &value(Owner::User, name)));
    }
    let mut pen = Pen::default();
    pen.put("{if $customer.is_logged}\n{assign var=rollcall value=[\n  ").put(&pairs.join(",\n  "));
    pen.put("\n]}\n").company(|pen| {
        pen.put("{if $customer.siret}{$rollcall.company = ").put(&company(wanted, &notation, "")).put("}{/if}\n");
    });
    // 1 is JSON_HEX_TAG.
    pen.put(SETTINGS).put("{$rollcall|json_encode:1 nofilter}</script>\n").put(&script(wanted)).put("\n{/if}");
    vec![pen.file("themes/YOURS/templates/_partials/footer.tpl")]
}

pub(super) fn shopify(wanted: &Wanted) -> Vec<Code> {
    let value = |owner: Owner, name: &str| {
        let field = match (owner, name) {
            (_, "user_id") => "customer.id | append: ''".to_owned(),
            (_, "company_id") => "customer.current_company.id | append: ''".to_owned(),
            (Owner::User, name) if matches!(name, "email" | "name" | "first_name" | "last_name" | "phone") => {
                format!("customer.{name}")
            }
            (Owner::User, name) => format!("customer.metafields.custom.{}", snake(name)),
            (Owner::Company, "name") => "customer.current_company.name".to_owned(),
            (Owner::Company, name) => format!("customer.current_company.metafields.custom.{}", snake(name)),
            (Owner::Membership, name) => format!("customer.metafields.custom.{}", snake(name)),
        };
        format!("{{{{ {field} | json }}}}")
    };
    let notation = Notation {
        brackets: ("{", "}"),
        pair: quoted_pair,
        step: "  ",
        ends_with_comma: false,
        text: double_quoted,
        value,
        if_company: ("{% if customer.b2b? %}", "{% else %}null{% endif %}"),
    };
    let mut pen = Pen::default();
    pen.put("{% if customer %}\n").put(SETTINGS).put("\n").settings(wanted, &notation, "");
    pen.put("\n</script>\n").put(&script(wanted)).put("\n{% endif %}");
    vec![pen.file("layout/theme.liquid")]
}

pub(super) fn tag_manager(wanted: &Wanted) -> Vec<Code> {
    let notation = Notation {
        value: |owner, name| {
            let variable = match (owner, name) {
                (_, "user_id" | "company_id") => snake(name),
                (Owner::User, name) => format!("user_{}", snake(name)),
                (Owner::Company, name) => format!("company_{}", snake(name)),
                (Owner::Membership, name) => format!("membership_{}", snake(name)),
            };
            format!("{{{{{variable}}}}}")
        },
        ends_with_comma: false,
        if_company: ("{{company_id}} ? ", " : null"),
        ..JAVASCRIPT
    };
    let mut pen = Pen::default();
    pen.put(
        "<!-- {{…}} are your own variables, of the type Data Layer Variable. -->\n<script>\nwindow.rollcallSettings = ",
    );
    pen.settings(wanted, &notation, "").put("\n</script>\n").put(&script(wanted));
    vec![pen.file("A tag of the type Custom HTML")]
}
