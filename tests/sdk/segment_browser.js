// Ann's story (see segment_node.mjs) told by @segment/analytics-next in a browser, with only the cdnURL changed:
// Rollcall answers GET /v1/projects/KEY/settings, which tells the SDK where to send the rest.
//
// Bundled by `npm run bundle` into dist/ and loaded by segment_browser.html?host=HOST&key=WRITE_KEY.
// The page's status then reads "done", or the error.

import { AnalyticsBrowser } from '@segment/analytics-next';

const query = new URLSearchParams(location.search);
const ann = 'segment-browser-ann';
const acme = 'segment-browser-acme';

const analytics = AnalyticsBrowser.load({ writeKey: query.get('key'), cdnURL: query.get('host') });

/** Waits until a call was delivered; the SDK itself only says that it tried. */
async function delivered(call) {
  const failure = (await call).failedDelivery();
  if (failure) throw failure.reason;
}

async function story() {
  await delivered(analytics.page('Pricing'));
  await delivered(analytics.identify(ann, { name: 'Ann Lee', email: 'ann@segment-browser.test', plan: 'pro' }));
  await delivered(analytics.group(acme, { name: 'Acme', plan: 'enterprise' }));
  await delivered(analytics.track('Report exported', { format: 'pdf', pages: 12 }));
  await delivered(analytics.alias(ann)); // she is ann already: nothing must happen
}

const status = document.querySelector('[role=status]');
const failed = (error) => (status.textContent = `failed: ${error.message}`);
analytics.catch(failed); // no settings: the SDK sends nothing, and its calls never end
story().then(() => (status.textContent = 'done'), failed);
