"""Small real files to lie beside made workbooks; which materials they belong to is decided where the cycle is made."""

_OBJECTS = (
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    "<< /Length {length} >>\nstream\n{content}\nendstream",
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 7 0 R"
    " /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>",
    "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880]"
    " /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
)


def page(*lines: str) -> bytes:
    """A PDF of one A4 page with lines of Chinese text (PDF 1.4; the viewer's own font)."""
    shown = "\n".join(f"/F1 16 Tf 1 0 0 1 72 {760 - 32 * at} Tm <{_ucs2(line)}> Tj" for at, line in enumerate(lines))
    content = f"BT\n{shown}\nET"
    bodies = [body.format(length=len(content), content=content) if "{length}" in body else body for body in _OBJECTS]
    document = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(document))
        document += f"{number} 0 obj\n{body}\nendobj\n".encode("ascii")
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(bodies) + 1
    references = f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(document)}\n%%EOF\n"
    return document + (references + trailer).encode("ascii")


def _ucs2(line: str) -> str:
    return line.encode("utf-16-be").hex()
