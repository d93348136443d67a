"""What people may do in lodging, as which role, and why they touch a guest's record."""

from doorstep.kernel.declare.scopes import ISSUE_TOKEN, Purpose, Role, Scope, Service

NOTIFY = Scope("lodging.stay.notify", "Notify guests' stays, check guests out and see the own house's guests")
CORRECT = Scope("lodging.stay.correct", "Correct, extend and cancel notified stays of the own house")
ENROL = Scope("lodging.establishment.enrol", "Enrol a lodging establishment")
MANAGE = Scope("lodging.establishment.manage", "Manage the own establishment: rooms, prices and bookings")
READ_NOTICES = Scope("lodging.notice.read", "Read the lodging notices of one's area")
APPOINT = Scope("lodging.keeper.appoint", "Say who else keeps the own establishment")
RETAIN = Scope("lodging.stay.delete", "Delete stays whose retention has ended")

KEEPER = Role(
    "lodging.keeper", "Lodging keeper", (NOTIFY, CORRECT, ENROL, MANAGE, APPOINT, ISSUE_TOKEN), for_everybody=True
)
NOTIFYING = Service("lodging.notifying", "Notify and correct guests' stays", (NOTIFY, CORRECT))
KEEPING = Service(
    "lodging.keeping", "Run lodging houses: enrol and manage them, notify guests", (NOTIFY, CORRECT, ENROL, MANAGE)
)
KEEPER_OF_RECORDS = Role("lodging.retention", "Deletes what may no longer be kept", (RETAIN,))
POLICE = Role("lodging.police", "Police officer for residence", (READ_NOTICES,))

FOR_NOTICE = Purpose("lodging.notify", "To notify the police unit of a guest's stay")
FOR_HOUSE = Purpose("lodging.manage", "To run the house: rooms, bookings, bills and the stay register")
FOR_SUPERVISION = Purpose("lodging.supervise", "To supervise residence in the area of the police unit")
FOR_RETENTION = Purpose("lodging.retain", "To delete stays whose retention has ended")
