"""Lodging: where people stay tonight, notified in time, and provably so."""

from doorstep.kernel.system import SystemConfig


class Lodging(SystemConfig):
    label = "lodging"
    title = "Lodging notices"
    retention = "Stays and notices: as the profile says; establishments: until five years after they close."
    demo_people = (
        {"subject": "demo:keeper", "name": "Hoa", "role": "lodging.keeper", "unit": "", "title": "Guesthouse keeper"},
        {
            "subject": "demo:police",
            "name": "Minh",
            "role": "lodging.police",
            "unit": "H38",
            "title": "Police officer, Lao Cai",
        },
    )
