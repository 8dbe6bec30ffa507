"""Ann's story (see segment_node.mjs) told by segment-analytics-python, with only the host changed.

    python segment_python.py HOST WRITE_KEY     exit 0: everything was delivered; 1: the errors are printed
"""

import sys

import segment.analytics as analytics

VISITOR = "segment-python-visitor"
ANN = "segment-python-ann"
ACME = "segment-python-acme"

errors = []


def remember(error, batch):
    errors.append(f"{error} ({len(batch)} messages)")


analytics.host, analytics.write_key = sys.argv[1:]
analytics.on_error = remember

analytics.page(anonymous_id=VISITOR, name="Pricing", properties={"url": "https://shop.test/pricing"})
analytics.identify(ANN, {"name": "Ann Lee", "email": "ann@segment-python.test", "plan": "pro"})
analytics.group(ANN, ACME, {"name": "Acme", "plan": "enterprise"})
analytics.track(ANN, "Report exported", {"format": "pdf", "pages": 12})
analytics.alias(VISITOR, ANN)

analytics.shutdown()
sys.exit("\n".join(errors) or 0)
