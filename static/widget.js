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
//   put()       a message, stamped with person, company and session of this moment, joins what waits
//   flush()     one request for all that waits, by one tab at a time; the one place that talks to the server
// A message is finished when it is asked for, so what the page changes in its objects later does not
// matter. It then waits in localStorage, for whichever tab sends next, until the server has answered.
//
// What few pages need is in widget-compat.js, fetched only there: other tools' pages, what follows from
// a refusal, debug.
(function () {
"use strict"

const VERSION = "0.1.0"
// The build may write the hash of widget-compat.js here; without one there is no integrity attribute.
const COMPAT_INTEGRITY = ""
// Global Privacy Control, or Do Not Track. The build makes a second widget that heeds neither, for
// workspaces whose setting says so.
const RESPECT_GPC = true
// T6, C3: a session, and the company of a tab with it, ends after this silence. What was said is not
// said again for as long.
let SILENCE_MS = 1800000
// Browsers allow 64 KiB of keepalive bodies in flight; the rest is for the envelope.
let BATCH_BYTES_MAX = 60000
// What may wait while nothing can be sent, and how long; the oldest goes first.
let QUEUE_MAX = 100
let QUEUE_MS = 604800000
// So begin the keys of what waits; the time follows, so they sort.
let WAITING = "rollcall "
// A request that takes longer has failed.
let WAIT_MS = 30000
let NAVIGATION_MS = 300
let PATIENCE_MS = 2000
// Settings that are no attributes of the user.
let RESERVED = /^(write_key|apiKey|app_id|user|user_id|user_hash|identity_token|intercom_user_jwt|acting_as|consent|api_host|endpoint|hash)$/

let script = document.currentScript || {}
let origin = script.src ? new URL(script.src).origin : ""
let data = script.dataset || {}
// In the place of Segment's script the key is in the address.
let segment = /analytics\.js\/v1\/([^/]+)/.exec(script.src)
let optedOut = RESPECT_GPC && (navigator.globalPrivacyControl || navigator.doNotTrack == 1)
let memory = {}
let told = {}
// Proof of identity by the person it is of.
let proofs = {}
let acting = ""
let applied
let session
let referrer = document.referrer
// The address of the last page told, and the page that is still to come.
let last
// The doctor's, in the address for one visit.
let mark = location.hash.split("#rollcall-doctor=")[1]
let pending
let pageTimer
let stamp = 0
// On Segment's pages only page() is a page.
let stopped = segment
let missed = 0
let open
let allow
let broken
// The user that this page has named. Another tab may have named somebody else since.
let named
// Keys of what this tab has put since its last request.
let mine = []
// Stands in for localStorage where that is refused or not allowed.
let spare = {}
let timer
// Since when a request is under way, and what it carries, if it outlives the page.
let sending
let flight = []
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
function guard(action) {
  return (...values) => {
    try {
      return action(...values)
    } catch (error) {
      complain(error)
    }
  }
}

// Read again at each use, since another tab may have written. Where storage is refused, and without
// consent, memory serves; so it does while staff look at a customer (R16), which leaves no trace in
// this browser.
function read(area) {
  let name = acting + area
  if (!acting && !broken && (allow || !memory[name])) {
    try {
      memory[name] = JSON.parse(window[area].rollcall || null)
    } catch {}
  }
  return { ...memory[name] }
}

function write(area, value) {
  memory[acting + area] = value
  if (allow && !acting) {
    try {
      if (value) {
        window[area].rollcall = JSON.stringify(value)
        // Some shims take everything and keep nothing.
        broken = !window[area].rollcall
      } else {
        delete window[area].rollcall
      }
    } catch {
      broken = 1
    }
  }
}

// randomUUID exists on https and localhost only, this everywhere.
let random = () => crypto.getRandomValues(new Uint32Array(4)).join("-")

// R9, as far as it takes to compare ids. The server gets an id as the page gave it, in every message: it
// refuses what is none, and a proof may be of just that spelling.
let normal = (id) => id == null ? "" : String(id).trim().normalize()

// A library may have put a Date in the place of Date.now's number.
let clock = () => +new Date

// What is no plain object holds no attributes: a text, a list, a date.
let plain = (value) => ({}).toString.call(value) == "[object Object]" && value

// The id of a company by any of its names (C1).
let idOf = (company) => Object(company).company_id || Object(company).id || Object(company).groupId

// Drops functions and `undefined`, and keeps the page from changing what was asked. What is no JSON (a
// loop, a getter that throws) is left out and the rest kept, two levels down: of a user's company each
// attribute. A BigInt becomes a text.
let copy = (value) => copyOf({ value }, "value", 2) || {}

function copyOf(holder, name, depth) {
  let value
  try {
    value = holder[name]
    return JSON.parse(JSON.stringify({ value })).value
  } catch {
    if (typeof value == "bigint") {
      return "" + value
    }
    let kept = Array.isArray(value) ? [] : plain(value) && {}
    if (!depth || !kept) {
      return complain("not JSON: " + name)
    }
    for (let key in value) {
      kept[key] = copyOf(value, key, depth - 1)
    }
    return kept
  }
}

function form() {
  let element = document.getElementById("rollcall-settings")
  let text = element && element.textContent
  try {
    return plain(element ? JSON.parse(text) : window.rollcallSettings)
  } catch (error) {
    complain(error)
    // widget-compat.js finds what can still be told. Until then nothing is stored or sent.
    fetchCompat()
    return inner.salvage ? inner.salvage(text) : { consent: false }
  }
}

// The first form on the page wins; the script's own attributes fill in what it leaves out.
function settings() {
  let values = copy(form() || inner.foreign())
  values.write_key = values.write_key || data.writeKey || (segment ? segment[1] : values.apiKey || values.app_id)
  values.api_host = (values.api_host || data.apiHost || origin).replace(/\/$/, "")
  return values
}

// Who is known in this browser: {anonymous_id, user_id, email, session, seen, said, said_at, consent,
// wait}.
function person() {
  let me = read("localStorage")
  let now = clock()
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
  named = 0
  write("localStorage", { anonymous_id: random(), consent: read("localStorage").consent })
  belong()
  return person()
}

// C3: the company lives in the tab, as long as the session in which it was stated.
function belong(company) {
  write("sessionStorage", { company, session: person().session })
}

// `again`: nobody has said anything new, only a new session has begun.
function identify(values, again) {
  values = copy(values)
  let me = person()
  let id = normal(values.user_id)
  let known = normal(me.user_id)
  let email = /@/.test(values.email) ? normal(values.email).toLowerCase() : ""
  let nobody = !id && !email && (values.user === null || values.user_id !== undefined)
  if (again && (nobody || (id ? id != known : email && email != me.email))) {
    return
  }
  // While the settings vouch for the known user, an e-mail alone is that user's new one; so is one in a call, where none
  // is known. In the settings alone it may be anybody's (R7).
  if (id ? known && id != known : email ? email != me.email && (again == null ? me.email : owner(me)) && (!known || known != normal(settings().user_id)) : nobody && owner(me)) {
    // R4, or R14: the page speaks of the user and says that there is none.
    me = forget()
  }
  me.user_id = named = id ? values.user_id : me.user_id
  me.email = email || me.email
  write("localStorage", me)
  let identity_token = values.identity_token || values.intercom_user_jwt
  if (values.user_hash || identity_token) {
    proofs[owner(me)] = { user_hash: values.user_hash, identity_token }
  }
  let traits = { ...values }
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
    put("identify", { traits }, { user_id: owner(me), ...traits })
  }
}

let hear = guard(() => {
  if (window.civchat || segment || (window.intercomSettings && !form() && !data.writeKey)) {
    fetchCompat()
  }
  let values = settings()
  let me = read("localStorage")
  let tab = read("sessionStorage")
  let may = me.consent === undefined ? values.consent !== false && data.consent != "false" && !optedOut : me.consent
  if (may && !allow) {
    // What memory held till now may be stored.
    allow = may
    write("localStorage", me)
    write("sessionStorage", tab)
  }
  allow = may
  if (!values.acting_as != !acting) {
    let { anonymous_id, consent } = person()
    acting = acting ? "" : "acting "
    memory["acting localStorage"] = { anonymous_id, consent }
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
  let now = clock()
  let tab = read("sessionStorage")
  let news = !said || mark
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
    news = news || hash != me.said[key] || /"\$\w+":/.test(text)
    me.said[key] = hash
  }
  if (!news) {
    return
  }
  me.seen = now
  // What is said in one millisecond keeps its order.
  stamp = now > stamp || now < stamp - 1000 ? now : stamp + 1
  write("localStorage", me)
  me.user_id = named || me.user_id
  let messageId = random()
  let key = WAITING + stamp + " " + messageId
  let text = JSON.stringify({
    type,
    messageId,
    anonymousId: me.anonymous_id,
    userId: me.user_id,
    timestamp: new Date(time || stamp).toISOString(),
    ...fields,
    context: {
      page: { url: url || address(), title: document.title, referrer },
      locale: navigator.language,
      session_id: me.session,
      groupId: !said && tab.session == me.session ? tab.company : undefined,
      library: { name: "rollcall.js", version: VERSION },
      acting_as: !!acting || undefined,
      ...proofs[owner(me)],
      ...fields.context
    }
  })
  mine.push(key)
  try {
    // Of a page that is only prepared other tabs learn nothing.
    let shelf = !acting && !broken && !document.prerendering && allow ? localStorage : spare
    shelf[key] = text
  } catch {
    spare[key] = text
  }
  if (tries || !allow) {
    waiting()
  }
  flushIn(0)
}

function drop(key) {
  delete spare[key]
  try {
    delete localStorage[key]
  } catch {}
}

// What waits, [key, message as JSON], the oldest first. While nothing can be sent there is a limit.
function waiting() {
  let keys = Object.keys(spare)
  try {
    keys.push(...Object.keys(localStorage))
  } catch {}
  keys = keys.filter((key) => key.startsWith(WAITING)).sort()
  let first = tries || !allow ? keys.length - QUEUE_MAX : 0
  let held = keys.filter((key, index) => index >= first && key > WAITING + (clock() - QUEUE_MS))
  for (let key of keys) {
    if (!held.includes(key)) {
      drop(key)
      unsay()
    }
  }
  return held.map((key) => [key, spare[key] || localStorage[key]])
}

// Something was not heard, so all may be said again.
function unsay() {
  write("localStorage", { ...person(), said_at: 0 })
}

// A flush that is already planned stays, so what is asked during a back-off waits for its end.
function flushIn(ms) {
  timer = timer || setTimeout(flush, ms)
}

let flush = guard((leaving) => {
  timer = clearTimeout(timer)
  hear()
  let found = waiting()
  let { write_key, api_host } = settings()
  if (!open || !allow || !found[0] || (sending && !leaving)) {
    return
  }
  if (!write_key || !api_host) {
    // It may still come, by a tag manager for example.
    if (missed++ > 1) {
      complain("write_key_missing")
    }
    return flushIn(PATIENCE_MS)
  }
  if (!leaving) {
    return post()
  }
  if (tries || pause() > 0 || !navigator.onLine) {
    // It waits for the next page.
    return
  }
  // A request that has just begun is the browser's to finish; one that takes long may be in trouble.
  if (clock() - sending < PATIENCE_MS) {
    flight.map(([key]) => drop(key))
  }
  // What another tab put is that tab's to send.
  let { batch, url, body } = request(found.filter(([key]) => mine.includes(key)))
  if (batch[0] && navigator.sendBeacon(url, body)) {
    batch.map(([key]) => drop(key))
    flush(1)
  }
})

// What the doctor sees of a page that an operator opened with its mark.
let examined = () => ({
  mark,
  settings: settings(),
  globals: Object.keys(window),
  scripts: [...document.scripts].map((each) => each.src || each.id)
})

// The next request: as many of these as fit.
function request(found) {
  let { write_key, api_host, endpoint } = settings()
  let size = 0
  // Its bytes in UTF-8. A Blob would say them too, and ask the browser's own process for each.
  let batch = found.filter(([, text], index) => (size += unescape(encodeURI(text)).length + 1) < BATCH_BYTES_MAX || !index)
  let body = JSON.stringify({ writeKey: write_key, sentAt: new Date().toISOString(), doctor: mark && examined() }).slice(0, -1) + ',"batch":[' + batch.map(([, text]) => text) + "]}"
  return { batch, url: api_host + (endpoint || "/v1/batch"), body, keepalive: size < BATCH_BYTES_MAX }
}

// Milliseconds for which a server asked to be left alone, by whichever tab it was told.
let pause = () => person().wait - clock()

async function post() {
  sending = clock()
  let action = async () => {
    try {
      // The lock was another tab's, and may be here before the news of what that tab has dropped.
      if (clock() - sending > 9) {
        await new Promise((done) => setTimeout(done, 99))
      }
      let { batch, url, body, keepalive } = request(waiting())
      if (pause() > 0) {
        return flushIn(pause())
      }
      if (!batch[0]) {
        // Another tab has sent it.
        return
      }
      mine = []
      flight = keepalive ? batch : []
      // A string goes as text/plain, which needs no preflight.
      let response = await fetch(url, {
        method: "POST",
        body,
        keepalive,
        signal: AbortSignal.timeout && AbortSignal.timeout(WAIT_MS)
      })
      let status = response.status
      if (status == 408 || status == 429 || status > 499) {
        throw response.headers.get("Retry-After")
      }
      if (tries) {
        // Who it is may be among what was too much to keep: all is said again.
        applied = unsay(tries = 0)
      }
      batch.map(([key]) => drop(key))
      let text = await response.text()
      if (!response.ok) {
        complain(status, text)
        unsay()
      }
      if (inner.debugging || /"(code|anonymous_id)":/.test(text)) {
        ask("heed", [batch, text])
      }
    } catch (seconds) {
      let ms = 1000 * Math.min(Math.max(+seconds || 0, 2 ** Math.min(tries++, 8)), 86400) * (1 + Math.random() / 2)
      if (+seconds) {
        // For other tabs and the next page, too.
        write("localStorage", { ...person(), wait: clock() + ms })
      }
      waiting()
      timer = clearTimeout(timer)
      flushIn(ms)
    }
  }
  // One tab at a time sends what waits for all. Web Locks are there on https alone; elsewhere
  // widget-compat.js has a lease.
  try {
    await navigator.locks.request("rollcall", action)
  } catch {
    await (inner.lease ? inner.lease(action, () => flushIn(PATIENCE_MS)) : action())
  }
  sending = 0
  flight = []
  flushIn(0)
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
  if (!now && compat && !inner.handle && clock() - pending.time < PATIENCE_MS) {
    // widget-compat.js knows who it is on another tool's page, and may have a page call.
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
    pending = to != last && { to, time: clock() }
    clearTimeout(pageTimer)
    pageTimer = setTimeout(arrive, NAVIGATION_MS)
  }
})

let calls = {
  identify(userId, attributes) {
    // Segment's form without an id has the attributes first.
    identify(plain(userId) || { ...copy(plain(attributes)), ...normal(userId) && { user_id: userId } })
  },
  group(companyId, attributes, options) {
    belong(companyId)
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
  reset() {
    arrive(1)
    forget()
  },
  ready: (callback) => callback(),
  // What was said last counts, then the page's settings, then what the browser asks of all sites.
  consent(yes) {
    if (yes) {
      write("localStorage", { ...person(), consent: true })
    } else {
      // Nothing stays, unless it takes a word to know it on the next page.
      waiting().map(([key]) => drop(key))
      allow = true
      write("sessionStorage")
      write("localStorage", settings().consent === false || optedOut ? undefined : { consent: false })
    }
    applied = 0
    hear()
    flushIn(0)
  },
  debug: (on) => ask("debug", [on])
}

// What widget-compat.js works with. Until it is here other tools' globals keep what they are asked.
let inner = {
  waiting: [],
  guard,
  complain,
  copy,
  form,
  settings,
  hear,
  identify,
  put,
  person,
  read,
  write,
  belong,
  automatic,
  data,
  segment,
  optedOut,
  allowed: () => allow,
  // In civchat `state` is how the chat looks, not where the user lives.
  foreign: () => ({ ...copy(plain(window.civchat)), state: undefined })
}

let ask = guard((name, values) => {
  fetchCompat()
  if (inner.handle) {
    return inner.handle(name, values)
  }
  inner.waiting.push([name, values])
})

// A page may have a global of this name that takes nothing, or may refuse scripts. Its visits count all
// the same.
function define(name, target) {
  guard(() => (window[name] = window[name] || target || ((...values) => ask(name, values))))()
}

// An object that has every method.
let methods = (name) => new Proxy([], { get: (_, method) => (...values) => ask(name, [method, ...values]) })

// A page may refuse scripts that it does not know.
let fetchCompat = guard(() => {
  if (!compat) {
    compat = document.createElement("script")
    // Under whichever name and path the page has the script.
    compat.src = (script.src || settings().api_host + "/widget.js").split("?")[0] + "?compat"
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

  // A page of ours has its key by now. Another may be user.com's or Intercom's: it may poll for the
  // function, or set its settings later. An editor is called UE, too.
  let theirs = !form() && !data.writeKey && !segment
  if (window.civchat || window.userengage || window.analytics || (theirs && (window.Intercom || window.intercomSettings)) || !navigator.locks) {
    fetchCompat()
  }
  if (window.civchat || window.userengage || (theirs && !window.UE)) {
    define("userengage")
    define("UE", methods("UE"))
  }
  if (theirs && !window.civchat) {
    define("Intercom")
  }
  if (segment) {
    define("analytics", methods("analytics"))
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
    if (!open && mine[0]) {
      flushIn(0)
    }
    open = 1
  }
  requestAnimationFrame(() => setTimeout(release))
  // A page that is only prepared is not seen yet; it is painted once it is.
  document.prerendering || setTimeout(release, PATIENCE_MS)
  // The doctor waits for what the page says too late for anything else to send it.
  mark && setTimeout(hear, 5000)
  navigated()
  let run = guard(([name, ...values]) => calls[name](...values))
  let push = (...all) => all.map(run)
  push(...window.rollcallQueue || [])
  window.rollcallQueue = { push }
})()
})()
