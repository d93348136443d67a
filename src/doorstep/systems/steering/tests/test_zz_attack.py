import time, pytest
from django.test import Client
from doorstep.systems.steering.tests.test_pages import report  # noqa
pytestmark = pytest.mark.django_db
def test_t(client):
    for path in ("/steering/2024-H1/", "/steering/2024-H1/report.pdf", "/steering/2024-H1/report.csv", "/steering/2024-H1/report.json", "/log/tile/0" + "/000"*1500, "/steering/2999-H1/", "/steering/" + "9"*5000 + "/"):
        for _ in range(2):
            t=time.perf_counter(); 
            try: r = client.get(path); s=r.status_code
            except Exception as e: s=repr(e)[:80]
            print(path[:40], s, round(time.perf_counter()-t,3))
