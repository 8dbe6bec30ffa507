# Django: a context processor and a template. Arguments: the data, the code of each.
import json
import sys
from types import SimpleNamespace

import django
from django.conf import settings
from django.template import Context, Engine

settings.configure()
django.setup()


def record(values):
    return values and SimpleNamespace(pk=values["id"], **values)


data = json.load(open(sys.argv[1], encoding="utf-8"))
user = record(data["user"])
user.is_authenticated = True
user.get_full_name = lambda: user.name
request = SimpleNamespace(user=user, account=record(data["account"]), membership=record({"id": 0, **data["membership"]}))
processor = {}
exec(open(sys.argv[2], encoding="utf-8").read(), processor)
template = Engine().from_string(open(sys.argv[3], encoding="utf-8").read())
sys.stdout.reconfigure(encoding="utf-8")
print(template.render(Context(processor["settings"](request))))
