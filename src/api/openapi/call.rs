//! One call: what a noun says of it, and the operation that is made of it.

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, ArrayItems, ObjectBuilder, SchemaType, Type,
};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, ContentBuilder, HttpMethod, Ref, RefOr, Required, ResponseBuilder, Schema};

use super::parameters::{self, Parameter};
use super::{ProblemView, TOKEN};
use crate::api::answer::List;
use crate::domain::access::Scope;
use crate::domain::codes::Explained;
use crate::domain::codes::calls::CallCode;
use crate::domain::codes::requests::RequestCode;
use crate::http::problem;

/// Schemas by name.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// An answer: its status, when it comes, and what it holds, where it holds something.
type Answered = (u16, &'static str, Option<(&'static str, Content)>);

/// A call of the API as its noun describes it.
pub(in crate::api) struct Call {
    method: HttpMethod,
    path: &'static str,
    /// What a token must be allowed; none where no token is asked for.
    scope: Option<Scope>,
    summary: &'static str,
    parameters: Vec<Parameter>,
    body: Option<Content>,
    body_type: &'static str,
    answers: Vec<Answered>,
    codes: Vec<(u16, &'static str)>,
    schemas: Schemas,
    links: Vec<Leads>,
}

/// A call by which one goes on: its operation, and its parameters with where the answer says them.
type Leads = (&'static str, &'static [(&'static str, &'static str)]);

/// A call that reads.
pub(in crate::api) fn get(path: &'static str, summary: &'static str) -> Call {
    Call::new(HttpMethod::Get, path, Scope::Read, summary)
}

/// A call that makes or does something, with a token of at least this scope.
pub(in crate::api) fn post(path: &'static str, scope: Scope, summary: &'static str) -> Call {
    Call::new(HttpMethod::Post, path, scope, summary)
}

/// A call that writes what is or is to be, with a token of at least this scope.
pub(in crate::api) fn put(path: &'static str, scope: Scope, summary: &'static str) -> Call {
    Call::new(HttpMethod::Put, path, scope, summary)
}

/// A call that changes what is, with a token of at least this scope.
pub(in crate::api) fn patch(path: &'static str, scope: Scope, summary: &'static str) -> Call {
    Call::new(HttpMethod::Patch, path, scope, summary)
}

/// A call that takes away, with a token of at least this scope.
pub(in crate::api) fn delete(path: &'static str, scope: Scope, summary: &'static str) -> Call {
    Call::new(HttpMethod::Delete, path, scope, summary)
}

impl Call {
    fn new(method: HttpMethod, path: &'static str, scope: Scope, summary: &'static str) -> Call {
        Call {
            method,
            path,
            scope: Some(scope),
            summary,
            parameters: parameters::of_path(path),
            body: None,
            body_type: "application/json",
            answers: Vec::new(),
            codes: Vec::new(),
            schemas: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Calls by which one goes on with what the answer says: the operations by their ids, and their parameters, such as
    /// `path.id`, each with the place in the answer.
    pub fn leads_to(
        mut self,
        operations: &[&'static str],
        parameters: &'static [(&'static str, &'static str)],
    ) -> Call {
        self.links.extend(operations.iter().map(|operation| (*operation, parameters)));
        self
    }

    /// It takes no token.
    pub fn open(mut self) -> Call {
        self.scope = None;
        self
    }

    /// Parameters of the query string that mean the same wherever they stand.
    pub fn takes(mut self, names: &[&'static str]) -> Call {
        self.parameters.extend(names.iter().map(|name| parameters::known(name)));
        self
    }

    /// A parameter of the query string that this call alone has.
    pub fn takes_own(mut self, name: &'static str, meaning: &'static str) -> Call {
        self.parameters.push(Parameter::text(name, meaning));
        self
    }

    /// One of some words, which this call alone takes.
    pub fn takes_word(mut self, name: &'static str, words: &'static [&'static str], meaning: &'static str) -> Call {
        self.parameters.push(Parameter::word(name, words, meaning));
        self
    }

    /// A day, which this call alone takes.
    pub fn takes_day(mut self, name: &'static str, meaning: &'static str) -> Call {
        self.parameters.push(Parameter::day(name, meaning));
        self
    }

    /// A parameter of the query string that must be there, with an example.
    pub fn needs(mut self, name: &'static str, meaning: &'static str, example: &'static str) -> Call {
        self.parameters.push(Parameter::needed(name, meaning, example));
        self
    }

    /// One of some words in the query string that must be there, with an example.
    pub fn needs_word(
        mut self,
        name: &'static str,
        words: &'static [&'static str],
        meaning: &'static str,
        example: &'static str,
    ) -> Call {
        self.parameters.push(Parameter::word(name, words, meaning).with(example));
        self
    }

    /// The id, which stands in the path, or in the query string where the path has no place for it.
    pub fn of_one(self) -> Call {
        if self.path.contains("{id}") { self.takes(&["id"]) } else { self.needs("id", "The id", "ID") }
    }

    /// A body of JSON with these members and no others, none of them required, and each of the type that it has here,
    /// or null.
    pub fn sends(mut self, example: Value) -> Call {
        self.body = Some(ContentBuilder::new().schema(Some(closed(&example))).example(Some(example)).build());
        self
    }

    /// A body of JSON of a type, with an example.
    pub fn sends_a<T: ToSchema>(mut self, example: Value) -> Call {
        self.body = Some(ContentBuilder::new().schema(Some(self.schema::<T>())).example(Some(example)).build());
        self
    }

    /// A body that is a file.
    pub fn sends_file(mut self, content_type: &'static str, example: &'static str) -> Call {
        let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
        self.body = Some(ContentBuilder::new().schema(Some(text)).example(Some(json!(example))).build());
        self.body_type = content_type;
        self
    }

    /// 200 with JSON of a type.
    pub fn answers<T: ToSchema>(self) -> Call {
        self.answers_with::<T>(200, "Done")
    }

    /// Another status with JSON of a type.
    pub fn answers_with<T: ToSchema>(mut self, status: u16, when: &'static str) -> Call {
        let content = Content::new(Some(self.answered::<T>()));
        self.answers.push((status, when, Some(("application/json", content))));
        self
    }

    /// A page of a list with rows of a type.
    pub fn lists<T: ToSchema>(mut self) -> Call
    where
        List<T>: ToSchema,
    {
        self.answered::<T>();
        self.answers_around::<List<T>>(200, "A page of the list")
    }

    /// JSON of a type that holds another: its name says not which, so it stands here in full.
    pub fn answers_around<T: ToSchema>(mut self, status: u16, when: &'static str) -> Call {
        let known = self.schemas.len();
        T::schemas(&mut self.schemas);
        self.schemas[known..].iter_mut().for_each(|(_, schema)| require_nullable(schema));
        let mut schema = T::schema();
        require_nullable(&mut schema);
        self.answers.push((status, when, Some(("application/json", Content::new(Some(schema))))));
        self
    }

    /// The last answer, or with `dry_run=1` JSON of a type.
    pub fn or_previews<T: ToSchema>(mut self) -> Call {
        let preview = self.answered::<T>();
        if let Some((_, _, Some((_, content)))) = self.answers.last_mut()
            && let Some(done) = content.schema.take()
        {
            content.schema = Some(RefOr::T(AnyOfBuilder::new().item(done).item(preview).build().into()));
        }
        self
    }

    /// A type that its answers name from within another.
    pub fn knows<T: ToSchema>(mut self) -> Call {
        self.answered::<T>();
        self
    }

    /// JSON whose members are these and of these types.
    pub fn answers_like(mut self, status: u16, when: &'static str, example: Value) -> Call {
        let content = ContentBuilder::new().schema(Some(like(&example))).example(Some(example)).build();
        self.answers.push((status, when, Some(("application/json", content))));
        self
    }

    /// 200 with something else.
    pub fn answers_in(mut self, content_type: &'static str, what: &'static str) -> Call {
        self.answers.push((200, what, Some((content_type, Content::default()))));
        self
    }

    /// 204.
    pub fn answers_nothing(mut self) -> Call {
        self.answers.push((204, "Done", None));
        self
    }

    /// Why it may be refused, beside what may become of every call.
    pub fn refuses<C: Into<&'static Explained> + Copy>(mut self, codes: &[(u16, C)]) -> Call {
        self.codes.extend(codes.iter().map(|(status, code)| (*status, (*code).into().code)));
        self
    }

    fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), T::schema()));
        T::schemas(&mut self.schemas);
        RefOr::Ref(Ref::from_schema_name(name))
    }

