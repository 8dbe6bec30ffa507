// Records what the SDKs really send, as the fixtures that the Rust tests replay: tests/fixtures/<sdk>/*.json.
//
//   tests/run once (it installs the SDKs, Chromium and target/py), then
//   node tests/sdk/record.mjs [SDK…]           all SDKs, or those named; their folders are made anew
//
// An echo server on 127.0.0.1 answers what Rollcall promises to answer, and keeps every request. A fixture is
//   { method, path, headers, content_encoding, body }
// where the body is the text after decompression and addresses of this run read rollcall.test and shop.test.
// A body that came compressed is also kept byte for byte, in a .gz file beside.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

const here = import.meta.dirname;
const fixtures = join(here, '../fixtures');
const python = join(here, '../../target/py/bin/python');
const writeKey = 'fixture_write_key';

// What browsers may send beyond the simple headers: the list of Rollcall's contract.
const headersAllowed = 'authorization, content-type, x-retry-count, anonymousid, sentat';
// Headers that say something of this run only.
const headersDropped = ['connection', 'content-length', 'host'];

const stories = {
  'segment-node': (host) => program('node', join(here, 'segment_node.mjs'), host, writeKey),
  'segment-python': (host) => program(python, join(here, 'segment_python.py'), host, writeKey),
  'rudder-node': (host) => program('node', join(here, 'rudder_node.mjs'), host, writeKey),
  'segment-browser': (host, site) => browser(`${site}/segment_browser.html?host=${host}&key=${writeKey}`),
  'rudder-browser': (host, site) => browser(`${site}/rudder_browser.html?host=${host}&key=${writeKey}`),
};

let requests = [];
const echo = await listen(async (request, response) => {
  const { method, url: path, headers } = request;
  requests.push({ method, path, headers, bytes: await buffer(request) });
  response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
  response.setHeader('Access-Control-Allow-Headers', headersAllowed);
  response.setHeader('Access-Control-Max-Age', '86400');
  response.setHeader('Content-Type', 'application/json');
  response.end(request.method === 'OPTIONS' ? '' : JSON.stringify(answer(request)));
});
const site = await listen(async (request, response) => {
  const path = new URL(request.url, 'http://site').pathname;
  const types = { '.html': 'text/html', '.js': 'text/javascript' };
  const content = await readFile(join(here, path)).catch(() => null);
  response.writeHead(content ? 200 : 404, { 'Content-Type': types[extname(path)] ?? 'text/plain' });
  response.end(content);
});

for (const sdk of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(stories)) {
  if (!stories[sdk]) throw new Error(`No SDK is named ${sdk}: ${Object.keys(stories).join(', ')}`);
  requests = [];
  await stories[sdk](echo.url, site.url);
  await keep(sdk);
}
echo.close();
site.close();

function answer(request) {
  const path = request.url.split('?')[0];
  if (/^\/v1\/projects\/[^/]+\/settings$/.test(path)) {
    return {
      integrations: { 'Segment.io': { apiKey: writeKey, apiHost: `${request.headers.host}/v1`, protocol: 'http' } },
      plan: { track: { __default: { enabled: true, integrations: {} } } },
      edgeFunction: {},
      middlewareSettings: {},
      enabledMiddleware: {},
      metrics: { sampleRate: 0 },
      legacyVideoPluginsEnabled: false,
      remotePlugins: [],
    };
  }
  if (path === '/sourceConfig/') {
    return { source: { id: writeKey, config: {}, destinations: [] } };
  }
  return { success: true, results: [] };
}

async function keep(sdk) {
  const folder = join(fixtures, sdk);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [index, { method, path, headers, bytes }] of requests.entries()) {
    const encoding = headers['content-encoding'] ?? null;
    const words = path.split('?')[0].split('/').filter((word) => word && word !== writeKey);
    const name = [String(index + 1).padStart(2, '0'), method.toLowerCase(), ...words].join('-');
    const fixture = {
      method,
      path,
      headers: Object.fromEntries(Object.entries(headers).filter(([header]) => !headersDropped.includes(header))),
      content_encoding: encoding,
      body: (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8'),
    };
    await writeFile(join(folder, `${name}.json`), withoutAddresses(JSON.stringify(fixture, null, 2)) + '\n');
    if (encoding === 'gzip') await writeFile(join(folder, `${name}.gz`), bytes);
  }
  console.log(`${sdk}: ${requests.length} requests`);
}

/** The two servers of this run, plain and percent-encoded, under names that stay. */
function withoutAddresses(text) {
  const names = { [echo.host]: 'rollcall.test', [site.host]: 'shop.test' };
  for (const [address, name] of Object.entries(names)) {
    text = text.replaceAll(address, name).replaceAll(encodeURIComponent(address), name);
  }
  return text;
}

async function listen(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${server.address().port}`;
  return { host, url: `http://${host}`, close: () => (server.close(), server.closeAllConnections()) };
}

async function program(...command) {
  const [code] = await once(spawn(command[0], command.slice(1), { stdio: 'inherit' }), 'exit');
  if (code !== 0) throw new Error(`${command.join(' ')}: exit code ${code}`);
}

/** Opens a page in Chromium by WebDriver and waits until its status says done and its requests have ended. */
async function browser(url) {
  const profile = await mkdtemp(join(tmpdir(), 'rollcall-record-'));
  const driver = spawn('chromedriver', ['--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let port;
    for await (const line of createInterface(driver.stdout)) {
      port = /started successfully on port (\d+)/.exec(line)?.[1];
      if (port) break;
    }
    const call = async (method, path, body) => {
      const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
      const { value } = await reply.json();
      if (!reply.ok) throw new Error(`chromedriver: ${value.message}`);
      return value;
    };
    const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', `--user-data-dir=${profile}`];
    args.push('--disable-background-networking', '--disable-component-update', '--disable-sync');
    const options = { browserName: 'chrome', 'goog:chromeOptions': { args } };
    const { sessionId } = await call('POST', '/session', { capabilities: { alwaysMatch: options } });
    const session = `/session/${sessionId}`;
    await call('POST', `${session}/url`, { url });

    const script = { script: 'return document.querySelector("[role=status]").textContent', args: [] };
    let status;
    for (let tries = 0; status !== 'done' && tries < 100; tries++) {
      await sleep(100);
      status = await call('POST', `${session}/execute/sync`, script);
      if (status.startsWith('failed')) break;
    }
    if (status !== 'done') throw new Error(`${url}: ${status}`);
    for (let seen = -1; seen !== requests.length; ) {
      seen = requests.length;
      await sleep(2000);
    }
    await call('DELETE', session);
  } finally {
    driver.kill();
    await once(driver, 'exit');
    await rm(profile, { recursive: true, force: true });
  }
}
