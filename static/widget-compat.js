// What user.com's pages need beyond widget.js: CONTRACT.md, section 1, "Other tools' pages".
//
// widget.js has defined `UE` and `userengage` already, as queues, and hands itself over on the
// script element that fetches this file. No comment stands behind code and no string runs over a
// line end: the build strips both files the same way.
(function (window, document) {
"use strict";

const script = document.currentScript;
const core = script && script.rollcall;
if (!core || core.handle) {
  return;
}
// In what UE.pageHit and the others are given these are not the user's attributes.
const NOT_ATTRIBUTES = ["apiKey", "URL", "event", "source_context", "state"];
let greeted;

function without(data, names) {
  const rest = Object.assign({}, core.plain(data));
  names.forEach((name) => delete rest[name]);
  return rest;
}

// The page's settings from now on. The key may be left out once it is known.
function replaceSettings(data) {
  const old = window.civchat || {};
  window.civchat = Object.assign({ apiKey: old.apiKey, onLoad: old.onLoad }, core.plain(data));
}

function update(data) {
  if (!core.settings().write_key && data && data.apiKey) {
    window.civchat = Object.assign({ apiKey: data.apiKey }, window.civchat);
  }
  const attributes = without(data, NOT_ATTRIBUTES);
  if (Object.keys(attributes).length) {
    core.identify(attributes);
  }
}

// user.com calls it once its widget is there. Ours is there now.
function greet() {
  const onLoad = window.civchat && window.civchat.onLoad;
  if (typeof onLoad == "function" && onLoad != greeted) {
    greeted = onLoad;
    core.guard(onLoad)();
  }
}

const methods = {
  // A page view and what is known of the user; C6 for a company without an id.
  pageHit(data) {
    const given = data || {};
    update(given);
    core.calls.page("", { url: given.URL, source_context: given.source_context });
    const event = given.event;
    if (event) {
      core.calls.track(event.event_name || event.name, event.event_name ? without(event, ["event_name"]) : without(event, ["name"]));
    }
  },
  // Signs the old user out; what is given is all that is known of the new one.
  resetAuth(data) {
    core.calls.reset();
    replaceSettings(data);
    core.hear();
  },
  destroy() {
    core.calls.reset();
    core.automatic(false);
  },
  init(data) {
    replaceSettings(data);
    core.hear();
    core.automatic(true);
  },
  refresh: update,
  // Names after "event." may have spaces and dots. What only concerns the chat is harmless.
  userengage(command, data) {
    const name = String(command);
    if (name.startsWith("event.")) {
      core.calls.track(name.slice(6), data);
    } else if (name == "product_event") {
      core.calls.track(name, data);
    } else if (name == "client.update") {
      // It never changes who the user is.
      update(without(data, ["user_id"]));
    }
  }
};

const handle = core.guard((name, values) => {
  core.guard(core.hear)();
  methods[name].apply(undefined, values);
  greet();
});

// A page's own stub holds the calls it has taken in `q`.
function takeOver(target, name) {
  const found = target && target[name];
  if (found && found.q) {
    [].slice.call(found.q).forEach((values) => handle(name, values));
    target[name] = function () {
      handle(name, arguments);
    };
  }
}

core.guard(() => takeOver(window, "userengage"))();
Object.keys(methods).forEach(core.guard((name) => takeOver(window.UE, name)));
core.handle = handle;
core.waiting.splice(0).forEach((call) => handle(call[0], call[1]));
greet();
window.addEventListener("load", greet);
})(window, document);
