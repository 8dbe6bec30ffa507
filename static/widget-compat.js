// What few pages need beyond widget.js: other tools' pages (CONTRACT.md, section 1), what follows from a
// refusal, debug, and taking turns where the browser has no Web Locks.
//
// widget.js has defined `UE`, `userengage`, `Intercom` or `analytics` already, as queues, and hands
// itself over on the script element that fetches this file. No comment stands behind code and no string
// runs over a line end: the build treats both files the same way.
(function (window, document) {
"use strict";

const script = document.currentScript;
const core = script && script.rollcall;
if (!core || core.handle) {
  return;
}

// What is no plain object holds no attributes: a text, a list, a date.
const plain = (value) => ({}).toString.call(value) == "[object Object]" && value;

function without(data, names) {
  const rest = core.copy(plain(data));
  names.forEach((name) => delete rest[name]);
  return rest;
}

function call(action) {
  if (typeof action == "function") {
    core.guard(action)();
  }
}

// ---- user.com

// In what UE.pageHit and the others are given these are not the user's attributes.
const NOT_ATTRIBUTES = ["apiKey", "URL", "event", "source_context", "state"];
let greeted;

// The page's settings from now on. The key may be left out once it is known.
function replaceSettings(data) {
  const old = window.civchat || {};
  window.civchat = Object.assign({ apiKey: old.apiKey, onLoad: old.onLoad }, plain(data));
}

function update(data) {
  if (!core.settings().write_key && data && data.apiKey) {
    // An apiKey that is undefined may stand there, after init or resetAuth.
    window.civchat = Object.assign({}, window.civchat, { apiKey: data.apiKey });
  }
  const attributes = without(data, NOT_ATTRIBUTES);
  if (Object.keys(attributes).length) {
    core.identify(attributes);
  }
}

// user.com calls it once its widget is there. Ours is there now.
function greet() {
  const onLoad = window.civchat && window.civchat.onLoad;
  if (onLoad != greeted) {
    greeted = onLoad;
    call(onLoad);
  }
}

const ofUserCom = {
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
  refresh: update
};

// Names after "event." may have spaces and dots. What only concerns the chat is harmless.
function userengage(command, data) {
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

// ---- Intercom

// What says how the messenger looks and works, not who the user is.
const OF_MESSENGER = /^(api_base|alignment|\w+_padding|custom_launcher_selector|hide_default_launcher|session_duration|action_color|background_color|theme_mode|language_override|installation_type|widgetUrl|region|last_request_at|page_title|disabled)$/;
let isIntercom;

// What a token says; that it is true is the server's to find out.
function claims(token) {
  try {
    const bytes = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))) || {};
  } catch (error) {
    return {};
  }
}

function intercomSettings() {
  const values = core.copy(plain(window.intercomSettings));
  if (typeof values.intercom_user_jwt == "string" && values.user_id === undefined) {
    // Pages with a token need not say beside it whose it is.
    const said = claims(values.intercom_user_jwt);
    values.user_id = said.sub === undefined ? said.user_id : said.sub;
    values.email = values.email === undefined ? said.email : values.email;
  }
  for (const name in values) {
    if (OF_MESSENGER.test(name)) {
      delete values[name];
    }
  }
  const avatar = plain(values.avatar);
  if (avatar) {
    values.avatar = avatar.image_url;
  }
  return values;
}

// What is said of another person than before replaces all that was said; else it adds to it.
function addSettings(data) {
  const old = plain(window.intercomSettings) || {};
  const given = plain(data) || {};
  const isOther = (name) => given[name] !== undefined && old[name] !== undefined && String(given[name]) != String(old[name]);
  const fresh = isOther("user_id") || (given.user_id === undefined && old.user_id === undefined && isOther("email"));
  window.intercomSettings = Object.assign(fresh ? { app_id: old.app_id } : Object.assign({}, old), given);
  core.hear();
}

const ofIntercom = {
  boot: addSettings,
  update: addSettings,
  reattach_activator() {},
  shutdown() {
    const old = plain(window.intercomSettings) || {};
    core.calls.reset();
    window.intercomSettings = { app_id: old.app_id };
    core.hear();
  },
  trackEvent(name, metadata) {
    core.calls.track(name, metadata);
  },
  getVisitorId: () => core.person().anonymous_id
};

