//! The list of routes of a feature, each with its rule on the line.
use super::{access::enforce, body::JSON, limit::Limit};
use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use std::convert::Infallible;
use utoipa::openapi::{
    OpenApi,
    extensions::ExtensionsBuilder,
    schema::{Object, ObjectBuilder, SchemaType, Type},
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Who may call a route at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Devices with a token.
    Visitor,
    /// Staff with this permission; empty: any staff.
    Staff(&'static str),
    /// Visitors, and staff with this permission.
    Either(&'static str),
}

/// What a call leaves in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditClass {
    /// Nothing: it only looks. Not for calls that change something: those say one of the others.
    Looks,
    /// A record of this action, on this kind of object; the same when it is refused.
    Recorded {
        /// Feature and verb: `staff.create`.
        action: &'static str,
        /// `staff`, `setting`, …
        object: &'static str,
    },
    /// Nothing, though it changes something, for this reason.
    Exempt(&'static str),
}

/// What stands on the route line.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Who.
    pub access: Access,
    /// How often.
    pub limit: Limit,
    /// Also for staff who must do something else first, such as changing their password.
    pub while_pending: bool,
    /// Only with a proof, not older than a few minutes, that it is still the same person.
    pub step_up: bool,
    /// What a JSON body may weigh, in bytes.
    pub body: usize,
    /// What it leaves in the audit log.
    pub audit: AuditClass,
}

impl Rule {
    const fn new(access: Access) -> Rule {
        Rule { access, limit: Limit::Write, while_pending: false, step_up: false, body: JSON, audit: AuditClass::Looks }
    }
    /// Everybody.
    pub const fn public() -> Rule {
        Rule::new(Access::Public)
    }
    /// Devices with a token.
    pub const fn visitor() -> Rule {
        Rule::new(Access::Visitor)
    }
    /// Staff with a permission; empty: any staff.
    pub const fn staff(permission: &'static str) -> Rule {
        Rule::new(Access::Staff(permission))
    }
    /// Visitors, and staff with a permission.
    pub const fn either(permission: &'static str) -> Rule {
        Rule::new(Access::Either(permission))
    }
    /// JSON bodies of up to so many bytes instead of 64 KiB.
    pub const fn body(mut self, bytes: usize) -> Rule {
        self.body = bytes;
        self
    }
    /// Another class of limit than [`Limit::Write`].
    pub const fn limit(mut self, limit: Limit) -> Rule {
        self.limit = limit;
        self
    }
    /// Also for staff who must do something else first.
    pub const fn while_pending(mut self) -> Rule {
        self.while_pending = true;
        self
    }
    /// Only with a fresh proof that it is still the same person: for what a desk left open must not allow.
    pub const fn step_up(mut self) -> Rule {
        self.step_up = true;
        self
    }
    /// Leaves a record of this action on this kind of object, done or refused.
    pub const fn audit(mut self, action: &'static str, object: &'static str) -> Rule {
        self.audit = AuditClass::Recorded { action, object };
        self
    }
    /// Changes something and leaves no record, for this reason.
    pub const fn no_audit(mut self, why: &'static str) -> Rule {
        self.audit = AuditClass::Exempt(why);
        self
    }
    /// As shown in the OpenAPI document.
    fn describe(&self) -> String {
        match self.access {
            Access::Public => "public".to_owned(),
            Access::Visitor => "visitor".to_owned(),
            Access::Staff("") => "staff".to_owned(),
            Access::Staff(permission) => format!("staff:{permission}"),
            Access::Either(permission) => format!("visitor|staff:{permission}"),
        }
    }
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Route {
    /// `GET`, `POST`, …
    pub method: String,
    /// As in OpenAPI: `/api/v1/conversation/{id}`.
    pub path: String,
    /// Who and how often.
    pub rule: Rule,
}

/// Routes with their rules and their description.
pub struct Routes<S> {
    router: OpenApiRouter<S>,
    list: Vec<Route>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Routes { router: OpenApiRouter::new(), list: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// `Routes::default().add(routes!(list, create), Rule::staff("ticket.view"))`
    pub fn add(mut self, (schemas, mut paths, methods): UtoipaMethodRouter<S, Infallible>, rule: Rule) -> Self {
        let note = ExtensionsBuilder::new().add("x-yingda-access", rule.describe());
        let note = if rule.step_up { note.add("x-yingda-step-up", true) } else { note };
        let note = match rule.audit {
            AuditClass::Recorded { action, .. } => note.add("x-yingda-audit", action),
            AuditClass::Looks | AuditClass::Exempt(_) => note,
        };
        let note = note.build();
        for (path, item) in &mut paths.paths {
            let operations = [
                ("GET", &mut item.get),
                ("PUT", &mut item.put),
                ("POST", &mut item.post),
                ("DELETE", &mut item.delete),
                ("PATCH", &mut item.patch),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    operation.extensions.get_or_insert_default().merge(note.clone());
                    self.list.push(Route { method: method.to_owned(), path: path.clone(), rule });
                }
            }
        }
        let methods = methods.layer(DefaultBodyLimit::max(rule.body)).layer(from_fn_with_state(rule, enforce));
        self.router = self.router.routes((schemas, paths, methods));
        self
    }

    /// Joins the routes of another feature.
    pub fn merge(mut self, other: Routes<S>) -> Self {
        self.router = self.router.merge(other.router);
        self.list.extend(other.list);
        self
    }

    /// The router, its description, and the list of operations.
    pub fn into_parts(self, state: S) -> (Router, OpenApi, Vec<Route>) {
        let (router, description) = self.router.with_state(state).split_for_parts();
        (router, description, self.list)
    }
}

/// The description as it is published: without what the derives say too much of, and with problem documents under their own media type.
pub fn publish(description: &OpenApi) -> serde_json::Value {
    let mut document = serde_json::to_value(description).unwrap_or_default();
    forbid_null(&mut document);
    name_problems(&mut document);
    document
}

/// Wherever a problem is answered, it comes as `application/problem+json` (RFC 9457); the derive calls every body `application/json`.
fn name_problems(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(content)) = fields.get_mut("content")
                && content.get("application/json").is_some_and(|media| media["schema"]["$ref"] == "#/components/schemas/Problem")
                && let Some(media) = content.remove("application/json")
            {
                content.insert("application/problem+json".to_owned(), media);
            }
            fields.values_mut().for_each(name_problems);
        }
        Value::Array(items) => items.iter_mut().for_each(name_problems),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Marks what may be `null` after all; it does not reach the published description.
const NULLABLE: &str = "x-yingda-nullable";

/// An id or a text that may be `null`: see [`super::nullable`].
pub fn nullable_text() -> Object {
    let marked = ExtensionsBuilder::new().add(NULLABLE, true).build();
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("Absent: it stays. `null`: none from now on."))
        .extensions(Some(marked))
        .build()
}

/// A field that may be absent is never `null` in Yingda, but the derive says both.
fn forbid_null(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            if fields.remove(NULLABLE).is_some() {
                return;
            }
            if let Some(Value::Array(types)) = fields.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    fields.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = fields.get_mut("oneOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [only] = choices.as_slice()
                    && let Value::Object(only) = only.clone()
                {
                    fields.remove("oneOf");
                    fields.extend(only);
                }
            }
            fields.values_mut().for_each(forbid_null);
        }
        Value::Array(items) => items.iter_mut().for_each(forbid_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
