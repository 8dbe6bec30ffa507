//! Shortens the names that a script makes up for itself, and takes blanks out: for `build.rs`, after
//! `strip`, and tested with the library.
//!
//! The scripts of other sites are read by people here and by browsers there, and each byte is paid for
//! by every visitor of every page. The minifiers that exist as crates are compilers (a hundred
//! packages, `regex` among them); what is worth most of theirs is this. It knows of JavaScript how its
//! tokens look, and that a name after a dot, before a colon in an object, and of a method there is a
//! property. A name is shortened if the script declares it with `let`, `const` or `function`, or as a
//! parameter; two variables of one name stay two variables of one name. Two names share a short one
//! where neither can hide the other, so that most functions say `a`, `b` and `c`, which compress well:
//! worth 150 bytes of the widget's 4,096. Short numbers stand where their names stood: worth 20. What it can't
//! read is refused.

use std::collections::{BTreeMap, BTreeSet};

/// The script with shorter names and fewer blanks; it does the same.
///
/// # Errors
/// A template literal, or a string or regular expression without an end.
pub fn shorten(script: &str) -> Result<String, String> {
    let script = written_out(script)?;
    let tokens = tokens(&script)?;
    let solid: Vec<usize> = (0..tokens.len()).filter(|at| !is_blank(tokens[*at])).collect();
    let roles = roles(&tokens, &solid);
    let names = short_names(&tokens, &solid, &roles);
    let mut short = String::with_capacity(script.len());
    let mut before = "\n";
    let mut blank = "";
    for (at, token) in tokens.iter().enumerate() {
        if is_blank(token) {
            blank = if token.contains('\n') || blank == "\n" { "\n" } else { " " };
            continue;
        }
        if needs(before, blank, token) {
            short.push_str(blank);
        }
        match (names.get(token), roles.get(&at)) {
            (Some(name), Some(Role::Variable)) => short.push_str(name),
            (Some(name), Some(Role::Both)) => {
                short.push_str(token);
                short.push(':');
                short.push_str(name);
            }
            _ => short.push_str(token),
        }
        (before, blank) = (token, "");
    }
    short.push('\n');
    Ok(short)
}

/// The script with short numbers, and those that it uses once, where their names stood: `let WAIT_MS = 30000`.
fn written_out(script: &str) -> Result<String, String> {
    let is_name = |name: &str| name.bytes().all(|letter| letter.is_ascii_uppercase() || letter == b'_');
    let is_number = |value: &str| value.bytes().all(|digit| digit.is_ascii_digit());
    let constants = script.lines().filter_map(|line| line.strip_prefix("let ")?.split_once(" = "));
    let all = tokens(script)?;
    let uses = |name: &str| all.iter().filter(|token| **token == name).count() - 1;
    let numbers: BTreeMap<&str, &str> = constants
        .filter(|(name, value)| is_name(name) && is_number(value) && (value.len() <= 5 || uses(name) == 1))
        .collect();
    let is_declared = |line: &&str| {
        let constant = line.strip_prefix("let ").and_then(|line| line.split_once(" = "));
        constant.is_some_and(|(name, _)| numbers.contains_key(name))
    };
    let kept: Vec<&str> = script.lines().filter(|line| !is_declared(line)).collect();
    let kept = kept.join("\n") + "\n";
    let mut before = "";
    let write = |token| {
        let is_property = std::mem::replace(&mut before, token) == ".";
        numbers.get(token).copied().filter(|_| !is_property).unwrap_or(token)
    };
    Ok(tokens(&kept)?.into_iter().map(write).collect())
}

/// What a name is where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Variable,
    Property,
    /// `{ name }`: a property of that name with the variable's value, or the other way round.
    Both,
}

fn is_blank(token: &str) -> bool {
    token.starts_with([' ', '\n'])
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '$')
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

/// Whether the blank between two tokens says something.
fn needs(before: &str, blank: &str, token: &str) -> bool {
    let (last, first) = (before.chars().next_back().unwrap_or('\n'), token.chars().next().unwrap_or('\n'));
    match blank {
        // Where a statement ends here, a line end says so.
        "\n" => !"{([,;\n".contains(last) && !"})]".contains(first) && before != "=>",
        " " => is_word(last) && is_word(first) || last == first && "+-/".contains(first),
        _ => false,
    }
}

