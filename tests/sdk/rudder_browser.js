// Ann's story (see segment_node.mjs) told by @rudderstack/analytics-js in a browser, with only its two addresses
// changed: the configuration, which Rollcall answers at GET /sourceConfig/, and the data plane. The "bundled" build,
// because the default one fetches its plugins from RudderStack's CDN and sends nothing without them.
//
// Bundled by `npm run bundle` into dist/ and loaded by rudder_browser.html?host=HOST&key=WRITE_KEY.
// The page's status then reads "done": all calls are in the SDK's queue, which it sends in the background.

import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';

const query = new URLSearchParams(location.search);
const host = query.get('host');
const ann = 'rudder-browser-ann';
const acme = 'rudder-browser-acme';

const analytics = new RudderAnalytics();
analytics.load(query.get('key'), host, { configUrl: host });

analytics.page('Pricing');
analytics.identify(ann, { name: 'Ann Lee', email: 'ann@rudder-browser.test', plan: 'pro' });
analytics.group(acme, { name: 'Acme', plan: 'enterprise' });
analytics.track('Report exported', { format: 'pdf', pages: 12 }, () => {
  document.querySelector('[role=status]').textContent = 'done';
});
