"""Ninety-nine ways to write personal data so that a program overlooks it; what is between ⟦ and ⟧ must be hidden.

Written for this project. The list is a floor that may not sink, not a rate at which attacks succeed.
"""

import base64
import codecs
from collections.abc import Callable, Sequence
from typing import Final

from evals.masking.gold import is_hidden
from knowledge.privacy.known import KnownPerson
from knowledge.privacy.spans import Span

CUSTOMER: Final = KnownPerson(
    names=("Margarethe D'Arcy-Lindqvist", "Dawn Page"),
    emails=("maggie.lindqvist@store.internal", "dawn.page@mail.com"),
    phones=("+13125550147", "+442079460321"),
    addresses=("48 Willow Lane, Ashford, OH 44805",),
    loyalty_ids=("CUST_8813", "LOY-50772914"),
)
_MAIL: Final = "dawn.page@mail.com"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("zero-width letters in a mail", "write to ⟦dawn\u200b.page@ma\u200dil.com⟧ please"),
    ("soft hyphen in a name", "it was ⟦Marga\u00adrethe D'Arcy⟧ again"),
    ("word joiner in a phone", "on ⟦312\u2060555\u20600147⟧"),
    ("cyrillic letters in a mail", "⟦dаwn.pаge@mаil.com⟧ is mine"),
    ("cyrillic letters in a name", "spoke to ⟦Mаrgаrethe Lindqvist⟧"),
    ("greek letters in a mail", "⟦dαwn.pαge@mail.cοm⟧"),
    ("fullwidth digits", "ring ⟦３１２-５５５-０１４７⟧"),
    ("arabic-indic digits", "ring ⟦٣١٢٥٥٥٠١٤٧⟧ today"),
    ("devanagari digits", "call ⟦३१२ ५५५ ०१४७⟧"),
    ("fullwidth mail", "⟦ｄａｗｎ．ｐａｇｅ＠ｍａｉｌ．ｃｏｍ⟧"),
    ("mathematical letters", "this is ⟦𝐌𝐚𝐫𝐠𝐚𝐫𝐞𝐭𝐡𝐞 𝐋𝐢𝐧𝐝𝐪𝐯𝐢𝐬𝐭⟧"),
    ("combining accents", "hola soy ⟦Jose\u0301 Marti\u0301nez⟧"),
    ("spelled digits", "my cell is ⟦three one two five five five zero one four seven⟧"),
    ("spelled with double and oh", "ring ⟦oh two oh seven nine four six oh three double two⟧"),
    ("spelled and written mixed", "⟦three12 five55 0147⟧ is my cell"),
    ("spelled in German", "Nummer ⟦drei eins zwei fünf fünf fünf null eins vier sieben⟧"),
    ("spelled in French", "c'est le ⟦zéro deux zéro sept neuf quatre six zéro trois⟧"),
    ("spelled with dashes", "⟦three-one-two-five-five-five-oh-one-four-seven⟧"),
    ("spoken mail", "mail is ⟦dawn dot page at mail dot com⟧"),
    ("bracketed mail", "⟦dawn[dot]page[at]mail[dot]com⟧"),
    ("braced mail", "⟦dawn.page{at}mail{dot}com⟧"),
    ("spaces around the signs", "⟦dawn.page @ mail . com⟧"),
    ("mail letter by letter", "⟦d a w n . p a g e @ m a i l . c o m⟧"),
    ("name letter by letter", "name on the bag: ⟦M a r g a r e t h e⟧"),
    ("digits one by one", "⟦3-1-2-5-5-5-0-1-4-7⟧ is me"),
    ("digits with spaces", "⟦3 1 2 5 5 5 0 1 4 7⟧"),
    ("dotted phone", "⟦312.555.0147⟧ works best"),
    ("phone with ext.", "⟦(312) 555-0147 ext. 22⟧"),
    ("phone with x", "⟦312-555-0147x9⟧"),
    ("phone with 00", "⟦0044 20 7946 0321⟧"),
    ("phone with (0)", "⟦+44 (0)20 7946 0321⟧"),
    ("seven digits", "⟦555-0147⟧ at home"),
    ("last four of a phone", "phone ending ⟦0147⟧"),
    ("letters for digits in a phone", "⟦3l2-555-O147⟧ is my cell"),
    ("phone inside a word", "mobile⟦3125550147⟧please"),
    ("phone with slashes", "⟦312/555/0147⟧"),
    ("phone over three lines", "⟦312\n555\n0147⟧"),
    ("Italian mobile", "chiamami al ⟦347 123 4567⟧"),
    ("Indian mobile", "whatsapp ⟦+91 98765 43210⟧"),
    ("base64 of a mail", f"token ⟦{_base64(_MAIL)}⟧"),
    ("base64 of a record", "payload ⟦" + _base64('{"name": "Dawn Page", "phone": "+13125550147"}') + "⟧"),
    ("base64 of base64", f"twice ⟦{_base64(_base64(_MAIL))}⟧"),
    ("hex of a mail", f"⟦{_MAIL.encode().hex()}⟧"),
    ("hex with spaces", f"⟦{_MAIL.encode().hex(' ')}⟧"),
    ("percent-encoded", "https://shop.example/u?mail=⟦dawn.page%40mail.com⟧"),
    ("percent-encoded twice", "https://shop.example/u?mail=⟦dawn.page%2540mail.com⟧"),
    ("HTML entities", "⟦dawn&#46;page&#x40;mail.com⟧"),
    ("JSON escapes", "⟦\\u0064\\u0061wn.page\\u0040mail.com⟧"),
    ("quoted-printable", "⟦Jos=C3=A9.Mart=C3=ADnez=40mail.com⟧"),
    ("contact card", "⟦BEGIN:VCARD\nFN:Dawn Page\nTEL:+13125550147\nEND:VCARD⟧"),
    ("loyalty code", "scan ⟦LOY-50772914⟧"),
    ("loyalty number in words", "loyalty number ⟦50772914⟧"),
    ("mail link", "⟦mailto:dawn.page@mail.com?subject=order⟧"),
    ("markdown link", "[write](⟦mailto:dawn.page@mail.com⟧)"),
    ("a word as a name", "the gray one is for ⟦Dawn⟧"),
    ("a word as a name, lower case", "please tell ⟦dawn⟧ her boots are in"),
    ("two words as a name", "⟦Dawn Page⟧ would like to exchange it"),
    ("common first name", "⟦Frank⟧ will fetch it at noon"),
    ("month names as a name", "⟦June Winters⟧ wants her money back"),
    ("name in a product", "⟦Margarethe⟧'s monogram bag, text '⟦Maggie L.⟧'"),
    ("capitals", "⟦MARGARETHE D'ARCY-LINDQVIST⟧ PAID CASH"),
    ("lower case", "refund for ⟦margarethe lindqvist⟧ no receipt"),
    ("family name first", "⟦Lindqvist, Margarethe⟧"),
    ("initial", "⟦M. Lindqvist⟧ signed"),
    ("nickname", "⟦Maggie⟧ from yesterday called"),
    ("typing error", "hi its ⟦Margaretha⟧ about the boots"),
    ("joined", "user ⟦margarethelindqvist⟧ logged in"),
    ("joined in camel case", "field ⟦MargaretheLindqvist⟧Note"),
    ("handle", "instagram ⟦@maggie_lindqvist⟧"),
    ("unknown handle", "message me ⟦@sunny_olsen_77⟧"),
    ("backwards", "⟦tsivqdniL ehteragraM⟧ haha"),
    ("possessive", "⟦Margarethe's⟧ parcel"),
    ("hyphenated over a line", "⟦Marga-\nrethe⟧ L."),
    ("digits for letters", "⟦M4rg4r3th3⟧ here"),
    ("rotated by thirteen", f"⟦{codecs.encode('Margarethe Lindqvist', 'rot13')}⟧"),
    ("Chinese", "会员⟦李小龙⟧来取货"),
    ("Arabic", "الزبون ⟦خالد منصور⟧ اتصل"),
    ("Russian", "звонил ⟦Сергей Волков⟧"),
    ("German", "Herr ⟦Baumgärtner-Öztürk⟧ wartet"),
    ("French", "bonjour, ici ⟦Hélène Lemoine⟧, mon colis est perdu"),
    ("Spanish", "la clienta ⟦Inés Bustamante⟧ vino ayer"),
    ("Vietnamese", "khách hàng ⟦Trần Quốc Bảo⟧ gọi lại"),
    ("address", "leave it at ⟦48 Willow Lane⟧ please"),
    ("address, shortened", "⟦48 willow ln⟧ side door"),
    ("house number in words", "⟦forty Willow Lane⟧"),
    ("address over lines", "⟦48 Willow Lane\nAshford, OH 44805⟧"),
    ("German address", "Lieferung an ⟦Gartenstraße 7, 50667 Köln⟧"),
    ("French address", "⟦7 rue des Acacias, 69003 Lyon⟧"),
    ("postcode", "zip ⟦44805⟧"),
    ("British postcode", "deliver to ⟦EC1A 1BB⟧"),
    ("card number", "paid with ⟦5555 5555 5555 4444⟧"),
    ("card with dots", "⟦5555.5555.5555.4444⟧"),
    ("card of the 2 series", "⟦2221000000000009⟧"),
    ("card with a typing error, over two lines", "⟦5555 5555\n5555 4445⟧"),
    ("last four of a card", "mastercard ending in ⟦4444⟧"),
    ("birthday", "date of birth ⟦11/02/1979⟧"),
    ("social security number, spaced", "⟦219 09 9999⟧"),
    ("bank account", "⟦GB29 NWBK 6016 1331 9268 19⟧"),
    ("mail without a top-level domain, and an address of the net", "⟦maggie@localhost⟧ from ⟦198.51.100.23⟧"),
)


def caught(find: Callable[[str], Sequence[Span]]) -> list[tuple[str, bool]]:
    """Each form's name and whether all of it was hidden."""
    found: list[tuple[str, bool]] = []
    for name, form in FORMS:
        text, marked = _parsed(form)
        hidden = find(text)
        found.append((name, all(is_hidden(text, span, hidden) for span in marked)))
    return found


def _parsed(form: str) -> tuple[str, list[Span]]:
    text, spans, start = "", list[Span](), 0
    for letter in form:
        if letter == "⟦":
            start = len(text)
        elif letter == "⟧":
            spans.append(Span("", start, len(text)))
        else:
            text += letter
    return text, spans