fn tokens(script: &str) -> Result<Vec<&str>, String> {
    let mut tokens = Vec::new();
    let mut rest = script;
    // What stands before a slash says whether a regular expression begins.
    let mut before = "";
    while let Some(first) = rest.chars().next() {
        let same = |of: fn(char) -> bool| rest.find(|letter| !of(letter)).unwrap_or(rest.len());
        let length = match first {
            '`' => return Err("a template literal; write strings and a plus".to_owned()),
            '"' | '\'' => closed(rest, first)?,
            '/' if before.is_empty() || "(,=:[!&|?{};\n".contains(before) || ["return", "=>"].contains(&before) => {
                let end = closed(rest, '/')?;
                end + rest[end..].find(|letter| !is_word(letter)).unwrap_or(rest.len() - end)
            }
            ' ' => same(|letter| letter == ' '),
            '\n' => same(|letter| letter == '\n'),
            letter if is_word(letter) => same(is_word),
            '.' if rest.starts_with("...") => 3,
            '=' if rest.starts_with("=>") => 2,
            other => other.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if !token.starts_with(' ') {
            before = token;
        }
        tokens.push(token);
        rest = after;
    }
    Ok(tokens)
}

/// Bytes of what begins and ends with a mark.
fn closed(rest: &str, mark: char) -> Result<usize, String> {
    let mut in_class = false;
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            '\n' => break,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if mark == '/' => in_class = true,
            ']' if mark == '/' => in_class = false,
            _ if letter == mark && !in_class => return Ok(at + letter.len_utf8()),
            _ => {}
        }
    }
    Err(format!("no end: {}", rest.lines().next().unwrap_or_default()))
}

/// What each name is, by its place among the tokens.
fn roles(tokens: &[&str], solid: &[usize]) -> BTreeMap<usize, Role> {
    let at = |index: Option<usize>| index.and_then(|index| solid.get(index)).map_or("", |at| tokens[*at]);
    let mut roles = BTreeMap::new();
    let mut open = Vec::new();
    for (index, place) in solid.iter().enumerate() {
        let token = tokens[*place];
        match token {
            "{" | "(" | "[" => open.push(token),
            "}" | ")" | "]" => drop(open.pop()),
            _ if !is_name(token) => {}
            _ => {
                let (before, after) = (at(index.checked_sub(1)), at(Some(index + 1)));
                let is_member = open.last() == Some(&"{") && matches!(before, "{" | ",");
                let role = match after {
                    _ if before == "." => Role::Property,
                    ":" if is_member => Role::Property,
                    "(" if is_member && at(Some(end(tokens, solid, index + 1))) == "{" => Role::Property,
                    "," | "}" if is_member => Role::Both,
                    _ => Role::Variable,
                };
                roles.insert(*place, role);
            }
        }
    }
    roles
}

/// The place behind the bracket that closes the one at `index`.
fn end(tokens: &[&str], solid: &[usize], index: usize) -> usize {
    let mut depth = 0;
    for (offset, place) in solid[index..].iter().enumerate() {
        match tokens[*place] {
            "(" => depth += 1,
            ")" if depth == 1 => return index + offset + 1,
            ")" => depth -= 1,
            _ => {}
        }
    }
    solid.len()
}

/// What is known of a name that stands for variables.
#[derive(Default)]
struct Known {
    /// How often it stands.
    times: usize,
    /// It is declared outside of all functions but the one that is the whole script.
    is_outermost: bool,
    /// The outermost statements in which it stands, by number.
    stands_in: BTreeSet<usize>,
    /// Those of them that declare it.
    declared_in: BTreeSet<usize>,
}

impl Known {
    /// Whether it is the script's own wherever it stands: `event` may be a parameter here and the browser's there.
    fn is_own(&self) -> bool {
        self.is_outermost || !self.declared_in.is_empty() && self.declared_in == self.stands_in
    }

    /// Whether one name for both would make one variable of two, or hide one where it is used.
    fn meets(&self, other: &Known) -> bool {
        self.is_outermost && other.is_outermost || !self.stands_in.is_disjoint(&other.stands_in)
    }
}

/// Short names for the script's own, the shortest for those that stand most often.
fn short_names<'a>(tokens: &[&'a str], solid: &[usize], roles: &BTreeMap<usize, Role>) -> BTreeMap<&'a str, String> {
    let known = known(tokens, solid, roles);
    let mut own: Vec<&str> = known.keys().copied().filter(|name| name.len() > 2 && known[name].is_own()).collect();
    own.sort_by_key(|name| std::cmp::Reverse(known[name].times));
    let alphabet = || ('a'..='z').chain('A'..='Z');
    let short = alphabet().map(String::from).chain(alphabet().map(|letter| format!("${letter}")));
    let short: Vec<String> = short.filter(|name| !tokens.contains(&name.as_str())).collect();
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for name in own {
        let taken = names.iter().filter(|(other, _)| known[name].meets(&known[*other])).map(|(_, short)| short);
        let taken: BTreeSet<&String> = taken.collect();
        if let Some(free) = short.iter().find(|short| !taken.contains(short)) {
            names.insert(name, free.clone());
        }
    }
    names
}

