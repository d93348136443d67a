"""What identity tells people."""

from datetime import timedelta

from doorstep.kernel.declare.notices import notice

CODE = notice(
    "identity.code",
    title="Your code",
    text="{code} is your code. It holds for five minutes. Nobody from an authority will ever ask you for it.",
    secret=True,
    lasts=timedelta(minutes=5),
)
READY = notice(
    "identity.eid_ready",
    title="Your e-ID is ready",
    text="Activate it by {day}, with your personal number and this phone.",
    link="identity:activate",
    lasts=timedelta(days=30),
)
LOCKED = notice(
    "identity.eid_locked",
    title="Your e-ID is locked",
    text="Cause: {cause}. Nobody can sign in with it. To unlock it, come to the police of any commune with your card.",
)
CHANGED = notice(
    "identity.eid_changed",
    title="Your e-ID was changed",
    text="What was done: {step}. If it was not you who asked for it, report the loss of your e-ID at once.",
)
APPOINTED = notice(
    "identity.appointed",
    title="An appointment for your e-ID",
    text="On {day}, {slot}: {place}.",
    lasts=timedelta(days=30),
)
APPLICATION_REFUSED = notice(
    "identity.application_refused",
    title="Your application for an e-ID",
    text="Nothing was issued on application {reference}. Come with your identity card to the police of any commune.",
    lasts=timedelta(days=30),
)