    /// The schema of what is answered: a member that may be null is there all the same.
    fn answered<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let known = self.schemas.len();
        let named = self.schema::<T>();
        self.schemas[known..].iter_mut().for_each(|(_, schema)| require_nullable(schema));
        named
    }

    /// Hands on the schemas that it names.
    pub(super) fn collect_schemas(&self, all: &mut Schemas) {
        all.extend(self.schemas.clone());
    }

    /// Its whole path.
    pub(super) fn address(&self) -> String {
        format!("/api/v1{}", self.path)
    }

    pub(super) fn method(&self) -> HttpMethod {
        self.method.clone()
    }

    /// The operation as OpenAPI has it.
    pub(super) fn operation(mut self) -> Operation {
        let tag = self.path.split('/').nth(1).unwrap_or_default();
        let mut operation = OperationBuilder::new().tag(tag).summary(Some(self.summary));
        operation = operation.operation_id(Some(self.operation_id()));
        if let Some(scope) = self.scope {
            operation = operation.security(SecurityRequirement::new(TOKEN, [scope.as_str()]));
            self = self
                .refuses(&[(401, RequestCode::TokenMissing), (401, RequestCode::TokenInvalid)])
                .refuses(&[(403, CallCode::ScopeMissing), (400, CallCode::ParameterInvalid)]);
        }
        for parameter in std::mem::take(&mut self.parameters) {
            operation = operation.parameter(parameter.described());
        }
        if let Some(body) = self.body.take() {
            let body = RequestBodyBuilder::new().content(self.body_type, body).required(Some(Required::True)).build();
            operation = operation.request_body(Some(body));
            if self.body_type == "application/json" {
                self = self
                    .refuses(&[(400, RequestCode::InvalidJson)])
                    .refuses(&[(400, CallCode::ValueInvalid)])
                    .refuses(&[(413, CallCode::BodyTooLarge)]);
            }
        }
        for same in std::mem::take(&mut self.answers).chunk_by(|one, other| one.0 == other.0) {
            let mut response = ResponseBuilder::new().description(same[0].1);
            for (content_type, content) in same.iter().filter_map(|(.., content)| content.as_ref()) {
                response = response.content(*content_type, content.clone());
            }
            for (operation, parameters) in self.links.iter().filter(|_| same[0].0 < 300) {
                let link = LinkBuilder::new().operation_id(*operation);
                let link = parameters
                    .iter()
                    .fold(link, |link, (name, place)| link.parameter(*name, format!("$response.body#{place}")));
                response = response.link(*operation, link.build());
            }
            operation = operation.response(same[0].0.to_string(), response.build());
        }
        self.codes.sort_unstable();
        for same in self.codes.chunk_by(|one, other| one.0 == other.0) {
            let codes: Vec<&str> = same.iter().map(|(_, code)| *code).collect();
            operation = operation.response(same[0].0.to_string(), refusal(&codes.join(", ")));
        }
        operation
            .response("default", refusal("What any call may answer: rate_limited, busy, too_slow, internal"))
            .build()
    }

    /// `get_users_id_events`
    fn operation_id(&self) -> String {
        let method = match self.method {
            HttpMethod::Post => "post",
            HttpMethod::Put => "put",
            HttpMethod::Patch => "patch",
            HttpMethod::Delete => "delete",
            _ => "get",
        };
        let word = |c: char| if c.is_alphanumeric() { c } else { '_' };
        let path: String = self.path.replace(['{', '}'], "").chars().map(word).collect();
        format!("{method}{path}")
    }
}

