//! The door of people: pages written on the server, one file a page with its form and POST.

mod codes;
mod companies;
mod company;
mod errors;
mod first_run;
mod happenings;
mod help;
mod install;
mod links;
mod overview;
mod parts;
mod password;
mod refusals;
mod search;
mod set_up;
mod settings;
mod sign_in;
mod timeline;
mod user;
mod users;
mod visitors;
