"""The OpenID Provider: signing in at a relying party, what it gets for the code and its tokens, and the end of them."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from authlib.oauth2 import OAuth2Error
from django.db import connection
from django.db.models import Q

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.keys import derived
from doorstep.kernel.store.prepared import Prepared, insert, update
from doorstep.kernel.store.writing import Act, action, joint
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web.actors import Signed
from doorstep.systems.identity.actions.authorization_server import (
    SERVER,
    Answer,
    Client,
    Issued,
    Request,
    client_of,
    end,
    in_force,
    locked,
    over,
    shown,
)
from doorstep.systems.identity.actions.gathering import Gathered
from doorstep.systems.identity.actions.signin import against, concerned, own_account
from doorstep.systems.identity.models import Account, Consent, Grant, PushedRequest, RelyingParty, SigningKey
from doorstep.systems.identity.permissions import EXCHANGE, FOR_RELYING_PARTY, OWN, STEP
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.queries.openid import issuer, sub_of
from doorstep.systems.identity.rules import openid, signing_keys
from doorstep.systems.identity.rules.openid import ALGORITHMS, Kind, RequestFault, Wanted

ONE_AT_A_TIME = 0x1D5
FORGET_AT_ONCE = 10_000
"""Rows that one transaction deletes."""
NOT_SUPPORTED = ("request", "registration")


_CONSENT = Prepared(lambda: Consent.objects.filter(account_id=UUID(int=0), party_id=UUID(int=0), ended=None))


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A valid authorization request. `pushed` is the digest of a pushed one, `prompts` what the party wants shown."""

    party: UUID
    name: str
    purpose: str
    redirect: str
    scope: str
    state: str
    nonce: str
    challenge: str
    prompts: frozenset[str]
    hint: str
    wanted: Wanted
    pushed: str = ""


class Leaving(msgspec.Struct, frozen=True):
    """Somebody leaves the relying party `name`, and goes on to `redirect` if it registered that; `sign_in` is proved."""

    name: str = ""
    redirect: str = ""
    sign_in: UUID | None = None


class Fault(Exception):  # noqa: N818  named as the protocol does
    """An authorization request that is refused. With a `redirect` the relying party is told, otherwise the person."""

    def __init__(self, error: str, description: str, redirect: str = "", state: str = "") -> None:
        super().__init__(error, description)
        self.error, self.description, self.redirect, self.state = error, description, redirect, state


def asked(lists: Mapping[str, Sequence[str]], at: datetime, *, pushing: bool = False) -> Asked:
    """What an authorization request asks, after every check that needs nobody signed in; raises Fault."""
    told: Mapping[str, str] = {name: texts[-1] for name, texts in lists.items() if texts}
    pushed = ""
    if not pushing and told.get("request_uri"):
        pushed, told = _pushed(told, at)
        lists = {name: [text] for name, text in told.items()}
    request = Request(told, at, lists=lists, method="GET")
    if any("\0" in text for text in told.values()):
        raise Fault("invalid_request", "A parameter holds a character that is no text.")
    try:
        grant = SERVER.get_authorization_grant(request)
        grant.validate_no_multiple_request_parameter(request)
        redirect = grant.validate_consent_request()
    except OAuth2Error as error:
        raise Fault(error.error, error.description or "", error.redirect_uri or "", told.get("state", "")) from error
    except ValueError as error:  # Authlib's refusal would quote signs that a refusal may not hold (RFC 6749, 4.1.2.1)
        raise Fault("invalid_request", "A parameter holds signs that it may not hold.") from error
    try:
        return _asked(request, redirect, told, pushed, pushing=pushing)
    except RequestFault as fault:
        raise Fault(fault.error, fault.description, redirect, told.get("state", "")) from fault


