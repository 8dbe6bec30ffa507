// Ann's story told by @segment/analytics-node, as its documentation shows it, with only the host changed.
//
//   node segment_node.mjs HOST WRITE_KEY       exit 0: everything was delivered; 1: the errors are printed
//
// The same story is told by every SDK here: an unknown visitor looks at a page, turns out to be
// <sdk>-ann of the company <sdk>-acme, exports a report, and an alias makes the visitor hers.

import { Analytics } from '@segment/analytics-node';

const [host, writeKey] = process.argv.slice(2);
const visitor = 'segment-node-visitor';
const ann = 'segment-node-ann';
const acme = 'segment-node-acme';

const analytics = new Analytics({ writeKey, host });
analytics.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});

analytics.page({ anonymousId: visitor, name: 'Pricing', properties: { url: 'https://shop.test/pricing' } });
analytics.identify({ userId: ann, traits: { name: 'Ann Lee', email: 'ann@segment-node.test', plan: 'pro' } });
analytics.group({ userId: ann, groupId: acme, traits: { name: 'Acme', plan: 'enterprise' } });
analytics.track({ userId: ann, event: 'Report exported', properties: { format: 'pdf', pages: 12 } });
analytics.alias({ previousId: visitor, userId: ann });

await analytics.closeAndFlush();
