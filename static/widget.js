// Rollcall's widget: tells the server who is on the page and which company they belong to.
//
// Served as GET /widget.js after build.rs has taken out comments, indentation and blank lines, at
// most 4 KB brotli. The stripper knows no JavaScript, so a comment has its own line and no string
// runs over a line end. `let` throughout and no semicolons: together they are worth 60 bytes; no line
// begins with a bracket. R1, C1, T1 … are RULES.md; the rest is CONTRACT.md, section 1.
//
// How it hangs together:
//   settings()  what the page says now, read again at each call
//   hear()      applies the settings if they say something new
//   identify()  who is here, by settings or by a call; decides on forgetting (R4, R14)
//   put()       a message, stamped with person, company and session of this moment, joins the queue
//   flush()     one request for all that one tick asked; the one place that talks to the server
// A message is finished when it is asked for and then only waits, so what the page changes in its
// objects later does not matter.
//
// What other tools' pages need beyond this is in widget-compat.js, fetched only where it is needed.
(function () {
"use strict"

const VERSION = "0.1.0"
// The build may write the hash of widget-compat.js here; without one there is no integrity attribute.
const COMPAT_INTEGRITY = ""
// T6, C3: a session, and the company of a tab with it, ends after this silence. What was said is not
// said again for as long.
let SILENCE_MS = 1800000
// Browsers allow 64 KiB of keepalive bodies in flight; the rest is for the envelope.
let BATCH_BYTES_MAX = 60000
// What may wait while nothing can be sent; the oldest goes first.
let QUEUE_MAX = 100
let NAVIGATION_MS = 300
let PATIENCE_MS = 2000
// Settings that are no attributes of the user.
let RESERVED = /^(write_key|apiKey|app_id|user|user_id|user_hash|identity_token|intercom_user_jwt|acting_as|consent|api_host|endpoint|hash)$/

let script = document.currentScript || {}
let origin = script.src ? new URL(script.src).origin : ""
let data = script.dataset || {}
let memory = {}
let told = {}
// Proof of identity by the person it is of.
let proofs = {}
let acting = ""
let applied
let session
let campaign
let referrer = document.referrer
// The address of the last page told, and the page that is still to come.
let last
let pending
let pageTimer
let stamp = 0
let stopped
let missed = 0
let open
let queue = []
let timer
let sending
let tries = 0
let compat

// One console line for each kind of trouble and page, nothing else.
function complain(code, sentence) {
  if (!told[code]) {
    told[code] = 1
    console.warn("Rollcall: " + code, sentence || "")
  }
}

// Nothing that goes wrong in here reaches the page.
let guard = (action) => (...values) => {
  try {
    return action(...values)
  } catch (error) {
    complain(error)
  }
}

// Read again at each use, since another tab may have written. Where storage is refused memory serves;
// so it does while staff look at a customer (R16), which leaves no trace in this browser.
function read(area) {
  area = acting + area
  try {
    memory[area] = JSON.parse(window[area].rollcall)
  } catch {}
  return Object.assign({}, memory[area])
}

function write(area, value) {
  area = acting + area
  memory[area] = value
  try {
    window[area].rollcall = JSON.stringify(value)
  } catch {}
}

// randomUUID exists on https and localhost only, this everywhere.
let random = () => crypto.getRandomValues(new Uint32Array(4)).join("-")

// R9, as far as it takes to compare ids. The server gets an id as the page gave it.
let normal = (id) => id == null ? "" : String(id).trim().normalize()

// What is no plain object holds no attributes: a text, a list, a date.
let plain = (value) => ({}).toString.call(value) == "[object Object]" && value

// The id of a company by any of its names (C1).
let idOf = (company) => normal(Object(company).company_id || Object(company).id || Object(company).groupId)

// Drops functions and `undefined`, and keeps the page from changing what was asked.
let copy = (value) => JSON.parse(JSON.stringify(value || {}))

// The first form on the page wins; the script's own attributes fill in what it leaves out.
function settings() {
  let element = document.getElementById("rollcall-settings")
  let ours = element ? JSON.parse(element.textContent) : window.rollcallSettings
  // In civchat `state` is how the chat looks, not where the user lives.
  let values = copy(plain(ours) || { ...plain(window.civchat), state: undefined })
  values.write_key = values.write_key || values.apiKey || values.app_id || data.writeKey
  values.api_host = values.api_host || data.apiHost || origin
  return values
}

// Who is known in this browser: {anonymous_id, user_id, email, session, seen, said, said_at}.
function person() {
  let me = read("localStorage")
  let now = Date.now()
  me.said = me.said || {}
  if (!(Math.abs(now - me.seen) < SILENCE_MS)) {
    me.anonymous_id = me.anonymous_id || random()
    me.session = me.seen = now
    write("localStorage", me)
  }
  return me
}

let owner = (me) => me.user_id || me.email

// R4: nothing of the former person stays, not even the session.
function forget() {
  write("localStorage", { anonymous_id: random() })
  belong()
  return person()
}

// C3: the company lives in the tab, as long as the session in which it was stated.
function belong(company) {
  write("sessionStorage", { company, session: person().session })
}

// `again`: nobody has said anything new, only a new session has begun.
function identify(values, again) {
  let me = person()
  let id = normal(values.user_id)
  let email = /@/.test(values.email) ? normal(values.email).toLowerCase() : ""
  let nobody = !id && !email && (values.user === null || values.user_id !== undefined)
  if (again && (nobody || (id ? id != me.user_id : email && email != me.email))) {
    return
  }
  // While the settings vouch for the known user, an e-mail alone is that user's new one.
  let vouched = me.user_id == normal(settings().user_id)
  if (id ? me.user_id && id != me.user_id : email ? me.email && email != me.email && !vouched : nobody && owner(me)) {
    // R4, or R14: the page speaks of the user and says that there is none.
    me = forget()
  }
  me.user_id = id || me.user_id
  me.email = email || me.email
  write("localStorage", me)
  let identity_token = values.identity_token || values.intercom_user_jwt
  if (values.user_hash || identity_token) {
    proofs[owner(me)] = { user_hash: values.user_hash, identity_token }
  }
  let traits = copy(values)
  for (let key in traits) {
    // Templates of signed-out pages leave empty strings, which say nothing of a visitor.
    if (RESERVED.test(key) || (!id && !email && traits[key] === "")) {
      delete traits[key]
    }
  }
  let stated = traits.company
  let company = idOf(stated)
  // What is said of the tab's company; a list that replaces is the whole truth (C1).
  let said = [].concat(stated, traits.companies).find((item) => idOf(item) == read("sessionStorage").company)
  if (stated === null) {
    delete traits.company
    belong()
  } else if (company && !stated.remove) {
    belong(company)
  } else if (said ? said.remove : traits.companies && traits.companies_mode == "replace") {
    belong()
  }
  if (id || email || Object.keys(traits).length) {
    put("identify", { userId: id ? values.user_id : me.user_id, traits }, { user_id: owner(me), ...traits })
  }
}

let hear = guard(() => {
  if (window.civchat) {
    fetchCompat()
  }
  let values = settings()
  if (!values.acting_as != !acting) {
    let { anonymous_id } = person()
    acting = acting ? "" : "acting "
    memory["acting localStorage"] = { anonymous_id }
  }
  let text = JSON.stringify(values)
  let again = text == applied
  if (!again || session != person().session) {
    applied = text
    identify(values, again)
  }
  session = person().session
})

// `said`, of identify and group: the values by name, hashed, so that nothing is said twice. Operators
// (A3) say something new each time.
function put(type, fields, said, url, time) {
  let me = person()
  let now = Date.now()
  let marks = {}
  let tab = read("sessionStorage")
  let news = !said
  if (!(now - me.said_at < SILENCE_MS)) {
    me.said = {}
    me.said_at = now
  }
  for (let key in said) {
    let text = JSON.stringify(said[key]) || ""
    let hash = 0
    for (let letter of text) {
      hash = Math.imul(hash ^ letter.codePointAt(), 16777619)
    }
    marks[key] = hash
    news = news || hash != me.said[key] || /"\$\w+":/.test(text)
  }
  if (!news) {
    return
  }
  Object.assign(me.said, marks)
  me.seen = now
  // What is said in one millisecond keeps its order.
  stamp = now > stamp || now < stamp - 1000 ? now : stamp + 1
  write("localStorage", me)
  queue.push({ marks, message: {
    type,
    messageId: random(),
    anonymousId: me.anonymous_id,
    userId: me.user_id,
    timestamp: time || new Date(stamp),
    ...fields,
    context: {
      page: { url: url || address(), title: document.title, referrer },
      locale: navigator.language,
      session_id: me.session,
      groupId: !said && tab.session == me.session ? tab.company : undefined,
      library: { name: "rollcall.js", version: VERSION },
      campaign,
      acting_as: !!acting || undefined,
      ...proofs[owner(me)]
    }
  } })
  if (tries) {
    shed()
  }
  flushIn(0)
}

// A flush that is already planned stays, so what is asked during a back-off waits for its end.
function flushIn(ms) {
  timer = timer || setTimeout(flush, ms)
}

let flush = guard((leaving) => {
  timer = clearTimeout(timer)
  hear()
  let { write_key, api_host, endpoint } = settings()
  if (!open || !queue.length || (sending && !leaving)) {
    return
  }
  if (!write_key || !api_host) {
    // It may still come, by a tag manager for example.
    if (document.readyState == "complete" && missed++) {
      complain("write_key_missing", "no write key, nothing is sent")
    }
    shed()
    return flushIn(PATIENCE_MS)
  }
  let size = 0
  let batch = queue.filter((item, index) => (size += new Blob([JSON.stringify(item.message)]).size + 1) < BATCH_BYTES_MAX || !index)
  let url = api_host.replace(/\/$/, "") + (endpoint || "/v1/batch")
  let body = JSON.stringify({ writeKey: write_key, sentAt: new Date(), batch: batch.map((item) => item.message) })
  if (!leaving) {
    post(url, body, batch, size < BATCH_BYTES_MAX)
  } else if (!navigator.sendBeacon(url, body)) {
    return
  }
  queue = queue.slice(batch.length)
  if (leaving) {
    flush(1)
  }
})

async function post(url, body, batch, keepalive) {
  let results = []
  sending = 1
  try {
    // A string goes as text/plain, which needs no preflight.
    let response = await fetch(url, { method: "POST", body, keepalive })
    let status = response.status
    if (status == 429 || status > 499) {
      throw response.headers.get("Retry-After")
    }
    if (response.ok) {
      results = (await response.json()).results || results
    } else {
      complain(status, await response.text())
      batch.forEach(unsay)
    }
    tries = 0
  } catch (seconds) {
    queue = batch.concat(queue)
    shed()
    flushIn(1000 * Math.max(+seconds || 0, 2 ** Math.min(tries++, 8)) * (1 + Math.random() / 2))
  }
  sending = 0
  guard(heed)(batch, results)
  flushIn(0)
}

function heed(batch, results) {
  for (let { status, code, detail, message_id, anonymous_id, refused_values } of results) {
    let item = batch.find(({ message }) => message.messageId == message_id)
    if (item && status == "refused") {
      complain(code, detail)
      unsay(item, code)
    }
    for (let { attribute, code, detail } of item && refused_values || []) {
      complain(code, detail)
      // R9: no id of a company, so it is not stamped any more, unless another was stated since.
      if (attribute == "context.groupId" && item.message.context.groupId == read("sessionStorage").company) {
        belong()
      }
    }
    let me = person()
    if (item && anonymous_id && me.anonymous_id == item.message.anonymousId) {
      // R3, unless the person has changed since.
      me.anonymous_id = anonymous_id
      write("localStorage", me)
    }
  }
}

// It was not heard and may be said again. An id that is none (R9) is nobody's; of a group call it is
// the company's.
function unsay({ marks, message }, code) {
  let me = person()
  for (let key in marks) {
    delete me.said[key]
  }
  if (message.groupId === undefined && me.user_id == normal(message.userId) && /^id_/.test(code)) {
    delete me.user_id
  }
  write("localStorage", me)
}

function shed() {
  queue.splice(0, queue.length - QUEUE_MAX).forEach(unsay)
}

function address(url) {
  let found = new URL(url || location, location)
  if (!settings().hash) {
    found.hash = ""
  }
  return found.href
}

// An explicit page counts for the automatic one of the same address that is still to come.
function page(name, properties, url, time) {
  let to = address(url)
  if (pending && pending.to == to) {
    pending = 0
  }
  if (last && last != to) {
    referrer = last
  }
  last = to
  put("page", { name, properties: copy(properties) }, 0, to, time)
}

let arrive = guard((now) => {
  if (!now && inner.waiting[0] && new Date() - pending.time < PATIENCE_MS) {
    // A UE.pageHit may be among what waits for widget-compat.js.
    pageTimer = setTimeout(arrive, NAVIGATION_MS)
  } else if (pending) {
    hear()
    page("", 0, pending.to, pending.time)
  }
})

// Frameworks redirect and set the title after the address has changed, so a page waits a moment. An
// address that was replaced meanwhile was nobody's page, one that was left was.
let navigated = guard((replaced) => {
  let to = address()
  if (!stopped && to != (pending ? pending.to : last)) {
    if (replaced !== true) {
      arrive(1)
    }
    pending = to != last && { to, time: new Date() }
    clearTimeout(pageTimer)
    pageTimer = setTimeout(arrive, NAVIGATION_MS)
  }
})

let calls = {
  identify(userId, attributes) {
    // Segment's form without an id has the attributes first.
    identify(plain(userId) || { ...plain(attributes), ...normal(userId) && { user_id: userId } })
  },
  group(companyId, attributes, options) {
    belong(normal(companyId))
    let company = copy({ groupId: companyId, traits: attributes, membership: Object(options).membership })
    put("group", company, { user_id: owner(person()), company })
  },
  track(name, properties) {
    put("track", { event: name, properties: copy(properties) })
  },
  page(name, properties) {
    page(name, properties, properties && properties.url)
  },
  alias(newId) {
    let me = person()
    put("alias", { userId: newId, previousId: me.user_id || me.anonymous_id })
  },
  leave(company_id) {
    identify({ company: { company_id, remove: true } })
  },
  reset: forget,
  ready: (callback) => callback(),
  // Later: consent and the doctor's mirror. Pages may call them already.
  consent() {},
  debug() {}
}

// What widget-compat.js works with. Until it is here user.com's globals keep what they are asked.
let inner = { waiting: [], guard, plain, settings, hear, identify, automatic }

// A page may have a UE that takes nothing, or may refuse scripts. Its visits count all the same.
let define = guard(() => {
  let stub = (name) => guard((...values) => {
    fetchCompat()
    if (inner.handle) {
      inner.handle(name, values)
    } else {
      inner.waiting.push([name, values])
    }
  })
  window.userengage = window.userengage || stub("userengage")
  let target = window.UE = window.UE || {}
  for (let name of ["pageHit", "resetAuth", "destroy", "init", "refresh"]) {
    target[name] = target[name] || stub(name)
  }
})

let fetchCompat = guard(() => {
  if (!compat) {
    define()
    compat = document.createElement("script")
    compat.src = origin + "/widget-compat.js"
    if (COMPAT_INTEGRITY) {
      compat.integrity = COMPAT_INTEGRITY
      compat.crossOrigin = "anonymous"
    }
    compat.nonce = script.nonce
    compat.rollcall = inner
    document.documentElement.append(compat)
  }
})

// Turns automatic pages on, or off.
function automatic(on) {
  stopped = !on
  if (stopped) {
    pending = last = 0
  }
  navigated()
}

guard(() => {
  if (window.rollcall && window.rollcall.leave) {
    // The snippet is on the page twice.
    return
  }
  for (let name in calls) {
    let call = guard(calls[name])
    calls[name] = (...values) => {
      hear()
      call(...values)
    }
  }
  window.rollcall = inner.calls = calls

  // A page of ours has its key by now. Another may be user.com's: it may poll for the function, or
  // set civchat later. An editor is called UE, too.
  if (window.civchat || window.userengage) {
    fetchCompat()
  } else if (!window.UE && !settings().write_key) {
    define()
  }

  for (let [key, value] of new URLSearchParams(location.search)) {
    if (key.startsWith("utm_")) {
      campaign = { ...campaign, [key.slice(4).replace("campaign", "name")]: value }
    }
  }
  for (let name of ["pushState", "replaceState"]) {
    let original = history[name]
    history[name] = function () {
      original.apply(this, arguments)
      navigated(name == "replaceState")
    }
  }
  addEventListener("popstate", navigated)
  addEventListener("hashchange", navigated)
  addEventListener("online", () => flush())
  addEventListener("load", () => last && flushIn(0))
  addEventListener("pagehide", () => {
    open = 1
    arrive(1)
    flush(1)
  })
  // A page that comes back from the browser's cache is seen again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) {
      last = 0
      navigated()
    }
  })

  let release = () => {
    // The first page takes along who it is that came, so there is nothing to send before it.
    if (!open && queue.length) {
      flushIn(0)
    }
    open = 1
  }
  requestAnimationFrame(() => setTimeout(release))
  // A page that is only prepared is not seen yet; it is painted once it is.
  setTimeout(() => document.prerendering || release(), PATIENCE_MS)
  navigated()
  let run = guard(([name, ...values]) => calls[name](...values))
  let push = (...all) => all.forEach(run)
  push(...window.rollcallQueue || [])
  window.rollcallQueue = { push }
})()
})()
