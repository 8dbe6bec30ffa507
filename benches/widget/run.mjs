// What a script costs the page that includes it: bytes, requests, and time on the main thread of Chromium at a
// quarter of this machine's speed, each beside an empty page of the same run.
//
//   npm ci --prefix benches/widget --ignore-scripts
//   node benches/widget/run.mjs [--rounds 15] [--program target/release/rollcall] [--browser /usr/bin/chromium]
//
// Each page does the same by each tool's own installation code: it loads the script as the documentation says, names
// a user with a name and e-mail, and a company with a name. Everything is answered by this file from 127.0.0.1 at once,
// so no network is measured; what a script wants of other hosts fails. Reported is the median over the rounds, in which
// the tools take turns. Bytes are those of all scripts that the page fetched, as brotli at its best makes them.
import { spawn } from "node:child_process"
import { readFileSync, mkdtempSync, existsSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join, extname } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { brotliCompressSync } from "node:zlib"
import puppeteer from "puppeteer-core"

const here = fileURLToPath(new URL(".", import.meta.url))
const root = join(here, "../..")
const { values: asked } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    program: { type: "string" },
    browser: { type: "string", default: "/usr/bin/chromium" }
  }
})
const program = asked.program ?? ["release", "debug"].map((profile) => join(root, "target", profile, "rollcall")).find(existsSync)
if (!program) {
  throw new Error("No program: run `cargo build --release` first, or name one with --program.")
}

