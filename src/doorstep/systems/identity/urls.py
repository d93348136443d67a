"""Addresses of identity's pages, one list for each field of work."""

from django.urls import URLPattern, path

from doorstep.systems.identity.pages import (
    authorize,
    care,
    devices,
    documents,
    eid,
    home,
    looks,
    mandates,
    offices,
    openid,
    organisations,
    outside,
    parties,
    protection,
    register,
    signin,
    telling,
)

app_name = "identity"

SIGN_IN = [
    path("sign-in/", signin.password, name="sign_in"),
    path("sign-in/passcode/", signin.passcode, name="passcode"),
    path("sign-in/code/", signin.code, name="code"),
    path("sign-in/passkey/", signin.passkey, name="passkey"),
]

DEVICES = [
    path("devices/", devices.shown, name="devices"),
    path("devices/add/", devices.add, name="add_passkey"),
    path("devices/remove/", devices.remove, name="remove_passkey"),
    path("devices/end/", devices.end, name="end_session"),
    path("telling/", telling.own, name="telling"),
]

_OFFICE = "staff/<uuid:office>/"
OFFICES = [
    path("offices/", offices.own, name="offices"),
    path("offices/take-up/", offices.take_up, name="take_up"),
    path("offices/<uuid:office>/lend/", offices.lend, name="lend"),
    path("staff/", offices.staff, name="staff"),
    path("staff/lines/", offices.lines, name="staff_lines"),
    path("staff/waiting/", offices.waiting, name="offices_waiting"),
    path("staff/invitations/<uuid:invitation>/withdraw/", offices.withdraw, name="withdraw"),
    path(f"{_OFFICE}end/", offices.end, name="end_office"),
    path(f"{_OFFICE}transfer/", offices.transfer, name="transfer"),
    path(f"{_OFFICE}approve/", offices.approve, name="approve"),
    path(f"{_OFFICE}review/", offices.review, name="review"),
]

_MANDATE = "mandates/<uuid:mandate>/"
MANDATES = [
    path("mandates/", mandates.own, name="mandates"),
    path("mandates/give/", mandates.give, name="mandate_give"),
    path("mandates/act/", mandates.act, name="act_for"),
    path("mandates/stop/", mandates.stop, name="stop_acting"),
    path("mandates/counter/", mandates.counter, name="mandates_counter"),
    path("mandates/counter/new/", mandates.record, name="mandate_record"),
    path(f"{_MANDATE}end/", mandates.end, name="mandate_end"),
    path(f"{_MANDATE}paper/", mandates.paper, name="mandate_paper"),
    path(f"{_MANDATE}drop/", mandates.end_at_counter, name="mandate_end_at_counter"),
]

_PERSON = "register/persons/<uuid:person_id>/"
_ORGANISATION = "register/organisations/<uuid:organisation_id>/"
REGISTER = [
    path("register/", register.persons, name="register"),
    path("register/new/", register.new, name="person_new"),
    path("register/arrive/", register.arrive, name="arrive"),
    path(_PERSON, register.person, name="person"),
    path(f"{_PERSON}change/", register.change, name="person_change"),
    path(f"{_PERSON}correct/", register.correct, name="person_correct"),
    path(f"{_PERSON}move/", register.move, name="person_move"),
    path(f"{_PERSON}leave/", register.leave, name="person_leave"),
    path(f"{_PERSON}death/", register.death, name="person_death"),
    path(f"{_PERSON}guardian/", register.guardian, name="person_guardian"),
    path(f"{_PERSON}guardians/<uuid:guardian_id>/end/", register.end_guardian, name="guardian_end"),
    path("register/corrections/", register.corrections, name="corrections"),
    path("register/corrections/<uuid:correction_id>/", register.correction, name="correction"),
    path("register/organisations/", organisations.organisations, name="organisations"),
    path("register/organisations/new/", organisations.new, name="organisation_new"),
    path(_ORGANISATION, organisations.organisation, name="organisation"),
    path(f"{_ORGANISATION}change/", organisations.change, name="organisation_change"),
]

