// Express, Next.js, Nuxt and SvelteKit: renders on the server with EJS, React, Vue and Svelte.
// Arguments: the framework, the data, the code.
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build } from "esbuild"

const [framework, data, code] = process.argv.slice(2)
const { user, account, accounts, membership } = JSON.parse(readFileSync(data, "utf8"))
for (const record of [user, account, ...accounts]) if (record) record.createdAt = new Date(record.created_at)
if (user) user.accounts = accounts
const props = { user, account, membership }
const text = readFileSync(code, "utf8")
// Beside node_modules, so that what is built finds its packages.
const folder = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), "node_modules", ".built-"))

// A module of its own, built and imported.
async function load(name, source, plugins = []) {
  const entry = join(folder, name)
  writeFileSync(entry, source)
  const built = join(folder, "built.mjs")
  await build({
    entryPoints: [entry], outfile: built, bundle: true, format: "esm", platform: "node", packages: "external",
    jsx: "automatic", plugins, logLevel: "error"
  })
  return import(pathToFileURL(built))
}

const engines = {
  async express() {
    const { default: ejs } = await import("ejs")
    // Where nobody is signed in a page is handed nothing.
    return ejs.render(text, user ? props : {})
  },
  async next() {
    const { createElement } = await import("react")
    const { renderToString } = await import("react-dom/server")
    const { Rollcall } = await load("rollcall.jsx", text)
    return renderToString(createElement(Rollcall, props))
  },
  async nuxt() {
    const { parse, compileScript } = await import("vue/compiler-sfc")
    const { createSSRApp } = await import("vue")
    const { renderToString } = await import("vue/server-renderer")
    const { createHead, renderSSRHead } = await import("@unhead/vue/server")
    const { descriptor } = parse(text)
    const options = { id: "rollcall", inlineTemplate: true, templateOptions: { ssr: true, ssrCssVars: [] } }
    const script = compileScript(descriptor, options)
    // Nuxt imports it by itself.
    const { default: component } = await load("rollcall.js", `import { useHead } from "@unhead/vue"\n${script.content}`)
    const head = createHead()
    const body = await renderToString(createSSRApp(component, props).use(head))
    const { bodyTags } = await renderSSRHead(head)
    return body + bodyTags
  },
  async sveltekit() {
    const { compile } = await import("svelte/compiler")
    const { render } = await import("svelte/server")
    const compiled = compile(text, { generate: "server", filename: "Rollcall.svelte" })
    const { default: component } = await load("rollcall.js", compiled.js.code)
    const { head, body } = await render(component, { props })
    return body + head
  }
}

try {
  console.log(await engines[framework]())
} finally {
  rmSync(folder, { recursive: true })
}
