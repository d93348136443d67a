"""What people may do in steering, and as which role."""

from doorstep.kernel.declare.scopes import Purpose, Role, Scope

SUBMIT = Scope("steering.figure.submit", "Submit figures that no formula computes")
REQUEST = Scope("steering.report.request", "Have reports made and published")
STORE = Scope("steering.value.store", "Store what the indicators add up to")
PUBLISH = Scope("steering.report.publish", "Publish reports")

SECRETARY = Role("steering.secretary", "Secretary of the committee", (SUBMIT, REQUEST))
CLERK = Role("steering.clerk", "Computes and stores figures", (STORE, PUBLISH))

FOR_REPORT = Purpose("steering.report", "To report figures that name no person")