_EID = "eids/<uuid:eid_id>/"
EIDS = [
    path("activate/", eid.activate, name="activate"),
    path("activate/code/", eid.activate_code, name="activate_code"),
    path("activate/secrets/", eid.activate_secrets, name="activate_secrets"),
    path("loss/", eid.loss, name="loss"),
    path("eids/collect/", eid.collect, name="collect"),
    path("eids/approve/", eid.to_approve, name="to_approve"),
    path("eids/drive/", eid.drive, name="drive"),
    path("eids/appointments/<uuid:appointment>/kept/", eid.kept, name="appointment_kept"),
    path("eids/organisation/", care.collect_organisation, name="collect_organisation"),
    path("eids/applications/", home.applications, name="applications"),
    path("eids/applications/<uuid:application_id>/", home.decide, name="decide"),
    path("documents/check/", documents.check, name="check_document"),
    path("documents/trust/", documents.trust, name="trust"),
    path("apply/", home.apply, name="apply"),
    path("apply/code/", home.apply_code, name="apply_code"),
    path("care/", care.care, name="care"),
    path("care/wards/<uuid:ward>/apply/", care.apply_for_ward, name="apply_for_ward"),
    path("care/organisations/<uuid:eid_id>/activate/", care.activate_organisation, name="activate_organisation"),
    path("help-desk/", eid.help_desk, name="help_desk"),
    path(_EID, eid.eid, name="eid"),
    path(f"{_EID}contact/", eid.contact, name="contact"),
    path(f"{_EID}appoint/", eid.appoint, name="appoint"),
    path(f"{_EID}<str:step>/", eid.repair, name="repair"),
]

OPENID = [
    path(".well-known/openid-configuration", openid.configuration, name="openid_configuration"),
    path("openid/keys", openid.keys, name="openid_keys"),
    path("openid/par", openid.push, name="openid_par"),
    path("openid/token", openid.token, name="openid_token"),
    path("openid/userinfo", openid.userinfo, name="openid_userinfo"),
    path("openid/revoke", openid.revoke, name="openid_revoke"),
    path("openid/introspect", openid.introspect, name="openid_introspect"),
    path("openid/authorize", authorize.authorize, name="openid_authorize"),
    path("openid/answer", authorize.answer, name="openid_answer"),
    path("openid/logout", authorize.logout, name="openid_logout"),
    path("openid/leave", authorize.leave, name="openid_leave"),
    path("connections/", authorize.connections, name="connections"),
    path("connections/<uuid:party>/withdraw/", authorize.withdraw, name="connection_withdraw"),
    path("parties/", parties.parties, name="parties"),
    path("parties/<uuid:party_id>/", parties.party, name="party"),
    path("parties/<uuid:party_id>/secret/", parties.secret, name="party_secret"),
    path("parties/<uuid:party_id>/end/", parties.end, name="party_end"),
]

_PROVIDER = "outside/<uuid:provider_id>/"
OUTSIDE = [
    path("sign-in/outside/", outside.directories, name="outside_directories"),
    path("sign-in/outside/<uuid:provider>/", outside.begin, name="outside_begin"),
    path("sign-in/outside/<uuid:provider>/back/", outside.back, name="outside_back"),
    path("sign-in/outside/<uuid:provider>/code/", outside.code, name="outside_code"),
    path("links/", outside.links, name="outside_links"),
    path("links/link/", outside.link, name="outside_link"),
    path("links/end/", outside.unlink, name="outside_unlink"),
    path("outside/", outside.providers, name="outside_providers"),
    path(_PROVIDER, outside.provider, name="outside_provider"),
    path(f"{_PROVIDER}credentials/", outside.credentials, name="outside_credentials"),
    path(f"{_PROVIDER}confirm/", outside.confirm, name="outside_confirm"),
    path(f"{_PROVIDER}end/", outside.end, name="outside_end"),
]

LOOKS = [
    path("journal/", looks.shown, name="journal"),
    path("journal/export/", looks.export, name="journal_export"),
    path("journal/<uuid:entry>/ask/", looks.ask, name="journal_ask"),
]

_INCIDENT = "incidents/<uuid:incident_id>/"
PROTECTION = [
    path("questions/", protection.open_questions, name="questions"),
    path("questions/<uuid:question_id>/", protection.question, name="question"),
    path("incidents/", protection.incidents, name="incidents"),
    path("incidents/new/", protection.new, name="incident_new"),
    path(_INCIDENT, protection.incident, name="incident"),
    path(f"{_INCIDENT}add/", protection.add, name="incident_add"),
    path(f"{_INCIDENT}notified/", protection.notified, name="incident_notified"),
    path(f"{_INCIDENT}close/", protection.close, name="incident_close"),
    path(f"{_INCIDENT}tell/", protection.tell, name="incident_tell"),
    path(f"{_INCIDENT}notice.pdf", protection.notice, name="incident_notice"),
]

urlpatterns: list[URLPattern] = [
    *SIGN_IN,
    *OPENID,
    *DEVICES,
    *OFFICES,
    *MANDATES,
    *EIDS,
    *REGISTER,
    *OUTSIDE,
    *LOOKS,
    *PROTECTION,
]