def _asked(request: Request, redirect: str, told: Mapping[str, str], pushed: str, *, pushing: bool) -> Asked:
    row: RelyingParty = request.client.row
    if row.pushed_only and not (pushed or pushing):
        raise RequestFault("invalid_request", "This relying party pushes its requests (RFC 9126).")
    for name in NOT_SUPPORTED:
        if name in told:
            raise RequestFault(f"{name}_not_supported", "Parameters stand for themselves, parties are registered here.")
    if told.get("response_mode", "query") != "query":
        raise RequestFault("invalid_request", "Answers stand in the query.")
    prompts = frozenset(told.get("prompt", "").split())
    if not prompts <= {"none", "login", "consent", "select_account"} or ("none" in prompts and len(prompts) > 1):
        raise RequestFault("invalid_request", "The prompt is unknown or contradicts itself.")
    if any(len(text) > 2000 for text in (told.get("state", ""), told.get("nonce", ""))):
        raise RequestFault("invalid_request", "state and nonce have at most 2000 characters.")
    return Asked(
        party=row.id,
        name=row.name,
        purpose=row.purpose,
        redirect=redirect,
        scope=request.scope,
        state=told.get("state", ""),
        nonce=told.get("nonce", ""),
        challenge=told["code_challenge"],
        prompts=prompts,
        hint=told.get("id_token_hint", ""),
        wanted=openid.read_wanted(told, row.claims, issuer()),
        pushed=pushed,
    )


def _pushed(told: Mapping[str, str], at: datetime) -> tuple[str, Mapping[str, str]]:
    address = told["request_uri"]
    digest = hashlib.sha256(address.removeprefix(openid.PUSHED).encode()).hexdigest()
    row = PushedRequest.objects.filter(digest=digest, expires__gt=at).first()
    if not address.startswith(openid.PUSHED) or row is None or str(row.party_id) != told.get("client_id"):
        raise Fault("invalid_request_uri", "The request_uri is unknown, used or too old.")
    return digest, row.told


def is_about(asked: Asked, subject: str, at: datetime) -> bool:
    """Whether this is the person whom the request names, by an `id_token_hint` (an ID token of ours, for this relying
    party) or in `claims`; anybody is where it names nobody.
    """
    named = {asked.wanted.subject} - {None}
    if asked.hint:
        claims = signing_keys.read_own(queries.published(at), asked.hint, issuer()) or {}
        named.add(str(claims.get("sub")) if claims.get("aud") == str(asked.party) else "")
    if not named:
        return True
    row = RelyingParty.objects.get(id=asked.party)
    account = Account.objects.filter(subject=subject).first()
    return account is not None and named == {sub_of(account, row)}


@action(OWN, FOR_RELYING_PARTY)
def authorize(act: Act, asked: Asked, signed: Signed, language: str, answer: Collection[str] | None = None) -> str:
    """The authorization code of a signed-in person's sign-in at a relying party.

    `answer` is what the person says yes to now, asked in `language`; None leaves the answer that there is. Raises Fault where the person
    may not sign in, or said no to something that the party cannot do without.
    """
    account = own_account(act)
    if against(account):
        raise Fault("access_denied", "The person may not sign in.", asked.redirect, asked.state)
    if asked.pushed and not PushedRequest.objects.filter(digest=asked.pushed).delete()[0]:
        raise Fault("invalid_request_uri", "The request_uri was used before.", asked.redirect, asked.state)
    given = _consent(act, account, asked, language, answer)
    if not asked.wanted.essential <= given:
        raise Fault("access_denied", "The person did not agree to what is essential.", asked.redirect, asked.state)
    scopes = [one for one in asked.scope.split() if one != "offline_access" or one in given]
    grant = Grant(
        id=act.id,
        account=account,
        party_id=asked.party,
        scope=" ".join(scopes),
        claims=[claim for claim in asked.wanted.claims if claim in given],
        in_id_token=[claim for claim in asked.wanted.claims if claim in given & asked.wanted.in_id_token],
        redirect=asked.redirect,
        challenge=asked.challenge,
        nonce=asked.nonce,
        signed=signed.at,
        level=act.actor.level,
        methods=list(signed.methods),
        expires=act.at + (openid.REFRESH_KEPT if "offline_access" in scopes else openid.CODE_KEPT + openid.ACCESS_KEPT),
    )
    insert(grant)
    act.journal(subjects=concerned(account), fields=grant.claims, detail=f"signed in at {asked.party}")
    return openid.mint(derived("openid tokens"), Kind.CODE, grant.id, int((act.at + openid.CODE_KEPT).timestamp()))


