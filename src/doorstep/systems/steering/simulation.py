"""Who steers in a demo: the secretary, who opens what the other systems' users made."""

from doorstep.kernel.values.text import N_


def people() -> list[dict[str, str]]:
    title = N_("Secretary of the committee")
    return [{"subject": "demo:secretary", "name": "Lan", "role": "steering.secretary", "unit": "", "title": title}]