/// All names that stand for variables.
fn known<'a>(tokens: &[&'a str], solid: &[usize], roles: &BTreeMap<usize, Role>) -> BTreeMap<&'a str, Known> {
    // A script is one function that is called at once, or none.
    let outermost = if solid.first().is_some_and(|place| tokens[*place] == "(") { 2 } else { 0 };
    let mut known: BTreeMap<&str, Known> = BTreeMap::new();
    let (mut depth, mut statement) = (0, 0);
    for (index, place) in solid.iter().enumerate() {
        let token = tokens[*place];
        match token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            "let" | "const" | "function" if depth <= outermost => statement += 1,
            _ => {}
        }
        if token == "(" && depth > outermost {
            for name in parameters(tokens, solid, index) {
                known.entry(name).or_default().declared_in.insert(statement);
            }
        }
        if roles.get(place).is_some_and(|role| *role != Role::Property) {
            let name = known.entry(token).or_default();
            name.times += 1;
            name.stands_in.insert(statement);
            if index > 0 && matches!(tokens[solid[index - 1]], "let" | "const" | "function") {
                name.declared_in.insert(statement);
                name.is_outermost |= depth <= outermost;
            }
        }
    }
    known
}

/// The names between the bracket at `index` and the one that closes it, if they are what a function is given; none
/// where one has a value beside it, which may be anything.
fn parameters<'a>(tokens: &[&'a str], solid: &[usize], index: usize) -> Vec<&'a str> {
    let token = |index: usize| solid.get(index).map_or("", |place| tokens[*place]);
    let end = end(tokens, solid, index);
    let has_body = token(end) == "{" && !["if", "for", "while", "switch"].contains(&token(index.wrapping_sub(1)));
    let within: Vec<&str> = (index + 1..end - 1).map(token).collect();
    if !(token(end) == "=>" || has_body) || within.contains(&"=") || within.contains(&"{") {
        return Vec::new();
    }
    within.into_iter().filter(|token| is_name(token)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(script: &str) -> String {
        shorten(script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    #[test]
    fn own_names_become_short_and_all_others_stay() {
        assert_eq!(
            short(
                "let counter = 1\nfunction increase(step) {\n  counter = counter + step\n}\nwindow.increase = increase\n"
            ),
            "let a=1\nfunction b(c){a=a+c}\nwindow.increase=b\n"
        );
    }

    #[test]
    fn properties_keep_their_names() {
        assert_eq!(
            short("let user = { user, name: user.user, user() { user() } }"),
            "let a={user:a,name:a.user,user(){a()}}\n"
        );
        assert_eq!(
            short("let total = 1\nlet { total: other, total } = f(total, total)"),
            "let a=1\nlet{total:other,total:a}=f(a,a)\n"
        );
        assert_eq!(short("let yes = 1\nlet either = no ? yes : yes"), "let a=1\nlet b=no?a:a\n");
    }

    #[test]
    fn names_of_two_functions_are_the_same_short_ones_where_neither_hides_the_other() {
        let script = "(function(window){\nlet total=0\nfunction add(value,...more){\nlet sum=value+more[0]\n\
                      total=total+sum}\nfunction tell(text,[first]){\ncall((letter)=>letter+text+first)}\n})(window)\n";
        assert_eq!(
            short(script),
            "(function(window){let a=0\nfunction e(d,...b){let c=d+b[0]\na=a+c}\n\
             function d(c,[a]){call((b)=>b+c+a)}})(window)\n"
        );
    }

    #[test]
    fn what_is_the_browser_s_elsewhere_stays() {
        assert_eq!(
            short("let one = (event) => event.type\nlet two = () => event.type\n"),
            "let a=(event)=>event.type\nlet b=()=>event.type\n"
        );
        assert_eq!(short("let act = (value = screen) => value\n"), "let a=(value=screen)=>value\n");
    }

    #[test]
    fn short_numbers_and_those_used_once_stand_where_their_names_stood() {
        let script = "let WAIT_MS = 30000\nlet WEEK_MS = 604800000\nlet YEAR_MS = 31536000000\nlet NAME = \"WAIT_MS\"\n\
                      f(WAIT_MS, x.WAIT_MS, WAIT_MS)\ng(WEEK_MS, YEAR_MS, YEAR_MS, NAME)\n";
        assert_eq!(
            short(script),
            "let a=31536000000\nlet b=\"WAIT_MS\"\nf(30000,x.WAIT_MS,30000)\ng(604800000,a,a,b)\n"
        );
    }

    #[test]
    fn strings_and_regular_expressions_stay() {
        assert_eq!(
            short("let word = /word [/\"] word/g.test(\"let word = \\\" word\") / 2 / word"),
            "let a=/word [/\"] word/g.test(\"let word = \\\" word\")/2/a\n"
        );
    }

    #[test]
    fn blanks_and_line_ends_that_say_something_stay() {
        assert_eq!(short("return 1\nlet counter = a + +b - -c\nf()\n"), "return 1\nlet d=a+ +b- -c\nf()\n");
        assert_eq!(short("if (x) {\n  f()\n  g()\n}\nelse {\n}\n"), "if(x){f()\ng()}\nelse{}\n");
    }

    #[test]
    fn what_it_can_not_read_is_refused() {
        assert!(shorten("let a = `b`").is_err());
        assert!(shorten("let a = \"b\n").is_err());
    }
}