def _consent(act: Act, account: Account, asked: Asked, language: str, answer: Collection[str] | None) -> frozenset[str]:
    kept = _CONSENT.first(account.id, asked.party)
    if kept and kept.purpose != asked.purpose and answer is None:
        raise Fault("consent_required", "The person agreed to another purpose.", asked.redirect, asked.state)
    given = frozenset(kept.given) if kept and kept.purpose == asked.purpose else frozenset[str]()
    questions = {*asked.wanted.claims, *(["offline_access"] if asked.wanted.offline else [])}
    if answer is None:
        if kept is None or questions - given - frozenset(kept.declined):
            raise Fault("consent_required", "The person was not asked.", asked.redirect, asked.state)
        return given
    given = (given - questions) | (questions & {*answer})
    declined = (frozenset(kept.declined if kept else ()) | questions) - given
    if kept and (less := {*kept.given} - given):
        _end_beyond(act, account, asked.party, less)
    Consent.objects.filter(account=account, party_id=asked.party, ended=None).update(ended=act.at)
    Consent.objects.create(
        id=act.next_id(),
        account=account,
        party_id=asked.party,
        given=sorted(given),
        declined=sorted(declined),
        purpose=asked.purpose,
        language=language,
        at=act.at,
    )
    return given


def _end_beyond(act: Act, account: Account, party: UUID, less: Collection[str]) -> None:
    """Earlier sign-ins there end that tell what the person does not agree to any more."""
    beyond = Q(claims__overlap=[*less])
    if "offline_access" in less:
        beyond |= Q(scope__contains="offline_access")
    Grant.objects.filter(beyond, account=account, party_id=party, ended=None).update(ended=act.at)


@action(OWN, FOR_RELYING_PARTY)
def withdraw_consent(act: Act, party: UUID) -> None:
    """From now on the relying party learns nothing more, and asks anew; its tokens end."""
    account = own_account(act)
    Consent.objects.filter(account=account, party_id=party, ended=None).update(ended=act.at)
    ended = Grant.objects.filter(account=account, party_id=party, ended=None).update(ended=act.at)
    act.journal(subjects=concerned(account), fields=["consent"], detail=f"consent to {party} withdrawn, {ended} grants")


@action(EXCHANGE, FOR_RELYING_PARTY)
def push(act: Act, told: Mapping[str, str], client: Client) -> str:
    """Keep the parameters of a valid authorization request; returns its request_uri (RFC 9126)."""
    name = token_urlsafe(32)
    PushedRequest.objects.create(
        digest=hashlib.sha256(name.encode()).hexdigest(),
        party=client.row,
        told=dict(told),
        expires=act.at + openid.PUSHED_KEPT,
    )
    act.journal(detail="request pushed")
    return f"{openid.PUSHED}{name}"


@Gathered
@joint(EXCHANGE, FOR_RELYING_PARTY)
def exchange(calls: list[tuple[Act, Request]], alone: bool) -> list[Answer | None]:  # noqa: FBT001
    """What the token endpoint answers authenticated clients; a refusal is an outcome, since it may end a grant.

    None, unless `alone`, for a call whose grant is not there alone and free: it is over, held by somebody, or another call's.
    """
    found = [shown(request) for _, request in calls]
    rows = locked({one[0] for one in found if one}, max(act.at for act, _ in calls), skip_locked=not alone)
    answers: list[Answer | None] = []
    for (act, request), one in zip(calls, found, strict=True):
        grant = rows.pop(one[0], None) if one else None
        request.issued = Issued(grant, one[1], act.at) if one and grant else None
        answers.append(None if one and grant is None and not alone else _exchanged(act, request))
    if changed := [request.user.grant for _, request in calls if request.user]:
        update(changed, "exchanged", "generation")
    return answers


def _exchanged(act: Act, request: Request) -> Answer:
    request.user = request.used_twice = None
    answer: Answer = SERVER.create_token_response(request)
    kind = request.payload.grant_type
    if answer[0] == 200:
        row = request.user.grant
        act.journal(subjects=concerned(row.account), fields=row.in_id_token, detail=str(kind))
        return answer
    if request.used_twice:
        act.journal(subjects=concerned(request.used_twice.account), detail="a code or token used twice: all ended")
    else:
        act.journal(detail=f"{kind if kind in openid.GRANTS else 'another grant'} refused")
    return answer


@action(EXCHANGE, FOR_RELYING_PARTY)
def revoke_token(act: Act, token: str, client: Client) -> None:
    """With either of its tokens a grant ends (RFC 7009); one that is not the client's, or holds no more, is left."""
    found = (in_force(token, kind, act.at) for kind in (Kind.ACCESS, Kind.REFRESH))
    issued = next((one for one in found if one and one.check_client(client)), None)
    if issued:
        end(issued.grant, act.at)
    subjects = concerned(issued.grant.account) if issued else []
    act.journal(subjects=subjects, detail="revoked" if issued else "nothing to revoke")


