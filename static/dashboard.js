// Comfort on top of pages that work without it: copy buttons, theme at once, keys, live parts.
// Nothing that a person needs lives only here.
"use strict"

const root = document.documentElement
root.classList.add("js")

// Theme: the form keeps it in a cookie; here it also changes at once, and the page stays.
for (const form of document.querySelectorAll("[data-theme-switch]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const theme = event.submitter.value
    fetch(form.action, { method: "POST", body: new URLSearchParams({ theme }), redirect: "manual" })
    if (theme === "system") delete root.dataset.theme
    else root.dataset.theme = theme
    for (const button of document.querySelectorAll("[data-theme-switch] button")) {
      button.setAttribute("aria-pressed", button.value === theme)
    }
  })
}

// A form that changes something is sent once: a double click would show what the second sending found done already.
const sentMs = new WeakMap()
document.addEventListener("submit", (event) => {
  const { target, timeStamp } = event
  if (target.method !== "post" || event.defaultPrevented) return
  // Another button of the same form asks for something else.
  const pressed = event.submitter || target
  if (timeStamp - sentMs.get(pressed) < 5000) return event.preventDefault()
  sentMs.set(pressed, timeStamp)
})

// Tabs: where they are wider than the screen, the current one is in sight.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const [all, own] = [tab.parentElement, tab.getBoundingClientRect()]
  all.scrollLeft += own.left + own.width / 2 - innerWidth / 2
}

// Set-up: the browser knows the zone that a person most likely means; the field says UTC until then.
const zone = document.querySelector('form[action="/set-up"] [name=time_zone]')
if (zone && zone.value === "UTC") zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC"

// Copy: data-copy holds the text; empty means the block of code that the button belongs to.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]")
  if (!button) return
  const text = button.dataset.copy || button.closest("figure").querySelector("code").textContent
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Without https there is no clipboard: mark the text, so that one key copies it.
    const place = button.parentElement.querySelector("code") || button.closest("figure").querySelector("code")
    getSelection().selectAllChildren(place)
    return
  }
  const use = button.querySelector("use")
  const icon = use.getAttribute("href")
  if (icon.endsWith("#i-check")) return
  use.setAttribute("href", icon.replace(/#.*/, "#i-check"))
  say("Copied")
  setTimeout(() => use.setAttribute("href", icon), 1500)
})

// Keys, never while someone types: "/" finds, "g" and a letter goes, "j" and "k" move in a list.
const places = { h: "/", u: "/users", c: "/companies", s: "/segments", l: "/live", i: "/install" }
let going = false
document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key === "k") return openPalette(event)
  if (event.metaKey || event.ctrlKey || event.altKey) return
  if (event.target.closest("input, textarea, select, dialog")) return
  const { key } = event
  if (going && places[key]) location.href = places[key]
  else if (key === "/") find(event)
  else if (key === "e") edit()
  else if (key === "?") location.href = "/help#keys"
  else if (key === "j" || key === "k") move(key === "j" ? 1 : -1)
  going = key === "g"
})

// "e" edits what the page is about: the first way to do so.
function edit() {
  document.querySelector("main a[href^='/edit/'], main a[href*='#rename']")?.click()
}

// The palette: pages and records as one types. The navigation and the search lead to all of it.
let palette
function openPalette(event) {
  event.preventDefault()
  palette ??= makePalette()
  if (!palette.open) palette.showModal()
  palette.querySelector("input").select()
}

function makePalette() {
  const dialog = document.createElement("dialog")
  dialog.className = "palette"
  dialog.setAttribute("aria-label", "Go to")
  const input = Object.assign(document.createElement("input"), { type: "text", inputMode: "search", placeholder: "Go to a page, a user, a company", autocomplete: "off", maxLength: 100 })
  input.setAttribute("aria-label", "Go to a page, a user or a company")
  const list = document.createElement("ul")
  // Beside the dialog nothing is heard: it says itself how many there are.
  const told = Object.assign(document.createElement("p"), { className: "vh", role: "status" })
  dialog.append(input, list, told)
  document.body.append(dialog)
  let asked = 0
  let offering
  const offer = async () => {
    const number = ++asked
    const response = await fetch(`/palette?${new URLSearchParams({ q: input.value })}`).catch(() => null)
    if (!response?.ok || number !== asked) return
    list.replaceChildren(...(await response.json()).map(({ text, below, what, href }) => {
      const [row, link, name, more, kind] = ["li", "a", "bdi", "bdi", "small"].map((tag) => document.createElement(tag))
      Object.assign(link, { href })
      name.textContent = text
      more.textContent = below
      more.className = "faint"
      kind.textContent = what
      link.append(name, more, kind)
      row.append(link)
      return row
    }))
    const { length } = list.children
    told.textContent = length === 1 ? "1 result" : `${length || "No"} results`
  }
  const links = () => [...list.querySelectorAll("a")]
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      const here = links().indexOf(document.activeElement) + step
      ;(links()[here] ?? input).focus()
    } else if (event.key === "Enter" && event.target === input) {
      event.preventDefault()
      // What is typed last counts, not what is offered from before.
      offering.then(() => links()[0]?.click())
    }
  })
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close())
  const look = () => (offering = offer())
  input.addEventListener("input", look)
  look()
  return dialog
}