// The widget as the program ships it.
async function widget() {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-"))
  const server = spawn(program, ["serve", "--data", join(folder, "rollcall.db"), "--listen", "127.0.0.1:0", "--json"])
  try {
    const address = await new Promise((found, failed) => {
      let said = ""
      server.stdout.on("data", (data) => {
        said += data
        const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)
        if (address) found(address[0])
      })
      server.on("exit", () => failed(new Error("The program ended: " + said)))
    })
    const answer = await fetch(address + "/widget.js")
    return Buffer.from(await answer.arrayBuffer())
  } finally {
    server.removeAllListeners("exit")
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

const version = (name) => JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"))).version
const stub = (name, methods) =>
  `window.${name} = []; for (let method of ${JSON.stringify(methods)}) ${name}[method] = (...values) => ${name}.push([method, ...values]);`
const load = (address) => `let script = document.createElement("script"); script.async = true; script.src = "${address}"; document.head.append(script);`

const tools = {
  nothing: { title: "an empty page", code: () => "" },
  rollcall: {
    title: "Rollcall",
    code: () => `<script type="application/json" id="rollcall-settings">
      {"write_key": "k", "user_id": "ann", "name": "Ann", "email": "ann@acme.example", "company": {"company_id": "acme", "name": "Acme"}}
      </script><script async src="/rollcall/widget.js"></script>`
  },
  segment: {
    title: `@segment/analytics-next ${version("@segment/analytics-next")}`,
    folder: "@segment/analytics-next/dist/umd",
    code: (host) => `<script>${stub("analytics", ["identify", "group", "page", "track"])}
      analytics._writeKey = "k"; analytics._cdn = "${host}"; analytics._loadOptions = {};
      analytics.page(); analytics.identify("ann", { name: "Ann", email: "ann@acme.example" }); analytics.group("acme", { name: "Acme" });
      ${load("/segment/standalone.js")}</script>`
  },
  posthog: {
    title: `posthog-js ${version("posthog-js")}`,
    folder: "posthog-js/dist",
    code: (host) => `<script>${stub("posthog", ["identify", "group", "capture"])}
      posthog._i = []; posthog.__SV = 1; posthog.init = (key, config, name) => posthog._i.push([key, config, name || "posthog"]);
      posthog.init("k", { api_host: "${host}" });
      posthog.identify("ann", { name: "Ann", email: "ann@acme.example" }); posthog.group("company", "acme", { name: "Acme" });
      ${load("/posthog/array.js")}</script>`
  },
  amplitude: {
    title: `@amplitude/analytics-browser ${version("@amplitude/analytics-browser")}`,
    folder: "@amplitude/analytics-browser/lib/scripts",
    code: (host) => `<script src="/amplitude/amplitude-min.js"></script><script>
      amplitude.init("k", "ann", { serverUrl: "${host}/2/httpapi", autocapture: true });
      let user = new amplitude.Identify(); user.set("name", "Ann").set("email", "ann@acme.example"); amplitude.identify(user);
      amplitude.setGroup("company", "acme");</script>`
  }
}

const scripts = { "/rollcall/widget.js": await widget() }
const file = (path) => {
  const [, tool, name] = path.split("/")
  if (!(path in scripts) && tools[tool]?.folder && extname(name ?? "") == ".js") {
    scripts[path] = readFileSync(join(here, "node_modules", tools[tool].folder, name))
  }
  return scripts[path]
}
const packed = {}
const size = (path) => (packed[path] ??= brotliCompressSync(file(path)).length)

// What the page under test asked for.
let requests = []
const server = createServer((request, answer) => {
  const path = request.url.split("?")[0]
  const host = "http://" + request.headers.host
  requests.push(path)
  request.resume()
  request.on("end", () => {
    if (path.startsWith("/page/")) {
      answer.setHeader("content-type", "text/html")
      return answer.end(`<!doctype html><title>A page</title><link rel="icon" href="data:,"><h1>A page</h1>${tools[path.slice(6)].code(host)}`)
    }
    const script = request.method == "GET" && path.endsWith(".js") && file(path)
    answer.setHeader("access-control-allow-origin", "*")
    answer.setHeader("content-type", script ? "text/javascript" : "application/json")
    const integrations = { "Segment.io": { apiKey: "k", apiHost: request.headers.host + "/v1", protocol: "http" } }
    answer.end(script || (path.endsWith("/settings") ? JSON.stringify({ integrations }) : "{}"))
  })
})
await new Promise((listening) => server.listen(0, "127.0.0.1", listening))
const host = "http://127.0.0.1:" + server.address().port

const browser = await puppeteer.launch({
  executablePath: asked.browser,
  args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
})
const visit = async (name) => {
  requests = []
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  const devtools = await page.createCDPSession()
  await devtools.send("Performance.enable")
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 })
  await page.goto(`${host}/page/${name}`, { waitUntil: "load" })
  await new Promise((done) => setTimeout(done, 3000))
  const { metrics } = await devtools.send("Performance.getMetrics")
  const ms = (metric) => 1000 * metrics.find(({ name }) => name == metric).value
  const asked = requests.slice(1)
  await context.close()
  return { script: ms("ScriptDuration"), task: ms("TaskDuration"), asked }
}

const rounds = Number(asked.rounds)
const seen = Object.fromEntries(Object.keys(tools).map((name) => [name, []]))
await visit("nothing")
for (let round = 0; round < rounds; round++) {
  for (const name in tools) {
    seen[name].push(await visit(name))
  }
}
await browser.close()
server.close()

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const of = (name, what) => median(seen[name].map(what))
console.log("| script | bytes (brotli) | requests | script, ms | main thread, ms |")
console.log("|---|---:|---:|---:|---:|")
for (const [name, { title }] of Object.entries(tools)) {
  const fetched = new Set(seen[name].flatMap(({ asked }) => asked).filter((path) => path.endsWith(".js") && file(path)))
  const bytes = [...fetched].reduce((sum, path) => sum + size(path), 0)
  const beyond = (what) => (of(name, what) - (name == "nothing" ? 0 : of("nothing", what))).toFixed(1)
  console.log(`| ${title} | ${bytes} | ${of(name, ({ asked }) => asked.length)} | ${beyond((one) => one.script)} | ${beyond((one) => one.task)} |`)
}
console.log(`\n${rounds} rounds; the empty page's own time is taken off the others.`)
if (seen.rollcall.some(({ asked }) => !asked.includes("/v1/batch"))) {
  throw new Error("The widget told nothing: what was measured is not what it costs.")
}