// What belongs to the messenger (show, hide, showNewMessage, onUnreadCountChange …) is harmless.
function intercom(method, ...values) {
  return Object.hasOwn(ofIntercom, method) ? ofIntercom[method](...values) : undefined;
}

// ---- Segment

const listeners = {};
const traits = { user: {}, group: {} };

function emit(name, ...values) {
  (listeners[name] || []).slice().forEach((listener) => core.guard(listener)(...values));
}

// Segment's calls end with options and a callback; its snippet adds a note on the page, too.
function sorted(values) {
  const given = values.filter((value) => !(plain(value) && value.__t == "bpc"));
  const callback = given.find((value) => typeof value == "function");
  return { given: given.filter((value) => typeof value != "function"), callback };
}

function object(value) {
  return plain(value) || {};
}

// The state of the user, or of the company of this tab, as analytics.user() and group() give it.
function known(kind, idOf) {
  return {
    id: idOf,
    traits(given) {
      if (given) {
        traits[kind] = object(given);
      }
      return traits[kind];
    },
    anonymousId(id) {
      const me = core.person();
      if (id) {
        core.write("localStorage", Object.assign(me, { anonymous_id: String(id) }));
      }
      return me.anonymous_id;
    },
    logout: () => core.calls.reset(),
    reset: () => core.calls.reset()
  };
}

const user = known("user", () => core.person().user_id || null);
const group = known("group", () => core.read("sessionStorage").company || null);

// What Segment's trackLink and trackForm wait for: the element, a list of elements, or jQuery's.
function trackWhen(kind, elements, event, properties) {
  const list = elements instanceof Element ? [elements] : Array.from(elements || []);
  const made = (value, element) => typeof value == "function" ? value(element) : value;
  for (const element of list) {
    element.addEventListener(kind, () => core.calls.track(made(event, element), made(properties, element)));
  }
}

// What the options of one of Segment's calls say of the message: when it was, of which company, by which ids.
function said(options) {
  const { timestamp, context, anonymousId, messageId } = object(options);
  const time = new Date(timestamp);
  return core.copy({ timestamp: isNaN(time) ? undefined : time.toISOString(), context, anonymousId, messageId });
}

// page(category, name, properties, options), each of them optional.
function view(values) {
  const texts = values.filter((value) => typeof value == "string");
  const objects = values.filter(plain);
  const properties = Object.assign({}, objects[0]);
  if (texts.length > 1) {
    properties.category = texts[0];
  }
  return { name: texts[texts.length - 1] || properties.name, properties, options: objects[1] };
}

const trackLink = (...values) => trackWhen("click", ...values);
const trackForm = (...values) => trackWhen("submit", ...values);

const ofSegment = {
  identify(id, attributes) {
    traits.user = Object.assign({}, traits.user, plain(id) || object(attributes));
    core.calls.identify(id, attributes);
  },
  group(id, attributes) {
    traits.group = object(attributes);
    core.calls.group(id, attributes);
  },
  track(event, properties, options) {
    core.put("track", Object.assign({ event, properties: core.copy(properties) }, said(options)));
  },
  page(...values) {
    const { name, properties, options } = view(values);
    if (options) {
      core.put("page", Object.assign({ name, properties: core.copy(properties) }, said(options)), 0, properties.url);
    } else {
      core.calls.page(name, properties);
    }
  },
  screen(...values) {
    const { name, properties, options } = view(values);
    core.put("screen", Object.assign({ name, properties: core.copy(properties) }, said(options)));
  },
  // alias(to, from): from a page only the visitor who is on it can be joined.
  alias(id, from) {
    const me = core.person();
    if (typeof from == "string" && from != me.user_id && from != me.anonymous_id) {
      console.info("Rollcall: alias(" + id + ", " + from + ") was not sent: " + from + " is not who is on this page. Send it from your server, with a token.");
      return;
    }
    core.calls.alias(id);
  },
  reset() {
    traits.user = {};
    traits.group = {};
    core.calls.reset();
  }
};

// Plugins, middleware and loading are nothing here.
const NOT_OURS = ["load", "timeout", "register", "deregister", "addSourceMiddleware", "addDestinationMiddleware", "addIntegrationMiddleware", "use"];