@action(OWN, FOR_RELYING_PARTY)
def end_sign_in(act: Act, sign_in: UUID) -> None:
    """The person leaves a relying party: the tokens of that sign-in end, unless they were to outlast it."""
    account = own_account(act)
    rows = Grant.objects.filter(id=sign_in, account=account, ended=None).exclude(scope__contains="offline_access")
    act.journal(subjects=concerned(account), detail=f"{rows.update(ended=act.at)} grants ended")


def grant_of(token: str, at: datetime, kind: Kind = Kind.ACCESS) -> Issued | None:
    """The grant of an access token, or of a refresh token, that holds."""
    told = openid.read_token(derived("openid tokens"), token)
    if told is None or told[0] is not kind or over(told, at):
        return None
    rows = Grant.objects.select_related("account__eid__person", "account__eid__organisation", "party")
    row = rows.filter(id=told[1], ended=None, expires__gt=at, party__ended=None).first()
    if row is None or (kind is Kind.REFRESH and told[2] != row.generation):
        return None
    return None if against(row.account) else Issued(row, told[2], at)


def introspect(token: str, client: Client, at: datetime) -> dict[str, Any]:
    """What a token of the client's own is worth (RFC 7662); of anything else only that it is not active."""
    access = grant_of(token, at)
    issued = access or grant_of(token, at, Kind.REFRESH)
    if issued is None or not issued.check_client(client):
        return {"active": False}
    row = issued.grant
    return {
        "active": True,
        "iss": issuer(),
        "client_id": str(row.party_id),
        "aud": str(row.party_id),
        "sub": sub_of(row.account, client.row),
        "scope": row.scope,
        "exp": access.number if access else int(row.expires.timestamp()),
        "acr": openid.acr(row.level, issuer()),
        **({"token_type": "Bearer"} if access else {}),
    }


def leaving(told: Mapping[str, str], actor: Actor | None, at: datetime) -> Leaving:
    """What a request to log out asks; an `id_token_hint` that is not of this person's and party's proves nothing."""
    claims = signing_keys.read_own(queries.published(at), told.get("id_token_hint", ""), issuer()) or {}
    client = client_of(told.get("client_id") or str(claims.get("aud", "")))
    if client is None:
        return Leaving()
    row, wanted = client.row, told.get("post_logout_redirect_uri", "")
    redirect = wanted if wanted in row.after_logout else ""
    if redirect and told.get("state"):
        redirect += f"{'&' if '?' in redirect else '?'}{urlencode({'state': told['state']})}"
    account = Account.objects.filter(subject=actor.subject).first() if actor else None
    proved = account and claims.get("aud") == str(row.id) and claims.get("sub") == sub_of(account, row)
    return Leaving(row.name, redirect, read_uuid(claims["sid"]) if proved else None)


@action(STEP, FOR_RELYING_PARTY)
def turn_keys(act: Act) -> int:
    """Make the keys whose turn comes; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    queries.forget_keys()
    turns, made = queries.turns(act.at), 0
    for algorithm in ALGORITHMS:
        if (turn := signing_keys.due(turns, algorithm, act.at)) is None:
            continue
        key_id = act.next_id()
        key = signing_keys.new_key(algorithm, str(key_id))
        SigningKey.objects.create(
            id=key_id,
            algorithm=algorithm,
            public=key.as_dict(private=False),
            private=signing_keys.sealed(derived("signing keys"), key),
            signs_from=turn[0],
            signs_to=turn[1],
        )
        made += 1
    act.journal(detail=f"{made} keys made")
    return made


@action(STEP, FOR_RELYING_PARTY)
def forget_grants(act: Act) -> int:
    """Delete grants and pushed requests that are over, some thousands at once; returns how many."""
    past = Grant.objects.filter(expires__lt=act.at).values("id")[:FORGET_AT_ONCE]
    deleted = Grant.objects.filter(id__in=past).delete()[0]
    deleted += PushedRequest.objects.filter(expires__lt=act.at).delete()[0]
    act.journal(detail=f"{deleted} deleted")
    return deleted
