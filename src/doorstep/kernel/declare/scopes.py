"""Scopes are what an actor may do, roles bundle them, purposes say why a person's record is read or written."""

import msgspec

from doorstep.kernel.values.reasons import LEVEL_TOO_LOW, NOT_ALLOWED, NOT_IN_MANDATE, NotAllowed

SCOPES: dict[str, "Scope"] = {}
ROLES: dict[str, "Role"] = {}
PURPOSES: dict[str, "Purpose"] = {}
BASES: dict[str, str] = {}
"""Legal basis by purpose code, as the profile says; filled by the site at start."""


class Scope(msgspec.Struct, frozen=True):
    """`code` is `system.noun.verb`; `text` an English message id that people read. `level` is the assurance needed."""

    code: str
    text: str
    level: int = 1

    def __post_init__(self) -> None:
        if SCOPES.setdefault(self.code, self) is not self:
            raise ValueError(f"scope {self.code} is declared twice")


class Role(msgspec.Struct, frozen=True):
    """What somebody is for a unit; `text` an English message id.

    Whoever signs in has the roles `for_everybody`. A `powerful` one is granted by two persons.
    """

    code: str
    text: str
    scopes: tuple[Scope, ...]
    for_everybody: bool = False
    powerful: bool = False

    def __post_init__(self) -> None:
        if ROLES.setdefault(self.code, self) is not self:
            raise ValueError(f"role {self.code} is declared twice")

    def __hash__(self) -> int:
        return hash(self.code)


class Service(Role, frozen=True):
    """What somebody may do for another person or organisation: a role that comes with a mandate, and with nothing else.

    Its scopes let nobody go on after the mandate has ended: none of them issues keys or grants rights.
    """


class Purpose(msgspec.Struct, frozen=True):
    """Why a record is touched; its legal basis is the profile's to say, under the same code."""

    code: str
    text: str

    def __post_init__(self) -> None:
        if PURPOSES.setdefault(self.code, self) is not self:
            raise ValueError(f"purpose {self.code} is declared twice")


class Actor(msgspec.Struct, frozen=True):
    """Somebody or something that acts: `subject` in which `roles` for which `unit` ("" the nation), at which level.

    `via` says how: "page", "outside:<unit>", "token:<id>", "task", "simulation". `principal` is the key of the person or organisation that
    the actor acts for by mandate; `stands_for` the subject that it has, or would have, when it signs in itself. Who acts
    and for whom go into the journal.
    """

    subject: str
    unit: str = ""
    roles: tuple[str, ...] = ()
    level: int = 1
    via: str = "page"
    principal: str = ""
    stands_for: str = ""

    @property
    def owner(self) -> str:
        """Whose own records are meant by "own": those of whoever the actor stands for, or of the actor."""
        return self.stands_for or self.subject

    def holds(self, scope: Scope) -> bool:
        """Whether a role of the actor includes the scope, at whatever level."""
        return any(scope in ROLES[role].scopes for role in self.roles if role in ROLES)

    def may(self, scope: Scope) -> bool:
        return self.level >= scope.level and self.holds(scope)

    def need(self, scope: Scope) -> None:
        """Raises NotAllowed unless the actor holds the scope, at its level."""
        if not self.may(scope):
            missing = NOT_IN_MANDATE if self.principal else NOT_ALLOWED
            raise NotAllowed(LEVEL_TOO_LOW() if self.holds(scope) else missing(scope=scope.code))


ISSUE_TOKEN = Scope("kernel.token.issue", "Give a program access in your name")
TOKENS = Purpose("kernel.tokens", "Access of programs")
PRINT_LETTERS = Scope("kernel.letter.print", "Print and send the letters to people of one's area", level=2)
MAIL_ROOM = Role("kernel.mail_room", "Mail room", (PRINT_LETTERS,))
LETTERS = Purpose("kernel.letters", "To send people the letters meant for them")
WATCH = Scope("kernel.expiry.watch", "Tell owners what will expire")
CLOCK = Role("kernel.clock", "Does what is due by time", (WATCH,))
FOR_EXPIRY = Purpose("kernel.expiry", "To tell owners what will expire")
AUDIT = Scope("kernel.log.audit", "Read the auditors' ring of the evidence log")
AUDITOR = Role("kernel.auditor", "Auditor", (AUDIT,))
ASK = Scope("kernel.question.ask", "Ask questions from another installation")
INSTALLATION = Role("kernel.installation", "Another installation", (ASK, ISSUE_TOKEN))
REPAIR = Scope("kernel.message.repair", "Retry or drop failed messages between systems")
OPERATOR = Role("kernel.operator", "Operator", (REPAIR,))
MESSAGES = Purpose("kernel.messages", "Repair of messages between systems")