const others = {
  ready: call,
  debug: (on) => debug(on !== false),
  on(name, listener) {
    (listeners[name] = listeners[name] || []).push(listener);
  },
  once(name, listener) {
    const once = (...values) => {
      others.off(name, once);
      listener(...values);
    };
    others.on(name, once);
  },
  off(name, listener) {
    listeners[name] = (listeners[name] || []).filter((other) => listener && other != listener);
  },
  emit,
  user: () => user,
  setAnonymousId: (id) => user.anonymousId(id),
  trackLink,
  trackClick: trackLink,
  trackForm,
  trackSubmit: trackForm
};

function analytics(method, ...values) {
  const { given, callback } = sorted(values);
  if (method == "group" && !given.length) {
    return group;
  }
  if (Object.hasOwn(ofSegment, method)) {
    ofSegment[method](...given);
    emit(method, ...given);
    call(callback);
    return Promise.resolve(window.analytics);
  }
  return Object.hasOwn(others, method) ? others[method](...values) : window.analytics;
}

// The page's own queue gets every method, so whoever holds it is heard. Where Segment's script comes too,
// the queue is its.
function takeOverAnalytics() {
  const name = core.data.globalSegmentAnalyticsKey || "analytics";
  const found = window[name];
  const isSegments = (other) => /\/analytics\.js\/v1\/.*\.js/.test(other.src) && !other.src.startsWith(core.settings().api_host);
  if (!core.segment && (!found || !found.invoked || found.initialized || Array.from(document.scripts).some(isSegments))) {
    return;
  }
  core.automatic(false);
  // What widget.js put there counts no calls: they are in core.waiting.
  const isQueue = found && typeof found.length == "number";
  const target = isQueue ? found : {};
  const waiting = isQueue ? found.splice(0) : [];
  const add = (method) => {
    target[method] = (...values) => handle("analytics", [method, ...values]);
  };
  [ofSegment, others].forEach((methods) => Object.keys(methods).forEach(add));
  NOT_OURS.concat(target.methods || []).filter((method) => !Object.hasOwn(ofSegment, method) && !Object.hasOwn(others, method)).forEach(add);
  target.push = (values) => handle("analytics", Array.from(values));
  target.initialized = target.initialize = target.invoked = true;
  window[name] = target;
  // As at Segment: who listens hears what was asked before, too.
  const isFirst = (values) => ["setAnonymousId", "on", "once"].includes(values[0]);
  const calls = waiting.filter(Array.isArray);
  calls.filter(isFirst).concat(calls.filter((values) => !isFirst(values))).forEach((values) => target.push(values));
}

// ---- Settings that are no JSON

// What can still be told of them: where to send, who it is, and what may not be.
const TOLD = /^(write_key|user|user_id|user_hash|identity_token|acting_as|consent|api_host|endpoint)$/;

function salvage(text) {
  const kept = {};
  text.replace(/"(\w+)"\s*:\s*("[^"\\]*"|\d+|null|true|false)/g, (pair, name, value) => {
    if (TOLD.test(name)) {
      kept[name] = JSON.parse(value);
    }
  });
  return kept;
}

// ---- A refusal, and debug

function explain(code, detail) {
  if (core.debugging) {
    console.warn("Rollcall: " + code + ": " + detail, core.settings().api_host + "/help/codes#" + code);
  } else {
    core.complain(code, detail);
  }
}

// What a server's answer means for the person and the company: `batch` is what was sent.
function heed(batch, answer) {
  const messages = batch.map((waiting) => JSON.parse(waiting[1]));
  const { code, detail, results } = JSON.parse(answer);
  if (code && core.debugging) {
    explain(code, detail);
  }
  for (const result of results || []) {
    const message = messages.find((sent) => sent.messageId == result.message_id);
    if (message) {
      heedOne(message, result);
    }
  }
}

function heedOne(message, result) {
  const me = core.person();
  if (core.debugging) {
    console.info("Rollcall: " + message.type + " " + (message.event || message.userId || "") + ": " + result.status, message);
  }
  if (result.status == "refused") {
    explain(result.code, result.detail);
    // It may be said again.
    me.said_at = 0;
    // R9: an id that is none is nobody's; of a group call it is the company's.
    if (message.groupId === undefined && String(me.user_id) == String(message.userId) && /^id_/.test(result.code)) {
      delete me.user_id;
    }
  }
  for (const refused of result.refused_values || []) {
    explain(refused.code, refused.detail);
    // R9: no id of a company, so it is not stamped any more, unless another was stated since.
    if (refused.attribute == "context.groupId" && String(message.context.groupId) == String(core.read("sessionStorage").company)) {
      core.belong();
    }
  }
  if (result.anonymous_id && me.anonymous_id == message.anonymousId) {
    // R3, unless the person has changed since.
    me.anonymous_id = result.anonymous_id;
  }
  core.write("localStorage", me);
}

