"""Documents for people: PDF by Typst (tagged PDF/UA-1 and PDF/A-2a), signed by this installation, and QR codes.

A template is a `.typ` file of a system, below `doorstep/`; it begins with

    #import "/kernel/documents/page.typ": *
    #show: sheet

and reads its values from `data`. Typst refuses a character that no font here has; ask `covers` before printing names.
"""

import io
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segno
import typst
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

import doorstep
from doorstep.kernel.disk import write_once

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner

ROOT = Path(doorstep.__file__).parent
PAGES = ROOT / "kernel" / "documents"
RIGHT_TO_LEFT = {"ar"}
VOWEL_SIGNS = dict.fromkeys(range(0x064B, 0x0653))
FONTS = typst.Fonts(
    include_system_fonts=False,
    include_embedded_fonts=False,
    font_paths=[
        Path(str(files(package))) / "files"
        for package in ("fontpkg_be_vietnam_pro", "fontpkg_amiri", "fontpkg_noto_kufi_arabic")
    ],
)
VALID_FOR = timedelta(days=20 * 365)


def pdf(template: Path, data: Mapping[str, Any], language: str, *, at: datetime | None = None) -> bytes:
    """The document as PDF/UA-1 and PDF/A-2a; the same bytes for the same input where `at` (its date) is given.

    `data` holds what JSON can; `title` is required, the other keys of the page stand in `page.typ`. Raises
    typst.TypstError for a mistake in the template and for characters that no font has.
    """
    full = {"language": language, "right_to_left": language in RIGHT_TO_LEFT, **data}
    # Arabic is printed without vowel signs, as usual: with them, text copied out of the PDF repeats letters.
    values = json.dumps(full, ensure_ascii=False).translate(VOWEL_SIGNS)
    made = typst.compile(
        template.resolve(),
        root=ROOT,
        font_paths=FONTS,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": values},
        pdf_standards=["ua-1", "a-2a"],
        timestamp=at.replace(microsecond=0) if at else None,
    )
    if not isinstance(made, bytes):
        raise TypeError("Typst made no PDF")
    return made


@lru_cache(maxsize=4096)
def covers(text: str) -> bool:
    """Whether the documents' fonts have every character of the text; Typst itself decides (about 2 ms)."""
    try:
        pdf(PAGES / "probe.typ", {"title": "probe", "text": text}, "en")
    except typst.TypstError as error:
        if "could not be displayed" in error.message or "disallowed codepoint" in error.message:
            return False
        raise
    return True


def covered(text: str) -> str:
    """The text without the characters that no font here has."""
    return text if covers(text) else "".join(character for character in text if covers(character))


def qr_svg(text: str) -> str:
    """A QR code as an SVG picture without a size of its own; 15 % of it may be damaged (level M)."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, omitsize=True, border=4, nl=False)
    return out.getvalue().decode()


def signed(document: bytes, reason: str, at: datetime) -> bytes:
    """The PDF with a PAdES baseline signature (ETSI EN 319 142) of this installation, which states the instant `at`."""
    # Loaded here: a second of imports that only signing processes should spend.
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.pdf_utils.writer import BasePdfFileWriter  # noqa: PLC0415
    from pyhanko.sign.fields import SigSeedSubFilter  # noqa: PLC0415
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner  # noqa: PLC0415
    from pyhanko.sign.signers.pdf_signer import PdfSigningSession  # noqa: PLC0415

    _know_all_names()

    class SignerAt(PdfSigner):
        def init_signing_session(
            self,
            pdf_out: BasePdfFileWriter,
            existing_fields_only: bool = False,  # noqa: FBT001, FBT002  pyHanko's
        ) -> PdfSigningSession:
            session = super().init_signing_session(pdf_out, existing_fields_only)
            session.system_time = at
            return session

    meta = PdfSignatureMetadata(
        field_name="Doorstep", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason=reason
    )
    out: io.BytesIO = SignerAt(meta, signer=_signer(_key_file(at))).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(document))
    )
    return out.getvalue()


def _know_all_names() -> None:
    """asn1crypto looks names of attributes up in a table that it fills once, at its first use. Where something else (a
    chip of an identity card) was read before pyHanko was loaded, pyHanko's own names came too late for it.
    """
    from asn1crypto import cms  # noqa: PLC0415  see `signed`
    from asn1crypto import x509 as asn1  # noqa: PLC0415

    for kind in (cms.CMSAttributeType, asn1.ExtensionId):
        if kind._reverse_map is not None:  # noqa: SLF001  it has no other way
            kind._reverse_map |= {name: oid for oid, name in kind._map.items()}  # noqa: SLF001


def certificate(at: datetime) -> x509.Certificate:
    """The certificate of this installation's signatures, to publish and to check them with."""
    return x509.load_pem_x509_certificate(_key_file(at).read_bytes())


def _key_file(at: datetime) -> Path:
    """Key and certificate of this installation, made on first use; `at` is the first day of the certificate."""
    path: Path = settings.HOME / "keys" / "documents.pem"
    if not path.exists():
        write_once(path, _new_identity(at))
    return path


def _new_identity(at: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Doorstep, signature of this installation")])
    usage = {
        "digital_signature": True,
        "content_commitment": True,
        **dict.fromkeys(("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False),
        **dict.fromkeys(("encipher_only", "decipher_only"), False),
    }
    signed_certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + signed_certificate.public_bytes(encoding)


@cache
def _signer(path: Path) -> "SimpleSigner":
    from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data  # noqa: PLC0415  see `signed`
    from pyhanko.sign.signers import SimpleSigner  # noqa: PLC0415
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415

    key, own = path.read_bytes().split(b"\n-----BEGIN CERTIFICATE", 1)
    (own_certificate,) = load_certs_from_pemder_data(b"-----BEGIN CERTIFICATE" + own)
    return SimpleSigner(
        signing_cert=own_certificate,
        signing_key=load_private_key_from_pemder_data(key, None),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
