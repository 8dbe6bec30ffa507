// Ann's story (see segment_node.mjs) told by @rudderstack/rudder-sdk-node, with only the data plane changed.
//
//   node rudder_node.mjs HOST WRITE_KEY        exit 0: everything was delivered; 1: the errors are printed

import Analytics from '@rudderstack/rudder-sdk-node';

const [host, writeKey] = process.argv.slice(2);
const visitor = 'rudder-node-visitor';
const ann = 'rudder-node-ann';
const acme = 'rudder-node-acme';

const client = new Analytics(writeKey, {
  dataPlaneUrl: host,
  errorHandler: (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
});

client.page({ anonymousId: visitor, name: 'Pricing', properties: { url: 'https://shop.test/pricing' } });
client.identify({ userId: ann, traits: { name: 'Ann Lee', email: 'ann@rudder-node.test', plan: 'pro' } });
client.group({ userId: ann, groupId: acme, traits: { name: 'Acme', plan: 'enterprise' } });
client.track({ userId: ann, event: 'Report exported', properties: { format: 'pdf', pages: 12 } });
client.alias({ previousId: visitor, userId: ann });

await client.flush();