function debug(on) {
  core.debugging = on !== false;
  if (!core.debugging) {
    return;
  }
  const say = (sentence) => console.info("Rollcall: " + sentence);
  const { write_key: key, api_host: host } = core.settings();
  const me = core.person();
  say("debug is on. Every message is shown with what became of it; rollcall.debug(false) ends it.");
  if (key) {
    say("write key " + key + ", sent to " + host + ".");
  } else {
    say("no write key, so nothing is sent. Set write_key in #rollcall-settings or data-write-key on the script.");
  }
  say("user " + (me.user_id || me.email || "not known (no user_id was set)") + ", company " + (core.read("sessionStorage").company || "none stated") + ".");
  if (!core.allowed()) {
    const why = core.optedOut && me.consent === undefined ? "this browser asks all sites not to track (Global Privacy Control or Do Not Track)" : "consent is missing";
    say("nothing is stored or sent: " + why + ". Call rollcall.consent(true) once the visitor agrees.");
  }
}

// ---- Turns, where the browser has no Web Locks

// A request has failed by then.
const WAIT_MS = 30000;

// Runs the action unless another tab's note in localStorage says that it does. The note holds a time, so
// that a tab which was closed meanwhile stops nobody for long.
async function lease(action, later) {
  const area = "rollcall_sends";
  const note = String(Date.now() + WAIT_MS + Math.random());
  try {
    const left = localStorage[area] - Date.now();
    // A note of a time that is further off was written by a clock that was set back since.
    if (left > 0 && left <= WAIT_MS + 1) {
      return later();
    }
    localStorage[area] = note;
    // Two tabs may have written at once; the last one has it.
    await new Promise((done) => setTimeout(done, 50));
    if (localStorage[area] != note) {
      return later();
    }
  } catch {
    // Without storage nothing waits for other tabs.
  }
  const release = () => {
    try {
      if (localStorage[area] == note) {
        delete localStorage[area];
      }
    } catch {}
  };
  window.addEventListener("pagehide", release);
  await action();
  window.removeEventListener("pagehide", release);
  release();
}

// ---- Taking over

const handlers = {
  userengage,
  UE: (method, data) => Object.hasOwn(ofUserCom, method) && ofUserCom[method](data),
  Intercom: intercom,
  analytics,
  heed,
  debug
};

const handle = core.guard((name, values) => {
  if (name != "heed") {
    core.hear();
  }
  const answer = handlers[name](...values);
  greet();
  return answer;
});

// A page's own stub holds the calls it has taken in `q`; what it takes later comes here, too.
function takeOver(target, name, answer) {
  const found = target && target[name];
  if (found && found.q) {
    const waiting = Array.from(found.q);
    found.q = { push: (values) => answer(...values) };
    target[name] = (...values) => answer(...values);
    waiting.forEach((values) => answer(...values));
  }
}

core.foreign = () => {
  if (window.civchat) {
    return without(window.civchat, ["state"]);
  }
  const queue = window.analytics;
  return window.intercomSettings ? intercomSettings() : { write_key: queue && queue._writeKey };
};
core.salvage = salvage;
core.handle = handle;
core.lease = lease;
if (window.civchat) {
  core.guard(() => {
    const methods = window.UE = window.UE || {};
    for (const name in ofUserCom) {
      takeOver(methods, name, (...values) => handle("UE", [name, ...values]));
      methods[name] = methods[name] || ((...values) => handle("UE", [name, ...values]));
    }
  })();
}
core.guard(() => takeOver(window, "userengage", (...values) => handle("userengage", values)))();
if (!core.form() && !core.data.writeKey) {
  core.guard(() => takeOver(window, "Intercom", (...values) => handle("Intercom", values)))();
}
core.guard(takeOverAnalytics)();
core.waiting.splice(0).forEach((call) => handle(call[0], call[1]));
core.hear();
greet();
window.addEventListener("load", greet);
})(window, document);