// "/" is the search beside which it stands; where that is folded away, the search of the page.
function find(event) {
  const fields = [document.getElementById("q"), document.querySelector("main input[type=search]")]
  const field = fields.find((field) => field?.checkVisibility())
  if (!field) {
    location.href = "/search"
    return
  }
  event.preventDefault()
  field.focus()
  field.select()
}

function move(step) {
  const links = [...document.querySelectorAll("[data-rows] tbody tr, .rows > li")]
    .map((row) => row.querySelector("a") || row.querySelector("button, summary"))
    .filter((part) => part?.checkVisibility())
  const here = links.indexOf(document.activeElement)
  const next = links[here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step]
  if (!next) return
  next.focus()
  next.closest("tr, li").scrollIntoView({ block: "nearest" })
}

// Picking rows: one box for all of the page.
document.querySelector("[data-pick-all]")?.addEventListener("change", ({ target }) => {
  for (const box of document.querySelectorAll(".pick [name=row]")) box.checked = target.checked
})

// Menus close when focus or a click goes elsewhere, and on Escape.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")))
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return
  const menu = document.activeElement.closest("details.menu[open]")
  closeMenus()
  menu?.querySelector("summary").focus()
})

// Filters: of a field only its own tests are offered, activity asks how often, and values are suggested.
for (const form of document.querySelectorAll("form[data-filter]")) {
  const [field, test, value] = ["field", "op", "value"].map((name) => form.elements[name])
  const part = (name) => form.querySelector(`[data-part=${name}]`)
  const fit = () => {
    const kind = field.selectedOptions[0]?.dataset.kind
    for (const option of test.options) {
      option.hidden = option.disabled = !option.dataset.kinds.split(" ").includes(kind)
    }
    if (test.selectedOptions[0]?.disabled) test.value = [...test.options].find((option) => !option.disabled).value
    const alone = test.value === "set" || test.value === "unset"
    part("value").hidden = kind === "activity" || alone
    if (part("often")) part("often").hidden = kind !== "activity"
    value.type = kind === "date" && (test.value === "before" || test.value === "after") ? "date" : "text"
  }
  const suggest = async () => {
    const list = value.list
    list.replaceChildren()
    const query = new URLSearchParams({ list: form.dataset.filter, field: field.value })
    const response = await fetch(`/filter/values?${query}`).catch(() => null)
    if (response?.ok) list.append(...(await response.json()).map((text) => new Option(text, text)))
  }
  field.addEventListener("change", () => (fit(), suggest()))
  test.addEventListener("change", fit)
  form.closest("details").addEventListener("toggle", (event) => event.target.open && suggest())
  fit()
}

// What changed without a click is also said to those who don't see it.
let voice
function speak() {
  if (voice) return
  voice = document.createElement("div")
  voice.className = "vh"
  voice.setAttribute("role", "status")
  document.querySelector("main").append(voice)
}

function say(text) {
  speak()
  voice.textContent = text
}

// Live: a part with data-live is fetched again from there, every 3 s for two minutes (with
// data-live-often for ever), then every 15 s; not while the page is hidden, and no more once the part carries data-live-done. A part
// that is gone has become another page.
const OFTEN_MS = 3_000
const SELDOM_MS = 15_000
const OFTEN_FOR_MS = 120_000
const part = document.querySelector("[data-live]")
if (part) {
  // A voice is heard where it was there before it says something.
  speak()
  const { live } = part.dataset
  const startedMs = Date.now() - 1_000 * (part.dataset.liveSince || 0)
  const often = "liveOften" in part.dataset
  let timer
  const later = () => {
    clearTimeout(timer)
    const old = document.getElementById(part.id)
    if (document.hidden || "liveDone" in old.dataset) return
    timer = setTimeout(look, often || Date.now() - startedMs < OFTEN_FOR_MS ? OFTEN_MS : SELDOM_MS)
  }
  const look = async () => {
    try {
      const response = await fetch(live, { headers: { Accept: "text/html" } })
      if (response.redirected) return location.reload()
      if (response.ok) show(new DOMParser().parseFromString(await response.text(), "text/html"), part.id)
    } catch {
      // The server restarts or the network is away: look again later.
    }
    later()
  }
  if (live.startsWith(location.pathname + "?")) history.replaceState(null, "", live + location.hash)
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()))
  later()
}

function show(page, id) {
  const fresh = page.getElementById(id)
  if (!fresh) return location.reload()
  const old = document.getElementById(id)
  // Steps that are done since.
  page.querySelectorAll(".stepbox .no").forEach((mark, at) => {
    const known = document.querySelectorAll(".stepbox .no")[at]
    if (known && known.className !== mark.className) known.replaceWith(mark)
  })
  if (old.innerHTML === fresh.innerHTML) return
  const sentence = (element) => (element.querySelector("[data-told]") ?? element.querySelector("h2, b"))?.textContent.trim()
  if (sentence(old) !== sentence(fresh)) say(sentence(fresh))
  const reachable = "a, button, summary"
  const at = [...old.querySelectorAll(reachable)].indexOf(document.activeElement)
  fresh.querySelectorAll("details").forEach((details, number) => {
    details.open = old.querySelectorAll("details")[number]?.open ?? false
  })
  old.replaceWith(fresh)
  if (at >= 0) fresh.querySelectorAll(reachable)[at]?.focus()
}
