# Django: a context processor and a template. Arguments: the data, the code of each.
import json
import sys
from datetime import datetime, timezone
from types import SimpleNamespace

import django
from django.conf import settings
from django.template import Context, Engine

settings.configure()
django.setup()


def record(values):
    made = datetime.fromisoformat(values["created_at"]).astimezone(timezone.utc)
    return SimpleNamespace(**{**values, "pk": values["id"], "created_at": made, "date_joined": made})


data = json.load(open(sys.argv[1], encoding="utf-8"))
# A middleware of the site sets what else it knows where somebody is signed in.
request = SimpleNamespace(user=SimpleNamespace(is_authenticated=False))
if data["user"]:
    request.user = record(data["user"])
    request.user.is_authenticated = True
    request.user.get_full_name = lambda: request.user.name
    request.user.accounts = SimpleNamespace(all=lambda: [record(account) for account in data["accounts"]])
    request.account = data["account"] and record(data["account"])
    request.membership = data["membership"] and SimpleNamespace(**data["membership"])
processor = {}
exec(open(sys.argv[2], encoding="utf-8").read(), processor)
template = Engine().from_string(open(sys.argv[3], encoding="utf-8").read())
sys.stdout.reconfigure(encoding="utf-8")
print(template.render(Context(processor["settings"](request))))
