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
TOLD_OTHERWISE = notice(
    "identity.told_otherwise",
    title="How you are told was changed",
    text="From now on: {channel}. If it was not you who changed it, report the loss of your e-ID at once.",
)
REVIEW_AHEAD = notice(
    "identity.review_ahead",
    title="Offices are to be reviewed",
    text="Offices of your unit or below it are to be reviewed by {day}: say for each whether it is still needed.",
    link="identity:staff",
    lasts=timedelta(days=30),
)
REVIEW_OVERDUE = notice(
    "identity.review_overdue",
    title="The review of offices is overdue",
    text="Offices of your unit or below it were to be reviewed by {day}. Say for each whether it is still needed, or end it.",
    link="identity:staff",
    lasts=timedelta(days=30),
)
MANDATE_GIVEN = notice(
    "identity.mandate_given",
    title="Somebody may act for you",
    text="{agent} may act for {principal} from {day} on, as: {kind}. Whoever did not want this can end it at once.",
    link="identity:mandates",
    lasts=timedelta(days=14),
)
MANDATE_GOT = notice(
    "identity.mandate_got",
    title="You may act for somebody",
    text="You may act for {principal} from {day} on, as: {kind}.",
    link="identity:mandates",
    lasts=timedelta(days=14),
)
MANDATE_ENDED = notice(
    "identity.mandate_ended",
    title="A mandate has ended",
    text="{agent} may no longer act for {principal}.",
    link="identity:mandates",
    lasts=timedelta(days=14),
)
APPOINTED = notice(
    "identity.appointed",
    title="An appointment for your e-ID",
    text="On {day}, {slot}: {place}.",
    lasts=timedelta(days=30),
)
QUESTION_ANSWERED = notice(
    "identity.question_answered",
    title="Your question about your data was answered",
    text="You asked on {day} about somebody who looked at your data. The answer stands at that entry.",
    link="identity:journal",
)
QUESTION_DUE = notice(
    "identity.question_due",
    title="A question about personal data waits",
    text="It is to be answered by {due}.",
    link="identity:questions",
)
INCIDENT_DUE = notice(
    "identity.incident_due",
    title="The authority is to be told of a breach",
    text="Incident {reference}: the time for the notice ends at {due}.",
    link="identity:incidents",
)
CONCERNED = notice(
    "identity.incident_concerns_you",
    title="Your data were concerned by an incident",
    text="{message} Reference: {reference}. Questions: {contact}",
)
APPLICATION_REFUSED = notice(
    "identity.application_refused",
    title="Your application for an e-ID",
    text="Nothing was issued on application {reference}. Come with your identity card to the police of any commune.",
    lasts=timedelta(days=30),
)