fn refusal(codes: &str) -> utoipa::openapi::Response {
    let content = Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(ProblemView::name()))));
    ResponseBuilder::new().description(codes).content(problem::CONTENT, content).build()
}

/// Requires the members that may be null. One that may be absent says `nullable = false`.
fn require_nullable(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            for (name, member) in &mut object.properties {
                if may_be_null(member) && !object.required.contains(name) {
                    object.required.push(name.clone());
                }
                require_nullable(member);
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                require_nullable(items);
            }
        }
        RefOr::T(Schema::OneOf(of)) => of.items.iter_mut().for_each(require_nullable),
        RefOr::T(Schema::AllOf(of)) => of.items.iter_mut().for_each(require_nullable),
        RefOr::T(Schema::AnyOf(of)) => of.items.iter_mut().for_each(require_nullable),
        _ => {}
    }
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    let says_null = |kind: &SchemaType| match kind {
        SchemaType::Type(kind) => *kind == Type::Null,
        SchemaType::Array(kinds) => kinds.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => says_null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => says_null(&array.schema_type),
        RefOr::T(Schema::OneOf(of)) => of.items.iter().any(may_be_null),
        RefOr::T(Schema::AnyOf(of)) => of.items.iter().any(may_be_null),
        _ => false,
    }
}

/// The schema of which a value is an example: its members, each of its type.
fn like(example: &Value) -> RefOr<Schema> {
    let simple = |kind| ObjectBuilder::new().schema_type(SchemaType::Type(kind)).build().into();
    match example {
        Value::Null => ObjectBuilder::new().schema_type(SchemaType::AnyValue).build().into(),
        Value::Bool(_) => simple(Type::Boolean),
        Value::Number(number) if number.is_f64() => simple(Type::Number),
        Value::Number(_) => simple(Type::Integer),
        Value::String(_) => simple(Type::String),
        Value::Array(items) => {
            ArrayBuilder::new().items(items.first().map_or_else(|| like(&Value::Null), like)).build().into()
        }
        Value::Object(members) => {
            let object = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Object));
            members
                .iter()
                .fold(object, |object, (name, value)| match name.as_str() {
                    // Whatever the site names them.
                    "attributes" => object.property(name, free()),
                    _ => object.property(name, like(value)),
                })
                .build()
                .into()
        }
    }
}

/// As [`like`], an object without other members.
fn closed(example: &Value) -> RefOr<Schema> {
    match like(example) {
        RefOr::T(Schema::Object(mut object)) => {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            for (name, schema) in &mut object.properties {
                match name.as_str() {
                    // Values as any other: what can't be converted is told beside what was taken.
                    "name" | "email" | "role" | "title" => *schema = like(&Value::Null),
                    _ => or_null(schema),
                }
            }
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

/// `null` clears.
fn or_null(schema: &mut RefOr<Schema>) {
    let kind = match schema {
        RefOr::T(Schema::Object(object)) => &mut object.schema_type,
        RefOr::T(Schema::Array(array)) => &mut array.schema_type,
        _ => return,
    };
    if let SchemaType::Type(only) = kind {
        *kind = SchemaType::Array(vec![only.clone(), Type::Null]);
    }
}

/// An object with whatever members.
fn free() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Object))
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .build()
        .into()
}
