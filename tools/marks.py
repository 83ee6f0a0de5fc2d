"""A font of one letter: ✅ as a plain check mark, for machines whose own fonts lack it.

A page names it after the fonts with emoji, so a browser takes it only where none of these is there.
The drawing is ✔ of DejaVu Sans, which matplotlib brings along.
"""

import base64
import io
from pathlib import Path

FAMILY = "snnedu marks"


def style() -> str:
    """Return CSS with the font inside: a page from disk may load no font from a file."""
    source = f"data:font/ttf;base64,{base64.b64encode(font()).decode()}"
    face = f'font-family: "{FAMILY}"; src: url({source}); unicode-range: U+2705;'
    family = f'var(--pst-font-family-base-system), "{FAMILY}"'  # the theme's: it ends with emoji
    return f"@font-face {{ {face} }}\nhtml {{ --pst-font-family-base: {family}; }}\n"


def font() -> bytes:
    """Return a TrueType font whose only letter is U+2705."""
    import matplotlib as mpl
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    dejavu = TTFont(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    for table in dejavu["cmap"].tables:
        if table.isUnicode():
            table.cmap[0x2705] = table.cmap[0x2714]
    options = Options(hinting=False, layout_features=[], name_IDs=[])
    options.drop_tables += ["FFTM"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[0x2705])
    subsetter.subset(dejavu)
    written = io.BytesIO()
    dejavu.save(written)
    return written.getvalue()
